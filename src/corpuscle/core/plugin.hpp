#pragma once

namespace corpuscle::core {

/// A function of a shared library that belongs to us and is loaded when it is first needed: for what links
/// large third-party libraries. Looked for next to the program or library that this code is part of, in the
/// lib folder beside its folder, and wherever the dynamic linker looks.
///
/// @param library  file name, "libcorpuscle_root.so"
/// @param entry    an `extern "C"` function of it
/// @param purpose  what messages call the library: "the ROOT plug-in of Corpuscle"
/// @throws EnvironmentError if it cannot be loaded, with the linker's reason
void* load_plugin(char const* library, char const* entry, char const* purpose);

}  // namespace corpuscle::core
