#include "lint/list_ways.hpp"

#include <algorithm>
#include <array>

#include "lint/outside.hpp"
#include "portcullis/engine/path.hpp"

namespace portcullis {

namespace {

constexpr std::array families{Family::v4, Family::v6};

// The networks that it is connected to, without its own addresses; or these.
IntervalSet networks(Interface const& interface, Family family, bool own) {
    IntervalSet connected, addresses;
    for (Prefix const& prefix : interface.addresses) {
        if (prefix.ip.family != family) continue;
        connected = connected.united(IntervalSet::of(prefix));
        addresses = addresses.united(IntervalSet::single(prefix.ip.value));
    }
    return own ? addresses : connected.minus(addresses);
}

} // namespace

ListWays::ListWays(Space& space, Ruleset const& ruleset) : space_(space), ruleset_(ruleset) {
    for (Interface const& interface : ruleset.interfaces) {
        bool const routed = !interface.addresses.empty() || interface.has_dynamic_address;
        if (routed && !interface.shutdown) routed_.push_back(&interface);
    }
}

std::optional<PacketSet> ListWays::packets_with_way(ChainId list) {
    Chain const& chain = ruleset_.chains[list];
    auto const is_inbound = [](Binding const& each) { return each.inbound; };
    if (chain.bindings.empty()) return std::nullopt;
    bool const inbound = is_inbound(chain.bindings.front());
    for (Binding const& each : chain.bindings) {
        bool const routed = std::ranges::any_of(routed_, [&](Interface const* one) { return is_of(each, *one); });
        if (each.inbound != inbound || !routed) return std::nullopt;
    }
    auto const has_list = [&](Interface const* interface) {
        return std::ranges::any_of(families, [&](Family family) { return !lists_at(*interface, !inbound, family).empty(); });
    };
    if (!std::ranges::any_of(routed_, has_list)) return std::nullopt;
    if (inbound) return leaving();
    PacketSet coming = space_.none();
    std::size_t others = 0;
    for (Interface const* interface : routed_) {
        if (is_bound(chain, *interface, false)) continue;
        ++others;
        for (Family const family : families) coming |= passing(*interface, true, family);
    }
    return others == 0 ? std::nullopt : std::optional(coming);
}

std::vector<ChainId> ListWays::lists_at(Interface const& interface, bool inbound, Family family) const {
    std::vector<ChainId> found;
    for (ChainId id = 0; id < ruleset_.chains.size(); ++id) {
        Chain const& chain = ruleset_.chains[id];
        bool const list = chain.hook && chain.hook->point == HookPoint::list && chain.hook->sees(family);
        if (list && is_bound(chain, interface, inbound)) found.push_back(id);
    }
    return found;
}

PacketSet ListWays::passing(Interface const& interface, bool inbound, Family family) {
    auto const lists = lists_at(interface, inbound, family);
    // Of several, an ASA asks the next where the first says nothing.
    return lists.size() == 1 ? accepted(lists.front(), family) : space_.of(Field::family, ValueSet::single(family_value(family)));
}

PacketSet ListWays::accepted(ChainId list, Family family) {
    auto const known = accepted_.find({list, family});
    if (known != accepted_.end()) return known->second;
    Path const alone{Path::Kind::list, ruleset_.chains[list].name, HookPoint::list, {list}};
    PathReach reach(space_, ruleset_, alone, packets_at(space_, HookPoint::list));
    return accepted_.emplace(std::pair{list, family}, reach.accepted(family)).first->second;
}

PacketSet ListWays::leaving() {
    if (leaving_) return *leaving_;
    PacketSet set = space_.none();
    for (Family const family : families) {
        IntervalSet elsewhere = IntervalSet::all(address_bits(family));
        for (Interface const* interface : routed_) {
            IntervalSet const behind = networks(*interface, family, false);
            elsewhere = elsewhere.minus(behind);
            set |= to(family, behind) & passing(*interface, false, family);
        }
        for (Interface const* interface : routed_) elsewhere = elsewhere.united(networks(*interface, family, true)); // the router itself
        set |= to(family, elsewhere);
    }
    return leaving_.emplace(std::move(set));
}

PacketSet ListWays::to(Family family, IntervalSet const& destinations) const {
    return space_.of(Field::family, ValueSet::single(family_value(family))) & space_.of(dst_field(family), destinations);
}

} // namespace portcullis
