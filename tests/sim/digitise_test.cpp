#include "corpuscle/sim/digitise.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "corpuscle/config/detector.hpp"
#include "corpuscle/core/error.hpp"
#include "corpuscle/core/random.hpp"
#include "corpuscle/core/units.hpp"

namespace corpuscle::sim {
namespace {

using event::GenParticleId;

/// What a shower would put into a cell.
struct Spot {
  std::uint64_t cell = 0;
  std::size_t particle = 0;
  double energy = 0;
  double share = 0;
  double delay = 0;  ///< after a straight flight at the speed of light [ns]
};

class DigitiserTest : public ::testing::Test {
 protected:
  struct Result {
    event::Event event;
    EnergyAccount account;
    [[nodiscard]] event::CaloHits const& hits() const { return event.observed.calo_hits; }
    [[nodiscard]] auto const& links() const { return event.truth.calo_hit_links; }
  };

  explicit DigitiserTest(detector::Detector detector = config::find_detector("clic"))
      : geometry_(detector), digitise_(geometry_) {}

  [[nodiscard]] detector::Calorimeter const& calorimeter(std::size_t index) const {
    return geometry_.description().calorimeters[index];
  }
  [[nodiscard]] detector::Stack const& stack(std::size_t index) const {
    return geometry_.description().stacks[static_cast<std::size_t>(calorimeter(index).stack)];
  }

  /// Some cell of a calorimeter; others for other n, of which there are at least 28.
  [[nodiscard]] std::uint64_t cell_in(std::size_t index, int n = 0) const {
    bool const is_barrel = calorimeter(index).shape == detector::Calorimeter::Shape::barrel;
    double const u = is_barrel ? 0 : 0.5 * (calorimeter(index).r_min + calorimeter(index).r_max);
    int skip = n / 4;
    for (Plane const& plane : geometry_.planes())
      if (static_cast<std::size_t>(plane.calorimeter) == index && skip-- == 0)
        return geometry_.cell(plane, u, (n % 4) * stack(index).cell_size);
    return 0;
  }

  [[nodiscard]] float time_of(Spot const& spot) const {
    return static_cast<float>(core::length(geometry_.center(spot.cell)) / units::c_light + spot.delay);
  }

  [[nodiscard]] Result digitise(std::vector<Spot> const& spots, std::uint64_t noise_key = 1) const {
    HitMap deposits;
    for (Spot const& spot : spots)
      deposits.add(spot.cell, GenParticleId(spot.particle), static_cast<float>(spot.energy),
                   static_cast<float>(spot.share), time_of(spot));
    Result result;
    digitise_(deposits, noise_key, result.event, result.account);
    return result;
  }

  /// Deposits around the thresholds of all calorimeters, some of them late. Energies and shares are multiples
  /// of a power of two, so that their sums are exact in any order.
  [[nodiscard]] std::vector<Spot> mixture(std::size_t n) const {
    std::vector<Spot> spots;
    core::Random random(7);
    for (std::size_t i = 0; i < n; ++i) {
      auto const index = static_cast<std::size_t>(
          random.uniform() * static_cast<double>(geometry_.description().calorimeters.size()));
      double const unit = std::exp2(std::floor(std::log2(stack(index).threshold)) - 6);
      double const energy = unit * std::floor(1 + 64 * random.exponential());
      spots.push_back({cell_in(index, static_cast<int>(random.uniform() * 28)),
                       static_cast<std::size_t>(random.uniform() * 5), energy, std::exp2(40) * unit,
                       20 * random.exponential() - 0.5});
    }
    return spots;
  }

  CaloGeometry geometry_;
  Digitiser digitise_;
};

TEST_F(DigitiserTest, EventWithoutDepositsHasNoHits) {
  Result result;
  result.event.observed.calo_hits.resize(3);
  result.event.truth.calo_hit_links.resize(2);
  digitise_(HitMap(), 1, result.event, result.account);
  EXPECT_EQ(result.hits().size(), 0u);
  EXPECT_TRUE(result.links().empty());
}

TEST_F(DigitiserTest, HitIsTheDepositTimesTheCalibration) {
  for (std::size_t index = 0; index < geometry_.description().calorimeters.size(); ++index) {
    SCOPED_TRACE(calorimeter(index).collection);
    double const energy = 10 * stack(index).threshold;
    std::uint64_t const cell = cell_in(index);
    Result const result = digitise({{cell, 3, energy, 1, 0}});
    ASSERT_EQ(result.hits().size(), 1u);
    // Two roundings to a float.
    EXPECT_NEAR(result.hits().energy[0], energy * calorimeter(index).calibration,
                1e-6 * result.hits().energy[0]);
    EXPECT_EQ(result.hits().energy_error[0], 0);
    EXPECT_EQ(result.hits().cell_id[0], cell);
    EXPECT_EQ(result.hits().layer[0], geometry_.plane_of(cell).layer);
    EXPECT_NEAR(result.hits().x[0], geometry_.center(cell).x, 1e-3);
    EXPECT_NEAR(result.hits().y[0], geometry_.center(cell).y, 1e-3);
    EXPECT_NEAR(result.hits().z[0], geometry_.center(cell).z, 1e-3);
    ASSERT_EQ(result.links().size(), 1u);
    EXPECT_EQ(result.links()[0].to, GenParticleId(3));
    EXPECT_EQ(result.links()[0].weight, result.hits().energy[0]);
  }
}

TEST_F(DigitiserTest, PartOfTheDetectorIsThatOfTheCollection) {
  using enum event::Subdetector;
  using event::Region;
  std::map<std::string, std::pair<event::Subdetector, Region>> const expected = {
      {"ECALBarrel", {ecal, Region::barrel}}, {"ECALEndcap", {ecal, Region::endcap}},
      {"ECALOther", {ecal, Region::other}},   {"HCALBarrel", {hcal, Region::barrel}},
      {"HCALEndcap", {hcal, Region::endcap}}, {"HCALOther", {hcal, Region::other}},
      {"MUON", {muon, Region::other}},        {"LumiCal_Hits", {forward, Region::other}}};
  for (std::size_t index = 0; index < geometry_.description().calorimeters.size(); ++index) {
    Result const result = digitise({{cell_in(index), 0, 0.001, 1, 0}});
    ASSERT_EQ(result.hits().size(), 1u);
    EXPECT_EQ(std::pair(result.hits().subdetector[0], result.hits().region[0]),
              expected.at(calorimeter(index).collection))
        << calorimeter(index).collection;
  }
}

TEST_F(DigitiserTest, ThresholdActsOnTheSumOfACell) {
  double const threshold = stack(0).threshold;
  std::uint64_t const cell = cell_in(0);
  EXPECT_EQ(digitise({{cell, 0, threshold * (1 - 1e-6), 1, 0}}).hits().size(), 0u);
  EXPECT_EQ(digitise({{cell, 0, threshold * (1 + 1e-6), 1, 0}}).hits().size(), 1u);
  EXPECT_EQ(digitise({{cell, 0, 0.6 * threshold, 1, 0}, {cell, 1, 0.6 * threshold, 1, 0}}).hits().size(), 1u);
  EXPECT_EQ(
      digitise({{cell, 0, 0.6 * threshold, 1, 0}, {cell_in(0, 1), 0, 0.6 * threshold, 1, 0}}).hits().size(),
      0u);
}

TEST_F(DigitiserTest, LateDepositIsNotSeenButBooked) {
  std::uint64_t const cell = cell_in(0);
  Result const result = digitise({{cell, 0, 0.001, 2, 0.5}, {cell, 1, 0.003, 5, 30}});
  ASSERT_EQ(result.hits().size(), 1u);
  EXPECT_NEAR(result.hits().energy[0], 0.001 * calorimeter(0).calibration, 1e-7);
  EXPECT_EQ(result.account.visible, 2);
  EXPECT_EQ(result.account.late, 5);
  ASSERT_EQ(result.links().size(), 1u);
  EXPECT_EQ(result.links()[0].to, GenParticleId(0));

  Result const nothing = digitise({{cell, 1, 0.003, 5, 30}});
  EXPECT_EQ(nothing.hits().size(), 0u);
  EXPECT_EQ(nothing.account.late, 5);
  EXPECT_EQ(nothing.account.below_threshold, 0);
}

TEST_F(DigitiserTest, WindowOpensAfterTheFlightAndHoldsTenNanoseconds) {
  std::uint64_t const cell = cell_in(4);
  auto const is_seen = [&](double delay) {
    return digitise({{cell, 0, 0.001, 1, delay}}).hits().size() == 1;
  };
  // 0.1 ns are taken off the flight; times of 10 ns are floats that know 1e-6 ns.
  EXPECT_FALSE(is_seen(-1.1 - 1e-4));
  EXPECT_TRUE(is_seen(-1.1 + 1e-4));
  EXPECT_TRUE(is_seen(9.9 - 1e-4));
  EXPECT_FALSE(is_seen(9.9 + 1e-4));
  EXPECT_NEAR(digitise({{cell, 0, 0.001, 1, 0}, {cell, 1, 0.001, 1, 3}}).hits().time[0], 0.1, 1e-5);
}

TEST_F(DigitiserTest, MuonsAreReadOutAtAnyTime) {
  std::size_t index = 0;
  while (calorimeter(index).kind != detector::Calorimeter::Kind::muon) ++index;
  EXPECT_EQ(digitise({{cell_in(index), 0, 1e-6, 1, 500}}).hits().size(), 1u);
}

TEST_F(DigitiserTest, SaturatedHitStaysAtItsLimitAndSoDoItsLinks) {
  std::size_t index = 0;
  while (stack(index).saturation == 0) ++index;
  std::uint64_t const cell = cell_in(index);
  Result const result = digitise({{cell, 0, 0.3, 1, 0}, {cell, 1, 0.1, 1, 0}});
  ASSERT_EQ(result.hits().size(), 1u);
  EXPECT_FLOAT_EQ(result.hits().energy[0], 2);  // GeV; detector.md 2.5
  ASSERT_EQ(result.links().size(), 2u);
  EXPECT_FLOAT_EQ(result.links()[0].weight, 1.5);
  EXPECT_FLOAT_EQ(result.links()[1].weight, 0.5);
}

TEST_F(DigitiserTest, SharesAreVisibleOrBelowThresholdOrLate) {
  std::vector<Spot> const spots = mixture(3000);
  EnergyAccount const account = digitise(spots).account;
  double const in = std::accumulate(spots.begin(), spots.end(), 0.0,
                                    [](double sum, Spot const& s) { return sum + s.share; });
  EXPECT_DOUBLE_EQ(account.out(), in);
  EXPECT_GT(account.visible, 0.01 * in);
  EXPECT_GT(account.below_threshold, 0.001 * in);
  EXPECT_GT(account.late, 0.01 * in);
}

TEST_F(DigitiserTest, OrderOfDepositsDoesNotMatter) {
  std::vector<Spot> spots = mixture(3000);
  Result const first = digitise(spots);
  std::mt19937 shuffle(1);
  for (int i = 0; i < 10; ++i) {
    std::shuffle(spots.begin(), spots.end(), shuffle);
    Result const other = digitise(spots);
    EXPECT_EQ(first.hits().cell_id, other.hits().cell_id);
    EXPECT_EQ(first.hits().energy, other.hits().energy);
    EXPECT_EQ(first.hits().time, other.hits().time);
    EXPECT_EQ(first.links(), other.links());
  }
}

TEST_F(DigitiserTest, HitsAndLinksAreInOrderAndUnique) {
  Result const result = digitise(mixture(3000));
  ASSERT_GT(result.hits().size(), 30u);
  std::vector<std::pair<std::int32_t, std::uint64_t>> places;
  for (std::uint64_t id : result.hits().cell_id) places.emplace_back(geometry_.calorimeter_of(id), id);
  EXPECT_TRUE(std::is_sorted(places.begin(), places.end()));
  EXPECT_EQ(std::set(places.begin(), places.end()).size(), places.size());

  std::vector<std::pair<event::CaloHitId, GenParticleId>> pairs;
  for (auto const& link : result.links()) pairs.emplace_back(link.from, link.to);
  EXPECT_TRUE(std::is_sorted(pairs.begin(), pairs.end()));
  EXPECT_EQ(std::set(pairs.begin(), pairs.end()).size(), pairs.size());
}

TEST_F(DigitiserTest, WeightsOfLinksAddUpToTheHit) {
  Result const result = digitise(mixture(3000));
  std::vector<double> sums(result.hits().size());
  for (auto const& link : result.links()) sums[link.from.row()] += link.weight;
  // At most five particles per cell, each rounded to a float.
  for (std::size_t row = 0; row < sums.size(); ++row)
    EXPECT_NEAR(sums[row], result.hits().energy[row], 1e-6 * result.hits().energy[row]);
}

TEST_F(DigitiserTest, EnergyOfNobodyMakesAHitWithoutLink) {
  HitMap deposits;
  Spot const spot{cell_in(0), 0, 0.001, 1, 0};
  deposits.add(spot.cell, GenParticleId(), 0.001F, 1, time_of(spot));
  Result result;
  digitise_(deposits, 1, result.event, result.account);
  EXPECT_EQ(result.hits().size(), 1u);
  EXPECT_TRUE(result.links().empty());
}

detector::Detector noisy_clic() {
  detector::Detector detector = config::find_detector("clic");
  for (detector::Stack& stack : detector.simulation.stacks) stack.noise = stack.threshold / 2;
  return detector;
}

class NoisyDigitiserTest : public DigitiserTest {
 protected:
  NoisyDigitiserTest() : DigitiserTest(noisy_clic()) {}
};

TEST_F(NoisyDigitiserTest, NoiseIsGaussianAndNoParticles) {
  constexpr int n = 20'000;
  double const energy = 10 * stack(0).threshold;  // 20 sigma above zero: nothing is lost
  double sum = 0, sum2 = 0;
  for (std::uint64_t key = 0; key < n; ++key) {
    Result const result = digitise({{cell_in(0), 0, energy, 1, 0}}, key);
    ASSERT_EQ(result.hits().size(), 1u);
    EXPECT_NEAR(result.links()[0].weight, energy * calorimeter(0).calibration, 1e-6);
    double const noise = (result.hits().energy[0] / calorimeter(0).calibration - energy) / stack(0).noise;
    sum += noise;
    sum2 += noise * noise;
  }
  // n unit normals: their mean is known to 1/sqrt(n), their variance to sqrt(2/n); 4 sigma.
  EXPECT_NEAR(sum / n, 0, 4 / std::sqrt(n));
  EXPECT_NEAR(sum2 / n, 1, 4 * std::sqrt(2.0 / n));
}

TEST_F(NoisyDigitiserTest, NoiseOfACellDoesNotDependOnItsNeighbours) {
  Spot const spot{cell_in(0), 0, 0.001, 1, 0};
  Result const alone = digitise({spot});
  Result const crowd = digitise({{cell_in(0, 3), 1, 0.002, 1, 0}, spot, {cell_in(3), 1, 0.002, 1, 0}});
  auto const& ids = crowd.hits().cell_id;
  auto const row = static_cast<std::size_t>(std::find(ids.begin(), ids.end(), spot.cell) - ids.begin());
  ASSERT_LT(row, ids.size());
  EXPECT_EQ(crowd.hits().energy[row], alone.hits().energy[0]);
  EXPECT_NE(digitise({spot}, 2).hits().energy[0], alone.hits().energy[0]);
}

TEST_F(DigitiserTest, HitsOfAFileAreReadOutAsOurOwn) {
  std::vector<Spot> spots = mixture(1000);
  // HitMap joins deposits of five nanoseconds; a file does not. Well inside or outside the window it is the
  // same.
  std::erase_if(spots, [](Spot const& spot) { return spot.delay > 1 && spot.delay < 20; });
  std::map<std::uint64_t, std::vector<event::Contribution>> cells;
  for (Spot const& spot : spots)
    cells[spot.cell].push_back(
        {GenParticleId(spot.particle), static_cast<float>(spot.energy), time_of(spot)});
  event::SimCaloHits file;
  for (auto const& [id, contributions] : cells) {
    file.cell_id.push_back(id);
    file.x.push_back(static_cast<float>(geometry_.center(id).x));
    file.y.push_back(static_cast<float>(geometry_.center(id).y));
    file.z.push_back(static_cast<float>(geometry_.center(id).z));
    file.contributions.push_back(contributions);
  }
  event::Event event;
  digitise_(file, event);
  Result const ours = digitise(spots);
  EXPECT_EQ(event.observed.calo_hits.cell_id, ours.hits().cell_id);
  EXPECT_EQ(event.observed.calo_hits.energy, ours.hits().energy);
  EXPECT_EQ(event.truth.calo_hit_links, ours.links());
}

TEST_F(DigitiserTest, HitOfAnUnknownSystemIsNamed) {
  event::SimCaloHits file;
  file.cell_id = {cell_in(0), 31};
  file.x = file.y = file.z = {0, 0};
  file.contributions.push_back({{GenParticleId(0), 1, 0}});
  file.contributions.push_back({{GenParticleId(0), 1, 0}});
  event::Event event;
  try {
    digitise_(file, event);
    ADD_FAILURE() << "accepted";
  } catch (core::DataError const& error) {
    EXPECT_NE(std::string(error.what()).find("calorimeter hit 1 with cell id 31"), std::string::npos)
        << error.what();
  }
}

}  // namespace
}  // namespace corpuscle::sim
