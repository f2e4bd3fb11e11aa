#include "corpuscle/dataset/prefetch.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>

namespace corpuscle::dataset {
namespace {

TEST(Prefetch, ResultsComeInTheOrderOfTheJobs) {
  for (unsigned threads : {0U, 1U, 4U}) {
    int next = 0;
    Prefetch<int> prefetch(
        [&] {
          return [i = next++](unsigned) {
            for (int k = 0; k < (i % 3) * 1000; ++k) std::this_thread::yield();  // early ones take longer
            return i;
          };
        },
        threads, 8);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(prefetch.next(), i);
  }
}

TEST(Prefetch, AnExceptionComesInItsPlace) {
  for (unsigned threads : {0U, 3U}) {
    int next = 0;
    Prefetch<int> prefetch(
        [&] {
          return [i = next++](unsigned) -> int {
            if (i == 5) throw std::runtime_error("five");
            return i;
          };
        },
        threads, 4);
    for (int i = 0; i < 5; ++i) EXPECT_EQ(prefetch.next(), i);
    EXPECT_THROW(prefetch.next(), std::runtime_error);
    EXPECT_EQ(prefetch.next(), 6);
  }
}

TEST(Prefetch, WorksAheadAndNotTooFar) {
  std::atomic<int> begun = 0;
  Prefetch<int> prefetch([&] { return [i = begun++](unsigned) { return i; }; }, 2, 5);
  EXPECT_EQ(begun, 0);  // whoever never asks pays nothing
  for (int i = 0; i < 20; ++i) {
    prefetch.next();
    EXPECT_EQ(begun, i + 1 + 5);
  }
}

TEST(Prefetch, JobsKnowTheirThread) {
  std::atomic<unsigned> largest = 0;
  Prefetch<unsigned> prefetch([] { return [](unsigned thread) { return thread; }; }, 3, 4);
  for (int i = 0; i < 50; ++i) EXPECT_LT(prefetch.next(), 3U);
}

}  // namespace
}  // namespace corpuscle::dataset
