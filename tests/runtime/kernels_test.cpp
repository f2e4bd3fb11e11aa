#include "corpuscle/runtime/kernels/kernels.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <tuple>

#include "corpuscle/runtime/arena.hpp"
#include "corpuscle/runtime/bf16.hpp"
#include "corpuscle/runtime/packing.hpp"
#include "runtime/reference.hpp"

namespace corpuscle::runtime {
namespace {

using graph::Function;

constexpr double epsilon = std::numeric_limits<float>::epsilon();

std::vector<float> random_numbers(std::size_t n, std::uint64_t seed, double size = 1) {
  core::Random random({seed, 5});
  std::vector<float> result(n);
  for (float& x : result) x = static_cast<float>(random.uniform(-size, size));
  return result;
}

double apply(Function function, double x) {
  switch (function) {
    case Function::identity: return x;
    case Function::gelu_tanh:
      return 0.5 * x * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x)));
    case Function::elu: return x > 0 ? x : std::expm1(x);
    case Function::sigmoid: return 1 / (1 + std::exp(-x));
  }
  return x;
}

/// Every test runs for every instruction set.
class KernelsOf : public ::testing::TestWithParam<InstructionSet> {
 protected:
  Kernels const& kernels = kernels_for(GetParam());
};
INSTANTIATE_TEST_SUITE_P(Machine, KernelsOf, ::testing::ValuesIn(test::instruction_sets()),
                         [](auto const& each) { return test::name_of(each.param); });

struct DenseCase {
  std::size_t rows, n_in, n_out;
  Function function;
  bool adds;
};
DenseCase const dense_cases[] = {
    {1, 1, 1, Function::identity, false},     {5, 30, 128, Function::gelu_tanh, false},
    {6, 128, 384, Function::identity, false}, {13, 7, 17, Function::elu, true},
    {100, 64, 32, Function::sigmoid, false},  {11, 33, 80, Function::gelu_tanh, true},
    {4, 129, 65, Function::identity, true},   {3, 16, 96, Function::elu, false},
    {2, 5, 112, Function::identity, true},
};

class DenseOf : public KernelsOf {
 protected:
  /// Runs a case in one precision and compares with sums in double of the numbers as they are rounded for it.
  void expect_close(DenseCase const& c, bool in_bf16) {
    graph::Constant const weight{{c.n_out, c.n_in}, random_numbers(c.n_out * c.n_in, 1)};
    graph::Constant const bias{{c.n_out}, random_numbers(c.n_out, 2)};
    Packing const packing = !in_bf16 ? Packing::fp32 : kernels.pairs ? Packing::pairs : Packing::rounded;
    Pieces count;
    (void)pack(weight, &bias, packing, kernels.panel, count);
    Arena memory;
    Pieces pieces(memory.reserve(count.n_bytes()));
    PackedDense const layer = pack(weight, &bias, packing, kernels.panel, pieces);
    ASSERT_EQ(pieces.n_bytes(), count.n_bytes());

    std::size_t const x_stride = c.n_in + 3;
    std::vector<float> const x = random_numbers(c.rows * x_stride, 3);
    std::vector<float> const added = random_numbers(c.rows * layer.stride, 4);
    std::vector<float> y(c.rows * layer.stride + 1, 77);
    std::vector<float> given = x;
    if (in_bf16) kernels.pack_bf16(given.data(), x_stride, c.rows, c.n_in, given.data(), x_stride);
    DenseCall const call{&layer,       c.function, given.data(), x_stride, c.adds ? added.data() : nullptr,
                         layer.stride, y.data(),   layer.stride, c.rows};
    (in_bf16 ? kernels.dense_bf16 : kernels.dense)(call);

    auto const rounded = [&](float number) { return in_bf16 ? from_bf16(to_bf16(number)) : number; };
    for (std::size_t row = 0; row < c.rows; ++row) {
      for (std::size_t column = 0; column < c.n_out; ++column) {
        double sum = bias.values[column];
        double size = std::abs(sum);
        for (std::size_t k = 0; k < c.n_in; ++k) {
          double const product = static_cast<double>(rounded(x[row * x_stride + k])) *
                                 static_cast<double>(rounded(weight.values[column * c.n_in + k]));
          sum += product;
          size += std::abs(product);
        }
        double const plus = c.adds ? static_cast<double>(added[row * layer.stride + column]) : 0.;
        // n_in + 1 sums, each rounded to a part epsilon / 2 of what is there, products too if not fused;
        // functions have slopes of at most 1.13 and are computed to a few units in the last place of 1 + |x|.
        double const tolerance =
            epsilon * (static_cast<double>(c.n_in + 2) * size + 4 * (1 + std::abs(sum) + std::abs(plus)));
        EXPECT_NEAR(y[row * layer.stride + column], apply(c.function, sum) + plus, tolerance)
            << c.rows << ' ' << c.n_in << ' ' << c.n_out << " row " << row << " column " << column;
      }
    }
    EXPECT_EQ(y.back(), 77) << "wrote beyond the rows";
  }
};
INSTANTIATE_TEST_SUITE_P(Machine, DenseOf, ::testing::ValuesIn(test::instruction_sets()),
                         [](auto const& each) { return test::name_of(each.param); });

TEST_P(DenseOf, LayersAreSumsOfProducts) {
  for (DenseCase const& c : dense_cases) expect_close(c, false);
}

TEST_P(DenseOf, LayersInBf16AreSumsOfProductsOfRoundedNumbers) {
  for (DenseCase const& c : dense_cases) expect_close(c, true);
}

TEST_P(KernelsOf, FunctionsAreThoseOfTheFormulas) {
  // From where exp is 0 to where it is cut off, and through 0.
  std::vector<float> x;
  for (int i = -4000; i <= 4000; ++i) x.push_back(static_cast<float>(i) / 40);
  x.push_back(1e-6F);
  for (Function const function :
       {Function::identity, Function::gelu_tanh, Function::elu, Function::sigmoid}) {
    std::vector<float> y(x.size());
    kernels.map(function, x.data(), y.data(), x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      // exp(u) to 2 units in the last place, u itself rounded to a part epsilon of up to 100 where it
      // matters.
      double const expected = apply(function, x[i]);
      EXPECT_NEAR(y[i], expected, 8 * epsilon * (1 + std::abs(expected))) << "x " << x[i];
    }
  }
}

TEST_P(KernelsOf, FunctionsOfNoNumberAreNone) {
  std::vector<float> const x(37, std::numeric_limits<float>::quiet_NaN());
  for (Function const function :
       {Function::identity, Function::gelu_tanh, Function::elu, Function::sigmoid}) {
    std::vector<float> y(x.size());
    kernels.map(function, x.data(), y.data(), x.size());
    for (float const value : y) EXPECT_TRUE(std::isnan(value));
  }
}

TEST_P(KernelsOf, NormedRowsHaveMeanAndVarianceOfTheirWeights) {
  for (std::size_t const width : {1U, 7U, 16U, 24U, 128U, 131U}) {
    std::size_t const stride = width + 5;
    std::vector<float> const x = random_numbers(3 * stride, width, 10);
    std::vector<float> const weight = random_numbers(width, 1);
    std::vector<float> const bias = random_numbers(width, 2);
    std::vector<float> y(3 * stride, 77);
    kernels.layer_norm(x.data(), stride, weight.data(), bias.data(), 1e-3F, y.data(), stride, 3, width);
    for (std::size_t row = 0; row < 3; ++row) {
      double mean = 0;
      for (std::size_t j = 0; j < width; ++j) mean += x[row * stride + j] / static_cast<double>(width);
      double variance = 0;
      for (std::size_t j = 0; j < width; ++j)
        variance += std::pow(x[row * stride + j] - mean, 2) / static_cast<double>(width);
      for (std::size_t j = 0; j < width; ++j) {
        double const expected =
            (x[row * stride + j] - mean) / std::sqrt(variance + 1e-3) * weight[j] + bias[j];
        // The mean, of numbers of size 10, is rounded width times; divided by the deviation, at least 0.03.
        double const tolerance = epsilon * (4 + static_cast<double>(width) * 10 / std::sqrt(variance + 1e-3));
        EXPECT_NEAR(y[row * stride + j], expected, tolerance) << "width " << width;
      }
    }
  }
}

TEST_P(KernelsOf, TurningKeepsLengthsAndTurnsByTheAngle) {
  for (std::size_t const d : {2U, 12U, 32U, 36U}) {
    std::size_t const blocks = 3;
    std::size_t const rows = 4;
    std::vector<float> const x = random_numbers(rows * blocks * d, d);
    std::vector<float> const angle = random_numbers(rows * d / 2, 9, 3);
    std::vector<float> table(rows * d);
    for (std::size_t i = 0; i < angle.size(); ++i) {
      table[i / (d / 2) * d + i % (d / 2)] = std::cos(angle[i]);
      table[i / (d / 2) * d + d / 2 + i % (d / 2)] = std::sin(angle[i]);
    }
    std::vector<float> y(x.size());
    kernels.turn(x.data(), blocks * d, table.data(), d, y.data(), blocks * d, rows, blocks, d);
    for (std::size_t row = 0; row < rows; ++row)
      for (std::size_t block = 0; block < blocks; ++block)
        for (std::size_t j = 0; j < d / 2; ++j) {
          std::size_t const at = (row * blocks + block) * d + j;
          double const phi = angle[row * d / 2 + j];
          EXPECT_NEAR(y[at], x[at] * std::cos(phi) - x[at + d / 2] * std::sin(phi), 4 * epsilon);
          EXPECT_NEAR(y[at + d / 2], x[at] * std::sin(phi) + x[at + d / 2] * std::cos(phi), 4 * epsilon);
        }
  }
}

struct AttentionCase {
  std::size_t rows, keys, heads, d;
  double size;
};
// More keys than a chunk has, rows that do not fill a tile, columns that do not fill a vector, scores so
// large that one key takes all.
AttentionCase const attention_cases[] = {{1, 1, 1, 1, 1},     {7, 7, 2, 12, 1},    {100, 100, 4, 32, 2},
                                         {3, 129, 3, 20, 1},  {13, 300, 2, 16, 3}, {5, 700, 1, 5, 30},
                                         {33, 65, 2, 16, 12}, {17, 64, 1, 33, 0.1}};

class AttentionOf : public KernelsOf {
 protected:
  /// The answers to rows of a case from `first` on; a row ends with a number that must stay 77.
  [[nodiscard]] std::vector<float> run(AttentionCase const& c, bool in_bf16, std::vector<float> const& qkv,
                                       std::size_t first = 0) const {
    std::vector<float> gone = qkv;
    std::size_t const width = c.heads * c.d;
    std::size_t const stride = 3 * width + 2;
    std::vector<float> y((c.rows - first) * (width + 1), 77);
    Arena keys(1 + kernels.attention_keys(c.keys, c.heads, c.d));
    Arena scratch(1 + kernels.attention_scratch(c.keys, c.d));
    AttentionCall const call{qkv.data() + first * stride,
                             stride,
                             gone.data() + width,
                             gone.data() + 2 * width,
                             stride,
                             c.rows - first,
                             c.keys,
                             c.heads,
                             c.d,
                             y.data(),
                             width + 1,
                             keys.reserve(1),
                             scratch.reserve(1)};
    (in_bf16 ? kernels.attention_pack_bf16 : kernels.attention_pack)(call);
    std::fill(gone.begin(), gone.end(), NAN);
    (in_bf16 ? kernels.attention_bf16 : kernels.attention)(call);
    return y;
  }

  static std::vector<float> numbers(AttentionCase const& c) {
    return random_numbers(std::max(c.rows, c.keys) * (3 * c.heads * c.d + 2), c.keys, c.size);
  }

  void expect_close(AttentionCase const& c, bool in_bf16) const {
    std::size_t const width = c.heads * c.d;
    std::size_t const stride = 3 * width + 2;
    std::vector<float> const qkv = numbers(c);
    std::vector<float> const y = run(c, in_bf16, qkv);
    for (std::size_t row = 0; row < c.rows; ++row) {
      EXPECT_EQ(y[row * (width + 1) + width], 77) << "wrote beyond the columns";
      for (std::size_t head = 0; head < c.heads; ++head) {
        std::vector<double> weight;
        double most = 0;
        for (std::size_t key = 0; key < c.keys; ++key) {
          double score = 0;
          double size = 0;
          for (std::size_t j = 0; j < c.d; ++j) {
            double const product = static_cast<double>(qkv[row * stride + head * c.d + j]) *
                                   static_cast<double>(qkv[key * stride + width + head * c.d + j]);
            score += product;
            size += std::abs(product);
          }
          weight.push_back(score / std::sqrt(static_cast<double>(c.d)));
          most = std::max(most, size / std::sqrt(static_cast<double>(c.d)));
        }
        double const highest = *std::max_element(weight.begin(), weight.end());
        double sum = 0;
        for (double& w : weight) sum += w = std::exp(w - highest);
        for (std::size_t j = 0; j < c.d; ++j) {
          double expected = 0;
          for (std::size_t key = 0; key < c.keys; ++key)
            expected += weight[key] / sum * qkv[key * stride + 2 * width + head * c.d + j];
          // A score is rounded d times, its terms twice to a part 2^-9 in bf16, and so much is its weight
          // off; then sums over the keys, of which only the rounding of large parts counts, but in bf16 that
          // of each weight and value, too.
          double const sums = std::sqrt(static_cast<double>(c.keys));
          double const tolerance = in_bf16
                                       ? c.size * (0x1p-8 * (1 + most))
                                       : epsilon * c.size * (8 + 2 * static_cast<double>(c.d) * most + sums);
          EXPECT_NEAR(y[row * (width + 1) + head * c.d + j], expected, tolerance)
              << c.rows << " of " << c.keys << ", d " << c.d;
        }
      }
    }
  }
};
INSTANTIATE_TEST_SUITE_P(Machine, AttentionOf, ::testing::ValuesIn(test::instruction_sets()),
                         [](auto const& each) { return test::name_of(each.param); });

TEST_P(AttentionOf, AttentionIsTheMeanOfValuesWeightedByTheExponentialOfScores) {
  for (AttentionCase const& c : attention_cases) expect_close(c, false);
}

TEST_P(AttentionOf, AttentionInBf16IsThatOfRoundedNumbers) {
  for (AttentionCase const& c : attention_cases)
    if (c.size < 5) expect_close(c, true);  // of larger scores nothing is left in 8 bits
}

TEST_P(AttentionOf, AttentionOfARowIsTheSameWhateverRowsAreAskedWithIt) {
  for (AttentionCase const& c : attention_cases) {
    for (bool const in_bf16 : {false, true}) {
      std::vector<float> qkv = numbers(c);
      if (c.rows > 20)  // one row whose scores are out of range, among others
        for (std::size_t j = 0; j < c.d; ++j) qkv[20 * (3 * c.heads * c.d + 2) + j] *= 1000;
      std::vector<float> const together = run(c, in_bf16, qkv);
      for (std::size_t const first : {c.rows / 3, c.rows / 2, c.rows - 1}) {
        std::vector<float> const rest = run(c, in_bf16, qkv, first);
        EXPECT_TRUE(
            std::equal(rest.begin(), rest.end(), together.end() - static_cast<std::ptrdiff_t>(rest.size())))
            << c.rows << " of " << c.keys << " from " << first;
      }
    }
  }
}

TEST_P(AttentionOf, AttentionToWhatIsNoNumberIsNone) {
  AttentionCase const c{20, 70, 1, 16, 1};
  std::vector<float> qkv = numbers(c);
  qkv[50 * (3 * c.d + 2) + c.d] = std::numeric_limits<float>::quiet_NaN();  // in a key
  for (bool const in_bf16 : {false, true}) {
    std::vector<float> const y = run(c, in_bf16, qkv);
    for (std::size_t row = 0; row < c.rows; ++row) EXPECT_TRUE(std::isnan(y[row * (c.d + 1)]));
  }
}

TEST_P(KernelsOf, PairsAreWeightedByTheirDistance) {
  for (std::size_t const n : {1U, 7U, 16U, 33U, 130U}) {
    std::size_t const width = 19;
    std::size_t const stride = width + 2;
    std::size_t const k_stride = (n + 15) / 16 * 16;
    std::vector<float> x = random_numbers(n * stride, n, 3);
    if (n > 3)
      std::copy_n(x.begin(), width, x.begin() + static_cast<std::ptrdiff_t>(3 * stride));  // the same place
    std::vector<float> k(n * k_stride, 77);
    Arena scratch;
    kernels.pair_kernel(x.data(), stride, n, width, k.data(), k_stride,
                        scratch.reserve(1 + kernels.pair_scratch(n, width)));
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        double distance2 = 0;
        double squares = 0;
        for (std::size_t column = 0; column < width; ++column) {
          double const a = x[i * stride + column];
          double const b = x[j * stride + column];
          distance2 += (a - b) * (a - b);
          squares += a * a + b * b;
        }
        double const distance = std::sqrt(std::max(distance2, 1e-6));
        // The squares cancel: the rounding of their sums of `width` terms stays, divided by twice the
        // distance.
        double const error = static_cast<double>(width) * epsilon * squares / (2 * std::max(distance, 1e-3));
        double const tolerance = distance2 == 0 ? 4 * epsilon : 0.1 * error + 4 * epsilon;
        EXPECT_NEAR(k[i * k_stride + j], std::exp(-0.1 * distance), tolerance) << n << ": " << i << ' ' << j;
      }
      for (std::size_t j = n; j < k_stride; ++j)
        EXPECT_EQ(k[i * k_stride + j], 77) << "wrote beyond the columns";
    }
  }
}

TEST_P(KernelsOf, PairSumsAreMatrixProducts) {
  for (bool const in_bf16 : {false, true}) {
    auto const rounded = [&](float number) { return in_bf16 ? from_bf16(to_bf16(number)) : number; };
    for (std::size_t const n : {1U, 6U, 29U, 130U}) {
      for (std::size_t const columns : {16U, 48U, 112U}) {
        std::size_t const k_stride = n + 3;
        std::vector<float> const k = random_numbers(n * k_stride, n);
        std::vector<float> const x = random_numbers(n * columns, columns);
        std::vector<float> y(n * columns + 1, 77);
        Arena scratch;
        std::vector<float> given = k;
        if (in_bf16) kernels.pack_bf16(given.data(), k_stride, n, n, given.data(), k_stride);
        (in_bf16 ? kernels.pair_sum_bf16
                 : kernels.pair_sum)({given.data(), k_stride, n, x.data(), columns, columns, y.data(),
                                      columns, scratch.reserve(1 + kernels.pair_sum_scratch(n, columns))});
        for (std::size_t i = 0; i < n; ++i) {
          for (std::size_t column = 0; column < columns; ++column) {
            double expected = 0;
            for (std::size_t j = 0; j < n; ++j)
              expected += static_cast<double>(rounded(k[i * k_stride + j])) *
                          static_cast<double>(rounded(x[j * columns + column]));
            EXPECT_NEAR(y[i * columns + column], expected,
                        epsilon * static_cast<double>(n * n));  // n sums of up to n
          }
        }
        EXPECT_EQ(y.back(), 77) << "wrote beyond the rows";
      }
    }
  }
}

TEST_P(KernelsOf, KernelSumsGoOnWhereTheLastCallEnded) {
  // Sizes that fill tiles, and others.
  for (auto const& [features, width] : {std::pair{32U, 32U}, {5U, 7U}, {16U, 20U}, {8U, 48U}}) {
    std::size_t const rows = 37;
    std::vector<float> const f = random_numbers(rows * (features + 3), features);
    std::vector<float> const v = random_numbers(rows * (width + 2), width);
    auto const run = [&](std::vector<std::size_t> const& ends) {
      std::vector<float> sums(features * width + 1, 0);
      std::vector<float> totals(features + 1, 0);
      sums.back() = totals.back() = 77;
      std::size_t first = 0;
      for (std::size_t const last : ends) {
        kernels.kernel_sums({f.data() + first * (features + 3), features + 3, v.data() + first * (width + 2),
                             width + 2, last - first, features, width, sums.data(), totals.data()});
        first = last;
      }
      EXPECT_EQ(sums.back(), 77);
      EXPECT_EQ(totals.back(), 77);
      sums.insert(sums.end(), totals.begin(), totals.end());
      return sums;
    };
    std::vector<float> const together = run({rows});
    EXPECT_EQ(run({0, 1, 20, rows}), together);
    for (std::size_t k = 0; k < features; ++k) {
      double total = 0;
      for (std::size_t row = 0; row < rows; ++row) total += f[row * (features + 3) + k];
      EXPECT_NEAR(together[features * width + 1 + k], total,
                  epsilon * rows * rows);  // rows sums of up to rows
      for (std::size_t j = 0; j < width; ++j) {
        double sum = 0;
        for (std::size_t row = 0; row < rows; ++row)
          sum += static_cast<double>(f[row * (features + 3) + k]) *
                 static_cast<double>(v[row * (width + 2) + j]);
        EXPECT_NEAR(together[k * width + j], sum, epsilon * rows * rows);
      }
    }
  }
}

TEST_P(KernelsOf, KernelReadoutsAreQuotientsOfSums) {
  for (auto const& [features, width] : {std::pair{32U, 32U}, {5U, 7U}, {16U, 20U}, {9U, 80U}}) {
    std::size_t const rows = 13;
    std::vector<float> f = random_numbers(rows * (features + 1), features);
    std::vector<float> totals = random_numbers(features, 3);
    for (float& x : f) x = std::abs(x);
    for (float& x : totals) x = std::abs(x) + 0.1F;
    std::vector<float> const sums = random_numbers(features * width, width);
    std::vector<float> y(rows * (width + 1), 77);
    kernels.kernel_readout(
        {f.data(), features + 1, sums.data(), totals.data(), rows, features, width, y.data(), width + 1});
    for (std::size_t row = 0; row < rows; ++row) {
      double total = 0;
      for (std::size_t k = 0; k < features; ++k)
        total += static_cast<double>(f[row * (features + 1) + k]) * static_cast<double>(totals[k]);
      for (std::size_t j = 0; j < width; ++j) {
        double sum = 0;
        for (std::size_t k = 0; k < features; ++k)
          sum += static_cast<double>(f[row * (features + 1) + k]) * static_cast<double>(sums[k * width + j]);
        double const expected = sum / features / (total / features + 1e-6);
        // `features` terms of size 1 above and below; below, they are at least 0.1 f.
        EXPECT_NEAR(y[row * (width + 1) + j], expected, 20 * epsilon * static_cast<double>(features))
            << features << ' ' << width;
      }
      EXPECT_EQ(y[row * (width + 1) + width], 77) << "wrote beyond the columns";
    }
  }
}

TEST_P(KernelsOf, ExponentialsAreThoseOfTheDifference) {
  std::vector<float> x = random_numbers(37, 1, 20);
  std::vector<float> y(x.size() + 1, 77);
  kernels.exp_less(x.data(), 20, y.data(), x.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    double const exponent = static_cast<double>(x[i]) - 20;  // of up to 40, rounded once
    EXPECT_NEAR(y[i] / std::exp(exponent), 1, 50 * epsilon);
  }
  EXPECT_EQ(y.back(), 77);
}

TEST(Bf16, RoundsToNearestEven) {
  EXPECT_EQ(from_bf16(to_bf16(1.F)), 1.F);
  EXPECT_EQ(from_bf16(to_bf16(1.F + 0x1p-8F)), 1.F);                // a tie, to even
  EXPECT_EQ(from_bf16(to_bf16(1.F + 3 * 0x1p-8F)), 1.F + 0x1p-6F);  // a tie, to even
  EXPECT_EQ(from_bf16(to_bf16(1.F + 0x1.8p-8F)), 1.F + 0x1p-7F);
  EXPECT_EQ(from_bf16(to_bf16(3.4e38F)), std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(from_bf16(to_bf16(std::numeric_limits<float>::quiet_NaN()))));
}

}  // namespace
}  // namespace corpuscle::runtime
