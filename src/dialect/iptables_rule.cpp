// How the options of one rule become terms, opaque matches and a verdict. A table says what each target does; one
// function a kind of option does the rest.
#include "dialect/iptables_rule.hpp"

#include <algorithm>
#include <array>

#include "portcullis/catalogue/names.hpp"

namespace portcullis::iptables {
namespace {

// ---- kernel

struct Builtin {
    std::string_view table;
    std::string_view chain;
    HookPoint point;
    ChainType type;
    int priority;
};

// enum nf_ip_hook_priorities; ip6tables has the same. The mangle table's OUTPUT routes again what it has changed.
constexpr Builtin builtins[] = {
    {"raw", "PREROUTING", HookPoint::prerouting, ChainType::filter, -300},
    {"raw", "OUTPUT", HookPoint::output, ChainType::filter, -300},
    {"mangle", "PREROUTING", HookPoint::prerouting, ChainType::filter, -150},
    {"mangle", "INPUT", HookPoint::input, ChainType::filter, -150},
    {"mangle", "FORWARD", HookPoint::forward, ChainType::filter, -150},
    {"mangle", "OUTPUT", HookPoint::output, ChainType::route, -150},
    {"mangle", "POSTROUTING", HookPoint::postrouting, ChainType::filter, -150},
    {"nat", "PREROUTING", HookPoint::prerouting, ChainType::nat, -100},
    {"nat", "INPUT", HookPoint::input, ChainType::nat, 100},
    {"nat", "OUTPUT", HookPoint::output, ChainType::nat, -100},
    {"nat", "POSTROUTING", HookPoint::postrouting, ChainType::nat, 100},
    {"filter", "INPUT", HookPoint::input, ChainType::filter, 0},
    {"filter", "FORWARD", HookPoint::forward, ChainType::filter, 0},
    {"filter", "OUTPUT", HookPoint::output, ChainType::filter, 0},
    {"security", "INPUT", HookPoint::input, ChainType::filter, 50},
    {"security", "FORWARD", HookPoint::forward, ChainType::filter, 50},
    {"security", "OUTPUT", HookPoint::output, ChainType::filter, 50},
};

// ---- targets

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

struct Target {
    std::string_view name;
    Does does = Does::change;
    std::string_view table = {};   // the only one that has it; empty: any
    std::uint8_t hooks = anywhere; // that it works at
};

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

Target const* target_by_name(std::string_view name) {
    auto const found = std::ranges::find(targets, name, &Target::name);
    return found == std::end(targets) ? nullptr : found;
}

// ---- names

struct NamedNumber {
    std::string_view name;
    std::uint32_t number;
};

// RFC 2474, 2597, 3246.
constexpr NamedNumber dscp_classes[] = {
    {"BE", 0},    {"CS0", 0},   {"CS1", 8},   {"CS2", 16},  {"CS3", 24},  {"CS4", 32},  {"CS5", 40},  {"CS6", 48},
    {"CS7", 56},  {"AF11", 10}, {"AF12", 12}, {"AF13", 14}, {"AF21", 18}, {"AF22", 20}, {"AF23", 22}, {"AF31", 26},
    {"AF32", 28}, {"AF33", 30}, {"AF41", 34}, {"AF42", 36}, {"AF43", 38}, {"EF", 46},
};

// iptables-extensions(8), tos: each with the mask 0x3f.
constexpr NamedNumber tos_names[] = {
    {"Minimize-Delay", 0x10}, {"Maximize-Throughput", 0x08}, {"Maximize-Reliability", 0x04},
    {"Minimize-Cost", 0x02},  {"Normal-Service", 0x00},
};

bool same_letters(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, [](char x, char y) {
        auto const lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
        return lower(x) == lower(y);
    });
}

std::optional<std::uint32_t> number_of(std::span<NamedNumber const> names, std::string_view name) {
    auto const found =
        std::ranges::find_if(names, [&](NamedNumber const& n) { return same_letters(n.name, name); });
    return found == names.end() ? std::nullopt : std::optional(found->number);
}

std::string lower_case(std::string text) {
    for (char& c : text)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
    return text;
}

std::string quote(std::string_view text) { return '\'' + std::string(text) + '\''; }

// Arguments with single blanks between them, and with quotes only where they hold a blank.
std::string canonical(std::string_view raw) {
    std::string text;
    for (std::size_t i = 0; i < raw.size(); ++i) {
        char const c = raw[i];
        if (c == ' ' || c == '\t') {
            if (!text.empty() && text.back() != ' ') text += ' ';
            continue;
        }
        std::size_t const close = c == '"' ? raw.find('"', i + 1) : std::string_view::npos;
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

// The members of a small set of numbers.
IntervalSet members(std::uint32_t bits) {
    std::vector<Interval> values;
    for (unsigned bit = 0; bit < 32; ++bit)
        if ((bits >> bit & 1U) != 0) values.push_back({bit, bit});
    return IntervalSet::of(std::move(values));
}

// Any of these bits is set.
ValueSet any_bit(std::uint32_t bits) {
    ValueSet set;
    for (unsigned bit = 0; bit < 32; ++bit)
        if ((bits >> bit & 1U) != 0) set.masks.push_back({U128{1} << bit, U128{1} << bit});
    return set;
}

// ---- rule

// Lowers one command. `failed` once anything about it is an error.
class RuleReader {
  public:
    RuleReader(Command const& command, RuleContext const& context)
        : context_(context), file_(context.file), options_(file_[command.options]), loaded_(file_[command.loaded]) {
        rule_.span = command.span;
    }

    bool read(std::uint32_t origin, std::vector<Rule>& out) {
        rule_.origin = origin;
        read_protocol();
        for (Option const& option : options_) read_option(option);
        check_extensions();
        for (std::size_t i = 1; i < loaded_.size(); ++i) add_whole_match(i);
        read_target();
        if (failed_) return false;
        emit(out);
        return true;
    }

  private:
    // ---- bookkeeping

    void error(Span span, std::string text) {
        report(context_.findings, "PC001", span, {{"error", std::move(text)}});
        failed_ = true;
    }

    std::string_view source_text(Option const& option) const {
        return std::holds_alternative<Word>(option.value) ? std::get<Word>(option.value).raw : std::string_view{};
    }

    void add(Field field, ValueSet values, Option const& option) {
        add(field, std::move(values), option.negated, option.span);
    }
    void add(Field field, ValueSet values, bool negated, Span span) {
        if (negated) values = values.complement();
        if (values.is_all(info(field).bits)) return;
        rule_.match.terms.push_back({field, std::move(values), span});
    }

    void add_opaque(std::string text, bool stateful, bool negated, Span span) {
        rule_.match.opaque.push_back({std::move(text), stateful, negated, span});
    }

    // "--ctorigdst 192.0.2.1", as it was written but for blanks.
    std::string option_text(Option const& option) const {
        if (option.info->key == Key::unknown) return canonical(source_text(option));
        // Without -m or -j before it, the short spelling is the one that iptables-save prints.
        std::string text = option.info->key == Key::source        ? "-s"
                           : option.info->key == Key::destination ? "-d"
                                                                  : "--" + std::string(option.info->name);
        if (option.info->shape != Shape::none) text += ' ' + canonical(value_text_of(option));
        return text;
    }
    std::string_view value_text_of(Option const& option) const {
        // The value's own text, whatever it was parsed to: behind the option's name and the separator.
        std::string_view const all = file_.text.substr(option.span.begin, option.span.end - option.span.begin);
        std::size_t at_value =
            all.starts_with("--") ? all.find_first_of(" \t=") : std::min<std::size_t>(2, all.size());
        if (at_value == std::string_view::npos) return {};
        at_value = all.find_first_not_of(" \t=", at_value);
        return at_value == std::string_view::npos ? std::string_view{} : all.substr(at_value);
    }

    // ---- protocol

    void read_protocol() {
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

    static std::optional<std::uint8_t> number_of_protocol(std::string const& name) {
        bool const digits = !name.empty() && name.size() <= 3 &&
                            std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; });
        if (!digits) return protocol_number(name, Vocabulary::linux_names);
        int const value = std::stoi(name);
        return value <= 255 ? std::optional(static_cast<std::uint8_t>(value)) : std::nullopt;
    }

    // Extensions that read a protocol's header demand its -p.
    void check_extensions() {
        for (Loaded const& loaded : loaded_.subspan(1)) {
            if (loaded.extension == nullptr) continue;
            std::string_view const name = loaded.extension->name;
            unsigned needed = loaded.extension->protocol;
            if (name == "ah" && context_.family == Family::v4) needed = 51; // in IPv6 it is an extension header
            if (needed != 0 && (!protocol_ || *protocol_ != needed))
                error(loaded.span,
                      quote(name) + " needs '-p " + protocol_name(static_cast<std::uint8_t>(needed)) + '\'');
            if (name == "multiport" && (!protocol_ || !port_protocols().contains(*protocol_)))
                error(loaded.span, "'multiport' needs '-p tcp', '-p udp', '-p udplite', '-p sctp' or '-p dccp'");
        }
    }

    // ---- options

    void read_option(Option const& option) {
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
            return tcp_flags({tcp_flag::fin | tcp_flag::syn | tcp_flag::rst | tcp_flag::ack, tcp_flag::syn},
                             option);
        case Key::icmp_type: return icmp_type(option);
        case Key::ct_state: return ct_state(option);
        case Key::ct_status: return ct_status(option);
        case Key::ct_direction: return ct_direction(option);
        case Key::src_range: return address_range(src_field(context_.family), option);
        case Key::dst_range: return address_range(dst_field(context_.family), option);
        case Key::src_type: return address_type(Field::src_type, option);
        case Key::dst_type: return address_type(Field::dst_type, option);
        case Key::mark: return mark(Field::mark, option);
        case Key::ct_mark: return mark(Field::ct_mark, option);
        case Key::mac_source:
            return add(Field::src_mac, ValueSet::single(std::get<Mac>(option.value).value), option);
        case Key::packet_type: return add(Field::packet_type, members(std::get<Bits>(option.value).bits), option);
        case Key::ttl_eq: return add(Field::ttl, ValueSet::single(number(option)), option);
        case Key::ttl_lt: return add(Field::ttl, below(number(option)), option);
        case Key::ttl_gt: return add(Field::ttl, above(number(option), 0xff), option);
        case Key::length: return length(option);
        case Key::dscp: return add(Field::dscp, ValueSet::single(number(option)), option);
        case Key::dscp_class: return dscp_class(option);
        case Key::tos: return tos(option);
        case Key::comment: return comment(option);
        case Key::other: return condition(option);
        default: return; // of targets, commands, or read elsewhere
        }
    }

    static U128 number(Option const& option) { return std::get<NumberRange>(option.value).first; }
    static ValueSet below(U128 value) { return value == 0 ? ValueSet{} : ValueSet::range(0, value - 1); }
    static ValueSet above(U128 value, U128 most) {
        return value >= most ? ValueSet{} : ValueSet::range(value + 1, most);
    }

    void networks(Field field, Option const& option) {
        auto const list = file_[std::get<Slice<Network>>(option.value)];
        if (list.size() > 1 && negates_an_address())
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
        if (named) return add_opaque(option_text(option), false, option.negated, option.span);
        values.intervals = IntervalSet::of(std::move(intervals));
        add(field, std::move(values), option);
    }

    bool negates_an_address() const {
        return std::ranges::any_of(options_, [](Option const& o) {
            return o.negated && (o.info->key == Key::source || o.info->key == Key::destination);
        });
    }

    void wrong_family(Span span, Ip address) {
        error(span, quote(to_string(address)) + " is not an " + (context_.family == Family::v4 ? "IPv4" : "IPv6") +
                        " address");
    }

    void interface(Field field, Option const& option) {
        std::string const name = std::get<Word>(option.value).plain();
        bool const in = field == Field::iif;
        auto const hook = context_.hook;
        bool const wrong = in ? hook == HookPoint::output || hook == HookPoint::postrouting
                              : hook == HookPoint::input || hook == HookPoint::prerouting;
        if (wrong)
            return error(option.span, (in ? "'-i' cannot be used in " : "'-o' cannot be used in ") +
                                          std::string(context_.chain));
        if (name.empty()) return error(option.span, "the name of the interface is empty");
        if (name.size() > 15) return error(option.span, "the name of an interface has at most 15 characters");
        if (name.back() != '+') return add(field, ValueSet::single(interface_value(name)), option);
        Interval const names = interface_prefix(std::string_view(name).substr(0, name.size() - 1));
        add(field, ValueSet::range(names.first, names.last), option);
    }

    void fragment(Option const& option) {
        if (context_.family == Family::v6) return error(option.span, "'-f' is not for IPv6: use '-m frag'");
        add(Field::fragment, ValueSet::single(1), option);
    }

    // ---- ports

    std::optional<std::uint16_t> resolve(Port const& port, Span span) {
        if (port.name.empty()) return port.number;
        auto const number = port_number(port.name, protocol_.value_or(static_cast<std::uint8_t>(Protocol::tcp)),
                                        Vocabulary::linux_names);
        if (!number) error(span, "unknown port or service " + quote(port.name));
        return number;
    }

    std::optional<Interval> resolve(PortRange const& range, Span span) {
        auto const first = resolve(range.first, span);
        if (!first) return std::nullopt;
        bool const single = range.first.name == range.last.name && range.first.number == range.last.number;
        auto const last = single ? first : resolve(range.last, span);
        if (!last) return std::nullopt;
        if (*first > *last) {
            error(span, "the first port of the range is larger than the last");
            return std::nullopt;
        }
        return Interval{*first, *last};
    }

    void port_range(Field field, Option const& option) {
        for (PortRange const& written : file_[std::get<Slice<PortRange>>(option.value)]) {
            if (auto const range = resolve(written, option.span))
                add(field, ValueSet::range(range->first, range->last), option);
        }
    }

    std::optional<IntervalSet> ports_of(Option const& option) {
        std::vector<Interval> ports;
        std::size_t slots = 0;
        for (PortRange const& range : file_[std::get<Slice<PortRange>>(option.value)]) {
            auto const interval = resolve(range, option.span);
            if (!interval) return std::nullopt;
            slots += interval->first == interval->last ? 1 : 2;
            ports.push_back(*interval);
        }
        // XT_MULTI_PORTS
        if (slots > 15) {
            error(option.span, "more than 15 ports, where a range counts as two");
            return std::nullopt;
        }
        return IntervalSet::of(std::move(ports));
    }

    void port_list(Field field, Option const& option) {
        if (auto ports = ports_of(option)) add(field, std::move(*ports), option);
    }

    // No match on a header that later fragments lack holds for them, negated or not (xt_multiport.c, xt_tcpudp.c).
    void has_transport_header(Option const& option) {
        if (option.negated) add(Field::fragment, ValueSet::single(0), false, option.span);
    }

    void either_port(Option const& option) {
        auto const ports = ports_of(option);
        if (!ports) return;
        ValueSet const any = IntervalSet::all(16);
        has_transport_header(option);
        rule_.match.alternatives.push_back(
            {{Field::sport, Field::dport}, {{*ports, any}, {any, *ports}}, option.negated, option.span});
    }

    void tcp_flags(TcpFlags flags, Option const& option) {
        // Flags that must be set but are not looked at never are.
        bool const never = (flags.set & ~flags.mask) != 0;
        add(Field::tcp_flags, never ? ValueSet{} : masked(flags.set, flags.mask, 8), option);
    }

    static ValueSet masked(U128 value, U128 mask, unsigned bits) {
        if (mask == max_value(bits)) return ValueSet::single(value);
        return ValueSet::masked(value, mask);
    }

    // ---- icmp

    void icmp_type(Option const& option) {
        auto const& written = std::get<IcmpType>(option.value);
        Family const family = loaded_[option.instance].extension->name == "icmp6" ? Family::v6 : Family::v4;
        auto const named = icmp_by_name(lower_case(std::string(written.name)), family);
        if (!written.name.empty() && !named) return error(option.span, "unknown ICMP type " + quote(written.name));
        // The kernel takes type 255 of IPv4 for "any".
        bool const any = written.any || (family == Family::v4 && !named && written.type == 255);
        if (any) {
            if (option.negated) add(Field::icmp_type, ValueSet{}, false, option.span);
            return;
        }
        ValueSet const types = ValueSet::single(named ? named->type : written.type);
        bool const has_code = named ? named->code.has_value() : written.has_code;
        ValueSet const codes = ValueSet::single(named ? named->code.value_or(0) : written.code);
        if (!has_code) return add(Field::icmp_type, types, option);
        if (option.negated) {
            has_transport_header(option);
            rule_.match.alternatives.push_back(
                {{Field::icmp_type, Field::icmp_code}, {{types, codes}}, true, option.span});
            return;
        }
        add(Field::icmp_type, types, option);
        add(Field::icmp_code, codes, option);
    }

    // ---- conntrack

    // xt_conntrack.c: SNAT and DNAT are asked of the status, and ORed with the states.
    void ct_state(Option const& option) {
        std::uint32_t const bits = std::get<Bits>(option.value).bits;
        std::uint32_t const status =
            ((bits & state_snat) != 0 ? 1U << 4 : 0) | ((bits & state_dnat) != 0 ? 1U << 5 : 0);
        IntervalSet const states = members(bits & ~(state_snat | state_dnat));
        if (status == 0) return add(Field::ct_state, states, option);
        if (states.empty() && !option.negated)
            return of_connection(Field::ct_status, any_bit(status), option);
        ValueSet const any_status = IntervalSet::all(info(Field::ct_status).bits);
        rule_.match.alternatives.push_back({{Field::ct_state, Field::ct_status},
                                            {{states, any_status}, {tracked(), any_bit(status)}},
                                            option.negated,
                                            option.span});
    }

    static ValueSet tracked() {
        return ValueSet::range(portcullis::ct_state::new_, portcullis::ct_state::related);
    }

    // A packet without a connection matches nothing about one, negated or not; but where its state is asked beside
    // it, that alone decides (the line `if (ct == NULL)` of xt_conntrack.c).
    void of_connection(Field field, ValueSet values, Option const& option) {
        if (option.negated) values = values.complement();
        bool const state_too = option.info->key != Key::ct_state && std::ranges::any_of(options_, [&](Option const& o) {
            return o.info->key == Key::ct_state && o.instance == option.instance;
        });
        if (!state_too) {
            add(Field::ct_state, tracked(), false, option.span);
            return add(field, std::move(values), false, option.span);
        }
        ValueSet const any = IntervalSet::all(info(field).bits);
        rule_.match.alternatives.push_back({{Field::ct_state, field},
                                            {{tracked(), std::move(values)}, {tracked().complement(), any}},
                                            false,
                                            option.span});
    }

    void ct_status(Option const& option) {
        of_connection(Field::ct_status, any_bit(std::get<Bits>(option.value).bits), option);
    }

    void ct_direction(Option const& option) {
        of_connection(Field::ct_direction, ValueSet::single(std::get<Bits>(option.value).bits == 1 ? 0 : 1),
                      option);
    }

    // ---- other matches

    void address_range(Field field, Option const& option) {
        for (AddressRange const& range : file_[std::get<Slice<AddressRange>>(option.value)]) {
            if (range.first.family != context_.family) return wrong_family(option.span, range.first);
            if (range.last.family != context_.family) return wrong_family(option.span, range.last);
            if (range.first.value > range.last.value)
                return error(option.span, "the first address of the range is larger than the last");
            add(field, ValueSet::range(range.first.value, range.last.value), option);
        }
    }

    void address_type(Field field, Option const& option) {
        // The type of an address for one interface only is another question than its type.
        auto const limit = std::ranges::find_if(options_, [&](Option const& o) {
            return o.info->key == Key::limit_interface && o.instance == option.instance;
        });
        if (limit != options_.end())
            return add_opaque("-m addrtype " + option_text(option) + ' ' + option_text(*limit), false,
                              option.negated, option.span);
        std::uint32_t const types = std::get<Bits>(option.value).bits;
        add(field, context_.family == Family::v4 ? members(types) : types_of_v6(types), option);
    }

    // xt_addrtype.c asks IPv6 addresses for their kind, and only if that is not enough for their route: all unicast
    // addresses are UNICAST, whatever the route says, and beside other types it restricts instead of adding.
    static ValueSet types_of_v6(std::uint32_t types) {
        constexpr std::uint32_t unicast = 1U << 1U, local = 1U << 2U, anycast = 1U << 4U, multicast = 1U << 5U,
                                unreachable = 1U << 7U, routed = local | anycast | unreachable;
        constexpr std::uint32_t any_unicast = unicast | routed | 1U << 6U | 1U << 8U;
        std::uint32_t found = any_unicast | multicast | 1U;
        if ((types & multicast) != 0) found &= multicast;
        if ((types & unicast) != 0) found &= any_unicast;
        if ((types & 1U) != 0) found &= 1U;
        if ((types & routed) != 0) found &= types & routed;
        return members(found);
    }

    void mark(Field field, Option const& option) {
        auto const [value, mask] = std::get<MaskedNumber>(option.value);
        ValueSet values = (value & ~mask) != 0 ? ValueSet{} : masked(value, mask, 32);
        if (field == Field::ct_mark) return of_connection(field, std::move(values), option);
        add(field, std::move(values), option);
    }

    void length(Option const& option) {
        auto const [first, last] = std::get<NumberRange>(option.value);
        add(Field::length, ValueSet::range(first, last), option);
    }

    void dscp_class(Option const& option) {
        std::string const name = std::get<Word>(option.value).plain();
        auto const value = number_of(dscp_classes, name);
        if (!value) return error(option.span, "unknown DSCP class " + quote(name));
        add(Field::dscp, ValueSet::single(*value), option);
    }

    // The two lowest bits of the byte are ECN's, which is no field of its own.
    void tos(Option const& option) {
        std::string const text = std::get<Word>(option.value).plain();
        std::uint32_t value = 0;
        std::uint32_t mask = 0xff;
        if (auto const named = number_of(tos_names, text)) {
            value = *named;
            mask = 0x3f;
        } else {
            char* end = nullptr;
            value = static_cast<std::uint32_t>(std::strtoul(text.c_str(), &end, 0));
            if (*end == '/') mask = static_cast<std::uint32_t>(std::strtoul(end + 1, &end, 0));
            if (text.empty() || *end != '\0' || value > 0xff || mask > 0xff)
                return error(option.span, "unknown type of service " + quote(text));
        }
        if ((mask & 3U) != 0)
            return add_opaque("-m tos --tos " + canonical(text), false, option.negated, option.span);
        add(Field::dscp, (value & ~mask) != 0 ? ValueSet{} : masked(value >> 2U, mask >> 2U, 6), option);
    }

    void comment(Option const& option) {
        std::string text = std::get<Word>(option.value).plain();
        if (text.size() > 255) return error(option.span, "a comment has at most 255 characters");
        rule_.comment += (rule_.comment.empty() ? "" : "; ") + text;
    }

    // An option that is a condition of its own, of an extension that is not modelled wholly.
    void condition(Option const& option) {
        Loaded const& loaded = loaded_[option.instance];
        if (loaded.role == Role::target || loaded.extension == nullptr) return;
        Nature const nature = loaded.extension->nature;
        if (nature != Nature::conditions && nature != Nature::modelled) return;
        if (nature == Nature::modelled) has_transport_header(option); // --tcp-option and the like
        add_opaque("-m " + std::string(loaded.name) + ' ' + option_text(option), false, option.negated,
                   option.span);
    }

    // An extension header of IPv6: without it, none of its conditions holds, negated or not (ip6t_frag.c and others).
    bool is_header(std::string_view extension) const {
        constexpr std::array<std::string_view, 6> headers{"ah", "dst", "frag", "hbh", "rt", "srh"};
        return context_.family == Family::v6 && std::ranges::find(headers, extension) != headers.end();
    }

    // An extension whose options together are one condition.
    void add_whole_match(std::size_t instance) {
        Loaded const& loaded = loaded_[instance];
        if (loaded.role == Role::target) return;
        Nature const nature = loaded.extension == nullptr ? Nature::stateful : loaded.extension->nature;
        auto const has_option = [&](bool negated) {
            return std::ranges::any_of(options_, [&](Option const& o) {
                return o.instance == instance && (o.negated || !negated);
            });
        };
        bool const bare = !has_option(false);
        if (nature == Nature::conditions && is_header(loaded.name) && has_option(true))
            add_opaque("-m " + std::string(loaded.name), false, false, loaded.span);
        // Nothing but the presence of its header is what a match of one condition an option asks for without any.
        if (nature == Nature::modelled || (nature == Nature::conditions && !(bare && loaded.name != "conntrack")))
            return;
        bool negated = false;
        bool rate = loaded.name == "limit" || loaded.name == "hashlimit";
        Span span = loaded.span;
        std::string text = "-m " + std::string(loaded.name);
        for (Option const& option : options_) {
            if (option.instance != instance) continue;
            bool const all = option.negated && option.info->has(OptionInfo::negates_match);
            negated = negated || all;
            rate = rate && option.info->name != "hashlimit-above";
            text += (option.negated && !all ? " ! " : " ") + option_text(option);
            span.end = std::max(span.end, option.span.end);
        }
        add_opaque(std::move(text), nature == Nature::stateful, negated, span);
        rule_.match.opaque.back().rate = rate;
    }

    // ---- target

    void read_target() {
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
            std::ranges::find_if(loaded_, [](Loaded const& l) { return l.role == Role::target; }) -
            loaded_.begin());
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
        if (!is_goto && std::ranges::any_of(options_, [&](Option const& o) { return o.instance == instance_; }))
            return judge("-j " + target_text(name));
        report(context_.findings, "PC401", file_.span(word.raw), {{"kind", "chain"}, {"name", name}});
        rule_.verdict = Jump{no_chain, is_goto};
    }

    void jump(ChainId chain, std::string const& name, bool is_goto, Span span) {
        if (builtin_hook(context_.table, name, context_.family))
            return error(span, "cannot jump to the built-in chain " + quote(name));
        if (refuse_options()) return;
        rule_.verdict = Jump{chain, is_goto};
    }

    // Chains and ACCEPT have no options.
    bool refuse_options() {
        for (Option const& option : options_) {
            if (option.instance != instance_) continue;
            std::string_view const text = source_text(option);
            error(option.span, "unknown option " + quote(text.substr(0, text.find_first_of(" \t"))));
            return true;
        }
        return false;
    }

    std::string target_text(std::string_view name) const {
        std::string text(name);
        for (Option const& option : options_) {
            if (option.instance == instance_) text += (option.negated ? " ! " : " ") + option_text(option);
        }
        return text;
    }

    void apply(Target const& target) {
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
        case Does::log: rule_.effects.log = true; return;
        case Does::change: return change(target);
        case Does::judge: return judge("-j " + target_text(target.name));
        case Does::translate: return translate(target);
        }
    }

    void drop() {
        if (context_.table == "nat")
            return error(target_span_, "the nat table is not intended for filtering: 'DROP' is not allowed in it");
        rule_.verdict = Drop{};
    }

    void reject() {
        for (Option const& option : options_) {
            if (option.info->key != Key::reject_with) continue;
            std::string const with = std::get<Word>(option.value).plain();
            bool const reset = with == "tcp-reset" || with == "tcp-rst";
            if (reset && protocol_ != static_cast<std::uint8_t>(Protocol::tcp))
                return error(option.span, "'--reject-with " + with + "' needs '-p tcp'");
        }
        rule_.verdict = Reject{};
    }

    void judge(std::string text) { judge_ = std::move(text); }

    void change(Target const& target) {
        auto const has = [&](Key key) {
            return std::ranges::any_of(options_, [&](Option const& o) { return o.info->key == key; });
        };
        bool const notrack = target.name == "NOTRACK" || (target.name == "CT" && has(Key::notrack));
        rule_.effects.notrack = notrack;
        if (!notrack) rule_.effects.sets.push_back(change_text(target));
        if (auto const mark = assignment(target)) rule_.effects.assignments.push_back(*mark);
        // Without a connection, there is no mark to restore (xt_connmark.c).
        if (target.name == "CONNMARK" && option_named("restore-mark") != nullptr)
            add(Field::ct_state, tracked(), false, target_span_);
    }

    // What the target does to a mark (xt_MARK.c, xt_connmark.c): bits of the old one are kept, others flipped or taken
    // over from the other mark.
    std::optional<Assignment> assignment(Target const& target) const {
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

    Option const* option_named(std::string_view name) const {
        auto const at = std::ranges::find_if(options_, [&](Option const& o) {
            return o.instance == instance_ && o.info->name == name;
        });
        return at == options_.end() ? nullptr : &*at;
    }
    std::optional<U128> number_option(std::string_view name) const {
        Option const* const option = option_named(name);
        return option == nullptr ? std::nullopt : std::optional<U128>(std::get<NumberRange>(option->value).first);
    }

    // Marks in nft's words, since they are fields; the rest as written.
    std::string change_text(Target const& target) const {
        auto const mark = target.name == "MARK" ? assignment(target) : std::nullopt;
        bool const constant = mark && mark->mark_keep == 0;
        return constant ? "mark set " + value_text(Field::mark, mark->value) : target_text(target.name);
    }

    // ---- nat

    void translate(Target const& target) {
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
        rule_.verdict = rewrite;
    }

    void set_port(Rewrite& rewrite, PortRange const& ports, Option const& option) {
        if (!protocol_ || !port_protocols().contains(*protocol_))
            return error(option.span, "ports can only be translated with '-p tcp', 'udp', 'sctp' or 'dccp'");
        rewrite.port = resolve(ports, option.span);
    }

    void nat_target(Rewrite& rewrite, Option const& option) {
        for (NatTarget const& to : file_[std::get<Slice<NatTarget>>(option.value)]) {
            if (to.has_address) {
                if (to.addresses.first.family != context_.family)
                    return wrong_family(option.span, to.addresses.first);
                if (to.addresses.last.family != context_.family)
                    return wrong_family(option.span, to.addresses.last);
                if (to.addresses.first.value > to.addresses.last.value)
                    return error(option.span, "the first address of the range is larger than the last");
                rewrite.address = Interval{to.addresses.first.value, to.addresses.last.value};
            }
            if (to.has_ports) set_port(rewrite, to.ports, option);
        }
    }

    // One to one: the bits that the mask leaves are kept.
    void netmap(Rewrite& rewrite, Option const& option) {
        for (Network const& network : file_[std::get<Slice<Network>>(option.value)]) {
            if (!network.host.empty()) return error(option.span, "'NETMAP' needs an address");
            if (network.address.family != context_.family) return wrong_family(option.span, network.address);
            auto const length = mask_length(network.mask, address_bits(context_.family));
            if (!length) return error(option.span, "'NETMAP' needs a contiguous mask");
            Prefix const prefix{network.address, *length};
            rewrite.address = Interval{prefix.first(), prefix.last()};
        }
    }

    // ---- result

    void emit(std::vector<Rule>& out) {
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

    RuleContext const& context_;
    File const& file_;
    std::span<Option const> options_;
    std::span<Loaded const> loaded_;
    Rule rule_;
    std::optional<std::uint8_t> protocol_; // of -p without `!`
    std::size_t instance_ = 0;             // of the target
    Span target_span_;
    std::string judge_; // the target that decides by itself
    bool failed_ = false;
};

} // namespace

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

std::optional<Hook> builtin_hook(std::string_view table, std::string_view name, Family family) {
    auto const found =
        std::ranges::find_if(builtins, [&](Builtin const& b) { return b.table == table && b.chain == name; });
    if (found == std::end(builtins)) return std::nullopt;
    return Hook{found->point, found->type, found->priority, family == Family::v4, family == Family::v6, {}};
}

bool is_table(std::string_view name) {
    return std::ranges::find(builtins, name, &Builtin::table) != std::end(builtins);
}

} // namespace portcullis::iptables
