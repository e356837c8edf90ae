// A difference is told as a few products, each with a packet that the interpreter has decided in both rulesets.
#include "portcullis/lint/changes.hpp"

#include <algorithm>
#include <stdexcept>

#include "portcullis/engine/interpret.hpp"

namespace portcullis {

namespace {

// More names than these say less than the ports.
constexpr std::size_t most_services = 6;
constexpr std::size_t most_traffic = 100;

IntervalSet const* values_of(Cube const& cube, Field field) {
    auto const at = std::find_if(cube.fields.begin(), cube.fields.end(),
                                 [field](auto const& named) { return named.first == field; });
    return at == cube.fields.end() ? nullptr : &at->second;
}

std::vector<std::string> services_of(Cube const& cube, Catalogue const& catalogue) {
    std::vector<std::string> names;
    IntervalSet const* const ports = values_of(cube, Field::dport);
    if (ports == nullptr) return names;
    IntervalSet const* const protocols = values_of(cube, Field::protocol);
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

Treatment treatment(Ruleset const& ruleset, std::optional<Path> const& path, Member const& member) {
    if (!path) return {"accept", std::nullopt, false};
    auto const truth = [&](Opaque const& opaque) { return member.truth(opaque); };
    Outcome const outcome = interpret(ruleset, *path, member.packet, truth).main();
    std::string fate(to_string(outcome.fate));
    if (outcome.chain == no_chain) return {std::move(fate), std::nullopt, false};
    Chain const& chain = ruleset.chains[outcome.chain];
    if (!outcome.rule) return {std::move(fate), chain.policy_span, true};
    return {std::move(fate), chain.rules[*outcome.rule].span, false};
}

void confirm(ChangeKind kind, ChangedTraffic const& traffic, Member const& member) {
    bool const was = traffic.before.fate == "accept";
    bool const is = traffic.after.fate == "accept";
    bool const confirmed = kind == ChangeKind::allowed ? !was && is : kind == ChangeKind::denied ? was && !is : was && is;
    if (!confirmed) throw std::logic_error("the interpreter does not confirm a difference: " + to_text(member.packet));
}

class Describer {
  public:
    Describer(Comparison& comparison, Catalogue const& catalogue) : comparison_(comparison), catalogue_(catalogue) {}

    Change describe(ChangeKind kind, Difference const& difference, PacketSet const& packets) {
        Change change{kind, difference.name, difference.hook, {}, true};
        Space& space = comparison_.space();
        Cover cover = maximal_cubes(space, packets, most_traffic);
        change.complete = cover.complete;
        PacketSet rest = packets;
        for (Cube& cube : cover.cubes) {
            PacketSet const product = space.of(cube);
            // A packet that no other product has tells more.
            PacketSet const own = rest & product;
            Member const member = *(own.empty() ? product : own).member();
            rest -= product;
            ChangedTraffic traffic;
            traffic.witness = member.packet;
            traffic.before = treatment(comparison_.before(), difference.before, member);
            traffic.after = treatment(comparison_.after(), difference.after, member);
            confirm(kind, traffic, member);
            forget_implied(cube, difference.hook);
            traffic.services = services_of(cube, catalogue_);
            traffic.cube = std::move(cube);
            change.traffic.push_back(std::move(traffic));
        }
        return change;
    }

  private:
    // What all packets have there says nothing; nor does "no later fragment" where ports or flags are named.
    void forget_implied(Cube& cube, HookPoint hook) {
        bool const transport = std::any_of(cube.fields.begin(), cube.fields.end(),
                                           [](auto const& named) { return info(named.first).transport; });
        std::erase_if(cube.fields, [&](auto const& named) {
            return transport && named.first == Field::fragment && named.second == IntervalSet::single(0);
        });
        for (Field const field : {Field::iif, Field::oif}) {
            IntervalSet const none = IntervalSet::single(0);
            IntervalSet const* const values = values_of(cube, field);
            bool const everywhere = packets_at(comparison_.space(), hook).project(field) == none;
            if (values == nullptr || !everywhere) continue;
            std::erase_if(cube.fields, [field](auto const& named) { return named.first == field; });
        }
    }

    Comparison& comparison_;
    Catalogue const& catalogue_;
};

} // namespace

std::vector<Change> describe(Comparison& comparison, Catalogue const& catalogue) {
    std::vector<Change> changes;
    Describer describer(comparison, catalogue);
    for (Difference const& difference : comparison.differences()) {
        for (auto const& [kind, packets] : {std::pair(ChangeKind::allowed, &difference.added),
                                            std::pair(ChangeKind::denied, &difference.removed),
                                            std::pair(ChangeKind::translated, &difference.retranslated)}) {
            if (!packets->empty()) changes.push_back(describer.describe(kind, difference, *packets));
        }
    }
    return changes;
}

} // namespace portcullis
