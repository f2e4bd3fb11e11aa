#pragma once

#include <string>
#include <vector>

/// What the simulation must know of a detector beyond what reconstruction uses: every surface of the tracker,
/// every stack of the calorimeters, how their signals become hits. All of it is data of the detector file.
namespace corpuscle::detector {

/// One surface of the tracker: a cylinder around the z axis, or a pair of discs at +-z.
struct TrackerSurface {
  enum class Shape { cylinder, disc };
  Shape shape = Shape::cylinder;
  double position = 0;  ///< radius of the cylinder, |z| of the discs [mm]
  double from = 0;      ///< extent, in |z| for a cylinder and in radius for discs [mm] ...
  double to = 0;        ///< ... upper end
  double x0 = 0;        ///< thickness at normal incidence [radiation lengths]
  double sigma_u = 0;   ///< resolution along r-phi [mm]; 0 for passive material
  double sigma_v = 0;   ///< along z (cylinder) or r (disc) [mm]
  int system = 0;       ///< of its cell ids; 0 for passive material
  int layer = 0;        ///< of its cell ids

  [[nodiscard]] bool is_sensitive() const noexcept { return system != 0; }
};

/// The material of the tracker, all of it light, per radiation length; and how tracks are found in it.
struct Tracking {
  std::vector<TrackerSurface> surfaces;
  double interaction_per_x0 = 0;  ///< nuclear interaction lengths in one radiation length
  double ionisation_per_x0 = 0;   ///< energy loss of a minimum ionising particle [GeV]
  double min_pt = 0;              ///< no track is found below [GeV]
  int min_hits = 0;               ///< nor with fewer hits
  double inefficiency = 0;        ///< of finding a track that could be found ...
  double crowding = 0;            ///< ... growing by this for each other track within 10 mrad
  double fake_rate = 0;           ///< wrong combinations, as a fraction of the true tracks
};

/// A material sandwich that is repeated layer by layer, and its readout. Values of the effective medium are
/// computed from the layers with the formulae of detector.md 1.4.
struct Stack {
  std::string name;                ///< "ecal"
  double pitch = 0;                ///< of the layers [mm]
  double sensitive_offset = 0;     ///< from the front of a layer to the middle of its sensitive slice [mm]
  double sensitive_thickness = 0;  ///< [mm]
  double cell_size = 0;            ///< [mm]
  double x0 = 0;                   ///< radiation lengths per layer
  double lambda = 0;               ///< nuclear interaction lengths per layer
  double pion_lambda_ratio = 0;    ///< interaction length of pions over that of protons
  double critical_energy = 0;      ///< [GeV]
  double moliere_radius = 0;       ///< [mm]
  double z_effective = 0;          ///< mass-weighted atomic number
  double z_passive = 0, z_active = 0;
  double mip_loss = 0;         ///< of a minimum ionising particle in one layer [GeV]
  double mip_deposit = 0;      ///< most probable deposit of such a particle in the sensitive slice [GeV]
  double landau_width = 0;     ///< xi of that deposit [GeV]
  double em_stochastic = 0;    ///< sigma(E)/E of an electromagnetic shower at 1 GeV
  double em_sampling = 0;      ///< deposit in the sensitive slices over shower energy, photons
  double hadron_sampling = 0;  ///< deposit over kinetic energy for the non-electromagnetic, visible part
  double birks = 0;            ///< kB of a scintillator [mm/GeV]; 0 for none
  // readout
  double threshold = 0;    ///< on the deposit in the time window [GeV]
  double saturation = 0;   ///< upper limit of the calibrated energy of a hit [GeV]; 0 for none
  double window_from = 0;  ///< time window, after subtracting the straight flight from the origin [ns]
  double window_to = 0;
  double noise = 0;  ///< noise of a cell [GeV of deposit], Gaussian, on cells that were hit; 0 for none
};

/// One calorimeter: a polygonal barrel, or a pair of flat endcaps with a polygonal outline.
///
/// Cell ids and grids are those of DD4hep's CLIC and CLD models, as their files show. Module m of a barrel is
/// the face whose normal has the azimuth normal_phi - 2 pi m / sides; x counts cells along the tangent
/// towards larger azimuth, y along z; side is 0. An endcap is one plane per layer with a hole, x and y count
/// along axes that are turned by grid_phi about z; side is 1 at +z; at -z it is -2 (two in two bits) and the
/// axes are those of +z after half a turn about y'. Cell 0 has its centre in the middle.
struct Calorimeter {
  enum class Kind { ecal, hcal, muon, forward };
  enum class Shape { barrel, endcap };
  /// What readers of event files conclude from the name of the collection.
  enum class Region { barrel, endcap, other };
  std::string collection;  ///< of its hits in event files: "ECALBarrel"
  int system = 0;          ///< of its cell ids
  Kind kind = Kind::ecal;
  Shape shape = Shape::barrel;
  Region region = Region::barrel;
  int stack = 0;  ///< index in Simulation::stacks
  int layers = 0;
  int sides = 0;           ///< faces of the polygon; 0: a round endcap
  double normal_phi = 0;   ///< azimuth of the normal of one face [rad]
  double grid_phi = 0;     ///< endcap: azimuth of the x axis of the cell grid at +z [rad]
  double r_min = 0;        ///< inscribed radius of the front of a barrel, or of the hole of an endcap [mm]
  double r_max = 0;        ///< inscribed radius of the back, or of the outline [mm]
  double z_min = 0;        ///< endcap: front, |z| [mm]; barrel: 0
  double z_max = 0;        ///< barrel: half length; endcap: back [mm]
  double cell_shift = 0;   ///< barrel: offset of the cell grid along z [mm]
  double calibration = 0;  ///< hit energy over deposit
};

/// Material without readout between the calorimeters: the coil.
struct DeadCylinder {
  double r_min = 0, r_max = 0, z_max = 0;  ///< [mm]
  double x0 = 0;                           ///< at normal incidence [radiation lengths]
  double lambda = 0;                       ///< at normal incidence [nuclear interaction lengths]
  double mip_loss = 0;                     ///< of a minimum ionising particle at normal incidence [GeV]
};

/// Everything below is empty for a detector that cannot be simulated.
struct Simulation {
  double outer_field = 0;                                    ///< B_z outside the coil, in the yoke [T]
  double beam_spot_x = 0, beam_spot_y = 0, beam_spot_z = 0;  ///< Gaussian widths [mm]
  Tracking tracking;
  std::vector<Stack> stacks;
  std::vector<Calorimeter> calorimeters;  ///< from the inside to the outside
  DeadCylinder coil;

  [[nodiscard]] bool is_described() const noexcept { return !calorimeters.empty(); }
};

}  // namespace corpuscle::detector
