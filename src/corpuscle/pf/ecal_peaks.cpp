#include "corpuscle/pf/ecal_peaks.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <tuple>
#include <utility>

namespace corpuscle::pf {
namespace {

using core::Vector3;

// Distances [mm] and energies [GeV], tuned on photons of z_qq and qqbar events of CLICdet.
constexpr double kernel = 8;          ///< reach of the density
constexpr double separation = 10;     ///< of two maxima
constexpr double max_step = 45;       ///< to the next higher pixel
constexpr double min_density = 0.02;  ///< of a maximum
constexpr double core_radius = 15;    ///< of core_fraction
// A maximum at distance d of a larger one is a part of it if it has less of its energy than
constexpr double skirt_fraction = 0.12, skirt_length = 20,
                 skirt_end = 80;  // fraction * exp(-(d - separation) / length)

constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();

struct Pixel {
  std::int32_t ring = 0, column = 0;
  std::uint32_t first_hit = 0;  ///< in the list of sorted hits
  double energy = 0;
  Vector3 place;      ///< on the surface
  Vector3 direction;  ///< unit vector
  double density = 0;
  std::uint32_t higher = none;
  double step = std::numeric_limits<double>::infinity();
};

/// Distance as seen from the origin.
double transverse(Vector3 a, Vector3 b, Vector3 direction) {
  Vector3 const d = a - b;
  double const along = core::dot(d, direction);
  return std::sqrt(std::max(0., core::dot(d, d) - along * along));
}

/// Pixels of about one cell on a cylinder closed by two planes, in rings around the beam.
class PixelMap {
 public:
  PixelMap(detector::CalorimeterShell const& shell, std::span<ShowerHit const> hits)
      : size_(shell.cell_size), r_(shell.barrel_r_min), z_(shell.endcap_z_min) {
    n_rings_ = static_cast<std::int32_t>(std::ceil(2 * (z_ + r_) / size_)) + 1;
    struct Entry {
      std::int32_t ring, column;
      std::uint32_t hit;
    };
    std::vector<Entry> entries;
    for (std::uint32_t i = 0; i < hits.size(); ++i) {
      if (hits[i].subdetector != event::Subdetector::ecal) continue;
      Vector3 const place = project(hits[i].direction);
      std::int32_t const ring = ring_of(meridian(place));
      entries.push_back({ring, column_of(ring, std::atan2(place.y, place.x)), i});
    }
    std::sort(entries.begin(), entries.end(), [](Entry const& a, Entry const& b) {
      return std::tuple(a.ring, a.column, a.hit) < std::tuple(b.ring, b.column, b.hit);
    });
    ring_begin_.assign(static_cast<std::size_t>(n_rings_) + 1, 0);
    for (Entry const& entry : entries) {
      if (pixels.empty() || pixels.back().ring != entry.ring || pixels.back().column != entry.column) {
        Pixel pixel;
        pixel.ring = entry.ring;
        pixel.column = entry.column;
        pixel.first_hit = static_cast<std::uint32_t>(sorted_hits.size());
        pixels.push_back(pixel);
        ++ring_begin_[static_cast<std::size_t>(entry.ring) + 1];
      }
      ShowerHit const& hit = hits[entry.hit];
      Pixel& pixel = pixels.back();
      pixel.energy += hit.energy;
      pixel.place = pixel.place + hit.energy * project(hit.direction);
      sorted_hits.push_back(entry.hit);
    }
    for (std::size_t ring = 0; ring < static_cast<std::size_t>(n_rings_); ++ring)
      ring_begin_[ring + 1] += ring_begin_[ring];
    for (Pixel& pixel : pixels) {
      pixel.place = (1 / pixel.energy) * pixel.place;
      pixel.direction = (1 / core::length(pixel.place)) * pixel.place;
    }
  }

  /// Calls visit(pixel, distance) for those within `radius` of a pixel, itself included.
  template <class Visit>
  void visit_near(Pixel const& centre, double radius, Visit&& visit) const {
    // Seen from the origin, the surface is slanted by up to 60 degrees.
    double const rho = core::transverse_length(centre.place);
    bool const in_barrel = std::abs(centre.place.z) < z_ - 1e-9;
    double const slant = in_barrel ? core::transverse_length(centre.direction) : std::abs(centre.direction.z);
    double const reach = radius / std::max(0.3, slant) + 2 * size_;
    double const m = meridian(centre.place);
    double const phi = std::atan2(centre.place.y, centre.place.x);
    std::int32_t const last = ring_of(m + reach);
    for (std::int32_t ring = ring_of(m - reach); ring <= last; ++ring) {
      std::uint32_t const begin = ring_begin_[static_cast<std::size_t>(ring)];
      std::uint32_t const end = ring_begin_[static_cast<std::size_t>(ring) + 1];
      if (begin == end) continue;
      std::int32_t const n = columns(ring);
      double const width = (radius + 2 * size_) / std::max(size_, std::min(rho, radius_of(ring)));
      std::int32_t const from =
          column_of(ring, phi) - static_cast<std::int32_t>(width / (2 * std::numbers::pi) * n) - 1;
      std::int32_t const to =
          column_of(ring, phi) + static_cast<std::int32_t>(width / (2 * std::numbers::pi) * n) + 1;
      auto const scan = [&](std::int32_t low, std::int32_t high) {
        auto pixel = std::lower_bound(pixels.begin() + begin, pixels.begin() + end, low,
                                      [](Pixel const& p, std::int32_t column) { return p.column < column; });
        for (; pixel != pixels.begin() + end && pixel->column <= high; ++pixel) {
          double const distance = transverse(pixel->place, centre.place, centre.direction);
          if (distance <= radius) visit(static_cast<std::uint32_t>(pixel - pixels.begin()), distance);
        }
      };
      if (to - from >= n) {
        scan(0, n - 1);
        continue;
      }
      if (from < 0) scan(from + n, n - 1);
      scan(std::max(from, 0), std::min(to, n - 1));
      if (to >= n) scan(0, to - n);
    }
  }

  [[nodiscard]] std::span<std::uint32_t const> hits_of(std::size_t pixel) const {
    std::size_t const end = pixel + 1 < pixels.size() ? pixels[pixel + 1].first_hit : sorted_hits.size();
    return std::span(sorted_hits).subspan(pixels[pixel].first_hit, end - pixels[pixel].first_hit);
  }

  std::vector<Pixel> pixels;
  std::vector<std::uint32_t> sorted_hits;

 private:
  [[nodiscard]] Vector3 project(Vector3 direction) const {
    return 1 / std::max(core::transverse_length(direction) / r_, std::abs(direction.z) / z_) * direction;
  }
  /// Way along the surface from the middle of the barrel.
  [[nodiscard]] double meridian(Vector3 place) const {
    return std::abs(place.z) < z_ - 1e-9
               ? place.z
               : std::copysign(z_ + std::max(0., r_ - core::transverse_length(place)), place.z);
  }
  [[nodiscard]] std::int32_t ring_of(double m) const {
    return std::clamp(static_cast<std::int32_t>((m + z_ + r_) / size_), 0, n_rings_ - 1);
  }
  [[nodiscard]] double radius_of(std::int32_t ring) const {
    double const m = std::abs((ring + 0.5) * size_ - z_ - r_);
    return m < z_ ? r_ : r_ - (m - z_);
  }
  [[nodiscard]] std::int32_t columns(std::int32_t ring) const {
    return std::max(1, static_cast<std::int32_t>(2 * std::numbers::pi * radius_of(ring) / size_));
  }
  [[nodiscard]] std::int32_t column_of(std::int32_t ring, double phi) const {
    std::int32_t const n = columns(ring);
    return std::clamp(static_cast<std::int32_t>((phi / (2 * std::numbers::pi) + 0.5) * n), 0, n - 1);
  }

  double size_, r_, z_;
  std::int32_t n_rings_ = 0;
  std::vector<std::uint32_t> ring_begin_;
};

void find_higher(PixelMap& map) {
  for (Pixel& pixel : map.pixels)
    map.visit_near(pixel, kernel, [&](std::uint32_t j, double distance) {
      double const x = distance / kernel;
      pixel.density += map.pixels[j].energy * (1 - x * x);
    });
  auto const is_higher = [](Pixel const& a, Pixel const& b) {
    auto const key = [](Pixel const& p) {
      return std::tuple(p.density, p.energy, p.place.x, p.place.y, p.place.z);
    };
    return key(a) > key(b);
  };
  for (Pixel& pixel : map.pixels)
    map.visit_near(pixel, max_step, [&](std::uint32_t j, double distance) {
      if (distance >= pixel.step || !is_higher(map.pixels[j], pixel)) return;
      pixel.step = distance;
      pixel.higher = j;
    });
}

/// [n pixels] the maximum that each leads to; none for those far from every one.
std::vector<std::uint32_t> follow(std::vector<Pixel> const& pixels) {
  std::vector<std::uint32_t> order(pixels.size()), leads_to(pixels.size(), none);
  for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    auto const key = [](Pixel const& p) {
      return std::tuple(p.density, p.energy, p.place.x, p.place.y, p.place.z);
    };
    return key(pixels[a]) > key(pixels[b]);
  });
  for (std::uint32_t i : order) {
    Pixel const& pixel = pixels[i];
    bool const is_maximum = pixel.step > separation && pixel.density > min_density;
    leads_to[i] = is_maximum ? i : pixel.higher != none ? leads_to[pixel.higher] : none;
  }
  return leads_to;
}

void describe(EcalPeak& peak, std::span<ShowerHit const> hits, ShowerEnergy const& energy) {
  std::sort(peak.hits.begin(), peak.hits.end());
  peak.sums = {};
  for (std::uint32_t i : peak.hits) peak.sums += hits[i].sums;
  peak.energy = energy.photon(peak.sums);
  Vector3 const centroid = peak.sums.centroid();
  peak.direction = (1 / core::length(centroid)) * centroid;
  std::vector<std::pair<double, double>> by_depth;
  double in_core = 0, square = 0;
  for (std::uint32_t i : peak.hits) {
    by_depth.emplace_back(hits[i].depth, hits[i].energy);
    double const t = transverse(hits[i].position, centroid, peak.direction);
    square += hits[i].energy * t * t;
    if (t < core_radius) in_core += hits[i].energy;
  }
  peak.width = std::sqrt(square / peak.sums.sum());
  peak.core_fraction = in_core / peak.sums.sum();
  std::sort(by_depth.begin(), by_depth.end());
  double sum = 0;
  for (auto const& [depth, e] : by_depth) {
    if (sum < 0.1 * peak.sums.sum()) peak.depth10 = depth;
    if (sum < 0.5 * peak.sums.sum()) peak.depth50 = depth;
    if (sum < 0.9 * peak.sums.sum()) peak.depth90 = depth;
    sum += e;
  }
}

}  // namespace

std::vector<EcalPeak> EcalPeakFinder::operator()(std::span<ShowerHit const> hits) const {
  PixelMap map(shell_, hits);
  find_higher(map);
  std::vector<std::uint32_t> leads_to = follow(map.pixels);

  // Maxima by falling energy, so that each finds the larger ones settled.
  std::vector<double> energy(map.pixels.size());
  for (std::uint32_t i = 0; i < leads_to.size(); ++i)
    if (leads_to[i] != none) energy[leads_to[i]] += map.pixels[i].energy;
  std::vector<std::uint32_t> maxima;
  for (std::uint32_t i = 0; i < leads_to.size(); ++i)
    if (leads_to[i] == i) maxima.push_back(i);
  std::sort(maxima.begin(), maxima.end(), [&](std::uint32_t a, std::uint32_t b) {
    auto const key = [&](std::uint32_t i) {
      Vector3 const place = map.pixels[i].place;
      return std::tuple(-energy[i], place.x, place.y, place.z);
    };
    return key(a) < key(b);
  });
  std::vector<std::uint32_t> peak_of(map.pixels.size(), none);
  std::vector<EcalPeak> peaks;
  for (std::uint32_t i : maxima) {
    std::uint32_t parent = none;
    double best = 1;
    map.visit_near(map.pixels[i], skirt_end, [&](std::uint32_t j, double distance) {
      if (leads_to[j] != j || j == i || peak_of[j] == none) return;
      double const limit = energy[j] * skirt_fraction * std::exp(-(distance - separation) / skirt_length);
      if (energy[i] < best * limit) {
        best = energy[i] / limit;
        parent = peak_of[j];
      }
    });
    if (parent == none) {
      parent = static_cast<std::uint32_t>(peaks.size());
      peaks.emplace_back().maximum = map.pixels[i].place;
    }
    peak_of[i] = parent;
  }
  for (std::uint32_t i = 0; i < leads_to.size(); ++i) {
    if (leads_to[i] == none) continue;
    EcalPeak& peak = peaks[peak_of[leads_to[i]]];
    auto const own = map.hits_of(i);
    peak.hits.insert(peak.hits.end(), own.begin(), own.end());
  }
  for (EcalPeak& peak : peaks) describe(peak, hits, energy_);
  std::sort(peaks.begin(), peaks.end(), [](EcalPeak const& a, EcalPeak const& b) {
    auto const key = [](EcalPeak const& p) {
      return std::tuple(-p.energy, p.maximum.x, p.maximum.y, p.maximum.z);
    };
    return key(a) < key(b);
  });
  return peaks;
}

}  // namespace corpuscle::pf
