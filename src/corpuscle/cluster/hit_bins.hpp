#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "corpuscle/cluster/hit_grid.hpp"

namespace corpuscle::cluster {

/// The hits of a grid once more, in bins of several layers that are as wide as they are thick: for looking
/// many cells far. Those near a place are a few stretches of memory, ring by ring.
class HitBins {
 public:
  /// @param layers_in_group  layers of ECAL and HCAL taken together
  /// @param width            of bins, in thicknesses of such a group
  HitBins(HitGrid const& grid, int layers_in_group, double width);

  /// Replaces the contents. O(hits), and the bins of the rings that are hit.
  void fill(HitGrid const& grid);
  void fill(HitGrid const& grid, std::span<std::uint32_t const> indices);

  /// Indices of one hit of each bin, the first for which is_wanted(index); O(hits).
  template <class IsWanted>
  void one_of_each_bin(IsWanted&& is_wanted, std::vector<std::uint32_t>& indices) const;

  /// Radius of the first circle that nearest draws [mm].
  [[nodiscard]] double narrow(int layer) const noexcept { return groups_[group_of_[layer]].narrow; }

  /// Marks the hits of the grid that stand alone: with fewer than two others within the isolation distance of
  /// their calorimeter and at most so many layers away.
  void find_isolated(HitGrid const& grid, int max_layers, std::vector<std::uint8_t>& is_isolated) const;

  struct Nearest {
    bool is_found = false;
    std::uint32_t hit = 0;  ///< of the grid
    double distance = 0;    ///< [mm]
  };

  /// The hit nearest to a place among those for which is_wanted(index in the grid), at less than `radius`
  /// [mm]. Narrow circles are drawn before wide ones: the cost depends on how far the hit is.
  template <class IsWanted>
  [[nodiscard]] Nearest nearest(core::Vector3 place, int layer, double radius, IsWanted&& is_wanted) const;

 private:
  struct Group {
    double narrow = 0;                 ///< [mm]
    double pitch = 0, gap_before = 0;  ///< of its layers [mm]
    int first_layer = 0, last_layer = 0;
    std::uint32_t first_ring = 0;
    int n_rings = 0;
  };
  struct Ring {
    std::uint32_t first_bin = 0;
    int n_columns = 0;
  };
  struct Hit {
    float x = 0, y = 0, z = 0;  ///< [mm]
    std::int32_t layer = 0;
    std::int32_t count = 0;   ///< as in the grid
    std::uint32_t index = 0;  ///< in the grid
  };
  /// Radius of the first circle in widths of a bin; each further one is `growth` times as wide.
  static constexpr double first_circle = 0.6, growth = 3;

  [[nodiscard]] static double thickness(Group const& group) noexcept {
    return group.pitch * (group.last_layer - group.first_layer + 1);
  }
  [[nodiscard]] std::uint32_t ring_of(Group const& group, View const& view) const noexcept;

  /// Calls visit(first, end) for stretches of hits; together they hold those of a group that are seen from
  /// the origin at less than `radius` [mm] from `centre`, and some more.
  template <class Visit>
  void visit_near(View const& centre, Group const& group, double radius, Visit&& visit) const;
  template <class IsWanted>
  [[nodiscard]] Nearest nearest_within(core::Vector3 place, View const& view, int layer, double radius,
                                       IsWanted&& is_wanted) const;

  std::vector<Group> groups_;
  std::vector<int> group_of_;  ///< per layer of the grid
  std::vector<Ring> rings_;
  std::vector<std::uint8_t> is_hit_;      ///< per ring; the bins of others are not up to date
  std::vector<std::uint32_t> bin_begin_;  ///< per ring, its bins and one more
  std::vector<std::uint32_t> bin_of_;     ///< per hit
  std::vector<std::uint32_t> all_;
  std::vector<Hit> hits_;  ///< bin after bin
};

template <class Visit>
void HitBins::visit_near(View const& centre, Group const& group, double radius, Visit&& visit) const {
  // A hit may be nearer to the origin than the centre, and looks farther away then: 1.2 leaves room for 20 %.
  float const reach = 1.2F * static_cast<float>(radius) * centre.inverse_r;
  float const scale = 0.5F * static_cast<float>(group.n_rings);
  int const low = std::max(0, static_cast<int>((centre.polar + 1 - reach) * scale));
  int const high = std::min(group.n_rings - 1, static_cast<int>((centre.polar + 1 + reach) * scale));
  // rho / r is at least (1 - |polar|), and shrinks by up to `reach` towards the edge of the disc.
  float const rim = 1 - std::abs(centre.polar) - reach;
  float const width = rim > reach ? std::min(reach / rim, 2.F) : 2.F;
  for (int r = low; r <= high; ++r) {
    std::uint32_t const index = group.first_ring + static_cast<std::uint32_t>(r);
    if (!is_hit_[index]) continue;
    int const n = rings_[index].n_columns;
    auto const stretch = [&](int from, int to) {
      std::uint32_t const* const begin = &bin_begin_[rings_[index].first_bin];
      if (begin[from] < begin[to]) visit(begin[from], begin[to]);
    };
    float const per_azimuth = 0.25F * static_cast<float>(n);
    // Casts round towards 0: one column more, for those below.
    int const from = static_cast<int>((centre.azimuth - width + 4) * per_azimuth) - n;
    int const to = static_cast<int>((centre.azimuth + width) * per_azimuth) + 1;
    if (to - from >= n) {
      stretch(0, n);
      continue;
    }
    stretch(std::max(from, 0), std::min(to, n));
    if (from < 0) stretch(n + from, n);
    if (to > n) stretch(0, to - n);
  }
}

template <class IsWanted>
HitBins::Nearest HitBins::nearest(core::Vector3 place, int layer, double radius, IsWanted&& is_wanted) const {
  View const view = view_of(place);
  double reach = std::min(radius, narrow(layer));
  while (true) {
    Nearest const found = nearest_within(place, view, layer, reach, is_wanted);
    if (found.is_found || reach >= radius) return found;
    reach = std::min(radius, growth * reach);
  }
}

/// The same in one go, from the own group of layers outwards and inwards in turn.
template <class IsWanted>
HitBins::Nearest HitBins::nearest_within(core::Vector3 place, View const& view, int layer, double radius,
                                         IsWanted&& is_wanted) const {
  auto const px = static_cast<float>(place.x), py = static_cast<float>(place.y),
             pz = static_cast<float>(place.z);
  Nearest found{false, 0, radius};
  auto const look = [&](int g) {
    auto squared = static_cast<float>(found.distance * found.distance);
    visit_near(view, groups_[g], found.distance, [&](std::uint32_t begin, std::uint32_t end) {
      for (std::uint32_t k = begin; k < end; ++k) {
        Hit const& hit = hits_[k];
        float const dx = hit.x - px, dy = hit.y - py, dz = hit.z - pz;
        float const d2 = dx * dx + dy * dy + dz * dz;
        if (d2 >= squared || !is_wanted(hit.index)) continue;
        squared = d2;
        found.is_found = true;
        found.hit = hit.index;
      }
    });
    if (found.is_found) found.distance = std::sqrt(squared);
  };
  int const own = group_of_[layer];
  look(own);
  // How far the next groups are; the place may be in the next layer, too.
  double inwards = (layer - groups_[own].first_layer - 1) * groups_[own].pitch;
  double outwards = (groups_[own].last_layer - layer - 1) * groups_[own].pitch;
  int const n_groups = static_cast<int>(groups_.size());
  int below = own - 1, above = own + 1;
  while (true) {
    bool const is_below = below >= 0 && inwards + groups_[below + 1].gap_before < found.distance;
    bool const is_above = above < n_groups && outwards + groups_[above].gap_before < found.distance;
    if (!is_below && !is_above) return found;
    if (is_below) {
      look(below);
      inwards += groups_[below + 1].gap_before + thickness(groups_[below]);
      --below;
    }
    if (is_above) {
      if (outwards + groups_[above].gap_before < found.distance) look(above);
      outwards += groups_[above].gap_before + thickness(groups_[above]);
      ++above;
    }
  }
}

template <class IsWanted>
void HitBins::one_of_each_bin(IsWanted&& is_wanted, std::vector<std::uint32_t>& indices) const {
  indices.clear();
  std::uint32_t last = 0;
  bool is_any = false;
  for (std::size_t k = 0; k < hits_.size(); ++k) {
    std::uint32_t const i = hits_[k].index;
    if (!is_wanted(i) || (is_any && bin_of_[i] == last)) continue;
    last = bin_of_[i];
    is_any = true;
    indices.push_back(i);
  }
}

}  // namespace corpuscle::cluster
