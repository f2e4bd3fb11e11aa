#include "corpuscle/generate/overlay.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <utility>

#include "corpuscle/core/error.hpp"
#include "generate/particles.hpp"

namespace corpuscle::generate {
namespace {

/// A particle and its daughter, whose momenta tell the number of the event.
class Numbered : public Generator {
 public:
  explicit Numbered(std::int32_t pdg, std::optional<std::size_t> size = std::nullopt,
                    GeneratorFrame frame = GeneratorFrame::collision)
      : pdg_(pdg), size_(size), frame_(frame) {}

  GeneratorFrame frame() const override { return frame_; }
  std::optional<std::size_t> size() const override { return size_; }
  event::GenParticles operator()(std::int64_t number) override {
    event::GenParticles particles;
    particles.resize(2);
    particles.pdg = {pdg_, pdg_};
    particles.generator_status = {2, 1};
    particles.px = {0, static_cast<double>(number)};
    particles.parents.end_row();
    particles.parents.push_back({event::GenParticleId(0)});
    particles.daughters.push_back({event::GenParticleId(1)});
    particles.daughters.end_row();
    return particles;
  }

 private:
  std::int32_t pdg_;
  std::optional<std::size_t> size_;
  GeneratorFrame frame_;
};

std::unique_ptr<Generator> overlaid(double mean, std::optional<std::size_t> n_soft = std::nullopt) {
  return make_overlay(std::make_unique<Numbered>(1), std::make_unique<Numbered>(2, n_soft), mean, 1);
}

TEST(Overlay, SignalComesFirstAndTheRestIsMarked) {
  auto make = overlaid(10);
  for (std::int64_t number = 0; number < 100; ++number) {
    auto const particles = (*make)(number);
    testing::expect_sound(particles);
    for (std::size_t row = 0; row < particles.size(); ++row) {
      bool const is_signal = row < 2;
      ASSERT_EQ(particles.pdg[row], is_signal ? 1 : 2);
      ASSERT_EQ(particles.simulator_status[row], is_signal ? 0 : overlay_bit);
    }
    ASSERT_EQ(particles.px[1], static_cast<double>(number));
  }
}

TEST(Overlay, NumberOfSoftEventsIsPoisson) {
  auto make = overlaid(10);
  constexpr int n = 10'000;
  double sum = 0;
  double squares = 0;
  for (int i = 0; i < n; ++i) {
    double const n_soft = static_cast<double>((*make)(i).size()) / 2 - 1;
    sum += n_soft;
    squares += (n_soft - 10) * (n_soft - 10);
  }
  EXPECT_NEAR(sum / n, 10, 5 * std::sqrt(10. / n));
  EXPECT_NEAR(squares / n, 10, 5 * 10 * std::sqrt((2 + 1. / 10) / n));  // kurtosis 3 + 1/mean
}

TEST(Overlay, NoSoftEventServesTwice) {
  auto make = overlaid(10);
  std::set<double> numbers;
  std::size_t n = 0;
  for (std::int64_t number = 0; number < 1000; ++number) {
    auto const particles = (*make)(number);
    for (std::size_t row = 3; row < particles.size(); row += 2, ++n) numbers.insert(particles.px[row]);
  }
  EXPECT_EQ(numbers.size(), n);
}

TEST(Overlay, AFileOfSoftEventsIsDrawnFromEvenly) {
  auto make = overlaid(10, 5);
  std::vector<double> counts(5);
  double n = 0;
  for (std::int64_t number = 0; number < 1000; ++number) {
    auto const particles = (*make)(number);
    for (std::size_t row = 3; row < particles.size(); row += 2, ++n)
      ++counts.at(static_cast<std::size_t>(particles.px[row]));
  }
  for (double count : counts) EXPECT_NEAR(count, n / 5, 5 * std::sqrt(n * 0.2 * 0.8));
}

TEST(Overlay, MeanZeroIsTheSignal) {
  Numbered signal(1);
  EXPECT_EQ(testing::fingerprint((*overlaid(0))(3)), testing::fingerprint(signal(3)));
}

TEST(Overlay, AnEventDependsOnSeedAndNumberAlone) {
  auto first = overlaid(10);
  auto second = overlaid(10);
  auto const a = testing::fingerprint((*first)(5));
  (*second)(8);
  EXPECT_EQ(a, testing::fingerprint((*second)(5)));
}

TEST(Overlay, HasTheSizeAndFrameOfTheSignal) {
  auto make = make_overlay(std::make_unique<Numbered>(1, 7), std::make_unique<Numbered>(2), 1, 1);
  EXPECT_EQ(make->size(), 7u);
  EXPECT_EQ(make->frame(), GeneratorFrame::collision);
}

TEST(Overlay, RefusesWhatCannotBe) {
  for (double mean : {-1., 1e4, std::nan("")}) EXPECT_THROW(overlaid(mean), core::ConfigError);
  EXPECT_THROW(overlaid(1, 0), core::ConfigError);
  EXPECT_THROW(make_overlay(std::make_unique<Numbered>(1, std::nullopt, GeneratorFrame::detector),
                            std::make_unique<Numbered>(2), 1, 1),
               core::ConfigError);
}

}  // namespace
}  // namespace corpuscle::generate
