#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "corpuscle/core/vector3.hpp"
#include "corpuscle/detector/detector.hpp"
#include "corpuscle/event/calorimeter.hpp"

namespace corpuscle::cluster {

/// Which of the three parts of Clustering a layer belongs to.
enum class Part : std::uint8_t { ecal, hcal, muon };

/// What the clustering knows of one pseudo-layer (detector.md 5.1): barrel and endcap are merged, the layers
/// of the HCAL follow those of the ECAL, and those of the muon system come last.
struct Layer {
  Part part = Part::ecal;
  detector::Clustering::Cone const* cone = nullptr;
  double cell_size = 0;   ///< [mm]
  double pitch = 0;       ///< [mm]
  double gap_before = 0;  ///< between this layer's calorimeter and the one before [mm]
};

/// A hit that is used.
struct GridHit {
  float x = 0, y = 0, z = 0;  ///< [mm]
  float energy = 0;           ///< [GeV]
  float inverse_r = 0;        ///< 1 / distance from the origin [1/mm]
  float polar = 0;    ///< z / (rho + |z|), in [-1, 1]: falls with the polar angle, by 1/2 to 1 per rad
  float azimuth = 0;  ///< of the direction, in [0, 4): grows with phi, by 1/2 to 1 per rad
  std::int32_t layer = 0;
  std::uint32_t row = 0;  ///< in CaloHits
};

[[nodiscard]] inline core::Vector3 position(GridHit const& hit) noexcept {
  return {hit.x, hit.y, hit.z};
}

/// Unit vector along v; along z if there is no direction.
[[nodiscard]] inline core::Vector3 direction_of(core::Vector3 v) noexcept {
  double const length = core::length(v);
  return length > 0 ? (1 / length) * v : core::Vector3{0, 0, 1};
}

/// The hits that are used, sorted by layer, ring in polar angle and azimuth, so that those near a place are
/// found without looking at the others. Seen from the origin, where particles come from, neighbours in the
/// next layer have the same angles in barrel and endcap alike.
///
/// The order is that of the hits' properties, never of their rows: whoever goes through `hits()` in order
/// does not depend on the order of the input.
class HitGrid {
 public:
  /// How many layers of each calorimeter are one layer of the grid: few thick ones are quicker for looking
  /// far.
  struct Grouping {
    int ecal = 1, hcal = 1, muon = 1;
  };

  explicit HitGrid(detector::Detector const& detector) : HitGrid(detector, Grouping{}) {}
  HitGrid(detector::Detector const& detector, Grouping grouping);
  HitGrid(HitGrid const&) = delete;  // layers_ points into detector_
  HitGrid& operator=(HitGrid const&) = delete;

  /// Replaces the contents. O(hits), but for the sorting inside a ring.
  void fill(event::CaloHits const& hits);

  [[nodiscard]] std::span<GridHit const> hits() const noexcept { return hits_; }
  [[nodiscard]] std::span<Layer const> layers() const noexcept { return layers_; }
  [[nodiscard]] int n_layers() const noexcept { return static_cast<int>(layers_.size()); }

  /// The hits of a layer are [layer_begin(l), layer_begin(l + 1)).
  [[nodiscard]] std::uint32_t layer_begin(int layer) const noexcept {
    return ring_begin_[first_ring_[layer]];
  }

  /// The layer of this grid that a layer of a grid without grouping is in.
  [[nodiscard]] int group_of(int layer) const noexcept { return group_of_[layer]; }

  /// A point that is no hit, to look around it.
  [[nodiscard]] static GridHit at(core::Vector3 place) noexcept;

  /// Calls visit(index) for the hits of a layer that are seen from the origin at less than `radius` [mm] from
  /// `centre`, in order; some more are visited. Runs a few times per hit: measure before changing.
  template <class Visit>
  void visit_near(GridHit const& centre, int layer, double radius, Visit&& visit) const;

 private:
  [[nodiscard]] int layer_of(event::CaloHits const& hits, std::size_t row) const;

  detector::Detector detector_;
  std::vector<Layer> layers_;
  std::vector<int> group_of_;
  std::vector<std::uint32_t> first_ring_;  ///< of each layer, and the number of all rings
  std::vector<std::uint32_t> ring_begin_;  ///< first hit of each ring, and the number of all hits
  std::vector<GridHit> hits_, unsorted_;
  std::vector<std::uint32_t> ring_of_;  ///< of unsorted_
};

template <class Visit>
void HitGrid::visit_near(GridHit const& centre, int layer, double radius, Visit&& visit) const {
  // A hit may be nearer to the origin than the centre, and looks farther away then: 1.2 leaves room for 20 %.
  float const reach = 1.2F * static_cast<float>(radius) * centre.inverse_r;
  std::uint32_t const first = first_ring_[layer];
  int const n_rings = static_cast<int>(first_ring_[layer + 1] - first);
  float const scale = 0.5F * static_cast<float>(n_rings);
  int const low = std::max(0, static_cast<int>((centre.polar + 1 - reach) * scale));
  int const high = std::min(n_rings - 1, static_cast<int>((centre.polar + 1 + reach) * scale));

  std::uint32_t const all_begin = ring_begin_[first + low];
  std::uint32_t const all_end = ring_begin_[first + std::max(high + 1, low)];
  if (all_begin == all_end) return;

  // rho / r is at least (1 - |polar|), and shrinks by up to `reach` towards the edge of the disc.
  float const rim = 1 - std::abs(centre.polar) - reach;
  float const width = rim > reach ? reach / rim : 2.F;
  float const from = centre.azimuth - width;
  float const to = centre.azimuth + width;
  if (width >= 2 || all_end - all_begin <= 8 * static_cast<std::uint32_t>(high + 1 - low)) {
    // Few hits in many rings: looking at each is cheaper than looking for them.
    for (std::uint32_t i = all_begin; i < all_end; ++i) {
      float const apart = std::abs(hits_[i].azimuth - centre.azimuth);
      if (std::min(apart, 4 - apart) <= width) visit(i);
    }
    return;
  }
  for (int ring = low; ring <= high; ++ring) {
    std::uint32_t const begin = ring_begin_[first + ring];
    std::uint32_t const end = ring_begin_[first + ring + 1];
    if (begin == end) continue;
    auto const scan = [&](float at_least, float at_most) {
      std::uint32_t i = begin;
      if (end - begin > 16) {
        auto const found =
            std::lower_bound(hits_.begin() + begin, hits_.begin() + end, at_least,
                             [](GridHit const& hit, float value) { return hit.azimuth < value; });
        i = static_cast<std::uint32_t>(found - hits_.begin());
      }
      for (; i < end && hits_[i].azimuth <= at_most; ++i)
        if (hits_[i].azimuth >= at_least) visit(i);
    };
    if (to > 4) scan(0, to - 4);
    scan(from, to);
    if (from < 0) scan(from + 4, 4);
  }
}

}  // namespace corpuscle::cluster
