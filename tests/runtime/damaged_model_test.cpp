// Model files that were cut, flipped or forged: an error that says so at load, and never another answer.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <deque>
#include <limits>
#include <map>
#include <span>
#include <stdexcept>
#include <tuple>
#include <utility>

#include "corpuscle/runtime/reconstructor.hpp"
#include "encoding/sketch.hpp"
#include "runtime/model_sketch.hpp"

namespace corpuscle::runtime {
namespace {

using artifact::Metadata;
using artifact::Tensor;

detector::Detector const& clic() {
  static detector::Detector const detector = test::simple_detector();
  return detector;
}

Reconstructor load(std::string const& path) {
  return Reconstructor::load(path, clic(), {InstructionSet::scalar, Precision::fp32});
}

/// One of test::sketch_models, made once.
test::WholeModel const& model(std::size_t sketch) {
  static std::map<std::size_t, test::WholeModel> models;
  auto const found = models.find(sketch);
  if (found != models.end()) return found->second;
  return models
      .emplace(std::piecewise_construct, std::tuple(sketch),
               std::tuple(test::sketch_models()[sketch], std::vector<std::uint32_t>{3, 20}))
      .first->second;
}

/// The error of loading it, else "no error". Errors of any other kind than ours get through, and fail.
std::string message_of(std::string const& path) {
  try {
    (void)load(path);
  } catch (core::Error const& error) {
    return error.what();
  }
  return "no error";
}

class Damaged : public ::testing::TestWithParam<std::size_t> {
 protected:
  Damaged() {
    model(GetParam()).write(file_.path());
    whole_ = file_.bytes();
  }

  test::TemporaryFile file_{core::cat("damaged_", GetParam())};
  std::string whole_;
};
INSTANTIATE_TEST_SUITE_P(Architecture, Damaged,
                         ::testing::Range(std::size_t{0}, test::sketch_models().size()),
                         [](auto const& each) { return test::sketch_models()[each.param].name; });

TEST_P(Damaged, CutAtTwoHundredPlacesIsRefused) {
  for (std::size_t i = 0; i < 200; ++i) {
    file_.write(whole_.substr(0, i * whole_.size() / 200));
    EXPECT_THROW((void)load(file_.path()), core::DataError) << i;
  }
}

TEST_P(Damaged, TenThousandFlippedBitsAreFoundOneByOne) {
  std::uint64_t n_header = 0;
  std::memcpy(&n_header, whole_.data(), sizeof n_header);
  core::Random random({7});
  std::size_t n_accepted = 0;
  for (std::size_t i = 0; i < 10'000 / test::sketch_models().size(); ++i) {
    std::string bytes = whole_;
    std::size_t const n = i % 2 == 0 ? 8 + n_header : bytes.size();  // half of them in the header
    bytes[random.bits() % n] ^= static_cast<char>(1 << random.bits() % 8);
    file_.write(bytes);
    try {
      (void)load(file_.path());
      ++n_accepted;
    } catch (core::DataError const&) {
    }
  }
  EXPECT_EQ(n_accepted, 0U) << "the checksums cover all, also the text that nobody computes with";
}

/// A header with something else in it, and without the checksum that would tell.
TEST_P(Damaged, HeadersThatClaimWhatCannotBeAreNamed) {
  std::uint64_t n_header = 0;
  std::memcpy(&n_header, whole_.data(), sizeof n_header);
  auto const checksum = whole_.find("\"header_checksum\":");
  ASSERT_NE(checksum, whole_.npos);
  std::string unsigned_file = whole_;
  unsigned_file[checksum + 1] = 'n';  // another name, of the same length
  std::size_t const array = unsigned_file.find("\"weights/scale\":{");
  ASSERT_NE(array, unsigned_file.npos);
  auto const member = [&](char const* name) {  // [begin, end) of what is in its brackets
    std::size_t const begin = unsigned_file.find('[', unsigned_file.find(name, array)) + 1;
    return std::pair(begin, unsigned_file.find(']', begin));
  };
  auto const forge = [&](char const* name, std::string const& value) {
    auto const [begin, end] = member(name);
    std::string header = unsigned_file.substr(8, n_header);
    header.replace(begin - 8, end - begin, value);
    header.resize((header.find_last_of('}') + 8) / 8 * 8, ' ');  // so that arrays are where they may be
    std::uint64_t const length = header.size();
    std::string const prefix(reinterpret_cast<char const*>(&length), sizeof length);
    file_.write(prefix + header + unsigned_file.substr(8 + n_header));
    return message_of(file_.path());
  };
  auto const expect = [&](char const* name, std::string const& value, char const* complaint) {
    std::string const message = forge(name, value);
    EXPECT_NE(message.find(complaint), message.npos) << name << " [" << value << "]: " << message;
  };
  auto const [begin, end] = member("data_offsets");
  std::string const offsets = unsigned_file.substr(begin, end - begin);
  std::size_t const first = std::stoul(offsets);
  std::size_t const last = std::stoul(offsets.substr(offsets.find(',') + 1));
  auto const both = [](auto a, auto b) { return core::cat(a, ',', b); };

  expect("shape", "4611686018427387904", "more than any file");        // 2^64 bytes
  expect("shape", "4294967296,4294967296", "more than any file");      // 2^66
  expect("shape", "1099511627776", "its shape [1099511627776]");       // 4 TB
  expect("shape", "18446744073709551616", "not a whole number >= 0");  // 2^64
  expect("shape", "-1", "not a whole number >= 0");
  expect("shape", "1e3", "not a whole number >= 0");
  expect("shape", "\"4\"", "not a whole number >= 0");
  expect("shape", "[4]", "nested too deeply");
  expect("data_offsets", both(-4, last), "not a whole number >= 0");
  expect("data_offsets", both(last, first), "not begin and end");
  expect("data_offsets", both(first, "18446744073709551612"), "has been cut, or its header is damaged");
  expect("data_offsets", both("18446744073709551600", "18446744073709551612"), "has been cut");
  expect("data_offsets", both(first, whole_.size()), "has been cut, or its header is damaged");
  expect("data_offsets", both(first - 4, last - 4), "overlaps");
  expect("data_offsets", both(first, last - 4), "its shape");
  EXPECT_NE(forge("data_offsets", both(0, last - first)), "no error");
  expect("data_offsets", offsets, "has no checksums");
}

TEST_P(Damaged, HeadersOfAnotherLengthAreRefused) {
  std::uint64_t n_header = 0;
  std::memcpy(&n_header, whole_.data(), sizeof n_header);
  for (std::uint64_t const length :
       {std::uint64_t{0}, std::uint64_t{1}, n_header - 8, n_header - 1, n_header + 1, n_header + 8,
        std::uint64_t{whole_.size()} - 8, std::uint64_t{whole_.size()}, std::uint64_t{100'000'000},
        std::uint64_t{1} << 32, std::uint64_t{1} << 63, ~std::uint64_t{7}, ~std::uint64_t{0}}) {
    std::string bytes = whole_;
    std::memcpy(bytes.data(), &length, sizeof length);
    file_.write(bytes);
    EXPECT_THROW((void)load(file_.path()), core::DataError) << length;
  }
}

/// A model file whose arrays and texts can be changed before it gets checksums, which are right.
class Forged {
 public:
  explicit Forged(std::size_t sketch = 0) {
    model(sketch).write(file_.path());
    artifact::TensorFile const file(file_.path());
    metadata = file.metadata();
    for (Tensor tensor : file.tensors()) {
      std::vector<std::byte>& bytes = bytes_.emplace_back(tensor.bytes.begin(), tensor.bytes.end());
      tensor.bytes = bytes;
      tensors.push_back(std::move(tensor));
    }
  }

  [[nodiscard]] Tensor& operator[](std::string const& name) {
    for (Tensor& tensor : tensors)
      if (tensor.name == name) return tensor;
    throw std::out_of_range(name);
  }
  /// The values of an array, to be changed.
  template <class T>
  [[nodiscard]] std::span<T> values(std::string const& name) {
    Tensor const& tensor = (*this)[name];
    return {reinterpret_cast<T*>(const_cast<std::byte*>(tensor.bytes.data())),
            tensor.bytes.size() / sizeof(T)};
  }
  void replace(std::string const& key, std::string const& from, std::string const& to) {
    std::string& text = metadata.at(key);
    std::size_t const at = text.find(from);
    if (at == text.npos) throw std::out_of_range(from);
    text.replace(at, from.size(), to);
  }

  [[nodiscard]] std::string message() const {
    artifact::write_tensors(file_.path(), tensors, metadata);
    return message_of(file_.path());
  }
  /// Of which kind the error is.
  template <class Error>
  [[nodiscard]] bool throws() const {
    artifact::write_tensors(file_.path(), tensors, metadata);
    try {
      (void)load(file_.path());
    } catch (Error const&) {
      return true;
    } catch (core::Error const&) {
    }
    return false;
  }

  Metadata metadata;
  std::vector<Tensor> tensors;

 private:
  test::TemporaryFile file_{"forged"};
  std::deque<std::vector<std::byte>> bytes_;
};

void expect_complaint(Forged const& forged, std::string const& complaint) {
  std::string const message = forged.message();
  EXPECT_NE(message.find(complaint), message.npos) << message;
}

TEST(ForgedModel, WithoutAForgeryItIsLoaded) {
  for (std::size_t i = 0; i < test::sketch_models().size(); ++i) EXPECT_EQ(Forged(i).message(), "no error");
}

TEST(ForgedModel, OfANewerVersionIsRefusedByNumber) {
  Forged forged;
  forged.metadata["version"] = "2";
  expect_complaint(forged, "a model file of version 2, this program reads version 1");
  EXPECT_TRUE(forged.throws<core::DataError>());
}

TEST(ForgedModel, EveryTextOfItIsNeeded) {
  for (char const* key : {"format", "version", "architecture", "schema", "normalisation", "layout", "classes",
                          "rule", "detector", "provenance"}) {
    Forged forged;
    forged.metadata.erase(key);
    EXPECT_TRUE(forged.throws<core::DataError>()) << key;
    EXPECT_NE(forged.message().find(key), std::string::npos) << forged.message();
  }
}

TEST(ForgedModel, ForOtherFeaturesIsRefusedByColumn) {
  {
    Forged forged;
    forged.replace("schema", "\"name\":\"d0\"", "\"name\":\"dx\"");
    expect_complaint(forged, "'dx'");
    EXPECT_TRUE(forged.throws<core::ConfigError>());
  }
  {
    Forged forged;  // another range: what it has learned to be the end of it is not ours
    forged.replace("schema", "[0.001,10000.0]", "[0.001,20000.0]");
    expect_complaint(forged, "range 0.001 to 20000");
  }
  {
    Forged forged;
    forged.replace("schema", "corpuscle-clusters-1", "corpuscle-clusters-2");
    expect_complaint(forged, "corpuscle-clusters-2");
    EXPECT_TRUE(forged.throws<core::ConfigError>());
  }
  {
    Forged forged;  // both are schemas of ours, but not of the same features
    forged.metadata["schema"] = encoding::to_json(encoding::find_schema("mlpf-2023-clusters"));
    EXPECT_TRUE(forged.throws<core::ConfigError>()) << forged.message();
  }
  {
    Forged forged;
    forged.replace("architecture", "\"features\":30", "\"features\":29");
    expect_complaint(forged, "does not fit to its schema");
  }
  {
    Forged forged;
    forged.metadata["classes"] = "none,photon,neutral_hadron,charged_hadron,electron,muon";
    expect_complaint(forged, "its classes are none,photon");
  }
  {
    Forged forged;
    forged.metadata["layout"] = "mlpf-2026";
    expect_complaint(forged, "does not fit");
    forged.metadata["layout"] = "of tomorrow";
    expect_complaint(forged, "unknown layout 'of tomorrow'");
  }
}

TEST(ForgedModel, OtherSizesThanThoseOfItsWeightsAreRefused) {
  struct Change {
    std::size_t sketch;
    char const *from, *to;
  };
  for (auto const& [sketch, from, to] : {Change{0, "\"width\":24", "\"width\":16384"},
                                         {0, "\"width\":24", "\"width\":-24"},
                                         {0, "\"width\":24", "\"width\":4294967320"},
                                         {0, "\"width\":24", "\"width\":18446744073709551640"},
                                         {0, "\"width\":24", "\"width\":24.5"},
                                         {0, "\"width\":24", "\"width\":1e30"},
                                         {0, "\"layers\":4", "\"layers\":100"},
                                         {0, "\"heads\":2", "\"heads\":0"},
                                         {0, "\"heads\":2", "\"heads\":5"},
                                         {0, "\"window\":16", "\"window\":0"},
                                         {0, "\"frequencies\":2", "\"frequencies\":1000"},
                                         {0, "\"regressed\":3", "\"regressed\":4"},
                                         {0, "\"types\":2", "\"types\":3"},
                                         {0, "window-transformer", "attention"},
                                         {2, "\"bin_size\":16", "\"bin_size\":8192"},
                                         {2, "\"max_bins\":8", "\"max_bins\":8192"},
                                         {2, "\"distance_hidden\":[5]", "\"distance_hidden\":[5,16384]"},
                                         {2, "\"other_hidden\":[7]", "\"other_hidden\":[]"},
                                         {3, "\"kernel\":\"elu\"", "\"kernel\":\"positive\""},
                                         // Weights of a few kilobytes would do for these.
                                         {3, "\"random_features\":6", "\"random_features\":16384"},
                                         {4, "\"heads\":2", "\"heads\":24"}}) {
    Forged forged(sketch);
    forged.replace("architecture", from, to);
    EXPECT_NE(forged.message(), "no error") << to;
  }
}

TEST(ForgedModel, SizesThatTheWeightsDoNotShowAreFoundByTheSelfTest) {
  for (auto const& [from, to] : {std::pair{"\"window\":16", "\"window\":4"},
                                 {"\"heads\":2,\"layers\":4", "\"heads\":3,\"layers\":4"}}) {
    Forged forged;
    forged.replace("architecture", from, to);
    expect_complaint(forged, "self-test");
  }
}

TEST(ForgedModel, TextsThatAreTrapsForParsersAreRefused) {
  std::string const deep(1'000'000, '[');
  std::string members;
  for (int i = 0; i < 100'000; ++i) members += core::cat(",\"m", i, "\":0");
  for (char const* key : {"architecture", "schema", "normalisation", "provenance"}) {
    for (std::string const& trap :
         {deep, "{\"a\":" + deep + std::string(deep.size(), ']') + "}", std::string("{\"a\":1e999}"),
          std::string("{\"a\":\"\\ud800\"}"), std::string("null"), std::string(), std::string(1000, '{'),
          "{\"a\":0" + members + "}"}) {
      Forged forged;
      forged.metadata[key] = trap;
      EXPECT_NE(forged.message(), "no error") << key << ": " << trap.substr(0, 20);
    }
  }
  Forged forged;
  forged.replace("architecture", "\"width\":24", "\"width\":" + deep + std::string(deep.size(), ']'));
  expect_complaint(forged, "nested too deeply");
  Forged twice;
  twice.replace("architecture", "\"width\":24", "\"width\":24,\"width\":24");
  expect_complaint(twice, "has a member twice");
}

TEST(ForgedModel, WeightsThatAreNoNumbersOrOfAnotherKindAreRefused) {
  {
    Forged forged;
    forged.values<float>("weights/embedding.bias")[3] = std::numeric_limits<float>::quiet_NaN();
    expect_complaint(forged, "'weights/embedding.bias' has a value that is no number");
  }
  {
    Forged forged;
    forged["weights/embedding.bias"].type = artifact::Type::i32;
    expect_complaint(forged, "'weights/embedding.bias' is of type I32, not F32");
  }
  {
    Forged forged;
    forged["weights/embedding.bias"].shape = {1, 24};
    expect_complaint(forged, "'embedding.bias' is F32[1, 24], its architecture needs F32[24]");
  }
  {
    Forged forged;
    forged["weights/embedding.bias"].name = "weights/embedding.other";
    expect_complaint(forged, "has no weights 'embedding.bias'");
  }
  {
    Forged forged;
    Tensor more = forged["weights/embedding.bias"];
    more.name = "weights/more";
    forged.tensors.push_back(more);
    expect_complaint(forged, "the weights 'more' do not belong to its architecture");
  }
}

TEST(ForgedModel, AnotherWeightIsFoundByTheSelfTest) {
  for (std::size_t sketch = 0; sketch < test::sketch_models().size(); ++sketch) {
    Forged const names(sketch);
    std::size_t n_found = 0, n = 0;
    for (Tensor const& tensor : names.tensors) {
      if (!tensor.name.ends_with(".weight")) continue;
      Forged forged(sketch);
      std::span<float> const values = forged.values<float>(tensor.name);
      for (std::size_t i = 0; i < values.size(); i += 3) values[i] = -values[i];
      ++n;
      if (forged.message().find("self-test") != std::string::npos) ++n_found;
    }
    // Here and there a weight is behind what is nearly 0.
    EXPECT_GT(n_found, n * 3 / 4) << test::sketch_models()[sketch].name;
  }
}

TEST(ForgedModel, ASelfTestThatTestsNothingIsRefused) {
  {
    Forged forged;
    for (char const* name : {"features", "type", "outputs", "offsets"}) {
      Tensor& tensor = forged[core::cat("self_test/", name)];
      tensor.shape[0] = name == std::string("offsets") ? 1 : 0;
      tensor.bytes = tensor.bytes.first(name == std::string("offsets") ? 8 : 0);
    }
    expect_complaint(forged, "its self-test has no elements");
  }
  auto const with_offsets = [](std::vector<std::int64_t> const& offsets) {
    Forged forged;
    std::ranges::copy(offsets, forged.values<std::int64_t>("self_test/offsets").begin());
    return forged.message();
  };
  EXPECT_NE(with_offsets({0, 24, 23}).find("does not ascend"), std::string::npos);
  EXPECT_NE(with_offsets({0, -1, 23}).find("does not ascend"), std::string::npos);
  EXPECT_NE(with_offsets({-1, 3, 23}).find("does not begin with 0"), std::string::npos);
  EXPECT_NE(with_offsets({0, 3, 4'294'967'319}).find("does not begin with 0"), std::string::npos);
  for (std::int64_t const type :
       {std::int64_t{-1}, std::int64_t{2}, std::int64_t{256}, std::int64_t{1} << 40}) {
    Forged forged;
    forged.values<std::int64_t>("self_test/type")[5] = type;
    expect_complaint(forged, "has a type that the schema has not");
  }
}

TEST(ForgedModel, AnswersThatAreNoNumbersOrOfOneOutputOnlyAreRefused) {
  for (float const bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
    Forged outputs;
    std::ranges::fill(outputs.values<float>("self_test/outputs"), bad);
    expect_complaint(outputs, "self-test");
    Forged features;
    features.values<float>("self_test/features")[7] = bad;
    expect_complaint(features, "self-test");
  }
  for (std::size_t sketch = 0; sketch < test::sketch_models().size(); ++sketch) {
    std::size_t const n_outputs = encoding::output_names(test::sketch_models()[sketch].layout).size();
    for (std::size_t column = 0; column < n_outputs; ++column) {
      Forged forged(sketch);
      auto const outputs = forged.values<float>("self_test/outputs");
      for (std::size_t i = column; i < outputs.size(); i += n_outputs)
        outputs[i] += 0.01F * (1 + std::abs(outputs[i]));
      EXPECT_NE(forged.message().find("self-test"), std::string::npos)
          << test::sketch_models()[sketch].name << ", output " << column;
    }
  }
}

}  // namespace
}  // namespace corpuscle::runtime
