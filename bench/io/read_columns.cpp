// Our side of compare_uproot.py: reads whole collections of a file, pass after pass, when told to.
//
//   read_columns FILE COLLECTION...
//
// First it prints what the collections hold: events, values, the sum of all values. Then, for each line on
// standard input, it opens the file, reads the collections of all events, and prints CPU and wall-clock
// seconds.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "corpuscle/io/source.hpp"

namespace {

using namespace corpuscle;

double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// What both sides must agree on. Values that are not finite count, but are not summed.
struct Checksum {
  std::size_t values = 0;
  double sum = 0;

  void add(io::Column const& column) {
    values += column.values();
    io::visit_scalar(column.type(), [&]<class T>(T) {
      auto const* at = reinterpret_cast<T const*>(column.bytes().data());
      for (std::size_t k = 0; k < column.values(); ++k)
        if (auto const value = static_cast<double>(at[k]); std::isfinite(value)) sum += value;
    });
  }
  void add(io::Collection const& collection) {
    for (io::Column const& column : collection.members) add(column);
    for (io::VectorMember const& vector : collection.vectors)
      for (io::Column const& column : vector.columns) add(column);
    for (io::Relation const& relation : collection.relations) {
      values += 2 * relation.targets.size();
      for (io::ObjectRef const& target : relation.targets)
        sum += static_cast<double>(target.index) + static_cast<double>(target.collection);
    }
  }
};

/// Reads the file once, and calls `use` on each frame.
template <class Use>
std::size_t read_through(std::string const& path, io::Wanted const& wanted, Use use) {
  auto const source = io::open_source(path);
  io::Frame frame;
  for (std::size_t entry = 0; entry < source->info().entries; ++entry) {
    source->read(entry, frame, wanted);
    use(frame);
  }
  return source->info().entries;
}

void check(std::string const& path, io::Wanted const& wanted) {
  Checksum checksum;
  std::size_t const events = read_through(path, wanted, [&](io::Frame const& frame) {
    for (io::Collection const& collection : frame.collections) checksum.add(collection);
  });
  std::printf("%zu %zu %.17g\n", events, checksum.values, checksum.sum);
  std::fflush(stdout);
}

void time_pass(std::string const& path, io::Wanted const& wanted) {
  double const cpu = cpu_seconds();
  auto const start = std::chrono::steady_clock::now();
  read_through(path, wanted, [](io::Frame const&) {});
  std::chrono::duration<double> const wall = std::chrono::steady_clock::now() - start;
  std::printf("%.6f %.6f\n", cpu_seconds() - cpu, wall.count());
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 3) {
    std::fputs("usage: read_columns FILE COLLECTION...\n", stderr);
    return 2;
  }
  std::vector<std::string> const names(argv + 2, argv + argc);
  auto const wanted = [&](std::string_view name, std::string_view) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  check(argv[1], wanted);
  for (std::string line; std::getline(std::cin, line);) time_pass(argv[1], wanted);
} catch (std::exception const& error) {
  std::fprintf(stderr, "read_columns: %s\n", error.what());
  return 1;
}
