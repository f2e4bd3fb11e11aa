#include "corpuscle/onnx/wire.hpp"

#include <bit>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"

namespace corpuscle::onnx {

using Type = WireField::Type;

void WireWriter::add_varint(std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) bytes_ += static_cast<char>(value | 0x80);
  bytes_ += static_cast<char>(value);
}

void WireWriter::add(std::uint32_t field, std::int64_t value) {
  add_varint(std::uint64_t{field} << 3 | static_cast<std::uint64_t>(Type::varint));
  add_varint(static_cast<std::uint64_t>(value));
}

void WireWriter::add(std::uint32_t field, float value) {
  add_varint(std::uint64_t{field} << 3 | static_cast<std::uint64_t>(Type::fixed32));
  auto const bits = std::bit_cast<std::uint32_t>(value);
  for (int shift = 0; shift < 32; shift += 8) bytes_ += static_cast<char>(bits >> shift);
}

void WireWriter::add(std::uint32_t field, std::string_view bytes) {
  add_varint(std::uint64_t{field} << 3 | static_cast<std::uint64_t>(Type::bytes));
  add_varint(bytes.size());
  bytes_ += bytes;
}

void WireReader::fail(std::size_t offset, std::string_view what) const {
  throw core::DataError(
      core::cat(where_, ": byte ", offset, ": ", what, ". It is damaged, or no ONNX file: write it again"));
}

std::uint64_t WireReader::take_varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (rest_.empty()) fail(offset(), "the file ends within a number");
    auto const byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    value |= std::uint64_t{byte & 0x7FU} << shift;
    if (byte < 0x80) return value;
  }
  fail(offset(), "a number has more than 64 bits");
}

std::uint64_t WireReader::take_fixed(std::size_t n_bytes) {
  if (rest_.size() < n_bytes) fail(offset(), "the file ends within a number");
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < n_bytes; ++i)
    value |= std::uint64_t{static_cast<unsigned char>(rest_[i])} << 8 * i;
  rest_.remove_prefix(n_bytes);
  return value;
}

bool WireReader::next(WireField& field) {
  if (rest_.empty()) return false;
  field = {};
  field.offset = offset();
  std::uint64_t const key = take_varint();
  if (key >> 3 == 0 || key >> 3 > 0x1FFFFFFF) fail(field.offset, "a field has an impossible number");
  field.number = static_cast<std::uint32_t>(key >> 3);
  field.type = static_cast<Type>(key & 7);
  switch (field.type) {
    case Type::varint: field.value = take_varint(); return true;
    case Type::fixed64: field.value = take_fixed(8); return true;
    case Type::fixed32: field.value = take_fixed(4); return true;
    case Type::bytes: {
      std::uint64_t const length = take_varint();
      if (length > rest_.size()) fail(field.offset, "a field is longer than what it is in");
      field.bytes = rest_.substr(0, static_cast<std::size_t>(length));
      rest_.remove_prefix(static_cast<std::size_t>(length));
      return true;
    }
  }
  fail(field.offset, "a field is of an unknown type");
}

std::int64_t WireReader::integer(WireField const& field) const {
  if (field.type != Type::varint) fail(field.offset, "a field is no whole number");
  return static_cast<std::int64_t>(field.value);
}

float WireReader::number(WireField const& field) const {
  if (field.type != Type::fixed32) fail(field.offset, "a field is no float");
  return std::bit_cast<float>(static_cast<std::uint32_t>(field.value));
}

std::string_view WireReader::text(WireField const& field) const {
  if (field.type != Type::bytes) fail(field.offset, "a field is neither text nor a message");
  return field.bytes;
}

void WireReader::append(WireField const& field, std::vector<std::int64_t>& to) const {
  if (field.type != Type::bytes) return to.push_back(integer(field));
  WireReader packed = message(field);
  while (!packed.rest_.empty()) to.push_back(static_cast<std::int64_t>(packed.take_varint()));
}

void WireReader::append(WireField const& field, std::vector<float>& to) const {
  if (field.type != Type::bytes) return to.push_back(number(field));
  WireReader packed = message(field);
  while (!packed.rest_.empty())
    to.push_back(std::bit_cast<float>(static_cast<std::uint32_t>(packed.take_fixed(4))));
}

}  // namespace corpuscle::onnx
