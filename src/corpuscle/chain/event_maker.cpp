#include "corpuscle/chain/event_maker.hpp"

#include <utility>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"

namespace corpuscle::chain {

EventMaker::EventMaker(std::unique_ptr<generate::Generator> generator, detector::Detector const& detector,
                       std::uint64_t seed)
    : generate_(std::move(generator)), simulate_(detector, seed), cluster_(detector) {}

event::Event EventMaker::operator()(std::int64_t number) try {
  bool const head_on = generate_->frame() == generate::GeneratorFrame::collision;
  event::Event event = simulate_((*generate_)(number), 0, number, head_on);
  event.observed.clusters = cluster_(event.observed);
  event.truth.cluster_links = cluster::link_clusters(event.observed.clusters, event.truth.calo_hit_links);
  event::check(event);
  return event;
} catch (core::DataError const& error) {
  throw core::DataError(core::cat("event ", number, ": ", error.what()));
}

}  // namespace corpuscle::chain
