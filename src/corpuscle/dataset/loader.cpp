#include "corpuscle/dataset/loader.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/random.hpp"
#include "corpuscle/core/text.hpp"

namespace corpuscle::dataset {
namespace {

/// What an event counts for: a batch of events without elements ends, too.
std::size_t cost(std::size_t n_elements) {
  return std::max<std::size_t>(1, n_elements);
}

}  // namespace

Loader::Loader(Dataset const& dataset, Split split, LoaderConfig const& config, Position start)
    : dataset_(dataset),
      events_(dataset.events(split)),
      config_(config),
      position_(start),
      prefetch_([this] { return next_job(); }, config.threads, config.ahead) {
  if (events_.empty())
    throw core::DataError(core::cat(dataset.directory(), ": none of its ",
                                    core::counted(dataset.n_events(), "event"), " is for '", name(split),
                                    "'. Prepare more events, or with other fractions"));
}

std::vector<std::uint32_t> Loader::permutation(std::uint64_t epoch) const {
  std::vector<std::uint32_t> order(events_.size());
  std::iota(order.begin(), order.end(), 0U);
  if (config_.order == Order::as_stored) return order;
  core::Random random({config_.seed, epoch});
  for (std::size_t n = order.size(); n > 1; --n)  // Fisher and Yates
    std::swap(order[n - 1], order[static_cast<std::size_t>(random.uniform() * static_cast<double>(n))]);
  return order;
}

std::size_t Loader::batch_end(std::vector<std::uint32_t> const& order, std::size_t begin) const {
  std::size_t n_elements = 0;
  std::size_t end = begin;
  for (; end < order.size(); ++end) {
    n_elements += cost(dataset_.n_elements(events_[order[end]]));
    if (n_elements > config_.elements_per_batch && end > begin) break;
  }
  return end;
}

std::vector<std::uint64_t> Loader::batch_starts(std::uint64_t epoch) const {
  auto const order = permutation(epoch);
  std::vector<std::uint64_t> starts;
  for (std::size_t begin = 0; begin < order.size(); begin = batch_end(order, begin)) starts.push_back(begin);
  return starts;
}

Prefetch<Batch>::Job Loader::next_job() {
  if (position_.example >= events_.size()) {
    position_ = {position_.epoch + 1, 0};
    order_.clear();
  }
  if (order_.empty()) order_ = permutation(position_.epoch);

  Position const begin = position_;
  std::size_t const end = batch_end(order_, begin.example);
  position_ = end < order_.size() ? Position{begin.epoch, end} : Position{begin.epoch + 1, 0};
  std::vector<Place> places;
  for (std::size_t i = begin.example; i < end; ++i) places.push_back(events_[order_[i]]);
  if (position_.epoch != begin.epoch) order_.clear();

  return [this, begin, last = position_, places = std::move(places)](unsigned) {
    return Batch{begin, last, dataset_.gather(places)};
  };
}

StreamLoader::StreamLoader(std::function<ExampleMaker()> const& make_maker, LoaderConfig const& config,
                           Position start)
    : elements_per_batch_(config.elements_per_batch),
      next_job_(start.example),
      position_(start),
      prefetch_(
          [this] {
            return [this, number = next_job_++](unsigned thread) { return makers_[thread](number); };
          },
          config.threads, config.ahead) {
  // The threads wait for a job until `next` is called.
  for (unsigned i = 0; i < std::max(1U, config.threads); ++i) makers_.push_back(make_maker());
}

Batch StreamLoader::next() {
  Batch batch{position_, position_, left_.size() > 0 ? std::exchange(left_, Examples()) : prefetch_.next()};
  std::size_t n_elements = cost(batch.examples.n_elements());
  while (true) {
    ++position_.example;
    Examples more = prefetch_.next();
    n_elements += cost(more.n_elements());
    if (n_elements > elements_per_batch_) {
      left_ = std::move(more);
      break;
    }
    append(batch.examples, view(more), 0, more.size());
  }
  batch.end = position_;
  return batch;
}

}  // namespace corpuscle::dataset
