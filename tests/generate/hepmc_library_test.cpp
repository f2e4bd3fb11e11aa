#include <HepMC3/GenEvent.h>
#include <HepMC3/GenParticle.h>
#include <HepMC3/GenVertex.h>
#include <HepMC3/ReaderAscii.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "corpuscle/generate/hepmc.hpp"
#include "generate/particles.hpp"

/// The reference implementation reads what we write.
namespace corpuscle::generate {
namespace {

std::string const real_file = CORPUSCLE_SOURCE_DIR "/../shared/data/eeH250_pythia.hepmc3.gz";

TEST(HepMCLibrary, ReadsOurFilesAsWeDo) {
  if (!std::filesystem::exists(real_file)) GTEST_SKIP() << real_file << " is not here";
  std::string const path = testing::test_path("ours.hepmc3");
  auto events = open_hepmc({real_file});
  HepMCWriter writer(path);
  for (std::int64_t number = 0; number < 100; ++number) writer.write(number, (*events)(number));
  writer.close();

  HepMC3::ReaderAscii reader(path);
  for (std::int64_t number = 0; number < 100; ++number) {
    HepMC3::GenEvent theirs;
    ASSERT_TRUE(reader.read_event(theirs)) << number;
    event::GenParticles const ours = (*events)(number);
    ASSERT_EQ(theirs.event_number(), number);
    ASSERT_EQ(theirs.particles().size(), ours.size());
    for (std::size_t row = 0; row < ours.size(); ++row) {
      HepMC3::GenParticle const& particle = *theirs.particles()[row];
      ASSERT_EQ(particle.pid(), ours.pdg[row]);
      ASSERT_EQ(particle.status(), ours.generator_status[row]);
      ASSERT_EQ(particle.momentum().px(), ours.px[row]);
      ASSERT_EQ(particle.generated_mass(), ours.mass[row]);
      ASSERT_EQ(particle.production_vertex()->position().z(), ours.z[row]);
      ASSERT_EQ(particle.parents().size(), ours.parents[row].size());
    }
  }
}

}  // namespace
}  // namespace corpuscle::generate
