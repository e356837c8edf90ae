// Two types of one name in one namespace are one type to the linker, which takes the members of either: undefined, and
// silent but under sanitizers. So there are none.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <string>
#include <vector>

namespace fs = std::filesystem;

namespace {

// Types that a file defines at namespace scope, by their full names; those of unnamed namespaces are its own.
std::vector<std::string> types_of(fs::path const& path) {
    std::regex const opens("^namespace ?([a-z_:]*) \\{");
    std::regex const defines("^(?:struct|class|enum class) (?:alignas\\([0-9]+\\) )?([A-Z][A-Za-z0-9]*)(?: final)?(?: :[^;]*)? \\{");
    std::vector<std::string> spaces;
    std::vector<std::string> types;
    std::ifstream in(path);
    for (std::string line; std::getline(in, line);) {
        std::smatch match;
        if (std::regex_search(line, match, opens)) {
            spaces.push_back(match[1]);
        } else if (line.starts_with("} // namespace")) {
            if (!spaces.empty()) spaces.pop_back();
        } else if (std::regex_search(line, match, defines)) {
            std::string name;
            bool own = false;
            for (std::string const& space : spaces) {
                own = own || space.empty();
                name += space + "::";
            }
            if (!own) types.push_back(name + match[1].str());
        }
    }
    return types;
}

} // namespace

TEST_CASE("no two types have the same name") {
    std::map<std::string, std::string> known;
    for (char const* const folder : {"include", "grammars", "src"}) {
        for (auto const& entry : fs::recursive_directory_iterator(fs::path(PORTCULLIS_ROOT) / folder)) {
            std::string const extension = entry.path().extension();
            if (extension != ".cpp" && extension != ".hpp") continue;
            for (std::string const& type : types_of(entry.path())) {
                auto const [at, added] = known.try_emplace(type, entry.path().string());
                INFO(type << " is in " << at->second << " and in " << entry.path().string());
                CHECK(added);
            }
        }
    }
    CHECK(known.size() > 300);
}
