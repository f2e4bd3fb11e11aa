#include "corpuscle/report/plots.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>

#include "corpuscle/core/text.hpp"
#include "corpuscle/eval/statistics.hpp"

namespace corpuscle::report {
namespace {

using core::cat;
using eval::Curve;
using eval::Estimate;
using eval::Histogram;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

std::string with_unit(std::string const& title, std::string const& unit) {
  return unit.empty() ? title : cat(title, " [", unit, "]");
}

/// Of fewer entries a width means little. Ours.
constexpr std::size_t min_entries_of_width = 5;
/// Where a histogram holds fewer, ratios to it are noise, and hide the others. Ours.
constexpr double min_entries_of_ratio = 10;

/// Widths and angles differ by factors from line to line: on a logarithmic axis all can be seen.
bool is_width(std::string_view name) {
  return name.find("/response_iqr") != name.npos || name.find("/angle_68") != name.npos;
}

std::string file_name(std::string name) {
  std::replace(name.begin(), name.end(), '/', '_');
  return name;
}

template <class T>
T const* find(std::vector<T> const& all, std::string const& name) {
  auto const at = std::find_if(all.begin(), all.end(), [&](T const& one) { return one.name == name; });
  return at == all.end() ? nullptr : &*at;
}

/// A bin that begins at 0 begins at half its end on a logarithmic axis.
std::vector<double> drawable(eval::Axis const& axis) {
  std::vector<double> edges = axis.edges;
  if (axis.is_logarithmic && edges.size() > 1 && edges[0] <= 0) edges[0] = edges[1] / 2;
  return edges;
}

/// Of one point to another, which is of the same events.
std::pair<double, double> ratio(Estimate const& above, Estimate const& below, std::size_t n_events) {
  if (!(below.value != 0)) return {nan, nan};
  std::vector<double> replicas;
  for (std::size_t k = 0; k < std::min(above.replicas.size(), below.replicas.size()); ++k)
    replicas.push_back(above.replicas[k] / below.replicas[k]);
  return {above.value / below.value, eval::spread(replicas, n_events)};
}

class Chooser {
 public:
  explicit Chooser(std::span<Line const> lines) : lines_(lines) {}

  void section(std::string name) { section_ = std::move(name); }

  void curve(std::string const& name, std::string title) {
    Curve const* const first = find(lines_[0].result.curves, name);
    if (!first) return;
    Plot plot = start(name, std::move(title), first->description, first->x);
    plot.y_title = with_unit(first->y_title, first->y_unit);
    plot.ratio_title = to_first();
    plot.has_logarithmic_y = is_width(name);
    std::size_t const n_events = lines_[0].result.counts.events;
    for (Line const& line : lines_) {
      Curve const* const curve = find(line.result.curves, name);
      if (!curve) continue;
      Series series{line.name, {}, {}, {}, {}, false};
      for (std::size_t bin = 0; bin < curve->points.size(); ++bin) {
        Estimate const& point = curve->points[bin];
        std::size_t const least = is_width(name) ? min_entries_of_width : 1;
        bool const is_there = point.n >= least && !(plot.has_logarithmic_y && point.value <= 0);
        series.values.push_back(is_there ? point.value : nan);
        series.errors.push_back(point.error);
        bool const has_ratio = is_there && first->points[bin].n >= least;
        auto const [value, error] =
            has_ratio ? ratio(point, first->points[bin], n_events) : std::pair(nan, nan);
        series.ratios.push_back(value);
        series.ratio_errors.push_back(error);
      }
      plot.series.push_back(std::move(series));
    }
    if (has_points(plot)) result_.plots.push_back(std::move(plot));
  }

  /// @param reference  histogram of the reference particles, to be shown too; may be empty
  void histogram(std::string const& name, std::string title, std::string const& reference = "") {
    Histogram const* const first = find(lines_[0].result.histograms, name);
    if (!first) return;
    Plot plot = start(name, std::move(title), first->description, first->x);
    plot.is_histogram = true;
    plot.y_title = first->y_title;
    plot.ratio_title = reference.empty() ? to_first() : "to reference";
    Histogram const* denominator = first;
    if (!reference.empty()) {
      if (Histogram const* const shown = find(lines_[0].result.histograms, reference)) {
        denominator = shown;
        plot.has_reference = true;
        plot.series.push_back(counts("reference", *shown, *shown));
      }
    }
    for (Line const& line : lines_)
      if (Histogram const* const one = find(line.result.histograms, name))
        plot.series.push_back(counts(line.name, *one, *denominator));
    if (has_points(plot)) result_.plots.push_back(std::move(plot));
  }

  void matrix(std::string const& name, std::string const& title) {
    for (Line const& line : lines_)
      if (eval::Matrix const* const one = find(line.result.matrices, name)) {
        MatrixPlot plot{section_,
                        file_name(cat(name, "_", line.name)),
                        cat(title, ": ", line.name),
                        one->description,
                        one->row_title,
                        one->column_title,
                        one->rows,
                        one->columns,
                        {}};
        for (eval::Figure const& cell : one->cells) plot.values.push_back(cell.value);
        result_.matrices.push_back(std::move(plot));
      }
  }

  [[nodiscard]] Plots take() { return std::move(result_); }

 private:
  [[nodiscard]] Plot start(std::string const& name, std::string title, std::string const& description,
                           eval::Axis const& x) const {
    Plot plot;
    plot.section = section_;
    plot.name = file_name(name);
    plot.title = std::move(title);
    plot.description = description;
    plot.x_title = with_unit(x.title, x.unit);
    plot.edges = drawable(x);
    // Of less than one and a half decades a linear axis has the better labels.
    plot.has_logarithmic_x = x.is_logarithmic && plot.edges.back() > 30 * plot.edges.front();
    return plot;
  }

  [[nodiscard]] std::string to_first() const {
    constexpr std::size_t longest = 12;  // letters that there is room for
    return lines_[0].name.size() <= longest ? cat("to ", lines_[0].name) : "to the first";
  }

  static Series counts(std::string const& label, Histogram const& of, Histogram const& denominator) {
    Series series{label, {}, {}, {}, {}, false};
    for (std::size_t bin = 0; bin < of.counts.size(); ++bin) {
      auto const n = static_cast<double>(of.counts[bin]);
      auto const below = static_cast<double>(denominator.counts[bin]);
      series.values.push_back(n);
      series.errors.push_back(std::sqrt(n));
      series.ratios.push_back(below >= min_entries_of_ratio ? n / below : nan);
      series.ratio_errors.push_back(below >= min_entries_of_ratio ? std::sqrt(n) / below : nan);
    }
    return series;
  }

  static bool has_points(Plot const& plot) {
    return std::any_of(plot.series.begin(), plot.series.end(), [&](Series const& series) {
      return std::any_of(series.values.begin(), series.values.end(),
                         [&](double y) { return std::isfinite(y) && (!plot.is_histogram || y > 0); });
    });
  }

  std::span<Line const> lines_;
  std::string section_;
  Plots result_;
};

}  // namespace

Plots choose_plots(std::span<Line const> lines) {
  Chooser choose(lines);
  choose.section("Jets");
  for (auto const& [path, what] :
       {std::pair("jets/ee_genkt_R0.4", "jets, R = 0.4"), std::pair("jets/ee_genkt_R0.7", "jets, R = 0.7")}) {
    choose.curve(cat(path, "/response_iqr_over_median_vs_pt"), cat("Jet response: width (", what, ")"));
    choose.curve(cat(path, "/response_median_vs_pt"), cat("Jet response: median (", what, ")"));
    choose.curve(cat(path, "/response_iqr_over_median_vs_cos_theta"),
                 cat("Jet response: width against angle (", what, ")"));
    choose.curve(cat(path, "/response_median_vs_cos_theta"),
                 cat("Jet response: median against angle (", what, ")"));
    choose.curve(cat(path, "/matched_fraction_vs_pt"), cat("Jets found (", what, ")"));
    choose.histogram(cat(path, "/response"), cat("Jet response (", what, ")"));
    choose.histogram(cat(path, "/test_pt"), cat("Jet transverse momentum (", what, ")"),
                     cat(path, "/reference_pt"));
  }

  choose.section("Whole events");
  for (auto const& [path, what] :
       {std::pair("event/energy", "Visible energy"), std::pair("event/mass", "Visible mass"),
        std::pair("event/missing_pt", "Missing transverse momentum"),
        std::pair("event/momentum", "Total momentum"), std::pair("event/multiplicity", "Multiplicity")})
    choose.histogram(cat(path, "/test"), what, cat(path, "/reference"));
  choose.histogram("event/energy/response", "Visible energy: response");
  choose.curve("event/missing_pt/response_iqr_over_median_vs_size", "Missing transverse momentum: width");
  choose.curve("event/missing_pt/response_median_vs_size", "Missing transverse momentum: median");

  choose.section("Particles");
  constexpr std::pair<char const*, char const*> groups[] = {
      {"all", "all particles"},  {"charged_hadron", "charged hadrons"},
      {"photon", "photons"},     {"neutral_hadron", "neutral hadrons"},
      {"electron", "electrons"}, {"muon", "muons"}};
  for (auto const& [word, what] : groups) {
    std::string const path = cat("particles/", word);
    bool const is_common = std::string_view(word) != "electron" && std::string_view(word) != "muon";
    choose.curve(path + "/efficiency_vs_energy", cat("Efficiency: ", what));
    choose.curve(path + "/fake_rate_vs_energy", cat("Fake rate: ", what));
    if (is_common) {
      choose.curve(path + "/efficiency_vs_cos_theta", cat("Efficiency against angle: ", what));
      choose.curve(path + "/efficiency_vs_nearest", cat("Efficiency against isolation: ", what));
      choose.curve(path + "/response_median_vs_energy", cat("Energy response: median, ", what));
      choose.curve(path + "/response_iqr_over_median_vs_energy", cat("Energy response: width, ", what));
      choose.curve(path + "/angle_68_vs_energy", cat("Angular resolution: ", what));
    }
    choose.histogram(path + "/test_energy", cat("Energy spectrum: ", what), path + "/reference_energy");
  }
  choose.matrix("particles/confusion", "What particles were found as");

  Plots plots = choose.take();
  for (Plot& plot : plots.plots) {
    // Spectra fall over decades.
    if (plot.is_histogram)
      plot.has_logarithmic_y = plot.name.ends_with("test_energy") || plot.name.ends_with("test_pt");
    if (lines.size() > 1)
      for (Series& series : plot.series) series.may_run_out = series.label == "naive";
  }
  return plots;
}

}  // namespace corpuscle::report
