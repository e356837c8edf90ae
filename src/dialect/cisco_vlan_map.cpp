// An entry's action is for packets that one of its lists permits; a deny, or the end of the list, leads to the next list
// or entry. What no entry takes is dropped if the map asks lists of the packet's type at all, else forwarded. (Catalyst
// 4500 and 6500 guides, "Configuring VLAN Maps"; Nexus 7000 security guide, "Configuring VLAN ACLs".)
#include "dialect/cisco_vlan_map.hpp"

#include <algorithm>

#include "dialect/cisco_entry.hpp"

namespace portcullis::cisco {
namespace {

// Rules of lists that all maps of a text may repeat; far beyond any real configuration.
constexpr std::size_t repetition_limit = 200'000;
constexpr std::size_t most_clauses = 1'000; // of an entry
constexpr std::uint32_t sequence_step = 10;
// VLANs of a filter that are told one by one.
constexpr unsigned most_single_vlans = 64;

using Kind = VlanMapEntry::Clause::Kind;

// An entry as the commands have left it.
struct MapEntry {
    std::vector<VlanMapEntry::Clause const*> clauses;
    VlanMapEntry::Action action = VlanMapEntry::Action::unsaid; // which is to forward
    bool log = false;
    std::string_view text;

    bool drops() const { return action == VlanMapEntry::Action::drop; }
};

struct Map {
    std::map<std::uint32_t, MapEntry> entries;
    IntervalSet vlans;
    std::string_view filter; // the line that applies it
};

void edit(Map& map, VlanMapEntry const& line, Objects& objects) {
    if (line.negated) {
        if (line.sequence) map.entries.erase(*line.sequence);
        if (!line.sequence) map.entries.clear();
        return;
    }
    std::uint32_t const last = map.entries.empty() ? 0 : map.entries.rbegin()->first;
    MapEntry& entry = map.entries[line.sequence.value_or(last + sequence_step)];
    if (entry.text.empty()) entry.text = line.text;
    if (entry.clauses.size() + line.clauses.size() > most_clauses)
        return objects.unsupported(line.text, "the entry has too many clauses; these are left out");
    for (auto const& clause : line.clauses) {
        if (clause.negated)
            std::erase_if(entry.clauses, [&](VlanMapEntry::Clause const* one) {
                return one->kind == clause.kind && (clause.lists.empty() || one->lists == clause.lists);
            });
        else
            entry.clauses.push_back(&clause);
    }
    if (line.action == VlanMapEntry::Action::unsaid) return;
    entry.action = line.action;
    entry.log = line.log;
}

void apply(Map& map, VlanFilter const& filter) {
    if (filter.negated) {
        map.vlans = filter.vlans.empty() ? IntervalSet() : map.vlans.minus(filter.vlans);
    } else {
        map.vlans = map.vlans.united(filter.vlans);
        map.filter = filter.text;
    }
}

// --- Chains ---

class Lowering {
  public:
    Lowering(Config const& config, Objects& objects, ListIndex const& lists, Ruleset& ruleset)
        : config_(config), objects_(objects), lists_(lists), ruleset_(ruleset) {}
    void add(std::string_view name, Map const& map);

  private:
    void add_entry(Chain& chain, std::uint32_t sequence, MapEntry const& entry);
    void add_list(Chain& chain, std::uint32_t sequence, MapEntry const& entry, VlanMapEntry::Clause const& clause,
                  std::string_view name);
    ChainId helper(Chain const& list, std::string title, MapEntry const& entry);
    void add_frames(Chain& chain, MapEntry const& entry, VlanMapEntry::Clause const& clause);
    void add_end(Chain& chain, Map const& map) const;
    void apply(Chain& chain, Map const& map) const;
    Rule rule(MapEntry const& entry, std::string_view place) const;
    Term of_family(bool ipv6, Span span) const {
        return {Field::family, ValueSet::single(ipv6 ? family_v6 : family_v4), span};
    }

    Config const& config_;
    Objects& objects_;
    ListIndex const& lists_;
    Ruleset& ruleset_;
    std::size_t repeated_ = 0;
    std::uint32_t origin_ = 0;
};

Rule Lowering::rule(MapEntry const& entry, std::string_view place) const {
    Rule result;
    if (entry.drops())
        result.verdict = Drop{};
    else
        result.verdict = Accept{};
    result.effects.log = entry.log;
    result.span = config_.span_of(place);
    result.origin = origin_;
    return result;
}

// The list with the action in the place of its permits.
ChainId Lowering::helper(Chain const& list, std::string title, MapEntry const& entry) {
    Chain chain;
    chain.name = std::move(title);
    chain.span = chain.policy_span = config_.span_of(entry.text);
    chain.implicit = true; // the list itself is judged where it stands
    chain.rules = list.rules;
    for (Rule& one : chain.rules) {
        bool const permits = std::holds_alternative<Accept>(one.verdict);
        if (!permits)
            one.verdict = Return{};
        else if (entry.drops())
            one.verdict = Drop{};
        one.effects.log = one.effects.log || (permits && entry.log);
    }
    repeated_ += chain.rules.size();
    ruleset_.chains.push_back(std::move(chain));
    return static_cast<ChainId>(ruleset_.chains.size() - 1);
}

void Lowering::add_list(Chain& chain, std::uint32_t sequence, MapEntry const& entry, VlanMapEntry::Clause const& clause,
                        std::string_view name) {
    bool const ipv6 = clause.kind == Kind::ipv6;
    auto const found = lists_.find({ipv6, name});
    Rule result = rule(entry, clause.text);
    result.match.terms.push_back(of_family(ipv6, result.span));
    if (found == lists_.end()) {
        objects_.undefined(name, "access list", name);
    } else {
        Chain& list = ruleset_.chains[found->second];
        list.uses.push_back({Use::Kind::selection, single_blanks(entry.text), result.span});
        if (repeated_ + list.rules.size() > repetition_limit)
            return objects_.unsupported(name, "VLAN maps repeat too many entries of lists; this one is left out");
        // A list that is missing or has no entries matches all packets.
        if (!std::holds_alternative<Accept>(list.policy)) {
            std::string const title = chain.name + ' ' + std::to_string(sequence) + ": " + list.name;
            result.verdict = Jump{helper(list, title, entry), false};
            result.effects.log = false; // what the list does not permit is not logged
        }
    }
    chain.rules.push_back(std::move(result));
}

// Lists of MAC addresses are for what is no IPv4 on a Catalyst, IPv6 perhaps among it; on NX-OS for all frames where "mac
// packet-classify" says so.
void Lowering::add_frames(Chain& chain, MapEntry const& entry, VlanMapEntry::Clause const& clause) {
    for (std::string_view const name : clause.lists) {
        Rule result = rule(entry, clause.text);
        if (ruleset_.dialect != Dialect::cisco_nxos) result.match.terms.push_back(of_family(true, result.span));
        result.match.opaque.push_back({"mac access-list " + std::string(name), false, false, result.span});
        chain.rules.push_back(std::move(result));
    }
}

void Lowering::add_entry(Chain& chain, std::uint32_t sequence, MapEntry const& entry) {
    if (entry.clauses.empty()) chain.rules.push_back(rule(entry, entry.text));
    for (auto const* clause : entry.clauses) {
        if (clause->kind == Kind::frame) {
            add_frames(chain, entry, *clause);
            continue;
        }
        for (std::string_view const name : clause->lists) add_list(chain, sequence, entry, *clause, name);
    }
    ++origin_;
}

void Lowering::add_end(Chain& chain, Map const& map) const {
    auto const asks = [&](Kind kind) {
        return std::any_of(map.entries.begin(), map.entries.end(), [&](auto const& numbered) {
            auto const& clauses = numbered.second.clauses;
            return std::any_of(clauses.begin(), clauses.end(), [&](auto const* clause) { return clause->kind == kind; });
        });
    };
    if (!asks(Kind::ip) && !asks(Kind::ipv6) && !asks(Kind::frame)) {
        chain.policy = Accept{};
        return;
    }
    chain.policy = Drop{};
    bool const complete = std::any_of(map.entries.begin(), map.entries.end(),
                                      [](auto const& numbered) { return numbered.second.clauses.empty(); });
    if (complete) return; // an entry takes all that comes to it
    std::uint32_t origin = origin_;
    for (bool const ipv6 : {false, true}) {
        if (asks(ipv6 ? Kind::ipv6 : Kind::ip)) continue;
        Rule other;
        other.match.terms.push_back(of_family(ipv6, chain.span));
        if (ipv6 && asks(Kind::frame))
            other.match.opaque.push_back({"IPv6 is no type of the map's mac access-lists", false, false, chain.span});
        other.verdict = Accept{};
        other.span = chain.span;
        other.origin = origin++;
        other.implicit = true;
        chain.rules.push_back(std::move(other));
    }
}

void Lowering::apply(Chain& chain, Map const& map) const {
    auto const bind = [&](std::string const& interface) {
        for (bool const inbound : {true, false}) chain.bindings.push_back({interface, inbound, config_.span_of(map.filter)});
    };
    for (Interval const& vlans : map.vlans.intervals()) {
        auto const first = low64(vlans.first);
        auto const last = low64(vlans.last);
        if (last - first < most_single_vlans)
            for (auto vlan = first; vlan <= last; ++vlan) bind("Vlan" + std::to_string(vlan));
        else
            bind("Vlan" + std::to_string(first) + '-' + std::to_string(last));
    }
}

void Lowering::add(std::string_view name, Map const& map) {
    if (map.entries.empty()) {
        if (!map.vlans.empty()) objects_.undefined(map.filter, "VLAN map", name);
        return;
    }
    std::string_view const text = map.entries.begin()->second.text;
    Chain chain;
    chain.name = "vlan access-map " + std::string(name);
    chain.span = chain.policy_span = config_.span_of(text);
    chain.hook = Hook{HookPoint::list, ChainType::filter, 0, true, true, {}};
    origin_ = 0;
    for (auto const& [sequence, entry] : map.entries) add_entry(chain, sequence, entry);
    add_end(chain, map);
    apply(chain, map);
    ruleset_.chains.push_back(std::move(chain));
}

} // namespace

void add_vlan_maps(Config const& config, Objects& objects, ListIndex const& lists, Ruleset& ruleset) {
    std::map<std::string_view, Map> maps;
    for (Statement const& statement : config.statements) {
        if (auto const* entry = std::get_if<VlanMapEntry>(&statement)) edit(maps[entry->name], *entry, objects);
        if (auto const* filter = std::get_if<VlanFilter>(&statement)) apply(maps[filter->name], *filter);
    }
    Lowering lowering(config, objects, lists, ruleset);
    for (auto const& [name, map] : maps) lowering.add(name, map);
}

} // namespace portcullis::cisco
