#include "corpuscle/eval/figures.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <string>
#include <utility>

#include "corpuscle/core/text.hpp"
#include "corpuscle/eval/statistics.hpp"

namespace corpuscle::eval {
namespace {

using core::cat;
using event::ParticleClass;
using Role = Measurement::Role;

/// The interquartile range of a normal distribution in standard deviations.
constexpr double iqr_of_normal = 1.3489795;

constexpr std::array quartiles{0.25, 0.5, 0.75};
constexpr std::array within_one_sigma{0.682689};

std::string word(ParticleClass particle_class) {
  std::string text(event::name(particle_class));
  std::replace(text.begin(), text.end(), ' ', '_');
  return text;
}

std::vector<ParticleClass> all_classes() {
  std::vector<ParticleClass> classes;
  for (std::size_t k = 0; k < event::n_particle_classes; ++k)
    classes.push_back(static_cast<ParticleClass>(k));
  return classes;
}

bool is_neutral(ParticleClass particle_class) {
  return particle_class == ParticleClass::photon || particle_class == ParticleClass::neutral_hadron;
}

template <class Function>
Replicas combine(Function function, Replicas const& first, auto const&... others) {
  Replicas result(first.size());
  for (std::size_t k = 0; k < first.size(); ++k) result[k] = function(first[k], others[k]...);
  return result;
}

std::vector<double> linear(double low, double high, std::size_t bins) {
  std::vector<double> edges;
  for (std::size_t k = 0; k <= bins; ++k)
    edges.push_back(low + (high - low) * static_cast<double>(k) / static_cast<double>(bins));
  return edges;
}

std::vector<double> logarithmic(double low, double high, std::size_t bins) {
  std::vector<double> edges = linear(std::log(low), std::log(high), bins);
  for (double& edge : edges) edge = std::exp(edge);
  return edges;
}

/// Values sorted into the bins of an axis.
struct Binned {
  explicit Binned(Axis const& x) : axis(x), bins(x.bins()) {}

  void add(double x, std::size_t event, double value) {
    std::size_t const bin = axis.bin(x);
    if (bin < bins.size())
      bins[bin].add(event, value);
    else
      ++outside;
  }

  Axis axis;
  std::vector<Sample> bins;
  std::size_t outside = 0;
};

/// Makes the parts of a result out of samples.
class ResultBuilder {
 public:
  ResultBuilder(Bootstrap const& bootstrap, Result& result) : bootstrap_(bootstrap), result_(result) {}

  [[nodiscard]] Figure make(std::string name, std::string unit, std::string description, Replicas replicas,
                            std::size_t n) const {
    Figure figure;
    static_cast<Estimate&>(figure) = bootstrap_.estimate(std::move(replicas), n);
    figure.name = std::move(name);
    figure.unit = std::move(unit);
    figure.description = std::move(description);
    return figure;
  }

  void add(std::string name, std::string unit, std::string description, Replicas replicas, std::size_t n) {
    result_.figures.push_back(
        make(std::move(name), std::move(unit), std::move(description), std::move(replicas), n));
  }

  void mean(std::string name, std::string unit, std::string description, Sample const& sample) {
    add(std::move(name), std::move(unit), std::move(description), bootstrap_.mean(sample), sample.size());
  }
  void ratio(std::string name, std::string unit, std::string description, Sample const& above,
             Sample const& below) {
    add(std::move(name), std::move(unit), std::move(description), bootstrap_.ratio(above, below),
        below.size());
  }
  void median(std::string name, std::string unit, std::string description, Sample const& sample) {
    add(std::move(name), std::move(unit), std::move(description), quantile(sample, 0.5), sample.size());
  }
  /// Below which 68.3 % of the values are.
  void quantile_68(std::string name, std::string unit, std::string description, Sample const& sample) {
    add(std::move(name), std::move(unit), std::move(description), quantile(sample, within_one_sigma[0]),
        sample.size());
  }
  /// Median and width of a ratio that should be 1.
  void response(std::string const& path, std::string const& of, Sample const& sample) {
    auto const q = bootstrap_.quantiles(sample, quartiles);
    add(path + "/response_median", "", "median of " + of, q[1], sample.size());
    add(path + "/response_iqr", "", "interquartile range of " + of, width(q), sample.size());
    add(path + "/response_iqr_over_median", "", "interquartile range over median of " + of, relative_width(q),
        sample.size());
  }
  /// Interquartile range over that of a normal distribution of width 1.
  void resolution(std::string name, std::string unit, std::string description, Sample const& sample) {
    add(std::move(name), std::move(unit), std::move(description) + ": interquartile range / 1.349",
        combine([](double w) { return w / iqr_of_normal; }, width(bootstrap_.quantiles(sample, quartiles))),
        sample.size());
  }

  void mean_curve(std::string name, std::string description, std::string y_title, Binned const& binned) {
    curve(std::move(name), std::move(description), std::move(y_title), "", binned,
          [&](Sample const& sample) { return bootstrap_.mean(sample); });
  }
  void median_curve(std::string name, std::string description, std::string y_title, std::string y_unit,
                    Binned const& binned) {
    curve(std::move(name), std::move(description), std::move(y_title), std::move(y_unit), binned,
          [&](Sample const& sample) { return quantile(sample, 0.5); });
  }
  void curve_68(std::string name, std::string description, std::string y_title, std::string y_unit,
                Binned const& binned) {
    curve(std::move(name), std::move(description), std::move(y_title), std::move(y_unit), binned,
          [&](Sample const& sample) { return quantile(sample, within_one_sigma[0]); });
  }
  void response_curves(std::string const& path, std::string const& versus, std::string const& of,
                       Binned const& binned) {
    Curve& median =
        new_curve(path + "/response_median_vs_" + versus, "median of " + of, "median response", "", binned);
    Curve width_curve = median;
    width_curve.name = path + "/response_iqr_over_median_vs_" + versus;
    width_curve.description = "interquartile range over median of " + of;
    width_curve.y_title = "response IQR / median";
    for (Sample const& sample : binned.bins) {
      auto const q = bootstrap_.quantiles(sample, quartiles);
      median.points.push_back(bootstrap_.estimate(q[1], sample.size()));
      width_curve.points.push_back(bootstrap_.estimate(relative_width(q), sample.size()));
    }
    result_.curves.push_back(std::move(width_curve));
  }

  void histogram(std::string name, std::string description, Axis axis, std::string y_title,
                 Sample const& sample) {
    Histogram histogram;
    histogram.name = std::move(name);
    histogram.description = std::move(description);
    histogram.x = std::move(axis);
    histogram.y_title = std::move(y_title);
    histogram.counts.resize(histogram.x.bins());
    for (float value : sample.values) histogram.fill(value);
    result_.histograms.push_back(std::move(histogram));
  }

  [[nodiscard]] Bootstrap const& bootstrap() const { return bootstrap_; }
  [[nodiscard]] Result& result() { return result_; }

 private:
  [[nodiscard]] Replicas quantile(Sample const& sample, double level) const {
    return std::move(bootstrap_.quantiles(sample, std::array{level}).front());
  }
  static Replicas width(std::vector<Replicas> const& q) {
    return combine([](double low, double high) { return high - low; }, q[0], q[2]);
  }
  static Replicas relative_width(std::vector<Replicas> const& q) {
    return combine([](double low, double middle, double high) { return (high - low) / middle; }, q[0], q[1],
                   q[2]);
  }

  Curve& new_curve(std::string name, std::string description, std::string y_title, std::string y_unit,
                   Binned const& binned) {
    Curve& curve = result_.curves.emplace_back();
    curve.name = std::move(name);
    curve.description = std::move(description);
    curve.x = binned.axis;
    curve.y_title = std::move(y_title);
    curve.y_unit = std::move(y_unit);
    curve.outside = binned.outside;
    return curve;
  }
  template <class Statistic>
  void curve(std::string name, std::string description, std::string y_title, std::string y_unit,
             Binned const& binned, Statistic const& statistic) {
    Curve& curve =
        new_curve(std::move(name), std::move(description), std::move(y_title), std::move(y_unit), binned);
    for (Sample const& sample : binned.bins)
      curve.points.push_back(bootstrap_.estimate(statistic(sample), sample.size()));
  }

  Bootstrap const& bootstrap_;
  Result& result_;
};

using Measurements = std::span<Measurement const* const>;

Axis response_axis(std::string const& title) {
  return {title, "", linear(0, 2, 200)};
}

// --------------------------------------------------------------------------------------------------- jets

void add_jets(Measurements events, std::size_t k, EvaluationConfig const& config, ResultBuilder& builder) {
  std::string const path = "jets/" + name(config.measure.jets[k]);
  Binned const by_pt(Axis{"reference jet p_T", "GeV", config.momentum_edges, true});
  Binned const by_angle(Axis{"reference jet |cos(theta)|", "", config.cos_theta_edges});
  Sample matched, response, distance, reference_pt, test_pt, fake, n_reference, n_test;
  Binned matched_by_pt = by_pt, matched_by_angle = by_angle, response_by_pt = by_pt,
         response_by_angle = by_angle;
  for (std::size_t event = 0; event < events.size(); ++event) {
    Measurement::JetCollection const& jets = events[event]->jets[k];
    n_reference.add(event, static_cast<double>(jets.reference.size()));
    n_test.add(event, static_cast<double>(jets.test_pt.size()));
    for (Measurement::Jet const& jet : jets.reference) {
      bool const is_matched = !std::isnan(jet.response);
      reference_pt.add(event, jet.pt);
      matched.add(event, is_matched);
      matched_by_pt.add(jet.pt, event, is_matched);
      matched_by_angle.add(jet.abs_cos_theta, event, is_matched);
      if (!is_matched) continue;
      response.add(event, jet.response);
      distance.add(event, jet.distance);
      response_by_pt.add(jet.pt, event, jet.response);
      response_by_angle.add(jet.abs_cos_theta, event, jet.response);
    }
    for (std::size_t jet = 0; jet < jets.test_pt.size(); ++jet) {
      test_pt.add(event, jets.test_pt[jet]);
      fake.add(event, jet < jets.unmatched_test);  // how many is all that counts
    }
  }
  std::string const of = "p_T of a matched test jet over that of its reference jet";
  builder.mean(path + "/matched_fraction", "", "reference jets with a test jet", matched);
  builder.mean(path + "/fake_fraction", "", "test jets without a reference jet", fake);
  builder.response(path, of, response);
  builder.quantile_68(path + "/distance_68", "", "distance of matched jets: 68.3 % are below", distance);
  builder.mean(path + "/reference_per_event", "", "reference jets per event", n_reference);
  builder.mean(path + "/test_per_event", "", "test jets per event", n_test);
  builder.mean_curve(path + "/matched_fraction_vs_pt", "reference jets with a test jet", "matched fraction",
                     matched_by_pt);
  builder.mean_curve(path + "/matched_fraction_vs_cos_theta", "reference jets with a test jet",
                     "matched fraction", matched_by_angle);
  builder.response_curves(path, "pt", of, response_by_pt);
  builder.response_curves(path, "cos_theta", of, response_by_angle);

  Axis const axis = response_axis("test jet p_T / reference jet p_T");
  builder.histogram(path + "/response", of, axis, "jets", response);
  for (std::size_t bin = 0; bin < response_by_pt.bins.size(); ++bin) {
    double const low = config.momentum_edges[bin];
    double const high = config.momentum_edges[bin + 1];
    builder.histogram(cat(path, "/response_pt_", low, "_", high), cat(of, ", ", low, " to ", high, " GeV"),
                      axis, "jets", response_by_pt.bins[bin]);
  }
  Axis const pt_axis{"jet p_T", "GeV", logarithmic(1, 1000, 60), true};
  builder.histogram(path + "/reference_pt", "p_T of reference jets", pt_axis, "jets", reference_pt);
  builder.histogram(path + "/test_pt", "p_T of test jets", pt_axis, "jets", test_pt);
}

// ------------------------------------------------------------------------------------------- whole events

struct SumQuantity {
  std::string name, title;
  double (*value)(FourVector const&);
};

void add_sum(Measurements events, SumQuantity const& quantity, EvaluationConfig const& config,
             ResultBuilder& builder) {
  std::string const path = "event/" + quantity.name;
  Axis const axis{quantity.title, "GeV", linear(0, 500, 100)};
  Sample response, test, reference;
  Binned by_size(Axis{"reference " + quantity.title, "GeV", config.momentum_edges, true});
  for (std::size_t event = 0; event < events.size(); ++event) {
    double const expected = quantity.value(events[event]->reference_sum.p);
    double const found = quantity.value(events[event]->test_sum.p);
    reference.add(event, expected);
    test.add(event, found);
    if (!(expected > 0)) continue;
    by_size.add(expected, event, found / expected);
    if (expected >= config.min_momentum) response.add(event, found / expected);
  }
  std::string const of = quantity.title + " of the test particles over that of the reference";
  builder.response(path, cat(of, ", where that is at least ", config.min_momentum, " GeV"), response);
  builder.response_curves(path, "size", of, by_size);
  builder.histogram(path + "/response", of, response_axis(quantity.title + ", test / reference"), "events",
                    response);
  builder.histogram(path + "/reference", quantity.title + " of the reference particles", axis, "events",
                    reference);
  builder.histogram(path + "/test", quantity.title + " of the test particles", axis, "events", test);
}

void add_events(Measurements events, EvaluationConfig const& config, ResultBuilder& builder) {
  for (SumQuantity const& quantity : {
           SumQuantity{"missing_pt", "missing p_T",
                       [](FourVector const& p) { return transverse_momentum(p); }},
           SumQuantity{"momentum", "total momentum",
                       [](FourVector const& p) { return core::length(p.momentum()); }},
           SumQuantity{"energy", "visible energy", [](FourVector const& p) { return p.energy; }},
           SumQuantity{"mass", "visible mass", [](FourVector const& p) { return mass(p); }},
       })
    add_sum(events, quantity, config, builder);

  Sample transverse, all_components, charge, charge_size, n_reference, n_test, dijet_energy, dijet_response;
  Sample energy_response;
  for (std::size_t event = 0; event < events.size(); ++event) {
    Measurement const& m = *events[event];
    FourVector const& test = m.test_sum.p;
    FourVector const& reference = m.reference_sum.p;
    for (double difference : {test.px - reference.px, test.py - reference.py}) {
      transverse.add(event, difference);
      all_components.add(event, difference);
    }
    all_components.add(event, test.pz - reference.pz);
    charge.add(event, m.test_sum.charge - m.reference_sum.charge);
    charge_size.add(event, std::abs(m.test_sum.charge - m.reference_sum.charge));
    n_reference.add(event, static_cast<double>(m.reference.size()));
    n_test.add(event, static_cast<double>(m.test.size()));
    if (!(reference.energy > 0)) continue;
    energy_response.add(event, test.energy / reference.energy);
    if (m.dijet_abs_cos_theta >= config.max_dijet_cos_theta) continue;
    dijet_energy.add(event, test.energy);
    dijet_response.add(event, test.energy / reference.energy);
  }
  builder.resolution("event/missing_pt/component_resolution", "GeV",
                     "missing p_x and p_y, test minus reference", transverse);
  builder.resolution("event/momentum/component_resolution", "GeV",
                     "p_x, p_y and p_z of the sum, test minus reference", all_components);
  auto const relative = [](std::span<double const> sorted) {
    MeanRms const inside = rms90(sorted);
    return inside.rms / inside.mean;
  };
  auto const per_jet = [&](std::span<double const> sorted) { return std::numbers::sqrt2 * relative(sorted); };
  Bootstrap const& bootstrap = builder.bootstrap();
  builder.add("event/energy/response_rms90", "",
              "RMS90 over mean90 of the visible energy of the test particles over that of the reference",
              bootstrap.of_sorted(energy_response, relative), energy_response.size());
  std::string const barrel =
      cat(", both Durham jets of the reference at |cos(theta)| < ", config.max_dijet_cos_theta);
  builder.add(
      "dijet/jet_energy_resolution", "",
      "sqrt(2) RMS90 over mean90 of the visible energy: that of a jet, if events are dijets of one energy "
      "without neutrinos (Thomson, NIM A 611 (2009) 25)" +
          barrel,
      bootstrap.of_sorted(dijet_energy, per_jet), dijet_energy.size());
  builder.add("dijet/jet_energy_resolution_to_reference", "",
              "sqrt(2) RMS90 over mean90 of the visible energy over that of the reference" + barrel,
              bootstrap.of_sorted(dijet_response, per_jet), dijet_response.size());
  builder.mean("event/charge/difference", "e", "sum of charges, test minus reference", charge);
  builder.mean("event/charge/absolute_difference", "e", "its absolute value", charge_size);
  builder.ratio("event/multiplicity/ratio", "", "test particles over reference particles", n_test,
                n_reference);
  Axis const axis{"particles", "", linear(-0.5, 399.5, 100)};
  builder.histogram("event/multiplicity/reference", "reference particles", axis, "events", n_reference);
  builder.histogram("event/multiplicity/test", "test particles", axis, "events", n_test);
}

// ---------------------------------------------------------------------------------------------- particles

/// One quantity of particles against the three that it may depend on.
struct ThreeBinned {
  explicit ThreeBinned(EvaluationConfig const& config)
      : energy(Axis{"reference energy", "GeV", config.energy_edges, true}),
        cos_theta(Axis{"reference |cos(theta)|", "", config.cos_theta_edges}),
        nearest(Axis{"angle to the nearest reference particle", "rad", config.nearest_edges, true}) {}

  void add(Measurement::Found const& found, std::size_t event, double value) {
    energy.add(found.energy, event, value);
    cos_theta.add(found.abs_cos_theta, event, value);
    nearest.add(found.nearest, event, value);
  }
  template <class Function>
  void for_each(Function const& function) const {
    function("energy", energy);
    function("cos_theta", cos_theta);
    function("nearest", nearest);
  }

  Binned energy, cos_theta, nearest;
};

/// @param is_in    whether a class belongs to the group
/// @param path     "particles/photon"
/// @param plural   "photons", for descriptions
template <class IsIn>
void add_efficiency(Measurements events, EvaluationConfig const& config, std::string const& path,
                    std::string const& plural, IsIn const& is_in, ResultBuilder& builder) {
  Sample found, found_hard, identified, charge_wrong, lost_energy, all_energy, n_lost;
  ThreeBinned found_by(config), identified_by(config);
  for (std::size_t event = 0; event < events.size(); ++event) {
    double n = 0;
    for (Measurement::Found const& one : events[event]->reference) {
      all_energy.add(event, one.energy);
      if (!is_in(one.particle_class)) continue;
      found.add(event, one.is_found);
      found_by.add(one, event, one.is_found);
      if (one.energy > config.min_energy) found_hard.add(event, one.is_found);
      if (one.is_found) {
        bool const is_right = one.found_as == one.particle_class;
        identified.add(event, is_right);
        identified_by.add(one, event, is_right);
        charge_wrong.add(event, one.has_wrong_charge);
      } else {
        lost_energy.add(event, one.energy);
        ++n;
      }
    }
    n_lost.add(event, n);
  }
  builder.mean(path + "/efficiency", "", plural + " of the reference that were found, as whatever class",
               found);
  builder.mean(path + "/efficiency_hard", "",
               cat(plural, " of the reference above ", config.min_energy, " GeV that were found"),
               found_hard);
  builder.mean(path + "/identified", "", "of the " + plural + " that were found, those in their class",
               identified);
  builder.mean(path + "/wrong_charge", "", "of the " + plural + " that were found, those with the other sign",
               charge_wrong);
  builder.mean(path + "/lost_per_event", "", plural + " of the reference not found, per event", n_lost);
  builder.ratio(path + "/lost_energy", "",
                "energy of " + plural + " not found over that of all reference particles", lost_energy,
                all_energy);
  found_by.for_each([&](std::string const& versus, Binned const& binned) {
    builder.mean_curve(path + "/efficiency_vs_" + versus, plural + " of the reference that were found",
                       "efficiency", binned);
  });
  identified_by.for_each([&](std::string const& versus, Binned const& binned) {
    builder.mean_curve(path + "/identified_vs_" + versus,
                       "of the " + plural + " that were found, those in their class", "identified fraction",
                       binned);
  });
}

template <class IsIn>
void add_fakes(Measurements events, EvaluationConfig const& config, std::string const& path,
               std::string const& plural, IsIn const& is_in, ResultBuilder& builder) {
  Sample fake, fake_hard, fragment, orphan, fragment_energy, orphan_energy, all_energy, n_fragments,
      n_orphans;
  Binned by_energy(Axis{"test energy", "GeV", config.energy_edges, true});
  Binned by_angle(Axis{"test |cos(theta)|", "", config.cos_theta_edges});
  for (std::size_t event = 0; event < events.size(); ++event) {
    for (Measurement::Found const& one : events[event]->reference) all_energy.add(event, one.energy);
    double fragments = 0;
    double orphans = 0;
    for (Measurement::Made const& one : events[event]->test) {
      if (!is_in(one.particle_class)) continue;
      bool const is_fake = one.role != Role::partner;
      fake.add(event, is_fake);
      if (one.energy > config.min_energy) fake_hard.add(event, is_fake);
      fragment.add(event, one.role == Role::fragment);
      orphan.add(event, one.role == Role::orphan);
      by_energy.add(one.energy, event, is_fake);
      by_angle.add(one.abs_cos_theta, event, is_fake);
      if (one.role == Role::fragment) {
        fragment_energy.add(event, one.energy);
        ++fragments;
      } else if (one.role == Role::orphan) {
        orphan_energy.add(event, one.energy);
        ++orphans;
      }
    }
    n_fragments.add(event, fragments);
    n_orphans.add(event, orphans);
  }
  std::string const rest = " over that of all reference particles";
  builder.mean(path + "/fake_rate", "",
               "test particles called " + plural + " that stand for no reference particle", fake);
  builder.mean(path + "/fake_rate_hard", "", cat("the same, above ", config.min_energy, " GeV"), fake_hard);
  builder.mean(path + "/fragment_rate", "",
               "test particles called " + plural + " that belong to a particle for which another one stands",
               fragment);
  builder.mean(path + "/orphan_rate", "",
               "test particles called " + plural + " that belong to no reference particle", orphan);
  builder.mean(path + "/fragments_per_event", "", "fragments called " + plural + ", per event", n_fragments);
  builder.mean(path + "/orphans_per_event", "", plural + " that belong to nobody, per event", n_orphans);
  builder.ratio(path + "/fragment_energy", "", "energy of fragments called " + plural + rest, fragment_energy,
                all_energy);
  builder.ratio(path + "/orphan_energy", "", "energy of " + plural + " that belong to nobody" + rest,
                orphan_energy, all_energy);
  builder.mean_curve(path + "/fake_rate_vs_energy", plural + " that stand for no reference particle",
                     "fake rate", by_energy);
  builder.mean_curve(path + "/fake_rate_vs_cos_theta", plural + " that stand for no reference particle",
                     "fake rate", by_angle);
}

void add_resolution(Measurements events, EvaluationConfig const& config, ParticleClass particle_class,
                    ResultBuilder& builder) {
  constexpr double mrad = 1000;  // per rad
  std::string const path = "particles/" + word(particle_class);
  Sample response, angle, d_theta, d_phi, reference_energy, test_energy, n_reference, n_test;
  ThreeBinned response_by(config), angle_by(config), theta_by(config), phi_by(config);
  for (std::size_t event = 0; event < events.size(); ++event) {
    for (Measurement::Found const& one : events[event]->reference) {
      if (one.particle_class != particle_class) continue;
      reference_energy.add(event, one.energy);
      if (!one.is_found) continue;
      response.add(event, one.response);
      response_by.add(one, event, one.response);
      angle.add(event, mrad * one.angle);
      angle_by.add(one, event, mrad * one.angle);
      d_theta.add(event, mrad * one.d_theta);
      theta_by.add(one, event, mrad * one.d_theta);
      d_phi.add(event, mrad * one.d_phi);
      phi_by.add(one, event, mrad * one.d_phi);
    }
    for (Measurement::Made const& one : events[event]->test)
      if (one.particle_class == particle_class) test_energy.add(event, one.energy);
  }
  n_reference = {std::vector<float>(reference_energy.size(), 1), reference_energy.events};
  n_test = {std::vector<float>(test_energy.size(), 1), test_energy.events};
  std::string const of = "energy of the test particle over that of the reference particle";
  std::string const polar = "polar angle, test minus reference: median";
  std::string const azimuth = "azimuth times sin(theta), test minus reference: median";
  std::string const between = "angle between test and reference particle: 68.3 % are below";
  builder.response(path, of, response);
  builder.quantile_68(path + "/angle_68", "mrad", between, angle);
  builder.median(path + "/theta_bias", "mrad", polar, d_theta);
  builder.median(path + "/phi_bias", "mrad", azimuth, d_phi);
  builder.ratio(path + "/multiplicity_ratio", "",
                "test particles of this class over reference particles of it", n_test, n_reference);
  builder.ratio(path + "/energy_ratio", "", "their energy, test over reference", test_energy,
                reference_energy);
  response_by.for_each([&](std::string const& versus, Binned const& binned) {
    builder.response_curves(path, versus, of, binned);
  });
  angle_by.for_each([&](std::string const& versus, Binned const& binned) {
    builder.curve_68(path + "/angle_68_vs_" + versus, between, "angular resolution (68 %)", "mrad", binned);
  });
  theta_by.for_each([&](std::string const& versus, Binned const& binned) {
    builder.median_curve(path + "/theta_bias_vs_" + versus, polar, "bias of theta", "mrad", binned);
  });
  phi_by.for_each([&](std::string const& versus, Binned const& binned) {
    builder.median_curve(path + "/phi_bias_vs_" + versus, azimuth, "bias of phi sin(theta)", "mrad", binned);
  });
  builder.histogram(path + "/response", of, response_axis("test energy / reference energy"), "particles",
                    response);
  Axis const axis{"energy", "GeV", logarithmic(0.1, 1000, 80), true};
  builder.histogram(path + "/reference_energy", "energy of reference particles", axis, "particles",
                    reference_energy);
  builder.histogram(path + "/test_energy", "energy of test particles", axis, "particles", test_energy);
}

void add_confusion(Measurements events, ResultBuilder& builder) {
  constexpr std::size_t n = event::n_particle_classes + 1;  // the last row: nobody; the last column: lost
  std::array<std::array<Sample, n>, n> cells;
  std::array<std::array<std::uint64_t, n>, n> counts{};
  auto const add = [&](std::size_t row, std::size_t column, std::size_t event) {
    ++counts[row][column];
    for (std::size_t k = 0; k < n; ++k) cells[row][k].add(event, k == column);
  };
  for (std::size_t event = 0; event < events.size(); ++event) {
    for (Measurement::Found const& one : events[event]->reference)
      add(static_cast<std::size_t>(one.particle_class),
          one.is_found ? static_cast<std::size_t>(one.found_as) : n - 1, event);
    for (Measurement::Made const& one : events[event]->test)
      if (one.role != Role::partner) add(n - 1, static_cast<std::size_t>(one.particle_class), event);
  }
  Matrix matrix;
  matrix.name = "particles/confusion";
  matrix.description =
      "share of the reference particles of a row that were found as what the column says; the last row holds "
      "the "
      "test particles that stand for none";
  matrix.row_title = "reference";
  matrix.column_title = "test";
  for (ParticleClass particle_class : all_classes()) {
    matrix.rows.emplace_back(event::name(particle_class));
    matrix.columns.emplace_back(event::name(particle_class));
  }
  matrix.rows.emplace_back("none");
  matrix.columns.emplace_back("lost");
  for (std::size_t row = 0; row < n; ++row)
    for (std::size_t column = 0; column < n; ++column) {
      std::string path = cat(matrix.name, "/", matrix.rows[row], "/", matrix.columns[column]);
      std::replace(path.begin(), path.end(), ' ', '_');
      Sample const& cell = cells[row][column];
      matrix.cells.push_back(builder.make(std::move(path), "",
                                          cat(matrix.rows[row], " found as ", matrix.columns[column]),
                                          builder.bootstrap().mean(cell), cell.size()));
      matrix.counts.push_back(counts[row][column]);
    }
  builder.result().matrices.push_back(std::move(matrix));
}

void add_particles(Measurements events, EvaluationConfig const& config, ResultBuilder& builder) {
  auto const add_group = [&](std::string const& path, std::string const& plural, auto const& is_in) {
    add_efficiency(events, config, path, plural, is_in, builder);
    add_fakes(events, config, path, plural, is_in, builder);
  };
  add_group("particles/all", "particles", [](ParticleClass) { return true; });
  add_group("particles/neutral", "neutral particles", is_neutral);
  for (ParticleClass particle_class : all_classes()) {
    add_group("particles/" + word(particle_class), cat(event::name(particle_class), "s"),
              [=](ParticleClass other) { return other == particle_class; });
    add_resolution(events, config, particle_class, builder);
  }
  add_confusion(events, builder);
}

// ----------------------------------------------------------------------------------------------- clusters

void add_clusters(Measurements events, ResultBuilder& builder) {
  Sample in_clusters, of_main, linked, in_best, n_clusters;
  for (std::size_t event = 0; event < events.size(); ++event) {
    Measurement::ClusterSums const& sums = events[event]->clusters;
    if (!(sums.linked > 0)) continue;
    in_clusters.add(event, sums.in_clusters);
    of_main.add(event, sums.of_main);
    linked.add(event, sums.linked);
    in_best.add(event, sums.in_best_cluster);
    n_clusters.add(event, sums.n_clusters);
  }
  builder.ratio("clusters/purity", "",
                "energy of hits in clusters: the share left by the main particle of each cluster", of_main,
                in_clusters);
  builder.ratio("clusters/completeness", "",
                "energy of hits of known particles: the share in the cluster that has most of each particle",
                in_best, linked);
  builder.mean("clusters/per_event", "", "clusters with hits, per event", n_clusters);
}

Counts count(Measurements events) {
  Counts counts;
  counts.events = events.size();
  for (Measurement const* m : events) {
    counts.events_without_reference += m->reference.empty();
    counts.events_without_test += m->test.empty();
    counts.reference_particles += m->reference.size();
    counts.test_particles += m->test.size();
    counts.test_by_direction += m->n_by_direction;
    counts.reference_dropped += m->reference_dropped;
    counts.test_dropped += m->test_dropped;
  }
  return counts;
}

}  // namespace

Result make_result(std::span<EventId const> ids, Measurements measurements, EvaluationConfig const& config) {
  Result result;
  result.events.assign(ids.begin(), ids.end());
  result.counts = count(measurements);
  Bootstrap const bootstrap(ids, config.n_replicas, config.seed);
  ResultBuilder builder(bootstrap, result);
  for (std::size_t k = 0; k < config.measure.jets.size(); ++k) add_jets(measurements, k, config, builder);
  add_events(measurements, config, builder);
  add_particles(measurements, config, builder);
  add_clusters(measurements, builder);
  return result;
}

}  // namespace corpuscle::eval
