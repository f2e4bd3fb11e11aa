#include "corpuscle/tune/replay.hpp"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <istream>
#include <limits>
#include <optional>
#include <string_view>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/expect.hpp"
#include "corpuscle/core/text.hpp"

namespace corpuscle::tune {
namespace {

using core::cat;

std::vector<std::string_view> fields_of(std::string_view line) {
  if (line.ends_with('\r')) line.remove_suffix(1);
  std::vector<std::string_view> fields;
  while (true) {
    std::size_t const comma = line.find(',');
    fields.push_back(line.substr(0, comma));
    if (comma == std::string_view::npos) return fields;
    line.remove_prefix(comma + 1);
  }
}

}  // namespace

CurveTable read_curve_table(std::istream& in, std::string const& name) {
  CurveTable table;
  std::string line;
  if (!std::getline(in, line))
    throw core::DataError(cat(name, ": is empty; the first line names the columns"));
  std::size_t n_losses = 0;
  for (std::string_view const field : fields_of(line)) {
    if (field == cat("loss_", n_losses)) {
      ++n_losses;
    } else if (n_losses == 0) {
      table.parameters.emplace_back(field);
    } else {
      throw core::DataError(cat(name, ": column '", field, "' stands where 'loss_", n_losses,
                                "' is due; losses come last, in order"));
    }
  }
  if (n_losses == 0) throw core::DataError(cat(name, ": has no column 'loss_0'"));

  std::size_t const n_settings = table.parameters.size();
  for (std::size_t number = 2; std::getline(in, line); ++number) {
    if (line.empty()) continue;
    std::vector<std::string_view> const fields = fields_of(line);
    if (fields.size() != n_settings + n_losses)
      throw core::DataError(cat(name, ": line ", number, " has ", fields.size(), " columns, the header has ",
                                n_settings + n_losses));
    std::vector<double> values(fields.size());
    for (std::size_t i = 0; i < fields.size(); ++i) {
      char const* const end = fields[i].data() + fields[i].size();
      auto const [stop, error] = std::from_chars(fields[i].data(), end, values[i]);
      if (error != std::errc{} || stop != end)
        throw core::DataError(
            cat(name, ": line ", number, ", column ", i + 1, ": '", fields[i], "' is no number"));
    }
    auto const middle = values.begin() + static_cast<std::ptrdiff_t>(n_settings);
    table.settings.emplace_back(values.begin(), middle);
    table.losses.emplace_back(middle, values.end());
  }
  if (table.rows() == 0) throw core::DataError(cat(name, ": has no rows after the header"));
  return table;
}

CurveTable load_curve_table(std::string const& path) {
  errno = 0;
  std::ifstream file(path);
  if (!file) throw core::EnvironmentError(cat(path, ": cannot be read: ", std::strerror(errno)));
  return read_curve_table(file, path);
}

ReplayResult replay(CurveTable const& table, Scheduler& scheduler, std::span<std::size_t const> order,
                    std::size_t workers) {
  CORPUSCLE_EXPECT(!order.empty() && workers >= 1);
  CORPUSCLE_EXPECT(table.losses.front().size() >= static_cast<std::size_t>(scheduler.max_epochs()));
  auto const row_of = [&](TrialId trial) { return order[trial.row() % order.size()]; };

  ReplayResult result;
  std::vector<std::optional<TrialId>> training(workers);
  while (true) {
    bool is_busy = false;
    for (std::optional<TrialId>& worker : training) {
      if (!worker)
        if (std::optional<Job> const job = scheduler.next_job()) worker = job->trial;
      is_busy = is_busy || worker;
    }
    if (!is_busy) break;
    ++result.time;
    for (std::optional<TrialId>& worker : training) {
      if (!worker) continue;
      int const epoch = scheduler.trials()[worker->row()].epoch() + 1;
      double const loss = table.losses[row_of(*worker)][static_cast<std::size_t>(epoch) - 1];
      if (scheduler.report(*worker, epoch, loss) == Verdict::release) worker.reset();
    }
  }

  result.epochs = scheduler.epochs();
  for (Progress const& trial : scheduler.trials()) result.complete += trial.state == TrialState::complete;
  std::optional<TrialId> const best = scheduler.best();
  result.row = best ? row_of(*best) : table.rows();
  result.loss =
      best ? scheduler.trials()[best->row()].losses.back() : std::numeric_limits<double>::infinity();
  return result;
}

}  // namespace corpuscle::tune
