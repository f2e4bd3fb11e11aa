#pragma once

#include <cstdint>

/// What the polarisation of the beams does to e- e+ -> f fbar.
namespace corpuscle::generate {

/// From -1 (all left-handed) to +1 (all right-handed).
struct BeamPolarisation {
  double electron = 0;
  double positron = 0;
};

/// Polarised over unpolarised cross section of e- e+ -> f fbar through an s-channel photon and Z, at tree
/// level with massless beams; f keeps its mass.
///
/// @param pdg        of f: a quark or lepton other than the electron and its neutrino
/// @param mass       of f [GeV]
/// @param energy     of the pair in its rest frame [GeV], > 2 mass
/// @param cos_theta  between f and the electron beam in that frame
///
/// Helicity amplitudes F_ij = Q_e Q_f + g_i^e g_j^f s / (s - mZ^2 + i mZ GammaZ), with couplings in units of
/// e; Peskin and Schroeder, An Introduction to Quantum Field Theory, 20.2, and for the mass of f |F_iL|^2 (1
/// + b c)^2 + |F_iR|^2 (1 - b c)^2 + 2 (1 - b^2) Re(F_iL F_iR*), b its velocity.
double polarisation_weight(BeamPolarisation beams, std::int32_t pdg, double mass, double energy,
                           double cos_theta);

/// No weight is larger.
double max_polarisation_weight(BeamPolarisation beams);

}  // namespace corpuscle::generate
