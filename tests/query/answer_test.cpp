// Answers to questions: what is in them, what proves them, and whether an expectation holds.
#include <catch2/catch.hpp>

#include "portcullis/engine/interpret.hpp"
#include "portcullis/engine/path.hpp"
#include "portcullis/query/answer.hpp"
#include "query/text.hpp"

using namespace portcullis;

namespace {

Answer ask(Firewall const& firewall, std::string_view text, std::optional<Expectation> expectation = std::nullopt) {
    Config const config = with_zones();
    return answer(firewall.ruleset, config, question(text, config), expectation);
}

std::vector<std::string> paths(Answer const& answer) {
    std::vector<std::string> names;
    for (PathAnswer const& path : answer.paths) names.push_back(path.path);
    return names;
}

bool is_in(Cube const& cube, Packet const& packet) {
    return std::all_of(cube.fields.begin(), cube.fields.end(), [&](auto const& named) { return named.second.contains(packet[named.first]); });
}

Packet parsed(std::string_view text) {
    auto const packet = parse_packet(text).packet;
    REQUIRE(packet);
    return *packet;
}

using Names = std::vector<std::string>;

} // namespace

TEST_CASE("an answer is a few products, with services and the rule that decides") {
    Firewall const fw("-A INPUT -s 10.0.0.0/8 -p tcp --dport 22 -j ACCEPT\n-A INPUT -p tcp --dport 80 -j ACCEPT\n");
    Answer const all = ask(fw, "allowed from any to self any");
    REQUIRE(paths(all) == Names{"to-host"});
    auto const& traffic = all.paths[0].traffic;
    REQUIRE(traffic.size() == 2);
    for (AnsweredTraffic const& t : traffic) {
        // As large as the answer allows: from 10.0.0.0/8 both ports are open.
        bool const inner = t.cube.values(Field::src4) != nullptr;
        CHECK(t.services == (inner ? Names{"ssh", "http"} : Names{"http"}));
        CHECK(*t.cube.values(Field::dport) == (inner ? IntervalSet::of({{22, 22}, {80, 80}}) : IntervalSet::single(80)));
        // What all new connections have is not told of each.
        for (Field const field : {Field::tcp_flags, Field::fragment, Field::ct_state, Field::dst4, Field::iif, Field::oif})
            CHECK(t.cube.values(field) == nullptr);
        CHECK(fw.line(*t.proof.treatment.span) == (inner ? 5 : 6));
        CHECK(t.proof.certainty == Certainty::certain);
        CHECK(t.proof.witness.verdict == "accept");
    }
    Answer const none = ask(fw, "allowed from 192.0.2.0/24 to self ssh");
    REQUIRE(none.paths.size() == 1);
    CHECK(none.paths[0].traffic.empty());
    Answer const denied = ask(fw, "denied from any to self ssh");
    REQUIRE(denied.paths[0].traffic.size() == 1);
    CHECK(denied.paths[0].traffic[0].proof.treatment.is_policy);
    CHECK(denied.paths[0].traffic[0].cube.values(Field::src4)->count() == (U128{1} << 32U) - (U128{1} << 24U));
}

TEST_CASE("what is in an answer is what the interpreter lets pass") {
    Firewall const fw("-A INPUT -s 10.1.0.0/16 -j DROP\n-A INPUT -i eth1 -s 10.0.0.0/8 -p tcp --dport 20:25 -j ACCEPT\n"
                      "-A INPUT -p udp --dport 53 -j ACCEPT\n-A INPUT -p tcp ! --syn -j ACCEPT\n"
                      "-A INPUT -d 192.0.2.1 -p tcp -j ACCEPT\n-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT\n");
    Answer const allowed = ask(fw, "allowed to self state any");
    Answer const denied = ask(fw, "denied to self state any");
    Path const path = find_paths(fw.ruleset).front();
    std::size_t accepted = 0;
    for (char const* protocol : {"tcp", "udp"}) {
        for (char const* source : {"10.1.2.3", "10.2.2.3", "203.0.113.9"}) {
            for (char const* destination : {"192.0.2.1", "192.0.2.2", "224.0.0.251"}) {
                for (char const* port : {"22", "53", "99"}) {
                    for (char const* rest : {" in=eth0", " in=eth1", " in=eth0 state=established", " in=eth1 flags=ack"}) {
                        if (std::string_view(protocol) == "udp" && std::string_view(rest).ends_with("ack")) continue;
                        Packet const packet = parsed(std::string(protocol) + ' ' + source + ":40000 > " + destination + ':' + port + rest);
                        bool const passes = interpret(fw.ruleset, path.chains, packet).main().fate == Fate::accept;
                        auto const has = [&](Answer const& answer) {
                            auto const& traffic = answer.paths[0].traffic;
                            return std::any_of(traffic.begin(), traffic.end(), [&](AnsweredTraffic const& t) { return is_in(t.cube, packet); });
                        };
                        INFO(to_text(packet));
                        CHECK(has(allowed) == passes);
                        CHECK(has(denied) != passes);
                        accepted += passes;
                    }
                }
            }
        }
    }
    CHECK(accepted > 20);
}

TEST_CASE("the paths of a question follow from its words") {
    Firewall const fw("-A FORWARD -j ACCEPT\n-A OUTPUT -p udp --dport 53 -j ACCEPT\n");
    CHECK(paths(ask(fw, "allowed")) == Names{"to-host", "through"});
    CHECK(paths(ask(fw, "allowed to self")) == Names{"to-host"});
    CHECK(paths(ask(fw, "allowed to !self")) == Names{"through"});
    CHECK(paths(ask(fw, "allowed from self")) == Names{"from-host"});
    CHECK(paths(ask(fw, "allowed from self,any")) == Names{"to-host", "through", "from-host"});
    CHECK(paths(ask(fw, "allowed out eth0")) == Names{"through"});
    CHECK(paths(ask(fw, "allowed path through")) == Names{"through"});
    CHECK(paths(ask(fw, "allowed to lan")) == Names{"to-host", "through"});
    CHECK(paths(ask(fw, "allowed to outside")) == Names{"through"});
    CHECK_THROWS_WITH(ask(fw, "allowed path throgh"), "there is no path 'throgh'; did you mean 'through'?");
    CHECK_THROWS_WITH(ask(fw, "allowed path to-host from self"), "the question describes no packet on any path that it is about");
    CHECK_THROWS_WITH(ask(fw, "allowed from 2001:db8::/32"), "the question describes no packet on any path that it is about");
}

TEST_CASE("where no chain stands on a path that is named, everything passes") {
    Firewall const fw("table ip t {\n chain f {\n  type filter hook forward priority 0; policy drop;\n }\n}\n", Dialect::nftables);
    CHECK(paths(ask(fw, "allowed")) == Names{"through"});
    Answer const open = ask(fw, "allowed to self telnet", Expectation::denied);
    REQUIRE(open.counterexample);
    CHECK(!open.counterexample->treatment.span);
    // … and so does a family that none of the chains sees.
    CHECK(ask(fw, "allowed from 2001:db8::/32 path through", Expectation::allowed).counterexample == std::nullopt);
}

TEST_CASE("zones are addresses and interfaces, and the internet is what nobody vouches for") {
    Firewall const fw("-A INPUT -i eth1 -p tcp --dport 22 -j ACCEPT\n-A INPUT -i eth0 -p tcp --dport 80 -j ACCEPT\n"
                      "-A FORWARD -i eth1 -o eth0 -j ACCEPT\n");
    CHECK(!ask(fw, "allowed from lan to self ssh", Expectation::allowed).counterexample);
    CHECK(ask(fw, "allowed from office to self ssh", Expectation::allowed).counterexample);
    CHECK(!ask(fw, "allowed from outside to self http", Expectation::allowed).counterexample);
    CHECK(!ask(fw, "allowed from internet to self ssh", Expectation::denied).counterexample);
    CHECK(ask(fw, "allowed from internet to self http", Expectation::denied).counterexample);
    CHECK(!ask(fw, "allowed from lan to outside any", Expectation::allowed).counterexample);
    CHECK(ask(fw, "allowed from any,!lan to self ssh", Expectation::denied).counterexample); // eth1, from elsewhere
    CHECK(!ask(fw, "allowed from any,!lan to self ssh in !eth1", Expectation::denied).counterexample);
}

TEST_CASE("loopback and multicast are meant where they are named") {
    Firewall const fw("-A INPUT -i lo -j ACCEPT\n-A INPUT -d 224.0.0.251 -p udp --dport 5353 -j ACCEPT\n");
    CHECK(!ask(fw, "allowed to self", Expectation::none).counterexample);
    CHECK(ask(fw, "allowed to self in lo", Expectation::none).counterexample);
    CHECK(!ask(fw, "allowed to self in lo", Expectation::allowed).counterexample);
    CHECK(ask(fw, "allowed to 224.0.0.0/4 path to-host", Expectation::none).counterexample);
    CHECK(ask(fw, "allowed to self state any", Expectation::none).counterexample);
}

TEST_CASE("what hangs on a match that is not modelled is possible, and says so") {
    Firewall const fw("-A INPUT -p tcp --dport 22 -m limit --limit 3/min -j ACCEPT\n-A INPUT -p tcp --dport 80 -m recent --name x --rcheck -j ACCEPT\n");
    for (char const* service : {"ssh", "http"}) {
        Answer const answer = ask(fw, std::string("allowed to self ") + service, Expectation::allowed);
        REQUIRE(answer.paths[0].traffic.size() == 1);
        AnsweredTraffic const& traffic = answer.paths[0].traffic[0];
        CHECK(traffic.cube.assumptions.size() == 1);
        CHECK(traffic.proof.certainty == Certainty::possible);
        CHECK(traffic.proof.assumptions.size() == 1);
        REQUIRE(answer.counterexample);
        CHECK(answer.counterexample->certainty == Certainty::possible);
        CHECK(ask(fw, std::string("allowed to self ") + service, Expectation::denied).counterexample);
    }
}

TEST_CASE("marks that rules set leave what they lead to certain") {
    Firewall const fw("*mangle\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp --dport 22 -j MARK --set-xmark 0x1/0xffffffff\nCOMMIT\n"
                      "*filter\n:INPUT DROP [0:0]\n-A INPUT -m mark --mark 0x1 -j ACCEPT\nCOMMIT\n", Dialect::iptables);
    Answer const answer = ask(fw, "allowed to self");
    REQUIRE(answer.paths[0].traffic.size() == 1);
    CHECK(answer.paths[0].traffic[0].services == Names{"ssh"});
    CHECK(answer.paths[0].traffic[0].proof.certainty == Certainty::certain);
    CHECK(answer.paths[0].traffic[0].cube.values(Field::mark) == nullptr);
}

TEST_CASE("access lists are asked by what they are bound to") {
    Firewall const device("interface GigabitEthernet0/0\n ip address 192.0.2.1 255.255.255.0\n ip access-group EDGE in\n"
                          "interface GigabitEthernet0/1\n ip address 10.0.0.1 255.255.255.0\n ip access-group INSIDE in\n"
                          "ip access-list extended EDGE\n permit tcp any host 192.0.2.1 eq 22\n deny ip any any\n"
                          "ip access-list extended INSIDE\n permit ip any any\n", Dialect::cisco_ios);
    CHECK(paths(ask(device, "allowed")) == Names{"EDGE", "INSIDE"});
    CHECK(paths(ask(device, "allowed in GigabitEthernet0/0")) == Names{"EDGE"});
    CHECK(paths(ask(device, "allowed in !GigabitEthernet0/0")) == Names{"INSIDE"});
    CHECK(paths(ask(device, "allowed path INSIDE")) == Names{"INSIDE"});
    Answer const own = ask(device, "allowed from any to self ssh path EDGE");
    REQUIRE(own.paths[0].traffic.size() == 1);
    CHECK(own.paths[0].traffic[0].cube.values(Field::dst4)->only() == U128{0xC0000201U});
    CHECK(!ask(device, "allowed to !self path EDGE", Expectation::denied).counterexample);
}

TEST_CASE("an expectation has a counterexample or none") {
    Firewall const fw("-A INPUT -p tcp --dport 22 -s 10.0.0.0/8 -j ACCEPT\n");
    CHECK(!ask(fw, "allowed from 10.0.0.0/9 to self ssh", Expectation::allowed).counterexample);
    Answer const wide = ask(fw, "allowed from any to self ssh", Expectation::allowed);
    REQUIRE(wide.counterexample);
    CHECK(wide.counterexample->witness.verdict == "drop");
    CHECK(wide.counterexample->treatment.is_policy);
    CHECK(!ask(fw, "denied from 10.0.0.0/9 to self ssh", Expectation::none).counterexample);
    CHECK(ask(fw, "denied from any to self ssh", Expectation::none).counterexample->witness.verdict == "drop");
    CHECK(ask(fw, "allowed from any to self ssh", Expectation::none).counterexample->witness.verdict == "accept");
    CHECK(!ask(fw, "allowed from any to self telnet", Expectation::denied).counterexample);
    for (Expectation const e : {Expectation::allowed, Expectation::denied, Expectation::none}) CHECK(expectation_by_name(to_string(e)) == e);
}
