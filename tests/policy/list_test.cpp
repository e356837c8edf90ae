// Policies in, access lists out: equal to them on every way from interface to interface, by packet sets and by the
// interpreter; what lists cannot say is told, and lets nothing more through.
#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <random>
#include <regex>
#include <set>

#include "policy/list_way.hpp"
#include "policy/plain_policy.hpp"
#include "policy/ready_policies.hpp"
#include "policy/text_lines.hpp"
#include "portcullis/engine/compare.hpp"
#include "portcullis/engine/interpret.hpp"
#include "portcullis/lint/policy_waivers.hpp"
#include "portcullis/lint/changes.hpp"
#include "portcullis/lint/lint.hpp"
#include "portcullis/policy/generate.hpp"
#include "seeds.hpp"

using namespace portcullis;

namespace {

constexpr std::chrono::year_month_day today = std::chrono::year(2026) / 11 / 29;
constexpr Target list_targets[] = {Target::cisco_ios, Target::cisco_asa, Target::cisco_nxos, Target::cisco_xr, Target::cisco_ios_xe};

Policy load(Sources& sources, std::string text) {
    LoadedPolicy loaded = load_policy(sources, sources.add("p.toml", std::move(text)), today);
    for (ConfigError const& error : loaded.errors) UNSCOPED_INFO(to_string(error));
    REQUIRE(loaded.errors.empty());
    return std::move(loaded.policy);
}

Generated generate_quietly(Space& space, Policy const& policy, Target target, Sources& sources) {
    return generate(space, policy, target, {"p.toml", "0", "test"}, sources);
}

bool passes(Ruleset const& ruleset, Path const& path, Packet const& packet) {
    Decision const decision = interpret(ruleset, path, packet);
    REQUIRE(decision.certain());
    return decision.main().fate == Fate::accept;
}

} // namespace

TEST_CASE("random policies come to access lists that are equal to them, or narrower where that is told") {
    std::size_t equal = 0, narrower = 0, passed = 0, answered = 0;
    std::uint32_t const count = seeds(60); // each policy for all targets
    for (unsigned i = 0; i < count; ++i) {
        unsigned const seed = i / std::size(list_targets);
        Target const target = list_targets[i % std::size(list_targets)];
        Sources sources;
        std::string const text = random_policy(seed, Interfaces::of_lists);
        Policy const policy = load(sources, text);
        bool const keeps_connections = target == Target::cisco_asa;
        Space space;
        Generated const made = generate_quietly(space, policy, target, sources);
        INFO(seed << '\n' << text << '\n' << made.text);
        for (Finding const& loss : made.losses.all()) UNSCOPED_INFO(loss.args.at("construct") << ": " << loss.args.at("why"));
        for (Finding const& finding : made.reading.findings.all()) UNSCOPED_INFO(finding.rule);
        REQUIRE(is_whole(made.reading));
        if (made.losses.empty()) CHECK(made.gaps.empty());
        for (Gap const& gap : made.gaps) {
            INFO(gap.path.name << " beyond " << (gap.beyond.empty() ? "" : to_text(gap.beyond.member()->packet)) << " within "
                               << (gap.within.empty() ? "" : to_text(gap.within.member()->packet)));
            CHECK((gap.path.kind == Path::Kind::from_host || gap.beyond.empty()));
        }
        (made.losses.empty() ? equal : narrower) += 1;
        for (unsigned k = 0; k < 150; ++k) {
            Path::Kind const kind = k % 3 == 0 ? Path::Kind::to_host : Path::Kind::through;
            Packet const packet = random_listed_packet(i * 400 + k, kind);
            if (keeps_connections && packet[Field::fragment] == 1) continue;
            Path const path = way_of(made.reading.ruleset, interface_name(packet[Field::iif]),
                                     kind == Path::Kind::through ? interface_name(packet[Field::oif]) : "");
            INFO(to_text(packet) << " " << path.name);
            Passes const wanted = plainly_by_lists(policy, kind, packet, keeps_connections);
            bool const does = passes(made.reading.ruleset, path, packet);
            if (made.losses.empty() && !does) CHECK(wanted != Passes::always);
            CHECK((!does || wanted == Passes::always || (!keeps_connections && is_later_segment(policy, packet))));
            passed += does ? 1 : 0;
            answered += does && packet[Field::sport] != 40000 ? 1 : 0;
        }
    }

    CHECK(equal * 8 > count);
    CHECK(passed > count);
    CHECK(answered > 0);
}

TEST_CASE("all targets let the same new connections through") {
    std::size_t opened = 0;
    for (unsigned seed = 0, policies = 0; policies < seeds(60) / 6 + 1; ++seed) {
        Sources sources;
        Policy policy = load(sources, random_policy(70'000 + seed, Interfaces::of_lists));
        Space space;
        std::vector<Generated> lists;
        for (Target const target : {Target::cisco_ios, Target::cisco_asa, Target::cisco_nxos, Target::cisco_xr})
            lists.push_back(generate_quietly(space, policy, target, sources));
        if (std::ranges::any_of(lists, [](Generated const& made) { return !made.losses.empty(); })) continue;
        ++policies;
        for (Statement& statement : policy.statements) statement.rate.reset(); // what is left are optional ones
        Generated const chains = generate_quietly(space, policy, Target::nftables, sources);
        std::vector<Path> const paths = find_paths(chains.reading.ruleset);
        for (unsigned i = 0; i < 200; ++i) {
            Path::Kind const kind = i % 3 == 0 ? Path::Kind::to_host : Path::Kind::through;
            Packet const packet = random_listed_packet(seed * 500 + i, kind);
            // Answers, and what may be later packets, are another matter; fragments are put together on an ASA.
            bool const opens = packet[Field::protocol] != 6 || packet[Field::tcp_flags] == tcp_flag::syn;
            if (!opens || packet[Field::fragment] == 1 || plainly_by_lists(policy, kind, packet, false) != plainly(policy, kind, packet)) continue;
            INFO(to_text(packet));
            auto const path = std::ranges::find(paths, kind, &Path::kind);
            bool const opens_connection = passes(chains.reading.ruleset, *path, packet);
            for (Generated const& made : lists) {
                std::string const out = kind == Path::Kind::through ? interface_name(packet[Field::oif]) : "";
                CHECK(passes(made.reading.ruleset, way_of(made.reading.ruleset, interface_name(packet[Field::iif]), out), packet) == opens_connection);
            }
            opened += opens_connection ? 1 : 0;
        }
    }
    CHECK(opened > seeds(60) / 6);
}

TEST_CASE("the pages of generate and verify keep their promise") {
    std::size_t examples = 0;
    for (RuleInfo const& rule : rules())
        for (Example const& example : rule.examples) {
            if (example.policy.empty()) continue;
            INFO(rule.id);
            for (std::string const* const lines : {&example.good, &example.bad}) {
                Sources sources;
                Policy const policy = load(sources, example.policy);
                SourceId const source = sources.add("example", framed(example.dialect, *lines));
                Reading const reading = read(sources, source, example.dialect);
                REQUIRE(is_whole(reading));
                Space space;
                auto const gaps = find_gaps(space, policy, reading.ruleset);
                CHECK(gaps.empty() == (lines == &example.good));
                bool const marked = lines->find("<--") != std::string::npos;
                CHECK(marked == (lines == &example.bad));
                bool shown = false; // on the marked line
                for (Change const& change : describe(space, policy, reading.ruleset, gaps, Catalogue::built_in()))
                    for (ChangedTraffic const& traffic : change.traffic) {
                        if (!traffic.after.span) continue;
                        std::string const line(sources.text(*traffic.after.span));
                        shown = shown || lines->find(line + " <--") != std::string::npos;
                    }
                if (marked) CHECK(shown);
            }
            ++examples;
        }
    CHECK(examples == 2);
}

namespace {

std::set<std::string> lost(Generated const& made) {
    std::set<std::string> words;
    for (Finding const& loss : made.losses.all()) words.insert(loss.args.at("construct"));
    return words;
}

} // namespace

TEST_CASE("the ready policies come to lists that are proved equal and of which lint finds nothing") {
    std::size_t waived = 0;
    auto const policies = ready_policies();
    CHECK(policies.size() == 6);
    for (auto const& [name, text] : policies) {
        for (Target const target : list_targets) {
            auto sources = std::make_shared<Sources>();
            Policy const policy = load(*sources, text);
            Space space;
            INFO(name);
            Generated made = generate(space, policy, target, {"p.toml", "0", "test"}, *sources,
                                      [&](SourceId source, Reading const& reading) { return policy_waivers(sources, source, reading, policy); });
            INFO(made.text);
            CHECK(lost(made).empty());
            CHECK(is_whole(made.reading));
            CHECK(made.gaps.empty());
            bool const counts = name == "server" || name == "bastion";
            CHECK((made.text.find("! Without its rate, which is optional: ssh ") != std::string::npos) == counts);
            FileResult const result = lint(sources, made.source, dialect_of(target), std::move(made.reading), {});
            CHECK(result.complete);
            for (Diagnostic const& finding : result.findings) {
                INFO(finding.rule->id << ' ' << finding.message);
                waived += finding.suppressed ? 1 : 0;
                // Right: lists that know no connections tell answers by what senders choose, and a home, and nodes, have private addresses on
                // the side of the internet. The policy wants it, and says so.
                bool const home = (name == "workstation" || name == "kubernetes-node") && finding.rule->id == "PC311";
                CHECK(finding.suppressed.has_value() == (finding.rule->id == "PC125" || finding.rule->id == "PC324" || home));
                if (!finding.suppressed) CHECK(finding.severity < Severity::medium);
                else if (home) CHECK_THAT(finding.suppressed->reason, Catch::Contains("these sources are of "));
                else CHECK_THAT(finding.suppressed->reason, Catch::StartsWith("answers to "));
                CHECK(finding.rule->id.find("PC01") == std::string::npos); // no waiver for nothing
            }
        }
    }
    CHECK(waived > 0);
}

TEST_CASE("what lists cannot say is told, and lets nothing more through") {
    auto const replaced = [](std::string text, std::string_view from, std::string_view to) {
        std::size_t const at = text.find(from);
        REQUIRE(at != std::string::npos);
        return text.replace(at, from.size(), to);
    };
    struct Case {
        std::string name, text;
        std::set<std::string> lost;
        bool is_lost_to_asa, is_equal;
    };
    constexpr std::string_view optional = "rate-optional = true";
    std::string const router = policy_file("docs/nat-router.toml");
    Case const cases[] = {
        {"a rate", replaced(ready_policy("bastion"), optional, ""), {"rate"}, true, false},
        {"a rate", replaced(ready_policy("server"), optional, "rate-optional = false"), {"rate"}, true, false},
        {"translation", router, {"masquerade", "publish"}, true, false},
        // Its answers alone do not pass; of an ASA they do.
        {"any service", replaced(ready_policy("workstation"), "\"tcp/1-65535\", ", "\"any\", "), {"any service"}, false, true},
        {"all of UDP", replaced(ready_policy("kubernetes-node"), "\"tcp/1-65535\"", "\"udp/0-65535\""), {"all ports of udp"}, false, true},
    };
    for (Case const& each : cases)
        for (Target const target : list_targets) {
            Sources sources;
            Policy const policy = load(sources, each.text);
            Space space;
            Generated const made = generate_quietly(space, policy, target, sources);
            INFO(each.name << '\n' << made.text);
            bool const is_lost = each.is_lost_to_asa || target != Target::cisco_asa;
            CHECK(lost(made) == (is_lost ? each.lost : std::set<std::string>{}));
            CHECK(is_whole(made.reading));
            CHECK(made.gaps.empty() == each.is_equal);
            for (Gap const& gap : made.gaps) CHECK(gap.beyond.empty());
        }
}

TEST_CASE("forged sources are found in lists of a policy that lets them in without saying whose they are") {
    std::string text = ready_policy("workstation");
    text.replace(text.find("from = [\"neighbours\"]"), 21, "from = [\"home\"]");
    std::size_t const begin = text.find("[zones.neighbours]"), end = text.find("[objects]");
    text = text.erase(begin, end - begin) + "[harden]\nbogons = false\n";
    auto sources = std::make_shared<Sources>();
    Policy const policy = load(*sources, text);
    Space space;
    Generated made = generate(space, policy, Target::cisco_ios, {"p.toml", "0", "test"}, *sources,
                              [&](SourceId source, Reading const& reading) { return policy_waivers(sources, source, reading, policy); });
    FileResult const result = lint(sources, made.source, Dialect::cisco_ios, std::move(made.reading), {});
    CHECK(std::ranges::any_of(result.findings, [](Diagnostic const& each) { return each.rule->id == "PC311" && !each.suppressed; }));
}

TEST_CASE("a pattern in a zone stands for the device's interfaces that it matches, as if the zone named them") {
    std::size_t compared = 0;
    for (unsigned seed = 0; seed < 12; ++seed) {
        std::string const named = random_policy(7000 + seed, Interfaces::of_lists);
        std::string const zones = named.substr(named.find("[zones."));
        std::string const patterns = named.substr(0, named.find("[zones.")) + std::regex_replace(zones, std::regex("\"eth([0-9])\""), "\"eth$1*\"");
        for (Target const target : list_targets) {
            Sources sources;
            Policy const policy = load(sources, patterns), plain = load(sources, named);
            Space space;
            Generated const made = generate_quietly(space, policy, target, sources), same = generate_quietly(space, plain, target, sources);
            INFO(patterns << made.text);
            bool const has_patterns = patterns.find('*') != std::string::npos;
            CHECK((made.text.find("has eth") != std::string::npos) == has_patterns); // the head says so
            CHECK(std::regex_replace(made.text, std::regex("! The zone .*\n"), "") == same.text);
            CHECK(made.gaps.size() == same.gaps.size());
            compared += has_patterns ? 1 : 0;
        }
    }
    CHECK(compared > 20);
    Sources sources;
    Policy const several = load(sources, "[device]\ninterfaces = [\"eth*\"]\naddresses = [\"10.0.0.1\"]\n");
    Space space;
    CHECK_THROWS_WITH(generate_quietly(space, several, Target::cisco_ios, sources), Catch::Contains("'eth*' in [device] stands for several"));
}

TEST_CASE("many services are planned and proved, and what is wrong is the same in a space of either order") {
    std::string text = "[device]\ninterfaces = [\"e0\", \"e1\", \"e2\"]\naddresses = [\"198.51.100.1\"]\n"
                       "[zones.outside]\ninterfaces = [\"e0\"]\ntrust = \"untrusted\"\n"
                       "[zones.a]\ninterfaces = [\"e1\"]\nnetworks = [\"10.1.0.0/16\"]\ntrust = \"trusted\"\n"
                       "[zones.b]\ninterfaces = [\"e2\"]\nnetworks = [\"10.2.0.0/16\"]\ntrust = \"trusted\"\n[objects]\n";
    constexpr unsigned count = 50;
    for (unsigned i = 0; i < count; ++i) text += fmt::format("host{} = [\"10.{}.3.{}\"]\n", i, 1 + i % 2, i + 1);
    for (unsigned i = 0; i < count; ++i)
        text += fmt::format("[[allow]]\nname = \"s{0}\"\nfrom = [\"{1}\"]\nto = [\"host{0}\"]\nservices = [\"tcp/{2}\", \"udp/{3}\"]\n", i,
                            i % 3 == 0 ? "outside" : fmt::format("host{}", (i + 17) % count), 61000 + 17 * i, 61000 + 13 * i);
    Sources sources;
    Policy const policy = load(sources, text);
    for (Target const target : {Target::cisco_ios, Target::cisco_asa}) {
        Space space;
        Generated const made = generate_quietly(space, policy, target, sources);
        REQUIRE(is_whole(made.reading));
        CHECK(made.losses.empty());
        CHECK(made.gaps.empty());
        std::string wrong = made.text;
        std::size_t const at = wrong.find("eq 61017");
        REQUIRE(at != std::string::npos);
        wrong.replace(at, 8, "eq 61018");
        Reading const reading = read(sources, sources.add("wrong", wrong), dialect_of(target));
        Space ends(Space::Order::ends);
        auto const gaps = find_gaps(space, policy, reading.ruleset), same = find_gaps(ends, policy, reading.ruleset);
        REQUIRE(!gaps.empty());
        REQUIRE(gaps.size() == same.size());
        for (std::size_t i = 0; i < gaps.size(); ++i) {
            CHECK(gaps[i].path.name == same[i].path.name);
            CHECK((gaps[i].beyond == space.of(same[i].beyond)));
            CHECK((gaps[i].within == space.of(same[i].within)));
        }
    }
}

// ---- mutations

namespace {

// One small change of one line, as somebody makes by mistake; of one that it applies to.
void mutate(Lines& lines, std::mt19937& dice) {
    static Replacement const changes[] = {
        {std::regex("\\bpermit\\b"), "deny"},        {std::regex("\\bdeny\\b"), "permit"},    {std::regex(" established"), ""},
        {std::regex("eq (\\d)"), "eq 1$1"},          {std::regex("/(\\d)(\\d)\\b"), "/$1"},   {std::regex(" 0\\.0\\.(\\d+)\\.255"), " 0.255.$1.255"},
        {std::regex("host \\S+"), "any"},            {std::regex("\\btcp\\b"), "udp"},        {std::regex("\\budp\\b"), "ip"},
        {std::regex(" in$"), " out"},                {std::regex(" fragments"), ""},          {std::regex("(range \\d+) \\d+$"), "$1 65535"},
    };
    std::size_t const kind = dice() % kinds_of_mistakes(changes);
    Lines const original = lines;
    for (int tries = 0; tries < 50 && lines == original; ++tries) {
        std::size_t const at = dice() % lines.size();
        if (lines[at].find("remark") != std::string::npos) continue;
        make_mistake(lines, at, kind, changes);
    }
}

// Packets at which a list of the one and the list of the same name of the other differ, on all ways that use the list.
std::vector<Packet> telling_packets(Ruleset const& before, Ruleset const& after, Policy const& policy) {
    std::vector<Packet> packets;
    Comparison comparison(before, after);
    for (Difference const& difference : comparison.differences())
        for (PacketSet const* set : {&difference.added, &difference.removed})
            if (auto const member = set->member()) packets.push_back(member->packet);
    std::vector<Packet> all;
    for (Packet packet : packets)
        for (std::string const& in : policy.interfaces) {
            packet[Field::ct_state] = ct_state::new_;
            packet[Field::iif] = interface_value(in);
            packet[Field::oif] = 0;
            all.push_back(packet);
            for (std::string const& out : policy.interfaces) {
                packet[Field::oif] = interface_value(out);
                all.push_back(packet);
            }
        }
    return all;
}

// Packets that the proof is about, on the way that their interfaces name.
bool is_asked(Policy const& policy, Packet const& packet, bool keeps_connections) {
    bool const device = packet[Field::oif] == 0, v6 = packet.family() == Family::v6;
    if (keeps_connections && packet[Field::fragment] == 1) return false;
    auto const in = [&](std::string_view prefix, Ip ip) {
        Prefix const block = parse_prefix(prefix).value();
        return block.ip.family == ip.family && block.first() <= ip.value && ip.value <= block.last();
    };
    Ip const to = packet.destination(), from = packet.source();
    bool own = policy.own.of(to.family).contains(to.value);
    for (std::string_view const block : {"224.0.0.0/24", "255.255.255.255/32", "fe80::/10", "ff02::/16"}) own = own || in(block, to);
    bool const discovery = v6 && packet[Field::protocol] == 58 && packet[Field::fragment] == 0 && packet[Field::icmp_type] >= 133 && packet[Field::icmp_type] <= 136;
    if (device) return (keeps_connections || own) && (!discovery || packet[Field::ttl] == 255);
    return !own && !discovery && from.value != 0 && !in("fe80::/10", from);
}

} // namespace

TEST_CASE("whatever changes the packets of generated lists is noticed, with a witness") {
    std::mt19937 dice(20261129);
    std::size_t const wanted = seeds(60);
    std::size_t noticed = 0, harmless = 0, unread = 0;
    for (std::size_t round = 0; noticed < wanted; ++round) {
        REQUIRE(round < 40 * wanted);
        Sources sources;
        bool const ready = round % 8 == 0;
        std::string const text = ready ? ready_policy("pci-dss") : random_policy(9000 + static_cast<unsigned>(round), Interfaces::of_lists);
        Policy const policy = load(sources, text);
        Target const target = list_targets[round % std::size(list_targets)];
        bool const keeps_connections = target == Target::cisco_asa;
        Space space;
        Generated const made = generate_quietly(space, policy, target, sources);
        if (!made.losses.empty()) continue; // narrower than the policy
        REQUIRE(made.gaps.empty());
        Lines const original = lines_of(made.text);
        for (int tries = 0; tries < 8 && noticed < wanted; ++tries) {
            Lines lines = original;
            mutate(lines, dice);
            if (lines == original) continue;
            std::string const mutant = text_of(lines);
            Reading const reading = read(sources, sources.add("mutant", mutant), dialect_of(target));
            if (!is_whole(reading)) { // the device would refuse it, or portcullis says that it does not know
                ++unread;
                continue;
            }
            INFO(text << '\n' << mutant);
            Space own;
            auto const gaps = find_gaps(own, policy, reading.ruleset);
            bool wrong = false;
            for (Packet const& packet : telling_packets(made.reading.ruleset, reading.ruleset, policy)) {
                if (!is_asked(policy, packet, keeps_connections)) continue;
                std::string const out = packet[Field::oif] == 0 ? "" : interface_name(packet[Field::oif]);
                std::string const in = interface_name(packet[Field::iif]);
                Passes const should = plainly_by_lists(policy, out.empty() ? Path::Kind::to_host : Path::Kind::through, packet, keeps_connections);
                bool const may = should == Passes::always || (!out.empty() && !keeps_connections && is_later_segment(policy, packet));
                auto const is_right = [&](Ruleset const& ruleset) { // whatever groups hold that nothing defines any more
                    return std::ranges::all_of(interpret(ruleset, way_of(ruleset, in, out), packet).outcomes, [&](Outcome const& outcome) {
                        return outcome.fate == Fate::accept ? may : should == Passes::never;
                    });
                };
                CHECK(is_right(made.reading.ruleset));
                wrong = wrong || !is_right(reading.ruleset);
            }
            if (wrong) {
                REQUIRE(!gaps.empty());
                auto const changes = describe(own, policy, reading.ruleset, gaps, Catalogue::built_in()); // throws where the interpreter disagrees
                REQUIRE(!changes.empty());
                for (Change const& change : changes) CHECK(!change.traffic.empty());
                ++noticed;
            } else if (gaps.empty()) {
                ++harmless;
            }
        }
    }
    CHECK(noticed == wanted);
    CHECK(harmless > 0);
    CHECK(unread < 2 * wanted);
}
