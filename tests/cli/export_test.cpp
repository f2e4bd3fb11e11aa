// corpuscle export.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "cli/program.hpp"

namespace corpuscle {
namespace {

class Export : public Cli {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(model_)) GTEST_SKIP() << model_ << " is not there";
  }

  /// A program in the place of Python, which is asked for ONNX Runtime's answer.
  /// @param script  of a shell; $3 is the ONNX file, $4 the folder of what goes in and comes out
  [[nodiscard]] std::string in_the_place_of_python(std::string const& script) const {
    std::string path = directory_ / "python";
    std::ofstream(path) << "#!/bin/sh\n" << script << '\n';
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
    return path;
  }

  std::string const model_ = CORPUSCLE_SOURCE_DIR "/models/clic_clusters.safetensors";
  std::string const onnx_ = outputs_ / "clic.onnx";
};

TEST_F(Export, WritesTheNetworkAndWhatGoesInAndComesOut) {
  Answer const answer = run({"export", model_, "-o", onnx_, "--python", "/no/such/python"});
  ASSERT_EQ(answer.exit_code, success) << answer.err;
  EXPECT_TRUE(contains(answer.out, "of opset 17")) << answer.out;
  EXPECT_TRUE(contains(answer.out, "NOT COMPARED with ONNX Runtime")) << answer.out;
  EXPECT_GT(std::filesystem::file_size(onnx_), 1'000'000U);
  std::ifstream file(outputs_ / "clic.json");
  auto const json = nlohmann::json::parse(file);
  EXPECT_EQ(json["file"], "clic.onnx");
  EXPECT_EQ(json["schema"], "corpuscle-clusters-1");
  EXPECT_EQ(outputs().size(), 2U);
}

TEST_F(Export, WhenOnnxRuntimeDisagreesNothingIsWritten) {
  std::string const python = in_the_place_of_python(
      "n=$(($(wc -c < \"$4/types\") / 8))\n"
      "head -c $((n * 9 * 4)) /dev/zero > \"$4/outputs\"\n"
      "echo 9.9.9");
  Answer const answer = run({"export", model_, "-o", onnx_, "--python", python});
  EXPECT_EQ(answer.exit_code, data) << answer.err;
  EXPECT_TRUE(contains(answer.err, "not written: in ONNX Runtime 9.9.9: event 0 of ")) << answer.err;
  EXPECT_TRUE(outputs().empty());
}

TEST_F(Export, WhenOnnxRuntimeRefusesTheFileNothingIsWritten) {
  Answer const answer = run(
      {"export", model_, "-o", onnx_, "--python", in_the_place_of_python("echo it is too new >&2\nexit 1")});
  EXPECT_EQ(answer.exit_code, data);
  EXPECT_TRUE(contains(answer.err, "not written: ONNX Runtime does not run it: it is too new")) << answer.err;
  EXPECT_TRUE(outputs().empty());
}

TEST_F(Export, EventsOfFilesAreComparedToo) {
  NEEDS(cld_);
  // An answer of the wrong size shows how many events were asked about, and stops before anything is written.
  std::string const python =
      in_the_place_of_python("echo $(($(wc -c < \"$4/offsets\") / 8 - 1)) events >&2\nexit 1");
  Answer const few = run({"export", model_, "-o", onnx_, "--python", python});
  Answer const more = run({"export", model_, "-o", onnx_, "--python", python, "--events", cld_, "-n", "2"});
  auto const n_events = [](std::string const& text) {
    std::size_t const at = text.find("run it: ");
    return at == text.npos ? -1 : std::stoi(text.substr(at + 8));
  };
  EXPECT_GT(n_events(few.err), 0) << few.err;
  EXPECT_GT(n_events(more.err), n_events(few.err)) << more.err;
}

TEST_F(Export, WhatCannotBeIsToldBeforeAnythingIsWritten) {
  expect_failure({"export", model_, "-o", outputs_ / "clic.pt"}, usage, "must end with .onnx");
  expect_failure({"export", model_}, usage, "--output");
  expect_failure({"export", "/no/such/model", "-o", onnx_}, environment, "/no/such/model");
  std::string const no_model = directory_ / "no_model";
  std::ofstream(no_model) << "something else";
  expect_failure({"export", no_model, "-o", onnx_}, data, no_model);
  expect_failure({"export", model_, "-o", "/no/such/folder/clic.onnx"}, environment, "/no/such/folder");
  EXPECT_TRUE(outputs().empty());
}

}  // namespace
}  // namespace corpuscle
