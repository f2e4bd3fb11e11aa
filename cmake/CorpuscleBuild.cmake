# How every target of the project is compiled, and the one function that makes a library.
include(GNUInstallDirs)
include(CorpuscleEmbed)

set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
set(CMAKE_LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/${CMAKE_INSTALL_LIBDIR}")
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)  # the libraries end up inside the hosts' plug-ins

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

# What all our code is compiled with; not installed, a user keeps his own flags.
add_library(corpuscle_flags INTERFACE)
target_compile_options(corpuscle_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion
                                                 -Wno-sign-conversion)
# Results must not depend on the machine: no contraction to fused multiply-add behind our back.
target_compile_options(corpuscle_flags INTERFACE -ffp-contract=off)
if(CORPUSCLE_SANITIZE)
  target_compile_options(corpuscle_flags INTERFACE -fsanitize=${CORPUSCLE_SANITIZE} -fno-sanitize-recover=all
                                                   -fno-omit-frame-pointer)
  target_link_options(corpuscle_flags INTERFACE -fsanitize=${CORPUSCLE_SANITIZE})
  target_compile_definitions(corpuscle_flags INTERFACE CORPUSCLE_CHECK_CONTRACTS)
endif()

# corpuscle_add_library(NAME SOURCES a.cpp ... [PUBLIC corpuscle::x ...] [PRIVATE targets ...])
#
# Makes src/corpuscle/NAME the target corpuscle::NAME. PUBLIC is the row of the layer table in
# src/README.md; third-party libraries are PRIVATE.
function(corpuscle_add_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  list(TRANSFORM ARG_SOURCES PREPEND "${CMAKE_CURRENT_SOURCE_DIR}/corpuscle/${name}/")
  add_library(corpuscle_${name} STATIC ${ARG_SOURCES})
  add_library(corpuscle::${name} ALIAS corpuscle_${name})
  set_target_properties(corpuscle_${name} PROPERTIES EXPORT_NAME ${name})
  target_compile_features(corpuscle_${name} PUBLIC cxx_std_20)
  target_include_directories(corpuscle_${name} PUBLIC "$<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}>"
                                                      "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")
  target_link_libraries(corpuscle_${name} PUBLIC ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE}
                                                                       "$<BUILD_INTERFACE:corpuscle_flags>")
  set_property(GLOBAL APPEND PROPERTY CORPUSCLE_LIBRARIES ${name})
endfunction()

# The leak sanitizer crashes now and then in programs that have loaded ROOT. What ROOT has no part in is
# checked for leaks by its own tests, and by the fuzzers.
set(CORPUSCLE_ROOT_TEST_ENVIRONMENT "ASAN_OPTIONS=detect_leaks=0")

# corpuscle_add_test(LIBRARY SOURCES name.cpp ... LINK targets ... [WITH_ROOT]): one GoogleTest program for one
# library; WITH_ROOT if it loads ROOT.
function(corpuscle_add_test library)
  cmake_parse_arguments(ARG "WITH_ROOT" "" "SOURCES;LINK" ${ARGN})
  add_executable(test_${library} ${ARG_SOURCES})
  target_include_directories(test_${library} PRIVATE "${PROJECT_SOURCE_DIR}/tests")
  target_link_libraries(test_${library} PRIVATE ${ARG_LINK} GTest::gtest_main corpuscle_flags)
  target_compile_definitions(test_${library} PRIVATE
    CORPUSCLE_SOURCE_DIR="${PROJECT_SOURCE_DIR}" CORPUSCLE_BINARY_DIR="${PROJECT_BINARY_DIR}")
  set(environment "")
  if(ARG_WITH_ROOT)
    set(environment ENVIRONMENT ${CORPUSCLE_ROOT_TEST_ENVIRONMENT})
  endif()
  gtest_discover_tests(test_${library} TEST_PREFIX "${library}:" DISCOVERY_TIMEOUT 60
                       PROPERTIES TIMEOUT 300 ${environment})
endfunction()
