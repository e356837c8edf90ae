// The expressions: "EXPRESSIONS" of libnftables-json(5), and what newer versions of nft print.
#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "dialect/nft_json_writer.hpp"
#include "portcullis/base/ip.hpp"

namespace portcullis::nft_json {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

template <class List> bool contains(List const& list, std::string_view word) {
    return std::find(std::begin(list), std::end(list), word) != std::end(list);
}

// Values that would be read as something else where they stand bare.
constexpr std::string_view reserved[] = {
    "eq",      "ne",          "lt",          "le",      "gt",      "ge",      "and",       "or",       "xor",
    "lshift",  "rshift",      "set",         "map",     "vmap",    "accept",  "drop",      "return",   "continue",
    "jump",    "goto",        "mark",        "iif",     "iifname", "iiftype", "iifgroup",  "oif",      "oifname",
    "oiftype", "oifgroup",    "skuid",       "skgid",   "nftrace", "pkttype", "cpu",       "cgroup",   "ibrname",
    "obrname", "ibridgename", "obridgename", "time",    "day",     "hour",    "rtclassid", "ibriport", "obriport",
    "comment", "numgen",      "jhash",       "symhash", "fib"};

// 00:11:22:33:44:55, fe80::1, or the handle 1:2 of a traffic class.
bool is_colon_word(std::string_view text) {
    auto const colons = std::count(text.begin(), text.end(), ':');
    bool const all_hex = std::all_of(text.begin(), text.end(), [](char c) { return is_hex(c) || c == ':'; });
    if (colons == 1) {
        std::size_t const at = text.find(':');
        return all_hex && at >= 1 && at <= 4 && text.size() - at >= 2 && text.size() - at <= 5;
    }
    bool const mac =
        colons == 5 && all_hex && text.front() != ':' && text.back() != ':' && text.find("::") == text.npos;
    return mac || parse_ipv6(text).has_value();
}

// Whether the lexer takes the text for one word or number.
bool stands_bare(std::string_view text) {
    if (text.empty() || contains(reserved, text)) return false;
    if (text.find(':') != std::string_view::npos) return is_colon_word(text);
    bool const digits = is_digit(text.front());
    if (!digits && !is_letter(text.front())) return false;
    if (!digits && text.ends_with('*')) text.remove_suffix(1);
    for (std::size_t i = 0; i < text.size(); ++i) {
        bool const inner = digits ? text[i] == '.' && i + 1 < text.size() && is_digit(text[i + 1])
                                  : text[i] == '/' || text[i] == '-' || text[i] == '.';
        if (!inner && !is_digit(text[i]) && !is_letter(text[i])) return false;
    }
    return true;
}

struct KeyForm {
    std::string_view expression;
    std::string_view key;
    Form form;
};
// nft's datatypes that print in quotes (interfaces, groups, labels, times …) or in hexadecimal.
constexpr KeyForm key_forms[] = {
    {"meta", "iif", Form::name_or_number},
    {"meta", "oif", Form::name_or_number},
    {"meta", "iifname", Form::quoted},
    {"meta", "oifname", Form::quoted},
    {"meta", "ibrname", Form::quoted},
    {"meta", "obrname", Form::quoted},
    {"meta", "ibridgename", Form::quoted},
    {"meta", "obridgename", Form::quoted},
    {"meta", "sdif", Form::name_or_number},
    {"meta", "sdifname", Form::quoted},
    {"meta", "iifkind", Form::quoted},
    {"meta", "oifkind", Form::quoted},
    {"meta", "iifgroup", Form::name_or_number},
    {"meta", "oifgroup", Form::name_or_number},
    {"meta", "rtclassid", Form::name_or_number},
    {"meta", "time", Form::quoted},
    {"meta", "day", Form::quoted},
    {"meta", "hour", Form::quoted},
    {"meta", "mark", Form::mark},
    {"ct", "mark", Form::mark},
    {"ct", "helper", Form::quoted},
    {"ct", "label", Form::quoted},
    {"ct", "expiration", Form::seconds},
    {"rt", "classid", Form::name_or_number},
    {"socket", "mark", Form::mark},
    {"socket", "cgroupv2", Form::quoted},
    {"osf", "name", Form::quoted},
    {"osf", "version", Form::quoted},
};

struct TypeForm {
    std::string_view type;
    Form form;
};
constexpr TypeForm type_forms[] = {
    {"ifname", Form::quoted},
    {"iface_index", Form::name_or_number},
    {"devgroup", Form::name_or_number},
    {"realm", Form::name_or_number},
    {"ct_label", Form::quoted},
    {"time", Form::seconds},
    {"day", Form::quoted},
    {"hour", Form::quoted},
    {"string", Form::quoted},
    {"cgroupsv2", Form::quoted},
    {"ifkind", Form::quoted},
    {"mark", Form::mark},
    {"counter", Form::quoted},
    {"quota", Form::quoted},
    {"limit", Form::quoted},
    {"secmark", Form::quoted},
    {"synproxy", Form::quoted},
    {"ct helper", Form::quoted},
    {"ct timeout", Form::quoted},
};

// How tightly operators bind, as in the grammar.
struct Precedence {
    std::string_view op;
    int value;
};
constexpr Precedence precedences[] = {{"<<", 4}, {">>", 4}, {"&", 3}, {"^", 2}, {"|", 1}};
int precedence_of(std::string_view op) {
    auto const at = std::find_if(std::begin(precedences), std::end(precedences),
                                 [&](Precedence const& row) { return row.op == op; });
    return at == std::end(precedences) ? 0 : at->value;
}

std::optional<std::pair<Value, Value>> first_member(Value value) {
    std::optional<std::pair<Value, Value>> first;
    if (value.kind() == Kind::object)
        value.each_member([&](Value key, Value member) {
            if (!first) first.emplace(key, member);
        });
    return first;
}

std::optional<Value> first_item(Value value) {
    std::optional<Value> first;
    if (value.kind() == Kind::array)
        value.each_item([&](Value item) {
            if (!first) first = item;
        });
    return first;
}

Form form_of_fib(Value fib) {
    std::optional<Value> const result = fib.find("result");
    if (result && result->text() == "oif") return Form::name_or_number;
    return result && result->text() == "oifname" ? Form::quoted : Form::plain;
}

} // namespace

Form form_of_type(std::string_view type) {
    auto const at = std::find_if(std::begin(type_forms), std::end(type_forms),
                                 [&](TypeForm const& row) { return row.type == type; });
    return at == std::end(type_forms) ? Form::plain : at->form;
}

Forms forms_of(Value value) {
    auto const only = first_member(value);
    if (!only) return {};
    auto const& [key, body] = *only;
    if (key.text() == "concat" && body.kind() == Kind::array) {
        Forms forms;
        body.each_item([&](Value part) {
            Forms const inner = forms_of(part);
            forms.push_back(inner.size() == 1 ? inner.front() : Form::plain);
        });
        return forms;
    }
    if (precedence_of(key.text()) != 0) {
        std::optional<Value> const first = first_item(body);
        return first ? forms_of(*first) : Forms{};
    }
    if (body.kind() != Kind::object) return {};
    if (key.text() == "elem") return body.find("val") ? forms_of(*body.find("val")) : Forms{};
    if (key.text() == "fib") return {form_of_fib(body)};
    if (key.text() == "payload" && body.find("base")) return {Form::hex};
    std::optional<Value> const name = body.find("key");
    if (!name) return {};
    for (KeyForm const& row : key_forms)
        if (row.expression == key.text() && row.key == name->text()) return {row.form};
    return {};
}

std::string duration(std::uint64_t seconds) {
    if (seconds == 0) return "0s";
    std::string text;
    constexpr std::pair<char, std::uint64_t> units[] = {{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}};
    for (auto const& [letter, size] : units) {
        if (std::uint64_t const count = seconds / size; count != 0) text += fmt::format("{}{}", count, letter);
        seconds %= size;
    }
    return text;
}

// ---- values

void Writer::expression(Value value, Forms const& forms) {
    auto const scope = out_.piece(value.span());
    if (value.kind() == Kind::array) return list(value, ",", forms);
    if (value.kind() != Kind::object) return immediate(value, forms.size() == 1 ? forms.front() : Form::plain);
    auto const [key, body] = only_member(value, "an expression");
    for (Expression const& row : expressions)
        if (row.name == key.text()) return row.write(*this, body, forms);
    unknown(key, fmt::format("expression \"{}\"", key.text()));
}

void Writer::immediate(Value value, Form form) {
    switch (value.kind()) {
    case Kind::boolean: return put(value.text() == "true" ? "exists" : "missing");
    case Kind::string: return literal(value, form);
    case Kind::number: break;
    default: wrong(value, "an expression");
    }
    std::string_view const text = number(value);
    std::uint64_t amount = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), amount);
    if (error != std::errc{} || end != text.data() + text.size()) return put(text);
    switch (form) {
    case Form::mark: return put(fmt::format("0x{:08x}", amount));
    case Form::hex: return put(fmt::format("0x{:x}", amount));
    case Form::seconds: return put(duration(amount));
    default: return put(text);
    }
}

void Writer::literal(Value value, Form form) {
    std::string_view const text = string(value);
    if (text == "*") return put("*");
    if (text.starts_with('@')) {
        // A reference is no string in nft.
        if (!stands_bare(text.substr(1)) && !contains(reserved, text.substr(1)))
            wrong(value, "the name of a set after '@'");
        return put(text);
    }
    bool const digits = std::all_of(text.begin(), text.end(), is_digit);
    bool const quoted = form == Form::quoted || (form == Form::name_or_number && !digits);
    if (!quoted && stands_bare(text)) return put(text);
    put_string(value);
}

void Writer::list(Value array, std::string_view separator, Forms const& forms) {
    bool first = true;
    array.each_item([&](Value item) {
        if (!std::exchange(first, false)) put(separator);
        expression(item, forms);
    });
    if (first) wrong(array, "at least one expression");
}

// ---- operations

// Two operands, or, from newer versions, as many as there are: a op b op c.
void Writer::operation(std::string_view op, Value operands, Forms const& forms) {
    require_kind(operands, Kind::array);
    Forms const inherited = forms.empty() && first_item(operands) ? forms_of(*first_item(operands)) : forms;
    int count = 0;
    operands.each_item([&](Value each) {
        if (count > 0) put(fmt::format(" {} ", op));
        bool const shift_count = count > 0 && precedence_of(op) == 4;
        operand(each, precedence_of(op), count > 0, shift_count ? Forms{} : inherited);
        ++count;
    });
    if (count < 2) wrong(operands, "two operands or more");
}

// In parentheses where it binds less tightly; flags in a list are joined by "or".
void Writer::operand(Value value, int precedence, bool last, Forms const& forms) {
    int inner = 9;
    if (value.kind() == Kind::array)
        inner = precedence_of("|");
    else if (auto const only = first_member(value); only && precedence_of(only->first.text()) != 0)
        inner = precedence_of(only->first.text());
    bool const nested = inner < precedence || (last && inner == precedence);
    if (nested) put("(");
    if (value.kind() == Kind::array) {
        auto const scope = out_.piece(value.span());
        list(value, " | ", forms);
    } else {
        expression(value, forms);
    }
    if (nested) put(")");
}

void Writer::concatenation(Value parts, Forms const& forms) {
    require_kind(parts, Kind::array);
    std::size_t count = 0;
    parts.each_item([&](Value part) {
        if (count > 0) put(" . ");
        expression(part, count < forms.size() ? Forms{forms[count]} : Forms{});
        ++count;
    });
    if (count < 2) wrong(parts, "two parts or more");
}

void Writer::range(Value ends, Forms const& forms) {
    require_kind(ends, Kind::array);
    int count = 0;
    std::size_t const begin = out_.text().size();
    ends.each_item([&](Value end) {
        // The lexer would take the dash for a part of a name before it.
        bool const name =
            count == 1 && is_letter(out_.text()[begin]) && out_.text().find(':', begin) == std::string::npos;
        if (count == 1) put(name ? " - " : "-");
        expression(end, forms);
        ++count;
    });
    if (count != 2) wrong(ends, "two values, the first and the last");
}

void Writer::prefix(Value body, Forms const& forms) {
    require_keys(body, {"addr", "len"});
    expression(member(body, "addr"), forms);
    put("/");
    put_number(member(body, "len"));
}

// ---- sets and maps

void Writer::anonymous_set(Value items, Forms const& keys, Forms const& data) {
    put("{ ");
    bool first = true;
    each(items, [&](Value item) {
        if (!std::exchange(first, false)) put(", ");
        element_of(item, keys, data);
    });
    put(first ? "}" : " }");
}

// A key, or an array of a key and a value.
void Writer::element_of(Value value, Forms const& keys, Forms const& data) {
    auto const scope = out_.piece(value.span());
    if (value.kind() != Kind::array) return key_of(value, keys);
    int count = 0;
    value.each_item([&](Value part) {
        if (count == 0) key_of(part, keys);
        if (count == 1) {
            put(" : ");
            expression(part, data);
        }
        ++count;
    });
    if (count != 2) wrong(value, "a key and a value");
}

// A key alone, or with what an element may carry: {"elem": {"val": …, "timeout": …, "counter": …}}.
void Writer::key_of(Value value, Forms const& forms) {
    auto const only = first_member(value);
    if (!only || only->first.text() != "elem") return expression(value, forms);
    auto const scope = out_.piece(value.span());
    Value const body = only_member(value, "an element").second;
    require_kind(body, Kind::object);
    expression(member(body, "val"), forms);
    body.each_member([&](Value key, Value option) {
        if (key.text() == "val") return;
        put(" ");
        if (key.text() == "comment") {
            put("comment ");
            put_string(option);
        } else if (key.text() == "timeout" || key.text() == "expires") {
            put(key.text());
            put(" ");
            number(option);
            auto const time = out_.piece(option.span());
            immediate(option, Form::seconds);
        } else if (!state_statement(key.text(), option)) {
            unknown(key, fmt::format("\"{}\" of an element", key.text()));
        }
    });
}

void Writer::map(Value body, Forms const& data) {
    require_keys(body, {"key", "data"});
    Value const key = member(body, "key");
    expression(key);
    put(" map ");
    lookup(member(body, "data"), forms_of(key), data);
}

// The table of a map: a set of pairs, or the name of one.
void Writer::lookup(Value table, Forms const& keys, Forms const& data) {
    auto const scope = out_.piece(table.span());
    if (table.kind() == Kind::string && table.text().starts_with('@')) return literal(table, Form::plain);
    auto const [key, items] = only_member(table, "{\"set\": …}, or a name with '@'");
    if (key.text() != "set") wrong(table, "{\"set\": …}, or a name with '@'");
    anonymous_set(items, keys, data);
}

// ---- what a packet has

void Writer::payload(Value body) {
    require_kind(body, Kind::object);
    if (!body.find("base")) {
        require_keys(body, {"protocol", "field"});
        put_word(member(body, "protocol"));
        put(" ");
        Value const field = member(body, "field");
        return piece(field, string(field)); // one word or, for ARP, two: "saddr ip"
    }
    require_keys(body, {"base", "offset", "len"});
    put("@");
    put_word(member(body, "base"));
    put(",");
    put_number(member(body, "offset"));
    put(",");
    put_number(member(body, "len"));
}

// tcp option, ip option, sctp chunk: by name and field, by name alone (is it there?), or by kind, offset and
// length.
void Writer::option(std::string_view header, Value body) {
    put(header);
    put(" ");
    require_kind(body, Kind::object);
    if (body.find("base")) {
        require_keys(body, {"base", "offset", "len"});
        put("@");
        put_number(member(body, "base"));
        put(",");
        put_number(member(body, "offset"));
        put(",");
        return put_number(member(body, "len"));
    }
    require_keys(body, {"name", "field"});
    put_word(member(body, "name"));
    if (auto const field = body.find("field")) {
        put(" ");
        put_word(*field);
    }
}

void Writer::dccp_option(Value body) {
    require_keys(body, {"type"});
    put("dccp option ");
    put_number(member(body, "type"));
}

void Writer::extension_header(Value body) {
    require_keys(body, {"name", "field", "offset"});
    auto const field = body.find("field");
    if (!field) put("exthdr ");
    put_word(member(body, "name"));
    if (!field) return;
    put(" ");
    // "addr[1]" of rt0; the offset counts the same.
    std::string_view const text = string(*field);
    bool const plain = std::all_of(text.begin(), text.end(), [](char c) {
        return is_letter(c) || is_digit(c) || c == '-' || c == '[' || c == ']';
    });
    if (!plain || text.empty()) wrong(*field, "a field of the header");
    piece(*field, text);
    if (auto const offset = body.find("offset"); offset && text.find('[') == text.npos && text == "addr")
        put(fmt::format("[{}]", number(*offset)));
}

void Writer::meta(Value body) {
    require_keys(body, {"key"});
    Value const key = member(body, "key");
    constexpr std::string_view bare[] = {"iif", "oif", "iifname", "oifname", "iifgroup", "oifgroup"};
    if (!contains(bare, key.text())) put("meta ");
    put_word(key);
}

void Writer::ct(Value body) {
    require_keys(body, {"key", "family", "dir"});
    put("ct ");
    if (auto const direction = body.find("dir")) {
        put(one_of(*direction, {"original", "reply"}));
        put(" ");
    }
    if (auto const family = body.find("family")) {
        put(one_of(*family, {"ip", "ip6"}));
        put(" ");
    }
    Value const key = member(body, "key");
    std::string_view const text = string(key);
    for (std::string_view const both : {"ip saddr", "ip daddr", "ip6 saddr", "ip6 daddr"})
        if (text == both) return piece(key, text);
    put_word(key);
}

void Writer::rt(Value body) {
    require_keys(body, {"key", "family"});
    put("rt ");
    if (auto const family = body.find("family")) {
        put(one_of(*family, {"ip", "ip6"}));
        put(" ");
    }
    put_word(member(body, "key"));
}

void Writer::numgen(Value body) {
    require_keys(body, {"mode", "mod", "offset"});
    put("numgen ");
    put(one_of(member(body, "mode"), {"inc", "random"}));
    put(" mod ");
    put_number(member(body, "mod"));
    offset_of(body);
}

void Writer::offset_of(Value body) {
    auto const offset = body.find("offset");
    if (offset && number(*offset) != "0") put_numbered(body, "offset", "offset");
}

void Writer::jhash(Value body) {
    require_keys(body, {"mod", "offset", "expr", "seed"});
    put("jhash ");
    expression(member(body, "expr"));
    put(" mod ");
    put_number(member(body, "mod"));
    if (auto const seed = body.find("seed")) {
        put(" seed ");
        expression(*seed, {Form::hex});
    }
    offset_of(body);
}

void Writer::symhash(Value body) {
    require_keys(body, {"mod", "offset"});
    put("symhash mod ");
    put_number(member(body, "mod"));
    offset_of(body);
}

void Writer::fib(Value body) {
    require_keys(body, {"result", "flags"});
    put("fib ");
    put_flags(member(body, "flags"), " . ");
    put(" ");
    put_word(member(body, "result"));
}

void Writer::socket(Value body) {
    require_keys(body, {"key", "level"});
    put("socket ");
    put_word(member(body, "key"));
    put_numbered(body, "level", "level");
}

void Writer::osf(Value body) {
    require_keys(body, {"key", "ttl"});
    put("osf ");
    if (auto const ttl = body.find("ttl")) {
        put("ttl ");
        put_word(*ttl);
        put(" ");
    }
    put(one_of(member(body, "key"), {"name", "version"}));
}

void Writer::ipsec(Value body) {
    require_keys(body, {"key", "family", "dir", "spnum"});
    put("ipsec ");
    put(one_of(member(body, "dir"), {"in", "out"}));
    if (auto const number_of_policy = body.find("spnum"); number_of_policy && number(*number_of_policy) != "0")
        put_numbered(body, "spnum", "spnum");
    put(" ");
    if (auto const family = body.find("family")) {
        put(one_of(*family, {"ip", "ip6"}));
        put(" ");
    }
    put_word(member(body, "key"));
}

using Forms_ = Forms const&;
std::initializer_list<Writer::Expression> const Writer::expressions = {
    {"concat", [](Writer& w, Value v, Forms_ f) { w.concatenation(v, f); }},
    {"set", [](Writer& w, Value v, Forms_ f) { w.anonymous_set(v, f, {}); }},
    {"map", [](Writer& w, Value v, Forms_ f) { w.map(v, f); }},
    {"prefix", [](Writer& w, Value v, Forms_ f) { w.prefix(v, f); }},
    {"range", [](Writer& w, Value v, Forms_ f) { w.range(v, f); }},
    {"payload", [](Writer& w, Value v, Forms_) { w.payload(v); }},
    {"exthdr", [](Writer& w, Value v, Forms_) { w.extension_header(v); }},
    {"tcp option", [](Writer& w, Value v, Forms_) { w.option("tcp option", v); }},
    {"ip option", [](Writer& w, Value v, Forms_) { w.option("ip option", v); }},
    {"sctp chunk", [](Writer& w, Value v, Forms_) { w.option("sctp chunk", v); }},
    {"dccp option", [](Writer& w, Value v, Forms_) { w.dccp_option(v); }},
    {"meta", [](Writer& w, Value v, Forms_) { w.meta(v); }},
    {"rt", [](Writer& w, Value v, Forms_) { w.rt(v); }},
    {"ct", [](Writer& w, Value v, Forms_) { w.ct(v); }},
    {"numgen", [](Writer& w, Value v, Forms_) { w.numgen(v); }},
    {"jhash", [](Writer& w, Value v, Forms_) { w.jhash(v); }},
    {"symhash", [](Writer& w, Value v, Forms_) { w.symhash(v); }},
    {"fib", [](Writer& w, Value v, Forms_) { w.fib(v); }},
    {"socket", [](Writer& w, Value v, Forms_) { w.socket(v); }},
    {"osf", [](Writer& w, Value v, Forms_) { w.osf(v); }},
    {"ipsec", [](Writer& w, Value v, Forms_) { w.ipsec(v); }},
    {"|", [](Writer& w, Value v, Forms_ f) { w.operation("|", v, f); }},
    {"^", [](Writer& w, Value v, Forms_ f) { w.operation("^", v, f); }},
    {"&", [](Writer& w, Value v, Forms_ f) { w.operation("&", v, f); }},
    {"<<", [](Writer& w, Value v, Forms_ f) { w.operation("<<", v, f); }},
    {">>", [](Writer& w, Value v, Forms_ f) { w.operation(">>", v, f); }},
    {"accept", [](Writer& w, Value v, Forms_) { w.null_statement("accept", v); }},
    {"drop", [](Writer& w, Value v, Forms_) { w.null_statement("drop", v); }},
    {"continue", [](Writer& w, Value v, Forms_) { w.null_statement("continue", v); }},
    {"return", [](Writer& w, Value v, Forms_) { w.null_statement("return", v); }},
    {"jump", [](Writer& w, Value v, Forms_) { w.jump("jump", v); }},
    {"goto", [](Writer& w, Value v, Forms_) { w.jump("goto", v); }},
};

} // namespace portcullis::nft_json
