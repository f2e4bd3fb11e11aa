#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "corpuscle/io/frame.hpp"

namespace corpuscle::io {

/// What a file says of itself.
struct FileInfo {
  std::string path;
  std::string format;    ///< "EDM4hep TTree", "EDM4hep RNTuple", "EDM4hep JSON", "LCIO"
  std::string layout;    ///< of the container: "podio 1.2.99", "podio legacy (Coll#0)", "SIO"
  std::string schema;    ///< version of the data model: "EDM4hep 0.99.99", "LCIO 2.15"; may be empty
  std::string detector;  ///< name of the detector, if the file gives one
  std::size_t entries = 0;
  Parameters metadata;  ///< of the whole file: cell-id encodings "<collection>__CellIDEncoding", ...
};

/// Under which key the metadata of an EDM4hep file say what detector it comes from, as DD4hep's programs do.
inline constexpr char const* detector_key = "detectorName";
/// What they say; empty if nothing.
std::string detector_in(Parameters const& metadata);

/// Which collections a reader has to decode. Called with the collection's name and object type.
using Wanted = std::function<bool(std::string_view name, std::string_view type)>;
inline bool everything(std::string_view, std::string_view) {
  return true;
}
inline bool nothing(std::string_view, std::string_view) {
  return false;
}

/// One open event file of any format. Not thread-safe: one source per thread.
class Source {
 public:
  virtual ~Source() = default;

  [[nodiscard]] virtual FileInfo const& info() const = 0;

  /// Reads entry `entry` (0-based position in the file), replacing what `frame` held. Collections that
  /// `wanted` refuses are listed with their size, without columns.
  /// @throws core::DataError with file, entry, and branch or byte offset, if the entry is damaged.
  virtual void read(std::size_t entry, Frame& frame, Wanted const& wanted) = 0;

  /// The collections of this file (name, type, id, is_subset; no contents): the union over all entries
  /// where they differ from event to event. May read through the whole file, skipping damaged entries.
  virtual std::vector<Collection> collections();

 protected:
  /// Adds to `all`, which is sorted by name, the collections of a frame that it lacks.
  static void add_new(std::vector<Collection>& all, Frame const& frame);
};

/// Opens an event file, recognising its format from its content.
/// @throws core::EnvironmentError if it cannot be read at all (missing, a directory, no permission).
/// @throws core::DataError if it is damaged, or of a format that holds no events we can read: the
///         message says what it is.
std::unique_ptr<Source> open_source(std::string const& path);

/// The readers behind open_source, one per format. LCIO and JSON need no ROOT.
std::unique_ptr<Source> open_lcio(std::string const& path);
std::unique_ptr<Source> open_edm4hep_json(std::string const& path);
std::unique_ptr<Source> open_root(std::string const& path);

}  // namespace corpuscle::io
