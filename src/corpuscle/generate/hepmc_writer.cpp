#include <zlib.h>

#include <charconv>
#include <limits>
#include <string_view>
#include <type_traits>
#include <utility>

#include "corpuscle/core/atomic_file.hpp"
#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/core/units.hpp"
#include "corpuscle/generate/hepmc.hpp"

namespace corpuscle::generate {
namespace {

constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();

struct Vertex {
  std::vector<std::uint32_t> incoming;
  std::size_t first_daughter;
};

/// The vertices of an event, in the order of their first daughters, and the one that each particle is from.
struct Graph {
  std::vector<Vertex> vertices;
  std::vector<std::uint32_t> origin;  ///< none: a particle without parents, at the origin of the event

  explicit Graph(event::GenParticles const& particles) {
    std::vector<std::uint32_t> end(particles.size(), none);
    for (std::size_t row = 0; row < particles.size(); ++row) {
      auto const parents = particles.parents[row];
      std::uint32_t vertex = none;
      for (event::GenParticleId parent : parents)
        if (vertex == none) vertex = end[parent.row()];
      bool const is_displaced = particles.x[row] != 0 || particles.y[row] != 0 || particles.z[row] != 0;
      if (vertex == none && (!parents.empty() || is_displaced)) {
        vertex = static_cast<std::uint32_t>(vertices.size());
        vertices.push_back({{}, row});
      }
      for (event::GenParticleId parent : parents) {
        bool const makes_cycle = parent.row() >= vertices[vertex].first_daughter;
        if (end[parent.row()] != none || makes_cycle) continue;
        end[parent.row()] = vertex;
        vertices[vertex].incoming.push_back(static_cast<std::uint32_t>(parent.row()));
      }
      origin.push_back(vertex);
    }
  }
};

/// Text that grows; numbers as short as they can be and still be read back exactly.
class Text {
 public:
  Text& operator<<(std::string_view text) {
    text_ += text;
    return *this;
  }
  template <class Number>
  requires std::is_arithmetic_v<Number> Text& operator<<(Number value) {
    char digits[32];
    text_.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
    return *this;
  }
  [[nodiscard]] std::string const& str() const { return text_; }

 private:
  std::string text_;
};

void write_vertex(Text& text, std::size_t id, Vertex const& vertex, event::GenParticles const& particles) {
  text << "V -" << id + 1 << " 0 [";
  for (std::size_t i = 0; i < vertex.incoming.size(); ++i)
    text << (i == 0 ? "" : ",") << vertex.incoming[i] + 1;
  std::size_t const row = vertex.first_daughter;
  text << "] @ " << particles.x[row] << " " << particles.y[row] << " " << particles.z[row] << " "
       << static_cast<double>(particles.time[row]) * units::c_light << "\n";
}

std::string event_text(std::int64_t number, event::GenParticles const& particles) {
  Graph const graph(particles);
  Text text;
  text << "E " << number << " " << graph.vertices.size() << " " << particles.size() << "\nU GEV MM\nW 1\n";
  for (std::size_t row = 0; row < particles.size(); ++row) {
    std::uint32_t const origin = graph.origin[row];
    if (origin != none && graph.vertices[origin].first_daughter == row)
      write_vertex(text, origin, graph.vertices[origin], particles);
    text << "P " << row + 1 << " " << (origin == none ? 0 : -1 - static_cast<std::int64_t>(origin)) << " "
         << particles.pdg[row] << " " << particles.px[row] << " " << particles.py[row] << " "
         << particles.pz[row] << " " << particles.energy(row) << " " << particles.mass[row] << " "
         << particles.generator_status[row] << "\n";
  }
  return text.str();
}

}  // namespace

struct HepMCWriter::File {
  // Mode T: as it is. The header of gzip then has no time in it either.
  explicit File(std::string const& path)
      : target(path), stream(gzopen(target.temporary_path().c_str(), path.ends_with(".gz") ? "wb" : "wbT")) {
    if (stream == nullptr) fail();
  }
  File(File const&) = delete;
  File& operator=(File const&) = delete;
  ~File() {
    if (stream != nullptr) gzclose(stream);
  }

  void put(std::string_view text) {
    if (!text.empty() && gzwrite(stream, text.data(), static_cast<unsigned>(text.size())) <= 0) fail();
  }
  [[noreturn]] void fail() const {
    throw core::EnvironmentError(core::cat(target.path(), ": cannot be written; is the disk full?"));
  }

  core::AtomicFile target;
  gzFile stream;
};

HepMCWriter::HepMCWriter(std::string const& path) : file_(std::make_unique<File>(path)) {
  file_->put("HepMC::Version 3.01.02\nHepMC::Asciiv3-START_EVENT_LISTING\nW Weight\n");
}

HepMCWriter::~HepMCWriter() = default;

void HepMCWriter::write(std::int64_t number, event::GenParticles const& particles) {
  file_->put(event_text(number, particles));
}

void HepMCWriter::close() {
  file_->put("HepMC::Asciiv3-END_EVENT_LISTING\n\n");
  if (gzclose(std::exchange(file_->stream, nullptr)) != Z_OK) file_->fail();
  file_->target.commit();
}

}  // namespace corpuscle::generate
