#include "corpuscle/tune/qubo.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/random.hpp"
#include "corpuscle/tune/anneal.hpp"
#include "corpuscle/tune/tabu.hpp"

namespace corpuscle::tune {
namespace {

/// All coefficients normal deviates: a spin glass.
Qubo random_qubo(std::size_t size, std::uint64_t seed) {
  Qubo qubo(size);
  core::Random random{seed};
  for (std::size_t v = 0; v < size; ++v)
    for (std::size_t w = v; w < size; ++w) qubo.add(v, w, random.normal());
  return qubo;
}

/// Bit v of `number` is variable v.
Bits bits_of(std::size_t number, std::size_t size) {
  Bits bits(size);
  for (std::size_t v = 0; v < size; ++v) bits[v] = static_cast<std::uint8_t>(number >> v & 1);
  return bits;
}

TEST(Qubo, HasTheEnergyOfItsUpperTriangle) {
  Qubo qubo(3);
  qubo.add(0, 0, 1);
  qubo.add(1, 1, -2);
  qubo.add(0, 2, 4);
  qubo.add(2, 0, 8);  // the same coefficient
  qubo.add(1, 2, 16);
  EXPECT_EQ(qubo.energy(Bits{0, 0, 0}), 0);
  EXPECT_EQ(qubo.energy(Bits{1, 1, 0}), -1);
  EXPECT_EQ(qubo.energy(Bits{1, 0, 1}), 13);
  EXPECT_EQ(qubo.energy(Bits{1, 1, 1}), 27);
}

TEST(Qubo, RanksSamplesByEnergyAndMergesEqualOnes) {
  Qubo qubo(2);
  qubo.add(0, 0, 1);
  qubo.add(1, 1, -1);
  std::vector<Sample> const samples =
      ranked(qubo, {{{1, 0}, 7, 1}, {{0, 1}, 7, 2}, {{1, 0}, 7, 3}, {{1, 1}, 7, 1}, {{0, 0}, 7, 1}});
  ASSERT_EQ(samples.size(), 4U);
  EXPECT_EQ(samples[0].bits, (Bits{0, 1}));
  EXPECT_EQ(samples[0].energy, -1);
  EXPECT_EQ(samples[1].bits, (Bits{0, 0})) << "of the same energy as the next, and before it in the alphabet";
  EXPECT_EQ(samples[2].bits, (Bits{1, 1}));
  EXPECT_EQ(samples[3].bits, (Bits{1, 0}));
  EXPECT_EQ(samples[3].occurrences, 4U);
}

TEST(QuboWalk, KnowsThePriceOfEveryFlip) {
  constexpr std::size_t size = 9;
  Qubo const qubo = random_qubo(size, 1);
  QuboWalk walk(qubo, bits_of(0b101100101, size));
  core::Random random{2};
  for (int step = 0; step < 100; ++step) {
    std::size_t const v = random.bits() % size;
    double const before = qubo.energy(walk.bits());
    double const price = walk.price(v);
    walk.flip(v);
    // Sums of a few tens of numbers of order 1.
    EXPECT_NEAR(qubo.energy(walk.bits()) - before, price, 1e-12);
  }
  walk.descend();
  for (std::size_t v = 0; v < size; ++v) EXPECT_GT(walk.price(v), -1e-12);
}

TEST(ExactSampler, FindsTheLowestStatesInTheirOrder) {
  constexpr std::size_t size = 10;
  Qubo const qubo = random_qubo(size, 3);
  std::vector<Sample> all;
  for (std::size_t number = 0; number < 1U << size; ++number) all.push_back({bits_of(number, size)});
  all = ranked(qubo, all);
  for (std::size_t reads : {std::size_t{1}, std::size_t{7}, all.size(), 2 * all.size()}) {
    std::vector<Sample> const found = ExactSampler().sample(qubo, reads, 0);
    ASSERT_EQ(found.size(), std::min(reads, all.size()));
    for (std::size_t i = 0; i < found.size(); ++i) EXPECT_EQ(found[i].bits, all[i].bits) << i;
  }
}

TEST(ExactSampler, RefusesWhatWouldTakeForEver) {
  try {
    static_cast<void>(ExactSampler().sample(Qubo(120), 1, 0));
    FAIL() << "it did not refuse";
  } catch (core::ConfigError const& error) {
    EXPECT_NE(std::string(error.what()).find("120"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("annealing"), std::string::npos) << error.what();
  }
}

struct Solver {
  std::string name;
  std::shared_ptr<Sampler const> sampler;
};

class Heuristic : public testing::TestWithParam<Solver> {};

INSTANTIATE_TEST_SUITE_P(Sampler, Heuristic,
                         testing::Values(Solver{"annealing", std::make_shared<AnnealSampler>()},
                                         Solver{"tabu", std::make_shared<TabuSampler>()}),
                         [](auto const& solver) { return solver.param.name; });

TEST_P(Heuristic, FindsTheGroundStateOfSmallSpinGlasses) {
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    Qubo const qubo = random_qubo(16, seed);
    EXPECT_EQ(GetParam().sampler->sample(qubo, 20, seed).front().bits,
              ExactSampler().sample(qubo, 1, 0).front().bits)
        << seed;
  }
}

TEST_P(Heuristic, EndsEveryReadInAMinimum) {
  constexpr std::size_t size = 60;
  Qubo const qubo = random_qubo(size, 11);
  std::size_t reads = 0;
  for (Sample const& sample : GetParam().sampler->sample(qubo, 20, 5)) {
    QuboWalk const walk(qubo, sample.bits);
    for (std::size_t v = 0; v < size; ++v) EXPECT_GT(walk.price(v), -1e-10);
    EXPECT_EQ(sample.energy, qubo.energy(sample.bits));
    reads += sample.occurrences;
  }
  EXPECT_EQ(reads, 20U);
}

TEST_P(Heuristic, GivesTheSameReadsHoweverManyThereAre) {
  Qubo const qubo = random_qubo(60, 13);
  std::vector<Sample> const few = GetParam().sampler->sample(qubo, 3, 17);
  std::vector<Sample> const many = GetParam().sampler->sample(qubo, 12, 17);
  for (Sample const& sample : few)
    EXPECT_TRUE(std::any_of(many.begin(), many.end(),
                            [&](Sample const& other) { return other.bits == sample.bits; }));
}

TEST_P(Heuristic, TakesProblemsOfOneVariableAndOfNone) {
  Qubo qubo(1);
  qubo.add(0, 0, -2);
  EXPECT_EQ(GetParam().sampler->sample(qubo, 4, 1).front().bits, Bits{1});
  EXPECT_EQ(GetParam().sampler->sample(Qubo(0), 4, 1).front().bits, Bits{});
}

}  // namespace
}  // namespace corpuscle::tune
