#include <cmath>
#include <numbers>
#include <string_view>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/event/event.hpp"

namespace corpuscle::event {
namespace {

/// One table under examination: knows its name and how many rows every column must have.
class Examiner {
 public:
  Examiner(std::string_view table, std::size_t rows) : table_(table), rows_(rows) {}

  template <class Column>
  Examiner& length(std::string_view column, Column const& values) {
    if (values.size() != rows_)
      throw core::DataError(core::cat("table '", table_, "', column '", column, "': ", values.size(),
                                      " rows, the table has ", rows_));
    return *this;
  }

  template <class Column>
  Examiner& finite(std::string_view column, Column const& values) {
    length(column, values);
    for (std::size_t row = 0; row < rows_; ++row)
      if (!std::isfinite(values[row])) fail(column, row, values[row], "is not a finite number");
    return *this;
  }

  template <class Column>
  Examiner& not_negative(std::string_view column, Column const& values) {
    finite(column, values);
    for (std::size_t row = 0; row < rows_; ++row)
      if (values[row] < 0) fail(column, row, values[row], "is negative");
    return *this;
  }

  template <class Column>
  Examiner& azimuth(std::string_view column, Column const& values) {
    finite(column, values);
    constexpr float pi = std::numbers::pi_v<float>;
    for (std::size_t row = 0; row < rows_; ++row)
      if (values[row] < -pi || values[row] > pi) fail(column, row, values[row], "is outside [-pi, pi)");
    return *this;
  }

  template <class Id>
  Examiner& ids(std::string_view column, core::Ragged<Id> const& values, std::size_t n_targets) {
    length(column, values);
    for (std::size_t row = 0; row < rows_; ++row)
      for (Id id : values[row])
        if (id.row() >= n_targets) fail(column, row, id.row(), "refers to a row that does not exist");
    return *this;
  }

 private:
  template <class Value>
  [[noreturn]] void fail(std::string_view column, std::size_t row, Value value,
                         std::string_view complaint) const {
    throw core::DataError(
        core::cat("table '", table_, "', column '", column, "', row ", row, ": ", value, " ", complaint));
  }

  std::string_view table_;
  std::size_t rows_;
};

void check(Tracks const& tracks, std::size_t n_tracker_hits) {
  constexpr std::string_view names[] = {"tracks at IP", "tracks at first hit", "tracks at last hit",
                                        "tracks at calorimeter"};
  for (std::size_t point = 0; point < n_track_points; ++point) {
    TrackStates const& s = tracks.states[point];
    Examiner(names[point], tracks.size())
        .length("is_present", s.is_present)
        .length("covariance", s.covariance)
        .finite("d0", s.d0)
        .azimuth("phi", s.phi)
        .finite("omega", s.omega)
        .finite("z0", s.z0)
        .finite("tan_lambda", s.tan_lambda)
        .finite("x", s.x)
        .finite("y", s.y)
        .finite("z", s.z);
  }
  Examiner("tracks", tracks.size())
      .finite("chi2", tracks.chi2)
      .length("ndf", tracks.ndf)
      .finite("dedx", tracks.dedx)
      .finite("dedx_error", tracks.dedx_error)
      .not_negative("innermost_hit_radius", tracks.innermost_hit_radius)
      .finite("time", tracks.time)
      .ids("hits", tracks.hits, n_tracker_hits);
}

template <class From>
void check_links(std::string_view name, std::vector<Link<From>> const& links, std::size_t n_from,
                 std::size_t n_to) {
  for (std::size_t row = 0; row < links.size(); ++row)
    if (links[row].from.row() >= n_from || links[row].to.row() >= n_to || !std::isfinite(links[row].weight))
      throw core::DataError(core::cat("table '", name, "', row ", row,
                                      ": refers to a row that does not exist, or has no weight"));
}

}  // namespace

void check(Event const& event) {
  Observed const& seen = event.observed;
  check(seen.tracks, seen.tracker_hits.size());

  CaloHits const& hits = seen.calo_hits;
  Examiner("calorimeter hits", hits.size())
      .length("cell_id", hits.cell_id)
      .not_negative("energy", hits.energy)
      .finite("energy_error", hits.energy_error)
      .finite("time", hits.time)
      .finite("x", hits.x)
      .finite("y", hits.y)
      .finite("z", hits.z)
      .length("layer", hits.layer)
      .length("subdetector", hits.subdetector)
      .length("region", hits.region);

  Clusters const& clusters = seen.clusters;
  Examiner("clusters", clusters.size())
      .not_negative("energy", clusters.energy)
      .finite("energy_error", clusters.energy_error)
      .finite("x", clusters.x)
      .finite("y", clusters.y)
      .finite("z", clusters.z)
      .finite("theta", clusters.theta)
      .azimuth("phi", clusters.phi)
      .not_negative("energy_ecal", clusters.energy_ecal)
      .not_negative("energy_hcal", clusters.energy_hcal)
      .not_negative("energy_other", clusters.energy_other)
      .ids("hits", clusters.hits, hits.size());

  TrackerHits const& tracker = seen.tracker_hits;
  Examiner("tracker hits", tracker.size())
      .length("cell_id", tracker.cell_id)
      .finite("x", tracker.x)
      .finite("y", tracker.y)
      .finite("z", tracker.z)
      .finite("energy_deposit", tracker.energy_deposit)
      .finite("time", tracker.time);

  Particles const& stored = event.stored;
  Examiner("stored particles", stored.size())
      .length("particle_class", stored.particle_class)
      .length("pdg", stored.pdg)
      .finite("charge", stored.charge)
      .not_negative("energy", stored.energy)
      .finite("px", stored.px)
      .finite("py", stored.py)
      .finite("pz", stored.pz)
      .finite("mass", stored.mass)
      .finite("x", stored.x)
      .finite("y", stored.y)
      .finite("z", stored.z)
      .ids("tracks", stored.tracks, seen.tracks.size())
      .ids("clusters", stored.clusters, clusters.size());

  GenParticles const& generated = event.truth.particles;
  Examiner("generated particles", generated.size())
      .length("pdg", generated.pdg)
      .length("generator_status", generated.generator_status)
      .length("simulator_status", generated.simulator_status)
      .finite("charge", generated.charge)
      .finite("mass", generated.mass)
      .finite("px", generated.px)
      .finite("py", generated.py)
      .finite("pz", generated.pz)
      .finite("x", generated.x)
      .finite("y", generated.y)
      .finite("z", generated.z)
      .finite("end_x", generated.end_x)
      .finite("end_y", generated.end_y)
      .finite("end_z", generated.end_z)
      .finite("time", generated.time)
      .ids("parents", generated.parents, generated.size())
      .ids("daughters", generated.daughters, generated.size());

  check_links("track links", event.truth.track_links, seen.tracks.size(), generated.size());
  check_links("cluster links", event.truth.cluster_links, clusters.size(), generated.size());
  check_links("particle links", event.truth.particle_links, stored.size(), generated.size());
  check_links("calorimeter hit links", event.truth.calo_hit_links, hits.size(), generated.size());
  check_links("tracker hit links", event.truth.tracker_hit_links, tracker.size(), generated.size());
}

}  // namespace corpuscle::event
