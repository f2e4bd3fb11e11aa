#include "corpuscle/train/page.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "corpuscle/train/history.hpp"
#include "dataset/toy_examples.hpp"

namespace corpuscle::train {
namespace {

TEST(Page, ShowsTheCurvesThatThereAre) {
  dataset::Folder const folder("page");
  std::filesystem::create_directories(folder.path());
  folder.put("h.jsonl", history_line("train", 1, {{"loss", 10}}) + "cut {\n" +
                            history_line("train", 2, {{"loss", 0.1}}) +
                            history_line("validation", 2, {{"loss", 1}, {"photon/efficiency", NAN}}));
  write_page(folder / "p.html", folder / "h.jsonl", "a < b");
  std::string const page = folder.bytes("p.html");
  EXPECT_NE(page.find("Training: a &lt; b"), std::string::npos);
  // Logarithmic, from 0.1 to 10: top left of the frame at step 1 (half of x), bottom right at step 2.
  EXPECT_NE(page.find("d=\"M255 30L450 210\""), std::string::npos) << page;
  EXPECT_NE(page.find("d=\"M60 120L450 120\""), std::string::npos)
      << page;                                            // one validation: a level half-way
  EXPECT_EQ(page.find("efficiency"), std::string::npos);  // of which nothing is known
}

}  // namespace
}  // namespace corpuscle::train
