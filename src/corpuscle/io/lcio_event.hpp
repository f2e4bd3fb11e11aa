#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "corpuscle/io/frame.hpp"
#include "corpuscle/io/sio.hpp"
#include "corpuscle/io/source.hpp"

/// The payloads of LCIO's two records per event. Private to `io`; docs/formats/lcio.md describes the
/// layout of each type and how it maps onto EDM4hep.
namespace corpuscle::io::lcio {

/// The fixed part of an LCEventHeader record.
struct EventHeader {
  sio::Version version;
  std::int32_t run = 0;
  std::int32_t event = 0;
  std::int64_t time_stamp = 0;  ///< [ns] since 1970
  std::string_view detector;    ///< into the payload
  sio::Cursor rest;             ///< the list of collections, then the parameters of the event
};

/// @throws sio::Damage if this is not the payload of an LCEventHeader record.
EventHeader read_event_header(std::span<std::byte const> payload);

/// Names and types, as LCIO calls them and in turn, of the collections that the event says it holds.
/// @throws sio::Damage if the list runs beyond the end of the record.
std::vector<std::string> announced_collections(EventHeader const& header, sio::Budget& budget);

/// Makes a frame of the payloads of an LCEventHeader record and of the LCEvent record behind it.
/// Everything allocated for it is taken from `budget`.
/// @throws sio::Damage naming the collection and the object that cannot be.
Frame decode_event(std::span<std::byte const> header, std::span<std::byte const> event, Wanted const& wanted,
                   sio::Budget& budget);

}  // namespace corpuscle::io::lcio
