// A service that anybody reaches over one family, and not over the other: one packet of each is the proof. A service is where
// connections end, whatever port they arrive at.
#include <algorithm>
#include <fmt/format.h>

#include "lint/exposure.hpp"
#include "portcullis/engine/interpret.hpp"

namespace portcullis {

namespace {

// Services that belong to one family by design: DHCP (RFC 2131) and DHCPv6 (RFC 8415).
bool has_both_families(PortRange const& port) {
    constexpr std::uint16_t of_one_family[] = {67, 68, 546, 547};
    return std::ranges::find(of_one_family, port.first) == std::end(of_one_family);
}

char const* name(Family family) { return family == Family::v4 ? "IPv4" : "IPv6"; }

// What comes in on one path over one family.
struct Side {
    Family family;
    PacketSet asked;
    std::optional<IntervalSet> sources; // of what is asked about
    Worlds worlds; // of what is accepted
    PacketSet accepted;

    // Half of all sources at least.
    bool from_anybody(PacketSet const& set) const {
        if (set.empty() || !sources) return false;
        auto const some = set.project(src_field(family));
        return some && some->count() >= sources->count() / 2;
    }
};

// What one rule or policy opens over its family alone.
struct Gap {
    Permit const* permit = nullptr;
    std::vector<OpenService> services;
    PacketSet packets; // of the first of them
};

class PathGaps {
  public:
    PathGaps(Context const& ctx, std::size_t path, PathReach& reach)
        : ctx_(ctx), path_(ctx.paths()[path]), v4_(side(Family::v4, reach)), v6_(side(Family::v6, reach)) {
        for (Permit const& permit : ctx.permits())
            if (permit.path == path) permits_.push_back(&permit);
    }

    void report(Findings& out) const {
        // Who filters one family only has PC318.
        if (v4_.accepted == v4_.asked || v6_.accepted == v6_.asked) return;
        report(v6_, v4_, out);
        // A host that offers nothing over IPv6 has made up its mind.
        if (any_service(v6_)) report(without_forwards(v4_), v6_, out);
    }

  private:
    Side side(Family family, PathReach& reach) const {
        Worlds worlds = reach.accepted_worlds(family);
        PacketSet accepted = packets_of(ctx_.space(), worlds);
        PacketSet asked = reach.of_family(family);
        auto sources = asked.project(src_field(family));
        return {family, std::move(asked), std::move(sources), std::move(worlds), std::move(accepted)};
    }

    // Ports that are forwarded to hosts with private addresses have no counterpart: over IPv6 those hosts have addresses
    // of their own, and clients connect to these.
    Worlds without_forwards(Worlds worlds, Family family) const {
        if (path_.kind == Path::Kind::through && family == Family::v4)
            std::erase_if(worlds, [](World const& world) { return world.marks.destination.done; });
        return worlds;
    }
    Side without_forwards(Side side) const {
        side.worlds = without_forwards(std::move(side.worlds), side.family);
        return side;
    }

    bool any_service(Side const& side) const {
        auto const& services = ctx_.catalogue().services();
        return std::any_of(services.begin(), services.end(), [&](Service const& service) {
            return std::ranges::any_of(service.ports, [&](PortRange const& port) {
                return has_both_families(port) && !ctx_.reaching(side.worlds, port).empty();
            });
        });
    }

    void report(Side const& open, Side const& closed, Findings& out) const {
        PacketSet const perhaps = closed.accepted.possibly();
        std::vector<Gap> gaps;
        for (Service const& service : ctx_.catalogue().services()) {
            if (!service.variant_of.empty()) continue; // its ports are those of the service that it varies
            for (PortRange const& port : service.ports) {
                if (!has_both_families(port) || !open.from_anybody(ctx_.reaching(open.worlds, port))) continue;
                if (closed.from_anybody(ctx_.reaching(closed.worlds, port).possibly())) continue;
                add(gaps, {&service, port}, open);
                break;
            }
        }
        for (Gap const& gap : gaps) report(gap, open, closed, perhaps, out);
    }

    // Finds who lets the service in: a rule that lets anybody in before one that lets in some.
    void add(std::vector<Gap>& gaps, OpenService const& service, Side const& open) const {
        Permit const* some = nullptr;
        PacketSet packets = ctx_.space().none();
        for (Permit const* permit : permits_) {
            if (permit->family != open.family || !may_match(ctx_, *permit, service.port)) continue;
            PacketSet passing = ctx_.reaching(without_forwards(ctx_.passing_worlds(*permit), open.family), service.port);
            if (passing.empty()) continue;
            bool const anybody = open.from_anybody(passing);
            if (anybody || some == nullptr) {
                some = permit;
                packets = std::move(passing);
            }
            if (anybody) break;
        }
        if (some == nullptr) return;
        auto const known = std::ranges::find(gaps, some, &Gap::permit);
        if (known != gaps.end())
            known->services.push_back(service);
        else
            gaps.push_back({some, {service}, std::move(packets)});
    }

    void report(Gap const& gap, Side const& open, Side const& closed, PacketSet const& perhaps,
                Findings& out) const {
        Finding& finding = out.add(ctx_.rule().id, ctx_.span(*gap.permit));
        finding.where = ctx_.where(*gap.permit);
        finding.service = gap.services.front().service->name;
        finding.arg("services", services_text(gap.services))
            .arg("verb", gap.services.size() == 1 ? "is" : "are")
            .arg("open", name(open.family))
            .arg("closed", name(closed.family))
            .arg("path", path_.kind == Path::Kind::to_host ? "to this host" : "through this host");
        std::vector<Assumption> assumptions;
        finding.witness = ctx_.witness(*gap.permit, gap.packets, assumptions);
        judge(finding, gap.packets);
        // Who gets through a set of unknown content, nobody can say.
        bool const guarded =
            std::ranges::any_of(assumptions, [](Assumption const& a) { return a.holds && !a.stateful; });
        if (finding.certainty == Certainty::possible && guarded) finding.severity = Severity::info;
        PortRange const& port = gap.services.front().port;
        PacketSet const sent = closed.asked & ctx_.to_service(port);
        PacketSet const denied = sent - perhaps;
        if (denied.empty()) return note_elsewhere(finding, closed, sent - ctx_.reaching(closed.worlds, port).possibly());
        Witness const other = ctx_.witness(path_.chains, path_.hook, denied, false);
        finding.note(
            fmt::format("over {}: {} ends in {}", name(closed.family), to_text(other.packet), other.verdict));
        relate_denial(finding, other.packet, closed.family);
    }

    // None is turned away, but a translation leads them to another port.
    void note_elsewhere(Finding& finding, Side const& closed, PacketSet const& sent) const {
        PacketSet const elsewhere = closed.accepted & sent;
        if (elsewhere.empty()) return;
        std::vector<Assumption> assumptions;
        Witness const other = ctx_.witness(path_, elsewhere, assumptions);
        if (other.became) finding.note(fmt::format("over {}: {} ends as {}", name(closed.family), to_text(other.packet), to_text(*other.became)));
    }

    void relate_denial(Finding& finding, Packet const& packet, Family family) const {
        Outcome const outcome = interpret(ctx_.ruleset(), path_.chains, packet).main();
        if (outcome.chain == no_chain) return;
        Chain const& chain = ctx_.ruleset().chains[outcome.chain];
        finding.relate(fmt::format("turns it away over {}", name(family)),
                       outcome.rule ? chain.rules[*outcome.rule].span : chain.policy_span);
    }

    Context const& ctx_;
    Path const& path_;
    Side v4_;
    Side v6_;
    std::vector<Permit const*> permits_;
};

} // namespace

void check_ipv6_parity_gap(Context const& ctx, Findings& out) {
    if (!ctx.ruleset().governs_v4 || !ctx.ruleset().governs_v6) return;
    for (std::size_t p = 0; p < ctx.paths().size(); ++p) {
        Path const& path = ctx.paths()[p];
        if (path.kind != Path::Kind::to_host && path.kind != Path::Kind::through) continue;
        PathReach reach(ctx.space(), ctx.ruleset(), path, ctx.question(p));
        PathGaps(ctx, p, reach).report(out);
    }
}

} // namespace portcullis
