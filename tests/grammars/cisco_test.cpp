// The syntax of Cisco configurations: which lines are entries of which list, what their parts are, and where errors
// are.
#include <catch2/catch.hpp>

#include "grammars/cisco/parse.hpp"

using namespace portcullis;
using namespace portcullis::cisco;

namespace {

std::vector<AccessList> lists_of(Config const& config) {
    std::vector<AccessList> lists;
    for (Statement const& statement : config.statements)
        if (auto const* list = std::get_if<AccessList>(&statement)) lists.push_back(*list);
    return lists;
}

// "line:column: message" of every error.
std::vector<std::string> errors_of(std::string const& text, Platform platform) {
    Source const source("config", text);
    std::vector<std::string> errors;
    for (SyntaxError const& error : parse(source.text(), 0, platform).errors) {
        auto const at = source.locate(error.span.begin);
        errors.push_back(std::to_string(at.line) + ':' + std::to_string(at.column) + ": " + to_string(error));
    }
    return errors;
}

Entry entry_of(Config const& config) {
    auto const lists = lists_of(config);
    REQUIRE(lists.size() == 1);
    REQUIRE(lists[0].entries.size() == 1);
    return lists[0].entries[0];
}

std::size_t entry_count(Config const& config) {
    std::size_t count = 0;
    for (AccessList const& list : lists_of(config)) count += list.entries.size();
    return count;
}

} // namespace

TEST_CASE("the parts of an entry keep their text") {
    std::string const text = "access-list 110 permit  tcp host 192.0.2.1 gt 1023  10.0.0.0 0.255.255.255 eq 80 443 "
                             "established log-input\n";
    auto const config = parse(text, 7, Platform::ios);
    REQUIRE(config.errors.empty());
    auto const entry = entry_of(config);
    CHECK(entry.text == text.substr(0, text.size() - 1));
    CHECK(entry.action == Entry::Action::permit);
    CHECK(entry.service.name == "tcp");
    CHECK(entry.source.text == "host 192.0.2.1");
    CHECK(entry.service.source.text == "gt 1023");
    CHECK(entry.destination.text == "10.0.0.0 0.255.255.255");
    CHECK(entry.destination.kind == Address::Kind::masked);
    CHECK(entry.service.destination.values == std::vector<std::string_view>{"80", "443"});
    REQUIRE(entry.options.size() == 2);
    CHECK(entry.options[1].text == "log-input");
    CHECK(config.span_of(entry.source.text) == Span{7, 28, 42});
}

TEST_CASE("lists are told by their commands and numbers") {
    struct Case {
        std::string text;
        Platform platform;
        AccessList::Kind kind;
    };
    std::vector<Case> const cases{
        {"access-list 99 permit any", Platform::ios, AccessList::Kind::standard},
        {"access-list 1999 permit any", Platform::ios, AccessList::Kind::standard},
        {"access-list 199 permit ip any any", Platform::ios, AccessList::Kind::extended},
        {"access-list 2699 permit ip any any", Platform::ios, AccessList::Kind::extended},
        {"access-list 700 permit 0000.0c00.0000 0000.00ff.ffff", Platform::ios, AccessList::Kind::foreign},
        {"ip access-list standard S", Platform::ios, AccessList::Kind::standard},
        {"ip access-list extended 105", Platform::ios, AccessList::Kind::extended},
        {"ipv6 access-list V6", Platform::ios, AccessList::Kind::ipv6},
        {"mac access-list extended M", Platform::ios, AccessList::Kind::foreign},
        {"access-list 101 permit ip any any", Platform::asa, AccessList::Kind::extended},
        {"access-list OUT extended permit ip any any", Platform::asa, AccessList::Kind::extended},
        {"access-list SPLIT standard permit 10.0.0.0 255.0.0.0", Platform::asa, AccessList::Kind::standard},
        {"access-list L2 ethertype permit bpdu", Platform::asa, AccessList::Kind::foreign},
        {"ip access-list N", Platform::nxos, AccessList::Kind::extended},
        {"ipv4 access-list X", Platform::xr, AccessList::Kind::extended},
        {"Extended IP access list 120", Platform::ios, AccessList::Kind::extended},
    };
    for (auto const& [text, platform, kind] : cases) {
        INFO(text);
        auto const config = parse(text, 0, platform);
        CHECK(config.errors.empty());
        auto const lists = lists_of(config);
        REQUIRE(lists.size() == 1);
        CHECK(lists[0].kind == kind);
    }
}

TEST_CASE("commands that only sound like lists are none") {
    for (std::string const text :
         {"access-list compiled", "ip access-list logging interval 5",
          "ip as-path access-list 1 permit ^65000_", "ip prefix-list P seq 5 permit 10.0.0.0/8",
          "object-group-search access-control", "access-list cached ACL log flows: total 0, denied 0"}) {
        INFO(text);
        auto const config = parse(text, 0, Platform::ios);
        CHECK(config.errors.empty());
        CHECK(config.statements.empty());
    }
}

TEST_CASE("bodies are found with and without indentation, blank lines, comments and carriage returns") {
    for (std::string const text : {
             "ip access-list extended A\n permit tcp any any\n deny ip any any\ninterface Gi0/1\n ip access-group "
             "A in\n",
             "ip access-list extended A\npermit tcp any any\ndeny ip any any\ninterface Gi0/1\nip access-group A "
             "in\n",
             "ip access-list extended A\r\n permit tcp any any\r\n\r\n! comment\r\n deny ip any any\r\ninterface "
             "Gi0/1\r\n ip access-group A in\r\n",
             "R1(config)#ip access-list extended A\nR1(config-ext-nacl)#permit tcp any any\nR1(config-ext-nacl)# "
             "deny ip any any\n"
             "R1(config)#interface Gi0/1\nR1(config-if)#ip access-group A in\n",
             "IP ACCESS-LIST EXTENDED A\n PERMIT TCP ANY ANY\n DENY IP ANY ANY\nINTERFACE Gi0/1\n IP ACCESS-GROUP "
             "A IN",
         }) {
        INFO(text);
        auto const config = parse(text, 0, Platform::ios);
        CHECK(config.errors.empty());
        CHECK(entry_count(config) == 2);
        auto const* group = std::get_if<AccessGroup>(&config.statements.back());
        REQUIRE(group);
        CHECK(group->interface == "Gi0/1");
        CHECK(group->inbound);
    }
}

TEST_CASE("lines of a banner are nobody's") {
    auto const config =
        parse("banner motd ^C\naccess-list 101 permit nothing at all\n^C\naccess-list 101 permit ip any any\n", 0,
              Platform::ios);
    CHECK(config.errors.empty());
    CHECK(entry_count(config) == 1);
    // A banner without an end does not swallow the file.
    CHECK(entry_count(parse("banner motd #\naccess-list 101 permit ip any any\n", 0, Platform::ios)) == 1);
}

TEST_CASE("an object-group after the source is ports only if an address follows") {
    struct Case {
        std::string tail;
        std::string source_ports, destination, destination_ports;
    };
    std::vector<Case> const cases{
        {"object-group D", "", "object-group D", ""},
        {"object-group D eq 80", "", "object-group D", "eq 80"},
        {"object-group D log", "", "object-group D", ""},
        {"object-group P any", "object-group P", "any", ""},
        {"object-group P host 192.0.2.1 eq 80", "object-group P", "host 192.0.2.1", "eq 80"},
        {"object-group P object-group D eq 80", "object-group P", "object-group D", "eq 80"},
        {"object-group P object-group D object-group Q", "object-group P", "object-group D", "object-group Q"},
        {"object-group X object-group Y", "", "object-group X", "object-group Y"}, // the reader knows better
    };
    for (auto const& [tail, source_ports, destination, destination_ports] : cases) {
        INFO(tail);
        std::string const text = "access-list A extended permit tcp any " + tail;
        auto const config = parse(text, 0, Platform::asa);
        CHECK(config.errors.empty());
        auto const entry = entry_of(config);
        CHECK(entry.service.source.text == source_ports);
        CHECK(entry.destination.text == destination);
        CHECK(entry.service.destination.text == destination_ports);
    }
}

TEST_CASE("an error stands at its word, says what was expected, and the next line is read") {
    struct Case {
        std::string text, error;
        Platform platform = Platform::ios;
    };
    std::vector<Case> const cases{
        {"access-list 101 permit tcp any", "1:31: expected destination address, found end of file"},
        {"access-list 101 permit ip 10.0.0.0 any", "1:36: expected wildcard or netmask, found 'any'"},
        {"access-list 101 permit udp any host 206.X.X.1", "1:37: expected host address, found '206.X.X.1'"},
        {"access-list 101 premit ip any any", "1:17: expected permit, deny or remark, found 'premit'"},
        {"access-list 101 permit tcp any any eq", "1:38: expected port name or number, found end of file"},
        {"access-list 101 permit ip any any lgo", "1:35: expected option or end of line, found 'lgo'"},
        {"ip access-list extended A\n permit tcp any any\n prmit udp any any",
         "3:2: expected permit, deny or remark, found 'prmit'"},
        {"ip access-list extended", "1:24: expected access list, found end of file"},
        {"permit ip any any", "1:1: an entry that belongs to no access list"},
        {"object-group network G\n network-object 10.0.0.0 255.0.0.X",
         "2:26: expected netmask or length, found '255.0.0.X'", Platform::asa},
        {"object-group network G\n network-object host", "2:21: expected host address, found end of file",
         Platform::asa},
        {"access-group OUT in", "1:20: expected interface, found end of file", Platform::asa},
        {"access-list OUT line x permit ip any any", "1:22: expected line number, found 'x'", Platform::asa},
    };
    for (auto const& [text, error, platform] : cases) {
        INFO(text);
        CHECK(errors_of(text, platform) == std::vector{error});
        CHECK(entry_count(parse(text + "\naccess-list 199 permit ip any any\n", 0, platform)) >= 1);
    }
}

TEST_CASE("errors are limited in number") {
    std::string text;
    for (int i = 0; i < 3000; ++i) text += "access-list 101 permit nonsense\n";
    CHECK(errors_of(text, Platform::ios).size() == error_limit);
}

TEST_CASE("hostile text ends in time and in order") {
    std::string const entry = "access-list 101 permit tcp any object-group ";
    for (std::string const& text :
         {std::string(200000, ' '), std::string(200000, '('), entry + std::string(100000, 'x'),
          "access-list 101 permit tcp any any eq" + std::string(200000, ' ') + "1 2 3",
          std::string("\0\xff\xfe access-list \0", 16), std::string("access-list"), std::string("no"),
          std::string()}) {
        for (Platform const platform : {Platform::ios, Platform::asa, Platform::nxos, Platform::xr})
            CHECK(parse(text, 0, platform).errors.size() <= 1);
    }
    std::string groups = "access-list A extended permit tcp any";
    for (int i = 0; i < 20000; ++i) groups += " object-group G";
    CHECK(parse(groups, 0, Platform::asa).errors.size() == 1);
    std::string ports = "access-list 101 permit tcp any any eq";
    for (int i = 0; i < 20000; ++i) ports += " 80";
    CHECK(parse(ports, 0, Platform::ios).errors.empty());
    std::string banners;
    for (int i = 0; i < 5000; ++i) banners += "banner motd ~\nhostname r\n";
    CHECK(parse(banners, 0, Platform::ios).errors.empty());
}
