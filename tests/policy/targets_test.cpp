// One policy, all targets: any two of them let the same new connections through, on every way, by packet sets.
#include <catch2/catch.hpp>
#include <map>

#include "policy/list_device.hpp"
#include "policy/list_way.hpp"
#include "policy/plain_policy.hpp"
#include "portcullis/policy/generate.hpp"
#include "seeds.hpp"

using namespace portcullis;

namespace {

constexpr std::chrono::year_month_day today = std::chrono::year(2026) / 11 / 29;

// What opens connections on the way between two interfaces, or to the device. No answers: a list without connections lets these
// through by what they look like.
PacketSet question(Space& space, Policy const& policy, std::string const& in, std::string const& out) {
    auto const single = [&](Field field, U128 value) { return space.of(field, ValueSet::single(value)); };
    auto const addresses = [&](Field v4, Field v6, Addresses const& set) { return space.of(v4, set.v4) | space.of(v6, set.v6); };
    PacketSet const tcp = single(Field::protocol, number(Protocol::tcp));
    PacketSet const discovery = single(Field::family, family_v6) & single(Field::protocol, number(Protocol::icmpv6)) & space.of(Field::icmp_type, neighbour_types());
    PacketSet const to_device = addresses(Field::dst4, Field::dst6, device_destinations(policy));
    PacketSet packets = single(Field::ct_state, ct_state::new_) & single(Field::fragment, 0) & single(Field::iif, interface_value(in));
    packets &= (tcp & single(Field::tcp_flags, tcp_flag::syn)) | tcp.complement();
    packets -= discovery;
    Path::Kind const kind = out.empty() ? Path::Kind::to_host : Path::Kind::through;
    packets &= out.empty() ? to_device & single(Field::oif, 0)
                           : single(Field::oif, interface_value(out)) - to_device - addresses(Field::src4, Field::src6, never_forged());
    return packets - Meaning(space, policy).answers(kind, false).possibly;
}

PacketSet passing(Space& space, Ruleset const& ruleset, Family family, PacketSet const& question, std::string const& in, std::string const& out) {
    if (is_cisco(ruleset.dialect)) return PathReach(space, ruleset, way_of(ruleset, in, out), question).accepted(family);
    auto const paths = find_paths(ruleset);
    auto const path = std::ranges::find(paths, out.empty() ? Path::Kind::to_host : Path::Kind::through, &Path::kind);
    REQUIRE(path != paths.end());
    return PathReach(space, ruleset, *path, question).accepted(family);
}

} // namespace

TEST_CASE("any two targets let the same new connections through, on every way") {
    constexpr Target targets[] = {Target::cisco_ios, Target::cisco_ios_xe, Target::cisco_asa, Target::cisco_nxos,
                                  Target::cisco_xr,  Target::nftables,     Target::iptables,  Target::ip6tables};
    std::size_t opened = 0, compared = 0;
    for (unsigned seed = 0, policies = 0; policies < seeds(60) / 15 + 1; ++seed) {
        Sources sources;
        std::string const text = random_policy(70'000 + seed, Interfaces::of_lists);
        LoadedPolicy const loaded = load_policy(sources, sources.add("p.toml", text), today);
        REQUIRE(loaded.errors.empty());
        Policy const& policy = loaded.policy;
        Space space;
        std::map<Target, Ruleset> made;
        for (Target const target : targets) {
            Generated each = generate(space, policy, target, {"p.toml", "0", "test"}, sources);
            if (!each.losses.empty()) break; // narrower than the policy, and says so
            made.emplace(target, std::move(each.reading.ruleset));
        }
        if (made.size() < std::size(targets)) continue;
        ++policies;
        std::vector<std::string> outs = policy.interfaces;
        outs.emplace_back();
        for (std::string const& in : policy.interfaces)
            for (std::string const& out : outs) {
                PacketSet const asked = question(space, policy, in, out);
                for (Family const family : {Family::v4, Family::v6}) {
                    INFO(text << in << " -> " << (out.empty() ? "the device" : out));
                    PacketSet const first = passing(space, made.at(Target::nftables), family, asked, in, out);
                    opened += first.empty() ? 0 : 1;
                    for (auto const& [target, ruleset] : made) { // all are equal to the first, and so to each other
                        if (!ruleset.governs(family)) continue;
                        PacketSet const other = passing(space, ruleset, family, asked, in, out);
                        INFO(to_string(dialect_of(target)) << " more: " << (other - first).empty() << " less: " << (first - other).empty());
                        CHECK((other == first));
                        ++compared;
                    }
                }
            }
    }
    CHECK(opened > 0);
    CHECK(compared > opened);
}
