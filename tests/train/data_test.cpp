#include "corpuscle/train/data.hpp"

#include <gtest/gtest.h>

#include "corpuscle/core/error.hpp"
#include "train/toy.hpp"

namespace corpuscle::train {
namespace {

using dataset::Folder;
using dataset::message_of;

TEST(OpenFiles, ValidationIsTheFirstEventsOfItsSplit) {
  Folder const folder("train_data");
  write_learnable(folder, 300);
  Data const data =
      open_files(small_config({folder.path()}, {"validation_events=30", "elements_per_batch=100"}));
  std::size_t n = 0;
  for (dataset::Examples const& batch : data.validation) {
    n += batch.size();
    EXPECT_LE(batch.n_elements(), 100U);
    for (std::size_t i = 0; i < batch.size(); ++i)
      EXPECT_EQ(dataset::split_of(3, batch.number[i], {0.7, 0.2}), dataset::Split::valid);
  }
  EXPECT_EQ(n, 30U);
  EXPECT_EQ(data.description.schema, dataset::toy_schema());
}

TEST(OpenFiles, ADamagedShardIsNamed) {
  Folder const folder("train_damage");
  write_learnable(folder, 150);
  std::string name;
  for (auto const& [file, bytes] : folder.contents())
    if (file.ends_with(".safetensors") && name.empty()) name = file;
  std::string bytes = folder.bytes(name);
  bytes[bytes.size() - 100] ^= 1;  // one bit, in the data
  folder.put(name, bytes);
  auto const message = message_of<core::DataError>([&] { open_files(small_config({folder.path()})); });
  EXPECT_NE(message.find(name), std::string::npos) << message;
}

TEST(OpenFiles, AnEmptySplitIsNamed) {
  Folder const folder("train_empty");
  write_learnable(folder, 50, {1, 0});
  auto const message = message_of<core::DataError>([&] { open_files(small_config({folder.path()})); });
  EXPECT_NE(message.find("is for 'valid'"), std::string::npos) << message;
}

TEST(OpenFiles, OtherDataHaveAnotherChecksum) {
  Folder const a("train_sum_a");
  Folder const b("train_sum_b");
  write_learnable(a, 100);
  write_learnable(b, 101);
  auto const checksum = [](Folder const& folder) {
    return open_files(small_config({folder.path()})).checksum;
  };
  EXPECT_EQ(checksum(a), checksum(a));
  EXPECT_NE(checksum(a), checksum(b));

  std::string const before = checksum(a);
  write_learnable(a, 100, {0.5, 0.4});  // the same shards, another split
  EXPECT_NE(checksum(a), before);
}

TEST(OpenFiles, EventsWithoutElementsAreNamed) {
  Folder const folder("train_no_elements");
  dataset::ShardWriter writer(dataset::toy_config(folder));
  dataset::Examples nothing(dataset::toy_schema().width());
  nothing.offsets.push_back(0);
  nothing.particle_offsets.push_back(0);
  nothing.run.push_back(7);
  nothing.number.push_back(0);
  for (std::uint64_t i = 0; i < 40; ++i) {
    nothing.number[0] = static_cast<std::int64_t>(i);
    writer.add(dataset::view(nothing), 0, i);
  }
  writer.finish(40);
  auto const message = message_of<core::DataError>([&] { open_files(small_config({folder.path()})); });
  EXPECT_NE(message.find("none of the events for validation has anything"), std::string::npos) << message;
}

TEST(OpenStream, ARuleThatNeedsTracksIsRefusedWithoutThem) {
  dataset::Description description = dataset::toy_description();
  description.schema = encoding::find_schema("mlpf-2026-hits");
  auto const message = message_of<core::ConfigError>([&] {
    open_stream(parse_config("data: {source: simulate}\n", "c.yaml"), description,
                [] { return learnable_example; });
  });
  EXPECT_NE(message.find("Choose the rule '2026'"), std::string::npos) << message;
}

TEST(OpenStream, TrainingNeverMeetsAValidationEvent) {
  TrainConfig const config = parse_config(
      "data: {source: simulate, normalisation_events: 20, threads: 2}\nvalidation_events: 15\n"
      "elements_per_batch: 100\n",
      "c.yaml");
  Data const data = open_stream(config, dataset::toy_description(), [] { return learnable_example; });
  std::size_t n = 0;
  for (dataset::Examples const& batch : data.validation) {
    n += batch.size();
    for (std::int64_t const number : batch.number) EXPECT_GE(number, std::int64_t{1} << 40);
  }
  EXPECT_EQ(n, 15U);
  auto const source = data.open({0, 7});
  EXPECT_EQ(source->next().examples.number.front(), 7);

  encoding::NormalisationSums sums(dataset::toy_schema());
  for (std::uint64_t i = 0; i < 20; ++i) {
    dataset::Examples const event = learnable_example(i);
    sums.add(event.features, event.type);
  }
  // Batches are cut to the 20 events; sums of events and of batches differ by rounding alone.
  auto const expected = sums.result();
  for (std::size_t t = 0; t < 2; ++t) {
    EXPECT_EQ(data.normalisation.types[t].rows, expected.types[t].rows);
    EXPECT_NEAR(data.normalisation.types[t].mean[0], expected.types[t].mean[0], 1e-12);
  }
}

}  // namespace
}  // namespace corpuscle::train
