// What is asked about single lines once all lives are known: which lines make one dead, how much of one is taken,
// which depend on their order.
#include <map>
#include <set>

#include "engine/shadow_follow.hpp"
#include "portcullis/engine/budget.hpp"

namespace portcullis {

namespace {

constexpr std::size_t most_reduced = 128;            // takers of one line that are tried one by one
constexpr std::size_t most_looked_at = 2000;         // entries for one question about pairs
constexpr std::size_t most_pieces = 2048;            // that the regions of a line overlap in
constexpr std::size_t most_followed = 4096;          // earlier lines that meet a line, to tell its shares
constexpr std::size_t most_followed_steps = 500'000; // … and comparisons with them

// Rules that end a packet's way, whose order matters to people.
constexpr std::uint8_t decisions = bit_of(Action::permit) | bit_of(Action::deny) | bit_of(Action::translate);

} // namespace

// The first line that takes each part of a line.
struct ShadowList::Walk {
    struct Part {
        double volume = 0;
        Region sample;
    };
    std::map<std::uint32_t, Part> taken; // by the line that takes it
    std::optional<Region> left;
    double total = 0;
    double known = 0;
};

// The regions of a line without what they have in common. Only rows of alternatives have something in common.
std::optional<std::vector<Region>> ShadowList::disjoint(std::uint32_t at) const {
    std::span<Region const> const all = regions(at);
    bool rows = false;
    lines_.each_match(ruleset_, line(at), [&](Match const& match) { rows = rows || !match.alternatives.empty(); });
    if (!rows || all.size() == 1) return std::vector<Region>(all.begin(), all.end());
    std::vector<Region> apart;
    for (Region const& region : all) {
        std::vector<Region> pieces{region};
        std::size_t const before = apart.size();
        for (std::size_t i = 0; i < before; ++i) {
            std::vector<Region> rest;
            for (Region const& piece : pieces) {
                if (!meets(piece, apart[i], grid_->slices()))
                    rest.push_back(piece);
                else
                    subtract(piece, apart[i], grid_->slices(), [&](Region const& one) { rest.push_back(one); });
            }
            pieces = std::move(rest);
        }
        apart.insert(apart.end(), pieces.begin(), pieces.end());
        if (apart.size() > most_pieces) return std::nullopt;
    }
    return apart;
}

// Parts that cannot be followed are not known, which the difference of `known` and `total` says.
ShadowList::Walk ShadowList::walk(std::uint32_t at, std::size_t most) const {
    Walk walk;
    auto const parts = disjoint(at);
    if (!parts || !exact_[at]) return walk;
    for (Region const& part : *parts) walk.total += grid_->volume(part);
    std::size_t steps = 0;
    for (Region const& part : *parts) {
        std::vector<Entry const*> const candidates = meeting(part, scoped(at), most);
        if (candidates.size() >= most) continue;
        follow(
            part, at, candidates, steps, most_followed_steps,
            [&](Region const& piece, Entry const& one) {
                Walk::Part& taken = walk.taken[one.line];
                if (taken.volume == 0) taken.sample = piece;
                double const volume = grid_->volume(piece);
                taken.volume += volume;
                walk.known += volume;
            },
            [&](Region const& piece) {
                walk.known += grid_->volume(piece);
                if (!walk.left) walk.left = piece;
                return true;
            });
    }
    return walk;
}

bool ShadowList::same_decision(std::uint32_t a, std::uint32_t b) const {
    if (line(a).action != line(b).action) return false;
    if (line(a).action != Action::translate) return true;
    auto const verdict = [&](RuleId rule) { return ruleset_.chains[rule.chain].rules[rule.rule].verdict; };
    return verdict(line(a).rule) == verdict(line(b).rule);
}

// The share of a line's packets that another one matches; of the regions alone, where they are too many or not
// exact.
double ShadowList::overlap(std::uint32_t at, std::uint32_t other) const {
    double total = 0;
    double shared = 0;
    auto const mine = disjoint(at);
    auto const theirs = disjoint(other);
    if (!mine || !theirs || mine->size() * theirs->size() > most_followed) return 0;
    for (Region const& own : *mine) {
        total += grid_->volume(own);
        for (Region const& one : *theirs) {
            if (meets(own, one, grid_->slices())) shared += grid_->volume(common(own, one));
        }
    }
    return total > 0 ? std::min(1.0, shared / total) : 0;
}

bool ShadowList::suffice(std::uint32_t at, std::vector<std::uint32_t> const& takers) const {
    for (Region const& region : regions(at)) {
        std::vector<Entry const*> candidates = meeting(region, scoped(at), most_candidates);
        std::erase_if(candidates, [&](Entry const* one) {
            return one->until >= at && !std::binary_search(takers.begin(), takers.end(), one->line);
        });
        Evidence found;
        if (escapes_.empty())
            by_largest(region, std::move(candidates), found);
        else
            in_order(region, at, candidates, found);
        if (found.answer != Evidence::Answer::taken) return false;
    }
    return true;
}

// Without those that the others do not need, the last ones first.
std::vector<std::uint32_t> ShadowList::reduced(std::uint32_t at, std::vector<std::uint32_t> takers) const {
    std::sort(takers.begin(), takers.end());
    takers.erase(std::unique(takers.begin(), takers.end()), takers.end());
    if (takers.size() < 2 || takers.size() > most_reduced || !exact_[at]) return takers;
    for (std::size_t i = takers.size(); i-- > 0 && takers.size() > 1;) {
        std::vector<std::uint32_t> fewer = takers;
        fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
        if (suffice(at, fewer)) takers = std::move(fewer);
    }
    return takers;
}

std::vector<Blocker> ShadowList::cover(std::uint32_t at) const {
    Evidence found = evidence(at);
    if (found.answer != Evidence::Answer::taken || regions(at).empty()) return {};
    std::vector<std::uint32_t> const takers = reduced(at, std::move(found.takers));
    std::vector<Blocker> blockers;
    auto const add = [&](std::uint32_t one, bool needed) {
        blockers.push_back({line(one).rule, line(one).action, overlap(at, one), needed});
    };
    for (std::uint32_t const one : takers) add(one, true);
    std::stable_sort(blockers.begin(), blockers.end(),
                     [](Blocker const& a, Blocker const& b) { return a.share > b.share; });
    auto const differs = [&](std::uint32_t one) { return !same_decision(one, at); };
    if (line(at).action == Action::none || std::any_of(takers.begin(), takers.end(), differs)) return blockers;
    // Looked for in the index first: most dead lines meet no line that decides otherwise.
    RegionTree::Bounds others = scoped(at);
    others.actions = static_cast<std::uint8_t>(~bit_of(line(at).action));
    if (line(at).action == Action::translate) others.actions = 0xFF;
    bool const any = std::any_of(regions(at).begin(), regions(at).end(), [&](Region const& mine) {
        return nullptr != index_.search(
                              others, [&](Region const& other) { return meets(other, mine, grid_->slices()); },
                              [&](Entry const& entry) { return !ignored(entry.line) && differs(entry.line); });
    });
    if (!any) return blockers;
    std::optional<std::uint32_t> other;
    double most = 0;
    for (auto const& [one, part] : walk(at, most_followed).taken) {
        if (!differs(one) || part.volume <= most) continue;
        most = part.volume;
        other = one;
    }
    if (other) add(*other, false);
    return blockers;
}

// At most this much of a line is decided otherwise, as far as it matters whether that is `enough`; packets that
// several lines match count several times.
double ShadowList::contested_share(std::uint32_t at, double enough) const {
    if (!exact_[at]) return 1;
    RegionTree::Bounds bounds = scoped(at);
    bounds.actions = static_cast<std::uint8_t>(~bit_of(Action::none) & ~bit_of(line(at).action));
    if (line(at).action == Action::translate) bounds.actions |= bit_of(Action::translate);
    double total = 0;
    double shared = 0;
    std::size_t looked_at = 0;
    for (Region const& mine : regions(at)) total += grid_->volume(mine);
    auto const is_enough = [&] { return looked_at > most_followed || shared >= enough * total; };
    for (Region const& mine : regions(at)) {
        index_.search(
            bounds, [&](Region const& other) { return meets(other, mine, grid_->slices()); },
            [&](Entry const& entry) {
                ++looked_at;
                if (!ignored(entry.line)) shared += grid_->volume(common(mine, entry.region));
                return is_enough();
            });
        if (is_enough()) return 1;
    }
    return shared / total;
}

std::optional<ShadowList::Share> ShadowList::taken(std::uint32_t at, double least) const {
    if (regions(at).empty() || (least > 0 && contested_share(at, least) < least)) return std::nullopt;
    Walk const walk = this->walk(at, most_followed);
    Share share;
    share.volume = std::max(walk.total, 1e-300);
    if (walk.total <= 0) { // too many regions, or not exact
        share.unknown = 1;
        share.left = witness(at);
        return share;
    }
    // Sums of many small volumes are not exact; what they lack of the whole is nothing but that.
    share.unknown = walk.known > walk.total * (1 - 1e-9) ? 0 : 1 - walk.known / walk.total;
    double most = 0;
    for (auto const& [one, part] : walk.taken) {
        share.shares[static_cast<std::size_t>(line(one).action)] += part.volume / walk.total;
        if (same_decision(one, at) || part.volume <= most) continue;
        most = part.volume;
        share.by = line(one).rule;
        share.otherwise = grid_->member(part.sample);
        assume(*share.otherwise, at);
        share.otherwise = completed(std::move(*share.otherwise), one);
    }
    if (auto member = walk.left ? std::optional(grid_->member(*walk.left)) : std::nullopt) {
        share.left = completed(std::move(*member), at);
    } else {
        share.left = witness(at);
    }
    return share;
}

std::optional<bool> ShadowList::contains(std::uint32_t outer, std::uint32_t inner) const {
    if (loose_[outer] && outer != inner) return false;
    bool const both_exact = exact_[outer] && exact_[inner];
    if (both_exact && regions(outer).size() == 1) {
        Region const& all = regions(outer).front();
        return std::all_of(regions(inner).begin(), regions(inner).end(),
                           [&](Region const& one) { return all.contains(one); });
    }
    if (!both_exact) {
        try {
            Space space(options_.most_nodes);
            return set_of(space, inner).subset_of(set_of(space, outer));
        } catch (BudgetExceeded const&) {
            return std::nullopt;
        }
    }
    std::vector<Entry> entries;
    for (Region const& region : regions(outer)) entries.push_back({region, outer, Line::never_ends, 0, true});
    for (Region const& region : regions(inner)) {
        std::vector<Entry const*> candidates;
        for (Entry const& one : entries) {
            if (meets(one.region, region, grid_->slices())) candidates.push_back(&one);
        }
        Evidence found;
        by_largest(region, std::move(candidates), found);
        if (found.answer == Evidence::Answer::free) return false;
        if (found.answer == Evidence::Answer::unsure) return std::nullopt;
    }
    return true;
}

// A packet that both lines match.
std::optional<Member> ShadowList::shared(Region const& mine, std::uint32_t at, Entry const& other) const {
    if (exact_[at] && other.exact) {
        Member member = grid_->member(common(mine, other.region));
        assume(member, at);
        return member;
    }
    try {
        Space space(options_.most_nodes);
        return (set_of(space, at) & set_of(space, other.line)).member();
    } catch (BudgetExceeded const&) {
        return std::nullopt;
    }
}

bool ShadowList::contested(std::uint32_t at) const {
    RegionTree::Bounds bounds = earlier(at);
    bounds.actions = decisions;
    return std::any_of(regions(at).begin(), regions(at).end(), [&](Region const& mine) {
        return nullptr !=
               index_.search(
                   bounds, [&](Region const& other) { return meets(other, mine, grid_->slices()); },
                   [&](Entry const& entry) { return !ignored(entry.line) && !same_decision(entry.line, at); });
    });
}

std::vector<ShadowList::Clash> ShadowList::conflicts(std::uint32_t at, std::size_t most) const {
    std::vector<Clash> clashes;
    if ((bit_of(line(at).action) & decisions) == 0) return clashes;
    std::set<std::uint32_t> seen;
    std::array<std::size_t, 3> count{};
    std::size_t looked_at = 0;
    auto const look = [&](Region const& mine, Entry const& entry) {
        std::uint32_t const one = entry.line;
        if (ignored(one) || same_decision(one, at) || !seen.insert(one).second) return;
        auto const inside = contains(at, one);
        auto const around = inside ? contains(one, at) : std::nullopt;
        if (!inside || !around) return;
        Conflict::Kind const kind = *around   ? Conflict::Kind::covering
                                    : *inside ? Conflict::Kind::exception
                                              : Conflict::Kind::crossing;
        if (count[static_cast<std::size_t>(kind)] >= most) return;
        auto member = shared(mine, at, entry);
        if (!member) return;
        ++count[static_cast<std::size_t>(kind)];
        clashes.push_back({one, kind, std::move(*member)});
    };
    RegionTree::Bounds bounds = earlier(at);
    bounds.actions = decisions;
    for (Region const& mine : regions(at)) {
        index_.search(
            bounds, [&](Region const& other) { return meets(other, mine, grid_->slices()); },
            [&](Entry const& entry) {
                look(mine, entry);
                auto const full = [&](Conflict::Kind kind) {
                    return count[static_cast<std::size_t>(kind)] >= most;
                };
                cut_short_ = cut_short_ || looked_at >= most_looked_at;
                return ++looked_at > most_looked_at ||
                       (full(Conflict::Kind::exception) && full(Conflict::Kind::crossing));
            });
    }
    std::sort(clashes.begin(), clashes.end(), [](Clash const& a, Clash const& b) { return a.earlier < b.earlier; });
    return clashes;
}

// The same verdict in all that a packet notices: a drop is no reject.
bool ShadowList::same_verdict(std::uint32_t a, std::uint32_t b) const {
    RuleId const first = line(a).rule;
    RuleId const second = line(b).rule;
    if (first.rule == RuleId::policy || second.rule == RuleId::policy) return false;
    Rule const& one = ruleset_.chains[first.chain].rules[first.rule];
    Rule const& other = ruleset_.chains[second.chain].rules[second.rule];
    return one.verdict == other.verdict && one.effects.answer == other.effects.answer;
}

// The first line behind it that may take some of its packets to another verdict. Dead ones count: they may be dead
// by nothing but this line.
std::uint32_t ShadowList::first_contrary(std::uint32_t at) const {
    RegionTree::Bounds bounds{at + 1, static_cast<std::uint32_t>(lines_.lines.size()), 0, 0xFF};
    for (RegionTree const* const index : {&index_, &dead_index_, &loose_index_}) {
        for (Region const& mine : regions(at)) {
            index->search(
                bounds, [&](Region const& other) { return meets(other, mine, grid_->slices()); },
                [&](Entry const& entry) {
                    if (!same_verdict(entry.line, at)) bounds.before = entry.line;
                    return false;
                });
        }
    }
    return bounds.before;
}

std::optional<std::uint32_t> ShadowList::absorbed_by(std::uint32_t at) const {
    if (line(at).until <= at || regions(at).empty()) return std::nullopt;
    RegionTree::Bounds bounds{at + 1, first_contrary(at), line(at).until, bit_of(line(at).action)};
    std::optional<std::uint32_t> found;
    std::size_t tried = 0;
    index_.search(
        bounds, [&](Region const& other) { return meets(other, regions(at).front(), grid_->slices()); },
        [&](Entry const& entry) {
            std::uint32_t const one = entry.line;
            bool const fits = !ignored(one) && line(one).until == line(at).until &&
                              line(one).rule != line(at).rule && same_verdict(one, at) && contains(one, at) == true;
            if (fits) {
                found = one;
                bounds.before = one;
            }
            cut_short_ = cut_short_ || tried >= most_looked_at;
            return ++tried > most_looked_at;
        });
    return found;
}

bool ShadowList::contrary_later(std::uint32_t at) const {
    return line(at).until <= at || regions(at).empty() || first_contrary(at) < lines_.lines.size();
}

} // namespace portcullis
