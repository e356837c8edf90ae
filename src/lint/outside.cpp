#include "lint/outside.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "catalogue/networks.hpp"
#include "lint/context.hpp"
#include "portcullis/base/ascii.hpp"

namespace portcullis {

namespace {

// Words that say it, in a description; no parts of words, and nothing that may as well be another site of the same
// network ("WAN", "uplink").
constexpr std::array<std::string_view, 7> words{"external", "outside", "internet", "isp", "untrust", "untrusted", "upstream"};


std::string_view telling_word(std::string_view text) {
    while (!text.empty()) {
        auto const begin = std::find_if(text.begin(), text.end(), is_ascii_letter);
        auto const end = std::find_if_not(begin, text.end(), is_ascii_letter);
        auto const same = [&](std::string_view word) {
            return std::equal(begin, end, word.begin(), word.end(), [](char a, char b) { return (a | 0x20) == b; });
        };
        auto const found = std::find_if(words.begin(), words.end(), same);
        if (found != words.end()) return *found;
        text.remove_prefix(static_cast<std::size_t>(end - text.begin()));
    }
    return {};
}

// The interfaces that some rule asks for, one by one or by a prefix.
IntervalSet named_interfaces(Ruleset const& ruleset) {
    std::vector<Interval> named;
    for (Chain const& chain : ruleset.chains) {
        for (Rule const& rule : chain.rules) {
            for (Term const& term : rule.match.terms) {
                if (term.field != Field::iif || term.values.negated) continue;
                auto const& some = term.values.intervals.intervals();
                named.insert(named.end(), some.begin(), some.end());
            }
        }
    }
    return IntervalSet::of(std::move(named));
}

Interface const* interface_of(Ruleset const& ruleset, Binding const& binding) {
    auto const found = std::ranges::find_if(ruleset.interfaces, [&](Interface const& interface) {
        return is_of(binding, interface);
    });
    return found == ruleset.interfaces.end() ? nullptr : &*found;
}

bool has_private_address(Interface const& interface) {
    return std::ranges::any_of(interface.addresses, [](Prefix const& prefix) {
        return private_addresses(prefix.ip.family).contains(prefix.ip.value);
    });
}

// From half of the sources that nobody vouches for, for some family.
bool lets_anybody_in(Context const& ctx, std::size_t path) {
    PathReach reach(ctx.space(), ctx.ruleset(), ctx.paths()[path], ctx.question(path));
    return std::ranges::any_of(std::array{Family::v4, Family::v6}, [&](Family family) {
        if (!reach.decisive(family)) return false; // the list is not asked
        auto const from = reach.accepted(family).project(src_field(family));
        return from && !from->empty() && from->count() >= ctx.config().untrusted_sources(family).count() / 2;
    });
}

void add_list(Context const& ctx, std::size_t path, std::vector<OutsideWay>& ways) {
    Binding const* unknown = nullptr; // the first that may be one to the outside
    for (Binding const& binding : ctx.ruleset().chains[ctx.paths()[path].chains.front()].bindings) {
        if (!binding.inbound) continue;
        Interface const* interface = interface_of(ctx.ruleset(), binding);
        if (std::string why = interface != nullptr ? outside_for(ctx, *interface) : ""; !why.empty()) {
            ways.push_back({path, binding.interface, std::move(why), {}});
            return; // another interface with the same list has the same answers
        }
        if (unknown != nullptr || ctx.config().trusts_interface(binding.interface)) continue;
        if (interface != nullptr && (has_private_address(*interface) || ctx.config().trusts_interface(interface->zone))) continue;
        unknown = &binding;
    }
    if (unknown != nullptr && lets_anybody_in(ctx, path)) ways.push_back({path, unknown->interface, "", {}});
}

} // namespace

std::string outside_for(Context const& ctx, Interface const& interface) {
    for (Zone const& zone : ctx.config().zones) {
        if (!has_interface(zone, interface.name) && !has_interface(zone, interface.zone)) continue;
        return zone.trusted ? "" : fmt::format("zone '{}' of portcullis.toml", zone.name);
    }
    if (interface.security_level == 0U) return "security level 0";
    if (auto const word = telling_word(interface.zone); !word.empty()) return fmt::format("its name '{}'", interface.zone);
    if (auto const word = telling_word(interface.description); !word.empty()) return fmt::format("'{}' in its description", word);
    return "";
}

bool is_of(Binding const& binding, Interface const& interface) {
    return binding.interface == interface.name || (!interface.zone.empty() && binding.interface == interface.zone);
}

bool is_bound(Chain const& chain, std::string const& interface, bool inbound) {
    return std::ranges::any_of(chain.bindings, [&](Binding const& binding) {
        return binding.inbound == inbound && binding.interface == interface;
    });
}

bool is_bound(Chain const& chain, Interface const& interface, bool inbound) {
    return is_bound(chain, interface.name, inbound) || is_bound(chain, interface.zone, inbound);
}

bool passes_family(Ruleset const& ruleset, Family family) {
    std::vector<Interface> const& all = ruleset.interfaces;
    if (ruleset.dialect != Dialect::cisco_asa || all.empty()) return true;
    return std::ranges::any_of(all, [&](Interface const& one) {
        bool const is_routed = !one.addresses.empty() && !one.has_dynamic_address;
        return !one.zone.empty() && (!is_routed || std::ranges::any_of(one.addresses, [&](Prefix const& prefix) { return prefix.ip.family == family; }));
    });
}

std::vector<OutsideWay> find_outside_ways(Context const& ctx) {
    IntervalSet const outside = named_interfaces(ctx.ruleset()).intersected(ctx.config().outside_interfaces());
    bool const zones_say_so = std::ranges::any_of(ctx.config().zones, [](Zone const& zone) { return !zone.interfaces.empty(); });
    std::vector<OutsideWay> ways;
    for (std::size_t p = 0; p < ctx.paths().size(); ++p) {
        Path::Kind const kind = ctx.paths()[p].kind;
        if (kind == Path::Kind::list) {
            add_list(ctx, p, ways);
        } else if (kind != Path::Kind::from_host && !outside.empty()) {
            ways.push_back({p, values_text(Field::iif, outside, 3),
                            zones_say_so ? "the zones of portcullis.toml" : "its name", outside});
        }
    }
    return ways;
}

PacketSet arriving(Context const& ctx, OutsideWay const& way) {
    PacketSet const seen = ctx.seen_at(ctx.paths()[way.path].hook);
    return way.interfaces.empty() ? seen : seen & ctx.space().of(Field::iif, way.interfaces);
}

} // namespace portcullis
