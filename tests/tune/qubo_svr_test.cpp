#include "corpuscle/tune/qubo_svr.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "corpuscle/core/random.hpp"
#include "corpuscle/tune/anneal.hpp"
#include "corpuscle/tune/replay.hpp"
#include "corpuscle/tune/tabu.hpp"
#include "tune/published_recipe.hpp"

namespace corpuscle::tune {
namespace {

struct Problem {
  std::vector<Row> x;
  std::vector<double> y;
  QuboSvrConfig config;

  [[nodiscard]] std::vector<double> kernel() const {
    std::vector<double> result;
    for (Row const& a : x)
      for (Row const& b : x) result.push_back(rbf(a, b, config.gamma));
    return result;
  }
  [[nodiscard]] Qubo qubo() const { return svr_qubo(kernel(), y, config); }
};

/// The example of hpo.md 3.4, which can be checked by hand.
Problem two_examples() {
  Problem problem{{{0}, {1}}, {0.2, 0.8}, {}};
  problem.config.encoding = {.base = 0.5, .shift = 0, .bits = 2};
  problem.config.epsilon = 0.1;
  problem.config.gamma = 1;
  problem.config.penalty = 1;
  return problem;
}

Problem random_problem(std::size_t n_examples, std::uint64_t seed) {
  Problem problem;
  core::Random random{seed};
  for (std::size_t n = 0; n < n_examples; ++n) {
    problem.x.push_back({random.uniform(), random.uniform(), random.uniform()});
    problem.y.push_back(random.uniform());
  }
  return problem;
}

Bits random_bits(std::size_t size, std::uint64_t seed) {
  core::Random random{seed};
  Bits bits(size);
  for (std::uint8_t& bit : bits) bit = static_cast<std::uint8_t>(random.bits() >> 63);
  return bits;
}

TEST(QuboSvr, HasTheMatrixOfTheHandCalculation) {
  std::vector<std::vector<double>> const upper_triangle{
      {1.400, 1.500, 2.367879, 1.183940, -3.000, -1.500, -2.367879, -1.183940},
      {0.325, 1.183940, 0.591970, -1.500, -0.750, -1.183940, -0.591970},
      {0.800, 1.500, -2.367879, -1.183940, -3.000, -1.500},
      {0.025, -1.183940, -0.591970, -1.500, -0.750},
      {1.800, 1.500, 2.367879, 1.183940},
      {0.525, 1.183940, 0.591970},
      {2.400, 1.500},
      {0.825}};
  Qubo const qubo = two_examples().qubo();
  ASSERT_EQ(qubo.size(), 8U);
  for (std::size_t v = 0; v < 8; ++v)
    for (std::size_t w = v; w < 8; ++w)
      EXPECT_NEAR(v == w ? qubo.linear(v) : qubo.couplings(v)[w], upper_triangle[v][w - v], 1e-6)
          << v << ' ' << w;
}

struct Solver {
  std::string name;
  std::shared_ptr<Sampler const> sampler;
};

class GroundState : public testing::TestWithParam<Solver> {};

INSTANTIATE_TEST_SUITE_P(QuboSvr, GroundState,
                         testing::Values(Solver{"exact", std::make_shared<ExactSampler>()},
                                         Solver{"annealing", std::make_shared<AnnealSampler>()},
                                         Solver{"tabu", std::make_shared<TabuSampler>()}),
                         [](auto const& solver) { return solver.param.name; });

TEST_P(GroundState, IsThatOfTheHandCalculation) {
  Problem const problem = two_examples();
  Sample const best = GetParam().sampler->sample(problem.qubo(), 10, 1).front();
  EXPECT_EQ(best.bits, (Bits{0, 0, 0, 1, 0, 1, 0, 0}));
  EXPECT_NEAR(best.energy, -0.0419698603, 1e-10);
  Multipliers const multipliers = decode(best.bits, problem.config.encoding);
  EXPECT_EQ(multipliers.a, (std::vector<double>{0, 0.5}));
  EXPECT_EQ(multipliers.A, (std::vector<double>{0.5, 0}));
}

TEST(QuboSvr, HasTheLowStatesOfTheHandCalculation) {
  std::vector<Sample> const lowest = ExactSampler().sample(two_examples().qubo(), 4, 0);
  EXPECT_EQ(lowest[1].energy, 0);
  EXPECT_NEAR(lowest[2].energy, 0.025, 1e-12);
  EXPECT_NEAR(lowest[3].energy, 0.0580301397, 1e-10);
}

TEST(MultiplierEncoding, HasTheLevelsOfThePublication) {
  MultiplierEncoding const encoding;
  EXPECT_NEAR(encoding.weight(0), 1.0035, 5e-5);
  EXPECT_DOUBLE_EQ(encoding.weight(1), encoding.weight(0) / 2);
  EXPECT_NEAR(encoding.largest(), 1.7561, 5e-5);
}

// What the problem was made for: its energy is the dual objective with the penalty, for any bits.
TEST(QuboSvr, HasTheEnergyOfTheDualObjectiveAndThePenalty) {
  for (std::size_t const n_examples : {1, 2, 5, 20}) {
    Problem const problem = random_problem(n_examples, n_examples);
    std::vector<double> const kernel = problem.kernel();
    Qubo const qubo = problem.qubo();
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
      Bits const bits = random_bits(qubo.size(), seed);
      auto const [a, A] = decode(bits, problem.config.encoding);
      double objective = 0;
      double sum = 0;
      for (std::size_t n = 0; n < n_examples; ++n) {
        sum += a[n] - A[n];
        objective += problem.config.epsilon * (a[n] + A[n]) - problem.y[n] * (a[n] - A[n]);
        for (std::size_t m = 0; m < n_examples; ++m)
          objective += (a[n] - A[n]) * (a[m] - A[m]) * kernel[n * n_examples + m] / 2;
      }
      // The terms of the matrix add up to a few hundred for 20 examples, with rounding of 1e-16 each.
      EXPECT_NEAR(qubo.energy(bits), objective + problem.config.penalty * sum * sum, 1e-12) << n_examples;
    }
  }
}

TEST(QuboSvr, ClearsCommonBitsAtAKnownGain) {
  Problem const problem = random_problem(20, 3);
  Qubo const qubo = problem.qubo();
  MultiplierEncoding const& encoding = problem.config.encoding;
  std::size_t const half = qubo.size() / 2;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    Bits const before = random_bits(qubo.size(), seed);
    Bits after = before;
    clear_common_bits(after, encoding.bits);
    double gain = 0;
    for (std::size_t v = 0; v < half; ++v) {
      bool const common = before[v] != 0 && before[half + v] != 0;
      if (common) gain += 2 * problem.config.epsilon * encoding.weight(v % encoding.bits);
      EXPECT_EQ(after[v], common ? 0 : before[v]);
      EXPECT_EQ(after[half + v], common ? 0 : before[half + v]);
    }
    EXPECT_GT(gain, 0) << "a quarter of 60 pairs is to be expected";
    EXPECT_NEAR(qubo.energy(before) - qubo.energy(after), gain, 1e-11);  // a difference of energies up to 100
    Multipliers const old_ones = decode(before, encoding);
    Multipliers const new_ones = decode(after, encoding);
    for (std::size_t n = 0; n < 20; ++n)
      EXPECT_NEAR(new_ones.a[n] - new_ones.A[n], old_ones.a[n] - old_ones.A[n], 1e-15);
  }
}

TEST(KernelSum, HasTheOffsetThatTheTubeAsksFor) {
  std::vector<double> const kernel{1, 0, 0, 1};  // two examples that know nothing of each other
  std::vector<double> const y{0.2, 0.8};
  // The lower edge of the tube touches y_0, the upper one y_1: b = y_0 + eps + A_0 = 0.8, b = y_1 - eps - a_1
  // = 0.2.
  EXPECT_NEAR(kernel_sum({{0, 0.5}, {0.5, 0}}, kernel, y, 0.1).b, (0.8 + 0.2) / 2, 1e-15);
  EXPECT_NEAR(kernel_sum({{0, 0.5}, {0, 0}}, kernel, y, 0.1).b, 0.2, 1e-15);
  EXPECT_NEAR(kernel_sum({{0, 0}, {0, 0}}, kernel, y, 0.1).b, 0.5, 1e-15)
      << "the mean, where nothing is on an edge";
}

TEST(QuboSvr, PredictsByItsLowestStateOrByTheBestOnes) {
  Problem const problem = two_examples();
  QuboSvrConfig config = problem.config;
  config.reads = 2;
  QuboSvr svr(config, std::make_shared<ExactSampler>(), 1);
  svr.fit(problem.x, problem.y);
  ASSERT_EQ(svr.samples().size(), 2U);

  // The ground state has d = (-0.5, 0.5): by hand, b = 0.5 and f(x_n) = 0.5 -+ (1 - e^-1) / 2. The next one
  // is all zero and predicts the mean, 0.5.
  double const reach = (1 - std::exp(-1)) / 2;
  EXPECT_NEAR(svr.predict(Row{0}, QuboAnswer::lowest_energy), 0.5 - reach, 1e-12);
  EXPECT_NEAR(svr.predict(Row{1}, QuboAnswer::lowest_energy), 0.5 + reach, 1e-12);

  // Each way of the seven gives the ground state a weight w, and d = w (-0.5, 0.5).
  double const close = 0.3 - reach;  // residuals of the first, of the second
  double const far = 0.3;
  auto const share = [](double first, double second) { return first / (first + second); };
  auto const softmax_share = [](double first, double second) { return 1 / (1 + std::exp(second - first)); };
  auto const log_cosh = [](double residual) { return std::log(std::cosh(residual)); };
  double const weights[] = {share(1 / (close * close), 1 / (far * far)),
                            softmax_share(1 / (close * close), 1 / (far * far)),
                            share(1 / log_cosh(close), 1 / log_cosh(far)),
                            softmax_share(1 / log_cosh(close), 1 / log_cosh(far)),
                            1,
                            0.5,
                            softmax_share(1 - close * close / (far * far), 0)};
  double mean = 0;
  for (double const weight : weights) mean += weight / 7;
  EXPECT_NEAR(svr.predict(Row{1}), 0.5 + mean * reach, 1e-12);
}

TEST(QuboSvr, AnswersTheSameForTheSameSeed) {
  Problem const problem = random_problem(40, 5);  // more than one problem takes
  QuboSvrConfig config;
  config.reads = 20;
  auto const sampler = std::make_shared<AnnealSampler>(AnnealConfig{.sweeps = 50});
  auto const answer = [&](std::uint64_t seed) {
    QuboSvr svr(config, sampler, seed);
    svr.fit(problem.x, problem.y);
    EXPECT_EQ(svr.samples().front().bits.size(), 2 * 20 * 3U);
    return svr.predict(problem.x[0]);
  };
  EXPECT_EQ(answer(1), answer(1));
  EXPECT_NE(answer(1), answer(2));
}

TEST(QuboSvr, LearnsFromASingleExample) {
  QuboSvr svr({}, std::make_shared<ExactSampler>(), 1);
  svr.fit(std::vector<Row>{{0.5}}, std::vector<double>{0.7});
  EXPECT_NEAR(svr.predict(Row{0.5}), 0.7, 0.021);
}

// hpo.md 3.6. A small version of bench/tune/measure_prediction.cpp: fewer reads and sweeps.
TEST(QuboSvr, ReachesThePublishedQualityByAnnealing) {
  if (!std::filesystem::exists(test::delphes_curves)) GTEST_SKIP() << test::delphes_curves << " is not there";
  test::PublishedRecipe const recipe(load_curve_table(test::delphes_curves).losses);
  QuboSvrConfig config;
  config.reads = 200;
  auto const sampler = std::make_shared<AnnealSampler>(AnnealConfig{.sweeps = 100});
  constexpr int n_splits = 30;
  double lowest = 0;
  double combined = 0;
  for (int number = 0; number < n_splits; ++number) {
    test::Split const split = recipe.split(static_cast<std::uint64_t>(number));
    QuboSvr svr(config, sampler, static_cast<std::uint64_t>(number));
    svr.fit(split.train_x, split.train_y);
    auto const quality = [&](QuboAnswer answer) {
      std::vector<double> predicted;
      for (Row const& x : split.test_x) predicted.push_back(svr.predict(x, answer));
      return r_squared(split.test_y, predicted);
    };
    lowest += quality(QuboAnswer::lowest_energy) / n_splits;
    combined += quality(QuboAnswer::combined) / n_splits;
  }
  EXPECT_GE(lowest, 0.89);
  EXPECT_GE(combined, 0.90);
}

}  // namespace
}  // namespace corpuscle::tune
