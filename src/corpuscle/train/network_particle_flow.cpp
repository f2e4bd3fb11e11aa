#include "corpuscle/train/network_particle_flow.hpp"

#include <torch/torch.h>

#include <optional>

#include "corpuscle/encoding/decoding.hpp"
#include "corpuscle/encoding/encoder.hpp"
#include "corpuscle/model/network.hpp"
#include "corpuscle/pf/hit_particle_flow.hpp"
#include "corpuscle/train/network_file.hpp"

namespace corpuscle::train {

struct NetworkParticleFlow::Parts {
  encoding::Encoder encode;
  encoding::Layout layout;
  std::shared_ptr<model::Network> network;
  std::optional<pf::HitParticleFlow> find_showers;

  event::Particles reconstruct(event::Observed const& observed) const {
    encoding::Elements elements = encode(observed);
    if (elements.size() == 0) return {};
    auto const n = static_cast<std::int64_t>(elements.size());
    torch::InferenceMode const inference;
    torch::Tensor const types = torch::empty({n}, torch::kInt64);
    for (std::int64_t i = 0; i < n; ++i)
      types.data_ptr<std::int64_t>()[i] =
          static_cast<std::int64_t>(encode.schema().position(elements.types[static_cast<std::size_t>(i)]));
    model::Batch const batch{
        torch::from_blob(elements.features.data(), {n, static_cast<std::int64_t>(elements.width)}),
        types,
        {0, n}};
    torch::Tensor const outputs = network->forward(batch).contiguous();
    return encoding::decode(
               layout, std::span(outputs.const_data_ptr<float>(), static_cast<std::size_t>(outputs.numel())),
               elements)
        .particles;
  }
};

NetworkParticleFlow::NetworkParticleFlow(artifact::ModelFile const& file, detector::Detector const& detector)
    : parts_(std::make_unique<Parts>(Parts{encoding::Encoder(file.description().schema, detector),
                                           file.description().layout, load_network(file), std::nullopt})) {
  if (encoding::is_of_showers(file.description().schema)) parts_->find_showers.emplace(detector);
}

NetworkParticleFlow::~NetworkParticleFlow() = default;

event::Particles NetworkParticleFlow::operator()(event::Observed const& observed) {
  if (!parts_->find_showers) return parts_->reconstruct(observed);
  event::Observed with_showers = observed;
  with_showers.clusters = parts_->find_showers->showers(observed);
  event::Particles particles = parts_->reconstruct(with_showers);
  pf::refer_to_given_clusters(particles, with_showers.clusters, observed);
  return particles;
}

}  // namespace corpuscle::train
