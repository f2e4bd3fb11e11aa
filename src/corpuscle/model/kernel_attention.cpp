#include "corpuscle/model/kernel_attention.hpp"

#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>

#include "corpuscle/model/packed_kernel_attention.hpp"
#include "corpuscle/model/precision.hpp"

namespace corpuscle::model {

torch::Tensor orthogonal_directions(core::Random& random, std::int64_t n, std::int64_t width) {
  std::vector<torch::Tensor> parts;
  for (std::int64_t done = 0; done < n; done += width) {
    auto const [q, r] = torch::linalg_qr(normal(random, {width, width}).to(torch::kDouble));
    // The signs that LAPACK chooses prefer one half of space; with these all directions are equally likely.
    torch::Tensor const haar = q * r.diagonal().sign();
    parts.push_back(haar.t().slice(0, 0, std::min(width, n - done)));
  }
  torch::Tensor const lengths = normal(random, {n, width}).to(torch::kDouble).norm(2, 1, true);
  return (torch::cat(parts) * lengths).to(torch::kFloat).contiguous();
}

torch::Tensor random_features(torch::Tensor const& x, torch::Tensor const& directions,
                              artifact::KernelFeatures kind, Blocks const* keys_of) {
  NoAutocast const in_float;
  torch::Tensor const a = at_least_float(x);
  torch::Tensor const projected = torch::matmul(a, directions.t());
  double const scale = 1 / std::sqrt(static_cast<double>(directions.size(0)));
  if (kind == artifact::KernelFeatures::elu) return (torch::elu(projected) + 1) * scale;
  torch::Tensor const exponent = projected - a.square().sum(-1, true) / 2;
  // Largest exponent 0, so that nothing overflows; what is subtracted cancels in the quotient.
  torch::Tensor highest = exponent.amax({-1}, true);
  if (keys_of != nullptr) {
    std::vector<torch::Tensor> groups = keys_of->split(highest);
    for (torch::Tensor& group : groups) group = group.amax({1});
    highest = keys_of->spread(torch::cat(groups));
  }
  return (exponent - highest).exp() * scale;
}

namespace {

/// The attention of packed_kernel_attention.hpp as one operation of LibTorch's.
class PackedKernelAttention : public torch::autograd::Function<PackedKernelAttention> {
 public:
  using Context = torch::autograd::AutogradContext;

  /// @param q, k, v  [n, heads, features or d] contiguous
  /// @param offsets  of the blocks
  static torch::Tensor forward(Context* context, torch::Tensor const& q, torch::Tensor const& k,
                               torch::Tensor const& v, std::vector<std::int64_t> const& offsets) {
    torch::Tensor const out = torch::empty_like(v);
    torch::Tensor const weight = torch::empty({v.size(1), v.size(0)}, v.options());
    for_each_head(q, k, v, offsets, [&](KernelAttentionInput const& in, std::int64_t row, std::int64_t head) {
      attend(in, at(out, row, head), weight.data_ptr<float>() + head * v.size(0) + row);
    });
    context->save_for_backward({q, k, v, out, weight});
    context->saved_data["offsets"] = offsets;
    return out;
  }

  static torch::autograd::variable_list backward(Context* context,
                                                 torch::autograd::variable_list const& gradients) {
    torch::autograd::variable_list const saved = context->get_saved_variables();
    torch::Tensor const &q = saved[0], &k = saved[1], &v = saved[2], &out = saved[3], &weight = saved[4];
    torch::Tensor const gradient = gradients[0].contiguous();
    torch::Tensor const dq = torch::empty_like(q), dk = torch::empty_like(k), dv = torch::empty_like(v);
    for_each_head(q, k, v, context->saved_data["offsets"].toIntVector(),
                  [&](KernelAttentionInput const& in, std::int64_t row, std::int64_t head) {
                    derive_attention(in, at(out, row, head), at(gradient, row, head),
                                     weight.data_ptr<float>() + head * v.size(0) + row, at(dq, row, head),
                                     at(dk, row, head), at(dv, row, head));
                  });
    return {dq, dk, dv, {}};
  }

 private:
  static float* at(torch::Tensor const& x, std::int64_t row, std::int64_t head) {
    return x.data_ptr<float>() + (row * x.size(1) + head) * x.size(2);
  }

  /// f(input, first row of the block, head), shared by all threads.
  template <class Function>
  static void for_each_head(torch::Tensor const& q, torch::Tensor const& k, torch::Tensor const& v,
                            std::vector<std::int64_t> const& offsets, Function const& f) {
    std::int64_t const heads = q.size(1);
    auto const n_blocks = static_cast<std::int64_t>(offsets.size()) - 1;
    at::parallel_for(0, heads * n_blocks, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        auto const block = static_cast<std::size_t>(i % n_blocks);
        std::int64_t const head = i / n_blocks, row = offsets[block];
        f({at(q, row, head), at(k, row, head), at(v, row, head), heads * q.size(2), heads * v.size(2),
           offsets[block + 1] - row, q.size(2), v.size(2)},
          row, head);
      }
    });
  }
};

/// q_i (sum_j k_j v_j^T) / (q_i sum_j k_j + 1e-6) within each block; all [n, heads, features or d].
torch::Tensor attend_by_features(Blocks const& blocks, torch::Tensor const& q, torch::Tensor const& k,
                                 torch::Tensor const& v) {
  if (v.is_cpu() && v.scalar_type() == torch::kFloat && has_packed_kernel_attention(q.size(2), v.size(2)))
    return PackedKernelAttention::apply(q.contiguous(), k.contiguous(), v.contiguous(), blocks.offsets());
  return blocks.map(torch::cat({q, k, v}, 2), [&](torch::Tensor const& group) {
    // [blocks, length, heads, 2 features + d] -> three of [blocks, heads, length, ...]
    std::vector<torch::Tensor> const parts =
        group.transpose(1, 2).split_with_sizes({q.size(2), q.size(2), v.size(2)}, 3);
    torch::Tensor const sum =
        torch::matmul(parts[1].transpose(2, 3), parts[2]);  // [blocks, heads, features, d]
    torch::Tensor const weight = torch::matmul(parts[0], parts[1].sum(2, true).transpose(2, 3));
    return (torch::matmul(parts[0], sum) / (weight + 1e-6)).transpose(1, 2);
  });
}

}  // namespace

KernelAttention::KernelAttention(core::Random& random, std::int64_t width, std::int64_t heads,
                                 std::int64_t n_features, artifact::KernelFeatures kind)
    : heads_(heads), width_(width), kind_(kind) {
  auto const dense = [&](char const* name, std::int64_t n_in, std::int64_t n_out) {
    return register_module(name, std::make_shared<Dense>(random, n_in, n_out, Start::glorot));
  };
  query_ = dense("query", width, heads * width);
  key_ = dense("key", width, heads * width);
  value_ = dense("value", width, heads * width);
  output_ = dense("output", heads * width, width);
  directions_ = register_buffer("directions", orthogonal_directions(random, n_features, width));
}

torch::Tensor KernelAttention::forward(Blocks const& events, torch::Tensor const& queries,
                                       torch::Tensor const& x) const {
  auto const by_head = [&](std::shared_ptr<Dense> const& dense, torch::Tensor const& from) {
    return dense->forward(from).unflatten(1, {heads_, width_});
  };
  double const shrink =
      std::pow(static_cast<double>(width_), -0.25);  // on each side: 1 / sqrt(width) together
  torch::Tensor const q = random_features(by_head(query_, queries) * shrink, directions_, kind_);
  torch::Tensor const k = random_features(by_head(key_, x) * shrink, directions_, kind_, &events);
  torch::Tensor const v = at_least_float(by_head(value_, x));
  torch::Tensor result;
  {
    NoAutocast const in_float;
    result = attend_by_features(events, q, k, v).flatten(1);
  }
  return output_->forward(result);
}

}  // namespace corpuscle::model
