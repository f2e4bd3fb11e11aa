#pragma once

#include <string>
#include <string_view>

namespace corpuscle::core {

/// That only one program at a time works in a directory. Goes away with the process, however it ends. On a
/// file system without locks there is none.
class DirectoryLock {
 public:
  /// Makes the directory if it is not there, and tries for a second.
  /// @param work  what the other program is doing there, for the message: "preparing events"
  /// @throws EnvironmentError if the directory cannot be opened, or is locked
  DirectoryLock(std::string const& directory, std::string_view work);
  DirectoryLock(DirectoryLock const&) = delete;
  DirectoryLock& operator=(DirectoryLock const&) = delete;
  ~DirectoryLock();

 private:
  int file_;
};

}  // namespace corpuscle::core
