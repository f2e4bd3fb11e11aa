#include "corpuscle/sim/track_fit.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "corpuscle/core/random.hpp"
#include "corpuscle/detector/helix.hpp"

namespace corpuscle::sim {
namespace {

constexpr double radii[] = {31, 33, 44, 46, 58, 60, 127, 340, 554, 819, 1153, 1486};

/// A track through cylinders, and discs where it is steep; measured without error, scattered without a kick.
std::vector<Passage> ideal_track(HelixPoint const& start, double scattering) {
  std::vector<Passage> passages;
  bool const is_steep = std::abs(start.tan_lambda) > 2;
  for (double r : radii) {
    double const s = 0.9 * r;
    Passage passage;
    passage.before = start;
    passage.before.advance(HelixPoint::chord(s, start.omega));
    passage.s = s;
    passage.omega_behind = start.omega;
    passage.tan_lambda_behind = start.tan_lambda;
    passage.is_cylinder = !is_steep;
    passage.sigma_u = 0.007;
    passage.sigma_v = 0.05;
    passage.measured = passage.before.position;
    passage.angle_variance = scattering * scattering;
    passages.push_back(passage);
  }
  return passages;
}

TEST(TrackFit, PerfectMeasurementsGiveTheTrueHelix) {
  for (double omega : {1e-5, -3e-4, 1.1e-3})
    for (double tan_lambda : {0.1, -1.2, 5.}) {
      core::Vector3 const vertex{2, -1, 4};
      auto const passages = ideal_track({vertex, std::cos(0.4), std::sin(0.4), tan_lambda, omega}, 1e-3);
      auto const fit = fit_track(passages);
      ASSERT_TRUE(fit);
      EXPECT_NEAR(fit->chi2, 0, 1e-12);
      EXPECT_EQ(fit->ndf, 2 * 12 - 5);
      EXPECT_NEAR(fit->at_ip.omega, omega, 1e-15);
      EXPECT_NEAR(fit->at_ip.tan_lambda, tan_lambda, 1e-12);
      auto const& p = fit->at_ip;
      detector::Helix const fitted =
          detector::Helix::from_parameters(p.d0, p.phi, p.omega, p.z0, p.tan_lambda, p.reference);
      // Both are the same curve: the fitted one passes the vertex, at the arc length of the vertex.
      core::Vector3 const d = vertex - fitted.origin;
      double const s = d.x * std::cos(p.phi) + d.y * std::sin(p.phi);
      EXPECT_NEAR(core::length(fitted.position(s) - vertex), 0,
                  1e-5);  // s is a chord of 2 mm: s^3 omega^2 / 24 short
      EXPECT_NEAR(fit->at_last_hit.d0, 0, 1e-9);
      EXPECT_NEAR(fit->at_last_hit.z0, 0, 1e-9);
      EXPECT_NEAR(fit->at_first_hit.d0, 0, 1e-9);
    }
}

TEST(TrackFit, StraightLineAgreesWithPlainLeastSquares) {
  // Without scattering and curvature the z fit is a straight line through 12 points of equal error:
  // var(slope) = sigma^2 / sum (s - mean)^2, var(z0) = sigma^2 (1/n + mean^2 / sum).
  auto const passages = ideal_track({{0, 0, 0}, 1, 0, 0, 1e-9}, 0);
  auto const fit = fit_track(passages);
  ASSERT_TRUE(fit);
  double mean = 0;
  for (double r : radii) mean += 0.9 * r / 12;
  double sum = 0;
  for (double r : radii) sum += (0.9 * r - mean) * (0.9 * r - mean);
  double const variance = 0.05 * 0.05;
  EXPECT_NEAR(fit->at_ip.covariance[14], variance / sum, 1e-4 * variance / sum);  // the prior, rounding
  double const z0 = variance * (1. / 12 + mean * mean / sum);
  EXPECT_NEAR(fit->at_ip.covariance[9], z0, 1e-4 * z0);
}

TEST(TrackFit, CovarianceIsThatOfRepeatedMeasurements) {
  core::Random random(1);
  HelixPoint const start{{0, 0, 0}, 1, 0, 0.7, 2e-4};
  constexpr int n = 2000;
  constexpr double kick = 1e-3;
  double pulls[5] = {};
  double chi2 = 0;
  int ndf = 0;
  for (int i = 0; i < n; ++i) {
    auto passages = ideal_track(start, 0);
    // One thin scatterer half way, the helix bent there, so that the truth is a broken curve.
    std::size_t const middle = 6;
    double const tan_kick = kick * random.normal() * (1 + 0.49);
    double const phi_kick = kick * random.normal() * std::sqrt(1 + 0.49);
    passages[middle].angle_variance = kick * kick;
    passages[middle].kick_phi = phi_kick;
    passages[middle].kick_tan_lambda = tan_kick;
    HelixPoint behind = passages[middle].before;
    double const phi = std::atan2(behind.sin_phi, behind.cos_phi) + phi_kick;
    behind.cos_phi = std::cos(phi);
    behind.sin_phi = std::sin(phi);
    behind.tan_lambda += tan_kick;
    passages[middle].tan_lambda_behind = behind.tan_lambda;
    for (std::size_t k = middle + 1; k < passages.size(); ++k) {
      HelixPoint point = behind;
      point.advance(HelixPoint::chord(passages[k].s - passages[middle].s, point.omega));
      passages[k].before = point;
      passages[k].measured = point.position;
      passages[k].tan_lambda_behind = behind.tan_lambda;
    }
    for (Passage& passage : passages) {
      passage.u = passage.sigma_u * random.normal();
      passage.v = passage.sigma_v * random.normal();
    }
    auto const fit = fit_track(passages);
    ASSERT_TRUE(fit);
    auto const& p = fit->at_ip;
    double const error[5] = {p.d0, p.phi, p.omega - 2e-4, p.z0, p.tan_lambda - 0.7};
    for (std::size_t k = 0; k < 5; ++k) pulls[k] += error[k] * error[k] / p.covariance[k * (k + 3) / 2];
    chi2 += fit->chi2;
    ndf += fit->ndf;
  }
  // The mean square of n unit normals has the standard deviation sqrt(2/n); chi2 / ndf, that with 19 n.
  for (double pull : pulls) EXPECT_NEAR(pull / n, 1, 5 * std::sqrt(2. / n));
  EXPECT_NEAR(chi2 / ndf, 1, 5 * std::sqrt(2. / ndf));
}

}  // namespace
}  // namespace corpuscle::sim
