# Writes OUTPUT, a C++ file that holds the data files of FOLDERS (below ROOT) as string literals, sorted by path.
# Run as: cmake -DROOT=… -DOUTPUT=… -DFOLDERS=a,b -P embed.cmake
string(REPLACE "," ";" FOLDERS "${FOLDERS}")
set(body "")
foreach(folder IN LISTS FOLDERS)
  file(GLOB files RELATIVE "${ROOT}" "${ROOT}/${folder}/*.toml" "${ROOT}/${folder}/*.css" "${ROOT}/${folder}/*.js")
  list(SORT files)
  foreach(file IN LISTS files)
    file(READ "${ROOT}/${file}" hex HEX)
    # A byte list, not a string literal: no limit on length and nothing to escape.
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${hex}")
    string(MAKE_C_IDENTIFIER "${file}" name)
    string(APPEND body "constexpr char ${name}[] = {${bytes}'\\0'};\n")
    string(APPEND table "    {\"${file}\", {${name}, sizeof ${name} - 1}},\n")
  endforeach()
endforeach()
file(WRITE "${OUTPUT}" "// Made by cmake/embed.cmake from ${FOLDERS}.
#include \"portcullis/base/embedded.hpp\"
namespace portcullis {
namespace {
${body}constexpr EmbeddedFile files[] = {
${table}};
} // namespace
std::span<EmbeddedFile const> embedded_files() { return files; }
} // namespace portcullis
")
