#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

#include "corpuscle/detector/detector.hpp"
#include "corpuscle/event/event.hpp"

/// A model file, opened.
struct Model {
  using Reconstruct = std::function<corpuscle::event::Particles(corpuscle::event::Observed const&)>;

  std::string detector;  ///< that it was trained on
  /// Makes a reconstructor for a detector, in the process that will use it.
  std::function<Reconstruct(corpuscle::detector::Detector const&)> make;
};

/// The verb `reconstruct`; running it sets `exit_code`.
/// @param open  opens the model file of the option --model
void add_reconstruct(CLI::App& app, std::function<Model(std::string const& path)> open, int& exit_code);
