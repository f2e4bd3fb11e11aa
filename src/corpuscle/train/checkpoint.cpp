#include "corpuscle/train/checkpoint.hpp"

#include <bit>
#include <charconv>
#include <sstream>
#include <vector>

#include "corpuscle/artifact/checksum.hpp"
#include "corpuscle/artifact/safetensors.hpp"
#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"

namespace corpuscle::train {
namespace {

using core::cat;

constexpr char const* format_name = "corpuscle-checkpoint";
constexpr char const* version = "1";

/// What must be the same when training goes on.
std::string essentials(TrainConfig config) {
  TrainConfig const usual;
  config.data.directories = {};  // Data::checksum says whether they hold the same, wherever they are
  config.data.threads = usual.data.threads;
  config.checkpoint_every = usual.checkpoint_every;
  config.log_every = usual.log_every;
  config.validation_every = usual.validation_every;
  return cat(to_yaml(config), "network: ", artifact::to_json(config.model), '\n');
}

void require_same(std::string const& path, std::string const& theirs, std::string const& ours) {
  std::istringstream a(theirs);
  std::istringstream b(ours);
  std::string line_a;
  std::string line_b;
  while (true) {
    bool const more_a = static_cast<bool>(std::getline(a, line_a));
    bool const more_b = static_cast<bool>(std::getline(b, line_b));
    if (!more_a && !more_b) return;
    if (more_a != more_b || line_a != line_b)
      throw core::ConfigError(
          cat(path, ": was made with '", line_a, "', the configuration has '", line_b,
              "'. Go on with the one it was made with, or start anew in another directory"));
  }
}

std::uint64_t integer(artifact::TensorFile const& file, char const* key) {
  std::string const& text = file.metadata(key);
  std::uint64_t value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size())
    throw core::DataError(cat(file.path(), ": its '", key, "' is no number: '", text, "'"));
  return value;
}

}  // namespace

void save_checkpoint(std::string const& path, TrainConfig const& config, Data const& data,
                     Optimiser const& optimiser, Progress const& progress) {
  std::vector<torch::Tensor> keep;  // the arrays, on the CPU
  std::vector<artifact::Tensor> tensors;
  for (auto const& [name, array] : optimiser.arrays()) {
    keep.push_back(array.to(torch::kCPU));
    for (Optimiser::Slice const& slice : optimiser.slices()) {
      torch::Tensor const values = slice.of(keep.back());
      tensors.push_back(artifact::tensor(
          cat(name, '/', slice.name), artifact::Shape(slice.shape.begin(), slice.shape.end()),
          std::span<float const>(values.data_ptr<float>(), static_cast<std::size_t>(values.numel()))));
    }
  }
  artifact::write_tensors(path, tensors,
                          {{"format", format_name},
                           {"version", version},
                           {"step", cat(optimiser.steps())},
                           {"next_epoch", cat(progress.next.epoch)},
                           {"next_example", cat(progress.next.example)},
                           // All 64 bits, infinity included.
                           {"best_loss", artifact::to_hex(std::bit_cast<std::uint64_t>(progress.best_loss))},
                           {"configuration", essentials(config)},
                           {"data", data.checksum}});
}

Progress load_checkpoint(std::string const& path, TrainConfig const& config, Data const& data,
                         Optimiser& optimiser) {
  artifact::TensorFile const file(path);
  auto const found = file.metadata().find("format");
  if (found == file.metadata().end() || found->second != format_name || file.metadata("version") != version)
    throw core::DataError(cat(path, ": is no checkpoint of this version of Corpuscle"));
  file.verify();
  require_same(path, file.metadata("configuration"), essentials(config));
  if (file.metadata("data") != data.checksum)
    throw core::ConfigError(
        cat(path,
            ": was made with other data than those of the configuration. Go on with those it "
            "was made with, or start anew in another directory"));

  torch::NoGradGuard const no_gradient;
  for (auto const& [name, array] : optimiser.arrays())
    for (Optimiser::Slice const& slice : optimiser.slices()) {
      auto const values = file.values<float>(cat(name, '/', slice.name),
                                             artifact::Shape(slice.shape.begin(), slice.shape.end()));
      slice.of(array).copy_(
          torch::from_blob(const_cast<float*>(values.data()), slice.shape, torch::kFloat32));
    }
  optimiser.set_steps(static_cast<std::int64_t>(integer(file, "step")));
  Progress progress;
  progress.next = {integer(file, "next_epoch"), integer(file, "next_example")};
  std::string const& bits = file.metadata("best_loss");
  std::uint64_t best = 0;
  std::from_chars(bits.data(), bits.data() + bits.size(), best, 16);
  progress.best_loss = std::bit_cast<double>(best);
  return progress;
}

}  // namespace corpuscle::train
