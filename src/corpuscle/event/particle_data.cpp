#include "corpuscle/event/particle_data.hpp"

#include <array>
#include <cstdlib>
#include <limits>

#include "corpuscle/core/units.hpp"

namespace corpuscle::event {
namespace {

constexpr double stable = std::numeric_limits<double>::infinity();

/// A lifetime [ns] as a length.
constexpr double lifetime(double tau) {
  return tau * units::c_light;
}

struct Entry {
  ParticleData particle;
  bool has_antiparticle = true;
};

constexpr std::array entries{
    Entry{{11, -1, 0.51099895e-3, stable}},
    Entry{{12, 0, 0, stable}},
    Entry{{13, -1, 0.1056583755, lifetime(2196.9811)}},
    Entry{{14, 0, 0, stable}},
    Entry{{15, -1, 1.77693, lifetime(2.903e-4)}},
    Entry{{16, 0, 0, stable}},
    Entry{{22, 0, 0, stable}, false},
    Entry{{111, 0, 0.1349768, lifetime(8.43e-8)}, false},
    Entry{{130, 0, 0.497611, lifetime(51.16)}, false},
    Entry{{211, 1, 0.13957039, lifetime(26.033)}},
    Entry{{310, 0, 0.497611, lifetime(0.08954)}, false},
    Entry{{321, 1, 0.493677, lifetime(12.380)}},
    Entry{{2112, 0, 0.93956542052, lifetime(878.4e9)}},
    Entry{{2212, 1, 0.93827208816, stable}},
    Entry{{3112, -1, 1.197449, lifetime(0.1479)}},
    Entry{{3122, 0, 1.115683, lifetime(0.2617)}},
    Entry{{3212, 0, 1.192642, lifetime(7.4e-11)}},
    Entry{{3222, 1, 1.18937, lifetime(0.08018)}},
    Entry{{3312, -1, 1.32171, lifetime(0.1639)}},
    Entry{{3322, 0, 1.31486, lifetime(0.290)}},
    Entry{{3334, -1, 1.67245, lifetime(0.0821)}},
    Entry{{1000010020, 1, 1.875612945, stable}},
    Entry{{1000010030, 1, 2.80892113668, lifetime(5.61e17)}},
    Entry{{1000020030, 2, 2.80839161112, stable}},
    Entry{{1000020040, 2, 3.7273794118, stable}},
};

/// In thirds of e; of a quark d, u, s, c, b, t, b', t' = 1 ... 8.
constexpr int quark_thirds(int quark) {
  return quark % 2 == 0 ? 2 : -1;
}

constexpr bool is_quark(int digit) {
  return digit >= 1 && digit <= 8;
}

/// Of a code up to 100, positive: quarks, leptons, gauge and Higgs bosons.
std::optional<int> elementary_thirds(int code) {
  if (is_quark(code)) return quark_thirds(code);
  if (code >= 11 && code <= 18) return code % 2 == 0 ? 0 : -3;
  if (code == 24 || code == 34 || code == 37) return 3;
  if (code >= 21 && code <= 40) return 0;
  return std::nullopt;
}

/// Of a positive code, in thirds of e.
std::optional<int> thirds(int code) {
  if (code >= 1'100'000'000) return std::nullopt;
  if (code >= 1'000'000'000) return code / 10'000 % 1000 * 3;  // nucleus: 10LZZZAAAI
  if (code <= 100) return elementary_thirds(code);
  if (code == 130 || code == 310) return 0;  // K0L, K0S

  // The digits n nr nL nq1 nq2 nq3 nJ.
  int const n = code / 1'000'000;
  int const nq1 = code / 1000 % 10;
  int const nq2 = code / 100 % 10;
  int const nq3 = code / 10 % 10;
  bool const is_elementary = n >= 1 && n <= 5 && code % 1'000'000 <= 100;  // superpartners, excited fermions
  if (is_elementary) return elementary_thirds(code % 100);
  bool const is_hadron = n == 0 || (n == 9 && code / 100'000 != 99);
  if (!is_hadron || code % 10 == 0 || !is_quark(nq2)) return std::nullopt;
  if (nq1 == 0) {  // meson; of a down-type heavier quark it is the antiquark that is in the particle
    if (!is_quark(nq3)) return std::nullopt;
    int const charge = quark_thirds(nq2) - quark_thirds(nq3);
    return nq2 % 2 == 0 ? charge : -charge;
  }
  if (!is_quark(nq1)) return std::nullopt;
  int const diquark = quark_thirds(nq1) + quark_thirds(nq2);
  if (nq3 == 0) return diquark;
  if (!is_quark(nq3)) return std::nullopt;
  return diquark + quark_thirds(nq3);
}

}  // namespace

std::optional<ParticleData> find_particle(std::int32_t pdg) noexcept {
  for (Entry const& entry : entries) {
    if (entry.particle.pdg == pdg) return entry.particle;
    if (entry.has_antiparticle && -entry.particle.pdg == pdg) {
      ParticleData anti = entry.particle;
      anti.pdg = pdg;
      anti.charge = 0 - anti.charge;  // and not -0
      return anti;
    }
  }
  return std::nullopt;
}

std::optional<float> charge_of(std::int32_t pdg) noexcept {
  if (pdg == 0 || pdg == std::numeric_limits<std::int32_t>::min()) return std::nullopt;
  std::optional<int> const positive = thirds(std::abs(pdg));
  if (!positive) return std::nullopt;
  return static_cast<float>(pdg > 0 ? *positive : 0 - *positive) / 3;
}

}  // namespace corpuscle::event
