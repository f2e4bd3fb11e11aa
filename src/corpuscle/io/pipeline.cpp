#include "corpuscle/io/pipeline.hpp"

#include <poll.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <numeric>
#include <set>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/expect.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/io/memory_budget.hpp"
#include "corpuscle/io/worker_process.hpp"

namespace corpuscle::io {
namespace {

using core::cat;
using core::DataError;

/// What a worker may take beyond the size of its input: buffers for packing a chunk.
constexpr std::size_t packing_memory = std::size_t{512} << 20;
/// What ROOT maps, in workers that have to load it themselves.
constexpr std::size_t libraries_memory = std::size_t{1} << 30;
/// A chunk holds about this many bytes of input at most, so that large events make small chunks.
constexpr std::size_t chunk_bytes = std::size_t{8} << 20;

/// Events that are made are cut into this many chunks, if there are so few, so that every worker has a share.
constexpr std::size_t chunks_of_made_events = 32;

std::size_t memory_limit(PipelineConfig const& config) {
  if (config.made) return config.made->memory + packing_memory;
  std::size_t largest = 0;
  for (std::string const& input : config.inputs) largest = std::max(largest, size_of_file(input));
  return memory_budget(largest) + (config.output.empty() ? libraries_memory : packing_memory);
}

/// What messages call an input.
std::string const& name_of(PipelineConfig const& config, std::size_t input) {
  return config.made ? config.made->name : config.inputs[input];
}

/// Plain values over a socket; `read_*` throws Disconnected if the other end is gone, or given up.
struct Disconnected {};

class Wire {
 public:
  explicit Wire(int socket, std::function<bool()> give_up = {})
      : socket_(socket), give_up_(std::move(give_up)) {}

  void write(std::uint64_t value) { write_raw(&value, sizeof value); }
  void write(std::span<std::byte const> bytes) {
    write(bytes.size());
    write_raw(bytes.data(), bytes.size());
  }
  void write(std::string const& text) { write(std::as_bytes(std::span(text))); }
  void write(std::vector<std::string> const& texts) {
    write(texts.size());
    for (std::string const& text : texts) write(text);
  }

  std::uint64_t read_number() {
    std::uint64_t value = 0;
    read_raw(&value, sizeof value);
    return value;
  }
  std::vector<std::byte> read_bytes() {
    std::vector<std::byte> bytes(read_number());
    read_raw(bytes.data(), bytes.size());
    return bytes;
  }
  std::string read_text() {
    std::string text(read_number(), '\0');
    read_raw(text.data(), text.size());
    return text;
  }
  std::vector<std::string> read_texts() {
    std::vector<std::string> texts(read_number());
    for (std::string& text : texts) text = read_text();
    return texts;
  }

 private:
  void write_raw(void const* data, std::size_t n) {
    if (!send_bytes(socket_, data, n)) throw Disconnected{};
  }
  void read_raw(void* data, std::size_t n) {
    if (!receive_bytes(socket_, data, n, give_up_)) throw Disconnected{};
  }
  int socket_;
  std::function<bool()> give_up_;
};

/// What the inputs hold, found out before the work starts.
struct Survey {
  std::vector<std::size_t> entries;     ///< of each input; 0 for those that do not open
  std::vector<bool> opens;              ///< whether each input could be opened
  std::vector<std::string> damage;      ///< one per file that cannot be opened, with keep_going
  std::vector<Collection> collections;  ///< of all inputs, without contents
  std::size_t detector = 0;             ///< index in known_detectors; their number if none fits
  std::string example;                  ///< the first input that opens, and its format
};

bool is_dropped(PipelineConfig const& config, std::string_view name, std::string_view type) {
  return std::any_of(config.dropped.begin(), config.dropped.end(), [&](std::string const& pattern) {
    return core::matches(name, pattern) || core::matches(type, pattern);
  });
}

/// Takes them out of a list. @throws core::ConfigError for a pattern that nothing matches, a slip of the pen.
void drop(PipelineConfig const& config, std::vector<Collection>& collections) {
  for (std::string const& pattern : config.dropped)
    if (std::none_of(collections.begin(), collections.end(), [&](Collection const& c) {
          return core::matches(c.name, pattern) || core::matches(c.type, pattern);
        }))
      throw core::ConfigError(cat("no collection of the input has the name or type '", pattern,
                                  "'; `corpuscle inspect` lists both"));
  std::erase_if(collections, [&](Collection const& c) { return is_dropped(config, c.name, c.type); });
}

/// @throws core::DataError for a file in which there is nothing to reconstruct from.
void require_elements(PipelineConfig const& config, FileInfo const& info,
                      std::vector<Collection> const& collections) {
  auto const is_element = [&](Collection const& collection) {
    bool const is_read = !is_dropped(config, collection.name, collection.type);
    return is_read && (collection.type == "edm4hep::Track" || collection.type == "edm4hep::Cluster");
  };
  if (info.entries > 0 && std::none_of(collections.begin(), collections.end(), is_element))
    throw DataError(cat(info.path, ": this file (", info.format, ", ", info.layout,
                        ") holds neither tracks nor clusters: there is nothing to reconstruct from; "
                        "`corpuscle inspect` shows what it holds"));
}

/// Runs in a child: opens every input and says what it holds.
int survey_inputs(PipelineConfig const& config, Wire wire) {
  for (std::string const& input : config.inputs) {
    try {
      note_whereabouts(-1, input);
      auto const source = open_source(input);
      FileInfo const& info = source->info();
      auto const collections = source->collections();
      if (!config.output.empty()) require_elements(config, info, collections);
      Frame first;
      first.collections = collections;
      auto const* found = recognise(info, first, config.known_detectors);
      wire.write(static_cast<std::uint64_t>(core::ExitCode::success));
      wire.write(info.entries);
      wire.write(found ? static_cast<std::uint64_t>(found - config.known_detectors.data())
                       : config.known_detectors.size());
      wire.write(info.format);
      wire.write(collections.size());
      for (Collection const& collection : collections) {
        wire.write(collection.name);
        wire.write(collection.type);
        wire.write(collection.id);
        wire.write(collection.is_subset ? 1 : 0);
      }
    } catch (core::Error const& error) {
      wire.write(static_cast<std::uint64_t>(error.exit_code()));
      wire.write(std::string(error.what()));
    }
  }
  return 0;
}

[[noreturn]] void rethrow(core::ExitCode code, std::string const& message) {
  if (code == core::ExitCode::data) throw DataError(message);
  if (code == core::ExitCode::environment) throw core::EnvironmentError(message);
  throw core::Error(code, message);
}

/// Takes what the surveying child says of one input that it could open.
void add_input(PipelineConfig const& config, std::string const& input, Wire& wire, Survey& result) {
  bool const is_first = result.example.empty();
  result.entries.push_back(wire.read_number());
  std::size_t const detector = wire.read_number();
  std::string const format = wire.read_text();
  for (std::uint64_t n = wire.read_number(); n > 0; --n) {
    Collection collection;
    collection.name = wire.read_text();
    collection.type = wire.read_text();
    collection.id = static_cast<std::uint32_t>(wire.read_number());
    collection.is_subset = wire.read_number() == 1;
    auto const known = std::find_if(result.collections.begin(), result.collections.end(),
                                    [&](Collection const& c) { return c.name == collection.name; });
    if (known == result.collections.end()) {
      result.collections.push_back(std::move(collection));
    } else if (known->type != collection.type || known->id != collection.id ||
               known->is_subset != collection.is_subset) {
      throw DataError(cat(input, ": collection '", collection.name, "' has another type or id than in ",
                          config.inputs.front(), ": reconstruct these files separately"));
    }
  }
  if (is_first) {
    result.detector = detector;
    result.example = cat(input, ": the file (", format, ")");
  } else if (!config.detector && detector != result.detector) {
    throw DataError(cat(input,
                        ": this file comes from another detector than the first, or does not say from which: "
                        "name it with --detector, or reconstruct the files separately"));
  }
}

Survey survey(PipelineConfig const& config) {
  WorkerProcess child(memory_limit(config), [&](int socket) { return survey_inputs(config, Wire(socket)); });
  Wire wire(child.socket(), [&] {
    if (config.should_stop && config.should_stop()) throw Interrupted{};
    return child.is_stuck();
  });
  Survey result;
  result.detector = config.known_detectors.size();
  for (std::string const& input : config.inputs) {
    try {
      auto const code = static_cast<core::ExitCode>(wire.read_number());
      if (code == core::ExitCode::success) {
        result.opens.push_back(true);
        add_input(config, input, wire, result);
        continue;
      }
      std::string const message = wire.read_text();
      if (!config.keep_going) rethrow(code, message);
      result.damage.push_back(message);
      result.entries.push_back(0);
      result.opens.push_back(false);
    } catch (Disconnected const&) {
      throw DataError(cat(input, ": damaged: the library that opens it ", child.wait().describe()));
    }
  }
  if (result.example.empty()) throw DataError(result.damage.front());
  return result;
}

struct Chunk {
  std::size_t input = 0;
  std::size_t first = 0, last = 0;  ///< entries of that file
  std::set<std::size_t> skip;       ///< entries that crashed a worker
};

/// @throws core::ConfigError if the wanted range begins behind the last entry.
std::vector<Chunk> cut(PipelineConfig const& config, Survey const& found) {
  auto const& entries = found.entries;
  std::size_t const n_entries = std::accumulate(entries.begin(), entries.end(), std::size_t{0});
  if (n_entries > 0 && config.first >= n_entries)
    throw core::ConfigError(
        cat("there is no event ", config.first, ": the input has ", n_entries, ", counted from 0"));
  std::vector<Chunk> chunks;
  std::size_t start = 0;  // of this file, in the numbering through all of them
  for (std::size_t input = 0; input < entries.size(); ++input) {
    std::size_t const n = entries[input];
    std::size_t const first = std::clamp(config.first, start, start + n) - start;
    std::size_t const last = std::clamp(config.last.value_or(start + n), start, start + n) - start;
    std::size_t const event_bytes =
        std::max<std::size_t>(1, size_of_file(config.inputs[input]) / std::max<std::size_t>(1, n));
    std::size_t const step = std::clamp<std::size_t>(chunk_bytes / event_bytes, 1, events_per_chunk);
    for (std::size_t at = first; at < last; at += step)
      chunks.push_back({input, at, std::min(at + step, last), {}});
    start += n;
  }
  if (chunks.empty()) {  // no events: a file without events is a file
    std::size_t input = 0;
    while (input + 1 < config.inputs.size() && !found.opens[input]) ++input;
    chunks.push_back({input, 0, 0, {}});
  }
  return chunks;
}

std::vector<Chunk> cut_made(std::size_t first, std::size_t last) {
  std::size_t const step =
      std::clamp<std::size_t>((last - first) / chunks_of_made_events, 1, events_per_chunk);
  std::vector<Chunk> chunks;
  for (std::size_t at = first; at < last; at += step)
    chunks.push_back({0, at, std::min(at + step, last), {}});
  if (chunks.empty()) chunks.push_back({0, first, last, {}});
  return chunks;
}

/// What a worker says of one chunk.
struct Answer {
  core::ExitCode code = core::ExitCode::success;
  std::string message;  ///< if the chunk failed
  std::uint64_t events = 0;
  std::vector<std::string> damage;
  std::vector<std::byte> report, bytes;
};

/// The events of one input file, on their way through a processor.
class FileEvents final : public FrameMaker {
 public:
  FileEvents(PipelineConfig const& config, std::string const& path, detector::Detector const& detector,
             EventProcessor& processor)
      : source_(open_source(path)),
        builder_(source_->info(), detector),
        config_(config),
        wanted_(config.output.empty() ? builder_.wanted() : everything),
        processor_(processor) {}

  [[nodiscard]] Parameters const& metadata() const { return source_->info().metadata; }

  void make(std::size_t entry, Frame& frame) override {
    source_->read(entry, frame, [&](std::string_view name, std::string_view type) {
      return !is_dropped(config_, name, type) && wanted_(name, type);
    });
    std::erase_if(frame.collections,
                  [&](Collection const& c) { return is_dropped(config_, c.name, c.type); });
    event::Event const event = builder_(frame, entry);
    processor_.process(event, builder_, frame);
  }
  std::vector<std::byte> take_report() override { return processor_.take_report(); }

 private:
  std::unique_ptr<Source> source_;
  EventBuilder builder_;
  PipelineConfig const& config_;
  Wanted wanted_;
  EventProcessor& processor_;
};

/// Runs in a worker: processes chunks until the parent hangs up.
class ChunkWorker {
 public:
  ChunkWorker(PipelineConfig const& config, detector::Detector const& detector, WriterOptions options)
      : config_(config), detector_(detector), options_(std::move(options)) {}

  int run(Wire wire) {
    try {
      while (true) {
        Chunk chunk;
        chunk.input = wire.read_number();
        chunk.first = wire.read_number();
        chunk.last = wire.read_number();
        for (std::uint64_t n = wire.read_number(); n > 0; --n) chunk.skip.insert(wire.read_number());
        Answer answer;
        try {
          process(chunk, answer);
        } catch (core::Error const& error) {
          answer.code = error.exit_code();
          answer.message = error.what();
        } catch (std::exception const& error) {
          answer.code = core::ExitCode::bug;
          answer.message = cat(name_of(config_, chunk.input), ": entries ", chunk.first, " to ",
                               chunk.last - 1, ": internal error, please report it: ", error.what());
        }
        wire.write(static_cast<std::uint64_t>(answer.code));
        wire.write(answer.message);
        wire.write(answer.events);
        wire.write(answer.damage);
        wire.write(answer.report);
        wire.write(answer.bytes);
      }
    } catch (Disconnected const&) {
      return 0;
    }
  }

 private:
  void open(std::size_t input) {
    if (maker_ && input_ == input) return;
    note_whereabouts(-1, "");
    maker_.reset();
    if (config_.made) {
      maker_ = config_.made->make_maker();
    } else {
      if (!processor_) processor_ = config_.make_processor();
      auto file = std::make_unique<FileEvents>(config_, config_.inputs[input], detector_, *processor_);
      if (options_.metadata.empty()) options_.metadata = file->metadata();
      maker_ = std::move(file);
    }
    input_ = input;
  }

  void process(Chunk const& chunk, Answer& answer) {
    open(chunk.input);
    auto const encoder = config_.output.empty() ? nullptr : make_chunk_encoder(options_);
    for (std::size_t entry = chunk.first; entry < chunk.last; ++entry) {
      if (chunk.skip.contains(entry)) continue;
      try {
        process(entry, encoder.get());
        ++answer.events;
      } catch (DataError const& error) {
        if (!config_.keep_going) throw;
        answer.damage.emplace_back(error.what());
      }
    }
    note_whereabouts(-1, "");
    answer.report = maker_->take_report();
    if (encoder) answer.bytes = encoder->finish();
  }

  /// One event. @throws DataError that names file and entry
  void process(std::size_t entry, ChunkEncoder* encoder) try {
    note_whereabouts(static_cast<std::int64_t>(entry), "");
    maker_->make(entry, frame_);
    if (!encoder) return;
    try {
      encoder->add(frame_);
    } catch (DataError const& error) {
      throw DataError(cat(name_of(config_, input_), ": entry ", entry, ": ", error.what()));
    }
  } catch (std::bad_alloc const&) {
    throw DataError(cat(name_of(config_, input_), ": entry ", entry,
                        config_.made ? ": too large: needs more memory than a worker may take"
                                     : ": damaged: asks for more memory than the file can need"));
  }

  PipelineConfig const& config_;
  detector::Detector const& detector_;
  WriterOptions options_;
  std::unique_ptr<EventProcessor> processor_;
  std::size_t input_ = 0;
  std::unique_ptr<FrameMaker> maker_;
  Frame frame_;
};

/// The parent's side: hands out chunks and takes the answers in order.
class Foreman {
 public:
  Foreman(PipelineConfig const& config, detector::Detector const& detector, WriterOptions const& options,
          std::vector<Chunk> chunks)
      : config_(config),
        detector_(detector),
        options_(options),
        chunks_(std::move(chunks)),
        n_workers_(std::max(1U, config.workers)) {}

  void run(ChunkMerger* merger, PipelineResult& result) {
    std::size_t total = 0;
    for (Chunk const& chunk : chunks_) total += chunk.last - chunk.first;
    std::size_t done = 0;
    for (std::size_t next = 0; next < chunks_.size(); ++next) {
      while (!answers_.contains(next)) {
        hand_out(next);
        collect();
      }
      Answer answer = std::move(answers_.extract(next).mapped());
      if (answer.code != core::ExitCode::success) rethrow(answer.code, answer.message);
      if (config_.on_report) config_.on_report(answer.report);
      for (std::string& message : answer.damage) result.damage.push_back(std::move(message));
      result.events += answer.events;
      if (merger) merger->append(answer.bytes);
      done += chunks_[next].last - chunks_[next].first;
      if (config_.on_progress) config_.on_progress(done, total);
    }
  }

 private:
  struct Worker {
    std::unique_ptr<WorkerProcess> process;
    std::optional<std::size_t> chunk;  ///< what it works on
  };

  /// Gives work to idle workers, not too far ahead of what is written: that bounds the memory.
  void hand_out(std::size_t next) {
    while (given_ < chunks_.size() && given_ < next + 2 * n_workers_) {
      auto idle = std::find_if(workers_.begin(), workers_.end(), [](Worker const& w) { return !w.chunk; });
      if (idle == workers_.end()) {
        if (workers_.size() >= n_workers_) return;
        idle = workers_.insert(workers_.end(), Worker{});
      }
      give(*idle, given_++);
    }
  }

  std::unique_ptr<WorkerProcess> start() {
    auto process = std::make_unique<WorkerProcess>(memory_limit(config_), [this](int socket) {
      return ChunkWorker(config_, detector_, options_).run(Wire(socket));
    });
    if (config_.made) process->set_patience(config_.made->patience);
    return process;
  }

  void give(Worker& worker, std::size_t index) {
    if (!worker.process) worker.process = start();
    worker.chunk = index;
    worker.process->reset_patience();
    Chunk const& chunk = chunks_[index];
    Wire wire(worker.process->socket());
    try {
      wire.write(chunk.input);
      wire.write(chunk.first);
      wire.write(chunk.last);
      wire.write(chunk.skip.size());
      for (std::size_t entry : chunk.skip) wire.write(entry);
    } catch (Disconnected const&) {  // collect() finds it dead
    }
  }

  void collect() {
    std::vector<pollfd> sockets;
    for (Worker const& worker : workers_)
      sockets.push_back({worker.chunk ? worker.process->socket() : -1, POLLIN, 0});
    ::poll(sockets.data(), sockets.size(), 1000);
    if (config_.should_stop && config_.should_stop()) throw Interrupted{};
    for (std::size_t k = 0; k < workers_.size(); ++k) {
      Worker& worker = workers_[k];
      if (!worker.chunk) continue;
      if (sockets[k].revents != 0) {
        take_answer(worker);
      } else if (worker.process->is_stuck()) {
        bury(worker);
      }
    }
  }

  void take_answer(Worker& worker) try {
    Wire wire(worker.process->socket());
    Answer answer;
    answer.code = static_cast<core::ExitCode>(wire.read_number());
    answer.message = wire.read_text();
    answer.events = wire.read_number();
    answer.damage = wire.read_texts();
    answer.report = wire.read_bytes();
    answer.bytes = wire.read_bytes();
    for (auto const& message : crashes_[*worker.chunk]) answer.damage.push_back(message);
    answers_.emplace(*worker.chunk, std::move(answer));
    worker.chunk.reset();
  } catch (Disconnected const&) {
    bury(worker);
  }

  /// A worker died. With keep_going its chunk is tried again without the event that killed it.
  void bury(Worker& worker) {
    std::size_t const index = *worker.chunk;
    Chunk& chunk = chunks_[index];
    Outcome const outcome = worker.process->wait();
    std::string const message = cat(name_of(config_, chunk.input),
                                    config_.made ? ": internal error, please report it: a worker "
                                                 : ": damaged: the library that reads it ",
                                    outcome.describe());
    auto const entry = static_cast<std::size_t>(outcome.whereabouts.entry);
    worker.process.reset();
    if (config_.keep_going && outcome.whereabouts.entry >= 0 && entry >= chunk.first && entry < chunk.last &&
        chunk.skip.insert(entry).second) {
      crashes_[index].push_back(message);
      give(worker, index);
      return;
    }
    auto const code = config_.made ? core::ExitCode::bug : core::ExitCode::data;
    answers_.emplace(index, Answer{code, message, 0, {}, {}, {}});
    worker.chunk.reset();
  }

  PipelineConfig const& config_;
  detector::Detector const& detector_;
  WriterOptions const& options_;
  std::vector<Chunk> chunks_;
  std::size_t n_workers_;
  std::size_t given_ = 0;
  std::vector<Worker> workers_;
  std::map<std::size_t, Answer> answers_;
  std::map<std::size_t, std::vector<std::string>> crashes_;
};

detector::Detector const& choose_detector(PipelineConfig const& config, Survey const& found) {
  if (config.detector) return *config.detector;
  if (found.detector < config.known_detectors.size()) return config.known_detectors[found.detector];
  throw DataError(cat(found.example, " does not say which detector it comes from; name it with --detector"));
}

/// What the output will hold: what the processor adds, and of the inputs' collections those that can be kept.
std::vector<Collection> choose_collections(PipelineConfig const& config, Survey const& found,
                                           std::vector<std::string>& not_kept) {
  std::vector<Collection> chosen = config.added;
  for (Collection const& collection : found.collections) {
    bool const is_added = std::any_of(config.added.begin(), config.added.end(),
                                      [&](Collection const& added) { return added.name == collection.name; });
    if (is_added) continue;
    if (is_writable(collection.type))
      chosen.push_back(collection);
    else
      not_kept.push_back(cat(collection.name, " (", collection.type, ")"));
  }
  return chosen;
}

}  // namespace

PipelineResult run_pipeline(PipelineConfig const& config) {
  std::error_code ignored;
  for (std::string const& input : config.inputs)
    if (std::filesystem::equivalent(input, config.output, ignored))
      throw core::ConfigError(cat(config.output, ": this is an input file too: name another output"));

  // First the output: a directory that cannot be written is found at once, and ROOT, loaded now, is
  // shared by the workers.
  auto const merger = config.output.empty() ? nullptr : make_chunk_merger(config.output, config.container);
  PipelineResult result;
  detector::Detector detector;
  WriterOptions options;
  options.container = config.container;
  std::vector<Chunk> chunks;
  if (config.made) {
    CORPUSCLE_EXPECT(config.last && config.first <= *config.last);
    options.schema = config.made->collections;
    options.metadata = config.made->metadata;
    chunks = cut_made(config.first, *config.last);
  } else {
    Survey found = survey(config);
    drop(config, found.collections);
    result.damage = found.damage;
    detector = choose_detector(config, found);
    result.detector = detector.name;
    options.schema = choose_collections(config, found, result.not_kept);
    result.input_events = std::accumulate(found.entries.begin(), found.entries.end(), std::size_t{0});
    chunks = cut(config, found);
  }
  Foreman(config, detector, options, std::move(chunks)).run(merger.get(), result);
  if (merger) merger->finish();
  return result;
}

}  // namespace corpuscle::io
