#include "corpuscle/runtime/self_test.hpp"

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"

namespace corpuscle::runtime {

void replay(artifact::SelfTest const& test, Engine const& engine, std::string_view where) {
  if (test.type.empty())
    throw core::DataError(core::cat(where,
                                    ": its self-test has no elements, so nobody can say whether the "
                                    "network answers as in training. Train the model again"));
  std::vector<std::uint8_t> const types(test.type.begin(), test.type.end());
  std::vector<float> outputs(test.outputs.size());
  std::size_t const n_features = engine.n_features();
  std::size_t const n_outputs = engine.n_outputs();
  Arena arena;
  auto const fail = [&](std::string const& what) {
    throw core::DataError(core::cat(where, ": the network does not answer as it did in training: ", what,
                                    ", with ", name(engine.config().instructions), " in ",
                                    name(engine.config().precision),
                                    ". Train the model again, or report this with the file"));
  };
  double const tolerance = engine.config().precision == Precision::fp32 ? 1e-3 : 0.1;
  std::vector<std::size_t> n_wrong_in_column(n_outputs);
  for (std::size_t event = 0; event + 1 < test.offsets.size(); ++event) {
    auto const first = static_cast<std::size_t>(test.offsets[event]);
    auto const n = static_cast<std::size_t>(test.offsets[event + 1]) - first;
    std::size_t const begin = first * n_outputs;
    std::size_t const end = begin + n * n_outputs;
    // One by one: many events without elements, which cost a file nothing, would cost memory together.
    std::uint32_t const offsets[] = {0, static_cast<std::uint32_t>(n)};
    engine({std::span(test.features).subspan(first * n_features, n * n_features),
            std::span(types).subspan(first, n), offsets},
           std::span(outputs).subspan(begin, n * n_outputs), arena);
    std::size_t n_wrong = 0;
    double worst = 0;
    for (std::size_t i = begin; i < end; ++i) {
      double const expected = test.outputs[i];
      double const difference =
          std::abs(static_cast<double>(outputs[i]) - expected) / (1 + std::abs(expected));
      if (!(difference <= tolerance)) {
        ++n_wrong;
        ++n_wrong_in_column[i % n_outputs];
      }
      worst = std::max(worst, difference);
      if (!std::isfinite(outputs[i])) {
        n_wrong = end - begin;
        worst = difference;
        break;
      }
    }
    if (10 * n_wrong > end - begin)
      fail(core::cat("event ", event, " of its self-test is wrong in ", n_wrong, " of ", end - begin,
                     " outputs, by up to ", worst));
  }
  for (std::size_t column = 0; column < n_outputs; ++column)
    if (10 * n_wrong_in_column[column] > 9 * types.size())
      fail(core::cat("output ", column, " is wrong in ", n_wrong_in_column[column], " of ", types.size(),
                     " elements of its self-test"));
}

}  // namespace corpuscle::runtime
