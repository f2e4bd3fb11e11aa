#include "evaluate/lines.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/pf/cluster_particle_flow.hpp"
#include "corpuscle/pf/hit_particle_flow.hpp"
#include "corpuscle/pf/tracks_and_clusters.hpp"
#include "corpuscle/truth/perfect_particle_flow.hpp"
#include "corpuscle/truth/targets.hpp"

namespace evaluate {

using namespace corpuscle;

namespace {

bool has_type(io::Frame const& frame, std::string_view type) {
  return std::any_of(frame.collections.begin(), frame.collections.end(),
                     [&](io::Collection const& c) { return c.type == type && !c.is_subset; });
}

bool has_links_of_elements(event::Truth const& truth) {
  return !truth.track_links.empty() || !truth.cluster_links.empty() || !truth.calo_hit_links.empty();
}

/// Whether it can be said who was seen where: by links of tracks, clusters and hits, or by those of the
/// stored particles that were made of them.
///
/// An event in which nothing was seen has nothing to link: there the collections that links would be in tell.
bool has_links(event::Event const& event, io::Frame const& frame) {
  event::Observed const& seen = event.observed;
  bool const has_elements = seen.tracks.size() > 0 || seen.clusters.size() > 0;
  if (!has_elements && seen.calo_hits.size() == 0)
    return has_type(frame, "podio::Link<edm4hep::Track,edm4hep::MCParticle>") ||
           has_type(frame, "podio::Link<edm4hep::Cluster,edm4hep::MCParticle>") ||
           has_type(frame, "podio::Link<edm4hep::CalorimeterHit,edm4hep::MCParticle>");
  return has_links_of_elements(event.truth) || (has_elements && !event.truth.particle_links.empty());
}

/// The generator's final state without neutrinos and what stays in the beam pipe, where nobody sees it.
/// @param sources  of each row its row among the generated particles
event::Particles generated_in_reach(event::GenParticles const& generated, detector::Detector const& detector,
                                    core::Ragged<event::GenParticleId>& sources) {
  double const tan_min =
      detector.ecal.endcap_z_min > 0 ? detector.ecal.endcap_r_min / detector.ecal.endcap_z_min : 0;
  event::Particles particles;
  for (std::size_t row = 0; row < generated.size(); ++row) {
    int const pdg = std::abs(generated.pdg[row]);
    bool const is_neutrino = pdg == 12 || pdg == 14 || pdg == 16;
    bool const is_in_reach =
        std::hypot(generated.px[row], generated.py[row]) >= tan_min * std::abs(generated.pz[row]);
    if (generated.generator_status[row] != 1 || is_neutrino || !is_in_reach) continue;
    std::size_t const at = particles.size();
    particles.resize(at + 1);
    particles.particle_class[at] = event::classify(generated.pdg[row], generated.charge[row]);
    particles.pdg[at] = generated.pdg[row];
    particles.charge[at] = generated.charge[row];
    particles.energy[at] = static_cast<float>(generated.energy(row));
    particles.px[at] = static_cast<float>(generated.px[row]);
    particles.py[at] = static_cast<float>(generated.py[row]);
    particles.pz[at] = static_cast<float>(generated.pz[row]);
    particles.mass[at] = static_cast<float>(generated.mass[row]);
    particles.tracks.end_row();
    particles.clusters.end_row();
    sources.push_back({event::GenParticleId(row)});
  }
  return particles;
}

}  // namespace

struct LineMeasurer::Implementation {
  Implementation(Request asked, eval::MeasureConfig const& config)
      : request(std::move(asked)), measure(config) {}

  Request request;
  eval::EventMeasurer measure;
  // What could be seen does not depend on how somebody has clustered the hits, if there are hits.
  truth::TargetBuilder make_targets_on_hits{{.mode = truth::Mode::hit}};
  truth::TargetBuilder make_targets_on_clusters;
  // Made for the detector of the first event; all have the same one.
  std::optional<pf::ClusterParticleFlow> on_clusters;
  std::optional<pf::HitParticleFlow> on_hits;
  std::optional<truth::PerfectParticleFlow> by_truth;
  std::map<std::string, io::EventBuilder> builders;  ///< of collections that were named

  struct Reference {
    ReferenceKind kind = ReferenceKind::none;
    event::Particles particles;
    std::optional<core::Ragged<event::GenParticleId>> sources;
  };

  /// The event with the particles of a collection that was named.
  event::Event with_collection(std::string const& name, io::EventBuilder const& builder,
                               io::Frame const& frame) {
    io::Collection const* const collection = frame.find(name);
    if (!collection || collection->type != "edm4hep::ReconstructedParticle") {
      std::string known;
      for (io::Collection const& one : frame.collections)
        if (one.type == "edm4hep::ReconstructedParticle")
          known += core::cat(known.empty() ? "" : ", ", one.name);
      throw core::DataError(core::cat(
          request.source, ": there is no collection '", name, "' of reconstructed particles; there ",
          known.empty() ? "are none at all" : core::cat("are: ", known), ". Made here are ", rules, ", ",
          cluster_rules, ", ", perfect, ", ", naive));
    }
    auto at = builders.find(name);
    if (at == builders.end()) {
      detector::Detector detector = builder.detector();
      detector.collections.particles = {name};
      at = builders.emplace(name, io::EventBuilder(io::FileInfo{}, detector)).first;
    }
    return at->second(frame, 0);
  }

  Reference make_reference(event::Event const& event, io::EventBuilder const& builder,
                           io::Frame const& frame) {
    Reference reference;
    if (request.reference != truth) {
      reference.kind = ReferenceKind::collection;
      reference.particles = with_collection(request.reference, builder, frame).stored;
    } else if (has_links(event, frame)) {
      truth::Targets targets =
          event.truth.calo_hit_links.empty() ? make_targets_on_clusters(event) : make_targets_on_hits(event);
      reference.kind = has_links_of_elements(event.truth) || event.truth.particle_links.empty()
                           ? ReferenceKind::targets
                           : ReferenceKind::by_stored;
      reference.particles = std::move(targets.particles);
      reference.sources = std::move(targets.members);
    } else if (event.truth.particles.size() > 0) {
      reference.kind = ReferenceKind::generated;
      reference.particles =
          generated_in_reach(event.truth.particles, builder.detector(), reference.sources.emplace());
    }
    return reference;
  }

  /// @param links  of the rows of `test`
  eval::Measurement judge(Reference const& reference, event::Particles const& test, event::Event const& event,
                          std::span<event::Link<event::ParticleId> const> links = {}) {
    eval::EventView seen{reference.particles, test, &event.observed, &event.truth,
                         reference.sources ? &*reference.sources : nullptr};
    if (!request.neutrals_by_direction) {
      seen.test_links = links;
      return measure(seen);
    }
    event::Particles without_clusters = test;
    without_clusters.clusters = {};
    for (std::size_t i = 0; i < test.size(); ++i) without_clusters.clusters.push_back({});
    return measure({seen.reference, without_clusters, seen.observed, seen.truth, seen.sources});
  }

  std::optional<eval::Measurement> measure_rules(Reference const& reference, event::Event const& event,
                                                 detector::Detector const& detector) {
    if (!pf::has_hits(event.observed)) return measure_cluster_rules(reference, event, detector);
    if (!on_hits) on_hits.emplace(detector);
    if (event.truth.calo_hit_links.empty()) return judge(reference, (*on_hits)(event.observed), event);
    // Judged by the hits of its own clusters; the links of the file are of other clusters.
    pf::HitReconstruction found = on_hits->reconstruct(event.observed);
    event::Event own;
    own.observed = event.observed;
    own.observed.clusters = std::move(found.clusters);
    own.truth = event.truth;
    own.truth.cluster_links.clear();
    return judge(reference, found.particles, own);
  }

  std::optional<eval::Measurement> measure_cluster_rules(Reference const& reference,
                                                         event::Event const& event,
                                                         detector::Detector const& detector) {
    if (!on_clusters) on_clusters.emplace(detector);
    return judge(reference, (*on_clusters)(event.observed), event);
  }

  std::optional<eval::Measurement> measure_perfect(Reference const& reference, event::Event const& event,
                                                   detector::Detector const& detector,
                                                   io::Frame const& frame) {
    if (!has_links(event, frame)) return std::nullopt;
    if (!by_truth) by_truth.emplace(detector);
    truth::PerfectParticles const found = (*by_truth)(event);
    return judge(reference, found.particles, event, found.links);
  }

  std::optional<eval::Measurement> measure_line(std::string const& line, Reference const& reference,
                                                event::Event const& event, io::EventBuilder const& builder,
                                                io::Frame const& frame) {
    if (line == stored) {
      if (!has_type(frame, "edm4hep::ReconstructedParticle")) return std::nullopt;
      return judge(reference, event.stored, event, event.truth.particle_links);
    }
    bool const has_elements = has_type(frame, "edm4hep::Track") || has_type(frame, "edm4hep::Cluster");
    if (line == rules)
      return has_elements ? measure_rules(reference, event, builder.detector()) : std::nullopt;
    if (line == cluster_rules)
      return has_elements ? measure_cluster_rules(reference, event, builder.detector()) : std::nullopt;
    if (line == perfect) return measure_perfect(reference, event, builder.detector(), frame);
    if (line == naive)
      return has_elements
                 ? std::optional(
                       judge(reference, pf::tracks_and_clusters(event.observed, builder.detector()), event))
                 : std::nullopt;
    event::Event const other = with_collection(line, builder, frame);
    return judge(reference, other.stored, other, other.truth.particle_links);
  }
};

LineMeasurer::LineMeasurer(Request request, eval::MeasureConfig const& config)
    : implementation_(std::make_unique<Implementation>(std::move(request), config)) {}

LineMeasurer::~LineMeasurer() = default;

Measured LineMeasurer::operator()(event::Event const& event, io::EventBuilder const& builder,
                                  io::Frame const& frame) {
  Implementation& self = *implementation_;
  auto const reference = self.make_reference(event, builder, frame);
  Measured measured{event.run, event.number, reference.kind, {}, {}};
  for (eval::Particle const& particle : eval::usable_particles(reference.particles))
    measured.reference_sum = measured.reference_sum + particle.p;
  for (std::string const& line : self.request.lines)
    measured.lines.push_back(self.measure_line(line, reference, event, builder, frame));
  return measured;
}

}  // namespace evaluate
