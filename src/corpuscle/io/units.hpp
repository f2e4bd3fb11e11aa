#pragma once

#include <string_view>

namespace corpuscle::io {

/// Unit of a column of an EDM4hep collection ("GeV", "mm", "1/mm", ...); empty if it has none or is not
/// known. Columns of vector members are spelt as in "trackStates[].omega".
std::string_view unit_of(std::string_view type, std::string_view column);

}  // namespace corpuscle::io
