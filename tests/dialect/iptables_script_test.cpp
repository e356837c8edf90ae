// Scripts of iptables commands: what they leave behind, what they hide, and where it is told.
#include <algorithm>
#include <catch2/catch.hpp>

#include "portcullis/dialect/read.hpp"
#include "portcullis/dialect/write.hpp"

using namespace portcullis;

namespace {

struct Result {
    Reading reading;
    std::string rules; // of filter/INPUT, one a line
    std::string findings;
    std::string unmodelled;
};

std::string rules_of(Ruleset const& ruleset, std::string const& title) {
    std::string text;
    for (Chain const& chain : ruleset.chains) {
        if (chain.title() != title) continue;
        for (Rule const& rule : chain.rules)
            text += to_text(rule.match) + " -> " + to_text(rule.verdict, ruleset) + '\n';
    }
    return text;
}

Result run(std::string const& script) {
    Sources sources;
    SourceId const id = sources.add("script", script);
    Result result;
    result.reading = read(sources, id, Dialect::iptables_script);
    result.rules = rules_of(result.reading.ruleset, "filter/INPUT");
    for (Finding const& finding : result.reading.findings.all()) {
        if (finding.rule == "PC434" || finding.rule == "PC435") continue;
        result.findings += std::to_string(sources[id].locate(finding.span.begin).line) + ' ' + finding.rule;
        for (auto const& [name, value] : finding.args) result.findings += ' ' + name + '=' + value;
        result.findings += '\n';
    }
    for (Unmodelled const& item : result.reading.ruleset.unmodelled) {
        if (item.text.find("rules that were there before") != item.text.npos) continue;
        result.unmodelled += std::to_string(sources[id].locate(item.span.begin).line) + ' ' + item.text + '\n';
    }
    return result;
}

std::string rules(std::string const& script) {
    Result const result = run(script);
    CHECK(result.findings == "");
    return result.rules;
}

std::string port(char const* number) { return std::string("l4proto tcp and dport ") + number + " -> accept\n"; }

// PC434 and PC435: line and message.
std::string advice(std::string const& script) {
    Sources sources;
    SourceId const id = sources.add("script", script);
    std::string text;
    Reading const reading = read(sources, id, Dialect::iptables_script);
    for (Finding const& finding : reading.findings.all()) {
        if (finding.rule != "PC434" && finding.rule != "PC435") continue;
        text += std::to_string(sources[id].locate(finding.span.begin).line) + ' ' + finding.rule + '\n';
    }
    return text;
}

} // namespace

TEST_CASE("however a script calls iptables, its command is run") {
    for (char const* const program :
         {"iptables", "/sbin/iptables", "sudo iptables", "sudo -n -u root /usr/sbin/iptables", "command iptables",
          "iptables -w", "iptables --wait 5", "iptables -w 2 -v", "LANG=C iptables", "\"iptables\"",
          "exec iptables", "iptables-legacy", "env A=b iptables", "busybox iptables", "timeout 5 iptables"}) {
        INFO(program);
        CHECK(rules(std::string(program) + " -A INPUT -p tcp --dport 22 -j ACCEPT") == port("22"));
    }
    CHECK(rules("iptables -A INPUT -p tcp -j ACCEPT --dport 22 -t filter") == port("22"));
    CHECK(rules("alias ipt='iptables -w'\nipt -A INPUT -p tcp --dport 22 -j ACCEPT") == port("22"));
    CHECK(run("iptables -t nat -A INPUT -p tcp --dport 22 -j ACCEPT").rules == "");
}

TEST_CASE("variables that name the program are expanded") {
    for (char const* const assignment :
         {"IPT=/sbin/iptables", "IPT=\"iptables -w\"", "IPT=$(which iptables)", "IPT=`command -v iptables`",
          "export IPT=iptables", "readonly IPT=iptables", "A=iptables; IPT=${A}", "IPT=${IPT:-/sbin/iptables}",
          ": ${X}; IPT='iptables'"}) {
        INFO(assignment);
        CHECK(rules(std::string(assignment) + "\n$IPT -A INPUT -p tcp --dport 22 -j ACCEPT") == port("22"));
    }
    Result const guessed = run("$IPT -A INPUT -p tcp --dport 22 -j ACCEPT");
    CHECK(guessed.rules == port("22"));
    CHECK(guessed.unmodelled == "1 $IPT is not set in the script, and is taken for iptables\n");
}

TEST_CASE("commands act on the live tables one by one") {
    CHECK(rules("iptables -A INPUT -p tcp --dport 1 -j ACCEPT\niptables -I INPUT -p tcp --dport 2 -j ACCEPT\n"
                "iptables -I INPUT 2 -p tcp --dport 3 -j ACCEPT\niptables -D INPUT 3\n"
                "iptables -R INPUT 1 -p tcp --dport 4 -j ACCEPT") == port("4") + port("3"));
    CHECK(rules("iptables -A INPUT -p tcp --dport 1 -j ACCEPT\niptables -F") == "");
    CHECK(
        rules("iptables -N a; iptables -A INPUT -j a; iptables -F; iptables -X; iptables -Z; iptables -L -n -v") ==
        "");
    Result const renamed = run("iptables -N a\niptables -E a b\niptables -A INPUT -j b\niptables -P INPUT DROP");
    CHECK(renamed.findings == "");
    CHECK(renamed.rules == "any -> jump b\n");
    CHECK(std::holds_alternative<Drop>(renamed.reading.ruleset.chains.back().policy));
}

TEST_CASE("NETMAP in a chain that both sides of routing call is told") {
    std::string const script = "iptables -t nat -N own\niptables -t nat -A own -j NETMAP --to 192.0.2.0/24\niptables -t nat -A POSTROUTING -j own\n";
    CHECK(run(script).findings == "");
    CHECK(run(script + "iptables -t nat -A PREROUTING -j own\n").findings ==
          "2 PC002 construct=NETMAP why=its chain is called before routing and behind it, where it changes different addresses\n");
}

TEST_CASE("a rule that jumps to a chain which comes later is refused, as the kernel does") {
    Result const result = run("iptables -A INPUT -j later\niptables -N later\niptables -A INPUT -j later");
    CHECK(result.findings == "1 PC401 kind=chain name=later\n");
    CHECK(result.rules == "any -> jump later\n");
}

TEST_CASE("to take away what is not there is no mistake") {
    CHECK(rules("iptables -D INPUT -p tcp -j ACCEPT\niptables -F old\niptables -X old 2>/dev/null") == "");
}

TEST_CASE("loops, functions and conditions on known values are run") {
    CHECK(rules("for p in 1 2; do for q in 3; do iptables -A INPUT -p tcp --dport $p$q -j ACCEPT; done; done") ==
          port("13") + port("23"));
    CHECK(rules("PORTS='1 2'\nopen() { for p in $PORTS \"$@\"; do iptables -A INPUT -p tcp --dport \"$p\" -j "
                "ACCEPT; done; }\n"
                "open 3") == port("1") + port("2") + port("3"));
    CHECK(rules("f() { [ -n \"$1\" ] || return\n iptables -A INPUT -p tcp --dport $1 -j ACCEPT; }\nf; f 7") ==
          port("7"));
    CHECK(rules("A=x\nif [ \"$A\" = y ]; then iptables -A INPUT -p tcp --dport 1 -j ACCEPT\n"
                "elif test -z \"$A\"; then :; else iptables -A INPUT -p tcp --dport 2 -j ACCEPT; fi") == port("2"));
    CHECK(rules("M=web\ncase $M in mail) iptables -A INPUT -j DROP;; w*|x) iptables -A INPUT -p tcp --dport 80 -j "
                "ACCEPT;; esac") == port("80"));
    CHECK(rules("case \"$1\" in stop) iptables -F;; start) iptables -A INPUT -p tcp --dport 80 -j ACCEPT;; esac") ==
          port("80"));
    CHECK(rules("P=(1 2)\nfor p in \"${P[@]}\"; do iptables -A INPUT -p tcp --dport $p -j ACCEPT; done") ==
          port("1") + port("2"));
    CHECK(rules("iptables -N a && iptables -A INPUT -p tcp --dport 1 -j ACCEPT\niptables -N a || iptables -F "
                "a\nexit 0\n"
                "iptables -A INPUT -j DROP") == port("1"));
    CHECK(rules("iptables -C INPUT -p tcp -j DROP || iptables -A INPUT -p tcp -j DROP\n"
                "iptables -C INPUT -p tcp -j DROP || iptables -A INPUT -p tcp -j DROP") == "l4proto tcp -> drop\n");
}

TEST_CASE("a live chain goes once no rule jumps to it") {
    std::string const kept = "iptables -X a || iptables -A INPUT -p tcp --dport 1 -j ACCEPT\n";
    std::string const gone = "iptables -X a && iptables -A INPUT -p tcp --dport 2 -j ACCEPT\n";
    for (std::string const removal : {"iptables -D FORWARD -j a\n", "iptables -D FORWARD 1\n", "iptables -F FORWARD\n",
                                      "iptables -R FORWARD 1 -j DROP\n"}) {
        INFO(removal);
        CHECK(rules("iptables -N a\niptables -A FORWARD -j a\n" + kept + removal + gone) == port("1") + port("2"));
    }
    CHECK(rules("iptables -N a\niptables -A FORWARD -j DROP\niptables -I FORWARD 2 -j a\niptables -I FORWARD -g a\niptables -D FORWARD 1\n" +
                kept + "iptables -D FORWARD 2\n" + gone) == port("1") + port("2"));
    std::string script;
    for (int i = 0; i < 10'000; ++i) script += "iptables -N c" + std::to_string(i) + '\n';
    CHECK(rules(script + "iptables -X && iptables -A INPUT -p tcp --dport 2 -j ACCEPT") == port("2"));
}

TEST_CASE("what patterns take from values, as bash takes it") {
    auto const value = [](std::string const& text, std::string const& expansion) {
        std::string const found = rules("X='" + text + "'\niptables -A INPUT -m comment --comment \"" + expansion +
                                        "\" -p tcp --dport \"" + expansion + "\"");
        return found.substr(0, found.find(" ->"));
    };
    auto const is = [](char const* number) { return std::string("l4proto tcp and dport ") + number; };
    CHECK(value("a/b/7", "${X##*/}") == is("7"));
    CHECK(value("a/7", "${X#*/}") == is("7"));
    CHECK(value("7/b/c", "${X%%/*}") == is("7"));
    CHECK(value("7/b", "${X%/*}") == is("7"));
    CHECK(value("12121", "${X##*12}") == is("1"));
    CHECK(value("12121", "${X#*12}") == is("121"));
    CHECK(value("12121", "${X%%21*}") == is("1"));
    CHECK(value("12121", "${X%21*}") == is("121"));
    CHECK(value("abc7", "${X##[a-c]*[!0-9]}") == is("7"));
    CHECK(value("7", "${X##*b}") == is("7"));
    CHECK(value("22", "${X#?}") == is("2"));
    CHECK(value("*7", "${X#\\*}") == is("7"));
}

TEST_CASE("comparing with patterns is bounded, in the whole script") {
    std::string const rule = "\niptables -A INPUT -p tcp --dport 22 -j ACCEPT\n";
    auto const script = [&](std::size_t length) {
        std::string const half(length / 2, 'a');
        return "X=" + half + half + "\nY=${X##*" + half + "b}" + rule;
    };
    CHECK(rules(script(8'000)) == port("22"));
    CHECK(run(script(60'000)).findings ==
          "2 PC002 construct=comparing values with patterns takes more than 50000000 steps why=the rest of the script is not read\n");
    std::string const often = "X=" + std::string(2'000, 'a') + "\nfor i in " + [] {
        std::string items;
        for (int i = 0; i < 100; ++i) items += " 1";
        return items;
    }() + "; do case $X in *" + std::string(1'000, 'a') + "b) ;; esac; done" + rule;
    CHECK(run(often).findings.find("more than 50000000 steps") != std::string::npos);
}

TEST_CASE("rules under a condition that nobody knows are there under an assumption") {
    Result const result = run("if [ -f /etc/web ]; then\niptables -A INPUT -p tcp --dport 80 -j ACCEPT\nelse\n"
                              "iptables -A INPUT -p tcp --dport 81 -j ACCEPT\nfi\n");
    CHECK(result.findings == "");
    CHECK(result.rules ==
          "l4proto tcp and dport 80 and [the script finds that [ -f /etc/web ] (line 1)] -> accept\n"
          "l4proto tcp and dport 81 and not [the script finds that [ -f /etc/web ] (line 1)] -> accept\n");
}

TEST_CASE("what else depends on such a condition is told") {
    Result const result =
        run("iptables -A INPUT -j DROP\n[ -e /x ] && iptables -F\ngrep -q y /x || iptables -P INPUT DROP\n");
    CHECK(result.findings.find("2 PC002 construct=the command -F why=whether it is run is not known") == 0);
    CHECK(result.findings.find("\n3 PC002 construct=the command -P INPUT DROP") != std::string::npos);
    CHECK(result.rules == "any -> drop\n");
    // A flush that finds nothing is the same whether it is run or not.
    CHECK(run("[ -e /x ] && iptables -F\n").findings == "");
}

TEST_CASE("a value that nobody knows is an assumption where it is a condition, and told elsewhere") {
    CHECK(rules("iptables -A INPUT -p tcp ! -s $WAN --dport 22 -j ACCEPT") ==
          "l4proto tcp and dport 22 and not [-s $WAN] -> accept\n");
    CHECK(run("iptables -A $CHAIN -j DROP").findings ==
          "1 PC002 construct=the argument $CHAIN why=the script does not say what it is\n");
    CHECK(run("IP=$(curl https://192.0.2.1)\niptables -A INPUT -s $IP -j ACCEPT").rules == "[-s $IP] -> accept\n");
}

TEST_CASE("here-documents are what iptables-restore reads, and files are not part of the script") {
    Result const result =
        run("PORT=22\niptables-restore -n <<EOF\n*filter\n-A INPUT -p tcp --dport $PORT -j ACCEPT\n"
            "-A INPUT -p tcp --dport 0x -j ACCEPT\nCOMMIT\nEOF\niptables-restore < /etc/iptables/rules.v4\n");
    CHECK(result.rules == port("22"));
    CHECK(result.findings.find("5 PC001") ==
          std::string::npos); // the document was expanded: its place is the whole
    CHECK(result.findings.find(
              "8 PC002 construct=the rules that iptables-restore reads from /etc/iptables/rules.v4") !=
          std::string::npos);
    Result const literal = run("iptables-restore <<'EOF'\n*filter\n-A INPUT --frob\nCOMMIT\nEOF\n");
    CHECK(literal.findings.find("3 PC001") == 0);
}

TEST_CASE("programs that change rules in other ways are told, the rest is named") {
    CHECK(run("nft add table t").findings.find("1 PC002 construct=the command nft") == 0);
    CHECK(run("ufw enable").findings.find("1 PC002") == 0);
    CHECK(run("echo iptables; sysctl -w net.ipv4.ip_forward=1; ip link set eth0 up; modprobe nf_nat_ftp")
              .unmodelled == "");
    CHECK(run(". /etc/firewall.conf\nmy-tool\neval \"$X\"").unmodelled ==
          "1 the command .\n2 the command my-tool\n3 eval: a command that is made while the script runs\n");
}

TEST_CASE("findings point at the word of the script, and at the word that a variable stands for") {
    CHECK(run("iptables -A INPUT -p tcp \\\n  --dport 99999 -j ACCEPT").findings.find("2 PC001") == 0);
    CHECK(run("P=99999\n\niptables -A INPUT -p tcp --dport $P -j ACCEPT").findings.find("3 PC001") == 0);
    Result const looped = run("for p in 1 2; do\niptables -A INPUT -p tcp --dport $p -j ACCEPT; done");
    auto const& rules = looped.reading.ruleset.chains.at(0).rules;
    REQUIRE(rules.size() == 2);
    CHECK(rules[0].span == rules[1].span);
    CHECK(rules[0].origin != rules[1].origin);
}

TEST_CASE("both families of a script stand in one ruleset, which nft can say") {
    Result const result = run("for ipt in iptables ip6tables; do $ipt -F; $ipt -P INPUT DROP; $ipt -A INPUT -p tcp "
                              "--dport 22 -j ACCEPT; done");
    Ruleset const& ruleset = result.reading.ruleset;
    CHECK(ruleset.governs_v4);
    CHECK(ruleset.governs_v6);
    CHECK(rules_of(ruleset, "filter/INPUT") == port("22"));
    CHECK(rules_of(ruleset, "ip6 filter/INPUT") == port("22"));
    Writing const written = write_nftables(ruleset);
    CHECK(written.losses.empty());
    CHECK(written.text.find("table ip filter {") == 0);
    CHECK(written.text.find("table ip6 filter {") != std::string::npos);
    Ruleset const v6 = run("ip6tables -A INPUT -j DROP").reading.ruleset;
    CHECK_FALSE(v6.governs_v4);
    CHECK(v6.chains.at(0).title() == "filter/INPUT");
}

TEST_CASE("a script that never ends, or grows without end, is cut off with an error") {
    for (char const* const script :
         {"while true; do iptables -A INPUT -j DROP; done", "f() { f; }; f", "f() { f; f; }; f",
          "X=x; while :; do X=$X$X; done", "until false; do :; done",
          "for a in 1 2 3 4 5 6 7 8 9 0; do for b in 1 2 3 4 5 6 7 8 9 0; do for c in 1 2 3 4 5 6 7 8 9 0; do "
          "for d in 1 2 3 4 5 6 7 8 9 0; do for e in 1 2 3 4 5 6 7 8 9 0; do : $a; : $b; done; done; done; done; "
          "done",
          "f() { [ -f x ] && f; }; f", "f() { A=$(f); }; f",
          "for i in 1; do f() { for j in \"$@\"; do f \"$@\" \"$@\"; done; }; done; f 1 2"}) {
        INFO(script);
        CHECK(run(script).findings.find("PC002") != std::string::npos);
    }
}

TEST_CASE("a policy before the rule that lets the administrator in cuts him off") {
    CHECK(advice("iptables -P INPUT DROP\niptables -A INPUT -p tcp --dport 22 -j ACCEPT") == "1 PC434\n");
    CHECK(advice("iptables -A INPUT -p tcp --dport 22 -j ACCEPT\niptables -P INPUT DROP") == "");
    CHECK(advice("iptables -A INPUT -m state --state ESTABLISHED -j ACCEPT\niptables -P INPUT DROP\n"
                 "iptables -A INPUT -p tcp --dport 22 -j ACCEPT") == "");
    CHECK(advice("iptables -A INPUT -s 192.0.2.0/24 -j DROP\niptables -A INPUT -p tcp --dport 22 -j "
                 "ACCEPT\niptables -A INPUT -j DROP") == "");
    CHECK(advice("iptables -A INPUT -p udp -j DROP\niptables -A INPUT -j DROP\niptables -I INPUT -p tcp --dport 22 "
                 "-j ACCEPT") == "2 PC434\n");
    CHECK(advice("iptables -A INPUT -p tcp --dport 22 -j ACCEPT\niptables -P INPUT DROP\niptables -P OUTPUT DROP\n"
                 "iptables -A OUTPUT -j ACCEPT") == "3 PC434\n");
}

TEST_CASE("a last state that lets nobody log in is a lockout, unless the other family does") {
    std::string const closed = "iptables -A INPUT -m state --state ESTABLISHED -j ACCEPT\niptables -P INPUT DROP\n";
    CHECK(advice(closed) == "2 PC434\n");
    CHECK(advice(closed + "ip6tables -A INPUT -p tcp --dport 22 -j ACCEPT") == "");
    CHECK(advice("iptables -A FORWARD -j DROP") == "");
}

TEST_CASE("rules that are flushed and added again one by one leave a window") {
    CHECK(advice("iptables -P INPUT ACCEPT\niptables -F\niptables -A INPUT -p tcp --dport 22 -j ACCEPT\niptables "
                 "-A INPUT -j DROP") == "2 PC435\n");
    CHECK(advice("iptables -F\niptables -P INPUT ACCEPT") == "");
    CHECK(advice("iptables-restore <<E\n*filter\n-A INPUT -p tcp --dport 22 -j ACCEPT\nCOMMIT\nE\n") == "");
}
