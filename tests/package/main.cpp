// Prints the rule that finds Telnet open in a firewall.
#include <iostream>
#include <portcullis/dialect/read.hpp>
#include <portcullis/lint/lint.hpp>

int main() {
    using namespace portcullis;
    auto sources = std::make_shared<Sources>();
    SourceId const source = sources->add("fw.rules", "*filter\n:INPUT DROP [0:0]\n"
                                                     "-A INPUT -p tcp --dport 23 -j ACCEPT\nCOMMIT\n");
    Reading reading = read(*sources, source, Dialect::iptables);
    FileResult const result = lint(sources, source, Dialect::iptables, std::move(reading), {});
    for (Diagnostic const& d : result.findings) {
        if (d.finding.service != "telnet") continue;
        std::cout << d.rule->id << '\n';
        break;
    }
}
