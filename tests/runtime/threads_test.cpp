// Many threads, one reconstructor: what ThreadSanitizer should see (preset tsan).
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "corpuscle/runtime/reconstructor.hpp"
#include "encoding/sketch.hpp"
#include "runtime/model_sketch.hpp"

namespace corpuscle::runtime {
namespace {

class Threads : public ::testing::TestWithParam<test::SketchModel> {};
INSTANTIATE_TEST_SUITE_P(Architecture, Threads, ::testing::ValuesIn(test::sketch_models()),
                         [](auto const& each) { return each.param.name; });

bool are_same(event::Particles const& a, event::Particles const& b) {
  return a.pdg == b.pdg && a.energy == b.energy && a.px == b.px && a.py == b.py && a.pz == b.pz &&
         a.charge == b.charge && a.tracks.values == b.tracks.values && a.clusters.values == b.clusters.values;
}

TEST_P(Threads, SixteenGetTheBitsThatOneGets) {
  detector::Detector const detector = test::simple_detector();
  test::TemporaryFile const file(core::cat("threads_", GetParam().name));
  test::WholeModel(GetParam()).write(file.path());
  std::vector<event::Observed> events;
  for (std::uint64_t seed = 0; seed < 8; ++seed)
    events.push_back(test::random_event_with_hits(detector, 1 + 12 * seed, seed));

  for (InstructionSet const set : test::instruction_sets())
    for (Precision const precision : {Precision::fp32, Precision::bf16}) {
      auto const reconstruct = Reconstructor::load(file.path(), detector, {set, precision});
      std::vector<event::Particles> alone;
      for (event::Observed const& observed : events) alone.push_back(reconstruct(observed));

      std::atomic<int> n_wrong = 0;
      std::vector<std::thread> threads;
      for (std::size_t t = 0; t < 16; ++t)
        threads.emplace_back([&, t] {
          Arena arena;
          for (std::size_t i = 0; i < 2 * events.size(); ++i) {  // each begins elsewhere
            std::size_t const k = (i + t) % events.size();
            bool const has_arena = (i + t) % 3 == 0;
            event::Particles const particles =
                has_arena ? reconstruct(events[k], arena).particles : reconstruct(events[k]);
            if (!are_same(particles, alone[k])) ++n_wrong;
          }
        });
      for (std::thread& thread : threads) thread.join();
      EXPECT_EQ(n_wrong, 0) << name(set) << ' ' << name(precision);
    }
}

}  // namespace
}  // namespace corpuscle::runtime
