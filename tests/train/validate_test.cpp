#include "corpuscle/train/validate.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "train/toy.hpp"

namespace corpuscle::train {
namespace {

Data toys() {
  Data data;
  data.description = dataset::toy_description();
  for (std::uint64_t i = 0; i < 10; ++i) {
    data.validation.emplace_back(dataset::toy_schema().width());
    for (std::uint64_t k = 0; k < 5; ++k)
      dataset::append(data.validation.back(), dataset::view(learnable_example(5 * i + k)), 0, 1);
  }
  return data;
}

double value(Scalars const& scalars, std::string const& name) {
  for (auto const& [known, number] : scalars)
    if (known == name) return number;
  ADD_FAILURE() << "no " << name;
  return NAN;
}

TEST(Physics, IdealOutputsArePerfectWhereEveryParticleHasAnElement) {  // mlpf.md 10, check 11
  Scalars const figures =
      physics(encoding::Layout::standard, toys(), ideal_outputs(encoding::Layout::standard));
  // Momenta pass through float logarithms: 1e-6 of themselves, angles to 1e-6.
  EXPECT_NEAR(value(figures, "jets/response_median"), 1, 1e-5);
  EXPECT_NEAR(value(figures, "jets/response_iqr_over_median"), 0, 1e-5);
  EXPECT_EQ(value(figures, "jets/matched_fraction"), 1);
  EXPECT_EQ(value(figures, "jets/fake_fraction"), 0);
  EXPECT_EQ(value(figures, "photon/efficiency"), 1);
  EXPECT_EQ(value(figures, "charged_hadron/fake_rate"), 0);
  EXPECT_TRUE(std::isnan(value(figures, "muon/efficiency")));  // there are none
}

TEST(Physics, HalfTheEnergyIsHalfTheResponse) {
  auto const halved = [](dataset::Examples const& batch) {
    std::vector<float> outputs = ideal_outputs(encoding::Layout::standard)(batch);
    for (std::size_t i = 0; i < batch.n_elements(); ++i) outputs[9 * i + 6] -= std::log(2.F);
    return outputs;
  };
  EXPECT_NEAR(value(physics(encoding::Layout::standard, toys(), halved), "jets/response_median"), 0.5, 1e-5);
}

}  // namespace
}  // namespace corpuscle::train
