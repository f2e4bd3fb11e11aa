// From what a reconstructor is given no member leads to truth.
#include "corpuscle/event/event.hpp"

using namespace corpuscle;

std::size_t look(event::Observed const& observed) {
#ifdef LEAK
  return observed.truth.particles.size();
#else
  return observed.tracks.size();
#endif
}
