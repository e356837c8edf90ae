# What `cmake --install` gives: the program with its manual, completions and pages (component `program`), and the library with
# its headers and CMake package (`library`). `cpack` makes a .deb and a .tgz of the first.
include(CMakePackageConfigHelpers)

if(TARGET portcullis_app)
  install(TARGETS portcullis_app RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT program)
  # Made by the program itself. Debian keeps those of its packages for zsh apart.
  set(zsh_folder zsh/site-functions)
  if(EXISTS /etc/debian_version)
    set(zsh_folder zsh/vendor-completions)
  endif()
  foreach(place IN ITEMS bash:bash-completion/completions/portcullis zsh:${zsh_folder}/_portcullis fish:fish/vendor_completions.d/portcullis.fish)
    string(REPLACE ":" ";" place ${place})
    list(GET place 0 shell)
    list(GET place 1 file)
    get_filename_component(name ${file} NAME)
    get_filename_component(folder ${file} DIRECTORY)
    set(made ${PROJECT_BINARY_DIR}/completions/${shell}/${name})
    install(CODE "file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/completions/${shell})
      execute_process(COMMAND \"$<TARGET_FILE:portcullis_app>\" completions ${shell} OUTPUT_FILE \"${made}\" COMMAND_ERROR_IS_FATAL ANY)" COMPONENT program)
    install(FILES ${made} DESTINATION ${CMAKE_INSTALL_DATADIR}/${folder} COMPONENT program)
  endforeach()
  find_program(GZIP gzip)
  foreach(page IN ITEMS portcullis.1 portcullis.toml.5 portcullis-rules.7)
    string(REGEX REPLACE ".*\\." "" section ${page})
    set(pages ${CMAKE_INSTALL_MANDIR}/man${section})
    install(FILES docs/man/${page} DESTINATION ${pages} COMPONENT program)
    if(GZIP)
      set(installed "\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${pages}/${page}")
      install(CODE "execute_process(COMMAND ${GZIP} -9nf \"${installed}\")" COMPONENT program)
    endif()
  endforeach()
endif()
install(FILES docs/report.schema.json docs/difference.schema.json docs/answer.schema.json docs/tests.schema.json docs/policy.schema.json
  DESTINATION ${CMAKE_INSTALL_DATADIR}/portcullis COMPONENT program)
install(FILES README.md docs/cli.md docs/policy.md docs/nat-router.toml docs/coverage.md DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT program)
install(DIRECTORY docs/rules DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT program)
install(DIRECTORY rules/policies examples DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT program)

if(NOT PORTCULLIS_STATIC)
  set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/portcullis)
  install(TARGETS portcullis EXPORT portcullisTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library)
  install(DIRECTORY include/portcullis DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT library)
  install(EXPORT portcullisTargets NAMESPACE portcullis:: DESTINATION ${package_folder} COMPONENT library)
  configure_package_config_file(cmake/portcullisConfig.cmake.in ${PROJECT_BINARY_DIR}/portcullisConfig.cmake
    INSTALL_DESTINATION ${package_folder})
  # Before 1.0 every minor version may break its users.
  write_basic_package_version_file(${PROJECT_BINARY_DIR}/portcullisConfigVersion.cmake COMPATIBILITY SameMinorVersion)
  install(FILES ${PROJECT_BINARY_DIR}/portcullisConfig.cmake ${PROJECT_BINARY_DIR}/portcullisConfigVersion.cmake
    cmake/Findutf8proc.cmake DESTINATION ${package_folder} COMPONENT library)
endif()
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT license)

include(cmake/cpack.cmake)
