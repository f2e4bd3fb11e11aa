#include "corpuscle/io/root/basket_check.hpp"

#include <TBasket.h>
#include <TBranch.h>
#include <TBuffer.h>
#include <TFile.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <span>
#include <vector>

#include "corpuscle/core/text.hpp"

namespace corpuscle::io::root {
namespace {

using core::cat;

/// Big-endian numbers, one after the other; zero beyond the end.
class Bytes {
 public:
  explicit Bytes(std::span<unsigned char const> bytes) : bytes_(bytes) {}

  std::int64_t number(std::size_t width) {
    std::uint64_t value = 0;
    for (std::size_t k = 0; k < width; ++k)
      value = value << 8 | (at_ + k < bytes_.size() ? bytes_[at_ + k] : std::uint64_t{0});
    at_ += width;
    std::size_t const unused = 8 * (8 - width);
    return static_cast<std::int64_t>(value << unused) >> unused;
  }
  void skip(std::size_t n) { at_ += n; }
  void skip_text() { skip(static_cast<std::size_t>(number(1) & 0xff)); }
  [[nodiscard]] std::size_t at() const noexcept { return at_; }

 private:
  std::span<unsigned char const> bytes_;
  std::size_t at_ = 0;
};

std::size_t read_at(TFile& file, std::int64_t position, std::span<unsigned char> out) {
  ssize_t const got = ::pread(file.GetFd(), out.data(), out.size(), position);
  return got < 0 ? 0 : static_cast<std::size_t>(got);
}

/// The record's own header, in the file: what ROOT takes its lengths from. Layout: that of TKey (length,
/// version, length unpacked, date, length of the header, cycle, two positions, three texts), then that of
/// TBasket (version, buffer size, entries or bytes per entry, entries, end of the data).
std::string examine_header(TBranch& branch, int basket, std::int64_t n_entries, std::int64_t most_bytes) {
  TFile* const file = branch.GetFile();
  std::int64_t const position = branch.GetBasketSeek(basket);
  if (position == 0 || !file) return {};  // part of the tree's own record, unpacked already
  std::int64_t const stored = branch.GetBasketBytes()[basket];
  if (stored < 18 || position < 0 || position + stored > file->GetEND())
    return cat("the basket at byte ", position, " of ", stored, " bytes is not inside the file");

  std::vector<unsigned char> head(static_cast<std::size_t>(std::min<std::int64_t>(stored, 1024)));
  head.resize(read_at(*file, position, head));
  Bytes bytes(head);
  std::int64_t const length = bytes.number(4);
  std::int64_t const version = bytes.number(2);
  std::int64_t const unpacked = bytes.number(4);
  bytes.skip(4);
  std::int64_t const header = bytes.number(2);
  bytes.skip(2);
  bytes.skip(version > 1000 ? 16 : 8);
  for (int text = 0; text < 3; ++text) bytes.skip_text();
  bytes.skip(2);
  std::int64_t const buffer = bytes.number(4);
  std::int64_t const per_entry = bytes.number(4);
  if (per_entry < 0) bytes.skip(1);
  std::int64_t const entries = bytes.number(4);
  std::int64_t const end = bytes.number(4);
  bool const is_fixed = branch.GetEntryOffsetLen() == 0 && per_entry > 0;
  if (length != stored || header < 18 || header >= stored || bytes.at() > static_cast<std::size_t>(header) ||
      unpacked < 0 || unpacked > most_bytes || buffer < 0 || buffer > most_bytes ||
      std::abs(per_entry) > most_bytes || entries != n_entries || end < header || end > header + unpacked ||
      (is_fixed && entries * per_entry > end - header))
    return cat("the basket at byte ", position, " has a damaged header");
  return {};
}

/// Where each entry starts in the unpacked basket, if the basket keeps a list of that.
std::string examine_offsets(TBranch& branch, int number, std::int64_t n_entries) {
  TBasket* const basket = branch.GetBasket(number);
  if (!basket || !basket->GetBufferRef() || branch.GetBasketSeek(number) == 0) return {};
  if (branch.GetEntryOffsetLen() == 0) return {};
  int const* const offsets = basket->GetEntryOffset();
  if (!offsets) return {};
  // The list follows the data, with its length first; ROOT unpacked as many as that says.
  TBuffer const& buffer = *basket->GetBufferRef();
  auto const* const start = reinterpret_cast<unsigned char const*>(buffer.Buffer());
  std::int64_t const end = basket->GetLast();
  bool const is_complete =
      end >= 0 && end + 4 <= buffer.BufferSize() && Bytes({start + end, 4}).number(4) >= n_entries;
  if (!is_complete || !std::all_of(offsets, offsets + n_entries, [&](int offset) {
        return offset >= basket->GetKeylen() && offset <= end;
      }))
    return cat("the basket at byte ", branch.GetBasketSeek(number), " has damaged entry offsets");
  return {};
}

}  // namespace

std::string examine_basket(TBranch& branch, std::int64_t entry, std::size_t most_bytes) {
  Long64_t const* const first_entries = branch.GetBasketEntry();
  int const n_baskets = branch.GetWriteBasket() + 1;
  if (!first_entries || n_baskets < 1 || entry < first_entries[0] || entry >= branch.GetEntries()) return {};
  auto const end_of = [&](int basket) {
    return basket + 1 < n_baskets ? first_entries[basket + 1] : branch.GetEntries();
  };
  int const current = branch.GetReadBasket();
  bool const is_current = branch.GetReadEntry() >= 0 && current >= 0 && current < n_baskets &&
                          branch.GetReadEntry() >= first_entries[current] &&
                          entry >= first_entries[current] && entry < end_of(current);
  if (is_current) return {};
  int const basket =
      static_cast<int>(std::upper_bound(first_entries, first_entries + n_baskets, entry) - first_entries) - 1;
  std::int64_t const n_entries = end_of(basket) - first_entries[basket];
  std::string complaint = examine_header(branch, basket, n_entries, static_cast<std::int64_t>(most_bytes));
  return complaint.empty() ? examine_offsets(branch, basket, n_entries) : complaint;
}

}  // namespace corpuscle::io::root
