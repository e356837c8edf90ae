// harden, and the folder that generate makes, as their users run them.
#include "app/run.hpp"

using Catch::Matchers::Contains;

namespace {

std::string const open_rules = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n# mine\n-A INPUT -p tcp --dport 23 -j ACCEPT\nCOMMIT\n";

} // namespace

TEST_CASE("harden shows a patch, and writes it where what administers the host is kept") {
    Folder const folder;
    folder.write("fw.rules", open_rules);
    Result const shown = run(folder, {"harden", "fw.rules"});
    INFO(shown.out << shown.err);
    CHECK(shown.code == 1);
    CHECK_THAT(shown.out, Contains("-:INPUT ACCEPT [0:0]\n+:INPUT DROP [0:0]\n") && Contains("to-host: newly denied"));
    CHECK_THAT(shown.err, Contains("filter/INPUT closes tcp 23"));
    CHECK(folder.read("fw.rules") == open_rules);
    Result const refused = run(folder, {"harden", "fw.rules", "--write"});
    CHECK(refused.code == 2);
    CHECK_THAT(refused.err, Contains("--keep"));
    CHECK(folder.read("fw.rules") == open_rules);
    CHECK(run(folder, {"harden", "fw.rules", "--keep", "from 198.18.7.0/24 to self shh"}).code == 2);
    Result const written = run(folder, {"harden", "fw.rules", "--keep", "from 198.18.7.0/24 to self ssh", "--write"});
    INFO(written.out << written.err);
    CHECK(written.code == 0);
    CHECK_THAT(folder.read("fw.rules"), Contains("# mine\n") && Contains("-s 198.18.7.0/24") && Contains(":INPUT DROP"));
    Result const again = run(folder, {"harden", "fw.rules", "--keep", "from 198.18.7.0/24 to self ssh"});
    INFO(again.out << again.err);
    CHECK(again.code == 0);
    CHECK(run(folder, {"query", "fw.rules", "allowed from 198.18.7.0/24 to self ssh", "--expect", "allowed"}).code == 0);
    CHECK(run(folder, {"query", "fw.rules", "allowed from internet to self telnet", "--expect", "none"}).code == 0);
}

TEST_CASE("generate writes the rules and how to load them") {
    Folder const folder;
    REQUIRE(run(folder, {"init", "server", "-o", "p.toml"}).code == 0);
    for (auto const& [target, rules] : {std::pair("nftables", "ruleset.nft"), {"iptables", "rules.v4"}, {"ip6tables", "rules.v6"}}) {
        Result const made = run(folder, {"generate", "p.toml", "--to", target, "--out-dir", "out"});
        INFO(made.err);
        CHECK(made.code == 0);
        CHECK(made.out.empty());
        fs::path const script = folder.path() / "out" / (std::string("apply-") + target + ".sh");
        CHECK_THAT(folder.read(fs::path("out") / rules), Contains("policy sha256"));
        CHECK((fs::status(script).permissions() & fs::perms::owner_exec) != fs::perms::none);
        CHECK_THAT(slurp(script), Contains(rules));
    }
}

TEST_CASE("generate writes what is entered into a device, from what it has now where that is given") {
    Folder const folder;
    REQUIRE(run(folder, {"init", "pci-dss", "-o", "p.toml"}).code == 0);
    for (std::string const target : {"cisco-ios", "cisco-asa", "cisco-nxos", "cisco-xr"}) {
        Result const made = run(folder, {"generate", "p.toml", "--to", target, "--out-dir", "out"});
        INFO(made.err);
        CHECK(made.code == 0);
        CHECK_THAT(folder.read("out/lists.cfg"), Contains("policy sha256"));
        for (std::string const step : {"confirm-", "rollback-"})
            CHECK_THAT(folder.read("out/apply-" + target + ".txt"), Contains(step + target + ".txt") && Contains(" in-wan0-"));
        // Nothing has changed.
        Result const again = run(folder, {"generate", "p.toml", "--to", target, "--out-dir", "out", "--current", "out/lists.cfg"});
        INFO(again.err);
        CHECK(again.code == 0);
        CHECK_THAT(folder.read("out/apply-" + target + ".txt"), !Contains("access-list"));
    }
    folder.write("broken.cfg", "ip access-list extended A\n permit tcp any eq\n");
    CHECK(run(folder, {"generate", "p.toml", "--to", "cisco-ios", "--out-dir", "other", "--current", "broken.cfg"}).code == 3);
    // Nothing is written through a link in the folder.
    folder.write("linked/note", "");
    folder.write("precious", "kept");
    fs::create_symlink("../precious", folder.path() / "linked/lists.cfg");
    Result const linked = run(folder, {"generate", "p.toml", "--to", "cisco-ios", "--out-dir", "linked"});
    CHECK(linked.code == 2);
    CHECK_THAT(linked.err, Contains("linked/lists.cfg is a symbolic link"));
    CHECK(folder.read("precious") == "kept");
    CHECK_FALSE(fs::exists(folder.path() / "linked/apply-cisco-ios.txt"));
    fs::remove(folder.path() / "linked/lists.cfg");
    REQUIRE(::mkfifo((folder.path() / "linked/lists.cfg").c_str(), 0600) == 0);
    CHECK(run(folder, {"generate", "p.toml", "--to", "cisco-ios", "--out-dir", "linked"}).code == 2);
    CHECK(run(folder, {"generate", "p.toml", "--to", "cisco-ios", "--out-dir", "other", "--current", "none.cfg"}).code == 3);
    CHECK(!fs::exists(folder.path() / "other"));
    CHECK(run(folder, {"generate", "p.toml", "--to", "nftables", "--out-dir", "other", "--current", "out/lists.cfg"}).code == 2);
    CHECK(run(folder, {"generate", "p.toml", "--to", "cisco-ios", "--current", "out/lists.cfg"}).code == 2);
}
