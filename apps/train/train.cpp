// corpuscle train: a dataset and a configuration in, a model file out.

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "corpuscle/core/error.hpp"
#include "corpuscle/train/page.hpp"
#include "corpuscle/train/trainer.hpp"
#include "terminal.hpp"
#include "train/simulated.hpp"
#include "train/verbs.hpp"

namespace {

using namespace corpuscle;

struct Options {
  std::string config;
  std::vector<std::string> overrides;
  std::string output;
  std::string report;
  bool resume = false;
};

/// "1 h 05 min", "3 min", "20 s".
std::string duration(double seconds) {
  auto const whole = static_cast<long>(std::lround(seconds));
  if (whole >= 3600) return fmt::format("{} h {:02} min", whole / 3600, whole / 60 % 60);
  return whole >= 120 ? fmt::format("{} min", whole / 60) : fmt::format("{} s", whole);
}

/// A line that redraws itself on a terminal; in a log one every ten seconds.
class StepLine {
 public:
  void show(train::Report const& report) {
    auto const now = std::chrono::steady_clock::now();
    if (!is_terminal_ && now - last_ < std::chrono::seconds(10) && report.step != report.steps) return;
    last_ = now;
    std::string const text =
        fmt::format("step {}/{}, loss {:.4f}, {:.0f} events/s, {} left", report.step, report.steps,
                    report.loss, report.events_per_s, duration(report.seconds_left));
    if (is_terminal_)
      fmt::print(stderr, "\r{}\033[K", text);
    else
      fmt::print(stderr, "{}\n", text);
    std::fflush(stderr);
    is_shown_ = is_terminal_;
  }
  void clear() {
    if (is_shown_) fmt::print(stderr, "\r\033[K");
    is_shown_ = false;
  }

 private:
  bool is_terminal_ = ::isatty(STDERR_FILENO) != 0;
  bool is_shown_ = false;
  std::chrono::steady_clock::time_point last_{};
};

double value(train::Scalars const& scalars, std::string_view name) {
  for (auto const& [known, number] : scalars)
    if (known == name) return number;
  return NAN;
}

bool has(train::Scalars const& scalars, std::string_view name) {
  return std::any_of(scalars.begin(), scalars.end(), [&](auto const& each) { return each.first == name; });
}

int train_network(Options const& options) {
  train::TrainConfig config = train::load_config(options.config, options.overrides);
  train::Data const data =
      config.data.source == train::Source::files ? train::open_files(config) : open_simulated(config);
  train::fit(config, data.description.schema);

  std::string command = "corpuscle train " + options.config;
  for (std::string const& each : options.overrides) command += " " + each;
  terminal::catch_interruptions();
  // What `corpuscle tune` listens to: a validation is an epoch. Those of an earlier run are told once more,
  // in case that who listened did not live to hear them.
  std::int64_t epoch = 0;
  auto const say_epoch = [&](std::int64_t step, double loss) {
    epoch = (step + config.validation_every - 1) / config.validation_every;
    fmt::print("epoch {} loss {}\n", epoch, loss);
  };
  if (!options.report.empty() && options.resume)
    for (auto const& [step, loss] :
         train::logged(options.output + "/history.jsonl", "validation", options.report))
      say_epoch(step, loss);
  auto const no_figure = [&] {
    return core::ConfigError(
        fmt::format("--report: there is no figure '{}'; the names are in {}/history.jsonl", options.report,
                    options.output));
  };
  StepLine line;
  train::Hooks hooks;
  hooks.should_stop = [] { return terminal::interrupted_by() != 0; };
  hooks.on_ideal =
      [&](train::Scalars const& ideal) {  // parts of the loss are known after the first step only
        if (!options.report.empty() && !options.report.starts_with("loss") && !has(ideal, options.report))
          throw no_figure();
      };
  hooks.on_step = [&](train::Report const& report) { line.show(report); };
  hooks.on_validation = [&](std::int64_t step, train::Scalars const& scalars) {
    line.clear();
    fmt::print(
        "step {}: validation loss {:.4f}, jet response {:.4f}, width {:.4f}, photons found {:.3f}, fake "
        "{:.3f}\n",
        step, value(scalars, "loss"), value(scalars, "jets/response_median"),
        value(scalars, "jets/response_iqr_over_median"), value(scalars, "photon/efficiency"),
        value(scalars, "photon/fake_rate"));
    if (!options.report.empty()) {
      if (!has(scalars, options.report)) throw no_figure();
      say_epoch(step, value(scalars, options.report));
    }
    std::fflush(stdout);
  };
  auto const write_page = [&] {
    train::write_page(options.output + "/training.html", options.output + "/history.jsonl", options.output);
  };
  train::Outcome outcome{};
  try {
    outcome = train::train(config, data, options.output,
                           {{"command", command}, {"version", CORPUSCLE_VERSION}}, options.resume, hooks);
  } catch (train::NotFinite const&) {
    line.clear();
    write_page();
    if (!options.report.empty())
      fmt::print("epoch {} loss nan\n", epoch + 1);  // no other try will end better
    throw;
  }
  line.clear();
  write_page();
  if (outcome == train::Outcome::interrupted) {
    fmt::print(stderr,
               "corpuscle: interrupted; {}/last.safetensors is written, --resume goes on from there\n",
               options.output);
    return 128 + terminal::interrupted_by();
  }
  fmt::print("Written to {0}/model.safetensors; the curves are in {0}/training.html\n", options.output);
  return static_cast<int>(core::ExitCode::success);
}

}  // namespace

void add_train(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("train", "Train a network on a dataset");
  verb->add_option("config", options->config, "What to learn, and how (docs/guide/train.md)")
      ->required()
      ->type_name("CONFIG.yaml");
  verb->add_option("overrides", options->overrides, "Keys of the configuration with other values")
      ->type_name("dotted.key=value...");
  verb->add_option("-o,--output", options->output, "Directory for checkpoints, model and history")
      ->required()
      ->type_name("DIR");
  verb->add_flag("--resume", options->resume, "Go on from the last checkpoint in DIR, if there is one");
  verb->add_option("--report", options->report,
                   "Print this figure of each validation as `epoch N loss X`, for corpuscle tune")
      ->type_name("NAME");
  verb->footer(
      "Ctrl-C and SIGTERM save a checkpoint first.\n"
      "Examples:\n"
      "  corpuscle prepare --simulate ttbar -n 100000 -o data/ttbar\n"
      "  corpuscle train training/clusters.yaml 'data.directories=[data/ttbar]' -o runs/first\n"
      "  corpuscle train training/clusters.yaml model.width=64 steps=5000 -o runs/small\n"
      "  corpuscle train training/clusters.yaml -o runs/first --resume\n"
      "  tensorboard --logdir runs");
  verb->callback([options, &exit_code] { exit_code = train_network(*options); });
}
