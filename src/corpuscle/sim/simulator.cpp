#include "corpuscle/sim/simulator.hpp"

#include <cmath>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/random.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/core/units.hpp"

namespace corpuscle::sim {
namespace {

using event::GenParticles;

/// The most that one event may bring in: ten times the energy of any planned collider. Time and memory grow
/// with it, 3 us and 50 hits per GeV.
constexpr double max_energy = 1e6 * units::GeV;

void require_finite(GenParticles const& particles) {
  std::pair<std::string_view, std::vector<double> const*> const columns[] = {
      {"px", &particles.px}, {"py", &particles.py}, {"pz", &particles.pz}, {"mass", &particles.mass},
      {"x", &particles.x},   {"y", &particles.y},   {"z", &particles.z}};
  for (auto const& [name, values] : columns)
    for (std::size_t row = 0; row < particles.size(); ++row)
      if (!std::isfinite((*values)[row]))
        throw core::DataError(core::cat("generated particle ", row, " (PDG ", particles.pdg[row], "): ", name,
                                        " is not a finite number"));
}

/// Beams that cross at an angle give every collision a momentum along x: a Lorentz boost with
/// beta gamma = tan(half the angle), as DD4hep's simulation applies it (detector.md 1.1).
void boost(GenParticles& particles, double crossing_angle) {
  double const beta_gamma = std::tan(crossing_angle / 2);
  double const gamma = std::sqrt(1 + beta_gamma * beta_gamma);
  for (std::size_t row = 0; row < particles.size(); ++row) {
    double const energy = particles.energy(row);
    particles.px[row] = gamma * particles.px[row] + beta_gamma * energy;
    double const x = particles.x[row];
    double const c_time = units::c_light * particles.time[row];
    particles.x[row] = gamma * x + beta_gamma * c_time;
    particles.time[row] = static_cast<float>((gamma * c_time + beta_gamma * x) / units::c_light);
  }
  // The table has no time for the end of a particle, but its daughters begin there.
  for (std::size_t row = 0; row < particles.size(); ++row)
    if (auto const daughters = particles.daughters[row]; !daughters.empty())
      particles.end_x[row] = particles.x[daughters.front().row()];
}

void displace(GenParticles& particles, core::Vector3 by) {
  for (std::size_t row = 0; row < particles.size(); ++row) {
    particles.x[row] += by.x;
    particles.y[row] += by.y;
    particles.z[row] += by.z;
    particles.end_x[row] += by.x;
    particles.end_y[row] += by.y;
    particles.end_z[row] += by.z;
  }
}

}  // namespace

Simulator::Simulator(detector::Detector const& detector, std::uint64_t seed)
    : detector_(detector),
      seed_(seed),
      geometry_(detector),
      fly_(detector, seed),
      em_shower_(geometry_),
      hadron_shower_(geometry_, detector.field),
      digitise_(geometry_) {}

event::Event Simulator::operator()(GenParticles particles, std::int64_t run, std::int64_t number,
                                   bool head_on) {
  require_finite(particles);
  auto const stream = [&](std::uint64_t particle, Purpose purpose) {
    return core::key_of({seed_, static_cast<std::uint64_t>(run), static_cast<std::uint64_t>(number), particle,
                         static_cast<std::uint64_t>(purpose)});
  };
  if (head_on) {
    boost(particles, detector_.crossing_angle);
    core::Random random(stream(0, Purpose::beam_spot));
    detector::Simulation const& beam = detector_.simulation;
    double const x = beam.beam_spot_x * random.normal();
    double const y = beam.beam_spot_y * random.normal();
    displace(particles, {x, y, beam.beam_spot_z * random.normal()});
  }

  event::Event event;
  event.run = run;
  event.number = number;
  event.truth.particles = std::move(particles);
  account_ = {};
  hits_.clear();
  GenParticles& truth = event.truth.particles;
  for (std::size_t row = 0; row < truth.size(); ++row)
    if (truth.generator_status[row] == 1) account_.in += truth.energy(row);
  if (!(account_.in <= max_energy))
    throw core::DataError(core::cat("its particles have ", account_.in, " GeV in all, more than the ",
                                    max_energy, " that can be simulated"));

  fly_(event, at_calorimeter_, account_);
  for (Flight const& flight : at_calorimeter_) {
    std::size_t const row = flight.particle.row();
    core::Random random(stream(row, Purpose::calorimeter));
    HadronShower::End end{status::decayed_in_calorimeter, flight.position};
    if (flight.pdg == 22) {
      em_shower_(flight, flight.energy(), EmShower::Kind::photon, random, hits_, account_);
    } else if (std::abs(flight.pdg) == 11) {
      em_shower_(flight, flight.energy(), EmShower::Kind::electron, random, hits_, account_);
    } else {
      end = hadron_shower_(flight, random, hits_, account_);
    }
    truth.simulator_status[row] |= end.status;
    truth.end_x[row] = end.position.x;
    truth.end_y[row] = end.position.y;
    truth.end_z[row] = end.position.z;
  }
  digitise_(hits_, stream(0, Purpose::digitisation), event, account_);
  return event;
}

}  // namespace corpuscle::sim
