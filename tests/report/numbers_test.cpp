#include "corpuscle/report/numbers.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "corpuscle/core/error.hpp"
#include "report/toy_lines.hpp"
#include "support/frames.hpp"

namespace corpuscle::report {
namespace {

TEST(Numbers, HoldEveryFigureOfEveryLineAndTheDifferences) {
  Report const report = toy_report();
  auto const json = nlohmann::json::parse(to_json(report));
  for (Line const& line : report.lines)
    for (eval::Figure const& figure : line.result.figures) {
      auto const& stored = json.at("lines").at(line.name).at("figures").at(figure.name);
      if (std::isfinite(figure.value))
        EXPECT_EQ(stored.at("value").get<double>(), figure.value) << figure.name;
      else
        EXPECT_TRUE(stored.at("value").is_null()) << figure.name;
    }
  char const* const median = "event/energy/response_median";
  EXPECT_DOUBLE_EQ(json.at("differences").at("naive - rules").at(median).at("value").get<double>(),
                   report.lines[1].result.figure(median).value - report.lines[0].result.figure(median).value);
  EXPECT_EQ(json.at("events").at("number"), 30);
}

TEST(Numbers, AreTheSameBytesForTheSameReport) {
  EXPECT_EQ(to_json(toy_report()), to_json(toy_report()));
}

TEST(Numbers, AreReadBack) {
  testing::TemporaryDirectory const directory;
  Report const report = toy_report();
  testing::write_bytes(directory / "numbers.json", to_json(report));
  StoredNumbers const stored = load_numbers(directory / "numbers.json");
  EXPECT_EQ(stored.events, 30U);
  EXPECT_EQ(stored.checksum, checksum(report.lines[0].result.events));
  EXPECT_EQ(stored.figures.size(), 2 * report.lines[0].result.figures.size());
}

TEST(Numbers, AnotherFileIsRefused) {
  testing::TemporaryDirectory const directory;
  EXPECT_THROW(load_numbers(directory / "none.json"), core::EnvironmentError);
  for (char const* text : {"", "{", "[]", "{\"lines\": 3}"}) {
    testing::write_bytes(directory / "numbers.json", text);
    EXPECT_THROW(load_numbers(directory / "numbers.json"), core::DataError) << text;
  }
}

TEST(Numbers, TheChecksumSeesEveryEventAndTheirNumber) {
  std::vector<eval::EventId> const events{{0, 1, 2}, {0, 1, 3}};
  std::string const sum = checksum(events);
  EXPECT_EQ(sum.size(), 16U);
  EXPECT_EQ(sum, checksum(events));
  for (std::vector<eval::EventId> const& others : {std::vector<eval::EventId>{{0, 1, 2}},
                                                   {{0, 1, 2}, {0, 1, 4}},
                                                   {{0, 2, 2}, {0, 1, 3}},
                                                   {{1, 1, 2}, {0, 1, 3}}})
    EXPECT_NE(sum, checksum(others));
}

}  // namespace
}  // namespace corpuscle::report
