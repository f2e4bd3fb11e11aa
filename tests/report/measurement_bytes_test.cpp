#include "corpuscle/report/measurement_bytes.hpp"

#include <gtest/gtest.h>

#include "corpuscle/eval/evaluation.hpp"
#include "corpuscle/eval/result_json.hpp"
#include "eval/toy_event.hpp"

namespace corpuscle::report {
namespace {

// Bytes compare what has no operator==; columns that are padded are written as they are.
TEST(MeasurementBytes, GiveBackWhatWasMeasured) {
  eval::EvaluationConfig const config;
  eval::EventMeasurer const measure(config.measure);
  eval::Evaluation direct(config), packed(config);
  std::vector<std::byte> bytes;
  constexpr int n_events = 20;
  for (std::uint64_t number = 0; number < n_events; ++number) {
    auto const truth = eval::toy::generate(number);
    auto const found = eval::toy::reconstruct(truth, number, {.loss = 0.1});
    eval::EventId const id{0, 0, static_cast<std::int64_t>(number)};
    direct.add(id, {truth, found});
    append(bytes, measure({truth, found}));
  }
  std::span<std::byte const> rest = bytes;
  for (int number = 0; number < n_events; ++number) {
    eval::Measurement measurement;
    take(rest, measurement);
    packed.add({0, 0, number}, std::move(measurement));
  }
  EXPECT_TRUE(rest.empty());
  EXPECT_EQ(eval::to_json(packed.result()), eval::to_json(direct.result()));
}

TEST(MeasurementBytes, AnEmptyEventIsAnEvent) {
  std::vector<std::byte> bytes;
  append(bytes, eval::Measurement{});
  std::span<std::byte const> rest = bytes;
  eval::Measurement back;
  back.test.resize(3);
  take(rest, back);
  EXPECT_TRUE(rest.empty());
  EXPECT_TRUE(back.test.empty());
  EXPECT_TRUE(back.jets.empty());
}

}  // namespace
}  // namespace corpuscle::report
