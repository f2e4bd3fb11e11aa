#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include "corpuscle/core/random.hpp"
#include "corpuscle/tune/regressor.hpp"
#include "corpuscle/tune/scaling.hpp"

/// The experiment with which the quantum-trained regression was published, on the learning curves of 296
/// trainings of MLPF (../shared/data/README.md; hpo.md 3.6 and 5.2).
namespace corpuscle::tune::test {

inline constexpr char const* delphes_curves =
    CORPUSCLE_SOURCE_DIR "/../shared/data/hpo_mlpf_delphes_curves.csv";

/// Features and targets of a training set, and of those that judge.
struct Split {
  std::vector<Row> train_x, test_x;
  std::vector<double> train_y, test_y;
};

/// 13 losses of the first quarter of each curve (every second one) and its last loss but one, as the authors
/// had it; all made uniform over the whole table, from which the worst training was taken out.
class PublishedRecipe {
 public:
  /// @param curves  [training][epoch] losses, 100 each
  explicit PublishedRecipe(std::vector<Row> curves) {
    auto const worst = std::max_element(curves.begin(), curves.end(),
                                        [](Row const& a, Row const& b) { return a.back() < b.back(); });
    curves.erase(worst);
    std::vector<Row> rows;
    for (Row const& curve : curves) {
      Row row;
      for (std::size_t epoch = 0; epoch <= 24; epoch += 2) row.push_back(curve[epoch]);
      row.push_back(curve[98]);
      rows.push_back(std::move(row));
    }
    QuantileScaling const scaling(rows, 50);
    for (Row const& row : rows) {
      Row scaled = scaling.scale(row);
      y_.push_back(scaled.back());
      scaled.pop_back();
      x_.push_back(std::move(scaled));
    }
  }

  /// 20 to learn from, and the half of the table that they are not in.
  [[nodiscard]] Split split(std::uint64_t number) const {
    std::vector<std::size_t> order(x_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    core::Random random{20240311, number};
    for (std::size_t i = order.size(); i-- > 1;) std::swap(order[i], order[random.bits() % (i + 1)]);
    Split result;
    std::size_t const half = order.size() / 2;
    for (std::size_t i = 0; i < order.size(); ++i) {
      if (i < 20) result.train_x.push_back(x_[order[i]]), result.train_y.push_back(y_[order[i]]);
      if (i >= half) result.test_x.push_back(x_[order[i]]), result.test_y.push_back(y_[order[i]]);
    }
    return result;
  }

  [[nodiscard]] std::vector<Row> const& x() const noexcept { return x_; }
  [[nodiscard]] std::vector<double> const& y() const noexcept { return y_; }

 private:
  std::vector<Row> x_;
  std::vector<double> y_;
};

}  // namespace corpuscle::tune::test
