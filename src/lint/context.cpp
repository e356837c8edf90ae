#include "lint/context.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <stdexcept>

#include "lint/prepared_space.hpp"
#include "portcullis/engine/connection.hpp"
#include "portcullis/engine/devices.hpp"
#include "portcullis/engine/interpret_many.hpp"
#include "portcullis/engine/routed.hpp"

namespace portcullis {

namespace {

constexpr std::uint64_t any_breadth = ~std::uint64_t{0};

Match one_term(Field field, ValueSet values) { return {{{field, std::move(values), {}}}, {}, {}}; }

Match to_port(PortRange const& port) {
    Match match = one_term(Field::protocol, ValueSet::single(port.protocol));
    match.terms.push_back({Field::dport, ValueSet::range(port.first, port.last), {}});
    return match;
}

// How many pairs of protocol and port the permit names, and which ports.
void measure(Permit& permit, Match const& match) {
    auto const ports = named_values(match, Field::dport);
    if (ports && !ports->empty()) {
        permit.first_port = static_cast<std::uint16_t>(ports->intervals().front().first);
        permit.last_port = static_cast<std::uint16_t>(std::min<U128>(ports->intervals().back().last, 65535));
    }
    permit.breadth = any_breadth;
    auto const protocols = named_values(match, Field::protocol);
    if (!protocols) return;
    IntervalSet const with_ports = protocols->intersected(port_protocols());
    permit.breadth = with_ports.empty() ? 0 : low64(with_ports.count() * (ports ? ports->count() : U128{65536}));
}

ShadowOptions shadow_options(LintOptions const& options) {
    ShadowOptions own;
    own.threads = options.threads;
    return own;
}

} // namespace

std::optional<IntervalSet> named_values(Match const& match, Field field) {
    std::optional<IntervalSet> result;
    auto const narrow = [&](IntervalSet const& values) { result = result ? result->intersected(values) : values; };
    for (Term const& term : match.terms) {
        if (term.field != field) continue;
        if (term.values.masks.empty() && !term.values.negated) narrow(term.values.intervals);
        else if (auto const values = term.values.as_intervals(info(field).bits)) narrow(*values);
    }
    for (Alternatives const& relation : match.alternatives) {
        auto const column = std::find(relation.fields.begin(), relation.fields.end(), field);
        if (relation.negated || column == relation.fields.end()) continue;
        std::vector<Interval> all;
        auto const fragment = std::find(relation.fields.begin(), relation.fields.end(), Field::fragment);
        for (auto const& row : relation.rows) {
            if (fragment != relation.fields.end()) {
                if (!row[static_cast<std::size_t>(fragment - relation.fields.begin())].contains(0)) continue;
            }
            auto const values = row[static_cast<std::size_t>(column - relation.fields.begin())].as_intervals(info(field).bits);
            if (!values) return std::nullopt;
            all.insert(all.end(), values->intervals().begin(), values->intervals().end());
        }
        narrow(IntervalSet::of(std::move(all)));
    }
    return result;
}

std::string where(Chain const& chain, std::optional<std::size_t> rule) {
    if (!rule) return chain.title() + "/policy";
    return fmt::format("{}/{}", chain.title(), chain.rules[*rule].origin + 1);
}

Context::Context(Ruleset const& ruleset, Sources const& sources, LintOptions const& options, Asking asking,
                 std::shared_ptr<Space> space)
    : ruleset_(ruleset), sources_(sources), options_(options), asking_(asking),
      space_(space ? std::move(space) : prepared_space(ruleset.dialect)),
      paths_(find_paths(ruleset)) {
    reaches_.resize(paths_.size());
    for (Path const& path : paths_) questions_.push_back(question(path));
    collect_permits();
    passing_.resize(permits_.size());
    wide_.resize(permits_.size());
}

Context::~Context() = default;

std::vector<ChainId> const& Context::bases(ChainId chain) const {
    if (bases_.empty()) {
        std::vector<std::vector<ChainId>> bases(ruleset_.chains.size());
        for (ChainId base = 0; base < ruleset_.chains.size(); ++base) {
            if (!ruleset_.chains[base].hook) continue;
            for (ChainId const called : call_order(ruleset_, base).chains) bases[called].push_back(base);
        }
        bases_ = std::move(bases);
    }
    return bases_[chain];
}

Reach& Context::reach() const {
    if (!reach_) reach_.emplace(*space_, ruleset_, space_->all());
    return *reach_;
}

Shadows const& Context::shadows() const {
    if (!shadows_) shadows_.emplace(ruleset_, shadow_options(options_));
    return *shadows_;
}

Shadows const* Context::first_fragment_shadows() const {
    if (first_fragment_shadows_) return &*first_fragment_shadows_;
    std::vector<RuleList> lists;
    for (RuleList& list : lists_of(ruleset_)) {
        Chain const& chain = ruleset_.chains[list.chains.front()];
        bool const tells = std::any_of(chain.rules.begin(), chain.rules.end(), [](Rule const& rule) {
            return asks_about(rule.match, Field::fragment);
        });
        if (!chain.hook || chain.hook->point != HookPoint::list || !tells) continue;
        list.seen.terms.push_back({Field::fragment, ValueSet::single(0), {}});
        lists.push_back(std::move(list));
    }
    if (lists.empty()) return nullptr;
    return &first_fragment_shadows_.emplace(ruleset_, std::move(lists), shadow_options(options_));
}

bool Context::complete() const {
    return (!shadows_ || shadows_->complete()) &&
           (!first_fragment_shadows_ || first_fragment_shadows_->complete());
}

std::vector<DeadRule> const& Context::dead_rules() const {
    if (!dead_rules_) dead_rules_ = find_dead_rules(*this);
    return *dead_rules_;
}

Match connection_start() {
    auto const only = [](Field field, U128 value) { return Term{field, ValueSet::single(value), {}}; };
    ValueSet const elsewhere = ValueSet::single(interface_value("lo")).complement();
    ValueSet const tcp = ValueSet::single(number(Protocol::tcp));
    Match match{{only(Field::ct_state, ct_state::new_), only(Field::ct_direction, 0), only(Field::ct_status, 0),
                 only(Field::fragment, 0),
                 {Field::iif, elsewhere, {}}, {Field::oif, elsewhere, {}}}, {}, {}};
    ValueSet const any_flags = IntervalSet::all(info(Field::tcp_flags).bits);
    match.alternatives.push_back({{Field::protocol, Field::tcp_flags},
                                  {{tcp, ValueSet::single(tcp_flag::syn)}, {tcp.complement(), any_flags}}, false, {}});
    return match;
}

Shadows const& Context::connection_shadows() const {
    if (connection_shadows_) return *connection_shadows_;
    std::vector<RuleList> lists = lists_of(ruleset_);
    for (RuleList& list : lists) {
        Match start = connection_start();
        std::move(start.terms.begin(), start.terms.end(), std::back_inserter(list.seen.terms));
        list.seen.alternatives = std::move(start.alternatives);
    }
    return connection_shadows_.emplace(ruleset_, std::move(lists), shadow_options(options_));
}

std::vector<PartlyTaken> const& Context::partly_taken() const {
    if (!partly_taken_) {
        double const least = static_cast<double>(find_rule("PC204")->parameter("least-percent")) / 100;
        partly_taken_ = find_partly_taken(*this, least);
    }
    return *partly_taken_;
}

Orders const& Context::orders() const {
    if (!orders_) orders_ = find_orders(*this, partly_taken());
    return *orders_;
}

std::vector<OutsideWay> const& Context::outside_ways() const {
    if (!outside_ways_) outside_ways_ = find_outside_ways(*this);
    return *outside_ways_;
}

std::vector<Spoofing> const& Context::spoofing_from_outside() const {
    if (!spoofing_) spoofing_ = find_spoofing_from_outside(*this);
    return *spoofing_;
}

std::vector<std::string> Context::bounds() const {
    std::vector<std::string> all;
    for (auto const* shadows : {&shadows_, &connection_shadows_}) {
        if (!*shadows) continue;
        if (!(*shadows)->knows_pairs()) all.push_back("pairs of rules were not compared where rules see marks that others of them set");
        if ((*shadows)->cut_short()) all.push_back("a rule meets so many others that not all of its pairs were compared");
    }
    all.erase(std::unique(all.begin(), all.end()), all.end());
    return all;
}

PacketSet Context::seen_at(HookPoint point) const { return packets_at(*space_, point); }

PacketSet Context::seen_by(ChainId base) const {
    Hook const& hook = *ruleset_.chains[base].hook;
    IntervalSet families;
    if (hook.v4) families = families.united(IntervalSet::single(family_v4));
    if (hook.v6) families = families.united(IntervalSet::single(family_v6));
    PacketSet const seen = seen_at(hook.point) & space_->of(Field::family, families);
    auto const own = at_devices(hook);
    return own ? seen & space_->of(own->field, own->values) : seen;
}

PacketSet Context::first_packets(HookPoint point) const {
    return portcullis::first_packets(*space_, point) & to_one_host(*space_);
}

PacketSet Context::new_connections(HookPoint point) const {
    return first_packets(point) & space_->of(Field::ct_state, ValueSet::single(ct_state::new_));
}

PacketSet const& Context::from_untrusted() const {
    if (from_untrusted_) return *from_untrusted_;
    Space& s = *space_;
    PacketSet const sources = s.of(Field::src4, options_.config.untrusted_sources(Family::v4)) |
                              s.of(Field::src6, options_.config.untrusted_sources(Family::v6));
    return from_untrusted_.emplace(sources - s.of(Field::iif, options_.config.trusted_interfaces()));
}

bool Context::translates_destinations() const {
    if (translates_destinations_) return *translates_destinations_;
    auto const does = [](Rule const& rule) {
        auto const* rewrite = std::get_if<Rewrite>(&rule.verdict);
        return rewrite != nullptr && is_destination(rewrite->kind);
    };
    return translates_destinations_.emplace(std::any_of(ruleset_.chains.begin(), ruleset_.chains.end(), [&](Chain const& chain) {
        return std::any_of(chain.rules.begin(), chain.rules.end(), does);
    }));
}

std::vector<Duplicate> const& Context::duplicates(ChainId chain) const {
    auto const [known, is_new] = duplicates_.try_emplace(chain);
    if (is_new) known->second = duplicates_of(ruleset_, chain);
    return known->second;
}

PacketSet const& Context::unmarked() const {
    if (!unmarked_) unmarked_ = portcullis::unmarked(*space_, ruleset_);
    return *unmarked_;
}

// Whatever the path.
PacketSet const& Context::asked_at(HookPoint point) const {
    auto const known = asked_at_.find(point);
    if (known != asked_at_.end()) return known->second;
    PacketSet set = new_connections(point) & unmarked() & routed(*space_, ruleset_, point);
    if (asking_ == Asking::anybody) set -= space_->of(Field::iif, ValueSet::single(interface_value("lo")));
    else set &= from_untrusted();
    return asked_at_.emplace(point, std::move(set)).first->second;
}

PacketSet Context::question(Path const& path) const {
    if (asking_ == Asking::untrusted && path.kind == Path::Kind::list) {
        // A list that only trusted interfaces apply lets nobody else in.
        auto const& bindings = ruleset_.chains[path.chains.front()].bindings;
        bool const inside = !bindings.empty() && std::all_of(bindings.begin(), bindings.end(), [&](Binding const& b) {
            return options_.config.trusts_interface(b.interface);
        });
        if (inside) return space_->none();
    }
    // Where destinations are translated between the two, the list at the other end asks about others.
    if (path.kind != Path::Kind::list || translates_destinations() || !ruleset_.unmodelled.empty()) return asked_at(path.hook);
    if (!list_ways_) list_ways_.emplace(*space_, ruleset_);
    auto const with_way = list_ways_->packets_with_way(path.chains.front());
    return with_way ? asked_at(path.hook) & *with_way : asked_at(path.hook);
}

void Context::collect_permits() {
    for (std::size_t p = 0; p < paths_.size(); ++p) {
        if (paths_[p].kind == Path::Kind::from_host) continue;
        reaches_[p].emplace(*space_, ruleset_, paths_[p], questions_[p]);
        for (Family const family : {Family::v4, Family::v6}) {
            if (!ruleset_.governs(family)) continue;
            auto const decisive = reaches_[p]->decisive(family);
            ChainId const main = reaches_[p]->main(family).value_or(no_chain);
            // A list for one family has nothing to do with packets of the other.
            if (paths_[p].kind == Path::Kind::list && main == no_chain) continue;
            if (!decisive) {
                permits_.push_back({p, family, main, std::nullopt, any_breadth});
                continue;
            }
            for (ChainId const id : call_order(ruleset_, *decisive).chains) {
                std::vector<Rule> const& all = ruleset_.chains[id].rules;
                for (std::size_t r = 0; r < all.size(); ++r) {
                    bool const accepts = std::holds_alternative<Accept>(all[r].verdict) ||
                                         std::holds_alternative<Rewrite>(all[r].verdict);
                    if (accepts) measure(permits_.emplace_back(Permit{p, family, id, r}), all[r].match);
                }
            }
            if (std::holds_alternative<Accept>(ruleset_.chains[*decisive].policy)) {
                // What no rule decided, the main filter passes too; its policy is the one to change.
                bool const by_main = main != no_chain && std::holds_alternative<Accept>(ruleset_.chains[main].policy);
                permits_.push_back({p, family, by_main ? main : *decisive, std::nullopt, any_breadth});
            }
        }
    }
}

bool Context::is_before_translation(Permit const& permit) const {
    // It is asked of each permit, for each port of each service.
    std::pair const key(permit.path, permit.family);
    if (auto const known = before_translation_.find(key); known != before_translation_.end()) return known->second;
    auto const& chains = paths_[permit.path].chains;
    auto const decisive = reaches_[permit.path]->decisive(permit.family);
    bool const is_before = decisive && std::any_of(std::find(chains.begin(), chains.end(), *decisive), chains.end(), [&](ChainId base) {
        auto const called = call_order(ruleset_, base).chains;
        return std::any_of(called.begin(), called.end(), [&](ChainId id) {
            auto const& rules = ruleset_.chains[id].rules;
            return std::any_of(rules.begin(), rules.end(), [](Rule const& rule) {
                auto const* rewrite = std::get_if<Rewrite>(&rule.verdict);
                return rewrite != nullptr && is_destination(rewrite->kind);
            });
        });
    });
    before_translation_.emplace(key, is_before);
    return is_before;
}

PacketSet Context::asked(Permit const& permit) const {
    U128 const family = family_value(permit.family);
    return questions_[permit.path] & space_->of(Field::family, ValueSet::single(family));
}

Worlds Context::passing_worlds(Permit const& permit) const {
    auto& known = passing_[static_cast<std::size_t>(&permit - permits_.data())];
    if (known) return *known;
    PathReach& reach = *reaches_[permit.path];
    Worlds worlds = permit.rule ? reach.accepted_by(permit.family, permit.chain, *permit.rule)
                                : reach.accepted_by_policy(permit.family);
    // Several rules ask about wide permits; a narrow one concerns one of them, and there may be many.
    if (permit.breadth > narrow_limit) known = worlds;
    return worlds;
}

PacketSet Context::passing(Permit const& permit) const { return packets_of(*space_, passing_worlds(permit)); }

PacketSet Context::reaching(Permit const& permit, PortRange const& port) const {
    return reaching(passing_worlds(permit), port);
}

PacketSet Context::reaching(Worlds const& worlds, PortRange const& port) const {
    PacketSet all = space_->none();
    for (World const& world : worlds)
        all |= world.packets & (world.marks.destination.done ? space_->of(to_port(port), world.marks) : to_service(port));
    return all;
}

bool Context::is_wide(Permit const& permit) const {
    if (permit.breadth <= narrow_limit) return false;
    auto& known = wide_[static_cast<std::size_t>(&permit - permits_.data())];
    if (!known) {
        PacketSet const with_ports = passing(permit) & space_->of(Field::protocol, port_protocols());
        known = with_ports.project(Field::dport).value().count() > narrow_limit;
    }
    return *known;
}

// Whatever earlier rules have made of the marks.
PacketSet Context::matched_alone(Match const& match) const {
    if (!reads_marks(match)) return space_->of(match);
    Match without = match;
    auto const is_mark = [](Term const& term) { return term.field == Field::mark || term.field == Field::ct_mark; };
    std::erase_if(without.terms, is_mark);
    std::erase_if(without.alternatives, [](Alternatives const& relation) {
        return asks_about(relation, Field::mark) || asks_about(relation, Field::ct_mark);
    });
    return space_->of(without);
}

PacketSet Context::alone(Permit const& permit) const {
    if (!permit.rule) return asked(permit);
    PacketSet matched = matched_alone(ruleset_.chains[permit.chain].rules[*permit.rule].match) & asked(permit);
    ChainId const base = *reaches_[permit.path]->decisive(permit.family);
    if (permit.chain == base) return matched;
    if (!admissions_.contains({base, permit.chain})) {
        std::vector<PacketSet> sets(ruleset_.chains.size(), space_->none());
        sets[base] = space_->all();
        for (ChainId const caller : call_order(ruleset_, base).chains) {
            admissions_.emplace(std::pair{base, caller}, sets[caller]);
            for (Rule const& rule : ruleset_.chains[caller].rules) {
                auto const* jump = std::get_if<Jump>(&rule.verdict);
                if (jump != nullptr && jump->chain != no_chain) sets[jump->chain] |= sets[caller] & matched_alone(rule.match);
            }
        }
    }
    return matched & admissions_.at({base, permit.chain});
}

PacketSet Context::to_service(PortRange const& port) const {
    auto const key = std::tuple(port.protocol, port.first, port.last);
    auto known = to_service_.find(key);
    if (known == to_service_.end()) known = to_service_.emplace(key, space_->of(to_port(port))).first;
    return known->second;
}

Match const& Context::match(Permit const& permit) const {
    static Match const everything;
    return permit.rule ? ruleset_.chains[permit.chain].rules[*permit.rule].match : everything;
}

Span Context::span(Permit const& permit) const {
    if (permit.chain == no_chain) return {};
    Chain const& chain = ruleset_.chains[permit.chain];
    return permit.rule ? chain.rules[*permit.rule].span : chain.policy_span;
}

std::string Context::where(Permit const& permit) const {
    return permit.chain == no_chain ? paths_[permit.path].name : portcullis::where(ruleset_.chains[permit.chain], permit.rule);
}

Witness Context::witness(Permit const& permit, PacketSet const& set, std::vector<Assumption>& assumptions) const {
    return witness(paths_[permit.path], set, assumptions);
}

template <class Chains> Decision Context::decide(Chains const& chains, Member const& member) const {
    constexpr std::size_t few = 16;
    auto const truth = [&](Opaque const& opaque) { return member.truth(opaque); };
    if (!many_) {
        if (++decided_ <= few || !is_large(ruleset_)) return interpret(ruleset_, chains, member.packet, truth);
        many_ = std::make_unique<ManyPackets>(ruleset_);
    }
    return many_->decide(chains, member.packet, truth);
}

Witness Context::witness(Path const& path, PacketSet const& set, std::vector<Assumption>& assumptions) const {
    PacketSet const certain = set.certainly();
    auto const member = (certain.empty() ? set : certain).member();
    Decision const decision = decide(path.chains, *member);
    Outcome const& end = decision.main();
    // What a redirect leads to the host itself does not go through it.
    bool const accepted = end.fate == Fate::accept && !(path.kind == Path::Kind::through && end.rewritten.to_host);
    if (decision.outcomes.size() != 1 || !accepted)
        throw std::logic_error("the interpreter does not confirm the witness " + to_text(member->packet));
    assumptions = member->assumptions;
    Witness result{member->packet, path.hook, "accept"};
    if (end.rewritten.destination) result.became = as_rewritten(member->packet, end.rewritten);
    return result;
}

namespace {

template <class Decide> Witness confirmed(PacketSet const& set, HookPoint hook, bool accepted, Decide const& decide) {
    PacketSet const certain = set.certainly();
    auto const member = (certain.empty() ? set : certain).member();
    Decision const decision = decide(*member);
    if (decision.outcomes.size() != 1 || (decision.main().fate == Fate::accept) != accepted) {
        throw std::logic_error("the interpreter does not confirm the witness " + to_text(member->packet));
    }
    return {member->packet, hook, std::string(to_string(decision.main().fate))};
}

} // namespace

Witness Context::witness(std::vector<ChainId> const& chains, HookPoint hook, PacketSet const& set, bool accepted) const {
    return confirmed(set, hook, accepted, [&](Member const& member) { return decide(chains, member); });
}

Witness Context::witness(ChainId base, PacketSet const& set, bool accepted) const {
    Chain const& chain = ruleset_.chains[base];
    Witness result = confirmed(set, chain.hook->point, accepted, [&](Member const& member) { return decide(base, member); });
    result.chain = chain.title();
    return result;
}

namespace {

// Whether a packet of one of the first accepting rules passes the path: found by the interpreter, at little cost.
bool some_accept(Context const& ctx, Path const& path, PacketSet const& question, ChainId filter) {
    constexpr std::size_t most = 64;
    std::size_t tried = 0;
    for (ChainId const id : call_order(ctx.ruleset(), filter).chains) {
        for (Rule const& rule : ctx.ruleset().chains[id].rules) {
            if (!std::holds_alternative<Accept>(rule.verdict)) continue;
            if (++tried > most) return false;
            auto const member = (ctx.space().of(rule.match) & question).member();
            if (!member) continue;
            auto const truth = [&](Opaque const& opaque) { return member->truth(opaque); };
            if (interpret(ctx.ruleset(), path.chains, member->packet, truth).main().fate == Fate::accept) return true;
        }
    }
    return false;
}

} // namespace

bool accepts_anything(Context const& ctx, Path const& path, Family family) {
    Space& s = ctx.space();
    ValueSet const lo = ValueSet::single(interface_value("lo"));
    PacketSet const question = (s.of(Field::ct_state, ValueSet::range(ct_state::new_, ct_state::related)) &
                                ctx.seen_at(path.hook)) -
                               (s.of(Field::iif, lo) | s.of(Field::oif, lo));
    PathReach reach(s, ctx.ruleset(), path, question);
    auto const filter = reach.decisive(family);
    if (!filter || std::holds_alternative<Accept>(ctx.ruleset().chains[*filter].policy)) return !reach.accepted(family).empty();
    if (some_accept(ctx, path, question & reach.of_family(family), *filter)) return true;
    return is_large(ctx.ruleset()) || !reach.accepted(family).empty();
}

bool is_large(Ruleset const& ruleset) { return rule_count(ruleset) > 5000; }

Finding& add_finding(Context const& ctx, Findings& out, ChainId id, std::optional<std::size_t> rule) {
    Chain const& chain = ctx.ruleset().chains[id];
    Finding& finding = out.add(ctx.rule().id, rule ? chain.rules[*rule].span : chain.policy_span);
    finding.arg("chain", chain.title());
    finding.where = where(chain, rule);
    return finding;
}

void judge(Finding& finding, PacketSet const& set) {
    if (!set.certainly().empty()) return;
    finding.certainty = Certainty::possible;
    auto const member = set.member();
    std::string texts;
    for (Assumption const& a : member->assumptions) {
        texts += (texts.empty() ? "" : " and ") + (a.holds ? a.text : "not (" + a.text + ")");
    }
    finding.note(texts.empty() ? "only for packets with the mark or status that the witness has" : "only if: " + texts);
}

bool is_plain(std::vector<Rule> const& rules, std::size_t index) {
    Rule const& rule = rules[index];
    if (!rule.effects.assignments.empty() || rule.effects.notrack || !rule.effects.sets.empty()) return false;
    auto const is_other_answer = [&](Rule const& other) {
        return other.origin == rule.origin && other.span == rule.span && other.verdict != rule.verdict;
    };
    return !(index > 0 && is_other_answer(rules[index - 1])) &&
           !(index + 1 < rules.size() && is_other_answer(rules[index + 1]));
}

namespace {

bool ends(Verdict const& verdict) {
    if (auto const* jump = std::get_if<Jump>(&verdict)) return jump->is_goto && jump->chain != no_chain;
    return !std::holds_alternative<Continue>(verdict);
}

// A term that all packets of the chain satisfy says nothing: "ipv4" in a list of IPv4.
bool matches_all(Rule const& rule, Chain const& chain) {
    if (!rule.match.alternatives.empty() || !rule.match.opaque.empty()) return false;
    return std::all_of(rule.match.terms.begin(), rule.match.terms.end(), [&](Term const& term) {
        if (term.values.is_all(info(term.field).bits) && !info(term.field).family && !info(term.field).transport)
            return true;
        return term.field == Field::family && chain.hook && (!chain.hook->v4 || term.values.contains(family_v4)) &&
               (!chain.hook->v6 || term.values.contains(family_v6));
    });
}

} // namespace

std::vector<Rule>::const_iterator catch_all(Chain const& chain) {
    return std::find_if(chain.rules.begin(), chain.rules.end(),
                        [&](Rule const& rule) { return ends(rule.verdict) && matches_all(rule, chain); });
}

bool may_match(Context const& ctx, Permit const& permit, PortRange const& port) {
    if (!permit.rule || ctx.is_before_translation(permit)) return true;
    IntervalSet const ports(port.first, port.last);
    Match const& match = ctx.match(permit);
    return std::all_of(match.terms.begin(), match.terms.end(), [&](Term const& term) {
        if (term.field == Field::protocol) return term.values.contains(port.protocol);
        if (term.field != Field::dport || !term.values.masks.empty()) return true;
        return term.values.negated ? !term.values.intervals.contains(ports) : term.values.intervals.overlaps(ports);
    });
}

void offer_removal(Context const& ctx, Finding& finding, Rule const& rule, bool safe) {
    Dialect const dialect = ctx.ruleset().dialect;
    if (dialect == Dialect::iptables_script || dialect == Dialect::nft_json) return;
    if (!finding.fix) finding.fix = Fix{{}, true};
    finding.fix->safe = finding.fix->safe && safe;
    // Rules that were one rule of the text stand side by side.
    auto& edits = finding.fix->edits;
    if (edits.empty() || edits.back().span != rule.span) edits.push_back({rule.span, ""});
}

} // namespace portcullis
