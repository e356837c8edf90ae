// Random sets of every type that this kernel has are loaded into a namespace; ipset itself says which addresses are
// in them, and a rule that asks for the set has to agree about each.
#include <array>
#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <random>
#include <set>

#include "kernel/namespace.hpp"
#include "portcullis/dialect/read.hpp"
#include "portcullis/engine/interpret.hpp"

using namespace portcullis;

namespace {

class Dice {
  public:
    explicit Dice(unsigned seed) : engine_(seed) {}
    unsigned below(unsigned end) { return std::uniform_int_distribution<unsigned>(0, end - 1)(engine_); }
    template <class T, std::size_t N> T const& one_of(std::array<T, N> const& all) { return all[below(N)]; }

  private:
    std::mt19937 engine_;
};

// Few addresses, so that sets and questions meet.
std::string address(Dice& dice) { return fmt::format("10.{}.{}.{}", dice.below(4), dice.below(4), dice.below(8)); }
std::string network(Dice& dice) {
    constexpr std::array lengths = {8U, 16U, 20U, 24U, 28U, 30U, 32U};
    return fmt::format("{}/{}", address(dice), dice.one_of(lengths));
}

struct Port {
    char const* entry;  // as ipset writes it
    char const* packet; // as parse_packet does, with {} for the addresses
};
constexpr std::array ports = {
    Port{"tcp:1", "tcp {}:9 > {}:1"},   Port{"tcp:2", "tcp {}:9 > {}:2"},        Port{"udp:1", "udp {}:9 > {}:1"},
    Port{"sctp:2", "sctp {}:9 > {}:2"}, Port{"icmp:8/0", "icmp {} > {} type=8"}, Port{"gre:0", "gre {} > {}"},
};
constexpr std::array interfaces = {"e0", "e1", "e2"};

// The parts of an entry by letter: n network, a address, p port, i interface.
struct Type {
    char const* name;
    char const* parts;
    char const* flags;
    bool exceptions;
};
constexpr Type types[] = {
    {"hash:ip", "a", "src", false},
    {"hash:net", "n", "src", true},
    {"hash:ip,port", "ap", "src,dst", false},
    {"hash:net,port", "np", "src,dst", true},
    {"hash:ip,port,ip", "apa", "src,dst,dst", false},
    {"hash:ip,port,net", "apn", "src,dst,dst", true},
    {"hash:net,net", "nn", "src,dst", true},
    {"hash:net,port,net", "npn", "src,dst,dst", true},
    {"hash:net,iface", "ni", "src,src", true},
};

std::string random_entry(Type const& type, Dice& dice) {
    std::string entry;
    for (char const* part = type.parts; *part != '\0'; ++part) {
        entry += entry.empty() ? "" : ",";
        entry += *part == 'a'   ? address(dice)
                 : *part == 'n' ? network(dice)
                 : *part == 'p' ? dice.one_of(ports).entry
                                : dice.one_of(interfaces);
    }
    return entry;
}

struct Question {
    std::string entry;
    std::string packet;
};
Question random_question(Type const& type, Dice& dice) {
    std::string const source = address(dice);
    std::string const destination = address(dice);
    Port const& port = dice.one_of(ports);
    std::string const interface = dice.one_of(interfaces);
    std::string entry = source;
    for (char const* part = type.parts + 1; *part != '\0'; ++part)
        entry += ',' + (*part == 'p' ? port.entry : *part == 'i' ? interface : destination);
    return {entry, fmt::format(fmt::runtime(port.packet), source, destination) + " in=" + interface};
}

Match match_of(std::string const& sets, Type const& type) {
    Sources sources;
    IpsetReading reading = read_ipset(sources, sources.add("sets", sets));
    REQUIRE(reading.findings.empty());
    ReadOptions options;
    options.ipsets = std::make_shared<Ipsets const>(std::move(reading.sets));
    std::string const rules =
        fmt::format("*filter\n:INPUT DROP [0:0]\n-A INPUT -m set --match-set s {} -j ACCEPT\nCOMMIT\n", type.flags);
    return read(sources, sources.add("rules", rules), Dialect::iptables, options)
        .ruleset.chains.at(0)
        .rules.at(0)
        .match;
}

} // namespace

TEST_CASE("a rule that asks for a set has the packets that ipset has in it") {
    if (auto const why_not = kernel::enter_namespace()) {
        WARN("skipped: " << *why_not);
        return;
    }
    if (kernel::run({"ipset", "list"}).code != 0) {
        WARN("skipped: there is no ipset here");
        return;
    }
    Dice dice(20);
    std::size_t compared = 0;
    for (unsigned round = 0; round < 4; ++round) {
        for (Type const& type : types) {
            std::string sets = fmt::format("create s {}\n", type.name);
            for (unsigned i = 2 + dice.below(40); i > 0; --i)
                sets += fmt::format("add -exist s {}{}\n", random_entry(type, dice),
                                    type.exceptions && dice.below(3) == 0 ? " nomatch" : "");
            kernel::run({"ipset", "destroy"});
            if (kernel::run({"ipset", "restore"}, sets).code != 0) continue; // a type that this kernel lacks
            Match const match = match_of(sets, type);
            for (unsigned i = 0; i < 50; ++i) {
                Question const question = random_question(type, dice);
                ParsedPacket const packet = parse_packet(question.packet);
                REQUIRE(packet.packet);
                bool const in_it = kernel::run({"ipset", "-q", "test", "s", question.entry}).code == 0;
                INFO(sets << question.entry << "\n" << question.packet);
                CHECK(matches(match, *packet.packet) == std::optional(in_it));
                ++compared;
            }
        }
    }
    CHECK(compared > 0);
}
