// Simulates single particles and whole collisions, and sets what comes out beside detector.md section 9, the
// gates of mlpf.md 2.3 and real full-simulation files.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <map>

#include "corpuscle/chain/event_maker.hpp"
#include "corpuscle/config/detector.hpp"
#include "corpuscle/core/error.hpp"
#include "corpuscle/core/units.hpp"
#include "corpuscle/event/particle_data.hpp"
#include "corpuscle/generate/process.hpp"
#include "corpuscle/generate/pythia.hpp"
#include "corpuscle/io/event_builder.hpp"
#include "corpuscle/io/event_frame.hpp"
#include "corpuscle/io/source.hpp"
#include "corpuscle/pf/hit_particle_flow.hpp"
#include "report.hpp"

namespace corpuscle::validation {
namespace {

using core::Vector3;
using event::CaloHits;
using event::Event;
using event::Subdetector;

constexpr std::uint64_t seed = 20261121;
constexpr double pi = 3.14159265358979323846;

Vector3 direction(double theta_degrees, double phi) {
  double const theta = theta_degrees * units::degree;
  return {std::sin(theta) * std::cos(phi), std::sin(theta) * std::sin(phi), std::cos(theta)};
}

/// Single particles from the origin, straight into the simulation.
class Gun {
 public:
  explicit Gun(detector::Detector const& detector) : simulate_(detector, seed), cluster_(detector) {}

  Event operator()(std::int32_t pdg, Vector3 momentum, int multiplicity = 1, double spread = 0) {
    event::ParticleData const data = *event::find_particle(pdg);
    event::GenParticles particles;
    particles.resize(static_cast<std::size_t>(multiplicity));
    core::Random random({seed, static_cast<std::uint64_t>(number_)});
    for (std::size_t row = 0; row < particles.size(); ++row) {
      Vector3 p = momentum;
      if (spread > 0) {
        Vector3 const isotropic = direction(random.uniform(20, 160), random.uniform(-pi, pi));
        p = core::length(momentum) * isotropic;
      }
      particles.pdg[row] = pdg;
      particles.generator_status[row] = 1;
      particles.charge[row] = data.charge;
      particles.mass[row] = data.mass;
      particles.px[row] = p.x;
      particles.py[row] = p.y;
      particles.pz[row] = p.z;
      particles.parents.end_row();
      particles.daughters.end_row();
    }
    Event event = simulate_(std::move(particles), 0, number_++, false);
    event.observed.clusters = cluster_(event.observed);
    return event;
  }

  /// `n` particles of momentum p [GeV] at a polar angle [degrees], all around in azimuth.
  template <class Look>
  void shoot(int n, std::int32_t pdg, double p, double theta, Look look) {
    for (int i = 0; i < n; ++i) look((*this)(pdg, p * direction(theta, -pi + 2 * pi * (i + 0.5) / n)));
  }

 private:
  sim::Simulator simulate_;
  cluster::ConeClustering cluster_;
  std::int64_t number_ = 0;
};

double sum_energy(CaloHits const& hits, Subdetector subdetector) {
  double sum = 0;
  for (std::size_t i = 0; i < hits.size(); ++i)
    if (hits.subdetector[i] == subdetector) sum += hits.energy[i];
  return sum;
}

/// Scales of detector.md 2.6, without software compensation.
double electromagnetic_energy(CaloHits const& hits) {
  return 1.02373335516 * (sum_energy(hits, Subdetector::ecal) + sum_energy(hits, Subdetector::hcal));
}
double hadronic_energy(CaloHits const& hits) {
  return 1.24223718397 * sum_energy(hits, Subdetector::ecal) +
         1.01799349172 * sum_energy(hits, Subdetector::hcal);
}

/// Whether the first particle left the tracker unharmed.
bool reached_calorimeter(Event const& event) {
  return event.truth.particles.daughters[0].empty();
}

/// Distances of hits [mm] from a line through `start` along the unit vector `along`.
void add_radii(CaloHits const& hits, Vector3 start, Vector3 along, Sample& radii) {
  for (std::size_t i = 0; i < hits.size(); ++i) {
    Vector3 const to{hits.x[i] - start.x, hits.y[i] - start.y, hits.z[i] - start.z};
    double const d = core::dot(to, along);
    radii.push_back(core::length(to - d * along));
  }
}

class Validation {
 public:
  Validation(detector::Detector detector, std::string data, double scale)
      : detector_(std::move(detector)), gun_(detector_), data_(std::move(data)), scale_(scale) {}

  /// @param part  the name of one, or "all"
  void run(std::string const& part) {
    for (auto const& [name, measure] : parts)
      if (part == "all" || part == name) (this->*measure)();
  }

  static std::vector<std::string> names() {
    std::vector<std::string> names{"all"};
    for (auto const& [name, measure] : parts) names.emplace_back(name);
    return names;
  }

  Report report;

 private:
  int n(int full) const { return std::max(20, static_cast<int>(full * scale_)); }

  bool has(std::string const& file) const {
    bool const there = std::filesystem::exists(data_ + "/" + file);
    if (!there) fmt::print("{}: not there, nothing compared with it\n", file);
    return there;
  }

  void tracks() {
    struct Point {
      double theta, p, pt, d0, z0, phi, tan_lambda;  // mm, rad: the table of detector.md 2.1
    };
    constexpr Point table[] = {{89, 1, 1.87e-3, 25e-3, 25e-3, .80e-3, 8.0e-4},
                               {89, 10, 1.92e-3, 4.7e-3, 5.2e-3, .117e-3, 1.28e-4},
                               {89, 100, 2.82e-3, 1.6e-3, 2.4e-3, .021e-3, 4.5e-5},
                               {40, 1, 2.6e-3, 47e-3, 70e-3, 1.52e-3, 2.3e-3},
                               {40, 10, 2.6e-3, 7.2e-3, 9.7e-3, .197e-3, 2.8e-4},
                               {40, 100, 3.3e-3, 2.0e-3, 3.2e-3, .035e-3, 6.8e-5},
                               {20, 1, 5.0e-3, 114e-3, 306e-3, 3.7e-3, 1.0e-2},
                               {20, 10, 5.1e-3, 15e-3, 37e-3, .45e-3, 1.2e-3},
                               {20, 100, 5.8e-3, 3.0e-3, 5.9e-3, .063e-3, 1.6e-4},
                               {10, 1, 8.7e-3, 261e-3, 1.46, 8.1e-3, 4.4e-2},
                               {10, 10, 8.9e-3, 30e-3, 162e-3, .88e-3, 4.6e-3},
                               {10, 100, 1.08e-2, 5.2e-3, 32e-3, .124e-3, 7.1e-4}};
    std::map<double, Plot> plots;
    Plot momentum{"momentum_resolution", "", "p [GeV]", "#sigma(p_{T})/p_{T}", true, true, {}};
    Plot impact{"impact_parameter", "", "p [GeV]", "#sigma(d_{0}) [#mum]", true, true, {}};
    double last_theta = 0;
    for (Point const& point : table) {
      Sample pt, d0, z0;
      gun_.shoot(n(1000), -211, point.p, point.theta, [&](Event const& event) {
        if (event.observed.tracks.size() != 1 || !reached_calorimeter(event)) return;
        event::TrackStates const& state = event.observed.tracks.at(event::TrackPoint::at_ip);
        double const true_pt = point.p * std::sin(point.theta * units::degree);
        double const found_pt = units::bending * detector_.field / std::abs(state.omega[0]);
        pt.push_back(found_pt / true_pt - 1);
        d0.push_back(state.d0[0]);
        z0.push_back(state.z0[0]);
      });
      auto const add = [&](std::string const& name, Sample const& sample, double target, double unit,
                           std::string const& unit_name) {
        Estimate e = estimate(sample, half_width);
        e.value /= unit;
        e.error /= unit;
        report.add({fmt::format("{} of tracks, {} GeV, {} deg", name, point.p, point.theta), "2.1",
                    0.85 * target / unit, 1.15 * target / unit, e, unit_name, sample.size()});
        return e;
      };
      Estimate const ept = add("sigma(pT)/pT", pt, point.pt, 0.01, "%");
      Estimate const ed0 = add("sigma(d0)", d0, point.d0, units::um, "um");
      add("sigma(z0)", z0, point.z0, units::um, "um");
      if (point.theta != last_theta) {
        for (Plot* plot : {&momentum, &impact}) {
          plot->series.push_back(
              {fmt::format("simulation, {}#circ", point.theta), Series::Style::points, {}, {}, {}});
          plot->series.push_back(
              {fmt::format("geometry sheet, {}#circ", point.theta), Series::Style::line, {}, {}, {}});
        }
        last_theta = point.theta;
      }
      auto const draw = [&](Plot& plot, Estimate e, double factor, double target) {
        Series& found = plot.series[plot.series.size() - 2];
        found.x.push_back(point.p);
        found.y.push_back(e.value * factor);
        found.error.push_back(e.error * factor);
        plot.series.back().x.push_back(point.p);
        plot.series.back().y.push_back(target);
      };
      draw(momentum, ept, 0.01, point.pt);
      draw(impact, ed0, 1, point.d0 / units::um);
    }
    report.add(std::move(momentum));
    report.add(std::move(impact));
  }

  void photons() {
    struct Point {
      double p, resolution, hits_low, hits_high;
    };
    // Hits at 1 and 10 GeV follow the real photons (35-39 hits/GeV at 3-10 GeV), as section 10 asks.
    constexpr Point points[] = {{1, .156, 30, 75},      {2, .1108, 0, 0},  {5, .0705, 0, 0},
                                {10, .050, 330, 400},   {20, .0363, 0, 0}, {50, .0242, 0, 0},
                                {100, .019, 1200, 1900}};
    Series response{"simulation", Series::Style::points, {}, {}, {}};
    Series resolution = response, hits_found = response;
    Series target{"15.6 %/#sqrt{E} #oplus 1 %", Series::Style::line, {}, {}, {}};
    for (Point const& point : points) {
      Sample energy, hits;
      gun_.shoot(n(1000), 22, point.p, 80, [&](Event const& event) {
        if (!reached_calorimeter(event)) return;
        energy.push_back(electromagnetic_energy(event.observed.calo_hits) / point.p);
        hits.push_back(static_cast<double>(event.observed.calo_hits.size()));
      });
      Estimate const e = estimate(energy, mean);
      report.add({fmt::format("photon response, {} GeV", point.p), "2.3", 0.99, 1.01, e, "", energy.size()});
      Estimate const r = estimate(energy, [](Sample& s) { return 100 * half_width(s) / median(s); });
      report.add({fmt::format("photon resolution, {} GeV", point.p), "2.3", 92 * point.resolution,
                  108 * point.resolution, r, "%", energy.size()});
      Estimate const h = estimate(hits, mean);
      if (point.hits_high > 0)
        report.add({fmt::format("photon hits, {} GeV", point.p), "3.3", point.hits_low, point.hits_high, h,
                    "", hits.size()});
      response.x.push_back(point.p);
      response.y.push_back(e.value);
      response.error.push_back(e.error);
      resolution.x.push_back(point.p);
      resolution.y.push_back(r.value);
      resolution.error.push_back(r.error);
      hits_found.x.push_back(point.p);
      hits_found.y.push_back(h.value / point.p);
      hits_found.error.push_back(h.error / point.p);
      target.x.push_back(point.p);
      target.y.push_back(100 * point.resolution);
    }
    report.add(Plot{"photon_response", "", "E [GeV]", "response", true, false, {response}});
    report.add(Plot{"photon_resolution", "", "E [GeV]", "#sigma(E)/E [%]", true, true, {resolution, target}});
    report.add(Plot{"photon_hits", "", "E [GeV]", "hits per GeV", true, false, {hits_found}});
  }

  /// The same photons as in the real files, many times each, in the same directions.
  void real_photons() {
    Sample real_radii, radii, real_energy, energy, real_hits, hits, real_layers, layers;
    auto const look = [](Event const& event, std::size_t photon, Sample& r, Sample& e, Sample& h, Sample& l) {
      event::GenParticles const& truth = event.truth.particles;
      CaloHits const& seen = event.observed.calo_hits;
      Vector3 const p{truth.px[photon], truth.py[photon], truth.pz[photon]};
      double const true_energy = core::length(p);
      add_radii(seen, {truth.x[photon], truth.y[photon], truth.z[photon]}, (1 / true_energy) * p, r);
      e.push_back(electromagnetic_energy(seen) / true_energy);
      h.push_back(static_cast<double>(seen.size()) / true_energy);
      for (std::int16_t layer : seen.layer) l.push_back(layer);
    };
    for (std::string const& file : {"clic_gamma_rec.edm4hep.root", "clic_gamma_barrel.edm4hep.root"}) {
      if (!has(file)) continue;
      auto const source = io::open_source(data_ + "/" + file);
      io::EventBuilder const build(source->info(), detector_);
      io::Frame frame;
      for (std::size_t entry = 0; entry < source->info().entries; ++entry) {
        source->read(entry, frame, build.wanted());
        Event const event = build(frame, entry);
        if (event.truth.particles.size() != 1) continue;  // converted in the tracker
        look(event, 0, real_radii, real_energy, real_hits, real_layers);
        event::GenParticles const& truth = event.truth.particles;
        for (int i = 0; i < n(200); ++i) {
          Event const ours = gun_(22, {truth.px[0], truth.py[0], truth.pz[0]});
          if (reached_calorimeter(ours)) look(ours, 0, radii, energy, hits, layers);
        }
      }
    }
    if (real_energy.empty()) return;
    std::string const files = fmt::format("{} photons of clic_gamma_*", real_energy.size());
    // Hits of one shower are not independent, so their bootstrap error is too small: a tolerance besides.
    auto const compare = [&](std::string const& what, Sample const& real, Sample const& ours,
                             Statistic const& statistic, double tolerance, std::string const& unit) {
      Estimate const target = estimate(real, statistic);
      double const width = std::max(2 * target.error, tolerance * target.value);
      report.add({"real photons: " + what, files, target.value - width, target.value + width,
                  estimate(ours, statistic), unit, ours.size()});
    };
    compare("median distance of hits from the line", real_radii, radii, median, 0.1, "mm");
    compare(
        "90 % of the hits within", real_radii, radii, [](Sample& s) { return quantile(s, 0.9); }, 0.15, "mm");
    compare("hits per GeV", real_hits, hits, mean, 0.02, "/GeV");
    compare("energy response", real_energy, energy, mean, 0.01, "");
    compare("mean layer of hits", real_layers, layers, mean, 0.05, "");
    report.add(
        Plot{"real_photons_radius",
             "photons of 3 to 10 GeV",
             "distance of hits from the photon's line [mm]",
             "fraction of hits",
             false,
             true,
             {histogram("Geant4", real_radii, 30, 0, 120), histogram("Corpuscle", radii, 30, 0, 120)}});
    report.add(
        Plot{"real_photons_layers",
             "photons of 3 to 10 GeV",
             "layer",
             "fraction of hits",
             false,
             false,
             {histogram("Geant4", real_layers, 40, 0, 40), histogram("Corpuscle", layers, 40, 0, 40)}});
  }

  void neutral_hadrons() {
    struct Point {
      double p, resolution;
    };
    constexpr Point points[] = {{5, .31}, {10, .176}, {20, .11}, {50, .072}, {100, .060}};
    Series response{"simulation", Series::Style::points, {}, {}, {}};
    Series resolution = response;
    Series target{"Delphes card", Series::Style::line, {}, {}, {}};
    for (Point const& point : points) {
      Sample energy;
      gun_.shoot(n(1000), 130, point.p, 80, [&](Event const& event) {
        if (!reached_calorimeter(event)) return;
        energy.push_back(hadronic_energy(event.observed.calo_hits) / event.truth.particles.energy(0));
      });
      Estimate const e = estimate(energy, mean);
      // The uncompensated sum: compensation improves the resolution by 10-25 % (2.4).
      Estimate const r = estimate(energy, [](Sample& s) { return 100 * half_width(s) / median(s); });
      report.add({fmt::format("K0L response, {} GeV", point.p), "2.3", 0.95, 1.05, e, "", energy.size()});
      report.add({fmt::format("K0L resolution, {} GeV (uncompensated: up to 25 % above)", point.p), "2.3",
                  90 * point.resolution, 125 * point.resolution, r, "%", energy.size()});
      response.x.push_back(point.p);
      response.y.push_back(e.value);
      response.error.push_back(e.error);
      resolution.x.push_back(point.p);
      resolution.y.push_back(r.value);
      resolution.error.push_back(r.error);
      target.x.push_back(point.p);
      target.y.push_back(100 * point.resolution);
    }
    report.add(Plot{"k0l_response", "", "E [GeV]", "response", true, false, {response}});
    report.add(Plot{"k0l_resolution", "", "E [GeV]", "#sigma(E)/E [%]", true, true, {resolution, target}});
  }

  void pions() {
    Series per_pion{"simulation", Series::Style::points, {}, {}, {}};
    Sample starts, depths95;
    for (double p : {1., 2., 5., 10., 20., 50., 100.}) {
      Sample clusters;
      gun_.shoot(n(500), -211, p, 80, [&](Event const& event) {
        clusters.push_back(static_cast<double>(event.observed.clusters.size()));
        if (p == 10 && reached_calorimeter(event)) shower_shape(event, starts, depths95);
      });
      Estimate const e = estimate(clusters, mean);
      report.add(
          {fmt::format("clusters per isolated pion, {} GeV", p), "2.2", 1.0, 2.4, e, "", clusters.size()});
      per_pion.x.push_back(p);
      per_pion.y.push_back(e.value);
      per_pion.error.push_back(e.error);
    }
    report.add(Plot{"clusters_per_pion", "", "p [GeV]", "clusters per pion", true, false, {per_pion}});
    report.add({"pions of 10 GeV that start to shower in the ECAL", "1.4", 0.54, 0.66, estimate(starts, mean),
                "", starts.size()});
    report.add({"95 % of the energy behind the start of the shower, 10 GeV", "3.6", 2.4, 4,
                estimate(depths95, median), "lambda", depths95.size()});

    Sample tracks, clusters;
    for (int i = 0; i < n(50); ++i) {
      Event const event = gun_(-211, {0, 10, 0}, 100, 1);
      tracks.push_back(static_cast<double>(event.observed.tracks.size()));
      clusters.push_back(static_cast<double>(event.observed.clusters.size()));
    }
    report.add(
        {"tracks of 100 pions shot at once", "2.2", 93, 99, estimate(tracks, mean), "", tracks.size()});
    report.add({"clusters of 100 pions shot at once", "2.2", 150, 190, estimate(clusters, mean), "",
                clusters.size()});
  }

  /// Where a pion at 80 degrees starts to shower: the first of three successive layers in which it leaves
  /// more than twice what a minimum ionising particle does; and where 95 % of its energy is, behind that.
  void shower_shape(Event const& event, Sample& starts, Sample& depths95) const {
    constexpr double ecal_mip = 5.5 * units::MeV, hcal_mip = 24.5 * units::MeV;
    std::vector<double> mips(100), energies(100);
    CaloHits const& hits = event.observed.calo_hits;
    for (std::size_t i = 0; i < hits.size(); ++i) {
      bool const ecal = hits.subdetector[i] == Subdetector::ecal;
      if ((!ecal && hits.subdetector[i] != Subdetector::hcal) || hits.layer[i] < 0) continue;
      auto const layer = static_cast<std::size_t>(hits.layer[i] + (ecal ? 0 : 40));
      if (layer >= mips.size()) continue;
      mips[layer] += hits.energy[i] / (ecal ? ecal_mip : hcal_mip);
      energies[layer] += hits.energy[i] * (ecal ? 1.24223718397 : 1.01799349172);
    }
    std::size_t start = 0;
    while (start + 2 < mips.size() && !(mips[start] > 2.5 && mips[start + 1] > 2.5 && mips[start + 2] > 2.5))
      ++start;
    starts.push_back(start < 40 ? 1 : 0);
    if (start + 2 >= mips.size()) return;
    double const total =
        std::accumulate(energies.begin() + static_cast<std::ptrdiff_t>(start), energies.end(), 0.0);
    double lambda = 0, sum = 0;
    for (std::size_t layer = start; layer < energies.size() && sum < 0.95 * total; ++layer) {
      sum += energies[layer];
      lambda += (layer < 40 ? 0.02639 : 0.1248) / std::sin(80 * units::degree);
    }
    depths95.push_back(lambda);
  }

  void muons() {
    Sample ecal, hcal, n_ecal, n_hcal, n_muon;
    gun_.shoot(n(500), 13, 10, 88, [&](Event const& event) {
      CaloHits const& hits = event.observed.calo_hits;
      std::array<std::array<bool, 64>, 3> layers{};
      for (std::size_t i = 0; i < hits.size(); ++i) {
        if (hits.subdetector[i] == Subdetector::ecal) ecal.push_back(hits.energy[i] / units::MeV);
        if (hits.subdetector[i] == Subdetector::hcal) hcal.push_back(hits.energy[i] / units::MeV);
        auto const kind = static_cast<std::size_t>(hits.subdetector[i]);
        if (kind < 3 && hits.layer[i] >= 0 && hits.layer[i] < 64)
          layers[kind][static_cast<std::size_t>(hits.layer[i])] = true;
      }
      auto const count = [&](std::size_t kind) {
        return static_cast<double>(std::count(layers[kind].begin(), layers[kind].end(), true));
      };
      n_ecal.push_back(count(0));
      n_hcal.push_back(count(1));
      n_muon.push_back(count(2));
    });
    Statistic const mode = [](Sample& s) {  // of a histogram with bins of 5 % of the median
      double const width = 0.05 * median(s);
      std::map<int, int> bins;
      for (double x : s) ++bins[static_cast<int>(x / width)];
      auto const best =
          std::max_element(bins.begin(), bins.end(), [](auto& a, auto& b) { return a.second < b.second; });
      return (best->first + 0.5) * width;
    };
    report.add({"MIP peak in the ECAL", "2.5", 5.2, 5.8, estimate(ecal, mode), "MeV", ecal.size()});
    report.add({"MIP peak in the HCAL", "2.5", 23, 26, estimate(hcal, mode), "MeV", hcal.size()});
    report.add(
        {"ECAL layers hit by a muon of 10 GeV", "2.5", 38.5, 40, estimate(n_ecal, mean), "", n_ecal.size()});
    report.add(
        {"HCAL layers hit by a muon of 10 GeV", "2.5", 57.5, 60, estimate(n_hcal, mean), "", n_hcal.size()});
    report.add({"muon system layers hit by a muon of 10 GeV", "2.5", 5, 7, estimate(n_muon, mean), "",
                n_muon.size()});
    report.add(Plot{"mip_ecal",
                    "",
                    "energy of hits of a muon, ECAL [MeV]",
                    "fraction of hits",
                    false,
                    false,
                    {histogram("Corpuscle", ecal, 60, 0, 20)}});
    report.add(Plot{"mip_hcal",
                    "",
                    "energy of hits of a muon, HCAL [MeV]",
                    "fraction of hits",
                    false,
                    false,
                    {histogram("Corpuscle", hcal, 60, 0, 80)}});
  }

  void conversions() {
    Series found{"simulation", Series::Style::points, {}, {}, {}};
    Series target{"geometry sheet", Series::Style::line, {}, {}, {}};
    std::pair<double, double> const table[] = {{89, .070}, {60, .081}, {40, .108},
                                               {30, .123}, {20, .143}, {15, .151}};
    for (auto const& [theta, expected] : table) {
      Sample converted;
      gun_.shoot(n(4000), 22, 10, theta,
                 [&](Event const& event) { converted.push_back(reached_calorimeter(event) ? 0 : 1); });
      Estimate const e = estimate(converted, mean);
      report.add({fmt::format("photon conversions before the ECAL, {} deg", theta), "1.2", 0.9 * expected,
                  1.15 * expected, e, "", converted.size()});
      found.x.push_back(theta);
      found.y.push_back(e.value);
      found.error.push_back(e.error);
      target.x.push_back(theta);
      target.y.push_back(expected);
    }
    report.add(Plot{"conversions",
                    "",
                    "#theta [#circ]",
                    "photons converted in the tracker",
                    false,
                    false,
                    {found, target}});
  }

  chain::EventMaker make(std::string const& process) const {
    return {generate::make_pythia(generate::find_process(process), seed), detector_, seed};
  }

  void collisions() {
    auto maker = make("ttbar");
    Sample elements, calo_hits, tracker_hits, pt_ratio, energy_ratio, response;
    for (std::int64_t i = 0; i < n(500); ++i) {
      Event const event = maker(i);
      elements.push_back(static_cast<double>(event.observed.n_elements()));
      calo_hits.push_back(static_cast<double>(event.observed.calo_hits.size()));
      tracker_hits.push_back(static_cast<double>(event.observed.tracker_hits.size()));
      circle_fits(event, pt_ratio);
      deposits(event, energy_ratio);
    }
    report.add({"ttbar: tracks + clusters per event", "2.4", 50, 150, estimate(elements, mean), "",
                elements.size()});
    report.add({"ttbar: calorimeter hits per event", "2.4", 5e3, 15e3, estimate(calo_hits, mean), "",
                calo_hits.size()});
    report.add({"H2: calorimeter hits per ttbar event, median", "mlpf.md 2.3", 7600, 9400,
                estimate(calo_hits, median), "", calo_hits.size()});
    report.add({"H2: tracker hits per ttbar event, median", "mlpf.md 2.3", 790, 970,
                estimate(tracker_hits, median), "", tracker_hits.size()});
    auto const share = [](double low, double high) {
      return [=](Sample& s) {
        return static_cast<double>(
                   std::count_if(s.begin(), s.end(), [=](double x) { return x >= low && x <= high; })) /
               static_cast<double>(std::max<std::size_t>(1, s.size()));
      };
    };
    report.add({"H3: circle-fit pT of tracker hits over true pT, median", "mlpf.md 2.3", 0.8, 1.2,
                estimate(pt_ratio, median), "", pt_ratio.size()});
    report.add({"H3: share in [0.5, 2]", "mlpf.md 2.3", 0.85, 1, estimate(pt_ratio, share(0.5, 2)), "",
                pt_ratio.size()});
    report.add({"H4: hit energy over true energy, median", "mlpf.md 2.3", 0.7, 1.3,
                estimate(energy_ratio, median), "", energy_ratio.size()});
    report.add({"H4: share in [0.2, 2]", "mlpf.md 2.3", 0.85, 1, estimate(energy_ratio, share(0.2, 2)), "",
                energy_ratio.size()});
    report.add(Plot{"ttbar_elements",
                    "e^{+}e^{-} #rightarrow t#bar{t}, 380 GeV",
                    "tracks + clusters",
                    "fraction of events",
                    false,
                    false,
                    {histogram("Corpuscle", elements, 50, 0, 250)}});
    report.add(Plot{"ttbar_hits",
                    "e^{+}e^{-} #rightarrow t#bar{t}, 380 GeV",
                    "calorimeter hits",
                    "fraction of events",
                    false,
                    false,
                    {histogram("Corpuscle", calo_hits, 50, 0, 20000)}});
    report.add(Plot{"h3_pt",
                    "tracker hits against truth",
                    "circle-fit p_{T} / true p_{T}",
                    "fraction of particles",
                    false,
                    true,
                    {histogram("Corpuscle", pt_ratio, 50, 0, 2)}});
    report.add(Plot{"h4_energy",
                    "calorimeter hits against truth",
                    "#Sigma E_{hit} / E",
                    "fraction of particles",
                    false,
                    false,
                    {histogram("Corpuscle", energy_ratio, 50, 0, 2)}});
  }

  /// For each charged final particle with at least five tracker hits: pT of a circle through them (Kasa's
  /// algebraic fit) over its true pT.
  void circle_fits(Event const& event, Sample& ratios) const {
    event::GenParticles const& truth = event.truth.particles;
    std::map<std::uint32_t, std::vector<std::size_t>> hits_of;
    for (auto const& link : event.truth.tracker_hit_links)
      hits_of[static_cast<std::uint32_t>(link.to.row())].push_back(link.from.row());
    for (auto const& [row, hits] : hits_of) {
      if (hits.size() < 5 || truth.generator_status[row] != 1) continue;
      // Minimises sum (x^2 + y^2 + a x + b y + c)^2.
      double m[3][4] = {};
      for (std::size_t hit : hits) {
        double const x = event.observed.tracker_hits.x[hit], y = event.observed.tracker_hits.y[hit];
        double const terms[4] = {x, y, 1, -(x * x + y * y)};
        for (int i = 0; i < 3; ++i)
          for (int j = 0; j < 4; ++j) m[i][j] += terms[i] * terms[j];
      }
      for (int i = 0; i < 3; ++i)
        for (int j = i + 1; j < 3; ++j) {
          double const f = m[j][i] / m[i][i];
          for (int k = i; k < 4; ++k) m[j][k] -= f * m[i][k];
        }
      double const c = m[2][3] / m[2][2];
      double const b = (m[1][3] - m[1][2] * c) / m[1][1];
      double const a = (m[0][3] - m[0][1] * b - m[0][2] * c) / m[0][0];
      double const radius = std::sqrt(std::max(0.0, a * a / 4 + b * b / 4 - c));
      double const pt = units::bending * detector_.field * radius;
      ratios.push_back(pt / std::hypot(truth.px[row], truth.py[row]));
    }
  }

  /// For each particle of the generator that left hits: their energy over its own.
  static void deposits(Event const& event, Sample& ratios) {
    std::vector<double> energy(event.truth.particles.size());
    for (auto const& link : event.truth.calo_hit_links) energy[link.to.row()] += link.weight;
    for (std::size_t row = 0; row < energy.size(); ++row)
      if (energy[row] > 0 && event.truth.particles.generator_status[row] == 1)
        ratios.push_back(energy[row] / event.truth.particles.energy(row));
  }

  void jets() {
    pf::HitParticleFlow reconstruct(detector_);
    struct Point {
      std::string process;
      double jet_energy, low, high;
    };
    // Dijets of known total energy: the relative RMS90 of a jet is sqrt(2) times that of the sum.
    for (Point const& point : {Point{"z_qq", 45.6, 4, 5}, Point{"qqbar", 190, 3, 4}}) {
      generate::Process process = generate::find_process(point.process);
      generate::PythiaOptions options;
      options.initial_state_radiation = false;
      chain::EventMaker maker(generate::make_pythia(process, seed, options), detector_, seed);
      Sample sums, ratios;
      for (std::int64_t i = 0; i < n(600); ++i) {
        Event const event = maker(i);
        event::GenParticles const& truth = event.truth.particles;
        double visible = 0, largest_cos = 0, total = 0;
        for (std::size_t row = 0; row < truth.size(); ++row) {
          if (std::abs(truth.generator_status[row]) == 23)
            largest_cos = std::max(largest_cos, std::abs(truth.pz[row]) / truth.energy(row));
          if (truth.generator_status[row] != 1) continue;
          int const pdg = std::abs(truth.pdg[row]);
          total += truth.energy(row);
          if (pdg != 12 && pdg != 14 && pdg != 16) visible += truth.energy(row);
        }
        if (largest_cos > 0.7 || visible < 0.99 * total) continue;  // the barrel; no neutrinos
        event::Particles const particles = reconstruct(event.observed);
        sums.push_back(std::accumulate(particles.energy.begin(), particles.energy.end(), 0.0));
        ratios.push_back(sums.back() / visible);
      }
      report.add({fmt::format("jet energy resolution (RMS90), {} GeV, rules on hits", point.jet_energy),
                  "2.4", point.low, point.high,
                  estimate(sums, [](Sample& s) { return 100 * std::sqrt(2.0) * relative_rms90(s); }), "%",
                  sums.size()});
      report.add(Plot{"jets_" + point.process,
                      fmt::format("dijets of {} GeV, barrel", 2 * point.jet_energy),
                      "reconstructed / visible energy",
                      "fraction of events",
                      false,
                      false,
                      {histogram("rules on hits", ratios, 50, 0.5, 1.5)}});
    }
  }

  void full_simulation() {
    std::string const file = "clic_ttbar365_sim.edm4hep.root";
    if (!has(file)) return;
    auto const source = io::open_source(data_ + "/" + file);
    io::Frame frame;
    source->read(0, frame, io::everything);
    event::SimCaloHits const deposits = io::read_sim_calo_hits(frame);
    auto const digitise = [&](detector::Detector const& detector) {
      Event event;
      sim::CaloGeometry const geometry(detector);
      sim::Digitiser{geometry}(deposits, event);
      return event;
    };
    Event const real = digitise(detector_);
    detector::Detector patient = detector_;  // its hits may come at any time
    for (detector::Stack& stack : patient.simulation.stacks) stack.window_to = 1e9;
    report.add({"hits of a Geant4 ttbar event after our digitisation, without time window",
                file,
                8700,
                8900,
                {static_cast<double>(digitise(patient).observed.calo_hits.size()), 0},
                "",
                1});

    auto maker = make("ttbar");
    std::map<Subdetector, Sample> real_layers, layers, real_energies, energies;
    auto const look = [](CaloHits const& hits, auto& by_layer, auto& by_energy) {
      for (std::size_t i = 0; i < hits.size(); ++i) {
        by_layer[hits.subdetector[i]].push_back(hits.layer[i]);
        by_energy[hits.subdetector[i]].push_back(std::log10(hits.energy[i]));
      }
    };
    look(real.observed.calo_hits, real_layers, real_energies);
    Sample counts;
    for (std::int64_t i = 0; i < n(200); ++i) {
      Event const event = maker(i);
      counts.push_back(static_cast<double>(event.observed.calo_hits.size()));
      look(event.observed.calo_hits, layers, energies);
    }
    double const n_real = static_cast<double>(real.observed.calo_hits.size());
    // One event: events differ by some 20 %.
    report.add({"our ttbar events (380 GeV) beside it (365 GeV)", file, 0.7 * n_real, 1.3 * n_real,
                estimate(counts, median), "hits", counts.size()});
    for (auto [kind, name, n_layers] :
         {std::tuple{Subdetector::ecal, "ecal", 40}, std::tuple{Subdetector::hcal, "hcal", 60}}) {
      auto const low = [](Sample& s) { return mean(s); };
      auto const compare = [&](std::string const& what, Sample const& theirs, Sample const& ours,
                               double tolerance) {
        Estimate const target = estimate(theirs, low);
        report.add({fmt::format("ttbar, {}: {}", name, what), file, target.value - tolerance,
                    target.value + tolerance, estimate(ours, low), "", ours.size()});
      };
      compare("mean layer of hits", real_layers[kind], layers[kind], 0.1 * n_layers);
      compare("mean log10(E/GeV) of hits", real_energies[kind], energies[kind], 0.1);
      report.add(Plot{fmt::format("ttbar_{}_layers", name),
                      "",
                      "layer",
                      "fraction of hits",
                      false,
                      false,
                      {histogram("Geant4, one event", real_layers[kind], n_layers / 2, 0, n_layers),
                       histogram("Corpuscle", layers[kind], n_layers / 2, 0, n_layers)}});
      report.add(Plot{fmt::format("ttbar_{}_hit_energy", name),
                      "",
                      "log_{10}(E_{hit} / GeV)",
                      "fraction of hits",
                      false,
                      true,
                      {histogram("Geant4, one event", real_energies[kind], 40, -3, 1),
                       histogram("Corpuscle", energies[kind], 40, -3, 1)}});
    }
  }

  /// Stored clusters of real files against those of our events of the same kind, at the detector of the file.
  void stored_clusters() {
    struct Sizes {
      Sample per_track, energy, distance;
    };
    auto const look = [](Event const& event, Sizes& sizes) {
      event::Clusters const& clusters = event.observed.clusters;
      event::Tracks const& tracks = event.observed.tracks;
      if (tracks.size() > 0)
        sizes.per_track.push_back(static_cast<double>(clusters.size()) / static_cast<double>(tracks.size()));
      for (float energy : clusters.energy) sizes.energy.push_back(std::log10(std::max(1e-3F, energy)));
      event::TrackStates const& exit = tracks.at(event::TrackPoint::at_calorimeter);
      for (std::size_t t = 0; t < tracks.size(); ++t) {
        if (exit.is_present[t] == 0) continue;
        double best = 1e9;
        for (std::size_t c = 0; c < clusters.size(); ++c)
          best = std::min(best, core::length({clusters.x[c] - exit.x[t], clusters.y[c] - exit.y[t],
                                              clusters.z[c] - exit.z[t]}));
        if (best < 1e9) sizes.distance.push_back(best);
      }
    };
    Sizes ours;
    auto maker = make("ttbar");
    for (std::int64_t i = 0; i < n(200); ++i) look(maker(i), ours);
    for (auto [file, name] :
         {std::pair{"cld_nunuHbb240_rec.edm4hep.root", "cld"}, std::pair{"cld_ttbar_rec.edm4hep.json", "cld"},
          std::pair{"ild_bbcsdu500_dst.slcio", "ild"}}) {
      if (!has(file)) continue;
      detector::Detector const detector = config::find_detector(name);
      auto const source = io::open_source(data_ + "/" + file);
      io::EventBuilder const build(source->info(), detector);
      io::Frame frame;
      Sizes real;
      for (std::size_t entry = 0; entry < source->info().entries; ++entry) {
        source->read(entry, frame, build.wanted());
        look(build(frame, entry), real);
      }
      auto const compare = [&](std::string const& what, Sample const& theirs, Sample const& mine,
                               Statistic const& statistic, double tolerance, std::string const& unit) {
        if (theirs.empty()) return;  // the tracks of the ILD file have no state at the calorimeter
        Estimate const target = estimate(theirs, statistic);
        double const width = std::max(2 * target.error, tolerance);
        report.add({"stored clusters: " + what, file, target.value - width, target.value + width,
                    estimate(mine, statistic), unit, mine.size()});
      };
      compare("clusters per track", real.per_track, ours.per_track, mean, 0.4, "");
      compare("median log10(E/GeV)", real.energy, ours.energy, median, 0.15, "");
      compare("median distance of tracks to the nearest cluster", real.distance, ours.distance, median, 25,
              "mm");
      report.add(Plot{fmt::format("clusters_{}", std::string(file).substr(0, std::string(file).find('.'))),
                      file,
                      "log_{10}(E_{cluster} / GeV)",
                      "fraction of clusters",
                      false,
                      false,
                      {histogram("stored", real.energy, 40, -2, 2.5),
                       histogram("Corpuscle, CLIC t#bar{t}", ours.energy, 40, -2, 2.5)}});
    }
  }

  static constexpr std::pair<char const*, void (Validation::*)()> parts[] = {
      {"tracks", &Validation::tracks},
      {"photons", &Validation::photons},
      {"real_photons", &Validation::real_photons},
      {"neutral_hadrons", &Validation::neutral_hadrons},
      {"pions", &Validation::pions},
      {"muons", &Validation::muons},
      {"conversions", &Validation::conversions},
      {"collisions", &Validation::collisions},
      {"jets", &Validation::jets},
      {"full_simulation", &Validation::full_simulation},
      {"stored_clusters", &Validation::stored_clusters}};

  detector::Detector detector_;
  Gun gun_;
  std::string data_;
  double scale_;
};

}  // namespace
}  // namespace corpuscle::validation

int main(int argc, char** argv) try {
  CLI::App app("Validates the simulation against the reference sheet and real files.",
               "corpuscle-validate-simulation");
  double scale = 1;
  std::string json, data = "../shared/data", part = "all";
  app.add_option("--scale", scale, "statistics: 0.1 takes a tenth of the events")
      ->check(CLI::Range(0.01, 100.0));
  app.add_option("--json", json, "write rows and plots, for plot_validation.py");
  app.add_option("--data", data, "folder of the real files");
  app.add_option("--only", part, "one part of it")
      ->check(CLI::IsMember(corpuscle::validation::Validation::names()));
  CLI11_PARSE(app, argc, argv);
  corpuscle::validation::Validation validation(corpuscle::config::find_detector("clic"), data, scale);
  validation.run(part);
  if (!json.empty()) validation.report.write_json(json);
  fmt::print("{} of {} rows miss their target\n", validation.report.misses(), validation.report.rows());
  return 0;
} catch (corpuscle::core::Error const& error) {
  fmt::print(stderr, "corpuscle-validate-simulation: {}\n", error.what());
  return static_cast<int>(error.exit_code());
}
