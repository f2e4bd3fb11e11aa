# Finds ROOT, and gives the two functions that the plug-in for ROOT files is built with.
#
# An existing ROOT comes first (CMAKE_PREFIX_PATH, ROOT_DIR, ROOTSYS; so conda, LCG and Key4hep); the
# wheel that tools/setup puts into .env is the fallback.
file(STRINGS "${PROJECT_SOURCE_DIR}/tools/versions" root_minimum REGEX "^ROOT_MINIMUM=")
string(REPLACE "ROOT_MINIMUM=" "" root_minimum "${root_minimum}")

set(root_in_env "")
if(EXISTS "${PROJECT_SOURCE_DIR}/.env/.complete")  # written last: half an installation is none
  file(GLOB root_in_env "${PROJECT_SOURCE_DIR}/.env/lib/python3*/site-packages/ROOT/cmake")
endif()
find_package(ROOT ${root_minimum} QUIET CONFIG COMPONENTS RIO Tree ROOTNTuple Gpad Graf Hist
             HINTS "$ENV{ROOTSYS}/cmake" PATHS ${root_in_env})
if(NOT ROOT_FOUND)
  message(FATAL_ERROR "ROOT ${root_minimum} or newer was not found. Run ./test or tools/setup, which install it into "
                      ".env, or name yours in CMAKE_PREFIX_PATH, or do without: -DCORPUSCLE_WITH_ROOT=OFF.")
endif()
message(STATUS "ROOT ${ROOT_VERSION}: ${ROOT_LIBRARY_DIR}")

# corpuscle_link_root(TARGET): compiles and links TARGET with ROOT.
#
# ROOT's directory goes into the run path, here and when installed: nothing needs to be set to run.
function(corpuscle_link_root target)
  target_include_directories(${target} SYSTEM PRIVATE ${ROOT_INCLUDE_DIRS})
  # ROOT's headers complain by #warning if ROOT itself was compiled as an older C++ than we are.
  target_compile_options(${target} PRIVATE -Wno-cpp)
  target_link_libraries(${target} PRIVATE ROOT::RIO ROOT::Tree ROOT::ROOTNTuple)
  # What the wheel's libraries need in turn lies beside them and is found at run time only.
  target_link_options(${target} PRIVATE -Wl,--allow-shlib-undefined)
  set_property(TARGET ${target} APPEND PROPERTY INSTALL_RPATH "${ROOT_LIBRARY_DIR}")
endfunction()

# corpuscle_root_dictionary(TARGET HEADERS a.hpp ... LINKDEF linkdef.hpp)
#
# Generates the ROOT dictionary of the classes that LINKDEF names and compiles it into TARGET, a shared
# or module library. HEADERS include nothing but the standard library: their text becomes part of the
# dictionary, so that running needs no source tree. The _rdict.pcm and .rootmap files, which ROOT looks
# for beside the library, are made and installed there. Paths are relative to the current folder.
function(corpuscle_root_dictionary target)
  cmake_parse_arguments(ARG "" "LINKDEF" "HEADERS" ${ARGN})
  list(TRANSFORM ARG_HEADERS PREPEND "${CMAKE_CURRENT_SOURCE_DIR}/")
  set(linkdef "${CMAKE_CURRENT_SOURCE_DIR}/${ARG_LINKDEF}")

  # rootcling takes in the text of a header only if it has no `#pragma once`.
  set(text "")
  foreach(header IN LISTS ARG_HEADERS)
    file(READ "${header}" one)
    string(REPLACE "#pragma once" "" one "${one}")
    string(APPEND text "${one}")
  endforeach()
  set(classes "${CMAKE_CURRENT_BINARY_DIR}/${target}_classes.hpp")
  string(MAKE_C_IDENTIFIER "${target}_classes" guard)
  file(CONFIGURE OUTPUT "${classes}" CONTENT "#ifndef ${guard}\n#define ${guard}\n${text}\n#endif\n" @ONLY)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${ARG_HEADERS})

  set(source "${CMAKE_CURRENT_BINARY_DIR}/${target}_dictionary.cpp")
  get_target_property(name ${target} OUTPUT_NAME)
  if(NOT name)
    set(name "${target}")
  endif()
  set(library "${CMAKE_LIBRARY_OUTPUT_DIRECTORY}/${CMAKE_SHARED_LIBRARY_PREFIX}${name}")
  set(side_files "${library}_rdict.pcm" "${library}.rootmap")
  add_custom_command(
    OUTPUT "${source}" ${side_files}
    COMMAND ${CMAKE_COMMAND} -E make_directory "${CMAKE_LIBRARY_OUTPUT_DIRECTORY}"
    COMMAND ${CMAKE_COMMAND} -E env "ROOTSYS=${ROOT_BINDIR}/.." "${ROOT_rootcling_CMD}"
            -f "${source}" -s "${library}.so" -rml "${CMAKE_SHARED_LIBRARY_PREFIX}${name}.so" -rmf "${library}.rootmap"
            -inlineInputHeader -noIncludePaths "${classes}" "${linkdef}"
    DEPENDS "${classes}" "${linkdef}"
    COMMENT "Generating the ROOT dictionary of ${target}"
    VERBATIM)
  set_source_files_properties("${source}" PROPERTIES COMPILE_OPTIONS "-w")
  target_sources(${target} PRIVATE "${source}")
  install(FILES ${side_files} DESTINATION "${CMAKE_INSTALL_LIBDIR}")
endfunction()
