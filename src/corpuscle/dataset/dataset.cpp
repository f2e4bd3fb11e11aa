#include "corpuscle/dataset/dataset.hpp"

#include <filesystem>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/expect.hpp"
#include "corpuscle/core/text.hpp"

namespace corpuscle::dataset {
namespace {

using core::cat;

Shard open_shard(std::string const& directory, ShardEntry const& entry, Description const& description,
                 artifact::Metadata const& expected) {
  std::string const path = (std::filesystem::path(directory) / entry.file).string();
  if (!std::filesystem::exists(path))
    throw core::DataError(cat(path,
                              ": is missing. Prepare the events again with the same command: it makes only "
                              "what is missing"));
  Shard shard(path);
  if (std::string const key = first_difference(expected, shard.file().metadata()); !key.empty())
    throw core::DataError(cat(path, ": its '", key, "' is not that of ", manifest_path(directory),
                              ": it belongs to another dataset"));
  encoding::Schema const& schema = description.schema;
  if (shard.examples().width != schema.width())
    throw core::DataError(cat(path, ": its features have ", shard.examples().width, " columns, the schema '",
                              schema.name, "' ", schema.width(), ". Prepare the events again"));
  for (encoding::ElementType const type : shard.examples().type)
    if (schema.columns(type) == nullptr)
      throw core::DataError(cat(path, ": has elements of type ", static_cast<int>(type),
                                ", which the schema '", schema.name, "' has not. Prepare the events again"));
  if (shard.file().metadata("header_checksum") != entry.checksum || shard.examples().size() != entry.events ||
      shard.examples().n_elements() != entry.elements)
    throw core::DataError(cat(path, ": is not the shard that ", manifest_path(directory),
                              " lists (other checksum or number of events). Prepare the events again"));
  return shard;
}

/// What several directories must have in common.
artifact::Metadata common(Description const& description) {
  artifact::Metadata metadata = to_metadata(description);
  metadata.erase("provenance");
  return metadata;
}

}  // namespace

Dataset::Dataset(std::span<std::string const> directories) {
  CORPUSCLE_EXPECT(!directories.empty());
  directory_ = directories.front();
  for (std::string const& directory : directories) {
    Manifest const manifest = read_manifest(directory);
    encoding::require_same(manifest.description.schema,
                           encoding::find_schema(manifest.description.schema.name), manifest_path(directory));
    if (&directory == &directories.front()) description_ = manifest.description;
    for (std::string const& other : std::span(directories.data(), &directory))
      if (std::filesystem::equivalent(directory, other))
        throw core::ConfigError(cat(directory, ": is the same directory as ", other,
                                    ": each event would come twice. Name it once"));
    if (std::string const key = first_difference(common(description_), common(manifest.description));
        !key.empty()) {
      auto const value = [&](Description const& of) {
        return key == "schema" ? of.schema.name : common(of).at(key);
      };
      throw core::ConfigError(cat(directory, ": its ", key, " is '", value(manifest.description),
                                  "', that of ", directory_, " '", value(description_),
                                  "': they cannot be used together"));
    }

    if (directories.size() == 1) normalisation_ = manifest.normalisation;

    artifact::Metadata const expected = to_metadata(manifest.description);
    for (ShardEntry const& entry : manifest.shards) {
      auto const number = static_cast<std::uint32_t>(shards_.size());
      shards_.push_back(open_shard(directory, entry, manifest.description, expected));
      ExamplesView const& examples = shards_.back().examples();
      for (std::uint32_t i = 0; i < examples.size(); ++i) {
        Split const split = split_of(examples.run[i], examples.number[i], manifest.fractions);
        events_[static_cast<std::size_t>(split)].push_back({number, i});
      }
      fractions_.push_back(manifest.fractions);
      n_events_ += examples.size();
    }
  }
}

encoding::Normalisation Dataset::normalisation() const {
  if (normalisation_) return *normalisation_;
  encoding::NormalisationSums sums(schema());
  for (std::size_t i = 0; i < shards_.size(); ++i)
    sums.merge(training_sums(schema(), shards_[i].examples(), fractions_[i]));
  return sums.result();
}

void Dataset::verify() const {
  for (Shard const& shard : shards_) shard.file().verify();
}

Examples Dataset::gather(std::span<Place const> places) const {
  std::size_t n_elements = 0;
  std::size_t n_particles = 0;
  for (Place place : places) {
    ExamplesView const& shard = shards_[place.shard].examples();
    n_elements += shard.n_elements(place.event);
    n_particles += static_cast<std::size_t>(shard.particle_offsets[place.event + 1] -
                                            shard.particle_offsets[place.event]);
  }
  Examples result(schema().width());
  result.offsets.reserve(places.size() + 1);
  result.particle_offsets.reserve(places.size() + 1);
  for_each_column(
      [&](std::string_view name, Per per, auto& column) {
        std::size_t const rows = per == Per::event     ? places.size()
                                 : per == Per::element ? n_elements
                                                       : n_particles;
        column.reserve(rows * (name == "features" ? result.width : 1));
      },
      result);
  for (Place place : places) append(result, shards_[place.shard].examples(), place.event, place.event + 1);
  return result;
}

}  // namespace corpuscle::dataset
