// One engine on the events of a file, as compare_engines.py tells it.
//
//   infer_rounds ENGINE PRECISION THREADS MODEL EVENTS OUTPUTS
//
// ENGINE is scalar, avx2, avx512 or avx512-bf16, which is ours with these kernels, or libtorch, where this
// program has it. PRECISION is fp32 or bf16; LibTorch has fp64, too. EVENTS holds the numbers of events and
// features (uint32), where events begin and the last ends (uint32), all features (float32) and types (uint8).
//
// First it answers all events, one after the other, writes that to OUTPUTS (float32) and prints the CPU
// seconds that it has lived. Then, for each line N on standard input, each thread (1 or 2) answers all events
// N times, and it prints the CPU seconds of that for one of these passes. At the end of its input it prints
// the peak of its memory in kB.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <exception>
#include <fstream>
#include <functional>
#include <iostream>
#include <string>
#include <thread>
#include <vector>

#include "corpuscle/artifact/model_file.hpp"
#include "corpuscle/core/error.hpp"
#include "corpuscle/graph/build.hpp"
#include "corpuscle/graph/passes.hpp"
#include "corpuscle/runtime/engine.hpp"

#ifdef CORPUSCLE_BENCH_TORCH
#include <ATen/autocast_mode.h>

#include "random_networks.hpp"
#endif

namespace {

using namespace corpuscle;

double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

struct Event {
  std::vector<float> features;
  std::vector<std::uint8_t> types;
};

std::vector<Event> read_events(std::string const& path) {
  std::ifstream file(path, std::ios::binary);
  file.exceptions(std::ios::failbit | std::ios::badbit);
  auto const read = [&](auto& values) {
    file.read(reinterpret_cast<char*>(values.data()),
              static_cast<std::streamsize>(values.size() * sizeof(values[0])));
  };
  std::vector<std::uint32_t> sizes(2);
  read(sizes);
  std::vector<std::uint32_t> offsets(sizes[0] + 1);
  read(offsets);
  std::vector<Event> events(sizes[0]);
  for (std::size_t i = 0; i < events.size(); ++i) {
    events[i].types.resize(offsets[i + 1] - offsets[i]);
    events[i].features.resize(events[i].types.size() * sizes[1]);
    read(events[i].features);
  }
  for (Event& event : events) read(event.types);
  return events;
}

/// Answers one event. Called by several threads at once, with the number of the thread.
using Answer = std::function<void(Event const& event, std::size_t thread, std::vector<float>& outputs)>;

Answer ours(runtime::InstructionSet set, runtime::Precision precision, artifact::ModelFile const& file) {
  auto const engine = std::make_shared<runtime::Engine>(graph::simplify(graph::build(file)),
                                                        runtime::EngineConfig{set, precision});
  auto const arenas = std::make_shared<std::vector<runtime::Arena>>(2);
  return [engine, arenas](Event const& event, std::size_t thread, std::vector<float>& outputs) {
    std::uint32_t const offsets[] = {0, static_cast<std::uint32_t>(event.types.size())};
    outputs.resize(event.types.size() * engine->n_outputs());
    (*engine)({event.features, event.types, offsets}, outputs, (*arenas)[thread]);
  };
}

#ifdef CORPUSCLE_BENCH_TORCH
Answer libtorch(std::string const& precision, artifact::ModelFile const& file) {
  at::set_num_threads(1);
  model::flush_subnormals();
  model::keep_memory();
  torch::NoGradGuard const no_gradient;
  std::shared_ptr<model::Network> const network = model::make_network(file.description().model, 1);
  network->eval();
  for (auto& [name, tensor] : bench::state_of(*network))
    for (artifact::Tensor const& weight : file.weights())
      if (weight.name == name)
        tensor.copy_(
            torch::from_blob(const_cast<std::byte*>(weight.bytes.data()), tensor.sizes(), torch::kFloat));
  auto const numbers = precision == "fp64" ? torch::kDouble : torch::kFloat;
  network->to(numbers);
  return [=](Event const& event, std::size_t, std::vector<float>& outputs) {
    torch::InferenceMode const inference;
    at::autocast::set_autocast_dtype(torch::kCPU, torch::kBFloat16);
    at::autocast::set_autocast_enabled(torch::kCPU, precision == "bf16");
    torch::Tensor const answer = bench::answer(*network, event.features, event.types, numbers);
    at::autocast::set_autocast_enabled(torch::kCPU, false);
    outputs.assign(answer.data_ptr<float>(), answer.data_ptr<float>() + answer.numel());
  };
}
#endif

Answer load(std::string const& engine, std::string const& precision, artifact::ModelFile const& file) {
#ifdef CORPUSCLE_BENCH_TORCH
  if (engine == "libtorch") return libtorch(precision, file);
#endif
  using runtime::InstructionSet;
  for (InstructionSet const set :
       {InstructionSet::scalar, InstructionSet::avx2, InstructionSet::avx512, InstructionSet::avx512_bf16})
    for (runtime::Precision const each : {runtime::Precision::fp32, runtime::Precision::bf16})
      if (engine == name(set) && precision == name(each) && is_available(set)) return ours(set, each, file);
  throw core::ConfigError("there is no engine '" + engine + "' in '" + precision + "' here");
}

long peak_of_memory() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmHWM:")) return std::atol(line.c_str() + std::strlen("VmHWM:"));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 7) {
    std::fprintf(stderr, "usage: %s ENGINE PRECISION THREADS MODEL EVENTS OUTPUTS\n", argv[0]);
    return 2;
  }
  try {
    Answer answer;
    {
      artifact::ModelFile const file(argv[4]);
      answer = load(argv[1], argv[2], file);
    }
    std::vector<Event> const events = read_events(argv[5]);
    std::ofstream file(argv[6], std::ios::binary);
    std::vector<float> outputs;
    for (Event const& event : events) {
      answer(event, 0, outputs);
      file.write(reinterpret_cast<char const*>(outputs.data()),
                 static_cast<std::streamsize>(outputs.size() * sizeof(float)));
    }
    file.close();
    std::printf("%.6f\n", cpu_seconds());
    std::fflush(stdout);

    bool const is_two = std::string_view(argv[3]) == "2";
    std::size_t n_passes = 0;
    while (std::cin >> n_passes) {
      auto const work = [&](std::size_t thread) {
        std::vector<float> mine;
        for (std::size_t pass = 0; pass < n_passes; ++pass)
          for (Event const& event : events) answer(event, thread, mine);
      };
      double const before = cpu_seconds();
      std::thread other;
      if (is_two) other = std::thread(work, 1);
      work(0);
      if (other.joinable()) other.join();
      std::printf("%.9f\n", (cpu_seconds() - before) / static_cast<double>(n_passes * (is_two ? 2 : 1)));
      std::fflush(stdout);
    }
    std::printf("%ld\n", peak_of_memory());
  } catch (std::exception const& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
