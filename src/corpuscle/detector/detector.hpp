#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "corpuscle/detector/clustering.hpp"
#include "corpuscle/detector/hit_particle_flow.hpp"
#include "corpuscle/detector/simulation.hpp"

/// A detector as data: plain structs, filled from one YAML file (detectors/*.yaml) by `config`, or by
/// hand in an embedded program. Nothing here knows a particular detector.
namespace corpuscle::detector {

/// A layered calorimeter shell: polygonal barrel and two flat endcaps.
struct CalorimeterShell {
  double barrel_r_min = 0;  ///< inscribed radius of the inner face [mm]
  double barrel_r_max = 0;  ///< [mm]
  double barrel_z_max = 0;  ///< half length [mm]
  double endcap_z_min = 0;  ///< front face, |z| [mm]
  double endcap_z_max = 0;  ///< [mm]
  double endcap_r_min = 0;  ///< beam hole [mm]
  double endcap_r_max = 0;  ///< [mm]
  int sides = 0;            ///< faces of the barrel polygon; >= 3
  double normal_phi = 0;    ///< azimuth of the normal of one face [rad]
  int layers = 0;
  double layer_pitch = 0;  ///< [mm]
  double cell_size = 0;    ///< [mm]
};

struct Tracker {
  double r_min = 0;  ///< first sensitive layer [mm]
  double r_max = 0;  ///< envelope [mm]
  double z_max = 0;  ///< envelope, |z| [mm]
};

/// What the collections of this detector's event files are called, for each table of the event model.
/// A pattern may hold `*`. The order of a list is the order in which rows are put in the table.
struct Collections {
  std::vector<std::string> tracks, clusters, tracker_hits, particles, gen_particles;
  std::vector<std::string> ecal_hits, hcal_hits, muon_hits, forward_hits;
  std::vector<std::string> track_links, cluster_links, calo_hit_links, particle_links;
};

/// How to tell that a file comes from this detector.
struct Signature {
  std::vector<std::string> names;        ///< detector names found in files; `*` allowed
  std::vector<std::string> collections;  ///< all of them present (used if the file names no detector)
};

/// Parameters of the rule-based particle flow on tracks and clusters (pf/cluster_particle_flow.hpp,
/// where each is explained). Values and their sources are in the detector files.
struct ParticleFlow {
  double track_max_relative_momentum_error = 0;
  double track_max_impact = 0;              ///< |d0|, |z0| [mm]
  double track_max_innermost_radius = 0;    ///< [mm]
  double track_trusted_momentum_error = 0;  ///< sigma(p)/p below which p is believed against the calorimeter
  double duplicate_tolerance = 0;           ///< |p1 - p2| / p below which two tracks are one particle
  double association_cone = 0;              ///< track to cluster, seen from the origin: no pair beyond [rad]
  double association_distance = 0;          ///< scatter of cluster centroids about their track [mm] ...
  double association_growth = 0;            ///< ... which grows by this per mm of depth in the calorimeter
  double association_significance = 0;      ///< largest mismatch of position and energy together [sigma]
  double recovery_significance = 0;         ///< largest |E - p|/sigma for a cluster that is only a neighbour
  double neighbour_distance = 0;            ///< a cluster nearer to a track may be its shower or a piece [mm]
  double hadronic_stochastic = 0;           ///< sigma(E)/E = this / sqrt(E/GeV) (+) hadronic_constant
  double hadronic_constant = 0;
  double excess_significance = 0;        ///< (E - p)/sigma above which a neutral is split off
  double deficit_significance = 0;       ///< (E - p)/sigma below which fragments are added
  double fragment_max_energy = 0;        ///< [GeV]
  double fragment_max_significance = 0;  ///< (E - p)/sigma not to be exceeded with the fragment
  double photon_min_ecal_fraction = 0;
  double photon_max_depth = 0;  ///< of the centroid behind the calorimeter surface [mm]
  double electron_min_ecal_fraction = 0;
  double electron_max_energy_mismatch = 0;   ///< |E/p - 1|
  double muon_max_energy = 0;                ///< in ECAL and HCAL [GeV]
  double muon_min_momentum = 0;              ///< [GeV]
  double muon_min_depth = 0;                 ///< of the centroid behind the calorimeter surface [mm]
  double unassociated_track_max_energy = 0;  ///< a track without cluster is a particle below [GeV] ...
  double unassociated_track_max_impact = 0;  ///< ... and with |d0|, |z0| below [mm]
  double photon_min_energy = 0;              ///< [GeV]
  double neutral_hadron_min_energy = 0;      ///< [GeV]
};

struct Detector {
  std::string name;           ///< "CLIC_o3_v14"
  double field = 0;           ///< B_z inside the coil [T]
  double crossing_angle = 0;  ///< full angle between the beams [rad]
  Tracker tracker;
  CalorimeterShell ecal;
  CalorimeterShell hcal;
  CalorimeterShell muon;
  std::string calorimeter_cell_id;  ///< bit fields, "system:5,side:-2,..."
  std::string tracker_cell_id;
  Collections collections;
  Signature signature;
  ParticleFlow particle_flow;
  Clustering clustering;
  HitParticleFlow hit_particle_flow;
  Simulation simulation;
};

}  // namespace corpuscle::detector
