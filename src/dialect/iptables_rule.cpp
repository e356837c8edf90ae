// The frame of reading one rule: what its options are asked in turn, what becomes of those that are not modelled,
// and the options that need no extension.
#include <algorithm>
#include <tuple>

#include "dialect/iptables_rule_reader.hpp"
#include "dialect/rate_units.hpp"
#include "portcullis/base/ascii.hpp"
#include "portcullis/base/c_number.hpp"
#include "portcullis/base/date.hpp"
#include "portcullis/catalogue/names.hpp"

namespace portcullis::iptables {

std::string quote(std::string_view text) { return '\'' + std::string(text) + '\''; }

std::string lower_case(std::string text) {
    for (char& c : text)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
    return text;
}

// Where the quote is closed that is opened there; a backslash guards a quote within quotes.
std::size_t closing_quote(std::string_view raw, std::size_t open) {
    std::size_t at = raw.find_first_of("\"\\", open + 1);
    while (at != std::string_view::npos && raw[at] == '\\') at = raw.find_first_of("\"\\", at + 2);
    return at;
}

// The loaders look for a file of that name.
bool is_module_name(std::string_view name) {
    return name.size() <= longest_name && std::ranges::all_of(name, [](char c) { return is_ascii_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.'; });
}

std::string canonical(std::string_view raw) {
    std::string text;
    for (std::size_t i = 0; i < raw.size(); ++i) {
        char const c = raw[i];
        if (c == ' ' || c == '\t') {
            if (!text.empty() && text.back() != ' ') text += ' ';
            continue;
        }
        std::size_t const close = c == '"' ? closing_quote(raw, i) : std::string_view::npos;
        std::string_view const quoted = close == std::string_view::npos ? "" : raw.substr(i + 1, close - i - 1);
        bool const needless = !quoted.empty() && quoted.find_first_of(" \t\\") == std::string_view::npos;
        if (close == std::string_view::npos)
            text += c;
        else
            text += needless ? quoted : raw.substr(i, quoted.size() + 2);
        if (close != std::string_view::npos) i = close;
    }
    return text;
}

IntervalSet members(std::uint32_t bits) {
    std::vector<Interval> values;
    for (unsigned bit = 0; bit < 32; ++bit)
        if ((bits >> bit & 1U) != 0) values.push_back({bit, bit});
    return IntervalSet::of(std::move(values));
}

ValueSet any_bit(std::uint32_t bits) {
    ValueSet set;
    for (unsigned bit = 0; bit < 32; ++bit)
        if ((bits >> bit & 1U) != 0) set.masks.push_back({U128{1} << bit, U128{1} << bit});
    return set;
}

ValueSet masked(U128 value, U128 mask, unsigned bits) {
    if ((value & ~mask) != 0) return {};
    return mask == max_value(bits) ? ValueSet::single(value) : ValueSet::masked(value, mask);
}

std::optional<MaskedNumber> masked_number(std::string const& text, std::uint32_t most) {
    auto const number = [&](char const*& from) -> std::optional<std::uint32_t> {
        char* end = nullptr;
        std::uint64_t const value = std::strtoull(from, &end, 0);
        bool const fits = end != from && *from >= '0' && *from <= '9' && value <= most;
        from = end;
        return fits ? std::optional(static_cast<std::uint32_t>(value)) : std::nullopt;
    };
    char const* at = text.c_str();
    auto const value = number(at);
    std::optional<std::uint32_t> mask = most;
    if (value && *at == '/') mask = number(++at);
    return value && mask && *at == '\0' ? std::optional(MaskedNumber{*value, *mask}) : std::nullopt;
}

std::optional<std::uint32_t> number_of(std::span<NamedNumber const> names, std::string_view name) {
    std::string const wanted = lower_case(std::string(name));
    auto const found = std::ranges::find_if(
        names, [&](NamedNumber const& n) { return lower_case(std::string(n.name)) == wanted; });
    return found == names.end() ? std::nullopt : std::optional(found->number);
}

std::optional<std::uint8_t> number_of_protocol(std::string const& name) {
    std::optional<U128> const number = parse_c_number(name);
    if (!number) return protocol_number(name, Vocabulary::linux_names);
    return *number <= 255 ? std::optional(static_cast<std::uint8_t>(*number)) : std::nullopt;
}

// What stands behind the next match is asked before it all the same: its place is that of its own match.
template <class Condition> static void stand_before(Span next, Span own, std::span<Condition> conditions) {
    for (Condition& condition : conditions)
        if (condition.span.begin > next.begin) condition.span = own;
}

bool RuleReader::read(std::uint32_t origin, std::vector<Rule>& out) {
    rule_.origin = origin;
    read_protocol();
    check_extensions();
    auto option = ordered_.begin();
    for (std::size_t instance = 0; instance < loaded_.size(); ++instance) { // in the order in which the kernel asks them
        Match const& match = rule_.match;
        std::size_t const terms = match.terms.size(), relations = match.alternatives.size(), opaque = match.opaque.size();
        for (; option != ordered_.end() && (*option)->instance == instance; ++option) read_option(**option);
        if (instance == 0) continue;
        add_whole_match(instance);
        if (instance + 1 == loaded_.size()) continue;
        Span const own = loaded_[instance].span, next = loaded_[instance + 1].span;
        stand_before(next, own, std::span(rule_.match.terms).subspan(terms));
        stand_before(next, own, std::span(rule_.match.alternatives).subspan(relations));
        stand_before(next, own, std::span(rule_.match.opaque).subspan(opaque));
    }
    need_transport_header();
    read_target();
    if (failed_) return false;
    emit(out);
    return true;
}

// ---- bookkeeping

// In one order, however they were written: first the header's options, which the kernel asks first, then each
// extension's in turn. Those of `policy` are parts of elements in a row, and of what has a state no two are one.
// Targets keep their words as they stand.
std::vector<Option const*> RuleReader::in_order() const {
    std::vector<Option const*> all;
    all.reserve(options_.size());
    for (Option const& option : options_) all.push_back(&option);
    auto const place = [&](Option const* option) {
        Extension const* const extension = loaded_[option->instance].extension;
        bool const in_row =
            extension != nullptr && (extension->name == "policy" || extension->nature == Nature::stateful ||
                                     extension->role == Role::target);
        return std::tuple(option->instance, option->info->key, in_row ? nullptr : option->info);
    };
    if (!std::ranges::is_sorted(all, {}, place)) std::ranges::stable_sort(all, {}, place); // most are
    return all;
}

void RuleReader::error(Span span, std::string text, std::string_view rule) {
    report(context_.findings, rule, span, {{"error", std::move(text)}});
    failed_ = true;
}

std::string_view RuleReader::source_text(Option const& option) const {
    return std::holds_alternative<Word>(option.value) ? std::get<Word>(option.value).raw : std::string_view{};
}

void RuleReader::add(Field field, ValueSet values, bool negated, Span span) {
    if (negated) values = values.complement();
    if (values.is_all(info(field).bits)) return;
    rule_.match.terms.push_back({field, std::move(values), span});
}

void RuleReader::add_opaque(std::string text, bool stateful, bool negated, Span span) {
    rule_.match.opaque.push_back({std::move(text), stateful, negated, span});
}

// "--ctorigdst 192.0.2.1", as it was written but for blanks.
namespace {

bool is_rate(OptionInfo const& info) {
    constexpr std::string_view rates[] = {"limit", "hashlimit", "hashlimit-upto", "hashlimit-above"};
    return std::ranges::find(rates, info.name) != std::end(rates);
}

// What iptables-save prints of `recent` although it says nothing: the whole source address (libxt_recent.c).
bool is_default(Loaded const& loaded, Option const& option) {
    if (loaded.name != "recent") return false;
    if (option.info->name == "rsource") return true;
    if (option.info->name != "mask") return false;
    auto const mask = parse_ip(std::get<Word>(option.value).plain());
    return mask && mask->value == max_value(address_bits(mask->family));
}

// "1/second" is written in as many ways as the unit has beginnings; one is kept.
std::string with_short_unit(std::string text) {
    std::size_t const slash = text.find('/');
    if (slash == std::string::npos) return text;
    RateUnit const* const unit = rate_unit_that_begins(lower_case(text.substr(slash + 1)));
    if (unit != nullptr) text.replace(slash + 1, std::string::npos, unit->saved);
    return text;
}

} // namespace

std::string RuleReader::option_text(Option const& option) const {
    if (option.info->key == Key::unknown) return canonical(source_text(option));
    // Without -m or -j before it, the short spelling is the one that iptables-save prints.
    std::string text = option.info->key == Key::source        ? "-s"
                       : option.info->key == Key::destination ? "-d"
                                                              : "--" + std::string(option.info->name);
    if (option.info->shape != Shape::none) text += ' ' + canonical(value_text_of(option));
    return is_rate(*option.info) ? with_short_unit(std::move(text)) : text;
}

std::string_view RuleReader::value_text_of(Option const& option) const {
    // The value's own text, whatever it was parsed to: behind the option's name and the separator.
    std::string_view const all = file_.text.substr(option.span.begin, option.span.end - option.span.begin);
    std::size_t at_value = all.starts_with("--") ? all.find_first_of(" \t=") : std::min<std::size_t>(2, all.size());
    if (at_value == std::string_view::npos) return {};
    at_value = all.find_first_not_of(" \t=", at_value);
    return at_value == std::string_view::npos ? std::string_view{} : all.substr(at_value);
}

void RuleReader::wrong_family(Span span, Ip address) {
    error(span, quote(to_string(address)) + " is not an " + (context_.family == Family::v4 ? "IPv4" : "IPv6") +
                    " address");
}

Option const* RuleReader::find(std::size_t instance, Key key) const {
    auto const found = std::ranges::find_if(
        options_, [&](Option const& o) { return o.instance == instance && o.info->key == key; });
    return found == options_.end() ? nullptr : &*found;
}

// ---- protocol and extensions

void RuleReader::read_protocol() {
    auto const option =
        std::ranges::find_if(options_, [](Option const& o) { return o.info->key == Key::protocol; });
    if (option == options_.end()) return;
    std::string const name = lower_case(std::get<Word>(option->value).plain());
    bool const all = name == "all" || name == "ip";
    auto number = all ? std::optional<std::uint8_t>(0) : number_of_protocol(name);
    if (!number) return error(option->span, "unknown protocol " + quote(name));
    if (*number == 0) {
        if (option->negated) error(option->span, "no packet can match '! -p all'");
        return;
    }
    if (!option->negated) protocol_ = *number;
    add(Field::protocol, ValueSet::single(*number), *option);
}

// Extensions that read a protocol's header demand its -p.
void RuleReader::check_extensions() {
    for (Loaded const& loaded : loaded_.subspan(1)) {
        if (loaded.extension == nullptr) {
            if (loaded.role == Role::match && !is_module_name(loaded.name)) error(loaded.span, quote(loaded.name) + " is no name of a match");
            continue;
        }
        std::string_view const name = loaded.extension->name;
        auto const instance = static_cast<std::size_t>(&loaded - loaded_.data());
        std::string problem = problem_of(loaded, options_, instance,
                                         {context_.family, context_.table, context_.chain, context_.hook});
        if (!problem.empty()) error(loaded.span, std::move(problem));
        unsigned needed = loaded.extension->protocol;
        if (name == "ah" && context_.family == Family::v4) needed = 51; // in IPv6 it is an extension header
        if (needed != 0 && (!protocol_ || *protocol_ != needed))
            error(loaded.span,
                  quote(name) + " needs '-p " + protocol_name(static_cast<std::uint8_t>(needed)) + '\'', "PC414");
        if (name == "TPROXY" && (!protocol_ || (*protocol_ != 6 && *protocol_ != 17)))
            error(loaded.span, "'TPROXY' needs '-p tcp' or '-p udp'"); // xt_TPROXY.c
        if (name == "multiport" && (!protocol_ || !port_protocols().contains(*protocol_)))
            error(loaded.span, "'multiport' needs '-p tcp', '-p udp', '-p udplite', '-p sctp' or '-p dccp'", "PC414");
    }
}

// ---- options

namespace {

U128 number(Option const& option) { return std::get<NumberRange>(option.value).first; }
ValueSet below(U128 value) { return value == 0 ? ValueSet{} : ValueSet::range(0, value - 1); }
ValueSet above(U128 value, U128 most) { return value >= most ? ValueSet{} : ValueSet::range(value + 1, most); }

} // namespace

void RuleReader::read_option(Option const& option) {
    bool const v4 = context_.family == Family::v4;
    switch (option.info->key) {
    case Key::source: return networks(src_field(context_.family), option);
    case Key::destination: return networks(dst_field(context_.family), option);
    case Key::in_interface: return interface(Field::iif, option);
    case Key::out_interface: return interface(Field::oif, option);
    case Key::fragment: return fragment(option);
    case Key::sport: return port_range(Field::sport, option);
    case Key::dport: return port_range(Field::dport, option);
    case Key::sports: return port_list(Field::sport, option);
    case Key::dports: return port_list(Field::dport, option);
    case Key::ports: return either_port(option);
    case Key::tcp_flags: return tcp_flags(std::get<TcpFlags>(option.value), option);
    // --syn is short for this, iptables-extensions(8).
    case Key::syn:
        return tcp_flags({tcp_flag::fin | tcp_flag::syn | tcp_flag::rst | tcp_flag::ack, tcp_flag::syn}, option);
    case Key::icmp_type: return icmp_type(option);
    case Key::ct_state: return ct_state(option);
    case Key::ct_status: return of_connection(Field::ct_status, any_bit(std::get<Bits>(option.value).bits), option);
    case Key::ct_direction:
        return of_connection(Field::ct_direction, ValueSet::single(std::get<Bits>(option.value).bits == 1 ? 0 : 1),
                             option);
    case Key::ct_protocol: return connection_protocol(option);
    case Key::orig_src: return connection_address(v4 ? Field::orig_src4 : Field::orig_src6, option);
    case Key::orig_dst: return connection_address(v4 ? Field::orig_dst4 : Field::orig_dst6, option);
    case Key::reply_src: return connection_address(v4 ? Field::reply_src4 : Field::reply_src6, option);
    case Key::reply_dst: return connection_address(v4 ? Field::reply_dst4 : Field::reply_dst6, option);
    case Key::orig_sport: return connection_port(Field::orig_sport, option);
    case Key::orig_dport: return connection_port(Field::orig_dport, option);
    case Key::reply_sport: return connection_port(Field::reply_sport, option);
    case Key::reply_dport: return connection_port(Field::reply_dport, option);
    case Key::src_range: return address_range(src_field(context_.family), option);
    case Key::dst_range: return address_range(dst_field(context_.family), option);
    case Key::src_type: return address_type(Field::src_type, option);
    case Key::dst_type: return address_type(Field::dst_type, option);
    case Key::mark: return mark(Field::mark, option);
    case Key::ct_mark: only_tracked(option); return mark(Field::ct_mark, option);
    case Key::mac_source: return add(Field::src_mac, ValueSet::single(std::get<Mac>(option.value).value), option);
    case Key::packet_type: return add(Field::packet_type, members(std::get<Bits>(option.value).bits), option);
    case Key::ttl_eq: return add(Field::ttl, ValueSet::single(number(option)), option);
    case Key::ttl_lt: return add(Field::ttl, below(number(option)), option);
    case Key::ttl_gt: return add(Field::ttl, above(number(option), 0xff), option);
    case Key::length: return number_range(Field::length, option);
    case Key::header_spi:
        return number_range(loaded_[option.instance].extension->name == "ah" ? Field::ah_spi : Field::esp_spi,
                            option);
    case Key::frag_id: return number_range(Field::frag_id, option);
    case Key::rt_segments: return number_range(Field::rt_segments, option);
    case Key::rt_type: return number_range(Field::rt_type, option);
    case Key::frag_first: return add(Field::fragment, ValueSet::single(0), option);
    case Key::frag_more: return frag_more(option);
    case Key::extension_headers: return extension_headers(option);
    case Key::tcp_option: return tcp_option(option);
    case Key::ecn_bits: return number_range(Field::ecn, option);
    case Key::ecn_cwr: return ecn_flag(tcp_flag::cwr, option);
    case Key::ecn_ece: return ecn_flag(tcp_flag::ece, option);
    case Key::src_group: return interface_group(Field::iif_group, option);
    case Key::dst_group: return interface_group(Field::oif_group, option);
    case Key::user: return user(option);
    case Key::group: return group(option);
    case Key::socket_exists: return add(Field::skuid, ValueSet::single(no_socket), !option.negated, option.span);
    case Key::phys_in: return phys_interface(Field::phys_iif, option);
    case Key::phys_out: return phys_interface(Field::phys_oif, option);
    case Key::is_phys_in: return add(Field::phys_iif, ValueSet::single(0), !option.negated, option.span);
    case Key::is_bridged: // it leaves by a port, as xt_physdev.c sees it
    case Key::is_phys_out: return add(Field::phys_oif, ValueSet::single(0), !option.negated, option.span);
    case Key::dscp: return add(Field::dscp, ValueSet::single(number(option)), option);
    case Key::dscp_class: return dscp_class(option);
    case Key::tos: return tos(option);
    case Key::comment: return comment(option);
    case Key::other: return condition(option);
    default: return; // of targets, commands, or read elsewhere
    }
}

void RuleReader::networks(Field field, Option const& option) {
    auto const list = file_[std::get<Slice<Network>>(option.value)];
    auto const negates_address = [](Option const& o) {
        return o.negated && (o.info->key == Key::source || o.info->key == Key::destination);
    };
    if (list.size() > 1 && std::ranges::any_of(options_, negates_address)) // the other one's negation counts too
        return error(option.span, "'!' is not allowed with more than one address");
    std::vector<Interval> intervals;
    ValueSet values;
    bool named = false;
    unsigned const bits = address_bits(context_.family);
    for (Network const& network : list) {
        if (!network.host.empty()) {
            named = true;
            continue;
        }
        if (network.address.family != context_.family) return wrong_family(network.span, network.address);
        if (auto const length = mask_length(network.mask, bits)) {
            Prefix const prefix{network.address, *length};
            if (prefix.has_host_bits())
                report(context_.findings, "PC410", network.span,
                       {{"text", to_string(prefix)},
                        {"network", to_string(Prefix{{context_.family, prefix.first()}, *length})}});
            intervals.push_back({prefix.first(), prefix.last()});
        } else {
            values.masks.push_back({network.address.value & network.mask, network.mask});
        }
    }
    // Which addresses a host name has is only known when the rules are loaded.
    if (named) {
        report(context_.findings, "PC436", option.span,
               {{"what", "the name '" + canonical(value_text_of(option)) +
                             "' is looked up once, when the rules are loaded"}});
        return add_opaque(option_text(option), false, option.negated, option.span);
    }
    values.intervals = IntervalSet::of(std::move(intervals));
    add(field, std::move(values), option);
}

void RuleReader::interface(Field field, Option const& option) {
    bool const in = field == Field::iif;
    auto const hook = context_.hook;
    bool const wrong = in ? hook == HookPoint::output || hook == HookPoint::postrouting
                          : hook == HookPoint::input || hook == HookPoint::prerouting;
    if (wrong)
        return error(option.span,
                     (in ? "'-i' cannot be used in " : "'-o' cannot be used in ") + std::string(context_.chain));
    if (auto const names = interfaces(option)) add(field, ValueSet::range(names->first, names->last), option);
}

std::optional<Interval> RuleReader::interfaces(Option const& option) {
    std::string const name = std::get<Word>(option.value).plain();
    if (name.empty() || name.size() > 15) {
        error(option.span, name.empty() ? "the name of the interface is empty"
                                        : "the name of an interface has at most 15 characters");
        return std::nullopt;
    }
    if (name.back() == '+') return interface_prefix(std::string_view(name).substr(0, name.size() - 1));
    return Interval{interface_value(name), interface_value(name)};
}

void RuleReader::fragment(Option const& option) {
    if (context_.family == Family::v6) return error(option.span, "'-f' is not for IPv6: use '-m frag'");
    add(Field::fragment, ValueSet::single(1), option);
}

void RuleReader::comment(Option const& option) {
    std::string text = std::get<Word>(option.value).plain();
    if (text.size() > 255) return error(option.span, "a comment has at most 255 characters");
    rule_.comment += (rule_.comment.empty() ? "" : "; ") + text;
}

// ---- what is not modelled

// An option that is a condition of its own, of an extension that is not modelled wholly.
void RuleReader::condition(Option const& option) {
    Loaded const& loaded = loaded_[option.instance];
    if (loaded.role == Role::target || loaded.extension == nullptr) return;
    Nature const nature = loaded.extension->nature;
    if (nature != Nature::conditions && nature != Nature::modelled) return;
    if (loaded.name == "conntrack") return connection_condition(option);
    add_opaque("-m " + std::string(loaded.name) + ' ' + option_text(option), false, option.negated, option.span);
}

// "-m time --datestop 2026-12-31T18:00:00"
std::optional<std::chrono::year_month_day> RuleReader::end_of_time_match(std::size_t instance) const {
    constexpr std::size_t length = 10; // of the date alone
    for (Option const& option : options_) {
        if (option.instance == instance && option.info->name == "datestop")
            return parse_date(value_text_of(option).substr(0, length));
    }
    return std::nullopt;
}

// An extension whose options together are one condition.
void RuleReader::add_whole_match(std::size_t instance) {
    Loaded const& loaded = loaded_[instance];
    if (loaded.role == Role::target) return;
    if (loaded.name == "set" && add_set(instance)) return;
    bool const header = loaded.extension != nullptr && need_extension_header(loaded);
    Nature const nature = loaded.extension == nullptr ? Nature::stateful : loaded.extension->nature;
    bool const bare = std::ranges::none_of(options_, [&](Option const& o) { return o.instance == instance; });
    // Without any option, a match of one condition an option may still ask for something of its own.
    bool const asks = bare && !header && loaded.name != "conntrack";
    if (nature == Nature::modelled || (nature == Nature::conditions && !asks)) return;
    bool negated = false;
    bool const is_rate = loaded.name == "limit" || loaded.name == "hashlimit";
    bool excess = false;
    Span span = loaded.span;
    std::string text = "-m " + std::string(loaded.name);
    for (Option const* each : ordered_) {
        Option const& option = *each;
        if (option.instance != instance || is_default(loaded, option)) continue;
        bool const all = option.negated && option.info->has(OptionInfo::negates_match);
        negated = negated || all;
        excess = excess || option.info->name == "hashlimit-above";
        text += (option.negated && !all ? " ! " : " ") + option_text(option);
        span.end = std::max(span.end, option.span.end);
    }
    bool const changes = loaded.name == "set" && set_changes_;
    add_opaque(std::move(text), nature == Nature::stateful || changes, negated, span);
    rule_.match.opaque.back().rate = is_rate && !excess;
    rule_.match.opaque.back().excess = excess;
    rule_.match.opaque.back().until = end_of_time_match(instance);
}

// Membership of a set whose entries are known; false where the match stays opaque.
bool RuleReader::add_set(std::size_t instance) {
    SetMeaning meaning = meaning_of_set(options_, instance, context_);
    failed_ = failed_ || meaning.refused;
    set_changes_ = meaning.stateful;
    std::ranges::move(meaning.match.terms, std::back_inserter(rule_.match.terms));
    std::ranges::move(meaning.match.alternatives, std::back_inserter(rule_.match.alternatives));
    return meaning.known;
}

void RuleReader::emit(std::vector<Rule>& out) {
    if (judge_.empty()) {
        out.push_back(std::move(rule_));
        return;
    }
    Rule accepting = rule_;
    accepting.match.opaque.push_back({judge_ + " accepts", true, false, target_span_});
    accepting.verdict = Accept{};
    out.push_back(std::move(accepting));
    rule_.match.opaque.push_back({judge_ + " drops", true, false, target_span_});
    rule_.verdict = Drop{};
    out.push_back(std::move(rule_));
}

bool lower_rule(Command const& command, RuleContext const& context, std::uint32_t origin, std::vector<Rule>& out) {
    return RuleReader(command, context).read(origin, out);
}

void report(Findings& findings, std::string_view rule, Span span,
            std::initializer_list<std::pair<char const*, std::string>> args) {
    std::size_t const count = findings.all().size();
    if (count == error_limit) findings.add("PC001", span).arg("error", "too many errors; the rest is not shown");
    if (count >= error_limit) return;
    Finding& finding = findings.add(rule, span);
    for (auto const& [name, value] : args) finding.arg(name, value);
}

} // namespace portcullis::iptables
