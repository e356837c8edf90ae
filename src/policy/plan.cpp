#include "portcullis/engine/reach.hpp"
#include "portcullis/policy/plan.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "portcullis/engine/path.hpp"

namespace portcullis {
namespace {

struct Words {
    std::string_view name;
    Target target;
    Dialect dialect;
    std::string_view filter, nat; // tables
    std::string_view input, forward, output, postrouting;
};

// The names of chains and tables are of those that have hooks.
constexpr std::array targets{
    Words{"nftables", Target::nftables, Dialect::nftables, "inet portcullis", "inet portcullis", "input", "forward",
          "output", "postrouting"},
    Words{"iptables", Target::iptables, Dialect::iptables, "filter", "nat", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"},
    Words{"ip6tables", Target::ip6tables, Dialect::ip6tables, "filter", "nat", "INPUT", "FORWARD", "OUTPUT",
          "POSTROUTING"},
    Words{"cisco-ios", Target::cisco_ios, Dialect::cisco_ios, {}, {}, {}, {}, {}, {}},
    Words{"cisco-ios-xe", Target::cisco_ios_xe, Dialect::cisco_ios, {}, {}, {}, {}, {}, {}},
    Words{"cisco-asa", Target::cisco_asa, Dialect::cisco_asa, {}, {}, {}, {}, {}, {}},
    Words{"cisco-nxos", Target::cisco_nxos, Dialect::cisco_nxos, {}, {}, {}, {}, {}, {}},
    Words{"cisco-xr", Target::cisco_xr, Dialect::cisco_xr, {}, {}, {}, {}, {}, {}},
};

Words const& words_of(Target target) {
    return *std::ranges::find(targets, target, &Words::target);
}

// The set, or what is not in it: whichever is shorter to say.
ValueSet shorter(IntervalSet const& set, unsigned bits) {
    IntervalSet rest = set.complement(bits);
    if (rest.intervals().size() >= set.intervals().size()) return set;
    return ValueSet(std::move(rest)).complement();
}

class Planner {
  public:
    Planner(Policy const& policy, Target target)
        : policy_(policy), target_(target), words_(words_of(target)), families_(families_of(target)) {
        ruleset_.dialect = words_.dialect;
        ruleset_.governs_v4 = target != Target::ip6tables;
        ruleset_.governs_v6 = target != Target::iptables;
    }

    Ruleset run() {
        add_base(HookPoint::input, words_.input);
        add_base(HookPoint::forward, words_.forward);
        add_base(HookPoint::output, words_.output);
        plan_denied();
        plan_forged();
        plan_statement_chains();
        plan_path(Path::Kind::to_host, 0);
        plan_path(Path::Kind::through, 1);
        plan_path(Path::Kind::from_host, 2);
        plan_publications();
        plan_masquerades();
        leave_out_uncalled();
        for (Chain& chain : ruleset_.chains)
            for (std::size_t i = 0; i < chain.rules.size(); ++i) chain.rules[i].origin = static_cast<std::uint32_t>(i);
        return std::move(ruleset_);
    }

  private:
    // ---- chains

    Chain& add_chain(std::string name, std::string_view table) {
        Chain& chain = ruleset_.chains.emplace_back();
        chain.table = table;
        chain.name = std::move(name);
        return chain;
    }
    // Chains of statements that have nothing to say about the target's family.
    void leave_out_uncalled() {
        std::vector<bool> called(ruleset_.chains.size());
        for (ChainId id = 0; id < ruleset_.chains.size(); ++id) {
            if (!ruleset_.chains[id].hook) continue;
            for (ChainId const each : call_order(ruleset_, id).chains) called[each] = true;
        }
        std::vector<ChainId> places(called.size(), no_chain);
        std::vector<Chain> kept;
        for (ChainId id = 0; id < called.size(); ++id) {
            if (!called[id]) continue;
            places[id] = static_cast<ChainId>(kept.size());
            kept.push_back(std::move(ruleset_.chains[id]));
        }
        for (Chain& chain : kept)
            for (Rule& rule : chain.rules)
                if (auto* jump = std::get_if<Jump>(&rule.verdict)) jump->chain = places[jump->chain];
        ruleset_.chains = std::move(kept);
    }

    ChainId last_chain() const { return static_cast<ChainId>(ruleset_.chains.size() - 1); }

    void add_base(HookPoint point, std::string_view name) {
        Chain& chain = add_chain(std::string(name), words_.filter);
        chain.hook = Hook{point, ChainType::filter, 0, ruleset_.governs_v4, ruleset_.governs_v6, {}};
        chain.policy = Drop{};
        chain.explicit_policy = true;
    }

    // ---- rules

    Rule rule(std::string comment, Verdict verdict, Span span = {}) const {
        Rule rule;
        rule.comment = std::move(comment);
        rule.verdict = std::move(verdict);
        rule.span = span;
        return rule;
    }
    static void ask(Rule& rule, Field field, ValueSet values) { rule.match.terms.push_back({field, std::move(values), {}}); }
    static void ask_interface(Rule& rule, Field field, IntervalSet const& interfaces) {
        if (!interfaces.is_all(info(field).bits)) ask(rule, field, shorter(interfaces, info(field).bits));
    }
    static void ask_traffic(Rule& rule, Traffic const& traffic) {
        if (traffic.type) {
            bool const v4 = *traffic.protocol == number(Protocol::icmp);
            bool const said = std::ranges::any_of(rule.match.terms, [](Term const& term) { return info(term.field).family.has_value() || term.field == Field::family; });
            if (!said) ask(rule, Field::family, ValueSet::single(v4 ? family_v4 : family_v6));
        }
        if (traffic.protocol) ask(rule, Field::protocol, ValueSet::single(*traffic.protocol));
        if (traffic.ports) ask(rule, Field::dport, *traffic.ports);
        if (traffic.type) ask(rule, Field::icmp_type, ValueSet::single(*traffic.type));
        if (traffic.code) ask(rule, Field::icmp_code, ValueSet::single(*traffic.code));
    }
    void ask_rate(Rule& rule, Rate const& rate) const {
        Opaque limit;
        limit.text = target_ == Target::nftables
                         ? fmt::format("limit rate {}/{} burst {} packets", rate.count, rate.unit, rate.burst)
                         : fmt::format("-m limit --limit {}/{} --limit-burst {}", rate.count,
                                       rate.unit == "day" || rate.unit == "hour" ? rate.unit : rate.unit.substr(0, 3),
                                       rate.burst);
        limit.stateful = true;
        limit.rate = true;
        rule.match.opaque.push_back(std::move(limit));
    }
    Rule log_rule(std::string const& comment, std::string const& word, Span span) const {
        constexpr std::size_t longest_prefix = 28; // iptables takes 29 bytes
        Rule log = rule(comment, Continue{}, span);
        ask_rate(log, policy_.harden.log_rate);
        log.effects.log = true;
        log.effects.log_options = fmt::format("prefix \"{}: \"", word.substr(0, longest_prefix - 2));
        return log;
    }

    // ---- what the paths share

    void plan_denied() {
        bool const some = policy_.harden.log_denied || std::ranges::any_of(policy_.statements, [](Statement const& s) {
                              return s.deny && s.log;
                          });
        if (!some) return;
        Chain& chain = add_chain("denied", words_.filter);
        chain.rules.push_back(log_rule("harden: log-denied", "denied", {}));
        chain.rules.push_back(rule("harden: log-denied", Drop{}));
        denied_ = last_chain();
    }
    Verdict denial(bool log) const { return log || policy_.harden.log_denied ? Verdict(Jump{denied_}) : Verdict(Drop{}); }

    void plan_forged() {
        std::vector<SourceCheck> const checks = source_checks(policy_);
        if (checks.empty()) return;
        Chain& chain = add_chain("forged", words_.filter);
        forged_ = last_chain();
        for (SourceCheck const& check : checks) {
            for (Family const family : families_) {
                if (check.forged.of(family).empty()) continue;
                IntervalSet const& forged = check.forged.of(family);
                Rule drop = rule("harden: sources", denial(false));
                ask_interface(drop, Field::iif, check.interfaces);
                if (forged.is_all(address_bits(family))) ask(drop, Field::family, ValueSet::single(family_value(family)));
                else ask(drop, src_field(family), shorter(forged, address_bits(family)));
                chain.rules.push_back(std::move(drop));
            }
        }
        // On the way to the host some sources are not.
        Chain& arriving = add_chain("arriving", words_.filter);
        arriving_ = last_chain();
        for (Family const family : families_) {
            Rule never = rule("harden: sources", Return{});
            ask(never, src_field(family), never_forged().of(family));
            arriving.rules.push_back(std::move(never));
        }
        arriving.rules.push_back(rule("harden: sources", Jump{forged_}));
    }

    // A statement with a rate or a log has a chain of its own, so that all of its rules share the rate.
    void plan_statement_chains() {
        statement_chains_.assign(policy_.statements.size(), no_chain);
        for (std::size_t i = 0; i < policy_.statements.size(); ++i) {
            Statement const& statement = policy_.statements[i];
            if (statement.deny || (!statement.log && !statement.rate)) continue;
            std::string name = fmt::format("allow{}-{}", i + 1, statement.name).substr(0, 27);
            std::ranges::replace(name, ' ', '-');
            Chain& chain = add_chain(std::move(name), words_.filter);
            statement_chains_[i] = last_chain();
            if (statement.log) chain.rules.push_back(log_rule(statement.name, statement.name, statement.span));
            Rule accept = rule(statement.name, Accept{}, statement.span);
            if (statement.rate) ask_rate(accept, *statement.rate);
            chain.rules.push_back(std::move(accept));
        }
    }

    // ---- a path

    void plan_path(Path::Kind kind, ChainId base) {
        Harden const& harden = policy_.harden;
        std::vector<Rule> rules;
        auto const add = [&](Rule each) { rules.push_back(std::move(each)); };
        if (harden.loopback && kind != Path::Kind::through) {
            Rule loopback = rule("harden: loopback", Accept{});
            ask(loopback, kind == Path::Kind::to_host ? Field::iif : Field::oif, ValueSet::single(interface_value("lo")));
            add(std::move(loopback));
        }
        if (forged_ != no_chain && kind != Path::Kind::from_host)
            add(rule("harden: sources", Jump{kind == Path::Kind::to_host ? arriving_ : forged_}));
        if (harden.neighbour_discovery && kind != Path::Kind::through && ruleset_.governs_v6) add_neighbours(rules);
        if (harden.invalid) {
            Rule invalid = rule("harden: invalid", Drop{});
            ask(invalid, Field::ct_state, ValueSet::single(ct_state::invalid));
            add(std::move(invalid));
        }
        if (harden.fragments && ruleset_.governs_v4) {
            Rule fragments = rule("harden: fragments", Drop{});
            ask(fragments, Field::family, ValueSet::single(family_v4));
            ask(fragments, Field::fragment, ValueSet::single(1));
            add(std::move(fragments));
        }
        if (harden.established) {
            Rule answers = rule("harden: established", Accept{});
            ask(answers, Field::ct_state, ValueSet::range(ct_state::established, ct_state::related));
            add(std::move(answers));
        }
        for (Traffic const& message : essential_messages(harden)) {
            bool const v4 = *message.protocol == number(Protocol::icmp);
            if (v4 ? !ruleset_.governs_v4 : !ruleset_.governs_v6) continue;
            Rule essential = rule(v4 ? "harden: icmp" : "harden: icmpv6", Accept{});
            ask_traffic(essential, message);
            // Messages of one kind are one rule.
            if (!rules.empty() && rules.back().comment == essential.comment) {
                Term& types = rules.back().match.terms.back();
                types.values = types.values.intervals.united(essential.match.terms.back().values.intervals);
            } else {
                add(std::move(essential));
            }
        }
        Rule others = rule("only new connections from here on", denial(false));
        ask(others, Field::ct_state, ValueSet::single(ct_state::new_).complement());
        add(std::move(others));
        for (bool const deny : {true, false}) {
            if (!deny && kind == Path::Kind::through) add_published(rules);
            for (std::size_t i = 0; i < policy_.statements.size(); ++i)
                if (policy_.statements[i].deny == deny) add_statement(rules, i, kind);
        }
        // Behind a statement that allows everything nothing is left.
        auto const everything = std::ranges::find_if(rules, [&](Rule const& each) { return allows_everything(each); });
        if (everything != rules.end())
            std::rotate(everything, everything + 1, rules.end());
        else if (harden.log_denied)
            add(rule("everything else", denial(true)));
        ruleset_.chains[base].rules = std::move(rules);
    }

    bool allows_everything(Rule const& rule) const {
        if (!rule.match.terms.empty()) return false;
        auto const* const jump = std::get_if<Jump>(&rule.verdict);
        if (jump == nullptr) return std::holds_alternative<Accept>(rule.verdict);
        Rule const* const last = jump->chain == denied_ || jump->chain == forged_ || jump->chain == arriving_ ? nullptr : &ruleset_.chains[jump->chain].rules.back();
        return last != nullptr && last->match.opaque.empty();
    }

    void add_neighbours(std::vector<Rule>& rules) const {
        auto const start = [&] {
            Rule neighbours = rule("harden: neighbour-discovery", Accept{});
            return neighbours;
        };
        auto const finish = [&](Rule each, IntervalSet types) {
            ask(each, Field::protocol, ValueSet::single(number(Protocol::icmpv6)));
            ask(each, Field::icmp_type, std::move(types));
            rules.push_back(std::move(each));
        };
        Rule discovery = start();
        ask(discovery, Field::family, ValueSet::single(family_v6));
        ask(discovery, Field::ttl, ValueSet::single(255));
        finish(std::move(discovery), neighbour_types());
        Rule listeners = start();
        ask(listeners, Field::src6, listener_sources());
        finish(std::move(listeners), listener_types());
    }

    void add_statement(std::vector<Rule>& rules, std::size_t index, Path::Kind kind) const {
        Statement const& statement = policy_.statements[index];
        bool const from_self = kind == Path::Kind::from_host, to_self = kind == Path::Kind::to_host;
        if ((from_self && !statement.from.self) || (to_self && !statement.to.self)) return;
        static std::vector<Place> const anywhere{Place{}};
        Verdict verdict = Accept{};
        if (statement.deny)
            verdict = denial(statement.log);
        else if (statement_chains_[index] != no_chain)
            verdict = Jump{statement_chains_[index]};
        for (Place const& from : from_self ? anywhere : statement.from.places)
            for (Place const& to : to_self ? anywhere : statement.to.places)
                for (Traffic const& traffic : statement.traffic) {
                    Rule each = rule(statement.name, verdict, statement.span);
                    ask_interface(each, Field::iif, from.interfaces);
                    ask_interface(each, Field::oif, to.interfaces);
                    add_families(rules, each, from.addresses, to.addresses, traffic);
                }
    }

    // A rule for each family, or one for both where addresses say nothing.
    void add_families(std::vector<Rule>& rules, Rule const& start, Addresses const& from, Addresses const& to,
                      Traffic const& traffic) const {
        if (from.is_all() && to.is_all()) {
            Rule each = start;
            ask_traffic(each, traffic);
            rules.push_back(std::move(each));
            return;
        }
        for (Family const family : families_) {
            if (from.of(family).empty() || to.of(family).empty()) continue;
            if (traffic.type && (*traffic.protocol == number(Protocol::icmp)) != (family == Family::v4)) continue;
            Rule each = start;
            unsigned const bits = address_bits(family);
            bool const any_from = from.of(family).is_all(bits), any_to = to.of(family).is_all(bits);
            if (any_from && any_to) ask(each, Field::family, ValueSet::single(family_value(family)));
            if (!any_from) ask(each, src_field(family), shorter(from.of(family), bits));
            if (!any_to) ask(each, dst_field(family), shorter(to.of(family), bits));
            ask_traffic(each, traffic);
            rules.push_back(std::move(each));
        }
    }

    // What of a published connection names its start, and then its protocol and ports.
    Rule published(Publish const& publish, Place const& from, Verdict verdict) const {
        Rule each = rule(publish.name, std::move(verdict), publish.span);
        Family const family = publish.host.family;
        ask_interface(each, Field::iif, from.interfaces);
        ask(each, Field::family, ValueSet::single(family_value(family)));
        unsigned const bits = address_bits(family);
        if (!from.addresses.of(family).is_all(bits)) ask(each, src_field(family), shorter(from.addresses.of(family), bits));
        return each;
    }
    template <class Each> void each_published(Each const& each) const {
        for (Publish const& publish : policy_.publications) {
            Family const family = publish.host.family;
            if (family == Family::v4 ? !ruleset_.governs_v4 : !ruleset_.governs_v6) continue;
            for (Place const& from : publish.from.places)
                if (!from.addresses.of(family).empty())
                    for (Traffic const& traffic : publish.traffic) each(publish, from, traffic);
        }
    }

    void plan_publications() {
        Chain chain;
        chain.table = words_.nat;
        chain.name = target_ == Target::nftables ? "prerouting" : "PREROUTING";
        chain.hook = Hook{HookPoint::prerouting, ChainType::nat, -100, ruleset_.governs_v4, ruleset_.governs_v6, {}};
        chain.explicit_policy = true;
        each_published([&](Publish const& publish, Place const& from, Traffic const& traffic) {
            Rewrite rewrite{Rewrite::Kind::dnat, Interval{publish.host.value, publish.host.value}, {}};
            if (publish.port) rewrite.port = Interval{*publish.port, *publish.port};
            Rule each = published(publish, from, rewrite);
            if (publish.any_own) ask(each, Field::dst_type, ValueSet::single(route_type::local));
            else ask(each, dst_field(publish.host.family), shorter(publish.at.of(publish.host.family), address_bits(publish.host.family)));
            ask_traffic(each, traffic);
            chain.rules.push_back(std::move(each));
        });
        if (!chain.rules.empty()) ruleset_.chains.push_back(std::move(chain));
    }

    // What has been translated, and nothing that was sent to the inner host itself.
    void add_published(std::vector<Rule>& rules) const {
        each_published([&](Publish const& publish, Place const& from, Traffic const& traffic) {
            Rule each = published(publish, from, Accept{});
            constexpr U128 dnat = 1U << 5U; // IPS_DST_NAT
            ask(each, Field::ct_state, ValueSet::range(ct_state::new_, ct_state::related)); // those have a status
            ask(each, Field::ct_status, ValueSet::masked(dnat, dnat));
            ask(each, dst_field(publish.host.family), ValueSet::single(publish.host.value));
            Traffic inner = traffic;
            if (publish.port) inner.ports = IntervalSet::single(*publish.port);
            ask_traffic(each, inner);
            rules.push_back(std::move(each));
        });
    }

    // IPv6 has addresses for everybody.
    void plan_masquerades() {
        if (policy_.masquerades.empty() || !ruleset_.governs_v4) return;
        Chain& chain = add_chain(std::string(words_.postrouting), words_.nat);
        chain.hook = Hook{HookPoint::postrouting, ChainType::nat, 100, ruleset_.governs_v4, ruleset_.governs_v6, {}};
        chain.explicit_policy = true;
        for (Masquerade const& masquerade : policy_.masquerades)
            for (Place const& from : masquerade.from)
                for (Place const& to : masquerade.to) {
                    if (from.addresses.v4.empty() || to.addresses.v4.empty()) continue;
                    Rule each = rule(masquerade.name, Rewrite{Rewrite::Kind::masquerade, {}, {}}, masquerade.span);
                    ask_interface(each, Field::oif, to.interfaces);
                    ask(each, Field::family, ValueSet::single(family_v4));
                    if (!from.addresses.v4.is_all(32)) ask(each, Field::src4, shorter(from.addresses.v4, 32));
                    if (!to.addresses.v4.is_all(32)) ask(each, Field::dst4, shorter(to.addresses.v4, 32));
                    chain.rules.push_back(std::move(each));
                }
    }

    Policy const& policy_;
    Target target_;
    Words const& words_;
    std::vector<Family> families_;
    Ruleset ruleset_;
    ChainId denied_ = no_chain;
    ChainId forged_ = no_chain;
    ChainId arriving_ = no_chain; // the same, on the way to the host
    std::vector<ChainId> statement_chains_; // by statement
};

} // namespace

std::optional<Target> target_by_name(std::string_view name) {
    auto const found = std::ranges::find(targets, name, &Words::name);
    return found == targets.end() ? std::nullopt : std::optional(found->target);
}

std::vector<std::string_view> target_names() {
    std::vector<std::string_view> names;
    for (Words const& each : targets) names.push_back(each.name);
    return names;
}

Dialect dialect_of(Target target) { return words_of(target).dialect; }

std::vector<Family> families_of(Target target) {
    switch (target) {
    case Target::iptables: return {Family::v4};
    case Target::ip6tables: return {Family::v6};
    default: return {Family::v4, Family::v6};
    }
}

Ruleset plan(Policy const& policy, Target target) { return Planner(policy, target).run(); }

} // namespace portcullis
