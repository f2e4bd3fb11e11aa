#include "corpuscle/config/yaml.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"

namespace corpuscle::config {
namespace {

struct Wheel {
  double radius = 0;
  int spokes = 0;
};

struct Horse {
  enum class Gait { walk, trot };
  std::string name;
  Gait gait = Gait::walk;
  int age = -1;  ///< -1: unknown
};

struct Cart {
  std::string name;
  std::vector<std::string> colours;
  Wheel wheel;
  std::vector<Horse> horses;
};

void bind_wheel(Section& section, Wheel& wheel) {
  section.number("radius", wheel.radius, {1, 1000, "mm"})
      .integer("spokes", wheel.spokes, {3, 100})
      .require(wheel.spokes % 2 == 0, "spokes", "must be even");
}

void bind_cart(Section& section, Cart& cart) {
  section.text("name", cart.name).texts("colours", cart.colours).section("wheel", cart.wheel, bind_wheel);
  constexpr std::string_view gaits[] = {"walk", "trot"};
  auto const bind_horse = [&](Section& inner, Horse& horse) {
    inner.text("name", horse.name).choice("gait", horse.gait, gaits);
    if (inner.has("age")) inner.integer("age", horse.age, {0, 40});
  };
  if (section.has("horses")) section.sections("horses", cart.horses, bind_horse);
}

Cart read(std::string const& text) {
  return Document::parse(text, "cart.yaml").read<Cart>(bind_cart);
}

std::string complaint_about(std::string const& text) {
  try {
    read(text);
  } catch (core::ConfigError const& error) {
    EXPECT_EQ(error.exit_code(), core::ExitCode::usage);
    return error.what();
  }
  return "accepted";
}

constexpr char const* sound = R"(# A cart.
name: "hay cart"
colours: [red, 'light blue']
wheel:
  radius: 4.5e2
  spokes: 12
)";

TEST(Section, ReadsEveryKind) {
  Cart const cart = read(sound);
  EXPECT_EQ(cart.name, "hay cart");
  EXPECT_EQ(cart.colours, (std::vector<std::string>{"red", "light blue"}));
  EXPECT_EQ(cart.wheel.radius, 450);
  EXPECT_EQ(cart.wheel.spokes, 12);
}

TEST(Section, OrderAndNotationDoNotMatter) {
  Cart const cart = read("{wheel: {spokes: 4, radius: 10}, colours: [], name: x}");
  EXPECT_EQ(cart.name, "x");
  EXPECT_TRUE(cart.colours.empty());
  EXPECT_EQ(cart.wheel.spokes, 4);
}

TEST(Section, ListOfSectionsKeepsItsOrderAndMayLeaveOutWhatIsOptional) {
  EXPECT_TRUE(read(sound).horses.empty());
  Cart const cart = read(std::string(sound) +
                         "horses:\n  - {name: Ada, gait: trot}\n  - name: Bob\n    gait: walk\n    age: 7\n");
  ASSERT_EQ(cart.horses.size(), 2u);
  EXPECT_EQ(cart.horses[0].name, "Ada");
  EXPECT_EQ(cart.horses[0].gait, Horse::Gait::trot);
  EXPECT_EQ(cart.horses[0].age, -1);
  EXPECT_EQ(cart.horses[1].gait, Horse::Gait::walk);
  EXPECT_EQ(cart.horses[1].age, 7);
}

TEST(Section, WindowsLinesAndByteOrderMarkDoNotMatter) {
  EXPECT_EQ(read("\xEF\xBB\xBFname: x\r\ncolours: []\r\nwheel:\r\n  radius: 10\r\n  spokes: 4\r\n").name,
            "x");
}

struct Mistake {
  std::string name, text, complaint;
};

void PrintTo(Mistake const& mistake, std::ostream* out) {
  *out << mistake.text;
}

class SectionComplains : public testing::TestWithParam<Mistake> {};

TEST_P(SectionComplains, WithFileLineAndColumn) {
  EXPECT_EQ(complaint_about(GetParam().text), GetParam().complaint);
}

std::string with_horses(std::string const& horses) {
  return "name: x\ncolours: []\nwheel: {radius: 10, spokes: 4}\nhorses: " + horses;
}

std::string with_wheel(std::string const& wheel) {
  return "name: x\ncolours: []\nwheel:\n" + wheel;
}

INSTANTIATE_TEST_SUITE_P(
    Yaml, SectionComplains,
    testing::Values(
        Mistake{"UnknownKey", with_wheel("  radius: 10\n  spoeks: 4\n"),
                "cart.yaml:5:3: unknown key 'spoeks'; did you mean 'spokes'?"},
        Mistake{"UnknownKeyFarFromAll", with_wheel("  radius: 10\n  spokes: 4\n  x: 1\n"),
                "cart.yaml:6:3: unknown key 'x'"},
        Mistake{"MissingKey", with_wheel("  radius: 10\n"), "cart.yaml:4:3: missing key 'spokes'"},
        Mistake{"MissingSection", "name: x\ncolours: []\n", "cart.yaml:1:1: missing key 'wheel'"},
        Mistake{"DuplicateKey", with_wheel("  radius: 10\n  spokes: 4\n  radius: 10\n"),
                "cart.yaml:6:3: duplicate key 'radius', first given in line 4"},
        Mistake{"TextForNumber", with_wheel("  radius: large\n  spokes: 4\n"),
                "cart.yaml:4:11: 'radius' must be a number, not the text 'large'"},
        Mistake{"QuotedNumber", with_wheel("  radius: '10'\n  spokes: 4\n"),
                "cart.yaml:4:11: 'radius' must be a number, not the text '10'"},
        Mistake{"NumberWithUnit", with_wheel("  radius: 10 mm\n  spokes: 4\n"),
                "cart.yaml:4:11: 'radius' must be a number, not the text '10 mm'"},
        Mistake{"NotANumber", with_wheel("  radius: nan\n  spokes: 4\n"),
                "cart.yaml:4:11: 'radius' must be a number, not the text 'nan'"},
        Mistake{"NothingForNumber", with_wheel("  radius:\n  spokes: 4\n"),
                "cart.yaml:4:3: 'radius' must be a number, not nothing"},
        Mistake{"NumberForText", "name: 3\ncolours: []\nwheel: {radius: 10, spokes: 4}\n",
                "cart.yaml:1:7: 'name' must be text, not the number 3"},
        Mistake{"TextForList", "name: x\ncolours: red\nwheel: {radius: 10, spokes: 4}\n",
                "cart.yaml:2:10: 'colours' must be a list, not the text 'red'"},
        Mistake{"NumberInListOfTexts", "name: x\ncolours: [red, 7]\nwheel: {radius: 10, spokes: 4}\n",
                "cart.yaml:2:16: 'colours' must be a list of texts; this is the number 7"},
        Mistake{"ListForMapping", "name: x\ncolours: []\nwheel: [10, 4]\n",
                "cart.yaml:3:8: 'wheel' must be a mapping, not a list"},
        Mistake{"TooSmall", with_wheel("  radius: 0.5\n  spokes: 4\n"),
                "cart.yaml:4:11: 'radius' = 0.5 is out of range: from 1 to 1000 mm"},
        Mistake{"TooLarge", with_wheel("  radius: 10\n  spokes: 102\n"),
                "cart.yaml:5:11: 'spokes' = 102 is out of range: from 3 to 100"},
        Mistake{"BeyondDouble", with_wheel("  radius: 1e999\n  spokes: 4\n"),
                "cart.yaml:4:11: 'radius' must be a number, not the text '1e999'"},
        Mistake{"FractionForInteger", with_wheel("  radius: 10\n  spokes: 4.5\n"),
                "cart.yaml:5:11: 'spokes' must be a whole number, not the number 4.5"},
        Mistake{"BrokenRequirement", with_wheel("  radius: 10\n  spokes: 5\n"),
                "cart.yaml:5:11: 'spokes' must be even"},
        Mistake{"UnknownWord", with_horses("\n  - {name: Ada, gait: canter}\n"),
                "cart.yaml:5:23: 'gait' = 'canter' is unknown; it is one of: walk, trot"},
        Mistake{"NumberForWord", with_horses("\n  - {name: Ada, gait: 1}\n"),
                "cart.yaml:5:23: 'gait' must be text, not the number 1"},
        Mistake{"MissingWord", with_horses("\n  - {name: Ada}\n"), "cart.yaml:5:5: missing key 'gait'"},
        Mistake{"MisspeltOptionalKey", with_horses("\n  - {name: Ada, gait: walk, aeg: 7}\n"),
                "cart.yaml:5:29: unknown key 'aeg'; did you mean 'age'?"},
        Mistake{"MisspeltOptionalList", std::string(sound) + "horse:\n  - {name: Ada, gait: walk}\n",
                "cart.yaml:7:1: unknown key 'horse'; did you mean 'horses'?"},
        Mistake{"OptionalOutOfRange", with_horses("\n  - {name: Ada, gait: walk, age: 70}\n"),
                "cart.yaml:5:34: 'age' = 70 is out of range: from 0 to 40"},
        Mistake{"MappingForListOfMappings", with_horses("{name: Ada, gait: walk}\n"),
                "cart.yaml:4:9: 'horses' must be a list of mappings, not a mapping"},
        Mistake{"EmptyListOfMappings", with_horses("[]\n"),
                "cart.yaml:4:9: 'horses' has 0 entries, not 1 to 1000"},
        Mistake{"TextInListOfMappings", with_horses("[Ada]\n"),
                "cart.yaml:4:10: 'horses' must be a list of mappings; this is the text 'Ada'"},
        Mistake{"EmptyFile", "", "cart.yaml:1:1: must be a mapping, not nothing"},
        Mistake{"OnlyAList", "- a\n- b\n", "cart.yaml:1:1: must be a mapping, not a list"},
        Mistake{"TwoDocuments", std::string(sound) + "---\nname: y\n",
                "cart.yaml:7:1: one document per file, please"},
        Mistake{"Alias", "name: x\ncolours: []\nwheel: *other\n",
                "cart.yaml:3:8: not valid YAML: the referenced anchor is not defined"},
        Mistake{"Anchor", "name: &n x\ncolours: []\n", "cart.yaml:1:7: anchors are not used here"},
        Mistake{"Tag", "name: !!str 3\n", "cart.yaml:1:7: tag 'tag:yaml.org,2002:str' is not used here"},
        Mistake{"KeyThatIsANumber", "3: x\n", "cart.yaml:1:1: a key is text, not the number 3"},
        Mistake{"KeyThatIsAList", "[a]: x\n", "cart.yaml:1:1: a key is text, not a list"},
        Mistake{"UnclosedList", "name: x\ncolours: [red\n",
                "cart.yaml:3:1: not valid YAML: end of sequence flow not found"},
        Mistake{"TabForIndent", "wheel:\n\tradius: 10\n",
                "cart.yaml:2:8: not valid YAML: illegal map value"}),
    [](testing::TestParamInfo<Mistake> const& mistake) { return mistake.param.name; });

TEST(Document, DeepNestingIsRefused) {
  for (char const* open : {"[", "{a: ", "- ", "? ", "[{a: "}) {
    std::string text;
    while (text.size() < 500'000) text += open;
    EXPECT_NE(complaint_about(text), "accepted") << open;
  }
  std::string staircase;
  for (int depth = 0; depth < 700; ++depth)
    staircase += std::string(static_cast<std::size_t>(depth), ' ') + "a:\n";
  EXPECT_NE(complaint_about(staircase).find("nested more than 32 deep"), std::string::npos);
}

TEST(Document, BombsAreRefused) {
  std::string aliases = "a0: &a0 [x, x]\n";
  for (int i = 1; i < 40; ++i) aliases += core::cat('a', i, ": &a", i, " [*a", i - 1, ", *a", i - 1, "]\n");
  EXPECT_EQ(complaint_about(aliases), "cart.yaml:1:5: anchors are not used here");

  std::string keys;
  for (int i = 0; i < 100'000; ++i) keys += core::cat('k', i, ":\n");
  EXPECT_EQ(complaint_about(keys), "cart.yaml:1001:1: more than 1000 keys");

  EXPECT_EQ(complaint_about(std::string(2'000'000, '#')),
            "cart.yaml:1:1: larger than 1 MB: this is no configuration file");
}

TEST(Document, EveryTruncationAndEveryFlippedBitIsReadOrRefused) {
  std::string const whole = std::string(sound) + "horses:\n  - {name: Ada, gait: trot, age: 3}\n";
  for (std::size_t length = 0; length < whole.size(); ++length) complaint_about(whole.substr(0, length));
  for (std::size_t bit = 0; bit < 8 * whole.size(); ++bit) {
    std::string damaged = whole;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << (bit % 8)));
    complaint_about(damaged);  // anything but a ConfigError ends the test
  }
}

TEST(Document, FileThatCannotBeReadIsNamed) {
  for (std::string const& path :
       {std::string("no/such/file.yaml"), std::filesystem::temp_directory_path().string()}) {
    try {
      Document::load(path);
      ADD_FAILURE() << "accepted " << path;
    } catch (core::EnvironmentError const& error) {
      EXPECT_EQ(std::string(error.what()).rfind(path + ": cannot be read: ", 0), 0u) << error.what();
    }
  }
}

TEST(Document, LoadedFileIsNamedInComplaints) {
  std::string const path = testing::TempDir() + std::to_string(::getpid()) + "_corpuscle_yaml_test.yaml";
  std::ofstream(path) << "name: x\ncolours: 1\n";
  try {
    (void)Document::load(path).read<Cart>(bind_cart);
    ADD_FAILURE() << "accepted";
  } catch (core::ConfigError const& error) {
    EXPECT_EQ(error.what(), path + ":2:10: 'colours' must be a list, not the number 1");
  }
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace corpuscle::config
