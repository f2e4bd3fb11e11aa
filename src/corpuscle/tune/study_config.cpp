#include "corpuscle/tune/study_config.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>

#include "corpuscle/config/yaml.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/tune/asha.hpp"
#include "corpuscle/tune/bohb.hpp"
#include "corpuscle/tune/fast_hyperband.hpp"
#include "corpuscle/tune/gp_search.hpp"
#include "corpuscle/tune/hyperband.hpp"
#include "corpuscle/tune/median_stopping.hpp"
#include "corpuscle/tune/random_search.hpp"
#include "corpuscle/tune/scan.hpp"
#include "corpuscle/tune/svr_predictor.hpp"
#include "corpuscle/tune/swift_hyperband.hpp"
#include "corpuscle/tune/tpe.hpp"

namespace corpuscle::tune {
namespace {

using config::Section;
using core::cat;

constexpr int most_epochs = 1'000'000;
constexpr int most_trials = 10'000'000;
constexpr std::array<std::string_view, 3> own_places{"directory", "epochs", "seed"};

/// Calls `place(name)` for every `{name}` of a word and returns the word with what that gives instead.
template <class Place>
std::string replaced(std::string_view word, Place const& place) {
  std::string result;
  while (true) {
    std::size_t const open = word.find('{');
    std::size_t const close = word.find('}', open == std::string_view::npos ? 0 : open);
    if (open == std::string_view::npos || close == std::string_view::npos) return result.append(word);
    result.append(word.substr(0, open)).append(place(word.substr(open + 1, close - open - 1)));
    word.remove_prefix(close + 1);
  }
}

bool needs_trials(SchedulerKind kind) {
  return kind == SchedulerKind::none || kind == SchedulerKind::sha;
}

bool is_hyperband(SchedulerKind kind) {
  return kind == SchedulerKind::hyperband || kind == SchedulerKind::fast_hyperband ||
         kind == SchedulerKind::swift_hyperband;
}

void bind_scheduler(Section& section, SchedulerConfig& config, int max_epochs) {
  section.choice("kind", config.kind, std::span<std::string_view const>(scheduler_words));
  SchedulerKind const kind = config.kind;
  if (needs_trials(kind) || (!is_hyperband(kind) && section.has("trials")))
    section.integer("trials", config.trials, {1, most_trials});
  bool const has_grace = kind == SchedulerKind::sha || kind == SchedulerKind::asha ||
                         kind == SchedulerKind::asha_promote || kind == SchedulerKind::median;
  if (has_grace && section.has("grace"))
    section.integer("grace", config.grace, {1, static_cast<double>(max_epochs), "epochs"});
  if (kind != SchedulerKind::none && kind != SchedulerKind::median && section.has("eta"))
    section.integer("eta", config.eta, {2, 1000});
  if (kind == SchedulerKind::median && section.has("min_trials"))
    section.integer("min_trials", config.min_trials, {1, most_trials});
  if (is_hyperband(kind) && section.has("repeats")) section.integer("repeats", config.repeats, {1, 1000});
  if (is_hyperband(kind) && kind != SchedulerKind::hyperband && section.has("predictor")) {
    std::size_t index = 0;
    section.choice("predictor", index, std::span<std::string_view const>(predictor_words));
    config.predictor = predictor_words[index];
  }
}

void bind_searcher(Section& section, SearcherConfig& config) {
  section.choice("kind", config.kind, std::span<std::string_view const>(searcher_words));
  if (section.has("seed")) {
    int seed = 1;
    section.integer("seed", seed, {0, std::numeric_limits<int>::max()});
    config.seed = static_cast<std::uint64_t>(seed);
  }
}

void bind_objective(Section& section, ObjectiveConfig& config) {
  std::string command;
  section.text("command", command);
  config.command = words_in(command);
  section.require(!config.command.empty(), "command", "must name a program");
  if (section.has("silence")) section.number("silence", config.silence, {0.1, 1e7, "s"});
  if (section.has("retries")) section.integer("retries", config.retries, {0, 100});
  if (section.has("average")) section.integer("average", config.average, {1, most_epochs, "epochs"});
  if (section.has("devices")) section.number("devices", config.devices, {0, 1e6});
}

/// Every `{NAME}` must be known: a misspelt one would train the same thing again and again.
void check_places(Section& section, ObjectiveConfig const& objective, Space const& space) {
  for (std::string const& word : objective.command)
    replaced(word, [&](std::string_view name) {
      bool const is_own = std::find(own_places.begin(), own_places.end(), name) != own_places.end();
      section.require(is_own || space.find(name), "objective",
                      cat("'{", name, "}' of the command is no parameter, nor directory, epochs or seed"));
      return std::string();
    });
  for (Parameter const& parameter : space.parameters) {
    bool is_used = false;
    for (std::string const& word : objective.command)
      is_used = is_used || word.find('{' + parameter.name + '}') != std::string::npos;
    section.require(is_used, "objective", cat("the command does not use '{", parameter.name, "}'"));
    bool const is_own = std::find(own_places.begin(), own_places.end(), parameter.name) != own_places.end();
    section.require(!is_own, "parameters",
                    cat("'", parameter.name, "' has a meaning of its own in commands"));
  }
}

void bind_budget(Section& section, Budget& budget) {
  constexpr double most = 1e15;
  if (section.has("epochs")) section.number("epochs", budget.epochs, {0, most});
  if (section.has("hours")) section.number("hours", budget.hours, {0, most, "h"});
  if (section.has("device_hours")) section.number("device_hours", budget.device_hours, {0, most, "h"});
}

bool is_endless(SchedulerConfig const& config) {
  return config.trials == 0 && !is_hyperband(config.kind);
}

void bind_study(Section& section, StudyConfig& study) {
  section.text("name", study.name);
  section.integer("epochs", study.max_epochs, {1, most_epochs});
  section.section("objective", study.objective, bind_objective);
  section.section("scheduler", study.scheduler, [&](Section& inner, SchedulerConfig& config) {
    bind_scheduler(inner, config, study.max_epochs);
  });
  section.section("searcher", study.searcher, bind_searcher);
  if (section.has("budget")) section.section("budget", study.budget, bind_budget);
  Budget const& budget = study.budget;
  bool const has_end =
      !is_endless(study.scheduler) ||
      std::min({budget.epochs, budget.hours, budget.device_hours}) < std::numeric_limits<double>::infinity();
  section.require(has_end, "scheduler",
                  "would start trials for ever: give it 'trials', or the study a 'budget'");
  bind_space(section, study.space);
  check_places(section, study.objective, study.space);
}

}  // namespace

Budget::Budget() : epochs(std::numeric_limits<double>::infinity()), hours(epochs), device_hours(epochs) {}

StudyConfig parse_study(std::string const& text, std::string name) {
  return config::Document::parse(text, std::move(name)).read<StudyConfig>(bind_study);
}

std::unique_ptr<Scheduler> make_scheduler(StudyConfig const& study) {
  SchedulerConfig const& config = study.scheduler;
  int const epochs = study.max_epochs;
  AshaConfig const asha{config.trials, config.grace, epochs, config.eta};
  HyperbandConfig const hyperband{epochs, config.eta, config.repeats};
  auto const predictor = [&] { return predictor_named(config.predictor, study.searcher.seed); };
  switch (config.kind) {
    case SchedulerKind::none:
      return std::make_unique<SuccessiveHalving>(std::vector<Bracket>{{{config.trials, epochs}}}, config.eta);
    case SchedulerKind::sha:
      return std::make_unique<SuccessiveHalving>(
          SuccessiveHalvingConfig{config.trials, config.grace, epochs, config.eta});
    case SchedulerKind::hyperband: return std::make_unique<Hyperband>(hyperband);
    case SchedulerKind::asha: return std::make_unique<AshaStopping>(asha, StoppingRule::percentile);
    case SchedulerKind::asha_promote: return std::make_unique<AshaPromotion>(asha);
    case SchedulerKind::median:
      return std::make_unique<MedianStopping>(
          MedianStoppingConfig{config.trials, config.grace, config.min_trials, epochs});
    case SchedulerKind::fast_hyperband: {
      FastHyperbandConfig fast;
      fast.hyperband = hyperband;
      return std::make_unique<FastHyperband>(fast, predictor());
    }
    case SchedulerKind::swift_hyperband: {
      SwiftHyperbandConfig swift;
      swift.hyperband = hyperband;
      return std::make_unique<SwiftHyperband>(swift, predictor());
    }
  }
  return nullptr;
}

std::unique_ptr<Searcher> make_searcher(StudyConfig const& study) {
  std::uint64_t const seed = study.searcher.seed;
  switch (study.searcher.kind) {
    case SearcherKind::random: return std::make_unique<RandomSearch>(study.space, seed);
    case SearcherKind::quasi_random: return std::make_unique<QuasiRandomSearch>(study.space, seed);
    case SearcherKind::tpe: return std::make_unique<Tpe>(study.space, seed);
    case SearcherKind::gp: return std::make_unique<GpSearch>(study.space, seed);
    case SearcherKind::bohb: return std::make_unique<Bohb>(study.space, seed);
  }
  return nullptr;
}

std::vector<std::string> command_for(StudyConfig const& study, Configuration const& configuration,
                                     std::string const& directory, int epochs, std::uint64_t seed) {
  std::vector<std::string> command;
  for (std::string const& word : study.objective.command) {
    bool has_meaning = true;
    std::string filled = replaced(word, [&](std::string_view name) -> std::string {
      if (name == "directory") return directory;
      if (name == "epochs") return std::to_string(epochs);
      if (name == "seed") return std::to_string(seed);
      std::size_t const index = *study.space.find(name);
      has_meaning = has_meaning && study.space.is_active(configuration, index);
      return study.space.parameters[index].text(configuration[index]);
    });
    if (has_meaning) command.push_back(std::move(filled));
  }
  return command;
}

}  // namespace corpuscle::tune
