#include "lint/waived_traffic.hpp"

#include <algorithm>
#include <stdexcept>

#include "portcullis/engine/budget.hpp"

namespace portcullis {

namespace {

bool same(Path const& a, Path const& b) { return a.kind == b.kind && a.name == b.name && a.chains == b.chains; }

} // namespace

Context& WaivedTraffic::context() {
    if (!context_) context_ = std::make_unique<Context>(ruleset_, sources_, options_, Asking::untrusted);
    return *context_;
}

// On each path that the phrase is about; none where it is about no path of the ruleset.
std::vector<Asked> const& WaivedTraffic::asked_by(std::string const& phrase) {
    auto const [at, is_new] = asked_.try_emplace(phrase);
    if (!is_new) return at->second;
    auto const question = parse_phrase(phrase, options_.config).question;
    try {
        if (question) at->second = asked_about(context().space(), ruleset_, options_.config, *question);
    } catch (std::invalid_argument const&) {
        // It is about a path or list that this ruleset does not have.
    }
    return at->second;
}

std::vector<WaivedTraffic::Part> WaivedTraffic::exposed(Finding const& finding) {
    std::vector<Part> parts;
    if (!finding.witness || finding.witness->verdict != "accept") return parts;
    bool has_witness = false;
    for (Permit const& permit : context().permits()) {
        if (context().span(permit) != finding.span) continue;
        PacketSet passing = context().passing(permit);
        has_witness = has_witness || passing.contains(finding.witness->packet);
        if (Service const* const service = context().catalogue().find(finding.service)) {
            PacketSet reaching = context().space().none();
            for (PortRange const& port : service->ports) reaching |= context().reaching(permit, port);
            passing = std::move(reaching);
        }
        if (!passing.empty()) parts.push_back({context().paths()[permit.path], std::move(passing)});
    }
    return has_witness ? parts : std::vector<Part>();
}

std::vector<WaivedTraffic::Part> WaivedTraffic::matched(Finding const& finding, std::vector<Asked> const& asked) {
    std::vector<Part> parts;
    for (ChainId id = 0; id < ruleset_.chains.size(); ++id) {
        for (Rule const& rule : ruleset_.chains[id].rules) {
            if (rule.span != finding.span) continue;
            for (ChainId const base : context().bases(id)) {
                bool is_known = false; // that packets of the phrase come to the chain
                for (Asked const& path : asked) {
                    if (std::ranges::find(path.path.chains, base) == path.path.chains.end()) continue;
                    is_known = true;
                    PacketSet packets = path.context & context().space().of(rule.match);
                    if (!packets.empty()) parts.push_back({path.path, std::move(packets)});
                }
                if (!is_known) return {};
            }
        }
    }
    return parts;
}

bool WaivedTraffic::covers(std::string const& phrase, Finding const& finding) {
    try {
        auto const& asked = asked_by(phrase);
        if (asked.empty()) return false;
        auto parts = exposed(finding);
        if (parts.empty()) parts = matched(finding, asked);
        return !parts.empty() && std::ranges::all_of(parts, [&](Part const& part) {
            auto const path = std::ranges::find_if(asked, [&](Asked const& each) { return same(each.path, part.path); });
            return path != asked.end() && part.packets.subset_of(path->packets);
        });
    } catch (BudgetExceeded const&) {
        return false;
    }
}

} // namespace portcullis
