// Fixes change the text and nothing else, and the fate of no packet.
#include <catch2/catch.hpp>

#include "portcullis/lint/fix.hpp"

using namespace portcullis;

namespace {

std::string mended(std::string text, Dialect dialect) {
    auto sources = std::make_shared<Sources>();
    SourceId const source = sources->add("fw", std::move(text));
    return mend(sources, source, dialect, {}, {}).text;
}

} // namespace

TEST_CASE("rules that no packet gets to are taken away, and comments stay") {
    CHECK(mended("*filter\n:INPUT DROP [0:0]\n# all\n-A INPUT -j DROP\n# ssh\n[0:0] -A INPUT -p tcp --dport 22 -j ACCEPT\n"
                 "-A INPUT -p tcp --dport 80 -j ACCEPT\nCOMMIT\n",
                 Dialect::iptables) ==
          "*filter\n:INPUT DROP [0:0]\n# all\n-A INPUT -j DROP\n# ssh\nCOMMIT\n");
    std::string const nft = "table ip t {\n\tchain c {\n\t\ttype filter hook input priority 0\n\t\tdrop\n";
    CHECK(mended(nft + "\t\ttcp dport 22 accept # ssh\n\t\ttcp dport 80 accept\n\t}\n}\n", Dialect::nftables) ==
          nft + "\t\t# ssh\n\t}\n}\n");
    std::string const ios = "ip access-list extended A\n deny ip any any\n";
    CHECK(mended(ios + " permit tcp any any eq 22\ninterface Gi0/0\n ip access-group A in\n", Dialect::cisco_ios) ==
          ios + "interface Gi0/0\n ip access-group A in\n");
}

TEST_CASE("a statement between others leaves them as they are") {
    CHECK(mended("table ip t {\n  chain c {\n    type filter hook input priority 0; drop; tcp dport 22 accept; tcp dport 80 accept;\n  }\n}\n",
                 Dialect::nftables) ==
          "table ip t {\n  chain c {\n    type filter hook input priority 0; drop; \n  }\n}\n");
}

TEST_CASE("the rest of a command is no rule by itself") {
    std::string const text = "add table ip x\nadd chain ip x y { type filter hook input priority 0; }\n"
                             "add rule ip x y drop\nadd rule ip x y tcp dport 22 accept\n";
    CHECK(mended(text, Dialect::nftables) == text);
}

TEST_CASE("the old match on states gets its new name") {
    CHECK(mended("*filter\n:INPUT DROP [0:0]\n-A INPUT -m state  --state NEW,RELATED -j ACCEPT\nCOMMIT\n", Dialect::iptables) ==
          "*filter\n:INPUT DROP [0:0]\n-A INPUT -m conntrack  --ctstate NEW,RELATED -j ACCEPT\nCOMMIT\n");
}

TEST_CASE("a text that was not understood whole is left alone") {
    std::string const text = "*filter\n:INPUT DROP [0:0]\n-A INPUT -j DROP\n-A INPUT -p tcp --dport 99999 -j ACCEPT\nCOMMIT\n";
    CHECK(mended(text, Dialect::iptables) == text);
}
