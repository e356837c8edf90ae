// A difference is told as a few products, each with a packet that the interpreter has decided in both rulesets.
#include "portcullis/lint/changes.hpp"

#include <algorithm>
#include <stdexcept>
#include <tuple>

#include "policy/list_device.hpp"
#include "portcullis/engine/interpret.hpp"

namespace portcullis {

namespace {

constexpr std::size_t most_traffic = 100;

void confirm(ChangeKind kind, Treatment const& before, Treatment const& after, Member const& member) {
    bool const was = before.fate == "accept";
    bool const is = after.fate == "accept";
    bool const confirmed = kind == ChangeKind::allowed ? !was && is : kind == ChangeKind::denied ? was && !is : was && is;
    if (!confirmed) throw std::logic_error("the interpreter does not confirm a difference: " + to_text(member.packet));
}

class Describer {
  public:
    Describer(Space& space, Catalogue const& catalogue, bool new_connections = false)
        : space_(space), catalogue_(catalogue), new_connections_(new_connections) {}

    // `treat` says what became of a packet before and after, and throws where that is no difference.
    template <class Treat>
    Change describe(ChangeKind kind, std::string const& way, HookPoint hook, PacketSet const& packets, Treat const& treat) {
        Change change{kind, way, hook, {}, true};
        Cover cover = maximal_cubes(space_, packets, most_traffic);
        change.complete = cover.complete;
        PacketSet rest = packets;
        for (Cube& cube : cover.cubes) {
            PacketSet const product = space_.of(cube);
            // A packet that no other product has tells more.
            PacketSet const own = rest & product;
            Member const member = *(own.empty() ? product : own).member();
            rest -= product;
            ChangedTraffic traffic;
            traffic.witness = member.packet;
            std::tie(traffic.before, traffic.after) = treat(member);
            forget_implied(cube, hook);
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
            auto const& [field, values] = named;
            bool const first = (field == Field::ct_state || field == Field::ct_direction || field == Field::fragment) && values == IntervalSet::single(0);
            bool const syn = field == Field::tcp_flags && values == IntervalSet::single(tcp_flag::syn);
            return new_connections_ ? first || syn : transport && field == Field::fragment && first;
        });
        for (Field const field : {Field::iif, Field::oif}) {
            auto const named = std::ranges::find(cube.fields, field, [](auto const& each) { return each.first; });
            if (named == cube.fields.end()) continue;
            IntervalSet const none = IntervalSet::single(0);
            bool const is_nowhere = packets_at(space_, hook).project(field) == none;
            // Where a packet has an interface, whether those without one are in the product means nothing.
            bool const is_somewhere = hook == HookPoint::forward || (field == Field::iif ? hook == HookPoint::input : hook == HookPoint::output);
            if (is_somewhere && named->second.contains(1)) named->second = named->second.united(none); // "not lo"
            if (is_nowhere || named->second.is_all(info(field).bits)) cube.fields.erase(named);
        }
    }

    Space& space_;
    Catalogue const& catalogue_;
    bool new_connections_; // all packets begin one
};

// ---- between two rulesets

std::vector<Change> describe_all(Space& space, Ruleset const& before, Ruleset const& after, std::vector<Difference> const& differences,
                                 Catalogue const& catalogue, bool new_connections) {
    std::vector<Change> changes;
    Describer describer(space, catalogue, new_connections);
    for (Difference const& difference : differences) {
        for (auto const& [kind, packets] : {std::pair(ChangeKind::allowed, &difference.added),
                                            std::pair(ChangeKind::denied, &difference.removed),
                                            std::pair(ChangeKind::translated, &difference.retranslated)}) {
            if (packets->empty()) continue;
            auto const treat = [&, kind = kind](Member const& member) {
                std::pair both(portcullis::treat(before, difference.before, member), portcullis::treat(after, difference.after, member));
                confirm(kind, both.first, both.second, member);
                return both;
            };
            changes.push_back(describer.describe(kind, difference.name, difference.hook, *packets, treat));
        }
    }
    return changes;
}

// ---- against a policy

bool has_to_be_limited(Statement const& statement) { return statement.rate && !statement.rate_optional; }

// The statements that speak for a packet, or against it: denials, then permits beyond whose rate it is.
std::vector<Statement const*> speaking(Policy const& policy, bool for_it) {
    std::vector<Statement const*> found;
    for (Statement const& statement : policy.statements)
        if (statement.deny != for_it) found.push_back(&statement);
    if (for_it) return found;
    for (Statement const& statement : policy.statements)
        if (has_to_be_limited(statement)) found.push_back(&statement);
    return found;
}

Treatment wanted(Policy const& policy, Meaning& meaning, Path::Kind kind, Member const& member, bool allowed) {
    for (Statement const* const statement : speaking(policy, allowed)) {
        if (!meaning.about(*statement, kind).contains(member.packet)) continue;
        return {allowed ? "accept" : "drop", statement->span, false, !allowed && !statement->deny ? "beyond its rate" : ""};
    }
    return {allowed ? "accept" : "drop", std::nullopt, false, allowed ? "[harden]" : "no statement allows it"};
}

// What the ruleset does that the policy does not want; matches that are not modelled may have to say something for it.
Treatment done(Ruleset const& ruleset, Path const& path, Member const& member, bool allowed) {
    if (path.chains.empty()) return {"accept", std::nullopt, false};
    if (!allowed && path.kind == Path::Kind::to_host)
        for (ManagementPermit const& permit : management_permits(ruleset, interface_name(member.packet[Field::iif])))
            if (matches(permit.match, member.packet) == true) return {"accept", permit.span, false};
    for (Outcome const& outcome : interpret(ruleset, path, member.packet).outcomes) {
        if ((outcome.fate == Fate::accept) != allowed) return treatment_of(ruleset, outcome);
    }
    throw std::logic_error("the interpreter does not confirm a difference from the policy: " + to_text(member.packet));
}

} // namespace

std::vector<Change> describe(Comparison& comparison, Catalogue const& catalogue) {
    return describe_all(comparison.space(), comparison.before(), comparison.after(), comparison.differences(), catalogue, comparison.new_connections());
}

std::vector<Change> describe(DeviceComparison& comparison, Catalogue const& catalogue) {
    return describe_all(*comparison.space, comparison.before, comparison.after, comparison.differences, catalogue, true);
}

std::vector<Change> describe(Space& space, Policy const& policy, Ruleset const& ruleset, std::vector<Gap> const& gaps,
                             Catalogue const& catalogue) {
    std::vector<Change> changes;
    Describer describer(space, catalogue);
    Meaning meaning(space, policy);
    for (Gap const& gap : gaps) {
        for (auto const& [kind, packets] :
             {std::pair(ChangeKind::allowed, &gap.beyond), std::pair(ChangeKind::denied, &gap.within)}) {
            bool const wants = kind == ChangeKind::denied;
            auto const tell = [&, kind = kind](PacketSet const& part) {
                if (part.empty()) return;
                changes.push_back(describer.describe(kind, gap.path.name, gap.path.hook, part, [&](Member const& member) {
                    return std::pair(wanted(policy, meaning, gap.path.kind, member, wants),
                                     done(ruleset, gap.path, member, wants));
                }));
            };
            // By the statement that is not kept, as far as there is one.
            PacketSet rest = *packets;
            for (Statement const* const statement : speaking(policy, wants)) {
                if (rest.empty()) break;
                PacketSet const own = rest & meaning.about(*statement, gap.path.kind);
                tell(own);
                rest -= own;
            }
            tell(rest);
        }
    }
    return changes;
}

} // namespace portcullis
