#include "corpuscle/sim/track_finding.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <optional>
#include <utility>

#include "corpuscle/core/random.hpp"
#include "corpuscle/detector/helix.hpp"

namespace corpuscle::sim {
namespace {

constexpr double crowding_angle = 0.010;  // [rad], Tracking::crowding

/// detector.md 4.1: chi2 has a tail of 3-5 % from wrong hits and hard scatters.
constexpr double wrong_hit_probability = 0.04;

/// How many other candidates are within the crowding angle of each. Sorted by z of the direction, which
/// differs by no more than the angle, only near ones are compared.
std::vector<int> count_neighbours(std::span<TrackCandidate const> candidates) {
  std::vector<int> counts(candidates.size(), 0);
  std::vector<std::uint32_t> order(candidates.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    double const za = candidates[a].direction.z;
    double const zb = candidates[b].direction.z;
    return za != zb ? za < zb : a < b;
  });
  for (std::size_t i = 0; i < order.size(); ++i) {
    TrackCandidate const& a = candidates[order[i]];
    for (std::size_t j = i + 1; j < order.size(); ++j) {
      TrackCandidate const& b = candidates[order[j]];
      if (b.direction.z - a.direction.z > crowding_angle) break;
      core::Vector3 const apart = b.direction - a.direction;
      if (b.particle == a.particle || core::dot(apart, apart) > crowding_angle * crowding_angle) continue;
      ++counts[order[i]];
      ++counts[order[j]];
    }
  }
  return counts;
}

/// Mean energy loss per length of the lower 70 % of the hits, which are free of Landau's tail, and its error.
std::pair<float, float> truncated_mean(std::span<Passage const> passages) {
  std::array<float, 64> losses;
  std::size_t n = 0;
  for (Passage const& passage : passages)
    if (passage.is_measured() && n < losses.size()) losses[n++] = passage.deposit_per_length;
  std::sort(losses.begin(), losses.begin() + static_cast<std::ptrdiff_t>(n));
  std::size_t const kept = std::max<std::size_t>(1, n * 7 / 10);
  float sum = 0;
  float sum_of_squares = 0;
  for (std::size_t i = 0; i < kept; ++i) {
    sum += losses[i];
    sum_of_squares += losses[i] * losses[i];
  }
  auto const count = static_cast<float>(kept);
  float const mean = sum / count;
  return {mean, std::sqrt(std::max(0.F, sum_of_squares / count - mean * mean) / count)};
}

void add_state(event::TrackStates& states, TrackParameters const& p) {
  states.is_present.push_back(1);
  states.d0.push_back(static_cast<float>(p.d0));
  states.phi.push_back(static_cast<float>(p.phi));
  states.omega.push_back(static_cast<float>(p.omega));
  states.z0.push_back(static_cast<float>(p.z0));
  states.tan_lambda.push_back(static_cast<float>(p.tan_lambda));
  states.x.push_back(static_cast<float>(p.reference.x));
  states.y.push_back(static_cast<float>(p.reference.y));
  states.z.push_back(static_cast<float>(p.reference.z));
  states.covariance.push_back(p.covariance);
}

/// From the fit at the last hit to the calorimeter, if it gets there.
std::optional<TrackParameters> at_calorimeter(TrackFit const& fit, detector::CalorimeterShell const& face) {
  HelixPoint const& last = fit.last;
  detector::Helix const helix{last.position, std::atan2(last.sin_phi, last.cos_phi), last.omega,
                              last.tan_lambda};
  auto const crossing = detector::extrapolate(helix, face);
  if (!crossing) return std::nullopt;
  TrackParameters p = fit.carried(HelixPoint::chord(crossing->s, last.omega));
  p.d0 = 0;
  p.z0 = 0;
  p.reference = crossing->position;
  return p;
}

}  // namespace

void find_tracks(std::span<TrackCandidate const> candidates, std::span<Passage const> passages,
                 TrackerGeometry const& geometry, detector::Tracking const& tracking, event::Event& event) {
  event::Tracks& tracks = event.observed.tracks;
  tracks = {};
  event.truth.track_links.clear();
  std::vector<int> const neighbours = count_neighbours(candidates);

  auto const add = [&](std::span<Passage const> seen, TrackFit const& fit, TrackCandidate const& candidate,
                       float weight) {
    event::TrackId const track(tracks.size());
    using event::TrackPoint;
    add_state(tracks.at(TrackPoint::at_ip), fit.at_ip);
    add_state(tracks.at(TrackPoint::at_first_hit), fit.at_first_hit);
    add_state(tracks.at(TrackPoint::at_last_hit), fit.at_last_hit);
    auto const face_state = at_calorimeter(fit, geometry.face());
    add_state(tracks.at(TrackPoint::at_calorimeter), face_state.value_or(TrackParameters{}));
    if (!face_state) tracks.at(TrackPoint::at_calorimeter).is_present.back() = 0;
    tracks.chi2.push_back(static_cast<float>(fit.chi2));
    tracks.ndf.push_back(fit.ndf);
    auto const [dedx, dedx_error] = truncated_mean(seen);
    tracks.dedx.push_back(dedx);
    tracks.dedx_error.push_back(dedx_error);
    tracks.innermost_hit_radius.push_back(
        static_cast<float>(core::transverse_length(fit.at_first_hit.reference)));
    tracks.time.push_back(static_cast<float>(candidate.time));
    for (Passage const& passage : seen)
      if (passage.is_measured()) tracks.hits.values.emplace_back(passage.hit);
    tracks.hits.end_row();
    event.truth.track_links.push_back({track, candidate.particle, weight});
  };

  for (std::size_t i = 0; i < candidates.size(); ++i) {
    TrackCandidate const& candidate = candidates[i];
    int const needed = std::max(3, tracking.min_hits) + (candidate.is_displaced ? 1 : 0);
    if (candidate.n_hits < needed || candidate.pt < tracking.min_pt) continue;
    core::Random random(candidate.key);
    double const loss = tracking.inefficiency + tracking.crowding * neighbours[i];
    bool const is_lost = random.uniform() < loss;
    bool const has_wrong_hit = random.uniform() < wrong_hit_probability;
    bool const is_doubled = random.uniform() < tracking.fake_rate;
    if (is_lost) continue;

    std::span<Passage const> const all = passages.subspan(candidate.first, candidate.last - candidate.first);
    std::optional<TrackFit> fit = fit_track(all);
    if (!fit) continue;
    float weight = 1;
    if (has_wrong_hit) {  // a hit that fits so badly that it is nearly rejected
      fit->chi2 += 5 + 10 * random.exponential();
      weight -= 1 / static_cast<float>(candidate.n_hits);
    }
    add(all, *fit, candidate, weight);

    if (is_doubled && candidate.n_hits > needed) {
      std::size_t begin = all.size();
      for (int hits = 0; hits < needed;) hits += all[--begin].is_measured() ? 1 : 0;
      std::span<Passage const> const outer = all.subspan(begin);
      if (auto const fake = fit_track(outer)) add(outer, *fake, candidate, 0.5F);
    }
  }
}

}  // namespace corpuscle::sim
