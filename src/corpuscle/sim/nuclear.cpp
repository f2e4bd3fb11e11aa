#include "corpuscle/sim/nuclear.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "corpuscle/sim/directions.hpp"

namespace corpuscle::sim {
namespace {

constexpr std::int32_t proton = 2212;
constexpr std::int32_t neutron = 2112;
constexpr double pion_mass = 0.1396;      // [GeV]; a bound, the products have their own
constexpr double transverse_sigma = 0.3;  // [GeV] in each direction: mean transverse momentum 0.38 GeV

bool is_baryon(std::int32_t pdg) {
  return std::abs(pdg) > 1000 && std::abs(pdg) < 10000;
}

/// What the projectile has become: itself, or its neighbour in charge.
std::int32_t leading_particle(std::int32_t pdg, core::Random& random) {
  if (random.uniform() < 0.6) return pdg;
  std::int32_t const neutral_kaon = random.uniform() < 0.5 ? 130 : 310;
  switch (pdg) {
    case proton: return neutron;
    case neutron: return proton;
    case 321:
    case -321: return neutral_kaon;
    case 130:
    case 310: return random.uniform() < 0.5 ? 321 : -321;
    case 211:
    case -211: return 111;
    default: return pdg;
  }
}

std::int32_t pion(int charge) {
  return charge == 0 ? 111 : charge * 211;
}

double momentum_of(double kinetic, double mass) {
  return std::sqrt(kinetic * (kinetic + 2 * mass));
}

}  // namespace

NuclearRemnant interact(Flight const& projectile, core::Random& random, std::vector<Product>& products) {
  products.clear();
  NuclearRemnant remnant;
  double const in = projectile.energy();
  double const p = core::length(projectile.momentum);
  core::Vector3 const axis = p > 0 ? (1 / p) * projectile.momentum : core::Vector3{0, 0, 1};

  double free = in;  // energy not yet given away
  int charge = static_cast<int>(std::lround(projectile.charge)) + (random.uniform() < 0.5 ? 1 : 0);
  bool const annihilates = is_baryon(projectile.pdg) && projectile.pdg < 0;
  if (annihilates) {
    double const nucleon_mass = make_product(proton, {}).mass;
    free += nucleon_mass;
    remnant.mass_taken += nucleon_mass;
  } else {
    products.push_back(make_product(leading_particle(projectile.pdg, random), {}));
    if (products.front().mass >= free)
      products.front() = {projectile.pdg, projectile.charge, projectile.mass, {}};
    free -= products.front().mass;
    charge -= static_cast<int>(products.front().charge);
  }

  // Nuclear excitation and binding, then nucleons knocked out of the nucleus.
  double const excitation = std::min(0.4 * free, 0.15 + 0.15 * random.exponential());
  free -= excitation;
  std::size_t const n_knocked = random.poisson(0.7);
  for (std::size_t i = 0; i < n_knocked; ++i) {
    double const kinetic = std::min(0.06 * random.exponential(), 0.1 * free);
    Product nucleon = make_product(random.uniform() < 0.5 ? proton : neutron, {});
    nucleon.momentum =
        momentum_of(kinetic, nucleon.mass) * direction_around(axis, random.uniform(-1, 1), random);
    remnant.mass_taken += nucleon.mass;
    free -= kinetic;
    products.push_back(nucleon);
  }

  // Pions, as many as the energy allows. The leading particle takes part in the sharing at its own weight.
  std::size_t const first_pion = products.size();
  auto const affordable = static_cast<std::uint64_t>(free / (2 * pion_mass));
  std::uint64_t const n_least = annihilates ? 2 : 0;
  std::uint64_t const n_pions =
      std::min(affordable, std::max(n_least, random.poisson(1 + 1.3 * std::log1p(free))));
  for (std::uint64_t i = 0; i < n_pions; ++i) {
    int pion_charge = static_cast<int>(3 * random.uniform()) - 1;
    if (i + 1 == n_pions) pion_charge = std::clamp(charge, -1, 1);
    charge -= pion_charge;
    products.push_back(make_product(pion(pion_charge), {}));
    free -= products.back().mass;
  }
  double weights = annihilates ? 0 : 2.5 * random.exponential();
  double const leading_weight = weights;
  auto const launch = [&](Product& product, double kinetic) {
    double const momentum = momentum_of(kinetic, product.mass);
    double const transverse =
        std::min(transverse_sigma * std::sqrt(2 * random.exponential()), 0.9 * momentum);
    double const cosine = momentum > 0 ? std::sqrt(1 - transverse * transverse / (momentum * momentum)) : 1;
    product.momentum = momentum * direction_around(axis, cosine, random);
  };
  for (std::size_t i = first_pion; i < products.size(); ++i) {
    products[i].momentum.x = random.exponential();  // the weight, until the sum is known
    weights += products[i].momentum.x;
  }
  if (weights > 0) {
    if (!annihilates) launch(products.front(), free * leading_weight / weights);
    for (std::size_t i = first_pion; i < products.size(); ++i)
      launch(products[i], free * products[i].momentum.x / weights);
  }

  // The remnant is what is left, so that the balance is exact.
  double out = 0;
  for (Product const& product : products)
    out += std::sqrt(core::dot(product.momentum, product.momentum) + product.mass * product.mass);
  double const rest = in + remnant.mass_taken - out;
  remnant.invisible = 0.5 * rest;
  remnant.deposit = rest - remnant.invisible;
  return remnant;
}

}  // namespace corpuscle::sim
