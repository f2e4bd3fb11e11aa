#pragma once

#include <cstdint>
#include <string_view>

#include "corpuscle/core/random.hpp"

namespace corpuscle::dataset {

/// What an event is for.
enum class Split : std::uint8_t { train, valid, test };
inline constexpr std::size_t n_splits = 3;

/// "train", "valid" and "test".
constexpr std::string_view name(Split split) noexcept {
  constexpr std::string_view names[n_splits] = {"train", "valid", "test"};
  return names[static_cast<std::size_t>(split)];
}

/// Shares of the events; the rest is for testing.
struct Fractions {
  double train = 0.90;
  double valid = 0.05;

  friend bool operator==(Fractions const&, Fractions const&) = default;
};

/// Where the event of this run and number belongs: by `core::key_of({run, number}) / 2^64`, below `train`,
/// below `train + valid`, or above. So it is the same in every dataset of the same fractions, whatever else
/// is in it, and an event never wanders from training to testing.
inline Split split_of(std::int64_t run, std::int64_t number, Fractions const& fractions) noexcept {
  std::uint64_t const key =
      core::key_of({static_cast<std::uint64_t>(run), static_cast<std::uint64_t>(number)});
  double const position = static_cast<double>(key >> 11) * 0x1p-53;  // [0, 1), exact
  if (position < fractions.train) return Split::train;
  return position < fractions.train + fractions.valid ? Split::valid : Split::test;
}

}  // namespace corpuscle::dataset
