#pragma once

#include "corpuscle/artifact/network_config.hpp"

namespace corpuscle::artifact {

/// Calls `visit(name, member, low, high)` for every member of a configuration, in the order of declaration:
/// the one list of them, which files and command lines follow. `member` is a number, a list of numbers or an
/// enumeration; low and high tell what is lawful.
template <class Visit>
void for_each_member(GnnLshConfig& c, Visit&& visit) {
  visit("bin_size", c.bin_size, 1, 1 << 16);
  visit("max_bins", c.max_bins, 2, 1 << 13);
  visit("id_layers", c.id_layers, 0, 100);
  visit("reg_layers", c.reg_layers, 0, 100);
  visit("width", c.width, 1, 1 << 14);
  visit("distance_width", c.distance_width, 1, 1 << 14);
  visit("distance_hidden", c.distance_hidden, 1, 1 << 14);
  visit("class_hidden", c.class_hidden, 1, 1 << 14);
  visit("other_hidden", c.other_hidden, 1, 1 << 14);
  visit("dropout", c.dropout, 0., 0.99);
}

template <class Visit>
void for_each_member(KernelTransformerConfig& c, Visit&& visit) {
  visit("width", c.width, 1, 1 << 14);
  visit("heads", c.heads, 1, 1 << 10);
  visit("random_features", c.random_features, 1, 1 << 14);
  visit("kernel", c.features, KernelFeatures::elu, KernelFeatures::positive);
  visit("encoder_layers", c.encoder_layers, 0, 100);
  visit("id_layers", c.id_layers, 1, 100);
  visit("reg_layers", c.reg_layers, 1, 100);
  visit("class_hidden", c.class_hidden, 1, 1 << 14);
  visit("other_hidden", c.other_hidden, 1, 1 << 14);
  visit("dropout", c.dropout, 0., 0.99);
}

template <class Visit>
void for_each_member(AttentionConfig& c, Visit&& visit) {
  visit("width", c.width, 1, 1 << 14);
  visit("heads", c.heads, 1, 1 << 10);
  visit("layers", c.layers, 1, 100);
  visit("dropout", c.dropout, 0., 0.99);
}

template <class Visit>
void for_each_member(WindowTransformerConfig& c, Visit&& visit) {
  visit("width", c.width, 1, 1 << 14);
  visit("heads", c.heads, 1, 1 << 10);
  visit("layers", c.layers, 1, 100);
  visit("hidden", c.hidden, 1, 1 << 14);
  visit("window", c.window, 2, 1 << 16);
  visit("frequencies", c.frequencies, 1, 16);
  visit("head_hidden", c.head_hidden, 1, 1 << 14);
  visit("classes", c.classes, 2, 1 << 10);
  visit("regressed", c.regressed, 1, 1 << 10);
  visit("dropout", c.dropout, 0., 0.99);
}

}  // namespace corpuscle::artifact
