#pragma once

#include <memory>
#include <string>

#include "corpuscle/io/source.hpp"

class TFile;

namespace corpuscle::io::root {

/// Sources for what a ROOT file may hold; each takes the open file over.
std::unique_ptr<Source> open_tree(std::string const& path, std::unique_ptr<TFile> file);
std::unique_ptr<Source> open_ntuple(std::string const& path, std::unique_ptr<TFile> file);
/// CMS NanoAOD and the like: one flat tree with counters; every counter is a collection.
std::unique_ptr<Source> open_flat_tree(std::string const& path, std::unique_ptr<TFile> file);

}  // namespace corpuscle::io::root
