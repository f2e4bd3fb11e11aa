#include "corpuscle/dataset/shard_writer.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

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

/// A lock that goes away with the process, however it ends.
int lock(std::string const& directory) {
  std::error_code error;
  fs::create_directories(directory, error);
  int const fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    throw core::EnvironmentError(cat(directory, ": cannot open the directory: ", std::strerror(errno)));
  if (::flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
    ::close(fd);
    throw core::EnvironmentError(cat(directory, ": another program is preparing events there"));
  }
  return fd;  // locked, or on a file system without locks
}

}  // namespace

ShardWriter::ShardWriter(WriterConfig config)
    : config_(std::move(config)),
      metadata_(to_metadata(config_.description)),
      pending_(config_.description.schema.width()),
      sums_(config_.description.schema) {
  if (config_.events_per_shard == 0)
    config_.events_per_shard = mode_of(config_.description.schema) == truth::Mode::hit ? 100 : 5000;
  if (!can_place_targets(config_.description.schema, config_.description.rule))
    throw core::ConfigError(
        cat("the schema '", config_.description.schema.name, "' has no tracks, and the truth rule '",
            truth::name(config_.description.rule), "' puts particles on them. Choose the rule '",
            truth::name(truth::Rule::mlpf_2026), "' or another schema"));
  metadata_["events_per_shard"] = std::to_string(config_.events_per_shard);
  manifest_.description = config_.description;
  manifest_.fractions = config_.fractions;
  lock_ = lock(config_.directory);
  try {
    find_complete_shards();
  } catch (...) {
    ::close(lock_);
    throw;
  }
}

ShardWriter::~ShardWriter() {
  ::close(lock_);
}

void ShardWriter::find_complete_shards() {
  while (true) {
    std::string const name = shard_name(manifest_.shards.size());
    std::string const path = in(config_.directory, name);
    if (!fs::exists(path)) return;
    try {
      std::string const difference = first_difference(metadata_, artifact::TensorFile(path).metadata());
      if (!difference.empty())
        throw core::ConfigError(cat(config_.directory, ": holds events that were prepared otherwise ('",
                                    difference, "' differs). Choose another directory, or remove it"));
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
