#include "corpuscle/config/detector.hpp"

#include <array>
#include <set>
#include <span>
#include <string>
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
constexpr Range extent{0.001, 1e5, "mm"};  // of something that is there
constexpr Range count{1, 1000};
constexpr Range factor{1e-6, 1e6};
constexpr Range thickness{0, 100};  // in radiation or interaction lengths
constexpr Range system_id{1, 255};
constexpr Range time_of_flight{-1e6, 1e6, "ns"};

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

/// Complains at a list of which two entries have the same name; an empty one does not count.
template <class T, class Name>
void require_unique(Section& section, std::string_view key, std::vector<T> const& entries, Name name_of) {
  std::set<std::string> names;
  for (T const& entry : entries) {
    std::string const name = name_of(entry);
    bool const is_new = name.empty() || names.insert(name).second;
    section.require(is_new, key, core::cat("has ", name, " twice"));
  }
}

void bind_surface(Section& section, detector::TrackerSurface& surface) {
  using Shape = detector::TrackerSurface::Shape;
  surface.shape = section.has("disc") ? Shape::disc : Shape::cylinder;
  bool const is_disc = surface.shape == Shape::disc;
  section.number(is_disc ? "disc" : "cylinder", surface.position, extent)
      .number("to", surface.to, extent)
      .number("x0", surface.x0, thickness);
  if (section.has("from") || is_disc) section.number("from", surface.from, length);
  section.require(surface.to > surface.from, "to", "must be greater than 'from'");

  bool is_sensitive = false;
  for (std::string_view key : {"sigma_u", "sigma_v", "system", "layer"}) is_sensitive |= section.has(key);
  if (is_sensitive)
    section.number("sigma_u", surface.sigma_u, {1e-5, 100, "mm"})
        .number("sigma_v", surface.sigma_v, {1e-5, 100, "mm"})
        .integer("system", surface.system, system_id)
        .integer("layer", surface.layer, {0, 1000});
}

void bind_tracking(Section& section, detector::Tracking& tracking) {
  section.number("interaction_per_x0", tracking.interaction_per_x0, {0, 10})
      .number("ionisation_per_x0", tracking.ionisation_per_x0, {0, 1, "GeV"})
      .number("min_pt", tracking.min_pt, energy)
      .integer("min_hits", tracking.min_hits, count)
      .number("inefficiency", tracking.inefficiency, fraction)
      .number("crowding", tracking.crowding, fraction)
      .number("fake_rate", tracking.fake_rate, fraction)
      .sections("surfaces", tracking.surfaces, bind_surface);
  require_unique(section, "surfaces", tracking.surfaces, [](auto const& surface) {
    return surface.is_sensitive() ? core::cat("layer ", surface.layer, " of system ", surface.system)
                                  : std::string();
  });
}

void bind_stack(Section& section, detector::Stack& stack) {
  section.text("name", stack.name)
      .number("pitch", stack.pitch, extent)
      .number("sensitive_offset", stack.sensitive_offset, length)
      .number("sensitive_thickness", stack.sensitive_thickness, extent)
      .number("cell_size", stack.cell_size, {0.1, 1e4, "mm"})
      .number("x0", stack.x0, {1e-6, 100})
      .number("lambda", stack.lambda, {1e-6, 100})
      .number("pion_lambda_ratio", stack.pion_lambda_ratio, {0.1, 10})
      .number("critical_energy", stack.critical_energy, {1e-4, 1, "GeV"})
      .number("moliere_radius", stack.moliere_radius, extent)
      .number("z_effective", stack.z_effective, {1, 118})
      .number("z_passive", stack.z_passive, {1, 118})
      .number("z_active", stack.z_active, {1, 118})
      .number("mip_loss", stack.mip_loss, {1e-9, 1, "GeV"})
      .number("mip_deposit", stack.mip_deposit, {1e-9, 1, "GeV"})
      .number("landau_width", stack.landau_width, {0, 1, "GeV"})
      .number("em_stochastic", stack.em_stochastic, {0.01, 10})
      .number("em_sampling", stack.em_sampling, {1e-9, 1})
      .number("hadron_sampling", stack.hadron_sampling, {1e-9, 1})
      .number("birks", stack.birks, {0, 1e4, "mm/GeV"})
      .number("threshold", stack.threshold, {0, 1, "GeV"})
      .number("saturation", stack.saturation, energy)
      .number("window_from", stack.window_from, time_of_flight)
      .number("window_to", stack.window_to, time_of_flight)
      .number("noise", stack.noise, {0, 1, "GeV"})
      .require(stack.sensitive_offset - stack.sensitive_thickness / 2 >= 0 &&
                   stack.sensitive_offset + stack.sensitive_thickness / 2 <= stack.pitch,
               "sensitive_offset", "puts the sensitive slice outside its layer")
      .require(stack.window_to > stack.window_from, "window_to", "must be greater than 'window_from'");
}

void bind_calorimeter(Section& section, detector::Calorimeter& calorimeter,
                      std::span<detector::Stack const> stacks) {
  constexpr std::string_view kinds[] = {"ecal", "hcal", "muon", "forward"};
  constexpr std::string_view shapes[] = {"barrel", "endcap"};
  constexpr std::string_view regions[] = {"barrel", "endcap", "other"};
  std::vector<std::string_view> stack_names;
  for (detector::Stack const& stack : stacks) stack_names.push_back(stack.name);

  section.text("collection", calorimeter.collection)
      .integer("system", calorimeter.system, system_id)
      .choice("kind", calorimeter.kind, kinds)
      .choice("shape", calorimeter.shape, shapes)
      .choice("region", calorimeter.region, regions)
      .choice("stack", calorimeter.stack, stack_names)
      .integer("layers", calorimeter.layers, count)
      .integer("sides", calorimeter.sides, {0, 64})
      .number("normal_phi", calorimeter.normal_phi, angle)
      .number("r_min", calorimeter.r_min, length)
      .number("r_max", calorimeter.r_max, length)
      .number("z_max", calorimeter.z_max, extent)
      .number("calibration", calorimeter.calibration, factor)
      .require(calorimeter.r_max > calorimeter.r_min, "r_max", "must be greater than 'r_min'");
  bool const is_barrel = calorimeter.shape == detector::Calorimeter::Shape::barrel;
  section.require(calorimeter.sides >= 3 || (calorimeter.sides == 0 && !is_barrel), "sides",
                  "must be 3 or more, or 0 for a round endcap");
  if (is_barrel)
    section.number("cell_shift", calorimeter.cell_shift, {-1e4, 1e4, "mm"})
        .require(calorimeter.r_min > 0, "r_min", "must be greater than 0");
  else
    section.number("z_min", calorimeter.z_min, extent)
        .number("grid_phi", calorimeter.grid_phi, angle)
        .require(calorimeter.z_max > calorimeter.z_min, "z_max", "must be greater than 'z_min'");

  if (stacks.empty()) return;
  double const room =
      is_barrel ? calorimeter.r_max - calorimeter.r_min : calorimeter.z_max - calorimeter.z_min;
  double const needed = calorimeter.layers * stacks[static_cast<std::size_t>(calorimeter.stack)].pitch;
  section.require(needed <= room + 1e-6, "layers",
                  core::cat("= ", calorimeter.layers, " do not fit: they need ", needed, " mm of ", room));
}

void bind_coil(Section& section, detector::DeadCylinder& coil) {
  section.number("r_min", coil.r_min, extent)
      .number("r_max", coil.r_max, extent)
      .number("z_max", coil.z_max, extent)
      .number("x0", coil.x0, thickness)
      .number("lambda", coil.lambda, thickness)
      .number("mip_loss", coil.mip_loss, {0, 100, "GeV"})
      .require(coil.r_max > coil.r_min, "r_max", "must be greater than 'r_min'");
}

void bind_simulation(Section& section, detector::Simulation& simulation) {
  constexpr Range spot{0, 1000, "mm"};
  section.number("outer_field", simulation.outer_field, {-20, 20, "T"})
      .number("beam_spot_x", simulation.beam_spot_x, spot)
      .number("beam_spot_y", simulation.beam_spot_y, spot)
      .number("beam_spot_z", simulation.beam_spot_z, spot)
      .section("tracking", simulation.tracking, bind_tracking)
      .sections("stacks", simulation.stacks, bind_stack);
  require_unique(section, "stacks", simulation.stacks,
                 [](auto const& stack) { return core::cat("'", stack.name, "'"); });
  section
      .sections("calorimeters", simulation.calorimeters,
                [&](Section& inner, detector::Calorimeter& calorimeter) {
                  bind_calorimeter(inner, calorimeter, simulation.stacks);
                })
      .section("coil", simulation.coil, bind_coil);

  require_unique(section, "calorimeters", simulation.calorimeters,
                 [](auto const& calorimeter) { return core::cat("system ", calorimeter.system); });
}

void bind_cone(Section& section, detector::Clustering::Cone& cone) {
  section.number("min_energy_first", cone.min_energy_first, energy)
      .number("min_energy", cone.min_energy, energy)
      .number("em_scale", cone.em_scale, {0.01, 100})
      .number("hadron_scale", cone.hadron_scale, {0.01, 100});
}

/// What depends on the detector; how clusters are found does not.
void bind_clustering(Section& section, detector::Clustering& clustering) {
  section.section("ecal", clustering.ecal, bind_cone)
      .section("hcal", clustering.hcal, bind_cone)
      .section("muon", clustering.muon, bind_cone)
      .number("hadronic_stochastic", clustering.hadronic_stochastic, fraction)
      .number("hadronic_constant", clustering.hadronic_constant, fraction)
      .number("em_stochastic", clustering.em_stochastic, fraction)
      .number("em_constant", clustering.em_constant, fraction);
}

using Calibration = detector::HitParticleFlow::Calibration;

void bind_polynomial(Section& section, std::array<double, Calibration::n_powers>& coefficients) {
  constexpr Range any{-1e3, 1e3};
  section.number("constant", coefficients[0], any)
      .number("slope", coefficients[1], any)
      .number("curvature", coefficients[2], any);
}

/// Names of the components of hadronic showers (pf/shower_energy.hpp).
constexpr std::array<std::string_view, Calibration::n_components> component_names{
    "ecal", "ecal_sparse", "hcal", "hcal_sparsest", "hcal_sparse"};

void bind_calibration(Section& section, Calibration& calibration) {
  section.section("photon", calibration.photon, bind_polynomial);
  for (std::size_t k = 0; k < calibration.hadron.size(); ++k)
    section.section(component_names[k], calibration.hadron[k], bind_polynomial);
  calibration.is_fitted = true;
}

void bind_hit_particle_flow(Section& section, detector::HitParticleFlow& pf) {
  section.section("calibration", pf.calibration, bind_calibration);
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
  if (section.has("clustering")) section.section("clustering", detector.clustering, bind_clustering);
  if (section.has("hit_particle_flow"))
    section.section("hit_particle_flow", detector.hit_particle_flow, bind_hit_particle_flow);
  if (section.has("simulation")) section.section("simulation", detector.simulation, bind_simulation);
}

/// "clic" of "clic.yaml".
std::string_view stem(std::string_view file_name) {
  return file_name.substr(0, file_name.rfind('.'));
}

}  // namespace

detector::Detector load_detector(std::string const& path) {
  return Document::load(path).read<detector::Detector>(bind_detector);
}

std::string calibration_section(Calibration const& calibration) {
  std::string text = "hit_particle_flow:\n  calibration:\n";
  auto const add = [&](std::string_view name, std::array<double, Calibration::n_powers> const& c) {
    text += core::cat("    ", name, ": {constant: ", c[0], ", slope: ", c[1], ", curvature: ", c[2], "}\n");
  };
  add("photon", calibration.photon);
  for (std::size_t k = 0; k < calibration.hadron.size(); ++k) add(component_names[k], calibration.hadron[k]);
  return text;
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
