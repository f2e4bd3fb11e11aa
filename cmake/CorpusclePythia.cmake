# Finds Pythia 8, or builds it, and gives the target corpuscle_pythia8. Pythia is under the GPL: only
# corpuscle::generate_pythia, and with it the programs that generate events, link it.
#
# An existing Pythia comes first (CMAKE_PREFIX_PATH, PYTHIA8, pythia8-config); the source package that
# tools/setup unpacks into .env is the fallback, built as a static library.
file(STRINGS "${PROJECT_SOURCE_DIR}/tools/versions" pythia_minimum REGEX "^PYTHIA_MINIMUM=")
string(REPLACE "PYTHIA_MINIMUM=" "" pythia_minimum "${pythia_minimum}")

find_program(CORPUSCLE_PYTHIA_CONFIG pythia8-config HINTS "$ENV{PYTHIA8}/bin")
mark_as_advanced(CORPUSCLE_PYTHIA_CONFIG)
set(pythia_hint "$ENV{PYTHIA8}")
if(CORPUSCLE_PYTHIA_CONFIG)
  execute_process(COMMAND "${CORPUSCLE_PYTHIA_CONFIG}" --prefix
                  OUTPUT_VARIABLE pythia_hint OUTPUT_STRIP_TRAILING_WHITESPACE)
endif()
find_path(PYTHIA8_INCLUDE_DIR Pythia8/Pythia.h HINTS "${pythia_hint}/include")
find_library(PYTHIA8_LIBRARY pythia8 HINTS "${pythia_hint}/lib" "${pythia_hint}/lib64")

set(pythia_version 0)
if(PYTHIA8_INCLUDE_DIR AND PYTHIA8_LIBRARY)
  file(STRINGS "${PYTHIA8_INCLUDE_DIR}/Pythia8/Pythia.h" pythia_version REGEX "define PYTHIA_VERSION_INTEGER")
  string(REGEX REPLACE "[^0-9]" "" pythia_version "0${pythia_version}")
endif()
if(pythia_version GREATER_EQUAL pythia_minimum)
  message(STATUS "Pythia ${pythia_version}: ${PYTHIA8_LIBRARY}")
  add_library(corpuscle_pythia8 INTERFACE)
  target_include_directories(corpuscle_pythia8 SYSTEM INTERFACE "${PYTHIA8_INCLUDE_DIR}")
  target_link_libraries(corpuscle_pythia8 INTERFACE "${PYTHIA8_LIBRARY}" ${CMAKE_DL_LIBS})
  return()
endif()

file(STRINGS "${PROJECT_SOURCE_DIR}/tools/versions" pythia_sdist REGEX "^PYTHIA_SDIST=")
string(REGEX REPLACE "PYTHIA_SDIST=\"(.*)==(.*)\"" "\\1-\\2" pythia_sdist "${pythia_sdist}")
set(pythia_source "")
if(EXISTS "${PROJECT_SOURCE_DIR}/.env/${pythia_sdist}/.complete")  # written last: half a package is none
  file(GLOB pythia_source "${PROJECT_SOURCE_DIR}/.env/${pythia_sdist}/pythia8*/src")
endif()
if(NOT pythia_source)
  message(FATAL_ERROR "Pythia 8.3 was not found. Run ./test or tools/setup, which unpack its source into .env, or "
                      "name yours in CMAKE_PREFIX_PATH, or do without: -DCORPUSCLE_WITH_PYTHIA=OFF.")
endif()
message(STATUS "Pythia: will be built from ${pythia_source}")
find_package(ZLIB REQUIRED)
get_filename_component(pythia_root "${pythia_source}" DIRECTORY)
add_subdirectory("${PROJECT_SOURCE_DIR}/cmake/pythia" "${PROJECT_BINARY_DIR}/pythia")
