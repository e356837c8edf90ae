#include "portcullis/engine/interpret.hpp"

#include <algorithm>
#include <array>

#include "engine/walk.hpp"
#include "portcullis/engine/path.hpp"

namespace portcullis {

namespace {

// One interval that the value is not in: so most terms say no.
bool is_outside(ValueSet const& values, U128 value) {
    auto const& intervals = values.intervals.intervals();
    if (values.negated || !values.masks.empty() || intervals.size() != 1) return false;
    return value < intervals.front().first || value > intervals.front().last;
}

bool holds(Field field, ValueSet const& values, Packet const& packet) {
    if (is_outside(values, packet[field])) return false;
    if (auto const family = info(field).family; family && *family != packet.family()) return false;
    if (info(field).transport && packet[Field::fragment] != 0) return false;
    return values.contains(packet[field]);
}

bool holds(Alternatives const& relation, Packet const& packet) {
    bool const some = std::any_of(relation.rows.begin(), relation.rows.end(), [&](auto const& row) {
        for (std::size_t cell = 0; cell < row.size(); ++cell) {
            Field const field = relation.fields[cell];
            if (!row[cell].is_all(info(field).bits) && !holds(field, row[cell], packet)) return false;
        }
        return true;
    });
    return some != relation.negated;
}

} // namespace

std::string_view to_string(Fate fate) {
    constexpr std::array<std::string_view, 3> names{"accept", "drop", "reject"};
    return names[static_cast<std::size_t>(fate)];
}

bool Decision::certain() const {
    return std::all_of(outcomes.begin(), outcomes.end(), [&](Outcome const& o) { return o.fate == outcomes.front().fate; });
}

std::optional<bool> matches(Match const& match, Packet const& packet, Truth const& truth) {
    for (Term const& term : match.terms) {
        if (!holds(term.field, term.values, packet)) return false;
    }
    for (Alternatives const& relation : match.alternatives) {
        if (!holds(relation, packet)) return false;
    }
    bool unknown = false;
    for (Opaque const& opaque : match.opaque) {
        std::optional<bool> const said = truth ? truth(opaque) : std::nullopt;
        if (said && *said == opaque.negated) return false;
        unknown = unknown || !said;
    }
    return unknown ? std::nullopt : std::optional(true);
}

Packet as_rewritten(Packet packet, Rewritten const& rewritten) {
    auto const put = [&](Field field, std::optional<U128> const& value) {
        if (value) packet[field] = *value;
    };
    put(dst_field(packet.family()), rewritten.dst);
    put(src_field(packet.family()), rewritten.src);
    put(Field::dport, rewritten.dport);
    put(Field::sport, rewritten.sport);
    put(Field::dst_type, rewritten.dst_type);
    packet[Field::ct_status] |= rewritten.status;
    return packet;
}

namespace {

Decision interpret_through(Ruleset const& ruleset, std::vector<ChainId> const& bases, Packet const& packet, Truth const& truth,
                           Detail detail, bool whole_way) {
    Decision decision;
    walk::Front front = walk::at_start(packet);
    for (ChainId const base : bases) {
        auto const& hook = ruleset.chains[base].hook; // none: a chain that others call is asked about alone
        walk::Asked const asked{ruleset, packet, truth, detail == Detail::steps ? &decision.steps : nullptr, false,
                                hook ? hook->point : HookPoint::list, nullptr, whole_way};
        front = walk::through(asked, base, front);
    }
    decision.outcomes = walk::outcomes_of(front);
    return decision;
}

} // namespace

Decision interpret(Ruleset const& ruleset, std::vector<ChainId> const& bases, Packet const& packet, Truth const& truth,
                   Detail detail) {
    return interpret_through(ruleset, bases, walk::arriving(packet), truth, detail, true);
}

Decision interpret(Ruleset const& ruleset, Path const& path, Packet const& packet, Truth const& truth, Detail detail) {
    bool const list = path.kind == Path::Kind::list;
    Decision decision = list ? interpret_through(ruleset, path.chains, packet, truth, detail, false)
                             : interpret(ruleset, path.chains, packet, truth, detail);
    for (Outcome& outcome : decision.outcomes)
        if (path.kind == Path::Kind::through && outcome.rewritten.to_host) outcome.fate = Fate::drop;
    return decision;
}

Decision interpret(Ruleset const& ruleset, ChainId base, Packet const& packet, Truth const& truth, Detail detail) {
    return interpret_through(ruleset, {base}, packet, truth, detail, false);
}

} // namespace portcullis
