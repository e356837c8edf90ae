#include "portcullis/engine/reach.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <numeric>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "engine/beyond.hpp"
#include "engine/box.hpp"
#include "engine/contradiction.hpp"
#include "portcullis/engine/budget.hpp"
#include "portcullis/engine/devices.hpp"

namespace portcullis {

namespace {

// Chains up to this length are worked through from top to bottom once; in longer ones, a rule is compared with just
// the earlier rules that its outline meets.
constexpr std::size_t sequential_limit = 32;
// From this many earlier rules that differ in one field, their union is kept for the next question.
constexpr std::size_t keep_from = 1024;
// So many neighbours of a long chain that do the same are taken at once; the union of more may grow beyond what is left.
constexpr std::size_t most_at_once = 256;

bool takes_whole_match(Rule const& rule) {
    auto const* jump = std::get_if<Jump>(&rule.verdict);
    return jump == nullptr || (jump->is_goto && jump->chain != no_chain);
}

bool of_terms(Match const& match) { return match.alternatives.empty() && match.opaque.empty(); }

enum class Visit : std::uint8_t { new_, open, done };

void visit(Ruleset const& ruleset, ChainId id, std::vector<Visit>& state, CallOrder& order, std::size_t& depth) {
    CallDepth const guard(depth);
    state[id] = Visit::open;
    for (Rule const& rule : ruleset.chains[id].rules) {
        auto const* jump = std::get_if<Jump>(&rule.verdict);
        if (jump == nullptr || jump->chain == no_chain) continue;
        if (state[jump->chain] == Visit::open) order.cyclic = true;
        if (state[jump->chain] == Visit::new_) visit(ruleset, jump->chain, state, order, depth);
    }
    state[id] = Visit::done;
    order.chains.push_back(id);
}

} // namespace

CallOrder call_order(Ruleset const& ruleset, ChainId base) {
    CallOrder order;
    std::vector<Visit> state(ruleset.chains.size(), Visit::new_);
    std::size_t depth = 0;
    visit(ruleset, base, state, order, depth);
    std::reverse(order.chains.begin(), order.chains.end());
    return order;
}

std::vector<ChainId> all_chains(Ruleset const& ruleset) {
    std::vector<ChainId> all(ruleset.chains.size());
    std::iota(all.begin(), all.end(), ChainId{0});
    return all;
}

std::vector<ChainId> called_by(Ruleset const& ruleset, std::vector<ChainId> const& bases) {
    CallOrder order;
    std::vector<Visit> state(ruleset.chains.size(), Visit::new_);
    std::size_t depth = 0;
    for (ChainId const base : bases)
        if (state[base] == Visit::new_) visit(ruleset, base, state, order, depth);
    return std::move(order.chains);
}

PacketSet packets_of(Space& space, Worlds const& worlds) {
    PacketSet all = space.none();
    for (World const& world : worlds) all |= world.packets;
    return all;
}

PacketSet matching(Space& space, Worlds const& worlds, Match const& match) {
    PacketSet all = space.none();
    for (World const& world : worlds) {
        if (world.packets.empty() || contradicts_translation(match, world.marks)) continue;
        all |= world.packets & space.of(match, world.marks);
    }
    return all;
}

struct Reach::Impl {
    // What becomes of the packets that enter a chain with some marks.
    struct Exits {
        Fates fates; // `dropped` is what the others leave, worked out when it is asked for
        Worlds accepted; // by their marks then; empty where the chain changes none
        Worlds returned;
    };
    struct ChainState {
        std::optional<Exits> exits;
        std::map<std::size_t, PacketSet> hits; // by rule, where worked out from top to bottom; none of the others
        // By rule: what takes it, with the marks then; where the chain changes marks.
        std::map<std::size_t, Worlds> leaving;
        // By rule, without what the question says anyway; null where none of its packets match. For long chains only.
        std::vector<Match const*> matches;
        std::deque<Match> changed;
        std::optional<BoxTree> tree;
        std::vector<bool> whole_boxes; // by rule: it takes all of its outline
        std::map<std::vector<std::uint32_t>, PacketSet> unions; // of many rules that differ in one field
    };
    // What a chain and those that it calls have to do with marks.
    struct Dealings {
        bool reads = false;      // marks, or the state of the connection
        bool reads_ends = false; // what address translation changes
        bool changes = false;

        bool include(Dealings const& other) {
            Dealings const before = *this;
            *this = {reads || other.reads, reads_ends || other.reads_ends, changes || other.changes};
            return *this != before;
        }
        friend bool operator==(Dealings const&, Dealings const&) = default;
    };

    // The chains that are being worked out; a jump to one closes a cycle, and decides nothing. Work may end at any moment,
    // by a budget, and be asked for again.
    using OpenChains = std::unordered_set<ChainId>;
    class Open {
      public:
        Open(OpenChains& chains, ChainId id) : chains_(chains), id_(id) { chains_.insert(id); }
        ~Open() { chains_.erase(id_); }
        Open(Open const&) = delete;
        Open& operator=(Open const&) = delete;

      private:
        OpenChains& chains_;
        ChainId id_;
    };

    Space& space;
    Ruleset const& ruleset;
    PacketSet question;
    // Each path has a Reach of its own, and there may be as many as there are chains: what is kept by chain is there for the
    // chains that it is known of.
    std::unordered_map<ChainId, Dealings> dealings;
    std::unordered_map<ChainId, std::map<Marks, ChainState>> chains; // by the marks at its start where it looks at them
    OpenChains open;
    using Entered = std::unordered_map<ChainId, Worlds>; // by chain that some packet may come to
    std::map<std::pair<ChainId, Marks>, Entered> entries; // by base chain
    std::size_t depth = 0;
    std::optional<std::vector<Known>> known_; // what the question fixes

    Impl(Space& s, Ruleset const& r, PacketSet q, std::vector<ChainId> const& asked)
        : space(s), ruleset(r), question(std::move(q)), dealings(deal(asked)) {}

    std::vector<Known> const& known() {
        if (!known_) known_ = known_fields(question);
        return *known_;
    }

    // What the rules of each chain do themselves is handed on to all chains that call it.
    std::unordered_map<ChainId, Dealings> deal(std::vector<ChainId> const& asked) const {
        std::unordered_map<ChainId, Dealings> all;
        if (!marks_matter(ruleset, asked)) return all;
        std::unordered_map<ChainId, std::vector<ChainId>> callers;
        std::vector<ChainId> changed;
        for (ChainId const id : asked) {
            for (Rule const& rule : ruleset.chains[id].rules) {
                all[id].include({reads_marks(rule.match) || reads_state(rule.match), reads_ends(rule.match),
                                 changes_marks(rule)});
                auto const* jump = std::get_if<Jump>(&rule.verdict);
                if (jump != nullptr && jump->chain != no_chain) callers[jump->chain].push_back(id);
            }
            changed.push_back(id);
        }
        while (!changed.empty()) {
            Dealings const callee = all[changed.back()];
            std::vector<ChainId> const& above = callers[changed.back()];
            changed.pop_back();
            for (ChainId const caller : above) {
                if (all[caller].include(callee)) changed.push_back(caller);
            }
        }
        return all;
    }

    Dealings dealings_of(ChainId id) const {
        auto const known = dealings.find(id);
        return known == dealings.end() ? Dealings{} : known->second;
    }

    // Marks make a difference only to chains that have to do with them.
    Marks relevant(ChainId id, Marks const& marks) {
        Dealings const own = dealings_of(id);
        if (own.changes) return marks;
        Marks seen;
        if (own.reads) seen = marks;
        seen.destination = own.reads_ends ? marks.destination : Translated{};
        seen.source = own.reads_ends ? marks.source : Translated{};
        seen.whole_way = own.reads_ends && marks.whole_way;
        return seen;
    }
    // The marks at the start of a base chain.
    Marks at_start(ChainId base, Marks marks = {}) const {
        return portcullis::entering(ruleset.chains[base], marks);
    }
    // Of the packets that come to the base chain with the marks, those that it sees: of its devices, and not all are for a
    // nat chain.
    PacketSet seen_by(ChainId base, Marks const& marks, PacketSet const& packets) {
        Chain const& chain = ruleset.chains[base];
        if (auto const own = chain.hook ? at_devices(*chain.hook) : std::nullopt) return packets & space.of(own->field, own->values);
        if (!is_nat(chain)) return packets;
        if (!translation_is_open(chain, marks)) return space.none();
        PacketSet fresh = packets & space.of(Field::ct_state, ValueSet::single(ct_state::new_));
        // What comes in by the loopback device was asked about at output.
        if (chain.hook->point != HookPoint::prerouting) return fresh;
        return fresh - space.of(Field::iif, ValueSet::single(interface_value("lo")));
    }
    ChainState& state_of(ChainId id, Marks const& marks) { return chains[id][relevant(id, marks)]; }
    // Its rules are worked through from top to bottom, not looked up in an index.
    bool sequential(ChainId id, Marks const& marks) {
        Dealings const own = dealings_of(id);
        return ruleset.chains[id].rules.size() <= sequential_limit || own.changes || marks != Marks{};
    }

    PacketSet decided(ChainId chain) {
        if (chain == no_chain || open.contains(chain)) return space.none();
        return question - exits(chain, {}).fates.returned;
    }

    static constexpr std::size_t most_worlds = 4096;
    static void add(Worlds& worlds, Marks const& marks, PacketSet const& packets) {
        if (packets.empty()) return;
        auto const same = std::find_if(worlds.begin(), worlds.end(), [&](World const& w) { return w.marks == marks; });
        if (same != worlds.end()) same->packets |= packets;
        else if (worlds.size() == most_worlds) throw BudgetExceeded("packets can get more than 4096 different marks");
        else worlds.push_back({marks, packets});
    }

    // The worlds that leave a chain, cut to the packets that entered it.
    void add_within(Worlds& worlds, Worlds const& leaving, PacketSet const& all, Marks const& marks, PacketSet const& entered) {
        if (leaving.empty()) add(worlds, marks, all & entered);
        for (World const& world : leaving) add(worlds, world.marks, world.packets & entered);
    }

    Exits const& exits(ChainId id, Marks const& start) {
        ChainState& state = state_of(id, start);
        if (state.exits) return *state.exits;
        CallDepth const guard(depth);
        Open const opened(open, id);
        Exits exits{{space.none(), space.none(), space.none(), space.none()}, {}, {}};
        if (sequential(id, relevant(id, start))) work_through(id, relevant(id, start), state, exits);
        else work_through_runs(ruleset.chains[id].rules, state, exits);
        state.exits = std::move(exits);
        return *state.exits;
    }

    void work_through(ChainId id, Marks const& start, ChainState& state, Exits& exits) {
        bool const changes = dealings_of(id).changes;
        Worlds live{{start, question}};
        std::vector<Rule> const& rules = ruleset.chains[id].rules;
        for (std::size_t i = 0; i < rules.size(); ++i) {
            Worlds next;
            for (World& world : live) {
                if (world.packets.empty() || contradicts_translation(rules[i].match, world.marks)) continue;
                PacketSet const hit = world.packets & space.of(rules[i].match, world.marks);
                if (hit.empty()) continue;
                state.hits.try_emplace(i, space.none()).first->second |= hit;
                Marks const marks = changes ? after(world.marks, rules[i]) : world.marks;
                Worlds const after_rule = ends_of(rules[i], {marks, hit});
                if (changes)
                    for (World const& one : after_rule) add(state.leaving[i], one.marks, one.packets);
                PacketSet kept = space.none(); // of the hit: goes on in this world
                if (auto const* jump = std::get_if<Jump>(&rules[i].verdict)) {
                    Worlds back = called(*jump, marks, hit, exits, changes);
                    if (jump->is_goto && jump->chain != no_chain) {
                        for (World const& one : back) leave(exits.fates.returned, exits.returned, one, changes);
                        back.clear();
                    }
                    for (World const& one : back) {
                        if (one.marks == world.marks) kept |= one.packets;
                        else add(next, one.marks, one.packets);
                    }
                } else if (std::holds_alternative<Continue>(rules[i].verdict)) {
                    if (marks == world.marks) continue;
                    add(next, marks, hit);
                } else if (std::holds_alternative<Drop>(rules[i].verdict)) {
                    // what no other fate has
                } else if (std::holds_alternative<Reject>(rules[i].verdict)) {
                    exits.fates.rejected |= hit;
                } else if (std::holds_alternative<Return>(rules[i].verdict)) {
                    leave(exits.fates.returned, exits.returned, {marks, hit}, changes);
                } else {
                    for (World const& one : after_rule) leave(exits.fates.accepted, exits.accepted, one, changes);
                }
                world.packets = (world.packets - hit) | kept;
            }
            for (World const& world : next) add(live, world.marks, world.packets);
        }
        for (World const& world : live) leave(exits.fates.returned, exits.returned, world, changes);
    }

    // What becomes of the packets that a rule keeps from the rest of its chain, where it is the same of all of them. A call
    // is like an accept where all that the called chain decides is accepted.
    enum class Keeps : std::uint8_t { nothing, accepted, dropped, rejected, returned, several };

    Keeps kept_by(Rule const& rule) {
        auto const* jump = std::get_if<Jump>(&rule.verdict);
        if (jump == nullptr) {
            if (std::holds_alternative<Continue>(rule.verdict)) return Keeps::nothing;
            if (std::holds_alternative<Drop>(rule.verdict)) return Keeps::dropped;
            if (std::holds_alternative<Reject>(rule.verdict)) return Keeps::rejected;
            return std::holds_alternative<Return>(rule.verdict) ? Keeps::returned : Keeps::accepted;
        }
        if (jump->is_goto && jump->chain != no_chain) return Keeps::several;
        if (jump->chain == no_chain || open.contains(jump->chain)) return Keeps::nothing;
        Fates const& callee = exits(jump->chain, {}).fates;
        if (!callee.rejected.empty()) return Keeps::several;
        if (callee.accepted.empty()) return Keeps::dropped;
        return (callee.accepted | callee.returned) == question ? Keeps::accepted : Keeps::several;
    }

    // A long chain, which leaves marks alone: in runs of neighbours that do the same to what they keep.
    void work_through_runs(std::vector<Rule> const& rules, ChainState& state, Exits& exits) {
        if (!state.tree) index(state, rules);
        PacketSet live = question;
        for (std::size_t i = 0, end = 0; i < rules.size() && !live.empty(); i = end) {
            Keeps const keeps = state.matches[i] != nullptr ? kept_by(rules[i]) : Keeps::nothing;
            end = i + 1;
            if (keeps == Keeps::nothing) continue;
            if (keeps == Keeps::several) {
                call_alone(rules[i], *state.matches[i], live, exits);
                continue;
            }
            std::size_t const most = std::min(rules.size(), i + most_at_once);
            while (end < most && (state.matches[end] == nullptr || kept_by(rules[end]) == keeps)) ++end;
            PacketSet const hit = live & united(state, rules, i, end);
            live -= hit;
            if (PacketSet* const fate = fate_of(keeps, exits.fates)) *fate |= hit;
        }
        exits.fates.returned |= live;
    }

    void call_alone(Rule const& rule, Match const& match, PacketSet& live, Exits& exits) {
        PacketSet const hit = live & space.of(match);
        if (hit.empty()) return;
        live -= hit;
        PacketSet const back = packets_of(space, called(std::get<Jump>(rule.verdict), {}, hit, exits, false));
        (takes_whole_match(rule) ? exits.fates.returned : live) |= back;
    }

    // Null for a drop.
    static PacketSet* fate_of(Keeps keeps, Fates& fates) {
        if (keeps == Keeps::dropped) return nullptr;
        if (keeps == Keeps::rejected) return &fates.rejected;
        return keeps == Keeps::returned ? &fates.returned : &fates.accepted;
    }

    Fates const& fates(ChainId id, Marks const& start) {
        exits(id, start);
        Fates& fates = state_of(id, start).exits->fates;
        if (fates.dropped.empty()) fates.dropped = question - fates.accepted - fates.rejected - fates.returned;
        return fates;
    }

    // Of the question: what the rules in [begin, end) keep together from those behind them.
    PacketSet united(ChainState const& state, std::vector<Rule> const& rules, std::size_t begin, std::size_t end) {
        if (end == begin + 1 && !std::holds_alternative<Jump>(rules[begin].verdict)) return space.of(*state.matches[begin]);
        Beyond beyond(Frame({}, known()));
        std::vector<PacketSet> sets;
        for (std::size_t i = begin; i < end; ++i) {
            Match const* const match = state.matches[i];
            if (match == nullptr) continue;
            auto const* jump = std::get_if<Jump>(&rules[i].verdict);
            if (jump != nullptr) sets.push_back(space.of(*match) & decided(jump->chain));
            else if (of_terms(*match)) beyond.add(static_cast<std::uint32_t>(i), *match);
            else sets.push_back(space.of(*match));
        }
        if (beyond.everything()) return space.all();
        for (Beyond::Group const& group : beyond.groups()) sets.push_back(space.of(Beyond::united(group, 0, group.rules.size())));
        return all_of(std::move(sets));
    }

    // In pairs, since small sets are quicker to unite.
    PacketSet all_of(std::vector<PacketSet> sets) {
        for (std::size_t step = 1; step < sets.size(); step *= 2)
            for (std::size_t i = 0; i + step < sets.size(); i += 2 * step) sets[i] |= sets[i + step];
        return sets.empty() ? space.none() : sets.front();
    }

    // A rule that translates leaves the two families in worlds of their own.
    Worlds ends_of(Rule const& rule, World const& hit) {
        auto const* rewrite = std::get_if<Rewrite>(&rule.verdict);
        if (rewrite == nullptr) return {hit};
        Worlds ends;
        for (Family const family : {Family::v4, Family::v6}) {
            PacketSet const of_family =
                hit.packets & space.of(Field::family, ValueSet::single(family_value(family)));
            add(ends, translated(hit.marks, *rewrite, family, rule.span), of_family);
        }
        return ends;
    }

    // What a jump does to the packets that take it; gives those that come back.
    Worlds called(Jump const& jump, Marks const& marks, PacketSet const& hit, Exits& exits, bool changes) {
        Worlds back;
        if (jump.chain == no_chain || open.contains(jump.chain)) {
            back.push_back({marks, hit});
            return back;
        }
        Exits const& callee = this->exits(jump.chain, marks);
        exits.fates.accepted |= hit & callee.fates.accepted;
        exits.fates.rejected |= hit & callee.fates.rejected;
        if (changes) add_within(exits.accepted, callee.accepted, callee.fates.accepted, marks, hit);
        add_within(back, callee.returned, callee.fates.returned, marks, hit);
        return back;
    }

    static void leave(PacketSet& all, Worlds& worlds, World const& world, bool changes) {
        all |= world.packets;
        if (changes) add(worlds, world.marks, world.packets);
    }

    PacketSet hits(ChainId id, std::size_t place, Marks const& marks) {
        ChainState& state = state_of(id, marks);
        std::vector<Rule> const& rules = ruleset.chains[id].rules;
        if (sequential(id, relevant(id, marks))) {
            exits(id, marks);
            auto const at = state.hits.find(place);
            return at == state.hits.end() ? space.none() : at->second;
        }
        if (!state.tree) index(state, rules);
        Match const* const match = state.matches[place];
        if (match == nullptr) return space.none();
        Box const outlined = outline(*match);
        auto const before = static_cast<std::uint32_t>(place);
        if (outlined.empty || state.tree->any_containing(outlined, before, state.whole_boxes)) return space.none();
        PacketSet own = question & space.of(*match);
        if (own.empty()) return own;
        return without(std::move(own), *match, state, rules, state.tree->meeting(outlined, before));
    }

    // `rest`, packets of the match, without what these rules take, in whatever order is cheapest: only their union
    // matters.
    PacketSet without(PacketSet rest, Match const& match, ChainState& state, std::vector<Rule> const& rules,
                      std::vector<std::uint32_t> const& earlier) {
        Beyond beyond(Frame(match, known()));
        std::vector<std::uint32_t> alone;
        for (std::uint32_t const one : earlier) {
            Match const& other = *state.matches[one];
            if (takes_whole_match(rules[one]) && of_terms(other)) beyond.add(one, other);
            else alone.push_back(one);
        }
        if (beyond.everything()) return space.none();
        for (Beyond::Group const& group : beyond.groups()) {
            if (rest.empty()) return rest;
            std::size_t const count = group.rules.size();
            std::size_t const kept = count / keep_from * keep_from;
            if (kept > 0) rest -= kept_union(state, group, kept);
            if (kept < count) rest -= space.of(Beyond::united(group, kept, count));
        }
        std::vector<PacketSet> unknown; // what takes packets by nothing but what nobody knows of them
        std::erase_if(alone, [&](std::uint32_t one) {
            Match const& other = *state.matches[one];
            bool const is_unknown = takes_whole_match(rules[one]) && other.terms.empty() && other.alternatives.empty();
            if (is_unknown) unknown.push_back(space.of(other));
            return is_unknown;
        });
        rest -= all_of(std::move(unknown));
        for (std::uint32_t const one : alone) {
            if (rest.empty()) break;
            PacketSet const taken = space.of(*state.matches[one]);
            if (takes_whole_match(rules[one])) rest -= taken;
            else rest -= taken & decided(std::get<Jump>(rules[one].verdict).chain);
        }
        return rest;
    }

    // Of the first members of the group.
    PacketSet const& kept_union(ChainState& state, Beyond::Group const& group, std::size_t count) {
        std::vector<std::uint32_t> key(group.rules.begin(), group.rules.begin() + static_cast<std::ptrdiff_t>(count));
        for (Term const* term : group.terms) key.push_back(static_cast<std::uint32_t>(term->field)); // what is left of them
        auto known_union = state.unions.find(key);
        if (known_union == state.unions.end())
            known_union = state.unions.emplace(std::move(key), space.of(Beyond::united(group, 0, count))).first;
        return known_union->second;
    }

    void index(ChainState& state, std::vector<Rule> const& rules) {
        std::vector<Box> boxes;
        boxes.reserve(rules.size());
        state.matches.reserve(rules.size());
        state.whole_boxes.reserve(rules.size());
        for (Rule const& rule : rules) {
            Match const* const match = specialised(rule.match, known(), state.changed);
            boxes.push_back(match != nullptr ? outline(*match) : Box{});
            // What takes nothing is in nobody's way.
            if (match == nullptr || std::holds_alternative<Continue>(rule.verdict)) boxes.back().empty = true;
            state.matches.push_back(match);
            state.whole_boxes.push_back(match != nullptr && takes_whole_match(rule) && is_box(*match));
        }
        state.tree.emplace(std::move(boxes));
    }

    // The packets that enter a chain on some way from the base chain, with their marks then.
    Worlds const& entering(ChainId base, Marks const& start, ChainId chain) {
        static Worlds const none;
        Entered const& entered = all_entering(base, start);
        auto const at = entered.find(chain);
        return at == entered.end() ? none : at->second;
    }

    Entered const& all_entering(ChainId base, Marks const& start) {
        std::pair const key(base, relevant(base, start));
        if (auto const known = entries.find(key); known != entries.end()) return known->second;
        Entered sets;
        sets[base] = {{start, question}};
        for (ChainId const caller : call_order(ruleset, base).chains) {
            std::vector<Rule> const& rules = ruleset.chains[caller].rules;
            for (std::size_t i = 0; i < rules.size(); ++i) {
                auto const* jump = std::get_if<Jump>(&rules[i].verdict);
                if (jump == nullptr || jump->chain == no_chain) continue;
                for (World const& world : Worlds(sets[caller])) {
                    PacketSet const hit = hits(caller, i, world.marks);
                    if (!dealings_of(caller).changes) {
                        add(sets[jump->chain], world.marks, hit & world.packets);
                        continue;
                    }
                    for (World const& call : state_of(caller, world.marks).leaving[i]) {
                        add(sets[jump->chain], call.marks, call.packets & world.packets);
                    }
                }
            }
        }
        return entries.emplace(key, std::move(sets)).first->second;
    }
};

Reach::Reach(Space& space, Ruleset const& ruleset, PacketSet question)
    : impl_(std::make_unique<Impl>(space, ruleset, std::move(question), all_chains(ruleset))) {}
Reach::Reach(Space& space, Ruleset const& ruleset, PacketSet question, std::vector<ChainId> const& bases)
    : impl_(std::make_unique<Impl>(space, ruleset, std::move(question), called_by(ruleset, bases))) {}
Reach::~Reach() = default;
Reach::Reach(Reach&&) noexcept = default;

PacketSet Reach::hits(ChainId chain, std::size_t rule) { return impl_->hits(chain, rule, impl_->at_start(chain)); }
Fates const& Reach::fates(ChainId chain) { return impl_->fates(chain, impl_->at_start(chain)); }

PacketSet Reach::entering(ChainId base, ChainId chain) {
    return packets_of(impl_->space, impl_->entering(base, impl_->at_start(base), chain));
}

Fates Reach::verdicts(ChainId base) { return verdicts({{Marks{}, impl_->question}}, base); }
PacketSet Reach::accepted(ChainId base) { return accepted_packets({{Marks{}, impl_->question}}, base); }

Worlds Reach::hits_by_world(Worlds const& worlds, ChainId base, ChainId chain, std::size_t rule) {
    Worlds all;
    Match const& match = impl_->ruleset.chains[chain].rules[rule].match;
    bool const keeps = !impl_->dealings_of(base).changes;
    for (World const& start : worlds) {
        if (start.packets.empty() || (keeps && contradicts_translation(match, start.marks))) continue;
        Marks const marks = impl_->at_start(base, start.marks);
        PacketSet const seen = impl_->seen_by(base, marks, start.packets);
        if (seen.empty()) continue;
        Worlds const here = chain == base ? Worlds{{marks, seen}} : impl_->entering(base, marks, chain);
        for (World const& world : here) {
            PacketSet const within = chain == base ? seen : world.packets & seen;
            PacketSet const hit = impl_->hits(chain, rule, world.marks) & within;
            if (hit.empty()) continue;
            // Where the base chain leaves marks alone, they are what they were.
            if (!impl_->dealings_of(base).changes) Impl::add(all, marks, hit);
            else if (!impl_->dealings_of(chain).changes) Impl::add(all, world.marks, hit);
            else
                for (World const& left : impl_->state_of(chain, world.marks).leaving[rule])
                    Impl::add(all, left.marks, left.packets & hit);
        }
    }
    return all;
}

PacketSet Reach::hits(Worlds const& worlds, ChainId base, ChainId chain, std::size_t rule) {
    return packets_of(impl_->space, hits_by_world(worlds, base, chain, rule));
}

Fates Reach::verdicts(Worlds const& worlds, ChainId base) {
    Space& space = impl_->space;
    Fates all{accepted_packets(worlds, base), space.none(), space.none(), space.none()};
    for (World const& world : worlds) {
        Marks const marks = impl_->at_start(base, world.marks);
        PacketSet const seen = impl_->seen_by(base, marks, world.packets);
        if (!seen.empty()) all.rejected |= impl_->exits(base, marks).fates.rejected & seen;
    }
    all.dropped = packets_of(space, worlds) - all.accepted - all.rejected;
    return all;
}

PacketSet Reach::accepted_packets(Worlds const& worlds, ChainId base) {
    PacketSet all = impl_->space.none();
    bool const accepts = std::holds_alternative<Accept>(impl_->ruleset.chains[base].policy);
    for (World const& world : worlds) {
        Marks const marks = impl_->at_start(base, world.marks);
        PacketSet const seen = impl_->seen_by(base, marks, world.packets);
        if (!(seen == world.packets)) all |= world.packets - seen;
        if (seen.empty()) continue;
        Fates const& fates = impl_->exits(base, marks).fates;
        all |= fates.accepted & seen;
        if (accepts) all |= fates.returned & seen;
    }
    return all;
}

Worlds Reach::returned(Worlds const& worlds, ChainId base) {
    Worlds all;
    for (World const& world : worlds) {
        Marks const marks = impl_->at_start(base, world.marks);
        PacketSet const seen = impl_->seen_by(base, marks, world.packets);
        if (seen.empty()) continue;
        Impl::Exits const& exits = impl_->exits(base, marks);
        impl_->add_within(all, exits.returned, exits.fates.returned, marks, seen);
    }
    return all;
}

Worlds Reach::accepted(Worlds const& worlds, ChainId base) {
    Worlds passed;
    bool const accepts = std::holds_alternative<Accept>(impl_->ruleset.chains[base].policy);
    for (World const& world : worlds) {
        Marks const marks = impl_->at_start(base, world.marks);
        PacketSet const seen = impl_->seen_by(base, marks, world.packets);
        if (!(seen == world.packets)) Impl::add(passed, marks, world.packets - seen);
        if (seen.empty()) continue;
        Impl::Exits const& exits = impl_->exits(base, marks);
        impl_->add_within(passed, exits.accepted, exits.fates.accepted, marks, seen);
        if (accepts) impl_->add_within(passed, exits.returned, exits.fates.returned, marks, seen);
    }
    return passed;
}

} // namespace portcullis
