// Small rulesets over a small world: values are close together, so that random rules overlap.
#pragma once
#include <algorithm>
#include <array>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "portcullis/model/packet.hpp"
#include "portcullis/model/ruleset.hpp"

namespace portcullis {

inline Opaque opaque(std::string text, bool stateful, bool negated, std::uint32_t at) {
    return {std::move(text), stateful, negated, Span{0, at, at + 1}};
}

// Base chain 0 of up to three rules, user chains 1 and 2.
inline Ruleset world(std::vector<std::vector<Rule>> chains, bool policy_accepts) {
    Ruleset ruleset;
    for (std::size_t i = 0; i < chains.size(); ++i) {
        Chain chain;
        chain.name = "c" + std::to_string(i);
        if (i == 0) chain.hook = Hook{};
        chain.policy = policy_accepts ? Verdict(Accept{}) : Verdict(Drop{});
        chain.rules = std::move(chains[i]);
        ruleset.chains.push_back(std::move(chain));
    }
    return ruleset;
}

inline Rule rule(Match match, Verdict verdict) {
    Rule r;
    r.match = std::move(match);
    r.verdict = verdict;
    return r;
}

// `Engine` gives numbers without end, as those of <random> do.
template <class Engine> class RandomFrom {
  public:
    explicit RandomFrom(Engine engine) : engine_(std::move(engine)) {}
    std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(engine_() % n); }
    bool chance(std::uint32_t percent) { return below(100) < percent; }

    ValueSet values(Field field) {
        U128 const largest = info(field).largest;
        U128 const span = std::min<U128>(largest, 7); // close together, so that things overlap
        ValueSet set;
        std::vector<Interval> intervals;
        for (std::uint32_t i = 0; i <= below(3); ++i) {
            U128 const a = below(static_cast<std::uint32_t>(span) + 1);
            U128 const b = below(static_cast<std::uint32_t>(span) + 1);
            intervals.push_back({std::min(a, b), std::max(a, b)});
        }
        set.intervals = IntervalSet::of(std::move(intervals));
        // A hole at bit 1, everything else fixed.
        U128 const mask = max_value(info(field).bits) & ~U128{2};
        if (chance(20)) set.masks.push_back({U128{below(8)} & mask, mask});
        set.negated = chance(25);
        return set;
    }

    Field field() {
        constexpr std::array choices{Field::src4, Field::dst4, Field::src6,      Field::protocol, Field::dport,   Field::mark,
                                     Field::sport, Field::iif, Field::tcp_flags, Field::ct_state, Field::family, Field::ct_mark};
        return choices[below(choices.size())];
    }

    Match match() {
        Match m;
        for (std::uint32_t i = 0; i < below(4); ++i) {
            Field const f = field();
            m.terms.push_back({f, values(f), {}});
        }
        if (chance(20)) {
            Alternatives relation{{field(), field()}, {}, chance(30), {}};
            for (std::uint32_t i = 0; i <= below(3); ++i) {
                relation.rows.push_back({values(relation.fields[0]), values(relation.fields[1])});
            }
            m.alternatives.push_back(std::move(relation));
        }
        if (chance(15)) m.opaque.push_back(opaque("pure", false, chance(50), 0));
        if (chance(10)) m.opaque.push_back(opaque("limit", true, false, 7));
        return m;
    }

    // A line of a block list: few shapes, and addresses that the packets do not all have.
    Match host_match() {
        Match m;
        m.terms.push_back({Field::src4, ValueSet::single(below(40)), {}});
        if (chance(40)) m.terms.push_back({Field::protocol, ValueSet::single(6), {}});
        if (chance(40)) m.terms.push_back({Field::dport, ValueSet::single(below(9)), {}});
        if (chance(50)) m.terms.push_back({Field::dst4, ValueSet::range(below(9), 9), {}});
        return m;
    }

    Verdict verdict(ChainId chain, ChainId chains) {
        switch (below(8)) {
        case 0:
        case 1: return Accept{};
        case 2:
        case 3: return Drop{};
        case 4: return Reject{};
        case 5: return Return{};
        case 6: return Continue{};
        default:
            if (chain + 1 >= chains) return Drop{};
            return Jump{chain + 1 + below(chains - chain - 1), chance(30)};
        }
    }

    static std::string hex(U128 mark) { return value_text(Field::mark, mark); }

    // Kept, flipped and copied bits among the lowest three, of either mark; few unknown values.
    Assignment assignment() {
        Assignment change{.field = chance(70) ? Field::mark : Field::ct_mark};
        if (chance(40)) change.mark_keep = chance(50) ? max_value(32) : U128{below(8)};
        // Both marks whole would be a function of 64 bits that no diagram of this order can hold.
        bool const whole = change.mark_keep <= 7 && chance(50);
        if (chance(40)) change.ct_mark_keep = whole ? max_value(32) : U128{below(8)};
        change.value = below(8);
        change.known = chance(90);
        return change;
    }

    Packet packet() {
        Packet p;
        for (Field const f : {Field::src4, Field::dst4, Field::src6, Field::protocol, Field::dport, Field::sport, Field::iif,
                              Field::tcp_flags}) {
            p[f] = below(9);
        }
        p[Field::ct_state] = below(5);
        p[Field::family] = below(2);
        p[Field::fragment] = chance(15) ? 1 : 0; // of which no term on the transport header holds
        if (chance(60)) p[Field::mark] = below(8);
        if (chance(60)) p[Field::ct_mark] = below(8);
        return p;
    }

  private:
    Engine engine_;
};

struct Random : RandomFrom<std::mt19937> {
    explicit Random(std::uint32_t seed) : RandomFrom(std::mt19937(seed)) {}
};

} // namespace portcullis
