#include "corpuscle/artifact/safetensors.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "corpuscle/artifact/checksum.hpp"
#include "corpuscle/core/atomic_file.hpp"
#include "corpuscle/core/expect.hpp"

namespace corpuscle::artifact {
namespace {

using Json = nlohmann::json;
using core::cat;

constexpr std::size_t n_length_bytes = 8;
constexpr std::size_t alignment = 8;
/// The limit of the reference implementation: a forged length costs no more than this.
constexpr std::uint64_t max_header = 100'000'000;
constexpr int max_depth = 3;
constexpr char const* metadata_key = "__metadata__";
constexpr char const* data_checksum_key = "data_checksum";
constexpr char const* header_checksum_key = "header_checksum";

/// Keys in order, no spaces; what is not UTF-8 (a word of a command line, say) is replaced.
std::string to_text(Json const& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// Independent of the spelling of the header.
std::string header_checksum(Json header) {
  header[metadata_key].erase(header_checksum_key);
  return checksum_of(to_text(header));
}

/// Text from a damaged file, for a message.
std::string printable(std::string_view text) {
  std::string result = "'";
  for (char c : text.substr(0, 60)) result += c >= ' ' && c <= '~' ? c : '?';
  return result + (text.size() > 60 ? "...'" : "'");
}

/// Reads a header and complains about it.
class HeaderReader {
 public:
  HeaderReader(std::string const& path, std::span<std::byte const> file) : path_(path), file_(file) {
    if (file.size() < n_length_bytes)
      fail(0, cat("the file has ", core::counted(file.size(), "byte"), ", too few for a safetensors file"));
    std::uint64_t length = 0;
    std::memcpy(&length, file.data(), n_length_bytes);
    if (length > max_header)
      fail(0, cat("the header claims ", length, " bytes: not a safetensors file, or damaged"));
    if (length > file.size() - n_length_bytes)
      fail(0, cat("the header claims ", length, " bytes, the file has ", file.size() - n_length_bytes,
                  " after its length: it has been cut, or is no safetensors file"));
    auto const text = file.subspan(n_length_bytes, length);
    data_ = file.subspan(n_length_bytes + length);
    parse({reinterpret_cast<char const*>(text.data()), text.size()});
  }

  [[nodiscard]] std::span<std::byte const> data() const noexcept { return data_; }

  [[nodiscard]] Metadata metadata() const {
    Metadata result;
    auto const found = header_.find(metadata_key);
    if (found == header_.end()) return result;
    if (!found->is_object()) fail(n_length_bytes, "__metadata__ is not an object of strings");
    for (auto const& [key, value] : found->items()) {
      if (!value.is_string()) fail(n_length_bytes, cat("metadata ", printable(key), " is not a string"));
      result.emplace(key, value.get<std::string>());
    }
    auto const checksum = result.find(header_checksum_key);
    if (checksum != result.end() && checksum->second != header_checksum(header_))
      fail(n_length_bytes,
           "the header does not match its checksum: the file is damaged. Make or fetch it again");
    return result;
  }

  /// In the order of their bytes.
  [[nodiscard]] std::vector<Tensor> tensors() const {
    std::vector<Tensor> result;
    for (auto const& [name, entry] : header_.items())
      if (name != metadata_key) result.push_back(tensor(name, entry));
    // Empty arrays share their place with the next; the order by name is for them.
    std::sort(result.begin(), result.end(), [](Tensor const& a, Tensor const& b) {
      return std::tuple(a.bytes.data(), a.bytes.size(), std::string_view(a.name)) <
             std::tuple(b.bytes.data(), b.bytes.size(), std::string_view(b.name));
    });
    std::byte const* end = data_.data();
    for (Tensor const& t : result) {
      if (t.bytes.data() != end)
        fail(offset_of(t.bytes.data()),
             cat("array ", printable(t.name),
                 t.bytes.data() < end ? " overlaps the one before it" : " leaves a gap before it"));
      end += t.bytes.size();
    }
    if (end != data_.data() + data_.size())
      fail(offset_of(end), cat(data_.data() + data_.size() - end, " bytes at the end belong to no array"));
    return result;
  }

 private:
  [[noreturn]] void fail(std::size_t byte, std::string const& what) const {
    throw core::DataError(cat(path_, ": byte ", byte, ": ", what));
  }

  [[nodiscard]] std::size_t offset_of(std::byte const* at) const {
    return static_cast<std::size_t>(at - file_.data());
  }

  void parse(std::string_view text) {
    if (text.empty() || text.front() != '{') fail(n_length_bytes, "the header is not a JSON object");
    // The parser would take a zero for the end of the text.
    if (text.find('\0') != text.npos) fail(n_length_bytes + text.find('\0'), "the header is not text");
    std::vector<std::set<std::string>> keys;  // of the objects that are open
    auto const check = [&](int depth, Json::parse_event_t event, Json& parsed) {
      if (depth > max_depth) fail(n_length_bytes, "the header is nested too deeply");
      if (event == Json::parse_event_t::object_start) keys.emplace_back();
      if (event == Json::parse_event_t::object_end) keys.pop_back();
      if (event == Json::parse_event_t::key && !keys.back().insert(parsed.get<std::string>()).second)
        fail(n_length_bytes, cat("the header has ", printable(parsed.get<std::string>()), " twice"));
      return true;
    };
    try {
      header_ = Json::parse(text, check);
    } catch (Json::parse_error const& error) {
      fail(n_length_bytes + error.byte, "the header is not JSON from here on");
    } catch (Json::exception const&) {  // a number beyond all types
      fail(n_length_bytes, "the header is not JSON that can be read");
    }
  }

  [[nodiscard]] Tensor tensor(std::string const& name, Json const& entry) const {
    auto const fail_here = [&](std::string const& what) {
      fail(n_length_bytes, cat("array ", printable(name), ": ", what));
    };
    if (!entry.is_object() || entry.size() != 3 || !entry.contains("dtype") || !entry.contains("shape") ||
        !entry.contains("data_offsets"))
      fail_here("needs dtype, shape and data_offsets, and nothing else");
    if (!entry["dtype"].is_string()) fail_here("dtype is not a string");
    auto const type_name = entry["dtype"].get<std::string>();
    auto const type = find_type(type_name);
    if (!type) fail_here(cat("dtype ", printable(type_name), " is not known to this version"));

    auto const whole_numbers = [&](char const* key) {
      if (!entry[key].is_array()) fail_here(cat(key, " is not a list"));
      std::vector<std::size_t> numbers;
      for (Json const& number : entry[key]) {
        if (!number.is_number_unsigned())
          fail_here(cat(key, " holds something that is not a whole number >= 0"));
        numbers.push_back(number.get<std::size_t>());
      }
      return numbers;
    };
    Shape shape = whole_numbers("shape");
    std::size_t size = size_of(*type);
    for (std::size_t dimension : shape)
      if (__builtin_mul_overflow(size, dimension, &size))
        fail_here(cat("shape ", in_brackets(shape), " holds more than any file"));

    auto const offsets = whole_numbers("data_offsets");
    if (offsets.size() != 2 || offsets[0] > offsets[1]) fail_here("data_offsets are not begin and end");
    if (offsets[1] > data_.size())
      fail_here(cat("ends at byte ", offsets[1], " of the data, which has ", data_.size(),
                    ": the file has been cut, or its header is damaged"));
    if (offsets[1] - offsets[0] != size)
      fail_here(cat("has ", offsets[1] - offsets[0], " bytes, its shape ", in_brackets(shape), " of ",
                    type_name, " needs ", size));
    auto const bytes = data_.subspan(offsets[0], size);
    if (reinterpret_cast<std::uintptr_t>(bytes.data()) % size_of(*type) != 0)
      fail(offset_of(bytes.data()),
           cat("array ", printable(name),
               " does not lie at a multiple of its element size. Write the file again with ",
               "a current version of safetensors"));
    return {name, *type, std::move(shape), bytes};
  }

  std::string const& path_;
  std::span<std::byte const> file_;
  std::span<std::byte const> data_;
  Json header_;
};

[[noreturn]] void fail_system(std::string const& path, char const* deed) {
  throw core::EnvironmentError(cat(path, ": cannot ", deed, ": ", std::strerror(errno)));
}

}  // namespace

std::string write_tensors(std::string const& path, std::span<Tensor const> tensors, Metadata metadata) {
  std::vector<Tensor const*> order;
  for (Tensor const& t : tensors) order.push_back(&t);
  std::sort(order.begin(), order.end(), [](Tensor const* a, Tensor const* b) {
    return std::tuple(a->type, std::string_view(a->name)) < std::tuple(b->type, std::string_view(b->name));
  });

  Json header = Json::object();
  Checksum data_checksum;
  std::size_t offset = 0;
  for (Tensor const* t : order) {
    CORPUSCLE_EXPECT(t->name != metadata_key && !header.contains(t->name));
    header[t->name] = {
        {"dtype", name(t->type)}, {"shape", t->shape}, {"data_offsets", {offset, offset + t->bytes.size()}}};
    offset += t->bytes.size();
    data_checksum.add(t->bytes);
  }
  metadata[data_checksum_key] = to_hex(data_checksum.value());
  header[metadata_key] = metadata;
  std::string const checksum = header_checksum(header);
  header[metadata_key][header_checksum_key] = checksum;

  std::string text = to_text(header);
  text.resize((text.size() + alignment - 1) / alignment * alignment, ' ');
  std::uint64_t const length = text.size();

  core::AtomicFile file(path);
  std::ofstream out(file.temporary_path(), std::ios::binary);
  auto const put = [&](void const* bytes, std::size_t size) {
    out.write(static_cast<char const*>(bytes), static_cast<std::streamsize>(size));
  };
  put(&length, sizeof length);
  put(text.data(), text.size());
  for (Tensor const* t : order) put(t->bytes.data(), t->bytes.size());
  out.close();
  if (!out) fail_system(path, "write");
  file.commit();
  return checksum;
}

void TensorFile::Unmap::operator()(std::byte const* begin) const noexcept {
  ::munmap(const_cast<std::byte*>(begin), size);
}

TensorFile::TensorFile(std::string path) : path_(std::move(path)) {
  int const fd = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) fail_system(path_, "open");
  struct stat status {};
  bool const is_file = ::fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
  n_bytes_ = is_file ? static_cast<std::size_t>(status.st_size) : 0;
  void* const begin = n_bytes_ > 0 ? ::mmap(nullptr, n_bytes_, PROT_READ, MAP_SHARED, fd, 0) : nullptr;
  int const reason = errno;
  ::close(fd);
  errno = reason;
  if (!is_file) throw core::EnvironmentError(path_ + ": is not a regular file");
  if (begin == MAP_FAILED) fail_system(path_, "map into memory");
  mapped_ = {static_cast<std::byte const*>(begin), Unmap{n_bytes_}};

  HeaderReader const header(path_, {mapped_.get(), n_bytes_});
  data_ = header.data();
  metadata_ = header.metadata();
  tensors_ = header.tensors();
}

std::string const& TensorFile::metadata(std::string const& key) const {
  auto const found = metadata_.find(key);
  if (found == metadata_.end()) throw core::DataError(cat(path_, ": has no metadata '", key, "'"));
  return found->second;
}

Tensor const* TensorFile::find(std::string_view name) const noexcept {
  auto const found =
      std::find_if(tensors_.begin(), tensors_.end(), [&](Tensor const& t) { return t.name == name; });
  return found == tensors_.end() ? nullptr : &*found;
}

Tensor const& TensorFile::expect(std::string_view name, Type type, Shape const& shape) const {
  Tensor const* const found = find(name);
  if (found == nullptr) throw core::DataError(cat(path_, ": has no array '", name, "'"));
  if (found->type != type)
    throw core::DataError(
        cat(path_, ": array '", name, "' is ", artifact::name(found->type), ", not ", artifact::name(type)));
  bool const fits =
      std::equal(found->shape.begin(), found->shape.end(), shape.begin(), shape.end(),
                 [](std::size_t has, std::size_t wanted) { return wanted == any || has == wanted; });
  if (!fits) {
    std::string wanted;
    for (std::size_t size : shape) wanted += (wanted.empty() ? "" : ", ") + (size == any ? "any" : cat(size));
    throw core::DataError(
        cat(path_, ": array '", name, "' has shape ", in_brackets(found->shape), ", not [", wanted, "]"));
  }
  return *found;
}

void TensorFile::verify() const {
  if (!metadata_.contains(header_checksum_key) || !metadata_.contains(data_checksum_key))
    throw core::DataError(path_ + ": has no checksums: it was not written by Corpuscle, or is damaged");
  Checksum checksum;
  checksum.add(data_);
  if (to_hex(checksum.value()) != metadata_.at(data_checksum_key))
    throw core::DataError(
        path_ + ": the data do not match their checksum: the file is damaged. Make or fetch it again");
}

}  // namespace corpuscle::artifact
