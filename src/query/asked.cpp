#include "query/asked.hpp"

#include <algorithm>
#include <functional>
#include <stdexcept>

#include "catalogue/networks.hpp"
#include "portcullis/base/did_you_mean.hpp"
#include "portcullis/base/visible.hpp"
#include "portcullis/engine/connection.hpp"
#include "portcullis/engine/routed.hpp"

namespace portcullis {

namespace {

using Place = Question::Place;
using Kind = Question::Place::Kind;

enum class Side : std::uint8_t { source, destination };

// "lo" is how the box talks to itself.
constexpr std::string_view loopback = "lo";

// A name of an interface says yes or no.
using Predicate = std::function<bool(std::string_view)>;

// The packets of a question on one path.
class Describer {
  public:
    Describer(Space& space, Ruleset const& ruleset, Config const& config, Question const& question, Path const& path)
        : space_(space), ruleset_(ruleset), config_(config), question_(question), path_(path) {}

    PacketSet context() {
        PacketSet set = packets_at(space_, path_.hook) & unmarked(space_, ruleset_) & routed(space_, ruleset_, path_.hook) & states() & families();
        Field const own = path_.kind == Path::Kind::from_host ? Field::oif : Field::iif;
        if (!names_loopback(own)) set -= space_.of(own, ValueSet::single(interface_value(loopback)));
        return set;
    }

    PacketSet described(PacketSet const& context) {
        return context & to_services(space_, question_.services) & interfaces(question_.in, Side::source) &
               interfaces(question_.out, Side::destination) & places(question_.from, Side::source) &
               places(question_.to, Side::destination);
    }

  private:
    PacketSet none() { return space_.none(); }
    PacketSet all() { return space_.all(); }

    PacketSet states() {
        IntervalSet const fresh = IntervalSet::single(ct_state::new_);
        IntervalSet const states = question_.states.value_or(fresh);
        PacketSet set = space_.of(Field::ct_state, states);
        bool const all_states = states.contains(IntervalSet(0, info(Field::ct_state).largest));
        if (all_states || !states.contains(fresh)) return set;
        PacketSet const first = first_packets(space_, path_.hook) & (to_one_host(space_) | named_destinations());
        return set & (first | space_.of(Field::ct_state, ValueSet(fresh).complement()));
    }

    PacketSet named_destinations() {
        PacketSet named = none();
        for (Place const& place : question_.to)
            if (!place.excluded && (place.kind == Kind::zone || place.kind == Kind::network)) named |= addresses(place, Side::destination);
        return named;
    }

    // Those that the ruleset is about. A list for one family has nothing to do with packets of the other.
    PacketSet families() {
        bool const list = path_.kind == Path::Kind::list;
        Hook const hook = list ? *ruleset_.chains[path_.chains.front()].hook : Hook{};
        IntervalSet families;
        if (ruleset_.governs_v4 && hook.v4) families = families.united(IntervalSet::single(family_v4));
        if (ruleset_.governs_v6 && hook.v6) families = families.united(IntervalSet::single(family_v6));
        return space_.of(Field::family, families);
    }

    bool names_loopback(Field field) const {
        auto const& words = field == Field::iif ? question_.in : question_.out;
        auto const& places = field == Field::iif ? question_.from : question_.to;
        return std::any_of(words.begin(), words.end(), [](Question::Interface const& word) {
                   return !word.excluded && matches_interface({word.pattern}, loopback);
               }) ||
               std::any_of(places.begin(), places.end(), [&](Place const& place) {
                   return !place.excluded && place.kind == Kind::zone && matches_interface(zone(place).interfaces, loopback);
               });
    }

    Zone const& zone(Place const& place) const {
        return *std::find_if(config_.zones.begin(), config_.zones.end(), [&](Zone const& z) { return z.name == place.zone; });
    }

    PacketSet of_addresses(Side side, IntervalSet const& v4, IntervalSet const& v6) {
        bool const source = side == Side::source;
        return space_.of(source ? Field::src4 : Field::dst4, v4) | space_.of(source ? Field::src6 : Field::dst6, v6);
    }

    PacketSet addresses(Place const& place, Side side) {
        switch (place.kind) {
        case Kind::zone:
            if (!zone(place).has_networks) return all();
            return of_addresses(side, zone(place).v4, zone(place).v6);
        case Kind::internet:
            return of_addresses(side, config_.untrusted_sources(Family::v4), config_.untrusted_sources(Family::v6));
        case Kind::network:
            return place.family == Family::v4 ? of_addresses(side, place.addresses, {}) : of_addresses(side, {}, place.addresses);
        default: return all();
        }
    }

    // The box as a source, or destination, of what comes by on the path.
    PacketSet self(Side side) {
        if (path_.kind == Path::Kind::from_host) return side == Side::source ? all() : none();
        if (path_.kind == Path::Kind::to_host) return side == Side::destination ? all() : none();
        if (path_.kind == Path::Kind::through || side == Side::source) return none();
        IntervalSet own4;
        IntervalSet own6;
        for (portcullis::Interface const& interface : ruleset_.interfaces) {
            for (Prefix const& prefix : interface.addresses) {
                IntervalSet& own = prefix.ip.family == Family::v4 ? own4 : own6;
                own = own.united(IntervalSet::single(prefix.ip.value));
            }
        }
        return of_addresses(side, own4, own6);
    }

    // Whether what an access list sees on the side has an interface of which `is` holds, if not an interface that nobody
    // knows: where the list is bound to the other side, or to nothing. `surely`: with all interfaces.
    bool list_has(Side side, Predicate const& is, bool surely) const {
        auto const& bindings = ruleset_.chains[path_.chains.front()].bindings;
        auto const fits = [&](Binding const& binding) {
            if (binding.inbound != (side == Side::source)) return !surely;
            return is(binding.interface);
        };
        if (bindings.empty()) return !surely;
        return surely ? std::all_of(bindings.begin(), bindings.end(), fits) : std::any_of(bindings.begin(), bindings.end(), fits);
    }

    bool has_interface(Side side) const {
        if (path_.kind == Path::Kind::through) return true;
        return path_.kind == (side == Side::source ? Path::Kind::to_host : Path::Kind::from_host);
    }

    // What comes by, or leaves by, one of the interfaces of the place, as far as it names some.
    PacketSet by_interface(Place const& place, Side side) {
        bool const is_zone = place.kind == Kind::zone && !zone(place).interfaces.empty();
        if (!is_zone && place.kind != Kind::internet) return all();
        if (path_.kind == Path::Kind::list) {
            Predicate const is = [&](std::string_view name) {
                return is_zone ? matches_interface(zone(place).interfaces, name) : !config_.trusts_interface(name);
            };
            return list_has(side, is, place.excluded) ? all() : none();
        }
        // Where the box itself is the end there is no interface, and the addresses alone tell.
        if (!has_interface(side)) return is_zone && !zone(place).has_networks ? none() : all();
        Field const field = side == Side::source ? Field::iif : Field::oif;
        return is_zone ? space_.of(field, interface_values(zone(place).interfaces, false))
                       : all() - space_.of(field, config_.trusted_interfaces());
    }

    PacketSet places(std::vector<Place> const& places, Side side) {
        bool const all_excluded = std::all_of(places.begin(), places.end(), [](Place const& place) { return place.excluded; });
        PacketSet with = all_excluded ? all() : none();
        PacketSet without = none();
        for (Place const& place : places) {
            PacketSet const set = place.kind == Kind::self ? self(side) : addresses(place, side) & by_interface(place, side);
            (place.excluded ? without : with) |= set;
        }
        return with - without;
    }

    PacketSet interfaces(std::vector<Question::Interface> const& words, Side side) {
        if (words.empty()) return all();
        std::vector<std::string> with;
        std::vector<std::string> without;
        for (Question::Interface const& word : words) (word.excluded ? without : with).push_back(word.pattern);
        if (path_.kind == Path::Kind::list) {
            Predicate const is = [&](std::string_view name) {
                return (with.empty() || matches_interface(with, name)) && !matches_interface(without, name);
            };
            return list_has(side, is, false) ? all() : none();
        }
        if (!has_interface(side)) return with.empty() ? all() : none();
        Field const field = side == Side::source ? Field::iif : Field::oif;
        PacketSet const wanted = with.empty() ? all() : space_.of(field, interface_values(with, false));
        return wanted - space_.of(field, interface_values(without, false));
    }

    Space& space_;
    Ruleset const& ruleset_;
    Config const& config_;
    Question const& question_;
    Path const& path_;
};

bool is_device(Ruleset const& ruleset) {
    switch (ruleset.dialect) {
    case Dialect::cisco_ios:
    case Dialect::cisco_asa:
    case Dialect::cisco_nxos:
    case Dialect::cisco_xr: return true;
    default: return false;
    }
}

// Those that chains filter; and on Linux the ones that none does, where everything passes, if perhaps translated.
std::vector<Path> all_paths(Ruleset const& ruleset) {
    if (is_device(ruleset)) return find_paths(ruleset);
    std::vector<Path> paths = find_ways(ruleset);
    using enum Path::Kind;
    for (Path path : {Path{to_host, "to-host", HookPoint::input, {}}, Path{through, "through", HookPoint::forward, {}},
                      Path{from_host, "from-host", HookPoint::output, {}}}) {
        bool const there = std::any_of(paths.begin(), paths.end(), [&](Path const& other) { return other.kind == path.kind; });
        if (!there) paths.push_back(std::move(path));
    }
    return paths;
}

bool names_self(std::vector<Place> const& places) {
    return std::any_of(places.begin(), places.end(),
                       [](Place const& place) { return place.kind == Kind::self && !place.excluded; });
}

bool is_filtered(Ruleset const& ruleset, Path const& path) {
    return std::any_of(path.chains.begin(), path.chains.end(),
                       [&](ChainId chain) { return ruleset.chains[chain].hook->point == path.hook; });
}

bool is_wanted(Ruleset const& ruleset, Path const& path, Question const& question) {
    if (!question.path.empty()) return path.name == question.path;
    if (path.kind == Path::Kind::from_host) return names_self(question.from);
    return is_filtered(ruleset, path) || (path.kind == Path::Kind::to_host && names_self(question.to));
}

} // namespace

std::vector<Asked> asked_about(Space& space, Ruleset const& ruleset, Config const& config, Question const& question) {
    std::vector<Asked> asked;
    std::vector<Path> const paths = all_paths(ruleset);
    std::vector<std::string_view> names;
    bool wanted = false;
    for (Path const& path : paths) {
        names.push_back(path.name);
        if (!is_wanted(ruleset, path, question)) continue;
        wanted = true;
        Describer describer(space, ruleset, config, question, path);
        PacketSet const context = describer.context();
        PacketSet const packets = describer.described(context);
        if (!packets.empty()) asked.push_back({path, context, packets});
    }
    if (!question.path.empty() && !wanted) {
        throw std::invalid_argument("there is no path '" + shortened(question.path, 60) + '\'' +
                                    did_you_mean_text(question.path, names));
    }
    if (asked.empty()) throw std::invalid_argument("the question describes no packet on any path that it is about");
    return asked;
}

PacketSet accepted(Space& space, Ruleset const& ruleset, Asked const& asked) {
    PathReach reach(space, ruleset, asked.path, asked.packets);
    PacketSet all = space.none();
    for (Family const family : {Family::v4, Family::v6})
        if (!reach.of_family(family).empty()) all |= reach.accepted(family);
    return all;
}

void keep_to(Asked const& asked, Cube& cube) {
    std::erase_if(cube.fields, [&](auto& named) {
        auto& [field, values] = named;
        if (field == Field::family) return false;
        auto const possible = (is_interface(field) ? asked.packets : asked.context).project(field);
        if (!possible) return false;
        values = values.intersected(*possible);
        return values.contains(*possible);
    });
}

} // namespace portcullis
