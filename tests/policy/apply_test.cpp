// Lists onto a device, command by command, on our own reader as the device: at the end it does what the policy says, and on the
// way each interface passes nothing that neither its old nor its new list passes, and all that both do.
#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <map>
#include <tuple>

#include "policy/plain_policy.hpp"
#include "policy/text_lines.hpp"
#include "portcullis/engine/reach.hpp"
#include "portcullis/policy/apply.hpp"
#include "seeds.hpp"

using namespace portcullis;
using Catch::Matchers::Contains;

namespace {

constexpr std::chrono::year_month_day today = std::chrono::year(2026) / 11 / 29;
constexpr Target platforms[] = {Target::cisco_ios, Target::cisco_asa, Target::cisco_nxos, Target::cisco_xr};
Origin const origin{"p.toml", "0123456789abcdef", "test"};

Policy load(Sources& sources, std::string text) {
    LoadedPolicy loaded = load_policy(sources, sources.add("p.toml", std::move(text)), today);
    for (ConfigError const& error : loaded.errors) UNSCOPED_INFO(to_string(error));
    REQUIRE(loaded.errors.empty());
    return std::move(loaded.policy);
}

// Where lists are applied: the interface, in or out, the family, and whether it is about packets to an ASA itself.
using Place = std::tuple<std::string, bool, bool, bool>;

// What passes at each place of a configuration.
class States {
  public:
    explicit States(Dialect platform) : platform_(platform) {}

    std::map<Place, PacketSet> of(std::string const& text) {
        Sources sources;
        Reading const reading = read(sources, sources.add("device", text), platform_);
        CHECK(is_whole(reading));
        std::map<Place, PacketSet> places;
        for (ChainId id = 0; id < reading.ruleset.chains.size(); ++id) {
            Chain const& chain = reading.ruleset.chains[id];
            for (Binding const& binding : chain.bindings)
                places.emplace(Place(binding.interface, binding.inbound, !chain.hook->v4, false), passing(reading.ruleset, id));
            for (Use const& use : chain.uses) places.emplace(Place(use.what, true, false, true), passing(reading.ruleset, id));
        }
        return places;
    }

  private:
    // Lists of the same rules pass the same.
    PacketSet passing(Ruleset const& ruleset, ChainId id) {
        Chain const& chain = ruleset.chains[id];
        std::string key = fmt::format("{} {}\n", chain.hook->v4, std::holds_alternative<Accept>(chain.policy));
        for (Rule const& rule : chain.rules) key += to_text(rule.match) + ' ' + to_text(rule.verdict, ruleset) + '\n';
        auto const known = known_.find(key);
        if (known != known_.end()) return known->second;
        return known_.emplace(key, Reach(space_, ruleset, space_.all()).verdicts(id).accepted).first->second;
    }

    Dialect platform_;
    Space space_{Space::Order::ends};
    std::map<std::string, PacketSet> known_;
};

// The number of states.
std::size_t check_way(Dialect platform, std::string const& before, std::string const& commands) {
    States states(platform);
    auto const old = states.of(before), wanted = states.of(before + '\n' + commands);
    std::string text = before + '\n';
    std::size_t count = 0;
    for (std::string const& line : lines_of(commands)) {
        text += line + '\n';
        ++count;
        INFO("after " << line);
        auto const now = states.of(text);
        for (auto const& [place, passing] : now) {
            REQUIRE(wanted.contains(place));
            auto const was = old.find(place);
            if (was == old.end()) { // nothing stood there
                CHECK((passing == wanted.at(place)));
                continue;
            }
            CHECK(passing.subset_of(was->second | wanted.at(place)));
            CHECK((was->second & wanted.at(place)).subset_of(passing));
        }
        for (auto const& [place, passing] : old) CHECK(now.contains(place));
    }
    return count;
}

} // namespace

TEST_CASE("the commands lead from the lists of one policy to those of another, and every moment is as good as both ends") {
    std::size_t policies = 0, states = 0, in_place = 0;
    for (unsigned seed = 0; policies < seeds(60) / 12 + 1; ++seed) {
        Target const target = platforms[seed % std::size(platforms)];
        Sources sources;
        std::string const text = random_policy(30'000 + seed / 4, Interfaces::of_lists);
        Policy const before = load(sources, text);
        // Another one, or a statement more.
        Policy const after = load(sources, seed % 3 == 0 ? random_policy(40'000 + seed, Interfaces::of_lists)
                                                         : text + "[[allow]]\nname = \"one more\"\nfrom = [\"zone0\"]\nto = [\"object0\"]\nservices = [\"tcp/8443\"]\n");
        Space space;
        Generated const old = generate(space, before, target, origin, sources), made = generate(space, after, target, origin, sources);
        if (!old.losses.empty() || !made.losses.empty()) continue;
        ++policies;
        INFO("seed " << seed << '\n' << old.text << "\nto\n" << made.text);
        ListUpdate const update = update_lists(space, after, target, made, origin, old.source, sources);
        INFO(update.commands);
        CHECK(update.losses.empty());
        CHECK(is_whole(update.reading));
        CHECK(update.gaps.empty());
        states += check_way(dialect_of(target), old.text, update.commands);
        in_place += update.commands.find("access-group") == std::string::npos && update.commands.find("traffic-filter") == std::string::npos ? 1 : 0;
        // With nothing known of the device, beside what happens to be there.
        ListUpdate const fresh = update_lists(space, after, target, made, origin, std::nullopt, sources);
        CHECK(fresh.losses.empty());
        CHECK(fresh.gaps.empty());
        Reading const both = read(sources, sources.add("both", old.text + fresh.commands), dialect_of(target));
        CHECK(find_gaps(space, after, both.ruleset).empty());
        if (seed % 8 < 4) states += check_way(dialect_of(target), old.text, fresh.commands);
    }
    CHECK(states > policies);
    CHECK(in_place > 0);
}

TEST_CASE("what the device has beside the policy's interfaces stays") {
    Sources sources;
    Policy const policy = load(sources, "[device]\ninterfaces = [\"Gi0/1\"]\naddresses = [\"198.51.100.1\"]\n"
                                        "[[allow]]\nname = \"web\"\nfrom = [\"any\"]\nto = [\"198.51.100.1\", \"self\"]\nservices = [\"https\"]\n");
    Space space;
    Generated const made = generate(space, policy, Target::cisco_ios, origin, sources);
    std::string const device = "ip access-list standard ADMINS\n 10 permit 198.51.100.7\n"
                               "ip access-list extended OLD\n 10 permit ip any any\n"
                               "ip access-list extended SHARED\n 10 deny ip any any\n"
                               "ip access-list extended in-Gi0-1-2\n 10 permit ip any any\n"
                               "route-map OTHER permit 10\n match ip address in-Gi0-1-2\n"
                               "interface GigabitEthernet0/1\n ip address 198.51.100.1 255.255.255.0\n ip access-group OLD in\n ip access-group SHARED out\n"
                               "interface GigabitEthernet0/2\n ip access-group SHARED in\n"
                               "line vty 0 4\n access-class ADMINS in\n";
    ListUpdate const update = update_lists(space, policy, Target::cisco_ios, made, origin, sources.add("device", device), sources);
    CHECK(update.losses.empty());
    CHECK(update.gaps.empty());
    CHECK_THAT(update.commands, Contains("interface GigabitEthernet0/1\n ip access-group in-Gi0-1 in\n") && Contains("no ip access-list extended OLD\n"));
    for (std::string const stays : {"ADMINS", "SHARED", "in-Gi0-1-2", "GigabitEthernet0/2", "no ip access-group", "interface Gi0/1"})
        CHECK_THAT(update.commands, !Contains(stays));
    check_way(Dialect::cisco_ios, device, update.commands);

    // A line of the device's own that lets in more than the policy does.
    Generated const asa = generate(space, policy, Target::cisco_asa, origin, sources);
    SourceId const open = sources.add("asa", "ssh 0.0.0.0 0.0.0.0 Gi0/1\n");
    ListUpdate const wide = update_lists(space, policy, Target::cisco_asa, asa, origin, open, sources);
    CHECK(wide.losses.empty());
    REQUIRE(wide.gaps.size() == 1);
    CHECK(!wide.gaps[0].beyond.empty());
}

TEST_CASE("each platform takes its lists back unless they are confirmed") {
    Sources sources;
    Policy const policy = load(sources, "[device]\nname = \"edge\"\ninterfaces = [\"Gi0/1\"]\naddresses = [\"198.51.100.1\"]\n"
                                        "[[allow]]\nname = \"web\"\nfrom = [\"any\"]\nto = [\"198.51.100.0/24\"]\nservices = [\"https\"]\n");
    struct Case {
        Target target;
        std::string before, behind, confirm, rollback;
    };
    Case const cases[] = {
        {Target::cisco_ios, "configure terminal revert timer 5\n", "end\n", "configure confirm\n", "configure revert now\n"},
        {Target::cisco_ios_xe, "configure terminal revert timer 5\n", "end\n", "configure confirm\n", "configure revert now\n"},
        {Target::cisco_asa, "write memory\nreload in 5 noconfirm\nconfigure terminal\n", "exit\n", "reload cancel\nwrite memory\n", "reload noconfirm\n"},
        {Target::cisco_nxos, "time start +00:00:05\nexit\n", "end\n", "no scheduler schedule name portcullis-rollback\n", "rollback running-config checkpoint portcullis-before atomic\n"},
        {Target::cisco_xr, "configure terminal\n", "commit confirmed 300\n", "commit\nend\n", "end\nrollback configuration last 1\n"},
    };
    for (Case const& each : cases) {
        Space space;
        Generated const made = generate(space, policy, each.target, origin, sources);
        ListUpdate const update = update_lists(space, policy, each.target, made, origin, std::nullopt, sources);
        REQUIRE(!update.commands.empty());
        auto const files = apply_files(each.target, policy, origin, update.commands, false);
        REQUIRE(files.size() == 3);
        CHECK_THAT(files[0].text, Contains("\n" + each.before + update.commands + each.behind) && Catch::EndsWith(each.behind));
        CHECK_THAT(files[0].text, Contains(files[1].name) && Contains(files[2].name) && Contains("--current"));
        CHECK_THAT(files[1].text, Contains("\n" + each.confirm));
        CHECK_THAT(files[2].text, Contains("\n" + each.rollback));
        CHECK_THAT(update.commands, Contains("in-Gi0-1-012345"));
        CHECK(rules_file(each.target) == "lists.cfg");
    }
}
