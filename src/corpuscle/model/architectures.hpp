#pragma once

#include <memory>

#include "corpuscle/core/random.hpp"
#include "corpuscle/model/network.hpp"

/// Inside of the library: one function per architecture, each in a file of its name.
namespace corpuscle::model {

std::shared_ptr<Network> make(ModelConfig const&, GnnLshConfig const&, core::Random&);
std::shared_ptr<Network> make(ModelConfig const&, KernelTransformerConfig const&, core::Random&);
std::shared_ptr<Network> make(ModelConfig const&, AttentionConfig const&, core::Random&);
std::shared_ptr<Network> make(ModelConfig const&, WindowTransformerConfig const&, core::Random&);

}  // namespace corpuscle::model
