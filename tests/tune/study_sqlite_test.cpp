#include "corpuscle/tune/study_sqlite.hpp"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <memory>

#include "corpuscle/core/error.hpp"
#include "corpuscle/tune/asha.hpp"
#include "corpuscle/tune/study_table.hpp"
#include "corpuscle/tune/tpe.hpp"
#include "tune/made_study.hpp"
#include "tune/other_program.hpp"

namespace corpuscle::tune {
namespace {

/// All rows of a query, their columns as text with bars between them; empty for NULL.
std::vector<std::string> rows(std::string const& file, std::string const& query) {
  sqlite3* opened = nullptr;
  EXPECT_EQ(sqlite3_open_v2(file.c_str(), &opened, SQLITE_OPEN_READONLY, nullptr), SQLITE_OK);
  std::unique_ptr<sqlite3, int (*)(sqlite3*)> const database(opened, sqlite3_close);
  std::vector<std::string> result;
  auto const take = [](void* rows, int n, char** values, char**) {
    std::string row;
    for (int i = 0; i < n; ++i) {
      if (i > 0) row += '|';
      if (values[i]) row += values[i];
    }
    static_cast<std::vector<std::string>*>(rows)->push_back(row);
    return 0;
  };
  EXPECT_EQ(sqlite3_exec(opened, query.c_str(), take, &result, nullptr), SQLITE_OK) << sqlite3_errmsg(opened);
  return result;
}

using Rows = std::vector<std::string>;

StudyRecord four_trials() {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  StudyRecord study;
  study.name = "it's a study";
  study.space = test::made_space();
  study.scheduler = "asha";
  study.max_epochs = 4;
  study.trials.resize(4);
  for (TrialRecord& trial : study.trials) trial.configuration = study.space.first_guesses[0];
  study.trials[0].state = TrialState::complete;
  study.trials[0].losses = {0.5, 0.25};
  study.trials[0].seconds = {600, 1.5};
  study.trials[0].score = 0.375;
  study.trials[0].begin = 951782399.25;
  study.trials[0].end = 951782400.5;
  study.trials[0].worker = "node \"1\"";
  study.trials[1].configuration = {2, 0.1, 2, nan, 8, 0.5};
  study.trials[1].state = TrialState::failed;
  study.trials[1].losses = {INFINITY, nan};
  study.trials[1].score = INFINITY;
  study.trials[2].state = TrialState::paused;
  study.trials[2].losses = {-INFINITY};
  study.trials[2].score = -INFINITY;
  study.trials[3].state = TrialState::stopped;
  study.trials[3].score = INFINITY;
  study.trials[3].is_imported = true;
  study.decisions = {{TrialId(0), Action::start, 0, 4, 0, "new"},
                     {TrialId(0), Action::complete, 4, 4, 0, "all 4"}};
  return study;
}

TEST(StudySqlite, HasOneStudyOfSchemaTwelve) {
  test::Folder const folder;
  std::string const file = folder / "study.db";
  write_sqlite(four_trials(), file);
  EXPECT_EQ(rows(file, "SELECT schema_version FROM version_info"), Rows{"12"});
  EXPECT_EQ(rows(file, "SELECT * FROM studies"), Rows{"1|it's a study"});
  EXPECT_EQ(rows(file, "SELECT direction, study_id, objective FROM study_directions"), Rows{"MINIMIZE|1|0"});
  EXPECT_EQ(rows(file, "SELECT key, value_json FROM study_user_attributes ORDER BY key"),
            (Rows{"max_epochs|4", "scheduler|\"asha\"", "searcher|\"\""}));
  // Each version of Optuna makes its own.
  EXPECT_EQ(rows(file, "SELECT name FROM sqlite_master WHERE name = 'alembic_version'"), Rows{});
  EXPECT_EQ(rows(file, "PRAGMA integrity_check"), Rows{"ok"});
  EXPECT_EQ(rows(file, "PRAGMA foreign_key_check"), Rows{});
}

TEST(StudySqlite, HasTrialsWithWordsForWhatIsNotFinite) {
  test::Folder const folder;
  std::string const file = folder / "study.db";
  write_sqlite(four_trials(), file);
  EXPECT_EQ(
      rows(file, "SELECT number, state, datetime_start, datetime_complete FROM trials ORDER BY trial_id"),
      (Rows{"0|COMPLETE|2000-02-28 23:59:59.250000|2000-02-29 00:00:00.500000", "1|FAIL||", "2|RUNNING||",
            "3|PRUNED||"}));
  EXPECT_EQ(rows(file, "SELECT trial_id, objective, value, value_type FROM trial_values ORDER BY trial_id"),
            (Rows{"1|0|0.375|FINITE", "4|0||INF_POS"}));
  EXPECT_EQ(rows(file,
                 "SELECT trial_id, step, intermediate_value, intermediate_value_type "
                 "FROM trial_intermediate_values ORDER BY trial_id, step"),
            (Rows{"1|1|0.5|FINITE", "1|2|0.25|FINITE", "2|1||INF_POS", "2|2||NAN", "3|1||INF_NEG"}));
  EXPECT_EQ(rows(file, "SELECT trial_id, key, value_json FROM trial_user_attributes ORDER BY trial_id, key"),
            (Rows{"1|reason|\"all 4\"", "1|seconds|601.5", R"(1|worker|"node \"1\"")", "4|imported|true"}));
}

TEST(StudySqlite, HasParametersAsOptunaDescribesThem) {
  test::Folder const folder;
  std::string const file = folder / "study.db";
  write_sqlite(four_trials(), file);
  EXPECT_EQ(
      rows(file,
           "SELECT param_name, param_value, distribution_json FROM trial_params WHERE trial_id = 2 "
           "ORDER BY param_id"),
      (Rows{
          R"(network|2.0|{"name": "CategoricalDistribution", "attributes": {"choices": ["gnn", )"
          R"("transformer", "windows"]}})",
          R"(lr|0.1|{"name": "FloatDistribution", "attributes": {"log": true, "step": null, )"
          R"("low": 1e-05, "high": 0.01}})",
          R"(width|2.0|{"name": "CategoricalDistribution", "attributes": {"choices": ["64", "128", "256"]}})",
          R"(layers|8.0|{"name": "IntDistribution", "attributes": {"log": false, "step": 1, "low": 1, )"
          R"("high": 8}})",
          R"(dropout|0.5|{"name": "FloatDistribution", "attributes": {"log": false, "step": null, )"
          R"("low": 0, "high": 0.5}})"}));
}

TEST(StudySqlite, ReplacesAnEarlierFileOrLeavesIt) {
  test::Folder const folder;
  StudyRecord study = four_trials();
  write_sqlite(study, folder / "study.db");
  study.name = "another";
  write_sqlite(study, folder / "study.db");
  EXPECT_EQ(rows(folder / "study.db", "SELECT study_name FROM studies"), Rows{"another"});
  EXPECT_THROW(write_sqlite(study, folder / "no/such/study.db"), core::EnvironmentError);
  std::size_t entries = 0;
  for ([[maybe_unused]] auto const& entry : std::filesystem::directory_iterator(folder.path())) ++entries;
  EXPECT_EQ(entries, 1);
}

TEST(StudySqlite, OptunaSeesWhatTheTablesSay) {
  AshaStopping scheduler({40, 2, 54, 3}, StoppingRule::percentile);
  Tpe searcher(test::made_space(), 3);
  StudyRecord study = test::made_study(scheduler, searcher, 40);
  study.trials[4].losses.back() = INFINITY;
  study.trials[5].state = TrialState::running;
  study.trials[6].begin = 0;
  study.trials[6].is_imported = true;
  test::Folder const folder;
  write_sqlite(study, folder / "study.db");
  folder.write("trials.csv", trials_csv(study));
  folder.write("curves.csv", curves_csv(study));
  test::Outcome const outcome = test::run_python("read_optuna.py", folder.path());
  if (outcome.status == 77) GTEST_SKIP() << outcome.output;
  EXPECT_EQ(outcome.status, 0) << outcome.output;
}

}  // namespace
}  // namespace corpuscle::tune
