// Rules from which earlier ones make exceptions. Of the rule that ends the chain, all others are exceptions.
#include <fmt/format.h>

#include "lint/context.hpp"

namespace portcullis {

void check_generalisation(Context const& ctx, Findings& out) {
    for (OrderMatters const& order : ctx.orders().exceptions) {
        Chain const& chain = ctx.ruleset().chains[order.later.chain];
        if (chain.rules.begin() + order.later.rule == catch_all(chain)) continue;
        Finding& finding = add_finding(ctx, out, order.later.chain, order.later.rule);
        finding.arg("what", counted(order));
        relate_earlier(ctx, order, finding);
    }
}

} // namespace portcullis
