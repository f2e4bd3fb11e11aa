// Files of networks that are cut or flipped: a typed error or a graph, never a crash.
#include <gtest/gtest.h>

#include "corpuscle/core/error.hpp"
#include "corpuscle/graph/build.hpp"
#include "corpuscle/onnx/convert.hpp"
#include "graph/random_networks.hpp"

namespace corpuscle::onnx {
namespace {

/// @return true if the bytes are read without an error
bool is_read(std::string const& bytes) {
  try {
    (void)to_graph(decode(bytes, "damaged"), "damaged");
    return true;
  } catch (core::DataError const& error) {
    EXPECT_TRUE(std::string_view(error.what()).starts_with("damaged")) << error.what();
    return false;
  }
}

std::string small_file(std::size_t architecture) {
  artifact::ModelConfig const config = test::small_networks()[architecture];
  return encode(to_onnx(graph::build(config, test::random_weights(config, 1).tensors(), "test")));
}

TEST(Damage, AFileThatIsCutAnywhereIsRefused) {
  std::string const bytes = small_file(0);
  ASSERT_TRUE(is_read(bytes));
  for (std::size_t i = 0; i < 200; ++i) EXPECT_FALSE(is_read(bytes.substr(0, bytes.size() * i / 200))) << i;
}

// Flipped bits of weights are other weights: only files with a checksum, as model files are, can tell.
TEST(Damage, FlippedBitsAreATypedErrorOrAnotherNetwork) {
  for (std::size_t architecture = 0; architecture < test::small_networks().size(); ++architecture) {
    std::string const bytes = small_file(architecture);
    core::Random random({architecture, 99});
    std::size_t n_read = 0;
    constexpr std::size_t n = 500;
    for (std::size_t i = 0; i < n; ++i) {
      std::string flipped = bytes;
      auto const at = static_cast<std::size_t>(random.uniform(0, static_cast<double>(bytes.size())));
      flipped[at] = static_cast<char>(flipped[at] ^ 1 << i % 8);
      n_read += is_read(flipped) ? 1U : 0U;
    }
    EXPECT_LT(n_read, n) << architecture << ": not one was seen";
  }
}

}  // namespace
}  // namespace corpuscle::onnx
