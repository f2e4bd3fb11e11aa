#include "corpuscle/onnx/wire.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "corpuscle/core/error.hpp"

namespace corpuscle::onnx {
namespace {

using namespace std::string_view_literals;

// https://protobuf.dev/programming-guides/encoding has these examples.
TEST(Wire, TheBytesAreThoseOfTheDefinition) {
  WireWriter number;
  number.add(1, std::int64_t{150});
  EXPECT_EQ(number.bytes(), "\x08\x96\x01"sv);
  WireWriter text;
  text.add(2, "testing"sv);
  EXPECT_EQ(text.bytes(), "\x12\x07testing"sv);
  WireWriter message;
  message.add(3, number);
  EXPECT_EQ(message.bytes(), "\x1a\x03\x08\x96\x01"sv);
  WireWriter real;
  real.add(2, 1.F);  // 0x3F800000
  EXPECT_EQ(real.bytes(), "\x15\x00\x00\x80\x3f"sv);
}

TEST(Wire, NumbersOfAnySizeAndSignComeBack) {
  for (std::int64_t const value :
       {std::int64_t{0}, std::int64_t{127}, std::int64_t{128}, std::int64_t{-1},
        std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()}) {
    WireWriter writer;
    writer.add(20, value);
    WireReader reader(writer.bytes(), writer.bytes(), "test");
    WireField field;
    ASSERT_TRUE(reader.next(field));
    EXPECT_EQ(field.number, 20U);
    EXPECT_EQ(reader.integer(field), value);
    EXPECT_FALSE(reader.next(field));
  }
}

TEST(Wire, RepeatedNumbersMayBePackedOrNot) {
  WireWriter writer;
  writer.add(1, std::int64_t{3});
  writer.add(1, "\x96\x01\x05"sv);
  WireReader reader(writer.bytes(), writer.bytes(), "test");
  std::vector<std::int64_t> values;
  for (WireField field; reader.next(field);) reader.append(field, values);
  EXPECT_EQ(values, (std::vector<std::int64_t>{3, 150, 5}));
}

void read_all(std::string_view bytes) {
  WireReader reader(bytes, bytes, "some.onnx");
  for (WireField field; reader.next(field);) {
  }
}

TEST(Wire, WhatIsCutOrImpossibleIsAnErrorThatNamesTheByte) {
  for (std::string_view const bytes : {
           "\x08"sv,                                              // a key without a value
           "\x08\x96"sv,                                          // within a number
           "\x12\x07test"sv,                                      // longer than what it is in
           "\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"sv,      // of 2^64 - 1 bytes
           "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"sv,  // 77 bits
           "\x15\x00\x00"sv,                                      // half a float
           "\x0b"sv,                                              // type 3
           "\x00\x01"sv,                                          // field 0
       }) {
    try {
      read_all(bytes);
      ADD_FAILURE() << "no error";
    } catch (core::DataError const& error) {
      EXPECT_TRUE(std::string_view(error.what()).starts_with("some.onnx: byte ")) << error.what();
    }
  }
}

TEST(Wire, AFieldOfAnotherTypeIsAnError) {
  WireWriter writer;
  writer.add(1, "text"sv);
  writer.add(2, std::int64_t{1});
  WireReader reader(writer.bytes(), writer.bytes(), "test");
  WireField text;
  WireField number;
  ASSERT_TRUE(reader.next(text));
  ASSERT_TRUE(reader.next(number));
  EXPECT_THROW((void)reader.integer(text), core::DataError);
  EXPECT_THROW((void)reader.number(text), core::DataError);
  EXPECT_THROW((void)reader.text(number), core::DataError);
}

}  // namespace
}  // namespace corpuscle::onnx
