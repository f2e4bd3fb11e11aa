#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

class TBranch;

namespace corpuscle::io::root {

/// Examines the basket (the compressed record) that holds an entry of a branch, before ROOT reads from it.
/// ROOT believes the lengths and offsets in a basket: a damaged one makes it read outside its buffers, or
/// allocate gigabytes. A few instructions if the basket is the one last read from.
///
/// @param most_bytes  what a basket may need when it is unpacked
/// @return what is wrong with it; empty if nothing is
std::string examine_basket(TBranch& branch, std::int64_t entry, std::size_t most_bytes);

}  // namespace corpuscle::io::root
