// Time per simulated ttbar event from tables to the input matrix of a network, and from outputs to particles.
//
//   cmake --preset perf && cmake --build --preset perf && build/perf/bin/bench_encoding
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "corpuscle/chain/event_maker.hpp"
#include "corpuscle/config/detector.hpp"
#include "corpuscle/encoding/decoding.hpp"
#include "corpuscle/encoding/encoder.hpp"
#include "corpuscle/encoding/normalisation.hpp"
#include "corpuscle/generate/process.hpp"
#include "corpuscle/generate/pythia.hpp"

namespace {

using namespace corpuscle;

std::vector<event::Event> const& ttbar() {
  static std::vector<event::Event> const events = [] {
    chain::EventMaker make(generate::make_pythia(generate::find_process("ttbar"), 1),
                           config::find_detector("clic"), 1);
    std::vector<event::Event> made;
    for (std::int64_t i = 0; i < 50; ++i) made.push_back(make(i));
    return made;
  }();
  return events;
}

void encode_events(benchmark::State& state, std::string const& schema) {
  encoding::Encoder const encode(encoding::find_schema(schema), config::find_detector("clic"));
  double elements = 0;
  double hits = 0;
  for (event::Event const& event : ttbar()) {
    encoding::Elements const encoded = encode(event.observed);
    bool const is_sound = encoded.n_broken == 0 &&
                          encoded.features.size() == encoded.size() * encode.schema().width() &&
                          std::all_of(encoded.features.begin(), encoded.features.end(),
                                      [](float x) { return std::isfinite(x); });
    if (!is_sound) return state.SkipWithError("features are missing or not finite");
    elements += static_cast<double>(encoded.size()) / static_cast<double>(ttbar().size());
    hits += static_cast<double>(event.observed.calo_hits.size()) / static_cast<double>(ttbar().size());
  }
  std::size_t next = 0;
  for (auto _ : state) benchmark::DoNotOptimize(encode(ttbar()[next++ % ttbar().size()].observed));
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
  state.counters["elements"] = elements;
  state.counters["hits"] = hits;
}
BENCHMARK_CAPTURE(encode_events, corpuscle_clusters, "corpuscle-clusters-1")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(encode_events, corpuscle_hits, "corpuscle-hits-1")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(encode_events, corpuscle_hit_groups, "corpuscle-hit-groups-1")
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(encode_events, mlpf_2023_clusters, "mlpf-2023-clusters")->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(encode_events, mlpf_2023_hits, "mlpf-2023-hits")->Unit(benchmark::kMicrosecond);

/// Every element becomes the particle that it looks like.
void decode_events(benchmark::State& state, encoding::Layout layout) {
  encoding::Encoder const encode(encoding::find_schema("corpuscle-clusters-1"),
                                 config::find_detector("clic"));
  std::size_t const width = encoding::output_names(layout).size();
  std::vector<encoding::Elements> events;
  std::vector<std::vector<float>> outputs;
  for (event::Event const& event : ttbar()) {
    encoding::Elements elements = encode(event.observed);
    std::vector<float> output(elements.size() * width);
    for (std::size_t i = 0; i < elements.size(); ++i) {
      auto const& r = elements.references[i];
      bool const is_track = elements.types[i] == encoding::ElementType::track;
      encoding::Kinematics const particle{
          is_track ? event::ParticleClass::charged_hadron : event::ParticleClass::photon,
          r.charge,
          r.energy,
          r.pt * r.cos_phi,
          r.pt * r.sin_phi,
          r.pt * std::sinh(r.eta)};
      encoding::ideal_outputs(layout, encoding::encode_target(layout, r, particle),
                              std::span(output).subspan(i * width, width));
    }
    if (encoding::decode(layout, output, elements).particles.size() != elements.size())
      return state.SkipWithError("particles are missing");
    events.push_back(std::move(elements));
    outputs.push_back(std::move(output));
  }
  std::size_t next = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(encoding::decode(layout, outputs[next], events[next]));
    next = (next + 1) % events.size();
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
}
BENCHMARK_CAPTURE(decode_events, standard, encoding::Layout::standard)->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(decode_events, mlpf_2026, encoding::Layout::mlpf_2026)->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
