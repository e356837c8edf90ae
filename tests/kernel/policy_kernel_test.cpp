// The ready policies, as the programs that would load them take them.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "kernel/namespace.hpp"
#include "portcullis/policy/generate.hpp"

using namespace portcullis;

TEST_CASE("nft and iptables-restore take what is generated from the ready policies", "[kernel]") {
    if (auto const why = kernel::enter_namespace()) {
        WARN(*why);
        return;
    }
    struct Program {
        Target target;
        std::vector<std::string> command;
    };
    Program const programs[] = {
        {Target::nftables, {"nft", "-c", "-f", "/dev/stdin"}},
        {Target::iptables, {"iptables-nft-restore", "--test"}},
        {Target::iptables, {"iptables-legacy-restore", "--test"}},
        {Target::ip6tables, {"ip6tables-nft-restore", "--test"}},
        {Target::ip6tables, {"ip6tables-legacy-restore", "--test"}},
    };
    // What none of the ready ones does.
    std::vector<std::pair<std::string, std::string>> policies{{"publish", "[zones.internet]\ninterfaces = [\"eth0\"]\ntrust = \"untrusted\"\n"
                                                                          "[[nat.publish]]\nname = \"web\"\nfrom = [\"internet\"]\nservices = [\"https\", \"udp/443\"]\n"
                                                                          "to = \"10.0.0.5:8443\"\n[[nat.publish]]\nname = \"web6\"\nfrom = [\"any\"]\n"
                                                                          "services = [\"https\"]\nat = [\"2001:db8::1\"]\nto = \"2001:db8:1::5\"\n"}};
    for (auto const& entry : std::filesystem::directory_iterator(PORTCULLIS_ROOT "/rules/policies")) {
        std::ifstream in(entry.path());
        policies.emplace_back(entry.path().stem().string(), std::string(std::istreambuf_iterator<char>(in), {}));
    }
    for (auto const& [name, text] : policies) {
        for (Program const& program : programs) {
            Sources sources;
            SourceId const source = sources.add(name, text);
            LoadedPolicy const loaded = load_policy(sources, source, std::chrono::year(2026) / 11 / 29);
            REQUIRE(loaded.errors.empty());
            Space space;
            Generated const made = generate(space, loaded.policy, program.target, {"p.toml", "0", "test"}, sources);
            kernel::Ran const ran = kernel::run(program.command, made.text);
            if (ran.code == 127) continue; // not installed
            INFO(name << ", " << program.command.front() << '\n' << ran.output << made.text);
            CHECK(ran.code == 0);
        }
    }
    CHECK(policies.size() == 7);
}
