#pragma once

#include "corpuscle/tune/searcher.hpp"

namespace corpuscle::tune {

/// Uniform in the unit cube; every trial independent of all others.
class RandomSearch : public Searcher {
 public:
  using Searcher::Searcher;

 private:
  Configuration propose() override { return random_configuration(); }
};

/// Scrambled Halton points (Owen, arXiv:1706.02808): they cover the space more evenly than chance does, and
/// keep doing so however many there are. Trial t is point t. Good up to some thirty parameters.
class QuasiRandomSearch : public Searcher {
 public:
  using Searcher::Searcher;

 private:
  Configuration propose() override;
};

/// Coordinate of point `index` of the van der Corput sequence to this base, a prime, the digits at every
/// place permuted at random: a function of its arguments, in (0, 1).
double scrambled_radical_inverse(std::uint64_t index, std::uint32_t base, std::uint64_t key);

}  // namespace corpuscle::tune
