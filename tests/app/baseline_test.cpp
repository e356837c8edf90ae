// Waivers and baselines as users meet them: what counts, what is shown, and what each form of the report says.
#include <nlohmann/json.hpp>

#include "app/run.hpp"

using Catch::Matchers::Contains;
using Json = nlohmann::json;

namespace {

std::string rules(std::string const& lines) {
    return "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n" + lines + "-A INPUT -i lo -j ACCEPT\n-A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT\nCOMMIT\n";
}

// What every such file has, and is not looked at here.
std::string const configuration = "[lint]\nignore = [\"PC3\", \"PC215\"]\n";
std::string const telnet = "-A INPUT -p tcp --dport 23 -j ACCEPT\n";
std::string const ftp = "-A INPUT -p tcp --dport 21 -j ACCEPT\n";

} // namespace

TEST_CASE("a waived finding does not fail, and every form says so in its own way") {
    Folder const folder;
    folder.write("portcullis.toml", configuration);
    folder.write("fw.rules", rules("# portcullis: ignore[PC101] until=2026-12-31 ticket=NET-42 reason=\"the lab\"\n" + telnet));
    std::vector<std::string> const lint{"lint", "--today", "2026-06-15", "fw.rules"};
    auto const with = [&](std::vector<std::string> more) {
        std::vector<std::string> all = lint;
        all.insert(all.end(), more.begin(), more.end());
        return run(folder, all);
    };
    Result const text = with({});
    CHECK(text.code == 0);
    CHECK_THAT(text.out, Contains("found no problem in 1 file (3 rules, 100 % modelled)") && Contains("; 1 suppressed") && !Contains("PC101"));
    CHECK_THAT(with({"--show-suppressed"}).out, Contains("high[PC101]") && Contains("= suppressed: by a comment, until 2026-12-31, NET-42: the lab"));
    CHECK(with({"--no-suppress"}).code == 1);
    CHECK(run(folder, {"lint", "--today", "2027-01-01", "fw.rules"}).code == 1);

    Json const json = Json::parse(with({"-o", "json"}).out);
    REQUIRE(json["findings"].size() == 1);
    CHECK(json["findings"][0]["suppressed"] == Json{{"kind", "comment"}, {"reason", "the lab"}, {"until", "2026-12-31"}, {"owner", nullptr}, {"ticket", "NET-42"}});
    CHECK(json["summary"] == Json{{"critical", 0}, {"high", 0}, {"medium", 0}, {"low", 0}, {"info", 0}, {"suppressed", 1}});
    Json const sarif = Json::parse(with({"-o", "sarif"}).out);
    Json const suppressions = sarif["runs"][0]["results"][0]["suppressions"];
    REQUIRE(suppressions.size() == 1);
    CHECK(suppressions[0]["kind"] == "inSource");
    CHECK_THAT(with({"-o", "junit"}).out, Contains("<skipped message=\"suppressed by a comment, until 2026-12-31, NET-42: the lab\" />") && Contains("failures=\"0\""));
    CHECK(with({"-o", "gitlab"}).out == "[]\n");
}

TEST_CASE("a baseline takes an old ruleset as it is, and what is new fails") {
    Folder const folder;
    folder.write("portcullis.toml", configuration);
    folder.write("fw/old.rules", rules(telnet));
    REQUIRE(run(folder, {"lint", "fw"}).code == 1);
    Result const created = run(folder, {"baseline", "create", "fw"});
    CHECK(created.code == 0);
    CHECK(created.err == "portcullis: 1 finding in .portcullis-baseline.json\n");
    folder.write("portcullis.toml", configuration + "baseline = \".portcullis-baseline.json\"\n");
    CHECK(run(folder, {"lint", "fw"}).code == 0);
    CHECK(run(folder, {"lint", "--no-suppress", "fw"}).code == 1);
    CHECK(run(folder, {"lint", "--isolated", "fw"}).code == 1);
    CHECK(run(folder, {"lint", "--isolated", "--baseline", ".portcullis-baseline.json", "fw/old.rules"}).code == 0);
    CHECK_THAT(run(folder, {"lint", "--show-suppressed", "fw"}).out, Contains("= suppressed: by the baseline"));

    // Other lines come and go; the old finding stays known, and a new one counts.
    folder.write("fw/old.rules", rules("# moved\n-A INPUT -s 10.0.0.0/8 -p tcp --dport 22 -j ACCEPT\n[7:420] " + telnet));
    CHECK(run(folder, {"lint", "fw"}).code == 0);
    folder.write("fw/old.rules", rules(telnet + ftp));
    Result const more = run(folder, {"lint", "fw"});
    CHECK(more.code == 1);
    CHECK_THAT(more.out, Contains("PC102") && !Contains("PC101"));

    CHECK(run(folder, {"baseline", "show"}).out == "fw/old.rules\n     1  PC101 telnet-exposed\n1 finding in 1 file\n");
    CHECK(run(folder, {"baseline", "create", "fw"}).code == 2); // it is there
    CHECK(run(folder, {"baseline", "create", "--force", "fw"}).err == "portcullis: 2 findings in .portcullis-baseline.json\n");

    // What is mended is taken out, so that it counts when it comes again.
    folder.write("fw/old.rules", rules(ftp));
    CHECK(run(folder, {"baseline", "prune", "fw"}).err == "portcullis: took 1 finding out of .portcullis-baseline.json, 1 left\n");
    folder.write("fw/old.rules", rules(telnet + ftp));
    CHECK(run(folder, {"lint", "fw"}).code == 1);
    fs::remove(folder.path() / "fw/old.rules");
    folder.write("fw/new.rules", rules(""));
    CHECK(run(folder, {"baseline", "prune", "fw"}).err == "portcullis: took 1 finding out of .portcullis-baseline.json, 0 left\n");
}

TEST_CASE("a baseline holds nothing that could not be read, and no file is taken for one") {
    Folder const folder;
    folder.write("broken.rules", rules(telnet + "-A INPUT -p tcp --dport twentythree -j ACCEPT\n"));
    Result const created = run(folder, {"baseline", "create", "broken.rules", "--baseline", "known.json"});
    CHECK(created.code == 3);
    CHECK_THAT(created.err, Contains("1 finding of PC001 may not be suppressed, and is not in the baseline"));
    CHECK_THAT(folder.read("known.json"), Contains("PC101") && !Contains("PC001"));
    CHECK(run(folder, {"lint", "--baseline", "known.json", "broken.rules"}).code == 3);

    folder.write("list.json", "[]");
    folder.write("other.json", R"({"schema_version": "1.0", "findings": [{"fingerprint": 1}]})");
    folder.write("number.json", R"({"schema_version": 1.0, "findings": []})");
    folder.write("no-version.json", R"({"findings": []})");
    folder.write("no-list.json", R"({"schema_version": "1.0", "findings": {}})");
    folder.write("deep.json", std::string(500'000, '['));
    folder.write("deep-list.json", R"({"schema_version": "1.0", "findings": [)" + std::string(500'000, '[') + std::string(500'000, ']') + "]}");
    for (std::string const name : {"list.json", "other.json", "number.json", "no-version.json", "no-list.json", "deep.json", "deep-list.json", "broken.rules", "missing.json"}) CHECK(run(folder, {"lint", "--baseline", name, "broken.rules"}).code == 2);
    CHECK(run(folder, {"baseline", "create"}).code == 2);
    CHECK(run(folder, {"baseline", "prnue", "broken.rules"}).code == 2);
}

TEST_CASE("a baseline knows files by their names, whatever bytes these have") {
    for (std::string const name : {"new\nline.rules", "esc\x1b.rules", "tab\t.rules", "\xff.rules", "back\\slash.rules", "\u202e.rules"}) {
        Folder const folder;
        folder.write("portcullis.toml", configuration);
        folder.write(name, rules(telnet));
        REQUIRE(run(folder, {"baseline", "create", "--", name}).code == 0);
        INFO(folder.read(".portcullis-baseline.json"));
        CHECK(run(folder, {"baseline", "prune", "--", name}).err == "portcullis: took 0 findings out of .portcullis-baseline.json, 1 left\n");
        folder.write("other.rules", rules(""));
        CHECK(run(folder, {"baseline", "prune", "other.rules"}).err == "portcullis: took 0 findings out of .portcullis-baseline.json, 1 left\n");
        folder.write(name, rules(""));
        CHECK(run(folder, {"baseline", "prune", "--", name}).err == "portcullis: took 1 finding out of .portcullis-baseline.json, 0 left\n");
    }
}

TEST_CASE("a configuration names no baseline outside of its folder, and a link makes no file") {
    Folder const folder, elsewhere;
    folder.write("fw.rules", rules(telnet));
    std::string const outside = (elsewhere.path() / "known.json").string();
    REQUIRE(run(folder, {"baseline", "create", "fw.rules", "--baseline", outside}).code == 0);
    CHECK(run(folder, {"lint", "--baseline", outside, "fw.rules"}).code != 2);
    std::string const before = elsewhere.read("known.json");
    fs::create_symlink(outside, folder.path() / "link.json");
    fs::create_directory_symlink(elsewhere.path(), folder.path() / "there");
    for (std::string const& name : {outside, "../" + elsewhere.path().filename().string() + "/known.json", std::string("link.json"), std::string("there/known.json"), std::string("there/new.json")}) {
        folder.write("portcullis.toml", configuration + "baseline = \"" + name + "\"\n");
        for (std::vector<std::string> const& command : {std::vector<std::string>{"lint", "fw.rules"}, {"baseline", "create", "--force", "fw.rules"}, {"baseline", "prune", "fw.rules"}, {"baseline", "show"}}) {
            Result const result = run(folder, command);
            CHECK(result.code == 2);
            CHECK_THAT(result.err, Contains("portcullis.toml: the baseline " + name + " is outside of the folder of this file; name it with --baseline"));
        }
    }
    CHECK(elsewhere.read("known.json") == before);
    CHECK_FALSE(fs::exists(elsewhere.path() / "new.json"));
    folder.write("portcullis.toml", configuration);
    fs::create_symlink(elsewhere.path() / "new.json", folder.path() / ".portcullis-baseline.json");
    CHECK(run(folder, {"baseline", "create", "fw.rules"}).code == 2);
    CHECK(run(folder, {"baseline", "create", "--force", "fw.rules"}).code == 2);
    CHECK_FALSE(fs::exists(elsewhere.path() / "new.json"));
}

TEST_CASE("a [[waive]] is found wrong once, in its own file, after all files that it is for") {
    Folder const folder;
    folder.write("a.rules", rules(telnet));
    folder.write("b.rules", rules(ftp));
    folder.write("portcullis.toml", configuration + "[[waive]]\nrule = \"PC101\"\nreason = \"the lab\"\n\n[[waive]]\nrule = \"PC103\"\nreason = \"gone\"\n\n[[waive]]\nrule = \"PC102\"\nuntil = 2020-01-01\nticket = \"NET-42\"\n");
    Result const result = run(folder, {"lint", "-o", "json", "a.rules", "b.rules"});
    CHECK(result.code == 1);
    std::vector<std::string> told;
    Json const report = Json::parse(result.out);
    for (Json const& finding : report["findings"])
        if (finding["suppressed"].is_null()) told.push_back(finding["rule"].get<std::string>() + ' ' + finding["path"].get<std::string>() + ':' + std::to_string(finding["start"]["line"].get<int>()));
    CHECK(told == std::vector<std::string>{"PC102 b.rules:5", "PC010 portcullis.toml:8", "PC011 portcullis.toml:12"});
    CHECK_THAT(run(folder, {"audit", "a.rules"}).out, !Contains("portcullis.toml")); // which lets nothing in
    folder.write("portcullis.toml", "[[waive]]\nrule = \"telnet-expose\"\nreason = \"the lab\"\n");
    CHECK_THAT(run(folder, {"lint", "a.rules"}).err, Contains("portcullis.toml:2:8: unknown rule 'telnet-expose'; did you mean 'telnet-exposed'?"));
}
