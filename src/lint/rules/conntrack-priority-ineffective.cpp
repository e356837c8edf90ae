// Connection tracking works at prerouting and output, at priority -200. What is said of it before it has run, or
// what should keep packets from it after it has, is without effect. In the kernel, notrack works at any priority
// below -200, and a packet that is not tracked yet has the state invalid, no mark, no status and no direction
// (nft_ct.c).
#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "lint/context.hpp"

namespace portcullis {

namespace {

constexpr int tracking = -200; // NF_IP_PRI_CONNTRACK
// The state last: it is also asked where another of them is.
constexpr std::array tracked_fields{Field::ct_status, Field::ct_direction, Field::ct_mark, Field::ct_state};

// After a notrack, the state is untracked early on.
bool asks_for_untracked(Term const& term) {
    return term.field == Field::ct_state && term.values == ValueSet::single(ct_state::untracked);
}

std::optional<Field> tracked_field(Match const& match) {
    for (Field const field : tracked_fields) {
        bool const term = std::any_of(match.terms.begin(), match.terms.end(),
                                      [&](Term const& t) { return t.field == field && !asks_for_untracked(t); });
        bool const relation = std::any_of(match.alternatives.begin(), match.alternatives.end(),
                                          [&](Alternatives const& a) { return asks_about(a, field); });
        if (term || relation) return field;
    }
    return std::nullopt;
}

} // namespace

void check_conntrack_priority_ineffective(Context const& ctx, Findings& out) {
    for (ChainId id = 0; id < ctx.ruleset().chains.size(); ++id) {
        std::vector<ChainId> const& bases = ctx.bases(id);
        if (bases.empty()) continue;
        auto const is_before = [&](ChainId base) { return before_tracking(ctx.ruleset().chains[base]); };
        bool const all_before = std::all_of(bases.begin(), bases.end(), is_before);
        bool const none_before = std::none_of(bases.begin(), bases.end(), is_before);
        Chain const& base = ctx.ruleset().chains[bases.front()];
        std::string const place =
            fmt::format("{} is at {}, priority {}", base.title(), to_string(base.hook->point), base.hook->priority);
        std::vector<Rule> const& rules = ctx.ruleset().chains[id].rules;
        for (std::size_t i = 0; i < rules.size(); ++i) {
            if (none_before && rules[i].effects.notrack) {
                add_finding(ctx, out, id, i)
                    .arg("what", "notrack comes too late")
                    .arg("why", place + "; packets are tracked at prerouting and output, at priority -200");
            }
            auto const field = all_before ? tracked_field(rules[i].match) : std::nullopt;
            if (!field) continue;
            Finding& finding = add_finding(ctx, out, id, i);
            finding.arg("what", std::string(info(*field).name) + " is not known yet")
                .arg("why", place + "; packets are tracked at -200");
            finding.note(*field == Field::ct_state ? "until then the state of every packet is invalid"
                                                   : "until then the match never holds");
        }
    }
}

} // namespace portcullis
