// The commands and the objects of a ruleset. A list of objects, as nft prints it, is read like the commands that
// add them; so does nft itself.
#include <algorithm>
#include <fmt/format.h>

#include "dialect/nft_json_writer.hpp"
#include "grammars/nftables/lexer.hpp"
#include "portcullis/base/visible.hpp"

namespace portcullis::nft_json {

namespace {

constexpr std::size_t error_limit = 100;

bool is_word(std::string_view text) {
    auto const fits = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
               c == '.';
    };
    bool const begins = !text.empty() && fits(text.front()) && text.front() != '-' && text.front() != '.' &&
                        !(text.front() >= '0' && text.front() <= '9');
    return begins && std::all_of(text.begin(), text.end(), fits);
}

// What a string between quotes must not have.
bool is_special(char c) { return c == '"' || (static_cast<unsigned char>(c) < 0x20) || c == 0x7f; }

} // namespace

Transcript Writer::run() {
    try {
        auto const [key, list] = only_member(tree_.root(), "{\"nftables\": […]}");
        if (key.text() != "nftables") wrong(key, "\"nftables\"");
        require_kind(list, Kind::array);
        std::size_t errors = 0;
        list.each_item([&](Value item) {
            if (errors > error_limit) return;
            std::size_t const begin = out_.text().size();
            try {
                if (errors == error_limit) wrong(item, "fewer errors; the rest is not read");
                auto const scope = out_.piece(item.span());
                command(item);
                put("\n");
                return;
            } catch (Refused const&) {
                ++errors;
            }
            out_.cut(begin);
        });
    } catch (Refused const&) {
        // The finding says all.
    }
    return std::move(out_);
}

// ---- values of JSON

void Writer::wrong(Value at, std::string_view expected) {
    std::string const found = at.kind() == Kind::string || at.kind() == Kind::key
                                  ? fmt::format("\"{}\"", shortened(at.text(), 40))
                              : at.kind() == Kind::number ? shortened(at.text(), 40)
                                                          : std::string(describe(at.kind()));
    findings_.add("PC001", at.span())
        .arg("error", fmt::format("{}: found {}, expected {}", tree_.path(at), found, expected));
    throw Refused{};
}

void Writer::unknown(Value at, std::string const& construct, std::string_view why) {
    tell_unknown(at, construct, why);
    throw Refused{};
}

void Writer::tell_unknown(Value at, std::string const& construct, std::string_view why) {
    findings_.add("PC002", at.span())
        .arg("construct", shortened(construct, 100))
        .arg("why", fmt::format("{} (at {})", why, tree_.path(at)));
}

void Writer::require_kind(Value value, Kind kind) {
    if (value.kind() != kind) wrong(value, describe(kind));
}

void Writer::require_keys(Value object, std::initializer_list<std::string_view> keys) {
    require_kind(object, Kind::object);
    object.each_member([&](Value key, Value) {
        if (std::find(keys.begin(), keys.end(), key.text()) == keys.end())
            unknown(key, fmt::format("key \"{}\"", key.text()),
                    fmt::format("known here are {}", fmt::join(keys, ", ")));
    });
}

Value Writer::member(Value object, std::string_view key) {
    require_kind(object, Kind::object);
    std::optional<Value> const found = object.find(key);
    if (!found) wrong(object, fmt::format("the key \"{}\" in it", key));
    return *found;
}

std::string_view Writer::string(Value value) {
    require_kind(value, Kind::string);
    return value.text();
}

std::string_view Writer::number(Value value) {
    bool const digits = value.text().find_first_not_of("0123456789") == std::string_view::npos;
    if (value.kind() != Kind::number || !digits) wrong(value, "a number from 0");
    return value.text();
}

bool Writer::flag(Value object, std::string_view key) {
    std::optional<Value> const found = object.find(key);
    if (!found) return false;
    require_kind(*found, Kind::boolean);
    return found->text() == "true";
}

std::string_view Writer::one_of(Value value, std::initializer_list<std::string_view> words) {
    std::string_view const text = string(value);
    if (std::find(words.begin(), words.end(), text) == words.end())
        wrong(value, fmt::format("{}", fmt::join(words, ", ")));
    return text;
}

std::pair<Value, Value> Writer::only_member(Value object, std::string_view expected) {
    if (object.kind() != Kind::object) wrong(object, expected);
    std::optional<std::pair<Value, Value>> only;
    object.each_member([&](Value key, Value value) {
        if (only) wrong(key, "one key only");
        only.emplace(key, value);
    });
    if (!only) wrong(object, expected);
    return *only;
}

// ---- pieces of text

void Writer::put_string(Value value) {
    std::string_view const text = string(value);
    if (std::any_of(text.begin(), text.end(), is_special))
        wrong(value, "a string without quotes and control characters");
    auto const scope = out_.piece(value.span());
    put("\"");
    put(text);
    put("\"");
}

void Writer::put_name(Value value) {
    std::string_view const text = string(value);
    if (text.empty()) wrong(value, "a name");
    if (is_word(text) && nftables::find_keyword(text) == 0) return piece(value, text);
    put_string(value);
}

void Writer::put_word(Value value) {
    if (!is_word(string(value))) wrong(value, "a word");
    piece(value, value.text());
}

void Writer::put_numbered(Value object, std::string_view key, std::string_view keyword) {
    std::optional<Value> const value = object.find(key);
    if (!value) return;
    put(fmt::format(" {} ", keyword));
    put_number(*value);
}

void Writer::put_flags(Value flags, std::string_view separator) {
    bool first = true;
    each(flags, [&](Value flag) {
        if (!std::exchange(first, false)) put(separator);
        put_word(flag);
    });
    if (first) wrong(flags, "at least one flag");
}

// ---- commands

void Writer::command(Value item) {
    auto const [key, value] = only_member(item, "an object or a command");
    if (key.text() == "metainfo") return metainfo(value);
    std::string_view const verb = key.text();
    constexpr std::string_view additions[] = {"add", "create", "insert", "replace"};
    constexpr std::string_view others[] = {"delete", "destroy", "flush", "list", "reset", "rename"};
    bool const adds = std::find(std::begin(additions), std::end(additions), verb) != std::end(additions);
    if (!adds && std::find(std::begin(others), std::end(others), verb) == std::end(others))
        return addition("add", key, value, true);
    auto const [kind, body] = only_member(value, "what the command is about");
    if (adds)
        addition(verb, kind, body, false);
    else
        removal(verb, kind, body);
}

void Writer::metainfo(Value value) {
    require_kind(value, Kind::object);
    auto const version = value.find("json_schema_version");
    if (version && number(*version) != "1")
        unknown(*version, fmt::format("version {} of nft's JSON", version->text()), "known is version 1");
}

// `listed` objects are what a ruleset has, not what a command adds.
void Writer::addition(std::string_view verb, Value key, Value value, bool listed) {
    std::string_view const kind = key.text();
    if (kind == "rule") return rule(verb, value, listed);
    if (verb == "insert" || verb == "replace") wrong(key, "\"rule\"");
    for (Object const& row : objects) {
        if (row.name != kind) continue;
        put(fmt::format("{} {} ", verb, kind == "meter" ? "set" : kind));
        return row.write(*this, value);
    }
    unknown(key, fmt::format("object \"{}\"", kind));
}

// What takes away, renames or looks: the object by name or handle.
void Writer::removal(std::string_view verb, Value key, Value value) {
    std::string_view const kind = key.text();
    auto const known = [&](std::initializer_list<std::string_view> kinds) {
        return std::find(kinds.begin(), kinds.end(), kind) != kinds.end();
    };
    bool const looks = verb == "list" || verb == "reset";
    bool const is_object =
        known({"rule", "ruleset"}) || std::any_of(objects.begin(), objects.end(), [&](Object const& row) {
            return kind == row.name || (looks && kind.size() == row.name.size() + 1 && kind.starts_with(row.name) &&
                                        kind.back() == 's');
        });
    bool const flushed = known({"ruleset", "table", "chain", "set", "map", "meter"});
    bool const fits = verb == "flush" ? flushed : verb == "rename" ? kind == "chain" : looks || kind != "ruleset";
    if (!is_object || !fits) unknown(key, fmt::format("\"{}\" of \"{}\"", verb, kind));
    put(fmt::format("{} {}", verb, kind));
    if (value.kind() == Kind::null) return;
    require_kind(value, Kind::object);
    if (auto const family = value.find("family")) {
        put(" ");
        put_word(*family);
    }
    for (std::string_view const name : {"table", "chain", "name", "newname"}) {
        bool const own = name == "table" || (name == "chain") == (kind == "rule");
        auto const found = value.find(name);
        if (!found || !own) continue;
        put(" ");
        put_name(*found);
    }
    if (auto const handle = value.find("handle"); handle && (kind == "rule" || !value.find("name")))
        put_numbered(value, "handle", "handle");
    if (auto const elements = value.find("elem"); elements && kind == "element") {
        put(" ");
        SetForms const& forms = forms_of_set(value);
        anonymous_set(*elements, forms.keys, forms.data);
    }
}

// ---- objects

void Writer::family_of_table(Value object) {
    Value const family_name = member(object, "family");
    piece(family_name, one_of(family_name, {"ip", "ip6", "inet", "arp", "bridge", "netdev"}));
    put(" ");
}

void Writer::header(Value object) {
    family_of_table(object);
    put_name(member(object, "table"));
    put(" ");
    put_name(member(object, "name"));
}

Writer::SetForms& Writer::forms_of_set(Value object) {
    std::string key;
    for (std::string_view const part : {"family", "table", "name"}) {
        key += string(member(object, part));
        key += '\n'; // which no name has
    }
    return sets_[key];
}

void Writer::comment(Value object) {
    auto const text = object.find("comment");
    if (!text) return;
    put(" comment ");
    put_string(*text);
    put(";");
}

void Writer::table(Value body) {
    require_keys(body, {"family", "name", "handle", "flags", "comment"});
    family_of_table(body);
    put_name(member(body, "name"));
    std::string known;
    if (auto const flags = body.find("flags"))
        each(*flags, [&](Value flag) {
            std::string_view const word = string(flag);
            // nft 1.0.6 prints the name of the table for any flag.
            if (word != "dormant" && word != "owner" && word != "persist")
                return tell_unknown(flag, fmt::format("flag \"{}\" of a table", word),
                                    "known are dormant, owner and persist");
            known += fmt::format("{}{}", known.empty() ? "" : ",", word);
        });
    if (known.empty() && !body.find("comment")) return;
    put(" {");
    if (!known.empty()) put(fmt::format(" flags {};", known));
    comment(body);
    put(" }");
}

void Writer::chain(Value body) {
    require_keys(
        body, {"family", "table", "name", "newname", "handle", "type", "hook", "prio", "dev", "policy", "comment"});
    header(body);
    if (!body.find("type") && !body.find("comment")) return;
    put(" {");
    if (auto const type = body.find("type")) {
        put(" type ");
        put_word(*type);
        put(" hook ");
        put_word(member(body, "hook"));
        if (auto const device_or_list = body.find("dev")) devices(*device_or_list);
        put(" priority ");
        priority(member(body, "prio"));
        put(";");
    }
    if (auto const policy = body.find("policy")) {
        put(" ");
        auto const scope = out_.piece(policy->span());
        put("policy ");
        put(one_of(*policy, {"accept", "drop"}));
        put(";");
    }
    comment(body);
    put(" }");
}

void Writer::devices(Value list_of_devices) {
    put(" devices = { ");
    bool first = true;
    each(list_of_devices, [&](Value device) {
        if (!std::exchange(first, false)) put(", ");
        put_string(device);
    });
    put(" }");
}

// A number, which may be negative, or one of nft's names.
void Writer::priority(Value value) {
    if (value.kind() == Kind::string) return put_word(value);
    std::string_view const text = value.text();
    bool const digits = text.substr(text.starts_with('-') ? 1 : 0).find_first_not_of("0123456789") == text.npos;
    if (value.kind() != Kind::number || !digits) wrong(value, "a priority");
    piece(value, text);
}

void Writer::rule(std::string_view verb, Value body, bool listed) {
    require_keys(body, {"family", "table", "chain", "expr", "handle", "index", "comment"});
    put(verb);
    put(" rule ");
    family_of_table(body);
    put_name(member(body, "table"));
    put(" ");
    put_name(member(body, "chain"));
    // In a list the handle is the kernel's number of the rule; in a command it says where the rule goes.
    if (!listed) put_numbered(body, "handle", "handle");
    put_numbered(body, "index", "index");
    put(" ");
    auto const scope = out_.piece(body.span());
    Value const statements_of_rule = member(body, "expr");
    require_kind(statements_of_rule, Kind::array);
    bool first = true;
    statements_of_rule.each_item([&](Value each_statement) {
        if (!std::exchange(first, false)) put(" ");
        statement(each_statement);
    });
    if (first) wrong(statements_of_rule, "at least one statement");
    if (auto const text = body.find("comment")) {
        put(" comment ");
        put_string(*text);
    }
}

// ---- sets

// "ipv4_addr", ["ipv4_addr", "inet_service"], "ipv4_addr . inet_service", or {"typeof": expression}.
Forms Writer::type(Value value) {
    auto const scope = out_.piece(value.span());
    if (value.kind() == Kind::object) {
        auto const [key, selector] = only_member(value, "a type");
        if (key.text() != "typeof") wrong(key, "\"typeof\"");
        expression(selector);
        return forms_of(selector);
    }
    Forms forms;
    each(value, [&](Value part) {
        std::string_view text = string(part);
        for (bool more = true; more;) {
            std::size_t const dot = text.find(" . ");
            std::string_view const word = text.substr(0, dot);
            bool const object_type = word == "ct helper" || word == "ct timeout" || word == "ct expectation";
            if (!is_word(word) && !object_type) wrong(part, "the name of a type");
            if (!forms.empty()) put(" . ");
            piece(part, word);
            forms.push_back(form_of_type(word));
            more = dot != std::string_view::npos;
            if (more) text.remove_prefix(dot + 3);
        }
    });
    if (forms.empty()) wrong(value, "the name of a type");
    return forms;
}

void Writer::set(std::string_view kind, Value body) {
    require_keys(body, {"family", "table", "name", "handle", "type", "map", "policy", "flags", "elem", "timeout",
                        "gc-interval", "size", "auto-merge", "comment", "stmt"});
    header(body);
    SetForms& forms = forms_of_set(body);
    Value const key_type = member(body, "type");
    auto const data_type = kind == "map" ? std::optional(member(body, "map")) : std::nullopt;
    bool const by_expression = key_type.kind() == Kind::object || (data_type && data_type->kind() == Kind::object);
    put(by_expression ? " { typeof " : " { type ");
    forms.keys = type(key_type);
    if (data_type) {
        put(" : ");
        forms.data = type(*data_type);
    }
    put(";");
    set_properties(kind, body);
    auto const elements = body.find("elem");
    if (elements && !(elements->kind() == Kind::array && elements->empty())) {
        put(" elements = ");
        anonymous_set(*elements, forms.keys, forms.data);
        put(";");
    }
    put(" }");
}

void Writer::set_properties(std::string_view kind, Value body) {
    if (auto const flags = body.find("flags")) {
        put(" flags ");
        put_flags(*flags, ",");
        put(";");
    } else if (kind == "meter") {
        put(" flags dynamic;");
    }
    for (std::string_view const key : {"timeout", "gc-interval"}) {
        auto const time = body.find(key);
        if (!time) continue;
        put(fmt::format(" {} ", key));
        number(*time);
        auto const scope = out_.piece(time->span());
        immediate(*time, Form::seconds);
        put(";");
    }
    if (body.find("size")) {
        put_numbered(body, "size", "size");
        put(";");
    }
    if (auto const policy = body.find("policy")) {
        put(" policy ");
        piece(*policy, one_of(*policy, {"performance", "memory"}));
        put(";");
    }
    if (flag(body, "auto-merge")) put(" auto-merge;");
    if (auto const list = body.find("stmt")) {
        states(*list);
        put(";");
    }
    comment(body);
}

void Writer::element(Value body) {
    require_keys(body, {"family", "table", "name", "elem"});
    header(body);
    put(" ");
    SetForms const& forms = forms_of_set(body);
    anonymous_set(member(body, "elem"), forms.keys, forms.data);
}

// ---- named objects

void Writer::flowtable(Value body) {
    require_keys(body, {"family", "table", "name", "handle", "hook", "prio", "dev", "flags"});
    header(body);
    put(" {");
    if (auto const hook = body.find("hook")) {
        put(" hook ");
        put_word(*hook);
        put(" priority ");
        priority(member(body, "prio"));
        put(";");
    }
    if (auto const device_or_list = body.find("dev")) {
        devices(*device_or_list);
        put(";");
    }
    put(" }");
}

void Writer::counter_object(Value body) {
    require_keys(body, {"family", "table", "name", "handle", "packets", "bytes", "comment"});
    header(body);
    put(" {");
    put_numbered(body, "packets", "packets");
    put_numbered(body, "bytes", "bytes");
    comment(body);
    put(" }");
}

void Writer::quota_object(Value body) {
    require_keys(body, {"family", "table", "name", "handle", "bytes", "used", "inv", "comment"});
    header(body);
    put(flag(body, "inv") ? " { over " : " { ");
    put_number(member(body, "bytes"));
    put(" bytes");
    put_numbered(body, "used", "used");
    put(" bytes;");
    comment(body);
    put(" }");
}

void Writer::limit_object(Value body) {
    require_keys(body, {"family", "table", "name", "handle", "rate", "per", "burst", "unit", "rate_unit",
                        "burst_unit", "inv", "comment"});
    header(body);
    put(" { ");
    rate(body);
    put(";");
    comment(body);
    put(" }");
}

// "protocol tcp; l3proto ip; timeout 60000s; …", of the keys that are there.
void Writer::keyed(Value body, std::initializer_list<std::string_view> keys) {
    for (std::string_view const key : keys) {
        auto const value = body.find(key);
        if (!value) continue;
        put(fmt::format(" {} ", key));
        if (value->kind() == Kind::number)
            put_number(*value);
        else
            put_word(*value);
        put(";");
    }
}

void Writer::helper_object(Value body) {
    require_keys(body, {"family", "table", "name", "handle", "type", "protocol", "l3proto", "comment"});
    header(body);
    put(" { type ");
    put_string(member(body, "type"));
    keyed(body, {"protocol", "l3proto"});
    comment(body);
    put(" }");
}

void Writer::timeout_object(Value body) {
    require_keys(
        body, {"family", "table", "name", "handle", "protocol", "l3proto", "policy", "state", "value", "comment"});
    header(body);
    put(" {");
    keyed(body, {"protocol", "l3proto"});
    auto const policy = body.find("policy");
    if (policy && policy->kind() != Kind::null) {
        require_kind(*policy, Kind::object);
        put(" policy = {");
        policy->each_member([&](Value state, Value seconds) {
            if (!is_word(state.text())) wrong(state, "a state of connections");
            put(fmt::format(" {} : ", state.text()));
            put_number(seconds);
            put(",");
        });
        put(" };");
    }
    comment(body);
    put(" }");
}

void Writer::expectation_object(Value body) {
    require_keys(
        body, {"family", "table", "name", "handle", "protocol", "dport", "timeout", "size", "l3proto", "comment"});
    header(body);
    put(" {");
    keyed(body, {"protocol", "dport", "timeout", "size", "l3proto"});
    comment(body);
    put(" }");
}

void Writer::secmark_object(Value body) {
    require_keys(body, {"family", "table", "name", "handle", "context", "comment"});
    header(body);
    put(" { ");
    put_string(member(body, "context"));
    put(";");
    comment(body);
    put(" }");
}

void Writer::synproxy_object(Value body) {
    require_keys(body, {"family", "table", "name", "handle", "mss", "wscale", "flags", "comment"});
    header(body);
    put(" {");
    keyed(body, {"mss", "wscale"});
    if (auto const flags = body.find("flags")) {
        put(" ");
        put_flags(*flags, " ");
        put(";");
    }
    comment(body);
    put(" }");
}

std::initializer_list<Writer::Object> const Writer::objects = {
    {"table", [](Writer& w, Value v) { w.table(v); }},
    {"chain", [](Writer& w, Value v) { w.chain(v); }},
    {"set", [](Writer& w, Value v) { w.set("set", v); }},
    {"map", [](Writer& w, Value v) { w.set("map", v); }},
    {"meter", [](Writer& w, Value v) { w.set("meter", v); }},
    {"element", [](Writer& w, Value v) { w.element(v); }},
    {"flowtable", [](Writer& w, Value v) { w.flowtable(v); }},
    {"counter", [](Writer& w, Value v) { w.counter_object(v); }},
    {"quota", [](Writer& w, Value v) { w.quota_object(v); }},
    {"limit", [](Writer& w, Value v) { w.limit_object(v); }},
    {"ct helper", [](Writer& w, Value v) { w.helper_object(v); }},
    {"ct timeout", [](Writer& w, Value v) { w.timeout_object(v); }},
    {"ct expectation", [](Writer& w, Value v) { w.expectation_object(v); }},
    {"secmark", [](Writer& w, Value v) { w.secmark_object(v); }},
    {"synproxy", [](Writer& w, Value v) { w.synproxy_object(v); }},
};

} // namespace portcullis::nft_json
