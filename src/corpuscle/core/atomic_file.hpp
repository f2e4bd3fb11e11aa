#pragma once

#include <string>
#include <string_view>

namespace corpuscle::core {

/// A file that appears under its final name only when it is complete.
///
/// Whoever produces the bytes writes to `temporary_path()`, in the same directory; `commit()` syncs
/// them to disk and renames. Without `commit()` the destructor removes the temporary file, so an
/// error or an interrupt leaves the previous file, or none, and never half of one.
class AtomicFile {
 public:
  /// @throws EnvironmentError if the directory cannot be written.
  explicit AtomicFile(std::string path);
  AtomicFile(AtomicFile&&) noexcept;
  AtomicFile& operator=(AtomicFile&&) = delete;
  ~AtomicFile();

  [[nodiscard]] std::string const& path() const noexcept { return path_; }
  [[nodiscard]] std::string const& temporary_path() const noexcept { return temporary_; }

  /// @throws EnvironmentError naming the path and the system's reason; the final name is untouched.
  void commit();

 private:
  std::string path_;
  std::string temporary_;
};

/// Writes `bytes` to `path` through an `AtomicFile`.
void write_file(std::string const& path, std::string_view bytes);

}  // namespace corpuscle::core
