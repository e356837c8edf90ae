// Many files: lists of them, what is passed over, forms that are written a file at a time, and what is counted.
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <set>

#include "app/run.hpp"
#include "seeds.hpp"

using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

using Json = nlohmann::json;
using Words = std::vector<std::string>;

std::string input_chain(std::string const& lines) { return "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n" + lines + "COMMIT\n"; }

std::string const telnet = input_chain("-A INPUT -p tcp --dport 23 -j ACCEPT\n-A INPUT -i lo -j ACCEPT\n-A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT\n");

std::vector<Json> lines_of(std::string const& text) {
    std::vector<Json> all;
    for (std::size_t at = 0; at < text.size();) {
        std::size_t const end = text.find('\n', at);
        REQUIRE(end != std::string::npos);
        all.push_back(Json::parse(text.substr(at, end - at)));
        at = end + 1;
    }
    return all;
}

// The paths of the files that were looked at, with blanks between them.
std::string looked_at(Folder const& folder, Words arguments) {
    arguments.insert(arguments.begin(), {"lint", "-o", "jsonl"});
    Result const result = run(folder, std::move(arguments));
    INFO(result.err);
    REQUIRE(result.code <= 1);
    std::string text;
    for (Json const& line : lines_of(result.out))
        if (line["type"] == "file") text += (text.empty() ? "" : " ") + line["path"].get<std::string>();
    return text;
}

bool has_program(std::string const& name) { return std::system(("command -v " + name + " >/dev/null 2>&1").c_str()) == 0; }

} // namespace

TEST_CASE("JSON lines say what JSON says, in the same order whatever the number of threads") {
    Folder const folder;
    for (int i = 0; i < 300; ++i) {
        std::string const rule = "-A INPUT -s 10.0." + std::to_string(i % 250) + ".0/24 -p tcp --dport " + std::to_string(20 + i % 7) + " -j ACCEPT\n";
        folder.write("site" + std::to_string(i % 7) + "/host" + std::to_string(i) + ".rules", input_chain(rule + (i % 5 == 0 ? rule : "") + (i % 3 == 0 ? "-A INPUT -p tcp --dport 23 -j ACCEPT\n" : "")));
    }
    folder.write("site3/notes.txt", "not a firewall\n");
    folder.write("site4/broken.rules", input_chain("-A INPUT -p tcp --dport twentythree -j ACCEPT\n"));
    Result const one = run(folder, {"lint", "-j1", "-o", "jsonl", "--severity", "info", "--statistics", "."});
    Result const many = run(folder, {"lint", "-j7", "-o", "jsonl", "-o", "json=report.json", "-o", "concise=concise.txt", "--severity", "info", "--statistics", "."});
    CHECK(one.code == 3);
    CHECK(many.code == 3);
    CHECK(one.out == many.out);
    CHECK(one.err == "portcullis: skipped 1 file that is no firewall configuration\n");
    Json const report = Json::parse(folder.read("report.json"));
    Json files = Json::array();
    Json findings = Json::array();
    Json summary;
    std::string concise;
    for (Json line : lines_of(one.out)) {
        std::string const type = line["type"];
        line.erase("type");
        if (type == "file") files.push_back(line);
        if (type == "finding") {
            CHECK(line["path"] == files.back()["path"]);
            concise += line["path"].get<std::string>() + ':' + line["start"]["line"].dump() + ':' + line["start"]["column"].dump() + ": " + line["severity"].get<std::string>() + '[' +
                       line["rule"].get<std::string>() + "] " + line["message"].get<std::string>() + (line["certainty"] == "possible" ? " (possible)" : "") + '\n';
            findings.push_back(line);
        }
        if (type == "summary") summary = line;
    }
    CHECK(files == report["files"]);
    CHECK(findings == report["findings"]);
    CHECK(summary["summary"] == report["summary"]);
    CHECK(summary["statistics"] == report["statistics"]);
    CHECK(summary["files"] == 301);
    CHECK(summary["complete"] == false);
    CHECK(folder.read("concise.txt") == concise);
    // The statistics are what can be counted.
    std::map<std::string, int> found, fixable;
    for (Json const& finding : findings) {
        ++found[finding["rule"]];
        if (!finding["fix"].is_null() && finding["fix"]["safe"]) ++fixable[finding["rule"]];
    }
    REQUIRE(found.size() == report["statistics"].size());
    for (Json const& row : report["statistics"]) {
        CHECK(row["found"] == found[row["rule"]]);
        CHECK(row["fixable"] == fixable[row["rule"]]);
    }
    CHECK(fixable["PC209"] > 0);
}

TEST_CASE("statistics stand below the text, the most frequent rule first") {
    Folder const folder;
    folder.write("a.rules", telnet);
    folder.write("b.rules", input_chain("-A INPUT -p tcp --dport 23 -m comment --comment \"portcullis: ignore[PC101] lab\" -j ACCEPT\n"));
    Result const result = run(folder, {"lint", "--select", "PC101", "--statistics", "a.rules", "b.rules"});
    CHECK_THAT(result.out, Contains(" found  fixable  suppressed  rule\n     1        0           1  PC101 telnet-exposed\n"));
    CHECK(run(folder, {"lint", "--select", "PC1", "--ignore", "PC101", "--statistics", "a.rules"}).out.find("fixable") == std::string::npos);
}

TEST_CASE("files that need each other are settled together, however the lines are written") {
    Folder const folder;
    folder.write("host/a.rules", input_chain("-A INPUT -m set --match-set office src -p tcp --dport 22 -j ACCEPT\n"));
    folder.write("host/b.rules", input_chain("-A INPUT -m set --match-set guests src -p tcp --dport 80 -j ACCEPT\n"));
    folder.write("host/c/d.rules", telnet);
    folder.write("host/sets.ipset", "create office hash:net\nadd office 192.0.2.0/24\ncreate guests hash:net\nadd guests 198.51.100.0/24\ncreate nobody hash:net\n");
    folder.write("other.rules", telnet);
    Result const lines = run(folder, {"lint", "-o", "jsonl", "--select", "PC4", "--severity", "info", "."});
    Result const whole = run(folder, {"lint", "-o", "json", "--select", "PC4", "--severity", "info", "."});
    Json findings = Json::array();
    for (Json line : lines_of(lines.out)) {
        if (line["type"] != "finding") continue;
        line.erase("type");
        findings.push_back(line);
    }
    Json const report = Json::parse(whole.out);
    CHECK(findings == report["findings"]);
    CHECK(lines.err == whole.err);
    auto const unused = std::count_if(findings.begin(), findings.end(), [](Json const& f) { return f["rule"] == "PC404" && f["path"] == "./host/sets.ipset"; });
    CHECK(unused == 1); // "nobody", once
}

TEST_CASE("--files-from names files, a path a line or with a NUL behind each") {
    Folder const folder;
    folder.write("one.rules", telnet);
    folder.write("two words.rules", telnet);
    folder.write("line\nend.rules", telnet);
    folder.write("dir/three.rules", telnet);
    folder.write("list", "two words.rules\n\none.rules\ndir");
    CHECK(looked_at(folder, {"--files-from", "list"}) == "dir/three.rules one.rules two words.rules");
    CHECK(looked_at(folder, {"--files-from", "list", "one.rules"}) == "dir/three.rules one.rules two words.rules");
    folder.write("list0", std::string("line\nend.rules\0one.rules\0", 24));
    CHECK(looked_at(folder, {"--files-from", "list0", "-0"}) == "line\nend.rules one.rules");
    Result const piped = run(folder, {"lint", "--files-from", "-", "--severity", "medium", "-o", "concise"}, {"one.rules\n", {}, {}});
    CHECK(piped.code == 1);
    CHECK_THAT(piped.out, StartsWith("one.rules:5:1: high[PC101] "));
    // An empty list is no mistake: nothing was changed.
    Result const nothing = run(folder, {"lint", "--files-from", "-"});
    CHECK(nothing.code == 0);
    CHECK(nothing.out == "found no problem in 0 files (0 rules, 100 % modelled)\n");
    struct {
        Words arguments;
        std::string input, error;
        int code;
    } const wrong[] = {
        {{"--files-from", "gone"}, "", "--files-from: cannot read gone", 2},
        {{"--files-from", "-", "-"}, "", "standard input cannot be both", 2},
        {{"--files-from", "list0"}, "", "--null is for lists", 2},
        {{"--files-from", "-"}, "gone.rules\n", "", 3},
    };
    for (auto const& each : wrong) {
        Words arguments = each.arguments;
        arguments.insert(arguments.begin(), "lint");
        Result const result = run(folder, arguments, {each.input, {}, {}});
        INFO(result.out << result.err);
        CHECK(result.code == each.code);
        CHECK_THAT(result.err, Contains(each.error));
    }
}

TEST_CASE("--exclude leaves out files and folders") {
    Folder const folder;
    for (char const* name : {"a.rules", "b.bak", "lab/c.rules", "lab/deep/d.rules", "x/lab/e.rules", "x/f.bak"}) folder.write(name, telnet);
    CHECK(looked_at(folder, {"--exclude", "lab", "."}) == "./a.rules ./b.bak ./x/f.bak");
    CHECK(looked_at(folder, {"--exclude", "/lab", "--exclude", "*.bak", "."}) == "./a.rules ./x/lab/e.rules");
    CHECK(looked_at(folder, {"--exclude", "lab/**/d.rules", "."}) == "./a.rules ./b.bak ./lab/c.rules ./x/f.bak ./x/lab/e.rules");
    CHECK(looked_at(folder, {"--exclude", "*.bak", "a.rules", "b.bak"}) == "a.rules"); // what is named too
    CHECK(looked_at(folder, {"--exclude", "/x/lab/", (folder.path() / "x").string()}) == (folder.path() / "x/f.bak").string());
    Result const nothing = run(folder, {"lint", "--exclude", "*", "a.rules"});
    CHECK(nothing.code == 2);
}

TEST_CASE("what .gitignore names is passed over in directories") {
    Folder const folder;
    folder.write(".gitignore", "*.bak\n!keep.bak\n/build/\n");
    folder.write("site/.gitignore", "old/\n!old.rules\n# a comment\nlab/**/*.rules\n!lab/x/y/z.rules\n");
    for (char const* name : {"a.rules", "a.bak", "keep.bak", "build/b.rules", "site/build/c.rules", "site/old/d.rules", "site/old.rules", "site/lab/e.rules", "site/lab/x/y/z.rules", "site/f.bak"})
        folder.write(name, telnet);
    CHECK(looked_at(folder, {"."}) == "./a.rules ./keep.bak ./site/build/c.rules ./site/lab/x/y/z.rules ./site/old.rules");
    // From below, the files above count too; what is named is read.
    CHECK(looked_at(folder, {"site"}) == "site/build/c.rules site/lab/x/y/z.rules site/old.rules");
    CHECK(looked_at(folder, {"build", "a.bak", "site/old"}) == "a.bak build/b.rules site/old/d.rules");
    CHECK(looked_at(folder, {"--no-ignore", "site"}) == "site/build/c.rules site/f.bak site/lab/e.rules site/lab/x/y/z.rules site/old.rules site/old/d.rules");
    Result const told = run(folder, {"lint", "-v", "site"});
    CHECK_THAT(told.err, Contains("portcullis: site/f.bak is passed over: .gitignore names it\n") && Contains("portcullis: passed over 3 files and folders that .gitignore names; --no-ignore looks at them\n") &&
                             Contains("portcullis: site/old.rules is looked at as iptables, by the standard settings\n"));
    CHECK(run(folder, {"lint", "-q", "site"}).err.empty());
}

TEST_CASE("of random trees, the files are looked at that git would take") {
    if (!has_program("git")) {
        WARN("git is not there to be compared with");
        return;
    }
    for (unsigned seed = 1; seed <= seeds(12); ++seed) {
        std::mt19937 dice(seed);
        auto const pick = [&](Words const& words) { return words[dice() % words.size()]; };
        Words const names{"a", "b", "ab", "x.rules"};
        Folder const folder;
        fs::remove(folder.path() / ".git");
        auto const git = [&](std::string const& arguments) { return std::system(("git -C '" + folder.path().string() + "' " + arguments).c_str()); };
        REQUIRE(git("init -q") == 0);
        for (int i = 0; i < 25; ++i) {
            std::string path = pick(names);
            for (auto depth = dice() % 3; depth > 0; --depth) path = pick({"a", "b", "d"}) + '/' + path;
            std::error_code error;
            if (!fs::exists(folder.path() / path, error) && !error && (fs::create_directories((folder.path() / path).parent_path(), error), !error)) folder.write(path, telnet);
        }
        for (std::string const place : {".gitignore", "a/.gitignore", "a/b/.gitignore", ".git/info/exclude"}) {
            std::error_code error;
            fs::create_directories((folder.path() / place).parent_path(), error);
            if (error || dice() % 3 == 0) continue;
            std::string text;
            for (auto count = 1 + dice() % 4; count > 0; --count)
                text += pick({"", "", "!"}) + pick({"", "", "/", "**/", "a/", "*/"}) + pick({"a", "b", "*", "?", "[a-c]*", "*.rules", "x*"}) + pick({"", "", "/", "/**", "/*"}) + pick({"\n", "\n", "  \n", "\r\n"});
            folder.write(place, text);
        }
        REQUIRE(git("ls-files -z --others --exclude-standard > '" + (folder.path() / "wanted").string() + "'") == 0);
        std::set<std::string> wanted;
        std::string const list = folder.read("wanted");
        for (std::size_t at = 0; at < list.size(); at = list.find('\0', at) + 1) wanted.insert(list.substr(at, list.find('\0', at) - at));
        std::erase_if(wanted, [](std::string const& path) { return path == "wanted" || path.ends_with(".gitignore"); });
        Result const result = run(folder, {"lint", "-o", "jsonl", "."});
        std::set<std::string> got;
        if (result.code != 2)
            for (Json const& line : lines_of(result.out))
                if (line["type"] == "file") got.insert(line["path"].get<std::string>().substr(2));
        got.erase("wanted");
        INFO("seed " << seed << "\n" << folder.read(".gitignore") << "--\n" << folder.read("a/.gitignore") << "--\n" << folder.read("a/b/.gitignore") << "--\n" << folder.read(".git/info/exclude"));
        CHECK(got == wanted);
    }
}

TEST_CASE("--level says what a rule counts for, the last time before the first and before any file") {
    Folder const folder;
    folder.write("portcullis.toml", "[lint]\nlevels = { PC101 = \"info\" }\n");
    folder.write("a.rules", telnet);
    auto const severity = [&](Words arguments) {
        arguments.insert(arguments.begin(), {"lint", "-o", "concise", "--select", "PC101", "--severity", "info", "a.rules"});
        std::string const out = run(folder, arguments).out;
        return out.substr(out.rfind(": ", out.find('[')) + 2, out.find('[') - out.rfind(": ", out.find('[')) - 2);
    };
    CHECK(severity({}) == "info");
    CHECK(severity({"--level", "PC101=critical"}) == "critical");
    CHECK(severity({"--level", "PC1=low"}) == "low");
    CHECK(severity({"--level", "PC101=low,telnet-exposed=medium"}) == "medium");
    CHECK(severity({"--level", "telnet-exposed=high", "--level", "PC=low"}) == "high"); // the more precise one
    for (Words const& wrong : {Words{"--level", "PC101"}, Words{"--level", "PC101=worst"}, Words{"--level", "=high"}, Words{"--level", "PC999=high"}}) {
        Words arguments{"lint", "a.rules"};
        arguments.insert(arguments.end(), wrong.begin(), wrong.end());
        Result const result = run(folder, arguments);
        CHECK(result.code == 2);
        CHECK_THAT(result.err, StartsWith("portcullis: --level: "));
    }
}

TEST_CASE("JSON lines to a file are there when all of them are, or not at all") {
    Folder const folder;
    folder.write("a.rules", telnet);
    folder.write("out.jsonl", "old\n");
    CHECK(run(folder, {"lint", "-o", "jsonl=out.jsonl", "a.rules"}).code == 1);
    CHECK(lines_of(folder.read("out.jsonl")).back()["type"] == "summary");
    folder.write("notes/x.txt", "hello\n");
    folder.write("out.jsonl", "old\n");
    CHECK(run(folder, {"lint", "-o", "jsonl=out.jsonl", "notes"}).code == 2);
    CHECK(folder.read("out.jsonl") == "old\n");
    CHECK(std::distance(fs::directory_iterator(folder.path()), fs::directory_iterator()) == 4); // nothing is left over
    CHECK(run(folder, {"lint", "-o", "jsonl", "a.rules"}, {"", {}, "/dev/full"}).code == 4);
    CHECK(run(folder, {"lint", "-o", "jsonl", "-o", "text", "a.rules"}).code == 2);
}
