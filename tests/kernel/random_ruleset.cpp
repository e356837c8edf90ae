#include "kernel/random_ruleset.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <set>

#include "kernel/random.hpp"

namespace portcullis::kernel {

namespace {

constexpr unsigned any_protocol = 0, with_ports = 256;

enum class Values : std::uint8_t { number, address, protocol, packet_type, route_type, mac, interface };

// What a match can look at. The type is that of a named set; where it is empty, "typeof" has to do.
struct Selector {
    std::string_view text;
    Field field;
    std::string_view type;
    Values values;
    std::optional<Family> family;
    unsigned protocol;
    U128 low, high; // the values worth writing
};

constexpr std::optional<Family> v4 = Family::v4, v6 = Family::v6, both = std::nullopt;
constexpr Selector address_selectors[] = {
    {"ip saddr", Field::src4, "ipv4_addr", Values::address, v4, any_protocol, 0, 0},
    {"ip daddr", Field::dst4, "ipv4_addr", Values::address, v4, any_protocol, 0, 0},
    {"ip6 saddr", Field::src6, "ipv6_addr", Values::address, v6, any_protocol, 0, 0},
    {"ip6 daddr", Field::dst6, "ipv6_addr", Values::address, v6, any_protocol, 0, 0},
};
constexpr Selector transport_selectors[] = {
    {"tcp sport", Field::sport, "inet_service", Values::number, both, tcp, 1, 65534},
    {"tcp dport", Field::dport, "inet_service", Values::number, both, tcp, 1, 65534},
    {"udp sport", Field::sport, "inet_service", Values::number, both, udp, 1, 65534},
    {"udp dport", Field::dport, "inet_service", Values::number, both, udp, 1, 65534},
    {"sctp dport", Field::dport, "inet_service", Values::number, both, 132, 1, 65534},
    {"dccp dport", Field::dport, "inet_service", Values::number, both, 33, 1, 65534},
    {"udplite sport", Field::sport, "inet_service", Values::number, both, 136, 1, 65534},
    {"th sport", Field::sport, "inet_service", Values::number, both, with_ports, 1, 65534},
    {"th dport", Field::dport, "inet_service", Values::number, both, with_ports, 1, 65534},
    {"icmp type", Field::icmp_type, "icmp_type", Values::number, v4, icmp, 1, 40},
    {"icmp code", Field::icmp_code, "icmp_code", Values::number, v4, icmp, 1, 15},
    {"icmpv6 type", Field::icmp_type, "icmpv6_type", Values::number, v6, icmpv6, 1, 160},
    {"icmpv6 code", Field::icmp_code, "icmpv6_code", Values::number, v6, icmpv6, 1, 15},
};
constexpr Selector network_selectors[] = {
    {"ip protocol", Field::protocol, "inet_proto", Values::protocol, v4, any_protocol, 1, 140},
    {"ip6 nexthdr", Field::protocol, "inet_proto", Values::protocol, v6, any_protocol, 1, 42}, // below the extension headers: else their order decides
    {"meta l4proto", Field::protocol, "inet_proto", Values::protocol, both, any_protocol, 1, 140},
    {"ip ttl", Field::ttl, "", Values::number, v4, any_protocol, 1, 254},
    {"ip6 hoplimit", Field::ttl, "", Values::number, v6, any_protocol, 1, 254},
    {"ip length", Field::length, "", Values::number, v4, any_protocol, 28, 300},
    {"meta length", Field::length, "", Values::number, both, any_protocol, 28, 300},
    {"ip dscp", Field::dscp, "dscp", Values::number, v4, any_protocol, 1, 62},
    {"ip6 dscp", Field::dscp, "dscp", Values::number, v6, any_protocol, 1, 62},
    {"meta pkttype", Field::packet_type, "pkt_type", Values::packet_type, both, any_protocol, 0, 2},
    {"fib daddr type", Field::dst_type, "", Values::route_type, both, any_protocol, 1, 8},
    {"fib saddr type", Field::src_type, "", Values::route_type, both, any_protocol, 1, 8},
    {"ether saddr", Field::src_mac, "ether_addr", Values::mac, both, any_protocol, 0x02'00'00'00'aa'00,
     0x02'00'00'00'aa'0f},
    {"iifname", Field::iif, "ifname", Values::interface, both, any_protocol, 0, 0},
    {"oifname", Field::oif, "ifname", Values::interface, both, any_protocol, 0, 0},
    {"iif", Field::iif, "iface_index", Values::interface, both, any_protocol, 0, 0},
    {"oif", Field::oif, "iface_index", Values::interface, both, any_protocol, 0, 0},
};

constexpr std::string_view packet_types[] = {"host", "broadcast", "multicast", "other"};
constexpr std::string_view route_types[] = {"unspec",    "unicast",   "local",       "broadcast", "anycast",
                                            "multicast", "blackhole", "unreachable", "prohibit"};

constexpr std::string_view tcp_flag_names[] = {"fin", "syn", "rst", "psh", "ack", "urg", "ecn", "cwr"};

std::string spelled(Selector const& selector, U128 value) {
    switch (selector.values) {
    case Values::address: return to_string(Ip{*selector.family, value});
    case Values::packet_type: return std::string(packet_types[static_cast<std::size_t>(value)]);
    case Values::route_type: return std::string(route_types[static_cast<std::size_t>(value)]);
    case Values::mac: return value_text(Field::src_mac, value);
    case Values::interface: return fmt::format("\"{}\"", interface_name(value));
    case Values::protocol:
    case Values::number: break;
    }
    return fmt::format("{}", low64(value));
}

bool is_ordered(Selector const& selector) {
    return selector.values == Values::number || selector.values == Values::address ||
           selector.values == Values::protocol || selector.values == Values::mac;
}

// nft 1.0.6 makes "ip6 dscp @set" a look-up of other bits than those of the class: it shifts them in the wrong
// order of bytes. In its anonymous sets nothing is shifted; maps of it have no "*".
bool can_be_declared(Selector const& selector) { return selector.text != "ip6 dscp"; }

struct Chain {
    std::string name;
    std::string head; // of a base chain: type, hook, priority and policy
    bool may_track;   // it may look at connections: it stands behind the tracking
    bool may_reject;  // postrouting has no reject
    bool may_see_mac; // packets from the host have no Ethernet header yet, and match nothing about one, negated or
                      // not
    std::vector<std::string> rules{};
};

struct Table {
    std::string family;
    std::string name;
    std::vector<std::string> sets;
    std::vector<Chain> chains; // calls go to later ones, so that there are no circles
};

class Generator {
  public:
    explicit Generator(std::uint32_t seed) : random_(seed) {
        out_.tracking = random_.chance(80) ? Tracking::on : Tracking::off;
        out_.options_headers = random_.chance(50);
        without_transport_ = !tracking() && random_.chance(60);
    }

    RandomRuleset run() {
        std::uint32_t const tables = 1 + random_.below(3);
        for (std::uint32_t i = 0; i < tables; ++i) {
            table_ = {};
            table_.family = random_.of(families_);
            table_.name = fmt::format("t{}", i);
            make_chains();
            out_.text += text_of(table_);
        }
        return std::move(out_);
    }

  private:
    // ---- tables and chains

    static std::string text_of(Table const& table) {
        std::string text = fmt::format("table {} {} {{\n", table.family, table.name);
        for (std::string const& set : table.sets) text += fmt::format("    {}\n", set);
        for (Chain const& chain : table.chains) {
            text += fmt::format("    chain {} {{\n", chain.name);
            if (!chain.head.empty()) text += fmt::format("        {}\n", chain.head);
            for (std::string const& rule : chain.rules) text += fmt::format("        {}\n", rule);
            text += "    }\n";
        }
        return text + "}\n";
    }

    void make_chains() {
        std::uint32_t const bases = 1 + random_.below(4);
        for (std::uint32_t i = 0; i < bases; ++i) add_base_chain(i);
        std::uint32_t const regular = random_.below(5);
        for (std::uint32_t i = 0; i < regular; ++i) {
            // Some can be called from everywhere.
            bool const plain = random_.chance(40);
            table_.chains.push_back({fmt::format("c{}", i), "", !plain && tracking(), !plain, !plain});
        }
        for (std::size_t i = 0; i < table_.chains.size(); ++i) {
            at_ = i;
            std::uint32_t const rules = 1 + random_.below(9);
            for (std::uint32_t r = 0; r < rules; ++r) table_.chains[i].rules.push_back(rule());
        }
    }

    bool tracking() const { return out_.tracking == Tracking::on; }

    // The order of chains of one priority is not defined: no two have the same at one hook.
    void add_base_chain(std::uint32_t number) {
        std::string_view const hook = random_.of(hooks_);
        int priority = 0;
        do {
            constexpr int priorities[] = {-300, -250, -150, -100, -1, 0, 1, 10, 50, 100, 300};
            priority = random_.of(priorities);
        } while (!taken_.emplace(hook, priority).second);
        std::string_view const type = hook == "output" && random_.chance(30) ? "route" : "filter";
        std::string policy;
        std::uint32_t const drops = hook == "input" || hook == "forward" ? 50 : 15;
        if (random_.chance(drops))
            policy = " policy drop;";
        else if (random_.chance(50))
            policy = " policy accept;";
        table_.chains.push_back({fmt::format("{}{}", hook, number),
                                 fmt::format("type {} hook {} priority {};{}", type, hook, priority, policy),
                                 tracking(), hook != "postrouting",
                                 hook != "postrouting" && hook != "output"});
    }

    // ---- rules

    // What the matches so far presuppose, so that nft finds no contradiction between headers.
    struct Context {
        std::optional<Family> family;
        unsigned protocol = any_protocol;
        bool negates = false;
        bool names_protocol = false; // as a value, beside which nft wants no header of a protocol
    };

    Chain const& chain() const { return table_.chains[at_]; }

    std::string rule() {
        context_ = {};
        if (table_.family == "ip") context_.family = Family::v4;
        if (table_.family == "ip6") context_.family = Family::v6;
        if (table_.family == "inet" && random_.chance(70)) context_.family = random_.chance(50) ? v4 : v6;
        std::vector<std::string> parts;
        std::uint32_t const matches = random_.chance(4) ? 0 : 1 + random_.below(random_.chance(60) ? 2 : 4);
        for (std::uint32_t i = 0; i < matches; ++i) parts.push_back(match());
        if (with_marks && random_.chance(25)) parts.push_back(mark_setting());
        parts.push_back(random_.chance(15) ? verdict_map() : verdict());
        return fmt::format("{}", fmt::join(parts, " "));
    }

    std::vector<std::string> targets() const {
        std::vector<std::string> names;
        for (std::size_t i = at_ + 1; i < table_.chains.size(); ++i) {
            Chain const& target = table_.chains[i];
            bool const fits = (chain().may_track || !target.may_track) &&
                              (chain().may_reject || !target.may_reject) &&
                              (chain().may_see_mac || !target.may_see_mac);
            if (target.head.empty() && fits) names.push_back(target.name);
        }
        return names;
    }

    // A verdict that may stand in a map too.
    std::string plain_verdict() {
        auto const names = targets();
        if (!names.empty() && random_.chance(35))
            return fmt::format("{} {}", random_.chance(70) ? "jump" : "goto", random_.of(names));
        constexpr std::string_view verdicts[] = {"accept", "accept", "accept",  "drop",
                                                 "drop",   "return", "continue"};
        return std::string(random_.of(verdicts));
    }

    std::string verdict() {
        if (!chain().may_reject || !random_.chance(12)) return plain_verdict();
        std::vector<std::string_view> answers{"reject"};
        if (context_.family == v4) answers.push_back("reject with icmp type host-unreachable");
        if (context_.family == v6) answers.push_back("reject with icmpv6 type admin-prohibited");
        if (table_.family == "inet") answers.push_back("reject with icmpx type admin-prohibited");
        if (context_.protocol == tcp) answers.push_back("reject with tcp reset");
        if (context_.protocol == any_protocol && !context_.names_protocol)
            answers.push_back("reject with tcp reset");
        return std::string(random_.of(answers));
    }

    std::uint32_t mark() { return random_.below(random_.chance(70) ? 4 : usable_marks); }

    // ---- matches

    std::string match() {
        std::uint32_t const dice = random_.below(100);
        if (dice < 30) return any_form(address());
        if (dice < 55) return on_transport();
        if (dice < 63 && chain().may_track) return connection();
        if (dice < 70) return concatenation();
        if (dice < 73 && out_.tracking == Tracking::off && context_.family == v4)
            return random_.chance(50) ? "ip frag-off & 0x1fff != 0" : "ip frag-off & 0x1fff == 0";
        if (dice < 76 && !context_.family) return family_match();
        if (dice < 82 && with_marks) return mark_match();
        return any_form(network());
    }

    Selector const& address() {
        if (!context_.family) context_.family = random_.chance(50) ? v4 : v6;
        return address_selectors[(context_.family == v4 ? 0 : 2) + random_.below(2)];
    }

    bool fits(Selector const& selector) {
        if (selector.family && context_.family != selector.family) return false;
        bool const of_protocol = selector.field == Field::protocol;
        if (of_protocol && context_.protocol != any_protocol) return false;
        if (selector.values == Values::mac && !chain().may_see_mac) return false;
        return true;
    }

    Selector const& network() {
        for (;;) {
            Selector const& choice = random_.of(network_selectors);
            if (!fits(choice)) continue;
            if (choice.field == Field::protocol) context_.names_protocol = true;
            return choice;
        }
    }

    // One on the transport header; the first in a rule settles its protocol.
    Selector const* transport() {
        if (context_.names_protocol || without_transport_) return nullptr;
        out_.misreads_fragments = !tracking();
        for (int attempt = 0; attempt < 50; ++attempt) {
            Selector const& choice = random_.of(transport_selectors);
            if (choice.family && context_.family != choice.family) continue;
            if (context_.protocol != any_protocol && context_.protocol != choice.protocol) continue;
            if (choice.protocol == with_ports && context_.protocol != with_ports) continue;
            context_.protocol = choice.protocol;
            return &choice;
        }
        return nullptr;
    }

    std::string on_transport() {
        if (without_transport_) return any_form(network());
        if (context_.protocol == any_protocol && !context_.names_protocol && random_.chance(20)) {
            // "th" reads whatever a protocol has in the place of the ports; the model has ports of these alone.
            context_.protocol = with_ports;
            return "meta l4proto { tcp, udp }";
        }
        bool const flags =
            context_.protocol == tcp || (context_.protocol == any_protocol && !context_.names_protocol);
        if (flags && random_.chance(25)) {
            context_.protocol = tcp;
            out_.misreads_fragments = !tracking();
            return flags_match();
        }
        Selector const* const selector = transport();
        return selector == nullptr ? any_form(network()) : any_form(*selector);
    }

    void note(Field field, Interval interval) {
        auto& values = out_.boundaries[field];
        values.push_back(interval.first);
        values.push_back(interval.last);
    }

    Interval interval(Selector const& selector, bool ranges) {
        Interval interval = raw_interval(selector, ranges);
        note(selector.field, interval);
        return interval;
    }

    Interval raw_interval(Selector const& selector, bool ranges) {
        if (selector.values == Values::interface) {
            constexpr std::string_view names[] = {"eth0", "eth1", "eth10", "wan0", "lo"};
            U128 const name = interface_value(random_.of(names));
            return {name, name};
        }
        // Often one that was there before, so that rules speak of the same packets.
        auto const known = out_.boundaries.find(selector.field);
        bool const again = known != out_.boundaries.end() && random_.chance(40);
        U128 const first = again ? random_.of(known->second) : fresh(selector);
        if (!ranges || random_.chance(40)) return {first, first};
        if (selector.values == Values::address) {
            unsigned const bits = address_bits(*selector.family);
            Prefix const prefix{{*selector.family, first}, bits - 1 - random_.below(bits == 32 ? 16 : 72)};
            if (random_.chance(60)) return {prefix.first(), prefix.last()};
            return {first, first + random_.below(1000)};
        }
        return {first, std::min<U128>(first + random_.below(selector.high > 1000 ? 2000 : 20),
                                      std::max(selector.high, first))};
    }

    U128 fresh(Selector const& selector) {
        if (selector.values == Values::address) return random_address(random_, *selector.family);
        if (selector.values == Values::protocol) {
            constexpr unsigned protocols[] = {icmp, tcp, tcp, udp, 33, 47, 50, icmpv6, 132, 136};
            return random_.of(protocols);
        }
        if (selector.high > 1000 && random_.chance(60)) { // ports of services
            constexpr unsigned ports[] = {22, 23, 25, 53, 80, 443, 1024, 3306, 8080, 32768};
            return random_.of(ports);
        }
        return random_.within({selector.low, selector.high});
    }

    std::string text_of(Selector const& selector, Interval interval) {
        if (interval.first == interval.last) return spelled(selector, interval.first);
        if (selector.values == Values::address && random_.chance(80)) {
            auto const prefixes = to_prefixes(IntervalSet(interval.first, interval.last), *selector.family);
            if (prefixes.size() == 1) return to_string(prefixes.front());
        }
        return fmt::format("{}-{}", spelled(selector, interval.first), spelled(selector, interval.last));
    }

    // Intervals that do not overlap, as nft wants them.
    std::vector<Interval> intervals(Selector const& selector, bool ranges) {
        std::vector<Interval> all;
        std::uint32_t const count = 2 + random_.below(4);
        for (std::uint32_t i = 0; i < count; ++i) all.push_back(interval(selector, ranges));
        if (ranges) return IntervalSet::of(all).intervals();
        std::sort(all.begin(), all.end(), [](Interval a, Interval b) { return a.first < b.first; });
        all.erase(std::unique(all.begin(), all.end()), all.end());
        return all;
    }

    std::string elements(Selector const& selector, bool ranges) {
        std::vector<std::string> texts;
        for (Interval const each : intervals(selector, ranges)) texts.push_back(text_of(selector, each));
        return fmt::format("{{ {} }}", fmt::join(texts, ", "));
    }

    // nft 1.0.6 makes one comparison of two that are side by side in a header, so that "tcp sport != 1 tcp dport !=
    // 2" says that not both are so. One in a rule is safe; addresses are too wide for it.
    std::string negation(Selector const& selector) {
        bool const safe = selector.values == Values::address || !context_.negates;
        if (!safe || !random_.chance(25)) return "";
        context_.negates = context_.negates || selector.values != Values::address;
        return "!= ";
    }

    std::string any_form(Selector const& selector) {
        bool const ordered = is_ordered(selector);
        std::uint32_t const dice = random_.below(100);
        if (dice < 10 && ordered)
            return fmt::format("{} {} {}", selector.text, random_.of(relations_),
                               spelled(selector, interval(selector, false).first));
        if (dice < 17 && selector.values == Values::number && selector.field != Field::dscp)
            return masked(selector);
        return fmt::format("{} {}{}", selector.text, negation(selector), right_side(selector));
    }

    std::string right_side(Selector const& selector) {
        bool const ranges = is_ordered(selector) && random_.chance(60);
        if (selector.type == "ifname" && random_.chance(25)) {
            constexpr std::string_view patterns[] = {"eth*", "eth1*", "wan*", "e*", "ppp*"};
            return fmt::format("\"{}\"", random_.of(patterns));
        }
        if (random_.chance(55)) return text_of(selector, interval(selector, ranges));
        if (random_.chance(55) || !can_be_declared(selector)) return elements(selector, ranges);
        return '@' + named_set(selector);
    }

    std::string masked(Selector const& selector) {
        unsigned const bits = info(selector.field).bits;
        U128 const mask = U128{1} + random_.below((std::size_t{1} << bits) - 1);
        U128 const value = interval(selector, false).first & mask;
        return fmt::format("{} & {:#x} {} {:#x}", selector.text, low64(mask),
                           random_.chance(70) ? "==" : "!=", low64(value));
    }

    std::string named_set(Selector const& selector) {
        std::string const name = fmt::format("s{}", table_.sets.size());
        bool const ranges = is_ordered(selector) && random_.chance(60);
        std::string const type =
            selector.type.empty() ? fmt::format("typeof {}", selector.text) : fmt::format("type {}", selector.type);
        table_.sets.push_back(fmt::format("set {} {{ {}; {}elements = {} }}", name, type,
                                          ranges ? "flags interval; " : "", elements(selector, ranges)));
        return name;
    }

    std::string flag_list(std::string_view between, std::size_t least = 1) {
        std::vector<std::string_view> names;
        unsigned bits = 0;
        for (std::uint32_t i = 0; i <= random_.below(3) || names.size() < least; ++i) {
            std::uint32_t const bit = random_.below(random_.chance(80) ? 5 : 8);
            if ((bits >> bit & 1) == 0) names.push_back(tcp_flag_names[bit]);
            bits |= 1U << bit;
        }
        note(Field::tcp_flags, {bits, bits});
        return fmt::format("{}", fmt::join(names, between));
    }

    std::string flags_match() {
        switch (random_.below(8)) {
        case 0: return "tcp flags " + flag_list(",");
        case 1: return "tcp flags == " + flag_list(" | ");
        case 2: return "tcp flags != " + flag_list(" | ");
        case 3: return "tcp flags ! " + flag_list(",");
        case 4:
            return fmt::format("tcp flags & ({}) {} {}", flag_list(" | "),
                               random_.chance(50) ? "==" : "!=", flag_list(" | "));
        case 5: return fmt::format("tcp flags & ({}) {} 0", flag_list(" | "), random_.chance(50) ? "==" : "!=");
        case 6:
            return fmt::format("tcp flags {}{} / {}", random_.chance(30) ? "!= " : "", flag_list(","),
                               flag_list(",", 2)); // nft wants two
        default: {
            std::set<std::string> sets{flag_list(" | "), flag_list(" | ")};
            return fmt::format("tcp flags {}{{ {} }}", random_.chance(25) ? "!= " : "", fmt::join(sets, ", "));
        }
        }
    }

    std::string connection() {
        constexpr std::string_view states[] = {"new", "established", "related", "invalid", "untracked"};
        std::set<std::string_view> chosen{random_.of(states), random_.of(states)};
        switch (random_.below(6)) {
        case 0: return fmt::format("ct state {}", fmt::join(chosen, ","));
        case 1: return fmt::format("ct state {{ {} }}", fmt::join(chosen, ", "));
        case 2: return fmt::format("ct state != {{ {} }}", fmt::join(chosen, ", "));
        case 3: return fmt::format("ct state != {}", *chosen.begin());
        case 4: return fmt::format("ct state ! {}", fmt::join(chosen, ","));
        // What is not tracked has no direction, not even another one.
        default:
            return fmt::format("ct direction {}{}", random_.chance(30) ? "!= " : "",
                               random_.chance(50) ? "original" : "reply");
        }
    }

    std::string family_match() {
        context_.family = random_.chance(50) ? v4 : v6;
        bool const negated = random_.chance(30);
        bool const names_v4 = (context_.family == v4) != negated;
        return random_.chance(50)
                   ? fmt::format("meta nfproto {}{}", negated ? "!= " : "", names_v4 ? "ipv4" : "ipv6")
                   : fmt::format("meta protocol {}{}", negated ? "!= " : "", names_v4 ? "ip" : "ip6");
    }

    std::string mark_setting() {
        constexpr std::string_view operators[] = {"&", "|", "^"};
        if (random_.chance(60)) return fmt::format("meta mark set {:#x}", mark());
        return fmt::format("meta mark set meta mark {} {:#x}", random_.of(operators), mark());
    }

    std::string mark_match() {
        std::uint32_t const value = mark();
        note(Field::mark, {value, value});
        if (random_.chance(50)) return fmt::format("meta mark {}{:#x}", random_.chance(30) ? "!= " : "", value);
        std::uint32_t const mask = 1 + random_.below(usable_marks);
        return fmt::format("meta mark & {:#x} {} {:#x}", mask, random_.chance(70) ? "==" : "!=", value & mask);
    }

    // ---- concatenations and verdict maps

    std::vector<Selector const*> keys() {
        std::vector<Selector const*> all{&address()};
        if (Selector const* const more = transport(); more != nullptr && random_.chance(80)) all.push_back(more);
        if (all.size() == 1 || random_.chance(25)) {
            for (;;) {
                Selector const& more = network();
                if (more.values == Values::route_type || more.field == Field::dscp) continue;
                all.push_back(&more);
                break;
            }
        }
        return all;
    }

    using Row = std::vector<Interval>;

    // The kernel takes a row unless its first or its last corner lies within an earlier one.
    static bool is_taken(Row const& row, std::vector<Row> const& rows) {
        auto const holds = [](Row const& in, auto const& corner) {
            for (std::size_t i = 0; i < in.size(); ++i)
                if (corner(i) < in[i].first || corner(i) > in[i].last) return false;
            return true;
        };
        return std::any_of(rows.begin(), rows.end(), [&](Row const& in) {
            return holds(in, [&](std::size_t i) { return row[i].first; }) ||
                   holds(in, [&](std::size_t i) { return row[i].last; });
        });
    }

    std::string row_text(std::vector<Selector const*> const& look, Row const& row) {
        std::vector<std::string> cells;
        for (std::size_t i = 0; i < look.size(); ++i) cells.push_back(text_of(*look[i], row[i]));
        return fmt::format("{}", fmt::join(cells, " . "));
    }

    std::vector<Row> rows(std::vector<Selector const*> const& look, bool ranges) {
        std::vector<Row> all;
        std::uint32_t const count = 2 + random_.below(5);
        for (std::uint32_t i = 0; i < count; ++i) {
            Row row;
            for (Selector const* each : look) row.push_back(interval(*each, ranges && is_ordered(*each)));
            if (!is_taken(row, all)) all.push_back(std::move(row));
        }
        return all;
    }

    static std::string selectors_text(std::vector<Selector const*> const& look) {
        std::vector<std::string_view> texts;
        for (Selector const* each : look) texts.push_back(each->text);
        return fmt::format("{}", fmt::join(texts, " . "));
    }

    std::string declared(std::string_view kind, std::vector<Selector const*> const& look, std::string_view value,
                         bool ranges, std::string_view body) {
        std::string const name = fmt::format("s{}", table_.sets.size());
        table_.sets.push_back(fmt::format("{} {} {{ typeof {}{}; {}elements = {} }}", kind, name,
                                          selectors_text(look), value, ranges ? "flags interval; " : "", body));
        return '@' + name;
    }

    std::string concatenation() {
        auto const look = keys();
        bool const ranges = random_.chance(60);
        std::vector<std::string> texts;
        for (Row const& row : rows(look, ranges)) texts.push_back(row_text(look, row));
        std::string const body = fmt::format("{{ {} }}", fmt::join(texts, ", "));
        std::string const negation = random_.chance(20) ? "!= " : "";
        return fmt::format("{} {}{}", selectors_text(look), negation,
                           random_.chance(50) ? body : declared("set", look, "", ranges, body));
    }

    std::string verdict_map() {
        std::vector<Selector const*> look;
        if (random_.chance(35)) {
            look = keys();
        } else {
            Selector const* const some = random_.chance(50) ? transport() : nullptr;
            look = {some != nullptr ? some : random_.chance(50) ? &address() : &network()};
        }
        bool const ranges = random_.chance(50) && is_ordered(*look.front());
        std::vector<std::string> texts;
        if (look.size() == 1) {
            for (Interval const each : intervals(*look.front(), ranges))
                texts.push_back(text_of(*look.front(), each) + " : " + plain_verdict());
        } else {
            for (Row const& row : rows(look, ranges))
                texts.push_back(row_text(look, row) + " : " + plain_verdict());
        }
        if (random_.chance(25) && look.front()->text != "ip6 dscp") texts.push_back("* : " + plain_verdict());
        std::string const body = fmt::format("{{ {} }}", fmt::join(texts, ", "));
        bool const named = random_.chance(50) && can_be_declared(*look.front());
        return fmt::format("{} vmap {}", selectors_text(look),
                           named ? declared("map", look, " : verdict", ranges, body) : body);
    }

    static constexpr std::string_view families_[] = {"ip", "ip6", "inet", "inet"};
    static constexpr std::string_view hooks_[] = {"prerouting", "input",  "input",      "forward",
                                                  "forward",    "output", "postrouting"};
    static constexpr std::string_view relations_[] = {"<", "<=", ">", ">="};

    Random random_;
    bool without_transport_ = false;
    RandomRuleset out_;
    Table table_;
    std::size_t at_ = 0; // the chain that is being filled
    Context context_;
    std::set<std::pair<std::string_view, int>> taken_; // priorities by hook
};

} // namespace

RandomRuleset random_ruleset(std::uint32_t seed) { return Generator(seed).run(); }

} // namespace portcullis::kernel
