// "established" asks for the ACK or RST bit of the packet at hand, which any sender can set. Found where a list lets
// in such packets from untrusted sources although it would not let in the SYN that has to come before them, and nothing
// on the device keeps connections in mind: no reflexive entries in the list, no inspection, no zones (IOS), and no
// ASA. Outbound lists are left out: what leaves comes from inside.
#include <algorithm>
#include <optional>

#include "lint/context.hpp"
#include "portcullis/engine/interpret.hpp"

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

Match without_flags(Match match) {
    std::erase_if(match.terms, [](Term const& term) { return term.field == Field::tcp_flags; });
    return match;
}

// A packet that the entry lets in, and whose SYN the list would not; found by examples, each without those that
// earlier ones have shown to be decided elsewhere.
std::optional<Packet> bare_acknowledgement(Context const& ctx, ChainId id, std::size_t entry, PacketSet left) {
    constexpr std::size_t most = 64;
    std::vector<Rule> const& rules = ctx.ruleset().chains[id].rules;
    for (std::size_t i = 0; i < most; ++i) {
        auto const member = left.member();
        if (!member) break;
        auto const decide = [&](Packet const& packet) {
            return interpret(ctx.ruleset(), id, packet, [&](Opaque const& o) { return member->truth(o); }).main();
        };
        Outcome decided = decide(member->packet);
        if (decided.rule == entry && decided.chain == id) {
            Packet opening = member->packet;
            opening[Field::tcp_flags] = tcp_flag::syn;
            decided = decide(opening);
            if (decided.fate != Fate::accept) return member->packet;
        }
        if (!decided.rule || decided.chain != id) break;
        left -= ctx.space().of(without_flags(rules[*decided.rule].match));
    }
    return std::nullopt;
}

// One finding a list, at its first such entry.
void check_list(Context const& ctx, ChainId id, PacketSet const& question, Findings& out) {
    std::vector<Rule> const& rules = ctx.ruleset().chains[id].rules;
    constexpr std::size_t most = 100; // entries that are looked at
    std::size_t asked = 0;
    for (std::size_t i = 0; i < rules.size() && asked < most; ++i) {
        if (!asks_for_flags(rules[i])) continue;
        ++asked;
        PacketSet const own = ctx.space().of(rules[i].match) & question;
        if (own.empty() || !from_anywhere(ctx, own)) continue;
        auto const packet = bare_acknowledgement(ctx, id, i, own);
        if (!packet) continue;
        Finding& finding = add_finding(ctx, out, id, i);
        finding.witness = Witness{*packet, HookPoint::list, "accept", ctx.ruleset().chains[id].title()};
        if (!rules[i].match.opaque.empty()) finding.certainty = Certainty::possible;
        return;
    }
}

} // namespace

void check_established_is_not_stateful(Context const& ctx, Findings& out) {
    Ruleset const& ruleset = ctx.ruleset();
    bool const keeps_state = ruleset.dialect == Dialect::cisco_asa ||
                             std::any_of(ruleset.interfaces.begin(), ruleset.interfaces.end(),
                                         [](Interface const& interface) { return interface.inspects; });
    if (keeps_state) return;
    for (Path const& path : ctx.paths()) {
        if (path.kind != Path::Kind::list) continue;
        Chain const& list = ruleset.chains[path.chains.front()];
        bool const asked = lets_in(ctx, list) && std::any_of(list.rules.begin(), list.rules.end(), asks_for_flags) &&
                           std::none_of(list.rules.begin(), list.rules.end(), is_reflexive);
        if (asked) check_list(ctx, path.chains.front(), acknowledgements(ctx), out);
    }
}

} // namespace portcullis
