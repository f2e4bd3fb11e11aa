#pragma once

#include <memory>
#include <optional>

#include "corpuscle/tune/regressor.hpp"

namespace corpuscle::tune {

/// Which support vector regression: how the width of the tube without penalty is set.
enum class SvrType {
  nu,  ///< by the share of examples that may lie outside (Schoelkopf et al., Neural Comput. 12 (2000) 1207)
  epsilon,  ///< directly
};

struct SvrConfig {
  SvrType type = SvrType::nu;
  double C = 1;           ///< penalty of what lies outside the tube, > 0
  double nu = 0.5;        ///< of `SvrType::nu`: in (0, 1]
  double epsilon = 0.02;  ///< of `SvrType::epsilon`: half the width of the tube, in units of the target, >= 0
  /// Of the kernel, > 0; if not given, 1 / (features * variance of all entries of x).
  std::optional<double> gamma = std::nullopt;
};

/// Support vector regression with the RBF kernel, by libsvm (Chang, Lin, ACM TIST 2:27 (2011)).
///
/// The defaults are those of the published performance predictor (hpo.md 2.3), and scikit-learn's NuSVR.
/// A hundred examples take milliseconds. Several objects may work in several threads.
class Svr : public Regressor {
 public:
  explicit Svr(SvrConfig config = {});
  ~Svr() override;

  void fit(std::span<Row const> x, std::span<double const> y) override;
  [[nodiscard]] double predict(std::span<double const> x) const override;

 private:
  struct Model;  // libsvm stays inside
  SvrConfig config_;
  std::unique_ptr<Model> model_;
};

}  // namespace corpuscle::tune
