#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "corpuscle/detector/detector.hpp"
#include "corpuscle/eval/measure.hpp"
#include "corpuscle/event/event.hpp"
#include "corpuscle/io/event_builder.hpp"

/// The reconstructions that `corpuscle evaluate` compares, and what with.
namespace evaluate {

/// Words for lines that are no collections.
inline constexpr char const* stored = "stored";  ///< particles in the file, ours before others'
inline constexpr char const* rules = "rules";    ///< on hits; on clusters where pf::has_hits says no
inline constexpr char const* cluster_rules = "cluster-rules";
inline constexpr char const* perfect = "perfect";
inline constexpr char const* naive = "naive";

/// The reference that is made of truth, not read.
inline constexpr char const* truth = "truth";

struct Request {
  std::string source;              ///< what messages call the files
  std::string reference = truth;   ///< or a collection of particles
  std::vector<std::string> lines;  ///< the words above, or collections of particles
  /// As if no particle under test named a cluster or truth: those that really do not compare with such.
  bool neutrals_by_direction = false;
};

/// What the reference of an event was made of.
enum class ReferenceKind : std::uint8_t {
  targets,     ///< of particles that could be seen, by links
  by_stored,   ///< the same, but the only links are those of the stored particles
  generated,   ///< there are no links: the generator's final state, neutrinos and the beam pipe left out
  collection,  ///< reconstructed particles
  none
};

struct Measured {
  std::int64_t run = 0, number = 0;
  ReferenceKind reference = ReferenceKind::none;
  corpuscle::eval::FourVector reference_sum;  ///< of the usable ones: tells events apart
  std::vector<std::optional<corpuscle::eval::Measurement>>
      lines;  ///< as requested; none if it could not be made
};

/// Measures all lines of one event after the other. One per worker: keeps what is costly to set up.
class LineMeasurer {
 public:
  LineMeasurer(Request request, corpuscle::eval::MeasureConfig const& config);
  ~LineMeasurer();

  /// @param frame  what the event was made of
  Measured operator()(corpuscle::event::Event const& event, corpuscle::io::EventBuilder const& builder,
                      corpuscle::io::Frame const& frame);

 private:
  struct Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace evaluate
