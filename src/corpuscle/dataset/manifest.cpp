#include "corpuscle/dataset/manifest.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <optional>

#include "corpuscle/core/atomic_file.hpp"
#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"

namespace corpuscle::dataset {
namespace {

using Json = nlohmann::ordered_json;
using core::cat;

constexpr int version = 1;

/// Reads members of an object and complains about them.
class Members {
 public:
  Members(std::string const& path, Json const& json, std::string prefix = "")
      : path_(path), json_(json), prefix_(std::move(prefix)) {
    if (!json.is_object()) fail(prefix_.empty() ? "the file" : prefix_, "is not an object");
  }

  [[noreturn]] void fail(std::string const& name, std::string const& what) const {
    throw core::DataError(cat(path_, ": ", name, " ", what, ". Prepare the events again"));
  }

  [[nodiscard]] Json const& operator[](char const* name) const {
    auto const found = json_.find(name);
    if (found == json_.end()) fail(prefix_ + name, "is missing");
    return *found;
  }

  [[nodiscard]] std::string text(char const* name) const {
    Json const& json = (*this)[name];
    if (!json.is_string()) fail(prefix_ + name, "is not a text");
    return json.get<std::string>();
  }

  [[nodiscard]] std::uint64_t count(char const* name) const {
    Json const& json = (*this)[name];
    if (!json.is_number_unsigned()) fail(prefix_ + name, "is not a whole number");
    return json.get<std::uint64_t>();
  }

  [[nodiscard]] double fraction(char const* name) const {
    Json const& json = (*this)[name];
    if (!json.is_number() || !(json.get<double>() >= 0 && json.get<double>() <= 1))
      fail(prefix_ + name, "is not a number from 0 to 1");
    return json.get<double>();
  }

  [[nodiscard]] Members object(char const* name) const {
    return {path_, (*this)[name], prefix_ + name + "."};
  }

 private:
  std::string const& path_;
  Json const& json_;
  std::string prefix_;
};

Json to_json(Manifest const& manifest) {
  Json json;
  json["format"] = "corpuscle-dataset";
  json["version"] = version;
  json["mode"] = to_metadata(manifest.description).at("mode");
  json["rule"] = truth::name(manifest.description.rule);
  json["detector"] = manifest.description.detector;
  json["schema"] = Json::parse(encoding::to_json(manifest.description.schema));
  json["provenance"] = Json::object();
  for (auto const& [key, value] : manifest.description.provenance) json["provenance"][key] = value;
  json["split"] = {{"train", manifest.fractions.train}, {"valid", manifest.fractions.valid}};
  json["next_input"] = manifest.next_input;
  json["shards"] = Json::array();
  for (ShardEntry const& shard : manifest.shards)
    json["shards"].push_back({{"file", shard.file},
                              {"events", shard.events},
                              {"elements", shard.elements},
                              {"checksum", shard.checksum}});
  json["normalisation"] = Json::parse(encoding::to_json(manifest.normalisation));
  return json;
}

Manifest from_json(std::string const& path, Json const& json) {
  Members const top(path, json);
  if (top.text("format") != "corpuscle-dataset") top.fail("format", "is not 'corpuscle-dataset'");
  if (top.count("version") != version)
    top.fail("version", cat("is ", top.count("version"), ", this program reads ", version));

  Manifest manifest;
  manifest.description.schema = encoding::schema_from_json(top["schema"].dump(), path);
  auto const rule = truth::find_rule(top.text("rule"));
  if (!rule) top.fail("rule", cat("'", top.text("rule"), "' is not known"));
  manifest.description.rule = *rule;
  manifest.description.detector = top.text("detector");
  Members const provenance = top.object("provenance");
  for (auto const& [key, value] : top["provenance"].items())
    manifest.description.provenance[key] = provenance.text(key.c_str());
  if (top.text("mode") != to_metadata(manifest.description).at("mode"))
    top.fail("mode", "is not that of the schema");

  Members const split = top.object("split");
  manifest.fractions = {split.fraction("train"), split.fraction("valid")};
  manifest.next_input = top.count("next_input");
  if (!top["shards"].is_array()) top.fail("shards", "is not a list");
  for (std::size_t i = 0; i < top["shards"].size(); ++i) {
    Members const shard(path, top["shards"][i], cat("shards[", i, "]."));
    manifest.shards.push_back(
        {shard.text("file"), shard.count("events"), shard.count("elements"), shard.text("checksum")});
    if (manifest.shards.back().file.find('/') != std::string::npos)
      shard.fail(cat("shards[", i, "].file"), "is not in this directory");
  }
  manifest.normalisation =
      encoding::normalisation_from_json(top["normalisation"].dump(), manifest.description.schema, path);
  return manifest;
}

}  // namespace

std::string manifest_path(std::string const& directory) {
  return (std::filesystem::path(directory) / "dataset.json").string();
}

void write_manifest(std::string const& directory, Manifest const& manifest) {
  core::write_file(manifest_path(directory),
                   to_json(manifest).dump(1, ' ', false, Json::error_handler_t::replace) + "\n");
}

Manifest read_manifest(std::string const& directory) {
  std::string const path = manifest_path(directory);
  std::ifstream in(path, std::ios::binary);
  if (!in)
    throw core::EnvironmentError(cat(
        path,
        ": cannot be opened. If events were being prepared there, finish with the same command: it goes on "
        "where it stopped"));
  std::string const text{std::istreambuf_iterator<char>(in), {}};
  Json json;
  try {
    json = Json::parse(text);
  } catch (Json::exception const&) {
    throw core::DataError(cat(path, ": is not JSON. Prepare the events again"));
  }
  return from_json(path, json);
}

}  // namespace corpuscle::dataset
