// corpuscle export: a model file as ONNX, for programs that are not ours.

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "corpuscle/artifact/model_file.hpp"
#include "corpuscle/config/detector.hpp"
#include "corpuscle/core/atomic_file.hpp"
#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/encoding/encoder.hpp"
#include "corpuscle/graph/build.hpp"
#include "corpuscle/graph/passes.hpp"
#include "corpuscle/io/contained.hpp"
#include "corpuscle/io/event_builder.hpp"
#include "corpuscle/io/memory_budget.hpp"
#include "corpuscle/io/source.hpp"
#include "corpuscle/io/whereabouts.hpp"
#include "corpuscle/onnx/convert.hpp"
#include "corpuscle/onnx/onnx_runtime.hpp"
#include "corpuscle/onnx/side_car.hpp"
#include "corpuscle/runtime/engine.hpp"
#include "corpuscle/runtime/self_test.hpp"
#include "terminal.hpp"
#include "verbs.hpp"

namespace {

using namespace corpuscle;

struct Options {
  std::string model;
  std::string output;
  std::vector<std::string> events;
  std::size_t n = 100;
  std::string detector;
  std::string python = "python3";
};

/// Appends an event, if it has elements: another program may not take empty ones.
void add(artifact::SelfTest& events, std::span<float const> features, std::span<std::int64_t const> types) {
  if (types.empty()) return;
  events.features.insert(events.features.end(), features.begin(), features.end());
  events.type.insert(events.type.end(), types.begin(), types.end());
  events.offsets.push_back(static_cast<std::int64_t>(events.type.size()));
}

/// The first events of a file, encoded for the model.
void add_events(artifact::SelfTest& events, std::string const& path, encoding::Schema const& schema,
                Options const& options) {
  auto const source = io::open_source(path);
  io::Frame frame;
  std::optional<io::EventBuilder> build;
  std::optional<encoding::Encoder> encode;
  for (std::size_t entry = 0; entry < std::min(options.n, source->info().entries); ++entry) {
    if (!build) {
      source->read(entry, frame, io::nothing);
      auto const* const known = io::recognise(source->info(), frame, config::built_in_detectors());
      if (options.detector.empty() && known == nullptr)
        throw core::ConfigError(
            core::cat(path, ": does not say of which detector it is: name it with --detector"));
      build.emplace(source->info(),
                    options.detector.empty() ? *known : config::find_detector(options.detector));
      encode.emplace(schema, build->detector());
    }
    source->read(entry, frame, build->wanted());
    encoding::Elements const elements = (*encode)((*build)(frame, entry).observed);
    std::vector<std::int64_t> types;
    for (encoding::ElementType const type : elements.types)
      types.push_back(static_cast<std::int64_t>(schema.position(type)));
    add(events, elements.features, types);
  }
}

/// The events of the model's self-test, and those of files.
artifact::SelfTest events_to_compare(artifact::ModelFile const& file, Options const& options) {
  artifact::SelfTest events;
  events.offsets = {0};
  artifact::SelfTest const& test = file.self_test();
  std::size_t const width = file.description().schema.width();
  for (std::size_t i = 0; i + 1 < test.offsets.size(); ++i) {
    auto const first = static_cast<std::size_t>(test.offsets[i]);
    std::size_t const n = static_cast<std::size_t>(test.offsets[i + 1]) - first;
    add(events, std::span(test.features).subspan(first * width, n * width),
        std::span(test.type).subspan(first, n));
  }
  for (std::string const& path : options.events) add_events(events, path, file.description().schema, options);
  io::note_whereabouts(io::not_reading, "");  // whoever compares may take his time
  return events;
}

std::vector<float> answer(runtime::Engine const& engine, artifact::SelfTest const& events) {
  std::vector<std::uint8_t> const types(events.type.begin(), events.type.end());
  std::vector<std::uint32_t> const offsets(events.offsets.begin(), events.offsets.end());
  std::vector<float> outputs(types.size() * engine.n_outputs());
  runtime::Arena arena;
  engine({events.features, types, offsets}, outputs, arena);
  return outputs;
}

int run(Options const& options) {
  std::filesystem::path const output = options.output;
  if (output.extension() != ".onnx")
    throw core::ConfigError(core::cat("-o ", options.output, ": the name must end with .onnx"));
  std::string const side_car_path = std::filesystem::path(output).replace_extension(".json").string();

  artifact::ModelFile const file(options.model);
  graph::Graph const network = graph::remove_dead(graph::merge_equal(graph::build(file)));
  runtime::Engine const engine(network);
  runtime::replay(file.self_test(), engine, file.path());
  artifact::SelfTest events = events_to_compare(file, options);
  events.outputs = answer(engine, events);

  onnx::Model model = onnx::to_onnx(network);
  model.producer = "corpuscle";
  model.producer_version = CORPUSCLE_VERSION;
  onnx::describe(file.description(), model);
  core::AtomicFile written(options.output);
  std::string const bytes = onnx::encode(model);
  core::write_file(written.temporary_path(), bytes);

  runtime::Engine const read_back(onnx::to_graph(onnx::decode(bytes, options.output), options.output));
  if (answer(read_back, events) != events.outputs)
    throw core::DataError(core::cat(options.output, ": not written: read back, it answers otherwise than ",
                                    options.model, ". Please report this with the model"));
  onnx::Answer const theirs = onnx::run_in_onnx_runtime(options.python, written.temporary_path(), events,
                                                        core::cat(options.output, ": not written"));
  std::string verdict = fmt::format(
      "NOT COMPARED with ONNX Runtime, which {} does not have: {}.\n'pip install onnxruntime', or name a "
      "Python "
      "that has it with --python",
      options.python, theirs.version);
  if (theirs.is_there) {
    onnx::Deviation const deviation = onnx::compare(
        theirs.outputs, events, core::cat(options.output, ": not written: in ONNX Runtime ", theirs.version));
    verdict = fmt::format(
        "ONNX Runtime {} agrees on {}: largest difference {:.1e}, mean {:.1e}, of 1 + |output|",
        theirs.version, core::counted(events.offsets.size() - 1, "event"), deviation.worst, deviation.mean);
  }
  core::write_file(side_car_path, onnx::side_car(file.description(), output.filename().string()));
  written.commit();

  fmt::print("{}: {} nodes of opset {}, {:.1f} MB\n{}: what goes in and what comes out\n", options.output,
             model.nodes.size(), model.opset, static_cast<double>(bytes.size()) * 1e-6, side_car_path);
  fmt::print("{}\n", verdict);
  return static_cast<int>(core::ExitCode::success);
}

}  // namespace

void add_export(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* verb = app.add_subcommand("export", "Write a network as ONNX, for other programs");
  verb->add_option("model", options->model, "A model file, of models/ or of 'corpuscle train'")
      ->required()
      ->type_name("MODEL");
  verb->add_option("-o,--output", options->output,
                   "ONNX file to write; NAME.json beside it says what goes in and what comes out")
      ->required()
      ->type_name("NAME.onnx");
  verb->add_option("--events", options->events,
                   "Compare on events of these files too; without, on those of the model's self-test")
      ->type_name("FILE...");
  verb->add_option("-n", options->n, "On the first N events of each file")
      ->capture_default_str()
      ->type_name("N");
  verb->add_option("--detector", options->detector,
                   "Of these files: clic, cld, ild or a detector file; else as they say")
      ->type_name("NAME|FILE");
  verb->add_option("--python", options->python, "A Python with the package onnxruntime, to compare with")
      ->capture_default_str()
      ->type_name("PROGRAM");
  verb->footer(
      "Examples:\n"
      "  corpuscle export models/clic_clusters.safetensors -o clic.onnx\n"
      "  corpuscle export mine.safetensors -o mine.onnx --events ttbar.edm4hep.root -n 1000\n"
      "  corpuscle export mine.safetensors -o mine.onnx --python venv/bin/python");
  verb->callback([options, &exit_code] {
    options->events = terminal::expand(options->events);
    if (options->events.empty()) {
      exit_code = run(*options);
      return;
    }
    // Event files may be damaged, and ROOT reads some of them.
    constexpr std::size_t libraries_and_network = std::size_t{4} << 30;
    std::size_t largest = 0;
    for (std::string const& path : options->events) largest = std::max(largest, io::size_of_file(path));
    io::Outcome const outcome =
        io::run_contained(io::memory_budget(largest) + libraries_and_network, [&] { return run(*options); });
    if (outcome.end != io::Outcome::End::done)
      throw core::DataError(core::cat(options->events.size() == 1 ? options->events[0] : "one of the files",
                                      ": damaged: the library that reads it ", outcome.describe()));
    if (!outcome.message.empty()) fmt::print(stderr, "corpuscle: {}\n", outcome.message);
    exit_code = outcome.exit_code;
  });
}
