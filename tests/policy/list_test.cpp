// Policies in, access lists out: equal to them on every way from interface to interface, by packet sets and by the
// interpreter; what lists cannot say is told, and lets nothing more through.
#include <catch2/catch.hpp>
#include <random>
#include <regex>

#include "policy/plain_policy.hpp"
#include "portcullis/engine/compare.hpp"
#include "portcullis/engine/interpret.hpp"
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

// The lists of the reading on one way, in the order of the packet; plainly by their bindings.
Path way_of(Ruleset const& ruleset, std::string const& in, std::string const& out) {
    Path path{out.empty() ? Path::Kind::to_host : Path::Kind::through, in + out, HookPoint::forward, {}};
    bool const own = out.empty() && ruleset.dialect == Dialect::cisco_asa;
    for (bool const inbound : {true, false})
        for (ChainId id = 0; id < ruleset.chains.size(); ++id) {
            for (Binding const& binding : ruleset.chains[id].bindings)
                if (!own && binding.inbound == inbound && binding.interface == (inbound ? in : out)) path.chains.push_back(id);
            for (Use const& use : ruleset.chains[id].uses)
                if (own && inbound && use.what == "control-plane of " + in) path.chains.push_back(id);
        }
    return path;
}

bool passes(Ruleset const& ruleset, Path const& path, Packet const& packet) {
    Decision const decision = interpret(ruleset, path, packet);
    REQUIRE(decision.certain());
    return decision.main().fate == Fate::accept;
}

} // namespace

TEST_CASE("random policies come to access lists that are equal to them, or narrower where that is told") {
    std::size_t equal = 0, narrower = 0, passed = 0, answered = 0;
    std::uint32_t const count = seeds(60);
    for (unsigned seed = 0; seed < count; ++seed) {
        Sources sources;
        std::string const text = random_policy(seed, Interfaces::of_lists);
        Policy const policy = load(sources, text);
        Target const target = list_targets[seed % std::size(list_targets)];
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
        for (unsigned i = 0; i < 150; ++i) {
            Path::Kind const kind = i % 3 == 0 ? Path::Kind::to_host : Path::Kind::through;
            Packet const packet = random_listed_packet(seed * 400 + i, kind);
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

    CHECK(equal * 4 > count);
    CHECK(passed > count);
    CHECK(answered > 0);
}
