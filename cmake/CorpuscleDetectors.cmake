# Compiles detectors/*.yaml into the library `config`.
#
# corpuscle_embed_detectors(OUT) sets OUT to a generated source that defines
# corpuscle::config::embedded_detectors(). A file added under detectors/ is found at the next build.
#
# This file is also the generator: cmake -D OUTPUT=x.cpp "-D INPUTS=a.yaml|b.yaml" -P CorpuscleDetectors.cmake
if(CMAKE_SCRIPT_MODE_FILE)
  set(entries "")
  string(REPLACE "|" ";" INPUTS "${INPUTS}")
  foreach(input IN LISTS INPUTS)
    get_filename_component(name "${input}" NAME)
    file(READ "${input}" text)
    string(APPEND entries "    {\"${name}\", R\"yaml(${text})yaml\"},\n")
  endforeach()
  file(WRITE "${OUTPUT}" "#include \"corpuscle/config/embedded.hpp\"

namespace corpuscle::config {
namespace {

constexpr EmbeddedFile files[] = {
${entries}};

}  // namespace

std::span<EmbeddedFile const> embedded_detectors() { return files; }

}  // namespace corpuscle::config
")
  return()
endif()

set(CORPUSCLE_EMBED_SCRIPT "${CMAKE_CURRENT_LIST_FILE}")

function(corpuscle_embed_detectors out)
  file(GLOB inputs CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/detectors/*.yaml")
  list(SORT inputs)
  list(JOIN inputs "|" joined)
  set(output "${PROJECT_BINARY_DIR}/generated/embedded_detectors.cpp")
  add_custom_command(
    OUTPUT "${output}"
    COMMAND "${CMAKE_COMMAND}" "-DOUTPUT=${output}" "-DINPUTS=${joined}" -P "${CORPUSCLE_EMBED_SCRIPT}"
    DEPENDS ${inputs} "${CORPUSCLE_EMBED_SCRIPT}"
    COMMENT "Embedding detectors/*.yaml"
    VERBATIM)
  set(${out} "${output}" PARENT_SCOPE)
endfunction()
