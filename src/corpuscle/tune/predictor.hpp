#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace corpuscle::tune {

/// One training, as a predictor sees it.
struct Curve {
  std::vector<double> losses;    ///< after epochs 1, 2, ...; finite
  std::vector<double> features;  ///< what else is known of the configuration; may be empty, finite
};

/// What is expected of the last loss of a curve.
struct Prediction {
  double mean = 0;
  double sigma = 0;  ///< root mean square of the leave-one-out residuals of the fit, >= 0
};

/// From the beginning of a learning curve to its last loss (Baker et al., arXiv:1705.10823; hpo.md 2.1).
///
/// `fit` once, then `predict` as often as wanted. Deterministic: the same curves in the same order give the
/// same answers, so that a replayed study takes the same decisions.
class Predictor {
 public:
  virtual ~Predictor() = default;

  /// Learns to tell the last loss of a curve from its first `n_known`.
  ///
  /// @param complete  one or more, with as many losses and features each; 1 <= n_known <= losses
  virtual void fit(std::span<Curve const> complete, std::size_t n_known) = 0;

  /// @param partial  the first `n_known` losses of another curve, then its features, if `fit` was given any
  [[nodiscard]] virtual Prediction predict(std::span<double const> partial) const = 0;
};

/// Makes an untrained predictor; schedulers fit one per pair of (length known, length predicted).
using PredictorMaker = std::function<std::unique_ptr<Predictor>()>;

/// The baseline to beat: nothing changes after the last loss that is known.
class LastValue : public Predictor {
 public:
  void fit(std::span<Curve const> complete, std::size_t n_known) override;
  [[nodiscard]] Prediction predict(std::span<double const> partial) const override;

 private:
  std::size_t n_known_ = 0;
  double sigma_ = 0;
};

}  // namespace corpuscle::tune
