#include "corpuscle/encoding/encoder.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <tuple>
#include <utility>
#include <vector>

#include "corpuscle/core/text.hpp"
#include "corpuscle/encoding/encoding.hpp"
#include "corpuscle/encoding/hit_groups.hpp"

namespace corpuscle::encoding {
namespace {

/// Sorts first by type, then by falling energy: energies are finite and not negative, so that their bits are
/// in the order of their values.
struct Rank {
  std::uint64_t key;
  std::uint32_t element;
};

auto tie(Reference const& r) {
  return std::tie(r.energy, r.pt, r.eta, r.sin_phi, r.cos_phi, r.charge, r.x, r.y, r.z);
}

std::size_t n_rows(event::Observed const& observed, ElementType type) {
  switch (type) {
    case ElementType::track: return observed.tracks.size();
    case ElementType::cluster: return observed.clusters.size();
    case ElementType::hit: return observed.calo_hits.size();
    case ElementType::tracker_hit: return observed.tracker_hits.size();
    case ElementType::hit_group: return observed.calo_hits.size() / 10;  // about
  }
  return 0;
}

Elements in_canonical_order(Elements&& elements, Schema const& schema, Flawed flawed) {
  std::uint64_t place[n_element_types] = {};
  for (std::size_t k = 0; k < schema.elements.size(); ++k)
    place[static_cast<std::size_t>(schema.elements[k].type)] = k;
  std::vector<Rank> ranks;
  ranks.reserve(elements.size());
  auto next = elements.flaws.begin();  // they come in the order of the elements
  for (std::uint32_t i = 0; i < elements.size(); ++i) {
    bool const has_flaw =
        next != elements.flaws.end() && next->type == elements.types[i] && next->row == elements.rows[i];
    if (has_flaw) ++next;
    if (has_flaw && flawed == Flawed::left_out) continue;
    std::uint64_t const energy = std::bit_cast<std::uint32_t>(elements.references[i].energy);
    ranks.push_back({place[static_cast<std::size_t>(elements.types[i])] << 32 | (0xffffffffU - energy), i});
  }
  std::sort(ranks.begin(), ranks.end(), [&](Rank a, Rank b) {
    if (a.key != b.key) return a.key < b.key;
    auto const x = elements.row(a.element);
    auto const y = elements.row(b.element);
    auto const [p, q] = std::mismatch(x.begin(), x.end(), y.begin());
    if (p != x.end()) return *p < *q;
    return tie(elements.references[a.element]) < tie(elements.references[b.element]);
  });

  Elements sorted;
  sorted.width = elements.width;
  sorted.has_tracks = elements.has_tracks;
  sorted.n_broken = elements.n_broken;
  sorted.n_limited = elements.n_limited;
  sorted.flaws = std::move(elements.flaws);
  sorted.groups = std::move(elements.groups);
  sorted.features.reserve(ranks.size() * elements.width);
  sorted.types.reserve(ranks.size());
  sorted.rows.reserve(ranks.size());
  sorted.references.reserve(ranks.size());
  for (Rank const rank : ranks) {
    auto const row = elements.row(rank.element);
    sorted.features.insert(sorted.features.end(), row.begin(), row.end());
    sorted.types.push_back(elements.types[rank.element]);
    sorted.rows.push_back(elements.rows[rank.element]);
    sorted.references.push_back(elements.references[rank.element]);
  }
  return sorted;
}

}  // namespace

std::string describe(Flaw const& flaw, Schema const& schema) {
  std::string const what =
      core::cat(name(flaw.type), ' ', flaw.row, ": its '", flaw.column, "' is ", flaw.value);
  if (flaw.is_broken) return what + ", which is no finite number";
  std::vector<Column> const* columns = schema.columns(flaw.type);
  if (columns == nullptr)
    return core::cat(what, " GeV; ", schema.name, " groups hits of ", min_grouped_energy, " to ",
                     max_grouped_energy, " GeV");
  for (Column const& column : *columns)
    if (column.name == flaw.column)
      return core::cat(what, column.unit.empty() ? "" : " ", column.unit, "; ", schema.name,
                       " has the range ", column.low, " to ", column.high);
  return what;
}

Reference make_reference(double energy, double pt, double eta, double sin_phi, double cos_phi, double charge,
                         core::Vector3 origin) {
  /// More is a curvature of nearly zero, not a measurement.
  constexpr double max_energy = 1e5;  // GeV
  auto const round = [](double number) { return static_cast<float>(number) + 0.F; };
  Reference r{round(energy), round(pt),       round(eta),      round(sin_phi), round(cos_phi),
              round(charge), round(origin.x), round(origin.y), round(origin.z)};
  bool const is_usable = all_finite(r.energy, r.pt, r.eta, r.sin_phi, r.cos_phi, r.charge, r.x, r.y, r.z) &&
                         r.energy > 0 && energy < max_energy && (r.sin_phi != 0 || r.cos_phi != 0);
  return is_usable ? r : Reference{};
}

Encoder::Encoder(Schema const& schema, detector::Detector const& detector) : schema_(schema) {
  require_same(schema, find_schema(schema.name), "encoding");
  std::unique_ptr<Encoding const> encoding = make_corpuscle_encoding(schema.name, detector);
  if (!encoding) encoding = make_mlpf_encoding(schema.name, detector);
  encoding_ = std::move(encoding);
}

Elements Encoder::operator()(event::Observed const& observed, Flawed flawed) const {
  Elements elements;
  elements.width = schema_.width();
  elements.has_tracks = schema_.columns(ElementType::track) != nullptr;
  std::size_t n = 0;
  for (ElementColumns const& element : schema_.elements) n += n_rows(observed, element.type);
  elements.features.reserve(n * elements.width);
  elements.types.reserve(n);
  elements.rows.reserve(n);
  elements.references.reserve(n);
  encoding_->append_all(observed, elements);
  return in_canonical_order(std::move(elements), schema_, flawed);
}

}  // namespace corpuscle::encoding
