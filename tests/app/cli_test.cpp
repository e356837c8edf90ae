// The program as its users run it: arguments and files in; exit code, standard output and standard error out.
// docs/cli.md says what has to be true.
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <regex>

#include "app/run.hpp"

using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

// iptables-save text of an INPUT chain that drops all but what the lines accept, loopback and answers.
std::string input_chain(std::string const& lines) {
    return "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n" + lines +
           "-A INPUT -i lo -j ACCEPT\n-A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT\nCOMMIT\n";
}

std::string const clean = input_chain("-A INPUT -s 10.0.0.0/8 -p tcp --dport 22 -j ACCEPT\n");
std::string const telnet = input_chain("-A INPUT -p tcp --dport 23 -j ACCEPT\n");

} // namespace

TEST_CASE("the exit code says what was found") {
    Folder const folder;
    folder.write("clean.rules", clean);
    folder.write("telnet.rules", telnet);
    folder.write("limit.rules", input_chain("-A INPUT -s 10.0.0.0/8 -m limit --limit 5/min -j ACCEPT\n"));
    folder.write(
        "broken.rules",
        input_chain("-A INPUT -p tcp --dport 23 -j ACCEPT\n-A INPUT -p tcp --dport twentythree -j ACCEPT\n"));
    struct Case {
        std::vector<std::string> arguments;
        int code;
    };
    Case const cases[] = {
        {{"lint", "clean.rules"}, 0},
        {{"audit", "clean.rules"}, 0},
        {{"lint", "telnet.rules"}, 1},
        {{"audit", "telnet.rules"}, 1},
        {{"lint", "clean.rules", "telnet.rules"}, 1},
        {{"lint", "--fail-on", "never", "telnet.rules"}, 0},
        {{"lint", "--fail-on", "high", "telnet.rules"}, 1},
        {{"lint", "--fail-on", "critical", "telnet.rules"}, 0},
        {{"lint", "--fail-on", "info", "clean.rules"}, 1},
        {{"lint", "--severity", "critical", "telnet.rules"}, 1}, // what is shown is not what counts
        {{"lint", "--ignore", "PC101", "telnet.rules"}, 0},
        {{"lint", "--ignore", "telnet-exposed,PC3", "telnet.rules"}, 0},
        {{"lint", "--select", "PC101", "telnet.rules"}, 1},
        {{"lint", "--select", "PC4", "telnet.rules"}, 0},
        {{"lint", "limit.rules"}, 0},
        {{"lint", "--strict", "clean.rules"}, 0},
        {{"lint", "--strict", "limit.rules"}, 3},
        {{"lint", "broken.rules"}, 3},
        {{"lint", "--fail-on", "never", "broken.rules"}, 3},
        {{"lint", "telnet.rules", "broken.rules"}, 3},
        {{"lint", "missing.rules"}, 3},
        {{"lint", "clean.rules", "missing.rules"}, 3},
        {{"lint", "--dialect", "nftables", "clean.rules"}, 3},
        {{"trace", "missing.rules", "--packet", "tcp 192.0.2.1:1 > 192.0.2.2:22"}, 3},
        {{"version"}, 0},
        {{"--version"}, 0},
        {{"--help"}, 0},
        {{"lint", "--help"}, 0},
    };
    for (Case const& test : cases) {
        Result const result = run(folder, test.arguments);
        std::string line;
        for (std::string const& argument : test.arguments) line += argument + ' ';
        INFO(line << "\n" << result.out << result.err);
        CHECK(result.code == test.code);
        CHECK((!result.out.empty() || !result.err.empty()));
    }
}

TEST_CASE("what the caller mistyped is an error that names what was meant") {
    Folder const folder;
    folder.write("fw.rules", telnet);
    struct Case {
        std::vector<std::string> arguments;
        std::string message;
    };
    Case const cases[] = {
        {{}, "name a command: lint, audit, trace"},
        {{"lnt", "fw.rules"}, "there is no command 'lnt'; did you mean 'lint'?"},
        {{"fw.rules"}, "there is no command 'fw.rules'; did you mean 'portcullis lint fw.rules'?"},
        {{"lint", "--isolate", "fw.rules"}, "--isolate; did you mean '--isolated'?"},
        {{"--isolated", "lint", "fw.rules"}, "--isolated; it belongs after the command"},
        {{"lint", "--select", "telnet-expose", "fw.rules"},
         "--select: unknown rule 'telnet-expose'; did you mean 'telnet-exposed'?"},
        {{"lint", "--ignore", "PC999", "fw.rules"}, "--ignore: unknown rule 'PC999'"},
        {{"lint", "--dialect", "nftable", "fw.rules"},
         "--dialect: unknown dialect 'nftable'; did you mean 'nftables'?"},
        {{"lint", "-o", "jsn", "fw.rules"}, "-o: unknown format 'jsn'; known are text, json, html, concise, jsonl, sarif, junit"},
        {{"lint", "-o", "sarf=x", "fw.rules"}, "did you mean 'sarif'?"},
        {{"lint", "-o", "sarif=", "fw.rules"}, "-o: sarif= names no file"},
        {{"lint", "-o", "sarif", "-o", "text=-", "fw.rules"}, "-o: two reports to standard output"},
        {{"lint", "-o", "sarif=a", "-o", "text=./a", "fw.rules"}, "-o: two reports to ./a"},
        {{"lint", "--severity", "hihg", "fw.rules"},
         "--severity: 'hihg' is none of critical, high, medium, low, info; did you mean 'high'?"},
        {{"lint", "--fail-on", "nevr", "fw.rules"}, "did you mean 'never'?"},
        {{"lint", "--color", "alwys", "fw.rules"}, "did you mean 'always'?"},
        {{"lint", "-j", "0", "fw.rules"}, "--jobs"},
        {{"lint"}, "lint needs a file, a directory, or '-' for standard input"},
        {{"audit"}, "audit needs a file"},
        {{"fmt"}, "fmt needs a file, a directory, or '-' for standard input"},
        {{"fmt", "fw.rules", "--dialect", "cisco-ios"},
         "fw.rules: fmt lays out rulesets of nft and restore files of iptables; this is cisco-ios"},
        {{"explain", "telnet-expose"}, "unknown rule 'telnet-expose'; did you mean 'telnet-exposed'?"},
        {{"explain", "PC1"}, "PC1 is a prefix"},
        {{"catalogue", "telent"}, "no service is called 'telent'; did you mean 'telnet'?"},
        {{"catalogue", "--format", "xml"}, "'xml' is none of text, json, markdown"},
        {{"trace", "fw.rules"}, "trace needs either --packet or --packets"},
        {{"trace", "fw.rules", "--packet", "tpc 192.0.2.1 > 192.0.2.2"}, "--packet: 'tpc' is no protocol"},
        {{"trace", "fw.rules", "--packet", "tcp 192.0.2.1:1 > 192.0.2.2:22", "--chain", "INPTU"},
         "did you mean 'INPUT'?"},
        {{"trace", "fw.rules", "--packet", "tcp 192.0.2.1:1 > 192.0.2.2:22", "--hook", "inptu"},
         "did you mean 'input'?"},
        {{"trace", "-", "--packets", "-"}, "cannot both be standard input"},
    };
    for (Case const& test : cases) {
        Result const result = run(folder, test.arguments);
        INFO(test.message);
        CHECK(result.code == 2);
        CHECK(result.out.empty());
        CHECK_THAT(result.err, StartsWith("portcullis: ") && Contains(test.message));
    }
}

TEST_CASE("a file in another dialect is written only where it is the same, or with what becomes different") {
    Folder const folder;
    folder.write("fw.rules", telnet);
    Result const same = run(folder, {"convert", "fw.rules", "--to", "nftables", "-o", "fw.nft"});
    INFO(same.err);
    CHECK(same.code == 0);
    CHECK_THAT(same.err, Contains("fw.rules: proved equal in nftables"));
    CHECK(run(folder, {"diff", "fw.rules", "fw.nft"}).out.find("newly") == std::string::npos);
    folder.write("lossy.rules", input_chain("-A INPUT -m recent --name x --rcheck -j DROP\n-A INPUT -p tcp --dport 22 -j ACCEPT\n"));
    Result const refused = run(folder, {"convert", "lossy.rules", "--to", "nftables"});
    CHECK(refused.code == 1);
    CHECK(refused.out.empty());
    CHECK_THAT(refused.err, Contains("lossy.rules:5: ") && Contains("so nothing is written"));
    Result const lossy = run(folder, {"convert", "lossy.rules", "--to", "nftables", "--allow-loss"});
    CHECK(lossy.code == 1);
    CHECK_THAT(lossy.out, Contains("tcp dport 22 accept"));
    CHECK_THAT(lossy.err, Contains("to-host: newly allowed") && Contains("packet:  tcp"));
    CHECK(run(folder, {"convert", "fw.rules", "--to", "ip6tables"}).code == 2);
    CHECK(run(folder, {"convert", "fw.rules", "--to", "nft-json"}).code == 2);
    CHECK(run(folder, {"convert", "fw.rules"}).code == 2);
}

TEST_CASE("text that is no firewall is refused with what it is") {
    Folder const folder;
    struct Case {
        std::string name;
        std::string text;
        std::string message;
    };
    using namespace std::string_literals;
    Case const cases[] = {
        {"empty", "", "not recognised as iptables, nftables or Cisco text"},
        {"garbage", "roses are red\nviolets are blue\n", "not recognised as iptables, nftables or Cisco text"},
        {"nul", "*filter\n:INPUT DROP [0:0]\0\nCOMMIT\n"s, "is a binary file: it has NUL bytes"},
        {"utf-16", "\xff\xfe*\0f\0i\0"s, "is UTF-16; convert it to UTF-8 first"},
        {"utf-16-big", "\xfe\xff\0*\0f"s, "is UTF-16; convert it to UTF-8 first"},
    };
    for (Case const& test : cases) {
        folder.write(test.name, test.text);
        Result const result = run(folder, {"lint", test.name});
        INFO(test.name);
        CHECK(result.code == 3);
        CHECK_THAT(result.out,
                   Contains("PC001") && Contains(test.message) && Contains("the analysis is incomplete"));
    }
}

TEST_CASE("a byte order mark and the line ends of another system change nothing") {
    Folder const folder;
    std::string crlf;
    for (char const c : telnet) crlf += c == '\n' ? "\r\n" : std::string(1, c);
    folder.write("fw.rules", telnet);
    std::string const expected = run(folder, {"lint", "fw.rules"}).out;
    for (std::string const& text : {"\xef\xbb\xbf" + telnet, crlf, "\xef\xbb\xbf" + crlf}) {
        folder.write("fw.rules", text);
        Result const result = run(folder, {"lint", "fw.rules"});
        CHECK(result.code == 1);
        CHECK(result.out == expected);
    }
}

TEST_CASE("a line that is wrong does not hide what is found in the others") {
    Folder const folder;
    folder.write(
        "fw.rules",
        input_chain("-A INPUT -p tcp --dport twentythree -j ACCEPT\n-A INPUT -p tcp --dport 23 -j ACCEPT\n"));
    Result const result = run(folder, {"lint", "fw.rules", "--ignore", "PC320", "-o", "json"});
    CHECK(result.code == 3);
    auto const json = nlohmann::json::parse(result.out);
    CHECK(json["complete"] == false);
    CHECK(json["files"][0]["errors"] == 1);
    REQUIRE(json["findings"].size() >= 2);
    CHECK(json["findings"][0]["rule"] == "PC001");
    CHECK(json["findings"][0]["start"]["line"] == 5);
    CHECK(json["findings"][1]["rule"] == "PC101");
    CHECK(json["findings"][1]["start"]["line"] == 6);
}

TEST_CASE("the day that dates are compared with is given, or that of the clock") {
    Folder folder;
    folder.write("fw.rules", input_chain("-A INPUT -s 10.0.0.0/8 -p tcp --dport 22 -m comment --comment \"expires=2031-05-20\" "
                                         "-j ACCEPT\n"));
    std::vector<std::string> const lint{"lint", "--select", "PC502", "fw.rules"};
    auto const on = [&](std::string const& day) {
        return run(folder, {"lint", "--select", "PC502", "--today", day, "fw.rules"});
    };
    CHECK_THAT(on("2031-05-21").out, Contains("expired on 2031-05-20"));
    CHECK(on("2031-05-21").code == 1);
    CHECK_THAT(on("2031-05-20").out, Contains("expires on 2031-05-20, which is today"));
    CHECK_THAT(on("2031-05-19").out, Contains("tomorrow"));
    CHECK_THAT(on("2031-05-06").out, Contains("in 14 days"));
    CHECK(on("2031-05-06").code == 0); // low, which does not fail
    CHECK_THAT(on("2031-05-05").out, !Contains("PC502"));
    CHECK_THAT(run(folder, lint, {"", {"SOURCE_DATE_EPOCH=1937088000"}, ""}).out, Contains("expired")); // 2031-05-21
    CHECK_THAT(run(folder, lint, {"", {"SOURCE_DATE_EPOCH=1937087999"}, ""}).out, Contains("which is today"));
    CHECK_THAT(run(folder, {"lint", "--select", "PC502", "--today", "2031-05-05", "fw.rules"},
                   {"", {"SOURCE_DATE_EPOCH=1937088000"}, ""})
                   .out,
               !Contains("PC502"));
    CHECK(on("20-05-2031").code == 2);
    CHECK_THAT(on("2031-02-29").err, Contains("'2031-02-29' is no day"));
    auto const broken = run(folder, lint, {"", {"SOURCE_DATE_EPOCH=soon"}, ""});
    CHECK(broken.code == 2);
    CHECK_THAT(broken.err, Contains("SOURCE_DATE_EPOCH is 'soon'"));
}

TEST_CASE("standard input is a file with a name") {
    Folder const folder;
    Result const named = run(folder, {"lint", "-", "--stdin-filename", "edge/fw.rules"}, {telnet, {}, {}});
    CHECK(named.code == 1);
    CHECK_THAT(named.out, Contains("--> edge/fw.rules:5:1"));
    Result const unnamed = run(folder, {"lint", "-"}, {telnet, {}, {}});
    CHECK(unnamed.code == 1);
    CHECK_THAT(unnamed.out, Contains("--> <stdin>:5:1"));
    CHECK(run(folder, {"lint", "-"}).code == 3); // nothing at all
}

TEST_CASE("a directory is searched for firewalls") {
    Folder const folder;
    folder.write("fw/telnet.rules", telnet);
    folder.write("fw/site/clean.rules", clean);
    folder.write("fw/README", "what is in this folder\n");
    folder.write("fw/.hidden/telnet.rules", telnet);
    folder.write("texts/README", "nothing here\n");
    fs::create_directory(folder.path() / "empty");
    Result const result = run(folder, {"lint", "fw"});
    CHECK(result.code == 1);
    CHECK_THAT(result.out, Contains("--> fw/telnet.rules:5:1") && Contains("in 2 files"));
    CHECK(result.err == "portcullis: skipped 1 file that is no firewall configuration\n");
    // A folder in which nothing was looked at has not been found clean.
    CHECK(run(folder, {"lint", "texts"}).code == 2);
    CHECK(run(folder, {"lint", "empty"}).code == 2);
    // What the user names has to be what they say.
    CHECK(run(folder, {"lint", "fw", "fw/README"}).code == 3);
    CHECK(run(folder, {"fmt", "--check", "fw"}).err == result.err);
    CHECK(run(folder, {"fmt", "texts"}).code == 2);
    CHECK(run(folder, {"fmt", "empty"}).code == 2);
}

TEST_CASE("a mistake is told in a line of its own, whatever names it has") {
    Folder const folder;
    folder.write("fw.rules", telnet);
    std::string const evil = "q\n::error::x\r\x1b[2J";
    folder.write("bad.toml", "[lint]\nselect = [\"q\\n::error::x\"]\nbogus = 1\n");
    folder.write("extends.toml", "extend = \"q\\n::error::x\"\n");
    fs::create_directory(folder.path() / evil);
    folder.write(fs::path(evil) / "policy.toml", "[[allow]]\n");
    folder.write(fs::path(evil) / "portcullis.toml", "[lint]\nbogus = 1\n");
    folder.write(fs::path(evil) / "fw.rules", telnet);
    for (std::vector<std::string> const& arguments : {
             std::vector<std::string>{"lint", "fw.rules", "--config", evil}, {"lint", "fw.rules", "--baseline", evil}, {"lint", "--files-from", evil}, {"lint", "fw.rules", "--select", evil},
             {"lint", "fw.rules", "--config", "bad.toml"}, {"lint", "fw.rules", "--config", "extends.toml"}, {"lint", evil}, {"lint", evil + "/fw.rules"}, {"lint", "--host", evil + "x"}, {"lint", "fw.rules", "-o", evil},
             {"trace", "fw.rules", "--packet", evil}, {"query", "fw.rules", evil}, {"query", "fw.rules", "allowed from " + evil}, {"harden", "fw.rules", "--zone", evil}, {"harden", "fw.rules", "--keep", "from " + evil},
             {"generate", evil, "--to", "nftables"}, {"generate", evil + "/policy.toml", "--to", "nftables"}, {"verify", "fw.rules", "--policy", evil}, {"test", evil, "fw.rules"}, {"init", evil}, {"explain", evil},
             {"catalogue", evil}, {"convert", evil, "--to", "nftables"}, {"fmt", evil + "x"}, {evil}, {"--" + evil}, {"lint", "--" + evil}, {"lint", "fw.rules", "--level", evil}, {"baseline", evil}}) {
        INFO(arguments[0] << ' ' << arguments.back());
        Result const result = run(folder, arguments);
        CHECK(result.code >= 2);
        CHECK_THAT(result.err, Contains("portcullis: ") && !Contains("\n::error::") && !Contains("\x1b") && !Contains("\r"));
    }
}

TEST_CASE("a byte order mark stays where it was") {
    Folder const folder;
    std::string const mark = "\xEF\xBB\xBF", repeated = mark + std::string(clean).replace(std::string(clean).find("COMMIT"), 0, "-A INPUT -i lo -j ACCEPT\n");
    folder.write("fw.rules", repeated);
    CHECK_THAT(run(folder, {"lint", "--diff", "fw.rules"}).out, Contains(" " + mark + "*filter") || !Contains("*filter"));
    run(folder, {"lint", "--fix", "fw.rules"});
    CHECK(folder.read("fw.rules").starts_with(mark + "*filter"));
    CHECK(folder.read("fw.rules").size() < repeated.size());
    folder.write("fw.nft", mark + "table ip t { chain c { accept\n} }\n");
    CHECK(run(folder, {"fmt", "fw.nft"}).code == 0);
    CHECK(folder.read("fw.nft").starts_with(mark + "table ip t {\n"));
}

TEST_CASE("the same file under several names is one") {
    Folder const folder;
    folder.write("f.rules", std::string(clean).replace(std::string(clean).find("COMMIT"), 0, "-A INPUT -i lo -j ACCEPT\n"));
    Result const result = run(folder, {"lint", "--fix", "f.rules", "./f.rules", (folder.path() / "f.rules").string(), "."});
    INFO(result.err << result.out);
    CHECK(result.code < 2);
    CHECK_THAT(result.out, Contains("in 1 file"));
    folder.write("empty", "");
    CHECK(run(folder, {"lint", "--files-from", "empty"}).code == 0);
    CHECK(run(folder, {"lint", "--files-from", "empty", "--exclude", "*", "f.rules"}).code == 2);
    CHECK(run(folder, {"lint", "--exclude", "*", "f.rules"}).code == 2);
}

TEST_CASE("no report goes into a file that is read, whatever it is called") {
    Folder const folder;
    folder.write("fw/a.rules", telnet);
    folder.write("fw/main.nft", "include \"part.nft\"\ntable ip t { }\nflush ruleset\n");
    folder.write("fw/part.nft", "table ip u { }\n");
    folder.write("portcullis.toml", "");
    fs::create_symlink("fw/a.rules", folder.path() / "link");
    fs::create_symlink("new.json", folder.path() / "new-link");
    REQUIRE(run(folder, {"init", "server", "-o", "p.toml"}).code == 0);
    std::string const policy = folder.read("p.toml"), whole = (folder.path() / "fw/a.rules").string();
    for (std::vector<std::string> const& arguments : {
             std::vector<std::string>{"lint", "fw/a.rules", "-o", "json=fw/a.rules"}, {"lint", "fw/a.rules", "-o", "json=./fw/../fw/a.rules"}, {"lint", "fw/a.rules", "-o", "json=" + whole},
             {"lint", "link", "-o", "json=fw/a.rules"}, {"lint", "fw/a.rules", "-o", "jsonl=link"}, {"lint", "fw", "-o", "json=fw/a.rules"}, {"lint", "fw/main.nft", "-o", "sarif=fw/part.nft"},
             {"lint", "fw/a.rules", "-o", "json=portcullis.toml"}, {"query", "fw/a.rules", "allowed from any to self ssh", "-o", "json=fw/a.rules"}, {"diff", "fw/a.rules", "link", "-o", "json=link"},
             {"convert", "fw/a.rules", "--to", "nftables", "-o", "fw/a.rules"}, {"generate", "p.toml", "--to", "nftables", "-o", "./p.toml"}, {"verify", "fw/a.rules", "--policy", "p.toml", "-o", "json=p.toml"},
             {"lint", "fw/a.rules", "-o", "json=out", "-o", "sarif=" + (folder.path() / "out").string()}, {"lint", "fw/a.rules", "-o", "json=new.json", "-o", "sarif=new-link"},
             {"baseline", "create", "--force", "fw", "--baseline", "link"}}) {
        INFO(arguments[0] << ' ' << arguments.back());
        CHECK(run(folder, arguments).code == 2);
    }
    CHECK(folder.read("fw/a.rules") == telnet);
    CHECK(folder.read("p.toml") == policy);
    CHECK(folder.read("portcullis.toml").empty());
    CHECK_FALSE(fs::exists(folder.path() / "new.json"));
}

TEST_CASE("what claims to be a firewall by its name has to be one") {
    Folder const folder;
    folder.write("fw/a.rules", std::string(300'000, '\n') + telnet);
    CHECK(run(folder, {"lint", "fw"}).code == 1);
    folder.write("fw/README", "what is in this folder\n");
    folder.write("fw/hosts.ipset", "create hosts hash:ip\nadd hosts 192.0.2.1\n");
    for (std::vector<std::string> const& arguments : {std::vector<std::string>{"query", "--host", "fw", "allowed from any to self ssh"}, {"lint", "--host", "fw"}, {"audit", "--host", "fw"}}) {
        Result const result = run(folder, arguments);
        CHECK(result.code <= 1);
        CHECK_THAT(result.err, Contains("fw/README is left out: it is no firewall configuration"));
    }
    CHECK_THAT(run(folder, {"query", "fw", "allowed from any to self ssh"}).err, Contains("skipped 2 files that are no firewall configuration"));
    folder.write("fw/rules.v6", "-- all of it is elsewhere --\n");
    fs::create_symlink("nowhere", folder.path() / "fw/b.nft");
    REQUIRE(::mkfifo((folder.path() / "fw/c.v4").c_str(), 0600) == 0);
    folder.write("fw/d.ipset", "no sets\n");
    for (std::vector<std::string> const& arguments : {std::vector<std::string>{"lint", "fw", "-o", "json"}, {"lint", "--host", "fw", "-o", "json"}, {"query", "--host", "fw", "allowed from any to self ssh", "-o", "json"}}) {
        Result const result = run(folder, arguments);
        CHECK(result.code == 3);
        CHECK_THAT(result.out, Contains("\"complete\": false"));
        CHECK_THAT(result.out + result.err, Contains("not recognised") && Contains("fw/b.nft is a link that leads nowhere") && Contains("fw/c.v4 is no regular file"));
    }
    CHECK(run(folder, {"fmt", "--check", "fw"}).code == 3);
}

TEST_CASE("reports go where they are sent, whole") {
    Folder const folder;
    folder.write("fw.rules", telnet);
    Result const both = run(folder, {"lint", "fw.rules", "-o", "json=out.json", "-o", "text"});
    CHECK(both.code == 1);
    CHECK_THAT(both.out, Contains("high[PC101]"));
    CHECK(folder.read("out.json") == run(folder, {"lint", "fw.rules", "-o", "json"}).out);
    auto const json = nlohmann::json::parse(folder.read("out.json"));
    CHECK(json["schema_version"] == "1.0");
    auto const& told = json["findings"];
    CHECK(std::any_of(told.begin(), told.end(), [](auto const& f) { return f["slug"] == "telnet-exposed"; }));

    // All forms out of one run are those of a run each; the program reads them back in tests/report/validate_formats.py.
    CHECK(run(folder, {"lint", "fw.rules", "-o", "text", "-o", "sarif=a.sarif", "-o", "checkstyle=a.xml", "-o", "markdown=a.md"}).out == both.out);
    CHECK(folder.read("a.sarif") == run(folder, {"lint", "fw.rules", "-o", "sarif=-"}).out);
    CHECK(folder.read("a.xml") == run(folder, {"lint", "fw.rules", "-o", "checkstyle"}).out);
    CHECK(folder.read("a.md") == run(folder, {"lint", "fw.rules", "-o", "markdown"}).out);
    CHECK(run(folder, {"lint", "fw.rules", "-o", "junit"}, {"", {"SOURCE_DATE_EPOCH=86399"}, ""}).out.find("timestamp=\"1970-01-01T23:59:59\"") != std::string::npos);

    // Through a link, and into what is no file.
    fs::create_symlink("out.json", folder.path() / "link.json");
    CHECK(run(folder, {"lint", "fw.rules", "-o", "json=link.json"}).code == 1);
    CHECK(fs::is_symlink(folder.path() / "link.json"));
    fs::path const fifo = folder.path() / "fifo";
    REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
    int const reader = ::open(fifo.c_str(), O_RDWR); // so that the writer need not wait
    CHECK(run(folder, {"lint", "fw.rules", "-o", "text=fifo"}).code == 1);
    std::string received(4096, '\0');
    received.resize(
        static_cast<std::size_t>(std::max<ssize_t>(0, ::read(reader, received.data(), received.size()))));
    ::close(reader);
    CHECK(fs::is_fifo(fifo));
    CHECK(received == both.out);

    Result const nowhere = run(folder, {"lint", "fw.rules", "-o", "json=no/such/folder.json"});
    CHECK(nowhere.code == 4);
    CHECK_THAT(nowhere.err, Contains("cannot write no/such/folder.json: No such file or directory"));
    for (auto const& entry : fs::directory_iterator(folder.path())) CHECK(entry.path().extension() != ".tmp");
}

TEST_CASE("a full disk is an error, whatever the command") {
    Folder const folder;
    folder.write("fw.rules", telnet);
    std::vector<std::string> const calls[] = {{"lint", "fw.rules"},
                                              {"lint", "--fail-on", "never", "fw.rules"},
                                              {"audit", "fw.rules"},
                                              {"lint", "fw.rules", "-o", "json"},
                                              {"explain", "PC101"},
                                              {"catalogue", "telnet"},
                                              {"version"},
                                              {"--help"},
                                              {"trace", "fw.rules", "--packet", "tcp 192.0.2.1:1 > 192.0.2.2:22"}};
    for (auto const& arguments : calls) {
        Result const result = run(folder, arguments, {{}, {}, "/dev/full"});
        INFO(arguments.front());
        CHECK(result.code == 4);
        CHECK_THAT(result.err, Contains("cannot write to standard output: No space left on device"));
    }
}

TEST_CASE("JSON has the same bytes whatever the number of threads") {
    Folder const folder;
    std::string const fixtures = PORTCULLIS_ROOT "/tests/fixtures";
    for (char const* command : {"lint", "audit"}) {
        // Sets of packets for every service are slow under sanitizers; one dialect will do for the audit.
        std::string const inputs = std::string_view(command) == "audit" ? fixtures + "/iptables" : fixtures;
        Result const one = run(folder, {command, "--isolated", "-j1", "-o", "json", inputs});
        Result const eight = run(folder, {command, "--isolated", "-j8", "-o", "json", inputs});
        CHECK(one.code == eight.code);
        CHECK(one.out.size() > 1000);
        CHECK(one.out == eight.out);
    }
}

TEST_CASE("colour is a choice, and off where the output is no terminal") {
    Folder const folder;
    folder.write("fw.rules", telnet);
    struct Case {
        std::vector<std::string> flags;
        std::vector<std::string> environment;
        bool colored;
    };
    Case const cases[] = {
        {{}, {}, false},
        {{"--color", "auto"}, {}, false},
        {{"--color", "always"}, {}, true},
        {{"--color", "never"}, {}, false},
        {{}, {"CLICOLOR_FORCE=1"}, true},
        {{}, {"FORCE_COLOR=1"}, true},
        {{}, {"NO_COLOR=1", "FORCE_COLOR=1"}, false},
        {{"--color", "always"}, {"NO_COLOR=1"}, true},
        {{"--color", "never"}, {"FORCE_COLOR=1"}, false},
    };
    for (Case const& test : cases) {
        std::vector<std::string> arguments{"lint", "fw.rules"};
        arguments.insert(arguments.end(), test.flags.begin(), test.flags.end());
        Result const result = run(folder, arguments, {{}, test.environment, {}});
        CHECK((result.out.find('\x1b') != std::string::npos) == test.colored);
    }
    CHECK(run(folder, {"lint", "fw.rules", "--color", "always", "-o", "json"}).out.find('\x1b') ==
          std::string::npos);
}

TEST_CASE("nothing in a file or its name can command the reader's terminal") {
    Folder const folder;
    std::string const escape = "\x1b[31m";
    std::string const override = "\u202e"; // turns the direction of what follows
    std::string const text = input_chain("-A INPUT -p tcp --dport 23 -m comment --comment \"" + escape + override +
                                         "\" -j ACCEPT\n"
                                         "-A INPUT -p tcp --dport 22 -j NO" +
                                         override + escape + "\x9b" +
                                         "SUCH\n"
                                         "-A INPUT --" +
                                         escape + " -j ACCEPT\n");
    std::string const name = "f" + escape + "\nw" + override + ".rules";
    folder.write(name, text);
    std::vector<std::string> const calls[] = {{"lint", "--severity", "info", name},
                                              {"audit", name},
                                              {"lint", "-o", "json", name},
                                              {"trace", name, "--packet", "tcp 192.0.2.1:1 > 192.0.2.2:23"},
                                              {"trace", name, "--packet", override + escape},
                                              {name},
                                              {"lint", "no" + name},
                                              {"lint", "--" + name},
                                              {"lint", "--dialect", name, name},
                                              {"explain", name},
                                              {"catalogue", name}};
    for (auto const& arguments : calls) {
        Result const result = run(folder, arguments);
        INFO(arguments.front() << ": " << result.out << result.err);
        std::string const all = result.out + result.err;
        CHECK(all.find('\x1b') == std::string::npos);
        if (arguments.size() < 2 || arguments[1] != "-o")
            CHECK(all.find(override) == std::string::npos); // JSON is not for eyes
    }
    CHECK_THAT(run(folder, {"lint", name}).out, Contains("--> f\\x1b[31m\\nw\\u{202e}.rules:5:1") ||
                                                    Contains("--> f\\x1b[31m\\x0aw\\u{202e}.rules:5:1"));
}

TEST_CASE("audit names the service, its sources and the rule that lets it in") {
    Folder const folder;
    folder.write("fw.rules", telnet);
    Result const text = run(folder, {"audit", "fw.rules"});
    CHECK_THAT(text.out, Contains("to this host") && Contains("line 5: -A INPUT -p tcp --dport 23 -j ACCEPT") &&
                             Contains("from 0.0.0.0/0") && Contains("telnet") && Contains("tcp/23"));
    auto const json = nlohmann::json::parse(run(folder, {"audit", "fw.rules", "-o", "json"}).out);
    REQUIRE(json["exposures"].size() == 1);
    auto const& exposure = json["exposures"][0];
    CHECK(exposure["service"] == "telnet");
    CHECK(exposure["path"] == "to-host");
    CHECK(exposure["sources"] == nlohmann::json({"0.0.0.0/0"}));
    CHECK(exposure["rules"] == nlohmann::json::parse(R"([{"path": "fw.rules", "line": 5}])"));
    CHECK(exposure["witness"]["dport"] == 23);
    CHECK(exposure["witness"]["verdict"] == "accept");
}

TEST_CASE("audit names the interfaces that a service does not enter by, where those are fewer") {
    Folder const folder;
    auto const audit = [&](std::string const& match) {
        folder.write("fw.nft", "table inet t { chain i { type filter hook input priority 0; policy drop; " + match +
                                   " tcp dport 23 accept; } }\n");
        auto const json = nlohmann::json::parse(run(folder, {"audit", "fw.nft", "-o", "json"}).out);
        REQUIRE(json["exposures"].size() == 1);
        return std::pair(json["exposures"][0]["interfaces"], run(folder, {"audit", "fw.nft"}).out);
    };
    auto const [others, text] = audit("iifname != { \"eth0\", \"lo\", \"wg*\" }");
    CHECK(others == nlohmann::json::parse(R"({"not": ["eth0", "wg*"]})"));
    CHECK_THAT(text, Contains("on all but eth0, wg*"));
    auto const [some, named] = audit("iifname { \"eth0\", \"wg*\" }");
    CHECK(some == nlohmann::json({"eth0", "wg*"}));
    CHECK_THAT(named, Contains("on eth0, wg*"));
    // A set that is neither: no byte of it is broken.
    for (char const c : audit("iifname != \"eth*\" iifname != \"lan0\" iifname != \"eth1\" iifname \"e*\"").second) CHECK(static_cast<unsigned char>(c) < 0x80);
}

TEST_CASE("trace shows every rule that a packet meets") {
    Folder const folder;
    folder.write("fw.rules",
                 input_chain("-A INPUT -s 10.0.0.0/8 -j ACCEPT\n-A INPUT -p tcp --dport 22 -j ACCEPT\n"));
    std::string const packet = "in=eth0 tcp 203.0.113.9:40000 > 192.0.2.10:22";
    Result const text = run(folder, {"trace", "fw.rules", "--packet", packet});
    CHECK(text.code == 0);
    CHECK_THAT(text.out, Contains("5  no match") && Contains("6  accept") &&
                             Contains("accept: a rule of filter/INPUT, line 6"));
    Result const json = run(folder, {"trace", "fw.rules", "--packet", packet, "-o", "json"});
    CHECK(nlohmann::json::parse(json.out) ==
          nlohmann::json::parse(R"({"verdict": "accept", "certainty": "certain", "steps": [
        {"hook": "input", "table": "filter", "chain": "INPUT", "rule": 1, "line": 5, "outcome": "no match"},
        {"hook": "input", "table": "filter", "chain": "INPUT", "rule": 2, "line": 6, "outcome": "accept"}]})"));
    CHECK(run(folder, {"trace", "fw.rules", "--packet", packet, "-o", "json=steps.json"}).out.empty());
    CHECK(folder.read("steps.json") == json.out);
}

TEST_CASE("a way through a router has the list of each end, for trace and for lint") {
    Folder const folder;
    folder.write("r.cfg", R"(hostname edge
interface GigabitEthernet0/0
 ip address 198.51.100.2 255.255.255.0
 ip access-group OUTSIDE in
interface GigabitEthernet0/1
 ip address 10.0.0.1 255.255.255.0
 ip access-group TO-LAN out
ip access-list extended OUTSIDE
 permit tcp any host 10.0.0.5 eq telnet
 permit tcp any host 10.0.1.5 eq ftp
ip access-list extended TO-LAN
 deny tcp any any eq telnet
 permit ip any any
)");
    std::string const packet = "in=GigabitEthernet0/0 out=GigabitEthernet0/1 tcp 203.0.113.9:40000 > 10.0.0.5:23";
    Result const trace = run(folder, {"trace", "r.cfg", "--packet", packet});
    CHECK_THAT(trace.out, Contains("in=GigabitEthernet0/0 out=GigabitEthernet0/1 ") && Contains("drop: a rule of TO-LAN, line 12"));
    // Telnet comes to nothing; where 10.0.1.5 is, only the routing table knows.
    Result const lint = run(folder, {"lint", "--isolated", "--select", "PC1", "r.cfg"});
    CHECK_THAT(lint.out, Contains("ftp (tcp/21) is open") && !Contains("telnet"));
}

namespace {

constexpr char const* port_forward = R"(*nat
:PREROUTING ACCEPT [0:0]
-A PREROUTING -i eth0 -p tcp --dport 2323 -j DNAT --to-destination 10.0.0.5:23
-A PREROUTING -i eth0 -p tcp --dport 8000 -j REDIRECT --to-ports 8080-8081
COMMIT
*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
-A INPUT -p tcp --dport 8080 -j ACCEPT
-A FORWARD -d 10.0.0.5/32 -p tcp --dport 23 -j ACCEPT
COMMIT
)";

} // namespace

TEST_CASE("trace follows a packet through all hooks, and what is made of it") {
    Folder const folder;
    folder.write("fw.rules", port_forward);
    std::string const packet = "in=eth0 out=eth1 tcp 203.0.113.9:40000 > 192.0.2.10:2323";
    Result const text = run(folder, {"trace", "fw.rules", "--packet", packet});
    CHECK(text.code == 0);
    CHECK_THAT(text.out, Contains("prerouting: nat/PREROUTING") && Contains("becomes tcp 203.0.113.9:40000 > 10.0.0.5:23") &&
                             Contains("forward: filter/FORWARD") && Contains("accept: a rule of filter/FORWARD, line 10"));
    auto const json = nlohmann::json::parse(run(folder, {"trace", "fw.rules", "--packet", packet, "-o", "json"}).out);
    CHECK(json["certainty"] == "certain");
    CHECK(json["became"]["dst"] == "10.0.0.5");
    CHECK(json["became"]["dport"] == 23);
    // Without a way out, nobody knows whose address the new one is.
    Result const either = run(folder, {"trace", "fw.rules", "--packet", "in=eth0 tcp 203.0.113.9:40000 > 192.0.2.10:2323"});
    CHECK_THAT(either.out, Contains("accept: a rule of filter/FORWARD") && Contains("possible only") && Contains("drop at input"));
    // A redirect leads to the host, by one of two ports, of which the filter knows one.
    Result const redirect = run(folder, {"trace", "fw.rules", "--packet", "in=eth0 tcp 203.0.113.9:40000 > 192.0.2.10:8000"});
    CHECK_THAT(redirect.out, Contains("accept: a rule of filter/INPUT") && Contains("possible only") && Contains("drop at input"));
    CHECK_THAT(run(folder, {"trace", "fw.rules", "--packet", packet, "--hook", "forward"}).out, Contains("drop: the policy of filter/FORWARD"));
}

TEST_CASE("a port-forward is told with both of its ports and both of its rules") {
    Folder const folder;
    folder.write("fw.rules", port_forward);
    auto const audit = nlohmann::json::parse(run(folder, {"audit", "fw.rules", "-o", "json"}).out);
    auto const& all = audit["exposures"];
    auto const telnet = std::find_if(all.begin(), all.end(), [](auto const& e) { return e["service"] == "telnet" && e.contains("translation"); });
    REQUIRE(telnet != all.end());
    CHECK((*telnet)["port"] == 23);
    CHECK((*telnet)["translation"]["entry_ports"] == nlohmann::json{"2323"});
    CHECK((*telnet)["translation"]["becomes"] == "10.0.0.5:23");
    CHECK((*telnet)["translation"]["line"] == 3);
    CHECK((*telnet)["rules"][0]["line"] == 3);
    CHECK((*telnet)["rules"][1]["line"] == 10);
    CHECK((*telnet)["witness"]["dport"] == 2323);
    CHECK((*telnet)["witness"]["became"]["dport"] == 23);
    CHECK_THAT(run(folder, {"audit", "fw.rules"}).out, Contains("by port 2323, which becomes 10.0.0.5:23"));
}

TEST_CASE("the files of one host are one ruleset") {
    Folder const folder;
    folder.write("rules.v4", "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -p tcp --dport 23 -j DROP\nCOMMIT\n");
    folder.write("late.nft", "table inet t {\n chain i {\n  type filter hook input priority 10; policy drop;\n  tcp dport { 22, 23 } accept\n }\n}\n");
    std::string const start = "in=eth0 tcp 203.0.113.9:40000 > 192.0.2.10:";
    CHECK_THAT(run(folder, {"trace", "rules.v4", "late.nft", "--packet", start + "22"}).out, Contains("accept: a rule of inet t/i"));
    CHECK_THAT(run(folder, {"trace", "--host", ".", "--packet", start + "23"}).out, Contains("drop: a rule of filter/INPUT"));
    CHECK_THAT(run(folder, {"trace", "--host", ".", "--packet", start + "80"}).out, Contains("drop: the policy of inet t/i"));
    auto const audit = nlohmann::json::parse(run(folder, {"audit", "--host", ".", "-o", "json"}).out);
    auto const& all = audit["exposures"];
    auto const of = [&](std::string const& service) {
        return std::count_if(all.begin(), all.end(), [&](auto const& e) { return e["service"] == service; });
    };
    CHECK(of("ssh") == 1);
    REQUIRE(of("telnet") == 1); // rules.v4 drops nothing of IPv6
    auto const telnet = std::find_if(all.begin(), all.end(), [](auto const& e) { return e["service"] == "telnet"; });
    for (auto const& source : (*telnet)["sources"]) CHECK_THAT(source.get<std::string>(), Contains(":"));
    CHECK(run(folder, {"lint", "--host", ".", "late.nft"}).code == 2);
    CHECK(run(folder, {"lint", "--host", "no-such-directory"}).code == 2);
    CHECK(run(folder, {"lint", "--host", ".", "--fix"}).code == 2);
}

TEST_CASE("what is reachable is what docker, firewalld and the host's own rules let pass together") {
    Folder const folder;
    std::string const host = std::string(PORTCULLIS_ROOT) + "/tests/app/hosts/three-firewalls";
    auto const audit = nlohmann::json::parse(run(folder, {"audit", "--host", host, "-o", "json"}).out);
    std::vector<nlohmann::json> entries, through;
    for (auto const& exposure : audit["exposures"]) {
        if (exposure["path"] == "to-host") entries.push_back(exposure);
        // Others are reached by containers.
        if (exposure["path"] == "through" && exposure.contains("translation")) through.push_back(exposure);
    }
    // http is open in firewalld alone, and mysql in the own rules alone.
    REQUIRE_FALSE(entries.empty());
    for (auto const& entry : entries) CHECK(entry["service"] == "ssh");
    // No input chain is asked about a published port.
    auto const of = [&](std::string const& service) {
        auto const at = std::find_if(through.begin(), through.end(), [&](auto const& e) { return e["service"] == service; });
        REQUIRE(at != through.end());
        return *at;
    };
    nlohmann::json const telnet = of("telnet");
    CHECK(telnet["certainty"] == "certain");
    CHECK(telnet["sources"] == nlohmann::json{"0.0.0.0/0"});
    CHECK(telnet["translation"]["becomes"] == "172.18.0.5:23");
    CHECK(telnet["translation"]["entry_ports"] == nlohmann::json{"2323"});
    CHECK(of("redis")["sources"] == nlohmann::json{"10.0.0.0/8"});
    auto const decision = [&](std::string const& packet) { return run(folder, {"trace", "--host", host, "--packet", packet}).out; };
    std::string const start = "in=eth0 out=br-web tcp 203.0.113.9:40000 > ";
    CHECK_THAT(decision(start + "192.0.2.10:2323 dst-type=local"), Contains("accept: the policy of nat/POSTROUTING"));
    CHECK_THAT(decision(start + "192.0.2.10:6379 dst-type=local"), Contains("drop: a rule of filter/DOCKER-USER"));
    // Past the translation, docker lets it pass and firewalld does not.
    CHECK_THAT(decision(start + "172.18.0.5:23"), Contains("reject: a rule of inet firewalld/filter_FORWARD"));
    CHECK_THAT(decision("in=eth0 tcp 203.0.113.9:40000 > 192.0.2.10:3306"), Contains("reject: a rule of inet firewalld/filter_INPUT"));
    CHECK_THAT(decision("in=eth0 tcp 203.0.113.9:40000 > 192.0.2.10:80"), Contains("drop: the policy of inet own/input"));
}

// PORTCULLIS_BLESS=1 writes what is expected anew.
TEST_CASE("two networks of docker, three zones of firewalld and the host's own table: what is reachable is told whole") {
    Folder const folder;
    fs::path const golden = fs::path(PORTCULLIS_ROOT) / "tests/app/hosts/zones-and-bridges";
    fs::copy(golden, folder.path() / "host");
    Result const audit = run(folder, {"audit", "--host", "host", "--fail-on", "never"});
    CHECK(audit.code == 0);
    if (std::getenv("PORTCULLIS_BLESS") != nullptr) std::ofstream(golden / "expected.audit") << audit.out;
    CHECK(audit.out == slurp(golden / "expected.audit"));
    auto const decision = [&](std::string const& packet) { return run(folder, {"trace", "--host", "host", "--packet", packet}).out; };
    auto const published = [&](std::string const& way, std::string const& to) {
        return decision(way + " tcp 203.0.113.9:40000 > " + to + " dst-type=local");
    };
    // The own table takes smb from everybody, the zones from the inside alone.
    CHECK_THAT(decision("in=eth0 tcp 203.0.113.9:40000 > 192.0.2.200:445"), Contains("reject: a rule of inet firewalld/filter_IN_public"));
    CHECK_THAT(decision("in=eth1 tcp 10.2.9.9:40000 > 10.3.0.1:445"), Contains("accept: ") && Contains("inet firewalld/filter_IN_internal_allow\n"));
    // mysql is open in the own table, and in no zone but that of the containers.
    CHECK_THAT(decision("in=eth1 tcp 10.2.9.9:40000 > 10.3.0.1:3306"), Contains("reject: a rule of inet firewalld/filter_IN_internal"));
    CHECK_THAT(decision("in=br-app tcp 172.20.0.10:40000 > 172.20.0.1:3306"), Contains("accept: ") && Contains("inet firewalld/filter_IN_docker\n"));
    // What docker publishes passes all zones, but where DOCKER-USER knows the port that it came by; and nobody who is never served.
    CHECK_THAT(published("in=eth0 out=br-app", "192.0.2.200:443"), Contains("accept: "));
    CHECK_THAT(published("in=eth0 out=docker0", "192.0.2.200:2121"), Contains("drop: a rule of filter/DOCKER-USER"));
    CHECK_THAT(published("in=eth1 out=docker0", "192.0.2.200:2121"), Contains("accept: "));
    CHECK_THAT(decision("in=eth0 out=br-app tcp 198.51.100.7:40000 > 192.0.2.200:443 dst-type=local"), Contains("drop: a rule of inet own/early"));
    CHECK_THAT(decision("in=eth0 out=br-app tcp 203.0.113.9:40000 > 172.20.0.10:8443"), Contains("drop: a rule of raw/PREROUTING"));
}

TEST_CASE("trace decides many packets, a line each") {
    Folder const folder;
    folder.write("fw.rules", telnet);
    folder.write(
        "packets.jsonl",
        R"({"id":7,"hook":"input","iif":"eth0","family":4,"src":"203.0.113.9","dst":"192.0.2.10","proto":"tcp","dport":23}

{"id":"query","src":"203.0.113.9","dst":"192.0.2.10","proto":17,"dport":53}
{"hook":"output","src":"192.0.2.10","dst":"203.0.113.9","proto":"udp","sport":53,"dport":40000,"ct_state":"established"}
)");
    std::string const expected = R"({"id":7,"verdict":"accept","certainty":"certain","line":5}
{"id":"query","verdict":"drop","certainty":"certain","line":2}
{"id":4,"verdict":"accept","certainty":"certain","line":4}
)";
    Result const file = run(folder, {"trace", "fw.rules", "--packets", "packets.jsonl"});
    CHECK(file.code == 0);
    CHECK(file.out == expected);
    CHECK(run(folder, {"trace", "fw.rules", "--packets", "-"}, {folder.read("packets.jsonl"), {}, {}}).out ==
          expected);
}

TEST_CASE("a packet that is none is named by its line, and the others are decided") {
    Folder const folder;
    folder.write("fw.rules", telnet);
    std::array<std::pair<char const*, char const*>, 6> const wrong{{
        {"x", "no JSON object with a packet"},
        {"[1]", "no JSON object with a packet"},
        {R"({"src":"192.0.2.1","dst":"2001:db8::1","proto":"tcp"})", "'dst' is no address of the packet's family"},
        {R"({"src":"192.0.2.1","dst":"192.0.2.2","proto":"tpc"})", "unknown protocol"},
        {R"({"src":"192.0.2.1","dst":"192.0.2.2","proto":"tcp","dprot":23})",
         "unknown key 'dprot'; did you mean 'dport'?"},
        {R"({"src":"192.0.2.1","dst":"192.0.2.2","proto":"tcp","hook":"inside"})", "there is no hook \"inside\""},
    }};
    std::string text;
    for (auto const& [line, error] : wrong) text += std::string(line) + '\n';
    text += R"({"src":"192.0.2.1","dst":"192.0.2.2","proto":"tcp","dport":23})";
    folder.write("packets.jsonl", text);
    Result const result = run(folder, {"trace", "fw.rules", "--packets", "packets.jsonl"});
    CHECK(result.code == 3);
    CHECK(result.out == "{\"id\":7,\"verdict\":\"accept\",\"certainty\":\"certain\",\"line\":5}\n");
    for (std::size_t i = 0; i < wrong.size(); ++i) {
        CHECK_THAT(result.err,
                   Contains("packets.jsonl:" + std::to_string(i + 1) + ": ") && Contains(wrong[i].second));
    }
}

TEST_CASE("trace says where a line that could not be read may decide otherwise") {
    Folder const folder;
    folder.write(
        "fw.rules",
        input_chain("-A INPUT -p tcp --dport twentythree -j DROP\n-A INPUT -p tcp --dport 23 -j ACCEPT\n"));
    Result const result = run(folder, {"trace", "fw.rules", "--packet", "tcp 192.0.2.1:1 > 192.0.2.2:23"});
    CHECK(result.code == 3);
    CHECK_THAT(result.err, Contains("fw.rules:5:17: unknown port or service 'twentythree'"));
    CHECK_THAT(result.out, Contains("accept: a rule of filter/INPUT, line 6"));
}

TEST_CASE("explain has a page for every rule of its list") {
    Folder const folder;
    Result const list = run(folder, {"explain"});
    CHECK(list.code == 0);
    CHECK_THAT(list.out, StartsWith("PC001 ") && Contains("PC101  telnet-exposed"));
    Result const page = run(folder, {"explain", "PC101"});
    CHECK(page.code == 0);
    CHECK_THAT(page.out, StartsWith("PC101 telnet-exposed (high)"));
    CHECK(run(folder, {"explain", "telnet-exposed"}).out == page.out);
}

TEST_CASE("the catalogue answers to names, aliases and ports") {
    Folder const folder;
    Result const page = run(folder, {"catalogue", "telnet"});
    CHECK(page.code == 0);
    CHECK_THAT(page.out, StartsWith("telnet: Telnet") && Contains("tcp/23") && Contains("ssh"));
    CHECK(run(folder, {"catalogue", "tcp/23"}).out == page.out);
    auto const json = nlohmann::json::parse(run(folder, {"catalogue", "telnet", "--format", "json"}).out);
    CHECK(json["services"][0]["name"] == "telnet");
    CHECK(nlohmann::json::parse(run(folder, {"catalogue", "--format", "json"}).out)["services"].size() >= 120);
    CHECK_THAT(run(folder, {"catalogue", "telnet", "--format", "markdown"}).out, StartsWith("#"));
}

TEST_CASE("the nearest portcullis.toml above a file applies to it") {
    Folder const folder;
    folder.write("telnet.rules", telnet);
    folder.write("site/telnet.rules", telnet);
    folder.write("site/lab/telnet.rules", telnet);
    folder.write("portcullis.toml", "[lint]\nfail-on = \"critical\"\n");
    folder.write("site/portcullis.toml", "[lint]\nignore = [\"telnet-exposed\"]\n");
    auto const rules_of = [&](std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), {"lint", "--severity", "high", "-o", "json"});
        std::string all;
        auto const json = nlohmann::json::parse(run(folder, arguments).out);
        for (auto const& finding : json["findings"]) {
            all += finding["path"].get<std::string>() + ' ';
        }
        return all;
    };
    CHECK(rules_of({"telnet.rules", "site/telnet.rules", "site/lab/telnet.rules"}) == "telnet.rules ");
    CHECK(rules_of({"--isolated", "site/telnet.rules", "site/lab/telnet.rules"}) ==
          "site/lab/telnet.rules site/telnet.rules ");
    CHECK(rules_of({"--config", "portcullis.toml", "site/telnet.rules"}) == "site/telnet.rules ");
    CHECK(run(folder, {"lint", "telnet.rules"}).code == 0); // by fail-on
    CHECK(run(folder, {"lint", "--fail-on", "high", "telnet.rules"}).code == 1);
    // Standard input is where its name says.
    CHECK(run(folder, {"lint", "-", "--stdin-filename", "site/x.rules"}, {telnet, {}, {}}).code == 0);
    CHECK(run(folder, {"lint", "-", "--isolated", "--stdin-filename", "site/x.rules"}, {telnet, {}, {}}).code == 1);
}

TEST_CASE("a mistake in portcullis.toml ends the run with its place") {
    Folder const folder;
    folder.write("fw.rules", clean);
    struct Case {
        std::string text;
        std::string message;
    };
    Case const cases[] = {
        {"[lint]\nslect = [\"PC1\"]\n",
         "portcullis.toml:2:1: unknown key 'slect' in [lint]; did you mean 'select'?"},
        {"[lint]\nignore = [\"PC101\", \"telnet-expose\"]\n",
         "portcullis.toml:2:20: unknown rule 'telnet-expose'; did you mean 'telnet-exposed'?"},
        {"[lint]\nfail-on = 3\n", "portcullis.toml:2:11: "},
        {"[zones.lan]\nnetworks = [\"10.0.0.0/33\"]\n", "portcullis.toml:2:13: "},
        {"[lint\n", "portcullis.toml:1:6: "},
    };
    for (Case const& test : cases) {
        folder.write("portcullis.toml", test.text);
        Result const result = run(folder, {"lint", "fw.rules"});
        INFO(test.text);
        CHECK(result.code == 2);
        CHECK_THAT(result.err, Contains(test.message));
        CHECK(result.out.empty());
        CHECK(run(folder, {"lint", "--isolated", "fw.rules"}).code == 0);
    }
    CHECK_THAT(run(folder, {"lint", "--config", "none.toml", "fw.rules"}).err, Contains("cannot read none.toml"));
    CHECK(run(folder, {"lint", "--config", "none.toml", "fw.rules"}).code == 2);
}

TEST_CASE("fmt rewrites rulesets of nft in place, and only those that change") {
    Folder const folder;
    std::string const crooked = "table ip t { chain c { type filter hook input priority 0; policy drop; "
                                "tcp dport {22,80} accept # ssh\n} }\n";
    std::string const straight =
        "table ip t {\n\tchain c {\n\t\ttype filter hook input priority 0; policy drop;\n"
        "\t\ttcp dport { 22, 80 } accept # ssh\n\t}\n}\n";
    folder.write("a.nft", crooked);
    folder.write("b.nft", straight);
    folder.write("fw.rules", clean);
    auto const permissions = fs::perms::owner_read | fs::perms::owner_write | fs::perms::group_read;
    fs::permissions(folder.path() / "a.nft", permissions);

    Result const check = run(folder, {"fmt", "--check", "a.nft", "b.nft"});
    CHECK(check.code == 1);
    CHECK(check.out == "a.nft\n");
    CHECK(folder.read("a.nft") == crooked);

    auto const untouched = fs::last_write_time(folder.path() / "b.nft");
    Result const written = run(folder, {"fmt", "."}); // other dialects in a directory are left alone
    CHECK(written.code == 0);
    CHECK(written.out.empty());
    CHECK(folder.read("a.nft") == straight);
    CHECK(folder.read("fw.rules") == clean);
    CHECK((fs::status(folder.path() / "a.nft").permissions() & fs::perms::all) == permissions);
    CHECK(fs::last_write_time(folder.path() / "b.nft") == untouched);
    CHECK(run(folder, {"fmt", "--check", "a.nft", "b.nft"}).code == 0);

    CHECK(run(folder, {"fmt", "-"}, {crooked, {}, {}}).out == straight);
    CHECK(run(folder, {"fmt", "-", "--check"}, {straight, {}, {}}).code == 0);
    CHECK(run(folder, {"fmt", "-", "--check"}, {crooked, {}, {}}).out == "<stdin>\n");
}

TEST_CASE("fmt leaves alone what it cannot read, and what is elsewhere") {
    Folder const folder;
    std::string const broken = "table ip t {\n chain c {\n  tcp dprot 22 accept\n }\n}\n";
    folder.write("broken.nft", broken);
    Result const refused = run(folder, {"fmt", "broken.nft"});
    CHECK(refused.code == 3);
    CHECK_THAT(refused.err, StartsWith("portcullis: broken.nft:3:"));
    CHECK(folder.read("broken.nft") == broken);
    CHECK(run(folder, {"fmt", "none.nft"}).code == 3);

    std::string const crooked = "table ip t { chain c { accept; } }";
    folder.write("real/a.nft", crooked);
    fs::create_symlink("real/a.nft", folder.path() / "link.nft");
    Result const link = run(folder, {"fmt", "link.nft"});
    CHECK(link.code == 2);
    CHECK_THAT(link.err, Contains("link.nft is a symbolic link; name the file that it leads to"));
    CHECK(folder.read("real/a.nft") == crooked);

    folder.write("all.nft", "include \"real/*.nft\"\ntable ip u { }");
    CHECK(run(folder, {"fmt", "all.nft"}).code == 0);
    CHECK(folder.read("all.nft") == "include \"real/*.nft\"\n\ntable ip u {\n}\n");
    CHECK(folder.read("real/a.nft") == crooked);
}

TEST_CASE("the JSON of nft is read like its text, with places in the JSON") {
    Folder const folder;
    folder.write("fw.json", slurp(fs::path(PORTCULLIS_ROOT) / "tests/fixtures/nft-json/host-firewall/input.json"));
    Result const lint = run(folder, {"lint", "fw.json", "-o", "json"});
    CHECK(lint.code == 1);
    auto const report = nlohmann::json::parse(lint.out);
    CHECK(report["files"][0]["dialect"] == "nft-json");
    CHECK(report["complete"] == true);
    auto const telnet = std::find_if(report["findings"].begin(), report["findings"].end(),
                                     [](auto const& finding) { return finding["rule"] == "PC101"; });
    REQUIRE(telnet != report["findings"].end());
    CHECK((*telnet)["start"]["line"] == 148);
    CHECK_THAT(run(folder, {"audit", "fw.json"}).out, Contains("telnet"));
    Result const trace = run(folder, {"trace", "fw.json", "--packet", "in=eth0 tcp 203.0.113.9:40000 > 192.0.2.10:23"});
    CHECK_THAT(trace.out, Contains("accept"));
}

namespace {

std::string only_input(std::string const& rules) { return "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n" + rules + "COMMIT\n"; }

} // namespace

TEST_CASE("diff names the traffic that is treated differently, and the rules on either side") {
    Folder const folder;
    folder.write("old.rules", only_input("-A INPUT -s 10.0.0.0/8 -p tcp --dport 22 -j ACCEPT\n"));
    folder.write("new.rules", only_input("-A INPUT -s 10.0.0.0/9 -p tcp --dport 22:23 -j ACCEPT\n"));
    Result const text = run(folder, {"diff", "old.rules", "new.rules"});
    CHECK(text.code == 1);
    CHECK_THAT(text.out, Contains("to-host: newly allowed\n  tcp from 10.0.0.0/9 to any, port 23 (telnet)\n") &&
                             Contains("to-host: newly denied\n  tcp from 10.128.0.0/9 to any, port 22 (ssh)\n") &&
                             Contains("accept  new.rules:5  -A INPUT") && Contains("2 kinds of traffic"));
    Result const same = run(folder, {"diff", "old.rules", "old.rules"});
    CHECK(same.code == 0);
    CHECK_THAT(same.out, Contains("equal: every packet is treated alike"));
}

TEST_CASE("diff fails on what is newly allowed alone, where that is asked for") {
    Folder const folder;
    folder.write("wide.rules", only_input("-A INPUT -p tcp --dport 22 -j ACCEPT\n"));
    folder.write("narrow.rules", only_input("-A INPUT -s 10.0.0.0/8 -p tcp --dport 22 -j ACCEPT\n"));
    CHECK(run(folder, {"diff", "wide.rules", "narrow.rules"}).code == 1);
    CHECK(run(folder, {"diff", "--fail-on-widen", "wide.rules", "narrow.rules"}).code == 0);
    CHECK(run(folder, {"diff", "--fail-on-widen", "narrow.rules", "wide.rules"}).code == 1);
}

TEST_CASE("diff compares chains of different names and dialects") {
    Folder const folder;
    folder.write("fw.rules", only_input("-A INPUT -s 10.0.0.0/8 -p tcp --dport 22 -j ACCEPT\n"));
    folder.write("edge.cfg", "ip access-list extended EDGE\n permit tcp 10.0.0.0 0.255.255.255 any eq 22\n"
                             "interface Gi0/0\n ip access-group EDGE in\n");
    Result const mapped = run(folder, {"diff", "--map", "filter/INPUT=EDGE", "fw.rules", "edge.cfg", "-o", "json"});
    auto const json = nlohmann::json::parse(mapped.out);
    // A later fragment has no port: a permit of Cisco lets it pass.
    REQUIRE(json["allowed_added"].size() == 1);
    CHECK(json["allowed_added"][0]["fragment"] == nlohmann::json::array({"yes"}));
    CHECK(json["allowed_removed"].empty());
    CHECK(mapped.code == 1);
    Result const unknown = run(folder, {"diff", "--map", "filter/INPUT=EDG", "fw.rules", "edge.cfg"});
    CHECK(unknown.code == 2);
    CHECK_THAT(unknown.err, Contains("there is no base chain or access list 'EDG'"));
}

TEST_CASE("a difference of files that could not be read whole is incomplete") {
    Folder const folder;
    folder.write("old.rules", only_input("-A INPUT -p tcp --dport 22 -j ACCEPT\n"));
    folder.write("new.rules", only_input("-A INPUT -p tcp --dport 99999 -j ACCEPT\n"));
    Result const result = run(folder, {"diff", "old.rules", "new.rules"});
    CHECK(result.code == 3);
    CHECK_THAT(result.out, Contains("the comparison is incomplete"));
    CHECK_THAT(result.err, StartsWith("portcullis: new.rules:5:"));
}

TEST_CASE("sets are read from the files that --ipset names, or from those beside the rules") {
    Folder const folder;
    folder.write("a/fw.rules", input_chain("-A INPUT -p tcp -m set --match-set admins src --dport 22 -j ACCEPT\n"));
    folder.write("sets", "create admins hash:net\nadd admins 10.0.0.0/8\n");
    folder.write("open", "create admins hash:net\nadd admins 0.0.0.0/1\nadd admins 128.0.0.0/1\ncreate idle hash:ip\n");
    folder.write("bad", "create admins hash:net\nadd admins 10.0.0.0/40\n");
    auto const lint = [&](std::vector<std::string> more) {
        more.insert(more.begin(), {"lint", "--severity", "low", "a/fw.rules"});
        return run(folder, std::move(more));
    };
    CHECK(lint({}).code == 0); // nobody can say
    CHECK(lint({"--ipset", "sets", "--strict"}).code == 0);
    Result const open = lint({"--ipset", "open"});
    CHECK(open.code == 1);
    CHECK_THAT(open.out, Contains("PC114") && Contains("--> open:4:1") && Contains("IPv4 set 'idle' is used nowhere"));
    Result const bad = lint({"--ipset", "bad"});
    CHECK(bad.code == 3);
    CHECK_THAT(bad.out, Contains("--> bad:2:12"));
    Result const missing = lint({"--ipset", "nowhere"});
    CHECK(missing.code == 3);
    CHECK_THAT(missing.out, Contains("cannot read nowhere") && !Contains("PC401"));

    folder.write("a/ipset.conf", "create admins hash:net\nadd admins 10.0.0.0/8\n");
    Result const beside = lint({"--strict"});
    CHECK(beside.code == 0);
    CHECK_THAT(beside.err, Contains("the sets of a/fw.rules are taken from a/ipset.conf"));
    Result const folder_of_both = run(folder, {"lint", "a", "--strict"});
    CHECK(folder_of_both.code == 0);
    CHECK_THAT(folder_of_both.err, !Contains("skipped"));
}

TEST_CASE("what is wrong in one file of sets is told once, and a set is unused if nobody uses it") {
    Folder const folder;
    folder.write("a.rules", input_chain("-A INPUT -m set --match-set one src -j DROP\n"));
    folder.write("b.rules", input_chain("-A INPUT -m set --match-set two src -j DROP\n"));
    folder.write("sets", "create one hash:net\ncreate two hash:net\ncreate three hash:net\nadd three x:y\n");
    Result const result = run(folder, {"lint", "-o", "json", "--ipset", "sets", "a.rules", "b.rules"});
    CHECK(result.code == 3);
    std::vector<std::string> found;
    nlohmann::json const findings = nlohmann::json::parse(result.out).at("findings");
    for (auto const& finding : findings)
        if (finding.at("path") == "sets") found.push_back(finding.at("rule"));
    CHECK(found == std::vector<std::string>{"PC404", "PC001"});
}

TEST_CASE("the two families of a host are linted together, and what they show is told once") {
    Folder const folder;
    std::string const wide = input_chain("-A INPUT -p tcp --dport 22 -j ACCEPT\n-A INPUT -p ipv6-icmp -j ACCEPT\n");
    folder.write("etc/rules.v4", clean);
    folder.write("etc/rules.v6", wide);
    folder.write("open/iptables.rules", clean);
    folder.write("open/ip6tables.rules", "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n");
    auto const found = [&](std::vector<std::string> files) {
        files.insert(files.begin(), {"lint", "-o", "json", "--select", "PC318,PC319"});
        std::vector<std::string> all;
        nlohmann::json const findings = nlohmann::json::parse(run(folder, std::move(files)).out).at("findings");
        for (auto const& finding : findings)
            all.push_back(finding.at("rule").get<std::string>() + ' ' + finding.at("path").get<std::string>());
        return all;
    };
    CHECK(found({"etc"}) == std::vector<std::string>{"PC319 etc/rules.v6"});
    CHECK(found({"etc/rules.v4"}).empty());
    CHECK(found({"etc/rules.v6"}).empty());
    CHECK(found({"open"}) == std::vector<std::string>{"PC318 open/iptables.rules"});
    CHECK(found({"etc/rules.v4", "open/ip6tables.rules"}).empty());
    // The rest of what is found does not depend on it.
    Result const alone = run(folder, {"lint", "-o", "json", "--ignore", "PC318,PC319", "etc/rules.v6"});
    Result const both = run(folder, {"lint", "-o", "json", "--ignore", "PC318,PC319", "etc", "-j", "4"});
    auto const first = nlohmann::json::parse(alone.out).at("findings");
    auto rest = nlohmann::json::parse(both.out).at("findings");
    std::erase_if(rest.get_ref<nlohmann::json::array_t&>(), [](auto const& f) { return f.at("path") != "etc/rules.v6"; });
    CHECK(first == rest);
}

TEST_CASE("a policy comes to rules that verify proves equal, and a hole in them is shown") {
    Folder const folder;
    CHECK(run(folder, {"init", "-o", "policy.toml"}).code == 0);
    CHECK(run(folder, {"init", "sever"}).code == 2);
    for (std::string const target : {"nftables", "iptables", "ip6tables"}) {
        Result const made = run(folder, {"generate", "policy.toml", "--to", target, "-o", "rules"});
        CHECK(made.code == 0);
        CHECK_THAT(made.err, Contains("proved equal to the policy"));
        CHECK(folder.read("rules") == run(folder, {"generate", "policy.toml", "--to", target}).out);
        Result const same = run(folder, {"verify", "rules", "--policy", "policy.toml", "--dialect", target});
        CHECK(same.code == 0);
        CHECK_THAT(same.out, Contains("equal: exactly what the policy allows passes"));
    }
    std::string holed = run(folder, {"generate", "policy.toml", "--to", "nftables"}).out;
    std::string const line = "iifname \"eth0\" tcp dport 443 accept";
    REQUIRE(holed.find(line) != std::string::npos);
    holed.replace(holed.find(line), line.size(), "iifname \"eth0\" tcp dport 23 accept");
    folder.write("holed.nft", holed);
    Result const text = run(folder, {"verify", "holed.nft", "--policy", "policy.toml"});
    CHECK(text.code == 1);
    CHECK_THAT(text.out, Contains("allowed beyond the policy") && Contains("port 23 (telnet)") && Contains("no statement allows it"));
    CHECK_THAT(text.out, Contains("blocked within the policy") && Contains("name = \"web\"") && Contains("packet:"));
    auto const json = nlohmann::json::parse(run(folder, {"verify", "holed.nft", "--policy", "policy.toml", "-o", "json"}).out);
    CHECK(json.at("equal") == false);
    CHECK(!json.at("allowed_added").empty());
    CHECK(!json.at("allowed_removed").empty());
    CHECK(!json.at("witnesses").empty());
    folder.write("wrong.toml", "[[allow]]\nname = \"a\"\nfrom = [\"any\"]\nto = [\"self\"]\nservices = [\"telnet\"]\n");
    Result const refused = run(folder, {"generate", "wrong.toml", "--to", "nftables"});
    CHECK(refused.code == 2);
    CHECK(refused.out.empty());
    CHECK_THAT(refused.err, Contains("wrong.toml:2:1: 'a' allows telnet, which is insecure"));
    CHECK(run(folder, {"generate", "policy.toml", "--to", "nftabels"}).code == 2);
}

TEST_CASE("a policy comes to access lists of a device, and verify asks the same of anybody's") {
    Folder const folder;
    CHECK(run(folder, {"init", "pci-dss", "-o", "policy.toml"}).code == 0);
    for (std::string const target : {"cisco-ios", "cisco-asa", "cisco-nxos", "cisco-xr"}) {
        Result const made = run(folder, {"generate", "policy.toml", "--to", target, "-o", "lists"});
        CHECK(made.code == 0);
        CHECK_THAT(made.err, Contains("proved equal to the policy"));
        Result const same = run(folder, {"verify", "lists", "--policy", "policy.toml", "--dialect", target});
        CHECK(same.code == 0);
    }
    // Names as a running configuration has them, an interface that the policy does not know, and a lost word.
    std::string policy = folder.read("policy.toml");
    for (std::size_t at = 0; (at = policy.find("wan0", at)) != std::string::npos;) policy.replace(at, 4, "Gi0/0");
    folder.write("named.toml", policy);
    std::string lists = run(folder, {"generate", "named.toml", "--to", "cisco-ios-xe"}).out;
    REQUIRE(lists.find("interface Gi0/0\n") != std::string::npos);
    lists.replace(lists.find("interface Gi0/0\n"), 15, "interface GigabitEthernet0/0");
    folder.write("named.cfg", lists);
    CHECK(run(folder, {"verify", "named.cfg", "--policy", "named.toml"}).code == 0);
    folder.write("more.cfg", lists + "interface GigabitEthernet0/7\n ip address 192.0.2.1 255.255.255.0\n");
    Result const more = run(folder, {"verify", "more.cfg", "--policy", "named.toml"});
    CHECK(more.code == 1);
    CHECK_THAT(more.out, Contains("GigabitEthernet0/7") && Contains("not compared"));
    std::string const word = " established"; // of answers to the device itself
    lists.erase(lists.find(word, lists.find("remark answers to logs", lists.find("extended in-cde0"))), word.size());
    folder.write("holed.cfg", lists);
    Result const holed = run(folder, {"verify", "holed.cfg", "--policy", "named.toml"});
    CHECK(holed.code == 1);
    CHECK_THAT(holed.out, Contains("allowed beyond the policy") && Contains("-> the device"));

    // What lists cannot say, and what a policy has to say for them.
    CHECK(run(folder, {"init", "bastion", "-o", "bastion.toml"}).code == 0);
    Result const optional = run(folder, {"generate", "bastion.toml", "--to", "cisco-xr", "-o", "bastion.cfg"});
    CHECK(optional.code == 0);
    CHECK_THAT(optional.err, Contains("bastion.toml: ssh in: without its rate, which is optional\n") && Contains("proved equal to the policy"));
    CHECK(run(folder, {"verify", "bastion.cfg", "--policy", "bastion.toml"}).code == 0);
    folder.write("bastion.toml", std::regex_replace(folder.read("bastion.toml"), std::regex("rate-optional[^\n]*"), ""));
    CHECK(run(folder, {"verify", "bastion.cfg", "--policy", "bastion.toml"}).code == 1);
    Result const rate = run(folder, {"generate", "bastion.toml", "--to", "cisco-xr"});
    CHECK(rate.code == 1);
    CHECK(rate.out.empty());
    CHECK_THAT(rate.err, Contains("'rate' of name = \"ssh in\"") && Contains("--allow-loss"));
    Result const narrower = run(folder, {"generate", "bastion.toml", "--to", "cisco-xr", "--allow-loss"});
    CHECK(narrower.code == 0);
    CHECK_THAT(narrower.err, Contains("proved to let through nothing beyond the policy"));
    CHECK(run(folder, {"init", "server", "-o", "server.toml"}).code == 0);
    std::string nowhere = folder.read("server.toml");
    std::size_t const own = nowhere.find("\naddresses = ");
    REQUIRE(own != std::string::npos);
    folder.write("server.toml", nowhere.erase(own, nowhere.find('\n', own + 1) - own));
    Result const unknown = run(folder, {"generate", "server.toml", "--to", "cisco-ios"});
    CHECK(unknown.code == 2);
    CHECK_THAT(unknown.err, Contains("addresses in [device]"));
    CHECK(run(folder, {"verify", "named.cfg", "--policy", "server.toml"}).code == 2);
    folder.write("denied.toml", folder.read("policy.toml") + "\n[[deny]]\nname = \"no mail\"\nfrom = [\"self\"]\nto = [\"any\"]\nservices = [\"tcp/25\"]\n");
    Result const sent = run(folder, {"generate", "denied.toml", "--to", "cisco-ios", "--allow-loss"});
    CHECK(sent.code == 1);
    CHECK(sent.out.empty());
    CHECK_THAT(sent.err, Contains("name = \"no mail\"") && Contains("nothing is written"));
}
