#include "corpuscle/train/history.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "corpuscle/core/error.hpp"
#include "dataset/toy_examples.hpp"

namespace corpuscle::train {
namespace {

TEST(History, ALineIsJson) {
  EXPECT_EQ(history_line("train", 3, {{"loss", 0.1}, {"norm", NAN}}),
            "{\"step\": 3, \"kind\": \"train\", \"loss\": 0.1, \"norm\": null}\n");
}

TEST(History, WhoGoesOnDropsTheLinesThatWillBeMadeAgain) {
  dataset::Folder const folder("history");
  std::filesystem::create_directories(folder.path());
  {
    History history(folder / "h.jsonl", 0);
    for (int step : {5, 10, 15}) history.add("train", step, {});
  }
  std::string const all = folder.bytes("h.jsonl");
  folder.put("h.jsonl", all + "{\"step\": 2");  // cut off by a kill
  History history(folder / "h.jsonl", 10);
  EXPECT_EQ(folder.bytes("h.jsonl"), all.substr(0, all.size() - history_line("train", 15, {}).size()));
  history.add("train", 15, {});
  EXPECT_EQ(folder.bytes("h.jsonl"), all);
}

TEST(History, AFigureIsReadBack) {
  dataset::Folder const folder("history");
  std::filesystem::create_directories(folder.path());
  std::string const path = folder / "history.jsonl";
  EXPECT_TRUE(logged(path, "validation", "loss").empty());
  folder.put("history.jsonl", history_line("train", 10, {{"loss", 3}}) +
                                  history_line("validation", 10, {{"loss/class", 4}, {"loss", 0.1}}) +
                                  history_line("validation", 20, {{"loss", NAN}}) +
                                  history_line("validation", 30, {{"loss", 1e-9}}) +
                                  "{\"step\": 40, \"kind\": \"val");
  using Values = std::vector<std::pair<std::int64_t, double>>;
  EXPECT_EQ(logged(path, "validation", "loss"), (Values{{10, 0.1}, {30, 1e-9}}));
  EXPECT_EQ(logged(path, "train", "loss"), (Values{{10, 3}}));
  EXPECT_TRUE(logged(path, "validation", "los").empty());
}

TEST(History, AFolderThatIsNotThereIsAnError) {
  dataset::Folder const folder("history_full");
  EXPECT_THROW(History(folder / "no/such/h.jsonl", 0), core::EnvironmentError);
}

}  // namespace
}  // namespace corpuscle::train
