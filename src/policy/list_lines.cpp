#include "policy/list_lines.hpp"

#include <algorithm>

namespace portcullis {
namespace {

bool overlap(Traffic const& a, Traffic const& b) {
    if (!a.protocol || !b.protocol) return true;
    return *a.protocol == *b.protocol && (!a.ports || !b.ports || a.ports->overlaps(*b.ports)) && (!a.type || !b.type || *a.type == *b.type);
}

// An answer and what opens a connection may have the same ports on both sides; of other protocols they share nothing.
bool overlap_traffic(PolicyLine const& a, PolicyLine const& b) {
    if (!a.answer && !b.answer) return overlap(a.traffic, b.traffic);
    auto const protocol = [](PolicyLine const& line) {
        return line.answer ? std::optional(static_cast<std::uint8_t>(line.answer->protocol)) : line.traffic.protocol;
    };
    if (protocol(a) && protocol(b) && *protocol(a) != *protocol(b)) return false;
    if (!a.answer || !b.answer) return true;
    auto const& x = a.answer->source_ports;
    auto const& y = b.answer->source_ports;
    return (!x || !y || x->overlaps(*y)) && (!a.answer->type || !b.answer->type || *a.answer->type == *b.answer->type);
}

} // namespace

bool overlap(PolicyLine const& a, PolicyLine const& b) {
    return overlap_traffic(a, b) && std::ranges::any_of(both_families, [&](Family family) {
               return a.from.addresses.of(family).overlaps(b.from.addresses.of(family)) &&
                      a.to.addresses.of(family).overlaps(b.to.addresses.of(family));
           });
}

namespace {

class LineMaker {
  public:
    LineMaker(Policy const& policy, Dialect platform, std::vector<Addresses> const& proper)
        : policy_(policy), keeps_connections_(keeps_connections(platform)), proper_(proper), interfaces_(interfaces_of(policy)) {}

    ListLines run() {
        Place const device{IntervalSet::all(128), device_destinations(policy_.own)};
        for (std::size_t i = 0; i < policy_.statements.size(); ++i) {
            Statement const& statement = policy_.statements[i];
            if (statement.rate) continue; // no platform counts by rule: a loss
            for (Place const& from : statement.from.places)
                for (Place const& to : statement.to.places) {
                    add_lines(i, from, to, lines_.through);
                    add_answers(i, from, to, lines_.through);
                }
            if (statement.to.self)
                for (Place const& from : statement.from.places) add_lines(i, from, device, lines_.to_device);
            if (statement.from.self)
                for (Place const& to : statement.to.places) add_answers(i, device, to, lines_.to_device);
        }
        place_denials();
        return std::move(lines_);
    }

  private:
    // Of packets to the device, sources too that no router forwards.
    std::set<std::size_t> ins_of(Place const& place, bool forwarded) const {
        std::set<std::size_t> numbers;
        for (std::size_t i = 0; i < interfaces_.size(); ++i) {
            Addresses some = intersected(place.addresses, proper_[i]);
            if (forwarded) some = some.minus(never_forged());
            if (place.interfaces.contains(interfaces_[i]) && !(some.v4.empty() && some.v6.empty())) numbers.insert(i);
        }
        return numbers;
    }
    std::set<std::size_t> outs_of(Place const& place) const {
        std::set<std::size_t> numbers;
        for (std::size_t i = 0; i < interfaces_.size(); ++i)
            if (place.interfaces.contains(interfaces_[i])) numbers.insert(i);
        return numbers;
    }

    void add_lines(std::size_t number, Place const& from, Place const& to, PolicyLines& lines) const {
        Statement const& statement = policy_.statements[number];
        for (Traffic const& traffic : statement.traffic)
            (statement.deny ? lines.denials : lines.permits)
                .push_back({from, to, traffic, std::nullopt, number, ins_of(from, &lines == &lines_.through), outs_of(to)});
    }

    void add_answers(std::size_t number, Place const& from, Place const& to, PolicyLines& lines) const {
        Statement const& statement = policy_.statements[number];
        if (statement.deny || !policy_.harden.established) return;
        for (Traffic const& traffic : statement.traffic)
            for (AnswerShape const& answer : answers_to(traffic, keeps_connections_))
                lines.answers.push_back({to, from, traffic, answer, number, ins_of(to, &lines == &lines_.through), outs_of(from)});
    }

    // A denial of some interfaces on both sides goes where it stops nothing else, if there is such a place.
    void place_denials() {
        std::size_t const count = interfaces_.size();
        auto const within = [](std::set<std::size_t> const& a, std::set<std::size_t> const& b) { return std::ranges::includes(b, a); };
        auto const meet = [](std::set<std::size_t> const& a, std::set<std::size_t> const& b) {
            return std::ranges::any_of(a, [&](std::size_t i) { return b.contains(i); });
        };
        for (PolicyLine const& denial : lines_.through.denials) {
            bool inbound = denial.outs.size() == count, outbound = denial.ins.size() == count;
            if (!inbound && !outbound) {
                inbound = outbound = true;
                for (PolicyLine const& permit : lines_.through.permits) {
                    if (!overlap(denial, permit)) continue;
                    inbound = inbound && (!meet(permit.ins, denial.ins) || within(permit.outs, denial.outs));
                    outbound = outbound && (!meet(permit.outs, denial.outs) || within(permit.ins, denial.ins));
                }
            }
            lines_.denials.push_back({inbound, !inbound, outbound});
        }
    }

    Policy const& policy_;
    bool keeps_connections_;
    std::vector<Addresses> const& proper_;
    std::vector<U128> interfaces_;
    ListLines lines_;
};

// ---- what cannot be said

bool is_allowed_back(Policy const& policy, Statement const& statement, Traffic const& traffic) {
    return std::ranges::any_of(policy.statements, [&](Statement const& other) {
        return !other.deny && !other.rate && other.from.places == statement.to.places && other.to.places == statement.from.places &&
               other.from.self == statement.to.self && other.to.self == statement.from.self &&
               std::ranges::any_of(other.traffic, [&](Traffic const& each) { return each == traffic || !each.protocol; });
    });
}

void add_unanswered(Policy const& policy, Statement const& statement, bool keeps_connections, ListLosses& losses) {
    for (Traffic const& traffic : statement.traffic) {
        if (is_answered(traffic, keeps_connections) || is_allowed_back(policy, statement, traffic)) continue;
        std::string const what = !traffic.protocol ? "any service"
                                 : traffic.ports   ? "all ports of " + value_text(Field::protocol, *traffic.protocol)
                                                   : "protocol " + value_text(Field::protocol, *traffic.protocol);
        losses.add(statement.span, what,
                   keeps_connections ? "the platform keeps no connections of it; direction = \"both\" lets answers pass"
                                     : "the platform keeps no connections, and answers cannot be told from new ones; name ports, or "
                                       "let them pass with direction = \"both\"");
    }
}

} // namespace

Addresses intersected(Addresses const& a, Addresses const& b) { return {a.v4.intersected(b.v4), a.v6.intersected(b.v6)}; }

ListLines list_lines(Policy const& policy, Dialect platform, std::vector<Addresses> const& proper) {
    return LineMaker(policy, platform, proper).run();
}

void ListLosses::add(Span span, std::string construct, std::string why) {
    if (!told_.emplace(span.begin, construct, why).second) return;
    findings.add("PC002", span).arg("construct", std::move(construct)).arg("why", std::move(why));
}

void add_unspeakable(Policy const& policy, Dialect platform, ListLosses& losses) {
    for (Statement const& statement : policy.statements) {
        if (statement.rate) losses.add(statement.span, "rate", "lists do not count; without the rate more would pass");
        if (statement.deny && statement.from.self)
            losses.add(statement.span, "deny from self", "lists are not asked about what the device itself sends");
        if (!statement.deny && !statement.rate && policy.harden.established)
            add_unanswered(policy, statement, keeps_connections(platform), losses);
    }
    for (Masquerade const& masquerade : policy.masquerades)
        losses.add(masquerade.span, "masquerade", "an access list translates nothing");
    for (Publish const& publish : policy.publications) losses.add(publish.span, "publish", "an access list translates nothing");
}

} // namespace portcullis
