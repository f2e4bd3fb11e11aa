#pragma once

#include <cmath>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <span>
#include <vector>

#include "corpuscle/detector/detector.hpp"
#include "corpuscle/encoding/elements.hpp"
#include "corpuscle/encoding/schema.hpp"
#include "corpuscle/event/event.hpp"

/// Inside of the library: how a schema is filled. Each column is one line of a table, its name beside the
/// expression that computes it, so that schema and values cannot drift apart.
namespace corpuscle::encoding {

/// A column and how to compute it from what is known of an element. NaN: cannot be computed.
template <class Measured>
struct Definition {
  char const* name;
  char const* unit;
  double low;
  double high;
  Transform transform;
  double scale;
  double (*quantity)(Measured const&);
};

template <class Measured>
ElementColumns columns_of(ElementType type, std::span<Definition<Measured> const> definitions) {
  ElementColumns result{type, {}};
  for (Definition<Measured> const& d : definitions)
    result.columns.push_back({d.name, d.unit, d.low, d.high, d.transform, d.scale});
  return result;
}

/// A number by name. Without a name: none.
struct Named {
  char const* name = nullptr;
  double value = 0;
};

/// The first of these that is not a finite number.
inline Named first_broken(std::initializer_list<Named> inputs) {
  for (Named const& input : inputs)
    if (!std::isfinite(input.value)) return input;
  return {};
}

/// The value in a column. Runs once per element and column, measure before changing.
/// @param flaw  gets the first quantity that is out of its range, if it has no other
template <class Measured>
float value(Definition<Measured> const& definition, Measured const& measured, std::size_t& n_limited,
            Flaw& flaw) {
  double quantity = definition.quantity(measured);
  if (!std::isfinite(quantity)) return 0;
  if (quantity < definition.low || quantity > definition.high) {
    ++n_limited;
    if (flaw.column == nullptr) {
      flaw.column = definition.name;
      flaw.value = quantity;
    }
    quantity = quantity < definition.low ? definition.low : definition.high;
  }
  double transformed = quantity / definition.scale;
  if (definition.transform == Transform::log) transformed = std::log(transformed);
  if (definition.transform == Transform::asinh) transformed = std::asinh(transformed);
  return static_cast<float>(transformed) + 0.F;  // no minus zero: it would sort, but not compare, differently
}

/// Adds one element, whatever its place in the order.
/// @param broken  the first of its inputs that is not a finite number
template <class Measured>
void append(Elements& elements, ElementType type, std::size_t row,
            std::span<Definition<Measured> const> definitions, Measured const& measured,
            Reference const& reference, Named broken) {
  bool const is_broken = broken.name != nullptr;
  Flaw flaw{type, static_cast<std::uint32_t>(row), is_broken, broken.name, broken.value};
  elements.features.resize(elements.features.size() + elements.width);
  float* out = elements.features.data() + elements.types.size() * elements.width;
  for (Definition<Measured> const& definition : definitions)
    *out++ = value(definition, measured, elements.n_limited, flaw);
  elements.types.push_back(type);
  elements.rows.push_back(static_cast<std::uint32_t>(row));
  elements.references.push_back(reference);
  elements.n_broken += is_broken;
  if (flaw.column != nullptr) elements.flaws.push_back(flaw);
}

/// Rounds to what decoding uses; nothing that could be a particle if any of it is not finite.
Reference make_reference(double energy, double pt, double eta, double sin_phi, double cos_phi,
                         double charge = 0, core::Vector3 origin = {});

/// True if every argument is a finite number.
template <class... Numbers>
bool all_finite(Numbers... numbers) {
  return (std::isfinite(numbers) && ...);
}

/// One schema for one detector.
class Encoding {
 public:
  virtual ~Encoding() = default;
  /// Appends all elements, in the order of the tables.
  virtual void append_all(event::Observed const& observed, Elements& elements) const = 0;
};

/// Null if it is not one of theirs.
std::unique_ptr<Encoding const> make_corpuscle_encoding(std::string const& schema,
                                                        detector::Detector const& detector);
std::unique_ptr<Encoding const> make_mlpf_encoding(std::string const& schema,
                                                   detector::Detector const& detector);

std::vector<Schema> corpuscle_schemas();
std::vector<Schema> mlpf_schemas();

}  // namespace corpuscle::encoding
