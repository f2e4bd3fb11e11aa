#pragma once

namespace corpuscle::detector {

/// Parameters of the clustering of calorimeter hits (cluster/cone_clustering.hpp).
///
/// The defaults are those of CLICdet. Numbers of sections are those of detector.md; "tuned" is set by hand
/// while looking at clic_gamma_rec, clic_gamma_barrel (13 photons: Pandora makes 14 clusters, as we do) and
/// cld_nunuHbb240_rec (one event: 48 clusters of Pandora's, 55 of ours). Of these, contact_distance,
/// early_min_energy and photon_min_energy were scanned, and association_chi, early_layer and
/// ecal.soft_distance of Pandora's: the clusters of that one event vary from 55 to 59, so none of it is known
/// well. Pseudo-layers count from the front of the ECAL through all calorimeters. Energy thresholds, scales
/// and resolutions depend on the detector and are read from its file; the rest is the algorithm's.
struct Clustering {
  /// What differs between ECAL, HCAL and muon system.
  struct Cone {
    double min_energy_first = 0;   ///< hits below are not used, in the first layer [GeV] ...
    double min_energy = 0;         ///< ... and in the others, which have more absorber in front [GeV]
    double tangent = 0;            ///< of half the opening angle
    double pads = 0;               ///< radius of the cone where it begins [cells]
    double same_layer_pads = 0;    ///< reach from hit to hit in one layer [cells]
    double max_gap = 0;            ///< reach from hit to hit along the cone [mm]
    double isolation = 0;          ///< a hit with fewer than two others this near stands alone [mm]
    double track_distance = 0;     ///< a piece this near to the continued path of a track is the track's [mm]
    double soft_distance = 0;      ///< a soft piece that begins here joins another this near [mm]
    double hard_distance = 0;      ///< the same for one that is not soft [mm]
    double leftover_distance = 0;  ///< hits without cluster join one this near [mm]
    double em_scale = 1;           ///< energy of electromagnetic showers over the sum of hit energies
    double hadron_scale = 1;       ///< the same for hadronic ones
  };
  Cone ecal{.min_energy_first = 0.00275,  // 2.6: 0.5 MIP of 5.5 MeV ...
            .min_energy = 0.00582,        // ... in units scaled by the absorber in front
            .tangent = 0.3,               // 5.1
            .pads = 2.5,                  // 5.1
            .same_layer_pads = 2.8,       // 5.1
            .max_gap = 200,               // 5.1
            .isolation = 25,              // 5.1
            .track_distance = 20,         // tuned
            .soft_distance = 50,          // 6.4
            .hard_distance = 30,          // tuned
            .leftover_distance = 250,     // 6.4
            .em_scale = 1.02373335516,    // 2.6
            .hadron_scale = 1.24223718397};
  Cone hcal{.min_energy_first = 0.00735,  // 2.6: 0.3 MIP of 24.5 MeV ...
            .min_energy = 0.00885,        // ... in units scaled by the absorber in front
            .tangent = 0.5,               // 5.1
            .pads = 2.5,                  // 5.1
            .same_layer_pads = 1.8,       // 5.1
            .max_gap = 200,               // 5.1
            .isolation = 200,             // 5.1
            .track_distance = 60,         // tuned
            .soft_distance = 250,         // 6.4
            .hard_distance = 100,         // tuned
            .leftover_distance = 250,     // 6.4
            .em_scale = 1.02373335516,    // 2.6
            .hadron_scale = 1.01799349172};
  Cone muon{.tangent = 0.75,  // 6.1
            .pads = 12.5,     // 6.1
            .same_layer_pads = 12.5,
            .max_gap = 1000,  // three layers
            .track_distance =
                300};  // tuned: twice what bending in the coil does at 5 GeV; isolation has no use here

  int step_back = 3;                    ///< 5.1: layers looked back at from a hit
  int track_seed_layers = 3;            ///< 5.1: in the first layers hits are a track's own ...
  double track_seed_pads = 2;           ///< 5.1: ... this near to it [cells] ...
  double track_seed_distance = 250;     ///< 5.1: ... and to where it enters [mm]
  double track_advantage = 5;           ///< 5.1: factor by which hits on tracks and MIPs count as nearer
  double mip_max_hits_per_layer = 1.5;  ///< 5.1 has 1 neighbour; a piece with more is no MIP
  int track_gap_layers = 20;            ///< tuned: half of the ECAL hits of a MIP are below the threshold
  double track_spread = 0.1;            ///< growth of track_distance along a gap; tuned
  double association_chi = 2.5;         ///< 6.4: (E - p)/sigma of a track's cluster not to be exceeded
  double association_stochastic = 0.6;  ///< 6.3: sigma = this * sqrt(p/GeV) in that
  double soft_max_energy = 2;           ///< 6.4: a piece below is soft [GeV]
  int deep_layer = 20;                  ///< 6.4: soft_distance is doubled for pieces that begin behind
  int early_layer = 6;             ///< 6.4: pieces that begin before are neutral particles by themselves ...
  double early_min_energy = 0.3;   ///< ... if they have this energy [GeV] ...; tuned
  double contact_distance = 20;    ///< ... unless this near to another [mm]; tuned
  int photon_max_first_layer = 9;  ///< 6.5: photons begin before 5 X0 ...
  double photon_max_mean_layer = 25;  ///< 6.6: ... have their maximum before 25 X0; tuned ...
  double photon_max_width =
      30;  ///< 6.6 has 40: ... are narrow: rms distance from the line to the origin [mm] ...; tuned
  double photon_min_ecal_fraction = 0.95;  ///< ... stay in the ECAL ...; tuned
  double photon_min_energy = 0.3;          ///< ... and are not as soft as fragments [GeV]; tuned
  double photon_scrap_fraction =
      0.1;                           ///< tuned: a photon-like piece in contact is part of one so much larger
  int min_hits = 5;                  ///< 6.4: clusters with fewer are dissolved
  double hadronic_stochastic = 0.6;  ///< 2.6: sigma(E)/E = this / sqrt(E/GeV) (+) hadronic_constant
  double hadronic_constant = 0.03;   ///< 2.6
  double em_stochastic = 0.17;       ///< 2.6: the same for photons
  double em_constant = 0.01;         ///< 2.6
};

}  // namespace corpuscle::detector
