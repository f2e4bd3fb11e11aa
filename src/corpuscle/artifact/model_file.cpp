#include "corpuscle/artifact/model_file.hpp"

#include <cmath>
#include <nlohmann/json.hpp>
#include <utility>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"

namespace corpuscle::artifact {
namespace {

using core::cat;
using core::DataError;

constexpr char const* format_name = "corpuscle-model";
constexpr char const* version = "1";
constexpr std::string_view weights_prefix = "weights/";

/// "none,charged_hadron,...": what the first outputs of the standard layout are the logits of.
std::string class_names() {
  std::string names;
  for (std::string_view const output :
       encoding::output_names(encoding::Layout::standard).first(encoding::n_labels))
    names += cat(names.empty() ? "" : ",", output.substr(std::string_view("logit_").size()));
  return names;
}

std::map<std::string, std::string> provenance_of(std::string const& text, std::string const& path) {
  auto const json = nlohmann::json::parse(text, nullptr, false);
  std::map<std::string, std::string> result;
  if (!json.is_object()) throw DataError(cat(path, ": its 'provenance' is no JSON object"));
  for (auto const& [key, value] : json.items()) {
    if (!value.is_string()) throw DataError(cat(path, ": '", key, "' of its provenance is no text"));
    result[key] = value.get<std::string>();
  }
  return result;
}

ModelDescription describe(TensorFile const& file) {
  std::string const& path = file.path();
  auto const found = file.metadata().find("format");
  if (found == file.metadata().end() || found->second != format_name)
    throw DataError(cat(path, ": is no model of Corpuscle (its 'format' is ",
                        found == file.metadata().end() ? "missing" : cat("'", found->second, "'"),
                        "). 'corpuscle train' makes one"));
  if (file.metadata("version") != version)
    throw DataError(cat(path, ": a model file of version ", file.metadata("version"),
                        ", this program reads version ", version,
                        ". Train it again, or take a newer Corpuscle"));
  file.verify();
  if (file.metadata("classes") != class_names())
    throw DataError(cat(path, ": its classes are ", file.metadata("classes"), ", ours ", class_names()));

  ModelDescription result;
  result.model = config_from_json(file.metadata("architecture"), path);
  result.schema = encoding::schema_from_json(file.metadata("schema"), path);
  encoding::require_same(result.schema, encoding::find_schema(result.schema.name), path);
  result.normalisation =
      encoding::normalisation_from_json(file.metadata("normalisation"), result.schema, path);
  auto const layout = encoding::find_layout(file.metadata("layout"));
  if (!layout)
    throw DataError(cat(path, ": its outputs have the unknown layout '", file.metadata("layout"), "'"));
  result.layout = *layout;
  result.rule = file.metadata("rule");
  result.detector = file.metadata("detector");
  result.provenance = provenance_of(file.metadata("provenance"), path);

  if (result.model.features != static_cast<std::int64_t>(result.schema.width()) ||
      result.model.types != static_cast<std::int64_t>(result.schema.elements.size()) ||
      n_outputs(result.model) != static_cast<std::int64_t>(encoding::output_names(*layout).size()))
    throw DataError(cat(path, ": its architecture does not fit to its schema '", result.schema.name,
                        "' and its layout '", file.metadata("layout"), "'"));
  return result;
}

template <class T>
std::vector<T> owned(std::span<T const> values) {
  return {values.begin(), values.end()};
}

SelfTest read_self_test(TensorFile const& file, ModelDescription const& description) {
  constexpr auto any = TensorFile::any;
  auto const n_features = static_cast<std::size_t>(description.model.features);
  auto const n_outputs = encoding::output_names(description.layout).size();
  SelfTest test;
  test.type = owned(file.values<std::int64_t>("self_test/type", {any}));
  test.offsets = owned(file.values<std::int64_t>("self_test/offsets", {any}));
  test.features = owned(file.values<float>("self_test/features", {test.type.size(), n_features}));
  test.outputs = owned(file.values<float>("self_test/outputs", {test.type.size(), n_outputs}));
  auto const fail = [&](char const* what) { throw DataError(cat(file.path(), ": 'self_test/", what)); };
  for (std::int64_t const type : test.type)
    if (type < 0 || type >= description.model.types) fail("type' has a type that the schema has not");
  if (test.offsets.empty() || test.offsets.front() != 0 ||
      test.offsets.back() != static_cast<std::int64_t>(test.type.size()))
    fail("offsets' does not begin with 0 and end with the number of rows");
  for (std::size_t i = 1; i < test.offsets.size(); ++i)
    if (test.offsets[i] < test.offsets[i - 1]) fail("offsets' does not ascend");
  return test;
}

}  // namespace

void write_model(std::string const& path, ModelDescription const& description,
                 std::span<Tensor const> weights, SelfTest const& test) {
  std::vector<Tensor> tensors;
  for (Tensor each : weights) {
    each.name = cat(weights_prefix, each.name);
    tensors.push_back(std::move(each));
  }
  std::size_t const rows = test.type.size();
  tensors.push_back(tensor("self_test/features", {rows, description.schema.width()}, test.features));
  tensors.push_back(tensor("self_test/type", {rows}, test.type));
  tensors.push_back(tensor("self_test/offsets", {test.offsets.size()}, test.offsets));
  tensors.push_back(
      tensor("self_test/outputs", {rows, encoding::output_names(description.layout).size()}, test.outputs));
  write_tensors(path, tensors,
                {{"format", format_name},
                 {"version", version},
                 {"architecture", to_json(description.model)},
                 {"schema", encoding::to_json(description.schema)},
                 {"normalisation", encoding::to_json(description.normalisation)},
                 {"layout", std::string(encoding::name(description.layout))},
                 {"classes", class_names()},
                 {"rule", description.rule},
                 {"detector", description.detector},
                 {"provenance", nlohmann::json(description.provenance).dump()}});
}

ModelFile::ModelFile(std::string const& path) : file_(path), description_(describe(file_)) {
  for (Tensor const& each : file_.tensors()) {
    if (!each.name.starts_with(weights_prefix)) continue;
    if (each.type != artifact::Type::f32)
      throw DataError(cat(path, ": '", each.name, "' is of type ", artifact::name(each.type), ", not F32"));
    auto const* const values = reinterpret_cast<float const*>(each.bytes.data());
    for (std::size_t i = 0; i < each.bytes.size() / sizeof(float); ++i)
      if (!std::isfinite(values[i]))
        throw DataError(cat(path, ": '", each.name, "' has a value that is no number"));
    weights_.push_back(each);
    weights_.back().name.erase(0, weights_prefix.size());
  }
  self_test_ = read_self_test(file_, description_);
}

}  // namespace corpuscle::artifact
