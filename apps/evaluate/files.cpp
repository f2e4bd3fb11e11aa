#include "evaluate/files.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "corpuscle/config/detector.hpp"
#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/io/pipeline.hpp"
#include "corpuscle/report/measurement_bytes.hpp"
#include "terminal.hpp"

namespace evaluate {

using namespace corpuscle;
using core::cat;

namespace {

/// How everything is measured.
eval::EvaluationConfig const& evaluation_config() {
  static eval::EvaluationConfig const defaults;
  return defaults;
}

constexpr char const* our_collection = "CorpuscleParticles";

/// In a worker: measures events and packs what it found.
class Measuring final : public io::EventProcessor {
 public:
  explicit Measuring(Request const& request) : measure_(request, evaluation_config().measure) {}

  void process(event::Event const& event, io::EventBuilder const& builder, io::Frame& frame) override {
    Measured const measured = measure_(event, builder, frame);
    report::append(bytes_, measured.run);
    report::append(bytes_, measured.number);
    report::append(bytes_, measured.reference);
    report::append(bytes_, measured.reference_sum);
    for (auto const& line : measured.lines) {
      report::append(bytes_, line.has_value());
      if (line) report::append(bytes_, *line);
    }
  }
  std::vector<std::byte> take_report() override { return std::exchange(bytes_, {}); }

 private:
  LineMeasurer measure_;
  std::vector<std::byte> bytes_;
};

Measured unpack(std::span<std::byte const>& bytes, std::size_t n_lines) {
  Measured measured;
  report::take(bytes, measured.run);
  report::take(bytes, measured.number);
  report::take(bytes, measured.reference);
  report::take(bytes, measured.reference_sum);
  measured.lines.resize(n_lines);
  for (auto& line : measured.lines) {
    bool is_there = false;
    report::take(bytes, is_there);
    if (is_there) report::take(bytes, line.emplace());
  }
  return measured;
}

/// What our own reconstruction has added to a file comes before what was there.
detector::Detector ours_first(detector::Detector detector) {
  auto& names = detector.collections.particles;
  names.insert(names.begin(), our_collection);
  return detector;
}

/// Energy alone does not tell apart what guns of one energy have shot. The reference is made anew from each
/// file; a writer may have rounded what is in it.
bool are_alike(eval::FourVector const& a, eval::FourVector const& b) {
  double const rounding = 1e-4 * std::max(1.0, a.energy);
  return std::abs(a.energy - b.energy) <= rounding && core::length(a.momentum() - b.momentum()) <= rounding;
}

std::string text(eval::FourVector const& p) {
  return cat("E = ", p.energy, " GeV and p = (", p.px, ", ", p.py, ", ", p.pz, ") GeV");
}

}  // namespace

MeasuredFiles measure_files(FileOptions const& options) {
  io::PipelineConfig config;
  config.inputs = options.inputs;
  config.workers = options.workers;
  config.keep_going = options.keep_going;
  config.last = options.events;
  if (options.detector) config.detector = ours_first(*options.detector);
  for (detector::Detector const& known : config::built_in_detectors())
    config.known_detectors.push_back(ours_first(known));
  config.make_processor = [&] { return std::make_unique<Measuring>(options.request); };
  config.should_stop = [] { return terminal::interrupted_by() != 0; };

  MeasuredFiles files;
  std::size_t const n_lines = options.request.lines.size();
  files.lines.assign(n_lines, eval::Evaluation(evaluation_config()));
  files.made.resize(n_lines);
  std::map<std::pair<std::int64_t, std::int64_t>, std::uint32_t> seen;
  config.on_report = [&](std::span<std::byte const> bytes) {
    while (!bytes.empty()) {
      Measured measured = unpack(bytes, n_lines);
      eval::EventId const id{seen[{measured.run, measured.number}]++, measured.run, measured.number};
      files.sums.emplace(id, measured.reference_sum);
      ++files.references[measured.reference];
      for (std::size_t line = 0; line < n_lines; ++line) {
        if (measured.lines[line]) {
          files.lines[line].add(id, std::move(*measured.lines[line]));
          ++files.made[line];
        } else {
          files.lines[line].add_failure(id);
        }
      }
    }
  };
  terminal::Progress progress(options.label);
  config.on_progress = [&](std::size_t done, std::size_t total) { progress.show(done, total); };
  io::PipelineResult result = io::run_pipeline(config);
  files.detector = std::move(result.detector);
  files.damage = std::move(result.damage);
  return files;
}

std::vector<eval::EventId> common_events(std::vector<MeasuredFiles> const& files,
                                         std::vector<std::string> const& names) {
  std::vector<eval::EventId> common;
  for (auto const& [id, sum] : files[0].sums) common.push_back(id);
  for (std::size_t k = 1; k < files.size(); ++k) {
    if (files[k].detector != files[0].detector)
      throw core::DataError(cat(names[k], ": is from the detector ", files[k].detector, ", ", names[0],
                                " from ", files[0].detector, ": these cannot be compared"));
    for (auto const& [id, sum] : files[k].sums) {
      auto const at = files[0].sums.find(id);
      if (at == files[0].sums.end() || are_alike(at->second, sum)) continue;
      throw core::DataError(cat(names[k], ": ", name(id), " is not that of ", names[0],
                                ": its reference particles sum up to ", text(sum), ", not ", text(at->second),
                                "; files that are compared must hold the same events"));
    }
  }
  for (MeasuredFiles const& one : files)
    for (std::size_t line = 0; line < one.lines.size(); ++line) {
      if (one.made[line] == 0) continue;
      std::vector<eval::EventId> const has = one.lines[line].events();
      std::vector<eval::EventId> both;
      std::set_intersection(common.begin(), common.end(), has.begin(), has.end(), std::back_inserter(both));
      common = std::move(both);
    }
  if (common.empty() && files.size() > 1)
    throw core::DataError(cat("the files have no event in common: ", names[0], " begins with ",
                              files[0].sums.empty() ? "none" : name(files[0].sums.begin()->first), ", ",
                              names[1], " with ",
                              files[1].sums.empty() ? "none" : name(files[1].sums.begin()->first)));
  return common;
}

}  // namespace evaluate
