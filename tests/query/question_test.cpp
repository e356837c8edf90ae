// The language of questions: what is read, and what is said of what is not.
#include <catch2/catch.hpp>

#include "query/text.hpp"

using namespace portcullis;

namespace {

std::string error(std::string_view text) {
    ParsedQuestion const parsed = parse_question(text, with_zones());
    CHECK(parsed.question.has_value() == parsed.error.empty());
    return parsed.error;
}

} // namespace

TEST_CASE("words come in any order, and lists are separated by commas") {
    Config const config = with_zones();
    for (char const* text : {"denied from lan, !10.1.0.0/16 to self,192.0.2.1-192.0.2.9 ssh,udp/53 in eth*,!eth9 state new,established path to-host",
                             "denied path to-host state new,established ssh,udp/53 to self,192.0.2.1-192.0.2.9 in eth*,!eth9 from lan,\n!10.1.0.0/16"}) {
        Question const q = question(text, config);
        CHECK(q.verb == Question::Verb::denied);
        REQUIRE(q.from.size() == 2);
        CHECK(q.from[0].kind == Question::Place::Kind::zone);
        CHECK(q.from[0].zone == "lan");
        CHECK(q.from[1].excluded);
        CHECK(q.from[1].addresses == IntervalSet(0x0A010000U, 0x0A01FFFFU));
        REQUIRE(q.to.size() == 2);
        CHECK(q.to[0].kind == Question::Place::Kind::self);
        CHECK(q.to[1].addresses == IntervalSet(0xC0000201U, 0xC0000209U));
        REQUIRE(q.services.size() == 2);
        CHECK(q.services[1].text == "udp/53");
        REQUIRE(q.in.size() == 2);
        CHECK(q.in[0].pattern == "eth*");
        CHECK(q.in[1].excluded);
        CHECK(q.states == IntervalSet(0, 1));
        CHECK(q.path == "to-host");
    }
    Question const all = question("allowed", config);
    CHECK((all.from.empty() && all.to.empty() && all.services.empty() && !all.states && all.path.empty()));
    CHECK(question("allowed state any", config).states == IntervalSet(0, 4));
}

TEST_CASE("a zone called internet is that zone") {
    CHECK(question("allowed from internet", with_zones()).from[0].kind == Question::Place::Kind::internet);
    LoadedConfig const own = load_config("[zones]\ninternet = { interfaces = [\"ppp0\"], trust = \"untrusted\" }\n", "x");
    CHECK(question("allowed from internet", own.config).from[0].kind == Question::Place::Kind::zone);
}

TEST_CASE("services are names, ports, protocols and types of icmp") {
    Catalogue const& catalogue = Catalogue::built_in();
    Space space;
    auto const set = [&](std::string_view text) {
        ParsedService const parsed = parse_service(text, catalogue);
        INFO(text << ": " << parsed.error);
        REQUIRE(parsed.error.empty());
        return to_services(space, {parsed.word});
    };
    auto const ports = [&](Protocol protocol, U128 first, U128 last) {
        Match match;
        match.terms = {{Field::protocol, ValueSet::single(number(protocol)), {}}, {Field::dport, ValueSet::range(first, last), {}}};
        return space.of(match);
    };
    CHECK((set("telnet") == ports(Protocol::tcp, 23, 23)));
    CHECK((set("TELNET") == set("telnet")));
    CHECK((set("tcp/8000-8100") == ports(Protocol::tcp, 8000, 8100)));
    CHECK((set("udp/53") == ports(Protocol::udp, 53, 53)));
    CHECK((set("gre") == space.of(Field::protocol, ValueSet::single(47))));
    CHECK((set("any") == space.all()));
    CHECK((set("!telnet") == space.all() - set("telnet")));
    CHECK((set("icmp/echo-request") == set("icmp/8")));
    CHECK((set("icmpv6/nd-neighbor-solicit") == set("icmpv6/135")));
    CHECK((set("icmp/echo-request") & set("icmp")) == set("icmp/8"));
    auto const wrong = [&](std::string_view text) { return parse_service(text, catalogue).error; };
    CHECK(wrong("telent") == "a service such as ssh, tcp/8000-8100, icmp or any; did you mean 'telnet'?");
    CHECK(wrong("22") == "a service; ports need their protocol, such as tcp/22");
    CHECK(wrong("tpc/22") == "a protocol such as tcp before the slash; did you mean 'tcp'?");
    CHECK(wrong("tcp/65536") == "a port or a range of ports from 0 to 65535 behind the slash, such as tcp/80-90");
    CHECK(wrong("tcp/90-80") == wrong("tcp/"));
    CHECK(wrong("gre/7") == "gre alone, which has no ports");
    CHECK(wrong("icmp/eco") == "a type of icmp behind the slash, such as icmp/echo-request");
    CHECK(!wrong("").empty());
}

TEST_CASE("errors name the column, what was found and what was expected") {
    CHECK(error("") == "column 1: found nothing, expected allowed or denied");
    CHECK(error("alowed from any") == "column 1: found 'alowed', expected allowed or denied; did you mean 'allowed'?");
    CHECK(error("allowed frm any") == "column 9: found 'frm', expected from, to, in, out, state, path or a service; did you mean 'from'?");
    CHECK(error("allowed from") == "column 13: found nothing, expected what follows 'from'");
    CHECK(error("allowed from any from any") == "column 18: found 'from', expected each word once; commas separate several");
    CHECK(error("allowed from ofice") == "column 14: found 'ofice', expected an address, a prefix, a range, any, self, internet or a zone; did you mean 'office'?");
    CHECK(error("allowed from 10.0.0.1/8 ssh") == "column 14: found '10.0.0.1/8', expected no bits below the prefix: 10.0.0.0/8 or 10.0.0.1");
    CHECK(error("allowed from any, !any,") == "column 24: found nothing, expected an address, a prefix, a range, any, self, internet or a zone");
    CHECK(error("allowed state neu") == "column 15: found 'neu', expected new, established, related, invalid, untracked or any; did you mean 'new'?");
    CHECK(error("allowed in e*h") == "column 12: found 'e*h', expected an interface such as eth0, or eth* for all that begin so");
    CHECK(error("allowed path a,b") == "column 16: found 'b', expected one path");
    CHECK(error("allowed ssh telnet") == "column 13: found 'telnet', expected from, to, in, out, state or path, since there is a service; commas separate several services");
    CHECK(error("allowed ssh,telent") == "column 13: found 'telent', expected a service such as ssh, tcp/8000-8100, icmp or any; did you mean 'telnet'?");
    // Columns count code points.
    CHECK_THAT(error("allowed in \u00fc\u00fc ssh2"), Catch::Matchers::StartsWith("column 15: found 'ssh2'"));
    CHECK(error("allowed from " + std::string(5000, 'x')) == "the question has more than 4096 bytes");
    CHECK(error("allowed from " + std::string(4000, 'x')).size() < 250);
}
