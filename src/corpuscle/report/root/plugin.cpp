#include "corpuscle/report/root/plugin.hpp"

#include <TError.h>
#include <TROOT.h>
#include <TStyle.h>

#include "corpuscle/report/root/draw.hpp"

namespace corpuscle::report::root {

/// Defined in a source that CMake writes.
std::string_view jsroot_source();

}  // namespace corpuscle::report::root

corpuscle::report::root::Plugin const* corpuscle_plot_plugin() {
  using namespace corpuscle::report::root;
  gROOT->SetBatch(true);
  gErrorIgnoreLevel = kError;  // it announces every file it writes
  static Plugin const plugin{draw, write_histograms, jsroot_source()};
  return &plugin;
}
