// "established" asks for the ACK or RST bit of the packet at hand, which any sender can set. Found where a list lets
// in such packets from untrusted sources although it would not let in the SYN that has to come before them, and nothing
// on the device keeps connections in mind: no reflexive entries in the list, no inspection, no zones (IOS), and no
// ASA. Outbound lists are left out: what leaves comes from inside.
#include <algorithm>
#include <fmt/format.h>

#include "lint/what_if.hpp"

namespace portcullis {

namespace {

bool asks_for_flags(Rule const& rule) {
    return std::holds_alternative<Accept>(rule.verdict) && asks_about(rule.match, Field::tcp_flags);
}

// An entry that stands for those which connections from inside have opened.
bool is_reflexive(Rule const& rule) {
    return std::any_of(rule.match.opaque.begin(), rule.match.opaque.end(), [](Opaque const& opaque) {
        return opaque.text.starts_with("evaluate ");
    });
}

bool lets_in(Context const& ctx, Chain const& list) {
    return list.bindings.empty() || std::any_of(list.bindings.begin(), list.bindings.end(), [&](Binding const& binding) {
        return binding.inbound && !ctx.config().trusts_interface(binding.interface);
    });
}

// Bare acknowledgements from untrusted sources.
PacketSet acknowledgements(Context const& ctx) {
    Space& s = ctx.space();
    return ctx.from_untrusted() & ctx.seen_at(HookPoint::list) &
           s.of(Field::protocol, ValueSet::single(number(Protocol::tcp))) &
           s.of(Field::fragment, ValueSet::single(0)) & s.of(Field::tcp_flags, ValueSet::single(tcp_flag::ack));
}

// At least half of the sources that nobody vouches for, as for "any": an entry for a known peer is another matter.
bool from_anywhere(Context const& ctx, PacketSet const& packets) {
    auto const are_most = [&](Family family) {
        auto const sources = packets.project(src_field(family));
        return sources && sources->count() >= ctx.config().untrusted_sources(family).count() / 2;
    };
    return are_most(Family::v4) || are_most(Family::v6);
}

// One finding a list, at its first such entry.
void report(Context const& ctx, Reach& reach, ChainId id, PacketSet const& bare, Findings& out) {
    std::vector<Rule> const& rules = ctx.ruleset().chains[id].rules;
    std::vector<std::size_t> entries;
    std::optional<PacketSet> first;
    for (std::size_t i = 0; i < rules.size(); ++i) {
        if (!asks_for_flags(rules[i])) continue;
        PacketSet const packets = reach.hits(id, i) & bare;
        if (packets.empty()) continue;
        if (!first) first = packets;
        entries.push_back(i);
    }
    if (!first || !from_anywhere(ctx, bare)) return;
    Finding& finding = add_finding(ctx, out, id, entries.front());
    finding.witness = ctx.witness(id, *first, true);
    judge(finding, *first);
    constexpr std::size_t most = 3;
    for (std::size_t i = 1; i < std::min(entries.size(), most + 1); ++i)
        finding.relate("so do they here", rules[entries[i]].span);
    if (entries.size() > most + 1)
        finding.note(fmt::format("and by {} more entries of this list", entries.size() - most - 1));
}

} // namespace

void check_established_is_not_stateful(Context const& ctx, Findings& out) {
    Ruleset const& ruleset = ctx.ruleset();
    bool const keeps_state = ruleset.dialect == Dialect::cisco_asa ||
                             std::any_of(ruleset.interfaces.begin(), ruleset.interfaces.end(),
                                         [](Interface const& interface) { return interface.inspects; });
    if (keeps_state) return;
    std::vector<ChainId> lists;
    for (Path const& path : ctx.paths()) {
        Chain const& list = ruleset.chains[path.chains.front()];
        bool const asked = path.kind == Path::Kind::list && lets_in(ctx, list) &&
                           std::any_of(list.rules.begin(), list.rules.end(), asks_for_flags) &&
                           std::none_of(list.rules.begin(), list.rules.end(), is_reflexive);
        if (asked) lists.push_back(path.chains.front());
    }
    if (lists.empty()) return;
    PacketSet const question = acknowledgements(ctx);
    // What the lists would say of the same packets if they were to open a connection.
    Ruleset const opening = assuming(ruleset, Field::tcp_flags, tcp_flag::syn);
    Reach of_answers(ctx.space(), ruleset, question);
    Reach of_openings(ctx.space(), opening, question);
    for (ChainId const id : lists) {
        PacketSet const bare = of_answers.verdicts(id).accepted - of_openings.verdicts(id).accepted;
        if (!bare.empty()) report(ctx, of_answers, id, bare, out);
    }
}

} // namespace portcullis
