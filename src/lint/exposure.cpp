#include "lint/exposure.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "lint/certain.hpp"
#include "lint/sources_text.hpp"

namespace portcullis {

namespace {

using Place = std::pair<ChainId, std::size_t>; // chain and rule; the policy after all rules

Place place_of(Permit const& permit) { return {permit.chain, permit.rule.value_or(~std::size_t{0})}; }

std::string port_text(PortRange const& port) {
    std::string const protocol = value_text(Field::protocol, port.protocol);
    return port.first == port.last ? fmt::format("{}/{}", protocol, port.first)
                                   : fmt::format("{}/{}-{}", protocol, port.first, port.last);
}

// The first of them by `text(i)`, and how many more there are.
template <class Text> std::string join(std::size_t count, std::size_t most, Text const& text) {
    std::string all;
    for (std::size_t i = 0; i < count && i < most; ++i) {
        all += i == 0 ? "" : i + 1 == count ? " and " : ", ";
        all += text(i);
    }
    if (count > most) all += fmt::format(" and {} more", count - most);
    return all;
}

std::string join(std::vector<std::string> const& items, std::size_t most) {
    return join(items.size(), most, [&](std::size_t i) { return items[i]; });
}

bool overlaps(IntervalSet const& ports, PortRange const& port) {
    return std::ranges::any_of(ports.intervals(), [&](Interval const& i) { return i.first <= port.last && port.first <= i.last; });
}

// The sources of the parts of one family, or of what was asked about them; nothing where they are scattered all over.
std::optional<IntervalSet> sources(Context const& ctx, Opening const& opening, Family family, bool asked) {
    IntervalSet all;
    for (auto const& [permit, set] : opening.parts) {
        if (permit->family != family) continue;
        auto const some = (asked ? ctx.asked(*permit) : set).project(src_field(family));
        if (!some) return std::nullopt;
        all = all.united(*some);
    }
    return all;
}

} // namespace

std::vector<Service const*> services_of_rule(Context const& ctx) {
    std::vector<Service const*> found;
    for (std::string const& name : ctx.rule().services) {
        if (Service const* service = ctx.catalogue().find(name)) found.push_back(service);
    }
    return found;
}

std::vector<OpenService> open_services(Context const& ctx, Opening const& opening,
                                       std::vector<Service const*> const& services) {
    std::map<std::uint8_t, IntervalSet> open_ports; // by protocol, as they are asked about
    auto const ports_of = [&](std::uint8_t protocol) -> IntervalSet const& {
        auto const [at, is_new] = open_ports.try_emplace(protocol);
        if (!is_new) return at->second;
        PacketSet const packets = ctx.space().of(Field::protocol, ValueSet::single(protocol));
        for (auto const& part : opening.parts)
            at->second = at->second.united((part.second & packets).project(Field::dport).value());
        return at->second;
    };
    bool const translated = ctx.translates_destinations() && std::any_of(opening.parts.begin(), opening.parts.end(), [&](auto const& part) {
        Worlds const worlds = ctx.passing_worlds(*part.first);
        return std::any_of(worlds.begin(), worlds.end(), [](World const& world) { return world.marks.destination.done; });
    });
    auto const leads_to = [&](PortRange const& port) {
        return std::any_of(opening.parts.begin(), opening.parts.end(), [&](auto const& part) {
            return !(part.second & ctx.reaching(*part.first, port)).empty();
        });
    };
    std::vector<OpenService> open;
    for (Service const* service : services) {
        auto const port = std::find_if(service->ports.begin(), service->ports.end(), [&](PortRange const& p) {
            return translated ? leads_to(p) : overlaps(ports_of(p.protocol), p);
        });
        if (port != service->ports.end()) open.push_back({service, *port});
    }
    return open;
}

std::vector<Opening> narrow_openings(Context const& ctx, std::vector<Service const*> const& services) {
    std::vector<PortRange const*> asked;
    for (Service const* service : services) {
        for (PortRange const& port : service->ports) asked.push_back(&port);
    }
    std::map<Place, Opening> openings;
    std::vector<PortRange const*> matching;
    for (Permit const& permit : ctx.permits()) {
        if (!permit.rule || permit.breadth == 0) continue;
        matching.clear();
        for (PortRange const* port : asked) {
            if (permit.may_be_to(*port) && may_match(ctx, permit, *port)) matching.push_back(port);
        }
        if (matching.empty() || ctx.is_wide(permit)) continue;
        Worlds const worlds = ctx.passing_worlds(permit);
        PacketSet set = ctx.space().none();
        for (PortRange const* port : matching) set |= ctx.reaching(worlds, *port);
        if (!set.empty()) openings[place_of(permit)].parts.emplace_back(&permit, set);
    }
    std::vector<Opening> all;
    for (auto& [place, opening] : openings) {
        opening.services = open_services(ctx, opening, services);
        all.push_back(std::move(opening));
    }
    return all;
}

std::vector<Opening> wide_openings(Context const& ctx) {
    std::map<Place, Opening> openings;
    for (Permit const& permit : ctx.permits()) {
        if (!permit.rule || !ctx.is_wide(permit)) continue;
        PacketSet const set = ctx.passing(permit);
        if (!set.empty()) openings[place_of(permit)].parts.emplace_back(&permit, set);
    }
    std::vector<Opening> all;
    for (auto& [place, opening] : openings) all.push_back(std::move(opening));
    return all;
}

std::string services_text(std::vector<OpenService> const& services, std::size_t most) {
    return join(services.size(), most, [&](std::size_t i) {
        return fmt::format("{} ({})", services[i].service->name, port_text(services[i].port));
    });
}

IntervalSet named_ports(Context const& ctx, Permit const& permit) {
    return named_values(ctx.match(permit), Field::dport).value_or(IntervalSet::all(info(Field::dport).bits));
}

bool trusts_source_port(Context const& ctx, Permit const& permit) {
    auto const ports = named_values(ctx.match(permit), Field::sport);
    return ports && ports->count() <= narrow_limit;
}

bool permits_everything(Context const& ctx, Opening const& opening) {
    return std::any_of(opening.parts.begin(), opening.parts.end(), [&](auto const& part) {
        return ctx.asked(*part.first).subset_of(ctx.alone(*part.first));
    });
}

std::string sources_text(IntervalSet const& sources, IntervalSet const& asked, Family family) {
    Field const field = src_field(family);
    std::string any = family == Family::v4 ? "any IPv4 source" : "any IPv6 source";
    if (sources.contains(asked)) return any;
    IntervalSet const rest = asked.minus(sources);
    if (rest.intervals().size() < sources.intervals().size()) return any + " but " + values_text(field, rest, 3);
    return values_text(field, sources, 3);
}

std::string sources_text(Context const& ctx, Opening const& opening) {
    std::string text;
    std::size_t all = 0;
    for (Family const family : {Family::v4, Family::v6}) {
        auto const from = sources(ctx, opening, family, false);
        if (from && from->empty()) continue;
        if (!text.empty()) text += " and ";
        auto const asked = sources(ctx, opening, family, true);
        if (!from || !asked) {
            text += family == Family::v4 ? "IPv4 sources that a mask with holes selects" : "IPv6 sources that a mask with holes selects";
            continue;
        }
        if (from->contains(*asked)) ++all;
        text += sources_text(*from, *asked, family);
    }
    return all == 2 ? "any source" : text;
}

bool from_anywhere(Context const& ctx, Opening const& opening) {
    return std::any_of(opening.parts.begin(), opening.parts.end(), [&](auto const& part) {
        Field const field = src_field(part.first->family);
        auto const from = part.second.project(field);
        auto const asked = ctx.asked(*part.first).project(field);
        return from && asked && from->count() >= asked->count() / 2;
    });
}

namespace {

// The rules that gave packets of the set another destination.
void name_translations(Context const& ctx, Finding& finding, Permit const& permit, PacketSet const& set) {
    constexpr std::size_t most = 3;
    std::size_t told = 0;
    if (!ctx.translates_destinations()) return;
    for (World const& world : ctx.passing_worlds(permit)) {
        Translated const& to = world.marks.destination;
        if (!to.done || (world.packets & set).empty()) continue;
        if (++told > most) break;
        finding.relate("translates the destination to " + to_text(to), to.rule);
    }
}

} // namespace

Finding& report(Context const& ctx, Findings& out, Opening const& opening) {
    // The part that is certain is the better proof.
    auto best = opening.parts.front();
    bool certain = false;
    for (auto part = opening.parts.begin(); part != opening.parts.end() && !certain; ++part) {
        PacketSet const sure = certainly(part->second, ctx.asked(*part->first));
        certain = !sure.empty();
        if (certain) best = {part->first, sure};
    }
    auto const& [permit, set] = best;
    Finding& finding = out.add(ctx.rule().id, ctx.span(*permit));
    finding.certainty = certain ? Certainty::certain : Certainty::possible;
    finding.where = ctx.where(*permit);
    std::vector<Assumption> assumptions;
    finding.witness = ctx.witness(*permit, set, assumptions);
    finding.arg("sources", sources_text(ctx, opening));
    if (!opening.services.empty()) {
        finding.service = opening.services.front().service->name;
        finding.arg("services", services_text(opening.services));
        finding.arg("verb", opening.services.size() == 1 ? "is" : "are");
    }
    name_translations(ctx, finding, *permit, set);
    std::vector<std::string> paths;
    for (auto const& part : opening.parts) {
        Path const& path = ctx.paths()[part.first->path];
        std::string name = path.kind == Path::Kind::to_host   ? "to this host"
                           : path.kind == Path::Kind::through ? "through this host"
                                                              : "by access list " + path.name;
        if (std::find(paths.begin(), paths.end(), name) == paths.end()) paths.push_back(std::move(name));
    }
    finding.arg("paths", join(paths, 3));
    if (finding.certainty == Certainty::certain) return finding;
    std::vector<std::string> texts;
    for (Assumption const& a : assumptions) texts.push_back(a.holds ? a.text : "not (" + a.text + ")");
    finding.note(texts.empty() ? "only for packets with the mark or status that the witness has" : "only if: " + join(texts, 3));
    // A permit that a set of unknown content or a match on the packet guards says nothing about who gets through; one
    // that only a rate guards lets the first packets of anybody through.
    bool const guarded = std::any_of(assumptions.begin(), assumptions.end(), [](Assumption const& a) { return a.holds && !a.stateful; });
    if (guarded) finding.severity = Severity::info;
    return finding;
}

void check_exposure(Context const& ctx, Findings& out) {
    for (Opening const& opening : narrow_openings(ctx, services_of_rule(ctx))) report(ctx, out, opening);
}

} // namespace portcullis
