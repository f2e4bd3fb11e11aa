#pragma once

#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

#include "corpuscle/core/random.hpp"
#include "corpuscle/dataset/make_example.hpp"
#include "corpuscle/dataset/shard_writer.hpp"

namespace corpuscle::dataset {

inline encoding::Schema const& toy_schema() {
  return encoding::find_schema("corpuscle-clusters-1");
}

/// Event `number` of run 7: 0 to 60 elements of the toy schema with random content, one in two with a
/// particle.
inline Examples toy_example(std::uint64_t number) {
  core::Random random({7, number});
  auto const real = [&] { return static_cast<float>(random.normal()); };
  Examples event(toy_schema().width());
  event.run.push_back(7);
  event.number.push_back(static_cast<std::int64_t>(number));
  std::size_t const n = random.bits() % 61;
  for (std::uint32_t i = 0; i < n; ++i) {
    bool const is_track = i < n / 2;
    auto const type = is_track ? encoding::ElementType::track : encoding::ElementType::cluster;
    std::size_t const n_columns = toy_schema().columns(type)->size();
    for (std::size_t k = 0; k < event.width; ++k) event.features.push_back(k < n_columns ? real() : 0);
    event.type.push_back(type);
    event.row.push_back(i);
    float const energy = 1 + real() * real();
    event.reference.push_back({energy, energy, 0, 0, 1, is_track ? 1.F : 0.F, 0, 0, 0});
    bool const has_particle = random.bits() % 2 == 0;
    auto const kind = is_track ? event::ParticleClass::charged_hadron : event::ParticleClass::photon;
    event.label.push_back(has_particle ? static_cast<std::uint8_t>(1 + static_cast<int>(kind)) : 0);
    event.target.push_back(has_particle ? TargetParticle{energy, energy, 0, 0, is_track ? 1.F : 0.F}
                                        : TargetParticle{});
    if (!has_particle) continue;
    event.particle_class.push_back(kind);
    event.particle_pdg.push_back(is_track ? 211 : 22);
    event.particle.push_back({energy, energy, 0, 0, 0, is_track ? 1.F : 0.F, 1, 2, 3});
  }
  event.offsets.push_back(static_cast<std::int64_t>(n));
  event.particle_offsets.push_back(static_cast<std::int64_t>(event.n_particles()));
  return event;
}

inline Description toy_description() {
  return {toy_schema(), truth::Rule::standard, "CLIC_toy", {{"command", "toy"}, {"seed", "7"}}};
}

/// A folder that goes away with it.
class Folder {
 public:
  explicit Folder(std::string const& name)
      : path_(std::filesystem::temp_directory_path() /
              ("corpuscle_dataset_" + name + "_" + std::to_string(::getpid()))) {
    std::filesystem::remove_all(path_);
  }
  Folder(Folder const&) = delete;
  Folder& operator=(Folder const&) = delete;
  ~Folder() { std::filesystem::remove_all(path_); }

  [[nodiscard]] std::string path() const { return path_.string(); }
  [[nodiscard]] std::string operator/(std::string const& file) const { return (path_ / file).string(); }

  [[nodiscard]] std::string bytes(std::string const& file) const {
    std::ifstream in(path_ / file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  /// All files with their bytes.
  [[nodiscard]] std::map<std::string, std::string> contents() const {
    std::map<std::string, std::string> result;
    for (auto const& entry : std::filesystem::directory_iterator(path_))
      result[entry.path().filename().string()] = bytes(entry.path().filename().string());
    return result;
  }
  void put(std::string const& file, std::string const& bytes) const {
    std::ofstream(path_ / file, std::ios::binary) << bytes;
  }
  void replace(std::string const& file, std::string const& from, std::string const& to) const {
    std::string text = bytes(file);
    text.replace(text.find(from), from.size(), to);
    put(file, text);
  }

 private:
  std::filesystem::path path_;
};

inline WriterConfig toy_config(Folder const& folder, std::size_t events_per_shard = 10) {
  return {folder.path(), toy_description(), {0.6, 0.2}, events_per_shard};
}

/// Prepares toy events up to number n - 1, those that are missing.
inline Manifest write_toys(WriterConfig const& config, std::uint64_t n) {
  ShardWriter writer(config);
  for (std::uint64_t i = writer.next_input(); i < n; ++i) writer.add(view(toy_example(i)), 0, i);
  return writer.finish(n);
}

/// Every column and offset, to the bit.
inline bool same(Examples const& a, Examples const& b) {
  return a.width == b.width && to_bytes(a) == to_bytes(b);
}

template <class Error, class Action>
std::string message_of(Action&& action) {
  try {
    action();
  } catch (Error const& error) {
    return error.what();
  }
  return "nothing thrown";
}

}  // namespace corpuscle::dataset
