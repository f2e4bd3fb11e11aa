#include "corpuscle/pf/contacts.hpp"

#include <algorithm>
#include <cmath>

namespace corpuscle::pf {
namespace {

constexpr double box_size = 60;  // mm
constexpr int bits = 20;         // of a box number: 2^19 boxes are 31 m

struct Box {
  int x, y, z;

  [[nodiscard]] std::uint64_t key() const {
    auto const part = [](int b) {
      return static_cast<std::uint64_t>(b + (1 << (bits - 1))) & ((1U << bits) - 1);
    };
    return part(x) << 2 * bits | part(y) << bits | part(z);
  }
};

Box box_of(core::Vector3 p) {
  auto const part = [](double v) {
    return static_cast<int>(std::floor(std::clamp(v, -3e7, 3e7) / box_size));
  };
  return {part(p.x), part(p.y), part(p.z)};
}

}  // namespace

Contacts::Contacts(std::span<Shower const> showers, std::span<ShowerHit const> hits) {
  for (std::uint32_t s = 0; s < showers.size(); ++s)
    for (std::uint32_t i : showers[s].hits) entries_.emplace_back(box_of(hits[i].position).key(), s);
  std::sort(entries_.begin(), entries_.end());
  entries_.erase(std::unique(entries_.begin(), entries_.end()), entries_.end());
}

std::vector<Contacts::Contact> Contacts::of(std::uint32_t self, Shower const& shower,
                                            std::span<ShowerHit const> hits,
                                            std::span<std::uint32_t const> into) const {
  struct Filled {
    std::uint64_t key;
    Box box;
    double fraction;
  };
  std::vector<Filled> boxes;
  for (std::uint32_t i : shower.hits) {
    Box const box = box_of(hits[i].position);
    boxes.push_back({box.key(), box, hits[i].energy / shower.sums.sum()});
  }
  std::stable_sort(boxes.begin(), boxes.end(),
                   [](Filled const& a, Filled const& b) { return a.key < b.key; });
  std::size_t n = 0;
  for (Filled const& filled : boxes) {
    if (n > 0 && boxes[n - 1].key == filled.key)
      boxes[n - 1].fraction += filled.fraction;
    else
      boxes[n++] = filled;
  }
  boxes.resize(n);

  std::vector<Contact> found;
  std::vector<std::uint32_t> seen;
  for (auto const& [key, box, fraction] : boxes) {
    seen.clear();
    for (int dx = -1; dx <= 1; ++dx)
      for (int dy = -1; dy <= 1; ++dy) {
        // The boxes along z have successive keys.
        std::uint64_t const first = Box{box.x + dx, box.y + dy, box.z - 1}.key();
        auto entry = std::lower_bound(entries_.begin(), entries_.end(), std::pair(first, std::uint32_t{0}));
        for (; entry != entries_.end() && entry->first <= first + 2; ++entry)
          seen.push_back(into[entry->second]);
      }
    std::sort(seen.begin(), seen.end());
    seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
    for (std::uint32_t s : seen)
      if (s != self) found.push_back({s, fraction});
  }
  std::stable_sort(found.begin(), found.end(),
                   [](Contact const& a, Contact const& b) { return a.shower < b.shower; });
  std::vector<Contact> contacts;
  for (Contact const& contact : found) {
    if (contacts.empty() || contacts.back().shower != contact.shower)
      contacts.push_back(contact);
    else
      contacts.back().fraction += contact.fraction;
  }
  return contacts;
}

}  // namespace corpuscle::pf
