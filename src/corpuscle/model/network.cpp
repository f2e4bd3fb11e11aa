#include "corpuscle/model/network.hpp"

#include <algorithm>
#include <cstdlib>

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "corpuscle/core/expect.hpp"
#include "corpuscle/core/random.hpp"
#include "corpuscle/model/architectures.hpp"
#include "corpuscle/model/blocks.hpp"

namespace corpuscle::model {

Network::Network(artifact::ModelConfig const& config)
    : config_(config),
      mean_(register_buffer("mean", torch::zeros({config.types, config.features}))),
      scale_(register_buffer("scale", torch::ones({config.types, config.features}))) {}

torch::Tensor Network::forward(Batch const& batch) const {
  CORPUSCLE_EXPECT(batch.features.dim() == 2 && batch.features.size(1) == config_.features);
  CORPUSCLE_EXPECT(!batch.offsets.empty() && batch.offsets.back() == batch.features.size(0));
  if (batch.features.size(0) == 0) return batch.features.new_zeros({0, n_outputs(config_)});

  std::vector<std::int64_t> lengths = lengths_of(batch.offsets);
  Blocks const events(lengths);
  torch::Tensor const rows = events.rows().to(batch.features.device());
  auto const by_length = [&](torch::Tensor const& x) {
    return events.is_in_order() ? x : x.index_select(0, rows);
  };
  torch::Tensor const measured = by_length(batch.features);
  torch::Tensor const type = by_length(batch.type);
  std::sort(lengths.begin(), lengths.end());
  std::vector<std::int64_t> offsets{0};
  for (std::int64_t length : lengths) offsets.push_back(offsets.back() + length);

  torch::Tensor const x = (measured - mean_.index_select(0, type)) * scale_.index_select(0, type);
  torch::Tensor const answer = compute({measured, x, type, Types(type, config_.types), std::move(offsets)});
  return events.is_in_order() ? answer : answer.index_select(0, inverse_of(rows));
}

void Network::set_normalisation(torch::Tensor const& mean, torch::Tensor const& scale) {
  torch::NoGradGuard const no_gradient;
  mean_.copy_(mean);
  scale_.copy_(scale);
}

std::int64_t Network::n_parameters() const {
  std::int64_t n = 0;
  for (torch::Tensor const& parameter : parameters()) n += parameter.numel();
  return n;
}

std::shared_ptr<Network> make_network(artifact::ModelConfig const& config, std::uint64_t seed) {
  check(config, "model");
  core::Random random(seed);
  return std::visit([&](auto const& architecture) { return make(config, architecture, random); },
                    config.architecture);
}

bool flush_subnormals() {
  return at::globalContext().setFlushDenormal(true);
}

void keep_memory() {
#ifdef __GLIBC__
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, -1);
#endif
}

}  // namespace corpuscle::model
