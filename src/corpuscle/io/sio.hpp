#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

/// SIO ("simple input/output"), the container of LCIO files: a sequence of records, each a named and
/// usually zlib-compressed sequence of blocks. All numbers are big-endian, everything is padded to
/// 4 bytes. Private to `io`; docs/formats/lcio.md describes the layout.
namespace corpuscle::io::sio {

/// What is wrong with a file, and where; the reader above adds the name of the file and the entry.
struct Damage : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Bytes that may be allocated for what a file claims to hold.
class Budget {
 public:
  explicit Budget(std::uint64_t bytes) : left_(bytes) {}

  /// @throws Damage if fewer than `bytes` are left.
  void spend(std::uint64_t bytes);

 private:
  std::uint64_t left_;
};

/// Reads big-endian values front to back. Every read is checked against the end.
class Cursor {
 public:
  Cursor() = default;
  explicit Cursor(std::span<std::byte const> bytes)
      : begin_(bytes.data()), at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  [[nodiscard]] std::size_t position() const noexcept { return static_cast<std::size_t>(at_ - begin_); }
  [[nodiscard]] std::size_t left() const noexcept { return static_cast<std::size_t>(end_ - at_); }

  std::uint32_t u32() { return load<std::uint32_t>(); }
  std::int32_t i32() { return static_cast<std::int32_t>(load<std::uint32_t>()); }
  std::uint64_t u64() { return load<std::uint64_t>(); }
  float f32() { return std::bit_cast<float>(load<std::uint32_t>()); }
  double f64() { return std::bit_cast<double>(load<std::uint64_t>()); }

  /// The next `n` bytes, and the padding after them.
  std::span<std::byte const> bytes(std::size_t n);
  /// A length and that many characters. The view lives as long as the bytes behind the cursor.
  std::string_view text();
  void skip(std::size_t n) { (void)bytes(n); }

  /// Reads a number of elements of which each takes at least `least` bytes from here on.
  /// @throws Damage if so many elements cannot follow.
  std::size_t count(std::size_t least);

 private:
  template <class T>
  T load() {
    if (left() < sizeof(T)) fail(sizeof(T));
    T value;
    std::memcpy(&value, at_, sizeof(T));
    at_ += sizeof(T);
    if constexpr (std::endian::native == std::endian::big) {
      return value;
    } else if constexpr (sizeof(T) == 4) {
      return __builtin_bswap32(value);
    } else {
      return __builtin_bswap64(value);
    }
  }
  [[noreturn]] void fail(std::size_t wanted) const;

  std::byte const* begin_ = nullptr;
  std::byte const* at_ = nullptr;
  std::byte const* end_ = nullptr;
};

/// Version of the writing library: `{2, 15}` for LCIO 2.15.
struct Version {
  std::uint32_t major = 0;
  std::uint32_t minor = 0;
  friend auto operator<=>(Version const&, Version const&) = default;
};

struct Block {
  std::string_view name;
  Version version;
  Cursor body;
};

/// Takes the next block off a record's payload.
/// @throws Damage if there is none, or it does not fit.
Block next_block(Cursor& payload);

/// Where a record lies in the file, as its header says.
struct Record {
  std::string name;
  std::uint64_t offset = 0;  ///< of the header, bytes from the start of the file
  std::uint64_t data = 0;    ///< of the payload
  std::uint64_t next = 0;    ///< of the record behind it
  std::uint32_t stored = 0;  ///< bytes of the payload in the file
  std::uint32_t size = 0;    ///< bytes of the payload when unpacked
  bool is_compressed = false;
};

/// An open file, read by position.
class File {
 public:
  /// @throws core::EnvironmentError if the path cannot be opened as a regular file.
  explicit File(std::string const& path);
  ~File();
  File(File const&) = delete;
  File& operator=(File const&) = delete;

  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

  /// Reads the record header at `offset`, which is below `size()`.
  /// @throws Damage if there is none, or if the record does not end within the file.
  Record record(std::uint64_t offset);

  /// Reads and unpacks the payload of a record into `payload`; the memory is taken from `budget`.
  void unpack(Record const& record, std::vector<std::byte>& payload, Budget& budget);

 private:
  struct Inflater;

  void read(std::uint64_t offset, std::span<std::byte> out);

  std::ifstream stream_;
  std::uint64_t size_ = 0;
  std::vector<std::byte> packed_;
  std::unique_ptr<Inflater> inflater_;
};

}  // namespace corpuscle::io::sio
