#include "corpuscle/report/measurement_bytes.hpp"

namespace corpuscle::report {

void append(std::vector<std::byte>& bytes, eval::Measurement const& m) {
  append(bytes, m.jets.size());
  for (eval::Measurement::JetCollection const& jets : m.jets) {
    append(bytes, jets.reference);
    append(bytes, jets.test_pt);
    append(bytes, jets.unmatched_test);
  }
  append(bytes, m.reference);
  append(bytes, m.test);
  append(bytes, m.reference_sum);
  append(bytes, m.test_sum);
  append(bytes, m.dijet_abs_cos_theta);
  append(bytes, m.clusters);
  append(bytes, m.reference_dropped);
  append(bytes, m.test_dropped);
  append(bytes, m.n_by_direction);
}

void take(std::span<std::byte const>& bytes, eval::Measurement& m) {
  std::size_t n = 0;
  take(bytes, n);
  m.jets.resize(n);
  for (eval::Measurement::JetCollection& jets : m.jets) {
    take(bytes, jets.reference);
    take(bytes, jets.test_pt);
    take(bytes, jets.unmatched_test);
  }
  take(bytes, m.reference);
  take(bytes, m.test);
  take(bytes, m.reference_sum);
  take(bytes, m.test_sum);
  take(bytes, m.dijet_abs_cos_theta);
  take(bytes, m.clusters);
  take(bytes, m.reference_dropped);
  take(bytes, m.test_dropped);
  take(bytes, m.n_by_direction);
}

}  // namespace corpuscle::report
