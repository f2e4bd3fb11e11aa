#include "corpuscle/encoding/decoding.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <tuple>
#include <utility>

#include "corpuscle/core/angles.hpp"
#include "corpuscle/core/expect.hpp"
#include "corpuscle/core/vector3.hpp"
#include "corpuscle/encoding/encoding.hpp"

namespace corpuscle::encoding {
namespace {

using core::Vector3;
using event::ParticleClass;

constexpr double max_eta = 10;  // 0.1 mrad from the beam; sinh of it is far from overflow

constexpr std::array<std::string_view, 9> standard_outputs{
    "logit_none",     "logit_charged_hadron", "logit_neutral_hadron", "logit_photon",
    "logit_electron", "logit_muon",           "ln_p_ratio",           "delta_eta",
    "delta_phi"};
constexpr std::array<std::string_view, 14> outputs_2023{"logit_none",
                                                        "logit_charged_hadron",
                                                        "logit_neutral_hadron",
                                                        "logit_photon",
                                                        "logit_electron",
                                                        "logit_muon",
                                                        "logit_charge_minus",
                                                        "logit_charge_zero",
                                                        "logit_charge_plus",
                                                        "pt",
                                                        "eta",
                                                        "sin_phi",
                                                        "cos_phi",
                                                        "energy"};
constexpr std::array<std::string_view, 13> outputs_2026{
    "logit_no_particle", "logit_particle", "logit_none", "logit_charged_hadron", "logit_neutral_hadron",
    "logit_photon",      "logit_electron", "logit_muon", "ln_pt_ratio",          "eta",
    "sin_phi",           "cos_phi",        "ln_e_ratio"};

/// An element is nothing where that is more probable than this: there neutral particles are found at least as
/// often as by our rules, with fewer fakes (models/README.md). What may be there counts with less energy, so
/// jets hardly feel where these cuts are. Of the groups of a shower several may answer, so more is asked.
struct MostAbsence {
  double of_photons, of_neutral_hadrons;
};
constexpr MostAbsence in_clusters{0.72, 0.82}, in_hits{0.60, 0.70};

/// What is left of the four-momentum of a particle that is there with this probability. The first power would
/// make the mean energy of jets right; what is lost at once leaves a tail to low responses, so their median
/// would be high.
double weight_of(double presence) {
  return presence * std::sqrt(presence);
}

constexpr float sure = 30;  // a logit above all others: e^-30 is below the rounding of float

/// Where the six logits of the class begin.
constexpr std::size_t first_logit(Layout layout) {
  return layout == Layout::mlpf_2026 ? 2 : 0;
}

std::size_t n_regressions(Layout layout) {
  return layout == Layout::standard ? 3 : 5;
}

bool is_charged(ParticleClass c) {
  return c == ParticleClass::charged_hadron || c == ParticleClass::electron || c == ParticleClass::muon;
}

std::uint8_t label_of(ParticleClass c) {
  return static_cast<std::uint8_t>(1 + static_cast<int>(c));
}

/// One particle on its way into the table, rounded to what the table holds.
struct Candidate {
  ParticleClass particle_class = ParticleClass::photon;
  float charge = 0;
  float energy = 0, px = 0, py = 0, pz = 0, mass = 0;
  std::uint32_t element = 0;
};

/// Rounds a momentum, and an energy upwards so that it is not below it.
void set_momentum(Candidate& c, Vector3 p, double energy) {
  c.px = static_cast<float>(p.x);
  c.py = static_cast<float>(p.y);
  c.pz = static_cast<float>(p.z);
  double const rounded_p = core::length({c.px, c.py, c.pz});
  energy = std::max(energy, rounded_p);
  c.energy = static_cast<float>(energy);
  if (c.energy < rounded_p) c.energy = std::nextafter(c.energy, std::numeric_limits<float>::infinity());
}

std::size_t largest(std::span<float const> logits) {
  return static_cast<std::size_t>(std::max_element(logits.begin(), logits.end()) - logits.begin());
}

/// What an element is, label 0 for nothing, and what its momentum is to be multiplied with.
struct Choice {
  std::size_t label = 0;
  double weight = 1;
};

Choice choose(Layout layout, std::span<float const> outputs, ElementType type, bool has_tracks) {
  if (layout == Layout::mlpf_2026 && !(outputs[1] > outputs[0])) return {};
  auto const logits = outputs.subspan(first_logit(layout), n_labels);
  // Neutral particles of our own layout are weighed; all else is what seems most probable.
  bool const is_weighed = layout == Layout::standard && has_tracks && type != ElementType::track;
  std::size_t best = is_weighed ? n_labels : 0;
  double odds = 0;  // of any particle against none
  for (std::size_t label = 1; label < n_labels; ++label) {
    if (!can_be(type, has_tracks, static_cast<ParticleClass>(label - 1))) continue;
    if (best == n_labels || logits[label] > logits[best]) best = label;
    odds += std::exp(static_cast<double>(logits[label]) - logits[0]);
  }
  if (!is_weighed) return {best, 1};
  double const absence = 1 / (1 + odds);
  bool const is_photon = static_cast<ParticleClass>(best - 1) == ParticleClass::photon;
  MostAbsence const& most = type == ElementType::cluster ? in_clusters : in_hits;
  if (absence > (is_photon ? most.of_photons : most.of_neutral_hadrons)) return {};
  return {best, weight_of(1 - absence)};
}

/// From pt, eta, sin phi, cos phi and energy, as both published layouts have them; phi is that of atan2, so
/// sine and cosine need not be of one angle.
void set_published(Candidate& c, double pt, double eta, double sin_phi, double cos_phi, double energy) {
  double const phi = std::atan2(sin_phi, cos_phi);
  set_momentum(c, {pt * std::cos(phi), pt * std::sin(phi), pt * std::sinh(eta)}, energy);
  double const p = core::length({c.px, c.py, c.pz});
  c.mass = static_cast<float>(std::sqrt(std::max(0., (c.energy - p) * (c.energy + p))));
}

void set_momentum(Candidate& c, Layout layout, std::span<float const> outputs, Reference const& element,
                  double weight) {
  auto const r = outputs.last(n_regressions(layout));
  switch (layout) {
    case Layout::standard: {
      double const p = weight * element.energy * std::exp(static_cast<double>(r[0]));
      double const eta = static_cast<double>(element.eta) + r[1];
      double const phi = std::atan2(element.sin_phi, element.cos_phi) + static_cast<double>(r[2]);
      double const pt = p / std::cosh(eta);
      double const m = weight * mass(c.particle_class);
      set_momentum(c, {pt * std::cos(phi), pt * std::sin(phi), p * std::tanh(eta)}, std::hypot(p, m));
      c.mass = static_cast<float>(m);
      break;
    }
    case Layout::mlpf_2023: set_published(c, std::abs(r[0]), r[1], r[2], r[3], std::abs(r[4])); break;
    case Layout::mlpf_2026:
      set_published(c, element.pt * std::exp(static_cast<double>(r[0])), r[1], r[2], r[3],
                    element.energy * std::exp(static_cast<double>(r[4])));
      break;
  }
}

std::int32_t pdg_code(ParticleClass particle_class, float charge) {
  int const sign = charge < 0 ? -1 : 1;
  switch (particle_class) {
    case ParticleClass::charged_hadron: return sign * 211;
    case ParticleClass::electron: return -sign * 11;  // 11 has negative charge
    case ParticleClass::muon: return -sign * 13;
    case ParticleClass::neutral_hadron: return 130;
    case ParticleClass::photon: break;
  }
  return 22;
}

void fill(Decoded& decoded, std::vector<Candidate> const& candidates, Elements const& elements) {
  event::Particles& particles = decoded.particles;
  std::size_t const n = candidates.size();
  particles.resize(n);
  for (auto* const offsets : {&particles.tracks.offsets, &particles.clusters.offsets})
    offsets->reserve(n + 1);
  particles.tracks.values.reserve(n);
  particles.clusters.values.reserve(n);
  decoded.elements.reserve(n);
  for (std::size_t k = 0; k < n; ++k) {
    Candidate const& c = candidates[k];
    Reference const& reference = elements.references[c.element];
    particles.particle_class[k] = c.particle_class;
    particles.pdg[k] = pdg_code(c.particle_class, c.charge);
    particles.charge[k] = c.charge;
    particles.energy[k] = c.energy;
    particles.px[k] = c.px;
    particles.py[k] = c.py;
    particles.pz[k] = c.pz;
    particles.mass[k] = c.mass;
    particles.x[k] = reference.x;
    particles.y[k] = reference.y;
    particles.z[k] = reference.z;
    if (elements.types[c.element] == ElementType::track)
      particles.tracks.values.emplace_back(elements.rows[c.element]);
    if (elements.types[c.element] == ElementType::cluster)
      particles.clusters.values.emplace_back(elements.rows[c.element]);
    particles.tracks.end_row();
    particles.clusters.end_row();
    decoded.elements.push_back(c.element);
  }
}

}  // namespace

std::string_view name(Layout layout) {
  constexpr std::array<std::string_view, 3> names{"standard", "mlpf-2023", "mlpf-2026"};
  return names[static_cast<std::size_t>(layout)];
}

std::optional<Layout> find_layout(std::string_view wanted) {
  for (Layout const layout : {Layout::standard, Layout::mlpf_2023, Layout::mlpf_2026})
    if (name(layout) == wanted) return layout;
  return std::nullopt;
}

std::span<std::string_view const> output_names(Layout layout) {
  switch (layout) {
    case Layout::mlpf_2023: return outputs_2023;
    case Layout::mlpf_2026: return outputs_2026;
    case Layout::standard: break;
  }
  return standard_outputs;
}

std::span<std::string_view const> regression_names(Layout layout) {
  return output_names(layout).last(n_regressions(layout));
}

Kinematics Kinematics::of(event::Particles const& particles, std::size_t row) {
  return {particles.particle_class[row],
          particles.charge[row],
          particles.energy[row],
          particles.px[row],
          particles.py[row],
          particles.pz[row]};
}

double mass(ParticleClass particle_class) {
  switch (particle_class) {  // PDG, Phys. Rev. D 110 (2024) 030001
    case ParticleClass::charged_hadron: return 0.13957039;
    case ParticleClass::neutral_hadron: return 0.497611;
    case ParticleClass::electron: return 0.00051099895;
    case ParticleClass::muon: return 0.1056583755;
    case ParticleClass::photon: break;
  }
  return 0;
}

bool can_be(ElementType type, bool has_tracks, ParticleClass particle_class) {
  return !has_tracks || is_charged(particle_class) == (type == ElementType::track);
}

Target encode_target(Layout layout, Reference const& element, Kinematics const& particle) {
  double const pt = std::hypot(particle.px, particle.py);
  double const p = std::hypot(pt, particle.pz);
  if (!(p > 0 && element.energy > 0)) return {};
  double const eta = std::clamp(std::asinh(particle.pz / pt), -max_eta, max_eta);
  double const phi = pt > 0 ? std::atan2(particle.py, particle.px) : 0;
  Target target{
      label_of(particle.particle_class), static_cast<std::int8_t>(std::lround(particle.charge)), {}};
  auto& r = target.regression;
  auto const f = [](double x) { return static_cast<float>(x); };
  switch (layout) {
    case Layout::standard:
      r = {f(std::log(p / element.energy)), f(eta - element.eta),
           f(core::wrap_phi(phi - std::atan2(element.sin_phi, element.cos_phi)))};
      break;
    case Layout::mlpf_2023:
      r = {f(pt), f(eta), f(std::sin(phi)), f(std::cos(phi)), f(particle.energy)};
      break;
    case Layout::mlpf_2026: {
      // Theirs, too: where a logarithm has no value, 0.
      double const ln_pt = std::log(pt / element.pt);
      double const ln_e = std::log(particle.energy / element.energy);
      r = {std::isfinite(ln_pt) ? f(ln_pt) : 0, f(eta), f(std::sin(phi)), f(std::cos(phi)),
           std::isfinite(ln_e) ? f(ln_e) : 0};
      break;
    }
  }
  return target;
}

void ideal_outputs(Layout layout, Target const& target, std::span<float> outputs) {
  CORPUSCLE_EXPECT(outputs.size() == output_names(layout).size());
  std::fill(outputs.begin(), outputs.end(), 0.F);
  outputs[first_logit(layout) + target.label] = layout == Layout::standard ? sure : 1;
  if (layout == Layout::mlpf_2026) outputs[target.label == 0 ? 0 : 1] = 1;
  if (layout == Layout::mlpf_2023)
    outputs[n_labels + 1 + static_cast<std::size_t>(std::clamp<int>(target.charge, -1, 1))] = 1;
  std::copy_n(target.regression.begin(), n_regressions(layout), outputs.end() - n_regressions(layout));
}

Decoded decode(Layout layout, std::span<float const> outputs, Elements const& elements) {
  std::size_t const width = output_names(layout).size();
  CORPUSCLE_EXPECT(outputs.size() == width * elements.size());
  Decoded decoded;
  std::vector<Candidate> candidates;
  candidates.reserve(elements.size());
  for (std::uint32_t i = 0; i < elements.size(); ++i) {
    auto const row = outputs.subspan(i * width, width);
    if (!std::all_of(row.begin(), row.end(), [](float x) { return std::isfinite(x); })) {
      ++decoded.n_broken;
      continue;
    }
    Reference const& reference = elements.references[i];
    ElementType const type = elements.types[i];
    auto const [label, weight] = choose(layout, row, type, elements.has_tracks);
    if (label == 0 || !(reference.energy > 0)) continue;
    Candidate c;
    c.element = i;
    c.particle_class = static_cast<ParticleClass>(label - 1);
    if (type == ElementType::track) {
      c.charge = layout == Layout::mlpf_2023 ? static_cast<float>(largest(row.subspan(n_labels, 3))) - 1
                                             : reference.charge;
    }
    set_momentum(c, layout, row, reference, weight);
    if (!all_finite(c.energy, c.px, c.py, c.pz, c.mass)) {
      ++decoded.n_broken;
      continue;
    }
    if (c.energy > 0) candidates.push_back(c);
  }
  auto const key = [&](Candidate const& c) {
    Reference const& r = elements.references[c.element];
    return std::tuple(-c.energy, c.px, c.py, c.pz, c.particle_class, c.charge, c.mass, r.x, r.y, r.z,
                      c.element);
  };
  std::sort(candidates.begin(), candidates.end(),
            [&](Candidate const& a, Candidate const& b) { return key(a) < key(b); });
  fill(decoded, candidates, elements);
  return decoded;
}

}  // namespace corpuscle::encoding
