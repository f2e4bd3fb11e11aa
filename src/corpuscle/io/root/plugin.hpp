#pragma once

#include <memory>
#include <string>

#include "corpuscle/io/source.hpp"
#include "corpuscle/io/whereabouts.hpp"
#include "corpuscle/io/writer.hpp"

/// The one function that `io` looks up in the ROOT plug-in (a shared library of its own, so that a program
/// loads ROOT only when it touches a ROOT file), and the table of what it offers.
namespace corpuscle::io::root {

struct Plugin {
  void (*note_whereabouts_in)(Whereabouts* place);  ///< the plug-in has its own copy of io's variables
  std::unique_ptr<Source> (*open)(std::string const& path);
  std::unique_ptr<ChunkEncoder> (*make_encoder)(WriterOptions const& options);
  std::unique_ptr<ChunkMerger> (*make_merger)(std::string const& path, Container container);
};

std::unique_ptr<Source> open(std::string const& path);
std::unique_ptr<ChunkEncoder> make_encoder(WriterOptions const& options);
std::unique_ptr<ChunkMerger> make_merger(std::string const& path, Container container);

}  // namespace corpuscle::io::root

extern "C" corpuscle::io::root::Plugin const* corpuscle_root_plugin();
