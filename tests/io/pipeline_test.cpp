#include "corpuscle/io/pipeline.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <numeric>

#include "corpuscle/core/error.hpp"
#include "corpuscle/io/contained.hpp"
#include "support/frames.hpp"

namespace corpuscle::io {
namespace {

using testing::bytes_of;
using testing::complaint;
using testing::read_all;
using testing::TemporaryDirectory;
using testing::write_small_events;

constexpr std::uint64_t none = ~std::uint64_t{0};

/// Puts the stored particles back as "Ours", reports the numbers of the events it saw, and at one of them
/// does something dreadful.
class Recorder final : public EventProcessor {
 public:
  enum class Deed { nothing, crash, refuse };
  Recorder(Deed deed, std::uint64_t victim) : deed_(deed), victim_(victim) {}

  void process(event::Event const& event, EventBuilder const& builder, Frame& frame) override {
    auto const number = static_cast<std::uint64_t>(event.number);
    if (number == victim_ && deed_ == Deed::crash) std::raise(SIGSEGV);
    if (number == victim_ && deed_ == Deed::refuse) throw core::DataError("this one is not for me");
    builder.add_particles(frame, event.stored, "Ours");
    seen_.push_back(number);
  }
  std::vector<std::byte> take_report() override {
    auto const bytes = std::as_bytes(std::span(seen_));
    std::vector<std::byte> const report(bytes.begin(), bytes.end());
    seen_.clear();
    return report;
  }

 private:
  Deed deed_;
  std::uint64_t victim_;
  std::vector<std::uint64_t> seen_;
};

class Pipeline : public ::testing::Test {
 protected:
  using Deed = Recorder::Deed;

  std::string input(std::string const& name, std::size_t events, std::uint64_t first = 0) {
    write_small_events(directory_ / name, events, first);
    return directory_ / name;
  }

  [[nodiscard]] PipelineConfig config(std::vector<std::string> inputs, unsigned workers = 1) {
    PipelineConfig result;
    result.inputs = std::move(inputs);
    result.output = directory_ / "out.root";
    result.workers = workers;
    result.added = {EventBuilder::particle_collection("Ours")};
    result.detector.emplace().name = "Toy";
    result.make_processor = [] { return std::make_unique<Recorder>(Deed::nothing, none); };
    result.on_report = [this](std::span<std::byte const> report) {
      std::size_t const before = reported_.size();
      reported_.resize(before + report.size() / sizeof(std::uint64_t));
      if (!report.empty()) std::memcpy(reported_.data() + before, report.data(), report.size());
    };
    return result;
  }

  /// Numbers of the events in the output.
  [[nodiscard]] std::vector<std::uint64_t> written() const {
    std::vector<std::uint64_t> numbers;
    for (Frame const& frame : read_all(directory_ / "out.root"))
      numbers.push_back(frame.find("EventHeader")->member("eventNumber")->at<std::uint64_t>(0));
    return numbers;
  }

  static std::vector<std::uint64_t> numbers(std::uint64_t first, std::uint64_t last) {
    std::vector<std::uint64_t> result(last - first);
    std::iota(result.begin(), result.end(), first);
    return result;
  }

  /// Files in the directory other than these.
  [[nodiscard]] std::vector<std::string> others(std::vector<std::string> const& inputs) const {
    std::vector<std::string> found;
    for (auto const& entry : std::filesystem::directory_iterator(directory_.path()))
      if (std::find(inputs.begin(), inputs.end(), entry.path().string()) == inputs.end())
        found.push_back(entry.path().string());
    return found;
  }

  TemporaryDirectory directory_;
  std::vector<std::uint64_t> reported_;
};

// --- What is delivered -----------------------------------------------------------------------------------

TEST_F(Pipeline, EventsKeepTheirCollectionsAndGainOurs) {
  auto const result = run_pipeline(config({input("in.root", 3)}));
  EXPECT_EQ(result.events, 3U);
  EXPECT_EQ(result.detector, "Toy");
  EXPECT_TRUE(result.damage.empty() && result.not_kept.empty());
  auto const before = read_all(directory_ / "in.root");
  auto after = read_all(directory_ / "out.root");
  ASSERT_EQ(after.size(), 3U);
  for (std::size_t entry = 0; entry < 3; ++entry) {
    Collection const* const ours = after[entry].find("Ours");
    ASSERT_NE(ours, nullptr);
    EXPECT_EQ(*ours->member("energy"), *before[entry].find("PandoraPFOs")->member("energy"));
    EXPECT_EQ(*ours->relation("tracks"), *before[entry].find("PandoraPFOs")->relation("tracks"));
    std::erase_if(after[entry].collections, [](Collection const& c) { return c.name == "Ours"; });
    EXPECT_EQ(after[entry], before[entry]);
  }
}

TEST_F(Pipeline, AnyNumberOfWorkersWritesTheSameBytesInOrder) {
  std::string const in = input("in.root", 450);
  for (Container const container : {Container::ttree, Container::rntuple}) {
    std::string first;
    for (unsigned workers = 1; workers <= 3; ++workers) {
      PipelineConfig settings = config({in}, workers);
      settings.container = container;
      reported_.clear();
      EXPECT_EQ(run_pipeline(settings).events, 450U);
      EXPECT_EQ(reported_, numbers(0, 450));
      std::string const bytes = bytes_of(settings.output);
      if (workers == 1) {
        first = bytes;
        EXPECT_EQ(written(), numbers(0, 450));
      }
      EXPECT_TRUE(bytes == first) << workers << " workers";
    }
  }
}

TEST_F(Pipeline, SeveralInputsFollowEachOther) {
  std::vector<std::string> const inputs = {input("a.root", 130), input("b.root", 0),
                                           input("c.root", 20, 130)};
  EXPECT_EQ(run_pipeline(config(inputs, 2)).events, 150U);
  EXPECT_EQ(written(), numbers(0, 150));
  EXPECT_EQ(reported_, numbers(0, 150));
}

TEST_F(Pipeline, RangeOfEventsIsCountedThroughAllInputs) {
  std::vector<std::string> const inputs = {input("a.root", 130), input("b.root", 120, 130)};
  struct Case {
    std::size_t first;
    std::optional<std::size_t> last;
    std::vector<std::uint64_t> expected;
  };
  for (auto const& [first, last, expected] :
       {Case{0, 1, numbers(0, 1)}, Case{128, 133, numbers(128, 133)}, Case{110, 240, numbers(110, 240)},
        Case{249, {}, numbers(249, 250)}, Case{5, 5, {}}, Case{140, 100000, numbers(140, 250)}}) {
    PipelineConfig settings = config(inputs, 2);
    settings.first = first;
    settings.last = last;
    EXPECT_EQ(run_pipeline(settings).events, expected.size());
    EXPECT_EQ(written(), expected);
  }
}

TEST_F(Pipeline, RangeThatBeginsBehindTheLastEventIsAWrongOption) {
  PipelineConfig settings = config({input("in.root", 5)});
  settings.first = 5;
  std::string const message = complaint<core::ConfigError>([&] { run_pipeline(settings); });
  EXPECT_NE(message.find("no event 5"), std::string::npos) << message;
  EXPECT_EQ(others(settings.inputs), std::vector<std::string>{});
}

TEST_F(Pipeline, InputWithoutEventsGivesAFileWithoutEvents) {
  PipelineConfig const settings = config({input("empty.root", 0)}, 2);
  EXPECT_EQ(run_pipeline(settings).events, 0U);
  EXPECT_TRUE(written().empty());
  EXPECT_EQ(open_source(settings.output)->collections().size(),
            testing::small_event(0).collections.size() + 1);
}

TEST_F(Pipeline, ProgressEndsWithEverythingDone) {
  PipelineConfig settings = config({input("in.root", 250)}, 2);
  std::vector<std::pair<std::size_t, std::size_t>> progress;
  settings.on_progress = [&](std::size_t done, std::size_t total) { progress.emplace_back(done, total); };
  run_pipeline(settings);
  ASSERT_FALSE(progress.empty());
  EXPECT_EQ(progress.back(), std::pair(std::size_t{250}, std::size_t{250}));
  EXPECT_TRUE(std::is_sorted(progress.begin(), progress.end()));
}

TEST_F(Pipeline, UnknownDetectorIsAskedFor) {
  PipelineConfig settings = config({input("in.root", 2)});
  settings.detector.reset();
  std::string const message = complaint<core::DataError>([&] { run_pipeline(settings); });
  EXPECT_TRUE(message.starts_with(settings.inputs[0])) << message;
  EXPECT_NE(message.find("--detector"), std::string::npos) << message;

  detector::Detector& toy = settings.known_detectors.emplace_back();
  toy.name = "Known";
  toy.signature.collections = {"Tracks", "EcalHits"};
  EXPECT_EQ(run_pipeline(settings).detector, "Known");
}

// --- Trouble ---------------------------------------------------------------------------------------------

TEST_F(Pipeline, CrashNamesFileAndEntryAndLeavesNothing) {
  std::string const in = input("in.root", 250);
  for (unsigned const workers : {1U, 2U}) {
    PipelineConfig settings = config({in}, workers);
    settings.make_processor = [] { return std::make_unique<Recorder>(Deed::crash, 137); };
    std::string const message = complaint<core::DataError>([&] { run_pipeline(settings); });
    EXPECT_TRUE(message.starts_with(in + ": ")) << message;
    EXPECT_NE(message.find("entry 137"), std::string::npos) << message;
    EXPECT_NE(message.find("signal 11"), std::string::npos) << message;
    EXPECT_EQ(others({in}), std::vector<std::string>{});
  }
}

TEST_F(Pipeline, WithKeepGoingExactlyTheEventThatCrashesIsLost) {
  std::string const in = input("in.root", 250);
  for (unsigned const workers : {1U, 2U}) {
    PipelineConfig settings = config({in}, workers);
    settings.keep_going = true;
    settings.make_processor = [] { return std::make_unique<Recorder>(Deed::crash, 137); };
    reported_.clear();
    auto const result = run_pipeline(settings);
    std::vector<std::uint64_t> expected = numbers(0, 250);
    expected.erase(expected.begin() + 137);
    EXPECT_EQ(result.events, 249U);
    EXPECT_EQ(written(), expected);
    EXPECT_EQ(reported_, expected);
    ASSERT_EQ(result.damage.size(), 1U);
    EXPECT_TRUE(result.damage[0].starts_with(in + ": ")) << result.damage[0];
    EXPECT_NE(result.damage[0].find("entry 137"), std::string::npos) << result.damage[0];
  }
}

TEST_F(Pipeline, WithKeepGoingExactlyTheEventThatIsRefusedIsLost) {
  PipelineConfig settings = config({input("in.root", 250)}, 2);
  settings.make_processor = [] { return std::make_unique<Recorder>(Deed::refuse, 42); };
  EXPECT_EQ(complaint<core::DataError>([&] { run_pipeline(settings); }), "this one is not for me");
  EXPECT_EQ(others(settings.inputs), std::vector<std::string>{});

  settings.keep_going = true;
  reported_.clear();
  auto const result = run_pipeline(settings);
  std::vector<std::uint64_t> expected = numbers(0, 250);
  expected.erase(expected.begin() + 42);
  EXPECT_EQ(written(), expected);
  EXPECT_EQ(reported_, expected);
  EXPECT_EQ(result.damage, std::vector<std::string>{"this one is not for me"});
}

TEST_F(Pipeline, WithKeepGoingInputsThatCannotBeOpenedAreLeftOut) {
  std::vector<std::string> const inputs = {directory_ / "missing.root", input("a.root", 10),
                                           directory_ / "garbage.root", input("b.root", 10, 10)};
  testing::write_bytes(inputs[2], "rootgarbage");
  PipelineConfig settings = config(inputs, 2);
  EXPECT_TRUE(complaint<core::EnvironmentError>([&] { run_pipeline(settings); }).starts_with(inputs[0]));
  settings.keep_going = true;
  auto const result = run_pipeline(settings);
  EXPECT_EQ(written(), numbers(0, 20));
  ASSERT_EQ(result.damage.size(), 2U);
  EXPECT_TRUE(result.damage[0].starts_with(inputs[0])) << result.damage[0];
  EXPECT_TRUE(result.damage[1].starts_with(inputs[2])) << result.damage[1];
}

TEST_F(Pipeline, FileWithNothingToReconstructFromIsRefused) {
  Frame frame = testing::small_event(0);
  std::erase_if(frame.collections,
                [](Collection const& c) { return c.name == "Tracks" || c.name == "Clusters"; });
  testing::write_file(directory_ / "in.root", {frame}, {Container::ttree, testing::schema_of(frame), {}});
  PipelineConfig const settings = config({directory_ / "in.root"});
  std::string const message = complaint<core::DataError>([&] { run_pipeline(settings); });
  EXPECT_NE(message.find("neither tracks nor clusters"), std::string::npos) << message;
  EXPECT_EQ(others(settings.inputs), std::vector<std::string>{});
}

TEST_F(Pipeline, OutputThatCannotBeWrittenIsFoundBeforeTheWorkStarts) {
  PipelineConfig settings = config({directory_ / "missing.root"});
  settings.output = directory_ / "nowhere/out.root";
  std::string const message = complaint<core::EnvironmentError>([&] { run_pipeline(settings); });
  EXPECT_NE(message.find("nowhere/out.root"), std::string::npos) << message;
}

// --- Events made in the program ---------------------------------------------------------------------------

/// Makes small events, reports their numbers, and at one of them does something dreadful.
class SmallEvents final : public FrameMaker {
 public:
  using Deed = Recorder::Deed;
  SmallEvents(Deed deed, std::uint64_t victim) : deed_(deed), victim_(victim) {}

  void make(std::size_t entry, Frame& frame) override {
    if (entry == victim_ && deed_ == Deed::crash) std::raise(SIGSEGV);
    if (entry == victim_ && deed_ == Deed::refuse) throw core::DataError("event 137: impossible");
    frame = testing::small_event(entry);
    seen_.push_back(entry);
  }
  std::vector<std::byte> take_report() override {
    auto const bytes = std::as_bytes(std::span(seen_));
    std::vector<std::byte> const report(bytes.begin(), bytes.end());
    seen_.clear();
    return report;
  }

 private:
  Deed deed_;
  std::uint64_t victim_;
  std::vector<std::uint64_t> seen_;
};

class MadePipeline : public Pipeline {
 protected:
  [[nodiscard]] PipelineConfig made(std::size_t first, std::size_t last, unsigned workers,
                                    Deed deed = Deed::nothing) {
    PipelineConfig result = config({}, workers);
    result.first = first;
    result.last = last;
    result.added.clear();
    result.make_processor = nullptr;
    MadeEvents& events = result.made.emplace();
    events.name = "small events";
    events.collections = testing::schema_of(testing::small_event(0));
    events.metadata["who"] = std::vector<std::string>{"we"};
    events.memory = std::size_t{1} << 30;
    events.make_maker = [deed] { return std::make_unique<SmallEvents>(deed, 137); };
    return result;
  }
};

TEST_F(MadePipeline, AnyNumberOfWorkersWritesTheSameBytesInOrder) {
  std::string first;
  for (unsigned workers = 1; workers <= 3; ++workers) {
    PipelineConfig const settings = made(10, 260, workers);
    reported_.clear();
    EXPECT_EQ(run_pipeline(settings).events, 250U);
    EXPECT_EQ(written(), numbers(10, 260));
    EXPECT_EQ(reported_, numbers(10, 260));
    std::string const bytes = bytes_of(settings.output);
    if (workers == 1) first = bytes;
    EXPECT_TRUE(bytes == first) << workers << " workers";
  }
}

TEST_F(MadePipeline, FramesAndMetadataAreThoseThatWereMade) {
  run_pipeline(made(136, 139, 2));
  auto const frames = read_all(directory_ / "out.root");
  ASSERT_EQ(frames.size(), 3U);
  testing::write_file(directory_ / "direct.root", {testing::small_event(137)},
                      {Container::ttree, testing::schema_of(testing::small_event(0)), {}});
  EXPECT_EQ(frames[1], read_all(directory_ / "direct.root")[0]);
  EXPECT_EQ(open_source(directory_ / "out.root")->info().metadata.count("who"), 1U);
}

TEST_F(MadePipeline, AnEventThatCannotBeMadeEndsTheWork) {
  PipelineConfig settings = made(0, 250, 2, Deed::refuse);
  EXPECT_EQ(complaint<core::DataError>([&] { run_pipeline(settings); }), "event 137: impossible");
  EXPECT_EQ(others({}), std::vector<std::string>{});
  settings.keep_going = true;
  EXPECT_EQ(run_pipeline(settings).events, 249U);
}

TEST_F(MadePipeline, ACrashIsOurBugAndNamesTheEvent) {
  PipelineConfig const settings = made(0, 250, 2, Deed::crash);
  std::string const message = complaint<core::Error>([&] { run_pipeline(settings); });
  EXPECT_NE(message.find("small events: internal error"), std::string::npos) << message;
  EXPECT_NE(message.find("entry 137"), std::string::npos) << message;
  EXPECT_EQ(others({}), std::vector<std::string>{});
}

TEST_F(MadePipeline, NoEventsAreAFile) {
  EXPECT_EQ(run_pipeline(made(5, 5, 2)).events, 0U);
  EXPECT_TRUE(written().empty());
}

// --- Memory ----------------------------------------------------------------------------------------------

TEST_F(Pipeline, PeakMemoryDoesNotGrowWithTheNumberOfEvents) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers keep freed memory";
#endif
  // The largest of all processes [kB], seen from a process of its own that has run nothing else.
  auto const peak = [&](std::string const& in) {
    std::string const result = directory_ / "peak";
    Outcome const outcome = run_contained(0, [&] {
      run_pipeline(config({in}, 2));
      long largest = 0;
      for (int const who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
        struct rusage usage {};
        ::getrusage(who, &usage);
        largest = std::max(largest, usage.ru_maxrss);
      }
      testing::write_bytes(result, std::to_string(largest));
      return 0;
    });
    EXPECT_EQ(outcome.end, Outcome::End::done) << outcome.describe();
    return std::stod(bytes_of(result));
  };
  std::string const few_events = input("few.root", 400);
  std::string const many_events = input("many.root", 4000);
  double const few = peak(few_events);
  double const many = peak(many_events);
  std::printf("peak memory: %.0f MB for 400 events, %.0f MB for 4000\n", few / 1024, many / 1024);
  EXPECT_LT(many, 1.1 * few);
}

}  // namespace
}  // namespace corpuscle::io
