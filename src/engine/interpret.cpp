#include "portcullis/engine/interpret.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "portcullis/engine/budget.hpp"

namespace portcullis {

namespace {

bool holds(Field field, ValueSet const& values, Packet const& packet) {
    if (auto const family = info(field).family; family && *family != packet.family()) return false;
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

// How a chain, or a rule that matches, may end for one packet.
struct Ends {
    std::vector<Outcome> outcomes{}; // all that are possible, first found first
    bool next = false;             // it may go on: with the caller's next rule, or the chain's
    bool leaves = false;           // of a rule: it may leave its chain for the caller
    std::optional<Outcome> main{};  // where all unknowns say no; none: it goes on or leaves
};

class Walk {
  public:
    Walk(Ruleset const& ruleset, Packet const& packet, Truth const& truth, std::vector<Step>* steps)
        : ruleset_(ruleset), packet_(packet), truth_(truth), steps_(steps) {}

    Ends chain(ChainId id) {
        // The same packet meets the same end in a chain however often it is called; this keeps call trees linear.
        if (auto const known = done_.find(id); known != done_.end()) return known->second;
        CallDepth const guard(depth_);
        done_[id] = {.next = true}; // a cycle, which no kernel loads, decides nothing
        Ends ends = rules(id);
        done_[id] = ends;
        return ends;
    }

  private:
    Ends rules(ChainId id) {
        Ends ends;
        bool main_known = false;
        std::vector<Rule> const& all = ruleset_.chains[id].rules;
        for (std::size_t i = 0; i < all.size(); ++i) {
            std::optional<bool> const matched = matches(all[i].match, packet_, truth_);
            if (matched == false) {
                if (steps_ != nullptr) steps_->push_back({id, i, "no match"});
                continue;
            }
            if (steps_ != nullptr) {
                steps_->push_back({id, i, (matched ? "" : "may match: ") + to_text(all[i].verdict, ruleset_)});
            }
            Ends const rule = verdict(all[i], id, i);
            for (Outcome const& outcome : rule.outcomes) {
                bool const known = std::find(ends.outcomes.begin(), ends.outcomes.end(), outcome) != ends.outcomes.end();
                if (!known) ends.outcomes.push_back(outcome);
            }
            ends.next = ends.next || rule.leaves;
            if (!matched) continue;
            if (!main_known && (rule.main || !rule.next)) {
                ends.main = rule.main;
                main_known = true;
            }
            if (!rule.next) return ends;
        }
        ends.next = true;
        return ends;
    }

    Ends verdict(Rule const& rule, ChainId id, std::size_t index) {
        if (auto const* jump = std::get_if<Jump>(&rule.verdict)) {
            if (jump->chain == no_chain) return {.next = true};
            Ends ends = chain(jump->chain);
            if (jump->is_goto) ends.leaves = std::exchange(ends.next, false);
            return ends;
        }
        if (std::holds_alternative<Continue>(rule.verdict)) return {.next = true};
        if (std::holds_alternative<Return>(rule.verdict)) return {.leaves = true};
        Fate const fate = std::holds_alternative<Drop>(rule.verdict)     ? Fate::drop
                          : std::holds_alternative<Reject>(rule.verdict) ? Fate::reject
                                                                         : Fate::accept;
        Outcome const outcome{fate, id, index};
        return {.outcomes = {outcome}, .main = outcome};
    }

    Ruleset const& ruleset_;
    Packet const& packet_;
    Truth const& truth_;
    std::vector<Step>* steps_; // null where nobody asked for them
    std::map<ChainId, Ends> done_;
    std::size_t depth_ = 0;
};

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
    Ends ends = Walk(ruleset, packet, truth, detail == Detail::steps ? &decision.steps : nullptr).chain(base);
    if (ends.next) {
        Fate const fate = std::holds_alternative<Accept>(ruleset.chains[base].policy) ? Fate::accept : Fate::drop;
        ends.outcomes.push_back({fate, base, std::nullopt});
        if (!ends.main) ends.main = ends.outcomes.back();
        if (detail == Detail::steps) decision.steps.push_back({base, std::nullopt, std::string(to_string(fate))});
    }
    auto const main = std::find(ends.outcomes.begin(), ends.outcomes.end(), *ends.main);
    std::rotate(ends.outcomes.begin(), main, main + 1);
    decision.outcomes = std::move(ends.outcomes);
    return decision;
}

Decision interpret(Ruleset const& ruleset, std::vector<ChainId> const& bases, Packet const& packet, Truth const& truth,
                   Detail detail) {
    Decision all;
    all.outcomes = {{Fate::accept, no_chain, std::nullopt}}; // no base chain: everything passes
    for (ChainId const base : bases) {
        Hook const& hook = *ruleset.chains[base].hook;
        if (packet.family() == Family::v4 ? !hook.v4 : !hook.v6) continue;
        // What accepted so far gives way to what this chain says; what ended the packet stays, behind the main way
        // where that still goes on.
        bool const goes_on = all.main().fate == Fate::accept;
        auto const accepts = [](Outcome const& o) { return o.fate == Fate::accept; };
        if (std::none_of(all.outcomes.begin(), all.outcomes.end(), accepts)) break;
        Decision const one = interpret(ruleset, base, packet, truth, detail);
        all.steps.insert(all.steps.end(), one.steps.begin(), one.steps.end());
        std::erase_if(all.outcomes, accepts);
        all.outcomes.insert(goes_on ? all.outcomes.begin() : all.outcomes.end(), one.outcomes.begin(), one.outcomes.end());
    }
    return all;
}

} // namespace portcullis
