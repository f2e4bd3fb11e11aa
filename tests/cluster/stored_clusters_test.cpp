// Our clusters beside Pandora's, which are stored in the same files.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <map>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "corpuscle/cluster/cone_clustering.hpp"
#include "corpuscle/config/detector.hpp"
#include "corpuscle/core/error.hpp"
#include "corpuscle/io/event_builder.hpp"
#include "corpuscle/io/source.hpp"

namespace corpuscle {
namespace {

struct Comparison {
  std::vector<event::Clusters> ours;
  std::vector<event::Event> events;  ///< with the stored clusters
};

/// Fractions of the energy of the stored clusters: what of each is in the one cluster of ours that has most
/// of it, and how much of that cluster is of it.
struct Overlap {
  double completeness = 0, purity = 0;
};

Overlap overlap(event::CaloHits const& hits, event::Clusters const& stored, event::Clusters const& ours) {
  std::vector<int> cluster_of(hits.size(), -1);
  std::vector<double> energy(ours.size());
  for (std::size_t k = 0; k < ours.size(); ++k)
    for (event::CaloHitId hit : ours.hits[k]) {
      cluster_of[hit.row()] = static_cast<int>(k);
      energy[k] += hits.energy[hit.row()];
    }
  double total = 0;
  Overlap result;
  for (std::size_t k = 0; k < stored.size(); ++k) {
    std::map<int, double> shared;
    double all = 0;
    for (event::CaloHitId hit : stored.hits[k]) {
      all += hits.energy[hit.row()];
      if (cluster_of[hit.row()] >= 0) shared[cluster_of[hit.row()]] += hits.energy[hit.row()];
    }
    total += all;
    auto const best = std::max_element(shared.begin(), shared.end(),
                                       [](auto const& a, auto const& b) { return a.second < b.second; });
    if (best == shared.end()) continue;
    result.completeness += best->second;
    result.purity += all * best->second / energy[best->first];
  }
  result.completeness /= total;
  result.purity /= total;
  return result;
}

/// Distance of the nearest hit of any cluster from where each track enters the calorimeter [mm].
std::vector<double> distances_to_tracks(event::Observed const& observed, event::Clusters const& clusters) {
  auto const& state = observed.tracks.at(event::TrackPoint::at_calorimeter);
  std::vector<double> result;
  for (std::size_t t = 0; t < observed.tracks.size(); ++t) {
    if (!state.is_present[t]) continue;
    double nearest = 1e9;
    for (event::CaloHitId hit : clusters.hits.values) {
      std::size_t const i = hit.row();
      auto const& hits = observed.calo_hits;
      core::Vector3 const place{hits.x[i], hits.y[i], hits.z[i]};
      nearest = std::min(nearest, core::length(place - core::Vector3{state.x[t], state.y[t], state.z[t]}));
    }
    result.push_back(nearest);
  }
  return result;
}

double sum(std::vector<float> const& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

class StoredClusters : public ::testing::Test {
 protected:
  /// Clusters the hits of a file of ../shared/data; skips the test where the file or its reader is not there.
  void cluster_hits(std::string const& file, std::string const& detector_name) {
    std::string const path = CORPUSCLE_SOURCE_DIR "/../shared/data/" + file;
    if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not there";
    std::unique_ptr<io::Source> source;
    try {
      source = io::open_source(path);
    } catch (core::EnvironmentError const& error) {
      GTEST_SKIP() << error.what();
    }
    auto const detector = config::find_detector(detector_name);
    io::EventBuilder const build(source->info(), detector);
    cluster::ConeClustering find_clusters(detector);
    io::Frame frame;
    for (std::size_t entry = 0; entry < source->info().entries; ++entry) {
      source->read(entry, frame, build.wanted());
      data.events.push_back(build(frame, entry));
      data.ours.push_back(find_clusters(data.events.back().observed));
      auto const& observed = data.events.back().observed;
      auto const shared = overlap(observed.calo_hits, observed.clusters, data.ours.back());
      std::printf(
          "%s %zu: clusters %zu (stored %zu), energy %.2f (%.2f) GeV, completeness %.3f, purity %.3f\n",
          file.c_str(), entry, data.ours.back().size(), observed.clusters.size(),
          sum(data.ours.back().energy), sum(observed.clusters.energy), shared.completeness, shared.purity);
    }
  }

  /// A photon of ours is a photon of theirs, but for a few hits far out.
  void expect_same_photons() {
    for (std::size_t e = 0; e < data.events.size(); ++e) {
      auto const& stored = data.events[e].observed.clusters;
      auto const& ours = data.ours[e];
      ASSERT_EQ(ours.size(), stored.size()) << "event " << e;
      auto const shared = overlap(data.events[e].observed.calo_hits, stored, ours);
      EXPECT_GT(shared.completeness, 0.99);
      EXPECT_GT(shared.purity, 0.99);
      if (stored.size() != 1) continue;  // a conversion: which half is whose is a matter of taste
      double const scale = detector::Clustering{}.ecal.em_scale;
      if (stored.energy[0] > 1.001 * scale * stored.energy_ecal[0]) {
        // Not all of its hits are in the file; its centroid lies deeper than that of those that are.
        EXPECT_NEAR(ours.energy[0] / (scale * stored.energy_ecal[0]), 1, 0.015);
        continue;
      }
      EXPECT_NEAR(ours.energy[0] / stored.energy[0], 1, 0.005);
      EXPECT_NEAR(ours.x[0], stored.x[0], 2);
      EXPECT_NEAR(ours.y[0], stored.y[0], 2);
      EXPECT_NEAR(ours.z[0], stored.z[0], 2);
      EXPECT_NEAR(ours.theta[0], stored.theta[0], 0.02);
    }
  }

  Comparison data;
};

TEST_F(StoredClusters, ClicPhotonsAreOneClusterEach) {
  cluster_hits("clic_gamma_rec.edm4hep.root", "clic");
  if (IsSkipped() || HasFatalFailure()) return;
  ASSERT_EQ(data.events.size(), 3u);
  expect_same_photons();
}

TEST_F(StoredClusters, ClicBarrelPhotonsAreElevenClusters) {
  cluster_hits("clic_gamma_barrel.edm4hep.root", "clic");
  if (IsSkipped() || HasFatalFailure()) return;
  ASSERT_EQ(data.events.size(), 10u);
  expect_same_photons();
}

TEST_F(StoredClusters, CldJetsAreLikePandoras) {
  cluster_hits("cld_nunuHbb240_rec.edm4hep.root", "cld");
  if (IsSkipped() || HasFatalFailure()) return;
  ASSERT_EQ(data.events.size(), 1u);
  auto const& observed = data.events[0].observed;
  auto const& stored = observed.clusters;
  auto const& ours = data.ours[0];
  EXPECT_EQ(stored.size(), 48u);
  EXPECT_NEAR(static_cast<double>(ours.size()), 48, 10);
  auto const shared = overlap(observed.calo_hits, stored, ours);
  EXPECT_GT(shared.completeness, 0.9);
  EXPECT_GT(shared.purity, 0.9);
  // Pandora's clusters are weighted for software compensation, ours are not.
  EXPECT_NEAR(sum(ours.energy) / sum(stored.energy), 1, 0.1);
  auto const to_ours = distances_to_tracks(observed, ours), to_stored = distances_to_tracks(observed, stored);
  double const all_ours = std::accumulate(to_ours.begin(), to_ours.end(), 0.0);
  double const all_stored = std::accumulate(to_stored.begin(), to_stored.end(), 0.0);
  std::printf("mean distance of the nearest clustered hit from a track: %.1f mm (stored %.1f mm)\n",
              all_ours / static_cast<double>(to_ours.size()),
              all_stored / static_cast<double>(to_stored.size()));
  EXPECT_LE(all_ours, 1.2 * all_stored);
}

}  // namespace
}  // namespace corpuscle
