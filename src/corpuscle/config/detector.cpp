#include "corpuscle/config/detector.hpp"

#include <string_view>
#include <vector>

#include "corpuscle/config/embedded.hpp"
#include "corpuscle/config/yaml.hpp"
#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/detector/cell_id.hpp"

namespace corpuscle::config {
namespace {

constexpr Range length{0, 1e5, "mm"};
constexpr Range angle{-3.2, 3.2, "rad"};
constexpr Range energy{0, 1e4, "GeV"};
constexpr Range fraction{0, 1};
constexpr Range deviations{-100, 100, "standard deviations"};

void bind_tracker(Section& section, detector::Tracker& tracker) {
  section.number("r_min", tracker.r_min, length)
      .number("r_max", tracker.r_max, length)
      .number("z_max", tracker.z_max, length)
      .require(tracker.r_max > tracker.r_min, "r_max", "must be greater than 'r_min'");
}

void bind_shell(Section& section, detector::CalorimeterShell& shell) {
  section.number("barrel_r_min", shell.barrel_r_min, length)
      .number("barrel_r_max", shell.barrel_r_max, length)
      .number("barrel_z_max", shell.barrel_z_max, length)
      .number("endcap_z_min", shell.endcap_z_min, length)
      .number("endcap_z_max", shell.endcap_z_max, length)
      .number("endcap_r_min", shell.endcap_r_min, length)
      .number("endcap_r_max", shell.endcap_r_max, length)
      .integer("sides", shell.sides, {3, 100})
      .number("normal_phi", shell.normal_phi, angle)
      .integer("layers", shell.layers, {1, 1000})
      .number("layer_pitch", shell.layer_pitch, length)
      .number("cell_size", shell.cell_size, length)
      .require(shell.barrel_r_max > shell.barrel_r_min, "barrel_r_max", "must be greater than 'barrel_r_min'")
      .require(shell.endcap_z_max > shell.endcap_z_min, "endcap_z_max", "must be greater than 'endcap_z_min'")
      .require(shell.endcap_r_max > shell.endcap_r_min, "endcap_r_max",
               "must be greater than 'endcap_r_min'");
}

void bind_cell_id(Section& section, std::string_view key, std::string& encoding) {
  section.text(key, encoding);
  try {
    detector::CellIdDecoder{encoding};
  } catch (core::DataError const& error) {
    section.require(false, key, core::cat("is wrong: ", error.what()));
  }
}

void bind_collections(Section& section, detector::Collections& names) {
  section.texts("tracks", names.tracks)
      .texts("clusters", names.clusters)
      .texts("tracker_hits", names.tracker_hits)
      .texts("particles", names.particles)
      .texts("gen_particles", names.gen_particles)
      .texts("ecal_hits", names.ecal_hits)
      .texts("hcal_hits", names.hcal_hits)
      .texts("muon_hits", names.muon_hits)
      .texts("forward_hits", names.forward_hits)
      .texts("track_links", names.track_links)
      .texts("cluster_links", names.cluster_links)
      .texts("calo_hit_links", names.calo_hit_links)
      .texts("particle_links", names.particle_links);
}

void bind_signature(Section& section, detector::Signature& signature) {
  section.texts("names", signature.names).texts("collections", signature.collections);
}

void bind_particle_flow(Section& section, detector::ParticleFlow& pf) {
  section.number("track_max_relative_momentum_error", pf.track_max_relative_momentum_error, fraction)
      .number("track_max_impact", pf.track_max_impact, length)
      .number("track_max_innermost_radius", pf.track_max_innermost_radius, length)
      .number("track_trusted_momentum_error", pf.track_trusted_momentum_error, fraction)
      .number("duplicate_tolerance", pf.duplicate_tolerance, fraction)
      .number("association_cone", pf.association_cone, angle)
      .number("association_distance", pf.association_distance, length)
      .number("association_growth", pf.association_growth, fraction)
      .number("association_significance", pf.association_significance, deviations)
      .number("recovery_significance", pf.recovery_significance, deviations)
      .number("neighbour_distance", pf.neighbour_distance, length)
      .number("hadronic_stochastic", pf.hadronic_stochastic, fraction)
      .number("hadronic_constant", pf.hadronic_constant, fraction)
      .number("excess_significance", pf.excess_significance, deviations)
      .number("deficit_significance", pf.deficit_significance, deviations)
      .number("fragment_max_energy", pf.fragment_max_energy, energy)
      .number("fragment_max_significance", pf.fragment_max_significance, deviations)
      .number("photon_min_ecal_fraction", pf.photon_min_ecal_fraction, fraction)
      .number("photon_max_depth", pf.photon_max_depth, length)
      .number("electron_min_ecal_fraction", pf.electron_min_ecal_fraction, fraction)
      .number("electron_max_energy_mismatch", pf.electron_max_energy_mismatch, fraction)
      .number("muon_max_energy", pf.muon_max_energy, energy)
      .number("muon_min_momentum", pf.muon_min_momentum, energy)
      .number("muon_min_depth", pf.muon_min_depth, length)
      .number("unassociated_track_max_energy", pf.unassociated_track_max_energy, energy)
      .number("unassociated_track_max_impact", pf.unassociated_track_max_impact, length)
      .number("photon_min_energy", pf.photon_min_energy, energy)
      .number("neutral_hadron_min_energy", pf.neutral_hadron_min_energy, energy);
}

void bind_detector(Section& section, detector::Detector& detector) {
  section.text("name", detector.name)
      .number("field", detector.field, {0.01, 20, "T"})
      .number("crossing_angle", detector.crossing_angle, {0, 0.5, "rad"})
      .section("tracker", detector.tracker, bind_tracker)
      .section("ecal", detector.ecal, bind_shell)
      .section("hcal", detector.hcal, bind_shell)
      .section("muon", detector.muon, bind_shell)
      .section("collections", detector.collections, bind_collections)
      .section("signature", detector.signature, bind_signature)
      .section("particle_flow", detector.particle_flow, bind_particle_flow);
  bind_cell_id(section, "calorimeter_cell_id", detector.calorimeter_cell_id);
  bind_cell_id(section, "tracker_cell_id", detector.tracker_cell_id);
}

/// "clic" of "clic.yaml".
std::string_view stem(std::string_view file_name) {
  return file_name.substr(0, file_name.rfind('.'));
}

}  // namespace

detector::Detector load_detector(std::string const& path) {
  return Document::load(path).read<detector::Detector>(bind_detector);
}

std::span<detector::Detector const> built_in_detectors() {
  static std::vector<detector::Detector> const detectors = [] {
    std::vector<detector::Detector> read;
    for (EmbeddedFile const& file : embedded_detectors())
      read.push_back(Document::parse(std::string(file.text), std::string(file.name))
                         .read<detector::Detector>(bind_detector));
    return read;
  }();
  return detectors;
}

detector::Detector find_detector(std::string const& name_or_path) {
  std::span<detector::Detector const> const detectors = built_in_detectors();
  std::vector<std::string_view> names;
  std::string listed;
  for (std::size_t i = 0; i < detectors.size(); ++i) {
    std::string_view const short_name = stem(embedded_detectors()[i].name);
    if (name_or_path == short_name || name_or_path == detectors[i].name) return detectors[i];
    names.push_back(short_name);
    names.push_back(detectors[i].name);
    listed += core::cat(i == 0 ? "" : ", ", short_name, " (", detectors[i].name, ")");
  }
  if (name_or_path.find_first_of("/.") != std::string::npos) return load_detector(name_or_path);

  std::string_view const nearest = core::nearest(name_or_path, names);
  throw core::ConfigError(core::cat("unknown detector '", name_or_path, "'",
                                    nearest.empty() ? "." : core::cat("; did you mean '", nearest, "'?"),
                                    " Built in are ", listed, "; or give the path of a detector file."));
}

}  // namespace corpuscle::config
