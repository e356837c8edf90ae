// Logs, marks and what else a rule does come before its verdict, each as a target of its own.
#include "dialect/iptables_write_target.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <optional>

#include "dialect/iptables_write_words.hpp"
#include "dialect/nat_flags.hpp"

namespace portcullis::iptables {
namespace {

constexpr char const* no_words = "it is in the words of another language than iptables";

struct Pair {
    std::string_view nft;
    std::string_view iptables;
};

template <std::size_t Count>
std::optional<std::string_view> translated(Pair const (&table)[Count], std::string_view nft) {
    auto const found = std::ranges::find(table, nft, &Pair::nft);
    return found == std::end(table) ? std::nullopt : std::optional(found->iptables);
}

// ---- reject

constexpr Pair answers_v4[] = {
    {"icmp net-unreachable", "icmp-net-unreachable"},    {"icmp host-unreachable", "icmp-host-unreachable"},
    {"icmp prot-unreachable", "icmp-proto-unreachable"}, {"icmp port-unreachable", "icmp-port-unreachable"},
    {"icmp net-prohibited", "icmp-net-prohibited"},      {"icmp host-prohibited", "icmp-host-prohibited"},
    {"icmp admin-prohibited", "icmp-admin-prohibited"},  {"icmpx port-unreachable", "icmp-port-unreachable"},
    {"icmpx admin-prohibited", "icmp-admin-prohibited"}, {"icmpx no-route", "icmp-net-unreachable"},
    {"icmpx host-unreachable", "icmp-host-unreachable"}, {"tcp reset", "tcp-reset"},
};
constexpr Pair answers_v6[] = {
    {"icmpv6 no-route", "icmp6-no-route"},
    {"icmpv6 admin-prohibited", "icmp6-adm-prohibited"},
    {"icmpv6 addr-unreachable", "icmp6-addr-unreachable"},
    {"icmpv6 port-unreachable", "icmp6-port-unreachable"},
    {"icmpv6 policy-fail", "icmp6-policy-fail"},
    {"icmpv6 reject-route", "icmp6-reject-route"},
    {"icmpx port-unreachable", "icmp6-port-unreachable"},
    {"icmpx admin-prohibited", "icmp6-adm-prohibited"},
    {"icmpx no-route", "icmp6-no-route"},
    {"icmpx host-unreachable", "icmp6-addr-unreachable"},
    {"tcp reset", "tcp-reset"},
};

std::string reject_text(std::string answer, Family family) {
    if (answer.empty()) answer = family == Family::v4 ? "icmp port-unreachable" : "icmpv6 port-unreachable";
    constexpr std::string_view type = " type ";
    if (auto const at = answer.find(type); at != std::string::npos) answer.replace(at, type.size(), " ");
    auto const with = family == Family::v4 ? translated(answers_v4, answer) : translated(answers_v6, answer);
    if (!with) throw Unsayable{"reject with " + answer, "iptables has no such answer"};
    return fmt::format("-j REJECT --reject-with {}", *with);
}

// ---- log

constexpr Pair log_levels[] = {
    {"emerg", "0"},   {"alert", "1"},  {"crit", "2"}, {"err", "3"},   {"warn", "4"},
    {"warning", "4"}, {"notice", "5"}, {"info", "6"}, {"debug", "7"},
};
// In the order of iptables-save.
constexpr Pair log_flags[] = {
    {"tcp sequence", "--log-tcp-sequence"}, {"tcp options", "--log-tcp-options"},
    {"ip options", "--log-ip-options"},     {"skuid", "--log-uid"},
    {"ether", "--log-macdecode"},
};

// "prefix \"in: \" level info flags tcp sequence,options": words, a string as one of them without its quotes.
std::vector<std::string> words_in(std::string_view options) {
    std::vector<std::string> words;
    for (std::size_t at = 0; (at = options.find_first_not_of(" ,", at)) != std::string_view::npos;) {
        bool const quoted = options[at] == '"';
        // A prefix of iptables may hold quotes, no other word does: the last one closes it.
        std::size_t end = quoted ? options.rfind('"') : options.find_first_of(" ,", at);
        end = std::min(end, options.size());
        words.emplace_back(options.substr(at + (quoted ? 1 : 0), end - at - (quoted ? 1 : 0)));
        at = end + (quoted ? 1 : 0);
    }
    return words;
}

struct Log {
    std::string prefix;
    std::string level;
    std::vector<std::string> flags;
    std::optional<std::string> group, size, threshold;
};

Log log_of(std::string const& options) {
    Log log;
    std::vector<std::string> const words = words_in(options);
    std::string of; // "tcp" or "ip", whose flags follow
    for (std::size_t i = 0; i < words.size(); ++i) {
        std::string const& word = words[i];
        bool const last = i + 1 == words.size();
        std::string const value = last ? "" : words[i + 1];
        auto const take = [&](auto& to) {
            if (last) throw Unsayable{"log " + options, no_words};
            to = value;
            ++i;
            of.clear();
        };
        if (word == "prefix")
            take(log.prefix);
        else if (word == "level")
            take(log.level);
        else if (word == "group")
            take(log.group);
        else if (word == "snaplen")
            take(log.size);
        else if (word == "queue-threshold")
            take(log.threshold);
        else if (word == "flags")
            of.clear();
        else if (word == "all")
            for (Pair const& flag : log_flags) log.flags.emplace_back(flag.nft);
        else if (word == "skuid" || word == "ether")
            log.flags.push_back(word);
        else if (word == "tcp" || word == "ip")
            of = word;
        else if (!of.empty() && (word == "sequence" || word == "options"))
            log.flags.push_back(of + ' ' + word);
        else
            throw Unsayable{"log " + options, no_words};
    }
    return log;
}

std::string prefix_text(std::string_view option, std::string const& prefix, std::size_t most) {
    if (prefix.empty()) return "";
    if (prefix.size() > most)
        throw Unsayable{fmt::format("the log prefix \"{}\"", prefix),
                        fmt::format("it has more than {} characters", most)};
    return fmt::format(" {} {}", option, argument(prefix));
}

std::string log_text(std::string const& options, bool own_words) {
    if (own_words && (options.starts_with("AUDIT ") || options.starts_with("ULOG"))) return "-j " + options;
    Log const log = log_of(options);
    if (log.group) { // NF_LOG_PREFIXLEN and xt_NFLOG.h
        if (!log.level.empty() || !log.flags.empty())
            throw Unsayable{"log " + options, "NFLOG has no level and no flags"};
        std::string text = "-j NFLOG" + prefix_text("--nflog-prefix", log.prefix, 63);
        if (*log.group != "0") text += " --nflog-group " + *log.group;
        if (log.size) text += " --nflog-size " + *log.size;
        if (log.threshold) text += " --nflog-threshold " + *log.threshold;
        return text;
    }
    if (log.size || log.threshold) throw Unsayable{"log " + options, "LOG has no such option"};
    std::string text = "-j LOG" + prefix_text("--log-prefix", log.prefix, 29); // xt_LOG.h
    if (!log.level.empty()) {
        bool const digit = log.level.size() == 1 && log.level[0] >= '0' && log.level[0] <= '7';
        auto const level = digit ? std::optional<std::string_view>(log.level) : translated(log_levels, log.level);
        if (!level) throw Unsayable{"log " + options, "iptables has no such level"};
        text += fmt::format(" --log-level {}", *level);
    }
    for (Pair const& flag : log_flags)
        if (std::ranges::find(log.flags, flag.nft) != log.flags.end()) text += fmt::format(" {}", flag.iptables);
    return text;
}

// ---- marks

std::string hex(U128 value) { return fmt::format("0x{:x}", low64(value)); }

// The reverse of what xt_MARK.c and xt_connmark.c do: bits are kept, flipped, or taken over from the other mark.
std::optional<std::string> mark_text(Assignment const& mark) {
    U128 const all = max_value(32);
    bool const connection = mark.field == Field::ct_mark;
    if (!mark.known) return std::nullopt;
    U128 const own = connection ? mark.ct_mark_keep : mark.mark_keep;
    U128 const other = connection ? mark.mark_keep : mark.ct_mark_keep;
    U128 const changed = ~own & all;
    if (other == 0)
        return fmt::format("-j {} --set-xmark {}/{}", connection ? "CONNMARK" : "MARK", hex(mark.value),
                           hex(changed));
    if (mark.value != 0) return std::nullopt;
    return connection ? fmt::format("-j CONNMARK --save-mark --nfmask {} --ctmask {}", hex(other), hex(changed))
                      : fmt::format("-j CONNMARK --restore-mark --nfmask {} --ctmask {}", hex(changed), hex(other));
}

void add_changes(Effects const& effects, InTable const& place, std::vector<std::string>& texts) {
    bool const marks_only = effects.sets.size() == effects.assignments.size();
    for (std::size_t i = 0; i < effects.sets.size(); ++i) {
        std::string const& words = effects.sets[i];
        // In its own words, but for a mark that is set: the model tells that as nft does.
        bool const own = place.own_words && !words.starts_with("mark set ");
        auto const mark = marks_only ? mark_text(effects.assignments[i]) : std::nullopt;
        if (!own && !mark) throw Unsayable{words, no_words};
        texts.push_back(own ? "-j " + words : *mark);
    }
    if (!effects.notrack) return;
    if (place.table != "raw") throw Unsayable{"notrack", "iptables has it in the table raw only"};
    texts.emplace_back("-j CT --notrack");
}

// ---- nat

std::string range_text(Interval const& range, auto const& text_of_value) {
    std::string text = text_of_value(range.first);
    if (range.first != range.last) text += '-' + text_of_value(range.last);
    return text;
}

std::string to_text(Rewrite const& rewrite, Family family) {
    std::string text;
    if (rewrite.address)
        text = range_text(*rewrite.address, [&](U128 value) { return to_string(Ip{family, value}); });
    // A colon at the beginning reads like a port.
    bool const brackets = family == Family::v6 && rewrite.address && (rewrite.port || text.front() == ':');
    if (brackets) text = '[' + text + ']';
    auto const port = [](U128 value) { return fmt::format("{}", low64(value)); };
    if (rewrite.port) text += ':' + range_text(*rewrite.port, port);
    for (std::string const& word : words_in(rewrite.flags))
        if (word.starts_with(port_base)) text += '/' + word.substr(port_base.size());
    return text;
}

std::string prefix_text(Interval const& addresses, Family family) {
    return to_string(to_prefixes(IntervalSet(addresses.first, addresses.last), family).front());
}

std::string nat_text(Rewrite const& rewrite, Ruleset const& ruleset, InTable const& place) {
    using Kind = Rewrite::Kind;
    auto const refuse = [&](std::string why) {
        return Unsayable{portcullis::to_text(Verdict(rewrite), ruleset), std::move(why)};
    };
    if (place.table != "nat") throw refuse("iptables translates addresses in the table nat only");
    if (rewrite.address && rewrite.address->last > max_value(address_bits(place.family)))
        throw refuse("it is an address of the other family");
    bool const names_target = rewrite.kind == Kind::dnat || rewrite.kind == Kind::snat;
    if (names_target && !rewrite.address && !rewrite.port) throw refuse("its target is computed");
    if (!names_target && rewrite.address) throw refuse("it takes no address");
    if (rewrite.flags == "netmap") return "-j NETMAP --to " + prefix_text(*rewrite.address, place.family);
    std::string text;
    switch (rewrite.kind) {
    case Kind::dnat: text = "-j DNAT --to-destination " + to_text(rewrite, place.family); break;
    case Kind::snat: text = "-j SNAT --to-source " + to_text(rewrite, place.family); break;
    case Kind::masquerade: text = "-j MASQUERADE"; break;
    case Kind::redirect: text = "-j REDIRECT"; break;
    }
    if (!names_target && rewrite.port) text += " --to-ports " + to_text(rewrite, place.family).substr(1);
    // The flags that each target knows, in the order of iptables-save.
    struct Flag {
        Pair name;
        std::vector<Kind> kinds;
    };
    static Flag const flags[] = {
        {{"random", "--random"}, {Kind::dnat, Kind::snat, Kind::masquerade, Kind::redirect}},
        {{"fully-random", "--random-fully"}, {Kind::snat, Kind::masquerade}},
        {{"persistent", "--persistent"}, {Kind::dnat, Kind::snat}},
    };
    std::vector<std::string> words = words_in(rewrite.flags);
    std::erase_if(words, [](std::string const& word) { return word.starts_with(port_base); });
    std::size_t written = 0;
    for (Flag const& flag : flags) {
        bool const wanted = std::ranges::find(words, flag.name.nft) != words.end() &&
                            std::ranges::find(flag.kinds, rewrite.kind) != flag.kinds.end();
        if (wanted) text += fmt::format(" {}", flag.name.iptables);
        written += wanted ? 1 : 0;
    }
    if (written != words.size()) throw refuse("iptables has no such flag for it");
    return text;
}

// ---- verdicts

struct VerdictText {
    Rule const& rule;
    Ruleset const& ruleset;
    InTable const& place;

    std::string operator()(Accept) const { return "-j ACCEPT"; }
    std::string operator()(Drop) const {
        if (place.table == "nat") throw Unsayable{"drop", "iptables does not filter in the table nat"};
        return "-j DROP";
    }
    std::string operator()(Reject) const {
        if (place.table != "filter") throw Unsayable{"reject", "iptables has it in the table filter only"};
        return reject_text(rule.effects.answer, place.family);
    }
    std::string operator()(Return) const { return "-j RETURN"; }
    std::string operator()(Continue) const { return ""; }
    std::string operator()(Jump const& jump) const {
        if (jump.chain == no_chain) throw Unsayable{"a jump", "its chain is not defined"};
        return (jump.is_goto ? "-g " : "-j ") + place.name_of(jump.chain);
    }
    std::string operator()(Rewrite const& rewrite) const { return nat_text(rewrite, ruleset, place); }
};

} // namespace

Targets targets_of(Rule const& rule, Ruleset const& ruleset, InTable const& place) {
    Targets targets;
    if (rule.effects.log) targets.texts.push_back(log_text(rule.effects.log_options, place.own_words));
    add_changes(rule.effects, place, targets.texts);
    std::string const verdict = std::visit(VerdictText{rule, ruleset, place}, rule.verdict);
    if (!verdict.empty() || targets.texts.empty()) targets.texts.push_back(verdict);
    auto const* const rewrite = std::get_if<Rewrite>(&rule.verdict);
    targets.need_ports = rewrite != nullptr && rewrite->port.has_value();
    targets.need_tcp = std::holds_alternative<Reject>(rule.verdict) && rule.effects.answer == "tcp reset";
    return targets;
}

} // namespace portcullis::iptables
