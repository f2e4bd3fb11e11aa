#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <numeric>
#include <string>
#include <vector>

#include "corpuscle/core/random.hpp"
#include "corpuscle/runtime/engine.hpp"
#include "corpuscle/runtime/window_order.hpp"
#include "graph/random_weights.hpp"

/// Networks in double precision, one element after the other, straight from their formulas: what engines are
/// measured against. They share nothing with graphs; only the order of windows is made by the same code,
/// since a place that is rounded otherwise is in another window (window_order_test.cpp tests that code by
/// itself).
namespace corpuscle::test {

/// Events with features as those of corpuscle-clusters-1 where the network looks at them.
struct RandomBatch {
  RandomBatch(std::vector<std::uint32_t> const& lengths, std::size_t n_features, std::uint64_t seed) {
    offsets.push_back(0);
    for (std::uint32_t const length : lengths) offsets.push_back(offsets.back() + length);
    core::Random random({seed, 42});
    for (std::size_t row = 0; row < offsets.back(); ++row) {
      double const phi = random.uniform(-std::numbers::pi, std::numbers::pi);
      std::size_t const first = features.size();
      for (std::size_t column = 0; column < n_features; ++column)
        features.push_back(static_cast<float>(random.normal()));
      features[first + 2] = static_cast<float>(random.uniform(-3, 3));
      features[first + 3] = static_cast<float>(std::sin(phi));
      features[first + 4] = static_cast<float>(std::cos(phi));
      types.push_back(random.uniform() < 0.5 ? 0 : 1);
    }
  }

  [[nodiscard]] runtime::Batch view() const { return {features, types, offsets}; }

  std::vector<float> features;
  std::vector<std::uint8_t> types;
  std::vector<std::uint32_t> offsets;
};

using Row = std::vector<double>;

class Reference {
 public:
  Reference(artifact::ModelConfig const& model, RandomWeights const& weights)
      : model_(model), weights_(weights) {}

  /// [n, outputs] of artifact::WindowTransformerConfig.
  [[nodiscard]] std::vector<double> operator()(RandomBatch const& batch) const {
    std::vector<double> result;
    for (std::size_t event = 0; event + 1 < batch.offsets.size(); ++event)
      for (Row const& row : of_event(batch, batch.offsets[event], batch.offsets[event + 1]))
        result.insert(result.end(), row.begin(), row.end());
    return result;
  }

 private:
  [[nodiscard]] Row dense(std::string const& name, Row const& x) const {
    auto const weight = weights_[name + ".weight"];
    auto const bias = weights_[name + ".bias"];
    Row y(bias.begin(), bias.end());
    for (std::size_t i = 0; i < y.size(); ++i)
      for (std::size_t k = 0; k < x.size(); ++k) y[i] += static_cast<double>(weight[i * x.size() + k]) * x[k];
    return y;
  }

  [[nodiscard]] Row norm(std::string const& name, Row x) const {
    auto const weight = weights_[name + ".weight"];
    auto const bias = weights_[name + ".bias"];
    auto const n = static_cast<double>(x.size());
    double const mean = std::reduce(x.begin(), x.end()) / n;
    double variance = 0;
    for (double const value : x) variance += (value - mean) * (value - mean) / n;
    for (std::size_t j = 0; j < x.size(); ++j)
      x[j] = (x[j] - mean) / std::sqrt(variance + 1e-5) * weight[j] + bias[j];
    return x;
  }

  static Row gelu(Row x) {
    for (double& value : x)
      value = 0.5 * value *
              (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (value + 0.044715 * value * value * value)));
    return x;
  }

  static void add(Row& to, Row const& x) {
    for (std::size_t j = 0; j < to.size(); ++j) to[j] += x[j];
  }

  [[nodiscard]] std::vector<Row> of_event(RandomBatch const& batch, std::size_t begin,
                                          std::size_t end) const {
    auto const& c = std::get<artifact::WindowTransformerConfig>(model_.architecture);
    auto const n_features = static_cast<std::size_t>(model_.features);
    auto const window = static_cast<std::size_t>(c.window);
    std::size_t const n = end - begin;
    auto const features = [&](std::size_t i) { return batch.features.data() + (begin + i) * n_features; };

    std::vector<Row> x;
    for (std::size_t i = 0; i < n; ++i) {
      std::size_t const type = batch.types[begin + i];
      Row row;
      for (std::size_t j = 0; j < n_features; ++j)
        row.push_back((static_cast<double>(features(i)[j]) - weights_["mean"][type * n_features + j]) *
                      weights_["scale"][type * n_features + j]);
      x.push_back(dense("embedding", gelu(dense(core::cat("input.", type), row))));
    }
    for (std::int64_t layer = 0; layer < c.layers; ++layer) {
      std::string const name = core::cat("layer_", layer, '.');
      Row mean(static_cast<std::size_t>((c.width + 3) / 4));
      for (Row const& row : x) add(mean, gelu(dense(name + "to_summary", norm(name + "summary_norm", row))));
      for (double& value : mean) value /= static_cast<double>(n);
      for (Row& row : x) add(row, dense(name + "from_summary", mean));

      std::vector<std::size_t> order(n);
      std::iota(order.begin(), order.end(), std::size_t{0});
      if (n > window)
        std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
          auto const key = static_cast<graph::SortKey>(layer % 3);
          return runtime::sort_key(key, features(a)) < runtime::sort_key(key, features(b));
        });
      std::size_t const n_windows = (n + window - 1) / window;
      for (std::size_t w = 0; w < n_windows; ++w)
        attend(name, features,
               {order.begin() + static_cast<std::ptrdiff_t>(w * n / n_windows),
                order.begin() + static_cast<std::ptrdiff_t>((w + 1) * n / n_windows)},
               x);
      for (Row& row : x)
        add(row,
            dense(name + "from_hidden", gelu(dense(name + "to_hidden", norm(name + "hidden_norm", row)))));
    }
    for (std::size_t i = 0; i < n; ++i) {
      std::string const type = core::cat('.', static_cast<int>(batch.types[begin + i]));
      Row const last = norm("norm", x[i]);
      x[i] = dense("class" + type, gelu(dense("class_hidden", last)));
      Row const numbers = dense("regression" + type, gelu(dense("regression_hidden", last)));
      x[i].insert(x[i].end(), numbers.begin(), numbers.end());
    }
    return x;
  }

  template <class Features>
  void attend(std::string const& name, Features const& features, std::vector<std::size_t> const& rows,
              std::vector<Row>& x) const {
    auto const& c = std::get<artifact::WindowTransformerConfig>(model_.architecture);
    auto const heads = static_cast<std::size_t>(c.heads);
    auto const width = static_cast<std::size_t>(c.width);
    auto const frequencies = static_cast<std::size_t>(c.frequencies);
    std::size_t const d = width / heads;
    std::vector<Row> qkv;
    for (std::size_t const i : rows) {
      Row row = dense(name + "query_key_value", norm(name + "norm", x[i]));
      double const angles[] = {features(i)[2], std::atan2(features(i)[3], features(i)[4])};
      for (std::size_t block = 0; block < 2 * heads; ++block) {
        for (std::size_t k = 0; k < 2 * frequencies; ++k) {
          double const angle =
              angles[k / frequencies] * std::pow(2., 1 + static_cast<double>(k % frequencies));
          double& a = row[block * d + k];
          double& b = row[block * d + d / 2 + k];
          double const turned = a * std::cos(angle) - b * std::sin(angle);
          b = a * std::sin(angle) + b * std::cos(angle);
          a = turned;
        }
      }
      qkv.push_back(std::move(row));
    }
    for (std::size_t i = 0; i < rows.size(); ++i) {
      Row answer(width);
      for (std::size_t head = 0; head < heads; ++head) {
        Row weight;
        for (Row const& other : qkv) {
          double score = 0;
          for (std::size_t j = 0; j < d; ++j) score += qkv[i][head * d + j] * other[width + head * d + j];
          weight.push_back(score / std::sqrt(static_cast<double>(d)));
        }
        double const highest = *std::max_element(weight.begin(), weight.end());
        double sum = 0;
        for (double& w : weight) sum += w = std::exp(w - highest);
        for (std::size_t key = 0; key < qkv.size(); ++key)
          for (std::size_t j = 0; j < d; ++j)
            answer[head * d + j] += weight[key] / sum * qkv[key][2 * width + head * d + j];
      }
      add(x[rows[i]], dense(name + "output", answer));
    }
  }

  artifact::ModelConfig const& model_;
  RandomWeights const& weights_;
};

/// Those that this machine can run, with a name for tests.
inline std::vector<runtime::InstructionSet> instruction_sets() {
  using runtime::InstructionSet;
  std::vector<InstructionSet> sets;
  for (InstructionSet const set :
       {InstructionSet::scalar, InstructionSet::avx2, InstructionSet::avx512, InstructionSet::avx512_bf16})
    if (is_available(set)) sets.push_back(set);
  return sets;
}

inline std::string name_of(runtime::InstructionSet set) {
  std::string text(name(set));
  std::replace(text.begin(), text.end(), '-', '_');
  return text;
}

}  // namespace corpuscle::test
