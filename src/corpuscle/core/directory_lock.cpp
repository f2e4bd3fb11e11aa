#include "corpuscle/core/directory_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <thread>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"

namespace corpuscle::core {

DirectoryLock::DirectoryLock(std::string const& directory, std::string_view work) {
  std::error_code ignored;  // what cannot be made cannot be opened
  std::filesystem::create_directories(directory, ignored);
  file_ = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file_ < 0)
    throw EnvironmentError(cat(directory, ": cannot open the directory: ", std::strerror(errno)));
  // One that was killed a moment ago may not be gone yet.
  for (int tries = 20; ::flock(file_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK; --tries) {
    if (tries == 0) {
      ::close(file_);
      throw EnvironmentError(cat(directory, ": another program is ", work, " there"));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

DirectoryLock::~DirectoryLock() {
  ::close(file_);
}

}  // namespace corpuscle::core
