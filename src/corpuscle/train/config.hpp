#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "corpuscle/artifact/network_config.hpp"
#include "corpuscle/encoding/decoding.hpp"
#include "corpuscle/encoding/schema.hpp"

/// From a dataset to a model file. Beside `model` the only library that needs LibTorch; this header, data.hpp
/// and history.hpp do without.
namespace corpuscle::train {

enum class Source : std::uint8_t {
  files,     ///< directories that `corpuscle prepare` made
  simulate,  ///< events that are made as they are needed: none comes twice
};

struct DataConfig {
  Source source = Source::files;
  std::vector<std::string> directories;  ///< files

  std::string process = "ttbar";  ///< simulate, this and the next five
  std::string detector = "clic";
  std::string schema = "corpuscle-clusters-1";
  std::string rule = "standard";    ///< of the targets: standard, 2023 or 2026
  double pileup = 0;                ///< mean number of further collisions
  int normalisation_events = 2000;  ///< the first events, whose features give the normalisation

  int seed = 1;     ///< of the order of events, or of the simulation
  int threads = 1;  ///< that prepare batches

  friend bool operator==(DataConfig const&, DataConfig const&) = default;
};

/// Our own loss has these numbers; see loss.hpp. They were reasoned, not tuned, but for `momentum`: of 1, 0.3
/// and 0.1 the last gives the narrowest jets after 42,000 ttbar events (0.058, 0.056 and 0.054).
struct LossConfig {
  encoding::Layout layout = encoding::Layout::standard;
  double focal_gamma = 0;    ///< 0: cross-entropy
  double class_power = 0.5;  ///< an element counts for its class with weight (1 + E / GeV)^this
  double momentum = 0.1;     ///< weight of ln p beside the class
  double direction = 0.1;    ///< weight of each angle
};

struct OptimiserConfig {
  double learning_rate = 1e-3;   ///< the highest
  double final_fraction = 0.01;  ///< of it at the end of the cosine
  double warm_up = 0.02;         ///< part of the steps in which it rises from 0, linearly
  double weight_decay = 0.01;    ///< not of norms and biases: parameters of one dimension
  double beta1 = 0.9, beta2 = 0.98;
  double clip_norm = 1;          ///< gradients longer than this are shortened to it; 0: none are
  double average_decay = 0.999;  ///< of the average of the weights, per step; 0: no average
};

enum class Precision : std::uint8_t {
  float32,
  bfloat16,  ///< autocast: matrix products in bfloat16; weights, norms, sums and the loss stay float
};
enum class Device : std::uint8_t { cpu, cuda };

/// All that decides what is learned, and how it is watched.
struct TrainConfig {
  DataConfig data;
  artifact::ModelConfig model;  ///< its sizes at the borders (features, types, outputs) are set by `fit`
  LossConfig loss;
  OptimiserConfig optimiser;

  /// A model file to begin with ("fine-tuning"), of the same network, schema and layout. Its weights and its
  /// normalisation are taken; empty: fresh weights.
  std::string start;
  int steps = 10'000;              ///< of which the last has the lowest learning rate
  int elements_per_batch = 4'096;  ///< about
  int seed = 1;                    ///< of the first weights, and of dropout
  Precision precision = Precision::float32;
  Device device = Device::cpu;
  int threads = 1;  ///< of LibTorch; results are the same to the bit for the same number only

  int validation_every = 1000;   ///< steps
  int validation_events = 2000;  ///< the first of the split; all, if there are fewer
  int checkpoint_every = 1000;   ///< steps
  int log_every = 10;            ///< steps between two lines of the history
};

/// Reads a file and then `overrides`, "optimiser.learning_rate=1e-4", one after the other.
/// @throws core::ConfigError as file:line:column, or naming the override, with the nearest key
/// @throws core::EnvironmentError if the file cannot be read
TrainConfig load_config(std::string const& path, std::span<std::string const> overrides = {});

/// The same from text. @param name  what messages call it
TrainConfig parse_config(std::string const& text, std::string const& name,
                         std::span<std::string const> overrides = {});

/// All keys with their values, as a file that load_config reads back to the same configuration.
std::string to_yaml(TrainConfig const& config);

/// Gives the network the inputs of a schema and the outputs of a layout.
/// @throws core::ConfigError if the architecture, the layout and the schema do not go together
void fit(TrainConfig& config, encoding::Schema const& schema);

}  // namespace corpuscle::train
