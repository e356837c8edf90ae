# portcullis_layer(NAME FOLDER [LINK …] [PRECOMPILE …]) makes the object library `pc_NAME` of FOLDER/*.cpp (recursively) and adds
# it to the one installed library. Warnings are errors on our own code; libraries of others are system includes.
function(portcullis_compile_options target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_include_directories(${target} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>)
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/src)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion ${portcullis_hardening}
    $<$<BOOL:${PORTCULLIS_WERROR}>:-Werror>
    # GCC 12 sees overlaps in std::string's own concatenation (its bug 105651).
    $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)
  if(PORTCULLIS_SANITIZE) # … and, under sanitizers, uninitialised members in std::regex (its bug 105562)
    target_compile_options(${target} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  endif()
endfunction()

# Headers of the system in angle brackets; ours by their place in the project.
function(portcullis_precompile target)
  if(NOT PORTCULLIS_PRECOMPILE)
    return()
  endif()
  foreach(header IN LISTS ARGN)
    if(NOT header MATCHES "^<")
      set(header ${PROJECT_SOURCE_DIR}/${header})
    endif()
    target_precompile_headers(${target} PRIVATE ${header})
  endforeach()
  # GCC 12 forgets which of them are the system's, and warns of what it makes of std::string itself.
  target_compile_options(${target} PRIVATE
    $<$<CXX_COMPILER_ID:GNU>:-Wno-stringop-overflow -Wno-stringop-overread -Wno-array-bounds>)
endfunction()

function(portcullis_layer name folder)
  cmake_parse_arguments(ARG "" "" "LINK;PRECOMPILE" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.cpp)
  if(NOT sources)
    return()
  endif()
  add_library(pc_${name} OBJECT ${sources})
  portcullis_compile_options(pc_${name})
  target_link_libraries(pc_${name} PRIVATE ${ARG_LINK})
  portcullis_precompile(pc_${name} ${ARG_PRECOMPILE})
  target_sources(portcullis PRIVATE $<TARGET_OBJECTS:pc_${name}>)
endfunction()
