// `corpuscle simulate` and `generate` as a user meets them. Mostly photons of 1 GeV: what takes time is the
// start.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/program.hpp"

namespace corpuscle {
namespace {

class CliSimulate : public Cli {
 protected:
  /// The command line for `n` small events.
  [[nodiscard]] Arguments gun(int n, Arguments const& more = {}) const {
    Arguments arguments = {"simulate", "gun", "--pdg",           "22", "--energy",
                           "1",        "-n",  std::to_string(n), "-o", out_};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }

  /// Whether this build can make the events of a process.
  [[nodiscard]] bool has_pythia() const {
    return !contains(run({"generate", "z_qq", "-n", "1", "-o", directory_ / "probe.hepmc3"}).err, "Pythia");
  }

  /// Two collisions of nothing but a photon, in HepMC3.
  [[nodiscard]] std::string photons() const {
    std::string const path = directory_ / "photons.hepmc3";
    std::string text = "HepMC::Version 3.02.06\nHepMC::Asciiv3-START_EVENT_LISTING\n";
    for (char const* number : {"0", "1"})
      text += std::string("E ") + number + " 0 1\nU GEV MM\nP 1 0 22 3 4 0 5 0 1\n";
    testing::write_bytes(path, text + "HepMC::Asciiv3-END_EVENT_LISTING\n");
    return path;
  }
};

// --- Help ------------------------------------------------------------------------------------------------

TEST_F(CliSimulate, HelpShowsExamples) {
  for (char const* verb : {"simulate", "generate"}) {
    Answer const answer = run({verb, "--help"});
    EXPECT_EQ(answer.exit_code, success) << answer.err;
    EXPECT_TRUE(contains(answer.out, std::string("Examples:\n  corpuscle ") + verb)) << answer.out;
    EXPECT_TRUE(contains(run({"--help"}).out, std::string("\n  ") + verb));
  }
}

TEST_F(CliSimulate, ListNamesTheProcesses) {
  for (char const* verb : {"simulate", "generate"}) {
    Answer const answer = run({verb, "--list"});
    EXPECT_EQ(answer.exit_code, success) << answer.err;
    for (char const* process : {"ttbar", "qqbar", "ww", "zh_bb", "zh_tautau", "z_qq", "pileup"})
      EXPECT_TRUE(contains(answer.out, process)) << process;
  }
}

// --- Events ----------------------------------------------------------------------------------------------

TEST_F(CliSimulate, AnyNumberOfThreadsWritesTheSameBytes) {
  for (char const* format : {"ttree", "rntuple"}) {
    std::string bytes[2];
    for (int const threads : {1, 2}) {
      Answer const answer = run(gun(3, {"--threads", std::to_string(threads), "--format", format}));
      EXPECT_EQ(answer.exit_code, success) << answer.err;
      EXPECT_TRUE(contains(answer.out, "3 events of gun, detector CLIC_o3_v14")) << answer.out;
      bytes[threads - 1] = testing::bytes_of(out_);
    }
    EXPECT_GT(bytes[0].size(), 1000U);
    EXPECT_TRUE(bytes[0] == bytes[1]) << format;
  }
}

TEST_F(CliSimulate, AnEventMadeAloneIsTheSameAsAmongOthers) {
  ASSERT_EQ(run(gun(4, {"--multiplicity", "1:5"})).exit_code, success);
  auto const all = testing::read_all(out_);
  ASSERT_EQ(all.size(), 4U);
  ASSERT_EQ(run(gun(1, {"--multiplicity", "1:5", "--first", "2"})).exit_code, success);
  auto const alone = testing::read_all(out_);
  ASSERT_EQ(alone.size(), 1U);
  EXPECT_EQ(alone[0], all[2]);
  EXPECT_NE(alone[0], all[1]);
  EXPECT_EQ(alone[0].find("EventHeader")->member("eventNumber")->at<int>(0), 2);
  ASSERT_EQ(run(gun(1, {"--multiplicity", "1:5", "--first", "2", "--seed", "2"})).exit_code, success);
  EXPECT_NE(testing::read_all(out_)[0], all[2]);
}

TEST_F(CliSimulate, OtherCommandsReadWhatItWrites) {
  Answer answer = run(gun(3, {"--detector", "cld", "--json"}));
  ASSERT_EQ(answer.exit_code, success) << answer.err;
  auto const report = nlohmann::json::parse(answer.out, nullptr, false);
  ASSERT_FALSE(report.is_discarded()) << answer.out;
  EXPECT_EQ(report["events"], 3);
  EXPECT_EQ(report["detector"], "CLD_o2_v07");
  EXPECT_NEAR(report["energy_sum_GeV"]["came in"], 3, 1e-6);
  EXPECT_GT(report["calorimeter_hits"], 3);

  answer = run({"inspect", "--json", out_});
  ASSERT_EQ(answer.exit_code, success) << answer.err;
  auto const seen = nlohmann::json::parse(answer.out);
  EXPECT_EQ(seen["detector"], "CLD_o2_v07");
  EXPECT_EQ(seen["collections"]["MCParticles"]["objects"].get<int>() >= 3, true);
  EXPECT_EQ(seen["collections"]["PandoraClusters"]["objects"], report["clusters"]);

  answer = run({"reconstruct", out_, "-o", outputs_ / "particles.root", "--json"});
  ASSERT_EQ(answer.exit_code, success) << answer.err;
  EXPECT_EQ(nlohmann::json::parse(answer.out)["clusters"], report["clusters"]);
}

TEST_F(CliSimulate, ReadsHepMCFiles) {
  std::string const file = photons();
  Answer answer = run({"simulate", file, file, "--json", "-o", out_});
  ASSERT_EQ(answer.exit_code, success) << answer.err;
  EXPECT_EQ(nlohmann::json::parse(answer.out)["events"], 4);
  answer = run({"simulate", file, "--first", "1", "-n", "10", "--json", "-o", out_});
  ASSERT_EQ(answer.exit_code, success) << answer.err;
  auto const report = nlohmann::json::parse(answer.out);
  EXPECT_EQ(report["events"], 1);
  // Beams that cross at 20 mrad boost a photon of momentum (3, 4, 0): E' = gamma E + beta gamma px.
  EXPECT_NEAR(report["energy_sum_GeV"]["came in"], 5 * 1.00005 + 0.01 * 3, 1e-4);
  answer = run({"simulate", file, "-n", "1", "--detector-frame", "--json", "-o", out_});
  EXPECT_NEAR(nlohmann::json::parse(answer.out)["energy_sum_GeV"]["came in"], 5, 1e-6);
}

TEST_F(CliSimulate, GeneratedFilesAreSimulatedInTheirTurn) {
  for (char const* name : {"events.hepmc3", "events.hepmc3.gz"}) {
    std::string const file = directory_ / name;
    Answer answer = run({"generate", "gun", "--pdg", "13", "--energy", "50", "-n", "2", "-o", file});
    ASSERT_EQ(answer.exit_code, success) << answer.err;
    EXPECT_TRUE(contains(answer.out, "2 events of gun, 1.0 particles each")) << answer.out;
    answer = run({"simulate", file, "--json", "-o", out_});
    ASSERT_EQ(answer.exit_code, success) << answer.err;
    EXPECT_EQ(nlohmann::json::parse(answer.out)["events"], 2);
  }
}

TEST_F(CliSimulate, ProcessesComeFromPythia) {
  if (!has_pythia()) {
    expect_failure({"simulate", "ttbar", "-o", out_}, environment, "without Pythia 8");
    expect_failure(gun(1, {"--pileup", "1"}), environment, "without Pythia 8");
    GTEST_SKIP() << "built without Pythia";
  }
  Arguments const process = {"simulate", "z_qq", "--no-isr", "-n", "1", "--json", "-o", out_};
  Answer answer = run(process);
  ASSERT_EQ(answer.exit_code, success) << answer.err;
  auto report = nlohmann::json::parse(answer.out);
  EXPECT_GT(report["tracks"], 2);
  double const alone = report["energy_sum_GeV"]["came in"];
  EXPECT_NEAR(alone, 91.19, 0.1);

  Arguments with_pileup = process;
  with_pileup.insert(with_pileup.end(), {"--pileup", "5"});
  answer = run(with_pileup);
  ASSERT_EQ(answer.exit_code, success) << answer.err;
  EXPECT_GT(nlohmann::json::parse(answer.out)["energy_sum_GeV"]["came in"], alone);
}

TEST_F(CliSimulate, PhotonsOfARealGeneratorRunThroughTheWholeChain) {
  std::string const file = data_file("eeH250_pythia.hepmc3.gz");
  NEEDS(file);
  Answer const answer = run({"simulate", file, "-n", "2", "--json", "-o", out_});
  ASSERT_EQ(answer.exit_code, success) << answer.err;
  // Each event has 250 GeV, and the crossing angle adds its gamma: 1.00005.
  EXPECT_NEAR(nlohmann::json::parse(answer.out)["energy_sum_GeV"]["came in"], 2 * 250 * 1.00005, 0.1);
}

// --- Bad input -------------------------------------------------------------------------------------------

TEST_F(CliSimulate, WrongOptionsAreUsageErrors) {
  expect_failure({"simulate"}, usage, "--output");
  expect_failure({"simulate", "-o", out_}, usage, "which events");
  expect_failure({"simulate", "gun", "--pdg", "22"}, usage, "--output");
  expect_failure({"simulate", "ttbarr", "-o", out_}, usage, "ttbar");
  expect_failure({"simulate", "ttbar", "ww", "-o", out_}, usage, "one process");
  expect_failure({"simulate", "ttbar", "--pdg", "22", "-o", out_}, usage, "--pdg");
  expect_failure({"simulate", "gun", "-o", out_}, usage, "--pdg");
  expect_failure(gun(1, {"--no-isr"}), usage, "--no-isr");
  expect_failure(gun(1, {"--detector-frame"}), usage, "--detector-frame");
  expect_failure(gun(0), usage, "-n");
  expect_failure(gun(1, {"--frobnicate"}), usage, "--frobnicate");
  expect_failure(gun(1, {"--threads", "0"}), usage, "--threads");
  expect_failure(gun(1, {"--first", "-1"}), usage, "--first");
  expect_failure(gun(1, {"--first", "9223372036854775807"}), usage, "--first");
  expect_failure(gun(1, {"--pileup", "-1"}), usage, "--pileup");
  expect_failure(gun(1, {"--pileup", "nan"}), has_pythia() ? usage : environment, "nan");
  expect_failure(gun(1, {"--detector", "clik"}), usage, "clic");
  expect_failure(gun(1, {"--detector", "ild"}), usage, "simulation");
  EXPECT_EQ(outputs(), std::vector<std::string>{});
}

TEST_F(CliSimulate, ImpossibleGunsAreUsageErrors) {
  auto const shoot = [&](Arguments arguments) {
    arguments.insert(arguments.begin(), {"simulate", "gun", "-n", "1", "-o", out_});
    return arguments;
  };
  for (char const* energy : {"-5", "20:10", "ten", "1:2:3", "nan", "inf", "1e300:1e301", ""})
    expect_failure(shoot({"--pdg", "22", std::string("--energy=") + energy}), usage, "energy");
  expect_failure(shoot({"--pdg", "2212", "--energy", "0.5"}), usage, "0.938");
  for (char const* theta : {"160:20", "-10:20", "20:200", "nan", "x"})
    expect_failure(shoot({"--pdg", "22", std::string("--theta=") + theta}), usage, "theta");
  for (char const* multiplicity : {"-1", "5:2", "1.5", "99999999999999"})
    expect_failure(shoot({"--pdg", "22", std::string("--multiplicity=") + multiplicity}), usage,
                   "multiplicity");
  for (char const* pdg : {"987654", "0", "photon"}) expect_failure(shoot({"--pdg", pdg}), usage, pdg);
  EXPECT_EQ(outputs(), std::vector<std::string>{});
}

TEST_F(CliSimulate, BrokenHepMCFilesAreNamed) {
  expect_failure({"simulate", directory_ / "missing.hepmc3", "-o", out_}, environment, "missing.hepmc3");
  expect_failure({"simulate", directory_ / "no*.hepmc3", "-o", out_}, environment, "no file matches");
  std::string const good = testing::bytes_of(photons());
  std::string const broken = directory_ / "broken.hepmc3";
  testing::write_bytes(broken, "");
  expect_failure({"simulate", broken, "-o", out_}, data, broken);
  testing::write_bytes(broken, "Dear diary,\n");
  expect_failure({"simulate", broken, "-o", out_}, data, broken);
  testing::write_bytes(broken, good.substr(0, good.size() - 50));  // inside the last event
  expect_failure({"simulate", broken, "-o", out_}, data, broken);
  std::string text = good;
  text.replace(text.rfind("3 4 0 5"), 7, "n a n 5");
  testing::write_bytes(broken, text);
  expect_failure({"simulate", broken, "-o", out_}, data, broken);
  expect_failure({"simulate", photons(), "--first", "2", "-o", out_}, usage, "there are 2 events");
  EXPECT_EQ(outputs(), std::vector<std::string>{});
}

TEST_F(CliSimulate, AFileWithoutEventsMakesOne) {
  std::string const empty = directory_ / "empty.hepmc3";
  testing::write_bytes(empty, "HepMC::Asciiv3-START_EVENT_LISTING\nHepMC::Asciiv3-END_EVENT_LISTING\n");
  for (char const* verb : {"simulate", "generate"}) {
    Answer const answer = run({verb, empty, "-o", out_});
    ASSERT_EQ(answer.exit_code, success) << answer.err;
    EXPECT_TRUE(contains(answer.out, "0 events of")) << answer.out;
  }
}

TEST_F(CliSimulate, OutputThatCannotBeWrittenIsAnError) {
  for (char const* verb : {"simulate", "generate"})
    expect_failure({verb, "gun", "--pdg", "22", "-n", "1", "-o", outputs_.path()}, environment,
                   "Is a directory");
  expect_failure({"simulate", "gun", "--pdg", "22", "-n", "1", "-o", outputs_ / "nowhere/out.root"},
                 environment, "nowhere/out.root");
  expect_failure({"generate", "gun", "--pdg", "22", "-n", "1", "-o", outputs_ / "nowhere/out.hepmc3"},
                 environment, "nowhere/out.hepmc3");
  std::string const file = photons();
  std::string const before = testing::bytes_of(file);
  for (char const* verb : {"simulate", "generate"})
    expect_failure({verb, file, "-o", file}, usage, "input file too");
  EXPECT_EQ(testing::bytes_of(file), before);
  EXPECT_EQ(outputs(), std::vector<std::string>{});
}

TEST_F(CliSimulate, InterruptionLeavesNoFile) {
  for (int const signal : {SIGINT, SIGTERM}) {
    Answer const answer = run_and_signal(gun(100000), signal);
    EXPECT_EQ(answer.exit_code, 128 + signal) << answer.err;
    EXPECT_TRUE(contains(answer.err, "interrupted")) << answer.err;
    EXPECT_EQ(outputs(), std::vector<std::string>{});
  }
  Arguments arguments = gun(10000000);
  arguments[0] = "generate";
  arguments.back() = outputs_ / "out.hepmc3";
  Answer const answer = run_and_signal(arguments, SIGINT);
  EXPECT_EQ(answer.exit_code, 128 + SIGINT) << answer.err;
  EXPECT_EQ(outputs(), std::vector<std::string>{});
}

}  // namespace
}  // namespace corpuscle
