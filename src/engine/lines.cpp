#include "engine/lines.hpp"

#include "portcullis/engine/budget.hpp"

namespace portcullis {

namespace {

// Lines whose scope ends where the scope does, which nobody knows before it is reached.
using Scope = std::vector<std::uint32_t>;

class Flattening {
  public:
    Flattening(Ruleset const& ruleset, std::size_t most)
        : ruleset_(ruleset), most_(most), open_(ruleset.chains.size()) {}

    Lines run(RuleList const& list) {
        std::uint32_t const seen =
            list.seen.terms.empty() && list.seen.alternatives.empty() && list.seen.opaque.empty()
                ? 0
                : extended(0, own(list.seen));
        for (std::size_t c = 0; c < list.chains.size(); ++c)
            base(list.chains[c], seen, c + 1 == list.chains.size());
        return std::move(out_);
    }

  private:
    Match const* own(Match match) { return &out_.own.emplace_back(std::move(match)); }
    std::uint32_t extended(std::uint32_t path, Match const* match) {
        out_.paths.push_back({path, match});
        return static_cast<std::uint32_t>(out_.paths.size() - 1);
    }

    void base(ChainId id, std::uint32_t path, bool last) {
        Chain const& chain = ruleset_.chains[id];
        if (chain.hook && !(chain.hook->v4 && chain.hook->v6)) {
            ValueSet const family = ValueSet::single(chain.hook->v4 ? family_v4 : family_v6);
            path = extended(path, own({{{Field::family, family, {}}}, {}, {}}));
        }
        last_ = last;
        accepted_.clear();
        Scope returned;
        // Where the last base chain ends, its policy decides.
        bool const denies = action_of(chain.policy) == Action::deny;
        rules(id, path, returned, last && chain.hook ? action_of(chain.policy) : Action::leave);
        if (last) {
            for (std::uint32_t const line : returned) out_.lines[line].until = Line::never_ends;
            return;
        }
        close(returned);
        if (denies) add({{id, RuleId::policy}, path, Line::never_ends, Action::deny, false});
        close(accepted_);
    }

    void rules(ChainId id, std::uint32_t path, Scope& scope, Action at_end) {
        CallDepth const guard(depth_);
        open_[id] = true;
        std::vector<Rule> const& all = ruleset_.chains[id].rules;
        for (std::uint32_t i = 0; i < all.size(); ++i) {
            if (auto const* jump = std::get_if<Jump>(&all[i].verdict))
                call(*jump, {id, i}, path, scope, at_end);
            else
                decide(all[i].verdict, {id, i}, path, scope, at_end);
        }
        open_[id] = false;
    }

    void decide(Verdict const& verdict, RuleId rule, std::uint32_t path, Scope& scope, Action at_end) {
        Action const action = action_of(verdict);
        bool const returns = action == Action::leave;
        std::uint32_t const line = add({rule, path, 0, returns ? at_end : action, last_});
        if (action == Action::none) return;
        if (returns)
            scope.push_back(line);
        else if (action == Action::deny || last_)
            out_.lines[line].until = Line::never_ends;
        else
            accepted_.push_back(line);
    }

    // The rule itself, which takes nothing; the lines of the chain; for a goto, the way back past the rest of this
    // one.
    void call(Jump const& jump, RuleId rule, std::uint32_t path, Scope& scope, Action at_end) {
        add({rule, path, 0, Action::none, last_});
        if (jump.chain == no_chain) return;
        bool const circle = open_[jump.chain]; // decides nothing
        std::uint32_t const inner =
            circle ? 0 : extended(path, &ruleset_.chains[rule.chain].rules[rule.rule].match);
        if (!jump.is_goto) {
            if (circle) return;
            Scope returned;
            rules(jump.chain, inner, returned, Action::leave);
            close(returned);
            return;
        }
        if (!circle) rules(jump.chain, inner, scope, at_end);
        scope.push_back(add({rule, path, 0, at_end, false}));
    }

    std::uint32_t add(Line const& line) {
        if (out_.lines.size() >= most_) throw BudgetExceeded("chains call each other in too many ways");
        out_.lines.push_back(line);
        return static_cast<std::uint32_t>(out_.lines.size() - 1);
    }

    void close(Scope const& scope) {
        auto const end = static_cast<std::uint32_t>(out_.lines.size() - 1);
        for (std::uint32_t const line : scope) out_.lines[line].until = end;
    }

    Ruleset const& ruleset_;
    std::size_t most_;
    std::vector<bool> open_; // by chain: a call to it closes a circle
    std::size_t depth_ = 0;
    bool last_ = true; // the base chain whose rules are asked about
    Scope accepted_;   // by an earlier base chain: goes on to the next one
    Lines out_;
};

} // namespace

Action action_of(Verdict const& verdict) {
    struct Visitor {
        Action operator()(Accept) const { return Action::permit; }
        Action operator()(Drop) const { return Action::deny; }
        Action operator()(Reject) const { return Action::deny; }
        Action operator()(Return) const { return Action::leave; }
        Action operator()(Continue) const { return Action::none; }
        Action operator()(Jump const&) const { return Action::none; }
        Action operator()(Rewrite const&) const { return Action::translate; }
    };
    return std::visit(Visitor{}, verdict);
}

Lines flatten(Ruleset const& ruleset, RuleList const& list, std::size_t most) {
    return Flattening(ruleset, most).run(list);
}

} // namespace portcullis
