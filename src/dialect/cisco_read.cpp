// The commands of the text are run in their order, as the device would: lists are edited, groups defined, lists
// applied. What stands in the end becomes chains.
#include "dialect/cisco_read.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_set>

#include <fmt/format.h>

#include "dialect/cisco_device.hpp"
#include "dialect/cisco_entry.hpp"
#include "dialect/cisco_vlan_map.hpp"
#include "grammars/cisco/parse.hpp"
#include "grammars/cisco/words.hpp"

namespace portcullis {
namespace cisco {

Platform platform_of(Dialect dialect) {
    switch (dialect) {
    case Dialect::cisco_asa: return Platform::asa;
    case Dialect::cisco_nxos: return Platform::nxos;
    case Dialect::cisco_xr: return Platform::xr;
    default: return Platform::ios;
    }
}

namespace {

// Steps that may be spent on editing lists in the middle, which is quadratic; far beyond any real configuration.
constexpr std::size_t edit_limit = 50'000'000;
constexpr std::uint32_t sequence_step = 10;

bool same_words(std::string_view a, std::string_view b) {
    auto const lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
    auto const skip = [](std::string_view& text) {
        std::size_t const before = text.size();
        while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
        return text.size() != before || text.empty();
    };
    while (true) {
        bool const gap_a = skip(a);
        bool const gap_b = skip(b);
        if (a.empty() || b.empty()) return a.empty() && b.empty();
        if (gap_a != gap_b || lower(a.front()) != lower(b.front())) return false;
        a.remove_prefix(1);
        b.remove_prefix(1);
    }
}

// The entry without its number.
std::string_view unnumbered(Entry const& entry) {
    auto body = entry.body;
    constexpr std::string_view keyword = "sequence";
    if (body.size() > keyword.size() && same_words(body.substr(0, keyword.size()), keyword))
        body.remove_prefix(keyword.size());
    auto const action = body.find_first_not_of(" \t0123456789");
    return action == std::string_view::npos ? body : body.substr(action);
}

// An entry at its place in a list.
struct Placed {
    std::uint64_t sequence = 0;
    Entry const* entry = nullptr;
    std::string comment;
    bool numbered = false; // the text says the number
};

// A list as the commands so far have made it.
struct List {
    AccessList const* first = nullptr; // its declaration
    std::vector<Placed> entries;
    std::string remark;      // for the next entry
    std::vector<std::uint32_t> remark_sequences;
    bool incomplete = false; // some entries are errors of syntax
};

ListName name_of(AccessList const& list) { return {list.kind == AccessList::Kind::ipv6, list.name}; }

// The words of the line before the name: "match ip address", "snmp-server community" (not the community itself).
std::string what_uses(Mention const& mention) {
    bool const within = mention.word.data() >= mention.line.data() && mention.word.data() < mention.line.end();
    auto const before = static_cast<std::size_t>(mention.word.data() - mention.line.data());
    std::string text = single_blanks(within ? mention.line.substr(0, before) : mention.line);
    constexpr std::string_view community = "snmp-server community";
    return text.starts_with(community) ? std::string(community) : text;
}

void append_line(std::string& text, std::string_view line) {
    if (!text.empty()) text += '\n';
    text += line;
}

class Reader {
  public:
    Reader(Config const& config, Dialect dialect)
        : config_(config), dialect_(dialect), objects_(config, dialect, reading_.findings) {
        reading_.ruleset.dialect = dialect;
    }
    Reading run() &&;

  private:
    void take(AccessList const& statement);
    void take(Resequence const& statement);
    void take(AccessGroup const& statement);
    void take(Group const& statement) { objects_.define(statement); }
    void take(Alias const& statement) { objects_.define(statement); }
    void take(Interface const& statement) { objects_.define(statement); }
    void take(TimeRange const& statement) { objects_.define(statement); }
    void take(Terminal const&) {}       // folded into records of the device
    void take(ManagementLine const&) {} // likewise
    void take(Translation const&) {}    // likewise
    void take(VlanMapEntry const&) {}   // likewise
    void take(VlanFilter const&) {}     // likewise

    void edit(List& list, Entry const& entry);
    void remove(List& list, Entry const& entry);
    void place_by_line(List& list, Entry const& entry);
    void place_by_sequence(List& list, Entry const& entry);
    bool spend(std::size_t steps, Entry const& entry);

    bool applies_ipv6_lists() const;
    void lower(List const& list);
    void add_rules(Chain& chain, ListTraits const& traits, List const& list);
    void add_neighbour_discovery(Chain& chain) const;
    void bind();
    Chain* chain_of(bool ipv6, std::string_view name);
    Chain* list_to_apply(AccessGroup const& group, std::string_view name);
    Chain& missing_list(AccessGroup const& group, std::string_view name);
    void bind_common(AccessGroup const& group);
    void add_global_lists();
    void add_uses();
    void report_gaps();
    void report_unused();
    void report_misfits(AccessList const& list);
    void report_groups();

    Config const& config_;
    Dialect dialect_;
    Reading reading_;
    Objects objects_;
    std::vector<List> lists_; // in the order of the text; a removed one has no `first`
    std::map<ListName, std::size_t> list_index_;
    std::unordered_set<std::string_view> foreign_; // names of lists that are not of IP packets
    // What each interface has last been given, by direction, family and qualifier.
    std::map<std::tuple<std::string_view, bool, bool, std::string_view>, AccessGroup const*> applied_;
    ListIndex chain_index_;
    bool is_before_9_ = false; // an ASA whose lists are of one family
    std::map<ListName, AccessList const*> removed_; // by "no ip access-list …"
    std::size_t steps_ = 0;
};

// --- Commands ---

void Reader::take(AccessList const& statement) {
    if (statement.kind == AccessList::Kind::foreign) {
        foreign_.insert(statement.name);
        if (!statement.negated)
            reading_.ruleset.unmodelled.push_back({single_blanks(statement.text), config_.span_of(statement.text)});
        return;
    }
    ListName const name = name_of(statement);
    if (statement.negated) {
        if (statement.name.empty()) {
            lists_.clear();
            list_index_.clear();
            return;
        }
        removed_.insert_or_assign(name, &statement);
        if (auto const found = list_index_.find(name); found != list_index_.end()) {
            lists_[found->second].first = nullptr;
            list_index_.erase(found);
        }
        return;
    }
    auto const [found, is_new] = list_index_.emplace(name, lists_.size());
    if (is_new) lists_.emplace_back().first = &statement;
    List& list = lists_[found->second];
    list.incomplete = list.incomplete || statement.incomplete;
    report_misfits(statement);
    for (Entry const& entry : statement.entries) edit(list, entry);
}

void Reader::take(Resequence const& statement) {
    auto const found = list_index_.find({statement.ipv6, statement.name});
    if (found == list_index_.end()) return;
    std::uint64_t sequence = statement.start;
    for (Placed& placed : lists_[found->second].entries) {
        placed.sequence = sequence;
        placed.numbered = true;
        sequence += statement.step;
    }
}

// Of two groups for one place, the last one counts. ASAs before 9.0 have an IPv6 list beside the IPv4 list.
void Reader::take(AccessGroup const& statement) {
    std::string_view const name = statement.lists.front();
    if (foreign_.contains(name)) return;
    bool const ipv6 =
        statement.ipv6 || (list_index_.contains({true, name}) && !list_index_.contains({false, name}));
    std::tuple const key(statement.interface, statement.inbound, ipv6, statement.qualifier);
    if (statement.negated)
        applied_.erase(key);
    else
        applied_.insert_or_assign(key, &statement);
}

bool Reader::spend(std::size_t steps, Entry const& entry) {
    bool const first = steps_ <= edit_limit;
    steps_ += steps;
    if (steps_ <= edit_limit) return true;
    if (first)
        objects_.unsupported(entry.text, "long lists are edited in the middle too often; the rest is left out");
    return false;
}

void Reader::edit(List& list, Entry const& entry) {
    if (entry.negated) return remove(list, entry);
    if (dialect_ == Dialect::cisco_asa) return place_by_line(list, entry);
    if (entry.action == Entry::Action::remark) {
        if (entry.sequence) list.remark_sequences.push_back(*entry.sequence);
        return append_line(list.remark, entry.name);
    }
    place_by_sequence(list, entry);
}

void Reader::remove(List& list, Entry const& entry) {
    constexpr std::size_t comparison = 10; // in steps
    if (!spend(list.entries.size() * comparison, entry)) return;
    std::erase_if(list.entries, [&](Placed const& placed) {
        if (entry.action == Entry::Action::none) return entry.sequence && placed.sequence == *entry.sequence;
        return same_words(unnumbered(*placed.entry), unnumbered(entry));
    });
}

// ASA: "line 3" pushes the third line and all below it down; remarks count.
void Reader::place_by_line(List& list, Entry const& entry) {
    std::size_t const end = list.entries.size();
    std::size_t const at =
        entry.sequence && *entry.sequence > 0 ? std::min<std::size_t>(*entry.sequence - 1, end) : end;
    if (!spend(end - at, entry)) return;
    list.entries.insert(list.entries.begin() + static_cast<std::ptrdiff_t>(at), {0, &entry, {}, false});
}

// The others: entries are in the order of their numbers; one without a number comes last; of two with the same, the
// last one counts.
void Reader::place_by_sequence(List& list, Entry const& entry) {
    auto& entries = list.entries;
    std::uint64_t const last = entries.empty() ? 0 : entries.back().sequence;
    std::uint64_t const sequence = entry.sequence ? *entry.sequence : last + sequence_step;
    Placed placed{sequence, &entry, std::exchange(list.remark, {}), entry.sequence.has_value()};
    if (entries.empty() || sequence > last) {
        entries.push_back(std::move(placed));
        return;
    }
    auto const at = std::lower_bound(entries.begin(), entries.end(), sequence,
                                     [](Placed const& a, std::uint64_t b) { return a.sequence < b; });
    if (at->sequence == sequence) {
        if (!same_words(unnumbered(*at->entry), unnumbered(entry)))
            reading_.findings.add("PC411", config_.span_of(entry.text))
                .arg("number", std::to_string(sequence))
                .relate("the entry that has this number already", config_.span_of(at->entry->text));
        *at = std::move(placed);
    } else if (spend(static_cast<std::size_t>(entries.end() - at), entry))
        entries.insert(at, std::move(placed));
}

// --- Chains ---

// Lists of an ASA ask about both families since 9.0, and about IPv4 before, where an "ipv6 access-list" stood beside them.
bool Reader::applies_ipv6_lists() const {
    return std::ranges::any_of(applied_, [&](auto const& applied) {
        return std::ranges::any_of(applied.second->lists, [&](std::string_view name) {
            return list_index_.contains({true, name}) && !list_index_.contains({false, name});
        });
    });
}

void Reader::lower(List const& list) {
    AccessList const& declaration = *list.first;
    ListTraits traits;
    traits.dialect = dialect_;
    traits.v4 = declaration.kind != AccessList::Kind::ipv6;
    traits.v6 = declaration.kind == AccessList::Kind::ipv6 || (dialect_ == Dialect::cisco_asa && !is_before_9_);

    Chain chain;
    chain.name = declaration.name;
    chain.span = chain.policy_span = config_.span_of(declaration.text);
    chain.hook = Hook{HookPoint::list, ChainType::filter, 0, traits.v4, traits.v6, {}};
    // An applied list without entries lets everything through, except on an ASA (Catalyst 2960 guide; Nexus guide).
    bool const is_empty = list.entries.empty() && !list.incomplete && dialect_ != Dialect::cisco_asa;
    if (is_empty)
        chain.policy = Accept{};
    else
        chain.policy = Drop{};
    chain.standard = declaration.kind == AccessList::Kind::standard;
    chain.remark_sequences = list.remark_sequences;
    add_rules(chain, traits, list);
    if (!traits.v4 && !is_empty) add_neighbour_discovery(chain);
    chain_index_.emplace(name_of(declaration), static_cast<ChainId>(reading_.ruleset.chains.size()));
    reading_.ruleset.chains.push_back(std::move(chain));
}

void Reader::add_rules(Chain& chain, ListTraits const& traits, List const& list) {
    chain.rules.reserve(list.entries.size());
    std::uint32_t origin = 0;
    std::string remark;
    for (Placed const& placed : list.entries) {
        Entry const& entry = *placed.entry;
        if (entry.action == Entry::Action::remark) {
            append_line(remark, entry.name);
            continue;
        }
        std::string comment = std::exchange(remark, {});
        if (!placed.comment.empty()) append_line(comment, placed.comment);
        auto& rules = is_inactive(entry) ? chain.inactive : chain.rules;
        for (Rule& rule : rules_of(entry, traits, config_, objects_)) {
            rule.origin = origin;
            rule.comment = comment;
            if (placed.numbered) rule.sequence = static_cast<std::uint32_t>(placed.sequence);
            rules.push_back(std::move(rule));
        }
        ++origin;
    }
}

// Whether no packet comes to the end of the rules.
bool decides_all(Chain const& chain) {
    if (chain.rules.empty()) return false;
    Match const& last = chain.rules.back().match;
    return last.terms.empty() && last.alternatives.empty() && last.opaque.empty();
}

// "permit icmp any any nd-na", "nd-ns" stand before the implicit deny, and so have no effect after an explicit one
// (IOS command reference, deny (IPv6)). NX-OS has router discovery as well (Nexus 7000 security guide, IPv6 ACLs).
void Reader::add_neighbour_discovery(Chain& chain) const {
    if (decides_all(chain)) return;
    constexpr U128 router_solicitation = 133;
    constexpr U128 router_advertisement = 134;
    constexpr U128 neighbour_solicitation = 135;
    constexpr U128 neighbour_advertisement = 136;
    std::vector<U128> types{neighbour_advertisement, neighbour_solicitation};
    if (dialect_ == Dialect::cisco_nxos) types.insert(types.end(), {router_advertisement, router_solicitation});
    std::uint32_t origin = chain.rules.empty() ? 0 : chain.rules.back().origin + 1;
    for (U128 const type : types) {
        Rule rule;
        rule.match.terms = {{Field::protocol, ValueSet::single(number(Protocol::icmpv6)), chain.span},
                            {Field::icmp_type, ValueSet::single(type), chain.span}};
        rule.verdict = Accept{};
        rule.span = chain.span;
        rule.implicit = true;
        rule.origin = origin++;
        chain.rules.push_back(std::move(rule));
    }
}

// --- Bindings ---

Chain* Reader::chain_of(bool ipv6, std::string_view name) {
    auto const found = chain_index_.find({ipv6, name});
    return found == chain_index_.end() ? nullptr : &reading_.ruleset.chains[found->second];
}

// ASAs before 9.0 have an IPv6 list beside the IPv4 list.
Chain* Reader::list_to_apply(AccessGroup const& group, std::string_view name) {
    Chain* const chain = chain_of(group.ipv6, name);
    return chain || dialect_ != Dialect::cisco_asa ? chain : chain_of(true, name);
}

// An interface with a list that does not exist lets everything through (Catalyst 2960 guide); an ASA refuses the line.
Chain& Reader::missing_list(AccessGroup const& group, std::string_view name) {
    Chain chain;
    chain.name = name;
    chain.span = chain.policy_span = config_.span_of(name);
    chain.hook = Hook{HookPoint::list, ChainType::filter, 0, !group.ipv6, group.ipv6, {}};
    chain.policy = Accept{};
    chain.implicit = true;
    chain_index_.emplace(ListName{group.ipv6, name}, static_cast<ChainId>(reading_.ruleset.chains.size()));
    return reading_.ruleset.chains.emplace_back(std::move(chain));
}

// "common A B": what A does not decide is decided by B (IOS-XR IP addresses guide, "Common ACLs").
void Reader::bind_common(AccessGroup const& group) {
    Chain both;
    Span const span = config_.span_of(group.text);
    for (std::string_view const name : group.lists) {
        Chain* const list = list_to_apply(group, name);
        both.name += both.name.empty() ? name : fmt::format(" and {}", name); // not that of one alone, if the other is missing
        if (!list) {
            objects_.undefined(name, "access list", name);
            continue;
        }
        Rule rule;
        rule.verdict = Jump{static_cast<ChainId>(list - reading_.ruleset.chains.data()), false};
        rule.span = config_.span_of(name);
        rule.origin = static_cast<std::uint32_t>(both.rules.size());
        rule.implicit = true;
        both.rules.push_back(std::move(rule));
        list->uses.push_back({Use::Kind::selection, "common", span});
    }
    if (both.rules.empty()) return;
    both.hook = Hook{HookPoint::list, ChainType::filter, 0, !group.ipv6, group.ipv6, {}};
    both.policy = Drop{};
    both.span = both.policy_span = span;
    both.bindings.push_back({std::string(group.interface), group.inbound, span});
    reading_.ruleset.chains.push_back(std::move(both));
}

void Reader::bind() {
    std::vector<AccessGroup const*> groups;
    for (auto const& [key, group] : applied_) groups.push_back(group);
    std::sort(groups.begin(), groups.end(),
              [](AccessGroup const* a, AccessGroup const* b) { return a->text.data() < b->text.data(); });
    for (AccessGroup const* group : groups) {
        if (group->lists.size() > 1) {
            bind_common(*group);
            continue;
        }
        std::string_view const name = group->lists.front();
        Chain* chain = list_to_apply(*group, name);
        if (!chain && dialect_ == Dialect::cisco_asa) {
            objects_.undefined(name, "access list", name);
            continue;
        }
        if (!chain) chain = &missing_list(*group, name);
        Span const span = config_.span_of(group->text);
        if (is(group->qualifier, "control-plane")) // of what is for the box itself (ASA)
            chain->uses.push_back({Use::Kind::management, "control-plane of " + std::string(group->interface), span});
        else
            chain->bindings.push_back({std::string(group->interface), group->inbound, span, dialect_ == Dialect::cisco_asa && group->interface == "global"});
    }
}

// What the list of an ASA's interface does not decide, the global list does, and only then comes the implicit deny
// (ASA CLI guide, "Implicit deny"). Interfaces without a list have the global one alone.
void Reader::add_global_lists() {
    auto& chains = reading_.ruleset.chains;
    auto const global = [](Chain const& chain) { return std::ranges::find_if(chain.bindings, &Binding::by_global); };
    auto const is_global = [&](Chain const& chain) { return global(chain) != chain.bindings.end(); };
    if (std::ranges::none_of(chains, is_global)) return;
    std::vector<std::string> const zones = zones_that_pass_packets(config_, reading_.ruleset);
    for (ChainId id = 0; id < chains.size(); ++id) {
        if (!is_global(chains[id])) continue;
        Span const span = global(chains[id])->span;
        Hook const hook = *chains[id].hook;
        std::vector<std::string> others;
        for (std::string const& zone : zones)
            if (!has_inbound_list(reading_.ruleset, zone, hook)) others.push_back(zone);
        for (Chain& chain : chains) {
            bool const inbound = std::ranges::any_of(chain.bindings, &Binding::inbound);
            if (!inbound || is_global(chain) || decides_all(chain) || !share_family(*chain.hook, hook)) continue;
            Rule rule;
            rule.verdict = Jump{id, true};
            rule.span = span;
            rule.origin = chain.rules.empty() ? 0 : chain.rules.back().origin + 1;
            rule.implicit = true;
            chain.rules.push_back(std::move(rule));
        }
        if (!others.empty()) std::erase_if(chains[id].bindings, &Binding::by_global);
        for (std::string const& zone : others) chains[id].bindings.push_back({zone, true, span, true});
    }
}

// Whoever else asks a list. One that has only such uses filters nothing that passes.
void Reader::add_uses() {
    for (Mention const& mention : config_.mentions) {
        for (bool const ipv6 : {false, true}) {
            Chain* const chain = chain_of(ipv6, mention.word);
            if (!chain) continue;
            auto const kind = mention.management ? Use::Kind::management : Use::Kind::selection;
            chain->uses.push_back({kind, what_uses(mention), config_.span_of(mention.line)});
        }
    }
    for (Chain& chain : reading_.ruleset.chains) chain.filters = !chain.bindings.empty() || chain.uses.empty();
}

// An interface whose list is missing lets everything through (Catalyst 2960 guide): so it is from the removal of an
// applied list until its first entry is back. Lines without interfaces are for a device that has them. An ASA takes the
// list off the interface as well.
void Reader::report_gaps() {
    if (dialect_ == Dialect::cisco_asa) return;
    for (auto const& [name, removal] : removed_) {
        auto const again = chain_index_.find(name);
        if (again == chain_index_.end()) continue;
        if (config_.has_interfaces && reading_.ruleset.chains[again->second].bindings.empty()) continue;
        reading_.findings.add("PC435", config_.span_of(removal->text))
            .arg("what", "access list '" + std::string(name.second) +
                             "' is removed and built again: until then an interface that has it lets everything pass");
    }
}

void Reader::report_unused() {
    for (Chain const& chain : reading_.ruleset.chains) {
        if (chain.hook && chain.bindings.empty() && chain.uses.empty())
            reading_.findings.add("PC403", chain.span).arg("name", chain.name);
    }
}

void Reader::report_misfits(AccessList const& list) {
    bool const standard = list.kind == AccessList::Kind::standard;
    std::string const name(list.name);
    for (std::string_view const place : list.misfits) {
        std::string what;
        if (place == list.name)
            what = name + " is no number of " + (standard ? "a standard" : "an extended") + " list";
        else if (standard)
            what = "list '" + name + "' is a standard one, which knows sources alone";
        else
            what = "list '" + name + "' is an extended one, whose entries have a protocol and two addresses";
        reading_.findings.add("PC430", config_.span_of(place)).arg("error", std::move(what));
    }
}

// Lines that are not read here may name groups too. Without any list or translation the text is an excerpt, of which
// nobody knows what uses its groups.
void Reader::report_groups() {
    auto const translates = [](Statement const& one) { return std::holds_alternative<Translation>(one); };
    bool const is_excerpt = reading_.ruleset.chains.empty() &&
                            std::none_of(config_.statements.begin(), config_.statements.end(), translates);
    std::unordered_set<std::string_view> named;
    auto const add_words = [&](std::string_view line) {
        for (Words words(line); !words.done();) named.insert(words.next());
    };
    for (std::string_view const line : config_.others) add_words(line);
    for (Statement const& statement : config_.statements) {
        auto const* nat = std::get_if<Translation>(&statement);
        if (!nat) continue;
        add_words(nat->text);
        named.insert(nat->real.name); // of the object that a translation stands in
    }
    objects_.report_groups([&](std::string_view name) { return is_excerpt || named.contains(name); });
}

Reading Reader::run() && {
    for (SyntaxError const& error : config_.errors)
        reading_.findings.add("PC001", error.span).arg("error", to_string(error));
    for (Statement const& statement : config_.statements)
        std::visit([&](auto const& one) { take(one); }, statement);

    is_before_9_ = dialect_ == Dialect::cisco_asa && applies_ipv6_lists();
    for (List const& list : lists_)
        if (list.first) lower(list);
    bind();
    add_vlan_maps(config_, objects_, chain_index_, reading_.ruleset);
    add_uses();
    report_gaps();
    report_unused();
    add_interfaces(config_, reading_.ruleset);
    add_global_lists();
    add_management(config_, reading_.ruleset);
    add_security_levels(config_, reading_.ruleset);
    add_translations(config_, dialect_, objects_, reading_.ruleset);
    report_groups();
    reading_.ruleset.groups = objects_.address_groups();
    reading_.ruleset.has_interfaces = config_.has_interfaces;
    return std::move(reading_);
}

} // namespace
} // namespace cisco

Reading read_cisco(Sources const& sources, SourceId source, Dialect dialect) {
    auto const config = cisco::parse(sources[source].text(), source, cisco::platform_of(dialect));
    return cisco::Reader(config, dialect).run();
}

} // namespace portcullis
