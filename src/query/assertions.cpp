// The tables of an assertions file, key by key.
#include "portcullis/query/assertions.hpp"

#include <algorithm>
#include <array>

#include "catalogue/toml_reader.hpp"

namespace portcullis {

namespace {

constexpr std::array<std::string_view, 4> kind_names{"must_pass", "must_block", "allow_only", "same_as"};
constexpr std::string_view test_name = "[[test]]";

// One [[test]] while it is read.
struct Draft {
    Config const* config = nullptr;
    Assertion assertion;
    std::vector<TomlMember const*> kinds; // the members that say what is asserted
    TomlMember const* of = nullptr;
};

std::optional<Question> read_phrase(std::string_view text, TomlPlace at, Config const& config, TomlReport& report) {
    ParsedQuestion parsed = parse_phrase(text, config);
    if (!parsed.question) report.error(at, "in this phrase, " + parsed.error);
    return std::move(parsed.question);
}

// One phrase, or several in an array.
void read_phrases(TomlMember const& member, Draft& draft, TomlReport& report) {
    std::vector<PlacedString> phrases;
    if (auto const* text = member.value.string()) phrases.push_back({*text, member.value.at});
    else phrases = read_strings(member, report);
    // An empty list would assert nothing, but that nothing at all is allowed is something.
    if (phrases.empty() && draft.assertion.kind != Assertion::Kind::allow_only && member.value.array() != nullptr && member.value.array()->empty())
        report.error(member.value.at, '\'' + member.key + "' needs a phrase such as \"from any to self ssh\"");
    for (auto const& [text, at] : phrases)
        if (auto question = read_phrase(text, at, *draft.config, report)) draft.assertion.phrases.push_back(std::move(*question));
}

template <Assertion::Kind kind> void read_kind(TomlMember const& member, Draft& draft, TomlReport& report) {
    draft.kinds.push_back(&member);
    draft.assertion.kind = kind;
    if constexpr (kind == Assertion::Kind::same_as) draft.assertion.other = read_string(member, report).value_or("");
    else read_phrases(member, draft, report);
}

void read_name(TomlMember const& member, Draft& draft, TomlReport& report) {
    draft.assertion.name = read_string(member, report).value_or("");
    if (member.value.string() && draft.assertion.name.empty()) report.error(member.value.at, "'name' must not be empty");
}

void read_of(TomlMember const& member, Draft& draft, TomlReport& report) {
    draft.of = &member;
    if (auto const text = read_string(member, report))
        if (auto question = read_phrase(*text, member.value.at, *draft.config, report)) draft.assertion.of = std::move(*question);
}

constexpr TomlKey<Draft> test_keys[] = {
    {"name", read_name},
    {"must_pass", read_kind<Assertion::Kind::must_pass>},
    {"must_block", read_kind<Assertion::Kind::must_block>},
    {"allow_only", read_kind<Assertion::Kind::allow_only>},
    {"same_as", read_kind<Assertion::Kind::same_as>},
    {"of", read_of},
};

struct Target {
    Config const* config = nullptr;
    Assertions assertions;
};

void check(Draft const& draft, Target const& target, TomlPlace at, TomlReport& report) {
    Assertion const& assertion = draft.assertion;
    if (assertion.name.empty()) report.error(at, "a [[test]] needs a name");
    if (draft.kinds.empty()) report.error(at, "a [[test]] needs one of " + either(kind_names));
    if (draft.kinds.size() > 1)
        report.error(draft.kinds[1]->at, "a [[test]] has one of " + either(kind_names) + ", and this one has '" + draft.kinds[0]->key + "' already");
    if (draft.of != nullptr && assertion.kind != Assertion::Kind::allow_only)
        report.error(draft.of->at, "'of' belongs to allow_only");
    auto const same_name = [&](Assertion const& other) { return other.name == assertion.name; };
    if (!assertion.name.empty() && std::ranges::any_of(target.assertions.tests, same_name))
        report.error(at, "there is a [[test]] named '" + assertion.name + "' already");
}

void read_tests(TomlMember const& member, Target& target, TomlReport& report) {
    auto const* tests = read_array(member, report);
    if (!tests) return;
    for (TomlValue const& test : *tests) {
        auto const* members = test.table();
        if (!members) {
            report.error(test.at, "'test' must hold tables, not " + std::string(test.kind()));
            continue;
        }
        Draft draft{target.config, {}, {}, nullptr};
        draft.assertion.line = test.at.line;
        read_members(*members, test_keys, test_name, draft, report);
        check(draft, target, test.at, report);
        target.assertions.tests.push_back(std::move(draft.assertion));
    }
}

void read_files(TomlMember const& member, Target& target, TomlReport& report) {
    for (auto& [text, at] : read_strings(member, report)) target.assertions.files.push_back(std::move(text));
}

constexpr TomlKey<Target> root_keys[] = {{"files", read_files}, {"test", read_tests}};

} // namespace

std::string_view to_string(Assertion::Kind kind) { return kind_names[static_cast<std::size_t>(kind)]; }

LoadedAssertions load_assertions(std::string_view text, std::string_view path, Config const& config) {
    TomlDocument document = parse_toml(text, path);
    LoadedAssertions loaded{{}, std::move(document.errors)};
    TomlReport report(path, loaded.errors);
    Target target{&config, {}};
    read_members(document.root, root_keys, path, target, report);
    if (loaded.errors.empty() && target.assertions.tests.empty()) report.error({1, 1}, "there is no [[test]]");
    std::ranges::stable_sort(loaded.errors, {}, [](ConfigError const& error) { return std::pair(error.line, error.column); });
    loaded.assertions = std::move(target.assertions);
    return loaded;
}

} // namespace portcullis
