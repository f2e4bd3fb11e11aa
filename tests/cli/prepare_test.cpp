// `corpuscle prepare` as a user meets it. Guns, so that Pythia need not be there.
#include <algorithm>

#include "cli/program.hpp"

namespace corpuscle {
namespace {

class CliPrepare : public Cli {
 protected:
  [[nodiscard]] Arguments guns(std::string const& n, std::string const& name,
                               Arguments const& more = {}) const {
    Arguments arguments = {"prepare",        "--simulate", "gun", "--pdg", "211",     "--energy", "2:20",
                           "--multiplicity", "3:6",        "-n",  n,       "--shard", "16",       "-o",
                           outputs_ / name};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }

  /// All files of a dataset with their bytes.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> files(std::string const& name) const {
    std::vector<std::pair<std::string, std::string>> found;
    for (auto const& entry : std::filesystem::directory_iterator(outputs_ / name))
      found.emplace_back(entry.path().filename().string(), testing::bytes_of(entry.path().string()));
    std::sort(found.begin(), found.end());
    return found;
  }
};

TEST_F(CliPrepare, HelpShowsExamples) {
  Answer const answer = run({"prepare", "--help"});
  EXPECT_EQ(answer.exit_code, success) << answer.err;
  EXPECT_TRUE(contains(answer.out, "Examples:\n  corpuscle prepare")) << answer.out;
}

TEST_F(CliPrepare, AnyNumberOfThreadsWritesTheSameBytes) {
  ASSERT_EQ(run(guns("40", "one", {"--threads", "1"})).exit_code, success);
  Answer const answer = run(guns("40", "three", {"--threads", "3"}));
  ASSERT_EQ(answer.exit_code, success) << answer.err;
  EXPECT_TRUE(contains(answer.out, "40 events")) << answer.out;
  EXPECT_GE(files("one").size(), 4u);  // three shards and the manifest
  EXPECT_EQ(files("one"), files("three"));
}

TEST_F(CliPrepare, ADatasetThatIsMadeLongerIsAsIfMadeAtOnce) {
  ASSERT_EQ(run(guns("40", "at_once")).exit_code, success);
  ASSERT_EQ(run(guns("25", "twice")).exit_code, success);
  EXPECT_NE(files("twice"), files("at_once"));
  ASSERT_EQ(run(guns("40", "twice")).exit_code, success);
  EXPECT_EQ(files("twice"), files("at_once"));
}

TEST_F(CliPrepare, OtherEventsAreNotMixedIn) {
  ASSERT_EQ(run(guns("20", "mine")).exit_code, success);
  auto const before = files("mine");
  expect_failure(guns("40", "mine", {"--seed", "2"}), usage, "provenance");
  EXPECT_EQ(files("mine"), before);
}

TEST_F(CliPrepare, HitsWithoutLinksAreNotLearntFrom) {
  std::string const events = outputs_ / "photons.edm4hep.root";
  std::string const unlinked = outputs_ / "unlinked.edm4hep.root";
  ASSERT_EQ(run({"simulate", "gun", "--pdg", "22", "--energy", "10", "-n", "3", "-o", events}).exit_code,
            success);
  ASSERT_EQ(run({"reconstruct", events, "--drop", "CalohitMCTruthLink", "-o", unlinked}).exit_code, success);
  auto const prepare = [&](std::string const& schema) {
    return Arguments{"prepare", unlinked, "--schema", schema, "-o", outputs_ / schema};
  };
  expect_failure(prepare("corpuscle-hit-groups-1"), data, "no links from calorimeter hits");
  EXPECT_EQ(run(prepare("corpuscle-clusters-1")).exit_code, success);
}

TEST_F(CliPrepare, AnInterruptedReadingOfFilesGoesOn) {
  std::string const events = outputs_ / "pions.edm4hep.root";
  ASSERT_EQ(run({"simulate", "gun", "--pdg", "211", "-n", "20", "-o", events}).exit_code, success);
  auto const prepare = [&](Arguments const& more) {
    Arguments arguments{"prepare", events, "--shard", "10", "-o", outputs_ / "dataset"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  };
  ASSERT_EQ(run(prepare({})).exit_code, success);
  auto const whole = files("dataset");
  for (char const* lost : {"dataset.json", "shard-00001.safetensors"}) {  // by a kill in between
    std::filesystem::remove(std::filesystem::path(outputs_ / "dataset") / lost);
    Answer const answer = run(prepare({}));
    EXPECT_EQ(answer.exit_code, success) << lost << answer.err;
    EXPECT_EQ(files("dataset"), whole) << lost;
  }
  expect_failure(prepare({"-n", "5"}), usage, "holds 20 events already");
  expect_failure(prepare({"--seed", "2"}), usage, "--seed");
}

TEST_F(CliPrepare, WrongOptionsAreUsageErrors) {
  expect_failure({"prepare", "-o", outputs_ / "none"}, usage, "--simulate");
  expect_failure(guns("5", "none", {"--schema", "corpuscle-cluster-1"}), usage, "corpuscle-clusters-1");
  expect_failure(guns("5", "none", {"--rule", "2024"}), usage, "2026");
  expect_failure(guns("5", "none", {"--train", "0.9", "--valid", "0.2"}), usage, "--valid");
}

}  // namespace
}  // namespace corpuscle
