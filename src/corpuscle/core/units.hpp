#pragma once

/// The one system of units: GeV, mm, ns, rad, tesla and elementary charge have the value 1.
///
/// This is EDM4hep's choice, so numbers in files, in memory and in plots agree. A literal names its
/// unit (`150 * units::cm`); a quantity outside the system says so in its name (`x_cm`).
namespace corpuscle::units {

inline constexpr double GeV = 1.0;
inline constexpr double MeV = 1e-3;
inline constexpr double keV = 1e-6;

inline constexpr double mm = 1.0;
inline constexpr double um = 1e-3;
inline constexpr double cm = 10.0;
inline constexpr double m = 1000.0;

inline constexpr double ns = 1.0;
inline constexpr double ps = 1e-3;

inline constexpr double rad = 1.0;
inline constexpr double mrad = 1e-3;
inline constexpr double degree = 0.017453292519943295;

inline constexpr double tesla = 1.0;

/// Speed of light in vacuum [mm/ns].
inline constexpr double c_light = 299.792458;

/// Transverse momentum of a unit charge on a circle of radius 1 mm in a field of 1 T [GeV/(T mm)]:
/// pT = bending * B / |omega|.
inline constexpr double bending = 2.99792458e-4;

}  // namespace corpuscle::units
