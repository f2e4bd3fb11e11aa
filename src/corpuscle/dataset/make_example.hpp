#pragma once

#include "corpuscle/dataset/examples.hpp"
#include "corpuscle/encoding/encoder.hpp"
#include "corpuscle/truth/targets.hpp"

namespace corpuscle::dataset {

/// What a dataset of this schema has beside the tracks; the TargetBuilder must agree. Groups of hits are
/// clusters.
truth::Mode mode_of(encoding::Schema const& schema) noexcept;

/// False if particles with a track would have no element: a schema without tracks needs the rule 2026, which
/// gives them a hit, too.
bool can_place_targets(encoding::Schema const& schema, truth::Rule rule) noexcept;
/// @throws core::ConfigError if not, with the way out
void require_places(encoding::Schema const& schema, truth::Rule rule);

/// Encodes an event and appends it with its targets.
///
/// A target sits on its track if the schema has tracks, else on its cluster or group of
/// hits or, in hit mode, its hit. One
/// whose home is no element (a track without a state at the interaction point) is among the particles only.
///
/// @param event         has passed event::check
/// @param make_targets  its mode is mode_of(encode.schema())
/// @param examples      of the width of the schema
void append_example(event::Event const& event, encoding::Encoder const& encode,
                    truth::TargetBuilder const& make_targets, Examples& examples);

/// All that makes examples of the events of one detector.
class ExampleEncoder {
 public:
  /// @throws core::ConfigError as encoding::Encoder does
  ExampleEncoder(encoding::Schema const& schema, truth::Rule rule, detector::Detector const& detector);

  [[nodiscard]] Examples none() const { return Examples(encode_.schema().width()); }
  /// @param event  has passed event::check
  void append(event::Event const& event, Examples& to) const {
    append_example(event, encode_, make_targets_, to);
  }

 private:
  encoding::Encoder encode_;
  truth::TargetBuilder make_targets_;
};

}  // namespace corpuscle::dataset
