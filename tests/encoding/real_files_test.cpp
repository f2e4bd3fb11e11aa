// Events that other people's full simulations and reconstructions wrote.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <ostream>
#include <string>

#include "corpuscle/config/detector.hpp"
#include "corpuscle/core/error.hpp"
#include "corpuscle/encoding/encoder.hpp"
#include "corpuscle/io/event_builder.hpp"
#include "encoding/sketch.hpp"

namespace corpuscle::encoding {
namespace {

struct File {
  char const* name;
  char const* detector;
  std::size_t max_limited = 0;  ///< features outside their range, per event

  friend std::ostream& operator<<(std::ostream& out, File const& file) { return out << file.name; }
};

class RealFiles : public ::testing::TestWithParam<File> {};

TEST_P(RealFiles, EveryColumnIsFiniteInRangeAndIndependentOfTheOrderOfRows) {
  std::string const path = std::string(CORPUSCLE_SOURCE_DIR "/../shared/data/") + GetParam().name;
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not there";
  std::unique_ptr<io::Source> source;
  try {
    source = io::open_source(path);
  } catch (core::EnvironmentError const& error) {
    GTEST_SKIP() << error.what();
  }
  detector::Detector const detector = config::find_detector(GetParam().detector);
  io::EventBuilder const build(source->info(), detector);
  io::Frame frame;
  core::Random random({7});
  std::size_t n_clusters = 0;
  for (std::size_t entry = 0; entry < std::min<std::size_t>(source->info().entries, 5); ++entry) {
    source->read(entry, frame, build.wanted());
    event::Event const event = build(frame, entry);
    for (Schema const& schema : built_in_schemas()) {
      Encoder const encode(schema, detector);
      Elements const elements = encode(event.observed);
      EXPECT_EQ(elements.n_broken, 0U);
      EXPECT_LE(elements.n_limited, GetParam().max_limited) << schema.name;
      EXPECT_TRUE(std::all_of(elements.features.begin(), elements.features.end(),
                              [](float x) { return std::isfinite(x); }));
      EXPECT_EQ(encode(test::shuffled(event.observed, random)).features, elements.features) << schema.name;
    }
    n_clusters += event.observed.clusters.size();
  }
  EXPECT_GT(n_clusters, 0U);
}

INSTANTIATE_TEST_SUITE_P(Encoder, RealFiles,
                         ::testing::Values(File{"cld_ttbar_rec.edm4hep.json", "cld"},
                                           File{"cld_nunuHbb240_rec.edm4hep.root", "cld"},
                                           File{"clic_gamma_rec.edm4hep.root", "clic"},
                                           // Loopers that enter the endcap next to the beam: eta above 6.
                                           File{"ild_nunuh250_dst.slcio", "ild", 1}),
                         [](auto const& test) {
                           std::string const name = test.param.name;
                           return name.substr(0, name.find('.'));
                         });

}  // namespace
}  // namespace corpuscle::encoding
