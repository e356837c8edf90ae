#include "portcullis/query/answer.hpp"

#include <algorithm>
#include <array>

#include "portcullis/engine/cubes.hpp"
#include "query/asked.hpp"

namespace portcullis {

namespace {

constexpr std::size_t most_traffic = 100;
constexpr std::array<std::string_view, 3> expectation_names{"allowed", "denied", "none"};

PathAnswer answer_on(Space& space, Ruleset const& ruleset, Catalogue const& catalogue, Asked const& asked,
                     PacketSet const& answer, bool allowed) {
    PathAnswer result{asked.path.name, asked.path.hook, {}, true};
    Cover cover = maximal_cubes(space, answer | asked.context.complement(), answer, most_traffic);
    result.complete = cover.complete;
    PacketSet rest = answer;
    for (Cube& cube : cover.cubes) {
        PacketSet const product = space.of(cube) & answer;
        // A packet that no other product has tells more.
        PacketSet const own = rest & product;
        rest -= product;
        auto proof = prove(ruleset, asked.path, asked.packets, own.empty() ? product : own, allowed);
        keep_to(asked, cube);
        auto services = services_of(cube, catalogue);
        result.traffic.push_back({std::move(cube), std::move(services), std::move(*proof)});
    }
    return result;
}

} // namespace

std::string_view to_string(Expectation expectation) { return expectation_names[static_cast<std::size_t>(expectation)]; }

std::optional<Expectation> expectation_by_name(std::string_view name) {
    auto const at = std::find(expectation_names.begin(), expectation_names.end(), name);
    if (at == expectation_names.end()) return std::nullopt;
    return static_cast<Expectation>(at - expectation_names.begin());
}

Answer answer(Ruleset const& ruleset, Config const& config, Question const& question,
              std::optional<Expectation> expectation) {
    Space space;
    Answer result;
    bool const allowed = question.verb == Question::Verb::allowed;
    for (Asked const& asked : asked_about(space, ruleset, config, question)) {
        PacketSet const passing = accepted(space, ruleset, asked);
        PacketSet const denied = asked.packets - passing;
        PacketSet const& wanted = allowed ? passing : denied;
        result.paths.push_back(answer_on(space, ruleset, config.catalogue, asked, wanted, allowed));
        if (!expectation || result.counterexample) continue;
        bool const shows_accepted = *expectation == Expectation::denied || (*expectation == Expectation::none && allowed);
        result.counterexample = prove(ruleset, asked.path, asked.packets, shows_accepted ? passing : denied, shows_accepted);
    }
    return result;
}

} // namespace portcullis
