// What random rulesets and the kernel (tests/kernel) have shown about single matches and targets of iptables.
#include <algorithm>
#include <catch2/catch.hpp>

#include "portcullis/dialect/read.hpp"
#include "portcullis/engine/interpret.hpp"

using namespace portcullis;

namespace {

Reading read_rules(std::string const& rules, Dialect dialect = Dialect::iptables) {
    Sources sources;
    return read(sources, sources.add("rules", "*mangle\n:FORWARD ACCEPT [0:0]\n" + rules + "COMMIT\n"), dialect);
}

bool drops(std::string const& rules, Packet const& packet, Dialect dialect = Dialect::iptables) {
    Reading const reading = read_rules(rules, dialect);
    CHECK(reading.findings.empty());
    Decision const decision = interpret(reading.ruleset, ChainId{0}, packet);
    CHECK(decision.certain());
    return decision.main().fate == Fate::drop;
}

Packet packet6() {
    Packet packet;
    packet[Field::family] = family_v6;
    return packet;
}

} // namespace

TEST_CASE("no address is negated beside a list of them") {
    CHECK(read_rules("-A FORWARD ! -s 192.0.2.1 -d 192.0.2.2,192.0.2.3 -j DROP\n").findings.all().size() == 1);
    CHECK(read_rules("-A FORWARD -s 192.0.2.1,192.0.2.2 -d 192.0.2.3 -j DROP\n").findings.empty());
}

TEST_CASE("a unicast address of IPv6 is UNICAST wherever it leads, and a second type restricts") {
    constexpr U128 unicast = 1, local = 2, multicast = 5, unreachable = 7;
    struct Row {
        std::string_view types;
        std::vector<U128> hold;
    };
    Row const rows[] = {{"UNICAST", {unicast, local, unreachable}},
                        {"UNICAST,LOCAL", {local}},
                        {"LOCAL,UNREACHABLE", {local, unreachable}},
                        {"MULTICAST", {multicast}},
                        {"UNICAST,MULTICAST", {}}};
    for (Row const& row : rows) {
        for (U128 const type : {unicast, local, multicast, unreachable}) {
            Packet packet = packet6();
            packet[Field::dst_type] = type;
            std::string const rule = "-A FORWARD -m addrtype --dst-type " + std::string(row.types) + " -j DROP\n";
            INFO(rule << value_text(Field::dst_type, type));
            bool const holds = std::find(row.hold.begin(), row.hold.end(), type) != row.hold.end();
            CHECK(drops(rule, packet, Dialect::ip6tables) == holds);
        }
    }
}

TEST_CASE("without a connection there is no mark to restore") {
    std::string const rules = "-A FORWARD -j CONNMARK --restore-mark\n-A FORWARD -m mark --mark 5 -j DROP\n";
    Packet packet;
    packet[Field::mark] = 5;
    packet[Field::ct_mark] = 7;
    packet[Field::ct_state] = ct_state::invalid;
    CHECK(drops(rules, packet));
    packet[Field::ct_state] = ct_state::new_;
    CHECK_FALSE(drops(rules, packet));
}

TEST_CASE("a match on an extension header without options asks for the header and nothing else") {
    Packet packet = packet6();
    CHECK_FALSE(drops("-A FORWARD -m dst -j DROP\n", packet, Dialect::ip6tables));
    packet[Field::exthdr] = extension_header::dst;
    CHECK(drops("-A FORWARD -m dst -j DROP\n", packet, Dialect::ip6tables));
}
