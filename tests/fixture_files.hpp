// Files of tests/fixtures and what lies beside them, for the tests of several layers.
#pragma once
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "portcullis/dialect/read.hpp"

namespace portcullis {

inline std::string file_text(std::filesystem::path const& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

// Fixtures include files of their own folder only.
inline Included include_from(std::filesystem::path const& folder, std::string const& pattern, Sources& sources) {
    namespace fs = std::filesystem;
    std::vector<fs::path> found;
    fs::path const name = fs::path(pattern).filename();
    fs::path const in = folder / fs::path(pattern).parent_path();
    std::string const stem = name.string().substr(0, name.string().find('*'));
    if (fs::is_directory(in)) {
        for (auto const& entry : fs::directory_iterator(in)) {
            std::string const file = entry.path().filename();
            bool const matches = pattern.find('*') == std::string::npos ? file == name : file.starts_with(stem);
            if (matches && entry.is_regular_file()) found.push_back(entry.path());
        }
    }
    std::sort(found.begin(), found.end());
    if (found.empty() && pattern.find('*') == std::string::npos) return {{}, "no such file"};
    Included result;
    for (fs::path const& path : found) result.sources.push_back(sources.add(path.filename(), file_text(path)));
    return result;
}

} // namespace portcullis
