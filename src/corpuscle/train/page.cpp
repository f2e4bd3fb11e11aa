#include "corpuscle/train/page.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <utility>
#include <vector>

#include "corpuscle/core/atomic_file.hpp"
#include "corpuscle/core/text.hpp"

namespace corpuscle::train {
namespace {

using core::cat;

/// What was logged, by "kind/name": step and value.
using Curves = std::map<std::string, std::vector<std::pair<double, double>>>;

Curves read(std::string const& path) {
  Curves curves;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    auto const json = nlohmann::json::parse(line, nullptr, false);
    if (!json.is_object() || !json.contains("step") || !json.contains("kind")) continue;
    for (auto const& [name, value] : json.items())
      if (value.is_number() && name != "step")
        curves[cat(json["kind"].get<std::string>(), '/', name)].emplace_back(json["step"].get<double>(),
                                                                             value.get<double>());
  }
  return curves;
}

struct Plot {
  char const* title;
  std::vector<std::pair<char const*, char const*>> lines;  ///< label, "kind/name"
  bool is_logarithmic = false;
};

std::vector<Plot> const& plots() {
  static std::vector<Plot> const all{
      {"loss", {{"training", "train/loss"}, {"validation", "validation/loss"}}, true},
      {"jet response: width (IQR / median)",
       {{"network", "validation/jets/response_iqr_over_median"},
        {"ideal", "ideal/jets/response_iqr_over_median"}}},
      {"jet response: median",
       {{"network", "validation/jets/response_median"}, {"ideal", "ideal/jets/response_median"}}},
      {"efficiency",
       {{"charged hadrons", "validation/charged_hadron/efficiency"},
        {"neutral hadrons", "validation/neutral_hadron/efficiency"},
        {"photons", "validation/photon/efficiency"}}},
      {"fake rate",
       {{"charged hadrons", "validation/charged_hadron/fake_rate"},
        {"neutral hadrons", "validation/neutral_hadron/fake_rate"},
        {"photons", "validation/photon/fake_rate"}}},
      {"gradient norm", {{"training", "train/gradient_norm"}}, true},
      {"learning rate", {{"training", "train/learning_rate"}}},
      {"events per second", {{"training", "train/events_per_s"}}}};
  return all;
}

constexpr double width = 460, height = 240, left = 60, bottom = 30, top = 30;
constexpr char const* colours[] = {"#1f5fa8", "#d1600f", "#2c8a4b"};

std::string short_number(double x) {
  std::ostringstream out;
  out.precision(4);
  out << x;
  return out.str();
}

std::string draw(Plot const& plot, Curves const& curves) {
  auto const y_of = [&](double value) { return plot.is_logarithmic ? std::log10(value) : value; };
  double last_step = 1, low = INFINITY, high = -INFINITY;
  for (auto const& [label, name] : plot.lines)
    if (auto const found = curves.find(name); found != curves.end())
      for (auto const& [step, value] : found->second) {
        if (!std::isfinite(y_of(value))) continue;
        last_step = std::max(last_step, step);
        low = std::min(low, y_of(value));
        high = std::max(high, y_of(value));
      }
  if (low > high) return {};
  if (low == high) high = low + std::max(1e-12, 0.1 * std::abs(low));
  auto const x_at = [&](double step) { return left + (width - left - 10) * step / last_step; };
  auto const y_at = [&](double y) {
    return height - bottom - (height - bottom - top) * (y - low) / (high - low);
  };

  std::string svg = cat("<svg viewBox=\"0 0 ", width, ' ', height, "\"><text class=\"title\" x=\"", left,
                        "\" y=\"16\">", plot.title, "</text>\n");
  for (int i = 0; i <= 4; ++i) {
    double const y = low + (high - low) * i / 4;
    svg += cat("<path class=\"grid\" d=\"M", left, ' ', y_at(y), "H", width - 10,
               "\"/><text class=\"y\" x=\"", left - 5, "\" y=\"", y_at(y) + 4, "\">",
               short_number(plot.is_logarithmic ? std::pow(10, y) : y), "</text>\n");
    double const step = last_step * i / 4;
    svg += cat("<text class=\"x\" x=\"", x_at(step), "\" y=\"", height - 12, "\">", short_number(step),
               "</text>\n");
  }
  double label_x = width - 10;
  for (std::size_t i = plot.lines.size(); i-- > 0;) {
    auto const& [label, name] = plot.lines[i];
    auto const found = curves.find(name);
    if (found == curves.end()) continue;
    std::vector<std::pair<double, double>> points = found->second;
    if (points.size() == 1) points = {{0, points[0].second}, {last_step, points[0].second}};  // a level
    std::string path;
    for (auto const& [step, value] : points)
      if (std::isfinite(y_of(value)))
        path += cat(path.empty() ? 'M' : 'L', x_at(step), ' ', y_at(y_of(value)));
    svg += cat("<path class=\"line\" stroke=\"", colours[i % 3], "\" d=\"", path,
               "\"/><text class=\"y\" fill=\"", colours[i % 3], "\" x=\"", label_x, "\" y=\"16\">", label,
               "</text>\n");
    label_x -= 8. * static_cast<double>(std::char_traits<char>::length(label)) + 8;
  }
  return svg + "</svg>\n";
}

std::string escaped(std::string const& text) {
  std::string result;
  for (char const c : text) result += c == '<' ? "&lt;" : c == '&' ? "&amp;" : std::string(1, c);
  return result;
}

}  // namespace

void write_page(std::string const& path, std::string const& history, std::string const& title) {
  Curves const curves = read(history);
  std::string page = cat(
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Training: ", escaped(title),
      "</"
      "title><style>body{font-family:sans-serif;margin:2em}svg{width:460px;margin:0.5em}text{font-size:11px}"
      ".title{font-size:13px;font-weight:bold}.y{text-anchor:end}.x{text-anchor:middle}.grid{stroke:#ddd}"
      ".line{fill:none;stroke-width:1.5}</style></head><body>\n<h1>Training: ",
      escaped(title),
      "</h1>\n<p>Against the number of steps. \"ideal\" is what the targets themselves give.</p>\n");
  for (Plot const& plot : plots()) page += draw(plot, curves);
  core::write_file(path, page + "</body></html>\n");
}

}  // namespace corpuscle::train
