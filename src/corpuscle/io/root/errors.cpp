#include "corpuscle/io/root/errors.hpp"

#include <TError.h>

#include <filesystem>
#include <system_error>
#include <utility>

namespace corpuscle::io::root {
namespace {

thread_local std::string message;

void keep(int level, Bool_t /*abort*/, char const* location, char const* text) {
  if (level < kError || message.size() > 500) return;
  if (!message.empty()) message += "; ";
  message.append("ROOT ").append(location).append(": ").append(text);
}

}  // namespace

void capture_messages() {
  SetErrorHandler(keep);
}

std::string take_message() {
  return std::exchange(message, {});
}

std::size_t memory_budget(std::string const& path) {
  std::error_code ignored;
  auto const size = std::filesystem::file_size(path, ignored);
  return (ignored ? 0 : 2 * static_cast<std::size_t>(size)) + (std::size_t{64} << 20);
}

}  // namespace corpuscle::io::root
