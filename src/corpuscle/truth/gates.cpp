#include "corpuscle/truth/gates.hpp"

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <sstream>

#include "corpuscle/core/units.hpp"

namespace corpuscle::truth {
namespace {

/// Of a sorted sample, which is not empty, interpolated.
double percentile(std::vector<double> const& sorted, double percent) {
  double const at = percent / 100 * static_cast<double>(sorted.size() - 1);
  auto const below = static_cast<std::size_t>(at);
  std::size_t const above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (at - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

std::string text(double value, int digits = 3) {
  std::ostringstream out;
  out << std::setprecision(digits) << value;
  return out.str();
}

std::string range_text(Requirement const& r) {
  bool const is_open = std::isinf(r.range_high);
  return is_open ? "above " + text(r.range_low)
                 : "in [" + text(r.range_low) + ", " + text(r.range_high) + "]";
}

std::string requirement_text(Requirement const& r) {
  std::string out;
  auto const add = [&](std::string const& part) { out += (out.empty() ? "" : ", ") + part; };
  bool const has_min = std::isfinite(r.median_min);
  bool const has_max = std::isfinite(r.median_max);
  if (has_min && has_max)
    add("median " + text(r.median_min) + " to " + text(r.median_max));
  else if (has_max)
    add("median below " + text(r.median_max));
  if (r.min_in_range > 0) add("at least " + text(100 * r.min_in_range) + " % " + range_text(r));
  if (r.percentile > 0) add(text(r.percentile) + " % of the sample below " + text(r.percentile_max));
  return out;
}

}  // namespace

std::string_view name(Verdict verdict) {
  switch (verdict) {
    case Verdict::pass: return "pass";
    case Verdict::fail: return "FAIL";
    case Verdict::no_data: return "no data";
  }
  return "unknown";
}

Gate judge(std::string name, std::string quantity, std::vector<double> sample, Requirement const& r) {
  Gate gate{std::move(name), std::move(quantity), "no data", requirement_text(r), Verdict::no_data};
  if (sample.empty()) return gate;
  std::sort(sample.begin(), sample.end());
  double const median = percentile(sample, 50);
  bool is_good = median >= r.median_min && median <= r.median_max;
  gate.measured = "median " + text(median, 4);
  if (r.min_in_range > 0) {
    auto const begin = std::lower_bound(sample.begin(), sample.end(), r.range_low);
    auto const end = std::upper_bound(sample.begin(), sample.end(), r.range_high);
    double const fraction = static_cast<double>(end - begin) / static_cast<double>(sample.size());
    gate.measured += ", " + text(100 * fraction, 4) + " % " + range_text(r);
    is_good = is_good && fraction >= r.min_in_range;
  }
  if (r.percentile > 0) {
    double const value = percentile(sample, r.percentile);
    gate.measured += ", " + text(r.percentile) + " % below " + text(value);
    is_good = is_good && value < r.percentile_max;
  }
  gate.measured += " (n = " + std::to_string(sample.size()) + ")";
  gate.verdict = is_good ? Verdict::pass : Verdict::fail;
  return gate;
}

double circle_radius(std::vector<double> const& x, std::vector<double> const& y) {
  auto const n = static_cast<double>(x.size());
  if (x.size() < 3) return 0;
  double mean_x = 0, mean_y = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    mean_x += x[i] / n;
    mean_y += y[i] / n;
  }
  double uu = 0, uv = 0, vv = 0, uz = 0, vz = 0;  // about the mean, where the equations are 2 x 2
  double zz = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    double const u = x[i] - mean_x;
    double const v = y[i] - mean_y;
    double const z = u * u + v * v;
    uu += u * u;
    uv += u * v;
    vv += v * v;
    uz += u * z;
    vz += v * z;
    zz += z;
  }
  double const determinant = uu * vv - uv * uv;
  if (determinant <= 1e-14 * zz * zz) return 0;
  double const a = (uz * vv - vz * uv) / (2 * determinant);
  double const b = (vz * uu - uz * uv) / (2 * determinant);
  return std::sqrt(a * a + b * b + zz / n);
}

void ConsistencyGates::add(event::Event const& event, Targets const& targets,
                           event::Particles const& candidates) {
  event::Observed const& seen = event.observed;
  event::Particles const& particles = targets.particles;
  double sum = 0;
  for (float const energy : particles.energy) sum += energy;
  if (sum <= 0) return;

  if (seen.calo_hits.size() > 0) calo_hits_.push_back(static_cast<double>(seen.calo_hits.size()) / sum);
  if (seen.tracker_hits.size() > 0 && seen.tracks.size() > 0)
    tracker_hits_.push_back(static_cast<double>(seen.tracker_hits.size()) /
                            static_cast<double>(seen.tracks.size()));
  for (std::size_t t = 0; t < particles.size(); ++t) {
    double const energy = particles.energy[t];
    deposit_.push_back(targets.deposit[t] / energy);
    if (targets.deposit[t] > 0 && seen.calo_hits.size() > 0)
      hit_energy_.push_back(targets.deposit[t] / energy);
    for (event::TrackId const track : particles.tracks[t]) {
      event::TrackStates const& s = seen.tracks.at(event::TrackPoint::at_ip);
      double const omega = std::abs(s.omega[track.row()]);
      if (field_ <= 0 || omega == 0) continue;
      double const pt = units::bending * field_ / omega;
      track_energy_.push_back(pt * std::hypot(1, static_cast<double>(s.tan_lambda[track.row()])) / energy);
    }
    for (event::ClusterId const cluster : particles.clusters[t])
      cluster_energy_.push_back(seen.clusters.energy[cluster.row()] / energy);
  }
  if (candidates.size() > 0) {
    double difference = -sum;
    for (float const energy : candidates.energy) difference += energy;
    sum_.push_back(std::abs(difference) / sum);
  }
  add_circles(event, targets);
}

void ConsistencyGates::add_circles(event::Event const& event, Targets const& targets) {
  if (field_ <= 0 || event.truth.tracker_hit_links.empty()) return;
  auto const& generated = event.truth.particles;
  constexpr std::size_t min_hits = 4;  // a circle goes through any three
  std::vector<std::uint8_t> is_wanted(generated.size());
  for (std::size_t t = 0; t < targets.particles.size(); ++t)
    if (!targets.particles.tracks[t].empty()) is_wanted[targets.members[t].front().row()] = 1;
  struct Points {
    std::vector<double> x, y;
  };
  std::vector<Points> points(generated.size());
  for (auto const& link : event.truth.tracker_hit_links) {
    if (!is_wanted[link.to.row()]) continue;
    points[link.to.row()].x.push_back(event.observed.tracker_hits.x[link.from.row()]);
    points[link.to.row()].y.push_back(event.observed.tracker_hits.y[link.from.row()]);
  }
  for (std::size_t row = 0; row < generated.size(); ++row) {
    double const pt = std::hypot(generated.px[row], generated.py[row]);
    if (points[row].x.size() < min_hits || generated.charge[row] == 0 || pt == 0) continue;
    double const radius = circle_radius(points[row].x, points[row].y);
    if (radius > 0)
      circle_pt_.push_back(units::bending * field_ * radius *
                           std::abs(static_cast<double>(generated.charge[row])) / pt);
  }
}

std::vector<Gate> ConsistencyGates::judge() const {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  using truth::judge;
  return {
      // "Sane" in mlpf.md; as a density it holds for any process. Seen: 20-30 hits/GeV (CLIC, CLD), 36 for
      // photons of 3-10 GeV; 10-20 tracker hits per track with silicon, 200 with a gas chamber.
      judge("H2 calorimeter", "calorimeter hits per GeV", calo_hits_, {5, 100, 0, 0, 0, 0, 0}),
      judge("H2 tracker", "tracker hits per track", tracker_hits_, {3, 400, 0, 0, 0, 0, 0}),
      judge("H3", "pT of the circle through the hits / true pT", circle_pt_, {0.8, 1.2, 0.5, 2, 0.85, 0, 0}),
      judge("H4", "energy of hits / true energy", hit_energy_, {0.7, 1.3, 0.5, 2, 0.85, 0, 0}),
      judge("T4 tracks", "momentum of track / target energy", track_energy_, {0.5, 2, 0.5, 2, 0.8, 0, 0}),
      judge("T4 clusters", "energy of cluster / target energy", cluster_energy_, {0.5, 2, 0.5, 2, 0.8, 0, 0}),
      judge("R2", "deposit / target energy", deposit_, {0.3, 1.1, 0, 1.5, 0.95, 99, 3}),
      judge("P", "|reconstructed - target| / target, per event", sum_, {-infinity, 0.05, 0, 0, 0, 90, 0.15}),
  };
}

}  // namespace corpuscle::truth
