// `corpuscle` as a user meets it: exit codes, messages, what is printed and what is left on the disk.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/program.hpp"

namespace corpuscle {
namespace {

// --- Help and options ------------------------------------------------------------------------------------

TEST_F(Cli, EveryCommandHasHelpWithExamples) {
  for (Arguments const& arguments :
       {Arguments{"--help"}, Arguments{"inspect", "--help"}, Arguments{"reconstruct", "--help"}}) {
    Answer const answer = run(arguments);
    EXPECT_EQ(answer.exit_code, success);
    EXPECT_EQ(answer.err, "");
    EXPECT_TRUE(contains(answer.out, "Examples:\n  corpuscle ")) << answer.out;
  }
}

TEST_F(Cli, VersionIsOneLine) {
  Answer const answer = run({"--version"});
  EXPECT_EQ(answer.exit_code, success);
  EXPECT_TRUE(answer.out.starts_with("corpuscle ")) << answer.out;
  EXPECT_EQ(std::count(answer.out.begin(), answer.out.end(), '\n'), 1);
}

TEST_F(Cli, WrongOptionsAreUsageErrors) {
  expect_failure({}, usage, "subcommand");
  expect_failure({"transmogrify"}, usage, "transmogrify");
  expect_failure({"inspect"}, usage, "file is required");
  expect_failure({"inspect", "--frobnicate", lcio_}, usage, "--frobnicate");
  expect_failure({"inspect", "--event", "three", lcio_}, usage, "--event");
  expect_failure({"reconstruct", lcio_}, usage, "--output");
  expect_failure({"reconstruct", lcio_, "-o", out_, "--threads", "0"}, usage, "--threads");
  expect_failure({"reconstruct", lcio_, "-o", out_, "--format", "csv"}, usage, "--format");
  for (char const* range : {"a:b", "3:1", "-1:2", "1:2:3", "99999999999999999999"})
    expect_failure({"reconstruct", lcio_, "-o", out_, std::string("--events=") + range}, usage, "--events");
  expect_failure({"reconstruct", lcio_, "-o", out_, "--detector", "ildd"}, usage, "ild");
  EXPECT_EQ(outputs(), std::vector<std::string>{});
}

// --- inspect -----------------------------------------------------------------------------------------------

TEST_F(Cli, InspectListsCollections) {
  NEEDS(lcio_);
  Answer const answer = run({"inspect", lcio_});
  EXPECT_EQ(answer.exit_code, success) << answer.err;
  EXPECT_EQ(answer.err, "");
  for (char const* word : {"LCIO 2.15", "ILD_l5_v02", "PandoraPFOs", "MarlinTrkTracks"})
    EXPECT_TRUE(contains(answer.out, word)) << word;
}

TEST_F(Cli, InspectJsonIsJson) {
  for (char const* name : {"ild_nunuh250_dst.slcio", "cld_nunuHbb240_rec.edm4hep.root",
                           "cld_ttbar_rec.edm4hep.json", "edm4hep_example_rntuple.root", "cms_pfnano.root"}) {
    NEEDS(data_file(name));
    Answer const answer = run({"inspect", "--json", data_file(name)});
    EXPECT_EQ(answer.exit_code, success) << answer.err;
    auto const report = nlohmann::json::parse(answer.out, nullptr, false);
    ASSERT_FALSE(report.is_discarded()) << name;
    EXPECT_EQ(report["file"], data_file(name));
    EXPECT_EQ(report["entries"], report["events_read"]);
    EXPECT_GT(report["collections"].size(), 1U) << name;
  }
}

TEST_F(Cli, InspectJsonCountsAndNamesUnits) {
  NEEDS(lcio_);
  auto const report = nlohmann::json::parse(run({"inspect", "--json", lcio_}).out);
  auto const& particles = report["collections"]["PandoraPFOs"];
  EXPECT_EQ(particles["objects"], 356);
  EXPECT_EQ(particles["type"], "edm4hep::ReconstructedParticle");
  EXPECT_EQ(particles["columns"]["energy"]["unit"], "GeV");
  EXPECT_EQ(particles["columns"]["energy"]["values"], 356);
}

TEST_F(Cli, InspectShowsOneEvent) {
  NEEDS(lcio_);
  Answer const answer = run({"inspect", "--event", "0", lcio_});
  EXPECT_EQ(answer.exit_code, success) << answer.err;
  EXPECT_TRUE(contains(answer.out, "momentum.x")) << answer.out;
  expect_failure({"inspect", "--event", "99", lcio_}, usage, "no event 99");
}

TEST_F(Cli, InspectIsQuietWhenItsReaderLeaves) {
  NEEDS(lcio_);
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ::close(ends[0]);
  Answer const answer = run({"inspect", "--columns", lcio_}, ends[1]);
  ::close(ends[1]);
  EXPECT_EQ(answer.err, "");
  EXPECT_EQ(answer.exit_code, 128 + SIGPIPE);
}

TEST_F(Cli, InspectSaysWhatAForeignFileIs) {
  expect_failure({"inspect", directory_ / "missing"}, environment, "No such file");
  expect_failure({"inspect", directory_.path()}, environment, "is a directory");
  testing::write_bytes(directory_ / "empty", "");
  expect_failure({"inspect", directory_ / "empty"}, data, "empty");
  testing::write_bytes(directory_ / "text", "Dear diary,\n");
  expect_failure({"inspect", directory_ / "text"}, data, directory_ / "text: ");
}

// --- reconstruct -------------------------------------------------------------------------------------------

TEST_F(Cli, ReconstructPrintsATableAndWritesAFile) {
  NEEDS(lcio_);
  Answer const answer = run({"reconstruct", lcio_, "-o", out_});
  EXPECT_EQ(answer.exit_code, success) << answer.err;
  for (char const* word :
       {"5 events, detector ILD_l5_v02", "photons", "energy sum [GeV]", "CorpuscleParticles"})
    EXPECT_TRUE(contains(answer.out, word)) << answer.out;
  EXPECT_EQ(outputs(), std::vector<std::string>{"out.root"});
  EXPECT_TRUE(contains(run({"inspect", out_}).out, "CorpuscleParticles"));
}

TEST_F(Cli, ReconstructJsonIsJson) {
  NEEDS(lcio_);
  Answer const answer = run({"reconstruct", lcio_, "-o", out_, "--json"});
  EXPECT_EQ(answer.exit_code, success) << answer.err;
  auto const report = nlohmann::json::parse(answer.out, nullptr, false);
  ASSERT_FALSE(report.is_discarded()) << answer.out;
  EXPECT_EQ(report["events"], 5);
  EXPECT_EQ(report["output"], out_);
  EXPECT_EQ(report["clusters"], 312);
  EXPECT_EQ(report["tracks"], 246);
  EXPECT_GT(report["corpuscle"]["energy_sum_GeV"], 0);
  EXPECT_EQ(report["damage"].size(), 0U);
}

TEST_F(Cli, ReconstructTakesRangesOfEvents) {
  NEEDS(lcio_);
  struct Case {
    char const* range;
    int events;
  };
  for (auto const& [range, events] :
       {Case{"1:3", 2}, Case{"4:", 1}, Case{":2", 2}, Case{"3", 1}, Case{"2:99", 3}}) {
    Answer const answer = run({"reconstruct", lcio_, "-o", out_, "--json", "--events", range});
    EXPECT_EQ(answer.exit_code, success) << answer.err;
    EXPECT_EQ(nlohmann::json::parse(answer.out)["events"], events) << range;
  }
}

TEST_F(Cli, ReconstructDropsCollections) {
  NEEDS(lcio_);
  Answer const answer =
      run({"reconstruct", lcio_, "-o", out_, "--drop", "GammaGamma*", "PandoraPFOs", "podio::Link*"});
  EXPECT_EQ(answer.exit_code, success) << answer.err;
  Answer const inspected = run({"inspect", out_});
  EXPECT_EQ(inspected.exit_code, success) << inspected.err;
  for (char const* dropped : {"GammaGamma", "PandoraPFOs ", "podio::Link"})
    EXPECT_FALSE(contains(inspected.out, dropped)) << dropped;
  for (char const* kept : {"CorpuscleParticles", "PandoraPFOs_PID", "DistilledPFOs"})
    EXPECT_TRUE(contains(inspected.out, kept)) << kept;

  expect_failure({"reconstruct", lcio_, "-o", out_ + "2", "--drop", "NoSuchThing"}, usage, "NoSuchThing");
  expect_failure({"reconstruct", lcio_, "-o", out_ + "2", "--drop", "*"}, data,
                 "neither tracks nor clusters");
}

TEST_F(Cli, ANetworkOnHitsNeedsHitsAndNoClusters) {
  std::string const model = CORPUSCLE_SOURCE_DIR "/models/clic_hits.safetensors";
  std::string const events = directory_ / "pions.edm4hep.root";
  ASSERT_EQ(run({"simulate", "gun", "--pdg", "211", "--energy", "10", "-n", "3", "-o", events}).exit_code,
            success);
  Arguments const reconstruct = {"reconstruct", events, "-o", out_, "--json", "--model", model};
  Answer const whole = run(reconstruct);
  ASSERT_EQ(whole.exit_code, success) << whole.err;
  Arguments without = reconstruct;
  without.insert(without.end(), {"--drop", "PandoraClusters"});
  Answer const dropped = run(without);
  ASSERT_EQ(dropped.exit_code, success) << dropped.err;
  auto const with_clusters = nlohmann::json::parse(whole.out),
             no_clusters = nlohmann::json::parse(dropped.out);
  EXPECT_GT(with_clusters["clusters"], 0);
  EXPECT_EQ(no_clusters["clusters"], 0);
  EXPECT_EQ(with_clusters["corpuscle"], no_clusters["corpuscle"]);
  // Three tracks that are measured to a per mille or so; what else is found is below a tenth.
  EXPECT_NEAR(no_clusters["corpuscle"]["energy_sum_GeV"].get<double>(), 30, 3);

  NEEDS(lcio_);  // which has clusters alone
  expect_failure({"reconstruct", lcio_, "-o", out_, "--model", model}, data, "no calorimeter hits");
}

TEST_F(Cli, ANetworkAnswersInBf16AboutAsInFp32) {
  std::string const events = directory_ / "pions.edm4hep.root";
  ASSERT_EQ(run({"simulate", "gun", "--pdg", "211", "--energy", "10", "-n", "3", "-o", events}).exit_code,
            success);
  auto const energy = [&](std::string const& precision) {
    Answer const answer = run({"reconstruct", events, "-o", out_, "--json", "--precision", precision,
                               "--model", CORPUSCLE_SOURCE_DIR "/models/clic_clusters.safetensors"});
    EXPECT_EQ(answer.exit_code, success) << answer.err;
    return nlohmann::json::parse(answer.out)["corpuscle"]["energy_sum_GeV"].get<double>();
  };
  double const exact = energy("fp32"), rounded = energy("bf16");
  EXPECT_NE(rounded, exact);
  EXPECT_NEAR(rounded, exact, 0.02 * exact);  // 8 bits of mantissa
}

TEST_F(Cli, RangeThatBeginsBehindTheLastEventIsAUsageError) {
  NEEDS(lcio_);
  expect_failure({"reconstruct", lcio_, "-o", out_, "--events", "7:9"}, usage, "no event 7");
  EXPECT_EQ(outputs(), std::vector<std::string>{});
}

TEST_F(Cli, ReconstructExpandsPatterns) {
  NEEDS(lcio_);
  for (char const* name : {"run1.slcio", "run2.slcio", "other.slcio"})
    std::filesystem::create_symlink(lcio_, directory_ / name);
  Answer const answer = run({"reconstruct", directory_ / "run*.slcio", "-o", out_, "--json"});
  EXPECT_EQ(answer.exit_code, success) << answer.err;
  EXPECT_EQ(nlohmann::json::parse(answer.out)["events"], 10);
  expect_failure({"reconstruct", directory_ / "walk*.slcio", "-o", out_}, environment, "no file matches");
}

TEST_F(Cli, ReconstructWritesTheSameBytesOnTwoThreads) {
  NEEDS(data_file("ild_bbcsdu500_dst.slcio"));
  Arguments inputs;
  for (int k = 0; k < 3; ++k) inputs.push_back(data_file("ild_bbcsdu500_dst.slcio"));
  for (char const* format : {"ttree", "rntuple"}) {
    std::string bytes[2];
    for (int const threads : {1, 2}) {
      Arguments arguments = {"reconstruct", "-o",        out_,
                             "--format",    format,      "--events",
                             "20:120",      "--threads", std::to_string(threads)};
      arguments.insert(arguments.end(), inputs.begin(), inputs.end());
      Answer const answer = run(arguments);
      EXPECT_EQ(answer.exit_code, success) << answer.err;
      bytes[threads - 1] = testing::bytes_of(out_);
    }
    EXPECT_GT(bytes[0].size(), 1000U);
    EXPECT_TRUE(bytes[0] == bytes[1]) << format;
  }
}

TEST_F(Cli, ReconstructLeavesNothingBehindOnErrors) {
  NEEDS(lcio_);
  testing::write_bytes(directory_ / "cut.slcio", testing::bytes_of(lcio_).substr(0, 300000));
  expect_failure({"reconstruct", directory_ / "cut.slcio", "-o", out_}, data, directory_ / "cut.slcio: ");
  expect_failure({"reconstruct", directory_ / "missing.slcio", "-o", out_}, environment, "No such file");
  EXPECT_EQ(outputs(), std::vector<std::string>{});
  expect_failure({"reconstruct", lcio_, "-o", outputs_ / "nowhere/out.root"}, environment,
                 "nowhere/out.root");

  testing::write_bytes(out_, "precious");
  expect_failure({"reconstruct", directory_ / "cut.slcio", "-o", out_}, data, directory_ / "cut.slcio: ");
  EXPECT_EQ(testing::bytes_of(out_), "precious");
}

TEST_F(Cli, ReconstructSavesTheEventsBeforeTheDamageOnDemand) {
  NEEDS(lcio_);
  testing::write_bytes(directory_ / "cut.slcio", testing::bytes_of(lcio_).substr(0, 300000));
  Answer const answer = run({"reconstruct", directory_ / "cut.slcio", "-o", out_, "--json", "--keep-going"});
  EXPECT_EQ(answer.exit_code, data);
  EXPECT_TRUE(contains(answer.err, "left out: " + (directory_ / "cut.slcio: "))) << answer.err;
  auto const report = nlohmann::json::parse(answer.out);
  EXPECT_GT(report["events"], 0);
  EXPECT_GT(report["damage"].size(), 0U);
  EXPECT_EQ(outputs(), std::vector<std::string>{"out.root"});
}

TEST_F(Cli, ReconstructRefusesWhatHasNoTracksAndClusters) {
  for (auto const& [name, word] :
       {std::pair("cms_pfnano.root", "neither tracks nor clusters"),
        std::pair("eeH250_pythia.hepmc3.gz", "HepMC3"), std::pair("ee_yyxyev365_whizard.stdhep", "StdHep"),
        std::pair("particlenet_jetclass_full.pt", "PyTorch"),
        std::pair("hpo_mlpf_delphes_curves.csv", "CSV")}) {
    NEEDS(data_file(name));
    expect_failure({"reconstruct", data_file(name), "-o", out_}, data, word);
  }
  EXPECT_EQ(outputs(), std::vector<std::string>{});
}

TEST_F(Cli, ReconstructNeedsADetector) {
  std::string const file = data_file("cld_ttbar_rec.edm4hep.json");
  NEEDS(file);
  expect_failure({"reconstruct", file, "-o", out_}, data, "--detector");
  Answer const answer = run({"reconstruct", file, "-o", out_, "--detector", "cld", "--json"});
  EXPECT_EQ(answer.exit_code, success) << answer.err;
  EXPECT_EQ(nlohmann::json::parse(answer.out)["events"], 3);
}

TEST_F(Cli, WrongDetectorFileNamesThePlace) {
  NEEDS(lcio_);
  std::string const file = directory_ / "mine.yaml";
  testing::write_bytes(file, "name: Mine\nfeild: 3.5\n");
  expect_failure({"reconstruct", lcio_, "-o", out_, "--detector", file}, usage, file + ":2:1: ");
  expect_failure({"reconstruct", lcio_, "-o", out_, "--detector", directory_ / "missing.yaml"}, environment,
                 "missing.yaml");
}

// --- Start-up
// ------------------------------------------------------------------------------------------------

TEST_F(Cli, RootIsLoadedForRootFilesOnly) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "the dynamic linker's log is that of the program as it is shipped";
#endif
  NEEDS(lcio_);
  NEEDS(cld_);
  // The dynamic linker writes what it loads to log.<process>.
  auto const loads_root = [&](Arguments const& arguments) {
    TemporaryDirectory const logs;
    EXPECT_EQ(run(arguments, -1, {"LD_DEBUG=files", "LD_DEBUG_OUTPUT=" + (logs / "log")}).exit_code, success);
    std::string log;
    for (auto const& entry : std::filesystem::directory_iterator(logs.path()))
      log += testing::bytes_of(entry.path());
    EXPECT_TRUE(contains(log, "libc.so.6"));
    return contains(log, "libcorpuscle_root") || contains(log, "libCore.so");
  };
  EXPECT_FALSE(loads_root({"--help"}));
  EXPECT_FALSE(loads_root({"inspect", lcio_}));
  EXPECT_FALSE(loads_root({"inspect", data_file("cld_ttbar_rec.edm4hep.json")}));
  EXPECT_TRUE(loads_root({"inspect", cld_}));
}

}  // namespace
}  // namespace corpuscle
