#include "corpuscle/eval/result.hpp"

#include <algorithm>
#include <cmath>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/eval/statistics.hpp"

namespace corpuscle::eval {
namespace {

template <class Named>
Named const* find(std::vector<Named> const& all, std::string_view name) {
  auto const found = std::find_if(all.begin(), all.end(), [&](Named const& one) { return one.name == name; });
  return found == all.end() ? nullptr : &*found;
}

template <class Named>
Named const& get(std::string_view what, std::vector<Named> const& all, std::string_view name) {
  if (Named const* const found = find(all, name)) return *found;
  std::vector<std::string_view> known;
  for (Named const& one : all) known.push_back(one.name);
  std::string_view const nearest = core::nearest(name, known);
  throw core::ConfigError(core::cat("evaluation: there is no ", what, " '", name, "'",
                                    nearest.empty() ? "" : core::cat("; did you mean '", nearest, "'?")));
}

void check_same_events(std::vector<EventId> const& a, std::vector<EventId> const& b) {
  if (a == b) return;
  auto const [in_a, in_b] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  bool const lacks_in_a = in_a == a.end() || (in_b != b.end() && *in_b < *in_a);
  throw core::DataError(std::string("evaluation: the events compared differ: ") +
                        name(lacks_in_a ? *in_b : *in_a) + " is missing in the " +
                        (lacks_in_a ? "first" : "second") + ". Compare what both have (common_events)");
}

void subtract(Estimate& from, Estimate const& other, std::size_t n_events) {
  from.value -= other.value;
  from.n = std::min(from.n, other.n);
  for (std::size_t k = 0; k < from.replicas.size(); ++k) from.replicas[k] -= other.replicas[k];
  from.error = spread(from.replicas, n_events);
}

bool is_alike(Figure const& a, Figure const& b) {
  return a.name == b.name && a.replicas.size() == b.replicas.size();
}
bool is_alike(Curve const& a, Curve const& b) {
  return a.name == b.name && a.x.edges == b.x.edges;
}
bool is_alike(Matrix const& a, Matrix const& b) {
  return a.name == b.name && a.cells.size() == b.cells.size();
}

template <class Named>
void check_alike(std::vector<Named> const& a, std::vector<Named> const& b) {
  if (!std::equal(a.begin(), a.end(), b.begin(), b.end(),
                  [](Named const& one, Named const& other) { return is_alike(one, other); }))
    throw core::ConfigError("evaluation: results of different configurations cannot be compared. Use one");
}

}  // namespace

std::string name(EventId const& id) {
  std::string text = "event " + std::to_string(id.number) + " of run " + std::to_string(id.run);
  if (id.sample > 0) text += " of sample " + std::to_string(id.sample);
  return text;
}

std::size_t Axis::bin(double value) const {
  if (!(value >= edges.front())) return bins();
  if (value == edges.front()) return 0;
  return static_cast<std::size_t>(std::lower_bound(edges.begin(), edges.end(), value) - edges.begin()) - 1;
}

void Histogram::fill(double value) {
  std::size_t const bin = x.bin(value);
  if (bin < x.bins())
    ++counts[bin];
  else
    ++(value < x.edges.front() ? below : above);
}

Figure Result::figure(std::string_view name) const {
  for (Matrix const& matrix : matrices)
    if (Figure const* const cell = find(matrix.cells, name)) return *cell;
  return get("figure", figures, name);
}

Curve Result::curve(std::string_view name) const {
  return get("curve", curves, name);
}

Histogram Result::histogram(std::string_view name) const {
  return get("histogram", histograms, name);
}

Result difference(Result const& test, Result const& baseline) {
  check_same_events(test.events, baseline.events);
  check_alike(test.figures, baseline.figures);
  check_alike(test.curves, baseline.curves);
  check_alike(test.matrices, baseline.matrices);
  Result result = test;
  result.histograms.clear();
  std::size_t const n_events = result.events.size();
  for (std::size_t k = 0; k < result.figures.size(); ++k)
    subtract(result.figures[k], baseline.figures[k], n_events);
  for (std::size_t k = 0; k < result.curves.size(); ++k)
    for (std::size_t bin = 0; bin < result.curves[k].points.size(); ++bin)
      subtract(result.curves[k].points[bin], baseline.curves[k].points[bin], n_events);
  for (std::size_t k = 0; k < result.matrices.size(); ++k) {
    result.matrices[k].counts.clear();
    for (std::size_t cell = 0; cell < result.matrices[k].cells.size(); ++cell)
      subtract(result.matrices[k].cells[cell], baseline.matrices[k].cells[cell], n_events);
  }
  return result;
}

}  // namespace corpuscle::eval
