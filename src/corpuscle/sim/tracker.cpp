#include "corpuscle/sim/tracker.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <numbers>
#include <span>
#include <utility>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/random.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/core/units.hpp"
#include "corpuscle/event/particle_data.hpp"
#include "corpuscle/sim/decay.hpp"
#include "corpuscle/sim/directions.hpp"
#include "corpuscle/sim/material.hpp"
#include "corpuscle/sim/nuclear.hpp"
#include "corpuscle/sim/track_finding.hpp"
#include "corpuscle/sim/track_fit.hpp"

namespace corpuscle::sim {
namespace {

using event::GenParticleId;
using event::GenParticles;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double pi = std::numbers::pi;

constexpr double oldest = 100 * units::ns;          // ten times the time window of the calorimeters
constexpr int most_steps = 2000;                    // of a looper that crosses a layer again and again
constexpr int most_hits = 60;                       // of one particle
constexpr double softest_photon = 10 * units::MeV;  // of bremsstrahlung, to become a particle
constexpr double greatest_slant = 30;               // path in a surface over its thickness

/// A track is seen as two where an electron loses more than this fraction of its energy at once: a fifth of
/// the energy moves the next layer's hit by many times its resolution.
constexpr double kink_energy_loss = 0.2;

/// Active silicon of a sensor (detector.md 1.2, outer layers), and what a minimum ionising particle most
/// probably leaves in it: thin-layer Landau theory as in detector.md 2.5, 0.27 keV/um with xi = 17.8 eV/um.
constexpr double sensor_thickness = 0.1 * units::mm;
constexpr double most_probable_loss = 0.27e-3;  // [GeV/mm]
constexpr double landau_width = 1.78e-5;        // [GeV/mm]

/// Neutrinos, and what the numbering scheme reserves for supersymmetry and other new physics if it is
/// neutral.
bool interacts_weakly(std::int32_t pdg, double charge) {
  std::int32_t const code = std::abs(pdg);
  return code == 12 || code == 14 || code == 16 || code == 18 ||
         (charge == 0 && code >= 1'000'000 && code < 10'000'000);
}

/// What the tracker asks about a kind of particle.
struct Species {
  double c_tau = infinity;  ///< [mm]
  double nuclear = 0;       ///< sim/material.hpp: nuclear_strength
  bool is_photon = false;
  bool is_electron = false;  ///< or positron
};

Species species_of(std::int32_t pdg, std::size_t row) {
  Species species;
  species.is_photon = pdg == 22;
  species.is_electron = std::abs(pdg) == 11;
  if (species.is_photon || species.is_electron) return species;
  auto const data = event::find_particle(pdg);
  bool const flies_on = data ? data->c_tau > 1e9 : std::abs(pdg) >= 1'000'000;  // more than 3 ms; new physics
  if (!flies_on) {
    if (!has_decays(pdg))
      throw core::DataError(core::cat("generated particle ", row, " (PDG ", pdg,
                                      "): is unstable and its decays are not the simulation's: have the "
                                      "generator decay it"));
    species.c_tau = data->c_tau;
  }
  species.nuclear = nuclear_strength(pdg);
  return species;
}

/// Everything about one event while its particles fly.
class Flights {
 public:
  Flights(detector::Detector const& detector, TrackerGeometry const& geometry, event::Event& event,
          FlightRecords& records, std::vector<Flight>& at_calorimeter, EnergyAccount& account)
      : detector_(detector),
        tracking_(detector.simulation.tracking),
        geometry_(geometry),
        event_(event),
        particles_(event.truth.particles),
        at_calorimeter_(at_calorimeter),
        account_(account),
        records_(records) {}

  /// Follows a row of the table of particles to its end. What it makes is appended.
  void fly(std::size_t row, std::uint64_t key);

  /// Enters the new particles as daughters of their parents.
  void close_ancestry(std::size_t n_before);

 private:
  /// The particle that flies now.
  struct Traveller {
    std::size_t row = 0;
    std::int32_t pdg = 0;
    double charge = 0, mass = 0;
    Species species;
    HelixPoint at;
    double energy = 0;         ///< total [GeV]; momentum and the like follow from it in `update`
    double momentum = 0;       ///< [GeV]
    double cos_lambda = 1;     ///< pT / p
    double inverse_speed = 0;  ///< [ns/mm]
    double birth = 0;          ///< [ns]
    double time = 0;           ///< [ns]
    double s = 0;              ///< transverse arc length since birth [mm]
    double life_left = 0;      ///< proper time until it decays, times c [mm]
    double matter_left = 0;    ///< until it interacts [radiation lengths]
    int n_hits = 0;
    core::Random random{0};

    [[nodiscard]] double kinetic() const { return energy - mass; }
    [[nodiscard]] core::Vector3 momentum_vector() const { return momentum * at.direction(); }
  };
  enum class Fate { flies_on, ended };

  void begin(std::size_t row, std::uint64_t key);
  [[nodiscard]] bool is_in_detector() const;
  void draw_fates();
  void update();
  Fate advance(Walk::Step& step);
  Fate cross(Walk::Step const& step, bool& has_kinked);
  Fate cross(TrackerGeometry::Surface const& surface, bool& has_kinked);
  void detect(TrackerGeometry::Surface const& surface, double slant, Passage& passage);
  void radiate(double x);
  void scatter(double x, Passage& passage);

  void convert();
  void interact_with_nucleus();
  void decay_now();
  void stop();
  void reach_calorimeter();
  void reach_endcap();
  void leave();
  void end(std::int32_t status);

  std::size_t add_particle(Product const& product, std::int32_t status);
  void add_products(std::int32_t status);
  void begin_candidate();
  void end_candidate();
  [[nodiscard]] Flight flight() const;

  detector::Detector const& detector_;
  detector::Tracking const& tracking_;
  TrackerGeometry const& geometry_;
  event::Event& event_;
  GenParticles& particles_;
  std::vector<Flight>& at_calorimeter_;
  EnergyAccount& account_;
  FlightRecords& records_;

  Traveller now_;
  TrackCandidate candidate_;
  std::uint64_t key_ = 0;
  std::uint64_t n_segments_ = 0;
  bool has_candidate_ = false;
};

void Flights::fly(std::size_t row, std::uint64_t key) {
  begin(row, key);
  if (interacts_weakly(now_.pdg, now_.charge)) {
    account_.invisible += now_.energy;
    return end(status::left_detector);
  }
  now_.species = species_of(now_.pdg, row);
  if (!(now_.kinetic() > 0)) return stop();
  update();
  if (!geometry_.encloses(now_.at.position)) return is_in_detector() ? reach_calorimeter() : leave();
  draw_fates();
  if (now_.charge != 0) begin_candidate();

  Walk walk(geometry_, now_.at);
  for (int n_steps = 0; n_steps < most_steps; ++n_steps) {
    Walk::Step step = walk.next(now_.at);
    if (step.what == Walk::Met::nothing || now_.time > oldest) return stop();
    if (advance(step) == Fate::ended) return;
    if (step.what == Walk::Met::barrel_face) return reach_calorimeter();
    if (step.what == Walk::Met::endcap_face) return reach_endcap();
    bool has_kinked = false;
    if (cross(step, has_kinked) == Fate::ended) return;
    walk.pass(step, now_.at, has_kinked);
  }
  stop();
}

/// Puts the particle of this row where it was made.
void Flights::begin(std::size_t row, std::uint64_t key) {
  now_ = {};
  now_.row = row;
  now_.pdg = particles_.pdg[row];
  now_.charge = particles_.charge[row];
  now_.mass = particles_.mass[row];
  now_.energy = particles_.energy(row);
  now_.birth = now_.time = particles_.time[row];
  now_.random = core::Random(key);
  now_.at.position = {particles_.x[row], particles_.y[row], particles_.z[row]};
  key_ = key;
  n_segments_ = 0;
  has_candidate_ = false;

  double const px = particles_.px[row];
  double const py = particles_.py[row];
  double const pz = particles_.pz[row];
  double const pt = std::hypot(px, py);
  constexpr double steepest = 1e6;  // pz / pT: such a particle never leaves the beam pipe
  if (pt > 0) {
    now_.at.cos_phi = px / pt;
    now_.at.sin_phi = py / pt;
  }
  now_.at.tan_lambda = std::abs(pz) < steepest * pt ? pz / pt : std::copysign(steepest, pz);
}

/// Whether it is where calorimeters are, or could still be reached.
bool Flights::is_in_detector() const {
  double r_max = 0;
  double z_max = 0;
  for (detector::Calorimeter const& calorimeter : detector_.simulation.calorimeters) {
    r_max = std::max(r_max, calorimeter.r_max);
    z_max = std::max(z_max, calorimeter.z_max);
  }
  core::Vector3 const& x = now_.at.position;
  return core::transverse_length(x) < r_max && std::abs(x.z) < z_max;
}

/// How long it lives, and how much matter it passes.
void Flights::draw_fates() {
  Species const& species = now_.species;
  now_.life_left = species.c_tau < infinity ? species.c_tau * now_.random.exponential() : infinity;
  now_.matter_left = infinity;
  if (species.is_photon) {
    double const rate = 7. / 9 * relative_pair_production(now_.energy);
    if (rate > 0) now_.matter_left = now_.random.exponential() / rate;
  } else if (species.nuclear > 0 && tracking_.interaction_per_x0 > 0) {
    now_.matter_left = now_.random.exponential() / (tracking_.interaction_per_x0 * species.nuclear);
  }
}

/// What follows from energy and direction.
void Flights::update() {
  now_.momentum = std::sqrt(now_.kinetic() * (now_.energy + now_.mass));
  now_.cos_lambda = now_.at.cos_lambda();
  now_.inverse_speed = now_.energy / (now_.momentum * units::c_light);
  now_.at.omega = now_.charge * units::bending * detector_.field / (now_.momentum * now_.cos_lambda);
}

Flights::Fate Flights::advance(Walk::Step& step) {
  bool decays = false;
  if (now_.life_left < infinity) {
    double const s_decay = now_.life_left * now_.momentum / now_.mass * now_.cos_lambda;
    decays = s_decay < step.chord.s;
    if (decays) step.chord = HelixPoint::chord(s_decay, now_.at.omega);
  }
  now_.at.advance(step.chord);
  now_.s += step.chord.s;
  double const path = step.chord.s / now_.cos_lambda;
  now_.time += path * now_.inverse_speed;
  now_.life_left -= path * now_.mass / now_.momentum;
  if (!decays) return Fate::flies_on;
  decay_now();
  return Fate::ended;
}

/// The surfaces of a shell or plane that are where it is met.
Flights::Fate Flights::cross(Walk::Step const& step, bool& has_kinked) {
  bool const is_shell = step.what == Walk::Met::shell;
  TrackerGeometry::Sheet const& sheet =
      is_shell ? geometry_.shells()[step.sheet] : geometry_.planes()[step.sheet];
  core::Vector3 const& x = now_.at.position;
  double const extent = is_shell ? std::abs(x.z) : std::sqrt(x.x * x.x + x.y * x.y);
  for (std::uint32_t i = sheet.first; i < sheet.last; ++i) {
    TrackerGeometry::Surface const& surface = geometry_.surfaces()[i];
    if (extent < surface.from || extent > surface.to) continue;
    if (cross(surface, has_kinked) == Fate::ended) return Fate::ended;
  }
  return Fate::flies_on;
}

/// Measurement first, then matter.
Flights::Fate Flights::cross(TrackerGeometry::Surface const& surface, bool& has_kinked) {
  bool const is_cylinder = surface.shape == detector::TrackerSurface::Shape::cylinder;
  core::Vector3 const& x = now_.at.position;
  double const cos_lambda = now_.cos_lambda;
  double const cosine =
      is_cylinder ? cos_lambda * std::abs(x.x * now_.at.cos_phi + x.y * now_.at.sin_phi) / surface.position
                  : cos_lambda * std::abs(now_.at.tan_lambda);
  double const slant = 1 / std::max(cosine, 1 / greatest_slant);
  double const thickness = slant * surface.x0;
  now_.matter_left -= thickness;
  bool const interacts = now_.matter_left < 0;

  if (now_.charge == 0) {
    if (!interacts) return Fate::flies_on;
    now_.species.is_photon ? convert() : interact_with_nucleus();
    return Fate::ended;
  }

  Passage passage;
  passage.before = now_.at;
  passage.s = now_.s;
  passage.is_cylinder = is_cylinder;
  if (surface.sigma_u > 0 && now_.n_hits < most_hits) detect(surface, slant, passage);
  bool stops = false;
  if (thickness > 0 && !interacts) {
    double const loss = now_.charge * now_.charge * tracking_.ionisation_per_x0 * thickness *
                        relative_ionisation(now_.momentum / now_.mass);
    stops = loss >= now_.kinetic();
    if (!stops) {
      now_.energy -= loss;
      account_.tracker += loss;
      if (now_.species.is_electron) {
        update();
        double const omega = now_.at.omega;
        radiate(thickness);
        update();
        passage.kick_omega = now_.at.omega - omega;
      }
      scatter(thickness, passage);
      has_kinked = true;
    }
  }
  passage.omega_behind = now_.at.omega;
  passage.tan_lambda_behind = now_.at.tan_lambda;
  if (has_candidate_ && candidate_.n_hits > 0) {
    double const turned = std::abs(now_.at.omega) * (now_.s - records_.passages[candidate_.first].s);
    if (turned > pi) end_candidate();
  }
  if (has_candidate_) {
    records_.passages.push_back(passage);
    candidate_.n_hits += passage.is_measured() ? 1 : 0;
    if (std::abs(passage.kick_omega) > kink_energy_loss * std::abs(now_.at.omega)) {
      end_candidate();
      begin_candidate();
    }
  }
  if (interacts) {
    interact_with_nucleus();
    return Fate::ended;
  }
  if (stops) {
    stop();
    return Fate::ended;
  }
  return Fate::flies_on;
}

void Flights::detect(TrackerGeometry::Surface const& surface, double slant, Passage& passage) {
  core::Random& random = now_.random;
  core::Vector3 const& x = now_.at.position;
  double const inverse_r = 1 / std::sqrt(x.x * x.x + x.y * x.y);
  passage.sigma_u = surface.sigma_u;
  passage.sigma_v = surface.sigma_v;
  passage.u = surface.sigma_u * random.normal();
  passage.v = surface.sigma_v * random.normal();
  core::Vector3 const across{-x.y * inverse_r, x.x * inverse_r, 0};
  core::Vector3 const up =
      passage.is_cylinder ? core::Vector3{0, 0, 1} : core::Vector3{x.x * inverse_r, x.y * inverse_r, 0};
  passage.measured = x + passage.u * across + passage.v * up;

  // Moyal's approximation of the Landau distribution: -ln(n^2) with a normal deviate n.
  double const n = random.normal();
  double const beta_gamma = now_.momentum / now_.mass;
  double const moyal = -std::log(n * n + 1e-12);
  double const width = landau_width * (1 + 1 / (beta_gamma * beta_gamma));  // 1 / beta^2
  double const loss = now_.charge * now_.charge *
                      std::max(0.2 * most_probable_loss,
                               most_probable_loss * relative_ionisation(beta_gamma) + width * moyal);
  passage.deposit_per_length =
      static_cast<float>(std::min(loss, now_.kinetic() / (sensor_thickness * slant)));

  event::TrackerHits& hits = event_.observed.tracker_hits;
  passage.hit = static_cast<std::uint32_t>(hits.size());
  ++now_.n_hits;
  hits.cell_id.push_back(geometry_.cell_id(surface, passage.measured));
  hits.x.push_back(passage.measured.x);
  hits.y.push_back(passage.measured.y);
  hits.z.push_back(passage.measured.z);
  hits.energy_deposit.push_back(passage.deposit_per_length * static_cast<float>(sensor_thickness * slant));
  hits.time.push_back(static_cast<float>(now_.time));
  event_.truth.tracker_hit_links.push_back(
      {event::TrackerHitId(hits.size() - 1), GenParticleId(now_.row), 1.F});
}

/// Bremsstrahlung of an electron behind a thickness [radiation lengths].
void Flights::radiate(double x) {
  double const radiated = now_.kinetic() * (1 - bremsstrahlung_remainder(x, now_.random));
  now_.energy -= radiated;
  if (radiated < softest_photon) {
    account_.tracker += radiated;
  } else {
    add_particle({22, 0, 0, radiated * now_.at.direction()}, status::vertex_is_not_endpoint_of_parent);
  }
}

/// Multiple scattering behind a thickness [radiation lengths], with the energy of now. Sets variance and
/// kicks.
void Flights::scatter(double x, Passage& passage) {
  double const beta_momentum = now_.kinetic() * (now_.energy + now_.mass) / now_.energy;
  double const sigma = scattering_angle(beta_momentum, now_.charge, x);
  passage.angle_variance = sigma * sigma;
  double const aside = sigma * now_.random.normal();
  double const up = sigma * now_.random.normal();
  // Along the direction, to the left of it and across both; then the first two make the new azimuth.
  HelixPoint& at = now_.at;
  double const cos_lambda = now_.cos_lambda;
  double const sin_lambda = at.tan_lambda * cos_lambda;
  double const forward = cos_lambda - up * sin_lambda;
  double const transverse = std::sqrt(forward * forward + aside * aside);
  double const old_cos = at.cos_phi;
  double const old_sin = at.sin_phi;
  at.cos_phi = (forward * old_cos - aside * old_sin) / transverse;
  at.sin_phi = (forward * old_sin + aside * old_cos) / transverse;
  double const tan_lambda = (sin_lambda + up * cos_lambda) / transverse;
  passage.kick_phi = aside / forward;
  passage.kick_tan_lambda = tan_lambda - at.tan_lambda;
  at.tan_lambda = tan_lambda;
  update();
}

/// A photon becomes an electron and a positron.
void Flights::convert() {
  double const energy = now_.energy;
  double const mass = make_product(11, {}).mass;
  double const share = pair_share(now_.random);
  double const first = std::clamp(share * energy, mass, energy - mass);
  core::Vector3 const direction = now_.at.direction();
  records_.products.clear();
  for (double one : {first, energy - first}) {
    double const cosine = std::cos(mass / one * now_.random.uniform());  // the angle is of order m / E
    double const p = std::sqrt(std::max(0., (one - mass) * (one + mass)));
    records_.products.push_back(make_product(records_.products.empty() ? 11 : -11,
                                             p * direction_around(direction, cosine, now_.random)));
  }
  add_products(0);
  end(status::decayed_in_tracker);
}

void Flights::interact_with_nucleus() {
  NuclearRemnant const remnant = interact(flight(), now_.random, records_.products);
  account_.tracker += remnant.deposit;
  account_.invisible += remnant.invisible;
  account_.rest_mass -= remnant.mass_taken;
  add_products(0);
  end(status::decayed_in_tracker);
}

void Flights::decay_now() {
  if (!decay(now_.pdg, now_.mass, now_.momentum_vector(), now_.random, records_.products)) {
    // Lighter than all it could decay to: a file's particle off its mass shell.
    return reach_calorimeter();
  }
  add_products(0);
  end(status::decayed_in_tracker);
}

/// Comes to rest, or is too old to matter. Its kinetic energy is lost here; its mass goes where it must.
void Flights::stop() {
  account_.tracker += now_.kinetic();
  now_.energy = now_.mass;
  now_.momentum = 0;
  std::int32_t const pdg = now_.pdg;
  bool const is_captured = pdg == -211 || pdg == -321;
  bool const is_antibaryon = pdg < -1000 && pdg > -10000;
  if (pdg == -11) {  // annihilates with an electron
    account_.tracker += 2 * now_.mass;
    account_.rest_mass -= now_.mass;
  } else if (is_captured) {
    account_.tracker += 0.5 * now_.mass;  // of the star; the rest is binding and slow neutrons
    account_.invisible += 0.5 * now_.mass;
  } else if (is_antibaryon && now_.time < oldest) {
    return interact_with_nucleus();
  } else if (now_.species.c_tau < infinity) {
    now_.time += now_.random.exponential() * now_.species.c_tau / units::c_light;
    if (now_.time < oldest) return decay_now();
    account_.late += now_.mass;
  } else {
    account_.rest_mass += now_.mass;
  }
  end(status::stopped);
}

void Flights::reach_calorimeter() {
  at_calorimeter_.push_back(flight());
  end(0);
}

/// At the plane of the endcaps: goes on if any calorimeter is further ahead.
void Flights::reach_endcap() {
  double const r = core::transverse_length(now_.at.position);
  if (r >= detector_.ecal.endcap_r_min) return reach_calorimeter();
  for (detector::Calorimeter const& calorimeter : detector_.simulation.calorimeters) {
    if (calorimeter.shape != detector::Calorimeter::Shape::endcap) continue;
    double nearest = infinity;
    double farthest = 0;
    for (double z : {calorimeter.z_min, calorimeter.z_max}) {
      double const ahead = std::max(0., (z - std::abs(now_.at.position.z)) / std::abs(now_.at.tan_lambda));
      HelixPoint there = now_.at;
      there.advance(HelixPoint::chord(ahead, there.omega));
      double const radius = core::transverse_length(there.position);
      nearest = std::min(nearest, radius);
      farthest = std::max(farthest, radius);
    }
    if (farthest >= calorimeter.r_min && nearest <= calorimeter.r_max) return reach_calorimeter();
  }
  leave();
}

void Flights::leave() {
  account_.leaked += now_.energy;
  end(status::left_detector);
}

void Flights::end(std::int32_t status) {
  end_candidate();
  particles_.simulator_status[now_.row] |= status;
  particles_.end_x[now_.row] = now_.at.position.x;
  particles_.end_y[now_.row] = now_.at.position.y;
  particles_.end_z[now_.row] = now_.at.position.z;
}

std::size_t Flights::add_particle(Product const& product, std::int32_t status) {
  std::size_t const row = particles_.size();
  core::Vector3 const& x = now_.at.position;
  particles_.pdg.push_back(product.pdg);
  particles_.generator_status.push_back(0);
  particles_.simulator_status.push_back(status::created_in_simulation | status);
  particles_.charge.push_back(static_cast<float>(product.charge));
  particles_.mass.push_back(product.mass);
  particles_.px.push_back(product.momentum.x);
  particles_.py.push_back(product.momentum.y);
  particles_.pz.push_back(product.momentum.z);
  particles_.x.push_back(x.x);
  particles_.y.push_back(x.y);
  particles_.z.push_back(x.z);
  particles_.end_x.push_back(x.x);
  particles_.end_y.push_back(x.y);
  particles_.end_z.push_back(x.z);
  particles_.time.push_back(static_cast<float>(now_.time));
  particles_.parents.push_back({GenParticleId(now_.row)});
  // The child's numbers come from the parent's, and not from its row, which depends on all other particles.
  records_.created.push_back({static_cast<std::uint32_t>(now_.row), now_.random.bits()});
  return row;
}

void Flights::add_products(std::int32_t status) {
  for (Product const& product : records_.products) add_particle(product, status);
}

void Flights::begin_candidate() {
  candidate_ = {};
  candidate_.particle = GenParticleId(now_.row);
  candidate_.key = core::key_of({key_, static_cast<std::uint64_t>(Purpose::track_fit), n_segments_++});
  candidate_.first = records_.passages.size();
  candidate_.direction = now_.at.direction();
  candidate_.pt = now_.momentum * now_.cos_lambda;
  candidate_.time = now_.birth;
  candidate_.is_displaced = core::transverse_length(now_.at.position) > detector_.tracker.r_min;
  has_candidate_ = true;
}

void Flights::end_candidate() {
  if (!has_candidate_) return;
  has_candidate_ = false;
  candidate_.last = records_.passages.size();
  if (candidate_.n_hits >= 3) {
    records_.candidates.push_back(candidate_);
  } else {
    records_.passages.resize(candidate_.first);
  }
}

Flight Flights::flight() const {
  return {GenParticleId(now_.row), now_.pdg, now_.charge, now_.mass, now_.at.position,
          now_.momentum_vector(),  now_.time};
}

void Flights::close_ancestry(std::size_t n_before) {
  if (records_.created.empty()) return;
  // Rows of a ragged table cannot grow: count the daughters of each, then place the old and the new ones.
  core::Ragged<GenParticleId> const old = std::move(particles_.daughters);
  core::Ragged<GenParticleId>& all = particles_.daughters;
  all.offsets.assign(particles_.size() + 1, 0);
  for (std::size_t row = 0; row < n_before; ++row)
    all.offsets[row + 1] = static_cast<std::uint32_t>(old[row].size());
  for (FlightRecords::Created const& child : records_.created) ++all.offsets[child.parent + 1];
  for (std::size_t row = 0; row < particles_.size(); ++row) all.offsets[row + 1] += all.offsets[row];
  all.values.resize(all.offsets.back());
  std::vector<std::uint32_t> next(all.offsets.begin(), all.offsets.end() - 1);
  for (std::size_t row = 0; row < n_before; ++row)
    for (GenParticleId daughter : old[row]) all.values[next[row]++] = daughter;
  for (std::size_t i = 0; i < records_.created.size(); ++i)
    all.values[next[records_.created[i].parent]++] = GenParticleId(n_before + i);
}

}  // namespace

TrackerSimulation::TrackerSimulation(detector::Detector const& detector, std::uint64_t seed)
    : detector_(detector), geometry_(detector), seed_(seed) {}

void TrackerSimulation::operator()(event::Event& event, std::vector<Flight>& at_calorimeter,
                                   EnergyAccount& account) {
  at_calorimeter.clear();
  event.observed.tracker_hits = {};
  event.truth.tracker_hit_links.clear();
  records_.created.clear();
  records_.passages.clear();
  records_.candidates.clear();
  GenParticles const& particles = event.truth.particles;
  std::size_t const n_generated = particles.size();
  Flights flights(detector_, geometry_, event, records_, at_calorimeter, account);

  for (std::size_t row = 0; row < n_generated; ++row) {
    if (particles.generator_status[row] != 1) continue;
    flights.fly(row, core::key_of({seed_, static_cast<std::uint64_t>(event.run),
                                   static_cast<std::uint64_t>(event.number), row,
                                   static_cast<std::uint64_t>(Purpose::tracker)}));
  }
  // Particles made by these may make more: the list grows while it is worked off.
  for (std::size_t i = 0; i < records_.created.size(); ++i)
    flights.fly(n_generated + i, records_.created[i].key);
  flights.close_ancestry(n_generated);
  find_tracks(records_.candidates, records_.passages, geometry_, detector_.simulation.tracking, event);
}

}  // namespace corpuscle::sim
