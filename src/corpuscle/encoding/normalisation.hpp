#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "corpuscle/encoding/elements.hpp"
#include "corpuscle/encoding/schema.hpp"

namespace corpuscle::encoding {

/// Mean and standard deviation of every column, for each type of element by itself, from real rows only.
///
/// A column that never varies has the deviation 1, so that it becomes 0 for what was seen; a column that is a
/// code has mean 0 and deviation 1.
struct Normalisation {
  struct OfType {
    ElementType type = ElementType::track;
    std::uint64_t rows = 0;         ///< that it is from; 0: all means are 0, all deviations 1
    std::vector<double> mean;       ///< [columns of the type]
    std::vector<double> deviation;  ///< [columns of the type], > 0

    friend bool operator==(OfType const&, OfType const&) = default;
  };
  std::string schema;         ///< its name
  std::vector<OfType> types;  ///< as the elements of the schema

  friend bool operator==(Normalisation const&, Normalisation const&) = default;
};

/// Collects a Normalisation, event by event, in double precision (Welford, Technometrics 4 (1962) 419; merged
/// as Chan, Golub, LeVeque, COMPSTAT 1982).
///
/// Same bits for any number of threads if each piece of data (a shard) is summed by itself, event after
/// event, and the pieces are merged in a fixed order.
class NormalisationSums {
 public:
  explicit NormalisationSums(Schema const& schema);

  void add(Elements const& elements);
  /// @param features  [types.size(), width of the schema]
  void add(std::span<float const> features, std::span<ElementType const> types);
  void merge(NormalisationSums const& other);

  [[nodiscard]] Normalisation result() const;

 private:
  struct Sums {
    std::uint64_t rows = 0;
    std::vector<double> mean, square;  ///< sum of squared distances from the mean
  };
  Schema schema_;
  std::vector<Sums> sums_;  ///< per type of the schema
};

/// Applies a normalisation: (x - mean) / deviation in single precision. Columns beyond those of a type stay
/// 0. Immutable, thread-safe.
class Normaliser {
 public:
  /// @throws core::ConfigError if it is for another schema, naming both.
  Normaliser(Normalisation const& normalisation, Schema const& schema);

  /// @param features  [types.size(), width of the schema], row by row
  void operator()(std::span<float> features, std::span<ElementType const> types) const;
  void operator()(Elements& elements) const { (*this)(elements.features, elements.types); }

 private:
  std::size_t width_;
  std::vector<float> mean_, inverse_;  ///< [n_element_types, width]
};

/// One line of JSON; numbers are read back to the bit.
std::string to_json(Normalisation const& normalisation);

/// The reverse, as strict as schema_from_json; and every number finite, every deviation above 0.
/// @throws core::DataError if the text is no JSON; core::ConfigError naming what is wrong, or both schemas.
Normalisation normalisation_from_json(std::string_view text, Schema const& schema, std::string_view where);

}  // namespace corpuscle::encoding
