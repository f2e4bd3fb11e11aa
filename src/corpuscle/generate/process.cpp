#include "corpuscle/generate/process.hpp"

#include <string_view>

#include "corpuscle/config/embedded.hpp"
#include "corpuscle/config/yaml.hpp"
#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"

namespace corpuscle::generate {

/// processes/*.yaml, by name. Defined in a source that cmake/CorpuscleEmbed.cmake writes.
std::span<config::EmbeddedFile const> embedded_processes();

namespace {

// In the order of the enumerators.
constexpr std::string_view beam_words[] = {"electron_positron", "photon_photon"};
constexpr std::string_view polarisation_words[] = {"unsupported", "rate_only", "fermion_pair"};

void bind_process(config::Section& section, Process& process) {
  section.text("description", process.description)
      .number("energy", process.energy, {1, 1e5, "GeV"})
      .texts("pythia", process.pythia)
      .choice("beams", process.beams, beam_words)
      .choice("polarisation", process.polarisation, polarisation_words);
}

/// "ttbar" of "folder/ttbar.yaml".
std::string stem(std::string_view path) {
  path.remove_prefix(path.rfind('/') + 1);  // npos + 1 == 0
  return std::string(path.substr(0, path.rfind('.')));
}

}  // namespace

Process load_process(std::string const& path) {
  auto process = config::Document::load(path).read<Process>(bind_process);
  process.name = stem(path);
  return process;
}

std::span<Process const> built_in_processes() {
  static std::vector<Process> const processes = [] {
    std::vector<Process> read;
    for (config::EmbeddedFile const& file : embedded_processes()) {
      auto const document = config::Document::parse(std::string(file.text), std::string(file.name));
      read.push_back(document.read<Process>(bind_process));
      read.back().name = stem(file.name);
    }
    return read;
  }();
  return processes;
}

Process find_process(std::string const& name_or_path) {
  std::span<Process const> const processes = built_in_processes();
  std::vector<std::string_view> names;
  std::string listed;
  for (Process const& process : processes) {
    if (process.name == name_or_path) return process;
    names.push_back(process.name);
    listed += core::cat(listed.empty() ? "" : ", ", process.name);
  }
  if (name_or_path.find('/') != std::string::npos || name_or_path.ends_with(".yaml"))
    return load_process(name_or_path);

  std::string_view const nearest = core::nearest(name_or_path, names);
  throw core::ConfigError(core::cat("unknown process '", name_or_path, "'",
                                    nearest.empty() ? "." : core::cat("; did you mean '", nearest, "'?"),
                                    " Built in are ", listed, "; or give the path of a process file."));
}

}  // namespace corpuscle::generate
