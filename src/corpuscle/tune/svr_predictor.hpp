#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "corpuscle/tune/predictor.hpp"
#include "corpuscle/tune/qubo_svr.hpp"
#include "corpuscle/tune/regressor.hpp"
#include "corpuscle/tune/scaling.hpp"
#include "corpuscle/tune/svr.hpp"

namespace corpuscle::tune {

using RegressorMaker = std::function<std::unique_ptr<Regressor>()>;

/// Predicts the last loss of a curve by a regression on its first losses, and on the features of its
/// configuration if there are any. The losses are taken as they are, without differences; every feature and
/// the target are brought to [0, 1] over the training curves (hpo.md 2.3).
///
/// Each `fit` also fits one regressor per curve without it, for the uncertainty.
class RegressionPredictor : public Predictor {
 public:
  /// @param make            makes a regressor
  /// @param make_for_error  makes one for the fits that leave a curve out; may be a cheaper one
  RegressionPredictor(RegressorMaker make, RegressorMaker make_for_error);

  void fit(std::span<Curve const> complete, std::size_t n_known) override;
  [[nodiscard]] Prediction predict(std::span<double const> partial) const override;

  /// R2 of the last fit, each curve predicted without itself; NaN if all ended alike.
  [[nodiscard]] double leave_one_out_r_squared() const noexcept { return r_squared_; }

 private:
  /// A fitted regressor with the scaling that goes with it.
  struct Model {
    MinMaxScaling scaling;  // of the features, then of the target
    std::unique_ptr<Regressor> regressor;

    Model(std::span<Row const> examples, RegressorMaker const& make);
    [[nodiscard]] double predict(std::span<double const> features) const;
  };

  RegressorMaker make_, make_for_error_;
  std::size_t n_features_ = 0;  // with the losses known
  std::optional<Model> model_;
  double sigma_ = 0, r_squared_ = 0;
};

/// nu-SVR, the predictor of Swift-Hyperband, or epsilon-SVR.
[[nodiscard]] PredictorMaker svr_predictor(SvrConfig const& config = {});

/// The regression trained as a binary problem. Curves are left out with simulated annealing, whoever the
/// sampler is, and a twentieth of the reads: no machine with a queue is asked once per curve.
///
/// @param seed  of the sampler and of the draw among too many curves; each fit starts from it
[[nodiscard]] PredictorMaker qubo_svr_predictor(QuboSvrConfig const& config,
                                                std::shared_ptr<Sampler const> sampler, std::uint64_t seed);

inline constexpr std::string_view predictor_words[] = {"nu-svr", "epsilon-svr", "qubo-svr", "last-value"};

/// A predictor with its usual settings, by one of `predictor_words`: simulated annealing trains `qubo-svr`.
/// @throws core::ConfigError for another word, naming these
[[nodiscard]] PredictorMaker predictor_named(std::string_view word, std::uint64_t seed);

}  // namespace corpuscle::tune
