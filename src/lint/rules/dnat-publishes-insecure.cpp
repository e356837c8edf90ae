// Translations that publish a service which should not be: what counts is the port behind the translation, and
// whether connections from outside get there. Translations of whole hosts name no service; what the lists let
// through to these is what the rules about exposure say.
#include <algorithm>
#include <fmt/format.h>

#include "lint/static_nat.hpp"

namespace portcullis {

namespace {

struct Publication {
    Translation translation;
    Service const* service = nullptr;
    PortRange port;      // behind the translation
    PacketSet connections; // from untrusted sources, as the inbound lists see them
    PacketSet behind;      // … and as they go on
};

// The service of the one port that the match has.
Service const* insecure_service(Context const& ctx, Match const& match, PortRange& port) {
    auto const protocol = named_values(match, Field::protocol);
    auto const number = named_values(match, Field::dport);
    if (!protocol || !protocol->only() || !number || !number->only()) return nullptr;
    auto const value = static_cast<std::uint16_t>(*number->only());
    port = {static_cast<std::uint8_t>(*protocol->only()), value, value, {}};
    for (Service const* service : ctx.catalogue().at(port.protocol, value))
        if (service->insecure && service->severity_untrusted && service->variant_of.empty()) return service;
    return nullptr;
}

std::vector<Publication> publications(Context const& ctx) {
    std::vector<Publication> found;
    PacketSet const question = ctx.new_connections(HookPoint::list) & ctx.from_untrusted();
    for (Translation& translation : static_translations(ctx.ruleset())) {
        PortRange port;
        Service const* const service = insecure_service(ctx, translation.after, port);
        if (service == nullptr) continue;
        PacketSet const before = ctx.space().of(translation.before) & question;
        PacketSet const after = ctx.space().of(translation.after) & question;
        bool const first = translation.before_lists;
        if (!before.empty() && !after.empty()) found.push_back({std::move(translation), service, port, first ? after : before, after});
    }
    return found;
}

// Whoever is to reach the host behind has to pass the lists of one interface, and then those towards the host.
struct Entry {
    std::optional<ChainId> list; // none: there is no list
    PacketSet packets;
};

std::optional<Entry> entry(Context const& ctx, Reach& reach, Publication const& published) {
    auto interfaces = published.translation.interfaces;
    if (interfaces.empty()) interfaces.emplace_back(); // without a list, as far as anybody knows
    for (std::string const& interface : interfaces) {
        if (!interface.empty() && ctx.config().trusts_interface(interface)) continue;
        Entry found{std::nullopt, published.connections};
        for (ChainId const list : inbound_lists(ctx.ruleset(), interface)) {
            found.list = list;
            found.packets &= reach.verdicts(list).accepted;
        }
        if (!found.packets.empty()) return found;
    }
    return std::nullopt;
}

bool goes_on(Context const& ctx, Reach& reach, Publication const& published) {
    auto const member = published.behind.member();
    auto const lists = lists_towards(ctx.ruleset(), member->packet.destination());
    return std::all_of(lists.begin(), lists.end(), [&](ChainId list) {
        return !(reach.verdicts(list).accepted & published.behind).empty();
    });
}

void report(Context const& ctx, Publication const& published, Entry const& entry, Findings& out) {
    Translation const& translation = published.translation;
    Finding& finding = add_finding(ctx, out, translation.chain, translation.rule);
    finding.service = published.service->name;
    finding.severity = published.service->severity_untrusted;
    finding.arg("service", published.service->name).arg("place", destination_text(translation.after));
    finding.arg("published", destination_text(translation.before));
    ChainId const judge_chain = entry.list.value_or(translation.chain);
    finding.witness = ctx.witness(judge_chain, entry.packets, true);
    judge(finding, entry.packets);
    if (!entry.list) finding.note("no access list stands before it");
}

} // namespace

void check_dnat_publishes_insecure(Context const& ctx, Findings& out) {
    auto const all = publications(ctx);
    if (all.empty()) return;
    PacketSet question = ctx.space().none();
    for (Publication const& one : all) question |= one.connections | one.behind;
    Reach reach(ctx.space(), ctx.ruleset(), question);
    for (Publication const& one : all) {
        auto const found = entry(ctx, reach, one);
        if (found && goes_on(ctx, reach, one)) report(ctx, one, *found, out);
    }
}

} // namespace portcullis
