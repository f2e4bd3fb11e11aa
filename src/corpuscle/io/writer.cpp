#include "corpuscle/io/writer.hpp"

#include <utility>

#include "corpuscle/io/schema.hpp"

namespace corpuscle::io {

bool is_writable(std::string const& type) {
  // Object types of 1.x, links, and user data: plain numbers.
  return find_current_schema(type) ||
         (!type.empty() && type.find(':') == std::string::npos && type != "array");
}

Writer::Writer(std::string const& path, WriterOptions options)
    : options_(std::move(options)), merger_(make_chunk_merger(path, options_.container)) {
  std::erase_if(options_.schema, [](Collection const& collection) { return !is_writable(collection.type); });
}

Writer::~Writer() = default;

void Writer::write(Frame const& frame) {
  if (!encoder_) encoder_ = make_chunk_encoder(options_);
  encoder_->add(frame);
  if (++in_chunk_ < events_per_chunk) return;
  merger_->append(encoder_->finish());
  encoder_.reset();
  in_chunk_ = 0;
}

void Writer::finish() {
  if (!encoder_) encoder_ = make_chunk_encoder(options_);  // a file without events is a file
  if (in_chunk_ > 0 || encoder_) merger_->append(encoder_->finish());
  merger_->finish();
}

}  // namespace corpuscle::io
