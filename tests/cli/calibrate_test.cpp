// `corpuscle calibrate` as a user meets it.
#include <algorithm>

#include "cli/program.hpp"
#include "corpuscle/config/detector.hpp"

namespace corpuscle {
namespace {

class CliCalibrate : public Cli {
 protected:
  /// The command line for as few particles as there may be.
  [[nodiscard]] Arguments few(Arguments const& more = {}) const {
    Arguments arguments = {"calibrate", "--photons", "100", "--hadrons", "1000", "-o", section_};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }

  /// The file of CLICdet with this section instead of its own; its path.
  [[nodiscard]] std::string detector_with(std::string const& section) const {
    std::string text = testing::bytes_of(CORPUSCLE_SOURCE_DIR "/detectors/clic.yaml");
    std::size_t const begin = text.find("hit_particle_flow:"), end = text.find("simulation:\n");
    text.replace(begin, end - begin, section);
    testing::write_bytes(directory_ / "mine.yaml", text);
    return directory_ / "mine.yaml";
  }

  std::string const section_ = outputs_ / "section.yaml";
};

TEST_F(CliCalibrate, HelpShowsExamples) {
  Answer const answer = run({"calibrate", "--help"});
  EXPECT_EQ(answer.exit_code, success) << answer.err;
  EXPECT_TRUE(contains(answer.out, "Examples:\n  corpuscle calibrate")) << answer.out;
  EXPECT_TRUE(contains(run({"--help"}).out, "\n  calibrate"));
}

TEST_F(CliCalibrate, PrintsResponsesAndWritesTheSection) {
  Answer const answer = run(few());
  ASSERT_EQ(answer.exit_code, success) << answer.err;
  EXPECT_EQ(answer.err, "");
  for (char const* word : {"photons", "K0L", "response", "CLIC_o3_v14", "section.yaml"})
    EXPECT_TRUE(contains(answer.out, word)) << answer.out;
  EXPECT_EQ(outputs(), std::vector<std::string>{"section.yaml"});
  std::string const section = testing::bytes_of(section_);
  EXPECT_TRUE(
      section.starts_with("# corpuscle calibrate --photons 100 --hadrons 1000 --seed 1\n"
                          "hit_particle_flow:\n"))
      << section;
}

TEST_F(CliCalibrate, ADetectorFileTakesTheSectionAsItIs) {
  ASSERT_EQ(run(few()).exit_code, success);
  std::string const section = testing::bytes_of(section_);
  std::string const path = detector_with(section);
  auto const calibration = config::load_detector(path).hit_particle_flow.calibration;
  EXPECT_TRUE(calibration.is_fitted);
  EXPECT_TRUE(section.ends_with(config::calibration_section(calibration)));

  // A detector without the section is calibrated like one that has it.
  for (std::string const& detector : {path, detector_with("")}) {
    ASSERT_EQ(run(few({"--detector", detector})).exit_code, success);
    EXPECT_EQ(testing::bytes_of(section_), section);
  }
}

TEST_F(CliCalibrate, AnyNumberOfThreadsWritesTheSameBytes) {
  ASSERT_EQ(run(few({"--threads", "1"})).exit_code, success);
  std::string const one = testing::bytes_of(section_);
  ASSERT_EQ(run(few({"--threads", "3"})).exit_code, success);
  EXPECT_EQ(testing::bytes_of(section_), one);
  ASSERT_EQ(run(few({"--seed", "2"})).exit_code, success);
  EXPECT_NE(testing::bytes_of(section_), one);
}

TEST_F(CliCalibrate, WrongOptionsAreUsageErrors) {
  expect_failure({"calibrate"}, usage, "--output");
  expect_failure(few({"--detector", "clik"}), usage, "clic");
  expect_failure(few({"--detector", "ild"}), usage, "no section 'simulation'");
  expect_failure(few({"--threads", "0"}), usage, "--threads");
  for (char const* n : {"99", "-1", "many", "99999999999"}) {
    expect_failure({"calibrate", "--photons", n, "-o", section_}, usage, "--photons");
    expect_failure({"calibrate", "--hadrons", n, "-o", section_}, usage, "--hadrons");
  }
  std::string const mine = detector_with("");
  std::string const before = testing::bytes_of(mine);
  expect_failure({"calibrate", "--detector", mine, "-o", mine}, usage, "input file too");
  EXPECT_EQ(testing::bytes_of(mine), before);
  EXPECT_EQ(outputs(), std::vector<std::string>{});
}

TEST_F(CliCalibrate, OutputThatCannotBeWrittenIsAnError) {
  for (std::string const& path : {outputs_.path(), outputs_ / "nowhere/section.yaml"})
    expect_failure({"calibrate", "-o", path}, environment, path);  // at once, not after the simulation
  expect_failure({"calibrate", "--detector", directory_ / "missing.yaml", "-o", section_}, environment,
                 "missing.yaml");
  EXPECT_EQ(outputs(), std::vector<std::string>{});
}

TEST_F(CliCalibrate, InterruptionLeavesNoFile) {
  for (int const signal : {SIGINT, SIGTERM}) {
    Answer const answer = run_and_signal({"calibrate", "--hadrons", "3000000", "-o", section_}, signal);
    EXPECT_EQ(answer.exit_code, 128 + signal) << answer.err;
    EXPECT_TRUE(contains(answer.err, "interrupted")) << answer.err;
    EXPECT_EQ(outputs(), std::vector<std::string>{});
  }
}

}  // namespace
}  // namespace corpuscle
