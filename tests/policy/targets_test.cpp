// One policy, all targets: any two of them let the same new connections through, on every way, by packet sets.
#include <catch2/catch.hpp>
#include <map>

#include "policy/new_connections.hpp"
#include "policy/plain_policy.hpp"
#include "portcullis/policy/generate.hpp"
#include "seeds.hpp"

using namespace portcullis;

namespace {

constexpr std::chrono::year_month_day today = std::chrono::year(2026) / 11 / 29;

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
