// A static translation works both ways. For the filter it matters what it does to a connection that starts on the
// mapped side: its destination becomes the real address, and the real port. That is a Rewrite; ranges are
// translated one to one, first to first. An ASA tries twice NAT in its order, then objects from the smallest, then
// what is after-auto (ASA CLI guide, "NAT rule order").
#include <algorithm>
#include <utility>

#include "dialect/cisco_device.hpp"
#include "dialect/cisco_entry.hpp"
#include "grammars/cisco/words.hpp"
#include "portcullis/catalogue/names.hpp"

namespace portcullis::cisco {
namespace {

// Inbound lists, which have priority 0, see packets as they arrive on IOS and on an ASA before 8.3, and translated on an
// ASA since (ASA 8.3 release notes, "Real IP addresses in access lists").
constexpr int before_lists = -100;
constexpr int after_lists = 100;

bool is_all(Addresses const& addresses) { return addresses.v4.is_all(32) && addresses.v6.is_all(128); }

// The one interval that addresses are, and its family.
struct Block {
    Family family = Family::v4;
    Interval range;
    U128 size() const { return range.last - range.first; }
};

std::optional<Block> only_block(Addresses const& addresses) {
    if (!addresses.opaque.empty() || !addresses.v4.masks.empty() || !addresses.v6.masks.empty())
        return std::nullopt;
    auto const& v4 = addresses.v4.intervals.intervals();
    auto const& v6 = addresses.v6.intervals.intervals();
    if (v4.size() + v6.size() != 1) return std::nullopt;
    return v4.empty() ? Block{Family::v6, v6.front()} : Block{Family::v4, v4.front()};
}

class Translations {
  public:
    Translations(Config const& config, Dialect dialect, Objects& objects, Ruleset& ruleset)
        : config_(config), asa_(dialect == Dialect::cisco_asa), objects_(objects), ruleset_(ruleset) {}
    void run();

  private:
    struct Ports {
        std::optional<U128> protocol;
        std::optional<U128> before;
        std::optional<U128> after;
    };
    // What is done to connections that arrive at an interface from one side of a translation.
    struct Redirection {
        std::string_view interface;
        std::optional<Addresses> from; // none: from anywhere
        Addresses to;
        Addresses target;
        Ports ports;
        std::optional<U128> source_port;
    };

    std::vector<Translation const*> in_order();
    std::optional<Addresses> addresses(Address address, std::string_view interface);
    std::optional<U128> port_of(std::string_view word, U128 protocol) const;
    bool read_ports(Translation const& nat, Ports& out);
    bool read_service(std::string_view object, std::optional<U128>& protocol, std::optional<U128>& port);
    // Each adds what the translation does to connections from that side; false where it cannot be said.
    bool add_from_mapped(Translation const& nat, std::vector<Rule>& out);
    bool add_from_real(Translation const& nat, std::vector<Rule>& out);
    std::optional<Rule> rule_of(Redirection const& redirection, Span span) const;
    void add_arrival(Match& match, std::string_view interface, Span span) const;

    Config const& config_;
    bool asa_;
    Objects& objects_;
    Ruleset& ruleset_;
};

std::vector<Translation const*> Translations::in_order() {
    std::vector<Translation const*> all;
    for (Statement const& statement : config_.statements) {
        auto const* nat = std::get_if<Translation>(&statement);
        if (!nat) continue;
        if (nat->negated) {
            std::string const text = single_blanks(nat->text).substr(3); // behind "no "
            std::erase_if(all, [&](Translation const* other) { return single_blanks(other->text) == text; });
        } else {
            all.push_back(nat);
        }
    }
    std::stable_sort(all.begin(), all.end(),
                     [](Translation const* a, Translation const* b) { return a->rank < b->rank; });
    auto const is_object = [](Translation const* nat) { return nat->rank == Translation::Rank::object; };
    auto const first = std::find_if(all.begin(), all.end(), is_object);
    auto const last = std::find_if_not(first, all.end(), is_object);
    // Within the objects: static before dynamic, then the fewest addresses, then the lowest.
    std::vector<std::pair<Interval, Translation const*>> objects;
    for (auto at = first; at != last; ++at) {
        auto const real = addresses((*at)->real, (*at)->real_interface);
        auto const side = real ? only_block(*real) : std::nullopt;
        objects.emplace_back(side ? side->range : Interval{0, max_value(128)}, *at);
    }
    std::stable_sort(objects.begin(), objects.end(), [](auto const& a, auto const& b) {
        if (a.second->is_static != b.second->is_static) return a.second->is_static;
        U128 const size_a = a.first.last - a.first.first;
        U128 const size_b = b.first.last - b.first.first;
        return size_a != size_b ? size_a < size_b : a.first.first < b.first.first;
    });
    std::transform(objects.begin(), objects.end(), first, [](auto const& one) { return one.second; });
    return all;
}

std::optional<Addresses> Translations::addresses(Address address, std::string_view interface) {
    if (address.kind == Address::Kind::interface && asa_) address.name = interface;
    if (address.kind == Address::Kind::object && !objects_.holds(address.name, true)) {
        if (objects_.holds(address.name, false))
            address.kind = Address::Kind::group;
        else if (objects_.is_name(address.name))
            address.kind = Address::Kind::host;
    }
    return objects_.addresses(address, false);
}

std::optional<U128> Translations::port_of(std::string_view word, U128 protocol) const {
    if (is_number(word)) {
        std::optional<U128> const value = decimal_number(word);
        return value && *value <= 65535 ? value : std::nullopt;
    }
    auto const known = port_number(word, protocol, Vocabulary::cisco);
    return known ? std::optional<U128>(*known) : std::nullopt;
}

// An object of a twice NAT's "service" has one protocol and one port, of either side.
bool Translations::read_service(std::string_view object, std::optional<U128>& protocol, std::optional<U128>& port) {
    Service service;
    service.kind = Service::Kind::object;
    service.name = service.text = object;
    std::vector<Unknown> unknown;
    auto const rows = objects_.services(service, false, unknown);
    if (!rows || rows->size() != 1 || !unknown.empty()) return false;
    ValueSet const* const number = find(rows->front(), Field::protocol);
    ValueSet const* ports = find(rows->front(), Field::sport);
    if (!ports) ports = find(rows->front(), Field::dport);
    if (!number || !ports) return false;
    protocol = number->intervals.only();
    port = ports->intervals.only();
    return protocol && port;
}

// From the mapped port to the real one; of a twice NAT with a destination, as its service objects stand there.
bool Translations::read_ports(Translation const& nat, Ports& out) {
    if (!nat.service.real.empty() && !is(nat.service.real, "any")) {
        auto const [before, after] = nat.mapped_destination ? std::pair(nat.service.real, nat.service.mapped)
                                                            : std::pair(nat.service.mapped, nat.service.real);
        return read_service(before, out.protocol, out.before) && read_service(after, out.protocol, out.after);
    }
    if (nat.protocol.empty()) return true;
    auto const protocol = protocol_number(nat.protocol, Vocabulary::cisco);
    if (!protocol) return false;
    out.protocol = *protocol;
    out.before = port_of(nat.port.mapped, *out.protocol);
    out.after = port_of(nat.port.real, *out.protocol);
    return out.before && out.after;
}

void Translations::add_arrival(Match& match, std::string_view interface, Span span) const {
    if (asa_ && !is(interface, "any")) add_interface_term(match, Field::iif, {interface}, span);
}

std::optional<Rule> Translations::rule_of(Redirection const& redirection, Span span) const {
    auto const target = only_block(redirection.target);
    auto const to = only_block(redirection.to);
    bool const is_dynamic = redirection.to.opaque.size() == 1; // an address that an interface gets from elsewhere
    if (!target || (!to && !is_dynamic)) return std::nullopt;
    if (to && (to->family != target->family || to->size() != target->size())) return std::nullopt;

    Rule rule;
    rule.span = span;
    add_arrival(rule.match, redirection.interface, span);
    auto const add = [&](Field field, ValueSet values) {
        rule.match.terms.push_back({field, std::move(values), span});
    };
    add(Field::family, ValueSet::single(family_value(target->family)));
    if (redirection.from && !is_all(*redirection.from)) {
        if (!redirection.from->opaque.empty()) return std::nullopt;
        add(src_field(target->family), target->family == Family::v4 ? redirection.from->v4 : redirection.from->v6);
    }
    if (to)
        add(dst_field(to->family), ValueSet::range(to->range.first, to->range.last));
    else
        rule.match.opaque.push_back({"destination " + redirection.to.opaque.front(), false, false, span});
    Ports const& ports = redirection.ports;
    if (ports.protocol) add(Field::protocol, ValueSet::single(*ports.protocol));
    if (redirection.source_port) add(Field::sport, ValueSet::single(*redirection.source_port));
    if (ports.before) add(Field::dport, ValueSet::single(*ports.before));
    if (to && to->range == target->range && ports.before == ports.after) {
        rule.verdict = Accept{}; // an exemption from what comes after it
        return rule;
    }
    Rewrite rewrite;
    rewrite.address = target->range;
    if (ports.after && ports.after != ports.before) rewrite.port = Interval{*ports.after, *ports.after};
    rule.verdict = rewrite;
    return rule;
}

// To the mapped address from its side; with a destination in the rule, only from there.
bool Translations::add_from_mapped(Translation const& nat, std::vector<Rule>& out) {
    if (!nat.is_static || nat.unidirectional) return true;
    auto const real = addresses(nat.real, nat.real_interface);
    auto const mapped = addresses(nat.mapped, nat.mapped_interface);
    if (!real || !mapped) return false;
    if (is_all(*real) && is_all(*mapped)) return true;
    Redirection redirection{nat.mapped_interface, {}, *mapped, *real, {}, {}};
    if (!read_ports(nat, redirection.ports)) return false;
    if (nat.real_destination) {
        redirection.from = addresses(*nat.real_destination, nat.mapped_interface);
        if (!redirection.from) return false;
        // The ports are the destination's, which is the source of what comes from there.
        redirection.source_port = std::exchange(redirection.ports.after, std::nullopt);
        redirection.ports.before.reset();
    }
    auto rule = rule_of(redirection, config_.span_of(nat.text));
    if (rule) out.push_back(std::move(*rule));
    return rule.has_value();
}

// Twice NAT: to the destination as the real side sees it.
bool Translations::add_from_real(Translation const& nat, std::vector<Rule>& out) {
    if (!nat.real_destination || !nat.mapped_destination) return true;
    auto const real = addresses(nat.real, nat.real_interface);
    auto const to = addresses(*nat.mapped_destination, nat.real_interface);
    auto const target = addresses(*nat.real_destination, nat.mapped_interface);
    if (!real || !to || !target) return false;
    if (is_all(*to) && is_all(*target)) return true;
    Redirection redirection{nat.real_interface, real, *to, *target, {}, {}};
    if (!read_ports(nat, redirection.ports)) return false;
    auto rule = rule_of(redirection, config_.span_of(nat.text));
    if (rule) out.push_back(std::move(*rule));
    return rule.has_value();
}

void Translations::run() {
    Chain chain;
    chain.table = "nat";
    chain.name = "static";
    std::uint32_t origin = 0;
    bool lists_come_first = !asa_;
    for (Translation const* nat : in_order()) {
        lists_come_first = lists_come_first || nat->before_8_3;
        std::vector<Rule> rules;
        bool const known = add_from_mapped(*nat, rules) && add_from_real(*nat, rules);
        if (!known || rules.empty()) {
            ruleset_.unmodelled.push_back({single_blanks(nat->text), config_.span_of(nat->text)});
            continue;
        }
        auto& to = nat->inactive ? chain.inactive : chain.rules;
        for (Rule& rule : rules) {
            rule.origin = origin;
            to.push_back(std::move(rule));
        }
        ++origin;
    }
    if (chain.rules.empty() && chain.inactive.empty()) return;
    for (Statement const& statement : config_.statements) {
        auto const* const interface = std::get_if<Interface>(&statement);
        if (interface && interface->is_outside)
            chain.bindings.push_back({std::string(interface->name), true, config_.span_of(interface->text)});
    }
    chain.hook = Hook{HookPoint::prerouting, ChainType::nat, lists_come_first ? after_lists : before_lists, true, true, {}};
    chain.span = chain.policy_span = (chain.rules.empty() ? chain.inactive : chain.rules).front().span;
    ruleset_.chains.push_back(std::move(chain));
}

} // namespace

void add_translations(Config const& config, Dialect dialect, Objects& objects, Ruleset& ruleset) {
    Translations(config, dialect, objects, ruleset).run();
}

} // namespace portcullis::cisco
