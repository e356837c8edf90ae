// The script that loads what was generated: the new rules are there at once, and the old ones again where nobody confirms.
#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>
#include <unistd.h>

#include "kernel/namespace.hpp"
#include "portcullis/policy/apply.hpp"

using namespace portcullis;
namespace fs = std::filesystem;

namespace {

struct Loader {
    Target target;
    std::string old, rules, list;
};

// Counters and dates say nothing.
std::string listed(std::string const& command) { return kernel::run({"sh", "-c", "(" + command + ") | grep -v '^#' | sed 's/\\[[0-9:]*\\]//'"}).output; }

} // namespace

TEST_CASE("a load that nobody confirms is taken back, by nft and by iptables-restore", "[kernel]") {
    if (auto const why = kernel::enter_namespace()) {
        WARN(*why);
        return;
    }
    std::string const replace = "table inet portcullis\ndelete table inet portcullis\n";
    Loader const loaders[] = {
        {Target::nftables, replace + "table inet portcullis {\n\tchain input {\n\t\ttype filter hook input priority 0; policy accept;\n\t\ttcp dport 23 drop\n\t}\n}\n",
         replace + "table inet portcullis {\n\tchain input {\n\t\ttype filter hook input priority 0; policy drop;\n\t\ttcp dport 22 accept\n\t}\n}\n", "nft list ruleset"},
        {Target::iptables, "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -p tcp -m tcp --dport 23 -j DROP\nCOMMIT\n",
         "*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\nCOMMIT\n*nat\n:POSTROUTING ACCEPT [0:0]\n-A POSTROUTING -o eth0 -j MASQUERADE\nCOMMIT\n",
         "iptables-save -t filter; iptables-save -t nat"},
        {Target::ip6tables, "*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -p tcp -m tcp --dport 23 -j DROP\nCOMMIT\n",
         "*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\nCOMMIT\n", "ip6tables-save -t filter"},
    };
    for (Loader const& loader : loaders) {
        std::string name = (fs::temp_directory_path() / "portcullis-apply-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        fs::path const folder = name;
        ApplyFile const file = apply_script(loader.target, loader.rules);
        std::string const script = folder / file.name;
        std::ofstream(folder / rules_file(loader.target)) << loader.rules;
        std::ofstream(script) << file.text;
        CHECK(kernel::run({"bash", "-n", script}).code == 0);
        std::string const load = loader.target == Target::nftables ? "nft -f /dev/stdin" : std::string(to_string(dialect_of(loader.target))) + "-restore";
        if (kernel::run({"sh", "-c", load}, loader.old).code == 127) continue; // not installed
        std::string const before = listed(loader.list);
        REQUIRE(before.find("23") != std::string::npos);
        auto const apply = [&](std::string const& how) { return kernel::run({"sh", script, how}); };
        // Taken back by the timer.
        kernel::Ran const loaded = apply("1");
        INFO(loaded.output);
        CHECK(loaded.code == 0);
        std::string const after = listed(loader.list);
        CHECK(after.find("22") != std::string::npos);
        CHECK(apply("1").code == 1); // one at a time
        for (int tries = 0; tries < 100 && listed(loader.list) != before; ++tries) std::this_thread::sleep_for(std::chrono::milliseconds(100));
        CHECK(listed(loader.list) == before);
        for (int tries = 0; tries < 50 && fs::exists(folder / (".pending-" + std::string(to_string(dialect_of(loader.target))))); ++tries) std::this_thread::sleep_for(std::chrono::milliseconds(50));
        // Confirmed, and taken back by hand.
        CHECK(apply("1").code == 0);
        CHECK(apply("confirm").code == 0);
        CHECK(apply("confirm").code == 1);
        std::this_thread::sleep_for(std::chrono::milliseconds(1500));
        CHECK(listed(loader.list) == after);
        CHECK(apply("rollback").code == 0);
        CHECK(listed(loader.list) == before);
        CHECK(apply("soon").code == 2);
        fs::remove_all(folder);
    }
}
