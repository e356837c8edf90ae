// Patterns for paths: single cases, and against a matcher that tries everything.
#include "portcullis/base/glob.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

#include "seeds.hpp"

using portcullis::glob_matches;

TEST_CASE("a pattern means what .gitignore says it means") {
    struct {
        std::string_view pattern, path;
        bool matches;
    } const cases[] = {
        {"a", "a", true}, {"a", "b", false}, {"a", "x/y/a", true}, {"a", "a/b", false}, {"a/", "x/a", true},
        {"/a", "a", true}, {"/a", "x/a", false}, {"a/b", "a/b", true}, {"a/b", "x/a/b", false},
        {"*.acl", "edge/x.acl", true}, {"*.acl", ".acl", true}, {"/*.acl", "edge/x.acl", false}, {"a*c", "abbc", true}, {"a*c", "ab/c", false},
        {"**/a", "a", true}, {"**/a", "x/y/a", true}, {"a/**", "a", false}, {"a/**", "a/b/c", true}, {"a/**/b", "a/b", true},
        {"a/**/b", "a/x/y/b", true}, {"a/**/b", "a/x/c", false}, {"**/a/**/b", "x/a/y/b", true}, {"a**b", "axxb", true},
        {"lab/**/*.rules", "lab/one.rules", true}, {"lab/**/*.rules", "lab/x/y/one.rules", true},
        {"?", "a", true}, {"?", "ab", false}, {"a?b", "a/b", false}, {"[a-c]x", "bx", true}, {"[a-c]x", "dx", false}, {"[!a-c]x", "dx", true},
        {"[^a]", "a", false}, {"[]a]", "]", true}, {"[a-]", "-", true}, {"[\\]]", "]", true}, {"[", "[", false}, {"[a", "a", false},
        {"\\*", "*", true}, {"\\*", "a", false}, {"\\", "\\", false}, {"a\\ ", "a ", true}, {"", "a", false}, {"/", "a", false}, {"*", "", true},
        {"\xC3\xA4*", "\xC3\xA4x", true}, {"[\x80-\xFF]", "\xE9", true},
    };
    for (auto const& each : cases) {
        INFO(each.pattern << " on " << each.path);
        CHECK(glob_matches(each.pattern, each.path) == each.matches);
    }
}

namespace {

// Tries every split; small inputs only.
bool slow(std::string const& pattern, std::string const& text) {
    if (pattern.empty()) return text.empty();
    if (pattern[0] == '*') return slow(pattern.substr(1), text) || (!text.empty() && slow(pattern, text.substr(1)));
    return !text.empty() && (pattern[0] == '?' || pattern[0] == text[0]) && slow(pattern.substr(1), text.substr(1));
}

bool slow(std::vector<std::string> pattern, std::vector<std::string> path) {
    if (pattern.empty()) return path.empty();
    std::vector<std::string> const rest(pattern.begin() + 1, pattern.end());
    std::vector<std::string> const below(path.begin() + (path.empty() ? 0 : 1), path.end());
    if (pattern[0] == "**") return (!rest.empty() && slow(rest, path)) || (!path.empty() && (slow(pattern, below) || (rest.empty() && below.empty())));
    return !path.empty() && slow(pattern[0], path[0]) && slow(rest, below);
}

std::string joined(std::vector<std::string> const& parts) {
    std::string text;
    for (std::string const& part : parts) text += (text.empty() ? "" : "/") + part;
    return text;
}

} // namespace

TEST_CASE("patterns with many stars are answered as by trying everything, and soon") {
    std::size_t matches = 0;
    for (unsigned seed = 1; seed <= seeds(2000); ++seed) {
        std::mt19937 dice(seed);
        auto const word = [&](std::string_view letters) {
            std::string text;
            for (auto length = 1 + dice() % 4; length > 0; --length) text += letters[dice() % letters.size()];
            return text;
        };
        std::vector<std::string> pattern, path;
        for (auto parts = 2 + dice() % 3; parts > 0; --parts) pattern.push_back(dice() % 3 == 0 ? "**" : word("ab*?"));
        for (auto parts = 1 + dice() % 4; parts > 0; --parts) path.push_back(word("ab"));
        for (std::string& part : pattern)
            if (part.find_first_not_of('*') == std::string::npos && part != "*") part = "**"; // other runs of stars are one star
        bool const wanted = slow(pattern, path);
        matches += wanted;
        INFO("seed " << seed << ": " << joined(pattern) << " on " << joined(path));
        CHECK(glob_matches(joined(pattern), joined(path)) == wanted);
    }
    CHECK(matches > 50);
    std::string stars;
    for (int i = 0; i < 2000; ++i) stars += "*a";
    CHECK_FALSE(glob_matches(stars + "b", std::string(20000, 'a')));
    std::string parts = "**";
    for (int i = 0; i < 500; ++i) parts += "/a/**";
    std::string path = "a";
    for (int i = 0; i < 5000; ++i) path += "/a";
    CHECK_FALSE(glob_matches(parts + "/b", path));
}
