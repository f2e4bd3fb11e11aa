// libFuzzer target for the EDM4hep JSON reader: any text gives consistent frames or a core::DataError.
//
//   edm4hep_json_fuzz -max_total_time=600 <a folder for new inputs> tests/fuzz/corpus/edm4hep_json

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "corpuscle/core/error.hpp"
#include "corpuscle/io/edm4hep_json.hpp"

namespace {

using namespace corpuscle::io;

void require(bool condition) {
  if (!condition) std::abort();
}

/// What readers of a frame rely on: columns as long as they say, ranges within their vectors.
void require_consistent(Frame const& frame) {
  for (Collection const& c : frame.collections) {
    for (Column const& member : c.members) require(member.values() == c.size * member.width());
    auto const last = [&](std::string const& name) -> std::size_t {
      Column const* const end = c.member(name + "_end");
      return end && c.size > 0 ? end->at<std::size_t>(c.size - 1) : 0;
    };
    for (VectorMember const& vector : c.vectors)
      for (Column const& column : vector.columns) require(column.rows() == last(vector.name));
    for (Relation const& relation : c.relations)
      require(relation.targets.size() == (c.member(relation.name + "_end") ? last(relation.name) : c.size));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  try {
    auto const source = open_edm4hep_json_bytes("fuzz.json", {reinterpret_cast<char const*>(data), size});
    for (std::size_t entry = 0; entry < source->info().entries; ++entry) {
      for (bool all : {true, false}) {
        try {
          Frame frame;
          source->read(entry, frame, [&](std::string_view name, std::string_view) {
            return all || (!name.empty() && name[0] < 'N');
          });
          require_consistent(frame);
        } catch (corpuscle::core::DataError const&) {
        }
      }
    }
  } catch (corpuscle::core::DataError const&) {
  }
  return 0;
}
