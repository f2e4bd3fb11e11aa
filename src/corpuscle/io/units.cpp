#include "corpuscle/io/units.hpp"

#include <algorithm>
#include <iterator>

namespace corpuscle::io {
namespace {

struct Unit {
  std::string_view column;  ///< without its last component: "position" for "position.x"
  std::string_view unit;
};

/// The same name means the same quantity in every EDM4hep type.
constexpr Unit units[] = {{"energy", "GeV"},
                          {"energyError", "GeV"},
                          {"eDep", "GeV"},
                          {"eDepError", "GeV"},
                          {"mass", "GeV"},
                          {"momentum", "GeV"},
                          {"momentumAtEndpoint", "GeV"},
                          {"sqrts", "GeV"},
                          {"subdetectorEnergies[]", "GeV"},
                          {"beamsPz", "GeV"},
                          {"position", "mm"},
                          {"referencePoint", "mm"},
                          {"vertex", "mm"},
                          {"endpoint", "mm"},
                          {"stepPosition", "mm"},
                          {"pathLength", "mm"},
                          {"stepLength", "mm"},
                          {"du", "mm"},
                          {"dv", "mm"},
                          {"radiusOfInnermostHit", "mm"},
                          {"distanceToWire", "mm"},
                          {"time", "ns"},
                          {"interval", "ns"},
                          {"charge", "e"},
                          {"iTheta", "rad"},
                          {"iPhi", "rad"},
                          {"dEdx", "GeV/mm"},
                          {"dEdxError", "GeV/mm"},
                          {"trackStates[].D0", "mm"},
                          {"trackStates[].Z0", "mm"},
                          {"trackStates[].phi", "rad"},
                          {"trackStates[].omega", "1/mm"},
                          {"trackStates[].time", "ns"},
                          {"trackStates[].referencePoint", "mm"}};

std::string_view find(std::string_view column) {
  auto const found = std::find_if(std::begin(units), std::end(units),
                                  [&](Unit const& unit) { return unit.column == column; });
  return found == std::end(units) ? std::string_view{} : found->unit;
}

}  // namespace

std::string_view unit_of(std::string_view type, std::string_view column) {
  if (!type.starts_with("edm4hep::")) return {};
  if (std::string_view const unit = find(column); !unit.empty()) return unit;
  std::size_t const dot = column.rfind('.');
  bool const is_component = dot != column.npos && dot + 2 == column.size();  // ".x", ".y", ".z"
  return is_component ? find(column.substr(0, dot)) : std::string_view{};
}

}  // namespace corpuscle::io
