#include <catch2/catch.hpp>

#include "portcullis/model/packet.hpp"
#include "portcullis/model/ruleset.hpp"

using namespace portcullis;

TEST_CASE("a mask with holes is the set of values that agree with it") {
    ValueSet const odd = ValueSet::masked(1, 1);
    CHECK(odd.contains(5));
    CHECK(!odd.contains(4));
    CHECK(odd.complement().contains(4));
    CHECK(odd.hull(3).first == 1);
    CHECK(odd.hull(3).last == 7);
    auto const listed = odd.as_intervals(3);
    REQUIRE(listed);
    CHECK(*listed == IntervalSet::of({{1, 1}, {3, 3}, {5, 5}, {7, 7}}));
    CHECK(!ValueSet::masked(1, 1).as_intervals(32)); // two thousand million intervals
    CHECK(ValueSet::masked(0, 0).is_all(8));
    // 10.x.0-255.y: a hole in the middle, free bits at the bottom.
    ValueSet const wildcard = ValueSet::masked(0x0A000000U, 0xFF00FF00U);
    CHECK(wildcard.contains(0x0A0500FFU));
    CHECK(!wildcard.contains(0x0A050100U));
    CHECK(wildcard.as_intervals(32)->intervals().size() == 256);
}

TEST_CASE("interface names are numbers, and a wildcard is one interval") {
    CHECK(interface_name(interface_value("eth0.100")) == "eth0.100");
    Interval const eth = interface_prefix("eth");
    CHECK(interface_value("eth0") >= eth.first);
    CHECK(interface_value("eth99") <= eth.last);
    CHECK(interface_value("ens1") < eth.first);
    CHECK(interface_value("eti") > eth.last);
    CHECK(values_text(Field::iif, IntervalSet(eth.first, eth.last)) == "eth*");
}

TEST_CASE("a set of flags is told by those that are set and those that are not") {
    auto const masked = [](Field field, U128 mask, U128 value) {
        std::vector<Interval> members;
        for (U128 flags = 0; flags <= info(field).largest; ++flags)
            if ((flags & mask) == value) members.push_back({flags, flags});
        return IntervalSet::of(members);
    };
    constexpr unsigned dnat = 32;
    CHECK(values_text(Field::tcp_flags, IntervalSet::single(tcp_flag::syn)) == "syn");
    CHECK(values_text(Field::tcp_flags, IntervalSet::single(0)) == "none");
    CHECK(values_text(Field::tcp_flags, IntervalSet(tcp_flag::syn, tcp_flag::syn).united(IntervalSet::single(tcp_flag::syn | tcp_flag::ack))) == "syn, syn,ack");
    CHECK(values_text(Field::ct_status, masked(Field::ct_status, dnat, dnat)) == "with dnat");
    CHECK(values_text(Field::ct_status, masked(Field::ct_status, dnat, 0)) == "without dnat");
    IntervalSet const begins = masked(Field::tcp_flags, tcp_flag::syn | tcp_flag::ack | tcp_flag::rst, tcp_flag::syn);
    CHECK(values_text(Field::tcp_flags, begins) == "with syn without rst,ack");
    CHECK(values_text(Field::tcp_flags, begins.united(masked(Field::tcp_flags, tcp_flag::rst, tcp_flag::rst))) == "with syn without ack, with rst");
    CHECK(values_text(Field::tcp_flags, IntervalSet::all(8)) == "any");
    CHECK(values_text(Field::tcp_flags, IntervalSet::all(8).minus(IntervalSet::single(0)), 2) == "with fin, with syn and 6 more");
}

TEST_CASE("packets are read as they are written") {
    for (char const* text : {"tcp 203.0.113.9:40000 > 192.0.2.10:22 in=eth0 flags=syn state=new",
                             "tcp [2001:db8::9]:40000 > [2001:db8::10]:443 in=eth0 out=eth1 flags=fin,ack state=established",
                             "udp 203.0.113.9:53 > 192.0.2.10:40000 state=new", "icmp 203.0.113.9 > 192.0.2.10 type 8 code 0 state=new",
                             "udp 203.0.113.9:53 > 192.0.2.10:40000 state=new physin=port1 uid=1000 gid=0",
                             "udp [2001:db8::9]:53 > [2001:db8::10]:40000 state=new ecn=ce exthdr=hbh,frag frag-id=7"}) {
        std::string input = text;
        // Types are written with a blank, and typed with a sign.
        for (char const* word : {"type ", "code "}) {
            if (auto const at = input.find(word); at != std::string::npos) input[at + 4] = '=';
        }
        auto const parsed = parse_packet(input);
        INFO(input << ": " << parsed.error);
        REQUIRE(parsed.packet);
        CHECK(to_text(*parsed.packet) == text);
    }
}

TEST_CASE("neighbour discovery belongs to no connection unless the packet says otherwise") {
    auto const state = [](std::string_view packet) { return parse_packet(packet).packet.value()[Field::ct_state]; };
    CHECK(state("icmpv6 2001:db8::9 > 2001:db8::10 type=135") == ct_state::untracked);
    CHECK(state("icmpv6 2001:db8::9 > ff02::16 type=143") == ct_state::untracked);
    CHECK(state("icmpv6 2001:db8::9 > 2001:db8::10 type=135 state=new") == ct_state::new_);
    CHECK(state("icmpv6 2001:db8::9 > 2001:db8::10 type=137") == ct_state::new_); // a redirect
    CHECK(state("icmpv6 2001:db8::9 > 2001:db8::10 type=128") == ct_state::new_);
    CHECK(state("icmp 192.0.2.9 > 192.0.2.10 type=135") == ct_state::new_);
}

TEST_CASE("what is no packet is refused with a sentence") {
    for (auto const& [text, error] : {std::pair{"tcp", "a packet needs 'SOURCE > DESTINATION'"},
                                      std::pair{"10.0.0.1 > 10.0.0.2", "a packet needs a protocol, such as tcp, udp or icmp"},
                                      std::pair{"tcp 10.0.0.1 > ::1", "source and destination are of different families"},
                                      std::pair{"tcp 10.0.0.300:1 > 10.0.0.1:2", "'10.0.0.300:1' is no address"},
                                      std::pair{"tcp 10.0.0.1:70000 > 10.0.0.1:2", "'10.0.0.1:70000' is no address"},
                                      std::pair{"tcp 10.0.0.1 > 10.0.0.2 state=fresh", "'fresh' is no value for 'state'"},
                                      std::pair{"xyz 10.0.0.1 > 10.0.0.2", "'xyz' is no protocol, and no word of the form key=value"},
                                      std::pair{"> 10.0.0.2", "'>' needs an address on either side"}}) {
        auto const parsed = parse_packet(text);
        CHECK(!parsed.packet);
        CHECK(parsed.error == error);
    }
}

TEST_CASE("jumps still lead to their chains when rulesets are joined") {
    Ruleset a;
    a.chains.resize(2);
    a.governs_v6 = false;
    Ruleset b;
    b.chains.resize(2);
    b.chains[0].rules.push_back({{}, Jump{1, false}, {}, {}, {}, 0});
    b.chains[1].rules.push_back({{}, Jump{no_chain, false}, {}, {}, {}, 0});
    b.governs_v4 = false;
    Ruleset const host = join(a, b);
    REQUIRE(host.chains.size() == 4);
    CHECK(host.chains[2].rules[0].verdict == Verdict(Jump{3, false}));
    CHECK(host.chains[3].rules[0].verdict == Verdict(Jump{no_chain, false}));
    CHECK(host.governs_v4);
    CHECK(host.governs_v6);
}
