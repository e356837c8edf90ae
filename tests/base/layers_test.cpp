// The table of docs/design.md is true: a folder includes only what stands below it, its own, and the libraries that are
// its business.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <string>
#include <vector>

namespace fs = std::filesystem;

namespace {

struct Layer {
    std::string name;
    std::vector<std::string> folders;   // below the project's root
    std::vector<std::string> may_use;   // other layers
    std::vector<std::string> libraries; // by the first part of an include in angle brackets
};

std::vector<Layer> const layers{
    {"base", {"src/base", "include/portcullis/base"}, {}, {"utf8proc.h"}},
    {"model", {"src/model", "include/portcullis/model"}, {"base"}, {"fmt"}},
    {"grammars", {"grammars"}, {"base"}, {"boost"}},
    {"engine", {"src/engine", "include/portcullis/engine"}, {"base", "model"}, {}},
    {"catalogue", {"src/catalogue", "include/portcullis/catalogue"}, {"base", "model", "engine"}, {"toml++", "fmt"}},
    {"dialect", {"src/dialect", "include/portcullis/dialect"}, {"base", "model", "grammars", "engine", "catalogue"}, {"nlohmann", "fmt"}},
    {"query", {"src/query", "include/portcullis/query"}, {"base", "model", "engine", "catalogue", "dialect"}, {}},
    {"policy", {"src/policy", "include/portcullis/policy"}, {"base", "model", "engine", "catalogue", "dialect"}, {"fmt"}},
    {"lint", {"src/lint", "include/portcullis/lint"}, {"base", "model", "engine", "catalogue", "dialect", "query", "policy"}, {"toml++", "fmt"}},
    {"report", {"src/report", "include/portcullis/report"}, {"base", "model", "engine", "catalogue", "query", "lint"}, {"nlohmann", "fmt", "pugixml.hpp", "utf8proc.h"}},
    {"lsp", {"src/lsp"}, {"base", "model", "grammars", "engine", "catalogue", "dialect", "query", "lint", "report"}, {"nlohmann", "fmt"}},
    {"app", {"src/app"}, {"base", "model", "engine", "catalogue", "dialect", "query", "policy", "lint", "report", "lsp"}, {"CLI", "nlohmann", "fmt"}},
};

// The layer that an include in quotes belongs to.
std::string layer_of(std::string const& include) {
    std::smatch parts;
    if (std::regex_search(include, parts, std::regex("^portcullis/([a-z]+)/"))) return parts[1];
    if (std::regex_search(include, parts, std::regex("^([a-z]+)/"))) return parts[1];
    return "";
}

} // namespace

TEST_CASE("every include goes down the layers") {
    std::regex const quoted("^ *#include \"([^\"]+)\"");
    std::regex const angled("^ *#include <([^/>]+)(/[^>]*)?>");
    std::vector<std::string> const guarded{"boost", "toml++", "CLI", "nlohmann", "fmt", "utf8proc.h", "pugixml.hpp"};
    std::size_t files = 0;
    for (Layer const& layer : layers) {
        for (std::string const& folder : layer.folders) {
            for (auto const& entry : fs::recursive_directory_iterator(fs::path(PORTCULLIS_ROOT) / folder)) {
                std::string const extension = entry.path().extension();
                if (extension != ".cpp" && extension != ".hpp") continue;
                ++files;
                bool const is_public = folder.starts_with("include/");
                std::ifstream in(entry.path());
                std::size_t lines = 0;
                for (std::string line; std::getline(in, line); ++lines) {
                    INFO(entry.path().string() << ": " << line);
                    // A file opens with what it is about; one that implements a header of its name need not say it again.
                    std::smatch match;
                    if (std::regex_search(line, match, quoted)) {
                        std::string const used = layer_of(match[1]);
                        bool const own = used == layer.name;
                        CHECK((own || std::find(layer.may_use.begin(), layer.may_use.end(), used) != layer.may_use.end()));
                        if (is_public) CHECK(std::string(match[1]).starts_with("portcullis/"));
                    } else if (std::regex_search(line, match, angled)) {
                        std::string const library = match[1];
                        if (std::find(guarded.begin(), guarded.end(), library) == guarded.end()) continue;
                        CHECK(std::find(layer.libraries.begin(), layer.libraries.end(), library) != layer.libraries.end());
                        CHECK(!is_public); // an embedding program sees the standard library only
                        if (library == "boost") CHECK((extension == ".cpp" || entry.path().filename() != "parse.hpp"));
                    }
                }
            }
        }
    }
    CHECK(files > 50);
}
