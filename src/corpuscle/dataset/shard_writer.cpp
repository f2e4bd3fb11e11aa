#include "corpuscle/dataset/shard_writer.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/expect.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/dataset/make_example.hpp"

namespace corpuscle::dataset {
namespace {

namespace fs = std::filesystem;
using core::cat;

std::string shard_name(std::size_t number) {
  std::string const digits = std::to_string(number);
  return "shard-" + std::string(digits.size() < 5 ? 5 - digits.size() : 0, '0') + digits + ".safetensors";
}

std::string in(std::string const& directory, std::string const& name) {
  return (fs::path(directory) / name).string();
}

}  // namespace

ShardWriter::ShardWriter(WriterConfig config)
    : config_(std::move(config)),
      metadata_(to_metadata(config_.description)),
      lock_(config_.directory, "preparing events"),
      pending_(config_.description.schema.width()),
      sums_(config_.description.schema) {
  if (config_.events_per_shard == 0)
    config_.events_per_shard = mode_of(config_.description.schema) == truth::Mode::hit ? 100 : 5000;
  require_places(config_.description.schema, config_.description.rule);
  metadata_["events_per_shard"] = std::to_string(config_.events_per_shard);
  manifest_.description = config_.description;
  manifest_.fractions = config_.fractions;
  find_complete_shards();
}

void ShardWriter::find_complete_shards() {
  while (true) {
    std::string const name = shard_name(manifest_.shards.size());
    std::string const path = in(config_.directory, name);
    if (!fs::exists(path)) return;
    try {
      artifact::Metadata const theirs = artifact::TensorFile(path).metadata();
      std::string const difference = first_difference(metadata_, theirs);
      if (!difference.empty()) {
        std::string const values = difference == "provenance"
                                       ? cat(": ", theirs.at(difference), ", now ", metadata_.at(difference))
                                       : "";
        throw core::ConfigError(cat(config_.directory, ": holds events that were prepared otherwise ('",
                                    difference, "' differs", values,
                                    "). Choose another directory, or remove it"));
      }
      Shard const shard(path);
      shard.file().verify();
      if (shard.examples().size() != config_.events_per_shard) return;  // the last of a shorter dataset
      manifest_.shards.push_back({name, shard.examples().size(), shard.examples().n_elements(),
                                  shard.file().metadata("header_checksum")});
      sums_.merge(training_sums(config_.description.schema, shard.examples(), config_.fractions));
      n_events_ += shard.examples().size();
      next_input_ = shard.next_input();
    } catch (core::DataError const&) {
      return;  // damaged: it will be made again
    }
  }
}

void ShardWriter::add(ExamplesView const& from, std::size_t event, std::uint64_t input) {
  CORPUSCLE_EXPECT(input >= next_input_);
  append(pending_, from, event, event + 1);
  ++n_events_;
  next_input_ = input + 1;
  if (pending_.size() == config_.events_per_shard) write_shard();
}

void ShardWriter::write_shard() {
  // From now on a manifest that was there is not true any more.
  if (std::string const path = manifest_path(config_.directory);
      std::remove(path.c_str()) != 0 && errno != ENOENT)
    throw core::EnvironmentError(cat(path, ": cannot be removed: ", std::strerror(errno)));
  std::string const name = shard_name(manifest_.shards.size());
  std::string const checksum =
      dataset::write_shard(in(config_.directory, name), pending_, metadata_, next_input_);
  manifest_.shards.push_back({name, pending_.size(), pending_.n_elements(), checksum});
  sums_.merge(training_sums(config_.description.schema, view(pending_), config_.fractions));
  pending_ = Examples(pending_.width);
}

Manifest ShardWriter::finish(std::uint64_t next_input) {
  CORPUSCLE_EXPECT(next_input >= next_input_);
  if (pending_.size() > 0) write_shard();
  manifest_.next_input = next_input;
  manifest_.normalisation = sums_.result();
  remove_other_shards();
  write_manifest(config_.directory, manifest_);
  return manifest_;
}

/// Those of a longer dataset that was damaged, and halves that a killed writer left.
void ShardWriter::remove_other_shards() const {
  std::error_code ignored;
  for (fs::directory_entry const& entry : fs::directory_iterator(config_.directory, ignored)) {
    std::string const name = entry.path().filename().string();
    bool const is_ours = std::any_of(manifest_.shards.begin(), manifest_.shards.end(),
                                     [&](ShardEntry const& shard) { return shard.file == name; });
    bool const is_shard = core::matches(name, "shard-*.safetensors") ||
                          core::matches(name, "shard-*.part-*") || core::matches(name, "dataset.json.part-*");
    if (is_shard && !is_ours) fs::remove(entry.path(), ignored);
  }
}

}  // namespace corpuscle::dataset
