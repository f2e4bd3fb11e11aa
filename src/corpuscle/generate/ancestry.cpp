#include "corpuscle/generate/ancestry.hpp"

#include <functional>
#include <numeric>
#include <queue>

namespace corpuscle::generate {
namespace {

bool is_ordered(Parents const& parents) {
  for (std::size_t row = 0; row < parents.size(); ++row)
    for (event::GenParticleId parent : parents[row])
      if (parent.row() >= row) return false;
  return true;
}

}  // namespace

std::vector<std::uint32_t> parents_first(Parents const& parents) {
  std::vector<std::uint32_t> order(parents.size());
  std::iota(order.begin(), order.end(), 0);
  if (is_ordered(parents)) return order;  // nearly always

  // Of the rows whose parents are all placed, the lowest comes next.
  Parents const daughters = daughters_of(parents);
  std::vector<std::size_t> missing(parents.size());
  std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, std::greater<>> ready;
  for (std::uint32_t row = 0; row < parents.size(); ++row) {
    missing[row] = parents[row].size();
    if (missing[row] == 0) ready.push(row);
  }
  order.clear();
  while (!ready.empty()) {
    std::uint32_t const row = ready.top();
    ready.pop();
    order.push_back(row);
    for (event::GenParticleId daughter : daughters[row])
      if (--missing[daughter.row()] == 0) ready.push(static_cast<std::uint32_t>(daughter.row()));
  }
  return order;
}

Parents daughters_of(Parents const& parents) {
  Parents daughters;
  daughters.offsets.assign(parents.size() + 1, 0);
  for (event::GenParticleId parent : parents.values) ++daughters.offsets[parent.row() + 1];
  std::partial_sum(daughters.offsets.begin(), daughters.offsets.end(), daughters.offsets.begin());
  daughters.values.resize(parents.values.size());
  std::vector<std::uint32_t> next = daughters.offsets;
  for (std::size_t row = 0; row < parents.size(); ++row)
    for (event::GenParticleId parent : parents[row])
      daughters.values[next[parent.row()]++] = event::GenParticleId(row);
  return daughters;
}

}  // namespace corpuscle::generate
