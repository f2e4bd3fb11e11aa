#include "corpuscle/dataset/examples.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/expect.hpp"

namespace corpuscle::dataset {

ExamplesView view(Examples const& examples) {
  ExamplesView result;
  result.width = examples.width;
  result.offsets = examples.offsets;
  result.particle_offsets = examples.particle_offsets;
  for_each_column([](std::string_view, Per, auto& to, auto const& from) { to = from; }, result, examples);
  return result;
}

void append(Examples& to, ExamplesView const& from, std::size_t first, std::size_t last) {
  CORPUSCLE_EXPECT(to.width == from.width);
  auto const copy_offsets = [&](std::vector<std::int64_t>& ours, std::span<std::int64_t const> theirs) {
    std::int64_t const shift = ours.back() - theirs[first];
    for (std::size_t i = first; i < last; ++i) ours.push_back(theirs[i + 1] + shift);
  };
  copy_offsets(to.offsets, from.offsets);
  copy_offsets(to.particle_offsets, from.particle_offsets);

  // Runs for every event of every batch.
  auto const begin_end = [&](Per per) -> std::pair<std::size_t, std::size_t> {
    if (per == Per::event) return {first, last};
    auto const& offsets = per == Per::element ? from.offsets : from.particle_offsets;
    return {static_cast<std::size_t>(offsets[first]), static_cast<std::size_t>(offsets[last])};
  };
  for_each_column(
      [&](std::string_view name, Per per, auto& ours, auto const& theirs) {
        auto const [begin, end] = begin_end(per);
        std::size_t const stride = name == "features" ? to.width : 1;
        auto const part = theirs.subspan(begin * stride, (end - begin) * stride);
        ours.insert(ours.end(), part.begin(), part.end());
      },
      to, from);
}

TargetMatrix encode_targets(encoding::Layout layout, ExamplesView const& examples) {
  std::size_t const n = examples.n_elements();
  std::size_t const n_regressions = encoding::regression_names(layout).size();
  TargetMatrix result;
  result.label.resize(n);
  result.charge.resize(n);
  result.regression.resize(n * n_regressions);
  for (std::size_t i = 0; i < n; ++i) {
    if (examples.label[i] == 0) continue;
    TargetParticle const& p = examples.target[i];
    auto const particle_class = static_cast<event::ParticleClass>(examples.label[i] - 1);
    encoding::Target const target = encoding::encode_target(
        layout, examples.reference[i], {particle_class, p.charge, p.energy, p.px, p.py, p.pz});
    result.label[i] = target.label;
    result.charge[i] = target.charge;
    std::copy_n(target.regression.begin(), n_regressions,
                result.regression.begin() + static_cast<std::ptrdiff_t>(i * n_regressions));
  }
  return result;
}

encoding::Elements elements(ExamplesView const& examples, std::size_t event, bool has_tracks) {
  auto const first = static_cast<std::size_t>(examples.offsets[event]);
  std::size_t const n = examples.n_elements(event);
  auto const part = [&](auto const& column, std::size_t stride) {
    return std::vector(column.begin() + static_cast<std::ptrdiff_t>(first * stride),
                       column.begin() + static_cast<std::ptrdiff_t>((first + n) * stride));
  };
  encoding::Elements result;
  result.width = examples.width;
  result.has_tracks = has_tracks;
  result.features = part(examples.features, examples.width);
  result.types = part(examples.type, 1);
  result.rows = part(examples.row, 1);
  result.references = part(examples.reference, 1);
  return result;
}

event::Particles particles(ExamplesView const& examples, std::size_t event) {
  auto const first = static_cast<std::size_t>(examples.particle_offsets[event]);
  auto const last = static_cast<std::size_t>(examples.particle_offsets[event + 1]);
  event::Particles result;
  result.resize(last - first);
  for (std::size_t i = first; i < last; ++i) {
    TrueParticle const& p = examples.particle[i];
    std::size_t const k = i - first;
    result.particle_class[k] = examples.particle_class[i];
    result.pdg[k] = examples.particle_pdg[i];
    result.charge[k] = p.charge;
    result.energy[k] = p.energy;
    result.px[k] = p.px;
    result.py[k] = p.py;
    result.pz[k] = p.pz;
    result.mass[k] = p.mass;
    result.x[k] = p.x;
    result.y[k] = p.y;
    result.z[k] = p.z;
    result.tracks.end_row();
    result.clusters.end_row();
  }
  return result;
}

std::vector<std::byte> to_bytes(Examples const& examples) {
  std::vector<std::byte> bytes;
  auto const put = [&](void const* data, std::size_t size) {
    std::size_t const begin = bytes.size();
    bytes.resize(begin + size);
    if (size > 0) std::memcpy(bytes.data() + begin, data, size);
  };
  auto const put_column = [&](auto const& column) {
    std::uint64_t const size = column.size();
    put(&size, sizeof size);
    put(column.data(), size * sizeof column[0]);
  };
  std::uint64_t const width = examples.width;
  put(&width, sizeof width);
  put_column(examples.offsets);
  put_column(examples.particle_offsets);
  for_each_column([&](std::string_view, Per, auto const& column) { put_column(column); }, examples);
  return bytes;
}

Examples from_bytes(std::span<std::byte const> bytes) {
  auto const take = [&](void* data, std::size_t size) {
    if (size > bytes.size()) throw core::DataError("encoded events from a worker process end too early");
    if (size > 0) std::memcpy(data, bytes.data(), size);
    bytes = bytes.subspan(size);
  };
  auto const take_column = [&](auto& column) {
    std::uint64_t size = 0;
    take(&size, sizeof size);
    if (size > bytes.size() / sizeof column[0])
      throw core::DataError("encoded events from a worker process end too early");
    column.resize(size);
    take(column.data(), size * sizeof column[0]);
  };
  Examples examples;
  std::uint64_t width = 0;
  take(&width, sizeof width);
  examples.width = width;
  take_column(examples.offsets);
  take_column(examples.particle_offsets);
  for_each_column([&](std::string_view, Per, auto& column) { take_column(column); }, examples);
  if (!bytes.empty()) throw core::DataError("encoded events from a worker process have bytes to spare");
  return examples;
}

}  // namespace corpuscle::dataset
