#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "corpuscle/tune/study.hpp"

namespace corpuscle::tune {

/// The journal of a study: a text file that only grows, in the format of Optuna's journal files (hpo.md 4.2),
/// one JSON object per line. Optuna and its dashboard open it as a study; keys of our own stand beside
/// theirs, and notes that a viewer takes (attributes of study and trials) change nothing.
///
/// Any number of processes on any number of machines work on one file. Each deed is: lock (flock: on NFS it
/// needs version 4, on Lustre the mount option `flock`), apply what the others have appended, do it, append
/// the events with one write, fsync, unlock. The kernel lets go of the lock of a process that dies. A last
/// line without an end, which a full disk or a dead machine may leave, was never read by anybody and is cut
/// off by the next one who writes.
class Journal {
 public:
  /// Makes the file, which must not be there, with its first lines.
  /// @param configuration  the text of the study's YAML file: a journal needs nothing beside it
  /// @throws core::ConfigError for a wrong configuration, core::EnvironmentError
  static void create(std::string const& path, std::string const& configuration);

  /// Opens and applies a journal.
  /// @throws core::EnvironmentError; core::DataError (`file: line N: ...`) for one that is damaged or foreign
  explicit Journal(std::string path);
  ~Journal();

  /// Reads on without the lock, for those who only look.
  void follow();
  [[nodiscard]] Study const& study() const noexcept { return *study_; }
  /// The YAML text of `create`.
  [[nodiscard]] std::string const& configuration() const noexcept { return configuration_; }

  /// Does `deed` to the study while nobody else can, and writes what happened.
  /// @throws what `deed` throws; core::EnvironmentError if the events cannot be written: then nothing has
  /// happened for anybody else, and this object must not be used any more.
  template <class Deed>
  auto with_lock(Deed const& deed) {
    Lock const lock(*this);
    follow();
    auto result = deed(*study_);
    append(study_->unsaved());
    return result;
  }

 private:
  class Lock {
   public:
    explicit Lock(Journal const& journal);
    ~Lock();

   private:
    int file_;
  };

  void append(std::vector<Event> const& events);
  void apply(std::string_view line);
  [[noreturn]] void refuse(std::string const& what) const;

  std::string path_;
  int file_ = -1;
  bool is_read_only_ = false;
  std::size_t offset_ = 0;  ///< bytes read, to the end of a line
  std::size_t n_lines_ = 0;
  std::string configuration_;
  std::unique_ptr<Study> study_;
};

/// A trial of somebody's journal of Optuna or CSV, as `Study::import` takes it.
struct ForeignTrial {
  Configuration configuration;
  TrialState state = TrialState::complete;
  std::vector<double> losses;
};

/// The ended trials of a journal, Optuna's own or ours, whose parameters have the names of the space. Of a
/// trial without losses on the way the value counts for every epoch.
/// @throws core::EnvironmentError; core::DataError with line, for a damaged file, a study that maximises, a
/// parameter that is missing or a value that the space does not hold
std::vector<ForeignTrial> read_foreign_journal(std::string const& path, Space const& space, int max_epochs);

/// "2026-11-21T18:46:24.000000", local time without a zone, as every version of Optuna takes it.
std::string local_time(double seconds_since_1970);

}  // namespace corpuscle::tune
