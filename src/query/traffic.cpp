#include "portcullis/query/traffic.hpp"

#include <algorithm>
#include <stdexcept>

namespace portcullis {

namespace {

// More names than these say less than the ports.
constexpr std::size_t most_services = 6;

} // namespace

std::vector<std::string> services_of(Cube const& cube, Catalogue const& catalogue) {
    std::vector<std::string> names;
    IntervalSet const* const ports = cube.values(Field::dport);
    if (ports == nullptr) return names;
    IntervalSet const* const protocols = cube.values(Field::protocol);
    for (Service const& service : catalogue.services()) {
        bool const meant = service.variant_of.empty() &&
                           std::any_of(service.ports.begin(), service.ports.end(), [&](PortRange const& port) {
                               return ports->overlaps(IntervalSet(port.first, port.last)) &&
                                      (protocols == nullptr || protocols->contains(port.protocol));
                           });
        if (meant) names.push_back(service.name);
    }
    if (names.size() > most_services) names.clear();
    return names;
}

Treatment treatment_of(Ruleset const& ruleset, Outcome const& outcome) {
    std::string fate(to_string(outcome.fate));
    if (outcome.chain == no_chain) return {std::move(fate), std::nullopt, false};
    Chain const& chain = ruleset.chains[outcome.chain];
    if (!outcome.rule) return {std::move(fate), chain.policy_span, true};
    return {std::move(fate), chain.rules[*outcome.rule].span, false};
}

Treatment treat(Ruleset const& ruleset, std::optional<Path> const& path, Member const& member) {
    if (!path) return {std::string(to_string(Fate::accept)), std::nullopt, false};
    Truth const truth = [&](Opaque const& opaque) { return member.truth(opaque); };
    return treatment_of(ruleset, interpret(ruleset, *path, member.packet, truth).main());
}

std::optional<Proof> prove(Ruleset const& ruleset, Path const& path, PacketSet const& asked, PacketSet const& set,
                           bool accepted) {
    if (set.empty()) return std::nullopt;
    PacketSet const certain = set - (asked - set).possibly();
    Member const member = *(certain.empty() ? set : certain).member();
    Outcome const outcome = interpret(ruleset, path, member.packet, [&](Opaque const& opaque) { return member.truth(opaque); }).main();
    Proof proof{path.name, {member.packet, path.hook, ""}, treatment_of(ruleset, outcome), {}, member.assumptions};
    if (outcome.rewritten.destination || outcome.rewritten.source)
        proof.witness.became = as_rewritten(member.packet, outcome.rewritten);
    if ((proof.treatment.fate == "accept") != accepted)
        throw std::logic_error("the interpreter does not confirm the witness " + to_text(member.packet));
    proof.witness.verdict = proof.treatment.fate;
    proof.certainty = certain.empty() ? Certainty::possible : Certainty::certain;
    if (!certain.empty()) proof.assumptions.clear();
    return proof;
}

} // namespace portcullis
