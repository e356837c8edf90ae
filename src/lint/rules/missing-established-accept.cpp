// A connection is more than its first packet: what follows it, in both directions, is established. Found where the
// rules let connections be opened and then drop what follows. The engine is asked twice about the same flows: in a
// copy of the ruleset that knows their packets to be new, and in one that knows them to be established; for
// answers, in one where the two ends have changed places besides.
#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "lint/what_if.hpp"
#include "portcullis/engine/interpret.hpp"

namespace portcullis {

namespace {

// Where connections are opened, and where what follows has to pass.
struct Way {
    Path::Kind opened;
    Path::Kind followed;
    bool answers;
};
constexpr std::array ways{Way{Path::Kind::to_host, Path::Kind::to_host, false},
                          Way{Path::Kind::through, Path::Kind::through, false},
                          Way{Path::Kind::from_host, Path::Kind::from_host, false},
                          Way{Path::Kind::to_host, Path::Kind::from_host, true},
                          Way{Path::Kind::through, Path::Kind::through, true},
                          Way{Path::Kind::from_host, Path::Kind::to_host, true}};

// The ports that Linux gives to clients (net.ipv4.ip_local_port_range).
constexpr Interval client_ports{32768, 60999};

constexpr HookPoint hook_of(Path::Kind kind) {
    return kind == Path::Kind::to_host   ? HookPoint::input
           : kind == Path::Kind::through ? HookPoint::forward
                                         : HookPoint::output;
}

// What lets connections be opened: an accepting rule of the decisive chain, its policy, or that nothing filters
// them.
struct Opener {
    ChainId chain = no_chain;
    std::optional<std::size_t> rule;
    PacketSet flows; // by their first packets
};

class Follow {
  public:
    Follow(Context const& ctx, Findings& out) : ctx_(ctx), out_(out) {
        untracks_ = std::any_of(ctx.ruleset().chains.begin(), ctx.ruleset().chains.end(), [](Chain const& chain) {
            return std::any_of(chain.rules.begin(), chain.rules.end(),
                               [](Rule const& rule) { return rule.effects.notrack; });
        });
    }

    void check(Way const& way) {
        Path const* const followed = path_of(way.followed);
        if (followed == nullptr) return;
        for (Family const family : {Family::v4, Family::v6}) {
            if (!ctx_.ruleset().governs(family)) continue;
            auto const drops = decisive(*followed, family);
            if (!drops || std::find(reported_.begin(), reported_.end(), *drops) != reported_.end()) continue;
            if (lets_any_through(*followed, family, way.answers)) continue;
            check(way, *followed, family, *drops);
        }
    }

  private:
    Path const* path_of(Path::Kind kind) const {
        auto const at = std::find_if(ctx_.paths().begin(), ctx_.paths().end(),
                                     [&](Path const& path) { return path.kind == kind; });
        return at == ctx_.paths().end() ? nullptr : &*at;
    }

    std::optional<ChainId> decisive(Path const& path, Family family) const {
        return PathReach(ctx_.space(), ctx_.ruleset(), path, ctx_.space().none()).decisive(family);
    }

    // A cheap first look: an established packet of a usual connection with an arbitrary host is accepted.
    bool lets_any_through(Path const& path, Family family, bool answers) const {
        std::string const client = family == Family::v4 ? "192.0.2.77:44444" : "[2001:db8:78::8]:44444";
        std::string const server = family == Family::v4 ? "198.51.100.77:443" : "[2001:db8:77::7]:443";
        std::string const ends = answers ? server + " > " + client : client + " > " + server;
        std::string const devices = path.kind == Path::Kind::to_host   ? " in=eth0"
                                    : path.kind == Path::Kind::through ? " in=eth0 out=eth1"
                                                                       : " out=eth0";
        Packet packet = *parse_packet("tcp " + ends + devices + " flags=ack state=established").packet;
        packet[Field::ct_direction] = answers ? 1 : 0;
        Decision const decision = interpret(ctx_.ruleset(), path.chains, packet);
        return decision.certain() && decision.main().fate == Fate::accept;
    }

    // The first packets of connections between two hosts, as the hook sees them.
    PacketSet flows(Way const& way, Family family) const {
        Space& s = ctx_.space();
        PacketSet const loopback = s.of(Field::iif, ValueSet::single(interface_value("lo"))) |
                                   s.of(Field::oif, ValueSet::single(interface_value("lo"))) |
                                   s.of(Field::src4, ValueSet::range(0x7F000000U, 0x7FFFFFFFU)) |
                                   s.of(Field::src6, ValueSet::single(1));
        IntervalSet const protocols = IntervalSet::of(
            {{number(Protocol::tcp), number(Protocol::tcp)}, {number(Protocol::udp), number(Protocol::udp)}});
        PacketSet set = (ctx_.new_connections(hook_of(way.opened)) - loopback) & s.of(Field::protocol, protocols) &
                        s.of(Field::sport, ValueSet::range(client_ports.first, client_ports.last)) &
                        s.of(Field::family, ValueSet::single(family_value(family)));
        // Nobody answers what goes to all hosts of a network.
        if (family == Family::v4) set -= s.of(Field::dst4, ValueSet::masked(0xFF, 0xFF));
        // Where a host may open everything, the question is whether it hears anything from afar.
        if (way.opened == Path::Kind::from_host && way.answers)
            set &= s.of(dst_field(family), ctx_.config().untrusted_sources(family));
        return set;
    }

    Ruleset knowing(unsigned state, unsigned flags, unsigned direction) const {
        return assuming(assuming(assuming(ctx_.ruleset(), Field::ct_state, state), Field::tcp_flags, flags),
                        Field::ct_direction, direction);
    }

    // Those of the flows of which the packets that follow pass, or may pass.
    PacketSet continued(Way const& way, Path const& followed, Family family, PacketSet const& flows) const {
        PacketSet passing = ctx_.space().none();
        for (unsigned const state : {ct_state::established, ct_state::untracked}) {
            if (state == ct_state::untracked && !untracks_) continue;
            Ruleset known = knowing(state, tcp_flag::ack, way.answers ? 1 : 0);
            if (way.answers) known = for_answers(std::move(known));
            PathReach reach(ctx_.space(), known, followed, flows);
            passing |= reach.accepted(family).possibly();
        }
        return passing;
    }

    std::vector<Opener> openers(Way const& way, Family family, PacketSet const& flows) const {
        Path const* const path = path_of(way.opened);
        if (path == nullptr) return {{no_chain, std::nullopt, flows}};
        Ruleset const known = knowing(ct_state::new_, tcp_flag::syn, 0);
        PathReach reach(ctx_.space(), known, *path, flows);
        auto const filter = reach.decisive(family);
        bool const as_one = !filter || (way.opened == Path::Kind::from_host && way.answers);
        if (as_one) return {{no_chain, std::nullopt, reach.accepted(family)}};
        std::vector<Opener> all;
        for (ChainId const id : call_order(known, *filter).chains) {
            std::vector<Rule> const& rules = known.chains[id].rules;
            for (std::size_t i = 0; i < rules.size(); ++i)
                if (std::holds_alternative<Accept>(rules[i].verdict))
                    all.push_back({id, i, packets_of(ctx_.space(), reach.accepted_by(family, id, i))});
        }
        all.push_back({*filter, std::nullopt, packets_of(ctx_.space(), reach.accepted_by_policy(family))});
        return all;
    }

    // A usual flow of each of some rules that open connections; nothing where what follows one of them passes.
    std::vector<Opener> broken_examples(Way const& way, Path const& followed, Family family,
                                        PacketSet const& question) const {
        constexpr std::size_t most = 32;
        Path const* const opened = path_of(way.opened);
        std::vector<Opener> broken;
        if (opened == nullptr) return broken;
        auto const filter = decisive(*opened, family);
        std::size_t tried = 0;
        for (ChainId const id : filter ? call_order(ctx_.ruleset(), *filter).chains : std::vector<ChainId>{}) {
            std::vector<Rule> const& rules = ctx_.ruleset().chains[id].rules;
            for (std::size_t i = 0; i < rules.size() && tried < most; ++i) {
                if (!std::holds_alternative<Accept>(rules[i].verdict)) continue;
                ++tried;
                PacketSet const flows = ctx_.space().of(rules[i].match) & question;
                auto const member = flows.member();
                if (!member || !ends(*opened, member->packet, Fate::accept)) continue;
                if (!ends(followed, following(way, member->packet), Fate::drop)) return {};
                broken.push_back({id, i, flows});
            }
        }
        return broken;
    }

    bool ends(Path const& path, Packet const& packet, Fate fate) const {
        Decision const decision = interpret(ctx_.ruleset(), path.chains, packet);
        return decision.certain() && decision.main().fate == fate;
    }

    static Packet following(Way const& way, Packet packet) {
        packet[Field::ct_state] = ct_state::established;
        if (packet[Field::protocol] == number(Protocol::tcp)) packet[Field::tcp_flags] = tcp_flag::ack;
        return way.answers ? answer_to(packet) : packet;
    }

    void check(Way const& way, Path const& followed, Family family, ChainId drops) {
        PacketSet const question = flows(way, family);
        if (is_large(ctx_.ruleset())) {
            std::vector<Opener> const broken = broken_examples(way, followed, family, question);
            if (!broken.empty()) report(way, followed, drops, broken);
            return;
        }
        PacketSet const dropped = question - continued(way, followed, family, question);
        if (dropped.empty()) return;
        bool const own = way.opened == Path::Kind::from_host && way.answers;
        if (own && !accepts_anything(ctx_, followed, family)) return; // a host that nobody is to reach
        std::vector<Opener> broken;
        for (Opener& opener : openers(way, family, question)) {
            // Some that pass say that the others are left out on purpose.
            if (!opener.flows.empty() && opener.flows.possibly().subset_of(dropped))
                broken.push_back(std::move(opener));
        }
        if (!broken.empty()) report(way, followed, drops, broken);
    }

    void report(Way const& way, Path const& followed, ChainId drops, std::vector<Opener> const& broken) {
        PacketSet const& flows = broken.front().flows;
        PacketSet const certain = flows.certainly();
        Packet packet = (certain.empty() ? flows : certain).member()->packet;
        packet = following(way, packet);
        Decision const decision = interpret(ctx_.ruleset(), followed.chains, packet);
        // Where rules before connection tracking ask for a state, our copy knows more than they do.
        if (std::any_of(decision.outcomes.begin(), decision.outcomes.end(),
                        [](Outcome const& outcome) { return outcome.fate == Fate::accept; }))
            return;
        reported_.push_back(drops);
        Finding& finding = add_finding(ctx_, out_, drops, std::nullopt);
        finding.arg("packets", way.answers ? "the answers to" : "what follows the first packet of");
        finding.arg("connections", connections(way, broken));
        constexpr std::size_t most = 3;
        for (std::size_t i = 0; i < broken.size() && i < most; ++i) {
            if (broken[i].chain == no_chain) continue;
            Chain const& chain = ctx_.ruleset().chains[broken[i].chain];
            finding.relate("opened here", broken[i].rule ? chain.rules[*broken[i].rule].span : chain.policy_span);
        }
        finding.witness = Witness{packet, followed.hook, std::string(to_string(decision.main().fate))};
        judge(finding, flows);
    }

    std::string connections(Way const& way, std::vector<Opener> const& broken) const {
        Opener const& first = broken.front();
        if (first.chain == no_chain)
            return way.opened == Path::Kind::from_host ? "connections that this host opens"
                                                       : "connections that nothing filters";
        std::string const place = where(ctx_.ruleset().chains[first.chain], first.rule);
        return "connections that " + place +
               (broken.size() == 1 ? " accepts" : fmt::format(" and {} more accept", broken.size() - 1));
    }

    Context const& ctx_;
    Findings& out_;
    bool untracks_ = false;
    std::vector<ChainId> reported_; // the chains that drop: once is enough
};

} // namespace

void check_missing_established_accept(Context const& ctx, Findings& out) {
    Follow follow(ctx, out);
    for (Way const& way : ways) follow.check(way);
}

} // namespace portcullis
