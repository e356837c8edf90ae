// portcullis.toml as the program finds it: what applies to which file, config show and config schema.
#include <nlohmann/json.hpp>

#include "app/run.hpp"

using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

std::string const telnet = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n-A INPUT -p tcp --dport 23 -j ACCEPT\n-A INPUT -i lo -j ACCEPT\n"
                           "-A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT\nCOMMIT\n";

} // namespace

TEST_CASE("a configuration extends another one, and has tables for some files") {
    Folder const folder;
    folder.write("shared/base.toml", "[lint]\nselect = [\"PC101\"]\nfail-on = \"critical\"\n[lint.per-file]\n\"lab/**\" = { ignore = [\"PC1\"] }\n\"*.strict\" = { fail-on = \"low\" }\n");
    folder.write("repo/.git/HEAD", "");
    folder.write("repo/portcullis.toml", "extend = \"../shared/base.toml\"\n");
    folder.write("repo/fw/a.rules", telnet);
    folder.write("repo/fw/b.strict", telnet);
    folder.write("repo/lab/deep/c.rules", telnet);
    CHECK(run(folder, {"lint", "repo/fw/a.rules"}).code == 0);
    CHECK(run(folder, {"lint", "repo/fw/b.strict"}).code == 1);
    Result const all = run(folder, {"lint", "-o", "concise", "repo"});
    CHECK(all.code == 1);
    CHECK_THAT(all.out, StartsWith("repo/fw/a.rules:5:1: high[PC101]") && Contains("\nrepo/fw/b.strict:5:1: high[PC101]"));
    CHECK(all.out.find("lab") == std::string::npos);
    folder.write("shared/base.toml", "[lint]\nselect = [\"PC999\"]\n[lint.per-file]\n\"lab/**\" = { ignore = [\"no-such-rule\"] }\n");
    Result const wrong = run(folder, {"lint", "repo/fw/a.rules"});
    CHECK(wrong.code == 2);
    CHECK(wrong.err == "portcullis: shared/base.toml:2:11: unknown rule 'PC999'\nportcullis: shared/base.toml:4:24: unknown rule 'no-such-rule'\n");
    folder.write("shared/base.toml", "extend = \"../repo/portcullis.toml\"\n");
    Result const loop = run(folder, {"lint", "repo/fw/a.rules"});
    CHECK(loop.code == 2);
    CHECK(loop.err == "portcullis: shared/base.toml:1:10: 'extend': repo/portcullis.toml extends itself in the end\n");
}

TEST_CASE("a [[waive]] names traffic, and what is wrong with it is told where it stands") {
    Folder const folder;
    folder.write("a.rules", telnet);
    folder.write("base.toml", "\n[[waive]]\ntraffic = \"from internet to any tcp/23\"\nreason = \"the lab\"\n[[waive]]\ntraffic = \"to 192.0.2.1 tcp/21\"\nreason = \"gone\"\n");
    folder.write("portcullis.toml", "extend = \"base.toml\"\n");
    Result const waived = run(folder, {"lint", "-o", "concise", "a.rules"});
    CHECK(waived.code == 0);
    CHECK(waived.out.find("PC101") == std::string::npos);
    CHECK_THAT(waived.out, Contains("base.toml:6:11: low[PC010] ") && Contains("to 192.0.2.1 tcp/21"));
    folder.write("base.toml", "[[waive]]\ntraffic = \"from nowhere to any tcp/23\"\nreason = \"x\"\n");
    Result const wrong = run(folder, {"lint", "a.rules"});
    CHECK(wrong.code == 2);
    CHECK_THAT(wrong.err, StartsWith("portcullis: base.toml:2:11: ") && Contains("nowhere"));
}

TEST_CASE("config show says what holds for a file, and from where") {
    Folder const folder;
    folder.write("base.toml", "[lint]\nignore = [\"PC502\"]\nfail-on = \"high\"\n\n[zones.lan]\nnetworks = [\"10.0.0.0/8\"]\ntrust = \"trusted\"\n");
    folder.write("portcullis.toml", "extend = \"base.toml\"\n[lint]\nlevels = { \"PC114\" = \"low\" }\n[lint.per-file]\n\"lab/**\" = { ignore = [\"PC3\"], levels = { PC101 = \"info\" } }\n"
                                    "[[waive]]\nrule = \"PC101\"\nuntil = 2031-02-03\nreason = \"a \\\"lab\\\" \\u001b\"\n");
    folder.write("lab/a.rules", telnet);
    Result const here = run(folder, {"config", "show"});
    CHECK(here.code == 0);
    CHECK(here.out == R"(# what holds for .
lint.levels.PC114 = "low"  # portcullis.toml:3
lint.ignore = ["PC502"]  # base.toml:2
lint.fail-on = "high"  # base.toml:3
lint.select = ["PC"]  # default
lint.unignorable = []  # default
waive = [
  { rule = "PC101", until = 2031-02-03, reason = "a \"lab\" \u001b" },  # portcullis.toml:6
]
zones.lan.networks = ["10.0.0.0/8"]  # base.toml:6
zones.lan.trust = "trusted"  # base.toml:7
root = false  # default
)");
    Result const lab = run(folder, {"config", "show", "lab/a.rules", "--ignore", "PC2", "--level", "PC101=high", "--fail-on", "never"});
    CHECK_THAT(lab.out, Contains("lint.levels.PC101 = \"high\"  # command line\n") && Contains("lint.fail-on = \"never\"  # command line\n") &&
                            Contains("lint.ignore = [\n  \"PC502\",  # base.toml:2\n  \"PC3\",  # portcullis.toml:5\n  \"PC2\",  # command line\n]\n"));
    auto const json = nlohmann::json::parse(run(folder, {"config", "show", "lab", "-o", "json"}).out);
    CHECK(json["path"] == "lab");
    auto const setting = [&](std::string const& key) {
        for (auto const& each : json["settings"])
            if (each["key"] == key) return each;
        return nlohmann::json();
    };
    CHECK(setting("lint.fail-on") == nlohmann::json{{"key", "lint.fail-on"}, {"value", "high"}, {"origin", {{"kind", "file"}, {"path", "base.toml"}, {"line", 3}}}});
    CHECK(setting("root")["origin"] == nlohmann::json{{"kind", "default"}});
    CHECK(setting("lint.ignore")["value"] == nlohmann::json{"PC502"});
    CHECK(run(folder, {"config", "show", "gone"}).code == 2);
    folder.write("base.toml", "x = 1\n");
    CHECK(run(folder, {"config", "show"}).code == 2);
    // What is shown can be read, and says the same.
    Folder const other;
    other.write("portcullis.toml", here.out);
    Result const again = run(other, {"config", "show"});
    CHECK(again.code == 0);
    CHECK_THAT(again.out, Contains("lint.fail-on = \"high\"  # portcullis.toml:4\n"));
}

TEST_CASE("the schema that is shipped is that of the program") {
    Folder const folder;
    Result const result = run(folder, {"config", "schema"});
    CHECK(result.code == 0);
    CHECK(result.out == slurp(fs::path(PORTCULLIS_ROOT) / "docs/config.schema.json")); // build/release/portcullis config schema >docs/config.schema.json
    CHECK(run(folder, {"config", "schema", "x"}).code == 2);
    CHECK(run(folder, {"config"}).code == 2);
    CHECK_THAT(run(folder, {"config", "shwo"}).err, Contains("did you mean 'show'?"));
}
