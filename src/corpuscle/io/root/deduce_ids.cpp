#include "corpuscle/io/root/deduce_ids.hpp"

#include <algorithm>
#include <set>
#include <string_view>
#include <vector>

namespace corpuscle::io::root {
namespace {

struct Target {
  std::string_view relation;
  std::string_view type;
};

/// What the relations of EDM4hep point to; hits of trackers come in several types and are left out.
constexpr Target targets[] = {{"clusters", "edm4hep::Cluster"},
                              {"hits", "edm4hep::CalorimeterHit"},
                              {"tracks", "edm4hep::Track"},
                              {"trackerHits", "edm4hep::TrackerHit3D"},
                              {"parents", "edm4hep::MCParticle"},
                              {"daughters", "edm4hep::MCParticle"},
                              {"particle", "edm4hep::MCParticle"},
                              {"particles", "edm4hep::ReconstructedParticle"},
                              {"contributions", "edm4hep::CaloHitContribution"},
                              {"particleIDs", "edm4hep::ParticleID"}};

/// The types of "from" and "to" in "podio::Link<edm4hep::A,edm4hep::B>"; other relations from the table.
std::string_view target_type(std::string_view collection_type, std::string_view relation) {
  if (collection_type.starts_with("podio::Link<")) {
    std::size_t const comma = collection_type.find(',');
    if (comma == collection_type.npos) return {};
    return relation == "from" ? collection_type.substr(12, comma - 12)
                              : collection_type.substr(comma + 1, collection_type.size() - comma - 2);
  }
  auto const* found = std::find_if(std::begin(targets), std::end(targets),
                                   [&](Target const& target) { return target.relation == relation; });
  return found == std::end(targets) ? std::string_view{} : found->type;
}

}  // namespace

std::map<std::string, std::uint32_t> deduce_ids(std::span<Frame const> events) {
  std::map<std::uint32_t, std::set<std::string>> candidates;  // names, by id
  for (Frame const& frame : events)
    for (Collection const& collection : frame.collections)
      for (Relation const& relation : collection.relations) {
        std::string_view const type = target_type(collection.type, relation.name);
        if (type.empty()) continue;
        for (ObjectRef const& ref : relation.targets) {
          if (ref.index < 0) continue;
          auto const fits = [&](Collection const& other) {
            return !other.is_subset && other.type == type && static_cast<std::size_t>(ref.index) < other.size;
          };
          auto const [entry, is_new] = candidates.try_emplace(ref.collection);
          if (is_new) {
            for (Collection const& other : frame.collections)
              if (fits(other)) entry->second.insert(other.name);
          } else {
            std::erase_if(entry->second, [&](std::string const& name) {
              Collection const* other = frame.find(name);
              return !other || !fits(*other);
            });
          }
        }
      }

  std::map<std::string, std::uint32_t> ids;
  for (bool changed = true; changed;) {
    changed = false;
    for (auto& [id, names] : candidates) {
      if (names.size() == 1) changed |= ids.try_emplace(*names.begin(), id).second;
      std::erase_if(names, [&](std::string const& name) { return ids.contains(name); });
    }
  }
  return ids;
}

}  // namespace corpuscle::io::root
