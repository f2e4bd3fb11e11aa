#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>

#include "corpuscle/core/error.hpp"
#include "corpuscle/io/source.hpp"
#include "support/frames.hpp"

namespace corpuscle::io {
namespace {

using testing::complaint;
using testing::data_file;
using testing::TemporaryDirectory;
using testing::write_bytes;

constexpr std::string_view lcio_marker("\0\0\0\x28\xab\xad\xca\xfe", 8);

void expect_refused(std::string const& path, std::string_view word) {
  std::string const message = complaint<core::DataError>([&] { open_source(path); });
  EXPECT_TRUE(message.starts_with(path + ": ")) << message;
  EXPECT_NE(message.find(word), std::string::npos) << message << " does not say " << word;
}

void skip_without(std::string const& path) {
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is not there";
}

// --- Real files: what they are, from their content ---------------------------------------------------

struct Known {
  char const* name;
  char const* format;
  char const* layout;
  char const* schema;
  char const* detector;
  std::size_t entries;
};

void PrintTo(Known const& known, std::ostream* out) {
  *out << known.name;
}

class KnownFile : public ::testing::TestWithParam<Known> {};

TEST_P(KnownFile, IsRecognised) {
  Known const& known = GetParam();
  std::string const path = data_file(known.name);
  skip_without(path);
  if (IsSkipped()) return;
  std::unique_ptr<Source> source;
  try {
    source = open_source(path);
  } catch (core::EnvironmentError const& error) {
    GTEST_SKIP() << error.what();  // a build without ROOT
  }
  FileInfo const& info = source->info();
  EXPECT_EQ(info.path, path);
  EXPECT_EQ(info.format, known.format);
  EXPECT_EQ(info.layout, known.layout);
  EXPECT_EQ(info.schema, known.schema);
  EXPECT_EQ(info.detector, known.detector);
  EXPECT_EQ(info.entries, known.entries);
}

constexpr char const* tree = "EDM4hep TTree";
constexpr char const* legacy = "podio legacy (Coll#0)";

INSTANTIATE_TEST_SUITE_P(
    SharedData, KnownFile,
    ::testing::Values(
        Known{"cld_nunuHbb240_rec.edm4hep.root", tree, "podio 1.2.99", "EDM4hep 0.99.99", "", 1},
        Known{"cld_ttbar_rec.edm4hep.json", "EDM4hep JSON", "edm4hep2json", "EDM4hep 0.7.0", "", 3},
        Known{"clic_ttbar365_sim.edm4hep.root", tree, "podio 1.2.0", "EDM4hep 0.99.1", "", 1},
        Known{"clic_gamma_rec.edm4hep.root", tree, legacy, "", "", 3},
        Known{"clic_gamma_barrel.edm4hep.root", tree, legacy, "", "", 10},
        Known{"ild_pfos.edm4hep.root", tree, "podio 0.16.6", "", "", 10},
        Known{"odd_piongun_sim.edm4hep.root", tree, "podio 1.2.0", "EDM4hep 0.99.1", "", 10},
        Known{"ild_bbcsdu500_dst.slcio", "LCIO", "SIO", "LCIO 1.11", "ILD_00", 50},
        Known{"ild_nunuh250_dst.slcio", "LCIO", "SIO", "LCIO 2.15", "ILD_l5_v02", 5},
        Known{"ild_nunuh250_minidst.slcio", "LCIO", "SIO", "LCIO 2.15", "ILD_l5_v02", 36},
        Known{"idea_mumuH240_delphes.edm4hep.root", tree, legacy, "", "", 100},
        Known{"edm4hep_example_ttree.root", tree, "podio 1.7.0", "EDM4hep 1.0.0", "", 3},
        Known{"edm4hep_example_rntuple.root", "EDM4hep RNTuple", "podio 1.7.0", "EDM4hep 1.0.0", "", 3},
        Known{"cms_pfnano.root", "CMS NanoAOD with particle-flow candidates (PFNano)", "1802 branches", "",
              "", 10}),
    [](auto const& test) {
      std::string name = test.param.name;
      std::replace_if(
          name.begin(), name.end(), [](char c) { return !std::isalnum(static_cast<unsigned char>(c)); }, '_');
      return name;
    });

struct Foreign {
  char const* name;
  char const* word;
};

class ForeignFile : public ::testing::TestWithParam<Foreign> {};

TEST_P(ForeignFile, IsRefusedByItsName) {
  std::string const path = data_file(GetParam().name);
  skip_without(path);
  if (IsSkipped()) return;
  expect_refused(path, GetParam().word);
}

INSTANTIATE_TEST_SUITE_P(
    SharedData, ForeignFile,
    ::testing::Values(Foreign{"eeH250_pythia.hepmc3.gz", "gzip-compressed HepMC3 generator events"},
                      Foreign{"eeH250_fastjet_durham_njets3.json.gz", "gzip-compressed JSON"},
                      Foreign{"eeH250_fastjet_eekt_pm1_R1.0_inclusive.json.gz", "gzip-compressed JSON"},
                      Foreign{"eeH250_fastjet_eekt_p1_R4.0_njets4.json.gz", "gzip-compressed JSON"},
                      Foreign{"ee_yyxyev365_whizard.stdhep", "StdHep"},
                      Foreign{"particlenet_jetclass_full.pt", "PyTorch"},
                      Foreign{"hpo_mlpf_delphes_curves.csv", "comma-separated values"},
                      Foreign{"README.md", "not an event file we know"}));

// --- Whatever else a path may lead to ----------------------------------------------------------------

TEST(OpenSource, MissingFileIsTheMachinesFault) {
  TemporaryDirectory const directory;
  std::string const path = directory / "missing.slcio";
  std::string const message = complaint<core::EnvironmentError>([&] { open_source(path); });
  EXPECT_EQ(message, path + ": No such file or directory");
}

TEST(OpenSource, DirectoryIsTheMachinesFault) {
  TemporaryDirectory const directory;
  std::string const message = complaint<core::EnvironmentError>([&] { open_source(directory.path()); });
  EXPECT_EQ(message, directory.path() + ": is a directory, not an event file");
}

TEST(OpenSource, FileWithoutPermissionIsTheMachinesFault) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  TemporaryDirectory const directory;
  std::string const path = directory / "secret.slcio";
  write_bytes(path, lcio_marker);
  ASSERT_EQ(::chmod(path.c_str(), 0), 0);
  std::string const message = complaint<core::EnvironmentError>([&] { open_source(path); });
  EXPECT_TRUE(message.starts_with(path + ": cannot be read")) << message;
}

TEST(OpenSource, EmptyFileIsCalledEmpty) {
  TemporaryDirectory const directory;
  write_bytes(directory / "empty.root", "");
  expect_refused(directory / "empty.root", "byte 0: the file is empty");
}

TEST(OpenSource, RootMagicWithGarbageIsDamaged) {
  TemporaryDirectory const directory;
  std::string const path = directory / "garbage.root";
  write_bytes(path, std::string("root") + std::string(2000, '\x7f'));
  try {
    open_source(path);
    ADD_FAILURE() << "was opened";
  } catch (core::DataError const& error) {
    EXPECT_TRUE(std::string(error.what()).starts_with(path + ": byte 0: damaged ROOT file")) << error.what();
  } catch (core::EnvironmentError const& error) {
    GTEST_SKIP() << error.what();  // a build without ROOT
  }
}

TEST(OpenSource, LcioMarkerWithGarbageIsDamaged) {
  TemporaryDirectory const directory;
  std::string const path = directory / "garbage.slcio";
  write_bytes(path, std::string(lcio_marker) + std::string(2000, '\x7f'));
  expect_refused(path, "byte ");
}

TEST(OpenSource, AFewBytesAreNotMistakenForAnything) {
  TemporaryDirectory const directory;
  for (std::string_view const bytes : {"r", "roo", "PK", "\x1f\x8b", "\x1f\x8b\x08 broken gzip"}) {
    write_bytes(directory / "short", bytes);
    std::string const message = complaint<core::DataError>([&] { open_source(directory / "short"); });
    EXPECT_TRUE(message.starts_with(directory / "short: ")) << bytes << " -> " << message;
  }
}

TEST(OpenSource, ContentBeatsTheName) {
  TemporaryDirectory const directory;
  for (auto const& [name, disguise] : {std::pair("ild_nunuh250_dst.slcio", "events.root"),
                                       std::pair("cld_ttbar_rec.edm4hep.json", "events.slcio")}) {
    skip_without(data_file(name));
    if (IsSkipped()) return;
    std::filesystem::create_symlink(data_file(name), directory / disguise);
    EXPECT_EQ(open_source(directory / disguise)->info().format, open_source(data_file(name))->info().format);
  }
}

}  // namespace
}  // namespace corpuscle::io
