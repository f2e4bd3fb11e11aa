#include "corpuscle/dataset/shard.hpp"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <type_traits>
#include <utility>
#include <vector>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/dataset/make_example.hpp"

namespace corpuscle::dataset {
namespace {

using artifact::Shape;
using artifact::TensorFile;
using core::cat;

constexpr char const* format_name = "corpuscle-dataset-1";

/// The number that a column of T consists of.
template <class T>
struct NumberOf {
  using type = std::conditional_t<std::is_arithmetic_v<T>, T, float>;
};
template <>
struct NumberOf<encoding::ElementType> {
  using type = std::uint8_t;
};
template <>
struct NumberOf<event::ParticleClass> {
  using type = std::uint8_t;
};
template <class T>
using Number = typename NumberOf<T>::type;

static_assert(sizeof(encoding::Reference) == 9 * sizeof(float) &&
              sizeof(TargetParticle) == 5 * sizeof(float) && sizeof(TrueParticle) == 9 * sizeof(float));

/// [rows], or [rows, numbers per row].
template <class T>
Shape shape_of(std::string_view name, std::size_t rows, std::size_t width) {
  if (name == "features") return {rows, width};
  constexpr std::size_t n = sizeof(T) / sizeof(Number<T>);
  return n == 1 ? Shape{rows} : Shape{rows, n};
}

template <class Column>
using ValueOf = typename std::remove_cvref_t<Column>::value_type;

std::size_t rows_of(Per per, std::size_t n_events, std::size_t n_elements, std::size_t n_particles) {
  return per == Per::event ? n_events : per == Per::element ? n_elements : n_particles;
}

/// [n + 1] offsets of n events, and how many rows they divide.
std::size_t check_offsets(std::string const& path, std::string_view name,
                          std::span<std::int64_t const> offsets) {
  if (offsets.empty() || offsets.front() != 0)
    throw core::DataError(cat(path, ": array '", name, "' does not start with 0"));
  for (std::size_t i = 1; i < offsets.size(); ++i)
    if (offsets[i] < offsets[i - 1])
      throw core::DataError(cat(path, ": array '", name, "' decreases at row ", i));
  return static_cast<std::size_t>(offsets.back());
}

template <class T>
void check_codes(std::string const& path, std::string_view name, std::span<T const> codes, std::size_t n) {
  auto const wrong =
      std::find_if(codes.begin(), codes.end(), [&](T code) { return static_cast<std::size_t>(code) >= n; });
  if (wrong != codes.end())
    throw core::DataError(cat(path, ": array '", name, "' has the unknown code ", static_cast<int>(*wrong),
                              " in row ", wrong - codes.begin()));
}

}  // namespace

artifact::Metadata to_metadata(Description const& description) {
  auto const replace = nlohmann::json::error_handler_t::replace;
  return {{"format", format_name},
          {"schema", encoding::to_json(description.schema)},
          {"mode", mode_of(description.schema) == truth::Mode::hit ? "hit" : "cluster"},
          {"rule", std::string(truth::name(description.rule))},
          {"detector", description.detector},
          {"provenance", nlohmann::json(description.provenance).dump(-1, ' ', false, replace)}};
}

std::string first_difference(artifact::Metadata const& ours, artifact::Metadata const& theirs) {
  for (auto const& [key, value] : ours) {
    auto const found = theirs.find(key);
    if (found == theirs.end() || found->second != value) return key;
  }
  return "";
}

Shard::Shard(std::string const& path) : file_(path) {
  if (file_.metadata("format") != format_name)
    throw core::DataError(cat(path, ": is of format '", file_.metadata("format"), "', this version reads '",
                              format_name, "'. Prepare the events again"));
  std::string const& next = file_.metadata("next_input");
  auto const [end, error] = std::from_chars(next.data(), next.data() + next.size(), next_input_);
  if (error != std::errc() || end != next.data() + next.size())
    throw core::DataError(cat(path, ": metadata 'next_input' is '", next, "', not a number"));

  examples_.offsets = file_.values<std::int64_t>("event_offsets", {TensorFile::any});
  examples_.particle_offsets = file_.values<std::int64_t>("particle_offsets", {examples_.offsets.size()});
  std::size_t const n_elements = check_offsets(path, "event_offsets", examples_.offsets);
  std::size_t const n_particles = check_offsets(path, "particle_offsets", examples_.particle_offsets);
  std::size_t const n_events = examples_.offsets.size() - 1;
  artifact::Tensor const* const features = file_.find("features");
  examples_.width = features != nullptr && features->shape.size() == 2 ? features->shape[1] : 0;

  for_each_column(
      [&](std::string_view name, Per per, auto& column) {
        using T = std::remove_const_t<typename std::remove_cvref_t<decltype(column)>::element_type>;
        auto const numbers = file_.values<Number<T>>(
            name, shape_of<T>(name, rows_of(per, n_events, n_elements, n_particles), examples_.width));
        column = {reinterpret_cast<T const*>(numbers.data()), numbers.size() * sizeof(Number<T>) / sizeof(T)};
      },
      examples_);
  check_codes(path, "type", examples_.type, encoding::n_element_types);
  check_codes(path, "label", examples_.label, encoding::n_labels);
  check_codes(path, "particle_class", examples_.particle_class, event::n_particle_classes);
}

encoding::NormalisationSums training_sums(encoding::Schema const& schema, ExamplesView const& examples,
                                          Fractions const& fractions) {
  encoding::NormalisationSums sums(schema);
  for (std::size_t i = 0; i < examples.size(); ++i) {
    if (split_of(examples.run[i], examples.number[i], fractions) != Split::train) continue;
    auto const first = static_cast<std::size_t>(examples.offsets[i]);
    std::size_t const n = examples.n_elements(i);
    sums.add(examples.features.subspan(first * examples.width, n * examples.width),
             examples.type.subspan(first, n));
  }
  return sums;
}

std::string write_shard(std::string const& path, Examples const& examples, artifact::Metadata metadata,
                        std::uint64_t next_input) {
  metadata["next_input"] = std::to_string(next_input);
  std::vector<artifact::Tensor> tensors{
      artifact::tensor("event_offsets", {examples.offsets.size()}, examples.offsets),
      artifact::tensor("particle_offsets", {examples.particle_offsets.size()}, examples.particle_offsets)};
  for_each_column(
      [&](std::string_view name, Per per, auto const& column) {
        using T = ValueOf<decltype(column)>;
        std::size_t const rows = rows_of(per, examples.size(), examples.n_elements(), examples.n_particles());
        tensors.push_back({std::string(name), artifact::type_of<Number<T>>(),
                           shape_of<T>(name, rows, examples.width), std::as_bytes(std::span(column))});
      },
      examples);
  return artifact::write_tensors(path, tensors, std::move(metadata));
}

}  // namespace corpuscle::dataset
