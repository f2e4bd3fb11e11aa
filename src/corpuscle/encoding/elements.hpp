#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "corpuscle/encoding/schema.hpp"
#include "corpuscle/event/calorimeter.hpp"

namespace corpuscle::encoding {

/// What an element measures by itself; outputs of a network are relative to it. Always finite.
struct Reference {
  float energy = 0;  ///< momentum of a track, energy of a cluster or hit [GeV]; 0: cannot be a particle
  float pt = 0;      ///< the part of that transverse to the beam [GeV]
  float eta = 0;     ///< pseudorapidity at the origin
  float sin_phi = 0,
        cos_phi = 0;          ///< azimuth at the origin; not normalised for the hits of mlpf-2023 and 2026
  float charge = 0;           ///< of a track: +1 or -1 [e]
  float x = 0, y = 0, z = 0;  ///< where a track comes from: its point nearest to the beam [mm]

  friend bool operator==(Reference const&, Reference const&) = default;
};

/// What is wrong with an element: no input of a network may be so.
struct Flaw {
  ElementType type = ElementType::track;
  std::uint32_t row = 0;         ///< of the element, in the table of its type in the event
  bool is_broken = false;        ///< an input is no finite number; else a quantity is out of its range
  char const* column = nullptr;  ///< the first of them; broken: of the event's table, else of the schema
  double value = 0;              ///< of that input ("hits" of a cluster: of a sum over them), or quantity
};

/// "cluster 3: its 'energy' is nan, which is no finite number", or "..., 'pt' is 1e+30 GeV; corpuscle-hits-1
/// has the range 0.001 to 10000".
/// @param schema  of the elements
std::string describe(Flaw const& flaw, Schema const& schema);

/// The elements of one event, ready for a network: one row each, in canonical order.
///
/// Types come in the order of the schema, elements of one type by falling energy, then by their other values.
/// So the order follows from what was measured and not from the rows of a file; elements of equal rank have
/// equal rows.
struct Elements {
  std::size_t width = 0;              ///< of the schema
  std::vector<float> features;        ///< [size, width], row by row, finite, not normalised
  std::vector<ElementType> types;     ///< [size]
  std::vector<std::uint32_t> rows;    ///< [size]: row in the table of its type in the event, or in `groups`
  std::vector<Reference> references;  ///< [size]
  bool has_tracks = true;             ///< whether the schema has tracks at all
  std::optional<event::Clusters> groups;  ///< of hits (hit_groups.hpp), where the schema has such elements
  std::size_t n_broken = 0;   ///< elements with an input that is not a finite number; what needs it is 0
  std::size_t n_limited = 0;  ///< features outside the range of their column, set to its end
  std::vector<Flaw> flaws;    ///< one for each element with any of these, type by type, as in the tables;
                              ///< then those of hits that are in no group

  [[nodiscard]] std::size_t size() const noexcept { return types.size(); }
  [[nodiscard]] std::span<float const> row(std::size_t element) const noexcept {
    return {features.data() + element * width, width};
  }
};

}  // namespace corpuscle::encoding
