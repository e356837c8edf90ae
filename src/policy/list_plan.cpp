// A policy as two lists for each interface, for what comes in and what goes out there. A packet through the device passes
// the one list of the interface that it comes in by and the other of the one that it leaves by, and neither knows the other
// interface: so together they may let through more than the statements do. What is too much is asked of the proof, and lines of
// outbound lists are kept from the sources of the interfaces that it came in by, or left out and told, until nothing is.
#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>
#include <stdexcept>

#include "catalogue/networks.hpp"
#include "policy/list_lines.hpp"
#include "portcullis/policy/plan.hpp"
#include "portcullis/policy/proof.hpp"

namespace portcullis {
namespace {

bool is_of(Protocol protocol, Family family) {
    return (protocol != Protocol::icmp || family == Family::v4) && (protocol != Protocol::icmpv6 || family == Family::v6);
}

std::string list_name(std::string_view way, std::string_view interface, Family family) {
    std::string name = fmt::format("{}-{}", way, interface);
    std::ranges::replace_if(name, [](char c) { return c == '/' || c == '.' || c == ':'; }, '-');
    return family == Family::v4 ? name : name + "-v6";
}

class ListPlanner {
  public:
    ListPlanner(Space& space, Policy const& policy, Dialect platform)
        : space_(space), policy_(policy), platform_(platform), keeps_connections_(portcullis::keeps_connections(platform)),
          interfaces_(interfaces_of(policy)), device_(device_destinations(policy.own)) {
        for (U128 const interface : interfaces_) proper_.push_back(proper_sources(policy, interface));
        add_unspeakable(policy, platform, losses_);
        auto lines = list_lines(policy, platform, proper_);
        through_ = std::move(lines.through);
        to_device_ = std::move(lines.to_device);
        denials_ = std::move(lines.denials);
        // Apart, since no name should stand for both.
        Addresses const inside{private_addresses(Family::v4), private_addresses(Family::v6)};
        if (keeps_connections_)
            device_parts_ = {Addresses::all()};
        else
            device_parts_ = {intersected(device_, inside), device_.minus(inside)};
    }

    ListPlan run() {
        for (build(); narrow(); build()) {}
        return {std::move(ruleset_), std::move(losses_.findings)};
    }

  private:
    using LineOut = std::pair<std::size_t, std::size_t>; // an answer or permit, and an interface that its packets leave by

    std::size_t count() const { return interfaces_.size(); }
    Harden const& harden() const { return policy_.harden; }

    // ---- rules

    void start_list(std::string_view way, std::size_t interface, bool inbound) {
        std::string const& name = policy_.interfaces[interface];
        open_.clear();
        bool const device = way == "self";
        for (Family const family : both_families) {
            if (keeps_connections_ && family == Family::v6) break; // its lists are of both families
            Chain& chain = ruleset_.chains.emplace_back();
            chain.name = list_name(way, name, family);
            chain.hook = Hook{HookPoint::list, ChainType::filter, 0, family == Family::v4, keeps_connections_ || family == Family::v6, {}};
            chain.policy = Drop{};
            if (device)
                chain.uses.push_back({Use::Kind::management, "control-plane of " + name, {}});
            else
                chain.bindings.push_back({name, inbound, {}});
            open_.push_back(static_cast<ChainId>(ruleset_.chains.size() - 1));
        }
        last_comment_.assign(open_.size(), "");
    }

    Rule rule(Verdict verdict, Span span, bool log) const {
        Rule rule;
        rule.verdict = std::move(verdict);
        rule.span = span;
        rule.effects.log = log;
        return rule;
    }
    static void ask(Rule& rule, Field field, ValueSet values) { rule.match.terms.push_back({field, std::move(values), {}}); }

    static void ask_traffic(Rule& rule, PolicyLine const& line) {
        Traffic const& traffic = line.traffic;
        if (line.answer) {
            ask(rule, Field::protocol, ValueSet::single(number(line.answer->protocol)));
            if (line.answer->source_ports) ask(rule, Field::sport, *line.answer->source_ports);
            if (line.answer->type) ask(rule, Field::icmp_type, ValueSet::single(*line.answer->type));
            if (!line.answer->established) return;
            ValueSet flags;
            flags.masks = {{tcp_flag::ack, tcp_flag::ack}, {tcp_flag::rst, tcp_flag::rst}};
            ask(rule, Field::tcp_flags, std::move(flags));
            return;
        }
        if (traffic.protocol) ask(rule, Field::protocol, ValueSet::single(*traffic.protocol));
        if (traffic.ports) ask(rule, Field::dport, *traffic.ports);
        if (traffic.type) ask(rule, Field::icmp_type, ValueSet::single(*traffic.type));
        if (traffic.code) ask(rule, Field::icmp_code, ValueSet::single(*traffic.code));
    }

    static bool is_of_family(PolicyLine const& line, Family family) {
        if (line.answer) return is_of(line.answer->protocol, family);
        return !line.traffic.type || is_of(static_cast<Protocol>(*line.traffic.protocol), family);
    }

    // To the open lists, with a remark where another block begins.
    void add(std::string const& comment, Rule const& start, PolicyLine const& line, Addresses const& from, Addresses const& to) {
        bool const free = from.is_all() && to.is_all() && is_of_family(line, Family::v4) && is_of_family(line, Family::v6);
        for (Family const family : both_families) {
            if (from.of(family).empty() || to.of(family).empty() || !is_of_family(line, family)) continue;
            std::size_t const at = open_.size() > 1 && family == Family::v6 ? 1 : 0;
            Rule each = start;
            unsigned const bits = address_bits(family);
            bool const any_from = from.of(family).is_all(bits), any_to = to.of(family).is_all(bits);
            if (keeps_connections_ && any_from && any_to && !free) ask(each, Field::family, ValueSet::single(family_value(family)));
            if (!any_from) ask(each, src_field(family), from.of(family));
            if (!any_to) ask(each, dst_field(family), to.of(family));
            ask_traffic(each, line);
            append(at, comment, std::move(each));
            if (keeps_connections_ && free) return;
        }
    }

    void append(std::size_t at, std::string const& comment, Rule rule) {
        if (last_comment_[at] != comment) rule.comment = last_comment_[at] = comment;
        auto& rules = ruleset_.chains[open_[at]].rules;
        rule.origin = static_cast<std::uint32_t>(rules.size());
        rules.push_back(std::move(rule));
    }

    void add_denial(std::string const& comment, Addresses const& from, Addresses const& to, bool log) {
        add(comment, rule(Drop{}, {}, log), {}, from, to);
    }

    std::string comment_of(PolicyLine const& line) const {
        std::string const& name = policy_.statements[line.statement].name;
        return line.answer ? "answers to " + name : name;
    }

    void add(PolicyLine const& line, bool permit, Addresses const& from, Addresses const& to) {
        Statement const& statement = policy_.statements[line.statement];
        bool const log = !line.answer && (statement.log || (!permit && harden().log_denied));
        add(comment_of(line), rule(permit ? Verdict(Accept{}) : Verdict(Drop{}), statement.span, log), line, from, to);
    }

    // ---- lists

    void build() {
        ruleset_ = {};
        ruleset_.dialect = platform_;
        name_groups();
        for (std::size_t i = 0; i < count(); ++i) {
            if (keeps_connections_) build_device_list(i);
            build_inbound(i);
            build_outbound(i);
        }
    }

    void name_groups() {
        auto const add = [&](std::string name, Addresses const& set) {
            std::ranges::replace_if(name, [](char c) { return c == ' ' || c == '/'; }, '-');
            if (!set.v4.empty()) ruleset_.groups.push_back({name, set.v4, {}, true, {}});
            if (!set.v6.empty()) ruleset_.groups.push_back({name + "-v6", {}, set.v6, true, {}});
        };
        add("on-the-link", {{}, never_forged().v6});
        add("the-device-itself", device_);
        if (!keeps_connections_) {
            add("own-private-addresses", device_parts_[0]);
            add("own-public-addresses", device_parts_[1]);
        }
        for (std::size_t i = 0; i < count(); ++i) {
            add("sources-" + policy_.interfaces[i], proper_[i]);
            add("forged-" + policy_.interfaces[i], Addresses::all().minus(proper_[i]));
        }
        for (auto const& [name, addresses] : policy_.objects) add(name, addresses);
        for (PolicyZone const& zone : policy_.zones)
            if (zone.has_networks) add(zone.name, zone.place.addresses);
    }

    void build_device_list(std::size_t interface) {
        start_list("self", interface, true);
        sources_ = add_forged(interface);
        add_neighbours();
        add_essentials(sources_);
        add_to_device(interface);
        add_denial("everything else", Addresses::all(), Addresses::all(), harden().log_denied);
    }

    void build_inbound(std::size_t interface) {
        start_list("in", interface, true);
        if (!keeps_connections_) add_fragments();
        sources_ = add_forged(interface);
        if (!keeps_connections_) add_neighbours();
        add_essentials(sources_);
        if (!keeps_connections_) {
            add_to_device(interface);
            add_denial("nothing else goes to the device itself", Addresses::all(), device_, harden().log_denied);
        }
        for (PolicyLine const& line : through_.answers)
            if (line.ins.contains(interface) && !line.outs.empty()) add(line, true, proper(line, interface, true), line.to.addresses);
        for (std::size_t i = 0; i < through_.denials.size(); ++i) {
            PolicyLine const& line = through_.denials[i];
            if (denials_[i].inbound && line.ins.contains(interface)) add(line, false, proper(line, interface, true), line.to.addresses);
        }
        for (PolicyLine const& line : through_.permits)
            if (line.ins.contains(interface) && !line.outs.empty()) add(line, true, proper(line, interface, true), line.to.addresses);
        add_denial("everything else", Addresses::all(), Addresses::all(), harden().log_denied);
    }

    // Of a line's sources, those that the interface takes; all of them where some are taken and lines before have stopped
    // the others. No router forwards packets with sources that are never forged.
    Addresses proper(PolicyLine const& line, std::size_t interface, bool forwarded) const {
        Addresses some = intersected(line.from.addresses, proper_[interface]);
        if (forwarded) some = some.minus(never_forged());
        if (!some.v4.empty() && sources_.v4.is_all(32)) some.v4 = line.from.addresses.v4;
        if (!some.v6.empty() && sources_.v6.is_all(128)) some.v6 = line.from.addresses.v6;
        return some;
    }

    void build_outbound(std::size_t interface) {
        start_list("out", interface, false);
        if (!keeps_connections_) add_fragments();
        add_essentials(Addresses::all());
        add_permits(interface, through_.answers, 0);
        for (std::size_t i = 0; i < through_.denials.size(); ++i) {
            PolicyLine const& line = through_.denials[i];
            if (!denials_[i].outbound || !line.outs.contains(interface)) continue;
            add(line, false, denials_[i].fits_outbound ? line.from.addresses : proper_of(line), line.to.addresses);
        }
        add_permits(interface, through_.permits, through_.answers.size());
        add_denial("everything else", Addresses::all(), Addresses::all(), harden().log_denied);
    }

    // Of a line's sources those that one of its interfaces takes.
    Addresses proper_of(PolicyLine const& line) const {
        Addresses some;
        for (std::size_t const i : line.ins) some = some.united(proper_[i].minus(never_forged()));
        return intersected(line.from.addresses, some);
    }

    // `first`: the number of the first of the lines among answers and permits.
    void add_permits(std::size_t interface, std::vector<PolicyLine> const& lines, std::size_t first) {
        for (std::size_t i = 0; i < lines.size(); ++i) {
            PolicyLine const& line = lines[i];
            LineOut const place(first + i, interface);
            if (!line.outs.contains(interface) || line.ins.empty() || left_out_.contains(place)) continue;
            auto const kept_from = kept_from_.find(place);
            if (kept_from == kept_from_.end()) {
                add(line, true, line.from.addresses, line.to.addresses);
                continue;
            }
            Addresses const others = sources_of_others(line, kept_from->second), own = proper_of(line);
            bool const denies = prefixes(others) < prefixes(own) && !stops_others(place, line, others);
            if (denies) add(line, false, others, line.to.addresses);
            add(line, true, denies ? line.from.addresses : own, line.to.addresses);
        }
    }

    static std::size_t prefixes(Addresses const& set) {
        return to_prefixes(set.v4, Family::v4).size() + to_prefixes(set.v6, Family::v6).size();
    }

    // Of a line's sources those that only the other interfaces take.
    Addresses sources_of_others(PolicyLine const& line, std::set<std::size_t> const& interfaces) const {
        Addresses others;
        for (std::size_t const i : interfaces) others = others.united(proper_[i].minus(never_forged()));
        return intersected(line.from.addresses, others).minus(proper_of(line));
    }

    // Whether a line that stops these could take something from another one behind it.
    bool stops_others(LineOut place, PolicyLine const& line, Addresses const& sources) const {
        PolicyLine stopped = line;
        stopped.from.addresses = sources;
        for (std::size_t i = place.first + 1; i < through_.answers.size() + through_.permits.size(); ++i)
            if (line_of(i).outs.contains(place.second) && overlap(line_of(i), stopped)) return true;
        return false;
    }

    // ---- what Harden says

    void add_neighbours() {
        if (!harden().neighbour_discovery) return;
        auto const add_types = [&](IntervalSet const& types, IntervalSet const& sources) {
            for (Interval const& each : types.intervals())
                for (U128 type = each.first; type <= each.last; ++type) {
                    PolicyLine line;
                    line.traffic.protocol = static_cast<std::uint8_t>(Protocol::icmpv6);
                    line.traffic.type = static_cast<std::uint8_t>(type);
                    add("harden: neighbour-discovery", rule(Accept{}, {}, false), line, {{}, sources.intersected(sources_.v6)}, Addresses::all());
                }
        };
        add_types(neighbour_types(), IntervalSet::all(128));
        add_types(listener_types(), listener_sources());
    }

    void add_fragments() {
        if (!harden().fragments) return;
        Rule fragments = rule(Drop{}, {}, harden().log_denied);
        ask(fragments, Field::fragment, ValueSet::single(1));
        append(0, "harden: fragments", std::move(fragments));
    }

    // PolicyLines that stop forged sources, where they are fewer than those that proper ones would take; else the proper
    // sources, to which what follows is bounded.
    Addresses add_forged(std::size_t interface) {
        Addresses sources = Addresses::all();
        for (Family const family : both_families) {
            IntervalSet const& proper = proper_[interface].of(family);
            IntervalSet const forged = proper.complement(address_bits(family));
            if (forged.empty()) continue;
            if (to_prefixes(forged, family).size() > to_prefixes(proper, family).size()) {
                (family == Family::v4 ? sources.v4 : sources.v6) = proper;
                continue;
            }
            Addresses const from = family == Family::v4 ? Addresses{forged, {}} : Addresses{{}, forged};
            add_denial("harden: sources", from, Addresses::all(), harden().log_denied);
        }
        return sources;
    }

    void add_essentials(Addresses const& from) {
        for (Traffic const& message : essential_messages(harden())) {
            PolicyLine line;
            line.traffic = message;
            bool const v4 = *message.protocol == static_cast<std::uint8_t>(Protocol::icmp);
            add(v4 ? "harden: icmp" : "harden: icmpv6", rule(Accept{}, {}, false), line, from, Addresses::all());
        }
    }

    void add_to_device(std::size_t interface) {
        for (auto const& [lines, permit] : {std::pair(&to_device_.answers, true), std::pair(&to_device_.denials, false),
                                            std::pair(&to_device_.permits, true)})
            for (PolicyLine const& line : *lines)
                for (Addresses const& to : device_parts_)
                    if (line.ins.contains(interface)) add(line, permit, proper(line, interface, false), to);
    }

    // ---- too much

    // By its number among answers and permits.
    PolicyLine const& line_of(std::size_t number) const {
        std::size_t const answers = through_.answers.size();
        return number < answers ? through_.answers[number] : through_.permits[number - answers];
    }

    // Whether lines of outbound lists had to be narrowed, so that the lists have to be built again.
    bool narrow() {
        bool changed = false;
        for (Gap const& gap : find_gaps(space_, policy_, ruleset_)) {
            if (gap.path.kind != Path::Kind::through) continue;
            if (!gap.beyond.empty()) changed = deny_outbound(gap) || narrow(gap, false) || narrow(gap, true) || changed;
            else if (!changed) blocked_.push_back(gap);
        }
        if (changed) blocked_.clear();
        else tell_blocked();
        return changed;
    }

    // Answers stand before denials of an inbound list, and may be more than answers to an outbound one.
    bool deny_outbound(Gap const& gap) {
        std::size_t const out = number_of(gap.beyond, Field::oif), in = number_of(gap.beyond, Field::iif);
        bool changed = false;
        for (std::size_t i = 0; i < denials_.size(); ++i) {
            PolicyLine const& line = through_.denials[i];
            if (denials_[i].outbound || !line.ins.contains(in) || !line.outs.contains(out)) continue;
            if ((packets_of(line, line.from.addresses) & gap.beyond).empty()) continue;
            denials_[i].outbound = changed = true;
        }
        return changed;
    }

    // `any`: lines that may take what came in there too.
    bool narrow(Gap const& gap, bool any) {
        std::size_t const out = number_of(gap.beyond, Field::oif), in = number_of(gap.beyond, Field::iif);
        bool changed = false;
        for (std::size_t i = 0; i < through_.answers.size() + through_.permits.size(); ++i) {
            PolicyLine const& line = line_of(i);
            if (!line.outs.contains(out) || line.ins.empty() || (line.ins.contains(in) && !any) || left_out_.contains({i, out})) continue;
            auto const kept_from = kept_from_.find({i, out});
            bool const is_kept = any || (kept_from != kept_from_.end() && kept_from->second.contains(in));
            PacketSet const said = packets_of(line, is_kept && !any ? proper_of(line) : line.from.addresses);
            if ((said & gap.beyond).empty()) continue;
            changed = true;
            if (!is_kept) {
                kept_from_[{i, out}].insert(in);
                continue;
            }
            left_out_.insert({i, out});
            std::string const& to = policy_.interfaces[out];
            losses_.add(policy_.statements[line.statement].span, fmt::format("{} out by {}", line.answer ? "answers" : "packets", to),
                 fmt::format("a list knows one interface alone, and would let through what came in by {} as well", policy_.interfaces[in]));
        }
        return changed;
    }

    std::size_t number_of(PacketSet const& packets, Field field) const {
        U128 const value = packets.project(field).value().only().value();
        return static_cast<std::size_t>(std::ranges::find(interfaces_, value) - interfaces_.begin());
    }

    PacketSet packets_of(PolicyLine const& line, Addresses const& from) {
        Rule asked;
        ask_traffic(asked, line);
        PacketSet ends = space_.none();
        for (Family const family : both_families)
            if (is_of_family(line, family))
                ends |= space_.of(src_field(family), from.of(family)) & space_.of(dst_field(family), line.to.addresses.of(family));
        return space_.of(asked.match) & ends;
    }

    // Denials that stop what statements allow by other interfaces.
    void tell_blocked() {
        for (Gap const& gap : blocked_)
            for (PolicyLine const& line : through_.denials)
                if (!(packets_of(line, line.from.addresses) & gap.within).empty())
                    losses_.add(policy_.statements[line.statement].span, "deny between these interfaces",
                         "a list knows one interface alone, and would stop what is allowed by others as well");
    }

    Space& space_;
    Policy const& policy_;
    Dialect platform_;
    bool keeps_connections_;
    std::vector<U128> interfaces_;
    Addresses device_;               // destinations that are the device itself
    std::vector<Addresses> device_parts_; // of lines that permit
    std::vector<Addresses> proper_;  // sources that each interface takes
    PolicyLines through_, to_device_;
    std::vector<Denial> denials_;    // of `through_`
    std::map<LineOut, std::set<std::size_t>> kept_from_; // lines that must not take the sources of these interfaces
    std::set<LineOut> left_out_;
    std::vector<Gap> blocked_;
    ListLosses losses_;
    Ruleset ruleset_;
    // Of the list that is being built:
    std::vector<ChainId> open_; // of IPv4, and of IPv6 where that is apart
    std::vector<std::string> last_comment_;
    Addresses sources_;
};

} // namespace

ListPlan plan_lists(Policy const& policy, Target target) {
    if (auto const why = why_no_lists(policy, dialect_of(target))) throw std::invalid_argument(*why);
    Space space(Space::Order::ends);
    Policy const without_rates = without_optional_rates(policy);
    return ListPlanner(space, without_rates, dialect_of(target)).run();
}

} // namespace portcullis
