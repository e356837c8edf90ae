// Questions answered: the packets as few products, path by path, each with a packet that the interpreter has decided.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "portcullis/query/question.hpp"
#include "portcullis/query/traffic.hpp"

namespace portcullis {

// Packets that are all treated alike: those of the cube that the question describes.
struct AnsweredTraffic {
    Cube cube; // as large as the answer allows; what goes without saying (see PathAnswer) is not in it
    std::vector<std::string> services; // of the catalogue, where ports are named
    Proof proof;
};

// What goes without saying of all packets: they come from elsewhere, and new ones are the first of their connections, to an
// address that one host can have or that the question names.
struct PathAnswer {
    std::string path;
    HookPoint hook{};
    std::vector<AnsweredTraffic> traffic; // empty: no packet
    bool complete = true;         // all of the traffic is told
};

enum class Expectation : std::uint8_t {
    allowed, // all packets that the question describes pass
    denied,  // none does
    none,    // no packet is in the answer
};
std::string_view to_string(Expectation expectation);
std::optional<Expectation> expectation_by_name(std::string_view name);

struct Answer {
    std::vector<PathAnswer> paths;             // in the order of the ruleset's
    std::optional<Proof> counterexample;       // to the expectation, where there was one
};

// std::invalid_argument, a sentence, where the question is about no packet of the ruleset; BudgetExceeded.
Answer answer(Ruleset const& ruleset, Config const& config, Question const& question,
              std::optional<Expectation> expectation = std::nullopt);

} // namespace portcullis
