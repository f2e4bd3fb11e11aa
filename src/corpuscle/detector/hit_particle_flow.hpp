#pragma once

#include <array>
#include <cstddef>

namespace corpuscle::detector {

/// Parameters of the rule-based particle flow on hits (pf/hit_particle_flow.hpp).
///
/// The calibration belongs to a detector and is read from its file, where `corpuscle calibrate` puts it; a
/// detector without one has the scales of Clustering. The rest is the algorithm's. Numbers of sections are
/// those of detector.md; "tuned" was set on simulated z_qq, qqbar and ttbar events of CLICdet.
struct HitParticleFlow {
  /// Energy of showers, fitted on single particles (pf/shower_energy.hpp).
  struct Calibration {
    static constexpr std::size_t n_powers = 3;      ///< of the logarithm of the energy: 0, 1, 2
    static constexpr std::size_t n_components = 5;  ///< of a hadronic shower, by hit energy density

    /// Photons: energy / sum of hits as a polynomial in ln(sum/GeV).
    std::array<double, n_powers> photon{1, 0, 0};
    /// Hadrons: weight of each component as a polynomial in ln(sum/GeV).
    std::array<std::array<double, n_powers>, n_components> hadron{};
    bool is_fitted = false;
  };
  Calibration calibration;

  // Muons: what lies along a track (6.1).
  double muon_min_momentum = 2.5;    ///< [GeV]; 6.6
  int muon_min_hits = 3;             ///< in the muon system; 6.6
  double muon_yoke_reach = 100;      ///< of these from the track [mm] ...; tuned
  double muon_yoke_spread = 0.1;     ///< ... and growth of that with depth; tuned
  double muon_ecal_reach = 12;       ///< of its hits in the ECAL from the track [mm]; two cells
  double muon_hcal_reach = 45;       ///< the same in the HCAL [mm] ...; a cell and a half
  double muon_hcal_spread = 0.03;    ///< ... and growth of that with depth; tuned
  double muon_max_energy = 5;        ///< along the track in ECAL and HCAL [GeV] ...; 6.6
  double muon_energy_growth = 0.15;  ///< ... and growth with p; 6.6

  // Photons and electrons: maxima of the energy in the ECAL (pf/ecal_peaks.hpp).
  double photon_min_energy = 0.15;      ///< [GeV]; the softest photons in the file of 2.6
  double photon_max_width = 22;         ///< rms distance of the energy from the axis [mm]; tuned
  double photon_min_core = 0.5;         ///< of the energy within 15 mm of the axis, above 0.5 GeV; tuned
  double photon_max_start = 85;         ///< depth in front of which a tenth of the energy is [mm]; 6.6: 10 X0
  double photon_max_depth = 105;        ///< in front of which half of it is, at 1 GeV [mm] ...; tuned
  double photon_depth_growth = 6;       ///< ... and growth of that with ln(E/GeV); tuned
  double photon_track_distance = 12;    ///< from the nearest track, at least [mm] ...; tuned
  double photon_soft_distance = 30;     ///< ... and this / (E/GeV); tuned
  double electron_track_distance = 10;  ///< from the track, at most [mm]; 6.2
  double electron_max_mismatch = 0.2;   ///< |E/p - 1|; 6.6
  double electron_max_start = 50;       ///< as photon_max_start; 6.6: 4.5 X0
  double electron_max_width = 19;       ///< as photon_max_width; tuned
  double electron_min_momentum = 1;     ///< [GeV]; tuned

  // Which shower is a track's.
  double association_distance = 12;       ///< of its first hits from the track in the ECAL [mm]; 6.2 has 10
  double association_distance_hcal = 40;  ///< the same in the HCAL: a cell
  double association_spread = 0.02;       ///< growth of both with depth; tuned
  int association_hits = 6;               ///< so many hits decide; tuned

  double loose_hit_reach = 250;  ///< a hit that no shower has goes to the nearest within [mm]; 6.4

  // Agreement of energy and momentum.
  double hadronic_stochastic = 0.48;  ///< sigma(E)/E = this / sqrt(E/GeV) (+) ...; as calibrated K0L come out
  double hadronic_constant = 0.05;    ///< ... this
  double deficit = -1.5;        ///< (E - p)/sigma below which showers nearby are added; 6.3 has -2.5; tuned
  double deficit_reach = 40;    ///< distance of their centroids from the track [mm] ...; tuned
  double deficit_spread = 0.1;  ///< ... and growth of that with depth; tuned
  double deficit_photon_max_excess =
      -1;                          ///< (E - p)/sigma not to be exceeded with what looked like a photon; tuned
  double split_excess = 1.5;       ///< above which a cluster is clustered again; 6.3 has 3; tuned
  double lost_track_penalty = 16;  ///< what a track without shower counts in chi^2 then; 6.3
  double force_excess = 3;         ///< above which a neutral is cut out all the same; 6.7
  double fill_max_excess = 2;      ///< not to be exceeded when a deficit is filled again after splitting

  // Fragments.
  double fragment_evidence = -0.5;       ///< ln(odds) above which a shower joins another one ...; tuned
  double fragment_soft_evidence = -1.5;  ///< ... and one with less than 1 GeV (pf/fragments.hpp)

  // Particles.
  double neutral_min_energy = 1;  ///< of neutral hadrons [GeV]; 6.6
  int neutral_min_hits = 5;       ///< 6.6
  double broad_photon_min_ecal =
      0.9;  ///< what is no maximum of its own is a photon with this energy in the ECAL ...
  double broad_photon_min_energy = 0.5;      ///< ... if it has so much [GeV]; tuned
  double unassociated_track_max_energy = 5;  ///< a track without shower is a particle below [GeV] ...; 4.3
  double unassociated_track_max_impact = 5;  ///< ... and with |d0|, |z0| below [mm]; 4.3
};

}  // namespace corpuscle::detector
