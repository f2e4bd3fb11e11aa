#include "corpuscle/detector/cell_id.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <utility>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"

namespace corpuscle::detector {
namespace {

constexpr int n_bits = 64;

/// The part of `text` before the next `separator`, which is removed together with it.
std::string_view take_until(char separator, std::string_view& text) {
  std::size_t const end = std::min(text.find(separator), text.size());
  std::string_view const head = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return head;
}

std::string_view trim(std::string_view text) {
  std::size_t const first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::optional<int> to_int(std::string_view text) {
  int value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::uint64_t mask_of(int offset, int width) {
  return (~std::uint64_t{0} >> (n_bits - width)) << offset;
}

}  // namespace

CellIdDecoder::CellIdDecoder(std::string_view encoding) {
  std::uint64_t used = 0;
  int next_offset = 0;
  std::string_view rest = encoding;
  do {
    std::string_view const text = trim(take_until(',', rest));
    auto const fail = [&](std::string_view complaint) {
      throw core::DataError(core::cat("cell-id encoding '", encoding, "': field '", text, "': ", complaint));
    };

    std::string_view numbers = text;
    std::string_view const name = take_until(':', numbers);
    if (name.empty()) fail("has no name");
    if (field(name)) fail("is there twice");

    std::optional<int> offset = next_offset;
    bool const has_offset = numbers.find(':') != std::string_view::npos;
    if (has_offset) offset = to_int(take_until(':', numbers));
    std::optional<int> const width = to_int(numbers);
    if (!offset || !width) fail("is not name:width or name:offset:width");
    if (*width == 0 || *width < -n_bits || *width > n_bits) fail("has a width that is not 1 to 64 bits");
    int const bits = std::abs(*width);
    if (*offset < 0 || *offset > n_bits - bits) fail("does not fit into 64 bits");
    std::uint64_t const mask = mask_of(*offset, bits);
    if ((used & mask) != 0) fail("overlaps with another field");
    used |= mask;
    next_offset = *offset + bits;

    Field decoded;
    decoded.name_ = name;
    decoded.offset_ = static_cast<unsigned>(*offset);
    decoded.width_ = static_cast<unsigned>(bits);
    decoded.is_signed_ = *width < 0;
    fields_.push_back(std::move(decoded));
  } while (!rest.empty());
}

std::int64_t CellIdDecoder::Field::operator()(std::uint64_t cell_id) const noexcept {
  // Up against the top bit, then down to the bottom: the second shift extends the sign, or does not.
  std::uint64_t const top = cell_id << (n_bits - offset_ - width_);
  unsigned const down = n_bits - width_;
  return is_signed_ ? static_cast<std::int64_t>(top) >> down : static_cast<std::int64_t>(top >> down);
}

std::optional<CellIdDecoder::Field> CellIdDecoder::field(std::string_view name) const {
  auto const found =
      std::find_if(fields_.begin(), fields_.end(), [&](Field const& f) { return f.name_ == name; });
  if (found == fields_.end()) return std::nullopt;
  return *found;
}

}  // namespace corpuscle::detector
