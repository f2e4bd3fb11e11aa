#include "corpuscle/pf/shower.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace corpuscle::pf {

void describe(Shower& shower, std::span<ShowerHit const> hits, ShowerEnergy const& energy) {
  std::sort(shower.hits.begin(), shower.hits.end());
  shower.sums = {};
  std::vector<std::pair<double, double>> by_depth;
  for (std::uint32_t i : shower.hits) {
    shower.sums += hits[i].sums;
    by_depth.emplace_back(hits[i].depth, hits[i].energy);
  }
  bool const is_electromagnetic =
      shower.kind == Shower::Kind::photon || shower.kind == Shower::Kind::electron;
  shower.energy = is_electromagnetic ? energy.photon(shower.sums) : energy.hadron(shower.sums);
  std::sort(by_depth.begin(), by_depth.end());
  double sum = 0;
  shower.first_depth = 0;
  for (auto const& [depth, e] : by_depth) {
    shower.first_depth = depth;
    sum += e;
    if (sum >= 0.1 * shower.sums.sum()) break;
  }
}

double excess(double shower_energy, double track_energy, detector::HitParticleFlow const& parameters) {
  double const stochastic = parameters.hadronic_stochastic * std::sqrt(track_energy);
  return (shower_energy - track_energy) / std::hypot(stochastic, parameters.hadronic_constant * track_energy);
}

}  // namespace corpuscle::pf
