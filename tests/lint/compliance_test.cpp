// The items of standards in the rules' data are spelt as the standards spell them.
#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <regex>
#include <set>

#include "portcullis/lint/rule.hpp"

using namespace portcullis;

TEST_CASE("items are of the form that their standard has, and none is there twice") {
    std::map<std::string_view, std::regex> const forms = {{"pci-dss", std::regex(R"([1-9]\d?\.\d\d?(\.\d\d?)+)")},
                                                          {"cis", std::regex(R"([1-9]\d?\.[1-9]\d?)")},
                                                          {"cis-benchmark", std::regex(R"([A-Z][A-Za-z ]+ \d(\.\d+)+)")},
                                                          {"nist-800-41", std::regex(R"([2-5]\.\d(\.\d+)?)")},
                                                          {"nist-800-53", std::regex(R"([A-Z]{2}-[1-9]\d?(\([1-9]\d?\))?)")},
                                                          {"stig", std::regex(R"(CISC-(RT|ND)-\d{6})")}};
    REQUIRE(forms.size() == standards().size());
    std::size_t tagged = 0;
    for (RuleInfo const& rule : rules()) {
        std::set<std::string> known;
        for (Compliance const& part : rule.compliance) {
            CHECK(!part.items.empty());
            for (std::string const& item : part.items) {
                INFO(rule.id << ' ' << part.standard->key << ' ' << item);
                CHECK(std::regex_match(item, forms.at(part.standard->key)));
                CHECK(known.insert(std::string(part.standard->key) + ':' + item).second);
                CHECK(selects(std::string(part.standard->key) + ':' + item, rule));
            }
        }
        for (std::string const& reference : rule.references) {
            INFO(rule.id << ' ' << reference); // what has a key of its own is no reference
            CHECK(!reference.starts_with("PCI DSS"));
            CHECK(!reference.starts_with("CIS Controls"));
            CHECK(!reference.starts_with("DISA STIG"));
        }
        tagged += rule.compliance.empty() ? 0 : 1;
    }
    CHECK(tagged > 40);
}

TEST_CASE("a standard selects the rules that have items of it, and no others") {
    for (Standard const& standard : standards()) {
        auto const has = [&](RuleInfo const& rule) {
            return std::ranges::any_of(rule.compliance, [&](Compliance const& part) { return part.standard == &standard; });
        };
        CHECK(std::ranges::any_of(rules(), has));
        for (RuleInfo const& rule : rules()) CHECK(selects(standard.key, rule) == has(rule));
        CHECK(!unknown_rule(standard.key));
        CHECK(unknown_rule(std::string(standard.key) + ":0"));
    }
}
