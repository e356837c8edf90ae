# Pairs rules/lint/<slug>.toml with src/lint/rules/<slug>.cpp by name, and writes the table of checks. One without the
# other stops configuration; a rule of `kind = "reader"` is raised while a dialect is read, one of
# `kind = "waiver"` by src/lint/suppression.cpp, one of `kind = "policy"` by generate and verify; none of them has code.
function(portcullis_lint_rules output)
  file(GLOB tomls CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/rules/lint/*.toml)
  file(GLOB codes CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/lint/rules/*.cpp)
  set(declarations "")
  set(rows "")
  foreach(code IN LISTS codes)
    get_filename_component(slug ${code} NAME_WE)
    if(NOT EXISTS ${PROJECT_SOURCE_DIR}/rules/lint/${slug}.toml)
      message(FATAL_ERROR "src/lint/rules/${slug}.cpp has no rules/lint/${slug}.toml")
    endif()
  endforeach()
  foreach(toml IN LISTS tomls)
    get_filename_component(slug ${toml} NAME_WE)
    file(STRINGS ${toml} reader REGEX "^kind *= *\"(reader|waiver|policy)\"")
    set(code ${PROJECT_SOURCE_DIR}/src/lint/rules/${slug}.cpp)
    if(reader)
      if(EXISTS ${code})
        message(FATAL_ERROR "rules/lint/${slug}.toml is not raised by lint, so src/lint/rules/${slug}.cpp must not exist")
      endif()
      continue()
    endif()
    if(NOT EXISTS ${code})
      message(FATAL_ERROR "rules/lint/${slug}.toml has no src/lint/rules/${slug}.cpp")
    endif()
    string(REPLACE "-" "_" name ${slug})
    string(APPEND declarations "void check_${name}(Context const&, Findings&);\n")
    string(APPEND rows "    {\"${slug}\", check_${name}},\n")
  endforeach()
  file(CONFIGURE OUTPUT ${output} @ONLY CONTENT "// Made by cmake/lint_rules.cmake from the names in src/lint/rules.
#include \"lint/checks.hpp\"
namespace portcullis {
@declarations@
std::span<NamedCheck const> checks() {
    static constexpr NamedCheck table[] = {
@rows@    };
    return table;
}
} // namespace portcullis
")
endfunction()
