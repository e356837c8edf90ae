// Rules that ask for packets as they are before a translation, where they are asked after it.
#include <algorithm>

#include "lint/static_nat.hpp"

namespace portcullis {

namespace {

// Whether every interface that the list is applied to is one of those that the translation is for.
bool meets(Chain const& list, Translation const& translation) {
    return !list.bindings.empty() && std::all_of(list.bindings.begin(), list.bindings.end(), [&](Binding const& binding) {
        return binding.inbound && std::find(translation.interfaces.begin(), translation.interfaces.end(),
                                            binding.interface) != translation.interfaces.end();
    });
}

// Whether the match may name the address that something is translated from; cheap.
bool may_name(Match const& match, Translation const& translation) {
    for (Family const family : {Family::v4, Family::v6}) {
        auto const named = named_values(match, dst_field(family));
        auto const mapped = named_values(translation.before, dst_field(family));
        if (named && mapped && mapped->contains(*named)) return true;
    }
    return false;
}

// Inbound lists of an ASA see real addresses and ports (since 8.3). An entry for packets all of which are translated
// before, and none of which is what others are translated to, matches nothing.
void check_asa(Context const& ctx, Findings& out) {
    auto translations = static_translations(ctx.ruleset());
    std::erase_if(translations, [](Translation const& one) { return !one.before_lists; });
    if (translations.empty()) return;
    PacketSet real = ctx.space().none();
    for (Translation const& one : translations) real |= ctx.space().of(one.after);
    for (Path const& path : ctx.paths()) {
        if (path.kind != Path::Kind::list) continue;
        ChainId const id = path.chains.front();
        Chain const& list = ctx.ruleset().chains[id];
        for (std::size_t i = 0; i < list.rules.size(); ++i) {
            std::vector<Translation const*> those;
            for (Translation const& one : translations)
                if (may_name(list.rules[i].match, one) && meets(list, one)) those.push_back(&one);
            if (those.empty()) continue;
            PacketSet const asked = ctx.space().of(list.rules[i].match);
            PacketSet left = asked;
            for (Translation const* one : those) left -= ctx.space().of(one->before);
            if (!left.empty() || !(asked & real).empty()) continue;
            Translation const* const first = those.front();
            Finding& finding = add_finding(ctx, out, id, i);
            finding.arg("mapped", destination_text(first->before)).arg("real", destination_text(first->after));
            finding.relate("this translates them before the list is asked", ctx.ruleset().chains[first->chain].rules[first->rule].span);
        }
    }
}

} // namespace

void check_filter_uses_pre_nat(Context const& ctx, Findings& out) {
    if (ctx.ruleset().dialect == Dialect::cisco_asa) check_asa(ctx, out);
}

} // namespace portcullis
