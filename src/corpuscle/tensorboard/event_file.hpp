#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace corpuscle::tensorboard {

/// CRC-32C (Castagnoli, IEEE Trans. Commun. 41 (1993) 883; RFC 3720, B.4) of bytes.
std::uint32_t crc32c(std::string_view bytes) noexcept;

/// A record as TensorFlow frames it: length (8 bytes), its masked checksum, data, their masked checksum; the
/// mask is a rotation by 15 bits and the addition of 0xa282ead8.
std::string tf_record(std::string_view data);

/// One message `tensorflow.Event` with a scalar, in the wire format of protocol buffers.
/// @param wall_time  seconds since 1970
std::string scalar_event(double wall_time, std::int64_t step, std::string_view tag, float value);

/// Scalars for TensorBoard, which finds the file by "tfevents" in its name. Records are appended and flushed,
/// so that it can be read while it grows.
class EventFile {
 public:
  /// Makes a new file in `directory`, which must be there. @throws core::EnvironmentError
  EventFile(std::string const& directory, double wall_time);

  /// Appends a message of hparams.hpp. @throws core::EnvironmentError
  void add(std::string_view event) { write(tf_record(event)); }
  /// @throws core::EnvironmentError
  void add(double wall_time, std::int64_t step, std::span<std::pair<std::string, double> const> scalars);

 private:
  struct Close {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
  };
  void write(std::string const& bytes);

  std::string path_;
  std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace corpuscle::tensorboard
