#include "corpuscle/eval/evaluation.hpp"

#include <algorithm>
#include <functional>
#include <iterator>
#include <string>

#include "corpuscle/core/error.hpp"
#include "corpuscle/eval/figures.hpp"

namespace corpuscle::eval {
namespace {

void check_edges(std::vector<double> const& edges, std::string const& what) {
  if (edges.size() < 2 ||
      std::adjacent_find(edges.begin(), edges.end(), std::greater_equal<>()) != edges.end())
    throw core::ConfigError("evaluation: the edges of " + what +
                            " do not ascend. Give at least two, rising ones");
}

}  // namespace

Evaluation::Evaluation() : measure_(config_.measure) {}

Evaluation::Evaluation(EvaluationConfig config) : config_(std::move(config)), measure_(config_.measure) {
  check_edges(config_.momentum_edges, "momentum");
  check_edges(config_.energy_edges, "energy");
  check_edges(config_.cos_theta_edges, "cos(theta)");
  check_edges(config_.nearest_edges, "the distance to the nearest particle");
  if (config_.n_replicas < 2)
    throw core::ConfigError("evaluation: errors need at least 2 bootstrap replicas. 100 are usual");
}

void Evaluation::merge(Evaluation&& other) {
  if (!(config_ == other.config_))
    throw core::ConfigError(
        "evaluation: what was configured differently cannot be merged. Use one configuration");
  std::move(other.events_.begin(), other.events_.end(), std::back_inserter(events_));
  failures_.insert(failures_.end(), other.failures_.begin(), other.failures_.end());
  other.events_.clear();
  other.failures_.clear();
}

std::vector<EventId> Evaluation::events() const {
  std::vector<EventId> ids;
  ids.reserve(events_.size());
  for (auto const& [id, measurement] : events_) ids.push_back(id);
  std::sort(ids.begin(), ids.end());
  return ids;
}

Result Evaluation::result() const {
  return result(events());
}

Result Evaluation::result(std::span<EventId const> only) const {
  if (only.empty())
    throw core::DataError("evaluation: there are no events. Is the file empty, or did all fail?");
  std::vector<std::pair<EventId, Measurement> const*> all;
  all.reserve(events_.size());
  for (auto const& event : events_) all.push_back(&event);
  std::sort(all.begin(), all.end(), [](auto const* a, auto const* b) { return a->first < b->first; });
  for (std::size_t k = 1; k < all.size(); ++k)
    if (all[k]->first == all[k - 1]->first)
      throw core::DataError("evaluation: " + name(all[k]->first) +
                            " was added twice. Give files with the same event numbers different samples");
  std::vector<Measurement const*> measurements;
  measurements.reserve(only.size());
  auto next = all.begin();
  for (EventId const& id : only) {
    while (next != all.end() && (*next)->first < id) ++next;
    if (next == all.end() || (*next)->first != id)
      throw core::DataError("evaluation: " + name(id) + " was asked for, but not added");
    measurements.push_back(&(*next)->second);
  }
  Result result = make_result(only, measurements, config_);
  result.counts.failures = failures_.size();
  result.counts.left_out = events_.size() - only.size();
  return result;
}

std::vector<EventId> common_events(Evaluation const& a, Evaluation const& b) {
  std::vector<EventId> const in_a = a.events();
  std::vector<EventId> const in_b = b.events();
  std::vector<EventId> both;
  std::set_intersection(in_a.begin(), in_a.end(), in_b.begin(), in_b.end(), std::back_inserter(both));
  return both;
}

}  // namespace corpuscle::eval
