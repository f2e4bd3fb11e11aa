#include "corpuscle/generate/gun.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <string_view>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/random.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/core/units.hpp"
#include "corpuscle/event/particle_data.hpp"

namespace corpuscle::generate {
namespace {

constexpr std::uint64_t gun_stream = 0x67756e;  // keeps our numbers apart from others of the same seed
constexpr double max_energy = 1e5;              // [GeV], beyond any collider
constexpr int max_multiplicity = 1'000'000;

void check_range(std::string_view what, double low, double high, double lowest, double highest,
                 double unit = 1, std::string_view unit_name = "") {
  if (low >= lowest && high <= highest && low <= high) return;  // false for NaN
  throw core::ConfigError(core::cat("particle gun: ", what, " from ", low / unit, " to ", high / unit,
                                    " is not a range within ", lowest / unit, " to ", highest / unit,
                                    unit_name));
}

event::ParticleData checked_particle(GunConfig const& config) {
  auto const particle = event::find_particle(config.pdg);
  if (!particle)
    throw core::ConfigError(
        core::cat("particle gun: PDG code ", config.pdg,
                  " is not in the particle table (22, 11, 13, 111, 130, 211, 310, 321, 2112, "
                  "2212, 3122, ... and their antiparticles)"));
  bool const is_short_lived = particle->c_tau < 10 * units::mm && config.pdg != 111;
  if (is_short_lived)
    throw core::ConfigError(core::cat("particle gun: the particle with PDG code ", config.pdg,
                                      " decays after ", particle->c_tau, " mm; generate it with a process"));
  check_range("energy", config.energy_min, config.energy_max, particle->mass, max_energy, units::GeV, " GeV");
  constexpr double turn = 2 * std::numbers::pi;
  check_range("theta", config.theta_min, config.theta_max, 0, turn / 2, units::degree, " degrees");
  check_range("phi", config.phi_min, config.phi_max, -turn, turn, units::degree, " degrees");
  check_range("multiplicity", config.multiplicity_min, config.multiplicity_max, 0, max_multiplicity);
  if (config.spectrum == EnergySpectrum::logarithmic && config.energy_min <= 0)
    throw core::ConfigError("particle gun: a logarithmic spectrum cannot start at energy 0");
  return *particle;
}

class Gun : public Generator {
 public:
  Gun(GunConfig const& config, std::uint64_t seed)
      : config_(config), particle_(checked_particle(config)), seed_(seed) {}

  GeneratorFrame frame() const override { return GeneratorFrame::detector; }

  event::GenParticles operator()(std::int64_t number) override {
    core::Random random{seed_, static_cast<std::uint64_t>(number), gun_stream};
    event::GenParticles particles;
    particles.resize(draw_multiplicity(random));  // zeros are right for all but what follows
    for (std::size_t i = 0; i < particles.size(); ++i) {
      double const energy = draw_energy(random);
      double const mass = particle_.mass;
      double const momentum = std::sqrt(std::max(0., (energy - mass) * (energy + mass)));
      double const theta = random.uniform(config_.theta_min, config_.theta_max);
      double const phi = random.uniform(config_.phi_min, config_.phi_max);
      particles.pdg[i] = particle_.pdg;
      particles.generator_status[i] = 1;
      particles.charge[i] = particle_.charge;
      particles.mass[i] = mass;
      particles.px[i] = momentum * std::sin(theta) * std::cos(phi);
      particles.py[i] = momentum * std::sin(theta) * std::sin(phi);
      particles.pz[i] = momentum * std::cos(theta);
      particles.parents.end_row();
      particles.daughters.end_row();
    }
    return particles;
  }

 private:
  std::size_t draw_multiplicity(core::Random& random) const {
    double const choices = config_.multiplicity_max - config_.multiplicity_min + 1;
    return static_cast<std::size_t>(config_.multiplicity_min + std::floor(choices * random.uniform()));
  }

  double draw_energy(core::Random& random) const {
    double const fraction = random.uniform();
    if (config_.spectrum == EnergySpectrum::flat)
      return std::lerp(config_.energy_min, config_.energy_max, fraction);
    double const energy = config_.energy_min * std::pow(config_.energy_max / config_.energy_min, fraction);
    return std::clamp(energy, config_.energy_min, config_.energy_max);  // rounding
  }

  GunConfig config_;
  event::ParticleData particle_;
  std::uint64_t seed_;
};

}  // namespace

std::unique_ptr<Generator> make_gun(GunConfig const& config, std::uint64_t seed) {
  return std::make_unique<Gun>(config, seed);
}

}  // namespace corpuscle::generate
