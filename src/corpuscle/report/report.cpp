#include "corpuscle/report/report.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>

#include "corpuscle/core/atomic_file.hpp"
#include "corpuscle/core/error.hpp"
#include "corpuscle/core/plugin.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/report/numbers.hpp"
#include "corpuscle/report/page.hpp"
#include "corpuscle/report/plots.hpp"
#include "corpuscle/report/root/plugin.hpp"

namespace corpuscle::report {
namespace {

namespace fs = std::filesystem;
using core::cat;

/// All that a report folder holds, and so all that may be removed with it.
constexpr std::array<std::string_view, 4> parts = {"figures", "histograms.root", "numbers.json",
                                                   "report.html"};

root::Plugin const& plugin() {
  using Entry = root::Plugin const* (*)();
  static root::Plugin const* const loaded = reinterpret_cast<Entry>(core::load_plugin(
      "libcorpuscle_plot.so", "corpuscle_plot_plugin", "the plug-in of Corpuscle that draws with ROOT"))();
  return *loaded;
}

/// A folder that takes its final name when it is complete; removed if it never is.
class AtomicFolder {
 public:
  explicit AtomicFolder(std::string const& path) : path_(path) {
    while (path_.size() > 1 && path_.ends_with('/')) path_.pop_back();
    temporary_ = cat(path_, ".part-", ::getpid());
    std::error_code error;
    fs::create_directories(temporary_, error);
    if (error) throw core::EnvironmentError(cat(path_, ": cannot be written: ", error.message()));
  }
  AtomicFolder(AtomicFolder const&) = delete;
  AtomicFolder& operator=(AtomicFolder const&) = delete;
  ~AtomicFolder() {
    std::error_code ignored;
    fs::remove_all(temporary_, ignored);
  }

  [[nodiscard]] std::string operator/(std::string const& name) const { return temporary_ + "/" + name; }

  void commit() {
    std::error_code error, ignored;
    std::string const old = temporary_ + ".old";
    bool const replaces = fs::exists(path_, ignored);
    if (replaces) fs::rename(path_, old, error);
    if (!error) {
      fs::rename(temporary_, path_, error);
      if (error && replaces) fs::rename(old, path_, ignored);  // the earlier report stays
    }
    if (error) throw core::EnvironmentError(cat(path_, ": cannot be written: ", error.message()));
    if (replaces) fs::remove_all(old, ignored);
  }

 private:
  std::string path_;
  std::string temporary_;
};

}  // namespace

void require_replaceable(std::string const& folder) {
  if (folder.empty()) throw core::ConfigError("the folder for the report has no name: give it one");
  std::error_code error;
  if (!fs::exists(folder, error)) {
    AtomicFolder const attempt(folder);
    return;
  }
  if (!fs::is_directory(folder, error))
    throw core::ConfigError(cat(folder, ": is a file; a report is a folder: name another"));
  for (auto const& entry : fs::directory_iterator(folder, error)) {
    std::string const name = entry.path().filename().string();
    if (std::find(parts.begin(), parts.end(), name) == parts.end())
      throw core::ConfigError(
          cat(folder, ": holds '", name,
              "', which is no part of a report, and would be replaced: name another folder"));
  }
  AtomicFolder const attempt(folder);
}

void write(Report const& report, std::string const& folder, Contents contents) {
  require_replaceable(folder);
  AtomicFolder out(folder);
  core::write_file(out / "numbers.json", to_json(report));
  if (contents == Contents::numbers) return out.commit();
  std::error_code error;
  fs::create_directory(out / "figures", error);
  if (error) throw core::EnvironmentError(cat(folder, ": cannot be written: ", error.message()));
  root::Plugin const& with_root = plugin();
  with_root.write_histograms(report.lines, out / "histograms.root");
  Plots const plots = choose_plots(report.lines);
  auto const pictures = with_root.draw(plots, out / "figures");
  core::write_file(out / "report.html", make_page(report, plots, pictures, with_root.jsroot));
  out.commit();
}

}  // namespace corpuscle::report
