// corpuscle model: what is in a model file, and what an event costs.

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "corpuscle/artifact/model_file.hpp"
#include "corpuscle/graph/build.hpp"
#include "corpuscle/graph/passes.hpp"
#include "corpuscle/graph/plan.hpp"
#include "corpuscle/graph/print.hpp"
#include "corpuscle/runtime/engine.hpp"
#include "corpuscle/runtime/self_test.hpp"
#include "terminal.hpp"
#include "verbs.hpp"

namespace {

using namespace corpuscle;

/// "624662 numbers in 81 arrays, 2.5 MB".
std::string weights_in(artifact::ModelFile const& file) {
  std::size_t n_bytes = 0;
  for (artifact::Tensor const& weight : file.weights()) n_bytes += weight.bytes.size();
  return fmt::format("{} numbers in {} arrays, {:.2f} MB", n_bytes / sizeof(float), file.weights().size(),
                     static_cast<double>(n_bytes) / 1e6);
}

std::string elements_of(encoding::Schema const& schema) {
  std::string text;
  for (encoding::ElementColumns const& element : schema.elements)
    text += fmt::format("{}{} columns of a {}", text.empty() ? "" : ", ", element.columns.size(),
                        encoding::name(element.type));
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

void print_description(artifact::ModelFile const& file) {
  artifact::ModelDescription const& about = file.description();
  auto const outputs = encoding::output_names(about.layout);
  std::vector<std::pair<std::string, std::string>> facts{
      {"network", artifact::to_json(about.model)},
      {"features", fmt::format("{}: {}", about.schema.name, elements_of(about.schema))},
      {"outputs", fmt::format("{}: {}", encoding::name(about.layout), fmt::join(outputs, ", "))},
      {"targets", fmt::format("by the rule '{}'", about.rule)},
      {"detector", about.detector},
      {"weights", weights_in(file)},
      {"self-test", fmt::format("{} events of {} elements in all, answered as in training",
                                file.self_test().offsets.size() - 1, file.self_test().type.size())}};
  facts.insert(facts.end(), about.provenance.begin(), about.provenance.end());
  std::size_t width = 0;
  for (auto const& fact : facts) width = std::max(width, fact.first.size());
  fmt::print("{}\n", file.path());
  for (auto const& [name, text] : facts) {
    std::istringstream lines(text);
    std::string line;
    for (bool is_first = true; std::getline(lines, line); is_first = false)
      fmt::print("  {:<{}}  {}\n", is_first ? name : "", width, line);
  }
}

void print_costs(graph::Graph const& graph, runtime::Engine const& engine) {
  runtime::EngineConfig const& config = engine.config();
  fmt::print("\nIn {} with {}; weights in memory {:.2f} MB, shared by all threads. For each thread:\n\n",
             runtime::name(config.precision), runtime::name(config.instructions),
             static_cast<double>(engine.weight_bytes()) / 1e6);
  std::vector<std::vector<std::string>> rows{
      {"elements of an event", "operations", "per element", "scratch [MB]", "and in and out [MB]"}};
  for (std::uint32_t const n : {100U, 1000U, 10000U}) {
    double per_element = 0;
    for (std::size_t i = 0; i < graph.nodes().size(); ++i)
      per_element += graph::operations_per_element(graph, graph::NodeId(i), n);
    auto const scratch = static_cast<double>(engine.scratch_bytes(n, 1, n));
    double const in_and_out =
        static_cast<double>(n * (engine.n_features() + engine.n_outputs()) * sizeof(float));
    rows.push_back({fmt::to_string(n), fmt::format("{:.4g}", per_element * n),
                    fmt::format("{:.0f}", per_element), fmt::format("{:.2f}", scratch / 1e6),
                    fmt::format("{:.2f}", (scratch + in_and_out) / 1e6)});
  }
  fmt::print("{}", terminal::table(rows));
}

void show_model(std::string const& path) {
  artifact::ModelFile const file(path);
  graph::Graph const graph = graph::simplify(graph::build(file));
  runtime::Engine const engine(graph);
  runtime::replay(file.self_test(), engine, path);
  print_description(file);
  fmt::print("\n{}", graph::to_text(graph, graph::plan(graph)));
  print_costs(graph, engine);
}

}  // namespace

void add_model(CLI::App& app, int& exit_code) {
  auto path = std::make_shared<std::string>();
  CLI::App* verb = app.add_subcommand("model", "Show what is in a model file, and what an event costs");
  verb->add_option("file", *path, "Of models/, or made by 'corpuscle train'")->required()->type_name("FILE");
  verb->footer(
      "The file is checked as for reconstruction: its checksums, and its self-test on this machine.\n"
      "Operations are multiplications and additions. The graph is that after simplification, for an\n"
      "event of 100 elements.\n"
      "\n"
      "Examples:\n"
      "  corpuscle model models/clic_clusters.safetensors");
  verb->callback([path, &exit_code] {
    show_model(*path);
    exit_code = 0;
  });
}
