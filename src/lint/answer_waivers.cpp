#include "portcullis/lint/answer_waivers.hpp"

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

} // namespace

std::vector<Remark> answer_waivers(std::shared_ptr<Sources const> sources, SourceId source, Reading const& reading) {
    LintOptions options;
    options.select = {"PC125", "PC324"};
    options.suppress = false;
    FileResult const result = lint(std::move(sources), source, reading.ruleset.dialect, reading, options);
    std::map<std::uint32_t, std::string> found; // rules by the places of entries
    for (Diagnostic const& each : result.findings) {
        std::string& rules = found[each.finding.span.begin];
        rules += (rules.empty() ? "" : ", ") + std::string(each.rule->id);
    }
    std::vector<Remark> remarks;
    for (ChainId id = 0; id < reading.ruleset.chains.size() && !found.empty(); ++id) {
        std::string block;
        auto const& rules = reading.ruleset.chains[id].rules;
        for (std::size_t i = 0; i < rules.size(); ++i) {
            if (!rules[i].comment.empty()) block = rules[i].comment;
            auto const at = found.find(rules[i].span.begin);
            if (at == found.end()) continue;
            remarks.push_back({id, i, waiver(at->second, block)});
            found.erase(at); // rules of one entry
        }
    }
    return remarks;
}

} // namespace portcullis
