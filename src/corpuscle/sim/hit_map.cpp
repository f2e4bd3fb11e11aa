#include "corpuscle/sim/hit_map.hpp"

#include <bit>

namespace corpuscle::sim {
namespace {

constexpr std::size_t first_size = std::size_t{1} << 15;  // room for 16 thousand cells: a usual event

}  // namespace

HitMap::HitMap() : slots_(first_size), shift_(64 - std::countr_zero(first_size)) {}

void HitMap::clear() noexcept {
  // Only the slots in use, so that one huge event does not make all later ones slow. A cell is found by its
  // row number, not by the emptiness of a slot: earlier ones of the same probe are empty by now.
  std::size_t const mask = slots_.size() - 1;
  for (std::size_t row = 0; row < cells_.size(); ++row) {
    std::size_t slot = slot_of(cells_[row].id);
    while (slots_[slot] != row + 1) slot = (slot + 1) & mask;
    slots_[slot] = 0;
  }
  cells_.clear();
  deposits_.clear();
  last_ = 0;
}

/// Ids of neighbouring cells differ by one in a high field (y), a middle one (x) or a low one (layer). The
/// multiplication (Knuth's, by 2^64 over the golden ratio) carries low bits upwards only, so the upper half
/// is folded on the lower one first.
std::size_t HitMap::slot_of(std::uint64_t cell_id) const noexcept {
  return static_cast<std::size_t>(((cell_id ^ (cell_id >> 32)) * 0x9e3779b97f4a7c15U) >> shift_);
}

std::size_t HitMap::row_of(std::uint64_t cell_id) {
  std::size_t const mask = slots_.size() - 1;
  std::size_t slot = slot_of(cell_id);
  for (; slots_[slot] != 0; slot = (slot + 1) & mask) {
    std::size_t const row = slots_[slot] - 1;
    if (cells_[row].id == cell_id) return row;
  }
  cells_.push_back({cell_id, -1});
  std::size_t const row = cells_.size() - 1;
  slots_[slot] = static_cast<std::uint32_t>(row + 1);
  if (2 * cells_.size() > slots_.size()) grow();
  return row;
}

void HitMap::grow() {
  slots_.assign(2 * slots_.size(), 0);
  --shift_;
  std::size_t const mask = slots_.size() - 1;
  for (std::size_t row = 0; row < cells_.size(); ++row) {
    std::size_t slot = slot_of(cells_[row].id);
    while (slots_[slot] != 0) slot = (slot + 1) & mask;
    slots_[slot] = static_cast<std::uint32_t>(row + 1);
  }
}

}  // namespace corpuscle::sim
