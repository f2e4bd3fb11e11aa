#include "corpuscle/io/lcio_block.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "corpuscle/core/text.hpp"

namespace corpuscle::io::lcio {
namespace {

using core::cat;
using sio::Damage;
using sio::Version;

/// Bits of a collection's flag word.
constexpr std::uint32_t has_position = bit(31);  // calorimeter hits
constexpr std::uint32_t has_calo_cell_id1 = bit(29);
constexpr std::uint32_t has_no_tag = bit(28);        // CalorimeterHit
constexpr std::uint32_t has_steps = bit(28);         // SimCalorimeterHit
constexpr std::uint32_t has_time = bit(27);          // CalorimeterHit
constexpr std::uint32_t has_energy_error = bit(26);  // CalorimeterHit
constexpr std::uint32_t has_hits = bit(31);          // Track, Cluster
constexpr std::uint32_t is_weighted = bit(31);       // LCRelation
constexpr std::uint32_t has_cell_id1 = bit(31);      // TrackerHit, TrackerHitPlane
constexpr std::uint32_t has_momentum = bit(30);      // SimTrackerHit
constexpr std::uint32_t has_sim_cell_id1 = bit(29);  // SimTrackerHit

constexpr std::uint32_t primary_vertex = bit(1);  // edm4hep::Vertex::BITPrimaryVertex
constexpr std::int32_t at_ip = 1;                 // edm4hep::TrackState::AtIP
constexpr std::int32_t unknown_helicity = 9;

std::uint64_t cell_id(std::uint32_t low, std::uint32_t high) {
  return std::uint64_t{high} << 32 | low;
}

}  // namespace

Kind const* find_kind(std::string_view lcio) {
  static constexpr std::array<Kind, 11> kinds{{
      {"MCParticle", "edm4hep::MCParticle", &BlockReader::mc_particles, 68},
      {"Track", "edm4hep::Track", &BlockReader::tracks, 40},
      {"Cluster", "edm4hep::Cluster", &BlockReader::clusters, 80},
      {"ReconstructedParticle", "edm4hep::ReconstructedParticle", &BlockReader::reconstructed_particles, 108,
       "_PID", "edm4hep::ParticleID"},
      {"Vertex", "edm4hep::Vertex", &BlockReader::vertices, 64},
      {"LCRelation", "", &BlockReader::relations, 8},
      {"CalorimeterHit", "edm4hep::CalorimeterHit", &BlockReader::calorimeter_hits, 16},
      {"SimCalorimeterHit", "edm4hep::SimCalorimeterHit", &BlockReader::sim_calorimeter_hits, 16,
       "Contributions", "edm4hep::CaloHitContribution"},
      {"TrackerHit", "edm4hep::TrackerHit3D", &BlockReader::tracker_hits, 68},
      {"TrackerHitPlane", "edm4hep::TrackerHitPlane", &BlockReader::tracker_hit_planes, 76},
      {"SimTrackerHit", "edm4hep::SimTrackerHit", &BlockReader::sim_tracker_hits, 44},
  }};
  auto const found =
      std::find_if(kinds.begin(), kinds.end(), [&](Kind const& kind) { return kind.lcio == lcio; });
  return found == kinds.end() ? nullptr : &*found;
}

// ---- tags ------------------------------------------------------------------------------------------

void TagTable::prepare() {
  std::uint32_t highest = 0;
  for (Tag const& entry : tags_) highest = std::max(highest, entry.tag);
  if (highest < 2 * tags_.size() + 64) {
    dense_.resize(highest + 1);
    for (Tag const& entry : tags_) dense_[entry.tag] = entry.object;
  } else {  // numbered otherwise, or many objects belong to refused collections
    std::sort(tags_.begin(), tags_.end(), [](Tag a, Tag b) { return a.tag < b.tag; });
  }
}

ObjectRef TagTable::find(std::uint32_t tag) const {
  if (tag < dense_.size()) return dense_[tag];
  if (!dense_.empty()) return {};
  auto const found =
      std::lower_bound(tags_.begin(), tags_.end(), tag, [](Tag a, std::uint32_t b) { return a.tag < b; });
  return found != tags_.end() && found->tag == tag ? found->object : ObjectRef{};
}

// ---- the objects of each type ----------------------------------------------------------------------

void BlockReader::read(Kind const& kind, Collection& objects, Collection& parts) {
  budget_.spend(objects.size * TagTable::bytes_per_tag);
  parts_ = &parts;
  try {
    (this->*kind.read)(objects);
  } catch (Damage const& damage) {
    throw Damage(cat("object ", object_, ": ", damage.what()));
  }
  check_end();
}

void BlockReader::check_end() const {
  if (in_.left() != 0) throw Damage(cat(in_.left(), " bytes left over behind the last object"));
}

std::uint64_t BlockReader::tracker_cell_id() {
  if (version_ <= Version{1, 51}) return 0;
  std::uint32_t const low = in_.u32();
  return cell_id(low, flag(has_cell_id1) ? in_.u32() : 0);
}

void BlockReader::read_subset(Collection& out) {
  auto& objects = build(out).relation("objects");
  budget_.spend(out.size * sizeof(ObjectRef));
  objects.reserve(out.size);
  for (std::size_t k = 0; k < out.size; ++k) objects.push_back(unresolved(in_.u32()));
  check_end();
}

void BlockReader::relations(Collection& out) {
  Builder builder = build(out);
  auto weight = builder.member<float>("weight");
  auto& from = builder.relation("from");
  auto& to = builder.relation("to");
  budget_.spend(2 * out.size * sizeof(ObjectRef));
  from.reserve(out.size);
  to.reserve(out.size);
  for (object_ = 0; object_ < out.size; ++object_) {
    from.push_back(unresolved(in_.u32()));
    to.push_back(unresolved(in_.u32()));
    weight(flag(is_weighted) ? in_.f32() : 1.0F);
  }
}

void BlockReader::mc_particles(Collection& out) {
  Builder builder = build(out);
  auto pdg = builder.member<std::int32_t>("PDG");
  auto generator_status = builder.member<std::int32_t>("generatorStatus");
  auto simulator_status = builder.member<std::int32_t>("simulatorStatus");
  auto charge = builder.member<float>("charge");
  auto time = builder.member<float>("time");
  auto mass = builder.member<double>("mass");
  auto vertex = builder.member3<double>("vertex");
  auto endpoint = builder.member3<double>("endpoint");
  auto momentum = builder.member3<double>("momentum");
  auto momentum_at_endpoint = builder.member3<double>("momentumAtEndpoint");
  auto helicity = builder.member<std::int32_t>("helicity");
  auto parents_of = builder.range("parents");
  auto& parents = builder.relation("parents");
  for (object_ = 0; object_ < out.size; ++object_) {
    tag();
    copy_references(parents);
    parents_of.close(parents.size());
    pdg(in_.i32());
    generator_status(in_.i32());
    std::uint32_t const status = in_.u32();
    simulator_status(static_cast<std::int32_t>(status));
    copy3_double(vertex);
    time(in_.f32());
    copy3(momentum);
    mass(in_.f32());
    charge(in_.f32());
    if ((status & endpoint_is_set) != 0) {
      copy3_double(endpoint);
    } else {
      zero3(endpoint);  // restore_daughters knows better if the particle decays
    }
    if ((status & endpoint_is_set) != 0 && version_ > Version{2, 6}) {
      copy3(momentum_at_endpoint);
    } else {
      zero3(momentum_at_endpoint);
    }
    if (version_ > Version{1, 51}) {
      in_.skip(8);  // spin x and y
      helicity(convert<std::int32_t>(std::round(in_.f32())));
      in_.skip(8);  // colour flow
    } else {
      helicity(unknown_helicity);
    }
  }
}

void BlockReader::tracks(Collection& out) {
  bool const has_states = version_ >= Version{2, 0};
  bool const has_holes = version_ > Version{2, 21};
  Builder builder = build(out);
  auto type = builder.member<std::int32_t>("type");
  auto chi2 = builder.member<float>("chi2");
  auto ndf = builder.member<std::int32_t>("ndf");
  auto holes = builder.member<std::int32_t>("Nholes");
  auto hit_numbers_of = builder.range("subdetectorHitNumbers");
  auto hole_numbers_of = builder.range("subdetectorHoleNumbers");
  auto states_of = builder.range("trackStates");
  auto hits_of = builder.range("trackerHits");
  auto tracks_of = builder.range("tracks");
  auto de_dx = builder.member<float>("dEdx");
  auto de_dx_error = builder.member<float>("dEdxError");
  auto innermost_radius = builder.member<float>("radiusOfInnermostHit");
  Column& hit_numbers = builder.numbers<std::int32_t>("subdetectorHitNumbers", "int32_t");
  Column& hole_numbers = builder.numbers<std::int32_t>("subdetectorHoleNumbers", "int32_t");
  auto& hits = builder.relation("trackerHits");
  auto& tracks = builder.relation("tracks");

  VectorMember& states = out.vectors.emplace_back();
  states.name = "trackStates";
  states.element_type = "edm4hep::TrackState";
  states.columns.emplace_back("location", Scalar::i32);
  static constexpr std::size_t first_parameter = 1;
  for (auto name : {"D0", "phi", "omega", "Z0", "tanLambda"}) states.columns.emplace_back(name, Scalar::f32);
  static constexpr std::size_t state_time = 6;
  states.columns.emplace_back("time", Scalar::f32);
  for (auto name : {"referencePoint.x", "referencePoint.y", "referencePoint.z"}) {
    states.columns.emplace_back(name, Scalar::f32);
  }
  static constexpr std::size_t lcio_covariance = 15;  // of the five parameters; EDM4hep's sixth is the time
  static constexpr std::size_t edm4hep_covariance = 21;
  states.columns.emplace_back("covMatrix.values", Scalar::f32, edm4hep_covariance);

  std::size_t states_so_far = 0;
  for (object_ = 0; object_ < out.size; ++object_) {
    type(in_.i32());
    std::size_t const n = has_states ? list(96, 124) : 1;
    for (std::size_t k = 0; k < n; ++k) {
      append(states.columns[0], has_states ? in_.i32() : at_ip);
      for (std::size_t p = 0; p < 5; ++p) append(states.columns[first_parameter + p], in_.f32());
      append(states.columns[state_time], 0.0F);
      auto covariance = extend<float>(states.columns.back(), edm4hep_covariance);
      copy(covariance, lcio_covariance);
      for (std::size_t axis = 1; axis <= 3; ++axis) append(states.columns[state_time + axis], in_.f32());
    }
    states_of.close(states_so_far += n);
    chi2(in_.f32());
    ndf(in_.i32());
    de_dx(in_.f32());
    de_dx_error(in_.f32());
    holes(has_holes ? in_.i32() : 0);
    innermost_radius(in_.f32());
    copy_list<std::int32_t>(hit_numbers);
    hit_numbers_of.close(hit_numbers.values());
    if (has_holes) copy_list<std::int32_t>(hole_numbers);
    hole_numbers_of.close(hole_numbers.values());
    copy_references(tracks);
    tracks_of.close(tracks.size());
    if (flag(has_hits)) copy_references(hits);
    hits_of.close(hits.size());
    tag();
  }
}

void BlockReader::clusters(Collection& out) {
  Builder builder = build(out);
  auto type = builder.member<std::int32_t>("type");
  auto energy = builder.member<float>("energy");
  auto energy_error = builder.member<float>("energyError");
  auto position = builder.member3<float>("position");
  auto position_error = builder.member<float>("positionError.values", 6);
  auto theta = builder.member<float>("iTheta");
  auto phi = builder.member<float>("iPhi");
  auto direction_error = builder.member3<float>("directionError");
  auto shape_of = builder.range("shapeParameters");
  auto energies_of = builder.range("subdetectorEnergies");
  auto clusters_of = builder.range("clusters");
  auto hits_of = builder.range("hits");
  Column& shape = builder.numbers<float>("shapeParameters", "float");
  Column& energies = builder.numbers<float>("subdetectorEnergies", "float");
  auto& clusters = builder.relation("clusters");
  auto& hits = builder.relation("hits");
  for (object_ = 0; object_ < out.size; ++object_) {
    type(in_.i32());
    energy(in_.f32());
    energy_error(version_ > Version{1, 51} ? in_.f32() : 0.0F);
    copy3(position);
    copy(position_error, 6);
    theta(in_.f32());
    phi(in_.f32());
    copy3(direction_error);
    copy_list<float>(shape);
    shape_of.close(shape.values());
    for (std::size_t n = in_.count(20); n > 0; --n) {  // particle ids: EDM4hep has them of particles only
      in_.skip(16);
      skip_references();
    }
    copy_references(clusters);
    clusters_of.close(clusters.size());
    if (flag(has_hits)) {
      for (std::size_t n = list(8, sizeof(ObjectRef)); n > 0; --n) {
        hits.push_back(unresolved(in_.u32()));
        in_.skip(4);  // the fraction of the hit's energy: no such thing in EDM4hep
      }
    }
    hits_of.close(hits.size());
    copy_list<float>(energies);
    energies_of.close(energies.values());
    tag();
  }
}

void BlockReader::reconstructed_particles(Collection& out) {
  Builder builder = build(out);
  auto pdg = builder.member<std::int32_t>("PDG");
  auto energy = builder.member<float>("energy");
  auto momentum = builder.member3<float>("momentum");
  auto reference_point = builder.member3<float>("referencePoint");
  auto charge = builder.member<float>("charge");
  auto mass = builder.member<float>("mass");
  auto goodness = builder.member<float>("goodnessOfPID");
  auto covariance = builder.member<float>("covMatrix.values", 10);
  auto clusters_of = builder.range("clusters");
  auto tracks_of = builder.range("tracks");
  auto particles_of = builder.range("particles");
  auto& clusters = builder.relation("clusters");
  auto& tracks = builder.relation("tracks");
  auto& particles = builder.relation("particles");
  budget_.spend(out.size * sizeof(ObjectRef));
  builder.relation("decayVertex").resize(out.size);  // fill_vertices knows

  Collection& ids = *parts_;
  for (auto name : {"type", "PDG", "algorithmType"}) ids.members.emplace_back(name, Scalar::i32);
  ids.members.emplace_back("likelihood", Scalar::f32);
  for (auto name : {"parameters_begin", "parameters_end"}) ids.members.emplace_back(name, Scalar::u32);
  Builder id_builder = build(ids);
  Column& parameters = id_builder.numbers<float>("parameters", "float");
  auto& particle = id_builder.relation("particle");

  struct TaggedPdg {
    std::uint32_t tag;
    std::int32_t pdg;
  };
  std::vector<TaggedPdg> hypotheses;
  for (object_ = 0; object_ < out.size; ++object_) {
    std::int32_t const type = in_.i32();
    copy3(momentum);
    energy(in_.f32());
    copy(covariance, 10);
    mass(in_.f32());
    charge(in_.f32());
    copy3(reference_point);
    hypotheses.clear();
    for (std::size_t n = list(24, 48); n > 0; --n) {
      append(ids.members[3], in_.f32());
      append(ids.members[0], in_.i32());
      hypotheses.push_back({0, in_.i32()});
      append(ids.members[1], hypotheses.back().pdg);
      append(ids.members[2], in_.i32());
      append(ids.members[4], static_cast<std::uint32_t>(parameters.values()));
      copy_list<float>(parameters);
      append(ids.members[5], static_cast<std::uint32_t>(parameters.values()));
      hypotheses.back().tag = in_.u32();
      particle.push_back({static_cast<std::int32_t>(object_), ordinal_});
    }
    std::uint32_t const used = in_.u32();
    auto const best =
        std::find_if(hypotheses.begin(), hypotheses.end(), [&](TaggedPdg id) { return id.tag == used; });
    pdg(best != hypotheses.end() && used != TagTable::never_pointed_at && best->pdg != 0 ? best->pdg : type);
    goodness(in_.f32());
    copy_references(particles);
    particles_of.close(particles.size());
    copy_references(tracks);
    tracks_of.close(tracks.size());
    copy_references(clusters);
    clusters_of.close(clusters.size());
    if (version_ > Version{1, 7}) in_.skip(4);  // start vertex: EDM4hep lists it with the vertex
    tag();
  }
  ids.size = particle.size();
}

void BlockReader::vertices(Collection& out) {
  Builder builder = build(out);
  auto type = builder.member<std::uint32_t>("type");
  auto chi2 = builder.member<float>("chi2");
  builder.member<std::int32_t>("ndf");  // not in LCIO, which keeps the probability instead
  auto position = builder.member3<float>("position");
  auto covariance = builder.member<float>("covMatrix.values", 6);
  auto algorithm = builder.member<std::int32_t>("algorithmType");
  auto parameters_of = builder.range("parameters");
  auto probability = builder.member<float>("probability");
  Column& parameters = builder.numbers<float>("parameters", "float");
  auto& particles = builder.relation("particles");
  for (object_ = 0; object_ < out.size; ++object_) {
    type(in_.u32() != 0 ? primary_vertex : 0);
    algorithm(in_.i32());
    chi2(in_.f32());
    probability(in_.f32());
    copy3(position);
    copy(covariance, 6);
    copy_list<float>(parameters);
    parameters_of.close(parameters.values());
    particles.push_back(
        unresolved(in_.u32()));  // the decaying particle; fill_vertices puts its products here
    tag();
  }
}

void BlockReader::calorimeter_hits(Collection& out) {
  Builder builder = build(out);
  auto cell = builder.member<std::uint64_t>("cellID");
  auto energy = builder.member<float>("energy");
  auto energy_error = builder.member<float>("energyError");
  auto time = builder.member<float>("time");
  auto position = builder.member3<float>("position");
  auto type = builder.member<std::int32_t>("type");
  for (object_ = 0; object_ < out.size; ++object_) {
    std::uint32_t const low = in_.u32();
    cell(cell_id(low, flag(has_calo_cell_id1) ? in_.u32() : 0));
    energy(in_.f32());
    energy_error(flag(has_energy_error) && version_ > Version{1, 9} ? in_.f32() : 0.0F);
    time(flag(has_time) ? in_.f32() : 0.0F);
    if (flag(has_position)) {
      copy3(position);
    } else {
      zero3(position);
    }
    type(in_.i32());
    in_.skip(4);  // raw hit
    if (!flag(has_no_tag)) tag();
  }
}

void BlockReader::sim_calorimeter_hits(Collection& out) {
  Builder builder = build(out);
  auto cell = builder.member<std::uint64_t>("cellID");
  auto energy = builder.member<float>("energy");
  auto position = builder.member3<float>("position");
  auto contributions_of = builder.range("contributions");
  auto& contributions = builder.relation("contributions");

  Collection& steps = *parts_;
  steps.members.emplace_back("PDG", Scalar::i32);
  for (auto name : {"energy", "time", "stepPosition.x", "stepPosition.y", "stepPosition.z", "stepLength"}) {
    steps.members.emplace_back(name, Scalar::f32);
  }
  auto& particle = build(steps).relation("particle");

  bool const has_length = flag(has_steps) && version_ > Version{2, 10};
  bool const has_step_position = flag(has_steps) && version_ > Version{1, 51};
  for (object_ = 0; object_ < out.size; ++object_) {
    std::uint32_t const low = in_.u32();
    cell(cell_id(low, flag(has_calo_cell_id1) ? in_.u32() : 0));
    energy(in_.f32());
    if (flag(has_position)) {
      copy3(position);
    } else {
      zero3(position);
    }
    for (std::size_t n = list(12, 44); n > 0; --n) {
      contributions.push_back({static_cast<std::int32_t>(particle.size()), ordinal_ + 1});
      particle.push_back(unresolved(in_.u32()));
      append(steps.members[1], in_.f32());
      append(steps.members[2], in_.f32());
      append(steps.members[6], has_length ? in_.f32() : 0.0F);
      append(steps.members[0], flag(has_steps) ? in_.i32() : 0);
      for (std::size_t axis = 3; axis < 6; ++axis)
        append(steps.members[axis], has_step_position ? in_.f32() : 0.0F);
    }
    contributions_of.close(contributions.size());
    tag();
  }
  steps.size = particle.size();
}

void BlockReader::tracker_hits(Collection& out) {
  Builder builder = build(out);
  auto cell = builder.member<std::uint64_t>("cellID");
  auto type = builder.member<std::int32_t>("type");
  auto quality = builder.member<std::int32_t>("quality");
  auto time = builder.member<float>("time");
  auto deposit = builder.member<float>("eDep");
  auto deposit_error = builder.member<float>("eDepError");
  auto position = builder.member3<double>("position");
  auto covariance = builder.member<float>("covMatrix.values", 6);
  for (object_ = 0; object_ < out.size; ++object_) {
    cell(tracker_cell_id());
    type(in_.i32());
    copy3_double(position);
    copy(covariance, 6);
    deposit(in_.f32());
    deposit_error(version_ > Version{1, 12} ? in_.f32() : 0.0F);
    time(in_.f32());
    quality(version_ > Version{1, 11} ? in_.i32() : 0);
    skip_references();  // raw hits
    tag();
  }
}

void BlockReader::tracker_hit_planes(Collection& out) {
  Builder builder = build(out);
  auto cell = builder.member<std::uint64_t>("cellID");
  auto type = builder.member<std::int32_t>("type");
  auto quality = builder.member<std::int32_t>("quality");
  auto time = builder.member<float>("time");
  auto deposit = builder.member<float>("eDep");
  auto deposit_error = builder.member<float>("eDepError");
  auto u_theta = builder.member<float>("u.a");
  auto u_phi = builder.member<float>("u.b");
  auto v_theta = builder.member<float>("v.a");
  auto v_phi = builder.member<float>("v.b");
  auto du = builder.member<float>("du");
  auto dv = builder.member<float>("dv");
  auto position = builder.member3<double>("position");
  builder.member<float>("covMatrix.values", 6);  // not stored: it follows from u, v, du and dv
  for (object_ = 0; object_ < out.size; ++object_) {
    cell(tracker_cell_id());
    type(in_.i32());
    copy3_double(position);
    u_theta(in_.f32());
    u_phi(in_.f32());
    v_theta(in_.f32());
    v_phi(in_.f32());
    du(in_.f32());
    dv(in_.f32());
    deposit(in_.f32());
    deposit_error(in_.f32());
    time(in_.f32());
    quality(in_.i32());
    skip_references();  // raw hits
    tag();
  }
}

void BlockReader::sim_tracker_hits(Collection& out) {
  Builder builder = build(out);
  auto cell = builder.member<std::uint64_t>("cellID");
  auto deposit = builder.member<float>("eDep");
  auto time = builder.member<float>("time");
  auto path_length = builder.member<float>("pathLength");
  auto quality = builder.member<std::int32_t>("quality");
  auto position = builder.member3<double>("position");
  auto momentum = builder.member3<float>("momentum");
  auto& particle = builder.relation("particle");
  budget_.spend(out.size * sizeof(ObjectRef));
  particle.reserve(out.size);
  for (object_ = 0; object_ < out.size; ++object_) {
    std::uint32_t const low = in_.u32();
    cell(cell_id(low, flag(has_sim_cell_id1) && version_ > Version{1, 51} ? in_.u32() : 0));
    copy3_double(position);
    deposit(in_.f32());
    time(in_.f32());
    particle.push_back(unresolved(in_.u32()));
    if (flag(has_momentum)) {
      copy3(momentum);
    } else {
      zero3(momentum);
    }
    path_length(flag(has_momentum) && version_ > Version{1, 6} ? in_.f32() : 0.0F);
    quality(version_ > Version{2, 7} ? in_.i32() : 0);
    tag();
  }
}

}  // namespace corpuscle::io::lcio
