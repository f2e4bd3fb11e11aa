#include "corpuscle/runtime/reconstructor.hpp"

#include <array>
#include <mutex>
#include <utility>
#include <vector>

#include "corpuscle/artifact/model_file.hpp"
#include "corpuscle/core/error.hpp"
#include "corpuscle/core/text.hpp"
#include "corpuscle/encoding/encoder.hpp"
#include "corpuscle/graph/build.hpp"
#include "corpuscle/graph/passes.hpp"
#include "corpuscle/runtime/self_test.hpp"

namespace corpuscle::runtime {
namespace {

/// Arenas that nobody is using.
class Arenas {
 public:
  Arena take() {
    std::lock_guard const lock(mutex_);
    if (free_.empty()) {
      free_.reserve(++n_arenas_);
      return {};
    }
    Arena arena = std::move(free_.back());
    free_.pop_back();
    return arena;
  }
  void give_back(Arena arena) noexcept {
    std::lock_guard const lock(mutex_);
    free_.push_back(std::move(arena));  // take has made room
  }

 private:
  std::mutex mutex_;
  std::vector<Arena> free_;
  std::size_t n_arenas_ = 0;  ///< with those that are in use
};

/// An arena for as long as this lives.
class Borrowed {
 public:
  explicit Borrowed(Arenas& from) : from_(from), arena_(from.take()) {}
  ~Borrowed() { from_.give_back(std::move(arena_)); }
  Borrowed(Borrowed const&) = delete;
  Borrowed& operator=(Borrowed const&) = delete;
  [[nodiscard]] Arena& operator*() noexcept { return arena_; }

 private:
  Arenas& from_;
  Arena arena_;
};

Engine make_engine(artifact::ModelFile const& file, EngineConfig config) {
  Engine engine(graph::simplify(graph::build(file)), config);
  replay(file.self_test(), engine, file.path());
  return engine;
}

}  // namespace

struct Reconstructor::Parts {
  Parts(artifact::ModelFile const& file, detector::Detector const& detector, EngineConfig config,
        BadInput policy)
      : encoder(file.description().schema, detector),
        layout(file.description().layout),
        engine(make_engine(file, config)),
        bad_input(policy) {}

  encoding::Encoder encoder;
  encoding::Layout layout;
  Engine engine;
  BadInput bad_input;
  mutable Arenas arenas;
};

Reconstructor Reconstructor::load(artifact::ModelFile const& file, detector::Detector const& detector,
                                  EngineConfig config, BadInput bad_input) {
  if (!is_available(config.instructions))
    throw core::EnvironmentError(core::cat("this CPU cannot run ", name(config.instructions),
                                           " instructions; ", name(best_instruction_set()),
                                           " is the best it can"));
  return Reconstructor(std::make_unique<Parts>(file, detector, config, bad_input));
}

Reconstructor Reconstructor::load(std::string const& path, detector::Detector const& detector,
                                  EngineConfig config, BadInput bad_input) {
  return load(artifact::ModelFile(path), detector, config, bad_input);
}

Reconstructor::Reconstructor(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Reconstructor::Reconstructor(Reconstructor&&) noexcept = default;
Reconstructor& Reconstructor::operator=(Reconstructor&&) noexcept = default;
Reconstructor::~Reconstructor() = default;

event::Particles Reconstructor::operator()(event::Observed const& observed) const {
  Borrowed arena(parts_->arenas);
  return (*this)(observed, *arena).particles;
}

Reconstructed Reconstructor::operator()(event::Observed const& observed, Arena& arena) const {
  using encoding::Flawed;
  encoding::Elements elements =
      parts_->encoder(observed, parts_->bad_input == BadInput::drop ? Flawed::left_out : Flawed::kept);
  if (parts_->bad_input == BadInput::reject && !elements.flaws.empty())
    throw core::DataError(describe(elements.flaws.front(), parts_->encoder.schema()));
  std::vector<std::uint8_t> types(elements.size());
  for (std::size_t i = 0; i < types.size(); ++i)
    types[i] = static_cast<std::uint8_t>(parts_->encoder.schema().position(elements.types[i]));
  std::array<std::uint32_t, 2> const offsets{0, static_cast<std::uint32_t>(types.size())};
  std::vector<float> outputs(types.size() * parts_->engine.n_outputs());
  parts_->engine({elements.features, types, offsets}, outputs, arena);
  return {encoding::decode(parts_->layout, outputs, elements), std::move(elements.flaws)};
}

Engine const& Reconstructor::engine() const noexcept {
  return parts_->engine;
}

}  // namespace corpuscle::runtime
