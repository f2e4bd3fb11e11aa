// `corpuscle model` as a user meets it.
#include "cli/program.hpp"
#include "corpuscle/artifact/model_file.hpp"

namespace corpuscle {
namespace {

std::string const clic_clusters = CORPUSCLE_SOURCE_DIR "/models/clic_clusters.safetensors";

TEST_F(Cli, ModelHasHelpWithAnExample) {
  Answer const answer = run({"model", "--help"});
  EXPECT_EQ(answer.exit_code, success);
  EXPECT_TRUE(contains(answer.out, "Examples:\n  corpuscle model ")) << answer.out;
}

TEST_F(Cli, ModelTellsWhatIsInTheFile) {
  artifact::ModelFile const file(clic_clusters);
  Answer const answer = run({"model", clic_clusters});
  ASSERT_EQ(answer.exit_code, success) << answer.err;
  EXPECT_EQ(answer.err, "");
  std::size_t n_weights = 0;
  for (artifact::Tensor const& weight : file.weights()) n_weights += weight.bytes.size() / sizeof(float);
  for (std::string const& text :
       {clic_clusters, to_json(file.description().model), file.description().schema.name,
        file.description().detector, core::cat(n_weights, " numbers"), std::string("logit_photon")})
    EXPECT_TRUE(contains(answer.out, text)) << text << "\n" << answer.out;
  for (auto const& [key, value] : file.description().provenance) {
    EXPECT_TRUE(contains(answer.out, "\n  " + key)) << key;
    std::istringstream lines(value);
    for (std::string line; std::getline(lines, line);) EXPECT_TRUE(contains(answer.out, line)) << line;
  }
}

TEST_F(Cli, ModelTellsTheGraphAndItsCosts) {
  Answer const answer = run({"model", clic_clusters});
  ASSERT_EQ(answer.exit_code, success) << answer.err;
  for (char const* word : {"layer_0.norm", "attention, ", " parameters; ", " bytes per element", "operations",
                           "\n100 ", "\n1000 ", "\n10000 "})
    EXPECT_TRUE(contains(answer.out, word)) << word << "\n" << answer.out;
}

/// A row of the table of costs: what stands behind the number of elements.
std::vector<double> costs(std::string const& text, std::string const& n_elements) {
  std::size_t const begin = text.find("\n" + n_elements + " ");
  if (begin == text.npos) return {};
  std::istringstream row(text.substr(begin, text.find('\n', begin + 1) - begin));
  std::vector<double> numbers;
  for (double number = 0; row >> number;) numbers.push_back(number);
  return numbers;
}

TEST_F(Cli, CostsOfALinearNetworkGrowWithTheElements) {
  std::string const out = run({"model", clic_clusters}).out;
  std::vector<double> const thousand = costs(out, "1000"), ten_thousand = costs(out, "10000");
  ASSERT_EQ(thousand.size(), 5U) << out;
  ASSERT_EQ(ten_thousand.size(), 5U) << out;
  // Attention is within windows of at most 128 elements, of which 1,000 have eight of 125, 10,000 have 79 of
  // 127: 2 % more in a part of the operations.
  EXPECT_NEAR(ten_thousand[1] / thousand[1], 10, 0.2);
  // What is there for each event and each block does not grow.
  EXPECT_LT(ten_thousand[3], 10 * thousand[3]);
  EXPECT_GT(ten_thousand[3], 5 * thousand[3]);
  EXPECT_GT(ten_thousand[4], ten_thousand[3]);
}

TEST_F(Cli, ModelSaysWhyAFileIsNone) {
  expect_failure({"model"}, usage, "file is required");
  expect_failure({"model", directory_ / "missing"}, environment, "No such file");
  testing::write_bytes(directory_ / "text", "Dear diary,\n");
  expect_failure({"model", directory_ / "text"}, data, directory_ / "text: byte 0: ");
  std::string damaged = testing::bytes_of(clic_clusters);
  damaged[damaged.size() / 2] ^= 1;
  testing::write_bytes(directory_ / "damaged", damaged);
  expect_failure({"model", directory_ / "damaged"}, data, "do not match their checksum");
}

}  // namespace
}  // namespace corpuscle
