#include "corpuscle/core/plugin.hpp"
#include "corpuscle/io/root/plugin.hpp"

namespace corpuscle::io {
namespace {

root::Plugin const& plugin() {
  using Entry = root::Plugin const* (*)();
  static root::Plugin const* const loaded = reinterpret_cast<Entry>(
      core::load_plugin("libcorpuscle_root.so", "corpuscle_root_plugin", "the ROOT plug-in of Corpuscle"))();
  return *loaded;
}

}  // namespace

std::unique_ptr<Source> open_root(std::string const& path) {
  plugin().note_whereabouts_in(whereabouts_place());
  return plugin().open(path);
}

std::unique_ptr<ChunkEncoder> make_chunk_encoder(WriterOptions const& options) {
  return plugin().make_encoder(options);
}

std::unique_ptr<ChunkMerger> make_chunk_merger(std::string const& path, Container container) {
  return plugin().make_merger(path, container);
}

}  // namespace corpuscle::io
