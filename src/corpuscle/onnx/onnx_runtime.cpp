#include "corpuscle/onnx/onnx_runtime.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "corpuscle/core/atomic_file.hpp"
#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"

extern char** environ;

namespace corpuscle::onnx {
namespace {

using core::cat;

constexpr int is_missing = 86;

/// Arguments: the ONNX file, a folder with features, types and offsets, to which outputs is added.
constexpr char const* script = R"python(
import os, sys
try:
    import numpy
    import onnxruntime
except ImportError as error:
    print(error)
    sys.exit(86)
model, folder = sys.argv[1:]
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
options.log_severity_level = 3
session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
width = session.get_inputs()[0].shape[1]
features = numpy.fromfile(os.path.join(folder, "features"), "<f4").reshape(-1, width)
types = numpy.fromfile(os.path.join(folder, "types"), "<i8")
offsets = numpy.fromfile(os.path.join(folder, "offsets"), "<i8")
with open(os.path.join(folder, "outputs"), "wb") as file:
    for begin, end in zip(offsets[:-1], offsets[1:]):
        event = {"features": features[begin:end], "types": types[begin:end]}
        file.write(session.run(["outputs"], event)[0].astype("<f4").tobytes())
print(onnxruntime.__version__)
)python";

/// A folder of its own, which is gone with the object.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    path_ = (std::filesystem::temp_directory_path() / "corpuscle-XXXXXX").string();
    if (::mkdtemp(path_.data()) == nullptr)
      throw core::EnvironmentError(cat(path_, ": cannot be made: ", std::strerror(errno)));
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(TemporaryFolder const&) = delete;
  TemporaryFolder& operator=(TemporaryFolder const&) = delete;

  [[nodiscard]] std::string operator/(char const* name) const { return cat(path_, '/', name); }
  [[nodiscard]] std::string const& path() const noexcept { return path_; }

 private:
  std::string path_;
};

template <class T>
void write(std::string const& path, std::vector<T> const& values) {
  core::write_file(path, {reinterpret_cast<char const*>(values.data()), values.size() * sizeof(T)});
}

std::string read(std::string const& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string last_line(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

/// @return the exit code; is_missing if there is no such program
int run_python(std::string python, std::string const& onnx_file, TemporaryFolder const& folder) {
  std::string option = "-c";
  std::string code = script;
  std::string file = onnx_file;
  std::string path = folder.path();
  char* arguments[] = {python.data(), option.data(), code.data(), file.data(), path.data(), nullptr};
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  constexpr int flags = O_CREAT | O_TRUNC | O_WRONLY;
  ::posix_spawn_file_actions_addopen(&actions, 1, (folder / "said").c_str(), flags, 0600);
  ::posix_spawn_file_actions_addopen(&actions, 2, (folder / "complained").c_str(), flags, 0600);
  pid_t child = -1;
  int const failed = ::posix_spawnp(&child, python.c_str(), &actions, nullptr, arguments, environ);
  ::posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return is_missing;
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

Answer run_in_onnx_runtime(std::string const& python, std::string const& onnx_file,
                           artifact::SelfTest const& events, std::string_view where) {
  TemporaryFolder const folder;
  write(folder / "features", events.features);
  write(folder / "types", events.type);
  write(folder / "offsets", events.offsets);
  int const exit_code = run_python(python, onnx_file, folder);
  std::string const said = last_line(read(folder / "said"));
  if (exit_code == is_missing) return {false, said.empty() ? cat("no program '", python, "'") : said, {}};
  if (exit_code != 0)
    throw core::DataError(cat(where, ": ONNX Runtime does not run it: ",
                              last_line(read(folder / "complained")), " (exit code ", exit_code, ')'));
  std::string const bytes = read(folder / "outputs");
  Answer answer{true, said, std::vector<float>(bytes.size() / sizeof(float))};
  if (!answer.outputs.empty())
    std::memcpy(answer.outputs.data(), bytes.data(), answer.outputs.size() * sizeof(float));
  return answer;
}

Deviation compare(std::span<float const> outputs, artifact::SelfTest const& expected,
                  std::string_view where) {
  constexpr double tolerance = 1e-4;
  if (outputs.size() != expected.outputs.size())
    throw core::DataError(cat(where, ": gives ", outputs.size(), " numbers, not ", expected.outputs.size()));
  std::size_t const n_outputs = expected.type.empty() ? 0 : outputs.size() / expected.type.size();
  Deviation result;
  for (std::size_t event = 0; event + 1 < expected.offsets.size(); ++event) {
    std::size_t const begin = static_cast<std::size_t>(expected.offsets[event]) * n_outputs;
    std::size_t const end = static_cast<std::size_t>(expected.offsets[event + 1]) * n_outputs;
    std::size_t n_wrong = 0;
    double worst = 0;
    for (std::size_t i = begin; i < end; ++i) {
      double const right = expected.outputs[i];
      double const difference = std::abs(static_cast<double>(outputs[i]) - right) / (1 + std::abs(right));
      if (!(difference <= tolerance)) ++n_wrong;
      worst = std::max(worst, difference);
      if (!std::isfinite(outputs[i])) {
        n_wrong = end - begin;
        worst = difference;
        break;
      }
      result.mean += difference / static_cast<double>(outputs.size());
    }
    if (10 * n_wrong > end - begin)
      throw core::DataError(cat(where, ": event ", event, " of ", expected.offsets.size() - 1,
                                " comes out wrong in ", n_wrong, " of ", end - begin, " outputs, by up to ",
                                worst));
    result.worst = std::max(result.worst, worst);
  }
  return result;
}

}  // namespace corpuscle::onnx
