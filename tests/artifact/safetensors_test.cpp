#include "corpuscle/artifact/safetensors.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "corpuscle/core/random.hpp"

namespace corpuscle::artifact {
namespace {

class Safetensors : public ::testing::Test {
 protected:
  Safetensors() : path_(::testing::TempDir() + "corpuscle_" + current() + ".safetensors") {}
  ~Safetensors() override { std::filesystem::remove(path_); }

  static std::string current() { return ::testing::UnitTest::GetInstance()->current_test_info()->name(); }

  [[nodiscard]] std::string bytes() const {
    std::ifstream in(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  void put(std::string_view file) const { std::ofstream(path_, std::ios::binary) << file; }

  /// Into a file of the same size: a hundred times faster than making a new one.
  void overwrite(std::string_view file) const {
    std::fstream(path_, std::ios::binary | std::ios::in | std::ios::out) << file;
  }

  /// A file with this header, padded as usual, in front of so many bytes of data.
  void put(std::string header, std::size_t n_data) const {
    header.resize((header.size() + 7) / 8 * 8, ' ');
    std::uint64_t const length = header.size();
    std::string file(8, '\0');
    std::memcpy(file.data(), &length, 8);
    put(file + header + std::string(n_data, '\0'));
  }

  /// The complaint about the file as it is.
  [[nodiscard]] std::string complaint() const {
    try {
      TensorFile const file(path_);
      return "";
    } catch (core::DataError const& error) {
      return error.what();
    }
  }

  void expect_complaint(std::string const& header, std::size_t n_data, std::string const& wanted) {
    put(header, n_data);
    std::string const found = complaint();
    EXPECT_EQ(found.rfind(path_ + ": byte ", 0), 0U) << found;
    EXPECT_NE(found.find(wanted), std::string::npos) << "wanted: " << wanted << "\nfound:  " << found;
  }

  std::string write() const {
    return write_tensors(path_,
                         std::vector{tensor("weights", {2, 3}, weights_), tensor("flags", {3}, flags_),
                                     tensor("offsets", {2}, offsets_), tensor("nothing", {0, 4}, nothing_)},
                         {{"purpose", "a test, with \"quotes\" and \n a second line"}});
  }

  std::string path_;
  std::vector<float> weights_{1, 2, 3, 4, 5, 6.5F};
  std::vector<std::uint8_t> flags_{0, 255, 7};
  std::vector<std::int64_t> offsets_{0, -1};
  std::vector<float> nothing_;
};

TEST_F(Safetensors, GiveBackWhatWasWritten) {
  write();
  TensorFile const file(path_);
  EXPECT_TRUE(std::ranges::equal(file.values<float>("weights", {2, 3}), weights_));
  EXPECT_TRUE(std::ranges::equal(file.values<std::uint8_t>("flags", {TensorFile::any}), flags_));
  EXPECT_TRUE(std::ranges::equal(file.values<std::int64_t>("offsets", {2}), offsets_));
  EXPECT_TRUE(file.values<float>("nothing", {TensorFile::any, 4}).empty());
  EXPECT_EQ(file.metadata("purpose"), "a test, with \"quotes\" and \n a second line");
  EXPECT_EQ(file.tensors().size(), 4U);
  EXPECT_EQ(file.find("absent"), nullptr);
  EXPECT_NO_THROW(file.verify());
}

TEST_F(Safetensors, ViewsOutliveAMove) {
  write();
  TensorFile file(path_);
  auto const weights = file.values<float>("weights", {2, 3});
  TensorFile const moved = std::move(file);
  EXPECT_EQ(weights.data(), moved.values<float>("weights", {2, 3}).data());
  EXPECT_EQ(weights[5], 6.5F);
}

TEST_F(Safetensors, NoOrderOfArgumentsChangesTheBytes) {
  auto const a = tensor("a", {2, 3}, weights_);
  auto const b = tensor("b", {3}, flags_);
  auto const c = tensor("c", {2}, offsets_);
  std::string const first = write_tensors(path_, std::vector{a, b, c}, {{"x", "1"}, {"y", "2"}});
  std::string const once = bytes();
  EXPECT_EQ(write_tensors(path_, std::vector{c, b, a}, {{"y", "2"}, {"x", "1"}}), first);
  EXPECT_EQ(bytes(), once);
  EXPECT_EQ(TensorFile(path_).metadata("header_checksum"), first);
}

TEST_F(Safetensors, EveryArrayLiesAtAMultipleOfItsElementSize) {
  std::vector<std::uint8_t> const odd(5, 1);
  std::vector<std::uint16_t> const two(3, 2);
  std::vector<double> const eight(3, 8);
  write_tensors(path_, std::vector{tensor("a", {5}, odd), tensor("b", {3}, two), tensor("c", {3}, eight)});
  TensorFile const file(path_);
  for (Tensor const& t : file.tensors())
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(t.bytes.data()) % size_of(t.type), 0U) << t.name;
}

TEST_F(Safetensors, AFileWithoutArraysIsAFile) {
  write_tensors(path_, {});
  EXPECT_TRUE(TensorFile(path_).tensors().empty());
  EXPECT_NO_THROW(TensorFile(path_).verify());
}

TEST_F(Safetensors, AScalarHasNoDimensions) {
  std::vector<float> const one{42};
  write_tensors(path_, std::vector{tensor("scalar", {}, one)});
  EXPECT_EQ(TensorFile(path_).values<float>("scalar", {})[0], 42);
}

TEST_F(Safetensors, FilesOfOthersNeedNoChecksums) {
  put(R"({"w":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}})", 4);
  TensorFile const file(path_);
  EXPECT_EQ(file.values<BFloat16>("w", {2}).size(), 2U);
  EXPECT_THROW(file.verify(), core::DataError);
}

TEST_F(Safetensors, BytesThatAreNoTextAreReplacedInMetadata) {
  write_tensors(path_, {},
                {{"command",
                  "a\xff"
                  "b"}});
  EXPECT_EQ(TensorFile(path_).metadata("command"),
            "a\xef\xbf\xbd"
            "b");
}

TEST_F(Safetensors, AskingForWhatIsNotThereIsNamed) {
  write();
  TensorFile const file(path_);
  auto const message = [&](auto ask) -> std::string {
    try {
      ask();
    } catch (core::DataError const& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(message([&] {
              (void)file.values<float>("wrights", {2, 3});
            }),
            path_ + ": has no array 'wrights'");
  EXPECT_EQ(message([&] {
              (void)file.values<double>("weights", {2, 3});
            }),
            path_ + ": array 'weights' is F32, not F64");
  EXPECT_EQ(message([&] {
              (void)file.values<float>("weights", {TensorFile::any, 4});
            }),
            path_ + ": array 'weights' has shape [2, 3], not [any, 4]");
  EXPECT_EQ(message([&] { (void)file.metadata("porpoise"); }), path_ + ": has no metadata 'porpoise'");
}

TEST_F(Safetensors, AnAbsentFileIsTheEnvironmentsFault) {
  EXPECT_THROW(TensorFile{path_ + ".absent"}, core::EnvironmentError);
  EXPECT_THROW(TensorFile{::testing::TempDir()}, core::EnvironmentError);
  EXPECT_THROW(write_tensors(path_ + "/below/a/file", {}), core::EnvironmentError);
}

TEST_F(Safetensors, DamagedHeadersAreNamed) {
  auto const array = [](std::string const& rest) { return R"({"w":{"dtype":"F32",)" + rest + "}}"; };
  expect_complaint("", 0, "not a JSON object");
  expect_complaint("[1]", 0, "not a JSON object");
  expect_complaint("{\"w\":", 0, "not JSON");
  expect_complaint("{} x", 0, "not JSON");
  expect_complaint(std::string("{}\0 ", 4), 0, "not text");
  expect_complaint(R"({"w":1e999})", 0, "not JSON");
  expect_complaint(R"({"w":{"x":[[[[0]]]]}})", 0, "nested too deeply");
  expect_complaint(R"({"w":1})", 0, "array 'w': needs dtype");
  expect_complaint(R"({"w":{"dtype":"F31","shape":[],"data_offsets":[0,4]}})", 4, "dtype 'F31'");
  expect_complaint(R"({"w":{"dtype":32,"shape":[],"data_offsets":[0,4]}})", 4, "dtype is not a string");
  expect_complaint(array(R"("shape":[-1],"data_offsets":[0,4])"), 4, "array 'w': shape holds something");
  expect_complaint(array(R"("shape":[1.5],"data_offsets":[0,4])"), 4, "array 'w': shape holds something");
  expect_complaint(array(R"("shape":4,"data_offsets":[0,4])"), 4, "shape is not a list");
  expect_complaint(array(R"("shape":[1],"data_offsets":[0,4],"x":1)"), 4, "nothing else");
  expect_complaint(array(R"("shape":[1],"data_offsets":[4,0])"), 4, "not begin and end");
  expect_complaint(array(R"("shape":[1],"data_offsets":[0])"), 4, "not begin and end");
  expect_complaint(array(R"("shape":[2],"data_offsets":[0,8])"), 4, "has been cut");
  expect_complaint(array(R"("shape":[2],"data_offsets":[0,4])"), 4, "needs 8");
  expect_complaint(array(R"("shape":[1],"data_offsets":[0,4])"), 9, "5 bytes at the end");
  expect_complaint(array(R"("shape":[1],"data_offsets":[4,8])"), 8, "leaves a gap");
  // 2^62 elements of four bytes are 0 modulo 2^64.
  expect_complaint(array(R"("shape":[4611686018427387904],"data_offsets":[0,0])"), 0, "more than any file");
  expect_complaint(array(R"("shape":[4294967296,4294967296,0],"data_offsets":[0,0])"), 0,
                   "more than any file");
  expect_complaint(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},)"
                   R"("b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}})",
                   6, "array 'b' overlaps");
  expect_complaint(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                   R"("b":{"dtype":"F32","shape":[1],"data_offsets":[1,5]}})",
                   5, "multiple of its element size");
  expect_complaint(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                   R"("a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}})",
                   1, "'a' twice");
  expect_complaint(R"({"a":{"dtype":"U8","dtype":"U8","shape":[1],"data_offsets":[0,1]}})", 1,
                   "'dtype' twice");
  expect_complaint(R"({"__metadata__":{"x":1}})", 0, "metadata 'x' is not a string");
  expect_complaint(R"({"__metadata__":[]})", 0, "not an object of strings");
}

TEST_F(Safetensors, ForgedLengthsAreNamed) {
  put("");
  EXPECT_NE(complaint().find("0 bytes, too few"), std::string::npos) << complaint();
  put(std::string(7, '\0'));
  EXPECT_NE(complaint().find("7 bytes, too few"), std::string::npos) << complaint();
  put(std::string(8, '\xff') + "{}");
  EXPECT_NE(complaint().find("header claims 18446744073709551615"), std::string::npos) << complaint();
  put(std::string("\x10\0\0\0\0\0\0\0{}", 10));
  EXPECT_NE(complaint().find("has been cut"), std::string::npos) << complaint();
}

TEST_F(Safetensors, CutAnywhereAreRefused) {
  write();
  std::string const whole = bytes();
  for (std::size_t n = 0; n < whole.size(); ++n) {
    put(std::string_view(whole).substr(0, n));
    EXPECT_NE(complaint(), "") << n;
  }
}

// All bits of a small file: found when it is opened (length, header) or verified (data).
TEST_F(Safetensors, EveryFlippedBitIsFound) {
  write();
  std::string whole = bytes();
  for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    whole[bit / 8] = static_cast<char>(whole[bit / 8] ^ (1 << (bit % 8)));
    overwrite(whole);
    EXPECT_THROW(TensorFile(path_).verify(), core::DataError) << "bit " << bit;
    whole[bit / 8] = static_cast<char>(whole[bit / 8] ^ (1 << (bit % 8)));
  }
}

// Nothing but the sanitizers can fail here: whatever is opened, all its bytes can be read.
TEST_F(Safetensors, RandomDamageNeverReadsOutOfBounds) {
  write();
  std::string const whole = bytes();
  core::Random random({3});
  std::size_t opened = 0;
  for (int trial = 0; trial < 3000; ++trial) {
    std::string damaged = whole;
    for (std::uint64_t n = 1 + random.bits() % 4; n > 0; --n)
      damaged[random.bits() % damaged.size()] = static_cast<char>(random.bits() & 255);
    // Without the checksum, so that more than the checksum is tried.
    if (auto const at = damaged.find("header_checksum"); at != std::string::npos) damaged[at] = 'n';
    overwrite(damaged);
    try {
      TensorFile const file(path_);
      std::size_t sum = 0;
      for (Tensor const& t : file.tensors())
        for (std::byte byte : t.bytes) sum += static_cast<std::size_t>(byte);
      EXPECT_LE(sum, 255 * damaged.size());
      ++opened;
    } catch (core::DataError const&) {
    }
  }
  EXPECT_GT(opened, 100U);  // else the trials have been too easy
}

// For tests/artifact/read_safetensors.py; says where the file is to go.
TEST_F(Safetensors, AreLeftForPython) {
  char const* const path = std::getenv("CORPUSCLE_SAFETENSORS");
  if (path == nullptr) GTEST_SKIP() << "CORPUSCLE_SAFETENSORS names no file";
  std::vector<Float16> const halves{{0x3c00}, {0xc000}};  // 1 and -2
  write_tensors(path,
                std::vector{tensor("weights", {2, 3}, weights_), tensor("flags", {3}, flags_),
                            tensor("offsets", {2}, offsets_), tensor("nothing", {0, 4}, nothing_),
                            tensor("halves", {2}, halves)},
                {{"purpose", "a test, with \"quotes\" and \n a second line"}});
}

}  // namespace
}  // namespace corpuscle::artifact
