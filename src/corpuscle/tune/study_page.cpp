#include "corpuscle/tune/study_page.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "corpuscle/core/text.hpp"
#include "corpuscle/tune/scan.hpp"
#include "corpuscle/tune/study_axis.hpp"
#include "corpuscle/tune/study_page_parts.hpp"
#include "corpuscle/tune/study_summary.hpp"

namespace corpuscle::tune {
namespace {

using core::cat;

constexpr double page_width = 1072;       // [px]
constexpr std::size_t most_drawn = 500;   // trials per figure
constexpr std::size_t most_points = 200;  // per curve
constexpr std::size_t first_rows = 50;    // of the table, in sight
constexpr std::size_t most_rows = 1000;
constexpr std::size_t most_rungs = 12;

std::string escaped(std::string_view text) {
  std::string result;
  for (char const c : text) switch (c) {
      case '<': result += "&lt;"; break;
      case '>': result += "&gt;"; break;
      case '&': result += "&amp;"; break;
      case '"': result += "&quot;"; break;
      default: result += c;
    }
  return result;
}

/// A place on the page, to a tenth of a pixel.
std::string px(double x) {
  char text[32];
  std::string result(text, std::to_chars(text, text + sizeof text, x, std::chars_format::fixed, 1).ptr);
  if (result.ends_with(".0")) result.resize(result.size() - 2);
  return result;
}

/// 1234567 as "1 234 567".
std::string grouped(long n) {
  std::string digits = std::to_string(n);
  for (std::size_t i = digits.size(); i > 3; i -= 3) digits.insert(i - 3, "\u202f");
  return digits;
}

/// From good (0), dark, to bad (1), pale; told apart by everybody, and in print.
std::string colour(double u) {
  constexpr double stops[][3] = {{68, 1, 84}, {59, 82, 139}, {33, 145, 140}, {94, 201, 98}, {216, 219, 66}};
  double const place = std::clamp(u, 0., 1.) * (std::size(stops) - 1);
  auto const i = std::min(static_cast<std::size_t>(place), std::size(stops) - 2);
  std::string result = "#";
  for (std::size_t c = 0; c < 3; ++c) {
    double const value = stops[i][c] + (place - static_cast<double>(i)) * (stops[i + 1][c] - stops[i][c]);
    auto const byte = static_cast<unsigned>(std::lround(value));
    for (unsigned const digit : {byte / 16, byte % 16}) result += "0123456789abcdef"[digit];
  }
  return result;
}

std::string_view state_word(TrialRecord const& trial) {
  return trial_state_words[static_cast<std::size_t>(trial.state)];
}

bool has_score(TrialRecord const& trial) {
  return trial.score && std::isfinite(*trial.score);
}

// ---- pieces of SVG

std::string svg_begin(double width, double height, std::string_view what, std::string_view attributes = "") {
  return cat("<svg viewBox=\"0 0 ", px(width), ' ', px(height), "\" role=\"img\" aria-label=\"", what, "\" ",
             attributes, ">\n");
}

std::string text_at(double x, double y, std::string_view classes, std::string_view text) {
  return cat("<text x=\"", px(x), "\" y=\"", px(y), "\" class=\"", classes, "\">", escaped(text),
             "</text>\n");
}

std::string path(std::string_view classes, std::string_view d) {
  return cat("<path class=\"", classes, "\" d=\"", d, "\"/>\n");
}

/// Frame, grid and numbers of a figure with two axes.
struct Plane {
  Axis x;
  Axis y;

  [[nodiscard]] std::string draw(std::string_view x_name, std::string_view y_name) const {
    std::string svg;
    for (double const tick : y.ticks(5)) {
      double const at = y.at(tick);
      svg += path("grid", cat('M', px(x.begin), ' ', px(at), 'H', px(x.end)));
      svg += text_at(x.begin - 7, at + 4, "tick end", short_text(tick));
    }
    for (double const tick : x.ticks(7)) {
      if (tick != std::round(tick)) continue;  // trials and epochs are counted
      double const at = x.at(tick);
      svg += path("axis", cat('M', px(at), ' ', px(y.begin), "v4"));
      svg += text_at(at, y.begin + 18, "tick middle", short_text(tick, 6));
    }
    svg += path("axis", cat('M', px(x.begin), ' ', px(y.begin), 'H', px(x.end)));
    svg += text_at((x.begin + x.end) / 2, y.begin + 37, "middle", x_name);
    svg += text_at(x.begin - 7, y.end - 12, "", y_name);
    return svg;
  }
};

struct LegendEntry {
  std::string mark;  ///< SVG, around (0, 0), 12 px wide
  std::string text;
};

/// Marks with words from right to left, their baseline at y.
std::string legend(double right, double y, std::vector<LegendEntry> const& entries) {
  std::string svg;
  double x = right;
  for (std::size_t i = entries.size(); i-- > 0;) {
    x -= 6.4 * static_cast<double>(entries[i].text.size());
    svg += text_at(x, y, "tick", entries[i].text);
    x -= 12;
    svg += cat("<g transform=\"translate(", px(x), ' ', px(y - 4), ")\">", entries[i].mark, "</g>\n");
    x -= 16;
  }
  return svg;
}

// ---- the page

class Page {
 public:
  explicit Page(StudyRecord const& study)
      : study_(study),
        summary_(summarise(study)),
        order_(ranking(study)),
        decisions_(last_decisions(study)),
        is_drawn_(study.trials.size(), study.trials.size() <= most_drawn) {
    std::vector<double> scores;
    for (TrialRecord const& trial : study.trials)
      if (has_score(trial)) scores.push_back(*trial.score);
    score_ = Axis::over(scores);
    has_scores_ = !scores.empty();
    if (study.best) {
      best_ = study.best->row();
    } else if (has_scores_ && has_score(study.trials[order_[0]])) {
      best_ = order_[0];
    }
    if (study.trials.size() > most_drawn) {
      for (std::size_t i = 0; i < most_drawn / 2; ++i) is_drawn_[order_[i]] = true;
      std::size_t const rest = order_.size() - most_drawn / 2;
      for (std::size_t i = 0; i < most_drawn / 2; ++i)
        is_drawn_[order_[most_drawn / 2 + i * rest / (most_drawn / 2)]] = true;
      if (best_) is_drawn_[*best_] = true;
    }
  }

  std::string html() const {
    return cat("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n",
               "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>Tuning: ",
               escaped(study_.name), "</title>\n<style>", page_style, "</style></head>\n<body",
               study_.trials.size() > 150 ? " style=\"--opacity:.3\"" : "", ">\n", head(), cards(),
               best_section(), figures(), table(), "<div id=\"about\" aria-hidden=\"true\"></div>\n<script>",
               page_script, "</script>\n</body></html>\n");
  }

 private:
  [[nodiscard]] std::size_t count(TrialState state) const {
    return summary_.trials[static_cast<std::size_t>(state)];
  }
  [[nodiscard]] bool is_best(std::size_t i) const { return best_ == i; }
  [[nodiscard]] std::string score_text(std::size_t i, int digits = 5) const {
    std::optional<double> const& score = study_.trials[i].score;
    return score ? short_text(*score, digits) : "";
  }

  /// A value for reading; the tables hold all its digits.
  [[nodiscard]] std::string value_text(std::size_t p, double value) const {
    Parameter const& parameter = study_.space.parameters[p];
    bool const is_continuous = !std::isnan(value) && !parameter.is_word() && parameter.step == 0;
    return is_continuous ? short_text(value) : parameter.text(value);
  }

  /// "trial 12, stopped at epoch 6, 0.432: lr=0.001 width=128".
  [[nodiscard]] std::string about(std::size_t i) const {
    TrialRecord const& trial = study_.trials[i];
    std::string text =
        cat("trial ", i, ", ", trial.is_imported ? "imported, " : "", state_word(trial), " at epoch ",
            trial.losses.size(), trial.score ? ", score " : "", score_text(i), ":");
    for (std::size_t p = 0; p < study_.space.size(); ++p)
      if (!std::isnan(trial.configuration[p]))
        text += cat(' ', study_.space.parameters[p].name, '=', value_text(p, trial.configuration[p]));
    return escaped(text);
  }

  /// What makes an element one of trial i: hover and brush find it by that.
  [[nodiscard]] std::string tag(std::size_t i) const { return cat("data-t=\"", i, '"'); }

  /// Trials to draw, the worst first, so that the best lie on top.
  [[nodiscard]] std::vector<std::size_t> drawn() const {
    std::vector<std::size_t> trials;
    for (std::size_t i = order_.size(); i-- > 0;)
      if (is_drawn_[order_[i]] && !is_best(order_[i])) trials.push_back(order_[i]);
    // Whatever the epoch, a better score is not hidden by a worse one.
    std::stable_sort(trials.begin(), trials.end(), [&](std::size_t a, std::size_t b) {
      auto const key = [&](std::size_t i) {
        return has_score(study_.trials[i]) ? *study_.trials[i].score : HUGE_VAL;
      };
      return key(a) > key(b);
    });
    if (best_) trials.push_back(*best_);
    return trials;
  }

  std::string head() const {
    std::string when;
    if (summary_.begin) when = cat(" &middot; ", time_text(*summary_.begin));
    if (summary_.begin && summary_.end) when += cat(" to ", time_text(*summary_.end));
    return cat("<header><h1>", escaped(study_.name), "</h1>\n<p class=\"soft\">scheduler ",
               escaped(study_.scheduler), " &middot; searcher ", escaped(study_.searcher),
               " &middot; a full training has ",
               core::counted(static_cast<std::size_t>(study_.max_epochs), "epoch"), when, " &middot; ",
               study_.is_finished ? "finished" : "not finished", "</p></header>\n");
  }

  static std::string time_text(double seconds) {
    std::string text = utc_text(seconds);
    if (text.empty()) return "?";
    return cat(text.substr(0, 10), ' ', text.substr(11, 5), " UTC");
  }

  static std::string card(std::string_view name, std::string_view value, std::string_view note) {
    return cat("<div class=\"card\"><div class=\"name\">", name, "</div><div class=\"value\">", value,
               "</div>", note, "</div>\n");
  }

  std::string cards() const {
    std::string html = "<div class=\"cards\">\n";
    if (best_) {
      TrialRecord const& trial = study_.trials[*best_];
      html += card(study_.best ? "best score" : "best score so far", score_text(*best_),
                   cat("<div class=\"note\">trial ", *best_, ", ", state_word(trial), " at epoch ",
                       trial.losses.size(), trial.is_imported ? ", imported" : "", "</div>"));
    }

    constexpr TrialState shown[] = {TrialState::complete, TrialState::paused, TrialState::running,
                                    TrialState::stopped, TrialState::failed};
    std::string bar;
    std::string words;
    std::size_t total = 0;
    for (TrialState const state : shown) {
      std::size_t const n = count(state);
      total += n;
      if (n == 0) continue;
      std::string_view const word = trial_state_words[static_cast<std::size_t>(state)];
      bar += cat("<i class=\"", word, "\" style=\"flex:", n, "\"></i>");
      words += cat(words.empty() ? "" : ", ", n, ' ', word);
    }
    if (summary_.imported > 0) words += cat(words.empty() ? "" : "; ", summary_.imported, " imported");
    html += card(
        "trials", grouped(static_cast<long>(total)),
        cat("<div class=\"bar\" aria-hidden=\"true\">", bar, "</div><div class=\"note\">", words, "</div>"));

    long const full = summary_.epochs + summary_.epochs_saved;
    std::string saved = "none saved yet";
    if (summary_.epochs_saved > 0)
      saved = cat(grouped(summary_.epochs_saved), " saved by stopping early (",
                  std::lround(100. * static_cast<double>(summary_.epochs_saved) / static_cast<double>(full)),
                  "\u202f%)");
    html += card("epochs trained", grouped(summary_.epochs), cat("<div class=\"note\">", saved, "</div>"));

    std::string const hours = short_text(summary_.hours, summary_.hours < 100 ? 3 : 4);
    std::string const device_hours = short_text(summary_.device_hours, summary_.device_hours < 100 ? 3 : 4);
    html += study_.devices > 0
                ? card("device hours", device_hours,
                       cat("<div class=\"note\">", hours, " hours of training, ", short_text(study_.devices),
                           " per worker</div>"))
                : card("hours of training", hours, "<div class=\"note\">all workers together</div>");
    return html + "</div>\n";
  }

  /// Where the best value of a parameter lies in its range.
  [[nodiscard]] std::string place(std::size_t p, double value) const {
    constexpr double width = 190, height = 18, left = 6, right = 184;
    auto const centre = [&](double x) { return study_.space.cell(p, x).centre(); };
    Parameter const& parameter = study_.space.parameters[p];
    // The first and the last value stand at the ends.
    double const first = centre(parameter.is_word() ? 0 : parameter.low);
    double const last =
        centre(parameter.is_word() ? static_cast<double>(parameter.count()) - 1 : parameter.high);
    double const x = left + (right - left) * (centre(value) - first) / (last - first);
    std::string svg =
        cat("<svg class=\"place\" viewBox=\"0 0 ", width, ' ', height, "\" aria-hidden=\"true\">");
    svg += path("axis", cat('M', px(left), " 9H", px(right), 'M', px(left), " 5v8M", px(right), " 5v8"));
    return svg + cat("<circle class=\"point best\" cx=\"", px(x), "\" cy=\"9\" r=\"4.5\"/></svg>");
  }

  [[nodiscard]] static std::string range_text(Parameter const& parameter) {
    if (!parameter.is_word())
      return cat(number_text(parameter.low), " to ", number_text(parameter.high),
                 parameter.log ? ", even in the logarithm" : "");
    std::string text;
    for (std::string const& word : parameter.values) text += cat(text.empty() ? "" : ", ", word);
    return text;
  }

  std::string best_section() const {
    if (!best_) return "<p>No trial has a score yet.</p>\n";
    Configuration const& best = study_.trials[*best_].configuration;
    std::string html =
        cat("<section><h2>The best configuration</h2>\n<p class=\"soft\">Of trial ", *best_,
            study_.best ? ", with the smallest score of all complete trials."
                        : ": no trial is complete yet, and none has come further with a smaller score.",
            "</p>\n<div class=\"scroll\"><table><thead><tr><th>parameter</th><th>best value</th>"
            "<th>in its range</th><th>range</th></tr></thead><tbody>\n");
    for (std::size_t p = 0; p < study_.space.size(); ++p) {
      Parameter const& parameter = study_.space.parameters[p];
      bool const has_value = !std::isnan(best[p]);
      html += cat("<tr><td>", escaped(parameter.name), "</td><td>",
                  has_value ? escaped(parameter.text(best[p])) : "<span class=\"soft\">not used</span>",
                  "</td><td>",
                  has_value && parameter.kind != Parameter::Kind::categorical ? place(p, best[p]) : "",
                  "</td><td class=\"soft\">", escaped(range_text(parameter)), "</td></tr>\n");
    }
    html += "</tbody></table></div>\n";
    std::vector<std::string> const warnings = study_.space.edge_warnings(best);
    if (!warnings.empty()) {
      html += "<div class=\"warning\"><b>At the edge of the space</b><ul>\n";
      for (std::string const& warning : warnings) html += cat("<li>", escaped(warning), "</li>\n");
      html += "</ul></div>\n";
    }
    return html + "</section>\n";
  }

  std::string figures() const {
    std::string html;
    if (has_scores_) {
      if (study_.trials.size() > most_drawn)
        html += cat("<p class=\"soft\">The figures draw ", most_drawn, " of ",
                    grouped(static_cast<long>(study_.trials.size())), " trials: the best ", most_drawn / 2,
                    " and an even choice of the others.</p>\n");
      html += figure(
          "Parallel coordinates",
          "One line per trial, coloured by its score on the last axis; smaller is better. The best is "
          "orange.<span class=\"hint\"> Point at a line to read it; drag along an axis to choose trials, "
          "click there to let go.</span>",
          cat("<div class=\"scroll\">", parallel(), "</div>"));
      html += "<div class=\"pair\">\n";
      html += figure(
          "Score of each trial",
          "In the order in which they were started. Trials that were stopped early have the score of the "
          "epoch where they stood. The line is the best complete trial so far.",
          scores());
      html += figure("Learning curves",
                     "Loss after each epoch, coloured by score as above. The best is orange.", curves());
      html += "</div>\n";
    }
    return html + rungs_figure();
  }

  static std::string figure(std::string_view title, std::string_view caption, std::string_view content) {
    return cat("<figure><h2>", title, "</h2>\n<figcaption>", caption, "</figcaption>\n", content,
               "</figure>\n");
  }

  // ---- parallel coordinates

  /// Height on the axis of parameter p, 0 to 1. Trials with the same word or number lie side by side.
  [[nodiscard]] double height(std::size_t p, std::size_t i) const {
    Cell const cell = study_.space.cell(p, study_.trials[i].configuration[p]);
    double const golden = 0.6180339887498949 * static_cast<double>(i);
    double const spread = 0.5 * (golden - std::floor(golden) - 0.5);
    return std::clamp(cell.centre() + (cell.high - cell.low) * spread, 0., 1.);
  }

  std::string parallel() const {
    std::size_t const n = study_.space.size();
    constexpr double top = 62, bottom = 372, slot = 396, right = 58;
    double const left = left_margin();
    double const spacing = std::max(100., (page_width - left - right) / std::max(1., static_cast<double>(n)));
    double const width = left + spacing * static_cast<double>(n) + right;
    bool const has_unused = std::any_of(study_.space.parameters.begin(), study_.space.parameters.end(),
                                        [](Parameter const& p) { return p.when.has_value(); });
    auto const x = [&](std::size_t p) { return left + spacing * static_cast<double>(p); };
    auto const y = [&](double u) { return bottom + (top - bottom) * u; };
    constexpr double none = top - 18;  // of trials without a score
    bool const has_none = std::any_of(study_.trials.begin(), study_.trials.end(),
                                      [](TrialRecord const& trial) { return !has_score(trial); });

    std::string svg = svg_begin(width, has_unused ? slot + 16 : bottom + 22,
                                "parallel coordinates: parameters and score of all trials",
                                cat("id=\"parallel\" style=\"min-width:", px(width), "px\""));
    svg += "<g>\n";
    for (std::size_t const i : drawn()) {
      TrialRecord const& trial = study_.trials[i];
      std::string points;
      for (std::size_t p = 0; p < n; ++p)
        points += cat(px(x(p)), ',', px(std::isnan(trial.configuration[p]) ? slot : y(height(p, i))), ' ');
      points += cat(px(x(n)), ',', px(has_score(trial) ? y(score_.share(*trial.score)) : none));
      svg += cat("<polyline class=\"", line_class(i), "\" ", tag(i), stroke(i), " points=\"", points,
                 "\"><title>", about(i), "</title></polyline>\n");
    }
    svg += "</g>\n";

    for (std::size_t p = 0; p < n; ++p) {
      Parameter const& parameter = study_.space.parameters[p];
      svg += path("axis", cat('M', px(x(p)), ' ', px(top), 'V', px(bottom)));
      // Names too long for their place stand in two rows.
      double const row = longest_name() * 6.6 > spacing && p % 2 == 1 ? 18 : 32;
      svg += text_at(x(p), top - row, "middle bold halo", shortened(parameter.name));
      for (auto const& [u, text] : marks(p)) {
        svg += path("axis", cat('M', px(x(p) - 4), ' ', px(y(u)), "h4"));
        svg += text_at(x(p) - 7, y(u) + 4, "tick end halo", text);
      }
      if (parameter.when) svg += text_at(x(p) - 7, slot + 4, "tick end halo", "not used");
      svg += brush(p, x(p), top, has_unused ? slot + 8 : bottom);
    }

    // The axis of the score is the key to the colours.
    svg += "<linearGradient id=\"colours\" x1=\"0\" y1=\"1\" x2=\"0\" y2=\"0\">";
    for (double const u : {0., 0.25, 0.5, 0.75, 1.})
      svg += cat("<stop offset=\"", u, "\" stop-color=\"", colour(u), "\"/>");
    svg += cat("</linearGradient>\n<rect x=\"", px(x(n)), "\" y=\"", px(top), "\" width=\"8\" height=\"",
               px(bottom - top), "\" fill=\"url(#colours)\"/>\n");
    svg += text_at(x(n), top - 32, "middle bold halo", "score");
    if (has_none) svg += text_at(x(n) + 14, none + 4, "tick", "none");
    for (double const tick : score_.ticks(6))
      svg += text_at(x(n) + 14, y(score_.share(tick)) + 4, "tick", short_text(tick));
    svg += brush(n, x(n), has_none ? none - 8 : top, bottom);
    return svg + "</svg>";
  }

  static std::string brush(std::size_t axis, double x, double top, double bottom) {
    return cat("<rect class=\"brush\" data-axis=\"", axis, "\" x=\"", px(x - 11), "\" y=\"", px(top - 6),
               "\" width=\"22\" height=\"", px(bottom - top + 12), "\" fill=\"transparent\"/>\n");
  }

  [[nodiscard]] double longest_name() const {
    std::size_t longest = 0;
    for (Parameter const& parameter : study_.space.parameters)
      longest = std::max(longest, shortened(parameter.name).size());
    return static_cast<double>(longest);
  }

  static std::string shortened(std::string const& name) {
    // Names of parameters differ at their ends.
    if (name.size() <= 20) return name;
    auto const character = [&](std::size_t at) {  // none is cut in two
      while (at < name.size() && (static_cast<unsigned char>(name[at]) & 0xc0U) == 0x80) ++at;
      return at;
    };
    return name.substr(0, character(8)) + "\u2026" + name.substr(character(name.size() - 11));
  }

  /// Room for what stands left of the first axis.
  [[nodiscard]] double left_margin() const {
    double margin = 0;
    if (study_.space.size() == 0) return 40;
    for (Mark const& mark : marks(0)) margin = std::max(margin, static_cast<double>(mark.text.size()));
    double const half_name = static_cast<double>(shortened(study_.space.parameters[0].name).size()) / 2;
    return std::max(margin * 6.6 + 12, half_name * 7.2 + 4);
  }

  struct Mark {
    double u = 0;
    std::string text;
  };

  /// Numbers and words along the axis of parameter p: few enough to be read.
  [[nodiscard]] std::vector<Mark> marks(std::size_t p) const {
    Parameter const& parameter = study_.space.parameters[p];
    std::vector<Mark> result;
    std::size_t const n = parameter.count();
    if (n > 0 && n <= 12) {
      for (std::size_t k = 0; k < n; ++k) {
        double const value = parameter.is_word() ? static_cast<double>(k)
                                                 : parameter.low + static_cast<double>(k) * parameter.step;
        std::string const text = parameter.is_word() ? parameter.text(value) : short_text(value);
        result.push_back({study_.space.cell(p, value).centre(), shortened(text)});
      }
      // In the logarithm the large numbers stand close.
      std::vector<Mark> apart;
      for (Mark& mark : result)
        if (apart.empty() || mark.u - apart.back().u > 0.045) apart.push_back(std::move(mark));
      return apart;
    }
    if (parameter.is_word()) {
      for (std::size_t k = 0; k < n; k += (n + 11) / 12)
        result.push_back(
            {study_.space.cell(p, static_cast<double>(k)).centre(), shortened(parameter.values[k])});
      return result;
    }
    Axis axis;
    axis.low = parameter.low;
    axis.high = parameter.high;
    axis.is_log = parameter.log;
    for (double const end : {parameter.low, parameter.high})
      result.push_back({study_.space.cell(p, end).centre(), short_text(end)});
    for (double const tick : axis.ticks(6)) {
      double const u = study_.space.cell(p, tick).centre();
      if (std::abs(u - result[0].u) > 0.06 && std::abs(u - result[1].u) > 0.06)
        result.push_back({u, short_text(tick)});
    }
    return result;
  }

  [[nodiscard]] std::string_view line_class(std::size_t i) const {
    return is_best(i) ? "trial best" : has_score(study_.trials[i]) ? "trial" : "trial none";
  }
  [[nodiscard]] std::string stroke(std::size_t i) const {
    TrialRecord const& trial = study_.trials[i];
    if (is_best(i) || !has_score(trial)) return "";
    return cat(" stroke=\"", colour(score_.share(*trial.score)), '"');
  }

  // ---- score against trial number

  std::string scores() const {
    constexpr double width = 520, height = 330;
    Plane plane{{}, score_};
    plane.x.low = -0.5;
    plane.x.high = std::max(1., static_cast<double>(study_.trials.size()) - 0.5);
    plane.x.begin = 58;
    plane.x.end = width - 12;
    plane.y.begin = height - 48;
    plane.y.end = 52;
    double const above = plane.y.end - 2;

    std::string svg = svg_begin(width, height, "score of each trial against its number");
    svg += plane.draw("trial", study_.max_epochs > 0 ? "score" : "");
    std::string so_far;
    double best = HUGE_VAL;
    for (std::size_t i = 0; i < study_.trials.size(); ++i) {
      TrialRecord const& trial = study_.trials[i];
      bool const counts = has_score(trial) && (!study_.best || trial.state == TrialState::complete);
      if (!counts || trial.state == TrialState::failed || *trial.score >= best) continue;
      double const x = plane.x.at(static_cast<double>(i));
      best = *trial.score;
      so_far += so_far.empty() ? cat('M', px(x), ' ', px(plane.y.at(best)))
                               : cat('H', px(x), 'V', px(plane.y.at(best)));
    }
    if (!so_far.empty()) svg += path("so-far", so_far + cat('H', px(plane.x.end)));

    svg += "<g>\n";
    std::array<bool, std::size(trial_state_words)> is_seen{};
    bool is_above = false;
    for (std::size_t const i : drawn()) {
      TrialRecord const& trial = study_.trials[i];
      if (!has_score(trial) && trial.state != TrialState::failed) continue;
      double const x = plane.x.at(static_cast<double>(i));
      std::string mark;
      is_seen[static_cast<std::size_t>(trial.state)] = true;
      if (trial.state == TrialState::failed || !has_score(trial)) {
        mark = cross(x, above);
      } else if (*trial.score > plane.y.high) {
        is_above = true;
        mark = cat('M', px(x - 3.5), ' ', px(above + 3), "h7l-3.5 -6.5z");
      } else {
        mark = dot(x, plane.y.at(*trial.score), is_best(i) ? 5.5 : 3.6);
      }
      svg += cat("<path class=\"point ", state_word(trial), trial.is_imported ? " imported" : "",
                 is_best(i) ? " best" : "", "\" ", tag(i), " d=\"", mark, "\"><title>", about(i),
                 "</title></path>\n");
    }
    svg += "</g>\n";

    std::vector<LegendEntry> entries;
    for (std::size_t s = 0; s < is_seen.size(); ++s) {
      bool const is_failed = s == static_cast<std::size_t>(TrialState::failed);
      if (is_seen[s])
        entries.push_back(
            {path(cat("point ", trial_state_words[s]), is_failed ? cross(0, 0) : dot(0, 0, 3.6)),
             std::string(trial_state_words[s])});
    }
    if (is_above) entries.push_back({path("point stopped", "M-3.5 3h7l-3.5 -6.5z"), "above"});
    return svg + legend(plane.x.end, 18, entries) + "</svg>";
  }

  static std::string dot(double x, double y, double r) {
    return cat('M', px(x - r), ' ', px(y), 'a', r, ' ', r, " 0 1 0 ", 2 * r, " 0a", r, ' ', r, " 0 1 0 ",
               -2 * r, " 0z");
  }
  static std::string cross(double x, double y) {
    return cat('M', px(x - 3.5), ' ', px(y - 3.5), "l7 7m0 -7l-7 7");
  }

  // ---- learning curves

  std::string curves() const {
    constexpr double width = 520, height = 330;
    std::vector<double> losses;
    std::vector<std::size_t> lengths;
    for (std::size_t i = 0; i < study_.trials.size(); ++i) {
      TrialRecord const& trial = study_.trials[i];
      if (!is_drawn_[i] || trial.losses.empty()) continue;
      losses.insert(losses.end(), trial.losses.begin(), trial.losses.end());
      lengths.push_back(trial.losses.size());
    }
    std::size_t longest = 2;
    for (std::size_t const length : lengths) longest = std::max(longest, length);
    longest = std::max(longest, static_cast<std::size_t>(std::max(0, study_.max_epochs)));

    Plane plane{{}, Axis::over(losses)};
    plane.x.low = 1;
    plane.x.high = static_cast<double>(longest);
    std::nth_element(lengths.begin(), lengths.begin() + static_cast<std::ptrdiff_t>(lengths.size() / 2),
                     lengths.end());
    // Where most trials end early, their epochs need room.
    plane.x.is_log = longest >= 10 && lengths[lengths.size() / 2] * 4 <= longest;
    plane.x.begin = 58;
    plane.x.end = width - 12;
    plane.y.begin = height - 48;
    plane.y.end = 52;

    std::string svg = svg_begin(width, height, "loss of each trial after each epoch");
    svg += cat("<clipPath id=\"inside\"><rect x=\"", px(plane.x.begin - 4), "\" y=\"", px(plane.y.end - 6),
               "\" width=\"", px(plane.x.end - plane.x.begin + 8), "\" height=\"",
               px(plane.y.begin - plane.y.end + 6), "\"/></clipPath>\n");
    svg += plane.draw("epoch", "loss");
    svg += "<g clip-path=\"url(#inside)\">\n";
    for (std::size_t const i : drawn()) {
      std::string d = curve(study_.trials[i], plane);
      if (d.empty()) continue;
      bool const is_dot = d.find('L') == std::string::npos;  // one epoch
      if (is_dot) d += "h.1";
      svg += cat("<path class=\"", line_class(i), is_dot ? " dot" : "", "\" ", tag(i), stroke(i), " d=\"", d,
                 "\"/>\n");
    }
    return svg + "</g>\n</svg>";
  }

  static std::string curve(TrialRecord const& trial, Plane const& plane) {
    std::size_t const n = trial.losses.size();
    std::size_t const stride = std::max<std::size_t>(1, n / most_points);
    std::string d;
    for (std::size_t e = 0; e < n; e = e + 1 < n ? std::min(e + stride, n - 1) : n) {
      if (!std::isfinite(trial.losses[e])) continue;
      double const u = trial.losses[e] > plane.y.high ? plane.y.end - 10 : plane.y.at(trial.losses[e]);
      d += cat(d.empty() ? 'M' : 'L', px(plane.x.at(static_cast<double>(e + 1))), ' ', px(u));
    }
    return d;
  }

  // ---- rungs

  std::string rungs_figure() const {
    std::vector<Rung> rungs = occupancy(study_, most_rungs);
    if (rungs.empty()) return "";
    constexpr double width = page_width, left = 122, right = 980, row = 34, top = 34;
    double const height = top + row * static_cast<double>(rungs.size()) + 6;
    auto const most = static_cast<double>(std::max<std::size_t>(1, rungs.front().arrived));
    double const scale = (right - left) / most;

    std::string svg =
        svg_begin(width, height, "trials at each rung: how many went on, wait, were stopped, failed");
    bool is_seen[4] = {};
    constexpr std::string_view classes[] = {"went-on", "waiting", "stopped", "failed"};
    constexpr std::string_view words[] = {"went on", "waiting", "stopped", "failed"};
    for (std::size_t k = 0; k < rungs.size(); ++k) {
      Rung const& rung = rungs[k];
      double const y = top + row * static_cast<double>(k);
      svg += text_at(left - 10, y + 17, "end",
                     rung.first == rung.last ? cat("epoch ", rung.first)
                                             : cat("epochs ", rung.first, "\u2013", rung.last));
      std::size_t const counts[] = {rung.went_on, rung.waiting, rung.stopped, rung.failed};
      double x = left;
      for (std::size_t c = 0; c < 4; ++c) {
        if (counts[c] == 0) continue;
        is_seen[c] = true;
        double const length = scale * static_cast<double>(counts[c]);
        svg += cat("<rect class=\"", classes[c], "\" x=\"", px(x), "\" y=\"", px(y), "\" width=\"",
                   px(length), "\" height=\"25\"><title>", counts[c], ' ', words[c], "</title></rect>\n");
        std::string const text = std::to_string(counts[c]);
        if (length > 8. * static_cast<double>(text.size()) + 6)
          svg += cat("<text class=\"middle\" x=\"", px(x + length / 2), "\" y=\"", px(y + 17),
                     "\" style=\"fill:", c == 0 || c == 3 ? "#fff" : "#000", "\">", text, "</text>\n");
        x += length;
      }
      svg += text_at(x + 8, y + 17, "tick", cat(rung.arrived, " arrived"));
    }
    std::vector<LegendEntry> entries;
    for (std::size_t c = 0; c < 4; ++c)
      if (is_seen[c])
        entries.push_back(
            {cat("<rect class=\"", classes[c], "\" x=\"-5\" y=\"-5\" width=\"11\" height=\"11\"/>"),
             std::string(words[c])});
    svg += legend(right, 18, entries) + "</svg>";
    return figure("Rungs",
                  "How many trials arrived at the epochs where the scheduler judged, and what became of them "
                  "there; who failed later has gone on.",
                  svg);
  }

  // ---- table

  std::string table() const {
    if (study_.trials.empty()) return "";
    std::size_t const n = order_.size();
    std::string html =
        cat("<section><h2>Trials</h2>\n<p class=\"soft\">Complete ones by score, then those that "
            "came furthest. ",
            n > first_rows ? cat("The best ", first_rows, " of ", grouped(static_cast<long>(n)), ".") : "",
            "</p>\n", rows(0, std::min(n, first_rows)));
    if (n > first_rows) {
      std::size_t const end = std::min(n, most_rows);
      html += cat("<details><summary>", end < n ? "the next " : "the other ", end - first_rows,
                  "</summary>\n", rows(first_rows, end), "</details>\n");
    }
    return html + "</section>\n";
  }

  [[nodiscard]] std::string rows(std::size_t begin, std::size_t end) const {
    std::string html =
        "<div class=\"scroll\"><table class=\"wide\"><thead><tr><th class=\"number\">trial</th>"
        "<th>state</th><th class=\"number\">score</th><th class=\"number\">epochs</th>";
    for (Parameter const& parameter : study_.space.parameters)
      html +=
          cat("<th", parameter.is_word() ? "" : " class=\"number\"", '>', escaped(parameter.name), "</th>");
    html += "<th>last decision</th></tr></thead><tbody>\n";
    for (std::size_t k = begin; k < end; ++k) {
      std::size_t const i = order_[k];
      TrialRecord const& trial = study_.trials[i];
      html += cat("<tr ", tag(i), is_best(i) ? " class=\"best\"" : "", "><td class=\"number\">", i,
                  "</td><td>", state_word(trial), "</td><td class=\"number\">", score_text(i),
                  "</td><td class=\"number\">", trial.losses.size(), "</td>");
      for (std::size_t p = 0; p < study_.space.size(); ++p)
        html += cat(
            "<td", study_.space.parameters[p].is_word() ? "" : " class=\"number\"", '>',
            std::isnan(trial.configuration[p]) ? "&ndash;" : escaped(value_text(p, trial.configuration[p])),
            "</td>");
      html += cat("<td class=\"reason\">",
                  trial.is_imported ? "imported from another study"
                  : decisions_[i]   ? escaped(decisions_[i]->reason)
                                    : "",
                  "</td></tr>\n");
    }
    return html + "</tbody></table></div>\n";
  }

  StudyRecord const& study_;
  StudySummary summary_;
  std::vector<std::size_t> order_;
  std::vector<Decision const*> decisions_;
  std::vector<bool> is_drawn_;
  std::optional<std::size_t> best_;
  Axis score_;
  bool has_scores_ = false;
};

}  // namespace

std::string study_page(StudyRecord const& study) {
  return Page(study).html();
}

}  // namespace corpuscle::tune
