// The statements of rules: "STATEMENTS" of libnftables-json(5), and what newer versions of nft print.
#include <algorithm>
#include <fmt/format.h>

#include "dialect/nft_json_writer.hpp"
#include "grammars/nftables/lexer.hpp"

namespace portcullis::nft_json {

namespace {

// Fields that are sets of bits: "==" compares all of them, and without it a match asks for any.
bool is_bitmask(Value left) {
    auto const text_of = [](Value object, std::string_view key) {
        auto const found = object.kind() == Kind::object ? object.find(key) : std::nullopt;
        return found ? found->text() : std::string_view();
    };
    if (left.kind() != Kind::object) return false;
    if (auto const payload = left.find("payload"))
        return text_of(*payload, "protocol") == "tcp" && text_of(*payload, "field") == "flags";
    auto const ct = left.find("ct");
    std::string_view const key = ct ? text_of(*ct, "key") : std::string_view();
    return key == "state" || key == "status" || key == "label" || key == "event";
}

bool is_operation(Value left) {
    if (left.kind() != Kind::object) return false;
    constexpr std::string_view operators[] = {"&", "|", "^", "<<", ">>"};
    return std::any_of(std::begin(operators), std::end(operators),
                       [&](std::string_view op) { return left.find(op).has_value(); });
}

// A named counter, limit …, or the map to find its name in.
bool is_reference(Value body) {
    return body.kind() == Kind::string || (body.kind() == Kind::object && body.find("map"));
}

bool is_set(Value right) {
    if (right.kind() == Kind::string) return right.text().starts_with('@');
    return right.kind() == Kind::object && right.find("set");
}

} // namespace

void Writer::statement(Value value) {
    auto const scope = out_.piece(value.span());
    if (value.kind() == Kind::string) return verbatim(value);
    auto const [key, body] = only_member(value, "a statement");
    for (Statement const& row : statements)
        if (row.name == key.text()) return row.write(*this, body);
    unknown(key, fmt::format("statement \"{}\"", key.text()));
}

// What nft has no JSON for ("jump { … }", "update @map { … }") it prints as text. Only what is one statement is
// taken.
void Writer::verbatim(Value value) {
    using nftables::TokenKind;
    std::string_view const text = value.text();
    nftables::Tokens const tokens = nftables::lex(text, 0);
    int depth = 0;
    bool whole = tokens.comments.empty() && tokens.tokens.size() > 1;
    for (nftables::Token const& token : tokens.tokens) {
        bool const ends = token.kind == TokenKind::newline || token.kind == TokenKind::semicolon;
        if (token.kind == TokenKind::open_brace) ++depth;
        if (token.kind == TokenKind::close_brace) --depth;
        if (depth < 0 || token.kind == TokenKind::bad || (ends && depth == 0)) whole = false;
    }
    if (!whole || depth != 0) wrong(value, "one statement of nft, where it is text");
    Span const span = value.span();
    std::size_t written = 0;
    for (nftables::Token const& token : tokens.tokens) {
        if (token.kind == TokenKind::end) break;
        bool const quoted = token.kind == TokenKind::string;
        std::size_t const begin = token.offset - (quoted ? 1 : 0);
        std::size_t const end = token.end() + (quoted ? 1 : 0);
        put(text.substr(written, begin - written));
        piece(Span{span.source, value.offset_of(begin), value.offset_of(end)}, text.substr(begin, end - begin));
        written = end;
    }
    put(text.substr(written));
}

// ---- matches and verdicts

void Writer::match(Value body) {
    require_keys(body, {"op", "left", "right"});
    Value const left = member(body, "left");
    Value const right = member(body, "right");
    std::string_view const op = one_of(member(body, "op"), {"==", "!=", "<", ">", "<=", ">=", "in", "!"});
    expression(left);
    put(" ");
    // "in" is nft's name for no operator, and so is "==" where it makes no difference.
    bool const implied = op == "in" || (op == "==" && (is_set(right) || !(is_bitmask(left) || is_operation(left))));
    if (!implied) {
        put(op);
        put(" ");
    }
    expression(right, forms_of(left));
}

void Writer::null_statement(std::string_view text, Value body) {
    require_kind(body, Kind::null);
    put(text);
}

void Writer::jump(std::string_view verdict, Value body) {
    require_keys(body, {"target"});
    put(verdict);
    put(" ");
    put_name(member(body, "target"));
}

void Writer::verdict_map(Value body) {
    require_keys(body, {"key", "data"});
    Value const key = member(body, "key");
    expression(key);
    put(" vmap ");
    lookup(member(body, "data"), forms_of(key), {});
}

// ---- counters and limits

void Writer::named(std::string_view what, Value name) {
    put(what);
    put(" ");
    expression(name, {Form::quoted});
}

void Writer::counter(Value body) {
    if (is_reference(body)) return named("counter name", body);
    put("counter");
    if (body.kind() == Kind::null) return;
    require_keys(body, {"packets", "bytes"});
    put_numbered(body, "packets", "packets");
    put_numbered(body, "bytes", "bytes");
}

void Writer::amount(Value object, std::string_view value_key, std::string_view unit_key) {
    put_number(member(object, value_key));
    put(" ");
    if (auto const unit = object.find(unit_key))
        put_word(*unit);
    else
        put("bytes");
}

void Writer::quota(Value body) {
    if (is_reference(body)) return named("quota name", body);
    require_keys(body, {"val", "val_unit", "used", "used_unit", "inv"});
    put(flag(body, "inv") ? "quota over " : "quota ");
    amount(body, "val", "val_unit");
    if (!body.find("used")) return;
    put(" used ");
    amount(body, "used", "used_unit");
}

// "rate over 10 kbytes/second burst 5 kbytes". nft leaves out a burst of 5 packets, its default, and of no bytes.
void Writer::rate(Value body) {
    put(flag(body, "inv") ? "rate over " : "rate ");
    put_number(member(body, "rate"));
    auto const unit = body.find("rate_unit");
    bool const packets = !unit || string(*unit) == "packets";
    if (!packets) {
        put(" ");
        put_word(*unit);
    }
    put("/");
    if (auto const per = body.find("per"))
        put_word(*per);
    else
        put("second");
    auto const burst = body.find("burst");
    if (!burst || number(*burst) == "0" || (packets && number(*burst) == "5")) return;
    put_numbered(body, "burst", "burst");
    put(" ");
    if (packets)
        put("packets");
    else if (auto const burst_unit = body.find("burst_unit"))
        put_word(*burst_unit);
    else
        put("bytes");
}

void Writer::limit(Value body) {
    if (is_reference(body)) return named("limit name", body);
    require_keys(body, {"rate", "rate_unit", "per", "burst", "burst_unit", "inv"});
    put("limit ");
    rate(body);
}

void Writer::connection_limit(Value body) {
    require_keys(body, {"val", "inv"});
    put(flag(body, "inv") ? "ct count over " : "ct count ");
    put_number(member(body, "val"));
}

void Writer::last(Value body) {
    put("last");
    if (body.kind() == Kind::null) return;
    require_keys(body, {"used"});
    number(member(body, "used")); // in milliseconds; when it was is not what the rule does
}

// What an element of a set may carry, too.
bool Writer::state_statement(std::string_view name, Value value) {
    constexpr std::string_view names[] = {"counter", "limit", "quota", "ct count", "last"};
    if (std::find(std::begin(names), std::end(names), name) == std::end(names)) return false;
    auto const scope = out_.piece(value.span());
    for (Statement const& row : statements)
        if (row.name == name) row.write(*this, value);
    return true;
}

void Writer::states(Value list) {
    require_kind(list, Kind::array);
    list.each_item([&](Value each) {
        auto const [key, body] = only_member(each, "a statement");
        put(" ");
        if (!state_statement(key.text(), body)) unknown(key, fmt::format("\"{}\" of an element", key.text()));
    });
}

// ---- what changes the packet

void Writer::mangle(Value body) {
    require_keys(body, {"key", "value"});
    Value const key = member(body, "key");
    auto const meta = key.kind() == Kind::object ? key.find("meta") : std::nullopt;
    if (meta && meta->kind() == Kind::object) { // with its header, always: "meta mark set 1"
        auto const scope = out_.piece(key.span());
        put("meta ");
        put_word(member(*meta, "key"));
    } else {
        expression(key);
    }
    put(" set ");
    expression(member(body, "value"), forms_of(key));
}

void Writer::assigned(std::string_view target, Value value) {
    put(target);
    put(" set ");
    expression(value, {Form::quoted});
}

namespace {

bool is_ipv6(Value value) {
    if (value.kind() == Kind::string) return value.text().find(':') != std::string_view::npos;
    auto const range = value.kind() == Kind::object ? value.find("range") : std::nullopt;
    if (!range) return false;
    bool found = false;
    if (range->kind() == Kind::array) range->each_item([&](Value end) { found = found || is_ipv6(end); });
    return found;
}

} // namespace

// An address, in brackets where a port follows: [2001:db8::1]-[2001:db8::9]:80.
void Writer::address(Value value, bool before_port) {
    if (!before_port || !is_ipv6(value)) return expression(value);
    auto const scope = out_.piece(value.span());
    auto const range = value.kind() == Kind::object ? value.find("range") : std::nullopt;
    bool first = true;
    each(range.value_or(value), [&](Value end) {
        put(std::exchange(first, false) ? "[" : "-[");
        expression(end);
        put("]");
    });
}

void Writer::address_and_port(Value body) {
    auto const where = body.find("addr");
    auto const port = body.find("port");
    if (where) address(*where, port.has_value());
    if (port) {
        put(":");
        expression(*port);
    }
}

void Writer::family(Value body) {
    if (auto const family = body.find("family")) {
        put(" ");
        piece(*family, one_of(*family, {"ip", "ip6"}));
    }
}

void Writer::translation_flags(Value body) {
    auto const flags = body.find("flags");
    if (!flags) return;
    bool first = true;
    each(*flags, [&](Value flag) {
        std::string_view const word = one_of(flag, {"random", "fully-random", "persistent", "netmap"});
        if (word == "netmap") return; // what a prefix for an address means
        put(std::exchange(first, false) ? " " : ",");
        piece(flag, word);
    });
}

void Writer::translation(std::string_view kind, Value body) {
    put(kind);
    if (body.kind() == Kind::null) wrong(body, "an address or a port");
    require_keys(body, {"addr", "family", "port", "flags", "type_flags"});
    family(body);
    if (auto const types = body.find("type_flags"))
        each(*types, [&](Value type) {
            put(" ");
            piece(type, one_of(type, {"prefix", "interval"}));
        });
    put(" to ");
    address_and_port(body);
    translation_flags(body);
}

void Writer::itself(std::string_view kind, Value body) {
    put(kind);
    if (body.kind() == Kind::null) return;
    require_keys(body, {"port", "flags"});
    if (auto const port = body.find("port")) {
        put(" to :");
        expression(*port);
    }
    translation_flags(body);
}

void Writer::reject(Value body) {
    put("reject");
    if (body.kind() == Kind::null) return;
    require_keys(body, {"type", "expr"});
    auto const type = body.find("type");
    if (!type) return;
    std::string_view const word = one_of(*type, {"tcp reset", "icmp", "icmpv6", "icmpx"});
    put(" with ");
    piece(*type, word);
    if (word == "tcp reset") return;
    put(" ");
    expression(member(body, "expr"));
}

void Writer::synproxy(Value body) {
    if (is_reference(body)) return named("synproxy name", body);
    put("synproxy");
    if (body.kind() == Kind::null) return;
    require_keys(body, {"mss", "wscale", "flags"});
    put_numbered(body, "mss", "mss");
    put_numbered(body, "wscale", "wscale");
    if (auto const flags = body.find("flags"))
        each(*flags, [&](Value flag) {
            put(" ");
            piece(flag, one_of(flag, {"timestamp", "sack-perm"}));
        });
}

void Writer::tproxy(Value body) {
    require_keys(body, {"family", "addr", "port"});
    put("tproxy");
    family(body);
    put(" to ");
    address_and_port(body);
}

void Writer::reset(Value body) {
    auto const [key, option_body] = only_member(body, "{\"tcp option\": …}");
    if (key.text() != "tcp option") wrong(key, "\"tcp option\"");
    put("reset ");
    option("tcp option", option_body);
}

// ---- where it goes

void Writer::device(Value body) {
    auto const device = body.find("dev");
    if (!device) return;
    put(" device ");
    expression(*device, {Form::quoted});
}

void Writer::dup(Value body) {
    require_keys(body, {"addr", "dev"});
    put("dup to ");
    // In a netdev table the target is an interface.
    Value const target = member(body, "addr");
    bool const is_address =
        target.kind() == Kind::string && target.text().find_first_of(".:") != std::string_view::npos;
    expression(target, is_address ? Forms{} : Forms{Form::quoted});
    device(body);
}

void Writer::fwd(Value body) {
    require_keys(body, {"dev", "family", "addr"});
    put("fwd");
    auto const target = body.find("addr");
    if (!target) {
        put(" to ");
        return expression(member(body, "dev"), {Form::quoted});
    }
    family(body);
    put(" to ");
    expression(*target);
    device(body);
}

void Writer::flow(Value body) {
    require_keys(body, {"op", "flowtable"});
    one_of(member(body, "op"), {"add"});
    put("flow add ");
    expression(member(body, "flowtable"));
}

void Writer::queue(Value body) {
    put("queue");
    if (body.kind() == Kind::null) return;
    require_keys(body, {"num", "flags"});
    if (auto const flags = body.find("flags")) {
        put(" flags ");
        put_flags(*flags, ",");
    }
    if (auto const target = body.find("num")) {
        put(" to ");
        expression(*target);
    }
}

// ---- sets

// {"set": {"op": "update", "elem": …, "set": "@name", "stmt": […]}}, and of a map with "data" and "map".
void Writer::set_update(std::string_view kind, Value body) {
    require_keys(body, {"op", "elem", "stmt", "data", kind});
    piece(member(body, "op"), one_of(member(body, "op"), {"add", "update", "delete"}));
    put(" ");
    expression(member(body, kind));
    put(" { ");
    key_of(member(body, "elem"), {});
    if (auto const list = body.find("stmt")) states(*list);
    if (kind == "map") {
        put(" : ");
        expression(member(body, "data"), {Form::mark});
    }
    put(" }");
}

void Writer::meter(Value body) {
    require_keys(body, {"name", "key", "stmt", "size"});
    put("meter ");
    put_name(member(body, "name"));
    put_numbered(body, "size", "size");
    put(" { ");
    key_of(member(body, "key"), {});
    auto const [key, statement_body] = only_member(member(body, "stmt"), "a statement");
    put(" ");
    if (!state_statement(key.text(), statement_body)) unknown(key, fmt::format("\"{}\" of a meter", key.text()));
    put(" }");
}

// ---- logs, and the rest

void Writer::log(Value body) {
    put("log");
    if (body.kind() == Kind::null) return;
    require_keys(body, {"prefix", "group", "snaplen", "queue-threshold", "level", "flags"});
    if (auto const prefix = body.find("prefix")) {
        put(" prefix ");
        put_string(*prefix);
    }
    for (std::string_view const key : {"group", "snaplen", "queue-threshold"}) put_numbered(body, key, key);
    if (auto const level = body.find("level")) {
        put(" level ");
        put_word(*level);
    }
    auto const flags = body.find("flags");
    if (!flags) return;
    bool of_tcp = false; // nft lists those of tcp together: "flags tcp sequence,options"
    each(*flags, [&](Value flag) {
        std::string_view const name =
            one_of(flag, {"tcp sequence", "tcp options", "ip options", "skuid", "ether", "all"});
        bool const goes_on = of_tcp && name == "tcp options";
        put(goes_on ? "," : " flags ");
        piece(flag, goes_on ? name.substr(name.find(' ') + 1) : name);
        of_tcp = name == "tcp sequence";
    });
}

// What iptables-nft left, of which nft tells the name at most.
void Writer::foreign(Value body) {
    if (body.kind() == Kind::null) unknown(body, "an xt statement", "nft does not tell which it is");
    require_keys(body, {"type", "name"});
    Value const type = member(body, "type");
    if (string(type) == "watcher") unknown(type, "an xt watcher", "what it does is known to iptables alone");
    put("xt ");
    put(one_of(type, {"match", "target"}));
    put(" ");
    put_string(member(body, "name"));
}

std::initializer_list<Writer::Statement> const Writer::statements = {
    {"match", [](Writer& w, Value v) { w.match(v); }},
    {"accept", [](Writer& w, Value v) { w.null_statement("accept", v); }},
    {"drop", [](Writer& w, Value v) { w.null_statement("drop", v); }},
    {"continue", [](Writer& w, Value v) { w.null_statement("continue", v); }},
    {"return", [](Writer& w, Value v) { w.null_statement("return", v); }},
    {"jump", [](Writer& w, Value v) { w.jump("jump", v); }},
    {"goto", [](Writer& w, Value v) { w.jump("goto", v); }},
    {"vmap", [](Writer& w, Value v) { w.verdict_map(v); }},
    {"counter", [](Writer& w, Value v) { w.counter(v); }},
    {"quota", [](Writer& w, Value v) { w.quota(v); }},
    {"limit", [](Writer& w, Value v) { w.limit(v); }},
    {"ct count", [](Writer& w, Value v) { w.connection_limit(v); }},
    {"last", [](Writer& w, Value v) { w.last(v); }},
    {"mangle", [](Writer& w, Value v) { w.mangle(v); }},
    {"dnat", [](Writer& w, Value v) { w.translation("dnat", v); }},
    {"snat", [](Writer& w, Value v) { w.translation("snat", v); }},
    {"masquerade", [](Writer& w, Value v) { w.itself("masquerade", v); }},
    {"redirect", [](Writer& w, Value v) { w.itself("redirect", v); }},
    {"reject", [](Writer& w, Value v) { w.reject(v); }},
    {"log", [](Writer& w, Value v) { w.log(v); }},
    {"set", [](Writer& w, Value v) { w.set_update("set", v); }},
    {"map", [](Writer& w, Value v) { w.set_update("map", v); }},
    {"meter", [](Writer& w, Value v) { w.meter(v); }},
    {"notrack", [](Writer& w, Value v) { w.null_statement("notrack", v); }},
    {"queue", [](Writer& w, Value v) { w.queue(v); }},
    {"dup", [](Writer& w, Value v) { w.dup(v); }},
    {"fwd", [](Writer& w, Value v) { w.fwd(v); }},
    {"tproxy", [](Writer& w, Value v) { w.tproxy(v); }},
    {"synproxy", [](Writer& w, Value v) { w.synproxy(v); }},
    {"flow", [](Writer& w, Value v) { w.flow(v); }},
    {"reset", [](Writer& w, Value v) { w.reset(v); }},
    {"ct helper", [](Writer& w, Value v) { w.assigned("ct helper", v); }},
    {"ct timeout", [](Writer& w, Value v) { w.assigned("ct timeout", v); }},
    {"ct expectation", [](Writer& w, Value v) { w.assigned("ct expectation", v); }},
    {"secmark", [](Writer& w, Value v) { w.assigned("meta secmark", v); }},
    {"xt", [](Writer& w, Value v) { w.foreign(v); }},
};

} // namespace portcullis::nft_json
