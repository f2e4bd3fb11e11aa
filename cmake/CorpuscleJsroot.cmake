# corpuscle_embed_jsroot(TARGET) compiles the source of JSROOT (MIT licence, kept in its first line) into
# TARGET as corpuscle::report::root::jsroot_source(): empty if there is no JSROOT, in .env or that of a ROOT
# installation; the pages of a report show pictures only, then.
#
# This file is also the generator:
#   cmake -D OUTPUT=x.cpp -D INPUT=jsroot.min.js -P CorpuscleJsroot.cmake
if(CMAKE_SCRIPT_MODE_FILE)
  set(text "")
  if(INPUT)
    file(READ "${INPUT}" text)
  endif()
  file(WRITE "${OUTPUT}" "#include <string_view>

namespace corpuscle::report::root {

std::string_view jsroot_source();
std::string_view jsroot_source() { return R\"jsroot(${text})jsroot\"; }

}  // namespace corpuscle::report::root
")
  return()
endif()

set(CORPUSCLE_JSROOT_SCRIPT "${CMAKE_CURRENT_LIST_FILE}")

function(corpuscle_embed_jsroot target)
  file(STRINGS "${PROJECT_SOURCE_DIR}/tools/versions" version REGEX "^JSROOT=")
  string(REGEX REPLACE "^JSROOT=\"?([^\"]*)\"?$" "\\1" version "${version}")
  string(REPLACE "@" "-" folder "${version}")
  find_file(JSROOT_SOURCE NAMES jsroot.min.js
            PATHS "${PROJECT_SOURCE_DIR}/.env/${folder}/build" "${ROOT_BINDIR}/../js/build" NO_DEFAULT_PATH NO_CACHE)
  if(JSROOT_SOURCE)
    message(STATUS "JSROOT: ${JSROOT_SOURCE}")
  else()
    message(STATUS "JSROOT was not found: figures of reports will be pictures, without zoom")
    set(JSROOT_SOURCE "")
  endif()
  set(output "${CMAKE_CURRENT_BINARY_DIR}/jsroot_source.cpp")
  add_custom_command(
    OUTPUT "${output}"
    COMMAND "${CMAKE_COMMAND}" "-DOUTPUT=${output}" "-DINPUT=${JSROOT_SOURCE}" -P "${CORPUSCLE_JSROOT_SCRIPT}"
    DEPENDS ${JSROOT_SOURCE} "${CORPUSCLE_JSROOT_SCRIPT}"
    COMMENT "Embedding JSROOT"
    VERBATIM)
  set_source_files_properties("${output}" PROPERTIES COMPILE_OPTIONS "-Wno-overlength-strings")
  target_sources(${target} PRIVATE "${output}")
endfunction()
