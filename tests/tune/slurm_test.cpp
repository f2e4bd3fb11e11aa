#include "corpuscle/tune/slurm.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "corpuscle/core/error.hpp"

namespace corpuscle::tune {
namespace {

std::string read(std::filesystem::path const& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

/// A directory of its own, in which stands a made-up `sbatch`, the first in PATH.
class SubmitToSlurm : public testing::Test {
 protected:
  SubmitToSlurm() : old_path_(std::getenv("PATH")) {
    folder_ = std::filesystem::temp_directory_path() / ("slurm_test_" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_ / "bin");
    setenv("PATH", (folder_.string() + "/bin:" + old_path_).c_str(), 1);
    array_.name = "study";
    array_.directory = folder_ / "a study's" / "slurm";
    array_.command = {"/opt/corpuscle", "tune", "worker", folder_ / "a study's"};
  }
  ~SubmitToSlurm() override {
    setenv("PATH", old_path_.c_str(), 1);
    std::filesystem::remove_all(folder_);
  }

  void make_sbatch(std::string const& body) const {
    std::filesystem::path const program = folder_ / "bin" / "sbatch";
    std::ofstream(program) << "#!/bin/sh\n" << body << '\n';
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  }

  std::string refusal() const {
    try {
      static_cast<void>(submit_to_slurm(array_));
    } catch (core::EnvironmentError const& error) {
      return error.what();
    }
    return "it was submitted";
  }

  std::filesystem::path folder_;
  SlurmArray array_;

 private:
  std::string old_path_;
};

TEST(SlurmScript, MakesTheWorkerTheProcessThatSlurmSignals) {
  SlurmArray const array{"made_up",
                         "/data/study/slurm",
                         {"/opt/corpuscle", "worker", "/data/study"},
                         3,
                         {"--time=8:00:00", "-p", "gpu"}};
  EXPECT_EQ(slurm_script(array),
            "#!/bin/bash\n"
            "# Written by `corpuscle tune submit`; `sbatch` takes it again, for more workers.\n"
            "#SBATCH --job-name=\"made_up\"\n"
            "#SBATCH --array=0-2\n"
            "#SBATCH --output=\"/data/study/slurm/%A_%a.log\"\n"
            "#SBATCH --open-mode=append\n"
            "#SBATCH --requeue\n"
            "#SBATCH --signal=B:TERM@90\n"
            "#SBATCH \"--time=8:00:00\" \"-p\" \"gpu\"\n"
            "\n"
            "exec '/opt/corpuscle' 'worker' '/data/study'\n");
}

TEST(SlurmScript, HasNoLineForOptionsIfThereAreNone) {
  EXPECT_EQ(slurm_script({"study", "/d", {"/x"}, 1, {}}).find("#SBATCH\n"), std::string::npos);
}

TEST(SlurmScript, KeepsEveryCharacterOfALogDirectoryAndOfOptions) {
  std::string const script =
      slurm_script({"a \"b\" # c\\", "/100% d's", {"/x"}, 1, {"--comment=\"x\" 'y'\\"}});
  EXPECT_NE(script.find(R"(--job-name="a \"b\" # c\\")"), std::string::npos) << script;
  EXPECT_NE(script.find(R"(--output="/100%% d's/%A_%a.log")"), std::string::npos) << script;
  EXPECT_NE(script.find(R"("--comment=\"x\" 'y'\\")"), std::string::npos) << script;
}

TEST(SlurmScript, RefusesWhatAnSbatchLineCannotHold) {
  SlurmArray const good{"study", "/d", {"/x", "a\nb"}, 1, {}};
  EXPECT_NO_THROW(static_cast<void>(slurm_script(good))) << "the shell takes line breaks in arguments";
  SlurmArray wrong = good;
  wrong.name = "a\nexec rm";
  EXPECT_THROW(static_cast<void>(slurm_script(wrong)), core::ConfigError);
  wrong = good;
  wrong.options = {"--comment=a\rb"};
  EXPECT_THROW(static_cast<void>(slurm_script(wrong)), core::ConfigError);
  for (char const* directory : {"/a\nb", "/a\\b"}) {
    wrong = good;
    wrong.directory = directory;
    EXPECT_THROW(static_cast<void>(slurm_script(wrong)), core::ConfigError) << directory;
  }
}

TEST_F(SubmitToSlurm, GivesEveryArgumentToTheProgramAsItWas) {
  std::vector<std::string> const nasty{"plain",    "two words",   "it's",  "\"quoted\"", "$HOME `id` $(id)",
                                       "a\\b\\\\", "line\nbreak", "",      "*",          "~",
                                       "-n",       "a;b|c&d>e",   "ä # ö", "'",          "!!"};
  std::filesystem::path const printer = folder_ / "print it's";
  std::ofstream(printer) << "#!/bin/sh\nfor word; do printf '[%s]' \"$word\"; done >\"$0.out\"\n";
  std::filesystem::permissions(printer, std::filesystem::perms::owner_all);
  array_.command = {printer};
  array_.command.insert(array_.command.end(), nasty.begin(), nasty.end());
  make_sbatch(
      "bash -n \"$2\" && bash \"$2\" && echo 1");  // what the real one does with the script, in the end

  EXPECT_EQ(submit_to_slurm(array_), "1");
  std::string expected;
  for (std::string const& word : nasty) expected += '[' + word + ']';
  EXPECT_EQ(read(printer.string() + ".out"), expected);
}

TEST_F(SubmitToSlurm, LeavesTheScriptThatSbatchTook) {
  array_.tasks = 40;
  make_sbatch(
      "[ \"$1\" = --parsable ] && cp \"$2\" \"$0.took\" && echo '17;cluster' && echo 'sbatch: note' >&2");
  EXPECT_EQ(submit_to_slurm(array_), "17") << "without the cluster, and without the warning";
  EXPECT_EQ(read(folder_ / "bin" / "sbatch.took"), slurm_script(array_));
  EXPECT_EQ(read(folder_ / "a study's" / "slurm" / "submit.sh"), slurm_script(array_));
}

TEST_F(SubmitToSlurm, RepeatsWhatSbatchSaysWhenItRefuses) {
  make_sbatch("echo 'sbatch: error: invalid partition specified: gpuu' >&2; exit 1");
  EXPECT_NE(refusal().find("invalid partition specified: gpuu"), std::string::npos) << refusal();
  EXPECT_NE(refusal().find("submit.sh"), std::string::npos) << refusal();
  make_sbatch("kill -9 $$");
  EXPECT_NE(refusal().find("does not say why"), std::string::npos) << refusal();
}

TEST_F(SubmitToSlurm, TakesNothingButANumberForAJob) {
  for (char const* answer : {"", "hello", "12 13", "x12"}) {
    make_sbatch(std::string("echo '") + answer + "'");
    EXPECT_NE(refusal().find("not the number of a job"), std::string::npos) << answer << ": " << refusal();
  }
}

TEST_F(SubmitToSlurm, SaysWhatElseThereIsWhereThereIsNoSlurm) {
  setenv("PATH", (folder_ / "bin").c_str(), 1);
  EXPECT_NE(refusal().find("Elsewhere, start workers"), std::string::npos) << refusal();
}

TEST_F(SubmitToSlurm, NamesADirectoryThatCannotBeMade) {
  std::ofstream(folder_ / "file") << "not a directory";
  array_.directory = folder_ / "file" / "slurm";
  EXPECT_NE(refusal().find(array_.directory), std::string::npos) << refusal();
}

}  // namespace
}  // namespace corpuscle::tune
