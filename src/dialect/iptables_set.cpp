#include "dialect/iptables_set.hpp"

#include <algorithm>

#include "dialect/iptables_rule.hpp"

namespace portcullis::iptables {

namespace {

constexpr std::size_t most_flags = 6; // IPSET_DIM_MAX

bool is_match(Option const& option) { return option.info->name == "match-set" || option.info->name == "set"; }
bool changes(Option const& option) { return option.info->name == "add-set" || option.info->name == "del-set"; }
bool names_set(Option const& option) {
    return is_match(option) || changes(option) || option.info->name == "map-set";
}

// "allowed src,dst" in two.
std::pair<std::string, std::string> set_and_flags(Option const& option) {
    std::string_view const raw = std::get<Word>(option.value).raw;
    std::size_t const blank = std::min(raw.find_first_of(" \t"), raw.size());
    std::size_t const flags = std::min(raw.find_first_not_of(" \t", blank), raw.size());
    return {Word{raw.substr(0, blank)}.plain(), Word{raw.substr(flags)}.plain()};
}

// "src,dst" as booleans; nothing for anything else.
std::optional<std::vector<bool>> read_flags(std::string_view text) {
    std::vector<bool> from_source;
    while (true) {
        std::size_t const comma = text.find(',');
        std::string_view const flag = text.substr(0, comma);
        if (flag != "src" && flag != "dst") return std::nullopt;
        from_source.push_back(flag == "src");
        if (comma == std::string_view::npos) return from_source;
        text.remove_prefix(comma + 1);
    }
}

std::string quote(std::string_view text) { return '\'' + std::string(text) + '\''; }

// The union of the rows as parts of a match, or of its negation. Rows over one field are one set of values.
void add(Match& match, std::vector<IpsetRow> rows, bool negated, Span span) {
    std::vector<Field> fields;
    for (IpsetRow const& row : rows)
        for (auto const& [field, values] : row)
            if (std::ranges::find(fields, field) == fields.end()) fields.push_back(field);
    bool const plain = fields.size() == 1 && std::ranges::all_of(rows, [](IpsetRow const& row) {
                           return row.size() == 1 && row.front().second.masks.empty();
                       });
    if (plain && rows.size() > 1) {
        std::vector<Interval> all;
        for (IpsetRow const& row : rows)
            std::ranges::copy(row.front().second.intervals.intervals(), std::back_inserter(all));
        rows = {{{fields.front(), ValueSet(IntervalSet::of(std::move(all)))}}};
    }
    if (rows.empty()) {
        if (!negated) match.terms.push_back({Field::family, ValueSet{}, span});
        return;
    }
    if (rows.size() == 1 && (!negated || fields.size() == 1)) {
        for (auto& [field, values] : rows.front())
            match.terms.push_back({field, negated ? values.complement() : std::move(values), span});
        return;
    }
    Alternatives either{fields, {}, negated, span};
    for (IpsetRow& row : rows) {
        std::vector<ValueSet> cells;
        for (Field const field : fields) {
            auto const cell = std::ranges::find(row, field, &std::pair<Field, ValueSet>::first);
            cells.push_back(cell == row.end() ? ValueSet(IntervalSet::all(info(field).bits))
                                              : std::move(cell->second));
        }
        either.rows.push_back(std::move(cells));
    }
    match.alternatives.push_back(std::move(either));
}

} // namespace

SetUse use_of_sets(File const& file, Ipsets const* sets) {
    SetUse use{sets, {}, {}, {}};
    note_sets(file, use);
    follow_lists(use);
    return use;
}

void note_sets(File const& file, SetUse& use) {
    for (Option const& option : file.options) {
        if (!names_set(option) || !std::holds_alternative<Word>(option.value)) continue;
        std::string const name = set_and_flags(option).first;
        use.named.insert(name);
        if (changes(option)) use.changed.insert(name);
    }
}

void follow_lists(SetUse& use) {
    if (use.sets == nullptr) return;
    // What is done to a list is done to the sets in it.
    for (auto const& [name, set] : *use.sets) {
        for (std::string const& member : set.members) {
            if (use.named.contains(name)) use.named.insert(member);
            if (use.changed.contains(name)) use.changed.insert(member);
        }
    }
    for (auto const& [name, set] : *use.sets) {
        if (std::ranges::any_of(set.members,
                                [&](std::string const& member) { return use.changed.contains(member); }))
            use.changed.insert(name);
    }
}

std::vector<AddressGroup> address_groups(SetUse const& use, Family family) {
    std::vector<AddressGroup> groups;
    for (auto const& [name_and_flags, members] : use.members) {
        std::string const& name = name_and_flags.first;
        if (!members.known || members.stateful || members.rows.size() != 1 || members.rows.front().size() != 1) continue;
        auto const& [field, values] = members.rows.front().front();
        if (field != src_field(family) && field != dst_field(family)) continue;
        // Once, whether it was asked for sources or for destinations.
        if (!groups.empty() && groups.back().name == name) continue;
        AddressGroup group{name, {}, {}, true, use.sets->find(name)->second.span};
        (family == Family::v4 ? group.v4 : group.v6) = values;
        groups.push_back(std::move(group));
    }
    return groups;
}

void report_unused_sets(SetUse const& use, Family family, Findings& findings) {
    if (use.sets == nullptr) return;
    for (auto const& [name, set] : *use.sets) {
        bool const of_other_family = set.type->has_family && set.family != family;
        if (of_other_family || use.named.contains(name)) continue;
        std::string const kind = !set.type->has_family ? "set" : family == Family::v4 ? "IPv4 set" : "IPv6 set";
        report(findings, "PC404", set.span, {{"kind", kind}, {"name", name}});
    }
}

SetMeaning meaning_of_set(std::span<Option const> options, std::size_t instance, RuleContext const& context) {
    SetMeaning meaning;
    if (context.sets == nullptr) return meaning;
    SetUse& use = *context.sets;
    auto const refuse = [&](Span span, std::string text) {
        report(context.findings, "PC001", span, {{"error", std::move(text)}});
        meaning.refused = true;
        return meaning;
    };
    bool only_membership = true;
    Option const* match = nullptr;
    for (Option const& option : options) {
        if (option.instance != instance) continue;
        if (is_match(option))
            match = &option;
        else
            only_membership = false; // counters, or what is no match at all
    }
    if (match == nullptr) return meaning;
    auto const [name, flag_text] = set_and_flags(*match);
    meaning.stateful = use.changed.contains(name);
    auto const flags = read_flags(flag_text);
    if (!flags) return refuse(match->span, "expected src or dst, separated by commas, not " + quote(flag_text));
    if (flags->size() > most_flags) return refuse(match->span, "a set has at most 6 flags of src and dst");
    if (use.sets == nullptr) return meaning;
    auto const found = use.sets->find(name);
    if (found == use.sets->end()) {
        report(context.findings, "PC401", match->span, {{"kind", "set"}, {"name", name}});
        return meaning;
    }
    Ipset const& set = found->second;
    // libxt_set.h refuses it; a list has no family, and its sets of the other one have no packet.
    if (set.type->has_family && set.family != context.family)
        return refuse(match->span, "the set " + quote(name) + " is of " +
                                       (set.family == Family::v4 ? "IPv4" : "IPv6") + ", the rule is not");
    auto [at, is_new] = use.members.try_emplace({name, flag_text});
    if (is_new) at->second = members(set, *use.sets, *flags, context.family);
    meaning.stateful = meaning.stateful || at->second.stateful;
    meaning.known = at->second.known && only_membership && !meaning.stateful;
    if (meaning.known) add(meaning.match, at->second.rows, match->negated, match->span);
    return meaning;
}

} // namespace portcullis::iptables
