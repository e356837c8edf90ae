// Path MTU discovery lives on one message: "fragmentation needed" of ICMP, "packet too big" of ICMPv6. Connection
// tracking knows it as related to the connection that it is about; an access list without states sees an ICMP packet.
// Asked of ways that let answers in. An ASA inspects these messages by itself.
#include <algorithm>
#include <array>

#include "lint/context.hpp"
#include "portcullis/engine/interpret.hpp"

namespace portcullis {

namespace {

struct Message {
    Family family;
    Protocol protocol;
    unsigned type, code;
    char const* name;
};
constexpr std::array messages{Message{Family::v4, Protocol::icmp, 3, 4, "fragmentation needed (ICMP type 3 code 4)"},
                              Message{Family::v6, Protocol::icmpv6, 2, 0, "packet too big (ICMPv6 type 2)"}};

PacketSet related(Context const& ctx, Message const& message) {
    Space& s = ctx.space();
    return s.of(Field::protocol, ValueSet::single(number(message.protocol))) &
           s.of(Field::icmp_type, ValueSet::single(message.type)) & s.of(Field::icmp_code, ValueSet::single(message.code)) &
           s.of(Field::ct_state, ValueSet::single(ct_state::related));
}

// Answers to connections that were opened from here: who turns those away has PC307.
PacketSet answers(Context const& ctx) {
    Space& s = ctx.space();
    return s.of(Field::protocol, ValueSet::single(number(Protocol::tcp))) & s.of(Field::sport, ValueSet::single(443)) &
           s.of(Field::dport, ValueSet::range(49152, 65535)) & s.of(Field::tcp_flags, ValueSet::single(tcp_flag::ack)) &
           s.of(Field::ct_state, ValueSet::single(ct_state::established));
}

// Whether a usual packet of the set passes: mostly it does, and the interpreter knows at little cost.
bool one_passes(Context const& ctx, Path const& path, PacketSet const& packets) {
    auto const member = packets.member();
    if (!member) return false;
    auto const truth = [&](Opaque const& opaque) { return member->truth(opaque); };
    return interpret(ctx.ruleset(), path, member->packet, truth).main().fate == Fate::accept;
}

void check(Context const& ctx, std::size_t path_index, PacketSet const& arriving, Findings& out) {
    Path const& path = ctx.paths()[path_index];
    Space& s = ctx.space();
    PacketSet const question = (arriving & ctx.from_untrusted() & s.of(Field::fragment, ValueSet::single(0))) -
                               s.of(Field::iif, ValueSet::single(interface_value("lo")));
    for (Message const& message : messages) {
        if (!ctx.ruleset().governs(message.family)) continue;
        PathReach reach(s, ctx.ruleset(), path, question & related(ctx, message));
        if (!reach.decisive(message.family)) continue;
        PacketSet const wanted = reach.of_family(message.family);
        if (wanted.empty() || one_passes(ctx, path, wanted) || !reach.accepted(message.family).empty()) continue;
        PathReach back(s, ctx.ruleset(), path, question & answers(ctx));
        if (!one_passes(ctx, path, back.of_family(message.family)) && back.accepted(message.family).empty()) continue;
        Witness const witness = ctx.witness(path.chains, path.hook, wanted, false);
        Outcome const outcome = interpret(ctx.ruleset(), path, witness.packet).main();
        add_finding(ctx, out, outcome.chain, outcome.rule).arg("message", message.name).witness = witness;
    }
}

} // namespace

void check_pmtud_broken(Context const& ctx, Findings& out) {
    if (ctx.ruleset().dialect == Dialect::cisco_asa) return;
    for (std::size_t p = 0; p < ctx.paths().size(); ++p) {
        Path::Kind const kind = ctx.paths()[p].kind;
        if (kind == Path::Kind::to_host || kind == Path::Kind::through) check(ctx, p, ctx.seen_at(ctx.paths()[p].hook), out);
    }
    for (OutsideWay const& way : ctx.outside_ways()) {
        if (ctx.paths()[way.path].kind == Path::Kind::list) check(ctx, way.path, arriving(ctx, way), out);
    }
}

} // namespace portcullis
