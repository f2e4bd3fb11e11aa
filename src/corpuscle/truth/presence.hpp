#pragma once

#include <cstddef>
#include <string>

#include "corpuscle/event/event.hpp"
#include "corpuscle/truth/targets.hpp"

namespace corpuscle::truth {

/// What the events of a file have of what targets are made of.
class Presence {
 public:
  void add(event::Event const& event);

  /// @throws core::DataError naming the file and what it lacks: events, generated particles, or any links to
  ///         them that TargetBuilder uses; in hit mode, links of calorimeter hits
  void require(std::string const& file, Mode mode = Mode::cluster) const;

 private:
  std::size_t events_ = 0, final_particles_ = 0, particles_ = 0, elements_ = 0, links_ = 0, hit_links_ = 0;
  bool has_packed_links_ = false;
};

}  // namespace corpuscle::truth
