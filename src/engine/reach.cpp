#include "portcullis/engine/reach.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <span>

#include "engine/box.hpp"
#include "engine/shape.hpp"
#include "engine/specialise.hpp"
#include "portcullis/engine/budget.hpp"

namespace portcullis {

namespace {

// Chains up to this length are worked through from top to bottom once; in longer ones, a rule is compared with just
// the earlier rules that its outline meets.
constexpr std::size_t sequential_limit = 256;
// From this many earlier rules on, those of one shape are taken together; from this many of one shape, their union is
// kept for the next question.
constexpr std::size_t group_from = 64;
constexpr std::size_t keep_from = 1024;

bool takes_whole_match(Rule const& rule) {
    auto const* jump = std::get_if<Jump>(&rule.verdict);
    return jump == nullptr || (jump->is_goto && jump->chain != no_chain);
}

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

struct Reach::Impl {
    struct ChainState {
        std::optional<Fates> fates;
        std::vector<PacketSet> hits; // by rule, where worked out from top to bottom
        std::vector<Match> matches; // by rule, without what the question says anyway; for long chains only
        std::optional<BoxTree> tree;
        std::vector<bool> whole_boxes; // by rule: it takes all of its outline
        std::optional<Shapes> shapes;
        std::map<std::vector<std::uint32_t>, PacketSet> unions; // of many rules of one shape
        bool open = false; // being worked out: a jump to it closes a cycle, and decides nothing
    };

    Space& space;
    Ruleset const& ruleset;
    PacketSet question;
    std::vector<ChainState> chains;
    std::vector<std::optional<std::vector<PacketSet>>> entries; // by base chain, then by chain
    std::size_t depth = 0;
    std::vector<Known> known; // what the question fixes

    Impl(Space& s, Ruleset const& r, PacketSet q)
        : space(s), ruleset(r), question(std::move(q)), chains(r.chains.size()), entries(r.chains.size()),
          known(known_fields(question)) {}

    PacketSet decided(ChainId chain) {
        if (chain == no_chain || chains[chain].open) return space.none();
        return question - fates(chain).returned;
    }

    // The packets that the rule keeps from the rules after it, if they come to it.
    PacketSet taken(Rule const& rule) {
        PacketSet const matched = space.of(rule.match) & question;
        if (auto const* jump = std::get_if<Jump>(&rule.verdict)) {
            if (jump->chain == no_chain) return space.none();
            return jump->is_goto ? matched : matched & decided(jump->chain);
        }
        return std::holds_alternative<Continue>(rule.verdict) ? space.none() : matched;
    }

    Fates const& fates(ChainId id) {
        ChainState& state = chains[id];
        if (state.fates) return *state.fates;
        CallDepth const guard(depth);
        state.open = true;
        Fates fates{space.none(), space.none(), space.none(), space.none()};
        PacketSet rest = question;
        bool const keep_hits = ruleset.chains[id].rules.size() <= sequential_limit;
        for (Rule const& rule : ruleset.chains[id].rules) {
            PacketSet const hit = rest.empty() ? rest : rest & space.of(rule.match);
            if (keep_hits) state.hits.push_back(hit);
            if (hit.empty()) continue;
            if (auto const* jump = std::get_if<Jump>(&rule.verdict)) {
                if (jump->chain == no_chain) continue;
                PacketSet ended = space.none();
                if (!chains[jump->chain].open) {
                    Fates const& callee = this->fates(jump->chain);
                    fates.accepted |= hit & callee.accepted;
                    fates.dropped |= hit & callee.dropped;
                    fates.rejected |= hit & callee.rejected;
                    ended = hit - callee.returned;
                }
                rest -= jump->is_goto ? hit : ended;
                continue;
            }
            if (std::holds_alternative<Continue>(rule.verdict)) continue;
            if (std::holds_alternative<Drop>(rule.verdict)) fates.dropped |= hit;
            if (std::holds_alternative<Reject>(rule.verdict)) fates.rejected |= hit;
            if (std::holds_alternative<Accept>(rule.verdict) || std::holds_alternative<Rewrite>(rule.verdict)) {
                fates.accepted |= hit;
            }
            rest -= hit;
        }
        fates.returned = question - fates.accepted - fates.dropped - fates.rejected;
        state.open = false;
        state.fates = std::move(fates);
        return *state.fates;
    }

    PacketSet hits(ChainId id, std::size_t place) {
        ChainState& state = chains[id];
        std::vector<Rule> const& rules = ruleset.chains[id].rules;
        if (rules.size() <= sequential_limit) {
            fates(id);
            return state.hits[place];
        }
        if (!state.tree) index(state, rules);
        Box const outlined = outline(state.matches[place]);
        if (outlined.empty || !specialised(rules[place].match, known)) return space.none();
        auto const before = static_cast<std::uint32_t>(place);
        if (state.tree->any_containing(outlined, before, state.whole_boxes)) return space.none();
        PacketSet rest = question & space.of(state.matches[place]);
        std::vector<std::uint32_t> const earlier = state.tree->meeting(outlined, before);
        if (earlier.size() >= group_from) return without_many(std::move(rest), state, rules, earlier);
        for (std::uint32_t const one : earlier) {
            if (rest.empty()) break;
            rest -= taken(rules[one]);
        }
        return rest;
    }

    // `rest` without what these rules take, in whatever order is cheapest: only their union matters.
    PacketSet without_many(PacketSet rest, ChainState& state, std::vector<Rule> const& rules,
                           std::vector<std::uint32_t> const& earlier) {
        if (!state.shapes) state.shapes.emplace(state.matches);
        std::map<std::uint32_t, std::vector<std::uint32_t>> groups;
        std::vector<std::uint32_t> alone;
        for (std::uint32_t const one : earlier) {
            auto const shape = takes_whole_match(rules[one]) ? (*state.shapes)[one] : std::nullopt;
            if (shape) groups[*shape].push_back(one);
            else alone.push_back(one);
        }
        for (auto& [shape, members] : groups) {
            if (rest.empty()) return rest;
            std::size_t const kept = members.size() / keep_from * keep_from;
            if (kept > 0) {
                std::vector<std::uint32_t> const key(members.begin(), members.begin() + static_cast<std::ptrdiff_t>(kept));
                auto kept_union = state.unions.find(key);
                if (kept_union == state.unions.end()) {
                    kept_union = state.unions.emplace(key, space.of(state.shapes->united(key)) & question).first;
                }
                rest -= kept_union->second;
            }
            if (kept < members.size()) rest -= space.of(state.shapes->united(std::span(members).subspan(kept)));
        }
        for (std::uint32_t const one : alone) {
            if (rest.empty()) break;
            rest -= taken(rules[one]);
        }
        return rest;
    }

    void index(ChainState& state, std::vector<Rule> const& rules) {
        std::vector<Box> boxes;
        boxes.reserve(rules.size());
        for (Rule const& rule : rules) {
            std::optional<Match> match = specialised(rule.match, known);
            boxes.push_back(match ? outline(*match) : Box{});
            if (!match) boxes.back().empty = true;
            state.matches.push_back(match ? std::move(*match) : Match{});
            // What takes nothing is in nobody's way.
            if (std::holds_alternative<Continue>(rule.verdict)) boxes.back().empty = true;
            state.whole_boxes.push_back(takes_whole_match(rule) && is_box(state.matches.back()));
        }
        state.tree.emplace(std::move(boxes));
    }

    std::vector<PacketSet> const& entering(ChainId base) {
        if (entries[base]) return *entries[base];
        std::vector<PacketSet> sets(ruleset.chains.size(), space.none());
        sets[base] = question;
        for (ChainId const caller : call_order(ruleset, base).chains) {
            if (sets[caller].empty()) continue;
            std::vector<Rule> const& rules = ruleset.chains[caller].rules;
            for (std::size_t i = 0; i < rules.size(); ++i) {
                auto const* jump = std::get_if<Jump>(&rules[i].verdict);
                if (jump == nullptr || jump->chain == no_chain) continue;
                sets[jump->chain] |= hits(caller, i) & sets[caller];
            }
        }
        return entries[base].emplace(std::move(sets));
    }
};

Reach::Reach(Space& space, Ruleset const& ruleset, PacketSet question)
    : impl_(std::make_unique<Impl>(space, ruleset, std::move(question))) {}
Reach::~Reach() = default;
Reach::Reach(Reach&&) noexcept = default;

PacketSet Reach::hits(ChainId chain, std::size_t rule) { return impl_->hits(chain, rule); }
Fates const& Reach::fates(ChainId chain) { return impl_->fates(chain); }
PacketSet Reach::entering(ChainId base, ChainId chain) { return impl_->entering(base)[chain]; }

Fates Reach::verdicts(ChainId base) {
    Fates fates = impl_->fates(base);
    bool const accepts = std::holds_alternative<Accept>(impl_->ruleset.chains[base].policy);
    (accepts ? fates.accepted : fates.dropped) |= fates.returned;
    fates.returned = impl_->space.none();
    return fates;
}

} // namespace portcullis
