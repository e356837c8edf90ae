# What a binary without any shared library is made of. Debian has fmt and toml++ as shared libraries alone: their headers
# bring all of it, at the price of a longer compilation.
set(CMAKE_FIND_LIBRARY_SUFFIXES .a)
add_library(fmt::fmt INTERFACE IMPORTED)
target_compile_definitions(fmt::fmt INTERFACE FMT_HEADER_ONLY)
add_library(tomlplusplus::tomlplusplus INTERFACE IMPORTED)
find_library(pugixml_LIBRARY pugixml REQUIRED)
add_library(pugixml::pugixml UNKNOWN IMPORTED)
set_target_properties(pugixml::pugixml PROPERTIES IMPORTED_LOCATION ${pugixml_LIBRARY})
add_link_options(-static)
