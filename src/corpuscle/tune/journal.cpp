#include "corpuscle/tune/journal.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <ctime>
#include <fstream>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/tune/optuna_distribution.hpp"
#include "corpuscle/tune/scan.hpp"

namespace corpuscle::tune {
namespace {

using core::cat;
using Json = nlohmann::ordered_json;

// What the lines are, in Optuna's numbers.
enum Operation {
  create_study = 0,
  study_attribute = 2,
  study_system_attribute = 3,
  create_trial = 4,
  trial_parameter = 5,
  trial_state = 6,
  intermediate_value = 7,
  trial_user_attribute = 8,
  trial_attribute = 9,
};
enum OptunaState { is_running = 0, is_complete = 1, is_pruned = 2, is_failed = 3 };

constexpr std::string_view key_of_study = "corpuscle:study";
constexpr std::string_view key_of_deed = "corpuscle";
constexpr int format_version = 1;
constexpr std::size_t piece = std::size_t{1} << 16;  // bytes read at a time

OptunaState optuna_state(TrialState state) {
  switch (state) {
    case TrialState::complete: return is_complete;
    case TrialState::stopped: return is_pruned;
    case TrialState::failed: return is_failed;
    default: return is_running;
  }
}

std::optional<TrialState> ended_state(int state) {
  switch (state) {
    case is_complete: return TrialState::complete;
    case is_pruned: return TrialState::stopped;
    case is_failed: return TrialState::failed;
    default: return std::nullopt;
  }
}

/// As Python writes and reads a number: the shortest digits that give it back; NaN and Infinity bare.
std::string number(double x) {
  if (std::isnan(x)) return "NaN";
  if (std::isinf(x)) return x > 0 ? "Infinity" : "-Infinity";
  return number_text(x);
}

/// JSON as Python writes it: NaN, Infinity and -Infinity outside of texts become texts, for a strict reader.
std::string strict(std::string_view line) {
  std::string result;
  bool in_text = false;
  for (std::size_t i = 0; i < line.size();) {
    if (in_text && line[i] == '\\' && i + 1 < line.size()) {
      result.append(line.substr(i, 2));
      i += 2;
      continue;
    }
    if (line[i] == '"') in_text = !in_text;
    std::string_view word;
    if (!in_text)
      for (std::string_view const each : {"NaN", "Infinity", "-Infinity"})
        if (line.substr(i).starts_with(each)) word = each;
    if (word.empty()) {
      result += line[i++];
    } else {
      result += cat('"', word, '"');
      i += word.size();
    }
  }
  return result;
}

double double_of(Json const& json) {
  if (json.is_number()) return json.get<double>();
  if (json == "NaN" || json.is_null()) return std::numeric_limits<double>::quiet_NaN();
  if (json == "Infinity") return std::numeric_limits<double>::infinity();
  if (json == "-Infinity") return -std::numeric_limits<double>::infinity();
  throw core::DataError(cat(json.dump(), " stands where a number is due"));
}

Json parse(std::string_view line) {
  Json json = Json::parse(line, nullptr, false);
  if (json.is_discarded()) json = Json::parse(strict(line), nullptr, false);
  if (!json.is_object()) throw core::DataError("is no JSON object");
  return json;
}

/// The keys of a line that makes a trial: parameters and their ranges.
std::string parameters_of(Space const& space, Configuration const& configuration) {
  std::string params, distributions;
  for (std::size_t i = 0; i < space.size(); ++i) {
    if (std::isnan(configuration[i])) continue;
    std::string const comma = params.empty() ? "" : ", ";
    std::string const name = json_text(space.parameters[i].name);
    params += cat(comma, name, ": ", number(configuration[i]));
    distributions += cat(comma, name, ": ", json_text(optuna_distribution(space.parameters[i])));
  }
  return cat(R"("params": {)", params, R"(}, "distributions": {)", distributions, "}");
}

std::string line_of(Event const& event, Space const& space) {
  std::string const worker = json_text(event.worker);
  std::string const time = [&] {
    char digits[32];
    return std::string(digits,
                       std::to_chars(digits, digits + 32, event.time, std::chars_format::fixed, 6).ptr);
  }();
  auto const head = [&](Operation operation) {
    return cat(R"({"op_code": )", static_cast<int>(operation), R"(, "worker_id": )", worker);
  };
  auto const deed = [&](std::string const& content) {
    return cat(head(trial_attribute), R"(, "trial_id": )", event.trial, R"(, "system_attr": {"corpuscle": {)",
               content, R"(, "time": )", time, "}}}\n");
  };
  switch (event.kind) {
    case Event::Kind::report:
      return cat(head(intermediate_value), R"(, "trial_id": )", event.trial, R"(, "step": )", event.epoch,
                 R"(, "intermediate_value": )", number(event.loss), R"(, "seconds": )", number(event.seconds),
                 "}\n");
    case Event::Kind::start:
      return cat(head(create_trial), R"(, "study_id": 0, "state": 0, "datetime_start": ")",
                 local_time(event.time), R"(", "value": null, )", parameters_of(space, event.configuration),
                 R"(, "user_attrs": {}, "system_attrs": {"corpuscle": {"lease": )", event.lease,
                 R"(, "target": )", event.target, R"(, "time": )", time, "}}}\n");
    case Event::Kind::foreign: {
      std::string losses;
      for (std::size_t i = 0; i < event.losses.size(); ++i)
        losses += cat(i == 0 ? "\"" : ", \"", i + 1, "\": ", number(event.losses[i]));
      bool const has_value = event.state == TrialState::complete && event.score;
      return cat(
          head(create_trial), R"(, "study_id": 0, "state": )", static_cast<int>(optuna_state(event.state)),
          R"(, "datetime_start": ")", local_time(event.time), R"(", "datetime_complete": ")",
          local_time(event.time), R"(", "value": )", has_value ? number(*event.score) : std::string("null"),
          ", ", parameters_of(space, event.configuration), R"(, "intermediate_values": {)", losses,
          R"(}, "user_attrs": {}, "system_attrs": {"corpuscle": {"imported": true, "time": )", time, "}}}\n");
    }
    case Event::Kind::take:
      return deed(cat(R"("do": "take", "lease": )", event.lease, R"(, "target": )", event.target));
    case Event::Kind::renew: return deed(R"("do": "renew")");
    case Event::Kind::leave:
      return deed(cat(R"("do": "leave", "lease": )", event.lease, R"(, "fault": )",
                      event.is_fault ? "true" : "false", R"(, "reason": )", json_text(event.reason)));
    case Event::Kind::close: {
      bool const has_value = event.state != TrialState::failed && event.score && std::isfinite(*event.score);
      return cat(head(trial_attribute), R"(, "trial_id": )", event.trial, R"(, "system_attr": {"reason": )",
                 json_text(event.reason), "}}\n", head(trial_state), R"(, "trial_id": )", event.trial,
                 R"(, "state": )", static_cast<int>(optuna_state(event.state)), R"(, "values": )",
                 has_value ? cat('[', number(*event.score), ']') : std::string("null"),
                 R"(, "datetime_complete": ")", local_time(event.time), R"(", "time": )", time, "}\n");
    }
  }
  return {};
}

/// A loss, the line of which there are most, without the detour through a tree. Nothing if the line is not
/// written as `line_of` does.
std::optional<Event> quick_report(std::string_view line) {
  Scan scan(line);
  Event event;
  event.kind = Event::Kind::report;
  if (!scan.skip(R"({"op_code": 7, "worker_id": ")")) return std::nullopt;
  std::optional<std::string_view> const worker = scan.until("\"\\");
  if (!worker) return std::nullopt;
  event.worker = *worker;
  bool const is_ours = scan.skip(R"(", "trial_id": )") && scan.read(event.trial) &&
                       scan.skip(R"(, "step": )") && scan.read(event.epoch) &&
                       scan.skip(R"(, "intermediate_value": )") && scan.read(event.loss) &&
                       scan.skip(R"(, "seconds": )") && scan.read(event.seconds) && scan.rest() == "}";
  return is_ours ? std::optional(event) : std::nullopt;
}

Configuration configuration_of(Json const& params, Space const& space) {
  Configuration configuration(space.size(), std::numeric_limits<double>::quiet_NaN());
  for (auto const& [name, value] : params.items()) {
    std::optional<std::size_t> const index = space.find(name);
    if (!index) throw core::DataError(cat("has the parameter '", name, "', which the space lacks"));
    configuration[*index] = double_of(value);
  }
  return configuration;
}

/// What a line means for the study; nothing if that follows from others.
std::optional<Event> event_of(Json const& json, Space const& space, std::size_t n_trials) {
  Event event;
  event.worker = json.value("worker_id", "");
  int const operation = json.at("op_code").get<int>();
  if (operation == create_trial) {
    Json const& ours = json.at("system_attrs").at(std::string(key_of_deed));
    bool const is_foreign = ours.contains("imported");
    event.kind = is_foreign ? Event::Kind::foreign : Event::Kind::start;
    event.trial = n_trials;
    event.configuration = configuration_of(json.at("params"), space);
    event.time = ours.at("time").get<double>();
    if (!is_foreign) {
      event.lease = ours.at("lease").get<int>();
      event.target = ours.at("target").get<int>();
    } else {
      std::optional<TrialState> const state = ended_state(json.at("state").get<int>());
      if (!state) throw core::DataError("imports a trial that has not ended");
      event.state = *state;
      Json const& losses = json.at("intermediate_values");
      for (std::size_t i = 1; i <= losses.size(); ++i) event.losses.push_back(double_of(losses.at(cat(i))));
    }
    return event;
  }
  // Notes that a viewer has taken.
  if (operation == study_attribute || operation == study_system_attribute ||
      operation == trial_user_attribute)
    return std::nullopt;
  event.trial = json.at("trial_id").get<std::size_t>();
  if (operation == intermediate_value) {
    event.kind = Event::Kind::report;
    event.epoch = json.at("step").get<int>();
    event.loss = double_of(json.at("intermediate_value"));
    event.seconds = json.at("seconds").get<double>();
    return event;
  }
  if (operation == trial_state) {
    event.kind = Event::Kind::close;
    event.time = json.at("time").get<double>();
    return event;
  }
  if (operation != trial_attribute)
    throw core::DataError(cat("is of kind ", operation, ", which no study of Corpuscle writes"));
  Json const& attribute = json.at("system_attr");
  if (!attribute.contains(std::string(key_of_deed))) return std::nullopt;  // a reason, for those who look
  Json const& ours = attribute.at(std::string(key_of_deed));
  std::string const deed = ours.at("do").get<std::string>();
  event.time = ours.at("time").get<double>();
  if (deed == "renew") {
    event.kind = Event::Kind::renew;
  } else if (deed == "take") {
    event.kind = Event::Kind::take;
    event.lease = ours.at("lease").get<int>();
    event.target = ours.at("target").get<int>();
  } else if (deed == "leave") {
    event.kind = Event::Kind::leave;
    event.lease = ours.at("lease").get<int>();
    event.is_fault = ours.at("fault").get<bool>();
    event.reason = ours.at("reason").get<std::string>();
  } else {
    throw core::DataError(cat("does '", deed, "', which this version does not know"));
  }
  return event;
}

std::string reason() {
  return std::strerror(errno);
}

bool write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t const n = ::write(file, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n == 0) errno = ENOSPC;
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

}  // namespace

std::string local_time(double seconds) {
  auto whole = static_cast<std::time_t>(std::floor(seconds));
  auto micro = static_cast<long>(std::floor((seconds - std::floor(seconds)) * 1e6));
  std::tm parts{};
  ::localtime_r(&whole, &parts);
  char text[64];
  std::size_t const n = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  std::string digits = std::to_string(micro);
  return std::string(text, n) + "." + std::string(6 - digits.size(), '0') + digits;
}

void Journal::create(std::string const& path, std::string const& configuration) {
  StudyConfig const config = parse_study(configuration, path);
  std::string const lines =
      cat(R"({"op_code": 0, "worker_id": "init", "study_name": )", json_text(config.name),
          R"(, "directions": [1]})", '\n',
          R"({"op_code": 2, "worker_id": "init", "study_id": 0, "user_attr": {")", key_of_study,
          R"(": {"version": )", format_version, R"(, "configuration": )", json_text(configuration), "}}}\n");
  int const file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  if (file < 0) throw core::EnvironmentError(cat(path, ": cannot be made: ", reason()));
  bool const is_written = write_all(file, lines) && ::fsync(file) == 0;
  std::string const why = reason();
  ::close(file);
  if (is_written) return;
  ::unlink(path.c_str());
  throw core::EnvironmentError(cat(path, ": cannot be written: ", why));
}

Journal::Journal(std::string path) : path_(std::move(path)) {
  file_ = ::open(path_.c_str(), O_RDWR | O_APPEND | O_CLOEXEC);
  if (file_ < 0 && (errno == EACCES || errno == EROFS)) {
    file_ = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    is_read_only_ = true;
  }
  if (file_ < 0)
    throw core::EnvironmentError(cat(path_, ": cannot be opened: ", reason(),
                                     "; `corpuscle tune init` makes the directory of a study"));
  try {
    follow();
    if (!study_) refuse("it is no study of Corpuscle's: its second line should hold the configuration");
  } catch (...) {
    ::close(file_);
    throw;
  }
}

Journal::~Journal() {
  ::close(file_);
}

void Journal::follow() {
  std::string rest;  // of a line that is not complete yet
  std::vector<char> bytes(piece);
  for (std::size_t place = offset_;;) {
    ssize_t const n = ::pread(file_, bytes.data(), bytes.size(), static_cast<off_t>(place));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw core::EnvironmentError(cat(path_, ": cannot be read: ", reason()));
    if (n == 0) return;
    place += static_cast<std::size_t>(n);
    rest.append(bytes.data(), static_cast<std::size_t>(n));
    std::size_t begin = 0;
    for (std::size_t end; (end = rest.find('\n', begin)) != std::string::npos; begin = end + 1) {
      apply(std::string_view(rest).substr(begin, end - begin));
      ++n_lines_;
      offset_ += end + 1 - begin;
    }
    rest.erase(0, begin);
  }
}

void Journal::apply(std::string_view line) {
  try {
    if (study_) {
      if (std::optional<Event> const event = quick_report(line)) return study_->apply(*event);
      if (std::optional<Event> const event =
              event_of(parse(line), study_->config().space, study_->n_trials()))
        study_->apply(*event);
      return;
    }
    Json const json = parse(line);
    int const operation = json.at("op_code").get<int>();
    if (n_lines_ == 0 && operation == create_study) return;
    if (n_lines_ != 1 || operation != study_attribute ||
        !json.at("user_attr").contains(std::string(key_of_study)))
      throw core::DataError(
          "is not what a study of Corpuscle begins with; `corpuscle tune import` reads studies of Optuna's");
    Json const& ours = json.at("user_attr").at(std::string(key_of_study));
    if (int const version = ours.at("version").get<int>(); version != format_version)
      throw core::DataError(
          cat("is of version ", version, " of the format, this program reads ", format_version));
    configuration_ = ours.at("configuration").get<std::string>();
    study_ = std::make_unique<Study>(parse_study(configuration_, cat(path_, " (its configuration)")));
  } catch (core::DataError const& error) {
    refuse(error.what());
  } catch (Json::exception const& error) {
    refuse(cat("is not what this program writes (", error.what(), ")"));
  }
}

void Journal::refuse(std::string const& what) const {
  throw core::DataError(cat(path_, ": line ", n_lines_ + 1, ": ", what));
}

Journal::Lock::Lock(Journal const& journal) : file_(journal.file_) {
  while (::flock(file_, LOCK_EX) != 0)
    if (errno != EINTR)
      throw core::EnvironmentError(
          cat(journal.path_, ": cannot be locked: ", reason(),
              "; a study needs a file system with flock (NFS 4, Lustre with -o flock)"));
}

Journal::Lock::~Lock() {
  ::flock(file_, LOCK_UN);
}

void Journal::append(std::vector<Event> const& events) {
  if (events.empty()) return;
  if (is_read_only_) throw core::EnvironmentError(cat(path_, ": cannot be written: you may only read it"));
  std::string lines;
  for (Event const& event : events) lines += line_of(event, study_->config().space);
  struct stat status {};
  auto const begin = static_cast<off_t>(offset_);
  bool const is_written = ::fstat(file_, &status) == 0 &&
                          (status.st_size == begin || ::ftruncate(file_, begin) == 0) &&
                          write_all(file_, lines) && ::fsync(file_) == 0;
  if (!is_written) {
    std::string const why = reason();
    // Half of the events would be worse than none.
    if (::ftruncate(file_, begin) != 0) {
      // The line without an end is cut off by the next one who writes.
    }
    throw core::EnvironmentError(cat(path_, ": cannot be written: ", why));
  }
  offset_ += lines.size();
  n_lines_ += static_cast<std::size_t>(std::count(lines.begin(), lines.end(), '\n'));
}

std::vector<ForeignTrial> read_foreign_journal(std::string const& path, Space const& space, int max_epochs) {
  struct Known {
    std::map<std::string, double> values;      // numbers, by parameter
    std::map<std::string, std::string> words;  // of categorical ones
    std::map<int, double> losses;
    std::optional<double> value;
    int state = is_running;
    std::size_t line = 0;
  };
  std::vector<Known> all;
  std::ifstream file(path);
  if (!file) throw core::EnvironmentError(cat(path, ": cannot be read: ", reason()));

  auto const set = [](Known& trial, std::string const& name, Json const& value, std::string const& text) {
    Json const distribution = parse(text);
    if (distribution.at("name") == "CategoricalDistribution") {
      Json const& choice = distribution.at("attributes").at("choices").at(value.get<std::size_t>());
      trial.words[name] = choice.is_string() ? choice.get<std::string>() : choice.dump();
    } else {
      trial.values[name] = double_of(value);
    }
  };
  auto const value_in = [](Json const& json) -> std::optional<double> {
    for (char const* key : {"value", "values"}) {
      if (!json.contains(key) || json.at(key).is_null()) continue;
      return double_of(json.at(key).is_array() ? json.at(key).at(0) : json.at(key));
    }
    return std::nullopt;
  };

  std::size_t number = 0;
  bool has_study = false;
  for (std::string line; std::getline(file, line);) {
    ++number;
    try {
      Json const json = parse(line);
      int const operation = json.at("op_code").get<int>();
      auto const trial = [&]() -> Known& { return all.at(json.at("trial_id").get<std::size_t>()); };
      if (operation == create_study) {
        if (json.at("directions") != Json::array({1}))
          throw core::DataError("the study does not minimise one number");
        has_study = true;
      } else if (operation == create_trial) {
        if (json.at("study_id") != 0) throw core::DataError("holds more than one study");
        Known& made = all.emplace_back();
        made.line = number;
        made.state = json.value("state", static_cast<int>(is_running));
        made.value = value_in(json);
        if (json.contains("params"))
          for (auto const& [name, value] : json.at("params").items())
            set(made, name, value, json.at("distributions").at(name).get<std::string>());
        if (json.contains("intermediate_values"))
          for (auto const& [step, value] : json.at("intermediate_values").items())
            made.losses[std::stoi(step)] = double_of(value);
      } else if (operation == trial_parameter) {
        set(trial(), json.at("param_name").get<std::string>(), json.at("param_value_internal"),
            json.at("distribution").get<std::string>());
      } else if (operation == trial_state) {
        trial().state = json.at("state").get<int>();
        if (std::optional<double> const value = value_in(json)) trial().value = value;
      } else if (operation == intermediate_value) {
        trial().losses[json.at("step").get<int>()] = double_of(json.at("intermediate_value"));
      }
    } catch (std::exception const& error) {
      throw core::DataError(cat(path, ": line ", number, ": ", error.what()));
    }
  }

  if (!has_study) throw core::DataError(cat(path, ": there is no study in it"));
  std::vector<ForeignTrial> trials;
  for (Known const& known : all) {
    std::optional<TrialState> const state = ended_state(known.state);
    if (!state) continue;
    ForeignTrial trial;
    trial.state = *state;
    trial.configuration.assign(space.size(), std::numeric_limits<double>::quiet_NaN());
    for (std::size_t i = 0; i < space.size(); ++i) {
      Parameter const& parameter = space.parameters[i];
      if (!space.is_active(trial.configuration, i)) continue;
      if (auto const found = known.values.find(parameter.name); found != known.values.end())
        trial.configuration[i] = found->second;
      if (auto const found = known.words.find(parameter.name); found != known.words.end()) {
        auto const word = std::find(parameter.values.begin(), parameter.values.end(), found->second);
        trial.configuration[i] = static_cast<double>(word - parameter.values.begin());
      }
    }
    if (std::string const wrong = space.complaint(trial.configuration); !wrong.empty())
      throw core::DataError(cat(path, ": line ", known.line, ": the trial does not fit the space: ", wrong));
    // Steps may begin at 0 and leave gaps; epochs do not.
    for (auto const& [step, loss] : known.losses)
      if (std::isfinite(loss) && trial.losses.size() < static_cast<std::size_t>(max_epochs))
        trial.losses.push_back(loss);
    if (trial.losses.empty() && known.value && std::isfinite(*known.value))
      trial.losses.assign(static_cast<std::size_t>(max_epochs), *known.value);
    if (trial.losses.empty() && *state != TrialState::failed) continue;
    trials.push_back(std::move(trial));
  }
  return trials;
}

}  // namespace corpuscle::tune
