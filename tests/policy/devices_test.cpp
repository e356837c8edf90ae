// Two rulesets compared as devices: what it says of texts that one policy became, of these with a mistake in one, and of
// configurations by hand; against packet sets way by way, and the interpreter.
#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <map>
#include <random>
#include <regex>

#include "policy/list_device.hpp"
#include "policy/new_connections.hpp"
#include "policy/plain_policy.hpp"
#include "policy/text_lines.hpp"
#include "portcullis/dialect/read.hpp"
#include "portcullis/lint/changes.hpp"
#include "portcullis/policy/devices.hpp"
#include "portcullis/policy/generate.hpp"
#include "seeds.hpp"

using namespace portcullis;
using Catch::Contains;

namespace {

constexpr std::chrono::year_month_day today = std::chrono::year(2026) / 11 / 29;
constexpr Target targets[] = {Target::nftables,     Target::iptables,  Target::ip6tables,    Target::cisco_ios,
                              Target::cisco_ios_xe, Target::cisco_asa, Target::cisco_nxos, Target::cisco_xr};

struct Text {
    SourceId source = 0;
    Reading reading;
};

DeviceComparison compared(Sources const& sources, Text const& before, Text const& after, DeviceOptions options = {}) {
    options.own_before = own_addresses(sources, before.source, before.reading.ruleset);
    options.own_after = own_addresses(sources, after.source, after.reading.ruleset);
    return compare_devices(before.reading.ruleset, after.reading.ruleset, options);
}

std::string joined(std::vector<std::string> const& sentences) { return fmt::format("{}", fmt::join(sentences, "\n")); }

// What the policy becomes on all targets; nothing where some of them cannot say all of it.
std::map<Target, Text> texts_of(Sources& sources, Policy const& policy) {
    std::map<Target, Text> made;
    for (Target const target : targets) {
        Space space;
        Generated each = generate(space, policy, target, {"p.toml", "0", "test"}, sources);
        if (!each.losses.empty()) return {};
        made[target] = {each.source, std::move(each.reading)};
    }
    return made;
}

Policy some_policy(Sources& sources, unsigned seed, std::string& text) {
    text = random_policy(seed, Interfaces::of_lists);
    LoadedPolicy loaded = load_policy(sources, sources.add("p.toml", text), today);
    REQUIRE(loaded.errors.empty());
    return without_optional_rates(std::move(loaded.policy)); // chains would have them, lists not, and that is a difference
}

} // namespace

TEST_CASE("what one policy became on two targets of different kinds is equal as devices") {
    std::size_t pairs = 0;
    for (unsigned seed = 0, policies = 0; policies < seeds(60) / 15 + 1; ++seed) {
        Sources sources;
        std::string text;
        Policy const policy = some_policy(sources, 80'000 + seed, text);
        auto const made = texts_of(sources, policy);
        if (made.empty()) continue;
        ++policies;
        for (auto const& [one, before] : made)
            for (auto const& [other, after] : made) {
                if (of_one_kind(before.reading.ruleset, after.reading.ruleset)) continue;
                DeviceComparison comparison = compared(sources, before, after);
                std::string witness;
                for (Change const& change : describe(comparison, Catalogue::built_in()))
                    witness += change.way + ": " + to_text(change.traffic.front().witness) + '\n';
                INFO(text << to_string(dialect_of(one)) << " and " << to_string(dialect_of(other)) << '\n' << witness << joined(comparison.notes));
                CHECK(comparison.differences.empty());
                CHECK(comparison.notes.empty());
                ++pairs;
            }
    }
    CHECK(pairs > 100);
}

namespace {

// One small change of one line, as somebody makes by mistake.
void mutate(Lines& lines, std::mt19937& dice) {
    static Replacement const changes[] = {
        {std::regex("\\bpermit\\b"), "deny"},   {std::regex("\\bdeny\\b"), "permit"},     {std::regex("\\baccept\\b"), "drop"},
        {std::regex("-j ACCEPT"), "-j DROP"},    {std::regex("\\bdrop\\b"), "accept"},     {std::regex("-j DROP"), "-j ACCEPT"},
        {std::regex("eq (\\d)"), "eq 1$1"},      {std::regex("dport (\\d)"), "dport 1$1"}, {std::regex("/(\\d)(\\d)\\b"), "/$1"},
        {std::regex("host \\S+"), "any"},        {std::regex("\\btcp\\b"), "udp"},         {std::regex("\\be0\\b"), "e1"},
    };
    Lines const original = lines;
    for (int tries = 0; tries < 50 && lines == original; ++tries) {
        std::size_t const at = dice() % lines.size(), kind = dice() % kinds_of_mistakes(changes);
        if (lines[at].starts_with('!') || lines[at].starts_with('#') || lines[at].find("remark") != std::string::npos) continue;
        make_mistake(lines, at, kind, changes);
    }
}

// Whether some way lets other new connections through.
bool differ(Policy const& policy, Ruleset const& a, Ruleset const& b) {
    Space space;
    std::vector<std::string> outs = policy.interfaces;
    outs.emplace_back();
    for (std::string const& in : policy.interfaces)
        for (std::string const& out : outs) {
            PacketSet const asked = question(space, policy, in, out);
            for (Family const family : {Family::v4, Family::v6})
                if (a.governs(family) && b.governs(family) && passing(space, a, family, asked, in, out) != passing(space, b, family, asked, in, out)) return true;
        }
    return false;
}

} // namespace

TEST_CASE("whatever changes new connections of one of two texts of one policy is a difference, with a witness") {
    std::mt19937 dice(20261129);
    std::size_t const wanted = seeds(60) / 2;
    std::size_t noticed = 0, harmless = 0;
    for (unsigned seed = 0; noticed < wanted; ++seed) {
        REQUIRE(seed < 40 * wanted);
        Sources sources;
        std::string text;
        Policy const policy = some_policy(sources, 81'000 + seed, text);
        auto const made = texts_of(sources, policy);
        if (made.empty()) continue;
        for (int round = 0; round < 6; ++round) {
            Target const target = targets[dice() % std::size(targets)], other = targets[dice() % std::size(targets)];
            Text const& whole = made.at(target);
            Text const& partner = made.at(other);
            if (of_one_kind(whole.reading.ruleset, partner.reading.ruleset)) continue;
            Lines lines = lines_of(std::string(sources[whole.source].text()));
            mutate(lines, dice);
            std::string const wrong = text_of(lines);
            Text mutant{sources.add("mutant", wrong), {}};
            mutant.reading = read(sources, mutant.source, dialect_of(target));
            if (!is_whole(mutant.reading)) continue;
            INFO(text << wrong << "\nbeside " << to_string(dialect_of(other)));
            DeviceComparison comparison = compared(sources, mutant, partner);
            auto const changes = describe(comparison, Catalogue::built_in()); // throws where the interpreter disagrees
            if (differ(policy, mutant.reading.ruleset, partner.reading.ruleset)) {
                REQUIRE(!changes.empty());
                for (Change const& change : changes) CHECK(!change.traffic.empty());
                ++noticed;
            } else {
                ++harmless;
            }
        }
    }
    CHECK(harmless > 0);
}
