#include "corpuscle/tune/study_tensorboard.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "corpuscle/core/error.hpp"
#include "corpuscle/tune/asha.hpp"
#include "corpuscle/tune/study_table.hpp"
#include "corpuscle/tune/tpe.hpp"
#include "tune/made_study.hpp"
#include "tune/other_program.hpp"

namespace corpuscle::tune {
namespace {

namespace fs = std::filesystem;

StudyRecord thirty_trials() {
  AshaPromotion scheduler({30, 2, 54, 3});
  Tpe searcher(test::made_space(), 3);
  StudyRecord study = test::made_study(scheduler, searcher, 30);
  study.trials[4].losses.back() = INFINITY;
  return study;
}

TEST(StudyTensorboard, IsOneFolderPerTrialBesideTheExperiment) {
  test::Folder const folder;
  write_tensorboard(thirty_trials(), folder / "export/");
  EXPECT_TRUE(fs::is_directory(folder / "export/00000"));
  EXPECT_TRUE(fs::is_directory(folder / "export/00029"));
  std::size_t entries = 0;
  for ([[maybe_unused]] auto const& entry : fs::directory_iterator(folder / "export")) ++entries;
  EXPECT_EQ(entries, 31);  // and the event file of the experiment
  EXPECT_FALSE(fs::exists(folder / "export.part"));
}

TEST(StudyTensorboard, IsNotMixedWithAnEarlierOne) {
  test::Folder const folder;
  StudyRecord const study = thirty_trials();
  fs::create_directory(folder / "export");  // an empty folder is welcome
  write_tensorboard(study, folder / "export");
  EXPECT_THROW(write_tensorboard(study, folder / "export"), core::EnvironmentError);
  EXPECT_THROW(write_tensorboard(study, folder / "no/such/folder"), core::EnvironmentError);
  std::size_t entries = 0;
  for ([[maybe_unused]] auto const& entry : fs::directory_iterator(folder.path())) ++entries;
  EXPECT_EQ(entries, 1);  // no half of one is left
}

TEST(StudyTensorboard, TensorboardSeesWhatTheTablesSay) {
  test::Folder const folder;
  StudyRecord const study = thirty_trials();
  write_tensorboard(study, folder / "tensorboard");
  folder.write("trials.csv", trials_csv(study));
  folder.write("curves.csv", curves_csv(study));
  test::Outcome const outcome = test::run_python("read_tensorboard.py", folder.path());
  if (outcome.status == 77) GTEST_SKIP() << outcome.output;
  EXPECT_EQ(outcome.status, 0) << outcome.output;
}

}  // namespace
}  // namespace corpuscle::tune
