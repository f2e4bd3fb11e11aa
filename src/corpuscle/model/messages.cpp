#include "corpuscle/model/messages.hpp"

#include <ATen/Parallel.h>

#include <algorithm>

#include "corpuscle/model/graph.hpp"
#include "corpuscle/model/packed_message.hpp"
#include "corpuscle/model/precision.hpp"

namespace corpuscle::model {
namespace {

using Context = torch::autograd::AutogradContext;
using Tensors = torch::autograd::variable_list;
using Offsets = std::vector<std::int64_t>;

constexpr double floor_of_distance2 = 1e-6;

std::int64_t size_of_kernels(Offsets const& offsets) {
  std::int64_t size = 0;
  for (std::int64_t length : lengths_of(offsets)) size += length * length;
  return size;
}

/// The block whose matrix begins at `begin`.
struct Block {
  std::int64_t row, length, begin;

  [[nodiscard]] torch::Tensor rows(torch::Tensor const& x) const { return x.narrow(0, row, length); }
  [[nodiscard]] torch::Tensor matrix(torch::Tensor const& kernels) const {
    return kernels.as_strided({length, length}, {length, 1}, begin);
  }
  [[nodiscard]] torch::Tensor diagonal(torch::Tensor const& kernels) const {
    return kernels.as_strided({length}, {length + 1}, begin);
  }
};

/// f(block) for all blocks.
template <class Function>
void for_each_block(Offsets const& offsets, Function const& f) {
  std::int64_t begin = 0;
  for (std::size_t i = 1; i < offsets.size(); ++i) {
    std::int64_t const length = offsets[i] - offsets[i - 1];
    f(Block{offsets[i - 1], length, begin});
    begin += length * length;
  }
}

/// graph_kernels in float on a CPU.
class PackedKernels : public torch::autograd::Function<PackedKernels> {
 public:
  /// @param x        [n, d] float, contiguous
  /// @param offsets  of the blocks
  static torch::Tensor forward(Context* context, torch::Tensor const& x, Offsets const& offsets) {
    torch::Tensor distance = torch::empty({size_of_kernels(offsets)}, x.options());  // its square, at first
    torch::Tensor const norm2 = x.square().sum(1);
    for_each_block(offsets, [&](Block const& block) {
      torch::Tensor matrix = block.matrix(distance);
      torch::Tensor const norm = block.rows(norm2), rows = block.rows(x);
      torch::add_out(matrix, norm.unsqueeze(1), norm);
      matrix.addmm_(rows, rows.t(), 1, -2);
    });
    torch::Tensor const is_at_floor = distance <= floor_of_distance2;
    distance.clamp_min_(floor_of_distance2).sqrt_();
    torch::Tensor const kernels = distance.mul(-0.1).exp_();
    if (x.requires_grad()) {
      // The derivative of a kernel by the squared distance; the distance of a row to itself has none.
      torch::Tensor const slopes = kernels.mul(-0.05).div_(distance).masked_fill_(is_at_floor, 0);
      for_each_block(offsets, [&](Block const& block) { block.diagonal(slopes).zero_(); });
      context->save_for_backward({x, slopes});
      context->saved_data["offsets"] = offsets;
    }
    return kernels;
  }

  static Tensors backward(Context* context, Tensors const& gradients) {
    Tensors const saved = context->get_saved_variables();
    torch::Tensor const &x = saved[0], &slopes = saved[1];
    torch::Tensor const by_distance2 = gradients[0] * slopes;
    torch::Tensor const result = torch::empty_like(x);
    for_each_block(context->saved_data["offsets"].toIntVector(), [&](Block const& block) {
      torch::Tensor const matrix = block.matrix(by_distance2), rows = block.rows(x);
      torch::Tensor const both_ways = matrix + matrix.t();
      torch::Tensor out = block.rows(result);
      torch::mul_out(out, rows, both_ways.sum(1, true));
      out.addmm_(both_ways, rows, 2, -2);
    });
    return {result, {}};
  }
};

/// pass_messages in float or bfloat16 on a CPU.
class PackedMessages : public torch::autograd::Function<PackedMessages> {
 public:
  /// @param kernels, parts  contiguous, of one type
  /// @param gate_bias       [width] float, contiguous
  /// @param offsets         of the blocks
  static torch::Tensor forward(Context* context, torch::Tensor const& kernels, torch::Tensor const& parts,
                               torch::Tensor const& gate_bias, Offsets const& offsets) {
    std::int64_t const n = parts.size(0), width = parts.size(1) / 3;
    torch::Tensor const sums = torch::empty({n, width}, parts.options());
    for_each_block(offsets, [&](Block const& block) {
      torch::Tensor out = block.rows(sums);
      torch::mm_out(out, block.matrix(kernels), block.rows(parts).narrow(1, 0, width));
    });
    torch::Tensor const out = torch::empty_like(sums);
    with_number(parts, [&](auto number) {
      using Number = decltype(number);
      at::parallel_for(0, n, rows_at_a_time, [&](std::int64_t begin, std::int64_t end) {
        mix(input<Number>(parts, gate_bias, sums, begin, end), at<Number>(out, begin));
      });
    });
    context->save_for_backward({kernels, parts, gate_bias, sums});
    context->saved_data["offsets"] = offsets;
    return out;
  }

  static Tensors backward(Context* context, Tensors const& gradients) {
    Tensors const saved = context->get_saved_variables();
    torch::Tensor const &kernels = saved[0], &parts = saved[1], &gate_bias = saved[2], &sums = saved[3];
    torch::Tensor const gradient = gradients[0].contiguous();
    std::int64_t const n = parts.size(0), width = parts.size(1) / 3;
    torch::Tensor const d_parts = torch::empty_like(parts), d_sums = torch::empty_like(sums);
    // Summed over a number of rows that is always the same, and then over these: one order for any number of
    // threads.
    std::int64_t const n_chunks = (n + rows_at_a_time - 1) / rows_at_a_time;
    torch::Tensor const d_bias = torch::empty({n_chunks, width}, gate_bias.options());
    with_number(parts, [&](auto number) {
      using Number = decltype(number);
      at::parallel_for(0, n_chunks, 1, [&](std::int64_t first, std::int64_t last) {
        for (std::int64_t chunk = first; chunk < last; ++chunk) {
          std::int64_t const begin = chunk * rows_at_a_time, end = std::min(n, begin + rows_at_a_time);
          Number* const d_row = at<Number>(d_parts, begin);
          derive_mix(input<Number>(parts, gate_bias, sums, begin, end), at<Number>(gradient, begin),
                     d_row + width, d_row + 2 * width, at<Number>(d_sums, begin), at<float>(d_bias, chunk));
        }
      });
    });
    torch::Tensor const d_kernels = torch::empty_like(kernels);
    for_each_block(context->saved_data["offsets"].toIntVector(), [&](Block const& block) {
      torch::Tensor const d_out = block.rows(d_sums);
      torch::Tensor const neighbours = block.rows(parts).narrow(1, 0, width);
      torch::Tensor d_matrix = block.matrix(d_kernels);
      torch::mm_out(d_matrix, d_out, neighbours.t());
      block.rows(d_parts).narrow(1, 0, width).copy_(torch::mm(block.matrix(kernels).t(), d_out));
    });
    return {d_kernels, d_parts, d_bias.sum(0), {}};
  }

 private:
  static constexpr std::int64_t rows_at_a_time = 256;

  /// f(a number of the type that x has, for `mix`).
  template <class Function>
  static void with_number(torch::Tensor const& x, Function const& f) {
    if (x.scalar_type() == torch::kFloat)
      f(float{});
    else
      f(std::uint16_t{});
  }

  template <class Number>
  static Number* at(torch::Tensor const& x, std::int64_t row) {
    return static_cast<Number*>(x.data_ptr()) + row * x.size(1);
  }

  template <class Number>
  static MixInput<Number> input(torch::Tensor const& parts, torch::Tensor const& gate_bias,
                                torch::Tensor const& sums, std::int64_t begin, std::int64_t end) {
    std::int64_t const width = sums.size(1);
    Number const* const row = at<Number>(parts, begin);
    return {row + width,
            row + 2 * width,
            3 * width,
            at<Number>(sums, begin),
            gate_bias.data_ptr<float>(),
            end - begin,
            width};
  }
};

/// The matrices of a group of blocks, [blocks, length, length], for each group that `Blocks::split` gives.
std::vector<torch::Tensor> matrices(torch::Tensor const& kernels, std::vector<torch::Tensor> const& groups) {
  std::vector<std::int64_t> sizes;
  for (torch::Tensor const& group : groups) sizes.push_back(group.size(0) * group.size(1) * group.size(1));
  std::vector<torch::Tensor> result = kernels.split_with_sizes(sizes);
  for (std::size_t i = 0; i < groups.size(); ++i)
    result[i] = result[i].view({groups[i].size(0), groups[i].size(1), groups[i].size(1)});
  return result;
}

}  // namespace

torch::Tensor graph_kernels(Blocks const& bins, torch::Tensor const& x) {
  NoAutocast const in_float;
  torch::Tensor const a = at_least_float(x);
  if (a.is_cpu() && a.scalar_type() == torch::kFloat)
    return PackedKernels::apply(a.contiguous(), bins.offsets());
  std::vector<torch::Tensor> groups = bins.split(a);
  for (torch::Tensor& group : groups) group = graph_kernel(group).flatten();
  return torch::cat(groups);
}

torch::Tensor pass_messages(Blocks const& bins, torch::Tensor const& kernels, torch::Tensor const& parts,
                            torch::Tensor const& gate_bias) {
  torch::ScalarType const type = parts.scalar_type();
  if (parts.is_cpu() && (type == torch::kFloat || type == torch::kBFloat16)) {
    NoAutocast const as_given;
    return PackedMessages::apply(kernels.to(type).contiguous(), parts.contiguous(),
                                 gate_bias.to(torch::kFloat).contiguous(), bins.offsets());
  }
  std::vector<torch::Tensor> const each = parts.chunk(3, 1);
  std::vector<torch::Tensor> sums = bins.split(each[0]);
  std::vector<torch::Tensor> const weights = matrices(kernels.to(type), sums);
  for (std::size_t i = 0; i < sums.size(); ++i) sums[i] = torch::matmul(weights[i], sums[i]);
  return torch::elu(torch::lerp(each[1], Blocks::join(sums), (each[2] + gate_bias.to(type)).sigmoid()));
}

}  // namespace corpuscle::model
