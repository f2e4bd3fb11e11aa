#pragma once

#include <span>
#include <string>
#include <vector>

#include "corpuscle/report/line.hpp"

/// Which figures the report shows, without knowing what draws them.
namespace corpuscle::report {

/// One line of a plot. NaN: no point in that bin.
struct Series {
  std::string label;
  std::vector<double> values, errors;        ///< one per bin
  std::vector<double> ratios, ratio_errors;  ///< to the plot's denominator, on the same events
  bool may_run_out = false;                  ///< of the picture: the others set the range of linear axes
};

/// Numbers against a quantity, with a panel of ratios below.
struct Plot {
  std::string section;      ///< heading it belongs under
  std::string name;         ///< also of its files: "jets_ee_genkt_R0.4_response_median_vs_pt"
  std::string title;        ///< for the reader
  std::string description;  ///< what exactly is shown
  std::string x_title, y_title, ratio_title;
  std::vector<double> edges;  ///< of the bins; above 0 on a logarithmic axis
  bool has_logarithmic_x = false;
  bool has_logarithmic_y = false;
  bool is_histogram = false;   ///< counts, drawn as steps
  bool has_reference = false;  ///< the first series is that of the reference particles
  std::vector<Series> series;
};

/// A matrix of fractions, for one line.
struct MatrixPlot {
  std::string section, name, title, description;
  std::string row_title, column_title;
  std::vector<std::string> rows, columns;
  std::vector<double> values;  ///< row by row
};

struct Plots {
  std::vector<Plot> plots;
  std::vector<MatrixPlot> matrices;
};

/// The figures worth looking at: some fifty-five of the curves and histograms of the results. Ratios of
/// curves are to the first line, with the error that they have on the same events (those of the bootstrap
/// replicas); ratios of histograms are to the reference particles if the histogram has them, else to the
/// first line, where that has 10 entries. Widths of fewer than 5 entries are left out. The line "naive" may
/// run out of the picture, unless it is alone: it would flatten the others.
/// @param lines  one or more, of the same events, made alike
Plots choose_plots(std::span<Line const> lines);

}  // namespace corpuscle::report
