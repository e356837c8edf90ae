// Entries of the new list are inserted from top to bottom while all old ones are there, then those that the new list has
// not are removed from bottom to top. In the first part, a packet that meets a new entry first has met no other new one
// above it, since those are all there: it is decided as by the new list; one that meets an old entry first, as by the old
// list. In the second part the old entries that are left stand above all that were removed, so that the same holds; and
// what meets none is denied by the new list. So every state decides every packet as one of the two lists does.
//
// An entry that changes its place cannot be there twice. It is removed just before it is inserted, if the states are
// proved to be harmless.
#include "dialect/cisco_update_plan.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "portcullis/base/common_subsequence.hpp"
#include "portcullis/engine/budget.hpp"
#include "portcullis/engine/reach.hpp"

namespace portcullis::cisco {
namespace {

constexpr std::uint32_t step = 10;
constexpr std::uint64_t largest_sequence = 2'147'483'646; // IOS, IOS-XR
constexpr std::size_t most_steps = 20'000;                // entries of all states that are proved

std::string text_of(ListEntry const& line, bool effects) {
    std::string text;
    for (Rule const& rule : line.rules) {
        Match match = rule.match;
        std::sort(match.terms.begin(), match.terms.end(), [](Term const& a, Term const& b) { return a.field < b.field; });
        text += to_text(match) + (std::holds_alternative<Accept>(rule.verdict) ? " permit" : " deny");
        if (!effects) continue;
        if (rule.effects.log) text += " log";
        for (std::string const& set : rule.effects.sets) text += ' ' + set;
        text += '\n';
    }
    return text;
}

// Equal numbers for equal texts.
class Keys {
  public:
    std::uint64_t of(std::string const& text) { return ids_.emplace(text, ids_.size()).first->second; }

  private:
    std::map<std::string, std::uint64_t> ids_;
};

class Planner {
  public:
    Planner(std::vector<ListEntry> const& before, std::vector<ListEntry> const& after, PlanOptions const& options)
        : before_(before), after_(after), options_(options), kept_(before.size()), in_both_(after.size()) {
        Keys keys;
        Keys names;
        std::vector<std::uint64_t> old_keys, new_keys;
        for (ListEntry const& line : before) {
            old_keys.push_back(keys.of(text_of(line, true)));
            old_names_.push_back(names.of(text_of(line, false)));
        }
        std::set<std::uint64_t> seen; // what stands in the new list already, no packet meets a second time
        for (std::size_t i = 0; i < after.size(); ++i) {
            new_names_.push_back(names.of(text_of(after[i], false)));
            if (!seen.insert(new_names_.back()).second) continue;
            wanted_.push_back(i);
            new_keys.push_back(keys.of(text_of(after[i], true)));
        }
        for (auto const& [old_at, new_at] : common_subsequence(old_keys, new_keys)) {
            kept_[old_at] = true;
            in_both_[wanted_[new_at]] = old_at;
        }
    }

    std::optional<Plan> run() {
        if (!number() && (!options_.may_resequence || !resequence())) return std::nullopt;
        bool const moves = order();
        if (moves && !is_proved()) return std::nullopt;
        return std::move(plan_);
    }

  private:
    std::uint32_t old_sequence(std::size_t line) const {
        return plan_.resequence != 0 ? plan_.resequence * static_cast<std::uint32_t>(line + 1) : before_[line].sequence;
    }

    // Gives each insertion a free number between the kept entries around it. False where there is none.
    bool number() {
        std::uint32_t last = 0;
        for (std::size_t i = 0; i < before_.size(); ++i) {
            if (old_sequence(i) <= last) return false; // not known, or not what the device has
            last = old_sequence(i);
        }
        std::set<std::uint64_t> taken(options_.taken.begin(), options_.taken.end());
        for (std::size_t i = 0; i < before_.size(); ++i) taken.insert(old_sequence(i));
        numbers_.assign(after_.size(), 0);
        std::vector<std::size_t> waiting;
        std::uint64_t low = 0;
        for (std::size_t const at : wanted_) {
            if (!in_both_[at]) {
                waiting.push_back(at);
                continue;
            }
            std::uint64_t const high = old_sequence(*in_both_[at]);
            if (!spread(waiting, low, high, taken)) return false;
            waiting.clear();
            low = high;
        }
        std::uint64_t const end = taken.empty() ? low : std::max(low, *taken.rbegin());
        return spread(waiting, end, end + step * (waiting.size() + 1), taken);
    }

    bool spread(std::vector<std::size_t> const& lines, std::uint64_t low, std::uint64_t high, std::set<std::uint64_t>& taken) {
        if (high > largest_sequence) return false;
        std::uint64_t last = low;
        for (std::size_t i = 0; i < lines.size(); ++i) {
            std::uint64_t const left = lines.size() - i;
            std::uint64_t at = last + std::max<std::uint64_t>(1, (high - last) / (left + 1));
            while (at < high && taken.contains(at)) ++at;
            if (at >= high) { // the even places are taken: the first that is free
                at = last + 1;
                while (at < high && taken.contains(at)) ++at;
                if (at >= high) return false;
            }
            numbers_[lines[i]] = static_cast<std::uint32_t>(at);
            taken.insert(at);
            last = at;
        }
        return true;
    }

    bool resequence() {
        // The device may have taken the same entry once.
        if (std::set(old_names_.begin(), old_names_.end()).size() != old_names_.size()) return false;
        std::size_t most = 0;
        std::size_t run = 0;
        for (std::size_t const at : wanted_) most = std::max(most, run = in_both_[at] ? 0 : run + 1);
        std::uint64_t const distance = step * (most / step + 2) * 2;
        if (distance * (before_.size() + 1) > largest_sequence) return false;
        plan_.resequence = static_cast<std::uint32_t>(distance);
        return number();
    }

    // Whether some entry has to go before it can come.
    bool order() {
        std::vector<bool> removed = kept_;
        bool moves = false;
        for (std::size_t const at : wanted_) {
            if (in_both_[at]) continue;
            for (std::size_t i = 0; i < before_.size(); ++i) {
                if (removed[i] || old_names_[i] != new_names_[at]) continue;
                plan_.edits.push_back({false, i, old_sequence(i)});
                removed[i] = moves = true;
            }
            plan_.edits.push_back({true, at, numbers_[at]});
        }
        for (std::size_t i = before_.size(); i-- > 0;)
            if (!removed[i]) plan_.edits.push_back({false, i, old_sequence(i)});
        return moves;
    }

    // Whether each state permits nothing that neither list does, and all that both do.
    bool is_proved() const {
        if (plan_.edits.size() * (before_.size() + after_.size()) > most_steps) return false;
        std::map<std::uint32_t, ListEntry const*> state;
        for (std::size_t i = 0; i < before_.size(); ++i) state.emplace(old_sequence(i), &before_[i]);
        try {
            Space space;
            PacketSet const start = permitted(space, state);
            std::vector<PacketSet> between;
            for (Edit const& edit : plan_.edits) {
                if (edit.inserts)
                    state.emplace(edit.sequence, &after_[edit.line]);
                else
                    state.erase(edit.sequence);
                between.push_back(permitted(space, state));
            }
            PacketSet const either = start | between.back();
            PacketSet const both = start & between.back();
            return std::all_of(between.begin(), between.end(),
                               [&](PacketSet const& one) { return one.subset_of(either) && both.subset_of(one); });
        } catch (BudgetExceeded const&) {
            return false;
        }
    }

    PacketSet permitted(Space& space, std::map<std::uint32_t, ListEntry const*> const& state) const {
        Ruleset ruleset;
        Chain& chain = ruleset.chains.emplace_back();
        chain.hook = Hook{HookPoint::list, ChainType::filter, 0, true, true, {}};
        chain.policy = Drop{};
        for (auto const& [sequence, line] : state) chain.rules.insert(chain.rules.end(), line->rules.begin(), line->rules.end());
        chain.rules.insert(chain.rules.end(), options_.own.begin(), options_.own.end());
        return Reach(space, ruleset, space.all()).accepted(0);
    }

    std::vector<ListEntry> const& before_;
    std::vector<ListEntry> const& after_;
    PlanOptions const& options_;
    std::vector<std::uint64_t> old_names_, new_names_; // what the device takes for the same
    std::vector<bool> kept_;
    std::vector<std::optional<std::size_t>> in_both_; // the old entry that a new one is
    std::vector<std::size_t> wanted_;                 // of the new list, without repetitions
    std::vector<std::uint32_t> numbers_;              // of new entries
    Plan plan_;
};

} // namespace

std::vector<ListEntry> entries_of(Chain const& chain) {
    std::vector<ListEntry> result;
    std::optional<std::uint32_t> origin;
    for (Rule const& rule : chain.rules) {
        if (rule.implicit) continue;
        if (origin != rule.origin) result.push_back({{}, rule.sequence});
        origin = rule.origin;
        result.back().rules.push_back(rule);
    }
    return result;
}

std::optional<Plan> plan_edits(std::vector<ListEntry> const& before, std::vector<ListEntry> const& after, PlanOptions const& options) {
    return Planner(before, after, options).run();
}

} // namespace portcullis::cisco
