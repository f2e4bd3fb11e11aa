// `corpuscle evaluate` as a user meets it.
#include <limits>
#include <nlohmann/json.hpp>

#include "cli/program.hpp"
#include "corpuscle/config/detector.hpp"
#include "corpuscle/core/random.hpp"
#include "corpuscle/io/pipeline.hpp"

namespace corpuscle {
namespace {

constexpr int verdict = 5;
constexpr char const* gates = CORPUSCLE_SOURCE_DIR "/gates/unchanged.yaml";

/// Particles of the file with deliberate faults.
struct Faults {
  double scale = 1;  ///< of energies and momenta
  double loss = 0;   ///< probability to lose a particle
};

class Spoil final : public io::EventProcessor {
 public:
  explicit Spoil(Faults const& faults) : faults_(faults) {}

  void process(event::Event const& event, io::EventBuilder const& builder, io::Frame& frame) override {
    event::Particles const& all = event.stored;
    event::Particles kept;
    core::Random random({3, static_cast<std::uint64_t>(event.number)});
    for (std::size_t row = 0; row < all.size(); ++row) {
      if (random.uniform() < faults_.loss) continue;
      std::size_t const at = kept.size();
      kept.resize(at + 1);
      kept.particle_class[at] = all.particle_class[row];
      kept.pdg[at] = all.pdg[row];
      kept.charge[at] = all.charge[row];
      kept.mass[at] = all.mass[row];
      for (auto column :
           {&event::Particles::energy, &event::Particles::px, &event::Particles::py, &event::Particles::pz})
        (kept.*column)[at] = static_cast<float>(faults_.scale) * (all.*column)[row];
      kept.tracks.push_back(all.tracks[row]);
      kept.clusters.push_back(all.clusters[row]);
    }
    builder.add_particles(frame, kept, "CorpuscleParticles");
  }
  std::vector<std::byte> take_report() override { return {}; }

 private:
  Faults faults_;
};

class CliEvaluate : public Cli {
 protected:
  /// Simulated and reconstructed; false if this build cannot.
  bool make_sample(int n, std::string const& path) const {
    std::string const raw = directory_ / "raw.edm4hep.root";
    Answer answer = run({"simulate", "ttbar", "-n", std::to_string(n), "-o", raw});
    if (answer.exit_code != success) return false;
    answer = run({"reconstruct", raw, "-o", path});
    EXPECT_EQ(answer.exit_code, success) << answer.err;
    return answer.exit_code == success;
  }

  static void spoil(std::string const& from, std::string const& to, Faults const& faults) {
    io::PipelineConfig config;
    config.inputs = {from};
    config.output = to;
    for (detector::Detector known : config::built_in_detectors()) {
      known.collections.particles = {"CorpuscleParticles"};
      config.known_detectors.push_back(std::move(known));
    }
    config.added = {io::EventBuilder::particle_collection("CorpuscleParticles")};
    config.make_processor = [&] { return std::make_unique<Spoil>(faults); };
    io::run_pipeline(config);
  }

  [[nodiscard]] Arguments evaluate(std::string const& file, Arguments const& more) const {
    Arguments arguments = {"evaluate", file, "-o", report_, "--numbers-only"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  [[nodiscard]] nlohmann::json numbers() const {
    return nlohmann::json::parse(testing::bytes_of(report_ + "/numbers.json"));
  }

  /// A file of small events of ours, changed by `change`.
  template <class Change>
  [[nodiscard]] std::string small_file(std::string const& name, int n, Change const& change) const {
    std::string const path = directory_ / name;
    std::vector<io::Frame> frames;
    for (int number = 0; number < n; ++number) {
      frames.push_back(testing::small_event(static_cast<std::uint64_t>(number)));
      change(frames.back());
    }
    io::Writer writer(path, {io::Container::ttree, testing::schema_of(testing::small_event(0)), {}});
    for (io::Frame const& frame : frames) writer.write(frame);
    writer.finish();
    return path;
  }
  static void empty(io::Frame& frame, std::string const& name) {
    for (io::Collection& collection : frame.collections)
      if (collection.name == name) {
        io::Collection bare;
        bare.name = collection.name;
        bare.type = collection.type;
        bare.id = collection.id;
        collection = bare;
      }
  }

  std::string const report_ = outputs_ / "report";
};

TEST_F(CliEvaluate, HelpShowsExamples) {
  Answer const answer = run({"evaluate", "--help"});
  EXPECT_EQ(answer.exit_code, success) << answer.err;
  EXPECT_TRUE(contains(answer.out, "Examples:\n  corpuscle evaluate")) << answer.out;
}

// 100 ttbar events are 10,000 particles, of which 0.5 % are 50: seen in pairs, that is 7 sigma.
TEST_F(CliEvaluate, AShiftOfOnePercentAndALossOfHalfAPercentFailTheGates) {
  std::string const before = directory_ / "before.edm4hep.root";
  if (!make_sample(100, before)) GTEST_SKIP() << "this build generates no ttbar events";
  std::string const after = directory_ / "after.edm4hep.root";
  Arguments const options{"--lines", "stored", "--compare", "before=" + before, "--gate", gates};
  spoil(before, after, {});
  Answer answer = run(evaluate(after, options));
  EXPECT_EQ(answer.exit_code, success) << answer.err << answer.out;
  spoil(before, after, {.scale = 1.01});
  answer = run(evaluate(after, options));
  EXPECT_EQ(answer.exit_code, verdict) << answer.err << answer.out;
  EXPECT_TRUE(contains(answer.out, "FAIL")) << answer.out;
  spoil(before, after, {.loss = 0.005});
  answer = run(evaluate(after, options));
  EXPECT_EQ(answer.exit_code, verdict) << answer.err << answer.out;
}

// What CI runs: limits with room for four sigma of 200 events are wide enough for these 100 as well (sqrt(2)
// more).
TEST_F(CliEvaluate, TheRulesPassTheirGates) {
  std::string const file = directory_ / "ttbar.edm4hep.root";
  if (run({"simulate", "ttbar", "-n", "100", "-o", file}).exit_code != success)
    GTEST_SKIP() << "this build generates no ttbar events";
  Answer const answer = run(evaluate(
      file, {"--lines", "rules,perfect,naive", "--gate", CORPUSCLE_SOURCE_DIR "/gates/ttbar_rules.yaml"}));
  EXPECT_EQ(answer.exit_code, success) << answer.err << answer.out;
  auto const width = [json = numbers()](char const* line) {
    return json.at("lines")
        .at(line)
        .at("figures")
        .at("jets/ee_genkt_R0.4/response_iqr_over_median")
        .at("value")
        .get<double>();
  };
  EXPECT_LT(width("perfect"), width("rules"));
  EXPECT_LT(width("rules"), width("naive"));
}

TEST_F(CliEvaluate, AnyNumberOfThreadsGivesTheSameNumbers) {
  std::string const file = small_file("small.edm4hep.root", 7, [](io::Frame&) {});
  std::string bytes[2];
  for (int const threads : {1, 2}) {
    Answer const answer = run(evaluate(file, {"--detector", "clic", "--threads", std::to_string(threads)}));
    EXPECT_EQ(answer.exit_code, success) << answer.err;
    bytes[threads - 1] = testing::bytes_of(report_ + "/numbers.json");
  }
  EXPECT_TRUE(bytes[0] == bytes[1]);
}

TEST_F(CliEvaluate, ParticlesAgainstThemselvesArePerfect) {
  NEEDS(lcio_);
  Answer const answer = run(evaluate(lcio_, {"--reference", "PandoraPFOs", "--lines", "PandoraPFOs"}));
  EXPECT_EQ(answer.exit_code, success) << answer.err;
  auto const figures = numbers().at("lines").at("PandoraPFOs").at("figures");
  EXPECT_EQ(figures.at("particles/all/efficiency").at("value"), 1);
  EXPECT_EQ(figures.at("particles/all/fake_rate").at("value"), 0);
  EXPECT_EQ(figures.at("event/energy/response_median").at("value"), 1);
}

TEST_F(CliEvaluate, NeutralParticlesCanBeMatchedWithoutTheirClusters) {
  std::string const file = directory_ / "photons.edm4hep.root";
  ASSERT_EQ(run({"simulate", "gun", "--pdg", "22", "--energy", "10", "-n", "20", "-o", file}).exit_code,
            success);
  auto const rules = [&](Arguments more) {
    more.insert(more.end(), {"--lines", "rules"});
    Answer const answer = run(evaluate(file, more));
    EXPECT_EQ(answer.exit_code, success) << answer.err;
    return numbers().at("lines").at("rules");
  };
  auto const efficiency = [](nlohmann::json const& line) {
    return line.at("figures").at("particles/photon/efficiency_hard").at("value").get<double>();
  };
  auto const by_truth = rules({}), by_direction = rules({"--neutrals-by-direction"});
  EXPECT_EQ(by_truth.at("counts").at("test_by_direction"), 0);
  EXPECT_EQ(by_direction.at("counts").at("test_by_direction"),
            by_direction.at("counts").at("test_particles"));
  EXPECT_GT(efficiency(by_truth), 0.8);
  EXPECT_NEAR(efficiency(by_direction), efficiency(by_truth), 0.1);  // two photons of 20
}

TEST_F(CliEvaluate, OtherPeoplesParticlesAreEvaluatedAgainstTheTruthOfTheirFile) {
  NEEDS(lcio_);
  Answer const answer = run(evaluate(lcio_, {}));
  EXPECT_EQ(answer.exit_code, success) << answer.err;
  auto const lines = numbers().at("lines");
  for (char const* line : {"stored", "rules", "perfect", "naive"}) EXPECT_TRUE(lines.contains(line)) << line;
  // Pandora, 5 events at 250 GeV: it finds the charged particles.
  EXPECT_GT(lines.at("stored").at("figures").at("particles/charged_hadron/efficiency_hard").at("value"), 0.9);
}

// --- Bad input
// -----------------------------------------------------------------------------------------------

TEST_F(CliEvaluate, AFileWithoutEventsSaysSo) {
  std::string const file = small_file("none.edm4hep.root", 0, [](io::Frame&) {});
  expect_failure(evaluate(file, {"--detector", "clic"}), data, "no events");
}

TEST_F(CliEvaluate, AFileWithoutTruthSaysSo) {
  std::string const file = small_file("observed.edm4hep.root", 2, [](io::Frame& frame) {
    for (char const* name : {"MCParticles", "ClusterLinks", "TrackLinks"}) empty(frame, name);
  });
  expect_failure(evaluate(file, {"--detector", "clic"}), data, "no generated particles");
}

TEST_F(CliEvaluate, AFileWithoutLinksIsMeasuredAgainstTheGeneratorAndSaysSo) {
  std::string const file = small_file("unlinked.edm4hep.root", 2, [](io::Frame& frame) {
    for (char const* name : {"ClusterLinks", "TrackLinks"}) empty(frame, name);
  });
  Answer const answer = run(evaluate(file, {"--detector", "clic"}));
  EXPECT_EQ(answer.exit_code, success) << answer.err;
  EXPECT_TRUE(contains(answer.err, "2 events without links")) << answer.err;
  EXPECT_TRUE(contains(numbers().at("notes").dump(), "without links"));
}

TEST_F(CliEvaluate, AnEventWithNaNStopsTheWorkOrIsCounted) {
  std::string const file = small_file("nan.edm4hep.root", 3, [](io::Frame& frame) {
    io::Collection const* header = frame.find("EventHeader");
    if (header->member("eventNumber")->at<std::int64_t>(0) != 1) return;
    for (io::Collection& collection : frame.collections)
      if (collection.name == "PandoraPFOs")
        for (io::Column& column : collection.members)
          if (column.name() == "energy")
            column = io::Column::of<float>("energy",
                                           std::vector<float>{std::numeric_limits<float>::quiet_NaN(), 4});
  });
  expect_failure(evaluate(file, {"--detector", "clic"}), data, "entry 1");
  EXPECT_TRUE(outputs().empty());
  Answer const answer = run(evaluate(file, {"--detector", "clic", "--keep-going"}));
  EXPECT_EQ(answer.exit_code, data) << answer.err;
  EXPECT_EQ(numbers().at("events").at("number"), 2);
  EXPECT_TRUE(contains(numbers().at("notes").dump(), "left out for damage: 1")) << numbers().at("notes");
}

TEST_F(CliEvaluate, FilesOfOtherEventsAreNotCompared) {
  auto const nothing = [](io::Frame&) {};
  std::string const file = small_file("a.edm4hep.root", 2, nothing);
  auto const compared = [&](std::string const& other) {
    return evaluate(file, {"--detector", "clic", "--lines", "stored", "--compare", "b=" + other});
  };
  EXPECT_EQ(run(compared(small_file("b.edm4hep.root", 1, nothing))).exit_code, success);
  EXPECT_EQ(numbers().at("events").at("number"), 1);
  EXPECT_TRUE(contains(numbers().at("notes").dump(), "not all lines have them: 1 event"))
      << numbers().at("notes");

  std::string const renumbered = small_file("c.edm4hep.root", 2, [](io::Frame& frame) {
    for (io::Collection& collection : frame.collections)
      if (collection.name == "EventHeader")
        for (io::Column& column : collection.members)
          if (column.name() == "eventNumber")
            column = io::Column::of<std::uint64_t>(
                "eventNumber", std::vector<std::uint64_t>{column.at<std::uint64_t>(0) + 100});
  });
  expect_failure(compared(renumbered), data, "no event in common");

  std::string const others = small_file("d.edm4hep.root", 2, [](io::Frame& frame) {
    for (io::Collection& collection : frame.collections)
      if (collection.name == "MCParticles")
        for (io::Column& column : collection.members)
          if (column.name() == "momentum.x")
            column = io::Column::of<double>("momentum.x", std::vector<double>{80, 0, 0});
  });
  expect_failure(compared(others), data, "must hold the same events");
}

TEST_F(CliEvaluate, WhatIsNotThereIsNamed) {
  std::string const file = small_file("a.edm4hep.root", 1, [](io::Frame&) {});
  expect_failure(evaluate(file, {"--detector", "clic", "--lines", "MyPfos"}), data, "MyPfos");
  expect_failure(evaluate(file, {"--detector", "clic", "--reference", "MyPfos"}), data, "PandoraPFOs");
  expect_failure(evaluate(file, {"--compare", "b"}), usage, "NAME=FILE");
  expect_failure(evaluate(file, {"--lines", "rules,rules"}), usage, "rules");
  expect_failure(evaluate(file, {"--gate", directory_ / "none.yaml"}), environment, "none.yaml");
  expect_failure(evaluate(file, {"--stored", directory_ / "none.json"}), environment, "none.json");
  expect_failure(evaluate(directory_ / "none.root", {}), environment, "none.root");
}

}  // namespace
}  // namespace corpuscle
