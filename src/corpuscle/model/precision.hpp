#pragma once

#include <torch/torch.h>

namespace corpuscle::model {

/// While it lives, autocast is off on this thread: 16 bits are not enough for distances and for sums of
/// exponentials, and autocast would use them even on float input (mlpf.md, pitfall 22).
class NoAutocast {
 public:
  NoAutocast() : guard_(c10::autocast_dispatch_keyset) {}

 private:
  c10::impl::ExcludeDispatchKeyGuard guard_;
};

/// x if it is float or double, else as float.
inline torch::Tensor at_least_float(torch::Tensor const& x) {
  return x.scalar_type() == torch::kDouble ? x : x.to(torch::kFloat);
}

}  // namespace corpuscle::model
