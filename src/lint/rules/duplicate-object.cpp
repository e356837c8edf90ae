// Named addresses that are there under another name. A group of one object is another kind of thing than the object.
#include <limits>
#include <map>

#include "lint/context.hpp"

namespace portcullis {

namespace {

// Equal for the same addresses; nothing for none, and for masks that take too many intervals.
std::optional<std::string> content(AddressGroup const& group) {
    auto const v4 = group.v4.as_intervals(32);
    auto const v6 = group.v6.as_intervals(128);
    if (!v4 || !v6 || (v4->empty() && v6->empty())) return std::nullopt;
    constexpr std::size_t all = std::numeric_limits<std::size_t>::max();
    return values_text(Field::src4, *v4, all) + '\n' + values_text(Field::src6, *v6, all);
}

} // namespace

void check_duplicate_object(Context const& ctx, Findings& out) {
    std::map<std::string, AddressGroup const*> known;
    for (AddressGroup const& group : ctx.ruleset().groups) {
        auto key = content(group);
        if (!key) continue;
        *key += ctx.sources().text(group.span).starts_with("object-group") ? " group" : " object";
        auto const [at, added] = known.try_emplace(std::move(*key), &group);
        if (added) continue;
        Finding& finding = out.add(ctx.rule().id, group.span);
        finding.arg("name", group.name).arg("other", at->second->name);
        finding.relate("the same addresses", at->second->span);
    }
}

} // namespace portcullis
