#include "corpuscle/eval/evaluation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/random.hpp"
#include "corpuscle/eval/result_json.hpp"
#include "eval/toy_event.hpp"

namespace corpuscle::eval {
namespace {

EventId id(std::uint64_t number) {
  return {0, 0, static_cast<std::int64_t>(number)};
}

void add_events(Evaluation& evaluation, std::uint64_t first, std::uint64_t last, toy::Faults const& faults,
                std::uint64_t step = 1) {
  for (std::uint64_t number = first; number < last; number += step) {
    auto const truth = toy::generate(number);
    auto const found = toy::reconstruct(truth, number, faults);
    evaluation.add(id(number), {truth, found});
  }
}

Result evaluate(std::uint64_t n, toy::Faults const& faults) {
  Evaluation evaluation;
  add_events(evaluation, 0, n, faults);
  return evaluation.result();
}

/// With the bootstrap, too: a text of all but the replicas would hide them.
std::string fingerprint(Result const& result) {
  std::string text = to_json(result);
  for (Figure const& figure : result.figures)
    for (double replica : figure.replicas) text += std::to_string(replica) + ' ';
  return text;
}

std::vector<std::string> const classes{"charged_hadron", "neutral_hadron", "photon", "electron", "muon"};
std::vector<std::string> const jet_collections{"jets/ee_genkt_R0.4", "jets/ee_genkt_R0.7"};

// --------------------------------------------------------------------------------------------------- closure

TEST(Evaluation, PerfectParticlesArePerfect) {
  Evaluation evaluation;
  for (std::uint64_t number = 0; number < 100; ++number) {
    auto const truth = toy::generate(number);
    evaluation.add(id(number), {truth, truth});
  }
  Result const result = evaluation.result();
  auto const value = [&](std::string const& name) { return result.figure(name).value; };
  std::vector<std::string> responses = jet_collections;
  for (char const* sum : {"missing_pt", "momentum", "energy", "mass"})
    responses.push_back("event/" + std::string(sum));
  for (std::string const& one : classes) responses.push_back("particles/" + one);
  for (std::string const& path : responses) {
    EXPECT_EQ(value(path + "/response_median"), 1) << path;
    EXPECT_EQ(value(path + "/response_iqr"), 0) << path;
    EXPECT_EQ(result.figure(path + "/response_median").error, 0) << path;
  }
  for (std::string const& path : jet_collections) {
    EXPECT_EQ(value(path + "/matched_fraction"), 1);
    EXPECT_EQ(value(path + "/fake_fraction"), 0);
  }
  for (std::string const& one : classes) {
    std::string const path = "particles/" + one;
    EXPECT_EQ(value(path + "/efficiency"), 1);
    EXPECT_EQ(value(path + "/identified"), 1);
    EXPECT_EQ(value(path + "/fake_rate"), 0);
    EXPECT_EQ(value(path + "/lost_energy"), 0);
    EXPECT_EQ(value(path + "/multiplicity_ratio"), 1);
    for (std::string const& other : classes)
      EXPECT_EQ(value("particles/confusion/" + one + "/" + other), one == other ? 1 : 0);
    EXPECT_EQ(value("particles/confusion/" + one + "/lost"), 0);
  }
  EXPECT_EQ(value("event/energy/response_rms90"), 0);
  EXPECT_EQ(value("event/charge/absolute_difference"), 0);
  for (Curve const& curve : result.curves)
    if (curve.name.find("efficiency_vs") != std::string::npos)
      for (Estimate const& point : curve.points) {
        if (point.n > 0) {
          EXPECT_EQ(point.value, 1) << curve.name;
        }
      }
}

// ------------------------------------------------------------------------------- what was put in comes out

TEST(Evaluation, SeesTheResolutionThatWasPutIn) {
  Result const result = evaluate(300, {.resolution = 0.1});
  Figure const width = result.figure("particles/photon/response_iqr");
  // The IQR of a normal distribution is 1.349 sigma. Four of its own errors, which are some 1.2 %.
  EXPECT_NEAR(width.value, 0.1349, 4 * width.error);
  EXPECT_LT(width.error, 0.03 * 0.1349);
  Figure const angle = result.figure("particles/photon/angle_68");
  // Rayleigh distribution: sigma sqrt(-2 ln(1 - 0.6827)) = 1.515 sigma.
  EXPECT_NEAR(angle.value, 1.515, 4 * angle.error);
}

TEST(Evaluation, AShiftOfOnePercentAndALossOfHalfAPercentShowBeyondErrors) {
  // 400 events hold 43,200 particles with 10 % resolution. The shift of 1 %: an unpaired median of the 11,700
  // photons is good to 1.25 * 0.1 / sqrt(11700) = 0.12 %, a paired one to much less. The loss of 0.5 %: of
  // 216 particles, +- 15, so 15 standard deviations; of 130 charged hadrons, 11.
  Result const good = evaluate(400, {});
  auto const significance = [&](Result const& bad, std::string const& name) {
    Figure const shift = difference(bad, good).figure(name);
    return shift.value / shift.error;
  };
  Result const shifted = evaluate(400, {.scale = 1.01});
  for (char const* name : {"jets/ee_genkt_R0.4/response_median", "jets/ee_genkt_R0.7/response_median",
                           "event/energy/response_median", "particles/photon/response_median"}) {
    EXPECT_GT(significance(shifted, name), 5) << name;
    EXPECT_NEAR(difference(shifted, good).figure(name).value, 0.01, 0.002) << name;
  }
  EXPECT_EQ(difference(shifted, good).figure("particles/all/efficiency").value, 0);

  Result const lossy = evaluate(400, {.loss = 0.005});
  EXPECT_LT(significance(lossy, "particles/all/efficiency"), -5);
  EXPECT_LT(significance(lossy, "particles/charged_hadron/efficiency"), -5);
  EXPECT_NEAR(difference(lossy, good).figure("particles/all/efficiency").value, -0.005, 0.0015);
}

TEST(Evaluation, PairingMakesErrorsOfDifferencesSmall) {
  Result const a = evaluate(200, {});
  Result const b = evaluate(200, {.scale = 1.01});
  std::string const name = "event/energy/response_median";
  EXPECT_LT(difference(b, a).figure(name).error, 0.2 * a.figure(name).error);
  for (Figure const& figure : difference(a, a).figures) {
    if (figure.n > 0 && !std::isnan(figure.value)) {
      EXPECT_EQ(figure.value, 0) << figure.name;
    }
  }
}

// --------------------------------------------------------------------------------------------- determinism

TEST(Evaluation, AnyNumberOfThreadsGivesTheSameBytes) {
  std::uint64_t const n = 60;
  toy::Faults const faults{.scale = 1.02, .loss = 0.05};
  std::string const expected = fingerprint(evaluate(n, faults));
  for (std::uint64_t n_threads : {2u, 3u, 7u}) {
    std::vector<Evaluation> parts(n_threads);
    std::vector<std::thread> threads;
    for (std::uint64_t thread = 0; thread < n_threads; ++thread)
      threads.emplace_back([&, thread] { add_events(parts[thread], thread, n, faults, n_threads); });
    for (std::thread& thread : threads) thread.join();
    Evaluation all;
    for (Evaluation& part : parts) all.merge(std::move(part));
    EXPECT_EQ(fingerprint(all.result()), expected) << n_threads << " threads";
  }
}

TEST(Evaluation, MergingIsAssociativeAndCommutative) {
  auto const part = [](std::uint64_t first, std::uint64_t last) {
    Evaluation evaluation;
    add_events(evaluation, first, last, {});
    return evaluation;
  };
  Evaluation left = part(0, 10);  // (a + b) + c
  left.merge(part(10, 15));
  left.merge(part(15, 30));
  Evaluation right = part(10, 15);  // (b + c) + a
  right.merge(part(15, 30));
  right.merge(part(0, 10));
  EXPECT_EQ(fingerprint(left.result()), fingerprint(right.result()));
}

event::Particles shuffled(event::Particles const& particles, std::uint64_t seed) {
  std::vector<std::size_t> order(particles.size());
  for (std::size_t k = 0; k < order.size(); ++k) order[k] = k;
  core::Random random{seed};
  for (std::size_t k = order.size(); k > 1; --k) std::swap(order[k - 1], order[random.bits() % k]);
  event::Particles result;
  for (std::size_t row : order)
    toy::add(result, particles.particle_class[row],
             {particles.px[row], particles.py[row], particles.pz[row], particles.energy[row]},
             particles.charge[row]);
  return result;
}

TEST(Evaluation, TheOrderOfParticlesIsIrrelevant) {
  Evaluation plain, mixed;
  for (std::uint64_t number = 0; number < 50; ++number) {
    auto const truth = toy::generate(number);
    auto const found = toy::reconstruct(truth, number, {.loss = 0.05, .direction = 0.02});
    plain.add(id(number), {truth, found});
    mixed.add(id(number), {shuffled(truth, number), shuffled(found, number + 1000)});
  }
  EXPECT_EQ(fingerprint(plain.result()), fingerprint(mixed.result()));
}

// ------------------------------------------------------------------------------------------ what is said

TEST(Evaluation, NothingIsDroppedInSilence) {
  Evaluation evaluation;
  event::Particles const none;
  event::Particles const some = toy::generate(0);
  event::Particles broken = some;
  broken.energy[0] = std::numeric_limits<float>::quiet_NaN();
  evaluation.add(id(0), {none, none});
  evaluation.add(id(1), {some, none});
  evaluation.add(id(2), {some, broken});
  evaluation.add_failure(id(3));
  Counts const counts = evaluation.result().counts;
  EXPECT_EQ(counts.events, 3u);
  EXPECT_EQ(counts.failures, 1u);
  EXPECT_EQ(counts.events_without_reference, 1u);
  EXPECT_EQ(counts.events_without_test, 2u);
  EXPECT_EQ(counts.reference_particles, 2 * some.size());
  EXPECT_EQ(counts.test_particles, some.size() - 1);
  EXPECT_EQ(counts.test_dropped, 1u);
  EXPECT_EQ(counts.test_by_direction, counts.test_particles);
}

TEST(Evaluation, EventsWithoutParticlesHaveNoNumbersAndNoErrors) {
  Evaluation evaluation;
  event::Particles const none;
  evaluation.add(id(0), {none, none});
  evaluation.add(id(1), {none, none});
  Result const result = evaluation.result();
  Figure const efficiency = result.figure("particles/all/efficiency");
  EXPECT_TRUE(std::isnan(efficiency.value));
  EXPECT_EQ(efficiency.n, 0u);
  EXPECT_NE(to_json(result).find("null"), std::string::npos);
}

TEST(Evaluation, NoEventsAreAnError) {
  EXPECT_THROW(Evaluation().result(), core::DataError);
  Evaluation failed;
  failed.add_failure(id(0));
  EXPECT_THROW(failed.result(), core::DataError);
}

TEST(Evaluation, AnEventThatWasAddedTwiceIsNamed) {
  Evaluation evaluation;
  add_events(evaluation, 0, 5, {});
  add_events(evaluation, 3, 4, {});
  try {
    (void)evaluation.result();
    FAIL();
  } catch (core::DataError const& error) {
    EXPECT_NE(std::string(error.what()).find("event 3 of run 0"), std::string::npos) << error.what();
  }
}

TEST(Evaluation, OnlyTheSameEventsAreCompared) {
  Evaluation a, b;
  add_events(a, 0, 10, {});
  add_events(b, 3, 12, {.scale = 1.01});
  try {
    (void)difference(a.result(), b.result());
    FAIL();
  } catch (core::DataError const& error) {
    EXPECT_NE(std::string(error.what()).find("event 0 of run 0 is missing in the second"), std::string::npos)
        << error.what();
  }
  std::vector<EventId> const both = common_events(a, b);
  EXPECT_EQ(both.size(), 7u);
  Result const result = a.result(both);
  EXPECT_EQ(result.counts.left_out, 3u);
  EXPECT_EQ(difference(b.result(both), result).events, both);
  EXPECT_THROW((void)a.result(std::vector<EventId>{id(11)}), core::DataError);
}

TEST(Evaluation, RefusesWhatWasConfiguredDifferently) {
  auto const with = [](auto member, auto value) {
    EvaluationConfig config;
    config.*member = value;
    return Evaluation(config);
  };
  Evaluation a;
  EXPECT_THROW(a.merge(with(&EvaluationConfig::seed, 2u)), core::ConfigError);
  EXPECT_THROW(with(&EvaluationConfig::momentum_edges, std::vector<double>{10, 10}), core::ConfigError);
  EXPECT_THROW(with(&EvaluationConfig::n_replicas, 1u), core::ConfigError);
  Evaluation b = with(&EvaluationConfig::momentum_edges, std::vector<double>{1, 10});
  add_events(a, 0, 2, {});
  add_events(b, 0, 2, {});
  EXPECT_THROW((void)difference(a.result(), b.result()), core::ConfigError);
}

TEST(Result, AMisspeltFigureIsToldTheNearestName) {
  Result const result = evaluate(2, {});
  try {
    (void)result.figure("particles/photon/eficiency");
    FAIL();
  } catch (core::ConfigError const& error) {
    EXPECT_NE(std::string(error.what()).find("particles/photon/efficiency"), std::string::npos)
        << error.what();
  }
  EXPECT_THROW((void)result.curve("x"), core::ConfigError);
  EXPECT_NO_THROW((void)result.histogram("jets/ee_genkt_R0.4/response"));
}

TEST(Result, NamesAreUniqueAndEverythingIsExplained) {
  Result const result = evaluate(2, {});
  std::vector<std::string> names;
  for (Figure const& figure : result.figures) {
    names.push_back(figure.name);
    EXPECT_FALSE(figure.description.empty()) << figure.name;
    EXPECT_EQ(figure.replicas.size(), 100u);
  }
  for (Curve const& curve : result.curves) {
    names.push_back(curve.name);
    EXPECT_FALSE(curve.x.title.empty() || curve.y_title.empty() || curve.description.empty()) << curve.name;
    EXPECT_EQ(curve.points.size(), curve.x.bins());
  }
  for (Histogram const& histogram : result.histograms) {
    names.push_back(histogram.name);
    EXPECT_FALSE(histogram.x.title.empty() || histogram.y_title.empty()) << histogram.name;
  }
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
}

TEST(Axis, BinsAreOpenBelowAndClosedAboveButForTheFirst) {
  Axis const axis{"", "", {10, 20, 40}};
  EXPECT_EQ(axis.bin(10), 0u);
  EXPECT_EQ(axis.bin(20), 0u);
  EXPECT_EQ(axis.bin(20.001), 1u);
  EXPECT_EQ(axis.bin(40), 1u);
  EXPECT_EQ(axis.bin(40.001), axis.bins());
  EXPECT_EQ(axis.bin(9.999), axis.bins());
  EXPECT_EQ(axis.bin(std::nan("")), axis.bins());
}

TEST(Histogram, CountsWhatIsOutside) {
  Histogram histogram;
  histogram.x = {"", "", {0, 1, 2}};
  histogram.counts.resize(2);
  for (double value : {-1., 0., 0.5, 2., 3., 4.}) histogram.fill(value);
  EXPECT_EQ(histogram.counts, (std::vector<std::uint64_t>{2, 1}));
  EXPECT_EQ(histogram.below, 1u);
  EXPECT_EQ(histogram.above, 2u);
}

}  // namespace
}  // namespace corpuscle::eval
