#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "corpuscle/tune/qubo.hpp"
#include "corpuscle/tune/regressor.hpp"

/// Training of a support vector regression as a problem of binary variables, for annealers (Pasetto et al.,
/// IEEE GRSL 19 (2022); Garcia Amboage et al., arXiv:2311.17508). Formulas: hpo.md 3.2 and 3.3.
///
/// The dual of epsilon-SVR has two multipliers per example, a_n and A_n (alpha and alpha-hat), and wants the
/// minimum of 1/2 d^T K d + epsilon sum (a_n + A_n) - y^T d with d = a - A, under sum d = 0, a >= 0, A >= 0,
/// and an upper bound. It predicts sum_n d_n k(x_n, x) + b. Here each multiplier is a number of a few bits,
/// whose range is the bound, and the condition becomes the penalty xi (sum d)^2.
namespace corpuscle::tune {

/// A multiplier as bits: a = sum_{i < bits} base^(i - shift) z_i.
struct MultiplierEncoding {
  double base = 0.5;     ///< > 0
  double shift = 0.005;  ///< k0
  std::size_t bits = 3;  ///< K, >= 1

  [[nodiscard]] double weight(std::size_t bit) const;
  [[nodiscard]] double largest() const;  ///< takes the place of the bound C
};

struct Multipliers {
  std::vector<double> a, A;  ///< one per example, in [0, largest]
};

/// The settings of the published predictor (hpo.md 3.5).
struct QuboSvrConfig {
  MultiplierEncoding encoding;
  double epsilon = 0.02;           ///< half the width of the tube without penalty, in units of the target
  double gamma = 0.1;              ///< of the RBF kernel
  double penalty = 0.01;           ///< xi
  std::size_t reads = 1000;        ///< attempts of the sampler, >= 1
  std::size_t most_examples = 20;  ///< that one problem takes, N; of more, so many are drawn at random
  double kept = 0.004;  ///< the share of the reads whose number of best samples is combined, but at least 2
};

/// The problem whose variable K n + i is bit i of a_n, and K (N + n) + i bit i of A_n. Its energy is
/// the dual objective plus the penalty.
///
/// @param kernel  [N * N] k(x_n, x_m), symmetric
/// @param y       [N] targets
[[nodiscard]] Qubo svr_qubo(std::span<double const> kernel, std::span<double const> y,
                            QuboSvrConfig const& config);

/// @param bits  2 N K, as `svr_qubo` has them
[[nodiscard]] Multipliers decode(std::span<std::uint8_t const> bits, MultiplierEncoding const& encoding);

/// Clears each bit that is set in a_n and in A_n: their difference, which is all that predicts, stays, and
/// the energy falls by 2 epsilon base^(i - shift) for each pair.
void clear_common_bits(std::span<std::uint8_t> bits, std::size_t bits_per_multiplier);

/// sum_n d_n k(x_n, x) + b.
struct KernelSum {
  std::vector<double> d;
  double b = 0;
};

/// The sum with these multipliers. b is the mean of what the optimality conditions ask for: y_n - epsilon -
/// sum for each a_n > 0, y_n + epsilon - sum for each A_n > 0, also where they are as large as the encoding
/// has them, since the publication's C was larger; without any, the mean residual.
[[nodiscard]] KernelSum kernel_sum(Multipliers const& multipliers, std::span<double const> kernel,
                                   std::span<double const> y, double epsilon);

/// Which of the answers of a `QuboSvr`.
enum class QuboAnswer {
  lowest_energy,  ///< of the best sample alone
  combined,       ///< the mean of seven ways to weigh the best samples by how well they fit
};

/// Support vector regression trained by a sampler of binary problems.
///
/// The seven ways (hpo.md 3.5, as intended there), over the samples that are kept: weights 1 / MSE, softmax
/// of it, 1 / log-cosh loss, softmax of it, the best one by MSE, all equal, softmax of R2; each averages the
/// multipliers, and then has a b of its own.
class QuboSvr : public Regressor {
 public:
  /// @param seed  of the sampler, and of the draw among too many examples
  QuboSvr(QuboSvrConfig config, std::shared_ptr<Sampler const> sampler, std::uint64_t seed,
          QuboAnswer answer = QuboAnswer::combined);

  /// Cost: that of the sampler on 2 N K variables.
  void fit(std::span<Row const> x, std::span<double const> y) override;
  [[nodiscard]] double predict(std::span<double const> x) const override { return predict(x, answer_); }
  [[nodiscard]] double predict(std::span<double const> x, QuboAnswer answer) const;

  /// The samples kept by the last `fit`, common bits cleared, lowest energy first.
  [[nodiscard]] std::vector<Sample> const& samples() const noexcept { return samples_; }

 private:
  QuboSvrConfig config_;
  std::shared_ptr<Sampler const> sampler_;
  std::uint64_t seed_;
  QuboAnswer answer_;
  std::vector<Row> x_;
  std::vector<Sample> samples_;
  KernelSum lowest_, combined_;
};

}  // namespace corpuscle::tune
