#pragma once

#include <cstddef>
#include <cstring>
#include <span>
#include <type_traits>
#include <vector>

#include "corpuscle/eval/measure.hpp"

/// Measurements as plain bytes, so that worker processes can hand them over. Both sides are the same program:
/// this is no file format.
namespace corpuscle::report {

template <class T>
concept Plain = std::is_trivially_copyable_v<T>;

template <Plain T>
void append(std::vector<std::byte>& bytes, T const& value) {
  auto const raw = std::as_bytes(std::span(&value, 1));
  bytes.insert(bytes.end(), raw.begin(), raw.end());
}
template <Plain T>
void append(std::vector<std::byte>& bytes, std::vector<T> const& values) {
  append(bytes, values.size());
  auto const raw = std::as_bytes(std::span(values));
  bytes.insert(bytes.end(), raw.begin(), raw.end());
}
void append(std::vector<std::byte>& bytes, eval::Measurement const& measurement);

/// Takes what `append` has put there off the front of `bytes`.
template <Plain T>
void take(std::span<std::byte const>& bytes, T& value) {
  std::memcpy(&value, bytes.data(), sizeof value);
  bytes = bytes.subspan(sizeof value);
}
template <Plain T>
void take(std::span<std::byte const>& bytes, std::vector<T>& values) {
  std::size_t n = 0;
  take(bytes, n);
  values.resize(n);
  if (n > 0) std::memcpy(values.data(), bytes.data(), n * sizeof(T));
  bytes = bytes.subspan(n * sizeof(T));
}
void take(std::span<std::byte const>& bytes, eval::Measurement& measurement);

}  // namespace corpuscle::report
