// Jets against those that others made of the same particles and stored: FastJet's own answers for a HepMC
// file, and the Durham jets of ILD's reconstruction (../shared/data/README.md).
#include <gtest/gtest.h>
#include <zlib.h>

#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <numbers>
#include <string>
#include <vector>

#include "corpuscle/config/detector.hpp"
#include "corpuscle/eval/jets.hpp"
#include "corpuscle/generate/hepmc.hpp"
#include "corpuscle/io/event_builder.hpp"
#include "corpuscle/io/source.hpp"

namespace corpuscle::eval {
namespace {

std::string const data = CORPUSCLE_SOURCE_DIR "/../shared/data/";

std::string read_gzip(std::string const& path) {
  std::string text;
  gzFile const file = gzopen(path.c_str(), "rb");
  if (file == nullptr) return text;
  char buffer[1 << 16];
  for (int n = 0; (n = gzread(file, buffer, sizeof buffer)) > 0;)
    text.append(buffer, static_cast<std::size_t>(n));
  gzclose(file);
  return text;
}

void expect_stored_answers(std::string const& answers, JetConfig const& config) {
  std::string const events_path = data + "eeH250_pythia.hepmc3.gz";
  if (!std::filesystem::exists(events_path) || !std::filesystem::exists(data + answers))
    GTEST_SKIP() << data + answers << " is not there";
  auto const expected = nlohmann::json::parse(read_gzip(data + answers));
  auto const generator = generate::open_hepmc({events_path});
  ASSERT_EQ(expected.size(), 100u);
  JetFinder const find(config);
  std::size_t n_jets = 0;
  for (std::size_t number = 0; number < expected.size(); ++number) {
    event::GenParticles const particles = (*generator)(static_cast<std::int64_t>(number));
    std::vector<FourVector> momenta;
    for (std::size_t row = 0; row < particles.size(); ++row)
      if (particles.generator_status[row] == 1)
        momenta.push_back({particles.px[row], particles.py[row], particles.pz[row], particles.energy(row)});
    Jets const jets = find(momenta);
    auto const& stored = expected[number].at("jets");
    ASSERT_EQ(jets.size(), stored.size()) << "event " << number;
    for (std::size_t jet = 0; jet < jets.size(); ++jet, ++n_jets) {
      double const pt = stored[jet].at("pt");
      double const stored_phi = stored[jet].at("phi");
      EXPECT_NEAR(transverse_momentum(jets.momenta[jet]), pt, 1e-9 * pt) << "event " << number;
      // Ten decimals are stored, and azimuths from 0 to 2 pi.
      EXPECT_NEAR(std::remainder(phi(jets.momenta[jet]) - stored_phi, 2 * std::numbers::pi), 0, 1e-9);
      FourVector const& p = jets.momenta[jet];
      EXPECT_NEAR(std::atanh(p.pz / p.energy), stored[jet].at("rap").get<double>(), 1e-9);
    }
  }
  EXPECT_GE(n_jets, 2 * expected.size());
}

TEST(StoredJets, OfFastJetGeneralisedKtAreReproduced) {
  expect_stored_answers("eeH250_fastjet_eekt_pm1_R1.0_inclusive.json.gz", {.radius = 1, .min_pt = 5});
}

TEST(StoredJets, OfFastJetGeneralisedKtWithFourJetsAreReproduced) {
  expect_stored_answers("eeH250_fastjet_eekt_p1_R4.0_njets4.json.gz",
                        {.power = 1, .radius = 4, .n_exclusive = 4});
}

TEST(StoredJets, OfFastJetDurhamAreReproduced) {
  expect_stored_answers("eeH250_fastjet_durham_njets3.json.gz",
                        {.algorithm = JetConfig::Algorithm::durham, .n_exclusive = 3});
}

TEST(StoredJets, OfIldAreThoseOfItsParticles) {
  std::string const path = data + "ild_bbcsdu500_dst.slcio";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not there";
  auto const source = io::open_source(path);
  detector::Detector const detector = config::find_detector("ild");
  io::EventBuilder const build(source->info(), detector);
  io::Frame frame;
  std::size_t n_jets = 0;
  for (std::size_t entry = 0; entry < source->info().entries; ++entry) {
    source->read(entry, frame, io::everything);
    event::Event const event = build(frame, entry);
    for (std::size_t n = 2; n <= 6; ++n) {
      Jets const jets =
          JetFinder({.algorithm = JetConfig::Algorithm::durham, .n_exclusive = n})(event.stored);
      io::Collection const* const stored = frame.find("Durham_" + std::to_string(n) + "Jets");
      ASSERT_NE(stored, nullptr);
      ASSERT_EQ(stored->size, jets.size());
      std::vector<bool> is_taken(jets.size());
      for (std::size_t row = 0; row < stored->size; ++row, ++n_jets) {
        FourVector const p{
            stored->member("momentum.x")->at<double>(row), stored->member("momentum.y")->at<double>(row),
            stored->member("momentum.z")->at<double>(row), stored->member("energy")->at<double>(row)};
        std::size_t nearest = 0;
        for (std::size_t jet = 1; jet < jets.size(); ++jet)
          if (angle(jets.momenta[jet].momentum(), p.momentum()) <
              angle(jets.momenta[nearest].momentum(), p.momentum()))
            nearest = jet;
        EXPECT_FALSE(is_taken[nearest]);
        is_taken[nearest] = true;
        // Sums of some 100 floats.
        EXPECT_NEAR(jets.momenta[nearest].energy, p.energy, 100 * 6e-8 * p.energy)
            << "event " << entry << ", " << n;
        EXPECT_LT(angle(jets.momenta[nearest].momentum(), p.momentum()), 1e-4);
      }
    }
  }
  EXPECT_EQ(n_jets, 50u * (2 + 3 + 4 + 5 + 6));
}

}  // namespace
}  // namespace corpuscle::eval
