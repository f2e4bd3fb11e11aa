#include "corpuscle/eval/four_vector.hpp"

#include <algorithm>
#include <numeric>
#include <tuple>

namespace corpuscle::eval {
namespace {

auto key(FourVector const& p) {
  return std::tuple(-p.energy, p.px, p.py, p.pz);
}

bool is_usable(FourVector const& p) {
  double const length = core::length(p.momentum());
  return std::isfinite(p.energy) && std::isfinite(length) && p.energy > 0 && length > 0;
}

}  // namespace

std::vector<std::uint32_t> canonical_order(std::span<FourVector const> particles) {
  std::vector<std::uint32_t> order(particles.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(),
            [&](std::uint32_t a, std::uint32_t b) { return key(particles[a]) < key(particles[b]); });
  return order;
}

std::vector<Particle> usable_particles(event::Particles const& particles) {
  std::vector<Particle> result;
  result.reserve(particles.size());
  for (std::size_t row = 0; row < particles.size(); ++row) {
    FourVector const p{particles.px[row], particles.py[row], particles.pz[row], particles.energy[row]};
    if (is_usable(p))
      result.push_back(
          {p, particles.particle_class[row], particles.charge[row], static_cast<std::uint32_t>(row)});
  }
  std::sort(result.begin(), result.end(), [](Particle const& a, Particle const& b) {
    return std::tuple_cat(key(a.p), std::tuple(a.particle_class, a.charge)) <
           std::tuple_cat(key(b.p), std::tuple(b.particle_class, b.charge));
  });
  return result;
}

}  // namespace corpuscle::eval
