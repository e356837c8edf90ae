// Permits whose packets have a source that is not behind the interface by which they come, as the zones say which name
// both.
#include <algorithm>

#include "lint/context.hpp"

namespace portcullis {

namespace {

// Of a host without an address, and those that a host has on its link whatever the network: RFC 3927, RFC 4291.
PacketSet on_every_link(Space& space) {
    IntervalSet const v4 = IntervalSet::single(0).united(IntervalSet::of(*parse_prefix("169.254.0.0/16")));
    IntervalSet const v6 = IntervalSet::single(0).united(IntervalSet::of(*parse_prefix("fe80::/10")));
    return space.of(Field::src4, v4) | space.of(Field::src6, v6);
}

IntervalSet names_of(std::vector<std::string> const& interfaces) {
    std::vector<Interval> all;
    for (std::string const& name : interfaces) {
        if (name.ends_with('*')) {
            all.push_back(interface_prefix(std::string_view(name).substr(0, name.size() - 1)));
        } else {
            all.push_back({interface_value(name), interface_value(name)});
        }
    }
    return IntervalSet::of(std::move(all));
}

class Zones {
  public:
    explicit Zones(Context const& ctx) : space_(ctx.space()), impossible_(space_.none()) {
        PacketSet const anywhere = on_every_link(space_);
        // An interface may be in several zones; its packets come from the networks of any.
        PacketSet possible = anywhere;
        IntervalSet named;
        for (Zone const& zone : ctx.config().zones) {
            if (zone.interfaces.empty()) continue;
            IntervalSet const names = names_of(zone.interfaces);
            named = named.united(names);
            possible |= space_.of(Field::iif, names) & sources(zone);
        }
        impossible_ = space_.of(Field::iif, named) - possible;
    }

    PacketSet const& impossible() const { return impossible_; }
    // By the interface that a list is bound to: only the sources that are behind it.
    PacketSet impossible_at(Config const& config, Binding const& binding) const {
        IntervalSet const name = names_of({binding.interface});
        PacketSet possible = on_every_link(space_);
        bool is_named = false;
        for (Zone const& zone : config.zones) {
            if (!names_of(zone.interfaces).overlaps(name)) continue;
            is_named = true;
            possible |= sources(zone);
        }
        return is_named && binding.inbound ? possible.complement() : space_.none();
    }

  private:
    PacketSet sources(Zone const& zone) const {
        if (!zone.has_networks) return space_.all();
        return space_.of(Field::src4, zone.v4) | space_.of(Field::src6, zone.v6);
    }

    Space& space_;
    PacketSet impossible_;
};

// Of the packets that come to the base chain, those that no interface brings.
PacketSet impossible_in(Context const& ctx, Zones const& zones, ChainId base) {
    Chain const& chain = ctx.ruleset().chains[base];
    if (chain.hook->point != HookPoint::list) return zones.impossible();
    PacketSet all = ctx.space().none();
    for (std::size_t i = 0; i < chain.bindings.size(); ++i) {
        PacketSet const one = zones.impossible_at(ctx.config(), chain.bindings[i]);
        all = i == 0 ? one : all & one;
    }
    return all;
}

} // namespace

void check_irrelevant_rule(Context const& ctx, Findings& out) {
    auto const says_where = [](Zone const& zone) { return zone.has_networks && !zone.interfaces.empty(); };
    auto const& all = ctx.config().zones;
    if (std::none_of(all.begin(), all.end(), says_where)) return;
    Zones const zones(ctx);
    for (TextRule const& group : rules_of_text(ctx.ruleset())) {
        RuleId const id = group.front();
        Rule const& rule = rule_of(ctx.ruleset(), id);
        if (group.size() != 1 || !std::holds_alternative<Accept>(rule.verdict) || ctx.bases(id.chain).empty()) continue;
        if (!asks_about(rule.match, Field::src4) && !asks_about(rule.match, Field::src6)) continue;
        if (ctx.shadows().life(id) != Life::alive) continue;
        PacketSet const matched = ctx.space().of(rule.match);
        auto const& bases = ctx.bases(id.chain);
        bool const never = std::all_of(bases.begin(), bases.end(), [&](ChainId base) {
            return (matched & ctx.seen_by(base)).subset_of(impossible_in(ctx, zones, base));
        });
        if (!never) continue;
        Finding& finding = add_finding(ctx, out, id.chain, id.rule);
        auto const family = asks_about(rule.match, Field::src4) ? Field::src4 : Field::src6;
        auto const named = named_values(rule.match, family);
        finding.arg("what", named ? values_text(family, *named, 3) + " is not behind the interface" : "their sources are elsewhere");
        finding.note("proof: every packet that it matches has a source that no zone of its interface has");
    }
}

} // namespace portcullis
