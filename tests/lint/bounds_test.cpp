// Lint has an answer, whatever the text: it ends, and what it says of packets is what the interpreter says.
#include <algorithm>
#include <catch2/catch.hpp>

#include "portcullis/dialect/read.hpp"
#include "portcullis/lint/lint.hpp"

using namespace portcullis;

namespace {

FileResult lint_text(Dialect dialect, std::string const& text) {
    auto const sources = std::make_shared<Sources>();
    SourceId const source = sources->add("fw", text);
    return lint(sources, source, dialect, read(*sources, source, dialect), {});
}

bool tells(FileResult const& result, std::string_view rule) {
    return std::ranges::any_of(result.findings, [&](Diagnostic const& d) { return d.rule->id == rule; });
}

} // namespace

TEST_CASE("gotos that lead in a circle end lint too") {
    std::string const head = "*filter\n:INPUT DROP [0:0]\n:A - [0:0]\n:B - [0:0]\n:C - [0:0]\n";
    for (std::string const rules : {"-A INPUT -g A\n-A A -g A\n", "-A INPUT -g C\n-A C -g B\n-A B -g C\n"})
        CHECK(tells(lint_text(Dialect::iptables, head + rules + "COMMIT\n"), "PC405"));
}

TEST_CASE("a chain at ingress or egress is asked about packets of its devices alone") {
    auto const netdev = [](std::string const& hook, std::string const& rules) {
        return lint_text(Dialect::nftables, "table netdev t {\nchain c {\ntype filter hook " + hook + " priority 0; policy drop;\n" + rules + "}\n}\n");
    };
    std::string const taken = "tcp dport 1-40000 accept\ntcp dport 20000-50000 ip saddr 198.51.100.0/24 drop\n";
    for (std::string const hook : {"ingress device eth7", "ingress devices = { eth3, eth4 }", "egress device eth7", "ingress"}) {
        CHECK(tells(netdev(hook, taken), "PC204"));
        CHECK(tells(netdev(hook, "tcp dport 22 return\naccept\n"), "PC423"));
    }
    CHECK_FALSE(tells(netdev("ingress device lo", taken), "PC204")); // no connection comes from elsewhere by it
    CHECK_FALSE(tells(netdev("ingress device eth7", "iifname eth8 return\naccept\n"), "PC423"));
}
