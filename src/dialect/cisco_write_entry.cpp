// A demand has a few ways to say each of its parts; every combination of them is a line.
#include "dialect/cisco_write_entry.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "grammars/cisco/words.hpp"

namespace portcullis::cisco {
namespace {

constexpr std::size_t most_lines = 4096;   // of one rule
constexpr std::size_t most_of_mask = 64;   // prefixes for a wildcard with holes
constexpr std::size_t most_ports_in_a_row = 10; // IOS-XE, "eq 80 443 …"

using Texts = std::vector<std::string>; // one for each way

struct Unspeakable {
    std::string why;
};

// --- Opaque matches ---

// What stands in the places of addresses, services and ports without being known, and words after them.
struct Opaques {
    std::string source_identity, destination_identity; // with a blank behind
    std::string source, destination;
    std::string service, source_ports, destination_ports;
    std::string message;
    std::string options;
    std::string dynamic;
    bool has_segment = false;
};

bool take(std::string_view& text, std::string_view start) {
    if (!text.starts_with(start)) return false;
    text.remove_prefix(start.size());
    return true;
}

bool names_users(std::string_view text) {
    auto const word = Words(text).peek();
    return is_one_of(word, {"user", "user-group", "object-group-user", "object-group-security", "security-group"});
}

void add_side(std::string_view text, std::string& address, std::string& identity, Groups& groups) {
    if (names_users(text))
        identity = std::string(text) + ' ';
    else if (take(text, "name ")) // whether a mask stands behind it, the model does not keep
        throw Unspeakable{"nobody knows the addresses of '" + std::string(text) + "'"};
    else if (take(text, "fqdn "))
        address = groups.domain(std::string(text));
    else if (take(text, "object-group "))
        address = groups.reference("object-group", text);
    else
        address = text; // "interface outside", "object NAME"
}

// Throws Unspeakable.
Opaques opaques_of(Match const& match, ListStyle const& style, Groups& groups) {
    Opaques result;
    for (Opaque const& opaque : match.opaque) {
        std::string_view text = opaque.text;
        if (opaque.negated) throw Unspeakable{"'not " + opaque.text + "' has no words"};
        if (!style.own && !text.starts_with("time-range "))
            throw Unspeakable{"'" + opaque.text + "' has no counterpart"};
        bool const segment = text.starts_with("igmp type ") || text.starts_with("http-method ") ||
                             text.starts_with("tcp-option-length ") || text.starts_with("tcp-flags-mask ") ||
                             text.starts_with("object") || text.find(" port object-group ") != text.npos;
        result.has_segment = result.has_segment || segment;
        if (take(text, "source port object-group "))
            result.source_ports = ' ' + groups.reference("port object-group", text);
        else if (take(text, "destination port object-group "))
            result.destination_ports = ' ' + groups.reference("port object-group", text);
        else if (take(text, "source "))
            add_side(text, result.source, result.source_identity, groups);
        else if (take(text, "destination "))
            add_side(text, result.destination, result.destination_identity, groups);
        else if (take(text, "igmp type "))
            result.message = ' ' + std::string(text);
        else if (text.starts_with("dynamic "))
            result.dynamic = std::string(text) + ' ';
        else if (text.starts_with("object"))
            result.service = text;
        else
            result.options += ' ' + std::string(text);
    }
    return result;
}

// --- Addresses ---

// One block, where that is all of the set.
std::optional<Block> only_block(ValueSet const& set, Family family) {
    unsigned const bits = address_bits(family);
    if (set.negated) return std::nullopt;
    if (set.masks.size() == 1 && set.intervals.empty()) return Block{family, set.masks[0].value, set.masks[0].mask};
    if (!set.masks.empty() || set.intervals.intervals().size() != 1) return std::nullopt;
    Interval const& all = set.intervals.intervals().front();
    U128 const free = all.first ^ all.last;
    if ((free & (free + 1)) != 0 || (all.first & free) != 0) return std::nullopt;
    return Block{family, all.first, max_value(bits) & ~free};
}

class Speaker {
  public:
    Speaker(Rule const& rule, ListStyle const& style, Groups& groups)
        : style_(style), groups_(groups), platform_(style.traits.dialect),
          opaques_(opaques_of(rule.match, style, groups)) {
        for (std::string const& effect : rule.effects.sets) {
            if (!style.own) throw Unspeakable{"'" + effect + "' has no counterpart"};
            opaques_.options += ' ' + effect;
        }
        if (!rule.effects.helper.empty() || rule.effects.notrack)
            throw Unspeakable{"an access list does nothing to the tracking of connections"};
        if (rule.effects.log) opaques_.options += " log";
    }

    void add(Demand const& demand, Texts& out) {
        Texts const sources = side(demand, &Ends::source, opaques_.source, opaques_.source_identity);
        if (style_.standard) {
            for (std::string const& source : sources) out.push_back(source + opaques_.options);
            return;
        }
        Texts const destinations = side(demand, &Ends::destination, opaques_.destination, opaques_.destination_identity);
        Texts const options = options_of(demand);
        for (Service const& service : services_of(demand)) {
            for (std::string const& source : sources)
                for (std::string const& destination : destinations)
                    for (std::string const& option : options)
                        for (std::string const& flags : service.flags)
                            out.push_back(service.protocol + ' ' + source + service.source + ' ' + destination +
                                          service.destination + flags + option);
            if (out.size() > most_lines) throw Unspeakable{"it would take too many lines"};
        }
    }

    Opaques const& opaques() const { return opaques_; }

  private:
    // "tcp", " eq 80", " range 1 5" or a message; and the ways to say the flags.
    struct Service {
        std::string protocol;
        std::string source{};
        std::string destination{};
        Texts flags{""};
    };

    bool is(Dialect platform) const { return platform_ == platform; }
    bool has_holes(Family family) const { return family == Family::v4 && !is(Dialect::cisco_asa); }

    // --- Addresses

    std::string text_of(Block const& block) const {
        Ip const ip{block.family, block.value};
        unsigned const bits = address_bits(block.family);
        auto const length = mask_length(block.mask, bits);
        if (length == bits) return "host " + to_string(ip);
        if (length && (block.family == Family::v6 || is(Dialect::cisco_nxos) || is(Dialect::cisco_xr)))
            return to_string(Prefix{ip, *length});
        return to_string(ip) + ' ' + quad(is(Dialect::cisco_asa) ? block.mask : ~block.mask & max_value(bits));
    }

    std::string any(bool v4, bool v6) const {
        if (!is(Dialect::cisco_asa) || !style_.traits.v4) return "any";
        return v4 && v6 ? "any" : v4 ? "any4" : "any6";
    }

    // Each block of a set that no group can hold. Throws Unspeakable.
    Texts blocks(ValueSet const& set, Family family) const {
        unsigned const bits = address_bits(family);
        bool const keeps_masks = has_holes(family) && !set.negated;
        auto const intervals = keeps_masks ? std::optional(set.intervals)
                                           : set.as_intervals(bits, set.masks.empty() ? most_lines : most_of_mask);
        if (!intervals) throw Unspeakable{"a mask with holes would take too many prefixes"};
        Texts result;
        for (Prefix const& prefix : to_prefixes(*intervals, family))
            result.push_back(text_of({family, prefix.ip.value, max_value(bits) & ~max_value(bits - prefix.length)}));
        if (keeps_masks)
            for (Masked const& mask : set.masks) result.push_back(text_of({family, mask.value, mask.mask}));
        if (result.size() > most_lines) throw Unspeakable{"it would take too many lines"};
        return result;
    }

    Texts side(Demand const& demand, ValueSet Ends::* which, std::string const& opaque, std::string const& identity) {
        std::optional<ValueSet> v4, v6;
        if (demand.v4) v4 = (*demand.v4).*which;
        if (demand.v6) v6 = (*demand.v6).*which;
        bool const all4 = !v4 || v4->is_all(32);
        bool const all6 = !v6 || v6->is_all(128);
        if (!opaque.empty()) {
            if (!all4 || !all6) throw Unspeakable{"'" + opaque + "' cannot be asked for together with addresses"};
            return {identity + opaque};
        }
        Texts texts;
        if (all4 && all6) {
            texts = {any(v4.has_value(), v6.has_value())};
        } else if (v4 && v6) { // a group of both families
            auto const group = groups_.addresses(style_.name, v4, v6);
            if (!group) throw Unspeakable{"no group can hold these addresses"};
            texts = {*group};
        } else {
            Family const family = v4 ? Family::v4 : Family::v6;
            ValueSet const& set = v4 ? *v4 : *v6;
            auto const block = only_block(set, family);
            if (block && (mask_length(block->mask, address_bits(family)) || has_holes(family)))
                texts = {text_of(*block)};
            else if (auto const group = style_.standard || block ? std::nullopt : groups_.addresses(style_.name, v4, v6))
                texts = {*group};
            else
                texts = blocks(set, family);
        }
        for (std::string& text : texts) text.insert(0, identity);
        return texts;
    }

    // --- Services

    std::vector<Service> services_of(Demand const& demand) {
        bool const ipv6 = style_.traits.ipv6();
        if (!opaques_.service.empty()) return {{opaques_.service}};
        bool const plain = opaques_.message.empty() && opaques_.source_ports.empty() && opaques_.destination_ports.empty();
        if (demand.services.size() > 1 && plain && !demand.later_fragments && !ipv6)
            if (auto const group = groups_.services(style_.name, demand.services)) return {{*group}};
        std::vector<Service> result;
        for (Carried const& one : demand.services) add_services(one, demand.later_fragments, plain, result);
        return result;
    }

    void add_services(Carried const& one, bool later, bool plain, std::vector<Service>& out) {
        bool const ipv6 = style_.traits.ipv6();
        Service service{protocol_word(one.protocol, platform_, ipv6)};
        if (one.type) {
            service.destination = fmt::format(" {}", low64(*one.type));
            if (one.code) service.destination += fmt::format(" {}", low64(*one.code));
        }
        service.destination += opaques_.message;
        if (one.flags) service.flags = flags_of(*one.flags);
        if (later) {
            out.push_back(std::move(service));
            return;
        }
        auto const sources = ports_of(one, one.sport, opaques_.source_ports);
        auto const destinations = ports_of(one, one.dport, opaques_.destination_ports);
        if ((sources.size() > 1 || destinations.size() > 1) && plain && !ipv6) {
            if (auto const group = groups_.services(style_.name, {one})) {
                out.push_back({*group});
                return;
            }
        }
        for (std::string const& source : sources) {
            for (std::string const& destination : destinations) {
                out.push_back(service);
                out.back().source = source;
                out.back().destination = destination + service.destination;
            }
        }
    }

    Texts ports_of(Carried const& one, std::optional<ValueSet> const& ports, std::string const& opaque) {
        if (!ports) return {opaque};
        auto const set = ports->as_intervals(16);
        if (!set) throw Unspeakable{"a mask over ports would take too many lines"};
        auto const& all = set->intervals();
        if (auto const text = comparison_text(*set, 65535)) return {' ' + *text};
        bool const singles = std::all_of(all.begin(), all.end(), [](Interval const& i) { return i.first == i.last; });
        if (is(Dialect::cisco_ios) && singles && all.size() <= most_ports_in_a_row) {
            std::string text = " eq";
            for (Interval const& port : all) text += fmt::format(" {}", low64(port.first));
            return {text};
        }
        if (auto const group = groups_.ports(style_.name, *one.protocol, *set)) return {' ' + *group};
        Texts result;
        for (Interval const& interval : all) result.push_back(' ' + comparison_text(interval, 65535));
        return result;
    }

    // --- Flags

    static std::string signed_words(Masked const& masked) {
        constexpr std::array<std::string_view, 6> names{"fin", "syn", "rst", "psh", "ack", "urg"};
        std::string text;
        for (std::size_t bit = 0; bit < names.size(); ++bit)
            if ((masked.mask >> bit & 1U) != 0)
                text += fmt::format(" {}{}", (masked.value >> bit & 1U) != 0 ? '+' : '-', names[bit]);
        return text;
    }

    Texts flags_of(ValueSet const& set) const {
        constexpr U128 spoken = 0x3f; // the flags that have words
        std::vector<Masked> masks = set.masks;
        for (Interval const& all : set.intervals.intervals())
            for (U128 value = all.first; value <= all.last; ++value) masks.push_back({value, 0xff});
        bool const known = std::all_of(masks.begin(), masks.end(), [](Masked const& m) { return (m.mask & ~spoken) == 0; });
        if (is(Dialect::cisco_asa)) throw Unspeakable{"an ASA follows connections itself; its lists cannot ask for tcp flags"};
        if (set.negated || !known) throw Unspeakable{"these tcp flags cannot be asked for"};
        Masked const ack{tcp_flag::ack, tcp_flag::ack};
        Masked const rst{tcp_flag::rst, tcp_flag::rst};
        if (masks == std::vector{ack, rst} || masks == std::vector{rst, ack}) return {" established"};
        bool const nxos = is(Dialect::cisco_nxos);
        bool const single = std::all_of(masks.begin(), masks.end(), [](Masked const& m) { return (m.mask & (m.mask - 1)) == 0; });
        Texts result;
        if (!nxos && single && masks.size() > 1) {
            std::string text = " match-any";
            for (Masked const& masked : masks) text += signed_words(masked);
            return {text};
        }
        for (Masked const& masked : masks) {
            std::string words = signed_words(masked);
            if (nxos) {
                if (masked.value != masked.mask) throw Unspeakable{"NX-OS cannot ask for tcp flags that are not set"};
                std::erase(words, '+');
            } else {
                words.insert(0, " match-all");
            }
            result.push_back(std::move(words));
        }
        return result;
    }

    // --- What follows

    Texts values_of(Cell const& cell) const {
        unsigned const bits = info(cell.field).bits;
        auto const set = cell.values.as_intervals(bits);
        bool const dscp = cell.field == Field::dscp;
        bool const length = cell.field == Field::length;
        bool const spoken = dscp || length || cell.field == Field::ttl;
        if (is(Dialect::cisco_asa) || !set || !spoken || (length && is(Dialect::cisco_ios)))
            throw Unspeakable{fmt::format("the platform's lists cannot ask for {}", info(cell.field).name)};
        std::string const word = length ? " packet-length " : " ttl ";
        Texts result;
        if (!dscp) {
            if (auto const text = comparison_text(*set, max_value(bits))) return {word + *text};
            for (Interval const& one : set->intervals()) result.push_back(word + comparison_text(one, max_value(bits)));
            return result;
        }
        constexpr U128 block = 8; // values of one precedence
        for (Interval const& one : set->intervals()) {
            for (U128 value = one.first; value <= one.last;) {
                bool const whole = value % block == 0 && value + block - 1 <= one.last;
                result.push_back(fmt::format(" {} {}", whole ? "precedence" : "dscp", low64(whole ? value / block : value)));
                value += whole ? block : 1;
            }
        }
        return result;
    }

    // RFC 1349: three bits of the DSCP and one of the ECN field.
    std::optional<std::string> tos_text(std::vector<Cell> const& header) const {
        ValueSet const* dscp = find(header, Field::dscp);
        ValueSet const* ecn = find(header, Field::ecn);
        constexpr U128 last_three = 7;
        if (!dscp || !ecn || dscp->negated || !dscp->intervals.empty() || dscp->masks.size() != 1 ||
            dscp->masks[0].mask != last_three || is(Dialect::cisco_asa))
            return std::nullopt;
        if (*ecn != ValueSet::range(0, 1) && *ecn != ValueSet::range(2, 3)) return std::nullopt;
        return fmt::format(" tos {}", low64(dscp->masks[0].value) * 2 + (ecn->contains(2) ? 1 : 0));
    }

    // Of IPv6. A type of the routing header implies that there is one.
    static std::optional<std::string> extension_text(std::vector<Cell> const& header) {
        ValueSet const* there = find(header, Field::exthdr);
        ValueSet const* type = find(header, Field::rt_type);
        constexpr std::array<std::pair<U128, std::string_view>, 4> words{
            {{extension_header::hbh, "hop-by-hop"}, {extension_header::dst, "destopts"}, {extension_header::rt, "routing"}, {extension_header::ah, "auth"}}};
        for (auto const& [bit, word] : words) {
            if (!there || *there != ValueSet::masked(bit, bit)) continue;
            if (!type) return ' ' + std::string(word);
            auto const number = type->negated || !type->masks.empty() ? std::nullopt : type->intervals.only();
            if (bit == extension_header::rt && number) return fmt::format(" routing-type {}", low64(*number));
        }
        return std::nullopt;
    }

    Texts options_of(Demand const& demand) const {
        Texts texts{""};
        auto const tos = tos_text(demand.header);
        auto const extension = extension_text(demand.header);
        if (tos) texts.front() += *tos;
        if (extension) texts.front() += *extension;
        for (Cell const& cell : demand.header) {
            bool const of_extension = cell.field == Field::exthdr || cell.field == Field::rt_type;
            if ((tos && (cell.field == Field::dscp || cell.field == Field::ecn)) || (extension && of_extension)) continue;
            Texts longer;
            for (std::string const& text : texts)
                for (std::string const& value : values_of(cell)) longer.push_back(text + value);
            texts = std::move(longer);
        }
        for (std::string& text : texts) text += (demand.later_fragments ? " fragments" : "") + opaques_.options;
        return texts;
    }

    ListStyle const& style_;
    Groups& groups_;
    Dialect platform_;
    Opaques opaques_;
};


} // namespace

Phrases phrases_of(Rule const& rule, ListStyle const& style, Share share, Groups& groups) {
    Phrases result;
    bool const permit = std::holds_alternative<Accept>(rule.verdict);
    try {
        Demands const demands = demands_of(rule.match, permit, style.traits, share);
        result.why = demands.why;
        if (!result.why.empty()) return result;
        Speaker speaker(rule, style, groups);
        result.dynamic = speaker.opaques().dynamic;
        result.has_segment = speaker.opaques().has_segment;
        // Its later fragments have a rule of their own, which the same line says.
        result.needs_split = demands.needs_split && !result.has_segment;
        for (Demand demand : demands.all) {
            if (style.only == Family::v4) demand.v6.reset();
            if (style.only == Family::v6) demand.v4.reset();
            if (demand.v4 || demand.v6) speaker.add(demand, result.lines);
        }
    } catch (Unspeakable const& failure) {
        result.lines.clear();
        result.why = failure.why;
    }
    return result;
}

} // namespace portcullis::cisco
