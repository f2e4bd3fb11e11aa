#include "corpuscle/encoding/hit_groups.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <tuple>
#include <utility>
#include <vector>

#include "corpuscle/core/vector3.hpp"

namespace corpuscle::encoding {
namespace {

using core::Vector3;
using event::Subdetector;

constexpr float density_reach = 1.5F;  // cells
constexpr int reach = 3;               // cells; also the width of a box
constexpr int outer_reach = 12;        // cells; a whole number of boxes
constexpr double sparse = 0.08;        // GeV; two minimum ionising hits of an HCAL, ten of an ECAL

constexpr std::uint32_t nowhere = std::numeric_limits<std::uint32_t>::max();

/// [mm]
double cell_of(Subdetector subdetector, detector::Detector const& detector) {
  auto const size = [](detector::CalorimeterShell const& shell) {
    return std::max(shell.cell_size, shell.layer_pitch);
  };
  if (subdetector == Subdetector::hcal) return size(detector.hcal);
  if (subdetector == Subdetector::muon && size(detector.muon) > 0) return size(detector.muon);
  return size(detector.ecal);
}

constexpr int bits = 20;  // of the number of a box along an axis
constexpr std::int64_t half = 1 << (bits - 1);

/// A hit, or several in one place: files without positions have all of them there.
struct Hit {
  /// The box that it is in, the same for no other; boxes that differ in z alone follow each other.
  std::uint64_t box = 0;
  float x = 0, y = 0, z = 0;  ///< from the origin [cells]
  double energy = 0;          ///< [GeV]
  std::uint32_t row = 0;      ///< of one of them
  double density = 0;         ///< [GeV]
  std::uint32_t parent = 0;   ///< that it follows; itself if it begins a group

  [[nodiscard]] Subdetector subdetector() const { return static_cast<Subdetector>(box >> (3 * bits)); }
};

std::uint64_t box_of(Subdetector subdetector, float x, float y, float z) {
  auto const index = [](float v) {
    double const limited = std::clamp(std::floor(v / static_cast<double>(reach)), -1. * half, half - 1.);
    return static_cast<std::uint64_t>(static_cast<std::int64_t>(limited) + half);
  };
  return ((static_cast<std::uint64_t>(subdetector) << bits | index(x)) << bits | index(y)) << bits | index(z);
}

/// The hits that can be placed, box by box, each place once.
/// @param place_of  [table.size()] gets where a row is in the result
std::vector<Hit> placed(event::CaloHits const& table, detector::Detector const& detector,
                        std::vector<std::uint32_t>& place_of) {
  std::vector<Hit> hits;
  hits.reserve(table.size());
  for (std::uint32_t row = 0; row < table.size(); ++row) {
    Subdetector const subdetector = table.subdetector[row];
    auto const inverse = static_cast<float>(1 / cell_of(subdetector, detector));
    Hit hit;
    hit.energy = table.energy[row];
    hit.x = table.x[row] * inverse;
    hit.y = table.y[row] * inverse;
    hit.z = table.z[row] * inverse;
    hit.row = row;
    bool const is_measured = hit.energy >= min_grouped_energy && hit.energy <= max_grouped_energy;
    if (!is_measured || !std::isfinite(table.time[row] + hit.x + hit.y + hit.z)) continue;
    hit.box = box_of(subdetector, hit.x, hit.y, hit.z);
    hits.push_back(hit);
  }
  std::sort(hits.begin(), hits.end(), [](Hit const& a, Hit const& b) {
    return std::tie(a.box, a.x, a.y, a.z, a.energy) < std::tie(b.box, b.x, b.y, b.z, b.energy);
  });
  place_of.assign(table.size(), nowhere);
  std::size_t n = 0;
  for (Hit const& hit : hits) {
    auto const place = [](Hit const& h) { return std::tie(h.box, h.x, h.y, h.z); };
    if (n > 0 && place(hits[n - 1]) == place(hit)) {
      hits[n - 1].energy += hit.energy;
    } else {
      hits[n++] = hit;
    }
    place_of[hit.row] = static_cast<std::uint32_t>(n - 1);
  }
  hits.resize(n);
  return hits;
}

/// Hits in boxes of space.
class Boxes {
 public:
  /// @param hits  from `placed`
  explicit Boxes(std::vector<Hit>&& hits) : hits_(std::move(hits)) {
    for (std::uint32_t i = 0; i < hits_.size(); ++i) {
      std::uint64_t const column = hits_[i].box >> bits;
      if (columns_.empty() || columns_.back().key != column) columns_.push_back({column, {i, i}});
      columns_.back().hits.last = i + 1;
    }
  }

  [[nodiscard]] std::vector<Hit>& hits() noexcept { return hits_; }

  /// Calls visit(j, squared distance [cells^2]) for the hits j, not before `first`, at most so many boxes
  /// from that of hit i, in an order that only depends on the box; and for i itself.
  template <class Visit>
  void for_each_near(std::uint32_t i, int n_boxes, std::uint32_t first, Visit&& visit) {
    Hit const& a = hits_[i];
    if (a.box != box_ || n_boxes != n_boxes_) look_around(a.box, n_boxes);
    for (Range const range : near_)
      for (std::uint32_t j = std::max(first, range.first); j < range.last; ++j) {
        float const dx = a.x - hits_[j].x, dy = a.y - hits_[j].y, dz = a.z - hits_[j].z;
        visit(j, dx * dx + dy * dy + dz * dz);
      }
  }

 private:
  struct Range {
    std::uint32_t first = 0, last = 0;  ///< of hits_
  };

  /// Boxes that differ in z alone: their place is in the upper bits of the box.
  struct Column {
    std::uint64_t key = 0;
    Range hits;
  };

  /// Of columns that differ in y alone, and of hits in one column, those wanted are beside each other.
  void look_around(std::uint64_t box, int n) {
    box_ = box;
    n_boxes_ = n;
    near_.clear();
    auto const m = static_cast<std::uint64_t>(n);
    // Differences carry over at the ends of the range, 10^3 m away, into places where no hit can be.
    for (std::uint64_t dx = 0; dx <= 2 * m; ++dx) {
      std::uint64_t const row = (box >> bits) + ((dx - m) << bits);
      auto column = std::partition_point(columns_.begin(), columns_.end(),
                                         [&](Column const& c) { return c.key < row - m; });
      for (; column != columns_.end() && column->key <= row + m; ++column) {
        std::uint64_t const centre = column->key << bits | (box & ((1U << bits) - 1));
        auto const from = [&](std::uint64_t wanted) {
          auto const begin = hits_.begin() + column->hits.first, end = hits_.begin() + column->hits.last;
          return static_cast<std::uint32_t>(
              std::partition_point(begin, end, [&](Hit const& h) { return h.box < wanted; }) - hits_.begin());
        };
        Range const range{from(centre - m), from(centre + m + 1)};
        if (range.first < range.last) near_.push_back(range);
      }
    }
  }

  std::vector<Hit> hits_;
  std::vector<Column> columns_;  ///< by key
  std::uint64_t box_ = ~std::uint64_t{0};
  int n_boxes_ = 0;
  std::vector<Range> near_;  ///< of box_
};

struct Group {
  double energy = 0;          ///< [GeV]
  double ecal = 0, hcal = 0;  ///< parts of it [GeV]
  Vector3 centroid;           ///< times the energy, at first
  std::vector<event::CaloHitId> hits;
};

}  // namespace

event::Clusters group_hits(event::CaloHits const& table, detector::Detector const& detector) {
  std::vector<std::uint32_t> place_of;
  Boxes boxes(placed(table, detector, place_of));
  std::vector<Hit>& hits = boxes.hits();
  auto const n = static_cast<std::uint32_t>(hits.size());

  struct Pair {
    std::uint32_t i, j;
    float squared_distance;
  };
  std::vector<Pair> pairs;
  for (std::uint32_t i = 0; i < n; ++i) {
    hits[i].density += hits[i].energy;
    boxes.for_each_near(i, 1, i + 1, [&](std::uint32_t j, float d2) {
      if (!(d2 < reach * reach)) return;
      pairs.push_back({i, j, d2});
      if (!(d2 < density_reach * density_reach)) return;
      hits[i].density += 0.5 * hits[j].energy;
      hits[j].density += 0.5 * hits[i].energy;
    });
  }
  auto const is_denser = [&](std::uint32_t a, std::uint32_t b) {
    return hits[a].density > hits[b].density || (hits[a].density == hits[b].density && a < b);
  };
  for (std::uint32_t i = 0; i < n; ++i) hits[i].parent = i;
  std::vector<float> nearest(n, reach * reach);
  auto const may_follow = [&](std::uint32_t i, std::uint32_t j, float d2) {
    bool const is_nearer = d2 < nearest[i] || (d2 == nearest[i] && is_denser(j, hits[i].parent));
    if (!is_nearer || !is_denser(j, i)) return;
    nearest[i] = d2;
    hits[i].parent = j;
  };
  for (auto const [i, j, d2] : pairs) {
    may_follow(i, j, d2);
    may_follow(j, i, d2);
  }
  for (std::uint32_t i = 0; i < n; ++i) {
    if (hits[i].parent != i || !(hits[i].density < sparse)) continue;
    nearest[i] = outer_reach * outer_reach;
    boxes.for_each_near(i, outer_reach / reach, 0, [&](std::uint32_t j, float d2) { may_follow(i, j, d2); });
  }

  std::vector<Group> groups;
  std::vector<std::uint32_t> group_of(n);  // of those that begin one
  for (std::uint32_t i = 0; i < n; ++i) {
    if (hits[i].parent != i) continue;
    group_of[i] = static_cast<std::uint32_t>(groups.size());
    groups.emplace_back();
  }
  for (std::uint32_t i = 0; i < n; ++i) {
    std::uint32_t first = i;
    while (hits[first].parent != first) first = hits[first].parent;
    hits[i].parent = first;  // shortens the way of those that follow
    Group& group = groups[group_of[first]];
    auto const [energy, row] = std::pair(hits[i].energy, hits[i].row);
    group.energy += energy;
    if (hits[i].subdetector() == Subdetector::ecal) group.ecal += energy;
    if (hits[i].subdetector() == Subdetector::hcal) group.hcal += energy;
    group.centroid = group.centroid + energy * Vector3{table.x[row], table.y[row], table.z[row]};
  }
  for (std::uint32_t row = 0; row < table.size(); ++row)
    if (place_of[row] != nowhere) groups[group_of[hits[place_of[row]].parent]].hits.emplace_back(row);
  for (Group& group : groups) group.centroid = (1 / group.energy) * group.centroid;
  std::sort(groups.begin(), groups.end(), [](Group const& a, Group const& b) {
    return std::tie(b.energy, a.centroid.x, a.centroid.y, a.centroid.z) <
           std::tie(a.energy, b.centroid.x, b.centroid.y, b.centroid.z);
  });

  event::Clusters result;
  result.resize(groups.size());
  auto const round = [](double number) { return static_cast<float>(number); };
  for (std::size_t k = 0; k < groups.size(); ++k) {
    Group const& group = groups[k];
    auto const& [x, y, z] = group.centroid;
    result.energy[k] = round(group.energy);
    result.x[k] = round(x);
    result.y[k] = round(y);
    result.z[k] = round(z);
    result.theta[k] = round(std::atan2(core::transverse_length(group.centroid), z));
    result.phi[k] = round(std::atan2(y, x));
    result.energy_ecal[k] = round(group.ecal);
    result.energy_hcal[k] = round(group.hcal);
    result.energy_other[k] = round(group.energy - group.ecal - group.hcal);
    result.hits.push_back(group.hits);
  }
  return result;
}

}  // namespace corpuscle::encoding
