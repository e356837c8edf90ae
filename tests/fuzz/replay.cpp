// Any text may be cut off anywhere, or be given to the wrong reader: nothing crashes, hangs or breaks a promise.
// The same functions as libFuzzer's, over files that are in the project.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "fuzz/targets.hpp"
#include "seeds.hpp"

namespace fs = std::filesystem;
using namespace portcullis::fuzz;

namespace {

struct File {
    std::string path;
    std::string text;
};

void add_files_below(std::vector<File>& files, std::string_view folder) {
    for (auto const& entry : fs::recursive_directory_iterator(fs::path(PORTCULLIS_ROOT) / "tests" / folder)) {
        if (!entry.is_regular_file() || entry.path().filename().string().starts_with("expected")) continue;
        std::ifstream in(entry.path(), std::ios::binary);
        files.push_back({entry.path().string(), {std::istreambuf_iterator<char>(in), {}}});
    }
}

void run(Target const& target, std::string_view text, std::string const& path) {
    INFO(target.name << " over the first " << text.size() << " bytes of " << path);
    CHECK_NOTHROW(target.run(text));
}

} // namespace

TEST_CASE("every target survives every prefix of its own files") {
    for (Target const& target : targets()) {
        std::vector<File> files;
        for (std::string_view const folder : target.seeds)
            if (!folder.empty()) add_files_below(files, folder);
        CHECK(!files.empty());
        for (File const& file : files) {
            // The prefixes of n bytes in steps of s have n * n / (2 * s) bytes.
            std::size_t const size = file.text.size();
            std::size_t const step = std::max<std::size_t>(1, every() * size * size / (2 * target.prefix_budget));
            for (std::size_t length = 0; length < size; length += step) {
                run(target, std::string_view(file.text).substr(0, length), file.path);
            }
            run(target, file.text, file.path);
        }
    }
}

TEST_CASE("every reader survives the files of all others") {
    std::vector<File> files;
    for (std::string_view const folder : {"fixtures", "fuzz/seeds"}) add_files_below(files, folder);
    for (Target const& target : targets()) {
        if (target.picks_reader) continue;
        for (File const& file : files) run(target, file.text, file.path);
    }
}

// What libFuzzer has found, in a build of any kind: PORTCULLIS_TARGET=analysis PORTCULLIS_INPUT=FILE test_fuzz "one input"
TEST_CASE("one input", "[.]") {
    char const* const name = std::getenv("PORTCULLIS_TARGET");
    char const* const path = std::getenv("PORTCULLIS_INPUT");
    REQUIRE(name != nullptr);
    REQUIRE(path != nullptr);
    std::ifstream in(path, std::ios::binary);
    std::string const text(std::istreambuf_iterator<char>(in), {});
    for (Target const& target : targets())
        if (target.name == name) run(target, text, path);
}
