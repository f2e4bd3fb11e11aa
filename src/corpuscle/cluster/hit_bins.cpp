#include "corpuscle/cluster/hit_bins.hpp"

#include <numeric>

namespace corpuscle::cluster {

HitBins::HitBins(HitGrid const& grid, int layers_in_group, double width) {
  auto const layers = grid.layers();
  for (int l = 0; l < grid.n_layers(); ++l) {
    Layer const& layer = layers[l];
    bool const is_first = l == 0 || layers[l - 1].part != layer.part;
    if (is_first || layer.part == Part::muon || l == groups_.back().first_layer + layers_in_group) {
      groups_.push_back({});
      groups_.back().pitch = layer.pitch;
      groups_.back().gap_before = layer.gap_before;
      groups_.back().first_layer = l;
    }
    groups_.back().last_layer = l;
    group_of_.push_back(static_cast<int>(groups_.size()) - 1);
  }
  std::uint32_t n_bins = 0;
  for (Group& group : groups_) {
    Layer const& layer = layers[group.first_layer];
    double const bin_width = std::max({layer.cell_size, width * thickness(group), 1.});
    group.narrow = first_circle * bin_width;
    group.first_ring = static_cast<std::uint32_t>(rings_.size());
    group.n_rings = static_cast<int>(std::clamp(std::ceil(2 * layer.distance / bin_width), 1., 300.));
    for (int r = 0; r < group.n_rings; ++r) {
      double const polar = std::abs((r + 0.5) * 2 / group.n_rings - 1);
      auto const columns = static_cast<int>(std::ceil(2 * group.n_rings * (1 - polar)));
      rings_.push_back({n_bins, columns});
      n_bins += static_cast<std::uint32_t>(columns) + 1;
    }
  }
  is_hit_.assign(rings_.size(), 0);
  bin_begin_.assign(n_bins, 0);
}

std::uint32_t HitBins::ring_of(Group const& group, View const& view) const noexcept {
  int const ring = static_cast<int>((view.polar + 1) * 0.5F * static_cast<float>(group.n_rings));
  return group.first_ring + static_cast<std::uint32_t>(std::clamp(ring, 0, group.n_rings - 1));
}

void HitBins::fill(HitGrid const& grid) {
  all_.resize(grid.hits().size());
  std::iota(all_.begin(), all_.end(), 0U);
  fill(grid, all_);
}

void HitBins::fill(HitGrid const& grid, std::span<std::uint32_t const> indices) {
  auto const hits = grid.hits();
  auto const views = grid.views();
  std::fill(is_hit_.begin(), is_hit_.end(), std::uint8_t{0});
  bin_of_.resize(hits.size());
  for (std::uint32_t i : indices) {
    std::uint32_t const r = ring_of(groups_[group_of_[hits[i].layer]], views[i]);
    Ring const ring = rings_[r];
    if (!is_hit_[r]) {
      std::fill_n(bin_begin_.begin() + ring.first_bin, ring.n_columns + 1, 0U);
      is_hit_[r] = 1;
    }
    int const column = static_cast<int>(views[i].azimuth * 0.25F * static_cast<float>(ring.n_columns));
    bin_of_[i] = ring.first_bin + static_cast<std::uint32_t>(std::min(column, ring.n_columns - 1));
    ++bin_begin_[bin_of_[i]];
  }
  // Counting sort: bin_begin_ holds the end of each bin while hits are put in from the back.
  std::uint32_t sum = 0;
  for (std::size_t r = 0; r < rings_.size(); ++r) {
    if (!is_hit_[r]) continue;
    std::uint32_t* const begin = &bin_begin_[rings_[r].first_bin];
    for (int column = 0; column <= rings_[r].n_columns; ++column) begin[column] = sum += begin[column];
  }
  hits_.resize(indices.size());
  for (std::size_t k = indices.size(); k-- > 0;) {
    GridHit const& hit = hits[indices[k]];
    hits_[--bin_begin_[bin_of_[indices[k]]]] = {hit.x, hit.y, hit.z, hit.layer, hit.count, indices[k]};
  }
}

void HitBins::find_isolated(HitGrid const& grid, int max_layers,
                            std::vector<std::uint8_t>& is_isolated) const {
  is_isolated.assign(hits_.size(), 0);
  int const n_layers = grid.n_layers();
  for (std::size_t k = 0; k < hits_.size(); ++k) {
    Hit const& hit = hits_[k];
    double const radius = grid.layers()[hit.layer].cone->isolation;
    if (radius <= 0) continue;
    auto const squared = static_cast<float>(radius * radius);
    int const first_layer = std::max(hit.layer - max_layers, 0);
    int const last_layer = std::min(hit.layer + max_layers, n_layers - 1);
    auto const count_at = [&](std::size_t other) {
      Hit const& at = hits_[other];
      float const dx = at.x - hit.x, dy = at.y - hit.y, dz = at.z - hit.z;
      bool const is_near =
          (dx * dx + dy * dy + dz * dz < squared) & (at.layer >= first_layer) & (at.layer <= last_layer);
      return is_near ? at.count : 0;
    };
    // In a shower the hits before and behind in the bins are enough, and no bins need be looked for.
    int near = hit.count;
    if (k >= 2 && k + 2 < hits_.size())
      near += count_at(k - 2) + count_at(k - 1) + count_at(k + 1) + count_at(k + 2);
    if (near >= 3) continue;
    near = 0;
    for (int g = group_of_[first_layer]; g <= group_of_[last_layer] && near < 3; ++g) {
      visit_near(grid.views()[hit.index], groups_[g], radius, [&](std::uint32_t begin, std::uint32_t end) {
        for (std::uint32_t other = begin; other < end && near < 3; ++other) near += count_at(other);
      });
    }
    is_isolated[hit.index] = near < 3;
  }
}

}  // namespace corpuscle::cluster
