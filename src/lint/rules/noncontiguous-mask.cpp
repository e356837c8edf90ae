// Masks of addresses that neither compare the first bits in one piece, as a prefix does, nor the last ones, as somebody
// does who selects hosts by how their addresses end.
#include <set>

#include "lint/context.hpp"

namespace portcullis {

namespace {

bool has_holes(U128 mask, unsigned bits) {
    return !mask_length(mask, bits) && !mask_length(~mask & max_value(bits), bits);
}

// Of a value that is not 0: a mask with holes has bits of both kinds.
U128 highest(U128 value) { return U128{1} << (127 - leading_zeros(value)); } // NOLINT(clang-analyzer-core.UndefinedBinaryOperatorResult)

void look_at(Context const& ctx, Findings& out, std::set<std::pair<SourceId, std::uint32_t>>& seen, Field field, ValueSet const& values, Span span) {
    auto const family = info(field).family;
    if (!family || (field != src_field(*family) && field != dst_field(*family))) return;
    unsigned const bits = address_bits(*family);
    for (Masked const& one : values.masks) {
        if (!has_holes(one.mask, bits) || !seen.emplace(span.source, span.begin).second) continue;
        // The first bit that is not compared, and the first behind it that is.
        U128 const hole = highest(~one.mask & max_value(bits));
        U128 const compared = highest(one.mask & (hole - 1));
        Finding& finding = out.add(ctx.rule().id, span);
        finding.arg("value", to_string(Ip{*family, one.value})).arg("mask", to_string(Ip{*family, one.mask}));
        finding.arg("inside", to_string(Ip{*family, one.value ^ hole}));
        finding.arg("outside", to_string(Ip{*family, one.value ^ compared}));
    }
}

} // namespace

void check_noncontiguous_mask(Context const& ctx, Findings& out) {
    std::set<std::pair<SourceId, std::uint32_t>> seen;
    for (Chain const& chain : ctx.ruleset().chains) {
        for (Rule const& rule : chain.rules) {
            for (Term const& term : rule.match.terms) look_at(ctx, out, seen, term.field, term.values, term.span);
            for (Alternatives const& relation : rule.match.alternatives)
                for (auto const& row : relation.rows)
                    for (std::size_t i = 0; i < row.size(); ++i)
                        look_at(ctx, out, seen, relation.fields[i], row[i], relation.span);
        }
    }
}

} // namespace portcullis
