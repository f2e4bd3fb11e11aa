#pragma once

#include <memory>

#include "corpuscle/core/random.hpp"
#include "corpuscle/model/network.hpp"

/// Inside of the library: one function per architecture, each in a file of its name.
namespace corpuscle::model {

std::shared_ptr<Network> make(artifact::ModelConfig const&, artifact::GnnLshConfig const&, core::Random&);
std::shared_ptr<Network> make(artifact::ModelConfig const&, artifact::KernelTransformerConfig const&,
                              core::Random&);
std::shared_ptr<Network> make(artifact::ModelConfig const&, artifact::AttentionConfig const&, core::Random&);
std::shared_ptr<Network> make(artifact::ModelConfig const&, artifact::WindowTransformerConfig const&,
                              core::Random&);

}  // namespace corpuscle::model
