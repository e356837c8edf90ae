#include "portcullis/engine/shadow.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <map>

#include "engine/common_rules.hpp"
#include "engine/shadow_diagram.hpp"
#include "engine/shadow_list.hpp"
#include "portcullis/base/in_threads.hpp"
#include "portcullis/engine/budget.hpp"
#include "portcullis/engine/devices.hpp"
#include "portcullis/engine/marks.hpp"
#include "portcullis/engine/reach.hpp"

namespace portcullis {

namespace {

// Packets as a base chain sees them: of its devices, without an outgoing interface before routing, without an incoming
// one where the box itself sends, without either in an access list.
Match seen_at(Hook const& hook) {
    Match seen;
    if (auto own = at_devices(hook)) seen.terms.push_back(std::move(*own));
    auto const none = [&](Field field) { seen.terms.push_back({field, ValueSet::single(0), {}}); };
    switch (hook.point) {
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
        if (ruleset.chains[id].hook) add(id, seen_at(*ruleset.chains[id].hook));
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

    // A list with the same rules as an earlier one, which answers for both.
    struct Twin {
        std::size_t list = 0; // the earlier one
        ChainId chain = 0;    // its chain
    };

    Ruleset const& ruleset;
    std::vector<RuleList> lists;
    ShadowOptions options;
    std::vector<Answers> answers;             // by list; none for a list with a twin
    std::map<ChainId, std::size_t> twin_list; // the list of a chain that has a twin
    std::vector<std::optional<Twin>> twins;   // by list
    std::vector<std::vector<Life>> lives;     // by chain and rule
    bool complete = true;

    Impl(Ruleset const& r, std::vector<RuleList> l, ShadowOptions const& o) : ruleset(r), lists(std::move(l)), options(o) {
        for (Chain const& chain : ruleset.chains) lives.emplace_back(chain.rules.size(), Life::unreached);
        find_twins();
        answers.resize(lists.size());
        work_out();
        for (std::size_t i = 0; i < lists.size(); ++i) {
            if (!twins[i]) record(answers[i]);
        }
        for (auto const& [chain, list] : twin_list) lives[chain] = lives[twins[list]->chain];
    }

    // Chains that one list has to itself, under several names.
    void find_twins() {
        twins.resize(lists.size());
        std::vector<unsigned> seen(ruleset.chains.size(), 0); // in how many lists, or calls
        for (RuleList const& list : lists) {
            for (ChainId const chain : list.chains) ++seen[chain];
        }
        for (Chain const& chain : ruleset.chains) {
            for (Rule const& rule : chain.rules) {
                auto const* jump = std::get_if<Jump>(&rule.verdict);
                if (jump != nullptr && jump->chain != no_chain) ++seen[jump->chain];
            }
        }
        std::multimap<std::uint64_t, std::size_t> known;
        for (std::size_t i = 0; i < lists.size(); ++i) {
            ChainId const id = lists[i].chains.front();
            Chain const& chain = ruleset.chains[id];
            if (lists[i].chains.size() > 1 || seen[id] > 1 || chain.rules.empty() || !are_comparable(chain.rules)) continue;
            std::uint64_t const key = rules_key(chain.rules);
            auto const [first, end] = known.equal_range(key);
            auto const at = std::find_if(first, end, [&](auto const& one) { return is_twin(lists[one.second], lists[i]); });
            if (at == end) {
                known.emplace(key, i);
                continue;
            }
            twins[i] = Twin{at->second, lists[at->second].chains.front()};
            twin_list.emplace(id, i);
        }
    }

    bool is_twin(RuleList const& one, RuleList const& other) const {
        Chain const& a = ruleset.chains[one.chains.front()];
        Chain const& b = ruleset.chains[other.chains.front()];
        if (a.hook.has_value() != b.hook.has_value() || a.policy != b.policy || to_text(one.seen) != to_text(other.seen)) return false;
        if (a.hook && (a.hook->point != b.hook->point || a.hook->v4 != b.hook->v4 || a.hook->v6 != b.hook->v6 ||
                       before_tracking(a) != before_tracking(b)))
            return false;
        return same_rules(a.rules, b.rules);
    }

    // Long lists one after the other, with all threads for the lines of each; the others side by side.
    void work_out() {
        constexpr std::size_t is_long = 8192;
        std::vector<std::size_t> others;
        for (std::size_t i = 0; i < lists.size(); ++i) {
            if (twins[i]) continue;
            bool const alone = options.threads == 1 || ruleset.chains[lists[i].chains.back()].rules.size() >= is_long;
            if (alone) answers[i] = answers_of(lists[i], options);
            else others.push_back(i);
        }
        ShadowOptions one_thread = options;
        one_thread.threads = 1;
        std::atomic<std::size_t> next = 0;
        std::vector<std::exception_ptr> failures(others.size());
        auto const work = [&] {
            for (std::size_t at = next++; at < others.size(); at = next++) {
                try {
                    answers[others[at]] = answers_of(lists[others[at]], one_thread);
                } catch (...) {
                    failures[at] = std::current_exception();
                }
            }
        };
        in_threads(std::min<std::size_t>(options.threads, others.size()), work);
        for (std::exception_ptr const& failure : failures) {
            if (failure) std::rethrow_exception(failure);
        }
    }

    Answers answers_of(RuleList const& list, ShadowOptions const& with) const {
        if (!passes_marks(ruleset, list)) {
            try {
                auto index = std::make_unique<ShadowList>(ruleset, list, with);
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
        if (auto const own = twin_list.find(rule.chain); own != twin_list.end()) {
            Twin const& twin = *twins[own->second];
            if (!answers[twin.list].index) return;
            for (std::uint32_t const line : answers[twin.list].index->lines_of({twin.chain, rule.rule})) {
                if (visit(own->second, *answers[twin.list].index, line)) return;
            }
            return;
        }
        for (std::size_t i = 0; i < answers.size(); ++i) {
            if (!answers[i].index) continue;
            for (std::uint32_t const line : answers[i].index->lines_of(rule)) {
                if (visit(i, *answers[i].index, line)) return;
            }
        }
    }

    // The place of a line's rule in the list, which may have a twin that answers.
    RuleId named(std::size_t list, RuleId rule) const {
        if (twins[list] && rule.chain == twins[list]->chain) rule.chain = lists[list].chains.front();
        return rule;
    }
    RuleId in_index(RuleId rule) const {
        auto const own = twin_list.find(rule.chain);
        return own == twin_list.end() ? rule : RuleId{twins[own->second]->chain, rule.rule};
    }
};

Shadows::Shadows(Ruleset const& ruleset, ShadowOptions const& options) : Shadows(ruleset, lists_of(ruleset), options) {}
Shadows::Shadows(Ruleset const& ruleset, std::vector<RuleList> lists, ShadowOptions const& options)
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
        RuleId const own = impl_->in_index(rule);
        if (diagram == nullptr || !diagram->has(own.chain)) continue;
        auto const twin = impl_->twin_list.find(rule.chain);
        if (auto member = diagram->witness(own))
            sight = Sight{std::move(*member), twin == impl_->twin_list.end() ? i : twin->second};
    }
    return sight;
}

std::vector<Blocker> Shadows::cover(RuleId rule) const {
    std::vector<Blocker> all;
    if (life(rule) != Life::dead) return all;
    impl_->each_line(rule, [&](std::size_t list, ShadowList const& index, std::uint32_t line) {
        if (index.life(line) != Life::dead) return false;
        for (Blocker blocker : index.cover(line)) {
            blocker.rule = impl_->named(list, blocker.rule);
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
            if (all->by) all->by = impl_->named(list, *all->by);
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
            RuleId const earlier = impl_->named(list, index.lines()[clash.earlier].rule);
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
        return one.diagram && one.diagram->has(impl_->in_index(rule).chain);
    });
    if (!every) return std::nullopt;
    impl_->each_line(rule, [&](std::size_t list, ShadowList const& index, std::uint32_t line) {
        if (index.life(line) == Life::dead || index.life(line) == Life::excluded) return false;
        auto const at = index.absorbed_by(line);
        auto const by = at ? std::optional(impl_->named(list, index.lines()[*at].rule)) : std::nullopt;
        every = by && (!later || *later == *by);
        if (every) later = by;
        return !every;
    });
    return every ? later : std::nullopt;
}

std::optional<bool> Shadows::contains(RuleId outer, RuleId inner) const {
    std::optional<bool> answer;
    bool const twin = impl_->twin_list.contains(outer.chain) || impl_->twin_list.contains(inner.chain);
    if (twin && outer.chain != inner.chain) return answer; // on different lists
    impl_->each_line(inner, [&](std::size_t, ShadowList const& index, std::uint32_t line) {
        std::vector<std::uint32_t> const outers = index.lines_of(impl_->in_index(outer));
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
