#include "corpuscle/report/plots.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "report/toy_lines.hpp"

namespace corpuscle::report {
namespace {

TEST(Plots, ShowEveryLineOfEveryFigureWithAxesThatCanBeDrawn) {
  Report const report = toy_report();
  Plots const plots = choose_plots(report.lines);
  EXPECT_GE(plots.plots.size(), 40U);
  EXPECT_EQ(plots.matrices.size(), report.lines.size());
  std::set<std::string> names;
  for (Plot const& plot : plots.plots) {
    EXPECT_TRUE(names.insert(plot.name).second) << plot.name << " twice";
    EXPECT_EQ(plot.name.find('/'), plot.name.npos) << plot.name;
    EXPECT_EQ(plot.series.size(), report.lines.size() + (plot.has_reference ? 1 : 0)) << plot.name;
    EXPECT_FALSE(plot.x_title.empty() || plot.y_title.empty() || plot.description.empty()) << plot.name;
    EXPECT_TRUE(std::is_sorted(plot.edges.begin(), plot.edges.end())) << plot.name;
    if (plot.has_logarithmic_x) {
      EXPECT_GT(plot.edges.front(), 0) << plot.name;
    }
    for (Series const& series : plot.series)
      for (auto const* column : {&series.values, &series.errors, &series.ratios, &series.ratio_errors})
        EXPECT_EQ(column->size() + 1, plot.edges.size()) << plot.name;
  }
}

TEST(Plots, TheFirstLineIsTheMeasureOfTheOthers) {
  std::vector<Line> const lines{toy_line("rules", 30, {}), toy_line("same", 30, {})};
  for (Plot const& plot : choose_plots(lines).plots) {
    if (plot.is_histogram) continue;
    for (Series const& series : plot.series)
      for (std::size_t bin = 0; bin < series.values.size(); ++bin) {
        if (!std::isfinite(series.ratios[bin])) continue;
        EXPECT_EQ(series.ratios[bin], 1) << plot.name;
        // The same events on the same replicas: no error at all.
        if (std::isfinite(series.ratio_errors[bin])) {
          EXPECT_EQ(series.ratio_errors[bin], 0) << plot.name;
        }
      }
  }
}

TEST(Plots, NaiveParticlesDoNotSetTheRangeUnlessTheyAreAlone) {
  auto const runs_out = [](std::vector<Line> const& lines) {
    Plots const plots = choose_plots(lines);
    return plots.plots.front().series.back().may_run_out;
  };
  EXPECT_TRUE(runs_out({toy_line("rules", 30, {}), toy_line("naive", 30, {})}));
  EXPECT_FALSE(runs_out({toy_line("naive", 30, {})}));
}

TEST(Plots, WidthsOfFewEntriesAreLeftOut) {
  Line line = toy_line("rules", 30, {});
  for (eval::Curve& curve : line.result.curves)
    for (eval::Estimate& point : curve.points) point.n = 4;
  for (Plot const& plot : choose_plots(std::vector{line}).plots)
    EXPECT_EQ(plot.name.find("response_iqr"), plot.name.npos) << plot.name;
}

}  // namespace
}  // namespace corpuscle::report
