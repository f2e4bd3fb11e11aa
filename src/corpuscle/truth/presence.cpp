#include "corpuscle/truth/presence.hpp"

#include <algorithm>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"

namespace corpuscle::truth {

void Presence::add(event::Event const& event) {
  auto const& truth = event.truth;
  ++events_;
  particles_ += truth.particles.size();
  final_particles_ += static_cast<std::size_t>(
      std::count(truth.particles.generator_status.begin(), truth.particles.generator_status.end(), 1));
  elements_ += event.observed.n_elements() + event.observed.calo_hits.size();
  bool const is_packed = std::any_of(truth.particle_links.begin(), truth.particle_links.end(),
                                     [](auto const& link) { return link.weight > 1; });
  links_ += truth.track_links.size() + truth.cluster_links.size() + truth.calo_hit_links.size() +
            (is_packed ? 0 : truth.particle_links.size());
  hit_links_ += truth.calo_hit_links.size();
  has_packed_links_ |= is_packed;
}

void Presence::require(std::string const& file, Mode mode) const {
  auto const fail = [&](std::string const& what) { throw core::DataError(core::cat(file, ": ", what)); };
  if (events_ == 0) fail("it has no events");
  if (particles_ == 0)
    fail(
        "it has no generated particles (a collection of edm4hep::MCParticle): there is no truth to compare "
        "with");
  if (final_particles_ == 0)
    fail(
        "none of its generated particles has generator status 1, the final state: there is no truth to "
        "compare with");
  if (elements_ == 0)
    fail(
        "it has no tracks, clusters or calorimeter hits: reconstruct it first, or simulate it with "
        "`corpuscle simulate`");
  if (links_ == 0)
    fail(core::cat(
        "nothing links its tracks, clusters or calorimeter hits to generated particles",
        has_packed_links_ ? " (the packed weights of RecoMCTruthLink are not used)" : "",
        ": write the collections SiTracksMCTruthLink and CalohitMCTruthLink or ClusterMCTruthLink (of"
        " RecoMCTruthLinker), or name yours in the detector file under collections:"));
  if (mode == Mode::hit && hit_links_ == 0)
    fail(
        "nothing links calorimeter hits to generated particles, so that targets cannot live on hits: take "
        "clusters");
}

}  // namespace corpuscle::truth
