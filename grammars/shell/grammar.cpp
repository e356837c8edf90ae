// The grammar of shell scripts, after POSIX.1-2017, Shell Command Language, 2.10. Words are parsed with all that
// is nested in them; here-documents are read where the line ends that announces them. EBNF stands above the rules.
#include <algorithm>
#include <cstring>
#include <utility>

#include "grammars/common/kit.hpp"
#include "grammars/shell/parse.hpp"

namespace portcullis::shell {
namespace {

namespace x3 = boost::spirit::x3;
using kit::It;
using kit::must;
using kit::nested;
using kit::put;
using kit::text;

struct PendingDocument {
    std::string delimiter;
    std::uint32_t index = 0;
};

struct ScriptState : kit::State {
    Script& script;
    SourceId source;
    std::vector<PendingDocument> pending{};

    ScriptState(It begin, Script& out, SourceId id) : kit::State{begin}, script(out), source(id) {}
    Span span(It begin, It end) const { return {source, offset(begin), offset(end)}; }
};

template <class Context> ScriptState& script_state(Context const& context) {
    return static_cast<ScriptState&>(kit::state(context));
}

constexpr bool is_name_start(char c) { return ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_'; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_name(char c) { return is_name_start(c) || is_digit(c); }
std::string_view view(It begin, It end) { return {begin, static_cast<std::size_t>(end - begin)}; }
bool ends_word(It at, It last) { return at == last || std::strchr(" \t\r\n;&|<>()", *at) != nullptr; }

template <class Derived, class Attribute> struct leaf : x3::parser<Derived> {
    using attribute_type = Attribute;
    static bool const has_attribute = !std::is_same_v<Attribute, x3::unused_type>;
    static bool const handles_container = false;
};

// spanned[p]: p, whose attribute gets its span.
struct spanned_directive {
    template <class Subject> struct parser : x3::unary_parser<Subject, parser<Subject>> {
        using base = x3::unary_parser<Subject, parser<Subject>>;
        static bool const is_pass_through_unary = true;
        static bool const handles_container = Subject::handles_container;
        constexpr explicit parser(Subject const& inner) : base(inner) {}
        template <class Context, class RContext, class Attribute>
        bool parse(It& first, It const& last, Context const& context, RContext& value, Attribute& attribute) const {
            It const begin = first;
            if (!this->subject.parse(first, last, context, value, attribute)) return false;
            value.span = script_state(context).span(begin, first);
            return true;
        }
    };
    template <class Subject> constexpr auto operator[](Subject const& subject) const {
        auto inner = x3::as_parser(subject);
        return parser<decltype(inner)>(inner);
    }
};
constexpr spanned_directive spanned{};

// ---- leaves

// { blank | "\" newline }
struct blanks_parser : leaf<blanks_parser, x3::unused_type> {
    template <class Context, class RContext, class Attribute>
    bool parse(It& first, It const& last, Context const&, RContext&, Attribute&) const {
        while (first != last) {
            if (*first == ' ' || *first == '\t' || *first == '\r')
                ++first;
            else if (last - first >= 2 && first[0] == '\\' && first[1] == '\n')
                first += 2;
            else if (last - first >= 3 && first[0] == '\\' && first[1] == '\r' && first[2] == '\n')
                first += 3;
            else
                break;
        }
        return true;
    }
};
constexpr blanks_parser blanks{};

// newline , { line of a here-document }
struct newline_parser : leaf<newline_parser, x3::unused_type> {
    template <class Context, class RContext, class Attribute>
    bool parse(It& first, It const& last, Context const& context, RContext&, Attribute&) const {
        if (first == last || *first != '\n') return false;
        ++first;
        ScriptState& state = script_state(context);
        for (PendingDocument const& pending : std::exchange(state.pending, {})) {
            Document& document = state.script.documents[pending.index];
            It const begin = first;
            It end = first;
            for (bool closed = false; first != last && !closed;) {
                It const line_end = std::find(first, last, '\n');
                std::string_view line = view(first, line_end);
                if (line.ends_with('\r')) line.remove_suffix(1);
                if (document.strips_tabs) line.remove_prefix(std::min(line.find_first_not_of('\t'), line.size()));
                closed = line == pending.delimiter;
                first = line_end == last ? last : line_end + 1;
                if (!closed) end = first;
            }
            document.span = state.span(begin, end);
        }
        return true;
    }
};
constexpr newline_parser newline{};

// Raw text up to a closing "))", with balanced parentheses in it.
struct arithmetic_parser : leaf<arithmetic_parser, std::string_view> {
    template <class Context, class RContext, class Attribute>
    bool parse(It& first, It const& last, Context const&, RContext&, Attribute& attribute) const {
        int open = 0;
        for (It at = first; at != last; ++at) {
            if (*at == '(') ++open;
            if (*at != ')') continue;
            if (open-- > 0) continue;
            if (at + 1 == last || at[1] != ')') return false;
            x3::traits::move_to(view(first, at), attribute);
            first = at + 2;
            return true;
        }
        return false;
    }
};
constexpr arithmetic_parser arithmetic_text{};

constexpr std::string_view reserved_words[] = {"if",   "then", "else", "elif",  "fi",      "do",
                                               "done", "case", "esac", "while", "until",   "for",
                                               "{",    "}",    "!",    "[[",    "function"};

// A word that the grammar itself uses, where a command may begin.
struct reserved_parser : leaf<reserved_parser, x3::unused_type> {
    template <class Context, class RContext, class Attribute>
    bool parse(It& first, It const& last, Context const&, RContext&, Attribute&) const {
        It end = first;
        while (!ends_word(end, last)) ++end;
        return std::ranges::find(reserved_words, view(first, end)) != std::end(reserved_words);
    }
};
constexpr reserved_parser reserved_word{};

struct keyword_parser : leaf<keyword_parser, x3::unused_type> {
    std::string_view word;
    constexpr explicit keyword_parser(std::string_view w) : word(w) {}
    template <class Context, class RContext, class Attribute>
    bool parse(It& first, It const& last, Context const&, RContext&, Attribute&) const {
        It const end = first + std::min<std::ptrdiff_t>(last - first, static_cast<std::ptrdiff_t>(word.size()));
        if (view(first, end) != word || !ends_word(end, last)) return false;
        first = end;
        return true;
    }
};
constexpr keyword_parser keyword(std::string_view word) { return keyword_parser(word); }

struct name_parser : leaf<name_parser, std::string_view> {
    template <class Context, class RContext, class Attribute>
    bool parse(It& first, It const& last, Context const&, RContext&, Attribute& attribute) const {
        if (first == last || !is_name_start(*first)) return false;
        It const begin = first;
        while (first != last && is_name(*first)) ++first;
        x3::traits::move_to(view(begin, first), attribute);
        return true;
    }
};
constexpr name_parser name{};

// Nothing more is parsed once a failure is final: alternatives would only fail again, exponentially often.
struct alive_parser : leaf<alive_parser, x3::unused_type> {
    template <class Context, class RContext, class Attribute>
    bool parse(It&, It const&, Context const& context, RContext&, Attribute&) const {
        return !kit::state(context).failure.frozen;
    }
};
constexpr alive_parser alive{};

// ---- words

x3::rule<struct word_id, Word> const word = "word";
x3::rule<struct part_id, Word> const part = "part";
x3::rule<struct double_part_id, Word> const double_part = "double_part";
x3::rule<struct argument_id, Word> const argument = "argument";
x3::rule<struct parameter_id, Part> const parameter = "parameter";
x3::rule<struct braced_id, Part> const braced = "braced";
x3::rule<struct substitution_id, Part> const substitution = "substitution";
x3::rule<struct process_id, Part> const process = "process";
x3::rule<struct dollar_id, Part> const dollar = "dollar";
x3::rule<struct list_id, List> const list = "list";

void add_literal(Word& to, std::string_view literal, bool quoted) {
    if (!to.parts.empty()) {
        Part& last = to.parts.back();
        if (last.kind == Part::Kind::literal && last.quoted == quoted) {
            last.text += literal;
            return;
        }
    }
    Part added;
    added.text = literal;
    added.quoted = quoted;
    to.parts.push_back(std::move(added));
}

auto const add_plain = [](auto& c) { add_literal(x3::_val(c), x3::_attr(c), false); };
auto const add_quoted = [](auto& c) { add_literal(x3::_val(c), x3::_attr(c), true); };
auto const add_empty = [](auto& c) { add_literal(x3::_val(c), "", true); };
auto const add_part = [](auto& c) { x3::_val(c).parts.push_back(std::move(x3::_attr(c))); };
auto const add_quoted_part = [](auto& c) {
    x3::_attr(c).quoted = true;
    x3::_val(c).parts.push_back(std::move(x3::_attr(c)));
};
auto const merge = [](auto& c) {
    for (Part& added : x3::_attr(c).parts) {
        if (added.kind == Part::Kind::literal)
            add_literal(x3::_val(c), added.text, added.quoted);
        else
            x3::_val(c).parts.push_back(std::move(added));
    }
};
auto const set_kind = [](Part::Kind kind) { return [kind](auto& c) { x3::_val(c).kind = kind; }; };
auto const set_text = [](auto& c) { x3::_val(c).text = x3::_attr(c); };
auto const set_body = [](auto& c) { x3::_val(c).body.push_back(std::move(x3::_attr(c))); };

// `…`: its inside is parsed in place; one with backslashes, which may hide others of its kind, is not looked into.
struct backquoted_parser : leaf<backquoted_parser, Part> {
    template <class Context, class RContext, class Attribute>
    bool parse(It& first, It const& last, Context const& context, RContext&, Attribute& attribute) const {
        if (first == last || *first != '`') return false;
        It end = first + 1;
        bool escapes = false;
        while (end != last && *end != '`') {
            escapes = escapes || *end == '\\';
            end += *end == '\\' && end + 1 != last ? 2 : 1;
        }
        if (end == last) {
            kit::state(context).failure.note(first, "closing '`'", true);
            return false;
        }
        Part result;
        result.kind = escapes ? Part::Kind::unknown : Part::Kind::command;
        if (!escapes) {
            List body;
            It at = first + 1;
            if (!list.parse(at, end, context, x3::unused, body)) return false;
            if (at != end) {
                kit::state(context).failure.note(at, "end of the command", true);
                return false;
            }
            result.body.push_back(std::move(body));
        }
        first = end + 1;
        x3::traits::move_to(result, attribute);
        return true;
    }
};
constexpr backquoted_parser backquoted{};

// parameter = name | digit | special character
auto const special = x3::char_("@*#?$!-");
auto const parameter_def =
    x3::eps[set_kind(Part::Kind::parameter)] >> text[name | x3::char_("0-9") | special][set_text];

// braced = [ "#" | "!" ] , name , [ "[" , index , "]" ] , [ operation , { argument } ]
auto const set_length = [](auto& c) { x3::_val(c).length = true; };
auto const set_indirect = [](auto& c) { x3::_val(c).kind = Part::Kind::unknown; };
auto const set_index = [](auto& c) { x3::_val(c).index = x3::_attr(c); };
auto const set_operation = [](auto& c) { x3::_val(c).operation = x3::_attr(c); };
auto const set_argument = [](auto& c) { x3::_val(c).argument = std::move(x3::_attr(c).parts); };
auto const operation =
    x3::lit(":-") | ":=" | ":+" | ":?" | "##" | "%%" | "//" | "^^" | ",," | x3::char_("-=+?#%/:^,@");
auto const braced_name = name | +x3::char_("0-9") | special;
auto const braced_def = x3::eps[set_kind(Part::Kind::parameter)] >>
                        -((x3::lit('#') >> &(name | x3::char_("0-9@*")))[set_length] |
                          (x3::lit('!') >> &name)[set_indirect]) >>
                        must(text[braced_name][set_text], "name of a parameter") >>
                        -('[' >> text[+~x3::char_("]\n")][set_index] >> must(x3::lit(']'), "']'")) >>
                        -(text[operation][set_operation] >> argument[set_argument]) >> must(x3::lit('}'), "'}'");

// argument = { single | double | dollar | character - "}" }
auto const single_quoted = '\'' >> text[*~x3::char_('\'')][add_quoted] >> must(x3::lit('\''), "closing \"'\"");
auto const double_quoted = x3::lit('"')[add_empty] >> *double_part[merge] >> must(x3::lit('"'), "closing '\"'");
auto const continuation = x3::lit("\\\n") | "\\\r\n";
auto const escaped = continuation | ('\\' >> text[x3::char_][add_quoted]);
auto const expansion = dollar[add_part] | backquoted[add_part];
auto const argument_def = *(single_quoted | double_quoted | escaped | expansion | text[x3::char_ - '}'][add_plain]);

// dollar = "$" , ( "{" , braced | "((" , arithmetic , "))" | "(" , list , ")" | parameter )
auto const take_part = [](auto& c) { x3::_val(c) = std::move(x3::_attr(c)); };
auto const set_arithmetic = [](auto& c) {
    x3::_val(c).kind = Part::Kind::arithmetic;
    x3::_val(c).text = x3::_attr(c);
};
auto const lone_dollar = [](auto& c) { x3::_val(c).text = '$'; };
auto const substitution_def = x3::eps[set_kind(Part::Kind::command)] >> list[set_body] >> must(x3::lit(')'), "')'");
auto const process_def = x3::char_("<>") >> '(' >> x3::eps[set_kind(Part::Kind::unknown)] >> list[set_body] >>
                         must(x3::lit(')'), "')'");
auto const dollar_def =
    alive >> nested['$' >> (('{' >> braced[take_part]) | ("((" >> arithmetic_text[set_arithmetic]) |
                            ('(' >> substitution[take_part]) | parameter[take_part] |
                            (!x3::char_("({") >> x3::eps[lone_dollar]))];

// double part = { character } | "\" , ( "$" | "`" | '"' | "\" | newline ) | dollar | backquoted
auto const double_part_def = text[+~x3::char_("\"\\$`")][add_quoted] | continuation |
                             ('\\' >> text[x3::char_("$`\"\\")][add_quoted]) | text[x3::char_('\\')][add_quoted] |
                             dollar[add_quoted_part] | backquoted[add_quoted_part];

// part = { character } | "'" , { character } , "'" | '"' , { double part } , '"' | "\" , character | dollar | …
auto const plain_text = +(~x3::char_(" \t\r\n;&|<>()'\"\\$`"));
auto const ansi_quoted = "$'" >> text[*(('\\' >> x3::char_) | ~x3::char_("\\'"))][add_quoted] >>
                         must(x3::lit('\''), "closing \"'\"");
auto const part_def = text[plain_text][add_plain] | single_quoted | double_quoted | escaped | ansi_quoted |
                      (x3::lit("$\"") >> *double_part[merge] >> must(x3::lit('"'), "closing '\"'")) | expansion |
                      process[add_part];

auto const word_def = spanned[!x3::lit('#') >> +part[merge]];

BOOST_SPIRIT_DEFINE(word, part, double_part, argument, parameter, braced, substitution, process, dollar)

// ---- commands

x3::rule<struct assignment_id, Assignment> const assignment = "assignment";
x3::rule<struct redirection_id, Redirection> const redirection = "redirection";
x3::rule<struct simple_id, Command> const simple = "simple";
x3::rule<struct group_id, Command> const group = "group";
x3::rule<struct subshell_id, Command> const subshell = "subshell";
x3::rule<struct conditional_id, Command> const conditional = "conditional";
x3::rule<struct for_loop_id, Command> const for_loop = "for_loop";
x3::rule<struct while_loop_id, Command> const while_loop = "while_loop";
x3::rule<struct case_of_id, Command> const case_of = "case_of";
x3::rule<struct function_id, Command> const function = "function";
x3::rule<struct test_id, Command> const test = "test";
x3::rule<struct arithmetic_id, Command> const arithmetic = "arithmetic";
x3::rule<struct compound_id, Command> const compound = "compound";
x3::rule<struct command_id, Command> const command = "command";
x3::rule<struct guarded_id, Branch> const guarded = "guarded";
x3::rule<struct repeated_id, Branch> const repeated = "repeated";
x3::rule<struct case_item_id, Branch> const case_item = "case_item";
x3::rule<struct pipeline_id, Pipeline> const pipeline = "pipeline";
x3::rule<struct and_or_id, AndOr> const and_or = "and_or";

auto const comment = x3::lit('#') >> *~x3::char_('\n');
auto const linebreak = *(blanks >> -comment >> newline) >> blanks >> -(comment >> &x3::eoi);

template <Command::Kind Kind> auto const set_command_kind = [](auto& c) { x3::_val(c).kind = Kind; };
template <Command::Kind Kind> auto const is_kind_of = x3::eps[set_command_kind<Kind>];
auto const set_name = [](auto& c) { x3::_val(c).name = x3::_attr(c); };
auto const add_value = [](auto& c) { x3::_val(c).values.push_back(std::move(x3::_attr(c))); };
auto const set_appends = [](auto& c) { x3::_val(c).appends = true; };
auto const set_array = [](auto& c) { x3::_val(c).array = true; };
auto const add_word = [](auto& c) { x3::_val(c).words.push_back(std::move(x3::_attr(c))); };
auto const add_assignment = [](auto& c) { x3::_val(c).assignments.push_back(std::move(x3::_attr(c))); };
auto const add_redirection = [](auto& c) { x3::_val(c).redirections.push_back(std::move(x3::_attr(c))); };
auto const add_branch = [](auto& c) { x3::_val(c).branches.push_back(std::move(x3::_attr(c))); };
auto const add_body = [](auto& c) {
    x3::_val(c).branches.emplace_back();
    x3::_val(c).branches.back().body = std::move(x3::_attr(c));
};
auto const add_pattern = [](auto& c) { x3::_val(c).patterns.push_back(std::move(x3::_attr(c))); };

// assignment = name , [ "[" , index , "]" ] , [ "+" ] , "=" , [ word | "(" , { word } , ")" ]
auto const array_literal = x3::lit('(')[set_array] >> linebreak >> *(word[add_value] >> linebreak) >>
                           must(x3::lit(')'), "')'");
auto const assignment_def = spanned[name[set_name] >> -('[' >> *~x3::char_("]\n") >> ']') >>
                                    -x3::lit('+')[set_appends] >> '=' >> (array_literal | -word[add_value])];
auto const assignment_ahead = &(name >> -('[' >> *~x3::char_("]\n") >> ']') >> -x3::lit('+') >> '=');
auto const array_ahead = &(name >> -x3::lit('+') >> "=(");

// redirection = [ number ] , operation , word
auto const set_redirection = [](auto& c) { x3::_val(c).operation = x3::_attr(c); };
auto const set_target = [](auto& c) {
    Redirection& value = x3::_val(c);
    value.target = std::move(x3::_attr(c));
    if (value.operation != "<<" && value.operation != "<<-") return;
    ScriptState& state = script_state(c);
    PendingDocument pending;
    bool literal = false;
    for (Part const& piece : value.target.parts) {
        pending.delimiter += piece.text;
        literal = literal || piece.quoted;
    }
    pending.index = value.document = static_cast<std::uint32_t>(state.script.documents.size());
    state.script.documents.push_back({{}, literal, value.operation == "<<-", {}});
    state.pending.push_back(std::move(pending));
};
auto const redirection_operator = x3::lit("<<<") | "<<-" | "<<" | "<&" | "<>" | (x3::lit('<') >> !x3::lit('(')) |
                                  "&>>" | "&>" | ">>" | ">&" | ">|" | (x3::lit('>') >> !x3::lit('('));
auto const redirection_def = spanned[x3::omit[*x3::char_("0-9")] >> text[redirection_operator][set_redirection] >>
                                     blanks >> must(word[set_target], "file or descriptor")];
auto const redirection_ahead = &(*x3::char_("0-9") >> (x3::char_("<>") | "&>"));

// simple = { assignment | redirection } , { word | redirection }
auto const assigning = assignment_ahead >> assignment[add_assignment];
auto const redirecting = redirection_ahead >> redirection[add_redirection];
auto const late_array = array_ahead >> assignment[add_assignment]; // "declare -a X=(…)"
auto const still_assigning = x3::eps[([](auto& c) { x3::_pass(c) = x3::_val(c).words.empty(); })];
auto const simple_def =
    spanned[!reserved_word >> (assigning | redirecting | word[add_word]) >>
            *(blanks >> (late_array | redirecting | (still_assigning >> assigning) | word[add_word]))];

// group = "{" , list , "}" ; subshell = "(" , list , ")"
auto const group_def = is_kind_of<Command::Kind::group> >> spanned[keyword("{")] >> list[add_body] >>
                       must(keyword("}"), "'}'");
auto const subshell_def = is_kind_of<Command::Kind::subshell> >> spanned[x3::lit('(')] >> list[add_body] >>
                          must(x3::lit(')'), "')'");

// conditional = "if" , list , "then" , list , { "elif" , list , "then" , list } , [ "else" , list ] , "fi"
auto const set_condition = [](auto& c) { x3::_val(c).condition = std::move(x3::_attr(c)); };
auto const set_guarded = [](auto& c) { x3::_val(c).body = std::move(x3::_attr(c)); };
auto const guarded_def = list[set_condition] >> must(keyword("then"), "'then'") >> list[set_guarded];
auto const conditional_def = is_kind_of<Command::Kind::conditional> >>
                             spanned[keyword("if") >> guarded[add_branch]] >>
                             *(keyword("elif") >> guarded[add_branch]) >> -(keyword("else") >> list[add_body]) >>
                             must(keyword("fi"), "'fi'");

// for loop = "for" , name , [ "in" , { word } ] , separator , ( "do" , list , "done" | "{" , list , "}" )
auto const set_listed = [](auto& c) { x3::_val(c).listed = true; };
auto const body = (keyword("do") >> list[add_body] >> must(keyword("done"), "'done'")) |
                  (keyword("{") >> list[add_body] >> must(keyword("}"), "'}'"));
auto const set_unknown_count = [](auto& c) { x3::_val(c).kind = Command::Kind::arithmetic; };
auto const for_loop_def =
    is_kind_of<Command::Kind::for_loop> >>
    spanned[keyword("for") >> blanks >>
            (("((" >> x3::omit[arithmetic_text][set_unknown_count]) |
             (must(name[set_name], "name of a variable") >> linebreak >>
              -(keyword("in")[set_listed] >> blanks >> *(!x3::char_(";\n") >> word[add_word] >> blanks))))] >>
    -x3::lit(';') >> linebreak >> must(body, "'do'");

// while loop = ( "while" | "until" ) , list , "do" , list , "done"
auto const set_until = [](auto& c) { x3::_val(c).until = true; };
auto const repeated_def = list[set_condition] >> must(keyword("do"), "'do'") >> list[set_guarded] >>
                          must(keyword("done"), "'done'");
auto const while_loop_def = is_kind_of<Command::Kind::while_loop> >>
                            spanned[keyword("while") | keyword("until")[set_until]] >> repeated[add_branch];

// case of = "case" , word , "in" , { [ "(" ] , word , { "|" , word } , ")" , list , ";;" } , "esac"
auto const case_item_def = !keyword("esac") >> -x3::lit('(') >> blanks >>
                           must(word[add_pattern], "pattern") >> blanks >>
                           *('|' >> blanks >> must(word[add_pattern], "pattern") >> blanks) >>
                           must(x3::lit(')'), "')'") >> list[set_guarded] >>
                           -(x3::lit(";;&") | ";;" | ";&") >> linebreak;
auto const case_of_def = is_kind_of<Command::Kind::case_of> >>
                         spanned[keyword("case") >> blanks >> must(word[add_word], "word") >> linebreak >>
                                 must(keyword("in"), "'in'")] >>
                         linebreak >> *case_item[add_branch] >> must(keyword("esac"), "'esac'");

// function = [ "function" ] , name , "(" , ")" , command
auto const function_name = text[+(~x3::char_(" \t\r\n;&|<>()'\"\\$`="))];
auto const take_body = [](auto& c) {
    AndOr chain;
    chain.pipelines.emplace_back().commands.push_back(std::move(x3::_attr(c)));
    x3::_val(c).branches.emplace_back();
    x3::_val(c).branches.back().body.items.push_back(std::move(chain));
};
auto const parentheses = '(' >> blanks >> ')';
auto const function_ahead = &(keyword("function") | (!reserved_word >> function_name >> blanks >> parentheses));
auto const
    function_def = function_ahead >> is_kind_of<Command::Kind::function> >>
                   spanned[-(keyword("function") >> blanks) >> function_name[set_name] >> blanks >> -parentheses] >>
                   linebreak >> must(command[take_body], "body of the function");

// test = "[[" , { word | operator } , "]]"
auto const add_operator = [](auto& c) { add_literal(x3::_val(c).words.emplace_back(), x3::_attr(c), false); };
auto const test_operator = text[x3::lit("&&") | "||" | x3::char_("<>()|&;")];
auto const test_def = is_kind_of<Command::Kind::test> >>
                      spanned[keyword("[[") >> linebreak >>
                              *(!keyword("]]") >> (word[add_word] | test_operator[add_operator]) >> linebreak) >>
                              must(keyword("]]"), "']]'")];

auto const arithmetic_def = is_kind_of<Command::Kind::arithmetic> >> spanned["((" >> x3::omit[arithmetic_text]];

// command = function | compound , { redirection } | simple
auto const compound_def = group[take_part] | conditional[take_part] | for_loop[take_part] | while_loop[take_part] |
                          case_of[take_part] | test[take_part] | arithmetic[take_part] | subshell[take_part];
auto const command_def =
    alive >> nested[function[take_part] | (compound[take_part] >> *(blanks >> redirecting)) | simple[take_part]];

// pipeline = [ "!" ] , command , { "|" , command }
auto const set_negated = [](auto& c) { x3::_val(c).negated = !x3::_val(c).negated; };
auto const add_command = [](auto& c) { x3::_val(c).commands.push_back(std::move(x3::_attr(c))); };
auto const pipe = (x3::lit('|') >> !x3::lit('|')) >> -x3::lit('&');
auto const pipeline_def = *(keyword("!")[set_negated] >> blanks) >> command[add_command] >> blanks >>
                          *(pipe >> linebreak >> must(command[add_command], "command") >> blanks);

// and or = pipeline , { ( "&&" | "||" ) , pipeline }
auto const add_pipeline = [](auto& c) { x3::_val(c).pipelines.push_back(std::move(x3::_attr(c))); };
auto const add_and = [](auto& c) { x3::_val(c).alternatives.push_back(false); };
auto const add_or = [](auto& c) { x3::_val(c).alternatives.push_back(true); };
auto const and_or_def = pipeline[add_pipeline] >> *((x3::lit("&&")[add_and] | x3::lit("||")[add_or]) >> linebreak >>
                                                    must(pipeline[add_pipeline], "command"));

// list = { and or , ( ";" | "&" | newline ) }
auto const add_item = [](auto& c) { x3::_val(c).items.push_back(std::move(x3::_attr(c))); };
auto const in_background = [](auto& c) { x3::_val(c).items.back().background = true; };
auto const separator = (x3::lit(';') >> !x3::lit(';')) | x3::lit('&')[in_background] | (-comment >> newline);
auto const list_def = linebreak >> *(and_or[add_item] >> blanks >> -(separator >> linebreak));

BOOST_SPIRIT_DEFINE(assignment, redirection, simple, group, subshell, conditional, for_loop, while_loop, case_of,
                    function, test, arithmetic, compound, command, guarded, repeated, case_item, pipeline, and_or,
                    list)

// ---- driver

// Everything up to the end of the script, or the place where it stops to be one.
struct Driver {
    ScriptState state;
    It end;
    x3::context<kit::state_tag, kit::State> const context{state};

    Driver(std::string_view input, Script& script, SourceId source)
        : state(input.data(), script, source), end(input.data() + input.size()) {}

    void run() {
        for (It at = state.base; at != end;) {
            List items;
            bool const parsed = list.parse(at, end, context, x3::unused, items);
            auto& all = state.script.list.items;
            std::move(items.items.begin(), items.items.end(), std::back_inserter(all));
            if (parsed && at == end && !state.failure.frozen) return;
            at = refuse(at);
            if (state.script.errors.size() < error_limit) continue;
            state.script.errors.back().message = "too many errors; the rest of the script is not read";
            return;
        }
    }

    // Goes on after the line of the error.
    It refuse(It stopped) {
        state.failure.note(stopped, "command", false);
        It const place = std::max(state.failure.at, stopped);
        state.script.errors.push_back(kit::to_error(state, end, state.source));
        state.failure = {};
        state.depth = 0;
        state.pending.clear();
        It const line_end = std::find(place, end, '\n');
        return line_end == end ? end : line_end + 1;
    }
};

// The expansions in here-documents whose delimiters are not quoted.
x3::rule<struct document_id, Word> const document = "document";
auto const document_def =
    *(text[+~x3::char_("\\$`")][add_quoted] | ('\\' >> text[x3::char_("$`\\")][add_quoted]) | continuation |
      text[x3::char_('\\')][add_quoted] | dollar[add_quoted_part] | backquoted[add_quoted_part]);
BOOST_SPIRIT_DEFINE(document)

} // namespace

Script parse(std::string_view input, SourceId source) {
    Script script;
    if (input.size() > size_limit) {
        script.errors.push_back(make_syntax_error({}, 0, source, {}));
        script.errors.back().message = "the file is larger than a gibibyte";
        return script;
    }
    Driver driver(input, script, source);
    driver.run();
    for (std::size_t i = 0; i < script.documents.size(); ++i) { // expansions may have documents of their own
        if (script.documents[i].literal) continue;
        Word content;
        It at = input.data() + script.documents[i].span.begin;
        It const end = input.data() + script.documents[i].span.end;
        document.parse(at, end, driver.context, x3::unused, content);
        script.documents[i].parts = std::move(content.parts);
    }
    return script;
}

} // namespace portcullis::shell
