#pragma once

#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "corpuscle/io/frame.hpp"
#include "corpuscle/io/source.hpp"
#include "corpuscle/io/writer.hpp"

/// Events made by hand, and places to put them: what the tests of readers, writers and the pipeline share.
namespace corpuscle::testing {

inline std::string data_file(std::string const& name) {
  return std::string(CORPUSCLE_SOURCE_DIR "/../shared/data/").append(name);
}

inline bool everything(std::string_view, std::string_view) {
  return true;
}
inline bool nothing(std::string_view, std::string_view) {
  return false;
}

/// A directory of its own, gone with everything in it at the end.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string pattern = (std::filesystem::temp_directory_path() / "corpuscle-XXXXXX").string();
    if (!::mkdtemp(pattern.data())) throw std::runtime_error("cannot make a temporary directory");
    path_ = pattern;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(TemporaryDirectory const&) = delete;
  TemporaryDirectory& operator=(TemporaryDirectory const&) = delete;

  [[nodiscard]] std::string const& path() const noexcept { return path_; }
  [[nodiscard]] std::string operator/(std::string const& name) const { return path_ + "/" + name; }
  [[nodiscard]] bool is_empty() const { return std::filesystem::is_empty(path_); }

 private:
  std::string path_;
};

inline std::string bytes_of(std::string const& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

inline void write_bytes(std::string const& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

/// Builds a collection one column at a time.
class CollectionMaker {
 public:
  CollectionMaker(std::string const& name, std::string type, std::size_t size) {
    collection_.name = name;
    collection_.type = std::move(type);
    collection_.id = io::collection_id(name);
    collection_.size = size;
  }

  template <class T>
  CollectionMaker& member(std::string name, std::vector<T> const& values, std::uint32_t width = 1) {
    collection_.members.push_back(io::Column::of<T>(std::move(name), values, width));
    return *this;
  }

  /// A vector of plain numbers: one list per object.
  template <class T>
  CollectionMaker& vector(std::string const& name, std::string element_type,
                          std::vector<std::vector<T>> const& lists) {
    std::vector<T> flat;
    add_ranges(name, lists, flat);
    collection_.vectors.push_back({name, std::move(element_type), {io::Column::of<T>("", flat)}});
    return *this;
  }

  /// A vector of components, whose columns are given end to end, `lengths[k]` elements for object k.
  CollectionMaker& components(std::string const& name, std::string element_type,
                              std::vector<std::size_t> const& lengths, std::vector<io::Column> columns) {
    std::vector<std::vector<char>> lists;
    for (std::size_t const length : lengths) lists.emplace_back(length);
    std::vector<char> flat;
    add_ranges(name, lists, flat);
    collection_.vectors.push_back({name, std::move(element_type), std::move(columns)});
    return *this;
  }

  CollectionMaker& one_to_many(std::string const& name,
                               std::vector<std::vector<io::ObjectRef>> const& lists) {
    io::Relation relation{name, {}};
    add_ranges(name, lists, relation.targets);
    collection_.relations.push_back(std::move(relation));
    return *this;
  }

  CollectionMaker& one_to_one(std::string name, std::vector<io::ObjectRef> targets) {
    collection_.relations.push_back({std::move(name), std::move(targets)});
    return *this;
  }

  CollectionMaker& subset(std::vector<io::ObjectRef> targets) {
    collection_.is_subset = true;
    return one_to_one("objects", std::move(targets));
  }

  operator io::Collection() const { return collection_; }

 private:
  template <class T>
  void add_ranges(std::string const& name, std::vector<std::vector<T>> const& lists, std::vector<T>& flat) {
    std::vector<std::uint32_t> begin, end;
    for (auto const& list : lists) {
      begin.push_back(static_cast<std::uint32_t>(flat.size()));
      flat.insert(flat.end(), list.begin(), list.end());
      end.push_back(static_cast<std::uint32_t>(flat.size()));
    }
    member(name + "_begin", begin);
    member(name + "_end", end);
  }

  io::Collection collection_;
};

/// A reference to object `index` of the collection of that name.
inline io::ObjectRef ref(std::string_view collection, std::int32_t index) {
  return {index, io::collection_id(collection)};
}

/// An event with something of everything: a pion and two photons, seen as two tracks (one with all four
/// states, one with a single one) and two clusters. `number` is its event number and moves the energies.
inline io::Frame small_event(std::uint64_t number) {
  float const shift = 0.25F * static_cast<float>(number % 16);
  using Floats = std::vector<float>;
  using Doubles = std::vector<double>;
  using Ints = std::vector<std::int32_t>;
  io::Frame frame;
  auto const add = [&](io::Collection collection) { frame.collections.push_back(std::move(collection)); };

  add(CollectionMaker("Chosen", "edm4hep::ReconstructedParticle", 1).subset({ref("PandoraPFOs", 1)}));
  add(CollectionMaker("ClusterLinks", "podio::Link<edm4hep::Cluster,edm4hep::MCParticle>", 2)
          .member("weight", Floats{1, 0.5F})
          .one_to_one("from", {ref("Clusters", 0), ref("Clusters", 1)})
          .one_to_one("to", {ref("MCParticles", 0), ref("MCParticles", 2)}));
  add(CollectionMaker("Clusters", "edm4hep::Cluster", 2)
          .member("energy", Floats{8 + shift, 4})
          .member("position.x", Floats{1500, 0})
          .member("position.y", Floats{0, 1600})
          .member("position.z", Floats{10, -20})
          .member("positionError.values", Floats{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, 6)
          .member("iTheta", Floats{1.5F, 1.6F})
          .member("iPhi", Floats{0, 1.57F})
          .vector<float>("shapeParameters", "float", {{0.1F, 0.2F}, {}})
          .vector<float>("subdetectorEnergies", "float", {{7, 1, 0.5F}, {}})
          .one_to_many("clusters", {{}, {}})
          .one_to_many("hits", {{ref("EcalHits", 0)}, {ref("EcalHits", 1), ref("EcalHits", 2)}}));
  add(CollectionMaker("Counts", "int32_t", 2).member("value", Ints{static_cast<std::int32_t>(number), -3}));
  add(CollectionMaker("EcalHits", "edm4hep::CalorimeterHit", 3)
          .member("cellID", std::vector<std::uint64_t>{0x2A5, 0xFFFFFFFFFFFFFFFF, 3})  // layers 21, 31, 0
          .member("energy", Floats{7 + shift, 3, 1})
          .member("time", Floats{5, 6, 7})
          .member("position.x", Floats{1500, 0, 1})
          .member("position.y", Floats{0, 1600, 1601})
          .member("position.z", Floats{10, -20, -21}));
  add(CollectionMaker("EventHeader", "edm4hep::EventHeader", 1)
          .member("eventNumber", std::vector<std::uint64_t>{number})
          .member("runNumber", std::vector<std::uint32_t>{7})
          .member("weight", Doubles{0.5})
          .vector<double>("weights", "double", {{0.5, 1.5}}));
  add(CollectionMaker("MCParticles", "edm4hep::MCParticle", 3)
          .member("PDG", Ints{211, 22, 22})
          .member("generatorStatus", Ints{1, 1, 0})
          .member("charge", Floats{1, 0, 0})
          .member("mass", Doubles{0.13957, 0, 0})
          .member("momentum.x", Doubles{8, 0, 0})
          .member("momentum.y", Doubles{0, 4, 4})
          .member("momentum.z", Doubles{0.05, -0.05, -0.05})
          .one_to_many("parents", {{}, {}, {ref("MCParticles", 1)}})
          .one_to_many("daughters", {{}, {ref("MCParticles", 2)}, {}}));
  add(CollectionMaker("Nothing", "edm4hep::Vertex", 0));
  add(CollectionMaker("Numbers", "float", 3).member("value", Floats{0.5F, shift, -1e30F}));
  add(CollectionMaker("PandoraPFOs", "edm4hep::ReconstructedParticle", 2)
          .member("PDG", Ints{211, 22})
          .member("energy", Floats{8 + shift, 4})
          .member("momentum.x", Floats{8, 0})
          .member("momentum.y", Floats{0, 4})
          .member("momentum.z", Floats{0.05F, -0.05F})
          .member("charge", Floats{1, 0})
          .member("mass", Floats{0.13957F, 0})
          .one_to_many("clusters", {{ref("Clusters", 0)}, {ref("Clusters", 1)}})
          .one_to_many("tracks", {{ref("Tracks", 0), ref("Tracks", 1)}, {}})
          .one_to_many("particles", {{}, {}})
          .one_to_one("decayVertex", {{}, {}}));
  add(CollectionMaker("SeriesOfAdc", "edm4hep::RawTimeSeries", 2)
          .member("cellID", std::vector<std::uint64_t>{5, 6})
          .member("quality", Ints{-1, 1})
          .vector<std::int32_t>("adcCounts", "int32_t", {{1, -2, 3}, {4}}));
  add(CollectionMaker("TrackLinks", "podio::Link<edm4hep::Track,edm4hep::MCParticle>", 1)
          .member("weight", Floats{0.75F})
          .one_to_one("from", {ref("Tracks", 1)})
          .one_to_one("to", {ref("MCParticles", 0)}));
  add(CollectionMaker("TrackerHits", "edm4hep::TrackerHit3D", 3)
          .member("cellID", std::vector<std::uint64_t>{11, 12, 13})
          .member("eDep", Floats{1e-4F, 2e-4F, 3e-4F})
          .member("position.x", Doubles{30, 60, 90})
          .member("position.y", Doubles{0, 1, 2})
          .member("position.z", Doubles{1, 2, 3})
          .member("covMatrix.values", Floats(18, 0.01F), 6));
  std::vector<float> covariance(5 * 21);
  for (std::size_t k = 0; k < covariance.size(); ++k) covariance[k] = static_cast<float>(k);
  add(CollectionMaker("Tracks", "edm4hep::Track", 2)
          .member("chi2", Floats{12.5F, 3})
          .member("ndf", Ints{10, 4})
          .vector<std::int32_t>("subdetectorHitNumbers", "int32_t", {{2, 1}, {1}})
          .vector<std::int32_t>("subdetectorHoleNumbers", "int32_t", {{}, {}})
          .components("trackStates", "edm4hep::TrackState", {4, 1},
                      {io::Column::of<std::int32_t>("location", Ints{1, 2, 3, 4, 1}),
                       io::Column::of<float>("D0", Floats{0.1F, 0.2F, 0.3F, 0.4F, 0.5F}),
                       io::Column::of<float>("phi", Floats{0, 0.01F, 0.02F, 0.03F, 3}),
                       io::Column::of<float>("omega", Floats{1e-4F, 1e-4F, 1e-4F, 1e-4F, -2e-4F}),
                       io::Column::of<float>("Z0", Floats{0.5F, 0, 0, 0, 0.6F}),
                       io::Column::of<float>("tanLambda", Floats{0.01F, 0.01F, 0.01F, 0.01F, 0.2F}),
                       io::Column::of<float>("referencePoint.x", Floats{0, 30, 1400, 1500, 0}),
                       io::Column::of<float>("covMatrix.values", covariance, 21)})
          .one_to_many("trackerHits",
                       {{ref("TrackerHits", 0), ref("TrackerHits", 1)}, {ref("TrackerHits", 2)}})
          .one_to_many("tracks", {{}, {}}));

  frame.parameters["run conditions"] = std::vector<std::string>{"sunny", "", "\xC3\xA9t\xC3\xA9"};
  frame.parameters["counts"] = std::vector<std::int32_t>{1, -2, static_cast<std::int32_t>(number)};
  frame.parameters["scale"] = std::vector<float>{0.5F};
  frame.parameters["sigma"] = std::vector<double>{1e-300, 2};
  return frame;
}

/// The same collections as a frame's, without objects: what a writer wants to know beforehand.
inline std::vector<io::Collection> schema_of(io::Frame const& frame) {
  std::vector<io::Collection> schema;
  for (io::Collection const& collection : frame.collections) {
    io::Collection& planned = schema.emplace_back();
    planned.name = collection.name;
    planned.type = collection.type;
    planned.id = collection.id;
    planned.is_subset = collection.is_subset;
  }
  return schema;
}

inline void write_file(std::string const& path, std::vector<io::Frame> const& frames,
                       io::WriterOptions options) {
  io::Writer writer(path, std::move(options));
  for (io::Frame const& frame : frames) writer.write(frame);
  writer.finish();
}

/// An EDM4hep file of `n` small events, numbered from `first`.
inline void write_small_events(std::string const& path, std::size_t n, std::uint64_t first = 0,
                               io::Container container = io::Container::ttree) {
  io::Writer writer(path, {container, schema_of(small_event(0)), {}});
  for (std::size_t k = 0; k < n; ++k) writer.write(small_event(first + k));
  writer.finish();
}

inline std::vector<io::Frame> read_all(std::string const& path) {
  auto const source = io::open_source(path);
  std::vector<io::Frame> frames(source->info().entries);
  for (std::size_t entry = 0; entry < frames.size(); ++entry) source->read(entry, frames[entry], everything);
  return frames;
}

/// What an action complains of, as `Error`; empty if it does not.
template <class Error, class Action>
std::string complaint(Action const& action) {
  try {
    action();
  } catch (Error const& error) {
    return error.what();
  }
  return {};
}

}  // namespace corpuscle::testing
