// The functions of corpuscle.h: columns of the caller into the tables of an event, and particles back.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <exception>
#include <limits>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/runtime/corpuscle.h"
#include "corpuscle/runtime/reconstructor.hpp"

struct corpuscle_model {
  corpuscle::runtime::Reconstructor reconstruct;
};

namespace corpuscle::runtime {
namespace {

using core::cat;
using core::ConfigError;
using core::DataError;

/// What the caller sees, what it points into, and the memory that it took to get there.
struct Result final : corpuscle_particles {
  Result() : corpuscle_particles{} {}

  void show() {
    event::Particles const& found = reconstructed.particles;
    first_of(found.tracks, track_rows);
    first_of(found.clusters, cluster_rows);
    n = found.size();
    pdg = found.pdg.data();
    charge = found.charge.data();
    energy = found.energy.data();
    px = found.px.data();
    py = found.py.data();
    pz = found.pz.data();
    mass = found.mass.data();
    x = found.x.data();
    y = found.y.data();
    z = found.z.data();
    track = track_rows.data();
    cluster = cluster_rows.data();
    n_flaws = reconstructed.flaws.size();
    n_unanswered = reconstructed.n_broken;
  }

  /// A particle is made of one element, so no row has more than one.
  template <class Id>
  static void first_of(core::Ragged<Id> const& rows, std::vector<std::int32_t>& first) {
    first.clear();
    for (std::size_t i = 0; i < rows.size(); ++i)
      first.push_back(rows[i].empty() ? -1 : static_cast<std::int32_t>(rows[i].front().row()));
  }

  event::Observed observed;
  Arena arena;
  Reconstructed reconstructed;
  std::vector<std::int32_t> track_rows, cluster_rows;
};

detector::Detector detector_of(corpuscle_detector const& given) {
  auto const above_zero = [](char const* name, double value) {
    if (!(value > 0 && std::isfinite(value)))
      throw ConfigError(cat("detector: ", name, " is ", value, ", and must be above 0"));
    return value;
  };
  if (!(given.field != 0 && std::isfinite(given.field)))
    throw ConfigError(cat("detector: field is ", given.field, " T: without one no track has a momentum"));
  if (!std::isfinite(given.ecal_normal_phi))
    throw ConfigError("detector: ecal_normal_phi is not a finite number");
  if (given.ecal_sides < 3)
    throw ConfigError(cat("detector: ecal_sides is ", given.ecal_sides, ", and must be at least 3"));
  detector::Detector detector;
  detector.field = given.field;
  detector.ecal.barrel_r_min = above_zero("ecal_barrel_r_min", given.ecal_barrel_r_min);
  detector.ecal.barrel_r_max = above_zero("ecal_barrel_r_max", given.ecal_barrel_r_max);
  detector.ecal.endcap_z_min = above_zero("ecal_endcap_z_min", given.ecal_endcap_z_min);
  detector.ecal.endcap_r_min = above_zero("ecal_endcap_r_min", given.ecal_endcap_r_min);
  detector.ecal.normal_phi = given.ecal_normal_phi;
  detector.ecal.sides = given.ecal_sides;
  detector.ecal.layer_pitch = above_zero("ecal_layer_pitch", given.ecal_layer_pitch);
  detector.ecal.cell_size = above_zero("ecal_cell_size", given.ecal_cell_size);
  detector.hcal.layer_pitch = above_zero("hcal_layer_pitch", given.hcal_layer_pitch);
  detector.hcal.cell_size = above_zero("hcal_cell_size", given.hcal_cell_size);
  return detector;
}

EngineConfig config_of(corpuscle_options const& options) {
  EngineConfig config;
  switch (options.precision) {
    case corpuscle_fp32: config.precision = Precision::fp32; return config;
    case corpuscle_bf16: config.precision = Precision::bf16; return config;
    default: throw ConfigError(cat("options: ", options.precision, " is no precision"));
  }
}

BadInput bad_input_of(corpuscle_options const& options) {
  switch (options.bad_input) {
    case corpuscle_flag: return BadInput::flag;
    case corpuscle_drop: return BadInput::drop;
    case corpuscle_reject: return BadInput::reject;
    default: throw ConfigError(cat("options: ", options.bad_input, " says nothing about bad input"));
  }
}

/// A table of the caller, whose columns are copied.
class Table {
 public:
  Table(char const* name, std::size_t rows) : name_(name), rows_(rows) {
    // Rows are numbered with 32 bits, and -1 stands for none.
    if (rows > std::numeric_limits<std::int32_t>::max())
      fail_call(cat("has ", rows, " rows: more than can be numbered. Was `n` set?"));
  }

  void demand(char const* column, void const* values) const {
    if (values == nullptr && rows_ > 0) fail_call(cat("has ", rows_, " rows, and no column '", column, "'"));
  }

  template <class T>
  void needed(char const* column, T const* from, std::vector<T>& to) const {
    demand(column, from);
    optional(from, to);
  }

  /// Of what is not known, `otherwise`.
  template <class T>
  void optional(T const* from, std::vector<T>& to, T otherwise = {}) const {
    if (from == nullptr)
      to.assign(rows_, otherwise);
    else
      to.assign(from, from + rows_);
  }

  /// Numbers of an enumeration whose last is `last`.
  template <class Enum>
  void needed(char const* column, std::uint8_t const* from, std::vector<Enum>& to, Enum last) const {
    demand(column, from);
    to.resize(rows_);
    for (std::size_t row = 0; row < rows_; ++row) {
      if (from[row] > static_cast<std::uint8_t>(last))
        fail_data(cat("'", column, "', row ", row, ": ", static_cast<int>(from[row]), " is none of 0 to ",
                      static_cast<int>(last)));
      to[row] = static_cast<Enum>(from[row]);
    }
  }

  [[nodiscard]] std::size_t rows() const noexcept { return rows_; }

  [[noreturn]] void fail_call(std::string const& problem) const {
    throw ConfigError(cat("table '", name_, "' ", problem));
  }
  [[noreturn]] void fail_data(std::string const& problem) const {
    throw DataError(cat("table '", name_, "': ", problem));
  }

 private:
  char const* name_;
  std::size_t rows_;
};

// All columns are written in every event: the tables are those of the event before.

void copy(corpuscle_track_states const& from, Table const& table, event::TrackStates& to) {
  to.resize(table.rows());
  if (from.omega == nullptr) return to.is_present.assign(table.rows(), 0);
  table.optional(from.is_present, to.is_present, std::uint8_t{1});
  table.needed("omega", from.omega, to.omega);
  table.needed("phi", from.phi, to.phi);
  table.needed("tan_lambda", from.tan_lambda, to.tan_lambda);
  table.needed("d0", from.d0, to.d0);
  table.needed("z0", from.z0, to.z0);
  bool const has_reference = from.x != nullptr || from.y != nullptr || from.z != nullptr;
  auto const reference = [&](char const* column, float const* values, std::vector<float>& into) {
    has_reference ? table.needed(column, values, into) : table.optional(values, into);
  };
  reference("x", from.x, to.x);
  reference("y", from.y, to.y);
  reference("z", from.z, to.z);
  to.covariance.assign(table.rows(), {});
  if (from.covariance == nullptr) return;
  for (std::size_t row = 0; row < table.rows(); ++row)
    std::copy_n(from.covariance + 15 * row, 15, to.covariance[row].begin());
}

void copy(corpuscle_tracks const& from, event::Tracks& to) {
  using event::TrackPoint;
  Table const at_ip("tracks at IP", from.n);
  at_ip.demand("omega", from.at_ip.omega);
  copy(from.at_ip, at_ip, to.at(TrackPoint::at_ip));
  copy(from.at_first_hit, {"tracks at first hit", from.n}, to.at(TrackPoint::at_first_hit));
  copy(from.at_last_hit, {"tracks at last hit", from.n}, to.at(TrackPoint::at_last_hit));
  copy(from.at_calorimeter, {"tracks at calorimeter", from.n}, to.at(TrackPoint::at_calorimeter));
  Table const table("tracks", from.n);
  table.optional(from.chi2, to.chi2);
  table.optional(from.ndf, to.ndf);
  table.optional(from.innermost_hit_radius, to.innermost_hit_radius);
  table.optional(from.dedx, to.dedx);
  table.optional(from.dedx_error, to.dedx_error);
  table.optional(from.time, to.time);
  to.hits.offsets.assign(from.n + 1, 0);  // nobody looks at them
}

/// Lists of hits; this is where a mistake would make us read what is not there.
void copy_hits(corpuscle_clusters const& from, std::size_t n_hits, Table const& table,
               core::Ragged<event::CaloHitId>& to) {
  to.values.clear();
  to.offsets.assign(from.n + 1, 0);
  if (from.hits == nullptr || from.n == 0) return;
  table.demand("hit_offsets", from.hit_offsets);
  to.offsets.assign(from.hit_offsets, from.hit_offsets + from.n + 1);
  if (to.offsets.front() != 0)
    table.fail_data(cat("'hit_offsets' begins with ", to.offsets.front(), ", not 0"));
  for (std::size_t row = 0; row < from.n; ++row)
    if (to.offsets[row + 1] < to.offsets[row])
      table.fail_data(cat("'hit_offsets' falls from ", to.offsets[row], " to ", to.offsets[row + 1],
                          " at row ", row + 1));
  to.values.reserve(to.offsets.back());
  for (std::uint32_t i = 0; i < to.offsets.back(); ++i) {
    if (from.hits[i] >= n_hits)
      table.fail_data(cat("'hits', entry ", i, ": row ", from.hits[i],
                          " of calorimeter hits, of which there are ", n_hits));
    to.values.emplace_back(from.hits[i]);
  }
}

void copy(corpuscle_clusters const& from, std::size_t n_hits, event::Clusters& to) {
  Table const table("clusters", from.n);
  to.resize(from.n);
  table.needed("energy", from.energy, to.energy);
  table.needed("x", from.x, to.x);
  table.needed("y", from.y, to.y);
  table.needed("z", from.z, to.z);
  table.needed("theta", from.theta, to.theta);
  table.needed("phi", from.phi, to.phi);
  table.optional(from.energy_ecal, to.energy_ecal);
  table.optional(from.energy_hcal, to.energy_hcal);
  table.optional(from.energy_other, to.energy_other);
  copy_hits(from, n_hits, table, to.hits);
}

void copy(corpuscle_calo_hits const& from, event::CaloHits& to) {
  Table const table("calorimeter hits", from.n);
  to.resize(from.n);
  table.needed("energy", from.energy, to.energy);
  table.needed("x", from.x, to.x);
  table.needed("y", from.y, to.y);
  table.needed("z", from.z, to.z);
  table.needed("subdetector", from.subdetector, to.subdetector, event::Subdetector::other);
  table.optional(from.time, to.time);
  table.optional(from.layer, to.layer, std::int16_t{-1});
  to.region.assign(from.n, event::Region::other);
  if (from.region != nullptr) table.needed("region", from.region, to.region, event::Region::other);
}

void copy(corpuscle_tracker_hits const& from, event::TrackerHits& to) {
  Table const table("tracker hits", from.n);
  to.resize(from.n);
  table.needed("x", from.x, to.x);
  table.needed("y", from.y, to.y);
  table.needed("z", from.z, to.z);
  table.optional(from.energy_deposit, to.energy_deposit);
  table.optional(from.time, to.time);
}

void copy(corpuscle_event const& from, event::Observed& to) {
  copy(from.tracks, to.tracks);
  copy(from.clusters, from.calo_hits.n, to.clusters);
  copy(from.calo_hits, to.calo_hits);
  copy(from.tracker_hits, to.tracker_hits);
}

/// Does it, and turns what is thrown into a number and a text.
template <class F>
int guarded(char* message, std::size_t size, F const& f) noexcept {
  auto const say = [&](char const* text) {
    if (message != nullptr && size > 0) std::snprintf(message, size, "%s", text);
  };
  auto const code = [](core::ExitCode exit_code) { return static_cast<int>(exit_code); };
  say("");
  try {
    f();
    return corpuscle_success;
  } catch (core::Error const& error) {
    say(error.what());
    return code(error.exit_code());
  } catch (std::bad_alloc const&) {
    say("there is not enough memory");
    return corpuscle_environment;
  } catch (std::exception const& error) {
    say(error.what());
  } catch (...) {
    say("an exception of unknown type");
  }
  return corpuscle_bug;
}

void require(bool condition, char const* problem) {
  if (!condition) throw ConfigError(problem);
}

}  // namespace
}  // namespace corpuscle::runtime

using namespace corpuscle::runtime;

char const* corpuscle_version() {
  return CORPUSCLE_VERSION;
}

int corpuscle_load(char const* path, corpuscle_detector const* detector, corpuscle_options const* options,
                   corpuscle_model** model, char* message, std::size_t size) {
  if (model != nullptr) *model = nullptr;
  return guarded(message, size, [&] {
    require(path != nullptr && detector != nullptr && model != nullptr,
            "corpuscle_load: path, detector and model must not be NULL");
    corpuscle_options const chosen = options != nullptr ? *options : corpuscle_options{};
    *model = new corpuscle_model{
        Reconstructor::load(path, detector_of(*detector), config_of(chosen), bad_input_of(chosen))};
  });
}

int corpuscle_reconstruct(corpuscle_model const* model, corpuscle_event const* event,
                          corpuscle_particles** particles, char* message, std::size_t size) {
  return guarded(message, size, [&] {
    require(particles != nullptr, "corpuscle_reconstruct: particles must not be NULL");
    if (*particles != nullptr) (*particles)->n = (*particles)->n_flaws = (*particles)->n_unanswered = 0;
    require(model != nullptr && event != nullptr, "corpuscle_reconstruct: model and event must not be NULL");
    auto fresh = *particles == nullptr ? std::make_unique<Result>() : nullptr;
    Result& result = fresh ? *fresh : static_cast<Result&>(**particles);
    copy(*event, result.observed);
    result.reconstructed = model->reconstruct(result.observed, result.arena);
    result.show();
    if (fresh) *particles = fresh.release();
  });
}

void corpuscle_free(corpuscle_particles* particles) {
  delete static_cast<Result*>(particles);
}

void corpuscle_close(corpuscle_model* model) {
  delete model;
}
