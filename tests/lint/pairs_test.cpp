// What lint says of pairs of rules, against all packets of a small world, one by one, through the interpreter; and
// that it says nothing of a pair twice.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <map>
#include <random>
#include <set>
#include <sstream>

#include "portcullis/dialect/read.hpp"
#include "portcullis/engine/interpret.hpp"
#include "portcullis/lint/fix.hpp"
#include "portcullis/lint/lint.hpp"
#include "seeds.hpp"

using namespace portcullis;
namespace fs = std::filesystem;

namespace {

// A restore file of rules about few addresses and ports, so that they overlap; with a chain that is called, or without.
class RandomText {
  public:
    RandomText(std::uint32_t seed, bool calls) : engine_(seed) {
        text = fmt::format("*filter\n:INPUT {} [0:0]\n{}", below(2) == 0 ? "ACCEPT" : "DROP", calls ? ":USER - [0:0]\n" : "");
        std::uint32_t const count = 2 + below(7);
        for (std::uint32_t i = 0; i < count; ++i) add("INPUT", calls && below(4) == 0);
        for (std::uint32_t i = 0; calls && i < 1 + below(4); ++i) add("USER", false);
        text += "COMMIT\n";
    }

    std::string text;

  private:
    std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(engine_() % n); }

    std::string network(std::string_view prefix) {
        std::uint32_t const length = 29 + below(4);
        std::uint32_t const size = 1U << (32 - length);
        return fmt::format("{}{}/{}", prefix, below(8 / size) * size, length);
    }

    void add(std::string_view chain, bool call) {
        std::string line = fmt::format("-A {}", chain);
        if (below(2) == 0) line += fmt::format(" {}-s {}", below(8) == 0 ? "! " : "", network("10.0.0."));
        if (below(3) == 0) line += " -d " + network("10.0.1.");
        if (below(2) == 0) {
            line += below(4) == 0 ? " -p udp" : " -p tcp";
            if (below(3) > 0) {
                std::uint32_t const first = below(8);
                std::uint32_t const last = first + below(3) * below(8 - first);
                line += first == last ? fmt::format(" --dport {}", 20 + first) : fmt::format(" --dport {}:{}", 20 + first, 20 + last);
            }
        }
        constexpr std::array<char const*, 6> verdicts{"ACCEPT", "ACCEPT", "DROP", "DROP", "REJECT", "RETURN"};
        line += fmt::format(" -j {}", call ? "USER" : verdicts[below(chain == "USER" ? 6 : 5)]);
        text += line + '\n';
    }

    std::mt19937 engine_;
};

// New connections, one for each kind of packets that these rules can tell apart.
std::vector<Packet> packets() {
    std::vector<Packet> all;
    for (std::uint32_t source = 0; source <= 8; ++source) {
        for (std::uint32_t destination = 0; destination <= 8; ++destination) {
            for (std::string_view const protocol : {"tcp", "udp", "icmp"}) {
                for (std::uint32_t port = 0; port <= (protocol == "icmp" ? 0U : 8U); ++port) {
                    std::string const text =
                        protocol == "icmp"
                            ? fmt::format("icmp 10.0.0.{} > 10.0.1.{} in=eth0", source, destination)
                            : fmt::format("{} 10.0.0.{}:40000 > 10.0.1.{}:{} in=eth0 state=new", protocol, source, destination, 20 + port);
                    ParsedPacket const parsed = parse_packet(text);
                    REQUIRE(parsed.packet);
                    all.push_back(*parsed.packet);
                }
            }
        }
    }
    return all;
}

struct Linted {
    std::shared_ptr<Sources> sources = std::make_shared<Sources>();
    SourceId source = 0;
    Ruleset ruleset;
    FileResult result;
};

Linted linted(std::string text, std::vector<std::string> select, unsigned threads = 1) {
    Linted all;
    all.source = all.sources->add("fw", std::move(text));
    Reading reading = read(*all.sources, all.source, Dialect::iptables);
    REQUIRE(reading.findings.empty());
    all.ruleset = reading.ruleset;
    LintOptions options;
    options.select = std::move(select);
    options.threads = threads;
    all.result = lint(all.sources, all.source, Dialect::iptables, std::move(reading), options);
    return all;
}

std::vector<Fate> fates(Ruleset const& ruleset, std::vector<Packet> const& all) {
    std::vector<Fate> found;
    for (Packet const& packet : all) found.push_back(interpret(ruleset, 0, packet).main().fate);
    return found;
}

Ruleset without(Ruleset ruleset, Span span) {
    for (Chain& chain : ruleset.chains) std::erase_if(chain.rules, [&](Rule const& rule) { return rule.span == span; });
    return ruleset;
}

using Pair = std::pair<std::uint32_t, std::uint32_t>; // of places in the text, in order
Pair ordered(std::uint32_t a, std::uint32_t b) { return {std::min(a, b), std::max(a, b)}; }

// The pairs of which two rules of lint say something.
std::string told_twice(FileResult const& result) {
    std::map<Pair, std::string> told;
    std::string twice;
    for (Diagnostic const& d : result.findings) {
        for (Related const& related : d.finding.related) {
            Pair const pair = ordered(d.finding.span.begin, related.span.begin);
            auto const [at, added] = told.try_emplace(pair, d.rule->id);
            if (!added && at->second != d.rule->id)
                twice += fmt::format("{} and {} at {} and {}\n", at->second, d.rule->id, pair.first, pair.second);
        }
    }
    return twice;
}

std::string file_text(fs::path const& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

} // namespace

TEST_CASE("what lint calls needless can go, what it merges says the same") {
    std::vector<Packet> const all = packets();
    std::map<std::string, std::size_t> counts;
    for (std::uint32_t seed = 1; seed <= seeds(150); ++seed) {
        RandomText const random(seed, seed % 2 == 0);
        INFO("seed " << seed << '\n' << random.text);
        Linted const one = linted(random.text, {"PC2"});
        REQUIRE(one.result.complete);
        std::vector<Fate> const before = fates(one.ruleset, all);
        for (Diagnostic const& d : one.result.findings) {
            INFO(d.rule->id << " at " << d.finding.span.begin << ": " << d.message);
            ++counts[d.rule->id];
            for (std::string_view const id : {"PC201", "PC202", "PC203", "PC207", "PC209", "PC211"}) {
                if (d.rule->id == id) REQUIRE(fates(without(one.ruleset, d.finding.span), all) == before);
            }
            if (d.rule->id != "PC215") continue;
            REQUIRE(d.finding.fix);
            std::string text = random.text;
            for (auto edit = d.finding.fix->edits.rbegin(); edit != d.finding.fix->edits.rend(); ++edit)
                text.replace(edit->span.begin, edit->span.end - edit->span.begin, edit->text);
            Sources sources;
            Reading const merged = read(sources, sources.add("merged", text), Dialect::iptables);
            INFO("merged:\n" << text);
            REQUIRE(merged.findings.empty());
            REQUIRE(fates(merged.ruleset, all) == before);
        }
    }
    for (std::string const id : {"PC201", "PC202", "PC203", "PC207", "PC209", "PC211", "PC215"}) {
        INFO(id);
        CHECK(counts[id] > 0);
    }
}

TEST_CASE("every pair whose order decides is told, as what it is") {
    std::vector<Packet> const all = packets();
    std::size_t crossings = 0;
    std::size_t exceptions = 0;
    for (std::uint32_t seed = 1; seed <= seeds(150); ++seed) {
        RandomText const random(seed, false);
        INFO("seed " << seed << '\n' << random.text);
        Linted const one = linted(random.text, {"PC204", "PC205", "PC206"});
        std::set<Pair> partly;
        std::map<std::string, std::set<Pair>> found;
        for (Diagnostic const& d : one.result.findings) {
            for (Related const& related : d.finding.related) {
                Pair const pair(related.span.begin, d.finding.span.begin);
                found[d.rule->id].insert(pair);
                if (d.rule->id == "PC204") partly.insert(pair);
            }
        }
        std::vector<Rule> const& rules = one.ruleset.chains[0].rules;
        std::vector<std::vector<bool>> has(rules.size());
        std::vector<std::set<std::size_t>> decided(rules.size()); // packets, by rule
        for (std::size_t p = 0; p < all.size(); ++p) {
            for (std::size_t r = 0; r < rules.size(); ++r) has[r].push_back(matches(rules[r].match, all[p]) == true);
            auto const by = interpret(one.ruleset, 0, all[p]).main().rule;
            if (by) decided[*by].insert(p);
        }
        auto const is_accept = [&](std::size_t r) { return std::holds_alternative<Accept>(rules[r].verdict); };
        std::map<std::string, std::set<Pair>> expected;
        for (std::size_t b = 0; b < rules.size(); ++b) {
            for (std::size_t a = 0; a < b; ++a) {
                Pair const pair(rules[a].span.begin, rules[b].span.begin);
                if (is_accept(a) == is_accept(b) || decided[b].empty() || partly.contains(pair)) continue;
                bool const decides = std::any_of(decided[a].begin(), decided[a].end(), [&](std::size_t p) { return has[b][p]; });
                bool const everything = std::find(has[b].begin(), has[b].end(), false) == has[b].end();
                if (!decides) continue;
                bool inside = true; // the earlier one in the later one
                for (std::size_t p = 0; p < all.size(); ++p) inside = inside && (!has[a][p] || has[b][p]);
                if (!inside) expected["PC206"].insert(pair);
                if (inside && !everything) expected["PC205"].insert(pair);
            }
        }
        REQUIRE(found["PC206"] == expected["PC206"]);
        REQUIRE(found["PC205"] == expected["PC205"]);
        crossings += expected["PC206"].size();
        exceptions += expected["PC205"].size();
    }
    CHECK(crossings > seeds(150) / 2);
    CHECK(exceptions > seeds(150) / 16);
}

TEST_CASE("no pair of random rules is told by two rules of lint") {
    std::size_t findings = 0;
    for (std::uint32_t seed = 1; seed <= seeds(150); ++seed) {
        RandomText const random(1000 + seed, seed % 2 == 0);
        INFO("seed " << seed << '\n' << random.text);
        Linted const one = linted(random.text, {"PC2", "PC4"});
        findings += one.result.findings.size();
        REQUIRE(told_twice(one.result).empty());
    }
    CHECK(findings > seeds(150));
}

TEST_CASE("no pair in a fixture is told by two rules of lint") {
    std::size_t cases = 0;
    for (auto const& file : fs::recursive_directory_iterator(fs::path(PORTCULLIS_ROOT) / "tests/fixtures")) {
        if (!file.is_regular_file() || !file.path().filename().string().starts_with("input.")) continue;
        INFO(file.path());
        auto sources = std::make_shared<Sources>();
        SourceId const id = sources->add("input", file_text(file.path()));
        auto const dialect = detect_dialect((*sources)[id].text());
        REQUIRE(dialect);
        LintOptions options;
        options.select = {"PC2", "PC4"};
        CHECK(told_twice(lint(sources, id, *dialect, read(*sources, id, *dialect), options)) == "");
        ++cases;
    }
    CHECK(cases >= 30);
}

// Short chains share the threads, and in a long one its rules do.
TEST_CASE("what lint says of dead rules does not depend on the number of threads") {
    std::mt19937 engine(5);
    auto const below = [&](std::uint32_t n) { return static_cast<std::uint32_t>(engine() % n); };
    std::string text = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT DROP [0:0]\n";
    for (std::uint32_t i = 0; i < 9500; ++i) {
        char const* const chain = i % 38 == 0 ? "FORWARD" : i % 38 == 1 ? "OUTPUT" : "INPUT";
        text += fmt::format("-A {} -s 10.{}.{}.0/{} -p tcp --dport {} -j {}\n", chain, below(8), 4 * below(16), 22 + below(3), 1 + below(40),
                            below(3) == 0 ? "DROP" : "ACCEPT");
    }
    text += "COMMIT\n";
    auto const told = [&](unsigned threads) {
        std::string all;
        for (Diagnostic const& d : linted(text, {"PC20"}, threads).result.findings) {
            all += fmt::format("{} {} {}", d.rule->id, d.finding.where, d.message);
            for (Related const& related : d.finding.related) all += fmt::format(" {}", related.span.begin);
            all += '\n';
        }
        return all;
    };
    std::string const one = told(1);
    CHECK(std::count(one.begin(), one.end(), '\n') > 1000);
    CHECK(told(3) == one);
}
