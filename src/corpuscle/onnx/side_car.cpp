#include "corpuscle/onnx/side_car.hpp"

#include <nlohmann/json.hpp>
#include <string_view>

#include "corpuscle/core/text.hpp"
#include "corpuscle/onnx/convert.hpp"

namespace corpuscle::onnx {
namespace {

using Json = nlohmann::ordered_json;
using encoding::Layout;

/// "none", "charged_hadron", ...: what the six logits of the class are for.
std::vector<std::string> labels() {
  std::vector<std::string> result;
  for (std::string_view const output : encoding::output_names(Layout::standard).first(encoding::n_labels))
    result.emplace_back(output.substr(std::string_view("logit_").size()));
  return result;
}

bool has_tracks(encoding::Schema const& schema) {
  return schema.columns(encoding::ElementType::track) != nullptr;
}

/// What the logits of an element are compared among.
std::vector<std::string> labels_of(encoding::Schema const& schema, encoding::ElementType type) {
  std::vector<std::string> const all = labels();
  std::vector<std::string> result{all[0]};
  for (std::size_t i = 0; i < event::n_particle_classes; ++i)
    if (encoding::can_be(type, has_tracks(schema), static_cast<event::ParticleClass>(i)))
      result.push_back(all[1 + i]);
  return result;
}

Json elements(encoding::Schema const& schema) {
  Json result = Json::array();
  for (encoding::ElementColumns const& element : schema.elements) {
    Json names = Json::array();
    Json infos = Json::object();
    for (encoding::Column const& column : element.columns) {
      names.push_back(column.name);
      infos[column.name] = {{"unit", column.unit},
                            {"range", {column.low, column.high}},
                            {"transform", encoding::name(column.transform)},
                            {"scale", column.scale},
                            {"median", 0},
                            {"norm_factor", 1},
                            {"replace_inf_value", 0}};
    }
    result.push_back({{"type", encoding::name(element.type)},
                      {"code", schema.position(element.type)},
                      {"labels", labels_of(schema, element.type)},
                      {"var_names", names},
                      {"var_infos", infos}});
  }
  return result;
}

Json steps_of(Layout layout) {
  switch (layout) {
    case Layout::standard:
      return {
          "label of a track: the largest logit_* among the element's labels; 'none': no particle",
          "label of another element: the largest among its labels without 'none'; no particle if P(none), "
          "the softmax of logit_none among all its labels, is above 0.72 (photon) or 0.82 (neutral_hadron), "
          "of a hit or a group of hits 0.60 or 0.70",
          "p = p_element exp(ln_p_ratio), p_element the momentum of a track, the energy of a cluster or hit",
          "eta = eta_element + delta_eta, phi = phi_element + delta_phi, of the momentum of a track at the "
          "beam, of the centroid of a cluster, of the position of a hit",
          "energy = sqrt(p^2 + m^2), m the mass of the label",
          "energy, momentum and mass of what is no track times (1 - P(none))^1.5"};
    case Layout::mlpf_2023:
      return {
          "label: the largest of the six logits among the element's labels; 'none': no particle",
          "charge: the largest of logit_charge_minus, _zero and _plus, for charged labels",
          "pt [GeV], eta, phi = atan2(sin_phi, cos_phi), energy [GeV], raised to the momentum where below"};
    case Layout::mlpf_2026:
      return {"no particle where logit_no_particle is not below logit_particle",
              "label: the largest of the six logits among the element's labels; 'none': no particle",
              "pt = pt_element exp(ln_pt_ratio), eta, phi = atan2(sin_phi, cos_phi)",
              "energy = energy_element exp(ln_e_ratio), raised to the momentum where below"};
  }
  return {};
}

Json masses() {
  std::vector<std::string> const all = labels();
  Json result = Json::object();
  for (std::size_t i = 0; i < event::n_particle_classes; ++i)
    result[all[1 + i]] = encoding::mass(static_cast<event::ParticleClass>(i));
  return result;
}

}  // namespace

std::string side_car(artifact::ModelDescription const& description, std::string const& file) {
  encoding::Schema const& schema = description.schema;
  Json json;
  json["format"] = "corpuscle-onnx-1";
  json["file"] = file;
  json["network"] = Json::parse(artifact::to_json(description.model));
  json["detector"] = description.detector;
  json["schema"] = schema.name;
  json["rule"] = description.rule;
  json["input_names"] = {features_name, types_name};
  json["output_names"] = {outputs_name};
  json[features_name] = {{"type", "float32"},
                         {"shape", {"elements", schema.width()}},
                         {"normalisation", "in the network"},
                         {"missing", "0: what cannot be computed, columns that a type of element has not"}};
  json[types_name] = {{"type", "int64"}, {"shape", {"elements"}}, {"values", "'code' of the element's type"}};
  json["elements"] = elements(schema);
  json["order_of_elements"] = "by code, then by falling energy; one event per call, at least one element";
  Json names = Json::array();
  for (std::string_view const name : encoding::output_names(description.layout)) names.push_back(name);
  json[outputs_name] = {{"type", "float32"}, {"shape", {"elements", names.size()}}, {"var_names", names}};
  json["decoding"] = {{"layout", encoding::name(description.layout)},
                      {"labels", labels()},
                      {"masses", masses()},
                      {"steps", steps_of(description.layout)}};
  json["provenance"] = description.provenance;
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

void describe(artifact::ModelDescription const& description, Model& model) {
  Json const provenance = description.provenance;
  model.metadata["corpuscle.architecture"] = artifact::to_json(description.model);
  model.metadata["corpuscle.schema"] = encoding::to_json(description.schema);
  model.metadata["corpuscle.layout"] = encoding::name(description.layout);
  model.metadata["corpuscle.rule"] = description.rule;
  model.metadata["corpuscle.detector"] = description.detector;
  model.metadata["corpuscle.provenance"] = provenance.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace corpuscle::onnx
