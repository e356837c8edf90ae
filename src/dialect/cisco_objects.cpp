// Groups are expanded when they are first asked for; the whole text may expand to a bounded number of values only,
// so that groups within groups cannot explode.
#include "dialect/cisco_objects.hpp"

#include <algorithm>
#include <charconv>
#include <unordered_set>

#include "grammars/cisco/words.hpp"
#include "portcullis/catalogue/cisco_icmp.hpp"
#include "portcullis/catalogue/names.hpp"

namespace portcullis::cisco {
namespace {

// Groups within groups, and what all groups of a text may expand to together: far beyond any real configuration.
constexpr std::size_t nesting_limit = 64;
constexpr std::size_t expansion_limit = 8'000'000; // addresses
constexpr std::size_t service_weight = 16;         // of a service, in addresses

// "206.X.X.1": masked out by whoever published the file.
bool is_masked_out(std::string_view name) {
    return name.find_first_not_of("0123456789xX.") == std::string_view::npos &&
           name.find('.') != std::string_view::npos;
}

// The union of many sets at once, so that a group of n addresses does not take n² steps.
class Union {
  public:
    void add(ValueSet const& set) {
        auto const& more = set.intervals.intervals();
        intervals_.insert(intervals_.end(), more.begin(), more.end());
        masks_.insert(masks_.end(), set.masks.begin(), set.masks.end());
    }
    std::size_t size() const { return intervals_.size() + masks_.size(); }
    ValueSet take() {
        ValueSet set(IntervalSet::of(std::move(intervals_)));
        set.masks = std::move(masks_);
        return set;
    }

  private:
    std::vector<Interval> intervals_;
    std::vector<Masked> masks_;
};

std::string quoted(std::string_view word) { return '\'' + std::string(word) + '\''; }

std::string_view direction_of(Field side) { return side == Field::sport ? "source" : "destination"; }

} // namespace

std::optional<U128> decimal_number(std::string_view word) {
    std::uint32_t value = 0;
    auto const [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    return error == std::errc{} && end == word.data() + word.size() ? std::optional<U128>(value) : std::nullopt;
}

void constrain(Row& row, Field field, ValueSet values) {
    auto const at =
        std::lower_bound(row.begin(), row.end(), field, [](Cell const& a, Field b) { return a.field < b; });
    if (at == row.end() || at->field != field) {
        row.insert(at, {field, std::move(values)});
        return;
    }
    // Fields that meet twice are of 16 bits at most, so both sets are small as intervals.
    auto const mine = at->values.as_intervals(info(field).bits, std::size_t{1} << 16U);
    auto const other = values.as_intervals(info(field).bits, std::size_t{1} << 16U);
    if (mine && other) at->values = mine->intersected(*other);
}

ValueSet const* find(Row const& row, Field field) {
    auto const at = std::find_if(row.begin(), row.end(), [&](Cell const& cell) { return cell.field == field; });
    return at == row.end() ? nullptr : &at->values;
}

ValueSet addresses_under(U128 ip, U128 mask, Family family) {
    unsigned const bits = address_bits(family);
    if (auto const length = mask_length(mask, bits)) return IntervalSet::of(Prefix{{family, ip}, *length});
    return ValueSet::masked(ip, mask);
}

// --- Findings ---

Finding* Objects::add(std::string_view rule, std::string_view place) {
    Span const span = config_.span_of(place);
    if (!reported_.emplace(span.begin, rule).second) return nullptr;
    return &findings_.add(rule, span);
}
void Objects::error(std::string_view place, std::string text) {
    if (Finding* finding = add("PC001", place)) finding->arg("error", std::move(text));
}
void Objects::of_other_protocol(std::string_view place, std::string_view what) {
    if (Finding* finding = add("PC414", place)) finding->arg("error", std::string(what) + " of a protocol that has none");
}
void Objects::host_bits(std::string_view place, Prefix prefix) {
    if (!prefix.has_host_bits()) return;
    if (Finding* finding = add("PC410", place))
        finding->arg("text", std::string(place))
            .arg("network", to_string(Prefix{{prefix.ip.family, prefix.first()}, prefix.length}));
}
void Objects::undefined(std::string_view place, std::string_view kind, std::string_view name) {
    if (Finding* finding = add("PC401", place))
        finding->arg("kind", std::string(kind)).arg("name", std::string(name));
}
void Objects::unsupported(std::string_view place, std::string why) {
    if (Finding* finding = add("PC002", place))
        finding->arg("construct", std::string(place)).arg("why", std::move(why));
}

// Read in the sense of the other systems the mask has no holes, while bits of the address are set that it says not to
// look at. Masks that select by the last bits on purpose (odd hosts, all that end in .1) have none of these set.
bool Objects::is_swapped(Address const& address, Ip ip, U128 mask, bool wildcards) {
    unsigned const bits = address_bits(ip.family);
    U128 const other = ~mask & max_value(bits);
    auto const length = mask_length(other, bits);
    if (!length || (ip.value & other) == 0) return false;
    U128 const lowest = U128{1} << trailing_zeros(other);
    if (Finding* finding = add("PC408", address.text))
        finding->arg("text", std::string(address.text))
            .arg("mask", wildcards ? "a netmask where a wildcard belongs" : "a wildcard where a netmask belongs")
            .arg("example", to_string(Ip{ip.family, ip.value ^ lowest}))
            .arg("network", to_string(Prefix{{ip.family, ip.value & other}, *length}));
    return true;
}

// --- Groups ---

void Objects::define(Group const& group) {
    std::pair const key(group.is_object, group.name);
    if (group.negated) {
        groups_.erase(key);
        return;
    }
    Definition& definition = groups_[key];
    if (!definition.group) definition.group = &group;
    definition.incomplete = definition.incomplete || group.incomplete;
    if (group.is_object && !group.members.empty()) definition.members.clear(); // an object has one value
    for (Group::Line const& line : group.members) {
        if (line.negated) {
            std::erase_if(definition.members, [&](Group::Line const* member) { return member->text == line.text; });
            continue;
        }
        auto const* reference = std::get_if<GroupReference>(&line.member);
        // The device refuses the line that would close the circle, and keeps the rest (ASA command reference, object-group).
        if (reference && contains(*reference, {group.is_object, group.name}, line.text)) {
            if (Finding* finding = add("PC431", line.text))
                finding->arg("what", quoted(group.name) + " would contain itself").arg("effect", "the device refuses this line");
            definition.incomplete = true;
            continue;
        }
        definition.members.push_back(&line);
    }
}

void Objects::define(Interface const& interface) {
    std::optional<Ip> ip;
    if (!interface.addresses.empty()) ip = interface.addresses.front().ip;
    if (auto const named = aliases_.find(interface.address_name); !ip && named != aliases_.end()) ip = named->second;
    if (!ip) return;
    for (std::string_view const name : {interface.name, interface.nameif})
        if (!name.empty()) interfaces_.insert_or_assign(name, *ip);
}

void Objects::define(TimeRange const& range) {
    if (range.negated)
        times_.erase(range.name);
    else
        times_.insert_or_assign(range.name, &range);
}

TimeRange const* Objects::time_range(std::string_view name) const {
    auto const found = times_.find(name);
    return found == times_.end() ? nullptr : found->second;
}

std::vector<AddressGroup> Objects::address_groups() {
    std::vector<AddressGroup> groups;
    for (auto& [key, definition] : groups_) {
        std::string_view const kind = definition.group->kind;
        if (!is(kind, "network") && !is(kind, "address")) continue;
        bool const used = definition.used;
        auto const known = members_of(definition);
        definition.used = used;
        Span const span = config_.span_of(definition.group->text);
        if (known && known->opaque.empty()) groups.push_back({std::string(key.second), known->v4, known->v6, used, span});
    }
    std::sort(groups.begin(), groups.end(),
              [](AddressGroup const& a, AddressGroup const& b) { return a.span.begin < b.span.begin; });
    return groups;
}

Objects::Definition* Objects::find_group(std::string_view name, bool is_object) {
    auto const found = groups_.find({is_object, name});
    return found == groups_.end() ? nullptr : &found->second;
}

Objects::Definition* Objects::use_group(std::string_view name, bool is_object) {
    Definition* const definition = find_group(name, is_object);
    if (definition) definition->used = true;
    return definition;
}

// Whether the outer group is the inner one, or has it somewhere among its members.
bool Objects::contains(GroupReference outer, GroupReference inner, std::string_view place) {
    using Key = std::pair<bool, std::string_view>;
    std::set<Key> seen;
    std::vector<Key> open{{outer.is_object, outer.name}};
    while (!open.empty()) {
        Key const key = open.back();
        open.pop_back();
        if (key == Key(inner.is_object, inner.name)) return true;
        Definition const* definition = find_group(key.second, key.first);
        if (!definition || !seen.insert(key).second) continue;
        if (!spend(definition->members.size(), place)) return false; // which says that the text is not read to the end
        for (Group::Line const* line : definition->members)
            if (auto const* reference = std::get_if<GroupReference>(&line->member))
                open.emplace_back(reference->is_object, reference->name);
    }
    return false;
}

void Objects::report_groups(std::function<bool(std::string_view)> const& is_named) {
    for (auto const& [key, definition] : groups_)
        for (Group::Line const* line : definition.members)
            if (auto const* reference = std::get_if<GroupReference>(&line->member))
                use_group(reference->name, reference->is_object);
    for (auto const& [key, definition] : groups_) {
        std::string const what = key.first ? "object" : "object group";
        if (definition.members.empty()) {
            if (definition.incomplete) continue;
            Finding* const finding = add("PC431", definition.group->text);
            if (!finding) continue;
            finding->arg("what", what + ' ' + quoted(key.second) + " is empty");
            finding->arg("effect", definition.used ? "entries that name it match nothing" : "an entry that names it will match nothing");
            if (!definition.used) finding->severity = Severity::low;
        } else if (!definition.used && !is_named(key.second)) {
            if (Finding* finding = add("PC404", definition.group->text))
                finding->arg("kind", what).arg("name", std::string(key.second));
        }
    }
}

bool Objects::holds_services(std::string_view group) {
    Definition const* definition = find_group(group, false);
    return definition && !is(definition->group->kind, "network") && !is(definition->group->kind, "address");
}

bool Objects::enter(Definition& definition) {
    if (depth_ < nesting_limit) return true;
    unsupported(definition.group->text, "groups are nested too deeply");
    return false;
}

bool Objects::spend(std::size_t amount, std::string_view place) {
    expanded_ += amount;
    if (expanded_ <= expansion_limit) return true;
    unsupported(place, "the object groups expand to too many combinations");
    return false;
}

// --- Addresses ---

std::optional<Addresses> Objects::addresses(Address const& address, bool wildcards) {
    auto const of_family = [](Family family, ValueSet set) {
        Addresses result;
        (family == Family::v4 ? result.v4 : result.v6) = std::move(set);
        return result;
    };
    Ip ip = address.ip;
    bool const aliased =
        (address.kind == Address::Kind::host || address.kind == Address::Kind::masked) && !address.name.empty();
    if (aliased) {
        auto const found = aliases_.find(address.name);
        if (found != aliases_.end()) {
            ip = found->second;
        } else {
            if (dialect_ != Dialect::cisco_asa || is_masked_out(address.name)) {
                error(address.name, "expected an address, found " + quoted(address.name));
                return std::nullopt;
            }
            undefined(address.name, "name", address.name);
            Addresses unknown; // the rule stays, as for objects
            unknown.opaque.push_back("name " + std::string(address.name));
            return unknown;
        }
    }
    unsigned const bits = address_bits(ip.family);
    switch (address.kind) {
    case Address::Kind::any: {
        Addresses both;
        both.v4 = IntervalSet::all(32);
        both.v6 = IntervalSet::all(128);
        return both;
    }
    case Address::Kind::any4: return of_family(Family::v4, IntervalSet::all(32));
    case Address::Kind::any6: return of_family(Family::v6, IntervalSet::all(128));
    case Address::Kind::host: return of_family(ip.family, IntervalSet::single(ip.value));
    case Address::Kind::masked: {
        U128 const mask = wildcards ? ~address.second & max_value(bits) : address.second;
        auto const length = mask_length(mask, bits);
        if (!is_swapped(address, ip, mask, wildcards) && length) host_bits(address.text, {ip, *length});
        return of_family(ip.family, addresses_under(ip.value, mask, ip.family));
    }
    case Address::Kind::prefix:
        if (address.length > bits) {
            error(address.text, "a prefix length of more than " + std::to_string(bits));
            return std::nullopt;
        }
        host_bits(address.text, {ip, address.length});
        return of_family(ip.family, IntervalSet::of(Prefix{ip, address.length}));
    case Address::Kind::range:
        if (address.second < ip.value) {
            error(address.text, "the range ends before it starts");
            return std::nullopt;
        }
        return of_family(ip.family, IntervalSet(ip.value, address.second));
    case Address::Kind::fqdn: {
        Addresses unknown;
        unknown.opaque.push_back("fqdn " + std::string(address.name));
        return unknown;
    }
    case Address::Kind::interface: {
        auto const found = interfaces_.find(address.name);
        if (found != interfaces_.end())
            return of_family(found->second.family, IntervalSet::single(found->second.value));
        Addresses unknown;
        unknown.opaque.push_back("interface " + std::string(address.name));
        return unknown;
    }
    case Address::Kind::object:
    case Address::Kind::group: {
        bool const is_object = address.kind == Address::Kind::object;
        std::string_view const kind = is_object ? "object" : "object-group";
        if (Definition* definition = use_group(address.name, is_object)) return members_of(*definition);
        undefined(address.name, kind, address.name);
        Addresses unknown; // the rule stays, with a match that is not known
        unknown.opaque.push_back(std::string(kind) + ' ' + std::string(address.name));
        return unknown;
    }
    }
    return std::nullopt;
}

std::optional<Addresses> Objects::members_of(Definition& definition) {
    if (!definition.addresses) {
        if (definition.failed || !enter(definition)) return std::nullopt;
        ++depth_;
        bool const wildcards = is(definition.group->kind, "address") && dialect_ == Dialect::cisco_nxos;
        Union v4;
        Union v6;
        Addresses all;
        std::unordered_set<std::string> unknown; // what the device alone knows may come by several ways
        bool complete = true;
        for (Group::Line const* line : definition.members) {
            std::optional<Addresses> some;
            if (auto const* address = std::get_if<Address>(&line->member)) {
                some = addresses(*address, wildcards);
            } else if (auto const* reference = std::get_if<GroupReference>(&line->member)) {
                Address inner;
                inner.kind = reference->is_object ? Address::Kind::object : Address::Kind::group;
                inner.name = inner.text = reference->name;
                some = addresses(inner, wildcards);
            } else {
                error(line->text, "expected an address, found " + quoted(line->text));
            }
            if (!some) {
                complete = false;
                continue;
            }
            v4.add(some->v4);
            v6.add(some->v6);
            for (std::string& text : some->opaque)
                if (unknown.insert(text).second) all.opaque.push_back(std::move(text));
        }
        --depth_;
        definition.failed = !complete;
        if (!complete) return std::nullopt;
        all.v4 = v4.take();
        all.v6 = v6.take();
        definition.addresses = std::move(all);
    }
    auto const& known = *definition.addresses;
    std::size_t const size = known.v4.intervals.intervals().size() + known.v6.intervals.intervals().size() +
                             known.v4.masks.size() + known.opaque.size();
    if (!spend(size, definition.group->text)) return std::nullopt;
    return known;
}

// --- Services ---

std::optional<std::vector<Row>> Objects::services(Service const& service, bool ipv6,
                                                  std::vector<Unknown>& unknown) {
    std::optional<std::vector<Row>> rows;
    if (service.kind == Service::Kind::object || service.kind == Service::Kind::group) {
        bool const is_object = service.kind == Service::Kind::object;
        if (Definition* definition = use_group(service.name, is_object)) {
            rows.emplace();
            if (!add_services(*definition, ipv6, *rows)) return std::nullopt;
        } else {
            std::string const kind = is_object ? "object" : "object-group";
            undefined(service.name, kind, service.name);
            unknown.push_back({kind + ' ' + std::string(service.name), service.name});
            return std::vector<Row>(1);
        }
    } else {
        rows = protocols(service.name, ipv6);
    }
    if (rows) rows = with_ports(std::move(*rows), service.source, Field::sport, unknown);
    if (rows) rows = with_ports(std::move(*rows), service.destination, Field::dport, unknown);
    if (rows && !service.message.empty()) {
        for (Row& row : *rows)
            if (!add_message(row, service.message)) return std::nullopt;
    }
    return rows;
}

std::optional<std::vector<Row>> Objects::protocols(std::string_view name, bool ipv6) {
    if (name.empty() || is(name, "ip") || is(name, "ipv4") || is(name, "ipv6")) return std::vector<Row>(1);
    auto const row_of = [](U128 protocol) { return Row{{Field::protocol, ValueSet::single(protocol)}}; };
    if (is(name, "tcp-udp")) return std::vector<Row>{row_of(number(Protocol::tcp)), row_of(number(Protocol::udp))};
    if (ipv6 && is(name, "icmp")) return std::vector<Row>{row_of(number(Protocol::icmpv6))};
    std::optional<U128> protocol = decimal_number(name);
    if (!protocol)
        if (auto const known = protocol_number(name, Vocabulary::cisco)) protocol = *known;
    if (!protocol || *protocol > 255) {
        error(name, "expected a protocol, found " + quoted(name));
        return std::nullopt;
    }
    return std::vector<Row>{row_of(*protocol)};
}

bool Objects::add_services(Definition& definition, bool ipv6, std::vector<Row>& out) {
    if (!enter(definition)) return false;
    ++depth_;
    bool complete = true;
    for (Group::Line const* line : definition.members) {
        if (auto const* service = std::get_if<Service>(&line->member)) {
            Service with_protocol = *service; // "port-object eq 80" of a group that says tcp
            if (with_protocol.kind == Service::Kind::unspecified && with_protocol.message.empty())
                with_protocol.name = definition.group->protocol;
            std::vector<Unknown> unknown; // within a group, it leaves the whole group unknown
            auto rows = services(with_protocol, ipv6, unknown);
            complete =
                complete && rows && unknown.empty() && spend(rows->size() * service_weight, definition.group->text);
            if (complete)
                out.insert(out.end(), std::make_move_iterator(rows->begin()), std::make_move_iterator(rows->end()));
        } else if (auto const* reference = std::get_if<GroupReference>(&line->member)) {
            Definition* inner = use_group(reference->name, reference->is_object);
            if (!inner)
                undefined(reference->name, reference->is_object ? "object" : "object-group", reference->name);
            complete = complete && inner && add_services(*inner, ipv6, out);
        } else {
            error(line->text, "expected a service, found " + quoted(line->text));
            complete = false;
        }
        if (!complete) break;
    }
    --depth_;
    return complete;
}

// --- Ports, messages, numbers ---

std::optional<std::vector<Row>> Objects::with_ports(std::vector<Row> rows, Comparison const& comparison, Field side,
                                                    std::vector<Unknown>& unknown) {
    if (!comparison) return rows;
    if (comparison.kind != Comparison::Kind::group) {
        for (Row& row : rows) {
            auto const set = ports(comparison, row);
            if (!set) return std::nullopt;
            constrain(row, side, *set);
        }
        return rows;
    }
    std::string_view const name = comparison.values.front();
    Definition* definition = use_group(name, false);
    if (!definition) {
        undefined(name, "object-group", name);
        unknown.push_back({std::string(direction_of(side)) + " port object-group " + std::string(name), name});
        return rows;
    }
    std::vector<Row> result;
    for (Row const& row : rows)
        if (!add_group_ports(*definition, row, side, result)) return std::nullopt;
    return result;
}

// The row with each of the ports, or ICMP messages, of the group.
bool Objects::add_group_ports(Definition& definition, Row const& row, Field side, std::vector<Row>& out) {
    if (!enter(definition)) return false;
    ++depth_;
    bool complete = true;
    for (Group::Line const* line : definition.members) {
        if (auto const* reference = std::get_if<GroupReference>(&line->member)) {
            Definition* inner = use_group(reference->name, reference->is_object);
            if (!inner) undefined(reference->name, "object-group", reference->name);
            complete = complete && inner && add_group_ports(*inner, row, side, out);
            if (!complete) break;
            continue;
        }
        auto const* service = std::get_if<Service>(&line->member);
        Row more = row;
        complete = spend(service_weight, definition.group->text);
        if (service && service->kind == Service::Kind::unspecified && service->destination) {
            auto const set = ports(service->destination, row);
            if (set) constrain(more, side, *set);
            complete = complete && set;
        } else if (service && !service->message.empty()) {
            complete = complete && add_message(more, service->message);
        } else {
            error(line->text,
                  "expected " + std::string(direction_of(side)) + " ports, found " + quoted(line->text));
            complete = false;
        }
        if (!complete) break;
        out.push_back(std::move(more));
    }
    --depth_;
    return complete;
}

std::optional<ValueSet> Objects::ports(Comparison const& comparison, Row const& row) {
    ValueSet const* protocol = find(row, Field::protocol);
    if (!protocol || !port_protocols().contains(protocol->intervals)) {
        of_other_protocol(comparison.text, "ports");
        return std::nullopt;
    }
    U128 const number = *protocol->intervals.only();
    auto const named = [&](std::string_view word) -> std::optional<U128> {
        auto const known = port_number(word, number, Vocabulary::cisco);
        return known ? std::optional<U128>(*known) : std::nullopt;
    };
    return compare(comparison, 65535, named,
                   [&] { return protocol_name(static_cast<std::uint8_t>(number)) + " port"; });
}

std::optional<ValueSet> Objects::numbers(Comparison const& comparison, U128 most, Named named) {
    return compare(comparison, most, named, [] { return std::string("value"); });
}

// `what` is said of a word that is no number and that `named` does not know.
template <class Find, class What>
std::optional<ValueSet> Objects::compare(Comparison const& comparison, U128 most, Find const& named,
                                         What const& what) {
    std::vector<Interval> values;
    for (std::string_view const word : comparison.values) {
        auto value = decimal_number(word);
        if (!value) value = named(word);
        if (!value || *value > most) {
            error(word, "expected a " + what() + ", found " + quoted(word));
            return std::nullopt;
        }
        values.push_back({*value, *value});
    }
    U128 const first = values.front().first;
    U128 const last = values.back().first;
    switch (comparison.kind) {
    case Comparison::Kind::eq: return IntervalSet::of(std::move(values));
    case Comparison::Kind::neq: return IntervalSet(0, most).minus(IntervalSet::of(std::move(values)));
    case Comparison::Kind::lt: return first == 0 ? IntervalSet() : IntervalSet(0, first - 1);
    case Comparison::Kind::gt: return first == most ? IntervalSet() : IntervalSet(first + 1, most);
    case Comparison::Kind::range:
        if (first <= last) return IntervalSet(first, last);
        error(comparison.text, "the range ends before it starts");
        return std::nullopt;
    case Comparison::Kind::group:
    case Comparison::Kind::none: break;
    }
    error(comparison.text, "expected a comparison");
    return std::nullopt;
}

// The type of an ICMP message and its code, by numbers or name.
bool Objects::add_message(Row& row, std::vector<std::string_view> const& message) {
    ValueSet const* protocol = find(row, Field::protocol);
    bool const v4 = protocol && *protocol == ValueSet::single(number(Protocol::icmp));
    bool const v6 = protocol && *protocol == ValueSet::single(number(Protocol::icmpv6));
    std::string_view const type = message.front();
    if (!v4 && !v6) {
        of_other_protocol(type, "a message type");
        return false;
    }
    std::optional<U128> number = decimal_number(type);
    std::optional<U128> code;
    if (!number) {
        if (auto const known = cisco_icmp_by_name(type, v4 ? Family::v4 : Family::v6)) {
            number = known->type;
            if (known->code) code = *known->code;
        }
    }
    if (message.size() > 1) code = decimal_number(message[1]).value_or(256);
    if (!number || *number > 255 || (code && *code > 255)) {
        error(type, std::string("expected an ") + (v4 ? "icmp" : "icmpv6") + " type, found " + quoted(type));
        return false;
    }
    constrain(row, Field::icmp_type, ValueSet::single(*number));
    if (code) constrain(row, Field::icmp_code, ValueSet::single(*code));
    return true;
}

} // namespace portcullis::cisco
