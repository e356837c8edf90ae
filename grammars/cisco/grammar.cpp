// The rules of the lines that an access list is made of. One set of rules serves all four systems: what only one of
// them accepts is unambiguous on the others, and the few words that mean different things are told apart by the
// reader. There is no skipper: every token takes the blanks behind it.
#include "grammars/cisco/grammar.hpp"

#include <charconv>

#include "grammars/common/kit.hpp"
#include "portcullis/base/ascii.hpp"

namespace portcullis::cisco {
namespace {

namespace x3 = kit::x3;
using kit::Ctx;
using kit::It;
using kit::must;
using kit::put;
using kit::want;

// --- Tokens ---

constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

It skip_blanks(It at, It end) {
    while (at != end && is_blank(*at)) ++at;
    return at;
}
It word_end(It at, It end) {
    while (at != end && !is_blank(*at)) ++at;
    return at;
}
std::string_view view(It begin, It end) { return {begin, static_cast<std::size_t>(end - begin)}; }

// A keyword in any case.
struct kw : x3::parser<kw> {
    using attribute_type = x3::unused_type;
    std::string_view keyword;
    constexpr explicit kw(std::string_view lower_case) : keyword(lower_case) {}
    template <class Context, class RContext, class Attribute>
    bool parse(It& first, It const& last, Context const&, RContext&, Attribute&) const {
        if (static_cast<std::size_t>(last - first) < keyword.size()) return false;
        It at = first;
        for (char const c : keyword)
            if (ascii_lower(*at++) != c) return false;
        if (at != last && !is_blank(*at)) return false;
        first = skip_blanks(at, last);
        return true;
    }
};

// The end of a symbol: symbols<> alone would find "eq" in "equal".
struct end_of_word : x3::parser<end_of_word> {
    using attribute_type = x3::unused_type;
    template <class Context, class RContext, class Attribute>
    bool parse(It& first, It const& last, Context const&, RContext&, Attribute&) const {
        if (first != last && !is_blank(*first)) return false;
        first = skip_blanks(first, last);
        return true;
    }
};
constexpr end_of_word brk{};

// A whole word of which Convert makes a Value.
template <class Value, std::optional<Value> (*Convert)(std::string_view)>
struct word_as : x3::parser<word_as<Value, Convert>> {
    using attribute_type = Value;
    template <class Context, class RContext, class Attribute>
    bool parse(It& first, It const& last, Context const&, RContext&, Attribute& attribute) const {
        if (first == last) return false;
        It const end = word_end(first, last);
        auto value = Convert(view(first, end));
        if (!value) return false;
        x3::traits::move_to(*std::move(value), attribute);
        first = skip_blanks(end, last);
        return true;
    }
};

using Text = std::optional<std::string_view>;

Text any_text(std::string_view text) { return text; }
// Of host and network names, as the ASA's `name` defines them; never of a masked-out address such as 206.X.X.1.
Text name_text(std::string_view text) { return is_ascii_letter(text.front()) ? Text(text) : std::nullopt; }
// Of protocols, ports and messages.
Text plain_text(std::string_view text) {
    if (text.find_first_of(".:/()[]+") != std::string_view::npos) return std::nullopt;
    return text;
}
Text digits_text(std::string_view text) {
    for (char const c : text)
        if (!is_digit(c)) return std::nullopt;
    return text;
}
Text flag_text(std::string_view text) {
    if (text.size() == 4 && (text.front() == '+' || text.front() == '-')) return text;
    return std::nullopt;
}
template <class Number> std::optional<Number> decimal(std::string_view text) {
    Number value{};
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}
std::optional<Prefix> prefix_with_length(std::string_view text) {
    return text.find('/') == std::string_view::npos ? std::nullopt : parse_prefix(text);
}
// "/24" after a blank: IOS object groups.
std::optional<unsigned> slash_length(std::string_view text) {
    return text.front() == '/' ? decimal<unsigned>(text.substr(1)) : std::nullopt;
}
// `show access-lists` puts a comma behind the address: "10.1.0.0, wildcard bits 0.0.255.255".
std::optional<Ip> ip_and_comma(std::string_view text) {
    return text.back() == ',' ? parse_ip(text.substr(0, text.size() - 1)) : std::nullopt;
}

constexpr word_as<std::string_view, any_text> word{};
constexpr word_as<std::string_view, name_text> name{};
constexpr word_as<std::string_view, plain_text> plain{};
constexpr word_as<std::string_view, digits_text> plain_number{};
constexpr word_as<std::string_view, flag_text> signed_flag{};
constexpr word_as<std::uint32_t, decimal<std::uint32_t>> number{};
constexpr word_as<Ip, parse_ip> ip{};
constexpr word_as<Prefix, prefix_with_length> prefix{};
constexpr word_as<unsigned, slash_length> length{};
constexpr word_as<Ip, ip_and_comma> listed_ip{};

// All that is left of the line, without blanks at its end; it may be nothing.
struct rest_of_line : x3::parser<rest_of_line> {
    using attribute_type = std::string_view;
    template <class Context, class RContext, class Attribute>
    bool parse(It& first, It const& last, Context const&, RContext&, Attribute& attribute) const {
        It end = last;
        while (end != first && is_blank(end[-1])) --end;
        x3::traits::move_to(view(first, end), attribute);
        first = last;
        return true;
    }
};
constexpr rest_of_line rest{};

// "(12 matches)", "[match=0]", "0x849e9e8f": what show commands add.
struct annotation_text : x3::parser<annotation_text> {
    using attribute_type = x3::unused_type;
    template <class Context, class RContext, class Attribute>
    bool parse(It& first, It const& last, Context const&, RContext&, Attribute&) const {
        if (first == last) return false;
        char const close = *first == '(' ? ')' : *first == '[' ? ']' : '\0';
        It end = word_end(first, last);
        if (close != '\0') {
            while (end != last && end[-1] != close) ++end;
            if (end[-1] != close) return false;
        } else if (!view(first, end).starts_with("0x")) {
            return false;
        }
        first = skip_blanks(end, last);
        return true;
    }
};
constexpr annotation_text annotation{};

// --- Nodes ---

// with_text[p]: p, and the value of the rule that it defines keeps the text that it matched, without the blanks
// behind. (X3's on_success would do, but gets no value from rules with semantic actions.)
struct text_keeper {
    template <class Subject> struct parser : x3::unary_parser<Subject, parser<Subject>> {
        using base = x3::unary_parser<Subject, parser<Subject>>;
        static bool const is_pass_through_unary = true;
        static bool const handles_container = Subject::handles_container;
        constexpr explicit parser(Subject const& inner) : base(inner) {}
        template <class Context, class Value, class Attribute>
        bool parse(It& first, It const& last, Context const& context, Value& value, Attribute& attribute) const {
            It const begin = first;
            if (!this->subject.parse(first, last, context, value, attribute)) return false;
            It end = first;
            while (end != begin && is_blank(end[-1])) --end;
            value.text = view(begin, end);
            return true;
        }
    };
    template <class Subject> constexpr auto operator[](Subject const& subject) const {
        auto inner = x3::as_parser(subject);
        return parser<decltype(inner)>(inner);
    }
};
constexpr text_keeper with_text{};

template <auto Member, auto Value> auto const set = [](auto& context) { x3::_val(context).*Member = Value; };
template <auto Member>
auto const add = [](auto& context) { (x3::_val(context).*Member).push_back(x3::_attr(context)); };

using AddressKind = Address::Kind;
template <AddressKind Kind> constexpr auto& address_is = set<&Address::kind, Kind>;
auto const put_prefix = [](auto& context) {
    Prefix const& value = x3::_attr(context);
    Address& address = x3::_val(context);
    address.kind = AddressKind::prefix;
    address.ip = value.ip;
    address.length = value.length;
};
auto const put_second = [](auto& context) { x3::_val(context).second = x3::_attr(context).value; };

// The second of two addresses, which must be of the first one's family.
struct same_family : x3::parser<same_family> {
    using attribute_type = Ip;
    template <class Context, class RContext, class Attribute>
    bool parse(It& first, It const& last, Context const& context, RContext& value, Attribute& attribute) const {
        It at = first;
        Ip second;
        if (!ip.parse(at, last, context, value, second) || second.family != value.ip.family) return false;
        x3::traits::move_to(second, attribute);
        first = at;
        return true;
    }
};
constexpr same_family second_ip{};

struct address_symbols : x3::symbols<AddressKind> {
    address_symbols() { add("any", AddressKind::any)("any4", AddressKind::any4)("any6", AddressKind::any6); }
} const any_word;
struct reference_symbols : x3::symbols<AddressKind> {
    reference_symbols() {
        add("object", AddressKind::object)("object-group", AddressKind::group)("addrgroup", AddressKind::group);
        add("net-group", AddressKind::group)("interface", AddressKind::interface);
    }
} const reference_word;
struct identity_symbols : x3::symbols<int> {
    identity_symbols() { add("user", 0)("user-group", 0)("object-group-user", 0)("object-group-security", 0); }
} const identity_word;

auto const any = x3::no_case[any_word] >> brk;
auto const reference = x3::no_case[reference_word] >> brk;
auto const identity_text = kit::text[(x3::no_case[identity_word] >> brk | kw("security-group") >> word) >> word];

// What cannot be anything but an address; "object-group" may start ports as well.
auto const plain_address_start = any | kw("host") | kw("object") | kw("addrgroup") | kw("net-group") |
                                 kw("interface") | prefix | ip | identity_text;
auto const address_start = plain_address_start | name >> ip;

struct address_id;
x3::rule<address_id, Address> const address = "address";
struct standard_address_id;
x3::rule<standard_address_id, Address> const standard_address = "standard address";

// host    = "host" (IP | NAME)
// masked  = (IP | NAME) MASK
// address = [identity] ("any" | "any4" | "any6" | host | ("object" | "object-group" | "interface" | …) NAME |
// PREFIX | masked)
auto const host = (kw("host") | kw("host-info"))[address_is<AddressKind::host>] >>
                  must(ip[put<&Address::ip>] | name[put<&Address::name>], "host address");
auto const masked = (ip[put<&Address::ip>] >> must(second_ip[put_second], "wildcard or netmask") |
                     name[put<&Address::name>] >> second_ip[put_second]) >>
                    x3::eps[address_is<AddressKind::masked>];
auto const address_def = with_text[-identity_text[put<&Address::identity>] >>
                                   (any[put<&Address::kind>] | host |
                                    reference[put<&Address::kind>] >> must(word, "name")[put<&Address::name>] |
                                    prefix[put_prefix] | masked)];

// A standard list's address may stand alone, and then is a host.
// standard address = "any" | host | PREFIX | IP ["," "wildcard" "bits"] MASK | IP
auto const standard_address_def =
    with_text[any[put<&Address::kind>] | host | prefix[put_prefix] |
              listed_ip[put<&Address::ip>] >> kw("wildcard") >> kw("bits") >> second_ip[put_second] >>
                  x3::eps[address_is<AddressKind::masked>] |
              ip[put<&Address::ip>] >> (second_ip[put_second] >> x3::eps[address_is<AddressKind::masked>] |
                                        x3::eps[address_is<AddressKind::host>])];

// --- Ports and other numbers ---

using ComparisonKind = Comparison::Kind;
struct several_symbols : x3::symbols<ComparisonKind> {
    several_symbols() { add("eq", ComparisonKind::eq)("neq", ComparisonKind::neq); }
} const several_word;
struct bound_symbols : x3::symbols<ComparisonKind> {
    bound_symbols() { add("lt", ComparisonKind::lt)("gt", ComparisonKind::gt); }
} const bound_word;
struct port_group_symbols : x3::symbols<ComparisonKind> {
    port_group_symbols() {
        add("object-group", ComparisonKind::group)("portgroup", ComparisonKind::group)("port-group",
                                                                                       ComparisonKind::group);
    }
} const port_group_word;

// Words after the addresses: without an argument, with one, with a number that may be compared, with a tail of any
// kind.
using OptionKind = Option::Kind;
struct plain_option_symbols : x3::symbols<OptionKind> {
    plain_option_symbols() {
        add("established", OptionKind::established)("fragments", OptionKind::fragments)("inactive",
                                                                                        OptionKind::inactive);
        for (auto const* flag : {"ack", "fin", "psh", "rst", "syn", "urg"}) add(flag, OptionKind::flag);
        for (auto const* header : {"routing", "authen", "auth", "destopts", "dest-option", "hop-by-hop", "hbh"})
            add(header, OptionKind::header);
        for (auto const* property : {"mobility", "undetermined-transport"}) add(property, OptionKind::packet);
        for (auto const* effect : {"icmp-off", "capture"}) add(effect, OptionKind::effect);
    }
} const plain_option;
struct argument_option_symbols : x3::symbols<OptionKind> {
    argument_option_symbols() {
        add("dscp", OptionKind::dscp)("precedence", OptionKind::precedence)("ttl", OptionKind::ttl);
        add("packet-length", OptionKind::length)("time-range", OptionKind::schedule);
        add("tos", OptionKind::tos)("routing-type", OptionKind::routing_type);
        for (auto const* field : {"option", "flow-label", "fragment-offset", "dest-option-type", "mobility-type",
                                  "fragment-type", "vlan", "cos"})
            add(field, OptionKind::packet);
        for (auto const* field : {"http-method", "tcp-option-length", "tcp-flags-mask"})
            add(field, OptionKind::segment);
        for (auto const* effect : {"counter", "qos-group"}) add(effect, OptionKind::effect);
    }
} const argument_option;
struct flags_option_symbols : x3::symbols<OptionKind> {
    flags_option_symbols() { add("match-all", OptionKind::match_all)("match-any", OptionKind::match_any); }
} const flags_option;
struct log_option_symbols : x3::symbols<OptionKind> {
    log_option_symbols() { add("log", OptionKind::log)("log-input", OptionKind::log); }
} const log_option;
struct tail_option_symbols : x3::symbols<OptionKind> {
    tail_option_symbols() {
        for (auto const* effect : {"reflect", "nexthop1", "nexthop-group", "set", "police", "load-share"})
            add(effect, OptionKind::effect);
        add("nve", OptionKind::segment)("udf", OptionKind::packet);
    }
} const tail_option;

auto const option_start =
    x3::no_case[plain_option | argument_option | flags_option | log_option | tail_option] >> brk;
auto const comparison_start = x3::no_case[several_word | bound_word | port_group_word] >> brk | kw("range");
// A word that goes on a list of ports, rather than starting what follows it. "bootpc 10.1.0.0 0.0.255.255" is a
// port and an address; "servers 255.255.255.0" is an address by its ASA name.
auto const one_more = !(option_start | comparison_start | plain_address_start | name >> ip >> !ip | kw("source") |
                        kw("destination") | kw("sequence")) >>
                      plain;

struct comparison_id;
x3::rule<comparison_id, Comparison> const comparison = "comparison";

// comparison = ("eq" | "neq") PORT+ | ("lt" | "gt") PORT | "range" PORT PORT | ("object-group" | "portgroup" | …)
// NAME
auto const port = must(plain, "port name or number")[add<&Comparison::values>];
auto const comparison_def = with_text[(x3::no_case[several_word] >> brk)[put<&Comparison::kind>] >> port >>
                                          *one_more[add<&Comparison::values>] |
                                      (x3::no_case[bound_word] >> brk)[put<&Comparison::kind>] >> port |
                                      kw("range")[set<&Comparison::kind, ComparisonKind::range>] >> port >> port |
                                      (x3::no_case[port_group_word] >> brk)[put<&Comparison::kind>] >>
                                          must(word, "name")[add<&Comparison::values>]];

// After the source, "object-group A" is its ports if more than an address of the destination follows: "object-group
// A any", "object-group A object-group B eq 80". Of two groups alone, the reader knows which is of which kind.
auto const group = kw("object-group") >> word;
auto const source_ports = !(group >> !(address_start | group >> comparison_start)) >> comparison;

// --- Options ---

struct argument_id;
x3::rule<argument_id, Comparison> const argument = "argument";
struct option_id;
x3::rule<option_id, Option> const option = "option";

// argument = comparison | WORD
auto const argument_def =
    with_text[(x3::no_case[several_word] >> brk)[put<&Comparison::kind>] >> word[add<&Comparison::values>] |
              (x3::no_case[bound_word] >> brk)[put<&Comparison::kind>] >> word[add<&Comparison::values>] |
              kw("range")[set<&Comparison::kind, ComparisonKind::range>] >> word[add<&Comparison::values>] >>
                  word[add<&Comparison::values>] |
              word[add<&Comparison::values>] >> x3::eps[set<&Comparison::kind, ComparisonKind::eq>]];

auto const add_flag = [](auto& context) { x3::_val(context).argument.values.push_back(x3::_attr(context)); };
// option = FLAG | WORD argument | ("match-all" | "match-any") ("+"FLAG | "-"FLAG)+ | log | WORD … | annotation
// log    = ("log" | "log-input") [LEVEL | COOKIE | "disable" | "default"] ["interval" NUMBER]
// ("sequence 10" at the end is IOS's way to show IPv6 lists.)
auto const shown = annotation | (kw("sequence") | kw("interval")) >> x3::omit[number];
auto const log_argument = !(option_start | shown) >> word;
auto const option_def = with_text[(x3::no_case[plain_option] >> brk)[put<&Option::kind>] |
                                  (x3::no_case[argument_option] >> brk)[put<&Option::kind>] >>
                                      must(argument, "value")[put<&Option::argument>] |
                                  (x3::no_case[flags_option] >> brk)[put<&Option::kind>] >>
                                      must(signed_flag, "+flag or -flag")[add_flag] >> *signed_flag[add_flag] |
                                  (x3::no_case[log_option] >> brk)[put<&Option::kind>] >> -log_argument >>
                                      -(kw("interval") >> must(number, "seconds")) |
                                  (x3::no_case[tail_option] >> brk)[put<&Option::kind>] >> x3::omit[rest] |
                                  shown[set<&Option::kind, OptionKind::annotation>]];

// --- Entries ---

struct standard_entry_id;
x3::rule<standard_entry_id, Entry> const standard_entry = "standard entry";
struct extended_entry_id;
x3::rule<extended_entry_id, Entry> const extended_entry = "extended entry";
struct brief_entry_id;
x3::rule<brief_entry_id, Entry> const brief_entry = "entry without a protocol";

using Action = Entry::Action;
struct action_symbols : x3::symbols<Action> {
    action_symbols() { add("permit", Action::permit)("deny", Action::deny); }
} const action_word;
using ServiceKind = Service::Kind;
struct service_reference_symbols : x3::symbols<ServiceKind> {
    service_reference_symbols() { add("object-group", ServiceKind::group)("object", ServiceKind::object); }
} const service_reference_word;

// Semantic actions of what an entry has at one remove.
template <auto Part, auto Member>
auto const put_in = [](auto& context) { (x3::_val(context).*Part).*Member = std::move(x3::_attr(context)); };
auto const service_kind = put_in<&Entry::service, &Service::kind>;
auto const service_name = [](auto& context) {
    Service& service = x3::_val(context).service;
    service.name = service.text = x3::_attr(context);
};
auto const put_protocol = [](auto& context) {
    Service& service = x3::_val(context).service;
    service.kind = ServiceKind::protocol;
    service.name = service.text = x3::_attr(context);
};
auto const add_message = [](auto& context) { x3::_val(context).service.message.push_back(x3::_attr(context)); };

// Whether a word without a place of its own may be the type of a message.
bool may_have_message(Service const& service) {
    if (service.kind != ServiceKind::protocol || !service.message.empty()) return false;
    for (std::string_view const protocol : {"icmp", "icmp6", "icmpv6", "igmp", "1", "2", "58"}) {
        It const begin = service.name.data();
        It const end = begin + service.name.size();
        It at = begin;
        if (kw(protocol).parse(at, end, x3::unused, x3::unused, x3::unused) && at == end) return true;
    }
    return false;
}
bool may_have_message(Entry const& entry) { return may_have_message(entry.service); }

// Matches nothing, where the value of the rule so far may have a message.
struct message_place : x3::parser<message_place> {
    using attribute_type = x3::unused_type;
    template <class Context, class RContext, class Attribute>
    bool parse(It&, It const&, Context const&, RContext& value, Attribute&) const {
        return may_have_message(value);
    }
};
constexpr message_place before_message{};

// entry    = [["sequence"] NUMBER] ("remark" TEXT | "evaluate" NAME | ["dynamic" NAME ["timeout" MINUTES]]
// ("permit" | "deny") match option*) standard = address extended = service address [comparison] address [comparison
// | message [code]] brief    = address [address] service  = ("object-group" | "object") NAME | PROTOCOL
auto const no_match = kw("remark")[set<&Entry::action, Action::remark>] >> rest[put<&Entry::name>] |
                      kw("evaluate")[set<&Entry::action, Action::evaluate>] >>
                          must(word, "name of a reflexive list")[put<&Entry::name>];
auto const dynamic = kw("dynamic") >> must(word, "name")[put<&Entry::dynamic>] >>
                     -(kw("timeout") >> must(number, "minutes"));
auto const action = -dynamic >>
                    must((x3::no_case[action_word] >> brk), "permit, deny or remark")[put<&Entry::action>];
auto const options = *want(option[add<&Entry::options>], "option");

auto const protocol = !(any | kw("host")) >> plain;
auto const service = (x3::no_case[service_reference_word] >> brk)[service_kind] >>
                         must(word, "name")[service_name] |
                     must(protocol, "protocol")[put_protocol];
auto const message = before_message >> !option_start >> plain[add_message] >> -plain_number[add_message];
auto const extended = service >> must(address, "source address")[put<&Entry::source>] >>
                      -source_ports[put_in<&Entry::service, &Service::source>] >>
                      must(address, "destination address")[put<&Entry::destination>] >>
                      -comparison[put_in<&Entry::service, &Service::destination>];
auto const brief_start = any | kw("host") | kw("net-group") | prefix | ip;
auto const brief = &brief_start >> address[put<&Entry::source>] >> -address[put<&Entry::destination>];
auto const options_and_message = *want(option[add<&Entry::options>] | message, "option");
auto const sequence = -(-kw("sequence") >> number[put<&Entry::sequence>]);

auto const standard_entry_def =
    with_text[sequence >>
              (no_match | action >> must(standard_address, "source address")[put<&Entry::source>] >> options)];
auto const extended_entry_def = with_text[sequence >> (no_match | action >> extended >> options_and_message)];
auto const brief_entry_def =
    with_text[sequence >> (no_match | action >> (brief >> options | extended >> options_and_message))];

// --- Groups and bindings ---

struct group_service_id;
x3::rule<group_service_id, Service> const group_service = "service";
struct icmp_message_id;
x3::rule<icmp_message_id, Service> const icmp_message = "message";
struct group_address_id;
x3::rule<group_address_id, Address> const group_address = "address";
struct reference_id;
x3::rule<reference_id, GroupReference> const group_reference = "reference";
struct address_member_id;
x3::rule<address_member_id, Group::Line> const address_member = "address of a group";
struct service_member_id;
x3::rule<service_member_id, Group::Line> const service_member = "service of a group";
struct group_header_id;
x3::rule<group_header_id, Group> const group_header = "object-group";
struct access_group_id;
x3::rule<access_group_id, AccessGroup> const access_group = "access-group";

// service = PROTOCOL ["source" comparison] [["destination"] comparison] | PROTOCOL message [code] | comparison
auto const service_protocol = [](auto& context) {
    x3::_val(context).kind = ServiceKind::protocol;
    x3::_val(context).name = x3::_attr(context);
};
auto const group_service_def =
    with_text[comparison[put<&Service::destination>] |
              must(protocol, "protocol")[service_protocol] >>
                  -(kw("source") >> must(comparison, "ports")[put<&Service::source>]) >>
                  (kw("destination") >> must(comparison, "ports")[put<&Service::destination>] |
                   comparison[put<&Service::destination>] |
                   -(before_message >> plain[add<&Service::message>] >> -plain_number[add<&Service::message>]))];

// address = "range" IP IP | "fqdn" ["v4" | "v6"] DOMAIN | IP "/"LENGTH | standard addresses
auto const put_length = [](auto& context) {
    Address& value = x3::_val(context);
    value.kind = AddressKind::prefix;
    value.length = x3::_attr(context);
};
auto const group_address_def =
    with_text[kw("range")[address_is<AddressKind::range>] >> must(ip, "first address")[put<&Address::ip>] >>
                  must(second_ip, "last address")[put_second] |
              kw("fqdn")[address_is<AddressKind::fqdn>] >> -(kw("v4") | kw("v6")) >>
                  must(word, "domain name")[put<&Address::name>] |
              any[put<&Address::kind>] | host |
              kw("interface")[address_is<AddressKind::interface>] >> must(word, "name")[put<&Address::name>] |
              prefix[put_prefix] |
              ip[put<&Address::ip>] >>
                  must(length[put_length] | second_ip[put_second] >> x3::eps[address_is<AddressKind::masked>],
                       "netmask or length") |
              name[put<&Address::name>] >> second_ip[put_second] >> x3::eps[address_is<AddressKind::masked>]];

// A message alone, as in "icmp-object echo".
auto const icmp_message_def =
    with_text[must(plain, "message")[add<&Service::message>] >> -plain_number[add<&Service::message>]];

auto const object_name = kw("object")[set<&GroupReference::is_object, true>] >>
                         must(word, "object")[put<&GroupReference::name>];
auto const group_reference_def = object_name | (kw("group-object") | kw("object-group")) >>
                                                   must(word, "object-group")[put<&GroupReference::name>];

// address member = [NUMBER] (reference | ["network-object" | "subnet"] (reference | address))
// service member = [NUMBER] (reference | ["service-object" | "service"] (reference | service) | "port-object"
// comparison
//                | "protocol-object" PROTOCOL | "icmp-object" message)
auto const put_member = put<&Group::Line::member>;
auto const put_service = must(group_service, "service")[put_member];
auto const member_number = x3::omit[-(number >> &word)];
auto const address_member_def =
    with_text[member_number >> (group_reference[put_member] |
                                -(kw("network-object") | kw("subnet")) >>
                                    (group_reference[put_member] | must(group_address, "address")[put_member]))];
auto const service_member_def =
    with_text[member_number >>
              (group_reference[put_member] |
               (kw("service-object") | kw("service")) >> (group_reference[put_member] | put_service) |
               (kw("port-object") | kw("protocol-object")) >> put_service |
               kw("icmp-object") >> icmp_message[put_member] | put_service)];

// header = "network" ["ipv4" | "ipv6"] NAME | "service" NAME ["tcp" | "udp" | "tcp-udp"] | ("protocol" |
// "icmp-type" | "port") NAME
//        | ("ip" | "ipv6") ("address" | "port") NAME
auto const group_name = must(word, "name")[put<&Group::name>];
auto const put_kind = put<&Group::kind>;
auto const group_header_def =
    with_text[&kw("network") >> word[put_kind] >> -((kw("ipv4") | kw("ipv6")) >> &word) >> group_name |
              &kw("service") >> word[put_kind] >> group_name >> -word[put<&Group::protocol>] |
              &(kw("protocol") | kw("icmp-type") | kw("port")) >> word[put_kind] >> group_name |
              (kw("ip") | kw("ipv6")) >> must(&(kw("address") | kw("port")), "address or port") >> word[put_kind] >>
                  group_name];

// access-group = (NAME | "common" NAME+) ("global" | ["vrf" NAME] [direction] ["interface" NAME] suffix*)
struct direction_symbols : x3::symbols<bool> {
    direction_symbols() { add("in", true)("ingress", true)("out", false)("egress", false); }
} const direction_word;
auto const direction = x3::no_case[direction_word] >> brk;
auto const next_list = !(direction | kw("global") | kw("interface") | kw("vrf")) >> word;
auto const suffix = kw("per-user-override") | &kw("control-plane") >> word[put<&AccessGroup::qualifier>] |
                    kw("interface-statistics") | kw("hardware-count") |
                    kw("compress") >> kw("level") >> x3::omit[number];
auto const access_group_def =
    with_text[(kw("common") >> next_list[add<&AccessGroup::lists>] >> *next_list[add<&AccessGroup::lists>] |
               must(word, "access list")[add<&AccessGroup::lists>]) >>
              (&kw("global") >> word[put<&AccessGroup::interface>] |
               -(kw("vrf") >> x3::omit[word]) >> want(-direction[put<&AccessGroup::inbound>], "direction") >>
                   -(kw("interface") >> must(word, "interface")[put<&AccessGroup::interface>])) >>
              *suffix];

BOOST_SPIRIT_DEFINE(address, standard_address, comparison, argument, option)
BOOST_SPIRIT_DEFINE(standard_entry, extended_entry, brief_entry)
BOOST_SPIRIT_DEFINE(group_service, icmp_message, group_address, group_reference, address_member, service_member)
BOOST_SPIRIT_DEFINE(group_header, access_group)

// --- Lines ---

template <class Rule, class Value>
std::optional<SyntaxError> parse_line(Rule const& rule, Line const& line, Value& out) {
    kit::State state{line.whole.data()};
    Ctx const context{state};
    It const end = line.rest.data() + line.rest.size();
    It at = skip_blanks(line.rest.data(), end);
    bool matched = rule.parse(at, end, context, x3::unused, out);
    if (matched && at != end) {
        state.failure.note(at, "end of line", false);
        matched = false;
    }
    if (matched && !state.failure.frozen) return std::nullopt;
    return kit::to_error(state, line.whole.data() + line.whole.size(), line.source);
}

} // namespace

std::optional<SyntaxError> parse_entry(Line const& line, EntryForm form, Entry& out) {
    switch (form) {
    case EntryForm::standard: return parse_line(standard_entry, line, out);
    case EntryForm::brief: return parse_line(brief_entry, line, out);
    case EntryForm::extended: break;
    }
    return parse_line(extended_entry, line, out);
}
std::optional<SyntaxError> parse_group_header(Line const& line, Group& out) {
    return parse_line(group_header, line, out);
}
std::optional<SyntaxError> parse_address_member(Line const& line, Group::Line& out) {
    return parse_line(address_member, line, out);
}
std::optional<SyntaxError> parse_service_member(Line const& line, Group::Line& out) {
    return parse_line(service_member, line, out);
}
std::optional<SyntaxError> parse_access_group(Line const& line, AccessGroup& out) {
    return parse_line(access_group, line, out);
}

} // namespace portcullis::cisco
