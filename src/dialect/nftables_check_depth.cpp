// How deep jumps go: the kernel refuses a ruleset where more than fifteen follow each other from a base chain
// (NFT_JUMP_STACK_SIZE), which `nft -c` does not see.
#include <algorithm>
#include <fmt/format.h>

#include "dialect/nftables_check.hpp"

namespace portcullis::nft {
namespace {

constexpr unsigned jump_limit = 15;

// The number of jumps below each chain, counted from the leaves up. Chains that lead into a cycle have none: that
// is another finding.
std::vector<std::optional<unsigned>> heights(Ruleset const& ruleset) {
    std::size_t const count = ruleset.chains.size();
    std::vector<std::vector<ChainId>> callers(count);
    std::vector<std::size_t> open(count, 0); // jumps whose target is not worked out yet
    for (ChainId id = 0; id < count; ++id) {
        for (Rule const& rule : ruleset.chains[id].rules) {
            auto const* const jump = std::get_if<Jump>(&rule.verdict);
            if (jump == nullptr || jump->chain >= count) continue;
            callers[jump->chain].push_back(id);
            ++open[id];
        }
    }
    std::vector<std::optional<unsigned>> result(count);
    std::vector<unsigned> height(count, 0);
    std::vector<ChainId> ready;
    for (ChainId id = 0; id < count; ++id)
        if (open[id] == 0) ready.push_back(id);
    while (!ready.empty()) {
        ChainId const id = ready.back();
        ready.pop_back();
        result[id] = height[id];
        for (ChainId const caller : callers[id]) {
            height[caller] = std::max(height[caller], height[id] + 1);
            if (--open[caller] == 0) ready.push_back(caller);
        }
    }
    return result;
}

} // namespace

void check_jump_depth(Ruleset const& ruleset, Findings& findings) {
    std::vector<std::optional<unsigned>> const below = heights(ruleset);
    for (Chain const& chain : ruleset.chains) {
        if (!chain.hook) continue;
        for (Rule const& rule : chain.rules) {
            auto const* const jump = std::get_if<Jump>(&rule.verdict);
            if (jump == nullptr || jump->chain >= below.size() || below[jump->chain].value_or(0) < jump_limit)
                continue;
            findings.add("PC001", rule.span)
                .arg("error",
                     fmt::format("the kernel refuses more than {} jumps that follow each other, and from here "
                                 "it is {}",
                                 jump_limit, *below[jump->chain] + 1));
        }
    }
}

} // namespace portcullis::nft
