#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/core/units.hpp"
#include "corpuscle/event/particle_data.hpp"
#include "corpuscle/generate/ancestry.hpp"
#include "corpuscle/generate/hepmc.hpp"

namespace corpuscle::generate {
namespace {

constexpr std::size_t block = 1 << 16;  // read at once
constexpr std::size_t max_line = 1 << 20;
constexpr std::int64_t max_rows = 10'000'000;  // particles or vertices of one event
constexpr double max_value = 1e30;             // of a momentum or position: sums of squares do not overflow

constexpr std::string_view start_of_listing = "HepMC::Asciiv3-START_EVENT_LISTING";
constexpr std::string_view end_of_listing = "HepMC::Asciiv3-END_EVENT_LISTING";

/// The lines of a file, plain or gzip.
class Lines {
 public:
  explicit Lines(std::string const& path) : path_(path) {
    errno = 0;
    file_ = gzopen(path.c_str(), "rb");
    if (file_ == nullptr)
      throw core::EnvironmentError(core::cat(path, ": cannot be opened: ", std::strerror(errno)));
    gzbuffer(file_, 1 << 17);
  }
  Lines(Lines const&) = delete;
  Lines& operator=(Lines const&) = delete;
  ~Lines() { gzclose(file_); }

  [[noreturn]] void fail(std::string_view complaint) const {
    throw core::DataError(core::cat(path_, ": line ", line_, ": ", complaint));
  }

  /// The next line without its end, valid until the next call; nothing at the end of the file.
  std::optional<std::string_view> next() {
    std::size_t searched = begin_;
    while (true) {
      void const* const found = std::memchr(buffer_.data() + searched, '\n', end_ - searched);
      std::size_t const stop =
          found == nullptr ? end_
                           : static_cast<std::size_t>(static_cast<char const*>(found) - buffer_.data());
      if (found != nullptr || (is_at_end_ && begin_ < end_)) {
        ++line_;
        std::string_view line(buffer_.data() + begin_, stop - begin_);
        begin_ = std::min(stop + 1, end_);
        if (line.ends_with('\r')) line.remove_suffix(1);
        return line;
      }
      if (is_at_end_) return std::nullopt;
      if (end_ - begin_ >= max_line) fail("longer than a line of HepMC can be");
      searched = fill();
    }
  }

 private:
  /// Reads on behind what is not used yet; returns where the new text begins.
  std::size_t fill() {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    std::size_t const before = end_;
    buffer_.resize(std::max(buffer_.size(), end_ + block));
    errno = 0;
    int const got = gzread(file_, buffer_.data() + end_, static_cast<unsigned>(buffer_.size() - end_));
    int status = Z_OK;
    char const* const message = gzerror(file_, &status);
    if (got < 0 || status != Z_OK) {
      if (status == Z_ERRNO)
        throw core::EnvironmentError(core::cat(path_, ": cannot be read: ", std::strerror(errno)));
      fail(status == Z_BUF_ERROR ? "the gzip data is cut off"
                                 : core::cat("the gzip data is damaged: ", message));
    }
    is_at_end_ = got == 0;
    end_ += static_cast<std::size_t>(got);
    return before;
  }

  std::string path_;
  gzFile file_;
  std::vector<char> buffer_ = std::vector<char>(block);
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t line_ = 0;
  bool is_at_end_ = false;
};

/// The words of one line, taken one after the other.
class Words {
 public:
  Words(std::string_view line, Lines const& lines) : rest_(line.substr(1)), lines_(&lines) {}

  std::optional<std::string_view> next() {
    std::size_t const begin = rest_.find_first_not_of(' ');
    if (begin == std::string_view::npos) return std::nullopt;
    std::size_t const end = std::min(rest_.find(' ', begin), rest_.size());
    std::string_view const word = rest_.substr(begin, end - begin);
    rest_.remove_prefix(end);
    return word;
  }

  std::string_view text(std::string_view what) {
    auto const word = next();
    if (!word) lines_->fail(core::cat("ends before ", what));
    return *word;
  }

  std::int64_t integer(std::string_view what, std::int64_t lowest, std::int64_t highest) {
    return integer_of(text(what), what, lowest, highest);
  }

  std::int64_t integer_of(std::string_view word, std::string_view what, std::int64_t lowest,
                          std::int64_t highest) const {
    std::int64_t value = 0;
    auto const [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc{} || end != word.data() + word.size() || value < lowest || value > highest)
      lines_->fail(core::cat(what, " '", word, "' is not a whole number from ", lowest, " to ", highest));
    return value;
  }

  double number(std::string_view what) {
    std::string_view const word = text(what);
    double value = 0;
    auto const [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    bool const is_underflow =
        error == std::errc::result_out_of_range && word.find_first_of("eE") + 1 == word.find('-', 1);
    if ((error != std::errc{} && !is_underflow) || end != word.data() + word.size() ||
        !(std::abs(value) <= max_value))
      lines_->fail(core::cat(what, " '", word, "' is not a finite number of any physical size"));
    return is_underflow ? 0 : value;
  }

  void end() {
    if (auto const word = next()) lines_->fail(core::cat("has '", *word, "' where it should end"));
  }

 private:
  std::string_view rest_;
  Lines const* lines_;
};

struct Position {
  double x = 0, y = 0, z = 0, t = 0;  ///< all in the unit of length of the event

  [[nodiscard]] bool is_origin() const { return x == 0 && y == 0 && z == 0 && t == 0; }
};

struct Vertex {
  std::vector<std::uint32_t> incoming;  ///< particles, from 0
  std::optional<Position> position;
};

constexpr std::uint32_t none = 0xffffffff;

struct Particle {
  std::uint32_t made_at = none;  ///< a vertex, by its place in the file
  std::int32_t pdg = 0;
  std::int32_t status = 0;
  float charge = 0;
  double px = 0, py = 0, pz = 0, mass = 0;
};

/// One event as the file has it.
class Record {
 public:
  /// @param header  the line that starts with E; what follows is read up to the last particle or vertex
  Record(std::string_view header, Lines& lines) : lines_(&lines) {
    Words words(header, lines);
    words.integer("the event number", std::numeric_limits<std::int64_t>::min(),
                  std::numeric_limits<std::int64_t>::max());
    n_vertices_ = words.integer("the number of vertices", 0, max_rows);
    n_particles_ = words.integer("the number of particles", 0, max_rows);
    position_ = read_position(words).value_or(Position{});
  }

  void read_line(std::string_view line) {
    switch (line.front()) {
      case 'U': return read_units({line, *lines_});
      case 'V': return read_vertex({line, *lines_});
      case 'P': return read_particle({line, *lines_});
      case 'W':
      case 'A':
      case 'T':
      case 'N':
      case 'H':
      case 'F':
      case 'C': return;  // weights, attributes and the like
      default: lines_->fail(core::cat("starts with '", line.substr(0, 1), "', which is nothing of HepMC3"));
    }
  }

  /// What was read, in our units and order.
  event::GenParticles finish() {
    if (!has_units_) lines_->fail("the event before has no line with its units (U)");
    if (static_cast<std::int64_t>(particles_.size()) != n_particles_)
      lines_->fail(core::cat("the event before has ", particles_.size(), " particles instead of the ",
                             n_particles_, " that it announces"));
    for (Vertex const& vertex : vertices_)
      for (std::uint32_t particle : vertex.incoming)
        if (particle >= particles_.size())
          lines_->fail(core::cat("the event before has no particle ", particle + 1, ", but a vertex has"));

    Parents parents;
    for (Particle const& particle : particles_) {
      if (particle.made_at != none)
        for (std::uint32_t parent : vertices_[particle.made_at].incoming) parents.values.emplace_back(parent);
      parents.end_row();
    }
    std::vector<std::uint32_t> const order = parents_first(parents);
    if (order.size() != particles_.size())
      lines_->fail("the event before has a cycle: a particle that is its own ancestor");
    place_vertices(order);
    return convert(parents, order);
  }

 private:
  void read_units(Words words) {
    if (std::exchange(has_units_, true)) lines_->fail("units are given a second time");
    std::string_view const momentum = words.text("the unit of momentum");
    std::string_view const length = words.text("the unit of length");
    words.end();
    if (momentum == "MEV")
      energy_unit_ = units::MeV;
    else if (momentum != "GEV")
      lines_->fail(core::cat("unknown unit of momentum '", momentum, "'"));
    if (length == "CM")
      length_unit_ = units::cm;
    else if (length != "MM")
      lines_->fail(core::cat("unknown unit of length '", length, "'"));
  }

  std::optional<Position> read_position(Words& words) const {
    auto const at = words.next();
    if (!at) return std::nullopt;
    if (*at != "@") lines_->fail(core::cat("has '", *at, "' where a position starts with @"));
    Position position;
    position.x = words.number("x");
    position.y = words.number("y");
    position.z = words.number("z");
    position.t = words.number("t");
    words.end();
    return position;
  }

  /// V id status [incoming, ...] @ x y z t
  void read_vertex(Words words) {
    std::int64_t const id = words.integer("the vertex", -n_vertices_, -1);
    words.integer("the status of the vertex", std::numeric_limits<std::int32_t>::min(),
                  std::numeric_limits<std::int32_t>::max());
    std::uint32_t& row = entry(rows_of_vertices_, -id - 1);
    if (row != none) lines_->fail(core::cat("vertex ", id, " comes a second time"));
    row = add_vertex();
    read_incoming(words.text("the incoming particles"), words, row);
    auto const position = read_position(words);
    // The library, too, takes the origin for "not set".
    if (position && !position->is_origin()) vertices_[row].position = position;
  }

  void read_incoming(std::string_view list, Words const& words, std::uint32_t vertex) {
    if (list.size() < 2 || list.front() != '[' || list.back() != ']')
      lines_->fail(core::cat("'", list, "' is not a list of particles in brackets"));
    list = list.substr(1, list.size() - 2);
    while (!list.empty()) {
      std::size_t const comma = std::min(list.find(','), list.size());
      std::int64_t const id =
          words.integer_of(list.substr(0, comma), "an incoming particle", 1, n_particles_);
      end_particle(static_cast<std::uint32_t>(id - 1), vertex);
      list.remove_prefix(std::min(comma + 1, list.size()));
    }
  }

  /// P id origin pdg px py pz e m status; origin: a vertex (< 0), the only parent (> 0) or nothing (0)
  void read_particle(Words words) {
    auto const id = static_cast<std::int64_t>(particles_.size() + 1);
    if (id > n_particles_)
      lines_->fail(core::cat("the event has more than the ", n_particles_, " particles that it announces"));
    if (words.integer("the particle", 0, max_rows) != id) lines_->fail(core::cat("should be particle ", id));
    std::int64_t const origin = words.integer("the origin", -n_vertices_, n_particles_);

    Particle particle;
    particle.pdg = static_cast<std::int32_t>(words.integer("the PDG code", -2'147'483'647, 2'147'483'647));
    particle.px = words.number("px") * energy_unit_;
    particle.py = words.number("py") * energy_unit_;
    particle.pz = words.number("pz") * energy_unit_;
    double const energy = words.number("the energy") * energy_unit_;
    double const mass = words.number("the mass") * energy_unit_;
    particle.status = static_cast<std::int32_t>(words.integer("the status", 0, 2'147'483'647));
    words.end();
    if (!has_units_) lines_->fail("particles come before the line with their units (U)");
    set_mass(particle, energy, mass);
    set_charge(particle);
    particle.made_at = origin_vertex(origin);
    particles_.push_back(particle);
  }

  /// Keeps the mass of the file where it goes with energy and momentum, and else these two.
  void set_mass(Particle& particle, double energy, double mass) const {
    constexpr double tolerance = 1e-6;  // of the energy squared: files with 7 digits are welcome
    double const mass2 =
        energy * energy - particle.px * particle.px - particle.py * particle.py - particle.pz * particle.pz;
    bool const is_final = particle.status == 1;
    // Generators write a negative mass where rounding makes the mass squared negative.
    particle.mass = is_final ? std::abs(mass) : mass;
    if (std::abs(mass2 - mass * mass) <= tolerance * energy * energy) return;
    if (mass2 > 0) particle.mass = std::sqrt(mass2);
    if (is_final && (mass2 < 0 || energy < 0))
      lines_->fail(core::cat("a final particle has the energy ", energy, " GeV, less than its momentum"));
  }

  void set_charge(Particle& particle) const {
    auto const charge = event::charge_of(particle.pdg);
    if (!charge && particle.status == 1)
      lines_->fail(core::cat("the charge of a final particle with PDG code ", particle.pdg, " is not known"));
    particle.charge = charge.value_or(0.F);
  }

  std::uint32_t origin_vertex(std::int64_t origin) {
    if (origin == 0) return none;
    if (origin < 0) {
      std::uint32_t const vertex = entry(rows_of_vertices_, -origin - 1);
      if (vertex == none) lines_->fail(core::cat("vertex ", origin, " comes after a particle that it makes"));
      return vertex;
    }
    auto const parent = static_cast<std::uint32_t>(origin - 1);
    if (parent >= particles_.size())
      lines_->fail(core::cat("particle ", origin, " comes after its daughter"));
    if (particle_end(parent) == none) {
      std::uint32_t const vertex = add_vertex();
      end_particle(parent, vertex);
    }
    return particle_end(parent);
  }

  std::uint32_t add_vertex() {
    if (static_cast<std::int64_t>(vertices_.size()) == n_vertices_)
      lines_->fail(core::cat("the event has more than the ", n_vertices_, " vertices that it announces"));
    vertices_.emplace_back();
    return static_cast<std::uint32_t>(vertices_.size() - 1);
  }

  /// An entry of a table that grows as far as it is used: what a file announces takes no memory.
  static std::uint32_t& entry(std::vector<std::uint32_t>& table, std::int64_t index) {
    auto const at = static_cast<std::size_t>(index);
    if (at >= table.size()) table.resize(at + 1, none);
    return table[at];
  }

  std::uint32_t particle_end(std::uint32_t particle) const {
    return particle < ends_.size() ? ends_[particle] : none;
  }

  void end_particle(std::uint32_t particle, std::uint32_t vertex) {
    std::uint32_t& end = entry(ends_, particle);
    if (end != none) lines_->fail(core::cat("particle ", particle + 1, " ends at two vertices"));
    end = vertex;
    vertices_[vertex].incoming.push_back(particle);
  }

  /// Vertices without position are where their incoming particles were made.
  void place_vertices(std::vector<std::uint32_t> const& order) {
    for (std::uint32_t particle : order) {
      std::uint32_t const end = particle_end(particle);
      if (end == none || vertices_[end].position) continue;
      Position const here = origin_of(particles_[particle]);
      if (!here.is_origin()) vertices_[end].position = here;
    }
  }

  Position origin_of(Particle const& particle) const {
    if (particle.made_at == none) return position_;
    return vertices_[particle.made_at].position.value_or(position_);
  }

  event::GenParticles convert(Parents const& parents, std::vector<std::uint32_t> const& order) const {
    std::vector<std::uint32_t> row_of(order.size());
    for (std::uint32_t row = 0; row < order.size(); ++row) row_of[order[row]] = row;

    event::GenParticles table;
    table.resize(order.size());
    for (std::size_t row = 0; row < order.size(); ++row) {
      Particle const& particle = particles_[order[row]];
      Position const start = origin_of(particle);
      std::uint32_t const end = particle_end(order[row]);
      Position const stop = end == none ? start : vertices_[end].position.value_or(position_);
      table.pdg[row] = particle.pdg;
      table.generator_status[row] = particle.status;
      table.charge[row] = particle.charge;
      table.mass[row] = particle.mass;
      table.px[row] = particle.px;
      table.py[row] = particle.py;
      table.pz[row] = particle.pz;
      table.x[row] = start.x * length_unit_;
      table.y[row] = start.y * length_unit_;
      table.z[row] = start.z * length_unit_;
      table.time[row] = static_cast<float>(start.t * length_unit_ / units::c_light);
      table.end_x[row] = stop.x * length_unit_;
      table.end_y[row] = stop.y * length_unit_;
      table.end_z[row] = stop.z * length_unit_;
      for (event::GenParticleId parent : parents[order[row]])
        table.parents.values.emplace_back(row_of[parent.row()]);
      table.parents.end_row();
    }
    table.daughters = daughters_of(table.parents);
    return table;
  }

  Lines* lines_;
  std::int64_t n_vertices_ = 0;
  std::int64_t n_particles_ = 0;
  Position position_;  ///< of vertices that have none, nor an ancestor with one
  bool has_units_ = false;
  double energy_unit_ = units::GeV;
  double length_unit_ = units::mm;
  std::vector<Particle> particles_;
  std::vector<Vertex> vertices_;
  std::vector<std::uint32_t> ends_;              ///< of particles, at vertices
  std::vector<std::uint32_t> rows_of_vertices_;  ///< vertices_[rows_of_vertices_[-id - 1]]
};

[[noreturn]] void fail_foreign(std::string const& path, std::string_view line) {
  struct Known {
    std::string_view start, name;
  };
  constexpr Known formats[] = {
      {"HepMC::IO_GenEvent", "HepMC2 (IO_GenEvent)"},
      {"HepMC::IO_Ascii", "HepMC2 (IO_Ascii)"},
      {"HepMC::HEPEVT", "HEPEVT"},
      {"<LesHouchesEvents", "Les Houches events"},
      {"root", "ROOT"},
      {"{", "JSON"},
      {"HepMC::Asciiv", "another version of HepMC ASCII"},
      {{"\0\0\0\1\0\0", 6}, "StdHep"},  // XDR: block 1, the head of the file, and its length
  };
  for (Known const& format : formats)
    if (line.starts_with(format.start))
      throw core::DataError(
          core::cat(path, ": is a file of ", format.name, "; HepMC3 ASCII (Asciiv3) is what can be read"));
  throw core::DataError(
      core::cat(path, ": is no HepMC3 ASCII file: no line '", start_of_listing, "' at its start"));
}

/// One file, read forward.
class EventFile {
 public:
  explicit EventFile(std::string const& path) : lines_(path) { find_listing(path); }

  /// The number of the event that comes next.
  [[nodiscard]] std::size_t position() const { return position_; }

  /// False at the end of the file.
  bool skip() {
    if (!header_) return false;
    while (is_event_line(next_line())) continue;
    ++position_;
    return true;
  }

  std::optional<event::GenParticles> read() {
    if (!header_) return std::nullopt;
    Record record(*header_, lines_);
    std::string_view line = next_line();
    for (; is_event_line(line); line = next_line()) record.read_line(line);
    ++position_;
    return record.finish();
  }

 private:
  void find_listing(std::string const& path) {
    for (std::optional<std::string_view> line = lines_.next(); line; line = lines_.next()) {
      if (line->empty() || line->starts_with("HepMC::Version 3")) continue;
      if (*line != start_of_listing) {
        if (!line->starts_with("HepMC::Version")) fail_foreign(path, *line);
        continue;
      }
      while (is_event_line(next_line())) continue;  // of the run: weight names, tools, attributes
      return;
    }
    fail_foreign(path, "");
  }

  /// Steps to the next line and keeps it if it begins an event.
  std::string_view next_line() {
    std::optional<std::string_view> const line = lines_.next();
    if (!line) lines_.fail(core::cat("the file is cut off: '", end_of_listing, "' is missing"));
    if (line->starts_with("E "))
      header_ = std::string(*line);
    else if (line->starts_with(end_of_listing))
      header_ = following_listing();
    return *line;
  }

  /// Files that were joined end to end are one file.
  std::optional<std::string> following_listing() {
    bool is_listing = false;
    while (auto const line = lines_.next()) {
      if (line->empty() || line->starts_with("HepMC::Version")) continue;
      if (*line == start_of_listing)
        is_listing = true;
      else if (is_listing && line->starts_with("E "))
        return std::string(*line);
      else if (*line == end_of_listing)
        is_listing = false;
      else if (!is_listing)
        lines_.fail("there is something behind the end of the listing");
    }
    if (is_listing) lines_.fail(core::cat("the file is cut off: '", end_of_listing, "' is missing"));
    return std::nullopt;
  }

  bool is_event_line(std::string_view line) const {
    if (line.empty()) lines_.fail("is empty");
    return !line.starts_with("E ") && !line.starts_with(end_of_listing);
  }

  Lines lines_;
  std::optional<std::string> header_;  ///< of the next event: its line E
  std::size_t position_ = 0;
};

class HepMCGenerator : public Generator {
 public:
  HepMCGenerator(std::vector<std::string> paths, GeneratorFrame frame)
      : paths_(std::move(paths)), sizes_(paths_.size()), frame_(frame) {
    for (std::string const& path : paths_) EventFile{path};  // complains now, not after hours
  }

  GeneratorFrame frame() const override { return frame_; }

  std::optional<std::size_t> size() const override {
    std::size_t total = 0;
    for (std::size_t i = 0; i < paths_.size(); ++i) {
      if (!sizes_[i]) {
        EventFile file(paths_[i]);
        while (file.skip()) continue;
        sizes_[i] = file.position();
      }
      total += *sizes_[i];
    }
    return total;
  }

  event::GenParticles operator()(std::int64_t number) override {
    auto wanted = static_cast<std::size_t>(number);  // negative numbers are beyond all ends
    for (std::size_t i = 0; i < paths_.size(); ++i) {
      if (!sizes_[i] || wanted < *sizes_[i])
        if (auto particles = read(i, wanted)) return *std::move(particles);
      wanted -= *sizes_[i];
    }
    throw core::DataError(core::cat(paths_.empty() ? "HepMC" : paths_.back(), ": event ", number,
                                    " was asked for, there are ", *size(), ", numbered from 0"));
  }

 private:
  /// Event `wanted` of file i; if it has fewer, its size is known then.
  std::optional<event::GenParticles> read(std::size_t i, std::size_t wanted) {
    // Taken away while it is read: after an error it is opened afresh.
    std::unique_ptr<EventFile> file = std::move(file_);
    if (!file || open_ != i || file->position() > wanted) file = std::make_unique<EventFile>(paths_[i]);
    while (file->position() < wanted && file->skip()) continue;
    auto particles = file->read();
    if (!particles) sizes_[i] = file->position();
    file_ = std::move(file);
    open_ = i;
    return particles;
  }

  std::vector<std::string> paths_;
  mutable std::vector<std::optional<std::size_t>> sizes_;  ///< of the files, as far as they are known
  GeneratorFrame frame_;
  std::unique_ptr<EventFile> file_;
  std::size_t open_ = 0;
};

}  // namespace

std::unique_ptr<Generator> open_hepmc(std::vector<std::string> paths, GeneratorFrame frame) {
  return std::make_unique<HepMCGenerator>(std::move(paths), frame);
}

}  // namespace corpuscle::generate
