#include "corpuscle/artifact/tensor.hpp"

#include <gtest/gtest.h>

namespace corpuscle::artifact {
namespace {

TEST(ArrayTypes, EveryTypeIsFoundByItsName) {
  for (std::size_t i = 0; i <= static_cast<std::size_t>(Type::boolean); ++i) {
    auto const type = static_cast<Type>(i);
    EXPECT_EQ(find_type(name(type)), type);
  }
  EXPECT_EQ(find_type("F8_E4M3"), std::nullopt);
}

TEST(ArrayTypes, NeverGetWiderFromOneToTheNext) {
  for (std::size_t i = 1; i <= static_cast<std::size_t>(Type::boolean); ++i)
    EXPECT_LE(size_of(static_cast<Type>(i)), size_of(static_cast<Type>(i - 1)));
}

TEST(ArrayTypes, HaveTheSizeOfTheirCppTypes) {
  EXPECT_EQ(size_of(type_of<double>()), sizeof(double));
  EXPECT_EQ(size_of(type_of<std::int64_t>()), sizeof(std::int64_t));
  EXPECT_EQ(size_of(type_of<float>()), sizeof(float));
  EXPECT_EQ(size_of(type_of<BFloat16>()), sizeof(BFloat16));
  EXPECT_EQ(size_of(type_of<bool>()), sizeof(bool));
  EXPECT_EQ(name(type_of<Float16>()), "F16");
  EXPECT_EQ(name(type_of<std::uint8_t>()), "U8");
}

}  // namespace
}  // namespace corpuscle::artifact
