// Which packets have a way through a router: by what the interpreter says of each list on it, packet by packet.
#include "lint/list_ways.hpp"

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <random>

#include "portcullis/dialect/read.hpp"
#include "portcullis/engine/interpret.hpp"
#include "seeds.hpp"

using namespace portcullis;

namespace {

// Three interfaces with a network each, 10.0.N.0/24, and lists on some of them.
std::string random_router(std::mt19937& dice) {
    auto const below = [&](unsigned n) { return static_cast<unsigned>(dice() % n); };
    std::string lists, interfaces;
    for (unsigned n = 0; n < 3; ++n) {
        interfaces += fmt::format("interface GigabitEthernet0/{0}\n ip address 10.0.{0}.1 255.255.255.0\n", n);
        for (std::string_view const direction : {"in", "out"}) {
            if (below(3) == 0) continue;
            interfaces += fmt::format(" ip access-group L{}{} {}\n", n, direction, direction);
            lists += fmt::format("ip access-list extended L{}{}\n", n, direction);
            for (unsigned i = 0; i < 3; ++i) {
                lists += fmt::format(" {} tcp {} {} eq {}\n", below(3) == 0 ? "deny" : "permit", below(2) == 0 ? "any" : fmt::format("10.0.{}.0 0.0.0.255", below(3)),
                                     below(2) == 0 ? "any" : fmt::format("10.0.{}.0 0.0.0.127", below(3)), 22 + below(3));
            }
        }
    }
    return "hostname r\n" + lists + interfaces;
}

Packet packet_to(U128 source, U128 destination, U128 port) {
    Packet packet;
    packet[Field::protocol] = number(Protocol::tcp);
    packet[Field::tcp_flags] = tcp_flag::syn;
    packet[Field::src4] = source;
    packet[Field::dst4] = destination;
    packet[Field::sport] = 40000;
    packet[Field::dport] = port;
    packet[Field::ct_state] = ct_state::new_;
    packet[Field::ttl] = 64;
    return packet;
}

// What the list of an interface says; without one, everything passes.
bool passes(Ruleset const& ruleset, unsigned interface, std::string_view direction, Packet const& packet) {
    for (ChainId id = 0; id < ruleset.chains.size(); ++id)
        if (ruleset.chains[id].name == fmt::format("L{}{}", interface, direction)) return interpret(ruleset, id, packet).main().fate == Fate::accept;
    return true;
}

} // namespace

TEST_CASE("a list is asked about packets that have a way before and behind it") {
    std::size_t stopped = 0, sent_on = 0;
    for (std::uint32_t seed = 1; seed <= seeds(60); ++seed) {
        std::mt19937 dice(seed);
        std::string const text = random_router(dice);
        INFO(text);
        Sources sources;
        Reading const reading = read(sources, sources.add("r.cfg", text), Dialect::cisco_ios);
        Ruleset const& ruleset = reading.ruleset;
        Space space;
        ListWays ways(space, ruleset);
        for (ChainId id = 0; id < ruleset.chains.size(); ++id) {
            std::string const& name = ruleset.chains[id].name;
            if (!name.starts_with("L")) continue;
            auto const own = static_cast<unsigned>(name[1] - '0');
            auto const found = ways.packets_with_way(id);
            for (unsigned from = 0; from < 4; ++from) {
                for (U128 const destination : {0x0a000005U, 0x0a000105U, 0x0a0001c8U, 0x0a000205U, 0x0a000101U, 0xc6336409U}) {
                    for (U128 port = 22; port < 25; ++port) {
                        Packet const packet = packet_to(from == 3 ? 0xcb007109U : 0x0a000009U + (from << 8U), destination, port);
                        bool expected = false;
                        if (name.ends_with("in")) {
                            auto const behind = static_cast<unsigned>(destination >> 8U & 255);
                            bool const known = destination >> 24U == 10 && (destination & 255) != 1;
                            expected = !known || passes(ruleset, behind, "out", packet);
                        } else {
                            for (unsigned other = 0; other < 3; ++other)
                                expected = expected || (other != own && passes(ruleset, other, "in", packet));
                        }
                        INFO(name << ' ' << to_text(packet));
                        CHECK((!found || found->contains(packet)) == expected);
                        (expected ? sent_on : stopped) += 1;
                    }
                }
            }
        }
    }
    CHECK(stopped > 20 * seeds(60));
    CHECK(sent_on > 20 * seeds(60));
}
