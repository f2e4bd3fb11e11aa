#include "corpuscle/train/trainer.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>

#include "corpuscle/core/error.hpp"
#include "corpuscle/train/loss.hpp"
#include "corpuscle/train/network_file.hpp"
#include "train/toy.hpp"

namespace corpuscle::train {
namespace {

using dataset::Folder;
using dataset::message_of;

/// 400 events, written once.
Folder const& events() {
  static Folder const folder("trainer_events");
  static bool const is_written = [] {
    write_learnable(folder, 400);
    return true;
  }();
  EXPECT_TRUE(is_written);
  return folder;
}

struct Training {
  explicit Training(std::string const& name, std::vector<std::string> const& overrides = {})
      : folder("trainer_" + name),
        config(fitted(small_config({events().path()}, overrides))),
        data(open_files(config)) {}

  Outcome go(bool resume = false, Hooks const& hooks = {}) const {
    return train(config, data, folder.path(), {{"command", "test"}}, resume, hooks);
  }
  [[nodiscard]] std::string last() const { return folder.bytes("last.safetensors"); }

  Folder folder;
  TrainConfig config;
  Data data;
};

/// Stops after so many steps.
Hooks stop_after(int steps) {
  Hooks hooks;
  hooks.should_stop = [n = 0, steps]() mutable { return ++n == steps; };
  return hooks;
}

TEST(Train, TwiceTheSameIsTheSameToTheBit) {
  Training const a("same_a");
  Training const b("same_b", {"data.threads=2"});
  EXPECT_EQ(a.go(), Outcome::finished);
  EXPECT_EQ(b.go(), Outcome::finished);
  EXPECT_EQ(a.last(), b.last());
  EXPECT_EQ(a.folder.bytes("best.safetensors"), b.folder.bytes("best.safetensors"));
}

TEST(Train, InterruptedAndResumedIsAsIfNothingHadHappened) {
  for (std::string const extra : {"steps=20", "model.dropout=0.2"}) {
    Training const straight("straight", {extra});
    straight.go();
    Training const halves("halves", {extra});
    EXPECT_EQ(halves.go(false, stop_after(10)), Outcome::interrupted);
    EXPECT_NE(halves.last(), straight.last());
    EXPECT_EQ(halves.go(true), Outcome::finished);
    EXPECT_EQ(halves.last(), straight.last()) << extra;
    EXPECT_EQ(halves.folder.bytes("best.safetensors"), straight.folder.bytes("best.safetensors"));
    EXPECT_EQ(halves.folder.bytes("model.safetensors"), straight.folder.bytes("model.safetensors"));
    Training const thirds("thirds", {extra});  // not where a checkpoint is due
    thirds.go(false, stop_after(7));
    thirds.go(true, stop_after(6));
    thirds.go(true);
    EXPECT_EQ(thirds.last(), straight.last()) << extra;
  }
}

TEST(Train, AKillLosesNoMoreThanTheStepsSinceTheLastCheckpoint) {
  Training const straight("unkilled");
  straight.go();
  Training const killed("killed", {"checkpoint_every=5"});
  Hooks hooks;
  hooks.on_step = [](Report const& report) {
    if (report.step == 15) throw std::runtime_error("killed");  // before the checkpoint of this step
  };
  EXPECT_THROW(killed.go(false, hooks), std::runtime_error);
  killed.go(true);
  EXPECT_EQ(killed.last(), straight.last());
}

TEST(Train, AnotherSeedIsAnotherNetwork) {
  Training const a("seed_a", {"steps=2"});
  Training const b("seed_b", {"steps=2", "seed=2"});
  a.go();
  b.go();
  EXPECT_NE(a.last(), b.last());
}

TEST(Train, ATrainingThatStartsFromAModelFileBeginsWithItsWeightsAndKeepsItsNormalisation) {
  Training const first("start_first");
  first.go();
  std::string const start = first.folder.path() + "/model.safetensors";
  Folder const others("trainer_other_events");
  write_learnable(others, 200);
  Training second("start_second", {"start=" + start, "steps=1", "optimiser.learning_rate=0"});
  second.config.data.directories = {others.path()};
  second.data = open_files(second.config);
  second.go();
  artifact::ModelFile const a(start);
  artifact::ModelFile const b(second.folder.path() + "/model.safetensors");
  EXPECT_EQ(a.description().normalisation, b.description().normalisation);
  EXPECT_NE(second.data.normalisation, b.description().normalisation);
  ASSERT_EQ(a.weights().size(), b.weights().size());
  for (std::size_t i = 0; i < a.weights().size(); ++i)
    EXPECT_TRUE(std::ranges::equal(a.weights()[i].bytes, b.weights()[i].bytes)) << a.weights()[i].name;
  EXPECT_EQ(b.description().provenance.at("start.step"), a.description().provenance.at("step"));
}

TEST(Train, AModelFileOfAnotherNetworkIsNoStart) {
  Training const first("other_first", {"steps=1"});
  first.go();
  Training const second("other_second",
                        {"start=" + first.folder.path() + "/model.safetensors", "model.width=32"});
  EXPECT_NE(message_of<core::ConfigError>([&] { second.go(); }).find("set 'model' to the same"),
            std::string::npos);
}

/// A number of the last line of a kind in the history.
double in_history(Training const& run, std::string const& kind, std::string const& name) {
  std::ifstream file(run.folder / "history.jsonl");
  double value = NAN;
  for (std::string line; std::getline(file, line);) {
    auto const at = line.find("\"" + name + "\": ");
    if (line.find("\"kind\": \"" + kind + "\"") != line.npos && at != line.npos)
      value = std::strtod(line.c_str() + at + name.size() + 4, nullptr);
  }
  return value;
}

/// The least that outputs cost which know the type of the element only: logits and momenta by a search.
std::pair<double, double> best_constant(Data const& data, TrainConfig const& config) {
  double least_class = std::numeric_limits<double>::infinity();
  double least_momentum = least_class;
  for (double x = -2; x <= 2; x += 0.05) {
    double by_class = 0, momentum = 0, n = 0;
    for (dataset::Examples const& batch : data.validation) {
      TensorBatch const tensors =
          to_tensors(config.loss.layout, data.description.schema, dataset::view(batch));
      torch::Tensor outputs = torch::full({tensors.targets.label.size(0), 9}, -30.);
      outputs.select(1, 0) = torch::where(tensors.input.type == 0, -30., 0.);  // tracks are particles
      outputs.select(1, 1) = 0.;
      outputs.select(1, 3) = x;  // of a cluster: a photon, or nothing
      outputs.slice(1, 6) = 0.;
      outputs.select(1, 6) = torch::where(tensors.input.type == 0, 0., x);
      Loss const loss = train::loss(config.loss, outputs, tensors.targets);
      auto const weight = static_cast<double>(batch.n_elements());
      by_class += weight * loss.parts[0].second.item<double>();
      momentum += weight * loss.parts[1].second.item<double>();
      n += weight;
    }
    least_class = std::min(least_class, by_class / n);
    least_momentum = std::min(least_momentum, momentum / n);
  }
  return {least_class, least_momentum};
}

TEST(Train, ASmallNetworkLearnsWhatThereIsToLearn) {
  // Here momenta are wrong by five times the resolution, so that with the weight of 1 little else would be
  // learned. Class and momentum are exact functions of two inputs, so a network can come as near as it likes;
  // half of what the best constant costs needs both inputs to be found.
  Training const run("learns", {"steps=600", "validation_every=300", "loss.momentum=0.1",
                                "elements_per_batch=800", "optimiser.learning_rate=1e-2", "model.width=32"});
  run.go();
  auto const [by_class, momentum] = best_constant(run.data, run.config);
  EXPECT_GT(by_class, 0.1);  // ln 2 for clusters, which have about half of the weight
  EXPECT_LT(in_history(run, "validation", "loss/class"), by_class / 2);
  EXPECT_LT(in_history(run, "validation", "loss/momentum"), momentum / 2);
  EXPECT_GT(in_history(run, "validation", "photon/efficiency"), 0.8);
  EXPECT_NEAR(in_history(run, "ideal", "jets/response_median"), 1, 1e-5);

  // And the model file has it: the averaged weights answer as training did.
  auto const network = load_network(artifact::ModelFile(run.folder / "model.safetensors"));
  torch::NoGradGuard const no_gradient;
  double loss = 0, n = 0;
  for (dataset::Examples const& batch : run.data.validation) {
    TensorBatch const tensors =
        to_tensors(run.config.loss.layout, run.data.description.schema, dataset::view(batch));
    auto const weight = static_cast<double>(batch.n_elements());
    loss +=
        weight *
        train::loss(run.config.loss, network->forward(tensors.input), tensors.targets).total.item<double>();
    n += weight;
  }
  EXPECT_LT(loss / n, by_class / 2 + momentum / 2 + 0.1);
}

TEST(Train, Bfloat16LearnsNearlyTheSame) {
  Training const single("float32", {"steps=100", "validation_every=100"});
  Training const half("bfloat16", {"steps=100", "validation_every=100", "precision=bfloat16"});
  single.go();
  half.go();
  EXPECT_NE(single.last(), half.last());  // or autocast was not on
  double const a = in_history(single, "validation", "loss");
  double const b = in_history(half, "validation", "loss");
  EXPECT_NEAR(a, b, 0.2 * a);  // 8 bits, 2e-3 per product, for 100 steps: no more than another seed does
}

TEST(Train, EveryLossTrainsItsNetwork) {
  Training const run("layout", {"steps=60", "loss.layout=mlpf-2023", "validation_every=60", "log_every=1"});
  double first = 0, last = 0;
  Hooks hooks;
  hooks.on_step = [&](Report const& report) {
    if (report.step == 1) first = report.loss;
    last = report.loss;
  };
  EXPECT_EQ(run.go(false, hooks), Outcome::finished);
  EXPECT_LT(last, first);
}

/// The data, but an event of the second batch has a feature that no network can bear.
Data with_broken_event(Data const& good) {
  class Source : public dataset::BatchSource {
   public:
    explicit Source(std::unique_ptr<dataset::BatchSource> from) : from_(std::move(from)) {}
    dataset::Batch next() override {
      dataset::Batch batch = from_->next();
      if (++n_ == 2)
        batch.examples
            .features[static_cast<std::size_t>(batch.examples.offsets[3]) * batch.examples.width + 8] = NAN;
      return batch;
    }

   private:
    std::unique_ptr<dataset::BatchSource> from_;
    int n_ = 0;
  };
  Data data = good;
  data.open = [open = good.open](dataset::Position start) { return std::make_unique<Source>(open(start)); };
  return data;
}

TEST(Train, ANumberThatIsNoneIsFoundInItsStepWithTheEvent) {
  Training const run("nan", {"checkpoint_every=1"});
  Data const data = with_broken_event(run.data);
  auto const source = run.data.open({});
  source->next();
  std::int64_t const culprit = source->next().examples.number[3];
  auto const message = message_of<NotFinite>([&] { train(run.config, data, run.folder.path(), {}, false); });
  EXPECT_EQ(message.find("step 2: the loss is nan, of it not finite: loss/class"), 0U) << message;
  EXPECT_NE(message.find("outputs are not finite in 1 event: event " + std::to_string(culprit) + " of run 3"),
            std::string::npos)
      << message;
  Training const one("nan_one", {"checkpoint_every=1"});
  one.go(false, stop_after(1));
  EXPECT_EQ(run.last(), one.last());  // the last good one
}

TEST(Train, ATrainingThatExplodesIsStopped) {
  Training const run("explodes", {"optimiser.learning_rate=10", "optimiser.warm_up=0",
                                  "optimiser.clip_norm=0", "steps=300", "loss.momentum=1e6",
                                  "optimiser.beta2=0", "optimiser.beta1=0.99", "optimiser.weight_decay=10"});
  auto const message = message_of<NotFinite>([&] { run.go(); });
  EXPECT_EQ(message.find("step "), 0U) << message;
  EXPECT_NE(message.find("Lower optimiser.learning_rate"), std::string::npos);
}

TEST(Train, ACheckpointOfAnotherTrainingIsRefusedBeforeTheFirstStep) {
  Training const run("resume");
  run.go(false, stop_after(5));
  EXPECT_NE(message_of<core::ConfigError>([&] { run.go(); }).find("Go on with --resume"), std::string::npos);

  auto const complaint = [&](TrainConfig const& config, Data const& data) {
    return message_of<core::ConfigError>([&] { train(config, data, run.folder.path(), {}, true); });
  };
  TrainConfig other = run.config;
  other.optimiser.learning_rate = 0.5;
  EXPECT_NE(complaint(other, run.data)
                .find("was made with '  learning_rate: 0.003', the configuration has '  "
                      "learning_rate: 0.5'"),
            std::string::npos)
      << complaint(other, run.data);
  other = run.config;
  std::get<artifact::WindowTransformerConfig>(other.model.architecture).layers = 2;
  EXPECT_NE(complaint(other, run.data).find("layers: 1"), std::string::npos);
  Data data = run.data;
  data.checksum = "0";
  EXPECT_NE(complaint(run.config, data).find("other data"), std::string::npos);
}

TEST(Train, ADamagedCheckpointIsRefused) {
  Training const run("damaged");
  run.go(false, stop_after(5));
  std::string const good = run.last();
  for (std::size_t at = 0; at < good.size(); at += 1 + good.size() / 40) {
    std::string bad = good;
    bad[at] ^= 4;
    run.folder.put("last.safetensors", bad);
    EXPECT_THROW(run.go(true), core::Error) << at;
  }
  run.folder.put("last.safetensors", good);
  EXPECT_EQ(run.go(true), Outcome::finished);
}

/// While it lives, files cannot grow beyond so many bytes: writing fails in the middle of a file, as on a
/// full disk.
class SmallDisk {
 public:
  explicit SmallDisk(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    rlimit const limit{bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
  }
  SmallDisk(SmallDisk const&) = delete;
  SmallDisk& operator=(SmallDisk const&) = delete;
  ~SmallDisk() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

 private:
  void (*handler_)(int);
  rlimit before_{};
};

TEST(Train, AFullDiskLeavesTheLastCheckpointWhole) {
  Training const run("full", {"checkpoint_every=5"});
  run.go(false, stop_after(5));
  std::string const before = run.last();
  {
    SmallDisk const disk(before.size() / 2);  // more than the history needs
    EXPECT_THROW(run.go(true), core::EnvironmentError);
  }
  EXPECT_EQ(run.last(), before);
  for (auto const& entry : std::filesystem::directory_iterator(run.folder.path()))
    EXPECT_EQ(entry.path().string().find(".part"), std::string::npos) << entry.path();
  EXPECT_EQ(run.go(true), Outcome::finished);
  Training const straight("not_full", {"checkpoint_every=5"});
  straight.go();
  EXPECT_EQ(run.last(), straight.last());
}

TEST(Train, AStreamTrainsToo) {
  Folder const folder("trainer_stream");
  TrainConfig config = small_config({"a"}, {"steps=5"});
  config.data = {};
  config.data.source = Source::simulate;
  config.data.normalisation_events = 20;
  config = fitted(config);
  Data const data = open_stream(config, dataset::toy_description(), [] { return learnable_example; });
  EXPECT_EQ(train(config, data, folder.path(), {}, false), Outcome::finished);
}

TEST(Train, WithoutAGpuItSaysSo) {
  if (torch::cuda::is_available()) GTEST_SKIP() << "there is a GPU";
  Training const run("gpu", {"device=cuda"});
  EXPECT_NE(message_of<core::EnvironmentError>([&] { run.go(); }).find("finds no GPU"), std::string::npos);
}

}  // namespace
}  // namespace corpuscle::train
