#include "kernel/random_iptables.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "kernel/random.hpp"

namespace portcullis::kernel {

namespace {

struct Builtin {
    std::string_view name;
    HookPoint hook;
};
struct Table {
    std::string_view name;
    std::vector<Builtin> chains;
};
constexpr Builtin prerouting{"PREROUTING", HookPoint::prerouting}, input{"INPUT", HookPoint::input},
    forward{"FORWARD", HookPoint::forward}, output{"OUTPUT", HookPoint::output},
    postrouting{"POSTROUTING", HookPoint::postrouting};

std::vector<Table> const& tables() {
    static std::vector<Table> const all{
        {"raw", {prerouting, output}},
        {"mangle", {prerouting, input, forward, output, postrouting}},
        {"nat", {prerouting, input, output, postrouting}},
        {"filter", {input, forward, output}},
        {"security", {input, forward, output}},
    };
    return all;
}

// Some matches work at some hooks only, and so only in chains that nothing else calls: the Ethernet header is there
// for packets that arrive, the socket for those that leave.
enum class Way : std::uint8_t { any, arriving, leaving };

Way way_of(HookPoint hook) {
    return hook == HookPoint::output || hook == HookPoint::postrouting ? Way::leaving : Way::arriving;
}

struct Chain {
    std::string name;
    std::optional<HookPoint> hook; // none: of the user
    Way way = Way::any;
    std::vector<std::string> rules{};
};

constexpr unsigned any_protocol = 0, udplite = 136, sctp = 132, dccp = 33;

struct NamedProtocol {
    unsigned number;
    std::string_view name;
};
constexpr NamedProtocol protocols[] = {{tcp, "tcp"}, {tcp, "tcp"},   {tcp, "6"},     {udp, "udp"},
                                       {udp, "udp"}, {sctp, "sctp"}, {dccp, "dccp"}, {udplite, "udplite"}};

constexpr std::string_view flags[] = {"FIN", "SYN", "RST", "PSH", "ACK", "URG"};
constexpr std::string_view states[] = {"INVALID", "NEW", "ESTABLISHED", "RELATED", "UNTRACKED", "SNAT", "DNAT"};
constexpr std::string_view statuses[] = {"NONE", "EXPECTED", "SEEN_REPLY", "ASSURED", "CONFIRMED"};

class Generator {
  public:
    explicit Generator(std::uint32_t seed) : random_(seed), family_(seed % 2 == 0 ? Family::v6 : Family::v4) {
        out_.family = family_;
        out_.tracking = random_.chance(80) ? Tracking::on : Tracking::off;
        out_.options_headers = random_.chance(50);
    }

    RandomIptables run() {
        for (Table const& table : tables()) {
            // The nat table cannot be without connection tracking.
            if (table.name == "nat" && out_.tracking == Tracking::off) continue;
            if (table.name == "filter" ? random_.chance(10) : random_.chance(55)) continue;
            make(table);
        }
        return std::move(out_);
    }

  private:
    // ---- tables and chains

    void make(Table const& table) {
        table_ = table.name;
        chains_.clear();
        for (Builtin const& chain : table.chains)
            chains_.push_back({std::string(chain.name), chain.hook, way_of(chain.hook)});
        std::uint32_t const called = random_.below(6);
        for (std::uint32_t i = 0; i < called; ++i) {
            constexpr Way ways[] = {Way::any, Way::any, Way::arriving, Way::leaving};
            chains_.push_back({fmt::format("c{}", i), std::nullopt, random_.of(ways)});
        }
        // Calls go to later ones, so that there are no circles.
        for (at_ = 0; at_ < chains_.size(); ++at_) {
            std::uint32_t const rules = random_.below(table.name == "filter" ? 9 : 6);
            for (std::uint32_t r = 0; r < rules; ++r) chains_[at_].rules.push_back(rule());
        }
        write();
    }

    void write() {
        out_.text += fmt::format("*{}\n", table_);
        for (Chain const& chain : chains_) out_.text += fmt::format(":{} {} [0:0]\n", chain.name, policy(chain));
        for (Chain const& chain : chains_)
            for (std::string const& rule : chain.rules) out_.text += fmt::format("-A {}{}\n", chain.name, rule);
        out_.text += "COMMIT\n";
    }

    std::string_view policy(Chain const& chain) {
        if (!chain.hook) return "-";
        bool const filters = table_ == "filter" && chain.hook != HookPoint::output;
        return table_ != "nat" && random_.chance(filters ? 50 : 8) ? "DROP" : "ACCEPT";
    }

    // ---- rules

    Chain const& chain() const { return chains_[at_]; }
    bool v4() const { return family_ == Family::v4; }
    bool tracking() const { return out_.tracking == Tracking::on; }

    std::string rule() {
        protocol_ = any_protocol;
        negated_ports_ = 0;
        has_.clear();
        std::string text;
        std::uint32_t const matches = random_.chance(6) ? 0 : 1 + random_.below(random_.chance(60) ? 2 : 4);
        for (std::uint32_t i = 0; i < matches; ++i) text += match();
        bool const reads_header = has("multiport") || has("ports") || has("flags") || has("icmp");
        out_.misreads_fragments = out_.misreads_fragments || (reads_header && v4() && !tracking());
        return text + target();
    }

    // iptables takes most options once in a rule.
    bool has(std::string_view what) const { return std::find(has_.begin(), has_.end(), what) != has_.end(); }
    bool first(std::string_view what) {
        if (has(what)) return false;
        has_.emplace_back(what);
        return true;
    }

    std::string match() {
        for (;;) {
            struct Choice {
                std::uint32_t weight;
                std::string (Generator::*make)();
            };
            // A function gives nothing where its match has no place in this rule.
            static constexpr Choice choices[] = {
                {22, &Generator::address},   {10, &Generator::interface}, {10, &Generator::protocol},
                {22, &Generator::transport}, {10, &Generator::multiport}, {12, &Generator::connection},
                {6, &Generator::range},      {7, &Generator::mark},       {4, &Generator::length},
                {4, &Generator::time_left},  {4, &Generator::service},    {4, &Generator::packet_type},
                {6, &Generator::route_type}, {4, &Generator::mac},        {4, &Generator::fragment},
                {3, &Generator::owner},      {3, &Generator::bridge},     {5, &Generator::extension_header},
                {4, &Generator::ipsec},      {3, &Generator::congestion},
            };
            std::uint32_t dice = random_.below(147);
            for (Choice const& choice : choices) {
                if (dice >= choice.weight) {
                    dice -= choice.weight;
                    continue;
                }
                if (std::string text = (this->*choice.make)(); !text.empty()) return text;
                break;
            }
        }
    }

    std::string target() {
        std::uint32_t const dice = random_.below(100);
        if (dice < 4) return "";
        if (dice < 16) return mark_target();
        if (dice < 20) return random_.chance(50) ? " -j LOG" : " -j NFLOG --nflog-group 7";
        if (dice < 42) {
            std::vector<std::string> names;
            for (std::size_t i = at_ + 1; i < chains_.size(); ++i) {
                bool const fits = chains_[i].way == Way::any || chains_[i].way == chain().way;
                if (!chains_[i].hook && fits) names.push_back(chains_[i].name);
            }
            if (!names.empty()) return fmt::format(" -{} {}", random_.chance(70) ? 'j' : 'g', random_.of(names));
        }
        if (dice < 50) return " -j RETURN";
        if (table_ == "nat") return " -j ACCEPT";
        if (table_ == "raw" && dice < 65) return random_.chance(50) ? " -j NOTRACK" : " -j CT --notrack";
        if (table_ == "filter" && dice < 66) return reject();
        return random_.chance(55) ? " -j ACCEPT" : " -j DROP";
    }

    std::string reject() {
        std::vector<std::string_view> with{"icmp-port-unreachable", "icmp-net-unreachable", "icmp-host-prohibited",
                                           "icmp-admin-prohibited"};
        if (!v4()) with = {"icmp6-port-unreachable", "icmp6-no-route", "icmp6-adm-prohibited", "addr-unreach"};
        if (protocol_ == tcp) with.push_back("tcp-reset");
        return random_.chance(40) ? " -j REJECT" : fmt::format(" -j REJECT --reject-with {}", random_.of(with));
    }

    std::string mark_target() {
        // The nat table sees the first packet of a connection only: what it marks is no matter of rules alone.
        if (table_ == "nat") return "";
        if (!tracking() || random_.chance(60)) {
            switch (random_.below(5)) {
            case 0: return fmt::format(" -j MARK --set-mark {}", masked_mark());
            case 1: return fmt::format(" -j MARK --set-xmark {}", masked_mark());
            case 2: return fmt::format(" -j MARK --and-mark {:#x}", mark_value());
            case 3: return fmt::format(" -j MARK --or-mark {:#x}", mark_value());
            default: return fmt::format(" -j MARK --xor-mark {:#x}", mark_value());
            }
        }
        switch (random_.below(5)) {
        case 0: return fmt::format(" -j CONNMARK --set-mark {}", masked_mark(usable_connection_marks));
        case 1: return fmt::format(" -j CONNMARK --save-mark --mask {:#x}", mark_value(usable_connection_marks));
        case 2:
            return fmt::format(" -j CONNMARK --save-mark --nfmask 0xff --ctmask {:#x}",
                               mark_value(usable_connection_marks));
        case 3: return " -j CONNMARK --restore-mark";
        default: return fmt::format(" -j CONNMARK --restore-mark --nfmask {:#x} --ctmask 0xff", mark_value());
        }
    }

    // ---- values

    std::string_view maybe_not(std::uint32_t percent = 30) { return random_.chance(percent) ? " !" : ""; }

    void note(Field field, U128 first_value, U128 last_value) {
        auto& values = out_.boundaries[field];
        values.push_back(first_value);
        values.push_back(last_value);
    }

    // Often one that was there before, so that rules speak of the same packets.
    U128 known_or(Field field, U128 fresh) {
        auto const known = out_.boundaries.find(field);
        return known != out_.boundaries.end() && random_.chance(40) ? random_.of(known->second) : fresh;
    }

    std::string number(Field field, U128 low, U128 high) {
        U128 const value = std::clamp(known_or(field, random_.within({low, high})), low, high);
        note(field, value, value);
        return fmt::format("{}", low64(value));
    }

    std::string range(Field field, U128 low, U128 high, U128 widest, std::string_view between) {
        U128 const from = std::clamp(known_or(field, random_.within({low, high})), low, high);
        U128 const to = std::min(high, from + random_.below(static_cast<std::size_t>(widest)));
        note(field, from, to);
        return fmt::format("{}{}{}", low64(from), between, low64(to));
    }

    std::uint32_t mark_value(std::uint32_t usable = usable_marks) {
        return random_.below(random_.chance(70) ? 8 : usable);
    }

    std::string masked_mark(std::uint32_t usable = usable_marks) {
        std::uint32_t const value = mark_value(usable);
        if (random_.chance(50)) return fmt::format("{:#x}", value);
        return fmt::format("{:#x}/{:#x}", value, value | mark_value(usable));
    }

    template <class Choices> std::string some_of(Choices const& choices, std::uint32_t most) {
        std::vector<std::string_view> words;
        for (std::uint32_t i = 0; i <= random_.below(most); ++i) {
            auto const word = random_.of(choices);
            if (std::find(words.begin(), words.end(), word) == words.end()) words.push_back(word);
        }
        return fmt::format("{}", fmt::join(words, ","));
    }

    // ---- generic matches

    std::string network(Field field) {
        unsigned const bits = address_bits(family_);
        U128 const all = max_value(bits);
        U128 const address = known_or(field, random_address(random_, family_));
        unsigned const length = bits - random_.below(bits == 32 ? 18 : 90);
        U128 mask = all & ~max_value(bits - length);
        if (random_.chance(30)) mask = all;
        if (random_.chance(12)) mask &= ~(U128{1 + random_.below(255)} << (bits == 32 ? 8 : 80)); // with holes
        note(field, address & mask, (address | ~mask) & all);
        std::string const text = to_string(Ip{family_, address});
        auto const prefix = mask == (all & ~max_value(bits - length));
        if (mask == all) return random_.chance(80) ? text : fmt::format("{}/{}", text, bits);
        if (prefix && random_.chance(70)) return fmt::format("{}/{}", text, length);
        return fmt::format("{}/{}", text, to_string(Ip{family_, mask}));
    }

    std::string address() {
        bool const source = random_.chance(50);
        if (!first(source ? "-s" : "-d")) return "";
        Field const field = source ? src_field(family_) : dst_field(family_);
        std::string_view const letter = source ? "-s" : "-d";
        // No address is negated beside a list of them.
        if (random_.chance(15) && !has("! address")) {
            has_.emplace_back("addresses");
            std::string const list = network(field) + ',' + network(field);
            return fmt::format(" {} {}", letter, list);
        }
        std::string_view const negation = has("addresses") ? "" : maybe_not();
        if (!negation.empty()) has_.emplace_back("! address");
        return fmt::format("{} {} {}", negation, letter, network(field));
    }

    std::string interface() {
        auto const hook = chain().hook;
        bool in = random_.chance(50);
        if (hook == HookPoint::prerouting || hook == HookPoint::input) in = true;
        if (hook == HookPoint::output || hook == HookPoint::postrouting) in = false;
        if (!first(in ? "-i" : "-o")) return "";
        constexpr std::string_view names[] = {"eth0",  "eth1", "eth10", "wan0", "lo",   "eth+",
                                              "eth1+", "wan+", "w+",    "+",    "ppp0", "eth10+"};
        std::string_view const name = random_.of(names);
        return fmt::format("{} -{} {}", name == "+" ? "" : maybe_not(), in ? 'i' : 'o', name);
    }

    // One that no other match of the rule presupposes.
    std::string protocol() {
        if (!first("-p")) return "";
        constexpr std::string_view others[] = {"icmp", "47", "gre", "esp", "253", "icmpv6", "132", "33"};
        if (random_.chance(10)) return " -p all";
        if (random_.chance(50)) return fmt::format("{} -p {}", maybe_not(60), random_.of(others));
        NamedProtocol const& known = random_.of(protocols);
        if (random_.chance(40)) return fmt::format(" ! -p {}", known.name);
        protocol_ = known.number;
        return fmt::format(" -p {}", known.name);
    }

    std::string fragment() {
        if (!v4() || tracking() || !first("-f")) return "";
        return fmt::format("{} -f", maybe_not(50));
    }

    // ---- transport

    // The rule's protocol, and the option that settles it where the rule has none yet.
    std::string require(std::vector<unsigned> const& wanted) {
        if (std::find(wanted.begin(), wanted.end(), protocol_) != wanted.end()) return " ";
        if (!first("-p")) return "";
        for (;;) {
            NamedProtocol const& known = random_.of(protocols);
            if (std::find(wanted.begin(), wanted.end(), known.number) == wanted.end()) continue;
            protocol_ = known.number;
            return fmt::format(" -p {}", known.name);
        }
    }

    std::string_view match_name() const {
        return std::find_if(std::begin(protocols), std::end(protocols),
                            [this](NamedProtocol const& p) { return p.number == protocol_ && p.name != "6"; })
            ->name;
    }

    U128 port() {
        constexpr unsigned ports[] = {22, 23, 25, 53, 80, 443, 1024, 3306, 8080, 32768};
        return random_.chance(60) ? U128{random_.of(ports)} : random_.within({1, 65534});
    }

    std::string ports(Field field) {
        U128 const from = std::clamp(known_or(field, port()), U128{1}, U128{65534});
        if (random_.chance(50)) {
            note(field, from, from);
            return fmt::format("{}", low64(from));
        }
        if (random_.chance(20)) {
            note(field, from, from);
            return random_.chance(50) ? fmt::format(":{}", low64(from)) : fmt::format("{}:", low64(from));
        }
        return port_range(field, from);
    }

    // In a list, none is open and none has one port.
    std::string listed_ports(Field field) {
        U128 const from = std::clamp(known_or(field, port()), U128{1}, U128{65534});
        if (random_.chance(50)) return port_range(field, from);
        note(field, from, from);
        return fmt::format("{}", low64(from));
    }

    std::string port_range(Field field, U128 from) {
        U128 const to = std::min<U128>(65535, from + 1 + random_.below(2000));
        note(field, from, to);
        return fmt::format("{}:{}", low64(from), low64(to));
    }

    std::string transport() {
        if (random_.chance(20)) return icmp_match();
        std::string text = require({tcp, udp, sctp, dccp});
        if (text.empty()) return "";
        // After "-m multiport", "--dport" is short for "--dports".
        if (has("multiport") || random_.chance(40)) text += fmt::format(" -m {}", match_name());
        if (protocol_ == tcp && random_.chance(35)) return text + tcp_flags();
        bool const source = random_.chance(40);
        if (!first(source ? "--sport" : "--dport")) return text;
        has_.emplace_back("ports");
        std::string_view const negation = maybe_not(25);
        if (!negation.empty() && ++negated_ports_ == 2) out_.negates_both_ports = true;
        std::string_view const name = random_.chance(80) ? (source ? "--sport" : "--dport")
                                                         : (source ? "--source-port" : "--destination-port");
        return fmt::format("{}{} {} {}", text, negation, name, ports(source ? Field::sport : Field::dport));
    }

    std::string tcp_flags() {
        if (random_.chance(15) && first("option")) return fmt::format("{} --tcp-option 8", maybe_not(50));
        if (!first("flags")) return "";
        if (random_.chance(35)) return fmt::format("{} --syn", maybe_not(40));
        unsigned mask = 0, set = 0;
        for (unsigned bit = 0; bit < std::size(flags); ++bit) {
            if (random_.chance(50)) mask |= 1U << bit;
            if (random_.chance(40)) set |= mask & 1U << bit;
        }
        if (random_.chance(15)) mask = 0x3f;
        note(Field::tcp_flags, set, set | (0x3fU & ~mask));
        return fmt::format("{} --tcp-flags {} {}", maybe_not(), flag_words(mask), flag_words(set));
    }

    static std::string flag_words(unsigned bits) {
        if (bits == 0) return "NONE";
        if (bits == 0x3f) return "ALL";
        std::vector<std::string_view> words;
        for (unsigned bit = 0; bit < std::size(flags); ++bit)
            if ((bits >> bit & 1U) != 0) words.push_back(flags[bit]);
        return fmt::format("{}", fmt::join(words, ","));
    }

    std::string icmp_match() {
        if (!first("-p")) return "";
        has_.emplace_back("icmp");
        protocol_ = v4() ? icmp : icmpv6;
        std::string_view const head = v4() ? " -p icmp" : " -p icmpv6";
        std::string_view const option = v4() ? "--icmp-type" : "--icmpv6-type";
        constexpr std::string_view names4[] = {"any", "echo-request", "echo-reply", "port-unreachable",
                                               "destination-unreachable"};
        constexpr std::string_view names6[] = {"echo-request", "echo-reply", "neighbour-solicitation", "no-route",
                                               "packet-too-big"};
        if (random_.chance(30))
            return fmt::format("{}{} {} {}", head, maybe_not(), option,
                               v4() ? random_.of(names4) : random_.of(names6));
        std::string type = number(Field::icmp_type, 0, v4() ? 40 : 200);
        if (random_.chance(40)) type += '/' + number(Field::icmp_code, 0, 15);
        return fmt::format("{}{} {} {}", head, maybe_not(), option, type);
    }

    std::string multiport() {
        if (has("multiport")) return "";
        std::string const text = require({tcp, udp, sctp, dccp, udplite});
        if (text.empty()) return "";
        has_.emplace_back("multiport");
        std::uint32_t const dice = random_.below(3);
        Field const field = dice == 0 ? Field::sport : Field::dport;
        std::vector<std::string> list;
        for (std::uint32_t i = 0; i <= random_.below(6); ++i) list.push_back(listed_ports(field));
        constexpr std::string_view names[] = {"--sports", "--dports", "--ports"};
        return fmt::format("{} -m multiport{} {} {}", text, maybe_not(), names[dice], fmt::join(list, ","));
    }

    // ---- what tracking knows

    std::string connection() {
        if (!tracking() || !first("ct")) return "";
        std::uint32_t const dice = random_.below(100);
        if (dice < 20) return fmt::format(" -m state{} --state {}", maybe_not(), some_states(5));
        if (dice < 60) return fmt::format(" -m conntrack{} --ctstate {}", maybe_not(), some_states(7));
        if (dice < 72) return " -m conntrack" + status();
        if (dice < 82) return " -m conntrack" + direction();
        if (dice < 90) return fmt::format(" -m connmark{} --mark {}", maybe_not(), masked_mark());
        // Together they are more than the sum of their parts: without a connection, the state alone counts.
        std::string text = fmt::format(" -m conntrack{} --ctstate {}", maybe_not(), some_states(7));
        if (random_.chance(60)) text += status();
        if (random_.chance(60)) text += direction();
        return text;
    }
    std::string some_states(std::size_t of) { return some_of(std::span(states).first(of), 3); }
    std::string status() { return fmt::format("{} --ctstatus {}", maybe_not(), some_of(statuses, 2)); }
    std::string direction() { return random_.chance(50) ? " --ctdir REPLY" : " --ctdir ORIGINAL"; }

    std::string mark() {
        if (!first("mark")) return "";
        return fmt::format(" -m mark{} --mark {}", maybe_not(), masked_mark());
    }

    // ---- other fields

    std::string range() {
        bool const source = random_.chance(50);
        if (!first("iprange")) return "";
        Field const field = source ? src_field(family_) : dst_field(family_);
        U128 const from = known_or(field, random_address(random_, family_));
        U128 const to = std::min(max_value(address_bits(family_)), from + random_.below(5000));
        note(field, from, to);
        return fmt::format(" -m iprange{} --{}-range {}-{}", maybe_not(), source ? "src" : "dst",
                           to_string(Ip{family_, from}), to_string(Ip{family_, to}));
    }

    std::string length() {
        if (!first("length")) return "";
        return fmt::format(" -m length{} --length {}", maybe_not(),
                           random_.chance(30) ? number(Field::length, 28, 300)
                                              : range(Field::length, 28, 300, 100, ":"));
    }

    std::string time_left() {
        if (!first("ttl")) return "";
        std::string_view const name = v4() ? "ttl" : "hl";
        std::string const value = number(Field::ttl, 1, 254);
        constexpr std::string_view kinds[] = {"eq", "lt", "gt"};
        std::string_view const kind = random_.of(kinds);
        return fmt::format(" -m {}{} --{}-{} {}", name, kind == "eq" ? maybe_not() : "", name, kind, value);
    }

    std::string service() {
        if (!first("dscp")) return "";
        U128 const value = known_or(Field::dscp, random_.below(63));
        note(Field::dscp, value, value);
        switch (random_.below(3)) {
        case 0: return fmt::format(" -m dscp{} --dscp {}", maybe_not(), low64(value));
        case 1: return fmt::format(" -m dscp{} --dscp-class {}", maybe_not(), random_.chance(50) ? "AF11" : "EF");
        default: break;
        }
        std::uint32_t const mask = random_.chance(50) ? 0xfc : 4 * (1 + random_.below(63));
        return fmt::format(" -m tos{} --tos {:#x}/{:#x}", maybe_not(), low64(value) * 4 & mask, mask);
    }

    std::string packet_type() {
        constexpr std::string_view types[] = {"unicast", "broadcast", "multicast"};
        if (!first("pkttype")) return "";
        return fmt::format(" -m pkttype{} --pkt-type {}", maybe_not(), random_.of(types));
    }

    std::string route_type() {
        constexpr std::string_view types4[] = {"UNICAST",   "LOCAL",     "BROADCAST",   "ANYCAST",
                                               "MULTICAST", "BLACKHOLE", "UNREACHABLE", "PROHIBIT"};
        constexpr std::string_view types6[] = {"UNICAST", "LOCAL", "ANYCAST", "MULTICAST", "UNREACHABLE"};
        if (!first("addrtype")) return "";
        std::string const types = v4() ? some_of(types4, 2) : some_of(types6, 2);
        return fmt::format(" -m addrtype{} --{}-type {}", maybe_not(), random_.chance(60) ? "dst" : "src", types);
    }

    std::string mac() {
        if (chain().way != Way::arriving || !first("mac")) return "";
        U128 const value = 0x02'00'00'00'aa'00 + random_.below(16);
        note(Field::src_mac, value, value);
        return fmt::format(" -m mac{} --mac-source {}", maybe_not(), value_text(Field::src_mac, value));
    }

    // ---- sockets, bridges and headers that few packets have

    std::string owner() {
        if (chain().way != Way::leaving || !first("owner")) return "";
        std::string_view const user = random_.chance(50) ? "--uid-owner" : "--gid-owner";
        constexpr std::string_view ids[] = {"0", "root", "0-99", "1234"};
        if (random_.chance(20)) return fmt::format(" -m owner{} --socket-exists", maybe_not(50));
        return fmt::format(" -m owner{} {} {}", maybe_not(50), user, random_.of(ids));
    }

    std::string bridge() {
        if (!first("physdev")) return "";
        constexpr std::string_view options[] = {"--physdev-is-bridged", "--physdev-in eth0", "--physdev-is-in"};
        return fmt::format(" -m physdev{} {}", maybe_not(50), random_.of(options));
    }

    std::string extension_header() {
        if (v4() || !first("header")) return "";
        constexpr std::string_view headers[] = {" -m frag",
                                                " -m frag ! --fragid 5",
                                                " -m frag --fragfirst",
                                                " -m rt ! --rt-type 0",
                                                " -m hbh",
                                                " -m dst",
                                                " -m dst",
                                                " -m dst ! --dst-len 400",
                                                " -m ipv6header --header dst --soft",
                                                " -m ipv6header ! --header dst --soft",
                                                " -m ipv6header --header dst,protocol"};
        return std::string(random_.of(headers));
    }

    std::string ipsec() {
        if (!first("-p")) return "";
        bool const esp = !v4() || random_.chance(50);
        Field const field = esp ? Field::esp_spi : Field::ah_spi;
        return fmt::format(" -p {0} -m {0}{1} --{0}spi {2}", esp ? "esp" : "ah", maybe_not(),
                           random_.chance(50) ? number(field, 1, 9000) : range(field, 1, 9000, 3000, ":"));
    }

    std::string congestion() {
        if (!v4() || !first("ecn")) return "";
        return fmt::format(" -m ecn{} --ecn-ip-ect {}", maybe_not(), number(Field::ecn, 0, 3));
    }

    Random random_;
    Family family_;
    RandomIptables out_;
    std::string_view table_;
    std::vector<Chain> chains_;
    std::size_t at_ = 0; // the chain that is being filled
    unsigned protocol_ = any_protocol;
    unsigned negated_ports_ = 0;
    std::vector<std::string> has_; // options of the rule
};

} // namespace

RandomIptables random_iptables(std::uint32_t seed) { return Generator(seed).run(); }

} // namespace portcullis::kernel
