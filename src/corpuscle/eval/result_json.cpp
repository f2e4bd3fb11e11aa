#include "corpuscle/eval/result_json.hpp"

#include <nlohmann/json.hpp>

namespace corpuscle::eval {
namespace {

using Json = nlohmann::ordered_json;

Json estimate(Estimate const& e) {
  return {{"value", e.value}, {"error", e.error}, {"n", e.n}};
}

Json figure(Figure const& f) {
  Json json = estimate(f);
  json["unit"] = f.unit;
  json["description"] = f.description;
  return json;
}

Json axis(Axis const& a) {
  return {{"title", a.title}, {"unit", a.unit}, {"logarithmic", a.is_logarithmic}, {"edges", a.edges}};
}

Json counts(Counts const& c) {
  return {{"events", c.events},
          {"failures", c.failures},
          {"left_out", c.left_out},
          {"events_without_reference", c.events_without_reference},
          {"events_without_test", c.events_without_test},
          {"reference_particles", c.reference_particles},
          {"test_particles", c.test_particles},
          {"test_by_direction", c.test_by_direction},
          {"reference_dropped", c.reference_dropped},
          {"test_dropped", c.test_dropped}};
}

Json curve(Curve const& c) {
  Json points = Json::array();
  for (Estimate const& point : c.points) points.push_back(estimate(point));
  return {{"description", c.description}, {"x", axis(c.x)},   {"y_title", c.y_title},
          {"y_unit", c.y_unit},           {"points", points}, {"outside", c.outside}};
}

Json histogram(Histogram const& h) {
  return {{"description", h.description}, {"x", axis(h.x)},   {"y_title", h.y_title},
          {"counts", h.counts},           {"below", h.below}, {"above", h.above}};
}

Json matrix(Matrix const& m) {
  Json cells = Json::array();
  for (Figure const& cell : m.cells) cells.push_back(estimate(cell));
  return {{"description", m.description},
          {"row_title", m.row_title},
          {"column_title", m.column_title},
          {"rows", m.rows},
          {"columns", m.columns},
          {"cells", cells},
          {"counts", m.counts}};
}

}  // namespace

std::string to_json(Result const& result) {
  Json json;
  json["counts"] = counts(result.counts);
  for (Figure const& one : result.figures) json["figures"][one.name] = figure(one);
  for (Curve const& one : result.curves) json["curves"][one.name] = curve(one);
  for (Histogram const& one : result.histograms) json["histograms"][one.name] = histogram(one);
  for (Matrix const& one : result.matrices) json["matrices"][one.name] = matrix(one);
  return json.dump(1);
}

}  // namespace corpuscle::eval
