#include "corpuscle/encoding/normalisation.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "corpuscle/core/error.hpp"
#include "corpuscle/encoding/encoder.hpp"
#include "encoding/sketch.hpp"

namespace corpuscle::encoding {
namespace {

Schema const& schema() {
  return find_schema("corpuscle-clusters-1");
}

std::vector<Elements> some_events(Schema const& s = schema()) {
  detector::Detector const detector = test::simple_detector();
  Encoder const encode(s, detector);
  std::vector<Elements> events;
  for (std::uint64_t seed = 0; seed < 40; ++seed)
    events.push_back(encode(test::random_event_with_hits(detector, 60, seed)));
  return events;
}

Normalisation of(std::vector<Elements> const& events, Schema const& s = schema()) {
  NormalisationSums sums(s);
  for (Elements const& event : events) sums.add(event);
  return sums.result();
}

TEST(Normalisation, MakesMeanZeroAndDeviationOneForEachType) {
  for (Schema const& s : built_in_schemas()) {
    std::vector<Elements> events = some_events(s);
    Normalisation const before = of(events, s);
    Normaliser const normalise(before, s);
    for (Elements& event : events) normalise(event);
    Normalisation const after = of(events, s);
    for (std::size_t t = 0; t < after.types.size(); ++t)
      for (std::size_t k = 0; k < after.types[t].mean.size(); ++k) {
        Column const& column = s.elements[t].columns[k];
        if (column.transform == Transform::code) continue;
        // Single precision: 6e-8 of values up to some hundred deviations; a mean of 1e4 deviations costs
        // more.
        EXPECT_NEAR(after.types[t].mean[k], 0, 1e-3) << column.name;
        bool const is_constant = before.types[t].deviation[k] == 1;
        EXPECT_TRUE(is_constant || std::abs(after.types[t].deviation[k] - 1) < 1e-4) << column.name;
      }
  }
}

TEST(Normalisation, CodesAndPaddingStayAsTheyAre) {
  Schema const& published = find_schema("mlpf-2023-clusters");
  std::vector<Elements> events = some_events(published);
  Normaliser const normalise(of(events, published), published);
  for (Elements& event : events) {
    normalise(event);
    for (std::size_t i = 0; i < event.size(); ++i) {
      bool const is_track = event.types[i] == ElementType::track;
      EXPECT_EQ(event.row(i)[0], is_track ? 1 : 2);
      EXPECT_TRUE(!is_track || event.row(i)[16] == 0);
    }
  }
}

TEST(Normalisation, AColumnThatNeverVariesBecomesZero) {
  std::vector<Elements> events = some_events();
  Normalisation const normalisation = of(events);
  auto const& columns = *schema().columns(ElementType::track);
  for (std::size_t k = 0; k < columns.size(); ++k)
    if (columns[k].name == "innermost_radius") {  // all tracks of these events begin at 31 mm
      EXPECT_EQ(normalisation.types[0].deviation[k], 1);
      Normaliser(normalisation, schema())(events[0]);
      EXPECT_NEAR(events[0].row(0)[k], 0, 1e-7);
    }
}

TEST(Normalisation, PiecesAddUpToTheWhole) {
  std::vector<Elements> const events = some_events();
  Normalisation const whole = of(events);
  auto const in_pieces = [&](std::size_t size) {
    NormalisationSums all(schema());
    for (std::size_t first = 0; first < events.size(); first += size) {
      NormalisationSums piece(schema());
      for (std::size_t i = first; i < std::min(events.size(), first + size); ++i) piece.add(events[i]);
      all.merge(piece);
    }
    return all.result();
  };
  EXPECT_EQ(in_pieces(7), in_pieces(7));
  Normalisation const pieces = in_pieces(7);
  for (std::size_t t = 0; t < whole.types.size(); ++t) {
    EXPECT_EQ(whole.types[t].rows, pieces.types[t].rows);
    for (std::size_t k = 0; k < whole.types[t].mean.size(); ++k) {
      // 2400 additions of values of order 10 in double precision.
      EXPECT_NEAR(whole.types[t].mean[k], pieces.types[t].mean[k], 1e-11);
      EXPECT_NEAR(whole.types[t].deviation[k], pieces.types[t].deviation[k], 1e-11);
    }
  }
  NormalisationSums sums(schema());
  sums.merge(NormalisationSums(schema()));
  EXPECT_EQ(sums.result().types[0].rows, 0U);
  EXPECT_EQ(sums.result().types[0].deviation[0], 1);
}

TEST(Normalisation, ComesBackFromItsJsonToTheBit) {
  Normalisation const normalisation = of(some_events());
  EXPECT_EQ(normalisation_from_json(to_json(normalisation), schema(), "model"), normalisation);
}

TEST(Normalisation, WhatIsWrongIsNamed) {
  std::string const text = to_json(of(some_events()));
  auto const complaint = [&](std::string broken, Schema const& s = schema()) -> std::string {
    try {
      normalisation_from_json(broken, s, "m.bin");
    } catch (core::ConfigError const& error) {
      return error.what();
    }
    return {};
  };
  auto const replaced = [&](std::string const& from, std::string const& to) {
    std::string copy = text;
    return copy.replace(copy.find(from), from.size(), to);
  };
  EXPECT_EQ(complaint(text, find_schema("mlpf-2023-hits")),
            "m.bin: its normalisation is for the schema 'corpuscle-clusters-1', needed is 'mlpf-2023-hits'");
  EXPECT_EQ(complaint(replaced("normalisation-1", "normalisation-9")),
            "m.bin: its format is 'corpuscle-normalisation-9', this version of Corpuscle reads "
            "'corpuscle-normalisation-1'");
  EXPECT_EQ(complaint(replaced("\"mean\":[", "\"mean\":[0.5,")),
            "m.bin.elements[0]: 27 means and 26 deviations, the schema has 26 columns");
  EXPECT_EQ(complaint(replaced("\"deviation\":[", "\"deviation\":[0,")),
            "m.bin.elements[0].deviation[0]: a deviation is not above 0");
  EXPECT_EQ(complaint(replaced("\"track\"", "\"hit\"")),
            "m.bin.elements[0]: the type 'hit' where the schema has 'track'");
  EXPECT_EQ(complaint(replaced("\"rows\"", "\"row\"")), "m.bin.elements[0]: the member 'rows' is missing");
  for (std::size_t n = 0; n < text.size(); n += 7)
    EXPECT_THROW(normalisation_from_json(text.substr(0, n), schema(), "m"), core::DataError);
  EXPECT_THROW(normalisation_from_json(replaced("\"mean\":[", "\"mean\":[1e999,"), schema(), "m"),
               core::DataError);
}

TEST(Normalisation, ThatOfAnotherSchemaIsNotApplied) {
  EXPECT_THROW(Normaliser(of(some_events()), find_schema("mlpf-2023-hits")), core::ConfigError);
}

}  // namespace
}  // namespace corpuscle::encoding
