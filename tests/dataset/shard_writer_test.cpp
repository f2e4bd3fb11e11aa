#include "corpuscle/dataset/shard_writer.hpp"

#include <gtest/gtest.h>

#include <optional>

#include "corpuscle/core/error.hpp"
#include "corpuscle/dataset/dataset.hpp"
#include "dataset/toy_examples.hpp"

namespace corpuscle::dataset {
namespace {

TEST(ShardWriter, EveryEventIsThereOnceAndInOrder) {
  Folder const folder("order");
  Manifest const manifest = write_toys(toy_config(folder), 35);
  EXPECT_EQ(manifest.shards.size(), 4U);
  EXPECT_EQ(manifest.shards[3].events, 5U);
  EXPECT_EQ(folder.contents().size(), 5U);  // and the manifest
  std::uint64_t number = 0;
  for (ShardEntry const& entry : manifest.shards) {
    Shard const shard(folder / entry.file);
    for (std::size_t i = 0; i < shard.examples().size(); ++i) {
      Examples one(shard.examples().width);
      append(one, shard.examples(), i, i + 1);
      EXPECT_TRUE(same(one, toy_example(number++)));
    }
  }
  EXPECT_EQ(number, 35U);
}

TEST(ShardWriter, SameEventsSameBytesWhateverPiecesTheyComeIn) {
  Folder const a("pieces_a");
  Folder const b("pieces_b");
  write_toys(toy_config(a), 25);
  {
    ShardWriter writer(toy_config(b));
    Examples all(toy_schema().width());
    for (std::uint64_t i = 0; i < 25; ++i) append(all, view(toy_example(i)), 0, 1);
    for (std::size_t i = 0; i < 25; ++i) writer.add(view(all), i, i);
    writer.finish(25);
  }
  EXPECT_EQ(a.contents(), b.contents());
}

TEST(ShardWriter, AKillAnywhereChangesNoByte) {
  Folder const undisturbed("whole");
  write_toys(toy_config(undisturbed), 35);
  for (std::uint64_t killed_at : {0U, 1U, 9U, 10U, 11U, 25U, 34U, 35U}) {
    Folder const folder("killed");
    {
      ShardWriter writer(toy_config(folder));
      for (std::uint64_t i = 0; i < killed_at; ++i) writer.add(view(toy_example(i)), 0, i);
    }  // without finish
    folder.put("shard-00003.safetensors.part-12345", "half");
    EXPECT_EQ(ShardWriter(toy_config(folder)).next_input(), killed_at / 10 * 10);
    EXPECT_THROW(Dataset{folder.path()}, core::EnvironmentError);  // nobody takes it for complete
    write_toys(toy_config(folder), 35);
    EXPECT_EQ(folder.contents(), undisturbed.contents()) << killed_at;
  }
}

TEST(ShardWriter, ADamagedShardIsMadeAgain) {
  Folder const undisturbed("undamaged");
  Folder const folder("damaged");
  write_toys(toy_config(undisturbed), 35);
  write_toys(toy_config(folder), 35);
  std::string bytes = folder.bytes("shard-00001.safetensors");
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  folder.put("shard-00001.safetensors", bytes);
  EXPECT_EQ(ShardWriter(toy_config(folder)).next_input(), 10U);
  write_toys(toy_config(folder), 35);
  EXPECT_EQ(folder.contents(), undisturbed.contents());
}

TEST(ShardWriter, ADatasetMadeLongerIsAsIfMadeAtOnce) {
  Folder const at_once("at_once");
  Folder const longer("longer");
  write_toys(toy_config(at_once), 35);
  write_toys(toy_config(longer), 17);
  write_toys(toy_config(longer), 17);
  EXPECT_EQ(read_manifest(longer.path()).next_input, 17U);
  write_toys(toy_config(longer), 35);
  EXPECT_EQ(longer.contents(), at_once.contents());
}

TEST(ShardWriter, SkippedInputsAreNotAskedForAgain) {
  Folder const folder("skipped");
  {
    ShardWriter writer(toy_config(folder, 2));
    writer.add(view(toy_example(3)), 0, 3);
    writer.add(view(toy_example(8)), 0, 8);
    EXPECT_EQ(writer.next_input(), 9U);
  }
  ShardWriter writer(toy_config(folder, 2));
  EXPECT_EQ(writer.next_input(), 9U);
  EXPECT_EQ(writer.n_events(), 2U);
  EXPECT_EQ(writer.finish(20).next_input, 20U);
}

TEST(ShardWriter, NormalisesByTheEventsForTraining) {
  Folder const folder("normalisation");
  WriterConfig const config = toy_config(folder);
  Manifest const manifest = write_toys(config, 200);
  encoding::NormalisationSums sums(toy_schema());
  for (std::uint64_t i = 0; i < 200; ++i) {
    Examples const toy = toy_example(i);
    if (split_of(7, static_cast<std::int64_t>(i), config.fractions) == Split::train)
      sums.add(toy.features, toy.type);
  }
  encoding::Normalisation const wanted = sums.result();
  for (std::size_t t = 0; t < wanted.types.size(); ++t) {
    auto const& found = manifest.normalisation.types[t];
    ASSERT_EQ(found.rows, wanted.types[t].rows);
    for (std::size_t k = 0; k < found.mean.size(); ++k) {
      // Sums of 2000 numbers near 1, in another order: 2000 roundings of 1e-16, and a margin.
      EXPECT_NEAR(found.mean[k], wanted.types[t].mean[k], 1e-12);
      EXPECT_NEAR(found.deviation[k], wanted.types[t].deviation[k], 1e-12);
    }
  }
}

TEST(ShardWriter, RefusesADirectoryOfOtherEvents) {
  Folder const folder("other");
  write_toys(toy_config(folder), 15);
  auto const before = folder.contents();
  auto const complaint = [&](auto change) {
    WriterConfig config = toy_config(folder);
    change(config);
    return message_of<core::ConfigError>([&] { ShardWriter writer(config); });
  };
  auto const expect_in = [](char const* wanted, std::string const& found) {
    EXPECT_NE(found.find(wanted), std::string::npos) << found;
  };
  expect_in("'rule' differs",
            complaint([](WriterConfig& c) { c.description.rule = truth::Rule::mlpf_2023; }));
  expect_in("'detector' differs", complaint([](WriterConfig& c) { c.description.detector = "CLD"; }));
  expect_in("'provenance' differs",
            complaint([](WriterConfig& c) { c.description.provenance["seed"] = "8"; }));
  expect_in("'events_per_shard' differs", complaint([](WriterConfig& c) { c.events_per_shard = 11; }));
  expect_in("'mode' differs", complaint([](WriterConfig& c) {
              c.description.schema = encoding::find_schema("corpuscle-hits-1");
            }));
  EXPECT_EQ(folder.contents(), before);
}

TEST(ShardWriter, RefusesARuleThatLeavesParticlesWithoutElement) {
  Folder const folder("rule");
  WriterConfig config = toy_config(folder);
  config.description.schema = encoding::find_schema("mlpf-2026-hits");
  EXPECT_THROW(ShardWriter{config}, core::ConfigError);
  config.description.rule = truth::Rule::mlpf_2026;
  EXPECT_NO_THROW(ShardWriter{config});
}

TEST(ShardWriter, WorksAloneInItsDirectory) {
  Folder const folder("alone");
  std::optional<ShardWriter> first(std::in_place, toy_config(folder));
  EXPECT_NE(message_of<core::EnvironmentError>([&] {
              ShardWriter second(toy_config(folder));
            }).find("another program is preparing events there"),
            std::string::npos);
  first.reset();
  EXPECT_NO_THROW(ShardWriter{toy_config(folder)});
}

TEST(ShardWriter, NoDirectoryNoWriter) {
  Folder const folder("file");
  std::filesystem::create_directories(folder.path());
  folder.put("file", "");
  WriterConfig config = toy_config(folder);
  config.directory = folder / "file";
  EXPECT_THROW(ShardWriter{config}, core::EnvironmentError);
  config.directory = folder / "file/below";
  EXPECT_THROW(ShardWriter{config}, core::EnvironmentError);
}

}  // namespace
}  // namespace corpuscle::dataset
