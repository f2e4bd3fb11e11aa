#pragma once

#include <span>
#include <sstream>
#include <string>
#include <string_view>

namespace corpuscle::core {

/// Joins its arguments to one string, as `<<` would print them.
template <class... Parts>
std::string cat(Parts const&... parts) {
  std::ostringstream out;
  (out << ... << parts);
  return out.str();
}

/// "1 event", "2 events".
inline std::string counted(std::size_t n, std::string_view noun) {
  return cat(n, ' ', noun, n == 1 ? "" : "s");
}

/// The candidate closest to a misspelt word (fewest edits), for "did you mean"; empty if none is near.
std::string_view nearest(std::string_view word, std::span<std::string_view const> candidates);

/// True if the whole of `text` matches `pattern`, in which `*` stands for any run of characters.
bool matches(std::string_view text, std::string_view pattern);

}  // namespace corpuscle::core
