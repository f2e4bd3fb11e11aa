#include "corpuscle/io/root/errors.hpp"

#include <TError.h>

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

}  // namespace corpuscle::io::root
