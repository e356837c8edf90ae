// Pairs of rules of which neither lies within the other, and that decide what they share in opposite ways.
#include <algorithm>
#include <fmt/format.h>

#include "lint/context.hpp"

namespace portcullis {

namespace {

bool names_addresses_or_ports(Match const& match) {
    constexpr std::array named{Field::src4, Field::dst4, Field::src6, Field::dst6, Field::sport, Field::dport};
    return std::any_of(named.begin(), named.end(), [&](Field field) { return asks_about(match, field); });
}

// A list that denies in front and permits behind, or ends with denials of whole protocols.
bool is_usual(Ruleset const& ruleset, OrderMatters const& order) {
    Rule const& rule = rule_of(ruleset, order.later);
    return std::holds_alternative<Accept>(rule.verdict) || !names_addresses_or_ports(rule.match);
}

} // namespace

void check_correlated_rules(Context const& ctx, Findings& out) {
    for (OrderMatters const& order : ctx.orders().crossings) {
        Finding& finding = add_finding(ctx, out, order.later.chain, order.later.rule);
        finding.arg("what", counted(order));
        relate_earlier(ctx, order, finding);
        if (is_usual(ctx.ruleset(), order)) finding.severity = Severity::info;
    }
}

} // namespace portcullis
