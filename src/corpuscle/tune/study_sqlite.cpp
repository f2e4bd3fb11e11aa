#include "corpuscle/tune/study_sqlite.hpp"

#include <sqlite3.h>

#include <cmath>
#include <memory>
#include <string_view>
#include <vector>

#include "corpuscle/core/atomic_file.hpp"
#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/tune/optuna_distribution.hpp"
#include "corpuscle/tune/scan.hpp"
#include "corpuscle/tune/study_summary.hpp"

namespace corpuscle::tune {
namespace {

// Tables and indices of Optuna's schema 12; the length of a VARCHAR means nothing to SQLite.
constexpr char const* schema = R"sql(
CREATE TABLE version_info (
  version_info_id INTEGER NOT NULL PRIMARY KEY CHECK (version_info_id = 1),
  schema_version INTEGER,
  library_version VARCHAR(256));
CREATE TABLE studies (
  study_id INTEGER NOT NULL PRIMARY KEY,
  study_name VARCHAR(512) NOT NULL);
CREATE UNIQUE INDEX ix_studies_study_name ON studies (study_name);
CREATE TABLE study_directions (
  study_direction_id INTEGER NOT NULL PRIMARY KEY,
  direction VARCHAR(8) NOT NULL,
  study_id INTEGER NOT NULL REFERENCES studies (study_id),
  objective INTEGER NOT NULL,
  UNIQUE (study_id, objective));
CREATE TABLE study_user_attributes (
  study_user_attribute_id INTEGER NOT NULL PRIMARY KEY,
  study_id INTEGER REFERENCES studies (study_id),
  "key" VARCHAR(512),
  value_json TEXT,
  UNIQUE (study_id, "key"));
CREATE TABLE study_system_attributes (
  study_system_attribute_id INTEGER NOT NULL PRIMARY KEY,
  study_id INTEGER REFERENCES studies (study_id),
  "key" VARCHAR(512),
  value_json TEXT,
  UNIQUE (study_id, "key"));
CREATE TABLE trials (
  trial_id INTEGER NOT NULL PRIMARY KEY,
  number INTEGER,
  study_id INTEGER REFERENCES studies (study_id),
  state VARCHAR(8) NOT NULL,
  datetime_start DATETIME,
  datetime_complete DATETIME);
CREATE INDEX ix_trials_study_id ON trials (study_id);
CREATE TABLE trial_user_attributes (
  trial_user_attribute_id INTEGER NOT NULL PRIMARY KEY,
  trial_id INTEGER REFERENCES trials (trial_id),
  "key" VARCHAR(512),
  value_json TEXT,
  UNIQUE (trial_id, "key"));
CREATE TABLE trial_system_attributes (
  trial_system_attribute_id INTEGER NOT NULL PRIMARY KEY,
  trial_id INTEGER REFERENCES trials (trial_id),
  "key" VARCHAR(512),
  value_json TEXT,
  UNIQUE (trial_id, "key"));
CREATE TABLE trial_params (
  param_id INTEGER NOT NULL PRIMARY KEY,
  trial_id INTEGER REFERENCES trials (trial_id),
  param_name VARCHAR(512),
  param_value FLOAT,
  distribution_json TEXT,
  UNIQUE (trial_id, param_name));
CREATE TABLE trial_values (
  trial_value_id INTEGER NOT NULL PRIMARY KEY,
  trial_id INTEGER NOT NULL REFERENCES trials (trial_id),
  objective INTEGER NOT NULL,
  value FLOAT,
  value_type VARCHAR(7) NOT NULL,
  UNIQUE (trial_id, objective));
CREATE TABLE trial_intermediate_values (
  trial_intermediate_value_id INTEGER NOT NULL PRIMARY KEY,
  trial_id INTEGER NOT NULL REFERENCES trials (trial_id),
  step INTEGER NOT NULL,
  intermediate_value FLOAT,
  intermediate_value_type VARCHAR(7) NOT NULL,
  UNIQUE (trial_id, step));
CREATE TABLE trial_heartbeats (
  trial_heartbeat_id INTEGER NOT NULL PRIMARY KEY,
  trial_id INTEGER NOT NULL REFERENCES trials (trial_id),
  heartbeat DATETIME NOT NULL,
  UNIQUE (trial_id));
)sql";

/// An open file; every failure names it.
class Database {
 public:
  /// @param temporary  what is written
  /// @param path       what it is to be, for messages
  Database(std::string const& temporary, std::string path) : path_(std::move(path)) {
    sqlite3* opened = nullptr;
    int const status = sqlite3_open_v2(temporary.c_str(), &opened, SQLITE_OPEN_READWRITE, nullptr);
    file_.reset(opened);  // a failed one too
    check(status, SQLITE_OK);
    // Nobody else knows the file, and it is synced and renamed when it is complete.
    execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF");
  }

  void execute(char const* sql) {
    check(sqlite3_exec(file_.get(), sql, nullptr, nullptr, nullptr), SQLITE_OK);
  }

  void check(int status, int expected) const {
    if (status != expected)
      throw core::EnvironmentError(core::cat(
          path_, ": cannot be written: ", file_ ? sqlite3_errmsg(file_.get()) : sqlite3_errstr(status)));
  }

  void close() { check(sqlite3_close(file_.release()), SQLITE_OK); }
  [[nodiscard]] sqlite3* get() const noexcept { return file_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* file) const noexcept { sqlite3_close_v2(file); }
  };
  std::string path_;
  std::unique_ptr<sqlite3, Close> file_;
};

/// A statement that adds one row, again and again: `insert(1, "text", 0.5)`.
class Insert {
 public:
  Insert(Database& database, char const* sql) : database_(database) {
    sqlite3_stmt* prepared = nullptr;
    int const status = sqlite3_prepare_v2(database.get(), sql, -1, &prepared, nullptr);
    statement_.reset(prepared);
    database.check(status, SQLITE_OK);
  }

  template <class... Values>
  void operator()(Values const&... values) {
    int column = 0;
    (database_.check(bind(++column, values), SQLITE_OK), ...);
    database_.check(sqlite3_step(statement_.get()), SQLITE_DONE);
    database_.check(sqlite3_reset(statement_.get()), SQLITE_OK);
  }

 private:
  int bind(int column, std::size_t value) {
    return sqlite3_bind_int64(statement_.get(), column, static_cast<sqlite3_int64>(value));
  }
  /// NULL if it is not finite: there are words for that, and SQLite has no NaN.
  int bind(int column, double value) {
    if (!std::isfinite(value)) return sqlite3_bind_null(statement_.get(), column);
    return sqlite3_bind_double(statement_.get(), column, value);
  }
  /// @param text  outlives the step
  int bind(int column, std::string_view text) {
    return sqlite3_bind_text(statement_.get(), column, text.data(), static_cast<int>(text.size()),
                             SQLITE_STATIC);
  }

  struct Finalize {
    void operator()(sqlite3_stmt* statement) const noexcept { sqlite3_finalize(statement); }
  };
  Database& database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

std::string_view type_of(double value) {
  if (std::isnan(value)) return "NAN";
  return std::isfinite(value) ? "FINITE" : value > 0 ? "INF_POS" : "INF_NEG";
}

/// Optuna has no complete trial without a value.
bool has_value(TrialRecord const& trial) {
  return trial.score && !std::isnan(*trial.score) &&
         (trial.state == TrialState::complete || trial.state == TrialState::stopped);
}

std::string_view state_of(TrialRecord const& trial) {
  switch (trial.state) {
    case TrialState::running:
    case TrialState::paused: return "RUNNING";
    case TrialState::stopped: return "PRUNED";
    case TrialState::complete: return has_value(trial) ? "COMPLETE" : "FAIL";
    case TrialState::failed: break;
  }
  return "FAIL";
}

/// NaN, which becomes NULL, for what is not known.
double known(double time) {
  return time > 0 ? time : std::nan("");
}

void insert_study(Database& database, StudyRecord const& study) {
  Insert{database, "INSERT INTO version_info VALUES (1, 12, 'corpuscle')"}();
  Insert{database, "INSERT INTO studies VALUES (1, ?)"}(study.name);
  Insert{database, "INSERT INTO study_directions VALUES (1, 'MINIMIZE', 1, 0)"}();
  Insert attribute(database,
                   "INSERT INTO study_user_attributes (study_id, \"key\", value_json) VALUES (1, ?, ?)");
  attribute("scheduler", json_text(study.scheduler));
  attribute("searcher", json_text(study.searcher));
  attribute("max_epochs", std::to_string(study.max_epochs));
}

void insert_trials(Database& database, StudyRecord const& study) {
  // Optuna reads microseconds, SQLite writes milliseconds. UTC, as Optuna 5 takes it.
  Insert trial_row(
      database,
      "INSERT INTO trials VALUES (?, ?, 1, ?, strftime('%Y-%m-%d %H:%M:%f', ?, 'unixepoch') || '000', "
      "strftime('%Y-%m-%d %H:%M:%f', ?, 'unixepoch') || '000')");
  Insert parameter(database,
                   "INSERT INTO trial_params (trial_id, param_name, param_value, distribution_json) "
                   "VALUES (?, ?, ?, ?)");
  Insert value(database,
               "INSERT INTO trial_values (trial_id, objective, value, value_type) VALUES (?, 0, ?, ?)");
  Insert loss(database,
              "INSERT INTO trial_intermediate_values (trial_id, step, intermediate_value, "
              "intermediate_value_type) VALUES (?, ?, ?, ?)");
  Insert attribute(database,
                   "INSERT INTO trial_user_attributes (trial_id, \"key\", value_json) VALUES (?, ?, ?)");

  std::vector<std::string> distributions;
  for (Parameter const& p : study.space.parameters) distributions.push_back(optuna_distribution(p));
  std::vector<Decision const*> const decisions = last_decisions(study);
  for (std::size_t i = 0; i < study.trials.size(); ++i) {
    TrialRecord const& trial = study.trials[i];
    std::size_t const id = i + 1;
    bool const has_ended = state_of(trial) != "RUNNING";
    trial_row(id, i, state_of(trial), known(trial.begin),
              has_ended ? known(trial.end.value_or(trial.begin)) : known(0));
    for (std::size_t p = 0; p < study.space.size(); ++p)
      if (!std::isnan(trial.configuration[p]))
        parameter(id, study.space.parameters[p].name, trial.configuration[p], distributions[p]);
    if (has_value(trial)) value(id, *trial.score, type_of(*trial.score));
    for (std::size_t e = 0; e < trial.losses.size(); ++e)
      loss(id, e + 1, trial.losses[e], type_of(trial.losses[e]));
    if (!trial.worker.empty()) attribute(id, "worker", json_text(trial.worker));
    if (!trial.seconds.empty()) attribute(id, "seconds", number_text(seconds(trial)));
    if (decisions[i]) attribute(id, "reason", json_text(decisions[i]->reason));
    if (trial.is_imported) attribute(id, "imported", "true");
  }
}

}  // namespace

void write_sqlite(StudyRecord const& study, std::string const& path) {
  core::AtomicFile file(path);
  Database database(file.temporary_path(), path);
  database.execute("BEGIN");
  database.execute(schema);
  insert_study(database, study);
  insert_trials(database, study);
  database.execute("COMMIT");
  database.close();
  file.commit();
}

}  // namespace corpuscle::tune
