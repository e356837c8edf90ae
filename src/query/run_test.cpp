#include <chrono>
#include <stdexcept>

#include "portcullis/dialect/convert.hpp"
#include "portcullis/engine/budget.hpp"
#include "portcullis/engine/compare.hpp"
#include "portcullis/query/assertions.hpp"
#include "query/asked.hpp"

namespace portcullis {

namespace {

void fail(TestResult& result, std::string message, std::string phrase, std::optional<Proof> proof) {
    result.outcome = TestResult::Outcome::failed;
    result.message = std::move(message);
    result.phrase = std::move(phrase);
    result.proof = std::move(proof);
}

// "must" alone where it certainly does not; where that hangs on a match that is not modelled, it might not.
std::string verb(Proof const& proof, std::string_view certain, std::string_view possible) {
    return std::string(proof.certainty == Certainty::certain ? certain : possible);
}

void run_phrases(TestResult& result, Ruleset const& ruleset, Config const& config, bool must_pass) {
    for (Question const& phrase : result.assertion->phrases) {
        Space space;
        for (Asked const& asked : asked_about(space, ruleset, config, phrase)) {
            PacketSet const passing = accepted(space, ruleset, asked);
            auto proof = prove(ruleset, asked.path, asked.packets, must_pass ? asked.packets - passing : passing, !must_pass);
            if (!proof) continue;
            std::string message = must_pass ? verb(*proof, "a packet that must pass does not", "a packet that must pass may not")
                                            : verb(*proof, "a packet that must be blocked passes", "a packet that must be blocked may pass");
            return fail(result, std::move(message), phrase.text, std::move(proof));
        }
    }
}

void run_allow_only(TestResult& result, Ruleset const& ruleset, Config const& config) {
    Space space;
    std::vector<Asked> permitted;
    for (Question const& phrase : result.assertion->phrases) {
        auto more = asked_about(space, ruleset, config, phrase);
        permitted.insert(permitted.end(), more.begin(), more.end());
    }
    for (Asked const& asked : asked_about(space, ruleset, config, result.assertion->of)) {
        PacketSet rest = accepted(space, ruleset, asked);
        for (Asked const& other : permitted)
            if (other.path.name == asked.path.name) rest -= other.packets;
        auto proof = prove(ruleset, asked.path, asked.packets, rest, true);
        if (!proof) continue;
        std::string message = verb(*proof, "a packet passes that no phrase allows", "a packet may pass that no phrase allows");
        return fail(result, std::move(message), "", std::move(proof));
    }
}

void run_same_as(TestResult& result, Ruleset const& ruleset, Ruleset const& other) {
    Comparison comparison(ruleset, with_rates_of(other, ruleset.dialect));
    for (Difference const& difference : comparison.differences()) {
        for (auto const& [packets, message] : {std::pair(&difference.added, "the other file alone lets a packet pass"),
                                               std::pair(&difference.removed, "this file alone lets a packet pass"),
                                               std::pair(&difference.retranslated, "a packet is translated differently")}) {
            auto const member = packets->member();
            if (!member) continue;
            Proof proof{difference.name, {member->packet, difference.hook, ""},
                        treat(comparison.before(), difference.before, *member), Certainty::certain, member->assumptions};
            proof.witness.verdict = proof.treatment.fate;
            if (!member->assumptions.empty()) proof.certainty = Certainty::possible;
            Treatment there = treat(comparison.after(), difference.after, *member);
            bool const confirmed = packets == &difference.retranslated || (proof.treatment.fate == "accept") != (there.fate == "accept");
            if (!confirmed) throw std::logic_error("the interpreter does not confirm a difference: " + to_text(member->packet));
            fail(result, message, "", std::move(proof));
            result.other = std::move(there);
            return;
        }
    }
    if (!comparison.notes().empty()) return fail(result, comparison.notes().front(), "", std::nullopt);
    if (!comparison.apart().empty()) fail(result, "not compared: " + comparison.apart().front(), "", std::nullopt);
}

void run(TestResult& result, Ruleset const& ruleset, Config const& config, Ruleset const* other) {
    switch (result.assertion->kind) {
    case Assertion::Kind::must_pass: return run_phrases(result, ruleset, config, true);
    case Assertion::Kind::must_block: return run_phrases(result, ruleset, config, false);
    case Assertion::Kind::allow_only: return run_allow_only(result, ruleset, config);
    case Assertion::Kind::same_as: return run_same_as(result, ruleset, *other);
    }
}

} // namespace

TestResult run_test(Ruleset const& ruleset, Config const& config, Assertion const& assertion, Ruleset const* other) {
    TestResult result;
    result.assertion = &assertion;
    auto const start = std::chrono::steady_clock::now();
    auto const cannot = [&](std::string const& why) {
        result.outcome = TestResult::Outcome::error;
        result.message = why;
    };
    try {
        run(result, ruleset, config, other);
    } catch (std::invalid_argument const& e) {
        cannot(e.what());
    } catch (BudgetExceeded const& e) {
        cannot(std::string("not answered: ") + e.what());
    }
    result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return result;
}

} // namespace portcullis
