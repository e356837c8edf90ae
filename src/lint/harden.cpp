// Step by step: each is an edit of the text, which is read again, and under which all that is kept still passes. What may
// change by it is worked out from what the step is for, and not from the text; at the end, all that changed has to be that.
#include "portcullis/lint/harden.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <functional>
#include <set>

#include "lint/exposure.hpp"
#include "lint/rule_text.hpp"
#include "portcullis/dialect/write.hpp"
#include "portcullis/lint/fix.hpp"
#include "portcullis/policy/policy.hpp"
#include "portcullis/query/answer.hpp"

namespace portcullis {
namespace {

constexpr std::array families{Family::v4, Family::v6};
using Kind = Path::Kind;

Rule rule(std::string comment, Verdict verdict, std::vector<Term> terms) {
    Rule result;
    result.comment = "harden: " + std::move(comment);
    result.verdict = verdict;
    result.match.terms = std::move(terms);
    return result;
}

Term term(Field field, ValueSet values) { return {field, std::move(values), {}}; }

// The set, or what is not in it: whichever is shorter to say.
ValueSet shorter(IntervalSet const& set, unsigned bits) {
    IntervalSet rest = set.complement(bits);
    if (rest.intervals().size() >= set.intervals().size()) return set;
    return ValueSet(std::move(rest)).complement();
}

ValueSet lo() { return ValueSet::single(interface_value("lo")); }
ValueSet answers() { return ValueSet::range(ct_state::established, ct_state::related); }

// A base chain where people expect the filtering.
struct Place {
    Kind kind{};
    std::string title;
    std::vector<Family> families;
};

// Conditions of packets, by the way that they take.
struct Claim {
    Kind kind{};
    std::string list; // of an access list; else empty
    Match match;
};

std::string applied(std::string_view text, std::vector<Edit> edits) {
    std::ranges::stable_sort(edits, {}, [](Edit const& edit) { return edit.span.begin; });
    std::string result;
    std::size_t at = 0;
    for (Edit const& edit : edits) {
        std::size_t const begin = std::max<std::size_t>(at, edit.span.begin);
        result += text.substr(at, begin - at);
        result += edit.text;
        at = std::max<std::size_t>(at, edit.span.end);
    }
    return result += text.substr(at);
}

class Hardener {
  public:
    Hardener(std::shared_ptr<Sources> const& sources, SourceId source, Dialect dialect, ReadOptions const& read_options, HardenOptions const& options)
        : sources_(sources), source_(source), dialect_(dialect), read_options_(read_options), options_(options) {
        lint_options_.config = options.config;
    }

    Hardened run() {
        check_dialect();
        original_ = reading_ = read(*sources_, source_, dialect_, read_options_);
        if (std::ranges::any_of(original_.findings.all(), is_unread)) throw NotHardenable("the text was not read whole");
        at_ = source_;
        learn_kept();
        if (is_cisco(dialect_)) {
            close_lists();
        } else {
            for (Kind const kind : {Kind::to_host, Kind::through}) find_places(kind);
            for (Place const& place : places_) harden_chain(place);
            add_missing_chains();
            remove_closed_permits();
        }
        prove();
        result_.text = std::string((*sources_)[at_].text());
        result_.source = at_;
        return std::move(result_);
    }

  private:
    void check_dialect() const {
        if (dialect_ == Dialect::iptables_script || dialect_ == Dialect::nft_json)
            throw NotHardenable("only what is loaded as it stands is hardened: restore files of iptables, rulesets of nftables, and Cisco configurations");
    }

    Ruleset const& ruleset() const { return reading_.ruleset; }
    Chain const& chain(Place const& place) const {
        return *std::ranges::find_if(ruleset().chains, [&](Chain const& each) { return each.title() == place.title; });
    }
    void note(std::string text) { result_.notes.push_back(std::move(text)); }

    // ---- what is kept

    void learn_kept() {
        for (Question const& question : options_.keep) {
            Answer const answered = answer(ruleset(), options_.config, question, Expectation::allowed);
            if (answered.counterexample)
                throw NotHardenable(fmt::format("'{}' is to be kept, and not all of it passes now: {}", question.text, to_text(answered.counterexample->witness.packet)));
            for (PathAnswer const& path : answered.paths) {
                if (!path.complete) throw NotHardenable(fmt::format("'{}' is too much to keep; say it by networks and services", question.text));
                for (AnsweredTraffic const& traffic : path.traffic) {
                    Match match;
                    for (auto const& [field, values] : traffic.cube.fields) {
                        bool const protocol_implied = field == Field::fragment || field == Field::tcp_flags || field == Field::ct_state;
                        if (!protocol_implied) match.terms.push_back(term(field, values));
                    }
                    match.terms.push_back(term(Field::ct_state, ValueSet::single(ct_state::new_)));
                    Kind const kind = path.hook == HookPoint::input ? Kind::to_host : path.hook == HookPoint::forward ? Kind::through : Kind::list;
                    kept_.push_back({kind, kind == Kind::list ? path.path : "", std::move(match)});
                }
            }
        }
    }

    // Whether all of it passes.
    bool keeps(Ruleset const& ruleset) const {
        return std::ranges::all_of(options_.keep, [&](Question const& question) {
            return !answer(ruleset, options_.config, question, Expectation::allowed).counterexample;
        });
    }

    static bool is_about(Match const& match, Family family) {
        return std::ranges::none_of(match.terms, [&](Term const& each) {
            if (each.field == Field::family) return !each.values.contains(family_value(family));
            return info(each.field).family.value_or(family) != family;
        });
    }

    // Before whatever would stop it.
    void insert_kept() {
        kept_inserted_ = true;
        for (Place const& place : places_)
            for (Claim const& claim : kept_)
                if (claim.kind == place.kind && std::ranges::any_of(place.families, [&](Family family) { return is_about(claim.match, family); })) {
                    Rule accept = rule("kept", Accept{}, claim.match.terms);
                    put("lets through what is kept", place, accept, true);
                }
    }

    // ---- steps

    using Make = std::function<std::optional<std::vector<Edit>>()>;

    bool step(std::string const& what, Make const& make) {
        auto const edits = make();
        if (!edits) {
            note(fmt::format("not done, since the text has no place for it: {}", what));
            return false;
        }
        SourceId const candidate = sources_->add((*sources_)[source_].path(), applied((*sources_)[at_].text(), *edits));
        Reading reading = read(*sources_, candidate, dialect_, read_options_);
        if (std::ranges::any_of(reading.findings.all(), is_unread)) {
            note(fmt::format("not done, since the text would not be read: {}", what));
            return false;
        }
        if (!keeps(reading.ruleset)) {
            if (!kept_inserted_ && !is_cisco(dialect_)) {
                insert_kept();
                return step(what, make);
            }
            note(fmt::format("not done, since what is kept would be stopped: {}", what));
            return false;
        }
        at_ = candidate;
        reading_ = std::move(reading);
        result_.steps.push_back({what});
        return true;
    }

    // At the head of the chain, behind what is there for states and the loopback; or at its end.
    bool put(std::string const& what, Place const& place, Rule const& added, bool head) {
        return step(fmt::format("{} {}", place.title, what), [&]() -> std::optional<std::vector<Edit>> {
            Chain const& into = chain(place);
            auto edit = inserted(*sources_, ruleset(), into, head ? head_of(into) : into.rules.size(), added);
            if (!edit) return std::nullopt;
            return std::vector{std::move(*edit)};
        });
    }

    static std::size_t head_of(Chain const& chain) {
        auto const is_first = [](Rule const& each) {
            if (each.comment.starts_with("harden: ")) return true;
            bool const decides = std::holds_alternative<Accept>(each.verdict) || std::holds_alternative<Drop>(each.verdict);
            bool const plain = each.match.alternatives.empty() && each.match.opaque.empty() && each.match.terms.size() == 1;
            return decides && plain && (each.match.terms[0].field == Field::ct_state || (each.match.terms[0].field == Field::iif && each.match.terms[0].values == lo()));
        };
        return static_cast<std::size_t>(std::ranges::find_if_not(chain.rules, is_first) - chain.rules.begin());
    }

    void claim_added(Kind kind, Match match) { may_add_.push_back({kind, "", std::move(match)}); }
    void claim_removed(Kind kind, Match match) { may_remove_.push_back({kind, "", std::move(match)}); }

    // ---- chains of Linux

    static std::optional<ChainId> main_chain(Ruleset const& ruleset, Kind kind, Family family) {
        HookPoint const point = kind == Kind::to_host ? HookPoint::input : HookPoint::forward;
        std::optional<ChainId> best;
        for (ChainId const id : chains_at(ruleset, point)) {
            Chain const& each = ruleset.chains[id];
            if (each.hook->type != ChainType::filter || !each.hook->sees(family)) continue;
            if (!best || std::abs(each.hook->priority) < std::abs(ruleset.chains[*best].hook->priority)) best = id;
        }
        return best;
    }

    void find_places(Kind kind) {
        for (Family const family : families) {
            if (!ruleset().governs(family)) continue;
            auto const id = main_chain(ruleset(), kind, family);
            if (!id) continue;
            std::string const title = ruleset().chains[*id].title();
            auto const same = std::ranges::find_if(places_, [&](Place const& place) { return place.title == title && place.kind == kind; });
            if (same == places_.end()) places_.push_back({kind, title, {family}});
            else same->families.push_back(family);
        }
    }

    // What the way would let pass if the chain's policy were to drop.
    PacketSet accepted(Space& space, Place const& place, PacketSet const& asked) const {
        Ruleset strict = ruleset();
        for (Chain& each : strict.chains)
            if (each.title() == place.title) each.policy = Drop{};
        PacketSet found = space.none();
        for (Path const& path : find_paths(strict)) {
            if (path.kind != place.kind) continue;
            PathReach reach(space, strict, path, asked & packets_at(space, path.hook));
            for (Family const family : place.families) found |= reach.accepted(family);
        }
        return found;
    }

    PacketSet of(Space& space, std::vector<Term> terms) const { return space.of(Match{std::move(terms), {}, {}}); }

    void harden_chain(Place const& place) {
        bool const to_host = place.kind == Kind::to_host;
        Space space;
        if (to_host) {
            PacketSet const own = of(space, {term(Field::iif, lo()), term(Field::ct_state, ValueSet::single(ct_state::new_)),
                                             term(Field::protocol, ValueSet::single(17)), term(Field::dport, ValueSet::single(40000))});
            if (accepted(space, place, own).empty() && put("lets the host talk to itself", place, rule("loopback", Accept{}, {term(Field::iif, lo())}), true))
                claim_added(place.kind, Match{{term(Field::iif, lo())}, {}, {}});
        }
        PacketSet const ours = of(space, {term(Field::ct_state, ValueSet::single(ct_state::established)), term(Field::protocol, ValueSet::single(6)),
                                          term(Field::sport, ValueSet::single(443)), term(Field::dport, ValueSet::single(40000)),
                                          term(Field::tcp_flags, ValueSet::single(tcp_flag::ack))}) -
                               of(space, {term(Field::iif, lo())});
        if (accepted(space, place, ours).empty() && put("lets answers through", place, rule("established", Accept{}, {term(Field::ct_state, answers())}), true))
            claim_added(place.kind, Match{{term(Field::ct_state, answers())}, {}, {}});
        Match const invalid{{term(Field::ct_state, ValueSet::single(ct_state::invalid))}, {}, {}};
        PacketSet const broken = space.of(invalid) - of(space, {term(Field::iif, lo())}) - of(space, {term(Field::protocol, ValueSet::single(58))});
        if (!accepted(space, place, broken).empty() && put("drops what connection tracking cannot make sense of", place, rule("invalid", Drop{}, invalid.terms), true))
            claim_removed(place.kind, invalid);
        stop_forged(place);
        close_services(place);
        close_policy(place);
    }

    void stop_forged(Place const& place) {
        struct Forged {
            Family family{};
            IntervalSet interfaces, sources;
        };
        std::vector<Forged> all;
        {
            Context const ctx(ruleset(), *sources_, lint_options_, Asking::untrusted);
            std::vector<Spoofing> found = ctx.spoofing_from_outside();
            std::ranges::move(spoofing_from_zones(ctx), std::back_inserter(found));
            for (Spoofing const& each : found) {
                if (ctx.paths()[each.path].kind != place.kind || std::ranges::find(place.families, each.family) == place.families.end()) continue;
                auto const interfaces = each.packets.project(Field::iif);
                if (!interfaces) continue;
                IntervalSet sources = each.own.united(each.bogons);
                if (place.kind == Kind::to_host) sources = sources.minus(never_forged().of(each.family));
                if (!sources.empty()) all.push_back({each.family, *interfaces, std::move(sources)});
            }
        }
        for (Forged const& each : all) {
            std::vector<Term> terms;
            if (!each.interfaces.is_all(128)) terms.push_back(term(Field::iif, shorter(each.interfaces, 128)));
            terms.push_back(term(src_field(each.family), shorter(each.sources, address_bits(each.family))));
            if (put("drops forged sources", place, rule("sources", Drop{}, terms), true)) claim_removed(place.kind, Match{terms, {}, {}});
        }
    }

    // ---- insecure services

    std::vector<Service const*> insecure() const {
        std::vector<Service const*> services;
        for (Service const& service : options_.config.catalogue.services())
            if (service.insecure && service.severity_untrusted && service.variant_of.empty()) services.push_back(&service);
        return services;
    }

    // Those of the opening's packets that are connections to insecure services: ports by protocol.
    std::map<std::uint8_t, IntervalSet> open_ports(Context const& ctx, Opening const& opening, std::function<bool(Permit const&)> const& counts) const {
        std::map<std::uint8_t, IntervalSet> ports;
        for (auto const& part : opening.parts) {
            if (!counts(*part.first)) continue;
            for (Service const* service : insecure())
                for (PortRange const& port : service->ports)
                    if (!(part.second & ctx.reaching(*part.first, port)).empty())
                        ports[port.protocol] = ports[port.protocol].united(IntervalSet(port.first, port.last));
        }
        return ports;
    }

    std::vector<Opening> openings(Context const& ctx) const {
        std::vector<Opening> all = narrow_openings(ctx, insecure());
        std::ranges::move(wide_openings(ctx), std::back_inserter(all));
        return all;
    }

    // Who must not use them any more.
    std::vector<Term> strangers(Family family) const {
        std::vector<Term> terms;
        bool const by_interface = std::ranges::any_of(options_.config.zones, [](Zone const& zone) { return !zone.interfaces.empty(); });
        IntervalSet const trusted = options_.config.trusted_interfaces();
        if (by_interface && !trusted.empty()) terms.push_back(term(Field::iif, shorter(trusted.complement(128), 128)));
        unsigned const bits = address_bits(family);
        IntervalSet const known = options_.config.untrusted_sources(family).united(impossible(family)).complement(bits);
        terms.push_back(term(src_field(family), shorter(known.complement(bits), bits)));
        return terms;
    }
    // Sources that no packet has belong to neither side, and make the list longer.
    IntervalSet impossible(Family family) const {
        IntervalSet all;
        for (Territory const& territory : options_.config.territories(family)) all = all.united(territory.addresses);
        return all.complement(address_bits(family));
    }

    void close_services(Place const& place) {
        for (Family const family : place.families) {
            std::map<std::uint8_t, IntervalSet> ports;
            {
                Context const ctx(ruleset(), *sources_, lint_options_, Asking::untrusted);
                for (Opening const& opening : openings(ctx)) {
                    auto const here = open_ports(ctx, opening, [&](Permit const& permit) { return permit.family == family && ctx.paths()[permit.path].kind == place.kind; });
                    for (auto const& [protocol, open] : here) ports[protocol] = ports[protocol].united(open);
                }
            }
            for (auto const& [protocol, open] : ports) {
                std::vector<Term> terms = strangers(family);
                terms.push_back(term(Field::protocol, ValueSet::single(protocol)));
                terms.push_back(term(Field::dport, open));
                std::string const what = fmt::format("closes {} {} to {} senders that are not trusted", value_text(Field::protocol, protocol),
                                                     values_text(Field::dport, open, 6), family == Family::v4 ? "IPv4" : "IPv6");
                if (put(what, place, rule("insecure services", Drop{}, terms), true)) closed_.push_back({place.kind, "", Match{terms, {}, {}}});
            }
        }
    }

    // Permits that nothing comes to any more.
    void remove_closed_permits() {
        if (closed_.empty()) return;
        std::vector<Edit> edits;
        {
            Space space;
            PacketSet closed = space.none();
            for (Claim const& claim : closed_) closed |= space.of(claim.match);
            for (Chain const& each : ruleset().chains)
                for (Rule const& permit : each.rules) {
                    if (!std::holds_alternative<Accept>(permit.verdict) || !space.of(permit.match).subset_of(closed)) continue;
                    auto const span = removed_span((*sources_)[permit.span.source], permit.span, dialect_);
                    if (span && permit.span.source == at_) edits.push_back({*span, ""});
                }
        }
        if (edits.empty()) return;
        SourceId const candidate = sources_->add((*sources_)[source_].path(), applied((*sources_)[at_].text(), edits));
        Reading reading = read(*sources_, candidate, dialect_, read_options_);
        if (std::ranges::any_of(reading.findings.all(), is_unread)) return;
        if (!Comparison(ruleset(), reading.ruleset).differences().empty()) return;
        at_ = candidate;
        reading_ = std::move(reading);
        result_.steps.push_back({fmt::format("{} of closed services {}", edits.size() == 1 ? "a permit" : fmt::format("{} permits", edits.size()), edits.size() == 1 ? "goes" : "go")});
    }

    // ---- the policy

    void close_policy(Place const& place) {
        Chain const& base = chain(place);
        if (!std::holds_alternative<Accept>(base.policy)) return;
        {
            Space space;
            ChainId const id = static_cast<ChainId>(&base - ruleset().chains.data());
            PacketSet const asked = packets_at(space, base.hook->point);
            if (Reach(space, ruleset(), asked).fates(id).returned.empty()) return;
        }
        for (Rule const& essential : essentials(place.kind, place.families)) put("lets messages through that IP needs", place, essential, false);
        if (step(place.title + " drops what no rule lets through", [&]() -> std::optional<std::vector<Edit>> {
                auto edit = with_policy_drop(*sources_, ruleset(), chain(place));
                if (!edit) return std::nullopt;
                return std::vector{std::move(*edit)};
            }))
            strict_.push_back(place);
    }

    // At the end of a chain whose policy let them pass.
    static std::vector<Rule> essentials(Kind kind, std::vector<Family> const& families) {
        std::vector<Rule> rules;
        for (Family const family : families) {
            bool const v6 = family == Family::v6;
            U128 const protocol = v6 ? number(Protocol::icmpv6) : number(Protocol::icmp);
            auto const of_family = [&](std::string comment, std::vector<Term> more, IntervalSet types) {
                std::vector<Term> terms{term(Field::family, ValueSet::single(family_value(family)))};
                std::ranges::move(more, std::back_inserter(terms));
                terms.push_back(term(Field::protocol, ValueSet::single(protocol)));
                terms.push_back(term(Field::icmp_type, std::move(types)));
                rules.push_back(rule(std::move(comment), Accept{}, std::move(terms)));
            };
            if (v6 && kind == Kind::to_host) {
                of_family("neighbour-discovery", {term(Field::ttl, ValueSet::single(255))}, neighbour_types());
                of_family("neighbour-discovery", {term(Field::src6, IntervalSet::of(parse_prefix("fe80::/10").value()).united(IntervalSet::single(0)))}, listener_types());
            }
            // As [harden] of a policy has them.
            of_family(v6 ? "icmpv6" : "icmp", {}, v6 ? IntervalSet(1, 4).united(IntervalSet::single(128)) : IntervalSet::single(3).united(IntervalSet(11, 12)));
        }
        return rules;
    }

    // ---- what is not there at all

    void add_missing_chains() {
        for (Family const family : families) {
            if (!ruleset().governs(family)) {
                if (dialect_ != Dialect::nftables)
                    note(fmt::format("packets of {} are the business of another file: harden that of {} too", family == Family::v4 ? "IPv4" : "IPv6",
                                     family == Family::v4 ? "iptables" : "ip6tables"));
                continue;
            }
            std::vector<Kind> missing;
            if (!main_chain(ruleset(), Kind::to_host, family)) missing.push_back(Kind::to_host);
            bool const forwards = main_chain(ruleset(), Kind::through, Family::v4) || main_chain(ruleset(), Kind::through, Family::v6);
            if (forwards && !main_chain(ruleset(), Kind::through, family)) missing.push_back(Kind::through);
            if (missing.empty()) continue;
            add_table(family, missing);
        }
    }

    void add_table(Family family, std::vector<Kind> const& kinds) {
        bool const nft = dialect_ == Dialect::nftables;
        Ruleset own;
        own.dialect = dialect_;
        own.governs_v4 = family == Family::v4;
        own.governs_v6 = family == Family::v6;
        std::string const table = nft ? (family == Family::v4 ? "ip portcullis" : "ip6 portcullis") : "filter";
        bool const taken = std::ranges::any_of(ruleset().chains, [&](Chain const& each) { return each.table == table; });
        if (taken) return note(fmt::format("the table {} has no chain at {}: declare it", table, kinds.front() == Kind::to_host ? "input" : "forward"));
        for (Kind const kind : kinds) {
            bool const to_host = kind == Kind::to_host;
            Chain& chain = own.chains.emplace_back();
            chain.table = table;
            chain.name = nft ? (to_host ? "input" : "forward") : (to_host ? "INPUT" : "FORWARD");
            chain.hook = Hook{to_host ? HookPoint::input : HookPoint::forward, ChainType::filter, 0, own.governs_v4, own.governs_v6, {}};
            chain.policy = Drop{};
            chain.explicit_policy = true;
            if (to_host) chain.rules.push_back(rule("loopback", Accept{}, {term(Field::iif, lo())}));
            chain.rules.push_back(rule("established", Accept{}, {term(Field::ct_state, answers())}));
            std::ranges::move(essentials(kind, {family}), std::back_inserter(chain.rules));
            for (Claim const& claim : kept_)
                if (claim.kind == kind && is_about(claim.match, family)) chain.rules.push_back(rule("kept", Accept{}, claim.match.terms));
            for (std::size_t i = 0; i < chain.rules.size(); ++i) chain.rules[i].origin = static_cast<std::uint32_t>(i);
        }
        Writing const writing = nft ? write_nftables(own) : write_iptables(own, family);
        if (!writing.losses.empty()) return note("what is kept cannot be said in a table of its own");
        std::string_view const text = (*sources_)[at_].text();
        auto const end = static_cast<std::uint32_t>(text.size());
        std::string const piece = (text.empty() || text.ends_with('\n') ? "" : "\n") + std::string(nft ? "\n" : "") + writing.text;
        if (!step(fmt::format("a table for {}, which nothing filters", family == Family::v4 ? "IPv4" : "IPv6"),
                  [&]() -> std::optional<std::vector<Edit>> { return std::vector{Edit{{at_, end, end}, piece}}; }))
            return;
        for (Kind const kind : kinds) claim_removed(kind, Match{{term(Field::family, ValueSet::single(family_value(family)))}, {}, {}});
    }

    // ---- access lists

    bool has_zones() const { return !options_.config.zones.empty(); }

    void close_lists() {
        for (bool more = true; more;) {
            more = false;
            struct Found {
                ChainId chain = 0;
                std::size_t rule = 0;
                Family family{};
                std::map<std::uint8_t, IntervalSet> ports;
            };
            std::optional<Found> found;
            {
                Context const ctx(ruleset(), *sources_, lint_options_, Asking::untrusted);
                for (Opening const& opening : openings(ctx)) {
                    Permit const& permit = *opening.parts.front().first;
                    if (!permit.rule || !tried_.emplace(sources_->text(ctx.span(permit)), permit.chain).second) continue;
                    auto ports = open_ports(ctx, opening, [](Permit const&) { return true; });
                    if (ports.empty()) continue;
                    found = Found{permit.chain, *permit.rule, permit.family, std::move(ports)};
                    break;
                }
            }
            if (!found) return;
            more = true;
            close_entry(found->chain, found->rule, found->family, found->ports);
        }
    }

    void close_entry(ChainId id, std::size_t index, Family family, std::map<std::uint8_t, IntervalSet> const& ports) {
        Chain const& list = ruleset().chains[id];
        Rule const permit = list.rules[index];
        std::string const title = list.title();
        std::vector<Rule> denials;
        Match closed;
        for (auto const& [protocol, open] : ports) {
            std::vector<Term> terms;
            if (list.hook->v4 && list.hook->v6) terms.push_back(term(Field::family, ValueSet::single(family_value(family))));
            if (has_zones()) terms.push_back(term(src_field(family), options_.config.untrusted_sources(family).united(impossible(family))));
            terms.push_back(term(Field::protocol, ValueSet::single(protocol)));
            terms.push_back(term(Field::dport, open));
            Rule denial = rule("", Drop{}, terms);
            denial.comment.clear();
            denials.push_back(std::move(denial));
        }
        auto const make = [&]() -> std::optional<std::vector<Edit>> {
            Space space;
            PacketSet shut = space.none();
            for (Rule const& denial : denials) shut |= space.of(denial.match);
            std::vector<Edit> edits;
            PacketSet const whole = space.of(permit.match) & space.of(Field::fragment, ValueSet::single(0));
            if (whole.subset_of(shut)) {
                auto const span = removed_span((*sources_)[permit.span.source], permit.span, dialect_);
                if (!span) return std::nullopt;
                edits.push_back({*span, ""});
                return edits;
            }
            for (Rule const& denial : denials) {
                auto edit = inserted(*sources_, ruleset(), ruleset().chains[id], index, denial);
                if (!edit) return std::nullopt;
                if (!edits.empty()) edits.back().text += edit->text;
                else edits.push_back(std::move(*edit));
            }
            return edits;
        };
        std::string names;
        for (auto const& [protocol, open] : ports) names += fmt::format("{}{} {}", names.empty() ? "" : ", ", value_text(Field::protocol, protocol), values_text(Field::dport, open, 6));
        if (!step(fmt::format("{} closes {}", title, names), make)) return;
        for (Rule const& denial : denials) may_remove_.push_back({Kind::list, title, denial.match});
        // Where a permit of ports goes, so do the later fragments that it took along.
        Match later = permit.match;
        later.alternatives.clear();
        std::erase_if(later.terms, [](Term const& each) { return info(each.field).transport; });
        later.terms.push_back(term(Field::fragment, ValueSet::single(1)));
        may_remove_.push_back({Kind::list, title, std::move(later)});
    }

    // ---- proof

    static bool is_on(Claim const& claim, Difference const& difference) {
        Path const& path = difference.before ? *difference.before : *difference.after;
        return claim.kind == path.kind && (claim.kind != Kind::list || claim.list == path.name);
    }

    // Packets that the claims are about, as they are when they come to the chain.
    static PacketSet packets(Space& space, std::vector<Claim> const& claims, Difference const& difference) {
        PacketSet all = space.none();
        for (Claim const& claim : claims)
            if (is_on(claim, difference)) all |= space.of(claim.match);
        return all;
    }

    // What came to services that are closed, by where translation leads it; and what a policy let pass.
    PacketSet let_go(Space& space, Difference const& difference) const {
        PacketSet all = space.none();
        if (!difference.before) return all;
        std::vector<Path> const paths = find_paths(original_.ruleset);
        auto const path = std::ranges::find(paths, difference.before->name, &Path::name);
        if (path == paths.end()) return all;
        PathReach reach(space, original_.ruleset, *path, packets_at(space, path->hook));
        for (Family const family : families)
            for (World const& world : reach.accepted_worlds(family))
                for (Claim const& claim : closed_)
                    if (is_on(claim, difference)) all |= space.of(claim.match, world.marks) & world.packets;
        for (Place const& place : strict_) {
            if (place.kind != path->kind) continue;
            for (ChainId const id : path->chains) {
                if (original_.ruleset.chains[id].title() != place.title) continue;
                for (Family const family : place.families)
                    all |= matching(space, reach.coming_to(family, id), Match{}) & returned(space, id);
            }
        }
        return all;
    }
    PacketSet returned(Space& space, ChainId id) const {
        return Reach(space, original_.ruleset, packets_at(space, original_.ruleset.chains[id].hook->point)).fates(id).returned;
    }

    void prove() {
        result_.comparison = std::make_unique<Comparison>(original_.ruleset, ruleset());
        Space& space = result_.comparison->space();
        for (Difference const& difference : result_.comparison->differences()) {
            PacketSet const added = difference.added - packets(space, may_add_, difference) - packets(space, kept_, difference);
            PacketSet const removed = difference.removed - packets(space, may_remove_, difference) - let_go(space, difference);
            for (auto const& [set, what] : {std::pair(&added, "newly allowed"), std::pair(&removed, "newly denied"), std::pair(&difference.retranslated, "translated differently")})
                if (auto const member = set->member())
                    throw std::logic_error(fmt::format("nothing was changed: a packet would be {} that no step is about: {} ({})", what, to_text(member->packet), difference.name));
        }
        if (!keeps(ruleset())) throw std::logic_error("nothing was changed: what is to be kept would not pass");
    }

    std::shared_ptr<Sources> const& sources_;
    SourceId source_;
    Dialect dialect_;
    ReadOptions const& read_options_;
    HardenOptions const& options_;
    LintOptions lint_options_;
    Reading original_, reading_;
    SourceId at_ = 0;
    std::vector<Place> places_;
    std::vector<Claim> kept_, may_add_, may_remove_, closed_;
    std::vector<Place> strict_; // chains that drop now what no rule lets through
    bool kept_inserted_ = false;
    std::set<std::pair<std::string, ChainId>> tried_;
    Hardened result_;
};

} // namespace

Hardened harden(std::shared_ptr<Sources> const& sources, SourceId source, Dialect dialect, ReadOptions const& read_options,
                HardenOptions const& options) {
    return Hardener(sources, source, dialect, read_options, options).run();
}

} // namespace portcullis
