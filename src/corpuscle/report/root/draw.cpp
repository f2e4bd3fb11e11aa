#include "corpuscle/report/root/draw.hpp"

#include <TAxis.h>
#include <TBufferJSON.h>
#include <TCanvas.h>
#include <TColor.h>
#include <TDirectory.h>
#include <TFile.h>
#include <TGraphErrors.h>
#include <TH1D.h>
#include <TH2D.h>
#include <TLatex.h>
#include <TLegend.h>
#include <TLine.h>
#include <TPad.h>
#include <TStyle.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>
#include <limits>
#include <memory>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"

namespace corpuscle::report::root {
namespace {

using core::cat;

// Colours that are told apart by the colour-blind too and in print, with a marker each: black, azure, orange,
// magenta, green, grey, red (M. Petroff, arXiv:2107.02270, to the nearest of ROOT's own).
constexpr int colours[] = {kBlack, kAzure + 1, kOrange + 7, kMagenta + 2, kGreen + 2, kGray + 2, kRed + 1};
constexpr int markers[] = {20, 21, 22, 23, 33, 34, 29};

constexpr int steps_styles[] = {1, 7, 2, 9, 10, 3, 5};  ///< solid, dashed...: steps have no markers

constexpr double upper_share = 0.70;  ///< of the canvas, above the ratios
constexpr int font = 42;              ///< Helvetica, in units of the pad's height

/// "p_T" and "cos(theta)" in ROOT's LaTeX.
std::string latex(std::string text) {
  for (auto const& [from, to] : {std::pair<std::string, std::string>{"p_T", "#it{p}_{T}"},
                                 {"cos(theta)", "cos#it{#theta}"},
                                 {"sin(theta)", "sin#it{#theta}"},
                                 {"phi ", "#it{#phi} "},
                                 {"of theta", "of #it{#theta}"}})
    for (std::size_t at = text.find(from); at != text.npos; at = text.find(from, at + to.size()))
      text.replace(at, from.size(), to);
  return text;
}

void set_style() {
  gStyle->Reset("Plain");
  gStyle->SetOptStat(0);
  gStyle->SetOptTitle(0);
  gStyle->SetPadTickX(1);
  gStyle->SetPadTickY(1);
  gStyle->SetEndErrorSize(0);
  gStyle->SetLegendBorderSize(0);
  gStyle->SetPaintTextFormat(".3f");
  gStyle->SetNumberContours(50);
  gStyle->SetPalette(kInvertedDarkBodyRadiator);  // light where there is little: text can be read on it
}

struct Limits {
  double low = std::numeric_limits<double>::infinity();
  double high = -std::numeric_limits<double>::infinity();

  void take(double value) {
    if (!std::isfinite(value)) return;
    low = std::min(low, value);
    high = std::max(high, value);
  }
  [[nodiscard]] bool is_empty() const { return low > high; }
};

double error_or_zero(double error) {
  return std::isfinite(error) ? error : 0;
}

Limits range_of_values(Plot const& plot) {
  Limits range;
  for (Series const& series : plot.series) {
    if (series.may_run_out && !plot.has_logarithmic_y) continue;
    for (std::size_t k = 0; k < series.values.size(); ++k) {
      if (!std::isfinite(series.values[k])) continue;
      if (plot.has_logarithmic_y && series.values[k] <= 0) continue;
      double const error = plot.has_logarithmic_y ? 0 : error_or_zero(series.errors[k]);
      range.take(series.values[k] - error);
      range.take(series.values[k] + error);
    }
  }
  if (range.is_empty()) return plot.has_logarithmic_y ? Limits{0.1, 10} : Limits{0, 1};
  if (plot.has_logarithmic_y) return {range.low / 1.5, range.high * 1.5};
  if (plot.is_histogram) return {0, range.high * 1.08};
  if (range.low == 0 && range.high == 0) return {0, 0.1};
  double const margin = 0.1 * std::max(range.high - range.low, 0.02 * std::abs(range.high));
  return {range.low >= 0 ? std::max(0.0, range.low - margin) : range.low - margin, range.high + margin};
}

/// All points of it, if it has any.
bool is_outside(Series const& series, Limits range) {
  auto const is_there = [](double y) { return std::isfinite(y); };
  auto const is_seen = [&](double y) { return y >= range.low && y <= range.high; };
  return std::any_of(series.values.begin(), series.values.end(), is_there) &&
         std::none_of(series.values.begin(), series.values.end(), is_seen);
}

/// Ratios but for the lowest and the highest 2 %, so that one wild point hides nothing else.
Limits range_of_ratios(Plot const& plot) {
  std::vector<double> ratios;
  for (std::size_t k = 1; k < plot.series.size(); ++k)
    for (double const ratio : plot.series[k].ratios)
      if (std::isfinite(ratio) && !plot.series[k].may_run_out) ratios.push_back(ratio);
  if (ratios.empty()) return {0.5, 1.5};
  std::sort(ratios.begin(), ratios.end());
  std::size_t const skip = ratios.size() / 50;
  double const low = std::min(1.0, ratios[skip]);
  double const high = std::max(1.0, ratios[ratios.size() - 1 - skip]);
  double const margin = std::max(0.15 * (high - low), 0.005);
  return {std::max(0.0, low - margin), std::min(high + margin, 5.0)};
}

double centre(Plot const& plot, std::size_t bin) {
  double const low = plot.edges[bin];
  double const high = plot.edges[bin + 1];
  return plot.has_logarithmic_x ? std::sqrt(low * high) : (low + high) / 2;
}

/// The frame of a pad. Text sizes are shares of the pad's height, so that both pads have the same letters.
TH1D* draw_frame(Plot const& plot, char const* name, Limits range, std::string const& y_title, double share,
                 bool has_x_title) {
  auto* const frame = new TH1D(name, "", 1, plot.edges.front(), plot.edges.back());
  frame->SetDirectory(nullptr);
  frame->SetBit(kCanDelete);
  frame->SetMinimum(range.low);
  frame->SetMaximum(range.high);
  double const size = 0.034 / share;
  TAxis* const x = frame->GetXaxis();
  TAxis* const y = frame->GetYaxis();
  x->SetTitle(has_x_title ? latex(plot.x_title).c_str() : "");
  y->SetTitle(latex(y_title).c_str());
  for (TAxis* const axis : {x, y}) {
    axis->SetLabelFont(font);
    axis->SetTitleFont(font);
    axis->SetLabelSize(static_cast<float>(size));
    axis->SetTitleSize(static_cast<float>(size * 1.1));
  }
  if (!has_x_title) x->SetLabelSize(0);
  x->SetTitleOffset(1.1F);
  y->SetTitleOffset(static_cast<float>(1.75 * share));
  x->SetTickLength(static_cast<float>(0.02 / share));
  x->SetNoExponent(plot.has_logarithmic_x);
  if (share < 0.5) y->SetNdivisions(505);
  bool const has_few_decades = plot.has_logarithmic_y && range.high / range.low < 50;
  if (has_few_decades && share > 0.5) {
    y->SetMoreLogLabels();
    y->SetNoExponent();
  }
  frame->Draw("axis");
  return frame;
}

void set_colour(std::size_t k, auto* what) {
  int const colour = colours[k % std::size(colours)];
  what->SetLineColor(static_cast<Color_t>(colour));
  what->SetLineWidth(2);
  what->SetMarkerColor(static_cast<Color_t>(colour));
  what->SetMarkerStyle(static_cast<Style_t>(markers[k % std::size(markers)]));
}

TGraphErrors* graph_of(Plot const& plot, std::vector<double> const& values, std::vector<double> const& errors,
                       std::size_t k) {
  auto* const graph = new TGraphErrors;
  graph->SetBit(kCanDelete);
  for (std::size_t bin = 0; bin < values.size(); ++bin) {
    if (!std::isfinite(values[bin])) continue;
    int const point = graph->GetN();
    graph->SetPoint(point, centre(plot, bin), values[bin]);
    graph->SetPointError(point, 0, error_or_zero(errors[bin]));
  }
  set_colour(k, graph);
  return graph;
}

/// A line has the same colour in all plots, whether the reference is there or not.
std::size_t colour_of(Plot const& plot, std::size_t series) {
  return plot.has_reference && series > 0 ? series - 1 : series;
}

TH1D* steps_of(Plot const& plot, Series const& series, std::size_t k) {
  auto* const steps = new TH1D("steps", "", static_cast<int>(plot.edges.size()) - 1, plot.edges.data());
  steps->SetDirectory(nullptr);
  steps->SetBit(kCanDelete);
  steps->SetName(series.label.c_str());
  for (std::size_t bin = 0; bin < series.values.size(); ++bin)
    steps->SetBinContent(static_cast<int>(bin) + 1, series.values[bin]);
  set_colour(k, steps);
  steps->SetLineStyle(static_cast<Style_t>(steps_styles[k % std::size(steps_styles)]));
  return steps;
}

/// @param height  of the base line [of the pad]
/// @param left    margin of the pad
/// @param share   of the canvas that the pad has
void label_canvas(std::string const& title, double height, double left, double share) {
  TLatex text;
  text.SetNDC();
  text.SetTextFont(62);
  text.SetTextSize(static_cast<float>(0.031 / share));
  text.DrawLatex(left, height, "Corpuscle");
  text.SetTextFont(font);
  text.SetTextSize(static_cast<float>(0.028 / share));
  text.SetTextAlign(31);
  text.DrawLatex(0.96, height, latex(title).c_str());
}

/// Above the frame, where it hides no data.
struct LegendPlace {
  int columns, rows;

  explicit LegendPlace(Plot const& plot) {
    std::size_t longest = 0;
    for (Series const& series : plot.series) longest = std::max(longest, series.label.size());
    auto const n = static_cast<int>(plot.series.size());
    columns = std::min(n, longest > 18 ? 2 : longest > 10 ? 3 : 5);
    rows = (n + columns - 1) / columns;
  }

  /// Of the pad that has this share of the canvas.
  [[nodiscard]] double height(double share) const { return 0.042 / share * rows; }
};

void draw(Plot const& plot, TCanvas& canvas) {
  // The first series is what ratios are to.
  bool const has_ratios = plot.series.size() > 1;
  double const share = has_ratios ? upper_share : 1;
  auto* const upper = new TPad("upper", "", 0, 1 - share, 1, 1);
  auto* const lower = has_ratios ? new TPad("lower", "", 0, 0, 1, 1 - share) : nullptr;
  for (TPad* const pad : {upper, lower}) {
    if (pad == nullptr) continue;
    pad->SetBit(kCanDelete);
    pad->SetLeftMargin(0.15F);
    pad->SetRightMargin(0.04F);
    pad->SetLogx(plot.has_logarithmic_x);
    pad->SetTicks(1, 1);
    canvas.cd();
    pad->Draw();
  }
  LegendPlace const place(plot);
  double const top = 0.06 / share;  // of the pad, for the title
  upper->SetTopMargin(static_cast<float>(top + place.height(share) + 0.01));
  upper->SetBottomMargin(has_ratios ? 0.02F : 0.11F);
  upper->SetLogy(plot.has_logarithmic_y);

  upper->cd();
  Limits const range = range_of_values(plot);
  draw_frame(plot, "frame", range, plot.y_title, share, !has_ratios);
  auto* const legend = new TLegend(0.14, 1 - top - place.height(share), 0.97, 1 - top);
  legend->SetBit(kCanDelete);
  legend->SetNColumns(place.columns);
  legend->SetMargin(place.columns > 3 ? 0.3F : 0.2F);
  legend->SetFillStyle(0);
  legend->SetTextFont(font);
  legend->SetTextSize(static_cast<float>(0.03 / share));
  for (std::size_t k = 0; k < plot.series.size(); ++k) {
    Series const& series = plot.series[k];
    if (plot.is_histogram) {
      TH1D* const steps = steps_of(plot, series, colour_of(plot, k));
      bool const is_reference = plot.has_reference && k == 0;
      if (is_reference) {
        steps->SetLineColor(kGray + 1);
        steps->SetFillColor(kGray);
      }
      steps->Draw("hist same");
      legend->AddEntry(steps, series.label.c_str(), is_reference ? "f" : "l");
    } else {
      TGraphErrors* const graph = graph_of(plot, series.values, series.errors, colour_of(plot, k));
      graph->Draw("pl same");
      bool const is_hidden = series.may_run_out && is_outside(series, range);
      legend->AddEntry(graph, cat(series.label, is_hidden ? " (off scale)" : "").c_str(), "pl");
    }
  }
  upper->RedrawAxis();
  legend->Draw();
  label_canvas(plot.title, 1 - 0.042 / share, 0.15, share);
  if (!has_ratios) return;

  lower->SetTopMargin(0.03F);
  lower->SetBottomMargin(0.36F);
  lower->cd();
  draw_frame(plot, "ratio_frame", range_of_ratios(plot), plot.ratio_title, 1 - upper_share, true);
  auto* const one = new TLine(plot.edges.front(), 1, plot.edges.back(), 1);
  one->SetBit(kCanDelete);
  one->SetLineColor(plot.has_reference ? kGray + 1 : colours[0]);
  one->SetLineStyle(2);
  one->Draw();
  for (std::size_t k = 1; k < plot.series.size(); ++k) {
    TGraphErrors* const graph =
        graph_of(plot, plot.series[k].ratios, plot.series[k].ratio_errors, colour_of(plot, k));
    graph->SetMarkerSize(0.7F);
    graph->Draw(plot.is_histogram ? "p same" : "pl same");
  }
}

/// "charged hadron" one word above the other.
std::string in_two_lines(std::string const& label) {
  auto const space = label.find(' ');
  return space == label.npos ? label
                             : cat("#splitline{", label.substr(0, space), "}{", label.substr(space + 1), "}");
}

void draw(MatrixPlot const& plot, TCanvas& canvas) {
  canvas.cd();
  canvas.SetLeftMargin(0.2F);
  canvas.SetRightMargin(0.04F);
  canvas.SetTopMargin(0.09F);
  canvas.SetBottomMargin(0.16F);
  auto const n_rows = static_cast<int>(plot.rows.size());
  auto const n_columns = static_cast<int>(plot.columns.size());
  auto* const cells = new TH2D("cells", "", n_columns, 0, n_columns, n_rows, 0, n_rows);
  cells->SetDirectory(nullptr);
  cells->SetBit(kCanDelete);
  for (int row = 0; row < n_rows; ++row) {
    cells->GetYaxis()->SetBinLabel(n_rows - row,
                                   in_two_lines(plot.rows[static_cast<std::size_t>(row)]).c_str());
    for (int column = 0; column < n_columns; ++column) {
      double const value = plot.values[static_cast<std::size_t>(row * n_columns + column)];
      if (std::isfinite(value)) cells->SetBinContent(column + 1, n_rows - row, value);
    }
  }
  for (int column = 0; column < n_columns; ++column)
    cells->GetXaxis()->SetBinLabel(column + 1,
                                   in_two_lines(plot.columns[static_cast<std::size_t>(column)]).c_str());
  for (TAxis* const axis : {cells->GetXaxis(), cells->GetYaxis()}) {
    axis->SetLabelFont(font);
    axis->SetTitleFont(font);
    axis->SetTitleSize(0.037F);
    axis->SetLabelSize(0.035F);
    axis->SetTickLength(0);
  }
  cells->GetXaxis()->SetTitle(plot.column_title.c_str());
  cells->GetYaxis()->SetTitle(plot.row_title.c_str());
  cells->GetXaxis()->SetTitleOffset(1.8F);
  cells->GetYaxis()->SetTitleOffset(2.5F);
  cells->GetXaxis()->LabelsOption("h");
  for (TAxis* const axis : {cells->GetXaxis(), cells->GetYaxis()}) axis->SetLabelOffset(0.015F);
  cells->SetMinimum(0);
  cells->SetMaximum(2);  // the upper half of the palette is too dark for text
  cells->SetMarkerSize(1.3F);
  cells->Draw("col text");
  label_canvas(plot.title, 0.935, 0.2, 1);
}

std::string bytes_of(std::string const& path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (bytes.empty())
    throw core::EnvironmentError(cat(
        path,
        ": ROOT did not write this picture; it needs libSM and libXext of X11 (on Debian: libsm6 libxext6)"));
  return bytes;
}

template <class AnyPlot>
Picture draw_one(AnyPlot const& plot, std::string const& folder) {
  TCanvas canvas(plot.name.c_str(), "", 800, 700);
  draw(plot, canvas);
  canvas.Update();
  std::string const path = folder + "/" + plot.name;
  canvas.SaveAs((path + ".png").c_str());
  canvas.SaveAs((path + ".pdf").c_str());
  return {plot.name, bytes_of(path + ".png"), std::string(TBufferJSON::ToJSON(&canvas, 23).Data())};
}

/// The folder of a file that "a/b/c" is in, made if need be; "c" is left.
TDirectory* open_folder(TDirectory& top, std::string& name) {
  auto const slash = name.rfind('/');
  if (slash == name.npos) return &top;
  std::string const folder = name.substr(0, slash);
  name = name.substr(slash + 1);
  if (TDirectory* const known = top.GetDirectory(folder.c_str(), false, "")) return known;
  return top.mkdir(folder.c_str(), "", true);
}

}  // namespace

std::vector<Picture> draw(Plots const& plots, std::string const& folder) {
  set_style();
  std::vector<Picture> pictures;
  for (Plot const& plot : plots.plots) pictures.push_back(draw_one(plot, folder));
  for (MatrixPlot const& plot : plots.matrices) pictures.push_back(draw_one(plot, folder));
  return pictures;
}

void write_histograms(std::span<Line const> lines, std::string const& path) {
  std::unique_ptr<TFile> const file(TFile::Open(path.c_str(), "RECREATE"));
  if (!file || file->IsZombie()) throw core::EnvironmentError(cat(path, ": ROOT cannot write this file"));
  for (Line const& line : lines) {
    for (eval::Curve const& curve : line.result.curves) {
      std::string name = cat(line.name, "/", curve.name);
      TDirectory* const folder = open_folder(*file, name);
      TGraphErrors graph;
      for (std::size_t bin = 0; bin < curve.points.size(); ++bin) {
        if (!std::isfinite(curve.points[bin].value)) continue;
        double const low = curve.x.edges[bin];
        double const high = curve.x.edges[bin + 1];
        graph.SetPoint(graph.GetN(), (low + high) / 2, curve.points[bin].value);
        graph.SetPointError(graph.GetN() - 1, (high - low) / 2, error_or_zero(curve.points[bin].error));
      }
      auto const titled = [](std::string const& title, std::string const& unit) {
        return latex(unit.empty() ? title : cat(title, " [", unit, "]"));
      };
      graph.SetTitle(cat(curve.description, ";", titled(curve.x.title, curve.x.unit), ";",
                         titled(curve.y_title, curve.y_unit))
                         .c_str());
      folder->WriteTObject(&graph, name.c_str());
    }
    for (eval::Histogram const& histogram : line.result.histograms) {
      std::string name = cat(line.name, "/", histogram.name);
      TDirectory* const folder = open_folder(*file, name);
      TH1D counts(name.c_str(), "", static_cast<int>(histogram.x.bins()), histogram.x.edges.data());
      counts.SetDirectory(nullptr);
      counts.SetTitle(cat(histogram.description, ";", latex(histogram.x.title),
                          histogram.x.unit.empty() ? "" : cat(" [", histogram.x.unit, "]"), ";",
                          histogram.y_title)
                          .c_str());
      for (std::size_t bin = 0; bin < histogram.counts.size(); ++bin)
        counts.SetBinContent(static_cast<int>(bin) + 1, static_cast<double>(histogram.counts[bin]));
      counts.SetBinContent(0, static_cast<double>(histogram.below));
      counts.SetBinContent(static_cast<int>(histogram.counts.size()) + 1,
                           static_cast<double>(histogram.above));
      folder->WriteTObject(&counts, name.c_str());
    }
  }
  file->Close();
  if (file->TestBit(TFile::kWriteError)) throw core::EnvironmentError(cat(path, ": cannot be written"));
}

}  // namespace corpuscle::report::root
