#include "portcullis/engine/shadow.hpp"

#include <algorithm>
#include <mutex>

#include "engine/shadow_diagram.hpp"
#include "engine/shadow_list.hpp"
#include "portcullis/engine/budget.hpp"
#include "portcullis/engine/reach.hpp"

namespace portcullis {

namespace {

// Packets as a hook sees them: without an outgoing interface before routing, without an incoming one where the box
// itself sends, without either in an access list.
Match seen_at(HookPoint point) {
    Match seen;
    auto const none = [&](Field field) { seen.terms.push_back({field, ValueSet::single(0), {}}); };
    switch (point) {
    case HookPoint::ingress:
    case HookPoint::prerouting:
    case HookPoint::input: none(Field::oif); break;
    case HookPoint::output: none(Field::iif); break;
    case HookPoint::list:
        none(Field::iif);
        none(Field::oif);
        break;
    default: break;
    }
    return seen;
}

// What a rule lives like, of its lives on several lines or lists: the first of these that it has.
constexpr std::array by_weight{Life::alive,       Life::unknown,  Life::dead,
                               Life::unmatchable, Life::excluded, Life::unreached};
Life together(Life a, Life b) {
    return *std::find_if(by_weight.begin(), by_weight.end(), [&](Life one) { return one == a || one == b; });
}

} // namespace

std::vector<RuleList> lists_of(Ruleset const& ruleset) {
    std::vector<RuleList> lists;
    std::vector<bool> reached(ruleset.chains.size(), false);
    auto const add = [&](ChainId id, Match seen) {
        lists.push_back({{id}, std::move(seen)});
        for (ChainId const called : call_order(ruleset, id).chains) reached[called] = true;
    };
    for (ChainId id = 0; id < ruleset.chains.size(); ++id) {
        if (ruleset.chains[id].hook) add(id, seen_at(ruleset.chains[id].hook->point));
    }
    std::vector<bool> called(ruleset.chains.size(), false);
    for (ChainId id = 0; id < ruleset.chains.size(); ++id) {
        for (Rule const& rule : ruleset.chains[id].rules) {
            auto const* jump = std::get_if<Jump>(&rule.verdict);
            if (jump != nullptr && jump->chain != no_chain && jump->chain != id) called[jump->chain] = true;
        }
    }
    for (ChainId id = 0; id < ruleset.chains.size(); ++id) {
        if (!reached[id] && !called[id]) add(id, {});
    }
    return lists;
}

struct Shadows::Impl {
    // One of them.
    struct Answers {
        std::unique_ptr<ShadowList> index;
        std::unique_ptr<DiagramList> diagram;
    };

    Ruleset const& ruleset;
    std::vector<RuleList> lists;
    ShadowOptions options;
    std::vector<Answers> answers;         // by list
    std::vector<std::vector<Life>> lives; // by chain and rule
    bool complete = true;

    Impl(Ruleset const& r, std::vector<RuleList> l, ShadowOptions o) : ruleset(r), lists(std::move(l)), options(o) {
        for (Chain const& chain : ruleset.chains) lives.emplace_back(chain.rules.size(), Life::unreached);
        for (RuleList const& list : lists) {
            answers.push_back(answers_of(list));
            record(answers.back());
        }
    }

    Answers answers_of(RuleList const& list) const {
        if (!passes_marks(ruleset, list)) {
            try {
                auto index = std::make_unique<ShadowList>(ruleset, list, options);
                index->prove();
                return {std::move(index), nullptr};
            } catch (BudgetExceeded const&) { // too many lines
            }
        }
        return {nullptr, std::make_unique<DiagramList>(ruleset, list)};
    }

    void record(Answers const& one) {
        auto const add = [&](RuleId rule, Life life) {
            Life& known = lives[rule.chain][rule.rule];
            known = together(known, life);
            complete = complete && life != Life::unknown;
        };
        if (one.index) {
            std::vector<Line> const& lines = one.index->lines();
            for (std::uint32_t at = 0; at < lines.size(); ++at) {
                if (lines[at].asked) add(lines[at].rule, one.index->life(at));
            }
            return;
        }
        for (ChainId chain = 0; chain < lives.size(); ++chain) {
            if (!one.diagram->has(chain)) continue;
            for (std::uint32_t rule = 0; rule < lives[chain].size(); ++rule)
                add({chain, rule}, one.diagram->life({chain, rule}));
        }
    }

    // Visits the lines of a rule on all lists that have an index, until `visit` says true.
    template <class Visit> void each_line(RuleId rule, Visit const& visit) const {
        for (std::size_t i = 0; i < answers.size(); ++i) {
            if (!answers[i].index) continue;
            for (std::uint32_t const line : answers[i].index->lines_of(rule)) {
                if (visit(i, *answers[i].index, line)) return;
            }
        }
    }
};

Shadows::Shadows(Ruleset const& ruleset, ShadowOptions options) : Shadows(ruleset, lists_of(ruleset), options) {}
Shadows::Shadows(Ruleset const& ruleset, std::vector<RuleList> lists, ShadowOptions options)
    : impl_(std::make_unique<Impl>(ruleset, std::move(lists), options)) {}
Shadows::~Shadows() = default;
Shadows::Shadows(Shadows&&) noexcept = default;

std::vector<RuleList> const& Shadows::lists() const { return impl_->lists; }
Life Shadows::life(RuleId rule) const { return impl_->lives[rule.chain][rule.rule]; }
bool Shadows::complete() const { return impl_->complete; }

std::optional<Sight> Shadows::witness(RuleId rule) const {
    std::optional<Sight> sight;
    impl_->each_line(rule, [&](std::size_t list, ShadowList const& index, std::uint32_t line) {
        if (index.life(line) != Life::alive) return false;
        if (auto member = index.witness(line)) sight = Sight{std::move(*member), list};
        return sight.has_value();
    });
    for (std::size_t i = 0; !sight && i < impl_->answers.size(); ++i) {
        DiagramList* const diagram = impl_->answers[i].diagram.get();
        if (diagram == nullptr || !diagram->has(rule.chain)) continue;
        if (auto member = diagram->witness(rule)) sight = Sight{std::move(*member), i};
    }
    return sight;
}

std::vector<Blocker> Shadows::cover(RuleId rule) const {
    std::vector<Blocker> all;
    if (life(rule) != Life::dead) return all;
    impl_->each_line(rule, [&](std::size_t, ShadowList const& index, std::uint32_t line) {
        if (index.life(line) != Life::dead) return false;
        for (Blocker const& blocker : index.cover(line)) {
            auto const same =
                std::find_if(all.begin(), all.end(), [&](Blocker const& b) { return b.rule == blocker.rule; });
            if (same == all.end())
                all.push_back(blocker);
            else
                same->needed = same->needed || blocker.needed;
        }
        return false;
    });
    return all;
}

std::optional<Taken> Shadows::taken(RuleId rule, double least) const {
    if (life(rule) != Life::alive) return std::nullopt;
    std::optional<Taken> all;
    double total = 0;
    double most = 0;
    impl_->each_line(rule, [&](std::size_t list, ShadowList const& index, std::uint32_t line) {
        auto const share = index.taken(line, least);
        if (!share) return false;
        if (!all) all.emplace();
        double differing = 0;
        for (std::size_t a = 0; a < action_count; ++a) {
            all->shares[a] += share->shares[a] * share->volume;
            if (a != static_cast<std::size_t>(index.lines()[line].action))
                differing += share->shares[a] * share->volume;
        }
        all->unknown += share->unknown * share->volume;
        total += share->volume;
        if (share->otherwise && differing >= most) {
            most = differing;
            all->otherwise = Sight{*share->otherwise, list};
            all->by = share->by;
        }
        if (share->left && !all->left) all->left = Sight{*share->left, list};
        return false;
    });
    if (!all) return all;
    for (double& share : all->shares) share /= total;
    all->unknown /= total;
    return all;
}

bool Shadows::contested(RuleId rule) const {
    bool found = false;
    impl_->each_line(rule, [&](std::size_t, ShadowList const& index, std::uint32_t line) {
        found = index.contested(line);
        return found;
    });
    return found;
}

std::vector<Conflict> Shadows::conflicts(RuleId rule, std::size_t most) const {
    std::vector<Conflict> all;
    impl_->each_line(rule, [&](std::size_t list, ShadowList const& index, std::uint32_t line) {
        for (ShadowList::Clash& clash : index.conflicts(line, most)) {
            RuleId const earlier = index.lines()[clash.earlier].rule;
            bool const known =
                std::any_of(all.begin(), all.end(), [&](Conflict const& c) { return c.earlier == earlier; });
            if (!known) all.push_back({earlier, clash.kind, {std::move(clash.shared), list}});
        }
        return false;
    });
    return all;
}

std::optional<RuleId> Shadows::absorbed_by(RuleId rule) const {
    std::optional<RuleId> later;
    bool every = std::none_of(impl_->answers.begin(), impl_->answers.end(), [&](Impl::Answers const& one) {
        return one.diagram && one.diagram->has(rule.chain);
    });
    if (!every) return std::nullopt;
    impl_->each_line(rule, [&](std::size_t, ShadowList const& index, std::uint32_t line) {
        if (index.life(line) == Life::dead || index.life(line) == Life::excluded) return false;
        auto const at = index.absorbed_by(line);
        every = at && (!later || *later == index.lines()[*at].rule);
        if (every) later = index.lines()[*at].rule;
        return !every;
    });
    return every ? later : std::nullopt;
}

std::optional<bool> Shadows::contains(RuleId outer, RuleId inner) const {
    std::optional<bool> answer;
    impl_->each_line(inner, [&](std::size_t, ShadowList const& index, std::uint32_t line) {
        std::vector<std::uint32_t> const outers = index.lines_of(outer);
        if (outers.empty()) return false;
        answer = index.contains(outers.front(), line);
        return true;
    });
    return answer;
}

bool Shadows::contrary_later(RuleId rule) const {
    bool found = !knows_pairs();
    impl_->each_line(rule, [&](std::size_t, ShadowList const& index, std::uint32_t line) {
        if (index.life(line) == Life::dead || index.life(line) == Life::excluded) return false;
        found = found || index.contrary_later(line);
        return found;
    });
    return found;
}

bool Shadows::knows_pairs() const {
    return std::all_of(impl_->answers.begin(), impl_->answers.end(),
                       [](Impl::Answers const& one) { return one.index != nullptr; });
}

bool Shadows::cut_short() const {
    return std::any_of(impl_->answers.begin(), impl_->answers.end(),
                       [](Impl::Answers const& one) { return one.index && one.index->cut_short(); });
}

} // namespace portcullis
