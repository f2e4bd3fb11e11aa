#include "corpuscle/dataset/shard.hpp"

#include <gtest/gtest.h>

#include "corpuscle/core/error.hpp"
#include "dataset/toy_examples.hpp"

namespace corpuscle::dataset {
namespace {

class ShardTest : public ::testing::Test {
 protected:
  ShardTest() : folder_(::testing::UnitTest::GetInstance()->current_test_info()->name()) {
    std::filesystem::create_directories(folder_.path());
    for (std::uint64_t i = 0; i < 6; ++i) append(toys_, view(toy_example(i)), 0, 1);
  }

  /// What a shard with this change is refused for.
  template <class Change>
  std::string complaint(Change&& change) {
    Examples changed = toys_;
    change(changed);
    write_shard(folder_ / "x.safetensors", changed, to_metadata(toy_description()), 6);
    return message_of<core::DataError>([&] { Shard(folder_ / "x.safetensors"); });
  }

  Folder folder_;
  Examples toys_{toy_schema().width()};
};

TEST_F(ShardTest, HoldsWhatWasWritten) {
  write_shard(folder_ / "x.safetensors", toys_, to_metadata(toy_description()), 42);
  Shard const shard(folder_ / "x.safetensors");
  Examples copy(toys_.width);
  append(copy, shard.examples(), 0, shard.examples().size());
  EXPECT_TRUE(same(copy, toys_));
  EXPECT_EQ(shard.next_input(), 42U);
  EXPECT_EQ(shard.file().metadata("mode"), "cluster");
  EXPECT_EQ(shard.file().metadata("rule"), "standard");
  EXPECT_EQ(encoding::schema_from_json(shard.file().metadata("schema"), "shard"), toy_schema());
  EXPECT_NO_THROW(shard.file().verify());
}

TEST_F(ShardTest, MayBeEmpty) {
  write_shard(folder_ / "x.safetensors", Examples(toys_.width), to_metadata(toy_description()), 0);
  EXPECT_EQ(Shard(folder_ / "x.safetensors").examples().size(), 0U);
}

TEST_F(ShardTest, HasTheShapesOfTheFormat) {
  write_shard(folder_ / "x.safetensors", toys_, to_metadata(toy_description()), 6);
  Shard const shard(folder_ / "x.safetensors");
  std::size_t const n = toys_.n_elements();
  std::size_t const m = toys_.n_particles();
  auto const shape = [&](char const* name) { return shard.file().find(name)->shape; };
  EXPECT_EQ(shape("event_offsets"), (artifact::Shape{7}));
  EXPECT_EQ(shape("features"), (artifact::Shape{n, toys_.width}));
  EXPECT_EQ(shape("type"), (artifact::Shape{n}));
  EXPECT_EQ(shape("reference"), (artifact::Shape{n, 9}));
  EXPECT_EQ(shape("target"), (artifact::Shape{n, 5}));
  EXPECT_EQ(shape("particle"), (artifact::Shape{m, 9}));
  EXPECT_EQ(shard.file().find("label")->type, artifact::Type::u8);
  EXPECT_EQ(shard.file().find("event")->type, artifact::Type::i64);
}

TEST_F(ShardTest, InconsistentContentIsNamed) {
  auto const expect_in = [](char const* wanted, std::string const& found) {
    EXPECT_NE(found.find(wanted), std::string::npos) << found;
  };
  expect_in("array 'label' has the unknown code 6 in row 3", complaint([](Examples& e) { e.label[3] = 6; }));
  expect_in("array 'type' has the unknown code",
            complaint([](Examples& e) { e.type[0] = static_cast<encoding::ElementType>(9); }));
  expect_in("array 'particle_class' has the unknown code",
            complaint([](Examples& e) { e.particle_class[0] = static_cast<event::ParticleClass>(5); }));
  expect_in("'event_offsets' decreases at row 2", complaint([](Examples& e) { e.offsets[2] = -5; }));
  expect_in("'event_offsets' does not start with 0", complaint([](Examples& e) { e.offsets[0] = 1; }));
  expect_in("array 'features' has shape", complaint([](Examples& e) { e.offsets.back() += 1; }));
  expect_in("'particle_offsets' does not start with 0",
            complaint([](Examples& e) { e.particle_offsets[0] = -1; }));
}

TEST_F(ShardTest, OtherFilesAreNoShards) {
  std::vector<float> const weights(4);
  artifact::write_tensors(folder_ / "model.safetensors", std::vector{artifact::tensor("w", {4}, weights)});
  EXPECT_NE(
      message_of<core::DataError>([&] { Shard(folder_ / "model.safetensors"); }).find("no metadata 'format'"),
      std::string::npos);
  auto metadata = to_metadata(toy_description());
  metadata["format"] = "corpuscle-dataset-2";
  write_shard(folder_ / "new.safetensors", toys_, metadata, 0);
  EXPECT_NE(message_of<core::DataError>([&] {
              Shard(folder_ / "new.safetensors");
            }).find("'corpuscle-dataset-2', this version reads 'corpuscle-dataset-1'"),
            std::string::npos);
}

TEST_F(ShardTest, CutOrFlippedShardsNeverPass) {
  write_shard(folder_ / "x.safetensors", toys_, to_metadata(toy_description()), 6);
  std::string const whole = folder_.bytes("x.safetensors");
  core::Random random({1});
  for (int trial = 0; trial < 200; ++trial) {
    std::string damaged = whole;
    if (trial % 2 == 0)
      damaged.resize(random.bits() % whole.size());
    else
      damaged[random.bits() % whole.size()] ^= static_cast<char>(1 << (random.bits() % 8));
    folder_.put("x.safetensors", damaged);
    EXPECT_THROW(Shard(folder_ / "x.safetensors").file().verify(), core::DataError) << trial;
  }
}

}  // namespace
}  // namespace corpuscle::dataset
