#include "corpuscle/artifact/network_config.hpp"

#include <gtest/gtest.h>

#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"

namespace corpuscle::artifact {
namespace {

std::string message_of(std::string const& json) {
  try {
    config_from_json(json, "clic.safetensors");
  } catch (core::Error const& error) {
    return error.what();
  }
  return "";
}

TEST(ModelConfig, WhatIsWrittenIsReadBack) {
  GnnLshConfig gnn;
  gnn.bin_size = 16;
  gnn.other_hidden = {8, 5};
  KernelTransformerConfig kernel;
  kernel.features = KernelFeatures::positive;
  AttentionConfig attention;
  attention.dropout = 0.25;
  WindowTransformerConfig window;
  window.width = 96;
  for (Architecture const& architecture :
       {Architecture(gnn), Architecture(kernel), Architecture(attention), Architecture(window)}) {
    std::string const text = to_json({29, 2, architecture});
    EXPECT_NE(text, to_json({29, 2, GnnLshConfig{}}));
    EXPECT_EQ(to_json(config_from_json(text, "here")), text);
  }
}

TEST(ModelConfig, AMemberThatIsNotThereKeepsItsDefault) {
  ModelConfig const config =
      config_from_json(R"({"architecture": "gnn-lsh", "features": 17, "types": 2})", "here");
  EXPECT_EQ(to_json(config), to_json({17, 2, GnnLshConfig{}}));
}

TEST(ModelConfig, AMisspeltMemberIsNamedWithTheNearest) {
  std::string const message =
      message_of(R"({"architecture": "attention", "features": 17, "types": 2, "head": 4})");
  EXPECT_NE(message.find("'head'"), std::string::npos) << message;
  EXPECT_NE(message.find("did you mean 'heads'"), std::string::npos) << message;
}

TEST(ModelConfig, WhatIsNoLawfulModelIsRefused) {
  std::string const rest = R"("features": 17, "types": 2})";
  for (std::string const& bad :
       {std::string("{"),
        std::string("[]"),
        std::string(R"({"architecture": "attention"})"),
        R"({"architecture": "atention", )" + rest,
        R"({"architecture": 3, )" + rest,
        R"({"architecture": "attention", "heads": 2.5, )" + rest,
        R"({"architecture": "attention", "heads": "2", )" + rest,
        R"({"architecture": "attention", "heads": -1, )" + rest,
        R"({"architecture": "attention", "heads": 18446744073709551615, )" + rest,
        R"({"architecture": "attention", "heads": 7, )" + rest,
        R"({"architecture": "attention", "dropout": 1, )" + rest,
        R"({"architecture": "gnn-lsh", "class_hidden": 4, )" + rest,
        R"({"architecture": "gnn-lsh", "class_hidden": [4, 0], )" + rest,
        R"({"architecture": "kernel-transformer", "kernel": "relu", )" + rest,
        R"({"architecture": "window-transformer", "frequencies": 9, )" + rest,
        std::string(R"({"architecture": "gnn-lsh", "features": 5, "types": 2})"),
        R"({"architecture": "kernel-transformer", "heads": 1024, "random_features": 64, )" + rest,
        R"({"architecture": "attention", "heads": 2, "heads": 2, )" + rest,
        R"({"architecture": "attention", "heads": [[[2]]], )" + rest,
        R"({"architecture": "attention", "heads": 1e999, )" + rest,
        std::string(R"({"architecture": "gnn-lsh", "features": 17, "types": 0})")})
    EXPECT_EQ(message_of(bad).find("clic.safetensors: "), 0U) << bad << " gives: " << message_of(bad);
}

// Copying or printing what is nested a million times would end on the stack.
TEST(ModelConfig, ADeepTrapIsRefusedBeforeAnybodyFallsIn) {
  std::string const deep(1'000'000, '[');
  std::string const up(1'000'000, ']');
  for (std::string const& trap :
       {deep, deep + up, R"({"architecture": )" + deep + up + "}",
        R"({"architecture": "attention", "features": 17, "types": 2, "heads": )" + deep + up + "}"})
    EXPECT_EQ(message_of(trap).find("clic.safetensors: "), 0U);
}

}  // namespace
}  // namespace corpuscle::artifact
