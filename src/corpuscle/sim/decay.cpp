#include "corpuscle/sim/decay.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/event/particle_data.hpp"
#include "corpuscle/sim/directions.hpp"

namespace corpuscle::sim {
namespace {

struct Mode {
  std::int32_t parent;
  double branching;
  std::array<std::int32_t, 3> daughters;  ///< the last is 0 if there are two
};

/// Main modes (PDG 2024), those below 1 % left out and the rest rescaled. Particles; antiparticles follow.
constexpr std::array modes{
    Mode{13, 1.0, {11, -12, 14}},        Mode{111, 0.988, {22, 22, 0}},
    Mode{111, 0.012, {22, 11, -11}},     Mode{211, 1.0, {-13, 14, 0}},
    Mode{321, 0.6356, {-13, 14, 0}},     Mode{321, 0.2067, {211, 111, 0}},
    Mode{321, 0.0558, {211, 211, -211}}, Mode{321, 0.0507, {111, -11, 12}},
    Mode{321, 0.0335, {111, -13, 14}},   Mode{321, 0.0176, {211, 111, 111}},
    Mode{310, 0.6920, {211, -211, 0}},   Mode{310, 0.3069, {111, 111, 0}},
    Mode{130, 0.2028, {211, 11, -12}},   Mode{130, 0.2028, {-211, -11, 12}},
    Mode{130, 0.1352, {211, 13, -14}},   Mode{130, 0.1352, {-211, -13, 14}},
    Mode{130, 0.1952, {111, 111, 111}},  Mode{130, 0.1254, {211, -211, 111}},
    Mode{3122, 0.641, {2212, -211, 0}},  Mode{3122, 0.359, {2112, 111, 0}},
    Mode{3112, 1.0, {2112, -211, 0}},    Mode{3212, 1.0, {3122, 22, 0}},
    Mode{3222, 0.5147, {2212, 111, 0}},  Mode{3222, 0.4843, {2112, 211, 0}},
    Mode{3312, 1.0, {3122, -211, 0}},    Mode{3322, 1.0, {3122, 111, 0}},
    Mode{3334, 0.678, {3122, -321, 0}},  Mode{3334, 0.236, {3322, -211, 0}},
    Mode{3334, 0.086, {3312, 111, 0}},
};

std::int32_t antiparticle(std::int32_t pdg) {
  bool const is_its_own = pdg == 22 || pdg == 111 || pdg == 130 || pdg == 310;
  return is_its_own ? pdg : -pdg;
}

/// Momentum of each of two particles that a mass M at rest decays to.
double two_body_momentum(double M, double m1, double m2) {
  double const sum = m1 + m2;
  double const difference = m1 - m2;
  return std::sqrt(std::max(0., (M - sum) * (M + sum) * (M - difference) * (M + difference))) / (2 * M);
}

/// `momentum` of a particle of mass m in the rest frame of (mass M, momentum P), as seen from where P is.
core::Vector3 boosted(core::Vector3 momentum, double m, core::Vector3 P, double M) {
  double const energy = std::sqrt(core::dot(momentum, momentum) + m * m);
  double const parent_energy = std::sqrt(core::dot(P, P) + M * M);
  double const along = core::dot(momentum, P) / (M * (parent_energy + M)) + energy / M;
  return momentum + along * P;
}

void add_pair(Product& first, Product& second, double M, core::Vector3 P, core::Random& random) {
  core::Vector3 const p = two_body_momentum(M, first.mass, second.mass) * isotropic(random);
  first.momentum = boosted(p, first.mass, P, M);
  second.momentum = P - first.momentum;
}

}  // namespace

Product make_product(std::int32_t pdg, core::Vector3 momentum) {
  auto const data = event::find_particle(pdg);
  if (!data) throw core::DataError(core::cat("no particle data for PDG code ", pdg));
  return {pdg, data->charge, data->mass, momentum};
}

bool has_decays(std::int32_t pdg) {
  return std::any_of(modes.begin(), modes.end(), [&](Mode const& mode) {
    return mode.parent == pdg || (mode.parent == -pdg && antiparticle(mode.parent) == pdg);
  });
}

bool decay(std::int32_t pdg, double mass, core::Vector3 momentum, core::Random& random,
           std::vector<Product>& products) {
  products.clear();
  bool const is_anti = antiparticle(std::abs(pdg)) == pdg && pdg < 0;
  auto const is_open = [&](Mode const& mode) {
    if (mode.parent != (is_anti ? -pdg : pdg)) return false;
    double sum = 0;
    for (std::int32_t daughter : mode.daughters)
      if (daughter != 0) sum += make_product(daughter, {}).mass;
    return sum < mass;
  };
  double total = 0;
  for (Mode const& mode : modes)
    if (is_open(mode)) total += mode.branching;
  if (total == 0) return false;

  double left = total * random.uniform();
  Mode const* chosen = nullptr;
  for (Mode const& mode : modes) {
    if (!is_open(mode)) continue;
    chosen = &mode;
    left -= mode.branching;
    if (left < 0) break;
  }
  for (std::int32_t daughter : chosen->daughters)
    if (daughter != 0) products.push_back(make_product(is_anti ? antiparticle(daughter) : daughter, {}));

  if (products.size() == 2) {
    add_pair(products[0], products[1], mass, momentum, random);
    return true;
  }
  // Three bodies: the mass of the first two, m12, has the density p(M -> m12, m3) p(m12 -> m1, m2).
  double const m1 = products[0].mass;
  double const m2 = products[1].mass;
  double const m3 = products[2].mass;
  double const bound = two_body_momentum(mass, m1 + m2, m3) * two_body_momentum(mass - m3, m1, m2);
  double m12 = 0;
  do {
    m12 = random.uniform(m1 + m2, mass - m3);
  } while (random.uniform() * bound > two_body_momentum(mass, m12, m3) * two_body_momentum(m12, m1, m2));
  Product pair{0, 0, m12, {}};
  add_pair(products[2], pair, mass, momentum, random);
  add_pair(products[0], products[1], m12, pair.momentum, random);
  return true;
}

}  // namespace corpuscle::sim
