// Damaged ROOT files: whatever the bytes, the reader delivers events or an error that names the file, or is
// killed in its own process. It never hangs and never asks for much more memory than the file can need.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <memory>
#include <new>
#include <random>
#include <sstream>

#include "corpuscle/core/error.hpp"
#include "corpuscle/io/contained.hpp"
#include "corpuscle/io/source.hpp"
#include "support/frames.hpp"

namespace corpuscle::io {
namespace {

using testing::data_file;
using testing::everything;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool memory_is_ours = false;  // sanitizers keep freed memory
#else
constexpr bool memory_is_ours = true;
#endif
constexpr unsigned seconds_per_case = 10;
constexpr std::size_t cases_per_process = 25;

/// How the reading of one damaged file ended.
enum class End : char { not_run, read, refused, out_of_memory, nameless_error, crashed, hung };

/// One case, in memory that the reading process shares with us.
struct Record {
  End end = End::not_run;
  long growth_kB = 0;
  char message[200] = {};
};

/// An array of records that outlives the processes that fill it.
class SharedRecords {
 public:
  explicit SharedRecords(std::size_t n) : size_(n) {
    void* const page =
        ::mmap(nullptr, n * sizeof(Record), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) throw std::bad_alloc();
    records_ = static_cast<Record*>(page);
    std::uninitialized_default_construct_n(records_, n);
  }
  ~SharedRecords() { ::munmap(records_, size_ * sizeof(Record)); }
  SharedRecords(SharedRecords const&) = delete;
  SharedRecords& operator=(SharedRecords const&) = delete;
  Record& operator[](std::size_t k) { return records_[k]; }

 private:
  std::size_t size_;
  Record* records_ = nullptr;
};

/// A line of /proc/self/status [kB].
long memory(std::string_view line_name) {
  std::istringstream status(testing::bytes_of("/proc/self/status"));
  for (std::string line; std::getline(status, line);)
    if (line.starts_with(line_name)) return std::stol(line.substr(line_name.size() + 1));
  return 0;
}

void forget_peak_memory() {
  testing::write_bytes("/proc/self/clear_refs", "5");
}

void read_everything(std::string const& path, Record& record) {
  try {
    auto const source = open_source(path);
    Frame frame;
    for (std::size_t entry = 0; entry < source->info().entries; ++entry)
      source->read(entry, frame, everything);
    record.end = End::read;
  } catch (core::Error const& error) {
    record.end = std::string_view(error.what()).starts_with(path) ? End::refused : End::nameless_error;
    std::snprintf(record.message, sizeof record.message, "%s", error.what());
  } catch (std::bad_alloc const&) {
    record.end = End::out_of_memory;  // the programs make an error of it
  }
}

class DamagedRootFile : public ::testing::TestWithParam<char const*> {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(data_file(GetParam())))
      GTEST_SKIP() << data_file(GetParam()) << " is not there";
    intact_ = testing::bytes_of(data_file(GetParam()));
    Record record;
    read_everything(data_file(GetParam()), record);  // loads ROOT, so that a process costs little
    ASSERT_EQ(record.end, End::read) << record.message;

    // What a child takes to read the intact file: pages of the libraries that it touches for the first time.
    SharedRecords records(1);
    std::string const path = directory_ / "intact.root";
    testing::write_bytes(path, intact_);
    run_contained(0, [&] {
      forget_peak_memory();
      long const before = memory("VmRSS:");
      read_everything(path, records[0]);
      records[0].growth_kB = memory("VmHWM:") - before;
      return 0;
    });
    intact_growth_kB_ = records[0].growth_kB;
  }

  /// Reads `n` files, of which `damage(k)` gives the bytes, and judges how each ended.
  template <class Damage>
  void expect_survives(std::size_t n, Damage const& damage) {
    SharedRecords records(n);
    std::string const path = directory_ / "damaged.root";
    std::size_t const allowed = 2 * intact_.size() + (std::size_t{64} << 20);
    for (std::size_t first = 0; first < n;) {
      std::size_t const last = std::min(n, first + cases_per_process);
      Outcome const outcome = run_contained(allowed + (std::size_t{512} << 20), [&] {
        for (std::size_t k = first; k < last; ++k) {
          testing::write_bytes(path, damage(k));
          forget_peak_memory();
          long const before = memory("VmRSS:");
          ::alarm(seconds_per_case);
          read_everything(path, records[k]);
          ::alarm(0);
          records[k].growth_kB = memory("VmHWM:") - before;
        }
        return 0;
      });
      // A crash loses its own case; the next process goes on behind it.
      std::size_t done = first;
      while (done < last && records[done].end != End::not_run) ++done;
      if (done < last) {
        records[done].end =
            outcome.signal == SIGALRM || outcome.end == Outcome::End::hung ? End::hung : End::crashed;
        std::snprintf(records[done].message, sizeof records[done].message, "%s", outcome.describe().c_str());
        ++done;
      }
      first = done;
    }

    std::array<std::size_t, 7> count{};
    long most_kB = 0;
    for (std::size_t k = 0; k < n; ++k) {
      Record const& record = records[k];
      ++count[static_cast<std::size_t>(record.end)];
      most_kB = std::max(most_kB, record.growth_kB);
      EXPECT_NE(record.end, End::hung) << "case " << k << ": " << record.message;
      EXPECT_NE(record.end, End::nameless_error) << "case " << k << ": " << record.message;
      EXPECT_LE(memory_is_ours ? record.growth_kB - intact_growth_kB_ : 0, static_cast<long>(allowed / 1024))
          << "case " << k << ": " << record.message;
      if (record.end == End::crashed) std::printf("  case %zu %s\n", k, record.message);
    }
    std::printf(
        "%s, %zu cases: %zu read, %zu refused, %zu out of memory, %zu crashed; at most %ld MB more, %ld for "
        "the intact file\n",
        GetParam(), n, count[1], count[2], count[3], count[5], most_kB / 1024, intact_growth_kB_ / 1024);
    // Containment is the last resort, not the way of life.
    EXPECT_LE(count[5], n / 100);
  }

  std::string intact_;
  long intact_growth_kB_ = 0;
  testing::TemporaryDirectory directory_;
};

INSTANTIATE_TEST_SUITE_P(Examples, DamagedRootFile,
                         ::testing::Values("edm4hep_example_ttree.root", "edm4hep_example_rntuple.root"),
                         [](auto const& test) {
                           return std::string(test.param).find("ttree") == std::string::npos ? "RNTuple"
                                                                                             : "TTree";
                         });

TEST_P(DamagedRootFile, SurvivesTruncationAnywhere) {
  constexpr std::size_t n = 200;
  expect_survives(n, [&](std::size_t k) { return intact_.substr(0, 1 + k * (intact_.size() - 1) / n); });
}

TEST_P(DamagedRootFile, SurvivesFlippedBits) {
  expect_survives(2000, [&](std::size_t k) {
    std::mt19937 random(static_cast<unsigned>(k));
    std::string bytes = intact_;
    std::size_t const bit = random() % (8 * bytes.size());
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << bit % 8));
    return bytes;
  });
}

TEST_P(DamagedRootFile, SurvivesGreatLengths) {
  expect_survives(400, [&](std::size_t k) {
    std::mt19937 random(static_cast<unsigned>(k));
    std::string bytes = intact_;
    bytes.replace(random() % (bytes.size() - 4), 4, k % 2 ? "\xff\xff\xff\xff" : "\x7f\xff\xff\xff", 4);
    return bytes;
  });
}

}  // namespace
}  // namespace corpuscle::io
