// One list of rules, its grid and its index; and what is asked about its lines. A line is alive if some packet in
// its regions lies in no earlier line that takes it, and dead if its regions are used up by subtracting such lines.
#pragma once
#include <atomic>
#include <memory>
#include <optional>
#include <vector>

#include "engine/grid.hpp"
#include "engine/lines.hpp"
#include "engine/region_tree.hpp"

namespace portcullis {

class ShadowList {
  public:
    // Throws BudgetExceeded where the list has too many lines.
    ShadowList(Ruleset const& ruleset, RuleList const& list, ShadowOptions const& options);

    // Works out all lives.
    void prove();

    std::vector<Line> const& lines() const { return lines_.lines; }
    Life life(std::uint32_t line) const { return lives_[line]; }
    // The lines of a rule, in order.
    std::vector<std::uint32_t> lines_of(RuleId rule) const;

    std::optional<Member> witness(std::uint32_t line) const;
    std::vector<Blocker> cover(std::uint32_t line) const;
    struct Share {
        std::array<double, action_count> shares{};
        double unknown = 0;
        double volume = 0; // of the line, for weighing several lines of one rule
        std::optional<Member> otherwise;
        std::optional<Member> left;
        std::optional<RuleId> by;
    };
    // Nothing where less than `least` of it can be decided otherwise.
    std::optional<Share> taken(std::uint32_t line, double least) const;
    struct Clash {
        std::uint32_t earlier = 0;
        Conflict::Kind kind{};
        Member shared;
    };
    bool contested(std::uint32_t line) const;
    std::vector<Clash> conflicts(std::uint32_t line, std::size_t most) const;
    std::optional<std::uint32_t> absorbed_by(std::uint32_t line) const;
    // Nothing where the budget does not allow an answer.
    std::optional<bool> contains(std::uint32_t outer, std::uint32_t inner) const;
    bool contrary_later(std::uint32_t line) const;
    bool cut_short() const { return cut_short_; }

  private:
    using Entry = RegionTree::Entry;
    static constexpr std::size_t most_candidates = 200'000; // that are collected and compared for one line

    // Whether regions are taken, as far as it could be told, and by which lines.
    struct Evidence {
        enum class Answer : std::uint8_t { taken, free, unsure } answer = Answer::taken;
        Region left;                       // where free: a region of packets that nothing takes
        std::optional<Member> member;      // … or one packet, where a diagram gave the answer
        std::vector<std::uint32_t> takers; // lines, where taken
        std::size_t steps = 0;
    };

    void build();
    void index(std::uint32_t end);
    Entry entry(std::uint32_t at, Region const& region) const {
        return {region, at, line(at).until, bit_of(line(at).action), exact_[at]};
    }
    std::vector<std::uint32_t> by_place(std::uint32_t begin, std::uint32_t end) const;
    Line const& line(std::uint32_t at) const { return lines_.lines[at]; }
    std::span<Region const> regions(std::uint32_t at) const {
        return std::span(regions_).subspan(begin_[at], begin_[at + 1] - begin_[at]);
    }
    bool ignored(std::uint32_t line) const { return line < published_ && lives_[line] == Life::dead; }
    bool has(std::uint32_t line, Member const& member) const;
    RegionTree::Bounds earlier(std::uint32_t line) const { return {0, line, line, 0xFF}; }
    // … and, where packets may return, all earlier lines: those whose scope has ended say where they went.
    RegionTree::Bounds scoped(std::uint32_t line) const { return {0, line, escapes_.empty() ? line : 0, 0xFF}; }

    Life prove(std::uint32_t line, std::size_t& steps) const;
    Life life_without_packets(std::uint32_t line) const;
    Evidence evidence(std::uint32_t line) const;
    void examine(Region const& region, std::uint32_t line, Evidence& evidence) const;
    Entry const* taker(Region const& point, std::uint32_t line, Member const* member) const;
    Entry const* container(Region const& region, std::uint32_t line, std::size_t& steps) const;
    bool undisturbed(Entry const& taker, Region const& region, std::uint32_t line) const;
    bool refine(Region const& region, std::uint32_t line, Evidence& evidence) const;
    std::vector<Entry const*> meeting(Region const& region, RegionTree::Bounds const& bounds,
                                      std::size_t most) const;
    void by_largest(Region const& region, std::vector<Entry const*> candidates, Evidence& evidence) const;
    void in_order(Region const& region, std::uint32_t line, std::vector<Entry const*> const& candidates,
                  Evidence& evidence) const;
    // Follows the packets of a region through the candidates from top to bottom: `taken(part, entry)` for what one
    // takes, `left(part)` for what comes to line `at`, which says whether to go on. False where the budget ended,
    // or where a line is more than its regions say.
    template <class TakenBy, class Left>
    bool follow(Region const& region, std::uint32_t at, std::vector<Entry const*> const& candidates,
                std::size_t& steps, std::size_t budget, TakenBy const& taken_by, Left const& left) const;
    struct Walk;
    Walk walk(std::uint32_t line, std::size_t most) const;
    std::optional<std::vector<Region>> disjoint(std::uint32_t line) const;
    bool same_decision(std::uint32_t a, std::uint32_t b) const;
    double contested_share(std::uint32_t line, double enough) const;
    double overlap(std::uint32_t line, std::uint32_t other) const;
    bool same_verdict(std::uint32_t a, std::uint32_t b) const;
    std::uint32_t first_contrary(std::uint32_t line) const;
    void by_diagram(std::uint32_t line, Evidence& evidence) const;
    void by_diagram_in_order(std::uint32_t line, Space& space, Evidence& evidence) const;
    PacketSet set_of(Space& space, std::uint32_t line) const;
    double share(Region const& region, Region const& of) const;
    void assume(Member& member, std::uint32_t line) const;
    static void assume(Member& member, Opaque const& opaque, bool holds);
    Member completed(Member member, std::uint32_t line) const;
    std::optional<Member> shared(Region const& mine, std::uint32_t line, Entry const& other) const;
    std::vector<std::uint32_t> reduced(std::uint32_t line, std::vector<std::uint32_t> takers) const;
    bool suffice(std::uint32_t line, std::vector<std::uint32_t> const& takers) const;

    Ruleset const& ruleset_;
    ShadowOptions options_;
    Lines lines_;
    std::optional<Grid> grid_;
    std::vector<Region> regions_;      // of all lines, in order
    std::vector<std::uint32_t> begin_; // by line: where its regions begin; one more at the end
    std::vector<bool> exact_;          // by line
    std::vector<bool> loose_;          // by line: it has an opaque match that no other line has
    RegionTree index_;       // of all lines that take packets, but those of the next
    RegionTree dead_index_;  // those that had turned out dead when it was made
    RegionTree escapes_;     // those whose scope ends before the list does
    RegionTree loose_index_; // those that take packets, or not, as an opaque match of their own says
    bool all_exact_ = true;
    std::vector<Life> lives_;
    std::uint32_t published_ = 0; // lines before it may be left out where they are dead
    bool frugal_ = false;         // most of the budget for all lines is spent
    std::vector<std::pair<RuleId, std::uint32_t>> by_rule_;
    mutable bool cut_short_ = false; // a question about pairs looked at fewer lines than it met
};

} // namespace portcullis
