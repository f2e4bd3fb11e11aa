#include "corpuscle/generate/pythia.hpp"

#include <Pythia8/Pythia.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/random.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/core/units.hpp"
#include "corpuscle/generate/ancestry.hpp"

namespace corpuscle::generate {
namespace {

constexpr std::uint64_t pythia_stream = 0x707974686961;
constexpr int max_attempts = 10;

/// Our random numbers, in Pythia.
class Engine : public Pythia8::RndmEngine {
 public:
  void start(std::uint64_t key) { random_ = core::Random(key); }
  double flat() override { return random_.uniform(); }

 private:
  // Searches for maxima at initialisation must not depend on the seed: each event would.
  core::Random random_{pythia_stream};
};

/// Accepts events according to the polarisation of the beams.
class Polarise : public Pythia8::UserHooks {
 public:
  explicit Polarise(BeamPolarisation beams) : beams_(beams), maximum_(max_polarisation_weight(beams)) {}

  bool canVetoProcessLevel() override { return true; }

  bool doVetoProcessLevel(Pythia8::Event& process) override {
    for (int i = 5; i < process.size();
         ++i) {  // 1, 2: beams; 3, 4: what collides; then the fermions or their Z
      Pythia8::Particle const& fermion = process[i];
      if (fermion.id() < 1 || fermion.id() > 16) continue;
      // The antifermion is the neighbour.
      Pythia8::Vec4 const pair = fermion.p() + process[i + 1 < process.size() ? i + 1 : i - 1].p();
      Pythia8::Vec4 direction = fermion.p();
      Pythia8::Vec4 beam = process[3].id() == 11 ? process[3].p() : process[4].p();
      direction.bstback(pair);
      beam.bstback(pair);
      double const weight = polarisation_weight(beams_, fermion.id(), fermion.m(), pair.mCalc(),
                                                Pythia8::costheta(direction, beam));
      return rndmPtr->flat() * maximum_ >= weight;
    }
    return false;
  }

 private:
  BeamPolarisation beams_;
  double maximum_;
};

/// All that Pythia has complained of so far.
std::string complaints(Pythia8::Pythia& pythia) {
  std::string text;
  for (auto const& [message, times] : pythia.logger) text += core::cat("\n  ", message);
  return text.empty() ? " nothing" : text;
}

/// Appends the mothers of entry `i`: the rules of Pythia's manual, "Particle Properties".
void append_mothers(Pythia8::Event const& record, int i, Parents& parents) {
  Pythia8::Particle const& particle = record[i];
  int const first = particle.mother1();
  int const second = particle.mother2();
  int const status = particle.statusAbs();
  bool const is_range = second > first && ((status > 80 && status < 90) || (status > 100 && status < 107));
  auto const append = [&](int mother) {
    if (mother > 0) parents.values.emplace_back(static_cast<std::size_t>(mother - 1));
  };
  if (is_range) {
    for (int mother = first; mother <= second; ++mother) append(mother);
  } else {
    append(first);
    if (second != first) append(second);
  }
  parents.end_row();
}

void set_row(event::GenParticles& particles, std::size_t row, Pythia8::Particle const& from) {
  particles.pdg[row] = from.id();
  particles.generator_status[row] = from.statusHepMC();
  particles.charge[row] = static_cast<float>(from.charge());
  particles.mass[row] = from.m();
  particles.px[row] = from.px();
  particles.py[row] = from.py();
  particles.pz[row] = from.pz();
  particles.x[row] = from.xProd();  // mm and mm/c
  particles.y[row] = from.yProd();
  particles.z[row] = from.zProd();
  particles.time[row] = static_cast<float>(from.tProd() / units::c_light);
}

/// A particle ends where its daughters begin, or else where it is: the simulation moves it.
void set_end_points(event::GenParticles& particles) {
  for (std::size_t row = 0; row < particles.size(); ++row) {
    std::size_t const at = particles.daughters[row].empty() ? row : particles.daughters[row].front().row();
    particles.end_x[row] = particles.x[at];
    particles.end_y[row] = particles.y[at];
    particles.end_z[row] = particles.z[at];
  }
}

class PythiaGenerator : public Generator {
 public:
  PythiaGenerator(Process const& process, std::uint64_t seed, PythiaOptions const& options)
      : name_(process.name), seed_(seed), engine_(std::make_shared<Engine>()), pythia_("", false) {
    set("Print:quiet = on");
    bool const is_photons = process.beams == Beams::photon_photon;
    set(core::cat("Beams:idA = ", is_photons ? 22 : 11));
    set(core::cat("Beams:idB = ", is_photons ? 22 : -11));
    set(core::cat("Beams:eCM = ", process.energy));
    set(core::cat("PDF:lepton = ", options.initial_state_radiation ? "on" : "off"));
    set("ParticleDecays:limitTau0 = on");
    set("ParticleDecays:tau0Max = 10");  // mm
    for (std::string const& setting : process.pythia) set(setting);
    polarise(process, options.polarisation);
    pythia_.setRndmEnginePtr(engine_);
    if (!pythia_.init())
      throw core::ConfigError(
          core::cat("process '", name_, "': Pythia refuses it and says:", complaints(pythia_)));
  }

  GeneratorFrame frame() const override { return GeneratorFrame::collision; }

  event::GenParticles operator()(std::int64_t number) override {
    for (std::uint64_t attempt = 0; attempt < max_attempts; ++attempt) {
      engine_->start(core::key_of({seed_, static_cast<std::uint64_t>(number), attempt, pythia_stream}));
      if (pythia_.next()) return convert(pythia_.event);
    }
    throw core::EnvironmentError(core::cat("process '", name_, "', event ", number, ": Pythia failed ",
                                           max_attempts, " times; it has said:", complaints(pythia_)));
  }

 private:
  void set(std::string const& setting) {
    if (!pythia_.readString(setting, false))
      throw core::ConfigError(
          core::cat("process '", name_, "': Pythia does not take the setting '", setting, "'"));
  }

  void polarise(Process const& process, BeamPolarisation beams) {
    bool const is_possible = std::abs(beams.electron) <= 1 && std::abs(beams.positron) <= 1;
    if (!is_possible) throw core::ConfigError("a beam polarisation lies between -1 and 1");
    if (beams.electron == 0 && beams.positron == 0) return;
    if (process.polarisation == PolarisationEffect::unsupported)
      throw core::ConfigError(core::cat("process '", name_,
                                        "' cannot be made with polarised beams: Pythia knows ",
                                        "none, and our weights are for fermion pairs and for ZH only"));
    if (max_polarisation_weight(beams) == 0)
      throw core::ConfigError("beams of equal and full polarisation do not annihilate");
    if (process.polarisation == PolarisationEffect::fermion_pair)
      pythia_.setUserHooksPtr(std::make_shared<Polarise>(beams));
  }

  event::GenParticles convert(Pythia8::Event const& record) {
    int const size = record.size();  // entry 0 stands for the event
    Parents parents;
    for (int i = 1; i < size; ++i) append_mothers(record, i, parents);
    std::vector<std::uint32_t> const order = parents_first(parents);
    if (order.size() != parents.size())
      throw core::Error(core::ExitCode::bug,
                        core::cat("process '", name_, "': Pythia's history has a cycle"));

    event::GenParticles particles;
    particles.resize(order.size());
    std::vector<std::uint32_t> row_of(parents.size());
    for (std::uint32_t row = 0; row < order.size(); ++row) row_of[order[row]] = row;
    for (std::size_t row = 0; row < order.size(); ++row) {
      set_row(particles, row, record[static_cast<int>(order[row]) + 1]);
      for (event::GenParticleId parent : parents[order[row]])
        particles.parents.values.emplace_back(row_of[parent.row()]);
      particles.parents.end_row();
    }
    particles.daughters = daughters_of(particles.parents);
    set_end_points(particles);
    return particles;
  }

  std::string name_;
  std::uint64_t seed_;
  std::shared_ptr<Engine> engine_;
  Pythia8::Pythia pythia_;
};

}  // namespace

std::unique_ptr<Generator> make_pythia(Process const& process, std::uint64_t seed,
                                       PythiaOptions const& options) {
  return std::make_unique<PythiaGenerator>(process, seed, options);
}

}  // namespace corpuscle::generate
