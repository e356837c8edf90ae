// Policies in, rulesets out: equal for every target, by packet sets and by the interpreter; and whatever changes the packets
// of a text is noticed.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <regex>

#include "policy/plain_policy.hpp"
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

std::vector<std::pair<std::string, std::string>> ready_policies() {
    std::vector<std::pair<std::string, std::string>> found;
    for (auto const& entry : std::filesystem::directory_iterator(PORTCULLIS_ROOT "/rules/policies")) {
        std::ifstream in(entry.path());
        found.emplace_back(entry.path().stem().string(), std::string(std::istreambuf_iterator<char>(in), {}));
    }
    return found;
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
    auto const policies = ready_policies();
    CHECK(policies.size() == 6);
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
    auto const policies = ready_policies();
    for (std::size_t round = 0; noticed < wanted; ++round) {
        REQUIRE(round < 400);
        Sources sources;
        std::string const text = round % 4 == 0 ? policies[(round / 4) % policies.size()].second : random_policy(5000 + static_cast<unsigned>(round));
        Policy const policy = load(sources, text);
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
