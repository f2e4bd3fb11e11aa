#include "corpuscle/pf/candidate.hpp"

#include <algorithm>
#include <cstdint>
#include <tuple>

namespace corpuscle::pf {
namespace {

using event::ParticleClass;

std::int32_t pdg_code(ParticleClass particle_class, double charge) {
  int const sign = charge < 0 ? -1 : 1;
  switch (particle_class) {
    case ParticleClass::charged_hadron: return sign * 211;
    case ParticleClass::electron: return -sign * 11;  // 11 is the electron, of negative charge
    case ParticleClass::muon: return -sign * 13;
    case ParticleClass::neutral_hadron: return 130;
    case ParticleClass::photon: break;
  }
  return 22;
}

}  // namespace

void sort_by_energy(std::vector<Candidate>& candidates) {
  auto const key = [](Candidate const& p) {
    return std::tuple(-p.energy, p.momentum.x, p.momentum.y, p.momentum.z, p.particle_class, p.charge,
                      p.reference.x, p.reference.y, p.reference.z);
  };
  std::sort(candidates.begin(), candidates.end(),
            [&](Candidate const& a, Candidate const& b) { return key(a) < key(b); });
}

void fill_row(event::Particles& particles, std::size_t row, Candidate const& candidate) {
  particles.particle_class[row] = candidate.particle_class;
  particles.pdg[row] = pdg_code(candidate.particle_class, candidate.charge);
  particles.charge[row] = static_cast<float>(candidate.charge);
  particles.energy[row] = static_cast<float>(candidate.energy);
  particles.px[row] = static_cast<float>(candidate.momentum.x);
  particles.py[row] = static_cast<float>(candidate.momentum.y);
  particles.pz[row] = static_cast<float>(candidate.momentum.z);
  particles.mass[row] = static_cast<float>(candidate.mass);
  particles.x[row] = static_cast<float>(candidate.reference.x);
  particles.y[row] = static_cast<float>(candidate.reference.y);
  particles.z[row] = static_cast<float>(candidate.reference.z);
  if (candidate.track.is_valid()) particles.tracks.values.push_back(candidate.track);
  particles.tracks.end_row();
}

}  // namespace corpuscle::pf
