// What a rule means may be settled when it is loaded, and be wrong later. Names that are looked up and devices that
// are meant by their number are told by the readers, who have the text; here it is the opposite: a wildcard that
// takes in every network card, also one that is added later, in a rule that lets untrusted senders pass.
#include <algorithm>
#include <array>
#include <set>

#include "lint/certain.hpp"
#include "lint/context.hpp"

namespace portcullis {

namespace {

// How Linux names network cards: by the driver's order, or by their place (systemd.net-naming-scheme(7)).
constexpr std::array<std::string_view, 4> card_names{"eth", "en", "wlan", "wl"};

// The wildcard, if the term lets in all cards of a kind, but not every device.
std::optional<Interval> all_cards(Match const& match) {
    auto const names = named_values(match, Field::iif);
    if (!names) return std::nullopt;
    for (Interval const& interval : names->intervals()) {
        IntervalSet const set(interval.first, interval.last);
        bool const cards = std::any_of(card_names.begin(), card_names.end(), [&](std::string_view name) {
            Interval const all = interface_prefix(name);
            return set.contains(IntervalSet(all.first, all.last));
        });
        // A negation, "all but this one", says so itself.
        bool const is_prefix = interval == interface_prefix(interface_name(interval.first));
        if (cards && is_prefix) return interval;
    }
    return std::nullopt;
}

// "eth+" or "eth*", as the dialect writes it.
std::string wildcard_text(Context const& ctx, Interval const& cards) {
    std::string text = values_text(Field::iif, IntervalSet(cards.first, cards.last));
    Dialect const dialect = ctx.ruleset().dialect;
    bool const nft = dialect == Dialect::nftables || dialect == Dialect::nft_json;
    if (!nft && text.ends_with('*')) text.back() = '+';
    return text;
}

} // namespace

void check_load_time_binding(Context const& ctx, Findings& out) {
    std::set<std::pair<ChainId, std::size_t>> reported;
    for (Permit const& permit : ctx.permits()) {
        if (!permit.rule || reported.contains({permit.chain, *permit.rule})) continue;
        auto const cards = all_cards(ctx.match(permit));
        if (!cards) continue;
        PacketSet const passing = ctx.passing(permit);
        if (passing.empty()) continue;
        reported.emplace(permit.chain, *permit.rule);
        std::vector<Assumption> assumptions;
        Finding& finding = add_finding(ctx, out, permit.chain, permit.rule);
        finding.arg("what", "every network card is let in by '" + wildcard_text(ctx, *cards) +
                                "', also one that is added later");
        PacketSet const sure = certainly(passing, ctx.asked(permit));
        finding.witness = ctx.witness(permit, sure.empty() ? passing : sure, assumptions);
        if (sure.empty()) judge(finding, passing);
    }
}

} // namespace portcullis
