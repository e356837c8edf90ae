# Installs BUILD, builds this folder against what was installed, and runs it. What only the library itself is built
# with is hidden from the program's configuration.
file(REMOVE_RECURSE ${WORK})
execute_process(COMMAND ${CMAKE_COMMAND} --install ${BUILD} --config ${CONFIG} --prefix ${WORK}/prefix
  OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
foreach(file IN ITEMS bin/portcullis include/portcullis/lint/lint.hpp share/portcullis/report.schema.json
    share/doc/portcullis/LICENSE share/doc/portcullis/rules/telnet-exposed.md share/bash-completion/completions/portcullis
    share/fish/vendor_completions.d/portcullis.fish)
  if(NOT EXISTS ${WORK}/prefix/${file})
    message(FATAL_ERROR "${file} was not installed")
  endif()
endforeach()
file(GLOB manual ${WORK}/prefix/share/man/man*/portcullis*)
list(LENGTH manual pages)
if(NOT pages EQUAL 3)
  message(FATAL_ERROR "of the manual, this was installed: ${manual}")
endif()

# The archive has the program and what belongs to it, and nothing of the library.
execute_process(COMMAND ${CMAKE_CPACK_COMMAND} -G TGZ -C ${CONFIG} -B ${WORK}/packages WORKING_DIRECTORY ${BUILD}
  OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
file(GLOB archive ${WORK}/packages/portcullis-*.tar.gz)
execute_process(COMMAND ${CMAKE_COMMAND} -E tar tf ${archive} OUTPUT_VARIABLE packed COMMAND_ERROR_IS_FATAL ANY)
foreach(file IN ITEMS bin/portcullis man/man1/portcullis.1 man/man5/portcullis.toml.5 man/man7/portcullis-rules.7 doc/portcullis/copyright
    doc/portcullis/rules/README.md doc/portcullis/policies/server.toml)
  if(NOT packed MATCHES "/${file}")
    message(FATAL_ERROR "${file} is not in the archive:\n${packed}")
  endif()
endforeach()
if(packed MATCHES "/include/|\\.a\n|/cmake/")
  message(FATAL_ERROR "the archive has parts of the library:\n${packed}")
endif()

execute_process(COMMAND ${CMAKE_COMMAND} -S ${CMAKE_CURRENT_LIST_DIR} -B ${WORK}/build -G Ninja
  -DCMAKE_BUILD_TYPE=${CONFIG} -DCMAKE_CXX_COMPILER=${COMPILER} -DCMAKE_CXX_FLAGS=${FLAGS} -DCMAKE_PREFIX_PATH=${WORK}/prefix
  -DCMAKE_DISABLE_FIND_PACKAGE_Boost=ON -DCMAKE_DISABLE_FIND_PACKAGE_CLI11=ON
  -DCMAKE_DISABLE_FIND_PACKAGE_nlohmann_json=ON --no-warn-unused-cli COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${CMAKE_COMMAND} --build ${WORK}/build COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${WORK}/build/first_finding OUTPUT_VARIABLE output OUTPUT_STRIP_TRAILING_WHITESPACE
  COMMAND_ERROR_IS_FATAL ANY)
if(NOT output STREQUAL "PC101")
  message(FATAL_ERROR "the program printed '${output}', not PC101")
endif()
