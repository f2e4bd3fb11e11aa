#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

/// What a model file tells about its network, but for the weights. `model` has the networks as LibTorch
/// modules, to train; `runtime` has them without.
namespace corpuscle::artifact {

/// The graph network with locality-sensitive hashing of arXiv:2309.06782; mlpf.md 3.1. The defaults are those
/// after its tuning: 5,468,815 parameters for 17 features.
struct GnnLshConfig {
  static constexpr char const* name = "gnn-lsh";

  std::int64_t bin_size = 256;  ///< elements that see each other
  std::int64_t max_bins = 200;  ///< twice the number of random directions of the hash
  std::int64_t id_layers = 6;   ///< for class and charge
  std::int64_t reg_layers = 6;  ///< for the momentum
  std::int64_t width = 256;
  std::int64_t distance_width = 128;
  std::vector<std::int64_t> distance_hidden = {64, 64, 64};
  std::vector<std::int64_t> class_hidden = {128};
  std::vector<std::int64_t> other_hidden = {128};  ///< of charge, eta, phi, energy and pt
  double dropout = 0.1;                            ///< in the heads
};

/// How the kernel transformer makes q and k positive.
enum class KernelFeatures : std::uint8_t {
  elu,       ///< ELU(P x) + 1, as published for particle flow
  positive,  ///< exp(P x - |x|^2 / 2): FAVOR+, which estimates softmax attention (arXiv:2009.14794, lemma 1)
};

/// The kernel transformer of arXiv:2309.06782, eq. 2 and 3; mlpf.md 3.2. The defaults are those after its
/// tuning: 292,559 parameters for 17 features.
struct KernelTransformerConfig {
  static constexpr char const* name = "kernel-transformer";

  std::int64_t width = 32;
  std::int64_t heads = 8;  ///< each of the full width
  std::int64_t random_features = 32;
  KernelFeatures features = KernelFeatures::elu;
  std::int64_t encoder_layers = 3;
  std::int64_t id_layers = 2;   ///< at least 1
  std::int64_t reg_layers = 2;  ///< at least 1
  std::vector<std::int64_t> class_hidden = {128};
  std::vector<std::int64_t> other_hidden = {128};
  double dropout = 0.1;
};

/// Softmax attention among all elements of an event, as in the code of 2026; mlpf.md 3.4, whose padding leak
/// it has not. Quadratic in the number of elements.
struct AttentionConfig {
  static constexpr char const* name = "attention";

  std::int64_t width = 256;
  std::int64_t heads = 16;
  std::int64_t layers = 3;
  double dropout = 0;
};

/// Our own (docs/decisions/0004-default-network.md): softmax attention within windows of neighbours, with
/// angles to the neighbours in it. Linear in the number of elements.
struct WindowTransformerConfig {
  static constexpr char const* name = "window-transformer";

  std::int64_t width = 128;
  std::int64_t heads = 4;
  std::int64_t layers = 4;
  std::int64_t hidden = 256;       ///< of the feed-forward part of each layer
  std::int64_t window = 128;       ///< elements that see each other, at most
  std::int64_t frequencies = 6;    ///< of each of two angles, 2, 4, 8 ...; width / heads >= 4 frequencies
  std::int64_t head_hidden = 128;  ///< of the two heads
  std::int64_t classes = 6;        ///< "no particle" and five
  std::int64_t regressed = 5;      ///< numbers that say where, and with what energy, a particle is
  double dropout = 0;
};

using Architecture =
    std::variant<WindowTransformerConfig, GnnLshConfig, KernelTransformerConfig, AttentionConfig>;

inline constexpr std::int64_t max_types = 256;

/// A network but for its weights.
struct ModelConfig {
  std::int64_t features = 17;  ///< columns of the encoding
  std::int64_t types = 2;      ///< of elements, at most max_types
  Architecture architecture;
};

/// Columns of the answer of such a network.
std::int64_t n_outputs(ModelConfig const& config);

/// One line of JSON: {"architecture": "gnn-lsh", "features": 17, "types": 2, "bin_size": 256, ...}.
std::string to_json(ModelConfig const& config);

/// The reverse; a member that is not there keeps its default, but "architecture", "features" and "types" must
/// be.
/// @param where  names the file in messages
/// @throws core::DataError if the text is no JSON; core::ConfigError naming a member that is unknown, of
/// another
///         type or out of range.
ModelConfig config_from_json(std::string_view text, std::string_view where);

/// @throws core::ConfigError naming the first size that is out of range or does not go with another.
void check(ModelConfig const& config, std::string_view where);

}  // namespace corpuscle::artifact
