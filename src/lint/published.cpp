#include "lint/published.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "lint/certain.hpp"
#include "lint/exposure.hpp"
#include "portcullis/engine/interpret.hpp"

namespace portcullis {

namespace {

// The addresses of the field, where not all that was asked about are meant.
std::string addresses_text(PacketSet const& set, PacketSet const& asked, Field field) {
    auto const some = set.project(field);
    auto const all = asked.project(field);
    if (!some || !all || some->contains(*all)) return {};
    return values_text(field, *some, 2);
}

std::string after_text(Translated const& to, PortRange const& port) {
    std::string address;
    if (to.to_host) address = "this host";
    else if (to.address) address = values_text(dst_field(to.family), IntervalSet(to.address->first, to.address->last));
    return place_text(fmt::format("{}", port.first), address);
}

struct Published {
    Translated to;
    Path path;
    Service const* service = nullptr;
    PortRange port;
    PacketSet packets; // as they arrive
    PacketSet asked;
    std::optional<ChainId> filter;
};

class Publications {
  public:
    explicit Publications(Context const& ctx) : ctx_(ctx) {
        for (Service const& service : ctx.catalogue().services())
            if (service.insecure && service.severity_untrusted && service.variant_of.empty()) services_.push_back(&service);
        // Most that is published is behind the host: told is how it gets there, where it does.
        for (Path::Kind const kind : {Path::Kind::through, Path::Kind::to_host})
            for (Path const& path : find_ways(ctx.ruleset()))
                if (path.kind == kind) look_at(path);
    }

    void report(Findings& out) const {
        Ruleset const& ruleset = ctx_.ruleset();
        for (ChainId id = 0; id < ruleset.chains.size(); ++id) {
            for (std::size_t i = 0; i < ruleset.chains[id].rules.size(); ++i) {
                Rule const& rule = ruleset.chains[id].rules[i];
                auto const at = found_.find(key(rule.span));
                if (std::holds_alternative<Rewrite>(rule.verdict) && at != found_.end() && at->second.to.rule == rule.span)
                    report(id, i, at->second, out);
            }
        }
    }

  private:
    static std::pair<SourceId, std::uint32_t> key(Span const& span) { return {span.source, span.begin}; }

    void look_at(Path const& path) {
        PacketSet const asked = ctx_.question(path) & ctx_.space().of(Field::protocol, port_protocols());
        PathReach reach(ctx_.space(), ctx_.ruleset(), path, asked);
        for (Family const family : {Family::v4, Family::v6}) {
            if (!ctx_.ruleset().governs(family)) continue;
            PathReach of_translated(ctx_.space(), ctx_.ruleset(), path, translated(path, reach, family));
            for (World const& world : of_translated.accepted_worlds(family)) {
                Translated const& to = world.marks.destination;
                if (!to.done || found_.contains(key(to.rule))) continue;
                // What publishes a whole host names no service.
                auto const ports = to.port ? std::optional(IntervalSet(to.port->first, to.port->last))
                                           : world.packets.project(Field::dport);
                if (!ports || ports->count() > narrow_limit) continue;
                add(path, reach, family, world, reach.of_family(family));
            }
        }
    }

    // What leaves prerouting with another destination. All else is published by nobody, and costs most.
    PacketSet translated(Path const& path, PathReach& reach, Family family) {
        auto const behind = std::find_if(path.chains.begin(), path.chains.end(), [&](ChainId id) {
            Hook const& hook = *ctx_.ruleset().chains[id].hook;
            return hook.point != HookPoint::ingress && hook.point != HookPoint::prerouting;
        });
        if (behind == path.chains.end()) return reach.of_family(family);
        PacketSet set = ctx_.space().none();
        for (World const& world : reach.coming_to(family, *behind))
            if (world.marks.destination.done) set |= world.packets;
        return set;
    }

    void add(Path const& path, PathReach& reach, Family family, World const& world, PacketSet const& asked) {
        for (Service const* service : services_) {
            for (PortRange const& port : service->ports) {
                PacketSet set = ctx_.reaching(Worlds{world}, port);
                if (set.empty()) continue;
                Translated const& to = world.marks.destination;
                found_.emplace(key(to.rule), Published{to, path, service, port, std::move(set), asked, reach.decisive(family)});
                return;
            }
        }
    }

    void report(ChainId id, std::size_t rule, Published const& one, Findings& out) const {
        Finding& finding = add_finding(ctx_, out, id, rule);
        finding.service = one.service->name;
        finding.severity = one.service->severity_untrusted;
        auto const ports = one.packets.project(Field::dport);
        std::string const address = addresses_text(one.packets, one.asked, dst_field(one.to.family));
        finding.arg("service", one.service->name).arg("place", after_text(one.to, one.port));
        finding.arg("published", place_text(ports ? values_text(Field::dport, *ports, 3) : "", address));
        std::vector<Assumption> assumptions;
        PacketSet const sure = certainly(one.packets, one.asked);
        finding.witness = ctx_.witness(one.path, sure.empty() ? one.packets : sure, assumptions);
        if (sure.empty()) judge(finding, one.packets);
        name_filter(one, *finding.witness, assumptions, finding);
    }

    // The rule of the filter that lets the witness through.
    void name_filter(Published const& one, Witness const& witness, std::vector<Assumption> const& assumptions, Finding& finding) const {
        if (!one.filter) return finding.notes.push_back("nothing filters it behind the translation");
        Member const member{witness.packet, assumptions};
        auto const end = std::find(one.path.chains.begin(), one.path.chains.end(), *one.filter) + 1;
        Decision const decision = interpret(ctx_.ruleset(), std::vector(one.path.chains.begin(), end), witness.packet,
                                            [&](Opaque const& opaque) { return member.truth(opaque); });
        Outcome const& by = decision.main();
        if (by.chain == no_chain) return;
        Chain const& chain = ctx_.ruleset().chains[by.chain];
        finding.relate("accepts it then", by.rule ? chain.rules[*by.rule].span : chain.policy_span);
    }

    Context const& ctx_;
    std::vector<Service const*> services_;
    std::map<std::pair<SourceId, std::uint32_t>, Published> found_; // by where the rule begins
};

} // namespace

std::string place_text(std::string const& ports, std::string const& address) {
    if (ports.empty()) return address;
    return address.empty() ? "port " + ports : "port " + ports + " of " + address;
}

void find_published(Context const& ctx, Findings& out) {
    if (ctx.translates_destinations()) Publications(ctx).report(out);
}

namespace {

using Place = std::pair<ChainId, std::size_t>;

// What becomes of the destination that a rule names.
struct Lost {
    bool matches = false; // some packet on some path
    Translated to;
    PacketSet packets; // as they arrive, that the rule means
};

class Lateness {
  public:
    explicit Lateness(Context const& ctx) : ctx_(ctx) {
        for (Path const& path : ctx.paths()) {
            if (path.kind == Path::Kind::list) continue;
            // What comes in by the loopback device is not translated there.
            PacketSet const asked = (ctx.new_connections(path.hook) & ctx.unmarked()) -
                                    ctx.space().of(Field::iif, ValueSet::single(interface_value("lo")));
            PathReach reach(ctx.space(), ctx.ruleset(), path, asked);
            for (ChainId const base : path.chains) {
                Chain const& chain = ctx.ruleset().chains[base];
                if (is_nat(chain)) continue;
                if (chain.hook->v4) look_at(reach.coming_to(Family::v4, base), base);
                if (chain.hook->v6) look_at(reach.coming_to(Family::v6, base), base);
            }
        }
    }

    void report(Findings& out) const {
        for (auto const& [place, lost] : lost_) {
            if (lost.matches || !lost.to.done) continue;
            Match const& match = ctx_.ruleset().chains[place.first].rules[place.second].match;
            auto const ports = named_values(match, Field::dport);
            auto const addresses = named_values(match, dst_field(lost.to.family));
            Finding& finding = add_finding(ctx_, out, place.first, place.second);
            finding.arg("mapped", place_text(ports ? values_text(Field::dport, *ports, 3) : "",
                                             addresses ? values_text(dst_field(lost.to.family), *addresses, 2) : ""));
            finding.arg("real", to_text(lost.to));
            finding.relate("this translates them before the rule is asked", lost.to.rule);
            if (auto const member = lost.packets.member()) finding.note("as " + to_text(member->packet));
        }
    }

  private:
    void look_at(Worlds const& coming, ChainId base) {
        Space& space = ctx_.space();
        PacketSet plain = space.none(), translated = space.none();
        for (World const& world : coming) (world.marks.destination.done ? translated : plain) |= world.packets;
        for (ChainId const id : call_order(ctx_.ruleset(), base).chains) {
            auto const& rules = ctx_.ruleset().chains[id].rules;
            for (std::size_t i = 0; i < rules.size(); ++i) {
                if (!named(rules[i].match) || rules[i].implicit) continue;
                Lost& lost = lost_.try_emplace({id, i}, Lost{false, {}, space.none()}).first->second;
                if (lost.matches) continue;
                PacketSet const meant = space.of(rules[i].match);
                lost.matches = !(meant & plain).empty();
                if (!translated.empty()) look_at(coming, rules[i].match, meant & translated, lost);
            }
        }
    }

    void look_at(Worlds const& coming, Match const& match, PacketSet const& meant, Lost& lost) {
        for (World const& world : coming) {
            if (lost.matches || !world.marks.destination.done) continue;
            lost.matches = !matching(ctx_.space(), {world}, match).empty();
            if (meant.empty()) continue;
            PacketSet const gone = meant & world.packets;
            if (gone.empty()) continue;
            lost.to = world.marks.destination;
            lost.packets |= gone;
        }
    }

    static bool named(Match const& match) {
        auto const names = [&](Field field) { return named_values(match, field).has_value(); };
        return names(Field::dport) || names(Field::dst4) || names(Field::dst6);
    }

    Context const& ctx_;
    std::map<Place, Lost> lost_;
};

} // namespace

void find_asked_too_late(Context const& ctx, Findings& out) {
    if (ctx.translates_destinations()) Lateness(ctx).report(out);
}

} // namespace portcullis
