# Installs every library that was built as a component of its own, for find_package(corpuscle COMPONENTS ...).
include(CMakePackageConfigHelpers)
set(package_folder "${CMAKE_INSTALL_LIBDIR}/cmake/corpuscle")

get_property(libraries GLOBAL PROPERTY CORPUSCLE_LIBRARIES)
set(component_table "")  # the lines of corpuscleConfig.cmake that say what each component needs
foreach(library IN LISTS libraries)
  set(target corpuscle_${library})

  # A private library of a static one must still be linked by the user: CMake exports it as
  # $<LINK_ONLY:...>, and the user has to find its package. Header-only ones are none of his business.
  get_target_property(links ${target} INTERFACE_LINK_LIBRARIES)
  list(REMOVE_ITEM links "$<LINK_ONLY:nlohmann_json::nlohmann_json>")
  set_target_properties(${target} PROPERTIES INTERFACE_LINK_LIBRARIES "${links}")
  set(components "")
  set(packages "")
  foreach(link IN LISTS links)
    if(link MATCHES "^([$]<LINK_ONLY:)?corpuscle::([a-z_]+)>?$")
      list(APPEND components ${CMAKE_MATCH_2})
    elseif(link MATCHES "LINK_ONLY:(([^:>]+)(::[^>]+)?)>")
      if(TARGET "${CMAKE_MATCH_1}")
        list(APPEND packages ${CMAKE_MATCH_2})
      endif()
    endif()
  endforeach()
  string(APPEND component_table "set(corpuscle_${library}_components \"${components}\")\n"
                                "set(corpuscle_${library}_packages \"${packages}\")\n")

  install(TARGETS ${target} EXPORT corpuscle-${library} ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
  install(EXPORT corpuscle-${library} NAMESPACE corpuscle:: DESTINATION "${package_folder}")
  install(DIRECTORY "${PROJECT_SOURCE_DIR}/src/corpuscle/${library}"
          DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}/corpuscle"
          FILES_MATCHING PATTERN "*.hpp" PATTERN "*.h" PATTERN "root" EXCLUDE PATTERN "generate/pythia.hpp" EXCLUDE)
endforeach()

# libcorpuscle.so, which needs no other component: its header is one of runtime.
if(TARGET corpuscle_c_api)
  list(APPEND libraries c_api)
  string(APPEND component_table "set(corpuscle_c_api_components \"\")\nset(corpuscle_c_api_packages \"\")\n")
  install(TARGETS corpuscle_c_api EXPORT corpuscle-c_api LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
  install(EXPORT corpuscle-c_api NAMESPACE corpuscle:: DESTINATION "${package_folder}")
endif()

configure_package_config_file(
  "${PROJECT_SOURCE_DIR}/cmake/corpuscleConfig.cmake.in" "${PROJECT_BINARY_DIR}/corpuscleConfig.cmake"
  INSTALL_DESTINATION "${package_folder}" NO_SET_AND_CHECK_MACRO NO_CHECK_REQUIRED_COMPONENTS_MACRO)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/corpuscleConfigVersion.cmake"
                                 COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/corpuscleConfig.cmake" "${PROJECT_BINARY_DIR}/corpuscleConfigVersion.cmake"
        DESTINATION "${package_folder}")

# The program, and the plug-in that it loads when it meets a ROOT file.
foreach(target IN ITEMS corpuscle corpuscle_root)
  if(TARGET ${target})
    install(TARGETS ${target} RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}"
                              LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}")
  endif()
endforeach()
install(DIRECTORY "${PROJECT_SOURCE_DIR}/detectors" "${PROJECT_SOURCE_DIR}/models" "${PROJECT_SOURCE_DIR}/processes"
        DESTINATION "${CMAKE_INSTALL_DATADIR}/corpuscle"
        FILES_MATCHING PATTERN "*.yaml" PATTERN "*.safetensors")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/docs/" DESTINATION "${CMAKE_INSTALL_DOCDIR}")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}")
