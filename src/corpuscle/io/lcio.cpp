#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/expect.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/io/lcio_event.hpp"
#include "corpuscle/io/memory_budget.hpp"
#include "corpuscle/io/sio.hpp"
#include "corpuscle/io/source.hpp"
#include "corpuscle/io/whereabouts.hpp"

namespace corpuscle::io {
namespace {

using core::cat;
using core::DataError;

constexpr std::uint64_t nowhere = ~std::uint64_t{0};

class LcioSource final : public Source {
 public:
  explicit LcioSource(std::string const& path) : file_(path) {
    info_.path = path;
    info_.format = "LCIO";
    info_.layout = "SIO";
    index();
    info_.entries = events_.size();
    describe();
  }

  [[nodiscard]] FileInfo const& info() const override { return info_; }

  void read(std::size_t entry, Frame& frame, Wanted const& wanted) override {
    CORPUSCLE_EXPECT(entry < events_.size());
    note_whereabouts(static_cast<std::int64_t>(entry), "");
    Event const& event = events_[entry];
    std::uint64_t place = event.header != nowhere ? event.header : event.data;
    try {
      if (event.header == nowhere && event.data == nowhere) {
        place = damage_at_;
        throw sio::Damage(damage_);
      }
      if (event.header == nowhere) throw sio::Damage("no LCEventHeader record before this LCEvent record");
      if (event.data == nowhere) throw sio::Damage("no LCEvent record behind this LCEventHeader record");
      sio::Budget budget = this->budget();
      file_.unpack(file_.record(event.header), header_, budget);
      place = event.data;
      file_.unpack(file_.record(event.data), data_, budget);
      frame = lcio::decode_event(header_, data_, wanted, budget);
    } catch (sio::Damage const& damage) {
      throw DataError(cat(info_.path, ": event ", entry, " (byte ", place, "): ", damage.what()));
    }
  }

  /// Events that announce the same collections, and hold them all, look alike: one of them tells. That spares
  /// unpacking the whole file.
  std::vector<Collection> collections() override {
    std::vector<Collection> all;
    std::set<std::vector<std::string>> known;
    Frame frame;
    for (std::size_t entry = 0; entry < events_.size(); ++entry) {
      std::vector<std::string> announced;
      note_whereabouts(static_cast<std::int64_t>(entry), "");
      try {
        if (events_[entry].header == nowhere) continue;
        sio::Budget budget = this->budget();
        file_.unpack(file_.record(events_[entry].header), header_, budget);
        announced = lcio::announced_collections(lcio::read_event_header(header_), budget);
        if (known.contains(announced)) continue;
        read(entry, frame, [](auto, auto) { return false; });
        add_new(all, frame);
        if (holds_all(announced)) known.insert(std::move(announced));
      } catch (sio::Damage const&) {  // whoever reads this entry will hear of it
      } catch (DataError const&) {
      }
    }
    return all;
  }

 private:
  /// Whether the event read last has a block for each collection, of which `announced` has name and type.
  [[nodiscard]] bool holds_all(std::vector<std::string> const& announced) const {
    std::size_t blocks = 0;
    for (sio::Cursor payload(data_); payload.left() > 0; ++blocks) sio::next_block(payload);
    return 2 * blocks == announced.size();
  }

  /// Offsets of the two records of an event; `nowhere` for one that is missing, and for both where the
  /// file is damaged.
  struct Event {
    std::uint64_t header = nowhere;
    std::uint64_t data = nowhere;
  };

  [[nodiscard]] sio::Budget budget() const { return sio::Budget(memory_budget(file_.size())); }

  /// Walks over the record headers. Run headers and the random-access records at the end are passed by.
  void index() {
    if (file_.size() == 0) throw DataError(cat(info_.path, ": the file is empty"));
    std::uint64_t pending = nowhere;
    bool is_lcio = false;
    for (std::uint64_t at = 0; at < file_.size();) {
      sio::Record record;
      try {
        record = file_.record(at);
      } catch (sio::Damage const& damage) {
        if (!is_lcio) throw DataError(cat(info_.path, ": byte ", at, ": not an LCIO file: ", damage.what()));
        damage_ = damage.what();
        damage_at_ = at;
        events_.push_back({});
        return;
      }
      is_lcio = is_lcio || record.name.starts_with("LC");
      if (record.name == "LCEventHeader") {
        if (pending != nowhere) events_.push_back({pending, nowhere});
        pending = at;
      } else if (record.name == "LCEvent") {
        events_.push_back({std::exchange(pending, nowhere), at});
      }
      at = record.next;
    }
    if (!is_lcio) throw DataError(cat(info_.path, ": an SIO file, but without LCIO's records"));
    if (pending != nowhere) events_.push_back({pending, nowhere});
  }

  /// Takes version and detector from the first event. If that is damaged, reading it will say so.
  void describe() {
    if (events_.empty() || events_.front().header == nowhere) return;
    try {
      sio::Budget budget = this->budget();
      file_.unpack(file_.record(events_.front().header), header_, budget);
      lcio::EventHeader const header = lcio::read_event_header(header_);
      info_.schema = cat("LCIO ", header.version.major, '.', header.version.minor);
      info_.detector = header.detector;
    } catch (sio::Damage const&) {
    }
  }

  sio::File file_;
  FileInfo info_;
  std::vector<Event> events_;
  std::string damage_;
  std::uint64_t damage_at_ = 0;
  std::vector<std::byte> header_, data_;  // payloads of the event being read, kept for their memory
};

}  // namespace

std::unique_ptr<Source> open_lcio(std::string const& path) {
  return std::make_unique<LcioSource>(path);
}

}  // namespace corpuscle::io
