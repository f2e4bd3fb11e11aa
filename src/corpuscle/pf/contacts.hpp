#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "corpuscle/pf/shower.hpp"

namespace corpuscle::pf {

/// Which showers touch, by dividing space into boxes of 60 mm (tuned: two cells of the HCAL). Linear in hits.
class Contacts {
 public:
  Contacts(std::span<Shower const> showers, std::span<ShowerHit const> hits);

  struct Contact {
    std::uint32_t shower = 0;
    double fraction = 0;  ///< of one's energy in or next to a box of the other
  };
  /// The other showers that shower `self` touches, ascending.
  /// @param into  per shower that of which it has become a part, itself if none
  [[nodiscard]] std::vector<Contact> of(std::uint32_t self, Shower const& shower,
                                        std::span<ShowerHit const> hits,
                                        std::span<std::uint32_t const> into) const;

 private:
  std::vector<std::pair<std::uint64_t, std::uint32_t>>
      entries_;  ///< key of box and shower, each pair once, ascending
};

}  // namespace corpuscle::pf
