#pragma once

#include <torch/torch.h>

#include <cstdint>
#include <vector>

namespace corpuscle::model {

/// Blocks of rows of many lengths (events, bins, windows), worked on without padding: blocks of one length
/// form a group, which is one dense tensor.
///
/// Rows are given in the order of `rows`: blocks by length, blocks of one length as they came. Each block is
/// computed on its own, so what comes out does not depend on the others (to rounding: a matrix product may
/// sum in another order when there are more rows).
class Blocks {
 public:
  /// @param lengths  of blocks that lie end to end; 0 allowed
  explicit Blocks(std::vector<std::int64_t> const& lengths);

  /// Row i of the blocks' order is row rows()[i] of the original. [n] int64.
  [[nodiscard]] torch::Tensor const& rows() const noexcept { return rows_; }
  /// True if the blocks came by length: `rows` is 0, 1, 2 ...
  [[nodiscard]] bool is_in_order() const noexcept { return is_in_order_; }

  /// Block i in the order of `rows` is the rows [offsets()[i], offsets()[i + 1]) of it; empty blocks are left
  /// out.
  [[nodiscard]] std::vector<std::int64_t> offsets() const;

  /// Views [blocks, length, ...] of the groups of x, [n, ...], which is in the order of `rows`.
  [[nodiscard]] std::vector<torch::Tensor> split(torch::Tensor const& x) const;
  /// The reverse.
  [[nodiscard]] static torch::Tensor join(std::vector<torch::Tensor> const& groups);

  /// One row per block, of those that have rows, to one row per row: [n, ...].
  [[nodiscard]] torch::Tensor spread(torch::Tensor const& x) const;

  /// join(f(group) for the groups of x).
  template <class Function>
  [[nodiscard]] torch::Tensor map(torch::Tensor const& x, Function const& f) const {
    std::vector<torch::Tensor> groups = split(x);
    for (torch::Tensor& group : groups) group = f(group);
    return join(groups);
  }

 private:
  struct Group {
    std::int64_t length, count;
  };
  torch::Tensor rows_, block_;  // the block of each row, not counting empty ones
  std::vector<Group> groups_;
  std::vector<std::int64_t> group_rows_;
  bool is_in_order_ = true;
};

/// The lengths of events.
std::vector<std::int64_t> lengths_of(std::vector<std::int64_t> const& offsets);

/// The event of each row: [n] int64 on the CPU.
torch::Tensor event_of_row(std::vector<std::int64_t> const& offsets);

/// The permutation that undoes another: [n] int64, where `order` is.
torch::Tensor inverse_of(torch::Tensor const& order);

/// The rows of each type of element, for layers that have weights of their own for each.
class Types {
 public:
  /// @param type  [n] int64 below n_types
  Types(torch::Tensor const& type, std::int64_t n_types);

  /// f(type, rows of that type) for all types, put together in the order of x.
  template <class Function>
  [[nodiscard]] torch::Tensor map(torch::Tensor const& x, Function const& f) const {
    std::vector<torch::Tensor> parts;
    for (std::size_t type = 0; type < rows_.size(); ++type)
      parts.push_back(f(type, x.index_select(0, rows_[type])));
    return torch::cat(parts).index_select(0, back_);
  }

 private:
  std::vector<torch::Tensor> rows_;
  torch::Tensor back_;
};

/// softmax(q k^T / sqrt(d)) v for each head within each block, at least in float: sums of exponentials need
/// it, and on a CPU the derivative of LibTorch 2.15 takes seven times as long in 16 bits. On a CPU, in float
/// and with d a multiple of 16 it is that of packed_attention.hpp, which can be derived once; else
/// LibTorch's.
/// @param qkv  [n, 3 heads d]: q of all heads, then k, then v; in the order of `blocks`
/// @return     [n, heads d]
torch::Tensor block_attention(Blocks const& blocks, torch::Tensor const& qkv, std::int64_t heads);

}  // namespace corpuscle::model
