#include "corpuscle/sim/hit_map.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <tuple>
#include <vector>

namespace corpuscle::sim {
namespace {

using event::GenParticleId;

struct Call {
  std::uint64_t cell = 0;
  std::size_t particle = 0;
  float energy = 0, share = 0, time = 0;
};

/// Deposits of 50 particles in neighbouring cells, up to 100 ns.
std::vector<Call> random_calls(std::size_t n, std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  auto const below = [&](std::uint64_t limit) { return engine() % limit; };
  std::vector<Call> calls;
  for (std::size_t i = 0; i < n; ++i) {
    // Sums of 1/64 are exact in floats, in any order.
    auto const quantum = static_cast<float>(1 + below(64)) / 64;
    calls.push_back({(below(30) << 48) | (below(30) << 32) | (below(10) << 19) | 20, below(50), quantum,
                     2 * quantum, static_cast<float>(below(1000)) / 10});
  }
  return calls;
}

void add_all(HitMap& map, std::vector<Call> const& calls) {
  for (Call const& c : calls) map.add(c.cell, GenParticleId(c.particle), c.energy, c.share, c.time);
}

using Key = std::tuple<std::uint64_t, std::size_t, int>;  ///< cell, particle, slice of time
using Value = std::tuple<float, float, float>;            ///< energy, share, time

std::map<Key, Value> contents(HitMap const& map) {
  std::map<Key, Value> out;
  for (HitMap::Cell const& cell : map.cells()) {
    for (std::int32_t row = cell.first; row >= 0; row = map.deposits()[static_cast<std::size_t>(row)].next) {
      auto const& d = map.deposits()[static_cast<std::size_t>(row)];
      Key const key{cell.id, d.particle.row(), static_cast<int>(d.time / HitMap::time_slice)};
      EXPECT_TRUE(out.emplace(key, Value{d.energy, d.share, d.time}).second) << "the same key twice";
    }
  }
  EXPECT_EQ(out.size(), map.deposits().size());
  return out;
}

std::map<Key, Value> expected(std::vector<Call> const& calls) {
  std::map<Key, Value> out;
  for (Call const& c : calls) {
    Key const key{c.cell, c.particle, static_cast<int>(c.time / HitMap::time_slice)};
    auto const [at, is_new] = out.emplace(key, Value{c.energy, c.share, c.time});
    if (is_new) continue;
    auto& [energy, share, time] = at->second;
    energy += c.energy;
    share += c.share;
    time = std::min(time, c.time);
  }
  return out;
}

TEST(HitMap, SumsByCellParticleAndSliceOfTime) {
  auto const calls = random_calls(100000, 1);
  HitMap map;
  add_all(map, calls);
  EXPECT_EQ(contents(map), expected(calls));
}

TEST(HitMap, ASumDoesNotDependOnTheOrder) {
  auto calls = random_calls(20000, 2);
  HitMap one, other;
  add_all(one, calls);
  std::shuffle(calls.begin(), calls.end(), std::mt19937_64(3));
  add_all(other, calls);
  EXPECT_EQ(contents(one), contents(other));
}

TEST(HitMap, CellsKeepTheOrderOfTheirFirstDeposit) {
  HitMap map;
  map.add(300, GenParticleId(1), 1, 1, 0);
  map.add(100, GenParticleId(1), 1, 1, 0);
  map.add(300, GenParticleId(2), 1, 1, 0);
  map.add(200, GenParticleId(1), 1, 1, 0);
  ASSERT_EQ(map.cells().size(), 3U);
  EXPECT_EQ(map.cells()[0].id, 300U);
  EXPECT_EQ(map.cells()[1].id, 100U);
  EXPECT_EQ(map.cells()[2].id, 200U);
  EXPECT_EQ(map.deposits()[static_cast<std::size_t>(map.cells()[0].first)].particle, GenParticleId(2));
}

TEST(HitMap, ForgetsTheLastEvent) {
  HitMap map;
  for (std::uint64_t event = 0; event < 20; ++event) {
    map.clear();
    EXPECT_TRUE(map.cells().empty());
    EXPECT_TRUE(map.deposits().empty());
    auto const calls = random_calls(event % 3 == 0 ? 60000 : 500, event);  // large ones make it grow
    add_all(map, calls);
    EXPECT_EQ(contents(map), expected(calls));
  }
}

TEST(HitMap, DoesNotCareWhatWasThereBefore) {
  auto const calls = random_calls(5000, 4);
  HitMap fresh, used;
  add_all(used, random_calls(200000, 5));
  used.clear();
  add_all(fresh, calls);
  add_all(used, calls);
  ASSERT_EQ(fresh.cells().size(), used.cells().size());
  for (std::size_t i = 0; i < fresh.cells().size(); ++i) {
    EXPECT_EQ(fresh.cells()[i].id, used.cells()[i].id);
    EXPECT_EQ(fresh.cells()[i].first, used.cells()[i].first);
  }
}

TEST(HitMap, KeepsLateDepositsApartHoweverLate) {
  HitMap map;
  for (float const time : {6.0F, 9.9F, 10.1F, 1e9F, 2e9F}) map.add(7, GenParticleId(0), 1, 1, time);
  // 5 to 10 ns, 10 to 15 ns, and all that comes after a millisecond.
  ASSERT_EQ(map.deposits().size(), 3U);
  EXPECT_EQ(map.deposits()[0].energy, 2);
  EXPECT_EQ(map.deposits()[0].time, 6);
  EXPECT_EQ(map.deposits()[2].time, 1e9F);
}

}  // namespace
}  // namespace corpuscle::sim
