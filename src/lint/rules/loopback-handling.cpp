// What a host says to itself, by lo from 127.0.0.1 to itself or ::1, has to pass its own filters; and what claims
// to come from these addresses, or goes to them, has no business on any other interface.
#include <algorithm>
#include <array>
#include <set>

#include "lint/context.hpp"
#include "portcullis/engine/interpret.hpp"

namespace portcullis {

namespace {

constexpr U128 localhost4 = 0x7F000001U;
constexpr U128 localhost6 = 1;

IntervalSet loopback_addresses(Family family) {
    return family == Family::v4 ? IntervalSet(0x7F000000U, 0x7FFFFFFFU) : IntervalSet::single(localhost6);
}

// New connections of the host to itself, as the hook sees them.
PacketSet to_itself(Context const& ctx, HookPoint hook) {
    Space& s = ctx.space();
    Field const device = hook == HookPoint::output ? Field::oif : Field::iif;
    PacketSet const addresses =
        (s.of(Field::src4, ValueSet::single(localhost4)) & s.of(Field::dst4, ValueSet::single(localhost4))) |
        (s.of(Field::src6, ValueSet::single(localhost6)) & s.of(Field::dst6, ValueSet::single(localhost6)));
    // The addresses come last, and with them most of what the set takes.
    return ctx.new_connections(hook) & s.of(device, ValueSet::single(interface_value("lo"))) & s.of(Field::protocol, port_protocols()) & addresses;
}

// Some rule that names lo lets a part of it through: then what is dropped is dropped on purpose.
bool is_sorted_out(Context const& ctx, PathReach& reach, Family family, ChainId filter, Field device) {
    IntervalSet const lo = IntervalSet::single(interface_value("lo"));
    for (ChainId const id : call_order(ctx.ruleset(), filter).chains) {
        std::vector<Rule> const& rules = ctx.ruleset().chains[id].rules;
        for (std::size_t i = 0; i < rules.size(); ++i) {
            bool const accepts = std::holds_alternative<Accept>(rules[i].verdict);
            if (accepts && named_values(rules[i].match, device) == lo && !reach.accepted_by(family, id, i).empty())
                return true;
        }
    }
    return false;
}

PacketSet one_packet(Context const& ctx, PacketSet const& packets) {
    Cube cube;
    if (auto const member = packets.member()) {
        for (FieldInfo const& row : fields())
            if (row.family.value_or(member->packet.family()) == member->packet.family())
                cube.fields.emplace_back(row.field, IntervalSet::single(member->packet[row.field]));
    }
    return cube.fields.empty() ? ctx.space().none() : ctx.space().of(cube);
}

// A usual one of them passes.
bool passes(Context const& ctx, Path const& path, PacketSet const& packets) {
    auto const member = packets.member();
    if (!member) return true;
    Decision const decision = interpret(ctx.ruleset(), path.chains, member->packet);
    return decision.certain() && decision.main().fate == Fate::accept;
}

void check_lost(Context const& ctx, Path const& path, Findings& out) {
    PathReach reach(ctx.space(), ctx.ruleset(), path, to_itself(ctx, path.hook));
    std::set<ChainId> reported; // a chain for both families is told once, with the first
    for (Family const family : {Family::v4, Family::v6}) {
        auto const filter = reach.decisive(family);
        if (!filter || reported.contains(*filter)) continue;
        PacketSet const asked = reach.of_family(family);
        // Of a large ruleset a usual packet stands for all.
        bool const large = is_large(ctx.ruleset());
        if (large && passes(ctx, path, asked)) continue;
        PacketSet const lost = large ? asked & one_packet(ctx, asked) : asked - reach.accepted(family).possibly();
        Field const device = path.hook == HookPoint::output ? Field::oif : Field::iif;
        if (lost.empty() || !accepts_anything(ctx, path, family)) continue;
        if (is_sorted_out(ctx, reach, family, *filter, device)) continue;
        reported.insert(*filter);
        std::string const address = family == Family::v4 ? "127.0.0.1" : "::1";
        Finding& finding = add_finding(ctx, out, *filter, std::nullopt);
        finding.arg("what", ctx.ruleset().chains[*filter].title() +
                                " drops what this host says to itself, over lo from " + address + " to " + address);
        finding.witness = ctx.witness(path.chains, path.hook, lost, false);
    }
}

// The rule itself names loopback addresses, and nothing else, as the packet's source or destination.
bool names_loopback(Match const& match, Family family) {
    auto const within = [&](Field field) {
        auto const named = named_values(match, field);
        return named && !named->empty() && loopback_addresses(family).contains(*named);
    };
    return within(src_field(family)) || within(dst_field(family));
}

struct Place {
    Family family{};
    ChainId chain = 0;
    std::size_t rule = 0;
};

std::vector<Place> loopback_accepts(Context const& ctx, ChainId base) {
    std::vector<Place> places;
    for (ChainId const id : call_order(ctx.ruleset(), base).chains) {
        std::vector<Rule> const& rules = ctx.ruleset().chains[id].rules;
        for (std::size_t i = 0; i < rules.size(); ++i) {
            if (!std::holds_alternative<Accept>(rules[i].verdict)) continue;
            for (Family const family : {Family::v4, Family::v6})
                if (names_loopback(rules[i].match, family)) places.push_back({family, id, i});
        }
    }
    return places;
}

void check_let_in(Context const& ctx, Path const& path, Findings& out) {
    Space& s = ctx.space();
    PacketSet const forged =
        ctx.new_connections(path.hook) - s.of(Field::iif, ValueSet::single(interface_value("lo")));
    PathReach reach(s, ctx.ruleset(), path, forged);
    for (Family const family : {Family::v4, Family::v6}) {
        auto const filter = reach.decisive(family);
        if (!filter) continue;
        for (Place const& at : loopback_accepts(ctx, *filter)) {
            if (at.family != family) continue;
            PacketSet const passing = packets_of(s, reach.accepted_by(family, at.chain, at.rule));
            if (passing.empty()) continue;
            Finding& finding = add_finding(ctx, out, at.chain, at.rule);
            bool const v4 = family == Family::v4;
            finding.arg("what", std::string("loopback addresses are accepted from other interfaces than lo"));
            finding.note(v4 ? "the kernel drops such packets itself unless net.ipv4.conf.*.route_localnet is set"
                            : "the kernel drops such packets itself");
            if (!v4) finding.severity = Severity::info;
            finding.witness = ctx.witness(path.chains, path.hook, passing, true);
            judge(finding, passing);
        }
    }
}

} // namespace

void check_loopback_handling(Context const& ctx, Findings& out) {
    for (Path const& path : ctx.paths()) {
        if (path.kind != Path::Kind::to_host && path.kind != Path::Kind::from_host) continue;
        check_lost(ctx, path, out);
        if (path.kind == Path::Kind::to_host) check_let_in(ctx, path, out);
    }
}

} // namespace portcullis
