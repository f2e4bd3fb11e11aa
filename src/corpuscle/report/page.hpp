#pragma once

#include <span>
#include <string>

#include "corpuscle/report/plots.hpp"
#include "corpuscle/report/report.hpp"
#include "corpuscle/report/root/plugin.hpp"

namespace corpuscle::report {

/// The report as one HTML file that needs no network: figures as pictures, which JSROOT replaces by ones that
/// can be zoomed, read off and saved where JavaScript runs. When all are drawn, `document.body.dataset.drawn`
/// is their number.
/// @param pictures  of `plots`, by name
/// @param jsroot    its source; empty: pictures only
std::string make_page(Report const& report, Plots const& plots, std::span<root::Picture const> pictures,
                      std::string_view jsroot);

}  // namespace corpuscle::report
