// DHCP accepted from beyond the local link; but for the answers of a server, which a client in this box asks for on whatever link
// it has.
#include "lint/exposure.hpp"

namespace portcullis {

namespace {

struct Exchange {
    std::uint16_t server;
    std::uint16_t client;
};
constexpr Exchange exchanges[] = {{67, 68}, {547, 546}}; // RFC 2131, RFC 8415

// What arrives from the port of a server, for the port of a client.
PacketSet answers(Context const& ctx, Permit const& permit) {
    constexpr std::uint8_t udp = 17;
    PacketSet all = ctx.space().none();
    for (Exchange const& exchange : exchanges)
        all |= ctx.reaching(permit, {udp, exchange.client, exchange.client, {}}) &
               ctx.space().of(Field::sport, ValueSet::single(exchange.server));
    return all;
}

// Where packets only pass through the box, the client is another, which should ask on its own link.
void leave_out_answers(Context const& ctx, Opening& opening) {
    for (auto& [permit, set] : opening.parts)
        if (ctx.paths()[permit->path].kind != Path::Kind::through) set -= answers(ctx, *permit);
    std::erase_if(opening.parts, [](auto const& part) { return part.second.empty(); });
}

} // namespace

void check_dhcp_cross_boundary(Context const& ctx, Findings& out) {
    std::vector<Service const*> const services = services_of_rule(ctx);
    for (Opening& opening : narrow_openings(ctx, services)) {
        leave_out_answers(ctx, opening);
        if (opening.parts.empty()) continue;
        opening.services = open_services(ctx, opening, services);
        report(ctx, out, opening);
    }
}

} // namespace portcullis
