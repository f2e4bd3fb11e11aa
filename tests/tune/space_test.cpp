#include "corpuscle/tune/space.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "corpuscle/core/error.hpp"

namespace corpuscle::tune {
namespace {

constexpr char const* example = R"(parameters:
  - {name: network, kind: categorical, values: gnn transformer}
  - {name: lr, kind: real, low: 1e-5, high: 1e-1, scale: log}
  - {name: width, kind: ordered, values: 64 128 256}
  - {name: bins, kind: integer, low: 16, high: 64, step: 16, when: network is gnn}
  - {name: layers, kind: integer, low: 1, high: 20, scale: log}
  - {name: dropout, kind: real, low: 0, high: 0.5, step: 0.1}
first_guesses:
  - {network: gnn, lr: 1e-4, width: 128, bins: 32, layers: 3, dropout: 0.3}
  - {network: transformer, lr: 1e-3, width: 64, layers: 3, dropout: 0}
)";

Space space() {
  return Space::parse(example, "space.yaml");
}

/// The message of the error in a space with these lines under `parameters:`.
std::string complaint_about(std::string const& lines) {
  try {
    static_cast<void>(Space::parse("parameters:\n" + lines, "space.yaml"));
  } catch (core::ConfigError const& error) {
    return error.what();
  }
  return "none";
}

TEST(Space, ReadsParametersAndFirstGuesses) {
  Space const s = space();
  ASSERT_EQ(s.size(), 6);
  EXPECT_EQ(s.parameters[0].values, (std::vector<std::string>{"gnn", "transformer"}));
  EXPECT_TRUE(s.parameters[1].log);
  EXPECT_EQ(s.parameters[3].count(), 4);
  EXPECT_EQ(s.parameters[4].count(), 20);
  EXPECT_EQ(s.parameters[5].count(), 6);
  EXPECT_EQ(s.parameters[1].count(), 0);
  EXPECT_EQ(s.find("width"), 2);
  EXPECT_FALSE(s.find("height"));
  ASSERT_EQ(s.first_guesses.size(), 2);
  EXPECT_EQ(s.text(s.first_guesses[0]), "network=gnn lr=1e-04 width=128 bins=32 layers=3 dropout=0.3");
  EXPECT_EQ(s.text(s.first_guesses[1]), "network=transformer lr=0.001 width=64 layers=3 dropout=0");
  for (Configuration const& guess : s.first_guesses) EXPECT_EQ(s.complaint(guess), "");
}

TEST(Space, TellsWhereAMistakeIs) {
  EXPECT_EQ(complaint_about("  - {name: a, kind: reel, low: 0, high: 1}\n"),
            "space.yaml:2:21: 'kind' = 'reel' is unknown; it is one of: real, integer, categorical, ordered");
  EXPECT_EQ(complaint_about("  - {name: a, kind: real, low: 0, hihg: 1}\n"),
            "space.yaml:2:35: unknown key 'hihg'; did you mean 'high'?");
  EXPECT_EQ(complaint_about("  - {name: a, kind: real, low: 2, high: 1}\n"),
            "space.yaml:2:41: 'high' must be above 'low'");
  EXPECT_EQ(complaint_about("  - {name: a, kind: real, low: 0, high: 1, scale: log}\n"),
            "space.yaml:2:32: 'low' must be above 0 where the scale is log");
  EXPECT_EQ(complaint_about("  - {name: a, kind: integer, low: 0, high: 5, step: 2}\n"),
            "space.yaml:2:44: 'high' must be a whole number of steps above 'low'");
  EXPECT_EQ(complaint_about("  - {name: a, kind: integer, low: 0.5, high: 5}\n"),
            "space.yaml:2:35: 'low' must be a whole number");
  EXPECT_EQ(complaint_about("  - {name: a, kind: integer, low: 0, high: 1e12}\n"),
            "space.yaml:2:44: 'high' is more than 1e9 steps above 'low'");
  EXPECT_EQ(complaint_about("  - {name: a b, kind: ordered, values: 1 2}\n"),
            "space.yaml:2:12: 'name' must be one word, without ',' and '='");
  EXPECT_EQ(complaint_about("  - {name: a, kind: ordered, values: 1 2 1}\n"),
            "space.yaml:2:38: 'values' must be two or more different words with blanks between them");
  EXPECT_EQ(complaint_about(
                "  - {name: a, kind: ordered, values: 1 2}\n  - {name: a, kind: ordered, values: 1 2}\n"),
            "space.yaml:3:12: 'name' was given to a parameter before");
  EXPECT_EQ(complaint_about("  - {name: a, kind: ordered}\n"), "space.yaml:2:5: missing key 'values'");
}

TEST(Space, TellsWhereAConditionOrAGuessIsWrong) {
  std::string const words = "  - {name: net, kind: categorical, values: gnn mlp}\n";
  EXPECT_EQ(complaint_about(words + "  - {name: b, kind: real, low: 0, high: 1, when: net = gnn}\n"),
            "space.yaml:3:50: 'when' must read like 'network is gnn transformer'");
  EXPECT_EQ(complaint_about(words + "  - {name: b, kind: real, low: 0, high: 1, when: b is gnn}\n"),
            "space.yaml:3:50: 'when' names 'b', which is no earlier parameter of words");
  EXPECT_EQ(complaint_about(words + "  - {name: b, kind: real, low: 0, high: 1, when: net is cnn}\n"),
            "space.yaml:3:50: 'when' asks for 'cnn', which 'net' never is");
  EXPECT_EQ(complaint_about(words + "first_guesses:\n  - {net: cnn}\n"),
            "space.yaml:4:11: 'net' is none of the values of this parameter");
  std::string const real =
      words + "  - {name: b, kind: real, low: 0, high: 1, step: 0.25, when: net is gnn}\n";
  EXPECT_EQ(complaint_about(real + "first_guesses:\n  - {net: mlp, b: 1}\n"),
            "space.yaml:5:19: 'b' has no meaning here: its 'when' is not met");
  EXPECT_EQ(complaint_about(real + "first_guesses:\n  - {net: gnn}\n"), "space.yaml:5:5: missing key 'b'");
  EXPECT_EQ(complaint_about(real + "first_guesses:\n  - {net: gnn, b: 0.3}\n"),
            "space.yaml:5:19: 'b' is no whole number of steps of 0.25 above 0");
  EXPECT_EQ(complaint_about(real + "first_guesses:\n  - {net: gnn, b: 2}\n"),
            "space.yaml:5:19: 'b' = 2 is out of range: from 0 to 1");
}

TEST(Space, CellsOfAParameterTileTheUnitInterval) {
  Space const s = space();
  for (std::size_t p : {0, 2, 3, 4, 5}) {
    SCOPED_TRACE(s.parameters[p].name);
    std::size_t const n = s.parameters[p].count();
    double edge = 0;
    for (std::size_t k = 0; k < n; ++k) {
      double const value = s.parameters[p].is_word()
                               ? static_cast<double>(k)
                               : s.parameters[p].low + static_cast<double>(k) * s.parameters[p].step;
      Cell const cell = s.cell(p, value);
      EXPECT_NEAR(cell.low, edge, 1e-14);
      edge = cell.high;
      EXPECT_NEAR(s.value(p, cell.low + 0.01 * (cell.high - cell.low)), value, 1e-14);
      EXPECT_NEAR(s.value(p, cell.high - 0.01 * (cell.high - cell.low)), value, 1e-14);
    }
    EXPECT_NEAR(edge, 1, 1e-14);
  }
}

TEST(Space, ALogScaleIsEvenInTheLogarithm) {
  Space const s = space();
  EXPECT_NEAR(s.value(1, 0), 1e-5, 1e-19);
  EXPECT_NEAR(s.value(1, 0.25), 1e-4, 1e-18);
  EXPECT_NEAR(s.value(1, 1), 1e-1, 1e-15);
  EXPECT_NEAR(s.cell(1, 1e-3).centre(), 0.5, 1e-14);
  // Whole numbers: 1 owns 0.5 to 1.5 of 0.5 to 20.5.
  EXPECT_NEAR(s.cell(4, 1).high, std::log(3) / std::log(41), 1e-14);
}

TEST(Space, LeavesOutWhatHasNoMeaning) {
  Space const s = space();
  Configuration const gnn = s.at({0.1, 0.5, 0.5, 0.5, 0.5, 0.5});
  Configuration const transformer = s.at({0.9, 0.5, 0.5, 0.5, 0.5, 0.5});
  EXPECT_FALSE(std::isnan(gnn[3]));
  EXPECT_TRUE(std::isnan(transformer[3]));
  EXPECT_EQ(s.complaint(gnn), "");
  EXPECT_EQ(s.complaint(transformer), "");
}

TEST(Space, FindsFaultWithForeignConfigurations) {
  Space const s = space();
  Configuration c = s.first_guesses[0];
  EXPECT_EQ(s.complaint({1, 2}), "it has 2 values, the space has 6 parameters");
  c[1] = 1;
  EXPECT_EQ(s.complaint(c), "'lr' = 1 is out of range");
  c = s.first_guesses[0];
  c[0] = 1;
  EXPECT_EQ(s.complaint(c), "'bins' has a value where it has no meaning");
  c = s.first_guesses[1];
  c[0] = 0;
  EXPECT_EQ(s.complaint(c), "'bins' has no value");
  c = s.first_guesses[0];
  c[3] = 33;
  EXPECT_EQ(s.complaint(c), "'bins' = 33 is no whole number of steps of 16 above 16");
  c = s.first_guesses[0];
  c[2] = 3;
  EXPECT_EQ(s.complaint(c), "'width' = 3 is out of range");
}

// hpo.md 1.6: the best value of four MLPF parameters is the first or last of its range.
TEST(Space, WarnsWhereTheBestLiesOnAnEdge) {
  Space const s = space();
  Configuration c = s.first_guesses[0];
  EXPECT_TRUE(s.edge_warnings(c).empty());
  c[2] = 2;
  c[3] = 16;
  c[1] = 1.05e-5;  // within 1 % of the range in the logarithm
  std::vector<std::string> const warnings = s.edge_warnings(c);
  ASSERT_EQ(warnings.size(), 3);
  EXPECT_EQ(
      warnings[0],
      "lr = 1.05e-05 lies at the lower end of its range: the best may lie beyond; widen it and search on");
  EXPECT_EQ(warnings[1].substr(0, 31), "width = 256 lies at the upper e");
  EXPECT_EQ(warnings[2].substr(0, 30), "bins = 16 lies at the lower en");
}

}  // namespace
}  // namespace corpuscle::tune
