#include "corpuscle/model/blocks.hpp"

#include <algorithm>
#include <numeric>

#include "corpuscle/model/precision.hpp"

namespace corpuscle::model {

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
  return blocks.map(at_least_float(qkv), [&](torch::Tensor const& group) {
    // [blocks, length, 3, heads, d] -> three of [blocks, heads, length, d]
    std::vector<torch::Tensor> const parts =
        group.unflatten(-1, {3, heads, d}).permute({2, 0, 3, 1, 4}).unbind();
    return torch::scaled_dot_product_attention(parts[0], parts[1], parts[2]).transpose(1, 2).flatten(2);
  });
}

}  // namespace corpuscle::model
