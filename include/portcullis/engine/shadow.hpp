// What earlier rules leave of each rule, exact by their union, for lists of a million rules: which rules are dead
// and because of which, which are partly taken, which pairs depend on their order. Calls, returns and gotos are
// followed; opaque matches are free variables.
//
// Where Reach answers with sets, Shadows answers with lives and witnesses, at a cost that follows real overlaps. It
// works on products of ranges in an index (docs/design.md, "Shadows"), and falls back on decision diagrams where
// those fragment and where marks matter.
#pragma once
#include <array>
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "portcullis/engine/packet_set.hpp"
#include "portcullis/model/ruleset.hpp"

namespace portcullis {

// A rule by its place in the ruleset; or the policy of a chain.
struct RuleId {
    static constexpr std::uint32_t policy = ~std::uint32_t{0};
    ChainId chain = 0;
    std::uint32_t rule = 0;
    friend auto operator<=>(RuleId const&, RuleId const&) = default;
};

enum class Life : std::uint8_t {
    alive,       // some packet comes to it and matches; a rule that calls or only counts lives in the same way
    dead,        // earlier rules decide every packet that it could match: see `cover`
    excluded,    // its match and the matches of all calls that lead to it (or what its hook sees) have no packet in
                 // common
    unmatchable, // its own match is empty
    unreached,   // its chain is in none of the lists
    unknown,     // the budget ran out
};

// What becomes of the packets that a rule takes, as far as it matters which of two rules takes them.
enum class Action : std::uint8_t {
    permit,    // accept
    deny,      // drop, reject
    translate, // accept, with an address rewritten
    leave,     // return, or a goto's packets that come back, out of a called chain; in a base chain they have the
               // policy's
    none,      // goes on: a call, a log, a mark
};
constexpr std::size_t action_count = 5;

// Base chains whose packets pass through one after the other, as one list; what is asked about are the rules that
// the last one reaches. With the base chains before it, only packets that these accept come to it. Nothing is
// rewritten between them: where a destination NAT stands before, leave the chains before it out.
struct RuleList {
    std::vector<ChainId> chains;
    Match seen; // what is true of every packet that the hook sees
};

// A list for each base chain, with the packets that its hook sees; and for each chain that none of them reaches and
// no other such chain calls, so that every rule of the ruleset is in some list unless chains call each other in a
// circle.
std::vector<RuleList> lists_of(Ruleset const& ruleset);

struct ShadowOptions {
    unsigned threads = 1;                           // answers are the same whatever it is
    std::size_t most_lines = 4'000'000;             // of a list once its calls are replaced by what they call
    std::size_t most_steps = 2'000'000;             // comparisons of a rule with others, for one answer
    std::size_t total_steps = 4'000'000'000;        // … for all together; about 5 ns each
    std::size_t most_nodes = std::size_t{1} << 19U; // of the decision diagram of one answer
    // A field that the rules cut into more pieces is ordered; up to 63, its sets of values are sets of atoms.
    std::size_t most_atoms = 63;
};

// A packet that comes to the rule on this list and matches it, or was taken from it on the way.
struct Sight {
    Member member;
    std::size_t list = 0; // of `lists()`
};

// An earlier rule among those that make a rule dead.
struct Blocker {
    RuleId rule;
    Action action = Action::none;
    double share = 0;   // of the dead rule's packets that it matches, 0 to 1
    bool needed = true; // false: the others suffice, it is named because it decides some of them in another way
};

// How much of an alive rule earlier ones decide. Shares are of its own packets, every value counting alike.
struct Taken {
    // By what becomes of them; `leave` counts packets that a return takes past the rule and that never come to it.
    std::array<double, action_count> shares{};
    double unknown = 0; // 0: the shares are exact
    // Of what is decided in another way than the rule decides; and of what is left to the rule.
    std::optional<Sight> otherwise;
    std::optional<Sight> left;
    std::optional<RuleId> by; // the rule that decides most of what is decided in another way

    double operator[](Action action) const { return shares[static_cast<std::size_t>(action)]; }
};

// Two rules of one list that share packets and decide them in different ways, by the match alone.
struct Conflict {
    enum class Kind : std::uint8_t {
        exception, // the earlier rule lies within the later one: PC205's generalisation, a usual idiom
        crossing,  // neither lies within the other: only their order says what happens to what they share
        covering,  // the earlier one contains the later one, which is dead by it
    };
    RuleId earlier;
    Kind kind = Kind::crossing;
    Sight shared;
};

class Shadows {
  public:
    // The ruleset must outlive it. All lives are worked out here; the other questions when they are asked.
    explicit Shadows(Ruleset const& ruleset, ShadowOptions const& options = {});
    Shadows(Ruleset const& ruleset, std::vector<RuleList> lists, ShadowOptions const& options = {});
    ~Shadows();
    Shadows(Shadows&&) noexcept;

    std::vector<RuleList> const& lists() const;
    // Over all lists: alive where it lives in one of them.
    Life life(RuleId rule) const;
    // Whether no life is unknown.
    bool complete() const;

    // Of an alive rule: a packet that it is the first to match.
    std::optional<Sight> witness(RuleId rule) const;
    // Of a dead rule: few earlier rules that together take all of its packets, those that match most of it first,
    // and always one of another action where one decides some of them. Empty for other rules, and for a rule whose
    // death was found by decision diagrams across marks.
    std::vector<Blocker> cover(RuleId rule) const;
    // Of a rule that is alive; nothing where it is not, where less than `least` of it can be decided otherwise
    // (which is quickly told), or where marks matter.
    std::optional<Taken> taken(RuleId rule, double least = 0) const;
    // Whether it shares packets with an earlier rule that decides otherwise; quick, to be asked before the
    // questions below.
    bool contested(RuleId rule) const;
    // The earlier rules in conflict with it, in order, at most `most` of each kind but coverings.
    std::vector<Conflict> conflicts(RuleId rule, std::size_t most = 8) const;
    // A later rule with the same verdict that contains it, where no rule between them that decides otherwise meets
    // it: without the rule, the later one would decide all of its packets. What else the rules do (a log) is not
    // looked at.
    std::optional<RuleId> absorbed_by(RuleId rule) const;
    // Whether every packet that `inner` matches matches `outer`, by the matches alone; nothing where one list does
    // not have both.
    std::optional<bool> contains(RuleId outer, RuleId inner) const;
    // Whether a later rule may decide some of its packets otherwise than it does, a drop being no reject; rules that
    // are dead count, since they may be dead by nothing but this one. True where nobody can say.
    bool contrary_later(RuleId rule) const;
    // Whether the questions about pairs have answers for all lists: there are none where marks matter.
    bool knows_pairs() const;
    // Whether such a question met more rules than it looks at, so that its answer may lack some of them.
    bool cut_short() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace portcullis
