#include <sys/stat.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/io/source.hpp"

namespace corpuscle::io {
namespace {

using core::cat;
using core::DataError;

/// The first bytes of a file, uncompressed if it is gzipped (zlib passes plain files through).
std::string head_of(std::string const& path) {
  gzFile const file = ::gzopen(path.c_str(), "rb");
  if (!file) return {};
  std::string head(4096, '\0');
  int const n = ::gzread(file, head.data(), static_cast<unsigned>(head.size()));
  ::gzclose(file);
  head.resize(static_cast<std::size_t>(std::max(0, n)));
  return head;
}

bool contains(std::string_view text, std::string_view word) {
  return text.find(word) != text.npos;
}

/// What a file is that we do not read events from; empty if we have no idea.
std::string describe_foreign(std::string_view head, bool is_gzip) {
  std::string const compressed = is_gzip ? "gzip-compressed " : "";
  if (head.starts_with("HepMC::Version")) return compressed + "HepMC3 generator events";
  if (head.starts_with("PK\x03\x04")) return "a zip archive (a PyTorch .pt model, or .npz arrays), no events";
  if (head.starts_with("\x89HDF")) return "an HDF5 file";
  if (head.starts_with("PAR1")) return "a Parquet file";
  // MCFIO: an XDR block of type 1 (file header), whose version string of 4 characters comes first.
  if (head.size() > 16 && head.substr(0, 4) == std::string_view("\0\0\0\1", 4) &&
      head.substr(8, 4) == std::string_view("\0\0\0\4", 4) && head[13] == '.')
    return "StdHep (MCFIO) generator events, which have no detector data";
  if (head.starts_with("<LesHouchesEvents")) return compressed + "Les Houches generator events";
  if (!head.empty() && (head[0] == '{' || head[0] == '['))
    return compressed + "JSON, but not of EDM4hep events (edm4hep2json makes those)";
  auto const line = head.substr(0, head.find('\n'));
  if (contains(line, ",") &&
      std::all_of(line.begin(), line.end(), [](unsigned char c) { return c >= 32 || c == '\r'; }))
    return compressed + "comma-separated values (CSV), no events";
  return {};
}

bool is_lcio(std::string_view head) {
  return head.size() >= 8 && head.substr(4, 4) == "\xab\xad\xca\xfe";
}

bool is_edm4hep_json(std::string_view head) {
  auto const start = head.find_first_not_of(" \t\r\n");
  return start != head.npos && head[start] == '{' &&
         (contains(head, "\"Event ") || contains(head, "edm4hep") ||
          head.find_first_not_of(" \t\r\n", start + 1) == head.find('}'));
}

}  // namespace

std::string detector_in(Parameters const& metadata) {
  auto const found = metadata.find(detector_key);
  auto const* names =
      found == metadata.end() ? nullptr : std::get_if<std::vector<std::string>>(&found->second);
  return names && !names->empty() ? names->front() : std::string();
}

std::vector<Collection> Source::collections() {
  std::vector<Collection> all;
  Frame frame;
  for (std::size_t entry = 0; entry < info().entries; ++entry) {
    try {
      read(entry, frame, nothing);
    } catch (DataError const&) {
      continue;  // whoever reads this entry will hear of it
    }
    add_new(all, frame);
  }
  return all;
}

void Source::add_new(std::vector<Collection>& all, Frame const& frame) {
  for (Collection const& found : frame.collections) {
    auto const at =
        std::lower_bound(all.begin(), all.end(), found.name,
                         [](Collection const& c, std::string const& name) { return c.name < name; });
    if (at != all.end() && at->name == found.name) continue;
    Collection& kept = *all.emplace(at);
    kept.name = found.name;
    kept.type = found.type;
    kept.id = found.id;
    kept.is_subset = found.is_subset;
  }
}

std::unique_ptr<Source> open_source(std::string const& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) throw core::EnvironmentError(cat(path, ": ", std::strerror(errno)));
  if (S_ISDIR(status.st_mode)) throw core::EnvironmentError(cat(path, ": is a directory, not an event file"));
  if (!S_ISREG(status.st_mode)) throw core::EnvironmentError(cat(path, ": is not a regular file"));
  std::ifstream file(path, std::ios::binary);
  std::string raw(8, '\0');
  if (!file.is_open()) throw core::EnvironmentError(cat(path, ": cannot be read: ", std::strerror(errno)));
  file.read(raw.data(), static_cast<std::streamsize>(raw.size()));
  raw.resize(static_cast<std::size_t>(file.gcount()));
  if (raw.empty()) throw DataError(cat(path, ": byte 0: the file is empty"));

  if (raw.starts_with("root")) return open_root(path);
  if (is_lcio(raw)) return open_lcio(path);
  std::string const head = head_of(path);
  bool const is_gzip = raw.starts_with("\x1f\x8b");
  if (!is_gzip && is_edm4hep_json(head)) return open_edm4hep_json(path);
  if (is_gzip && (is_edm4hep_json(head) || is_lcio(head)))
    throw DataError(cat(path, ": byte 0: a gzip-compressed event file: unpack it first (gunzip)"));
  std::string const what = describe_foreign(head, is_gzip);
  throw DataError(cat(path, ": byte 0: ", what.empty() ? "not an event file we know" : cat("this is ", what),
                      "; Corpuscle reads EDM4hep (ROOT or JSON) and LCIO"));
}

}  // namespace corpuscle::io
