#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <ostream>
#include <string>
#include <vector>

#include "corpuscle/core/error.hpp"
#include "corpuscle/event/event.hpp"

namespace corpuscle::event {
namespace {

constexpr float nan = std::numeric_limits<float>::quiet_NaN();
constexpr float infinity = std::numeric_limits<float>::infinity();

/// Two rows in every table, everything linked with everything.
Event sound_event() {
  Event event;
  Tracks& tracks = event.observed.tracks;
  for (TrackStates& states : tracks.states) states.resize(2);
  for (std::vector<float>* column :
       {&tracks.chi2, &tracks.dedx, &tracks.dedx_error, &tracks.innermost_hit_radius, &tracks.time})
    column->resize(2);
  tracks.ndf.resize(2);
  event.observed.clusters.resize(2);
  event.observed.calo_hits.resize(2);
  event.observed.tracker_hits.resize(2);
  event.stored.resize(2);
  event.truth.particles.resize(2);
  for (std::size_t row = 0; row < 2; ++row) {
    tracks.hits.push_back({TrackerHitId(0), TrackerHitId(1)});
    event.observed.clusters.hits.push_back({CaloHitId(row)});
    event.stored.tracks.push_back({TrackId(row)});
    event.stored.clusters.push_back({ClusterId(row)});
    event.truth.particles.parents.push_back({});
    event.truth.particles.daughters.push_back({GenParticleId(1)});
    event.truth.track_links.push_back({TrackId(row), GenParticleId(row), 1});
    event.truth.cluster_links.push_back({ClusterId(row), GenParticleId(row), 0.5F});
    event.truth.calo_hit_links.push_back({CaloHitId(row), GenParticleId(row), 0.5F});
    event.truth.particle_links.push_back({ParticleId(row), GenParticleId(row), 1});
  }
  return event;
}

struct Damage {
  std::string name;
  std::function<void(Event&)> inflict;
  std::string complaint;
};

void PrintTo(Damage const& damage, std::ostream* out) {
  *out << damage.name;
}

class CheckFinds : public testing::TestWithParam<Damage> {};

TEST_P(CheckFinds, DamageByTableColumnAndRow) {
  Event event = sound_event();
  GetParam().inflict(event);
  try {
    check(event);
    ADD_FAILURE() << "accepted";
  } catch (core::DataError const& error) {
    EXPECT_NE(std::string(error.what()).find(GetParam().complaint), std::string::npos) << error.what();
  }
}

INSTANTIATE_TEST_SUITE_P(
    Event, CheckFinds,
    testing::Values(
        Damage{"ShortTrackColumn", [](Event& e) { e.observed.tracks.dedx.pop_back(); },
               "table 'tracks', column 'dedx': 1 rows, the table has 2"},
        Damage{"LongStateColumn", [](Event& e) { e.observed.tracks.at(TrackPoint::at_ip).d0.push_back(0); },
               "table 'tracks at IP', column 'd0': 3 rows"},
        Damage{"MissingCovariance",
               [](Event& e) { e.observed.tracks.at(TrackPoint::at_calorimeter).covariance.clear(); },
               "table 'tracks at calorimeter', column 'covariance'"},
        Damage{"RaggedColumnWithTooFewRows", [](Event& e) { e.observed.clusters.hits = {}; },
               "table 'clusters', column 'hits': 0 rows"},
        Damage{"NanOmega", [](Event& e) { e.observed.tracks.at(TrackPoint::at_last_hit).omega[1] = nan; },
               "table 'tracks at last hit', column 'omega', row 1: nan is not a finite number"},
        Damage{"InfiniteHitPosition", [](Event& e) { e.observed.calo_hits.z[0] = -infinity; },
               "table 'calorimeter hits', column 'z', row 0: -inf"},
        Damage{"NanTrackerHit", [](Event& e) { e.observed.tracker_hits.x[1] = std::nan(""); },
               "table 'tracker hits', column 'x', row 1"},
        Damage{"NanMomentumOfGenerator", [](Event& e) { e.truth.particles.pz[1] = std::nan(""); },
               "table 'generated particles', column 'pz', row 1"},
        Damage{"NegativeClusterEnergy", [](Event& e) { e.observed.clusters.energy[1] = -0.5F; },
               "table 'clusters', column 'energy', row 1: -0.5 is negative"},
        Damage{"NegativeHitEnergy", [](Event& e) { e.observed.calo_hits.energy[0] = -1; },
               "table 'calorimeter hits', column 'energy', row 0"},
        Damage{"NegativeParticleEnergy", [](Event& e) { e.stored.energy[0] = -1; },
               "table 'stored particles', column 'energy', row 0"},
        Damage{"PhiOfTrackBeyondPi", [](Event& e) { e.observed.tracks.at(TrackPoint::at_ip).phi[0] = 3.2F; },
               "column 'phi', row 0: 3.2 is outside [-pi, pi)"},
        Damage{"PhiOfClusterBelowMinusPi", [](Event& e) { e.observed.clusters.phi[1] = -3.2F; },
               "table 'clusters', column 'phi', row 1"},
        Damage{"TrackHitThatIsNotThere", [](Event& e) { e.observed.tracks.hits.values[2] = TrackerHitId(2); },
               "table 'tracks', column 'hits', row 1: 2 refers to a row that does not exist"},
        Damage{"ClusterHitThatRefersToNothing",
               [](Event& e) { e.observed.clusters.hits.values[0] = CaloHitId(); },
               "table 'clusters', column 'hits', row 0"},
        Damage{"ParticleWithUnknownTrack", [](Event& e) { e.stored.tracks.values[0] = TrackId(7); },
               "table 'stored particles', column 'tracks', row 0"},
        Damage{"ParticleWithUnknownCluster", [](Event& e) { e.stored.clusters.values[1] = ClusterId(7); },
               "table 'stored particles', column 'clusters', row 1"},
        Damage{"UnknownDaughter", [](Event& e) { e.truth.particles.daughters.values[0] = GenParticleId(2); },
               "table 'generated particles', column 'daughters', row 0"},
        Damage{"LinkFromNowhere", [](Event& e) { e.truth.track_links[1].from = TrackId(2); },
               "table 'track links', row 1"},
        Damage{"LinkToNowhere", [](Event& e) { e.truth.cluster_links[0].to = GenParticleId(); },
               "table 'cluster links', row 0"},
        Damage{"LinkFromAnUnknownParticle", [](Event& e) { e.truth.particle_links[0].from = ParticleId(2); },
               "table 'particle links', row 0"},
        Damage{"LinkWithoutWeight", [](Event& e) { e.truth.calo_hit_links[1].weight = nan; },
               "table 'calorimeter hit links', row 1"}),
    [](testing::TestParamInfo<Damage> const& damage) { return damage.param.name; });

TEST(Check, SoundEventPasses) {
  EXPECT_NO_THROW(check(sound_event()));
}

TEST(Check, EmptyEventIsAnEvent) {
  EXPECT_NO_THROW(check(Event{}));
}

TEST(Check, PhiMayBeAnyFloatThatRoundsFromTheInterval) {
  Event event = sound_event();
  event.observed.clusters.phi = {-3.14159274F, 3.14159274F};  // the floats nearest to -pi and pi
  EXPECT_NO_THROW(check(event));
}

}  // namespace
}  // namespace corpuscle::event
