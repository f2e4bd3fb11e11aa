#include "corpuscle/truth/presence.hpp"

#include <gtest/gtest.h>

#include <string>

#include "corpuscle/core/error.hpp"
#include "truth/sketch.hpp"

namespace corpuscle::truth {
namespace {

std::string complaint(Presence const& presence) {
  try {
    presence.require("file.root");
  } catch (core::DataError const& error) {
    return error.what();
  }
  return "";
}

std::string complaint(event::Event const& event) {
  Presence presence;
  presence.add(event);
  return complaint(presence);
}

bool contains(std::string const& text, std::string const& part) {
  return text.find(part) != std::string::npos;
}

TEST(Presence, NamesTheFileAndWhatItLacks) {
  EXPECT_TRUE(contains(complaint(Presence()), "file.root: it has no events"));
  EXPECT_TRUE(contains(complaint(event::Event{}), "no generated particles"));
  Sketch history;
  history.particle({.status = 2});
  EXPECT_TRUE(contains(complaint(history.event()), "generator status 1"));
  Sketch unseen;
  unseen.particle({});
  EXPECT_TRUE(contains(complaint(unseen.event()), "no tracks, clusters or calorimeter hits"));
  Sketch unlinked;
  unlinked.particle({});
  unlinked.track({});
  event::Event event = unlinked.event();
  EXPECT_TRUE(contains(complaint(event), "nothing links"));
  event.truth.particle_links = {{event::ParticleId(0), event::GenParticleId(0), 1000}};
  EXPECT_TRUE(contains(complaint(event), "packed"));
}

TEST(Presence, IsContentWithOneLinkInTheWholeFile) {
  Presence presence;
  presence.add(event::Event{});  // an event without anything is an event
  Sketch sketch;
  auto const p = sketch.particle({});
  sketch.track({{p, 1}});
  presence.add(sketch.event());
  EXPECT_EQ(complaint(presence), "");
  EXPECT_THROW(presence.require("file.root", Mode::hit), core::DataError);
}

}  // namespace
}  // namespace corpuscle::truth
