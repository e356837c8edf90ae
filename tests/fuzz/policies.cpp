#include <algorithm>
#include <chrono>

#include "fuzz/promises.hpp"
#include "portcullis/engine/budget.hpp"
#include "portcullis/policy/generate.hpp"

namespace portcullis::fuzz {
namespace {

constexpr std::chrono::year_month_day today = std::chrono::year(2026) / 11 / 29;

LoadedPolicy load(Sources& sources, std::string_view text) {
    LoadedPolicy loaded = load_policy(sources, sources.add("policy.toml", std::string(text)), today);
    for (ConfigError const& error : loaded.errors) {
        require(!error.message.empty() && error.line >= 1 && error.column >= 1, "an error of a policy has a place");
        require(error.line <= text.size() + 1, "an error of a policy is in the text");
    }
    return loaded;
}

void check(Policy const& policy, Target target, Sources& sources) {
    Space space;
    try {
        Generated const made = generate(space, policy, target, {"policy.toml", "0", "fuzz"}, sources);
        require(is_whole(made.reading), "what is generated can be read back whole");
        require(!made.translates_otherwise, "what is generated translates as the policy says");
        for (Gap const& gap : made.gaps) {
            require(gap.beyond.empty(), "what is generated lets nothing through that the policy does not");
            require(!made.losses.empty() || gap.within.empty(), "what is generated without a loss stops nothing that the policy allows");
        }
    } catch (std::invalid_argument const&) { // the policy does not say what lists need, which is said to the user
    } catch (BudgetExceeded const&) {
    }
}

} // namespace

void load_policy_text(std::string_view text) {
    Sources sources;
    load(sources, text);
}

void run_generate(std::string_view text) {
    Sources sources;
    LoadedPolicy const loaded = load(sources, text);
    if (!loaded.errors.empty()) return;
    for (Target const target : {Target::nftables, Target::iptables, Target::ip6tables, Target::cisco_ios, Target::cisco_ios_xe,
                                Target::cisco_asa, Target::cisco_nxos, Target::cisco_xr})
        check(loaded.policy, target, sources);
}

} // namespace portcullis::fuzz
