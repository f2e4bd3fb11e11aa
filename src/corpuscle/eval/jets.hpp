#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "corpuscle/core/ragged.hpp"
#include "corpuscle/eval/four_vector.hpp"

namespace corpuscle::eval {

/// How particles are combined to jets.
struct JetConfig {
  enum class Algorithm : std::uint8_t {
    ee_genkt,  ///< generalised e+e- kt: Cacciari, Salam, Soyez, EPJ C 72 (2012) 1896, section 4.5
    durham     ///< e+e- kt: Catani et al., PLB 269 (1991) 432
  };
  Algorithm algorithm = Algorithm::ee_genkt;
  double power = -1;    ///< of the energy, in ee_genkt: -1 is the e+e- version of anti-kt
  double radius = 0.4;  ///< [rad], of ee_genkt
  std::size_t n_exclusive =
      0;              ///< exactly so many jets, or fewer where there are fewer particles; 0: inclusive
  double min_pt = 5;  ///< of inclusive jets [GeV]; mlpf.md 6

  friend bool operator==(JetConfig const&, JetConfig const&) = default;
};

/// Short name, for figures and files: "ee_genkt_R0.4", "durham_2".
std::string name(JetConfig const& config);

/// Jets of one event, by falling transverse momentum.
struct Jets {
  std::vector<FourVector> momenta;
  core::Ragged<std::uint32_t> constituents;  ///< rows of the particles, ascending

  [[nodiscard]] std::size_t size() const noexcept { return momenta.size(); }
};

/// Combines particles to jets, with FastJet (Cacciari, Salam, Soyez, EPJ C 72 (2012) 1896).
///
/// Four-momenta add up (E scheme). The result does not depend on the order of the particles, to the last bit;
/// no particles give no jets. Thread-safe: one instance serves many threads. Cost: O(n^2), about 0.1 ms for
/// the 100 particles of a ttbar event (bench/eval).
class JetFinder {
 public:
  /// @throws core::ConfigError for a radius that is not positive, or Durham jets without a number.
  explicit JetFinder(JetConfig const& config);

  /// @param particles  finite
  [[nodiscard]] Jets operator()(std::span<FourVector const> particles) const;
  /// The usable ones among them (four_vector.hpp); constituents are rows of the table.
  [[nodiscard]] Jets operator()(event::Particles const& particles) const;

 private:
  JetConfig config_;
};

}  // namespace corpuscle::eval
