// A trained network in a C program: a made-up event of two tracks and three clusters in CLICdet.
//
//   reconstruct_c MODEL

#include <stdio.h>

#include "corpuscle/runtime/corpuscle.h"

enum { n_tracks = 2, n_clusters = 3 };

int main(int argc, char** argv) {
  if (argc != 2) return corpuscle_usage;
  corpuscle_detector const clic = {.field = 4,
                                   .ecal_barrel_r_min = 1500,
                                   .ecal_barrel_r_max = 1702,
                                   .ecal_endcap_z_min = 2307,
                                   .ecal_endcap_r_min = 260,
                                   .ecal_sides = 12,
                                   .ecal_layer_pitch = 5.05,
                                   .ecal_cell_size = 5.1,
                                   .hcal_layer_pitch = 26.5,
                                   .hcal_cell_size = 30};

  // Once: the weights are shared by all threads.
  char message[1000];
  corpuscle_model* model = NULL;
  int status = corpuscle_load(argv[1], &clic, NULL, &model, message, sizeof message);
  if (status != corpuscle_success) {
    fprintf(stderr, "%s\n", message);
    return status;
  }

  // For each event: columns that point to what the host has. What is not set is not known; the more of what
  // it was trained on a network gets, the better.
  float const omega[n_tracks] = {2.398e-4F, -3.997e-4F};  // transverse momenta of 5 GeV, +e, and 3 GeV, -e
  float const phi[n_tracks] = {0.2F, 2.5F};
  float const tan_lambda[n_tracks] = {0.2F, -0.5F};
  float const d0[n_tracks] = {0.003F, -0.001F};
  float const z0[n_tracks] = {0.01F, 0.02F};
  float const covariance[n_tracks][15] = {{[0] = 4e-6F, [5] = 2.3e-13F, [9] = 1e-5F, [14] = 1e-7F},
                                          {[0] = 6e-6F, [5] = 6.4e-13F, [9] = 2e-5F, [14] = 2e-7F}};
  float const last_x[n_tracks] = {1460, -1360};  // of the last hit, where both parameters of impact are 0
  float const last_y[n_tracks] = {36, 460};
  float const last_z[n_tracks] = {297, -740};
  float const last_phi[n_tracks] = {-0.15F, 3.1F};
  float const zero[n_tracks] = {0, 0};
  float const first_radius[n_tracks] = {31, 31};
  float const chi2[n_tracks] = {20, 18};
  int32_t const ndf[n_tracks] = {19, 19};
  float const energy[n_clusters] = {4.7F, 20, 2.8F};
  float const x[n_clusters] = {1800, 0, -1560};
  float const y[n_clusters] = {-29, 1580, 470};
  float const z[n_clusters] = {361, -500, -830};
  float const theta[n_clusters] = {1.373F, 1.877F, 2.043F};
  float const azimuth[n_clusters] = {-0.016F, 1.571F, 2.849F};
  float const energy_ecal[n_clusters] = {1.5F, 19.8F, 1.9F};
  float const energy_hcal[n_clusters] = {2.9F, 0.1F, 0.7F};
  corpuscle_track_states const at_ip = {
      .omega = omega, .phi = phi, .tan_lambda = tan_lambda, .d0 = d0, .z0 = z0, .covariance = covariance[0]};
  corpuscle_track_states const at_last_hit = {.omega = omega,
                                              .phi = last_phi,
                                              .tan_lambda = tan_lambda,
                                              .d0 = zero,
                                              .z0 = zero,
                                              .x = last_x,
                                              .y = last_y,
                                              .z = last_z};
  corpuscle_event const event = {.tracks = {.n = n_tracks,
                                            .at_ip = at_ip,
                                            .at_last_hit = at_last_hit,
                                            .chi2 = chi2,
                                            .ndf = ndf,
                                            .innermost_hit_radius = first_radius},
                                 .clusters = {.n = n_clusters,
                                              .energy = energy,
                                              .x = x,
                                              .y = y,
                                              .z = z,
                                              .theta = theta,
                                              .phi = azimuth,
                                              .energy_ecal = energy_ecal,
                                              .energy_hcal = energy_hcal}};
  corpuscle_particles* particles = NULL;  // may serve event after event
  status = corpuscle_reconstruct(model, &event, &particles, message, sizeof message);
  if (status == corpuscle_success)
    for (size_t i = 0; i < particles->n; ++i)
      printf("%5d %8.3f GeV, momentum %8.3f %8.3f %8.3f GeV\n", (int)particles->pdg[i], particles->energy[i],
             particles->px[i], particles->py[i], particles->pz[i]);
  else
    fprintf(stderr, "%s\n", message);
  corpuscle_free(particles);
  corpuscle_close(model);
  return status;
}
