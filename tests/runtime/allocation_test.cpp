// What is allocated once everything is warm: nothing by an engine, and by a reconstructor only what it gives
// away and what it encodes into. A program of its own, since it counts every `new`.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <string_view>

#include "corpuscle/runtime/reconstructor.hpp"
#include "encoding/sketch.hpp"
#include "runtime/model_sketch.hpp"

namespace {

std::atomic<std::size_t> n_allocations = 0;

void* counted(void* memory) {
  ++n_allocations;
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

[[gnu::noinline]] void release(
    void* memory) noexcept {  // or GCC sees `new` and `free` side by side, and warns
  std::free(memory);
}

}  // namespace

void* operator new(std::size_t size) {
  return counted(std::malloc(size == 0 ? 1 : size));
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  auto const multiple = static_cast<std::size_t>(alignment);
  return counted(std::aligned_alloc(multiple, (size + multiple) / multiple * multiple));
}
void operator delete(void* memory) noexcept {
  release(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  release(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  release(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  release(memory);
}

namespace corpuscle::runtime {
namespace {

class Allocations : public ::testing::TestWithParam<test::SketchModel> {};
INSTANTIATE_TEST_SUITE_P(Architecture, Allocations, ::testing::ValuesIn(test::sketch_models()),
                         [](auto const& each) { return each.param.name; });

template <class F>
std::size_t allocations_of(F const& f) {
  std::size_t const before = n_allocations;
  f();
  return n_allocations - before;
}

TEST_P(Allocations, AreCounted) {
  EXPECT_EQ(allocations_of([] { ::operator delete(::operator new(1)); }), 1U);
  EXPECT_EQ(allocations_of([] { (void)Arena(1000); }), 1U);
}

TEST_P(Allocations, AnEngineMakesNoneOnceItsArenaIsLargeEnough) {
  test::WholeModel const model(GetParam());
  test::RandomBatch const large({300, 0, 20}, model.about.schema.width(), 12);
  test::RandomBatch const little({17}, model.about.schema.width(), 13);
  for (InstructionSet const set : test::instruction_sets()) {
    for (Precision const precision : {Precision::fp32, Precision::bf16}) {
      Engine const engine(model.graph(), {set, precision});
      std::vector<float> outputs(large.types.size() * engine.n_outputs());
      Arena arena(engine.scratch_bytes(320, 3, 300));
      std::size_t const n_bytes = arena.n_bytes();
      EXPECT_EQ(allocations_of([&] {
                  engine(large.view(), outputs, arena);
                  engine(little.view(), std::span(outputs).first(17 * engine.n_outputs()), arena);
                }),
                0U)
          << name(set) << ' ' << name(precision);
      EXPECT_EQ(arena.n_bytes(), n_bytes);
    }
  }
}

TEST_P(Allocations, AReconstructorMakesAsManyForAnyEvent) {
  detector::Detector const detector = test::simple_detector();
  test::TemporaryFile const file(core::cat("allocations_", GetParam().name));
  test::WholeModel(GetParam()).write(file.path());
  Reconstructor const reconstruct = Reconstructor::load(file.path(), detector);
  Arena arena;
  auto const of_event = [&](std::size_t n_elements) {
    event::Observed const observed = test::random_event_with_hits(detector, n_elements, 3);
    EXPECT_GT(reconstruct(observed, arena).particles.size(), 0U);  // the arena grows
    (void)reconstruct(observed);                                   // as does one of its own
    std::size_t const n = allocations_of([&] { (void)reconstruct(observed, arena); });
    EXPECT_EQ(allocations_of([&] { (void)reconstruct(observed); }), n);
    return n;
  };
  if (std::string_view(GetParam().schema) == "corpuscle-hit-groups-1")
    GTEST_SKIP() << "groups of hits are lists that are made for each event";
  std::size_t const of_few = of_event(100);
  EXPECT_EQ(of_event(600), of_few) << "they must not grow with the event";
  // Four columns of elements as they come, a list to sort, four columns in their order; types and outputs of
  // the engine; candidates, eleven columns of particles, two lists of two parts, one of which begins with a
  // zero, and the elements of the particles.
  EXPECT_LE(of_few, 4U + 1 + 4 + 2 + 1 + 11 + 2 * 3 + 1);
}

}  // namespace
}  // namespace corpuscle::runtime
