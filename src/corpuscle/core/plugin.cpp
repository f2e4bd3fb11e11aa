#include "corpuscle/core/plugin.hpp"

#include <dlfcn.h>

#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"

namespace corpuscle::core {
namespace {

std::vector<std::string> candidates(char const* library) {
  std::vector<std::string> paths;
  Dl_info here{};
  if (::dladdr(reinterpret_cast<void*>(&candidates), &here) != 0 && here.dli_fname) {
    std::error_code error;
    // Of a program that was found on PATH the linker knows the bare name.
    std::filesystem::path const self = std::string_view(here.dli_fname).find('/') == std::string_view::npos
                                           ? std::filesystem::path("/proc/self/exe")
                                           : std::filesystem::path(here.dli_fname);
    auto const folder = std::filesystem::weakly_canonical(self, error).parent_path();
    for (char const* relative : {".", "../lib", "../lib64", CORPUSCLE_RELATIVE_LIBDIR})
      paths.push_back((folder / relative / library).string());
  }
  paths.emplace_back(library);  // wherever the dynamic linker looks
  return paths;
}

}  // namespace

void* load_plugin(char const* library, char const* entry, char const* purpose) {
  std::string reason;
  for (std::string const& path : candidates(library)) {
    if (path.find('/') != path.npos && !std::filesystem::exists(path)) continue;
    void* const loaded = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (loaded)
      if (void* const found = ::dlsym(loaded, entry)) return found;
    reason = ::dlerror();
  }
  throw EnvironmentError(cat("cannot load ", purpose, " (", reason,
                             "): build with the preset 'full', or install ROOT where it was built"));
}

}  // namespace corpuscle::core
