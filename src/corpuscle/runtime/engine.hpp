#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "corpuscle/graph/graph.hpp"
#include "corpuscle/graph/plan.hpp"
#include "corpuscle/runtime/arena.hpp"
#include "corpuscle/runtime/cpu.hpp"

namespace corpuscle::runtime {

/// In which numbers matrix products are taken. Sums, norms and what stands between layers are float in any
/// case, and so are attention within windows and kernel attention, layers that see features, and those of
/// fewer than 16 outputs, which are answers.
enum class Precision : std::uint8_t {
  fp32,
  bf16,  ///< 8 bits of mantissa; twice as fast where the CPU has instructions for it
};
std::string_view name(Precision precision) noexcept;

struct EngineConfig {
  InstructionSet instructions = best_instruction_set();
  Precision precision = Precision::fp32;
};

/// Events packed end to end, as a network takes them.
struct Batch {
  std::span<float const> features;         ///< [n, n_features] as encoded: not normalised
  std::span<std::uint8_t const> types;     ///< [n] position of the element's type in the schema
  std::span<std::uint32_t const> offsets;  ///< [events + 1] event i is the rows [offsets[i], offsets[i + 1])

  [[nodiscard]] std::size_t n_elements() const noexcept { return types.size(); }
  [[nodiscard]] std::size_t n_events() const noexcept { return offsets.size() - 1; }
};

/// Runs a graph. Immutable and thread-safe: each thread brings its arena. No threads, no global state.
///
/// The answer for an event is the same to the bit whatever else is in the batch, for any number of threads,
/// on one instruction set. Time and memory are linear in the number of elements but for attention among all
/// elements of an event, whose time is quadratic.
class Engine {
 public:
  /// Takes copies of the weights, in the order in which the kernels read them.
  /// @param config  whose instruction set is available
  explicit Engine(graph::Graph const& graph, EngineConfig config = {});

  /// @param batch    types below the graph's number of types
  /// @param outputs  [n, n_outputs]
  /// @param arena    grows to scratch_bytes, if it is smaller
  void operator()(Batch const& batch, std::span<float> outputs, Arena& arena) const;

  /// What an inference needs beside its input and output, known before the first event.
  /// @param longest  elements of the longest event
  [[nodiscard]] std::size_t scratch_bytes(std::size_t n_elements, std::size_t n_events,
                                          std::size_t longest) const;

  [[nodiscard]] EngineConfig const& config() const noexcept { return config_; }
  [[nodiscard]] std::size_t n_features() const noexcept { return n_features_; }
  [[nodiscard]] std::size_t n_outputs() const noexcept { return n_outputs_; }
  [[nodiscard]] std::size_t weight_bytes() const noexcept { return weights_.n_bytes(); }

 private:
  class Run;
  struct Layout;

  /// Weights of a graph::Dense, one for all elements or one for each type.
  struct Layer {
    bool in_bf16 = false;
    std::vector<PackedDense> of_type;
  };

  /// @param memory  null: only counts
  [[nodiscard]] Layout layout(std::size_t n_elements, std::size_t n_events, std::size_t longest,
                              std::byte* memory) const;

  EngineConfig config_;
  Kernels const* kernels_;
  graph::Plan plan_;
  std::vector<graph::Node> nodes_;
  graph::NodeId output_;
  std::size_t n_features_, n_outputs_;
  Arena weights_;                        ///< what the pointers below point into
  std::vector<float const*> constants_;  ///< those that are used as they are
  std::vector<Layer> layers_;            ///< [nodes] empty but for dense ones and hashes
  std::vector<std::size_t> sums_;  ///< [nodes] where what a reduction keeps beside its value is, in doubles
  std::size_t n_sums_ = 0;
  std::size_t widest_input_ = 0;     ///< of a dense layer in bf16, padded
  std::size_t widest_code_ = 0;      ///< of a hash, padded
  std::size_t widest_head_ = 0;      ///< of attention
  std::size_t most_heads_ = 0;       ///< of attention
  std::size_t widest_pair_ = 0;      ///< of a kernel of pairs
  std::size_t widest_pair_sum_ = 0;  ///< padded
  std::size_t widest_weights_ = 0;   ///< of kernel attention, padded
  std::size_t longest_window_ = 0;   ///< 0: there are none
  bool attends_to_events_ = false;   ///< rather than to windows
};

}  // namespace corpuscle::runtime
