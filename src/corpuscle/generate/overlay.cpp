#include "corpuscle/generate/overlay.hpp"

#include <algorithm>
#include <utility>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/random.hpp"
#include "corpuscle/core/text.hpp"

namespace corpuscle::generate {
namespace {

constexpr std::uint64_t overlay_stream = 0x6f7665726c6179;
constexpr double max_mean = 1000;
constexpr std::uint64_t stride = 4096;  // soft events kept for each event: 97 sigma above max_mean

template <class T>
void append(std::vector<T>& to, std::vector<T> const& from) {
  to.insert(to.end(), from.begin(), from.end());
}

void append(core::Ragged<event::GenParticleId>& to, core::Ragged<event::GenParticleId> const& from,
            std::size_t first_row) {
  for (std::size_t row = 0; row < from.size(); ++row) {
    for (event::GenParticleId id : from[row]) to.values.emplace_back(first_row + id.row());
    to.end_row();
  }
}

void append(event::GenParticles& to, event::GenParticles const& from) {
  std::size_t const first_row = to.size();
  append(to.pdg, from.pdg);
  append(to.generator_status, from.generator_status);
  append(to.simulator_status, from.simulator_status);
  append(to.charge, from.charge);
  append(to.mass, from.mass);
  append(to.px, from.px);
  append(to.py, from.py);
  append(to.pz, from.pz);
  append(to.x, from.x);
  append(to.y, from.y);
  append(to.z, from.z);
  append(to.end_x, from.end_x);
  append(to.end_y, from.end_y);
  append(to.end_z, from.end_z);
  append(to.time, from.time);
  append(to.parents, from.parents, first_row);
  append(to.daughters, from.daughters, first_row);
}

class Overlay : public Generator {
 public:
  Overlay(std::unique_ptr<Generator> signal, std::unique_ptr<Generator> soft, double mean, std::uint64_t seed)
      : signal_(std::move(signal)), soft_(std::move(soft)), mean_(mean), seed_(seed) {
    if (!(mean >= 0 && mean <= max_mean))
      throw core::ConfigError(
          core::cat("overlay: a mean of ", mean, " soft events is not between 0 and ", max_mean));
    if (signal_->frame() != soft_->frame())
      throw core::ConfigError(
          "overlay: signal and soft events must both be collisions, or both in detector coordinates");
    if (soft_->size() == 0u && mean > 0) throw core::ConfigError("overlay: there are no soft events");
  }

  GeneratorFrame frame() const override { return signal_->frame(); }
  std::optional<std::size_t> size() const override { return signal_->size(); }

  event::GenParticles operator()(std::int64_t number) override {
    event::GenParticles particles = (*signal_)(number);
    std::size_t const n_signal = particles.size();
    core::Random random{seed_, static_cast<std::uint64_t>(number), overlay_stream};
    std::uint64_t const n_soft = std::min(random.poisson(mean_), stride);
    for (std::uint64_t k = 0; k < n_soft; ++k)
      append(particles, (*soft_)(soft_number(static_cast<std::uint64_t>(number), k, random)));
    for (std::size_t row = n_signal; row < particles.size(); ++row)
      particles.simulator_status[row] |= overlay_bit;
    return particles;
  }

 private:
  std::int64_t soft_number(std::uint64_t number, std::uint64_t k, core::Random& random) const {
    if (auto const size = soft_->size()) return static_cast<std::int64_t>(random.bits() % *size);
    return static_cast<std::int64_t>(number * stride + k);
  }

  std::unique_ptr<Generator> signal_;
  std::unique_ptr<Generator> soft_;
  double mean_;
  std::uint64_t seed_;
};

}  // namespace

std::unique_ptr<Generator> make_overlay(std::unique_ptr<Generator> signal, std::unique_ptr<Generator> soft,
                                        double mean, std::uint64_t seed) {
  return std::make_unique<Overlay>(std::move(signal), std::move(soft), mean, seed);
}

}  // namespace corpuscle::generate
