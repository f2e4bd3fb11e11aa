#include "corpuscle/generate/pythia.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "corpuscle/core/error.hpp"
#include "corpuscle/event/particle_data.hpp"
#include "generate/particles.hpp"

namespace corpuscle::generate {
namespace {

PythiaOptions const without_isr{.initial_state_radiation = false, .polarisation = {}};

std::unique_ptr<Generator> pythia(std::string const& process, PythiaOptions const& options = {}) {
  return make_pythia(find_process(process), 1, options);
}

/// Kept between tests, which may ask for any event since none depends on another.
Generator& shared(std::string const& process, bool isr = true) {
  static std::map<std::pair<std::string, bool>, std::unique_ptr<Generator>> kept;
  auto& generator = kept[{process, isr}];
  if (!generator) generator = pythia(process, isr ? PythiaOptions{} : without_isr);
  return *generator;
}

/// The first row with this code and status.
std::size_t find(event::GenParticles const& particles, std::int32_t pdg, std::int32_t status) {
  for (std::size_t row = 0; row < particles.size(); ++row)
    if (particles.pdg[row] == pdg && particles.generator_status[row] == status) return row;
  ADD_FAILURE() << "no particle " << pdg << " of status " << status;
  return 0;
}

constexpr std::int32_t hard = 22;  // made in the hard process and to decay, in Pythia's list of status codes
constexpr std::int32_t from_hard = 23;  // made in the hard process or by its resonances

class EveryProcess : public ::testing::TestWithParam<std::string> {};

TEST_P(EveryProcess, AnEventIsTheSameAloneInOrderAndInReverse) {
  constexpr std::int64_t n = 300;
  auto in_order = pythia(GetParam());
  std::vector<testing::Fingerprint> events;
  for (std::int64_t number = 0; number < n; ++number)
    events.push_back(testing::fingerprint((*in_order)(number)));
  EXPECT_FALSE(events[0] == events[1]);

  auto in_reverse = pythia(GetParam());
  EXPECT_EQ(testing::fingerprint((*in_reverse)(n / 2)), events[n / 2]);  // nothing before it
  for (std::int64_t number = n - 1; number >= 0; --number)
    ASSERT_EQ(testing::fingerprint((*in_reverse)(number)), events[static_cast<std::size_t>(number)])
        << number;
}

TEST_P(EveryProcess, ConservesEnergyAndMomentum) {
  double const energy = find_process(GetParam()).energy;
  for (bool isr : {true, false}) {
    Generator& make = shared(GetParam(), isr);
    for (std::int64_t number = 0; number < 100; ++number) {
      testing::Sum const sum = testing::sum_of_final(make(number));
      ASSERT_NEAR(sum.energy, energy, 1e-6 * energy);
      ASSERT_NEAR(core::length(sum.momentum), 0, 1e-6 * energy);
    }
  }
}

TEST_P(EveryProcess, TableIsSoundAndLeavesLongLivedParticlesAlive) {
  Generator& make = shared(GetParam());
  for (std::int64_t number = 0; number < 100; ++number) {
    event::GenParticles const particles = make(number);
    testing::expect_sound(particles);
    double charge = 0;
    for (std::size_t row = 0; row < particles.size(); ++row) {
      auto const known = event::find_particle(particles.pdg[row]);
      bool const is_final = particles.generator_status[row] == 1;
      if (is_final) {
        ASSERT_TRUE(known) << particles.pdg[row];
        ASSERT_EQ(particles.charge[row], known->charge);
        ASSERT_GT(known->c_tau, 10);
        charge += particles.charge[row];
      } else if (known && particles.generator_status[row] == 2) {
        ASSERT_LT(known->c_tau, 10) << particles.pdg[row];
      }
    }
    ASSERT_EQ(charge, 0);
  }
}

INSTANTIATE_TEST_SUITE_P(Pythia, EveryProcess,
                         ::testing::Values("ttbar", "qqbar", "qqbar_200", "qqbar_365", "z_qq", "ww",
                                           "zh_tautau", "zh_bb", "pileup"),
                         [](auto const& test) { return test.param; });

TEST(Pythia, TopPairsDecayToWAndB) {
  Generator& make = shared("ttbar");
  for (std::int64_t number = 0; number < 50; ++number) {
    event::GenParticles const particles = make(number);
    for (std::int32_t sign : {1, -1}) {
      EXPECT_EQ(testing::count(particles, 6 * sign, hard), 1u);
      EXPECT_EQ(testing::count(particles, 24 * sign, hard), 1u);
    }
  }
}

TEST(Pythia, WPairsOfTheProcessAreHadronic) {
  Generator& make = shared("ww");
  for (std::int64_t number = 0; number < 200; ++number) {
    event::GenParticles const particles = make(number);
    int n_quarks = 0;
    for (std::size_t row = 0; row < particles.size(); ++row)
      if (particles.generator_status[row] == from_hard) {
        ASSERT_LE(std::abs(particles.pdg[row]), 5);
        ++n_quarks;
      }
    ASSERT_EQ(n_quarks, 4);
  }
}

TEST(Pythia, HiggsBosonsWeigh125AndDecayAsAskedFor) {
  for (auto const& [process, pdg] : {std::pair{"zh_tautau", 15}, std::pair{"zh_bb", 5}}) {
    Generator& make = shared(process);
    for (std::int64_t number = 0; number < 50; ++number) {
      event::GenParticles const particles = make(number);
      std::size_t row = find(particles, 25, hard);
      ASSERT_NEAR(particles.mass[row], 125, 1);  // its width is 4 MeV
      while (particles.daughters[row].size() == 1) row = particles.daughters[row].front().row();  // copies
      ASSERT_EQ(particles.daughters[row].size(), 2u);
      for (event::GenParticleId daughter : particles.daughters[row])
        ASSERT_EQ(std::abs(particles.pdg[daughter.row()]), pdg);
    }
  }
}

TEST(Pythia, ZDecaysHaveTheChargedMultiplicityOfLep) {
  // Particle Data Group 2024: 20.76 +- 0.16, which counts the decay products of K0S (69.2 % to two pions) and
  // Lambda (64.1 % to p pi). The tune of Pythia reproduces it to 1 %; n events add 6.3 / sqrt(n).
  Generator& make = shared("z_qq", false);
  constexpr int n = 3000;
  double sum = 0;
  for (std::int64_t number = 0; number < n; ++number) {
    event::GenParticles const particles = make(number);
    for (std::size_t row = 0; row < particles.size(); ++row) {
      if (particles.generator_status[row] != 1) continue;
      std::int32_t const code = std::abs(particles.pdg[row]);
      if (particles.charge[row] != 0) sum += 1;
      if (code == 310) sum += 2 * 0.692;
      if (code == 3122) sum += 2 * 0.641;
    }
  }
  EXPECT_NEAR(sum / n, 20.76, 0.16 + 0.21 + 3 * 6.3 / std::sqrt(n));
}

TEST(Pythia, ZDecaysToBottomAsOftenAsMeasured) {
  // R_b = 0.2163, Particle Data Group 2024; 0.002 for the leading-order widths and the photon.
  Generator& make = shared("z_qq", false);
  constexpr int n = 3000;
  double n_bottom = 0;
  for (std::int64_t number = 0; number < n; ++number)
    n_bottom += static_cast<double>(testing::count(make(number), 5, from_hard));
  EXPECT_NEAR(n_bottom / n, 0.2163, 0.002 + 4 * std::sqrt(0.2163 * 0.7837 / n));
}

TEST(Pythia, WithRadiationManyQuarkPairsReturnToTheZ) {
  auto const fraction = [](bool isr) {
    Generator& make = shared("qqbar", isr);
    double n_returned = 0;
    for (std::int64_t number = 0; number < 300; ++number) {
      event::GenParticles const particles = make(number);
      n_returned += std::abs(particles.mass[find(particles, 23, hard)] - 91.2) < 10;
    }
    return n_returned / 300;
  };
  EXPECT_EQ(fraction(false), 0);
  EXPECT_GT(fraction(true), 0.2);
}

TEST(Pythia, GeneratorsOfTwoThreadsDoNotDisturbEachOther) {
  std::vector<testing::Fingerprint> alone;
  for (std::int64_t number = 0; number < 100; ++number)
    alone.push_back(testing::fingerprint(shared("ttbar")(number)));
  std::vector<int> n_wrong(2);
  std::vector<std::thread> threads;
  for (int& wrong : n_wrong)
    threads.emplace_back([&] {
      auto make = pythia("ttbar");
      for (std::size_t number = 0; number < alone.size(); ++number)
        wrong += !(testing::fingerprint((*make)(static_cast<std::int64_t>(number))) == alone[number]);
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(n_wrong, (std::vector<int>{0, 0}));
}

TEST(Pythia, SeedsGiveDifferentEvents) {
  Process const process = find_process("z_qq");
  EXPECT_FALSE(testing::fingerprint((*make_pythia(process, 1))(0)) ==
               testing::fingerprint((*make_pythia(process, 2))(0)));
}

TEST(Pythia, DecayLengthsAreExponential) {
  // Proper decay lengths of D0, c tau 0.1229 mm in Pythia's table (PDG: 0.1230), of n particles: 1 / sqrt(n).
  Generator& make = shared("z_qq", false);
  double sum = 0;
  double n = 0;
  for (std::int64_t number = 0; number < 3000; ++number) {
    event::GenParticles const p = make(number);
    for (std::size_t row = 0; row < p.size(); ++row) {
      if (std::abs(p.pdg[row]) != 421 || p.generator_status[row] != 2) continue;
      double const path =
          core::length({p.end_x[row] - p.x[row], p.end_y[row] - p.y[row], p.end_z[row] - p.z[row]});
      sum += path * p.mass[row] / core::length({p.px[row], p.py[row], p.pz[row]});
      ++n;
    }
  }
  ASSERT_GT(n, 500);
  EXPECT_NEAR(sum / n, 0.123, 0.123 * (0.01 + 4 / std::sqrt(n)));
}

TEST(Pythia, ProductionTimesGrowAtLessThanTheSpeedOfLight) {
  Generator& make = shared("ttbar");
  for (std::int64_t number = 0; number < 50; ++number) {
    event::GenParticles const p = make(number);
    for (std::size_t row = 0; row < p.size(); ++row) {
      double const light = core::length({p.x[row], p.y[row], p.z[row]}) / 299.792458;
      ASSERT_GE(p.time[row],
                light * (1 - 1e-6) - 1e-9);  // time is a float; vertices near the origin are rounded
    }
  }
}

TEST(Pythia, PolarisedElectronsTurnTheQuarksOfTheZ) {
  // Left-handed electrons: d sigma / d cos ~ 1 + c^2 + 2 A_f c, with A_f = 0.936 of down-type quarks; the
  // mean of the cosine is A_f / 2, and its opposite for right-handed ones. About 900 cosines of spread below
  // 0.6; the photon, and masses and radiation of the quarks, change it by less than 0.02.
  for (double electron : {-1., 1.}) {
    PythiaOptions options = without_isr;
    options.polarisation.electron = electron;
    auto make = pythia("z_qq", options);
    double sum = 0;
    double n = 0;
    for (std::int64_t number = 0; number < 1500; ++number) {
      event::GenParticles const p = (*make)(number);
      for (std::int32_t pdg : {1, 3, 5}) {
        if (testing::count(p, pdg, from_hard) == 0) continue;
        std::size_t const row = find(p, pdg, from_hard);
        sum += p.pz[row] / core::length({p.px[row], p.py[row], p.pz[row]});
        ++n;
      }
    }
    EXPECT_NEAR(sum / n, -electron * 0.936 / 2, 0.02 + 4 * 0.6 / std::sqrt(n));
  }
}

TEST(Pythia, PolarisationChangesFlavoursOfQuarks) {
  // Left-handed electrons prefer up quarks more than right-handed ones do: compare with the weights, summed
  // over angles, through the fraction of up quarks in both samples of 1500.
  auto const up_fraction = [](double electron) {
    PythiaOptions options = without_isr;
    options.polarisation.electron = electron;
    auto make = pythia("qqbar", options);
    double n_up = 0;
    for (std::int64_t number = 0; number < 1500; ++number)
      n_up += static_cast<double>(testing::count((*make)(number), 2, from_hard));
    return n_up / 1500;
  };
  EXPECT_GT(up_fraction(1) - up_fraction(-1), 5 * std::sqrt(2 * 0.25 / 1500));
}

TEST(Pythia, PolarisationLeavesEventsOfZHAsTheyAre) {
  PythiaOptions polarised;
  polarised.polarisation = {-0.8, 0.3};
  EXPECT_EQ(testing::fingerprint((*pythia("zh_bb"))(4)),
            testing::fingerprint((*pythia("zh_bb", polarised))(4)));
}

TEST(Pythia, PolarisedBeamsAreRefusedWhereTheyCannotBeHad) {
  auto const with = [](std::string const& process, double electron, double positron) {
    PythiaOptions options;
    options.polarisation = {electron, positron};
    return pythia(process, options);
  };
  EXPECT_THROW(with("ww", -0.8, 0), core::ConfigError);
  EXPECT_THROW(with("pileup", 0, 0.3), core::ConfigError);
  EXPECT_THROW(with("ttbar", -1.1, 0), core::ConfigError);
  EXPECT_THROW(with("ttbar", 1, 1), core::ConfigError);
}

TEST(Pythia, ASettingThatPythiaDoesNotKnowIsNamed) {
  Process process = find_process("ttbar");
  process.pythia.push_back("Top:ffbar3ttbar = on");
  try {
    make_pythia(process, 1);
    FAIL();
  } catch (core::ConfigError const& error) {
    EXPECT_NE(std::string(error.what()).find("'Top:ffbar3ttbar = on'"), std::string::npos) << error.what();
  }
}

TEST(Pythia, AProcessThatCannotBeIsRefusedWithWhatPythiaSays) {
  Process process = find_process("ttbar");
  process.energy = 200;
  try {
    make_pythia(process, 1, without_isr);
    FAIL();
  } catch (core::ConfigError const& error) {
    EXPECT_NE(std::string(error.what()).find("Abort"), std::string::npos) << error.what();
  }
}

TEST(Pythia, PrintsNothing) {
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  auto make = pythia("zh_tautau");
  for (std::int64_t number = 0; number < 20; ++number) (*make)(number);
  EXPECT_EQ(::testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace corpuscle::generate
