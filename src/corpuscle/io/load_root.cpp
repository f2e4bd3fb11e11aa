#include <dlfcn.h>

#include <filesystem>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/io/root/plugin.hpp"

namespace corpuscle::io {
namespace {

constexpr char const* library_name = "libcorpuscle_root.so";

/// Directories that may hold the plug-in: next to this code, and lib beside its bin directory.
std::vector<std::string> candidates() {
  std::vector<std::string> paths;
  Dl_info here{};
  if (::dladdr(reinterpret_cast<void*>(&candidates), &here) != 0 && here.dli_fname) {
    std::error_code error;
    auto const directory = std::filesystem::weakly_canonical(here.dli_fname, error).parent_path();
    for (char const* relative : {".", "../lib", "../lib64", CORPUSCLE_RELATIVE_LIBDIR})
      paths.push_back((directory / relative / library_name).string());
  }
  paths.emplace_back(library_name);  // wherever the dynamic linker looks
  return paths;
}

root::Plugin const& plugin() {
  static root::Plugin const* const loaded = [] {
    std::string reason;
    for (std::string const& path : candidates()) {
      if (path.find('/') != path.npos && !std::filesystem::exists(path)) continue;
      void* const library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
      if (!library) {
        reason = ::dlerror();
        continue;
      }
      auto* const entry =
          reinterpret_cast<root::Plugin const* (*)()>(::dlsym(library, "corpuscle_root_plugin"));
      if (entry) return entry();
      reason = ::dlerror();
    }
    throw core::EnvironmentError(
        core::cat("cannot load the ROOT plug-in of Corpuscle (", reason,
                  "): build with the preset 'full', or install ROOT where it was built"));
  }();
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
