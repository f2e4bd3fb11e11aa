#include "corpuscle/tune/qubo_exchange.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

#include "corpuscle/core/error.hpp"

namespace corpuscle::tune {
namespace {

/// Two variables; the lowest state is 01 at -0.5.
Qubo small_qubo() {
  Qubo qubo(2);
  qubo.add(0, 0, 0.25);
  qubo.add(1, 1, -0.5);
  qubo.add(0, 1, 1. / 3);
  return qubo;
}

TEST(QuboExchange, WritesEveryCoefficientExactly) {
  std::ostringstream out;
  write_qubo(out, small_qubo(), 10, 3);
  EXPECT_EQ(out.str(), "# variables 2\n# reads 10\n# seed 3\n0 0 0.25\n0 1 0.33333333333333331\n1 1 -0.5\n");
}

TEST(QuboExchange, ReadsSamples) {
  std::istringstream in("# bits energy occurrences\n11 0.0833333 2\n\n01 -0.5 1\n11 0.08333333333 1\n");
  std::vector<Sample> const samples = read_samples(in, small_qubo(), "samples.txt");
  ASSERT_EQ(samples.size(), 2U);
  EXPECT_EQ(samples[0].bits, (Bits{0, 1}));
  EXPECT_EQ(samples[1].occurrences, 3U);
  EXPECT_NEAR(samples[1].energy, 1. / 12, 1e-15) << "ours, not the rounded one";
}

TEST(QuboExchange, SaysWhatIsWrongWithSamples) {
  struct Case {
    char const* text;
    char const* message;
  };
  for (auto const& [text, message] :
       {Case{"", "there is no sample"}, Case{"# nothing\n", "there is no sample"},
        Case{"01 -0.5\n", "line 1: a sample is"}, Case{"01 -0.5 1 more\n", "line 1: a sample is"},
        Case{"01 -0.5 0\n", "line 1: a sample is"},
        Case{"01 -0.5 1\n0 0 1\n", "line 2: it has 1 bit, the problem has 2"},
        Case{"0x -0.5 1\n", "line 1: bits are"},
        Case{"10 -0.5 1\n", "line 1: the energy of these bits is 0.25, not -0.5"},
        Case{"10 nan 1\n", "line 1: "}}) {
    std::istringstream in(text);
    try {
      static_cast<void>(read_samples(in, small_qubo(), "samples.txt"));
      FAIL() << "it took: " << text;
    } catch (core::DataError const& error) {
      EXPECT_EQ(std::string(error.what()).find("samples.txt: "), 0U) << error.what();
      EXPECT_NE(std::string(error.what()).find(message), std::string::npos) << error.what();
    }
  }
}

class CommandSamplerTest : public testing::Test {
 protected:
  CommandSamplerTest()
      : folder(std::filesystem::temp_directory_path() / ("corpuscle_sampler_" + std::to_string(getpid()))) {}
  ~CommandSamplerTest() override { std::filesystem::remove_all(folder); }

  /// A sampler that is a line of the shell, with the problem as $1 and the samples as $2.
  [[nodiscard]] CommandSampler shell(std::string const& line, std::chrono::seconds time_limit) const {
    return CommandSampler({{"sh", "-c", line, "sampler"}, folder, time_limit});
  }
  /// What is thrown; the empty string if nothing is.
  [[nodiscard]] std::string complaint(CommandSampler const& sampler) const {
    try {
      static_cast<void>(sampler.sample(small_qubo(), 10, 3));
    } catch (core::Error const& error) {
      return error.what();
    }
    return "";
  }

  std::filesystem::path folder;
};

TEST_F(CommandSamplerTest, AsksTheProgramAndReadsItsAnswer) {
  CommandSampler const sampler = shell(
      "grep -q '^1 1 -0.5$' \"$1\" && echo drawing && echo '01 -0.5 10' >\"$2\"", std::chrono::seconds(60));
  std::vector<Sample> const samples = sampler.sample(small_qubo(), 10, 3);
  ASSERT_EQ(samples.size(), 1U);
  EXPECT_EQ(samples[0].bits, (Bits{0, 1}));
  std::string printed;
  std::getline(std::ifstream(folder / "sampler.log"), printed);
  EXPECT_EQ(printed, "drawing");
}

TEST_F(CommandSamplerTest, SaysHowTheProgramFailed) {
  std::chrono::seconds const enough(60);
  EXPECT_NE(
      complaint(shell("echo 'no token' >&2; exit 3", enough)).find("status 3; its last words: no token"),
      std::string::npos);
  EXPECT_NE(complaint(shell("kill -9 $$", enough)).find("signal 9"), std::string::npos);
  EXPECT_NE(complaint(shell("true", enough)).find("did not write"), std::string::npos);
  EXPECT_NE(complaint(shell("exec sleep 60", std::chrono::seconds(1))).find("limit of 1 s"),
            std::string::npos);
  EXPECT_NE(complaint(CommandSampler({{"corpuscle-no-such-program"}, folder})).find("cannot be started"),
            std::string::npos);
}

TEST_F(CommandSamplerTest, DoesNotTakeAnOldAnswerForANewOne) {
  EXPECT_EQ(complaint(shell("echo '01 -0.5 10' >\"$2\"", std::chrono::seconds(60))), "");
  EXPECT_NE(complaint(shell("true", std::chrono::seconds(60))), "");
}

}  // namespace
}  // namespace corpuscle::tune
