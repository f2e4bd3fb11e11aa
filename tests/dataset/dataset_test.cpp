#include "corpuscle/dataset/dataset.hpp"

#include <gtest/gtest.h>

#include <set>

#include "corpuscle/core/error.hpp"
#include "dataset/toy_examples.hpp"

namespace corpuscle::dataset {
namespace {

void expect_in(std::string const& wanted, std::string const& found) {
  EXPECT_NE(found.find(wanted), std::string::npos) << "wanted: " << wanted << "\nfound:  " << found;
}

TEST(Dataset, EveryEventIsInOneSplit) {
  Folder const folder("splits");
  write_toys(toy_config(folder), 95);
  Dataset const dataset(folder.path());
  EXPECT_EQ(dataset.n_events(), 95U);
  std::multiset<std::int64_t> numbers;
  for (Split split : {Split::train, Split::valid, Split::test}) {
    Examples const events = dataset.gather(dataset.events(split));
    for (std::size_t i = 0; i < events.size(); ++i) {
      EXPECT_EQ(split_of(events.run[i], events.number[i], {0.6, 0.2}), split);
      numbers.insert(events.number[i]);
    }
  }
  EXPECT_EQ(numbers.size(), 95U);
  EXPECT_EQ(std::set<std::int64_t>(numbers.begin(), numbers.end()).size(), 95U);
}

TEST(Dataset, GathersEventsInTheOrderAskedFor) {
  Folder const folder("gather");
  write_toys(toy_config(folder), 30);
  Dataset const dataset(folder.path());
  Examples const found = dataset.gather(std::vector<Place>{{2, 9}, {0, 0}, {1, 3}, {0, 0}});
  Examples wanted(toy_schema().width());
  for (std::uint64_t number : {29U, 0U, 13U, 0U}) append(wanted, view(toy_example(number)), 0, 1);
  EXPECT_TRUE(same(found, wanted));
}

TEST(Dataset, NormalisationOfOneDirectoryIsThatOfItsManifest) {
  Folder const folder("one");
  Manifest const manifest = write_toys(toy_config(folder), 30);
  EXPECT_EQ(Dataset(folder.path()).normalisation(), manifest.normalisation);
}

TEST(Dataset, TwoDirectoriesAreOneDataset) {
  Folder const a("two_a");
  Folder const b("two_b");
  Folder const both("both");
  write_toys(toy_config(a), 20);
  {
    WriterConfig config = toy_config(b);
    config.description.provenance["seed"] = "other";  // may differ
    ShardWriter writer(config);
    for (std::uint64_t i = 20; i < 40; ++i) writer.add(view(toy_example(i)), 0, i);
    writer.finish(40);
  }
  Manifest const manifest = write_toys(toy_config(both), 40);
  std::vector<std::string> const directories{a.path(), b.path()};
  Dataset const dataset(directories);
  Dataset const wanted(both.path());
  EXPECT_EQ(dataset.normalisation(), manifest.normalisation);  // same shards in the same order
  for (Split split : {Split::train, Split::valid, Split::test})
    EXPECT_TRUE(same(dataset.gather(dataset.events(split)), wanted.gather(wanted.events(split))));
}

TEST(Dataset, DirectoriesOfDifferentKindsDoNotMix) {
  Folder const a("kind_a");
  Folder const b("kind_b");
  write_toys(toy_config(a), 20);
  std::vector<std::string> const directories{a.path(), b.path()};
  auto const complaint = [&](auto change) {
    std::filesystem::remove_all(b.path());
    WriterConfig config = toy_config(b);
    change(config.description);
    ShardWriter(config).finish(0);
    return message_of<core::ConfigError>([&] { Dataset dataset(directories); });
  };
  expect_in("its mode is 'hit', that of",
            complaint([](Description& d) { d.schema = encoding::find_schema("corpuscle-hits-1"); }));
  expect_in("its schema is 'mlpf-2023-clusters', that of",
            complaint([](Description& d) { d.schema = encoding::find_schema("mlpf-2023-clusters"); }));
  expect_in("its rule is '2023'", complaint([](Description& d) { d.rule = truth::Rule::mlpf_2023; }));
  expect_in("its detector is 'CLD'", complaint([](Description& d) { d.detector = "CLD"; }));
}

TEST(Dataset, ADirectoryNamedTwiceIsRefused) {
  Folder const folder("twice");
  write_toys(toy_config(folder), 20);
  std::vector<std::string> const directories{folder.path(), folder / "."};
  expect_in("would come twice", message_of<core::ConfigError>([&] { Dataset dataset(directories); }));
}

// A shard may come from another program: its checksums are right, and its arrays are not those of the schema.
TEST(Dataset, ArraysThatAreNotThoseOfTheSchemaAreNamed) {
  Folder const folder("arrays");
  Manifest manifest = write_toys(toy_config(folder), 10);
  std::string const name = manifest.shards[0].file;
  Shard const good(folder / name);
  auto const complaint = [&](Examples const& events) {
    manifest.shards[0].checksum = write_shard(folder / name, events, good.file().metadata(), 10);
    write_manifest(folder.path(), manifest);
    return message_of<core::DataError>([&] { Dataset{folder.path()}; });
  };
  Examples events(toy_schema().width());
  for (std::uint64_t i = 0; i < 10; ++i) append(events, view(toy_example(i)), 0, 1);
  EXPECT_EQ(complaint(events), "nothing thrown");
  Examples typed = events;
  typed.type[0] = encoding::ElementType::hit_group;
  expect_in("elements of type 4", complaint(typed));
  Examples narrow = events;
  narrow.width = 20;
  narrow.features.resize(20 * narrow.n_elements());
  expect_in("20 columns, the schema 'corpuscle-clusters-1' 30", complaint(narrow));
}

TEST(Dataset, ASchemaOfAnotherVersionIsNamed) {
  Folder const folder("schema");
  write_toys(toy_config(folder), 20);
  Manifest manifest = read_manifest(folder.path());
  manifest.description.schema.elements[0].columns[0].high += 1;
  write_manifest(folder.path(), manifest);
  expect_in("column 0 of the type 'track'", message_of<core::ConfigError>([&] { Dataset{folder.path()}; }));
}

TEST(Dataset, MissingCutAndForeignShardsAreNamed) {
  Folder const folder("shards");
  Folder const other("other_shards");
  write_toys(toy_config(folder), 30);
  {
    WriterConfig config = toy_config(other);
    config.description.detector = "CLD";
    write_toys(config, 30);
  }
  std::string const name = "shard-00001.safetensors";
  std::string const good = folder.bytes(name);
  auto const complaint = [&](std::string const& bytes) {
    folder.put(name, bytes);
    std::string found = message_of<core::DataError>([&] { Dataset{folder.path()}; });
    EXPECT_EQ(found.rfind(folder / name, 0), 0U) << found;
    return found;
  };
  expect_in("has been cut", complaint(good.substr(0, good.size() / 2)));
  expect_in("has been cut", complaint(good.substr(0, 100)));
  expect_in("is not the shard that", complaint(folder.bytes("shard-00002.safetensors")));
  expect_in("'detector' is not that of", complaint(other.bytes(name)));
  std::filesystem::remove(folder / name);
  expect_in(name + ": is missing", message_of<core::DataError>([&] { Dataset{folder.path()}; }));
  folder.put(name, good);
  EXPECT_NO_THROW(Dataset(folder.path()).verify());
}

TEST(Dataset, AFlippedBitIsFoundOnDemand) {
  Folder const folder("flip");
  write_toys(toy_config(folder), 30);
  std::string bytes = folder.bytes("shard-00002.safetensors");
  Shard const shard(folder / "shard-00002.safetensors");
  auto const* feature = reinterpret_cast<char const*>(shard.examples().features.data());
  auto const* begin = reinterpret_cast<char const*>(shard.file().tensors().front().bytes.data());
  std::size_t const n_data = static_cast<std::size_t>(feature - begin);
  std::size_t n_all = 0;
  for (auto const& tensor : shard.file().tensors()) n_all += tensor.bytes.size();
  bytes[bytes.size() - n_all + n_data] ^= 1;
  folder.put("shard-00002.safetensors", bytes);
  Dataset const dataset(folder.path());
  expect_in("shard-00002.safetensors: the data do not match",
            message_of<core::DataError>([&] { dataset.verify(); }));
}

}  // namespace
}  // namespace corpuscle::dataset
