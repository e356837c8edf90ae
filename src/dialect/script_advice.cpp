#include "dialect/script_advice.hpp"

#include <algorithm>
#include <utility>

#include "portcullis/engine/budget.hpp"
#include "portcullis/engine/interpret.hpp"
#include "portcullis/engine/path.hpp"

namespace portcullis::iptables {
namespace {

constexpr U128 management_port = 22;
// Sources that the question is asked for: one of each of so many ranges that may log in.
constexpr std::size_t most_sources = 8;
// To look at a state costs as much as it has rules.
constexpr std::size_t most_work = 200'000;

// The tables while steps are taken.
class Replay {
  public:
    explicit Replay(Family family) : family_(family), tables_(family, Tables::Mode::live, ignored_) {}

    void take(Step const& step) {
        if (step.command == nullptr) {
            Restore(tables_, ignored_, step.flush).run(*step.text);
            return;
        }
        tables_.select(step.table);
        tables_.run(*step.command, *step.text);
    }

    Ruleset ruleset() {
        Ruleset ruleset;
        ruleset.governs_v4 = family_ == Family::v4;
        ruleset.governs_v6 = family_ == Family::v6;
        tables_.lower(ruleset.chains, ignored_);
        return ruleset;
    }

    std::vector<Rule> meaning(Step const& step) { return tables_.meaning(*step.command, *step.text); }

  private:
    Family family_;
    Findings ignored_;
    Tables tables_;
};

// The path of packets to the host, or from it; nothing where no chain stands on it.
std::optional<Path> path_of(Ruleset const& ruleset, Path::Kind kind) {
    std::vector<Path> paths = find_paths(ruleset);
    auto const found = std::ranges::find(paths, kind, &Path::kind);
    return found == paths.end() ? std::nullopt : std::optional(std::move(*found));
}

// A login, and what a session that exists needs.
struct Flow {
    Packet login;
    Packet session;
    Packet answer;
};

Flow flow_of(Packet const& login) {
    Flow flow{login, login, login};
    Family const family = login.family();
    for (Packet* const packet : {&flow.session, &flow.answer}) {
        (*packet)[Field::tcp_flags] = tcp_flag::ack;
        (*packet)[Field::ct_state] = ct_state::established;
        (*packet)[Field::ct_status] = 0b1110; // seen reply, assured, confirmed
    }
    Packet& answer = flow.answer;
    std::swap(answer[src_field(family)], answer[dst_field(family)]);
    std::swap(answer[Field::sport], answer[Field::dport]);
    std::swap(answer[Field::iif], answer[Field::oif]);
    answer[Field::ct_direction] = 1;
    return flow;
}

// Whether the state certainly keeps the packet from its way.
bool denies(Ruleset const& state, Path::Kind kind, Packet const& packet) {
    auto const path = path_of(state, kind);
    if (!path) return false;
    Decision const decision = interpret(state, path->chains, packet);
    return decision.certain() && decision.main().fate != Fate::accept;
}

bool cuts(Ruleset const& state, Flow const& flow) {
    return denies(state, Path::Kind::to_host, flow.session) || denies(state, Path::Kind::from_host, flow.answer);
}
bool refuses(Ruleset const& state, Flow const& flow) {
    return denies(state, Path::Kind::to_host, flow.login) || denies(state, Path::Kind::from_host, flow.answer);
}

// First packets of connections to the management port, as they come to the host.
PacketSet logins(Space& space, Family family) {
    auto const only = [&](Field field, U128 value) { return space.of(field, ValueSet::single(value)); };
    PacketSet set = only(Field::family, family_value(family));
    set &= only(Field::protocol, number(Protocol::tcp)) & only(Field::dport, management_port);
    set &= only(Field::tcp_flags, tcp_flag::syn) & only(Field::ct_state, ct_state::new_);
    set &= only(Field::fragment, 0) & only(Field::ct_direction, 0) & only(Field::oif, 0);
    set -= only(Field::iif, interface_value("lo"));
    return set - space.of(dst_field(family), family == Family::v4
                                                 ? ValueSet::range(0xE0000000U, 0xFFFFFFFFU)
                                                 : ValueSet::range(U128{0xff} << 120U, max_value(128)));
}

struct Management {
    std::vector<Flow> flows;
    bool admitted = false; // by the last state
};

// Who may log in when the script is done; anybody where nobody may.
Management management(Ruleset const& last, Family family) {
    Space space;
    PacketSet const all = logins(space, family);
    PacketSet admitted = all;
    if (auto const path = path_of(last, Path::Kind::to_host))
        admitted = PathReach(space, last, *path, all).accepted(family);
    Management result;
    result.admitted = !admitted.empty();
    PacketSet const asked = result.admitted ? admitted : all;
    auto const sources = asked.project(src_field(family));
    if (!sources) return result;
    for (Interval const& range : sources->intervals()) {
        if (result.flows.size() == most_sources) break;
        auto const member =
            (asked & space.of(src_field(family), ValueSet::range(range.first, range.last))).member();
        if (member) result.flows.push_back(flow_of(member->packet));
    }
    return result;
}

// Whether the flows may fare worse after the step than before.
bool may_cut(Step const& step, Replay& replay, std::vector<Flow> const& flows) {
    if (step.command == nullptr) return true;
    switch (step.command->action) {
    case Action::set_policy: return step.command->argument.plain() == "DROP";
    case Action::flush:
    case Action::remove:
    case Action::replace: return true;
    case Action::append:
    case Action::insert: break;
    default: return false;
    }
    return std::ranges::any_of(replay.meaning(step), [&](Rule const& rule) {
        if (std::holds_alternative<Accept>(rule.verdict) || std::holds_alternative<Continue>(rule.verdict))
            return false;
        return std::ranges::any_of(flows, [&](Flow const& flow) {
            return matches(rule.match, flow.session) != std::optional(false) ||
                   matches(rule.match, flow.answer) != std::optional(false);
        });
    });
}

void report_lockout(Span span, Flow const& flow, std::string what, Findings& findings) {
    findings.add("PC434", span).arg("what", std::move(what)).note("the packet: " + to_text(flow.session));
}

// The first state that cuts an administrator's session, or the last one, if it lets nobody log in.
void advise_lockout(std::vector<Step> const& steps, Family family, Management const& who, Findings& findings) {
    Replay replay(family);
    std::size_t work = 0;
    std::optional<Span> refused; // since when
    for (Step const& step : steps) {
        replay.take(step);
        if (!may_cut(step, replay, who.flows) && !refused) continue;
        Ruleset const state = replay.ruleset();
        work += rule_count(state) + 1;
        if (work > most_work) break;
        for (Flow const& flow : who.flows) {
            if (cuts(state, flow))
                return report_lockout(step.span, flow, "the session of whoever runs the script is cut off here",
                                      findings);
        }
        bool const all = std::ranges::all_of(who.flows, [&](Flow const& flow) { return refuses(state, flow); });
        if (!all)
            refused.reset();
        else if (!refused)
            refused = step.span;
    }
    if (refused && !who.admitted)
        report_lockout(*refused, who.flows.front(), "from here on nobody can log in to port 22 any more", findings);
}

// ---- PC435

struct Window {
    bool open = false;
    bool closed = false;
};

// What the packet filter does between a flush and the rules that come after it, where the rules of `last` are in
// force when the script is run again.
Window window_of(Ruleset const& last, Ruleset const& flushed) {
    Window window;
    for (Chain const& before : last.chains) {
        if (!before.hook || before.table != "filter" || before.rules.empty()) continue;
        auto const after = std::ranges::find_if(flushed.chains, [&](Chain const& chain) {
            return chain.table == before.table && chain.name == before.name;
        });
        if (after == flushed.chains.end() || !after->rules.empty()) continue;
        bool const drops = std::holds_alternative<Drop>(after->policy);
        auto const accepts = [](Rule const& rule) { return std::holds_alternative<Accept>(rule.verdict); };
        auto const passes_on = [](Rule const& rule) { return std::holds_alternative<Continue>(rule.verdict); };
        bool const denies_something =
            std::holds_alternative<Drop>(before.policy) ||
            std::ranges::any_of(before.rules, [&](Rule const& r) { return !accepts(r) && !passes_on(r); });
        bool const accepts_something =
            std::holds_alternative<Accept>(before.policy) ||
            std::ranges::any_of(before.rules, [&](Rule const& r) { return !passes_on(r); });
        window.open = window.open || (!drops && denies_something);
        window.closed = window.closed || (drops && accepts_something);
    }
    return window;
}

void advise_atomic(std::vector<Step> const& steps, Family family, Findings& findings) {
    auto const is = [](Step const& step, Action action) {
        return step.command != nullptr && step.command->action == action && step.table == "filter";
    };
    auto const first = std::ranges::find_if(steps, [&](Step const& step) { return is(step, Action::flush); });
    bool const adds = std::any_of(
        first, steps.end(), [&](Step const& step) { return is(step, Action::append) || is(step, Action::insert); });
    if (!adds) return;
    Replay replay(family);
    for (Step const& step : steps) replay.take(step);
    Ruleset const last = replay.ruleset();
    // Again, from the state in which it has left the machine, up to the flush and those that follow it at once.
    auto step = steps.begin();
    for (; step != first; ++step) replay.take(*step);
    for (; step != steps.end() && is(*step, Action::flush); ++step) replay.take(*step);
    Window const window = window_of(last, replay.ruleset());
    if (!window.open && !window.closed) return;
    std::string const how = !window.closed ? "lets everything pass"
                            : !window.open ? "lets nothing pass, also not what is established"
                                           : "lets everything pass in some chains and nothing in others";
    findings.add("PC435", first->span)
        .arg("what", "the rules are flushed here and added again one by one: until then the machine " + how);
}

} // namespace

void advise(std::vector<Step> const& v4, std::vector<Step> const& v6, Findings& findings) {
    struct Side {
        Family family;
        std::vector<Step> const& steps;
        Management who{};
    };
    Side sides[] = {{Family::v4, v4}, {Family::v6, v6}};
    try {
        bool any = false;
        for (Side& side : sides) {
            if (side.steps.empty()) continue;
            Replay replay(side.family);
            for (Step const& step : side.steps) replay.take(step);
            side.who = management(replay.ruleset(), side.family);
            any = any || side.who.admitted;
        }
        for (Side const& side : sides) {
            // Who can log in by one family is not locked out by the other, which is closed on purpose.
            if (!side.steps.empty() && !side.who.flows.empty() && (side.who.admitted || !any))
                advise_lockout(side.steps, side.family, side.who, findings);
        }
    } catch (BudgetExceeded const&) {
        // The analysis of the ruleset meets the same bound, and tells.
    }
    for (Side const& side : sides)
        if (!side.steps.empty()) advise_atomic(side.steps, side.family, findings);
}

} // namespace portcullis::iptables
