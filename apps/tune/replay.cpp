// corpuscle tune replay: schedulers over trainings of the past, a table of what each costs and finds.

#include "corpuscle/tune/replay.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/random.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/tune/asha.hpp"
#include "corpuscle/tune/hyperband.hpp"
#include "corpuscle/tune/svr_predictor.hpp"
#include "corpuscle/tune/swift_hyperband.hpp"
#include "terminal.hpp"
#include "tune/verbs.hpp"

namespace {

using namespace corpuscle;

struct Options {
  std::string table;
  int orders = 100;
  std::size_t workers = 1;
};

struct Method {
  std::string name;
  std::function<std::unique_ptr<tune::Scheduler>()> make;
};

std::vector<Method> methods(int epochs) {
  using namespace tune;
  int const trials = [&] {
    int n = 0;
    for (Bracket const& bracket : hyperband_brackets({epochs, 2, 1})) n += bracket.front().trials;
    return n;
  }();
  auto const asha = [=](int grace, int eta) {
    return [=] {
      return std::make_unique<AshaStopping>(AshaConfig{trials, grace, epochs, eta}, StoppingRule::percentile);
    };
  };
  auto const promote = [=](int grace, int eta) {
    return [=] { return std::make_unique<AshaPromotion>(AshaConfig{trials, grace, epochs, eta}); };
  };
  std::vector<Method> all;
  all.push_back({fmt::format("all {} trials trained to the end", trials), [=] {
                   return std::make_unique<SuccessiveHalving>(std::vector<Bracket>{{{trials, epochs}}}, 2);
                 }});
  all.push_back({"Hyperband, eta 2", [=] {
                   return std::make_unique<Hyperband>(HyperbandConfig{epochs, 2, 1});
                 }});
  all.push_back({"Swift-Hyperband, eta 2, nu-SVR", [=] {
                   SwiftHyperbandConfig config;
                   config.hyperband = {epochs, 2, 1};
                   return std::make_unique<SwiftHyperband>(config, svr_predictor());
                 }});
  if (epochs >= 20) {
    all.push_back({"ASHA (stopping), grace 10, eta 4", asha(10, 4)});
    all.push_back({"ASHA (promotion), grace 10, eta 4", promote(10, 4)});
  }
  all.push_back({"ASHA (stopping), grace 1, eta 4", asha(1, 4)});
  all.push_back({"ASHA (stopping), grace 1, eta 2", asha(1, 2)});
  all.push_back({"ASHA (promotion), grace 1, eta 2", promote(1, 2)});
  return all;
}

int replay(Options const& options) {
  tune::CurveTable const table = tune::load_curve_table(options.table);
  std::size_t const rows = table.rows();
  auto const epochs = static_cast<int>(table.losses.front().size());
  double best = std::numeric_limits<double>::infinity();
  for (auto const& losses : table.losses) best = std::min(best, losses.back());
  if (!std::isfinite(best))
    throw core::DataError(options.table + ": no training of it ends with a finite loss");
  fmt::print("{}: {} of {}, best final loss {:.4f}; means over {} random orders, {}\n\n", options.table,
             core::counted(rows, "training"), core::counted(static_cast<std::size_t>(epochs), "epoch"), best,
             options.orders, core::counted(options.workers, "worker"));

  std::vector<std::vector<std::string>> lines{
      {"method", "epochs", "+-", "time", "complete", "regret: mean", "median", "90 %"}};
  terminal::Progress progress("replay");
  std::vector<Method> const all = methods(epochs);
  std::size_t done = 0;
  for (Method const& method : all) {
    std::vector<double> costs, times, complete, regrets;
    for (int i = 0; i < options.orders; ++i) {
      std::vector<std::size_t> order(rows);
      std::iota(order.begin(), order.end(), 0);
      core::Random random(core::key_of({static_cast<std::uint64_t>(i)}));
      for (std::size_t k = rows; k > 1; --k)
        std::swap(
            order[k - 1],
            order[std::min(k - 1, static_cast<std::size_t>(random.uniform() * static_cast<double>(k)))]);
      auto const scheduler = method.make();
      tune::ReplayResult const result = tune::replay(table, *scheduler, order, options.workers);
      costs.push_back(static_cast<double>(result.epochs));
      times.push_back(static_cast<double>(result.time));
      complete.push_back(static_cast<double>(result.complete));
      regrets.push_back(result.loss - best);
      progress.show(++done, all.size() * static_cast<std::size_t>(options.orders));
    }
    auto const mean = [](std::vector<double> const& x) {
      return std::accumulate(x.begin(), x.end(), 0.) / static_cast<double>(x.size());
    };
    double squares = 0;
    for (double const cost : costs) squares += (cost - mean(costs)) * (cost - mean(costs));
    std::sort(regrets.begin(), regrets.end());
    auto const quantile = [&](double q) {
      return regrets[static_cast<std::size_t>(q * static_cast<double>(regrets.size() - 1))];
    };
    lines.push_back({method.name, fmt::format("{:.0f}", mean(costs)),
                     fmt::format("{:.0f}", std::sqrt(squares / static_cast<double>(costs.size()))),
                     fmt::format("{:.0f}", mean(times)), fmt::format("{:.1f}", mean(complete)),
                     fmt::format("{:.3f}", mean(regrets)), fmt::format("{:.3f}", quantile(0.5)),
                     fmt::format("{:.3f}", quantile(0.9))});
  }
  fmt::print("{}", terminal::table(lines));
  return 0;
}

}  // namespace

void add_replay(CLI::App& tune, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* verb =
      tune.add_subcommand("replay", "What schedulers would have cost and found on trainings of the past");
  verb->add_option("table", options->table, "A line per training: settings, then loss_0, loss_1, ...")
      ->required()
      ->type_name("TABLE.csv");
  verb->add_option("--orders", options->orders, "So many random orders of the trainings")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  verb->add_option("--workers", options->workers,
                   "Side by side; the column 'time' counts epochs of the clock")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  verb->footer("Example:\n  corpuscle tune replay hpo_mlpf_delphes_curves.csv --orders 100");
  verb->callback([options, &exit_code] { exit_code = replay(*options); });
}
