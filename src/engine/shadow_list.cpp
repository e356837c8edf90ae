#include "engine/shadow_follow.hpp"

#include <algorithm>
#include <atomic>
#include <set>

#include "portcullis/base/in_threads.hpp"
#include "portcullis/engine/budget.hpp"
#include "portcullis/engine/interpret.hpp"

namespace portcullis {

namespace {

constexpr std::uint32_t block_size = 4096;      // lines between two looks at who is dead
constexpr std::size_t portion = 64;             // lines that a thread takes at a time
// Lines of the first index; each further one has twice as many, and no longer those that have turned out dead.
constexpr std::uint32_t first_indexed = 16 * block_size;
constexpr std::size_t short_refinement = 48;    // subtractions before all that meets a region is collected
constexpr std::size_t most_in_diagram = 10'000; // lines that one diagram is cut by
constexpr std::size_t diagram_step = 20'000;    // what one operation on diagrams counts for, in comparisons

} // namespace

ShadowList::ShadowList(Ruleset const& ruleset, RuleList const& list, ShadowOptions const& options)
    : ruleset_(ruleset), options_(options), lines_(flatten(ruleset, list, options.most_lines)) {
    grid_.emplace(ruleset_, lines_, options_.most_atoms);
    build();
}

void ShadowList::build() {
    auto const count = static_cast<std::uint32_t>(lines_.lines.size());
    lives_.assign(count, Life::unreached);
    exact_.assign(count, true);
    loose_.assign(count, false);
    begin_.reserve(count + 1);
    regions_.reserve(count);
    std::vector<Entry> escaping;
    std::vector<Entry> loose;
    Grid::Called called;
    Grid::Extent extent;
    for (std::uint32_t at = 0; at < count; ++at) {
        if (at % portion == 0) check_deadline(); // the regions of some lines are very many
        Line const& one = line(at);
        grid_->extent(one, called, extent);
        begin_.push_back(static_cast<std::uint32_t>(regions_.size()));
        regions_.insert(regions_.end(), extent.regions.begin(), extent.regions.end());
        exact_[at] = extent.exact;
        loose_[at] = extent.loose;
        if (one.asked) by_rule_.emplace_back(one.rule, at);
        if (one.until <= at) continue;
        all_exact_ = all_exact_ && (extent.exact || extent.loose);
        for (Region const& region : extent.regions) {
            if (extent.loose) loose.push_back(entry(at, region));
            else if (one.until != Line::never_ends) escaping.push_back(entry(at, region));
        }
    }
    begin_.push_back(static_cast<std::uint32_t>(regions_.size()));
    std::sort(by_rule_.begin(), by_rule_.end());
    escapes_ = RegionTree(std::move(escaping), grid_->whole());
    loose_index_ = RegionTree(std::move(loose), grid_->whole());
}

// Lines before `end` that take packets, those that are known to be dead apart.
void ShadowList::index(std::uint32_t end) {
    index_ = dead_index_ = {}; // their memory is needed for what takes their place
    std::vector<Entry> takers;
    std::vector<Entry> dead;
    takers.reserve(end);
    for (std::uint32_t at = 0; at < end; ++at) {
        if (line(at).until <= at || loose_[at]) continue;
        for (Region const& region : regions(at)) (ignored(at) ? dead : takers).push_back(entry(at, region));
    }
    index_ = RegionTree(std::move(takers), grid_->whole());
    dead_index_ = RegionTree(std::move(dead), grid_->whole());
}

std::vector<std::uint32_t> ShadowList::lines_of(RuleId rule) const {
    std::vector<std::uint32_t> found;
    auto at = std::lower_bound(by_rule_.begin(), by_rule_.end(), std::pair{rule, std::uint32_t{0}});
    for (; at != by_rule_.end() && at->first == rule; ++at) found.push_back(at->second);
    return found;
}

// The lines of a block that are asked about, those next to each other that lie so: they come to the same nodes of the
// index while these are in the cache.
std::vector<std::uint32_t> ShadowList::by_place(std::uint32_t begin, std::uint32_t end) const {
    std::vector<std::uint32_t> order;
    for (std::uint32_t at = begin; at < end; ++at) {
        if (line(at).asked) order.push_back(at);
    }
    auto const place = [&](std::uint32_t at) {
        return regions(at).empty() ? decltype(Region::first){} : regions(at).front().first;
    };
    std::sort(order.begin(), order.end(),
              [&](std::uint32_t a, std::uint32_t b) { return std::pair(place(a), a) < std::pair(place(b), b); });
    return order;
}

// Blocks of lines, one after the other, and within a block in parallel: which dead lines are left out depends on
// the block alone, so that all answers are the same however many threads there are.
void ShadowList::prove() {
    auto const count = static_cast<std::uint32_t>(lines_.lines.size());
    std::size_t spent = 0;
    std::uint32_t indexed = 0;
    for (std::uint32_t begin = 0; begin < count; begin += block_size) {
        std::uint32_t const end = std::min(count, begin + block_size);
        if (end > indexed) index(indexed = std::min(count, std::max(first_indexed, 2 * begin)));
        std::vector<std::uint32_t> const order = by_place(begin, end);
        std::atomic<std::size_t> next = 0;
        std::atomic<std::size_t> steps = 0;
        auto const work = [&] {
            std::size_t own = 0;
            for (std::size_t from = next.fetch_add(portion); from < order.size(); from = next.fetch_add(portion)) {
                for (std::size_t i = from; i < std::min(order.size(), from + portion); ++i)
                    lives_[order[i]] = prove(order[i], own);
            }
            steps += own;
        };
        in_threads(options_.threads, work);
        spent += steps;
        frugal_ = spent > options_.total_steps;
        published_ = end;
    }
}

Life ShadowList::prove(std::uint32_t at, std::size_t& steps) const {
    check_stop();
    if (deadline_passed()) return Life::unknown;
    if (regions(at).empty()) return life_without_packets(at);
    Evidence const found = evidence(at);
    steps += found.steps;
    switch (found.answer) {
    case Evidence::Answer::taken: return found.takers.empty() ? life_without_packets(at) : Life::dead;
    case Evidence::Answer::free: return Life::alive;
    case Evidence::Answer::unsure: break;
    }
    return Life::unknown;
}

Life ShadowList::life_without_packets(std::uint32_t at) const {
    RuleId const rule = line(at).rule;
    Grid::Extent own;
    grid_->extent(ruleset_.chains[rule.chain].rules[rule.rule].match, own);
    if (own.regions.empty()) return Life::unmatchable;
    if (own.exact) return Life::excluded;
    try {
        Space space(options_.most_nodes);
        bool const empty = space.of(ruleset_.chains[rule.chain].rules[rule.rule].match).empty();
        return empty ? Life::unmatchable : Life::excluded;
    } catch (BudgetExceeded const&) {
        return Life::excluded;
    }
}

ShadowList::Evidence ShadowList::evidence(std::uint32_t at) const {
    Evidence found;
    for (Region const& region : regions(at)) {
        // What a line has not, but its regions have, may be free or not.
        if (exact_[at])
            examine(region, at, found);
        else if (auto const* one = container(region, at, found.steps))
            found.takers.push_back(one->line);
        else
            found.answer = Evidence::Answer::unsure;
        if (found.answer != Evidence::Answer::taken) break;
    }
    if (found.answer != Evidence::Answer::unsure) return found;
    if (frugal_)
        found.answer = Evidence::Answer::unsure;
    else
        by_diagram(at, found);
    return found;
}

// The cheapest ways first; most lines end at their first point or in one container.
void ShadowList::examine(Region const& region, std::uint32_t at, Evidence& found) const {
    Region const point = grid_->sample(region, at);
    ++found.steps;
    Entry const* const first = taker(point, at, nullptr);
    if (first == nullptr) {
        found.answer = Evidence::Answer::free;
        found.left = point;
        return;
    }
    bool const simple = first->exact && first->region.contains(region) && undisturbed(*first, region, at);
    Entry const* const one = simple ? first : container(region, at, found.steps);
    if (one != nullptr) {
        found.takers.push_back(one->line);
        return;
    }
    if (escapes_.empty() && all_exact_ && refine(region, at, found)) return;
    std::vector<Entry const*> candidates = meeting(region, scoped(at), most_candidates);
    if (candidates.size() >= most_candidates)
        found.answer = Evidence::Answer::unsure;
    else if (escapes_.empty())
        by_largest(region, std::move(candidates), found);
    else
        in_order(region, at, candidates, found);
}

// Whether the packet has all matches of a line; for lines that are more than their regions say.
bool ShadowList::has(std::uint32_t at, Member const& member) const {
    bool all = true;
    auto const truth = [&](Opaque const& opaque) { return member.truth(opaque); };
    lines_.each_match(ruleset_, line(at),
                      [&](Match const& match) { all = all && matches(match, member.packet, truth) == true; });
    return all;
}

// A line that takes the packets at a point before they come to line `at`; null where none does. `member` is a
// packet at the point, for lines that are not exact; null: any.
ShadowList::Entry const* ShadowList::taker(Region const& point, std::uint32_t at, Member const* member) const {
    std::optional<Member> own;
    auto const enter = [&](Region const& region) { return region.contains(point); };
    auto const counts = [&](Entry const& entry) {
        if (ignored(entry.line)) return false;
        if (entry.exact) return true;
        if (member == nullptr && !own) own = grid_->member(point);
        return has(entry.line, member != nullptr ? *member : *own);
    };
    if (escapes_.empty()) return index_.search(earlier(at), enter, counts);
    // A packet that returns skips to the end of the scope: what counts is always the first line that has it.
    RegionTree::Bounds bounds{0, at, 0, 0xFF};
    while (true) {
        Entry const* first = nullptr;
        index_.search(bounds, enter, [&](Entry const& entry) {
            if (!counts(entry)) return false;
            first = &entry;
            bounds.before = entry.line;
            return false;
        });
        if (first == nullptr || first->until >= at) return first;
        bounds = {first->until + 1, at, 0, 0xFF};
    }
}

// No packet of the region leaves the taker's scope before it comes to it, only to come to line `at` all the same.
bool ShadowList::undisturbed(Entry const& one, Region const& region, std::uint32_t at) const {
    if (escapes_.empty()) return true;
    return nullptr == escapes_.search(
                          {0, one.line, one.line, 0xFF},
                          [&](Region const& other) { return meets(other, region, grid_->slices()); },
                          [&](Entry const& escape) { return escape.until < at && !ignored(escape.line); });
}

ShadowList::Entry const* ShadowList::container(Region const& region, std::uint32_t at, std::size_t& steps) const {
    std::size_t tried = 0;
    return index_.search(
        earlier(at), [&](Region const& other) { return other.contains(region); },
        [&](Entry const& entry) {
            if (!entry.exact || ignored(entry.line)) return false;
            if (++tried > short_refinement) return false;
            ++steps;
            return undisturbed(entry, region, at);
        });
}

// Takes away what has a point, again and again, while it is short; whether that gave an answer.
bool ShadowList::refine(Region const& region, std::uint32_t at, Evidence& found) const {
    std::vector<Region> pieces{region};
    std::size_t const known = found.takers.size();
    for (std::size_t step = 0; step < short_refinement && !pieces.empty(); ++step) {
        Region const piece = pieces.back();
        Region const point = grid_->sample(piece, at * std::uint64_t{977} + step);
        ++found.steps;
        Entry const* const one = taker(point, at, nullptr);
        if (one == nullptr) {
            found.answer = Evidence::Answer::free;
            found.left = point;
            return true;
        }
        found.takers.push_back(one->line);
        pieces.pop_back();
        subtract(piece, one->region, grid_->slices(), [&](Region const& rest) { pieces.push_back(rest); });
    }
    if (pieces.empty()) return true;
    found.takers.resize(known);
    return false;
}

std::vector<ShadowList::Entry const*> ShadowList::meeting(Region const& region, RegionTree::Bounds const& bounds,
                                                          std::size_t most) const {
    std::vector<Entry const*> found;
    index_.search(
        bounds, [&](Region const& other) { return meets(other, region, grid_->slices()); },
        [&](Entry const& entry) {
            if (!ignored(entry.line)) found.push_back(&entry);
            return found.size() >= most;
        });
    std::sort(found.begin(), found.end(),
              [](Entry const* a, Entry const* b) { return std::pair(a->line, a) < std::pair(b->line, b); });
    return found;
}

// How much of a region's ranks and atoms another has; for choices, not for answers.
double ShadowList::share(Region const& region, Region const& of) const {
    double product = 1;
    for (std::size_t d = 0; d < Region::ranges; ++d) {
        int const first = std::max(region.first[d], of.first[d]);
        int const last = std::min(region.last[d], of.last[d]);
        product *= (static_cast<double>(last) - first + 1) / (static_cast<double>(of.last[d]) - of.first[d] + 1);
    }
    for (Slices::Slice const& slice : grid_->slices().list) {
        std::uint64_t const all = of.atoms[slice.word] & slice.mask;
        product *= static_cast<double>(std::popcount(all & region.atoms[slice.word])) / std::popcount(all);
    }
    return product;
}

// Branches on the line that takes most of a piece; each piece keeps just the candidates that it meets.
void ShadowList::by_largest(Region const& region, std::vector<Entry const*> candidates, Evidence& found) const {
    struct Piece {
        Region region;
        std::vector<Entry const*> candidates;
    };
    std::vector<Piece> todo;
    todo.push_back({region, std::move(candidates)});
    std::size_t steps = 0;
    while (!todo.empty()) {
        Piece piece = std::move(todo.back());
        todo.pop_back();
        Entry const* best = nullptr;
        double most = 0;
        for (Entry const* const one : piece.candidates) {
            if (!one->exact) continue;
            double const part = share(one->region, piece.region);
            if (part > most) {
                most = part;
                best = one;
            }
        }
        steps += piece.candidates.size();
        if (best == nullptr && piece.candidates.empty()) {
            found.answer = Evidence::Answer::free;
            found.left = piece.region;
            found.steps += steps;
            return;
        }
        if (best == nullptr || steps > options_.most_steps) { // what is not exact may or may not take it
            found.answer = Evidence::Answer::unsure;
            found.steps += steps;
            return;
        }
        found.takers.push_back(best->line);
        if (most >= 1) continue;
        std::vector<Piece> rest;
        subtract(piece.region, best->region, grid_->slices(), [&](Region const& left) {
            std::vector<Entry const*> met;
            for (Entry const* const one : piece.candidates) {
                if (one != best && meets(one->region, left, grid_->slices())) met.push_back(one);
            }
            rest.push_back({left, std::move(met)});
        });
        // The piece that fewest lines meet last, so that it is looked at next: it is the likeliest to be free.
        std::stable_sort(rest.begin(), rest.end(),
                         [](Piece const& a, Piece const& b) { return a.candidates.size() > b.candidates.size(); });
        for (Piece& one : rest) todo.push_back(std::move(one));
    }
    found.steps += steps;
}

void ShadowList::in_order(Region const& region, std::uint32_t at, std::vector<Entry const*> const& candidates,
                          Evidence& found) const {
    bool const told = follow(
        region, at, candidates, found.steps, found.steps + options_.most_steps,
        [&](Region const&, Entry const& one) { found.takers.push_back(one.line); },
        [&](Region const& left) {
            found.answer = Evidence::Answer::free;
            found.left = left;
            return false;
        });
    if (!told) found.answer = Evidence::Answer::unsure;
}

PacketSet ShadowList::set_of(Space& space, std::uint32_t at) const {
    PacketSet set = space.all();
    lines_.each_match(ruleset_, line(at), [&](Match const& match) { set &= space.of(match); });
    return set;
}

// Takes a packet that is left, and the line that takes it away, until none is left or none takes it.
void ShadowList::by_diagram(std::uint32_t at, Evidence& found) const {
    found.takers.clear();
    found.answer = Evidence::Answer::unsure;
    try {
        Space space(options_.most_nodes);
        if (!escapes_.empty()) return by_diagram_in_order(at, space, found);
        PacketSet rest = set_of(space, at);
        while (auto member = rest.member()) {
            found.steps += diagram_step;
            Entry const* const one = taker(grid_->point(*member), at, &*member);
            if (one == nullptr) {
                found.answer = Evidence::Answer::free;
                found.member = std::move(member);
                return;
            }
            if (found.steps > options_.most_steps * 20) return;
            found.takers.push_back(one->line);
            rest -= set_of(space, one->line);
        }
        found.answer = Evidence::Answer::taken;
    } catch (BudgetExceeded const&) { // stays unsure
    }
}

void ShadowList::by_diagram_in_order(std::uint32_t at, Space& space, Evidence& found) const {
    PacketSet live = set_of(space, at);
    std::set<std::uint32_t> earlier_lines;
    for (Region const& region : regions(at)) {
        index_.search(
            scoped(at), [&](Region const& other) { return meets(other, region, grid_->slices()); },
            [&](Entry const& entry) {
                if (!ignored(entry.line)) earlier_lines.insert(entry.line);
                return earlier_lines.size() >= most_in_diagram;
            });
        if (earlier_lines.size() >= most_in_diagram) return;
    }
    std::vector<std::pair<std::uint32_t, PacketSet>> away; // until the end of a scope
    auto const come_back = [&](std::uint32_t position) {
        std::erase_if(away, [&](auto const& one) {
            if (one.first >= position) return false;
            live |= one.second;
            return true;
        });
    };
    for (std::uint32_t const one : earlier_lines) {
        come_back(one);
        found.steps += diagram_step;
        if (found.steps > options_.most_steps * 20) return;
        PacketSet const hit = live & set_of(space, one);
        if (hit.empty()) continue;
        live -= hit;
        if (line(one).until >= at)
            found.takers.push_back(one);
        else
            away.emplace_back(line(one).until, hit);
    }
    come_back(at);
    found.member = live.member();
    found.answer = found.member ? Evidence::Answer::free : Evidence::Answer::taken;
}

std::optional<Member> ShadowList::witness(std::uint32_t at) const {
    // The packet that people expect, where nothing takes it.
    for (Region const& region : regions(at)) {
        Member usual = grid_->member(region);
        if (!exact_[at] && !has(at, usual)) continue;
        if (taker(grid_->point(usual), at, &usual) == nullptr) return completed(std::move(usual), at);
    }
    Evidence found = evidence(at);
    if (found.answer != Evidence::Answer::free) return std::nullopt;
    return completed(found.member ? std::move(*found.member) : grid_->member(found.left), at);
}

// The opaque matches of a line say that it matches.
void ShadowList::assume(Member& member, std::uint32_t at) const {
    lines_.each_match(ruleset_, line(at), [&](Match const& match) {
        for (Opaque const& opaque : match.opaque) assume(member, opaque, !opaque.negated);
    });
}

void ShadowList::assume(Member& member, Opaque const& opaque, bool holds) {
    std::string key = opaque_key(opaque);
    bool const known = std::any_of(member.assumptions.begin(), member.assumptions.end(),
                                   [&](Assumption const& a) { return a.key == key; });
    if (!known) member.assumptions.push_back({std::move(key), opaque.text, opaque.stateful, holds});
}

// Opaque matches that no other line has are not in the grid: they say that the line matches, and that those before
// it do not.
Member ShadowList::completed(Member member, std::uint32_t at) const {
    assume(member, at);
    for (std::uint32_t one = 0; one < at; ++one) {
        if (!loose_[one] || !has(one, member)) continue;
        lines_.each_match(ruleset_, line(one), [&](Match const& match) {
            for (Opaque const& opaque : match.opaque) assume(member, opaque, opaque.negated);
        });
    }
    return member;
}

} // namespace portcullis
