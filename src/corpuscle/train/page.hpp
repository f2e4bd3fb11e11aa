#pragma once

#include <string>

namespace corpuscle::train {

/// One HTML page with the curves of a history (history.hpp): loss, jets, particles and speed against the
/// step. It needs no network and no script. Lines that are damaged are left out.
/// @throws core::EnvironmentError
void write_page(std::string const& path, std::string const& history, std::string const& title);

}  // namespace corpuscle::train
