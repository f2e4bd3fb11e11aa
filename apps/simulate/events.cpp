#include "simulate/events.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <string_view>
#include <utility>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/random.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/core/units.hpp"
#include "corpuscle/generate/gun.hpp"
#include "corpuscle/generate/hepmc.hpp"
#include "corpuscle/generate/overlay.hpp"
#include "corpuscle/generate/process.hpp"
#ifdef CORPUSCLE_WITH_PYTHIA
#include "corpuscle/generate/pythia.hpp"
#endif
#include "terminal.hpp"

namespace {

using namespace corpuscle;
using core::cat;
using core::ConfigError;

constexpr char const* gun_name = "gun";
constexpr char const* pileup_process = "pileup";
constexpr std::uint64_t default_events = 100;
constexpr std::uint64_t most_events = 100'000'000;  // of one run: some 10 TB

/// "A:B" or "A" (then both are A).
template <class Number>
std::pair<Number, Number> parse_range(std::string const& option, std::string const& text) {
  auto const parse = [&](std::string_view digits) {
    Number number{};
    auto const [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc{} || end != digits.data() + digits.size())
      throw ConfigError(cat(option, " ", text, ": expected a number, or two as in A:B"));
    return number;
  };
  std::string_view const whole = text;
  auto const colon = whole.find(':');
  Number const low = parse(whole.substr(0, colon));
  return {low, colon == whole.npos ? low : parse(whole.substr(colon + 1))};
}

generate::GunConfig gun_config(EventOptions const& options) {
  generate::GunConfig gun;
  if (!options.pdg) throw ConfigError("gun: name the particle with --pdg, for example --pdg 22");
  gun.pdg = *options.pdg;
  if (!options.energy.empty())
    std::tie(gun.energy_min, gun.energy_max) = parse_range<double>("--energy", options.energy);
  if (options.log_energy) gun.spectrum = generate::EnergySpectrum::logarithmic;
  if (!options.theta.empty()) {
    auto const [low, high] = parse_range<double>("--theta", options.theta);
    gun.theta_min = low * units::degree;
    gun.theta_max = high * units::degree;
  }
  if (!options.multiplicity.empty())
    std::tie(gun.multiplicity_min, gun.multiplicity_max) =
        parse_range<int>("--multiplicity", options.multiplicity);
  return gun;
}

void refuse_gun_options(EventOptions const& options) {
  std::pair<char const*, bool> const given[] = {{"--pdg", options.pdg.has_value()},
                                                {"--energy", !options.energy.empty()},
                                                {"--log-energy", options.log_energy},
                                                {"--theta", !options.theta.empty()},
                                                {"--multiplicity", !options.multiplicity.empty()}};
  for (auto const& [option, is_given] : given)
    if (is_given) throw ConfigError(cat(option, ": this is an option of `gun` only"));
}

void refuse_file_options(EventOptions const& options) {
  if (options.detector_frame) throw ConfigError("--detector-frame: this is an option of HepMC files only");
}

void refuse_beam_options(EventOptions const& options) {
  if (options.no_isr) throw ConfigError("--no-isr: only processes have beams");
  if (!options.polarisation.empty()) throw ConfigError("--polarisation: only processes have beams");
}

#ifdef CORPUSCLE_WITH_PYTHIA
std::unique_ptr<generate::Generator> run_pythia(generate::Process const& process, std::uint64_t seed,
                                                EventOptions const& options) {
  generate::PythiaOptions pythia;
  pythia.initial_state_radiation = !options.no_isr;
  if (!options.polarisation.empty()) {
    auto const [electron, positron] = parse_range<double>("--polarisation", options.polarisation);
    pythia.polarisation.electron = electron;
    pythia.polarisation.positron = options.polarisation.find(':') == std::string::npos ? 0 : positron;
  }
  return generate::make_pythia(process, seed, pythia);
}
void require_pythia(std::string const&) {}
#else
std::unique_ptr<generate::Generator> run_pythia(generate::Process const&, std::uint64_t,
                                                EventOptions const&) {
  return nullptr;  // require_pythia has thrown
}
void require_pythia(std::string const& what) {
  throw core::EnvironmentError(cat(what,
                                   ": this program was built without Pythia 8, which makes the events of a "
                                   "process: build it with -DCORPUSCLE_WITH_PYTHIA=ON. Particle guns and "
                                   "HepMC files work without."));
}
#endif

std::unique_ptr<generate::Generator> add_pileup(std::unique_ptr<generate::Generator> signal,
                                                EventOptions const& options) {
  if (options.pileup == 0) return signal;
  // Not the seed of the signal, whose random numbers soft events of the same number would share.
  std::uint64_t const seed = core::key_of({options.seed, 1});
  EventOptions unpolarised = options;
  unpolarised.polarisation.clear();
  auto soft = run_pythia(generate::find_process(pileup_process), seed, unpolarised);
  return generate::make_overlay(std::move(signal), std::move(soft), options.pileup, seed);
}

/// A plain word is a process or the gun, also where a folder has the same name.
bool is_file(std::string const& input) {
  return input.find_first_of("/.*?[") != input.npos && !input.ends_with(".yaml");
}

}  // namespace

void add_event_options(CLI::App& verb, EventOptions& options) {
  verb.add_option("events", options.inputs,
                  "A process (--list shows them; or a .yaml file of yours), `gun`, or HepMC3 files")
      ->type_name("PROCESS|gun|FILE...");
  verb.add_flag("--list", options.list, "List the processes and stop");
  verb.add_option("-n", options.n, "Number of events; 100 if not given, of files all")
      ->check(CLI::Range(std::uint64_t{1}, most_events))
      ->type_name("N");
  verb.add_option("--first", options.first, "Number of the first event")
      ->capture_default_str()
      ->type_name("I");
  verb.add_option("--seed", options.seed, "The same seed and number give the same event")
      ->capture_default_str()
      ->type_name("S");
  verb.add_option("--pileup", options.pileup, "Overlay this many soft gamma gamma events, on average")
      ->check(CLI::Range(0., 1000.))
      ->type_name("MEAN");
  char const* const process = "Of a process";
  verb.add_flag("--no-isr", options.no_isr, "No photons radiated by the beams")->group(process);
  verb.add_option("--polarisation", options.polarisation, "Of electrons and positrons, from -1 to 1")
      ->group(process)
      ->type_name("P[:P]");
  verb.add_flag("--detector-frame", options.detector_frame,
                "Take momenta as they are: no crossing angle, no beam spot")
      ->group("Of HepMC files");
  char const* const gun = "Of a gun";
  verb.add_option("--pdg", options.pdg, "PDG code of the particle")->group(gun)->type_name("CODE");
  verb.add_option("--energy", options.energy, "Total energy [GeV]; 10 if not given")
      ->group(gun)
      ->type_name("E[:E]");
  verb.add_flag("--log-energy", options.log_energy, "Flat in the logarithm of the energy")->group(gun);
  verb.add_option("--theta", options.theta, "Polar angle [degrees]; 20:160 if not given")
      ->group(gun)
      ->type_name("A[:A]");
  verb.add_option("--multiplicity", options.multiplicity, "Particles per event; 1 if not given")
      ->group(gun)
      ->type_name("M[:M]");
}

EventPlan plan_events(EventOptions const& options) {
  if (options.inputs.empty())
    throw ConfigError("which events? Name a process (--list shows them), `gun`, or HepMC files");
  EventPlan plan;
  plan.name = options.inputs.front();
  if (options.pileup != 0) require_pythia(cat("--pileup ", options.pileup));
  if (plan.name != gun_name) refuse_gun_options(options);
  if (!is_file(plan.name)) refuse_file_options(options);
  std::function<std::unique_ptr<generate::Generator>()> make_signal;
  std::optional<std::size_t> available;
  if (is_file(plan.name)) {
    refuse_beam_options(options);
    plan.files = terminal::expand(options.inputs);
    auto const frame =
        options.detector_frame ? generate::GeneratorFrame::detector : generate::GeneratorFrame::collision;
    make_signal = [files = plan.files, frame] { return generate::open_hepmc(files, frame); };
    available = make_signal()->size();
  } else if (options.inputs.size() > 1) {
    throw ConfigError(cat(options.inputs[1], ": one process at a time, after ", plan.name));
  } else if (plan.name == gun_name) {
    refuse_beam_options(options);
    make_signal = [gun = gun_config(options), seed = options.seed] { return generate::make_gun(gun, seed); };
    make_signal();  // complains now, before anything is begun
  } else {
    auto process = generate::find_process(plan.name);
    require_pythia(plan.name);
    make_signal = [process = std::move(process), options] {
      return run_pythia(process, options.seed, options);
    };
  }
  plan.make_generator = [make_signal, options] { return add_pileup(make_signal(), options); };

  constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  plan.first = options.first;
  if (available && options.first > 0 && options.first >= *available)
    throw ConfigError(cat("--first ", options.first, ": there are ", *available, " events in ",
                          plan.files.size() == 1 ? plan.name : "these files", ", counted from 0"));
  std::uint64_t const n = options.n.value_or(available ? *available : default_events);
  if (options.first > most - n)
    throw ConfigError(cat("--first ", options.first, ": event numbers end at ", most));
  plan.last = options.first + n;
  if (available) plan.last = std::min<std::uint64_t>(plan.last, *available);
  return plan;
}

std::string list_processes() {
  std::vector<std::vector<std::string>> rows{{"process", "energy [GeV]", "what"}};
  for (generate::Process const& process : generate::built_in_processes())
    rows.push_back({process.name, cat(process.energy), process.description});
  return terminal::table(rows, 3);
}
