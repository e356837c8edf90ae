// Targets: verdicts, and what a rule changes. A table says what each does and where the kernel takes it.
#include <algorithm>
#include <array>

#include "dialect/iptables_rule_reader.hpp"
#include "dialect/nat_flags.hpp"

namespace portcullis::iptables {
namespace {

enum class Does : std::uint8_t {
    accept,
    drop,
    give_back, // RETURN
    reject,
    log,    // goes on, after writing a log
    change, // goes on, after changing the packet or something else
    judge,  // something outside of the rules decides: it may accept or drop
    translate,
};

constexpr std::uint8_t at(HookPoint point) { return static_cast<std::uint8_t>(1U << static_cast<unsigned>(point)); }
constexpr std::uint8_t anywhere = 0xff;
constexpr std::uint8_t before_routing = at(HookPoint::prerouting) | at(HookPoint::output);
constexpr std::uint8_t after_routing = at(HookPoint::postrouting) | at(HookPoint::input);

} // namespace

struct Target {
    std::string_view name;
    Does does = Does::change;
    std::string_view table = {};   // the only one that has it; empty: any
    std::uint8_t hooks = anywhere; // that it works at
};

namespace {

// iptables-extensions(8); table and hooks are those of the kernel's xt_target structures.
constexpr Target targets[] = {
    {"ACCEPT", Does::accept},
    {"DROP", Does::drop},
    {"RETURN", Does::give_back},
    {"QUEUE", Does::judge},
    {"NFQUEUE", Does::judge},
    {"SYNPROXY", Does::judge},
    {"TPROXY", Does::judge, "mangle", at(HookPoint::prerouting)},
    {"CLUSTERIP", Does::judge, "filter"},
    {"REJECT", Does::reject, "filter"},
    {"LOG", Does::log},
    {"NFLOG", Does::log},
    {"ULOG", Does::log},
    {"AUDIT", Does::log},
    {"CHECKSUM", Does::change, "mangle"},
    {"CLASSIFY", Does::change},
    {"CONNMARK", Does::change},
    {"CONNSECMARK", Does::change},
    {"CT", Does::change, "raw"},
    {"DNPT", Does::change, "mangle"},
    {"DSCP", Does::change, "mangle"},
    {"ECN", Does::change, "mangle"},
    {"HL", Does::change, "mangle"},
    {"HMARK", Does::change},
    {"IDLETIMER", Does::change},
    {"LED", Does::change},
    {"MARK", Does::change},
    {"NOTRACK", Does::change, "raw"},
    {"RATEEST", Does::change},
    {"SECMARK", Does::change},
    {"SET", Does::change},
    {"SNPT", Does::change, "mangle"},
    {"TCPMSS", Does::change},
    {"TCPOPTSTRIP", Does::change, "mangle"},
    {"TEE", Does::change},
    {"TOS", Does::change, "mangle"},
    {"TRACE", Does::change},
    {"TTL", Does::change, "mangle"},
    {"DNAT", Does::translate, "nat", before_routing},
    {"REDIRECT", Does::translate, "nat", before_routing},
    {"SNAT", Does::translate, "nat", after_routing},
    {"MASQUERADE", Does::translate, "nat", at(HookPoint::postrouting)},
    {"NETMAP", Does::translate, "nat"},
};

} // namespace

bool is_target(std::string_view name) { return std::ranges::find(targets, name, &Target::name) != std::end(targets); }

namespace {

Target const* target_by_name(std::string_view name) {
    auto const found = std::ranges::find(targets, name, &Target::name);
    return found == std::end(targets) ? nullptr : found;
}

// What nft calls the answers of REJECT; any beginning of a name is taken (libipt_REJECT.c, libip6t_REJECT.c). An
// empty answer is the one that is given where nothing is said.
struct AnswerName {
    std::string_view name;
    std::string_view alias;
    std::string_view answer;
};
constexpr AnswerName answers_v4[] = {
    {"icmp-net-unreachable", "net-unreach", "icmp net-unreachable"},
    {"icmp-host-unreachable", "host-unreach", "icmp host-unreachable"},
    {"icmp-proto-unreachable", "proto-unreach", "icmp prot-unreachable"},
    {"icmp-port-unreachable", "port-unreach", ""},
    {"icmp-net-prohibited", "net-prohib", "icmp net-prohibited"},
    {"icmp-host-prohibited", "host-prohib", "icmp host-prohibited"},
    {"tcp-reset", "tcp-rst", "tcp reset"},
    {"icmp-admin-prohibited", "admin-prohib", "icmp admin-prohibited"},
};
constexpr AnswerName answers_v6[] = {
    {"icmp6-no-route", "no-route", "icmpv6 no-route"},
    {"icmp6-adm-prohibited", "adm-prohibited", "icmpv6 admin-prohibited"},
    {"icmp6-addr-unreachable", "addr-unreach", "icmpv6 addr-unreachable"},
    {"icmp6-port-unreachable", "port-unreach", ""},
    {"tcp-reset", "tcp-reset", "tcp reset"},
    {"icmp6-policy-fail", "policy-fail", "icmpv6 policy-fail"},
    {"icmp6-reject-route", "reject-route", "icmpv6 reject-route"},
};

std::string to_digits(U128 number) { return std::to_string(low64(number)); }

// What nft calls the levels of syslog(3).
struct LevelName {
    std::string_view name;
    std::string_view level;
};
constexpr LevelName levels[] = {
    {"emerg", "emerg"}, {"panic", "emerg"},   {"0", "emerg"},   {"alert", "alert"}, {"1", "alert"},
    {"crit", "crit"},   {"2", "crit"},        {"error", "err"}, {"3", "err"},       {"warning", "warn"},
    {"4", "warn"},      {"notice", "notice"}, {"5", "notice"},  {"info", "info"},   {"6", "info"},
    {"debug", "debug"}, {"7", "debug"},
};

} // namespace

void RuleReader::read_target() {
    auto const option = std::ranges::find_if(
        options_, [](Option const& o) { return o.info->key == Key::jump || o.info->key == Key::go_to; });
    if (option == options_.end()) {
        rule_.effects.counter = true;
        return;
    }
    Word const& word = std::get<Word>(option->value);
    std::string const name = word.plain();
    bool const is_goto = option->info->key == Key::go_to;
    instance_ = static_cast<std::size_t>(
        std::ranges::find_if(loaded_, [](Loaded const& l) { return l.role == Role::target; }) - loaded_.begin());
    target_span_ = option->span;
    auto const chain = context_.chains.find(name);
    if (chain != context_.chains.end()) return jump(chain->second, name, is_goto, file_.span(word.raw));
    Target const* target = target_by_name(name);
    if (is_goto && target != nullptr)
        return error(file_.span(word.raw), "'-g' needs a chain, and " + quote(name) + " is a target");
    if (target != nullptr) return apply(*target);
    if (builtin_hook(context_.table, name, context_.family))
        return error(file_.span(word.raw), "cannot jump to the built-in chain " + quote(name));
    // A target of an extension that we do not know has options; an undefined chain has none.
    if (!is_goto && std::ranges::any_of(options_, [&](Option const& o) { return o.instance == instance_; })) {
        judge_ = "-j " + target_text(name);
        return;
    }
    report(context_.findings, "PC401", file_.span(word.raw), {{"kind", "chain"}, {"name", name}});
    rule_.verdict = Jump{no_chain, is_goto};
}

void RuleReader::jump(ChainId chain, std::string const& name, bool is_goto, Span span) {
    if (builtin_hook(context_.table, name, context_.family))
        return error(span, "cannot jump to the built-in chain " + quote(name));
    if (refuse_options()) return;
    rule_.verdict = Jump{chain, is_goto};
}

// Chains and ACCEPT have no options.
bool RuleReader::refuse_options() {
    for (Option const& option : options_) {
        if (option.instance != instance_) continue;
        std::string_view const text = source_text(option);
        error(option.span, "unknown option " + quote(text.substr(0, text.find_first_of(" \t"))));
        return true;
    }
    return false;
}

std::string RuleReader::target_text(std::string_view name) const {
    std::string text(name);
    for (Option const* option : ordered_) {
        if (option->instance == instance_) text += (option->negated ? " ! " : " ") + option_text(*option);
    }
    return text;
}

void RuleReader::apply(Target const& target) {
    if (!target.table.empty() && target.table != context_.table)
        return error(target_span_,
                     quote(target.name) + " works only in the " + std::string(target.table) + " table");
    if (context_.hook && (target.hooks & at(*context_.hook)) == 0)
        return error(target_span_, quote(target.name) + " does not work in " + std::string(context_.chain));
    bool const known = find_extension(target.name, Role::target) != nullptr;
    if (!known && refuse_options()) return;
    switch (target.does) {
    case Does::accept: rule_.verdict = Accept{}; return;
    case Does::drop: return drop();
    case Does::give_back: rule_.verdict = Return{}; return;
    case Does::reject: return reject();
    case Does::log: return log(target);
    case Does::change: return change(target);
    case Does::judge: judge_ = "-j " + target_text(target.name); return;
    case Does::translate: return translate(target);
    }
}

void RuleReader::drop() {
    if (context_.table == "nat")
        return error(target_span_, "the nat table is not intended for filtering: 'DROP' is not allowed in it");
    rule_.verdict = Drop{};
}

void RuleReader::reject() {
    rule_.verdict = Reject{};
    Option const* const option = option_named("reject-with");
    if (option == nullptr) return;
    std::string const with = lower_case(std::get<Word>(option->value).plain());
    std::span<AnswerName const> const answers =
        context_.family == Family::v4 ? std::span<AnswerName const>(answers_v4) : answers_v6;
    auto const answer = std::ranges::find_if(
        answers, [&](AnswerName const& row) { return row.name.starts_with(with) || row.alias.starts_with(with); });
    if (with.empty() || answer == answers.end())
        return error(option->span, "'REJECT' has no answer " + quote(with));
    if (answer->answer == "tcp reset" && protocol_ != static_cast<std::uint8_t>(Protocol::tcp))
        return error(option->span, "'--reject-with " + with + "' needs '-p tcp'");
    rule_.effects.answer = answer->answer;
}

// In nft's words and their order: prefix "in: " level info flags tcp sequence,options flags ip options.
void RuleReader::log(Target const& target) {
    rule_.effects.log = true;
    std::string& text = rule_.effects.log_options;
    auto const add_words = [&](std::string const& words) { text += (text.empty() ? "" : " ") + words; };
    auto const has = [&](std::string_view name) { return option_named(name) != nullptr; };
    if (target.name == "LOG") {
        if (has("log-prefix")) add_words("prefix \"" + word_option("log-prefix") + '"');
        if (Option const* const option = option_named("log-level")) {
            std::string const name = word_option("log-level");
            auto const level = std::ranges::find(levels, name, &LevelName::name);
            if (level == std::end(levels)) return error(option->span, "unknown log level " + quote(name));
            if (level->level != "warn") add_words("level " + std::string(level->level)); // the default of both
        }
        bool const sequence = has("log-tcp-sequence"), tcp_options = has("log-tcp-options");
        if (sequence && tcp_options && has("log-ip-options") && has("log-uid") && has("log-macdecode"))
            return add_words("flags all");
        if (sequence || tcp_options)
            add_words(std::string("flags tcp ") + (sequence ? "sequence" : "") +
                      (sequence && tcp_options ? "," : "") + (tcp_options ? "options" : ""));
        if (has("log-ip-options")) add_words("flags ip options");
        if (has("log-uid")) add_words("flags skuid");
        if (has("log-macdecode")) add_words("flags ether");
        return;
    }
    if (target.name != "NFLOG") { // others have no counterpart
        text = target_text(target.name);
        return;
    }
    if (has("nflog-prefix")) add_words("prefix \"" + word_option("nflog-prefix") + '"');
    add_words("group " + to_digits(number_option("nflog-group").value_or(0)));
    if (auto const size = number_option("nflog-size")) add_words("snaplen " + to_digits(*size));
    if (auto const count = number_option("nflog-threshold"); count && *count > 0)
        add_words("queue-threshold " + to_digits(*count));
}

void RuleReader::change(Target const& target) {
    auto const has = [&](Key key) {
        return std::ranges::any_of(options_, [&](Option const& o) { return o.info->key == key; });
    };
    bool const notrack = target.name == "NOTRACK" || (target.name == "CT" && has(Key::notrack));
    rule_.effects.notrack = notrack;
    if (!notrack) rule_.effects.sets.push_back(change_text(target));
    if (auto const mark = assignment(target)) rule_.effects.assignments.push_back(*mark);
    if (Option const* const helper = option_named("helper"); helper != nullptr && target.name == "CT")
        rule_.effects.helper = std::get<Word>(helper->value).plain();
    // Without a connection, there is no mark to restore (xt_connmark.c).
    ValueSet const tracked = ValueSet::range(ct_state::new_, ct_state::related);
    bool const said = std::ranges::any_of(rule_.match.terms, [&](Term const& term) {
        return term.field == Field::ct_state && term.values == tracked;
    });
    if (target.name == "CONNMARK" && option_named("restore-mark") != nullptr && !said)
        add(Field::ct_state, tracked, false, target_span_);
}

// What the target does to a mark (xt_MARK.c, xt_connmark.c): bits of the old one are kept, others flipped or taken
// over from the other mark.
std::optional<Assignment> RuleReader::assignment(Target const& target) const {
    U128 const all = max_value(32);
    bool const connection = target.name == "CONNMARK";
    if (target.name == "HMARK" || (target.name == "SET" && option_named("map-mark") != nullptr))
        return Assignment{.field = Field::mark, .known = false};
    if (!connection && target.name != "MARK") return std::nullopt;
    Field const field = connection ? Field::ct_mark : Field::mark;
    auto const changed = [&](U128 mask, U128 value) {
        U128 const kept = ~mask & all;
        return connection ? Assignment{field, 0, kept, value} : Assignment{field, kept, 0, value};
    };
    if (option_named("left-shift-mark") != nullptr || option_named("right-shift-mark") != nullptr)
        return Assignment{.field = option_named("restore-mark") != nullptr ? Field::mark : field, .known = false};
    if (Option const* const set = option_named("set-mark")) {
        auto const [value, mask] = std::get<MaskedNumber>(set->value);
        return changed(mask | value, value);
    }
    if (Option const* const set = option_named("set-xmark")) {
        auto const [value, mask] = std::get<MaskedNumber>(set->value);
        return changed(mask, value);
    }
    if (auto const bits = number_option("and-mark")) return changed(~*bits & all, 0);
    if (auto const bits = number_option("or-mark")) return changed(*bits, *bits);
    if (auto const bits = number_option("xor-mark")) return changed(0, *bits);
    U128 const both = number_option("mask").value_or(all);
    U128 const packet_mask = number_option("nfmask").value_or(both);
    U128 const connection_mask = number_option("ctmask").value_or(both);
    if (option_named("save-mark") != nullptr)
        return Assignment{Field::ct_mark, packet_mask, ~connection_mask & all, 0};
    if (option_named("restore-mark") != nullptr)
        return Assignment{Field::mark, ~packet_mask & all, connection_mask, 0};
    return std::nullopt; // without any of them, the rule is refused
}

Option const* RuleReader::option_named(std::string_view name) const {
    auto const at = std::ranges::find_if(
        options_, [&](Option const& o) { return o.instance == instance_ && o.info->name == name; });
    return at == options_.end() ? nullptr : &*at;
}

std::optional<U128> RuleReader::number_option(std::string_view name) const {
    Option const* const option = option_named(name);
    return option == nullptr ? std::nullopt : std::optional<U128>(std::get<NumberRange>(option->value).first);
}

std::string RuleReader::word_option(std::string_view name) const {
    Option const* const option = option_named(name);
    return option == nullptr ? std::string() : std::get<Word>(option->value).plain();
}

// Marks in nft's words, since they are fields; the rest as written.
std::string RuleReader::change_text(Target const& target) const {
    auto const mark = target.name == "MARK" ? assignment(target) : std::nullopt;
    bool const constant = mark && mark->mark_keep == 0;
    return constant ? "mark set " + value_text(Field::mark, mark->value) : target_text(target.name);
}

// ---- nat

void RuleReader::translate(Target const& target) {
    Rewrite rewrite;
    bool const destination = !context_.hook || (before_routing & at(*context_.hook)) != 0;
    rewrite.kind = target.name == "SNAT"                     ? Rewrite::Kind::snat
                   : target.name == "MASQUERADE"             ? Rewrite::Kind::masquerade
                   : target.name == "REDIRECT"               ? Rewrite::Kind::redirect
                   : target.name == "NETMAP" && !destination ? Rewrite::Kind::snat
                                                             : Rewrite::Kind::dnat;
    for (Option const& option : options_) {
        if (option.info->key == Key::to_ports) {
            for (PortRange const& ports : file_[std::get<Slice<PortRange>>(option.value)])
                set_port(rewrite, ports, option);
        }
        if (option.info->key == Key::to_destination || option.info->key == Key::to_source)
            nat_target(rewrite, option);
        if (option.info->key == Key::netmap_to) netmap(rewrite, option);
    }
    // In nft's words and their order.
    for (auto const& [name, flag] :
         {std::pair{"random", "random"}, {"random-fully", "fully-random"}, {"persistent", "persistent"}}) {
        if (option_named(name) != nullptr) rewrite.flags += (rewrite.flags.empty() ? "" : ",") + std::string(flag);
    }
    rule_.verdict = rewrite;
}

void RuleReader::set_port(Rewrite& rewrite, PortRange const& ports, Option const& option) {
    if (!protocol_ || !port_protocols().contains(*protocol_))
        return error(option.span, "ports can only be translated with '-p tcp', 'udp', 'sctp' or 'dccp'");
    rewrite.port = resolve(ports, option.span);
}

void RuleReader::nat_target(Rewrite& rewrite, Option const& option) {
    for (NatTarget const& to : file_[std::get<Slice<NatTarget>>(option.value)]) {
        if (to.has_address) {
            if (to.addresses.first.family != context_.family) return wrong_family(option.span, to.addresses.first);
            if (to.addresses.last.family != context_.family) return wrong_family(option.span, to.addresses.last);
            if (to.addresses.first.value > to.addresses.last.value)
                return error(option.span, "the first address of the range is larger than the last");
            rewrite.address = Interval{to.addresses.first.value, to.addresses.last.value};
        }
        if (to.has_ports) set_port(rewrite, to.ports, option);
        if (to.base) rewrite.flags = std::string(port_base) + to_digits(*to.base);
    }
}

// One to one: the bits that the mask leaves are kept.
void RuleReader::netmap(Rewrite& rewrite, Option const& option) {
    for (Network const& network : file_[std::get<Slice<Network>>(option.value)]) {
        if (!network.host.empty()) return error(option.span, "'NETMAP' needs an address");
        if (network.address.family != context_.family) return wrong_family(option.span, network.address);
        auto const length = mask_length(network.mask, address_bits(context_.family));
        if (!length) return error(option.span, "'NETMAP' needs a contiguous mask");
        Prefix const prefix{network.address, *length};
        rewrite.address = Interval{prefix.first(), prefix.last()};
        rewrite.flags = "netmap";
    }
}

} // namespace portcullis::iptables
