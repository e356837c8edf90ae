// The grammar of iptables-save files: what is an option and where it stands, and what is refused, where, and why.
#include <catch2/catch.hpp>

#include "grammars/iptables/parse.hpp"

using namespace portcullis;
using namespace portcullis::iptables;

namespace {

std::string in_filter(std::string const& line) { return "*filter\n" + line + "\nCOMMIT\n"; }

// The options of the only command, by their long names, each with the text that its span covers.
std::string options_of(std::string const& line) {
    std::string const text = in_filter(line);
    File const file = parse(text, 0);
    std::string result;
    for (SyntaxError const& error : file.errors) result += "error: " + to_string(error) + '\n';
    for (Statement const& statement : file.statements) {
        auto const* command = std::get_if<Command>(&statement);
        if (command == nullptr) continue;
        for (Option const& option : file[command->options]) {
            result += option.negated ? "! " : "";
            result += std::string(option.info->name) + " <" +
                      text.substr(option.span.begin, option.span.end - option.span.begin) + ">\n";
        }
    }
    return result;
}

// Errors as "line:column: message", the column counted in bytes.
std::vector<std::string> errors_of(std::string const& text) {
    std::vector<std::string> result;
    File const file = parse(text, 0);
    for (SyntaxError const& error : file.errors) {
        auto const line = std::count(text.begin(), text.begin() + error.span.begin, '\n') + 1;
        std::size_t const newline =
            error.span.begin == 0 ? std::string::npos : text.rfind('\n', error.span.begin - 1);
        std::size_t const column = error.span.begin - (newline == std::string::npos ? 0 : newline + 1) + 1;
        result.push_back(std::to_string(line) + ':' + std::to_string(column) + ": " + to_string(error));
    }
    return result;
}

std::string error_of(std::string const& line) {
    auto const errors = errors_of(in_filter(line));
    return errors.size() == 1 ? errors.front() : "not one error but " + std::to_string(errors.size());
}

template <class T> T const& value_of(File const& file, std::size_t option) {
    return std::get<T>(file.options[option].value);
}

} // namespace

TEST_CASE("long, short and joined spellings of an option are the same option") {
    struct {
        char const* line;
        char const* options;
    } const cases[] = {
        {"-A INPUT -s 192.0.2.1", "append <-A INPUT>\nsource <-s 192.0.2.1>\n"},
        {"-AINPUT --source 192.0.2.1", "append <-AINPUT>\nsource <--source 192.0.2.1>\n"},
        {"--append=INPUT -mcpu --cpu=1", "append <--append=INPUT>\nmatch <-mcpu>\ncpu <--cpu=1>\n"},
        {"-A INPUT --src \"192.0.2.1\"", "append <-A INPUT>\nsrc <--src \"192.0.2.1\">\n"},
        {"-A INPUT --sour 192.0.2.1", "append <-A INPUT>\nsource <--sour 192.0.2.1>\n"},
        {"  -A\tINPUT \t-j ACCEPT  ", "append <-A\tINPUT>\njump <-j ACCEPT>\n"},
        {"[12:345] -A INPUT ! -f", "append <-A INPUT>\n! fragments <-f>\n"},
        {"-A INPUT -c 1 2 -g other", "append <-A INPUT>\nset-counters <-c 1 2>\ngoto <-g other>\n"},
        {"-I INPUT 3 -j ACCEPT", "insert <-I INPUT 3>\njump <-j ACCEPT>\n"},
        {"-j ACCEPT -A INPUT", "jump <-j ACCEPT>\nappend <-A INPUT>\n"},
    };
    for (auto const& c : cases) {
        INFO(c.line);
        CHECK(options_of(c.line) == c.options);
    }
}

TEST_CASE("a protocol brings the options of its match along") {
    CHECK(options_of("-A INPUT -p tcp --dport 22") == "append <-A INPUT>\nprotocol <-p tcp>\ndport <--dport 22>\n");
    CHECK(options_of("-A INPUT -p 17 --destination-port 53") ==
          "append <-A INPUT>\nprotocol <-p 17>\ndestination-port <--destination-port 53>\n");
    CHECK(error_of("-A INPUT --dport 22 -p tcp") ==
          "2:10: unknown option '--dport': it needs -p dccp, -p sctp, -p tcp, -p udp before it");
    CHECK(error_of("-A INPUT -p all --dport 22").starts_with("2:17: unknown option '--dport'"));
}

TEST_CASE("an option belongs to the match that was loaded last") {
    std::string const text =
        in_filter("-A INPUT -m recent --name a --set -m recent --name b --update -m mark --mark 1");
    File const file = parse(text, 0);
    REQUIRE(file.errors.empty());
    std::vector<int> instances;
    for (Option const& option : file.options) instances.push_back(option.instance);
    CHECK(instances == std::vector<int>{0, 0, 1, 1, 0, 2, 2, 0, 3});
}

TEST_CASE("values are read by the shape of their option") {
    File const ports = parse("-A X -p tcp --dport 1024: --sport :1023", 0);
    REQUIRE(ports.errors.empty());
    auto const dport = ports[value_of<Slice<PortRange>>(ports, 2)][0];
    CHECK((dport.first.number == 1024 && dport.last.number == 65535));
    auto const sport = ports[value_of<Slice<PortRange>>(ports, 3)][0];
    CHECK((sport.first.number == 0 && sport.last.number == 1023));

    File const lists = parse(
        "-A X -s 192.0.2.9/24,198.51.100.0/255.0.255.0,host.example -p tcp -m multiport --ports ssh,80,8000:8010",
        0);
    REQUIRE(lists.errors.empty());
    auto const networks = lists[value_of<Slice<Network>>(lists, 1)];
    REQUIRE(networks.size() == 3);
    CHECK(networks[0].mask == 0xffffff00);
    CHECK(networks[1].mask == 0xff00ff00);
    CHECK(networks[2].host == "host.example");
    auto const list = lists[value_of<Slice<PortRange>>(lists, 4)];
    REQUIRE(list.size() == 3);
    CHECK(list[0].first.name == "ssh");
    CHECK((list[2].first.number == 8000 && list[2].last.number == 8010));

    File const flags = parse("-A X -p tcp --tcp-flags fin,SYN,RST,ACK SYN -m mark --mark 0x10/0xff -m mac "
                             "--mac-source 00:00:5e:00:53:01",
                             0);
    REQUIRE(flags.errors.empty());
    CHECK((value_of<TcpFlags>(flags, 2).mask == 0x17 && value_of<TcpFlags>(flags, 2).set == 0x02));
    CHECK((value_of<MaskedNumber>(flags, 4).value == 0x10 && value_of<MaskedNumber>(flags, 4).mask == 0xff));
    CHECK(value_of<Mac>(flags, 6).value == 0x00005e005301);
}

TEST_CASE("dotted quads may lack their last parts") {
    File const file = parse("-A X -s 10/8 -d 172.16/12", 0);
    REQUIRE(file.errors.empty());
    CHECK(to_string(file.networks[0].address) == "10.0.0.0");
    CHECK(to_string(file.networks[1].address) == "172.16.0.0");
}

TEST_CASE("quotes hold blanks, and backslashes in them hold quotes") {
    struct {
        char const* raw;
        char const* plain;
    } const cases[] = {
        {R"("two words")", "two words"},
        {R"("a \"b\" \\ c")", R"(a "b" \ c)"},
        {R"("")", ""},
        {R"(it's)", "it's"},
        {R"(half"way there")", "halfway there"},
        {R"(back\slash)", R"(back\slash)"},
        {R"("-j DROP")", "-j DROP"},
    };
    for (auto const& c : cases) {
        INFO(c.raw);
        std::string const text = std::string("-A INPUT -m comment --comment ") + c.raw + " -j ACCEPT";
        File const file = parse(text, 0);
        REQUIRE(file.errors.empty());
        CHECK(value_of<Word>(file, 2).plain() == c.plain);
        CHECK(file.options.size() == 4);
    }
}

TEST_CASE("an unknown match keeps its text up to the next option") {
    CHECK(options_of("-A INPUT -m geoip ! --source-country XX,YY --flag -j DROP") ==
          "append <-A INPUT>\nmatch <-m geoip>\n!  <--source-country XX,YY>\n <--flag>\njump <-j DROP>\n");
    CHECK(options_of("-A INPUT -j TARPIT --tarpit -p tcp") ==
          "append <-A INPUT>\njump <-j TARPIT>\n <--tarpit>\nprotocol <-p tcp>\n");
}

TEST_CASE("a file has tables, chains, rules, comments and empty lines, with any end of line") {
    std::string const text =
        "# Generated by iptables-save\r\n*nat\r\n:PREROUTING ACCEPT [1:60]\r\n:own - [0:0]\r\n\r\n"
        "[3:180] -A own -j RETURN\r\nCOMMIT\r\n# Completed";
    File const file = parse(text, 7);
    REQUIRE(file.errors.empty());
    REQUIRE(file.statements.size() == 5);
    auto const& chain = std::get<ChainDeclaration>(file.statements[1]);
    CHECK(chain.name.plain() == "PREROUTING");
    CHECK(chain.policy.plain() == "ACCEPT");
    auto const& command = std::get<Command>(file.statements[3]);
    CHECK(command.span.source == 7);
    CHECK(text.substr(command.span.begin, command.span.end - command.span.begin) == "[3:180] -A own -j RETURN");
    CHECK(parse("", 0).errors.empty());
    CHECK(parse("COMMIT", 0).errors.empty());
}

TEST_CASE("layout that iptables-restore refuses is an error, and the lines are read all the same") {
    struct {
        char const* text;
        char const* error;
    } const cases[] = {
        {"*filter\n \n-A INPUT -j DROP\nCOMMIT", "blanks in an empty line, in which iptables-restore finds no command"},
        {"*filter\n  # why\n-A INPUT -j DROP\nCOMMIT",
         "blanks before '#', which iptables-restore then takes for an argument"},
        {"*filter\n-A INPUT -j DROP\n COMMIT",
         "blanks before 'COMMIT', which iptables-restore then takes for an argument"},
    };
    for (auto const& c : cases) {
        INFO(c.text);
        File const file = parse(c.text, 0);
        REQUIRE(file.errors.size() == 1);
        CHECK(file.errors[0].message == c.error);
        CHECK(file.statements.size() == 3);
    }
    CHECK(parse("*filter\n  -A INPUT -j DROP\nCOMMIT", 0).errors.empty());
    CHECK(parse("  -A INPUT -j DROP\n\n \n", 0).errors.empty()); // of `iptables -S`
}

TEST_CASE("errors say what stands there and what was expected") {
    struct {
        char const* line;
        char const* error;
    } const cases[] = {
        {"-A", "2:3: '-A' needs a value"},
        {"-A INPUT -p tcp --dport", "2:24: '--dport' needs a value"},
        {"-A INPUT -p tcp --dport 65536", "2:25: expected port number up to 65535 or service name, found '65536'"},
        {"-A INPUT -p tcp --dport 22:x:", "2:29: expected end of the value, found ':'"},
        {"-A INPUT -s 192.0.2.300", "2:13: expected address, found '192.0.2.300'"},
        {"-A INPUT -s 192.0.2.0/33", "2:23: expected mask, found '33'"},
        {"-A INPUT -s 192.0.2.1, -j DROP", "2:23: expected address"},
        {"-A INPUT -m state --state NEW,OLD", "2:31: expected connection state, found 'OLD'"},
        {"-A INPUT -p tcp --tcp-flags SYN", "2:32: expected TCP flags that must be set, found end of line"},
        {"-A INPUT -p tcp --tcp-flags SYN,FOO SYN", "2:33: expected TCP flag, found 'FOO'"},
        {"-A INPUT -m mac --mac-source 00:00:5e",
         "2:30: expected MAC address such as 00:00:5e:00:53:01, found '00:00:5e'"},
        {"-A INPUT -m ttl --ttl-eq 256", "2:26: expected a number from 0 to 255, found '256'"},
        {"-A INPUT -j ACCEPT extra", "2:20: expected option, found 'extra'"},
        {"-A INPUT # note", "2:10: expected option, found '#'"},
        {"-A INPUT !", "2:11: expected option after '!', found end of line"},
        {"-A INPUT ! ! -s 192.0.2.1", "2:12: expected option, found '!'"},
        {"-A INPUT -s ! 192.0.2.1", "2:13: the '!' must stand before the option: write '! -s …'"},
        {"-A INPUT -p tcp --dport ! 22", "2:25: the '!' must stand before the option: write '! --dport …'"},
        {"-A INPUT ! -j DROP", "2:12: '--jump' cannot be negated"},
        {"-A INPUT -s 192.0.2.1 -s 192.0.2.2", "2:23: '--source' is given twice"},
        {"-A INPUT -j ACCEPT -g own", "2:20: '--goto' cannot be used together with '--jump'"},
        {"-A INPUT -ptcp", "2:10: iptables takes all of '-ptcp' for the value: write '-p', a blank and the value"},
        {"-A INPUT -ieth0",
         "2:10: iptables takes all of '-ieth0' for the value: write '-i', a blank and the value"},
        {"-A INPUT --jump=DROP",
         "2:10: iptables takes all of '--jump=DROP' for the value: write '--jump', a blank"},
        {"-A INPUT -p tcp -dport 22", "2:17: unknown option '-dport': long options have two dashes"},
        {"-A INPUT -p tcp --prot udp", "2:17: '--protocol' is given twice"},
        {"-A INPUT --s 192.0.2.1", "2:10: ambiguous option '--s'"},
        {"-A INPUT --nonsense", "2:10: unknown option '--nonsense'"},
        {"-A INPUT --state NEW", "2:10: unknown option '--state': it needs -m state before it"},
        {"-A INPUT -t nat", "2:10: '-t' has no place in a file for iptables-restore"},
        {"-A INPUT -m comment --comment \"open -j DROP",
         "2:31: the quote is not closed: iptables would take the rest of the line into it"},
        {"-A INPUT -m connlimit -j DROP", "2:30: 'connlimit' needs an option of its own"},
        {"-A INPUT -m hashlimit --hashlimit-upto 1/s", "2:43: 'hashlimit' needs '--hashlimit-name'"},
        {"-j DROP", "2:8: no command such as -A in this line"},
        {"-A INPUT -D INPUT", "2:13: more than one command in the line"},
        {":INPUT", "2:7: expected policy, found end of line"},
        {":INPUT DROP [0:x]", "2:16: expected byte count, found 'x]'"},
        {"[1:2 -A INPUT", "2:5: expected ']', found ' '"},
        {"nonsense", "2:1: expected table, chain, rule or COMMIT, found 'nonsense'"},
    };
    for (auto const& c : cases) {
        INFO(c.line);
        CHECK_THAT(error_of(c.line), Catch::StartsWith(c.error));
    }
}

TEST_CASE("parsing goes on after a bad line, and stops after too many") {
    File const file =
        parse("*filter\n-A INPUT --bad\n-A INPUT -j ACCEPT\n-A INPUT -s x!\n-A INPUT -j DROP\nCOMMIT\n", 0);
    CHECK(file.errors.size() == 2);
    CHECK(file.statements.size() == 4);

    std::string many;
    for (int i = 0; i < 2000; ++i) many += "bad\n";
    auto const errors = errors_of(many);
    REQUIRE(errors.size() == error_limit);
    CHECK(errors.back() == "1000:1: too many errors; the rest of the file is not read");
}

TEST_CASE("a listing is refused once, with a hint") {
    auto const errors = errors_of(
        "Chain INPUT (policy ACCEPT)\ntarget prot opt source destination\nACCEPT all -- anywhere anywhere\n");
    REQUIRE(errors.size() == 1);
    CHECK(errors[0] == "1:1: this is a listing of iptables -L, which leaves out too much: use iptables-save");
}

TEST_CASE("hostile lines are errors, and quick ones") {
    std::string long_line = "-A INPUT";
    for (int i = 0; i < 100000; ++i) long_line += " -m tcp";
    CHECK(errors_of(long_line).front() == "1:1788: more than 255 options in one line");
    CHECK(errors_of("-A INPUT -s " + std::string(1 << 20U, ',')).size() == 1);
    CHECK(errors_of("-A INPUT " + std::string(1 << 20U, '!')).size() == 1);
    CHECK(errors_of(std::string(1 << 20U, '"')).size() == 1);
    CHECK(errors_of("-A INPUT -m comment --comment " + std::string(1 << 20U, '\\')).empty());
    CHECK(errors_of(std::string("-A INPUT \0 -j ACCEPT", 20)).size() == 1);
}
