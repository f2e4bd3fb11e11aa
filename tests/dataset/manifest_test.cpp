#include "corpuscle/dataset/manifest.hpp"

#include <gtest/gtest.h>

#include "corpuscle/core/error.hpp"
#include "dataset/toy_examples.hpp"

namespace corpuscle::dataset {
namespace {

TEST(Manifest, IsReadAsItWasWritten) {
  Folder const folder("manifest");
  Manifest const written = write_toys(toy_config(folder), 25);
  Manifest const read = read_manifest(folder.path());
  EXPECT_EQ(to_metadata(read.description), to_metadata(written.description));
  EXPECT_EQ(read.fractions, written.fractions);
  EXPECT_EQ(read.next_input, 25U);
  ASSERT_EQ(read.shards.size(), 3U);
  EXPECT_EQ(read.shards[2].checksum, written.shards[2].checksum);
  EXPECT_EQ(read.normalisation, written.normalisation);  // to the bit

  std::string const bytes = folder.bytes("dataset.json");
  write_manifest(folder.path(), read);
  EXPECT_EQ(folder.bytes("dataset.json"), bytes);
}

TEST(Manifest, DamageIsNamed) {
  Folder const folder("damaged_manifest");
  write_toys(toy_config(folder), 25);
  std::string const good = folder.bytes("dataset.json");
  auto const expect = [&](char const* from, char const* to, char const* wanted) {
    folder.put("dataset.json", good);
    folder.replace("dataset.json", from, to);
    std::string const found = message_of<core::Error>([&] { read_manifest(folder.path()); });
    EXPECT_EQ(found.rfind(folder / "dataset.json", 0), 0U) << found;
    EXPECT_NE(found.find(wanted), std::string::npos) << found;
  };
  expect("{", "[", "is not JSON");
  expect("\"version\": 1", "\"version\": 2", "version is 2, this program reads 1");
  expect("corpuscle-dataset", "corpuscle-model", "format is not");
  expect("\"rule\": \"standard\"", "\"rule\": \"2099\"", "rule '2099' is not known");
  expect("\"mode\": \"cluster\"", "\"mode\": \"hit\"", "mode is not that of the schema");
  expect("\"next_input\"", "\"next_inputs\"", "next_input is missing");
  expect("\"next_input\": 25", "\"next_input\": -25", "next_input is not a whole number");
  expect("\"train\": 0.6", "\"train\": 6", "split.train is not a number from 0 to 1");
  expect("\"file\": \"shard-00001", "\"file\": \"../shard-00001", "shards[1].file is not in this directory");
  expect("\"events\"", "\"event\"", "shards[0].events is missing");
  expect("\"seed\": \"7\"", "\"seed\": 7", "provenance.seed is not a text");
  for (std::size_t n = 0; n < good.size() - 2; n += 50) {
    folder.put("dataset.json", good.substr(0, n));
    EXPECT_THROW(read_manifest(folder.path()), core::DataError) << n;
  }
}

TEST(Manifest, WithoutOneTheWayOutIsNamed) {
  Folder const folder("no_manifest");
  std::filesystem::create_directories(folder.path());
  EXPECT_NE(message_of<core::EnvironmentError>([&] {
              read_manifest(folder.path());
            }).find("finish with the same command"),
            std::string::npos);
}

}  // namespace
}  // namespace corpuscle::dataset
