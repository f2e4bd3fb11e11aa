#include "corpuscle/dataset/loader.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "corpuscle/core/error.hpp"
#include "dataset/toy_examples.hpp"

namespace corpuscle::dataset {
namespace {

/// 300 toy events, 60 % of them for training; written once.
Dataset const& toys() {
  static Folder const folder("loader");
  static Dataset const dataset = [] {
    write_toys(toy_config(folder, 50), 300);
    return Dataset(folder.path());
  }();
  return dataset;
}

LoaderConfig config(unsigned threads = 0) {
  return {.seed = 3, .elements_per_batch = 200, .order = Order::shuffled, .threads = threads, .ahead = 3};
}

bool same(Batch const& a, Batch const& b) {
  return a.begin == b.begin && a.end == b.end && dataset::same(a.examples, b.examples);
}

std::vector<Batch> take(BatchSource& source, std::size_t n) {
  std::vector<Batch> batches;
  for (std::size_t i = 0; i < n; ++i) batches.push_back(source.next());
  return batches;
}

std::vector<std::int64_t> numbers_of_epoch(BatchSource& loader, std::uint64_t epoch) {
  std::vector<std::int64_t> numbers;
  while (true) {
    Batch const batch = loader.next();
    EXPECT_EQ(batch.begin.epoch, epoch);
    EXPECT_EQ(batch.begin.example, numbers.size());
    numbers.insert(numbers.end(), batch.examples.number.begin(), batch.examples.number.end());
    if (batch.end.epoch != epoch) return numbers;
  }
}

TEST(Loader, EveryEventComesOncePerEpoch) {
  Examples const all = toys().gather(toys().events(Split::train));
  std::multiset<std::int64_t> const wanted(all.number.begin(), all.number.end());
  Loader loader(toys(), Split::train, config());
  std::vector<std::int64_t> before;
  for (std::uint64_t epoch = 0; epoch < 4; ++epoch) {
    auto const numbers = numbers_of_epoch(loader, epoch);
    EXPECT_EQ(std::multiset<std::int64_t>(numbers.begin(), numbers.end()), wanted);
    EXPECT_NE(numbers, before);  // equal once in 180!
    before = numbers;
  }
}

TEST(Loader, AnUnshuffledEpochIsAsStored) {
  LoaderConfig as_stored = config();
  as_stored.order = Order::as_stored;
  Loader loader(toys(), Split::valid, as_stored);
  for (std::uint64_t epoch = 0; epoch < 2; ++epoch)
    EXPECT_EQ(numbers_of_epoch(loader, epoch), toys().gather(toys().events(Split::valid)).number);
}

TEST(Loader, BatchesAreAsLongAsTheBudgetAllows) {
  Loader loader(toys(), Split::train, config());
  auto const batches = take(loader, 60);
  for (std::size_t i = 0; i + 1 < batches.size(); ++i) {
    Examples const& now = batches[i].examples;
    EXPECT_LE(now.n_elements(), 200U);
    if (batches[i].end.epoch != batches[i].begin.epoch) continue;
    // The first event of the next would not have had a place; empty events count as one element.
    std::size_t cost = std::max<std::size_t>(1, batches[i + 1].examples.n_elements(0));
    for (std::size_t k = 0; k < now.size(); ++k) cost += std::max<std::size_t>(1, now.n_elements(k));
    EXPECT_GT(cost, 200U);
  }
}

TEST(Loader, AnEventBeyondTheBudgetIsABatchOfItsOwn) {
  LoaderConfig tiny = config();
  tiny.elements_per_batch = 1;
  Loader loader(toys(), Split::train, tiny);
  for (Batch const& batch : take(loader, 50)) EXPECT_EQ(batch.examples.size(), 1U);
}

TEST(Loader, ThreadsChangeNothing) {
  Loader alone(toys(), Split::train, config(0));
  auto const wanted = take(alone, 80);
  for (unsigned threads : {1U, 4U}) {
    Loader loader(toys(), Split::train, config(threads));
    for (Batch const& batch : wanted) EXPECT_TRUE(same(loader.next(), batch));
  }
}

TEST(Loader, GoesOnWhereItWasStopped) {
  Loader whole(toys(), Split::train, config(0));
  auto const wanted = take(whole, 70);
  for (std::size_t stopped_at : {0U, 1U, 20U, 33U, 60U}) {
    Position const start = stopped_at == 0 ? Position{} : wanted[stopped_at - 1].end;
    EXPECT_EQ(start, wanted[stopped_at].begin);
    Loader loader(toys(), Split::train, config(2), start);
    for (std::size_t i = stopped_at; i < wanted.size(); ++i) EXPECT_TRUE(same(loader.next(), wanted[i]));
  }
}

TEST(Loader, KnowsWhereTheBatchesOfAnEpochBegin) {
  Loader loader(toys(), Split::train, config());
  for (std::uint64_t epoch = 0; epoch < 3; ++epoch)
    for (std::uint64_t start : loader.batch_starts(epoch))
      EXPECT_EQ(loader.next().begin, (Position{epoch, start}));
}

TEST(Loader, AnotherSeedIsAnotherOrder) {
  LoaderConfig other = config();
  other.seed = 4;
  Loader a(toys(), Split::train, config());
  Loader b(toys(), Split::train, other);
  EXPECT_NE(numbers_of_epoch(a, 0), numbers_of_epoch(b, 0));
}

// An event is equally likely at any place: chi2 of one event over 10 tenths of the epoch in 2000 epochs has
// mean 9 and variance 18; 40 is 7 sigma, exceeded once in 10^5.
TEST(Loader, ShufflesEvenly) {
  Folder const folder("even");
  write_toys(toy_config(folder, 50), 60);
  Dataset const dataset(folder.path());
  LoaderConfig all = config();
  all.elements_per_batch = 100'000;
  Loader loader(dataset, Split::train, all);
  std::vector<int> counts(10);
  std::int64_t const watched = dataset.gather(dataset.events(Split::train)).number[0];
  for (int epoch = 0; epoch < 2000; ++epoch) {
    Examples const examples = loader.next().examples;
    for (std::size_t i = 0; i < examples.size(); ++i)
      if (examples.number[i] == watched) ++counts[10 * i / examples.size()];
  }
  std::size_t const n = dataset.events(Split::train).size();
  double chi2 = 0;
  for (std::size_t tenth = 0; tenth < 10; ++tenth) {
    std::size_t places = 0;
    for (std::size_t i = 0; i < n; ++i) places += 10 * i / n == tenth;
    double const wanted = 2000. * static_cast<double>(places) / static_cast<double>(n);
    chi2 += (counts[tenth] - wanted) * (counts[tenth] - wanted) / wanted;
  }
  EXPECT_LT(chi2, 40);
}

TEST(Loader, AnEmptySplitIsNamed) {
  Folder const folder("empty_split");
  WriterConfig config = toy_config(folder);
  config.fractions = {1, 0};
  write_toys(config, 20);
  Dataset const dataset(folder.path());
  EXPECT_EQ(
      message_of<core::DataError>([&] { Loader(dataset, Split::valid, {}); }),
      folder.path() + ": none of its 20 events is for 'valid'. Prepare more events, or with other fractions");
}

std::function<ExampleMaker()> makers() {
  return [] { return [](std::uint64_t number) { return toy_example(number); }; };
}

TEST(StreamLoader, EveryEventComesOnceInOrderWithinTheBudget) {
  StreamLoader loader(makers(), config());
  std::int64_t next = 0;
  for (Batch const& batch : take(loader, 50)) {
    EXPECT_LE(batch.examples.n_elements(), 200U);
    EXPECT_EQ(batch.begin.example, static_cast<std::uint64_t>(next));
    for (std::int64_t number : batch.examples.number) EXPECT_EQ(number, next++);
    EXPECT_EQ(batch.end.example, static_cast<std::uint64_t>(next));
  }
}

TEST(StreamLoader, ThreadsAndStopsChangeNothing) {
  StreamLoader alone(makers(), config(0));
  auto const wanted = take(alone, 40);
  for (unsigned threads : {1U, 4U}) {
    StreamLoader loader(makers(), config(threads));
    for (Batch const& batch : wanted) EXPECT_TRUE(same(loader.next(), batch));
    StreamLoader resumed(makers(), config(threads), wanted[14].end);
    for (std::size_t i = 15; i < 40; ++i) EXPECT_TRUE(same(resumed.next(), wanted[i]));
  }
}

TEST(StreamLoader, EventsWithoutElementsEndABatch) {
  LoaderConfig small = config();
  small.elements_per_batch = 10;
  StreamLoader loader(
      [] {
        return [](std::uint64_t) {
          Examples nothing(3);
          nothing.run.push_back(0);
          nothing.number.push_back(0);
          nothing.offsets.push_back(0);
          nothing.particle_offsets.push_back(0);
          return nothing;
        };
      },
      small);
  EXPECT_EQ(loader.next().examples.size(), 10U);
}

TEST(StreamLoader, EveryThreadHasItsOwnMaker) {
  int n_makers = 0;
  StreamLoader const loader(
      [&] {
        ++n_makers;
        return [](std::uint64_t number) { return toy_example(number); };
      },
      config(3));
  EXPECT_EQ(n_makers, 3);
}

TEST(StreamLoader, WhatAMakerThrowsComesOut) {
  StreamLoader loader(
      [] {
        return [](std::uint64_t number) -> Examples {
          if (number == 100) throw core::DataError("event 100 is broken");
          return toy_example(number);
        };
      },
      config(2));
  EXPECT_EQ(message_of<core::DataError>([&] { take(loader, 100); }), "event 100 is broken");
}

}  // namespace
}  // namespace corpuscle::dataset
