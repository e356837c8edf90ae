#include "portcullis/lint/policy_waivers.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "portcullis/lint/lint.hpp"

namespace portcullis {
namespace {

constexpr std::size_t longest_remark = 100; // IOS, NX-OS and ASA take no more

std::string waiver(std::string const& rules, std::string reason) {
    std::string const start = "portcullis: ignore[" + rules + "] reason=\"";
    std::ranges::replace_if(reason, [](char c) { return c == '"' || c == '\\' || c == '\n'; }, '\'');
    std::size_t const room = longest_remark - start.size() - 1;
    if (reason.size() > room) {
        std::size_t end = room;
        while (end > 0 && (static_cast<unsigned char>(reason[end]) & 0xc0U) == 0x80) --end; // no half of a letter
        reason.resize(end);
    }
    return start + reason + '"';
}

// The zone that has the sources of the finding, where forged ones are dropped.
PolicyZone const* zone_of(Policy const& policy, Chain const& list, Diagnostic const& finding) {
    if (!policy.harden.bogons || !finding.finding.witness) return nullptr;
    Ip const source = finding.finding.witness->packet.source();
    for (PolicyZone const& zone : policy.zones) {
        bool const is_here = std::ranges::any_of(list.bindings, [&](Binding const& each) { return zone.place.interfaces.contains(interface_value(each.interface)); });
        if (zone.has_interfaces && zone.has_networks && is_here && zone.place.addresses.of(source.family).contains(source.value)) return &zone;
    }
    return nullptr;
}

} // namespace

std::vector<Remark> policy_waivers(std::shared_ptr<Sources const> sources, SourceId source, Reading const& reading, Policy const& policy) {
    LintOptions options;
    options.select = {"PC125", "PC324", "PC311"};
    options.suppress = false;
    FileResult const result = lint(std::move(sources), source, reading.ruleset.dialect, reading, options);
    std::map<std::uint32_t, std::vector<Diagnostic const*>> found; // by the places of entries
    for (Diagnostic const& each : result.findings) found[each.finding.span.begin].push_back(&each);
    std::vector<Remark> remarks;
    for (ChainId id = 0; id < reading.ruleset.chains.size() && !found.empty(); ++id) {
        Chain const& chain = reading.ruleset.chains[id];
        std::string block;
        for (std::size_t i = 0; i < chain.rules.size(); ++i) {
            if (!chain.rules[i].comment.empty()) block = chain.rules[i].comment;
            auto const at = found.find(chain.rules[i].span.begin);
            if (at == found.end()) continue;
            std::string rules, reason;
            for (Diagnostic const* each : at->second) {
                bool const forged = each->rule->id == "PC311";
                PolicyZone const* const zone = forged ? zone_of(policy, chain, *each) : nullptr;
                if (forged && zone == nullptr) continue;
                rules += (rules.empty() ? "" : ", ") + std::string(each->rule->id);
                reason += (reason.empty() ? "" : "; ") + (forged ? "these sources are of " + zone->name : block);
            }
            if (!rules.empty()) remarks.push_back({id, i, waiver(rules, reason)});
            found.erase(at); // rules of one entry
        }
    }
    return remarks;
}

} // namespace portcullis
