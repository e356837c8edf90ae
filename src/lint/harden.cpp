// Step by step: each is an edit of the text, which is read again, and under which all that is kept still passes. What may
// change by it is worked out from what the step is for, and not from the text; at the end, all that changed has to be that.
#include "portcullis/lint/harden.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <set>

#include "lint/hardening_rules.hpp"
#include "lint/rule_text.hpp"
#include "portcullis/lint/fix.hpp"
#include "portcullis/query/answer.hpp"

namespace portcullis {
namespace {

constexpr std::array families{Family::v4, Family::v6};
using Kind = Path::Kind;

// A base chain where people expect the filtering.
struct Place {
    Kind kind{};
    std::string title;
    std::vector<Family> families;
};

// Conditions of packets, by the way that they take.
struct Claim {
    Kind kind{};
    std::string list; // an access list, or a base chain: packets are as they come to it
    Match match;
};

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
            add_missing_chains();
            for (Kind const kind : {Kind::to_host, Kind::through}) find_places(kind);
            // What one step makes strict may make another one necessary.
            constexpr int most_rounds = 3;
            for (int round = 0; round < most_rounds; ++round) {
                std::size_t const before = result_.steps.size();
                for (Place const& place : places_) harden_chain(place);
                if (result_.steps.size() == before) break;
            }
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
    void note(std::string text) {
        if (std::ranges::find(result_.notes, text) == result_.notes.end()) result_.notes.push_back(std::move(text));
    }

    // ---- what is kept

    void learn_kept() {
        for (Question const& question : options_.keep) {
            Answer const answered = answer(ruleset(), options_.config, question, Expectation::allowed);
            if (answered.counterexample)
                throw NotHardenable(fmt::format("'{}' is to be kept, and not all of it passes now: {}", question.text, to_text(answered.counterexample->witness.packet)));
            for (PathAnswer const& path : answered.paths) {
                if (!path.complete) throw NotHardenable(fmt::format("'{}' is too much to keep; say it by networks and services", question.text));
                for (AnsweredTraffic const& traffic : path.traffic) {
                    Kind const kind = path.hook == HookPoint::input ? Kind::to_host : path.hook == HookPoint::forward ? Kind::through : Kind::list;
                    kept_.push_back({kind, kind == Kind::list ? path.path : "", first_packets(traffic.cube)});
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

    // Before whatever would stop it.
    void insert_kept() {
        kept_inserted_ = true;
        for (Place const& place : places_)
            for (Claim const& claim : kept_)
                if (claim.kind == place.kind && std::ranges::any_of(place.families, [&](Family family) { return is_about(claim.match, family); })) {
                    Rule accept = hardening_rule("kept", Accept{}, claim.match.terms);
                    put("lets through what is kept", place, accept, true);
                }
    }

    // ---- steps

    using Make = std::function<std::optional<std::vector<Edit>>()>;

    bool step(std::string const& what, Make const& make, bool accepts = false) {
        auto const edits = make();
        if (!edits) {
            note(fmt::format("not done, since the text has no place for it: {}", what));
            return false;
        }
        SourceId const candidate = sources_->add((*sources_)[source_].path(), with_edits((*sources_)[at_].text(), *edits));
        Reading reading = read(*sources_, candidate, dialect_, read_options_);
        if (std::ranges::any_of(reading.findings.all(), is_unread)) {
            note(fmt::format("not done, since the text would not be read: {}", what));
            return false;
        }
        if (accepts && stops_something(reading.ruleset)) {
            note(fmt::format("not done, since other chains would stop packets that miss what the rules behind it do to them: {}", what));
            return false;
        }
        if (!keeps(reading.ruleset)) {
            if (!kept_inserted_ && !is_cisco(dialect_)) {
                insert_kept();
                return step(what, make, accepts);
            }
            note(fmt::format("not done, since what is kept would be stopped: {}", what));
            return false;
        }
        at_ = candidate;
        reading_ = std::move(reading);
        result_.steps.push_back({what});
        return true;
    }

    bool stops_something(Ruleset const& next) const {
        Comparison const comparison(ruleset(), next);
        return std::ranges::any_of(comparison.differences(), [](Difference const& each) { return !each.removed.empty() || !each.retranslated.empty(); });
    }

    // At the head of the chain, behind what is there for states and the loopback; or at its end.
    bool put(std::string const& what, Place const& place, Rule const& added, bool head) {
        bool const there = std::ranges::any_of(chain(place).rules, [&](Rule const& each) {
            return each.verdict == added.verdict && to_text(each.match) == to_text(added.match);
        });
        if (there) return false;
        return step(fmt::format("{} {}", place.title, what), [&]() -> std::optional<std::vector<Edit>> {
            Chain const& into = chain(place);
            auto edit = inserted(*sources_, ruleset(), into, head ? head_of(into) : into.rules.size(), {added});
            if (!edit) return std::nullopt;
            return std::vector{std::move(*edit)};
        }, head && std::holds_alternative<Accept>(added.verdict));
    }

    void claim_added(Kind kind, Match match) { may_add_.push_back({kind, "", std::move(match)}); }
    void claim_removed(Kind kind, Match match) { may_remove_.push_back({kind, "", std::move(match)}); }

    // ---- chains of Linux

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
            PacketSet const own = of(space, {term(Field::iif, loopback()), term(Field::ct_state, ValueSet::single(ct_state::new_)),
                                             term(Field::protocol, ValueSet::single(17)), term(Field::dport, ValueSet::single(40000))});
            if (accepted(space, place, own).empty() && put("lets the host talk to itself", place, hardening_rule("loopback", Accept{}, {term(Field::iif, loopback())}), true))
                claim_added(place.kind, Match{{term(Field::iif, loopback())}, {}, {}});
        }
        PacketSet const ours = of(space, {term(Field::ct_state, ValueSet::single(ct_state::established)), term(Field::protocol, ValueSet::single(6)),
                                          term(Field::sport, ValueSet::single(443)), term(Field::dport, ValueSet::single(40000)),
                                          term(Field::tcp_flags, ValueSet::single(tcp_flag::ack))}) -
                               of(space, {term(Field::iif, loopback())});
        // By some interfaces alone, they pass for another reason.
        IntervalSet const by = accepted(space, place, ours).project(Field::iif).value_or(IntervalSet{}), wanted = ours.project(Field::iif).value_or(IntervalSet{});
        bool const answered = !by.empty() && by.contains((packets_at(space, to_host ? HookPoint::input : HookPoint::forward) & ours).project(Field::iif).value_or(wanted));
        if (!answered && put("lets answers through", place, hardening_rule("established", Accept{}, {term(Field::ct_state, answers())}), true))
            claim_added(place.kind, Match{{term(Field::ct_state, answers())}, {}, {}});
        Match const invalid{{term(Field::ct_state, ValueSet::single(ct_state::invalid))}, {}, {}};
        PacketSet const broken = space.of(invalid) - of(space, {term(Field::iif, loopback())}) - of(space, {term(Field::protocol, ValueSet::single(58))});
        // What will be let through that IP needs is nothing of this either.
        bool const open = std::holds_alternative<Accept>(chain(place).policy) || !accepted(space, place, broken).empty();
        if (open && put("drops what connection tracking cannot make sense of", place, hardening_rule("invalid", Drop{}, invalid.terms), true))
            claim_removed(place.kind, invalid);
        stop_forged(place);
        close_services(place);
        close_policy(place);
    }

    void stop_forged(Place const& place) {
        std::vector<Forged> all;
        {
            Context const ctx(ruleset(), *sources_, lint_options_, Asking::untrusted);
            all = forged_sources(ctx, place.kind, place.families);
        }
        for (Forged const& each : all) {
            Space space;
            PacketSet const asked = space.of(Field::iif, each.interfaces) & space.of(src_field(each.family), each.sources);
            bool const stopped = std::holds_alternative<Drop>(chain(place).policy) && accepted(space, place, asked & space.of(Field::ct_state, ValueSet::single(ct_state::new_))).empty();
            if (stopped) continue;
            std::vector<Term> terms;
            if (!each.interfaces.is_all(128)) terms.push_back(term(Field::iif, shorter(each.interfaces, 128)));
            terms.push_back(term(src_field(each.family), shorter(each.sources, address_bits(each.family))));
            if (put("drops forged sources", place, hardening_rule("sources", Drop{}, terms), true)) claim_removed(place.kind, Match{terms, {}, {}});
        }
    }

    // ---- insecure services

    void close_services(Place const& place) {
        for (Family const family : place.families) {
            std::map<std::uint8_t, IntervalSet> ports;
            {
                Context const ctx(ruleset(), *sources_, lint_options_, Asking::untrusted);
                for (Opening const& opening : insecure_openings(ctx, true)) {
                    auto const here = insecure_ports(ctx, opening, [&](Permit const& permit) { return permit.family == family && ctx.paths()[permit.path].kind == place.kind; });
                    for (auto const& [protocol, open] : here) ports[protocol] = ports[protocol].united(open);
                }
            }
            for (auto const& [protocol, open] : ports) {
                std::vector<Term> terms = strangers(options_.config, family);
                terms.push_back(term(Field::protocol, ValueSet::single(protocol)));
                terms.push_back(term(Field::dport, open));
                std::string const what = fmt::format("closes {} {} to {} senders that are not trusted", value_text(Field::protocol, protocol),
                                                     values_text(Field::dport, open, 6), family == Family::v4 ? "IPv4" : "IPv6");
                if (put(what, place, hardening_rule("insecure services", Drop{}, terms), true)) closed_.push_back({place.kind, place.title, Match{terms, {}, {}}});
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
        SourceId const candidate = sources_->add((*sources_)[source_].path(), with_edits((*sources_)[at_].text(), edits));
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
        std::string const table = table_of(dialect_, family);
        bool const taken = std::ranges::any_of(ruleset().chains, [&](Chain const& each) { return each.table == table; });
        if (taken) return note(fmt::format("the table {} has no chain at {}: declare it", table, kinds.front() == Kind::to_host ? "input" : "forward"));
        std::vector<std::pair<Kind, Match>> kept;
        for (Claim const& claim : kept_) kept.emplace_back(claim.kind, claim.match);
        Writing const writing = strict_table(dialect_, family, kinds, kept);
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

    // An entry that lets insecure services through, and the denials that would stop them.
    struct Insecure {
        ChainId chain = 0;
        std::size_t rule = 0;
        std::map<std::uint8_t, IntervalSet> ports;
        std::vector<Rule> denials;
        bool goes = false; // since they would stop all of it
    };

    void close_lists() {
        note_wide_permits();
        // From the last one up: an edit leaves what stands above it where it is.
        for (auto found = insecure_entries(); !found.empty(); found = insecure_entries()) {
            std::ranges::sort(found, std::greater{}, [](Insecure const& each) { return std::pair(each.chain, each.rule); });
            for (Insecure const& each : found) close_entry(each);
        }
    }

    // Those that were not tried, but for what denials before others of them will stop as well.
    std::vector<Insecure> insecure_entries() {
        Context const ctx(ruleset(), *sources_, lint_options_, Asking::untrusted);
        std::map<ChainId, PacketSet> stopped;
        std::vector<Opening> openings = insecure_openings(ctx, false);
        std::erase_if(openings, [](Opening const& each) { return !each.parts.front().first->rule; });
        std::ranges::stable_sort(openings, {}, [](Opening const& each) { return *each.parts.front().first->rule; });
        std::vector<Insecure> found;
        for (Opening const& opening : openings) {
            Permit const& permit = *opening.parts.front().first;
            PacketSet& stopped_here = stopped.try_emplace(permit.chain, ctx.space().none()).first->second;
            if (std::ranges::all_of(opening.parts, [&](auto const& part) { return part.second.subset_of(stopped_here); })) continue;
            auto ports = insecure_ports(ctx, opening, [](Permit const&) { return true; });
            if (!tried_.emplace(sources_->text(ctx.span(permit)), permit.chain).second || ports.empty()) continue;
            std::vector<Rule> denials = denials_of(ruleset().chains[permit.chain], permit.family, ports);
            PacketSet shut = ctx.space().none();
            for (Rule const& denial : denials) shut |= ctx.space().of(denial.match);
            Match const& match = ruleset().chains[permit.chain].rules[*permit.rule].match;
            bool const goes = (ctx.space().of(match) & ctx.space().of(Field::fragment, ValueSet::single(0))).subset_of(shut);
            if (!goes) stopped_here |= shut;
            found.push_back({permit.chain, *permit.rule, std::move(ports), std::move(denials), goes});
        }
        return found;
    }

    // A denial for each of many ports would help nobody.
    void note_wide_permits() {
        Context const ctx(ruleset(), *sources_, lint_options_, Asking::untrusted);
        for (Opening const& opening : wide_openings(ctx)) {
            Span const span = ctx.span(*opening.parts.front().first);
            Source const& text = (*sources_)[span.source];
            note(fmt::format("line {} lets more than {} ports through, insecure services among them: say which are meant", text.locate(span.begin).line, narrow_limit));
        }
    }

    std::vector<Rule> denials_of(Chain const& list, Family family, std::map<std::uint8_t, IntervalSet> const& ports) const {
        std::vector<Rule> denials;
        for (auto const& [protocol, open] : ports) {
            std::vector<Term> terms;
            if (list.hook->v4 && list.hook->v6) terms.push_back(term(Field::family, ValueSet::single(family_value(family))));
            if (has_zones()) terms.push_back(term(src_field(family), strange_sources(options_.config, family)));
            terms.push_back(term(Field::protocol, ValueSet::single(protocol)));
            for (Interval const& interval : open.intervals()) {
                Rule& denial = denials.emplace_back();
                denial.verdict = Drop{};
                denial.match.terms = terms;
                denial.match.terms.push_back(term(Field::dport, ValueSet::range(interval.first, interval.last)));
            }
        }
        return denials;
    }

    void close_entry(Insecure const& entry) {
        Chain const& list = ruleset().chains[entry.chain];
        Rule const permit = list.rules[entry.rule];
        std::string const title = list.title();
        auto const make = [&]() -> std::optional<std::vector<Edit>> {
            std::vector<Edit> edits;
            if (entry.goes) {
                auto const span = removed_span((*sources_)[permit.span.source], permit.span, dialect_);
                if (!span) return std::nullopt;
                edits.push_back({*span, ""});
                return edits;
            }
            auto edit = inserted(*sources_, ruleset(), ruleset().chains[entry.chain], entry.rule, entry.denials);
            if (!edit) return std::nullopt;
            edits.push_back(std::move(*edit));
            return edits;
        };
        std::string names;
        for (auto const& [protocol, open] : entry.ports) names += fmt::format("{}{} {}", names.empty() ? "" : ", ", value_text(Field::protocol, protocol), values_text(Field::dport, open, 6));
        if (!step(fmt::format("{} closes {}", title, names), make)) return;
        for (Rule const& denial : entry.denials) may_remove_.push_back({Kind::list, title, denial.match});
        // Where a permit of ports goes, so do the later fragments that it took along.
        Match later = permit.match;
        later.alternatives.clear();
        std::erase_if(later.terms, [](Term const& each) { return info(each.field).transport; });
        later.terms.push_back(term(Field::fragment, ValueSet::single(1)));
        may_remove_.push_back({Kind::list, title, std::move(later)});
    }

    // ---- proof

    // A list speaks for those that call it too, as the global one of an ASA does.
    bool is_on(Claim const& claim, Difference const& difference) const {
        Path const& path = difference.before ? *difference.before : *difference.after;
        if (claim.kind != path.kind) return false;
        if (claim.kind != Kind::list || claim.list == path.name) return true;
        auto const& chains = original_.ruleset.chains;
        for (ChainId id = 0; id < chains.size(); ++id) {
            if (chains[id].title() != path.name) continue;
            auto const called = call_order(original_.ruleset, id).chains;
            if (std::ranges::any_of(called, [&](ChainId each) { return chains[each].title() == claim.list; })) return true;
        }
        return false;
    }

    // Packets that the claims are about, as they are when they come to the chain.
    PacketSet packets(Space& space, std::vector<Claim> const& claims, Difference const& difference) const {
        PacketSet all = space.none();
        for (Claim const& claim : claims)
            if (is_on(claim, difference)) all |= space.of(claim.match);
        return all;
    }

    // What came to services that are closed, by where translation leads it; and what a policy let pass.
    PacketSet let_go(Space& space, PacketSet const& removed, Difference const& difference) const {
        PacketSet all = space.none();
        if (!difference.before) return all;
        std::vector<Path> const paths = find_paths(original_.ruleset);
        auto const path = std::ranges::find(paths, difference.before->name, &Path::name);
        if (path == paths.end()) return all;
        PacketSet const asked = removed & packets_at(space, path->hook);
        PathReach reach(space, original_.ruleset, *path, asked);
        for (Claim const& claim : closed_) {
            if (!is_on(claim, difference)) continue;
            for (ChainId const id : path->chains)
                for (Family const family : families)
                    if (original_.ruleset.chains[id].title() == claim.list) all |= matching(space, reach.coming_to(family, id), claim.match);
        }
        // What passed by a policy: it would not, if that were to drop.
        Ruleset strict = original_.ruleset;
        for (Chain& each : strict.chains)
            if (std::ranges::any_of(strict_, [&](Place const& place) { return place.kind == path->kind && place.title == each.title(); })) each.policy = Drop{};
        PathReach strict_reach(space, strict, *path, asked);
        for (Family const family : families) all |= reach.accepted(family) - strict_reach.accepted(family);
        return all;
    }

    void prove() {
        result_.comparison = std::make_unique<Comparison>(original_.ruleset, ruleset());
        Space& space = result_.comparison->space();
        for (Difference const& difference : result_.comparison->differences()) {
            PacketSet const added = difference.added - packets(space, may_add_, difference) - packets(space, kept_, difference);
            PacketSet const told = difference.removed - packets(space, may_remove_, difference);
            PacketSet const removed = told - let_go(space, told, difference);
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
