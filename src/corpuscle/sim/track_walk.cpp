#include "corpuscle/sim/track_walk.hpp"

#include <algorithm>
#include <utility>

#include "corpuscle/core/units.hpp"

namespace corpuscle::sim {
namespace {

using core::Vector3;

/// A chord departs from its arc by no more than this [mm], less than half of the finest cells ...
constexpr double max_sagitta = 2;
/// ... nor is it longer than this [mm]: scattering and a change of the field act at its ends.
constexpr double max_chord = 300;
/// Below this length [mm] slow particles need not be followed closely.
constexpr double min_chord = 10;
/// Who has flown so far [mm] is caught in the field between the calorimeters.
constexpr double max_path = 20 * units::m;
/// The longest path in a sensitive slice, of tracks that graze it, in units of its thickness.
constexpr double max_slant = 20;

/// Masses count as no less than this [GeV].
constexpr double lightest = 1e-6;
constexpr double beta_gamma_at_minimum = 3;
/// A coil may have no thickness [interaction lengths].
constexpr double thinnest = 1e-9;

/// Below the minimum of ionisation, where energy loss changes fast.
bool is_slow(Traveller const& particle) {
  return particle.kinetic <
         (std::sqrt(1 + beta_gamma_at_minimum * beta_gamma_at_minimum) - 1) * particle.mass;
}

/// Rotation about the z axis.
Vector3 turn(Vector3 v, double angle) {
  double const c = std::cos(angle);
  double const s = std::sin(angle);
  return {c * v.x - s * v.y, s * v.x + c * v.y, v.z};
}

/// A small kink in both directions across, each with this root mean square [rad].
Vector3 scatter(Vector3 direction, double angle, core::Random& random) {
  Vector3 const kick{angle * random.normal(), angle * random.normal(), angle * random.normal()};
  Vector3 const bent = direction + kick - core::dot(kick, direction) * direction;
  return 1 / core::length(bent) * bent;
}

/// Interaction length of a particle over that of protons, where that of pions is `pion_ratio` (detector.md
/// 1.4 and 3.4).
double length_ratio(Traveller const& particle, double pion_ratio) {
  switch (particle.matter) {
    case Matter::pion: return pion_ratio;
    case Matter::kaon: return particle.charge > 0 ? 1.1 * pion_ratio : 0.5 * (1 + pion_ratio);
    // Annihilation adds 25 % to the cross-section at 1 GeV and falls as 1/p.
    case Matter::antibaryon: return 1 / (1 + 0.25 / std::max(particle.momentum(), 0.25));
    case Matter::nucleus: return 0.75;
    default: return 1;
  }
}

}  // namespace

double relative_loss(double beta_gamma) {
  if (beta_gamma >= beta_gamma_at_minimum) return 1 + 0.1 * std::log(beta_gamma / beta_gamma_at_minimum);
  constexpr double minimum2 = beta_gamma_at_minimum * beta_gamma_at_minimum;
  constexpr double beta2_at_minimum = minimum2 / (1 + minimum2);
  double const beta2 = beta_gamma * beta_gamma / (1 + beta_gamma * beta_gamma);
  return std::pow(beta2_at_minimum / beta2, 5. / 6);
}

TrackWalk::TrackWalk(CaloGeometry const& geometry, double inner_field)
    : geometry_(&geometry), inner_field_(inner_field) {}

void TrackWalk::leave_signal(Passage const& at, Deposits const& out) {
  Plane const& plane = *at.plane;
  detector::Stack const& stack = geometry_->description().stacks[static_cast<std::size_t>(plane.stack)];
  double const slant = std::min(1 / std::abs(core::dot(at.direction, plane.normal)), max_slant);
  // Moyal's approximation of Landau's distribution is that of -ln z^2 for a normal z.
  double const z = out.random.normal();
  double const landau = -std::log(z * z + 1e-12);
  double signal = std::clamp(
      plane.signal * slant * at.density * (stack.mip_deposit + landau * stack.landau_width), 0., pending_);
  // Birks: mip_deposit is what is left at minimum ionisation; dense ionisation loses more.
  double const quenching = stack.birks * stack.mip_deposit / stack.sensitive_thickness;
  signal *= (1 + quenching) / (1 + quenching * at.density);

  core::Vector3 const local = at.point - plane.origin;
  double const u = core::dot(local, plane.u);
  double const v = core::dot(local, plane.v);
  double const half_path = 0.5 * stack.sensitive_thickness * slant;
  double const du = half_path * core::dot(at.direction, plane.u);
  double const dv = half_path * core::dot(at.direction, plane.v);
  std::uint64_t entry = geometry_->cell(plane, u - du, v - dv);
  std::uint64_t exit = geometry_->cell(plane, u + du, v + dv);
  if (entry == 0) std::swap(entry, exit);
  if (entry == 0) return;  // between two staves: the energy waits for the next layer
  auto const add = [&](std::uint64_t cell, double part) {
    out.hits.add(cell, out.owner, static_cast<float>(part * signal), static_cast<float>(part * pending_),
                 static_cast<float>(at.time));
  };
  if (exit == 0 || exit == entry) {
    add(entry, 1);
  } else {
    double const before_edge = out.random.uniform();  // the edge lies anywhere in between
    add(entry, before_edge);
    add(exit, 1 - before_edge);
  }
  pending_ = 0;
  last_cell_ = entry;
  last_time_ = at.time;
}

void TrackWalk::book_rest(Traveller const& particle, Deposits const& out) {
  if (!(pending_ > 0)) return;
  if (last_cell_ == 0) {
    last_cell_ = geometry_->cell_near(particle.position);
    last_time_ = particle.time;
  }
  if (last_cell_ == 0) {
    out.account.dead += pending_;
  } else {
    out.hits.add(last_cell_, out.owner, 0, static_cast<float>(pending_), static_cast<float>(last_time_));
  }
}

TrackWalk::End TrackWalk::operator()(Traveller& particle, double depth, Deposits const& out) {
  pending_ = 0;
  last_cell_ = 0;
  End const end = fly(particle, depth, out);
  book_rest(particle, out);
  return end;
}

TrackWalk::End TrackWalk::fly(Traveller& particle, double depth, Deposits const& out) {
  detector::Simulation const& description = geometry_->description();
  double const coil_radius = 0.5 * (description.coil.r_min + description.coil.r_max);
  bool const is_muon = particle.matter == Matter::muon;
  double flown = 0;
  while (flown < max_path) {
    if (!(particle.kinetic > 0)) return End::stopped;
    double p = particle.momentum();
    double beta = p / (particle.kinetic + particle.mass);
    double relative = 0;  // energy loss; neutral particles have none
    double density = 1;   // of the ionisation in thin slices, where it does not rise at high velocity
    auto const slow_down = [&] {
      p = particle.momentum();
      beta = p / (particle.kinetic + particle.mass);
      relative = relative_loss(p / std::max(particle.mass, lightest));
      density = is_slow(particle) ? relative : 1;
    };
    if (particle.charge != 0) slow_down();

    bool const is_inside = core::transverse_length(particle.position) < coil_radius &&
                           std::abs(particle.position.z) < description.coil.z_max;
    double const turn_per_mm =
        -units::bending * particle.charge * (is_inside ? inner_field_ : description.outer_field) / p;
    double const curvature = std::abs(turn_per_mm) * core::transverse_length(particle.direction);
    double const chord =
        std::clamp(std::sqrt(8 * max_sagitta / std::max(curvature, 1e-9)), min_chord, max_chord);
    particle.direction = turn(particle.direction, 0.5 * turn_per_mm * chord);
    geometry_->trace(particle.position, particle.direction, chord, trace_);

    auto const stop_at = [&](double path) {
      particle.position = particle.position + path * particle.direction;
      particle.time += path / (beta * units::c_light);
    };
    for (Crossing const& crossing : trace_) {
      bool const is_dead = crossing.plane < 0;
      Plane const* const plane =
          is_dead ? nullptr : &geometry_->planes()[static_cast<std::size_t>(crossing.plane)];
      detector::Stack const* const stack =
          is_dead ? nullptr : &description.stacks[static_cast<std::size_t>(plane->stack)];
      double const lambda = crossing.lambda_to - crossing.lambda_from;
      double const layers = lambda / (is_dead ? std::max(description.coil.lambda, thinnest) : stack->lambda);

      // How much of the layer is passed: until it interacts, or stops.
      double const thickness = is_muon   ? crossing.x0_to - crossing.x0_from
                               : is_dead ? lambda
                                         : lambda / length_ratio(particle, stack->pion_lambda_ratio);
      double part = 1;
      End end = End::left;
      if (thickness > depth) {
        part = depth / thickness;
        end = End::interacted;
      }
      depth -= part * thickness;
      double loss = part * layers * relative * (is_dead ? description.coil.mip_loss : stack->mip_loss);
      if (loss >= particle.kinetic && loss > 0) {
        part *= particle.kinetic / loss;
        loss = particle.kinetic;
        end = End::stopped;
      }
      particle.kinetic -= loss;

      double const path = static_cast<double>(crossing.path);
      if (is_dead) {
        out.account.dead += loss;
      } else if (loss > 0) {
        pending_ += loss;
        if (crossing.hits_plane && part > 0.5)
          leave_signal({plane, particle.position + path * particle.direction, particle.direction, density,
                        particle.time + path / (beta * units::c_light)},
                       out);
      }
      if (end != End::left) {
        double const length = is_dead ? 0 : layers * stack->pitch;
        stop_at(path + (part - 0.5) * length);
        return end;
      }
      if (loss > 0 && is_slow(particle)) slow_down();
    }

    stop_at(chord);
    flown += chord;
    if (!geometry_->encloses(particle.position)) return End::left;
    if (particle.charge != 0) {
      double const x0 = trace_.empty() ? 0 : static_cast<double>(trace_.back().x0_to);
      particle.direction = turn(particle.direction, 0.5 * turn_per_mm * chord);
      if (x0 > 0)
        particle.direction = scatter(particle.direction, 0.0136 / (beta * p) * std::sqrt(x0), out.random);
    }
  }
  return End::left;
}

}  // namespace corpuscle::sim
