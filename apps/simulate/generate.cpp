// corpuscle generate: collisions in, a HepMC3 file out, without a detector.

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/generate/hepmc.hpp"
#include "simulate/events.hpp"
#include "simulate/verbs.hpp"
#include "terminal.hpp"

namespace {

using namespace corpuscle;

struct Options {
  EventOptions events;
  std::string output;
};

int generate_events(Options const& options) {
  if (options.events.list) {
    fmt::print("{}", list_processes());
    return static_cast<int>(core::ExitCode::success);
  }
  if (options.output.empty()) throw core::ConfigError("--output is required: the HepMC3 file to write");
  EventPlan const plan = plan_events(options.events);
  terminal::require_other_file(options.output, plan.files);
  terminal::catch_interruptions();
  generate::HepMCWriter writer(options.output);
  auto const make_event = plan.make_generator();
  std::size_t particles = 0;
  {
    terminal::Progress progress("generate");
    for (std::uint64_t number = plan.first; number < plan.last; ++number) {
      if (terminal::interrupted_by() != 0) return terminal::say_interrupted(options.output);
      event::GenParticles const event = (*make_event)(static_cast<std::int64_t>(number));
      writer.write(static_cast<std::int64_t>(number), event);
      particles += event.size();
      progress.show(number + 1 - plan.first, plan.last - plan.first);
    }
    writer.close();
  }
  std::uint64_t const n = plan.last - plan.first;
  fmt::print("{} event{} of {}, {:.1f} particles each\nWritten to {}\n", n, n == 1 ? "" : "s", plan.name,
             static_cast<double>(particles) / static_cast<double>(std::max<std::uint64_t>(1, n)),
             options.output);
  return static_cast<int>(core::ExitCode::success);
}

}  // namespace

void add_generate(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("generate", "Generate collisions, without a detector");
  add_event_options(*verb, options->events);
  verb->add_option("-o,--output", options->output, "HepMC3 file to write; compressed if it ends in .gz")
      ->type_name("OUT");
  verb->footer(
      "Examples:\n"
      "  corpuscle generate --list\n"
      "  corpuscle generate ttbar -n 1000 -o ttbar.hepmc3.gz\n"
      "  corpuscle generate z_qq --no-isr -n 100 -o z.hepmc3");
  verb->callback([options, &exit_code] { exit_code = generate_events(*options); });
}
