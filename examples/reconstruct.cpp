// Reads events of any format, reconstructs particles, writes both. The whole library as a user meets it.
//
//   reconstruct INPUT DETECTOR OUTPUT

#include <cstdio>

#include "corpuscle/config/detector.hpp"
#include "corpuscle/core/error.hpp"
#include "corpuscle/io/event_builder.hpp"
#include "corpuscle/io/source.hpp"
#include "corpuscle/io/writer.hpp"
#include "corpuscle/pf/cluster_particle_flow.hpp"

int main(int argc, char** argv) try {
  using namespace corpuscle;
  if (argc != 4) return 2;
  auto const source = io::open_source(argv[1]);
  detector::Detector const detector = config::find_detector(argv[2]);
  io::EventBuilder const build_event(source->info(), detector);
  pf::ClusterParticleFlow const reconstruct(detector);

  io::WriterOptions options;
  options.schema = source->collections();
  options.metadata = source->info().metadata;
  options.schema.push_back(io::EventBuilder::particle_collection("Particles"));
  io::Writer writer(argv[3], options);
  io::Frame frame;
  for (std::size_t entry = 0; entry < source->info().entries; ++entry) {
    source->read(entry, frame, io::everything);
    event::Event const event = build_event(frame, entry);
    build_event.add_particles(frame, reconstruct(event.observed), "Particles");
    writer.write(frame);
  }
  writer.finish();
} catch (corpuscle::core::Error const& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return static_cast<int>(error.exit_code());
}
