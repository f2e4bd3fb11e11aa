#include "corpuscle/core/atomic_file.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>

#include "corpuscle/core/error.hpp"

namespace corpuscle::core {
namespace {

namespace fs = std::filesystem;

class AtomicFileTest : public testing::Test {
 protected:
  AtomicFileTest() {
    std::string pattern = (fs::temp_directory_path() / "corpuscle-atomic-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~AtomicFileTest() override { fs::remove_all(folder_); }

  std::string path(std::string const& name = "file") const { return (folder_ / name).string(); }
  std::ptrdiff_t files_in_folder() const {
    return std::distance(fs::directory_iterator(folder_), fs::directory_iterator());
  }
  static std::string content(std::string const& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  static void fill(AtomicFile const& file, std::string const& text) {
    std::ofstream(file.temporary_path(), std::ios::binary) << text;
  }

  fs::path folder_;
};

TEST_F(AtomicFileTest, CommitPutsTheContentUnderTheFinalNameOnly) {
  AtomicFile file(path());
  fill(file, "new");
  EXPECT_FALSE(fs::exists(path()));
  file.commit();
  EXPECT_EQ(content(path()), "new");
  EXPECT_EQ(files_in_folder(), 1);
}

TEST_F(AtomicFileTest, WithoutCommitTheOldFileStays) {
  write_file(path(), "old");
  {
    AtomicFile file(path());
    fill(file, "half of the n");
  }
  EXPECT_EQ(content(path()), "old");
  EXPECT_EQ(files_in_folder(), 1);
}

TEST_F(AtomicFileTest, WithoutCommitNothingIsLeft) {
  { AtomicFile const file(path()); }
  EXPECT_EQ(files_in_folder(), 0);
}

TEST_F(AtomicFileTest, MovedFromFileLeavesTheTemporaryToItsHeir) {
  AtomicFile first(path());
  fill(first, "text");
  {
    AtomicFile second(std::move(first));
    second.commit();
  }
  EXPECT_EQ(content(path()), "text");
}

TEST_F(AtomicFileTest, WriteFileReplacesAndKeepsEveryByte) {
  std::string const bytes("\0\n\r\xff", 4);
  write_file(path(), "a longer text that was there before");
  write_file(path(), bytes);
  EXPECT_EQ(content(path()), bytes);
  write_file(path(), "");
  EXPECT_EQ(content(path()), "");
}

TEST_F(AtomicFileTest, DirectoryThatCannotBeWrittenIsNamed) {
  write_file(path("plain"), "");
  for (std::string const& bad : {path("missing/file"), path("plain/file")}) {
    try {
      AtomicFile const file(bad);
      ADD_FAILURE() << bad << " was accepted";
    } catch (EnvironmentError const& error) {
      EXPECT_NE(std::string(error.what()).find(bad + ": cannot write"), std::string::npos) << error.what();
      EXPECT_EQ(error.exit_code(), ExitCode::environment);
    }
  }
}

TEST_F(AtomicFileTest, ADirectoryIsRefusedBeforeTheWorkStarts) {
  fs::create_directory(path("folder"));
  EXPECT_THROW(AtomicFile(path("folder")), EnvironmentError);
  EXPECT_TRUE(fs::is_directory(path("folder")));
  EXPECT_EQ(files_in_folder(), 1);
}

}  // namespace
}  // namespace corpuscle::core
