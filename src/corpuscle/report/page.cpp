#include "corpuscle/report/page.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iomanip>
#include <sstream>

#include "corpuscle/core/text.hpp"

namespace corpuscle::report {
namespace {

using core::cat;

constexpr std::string_view style = R"(
body { font: 16px/1.5 Helvetica, Arial, sans-serif; color: #222; max-width: 1280px; margin: 2em auto; padding: 0 1em }
h1 { margin-bottom: 0; overflow-wrap: anywhere } h2 { border-bottom: 1px solid #ccc; margin-top: 2em }
nav a { margin-right: 1em } a { color: #06c }
table { border-collapse: collapse; margin: 1em 0 }
th, td { padding: .2em .8em; text-align: right; border-bottom: 1px solid #ddd; font-variant-numeric: tabular-nums }
td { white-space: nowrap }
th:first-child, td:first-child { text-align: left; white-space: normal; min-width: 8em } th { background: #f4f4f4 }
.note { background: #fff4d6; border-left: 4px solid #e0a000; padding: .5em 1em; margin: .5em 0 }
.pass { color: #070 } .fail { color: #b00; font-weight: bold } .error { color: #777; font-size: 85% }
.wide { overflow-x: auto }
.figures { display: flex; flex-wrap: wrap; gap: 1.5em }
figure { margin: 0; width: 600px; max-width: 100% } figcaption { font-size: 85%; color: #555 }
.canvas { width: 100%; aspect-ratio: 8 / 7 } .canvas img { width: 100%; height: 100% }
)";

// Drawn one after the other, so that the page answers meanwhile. In pads that it takes for small JSROOT
// leaves out the axes.
constexpr std::string_view script = R"(
(async () => {
  JSROOT.settings.SmallPad = {width: 50, height: 50};
  JSROOT.settings.Palette = 56;
  let drawn = 0;
  for (const figure of document.querySelectorAll('figure')) {
    const canvas = figure.querySelector('.canvas');
    const picture = canvas.innerHTML;
    try {
      const object = JSROOT.parse(figure.querySelector('script').textContent);
      canvas.innerHTML = '';
      await JSROOT.draw(canvas, object);
      JSROOT.registerForResize(canvas);
      if (!canvas.querySelector('svg')) throw new Error('nothing was drawn');
      ++drawn;
    } catch (error) {
      console.error(figure.id, error);
      canvas.innerHTML = picture;
    }
    await new Promise(resume => setTimeout(resume));
  }
  document.body.dataset.drawn = drawn;
})();
)";

/// The figures of the table at the top, if there are any of that name.
constexpr std::pair<std::string_view, std::string_view> headlines[] = {
    {"jets/ee_genkt_R0.4/response_median", "jet response, R = 0.4: median"},
    {"jets/ee_genkt_R0.4/response_iqr_over_median", "jet response, R = 0.4: IQR / median"},
    {"jets/ee_genkt_R0.4/matched_fraction", "jets found, R = 0.4"},
    {"jets/ee_genkt_R0.4/fake_fraction", "jets of no reference jet, R = 0.4"},
    {"jets/ee_genkt_R0.7/response_median", "jet response, R = 0.7: median"},
    {"jets/ee_genkt_R0.7/response_iqr_over_median", "jet response, R = 0.7: IQR / median"},
    {"event/energy/response_median", "visible energy: median response"},
    {"event/energy/response_rms90", "visible energy: RMS90 / mean90"},
    {"dijet/jet_energy_resolution", "dijets: jet energy resolution (RMS90)"},
    {"event/missing_pt/component_resolution", "missing p_x, p_y: resolution"},
    {"event/momentum/component_resolution", "momentum sum: resolution of a component"},
    {"event/mass/response_median", "visible mass: median response"},
    {"event/multiplicity/ratio", "particles, test / reference"},
    {"event/charge/absolute_difference", "sum of charges: mean |difference|"},
    {"particles/charged_hadron/efficiency_hard", "charged hadrons above 1 GeV: efficiency"},
    {"particles/photon/efficiency_hard", "photons above 1 GeV: efficiency"},
    {"particles/neutral_hadron/efficiency_hard", "neutral hadrons above 1 GeV: efficiency"},
    {"particles/electron/efficiency_hard", "electrons above 1 GeV: efficiency"},
    {"particles/muon/efficiency_hard", "muons above 1 GeV: efficiency"},
    {"particles/all/fake_rate", "particles: fake rate"},
    {"particles/neutral/lost_energy", "energy of lost neutral particles"},
    {"particles/neutral/fragment_energy", "energy of neutral fragments"},
    {"particles/photon/response_median", "photons: median response"},
    {"particles/neutral_hadron/response_median", "neutral hadrons: median response"},
    {"clusters/purity", "clusters: purity"},
    {"clusters/completeness", "clusters: completeness"},
};

std::string escaped(std::string_view text) {
  std::string out;
  for (char const c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else
      out += c;
  }
  return out;
}

std::string base64(std::string_view bytes) {
  constexpr char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  text.reserve(4 * (bytes.size() + 2) / 3);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    std::uint32_t group = 0;
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8 | (at + k < bytes.size() ? static_cast<unsigned char>(bytes[at + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k)
      text += at + k <= bytes.size() ? digits[group >> (18 - 6 * k) & 63] : '=';
  }
  return text;
}

/// JSON inside a script element: `<` could end it.
std::string for_script(std::string_view json) {
  std::string out;
  for (char const c : json) out += c == '<' ? std::string("\\u003c") : std::string(1, c);
  return out;
}

/// As many decimals as two digits of the error need.
std::string number(double value, double error) {
  if (!std::isfinite(value)) return "&ndash;";
  std::ostringstream text;
  int decimals = 4;
  if (std::isfinite(error) && error > 0)
    decimals = std::clamp(1 - static_cast<int>(std::floor(std::log10(error))), 0, 6);
  text << std::fixed << std::setprecision(decimals) << value;
  if (std::isfinite(error)) text << " <span class=error>&plusmn; " << error << "</span>";
  return text.str();
}

std::string plain(double value) {
  if (std::isinf(value)) return value > 0 ? "&infin;" : "&minus;&infin;";
  std::ostringstream text;
  text << std::setprecision(6) << value;
  return std::isfinite(value) ? text.str() : "&ndash;";
}

eval::Figure const* find_figure(eval::Result const& result, std::string_view name) {
  auto const at = std::find_if(result.figures.begin(), result.figures.end(),
                               [&](eval::Figure const& figure) { return figure.name == name; });
  return at == result.figures.end() ? nullptr : &*at;
}

std::string table_head(Report const& report, std::string const& first) {
  std::string html = cat("<div class=wide><table><tr><th>", first, "</th>");
  for (Line const& line : report.lines) html += cat("<th>", escaped(line.name), "</th>");
  return html + "</tr>\n";
}

/// A row with the figure of each line; empty if none of them has a value.
std::string table_row(Report const& report, std::string_view name, std::string const& label) {
  std::string cells;
  bool has_value = false;
  std::string unit;
  for (Line const& line : report.lines) {
    eval::Figure const* const figure = find_figure(line.result, name);
    cells += cat("<td>", figure ? number(figure->value, figure->error) : "&ndash;", "</td>");
    if (!figure) continue;
    has_value = has_value || std::isfinite(figure->value);
    unit = figure->unit;
  }
  if (!has_value) return "";
  if (!unit.empty()) unit = cat(" [", escaped(unit), "]");
  return cat("<tr><td>", label, unit, "</td>", cells, "</tr>\n");
}

std::string headline_table(Report const& report) {
  std::string html = table_head(report, "figure");
  for (auto const& [name, label] : headlines) html += table_row(report, name, escaped(label));
  return html + "</table></div>\n";
}

std::string full_table(Report const& report) {
  std::string html = "<details><summary>All figures</summary>\n" + table_head(report, "figure");
  for (eval::Figure const& figure : report.lines.front().result.figures)
    html +=
        table_row(report, figure.name,
                  cat("<span title=\"", escaped(figure.description), "\">", escaped(figure.name), "</span>"));
  return html + "</table></div></details>\n";
}

std::string counts_table(Report const& report) {
  std::string html = table_head(report, "events and particles");
  auto const add = [&](char const* label, auto const& count) {
    html += cat("<tr><td>", label, "</td>");
    for (Line const& line : report.lines) html += cat("<td>", count(line.result.counts), "</td>");
    html += "</tr>\n";
  };
  using eval::Counts;
  add("events evaluated", [](Counts const& c) { return c.events; });
  add("events left out: not in all files", [](Counts const& c) { return c.left_out; });
  add("events without a reference particle", [](Counts const& c) { return c.events_without_reference; });
  add("events without a test particle", [](Counts const& c) { return c.events_without_test; });
  add("failures", [](Counts const& c) { return c.failures; });
  add("reference particles", [](Counts const& c) { return c.reference_particles; });
  add("test particles", [](Counts const& c) { return c.test_particles; });
  add("&hellip; matched by direction and energy, for want of links",
      [](Counts const& c) { return c.test_by_direction; });
  add("reference particles dropped: momentum not finite, or none",
      [](Counts const& c) { return c.reference_dropped; });
  add("test particles dropped: momentum not finite, or none", [](Counts const& c) { return c.test_dropped; });
  return html + "</table></div>\n";
}

std::string gate_table(std::vector<Verdict> const& verdicts) {
  if (verdicts.empty()) return "";
  auto const failed =
      std::count_if(verdicts.begin(), verdicts.end(), [](Verdict const& v) { return !v.passes; });
  std::string html =
      cat("<h2 id=gates>Gates: ", failed == 0 ? "all pass" : cat(failed, " of ", verdicts.size(), " fail"),
          "</h2>\n<div "
          "class=wide><table><tr><th>figure</th><th>line</th><th>value</th><th>lowest</th><th>highest</th>"
          "<th>verdict</th></tr>\n");
  for (Verdict const& v : verdicts)
    html += cat("<tr><td>", escaped(v.figure), "</td><td>", escaped(v.line),
                v.against.empty() ? "" : cat(" &minus; ", escaped(v.against)), "</td><td>",
                number(v.value, v.error), "</td><td>", plain(v.lowest), "</td><td>", plain(v.highest),
                v.passes ? "</td><td class=pass>pass" : "</td><td class=fail>fail", "</td></tr>\n");
  return html + "</table></div>\n";
}

std::string figure(std::string const& title, std::string const& description, root::Picture const& picture) {
  return cat("<figure id=\"", escaped(picture.name), "\">\n<div class=canvas><img alt=\"", escaped(title),
             "\" src=\"data:image/png;base64,", base64(picture.png), "\"></div>\n<figcaption>",
             escaped(title), ": ", escaped(description), ". <a href=\"figures/", escaped(picture.name),
             ".pdf\">PDF</a> <a href=\"figures/", escaped(picture.name),
             ".png\">PNG</a></figcaption>\n<script type=\"application/json\">", for_script(picture.json),
             "</script>\n</figure>\n");
}

std::string section_id(std::string text) {
  std::replace(text.begin(), text.end(), ' ', '-');
  return text;
}

}  // namespace

std::string make_page(Report const& report, Plots const& plots, std::span<root::Picture const> pictures,
                      std::string_view jsroot) {
  struct Shown {
    std::string const *section, *title, *description;
  };
  std::vector<Shown> shown;  // one per picture
  for (Plot const& plot : plots.plots) shown.push_back({&plot.section, &plot.title, &plot.description});
  for (MatrixPlot const& plot : plots.matrices)
    shown.push_back({&plot.section, &plot.title, &plot.description});
  std::vector<std::string> sections;
  for (Shown const& one : shown)
    if (std::find(sections.begin(), sections.end(), *one.section) == sections.end())
      sections.push_back(*one.section);

  std::string html =
      cat("<!DOCTYPE html>\n<html lang=en><head><meta charset=utf-8>\n<meta name=viewport "
          "content=\"width=device-width, initial-scale=1\">\n<title>",
          escaped(report.title), "</title>\n<style>", style, "</style></head>\n<body>\n<h1>",
          escaped(report.title), "</h1>\n<p>",
          core::counted(report.lines.front().result.counts.events, "event"), "</p>\n<nav>");
  if (!report.verdicts.empty()) html += "<a href=#gates>Gates</a>";
  for (std::string const& section : sections)
    html += cat("<a href=\"#", section_id(section), "\">", escaped(section), "</a>");
  html += "<a href=#all>All figures</a></nav>\n";
  for (std::string const& note : report.notes) html += cat("<p class=note>", escaped(note), "</p>\n");
  html += "<div class=wide><table>\n";
  for (auto const& [name, value] : report.facts)
    html +=
        cat("<tr><td>", escaped(name), "</td><td style=\"text-align:left\">", escaped(value), "</td></tr>\n");
  html += "</table></div>\n";
  html += gate_table(report.verdicts);
  html += cat("<h2>Figures of merit</h2>\n", headline_table(report), counts_table(report));
  for (std::string const& section : sections) {
    html += cat("<h2 id=\"", section_id(section), "\">", escaped(section), "</h2>\n<div class=figures>\n");
    for (std::size_t k = 0; k < shown.size(); ++k)
      if (*shown[k].section == section) html += figure(*shown[k].title, *shown[k].description, pictures[k]);
    html += "</div>\n";
  }
  html +=
      cat("<h2 id=all>Numbers</h2>\n", full_table(report),
          "<p>In this folder: <a href=numbers.json>numbers.json</a>, <a href=histograms.root>histograms.root"
          "</a>, figures/ as PNG and PDF. Errors are standard deviations (bootstrap by events).</p>\n");
  if (!jsroot.empty()) html += cat("<script>", jsroot, "</script>\n<script>", script, "</script>\n");
  return html + "</body></html>\n";
}

}  // namespace corpuscle::report
