#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "corpuscle/io/frame.hpp"

namespace corpuscle::io {

enum class Container { ttree, rntuple };

/// What an output file looks like.
struct WriterOptions {
  Container container = Container::ttree;
  /// Collections of the file, at least (name, type, id, is_subset; no contents needed). Every event of a
  /// podio file has the same collections: one that an event lacks is written empty there.
  std::vector<Collection> schema;
  Parameters metadata;  ///< of the whole file
};

/// Packs consecutive events into one chunk of an EDM4hep 1.x file: a small file in memory, compressed.
/// Chunks may be packed anywhere, in any order, by any number of processes.
class ChunkEncoder {
 public:
  virtual ~ChunkEncoder() = default;
  /// @throws core::DataError if the frame holds a collection that the schema lacks.
  virtual void add(Frame const& frame) = 0;
  /// The chunk's bytes; the encoder is spent.
  virtual std::vector<std::byte> finish() = 0;
};
std::unique_ptr<ChunkEncoder> make_chunk_encoder(WriterOptions const& options);

/// Joins chunks, in the order they are given, to one file that appears under its name when it is
/// complete. The bytes of the file depend on the chunks alone.
class ChunkMerger {
 public:
  virtual ~ChunkMerger() = default;
  virtual void append(std::span<std::byte const> chunk) = 0;
  /// @throws core::EnvironmentError if the disk does not take it; no file is left then.
  virtual void finish() = 0;
};
std::unique_ptr<ChunkMerger> make_chunk_merger(std::string const& path, Container container);

/// Events per chunk, everywhere: output bytes depend on it.
inline constexpr std::size_t events_per_chunk = 100;

/// Collections of these types have no place in EDM4hep 1.x and cannot be written.
bool is_writable(std::string const& type);

/// Writes frames one after the other: the simple way to make a file. Collections of types that EDM4hep 1.x
/// lacks are left out.
class Writer {
 public:
  Writer(std::string const& path, WriterOptions options);
  ~Writer();
  void write(Frame const& frame);
  void finish();

 private:
  WriterOptions options_;
  std::unique_ptr<ChunkMerger> merger_;
  std::unique_ptr<ChunkEncoder> encoder_;
  std::size_t in_chunk_ = 0;
};

}  // namespace corpuscle::io
