// A reconstructor does not take truth.
#include "corpuscle/pf/cluster_particle_flow.hpp"

using namespace corpuscle;

event::Particles run(pf::ClusterParticleFlow const& reconstruct, event::Event const& event) {
#ifdef LEAK
  return reconstruct(event.truth);
#else
  return reconstruct(event.observed);
#endif
}
