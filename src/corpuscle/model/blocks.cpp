#include "corpuscle/model/blocks.hpp"

#include <ATen/Parallel.h>

#include <algorithm>
#include <numeric>

#include "corpuscle/model/packed_attention.hpp"
#include "corpuscle/model/precision.hpp"

namespace corpuscle::model {
namespace {

/// The attention of packed_attention.hpp as one operation of LibTorch's.
class PackedAttention : public torch::autograd::Function<PackedAttention> {
 public:
  using Context = torch::autograd::AutogradContext;

  /// @param qkv      [n, 3 heads d] contiguous
  /// @param offsets  of the blocks
  static torch::Tensor forward(Context* context, torch::Tensor const& qkv,
                               std::vector<std::int64_t> const& offsets, std::int64_t heads) {
    torch::Tensor const out = torch::empty({qkv.size(0), qkv.size(1) / 3}, qkv.options());
    torch::Tensor const log_sum = torch::empty({heads, qkv.size(0)}, qkv.options());
    for_each_head(qkv, offsets, heads, [&](AttentionInput const& in, std::int64_t row, std::int64_t head) {
      attend(in, out.data_ptr<float>() + row * out.size(1) + head * in.d, out.size(1),
             log_sum.data_ptr<float>() + head * qkv.size(0) + row);
    });
    context->save_for_backward({qkv, out, log_sum});
    context->saved_data["offsets"] = offsets;
    context->saved_data["heads"] = heads;
    return out;
  }

  static torch::autograd::variable_list backward(Context* context,
                                                 torch::autograd::variable_list const& gradients) {
    torch::autograd::variable_list const saved = context->get_saved_variables();
    torch::Tensor const& qkv = saved[0];
    torch::Tensor const& out = saved[1];
    torch::Tensor const& log_sum = saved[2];
    torch::Tensor const gradient = gradients[0].contiguous();
    torch::Tensor const result = torch::empty_like(qkv);
    for_each_head(qkv, context->saved_data["offsets"].toIntVector(), context->saved_data["heads"].toInt(),
                  [&](AttentionInput const& in, std::int64_t row, std::int64_t head) {
                    std::int64_t const at = row * out.size(1) + head * in.d;
                    float* const dq = result.data_ptr<float>() + (in.q - qkv.data_ptr<float>());
                    derive_attention(in, out.data_ptr<float>() + at, gradient.data_ptr<float>() + at,
                                     out.size(1), log_sum.data_ptr<float>() + head * qkv.size(0) + row, dq,
                                     dq + out.size(1), dq + 2 * out.size(1));
                  });
    return {result, {}, {}};
  }

 private:
  /// f(input, first row of the block, head), shared by all threads.
  template <class Function>
  static void for_each_head(torch::Tensor const& qkv, std::vector<std::int64_t> const& offsets,
                            std::int64_t heads, Function const& f) {
    std::int64_t const width = qkv.size(1) / 3;
    std::int64_t const d = width / heads;
    auto const n_blocks = static_cast<std::int64_t>(offsets.size()) - 1;
    // Head by head: blocks come by length, and so each thread gets short ones and long ones.
    at::parallel_for(0, heads * n_blocks, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        std::int64_t const head = i / n_blocks;
        auto const block = static_cast<std::size_t>(i % n_blocks);
        float const* const q = qkv.data_ptr<float>() + offsets[block] * qkv.size(1) + head * d;
        f({q, q + width, q + 2 * width, qkv.size(1), offsets[block + 1] - offsets[block], d}, offsets[block],
          head);
      }
    });
  }
};

}  // namespace

Blocks::Blocks(std::vector<std::int64_t> const& lengths) {
  std::vector<std::size_t> by_length(lengths.size());
  std::iota(by_length.begin(), by_length.end(), 0);
  std::stable_sort(by_length.begin(), by_length.end(),
                   [&](std::size_t a, std::size_t b) { return lengths[a] < lengths[b]; });
  is_in_order_ = std::is_sorted(by_length.begin(), by_length.end());

  std::vector<std::int64_t> begins(lengths.size());
  std::exclusive_scan(lengths.begin(), lengths.end(), begins.begin(), std::int64_t{0});
  rows_ = torch::empty({std::reduce(lengths.begin(), lengths.end())}, torch::kInt64);
  block_ = torch::empty_like(rows_);
  auto* row = rows_.data_ptr<std::int64_t>();
  auto* block_of_row = block_.data_ptr<std::int64_t>();
  std::int64_t n_blocks = 0;
  for (std::size_t block : by_length) {
    std::int64_t const length = lengths[block];
    std::iota(row, row + length, begins[block]);
    row += length;
    if (length == 0) continue;
    std::fill(block_of_row, block_of_row + length, n_blocks++);
    block_of_row += length;
    if (groups_.empty() || groups_.back().length != length) {
      groups_.push_back({length, 0});
      group_rows_.push_back(0);
    }
    ++groups_.back().count;
    group_rows_.back() += length;
  }
}

std::vector<std::int64_t> Blocks::offsets() const {
  std::vector<std::int64_t> offsets{0};
  for (Group const& group : groups_)
    for (std::int64_t i = 0; i < group.count; ++i) offsets.push_back(offsets.back() + group.length);
  return offsets;
}

std::vector<torch::Tensor> Blocks::split(torch::Tensor const& x) const {
  std::vector<torch::Tensor> groups = x.split_with_sizes(group_rows_);
  for (std::size_t i = 0; i < groups.size(); ++i)
    groups[i] = groups[i].unflatten(0, {groups_[i].count, groups_[i].length});
  return groups;
}

torch::Tensor Blocks::join(std::vector<torch::Tensor> const& groups) {
  std::vector<torch::Tensor> flat;
  flat.reserve(groups.size());
  for (torch::Tensor const& group : groups) flat.push_back(group.flatten(0, 1));
  return torch::cat(flat);
}

torch::Tensor Blocks::spread(torch::Tensor const& x) const {
  return x.index_select(0, block_.to(x.device()));
}

std::vector<std::int64_t> lengths_of(std::vector<std::int64_t> const& offsets) {
  std::vector<std::int64_t> lengths;
  for (std::size_t i = 1; i < offsets.size(); ++i) lengths.push_back(offsets[i] - offsets[i - 1]);
  return lengths;
}

torch::Tensor event_of_row(std::vector<std::int64_t> const& offsets) {
  torch::Tensor const event = torch::empty({offsets.back()}, torch::kInt64);
  auto* out = event.data_ptr<std::int64_t>();
  for (std::size_t i = 1; i < offsets.size(); ++i)
    std::fill(out + offsets[i - 1], out + offsets[i], static_cast<std::int64_t>(i) - 1);
  return event;
}

Types::Types(torch::Tensor const& type, std::int64_t n_types) {
  torch::Tensor const order = std::get<1>(type.sort(/*stable=*/true, /*dim=*/0, /*descending=*/false));
  torch::Tensor const counts = torch::bincount(type, {}, n_types).cpu();
  auto const* count = counts.data_ptr<std::int64_t>();
  rows_ = order.split_with_sizes(torch::IntArrayRef(count, static_cast<std::size_t>(n_types)));
  back_ = inverse_of(order);
}

torch::Tensor inverse_of(torch::Tensor const& order) {
  return torch::empty_like(order).scatter_(0, order, torch::arange(order.size(0), order.options()));
}

torch::Tensor block_attention(Blocks const& blocks, torch::Tensor const& qkv, std::int64_t heads) {
  std::int64_t const d = qkv.size(1) / (3 * heads);
  NoAutocast const in_float;
  torch::Tensor const x = at_least_float(qkv);
  if (x.is_cpu() && x.scalar_type() == torch::kFloat && has_packed_attention(d))
    return PackedAttention::apply(x.contiguous(), blocks.offsets(), heads);
  return blocks.map(x, [&](torch::Tensor const& group) {
    // [blocks, length, 3, heads, d] -> three of [blocks, heads, length, d]
    std::vector<torch::Tensor> const parts =
        group.unflatten(-1, {3, heads, d}).permute({2, 0, 3, 1, 4}).unbind();
    return torch::scaled_dot_product_attention(parts[0], parts[1], parts[2]).transpose(1, 2).flatten(2);
  });
}

}  // namespace corpuscle::model
