// Lists that another generator wrote for several platforms from one policy (../shared/corpus beside the project; skipped
// elsewhere) let the same packets pass; where they do not, the difference is in the table below, with a packet that the
// interpreter decides in both and the reason. docs/coverage.md lists the same.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <map>
#include <memory>
#include <set>

#include "corpus/corpus.hpp"
#include "portcullis/dialect/read.hpp"
#include "portcullis/engine/compare.hpp"
#include "portcullis/engine/interpret.hpp"

using namespace portcullis;
namespace fs = std::filesystem;

namespace {

// A file of the generator: for whom, and what was read of it.
struct Output {
    std::string platform; // "cisco", "cisconx", "iptables": the generator's own names
    Dialect dialect{};
    std::shared_ptr<Sources> sources = std::make_shared<Sources>();
    Ruleset ruleset{};
};

// Chains that are to be equal and are not.
struct Expected {
    std::string policy, before, after; // platforms in the order of their names
    std::string packet;
    std::string fate_before, fate_after;
};

std::vector<Expected> const expected_differences{
    // The generator's own tests have another policy of this name for each of these platforms.
    {"testStandardTermHost", "arista", "cisco", "tcp 10.1.1.9:40000 > 192.0.2.10:22", "accept", "drop"},
    {"testStandardTermHost", "arista", "ciscoxr", "tcp 10.1.1.9:40000 > 192.0.2.10:22", "accept", "drop"},
    {"testStandardTermHost", "cisco", "cisconx", "tcp 10.1.1.9:40000 > 192.0.2.10:22", "drop", "accept"},
    {"testStandardTermHost", "cisconx", "ciscoxr", "tcp 10.1.1.9:40000 > 192.0.2.10:22", "accept", "drop"},
    // What no term matches: a list of IOS has an implicit deny, and "target:: iptables INPUT ACCEPT" a policy.
    {"testIcmpCode", "cisco", "iptables", "tcp 203.0.113.9:40000 > 192.0.2.10:443", "drop", "accept"},
    {"testIcmpCode", "cisco", "iptables", "icmp 203.0.113.9 > 192.0.2.10 type=3 code=2", "drop", "accept"},
};

// Policies of words that no device takes, which leave no rule to compare.
std::set<std::string> const without_rules{"testVerbatimTerm"};

// "…CiscoNXTest.testIcmpTypes.stdout.ref" is of testIcmpTypes, "…testSmokeTest.sample_multitarget.nxacl.ref" of
// sample_multitarget.
std::string policy_of(std::string const& name) {
    std::string const smoke = "testSmokeTest.";
    auto const at = name.find(smoke);
    auto const from = at == std::string::npos ? name.find(".test") + 1 : at + smoke.size();
    return name.substr(from, name.find('.', from) - from);
}

std::string platform_of(std::string const& name) {
    std::string const folder = "regression__";
    auto const at = name.find(folder) + folder.size();
    std::string platform = name.substr(at, name.find("__", at) - at);
    if (platform != "demo") return platform;
    std::string const stem = name.substr(0, name.rfind('.'));
    return stem.substr(stem.rfind('.') + 1);
}

std::map<std::string, std::vector<Output>> outputs_of(fs::path const& corpus) {
    std::vector<fs::path> files;
    for (auto const& file : fs::recursive_directory_iterator(corpus)) {
        std::string const parent = file.path().parent_path().filename();
        bool const generated = parent == "aerleon+aerleon" || parent == "google+capirca";
        if (generated && file.is_regular_file()) files.push_back(file.path());
    }
    std::sort(files.begin(), files.end());
    std::map<std::string, std::vector<Output>> outputs;
    for (fs::path const& path : files) {
        std::string const text = content(path);
        Output output;
        output.platform = platform_of(path.filename());
        SourceId const id = output.sources->add(path.filename(), text);
        auto const dialect = detect_dialect((*output.sources)[id].text());
        if (!dialect) continue;
        output.dialect = *dialect;
        output.ruleset = read(*output.sources, id, *dialect).ruleset;
        outputs[policy_of(path.filename())].push_back(std::move(output));
    }
    for (auto& [policy, all] : outputs) {
        std::sort(all.begin(), all.end(), [](Output const& a, Output const& b) { return a.platform < b.platform; });
    }
    return outputs;
}

std::vector<std::string> base_chains(Ruleset const& ruleset) {
    std::vector<std::string> names;
    for (Chain const& chain : ruleset.chains)
        if (chain.hook && !chain.rules.empty()) names.push_back(chain.title());
    return names;
}

// Lists by their names; of two files with one chain each, these.
std::vector<std::pair<std::string, std::string>> chains_to_compare(Output const& a, Output const& b) {
    auto const before = base_chains(a.ruleset);
    auto const after = base_chains(b.ruleset);
    std::vector<std::pair<std::string, std::string>> pairs;
    for (std::string const& name : before)
        if (std::find(after.begin(), after.end(), name) != after.end()) pairs.emplace_back(name, name);
    if (pairs.empty() && before.size() == 1 && after.size() == 1) pairs.emplace_back(before.front(), after.front());
    return pairs;
}

std::string fate_of(Ruleset const& ruleset, std::string const& chain, Packet const& packet) {
    for (ChainId id = 0; id < ruleset.chains.size(); ++id) {
        if (ruleset.chains[id].title() != chain) continue;
        Decision const decision = interpret(ruleset, id, packet);
        return decision.certain() ? std::string(to_string(decision.main().fate)) : "depends";
    }
    return "no chain";
}

std::string differences_text(Comparison& comparison) {
    std::string text;
    for (Difference const& difference : comparison.differences()) {
        for (auto const* set : {&difference.added, &difference.removed}) {
            auto const member = set->member();
            if (member) text += "\n  " + difference.name + (set == &difference.added ? " lets through " : " stops ") + to_text(member->packet);
        }
    }
    return text;
}

} // namespace

TEST_CASE("lists for several platforms from one policy let the same packets pass") {
    if (!is_there(corpus())) return;
    std::string equal;
    std::set<Expected const*> met;
    for (auto const& [policy, outputs] : outputs_of(corpus())) {
        for (std::size_t i = 0; i < outputs.size(); ++i) {
            for (std::size_t k = i + 1; k < outputs.size(); ++k) {
                Output const& a = outputs[i];
                Output const& b = outputs[k];
                INFO(policy << ": " << a.platform << " and " << b.platform);
                CompareOptions options;
                options.names = chains_to_compare(a, b);
                CHECK(options.names.empty() == without_rules.contains(policy));
                if (options.names.empty()) continue;
                Comparison comparison(a.ruleset, b.ruleset, options);
                bool differs = false;
                for (Expected const& one : expected_differences) {
                    if (one.policy != policy || one.before != a.platform || one.after != b.platform) continue;
                    differs = true;
                    met.insert(&one);
                    auto const parsed = parse_packet(one.packet);
                    INFO(one.packet << parsed.error);
                    REQUIRE(parsed.packet);
                    CHECK(fate_of(a.ruleset, options.names.front().first, *parsed.packet) == one.fate_before);
                    CHECK(fate_of(b.ruleset, options.names.front().second, *parsed.packet) == one.fate_after);
                }
                INFO(differences_text(comparison));
                CHECK(comparison.differences().empty() != differs);
                CHECK((differs || comparison.notes().empty())); // nothing was left out of what is equal
                if (!differs) equal += "\n  " + policy + ": " + a.platform + ", " + b.platform;
            }
        }
    }
    CHECK(met.size() == expected_differences.size());
    WARN("equal:" << equal);
    for (std::string const platforms : {"acl, eacl", "acl, nxacl", "acl, xacl", "eacl, nxacl", "eacl, xacl", "nxacl, xacl"})
        CHECK(equal.find("sample_multitarget: " + platforms) != std::string::npos);
}
