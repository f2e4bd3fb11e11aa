# Installs the build tree into an empty folder and builds the stranger's project against it.
cmake_minimum_required(VERSION 3.24)
set(prefix "${WORK}/installed")
file(REMOVE_RECURSE "${prefix}" "${WORK}/stranger_build")

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE status OUTPUT_VARIABLE text ERROR_VARIABLE text)
  if(NOT status EQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "'${command}' failed (${status}):\n${text}")
  endif()
  set(output "${text}" PARENT_SCOPE)
endfunction()

# configure(NAME components...): sets `configure_command`; NAME is the folder to build in.
function(configure name)
  list(JOIN ARGN "\;" components)
  set(command ${CMAKE_COMMAND} -G "${GENERATOR}" -S "${STRANGER}" -B "${WORK}/stranger_build/${name}"
      "-DCMAKE_PREFIX_PATH=${prefix}" "-DCMAKE_CXX_COMPILER=${CXX_COMPILER}" "-DWANTED=${components}")
  if(SANITIZE)
    list(APPEND command "-DCMAKE_CXX_FLAGS=-fsanitize=${SANITIZE}")
  endif()
  execute_process(COMMAND ${command} RESULT_VARIABLE status OUTPUT_VARIABLE text ERROR_VARIABLE text)
  set(status "${status}" PARENT_SCOPE)
  set(output "${text}" PARENT_SCOPE)
endfunction()

run(${CMAKE_COMMAND} --install "${BINARY_DIR}" --prefix "${prefix}")

# The components he asks for, with what they need and nothing else.
configure(some pf)
if(NOT status EQUAL 0)
  message(FATAL_ERROR "find_package(corpuscle COMPONENTS pf) failed:\n${output}")
endif()
if(NOT output MATCHES "imported: core event detector pf\n")
  message(FATAL_ERROR "COMPONENTS pf should import core, event, detector and pf, and no more:\n${output}")
endif()
run(${CMAKE_COMMAND} --build "${WORK}/stranger_build/some")
run("${WORK}/stranger_build/some/stranger")

# What lives inside other people's programs brings no library along but the compiler's own.
if(NOT SANITIZE)
  run(ldd "${WORK}/stranger_build/some/stranger")
  string(REGEX MATCHALL "lib[^ /]+\\.so" linked "${output}")
  list(REMOVE_ITEM linked libc.so libm.so libstdc++.so libgcc_s.so)
  if(linked)
    message(FATAL_ERROR "the stranger's program links more than the C and C++ run-time: ${linked}")
  endif()
endif()

# Every component that was built, third-party libraries included.
configure(all ${LIBRARIES})
if(NOT status EQUAL 0)
  message(FATAL_ERROR "find_package(corpuscle COMPONENTS ${LIBRARIES}) failed:\n${output}")
endif()
run(${CMAKE_COMMAND} --build "${WORK}/stranger_build/all")
run("${WORK}/stranger_build/all/stranger")

# A program outside the installed tree finds the ROOT plug-in. (The address sanitizer's dlopen knows no run path.)
if(NOT SANITIZE AND EXISTS "${prefix}/bin/corpuscle" AND EXISTS "${WORK}/stranger_build/all/reader")
  file(GLOB plugin "${prefix}/lib*/libcorpuscle_root.so" "${prefix}/lib/*/libcorpuscle_root.so")
  if(plugin)
    run("${prefix}/bin/corpuscle" reconstruct "${SAMPLE}" --detector clic -o "${WORK}/sample.edm4hep.root")
    run("${WORK}/stranger_build/all/reader" "${WORK}/sample.edm4hep.root")
    if(NOT output MATCHES "3 events")
      message(FATAL_ERROR "the stranger's program should find 3 events:\n${output}")
    endif()
  endif()
endif()

# A component that does not exist is refused by name.
configure(none core telepathy)
if(status EQUAL 0 OR NOT output MATCHES "no component 'telepathy'")
  message(FATAL_ERROR "COMPONENTS telepathy should fail and say why:\n${output}")
endif()
