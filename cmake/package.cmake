# What `cmake --install` gives: the program, the library with its headers, the CMake package, the schema of the reports.
include(CMakePackageConfigHelpers)
set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/portcullis)

install(TARGETS portcullis EXPORT portcullisTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/portcullis DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT portcullisTargets NAMESPACE portcullis:: DESTINATION ${package_folder})

configure_package_config_file(cmake/portcullisConfig.cmake.in ${PROJECT_BINARY_DIR}/portcullisConfig.cmake
  INSTALL_DESTINATION ${package_folder})
# Before 1.0 every minor version may break its users.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/portcullisConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/portcullisConfig.cmake ${PROJECT_BINARY_DIR}/portcullisConfigVersion.cmake
  cmake/Findutf8proc.cmake DESTINATION ${package_folder})

install(FILES docs/report.schema.json docs/difference.schema.json docs/answer.schema.json docs/tests.schema.json DESTINATION ${CMAKE_INSTALL_DATADIR}/portcullis)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
