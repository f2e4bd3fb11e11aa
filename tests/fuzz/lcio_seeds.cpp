// Writes the seed corpus of lcio_fuzz: small files that together hold every type of object the reader
// knows, in old and new versions, packed and not.
//
//   g++ -std=c++20 -Itests tests/fuzz/lcio_seeds.cpp -lz -o lcio_seeds && ./lcio_seeds tests/fuzz/corpus/lcio

#include <fstream>
#include <string>

#include "support/sio_writer.hpp"

using namespace corpuscle::testing;

namespace {

std::string mc_particles(std::uint32_t version) {
  SioBytes out;
  out.u32(3);
  for (std::uint32_t tag : {1U, 2U, 3U}) {
    out.u32(tag).u32(tag - 1);
    for (std::uint32_t parent = 1; parent < tag; ++parent) out.u32(parent);
    bool const has_endpoint = tag == 3;
    out.i32(22).i32(1).u32(has_endpoint ? 0x80000000 : 0).f64(1).f64(2).f64(3).f32(0.1F);
    out.f32(1).f32(2).f32(3).f32(0).f32(0);
    if (has_endpoint) out.f64(4).f64(5).f64(6);
    if (has_endpoint && version > sio_version(2, 6)) out.f32(1).f32(1).f32(1);
    if (version > sio_version(1, 51)) out.f32(0).f32(0).f32(1).i32(501).i32(502);
  }
  return out.str();
}

std::string tracks(std::uint32_t version) {
  SioBytes out;
  out.u32(1).i32(1);
  if (version >= sio_version(2, 0)) out.i32(1).i32(1);
  out.zeros(5 + 15 + 3).f32(10).i32(5).f32(0).f32(0);
  if (version > sio_version(2, 21)) out.i32(0);
  out.f32(16).u32(2).i32(3).i32(4);
  if (version > sio_version(2, 21)) out.u32(1).i32(0);
  return out.u32(0).u32(1).u32(50).u32(10).str();
}

std::string clusters(std::uint32_t version) {
  SioBytes out;
  out.u32(1).i32(0).f32(5);
  if (version > sio_version(1, 51)) out.f32(0.1F);
  out.f32(1800).zeros(2).zeros(6).zeros(2).zeros(3).u32(2).f32(1).f32(2);
  out.u32(1).f32(1).i32(0).i32(22).i32(1).u32(1).f32(3);  // a particle id
  return out.u32(0).u32(1).u32(60).f32(1).u32(1).f32(5).u32(20).str();
}

std::string particles() {
  SioBytes out;
  out.u32(1).i32(211).zeros(3).f32(5).zeros(10).f32(0.14F).f32(1).zeros(3);
  out.u32(1).f32(1).i32(0).i32(13).i32(1).u32(1).f32(0.5F).u32(31).u32(31).f32(0.9F);
  return out.u32(0).u32(1).u32(10).u32(1).u32(20).u32(0).u32(30).str();
}

std::string vertices() {
  return SioBytes().u32(1).u32(1).i32(0).f32(1).f32(0.5F).zeros(9).u32(1).f32(2).u32(30).u32(40).str();
}

LcioEvent event(std::uint32_t version) {
  auto const names = SioBytes().zeros(version > sio_version(2, 16) ? 3 : 2).u32(2).text("FromType").u32(1);
  auto const types = SioBytes(names).text("MCParticle").text("ToType").u32(1).text("ReconstructedParticle");
  SioBytes hit;
  hit.u32(1).u32(9).u32(1).f32(2);
  if (version > sio_version(1, 9)) hit.f32(0.5F);
  hit.f32(3).f32(5).f32(6).f32(7).i32(4).u32(0).u32(60);
  SioBytes space;
  space.u32(1);
  if (version > sio_version(1, 51)) space.u32(9);
  space.i32(2).f64(1).f64(2).f64(3).zeros(6).f32(0);
  if (version > sio_version(1, 12)) space.f32(0);
  space.f32(4);
  if (version > sio_version(1, 11)) space.i32(5);
  space.u32(1).u32(0).u32(50);

  LcioEvent out(version);
  out.number(1, 2);
  out.add("Chosen", "MCParticle_References", 1U << 18, SioBytes().u32(2).u32(3).u32(1).str());
  out.add("Clusters", "Cluster", 1U << 31, clusters(version));
  out.add("Hits", "CalorimeterHit", 0xac000000, hit.str());
  out.add("Links", "LCRelation", 1U << 31, SioBytes().u32(1).u32(3).u32(30).f32(1).str(), types.str());
  out.add("MCParticles", "MCParticle", 0, mc_particles(version));
  out.add("Numbers", "LCIntVec", 0, SioBytes().u32(1).u32(1).i32(7).str());
  out.add("Particles", "ReconstructedParticle", 0, particles());
  out.add("Space", "TrackerHit", 0, space.str());
  out.add("Steps", "SimCalorimeterHit", 0,
          SioBytes().u32(1).u32(8).f32(1).u32(1).u32(2).f32(1).f32(0).u32(61).str());
  out.add("Tracks", "Track", 1U << 31, tracks(version));
  out.add("Untold", "LCRelation", 0, SioBytes().u32(1).u32(20).u32(1).str());
  out.add("Vertices", "Vertex", 0, vertices());
  return out;
}

LcioEvent hits() {
  SioBytes plane;
  plane.u32(1).u32(9).u32(1).i32(2).f64(1).f64(2).f64(3).zeros(6).zeros(2).f32(4).i32(5).u32(0).u32(71);
  SioBytes simulated;
  simulated.u32(1).u32(9).u32(0).f64(1).f64(2).f64(3).zeros(2).u32(0).zeros(4).i32(5).u32(72);
  SioBytes steps;
  steps.u32(1).u32(8).u32(1).f32(1).zeros(3).u32(1).u32(0).f32(1).f32(0).f32(2).i32(11).zeros(3).u32(61);
  LcioEvent out(sio_version(2, 15));
  out.add("Plane", "TrackerHitPlane", 1U << 31, plane.str())
      .add("Sim", "SimTrackerHit", 0x60000000, simulated.str());
  return out.add("Steps", "SimCalorimeterHit", 0xb0000000, steps.str());
}

}  // namespace

int main(int argc, char** argv) {
  std::string const folder = argc > 1 ? argv[1] : ".";
  auto const write = [&](char const* name, std::string const& bytes) {
    std::ofstream(folder + '/' + name, std::ios::binary) << bytes;
  };
  write("v1_8.slcio", event(sio_version(1, 8)).str());
  write("v1_11.slcio", sio_record("LCRunHeader", "") + event(sio_version(1, 11)).str());
  write("v2_15.slcio", event(sio_version(2, 15)).str() + sio_record("LCIOIndex", ""));
  write("v2_22.slcio", event(sio_version(2, 22)).str());
  write("hits.slcio", hits().str());
  write("packed.slcio", event(sio_version(2, 15)).str(Packing::zlib) + hits().str(Packing::zlib));
  write("empty_event.slcio", LcioEvent(sio_version(2, 15)).str());
  write("cut.slcio", hits().str().substr(0, 300));
}
