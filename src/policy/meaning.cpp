#include "portcullis/policy/meaning.hpp"

#include "policy/list_device.hpp"
#include "policy/renumber.hpp"

namespace portcullis {

PacketSet Meaning::of(Field field, ValueSet const& values) {
    return translated_ ? space_.of(Match{{{field, values, {}}}, {}, {}}, *translated_) : space_.of(field, values);
}

PacketSet Meaning::wide(Field field, IntervalSet const& set) {
    return numbers_ != nullptr ? space_.of(field, numbers_->of(field, set)) : of(field, set);
}

PacketSet Meaning::single(Field field, U128 value) { return of(field, ValueSet::single(value)); }

PacketSet Meaning::state(IntervalSet const& states) { return of(Field::ct_state, states); }

PacketSet Meaning::addresses(Field v4, Field v6, Addresses const& set) { return wide(v4, set.v4) | wide(v6, set.v6); }

// In pairs, so that the sets that are united are alike in size.
PacketSet Meaning::any_of(Space& space, std::vector<PacketSet> sets) {
    if (sets.empty()) return space.none();
    while (sets.size() > 1) {
        std::vector<PacketSet> next;
        for (std::size_t i = 0; i < sets.size(); i += 2)
            next.push_back(i + 1 < sets.size() ? sets[i] | sets[i + 1] : sets[i]);
        sets = std::move(next);
    }
    return sets.front();
}

PacketSet Meaning::places(std::vector<Place> const& places, bool source) {
    std::vector<PacketSet> sets;
    for (Place const& place : places)
        sets.push_back(wide(source ? Field::iif : Field::oif, place.interfaces) &
                       (source ? addresses(Field::src4, Field::src6, place.addresses)
                               : addresses(Field::dst4, Field::dst6, place.addresses)));
    return any_of(std::move(sets));
}

PacketSet Meaning::addresses(std::vector<Place> const& places, bool source) {
    std::vector<PacketSet> sets;
    for (Place const& place : places)
        sets.push_back(source ? addresses(Field::src4, Field::src6, place.addresses) : addresses(Field::dst4, Field::dst6, place.addresses));
    return any_of(std::move(sets));
}

PacketSet Meaning::later() {
    return space_.of(Field::tcp_flags, ValueSet::masked(tcp_flag::ack, tcp_flag::ack)) |
           space_.of(Field::tcp_flags, ValueSet::masked(tcp_flag::rst, tcp_flag::rst));
}

PacketSet Meaning::broken_fragments() {
    if (!policy_.harden.fragments) return space_.none();
    return single(Field::fragment, 1) & single(Field::family, family_v4);
}

PacketSet Meaning::traffic(std::vector<Traffic> const& traffic) {
    std::vector<PacketSet> sets;
    for (Traffic const& each : traffic) {
        PacketSet set = space_.all();
        if (each.protocol) set &= single(Field::protocol, *each.protocol);
        // ICMP belongs to IPv4 and ICMPv6 to IPv6.
        if (each.type) set &= single(Field::family, each.protocol == number(Protocol::icmp) ? family_v4 : family_v6);
        if (each.ports) set &= of(Field::dport, *each.ports);
        if (each.type) set &= single(Field::icmp_type, *each.type);
        if (each.code) set &= single(Field::icmp_code, *each.code);
        // Later fragments have neither ports nor types.
        if (each.ports || each.type) set &= single(Field::fragment, 0);
        sets.push_back(std::move(set));
    }
    return any_of(std::move(sets));
}

PacketSet Meaning::answering(std::vector<Traffic> const& traffic, bool keeps_connections) {
    std::vector<PacketSet> sets;
    for (Traffic const& each : traffic)
        for (AnswerShape const& answer : answers_to(each, keeps_connections)) {
            PacketSet set = single(Field::protocol, number(answer.protocol));
            if (answer.source_ports) set &= space_.of(Field::sport, *answer.source_ports);
            if (answer.type)
                set &= single(Field::icmp_type, *answer.type) &
                       single(Field::family, answer.protocol == Protocol::icmp ? family_v4 : family_v6);
            if (answer.established) set &= later();
            if (answer.source_ports || answer.type || answer.established) set &= single(Field::fragment, 0);
            sets.push_back(std::move(set));
        }
    return any_of(std::move(sets));
}

PacketSet Meaning::neighbours() {
    PacketSet const icmpv6 = single(Field::protocol, number(Protocol::icmpv6)) & single(Field::family, family_v6) &
                             single(Field::fragment, 0);
    return icmpv6 & ((space_.of(Field::icmp_type, neighbour_types()) & single(Field::ttl, 255)) |
                     (space_.of(Field::icmp_type, listener_types()) &
                      wide(Field::src6, listener_sources())));
}

PacketSet Meaning::forged(Path::Kind kind) {
    if (kind == Path::Kind::from_host) return space_.none();
    std::vector<PacketSet> sets;
    for (SourceCheck const& check : source_checks(policy_)) {
        Addresses const sources = kind == Path::Kind::to_host ? check.forged.minus(never_forged()) : check.forged;
        sets.push_back(wide(Field::iif, check.interfaces) & addresses(Field::src4, Field::src6, sources));
    }
    return any_of(std::move(sets));
}

PacketSet Meaning::arriving(Publish const& publish) {
    Family const family = publish.host.family;
    PacketSet set = traffic(publish.traffic) & places(publish.from.places, true) & state(IntervalSet::single(ct_state::new_)) &
                    single(Field::family, family_value(family)) & single(Field::fragment, 0);
    set -= single(Field::iif, interface_value("lo"));
    // What is sent there already is not translated (and has no status that says so).
    PacketSet there = single(dst_field(family), publish.host.value);
    if (publish.port) there &= single(Field::dport, *publish.port);
    set -= there;
    return set & (publish.any_own ? single(Field::dst_type, route_type::local) : addresses(Field::dst4, Field::dst6, publish.at));
}

PacketSet Meaning::published() {
    std::vector<PacketSet> sets;
    for (Publish const& publish : policy_.publications) sets.push_back(arriving(publish));
    return any_of(std::move(sets));
}

PacketSet Meaning::about(Statement const& statement, Path::Kind kind) {
    bool const from = kind == Path::Kind::from_host, to = kind == Path::Kind::to_host;
    if ((from && !statement.from.self) || (to && !statement.to.self)) return space_.none();
    PacketSet set = traffic(statement.traffic);
    if (!from) set &= places(statement.from.places, true);
    if (!to) set &= places(statement.to.places, false);
    return set;
}

Allowed Meaning::answers(Path::Kind kind, bool keeps_connections) {
    if (!policy_.harden.established) return {space_.none(), space_.none(), space_.none()};
    std::vector<PacketSet> always, sometimes;
    for (Statement const& statement : policy_.statements) {
        // What comes to the host answers what the host has sent.
        bool const from = kind == Path::Kind::from_host, to = kind == Path::Kind::to_host;
        if (statement.deny || (to && !statement.from.self) || (from && !statement.to.self)) continue;
        PacketSet set = answering(statement.traffic, keeps_connections);
        if (!from) set &= places(statement.to.places, true);
        if (!to) set &= places(statement.from.places, false);
        (statement.rate ? sometimes : always).push_back(std::move(set));
    }
    PacketSet stopped = broken_fragments();
    stopped |= forged(kind);
    PacketSet const certain = any_of(std::move(always)) - stopped;
    return {certain, certain, certain | (any_of(std::move(sometimes)) - stopped)};
}

PacketSet Meaning::later_segments() {
    std::vector<PacketSet> sets;
    for (Statement const& statement : policy_.statements) {
        if (statement.deny || statement.rate) continue;
        sets.push_back(traffic(statement.traffic) & addresses(statement.from.places, true) & addresses(statement.to.places, false));
        if (policy_.harden.established)
            sets.push_back(answering(statement.traffic, false) & addresses(statement.to.places, true) & addresses(statement.from.places, false));
    }
    return (any_of(std::move(sets)) & later() & single(Field::protocol, number(Protocol::tcp)) & single(Field::fragment, 0)) - forged(Path::Kind::to_host);
}

Allowed Meaning::allowed(Path::Kind kind) {
    Harden const& harden = policy_.harden;
    std::vector<PacketSet> always, perhaps_always, sometimes, never;
    for (Statement const& statement : policy_.statements)
        (statement.deny ? never : !statement.rate ? always : statement.rate_optional ? perhaps_always : sometimes).push_back(about(statement, kind));
    PacketSet const opens = state(IntervalSet::single(ct_state::new_));
    PacketSet const denied = any_of(std::move(never));
    PacketSet const certain = (any_of(std::move(always)) & opens) - denied;
    PacketSet const unlimited = certain | ((any_of(std::move(perhaps_always)) & opens) - denied);
    PacketSet const possible = unlimited | ((any_of(std::move(sometimes)) & opens) - denied);

    // What is the same for all statements.
    PacketSet granted = space_.none();  // beside them
    PacketSet const refused = forged(kind);
    PacketSet answers = space_.none();  // of connections that were allowed
    PacketSet broken = space_.none();
    PacketSet inside = space_.none();   // whatever else is said
    PacketSet links = space_.none();    // but for forged sources
    granted |= traffic(essential_messages(harden));
    if (harden.established) answers = state(IntervalSet(ct_state::established, ct_state::related));
    if (harden.invalid) broken |= state(IntervalSet::single(ct_state::invalid));
    broken |= broken_fragments();
    if (harden.neighbour_discovery && kind != Path::Kind::through) links = neighbours() - refused;
    if (harden.loopback && kind != Path::Kind::through)
        inside |= wide(kind == Path::Kind::to_host ? Field::iif : Field::oif, IntervalSet::single(interface_value("lo")));
    auto const together = [&](PacketSet const& by_statements) {
        return inside | links | ((answers | granted | by_statements) - refused - broken);
    };
    Allowed result{together(certain), together(unlimited), together(possible)};
    if (kind != Path::Kind::through) return result;
    // Of what is published, the denials are asked about what it is then; the first that speaks of it says where it goes.
    PacketSet taken = space_.none();
    for (Publish const& publish : policy_.publications) {
        PacketSet const own = arriving(publish) - taken;
        taken |= own;
        Rewrite const rewrite{Rewrite::Kind::dnat, Interval{publish.host.value, publish.host.value},
                              publish.port ? std::optional(Interval{*publish.port, *publish.port}) : std::nullopt};
        translated_ = Marks{};
        translated_->destination = translation_by(rewrite, publish.host.family, {});
        std::vector<PacketSet> stopped;
        for (Statement const& statement : policy_.statements)
            if (statement.deny) stopped.push_back(about(statement, kind));
        PacketSet const passes = own - any_of(std::move(stopped)) - refused - broken;
        translated_.reset();
        for (PacketSet* const set : {&result.certainly, &result.without_limit, &result.possibly}) *set = (*set - own) | passes;
    }
    return result;
}

} // namespace portcullis
