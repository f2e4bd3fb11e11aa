#include "corpuscle/io/worker_process.hpp"

#include <gtest/gtest.h>
#include <sys/types.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include "corpuscle/core/error.hpp"

namespace corpuscle::io {
namespace {

TEST(RunContained, TellsWhatTheWorkReturned) {
  Outcome const outcome = run_contained(0, [] { return 7; });
  EXPECT_EQ(outcome.end, Outcome::End::done);
  EXPECT_EQ(outcome.exit_code, 7);
}

TEST(RunContained, ErrorBecomesItsCodeAndText) {
  Outcome const outcome =
      run_contained(0, []() -> int { throw core::EnvironmentError(std::string(300000, 'x')); });
  EXPECT_EQ(outcome.end, Outcome::End::done);
  EXPECT_EQ(outcome.exit_code, static_cast<int>(core::ExitCode::environment));
  EXPECT_EQ(outcome.message, std::string(300000, 'x'));
}

TEST(RunContained, CrashNamesTheSignalAndThePlace) {
  Outcome const outcome = run_contained(0, [] {
    note_whereabouts(12, "Tracks.omega");
    std::raise(SIGSEGV);
    return 0;
  });
  EXPECT_EQ(outcome.end, Outcome::End::crashed);
  EXPECT_EQ(outcome.signal, SIGSEGV);
  EXPECT_EQ(outcome.describe(), "crashed (signal 11, Segmentation fault) at entry 12, branch 'Tracks.omega'");
}

TEST(RunContained, ExceptionThatEscapesCountsAsACrash) {
  Outcome const outcome = run_contained(0, []() -> int { throw 1; });
  EXPECT_EQ(outcome.end, Outcome::End::crashed);
  EXPECT_EQ(outcome.signal, SIGABRT);
}

TEST(RunContained, GreedyAllocationFailsInTheChildOnly) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers need the address space that the limit takes away";
#endif
  Outcome const outcome = run_contained(std::size_t{64} << 20, [] {
    try {
      std::vector<char> const greedy(std::size_t{1} << 30);
      return static_cast<int>(greedy[12345]);
    } catch (std::bad_alloc const&) {
      return 3;
    }
  });
  EXPECT_EQ(outcome.end, Outcome::End::done);
  EXPECT_EQ(outcome.exit_code, 3);
}

TEST(RunContained, WhatTheChildChangesInMemoryIsLost) {
  int value = 1;
  run_contained(0, [&] {
    value = 2;
    return 0;
  });
  EXPECT_EQ(value, 1);
}

TEST(Whereabouts, LongBranchNamesAreCut) {
  Whereabouts place;
  note_whereabouts_in(&place);
  note_whereabouts(1, std::string(500, 'x'));
  note_whereabouts_in(nullptr);
  EXPECT_EQ(std::string(place.branch.data()), std::string(place.branch.size() - 1, 'x'));
  note_whereabouts(2, "y");  // nobody listens
  EXPECT_EQ(place.entry, 1);
}

TEST(WorkerProcess, TalksOverItsSocket) {
  WorkerProcess worker(0, [](int socket) {
    int number = 0;
    while (receive_bytes(socket, &number, sizeof number)) {
      number *= 2;
      if (!send_bytes(socket, &number, sizeof number)) return 1;
    }
    return 0;
  });
  for (int const number : {1, 21, -4}) {
    ASSERT_TRUE(send_bytes(worker.socket(), &number, sizeof number));
    int answer = 0;
    ASSERT_TRUE(receive_bytes(worker.socket(), &answer, sizeof answer));
    EXPECT_EQ(answer, 2 * number);
  }
  EXPECT_FALSE(worker.is_stuck());
}

TEST(WorkerProcess, DeadWorkerHangsUp) {
  WorkerProcess worker(0, [](int) {
    note_whereabouts(5, "Clusters");
    std::abort();
    return 0;
  });
  char byte = 0;
  EXPECT_FALSE(receive_bytes(worker.socket(), &byte, 1));
  Outcome const outcome = worker.wait();
  EXPECT_EQ(outcome.end, Outcome::End::crashed);
  EXPECT_EQ(outcome.whereabouts.entry, 5);
  EXPECT_FALSE(send_bytes(worker.socket(), &byte, 1));  // an answer, not SIGPIPE
}

TEST(WorkerProcess, ManyBytesPassWhole) {
  std::vector<char> const sent = [] {
    std::vector<char> bytes(3'000'000);
    for (std::size_t k = 0; k < bytes.size(); ++k) bytes[k] = static_cast<char>(k * 31 % 251);
    return bytes;
  }();
  WorkerProcess worker(0, [&](int socket) { return send_bytes(socket, sent.data(), sent.size()) ? 0 : 1; });
  std::vector<char> received(sent.size());
  ASSERT_TRUE(receive_bytes(worker.socket(), received.data(), received.size()));
  EXPECT_EQ(received, sent);
  EXPECT_EQ(worker.wait().exit_code, 0);
}

TEST(WorkerProcess, EndsWithItsOwner) {
  pid_t child = 0;
  {
    WorkerProcess worker(0, [](int socket) {
      pid_t const self = ::getpid();
      send_bytes(socket, &self, sizeof self);
      ::pause();
      return 0;
    });
    ASSERT_TRUE(receive_bytes(worker.socket(), &child, sizeof child));
    EXPECT_EQ(::kill(child, 0), 0);
  }
  EXPECT_NE(::kill(child, 0), 0);
}

}  // namespace
}  // namespace corpuscle::io
