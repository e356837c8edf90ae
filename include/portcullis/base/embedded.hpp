// The data files of rules/ and what HTML reports have with them, compiled into the binary so that it needs no files at run time.
#pragma once
#include <span>
#include <string_view>

namespace portcullis {

struct EmbeddedFile {
    std::string_view path; // relative to the project's root, such as "rules/lint/telnet-exposed.toml"
    std::string_view text;
};

// All embedded files, sorted by folder and path.
std::span<EmbeddedFile const> embedded_files();

} // namespace portcullis
