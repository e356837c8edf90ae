// Whether the engine and the interpreter say the same of the first chain of a ruleset.
#pragma once
#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "engine/random_rules.hpp"
#include "portcullis/engine/interpret.hpp"
#include "portcullis/engine/path.hpp"
#include "portcullis/engine/reach.hpp"

namespace portcullis {

struct Choice {
    std::vector<Packet> packets;
    std::vector<std::pair<bool, bool>> truths; // of the pure and of the stateful opaque match
};

inline std::optional<bool> say(Opaque const& o, std::pair<bool, bool> truth) { return o.stateful ? truth.second : truth.first; }

// The packets of the set that the engine gives for one verdict, opaque matches fixed to a truth.
inline PacketSet fixed(PacketSet const& set, Space& space, std::pair<bool, bool> truth, std::uint32_t at) {
    Match pure;
    pure.opaque.push_back(opaque("pure", false, !truth.first, 0));
    Match stateful;
    stateful.opaque.push_back(opaque("limit", true, !truth.second, at));
    return set & space.of(pure) & space.of(stateful);
}

// A packet about whose fate, or about the rule that decides it, the two differ; or whose fate the interpreter, where the truth is
// unknown, does not count among the possible ones.
inline std::optional<Packet> disagreement(Ruleset const& ruleset, Choice const& choice) {
    Space space;
    Reach reach(space, ruleset, space.all());
    Fates const fates = reach.verdicts(0);
    for (auto const& truth : choice.truths) {
        PacketSet const accepted = fixed(fates.accepted, space, truth, 7);
        PacketSet const dropped = fixed(fates.dropped, space, truth, 7);
        PacketSet const rejected = fixed(fates.rejected, space, truth, 7);
        for (Packet const& packet : choice.packets) {
            Match said; // what was asked about marks that nobody knows, and answered
            Decision const decision = interpret(ruleset, 0, packet, [&](Opaque const& o) {
                std::optional<bool> const answer = say(o, truth);
                if (o.text.ends_with("as computed before")) said.opaque.push_back({o.text, true, !*answer, o.span});
                return answer;
            });
            PacketSet const answered = space.of(said);
            Outcome const& outcome = decision.main();
            bool agree = fates.returned.empty() && decision.outcomes.size() == 1 &&
                         (accepted & answered).contains(packet) == (outcome.fate == Fate::accept) &&
                         (dropped & answered).contains(packet) == (outcome.fate == Fate::drop) &&
                         (rejected & answered).contains(packet) == (outcome.fate == Fate::reject);
            if (outcome.rule) {
                PacketSet const decided = reach.hits({{Marks{}, space.all()}}, 0, outcome.chain, *outcome.rule);
                agree = agree && (fixed(decided, space, truth, 7) & answered).contains(packet);
            }
            Decision const open = interpret(ruleset, 0, packet);
            agree = agree && std::find(open.outcomes.begin(), open.outcomes.end(), outcome) != open.outcomes.end();
            if (!agree) return packet;
        }
    }
    return std::nullopt;
}

} // namespace portcullis
