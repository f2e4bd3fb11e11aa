#include <algorithm>
#include <tuple>

#include "corpuscle/cluster/cone_clustering.hpp"

namespace corpuscle::cluster {

std::vector<event::Link<event::ClusterId>> link_clusters(
    event::Clusters const& clusters, std::vector<event::Link<event::CaloHitId>> const& hit_links) {
  std::size_t n_hits = 0;
  for (event::CaloHitId hit : clusters.hits.values) n_hits = std::max(n_hits, hit.row() + 1);
  std::vector<event::ClusterId> cluster_of(n_hits);
  for (std::size_t row = 0; row < clusters.size(); ++row)
    for (event::CaloHitId hit : clusters.hits[row]) cluster_of[hit.row()] = event::ClusterId(row);

  std::vector<event::Link<event::ClusterId>> links;
  std::vector<double> total(clusters.size());
  for (auto const& link : hit_links) {
    if (link.from.row() >= n_hits || !cluster_of[link.from.row()].is_valid() || !link.to.is_valid()) continue;
    links.push_back({cluster_of[link.from.row()], link.to, link.weight});
    total[cluster_of[link.from.row()].row()] += link.weight;
  }
  std::sort(links.begin(), links.end(), [](auto const& a, auto const& b) {
    return std::tie(a.from, a.to, a.weight) < std::tie(b.from, b.to, b.weight);
  });
  // One link per pair, in place: the sum of its weights over that of the cluster.
  std::size_t n = 0;
  for (std::size_t i = 0; i < links.size();) {
    event::Link<event::ClusterId> const first = links[i];
    double sum = 0;
    for (; i < links.size() && links[i].from == first.from && links[i].to == first.to; ++i)
      sum += links[i].weight;
    if (sum > 0) links[n++] = {first.from, first.to, static_cast<float>(sum / total[first.from.row()])};
  }
  links.resize(n);
  return links;
}

}  // namespace corpuscle::cluster
