#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// What a network sees of an event, and what its answer means: `Observed` to a matrix of features
/// (encoder.hpp), outputs to `Particles` (decoding.hpp). Truth never enters. docs/formats/encoding.md.
namespace corpuscle::encoding {

/// What one row of the matrix stands for.
enum class ElementType : std::uint8_t { track, cluster, hit, tracker_hit, hit_group };
inline constexpr std::size_t n_element_types = 5;

/// "track", "cluster", "hit" (of a calorimeter), "tracker_hit" and "hit_group" (hit_groups.hpp).
std::string_view name(ElementType type);

/// How a quantity becomes the value in its column.
enum class Transform : std::uint8_t {
  none,   ///< quantity / scale
  log,    ///< ln(quantity / scale)
  asinh,  ///< asinh(quantity / scale): linear near 0, logarithmic far from it, keeps the sign
  code,   ///< says what the row is; as it is, and never normalised
};

/// "none", "log", "asinh" and "code".
std::string_view name(Transform transform);

/// One column of the matrix. The quantity is limited to [low, high] before it is transformed; what cannot
/// be computed is 0 after it.
struct Column {
  std::string name;
  std::string unit;  ///< of the quantity, of the range and of the scale; empty: a pure number
  double low = 0;
  double high = 0;
  Transform transform = Transform::none;
  double scale = 1;

  friend bool operator==(Column const&, Column const&) = default;
};

/// The columns of one type of element, from the left. A row that is narrower than the widest ends with zeros.
struct ElementColumns {
  ElementType type = ElementType::track;
  std::vector<Column> columns;

  friend bool operator==(ElementColumns const&, ElementColumns const&) = default;
};

/// A way of encoding events, by name. What a name stands for never changes: other columns, another name. So
/// "corpuscle-clusters-1" may be followed by "corpuscle-clusters-2".
struct Schema {
  std::string name;
  std::vector<ElementColumns> elements;  ///< in the order in which they come in a matrix; each type once

  [[nodiscard]] std::size_t width() const noexcept;  ///< columns of the widest type of element
  /// The columns of elements of this type; null if the schema has none of them.
  [[nodiscard]] std::vector<Column> const* columns(ElementType type) const noexcept;
  /// Where this type stands in `elements`, which is how networks number types; elements.size() if it does
  /// not.
  [[nodiscard]] std::size_t position(ElementType type) const noexcept;

  friend bool operator==(Schema const&, Schema const&) = default;
};

/// The schemas that Encoder knows: "corpuscle-clusters-1", "corpuscle-hits-1",
/// "corpuscle-hit-groups-1", "mlpf-2023-clusters", "mlpf-2023-hits", "mlpf-2026-clusters", "mlpf-2026-hits".
/// Made at the first call; thread-safe.
std::span<Schema const> built_in_schemas();

/// The one of this name.
/// @throws core::ConfigError naming the nearest and all that exist.
Schema const& find_schema(std::string_view name);

/// Makes sure that what `where` (a shard, a model) holds was encoded as we would do it.
/// @throws core::ConfigError naming both schemas and the first column in which they differ.
void require_same(Schema const& theirs, Schema const& ours, std::string_view where);

/// One line of JSON, as stored in shards and models (docs/formats/encoding.md).
std::string to_json(Schema const& schema);

/// The reverse. Every member known and there, of its type, and lawful: names once, low <= high, scales and
/// the ranges of logarithms above 0. Need not be a schema that we know: `find_schema` and `require_same`
/// decide that.
/// @param where  names the file in messages
/// @throws core::DataError if the text is no JSON; core::ConfigError naming the member that is wrong.
Schema schema_from_json(std::string_view text, std::string_view where);

}  // namespace corpuscle::encoding
