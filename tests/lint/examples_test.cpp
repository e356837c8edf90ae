// Every rule keeps the promise of its page: the bad example raises it on the marked lines and nowhere else, the good one
// does not raise it.
#include <algorithm>
#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <set>

#include "portcullis/base/date.hpp"
#include "portcullis/dialect/read.hpp"
#include "portcullis/lint/lint.hpp"

using namespace portcullis;

namespace {

std::set<std::uint32_t> marked_lines(std::string_view text) {
    std::set<std::uint32_t> lines;
    std::uint32_t line = 1;
    for (std::size_t at = 0; at < text.size(); ++line) {
        std::size_t const end = std::min(text.find('\n', at), text.size());
        if (text.substr(at, end - at).ends_with("<--")) lines.insert(line);
        at = end + 1;
    }
    return lines;
}

// The lines on which the rule stands, by their place in the example's own text.
std::set<std::uint32_t> lines_of(RuleInfo const& rule, Example const& example, std::string const& lines, std::string& all) {
    std::string const text = framed(example.dialect, lines);
    auto sources = std::make_shared<Sources>();
    SourceId const id = sources->add("example", text);
    Reading reading = read(*sources, id, example.dialect);
    LintOptions options;
    if (!rule.of_waivers) options.select = {rule.id}; // what is wrong with a waiver hangs on what the other rules find
    options.today = parse_date("2026-06-15");
    LoadedConfig const loaded = load_config(example.config, "portcullis.toml");
    CHECK(loaded.errors.empty());
    options.config = loaded.config;
    FileResult const result = lint(sources, id, example.dialect, std::move(reading), options);
    // Where the example begins within its frame.
    std::string const plain = framed(Dialect::cisco_xr, lines);
    std::uint32_t const shift = static_cast<std::uint32_t>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(text.find(plain)), '\n'));
    std::set<std::uint32_t> found;
    for (Diagnostic const& d : result.findings) {
        std::uint32_t const line = (*sources)[id].locate(d.finding.span.begin).line - shift;
        all += fmt::format("{}: {} {}\n", line, d.rule->id, d.message);
        if (d.rule->id == rule.id) found.insert(line);
        else if (!rule.of_waivers) found.insert(1000 + line); // an example with errors of its own is none
    }
    return found;
}

} // namespace

TEST_CASE("every example of every rule keeps its promise") {
    for (RuleInfo const& rule : rules()) {
        CHECK(!rule.examples.empty());
        for (Example const& example : rule.examples) {
            if (!example.policy.empty()) continue; // of generate and verify: tests/policy
            INFO(rule.id << ' ' << rule.slug << ' ' << to_string(example.dialect));
            std::string all;
            auto const bad = lines_of(rule, example, example.bad, all);
            INFO("bad example raised:\n" << all);
            CHECK(bad == marked_lines(example.bad));
            CHECK(!bad.empty());
            std::string good_all;
            auto const good = lines_of(rule, example, example.good, good_all);
            INFO("good example raised:\n" << good_all);
            CHECK(good.empty());
        }
    }
}

TEST_CASE("the rules' data is complete and consistent") {
    std::set<std::string> ids;
    for (RuleInfo const& rule : rules()) {
        INFO(rule.slug);
        CHECK(ids.insert(rule.id).second);
        CHECK(rule.id.size() == 5);
        CHECK(rule.id.starts_with("PC"));
        CHECK(find_rule(rule.id) == &rule);
        CHECK(find_rule(rule.slug) == &rule);
        for (std::string const& service : rule.services) {
            INFO(service);
            CHECK(Catalogue::built_in().find(service) != nullptr);
        }
    }
    CHECK(find_rule("no-such-rule") == nullptr);
    CHECK(unknown_rule("telnet-expose") == "unknown rule 'telnet-expose'; did you mean 'telnet-exposed'?");
    CHECK(!unknown_rule("PC1"));
}
