#include "corpuscle/model/kernel_attention.hpp"

#include <algorithm>
#include <cmath>

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
                              artifact::KernelFeatures kind, Side side) {
  NoAutocast const in_float;
  torch::Tensor const a = at_least_float(x);
  torch::Tensor const projected = torch::matmul(a, directions.t());
  double const scale = 1 / std::sqrt(static_cast<double>(directions.size(0)));
  if (kind == artifact::KernelFeatures::elu) return (torch::elu(projected) + 1) * scale;
  torch::Tensor const exponent = projected - a.square().sum(-1, true) / 2;
  // Largest exponent 0, so that nothing overflows; what is subtracted cancels in the quotient.
  torch::Tensor const highest =
      side == Side::query ? exponent.amax({-1}, true) : exponent.amax({1, -1}, true);
  return (exponent - highest).exp() * scale;
}

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
  torch::Tensor const qkv = torch::cat({query_->forward(queries), key_->forward(x), value_->forward(x)}, 1);
  double const shrink =
      std::pow(static_cast<double>(width_), -0.25);  // on each side: 1 / sqrt(width) together
  return output_->forward(events.map(qkv, [&](torch::Tensor const& group) {
    torch::Tensor const parts = group.unflatten(-1, {3, heads_, width_}).permute({2, 0, 1, 3, 4});
    torch::Tensor const q =
        random_features(parts[0] * shrink, directions_, kind_, Side::query).transpose(1, 2);
    torch::Tensor const k = random_features(parts[1] * shrink, directions_, kind_, Side::key).transpose(1, 2);
    NoAutocast const in_float;
    torch::Tensor const v = at_least_float(parts[2]).transpose(1, 2);
    torch::Tensor const sum = torch::matmul(k.transpose(2, 3), v);  // [blocks, heads, features, width]
    torch::Tensor const weight =
        torch::matmul(q, k.sum(2, true).transpose(2, 3));  // [blocks, heads, length, 1]
    return (torch::matmul(q, sum) / (weight + 1e-6)).transpose(1, 2).flatten(2);
  }));
}

}  // namespace corpuscle::model
