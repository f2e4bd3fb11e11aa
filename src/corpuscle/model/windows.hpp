#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <vector>

namespace corpuscle::model {

/// A place on the sphere as a number, so that what is next in it is a neighbour in eta and phi: the position
/// on Hilbert's curve through 1024 x 1024 cells, of eta in [-4, 4] (what is farther out counts as being
/// there) and of phi, 0.008 by 0.006 rad each.
/// @return  [n] int64, 0 to 2^20 - 1
torch::Tensor hilbert_code(torch::Tensor const& eta, torch::Tensor const& phi);

/// Rows cut into windows of neighbours.
struct Windows {
  torch::Tensor order;                ///< [n] int64: the rows, by event, then key, then row
  std::vector<std::int64_t> lengths;  ///< of the windows, which are consecutive rows of `order`
};

/// Sorts the rows of each event by key, and cuts it into as few windows of at most `size` as will do, all of
/// which are equally long to one row. An event of one window keeps its order.
/// @param key      [n] int64, 0 to 2^32 - 1
/// @param offsets  of the events, which come by length
Windows windows(torch::Tensor const& key, std::vector<std::int64_t> const& offsets, std::int64_t size);

}  // namespace corpuscle::model
