#pragma once

#include <span>
#include <string>
#include <vector>

#include "corpuscle/report/root/plugin.hpp"

namespace corpuscle::report::root {

std::vector<Picture> draw(Plots const& plots, std::string const& folder);
void write_histograms(std::span<Line const> lines, std::string const& path);

}  // namespace corpuscle::report::root
