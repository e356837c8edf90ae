# Read by cpack for each of its generators: an archive has all in one folder, a package of Debian from the root on.
if(CPACK_GENERATOR MATCHES "TGZ")
  set(CPACK_COMPONENT_INCLUDE_TOPLEVEL_DIRECTORY ON)
endif()
