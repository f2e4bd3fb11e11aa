#include "corpuscle/core/directory_lock.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "corpuscle/core/error.hpp"

namespace corpuscle::core {
namespace {

TEST(DirectoryLock, IsForOneAtATimeAndMakesTheDirectory) {
  std::string const directory =
      std::filesystem::temp_directory_path() / ("corpuscle_lock_" + std::to_string(::getpid()));
  {
    DirectoryLock const lock(directory, "working");
    try {
      DirectoryLock const other(directory, "working");
      ADD_FAILURE() << "both have it";
    } catch (EnvironmentError const& error) {
      EXPECT_EQ(error.what(), directory + ": another program is working there");
    }
  }
  EXPECT_NO_THROW(DirectoryLock(directory, "working"));
  std::filesystem::remove(directory);
}

TEST(DirectoryLock, WhatCannotBeADirectoryIsNamed) {
  EXPECT_THROW(DirectoryLock("/dev/null/below", "working"), EnvironmentError);
}

}  // namespace
}  // namespace corpuscle::core
