// An entry's match is built from three parts: the addresses of each family, the service as rows of fields, and
// options. What fragments make of it is decided on the rows, where it is known what looks at the transport header.
#include "dialect/cisco_entry.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

#include "grammars/cisco/words.hpp"

namespace portcullis::cisco {
namespace {

struct Named {
    std::string_view name;
    U128 value;
};
template <std::size_t N> std::optional<U128> look_up(std::array<Named, N> const& table, std::string_view word) {
    auto const found =
        std::find_if(table.begin(), table.end(), [&](Named const& row) { return is(word, row.name); });
    return found == table.end() ? std::nullopt : std::optional(found->value);
}

// RFC 2474, 2597 and 3246.
constexpr std::array<Named, 21> dscp_names{
    {{"default", 0}, {"cs1", 8},   {"af11", 10}, {"af12", 12}, {"af13", 14}, {"cs2", 16},  {"af21", 18},
     {"af22", 20},   {"af23", 22}, {"cs3", 24},  {"af31", 26}, {"af32", 28}, {"af33", 30}, {"cs4", 32},
     {"af41", 34},   {"af42", 36}, {"af43", 38}, {"cs5", 40},  {"ef", 46},   {"cs6", 48},  {"cs7", 56}}};
// RFC 791; the first three bits of what is now the DSCP.
constexpr std::array<Named, 8> precedence_names{{{"routine", 0},
                                                 {"priority", 1},
                                                 {"immediate", 2},
                                                 {"flash", 3},
                                                 {"flash-override", 4},
                                                 {"critical", 5},
                                                 {"internet", 6},
                                                 {"network", 7}}};
// RFC 1349: the four bits behind the precedence.
constexpr std::array<Named, 5> tos_names{{{"normal", 0},
                                          {"min-monetary-cost", 1},
                                          {"max-reliability", 2},
                                          {"max-throughput", 4},
                                          {"min-delay", 8}}};
constexpr std::array<Named, 7> header_names{{{"hop-by-hop", extension_header::hbh},
                                             {"hbh", extension_header::hbh},
                                             {"destopts", extension_header::dst},
                                             {"dest-option", extension_header::dst},
                                             {"routing", extension_header::rt},
                                             {"auth", extension_header::ah},
                                             {"authen", extension_header::ah}}};
constexpr std::array<Named, 6> flag_names{{{"fin", tcp_flag::fin},
                                           {"syn", tcp_flag::syn},
                                           {"rst", tcp_flag::rst},
                                           {"psh", tcp_flag::psh},
                                           {"ack", tcp_flag::ack},
                                           {"urg", tcp_flag::urg}}};

std::optional<U128> dscp(std::string_view word) { return look_up(dscp_names, word); }
std::optional<U128> precedence(std::string_view word) { return look_up(precedence_names, word); }
std::optional<U128> tos(std::string_view word) { return look_up(tos_names, word); }
std::optional<U128> no_name(std::string_view) { return std::nullopt; }

// "precedence 5" is DSCP 40 to 47.
ValueSet as_dscp(ValueSet const& precedences) {
    std::vector<Interval> values;
    for (Interval const& one : precedences.intervals.intervals())
        values.push_back({one.first * 8, one.last * 8 + 7});
    return IntervalSet::of(std::move(values));
}

// --- One entry ---

class Lowering {
  public:
    Lowering(Entry const& entry, ListTraits const& list, Config const& config, Objects& objects)
        : entry_(entry), list_(list), config_(config), objects_(objects) {}
    std::vector<Rule> run() &&;

  private:
    // One of the ways that an address can match: known sets, or something that only the device knows.
    struct Side {
        ValueSet v4;
        ValueSet v6;
        std::string opaque;
    };

    bool read_options();
    bool read_option(Option const& option);
    bool read_flags();
    bool read_tos(Option const& option);
    bool read_value(Option const& option, Field field, U128 most, Objects::Named named);
    void add_schedule(Option const& option);
    void add_opaque(std::string text, std::string_view place, bool stateful);
    std::optional<std::vector<Side>> sides(Address const& address, std::string_view which);
    bool add_addresses(Match& match, Side& source, Side& destination) const;
    void add_service(Match& match, std::vector<Row> rows) const;
    std::vector<Row> for_fragments(std::vector<Row> rows) const;
    Rule rule_of(Side source, Side destination, std::vector<Row> rows, bool with_segment) const;
    Span span_of_field(Field field) const;

    Entry const& entry_;
    ListTraits list_;
    Config const& config_;
    Objects& objects_;
    Match common_;                // of all rules of the entry
    std::vector<Opaque> segment_; // conditions on the transport header, which later fragments do not have
    Effects effects_;
    std::optional<ValueSet> flags_;
    std::string_view flags_text_;
    bool only_fragments_ = false;
};

void Lowering::add_opaque(std::string text, std::string_view place, bool stateful) {
    common_.opaque.push_back({std::move(text), stateful, false, config_.span_of(place)});
}

// --- Options ---

void Lowering::add_schedule(Option const& option) {
    add_opaque(single_blanks(option.text), option.text, true);
    std::string_view const name = option.argument.values.front();
    if (TimeRange const* range = objects_.time_range(name))
        common_.opaque.back().until = range->end;
    else if (config_.has_interfaces) // else it may be defined where the rest of the configuration is
        objects_.undefined(name, "time-range", name);
}

bool Lowering::read_value(Option const& option, Field field, U128 most, Objects::Named named) {
    auto set = objects_.numbers(option.argument, most, named);
    if (!set) return false;
    common_.terms.push_back({field, std::move(*set), config_.span_of(option.text)});
    return true;
}

bool Lowering::read_option(Option const& option) {
    switch (option.kind) {
    case Option::Kind::established:
    case Option::Kind::flag:
    case Option::Kind::match_all:
    case Option::Kind::match_any: return true; // together, in read_flags
    case Option::Kind::fragments: only_fragments_ = true; return true;
    case Option::Kind::dscp: return read_value(option, Field::dscp, 63, dscp);
    case Option::Kind::precedence: {
        auto const set = objects_.numbers(option.argument, 7, precedence);
        if (set) common_.terms.push_back({Field::dscp, as_dscp(*set), config_.span_of(option.text)});
        return set.has_value();
    }
    case Option::Kind::tos: return read_tos(option);
    case Option::Kind::header: {
        U128 const bit = *look_up(header_names, option.text);
        common_.terms.push_back({Field::exthdr, ValueSet::masked(bit, bit), config_.span_of(option.text)});
        return true;
    }
    case Option::Kind::routing_type:
        common_.terms.push_back({Field::exthdr, ValueSet::masked(extension_header::rt, extension_header::rt),
                                 config_.span_of(option.text)});
        return read_value(option, Field::rt_type, 255, no_name);
    case Option::Kind::ttl: return read_value(option, Field::ttl, 255, no_name);
    case Option::Kind::length: return read_value(option, Field::length, 65535, no_name);
    case Option::Kind::packet: add_opaque(single_blanks(option.text), option.text, false); return true;
    case Option::Kind::segment:
        segment_.push_back({single_blanks(option.text), false, false, config_.span_of(option.text)});
        return true;
    case Option::Kind::schedule: add_schedule(option); return true;
    case Option::Kind::log: effects_.log = option.text.find("disable") == std::string_view::npos; return true;
    case Option::Kind::effect: effects_.sets.push_back(single_blanks(option.text)); return true;
    case Option::Kind::inactive:
    case Option::Kind::annotation: return true;
    }
    return true;
}

// Three of the bits are the last of what is now the DSCP, the fourth is the first of the ECN field.
bool Lowering::read_tos(Option const& option) {
    constexpr U128 most = 15;
    auto const set = objects_.numbers(option.argument, most, tos);
    if (!set) return false;
    Span const span = config_.span_of(option.text);
    auto const three = [](U128 value) { return ValueSet::masked(value >> 1U, 7); };
    auto const fourth = [](U128 value) { return (value & 1U) != 0 ? ValueSet::range(2, 3) : ValueSet::range(0, 1); };
    if (auto const only = set->intervals.only()) {
        common_.terms.push_back({Field::dscp, three(*only), span});
        common_.terms.push_back({Field::ecn, fourth(*only), span});
        return true;
    }
    Alternatives relation{{Field::dscp, Field::ecn}, {}, false, span};
    for (U128 value = 0; value <= most; ++value)
        if (set->contains(value)) relation.rows.push_back({three(value), fourth(value)});
    common_.alternatives.push_back(std::move(relation));
    return true;
}

// "established" is ACK or RST. Several flag words: any of them on IOS (before match-any existed, and still), all on
// NX-OS.
bool Lowering::read_flags() {
    std::vector<Masked> any;
    U128 all = 0;
    for (Option const& option : entry_.options) {
        if (option.kind == Option::Kind::established) {
            any.push_back({tcp_flag::ack, tcp_flag::ack});
            any.push_back({tcp_flag::rst, tcp_flag::rst});
        } else if (option.kind == Option::Kind::flag) {
            U128 const bit = *look_up(flag_names, option.text);
            if (list_.dialect == Dialect::cisco_nxos)
                all |= bit;
            else
                any.push_back({bit, bit});
        } else if (option.kind == Option::Kind::match_all || option.kind == Option::Kind::match_any) {
            Masked both;
            for (std::string_view const word : option.argument.values) {
                auto const bit = look_up(flag_names, word.substr(1));
                if (!bit) {
                    objects_.error(word, "expected a TCP flag, found '" + std::string(word) + "'");
                    return false;
                }
                U128 const value = word.front() == '+' ? *bit : 0;
                if (option.kind == Option::Kind::match_any) any.push_back({value, *bit});
                both.value |= value;
                both.mask |= *bit;
            }
            if (option.kind == Option::Kind::match_all) any.push_back(both);
        } else {
            continue;
        }
        if (flags_text_.empty()) flags_text_ = option.text;
    }
    if (flags_text_.empty()) return true;
    if (all != 0 && any.empty())
        any.push_back({all, all});
    else if (all != 0)
        for (Masked& masked : any) masked = {masked.value | all, masked.mask | all};
    flags_.emplace();
    flags_->masks = std::move(any);
    return true;
}

bool Lowering::read_options() {
    bool const good = std::all_of(entry_.options.begin(), entry_.options.end(),
                                  [&](Option const& option) { return read_option(option); });
    return good && read_flags();
}

// --- Addresses ---

std::optional<std::vector<Lowering::Side>> Lowering::sides(Address const& address, std::string_view which) {
    auto known = objects_.addresses(address, list_.wildcards());
    if (!known) return std::nullopt;
    bool const literal = address.kind == Address::Kind::host || address.kind == Address::Kind::masked ||
                         address.kind == Address::Kind::prefix;
    if (literal && ((!list_.v6 && known->v4 == ValueSet()) || (!list_.v4 && known->v6 == ValueSet()))) {
        objects_.error(address.text,
                       list_.v4 ? "an IPv6 address in a list of IPv4" : "an IPv4 address in a list of IPv6");
        return std::nullopt;
    }
    if (!address.identity.empty())
        add_opaque(std::string(which) + ' ' + single_blanks(address.identity), address.identity, false);
    std::vector<Side> result;
    if (known->opaque.empty() || known->v4 != ValueSet() || known->v6 != ValueSet())
        result.push_back({std::move(known->v4), std::move(known->v6), {}});
    for (std::string const& text : known->opaque)
        result.push_back({IntervalSet::all(32), IntervalSet::all(128), std::string(which) + ' ' + text});
    return result;
}

// Both addresses of one family; of either family where the sets of both have members in both.
bool Lowering::add_addresses(Match& match, Side& source, Side& destination) const {
    struct Of {
        Family family;
        ValueSet& source;
        ValueSet& destination;
        bool possible;
    };
    auto const none = [](ValueSet const& set) { return set.intervals.empty() && set.masks.empty(); };
    std::array<Of, 2> const families{
        {{Family::v4, source.v4, destination.v4, list_.v4 && !none(source.v4) && !none(destination.v4)},
         {Family::v6, source.v6, destination.v6, list_.v6 && !none(source.v6) && !none(destination.v6)}}};
    auto const is_any = [](ValueSet const& set, Family family) {
        return set.masks.empty() && set.intervals.is_all(address_bits(family));
    };
    Span const source_span = config_.span_of(entry_.source.text);
    Span const destination_span =
        config_.span_of(entry_.destination.text.empty() ? entry_.source.text : entry_.destination.text);

    if (families[0].possible && families[1].possible) {
        Alternatives relation{{Field::family}, {}, false, source_span};
        for (Of const& of : families) {
            if (!is_any(of.source, of.family)) relation.fields.push_back(src_field(of.family));
            if (!is_any(of.destination, of.family)) relation.fields.push_back(dst_field(of.family));
        }
        if (relation.fields.size() == 1) return true;
        for (Of const& of : families) {
            std::vector<ValueSet> row;
            for (Field const field : relation.fields) {
                if (field == Field::family)
                    row.push_back(ValueSet::single(family_value(of.family)));
                else if (field == src_field(of.family))
                    row.push_back(of.source);
                else if (field == dst_field(of.family))
                    row.push_back(of.destination);
                else
                    row.emplace_back(IntervalSet::all(info(field).bits));
            }
            relation.rows.push_back(std::move(row));
        }
        match.alternatives.push_back(std::move(relation));
        return true;
    }
    if (!families[0].possible && !families[1].possible) return false;
    Of const& of = families[0].possible ? families[0] : families[1];
    if (list_.v4 && list_.v6)
        match.terms.push_back(
            {Field::family, ValueSet::single(family_value(of.family)), source_span});
    if (!is_any(of.source, of.family))
        match.terms.push_back({src_field(of.family), std::move(of.source), source_span});
    if (!is_any(of.destination, of.family))
        match.terms.push_back({dst_field(of.family), std::move(of.destination), destination_span});
    return true;
}

// --- Services ---

// Rows next to each other that differ in one field are one: "tcp eq 80" and "tcp eq 443", "tcp eq 53" and "udp eq
// 53".
std::vector<Row> joined(std::vector<Row> rows) {
    if (rows.size() <= 1) return rows;
    std::vector<Row> result;
    for (Row& row : rows) {
        if (!result.empty() && result.back().size() == row.size()) {
            Row& last = result.back();
            std::size_t differences = 0;
            std::size_t where = 0;
            bool same_fields = true;
            for (std::size_t i = 0; i < row.size(); ++i) {
                same_fields = same_fields && row[i].field == last[i].field;
                if (row[i].values != last[i].values) ++differences, where = i;
            }
            if (same_fields && differences == 0) continue;
            if (same_fields && differences == 1 && row[where].values.masks.empty() &&
                last[where].values.masks.empty()) {
                last[where].values = last[where].values.intervals.united(row[where].values.intervals);
                continue;
            }
        }
        result.push_back(std::move(row));
    }
    return result;
}

bool looks_at_segment(Row const& row) {
    return std::any_of(row.begin(), row.end(), [](Cell const& cell) { return cell.field != Field::protocol; });
}

// A later fragment has no transport header: what an entry says of it, a permit takes for granted and a deny does
// not (IOS IP Configuration Guide, "Access Lists and Fragments").
std::vector<Row> Lowering::for_fragments(std::vector<Row> rows) const {
    if (!list_.sees_fragments() || only_fragments_) return rows;
    std::vector<Row> result;
    std::vector<ValueSet> permitted; // protocols whose later fragments have a row
    for (Row& row : rows) {
        if (!looks_at_segment(row)) {
            result.push_back(std::move(row));
            continue;
        }
        ValueSet const protocol = *find(row, Field::protocol); // ports and messages always have one
        constrain(row, Field::fragment, ValueSet::single(0));
        result.push_back(std::move(row));
        if (entry_.action != Entry::Action::permit ||
            std::find(permitted.begin(), permitted.end(), protocol) != permitted.end())
            continue;
        result.push_back({{Field::protocol, protocol}, {Field::fragment, ValueSet::single(1)}});
        permitted.push_back(protocol);
    }
    return result;
}

Span Lowering::span_of_field(Field field) const {
    Service const& service = entry_.service;
    std::string_view text = service.text;
    if (field == Field::sport && service.source) text = service.source.text;
    if (field == Field::dport && service.destination) text = service.destination.text;
    if ((field == Field::icmp_type || field == Field::icmp_code) && !service.message.empty())
        text = {service.message.front().data(),
                static_cast<std::size_t>(service.message.back().end() - service.message.front().begin())};
    if (field == Field::tcp_flags) text = flags_text_;
    return config_.span_of(text.empty() ? entry_.body : text);
}

// What all rows have in common as terms, the rest as alternatives.
void Lowering::add_service(Match& match, std::vector<Row> rows) const {
    if (rows.empty()) { // an empty group: nothing
        match.terms.push_back({Field::protocol, ValueSet(), span_of_field(Field::protocol)});
        return;
    }
    if (rows.size() == 1) {
        for (Cell& cell : rows.front())
            match.terms.push_back({cell.field, std::move(cell.values), span_of_field(cell.field)});
        return;
    }
    std::array<bool, field_count> constrained{};
    for (Row const& row : rows)
        for (Cell const& cell : row) constrained[static_cast<std::size_t>(cell.field)] = true;
    Alternatives relation;
    for (FieldInfo const& field : fields()) {
        if (!constrained[static_cast<std::size_t>(field.field)]) continue;
        ValueSet const* const first = find(rows.front(), field.field);
        bool const shared = std::all_of(rows.begin(), rows.end(), [&](Row const& row) {
            ValueSet const* const values = find(row, field.field);
            return first && values && *values == *first;
        });
        if (shared)
            match.terms.push_back({field.field, *first, span_of_field(field.field)});
        else
            relation.fields.push_back(field.field);
    }
    if (relation.fields.empty()) return;
    for (Row const& row : rows) {
        std::vector<ValueSet> cells;
        for (Field const field : relation.fields) {
            ValueSet const* const values = find(row, field);
            cells.push_back(values ? *values : ValueSet(IntervalSet::all(info(field).bits)));
        }
        relation.rows.push_back(std::move(cells));
    }
    relation.span = span_of_field(relation.fields.back());
    match.alternatives.push_back(std::move(relation));
}

// --- Rules ---

Rule Lowering::rule_of(Side source, Side destination, std::vector<Row> rows, bool with_segment) const {
    Rule rule;
    rule.match.terms.reserve(5);
    if (!add_addresses(rule.match, source, destination)) { // no packet can be from the one and to the other
        Field const field = list_.v4 ? Field::src4 : Field::src6;
        rule.match.terms.push_back({field, ValueSet(), config_.span_of(entry_.source.text)});
    }
    add_service(rule.match, std::move(rows));
    rule.match.terms.insert(rule.match.terms.end(), common_.terms.begin(), common_.terms.end());
    rule.match.alternatives.insert(rule.match.alternatives.end(), common_.alternatives.begin(),
                                   common_.alternatives.end());
    for (Side const* side : {&source, &destination}) {
        std::string_view const text = side == &source ? entry_.source.text : entry_.destination.text;
        if (!side->opaque.empty()) rule.match.opaque.push_back({side->opaque, false, false, config_.span_of(text)});
    }
    rule.match.opaque.insert(rule.match.opaque.end(), common_.opaque.begin(), common_.opaque.end());
    if (with_segment) rule.match.opaque.insert(rule.match.opaque.end(), segment_.begin(), segment_.end());
    if (entry_.action == Entry::Action::deny)
        rule.verdict = Drop{};
    else
        rule.verdict = Accept{};
    rule.effects = effects_;
    rule.span = config_.span_of(entry_.text);
    return rule;
}

std::vector<Rule> Lowering::run() && {
    if (entry_.action == Entry::Action::evaluate) {
        add_opaque("evaluate " + std::string(entry_.name), entry_.name, true);
        Rule rule;
        rule.match = common_;
        rule.verdict = Accept{};
        rule.span = config_.span_of(entry_.text);
        return {std::move(rule)};
    }
    if (!entry_.dynamic.empty()) add_opaque("dynamic " + std::string(entry_.dynamic), entry_.dynamic, true);
    if (!read_options()) return {};

    Service service = entry_.service;
    bool const igmp = !service.message.empty() && (is(service.name, "igmp") || service.name == "2");
    if (igmp) {
        segment_.push_back({"igmp type " + single_blanks(service.message.front()), false, false,
                            config_.span_of(service.message.front())});
        service.message.clear();
    }
    Address destination = entry_.destination;
    // "SOURCE object-group A object-group B" is an address and its ports, or the source's ports and an address.
    if (destination.kind == Address::Kind::group && service.destination.kind == Comparison::Kind::group &&
        objects_.holds_services(destination.name)) {
        service.source.kind = Comparison::Kind::group;
        service.source.values = {std::exchange(destination.name, service.destination.values.front())};
        service.source.text = std::exchange(destination.text, service.destination.text);
        service.destination = {};
    }
    std::vector<Unknown> unknown;
    auto rows = objects_.services(service, list_.ipv6(), unknown);
    for (Unknown const& condition : unknown)
        segment_.push_back({condition.text, false, false, config_.span_of(condition.place)});
    auto sources = sides(entry_.source, "source");
    auto destinations = sides(destination, "destination");
    if (!rows || !sources || !destinations) return {};
    constexpr std::size_t most_rules = 1024; // of one entry: combinations of addresses that nobody knows
    if (sources->size() * destinations->size() > most_rules) {
        objects_.unsupported(entry_.text, "too many domain names on both sides");
        return {};
    }

    for (Row& row : *rows) {
        if (flags_) {
            ValueSet const* protocol = find(row, Field::protocol);
            if (!protocol || *protocol != ValueSet::single(number(Protocol::tcp))) {
                objects_.of_other_protocol(flags_text_, "TCP flags");
                return {};
            }
            constrain(row, Field::tcp_flags, *flags_);
        }
        if (only_fragments_ && looks_at_segment(row)) {
            objects_.error(entry_.text, "a later fragment has no ports, flags or message types to match");
            return {};
        }
    }
    if (only_fragments_ && list_.sees_fragments())
        common_.terms.push_back({Field::fragment, ValueSet::single(1), config_.span_of(entry_.body)});

    // An unmodelled condition on the transport header: later fragments are a rule of their own.
    std::vector<Row> later;
    bool const split = !segment_.empty() && list_.sees_fragments();
    if (split) {
        for (Row& row : *rows) {
            Row& fragment = later.emplace_back();
            if (ValueSet const* protocol = find(row, Field::protocol))
                fragment.push_back({Field::protocol, *protocol});
            fragment.push_back({Field::fragment, ValueSet::single(1)});
            constrain(row, Field::fragment, ValueSet::single(0));
        }
        later = joined(std::move(later));
    } else {
        rows = for_fragments(joined(std::move(*rows)));
    }
    std::vector<Row> here = joined(std::move(*rows));
    std::vector<Rule> rules;
    if (sources->size() == 1 && destinations->size() == 1 && !split) { // nearly always, and then nothing is copied
        rules.push_back(
            rule_of(std::move(sources->front()), std::move(destinations->front()), std::move(here), true));
        return rules;
    }
    for (Side const& from : *sources) {
        for (Side const& to : *destinations) {
            rules.push_back(rule_of(from, to, here, true));
            if (split && entry_.action == Entry::Action::permit) rules.push_back(rule_of(from, to, later, false));
        }
    }
    return rules;
}

} // namespace

std::vector<Rule> rules_of(Entry const& entry, ListTraits const& list, Config const& config, Objects& objects) {
    return Lowering(entry, list, config, objects).run();
}

bool is_inactive(Entry const& entry) {
    return std::any_of(entry.options.begin(), entry.options.end(),
                       [](Option const& option) { return option.kind == Option::Kind::inactive; });
}

std::string single_blanks(std::string_view text) {
    std::string result;
    for (char const c : text) {
        bool const blank = c == ' ' || c == '\t';
        if (!blank)
            result += c;
        else if (!result.empty() && result.back() != ' ')
            result += ' ';
    }
    if (result.ends_with(' ')) result.pop_back();
    return result;
}

} // namespace portcullis::cisco
