# Compiles SNIPPET without and with LEAK: the first must succeed, the second fail because of REASON.
function(compile result diagnostics)
  execute_process(
    COMMAND "${CMAKE_COMMAND}" -E env LC_ALL=C
            "${COMPILER}" -std=c++20 -fsyntax-only "-I${INCLUDE}" ${ARGN} "${SNIPPET}"
    RESULT_VARIABLE code ERROR_VARIABLE messages)
  set(${result} "${code}" PARENT_SCOPE)
  set(${diagnostics} "${messages}" PARENT_SCOPE)
endfunction()

compile(code messages)
if(NOT code EQUAL 0)
  message(FATAL_ERROR "${SNIPPET} does not compile as it stands, so it proves nothing:\n${messages}")
endif()
compile(code messages -DLEAK)
if(code EQUAL 0)
  message(FATAL_ERROR "${SNIPPET} compiles with LEAK: truth can reach a reconstructor")
endif()
if(NOT messages MATCHES "${REASON}")
  message(FATAL_ERROR "${SNIPPET} fails to compile, but not because of '${REASON}':\n${messages}")
endif()
