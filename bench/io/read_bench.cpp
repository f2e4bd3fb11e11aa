// Reading and writing, format by format: events/s and MB/s of file on one core.
//
//   tools/build perf && build/perf/bin/bench_io
//
// The inputs are real events. The ROOT files are made here, out of the ILD six-quark sample repeated, once
// (build/perf/bench-data). Each benchmark counts what it read, and compares that with what the sample's
// description says, before the clock starts.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <cmath>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "corpuscle/config/detector.hpp"
#include "corpuscle/io/event_builder.hpp"
#include "corpuscle/io/pipeline.hpp"
#include "corpuscle/io/source.hpp"
#include "corpuscle/io/writer.hpp"

namespace {

using namespace corpuscle;

std::string const data = CORPUSCLE_SOURCE_DIR "/../shared/data/";
std::string const made = CORPUSCLE_BINARY_DIR "/bench-data/";
std::string const ild_sample = data + "ild_bbcsdu500_dst.slcio";
constexpr std::size_t ild_events = 50;

bool everything(std::string_view, std::string_view) {
  return true;
}

/// What the sample's description promises (README.md beside the data).
struct Expected {
  std::size_t events;
  std::string collection;
  std::size_t objects;
};

struct Input {
  std::string name, path;
  Expected expected;
  char const* detector;
};

std::vector<io::Frame> read_all(std::string const& path) {
  auto const source = io::open_source(path);
  std::vector<io::Frame> frames(source->info().entries);
  for (std::size_t k = 0; k < frames.size(); ++k) source->read(k, frames[k], everything);
  return frames;
}

io::WriterOptions options_for(std::string const& path, io::Container container) {
  io::WriterOptions options;
  options.container = container;
  auto const source = io::open_source(path);
  options.metadata = source->info().metadata;
  for (io::Collection& collection : source->collections())
    if (io::is_writable(collection.type)) options.schema.push_back(std::move(collection));
  return options;
}

/// The ILD sample, `copies` times over, as LCIO: such files can be laid end to end.
std::string repeated_lcio(std::size_t copies) {
  std::string const path = made + "ild_" + std::to_string(copies * ild_events) + ".slcio";
  if (std::filesystem::exists(path)) return path;
  std::ofstream out(path + ".part", std::ios::binary);
  for (std::size_t k = 0; k < copies; ++k) out << std::ifstream(ild_sample, std::ios::binary).rdbuf();
  out.close();
  std::filesystem::rename(path + ".part", path);
  return path;
}

/// The same as an EDM4hep file.
std::string repeated_root(std::size_t copies, io::Container container) {
  std::string const kind = container == io::Container::ttree ? "_ttree" : "_rntuple";
  std::string const path = made + "ild_" + std::to_string(copies * ild_events) + kind + ".edm4hep.root";
  if (std::filesystem::exists(path)) return path;
  auto const frames = read_all(ild_sample);
  io::Writer writer(path, options_for(ild_sample, container));
  for (std::size_t k = 0; k < copies; ++k)
    for (io::Frame const& frame : frames) writer.write(frame);
  writer.finish();
  return path;
}

bool is_as_expected(Input const& input) {
  auto const source = io::open_source(input.path);
  if (source->info().entries != input.expected.events) return false;
  io::Frame frame;
  std::size_t objects = 0;
  for (std::size_t entry = 0; entry < source->info().entries; ++entry) {
    source->read(entry, frame, everything);
    if (io::Collection const* found = frame.find(input.expected.collection)) objects += found->size;
  }
  return objects == input.expected.objects;
}

void note_rates(benchmark::State& state, std::size_t events, std::string const& path) {
  auto const rounds = static_cast<double>(state.iterations());
  auto const bytes = static_cast<double>(std::filesystem::file_size(path));
  state.counters["events/s"] =
      benchmark::Counter(rounds * static_cast<double>(events), benchmark::Counter::kIsRate);
  state.counters["MB/s"] = benchmark::Counter(rounds * bytes / 1e6, benchmark::Counter::kIsRate);
}

/// One pass over a file: every column of every collection into frames.
void read_frames(benchmark::State& state, Input const& input) {
  if (!is_as_expected(input)) return state.SkipWithError("the file does not hold what it should");
  for (auto _ : state) {
    auto const source = io::open_source(input.path);
    io::Frame frame;
    for (std::size_t entry = 0; entry < source->info().entries; ++entry) {
      source->read(entry, frame, everything);
      benchmark::DoNotOptimize(frame);
    }
  }
  note_rates(state, input.expected.events, input.path);
}

/// One pass over a file: the collections that particle flow needs, as checked tables.
void read_events(benchmark::State& state, Input const& input) {
  if (!is_as_expected(input)) return state.SkipWithError("the file does not hold what it should");
  for (auto _ : state) {
    auto const source = io::open_source(input.path);
    io::EventBuilder const build(source->info(), config::find_detector(input.detector));
    auto const wanted = build.wanted();
    io::Frame frame;
    for (std::size_t entry = 0; entry < source->info().entries; ++entry) {
      source->read(entry, frame, wanted);
      benchmark::DoNotOptimize(build(frame, entry));
    }
  }
  note_rates(state, input.expected.events, input.path);
}

/// 500 events to a file: frames in memory to a finished file.
void write_frames(benchmark::State& state, io::Container container) {
  constexpr std::size_t copies = 10;
  auto const frames = read_all(ild_sample);
  auto const options = options_for(ild_sample, container);
  std::string const path = made + "written_" + std::to_string(::getpid()) + ".edm4hep.root";
  auto const write = [&] {
    io::Writer writer(path, options);
    for (std::size_t k = 0; k < copies; ++k)
      for (io::Frame const& frame : frames) writer.write(frame);
    writer.finish();
  };
  write();
  Input const written{"", path, {copies * ild_events, "PandoraPFOs", copies * 6753}, ""};
  if (!is_as_expected(written))
    state.SkipWithError("the written file does not hold what it should");
  else {
    for (auto _ : state) write();
    note_rates(state, copies * ild_events, path);
  }
  std::filesystem::remove(path);
}

std::vector<Input> inputs() {
  constexpr std::size_t copies = 20;
  return {
      {"LCIO", repeated_lcio(copies), {copies * ild_events, "PandoraPFOs", copies * 6753}, "ild"},
      {"EDM4hep JSON", data + "cld_ttbar_rec.edm4hep.json", {3, "PandoraClusters", 250}, "cld"},
      {"EDM4hep TTree",
       repeated_root(copies, io::Container::ttree),
       {copies * ild_events, "PandoraPFOs", copies * 6753},
       "ild"},
      {"EDM4hep RNTuple",
       repeated_root(copies, io::Container::rntuple),
       {copies * ild_events, "PandoraPFOs", copies * 6753},
       "ild"},
  };
}

void add_benchmarks() {
  std::filesystem::create_directories(made);
  for (Input const& input : inputs()) {
    auto const add = [&](char const* what, void (*run)(benchmark::State&, Input const&)) {
      benchmark::RegisterBenchmark((std::string(what) + "/" + input.name).c_str(),
                                   [run, input](benchmark::State& state) { run(state, input); })
          ->Unit(benchmark::kMillisecond);
    };
    add("read all", read_frames);
    add("read for particle flow", read_events);
  }
  for (auto const& [name, container] : {std::pair{"write/EDM4hep TTree", io::Container::ttree},
                                        std::pair{"write/EDM4hep RNTuple", io::Container::rntuple}})
    benchmark::RegisterBenchmark(name, [container = container](benchmark::State& state) {
      write_frames(state, container);
    })->Unit(benchmark::kMillisecond);
}

}  // namespace

int main(int argc, char** argv) try {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  add_benchmarks();
  benchmark::RunSpecifiedBenchmarks();
} catch (std::exception const& error) {
  std::fprintf(stderr, "bench_io: %s\n", error.what());
  return 1;
}
