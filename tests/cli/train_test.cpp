// From nothing to a trained network and its particles, as a user would.
#include <cmath>
#include <nlohmann/json.hpp>

#include "cli/program.hpp"

namespace corpuscle {
namespace {

class CliTrain : public Cli {
 protected:
  void must(Arguments const& arguments) const {
    Answer const answer = run(arguments);
    ASSERT_EQ(answer.exit_code, success) << arguments.front() << ": " << answer.err;
  }

  /// training/quick.yaml for `steps`, into a directory of this name.
  [[nodiscard]] Arguments train(std::string const& name, int steps) const {
    return {"train",
            CORPUSCLE_SOURCE_DIR "/training/quick.yaml",
            "data.directories=[" + outputs_ / "dataset" + "]",
            "steps=" + std::to_string(steps),
            "validation_every=" + std::to_string(steps),
            "validation_events=50",
            "-o",
            outputs_ / name};
  }

  [[nodiscard]] std::string model(std::string const& name) const {
    return outputs_ / name + "/model.safetensors";
  }
};

TEST_F(CliTrain, HelpShowsExamples) {
  Answer const answer = run({"train", "--help"});
  EXPECT_EQ(answer.exit_code, success) << answer.err;
  EXPECT_TRUE(contains(answer.out, "Examples:\n  corpuscle prepare")) << answer.out;
}

// 2,000 events, each seen twice: enough to tell that a track and the clusters behind it are one particle,
// which the sum of all tracks and clusters does not know. Its jets are several times as wide
// (docs/results.md).
TEST_F(CliTrain, ASmallNetworkSoonBeatsTheSumOfAllAndIsTheSameToTheBit) {
  must({"prepare", "--simulate", "ttbar", "-n", "2000", "--threads", "2", "-o", outputs_ / "dataset"});
  must(train("first", 140));
  must(train("short", 20));
  must(train("short_again", 20));
  EXPECT_EQ(testing::bytes_of(outputs_ / "short/last.safetensors"),
            testing::bytes_of(outputs_ / "short_again/last.safetensors"));
  // For corpuscle tune: an epoch per validation, told again by who goes on.
  Arguments again = train("short", 20);
  again.insert(again.end(), {"--resume", "--report", "loss"});
  Answer const answer = run(again);
  EXPECT_EQ(answer.exit_code, success) << answer.err;
  EXPECT_TRUE(contains(answer.out, "epoch 1 loss ")) << answer.out;

  std::string const events = outputs_ / "ttbar.edm4hep.root", particles = outputs_ / "particles.edm4hep.root";
  must({"simulate", "ttbar", "-n", "50", "--seed", "2", "-o", events});
  must({"reconstruct", events, "-o", particles, "--model", model("first")});
  must({"evaluate", events, "--lines", "naive", "--compare", "network=" + particles + ":CorpuscleParticles",
        "-o", outputs_ / "report"});
  auto const numbers = nlohmann::json::parse(testing::bytes_of(outputs_ / "report/numbers.json"));
  auto const figure = [&](char const* line, char const* name) {
    return numbers.at("lines")
        .at(line)
        .at("figures")
        .at(std::string("jets/ee_genkt_R0.4/response_") + name)
        .at("value")
        .get<double>();
  };
  // After 140 steps it still doubts much of what is neutral, which then counts with its probability.
  EXPECT_LT(figure("network", "iqr_over_median"), 0.9 * figure("naive", "iqr_over_median"));
  EXPECT_LT(std::abs(figure("network", "median") - 1), 0.3 * std::abs(figure("naive", "median") - 1));
}

TEST_F(CliTrain, WhatIsNoModelIsRefused) {
  must({"simulate", "gun", "--pdg", "22", "-n", "1", "-o", outputs_ / "photon.edm4hep.root"});
  expect_failure(
      {"reconstruct", outputs_ / "photon.edm4hep.root", "-o", out_, "--model", "nowhere.safetensors"},
      environment, "nowhere.safetensors");
  expect_failure({"reconstruct", outputs_ / "photon.edm4hep.root", "-o", out_, "--model",
                  outputs_ / "photon.edm4hep.root"},
                 data, "photon.edm4hep.root");
  EXPECT_FALSE(std::filesystem::exists(out_));
}

}  // namespace
}  // namespace corpuscle
