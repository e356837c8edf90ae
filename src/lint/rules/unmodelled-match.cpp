// Every opaque match, where it stands; nothing is skipped in silence.
#include "lint/context.hpp"
#include "portcullis/base/visible.hpp"

namespace portcullis {

void check_unmodelled_match(Context const& ctx, Findings& out) {
    for (Chain const& chain : ctx.ruleset().chains) {
        for (std::size_t i = 0; i < chain.rules.size(); ++i) {
            for (Opaque const& opaque : chain.rules[i].match.opaque) {
                Finding& finding = out.add(ctx.rule().id, opaque.span);
                finding.arg("match", shortened(opaque.text, 300)).arg("kind", opaque.stateful ? " (it depends on more than the packet)" : "");
                finding.where = where(chain, i);
            }
        }
    }
}

} // namespace portcullis
