// The grammar of iptables-save files: a line is a statement, and an option's value is parsed by the shape that the
// table of extensions gives it. As in iptables itself, which options exist depends on the matches and the target
// that the line has loaded so far. EBNF stands above the rules.
#include <algorithm>
#include <cstring>
#include <span>
#include <utility>

#include "grammars/common/kit.hpp"
#include "grammars/iptables/parse.hpp"
#include "portcullis/base/c_number.hpp"

namespace portcullis::iptables {

std::string Word::plain() const {
    std::string text;
    bool quoted = false;
    for (std::size_t i = 0; i < raw.size(); ++i) {
        if (raw[i] == '"')
            quoted = !quoted;
        else if (quoted && raw[i] == '\\' && i + 1 < raw.size())
            text += raw[++i];
        else
            text += raw[i];
    }
    return text;
}

namespace {

namespace x3 = boost::spirit::x3;
using kit::It;
using kit::must;
using kit::put;

// iptables-restore takes no more arguments in a line.
constexpr std::size_t option_limit = 255;

// What one line has said so far.
struct LineState : kit::State {
    File& file;
    SourceId source;
    Statement statement{};
    Command command{};
    std::vector<Option> options{};
    std::vector<Loaded> loaded{};
    Extension const* protocol = nullptr; // the match that -p makes available, until it is loaded
    std::string message{};               // of the failure, where a sentence says more than what was expected
    // Layout that iptables-restore refuses is told once. `iptables -S` prints no table, and is not for it.
    bool may_be_indented = true;
    bool of_other_protocol = false;      // … and whether it is about an option that -p has to allow

    LineState(It text, File& out, SourceId id) : kit::State{text}, file(out), source(id) {}
    void start_line() {
        failure = {};
        command = {};
        options.clear();
        loaded.assign(1, {});
        protocol = nullptr;
        message.clear();
        of_other_protocol = false;
    }
    Span span(It begin, It end) const { return {source, offset(begin), offset(end)}; }
};

template <class Context> LineState& line_state(Context const& context) {
    return static_cast<LineState&>(kit::state(context));
}

// The parse of this line has failed at `place`, for this reason.
template <class Context> bool refuse(Context const& context, It place, std::string message, bool of_other_protocol = false) {
    LineState& line = line_state(context);
    if (line.failure.frozen) return false;
    line.failure.note(place, "", true);
    // A failure further on has been noted: keep it.
    if (!line.failure.frozen) return false;
    line.message = std::move(message);
    line.of_other_protocol = of_other_protocol;
    return false;
}

// Objects, not functions, so that algorithms can inline them.
constexpr auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
constexpr auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
std::string_view view(It begin, It end) { return {begin, static_cast<std::size_t>(end - begin)}; }

// ---- leaves

template <class Derived, class Attribute> struct leaf : x3::parser<Derived> {
    using attribute_type = Attribute;
    static bool const has_attribute = !std::is_same_v<Attribute, x3::unused_type>;
    static bool const handles_container = false;
};

// The end of the argument at `first`: a blank outside quotes, or a closing quote.
It argument_end(It first, It last, bool& quote_open) {
    while (first != last && *first > ' ' && *first != '"') ++first; // most arguments have no quotes
    bool quoted = false;
    for (; first != last; ++first) {
        if (*first == '"') {
            if (quoted) return first + 1;
            quoted = true;
        } else if (quoted && *first == '\\' && first + 1 != last) {
            ++first;
        } else if (!quoted && is_blank(*first)) {
            break;
        }
    }
    quote_open = quoted;
    return first;
}

// argument = { character - blank - quote } , [ quote , { character | "\" , character } , quote ]
struct argument_parser : leaf<argument_parser, Word> {
    template <class Context, class RContext, class Attribute>
    bool parse(It& first, It const& last, Context const& context, RContext&, Attribute& attribute) const {
        bool quote_open = false;
        It const begin = first;
        It const end = argument_end(first, last, quote_open);
        if (quote_open)
            return refuse(context, begin,
                          "the quote is not closed: iptables would take the rest of the line into it");
        if (end == begin) return false;
        first = end;
        x3::traits::move_to(Word{view(begin, end)}, attribute);
        return true;
    }
};
constexpr argument_parser argument{};

// An argument that cannot be the next option.
struct operand_parser : leaf<operand_parser, Word> {
    template <class Context, class RContext, class Attribute>
    bool parse(It& first, It const& last, Context const& context, RContext& rcontext, Attribute& attribute) const {
        if (first == last || *first == '-' || (*first == '!' && (first + 1 == last || is_blank(first[1]))))
            return false;
        return argument.parse(first, last, context, rcontext, attribute);
    }
};
constexpr operand_parser operand{};

// in_argument[p]: p, and it is all of the argument, inside its quotes if it has them.
struct in_argument_directive {
    template <class Subject> struct parser : x3::unary_parser<Subject, parser<Subject>> {
        using base = x3::unary_parser<Subject, parser<Subject>>;
        static bool const is_pass_through_unary = true;
        static bool const handles_container = Subject::handles_container;
        constexpr explicit parser(Subject const& inner) : base(inner) {}
        template <class Context, class RContext, class Attribute>
        bool parse(It& first, It const& last, Context const& context, RContext& rcontext,
                   Attribute& attribute) const {
            bool quote_open = false;
            It const end = argument_end(first, last, quote_open);
            if (quote_open) return refuse(context, first, "the quote is not closed");
            bool const quoted = first != end && *first == '"';
            It at = first + (quoted ? 1 : 0);
            It const inner = end - (quoted ? 1 : 0);
            if (!this->subject.parse(at, inner, context, rcontext, attribute)) return false;
            if (at != inner) {
                kit::state(context).failure.note(at, "end of the value", true);
                return false;
            }
            first = end;
            return true;
        }
    };
    template <class Subject> constexpr auto operator[](Subject const& subject) const {
        auto inner = x3::as_parser(subject);
        return parser<decltype(inner)>(inner);
    }
};
constexpr in_argument_directive in_argument{};

// list_in<&File::pool>(p): p , { "," , p }, kept in a pool of the File. only_in: likewise, without a list.
template <auto Pool, bool Many, class Subject>
struct pooled_list : x3::unary_parser<Subject, pooled_list<Pool, Many, Subject>> {
    using base = x3::unary_parser<Subject, pooled_list<Pool, Many, Subject>>;
    using element_type = typename std::remove_reference_t<decltype(std::declval<File>().*Pool)>::value_type;
    using attribute_type = Slice<element_type>;
    static bool const has_attribute = true;
    static bool const handles_container = false;
    constexpr explicit pooled_list(Subject const& element) : base(element) {}
    template <class Context, class RContext, class Attribute>
    bool parse(It& first, It const& last, Context const& context, RContext&, Attribute& attribute) const {
        auto& pool = line_state(context).file.*Pool;
        Slice<element_type> slice{static_cast<std::uint32_t>(pool.size()), 0};
        for (It at = first;; ++at) {
            element_type element{};
            if (!this->subject.parse(at, last, context, x3::unused, element)) return false;
            pool.push_back(element);
            ++slice.count;
            first = at;
            if (!Many || at == last || *at != ',') break;
        }
        x3::traits::move_to(slice, attribute);
        return true;
    }
};
template <auto Pool, class Subject> constexpr auto list_in(Subject const& subject) {
    return pooled_list<Pool, true, Subject>(subject);
}
template <auto Pool, class Subject> constexpr auto only_in(Subject const& subject) {
    return pooled_list<Pool, false, Subject>(subject);
}

// An unsigned number as C's strtoul reads it: 10, 0xa, 012.
struct number_parser : leaf<number_parser, std::uint64_t> {
    template <class Context, class RContext, class Attribute>
    bool parse(It& first, It const& last, Context const&, RContext&, Attribute& attribute) const {
        It at = first;
        unsigned base = 10;
        if (last - at > 2 && *at == '0' && (at[1] == 'x' || at[1] == 'X')) {
            base = 16;
            at += 2;
        } else if (last - at > 1 && *at == '0') {
            base = 8;
        }
        It const digits = at;
        std::uint64_t value = 0;
        for (; at != last; ++at) {
            char const lower = static_cast<char>(*at | 0x20);
            unsigned const digit = is_digit(*at)                  ? static_cast<unsigned>(*at - '0')
                                   : lower >= 'a' && lower <= 'f' ? static_cast<unsigned>(lower - 'a') + 10
                                                                  : 16;
            if (digit >= base) break;
            if (value > (~std::uint64_t{0} - digit) / base) return false;
            value = value * base + digit;
        }
        if (at == digits) return false;
        first = at;
        x3::traits::move_to(value, attribute);
        return true;
    }
};
constexpr number_parser number_in_c{};

template <std::uint64_t Most> struct bounded_parser : leaf<bounded_parser<Most>, std::uint32_t> {
    template <class Context, class RContext, class Attribute>
    bool parse(It& first, It const& last, Context const& context, RContext& rcontext, Attribute& attribute) const {
        It at = first;
        std::uint64_t value = 0;
        if (!number_in_c.parse(at, last, context, rcontext, value) || value > Most) return false;
        first = at;
        x3::traits::move_to(static_cast<std::uint32_t>(value), attribute);
        return true;
    }
};
constexpr bounded_parser<0xffff> port_number{};
constexpr bounded_parser<0xffffffff> number32{};

// A port: a number up to 65535, or a name, which is looked up once the protocol is known.
struct port_parser : leaf<port_parser, Port> {
    template <class Context, class RContext, class Attribute>
    bool parse(It& first, It const& last, Context const&, RContext&, Attribute& attribute) const {
        It const end = std::find_if(first, last, [](char c) { return c == ':' || c == ',' || is_blank(c); });
        if (end == first || *first == '-' || *first == '!') return false;
        Port port{};
        if (auto const number = parse_c_number(view(first, end))) {
            if (*number > 0xffff) return false;
            port.number = static_cast<std::uint16_t>(*number);
        } else {
            port.name = view(first, end);
        }
        first = end;
        x3::traits::move_to(port, attribute);
        return true;
    }
};
constexpr port_parser port{};

// Dotted quads may lack their last parts, which are then zero: "10.1" is 10.1.0.0. Their numbers are those of C (xtables.c).
std::optional<Ip> address_of(std::string_view text) { return parse_c_ip(text, 1); }

// A mask as its length or as an address; nothing where it is neither, or longer than the address.
std::optional<U128> mask_of(std::string_view text, Family family) {
    unsigned const bits = address_bits(family);
    if (auto const length = parse_c_number(text)) {
        if (*length > bits) return std::nullopt;
        return max_value(bits) & ~max_value(bits - static_cast<unsigned>(*length));
    }
    auto const ip = parse_c_ip(text);
    return ip && ip->family == family ? std::optional(ip->value) : std::nullopt;
}

bool is_host_name(std::string_view text) {
    return !text.empty() && text.front() != '-' && !is_digit(text.back()) && std::ranges::all_of(text, [](char c) {
        return is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '-' || c == '.' || c == '_';
    });
}

// network = ( address | host name ) , [ "/" , ( length | address ) ]
struct network_parser : leaf<network_parser, Network> {
    template <class Context, class RContext, class Attribute>
    bool parse(It& first, It const& last, Context const& context, RContext&, Attribute& attribute) const {
        It const end = std::find_if(first, last, [](char c) { return c == ',' || is_blank(c); });
        It const slash = std::find(first, end, '/');
        std::string_view const host = view(first, slash);
        Network network{line_state(context).span(first, end), {}, {}, 0};
        if (auto const ip = address_of(host))
            network.address = *ip;
        else if (is_host_name(host))
            network.host = host;
        else
            return expected(context, first, "address");
        network.mask = max_value(address_bits(network.address.family));
        if (slash != end) {
            // The family of a host name is not known: its mask only has to be one.
            auto mask = mask_of(view(slash + 1, end), network.address.family);
            if (!mask && !network.host.empty()) mask = mask_of(view(slash + 1, end), Family::v6);
            if (!mask) return expected(context, slash + 1, "mask");
            network.mask = *mask;
        }
        first = end;
        x3::traits::move_to(network, attribute);
        return true;
    }
    template <class Context> static bool expected(Context const& context, It at, char const* what) {
        kit::state(context).failure.note(at, what, true);
        return false;
    }
};
constexpr network_parser network{};

// An address without a mask. A single colon ends an IPv4 address: a port follows.
struct address_parser : leaf<address_parser, Ip> {
    template <class Context, class RContext, class Attribute>
    bool parse(It& first, It const& last, Context const&, RContext&, Attribute& attribute) const {
        auto const in_v6 = [](char c) {
            return is_digit(c) || c == ':' || c == '.' || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
        };
        It end = std::find_if_not(first, last, in_v6);
        if (std::count(first, end, ':') < 2)
            end = std::find_if_not(first, end, [](char c) { return is_digit(c) || c == '.'; });
        auto const ip = parse_c_ip(view(first, end));
        if (!ip) return false;
        first = end;
        x3::traits::move_to(*ip, attribute);
        return true;
    }
};
constexpr address_parser address{};

// icmp type = "any" | number , [ "/" , number ] | name
struct icmp_type_parser : leaf<icmp_type_parser, IcmpType> {
    template <class Context, class RContext, class Attribute>
    bool parse(It& first, It const& last, Context const& context, RContext&, Attribute& attribute) const {
        IcmpType type;
        std::string_view const word = view(first, last);
        It at = first;
        if (word.empty()) return false;
        if (word == "any") {
            type.any = true;
            at = last;
        } else if (is_digit(*first)) {
            std::uint32_t n = 0;
            if (!bounded_parser<255>{}.parse(at, last, context, x3::unused, n)) return false;
            type.type = static_cast<std::uint8_t>(n);
            if (at != last && *at == '/') {
                It code = at + 1;
                if (!bounded_parser<255>{}.parse(code, last, context, x3::unused, n)) return false;
                type.code = static_cast<std::uint8_t>(n);
                type.has_code = true;
                at = code;
            }
        } else if (*first != '-' && *first != '!') {
            type.name = word;
            at = last;
        } else {
            return false;
        }
        first = at;
        x3::traits::move_to(type, attribute);
        return true;
    }
};

// The rest of an unknown option: its name and every argument up to the next option.
struct rest_parser : leaf<rest_parser, Word> {
    template <class Context, class RContext, class Attribute>
    bool parse(It& first, It const& last, Context const& context, RContext&, Attribute& attribute) const {
        It const begin = first;
        bool quote_open = false;
        It end = argument_end(first, last, quote_open);
        while (!quote_open && end != last) {
            It const next = std::find_if_not(end, last, is_blank);
            bool const option = next == last || (*next == '-' && !(last - next > 2 && is_digit(next[1]))) ||
                                (*next == '!' && (next + 1 == last || is_blank(next[1])));
            if (option) break;
            end = argument_end(next, last, quote_open);
        }
        if (quote_open) return refuse(context, begin, "the quote is not closed");
        first = end;
        x3::traits::move_to(Word{view(begin, end)}, attribute);
        return true;
    }
};
constexpr rest_parser rest{};

// ---- options

struct Found {
    OptionInfo const* info = nullptr;
    std::uint16_t instance = 0;
    bool ambiguous = false;
};

// getopt_long takes any beginning of a long option that fits only one.
Found by_beginning(LineState const& line, std::string_view name) {
    Found found;
    auto const search = [&](std::span<OptionInfo const> options, std::size_t instance) {
        for (OptionInfo const& info : options) {
            if (!info.name.starts_with(name)) continue;
            bool const same = found.info == nullptr || (found.info->key == info.key && info.key != Key::other);
            found.ambiguous = found.ambiguous || !same;
            found.info = &info;
            found.instance = static_cast<std::uint16_t>(instance);
        }
    };
    search(generic_options(), 0);
    for (std::size_t i = 1; i < line.loaded.size(); ++i)
        if (line.loaded[i].extension != nullptr) search(line.loaded[i].extension->options, i);
    return found;
}

Found by_name(LineState const& line, std::string_view name) {
    auto const in = [&](std::span<OptionInfo const> options) -> OptionInfo const* {
        auto const found = std::ranges::find(options, name, &OptionInfo::name);
        return found == options.end() ? nullptr : &*found;
    };
    // What was loaded last answers first: two recent matches in a row have their own options each.
    for (std::size_t i = line.loaded.size(); i-- > 1;) {
        if (line.loaded[i].extension == nullptr) continue;
        if (auto const* info = in(line.loaded[i].extension->options))
            return {info, static_cast<std::uint16_t>(i), false};
    }
    if (auto const* info = in(generic_options())) return {info, 0, false};
    return by_beginning(line, name);
}

// The option called --name, given what the line has loaded; loads the protocol's match where that has it.
Found find_option(LineState& line, std::string_view name, Span at) {
    Found found = by_name(line, name);
    if (found.info == nullptr) {
        if (Extension const* extension = std::exchange(line.protocol, nullptr)) {
            line.loaded.push_back({extension, extension->name, Role::match, at});
            found = by_name(line, name);
            if (found.info == nullptr) line.loaded.pop_back();
        }
    }
    if (found.info != nullptr) return found;
    for (std::size_t i = line.loaded.size(); i-- > 1;) {
        if (line.loaded[i].extension == nullptr) return {&unknown_option(), static_cast<std::uint16_t>(i), false};
    }
    return {};
}

// Why an option is not known here, where it is known elsewhere.
std::string unknown_option_message(std::string_view word) {
    std::string message = "unknown option '" + std::string(word) + '\'';
    if (!word.starts_with("--")) return message;
    std::string homes;
    for (Extension const& extension : all_extensions()) {
        if (std::ranges::find(extension.options, word.substr(2), &OptionInfo::name) == extension.options.end())
            continue;
        char const* load = extension.role == Role::target ? "-j " : extension.protocol != 0 ? "-p " : "-m ";
        homes += (homes.empty() ? "" : ", ") + (load + std::string(extension.name));
    }
    return homes.empty() ? message : message + ": it needs " + homes + " before it";
}

// Whether only matches on protocols have the option: a port, a flag, a message type.
bool belongs_to_protocol(std::string_view word) {
    bool found = false;
    for (Extension const& extension : all_extensions()) {
        if (!word.starts_with("--") ||
            std::ranges::find(extension.options, word.substr(2), &OptionInfo::name) == extension.options.end())
            continue;
        if (extension.role == Role::target || extension.protocol == 0) return false;
        found = true;
    }
    return found;
}

// Whether the line may have this option too.
template <class Context> bool admissible(Context const& context, It at, Option const& option) {
    LineState const& line = line_state(context);
    OptionInfo const& info = *option.info;
    auto const text = [](OptionInfo const& i) { return "--" + std::string(i.name); };
    if (line.options.size() >= option_limit) return refuse(context, at, "more than 255 options in one line");
    if (option.negated && !info.has(OptionInfo::negatable))
        return refuse(context, at, '\'' + text(info) + "' cannot be negated");
    if (info.has(OptionInfo::repeatable)) return true;
    for (Option const& other : line.options) {
        if (other.instance != option.instance) continue;
        if (other.info == &info || (other.info->key == info.key && info.key != Key::other))
            return refuse(context, at, '\'' + text(info) + "' is given twice");
        if ((other.info->flags & info.flags & OptionInfo::groups) != 0)
            return refuse(context, at,
                          '\'' + text(info) + "' cannot be used together with '" + text(*other.info) + '\'');
    }
    return true;
}

// Commands and options that need no value, or not always.
bool takes_no_value(OptionInfo const& info) {
    return info.shape == Shape::optional_word || info.key == Key::flush || info.key == Key::zero ||
           info.key == Key::delete_chain || info.key == Key::foreign_command;
}

// key = "--" , name , ( "=" | blanks ) | "-" , letter , [ blanks ]. Leaves `first` at the value, and works on the
// value of the rule that it stands in.
struct key_parser : leaf<key_parser, x3::unused_type> {
    template <class Context, class Attribute>
    bool parse(It& first, It const& last, Context const& context, Option& option, Attribute&) const {
        if (last - first < 2 || *first != '-') return false;
        LineState& line = line_state(context);
        bool const is_long = first[1] == '-';
        It const end =
            is_long ? std::find_if(first, last, [](char c) { return is_blank(c) || c == '='; }) : first + 2;
        Found const found = is_long ? find_option(line, view(first + 2, end), line.span(first, end))
                                    : Found{short_option(first[1]), 0, false};
        if (found.info == nullptr || found.ambiguous) return not_found(first, end, last, context, found);
        option.info = found.info;
        option.instance = found.instance;
        option.span = line.span(first, first);
        if (!admissible(context, first, option)) return false;
        if (option.info->key == Key::not_in_restore)
            return refuse(context, first, quote(first, end) + " has no place in a file for iptables-restore");
        if (option.info->shape == Shape::rest) return true; // the value is the option itself
        bool const joined = end != last && !is_blank(*end);
        if (joined && !may_be_joined(first, end, last, context, *option.info)) return false;
        return separator(first, end, last, context, *option.info);
    }

  private:
    static std::string quote(It begin, It end) { return '\'' + std::string(begin, end) + '\''; }
    static It word_end(It first, It last) { return std::find_if(first, last, is_blank); }

    template <class Context>
    static bool not_found(It first, It end, It last, Context const& context, Found const& found) {
        if (found.ambiguous) return refuse(context, first, "ambiguous option " + quote(first, end));
        bool const is_long = first[1] == '-';
        std::string_view const word = view(first, is_long ? end : word_end(first, last));
        return refuse(context, first, unknown_option_message(word), belongs_to_protocol(word));
    }

    // "--dport=22" is one argument; but of the oldest options iptables takes the argument that ends the value for
    // the value, so that "-ieth0" is an interface called "-ieth0" (xshared.c: argv[optind - 1]).
    template <class Context>
    static bool may_be_joined(It first, It end, It last, Context const& context, OptionInfo const& info) {
        constexpr Key misread[] = {Key::protocol,     Key::source,        Key::destination,
                                   Key::in_interface, Key::out_interface, Key::jump};
        It const argument_end = word_end(first, last);
        if (info.shape == Shape::none)
            return refuse(context, first, "unknown option " + quote(first, argument_end));
        if (std::ranges::find(misread, info.key) == std::end(misread)) return true;
        // "-dport 22"
        if (!unknown_option_message('-' + std::string(first, argument_end)).ends_with('\''))
            return refuse(context, first,
                          "unknown option " + quote(first, argument_end) + ": long options have two dashes");
        return refuse(context, first,
                      "iptables takes all of " + quote(first, argument_end) + " for the value: write " +
                          quote(first, end) + ", a blank and the value");
    }

    template <class Context>
    static bool separator(It& first, It end, It last, Context const& context, OptionInfo const& info) {
        if (info.shape == Shape::none) {
            first = end;
            return true;
        }
        It const value = end != last && *end == '=' ? end + 1 : std::find_if_not(end, last, is_blank);
        if (value != last && *value == '!' && (value + 1 == last || is_blank(value[1])))
            return refuse(context, value,
                          "the '!' must stand before the option: write '! " + std::string(first, end) + " …'");
        bool const nothing = value == last || (*value == '-' && takes_no_value(info));
        if (nothing && !takes_no_value(info)) return refuse(context, value, quote(first, end) + " needs a value");
        first = nothing ? end : value;
        return true;
    }
};
constexpr key_parser key{};

// ---- values

struct NamedBits {
    std::string_view name; // in capital letters
    unsigned bits;
};

// A name of the table up to a comma, in any case, or the beginning of one: "est". Of several the first, as
// xt_conntrack and xt_addrtype compare them in turn with strncasecmp.
struct beginning_parser : leaf<beginning_parser, unsigned> {
    std::span<NamedBits const> names;
    constexpr explicit beginning_parser(std::span<NamedBits const> table) : names(table) {}
    template <class Context, class RContext, class Attribute>
    bool parse(It& first, It const& last, Context const&, RContext&, Attribute& attribute) const {
        It const end = std::find(first, last, ',');
        auto const same = [](char typed, char letter) {
            return (typed >= 'a' && typed <= 'z' ? static_cast<char>(typed - 0x20) : typed) == letter;
        };
        auto const found = std::ranges::find_if(names, [&](NamedBits const& row) {
            return static_cast<std::size_t>(end - first) <= row.name.size() &&
                   std::equal(first, end, row.name.begin(), same);
        });
        if (end == first || found == names.end()) return false;
        first = end;
        x3::traits::move_to(found->bits, attribute);
        return true;
    }
};

struct Names : x3::symbols<unsigned> {
    Names(std::initializer_list<std::pair<char const*, unsigned>> names) {
        for (auto const& [name, bit] : names) add(name, bit);
    }
};

// Lower case, for x3::no_case. The bits of the flag byte, RFC 9293.
Names const flag_names{{"fin", 1},  {"syn", 2},  {"rst", 4},    {"psh", 8},
                       {"ack", 16}, {"urg", 32}, {"all", 0x3f}, {"none", 0}};
// iptables numbers the states otherwise; these are the numbers of the intermediate form.
constexpr NamedBits state_names[] = {{"INVALID", 1U << 3}, {"NEW", 1U << 0},       {"ESTABLISHED", 1U << 1},
                                     {"RELATED", 1U << 2}, {"UNTRACKED", 1U << 4}, {"SNAT", state_snat},
                                     {"DNAT", state_dnat}};
// nf_conntrack_common.h
constexpr NamedBits status_names[] = {
    {"NONE", 0}, {"EXPECTED", 1}, {"SEEN_REPLY", 2}, {"ASSURED", 4}, {"CONFIRMED", 8}};
Names const direction_names{{"original", 1}, {"reply", 2}};
constexpr NamedBits address_type_names[] = {
    {"UNSPEC", 1U << 0},   {"UNICAST", 1U << 1},   {"LOCAL", 1U << 2},     {"BROADCAST", 1U << 3},
    {"ANYCAST", 1U << 4},  {"MULTICAST", 1U << 5}, {"BLACKHOLE", 1U << 6}, {"UNREACHABLE", 1U << 7},
    {"PROHIBIT", 1U << 8}, {"THROW", 1U << 9},     {"NAT", 1U << 10},      {"XRESOLVE", 1U << 11}};
Names const packet_type_names{{"unicast", 1U << 0}, {"broadcast", 1U << 1}, {"multicast", 1U << 2},
                              {"host", 1U << 0},    {"bcast", 1U << 1},     {"mcast", 1U << 2}};

auto const add_bits = [](auto& c) { x3::_val(c).bits |= x3::_attr(c); };
auto const end_of_name = &(x3::lit(',') | x3::eoi);

// names = beginning of a name , { "," , beginning of a name }
auto names_in(std::span<NamedBits const> names, char const* what) {
    return must(beginning_parser(names)[add_bits] >> end_of_name, what) % ',';
}

// names = name , { "," , name }
template <class Subject> auto names_of(Subject const& names, char const* what) {
    return must(x3::no_case[names][add_bits] >> end_of_name, what) % ',';
}

x3::rule<struct flags_id, Bits> const flags = "flags";
x3::rule<struct states_id, Bits> const states = "states";
x3::rule<struct statuses_id, Bits> const statuses = "statuses";
x3::rule<struct direction_id, Bits> const direction = "direction";
x3::rule<struct address_types_id, Bits> const address_types = "address_types";
x3::rule<struct packet_type_id, Bits> const packet_type = "packet_type";
auto const flags_def = names_of(flag_names, "TCP flag");
auto const states_def = names_in(state_names, "connection state");
auto const statuses_def = names_in(status_names, "connection status");
auto const direction_def = must(x3::no_case[direction_names][add_bits] >> x3::eoi, "ORIGINAL or REPLY");
auto const address_types_def = names_in(address_type_names, "address type");
auto const packet_type_def =
    must(x3::no_case[packet_type_names][add_bits] >> x3::eoi, "unicast, broadcast or multicast");

auto const blanks = +x3::char_(" \t");

// tcp flags = flags , blanks , flags
x3::rule<struct tcp_flags_id, TcpFlags> const tcp_flags = "tcp_flags";
auto const set_mask = [](auto& c) { x3::_val(c).mask = static_cast<std::uint8_t>(x3::_attr(c).bits); };
auto const set_flags = [](auto& c) { x3::_val(c).set = static_cast<std::uint8_t>(x3::_attr(c).bits); };
auto const tcp_flags_def = in_argument[flags[set_mask]] >>
                           must(blanks >> in_argument[flags[set_flags]], "TCP flags that must be set");

// port range = port , [ ":" , [ port ] ] | ":" , [ port ]
x3::rule<struct port_range_id, PortRange> const port_range = "port_range";
auto const every_port = [](auto& c) { x3::_val(c) = {{{}, 0}, {{}, 0xffff}}; };
auto const only_port = [](auto& c) { x3::_val(c).first = x3::_val(c).last = x3::_attr(c); };
auto const to_the_last = [](auto& c) { x3::_val(c).last = {{}, 0xffff}; };
auto const set_last = put<&PortRange::last>;
auto const port_name_or_number = "port number up to 65535 or service name";
auto const open_end = &(x3::lit(',') | x3::eoi);
auto const
    port_range_def = x3::eps[every_port] >>
                     ((':' >> (open_end | must(port[set_last], port_name_or_number))) |
                      (must(port[only_port], port_name_or_number) >>
                       -(x3::lit(':')[to_the_last] >> (open_end | must(port[set_last], port_name_or_number)))));

// ports to rewrite to = number , [ "-" , number ] | name
x3::rule<struct nat_ports_id, PortRange> const nat_ports = "nat_ports";
auto const only_number = [](auto& c) {
    x3::_val(c).first = x3::_val(c).last = Port{{}, static_cast<std::uint16_t>(x3::_attr(c))};
};
auto const last_number = [](auto& c) { x3::_val(c).last = Port{{}, static_cast<std::uint16_t>(x3::_attr(c))}; };
auto const nat_ports_def = (port_number[only_number] >> -('-' >> must(port_number[last_number], "port number"))) |
                           (x3::char_("0-9") >> must(!x3::eps, "port number up to 65535")) |
                           must(port[only_port], port_name_or_number);

x3::rule<struct networks_id, Slice<Network>> const networks = "networks";
auto const networks_def = list_in<&File::networks>(network);

x3::rule<struct port_list_id, Slice<PortRange>> const port_list = "port_list";
auto const port_list_def = list_in<&File::ports>(port_range);

// addresses = address , [ "-" , address ]
x3::rule<struct addresses_id, AddressRange> const addresses = "addresses";
auto const only_address = [](auto& c) { x3::_val(c).first = x3::_val(c).last = x3::_attr(c); };
auto const last_address = [](auto& c) { x3::_val(c).last = x3::_attr(c); };
auto const addresses_def = must(address[only_address], "address") >>
                           -('-' >> must(address[last_address], "last address of the range"));

x3::rule<struct address_range_id, Slice<AddressRange>> const address_range = "address_range";
auto const address_range_def = list_in<&File::ranges>(addresses);

// nat target = ( addresses | "[" , addresses , "]" ) , [ ":" , ports , [ "/" , port ] ] | ":" , ports
x3::rule<struct nat_target_id, NatTarget> const nat_target = "nat_target";
auto const set_addresses = [](auto& c) {
    x3::_val(c).addresses = x3::_attr(c);
    x3::_val(c).has_address = true;
};
auto const set_ports = [](auto& c) {
    x3::_val(c).ports = x3::_attr(c);
    x3::_val(c).has_ports = true;
};
auto const set_base = [](auto& c) { x3::_val(c).base = x3::_attr(c); };
auto const nat_port_part = ':' >> nat_ports[set_ports] >> -('/' >> must(port_number, "port number")[set_base]);
auto const bracketed = '[' >> addresses[set_addresses] >> must(x3::lit(']'), "']'");
auto const nat_target_def = nat_port_part | ((bracketed | addresses[set_addresses]) >> -nat_port_part);

x3::rule<struct nat_id, Slice<NatTarget>> const nat = "nat";
auto const nat_def = list_in<&File::nat_targets>(nat_target);

// number range = number , [ ":" , [ number ] ] | ":" , number
x3::rule<struct number_range_id, NumberRange> const number_range = "number_range";
auto const every_number = [](auto& c) { x3::_val(c) = {0, ~std::uint64_t{0}}; };
auto const only_value = [](auto& c) { x3::_val(c).first = x3::_val(c).last = x3::_attr(c); };
auto const no_last_value = [](auto& c) { x3::_val(c).last = ~std::uint64_t{0}; };
auto const last_value = [](auto& c) { x3::_val(c).last = x3::_attr(c); };
auto const number_range_def = x3::eps[every_number] >> ((number_in_c[only_value] >> -(x3::lit(':')[no_last_value] >>
                                                                                      -number_in_c[last_value])) |
                                                        (':' >> -number_in_c[last_value]));

x3::rule<struct number_id, NumberRange> const number = "number";
auto const number_def = number_in_c[only_value];

// masked number = number , [ "/" , number ]
x3::rule<struct masked_number_id, MaskedNumber> const masked_number = "masked_number";
auto const set_value = [](auto& c) { x3::_val(c) = {x3::_attr(c), 0xffffffff}; };
auto const masked_number_def = must(number32[set_value], "number of 32 bits") >>
                               -('/' >> must(number32[put<&MaskedNumber::mask>], "mask of 32 bits"));

// mac = pair , 5 * ( ":" , pair )
x3::rule<struct mac_id, Mac> const mac = "mac";
x3::uint_parser<unsigned, 16, 1, 2> const hex_pair;
auto const add_byte = [](auto& c) { x3::_val(c).value = x3::_val(c).value << 8U | x3::_attr(c); };
auto const mac_def =
    must(hex_pair[add_byte] >> x3::repeat(5)[':' >> hex_pair[add_byte]], "MAC address such as 00:00:5e:00:53:01");

x3::rule<struct icmp_type_id, IcmpType> const icmp_type = "icmp_type";
auto const icmp_type_def = must(icmp_type_parser{}, "ICMP type by name or number");

// What the commands take: -A CHAIN, -I CHAIN [NUMBER], -P CHAIN POLICY, -F [CHAIN] …
auto const set_rule_number = [](auto& c) {
    x3::_val(c).number = x3::_attr(c);
    x3::_pass(c) = x3::_attr(c) > 0;
};
auto const is_number_of_rule = &(number32 >> (x3::char_(" \t") | x3::eoi));
auto const number_of_rule = -(blanks >> is_number_of_rule >> must(number32[set_rule_number], "number of a rule, from 1"));
auto const chain_name = must(operand[put<&Command::chain>], "chain name");
x3::rule<struct one_chain_id, Command> const one_chain = "one_chain";
x3::rule<struct chain_and_number_id, Command> const chain_and_number = "chain_and_number";
x3::rule<struct chain_and_name_id, Command> const chain_and_name = "chain_and_name";
x3::rule<struct any_chain_id, Command> const any_chain = "any_chain";
auto const one_chain_def = chain_name;
auto const chain_and_number_def = chain_name >> number_of_rule;
auto const chain_and_name_def = chain_name >> must(blanks >> operand[put<&Command::argument>], "policy or name");
auto const any_chain_def = -operand[put<&Command::chain>] >> number_of_rule;

BOOST_SPIRIT_DEFINE(flags, states, statuses, direction, address_types, packet_type, tcp_flags, port_range,
                    nat_ports, networks, port_list, addresses, address_range, nat_target, nat, number_range, number,
                    masked_number, mac, icmp_type, one_chain, chain_and_number, chain_and_name, any_chain)

// The commands, with the grammar of what they take.
template <class Context> bool parse_action(It& first, It const& last, Context const& context, Key which) {
    Command& command = line_state(context).command;
    if (command.action != Action::none) return refuse(context, first, "more than one command in the line");
    auto const take = [&](Action action, auto const& rule) {
        command.action = action;
        return rule.parse(first, last, context, x3::unused, command);
    };
    switch (which) {
    case Key::append: return take(Action::append, one_chain);
    case Key::insert: return take(Action::insert, chain_and_number);
    case Key::remove: return take(Action::remove, chain_and_number);
    case Key::replace: return take(Action::replace, chain_and_number);
    case Key::new_chain: return take(Action::new_chain, one_chain);
    case Key::rename_chain: return take(Action::rename_chain, chain_and_name);
    case Key::set_policy: return take(Action::set_policy, chain_and_name);
    case Key::foreign_command: return take(Action::query, any_chain);
    case Key::flush: return take(Action::flush, any_chain);
    case Key::zero: return take(Action::zero, any_chain);
    default: return take(Action::delete_chain, any_chain);
    }
}

// The value of an option, by its shape.
struct value_parser : leaf<value_parser, x3::unused_type> {
    template <class Context, class Attribute>
    bool parse(It& first, It const& last, Context const& context, Option& option, Attribute&) const {
        if (!parse_value(first, last, context, option)) return false;
        option.span.end = line_state(context).offset(first);
        return true;
    }

  private:
    template <class Context>
    static bool parse_value(It& first, It const& last, Context const& context, Option& option) {
        auto const take = [&]<class T>(auto const& parser, T value, char const* what) {
            It const begin = first;
            if (!parser.parse(first, last, context, x3::unused, value)) {
                kit::state(context).failure.note(begin, what, true);
                return false;
            }
            option.value = std::move(value);
            return true;
        };
        auto const limited = [&](auto const& rule, char const* what) {
            It const begin = first;
            if (!take(rule, NumberRange{}, what)) return false;
            auto& range = std::get<NumberRange>(option.value);
            // An open end is the largest value.
            if (range.last == ~std::uint64_t{0}) range.last = std::max(range.first, option.info->most);
            if (range.first >= option.info->least && range.last <= option.info->most && range.first <= range.last)
                return true;
            return refuse(context, begin,
                          "expected a number from " + std::to_string(option.info->least) + " to " +
                              std::to_string(option.info->most) + ", found '" + std::string(view(begin, first)) +
                              '\'');
        };
        switch (option.info->shape) {
        case Shape::none: return note_family(context, option.info->key);
        case Shape::action: return parse_action(first, last, context, option.info->key);
        case Shape::word: return take(argument, Word{}, "value");
        case Shape::choice:
        case Shape::choices: return take(argument, Word{}, "value") && is_choice(context, option);
        case Shape::optional_word: return optional(first, last, context, option);
        case Shape::two_words: return take_two_words(first, last, context, option);
        case Shape::rest: return take(rest, Word{}, "option");
        case Shape::protocol: return take(argument, Word{}, "protocol") && set_protocol(context, option);
        case Shape::extension:
            return take(argument, Word{}, "name of a match") && load(context, option, Role::match);
        case Shape::target: return take(operand, Word{}, "chain or target") && load(context, option, Role::target);
        case Shape::networks: return take(in_networks, Slice<Network>{}, "address");
        case Shape::port_range: return take(in_port_range, Slice<PortRange>{}, "port");
        case Shape::port_list: return take(in_port_list, Slice<PortRange>{}, "port");
        case Shape::tcp_flags: return take(tcp_flags, TcpFlags{}, "TCP flag");
        case Shape::icmp_type: return take(in_icmp_type, IcmpType{}, "ICMP type");
        case Shape::states: return take(in_states, Bits{}, "connection state");
        case Shape::statuses: return take(in_statuses, Bits{}, "connection status");
        case Shape::direction: return take(in_direction, Bits{}, "ORIGINAL or REPLY");
        case Shape::address_types: return take(in_address_types, Bits{}, "address type");
        case Shape::packet_type: return take(in_packet_type, Bits{}, "packet type");
        case Shape::address_range: return take(in_address_range, Slice<AddressRange>{}, "address");
        case Shape::number: return limited(in_number, "number");
        case Shape::number_range: return limited(in_number_range, "number or range");
        case Shape::masked_number: return take(in_masked_number, MaskedNumber{}, "number");
        case Shape::mac: return take(in_mac, Mac{}, "MAC address");
        case Shape::nat: return take(in_nat, Slice<NatTarget>{}, "address or port");
        case Shape::nat_ports: return take(in_nat_ports, Slice<PortRange>{}, "port");
        }
        return false;
    }

    static inline auto const in_networks = in_argument[networks];
    static inline auto const in_port_range = in_argument[only_in<&File::ports>(port_range)];
    static inline auto const in_port_list = in_argument[port_list];
    static inline auto const in_icmp_type = in_argument[icmp_type];
    static inline auto const in_states = in_argument[states];
    static inline auto const in_statuses = in_argument[statuses];
    static inline auto const in_direction = in_argument[direction];
    static inline auto const in_address_types = in_argument[address_types];
    static inline auto const in_packet_type = in_argument[packet_type];
    static inline auto const in_address_range = in_argument[address_range];
    static inline auto const in_number = in_argument[number];
    static inline auto const in_number_range = in_argument[number_range];
    static inline auto const in_masked_number = in_argument[masked_number];
    static inline auto const in_mac = in_argument[mac];
    static inline auto const in_nat = in_argument[nat];
    static inline auto const in_nat_ports = in_argument[only_in<&File::ports>(nat_ports)];

    // Whether the value is one of the option's words, or some of them.
    template <class Context> static bool is_choice(Context const& context, Option const& option) {
        Word const& given = std::get<Word>(option.value);
        std::string const text = given.plain();
        bool const several = option.info->shape == Shape::choices;
        for (std::string_view left = text;;) {
            std::string_view const word = several ? left.substr(0, left.find(',')) : left;
            if (!has_word(option.info->words, word))
                return refuse(context, given.raw.data(),
                              "'--" + std::string(option.info->name) + "' has no value '" + std::string(word) +
                                  "': it is one of " + std::string(option.info->words));
            if (word.size() == left.size()) return true;
            left.remove_prefix(word.size() + 1);
        }
    }
    static bool has_word(std::string_view words, std::string_view word) {
        while (!words.empty()) {
            std::string_view const next = words.substr(0, words.find(' '));
            if (next == word) return true;
            words.remove_prefix(std::min(next.size() + 1, words.size()));
        }
        return false;
    }

    template <class Context>
    static bool optional(It& first, It const& last, Context const& context, Option& option) {
        Word word;
        if (operand.parse(first, last, context, x3::unused, word))
            option.value = word;
        else
            option.value = Word{};
        return true;
    }

    template <class Context>
    static bool take_two_words(It& first, It const& last, Context const& context, Option& option) {
        It const begin = first;
        static auto const both = must(operand, "value") >> must(blanks >> operand, "second value");
        if (!both.parse(first, last, context, x3::unused, x3::unused)) return false;
        option.value = Word{view(begin, first)};
        return true;
    }

    template <class Context> static bool set_protocol(Context const& context, Option const& option) {
        std::string name = std::get<Word>(option.value).plain();
        for (char& c : name) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
        if (auto const of_c = parse_c_number(name); of_c && *of_c <= 255) name = std::to_string(static_cast<unsigned>(*of_c));
        line_state(context).protocol = protocol_extension(name);
        return true;
    }

    template <class Context> static bool note_family(Context const& context, Key which) {
        Command& command = line_state(context).command;
        command.v4_only = command.v4_only || which == Key::ipv4;
        command.v6_only = command.v6_only || which == Key::ipv6;
        return true;
    }

    template <class Context> static bool load(Context const& context, Option& option, Role role) {
        LineState& line = line_state(context);
        Word const& name = std::get<Word>(option.value);
        std::string_view word = name.raw;
        if (word.size() >= 2 && word.front() == '"') word = word.substr(1, word.size() - 2);
        // ip6tables knows some matches by the name of their protocol too: -m ipv6-icmp.
        Extension const* extension = find_extension(word, role);
        if (extension == nullptr && role == Role::match) extension = protocol_extension(word);
        if (extension == line.protocol) line.protocol = nullptr;
        Span span = line.span(name.raw.data(), name.raw.data() + name.raw.size());
        span.begin = option.span.begin;
        line.loaded.push_back({extension, word, role, span});
        return true;
    }
};
value_parser const value;

// The required options that an extension of the line lacks.
std::string missing_options(LineState const& line, std::size_t instance) {
    std::string missing;
    for (OptionInfo const& info : line.loaded[instance].extension->options) {
        bool const given = std::ranges::any_of(
            line.options, [&](Option const& o) { return o.instance == instance && o.info == &info; });
        if (info.has(OptionInfo::required) && !given)
            missing += (missing.empty() ? "'--" : ", '--") + std::string(info.name) + '\'';
    }
    return missing;
}

template <class T> Slice<T> append(std::vector<T>& pool, std::vector<T>& items) {
    Slice<T> const slice{static_cast<std::uint32_t>(pool.size()), static_cast<std::uint32_t>(items.size())};
    pool.insert(pool.end(), std::make_move_iterator(items.begin()), std::make_move_iterator(items.end()));
    return slice;
}

// Whether the command that ends here is one, with all that its matches and its target demand; then the line's.
template <class Context> bool complete(Context const& context, It end) {
    LineState& line = line_state(context);
    if (line.command.action == Action::none) return refuse(context, end, "no command such as -A in this line");
    for (std::size_t i = 1; i < line.loaded.size(); ++i) {
        Extension const* extension = line.loaded[i].extension;
        if (extension == nullptr) continue;
        bool any = false;
        std::size_t given = 0;
        for (Option const& o : line.options) {
            if (o.instance != i) continue;
            any = true;
            given += o.info->has(OptionInfo::required);
        }
        std::string const name = '\'' + std::string(extension->name) + '\'';
        if (extension->needs_option && !any) return refuse(context, end, name + " needs an option of its own");
        std::size_t const needed = std::ranges::count_if(
            extension->options, [](OptionInfo const& info) { return info.has(OptionInfo::required); });
        if (given < needed) return refuse(context, end, name + " needs " + missing_options(line, i));
    }
    line.command.options = append(line.file.options, line.options);
    line.command.loaded = append(line.file.loaded, line.loaded);
    line.statement = line.command;
    return true;
}

// ---- statements

// option = [ "!" , blanks ] , key , value
x3::rule<struct option_id, Option> const option = "option";
auto const negate = [](auto& c) { x3::_val(c).negated = true; };
auto const option_def = -(x3::lit('!')[negate] >> must(blanks, "option after '!'")) >> must(key, "option") >> value;

// counters = "[" , number , ":" , number , "]"
x3::rule<struct counters_id> const counters = "counters";
x3::uint_parser<std::uint64_t> const count;
auto const counters_def = '[' >> must(x3::omit[count], "packet count") >> must(x3::lit(':'), "':'") >>
                          must(x3::omit[count], "byte count") >> must(x3::lit(']'), "']'");

// table = "*" , [ blanks ] , name
x3::rule<struct table_id, TableStart> const table = "table";
auto const table_def = '*' >> -blanks >> must(argument[put<&TableStart::name>], "name of a table");

// chain = ":" , name , blanks , policy , [ blanks , counters ]
x3::rule<struct chain_id, ChainDeclaration> const chain = "chain";
auto const chain_def = ':' >> must(argument[put<&ChainDeclaration::name>], "chain name") >>
                       must(blanks >> argument[put<&ChainDeclaration::policy>], "policy") >> -(blanks >> counters);

x3::rule<struct commit_id, Commit> const commit = "commit";
auto const commit_def = x3::lit("COMMIT") >> &(x3::char_(" \t") | x3::eoi);

// command = [ counters , [ blanks ] ] , option , { blanks , option }
x3::rule<struct command_id> const command = "command";
auto const add_option = [](auto& c) { line_state(c).options.push_back(std::move(x3::_attr(c))); };
auto const start_of_command = must(&x3::char_("-![)\""), "table, chain, rule or COMMIT");
auto const command_def = start_of_command >> -(counters >> -blanks) >> option[add_option] % (blanks >> !x3::eoi);

// statement = table | chain | commit | command
x3::rule<struct statement_id> const statement = "statement";
auto const set_statement = [](auto& c) { line_state(c).statement = std::move(x3::_attr(c)); };
auto const set_command = [](auto& c) { x3::_pass(c) = complete(c, x3::_where(c).begin()); };
auto const statement_def = (table[set_statement] | chain[set_statement] | commit[set_statement] |
                            command[set_command]) >>
                           -blanks >> must(x3::eoi, "end of line");

BOOST_SPIRIT_DEFINE(option, counters, table, chain, commit, command, statement)

// ---- driver

// A line's bounds without blanks, and the carriage return of DOS files, around it.
void trim(It& first, It& last) {
    while (first != last && is_blank(*first)) ++first;
    while (first != last && (is_blank(last[-1]) || last[-1] == '\r')) --last;
}

// "Chain INPUT (policy ACCEPT)" is how a listing begins.
bool is_listing(std::string_view text) {
    std::size_t const start = text.find_first_not_of(" \t\r\n");
    if (start == std::string_view::npos || !text.substr(start).starts_with("Chain ")) return false;
    std::string_view const line = text.substr(start, text.find('\n', start) - start);
    return line.find(" (") != std::string_view::npos;
}

void refuse_layout(LineState& line, It at, std::string message) {
    if (std::exchange(line.may_be_indented, true)) return;
    SyntaxError error;
    error.span = line.span(at, at + 1);
    error.message = std::move(message);
    line.file.errors.push_back(std::move(error));
}

// iptables-restore compares whole lines: blanks before what is no command make it one. (It refuses carriage returns too,
// but they come and go with the copying of files.)
void check_layout(LineState& line, It raw_first, It raw_last, It first, It last) {
    bool const comment = first != last && *first == '#';
    if (raw_first == raw_last || !is_blank(*raw_first)) return;
    if (first == last)
        refuse_layout(line, raw_first, "blanks in an empty line, in which iptables-restore finds no command");
    else if (comment || *first == '*' || *first == ':' || view(first, last).starts_with("COMMIT"))
        refuse_layout(line, raw_first,
                      "blanks before '" + std::string(first, std::find_if(first, last, is_blank)) +
                          "', which iptables-restore then takes for an argument");
}

void parse_line(LineState& line, It first, It last, It end) {
    It const raw_first = first;
    It const raw_last = last;
    trim(first, last);
    check_layout(line, raw_first, raw_last, first, last);
    if (first == last || *first == '#') return;
    line.start_line();
    x3::context<kit::state_tag, kit::State> const context{line};
    It at = first;
    if (statement.parse(at, last, context, x3::unused, x3::unused) && !line.failure.frozen) {
        std::visit([&](auto& s) { s.span = line.span(first, last); }, line.statement);
        line.file.statements.push_back(line.statement);
        return;
    }
    if (line.failure.at == nullptr) line.failure.note(first, "table, chain, rule or COMMIT", true);
    SyntaxError error = kit::to_error(line, end, line.source);
    error.message = std::move(line.message);
    error.of_other_protocol = line.of_other_protocol;
    line.file.errors.push_back(std::move(error));
}

} // namespace

File parse(std::string_view text, SourceId source) {
    File file;
    file.text = text;
    file.source = source;
    // A rule takes some hundred characters and an option thirteen: few reallocations, little left over.
    std::size_t const guessed = std::min(text.size() / 12, std::size_t{1} << 22U);
    file.options.reserve(guessed);
    file.loaded.reserve(guessed / 2);
    file.statements.reserve(guessed / 8);
    It const begin = text.data();
    It const end = begin + text.size();
    if (text.size() > size_limit) {
        file.errors.push_back(make_syntax_error({}, 0, source, {}));
        file.errors.back().message = "the file is larger than a gibibyte";
        return file;
    }
    if (is_listing(text)) {
        file.errors.push_back(make_syntax_error(text, static_cast<std::uint32_t>(text.find("Chain")), source, {}));
        file.errors.back().message =
            "this is a listing of iptables -L, which leaves out too much: use iptables-save";
        return file;
    }
    LineState line(begin, file, source);
    bool const for_restore = text.starts_with('*') || text.find("\n*") != std::string_view::npos;
    line.may_be_indented = !for_restore;
    for (It first = begin; first != end;) {
        auto const* newline = static_cast<It>(std::memchr(first, '\n', static_cast<std::size_t>(end - first)));
        It const last = newline == nullptr ? end : newline;
        parse_line(line, first, last, end);
        if (file.errors.size() >= error_limit) {
            file.errors.back().message = "too many errors; the rest of the file is not read";
            break;
        }
        first = newline == nullptr ? end : newline + 1;
    }
    return file;
}

} // namespace portcullis::iptables
