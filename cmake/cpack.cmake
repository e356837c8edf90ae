# `cpack --config build/release/CPackConfig.cmake` makes portcullis_VERSION_ARCH.deb and portcullis-VERSION-SYSTEM.tar.gz of the
# program, what belongs to it, and nothing of the library.
set(PORTCULLIS_MAINTAINER "portcullis packagers <packagers@portcullis.invalid>" CACHE STRING "Who answers for the Debian package")

set(CPACK_PACKAGE_NAME portcullis)
set(CPACK_PACKAGE_VENDOR portcullis)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "linter, prover and generator for firewall rules")
set(CPACK_PACKAGE_DESCRIPTION "portcullis reads the rules of iptables, nftables and Cisco devices, and says\nwhat they really do to packets and what is wrong with them. A finding comes\nwith a packet that shows it.\n.\nIt compares, converts and hardens rulesets, and makes them of policies, with\na proof in each case.")
set(CPACK_GENERATOR DEB TGZ)
set(CPACK_COMPONENTS_ALL program)
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set(CPACK_ARCHIVE_COMPONENT_INSTALL ON)
set(CPACK_PROJECT_CONFIG_FILE ${PROJECT_SOURCE_DIR}/cmake/cpack_generator.cmake)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_BINARY_DIR}/packages)

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_NAME portcullis)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "${PORTCULLIS_MAINTAINER}")
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
find_program(DPKG_SHLIBDEPS dpkg-shlibdeps)
if(DPKG_SHLIBDEPS AND NOT PORTCULLIS_STATIC)
  set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
endif()

# What every package of Debian has: who may do what with it, and what became of it.
configure_file(${PROJECT_SOURCE_DIR}/cmake/debian/changelog.in ${PROJECT_BINARY_DIR}/debian/changelog.Debian @ONLY)
if(GZIP)
  execute_process(COMMAND ${GZIP} -9nf ${PROJECT_BINARY_DIR}/debian/changelog.Debian)
  install(FILES ${PROJECT_BINARY_DIR}/debian/changelog.Debian.gz DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT program)
endif()
install(FILES ${PROJECT_SOURCE_DIR}/cmake/debian/copyright DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT program)

# Packing builds nothing that the program does not need.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)
include(CPack)
