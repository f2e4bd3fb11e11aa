#include "corpuscle/report/gates.hpp"

#include <gtest/gtest.h>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/report/numbers.hpp"
#include "report/toy_lines.hpp"
#include "support/frames.hpp"

namespace corpuscle::report {
namespace {

constexpr char const* median = "jets/ee_genkt_R0.4/response_median";
constexpr char const* efficiency = "particles/all/efficiency";

class Gates : public ::testing::Test {
 protected:
  std::vector<Gate> load(std::string const& text) const {
    testing::write_bytes(path_, text);
    return load_gates(path_);
  }
  Verdict judge_one(std::string const& gate, std::vector<Line> const& lines,
                    StoredNumbers const* stored = nullptr) const {
    return judge(load("gates:\n  - " + gate + "\n"), lines, stored).at(0);
  }
  void expect_complaint(std::string const& text, std::string const& word) const {
    try {
      load(text);
      FAIL() << "accepted: " << text;
    } catch (core::ConfigError const& error) {
      EXPECT_NE(std::string(error.what()).find(word), std::string::npos) << error.what();
    }
  }

  testing::TemporaryDirectory directory_;
  std::string const path_ = directory_ / "gates.yaml";
};

TEST_F(Gates, HoldAFigureBetweenMinAndMax) {
  std::vector<Line> const lines{toy_line("rules", 30, {})};
  std::string const figure = std::string("{figure: ") + median;
  EXPECT_TRUE(judge_one(figure + ", min: 0.9, max: 1.1}", lines).passes);
  EXPECT_FALSE(judge_one(figure + ", min: 1.1}", lines).passes);
  EXPECT_FALSE(judge_one(figure + ", max: 0.9}", lines).passes);
}

TEST_F(Gates, HoldAFigureNearAReference) {
  std::vector<Line> const lines{toy_line("rules", 30, {})};
  eval::Figure const figure = lines[0].result.figure(median);
  double const off = figure.value + 2.5 * figure.error;
  std::string const gate = core::cat("{figure: ", median, ", reference: ", off);
  EXPECT_TRUE(judge_one(gate + ", sigmas: 3}", lines).passes);
  EXPECT_FALSE(judge_one(gate + ", sigmas: 2}", lines).passes);
  EXPECT_TRUE(judge_one(core::cat(gate, ", sigmas: 2, tolerance: ", figure.error, "}"), lines).passes);
}

TEST_F(Gates, AFigureWithoutAValueFails) {
  std::vector<Line> const lines{toy_line("rules", 3, {})};
  EXPECT_FALSE(judge_one("{figure: clusters/purity, min: -1000}", lines).passes);  // toys have no clusters
}

// 100 events are 10,800 particles, of which 54 are lost on purpose: an efficiency lower by 0.005 +- 0.0007,
// but the same for all else. A scale of 1.01 moves every response by 0.01 of itself; jets that cross the
// threshold of 5 GeV move the median by far less than 0.003.
TEST_F(Gates, AShiftedScaleAndLostParticlesFailOnTheSameEvents) {
  Line const before = toy_line("before", 100, {});
  std::string const scale = core::cat("{figure: ", median, ", against: before, tolerance: 0.003}");
  std::string const found = core::cat("{figure: ", efficiency, ", against: before, tolerance: 0.002}");
  std::vector<Line> const same{toy_line("after", 100, {}), before};
  EXPECT_TRUE(judge_one(scale, same).passes);
  EXPECT_EQ(judge_one(scale, same).value, 0);
  EXPECT_EQ(judge_one(scale, same).error, 0);
  EXPECT_TRUE(judge_one(found, same).passes);
  std::vector<Line> const shifted{toy_line("after", 100, {.scale = 1.01}), before};
  EXPECT_FALSE(judge_one(scale, shifted).passes);
  EXPECT_NEAR(judge_one(scale, shifted).value, 0.01, 0.003);
  std::vector<Line> const lossy{toy_line("after", 100, {.loss = 0.005}), before};
  EXPECT_FALSE(judge_one(found, lossy).passes);
  EXPECT_NEAR(judge_one(found, lossy).value, -0.005, 0.0028);  // 4 sigma
}

TEST_F(Gates, HoldAFigureAgainstStoredNumbersOfTheSameEvents) {
  Report report;
  report.lines.push_back(toy_line("rules", 30, {}));
  testing::write_bytes(directory_ / "numbers.json", to_json(report));
  StoredNumbers const stored = load_numbers(directory_ / "numbers.json");
  std::string const gate = core::cat("{figure: ", median, ", against: stored, tolerance: 0.003}");
  EXPECT_TRUE(judge_one(gate, report.lines, &stored).passes);
  EXPECT_FALSE(judge_one(gate, {toy_line("rules", 30, {.scale = 1.01})}, &stored).passes);
  EXPECT_THROW(judge_one(gate, {toy_line("rules", 31, {})}, &stored), core::DataError);
  EXPECT_THROW(judge_one(gate, {toy_line("others", 30, {})}, &stored), core::DataError);
  EXPECT_THROW(judge_one(gate, report.lines), core::ConfigError);
}

TEST_F(Gates, AMisspeltFileIsRefusedWithItsPlace) {
  std::string const figure = core::cat("gates:\n  - {figure: ", median);
  expect_complaint(figure + "}\n", "gates.yaml:2:");
  expect_complaint(figure + "}\n", "min, max, tolerance or sigmas");
  expect_complaint(figure + ", tolerance: 0.1}\n", "reference");
  expect_complaint(figure + ", min: 2, max: 1}\n", "above max");
  expect_complaint(figure + ", maximum: 1}\n", "max");
  expect_complaint(figure + ", reference: 1, tolerance: -1}\n", "tolerance");
  expect_complaint("gates: []\n", "gates");
}

TEST_F(Gates, AnUnknownFigureOrLineIsRefusedWithTheNearest) {
  std::vector<Line> const lines{toy_line("rules", 3, {})};
  try {
    judge_one("{figure: jets/ee_genkt_R0.4/response_medium, min: 0}", lines);
    FAIL();
  } catch (core::ConfigError const& error) {
    EXPECT_NE(std::string(error.what()).find(median), std::string::npos) << error.what();
  }
  EXPECT_THROW(judge_one(core::cat("{figure: ", median, ", line: rulez, min: 0}"), lines), core::ConfigError);
}

TEST_F(Gates, ThoseThatComeWithCorpuscleAreValid) {
  for (char const* name : {"ttbar_rules.yaml", "unchanged.yaml"})
    EXPECT_FALSE(load_gates(std::string(CORPUSCLE_SOURCE_DIR "/gates/") + name).empty());
}

}  // namespace
}  // namespace corpuscle::report
