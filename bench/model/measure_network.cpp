// Time and memory of a network for one event: a line of a table, from a process of its own, whose peak of
// memory is that of this event.
//
//   measure_network NETWORK ELEMENTS forward|step
//
// Prints CPU seconds, the least and the median, and the peak of memory [MB] less that before the first pass.
// A step is forward and backward of the mean square of the outputs.
#include <sys/resource.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <string_view>
#include <vector>

#include "corpuscle/model/network.hpp"
#include "random_batch.hpp"

namespace {

using namespace corpuscle;

constexpr double enough_seconds = 1;
constexpr std::size_t most_runs = 50;

double cpu_seconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double peak_megabytes() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

/// @return a number that is not finite if the network fails
float pass(model::Network& network, model::Batch const& batch, bool is_step) {
  if (!is_step) {
    torch::InferenceMode const inference;
    return network.forward(batch).sum().item<float>();
  }
  network.zero_grad();
  torch::Tensor const loss = network.forward(batch).square().mean();
  loss.backward();
  return loss.item<float>();
}

}  // namespace

int main(int argc, char** argv) try {
  auto const config = argc == 4 ? model::default_config(argv[1]) : std::nullopt;
  std::string_view const what = argc == 4 ? argv[3] : "";
  if (!config || (what != "forward" && what != "step")) {
    std::fputs(
        "usage: measure_network window-transformer|attention|gnn-lsh|kernel-transformer ELEMENTS "
        "forward|step\n",
        stderr);
    return 2;
  }
  model::flush_subnormals();
  model::keep_memory();
  at::set_num_threads(1);
  auto const network = model::make_network(*config, 1);
  network->train(what == "step");
  std::int64_t const n = std::atoll(argv[2]);
  pass(*network, model::random_batch(1, 10, 10, config->features),
       what == "step");  // what LibTorch does once
  model::Batch const batch = model::random_batch(1, n, n, config->features);
  double const before = peak_megabytes();

  std::vector<double> seconds;
  double total = 0;
  while (seconds.size() < most_runs && (seconds.size() < 3 || total < enough_seconds)) {
    double const start = cpu_seconds();
    if (!std::isfinite(pass(*network, batch, what == "step"))) {
      std::fputs("measure_network: the answer is not finite\n", stderr);
      return 1;
    }
    seconds.push_back(cpu_seconds() - start);
    total += seconds.back();
    if (seconds.back() > 10 * enough_seconds) break;  // so long that it needs no company
  }
  std::sort(seconds.begin(), seconds.end());
  std::printf("%.6g %.6g %.1f\n", seconds.front(), seconds[seconds.size() / 2], peak_megabytes() - before);
} catch (std::exception const& error) {
  std::fprintf(stderr, "measure_network: %s\n", error.what());
  return 1;
}
