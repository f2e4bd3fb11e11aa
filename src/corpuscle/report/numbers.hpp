#pragma once

#include <span>
#include <string>

#include "corpuscle/report/gates.hpp"
#include "corpuscle/report/report.hpp"

namespace corpuscle::report {

/// Tells lists of events apart: 64 bits (core::key_of) of the ids, as hexadecimal digits.
std::string checksum(std::span<eval::EventId const> events);

/// All numbers of a report as JSON: "title", "facts", "notes", "events" with their checksum, "lines" (each as
/// eval::to_json says it), "differences" of the figures of each further line to the first, with errors for
/// the same events, and "gates". Depends on the report alone, to the byte.
std::string to_json(Report const& report);

/// Reads what `to_json` has written.
/// @throws core::EnvironmentError if the file cannot be read
/// @throws core::DataError if it is something else
StoredNumbers load_numbers(std::string const& path);

}  // namespace corpuscle::report
