#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "corpuscle/artifact/tensor.hpp"
#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"

/// Files of named arrays in the safetensors format (https://huggingface.co/docs/safetensors): 8 bytes with
/// the length of a JSON header, the header, the arrays end to end. Python opens them with
/// `safetensors.numpy.load_file`.
///
/// Two entries of the metadata are ours (docs/formats/dataset.md): "data_checksum" of all bytes behind the
/// header and "header_checksum" of everything in the header but itself; it covers the other, so it stands for
/// the whole file. Files of others have neither and can be read all the same.
namespace corpuscle::artifact {

using Metadata = std::map<std::string, std::string>;

/// Writes a file that appears only when complete. Same arrays and metadata, in any order: same bytes.
///
/// @param tensors   names are unique and not "__metadata__"; `bytes` agree with type and shape
/// @param metadata  text in UTF-8 (other bytes are replaced by U+FFFD); the two checksums are added
/// @return the header's checksum, which stands for the whole file
/// @throws core::EnvironmentError if the disk does not take it
std::string write_tensors(std::string const& path, std::span<Tensor const> tensors, Metadata metadata = {});

/// A file of arrays, mapped into memory: opening reads the header only, arrays are views, and processes that
/// open the same file share one copy. Views live as long as the object (moving it does not move them). Nobody
/// may shorten the file meanwhile, as with every mapped file; ours are only ever replaced. Thread-safe.
class TensorFile {
 public:
  /// Checks the header in full: arrays aligned, within the file, without gaps or overlaps, and the checksum
  /// of the header where there is one.
  /// @throws core::EnvironmentError if the file cannot be opened
  /// @throws core::DataError naming file, byte and array
  explicit TensorFile(std::string path);

  [[nodiscard]] std::string const& path() const noexcept { return path_; }
  [[nodiscard]] std::size_t n_bytes() const noexcept { return n_bytes_; }
  [[nodiscard]] std::span<Tensor const> tensors() const noexcept {
    return tensors_;
  }  ///< as they lie in the file
  [[nodiscard]] Metadata const& metadata() const noexcept { return metadata_; }

  /// @throws core::DataError if there is no such entry
  [[nodiscard]] std::string const& metadata(std::string const& key) const;

  /// Null if there is none.
  [[nodiscard]] Tensor const* find(std::string_view name) const noexcept;

  /// The values of an array.
  /// @param shape  what it must be; `any` stands for any size
  /// @throws core::DataError if there is none of this name, type and shape
  template <class T>
  [[nodiscard]] std::span<T const> values(std::string_view name, Shape const& shape) const {
    Tensor const& found = expect(name, type_of<T>(), shape);
    return {reinterpret_cast<T const*>(found.bytes.data()), found.bytes.size() / sizeof(T)};
  }
  static constexpr std::size_t any = static_cast<std::size_t>(-1);

  /// Compares all data with its checksum: reads the whole file, 4 GB/s and more from memory.
  /// @throws core::DataError if they differ, or if the file has no checksums
  void verify() const;

 private:
  struct Unmap {
    std::size_t size;
    void operator()(std::byte const* begin) const noexcept;
  };

  [[nodiscard]] Tensor const& expect(std::string_view name, Type type, Shape const& shape) const;

  std::string path_;
  std::size_t n_bytes_ = 0;
  std::unique_ptr<std::byte const, Unmap> mapped_{nullptr, Unmap{0}};
  std::span<std::byte const> data_;
  std::vector<Tensor> tensors_;
  Metadata metadata_;
};

}  // namespace corpuscle::artifact
