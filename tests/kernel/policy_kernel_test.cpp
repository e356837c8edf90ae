// Policies in the kernel: the programs that would load what they come to take it, and the kernel does with packets what the
// policy says of them.
#include <catch2/catch.hpp>

#include "kernel/comparison.hpp"
#include "kernel/random.hpp"
#include "kernel/random_probes.hpp"
#include "policy/plain_policy.hpp"
#include "policy/ready_policies.hpp"
#include "portcullis/policy/generate.hpp"
#include "seeds.hpp"

using namespace portcullis;

namespace {

Policy load(Sources& sources, std::string const& text) {
    LoadedPolicy loaded = load_policy(sources, sources.add("p.toml", text), std::chrono::year(2026) / 11 / 29);
    for (ConfigError const& error : loaded.errors) UNSCOPED_INFO(to_string(error));
    REQUIRE(loaded.errors.empty());
    return std::move(loaded.policy);
}

} // namespace

TEST_CASE("nft and iptables-restore take what is generated from the ready policies", "[kernel]") {
    if (auto const why = kernel::enter_namespace()) {
        WARN(*why);
        return;
    }
    struct Program {
        Target target;
        std::vector<std::string> command;
    };
    Program const programs[] = {
        {Target::nftables, {"nft", "-c", "-f", "/dev/stdin"}},
        {Target::iptables, {"iptables-nft-restore", "--test"}},
        {Target::iptables, {"iptables-legacy-restore", "--test"}},
        {Target::ip6tables, {"ip6tables-nft-restore", "--test"}},
        {Target::ip6tables, {"ip6tables-legacy-restore", "--test"}},
    };
    // What none of the ready ones does.
    auto policies = policies_for_linux();
    CHECK(policies.size() == 7);
    // Other ports behind the translation, and IPv6.
    policies["publish"] = "[zones.internet]\ninterfaces = [\"eth0\"]\ntrust = \"untrusted\"\n"
                          "[[nat.publish]]\nname = \"web\"\nfrom = [\"internet\"]\nservices = [\"https\", \"udp/443\"]\n"
                          "to = \"10.0.0.5:8443\"\n[[nat.publish]]\nname = \"web6\"\nfrom = [\"any\"]\n"
                          "services = [\"https\"]\nat = [\"2001:db8::1\"]\nto = \"2001:db8:1::5\"\n";
    for (auto const& [name, text] : policies) {
        for (Program const& program : programs) {
            Sources sources;
            Policy const policy = load(sources, text);
            Space space;
            Generated const made = generate(space, policy, program.target, {"p.toml", "0", "test"}, sources);
            kernel::Ran const ran = kernel::run(program.command, made.text);
            if (ran.code == 127) continue; // not installed
            INFO(name << ", " << program.command.front() << '\n' << ran.output << made.text);
            CHECK(ran.code == 0);
        }
    }
}

// ---- packet by packet

namespace {

// Its interfaces are those of the laboratory, in some order; and a pattern begins as one that it stands for.
std::string in_laboratory(std::string text, Policy const& policy) {
    constexpr std::string_view names[] = {"wan0", "eth0", "eth1", "eth10"};
    REQUIRE(policy.interfaces.size() <= std::size(names));
    auto const replace = [&](std::string const& name, std::string_view by) {
        for (std::size_t at = 0; (at = text.find('"' + name + '"', at)) != std::string::npos; ++at) text.replace(at + 1, name.size(), by);
    };
    for (PolicyZone const& zone : policy.zones)
        for (std::string const& pattern : zone.patterns)
            for (std::size_t i = 0; i < policy.interfaces.size(); ++i)
                if (policy.interfaces[i].starts_with(pattern.substr(0, pattern.size() - 1))) replace(pattern, std::string(names[i]) + '*');
    for (std::size_t i = 0; i < policy.interfaces.size(); ++i) replace(policy.interfaces[i], names[i]);
    return text;
}

// Some of the host's, without the first one of IPv6: the anycast address of routers (RFC 4291 2.6.1) is local to xt_addrtype,
// and anycast to nft_fib.
Interval own_addresses(Family family) {
    Prefix const block = *parse_prefix(family == Family::v4 ? "10.1.0.0/16" : "2001:db8:1::/48");
    return {block.first() + 16, block.last() - 16};
}

// Where the policy begins and ends to speak of packets, for probes beside these places.
kernel::RandomRuleset boundaries_of(Policy const& policy) {
    kernel::RandomRuleset result;
    auto const add = [&](Field field, IntervalSet const& set) {
        for (Interval const& each : set.intervals())
            for (U128 const value : {each.first, each.last}) result.boundaries[field].push_back(value);
    };
    auto const add_traffic = [&](std::vector<Traffic> const& traffic) {
        for (Traffic const& each : traffic) {
            if (each.ports) add(Field::dport, *each.ports);
            if (each.type) add(Field::icmp_type, IntervalSet::single(*each.type));
        }
    };
    auto const add_places = [&](End const& end, Field v4, Field v6) {
        for (Place const& place : end.places) {
            add(v4, place.addresses.v4);
            add(v6, place.addresses.v6);
        }
    };
    for (Statement const& statement : policy.statements) {
        add_places(statement.from, Field::src4, Field::src6);
        add_places(statement.to, Field::dst4, Field::dst6);
        add_traffic(statement.traffic);
    }
    for (Publish const& publish : policy.publications) {
        add_places(publish.from, Field::src4, Field::src6);
        if (!publish.any_own) add(Field::dst4, publish.at.v4);
        if (!publish.any_own) add(Field::dst6, publish.at.v6);
        add_traffic(publish.traffic);
    }
    for (Family const family : {Family::v4, Family::v6}) add(dst_field(family), IntervalSet::of({own_addresses(family)}));
    return result;
}

// The first packets of connections that statements speak of, now and then with something changed.
class Aimed {
  public:
    Aimed(Policy const& policy, unsigned seed) : policy_(policy), random_(seed) {}

    std::optional<kernel::Probe> next(Family family) {
        std::size_t const count = policy_.statements.size() + policy_.publications.size();
        std::size_t const number = random_.below(count);
        kernel::Probe probe;
        Packet& packet = probe.packet;
        packet[Field::family] = family_value(family);
        packet[Field::ttl] = 64;
        packet[Field::length] = 80;
        packet[Field::sport] = 1024 + random_.below(60000);
        packet[Field::src_mac] = 0x02'00'00'00'aa'00;
        bool aimed = false;
        if (number < policy_.statements.size()) {
            Statement const& statement = policy_.statements[number];
            aimed = come_from(packet, statement.from) && go_to(packet, statement.to) && carry(packet, statement.traffic);
        } else {
            Publish const& publish = policy_.publications[number - policy_.statements.size()];
            End at;
            at.self = publish.any_own;
            if (!publish.any_own) at.places = {{IntervalSet::all(128), publish.at}};
            aimed = come_from(packet, publish.from) && go_to(packet, at) && carry(packet, publish.traffic);
        }
        if (!aimed) return std::nullopt;
        if (random_.chance(30)) change(packet);
        return probe;
    }

  private:
    bool within(Packet& packet, Field field, IntervalSet const& set) {
        if (set.empty()) return false;
        packet[field] = set.is_all(info(field).bits) ? kernel::random_address(random_, packet.family()) : random_.within(random_.of(set.intervals()));
        return true;
    }
    U128 own(Family family) { return random_.within(own_addresses(family)); }
    bool come_from(Packet& packet, End const& from) {
        Family const family = packet.family();
        if (from.self && (from.places.empty() || random_.chance(50))) {
            packet[Field::oif] = interface_value(random_.of(kernel::interfaces));
            packet[src_field(family)] = own(family);
            return true;
        }
        Place const& place = random_.of(from.places);
        packet[Field::iif] = interface_value(random_.of(kernel::interfaces));
        for (std::string_view const name : kernel::interfaces)
            if (place.interfaces.contains(interface_value(name)) && random_.chance(70)) packet[Field::iif] = interface_value(name);
        return within(packet, src_field(family), place.addresses.of(family));
    }
    bool go_to(Packet& packet, End const& to) {
        Family const family = packet.family();
        if (to.self && (to.places.empty() || random_.chance(50))) {
            packet[dst_field(family)] = own(family);
            return true;
        }
        return within(packet, dst_field(family), random_.of(to.places).addresses.of(family));
    }
    bool carry(Packet& packet, std::vector<Traffic> const& traffic) {
        Traffic const& each = random_.of(traffic);
        packet[Field::protocol] = each.protocol.value_or(kernel::udp);
        packet[Field::tcp_flags] = tcp_flag::syn;
        packet[Field::dport] = each.ports ? random_.within(random_.of(each.ports->intervals())) : U128{1 + random_.below(65535)};
        packet[Field::icmp_type] = each.type.value_or(0);
        packet[Field::icmp_code] = each.code.value_or(0);
        return true;
    }
    void change(Packet& packet) {
        switch (random_.below(4)) {
        case 0: packet[src_field(packet.family())] = kernel::random_address(random_, packet.family()); break;
        case 1: packet[dst_field(packet.family())] = kernel::random_address(random_, packet.family()); break;
        case 2: packet[Field::dport] = (packet[Field::dport] + 1) & 0xffff; break;
        default: (packet[Field::oif] == 0 ? packet[Field::iif] : packet[Field::oif]) = interface_value(random_.of(kernel::interfaces));
        }
    }

    Policy const& policy_;
    kernel::Random random_;
};

struct Seen {
    std::size_t asked = 0, to_host = 0, through = 0, from_host = 0, stopped = 0, published = 0;
};

// What the kernel did with one packet, hook by hook, and what the policy says of it. Nothing where they agree.
std::string compare(Policy const& policy, std::vector<kernel::Sighting const*> const& way, Seen& seen) {
    auto const at = [&](HookPoint hook) -> kernel::Sighting const* {
        auto const found = std::ranges::find(way, hook, &kernel::Sighting::hook);
        return found == way.end() ? nullptr : *found;
    };
    bool const sent = way.front()->hook == HookPoint::output;
    kernel::Sighting const* const filtered = at(sent ? HookPoint::output : at(HookPoint::input) != nullptr ? HookPoint::input : HookPoint::forward);
    if (filtered == nullptr) return way.back()->accepted ? "" : "stopped before any filter"; // no route
    Path::Kind const kind = sent ? Path::Kind::from_host : filtered->hook == HookPoint::input ? Path::Kind::to_host : Path::Kind::through;
    Packet packet = way.front()->packet; // as it arrived
    packet[Field::ct_state] = filtered->packet[Field::ct_state];
    packet[Field::oif] = filtered->packet[Field::oif];
    Publish const* const publish = sent ? nullptr : publication_of(policy, packet);
    if (publish != nullptr && kind == Path::Kind::to_host) return "published, but not led on";
    Passes const should = plainly(policy, kind, packet);
    if (should == Passes::at_a_rate) return "";
    ++seen.asked;
    bool const does = way.back()->accepted;
    if (does != (should == Passes::always)) return does ? "passes" : "is stopped";
    if (publish != nullptr) {
        Packet const& led = filtered->packet;
        bool const there = led.destination() == publish->host && led[Field::dport] == publish->port.value_or(static_cast<std::uint16_t>(packet[Field::dport]));
        if (!there) return "published, and led elsewhere";
        seen.published += does ? 1 : 0;
    } else if (!sent && packet[Field::ct_state] == ct_state::new_ && filtered->packet.destination() != packet.destination()) {
        return "led on, but not published";
    }
    (!does ? seen.stopped : sent ? seen.from_host : kind == Path::Kind::to_host ? seen.to_host : seen.through) += 1;
    return "";
}

void check_in_kernel(kernel::Laboratory& lab, std::string const& text, Target target, unsigned seed, Seen& seen) {
    Sources sources;
    Policy const policy = load(sources, text);
    Space space;
    Generated const made = generate(space, policy, target, {"p.toml", "0", "test"}, sources);
    INFO(text << '\n' << made.text);
    REQUIRE(made.gaps.empty());
    bool const v4 = target == Target::iptables;
    std::string const refused = target == Target::nftables ? lab.load(made.text, kernel::Tracking::on)
                                                           : lab.load_iptables(seed % 2 == 0 ? "legacy" : "nft", v4 ? Family::v4 : Family::v6, made.text, kernel::Tracking::on);
    REQUIRE(refused == "");
    kernel::RandomRuleset boundaries = boundaries_of(policy);
    if (target != Target::nftables) boundaries.family = v4 ? Family::v4 : Family::v6;
    auto probes = kernel::random_probes(boundaries, seed, 100);
    Aimed aimed(policy, seed);
    for (unsigned i = 0; i < 200; ++i)
        if (auto const probe = aimed.next(boundaries.family.value_or(i % 2 == 0 ? Family::v4 : Family::v6))) probes.push_back(*probe);
    std::vector<std::vector<kernel::Sighting const*>> ways(probes.size());
    auto const sightings = lab.send(probes);
    for (kernel::Sighting const& sighting : sightings) {
        auto& way = ways[sighting.probe];
        // What is sent to the host itself comes in again: a way of its own.
        if (way.empty() || way.front()->hook != HookPoint::output || sighting.hook == HookPoint::postrouting) way.push_back(&sighting);
    }
    for (auto const& way : ways) {
        if (way.empty()) continue; // the kernel discards it before any hook
        std::string const difference = compare(policy, way, seen);
        INFO(to_text(way.front()->packet) << " at " << to_string(way.back()->hook) << ": " << difference);
        CHECK(difference.empty());
    }
}

} // namespace

TEST_CASE("the kernel lets pass what the policy allows, and leads on what it publishes", "[kernel]") {
    kernel::Laboratory* const lab = kernel::laboratory();
    if (lab == nullptr) return;
    constexpr Target targets[] = {Target::nftables, Target::iptables, Target::ip6tables};
    Seen seen;
    unsigned seed = 0;
    for (auto const& [name, text] : policies_for_linux())
        for (Target const target : targets) {
            Sources sources;
            check_in_kernel(*lab, in_laboratory(text, load(sources, text)), target, ++seed, seen);
        }
    for (std::uint32_t i = 0; i < seeds(30); ++i) {
        std::string text = random_policy(90'000 + i);
        // Inner hosts that are not the laboratory's own.
        for (std::size_t at = 0; (at = text.find("to = \"10.1.2.3", at)) != std::string::npos; ++at) text.replace(at, 14, "to = \"10.2.2.3");
        check_in_kernel(*lab, text, targets[i % 3], ++seed, seen);
    }
    WARN(seen.asked << " packets: " << seen.to_host << " to the host, " << seen.through << " through it, " << seen.from_host << " from it, " << seen.stopped
                    << " stopped; " << seen.published << " led on");
    if (seeds(30) < 30) return;
    for (std::size_t const some : {seen.to_host, seen.through, seen.from_host, seen.stopped}) CHECK(some > seen.asked / 50);
    CHECK(seen.published > 20);
}
