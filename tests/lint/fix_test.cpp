// Fixes change the text and nothing else, and the fate of no packet.
#include <algorithm>
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

TEST_CASE("a duplicate goes, and so does what a later rule does as well") {
    CHECK(mended("*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp --dport 22 -j ACCEPT\n# again\n-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n"
                 "-A INPUT -s 10.1.0.0/16 -j ACCEPT\n-A INPUT -s 10.0.0.0/8 -j ACCEPT\nCOMMIT\n",
                 Dialect::iptables) ==
          "*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp --dport 22 -j ACCEPT\n# again\n-A INPUT -s 10.0.0.0/8 -j ACCEPT\nCOMMIT\n");
}

TEST_CASE("neighbours become one rule, in the words of the dialect") {
    std::string const nft = "table inet t {\n\tchain c {\n\t\ttype filter hook input priority 0; policy drop;\n";
    CHECK(mended(nft + "\t\ttcp dport 80 accept # web\n\t}\n}\n", Dialect::nftables) == nft + "\t\ttcp dport 80 accept # web\n\t}\n}\n");
    CHECK(mended(nft + "\t\tip saddr 10.0.0.0/8 tcp dport http accept\n\t\tip saddr 10.0.0.0/8 tcp dport { 443, 8443 } accept\n"
                       "\t\t# ssh\n\t\ttcp dport 22 accept\n\t}\n}\n",
                 Dialect::nftables) ==
          nft + "\t\tip saddr 10.0.0.0/8 tcp dport { http, 443, 8443 } accept\n\t\t# ssh\n\t\ttcp dport 22 accept\n\t}\n}\n");
    CHECK(mended("*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT\n-A INPUT -p tcp -m tcp --dport 443 -j ACCEPT\n"
                 "-A INPUT -p tcp -m tcp --dport 8000:8080 -j ACCEPT\nCOMMIT\n",
                 Dialect::iptables) ==
          "*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp -m tcp -m multiport --dports 80,443,8000:8080 -j ACCEPT\nCOMMIT\n");
    std::string const ios = "ip access-list extended A\n remark web\n";
    std::string const end = "interface Gi0/0\n ip access-group A in\n";
    CHECK(mended(ios + " permit tcp any host 192.0.2.9 eq www\n permit tcp any host 192.0.2.9 eq 443\n"
                       " permit ip 198.51.100.0 0.0.0.127 any\n permit ip 198.51.100.128 0.0.0.127 any\n" + end,
                 Dialect::cisco_ios) ==
          ios + " permit tcp any host 192.0.2.9 eq www 443\n permit ip 198.51.100.0 0.0.0.255 any\n" + end);
}

TEST_CASE("a multiport match takes fifteen ports, and comments and limits of their own keep rules apart") {
    std::string many = "*filter\n:INPUT DROP [0:0]\n";
    for (int port = 100; port < 200; port += 6) many += "-A INPUT -p tcp --dport " + std::to_string(port) + " -j ACCEPT\n";
    std::string const all = mended(many + "COMMIT\n", Dialect::iptables);
    CHECK(std::count(all.begin(), all.end(), '\n') == 5);
    std::string const apart = "*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp --dport 80 -m comment --comment a -j ACCEPT\n"
                              "-A INPUT -p tcp --dport 81 -m comment --comment b -j ACCEPT\n-A INPUT -p udp --dport 80 -m limit --limit 1/s -j ACCEPT\n"
                              "-A INPUT -p udp --dport 81 -m limit --limit 1/s -j ACCEPT\n-A INPUT -p tcp --dport 90 -j ACCEPT\n# the next one\n"
                              "-A INPUT -p tcp --dport 91 -j ACCEPT\nCOMMIT\n";
    CHECK(mended(apart, Dialect::iptables) == apart);
}

TEST_CASE("a set loses what it does not need, and keeps its comments") {
    std::string const nft = "table inet t {\n\tchain c {\n\t\ttype filter hook input priority 0; policy drop;\n\t\tip saddr ";
    std::string const end = " accept\n\t}\n}\n";
    CHECK(mended(nft + "{ 10.0.0.128/25, 192.0.2.7, 10.0.0.0/25, 192.0.2.6 }" + end, Dialect::nftables) ==
          nft + "{ 10.0.0.0/24, 192.0.2.7, 192.0.2.6 }" + end);
    std::string const commented = nft + "{\n\t\t\t10.0.0.0/25,\n\t\t\t# the other half\n\t\t\t10.0.0.128/25 }" + end;
    CHECK(mended(commented, Dialect::nftables) == commented);
}
