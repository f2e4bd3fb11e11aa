#include "corpuscle/io/whereabouts.hpp"

#include <algorithm>
#include <atomic>

namespace corpuscle::io {
namespace {

std::atomic<Whereabouts*> place{nullptr};

}  // namespace

void note_whereabouts_in(Whereabouts* new_place) {
  place = new_place;
}

Whereabouts* whereabouts_place() {
  return place;
}

void note_whereabouts(std::int64_t entry, std::string_view branch) {
  Whereabouts* const here = place.load(std::memory_order_relaxed);
  if (!here) return;
  here->entry = entry;
  std::size_t const n = std::min(branch.size(), here->branch.size() - 1);
  std::copy_n(branch.begin(), n, here->branch.begin());
  here->branch[n] = '\0';
}

}  // namespace corpuscle::io
