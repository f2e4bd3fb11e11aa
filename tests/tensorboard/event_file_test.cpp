#include "corpuscle/tensorboard/event_file.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

namespace corpuscle::tensorboard {
namespace {

template <class T>
T number(std::string const& bytes, std::size_t at) {
  T value{};
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

TEST(Crc32c, HasThePublishedValues) {
  EXPECT_EQ(crc32c("123456789"), 0xe3069283U);            // the check value of CRC-32C
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aaU);  // RFC 3720, B.4
  EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43U);
}

TEST(TfRecord, IsFramedByLengthAndMaskedChecksums) {
  std::string const record = tf_record("abc");
  ASSERT_EQ(record.size(), 8 + 4 + 3 + 4);
  EXPECT_EQ(number<std::uint64_t>(record, 0), 3U);
  auto const masked = [](std::string_view bytes) {
    std::uint32_t const crc = crc32c(bytes);
    return static_cast<std::uint32_t>(((crc >> 15) | (crc << 17)) + 0xa282ead8U);
  };
  EXPECT_EQ(number<std::uint32_t>(record, 8), masked(record.substr(0, 8)));
  EXPECT_EQ(record.substr(12, 3), "abc");
  EXPECT_EQ(number<std::uint32_t>(record, 15), masked("abc"));
}

TEST(ScalarEvent, IsTheMessageByHand) {
  // Event: 1 wall_time (key 0x09), 2 step (0x10), 5 summary (0x2a) of 1 value (0x0a) of 1 tag (0x0a), 2 value
  // (0x15).
  std::string const event = scalar_event(1.0, 300, "loss", 0.5F);
  std::string const expected = std::string("\x09\0\0\0\0\0\0\xf0\x3f", 9) + "\x10\xac\x02" +
                               "\x2a\x0d\x0a\x0b" + "\x0a\x04loss" + std::string("\x15\0\0\0\x3f", 5);
  EXPECT_EQ(event, expected);
}

TEST(EventFile, IsRecordsEndToEndThatParseBack) {
  std::filesystem::path const folder(testing::TempDir() + "corpuscle_events_" + std::to_string(getpid()));
  std::filesystem::create_directories(folder);
  EventFile file(folder, 1000.5);
  EventFile const second(folder, 1000.6);  // beside it, not over it
  file.add(1001, 1, std::vector<std::pair<std::string, double>>{{"a", 1}, {"b", 2}});
  file.add("any message");
  EXPECT_TRUE(std::filesystem::exists(folder / "events.out.tfevents.1000.corpuscle.1"));
  std::ifstream in(folder / "events.out.tfevents.1000.corpuscle.0", std::ios::binary);
  std::string const bytes{std::istreambuf_iterator<char>(in), {}};
  std::filesystem::remove_all(folder);
  std::vector<std::string> records;
  for (std::size_t at = 0; at < bytes.size();) {
    auto const length = number<std::uint64_t>(bytes, at);
    records.push_back(bytes.substr(at + 12, length));
    EXPECT_EQ(tf_record(records.back()), bytes.substr(at, length + 16));
    at += length + 16;
  }
  ASSERT_EQ(records.size(), 4U);
  EXPECT_NE(records[0].find("brain.Event:2"), std::string::npos);
  EXPECT_EQ(records[2], scalar_event(1001, 1, "b", 2));
  EXPECT_EQ(records[3], "any message");
}

}  // namespace
}  // namespace corpuscle::tensorboard
