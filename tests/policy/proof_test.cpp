// Policies in, rulesets out: equal for every target, by packet sets and by the interpreter; and whatever changes the packets
// of a text is noticed.
#include <catch2/catch.hpp>
#include <array>
#include <cstdlib>
#include <random>
#include <regex>

#include "policy/plain_policy.hpp"
#include "policy/ready_policies.hpp"
#include "policy/renumber.hpp"
#include "policy/text_lines.hpp"
#include "portcullis/engine/compare.hpp"
#include "portcullis/engine/interpret.hpp"
#include "portcullis/lint/changes.hpp"
#include "portcullis/lint/lint.hpp"
#include "portcullis/policy/generate.hpp"
#include "seeds.hpp"

using namespace portcullis;

namespace {

constexpr std::chrono::year_month_day today = std::chrono::year(2026) / 11 / 29;
constexpr Target targets[] = {Target::nftables, Target::iptables, Target::ip6tables};

Policy load(Sources& sources, std::string text) {
    LoadedPolicy loaded = load_policy(sources, sources.add("p.toml", std::move(text)), today);
    for (ConfigError const& error : loaded.errors) UNSCOPED_INFO(to_string(error));
    REQUIRE(loaded.errors.empty());
    return std::move(loaded.policy);
}

Path const* path_of(std::vector<Path> const& paths, Path::Kind kind) {
    for (Path const& path : paths)
        if (path.kind == kind) return &path;
    return nullptr;
}

} // namespace

TEST_CASE("random policies come to rulesets that are equal to them") {
    std::size_t passed = 0, stopped = 0, rated = 0;
    for (unsigned each = 0; each < seeds(60); ++each) { // each policy for all targets
        unsigned const seed = each / std::size(targets);
        Target const target = targets[each % std::size(targets)];
        Sources sources;
        std::string const text = random_policy(seed);
        Policy const policy = load(sources, text);
        Space space;
        Generated const made = generate(space, policy, target, {"p.toml", "0", "test"}, sources);
        INFO(text << '\n' << made.text);
        for (Finding const& loss : made.losses.all()) UNSCOPED_INFO(loss.args.at("construct") << ": " << loss.args.at("why"));
        REQUIRE(made.losses.empty());
        REQUIRE(is_whole(made.reading));
        REQUIRE(made.gaps.empty());
        std::vector<Path> const paths = find_paths(made.reading.ruleset);
        for (Path::Kind const kind : {Path::Kind::to_host, Path::Kind::through, Path::Kind::from_host}) {
            Path const* const path = path_of(paths, kind);
            REQUIRE(path != nullptr);
            for (unsigned i = 0; i < 100; ++i) {
                Packet const packet = random_packet(each * 300 + i, kind);
                bool const governed = packet.family() == Family::v4 ? target != Target::ip6tables : target != Target::iptables;
                if (!governed) continue;
                if (kind == Path::Kind::to_host && publication_of(policy, packet) != nullptr) continue; // it goes on to another host
                INFO(to_text(packet) << " " << path->name);
                Decision const decision = interpret(made.reading.ruleset, *path, packet);
                std::size_t accepts = 0;
                for (Outcome const& outcome : decision.outcomes) accepts += outcome.fate == Fate::accept ? 1 : 0;
                Passes const does = accepts == 0 ? Passes::never : accepts == decision.outcomes.size() ? Passes::always : Passes::at_a_rate;
                CHECK(does == plainly(policy, kind, packet));
                (does == Passes::never ? stopped : does == Passes::always ? passed : rated) += 1;
            }
        }
    }
    // The packets see all that can become of one.
    CHECK(passed > seeds(60));
    CHECK(stopped > seeds(60));
    CHECK(rated > 0);
}

TEST_CASE("sets in other numbers are equal, meet and leave each other out as they did") {
    std::mt19937 dice(7);
    auto const random_set = [&](unsigned bits) {
        std::vector<Interval> intervals;
        for (std::size_t i = 0, count = dice() % 4; i < count; ++i) {
            U128 const first = (U128{dice()} << 96U | dice()) & max_value(bits);
            intervals.push_back({first, dice() % 3 == 0 ? max_value(bits) : std::min(first + dice() % 1000, max_value(bits))});
        }
        return IntervalSet::of(std::move(intervals));
    };
    for (Field const field : {Field::src4, Field::dst6, Field::iif}) {
        unsigned const bits = info(field).bits;
        for (int round = 0; round < 200; ++round) {
            Renumbering numbers;
            std::vector<IntervalSet> sets{IntervalSet{}, IntervalSet::all(bits)};
            for (int i = 0; i < 6; ++i) sets.push_back(random_set(bits));
            for (IntervalSet const& set : sets) numbers.add(field, set);
            numbers.number();
            for (IntervalSet const& a : sets)
                for (IntervalSet const& b : sets) {
                    CHECK((numbers.of(field, a) == numbers.of(field, b)) == (a == b));
                    CHECK(numbers.of(field, a.intersected(b)) == numbers.of(field, a).intersected(numbers.of(field, b)));
                    CHECK(numbers.of(field, a.minus(b)) == numbers.of(field, a).minus(numbers.of(field, b)));
                }
        }
    }
    Renumbering numbers;
    numbers.add(Field::src4, IntervalSet(10, 19));
    numbers.number();
    CHECK(numbers.of(Field::src4, IntervalSet(0, 9)) == numbers.of(Field::src4, IntervalSet(0, 19)).minus(numbers.of(Field::src4, IntervalSet(10, 19))));
    CHECK_THROWS_AS(numbers.of(Field::src4, IntervalSet(10, 18)), std::logic_error);
    CHECK_THROWS_AS(numbers.of(Field::src4, IntervalSet(9, 19)), std::logic_error);
}

TEST_CASE("the ready policies are proved for every target, and nothing is wrong in what they come to") {
    auto const policies = policies_for_linux();
    CHECK(policies.size() == 7);
    for (auto const& [name, text] : policies) {
        for (Target const target : targets) {
            auto sources = std::make_shared<Sources>();
            Policy const policy = load(*sources, text);
            Space space;
            Generated made = generate(space, policy, target, {name, "0", "test"}, *sources);
            INFO(name << '\n' << made.text);
            LintOptions options;
            CHECK(made.losses.empty());
            CHECK(made.gaps.empty());
            CHECK(!made.translates_otherwise);
            FileResult const result = lint(sources, made.source, dialect_of(target), std::move(made.reading), options);
            CHECK(result.complete);
            for (Diagnostic const& finding : result.findings) {
                INFO(finding.message);
                CHECK(finding.severity < Severity::medium);
            }
        }
    }
}

TEST_CASE("a rate has to be there, and an optional one may be") {
    std::string const statement = "[[allow]]\nname = \"ssh\"\nfrom = [\"10.0.0.0/8\"]\nto = [\"self\"]\nservices = [\"ssh\"]\n";
    std::string const rate = "rate = \"7/minute burst 3\"\n";
    // What a configuration does that limits, that does not, and that stops all.
    enum Gaps { none, beyond, within };
    struct Case {
        std::string policy;
        Gaps limited, unlimited, stopped;
    };
    Case const cases[] = {
        {statement, within, none, within},
        {statement + rate, none, beyond, within},
        {statement + rate + "rate-optional = false\n", none, beyond, within},
        {statement + rate + "rate-optional = true\n", none, none, within},
        // Another statement lets some of it through always.
        {statement + rate + "rate-optional = true\n[[allow]]\nname = \"one\"\nfrom = [\"10.0.0.1\"]\nto = [\"self\"]\nservices = [\"ssh\"]\n", within, none, within},
    };
    for (Case const& each : cases)
        for (Target const target : {Target::nftables, Target::iptables}) {
            Sources sources;
            Policy const policy = load(sources, each.policy), limited = load(sources, statement + rate), plain = load(sources, statement),
                         stopped = load(sources, "[[allow]]\nname = \"ssh\"\nfrom = [\"192.0.2.1\"]\nto = [\"self\"]\nservices = [\"tcp/1\"]\nexpires = 2020-01-01\n");
            Space space;
            auto const check = [&](Policy const& configured, Gaps expected) {
                Generated const made = generate(space, configured, target, {"p.toml", "0", "test"}, sources);
                REQUIRE(made.gaps.empty());
                auto const gaps = find_gaps(space, policy, made.reading.ruleset);
                INFO(each.policy << made.text);
                CHECK(gaps.size() == (expected == none ? 0 : 1));
                for (Gap const& gap : gaps) {
                    CHECK(gap.path.kind == Path::Kind::to_host);
                    CHECK(gap.beyond.empty() == (expected != beyond));
                    CHECK(gap.within.empty() == (expected != within));
                    CHECK(!describe(space, policy, made.reading.ruleset, gaps, Catalogue::built_in()).empty());
                }
            };
            check(limited, each.limited);
            check(plain, each.unlimited);
            check(stopped, each.stopped);
            // Whether optional or not, where a target can count, what is generated does.
            bool const has_rate = policy.statements.front().rate.has_value();
            Generated const made = generate(space, policy, target, {"p.toml", "0", "test"}, sources);
            CHECK((made.text.find(target == Target::nftables ? "limit rate 7/minute burst 3 packets accept" : "--limit 7/min") != std::string::npos) == has_rate);
        }
}

TEST_CASE("a rate is a limit that is kept and exceeded, and neither a mark nor any other match") {
    std::string const statement = "[[allow]]\nname = \"ssh\"\nfrom = [\"10.0.0.0/8\"]\nto = [\"self\"]\nservices = [\"ssh\"]\n";
    Sources sources;
    Policy const required = load(sources, statement + "rate = \"7/minute\"\n"), optional = load(sources, statement + "rate = \"7/minute\"\nrate-optional = true\n");
    struct Case {
        Target target;
        std::vector<std::string> rules; // instead of the one that accepts
        bool beyond, within;            // where the rate has to be
        bool stopped = false;           // where it may be left out, what is within is stopped
    };
    std::string const ssh = "ip saddr 10.0.0.0/8 tcp dport 22 ", tables = "-s 10.0.0.0/8 -p tcp -m tcp --dport 22 ";
    Case const cases[] = {
        {Target::nftables, {ssh + "accept"}, true, false},
        {Target::nftables, {ssh + "limit rate 7/minute accept"}, false, false},
        {Target::nftables, {ssh + "limit rate 7/minute accept", ssh + "limit rate 3/minute accept"}, false, false},
        {Target::nftables, {ssh + "limit rate over 7/minute drop", ssh + "accept"}, false, false},
        {Target::nftables, {ssh + "update @s { ip saddr limit rate 7/minute } accept"}, false, false},
        {Target::nftables, {ssh + "add @s { ip saddr limit rate over 7/minute } drop", ssh + "accept"}, false, false},
        {Target::iptables, {tables + "-m limit --limit 7/min -j ACCEPT"}, false, false},
        {Target::iptables, {tables + "-m hashlimit --hashlimit-upto 7/min --hashlimit-mode srcip --hashlimit-name s -j ACCEPT"}, false, false},
        {Target::iptables, {tables + "-m hashlimit --hashlimit-above 7/min --hashlimit-mode srcip --hashlimit-name s -j DROP", tables + "-j ACCEPT"}, false, false},
        // Only what is too much passes.
        {Target::nftables, {ssh + "limit rate over 7/minute accept"}, true, true, true},
        {Target::nftables, {ssh + "limit rate 7/minute drop", ssh + "accept"}, true, true, true},
        {Target::nftables, {ssh + "add @s { ip saddr limit rate over 7/minute } accept"}, true, true, true},
        {Target::iptables, {tables + "-m hashlimit --hashlimit-above 7/min --hashlimit-mode srcip --hashlimit-name s -j ACCEPT"}, true, true, true},
        // What decides is something else.
        {Target::nftables, {ssh + "meta mark 5 accept"}, true, true, true},
        {Target::nftables, {ssh + "meta mark 5 drop", ssh + "accept"}, true, true, true},
        {Target::nftables, {ssh + "ct status & assured == assured accept"}, true, true, true},
        {Target::nftables, {ssh + "meta hour \"08:00\"-\"17:00\" accept"}, true, true, true},
        {Target::nftables, {ssh + "ct count over 3 drop", ssh + "accept"}, true, true, true},
        {Target::nftables, {ssh + "meta mark 5 accept", ssh + "limit rate 7/minute accept"}, true, false},
        {Target::iptables, {tables + "-m recent --update --seconds 60 --hitcount 4 -j DROP", tables + "-j ACCEPT"}, true, true, true},
        {Target::nftables, {}, false, true, true},
    };
    for (Case const& each : cases) {
        Space space;
        std::string text = generate(space, load(sources, statement), each.target, {"p.toml", "0", "test"}, sources).text;
        bool const nft = each.target == Target::nftables;
        std::size_t const begin = text.find(nft ? "\t\t" + ssh + "accept" : "-A INPUT " + tables);
        REQUIRE(begin != std::string::npos);
        std::string rules;
        for (std::string const& rule : each.rules) rules += (nft ? "\t\t" : "-A INPUT ") + rule + '\n';
        text.replace(begin, text.find('\n', begin) + 1 - begin, rules);
        if (nft) text.insert(text.find("\tchain"), "\tset s { type ipv4_addr; flags dynamic; timeout 1m; }\n");
        INFO(text);
        Reading const reading = read(sources, sources.add("t", text), dialect_of(each.target));
        REQUIRE(is_whole(reading));
        for (Policy const* const policy : {&required, &optional}) {
            auto const gaps = find_gaps(space, *policy, reading.ruleset);
            bool const beyond = each.beyond && policy == &required, within = policy == &required ? each.within : each.stopped;
            INFO((policy == &required ? "required" : "optional"));
            REQUIRE(gaps.size() == (beyond || within ? 1 : 0));
            if (gaps.empty()) continue;
            CHECK(gaps.front().beyond.empty() != beyond);
            CHECK(gaps.front().within.empty() != within);
            auto const changes = describe(space, *policy, reading.ruleset, gaps, Catalogue::built_in()); // throws where the interpreter disagrees
            for (Change const& change : changes)
                CHECK(change.traffic.front().before.reason == (change.kind == ChangeKind::allowed ? "beyond its rate" : ""));
        }
    }
}

TEST_CASE("a random policy without its rate is equal where the rate is optional, and is seen where it is not") {
    std::size_t rated = 0;
    for (unsigned seed = 0; seed < seeds(60); ++seed) {
        Sources sources;
        std::string const text = random_policy(95'000 + seed);
        Policy policy = load(sources, text);
        auto const limited = std::ranges::find_if(policy.statements, [](Statement const& each) { return each.rate.has_value(); });
        if (limited == policy.statements.end()) continue;
        // By the statements alone: whether any packet is limited.
        Target const target = targets[seed % std::size(targets)];
        bool some = false;
        for (unsigned i = 0; i < 400; ++i) {
            Path::Kind const kind = std::array{Path::Kind::to_host, Path::Kind::through, Path::Kind::from_host}[i % 3];
            Packet const packet = random_packet(seed * 400 + i, kind);
            bool const asked = target == Target::nftables || (packet.family() == Family::v4) == (target == Target::iptables);
            some = some || (asked && plainly(policy, kind, packet) == Passes::at_a_rate);
        }
        Space space;
        auto const gaps_of = [&](Policy const& made_of, bool optional) {
            limited->rate_optional = optional;
            return find_gaps(space, policy, generate(space, made_of, target, {"p.toml", "0", "test"}, sources).reading.ruleset);
        };
        Policy unlimited = policy, without = policy;
        std::size_t const at = static_cast<std::size_t>(limited - policy.statements.begin());
        unlimited.statements[at].rate.reset();
        without.statements.erase(without.statements.begin() + static_cast<std::ptrdiff_t>(at));
        INFO(text);
        CHECK(gaps_of(policy, false).empty());
        CHECK(gaps_of(policy, true).empty());
        CHECK(gaps_of(unlimited, true).empty());
        auto const is_within = [](Gap const& gap) { return gap.beyond.empty() && !gap.within.empty(); };
        auto const is_beyond = [](Gap const& gap) { return !gap.beyond.empty() && gap.within.empty(); };
        auto const loose = gaps_of(unlimited, false), strict = gaps_of(without, true), none = gaps_of(without, false);
        CHECK(std::ranges::all_of(loose, is_beyond));
        CHECK(std::ranges::all_of(strict, is_within));
        CHECK(std::ranges::all_of(none, is_within));
        CHECK(strict.size() == none.size());
        CHECK(strict.size() == loose.size());
        if (some) CHECK(!loose.empty());
        rated += some ? 1 : 0;
    }
    CHECK(rated > seeds(60) / 12);
}

TEST_CASE("what packets bring with them, a mark or a translation elsewhere, is in the witness") {
    Sources sources;
    Policy const policy = load(sources, "[[allow]]\nname = \"https\"\nfrom = [\"any\"]\nto = [\"self\"]\nservices = [\"https\"]\n");
    Space space;
    std::string const made = generate(space, policy, Target::nftables, {"p.toml", "0", "test"}, sources).text;
    std::string const here = "only new connections from here on\"\n";
    REQUIRE(made.find(here) != std::string::npos);
    struct Case {
        std::string rule, witness;
        bool beyond;
    };
    for (Case const& each : {Case{"meta mark 5 tcp dport 22 accept", " mark=0x5", true}, Case{"ct mark & 4 == 4 tcp dport 22 accept", " ct mark=0x4", true},
                             Case{"ct status & dnat == dnat tcp dport 22 accept", " ct status=dnat", true}, Case{"meta mark 5 drop", " mark=0x5", false},
                             Case{"ct status & assured == assured tcp dport 443 drop", " ct status=assured", false}}) {
        std::string text = made;
        text.insert(text.find(here) + here.size(), each.rule + '\n');
        INFO(text);
        Reading const reading = read(sources, sources.add("t", text), Dialect::nftables);
        REQUIRE(is_whole(reading));
        auto const gaps = find_gaps(space, policy, reading.ruleset);
        REQUIRE(gaps.size() == 1);
        CHECK(gaps.front().beyond.empty() != each.beyond);
        CHECK(gaps.front().within.empty() == each.beyond);
        auto const changes = describe(space, policy, reading.ruleset, gaps, Catalogue::built_in()); // throws where the interpreter disagrees
        REQUIRE(changes.size() == 1);
        CHECK_THAT(to_text(changes.front().traffic.front().witness), Catch::Contains(each.witness));
    }
}

// ---- mutations

namespace {

// One small change of one line, as somebody makes by mistake.
void mutate(Lines& lines, std::mt19937& dice) {
    std::size_t const at = dice() % lines.size();
    std::string& line = lines[at];
    static std::pair<std::regex, std::string> const changes[] = {
        {std::regex("\\baccept\\b"), "drop"},
        {std::regex("\\bdrop\\b"), "accept"},
        {std::regex("-j ACCEPT"), "-j DROP"},
        {std::regex("-j DROP"), "-j ACCEPT"},
        {std::regex("established,related"), "related"},
        {std::regex("RELATED,ESTABLISHED"), "RELATED"},
        {std::regex("dport (\\d)"), "dport 1$1"},
        {std::regex("/(\\d)(\\d)?\\b"), "/$1"},
        {std::regex("\"eth0\"|\\beth0\\b"), "eth7"},
        {std::regex("-i "), "! -i "},
        {std::regex("ct state != new"), "ct state new"},
        {std::regex("limit rate \\S+ burst \\S+ packets accept"), "accept"},
        {std::regex("-m limit --limit \\S+ --limit-burst \\S+ (.*-j ACCEPT)"), "$1"},
        {std::regex("tcp dport"), "udp dport"},
        {std::regex("jump denied"), "accept"},
    };
    std::size_t const kind = dice() % (std::size(changes) + 2);
    if (kind < std::size(changes))
        line = std::regex_replace(line, changes[kind].first, changes[kind].second, std::regex_constants::format_first_only);
    else if (kind == std::size(changes))
        lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(at));
    else if (at + 1 < lines.size())
        std::swap(lines[at], lines[at + 1]);
}

} // namespace

TEST_CASE("whatever changes the packets of a generated text is noticed, with a witness") {
    std::mt19937 dice(20261129);
    std::size_t const wanted = std::min<std::size_t>(500, 500 * seeds(60) / 60);
    std::size_t noticed = 0, harmless = 0;
    auto const policies = policies_for_linux();
    for (std::size_t round = 0; noticed < wanted; ++round) {
        REQUIRE(round < 400);
        Sources sources;
        std::string const text = round % 4 == 0 ? std::next(policies.begin(), static_cast<std::ptrdiff_t>((round / 4) % policies.size()))->second
                                                 : random_policy(5000 + static_cast<unsigned>(round));
        Policy policy = load(sources, text);
        for (Statement& statement : policy.statements) statement.rate_optional = false; // else a text without it is right too
        Target const target = targets[round % 3];
        Space space;
        Generated const made = generate(space, policy, target, {"p.toml", "0", "test"}, sources);
        REQUIRE(made.gaps.empty());
        Lines const original = lines_of(made.text);
        for (int tries = 0; tries < 40 && noticed < wanted; ++tries) {
            Lines lines = original;
            mutate(lines, dice);
            if (lines == original) continue;
            std::string const mutant = text_of(lines);
            SourceId const source = sources.add("mutant", mutant);
            Reading const reading = read(sources, source, dialect_of(target));
            if (!is_whole(reading)) continue;
            // Another judge: the comparison of the two rulesets, which knows of no policy.
            Comparison const comparison(made.reading.ruleset, reading.ruleset);
            bool changed = false;
            for (Difference const& difference : comparison.differences())
                changed = changed || !difference.added.empty() || !difference.removed.empty();
            Space own;
            auto const gaps = find_gaps(own, policy, reading.ruleset);
            INFO(text << '\n' << mutant);
            if (!changed) {
                ++harmless;
                CHECK(gaps.empty());
                continue;
            }
            REQUIRE(!gaps.empty());
            auto const changes = describe(own, policy, reading.ruleset, gaps, Catalogue::built_in()); // throws where the interpreter disagrees
            REQUIRE(!changes.empty());
            for (Change const& change : changes) CHECK(!change.traffic.empty());
            ++noticed;
        }
    }
    CHECK(noticed == wanted);
    CHECK(harmless > 0);
}
