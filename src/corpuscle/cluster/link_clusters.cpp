#include <algorithm>
#include <utility>

#include "corpuscle/cluster/cone_clustering.hpp"

namespace corpuscle::cluster {

std::vector<event::Link<event::ClusterId>> link_clusters(
    event::Clusters const& clusters, std::vector<event::Link<event::CaloHitId>> const& hit_links) {
  std::size_t n_hits = 0;
  for (event::CaloHitId hit : clusters.hits.values) n_hits = std::max(n_hits, hit.row() + 1);
  std::vector<event::ClusterId> cluster_of(n_hits);
  for (std::size_t row = 0; row < clusters.size(); ++row)
    for (event::CaloHitId hit : clusters.hits[row]) cluster_of[hit.row()] = event::ClusterId(row);

  // Counting sort of the links by cluster.
  std::vector<std::uint32_t> begin(clusters.size() + 2);
  std::size_t n_particles = 0;
  auto const cluster_of_link = [&](event::Link<event::CaloHitId> const& link) {
    bool const is_used = link.from.row() < n_hits && link.to.is_valid();
    return is_used ? cluster_of[link.from.row()] : event::ClusterId{};
  };
  for (auto const& link : hit_links) {
    event::ClusterId const cluster = cluster_of_link(link);
    if (!cluster.is_valid()) continue;
    ++begin[cluster.row() + 2];
    n_particles = std::max(n_particles, link.to.row() + 1);
  }
  for (std::size_t row = 2; row < begin.size(); ++row) begin[row] += begin[row - 1];
  std::vector<std::uint32_t> of_cluster(begin.back());
  for (std::uint32_t i = 0; i < hit_links.size(); ++i) {
    event::ClusterId const cluster = cluster_of_link(hit_links[i]);
    if (cluster.is_valid()) of_cluster[begin[cluster.row() + 1]++] = i;
  }

  // Cluster by cluster, weights are added up per particle.
  std::vector<event::Link<event::ClusterId>> links;
  std::vector<double> weight_of(n_particles);
  std::vector<std::uint8_t> is_in(n_particles);
  std::vector<event::GenParticleId> particles;
  for (std::size_t row = 0; row < clusters.size(); ++row) {
    particles.clear();
    double total = 0;
    for (std::uint32_t k = begin[row]; k < begin[row + 1]; ++k) {
      auto const& link = hit_links[of_cluster[k]];
      if (!is_in[link.to.row()]) particles.push_back(link.to);
      is_in[link.to.row()] = 1;
      weight_of[link.to.row()] += link.weight;
      total += link.weight;
    }
    std::sort(particles.begin(), particles.end());
    for (event::GenParticleId particle : particles) {
      double const sum = std::exchange(weight_of[particle.row()], 0.);
      is_in[particle.row()] = 0;
      if (sum > 0) links.push_back({event::ClusterId(row), particle, static_cast<float>(sum / total)});
    }
  }
  return links;
}

}  // namespace corpuscle::cluster
