#include "corpuscle/truth/matching.hpp"

namespace corpuscle::truth {

Candidate whole(event::GenParticles const& particles, Footprints const& prints, Rank particle) {
  std::uint32_t const row = prints.particles.row[particle];
  Candidate candidate;
  candidate.particle = particle;
  candidate.energy = prints.energy[particle];
  candidate.momentum = {particles.px[row], particles.py[row], particles.pz[row]};
  return candidate;
}

Rank Occupancy::take_best(Prints const& prints, Rank candidate) {
  Print const* best = nullptr;
  for (Print const& print : prints.of(candidate))
    if (is_free(print.element) && (!best || print.weight > best->weight)) best = &print;
  if (!best) return no_rank;
  take(best->element, candidate);
  return best->element;
}

}  // namespace corpuscle::truth
