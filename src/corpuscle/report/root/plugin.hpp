#pragma once

#include <span>
#include <string>
#include <vector>

#include "corpuscle/report/line.hpp"
#include "corpuscle/report/plots.hpp"

/// What `report` looks up in its plug-in (a shared library of its own, so that whoever does not draw needs no
/// ROOT): `corpuscle_plot_plugin` returns the table of what it offers.
namespace corpuscle::report::root {

/// A figure as it goes into a page.
struct Picture {
  std::string name;
  std::string png;   ///< bytes
  std::string json;  ///< of the canvas, for JSROOT
};

struct Plugin {
  /// Draws all plots, then all matrices, in order, and writes NAME.png and NAME.pdf of each into a folder.
  std::vector<Picture> (*draw)(Plots const& plots, std::string const& folder);
  /// All curves and histograms of all lines as a ROOT file: LINE/path/of/the/figure.
  void (*write_histograms)(std::span<Line const> lines, std::string const& path);
  /// Source of JSROOT; empty if Corpuscle was built without it.
  std::string_view jsroot;
};

}  // namespace corpuscle::report::root

extern "C" corpuscle::report::root::Plugin const* corpuscle_plot_plugin();
