#include "corpuscle/tensorboard/hparams.hpp"

#include <gtest/gtest.h>

#include "corpuscle/tensorboard/message.hpp"

namespace corpuscle::tensorboard {
namespace {

using namespace std::string_literals;

// What TensorBoard itself makes of these messages is told by tests/tune/study_tensorboard_test.cpp.

TEST(RunEndEvent, IsTheMessageByHand) {
  // HParamsPluginData: 4 session_end_info (0x22) of 1 status (0x08) and 2 end_time_secs (0x11).
  std::string const data = "\x22\x0b\x08\x02\x11\0\0\0\0\0\0\xf0\x3f"s;
  // Summary.Value: 1 tag, 8 tensor (0x42: dtype 1, shape (0)), 9 metadata (0x4a) of 1 plugin_data (0x0a) of
  // 1 plugin_name, 2 content (0x12).
  std::string const plugin = "\x0a\x07hparams\x12\x0d"s + data;
  std::string const metadata = "\x0a\x18"s + plugin;
  std::string const value =
      "\x0a\x1a_hparams_/session_end_info\x42\x08\x08\x01\x12\x04\x12\x02\x08\0\x4a\x1a"s + metadata;
  // Event: 1 wall_time, 5 summary (0x2a) of 1 value (0x0a).
  std::string const summary = "\x0a"s + varint(value.size()) + value;
  EXPECT_EQ(run_end_event(1, RunStatus::failure),
            "\x09\0\0\0\0\0\0\xf0\x3f\x2a"s + varint(summary.size()) + summary);
}

TEST(RunStartEvent, MapsNamesToNumbersAndText) {
  std::vector<std::pair<std::string, HparamValue>> const values{{"lr", 1.}, {"net", "gnn"s}};
  std::string const event = run_start_event(1, values);
  EXPECT_NE(event.find("_hparams_/session_start_info"), std::string::npos);
  // SessionStartInfo: 5 start_time_secs (0x29), 1 hparams (0x0a) of 1 key and 2 value (0x12) of 2 number
  // (0x11) or 3 string (0x1a).
  std::string const info =
      "\x29\0\0\0\0\0\0\xf0\x3f\x0a\x0f\x0a\x02lr\x12\x09\x11\0\0\0\0\0\0\xf0\x3f"
      "\x0a\x0c\x0a\x03net\x12\x05\x1a\x03gnn"s;
  EXPECT_NE(event.find("\x1a"s + varint(info.size()) + info), std::string::npos);
}

TEST(ExperimentEvent, HoldsDomainsAndMetrics) {
  std::vector<Hparam> const hparams{{"lr", 0, 1, {}}, {"net", 0, 0, {"gnn"s, "mlp"s}}};
  std::vector<std::string> const metrics{"loss"};
  std::string const event = experiment_event(1, "study", hparams, metrics);
  // HParamInfo: 1 name, 4 type (3 number, 1 text), 6 domain_interval (0x32) or 5 domain_discrete (0x2a).
  std::string const interval = "\x0a\x02lr\x20\x03\x32\x12\x09\0\0\0\0\0\0\0\0\x11\0\0\0\0\0\0\xf0\x3f"s;
  std::string const discrete = "\x0a\x03net\x20\x01\x2a\x0e\x0a\x05\x1a\x03gnn\x0a\x05\x1a\x03mlp"s;
  // Experiment: 4 hparam_infos (0x22), 5 metric_infos (0x2a) of 1 name of 2 tag.
  for (std::string const& part :
       {"\x22"s + varint(interval.size()) + interval, "\x22"s + varint(discrete.size()) + discrete,
        "\x2a\x08\x0a\x06\x12\x04loss"s, "\x32\x05study"s, "_hparams_/experiment"s})
    EXPECT_NE(event.find(part), std::string::npos) << part;
}

}  // namespace
}  // namespace corpuscle::tensorboard
