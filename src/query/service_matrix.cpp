#include "portcullis/query/service_matrix.hpp"

#include "portcullis/engine/connection.hpp"

namespace portcullis {

namespace {

// A mark or a status, where no match says what the packets have.
constexpr char const* unnamed_assumption = "a mark or a status of the connection";

// Addresses whose packets pass in some cases only.
std::string assumption_of(PacketSet const& asked, PacketSet const& allowed, Matrix const& matrix) {
    PacketSet const certain = allowed - (asked - allowed).possibly();
    if (certain == allowed) return "";
    Matrix const surely = address_matrix(certain, matrix.family);
    if (surely.classes == matrix.classes && surely.opens == matrix.opens) return "";
    auto const member = (allowed - certain).member();
    return member->assumptions.empty() ? unnamed_assumption : member->assumptions.front().text;
}

} // namespace

std::vector<ServiceMatrix> service_matrices(Ruleset const& ruleset, ServiceWord const& service) {
    std::vector<ServiceMatrix> all;
    Space space;
    PacketSet const wanted = to_services(space, {service}) & unmarked(space, ruleset) &
                             space.of(Field::ct_state, ValueSet::single(ct_state::new_));
    ValueSet const loopback = ValueSet::single(interface_value("lo"));
    for (Path const& path : find_paths(ruleset)) {
        Field const own = path.kind == Path::Kind::from_host ? Field::oif : Field::iif;
        PacketSet const packets = (wanted & first_packets(space, path.hook)) - space.of(own, loopback);
        PathReach reach(space, ruleset, path, packets);
        for (Family const family : {Family::v4, Family::v6}) {
            if (!ruleset.governs(family)) continue;
            auto const chain = reach.main(family);
            if (path.kind == Path::Kind::list && !chain) continue;
            PacketSet const allowed = reach.accepted(family);
            Matrix matrix = address_matrix(allowed, family);
            std::string assumption = assumption_of(reach.of_family(family), allowed, matrix);
            Chain const* const filter = chain ? &ruleset.chains[*chain] : nullptr;
            all.push_back({service.text, path.name, filter ? filter->table : "", filter ? filter->name : "", std::move(matrix), std::move(assumption)});
        }
    }
    return all;
}

} // namespace portcullis
