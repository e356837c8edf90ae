# What a binary without any shared library is made of. Debian has fmt and toml++ as shared libraries alone; their headers hold
# the sources, so they are compiled here.
set(CMAKE_FIND_LIBRARY_SUFFIXES .a)
add_library(static_fmt STATIC ${CMAKE_CURRENT_LIST_DIR}/fmt.cpp)
target_compile_features(static_fmt PRIVATE cxx_std_20)
add_library(fmt::fmt ALIAS static_fmt)
add_library(static_toml STATIC ${CMAKE_CURRENT_LIST_DIR}/toml.cpp)
target_compile_features(static_toml PRIVATE cxx_std_20)
target_compile_definitions(static_toml PUBLIC TOML_HEADER_ONLY=0)
add_library(tomlplusplus::tomlplusplus ALIAS static_toml)
find_library(pugixml_LIBRARY pugixml REQUIRED)
add_library(pugixml::pugixml UNKNOWN IMPORTED)
set_target_properties(pugixml::pugixml PROPERTIES IMPORTED_LOCATION ${pugixml_LIBRARY})
add_link_options(-static)
