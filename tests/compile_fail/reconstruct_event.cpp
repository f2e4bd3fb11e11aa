// Nor does it take the whole event, which holds truth.
#include "corpuscle/pf/cluster_particle_flow.hpp"

using namespace corpuscle;

event::Particles run(pf::ClusterParticleFlow const& reconstruct, event::Event const& event) {
#ifdef LEAK
  return reconstruct(event);
#else
  return reconstruct(event.observed);
#endif
}
