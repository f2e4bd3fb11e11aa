#pragma once

#include <cstddef>
#include <memory>
#include <new>

namespace corpuscle::runtime {

/// Scratch memory for one inference at a time. Grows when it must and never shrinks, so after the largest
/// event nothing is allocated any more. Not thread-safe: one for each thread.
class Arena {
 public:
  static constexpr std::size_t alignment = 64;

  Arena() = default;
  explicit Arena(std::size_t n_bytes) { (void)reserve(n_bytes); }

  /// Room for n bytes, 64-byte aligned, of any content; what the last call gave is no longer valid.
  [[nodiscard]] std::byte* reserve(std::size_t n_bytes) {
    if (n_bytes > n_bytes_) {
      memory_.reset();  // first, so that the old one and the new one are never there together
      n_bytes_ = 0;
      memory_.reset(static_cast<std::byte*>(::operator new (n_bytes, std::align_val_t{alignment})));
      n_bytes_ = n_bytes;
    }
    return memory_.get();
  }

  [[nodiscard]] std::size_t n_bytes() const noexcept { return n_bytes_; }

 private:
  struct Free {
    void operator()(std::byte* memory) const noexcept {
      ::operator delete (memory, std::align_val_t{alignment});
    }
  };
  std::unique_ptr<std::byte, Free> memory_;
  std::size_t n_bytes_ = 0;
};

}  // namespace corpuscle::runtime
