#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

#include "corpuscle/tune/qubo.hpp"

/// Problems and samples as text, for solvers that are no part of Corpuscle: an annealer's own tools, say.
namespace corpuscle::tune {

/// Lines `v w U_vw` with v <= w, for coefficients that are not 0; before them `# variables n`, `# reads m`
/// and
/// `# seed s`. Numbers with 17 digits: none is rounded.
void write_qubo(std::ostream& out, Qubo const& qubo, std::size_t reads, std::uint64_t seed);

/// Lines `bits energy occurrences`, with bits as one word of n digits 0 or 1, variable 0 first; empty lines
/// and those that begin with # do not count.
///
/// @param name  what messages call the file
/// @return as by `ranked`
/// @throws core::DataError if a line is not of this kind, if an energy is not that of the problem (within
/// 1e-6 of 1 + its size), or if there is no sample; names the line.
[[nodiscard]] std::vector<Sample> read_samples(std::istream& in, Qubo const& qubo, std::string const& name);

struct CommandSamplerConfig {
  std::vector<std::string> command;  ///< program (looked for in PATH) and arguments; two are added: see below
  std::filesystem::path folder;      ///< made if it is not there; one sampler at a time may use it
  std::chrono::seconds time_limit{3600};  ///< of one call, after which the program is killed
};

/// Has a program of the user's draw the samples: it is started with the path of a problem (`write_qubo`) and
/// the path of the file that it shall write (`read_samples`) as last arguments. What it prints goes to
/// `sampler.log` in the folder. As deterministic as the program.
class CommandSampler : public Sampler {
 public:
  explicit CommandSampler(CommandSamplerConfig config);

  /// @throws core::EnvironmentError if the folder cannot be written, or if the program cannot be started,
  /// fails or takes too long: with the last line that it printed. core::DataError as `read_samples`.
  [[nodiscard]] std::vector<Sample> sample(Qubo const& qubo, std::size_t reads,
                                           std::uint64_t seed) const override;

 private:
  CommandSamplerConfig config_;
};

}  // namespace corpuscle::tune
