#include "report.hpp"

#include <fmt/core.h>

#include <fstream>
#include <nlohmann/json.hpp>

namespace corpuscle::validation {
namespace {

/// With as many digits as the error deserves.
std::string number(double value, double error) {
  int const digits = error > 0 ? std::clamp(1 - static_cast<int>(std::floor(std::log10(error))), 0, 8) : 3;
  return fmt::format("{:.{}f}", value, digits);
}

char const* const style_names[] = {"points", "steps", "line"};

}  // namespace

std::string Row::verdict() const {
  double const v = measured.value;
  if (v >= low && v <= high) return "ok";
  double const edge = v < low ? low : high;
  if (std::abs(v - edge) <= 2 * measured.error) return "ok within 2 sigma";
  return fmt::format("misses by {:+.1f} %", 100 * (v / edge - 1));
}

void Report::add(Row row) {
  fmt::print("{:<62} target {:.4g} .. {:.4g} {}: {} +- {} ({}): {}\n", row.observable, row.low, row.high,
             row.unit, number(row.measured.value, row.measured.error),
             number(row.measured.error, row.measured.error), row.n, row.verdict());
  std::fflush(stdout);
  rows_.push_back(std::move(row));
}

std::size_t Report::misses() const {
  return static_cast<std::size_t>(std::count_if(
      rows_.begin(), rows_.end(), [](Row const& row) { return row.verdict().starts_with("misses"); }));
}

void Report::write_json(std::string const& path) const {
  nlohmann::json rows = nlohmann::json::array();
  for (Row const& row : rows_)
    rows.push_back({{"observable", row.observable},
                    {"source", row.source},
                    {"low", row.low},
                    {"high", row.high},
                    {"measured", number(row.measured.value, row.measured.error)},
                    {"error", number(row.measured.error, row.measured.error)},
                    {"unit", row.unit},
                    {"n", row.n},
                    {"verdict", row.verdict()}});
  nlohmann::json plots = nlohmann::json::array();
  for (Plot const& plot : plots_) {
    nlohmann::json series = nlohmann::json::array();
    for (Series const& s : plot.series)
      series.push_back({{"name", s.name},
                        {"style", style_names[static_cast<int>(s.style)]},
                        {"x", s.x},
                        {"y", s.y},
                        {"error", s.error}});
    plots.push_back({{"name", plot.name},
                     {"title", plot.title},
                     {"x_title", plot.x_title},
                     {"y_title", plot.y_title},
                     {"log_x", plot.log_x},
                     {"log_y", plot.log_y},
                     {"series", series}});
  }
  std::ofstream(path) << nlohmann::json{{"rows", rows}, {"plots", plots}}.dump(1) << '\n';
}

Series histogram(std::string name, Sample const& sample, int n, double low, double high) {
  Series result{std::move(name), Series::Style::steps, {}, {}, {}};
  double const width = (high - low) / n;
  for (int bin = 0; bin <= n; ++bin) result.x.push_back(low + bin * width);
  std::vector<double> counts(static_cast<std::size_t>(n));
  for (double x : sample)
    if (x >= low && x < high)
      ++counts[std::min(static_cast<std::size_t>((x - low) / width), static_cast<std::size_t>(n - 1))];
  double const total = std::max(1.0, static_cast<double>(sample.size()));
  for (double count : counts) {
    result.y.push_back(count / total);
    result.error.push_back(std::sqrt(count) / total);
  }
  return result;
}

}  // namespace corpuscle::validation
