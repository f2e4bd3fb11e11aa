#pragma once

#include <zlib.h>

#include <bit>
#include <cstdint>
#include <string>
#include <string_view>

/// Writes SIO, the container of LCIO files, by hand: just enough to make small files for the tests.
namespace corpuscle::testing {

/// Big-endian bytes, appended one value at a time.
class SioBytes {
 public:
  SioBytes& u32(std::uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes_ += static_cast<char>(value >> shift & 0xff);
    return *this;
  }
  SioBytes& i32(std::int32_t value) { return u32(static_cast<std::uint32_t>(value)); }
  SioBytes& u64(std::uint64_t value) {
    return u32(static_cast<std::uint32_t>(value >> 32)).u32(static_cast<std::uint32_t>(value));
  }
  SioBytes& f32(float value) { return u32(std::bit_cast<std::uint32_t>(value)); }
  SioBytes& f64(double value) { return u64(std::bit_cast<std::uint64_t>(value)); }
  SioBytes& zeros(int words) {
    for (int k = 0; k < words; ++k) u32(0);
    return *this;
  }
  /// Characters, padded to four.
  SioBytes& characters(std::string_view text) {
    bytes_ += text;
    while (bytes_.size() % 4 != 0) bytes_ += '\0';
    return *this;
  }
  SioBytes& text(std::string_view text) {
    return u32(static_cast<std::uint32_t>(text.size())).characters(text);
  }
  SioBytes& append(std::string_view bytes) {
    bytes_ += bytes;
    return *this;
  }

  [[nodiscard]] std::string const& str() const { return bytes_; }

 private:
  std::string bytes_;
};

constexpr std::uint32_t sio_version(std::uint32_t major, std::uint32_t minor) {
  return major << 16 | minor;
}

inline std::string sio_block(std::string_view name, std::uint32_t version, std::string_view body) {
  auto const length = static_cast<std::uint32_t>(16 + (name.size() + 3) / 4 * 4 + body.size());
  return SioBytes().u32(length).u32(0xdeadbeef).u32(version).text(name).append(body).str();
}

enum class Packing { none, zlib };

inline std::string sio_record(std::string_view name, std::string_view payload,
                              Packing packing = Packing::none) {
  std::string stored(payload);
  if (packing == Packing::zlib) {
    uLongf size = compressBound(static_cast<uLong>(payload.size()));
    stored.resize(size);
    compress(reinterpret_cast<Bytef*>(stored.data()), &size, reinterpret_cast<Bytef const*>(payload.data()),
             static_cast<uLong>(payload.size()));
    stored.resize(size);
  }
  SioBytes record;
  record.u32(static_cast<std::uint32_t>(24 + (name.size() + 3) / 4 * 4)).u32(0xabadcafe);
  record.u32(packing == Packing::zlib ? 1 : 0).u32(static_cast<std::uint32_t>(stored.size()));
  record.u32(static_cast<std::uint32_t>(payload.size())).text(name).characters(stored);
  return record.str();
}

/// One LCIO event: collections are added, then `str()` gives its two records.
class LcioEvent {
 public:
  explicit LcioEvent(std::uint32_t version) : version_(version) {}

  /// @param body  what follows the collection's parameters: the number of objects, then the objects
  LcioEvent& add(std::string_view name, std::string_view type, std::uint32_t flags, std::string_view body,
                 std::string_view parameters = {}) {
    SioBytes block;
    block.u32(flags).append(parameters.empty() ? no_parameters() : std::string(parameters)).append(body);
    event_ += sio_block(name, version_, block.str());
    return announce(name, type);
  }
  LcioEvent& announce(std::string_view name, std::string_view type) {
    collections_.text(name).text(type);
    ++count_;
    return *this;
  }
  LcioEvent& number(std::int32_t run, std::int32_t event) {
    run_ = run;
    number_ = event;
    return *this;
  }

  [[nodiscard]] std::string no_parameters() const {
    return SioBytes().zeros(version_ > sio_version(2, 16) ? 4 : 3).str();
  }
  [[nodiscard]] std::string header(Packing packing = Packing::none) const {
    SioBytes body;
    body.i32(run_).i32(number_).u64(1'000'000'007).text("toy").u32(count_).append(collections_.str());
    body.append(no_parameters());
    return sio_record("LCEventHeader", sio_block("EventHeader", version_, body.str()), packing);
  }
  [[nodiscard]] std::string data(Packing packing = Packing::none) const {
    return sio_record("LCEvent", event_, packing);
  }
  [[nodiscard]] std::string str(Packing packing = Packing::none) const {
    return header(packing) + data(packing);
  }

 private:
  std::uint32_t version_;
  std::uint32_t count_ = 0;
  std::int32_t run_ = 0;
  std::int32_t number_ = 0;
  SioBytes collections_;
  std::string event_;
};

}  // namespace corpuscle::testing
