#pragma once

#include <functional>
#include <string>

#include "corpuscle/tune/journal.hpp"

namespace corpuscle::tune {

/// The files of a study in its directory.
[[nodiscard]] std::string journal_path(std::string const& directory);
[[nodiscard]] std::string trial_directory(std::string const& directory, std::size_t trial);

struct WorkerHooks {
  /// Asked several times a second: a worker that is to stop saves its trial and gives it back.
  std::function<bool()> should_stop = [] { return false; };
  /// A line for the user: what began, what ended and why.
  std::function<void(std::string const&)> say = [](std::string const&) {};
};

/// Works at a study until it is finished, or until asked to stop: takes a trial, lets the user's program
/// train it in the directory of the trial, writes each loss into the journal, and hears whether to go on.
///
/// A worker that dies, with `kill -9` or its machine, loses nothing: others on its machine see at once that
/// it is gone, those on other machines after two minutes without a sign (by their own clocks; no clock is
/// compared with another), and one of them takes its trial up from the last checkpoint. A directory is locked
/// while a program works in it, so an old one and a new one never meet there.
///
/// @throws core::DataError, core::EnvironmentError: of the journal, or if the program cannot be started, or
/// if ten jobs in a row end before an epoch; what runs is killed, its trial stays to be taken up
void work(std::string const& directory, WorkerHooks const& hooks);

/// Trains one configuration to the end outside of the study's account (the final refit), in this directory.
/// One that was interrupted goes on from its checkpoint.
/// @return the mean of the last losses, as trials are compared; NaN if it was asked to stop
/// @throws core::DataError if the program fails
double refit(StudyConfig const& config, Configuration const& configuration, std::string const& directory,
             std::uint64_t seed, WorkerHooks const& hooks);

/// Name of this process among all workers of all machines: host, its boot, namespace, process, its beginning.
[[nodiscard]] std::string worker_name();
/// Whether the worker of that name was a process of this machine and is no more.
[[nodiscard]] bool is_dead_here(std::string const& name);

}  // namespace corpuscle::tune
