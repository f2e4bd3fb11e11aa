#include "corpuscle/sim/em_shower.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include "corpuscle/core/expect.hpp"
#include "corpuscle/core/units.hpp"
#include "corpuscle/sim/directions.hpp"

namespace corpuscle::sim {
namespace {

using core::Vector3;

// What was tuned, on photons of the CLIC full simulation: the 12 unconverted ones of 3-10 GeV in
// clic_gamma_rec and clic_gamma_barrel ("files"), and the 26 of 0.15-4 GeV, well inside a calorimeter, in
// clic_ttbar365_sim ("ttbar"). All else in the profiles is as published.

/// Added to the depth of the shower maximum [radiation lengths]. On the mean layer of the energy: 13.4
/// (files), 10.8 (ttbar, 1-4 GeV) and 8.3 (below 1 GeV), together known to 0.5 layers.
constexpr double depth_shift = 0.15;

/// Factor on the core radius R_C. On the distances of hits from the photon's line.
constexpr double core_scale = 1.05;

/// A tracklet crosses another layer with the probability exp(-x / track_length), x the thickness of a layer
/// [radiation lengths]: 0.1 in the ECAL. On hits per GeV (37 files, 48 and 63 ttbar) at the given resolution,
/// and on how often a hit beyond 20 mm has another one behind it in the next layer (2.4 %).
constexpr double track_length = 0.236;

/// In the next layer the tracklet is farther from the axis by this fraction. On hits with another one in the
/// next layer, within 3, 8 and 13 mm of the same place: 2.4, 10 and 24 % of those beyond 20 mm.
constexpr double track_divergence = 0.2;

/// The deposit of a crossing goes as linear * x + (1 - linear) * sqrt(x), x exponential. On the energies of
/// hits beyond 25 mm, where crossings are alone: 90 % above 3.3 MeV, half above 9, 10 % above 29, rms/mean
/// 0.88. Tracks at all angles, many of which stop, hide the Landau peak.
constexpr double linear = 0.57;

/// Delay of a hit, in units of its distance from the axis over c. On the hit times of "files".
constexpr float relative_delay = 0.5F;

/// Spread of the response from shower to shower: the constant term of the resolution (detector.md 2.3).
constexpr double response_spread = 0.01;

// Limits, where formulae made for 1-100 GeV are asked for less. Those of Geant4 (T >= 1, alpha >= 1.1) would
// give showers of 50 MeV a mean depth of 11 radiation lengths; these give 2. Chosen, not tuned. The tail
// falls no slower than photons of a few MeV are absorbed, in 3 to 4 radiation lengths of tungsten.
constexpr double min_t = 0.7;
constexpr double min_alpha = 1.5;
constexpr double min_beta = 0.3;
constexpr double max_sigma = 0.5;

/// Between two calorimeters, at most [mm].
constexpr double gap = 200;

/// The shower ends where less than this fraction of its energy is left.
constexpr double tail_fraction = 1e-4;

/// The cumulative gamma distribution (regularised incomplete gamma function P(alpha, x)), tabulated. Off by
/// less than 1e-3.
class GammaTable {
 public:
  GammaTable() {
    for (std::size_t row = 0; row <= rows; ++row) {
      double const alpha = std::exp(first_log + log_step * static_cast<double>(row));
      std::array<double, columns + 1> sum{};
      for (std::size_t column = 0; column < columns; ++column) {
        sum[column + 1] = sum[column];
        constexpr int steps = 8;
        for (int step = 0; step < steps; ++step) {
          // x = alpha w / (1 - w): half of the distribution lies below w = 1/2, more or less, and all
          // below 1.
          double const w = (static_cast<double>(column) + (step + 0.5) / steps) / columns;
          double const x_over_alpha = w / (1 - w);
          sum[column + 1] += std::exp((alpha - 1) * std::log(x_over_alpha) - alpha * (x_over_alpha - 1)) /
                             ((1 - w) * (1 - w));
        }
      }
      for (std::size_t column = 0; column <= columns; ++column)
        table_[row][column] = static_cast<float>(sum[column] / sum[columns]);
    }
  }

  /// P(alpha, .) for one alpha.
  struct Cumulative {
    float const* low;
    float const* high;
    float part;
    float alpha;

    float operator()(float x) const {
      float const position = static_cast<float>(columns) * x / (x + alpha);
      std::size_t const column = std::min(static_cast<std::size_t>(position), columns - 1);
      float const rest = position - static_cast<float>(column);
      float const below = low[column] + rest * (low[column + 1] - low[column]);
      float const above = high[column] + rest * (high[column + 1] - high[column]);
      return below + part * (above - below);
    }
  };

  [[nodiscard]] Cumulative operator()(double alpha) const {
    double const position = std::clamp((std::log(alpha) - first_log) / log_step, 0., rows - 1e-6);
    auto const row = static_cast<std::size_t>(position);
    return {table_[row].data(), table_[row + 1].data(),
            static_cast<float>(position - static_cast<double>(row)), static_cast<float>(alpha)};
  }

 private:
  static constexpr std::size_t rows = 40;
  static constexpr std::size_t columns = 128;
  static constexpr double first_log = 0.05;  // alpha from 1.05 ...
  static constexpr double log_step = 0.08;   // ... to 26
  std::array<std::array<float, columns + 1>, rows + 1> table_;
};

/// Quantiles of linear * x + (1 - linear) * sqrt(x), x exponential, scaled to mean 1. Each is the mean over
/// its bin in probability, so that the mean is exact; the variance is short by 0.1 %.
class QuantileTable {
 public:
  explicit QuantileTable(double linear_part) {
    double sum = 0;
    double sum_of_squares = 0;
    for (std::size_t bin = 0; bin < size; ++bin) {
      constexpr int steps = 64;
      double value = 0;
      for (int step = 0; step < steps; ++step) {
        double const x = -std::log((static_cast<double>(bin) + (step + 0.5) / steps) / size);
        value += (linear_part * x + (1 - linear_part) * std::sqrt(x)) / steps;
      }
      quantiles_[bin] = static_cast<float>(value);
      sum += value / size;
      sum_of_squares += value * value / size;
    }
    variance_ = sum_of_squares / (sum * sum) - 1;
    for (float& quantile : quantiles_) quantile /= static_cast<float>(sum);
  }

  /// @param random  uniform in [0, 2^16)
  [[nodiscard]] float operator()(std::uint32_t random) const { return quantiles_[random >> (16 - bits)]; }
  [[nodiscard]] double variance() const { return variance_; }

 private:
  static constexpr unsigned bits = 10;
  static constexpr std::size_t size = std::size_t{1} << bits;
  std::array<float, size> quantiles_;
  double variance_ = 0;
};

struct Tables {
  GammaTable profile;
  QuantileTable wait{1};          ///< exponential
  QuantileTable deposit{linear};  ///< of a crossing
};

Tables const& tables() {
  static Tables const made;
  return made;
}

}  // namespace

/// Four numbers uniform in [0, 2^16) from each draw: enough for what happens thousands of times.
class EmShower::ShortRandoms {
 public:
  explicit ShortRandoms(core::Random& random) : random_(&random) {}

  std::uint32_t operator()() {
    if (left_ == 0) {
      bits_ = random_->bits();
      left_ = 4;
    }
    --left_;
    auto const result = static_cast<std::uint32_t>(bits_ & 0xffffU);
    bits_ >>= 16;
    return result;
  }

 private:
  core::Random* random_;
  std::uint64_t bits_ = 0;
  int left_ = 0;
};

EmShower::EmShower(CaloGeometry const& geometry) : geometry_(&geometry) {
  detector::Simulation const& description = geometry.description();
  for (detector::Calorimeter const& calorimeter : description.calorimeters) {
    detector::Stack const& stack = description.stacks[static_cast<std::size_t>(calorimeter.stack)];
    Medium medium;
    double const sampling = stack.em_sampling * geometry.relative_signal(calorimeter);

    // A tracklet makes n crossings, n geometric with mean 1/(1-q) and relative variance q. N tracklets with
    // relative variance V each, N a Poisson number, give a relative variance of (1+V)/N.
    double const q = std::exp(-stack.x0 / track_length);
    double const tracklet_variance = q + (1 - q) * tables().deposit.variance();
    medium.tracklets_per_gev = (1 + tracklet_variance) / (stack.em_stochastic * stack.em_stochastic);
    medium.energy_per_tracklet = 1 / medium.tracklets_per_gev;
    medium.crossing_deposit = static_cast<float>(sampling * medium.energy_per_tracklet * (1 - q));
    medium.continuation = q;
    medium.continues_below = static_cast<std::uint32_t>(std::lround(q * 0x1p16));

    medium.moliere_radius = static_cast<float>(stack.moliere_radius);
    medium.z = static_cast<float>(stack.z_effective);
    medium.layer_x0 = static_cast<float>(stack.x0);
    medium.transition = static_cast<float>(1 - 1 / (1 + 0.007 * (stack.z_passive - stack.z_active)));
    medium.critical_energy = stack.critical_energy;
    media_.push_back(medium);
    longest_x0_ = std::max(longest_x0_, stack.pitch / stack.x0);
  }
}

/// hep-ex/0001020, sections 3.1 and 3.2 and appendix A (detector.md 3.1, 3.2).
EmShower::Profile EmShower::draw_profile(Medium const& medium, double energy, core::Random& random) {
  double const layer = static_cast<double>(medium.layer_x0);
  double const ln_y = std::log(energy / medium.critical_energy);
  double const mean_t = std::max(
      min_t, ln_y - 0.812 - 0.55 * layer - 0.69 * static_cast<double>(medium.transition) + depth_shift);
  double const mean_alpha =
      std::max(min_alpha, 0.81 + (0.458 + 2.26 / static_cast<double>(medium.z)) * ln_y - 0.476 * layer);
  auto const sigma = [](double inverse) { return inverse > 1 / max_sigma ? 1 / inverse : max_sigma; };
  double const sigma_t = sigma(-2.5 + 1.25 * ln_y);
  double const sigma_alpha = sigma(-0.82 + 0.79 * ln_y);
  double const rho = std::clamp(0.784 - 0.023 * ln_y, 0., 1.);
  double const common = std::sqrt((1 + rho) / 2) * random.normal();
  double const opposed = std::sqrt((1 - rho) / 2) * random.normal();

  Profile profile;
  double const t = mean_t * std::exp(sigma_t * (common + opposed));
  profile.alpha = std::max(1.1, mean_alpha * std::exp(sigma_alpha * (common - opposed)));
  profile.beta = std::max(min_beta, (profile.alpha - 1) / t);
  profile.depth_of_tau = profile.alpha / profile.beta * (mean_alpha - 1) / mean_alpha;
  return profile;
}

/// hep-ex/0001020, sections 3.1 and 3.2 and appendix A (detector.md 3.1, 3.2).
EmShower::Lateral EmShower::lateral_at(Medium const& m, float tau, float log_energy) {
  float const early = m.layer_x0 * std::exp(-tau);
  float const core = 0.0251F + 0.00319F * log_energy + (0.1162F - 0.000381F * m.z) * tau -
                     0.0203F * m.transition + 0.0397F * early;
  float const past = tau - 0.645F;
  float const tail = (0.659F - 0.00309F * m.z) *
                         (std::exp(-2.59F * past) + std::exp((0.3585F + 0.0412F * log_energy) * past)) -
                     0.14F * m.transition - 0.495F * early;
  float const x = (0.401F + 0.00187F * m.z - tau) / (1.313F - 0.0686F * log_energy);
  float const weight = (2.632F - 0.00094F * m.z) * std::exp(x - std::exp(x)) +
                       m.transition * (0.348F - 0.642F * m.layer_x0 * std::exp(-(tau - 1) * (tau - 1)));
  return {m.moliere_radius * std::max(0.01F, static_cast<float>(core_scale) * core),
          m.moliere_radius * std::clamp(tail, 0.1F, 5.F), std::clamp(weight, 0.F, 1.F)};
}

void EmShower::set_axis(Flight const& start) {
  particle_ = start.particle;
  start_time_ = start.time;
  origin_ = start.position;
  direction_ = 1 / core::length(start.momentum) * start.momentum;
  auto const [a, b] = across(direction_);
  across_a_ = a;
  across_b_ = b;
  last_cell_ = 0;
  targets_.clear();
}

EmShower::Medium const& EmShower::medium_of(Crossing const& crossing) const {
  Plane const& plane = geometry_->planes()[static_cast<std::size_t>(crossing.plane)];
  return media_[static_cast<std::size_t>(plane.calorimeter)];
}

void EmShower::extend_targets(std::size_t layer) {
  while (targets_.size() <= layer) {
    Crossing const& crossing = trace_[targets_.size()];
    Target& target = targets_.emplace_back();
    target.path = crossing.path;
    if (crossing.plane < 0) continue;
    Plane const& plane = geometry_->planes()[static_cast<std::size_t>(crossing.plane)];
    target.plane = &plane;
    // A point beside the axis moves along the axis until it lies in the plane. At grazing incidence that
    // would be far, through other layers: it is bounded.
    double cosine = core::dot(direction_, plane.normal);
    if (std::abs(cosine) < 0.1) cosine = std::copysign(0.1, cosine);
    double const back_a = core::dot(across_a_, plane.normal) / cosine;
    double const back_b = core::dot(across_b_, plane.normal) / cosine;
    Vector3 const center = origin_ + static_cast<double>(crossing.path) * direction_ - plane.origin;
    double const du = core::dot(direction_, plane.u);
    double const dv = core::dot(direction_, plane.v);
    target.t0 = static_cast<float>(start_time_ + static_cast<double>(crossing.path) / units::c_light);
    target.ta = static_cast<float>(-back_a / units::c_light);
    target.tb = static_cast<float>(-back_b / units::c_light);
    target.u0 = static_cast<float>(core::dot(center, plane.u));
    target.v0 = static_cast<float>(core::dot(center, plane.v));
    target.ua = static_cast<float>(core::dot(across_a_, plane.u) - back_a * du);
    target.ub = static_cast<float>(core::dot(across_b_, plane.u) - back_b * du);
    target.va = static_cast<float>(core::dot(across_a_, plane.v) - back_a * dv);
    target.vb = static_cast<float>(core::dot(across_b_, plane.v) - back_b * dv);
  }
}

/// A tracklet that begins in the layer `first` of the trace. Runs some 70 times per GeV: measure before
/// changing.
void EmShower::send_tracklet(std::size_t first, Lateral const& lateral, float share, core::Random& random,
                             ShortRandoms& short_random, HitMap& hits, EnergyAccount& account) {
  std::int16_t const calorimeter = target(first).plane->calorimeter;
  Medium const& medium = media_[static_cast<std::size_t>(calorimeter)];

  // r = R sqrt(q / (1 - q)), q uniform, samples 2 r R^2 / (r^2 + R^2)^2 (detector.md 3.1). A point drawn in
  // the unit disc gives both q, its distance squared, and the direction. The law has no end: 10 R shall be
  // it.
  float a = 0;
  float b = 0;
  float q = 1;
  while (q > 0.99F) {
    std::uint64_t const bits = random.bits();
    a = static_cast<float>(static_cast<std::int32_t>(bits & 0xffffffffU)) * 0x1p-31F;
    b = static_cast<float>(static_cast<std::int32_t>(bits >> 32)) * 0x1p-31F;
    q = a * a + b * b;
  }
  float const radius =
      static_cast<float>(short_random()) * 0x1p-16F < lateral.core_weight ? lateral.core : lateral.tail;
  float const scale = radius / std::sqrt(1 - q);
  a *= scale;
  b *= scale;

  std::size_t end = first + 1;
  while (short_random() < medium.continues_below && end < trace_.size()) {
    Plane const* plane = target(end).plane;
    if (plane == nullptr || plane->calorimeter != calorimeter) break;
    ++end;
  }
  float const deposit = response_ * medium.crossing_deposit;
  float const part = share / static_cast<float>(end - first);
  QuantileTable const& relative_deposit = tables().deposit;
  for (std::size_t layer = first; layer < end; ++layer) {
    Target const& at = targets_[layer];
    float time = at.t0 + a * at.ta + b * at.tb;
    std::uint64_t cell = geometry_->cell(*at.plane, static_cast<double>(at.u0 + a * at.ua + b * at.ub),
                                         static_cast<double>(at.v0 + a * at.va + b * at.vb));
    if (cell == 0) {
      time = at.t0;
      cell = geometry_->cell_near(origin_ + static_cast<double>(at.path) * direction_ +
                                  static_cast<double>(a) * across_a_ + static_cast<double>(b) * across_b_);
    }
    if (cell == 0) {
      account.dead += static_cast<double>(part);
    } else {
      constexpr auto delay = relative_delay / static_cast<float>(units::c_light);
      last_cell_ = cell;
      last_time_ = time + delay * std::sqrt(a * a + b * b);
      hits.add(cell, particle_, deposit * relative_deposit(short_random()), part, last_time_);
    }
    a *= 1 + static_cast<float>(track_divergence);
    b *= 1 + static_cast<float>(track_divergence);
  }
}

void EmShower::operator()(Flight const& start, double energy, Kind kind, core::Random& random, HitMap& hits,
                          EnergyAccount& account) {
  CORPUSCLE_EXPECT(energy > 0);
  set_axis(start);
  bool const is_photon = kind == Kind::photon;
  double const conversion = is_photon ? 9. / 7 * random.exponential() : 0;

  // As far as a shower of this energy reaches, and over the gap between two calorimeters; if it starts far
  // in front of them, to the end.
  double const reach = longest_x0_ * (conversion + 16 + 4 * std::max(0., std::log(energy / 0.05))) + gap;
  geometry_->trace(origin_, direction_, reach, trace_);
  if (trace_.empty() || static_cast<double>(trace_.front().path) > gap)
    geometry_->trace(origin_, direction_, 1e5, trace_);
  auto const first = std::find_if(trace_.begin(), trace_.end(), [](auto const& c) { return c.plane >= 0; });
  if (first == trace_.end()) {
    account.leaked += energy;
    return;
  }
  Medium const& medium = medium_of(*first);
  Profile const profile = draw_profile(medium, is_photon ? energy / 2 : energy, random);
  response_ = static_cast<float>(1 + response_spread * random.normal());
  auto const log_energy = static_cast<float>(std::log(energy));

  // A tracklet deposits on average half of its further crossings behind the layer where it begins: the
  // profile from which it begins lies ahead by as much.
  double const lead =
      0.5 * static_cast<double>(medium.layer_x0) * medium.continuation / (1 - medium.continuation);
  GammaTable::Cumulative const cumulative = tables().profile(profile.alpha);
  double done = 0;     // fraction of the energy up to the layer
  double pending = 0;  // energy since the last tracklet
  ShortRandoms short_random(random);
  auto const draw_wait = [&] { return static_cast<double>(tables().wait(short_random())); };
  double wait = draw_wait();
  std::size_t layer = 0;
  for (; layer < trace_.size() && 1 - done > tail_fraction; ++layer) {
    Crossing const& crossing = trace_[layer];
    double const depth = static_cast<double>(crossing.x0_to) - conversion + lead;
    if (depth <= 0) continue;
    auto const until = static_cast<double>(cumulative(static_cast<float>(profile.beta * depth)));
    double const here = energy * (until - done);
    done = until;
    if (crossing.plane < 0) {
      account.dead += here;
      continue;
    }
    Medium const& local = medium_of(crossing);
    double expected = here * local.tracklets_per_gev;
    if (wait < expected) {
      double const half = 0.5 * static_cast<double>(crossing.x0_to - crossing.x0_from);
      auto const tau = static_cast<float>(std::max(depth - half, 0.5 * depth) / profile.depth_of_tau);
      Lateral const lateral = lateral_at(local, tau, log_energy);
      do {
        auto const share = static_cast<float>(pending + wait * local.energy_per_tracklet);
        send_tracklet(layer, lateral, share, random, short_random, hits, account);
        expected -= wait;
        pending = 0;
        wait = draw_wait();
      } while (wait < expected);
    }
    wait -= expected;
    pending += expected * local.energy_per_tracklet;
  }
  (layer < trace_.size() ? pending : account.leaked) += energy * (1 - done);
  if (last_cell_ != 0)
    hits.add(last_cell_, particle_, 0, static_cast<float>(pending), last_time_);
  else
    account.below_threshold += pending;
}

}  // namespace corpuscle::sim
