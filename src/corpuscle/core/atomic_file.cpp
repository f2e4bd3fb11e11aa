#include "corpuscle/core/atomic_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"

namespace corpuscle::core {
namespace {

[[noreturn]] void fail(std::string const& path, char const* deed) {
  throw EnvironmentError(cat(path, ": cannot ", deed, ": ", std::strerror(errno)));
}

void sync(std::string const& path, int flags) {
  int const fd = ::open(path.c_str(), flags | O_CLOEXEC);
  if (fd < 0) fail(path, "open");
  int const failed = ::fsync(fd);
  int const reason = errno;
  ::close(fd);
  errno = reason;
  if (failed != 0 && errno != EINVAL) fail(path, "sync to disk");  // EINVAL: not a regular file
}

std::string directory_of(std::string const& path) {
  auto const parent = std::filesystem::path(path).parent_path();
  return parent.empty() ? "." : parent.string();
}

}  // namespace

AtomicFile::AtomicFile(std::string path)
    : path_(std::move(path)), temporary_(cat(path_, ".part-", ::getpid())) {
  if (std::error_code ignored; std::filesystem::is_directory(path_, ignored)) {
    errno = EISDIR;
    fail(path_, "write");
  }
  int const fd = ::open(temporary_.c_str(), O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0666);
  if (fd < 0) {
    temporary_.clear();
    fail(path_, "write");
  }
  ::close(fd);
}

AtomicFile::AtomicFile(AtomicFile&& other) noexcept
    : path_(std::move(other.path_)), temporary_(std::exchange(other.temporary_, {})) {}

AtomicFile::~AtomicFile() {
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::commit() {
  sync(temporary_, O_RDONLY);
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0) fail(path_, "rename the finished file to");
  temporary_.clear();
  sync(directory_of(path_), O_RDONLY | O_DIRECTORY);
}

void write_file(std::string const& path, std::string_view bytes) {
  AtomicFile file(path);
  int const fd = ::open(file.temporary_path().c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) fail(path, "write");
  while (!bytes.empty()) {
    ssize_t const written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      int const reason = errno;
      ::close(fd);
      errno = reason;
      fail(path, "write");
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::close(fd) != 0) fail(path, "write");
  file.commit();
}

}  // namespace corpuscle::core
