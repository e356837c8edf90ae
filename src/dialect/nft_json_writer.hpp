// The JSON of libnftables-json(5), written down as text of nft, command by command: what the text means is the
// business of the ordinary reader. Whatever is not known is an error with its place in the JSON; the command that
// it is in is left out then, like a line of nft with a syntax error.
#pragma once
#include <initializer_list>
#include <map>
#include <utility>

#include "dialect/nft_json_transcript.hpp"
#include "dialect/nft_json_tree.hpp"

namespace portcullis::nft_json {

// How nft writes the values of a type, where it is not as they are in JSON.
enum class Form : std::uint8_t {
    plain,
    quoted,
    name_or_number, // a name in quotes, or the number of what has none
    mark,           // 0x00000001
    hex,
    seconds // 1m30s
};
using Forms = std::vector<Form>; // of the parts of a concatenation; empty: all plain

class Writer {
  public:
    Writer(Tree const& tree, Findings& findings) : tree_(tree), findings_(findings), out_(tree.root().span()) {}
    Transcript run();

  private:
    struct Refused {}; // thrown by a value that is not as it should be; caught around its command

    // ---- values of JSON (nft_json_command.cpp)
    [[noreturn]] void wrong(Value at, std::string_view expected); // PC001
    [[noreturn]] void unknown(Value at, std::string const& construct, std::string_view why = unheard_of);
    void tell_unknown(Value at, std::string const& construct, std::string_view why); // PC002
    static constexpr std::string_view unheard_of = "libnftables-json(5) does not have it";
    void require_kind(Value value, Kind kind);
    // An object that has no other keys than these.
    void require_keys(Value object, std::initializer_list<std::string_view> keys);
    Value member(Value object, std::string_view key);
    std::string_view string(Value value);
    std::string_view number(Value value);
    bool flag(Value object, std::string_view key); // false where it is missing
    std::string_view one_of(Value value, std::initializer_list<std::string_view> words);
    // The object's only member: {"accept": null}.
    std::pair<Value, Value> only_member(Value object, std::string_view expected);
    // Of an array, its items; anything else is its own only item.
    template <class Use> void each(Value value, Use use) {
        if (value.kind() == Kind::array)
            value.each_item(use);
        else
            use(value);
    }

    // ---- pieces of text
    void put(std::string_view text) { out_.put(text); }
    void put_string(Value value); // in quotes
    void put_name(Value value);   // bare where it is a plain word
    void put_word(Value value);   // a word, never in quotes
    void put_number(Value value) { piece(value, number(value)); }
    void piece(Value value, std::string_view text) { piece(value.span(), text); }
    void piece(Span origin, std::string_view text) {
        auto const scope = out_.piece(origin);
        put(text);
    }
    // " keyword value" for a member that is there.
    void put_numbered(Value object, std::string_view key, std::string_view keyword);
    void put_flags(Value flags, std::string_view separator);

    // ---- commands (nft_json_command.cpp)
    void command(Value item);
    void addition(std::string_view verb, Value key, Value value, bool listed);
    void removal(std::string_view verb, Value key, Value value);
    void metainfo(Value value);
    void family_of_table(Value object);
    void header(Value object); // "inet filter input"
    void table(Value);
    void chain(Value);
    void devices(Value list);
    void priority(Value);
    void rule(std::string_view verb, Value, bool listed);
    void set(std::string_view kind, Value);
    void set_properties(std::string_view kind, Value);
    void element(Value);
    void flowtable(Value);
    void counter_object(Value);
    void quota_object(Value);
    void limit_object(Value);
    void helper_object(Value);
    void timeout_object(Value);
    void expectation_object(Value);
    void secmark_object(Value);
    void synproxy_object(Value);
    void keyed(Value object, std::initializer_list<std::string_view> keys);
    void comment(Value object);
    Forms type(Value value);
    struct SetForms {
        Forms keys;
        Forms data;
    };
    SetForms& forms_of_set(Value object);

    // ---- statements (nft_json_statement.cpp)
    void statement(Value value);
    void verbatim(Value value);
    void match(Value);
    void jump(std::string_view verdict, Value);
    void named(std::string_view what, Value); // "counter name …": of a named object, or looked up in a map
    void counter(Value);
    void quota(Value);
    void limit(Value);
    void connection_limit(Value);
    void last(Value);
    void mangle(Value);
    void translation(std::string_view kind, Value);
    void itself(std::string_view kind, Value);
    void translation_flags(Value);
    void address(Value value, bool before_port);
    void address_and_port(Value);
    void family(Value);
    void device(Value);
    void reject(Value);
    void set_update(std::string_view kind, Value);
    void log(Value);
    void meter(Value);
    void queue(Value);
    void verdict_map(Value);
    void foreign(Value);
    void synproxy(Value);
    void tproxy(Value);
    void dup(Value);
    void fwd(Value);
    void flow(Value);
    void reset(Value);
    void null_statement(std::string_view text, Value);
    void assigned(std::string_view target, Value);
    bool state_statement(std::string_view name, Value value);
    void states(Value list);
    void rate(Value);
    void amount(Value object, std::string_view value_key, std::string_view unit_key);

    // ---- expressions (nft_json_expression.cpp)
    void expression(Value value, Forms const& forms = {});
    void immediate(Value value, Form form);
    void literal(Value value, Form form);
    void list(Value, std::string_view separator, Forms const& forms);
    void operation(std::string_view op, Value, Forms const& forms);
    void operand(Value value, int precedence, bool last, Forms const& forms);
    void concatenation(Value, Forms const& forms);
    void range(Value, Forms const& forms);
    void prefix(Value, Forms const& forms);
    void anonymous_set(Value, Forms const& keys, Forms const& data);
    void element_of(Value value, Forms const& keys, Forms const& data);
    void key_of(Value value, Forms const& forms);
    void map(Value, Forms const& data);
    void lookup(Value table, Forms const& keys, Forms const& data);
    void payload(Value);
    void option(std::string_view header, Value);
    void dccp_option(Value);
    void extension_header(Value);
    void meta(Value);
    void ct(Value);
    void rt(Value);
    void numgen(Value);
    void jhash(Value);
    void symhash(Value);
    void offset_of(Value);
    void fib(Value);
    void socket(Value);
    void osf(Value);
    void ipsec(Value);

    struct Statement {
        std::string_view name;
        void (*write)(Writer&, Value);
    };
    static std::initializer_list<Statement> const statements;
    struct Expression {
        std::string_view name;
        void (*write)(Writer&, Value, Forms const&);
    };
    static std::initializer_list<Expression> const expressions;
    struct Object {
        std::string_view name;
        void (*write)(Writer&, Value);
    };
    static std::initializer_list<Object> const objects;

    Tree const& tree_;
    Findings& findings_;
    Transcript out_;
    std::map<std::string, SetForms, std::less<>> sets_; // by family, table and name
};

// How nft writes what an expression is compared with.
Forms forms_of(Value expression);
Form form_of_type(std::string_view type);
// A time in nft's words.
std::string duration(std::uint64_t seconds);

} // namespace portcullis::nft_json
