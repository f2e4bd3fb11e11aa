#include "corpuscle/eval/jets.hpp"

// GCC 12 takes FastJet's counted pointer for one used after its deletion.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuse-after-free"
#endif
#include <fastjet/ClusterSequence.hh>
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

#include <algorithm>
#include <mutex>
#include <sstream>
#include <tuple>

#include "corpuscle/core/error.hpp"

namespace corpuscle::eval {
namespace {

/// FastJet greets its users once, from a global variable that is not guarded; a library says nothing.
void silence_fastjet() {
  static std::once_flag once;
  std::call_once(once, [] {
    fastjet::ClusterSequence::set_fastjet_banner_stream(nullptr);
    fastjet::ClusterSequence::print_banner();
  });
}

fastjet::JetDefinition definition_of(JetConfig const& config) {
  if (config.algorithm == JetConfig::Algorithm::durham) return {fastjet::ee_kt_algorithm};
  return {fastjet::ee_genkt_algorithm, config.radius, config.power};
}

bool comes_before(fastjet::PseudoJet const& a, fastjet::PseudoJet const& b) {
  return std::tuple(-a.pt2(), -a.e(), a.px(), a.py(), a.pz()) <
         std::tuple(-b.pt2(), -b.e(), b.px(), b.py(), b.pz());
}

}  // namespace

std::string name(JetConfig const& config) {
  std::ostringstream text;
  if (config.algorithm == JetConfig::Algorithm::durham)
    text << "durham";
  else
    text << "ee_genkt_R" << config.radius;
  if (config.algorithm == JetConfig::Algorithm::ee_genkt && config.power != -1) text << "_p" << config.power;
  if (config.n_exclusive > 0) text << '_' << config.n_exclusive;
  return text.str();
}

JetFinder::JetFinder(JetConfig const& config) : config_(config) {
  bool const is_durham = config.algorithm == JetConfig::Algorithm::durham;
  if (!is_durham && !(config.radius > 0))
    throw core::ConfigError("jets: the radius is not positive. The published values are 0.4 and 0.7");
  if (is_durham && config.n_exclusive == 0)
    throw core::ConfigError("jets: Durham jets need a number of jets. Set n_exclusive");
}

Jets JetFinder::operator()(std::span<FourVector const> particles) const {
  Jets result;
  if (particles.empty()) return result;
  silence_fastjet();
  // In canonical order, because sums of floating-point numbers depend on the order.
  std::vector<fastjet::PseudoJet> input;
  input.reserve(particles.size());
  for (std::uint32_t row : canonical_order(particles)) {
    FourVector const& p = particles[row];
    input.emplace_back(p.px, p.py, p.pz, p.energy).set_user_index(static_cast<int>(row));
  }
  fastjet::ClusterSequence const sequence(input, definition_of(config_));
  std::vector<fastjet::PseudoJet> jets =
      config_.n_exclusive > 0 ? sequence.exclusive_jets_up_to(static_cast<int>(config_.n_exclusive))
                              : sequence.inclusive_jets(config_.min_pt);
  std::sort(jets.begin(), jets.end(), comes_before);
  for (fastjet::PseudoJet const& jet : jets) {
    result.momenta.push_back({jet.px(), jet.py(), jet.pz(), jet.e()});
    std::vector<std::uint32_t> rows;
    for (fastjet::PseudoJet const& particle : jet.constituents())
      rows.push_back(static_cast<std::uint32_t>(particle.user_index()));
    std::sort(rows.begin(), rows.end());
    result.constituents.push_back(std::span<std::uint32_t const>(rows));
  }
  return result;
}

Jets JetFinder::operator()(event::Particles const& particles) const {
  std::vector<Particle> const usable = usable_particles(particles);
  std::vector<FourVector> momenta;
  momenta.reserve(usable.size());
  for (Particle const& particle : usable) momenta.push_back(particle.p);
  Jets jets = (*this)(momenta);
  std::vector<std::uint32_t>& rows = jets.constituents.values;
  for (std::uint32_t& row : rows) row = usable[row].row;
  for (std::size_t jet = 0; jet < jets.size(); ++jet)
    std::sort(rows.begin() + jets.constituents.offsets[jet],
              rows.begin() + jets.constituents.offsets[jet + 1]);
  return jets;
}

}  // namespace corpuscle::eval
