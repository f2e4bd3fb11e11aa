#include "corpuscle/io/writer.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>

#include "corpuscle/core/error.hpp"
#include "corpuscle/io/contained.hpp"
#include "corpuscle/io/source.hpp"
#include "support/frames.hpp"

namespace corpuscle::io {
namespace {

using testing::bytes_of;
using testing::complaint;
using testing::data_file;
using testing::read_all;
using testing::schema_of;
using testing::small_event;
using testing::TemporaryDirectory;

bool is_zero(Column const& column) {
  auto const bytes = column.bytes();
  return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
}

/// What was written is there, bit by bit, and whatever was not said is zero.
void expect_holds(Collection const& read, Collection const& written) {
  SCOPED_TRACE(written.name);
  EXPECT_EQ(read.type, written.type);
  EXPECT_EQ(read.id, written.id);
  EXPECT_EQ(read.is_subset, written.is_subset);
  ASSERT_EQ(read.size, written.size);
  for (Column const& column : written.members) {
    ASSERT_NE(read.member(column.name()), nullptr) << column.name();
    EXPECT_EQ(*read.member(column.name()), column) << column.name();
  }
  for (Column const& column : read.members) {
    EXPECT_TRUE(written.member(column.name()) || is_zero(column)) << column.name();
  }
  for (VectorMember const& vector : written.vectors) {
    VectorMember const* const found = read.vector(vector.name);
    ASSERT_NE(found, nullptr) << vector.name;
    EXPECT_EQ(found->element_type, vector.element_type);
    for (Column const& column : vector.columns)
      EXPECT_NE(std::find(found->columns.begin(), found->columns.end(), column), found->columns.end())
          << vector.name << "." << column.name();
  }
  for (Relation const& relation : written.relations) {
    ASSERT_NE(read.relation(relation.name), nullptr) << relation.name;
    EXPECT_EQ(*read.relation(relation.name), relation);
  }
  for (Relation const& relation : read.relations) {
    if (written.relation(relation.name)) continue;
    for (ObjectRef const target : relation.targets) EXPECT_EQ(target, ObjectRef{}) << relation.name;
  }
}

void expect_holds(Frame const& read, Frame const& written) {
  ASSERT_EQ(read.collections.size(), written.collections.size());
  for (std::size_t k = 0; k < read.collections.size(); ++k) {
    ASSERT_EQ(read.collections[k].name, written.collections[k].name);
    expect_holds(read.collections[k], written.collections[k]);
  }
  EXPECT_EQ(read.parameters, written.parameters);
}

class Writing : public ::testing::TestWithParam<Container> {
 protected:
  [[nodiscard]] WriterOptions options(Frame const& frame) const { return {GetParam(), schema_of(frame), {}}; }

  TemporaryDirectory directory_;
  std::string path_ = directory_ / "out.root";
};

INSTANTIATE_TEST_SUITE_P(Containers, Writing, ::testing::Values(Container::ttree, Container::rntuple),
                         [](auto const& test) {
                           return test.param == Container::ttree ? "TTree" : "RNTuple";
                         });

// --- What goes in comes out ----------------------------------------------------------------------------

TEST_P(Writing, EventsComeBackAsTheyWere) {
  std::vector<Frame> const frames = {small_event(0), small_event(1), small_event(2)};
  testing::write_file(path_, frames, options(frames[0]));
  auto const read = read_all(path_);
  ASSERT_EQ(read.size(), frames.size());
  for (std::size_t entry = 0; entry < read.size(); ++entry) expect_holds(read[entry], frames[entry]);
}

TEST_P(Writing, ChunksAreJoinedInOrder) {
  std::size_t const n = 2 * events_per_chunk + 7;
  testing::write_small_events(path_, n, 1000, GetParam());
  auto const read = read_all(path_);
  ASSERT_EQ(read.size(), n);
  for (std::size_t entry = 0; entry < n; ++entry) expect_holds(read[entry], small_event(1000 + entry));
}

TEST_P(Writing, EveryTypeOfEdm4hepSurvives) {
  if (!std::filesystem::exists(data_file("edm4hep_example_ttree.root")))
    GTEST_SKIP() << data_file("edm4hep_example_ttree.root") << " is not there";
  auto const source = open_source(data_file("edm4hep_example_ttree.root"));
  auto const original = read_all(data_file("edm4hep_example_ttree.root"));
  testing::write_file(path_, original, {GetParam(), source->collections(), source->info().metadata});
  auto const copy = read_all(path_);
  ASSERT_EQ(copy.size(), original.size());
  for (std::size_t entry = 0; entry < copy.size(); ++entry) {
    ASSERT_EQ(copy[entry].collections.size(), original[entry].collections.size());
    for (std::size_t k = 0; k < copy[entry].collections.size(); ++k)
      EXPECT_EQ(copy[entry].collections[k], original[entry].collections[k])
          << original[entry].collections[k].name;
    EXPECT_EQ(copy[entry].parameters, original[entry].parameters);
  }
  EXPECT_EQ(open_source(path_)->info().metadata, source->info().metadata);
}

TEST_P(Writing, FileSaysWhatItIs) {
  WriterOptions with_metadata = options(small_event(0));
  with_metadata.metadata["EcalHits__CellIDEncoding"] = std::vector<std::string>{"system:5,layer:8"};
  with_metadata.metadata["numbers"] = std::vector<double>{1, 2};
  testing::write_file(path_, {small_event(0)}, with_metadata);
  auto const source = open_source(path_);
  FileInfo const& info = source->info();
  EXPECT_EQ(info.format, GetParam() == Container::ttree ? "EDM4hep TTree" : "EDM4hep RNTuple");
  EXPECT_EQ(info.layout, "podio 1.7.0");
  EXPECT_EQ(info.schema, "EDM4hep 1.0.0");
  EXPECT_EQ(info.metadata, with_metadata.metadata);
}

TEST_P(Writing, CollectionsThatAnEventLacksAreEmptyThere) {
  Frame lacking = small_event(1);
  std::erase_if(lacking.collections,
                [](Collection const& c) { return c.name == "Tracks" || c.name == "Chosen"; });
  lacking.parameters.clear();
  testing::write_file(path_, {small_event(0), lacking, small_event(2)}, options(small_event(0)));
  auto const read = read_all(path_);
  ASSERT_EQ(read.size(), 3U);
  expect_holds(read[0], small_event(0));
  expect_holds(read[2], small_event(2));
  for (char const* name : {"Tracks", "Chosen"}) {
    ASSERT_NE(read[1].find(name), nullptr);
    EXPECT_EQ(read[1].find(name)->size, 0U);
    EXPECT_EQ(read[1].find(name)->type, small_event(0).find(name)->type);
  }
  EXPECT_TRUE(read[1].parameters.empty());
}

TEST_P(Writing, EmptyEventIsAnEvent) {
  testing::write_file(path_, {Frame{}, small_event(1), Frame{}}, options(small_event(0)));
  auto const read = read_all(path_);
  ASSERT_EQ(read.size(), 3U);
  for (Collection const& collection : read[2].collections) EXPECT_EQ(collection.size, 0U) << collection.name;
  expect_holds(read[1], small_event(1));
}

TEST_P(Writing, FileWithoutEventsIsAFile) {
  testing::write_file(path_, {}, options(small_event(0)));
  auto const source = open_source(path_);
  EXPECT_EQ(source->info().entries, 0U);
  EXPECT_EQ(source->collections().size(), small_event(0).collections.size());
}

TEST_P(Writing, FileWithoutCollectionsIsAFile) {
  testing::write_file(path_, {Frame{}, Frame{}}, {GetParam(), {}, {}});
  auto const read = read_all(path_);
  ASSERT_EQ(read.size(), 2U);
  EXPECT_TRUE(read[0].collections.empty());
}

// --- Same events, same bytes ---------------------------------------------------------------------------

TEST_P(Writing, BytesDependOnTheEventsAlone) {
  testing::write_small_events(path_, events_per_chunk + 3, 0, GetParam());
  testing::write_small_events(directory_ / "a second file with a longer name.root", events_per_chunk + 3, 0,
                              GetParam());
  EXPECT_TRUE(bytes_of(path_) == bytes_of(directory_ / "a second file with a longer name.root"));
  testing::write_small_events(directory_ / "other.root", events_per_chunk + 3, 1, GetParam());
  EXPECT_FALSE(bytes_of(path_) == bytes_of(directory_ / "other.root"));
}

// --- What cannot be written ----------------------------------------------------------------------------

TEST_P(Writing, CollectionThatTheSchemaLacksIsRefused) {
  Frame lacking = small_event(0);
  std::erase_if(lacking.collections, [](Collection const& c) { return c.name == "Tracks"; });
  std::string const message = complaint<core::DataError>([&] {
    testing::write_file(path_, {lacking, small_event(1)}, options(lacking));
  });
  EXPECT_NE(message.find("'Tracks'"), std::string::npos) << message;
  EXPECT_TRUE(directory_.is_empty());
}

TEST_P(Writing, CollectionsOutsideEdm4hepAreLeftOut) {
  Frame frame = small_event(0);
  Frame const without = frame;
  frame.collections.push_back(testing::CollectionMaker("Zzz", "edm4hep::TPCHit", 1));
  EXPECT_FALSE(is_writable("edm4hep::TPCHit"));
  testing::write_file(path_, {frame}, options(without));
  expect_holds(read_all(path_)[0], without);
}

TEST_P(Writing, PathThatCannotBeWrittenIsTheMachinesFault) {
  std::string const path = directory_ / "missing/out.root";
  std::string const message = complaint<core::EnvironmentError>(
      [&] { testing::write_file(path, {small_event(0)}, options(small_event(0))); });
  EXPECT_NE(message.find(directory_ / "missing"), std::string::npos) << message;
  EXPECT_TRUE(directory_.is_empty());
}

TEST_P(Writing, NothingIsLeftOfAnUnfinishedFile) {
  {
    Writer writer(path_, options(small_event(0)));
    for (std::size_t k = 0; k <= events_per_chunk; ++k) writer.write(small_event(k));
    EXPECT_FALSE(std::filesystem::exists(path_));
  }
  EXPECT_TRUE(directory_.is_empty());
}

TEST_P(Writing, PreviousFileSurvivesAFailure) {
  testing::write_bytes(path_, "precious");
  { Writer writer(path_, options(small_event(0))); }
  EXPECT_EQ(bytes_of(path_), "precious");
}

TEST_P(Writing, FullDiskIsReportedAndLeavesNothing) {
  // A limit on the size of files stands for a disk that is full: small enough to hit the first chunk, or
  // only the end.
  testing::write_small_events(path_, events_per_chunk + 5, 0, GetParam());
  auto const size = std::filesystem::file_size(path_);
  std::filesystem::remove(path_);
  for (auto const limit : {std::uintmax_t{4096}, size / 2, size - 100}) {
    Outcome const outcome = run_contained(0, [&] {
      std::signal(SIGXFSZ, SIG_IGN);
      struct rlimit const file_size{limit, limit};
      ::setrlimit(RLIMIT_FSIZE, &file_size);
      std::string const message = complaint<core::EnvironmentError>(
          [&] { testing::write_small_events(path_, events_per_chunk + 5, 0, GetParam()); });
      return message.starts_with(path_) ? 0 : message.empty() ? 1 : 2;
    });
    EXPECT_EQ(outcome.end, Outcome::End::done) << limit << " of " << size << " bytes: " << outcome.describe();
    EXPECT_EQ(outcome.exit_code, 0) << limit << " of " << size << " bytes";
    EXPECT_TRUE(directory_.is_empty()) << limit << " of " << size << " bytes";
  }
}

}  // namespace
}  // namespace corpuscle::io
