// How well support vectors predict learning curves of MLPF, classical ones and those trained by samplers of
// binary problems, and what Swift-Hyperband makes of them; beside published numbers. The small versions of it
// are tests.
//
//   tools/build perf measure_prediction && build/perf/bin/measure_prediction [SPLITS [ORDERS]]
//
// SPLITS (30) of the table train each regressor, with 1000 reads; ORDERS (10) of it are replayed. 5 minutes.
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <numeric>
#include <string_view>
#include <utility>
#include <vector>

#include "corpuscle/core/random.hpp"
#include "corpuscle/tune/anneal.hpp"
#include "corpuscle/tune/qubo_svr.hpp"
#include "corpuscle/tune/replay.hpp"
#include "corpuscle/tune/svr.hpp"
#include "corpuscle/tune/svr_predictor.hpp"
#include "corpuscle/tune/swift_hyperband.hpp"
#include "corpuscle/tune/tabu.hpp"
#include "tune/published_recipe.hpp"

namespace tune = corpuscle::tune;

namespace {

struct Summary {
  std::vector<double> values;

  [[nodiscard]] double mean() const {
    return std::accumulate(values.begin(), values.end(), 0.) / static_cast<double>(values.size());
  }
  [[nodiscard]] double deviation() const {
    double sum = 0;
    for (double const value : values) sum += (value - mean()) * (value - mean());
    return std::sqrt(sum / static_cast<double>(values.size()));
  }
};

void print_quality(std::string_view name, Summary const& r2, double seconds, std::string_view published) {
  fmt::print("{:<34} {:6.4f} {:6.4f} {:6.3f} {:6.3f} {:9.3f}   {}\n", name, r2.mean(), r2.deviation(),
             *std::min_element(r2.values.begin(), r2.values.end()),
             *std::max_element(r2.values.begin(), r2.values.end()), seconds, published);
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

using Answer = std::function<double(tune::Row const&)>;

double quality(tune::test::Split const& split, Answer const& answer) {
  std::vector<double> predicted;
  for (tune::Row const& x : split.test_x) predicted.push_back(answer(x));
  return tune::r_squared(split.test_y, predicted);
}

void measure_svr(tune::test::PublishedRecipe const& recipe, double bound, std::string_view published) {
  constexpr int n_splits = 1000;
  Summary r2;
  auto const start = std::chrono::steady_clock::now();
  for (int number = 0; number < n_splits; ++number) {
    tune::test::Split const split = recipe.split(static_cast<std::uint64_t>(number));
    tune::Svr svr({.type = tune::SvrType::epsilon, .C = bound, .epsilon = 0.02, .gamma = 0.1});
    svr.fit(split.train_x, split.train_y);
    r2.values.push_back(quality(split, [&](tune::Row const& x) { return svr.predict(x); }));
  }
  print_quality(fmt::format("epsilon-SVR, C {}, 1000 splits", bound), r2, seconds_since(start) / n_splits,
                published);
}

void measure_qubo_svr(tune::test::PublishedRecipe const& recipe, int n_splits, std::string_view name,
                      std::shared_ptr<tune::Sampler const> const& sampler) {
  Summary lowest, combined, energy;
  double seconds = 0;
  for (int number = 0; number < n_splits; ++number) {
    tune::test::Split const split = recipe.split(static_cast<std::uint64_t>(number));
    tune::QuboSvr svr({}, sampler, static_cast<std::uint64_t>(number));
    auto const start = std::chrono::steady_clock::now();
    svr.fit(split.train_x, split.train_y);
    seconds += seconds_since(start) / n_splits;
    energy.values.push_back(svr.samples().front().energy);
    auto const by = [&](tune::QuboAnswer answer) {
      return quality(split, [&](tune::Row const& x) { return svr.predict(x, answer); });
    };
    lowest.values.push_back(by(tune::QuboAnswer::lowest_energy));
    combined.values.push_back(by(tune::QuboAnswer::combined));
  }
  print_quality(fmt::format("QUBO-SVR, {}, lowest energy", name), lowest, seconds, "D-Wave 0.846");
  print_quality(fmt::format("QUBO-SVR, {}, combined", name), combined, seconds, "D-Wave 0.865-0.881");
  fmt::print("{:<34} {:6.3f}\n", fmt::format("QUBO-SVR, {}, mean energy", name), energy.mean());
}

void replay_swift(tune::CurveTable const& table, int n_orders, std::string_view name,
                  tune::PredictorMaker const& make_predictor, std::string_view published) {
  Summary epochs, loss;
  int different = 0;
  for (int number = 0; number < n_orders; ++number) {
    std::vector<std::size_t> order(table.rows());
    std::iota(order.begin(), order.end(), std::size_t{0});
    corpuscle::core::Random random{7, static_cast<std::uint64_t>(number)};
    for (std::size_t i = order.size(); i-- > 1;) std::swap(order[i], order[random.bits() % (i + 1)]);
    tune::SwiftHyperband swift({}, make_predictor);
    tune::Hyperband hyperband(tune::HyperbandConfig{});
    tune::ReplayResult const result = tune::replay(table, swift, order);
    epochs.values.push_back(static_cast<double>(result.epochs));
    loss.values.push_back(result.loss);
    if (result.loss != tune::replay(table, hyperband, order).loss) ++different;
  }
  fmt::print("{:<34} {:7.1f} {:6.1f} {:9.4f} {:4} of {:<4}   {}\n", name, epochs.mean(), epochs.deviation(),
             loss.mean(), different, n_orders, published);
}

}  // namespace

int main(int argc, char** argv) {
  int const n_splits = argc > 1 ? std::atoi(argv[1]) : 30;
  int const n_orders = argc > 2 ? std::atoi(argv[2]) : 10;
  if (n_splits < 1 || n_orders < 1) {
    fmt::print(stderr, "measure_prediction: SPLITS and ORDERS are numbers from 1\n");
    return 2;
  }
  if (!std::filesystem::exists(tune::test::delphes_curves)) {
    fmt::print("skipped: {} is not there\n", tune::test::delphes_curves);
    return 0;
  }
  std::setvbuf(stdout, nullptr, _IOLBF, 0);  // line by line, also into a file: it takes its time
  tune::CurveTable const table = tune::load_curve_table(tune::test::delphes_curves);
  tune::test::PublishedRecipe const recipe(table.losses);
  auto const annealing = std::make_shared<tune::AnnealSampler>();

  fmt::print("R2 of the last loss from the first quarter of a curve, 20 training curves (hpo.md 3.6)\n");
  fmt::print("{:<34} {:>6} {:>6} {:>6} {:>6} {:>9}   {}\n", "", "mean", "s.d.", "min", "max", "s per fit",
             "reference");
  measure_svr(recipe, 67.61, "0.8916");
  measure_svr(recipe, 5, "0.9153");
  measure_svr(recipe, 1.756, "0.9105");
  measure_qubo_svr(recipe, n_splits, "annealing", annealing);
  measure_qubo_svr(recipe, n_splits, "tabu", std::make_shared<tune::TabuSampler>());

  fmt::print("\nSwift-Hyperband replayed, R 100, eta 2; Hyperband takes 3213 epochs (hpo.md 2.4)\n");
  fmt::print("{:<34} {:>7} {:>6} {:>9} {:>12}   {}\n", "", "epochs", "s.d.", "loss", "differs in",
             "reference");
  replay_swift(table, n_orders, "nu-SVR", tune::svr_predictor(), "2914 +- 52; published 2926 +- 40");
  replay_swift(table, n_orders, "epsilon-SVR", tune::predictor_named("epsilon-svr", 1), "");
  replay_swift(table, n_orders, "last value", tune::predictor_named("last-value", 1), "");
  tune::QuboSvrConfig fewer_reads;
  fewer_reads.reads = 200;
  replay_swift(table, n_orders, "QUBO-SVR, annealing, 200 reads",
               tune::qubo_svr_predictor(fewer_reads, annealing, 1), "published 2953 +- 61");
  return 0;
}
