// What an editor is told of each dialect: names and where they lead, what a rule does, what can be done about a finding.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "lsp/talk.hpp"

using namespace portcullis;
using namespace portcullis::lsp;
namespace fs = std::filesystem;

namespace {

// The text at the places, line by line: "/w/a:3 table name".
std::vector<std::string> texts_at(Json const& locations, std::map<std::string, std::string> const& files) {
    std::vector<std::string> all;
    for (Json const& location : locations) {
        std::string const path = path_of_uri(location["uri"].get<std::string>());
        std::string const& text = files.at(path);
        Lines const lines(text);
        std::size_t const begin = lines.offset_of(position_in(location["range"]["start"]), Encoding::utf16);
        std::size_t const end = lines.offset_of(position_in(location["range"]["end"]), Encoding::utf16);
        all.push_back(path + ":" + std::to_string(lines.position_of(begin, Encoding::utf16).line + 1) + " " +
                      text.substr(begin, end - begin));
    }
    return all;
}

using Texts = std::vector<std::string>;

struct Editor {
    explicit Editor(std::string text_, std::string path_ = "/w/a", std::map<std::string, std::string> others = {})
        : path(std::move(path_)), text(std::move(text_)) {
        files.texts = std::move(others);
        talk.start();
        talk.open(path, text);
        files.texts[path] = text;
    }
    Texts definition(std::string const& mark, std::size_t behind = 0) {
        return texts_at(talk.request("textDocument/definition", Talk::at(path, text, mark, behind))["result"], files.texts);
    }
    Texts references(std::string const& mark, std::size_t behind = 0) {
        Json params = Talk::at(path, text, mark, behind);
        params["context"]["includeDeclaration"] = false;
        return texts_at(talk.request("textDocument/references", params)["result"], files.texts);
    }
    std::string hover(std::string const& mark, std::size_t behind = 0) {
        Json const result = talk.request("textDocument/hover", Talk::at(path, text, mark, behind))["result"];
        return result.is_null() ? "" : result["contents"]["value"].get<std::string>();
    }
    Json symbols() { return talk.request("textDocument/documentSymbol", {{"textDocument", {{"uri", "file://" + path}}}})["result"]; }
    // Those at the mark, of the kinds.
    Json actions(std::string const& mark, Json only = nullptr) {
        Json params{{"textDocument", {{"uri", "file://" + path}}}, {"context", {{"diagnostics", Json::array()}}}};
        params["range"]["start"] = params["range"]["end"] = Talk::at(path, text, mark)["position"];
        if (!only.is_null()) params["context"]["only"] = std::move(only);
        return talk.request("textDocument/codeAction", params)["result"];
    }
    std::string applied(Json const& action) { return with(action["edit"]["documentChanges"][0]["edits"]); }
    std::string with(Json const& edits) {
        std::string result = text;
        for (auto edit = edits.rbegin(); edit != edits.rend(); ++edit)
            result = changed(result, {{"range", (*edit)["range"]}, {"text", (*edit)["newText"]}}, Encoding::utf16);
        return result;
    }
    Json diagnostics() { return talk.diagnostics(path)["diagnostics"]; }

    std::string path;
    std::string text;
    Files files;
    Talk talk{surroundings_of(files)};
};

// "table chain rule", by depth.
std::string outline(Json const& symbols, std::string const& indentation = "") {
    std::string text;
    for (Json const& symbol : symbols) {
        text += indentation + symbol["name"].get<std::string>() + "\n";
        text += outline(symbol["children"], indentation + "  ");
    }
    return text;
}

Json const& with_code(Json const& diagnostics, std::string_view code) {
    auto const found = std::ranges::find_if(diagnostics, [&](Json const& d) { return d.value("code", "") == code; });
    REQUIRE(found != diagnostics.end());
    return *found;
}

bool contains(std::string_view text, std::string_view piece) { return text.find(piece) != std::string_view::npos; }

std::string const nft = R"(define lan = 10.0.0.0/8
table inet f {
	set admins { type ipv4_addr; elements = { 10.0.0.1, 10.0.0.2 }; }
	map ports { type inet_service : verdict; elements = { 8080 : jump web }; }
	counter seen { }
	chain input {
		type filter hook input priority 0; policy drop;
		iifname "lo" accept
		ip saddr @admins tcp dport 22 counter name seen accept
		ip saddr $lan tcp dport vmap @ports
		tcp dport { 80, 443 } jump web
		tcp dport { 23, 69 } accept
		ip saddr 10.1.0.0/16 tcp dport 23 accept
	}
	chain web { ip saddr != $lan drop; accept; }
}
)";

std::string const iptables = R"(*filter
:INPUT DROP [0:0]
:OUTPUT ACCEPT [0:0]
:SSH - [0:0]
-A INPUT -m state --state ESTABLISHED -j ACCEPT
-A INPUT -p tcp -m tcp --dport 22 -j SSH
-A INPUT -p tcp -m tcp --dport telnet -j ACCEPT
-A INPUT -s 10.0.0.0/8 -p tcp -m tcp --dport 23 -j DROP
-A SSH -s 10.0.0.0/8 -g LOGGED
-A SSH -j DROP
:LOGGED - [0:0]
-A LOGGED -j ACCEPT
COMMIT
)";

std::string const asa = R"(hostname fw
interface Gi0/0
 nameif outside
 security-level 0
 ip address 198.51.100.2 255.255.255.0
object network WEB
 host 192.0.2.80
object-group network SERVERS
 network-object object WEB
 network-object host 192.0.2.81
object-group service PORTS tcp
 port-object eq telnet
 port-object eq 443
time-range NIGHT
 periodic daily 20:00 to 23:00
access-list OUT extended permit tcp any object-group SERVERS object-group PORTS
access-list OUT extended permit tcp any object WEB eq 80 time-range NIGHT
access-list OUT extended deny ip any any
access-group OUT in interface outside
)";

} // namespace

TEST_CASE("nft: names lead to their definitions, and back") {
    Editor editor(nft);
    CHECK(editor.definition("@admins", 3) == Texts{"/w/a:3 admins"});
    CHECK(editor.definition("vmap @ports", 7) == Texts{"/w/a:4 ports"});
    CHECK(editor.definition("$lan") == Texts{"/w/a:1 lan"});
    CHECK(editor.definition("name seen", 5) == Texts{"/w/a:5 seen"});
    CHECK(editor.definition("443 } jump web", 12) == Texts{"/w/a:15 web"});
    CHECK(editor.definition("8080 : jump web", 14) == Texts{"/w/a:15 web"});
    CHECK(editor.references("chain web", 7) == Texts{"/w/a:4 web", "/w/a:11 web"});
    CHECK(editor.references("define lan", 8) == Texts{"/w/a:10 $lan", "/w/a:15 $lan"});
    CHECK(editor.definition("accept").empty());
    CHECK(outline(editor.symbols()) == R"(lan
inet f
  admins
  ports
  seen
  input
    iifname "lo" accept
    ip saddr @admins tcp dport 22 counter name seen accept
    ip saddr $lan tcp dport vmap @ports
    tcp dport { 80, 443 } jump web
    tcp dport { 23, 69 } accept
    ip saddr 10.1.0.0/16 tcp dport 23 accept
  web
    ip saddr != $lan drop
    accept
)");
    Json const folds = editor.talk.request("textDocument/foldingRange", {{"textDocument", {{"uri", "file:///w/a"}}}})["result"];
    CHECK(folds.size() == 2); // the table and the chain of several lines
    CHECK(folds[0]["startLine"] == 1);
    CHECK(folds[0]["endLine"] == 15);
}

TEST_CASE("nft: variables are looked for in the blocks around, and in what is included") {
    std::string const main =
        "define a = 1\ninclude \"vars.nft\"\ntable ip t {\n\tdefine a = 2\n\tchain c {\n\t\ttcp dport $a accept\n\t\ttcp dport $b accept\n\t}\n}\n"
        "table ip u {\n\tchain c {\n\t\ttcp dport $a accept # u\n\t}\n\tinclude \"chain.nft\"\n}\n";
    Editor editor(main, "/w/main.nft",
                  {{"/w/vars.nft", "define b = 3\n"}, {"/w/chain.nft", "chain d { jump c; tcp dport $a accept; }\n"}});
    CHECK(editor.definition("$a accept\n") == Texts{"/w/main.nft:4 a"});
    CHECK(editor.definition("$b") == Texts{"/w/vars.nft:1 b"});
    CHECK(editor.definition("$a accept #") == Texts{"/w/main.nft:1 a"});
    CHECK(editor.references("ip u {\n\tchain c", 14) == Texts{"/w/chain.nft:1 c"}); // that of its own table alone
}

TEST_CASE("iptables: chains, whether they are declared before or behind") {
    Editor editor(iptables);
    CHECK(editor.definition("-j SSH", 3) == Texts{"/w/a:4 SSH"});
    CHECK(editor.definition("-g LOGGED", 3) == Texts{"/w/a:11 LOGGED"});
    CHECK(editor.references("-g LOGGED", 3) == Texts{"/w/a:9 LOGGED", "/w/a:12 LOGGED"});
    CHECK(editor.definition("-j ACCEPT", 3).empty());
    Json const symbols = editor.symbols();
    REQUIRE(symbols.size() == 1);
    CHECK(symbols[0]["name"] == "filter");
    REQUIRE(symbols[0]["children"].size() == 4);
    CHECK(symbols[0]["children"][0]["children"].size() == 4);
    CHECK_FALSE(symbols[0]["children"][2].contains("detail")); // it has no policy
}

TEST_CASE("Cisco: groups, objects, schedules, interfaces and lists") {
    Editor editor(asa);
    CHECK(editor.definition("group SERVERS object-group", 8) == Texts{"/w/a:8 SERVERS"});
    CHECK(editor.definition("group PORTS\n", 8) == Texts{"/w/a:11 PORTS"});
    CHECK(editor.definition("object WEB eq", 8) == Texts{"/w/a:6 WEB"});
    CHECK(editor.definition("80 time-range NIGHT", 16) == Texts{"/w/a:14 NIGHT"});
    CHECK(editor.definition("interface outside", 11) == Texts{"/w/a:3 outside"});
    CHECK(editor.references("network WEB", 9) == Texts{"/w/a:9 WEB", "/w/a:17 WEB"});
    CHECK(contains(editor.hover("access-group OUT", 14), "3 rules, outside in."));
    Editor ios(
        "ip access-list extended EDGE\n permit tcp any any eq 22\nline vty 0 4\n access-class EDGE in\nroute-map R permit 10\n match ip address EDGE\n");
    CHECK(ios.references("EDGE") == Texts{"/w/a:4 EDGE", "/w/a:6 EDGE"});
}

TEST_CASE("scripts and JSON: chains, as far as they are run") {
    Editor script("#!/bin/sh\niptables -N SSH\niptables -A INPUT -p tcp --dport 22 -j SSH\niptables -A SSH -j DROP\n");
    CHECK(script.definition("-j SSH", 4) == Texts{"/w/a:2 SSH"});
    Editor json(R"({"nftables": [{"table": {"family": "ip", "name": "t"}}, {"chain": {"family": "ip", "table": "t", "name": "web"}},
{"chain": {"family": "ip", "table": "t", "name": "input", "type": "filter", "hook": "input", "prio": 0, "policy": "drop"}},
{"rule": {"family": "ip", "table": "t", "chain": "input", "expr": [{"jump": {"target": "web"}}]}}]})");
    CHECK(json.definition("\"target\": \"web\"", 12) == Texts{"/w/a:1 web"});
}

TEST_CASE("a rule says what it matches and what is left to it") {
    Editor editor(iptables);
    std::string const telnet = editor.hover("--dport telnet", 10);
    CHECK(contains(telnet, "**Telnet: insecure by design**"));
    CHECK(contains(telnet, "- Use instead: ssh"));
    CHECK(contains(telnet, "**filter/INPUT, rule 3: accept**"));
    CHECK(contains(telnet, "- tcp from any to any (IPv4), port 23 (telnet)\n"));
    CHECK(contains(telnet, "Of new connections (to-host), it decides all of these."));
    std::string const dead = editor.hover("-A INPUT -s 10", 12);
    CHECK(contains(dead, "- tcp from 10.0.0.0/8 to any, port 23 (telnet)\n"));
    CHECK(contains(dead, "It decides nothing (to-host): earlier rules have taken all that it matches."));
    std::string const called = editor.hover("-A SSH -j DROP", 9);
    CHECK(contains(called, "It matches:\n\n- IPv4 from any to any\n"));
    CHECK(contains(
        called,
        "Of new connections (to-host), it decides after earlier rules:\n\n- tcp from 0.0.0.0/5, 8.0.0.0/7, 11.0.0.0-255.255.255.255 to any, port 22 (ssh)\n"));
    CHECK(contains(called, "Rules lead to it from filter/INPUT (line 6)."));
    CHECK(contains(editor.hover("--state ESTABLISHED", 10), "It decides (to-host):"));
    CHECK(contains(editor.hover(":INPUT", 2), "4 rules, at input, priority 0, policy drop."));
    CHECK(editor.hover("COMMIT").empty());
    Editor other(nft);
    CHECK(contains(other.hover("@ports", 3), "map ports { type inet_service : verdict"));
    CHECK(contains(other.hover("{ 23, 69 }", 3), "**Telnet: insecure by design**"));
    CHECK_FALSE(contains(other.hover("{ 80, 443 }", 3), "443"  "\n"));
    CHECK(contains(other.hover("tcp dport vmap", 3), "**inet f/input, rule 3: "));
}

TEST_CASE("the text of a hostile file is text in a hover") {
    Editor editor("*filter\n:INPUT DROP [0:0]\n:``` - [0:0]\n-A INPUT -i <b>x -m comment --comment \"](http://x) @all\" -j ```\n-A ``` -j ACCEPT\nCOMMIT\n");
    std::string const rule = editor.hover("-A INPUT", 4);
    CHECK_FALSE(contains(rule, "<b>"));
    CHECK_FALSE(contains(rule, "```"));
    Editor nft_text(
        "table ip t {\n\tset s {\n\t\ttype ipv4_addr # ```` \x1b[31m\n\t}\n\tchain c { type filter hook input priority 0; ip saddr @s accept; }\n}\n");
    std::string const set = nft_text.hover("@s", 1);
    CHECK(contains(set, "`````\nset s {"));
    CHECK_FALSE(contains(set, "\x1b"));
}

TEST_CASE("diagnostics say how bad it is, what belongs to it, and what is dead") {
    Editor editor(iptables);
    Json const diagnostics = editor.diagnostics();
    Json const& exposed = with_code(diagnostics, "PC101");
    CHECK(exposed["severity"] == 1);
    CHECK(exposed["source"] == "portcullis");
    CHECK(exposed["range"]["start"] == Json{{"line", 6}, {"character", 0}});
    CHECK_FALSE(exposed.contains("tags"));
    Json const& dead = with_code(diagnostics, "PC201");
    CHECK(dead["tags"] == Json{1});
    REQUIRE(dead["relatedInformation"].size() == 1);
    CHECK(dead["relatedInformation"][0]["location"]["range"]["start"]["line"] == 6);
    CHECK(with_code(diagnostics, "PC504")["tags"] == Json{2});
    // An editor that knows neither gets the same in words.
    Files const files;
    Talk plain(surroundings_of(files));
    plain.start(Json::object());
    plain.open("/w/a", iptables);
    Json const published = plain.diagnostics("/w/a")["diagnostics"];
    Json const& same = with_code(published, "PC201");
    CHECK_FALSE(same.contains("tags"));
    CHECK_FALSE(same.contains("relatedInformation"));
    CHECK(contains(same["message"].get<std::string>(), "\nline 7: "));
}

TEST_CASE("columns are those of the encoding that was agreed on") {
    std::string const text =
        "table ip t {\n\tchain c {\n\t\ttype filter hook input priority 0; policy drop;\n\t\tiifname \"\xF0\x9F\x94\xA5\xC3\xA4\" accept; tcp dport 23 accept\n\t}\n}\n";
    for (auto const& [encoding, column] : {std::pair("utf-8", 27), std::pair("utf-16", 24), std::pair("utf-32", 23)}) {
        Files const files;
        Talk talk(surroundings_of(files));
        Json capabilities = able();
        capabilities["general"]["positionEncodings"] = {encoding};
        talk.start(capabilities);
        talk.open("/w/a", text);
        Json const diagnostics = talk.diagnostics("/w/a")["diagnostics"];
        INFO(encoding);
        CHECK(with_code(diagnostics, "PC101")["range"]["start"] == Json{{"line", 3}, {"character", column}});
    }
}

TEST_CASE("of very many findings the worst are told, and how many are not") {
    std::string text = "*filter\n:INPUT DROP [0:0]\n";
    for (int i = 0; i < 2500; ++i)
        text +=
            "-A INPUT -s 10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250) + "/24 -m state --state NEW -j DROP\n";
    Editor editor(text + "-A INPUT -p tcp --dport 23 -j ACCEPT\nCOMMIT\n");
    Json const diagnostics = editor.diagnostics();
    CHECK(std::ranges::count_if(diagnostics, [](Json const& d) { return d.contains("code"); }) == 2000);
    with_code(diagnostics, "PC101");
    CHECK(contains(diagnostics.back()["message"].get<std::string>(), "more findings are not shown here"));
}

TEST_CASE("a fix is offered where it is proved, and does what it says") {
    Editor editor(
        "*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp --dport 22 -j ACCEPT\n-A INPUT -s 10.0.0.0/8 -p tcp --dport 22 -j ACCEPT\n-A INPUT -m state --state ESTABLISHED -j ACCEPT\nCOMMIT\n");
    Json const actions = editor.actions("-A INPUT -s", {"quickfix"});
    REQUIRE(actions.size() == 2);
    CHECK(actions[0]["title"] == "Delete it: no packet is treated otherwise (redundant-rule)");
    CHECK(actions[0]["isPreferred"] == true);
    CHECK(actions[0]["diagnostics"][0] == with_code(editor.diagnostics(), "PC203"));
    CHECK(
        editor.applied(actions[0]) ==
        "*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp --dport 22 -j ACCEPT\n-A INPUT -m state --state ESTABLISHED -j ACCEPT\nCOMMIT\n");
    CHECK(actions[0]["edit"]["documentChanges"][0]["textDocument"] == Json{{"uri", "file:///w/a"}, {"version", 1}});
    CHECK(editor.actions("-A INPUT -s", {"refactor"}).empty());
    for (char const* kind : {"source", "source.fixAll", "source.fixAll.portcullis"}) {
        Json const all = editor.actions("COMMIT", {kind});
        REQUIRE(all.size() == 1);
        CHECK(all[0]["kind"] == "source.fixAll.portcullis");
        CHECK(
            editor.applied(all[0]) ==
            "*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp --dport 22 -j ACCEPT\n-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT\nCOMMIT\n");
    }
    CHECK(editor.actions("COMMIT").size() == 1); // without a wish, in a small file
}

TEST_CASE("accepting a finding writes a waiver that is one, in each dialect") {
    struct Case {
        std::string text;
        std::string mark;
        std::string code;
        std::string comment; // empty: none is offered
    };
    Case const cases[] = {
        {iptables, "-A INPUT -p tcp -m tcp --dport telnet", "PC101", "# portcullis: ignore[PC101]\n"},
        {nft, "tcp dport { 23, 69 }", "PC101", "\t\t# portcullis: ignore[PC101]\n"},
        {"#!/bin/sh\r\niptables -P INPUT DROP\r\niptables -A INPUT -p tcp --dport 23 -j ACCEPT\r\n", "iptables -A", "PC101",
         "# portcullis: ignore[PC101]\r\n"},
        {"ip access-list extended E\n permit tcp any any eq 23\n", " permit", "PC101", " ! portcullis: ignore[PC101]\n"},
        {asa, "access-list OUT extended permit tcp any object-group", "PC101", "! portcullis: ignore[PC101]\n"},
        {"#!/bin/sh\niptables -P INPUT DROP\niptables \\\n -A INPUT -p tcp --dport 23 \\\n -j ACCEPT\n", "iptables \\", "PC101",
         "# portcullis: ignore[PC101]\n"},
        {R"({"nftables": [{"table": {"family": "ip", "name": "t"}}, {"chain": {"family": "ip", "table": "t", "name": "input", "type": "filter", "hook": "input", "prio": 0, "policy": "accept"}}]})",
         "accept", "PC301", ""},
    };
    for (Case const& c : cases) {
        INFO(c.text);
        Editor editor(c.text);
        Json const finding = with_code(editor.diagnostics(), c.code);
        Json params{{"textDocument", {{"uri", "file:///w/a"}}}, {"range", finding["range"]}, {"context", {{"only", {"quickfix"}}}}};
        Json const actions = editor.talk.request("textDocument/codeAction", params)["result"];
        auto const found = std::ranges::find_if(actions, [&](Json const& action) {
            return contains(action["title"].get<std::string>(), "with a comment") && action["diagnostics"][0]["code"] == c.code;
        });
        CHECK((found != actions.end()) == !c.comment.empty());
        if (found == actions.end()) continue;
        std::string const waived = editor.applied(*found);
        std::string expected = editor.text;
        expected.insert(expected.rfind('\n', expected.find(c.mark) + 1) + 1, c.comment);
        CHECK(waived == expected);
        auto const line = finding["range"]["start"]["line"].get<int>();
        editor.talk.replace("/w/a", waived, 2);
        Json const after = editor.diagnostics();
        for (Json const& d : after) CHECK_FALSE((d.value("code", "") == c.code && d["range"]["start"]["line"] == line + 1));
    }
}

TEST_CASE("formatting is that of fmt, where it has one") {
    Editor editor("table ip t {\nchain c { type filter hook input priority 0; tcp dport 22 accept; }\n}\n");
    Json const params{{"textDocument", {{"uri", "file:///w/a"}}}, {"options", Json::object()}};
    Json const edits = editor.talk.request("textDocument/formatting", params)["result"];
    CHECK(editor.with(edits) ==
          "table ip t {\n\tchain c {\n\t\ttype filter hook input priority 0;\n\t\ttcp dport 22 accept\n\t}\n}\n");
    Editor cisco(asa);
    CHECK(cisco.talk.request("textDocument/formatting", params)["result"].is_null());
    Editor broken("table ip t {\nchain c { tcp dport }\n}\n");
    CHECK(broken.talk.request("textDocument/formatting", params)["error"]["code"] == -32803);
}

TEST_CASE("of every fixture all that can be asked is answered, and ranges are within the text") {
    std::size_t count = 0;
    for (auto const& entry : fs::recursive_directory_iterator(fs::path(PORTCULLIS_ROOT) / "tests/fixtures")) {
        if (!entry.is_regular_file() || entry.path().filename().string().starts_with("expected") || ++count % 3 != 0) continue;
        std::ifstream in(entry.path(), std::ios::binary);
        std::string const text{std::istreambuf_iterator<char>(in), {}};
        if (text.size() > 60000 || !Json::accept(Json(text).dump(-1, ' ', false, Json::error_handler_t::replace))) continue;
        INFO(entry.path().string());
        Editor editor(Json::parse(Json(text).dump(-1, ' ', false, Json::error_handler_t::replace)).get<std::string>());
        Lines const lines(editor.text);
        auto const check_range = [&](Json const& range) {
            Position const begin = position_in(range["start"]);
            Position const end = position_in(range["end"]);
            CHECK(begin.line < lines.count());
            CHECK(end.line < lines.count());
            CHECK((begin.line < end.line || (begin.line == end.line && begin.character <= end.character)));
        };
        for (Json const& diagnostic : editor.diagnostics()) check_range(diagnostic["range"]);
        std::function<void(Json const&)> const check_symbols = [&](Json const& symbols) {
            for (Json const& symbol : symbols) {
                CHECK_FALSE(symbol["name"].get<std::string>().empty());
                check_range(symbol["range"]);
                check_range(symbol["selectionRange"]);
                auto const offset = [&](char const* range, char const* end) {
                    return lines.offset_of(position_in(symbol[range][end]), Encoding::utf16);
                };
                CHECK(offset("range", "start") <= offset("selectionRange", "start"));
                CHECK(offset("selectionRange", "end") <= offset("range", "end"));
                check_symbols(symbol["children"]);
            }
        };
        check_symbols(editor.symbols());
        // Some places all over the text.
        for (std::uint32_t line = 0; line < lines.count(); line += 1 + lines.count() / 8) {
            auto const character = static_cast<std::uint32_t>(lines.line(line).size() * 2 / 3);
            Json params{{"textDocument", {{"uri", "file:///w/a"}}}, {"position", {{"line", line}, {"character", character}}}, {"context", {{"includeDeclaration", true}}}};
            for (char const* method :
                 {"textDocument/hover", "textDocument/definition", "textDocument/references", "textDocument/documentHighlight"}) {
                INFO(method << " line " << line);
                CHECK(editor.talk.request(method, params).contains("result"));
            }
        }
    }
    CHECK(count > 60);
}
