#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "corpuscle/dataset/shard.hpp"
#include "corpuscle/dataset/split.hpp"
#include "corpuscle/encoding/normalisation.hpp"

namespace corpuscle::dataset {

struct ShardEntry {
  std::string file;  ///< name in the directory
  std::uint64_t events = 0;
  std::uint64_t elements = 0;
  std::string checksum;  ///< of the header, which has that of the data
};

/// What a directory of shards holds: the file `dataset.json` in it. Written last, so where it is, all is.
struct Manifest {
  Description description;
  Fractions fractions;
  std::uint64_t next_input = 0;  ///< the number of input events that the dataset stands for
  std::vector<ShardEntry> shards;
  encoding::Normalisation normalisation;  ///< of the events for training
};

/// The path of the manifest in a directory.
std::string manifest_path(std::string const& directory);

/// Same manifest, same bytes; appears only when complete. @throws core::EnvironmentError
void write_manifest(std::string const& directory, Manifest const& manifest);

/// @throws core::EnvironmentError if there is none, saying how to get one
/// @throws core::DataError if it is damaged, naming the member
Manifest read_manifest(std::string const& directory);

}  // namespace corpuscle::dataset
