#include "corpuscle/train/trainer.hpp"

#include <ATen/autocast_mode.h>
#include <torch/torch.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <utility>
#include <vector>

#include "corpuscle/core/atomic_file.hpp"
#include "corpuscle/core/directory_lock.hpp"
#include "corpuscle/core/random.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/model/network.hpp"
#include "corpuscle/tensorboard/event_file.hpp"
#include "corpuscle/train/checkpoint.hpp"
#include "corpuscle/train/loss.hpp"
#include "corpuscle/train/network_file.hpp"
#include "corpuscle/train/optimiser.hpp"
#include "corpuscle/train/validate.hpp"

namespace corpuscle::train {
namespace {

using core::cat;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double wall_time() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// Matrix products in bfloat16 while it lives, if `precision` says so.
class Autocast {
 public:
  Autocast(Precision precision, torch::DeviceType device)
      : device_(device), is_on_(precision == Precision::bfloat16) {
    if (!is_on_) return;
    at::autocast::set_autocast_enabled(device_, true);
    at::autocast::set_autocast_dtype(device_, torch::kBFloat16);
    at::autocast::increment_nesting();
  }
  Autocast(Autocast const&) = delete;
  Autocast& operator=(Autocast const&) = delete;
  ~Autocast() {
    if (!is_on_) return;
    at::autocast::decrement_nesting();
    at::autocast::clear_cache();
    at::autocast::set_autocast_enabled(device_, false);
  }

 private:
  torch::DeviceType device_;
  bool is_on_;
};

torch::Device prepare_device(TrainConfig const& config) {
  if (config.device == Device::cuda && !torch::cuda::is_available())
    throw core::EnvironmentError(
        "device 'cuda': LibTorch finds no GPU. Take 'device: cpu', or a LibTorch with CUDA");
  model::keep_memory();
  model::flush_subnormals();  // before the threads start, which inherit it
  at::set_num_threads(config.threads);
  // Not everything can be deterministic on a GPU; there it only warns.
  at::globalContext().setDeterministicAlgorithms(true, config.device == Device::cuda);
  at::globalContext().setDeterministicFillUninitializedMemory(false);
  return config.device == Device::cuda ? torch::kCUDA : torch::kCPU;
}

/// For each type of the schema and column: mean, and 1 / deviation.
void set_normalisation(model::Network& network, encoding::Normalisation const& normalisation) {
  torch::Tensor mean = torch::zeros({network.config().types, network.config().features});
  torch::Tensor scale = torch::ones_like(mean);
  for (std::size_t type = 0; type < normalisation.types.size(); ++type)
    for (std::size_t k = 0; k < normalisation.types[type].mean.size(); ++k) {
      auto const i = static_cast<std::int64_t>(type);
      auto const column = static_cast<std::int64_t>(k);
      mean[i][column] = normalisation.types[type].mean[k];
      scale[i][column] = 1 / normalisation.types[type].deviation[k];
    }
  network.set_normalisation(mean, scale);
}

/// What training begins with.
struct Start {
  std::shared_ptr<model::Network> network;
  encoding::Normalisation normalisation;  ///< that it has inside
  std::map<std::string, std::string> provenance;
};

Start fresh(TrainConfig const& config, Data const& data) {
  Start start{
      model::make_network(config.model, static_cast<std::uint64_t>(config.seed)), data.normalisation, {}};
  set_normalisation(*start.network, data.normalisation);
  return start;
}

/// The network of a model file. It keeps the normalisation that it was trained with.
Start from_file(TrainConfig const& config, Data const& data) {
  artifact::ModelFile const file(config.start);
  artifact::ModelDescription const& theirs = file.description();
  auto const fail = [&](auto const&... what) { throw core::ConfigError(cat(config.start, ": ", what...)); };
  if (theirs.schema != data.description.schema)
    fail("its features are those of the schema '", theirs.schema.name, "', the data have '",
         data.description.schema.name, "'. Prepare them again with --schema ", theirs.schema.name);
  if (theirs.layout != config.loss.layout)
    fail("its outputs are '", encoding::name(theirs.layout), "', the loss is for '",
         encoding::name(config.loss.layout), "': set loss.layout");
  std::string const network = artifact::to_json(theirs.model);
  std::string const wanted = artifact::to_json(config.model);
  if (network != wanted)
    fail("its network is ", network, ", that of the configuration ", wanted, ": set 'model' to the same");
  Start start{load_network(file), theirs.normalisation, {}};
  for (auto const& [key, value] : theirs.provenance) start.provenance["start." + key] = value;
  return start;
}

bool is_finite(torch::Tensor const& x) {
  return torch::isfinite(x).all().item<bool>();
}

/// The events in which a row is not finite, or all if there is none; a few by name.
std::string name_events(dataset::Examples const& examples, torch::Tensor const& outputs) {
  torch::Tensor const broken = ~torch::isfinite(outputs.detach()).all(1).to(torch::kCPU).contiguous();
  auto const* const rows = broken.data_ptr<bool>();
  std::vector<std::size_t> events;
  for (std::size_t event = 0; event < examples.size(); ++event)
    for (auto row = examples.offsets[event]; row < examples.offsets[event + 1]; ++row)
      if (rows[row]) {
        events.push_back(event);
        break;
      }
  bool const is_known = !events.empty();
  for (std::size_t event = 0; !is_known && event < examples.size(); ++event) events.push_back(event);
  std::string text = is_known ? "outputs are not finite in " : "the batch is of ";
  text += core::counted(events.size(), "event") + ":";
  for (std::size_t i = 0; i < events.size() && i < 5; ++i)
    text +=
        cat(i == 0 ? " " : ", ", "event ", examples.number[events[i]], " of run ", examples.run[events[i]]);
  return text + (events.size() > 5 ? ", ..." : "");
}

/// The first parameter of the network that is not finite in an array; empty if all are.
std::string first_broken(Optimiser const& optimiser, torch::Tensor const& array) {
  for (Optimiser::Slice const& slice : optimiser.slices())
    if (!is_finite(slice.of(array))) return slice.name;
  return {};
}

struct StepResult {
  double loss = 0;
  double gradient_norm = 0;
  double learning_rate = 0;
  Scalars parts;
};

struct Validation {
  double loss = 0;
  Scalars scalars;
};

/// One training: the network and what changes it.
class Session {
 public:
  Session(TrainConfig const& config, Data const& data)
      : config_(config),
        data_(data),
        device_(prepare_device(config)),
        start_(config.start.empty() ? fresh(config, data) : from_file(config, data)),
        network_(start_.network),
        optimiser_(prepare(*network_), config.optimiser) {}

  Optimiser& optimiser() noexcept { return optimiser_; }

  /// Changes the weights by one batch, or throws NotFinite.
  StepResult step(dataset::Examples const& examples) {
    std::int64_t const step = optimiser_.steps();
    torch::manual_seed(
        core::key_of({static_cast<std::uint64_t>(config_.seed), static_cast<std::uint64_t>(step)}));
    TensorBatch const batch =
        to_tensors(config_.loss.layout, data_.description.schema, dataset::view(examples), device_);
    optimiser_.clear_gradient();
    torch::Tensor outputs;
    {
      Autocast const autocast(config_.precision, device_.type());
      outputs = network_->forward(batch.input).to(torch::kFloat32);
    }
    Loss const loss = train::loss(config_.loss, outputs, batch.targets);
    auto const stop = [&](std::string const& what) {
      throw NotFinite(cat("step ", step + 1, ": ", what, "; ", name_events(examples, outputs),
                          ". The last checkpoint, if there is one, is kept. Lower optimiser.learning_rate or "
                          "optimiser.clip_norm, or take precision: float32"));
    };

    StepResult result;
    result.loss = loss.total.item<double>();
    for (auto const& [name, value] : loss.parts)
      result.parts.emplace_back(cat("loss/", name), value.item<double>());
    if (!std::isfinite(result.loss)) {
      std::string names;
      for (auto const& [name, value] : result.parts)
        if (!std::isfinite(value)) names += cat(names.empty() ? "" : ", ", name);
      stop(cat("the loss is ", result.loss, ", of it not finite: ", names.empty() ? "the sum only" : names));
    }
    if (loss.total.requires_grad()) loss.total.backward();  // not if no event has an element
    result.gradient_norm = optimiser_.gradient_norm();
    if (!std::isfinite(result.gradient_norm)) {
      std::string const name = first_broken(optimiser_, optimiser_.gradient());
      stop(name.empty() ? cat("the norm of the gradient is ", result.gradient_norm)
                        : cat("the gradient of '", name, "' is not finite"));
    }
    result.learning_rate = learning_rate(config_.optimiser, config_.steps, static_cast<int>(step));
    optimiser_.step(result.learning_rate, result.gradient_norm);
    if (!is_finite(optimiser_.weights().sum()))
      stop(cat("the update made '", first_broken(optimiser_, optimiser_.weights()), "' not finite"));
    return result;
  }

  /// The loss and the physics of the averaged weights.
  Validation validate() {
    torch::NoGradGuard const no_gradient;
    network_->eval();
    optimiser_.swap_average();
    Scalars sums;
    double n_elements = 0;
    OutputsOf const outputs_of = [&](dataset::Examples const& examples) {
      TensorBatch const batch =
          to_tensors(config_.loss.layout, data_.description.schema, dataset::view(examples), device_);
      torch::Tensor outputs;
      {
        Autocast const autocast(config_.precision, device_.type());
        outputs = network_->forward(batch.input).to(torch::kFloat32).contiguous();
      }
      Loss const loss = train::loss(config_.loss, outputs, batch.targets);
      auto const n = static_cast<double>(examples.n_elements());
      n_elements += n;
      if (sums.empty()) {
        sums.emplace_back("loss", 0);
        for (auto const& [name, value] : loss.parts) sums.emplace_back(cat("loss/", name), 0);
      }
      sums[0].second += n * loss.total.item<double>();
      for (std::size_t i = 0; i < loss.parts.size(); ++i)
        sums[i + 1].second += n * loss.parts[i].second.item<double>();
      outputs = outputs.to(torch::kCPU);
      return std::vector<float>(outputs.data_ptr<float>(), outputs.data_ptr<float>() + outputs.numel());
    };
    Scalars const figures = physics(config_.loss.layout, data_, outputs_of);
    optimiser_.swap_average();
    network_->train();

    Validation result;
    for (auto const& [name, sum] : sums) result.scalars.emplace_back(name, sum / std::max(1., n_elements));
    result.loss = result.scalars.front().second;
    result.scalars.insert(result.scalars.end(), figures.begin(), figures.end());
    return result;
  }

  void write_model(std::string const& path, std::map<std::string, std::string> provenance, double loss) {
    provenance["configuration"] = to_yaml(config_);
    provenance["step"] = cat(optimiser_.steps());
    provenance["validation_loss"] = cat(loss);
    provenance["torch_version"] = TORCH_VERSION;
    for (auto const& [key, value] : data_.description.provenance) provenance["data." + key] = value;
    provenance.insert(start_.provenance.begin(), start_.provenance.end());
    artifact::ModelDescription const description{config_.model,
                                                 data_.description.schema,
                                                 start_.normalisation,
                                                 config_.loss.layout,
                                                 std::string(truth::name(data_.description.rule)),
                                                 data_.description.detector,
                                                 std::move(provenance)};
    optimiser_.swap_average();
    write_network(path, *network_, description, data_.validation.front());
    optimiser_.swap_average();
  }

 private:
  model::Network& prepare(model::Network& network) const {
    network.to(device_);
    network.train();
    return network;
  }

  TrainConfig const& config_;
  Data const& data_;
  torch::Device device_;
  Start start_;
  std::shared_ptr<model::Network> network_;
  Optimiser optimiser_;
};

/// How fast it goes: time since the last line of the history, without what is no training.
class Pace {
 public:
  void add(std::size_t events, std::size_t elements, double loading, double total) {
    events_ += static_cast<double>(events);
    elements_ += static_cast<double>(elements);
    loading_ += loading;
    total_ += total;
  }
  [[nodiscard]] double events_per_s() const { return events_ / total_; }
  [[nodiscard]] Scalars scalars() const {
    return {{"events_per_s", events_per_s()},
            {"elements_per_s", elements_ / total_},
            {"loading_share", loading_ / total_}};
  }

 private:
  double events_ = 0, elements_ = 0, loading_ = 0, total_ = 0;
};

bool is_due(std::int64_t step, int every, int steps) {
  return step % every == 0 || step == steps;
}

}  // namespace

Outcome train(TrainConfig const& config, Data const& data, std::string const& directory,
              std::map<std::string, std::string> provenance, bool resume, Hooks const& hooks) {
  auto const in = [&](char const* name) { return cat(directory, '/', name); };
  std::string const last = in("last.safetensors");
  bool const goes_on = std::filesystem::exists(last);
  if (goes_on && !resume)
    throw core::ConfigError(cat(last, ": is there already. Go on with --resume, or name another directory"));
  core::DirectoryLock const lock(directory, "training");
  std::error_code failed;
  std::filesystem::create_directories(in("tensorboard"), failed);
  if (failed) throw core::EnvironmentError(cat(directory, ": cannot be made: ", failed.message()));

  Session session(config, data);
  Optimiser& optimiser = session.optimiser();
  Progress progress;
  if (goes_on) progress = load_checkpoint(last, config, data, optimiser);
  core::write_file(in("config.yaml"), to_yaml(config));
  History history(in("history.jsonl"), goes_on ? optimiser.steps() : -1);
  tensorboard::EventFile events(in("tensorboard"), wall_time());
  auto const log = [&](char const* kind, Scalars const& scalars) {
    history.add(kind, optimiser.steps(), scalars);
    Scalars tagged;
    for (auto const& [name, value] : scalars)
      if (std::isfinite(value)) tagged.emplace_back(cat(kind, '/', name), value);
    events.add(wall_time(), optimiser.steps(), tagged);
  };

  if (!goes_on) {
    Scalars const ideal = physics(config.loss.layout, data, ideal_outputs(config.loss.layout));
    log("ideal", ideal);
    hooks.on_ideal(ideal);
  }
  auto const source = data.open(progress.next);
  Clock::time_point const start = Clock::now();
  std::int64_t const first = optimiser.steps();
  Pace pace;
  while (optimiser.steps() < config.steps) {
    Clock::time_point const begin = Clock::now();
    dataset::Batch const batch = source->next();
    double const loading = seconds_since(begin);
    StepResult const result = session.step(batch.examples);
    progress.next = batch.end;
    pace.add(batch.examples.size(), batch.examples.n_elements(), loading, seconds_since(begin));
    std::int64_t const step = optimiser.steps();

    if (is_due(step, config.log_every, config.steps)) {
      Scalars line{{"loss", result.loss},
                   {"learning_rate", result.learning_rate},
                   {"gradient_norm", result.gradient_norm},
                   {"epoch", static_cast<double>(batch.begin.epoch)}};
      line.insert(line.end(), result.parts.begin(), result.parts.end());
      for (auto const& each : pace.scalars()) line.push_back(each);
      log("train", line);
      double const per_step = seconds_since(start) / static_cast<double>(step - first);
      hooks.on_step({step, config.steps, result.loss, pace.events_per_s(),
                     per_step * static_cast<double>(config.steps - step)});
      pace = {};
    }
    bool is_best = false;
    if (is_due(step, config.validation_every, config.steps)) {
      Validation const validation = session.validate();
      log("validation", validation.scalars);
      hooks.on_validation(step, validation.scalars);
      if (!std::isfinite(validation.loss))
        throw NotFinite(cat("step ", step, ": the loss of the validation events is ", validation.loss,
                            ", that of training is not. The last checkpoint, if there is one, is kept. Lower "
                            "optimiser.learning_rate, or take precision: float32"));
      if (validation.loss < progress.best_loss) {
        is_best = true;
        progress.best_loss = validation.loss;
        save_checkpoint(in("best.safetensors"), config, data, optimiser, progress);
        session.write_model(in("model.safetensors"), provenance, validation.loss);
      }
    }
    bool const stops = hooks.should_stop();
    // With the best, too: a training that has results can always go on.
    if (stops || is_best || is_due(step, config.checkpoint_every, config.steps))
      save_checkpoint(last, config, data, optimiser, progress);
    if (stops && step < config.steps) return Outcome::interrupted;
  }
  return Outcome::finished;
}

}  // namespace corpuscle::train
