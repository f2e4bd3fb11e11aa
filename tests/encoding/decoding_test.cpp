#include "corpuscle/encoding/decoding.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>

#include "corpuscle/core/random.hpp"

namespace corpuscle::encoding {
namespace {

using event::ParticleClass;

constexpr Layout layouts[] = {Layout::standard, Layout::mlpf_2023, Layout::mlpf_2026};

/// Elements of random kinematics without features: decoding looks at none.
Elements random_elements(std::size_t n, core::Random& random) {
  Elements elements;
  for (std::size_t i = 0; i < n; ++i) {
    bool const is_track = random.uniform() < 0.5;
    Reference r;
    r.eta = static_cast<float>(random.uniform(-4, 4));
    double const phi = random.uniform(-std::numbers::pi, std::numbers::pi);
    r.energy = static_cast<float>(std::exp(random.uniform(-3, 6)));
    r.pt = static_cast<float>(r.energy / std::cosh(r.eta));
    r.sin_phi = static_cast<float>(std::sin(phi));
    r.cos_phi = static_cast<float>(std::cos(phi));
    if (is_track) {
      r.charge = random.uniform() < 0.5 ? 1 : -1;
      r.x = static_cast<float>(random.normal());
      r.z = static_cast<float>(random.normal());
    }
    elements.references.push_back(r);
    elements.types.push_back(is_track ? ElementType::track : ElementType::cluster);
    elements.rows.push_back(static_cast<std::uint32_t>(1000 + i));
  }
  return elements;
}

/// A particle that may live on an element, somewhere near it, with the mass of its class.
Kinematics random_particle(ElementType type, Reference const& r, core::Random& random) {
  Kinematics k;
  double const u = random.uniform();
  if (type == ElementType::track) {
    k.particle_class = u < 0.6   ? ParticleClass::charged_hadron
                       : u < 0.8 ? ParticleClass::electron
                                 : ParticleClass::muon;
    k.charge = r.charge;
  } else {
    k.particle_class = u < 0.5 ? ParticleClass::photon : ParticleClass::neutral_hadron;
  }
  double const p = r.energy * std::exp(0.5 * random.normal());
  double const eta = r.eta + 0.1 * random.normal();
  double const phi = std::atan2(r.sin_phi, r.cos_phi) + 0.3 * random.normal();
  k.px = p / std::cosh(eta) * std::cos(phi);
  k.py = p / std::cosh(eta) * std::sin(phi);
  k.pz = p * std::tanh(eta);
  k.energy = std::hypot(p, mass(k.particle_class));
  return k;
}

std::vector<float> outputs_of(Layout layout, std::vector<Target> const& targets) {
  std::size_t const width = output_names(layout).size();
  std::vector<float> outputs(targets.size() * width);
  for (std::size_t i = 0; i < targets.size(); ++i)
    ideal_outputs(layout, targets[i], std::span(outputs).subspan(i * width, width));
  return outputs;
}

/// One element of 10 GeV at eta = 0, phi = 0.
Elements one_element(ElementType type) {
  Elements elements;
  elements.references.push_back({.energy = 10, .pt = 10, .eta = 0, .sin_phi = 0, .cos_phi = 1});
  if (type == ElementType::track) elements.references[0].charge = -1;
  elements.types.push_back(type);
  elements.rows.push_back(0);
  return elements;
}

TEST(Decoding, LayoutsHaveThePublishedNumbersOfOutputs) {
  EXPECT_EQ(output_names(Layout::standard).size(), 9U);
  EXPECT_EQ(output_names(Layout::mlpf_2023).size(), 14U);
  EXPECT_EQ(output_names(Layout::mlpf_2026).size(), 13U);
  EXPECT_EQ(output_names(Layout::mlpf_2023)[9], "pt");
  EXPECT_EQ(output_names(Layout::mlpf_2026)[8], "ln_pt_ratio");
  for (Layout const layout : layouts) {
    EXPECT_EQ(find_layout(name(layout)), layout);
    EXPECT_EQ(regression_names(layout).back(), output_names(layout).back());
  }
  EXPECT_EQ(find_layout("mlpf"), std::nullopt);
}

TEST(Decoding, GivesBackWhatWasEncoded) {
  core::Random random({3});
  for (Layout const layout : layouts) {
    std::size_t const n = 10000;
    Elements const elements = random_elements(n, random);
    std::vector<Kinematics> particles;
    std::vector<Target> targets;
    for (std::size_t i = 0; i < n; ++i) {
      particles.push_back(random_particle(elements.types[i], elements.references[i], random));
      targets.push_back(encode_target(layout, elements.references[i], particles[i]));
    }
    Decoded const decoded = decode(layout, outputs_of(layout, targets), elements);
    event::Particles const& p = decoded.particles;
    ASSERT_EQ(p.size(), n);
    EXPECT_EQ(decoded.n_broken, 0U);
    for (std::size_t k = 0; k < n; ++k) {
      std::uint32_t const i = decoded.elements[k];
      Kinematics const& expected = particles[i];
      Reference const& r = elements.references[i];
      EXPECT_EQ(p.particle_class[k], expected.particle_class);
      EXPECT_EQ(p.charge[k], expected.charge);
      EXPECT_EQ(p.pdg[k] < 0,
                expected.charge * (expected.particle_class == ParticleClass::charged_hadron ? 1 : -1) < 0);
      // A float has 24 bits, so eta and phi up to 4 are off by 2.4e-7, of which there are three (element,
      // difference, sum); exp of a ratio as large is no worse.
      double const momentum = std::hypot(expected.px, expected.py, expected.pz);
      double const tolerance = 2e-6 * momentum;
      EXPECT_NEAR(p.px[k], expected.px, tolerance);
      EXPECT_NEAR(p.py[k], expected.py, tolerance);
      EXPECT_NEAR(p.pz[k], expected.pz, tolerance);
      EXPECT_NEAR(p.energy[k], expected.energy, tolerance + 1.2e-7 * expected.energy);  // rounded upwards
      EXPECT_EQ(p.x[k], r.x);
      EXPECT_EQ(p.z[k], r.z);
      bool const is_track = elements.types[i] == ElementType::track;
      ASSERT_EQ(p.tracks[k].size(), is_track ? 1U : 0U);
      ASSERT_EQ(p.clusters[k].size(), is_track ? 0U : 1U);
      EXPECT_EQ(is_track ? p.tracks[k][0].row() : p.clusters[k][0].row(), elements.rows[i]);
      EXPECT_GE(p.energy[k == 0 ? 0 : k - 1], p.energy[k]);
    }
  }
}

TEST(Decoding, EnergyIsNeverBelowMomentumWhateverTheOutputs) {
  core::Random random({4});
  for (Layout const layout : layouts) {
    Elements elements = random_elements(5000, random);
    elements.references[7].energy = 0;
    std::size_t const width = output_names(layout).size();
    std::vector<float> outputs(elements.size() * width);
    for (float& x : outputs) x = static_cast<float>(5 * random.normal());
    Decoded const decoded = decode(layout, outputs, elements);
    event::Particles const& p = decoded.particles;
    EXPECT_GT(p.size(), 1000U);
    for (std::size_t k = 0; k < p.size(); ++k) {
      double const px = p.px[k], py = p.py[k], pz = p.pz[k];
      EXPECT_GE(p.energy[k], std::sqrt(px * px + py * py + pz * pz));
      EXPECT_GT(p.energy[k], 0);
      EXPECT_GE(p.mass[k], 0);
      EXPECT_NE(decoded.elements[k], 7U);
      ElementType const type = elements.types[decoded.elements[k]];
      bool const is_charged = p.particle_class[k] != ParticleClass::photon &&
                              p.particle_class[k] != ParticleClass::neutral_hadron;
      EXPECT_EQ(is_charged, type == ElementType::track);
      EXPECT_TRUE(layout == Layout::mlpf_2023 ||
                  p.charge[k] == elements.references[decoded.elements[k]].charge);
      EXPECT_TRUE(is_charged || p.charge[k] == 0);
    }
  }
}

TEST(Decoding, WhatAnElementCannotBeIsNotLookedAt) {
  // The largest logit is photon, the next muon, then none.
  std::vector<float> const outputs{1, 0, 0, 3, 0.5F, 2, 0, 0, 0};
  Decoded const track = decode(Layout::standard, outputs, one_element(ElementType::track));
  ASSERT_EQ(track.particles.size(), 1U);
  EXPECT_EQ(track.particles.particle_class[0], ParticleClass::muon);
  EXPECT_EQ(track.particles.pdg[0], 13);
  EXPECT_EQ(track.particles.charge[0], -1);
  Decoded const hit = decode(Layout::standard, outputs, one_element(ElementType::hit));
  ASSERT_EQ(hit.particles.size(), 1U);
  EXPECT_EQ(hit.particles.particle_class[0], ParticleClass::photon);
  EXPECT_EQ(hit.particles.tracks[0].size() + hit.particles.clusters[0].size(), 0U);
}

TEST(Decoding, WithoutTracksAnElementCanBeAnything) {
  Elements elements = one_element(ElementType::hit);
  std::vector<float> muon(13);
  ideal_outputs(Layout::mlpf_2026, {.label = 5, .charge = 0, .regression = {0, 0, 0, 1, 0}}, muon);
  EXPECT_EQ(decode(Layout::mlpf_2026, muon, elements).particles.size(), 0U);
  elements.has_tracks = false;
  Decoded const decoded = decode(Layout::mlpf_2026, muon, elements);
  ASSERT_EQ(decoded.particles.size(), 1U);
  EXPECT_EQ(decoded.particles.particle_class[0], ParticleClass::muon);
  EXPECT_EQ(decoded.particles.charge[0], 0);
}

TEST(Decoding, NoneIsNoParticle) {
  for (Layout const layout : layouts)
    EXPECT_EQ(
        decode(layout, outputs_of(layout, {Target{}}), one_element(ElementType::track)).particles.size(), 0U);
  // Of equal logits the first.
  EXPECT_EQ(decode(Layout::standard, std::vector<float>(9), one_element(ElementType::track)).particles.size(),
            0U);
  // 2026: both questions must be answered.
  std::vector<float> outputs{0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0};
  EXPECT_EQ(decode(Layout::mlpf_2026, outputs, one_element(ElementType::track)).particles.size(), 1U);
  outputs[0] = 1;
  EXPECT_EQ(decode(Layout::mlpf_2026, outputs, one_element(ElementType::track)).particles.size(), 0U);
}

TEST(Decoding, DoubtfulNeutralParticlesCountWithTheirProbability) {
  Elements cluster = one_element(ElementType::cluster);
  float const energy = cluster.references[0].energy;
  // P(none) = 1 / (1 + odds), odds shared by neutral hadron and photon.
  auto const decoded = [&](double odds_of_hadron, double odds_of_photon) {
    std::vector<float> outputs(9);
    outputs[2] = static_cast<float>(std::log(odds_of_hadron));
    outputs[3] = static_cast<float>(std::log(odds_of_photon));
    return decode(Layout::standard, outputs, cluster).particles;
  };
  event::Particles const photon = decoded(1, 2);
  ASSERT_EQ(photon.size(), 1U);
  EXPECT_EQ(photon.particle_class[0], ParticleClass::photon);
  // Logits and energies are floats: relative 1e-7 each, odds of them a few times that.
  EXPECT_NEAR(photon.energy[0], energy * std::pow(0.75, 1.5), 1e-6 * energy);
  event::Particles const hadron = decoded(0.3, 0.01);
  ASSERT_EQ(hadron.size(), 1U);
  EXPECT_EQ(hadron.particle_class[0], ParticleClass::neutral_hadron);
  double const weight = std::pow(0.31 / 1.31, 1.5);
  EXPECT_NEAR(hadron.energy[0], weight * std::hypot(energy, mass(ParticleClass::neutral_hadron)),
              1e-6 * energy);
  EXPECT_NEAR(hadron.mass[0], weight * mass(ParticleClass::neutral_hadron), 1e-6);
  // The limits: P(none) of 0.72 for photons, 0.82 for neutral hadrons.
  EXPECT_EQ(decoded(0.01, 0.28 / 0.72 - 0.02).size(), 0U);
  EXPECT_EQ(decoded(0.01, 0.28 / 0.72).size(), 1U);
  EXPECT_EQ(decoded(0.18 / 0.82 - 0.02, 0.01).size(), 0U);
  EXPECT_EQ(decoded(0.18 / 0.82, 0.01).size(), 1U);
  for (ElementType const type : {ElementType::hit, ElementType::hit_group}) {  // 0.60 and 0.70
    cluster.types[0] = type;
    EXPECT_EQ(decoded(0.01, 0.40 / 0.60 - 0.02).size(), 0U);
    EXPECT_EQ(decoded(0.01, 0.40 / 0.60).size(), 1U);
    EXPECT_EQ(decoded(0.30 / 0.70 - 0.02, 0.01).size(), 0U);
    EXPECT_EQ(decoded(0.30 / 0.70, 0.01).size(), 1U);
  }
}

TEST(Decoding, ChargeOf2023IsTheOneThatTheNetworkSays) {
  Elements const elements = one_element(ElementType::track);
  Kinematics const photon_that_converted{ParticleClass::charged_hadron, 0, 5, 5, 0, 0};
  Target const target = encode_target(Layout::mlpf_2023, elements.references[0], photon_that_converted);
  Decoded const decoded = decode(Layout::mlpf_2023, outputs_of(Layout::mlpf_2023, {target}), elements);
  ASSERT_EQ(decoded.particles.size(), 1U);
  EXPECT_EQ(decoded.particles.charge[0], 0);
}

TEST(Decoding, TargetsAreFiniteForParticlesAtTheEdge) {
  Reference const element = one_element(ElementType::cluster).references[0];
  for (Layout const layout : layouts) {
    Kinematics const along_the_beam{ParticleClass::photon, 0, 5, 0, 0, -5};
    Target const target = encode_target(layout, element, along_the_beam);
    EXPECT_EQ(target.label, 3);
    for (float const x : target.regression) EXPECT_TRUE(std::isfinite(x));
    EXPECT_EQ(encode_target(layout, element, {ParticleClass::photon, 0, 0, 0, 0, 0}), Target{});
    EXPECT_EQ(encode_target(layout, Reference{}, {ParticleClass::photon, 0, 5, 5, 0, 0}), Target{});
  }
}

TEST(Decoding, AParticleAcrossTheSeamOfPhiIsNear) {
  Reference element = one_element(ElementType::track).references[0];
  element.cos_phi = -1;
  element.sin_phi = 1e-3F;  // phi = pi - 0.001
  Target const target =
      encode_target(Layout::standard, element, {ParticleClass::charged_hadron, 1, 10, -10, -0.02, 0});
  EXPECT_NEAR(target.regression[2], 0.003, 1e-6);
}

TEST(Decoding, BrokenOutputsGiveNoParticleAndAreCounted) {
  core::Random random({6});
  for (Layout const layout : layouts) {
    Elements const elements = random_elements(50, random);
    std::vector<Target> targets;
    for (std::size_t i = 0; i < elements.size(); ++i)
      targets.push_back(encode_target(layout, elements.references[i],
                                      random_particle(elements.types[i], elements.references[i], random)));
    std::vector<float> outputs = outputs_of(layout, targets);
    std::size_t const width = output_names(layout).size();
    outputs[3 * width] = std::numeric_limits<float>::quiet_NaN();
    outputs[11 * width + width - 1] = std::numeric_limits<float>::infinity();
    if (layout != Layout::mlpf_2023) outputs[20 * width + width - regression_names(layout).size()] = 1e4F;
    Decoded const decoded = decode(layout, outputs, elements);
    EXPECT_EQ(decoded.n_broken, layout == Layout::mlpf_2023 ? 2U : 3U);
    EXPECT_EQ(decoded.particles.size() + decoded.n_broken, elements.size());
    for (std::size_t k = 0; k < decoded.particles.size(); ++k)
      EXPECT_TRUE(std::isfinite(decoded.particles.energy[k]));
  }
}

TEST(Decoding, NothingGivesNothing) {
  for (Layout const layout : layouts) {
    Decoded const decoded = decode(layout, {}, {});
    EXPECT_EQ(decoded.particles.size(), 0U);
    EXPECT_EQ(decoded.particles.tracks.size(), 0U);
  }
}

TEST(Decoding, KinematicsAreThoseOfTheTable) {
  event::Particles particles;
  particles.resize(1);
  particles.particle_class[0] = ParticleClass::muon;
  particles.charge[0] = -1;
  particles.energy[0] = 3;
  particles.pz[0] = 2;
  Kinematics const k = Kinematics::of(particles, 0);
  EXPECT_EQ(k.particle_class, ParticleClass::muon);
  EXPECT_EQ(k.charge, -1);
  EXPECT_EQ(k.energy, 3);
  EXPECT_EQ(k.pz, 2);
}

}  // namespace
}  // namespace corpuscle::encoding
