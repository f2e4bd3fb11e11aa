#pragma once

#include <algorithm>
#include <array>
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
  double distance = 0;    ///< of the calorimeter from the origin, where it is nearest [mm]
};

/// What is in one place of a layer: a hit that is used, or several of them with the same position.
struct GridHit {
  float x = 0, y = 0, z = 0;  ///< [mm]
  float energy = 0;           ///< of all of them [GeV]
  std::int32_t layer = 0;
  std::int32_t count = 1;  ///< how many there are
};

/// Where a place is seen from the origin.
struct View {
  float inverse_r = 0;  ///< 1 / distance from the origin [1/mm]
  float polar = 0;      ///< z / (rho + |z|), in [-1, 1]: falls with the polar angle, by 1/2 to 1 per rad
  float azimuth = 0;    ///< of the direction, in [0, 4): grows with phi, by 1/2 to 1 per rad
};

[[nodiscard]] inline core::Vector3 position(GridHit const& hit) noexcept {
  return {hit.x, hit.y, hit.z};
}

/// Unit vector along v; along z if there is no direction.
[[nodiscard]] inline core::Vector3 direction_of(core::Vector3 v) noexcept {
  double const length = core::length(v);
  return length > 0 ? (1 / length) * v : core::Vector3{0, 0, 1};
}

[[nodiscard]] inline float squared_distance(GridHit const& a, GridHit const& b) noexcept {
  float const dx = a.x - b.x, dy = a.y - b.y, dz = a.z - b.z;
  return dx * dx + dy * dy + dz * dz;
}

[[nodiscard]] View view_of(core::Vector3 place) noexcept;

/// The hits that are used, sorted by layer, ring in polar angle and azimuth, so that those near a place are
/// found without looking at the others. Seen from the origin, where particles come from, neighbours in the
/// next layer have the same angles in barrel and endcap alike.
///
/// The order is that of the hits' properties, never of their rows: whoever goes through `hits()` in order
/// does not depend on the order of the input.
class HitGrid {
 public:
  explicit HitGrid(detector::Detector const& detector);
  HitGrid(HitGrid const&) = delete;  // layers_ points into detector_
  HitGrid& operator=(HitGrid const&) = delete;

  /// Replaces the contents. O(hits + rings), but for the sorting inside a ring.
  void fill(event::CaloHits const& hits);

  [[nodiscard]] std::span<GridHit const> hits() const noexcept { return hits_; }
  [[nodiscard]] std::span<View const> views() const noexcept { return views_; }  ///< of hits()
  [[nodiscard]] std::span<Layer const> layers() const noexcept { return layers_; }
  [[nodiscard]] int n_layers() const noexcept { return static_cast<int>(layers_.size()); }

  /// The hits of a layer are [layer_begin(l), layer_begin(l + 1)).
  [[nodiscard]] std::uint32_t layer_begin(int layer) const noexcept {
    return ring_begin_[first_ring_[layer]];
  }

  /// The rows in CaloHits of what is in one place.
  [[nodiscard]] std::span<std::uint32_t const> rows(std::size_t hit) const noexcept {
    return std::span(rows_).subspan(first_row_[hit], static_cast<std::size_t>(hits_[hit].count));
  }

  /// Most hits that find_near finds. In a calorimeter full of hits the widest circles drawn about each hit
  /// hold 250 cells; what has more is no calorimeter, and must not take a time that grows with the square.
  static constexpr std::uint32_t max_found = 1000;
  using Found = std::array<std::uint32_t, max_found>;

  /// Finds the hits of a layer that are seen from the origin at less than `radius` [mm] from `centre`, and
  /// some more. Runs a few times per hit: measure before changing.
  /// @return how many there are; `found` begins with their indices, in order
  std::uint32_t find_near(View const& centre, int layer, double radius, Found& found) const;

  /// Calls visit(index) for them.
  template <class Visit>
  void visit_near(View const& centre, int layer, double radius, Visit&& visit) const {
    Found found;
    std::uint32_t const n = find_near(centre, layer, radius, found);
    for (std::uint32_t k = 0; k < n; ++k) visit(found[k]);
  }

 private:
  [[nodiscard]] int layer_of(event::CaloHits const& hits, std::size_t row) const;

  struct Face {
    double x = 0, y = 0;  ///< unit normal of a side of the barrel
  };

  detector::Detector detector_;
  std::vector<Layer> layers_;
  std::array<std::vector<Face>, 3> faces_;  ///< per Part
  std::vector<std::uint32_t> first_ring_;   ///< of each layer, and the number of all rings
  std::vector<std::uint32_t> ring_begin_;   ///< first hit of each ring, and the number of all hits
  std::vector<GridHit> hits_;
  std::vector<View> views_;
  std::vector<float> azimuth_;  ///< once more, to read through them quickly
  std::vector<std::uint32_t> rows_, first_row_;

  /// A hit of the input that is used.
  struct Used {
    std::uint32_t ring = 0, row = 0;
  };
  std::vector<View> view_of_row_;
  std::vector<Used> used_;
  std::vector<std::uint64_t> sorted_;  ///< by ring: azimuth in the upper half, row in the lower
};

}  // namespace corpuscle::cluster
