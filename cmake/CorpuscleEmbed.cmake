# Compiles the YAML files of a folder into a library.
#
# corpuscle_embed(OUT LIBRARY FOLDER) sets OUT to a generated source that defines
# corpuscle::LIBRARY::embedded_FOLDER(). A file added to the folder is found at the next build.
#
# This file is also the generator:
#   cmake -D OUTPUT=x.cpp "-D INPUTS=a.yaml|b.yaml" -D LIBRARY=config -D FOLDER=detectors -P CorpuscleEmbed.cmake
if(CMAKE_SCRIPT_MODE_FILE)
  set(entries "")
  string(REPLACE "|" ";" INPUTS "${INPUTS}")
  foreach(input IN LISTS INPUTS)
    get_filename_component(name "${input}" NAME)
    file(READ "${input}" text)
    string(APPEND entries "    {\"${name}\", R\"yaml(${text})yaml\"},\n")
  endforeach()
  file(WRITE "${OUTPUT}" "#include <span>

#include \"corpuscle/config/embedded.hpp\"

namespace corpuscle::${LIBRARY} {
namespace {

constexpr config::EmbeddedFile files[] = {
${entries}};

}  // namespace

std::span<config::EmbeddedFile const> embedded_${FOLDER}();
std::span<config::EmbeddedFile const> embedded_${FOLDER}() { return files; }

}  // namespace corpuscle::${LIBRARY}
")
  return()
endif()

set(CORPUSCLE_EMBED_SCRIPT "${CMAKE_CURRENT_LIST_FILE}")

function(corpuscle_embed out library folder)
  file(GLOB inputs CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${folder}/*.yaml")
  list(SORT inputs)
  list(JOIN inputs "|" joined)
  set(output "${PROJECT_BINARY_DIR}/generated/embedded_${folder}.cpp")
  add_custom_command(
    OUTPUT "${output}"
    COMMAND "${CMAKE_COMMAND}" "-DOUTPUT=${output}" "-DINPUTS=${joined}" -DLIBRARY=${library} -DFOLDER=${folder}
            -P "${CORPUSCLE_EMBED_SCRIPT}"
    DEPENDS ${inputs} "${CORPUSCLE_EMBED_SCRIPT}"
    COMMENT "Embedding ${folder}/*.yaml"
    VERBATIM)
  set(${out} "${output}" PARENT_SCOPE)
endfunction()
