// Particle flow on the hits of simulated ttbar events, beside that on clusters.
#include <benchmark/benchmark.h>

#include <cmath>
#include <vector>

#include "corpuscle/chain/event_maker.hpp"
#include "corpuscle/config/detector.hpp"
#include "corpuscle/generate/process.hpp"
#include "corpuscle/generate/pythia.hpp"
#include "corpuscle/pf/cluster_particle_flow.hpp"
#include "corpuscle/pf/hit_particle_flow.hpp"

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

/// The energies of 50 events: the answer is checked before the clock starts.
template <class ParticleFlow>
void run(benchmark::State& state, ParticleFlow&& particle_flow) {
  double sum = 0, hits = 0;
  for (event::Event const& event : ttbar()) {
    for (float energy : particle_flow(event.observed).energy) sum += energy;
    hits += static_cast<double>(event.observed.calo_hits.size());
  }
  double const mean = sum / static_cast<double>(ttbar().size());
  if (!(mean > 250 && mean < 400)) {  // 380 GeV without neutrinos and radiation
    state.SkipWithError("energies are wrong");
    return;
  }
  std::size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(particle_flow(ttbar()[i++ % ttbar().size()].observed));
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()));
  state.counters["hits"] = hits / static_cast<double>(ttbar().size());
}

void on_hits(benchmark::State& state) {
  pf::HitParticleFlow particle_flow(config::find_detector("clic"));
  run(state, particle_flow);
}
BENCHMARK(on_hits)->Unit(benchmark::kMillisecond);

void on_clusters(benchmark::State& state) {
  pf::ClusterParticleFlow const particle_flow(config::find_detector("clic"));
  run(state, particle_flow);
}
BENCHMARK(on_clusters)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
