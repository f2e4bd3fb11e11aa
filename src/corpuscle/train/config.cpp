#include "corpuscle/train/config.hpp"

#include <array>
#include <charconv>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "corpuscle/artifact/network_members.hpp"
#include "corpuscle/config/yaml.hpp"
#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/truth/targets.hpp"

namespace corpuscle::train {
namespace {

using config::Range;
using config::Section;
using core::cat;

constexpr std::array<std::string_view, 2> source_words{"files", "simulate"};
constexpr std::array<std::string_view, 3> layout_words{"standard", "mlpf-2023", "mlpf-2026"};
constexpr std::array<std::string_view, 2> precision_words{"float32", "bfloat16"};
constexpr std::array<std::string_view, 2> device_words{"cpu", "cuda"};
constexpr std::array<std::string_view, 2> kernel_words{"elu", "positive"};
constexpr std::array<std::string_view, 4> architecture_words{
    artifact::WindowTransformerConfig::name, artifact::GnnLshConfig::name,
    artifact::KernelTransformerConfig::name, artifact::AttentionConfig::name};

// The keys, once: `visit(key, member, limits or words)`, what reading and writing follow.

template <class Visit>
void for_each_key(DataConfig& c, Visit&& visit) {
  visit("source", c.source, source_words);
  visit("directories", c.directories);
  visit("process", c.process);
  visit("detector", c.detector);
  visit("schema", c.schema);
  visit("rule", c.rule);
  visit("pileup", c.pileup, Range{0, 1000});
  visit("normalisation_events", c.normalisation_events, Range{1, 1e6});
  visit("seed", c.seed, Range{0, 2e9});
  visit("threads", c.threads, Range{0, 1024});
}

template <class Visit>
void for_each_key(LossConfig& c, Visit&& visit) {
  visit("layout", c.layout, layout_words);
  visit("focal_gamma", c.focal_gamma, Range{0, 10});
  visit("class_power", c.class_power, Range{0, 2});
  visit("momentum", c.momentum, Range{0, 1e6});
  visit("direction", c.direction, Range{0, 1e6});
}

template <class Visit>
void for_each_key(OptimiserConfig& c, Visit&& visit) {
  visit("learning_rate", c.learning_rate, Range{0, 10});
  visit("final_fraction", c.final_fraction, Range{0, 1});
  visit("warm_up", c.warm_up, Range{0, 1});
  visit("weight_decay", c.weight_decay, Range{0, 10});
  visit("beta1", c.beta1, Range{0, 0.9999});
  visit("beta2", c.beta2, Range{0, 0.999999});
  visit("clip_norm", c.clip_norm, Range{0, 1e9});
  visit("average_decay", c.average_decay, Range{0, 0.9999999});
}

template <class Visit>
void for_each_key(TrainConfig& c, Visit&& visit) {
  visit("data", c.data);
  visit("model", c.model);
  visit("loss", c.loss);
  visit("optimiser", c.optimiser);
  visit("start", c.start);
  visit("steps", c.steps, Range{1, 1e9});
  visit("elements_per_batch", c.elements_per_batch, Range{1, 1e8, "elements"});
  visit("seed", c.seed, Range{0, 2e9});
  visit("precision", c.precision, precision_words);
  visit("device", c.device, device_words);
  visit("threads", c.threads, Range{1, 1024});
  visit("validation_every", c.validation_every, Range{1, 1e9, "steps"});
  visit("validation_events", c.validation_events, Range{1, 1e6, "events"});
  visit("checkpoint_every", c.checkpoint_every, Range{1, 1e9, "steps"});
  visit("log_every", c.log_every, Range{1, 1e9, "steps"});
}

/// Sizes that follow from the layout (`fit`) are no keys.
bool is_fitted(std::string_view member) {
  return member == "classes" || member == "regressed";
}

/// Reads the keys that are there; the others keep their value.
class Reader {
 public:
  explicit Reader(Section& section) : section_(section) {}

  void operator()(char const* key, int& x, Range range) const {
    if (section_.has(key)) section_.integer(key, x, range);
  }
  void operator()(char const* key, double& x, Range range) const {
    if (section_.has(key)) section_.number(key, x, range);
  }
  void operator()(char const* key, std::string& x) const {
    if (section_.has(key)) section_.text(key, x);
  }
  void operator()(char const* key, std::vector<std::string>& x) const {
    if (section_.has(key)) section_.texts(key, x);
  }
  template <class Enum, std::size_t n>
  void operator()(char const* key, Enum& x, std::array<std::string_view, n> const& words) const {
    if (section_.has(key)) section_.choice(key, x, std::span<std::string_view const>(words));
  }
  template <class Part>
  void operator()(char const* key, Part& part) const {
    if (section_.has(key))
      section_.section(key, part, [](Section& inner, Part& x) { for_each_key(x, Reader(inner)); });
  }
  void operator()(char const* key, artifact::ModelConfig& x) const {
    if (section_.has(key)) section_.section(key, x, bind_model);
  }

 private:
  /// Another architecture begins with its own defaults. Lists of hidden layers keep theirs.
  static void bind_model(Section& section, artifact::ModelConfig& x) {
    if (section.has("architecture")) {
      std::size_t chosen = x.architecture.index();
      section.choice("architecture", chosen, std::span<std::string_view const>(architecture_words));
      if (chosen != x.architecture.index())
        x.architecture = std::array<artifact::Architecture, 4>{
            artifact::WindowTransformerConfig{}, artifact::GnnLshConfig{},
            artifact::KernelTransformerConfig{}, artifact::AttentionConfig{}}[chosen];
    }
    Reader const read(section);
    std::visit(
        [&](auto& architecture) {
          artifact::for_each_member(architecture, [&](char const* key, auto& member, auto low, auto high) {
            using T = std::remove_cvref_t<decltype(member)>;
            if (is_fitted(key)) return;
            if constexpr (std::is_same_v<T, artifact::KernelFeatures>) {
              read(key, member, kernel_words);
            } else if constexpr (std::is_same_v<T, double>) {
              read(key, member, Range{low, high});
            } else if constexpr (std::is_same_v<T, std::int64_t>) {
              int value = static_cast<int>(member);
              read(key, value, Range{static_cast<double>(low), static_cast<double>(high)});
              member = value;
            }
          });
        },
        x.architecture);
  }

  Section& section_;
};

/// Numbers are read back to the bit.
std::string digits(double x) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, x).ptr};
}

/// In quotes, so that no word is taken for a number.
std::string quoted(std::string const& text) {
  std::string result = "\"";
  for (char const c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + '"';
}

class Writer {
 public:
  Writer(std::string& out, std::string indent) : out_(out), indent_(std::move(indent)) {}

  void operator()(char const* key, int x, Range) const { line(key, cat(x)); }
  void operator()(char const* key, double x, Range) const { line(key, digits(x)); }
  void operator()(char const* key, std::string& x) const { line(key, quoted(x)); }
  void operator()(char const* key, std::vector<std::string>& x) const {
    std::string list;
    for (std::string const& each : x) list += cat(list.empty() ? "" : ", ", quoted(each));
    line(key, cat('[', list, ']'));
  }
  template <class Enum, std::size_t n>
  void operator()(char const* key, Enum x, std::array<std::string_view, n> const& words) const {
    line(key, words[static_cast<std::size_t>(x)]);
  }
  template <class Part>
  void operator()(char const* key, Part& part) const {
    line(key, "");
    for_each_key(part, Writer(out_, indent_ + "  "));
  }
  void operator()(char const* key, artifact::ModelConfig& x) const {
    line(key, "");
    Writer const inner(out_, indent_ + "  ");
    inner.line("architecture", architecture_words[x.architecture.index()]);
    std::visit(
        [&](auto& architecture) {
          artifact::for_each_member(architecture, [&](char const* name, auto const& member, auto, auto) {
            using T = std::remove_cvref_t<decltype(member)>;
            if (is_fitted(name)) return;
            if constexpr (std::is_same_v<T, artifact::KernelFeatures>)
              inner(name, member, kernel_words);
            else if constexpr (std::is_same_v<T, double>)
              inner.line(name, digits(member));
            else if constexpr (std::is_same_v<T, std::int64_t>)
              inner.line(name, cat(member));
          });
        },
        x.architecture);
  }

 private:
  void line(std::string_view key, std::string_view value) const {
    out_ += cat(indent_, key, value.empty() ? ":" : ": ", value, '\n');
  }

  std::string& out_;
  std::string indent_;
};

/// A configuration that begins as another one: `Document::read` makes one by its default constructor.
struct Layered : TrainConfig {
  Layered() : TrainConfig(below) {}
  static thread_local TrainConfig below;
};
thread_local TrainConfig Layered::below;

TrainConfig read_onto(TrainConfig const& below, config::Document const& document) {
  Layered::below = below;
  return document.read<Layered>(
      [](Section& section, Layered& x) { for_each_key(static_cast<TrainConfig&>(x), Reader(section)); });
}

/// "a.b=1" as the document "{a: {b: 1}}", so that it is read as a file is.
config::Document document_of(std::string const& text) {
  auto const equals = text.find('=');
  if (equals == text.npos || equals == 0)
    throw core::ConfigError(cat("'", text, "': an override is written dotted.key=value"));
  std::string const value = text.substr(equals + 1);
  std::string yaml;
  std::string closing;
  for (std::size_t begin = 0; begin <= equals;) {
    std::size_t const end = std::min(text.find('.', begin), equals);
    yaml += cat("{", quoted(text.substr(begin, end - begin)), ": ");
    closing += '}';
    begin = end + 1;
  }
  return config::Document::parse(yaml + value + closing, cat("override '", text, "'"));
}

void check(TrainConfig const& config, std::string const& name) {
  auto const fail = [&](std::string const& problem) { throw core::ConfigError(cat(name, ": ", problem)); };
  if (config.data.source == Source::files && config.data.directories.empty())
    fail("'data.directories' is empty: name what 'corpuscle prepare' made, or 'data.source: simulate'");
  if (config.data.source == Source::simulate && !config.data.directories.empty())
    fail("'data.directories' is not used with 'data.source: simulate': leave one of them out");
  if (config.data.source == Source::simulate) {
    encoding::find_schema(config.data.schema);
  } else {
    DataConfig of_files;  // what else there is belongs to the simulation
    of_files.directories = config.data.directories;
    of_files.seed = config.data.seed;
    of_files.threads = config.data.threads;
    if (!(config.data == of_files))
      fail(
          "of 'data', only directories, seed and threads are used with 'source: files': schema, detector and "
          "the "
          "rest come from the dataset. Leave them out, or take 'source: simulate'");
  }
  if (!truth::find_rule(config.data.rule))
    fail(cat("'data.rule' = '", config.data.rule, "' is unknown; it is one of: standard, 2023, 2026"));
}

TrainConfig finish(config::Document const& document, std::string const& name,
                   std::span<std::string const> overrides) {
  TrainConfig config = read_onto({}, document);
  for (std::string const& each : overrides) config = read_onto(config, document_of(each));
  check(config, name);
  return config;
}

}  // namespace

TrainConfig load_config(std::string const& path, std::span<std::string const> overrides) {
  return finish(config::Document::load(path), path, overrides);
}

TrainConfig parse_config(std::string const& text, std::string const& name,
                         std::span<std::string const> overrides) {
  return finish(config::Document::parse(text, name), name, overrides);
}

std::string to_yaml(TrainConfig const& config) {
  std::string text;
  TrainConfig copy = config;
  for_each_key(copy, Writer(text, ""));
  return text;
}

void fit(TrainConfig& config, encoding::Schema const& schema) {
  encoding::Layout const layout = config.loss.layout;
  auto const n_outputs = static_cast<std::int64_t>(encoding::output_names(layout).size());
  auto const n_regressed = static_cast<std::int64_t>(encoding::regression_names(layout).size());
  artifact::ModelConfig& model = config.model;
  model.features = static_cast<std::int64_t>(schema.width());
  model.types = static_cast<std::int64_t>(schema.elements.size());
  std::string_view const architecture = architecture_words[model.architecture.index()];

  auto const require_schema = [&](std::string_view family) {
    if (!schema.name.starts_with(family))
      throw core::ConfigError(cat("the architecture '", architecture,
                                  "' finds energy and direction in columns of the '", family,
                                  "' schemas, the data are '", schema.name,
                                  "'. Prepare them again with --schema, or take another architecture"));
  };
  if (auto* window = std::get_if<artifact::WindowTransformerConfig>(&model.architecture)) {
    require_schema("corpuscle-");
    window->classes = n_outputs - n_regressed;
    window->regressed = n_regressed;
  } else if (std::holds_alternative<artifact::AttentionConfig>(model.architecture)) {
    require_schema("mlpf-2026-");
  } else {
    require_schema("mlpf-2023-");
  }
  artifact::check(model, "model");
  if (artifact::n_outputs(model) != n_outputs)
    throw core::ConfigError(cat("the architecture '", architecture, "' gives ", artifact::n_outputs(model),
                                " outputs, the loss '", encoding::name(layout), "' needs ", n_outputs,
                                ": set loss.layout to '",
                                artifact::n_outputs(model) == 13 ? "mlpf-2026" : "mlpf-2023", "'"));
}

}  // namespace corpuscle::train
