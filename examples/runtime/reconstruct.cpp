// A trained network in a C++ program: a made-up event of two tracks and three clusters in CLICdet.
//
//   reconstruct_cpp MODEL

#include <cstdio>

#include "corpuscle/core/error.hpp"
#include "corpuscle/runtime/reconstructor.hpp"

namespace {

using corpuscle::event::TrackPoint;

/// What the features need of a detector; detectors/ has all of it.
corpuscle::detector::Detector clic() {
  corpuscle::detector::Detector detector;
  detector.field = 4;
  detector.ecal.barrel_r_min = 1500;
  detector.ecal.barrel_r_max = 1702;
  detector.ecal.endcap_z_min = 2307;
  detector.ecal.endcap_r_min = 260;
  detector.ecal.sides = 12;
  detector.ecal.layer_pitch = 5.05;
  detector.ecal.cell_size = 5.1;
  detector.hcal.layer_pitch = 26.5;
  detector.hcal.cell_size = 30;
  return detector;
}

/// The more of what it was trained on a network gets, the better.
corpuscle::event::Observed my_event() {
  corpuscle::event::Observed event;
  corpuscle::event::Tracks& tracks = event.tracks;
  for (auto& states : tracks.states) states.resize(2);
  auto& at_ip = tracks.at(TrackPoint::at_ip);
  at_ip.is_present = {1, 1};
  at_ip.omega = {2.398e-4F, -3.997e-4F};  // transverse momenta of 5 GeV, +e, and 3 GeV, -e
  at_ip.phi = {0.2F, 2.5F};
  at_ip.tan_lambda = {0.2F, -0.5F};
  at_ip.d0 = {0.003F, -0.001F};
  at_ip.z0 = {0.01F, 0.02F};
  at_ip.covariance[0] = {4e-6F, 0, 0, 0, 0, 2.3e-13F, 0, 0, 0, 1e-5F, 0, 0, 0, 0, 1e-7F};
  at_ip.covariance[1] = {6e-6F, 0, 0, 0, 0, 6.4e-13F, 0, 0, 0, 2e-5F, 0, 0, 0, 0, 2e-7F};
  auto& at_last_hit = tracks.at(TrackPoint::at_last_hit);
  at_last_hit.is_present = {1, 1};
  at_last_hit.omega = at_ip.omega;
  at_last_hit.phi = {-0.15F, 3.1F};
  at_last_hit.tan_lambda = at_ip.tan_lambda;
  at_last_hit.x = {1460, -1360};
  at_last_hit.y = {36, 460};
  at_last_hit.z = {297, -740};
  tracks.chi2 = {20, 18};
  tracks.ndf = {19, 19};
  tracks.innermost_hit_radius = {31, 31};
  tracks.dedx = tracks.dedx_error = tracks.time = {0, 0};  // not known
  tracks.hits.offsets.assign(3, 0);

  corpuscle::event::Clusters& clusters = event.clusters;
  clusters.resize(3);
  clusters.energy = {4.7F, 20, 2.8F};
  clusters.x = {1800, 0, -1560};
  clusters.y = {-29, 1580, 470};
  clusters.z = {361, -500, -830};
  clusters.theta = {1.373F, 1.877F, 2.043F};
  clusters.phi = {-0.016F, 1.571F, 2.849F};
  clusters.energy_ecal = {1.5F, 19.8F, 1.9F};
  clusters.energy_hcal = {2.9F, 0.1F, 0.7F};
  clusters.hits.offsets.assign(4, 0);
  return event;
}

}  // namespace

int main(int argc, char** argv) try {
  using namespace corpuscle;
  if (argc != 2) return 2;
  auto const reconstruct = runtime::Reconstructor::load(argv[1], clic());  // once, for all threads
  event::Particles const particles = reconstruct(my_event());
  for (std::size_t i = 0; i < particles.size(); ++i)
    std::printf("%5d %8.3f GeV, momentum %8.3f %8.3f %8.3f GeV\n", particles.pdg[i], particles.energy[i],
                particles.px[i], particles.py[i], particles.pz[i]);
} catch (corpuscle::core::Error const& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return static_cast<int>(error.exit_code());
}
