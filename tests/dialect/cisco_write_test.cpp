// Rulesets as access lists: what is written reads back to the same lists, on four platforms and for both families.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <random>

#include "portcullis/dialect/convert.hpp"
#include "portcullis/dialect/read.hpp"
#include "portcullis/dialect/write.hpp"
#include "portcullis/engine/reach.hpp"
#include "seeds.hpp"

using namespace portcullis;
using Catch::Matchers::Contains;

namespace {

constexpr std::array platforms{Dialect::cisco_ios, Dialect::cisco_asa, Dialect::cisco_nxos, Dialect::cisco_xr};

Reading read_text(std::string text, Dialect dialect) {
    Sources sources;
    return read(sources, sources.add("test", std::move(text)), dialect);
}

std::string losses_of(Writing const& written) {
    std::string text;
    for (Finding const& loss : written.losses.all()) text += loss.args.at("construct") + ": " + loss.args.at("why") + '\n';
    return text;
}

// What is written of a configuration of the platform, which reads back to the same.
std::string rewritten(std::string const& text, Dialect platform) {
    INFO(to_string(platform) << "\n" << text);
    Ruleset const before = read_text(text, platform).ruleset;
    Writing const written = write_cisco(before, platform);
    CHECK(losses_of(written) == "");
    Ruleset const after = read_text(written.text, platform).ruleset;
    if (!same_meaning(before, after)) {
        UNSCOPED_INFO(written.text);
        CHECK(to_text(before) == to_text(after));
    }
    return written.text;
}

void unchanged(std::string const& text, Dialect platform) { CHECK(rewritten(text, platform) == text); }

// The rules of an nft chain at forward, as a list.
std::string of_nft(std::string const& rules, Dialect platform, std::string const& family = "ip") {
    Ruleset const before = read_text("table " + family + " t {\n chain c {\n  type filter hook forward priority 0; policy drop;\n" +
                                         rules + "\n }\n chain d {\n  tcp dport 22 accept\n  udp dport 53 drop\n }\n}\n",
                                     Dialect::nftables)
                               .ruleset;
    Writing const written = write_cisco(before, platform);
    std::string text = losses_of(written);
    if (!text.empty()) text = "lost " + text;
    return text + written.text;
}

// --- Random lists in a small world

class Random {
  public:
    Random(std::uint32_t seed, Dialect platform, Family family) : engine_(seed), platform_(platform), family_(family) {}
    std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(engine_() % n); }
    bool chance(std::uint32_t percent) { return below(100) < percent; }

    Ruleset ruleset() {
        Ruleset result;
        result.dialect = platform_;
        Chain chain;
        chain.name = "EDGE";
        chain.hook = Hook{HookPoint::list, ChainType::filter, 0, family_ == Family::v4 || platform_ == Dialect::cisco_asa,
                          family_ == Family::v6 || platform_ == Dialect::cisco_asa, {}};
        chain.policy = chance(80) ? Verdict(Drop{}) : Verdict(Accept{});
        for (std::uint32_t i = 0; i <= below(6); ++i) chain.rules.push_back(rule(i));
        result.chains.push_back(std::move(chain));
        return result;
    }

  private:
    Rule rule(std::uint32_t index) {
        Rule result;
        result.span = {0, index, index + 1}; // losses are told by it
        result.origin = index;
        result.verdict = chance(60) ? Verdict(Accept{}) : Verdict(Drop{});
        result.effects.log = chance(20);
        Match& match = result.match;
        if (platform_ == Dialect::cisco_asa && chance(70))
            match.terms.push_back({Field::family, ValueSet::single(family_value(family_)), {}});
        for (Field const field : {src_field(family_), dst_field(family_)})
            if (chance(50)) match.terms.push_back({field, addresses(), {}});
        if (chance(75)) add_service(match);
        if (chance(15)) match.terms.push_back({Field::fragment, ValueSet::single(below(2)), {}});
        if (chance(10)) match.terms.push_back({chance(50) ? Field::dscp : Field::ttl, numbers(63), {}});
        if (chance(15)) add_relation(match);
        return result;
    }

    void add_service(Match& match) {
        std::array<U128, 4> const protocols{6, 17, family_ == Family::v4 ? U128{1} : U128{58}, 47};
        U128 const protocol = protocols[below(4)];
        ValueSet set = ValueSet::single(protocol);
        if (chance(10)) set.negated = true;
        if (chance(10)) set = IntervalSet::of({{6, 6}, {17, 17}});
        match.terms.push_back({Field::protocol, set, {}});
        if (set.negated) return;
        if (protocol == 6 || protocol == 17) {
            for (Field const field : {Field::sport, Field::dport})
                if (chance(40)) match.terms.push_back({field, numbers(65535), {}});
            if (protocol == 6 && set == ValueSet::single(6) && chance(25)) match.terms.push_back({Field::tcp_flags, flags(), {}});
        } else if ((protocol == 1 || protocol == 58) && chance(60) && set == ValueSet::single(protocol)) {
            match.terms.push_back({Field::icmp_type, numbers(255), {}});
            if (chance(30)) match.terms.push_back({Field::icmp_code, ValueSet::single(below(3)), {}});
        }
    }

    void add_relation(Match& match) {
        Alternatives relation{{src_field(family_), Field::protocol, Field::dport}, {}, chance(30), {}};
        for (std::uint32_t i = 0; i <= below(3); ++i)
            relation.rows.push_back({chance(70) ? addresses() : ValueSet(IntervalSet::all(address_bits(family_))),
                                     ValueSet::single(chance(50) ? 6 : 17), chance(60) ? numbers(65535) : ValueSet(IntervalSet::all(16))});
        match.alternatives.push_back(std::move(relation));
    }

    // Few values, close together, at both ends of the field.
    ValueSet numbers(U128 largest) {
        std::vector<Interval> intervals;
        for (std::uint32_t i = 0; i <= below(3); ++i) {
            U128 const a = chance(20) ? largest - below(3) : U128{below(8)};
            U128 const b = chance(40) ? a : chance(20) ? largest - below(3) : U128{below(8)};
            intervals.push_back({std::min(a, b), std::max(a, b)});
        }
        ValueSet set = IntervalSet::of(std::move(intervals));
        if (chance(15)) set.negated = true;
        if (set.is_all(largest == 255 ? 8 : largest == 63 ? 6 : 16)) return ValueSet::single(3);
        return set;
    }

    ValueSet addresses() {
        unsigned const bits = address_bits(family_);
        U128 const base = family_ == Family::v4 ? U128{0x0a000000} : U128{0x20010db8} << 96U;
        std::vector<Interval> intervals;
        ValueSet set;
        for (std::uint32_t i = 0; i <= below(3); ++i) {
            U128 const a = base + below(8), b = chance(50) ? a : base + below(8);
            intervals.push_back({std::min(a, b), std::max(a, b)});
        }
        if (chance(70)) set.intervals = IntervalSet::of(std::move(intervals));
        if (set.intervals.empty() || chance(15)) {
            U128 const mask = max_value(bits) & ~U128{2};
            set.masks.push_back({(base + below(8)) & mask, mask});
        }
        set.negated = chance(10);
        return set;
    }

    ValueSet flags() {
        if (chance(30)) {
            ValueSet established;
            established.masks = {{tcp_flag::ack, tcp_flag::ack}, {tcp_flag::rst, tcp_flag::rst}};
            return established;
        }
        U128 const mask = below(0x40);
        return mask == 0 ? ValueSet::masked(tcp_flag::syn, tcp_flag::syn) : ValueSet::masked(mask & below(0x40), mask);
    }

    std::mt19937 engine_;
    Dialect platform_;
    Family family_;
};

// What is left of the ruleset where the rules of the losses are taken out.
Ruleset without_lost(Ruleset ruleset, Writing const& written, std::size_t& lost) {
    for (Finding const& loss : written.losses.all()) {
        ++lost;
        std::erase_if(ruleset.chains[0].rules, [&](Rule const& rule) { return rule.span.begin == loss.span.begin; });
    }
    return ruleset;
}

} // namespace

TEST_CASE("what only the list of IPv6 cannot say is told, and what neither can say is told once") {
    std::string const text = of_nft("ip6 saddr & ffff:0:ffff:: == 2001:0:5:: tcp dport 22 accept\nmeta mark 5 tcp dport 80 accept\ntcp dport 443 accept",
                                    Dialect::cisco_ios, "inet");
    auto const count = [&](std::string_view part) {
        std::size_t found = 0;
        for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
        return found;
    };
    INFO(text);
    CHECK(count("a mask with holes would take too many prefixes") == 1);
    CHECK(count("no word for mark") == 1);
}

TEST_CASE("random lists are written to what decides the same") {
    for (Dialect const platform : platforms) {
        for (Family const family : {Family::v4, Family::v6}) {
            std::size_t lost = 0, rules = 0;
            for (std::uint32_t seed = 0; seed < seeds(300); ++seed) {
                Ruleset const original = Random(seed, platform, family).ruleset();
                Writing const written = write_cisco(original, platform);
                rules += original.chains[0].rules.size();
                Ruleset const before = without_lost(original, written, lost);
                Reading const after = read_text(written.text, platform);
                INFO(to_string(platform) << " seed " << seed << "\n" << to_text(before) << losses_of(written) << "written\n" << written.text);
                CHECK(std::none_of(after.findings.all().begin(), after.findings.all().end(), is_unread));
                REQUIRE(after.ruleset.chains.size() == 1);
                Space space;
                PacketSet packets = space.all();
                if (platform == Dialect::cisco_asa) // it never sees them
                    packets &= space.of(Field::fragment, ValueSet::single(0));
                else
                    packets &= space.of(Field::family, ValueSet::single(family_value(family)));
                Reach a(space, before, packets), b(space, after.ruleset, packets);
                PacketSet const wanted = a.verdicts(0).accepted, got = b.verdicts(0).accepted;
                if (!(wanted == got)) {
                    auto const witness = (wanted - got) | (got - wanted);
                    FAIL_CHECK(to_text(witness.member()->packet));
                }
            }
            WARN(to_string(platform) << (family == Family::v4 ? " IPv4: " : " IPv6: ") << rules << " rules, " << lost << " of them lost");
            CHECK(lost * 3 < rules);
        }
    }
}

TEST_CASE("random lists are the same on another platform, and as a chain, or the loss is told") {
    std::size_t equal = 0, lossy = 0;
    for (std::uint32_t seed = 0; seed < seeds(60); ++seed) {
        for (Family const family : {Family::v4, Family::v6}) {
            Dialect const from = platforms[seed % platforms.size()];
            Ruleset const original = Random(seed, from, family).ruleset();
            for (Dialect const to : {platforms[(seed + 1) % platforms.size()], platforms[(seed + 2) % platforms.size()], Dialect::nftables,
                                     family == Family::v4 ? Dialect::iptables : Dialect::ip6tables}) {
                Sources sources;
                sources.add("original", std::string(64, '\n'));
                Conversion const converted = convert(sources, original, to);
                if (!converted.losses.empty()) {
                    ++lossy;
                    continue;
                }
                ++equal;
                INFO(to_string(from) << " to " << to_string(to) << " seed " << seed << "\n" << to_text(original) << "converted\n" << converted.text);
                CHECK(std::none_of(converted.reading.findings.all().begin(), converted.reading.findings.all().end(), is_unread));
                for (auto const& comparison : converted.comparisons)
                    for (Difference const& difference : comparison->differences())
                        UNSCOPED_INFO(to_text((difference.added | difference.removed).member()->packet));
                CHECK(!converted.comparisons.empty());
                CHECK(converted.equal());
            }
        }
    }
    WARN(equal << " conversions equal, " << lossy << " lossy");
    CHECK(equal > lossy);
}

TEST_CASE("what is written of a list of the platform is the list") {
    unchanged("ip access-list extended EDGE\n permit tcp any host 192.0.2.1 eq 80\n deny ip 10.0.0.0 0.255.255.255 any log\n"
              " permit icmp any any 8\n permit tcp any any established\n permit tcp any eq 20 any gt 1023\n"
              " permit udp any any range 33434 33534\n permit tcp any any neq 25\n permit ip 10.0.1.0 0.0.254.255 any\n"
              " permit tcp any any eq 80 443\n permit tcp any any match-all +syn -ack\n deny ip any any fragments\n"
              " permit ip any any precedence 5\n permit ip any any dscp 46\n permit ip any any ttl eq 1\n"
              " permit tcp any any eq 22 time-range NIGHT\n deny ip any any\n",
              Dialect::cisco_ios);
    unchanged("ip access-list standard 10\n permit host 192.0.2.1\n deny 192.0.2.0 0.0.0.255\n permit any\n", Dialect::cisco_ios);
    unchanged("ip access-list extended 101\n remark first\n remark and second\n permit ip any any\ninterface Gi0/1\n ip access-group 101 in\n",
              Dialect::cisco_ios);
    unchanged("ipv6 access-list SIX\n permit tcp any 2001:db8::/32 eq 443\n permit icmp any any 128\n"
              "interface Gi0/1\n ipv6 traffic-filter SIX in\n",
              Dialect::cisco_ios);
    unchanged("object-group network WEB\n host 192.0.2.1\n 198.51.100.0 255.255.255.0\nobject-group service EDGE-1\n tcp eq 80\n udp eq 53\n"
              "ip access-list extended EDGE\n permit object-group EDGE-1 any object-group WEB\n",
              Dialect::cisco_ios);
    unchanged("ip access-list N\n 5 permit tcp any 192.0.2.0/24 eq 80\n 7 deny ip 10.0.1.0 0.0.254.255 any\n 20 permit tcp any any syn\n",
              Dialect::cisco_nxos);
    unchanged("object-group ip address A\n host 192.0.2.1\n 198.51.100.0/24\nobject-group ip port N-1\n eq 80\n range 8000 8010\n"
              "ip access-list N\n 10 permit tcp any addrgroup A portgroup N-1\n",
              Dialect::cisco_nxos);
    unchanged("object-group network ipv4 A\n host 192.0.2.1\n 198.51.100.0/24\nobject-group port X-1\n eq 80\n range 8000 8010\n"
              "ipv4 access-list X\n 10 remark web\n 20 permit tcp any net-group A port-group X-1\n 30 deny ipv4 any any\n"
              "interface Gi0/0/0/1\n ipv4 access-group X ingress\n",
              Dialect::cisco_xr);
    unchanged("ipv4 access-list A\n 10 permit tcp any any\nipv4 access-list B\n 10 permit udp any any\n"
              "interface Gi0/0/0/1\n ipv4 access-group common A B ingress\n",
              Dialect::cisco_xr);
    unchanged("object-group network A\n network-object host 192.0.2.1\n network-object 2001:db8::/32\nobject-group service OUT-1 tcp\n"
              " port-object eq 80\n port-object range 8000 8010\naccess-list OUT remark web\n"
              "access-list OUT extended permit tcp any object-group A object-group OUT-1\n"
              "access-list OUT extended permit icmp any4 any4 8\naccess-list OUT extended deny ip any6 any6 inactive\n"
              "access-group OUT in interface outside\n",
              Dialect::cisco_asa);
}

TEST_CASE("numbers that the text says are kept, others are steps of ten") {
    CHECK(rewritten("ip access-list X\n permit ip any any\n", Dialect::cisco_nxos) == "ip access-list X\n 10 permit ip any any\n");
    CHECK(rewritten("ip access-list extended X\n 15 permit tcp any any\n 17 deny ip any any\n", Dialect::cisco_ios) ==
          "ip access-list extended X\n 15 permit tcp any any\n 17 deny ip any any\n");
    CHECK(rewritten("ipv6 access-list X\n sequence 5 permit tcp any any\n", Dialect::cisco_ios) ==
          "ipv6 access-list X\n sequence 5 permit tcp any any\n");
}

TEST_CASE("opaque matches stand as they stood") {
    for (std::string const entry :
         {"permit tcp any any eq 80 reflect WEB", "evaluate WEB", "dynamic D permit ip any any", "permit igmp any any 17",
          "permit ip any any option any-options", "permit ip any object-group NOWHERE", "permit object-group NOWHERE any any"}) {
        unchanged("ip access-list extended A\n " + entry + "\n", Dialect::cisco_ios);
    }
    for (std::string const entry :
         {"permit tcp any interface outside eq 80", "permit ip user LAB\\ann any any", "permit tcp any object-group NOWHERE eq 22"}) {
        unchanged("access-list A extended " + entry + "\n", Dialect::cisco_asa);
    }
    unchanged("object network www.example.com\n fqdn www.example.com\naccess-list A extended permit ip any object www.example.com\n",
              Dialect::cisco_asa);
}

TEST_CASE("rules of nft become entries, or the loss is told") {
    CHECK(of_nft("tcp dport 80 accept", Dialect::cisco_asa) == "access-list c extended permit tcp any4 any4 eq 80\n");
    // A permit of ports takes later fragments along where they are not decided before.
    CHECK(of_nft("ip saddr 10.0.0.0/8 drop\ntcp dport 80 accept", Dialect::cisco_ios) ==
          "ip access-list extended c\n deny ip 10.0.0.0 0.255.255.255 any\n deny ip any any fragments\n permit tcp any any eq 80\n");
    CHECK(of_nft("jump d\nip daddr 192.0.2.1 accept", Dialect::cisco_xr) ==
          "ipv4 access-list c\n 10 permit ipv4 any host 192.0.2.1 fragments\n 20 deny ipv4 any any fragments\n"
          " 30 permit tcp any any eq 22\n 40 deny udp any any eq 53\n 50 permit ipv4 any host 192.0.2.1\n");
    CHECK(of_nft("ct state established,related accept\nct state new tcp dport 80 accept\nct state invalid drop", Dialect::cisco_asa) ==
          "access-list c extended permit tcp any4 any4 eq 80\n");
    CHECK_THAT(of_nft("ct state established accept", Dialect::cisco_ios), Contains("keeps no state of connections"));
    CHECK_THAT(of_nft("iifname eth0 accept", Dialect::cisco_nxos), Contains("applied to an interface"));
    CHECK_THAT(of_nft("tcp flags syn accept", Dialect::cisco_asa), Contains("cannot ask for tcp flags"));
    CHECK_THAT(of_nft("log prefix \"x\"", Dialect::cisco_xr), Contains("and go on"));
    CHECK_THAT(of_nft("meta mark 1 accept", Dialect::cisco_xr), Contains("has no word for"));
    CHECK_THAT(of_nft("limit rate 1/second accept", Dialect::cisco_ios), Contains("no counterpart"));
    CHECK_THAT(of_nft("reject", Dialect::cisco_ios), Contains("written as deny") && Contains(" deny ip any any"));
    // IOS would let neighbour discovery pass at the end of a list of IPv6.
    CHECK(of_nft("ip6 saddr 2001:db8::/32 accept", Dialect::cisco_ios, "ip6") ==
          "ipv6 access-list c\n permit ipv6 2001:db8::/32 any\n deny ipv6 any any\n");
    CHECK(of_nft("ip saddr 10.0.0.0/8 accept\nip6 saddr 2001:db8::/32 accept", Dialect::cisco_ios, "inet") ==
          "ip access-list extended c\n permit ip 10.0.0.0 0.255.255.255 any\n"
          "ipv6 access-list c-v6\n permit ipv6 2001:db8::/32 any\n deny ipv6 any any\n");
}
