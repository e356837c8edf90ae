// The real configurations, ../shared/corpus beside the project: tests that need them are skipped where they are not.
#pragma once
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

inline std::filesystem::path corpus() { return std::filesystem::path(PORTCULLIS_ROOT).parent_path() / "shared/corpus"; }

inline bool is_there(std::filesystem::path const& path) {
    if (std::filesystem::exists(path)) return true;
    WARN("skipped: there is no " << path.string());
    return false;
}

inline std::string content(std::filesystem::path const& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}
