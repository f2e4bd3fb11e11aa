#include "corpuscle/sim/hadron_shower.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "corpuscle/core/units.hpp"
#include "corpuscle/sim/directions.hpp"

namespace corpuscle::sim {
namespace {

using core::Vector3;

constexpr double nucleon_mass = 0.9389;  // mean of both
constexpr double pion_mass = 0.13957;
constexpr double kaon_mass = 0.4976;

// The cascade. Tuned together on CLICdet, K0L of 2 to 100 GeV, on: the electromagnetic fraction (Groom's
// formula, detector.md 3.7), the resolution (2.3, 10 to 25 % worse as there is no software compensation), the
// hits per GeV (3.3), the depth that holds 95 % of the energy (3.6). Compared afterwards with the hadrons of
// clic_ttbar365_sim: deciles of the hit energies agree within 15 %, the hits per particle within their
// errors.

/// Mean number of particles beside the leading one: multiplicity + multiplicity_growth * ln(E / GeV).
constexpr double multiplicity = 1.8;
constexpr double multiplicity_growth = 2.2;
/// Chances of a particle beside the leading one; the rest are charged pions.
constexpr double pi0_chance = 0.29;
constexpr double neutral_chance = 0.13;
constexpr double proton_chance = 0.11;
/// That a leading pion changes into a pi0.
constexpr double exchange_chance = 0.29;
constexpr double mean_pt = 0.38;  ///< transverse momentum [GeV]
/// Nothing flies on with less energy [GeV].
constexpr double least_energy = 0.2;
/// Energy left in the nucleus [GeV]: mean at high energies, per root of its charge; 0.7 GeV for iron.
constexpr double excitation = 0.14;

// What the nucleus does with that energy.
constexpr double binding = 0.36;  ///< mean invisible part ...
/// ... and a + b of its Beta distribution: so small that it is nearly all or nothing.
constexpr double binding_constancy = 0.2;
constexpr double neutron_part = 0.35;  ///< of the rest
constexpr double proton_reach = 15;    ///< mean distance of spots [mm]
constexpr double neutron_reach = 120;  ///< [mm]; 60 cm hold all of them (detector.md 3.7)
constexpr double neutron_delay = 8;    ///< [ns]; T3B (detector.md 3.7)
constexpr double spot_energy = 0.08;   ///< mean energy of a spot [GeV]: a slow proton or more

/// Muons: probability per radiation length, and per unit of ln E, of an electromagnetic burst with a 1/E
/// spectrum: b X0 = 6e-6 cm2/g * 13.8 g/cm2 (detector.md 3.4, iron).
constexpr double burst_rate = 8.3e-5;
constexpr double least_burst = 0.1;  // [GeV]

/// Particles so slow [GeV of kinetic energy] are where they are.
constexpr double at_rest = 1e-9;

struct Nature {
  Matter matter = Matter::exotic;
  double rest_mass = 0;  ///< Traveller::rest_mass
};

/// By the PDG numbering scheme (PDG review, section 45).
Nature nature_of(Flight const& flight) {
  std::int64_t const code = std::abs(static_cast<std::int64_t>(flight.pdg));
  bool const is_antiparticle = flight.pdg < 0;
  if (code > 1'000'000'000)
    return is_antiparticle ? Nature{Matter::antibaryon, -flight.mass} : Nature{Matter::nucleus, flight.mass};
  if (code == 13) return {Matter::muon, 0};
  bool const is_hadron = code > 100 && (code / 100) % 10 != 0;
  if (!is_hadron) return {};
  if ((code / 1000) % 10 == 0) {
    bool const is_strange = (code / 100) % 10 == 3 || code == 130;
    return {is_strange ? Matter::kaon : Matter::pion, 0};
  }
  // A baryon leaves a nucleon in the end.
  bool const is_nucleon = code == 2212 || code == 2112;
  double const rest = is_nucleon ? flight.mass : std::min(nucleon_mass, flight.mass);
  return is_antiparticle ? Nature{Matter::antibaryon, -rest} : Nature{Matter::nucleon, rest};
}

/// Gamma deviate of shape 2, scaled to mean 1: how energies are shared, and how transverse momenta fall.
double gamma_two(core::Random& random) {
  return -0.5 * std::log(random.uniform() * random.uniform());
}

}  // namespace

HadronShower::HadronShower(CaloGeometry const& geometry, double inner_field)
    : geometry_(&geometry), walk_(geometry, inner_field), em_shower_(geometry) {}

HadronShower::End HadronShower::operator()(Flight const& flight, core::Random& random, HitMap& hits,
                                           EnergyAccount& account) {
  Nature const nature = nature_of(flight);
  double const p = core::length(flight.momentum);
  double const energy = flight.energy();
  if (nature.matter == Matter::exotic && flight.charge == 0) {
    account.invisible += energy;
    return {status::left_detector, flight.position};
  }
  Traveller primary;
  primary.position = flight.position;
  primary.direction = p > 0 ? 1 / p * flight.momentum : Vector3{1, 0, 0};
  primary.kinetic = p > 0 ? p * p / (energy + flight.mass) : 0;
  primary.mass = flight.mass;
  primary.charge = flight.charge;
  primary.time = flight.time;
  primary.matter = nature.matter;
  primary.rest_mass = nature.rest_mass;
  primary.locked = flight.mass - nature.rest_mass;

  Deposits const out{flight.particle, random, hits, account};
  End result;
  bool is_primary = true;
  waiting_.assign(1, primary);
  while (!waiting_.empty()) {
    Traveller particle = waiting_.back();
    waiting_.pop_back();
    TrackWalk::End const end = follow(particle, out);
    if (is_primary) {
      result.position = particle.position;
      result.status = end == TrackWalk::End::interacted ? status::decayed_in_calorimeter
                      : end == TrackWalk::End::stopped  ? status::stopped
                                                        : status::left_detector;
      is_primary = false;
    }
    switch (end) {
      case TrackWalk::End::interacted:
        account.rest_mass += particle.rest_mass;
        interact(particle, out);
        break;
      case TrackWalk::End::stopped:
        account.rest_mass += particle.rest_mass;
        come_to_rest(particle, out);
        break;
      case TrackWalk::End::left:
        (geometry_->encloses(particle.position) ? account.dead : account.leaked) +=
            particle.kinetic + particle.locked + particle.rest_mass;
    }
  }
  return result;
}

TrackWalk::End HadronShower::follow(Traveller& particle, Deposits const& out) {
  if (particle.kinetic < at_rest) return TrackWalk::End::stopped;
  constexpr double never = std::numeric_limits<double>::infinity();
  if (particle.matter == Matter::exotic) return walk_(particle, never, out);
  if (particle.matter != Matter::muon) return walk_(particle, out.random.exponential(), out);
  while (true) {
    double const range = std::log(particle.kinetic / least_burst);
    double const depth = range > 0 ? out.random.exponential() / (burst_rate * range) : never;
    TrackWalk::End const end = walk_(particle, depth, out);
    if (end != TrackWalk::End::interacted) return end;
    if (particle.kinetic < least_burst) continue;
    double const burst = least_burst * std::pow(particle.kinetic / least_burst, out.random.uniform());
    particle.kinetic -= burst;
    start_em_shower(particle, particle.direction, burst, EmShower::Kind::electron, out);
  }
}

void HadronShower::come_to_rest(Traveller const& particle, Deposits const& out) {
  double const energy = particle.kinetic + particle.locked;
  if (!(energy > 0)) return;
  // Parts of the energy that are seen at once, or after a delay; neutrinos and nuclei take the rest.
  double prompt = 0;
  double delayed = 0;
  double delay = 0;  // [ns]
  switch (particle.matter) {
    case Matter::antibaryon: return interact(particle, out);
    case Matter::nucleon:
    case Matter::nucleus: return excite_nucleus(particle, energy, out);
    case Matter::exotic: out.account.rest_mass += energy; return;
    case Matter::muon:
      delayed = 1. / 3;  // the electron
      delay = 2197;
      break;
    case Matter::pion:
      if (particle.charge > 0) {  // decays to a muon of 4.1 MeV, and that to an electron
        prompt = 0.03;
        delayed = 0.25;
        delay = 2197;
      } else {  // is captured: a star of 20 to 100 MeV (detector.md 3.4)
        prompt = out.random.uniform(0.14, 0.7);
      }
      break;
    case Matter::kaon:
      // K+: mostly a muon and its neutrino; K- and K0 make a hyperon.
      (particle.charge > 0 ? delayed : prompt) = 0.4;
      delay = 12.4;
  }
  out.account.invisible += (1 - prompt - delayed) * energy;
  scatter_spots(particle, prompt * energy, proton_reach, 0, out);
  scatter_spots(particle, delayed * energy, proton_reach, delay, out);
}

void HadronShower::interact(Traveller const& particle, Deposits const& out) {
  core::Random& random = out.random;
  double const energy = particle.kinetic + particle.locked;
  // Of each hadron that interacts, what the nucleus gets. Slow ones are absorbed.
  std::uint64_t const cell = geometry_->cell_near(particle.position);
  auto const stack = cell == 0 ? 0 : static_cast<std::size_t>(geometry_->plane_of(cell).stack);
  double const most = excitation * std::sqrt(geometry_->description().stacks[stack].z_effective);
  double nuclear = std::min(energy, most * (1 - std::exp(-energy / most)) * gamma_two(random));
  double const fast = energy - nuclear;
  if (fast < least_energy) return excite_nucleus(particle, energy, out);

  constexpr std::size_t max_count = 64;
  std::array<double, max_count> shares;
  auto const count = std::min<std::size_t>(
      max_count, 1 + random.poisson(std::max(0., multiplicity + multiplicity_growth * std::log(fast))));
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i) sum += shares[i] = gamma_two(random);

  for (std::size_t i = 0; i < count; ++i) {
    double const share = fast * shares[i] / sum;
    if (share < least_energy) {
      nuclear += share;
      continue;
    }
    bool is_pi0 = false;
    bool is_neutral = false;
    Traveller made;
    made.matter = i == 0 ? particle.matter : Matter::pion;
    double const dice = random.uniform();
    if (i > 0) {
      is_pi0 = dice < pi0_chance;
      if (!is_pi0 && dice < pi0_chance + neutral_chance + proton_chance) {
        made.matter = Matter::nucleon;
        is_neutral = dice < pi0_chance + neutral_chance;
      }
    } else if (particle.matter == Matter::pion || particle.matter == Matter::antibaryon) {
      made.matter = Matter::pion;
      is_pi0 = dice < exchange_chance;
    } else {
      if (particle.matter == Matter::nucleus) made.matter = Matter::nucleon;
      is_neutral = dice < 0.5;
    }
    if (made.matter == Matter::kaon && share < 2 * kaon_mass) made.matter = Matter::nucleon;

    bool const is_baryon = made.matter == Matter::nucleon;
    made.mass = is_baryon ? nucleon_mass : made.matter == Matter::kaon ? kaon_mass : pion_mass;
    made.locked = is_baryon ? 0 : made.mass;
    made.kinetic = share - made.locked;
    // What annihilates at rest has no direction.
    double const pt = mean_pt * gamma_two(random);
    double const p = made.momentum();
    bool const is_loose =
        pt >= p || (particle.matter == Matter::antibaryon && random.uniform() * energy < particle.locked);
    made.direction = is_loose
                         ? isotropic(random)
                         : direction_around(particle.direction, std::sqrt(1 - pt * pt / (p * p)), random);
    if (is_pi0) {
      start_em_shower(particle, made.direction, share, EmShower::Kind::photon, out);
      continue;
    }
    made.charge = is_neutral ? 0 : is_baryon || random.uniform() < 0.5 ? 1 : -1;
    made.position = particle.position;
    made.time = particle.time;
    waiting_.push_back(made);
  }
  excite_nucleus(particle, nuclear, out);
}

void HadronShower::excite_nucleus(Traveller const& at, double energy, Deposits const& out) {
  double const invisible =
      energy * out.random.beta(binding * binding_constancy, (1 - binding) * binding_constancy);
  double const neutrons = neutron_part * (energy - invisible);
  out.account.invisible += invisible;
  scatter_spots(at, energy - invisible - neutrons, proton_reach, 0, out);
  scatter_spots(at, neutrons, neutron_reach, neutron_delay, out);
}

void HadronShower::start_em_shower(Traveller const& at, Vector3 direction, double energy, EmShower::Kind kind,
                                   Deposits const& out) {
  Flight start;
  start.particle = out.owner;
  start.position = at.position;
  start.momentum = energy * direction;
  start.time = at.time;
  em_shower_(start, energy, kind, out.random, out.hits, out.account);
}

void HadronShower::scatter_spots(Traveller const& at, double energy, double radius, double delay,
                                 Deposits const& out) {
  // Spots follow each other at exponential distances in energy, and each stands for the energy since the one
  // before; the last takes the rest, and is no spot of its own: so their mean number is energy / spot_energy.
  std::uint64_t cell = 0;
  double left = energy;
  while (left > 0) {
    double const next = spot_energy * out.random.exponential();
    bool const is_rest = next >= left;
    double const share = is_rest ? left : next;
    left -= share;
    double distance = radius * out.random.exponential();
    Vector3 const direction = isotropic(out.random);
    Vector3 point;
    if (!is_rest || cell == 0) {
      // Nothing stops in the gaps between calorimeters: look nearer.
      constexpr int max_tries = 3;
      cell = 0;
      for (int tries = 0; tries < max_tries && cell == 0; ++tries, distance *= 0.5) {
        point = at.position + distance * direction;
        cell = geometry_->cell_near(point);
      }
    }
    if (cell == 0) {
      (geometry_->encloses(point) ? out.account.dead : out.account.leaked) += share;
      continue;
    }
    Plane const& plane = geometry_->plane_of(cell);
    detector::Stack const& stack = geometry_->description().stacks[static_cast<std::size_t>(plane.stack)];
    double const deposit =
        is_rest ? 0 : plane.signal * stack.hadron_sampling * spot_energy * out.random.exponential();
    double time = at.time + 2 * distance / units::c_light;  // at half the speed of light
    if (delay > 0) time += delay * out.random.exponential();
    out.hits.add(cell, out.owner, static_cast<float>(deposit), static_cast<float>(share),
                 static_cast<float>(time));
  }
}

}  // namespace corpuscle::sim
