#include "corpuscle/io/sio.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"

namespace corpuscle::io::sio {
namespace {

using core::cat;

constexpr std::uint32_t record_marker = 0xabadcafe;
constexpr std::uint32_t block_marker = 0xdeadbeef;
constexpr std::size_t record_header = 24;  // six words, then the name
constexpr std::size_t block_header = 16;   // four words, then the name
constexpr std::size_t longest_record_name = 64;

// One byte of a deflate stream stands for at most 1032 bytes: a match of 258 bytes takes at least 2 bits.
constexpr std::uint64_t most_inflated = 1032;

constexpr std::uint64_t padded(std::uint64_t n) {
  return (n + 3) & ~std::uint64_t{3};
}

}  // namespace

void Budget::spend(std::uint64_t bytes) {
  if (bytes > left_) {
    throw Damage(cat("unpacking it takes ", bytes, " bytes of memory, but only ", left_,
                     " are left of the limit (twice the file plus 64 MB)"));
  }
  left_ -= bytes;
}

void Cursor::fail(std::size_t wanted) const {
  throw Damage(
      cat(wanted, " bytes wanted at byte ", position(), " of the block, but only ", left(), " left"));
}

std::span<std::byte const> Cursor::bytes(std::size_t n) {
  if (n > left()) fail(n);
  std::span<std::byte const> const found{at_, n};
  at_ += std::min<std::uint64_t>(padded(n), left());
  return found;
}

std::string_view Cursor::text() {
  auto const characters = bytes(u32());
  return {reinterpret_cast<char const*>(characters.data()), characters.size()};
}

std::size_t Cursor::count(std::size_t least) {
  std::size_t const n = u32();
  if (n > left() / least) {
    throw Damage(cat(n, " elements claimed at byte ", position() - 4, " of the block, but only ", left(),
                     " bytes left"));
  }
  return n;
}

Block next_block(Cursor& payload) {
  std::size_t const start = payload.position();
  auto const fail = [&](std::string const& what) {
    throw Damage(cat(what, " at byte ", start, " of the record"));
  };
  if (payload.left() < block_header) fail("no room for a block");
  std::size_t const available = payload.left();
  std::size_t const length = payload.u32();
  if (payload.u32() != block_marker) fail("no block marker");
  Block block;
  std::uint32_t const version = payload.u32();
  block.version = {version >> 16, version & 0xffff};
  std::size_t const name_length = payload.u32();
  if (length > available || length < block_header + padded(name_length)) fail("impossible block length");
  auto const name = payload.bytes(name_length);
  block.name = {reinterpret_cast<char const*>(name.data()), name.size()};
  block.body = Cursor(payload.bytes(length - block_header - padded(name_length)));
  return block;
}

/// A zlib stream kept over many records, to allocate its window once.
struct File::Inflater {
  z_stream stream{};

  Inflater() {
    if (inflateInit(&stream) != Z_OK) throw core::EnvironmentError("zlib cannot be initialised");
  }
  ~Inflater() { inflateEnd(&stream); }
  Inflater(Inflater const&) = delete;
  Inflater& operator=(Inflater const&) = delete;

  /// Unpacks to exactly `size` bytes.
  void operator()(std::vector<std::byte>& packed, std::vector<std::byte>& out, std::size_t size) {
    out.resize(size + 1);  // one more, to notice data that do not end
    inflateReset(&stream);
    stream.next_in = reinterpret_cast<Bytef*>(packed.data());
    stream.avail_in = static_cast<uInt>(packed.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    int const status = inflate(&stream, Z_FINISH);
    if (status != Z_STREAM_END || stream.total_out != size) {
      throw Damage(cat(
          "zlib: ", stream.msg != nullptr ? stream.msg : "the data do not unpack to the length announced"));
    }
    out.resize(size);
  }
};

File::File(std::string const& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    throw core::EnvironmentError(cat(path, ": is a directory, not an event file"));
  }
  size_ = std::filesystem::file_size(path, error);
  if (!error) {
    errno = 0;
    stream_.open(path, std::ios::binary);
    if (!stream_) error = std::error_code(errno, std::generic_category());
  }
  if (error) throw core::EnvironmentError(cat(path, ": cannot be opened: ", error.message()));
}

File::~File() = default;

void File::read(std::uint64_t offset, std::span<std::byte> out) {
  stream_.clear();
  stream_.seekg(static_cast<std::streamoff>(offset));
  stream_.read(reinterpret_cast<char*>(out.data()), static_cast<std::streamsize>(out.size()));
  if (!stream_) throw Damage(cat(out.size(), " bytes at byte ", offset, " cannot be read"));
}

Record File::record(std::uint64_t offset) {
  std::uint64_t const available = size_ - offset;
  if (available < record_header) throw Damage(cat("the file ends within a record header"));
  std::array<std::byte, record_header + longest_record_name> buffer;
  std::size_t const head = std::min<std::uint64_t>(buffer.size(), available);
  read(offset, {buffer.data(), head});

  Cursor in({buffer.data(), head});
  std::uint64_t const header_length = in.u32();
  if (in.u32() != record_marker) throw Damage("no SIO record marker");
  Record record;
  record.offset = offset;
  record.is_compressed = (in.u32() & 1) != 0;
  record.stored = in.u32();
  record.size = in.u32();
  std::uint64_t const name_length = in.u32();
  if (name_length > longest_record_name || header_length != record_header + padded(name_length)) {
    throw Damage(
        cat("impossible record header (length ", header_length, ", name of ", name_length, " characters)"));
  }
  if (available < header_length || available - header_length < record.stored) {
    throw Damage(cat("the file ends ", available, " bytes behind the start of a record of ",
                     header_length + record.stored, " bytes"));
  }
  auto const name = in.bytes(name_length);
  record.name.assign(reinterpret_cast<char const*>(name.data()), name.size());
  record.data = offset + header_length;
  record.next = std::min(size_, record.data + padded(record.stored));
  if (!record.is_compressed) record.size = record.stored;
  return record;
}

void File::unpack(Record const& record, std::vector<std::byte>& payload, Budget& budget) {
  if (record.size > most_inflated * record.stored) {
    throw Damage(cat(record.stored, " bytes cannot unpack to the ", record.size, " bytes announced"));
  }
  budget.spend(record.size);
  if (!record.is_compressed) {
    payload.resize(record.size);
    read(record.data, payload);
    return;
  }
  budget.spend(record.stored);
  packed_.resize(record.stored);
  read(record.data, packed_);
  if (!inflater_) inflater_ = std::make_unique<Inflater>();
  (*inflater_)(packed_, payload, record.size);
}

}  // namespace corpuscle::io::sio
