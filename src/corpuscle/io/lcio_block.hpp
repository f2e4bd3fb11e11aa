#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "corpuscle/io/frame.hpp"
#include "corpuscle/io/lcio_columns.hpp"
#include "corpuscle/io/sio.hpp"

/// The objects of one collection: how LCIO lays out each type, and which columns they become. Private to
/// `io`; docs/formats/lcio.md describes the layouts.
namespace corpuscle::io::lcio {

/// Oldest version that is read: the layouts of 1.0 to 1.2 differ in every type.
constexpr sio::Version oldest{1, 3};

constexpr std::uint32_t bit(int n) {
  return std::uint32_t{1} << n;
}
constexpr std::uint32_t is_subset = bit(18);        ///< in the flags of a collection
constexpr std::uint32_t is_fixed_size = bit(31);    ///< in the flags of an LCGenericObject collection
constexpr std::uint32_t endpoint_is_set = bit(31);  ///< in MCParticle's simulatorStatus

/// A reference to the object with this tag, as long as it is not known where that lies.
///
/// While an event is being decoded, ObjectRef::collection is the ordinal of a collection: its position in
/// the frame plus one. Zero marks a tag that is still to be looked up and, afterwards, a reference to
/// nothing.
inline ObjectRef unresolved(std::uint32_t tag) {
  return {static_cast<std::int32_t>(tag), 0};
}

/// The objects that carry a pointer tag. SIO numbers them within each event.
class TagTable {
 public:
  static constexpr std::uint32_t null = 0;
  static constexpr std::uint32_t never_pointed_at = 0xffffffff;
  static constexpr std::size_t bytes_per_tag = 40;  // at most, in both tables, growth included

  void add(std::uint32_t tag, ObjectRef object) {
    if (tag != null && tag != never_pointed_at) tags_.push_back({tag, object});
  }

  /// To be called between the last `add` and the first `find`.
  void prepare();

  /// The object with this tag; if there is none, a reference to nothing.
  [[nodiscard]] ObjectRef find(std::uint32_t tag) const;

 private:
  struct Tag {
    std::uint32_t tag;
    ObjectRef object;
  };
  std::vector<Tag> tags_;
  std::vector<ObjectRef> dense_;
};

class BlockReader;

/// A type of object that we read.
struct Kind {
  std::string_view lcio;     ///< its name in LCIO
  std::string_view edm4hep;  ///< and in EDM4hep; empty for links: it depends on the ends
  void (BlockReader::*read)(Collection& objects);  ///< BlockReader::read calls it
  std::size_t least;                               ///< fewest bytes that an object takes
  /// Suffix and type of a second collection: what LCIO keeps inside the objects, EDM4hep beside them.
  std::string_view parts_suffix = {};
  std::string_view parts_type = {};
};

/// The kind with this LCIO name; null for types without a partner in EDM4hep.
Kind const* find_kind(std::string_view lcio);

/// Positions among the relations that BlockReader makes.
constexpr std::size_t mc_parents = 0;             // of MCParticle; "daughters" are not stored
constexpr std::size_t particle_parts = 2;         // of ReconstructedParticle: "particles"
constexpr std::size_t particle_decay_vertex = 3;  // of ReconstructedParticle: nothing yet
constexpr std::size_t vertex_particles = 0;       // of Vertex: the one particle that decays there
constexpr std::size_t link_from = 0;
constexpr std::size_t link_to = 1;

/// Reads the objects of one block into columns and notes their tags.
class BlockReader {
 public:
  /// @param in       the rest of the block, behind the number of objects
  /// @param ordinal  of the collection that the objects make; their parts come next
  BlockReader(sio::Cursor in, sio::Version version, std::uint32_t flags, std::uint32_t ordinal,
              TagTable& tags, sio::Budget& budget)
      : in_(in), version_(version), flags_(flags), ordinal_(ordinal), tags_(tags), budget_(budget) {}

  /// Fills `objects`, whose size is set, and `parts`, if this kind has any.
  /// @throws sio::Damage saying which object cannot be, or that bytes are left over.
  void read(Kind const& kind, Collection& objects, Collection& parts);

  /// Fills a collection that holds references only.
  void read_subset(Collection& objects);

  void mc_particles(Collection& out);
  void tracks(Collection& out);
  void clusters(Collection& out);
  void reconstructed_particles(Collection& out);
  void vertices(Collection& out);
  void relations(Collection& out);
  void calorimeter_hits(Collection& out);
  void sim_calorimeter_hits(Collection& out);
  void tracker_hits(Collection& out);
  void tracker_hit_planes(Collection& out);
  void sim_tracker_hits(Collection& out);

 private:
  [[nodiscard]] bool flag(std::uint32_t mask) const { return (flags_ & mask) != 0; }
  Builder build(Collection& collection) { return {collection, budget_}; }
  void check_end() const;

  /// Reads the number of elements of a list, each of at least `least` bytes here and `memory` bytes in the
  /// frame.
  std::size_t list(std::size_t least, std::size_t memory) {
    std::size_t const n = in_.count(least);
    budget_.spend(3 * n * memory);  // vectors grow by doubling: the old and the new one live for a moment
    return n;
  }
  template <class T>
  void copy(Pen<T>& pen, int n) {
    for (int k = 0; k < n; ++k) pen(in_.f32());
  }
  template <class T>
  void copy3(Pen3<T>& pen) {
    pen.x(in_.f32());
    pen.y(in_.f32());
    pen.z(in_.f32());
  }
  template <class T>
  static void zero3(Pen3<T>& pen) {
    pen.x(0);
    pen.y(0);
    pen.z(0);
  }
  void copy3_double(Pen3<double>& pen) {
    pen.x(in_.f64());
    pen.y(in_.f64());
    pen.z(in_.f64());
  }
  /// Appends a list of numbers; T is float or std::int32_t.
  template <class T>
  void copy_list(Column& column) {
    std::size_t const n = list(4, sizeof(T));
    auto pen = extend<T>(column, n);
    for (std::size_t k = 0; k < n; ++k) pen(std::bit_cast<T>(in_.u32()));
  }
  void copy_references(std::vector<ObjectRef>& targets) {
    for (std::size_t n = list(4, sizeof(ObjectRef)); n > 0; --n) targets.push_back(unresolved(in_.u32()));
  }
  std::uint64_t tracker_cell_id();
  void skip_references() { in_.skip(4 * in_.count(4)); }
  void tag() { tags_.add(in_.u32(), {static_cast<std::int32_t>(object_), ordinal_}); }

  sio::Cursor in_;
  sio::Version version_;
  std::uint32_t flags_;
  std::uint32_t ordinal_;
  TagTable& tags_;
  sio::Budget& budget_;
  Collection* parts_ = nullptr;
  std::size_t object_ = 0;  // the one being read
};

}  // namespace corpuscle::io::lcio
