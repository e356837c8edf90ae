// The grammar of ipset's restore format, which is that of its command lines: a command, a set, what the command
// takes, options. What an entry means depends on its set's type, so that it is split here and read elsewhere.
#include <algorithm>
#include <cstring>
#include <iterator>

#include "grammars/common/kit.hpp"
#include "grammars/ipset/parse.hpp"

namespace portcullis::ipset {

std::string plain(std::string_view word) {
    std::string text;
    for (char const c : word)
        if (c != '"') text += c;
    return text;
}

namespace {

namespace x3 = boost::spirit::x3;
using kit::It;
using kit::must;

// ---- words of the language

struct CommandName {
    std::string_view name;
    Action action;
};

// ipset(8). Every abbreviation is a command too, of the first name that begins so (ipset_match_cmd of ipset's
// library).
constexpr CommandName command_names[] = {
    {"create", Action::create},
    {"--create", Action::create},
    {"n", Action::create},
    {"-N", Action::create},
    {"add", Action::add},
    {"--add", Action::add},
    {"-A", Action::add},
    {"del", Action::del},
    {"--del", Action::del},
    {"-D", Action::del},
    {"test", Action::test},
    {"--test", Action::test},
    {"-T", Action::test},
    {"destroy", Action::destroy},
    {"x", Action::destroy},
    {"-X", Action::destroy},
    {"--destroy", Action::destroy},
    {"list", Action::query},
    {"--list", Action::query},
    {"-L", Action::query},
    {"save", Action::query},
    {"--save", Action::query},
    {"-S", Action::query},
    {"restore", Action::query},
    {"--restore", Action::query},
    {"-R", Action::query},
    {"flush", Action::flush},
    {"-F", Action::flush},
    {"--flush", Action::flush},
    {"rename", Action::rename},
    {"e", Action::rename},
    {"-E", Action::rename},
    {"--rename", Action::rename},
    {"swap", Action::swap},
    {"w", Action::swap},
    {"-W", Action::swap},
    {"--swap", Action::swap},
    {"help", Action::query},
    {"-H", Action::query},
    {"version", Action::query},
    {"-V", Action::query},
    {"--version", Action::query},
    {"--help", Action::query},
    {"COMMIT", Action::commit},
};

enum Shape : std::uint8_t { flag, value };
enum Place : std::uint8_t { of_create = 1, of_entry = 2, anywhere = 4 };

struct OptionName {
    std::string_view name;
    Key key;
    Shape shape;
    std::uint8_t places;
};

constexpr OptionName option_names[] = {
    {"family", Key::family, value, of_create},
    {"-4", Key::family, flag, of_create},
    {"-6", Key::family, flag, of_create},
    {"hashsize", Key::hashsize, value, of_create},
    {"maxelem", Key::maxelem, value, of_create},
    {"bucketsize", Key::bucketsize, value, of_create},
    {"initval", Key::initval, value, of_create},
    {"netmask", Key::netmask, value, of_create},
    {"bitmask", Key::bitmask, value, of_create},
    {"markmask", Key::markmask, value, of_create},
    {"timeout", Key::timeout, value, of_create | of_entry},
    {"counters", Key::counters, flag, of_create},
    {"comment", Key::comment, flag, of_create},
    {"comment", Key::comment, value, of_entry},
    {"skbinfo", Key::skbinfo, flag, of_create},
    {"forceadd", Key::forceadd, flag, of_create},
    {"range", Key::range, value, of_create},
    {"from", Key::from, value, of_create},
    {"to", Key::to, value, of_create},
    {"network", Key::network, value, of_create},
    {"size", Key::size, value, of_create},
    {"probes", Key::ignored, value, of_create},
    {"resize", Key::ignored, value, of_create},
    {"gc", Key::ignored, value, of_create},
    {"nomatch", Key::nomatch, flag, of_entry},
    {"wildcard", Key::wildcard, flag, of_entry},
    {"packets", Key::packets, value, of_entry},
    {"bytes", Key::bytes, value, of_entry},
    {"skbmark", Key::skbmark, value, of_entry},
    {"skbprio", Key::skbprio, value, of_entry},
    {"skbqueue", Key::skbqueue, value, of_entry},
    {"before", Key::before, value, of_entry},
    {"after", Key::after, value, of_entry},
    {"-exist", Key::exist, flag, anywhere},
    {"-!", Key::exist, flag, anywhere},
    {"-quiet", Key::ignored, flag, anywhere},
    {"-q", Key::ignored, flag, anywhere},
    {"-sorted", Key::ignored, flag, anywhere},
    {"-resolve", Key::ignored, flag, anywhere},
    {"-name", Key::ignored, flag, anywhere},
    {"-terse", Key::ignored, flag, anywhere},
    {"-output", Key::ignored, value, anywhere},
    {"-o", Key::ignored, value, anywhere},
    {"-file", Key::ignored, value, anywhere},
    {"-f", Key::ignored, value, anywhere},
};

// ---- state

struct LineState : kit::State {
    File& file;
    Command command{};
    std::string message{}; // of the failure, where a sentence says more than what was expected

    LineState(It text, File& out) : kit::State{text}, file(out) {}
    void start_line() {
        failure = {};
        command = {};
        command.first_option = static_cast<std::uint32_t>(file.options.size());
        message.clear();
    }
};

template <class Context> LineState& line_state(Context const& context) {
    return static_cast<LineState&>(kit::state(context));
}

// The parse of this line has failed at `place`, for this reason.
template <class Context> bool refuse(Context const& context, It place, std::string message) {
    LineState& line = line_state(context);
    if (line.failure.frozen) return false;
    line.failure.note(place, "", true);
    if (line.failure.frozen) line.message = std::move(message);
    return false;
}

constexpr auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
std::string_view view(It begin, It end) { return {begin, static_cast<std::size_t>(end - begin)}; }

// ---- leaves

template <class Derived, class Attribute> struct leaf : x3::parser<Derived> {
    using attribute_type = Attribute;
    static bool const has_attribute = true;
    static bool const handles_container = false;
};

// word = { character - blank | quote , { character } , quote }: quotes may stand anywhere, and nothing escapes
// them.
template <bool EndsAtComma> struct word_parser : leaf<word_parser<EndsAtComma>, std::string_view> {
    template <class Context, class RContext, class Attribute>
    bool parse(It& first, It const& last, Context const& context, RContext&, Attribute& attribute) const {
        It at = first;
        bool quoted = false;
        for (; at != last && (quoted || !(is_blank(*at) || (EndsAtComma && *at == ','))); ++at)
            quoted = quoted != (*at == '"');
        if (quoted) return refuse(context, first, "the quote is not closed");
        if (at == first) return false;
        x3::traits::move_to(view(first, at), attribute);
        first = at;
        return true;
    }
};
constexpr word_parser<false> word{};
constexpr word_parser<true> part{};

struct blanks_parser : x3::parser<blanks_parser> {
    using attribute_type = x3::unused_type;
    static bool const has_attribute = false;
    template <class Context, class RContext, class Attribute>
    bool parse(It& first, It const& last, Context const&, RContext&, Attribute&) const {
        It const begin = first;
        while (first != last && is_blank(*first)) ++first;
        return first != begin;
    }
};
constexpr blanks_parser blanks{};

struct command_name_parser : leaf<command_name_parser, Action> {
    template <class Context, class RContext, class Attribute>
    bool parse(It& first, It const& last, Context const&, RContext&, Attribute& attribute) const {
        It const end = std::find_if(first, last, is_blank);
        std::string_view const name = view(first, end);
        auto const found = std::ranges::find_if(
            command_names, [&](CommandName const& known) { return known.name.starts_with(name); });
        if (name.empty() || name == "-" || name == "--" || found == std::end(command_names)) return false;
        x3::traits::move_to(found->action, attribute);
        first = end;
        return true;
    }
};
constexpr command_name_parser command_name{};

// option = [ "--" ] , name , [ blanks , value ]
template <std::uint8_t Places> struct option_parser : leaf<option_parser<Places>, Option> {
    template <class Context, class RContext, class Attribute>
    bool parse(It& first, It const& last, Context const& context, RContext& rcontext, Attribute& attribute) const {
        It at = std::find_if(first, last, is_blank);
        std::string_view const written = view(first, at);
        std::string_view const name = written.starts_with("--") ? written.substr(2) : written;
        auto const found = std::ranges::find_if(option_names, [&](OptionName const& known) {
            return known.name == name && (known.places & (Places | anywhere)) != 0;
        });
        if (found == std::end(option_names)) return false;
        Option option{found->key, written, {}};
        if (found->shape == value) {
            static auto const operand = must(blanks >> word, "value");
            if (!operand.parse(at, last, context, rcontext, option.value)) return false;
        }
        x3::traits::move_to(option, attribute);
        first = at;
        return true;
    }
};

// ---- commands

auto const add_option = [](auto& c) {
    LineState& line = line_state(c);
    line.file.options.push_back(x3::_attr(c));
    ++line.command.option_count;
};
auto const set_action = [](auto& c) { line_state(c).command.action = x3::_attr(c); };
auto const set_name = [](auto& c) { line_state(c).command.set = x3::_attr(c); };
auto const set_argument = [](auto& c) { line_state(c).command.argument = x3::_attr(c); };
auto const add_part = [](auto& c) {
    Command& command = line_state(c).command;
    std::string_view const text = x3::_attr(c);
    bool const fits = command.parts < command.entry.size();
    if (fits) command.entry[command.parts++] = text;
    It const begin = command.entry.front().data();
    command.argument = view(begin, text.data() + text.size());
    x3::_pass(c) = fits || refuse(c, text.data(), "an entry has at most three parts");
};

// general = { blanks , ( "-exist" | … ) }
x3::rule<struct general_id> const general = "general";
auto const general_def = *(blanks >> option_parser<anywhere>{}[add_option]);

// create = set , blanks , type , { blanks , option }
x3::rule<struct creation_id> const creation = "creation";
auto const creation_def = general >> must(blanks >> word[set_name], "name of a set") >> general >>
                          must(blanks >> word[set_argument], "type of the set") >>
                          *(blanks >> must(option_parser<of_create>{}[add_option], "option of create"));

// entry = set , blanks , part , { "," , part } , { blanks , option }
x3::rule<struct entry_id> const entry = "entry";
auto const entry_def = general >> must(blanks >> word[set_name], "name of a set") >> general >>
                       must(blanks >> part[add_part], "entry") >>
                       *(',' >> must(part[add_part], "part of the entry")) >>
                       *(blanks >> must(option_parser<of_entry>{}[add_option], "option of the entry"));

// two = set , blanks , set
x3::rule<struct two_id> const two = "two";
auto const two_def = general >> must(blanks >> word[set_name], "name of a set") >> general >>
                     must(blanks >> word[set_argument], "second name of a set") >> general;

// one = [ set ]
x3::rule<struct one_id> const one = "one";
auto const one_def = general >> -(blanks >> word[set_name]) >> general;

// statement = { "-exist" , blanks } , command , …; "-exist" may stand before and behind every name
x3::rule<struct statement_id> const statement = "statement";

struct body_parser : x3::parser<body_parser> {
    using attribute_type = x3::unused_type;
    static bool const has_attribute = false;
    template <class Context, class RContext, class Attribute>
    bool parse(It& first, It const& last, Context const& context, RContext& rcontext, Attribute&) const {
        switch (line_state(context).command.action) {
        case Action::create: return creation.parse(first, last, context, rcontext, x3::unused);
        case Action::add:
        case Action::del:
        case Action::test: return entry.parse(first, last, context, rcontext, x3::unused);
        case Action::rename:
        case Action::swap: return two.parse(first, last, context, rcontext, x3::unused);
        case Action::destroy:
        case Action::flush: return one.parse(first, last, context, rcontext, x3::unused);
        case Action::query: first = last; return true;
        case Action::commit:
        case Action::none: return true;
        }
        return false;
    }
};
constexpr body_parser body{};

auto const statement_def = *(option_parser<anywhere>{}[add_option] >> blanks) >>
                           must(command_name[set_action], "command such as create or add") >> body >>
                           must(x3::eoi, "end of line");

BOOST_SPIRIT_DEFINE(general, creation, entry, two, one, statement)

// ---- driver

void parse_line(LineState& line, It first, It last, It end) {
    while (first != last && is_blank(*first)) ++first;
    while (first != last && (is_blank(last[-1]) || last[-1] == '\r')) --last;
    if (first == last || *first == '#') return;
    line.start_line();
    x3::context<kit::state_tag, kit::State> const context{line};
    It at = first;
    if (statement.parse(at, last, context, x3::unused, x3::unused) && !line.failure.frozen) {
        line.command.span = line.file.span(view(first, last));
        line.file.commands.push_back(line.command);
        return;
    }
    line.file.options.resize(line.command.first_option);
    SyntaxError error = kit::to_error(line, end, line.file.source);
    error.message = std::move(line.message);
    line.file.errors.push_back(std::move(error));
}

} // namespace

std::string_view name_of(Key key) {
    auto const found = std::ranges::find(option_names, key, &OptionName::key);
    return found == std::end(option_names) ? std::string_view{} : found->name;
}

File parse(std::string_view text, SourceId source) {
    File file;
    file.text = text;
    file.source = source;
    It const begin = text.data();
    It const end = begin + text.size();
    if (text.size() > size_limit) {
        file.errors.push_back(make_syntax_error({}, 0, source, {}));
        file.errors.back().message = "the file is larger than a gibibyte";
        return file;
    }
    LineState line(begin, file);
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

} // namespace portcullis::ipset
