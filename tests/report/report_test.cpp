#include "corpuscle/report/report.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "corpuscle/core/error.hpp"
#include "corpuscle/report/numbers.hpp"
#include "corpuscle/report/plots.hpp"
#include "report/toy_lines.hpp"
#include "support/frames.hpp"

namespace corpuscle::report {
namespace {

namespace fs = std::filesystem;

class WrittenReport : public ::testing::Test {
 protected:
  testing::TemporaryDirectory directory_;
  std::string const folder_ = directory_ / "report";
};

TEST_F(WrittenReport, NumbersAloneAreTheNumbers) {
  Report const report = toy_report(5);
  write(report, folder_ + "/", Contents::numbers);
  EXPECT_EQ(testing::bytes_of(folder_ + "/numbers.json"), to_json(report));
}

TEST_F(WrittenReport, ReplacesAReportAndNothingElse) {
  write(toy_report(5), folder_, Contents::numbers);
  write(toy_report(6), folder_, Contents::numbers);
  EXPECT_EQ(load_numbers(folder_ + "/numbers.json").events, 6U);
  testing::write_bytes(folder_ + "/thesis.tex", "years of work");
  EXPECT_THROW(write(toy_report(5), folder_, Contents::numbers), core::ConfigError);
  EXPECT_TRUE(fs::exists(folder_ + "/thesis.tex"));
  testing::write_bytes(directory_ / "file", "");
  EXPECT_THROW(write(toy_report(5), directory_ / "file", Contents::numbers), core::ConfigError);
}

TEST_F(WrittenReport, LeavesNothingBesideItself) {
  write(toy_report(5), folder_, Contents::numbers);
  write(toy_report(5), folder_, Contents::numbers);
  EXPECT_EQ(std::distance(fs::directory_iterator(directory_.path()), {}), 1);
}

#ifdef CORPUSCLE_TEST_PLOTS
TEST_F(WrittenReport, HasEveryFigureAsPngAndPdfAndInThePage) {
  Report const report = toy_report(5);
  write(report, folder_);
  std::string const page = testing::bytes_of(folder_ + "/report.html");
  Plots const plots = choose_plots(report.lines);
  std::vector<std::string> names;
  for (Plot const& plot : plots.plots) names.push_back(plot.name);
  for (MatrixPlot const& plot : plots.matrices) names.push_back(plot.name);
  for (std::string const& name : names) {
    std::string const path = folder_ + "/figures/" + name;
    EXPECT_TRUE(testing::bytes_of(path + ".png").starts_with("\x89PNG")) << name;
    EXPECT_TRUE(testing::bytes_of(path + ".pdf").starts_with("%PDF")) << name;
    EXPECT_NE(page.find("<figure id=\"" + name + "\""), page.npos) << name;
  }
  EXPECT_TRUE(testing::bytes_of(folder_ + "/histograms.root").starts_with("root"));
}
#endif

}  // namespace
}  // namespace corpuscle::report
