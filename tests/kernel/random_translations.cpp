#include "kernel/random_translations.hpp"

#include <fmt/format.h>

#include "kernel/random.hpp"

namespace portcullis::kernel {

namespace {

// A base chain, as iptables and as nft have it.
struct Place {
    std::string_view table; // of iptables
    std::string_view chain;
    std::string_view hook;
    int priority = 0;
    bool nat = false;
    bool arriving = true;
};
constexpr Place places[] = {
    {"raw", "PREROUTING", "prerouting", -300},
    {"raw", "OUTPUT", "output", -300, false, false},
    {"mangle", "PREROUTING", "prerouting", -150},
    {"mangle", "POSTROUTING", "postrouting", -150, false, false},
    {"nat", "PREROUTING", "prerouting", -100, true},
    {"nat", "OUTPUT", "output", -100, true, false},
    {"nat", "INPUT", "input", 100, true},
    {"nat", "POSTROUTING", "postrouting", 100, true, false},
    {"filter", "INPUT", "input", 0},
    {"filter", "FORWARD", "forward", 0, false, false},
    {"filter", "OUTPUT", "output", 0, false, false},
    {"security", "INPUT", "input", 50},
    {"security", "FORWARD", "forward", 50, false, false},
};
constexpr std::string_view tables[] = {"raw", "mangle", "nat", "filter", "security"};

constexpr std::uint16_t ports[] = {22, 23, 53, 80, 443, 2323, 8000, 8001, 8080};

struct Text {
    std::string nft;
    std::string iptables;
};

class Maker {
  public:
    Maker(std::uint32_t seed, Spread spread) : random_(seed), spread_(spread) {
        result_.family = random_.chance(60) ? Family::v4 : Family::v6;
        // Few addresses, so that rules and packets meet.
        for (int i = 0; i < 6; ++i) addresses_.push_back(random_address(random_, result_.family));
    }

    RandomTranslations run(std::size_t count) {
        std::map<std::string_view, std::string> files;
        std::string body;
        bool const together = spread_ == Spread::together;
        for (Place const& place : places) {
            // That moves a nat chain of nft before others, by its text: the kernel takes no notice.
            int const shift = place.nat && random_.chance(50) ? -60 : together ? 1 : 0;
            bool const drops = !place.nat && place.table != "raw" && random_.chance(12);
            files[place.table] += fmt::format(":{} {} [0:0]\n", place.chain, drops ? "DROP" : "ACCEPT");
            body += fmt::format("chain {}_{} {{\n type {} hook {} priority {}; policy {};\n", place.table, place.chain,
                                place.nat ? "nat" : "filter", place.hook, place.priority + shift,
                                drops && !together ? "drop" : "accept");
            std::string rules;
            for (std::uint32_t i = 0; i < random_.below(4) + (place.nat ? 1U : 0U); ++i) {
                Text const rule = make_rule(place);
                bool const for_nft = random_.chance(50);
                if (!together || for_nft) body += " " + rule.nft + '\n';
                if (!together || !for_nft) rules += fmt::format("-A {}{}\n", place.chain, rule.iptables);
            }
            body += "}\n";
            rules_[place.table] += rules;
        }
        result_.nft = fmt::format("table {} t {{\n{}}}\n", result_.family == Family::v4 ? "ip" : "ip6", body);
        for (std::string_view const table : tables)
            result_.iptables += fmt::format("*{}\n{}{}COMMIT\n", table, files[table], rules_[table]);
        for (std::size_t i = 0; i < count; ++i) result_.probes.push_back(probe(i));
        return std::move(result_);
    }

  private:
    std::string address() { return to_string(Ip{result_.family, random_.of(addresses_)}); }
    std::string ip() const { return result_.family == Family::v4 ? "ip" : "ip6"; }

    // The protocol, since ports are to be translated, and some more.
    Text match(Place const& place, bool with_ports) {
        Text text;
        auto const add = [&](std::string const& nft, std::string const& iptables) {
            text.nft += nft + ' ';
            text.iptables += ' ' + iptables;
        };
        std::string const protocol = random_.chance(60) ? "tcp" : "udp";
        if (random_.chance(40)) {
            std::string const a = address();
            add(ip() + " daddr " + a, "-d " + a);
        } else if (random_.chance(20)) {
            std::string const a = address();
            add(ip() + " saddr != " + a, "! -s " + a);
        }
        bool const port = random_.chance(60);
        if (port) {
            std::uint16_t const p = random_.of(ports);
            bool const range = random_.chance(30);
            std::string const nft_port = range ? fmt::format("{}-{}", p, p + 20) : fmt::format("{}", p);
            std::string const ipt_port = range ? fmt::format("{}:{}", p, p + 20) : fmt::format("{}", p);
            add(protocol + " dport " + nft_port, "-p " + protocol + " --dport " + ipt_port);
        } else if (with_ports) {
            add("meta l4proto " + protocol, "-p " + protocol);
        }
        if (place.arriving && random_.chance(20)) {
            std::string const name(random_.of(interfaces));
            add(fmt::format("iifname \"{}\"", name), "-i " + name);
        }
        bool const early = place.table == "raw";
        if (!early && random_.chance(15)) add("meta mark 0x1", "-m mark --mark 0x1");
        if (!early && random_.chance(15)) {
            bool const destination = random_.chance(70);
            add(fmt::format("ct status {}", destination ? "dnat" : "snat"),
                fmt::format("-m conntrack --ctstate {}", destination ? "DNAT" : "SNAT"));
        }
        if (!early && random_.chance(25)) {
            bool const has_protocol = port || with_ports;
            add_end_of_connection(text, random_.chance(60), random_.chance(50), has_protocol && random_.chance(50));
        }
        if (!early && random_.chance(10)) add("ct state new", "-m conntrack --ctstate NEW");
        return text;
    }

    // Of the original direction or of the answers that are expected, an address or, behind a protocol, a port.
    void add_end_of_connection(Text& text, bool original, bool source, bool port) {
        bool const negated = random_.chance(20);
        std::string const value = port ? fmt::format("{}", random_.of(ports)) : address();
        std::string_view const direction = original ? "original" : "reply", end = source ? "src" : "dst";
        text.nft += port ? fmt::format("ct {} proto-{} ", direction, end)
                         : fmt::format("ct {} {} {}addr ", direction, ip(), end.substr(0, 1));
        text.nft += fmt::format("{}{} ", negated ? "!= " : "", value);
        text.iptables += fmt::format(" -m conntrack{} --ct{}{}{} {}", negated ? " !" : "", original ? "orig" : "repl", end,
                                     port ? "port" : "", value);
    }

    Text make_rule(Place const& place) {
        bool const translates = place.nat && random_.chance(80);
        bool const with_port = translates && random_.chance(60);
        Text text = match(place, with_port);
        Text const verdict = translates ? translation(place, with_port) : other(place);
        return {text.nft + verdict.nft, text.iptables + verdict.iptables};
    }

    Text other(Place const& place) {
        if (place.table == "raw" && random_.chance(50)) return {"notrack", " -j CT --notrack"};
        bool const marks = place.table == "mangle" || (place.table == "raw" && random_.chance(50));
        if (marks && random_.chance(60)) return {"meta mark set 0x1", " -j MARK --set-mark 0x1"};
        if (place.nat || random_.chance(50)) return {"accept", " -j ACCEPT"};
        return {"drop", " -j DROP"};
    }

    std::string port_range(std::string_view separator) {
        std::uint16_t const p = random_.of(ports);
        return random_.chance(75) ? fmt::format("{}", p) : fmt::format("{}{}{}", p, separator, p + 3);
    }

    Text translation(Place const& place, bool with_port) {
        bool const destination = place.hook == "prerouting" || place.hook == "output";
        bool const own = random_.chance(30) && place.hook != "input";
        if (own) {
            std::string const port = with_port ? port_range("-") : "";
            std::string const nft = destination ? "redirect" : "masquerade";
            std::string const iptables = destination ? " -j REDIRECT" : " -j MASQUERADE";
            return {nft + (with_port ? " to :" + port : ""), iptables + (with_port ? " --to-ports " + port : "")};
        }
        std::string const nft = destination ? "dnat to " : "snat to ";
        std::string const iptables = destination ? " -j DNAT --to-destination " : " -j SNAT --to-source ";
        Ip const first{result_.family, random_.of(addresses_)};
        std::string to = to_string(first);
        if (random_.chance(20) && low64(first.value) % 256 < 250) to += '-' + to_string(Ip{first.family, first.value + 3});
        bool const bracketed = result_.family == Family::v6;
        if (!with_port) return {nft + to, iptables + to};
        std::string const port = port_range("-");
        // nft brackets each end of a range, iptables the whole.
        std::string nft_to = to;
        if (bracketed) {
            std::size_t const dash = to.find('-');
            nft_to = dash == std::string::npos ? '[' + to + ']' : '[' + to.substr(0, dash) + "]-[" + to.substr(dash + 1) + ']';
            to = '[' + to + ']';
        }
        return {nft + nft_to + ':' + port, iptables + to + ':' + port};
    }

    Probe probe(std::size_t index) {
        Probe probe;
        Packet& packet = probe.packet;
        packet[Field::family] = family_value(result_.family);
        packet[dst_field(result_.family)] = random_.chance(80) ? random_.of(addresses_) : random_address(random_, result_.family);
        packet[src_field(result_.family)] = random_.chance(50) ? random_.of(addresses_) : random_address(random_, result_.family);
        packet[Field::protocol] = random_.chance(60) ? tcp : udp;
        packet[Field::tcp_flags] = packet[Field::protocol] == tcp ? tcp_flag::syn : 0;
        packet[Field::dport] = random_.of(ports) + (random_.chance(20) ? random_.below(5) : 0);
        packet[Field::sport] = 10000 + index; // a connection of its own, whatever becomes of its destination
        packet[Field::ttl] = 64;
        packet[Field::length] = 60;
        bool const arrives = random_.chance(75);
        packet[Field::iif] = arrives ? interface_value(random_.of(interfaces)) : 0;
        packet[Field::oif] = arrives ? 0 : interface_value(random_.of(interfaces));
        packet[Field::src_mac] = 0x02'00'00'00'aa'01;
        return probe;
    }

    Random random_;
    Spread spread_;
    RandomTranslations result_;
    std::vector<U128> addresses_;
    std::map<std::string_view, std::string> rules_;
};

} // namespace

RandomTranslations random_translations(std::uint32_t seed, std::size_t probes, Spread spread) {
    return Maker(seed, spread).run(probes);
}

} // namespace portcullis::kernel
