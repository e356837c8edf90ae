#include "portcullis/engine/interpret.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "portcullis/engine/budget.hpp"
#include "portcullis/engine/marks.hpp"

namespace portcullis {

namespace {

bool holds(Field field, ValueSet const& values, Packet const& packet) {
    if (auto const family = info(field).family; family && *family != packet.family()) return false;
    if (info(field).transport && packet[Field::fragment] != 0) return false;
    return values.contains(packet[field]);
}

bool holds(Alternatives const& relation, Packet const& packet) {
    bool const some = std::any_of(relation.rows.begin(), relation.rows.end(), [&](auto const& row) {
        for (std::size_t cell = 0; cell < row.size(); ++cell) {
            Field const field = relation.fields[cell];
            if (!row[cell].is_all(info(field).bits) && !holds(field, row[cell], packet)) return false;
        }
        return true;
    });
    return some != relation.negated;
}

// One way that a packet may end, with the marks that it has then.
struct End {
    Outcome outcome;
    Marks marks;
};

// Where the way of a packet leads from a rule or chain on which all unknowns say no.
struct Main {
    enum class To : std::uint8_t { end, next, caller } to = To::next;
    std::size_t index = 0; // among the ends, or among the marks of those that go on
};

// How a chain, or a rule that matches, may end for one packet: first found first.
struct Ends {
    std::vector<End> ends{};
    std::vector<Marks> next{};   // it may go on with these marks: with the caller's next rule, or the chain's
    std::vector<Marks> caller{}; // of a rule: it may leave its chain for the caller
    Main main{};
};

constexpr std::size_t most_marks = 1024; // unknown matches can double them at every rule

std::size_t place_of(std::vector<Marks>& all, Marks const& marks) {
    auto const at = std::find(all.begin(), all.end(), marks);
    if (at != all.end()) return static_cast<std::size_t>(at - all.begin());
    if (all.size() == most_marks) throw BudgetExceeded("a packet can get more than 1024 different marks");
    all.push_back(marks);
    return all.size() - 1;
}

std::size_t place_of(std::vector<End>& all, End const& end) {
    auto const at = std::find_if(all.begin(), all.end(),
                                 [&](End const& e) { return e.outcome == end.outcome && e.marks == end.marks; });
    if (at != all.end()) return static_cast<std::size_t>(at - all.begin());
    all.push_back(end);
    return all.size() - 1;
}

class Walk {
  public:
    Walk(Ruleset const& ruleset, Packet const& packet, Truth const& truth, std::vector<Step>* steps)
        : ruleset_(ruleset), packet_(packet), truth_(truth), steps_(steps), open_(ruleset.chains.size()) {}

    Ends chain(ChainId id, Marks const& marks) {
        // The same packet meets the same end in a chain however often it is called; this keeps call trees linear.
        if (auto const known = done_.find({id, marks}); known != done_.end()) return known->second;
        Ends nothing;
        nothing.next = {marks};
        if (open_[id]) return nothing; // a cycle, which no kernel loads
        CallDepth const guard(depth_);
        open_[id] = true;
        Ends ends = rules(id, marks);
        open_[id] = false;
        done_[{id, marks}] = ends;
        return ends;
    }

  private:
    Ends rules(ChainId id, Marks const& start) {
        Ends ends;
        std::vector<Marks> live{start}; // the packet may come to the next rule with these
        std::optional<std::size_t> main = 0;
        std::vector<Rule> const& all = ruleset_.chains[id].rules;
        for (std::size_t i = 0; i < all.size() && !live.empty(); ++i) {
            said_.clear();
            for (Marks const& marks : live) {
                said_.push_back(asks(all[i].match, marks));
                if (steps_ != nullptr) steps_->push_back({id, i, step_text(all[i], said_.back())});
            }
            auto const no = [](std::optional<bool> const& matched) { return matched == false; };
            if (std::all_of(said_.begin(), said_.end(), no)) continue;
            std::vector<std::optional<bool>> const said = said_; // a call below uses it again
            std::vector<Marks> next;
            std::optional<std::size_t> next_main;
            for (std::size_t w = 0; w < live.size(); ++w) {
                bool const is_main = main == w;
                std::optional<bool> const matched = said[w];
                if (matched != true) {
                    std::size_t const place = place_of(next, live[w]);
                    if (is_main) next_main = place;
                }
                if (matched == false) continue;
                Ends const rule = verdict(all[i], id, i, after(live[w], all[i]));
                join(rule, ends, next, is_main && matched ? &next_main : nullptr);
            }
            live = std::move(next);
            main = next_main;
        }
        for (std::size_t w = 0; w < live.size(); ++w) {
            std::size_t const place = place_of(ends.next, live[w]);
            if (main == w) ends.main = {Main::To::next, place};
        }
        return ends;
    }

    // Adds what a rule does to what its chain does. `next_main` is there where the main way comes to the rule.
    static void join(Ends const& rule, Ends& chain, std::vector<Marks>& next, std::optional<std::size_t>* next_main) {
        auto const leads_to = [&](Main::To to, std::size_t index) {
            return next_main != nullptr && rule.main.to == to && rule.main.index == index;
        };
        for (std::size_t i = 0; i < rule.ends.size(); ++i) {
            std::size_t const place = place_of(chain.ends, rule.ends[i]);
            if (leads_to(Main::To::end, i)) chain.main = {Main::To::end, place};
        }
        for (std::size_t i = 0; i < rule.caller.size(); ++i) {
            std::size_t const place = place_of(chain.next, rule.caller[i]);
            if (leads_to(Main::To::caller, i)) chain.main = {Main::To::next, place};
        }
        for (std::size_t i = 0; i < rule.next.size(); ++i) {
            std::size_t const place = place_of(next, rule.next[i]);
            if (leads_to(Main::To::next, i)) *next_main = place;
        }
    }

    Ends verdict(Rule const& rule, ChainId id, std::size_t index, Marks const& marks) {
        Ends goes_on;
        goes_on.next = {marks};
        if (auto const* jump = std::get_if<Jump>(&rule.verdict)) {
            if (jump->chain == no_chain) return goes_on;
            Ends ends = chain(jump->chain, marks);
            if (jump->is_goto) {
                ends.caller = std::exchange(ends.next, {});
                if (ends.main.to == Main::To::next) ends.main.to = Main::To::caller;
            }
            return ends;
        }
        if (std::holds_alternative<Continue>(rule.verdict)) return goes_on;
        Ends ends;
        if (std::holds_alternative<Return>(rule.verdict)) {
            ends.caller = {marks};
            ends.main.to = Main::To::caller;
            return ends;
        }
        Fate const fate = std::holds_alternative<Drop>(rule.verdict)     ? Fate::drop
                          : std::holds_alternative<Reject>(rule.verdict) ? Fate::reject
                                                                         : Fate::accept;
        ends.ends = {{{fate, id, index}, marks}};
        ends.main.to = Main::To::end;
        return ends;
    }

    std::optional<bool> asks(Match const& match, Marks const& marks) {
        bool const untouched = !reads_marks(match) || (marks.mark.known && marks.mark.value == packet_[Field::mark] &&
                                                       marks.ct_mark.known && marks.ct_mark.value == packet_[Field::ct_mark]);
        auto const state = state_seen(marks);
        if (untouched && (!state || !reads_state(match))) return matches(match, packet_, truth_);
        Packet marked = packet_;
        if (state) marked[Field::ct_state] = *state;
        marked[Field::mark] = marks.mark.value;
        marked[Field::ct_mark] = marks.ct_mark.value;
        return matches(with_unknown(match, marks), marked, truth_);
    }

    std::string step_text(Rule const& rule, std::optional<bool> matched) const {
        if (matched == false) return "no match";
        return (matched ? "" : "may match: ") + to_text(rule.verdict, ruleset_);
    }

    Ruleset const& ruleset_;
    Packet const& packet_;
    Truth const& truth_;
    std::vector<Step>* steps_; // null where nobody asked for them
    std::map<std::pair<ChainId, Marks>, Ends> done_;
    std::vector<bool> open_;               // by chain: the packet is in it
    std::vector<std::optional<bool>> said_; // of a rule's match, by the marks
    std::size_t depth_ = 0;
};

Marks marks_of(Packet const& packet) { return Marks::constant(packet[Field::mark], packet[Field::ct_mark]); }

// In one base chain, the policy applied.
Ends walk_base(Ruleset const& ruleset, ChainId base, Packet const& packet, Marks const& marks, Truth const& truth,
               std::vector<Step>* steps) {
    Ends ends = Walk(ruleset, packet, truth, steps).chain(base, entering(ruleset.chains[base], marks));
    Fate const fate = std::holds_alternative<Accept>(ruleset.chains[base].policy) ? Fate::accept : Fate::drop;
    for (std::size_t i = 0; i < ends.next.size(); ++i) {
        std::size_t const place = place_of(ends.ends, {{fate, base, std::nullopt}, ends.next[i]});
        if (ends.main.to == Main::To::next && ends.main.index == i) ends.main = {Main::To::end, place};
    }
    if (steps != nullptr && !ends.next.empty()) steps->push_back({base, std::nullopt, std::string(to_string(fate))});
    return ends;
}

// The outcomes without their marks, the main one first.
std::vector<Outcome> outcomes_of(std::vector<End> const& ends, std::size_t main) {
    std::vector<Outcome> outcomes{ends[main].outcome};
    for (End const& end : ends) {
        if (std::find(outcomes.begin(), outcomes.end(), end.outcome) == outcomes.end()) outcomes.push_back(end.outcome);
    }
    return outcomes;
}

} // namespace

std::string_view to_string(Fate fate) {
    constexpr std::array<std::string_view, 3> names{"accept", "drop", "reject"};
    return names[static_cast<std::size_t>(fate)];
}

bool Decision::certain() const {
    return std::all_of(outcomes.begin(), outcomes.end(), [&](Outcome const& o) { return o.fate == outcomes.front().fate; });
}

std::optional<bool> matches(Match const& match, Packet const& packet, Truth const& truth) {
    for (Term const& term : match.terms) {
        if (!holds(term.field, term.values, packet)) return false;
    }
    for (Alternatives const& relation : match.alternatives) {
        if (!holds(relation, packet)) return false;
    }
    bool unknown = false;
    for (Opaque const& opaque : match.opaque) {
        std::optional<bool> const said = truth ? truth(opaque) : std::nullopt;
        if (said && *said == opaque.negated) return false;
        unknown = unknown || !said;
    }
    return unknown ? std::nullopt : std::optional(true);
}

Decision interpret(Ruleset const& ruleset, ChainId base, Packet const& packet, Truth const& truth, Detail detail) {
    Decision decision;
    Ends const ends = walk_base(ruleset, base, packet, marks_of(packet), truth,
                                detail == Detail::steps ? &decision.steps : nullptr);
    decision.outcomes = outcomes_of(ends.ends, ends.main.index);
    return decision;
}

Decision interpret(Ruleset const& ruleset, std::vector<ChainId> const& bases, Packet const& packet, Truth const& truth,
                   Detail detail) {
    Decision decision;
    // No base chain: everything passes. What accepted so far gives way to what the next chain says.
    std::vector<End> ends{{{Fate::accept, no_chain, std::nullopt}, marks_of(packet)}};
    std::size_t main = 0;
    for (ChainId const base : bases) {
        Hook const& hook = *ruleset.chains[base].hook;
        if (packet.family() == Family::v4 ? !hook.v4 : !hook.v6) continue;
        std::vector<End> next;
        std::size_t next_main = 0;
        std::vector<Marks> come;
        for (std::size_t i = 0; i < ends.size(); ++i) {
            if (ends[i].outcome.fate == Fate::accept) {
                place_of(come, ends[i].marks);
                continue;
            }
            std::size_t const place = place_of(next, ends[i]);
            if (i == main) next_main = place;
        }
        bool const main_comes = ends[main].outcome.fate == Fate::accept;
        for (Marks const& marks : come) {
            Ends const one =
                walk_base(ruleset, base, packet, marks, truth, detail == Detail::steps ? &decision.steps : nullptr);
            for (std::size_t e = 0; e < one.ends.size(); ++e) {
                std::size_t const place = place_of(next, one.ends[e]);
                if (main_comes && marks == ends[main].marks && e == one.main.index) next_main = place;
            }
        }
        ends = std::move(next);
        main = next_main;
    }
    decision.outcomes = outcomes_of(ends, main);
    return decision;
}

} // namespace portcullis
