// Configurations that extend each other, and tables for some files: what holds in the end, and where it is from.
#include "catalogue/config_document.hpp"

#include <catch2/catch.hpp>
#include <map>

namespace portcullis {
namespace {

using Files = std::map<std::string, std::string>;

// Files that are called by their names, wherever they are.
ConfigDocument document_of(Files const& files, std::string const& first = "own.toml") {
    return ConfigDocument({first, files.at(first)}, [&](std::string const& name, std::string const&) {
        auto const found = files.find(name);
        return found == files.end() ? ConfigText{name, "", "cannot read " + name} : ConfigText{name, found->second};
    });
}

std::vector<std::string> texts(std::vector<ConfigWord> const& words) {
    std::vector<std::string> all;
    for (ConfigWord const& word : words) all.push_back(word.text);
    return all;
}

Config config_for(ConfigDocument const& document, std::string const& path) {
    LoadedConfig loaded = document.config(document.tables_for(path));
    for (auto const& error : loaded.errors) FAIL_CHECK(to_string(error));
    return std::move(loaded.config);
}

using Words = std::vector<std::string>;

} // namespace

TEST_CASE("of what two files say, the nearer one counts, and tables are joined") {
    auto const document = document_of({{"own.toml", "extend = \"base.toml\"\n[lint]\nignore = [\"PC503\"]\nlevels = { PC114 = \"high\" }\n[zones.lan]\ntrust = \"trusted\"\n"
                                                    "[files]\ndialect = { \"*.acl\" = \"cisco-asa\" }\n"},
                                       {"base.toml", "root = true\n[lint]\nignore = [\"PC305\", \"PC306\"]\nfail-on = \"high\"\nlevels = { PC114 = \"low\", PC2 = \"info\" }\n"
                                                     "[zones.lan]\nnetworks = [\"10.0.0.0/8\"]\ntrust = \"untrusted\"\n[files]\ndialect = { \"*\" = \"cisco-ios\" }\n"
                                                     "[[waive]]\nrule = \"PC101\"\nreason = \"lab\"\n"}});
    Config const config = config_for(document, "x");
    CHECK(texts(config.ignore) == Words{"PC503"});
    CHECK(config.fail_on == Severity::high);
    REQUIRE(config.levels.size() == 2);
    CHECK(config.levels[0].second == Severity::high);
    CHECK(config.levels[1].first.text == "PC2");
    CHECK(config.levels[1].first.file == 1);
    CHECK(config.levels[1].first.line == 5);
    REQUIRE(config.zones.size() == 1);
    CHECK(config.zones[0].trusted);
    CHECK(config.zones[0].has_networks);
    REQUIRE(config.dialects.size() == 2);
    CHECK(config.dialects[0].second == Dialect::cisco_asa); // the first that fits decides
    CHECK_FALSE(config.root);                               // it is about the search that found the nearer one
    REQUIRE(config.waives.size() == 1);
    CHECK(config.waives[0].rule.file == 1);
    REQUIRE(config.files.size() == 2);
    CHECK(config.files[1].text.find("PC101") != std::string::npos);
}

TEST_CASE("what is wrong in a file that is extended is told with its place") {
    auto const errors_of = [](Files const& files) {
        std::string text;
        for (ConfigError const& error : document_of(files).config().errors) text += to_string(error) + '\n';
        return text;
    };
    CHECK(errors_of({{"own.toml", "extend = \"base.toml\"\n[lint]\nslect = []\n"}, {"base.toml", "[lint]\n\nignroe = []\n"}}) ==
          "own.toml:3:1: unknown key 'slect' in [lint]; did you mean 'select'?\nbase.toml:3:1: unknown key 'ignroe' in [lint]; did you mean 'ignore'?\n");
    CHECK(errors_of({{"own.toml", "extend = \"base.toml\"\n"}, {"base.toml", "x = [\n"}}).starts_with("base.toml:"));
    CHECK(errors_of({{"own.toml", "\nextend = \"gone.toml\"\n"}}) == "own.toml:2:10: 'extend': cannot read gone.toml\n");
    CHECK(errors_of({{"own.toml", "extend = 1\n"}}) == "own.toml:1:10: 'extend' must be a string, not an integer\n");
    CHECK(errors_of({{"own.toml", "extend = \"own.toml\"\n"}}) == "own.toml:1:10: 'extend': own.toml extends itself in the end\n");
    CHECK(errors_of({{"own.toml", "extend = \"base.toml\"\n"}, {"base.toml", "extend = \"own.toml\"\n"}}) ==
          "base.toml:1:10: 'extend': own.toml extends itself in the end\n");
    Files many{{"own.toml", "extend = \"0\"\n"}};
    for (int i = 0; i < 9; ++i) many[std::to_string(i)] = "extend = \"" + std::to_string(i + 1) + "\"\n";
    CHECK(errors_of(many) == "6:1:10: 'extend': more than 8 files extend each other\n");
}

TEST_CASE("tables of files are joined with [lint]") {
    auto const document = document_of({{"own.toml", "[lint]\nselect = [\"PC1\", \"PC2\"]\nignore = [\"PC503\"]\nfail-on = \"low\"\nlevels = { PC114 = \"low\", PC101 = \"low\" }\n"
                                                    "[lint.per-file]\n\"lab/**\" = { ignore = [\"PC3\"], fail-on = \"critical\", levels = { PC114 = \"high\" } }\n"
                                                    "\"*.acl\" = { select = [\"PC101\"], fail-on = \"never\", levels = { PC114 = \"info\", PC102 = \"info\" } }\n"}});
    CHECK(document.tables_for("x.rules").empty());
    CHECK(document.tables_for("lab/x.rules") == std::vector<std::size_t>{0});
    CHECK(document.tables_for("lab/deep/x.acl") == std::vector<std::size_t>{0, 1});
    Config const none = config_for(document, "x.rules");
    CHECK(texts(none.ignore) == Words{"PC503"});
    CHECK(none.fail_on == Severity::low);
    CHECK(none.levels.size() == 2);
    CHECK(texts(none.per_file_rules).size() == 5); // whether they exist is checked, whatever the file
    Config const lab = config_for(document, "lab/x.rules");
    CHECK(texts(lab.ignore) == Words{"PC503", "PC3"});
    CHECK(texts(lab.select) == Words{"PC1", "PC2"});
    CHECK(lab.fail_on == Severity::critical);
    Config const both = config_for(document, "lab/x.acl");
    CHECK(texts(both.select) == Words{"PC101"});
    CHECK(texts(both.ignore) == Words{"PC503", "PC3"});
    CHECK(both.fail_on == Severity::critical); // the first table that says it decides
    std::map<std::string, Severity> levels;
    for (auto const& [word, severity] : both.levels) levels.emplace(word.text, severity);
    CHECK(levels == std::map<std::string, Severity>{{"PC101", Severity::low}, {"PC102", Severity::info}, {"PC114", Severity::high}});
}

TEST_CASE("every key of portcullis.toml says what it is for") {
    std::size_t count = 0;
    auto const check = [&](auto const& self, std::vector<TomlField> const& fields) -> void {
        for (TomlField const& field : fields) {
            INFO(field.name);
            ++count;
            CHECK(std::string(field.shape.about).ends_with('.'));
            if (field.shape.members != nullptr) self(self, field.shape.members());
        }
    };
    check(check, config_fields());
    CHECK(count > 40);
}

} // namespace portcullis
