#include "portcullis/engine/interpret.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "portcullis/engine/budget.hpp"
#include "portcullis/engine/marks.hpp"
#include "portcullis/engine/path.hpp"

namespace portcullis {

namespace {

bool holds(Field field, ValueSet const& values, Packet const& packet) {
    if (auto const family = info(field).family; family && *family != packet.family()) return false;
    if (info(field).transport && packet[Field::fragment] != 0) return false;
    return values.contains(packet[field]);
}

bool holds(Alternatives const& relation, Packet const& packet) {
    bool const some = std::any_of(relation.rows.begin(), relation.rows.end(), [&](auto const& row) {
        for (std::size_t cell = 0; cell < row.size(); ++cell) {
            Field const field = relation.fields[cell];
            if (!row[cell].is_all(info(field).bits) && !holds(field, row[cell], packet)) return false;
        }
        return true;
    });
    return some != relation.negated;
}

// What has become of the packet by the time it comes to a rule.
struct State {
    Marks marks;
    Rewritten rewritten{};
    friend bool operator==(State const&, State const&) = default;
    friend auto operator<=>(State const&, State const&) = default;
};

// One way that a packet may end, with what has become of it by then.
struct End {
    Outcome outcome;
    State state;
};

// Where the way of a packet leads from a rule or chain on which all unknowns say no.
struct Main {
    enum class To : std::uint8_t { end, next, caller } to = To::next;
    std::size_t index = 0; // among the ends, or among the states of those that go on
};

// How a chain, or a rule that matches, may end for one packet: first found first.
struct Ends {
    std::vector<End> ends{};
    std::vector<State> next{};   // it may go on so: with the caller's next rule, or the chain's
    std::vector<State> caller{}; // of a rule: it may leave its chain for the caller
    Main main{};
};

constexpr std::size_t most_states = 1024; // unknown matches can double them at every rule

std::size_t place_of(std::vector<State>& all, State const& state) {
    auto const at = std::find(all.begin(), all.end(), state);
    if (at != all.end()) return static_cast<std::size_t>(at - all.begin());
    if (all.size() == most_states) throw BudgetExceeded("a packet can get more than 1024 different marks");
    all.push_back(state);
    return all.size() - 1;
}

std::size_t place_of(std::vector<End>& all, End const& end) {
    auto const at = std::find_if(all.begin(), all.end(),
                                 [&](End const& e) { return e.outcome == end.outcome && e.state == end.state; });
    if (at != all.end()) return static_cast<std::size_t>(at - all.begin());
    all.push_back(end);
    return all.size() - 1;
}

// One of many: what the packet picks, where that is one of them.
U128 picked(Interval of, U128 pick) { return pick >= of.first && pick <= of.last ? pick : of.first; }

// What the rule makes of the packet as it is.
void rewrite(Rewritten& state, Rewrite const& rule, Packet const& original) {
    using Kind = Rewrite::Kind;
    bool const destination = rule.kind == Kind::dnat || rule.kind == Kind::redirect;
    Packet const now = as_rewritten(original, state);
    Family const family = now.family();
    U128 const old_address = now[destination ? dst_field(family) : src_field(family)];
    U128 const old_port = now[destination ? Field::dport : Field::sport];
    std::optional<U128>& address = destination ? state.dst : state.src;
    std::optional<U128>& port = destination ? state.dport : state.sport;
    std::optional<Interval> to = rule.address;
    std::optional<Interval> ports = rule.port;
    bool const own = rule.kind == Kind::redirect || rule.kind == Kind::masquerade;
    bool const computed = !own && !to && !ports;
    if (!to && (own || computed)) to = Interval{0, max_value(address_bits(family))}; // one that only the box knows
    if (computed) ports = Interval{0, 65535};
    bool changed = false;
    auto const put = [&](std::optional<U128>& value, Interval of, U128 pick, U128 old) {
        value = picked(of, pick);
        bool const many = of.first != of.last;
        state.picked = state.picked || many;
        changed = changed || many || *value != old;
    };
    if (to && rule.flags == "netmap") {
        address = to->first | (old_address & (to->first ^ to->last));
        changed = *address != old_address;
    } else if (to) {
        put(address, *to, original[destination ? Field::nat_dst : Field::nat_src], old_address);
    }
    if (ports) put(port, *ports, original[destination ? Field::nat_dport : Field::nat_sport], old_port);
    (destination ? state.destination : state.source) = true;
    if (destination) state.to_host = rule.kind == Kind::redirect;
    constexpr U128 local = 2, snat = 1U << 4U, dnat = 1U << 5U;
    if (destination && to) state.dst_type = state.to_host ? local : original[Field::nat_dst_type];
    if (changed) state.status |= destination ? dnat : snat;
}

// The match without what it asks about outgoing interfaces.
Match without_way_out(Match match) {
    auto const of_way_out = [](Field field) {
        return field == Field::oif || field == Field::oif_group || field == Field::phys_oif;
    };
    std::erase_if(match.terms, [&](Term const& term) { return of_way_out(term.field); });
    std::erase_if(match.alternatives, [&](Alternatives const& relation) {
        return std::any_of(relation.fields.begin(), relation.fields.end(), of_way_out);
    });
    return match;
}

// The packet, and what is asked about it.
struct Asked {
    Ruleset const& ruleset;
    Packet const& packet; // as it arrived, or was sent
    Truth const& truth;
    std::vector<Step>* steps; // null where nobody asked for them
    bool way_out_unknown = false;
    HookPoint hook{};
};

class Walk {
  public:
    explicit Walk(Asked const& asked)
        : asked_(asked), ruleset_(asked.ruleset), packet_(asked.packet), open_(asked.ruleset.chains.size()) {}

    Ends chain(ChainId id, State const& state) {
        // The same packet meets the same end in a chain however often it is called; this keeps call trees linear.
        if (auto const known = done_.find({id, state}); known != done_.end()) return known->second;
        Ends nothing;
        nothing.next = {state};
        if (open_[id]) return nothing; // a cycle, which no kernel loads
        CallDepth const guard(depth_);
        open_[id] = true;
        Ends ends = rules(id, state);
        open_[id] = false;
        done_[{id, state}] = ends;
        return ends;
    }

  private:
    Ends rules(ChainId id, State const& start) {
        Ends ends;
        std::vector<State> live{start}; // the packet may come to the next rule so
        std::optional<std::size_t> main = 0;
        std::vector<Rule> const& all = ruleset_.chains[id].rules;
        for (std::size_t i = 0; i < all.size() && !live.empty(); ++i) {
            said_.clear();
            for (State const& state : live) {
                said_.push_back(asks(all[i].match, state));
                if (asked_.steps != nullptr) add_step(id, i, state, said_.back());
            }
            auto const no = [](std::optional<bool> const& matched) { return matched == false; };
            if (std::all_of(said_.begin(), said_.end(), no)) continue;
            std::vector<std::optional<bool>> const said = said_; // a call below uses it again
            std::vector<State> next;
            std::optional<std::size_t> next_main;
            for (std::size_t w = 0; w < live.size(); ++w) {
                bool const is_main = main == w;
                std::optional<bool> const matched = said[w];
                if (matched != true) {
                    std::size_t const place = place_of(next, live[w]);
                    if (is_main) next_main = place;
                }
                if (matched == false) continue;
                Ends const rule = verdict(all[i], id, i, after_rule(live[w], all[i]));
                join(rule, ends, next, is_main && matched ? &next_main : nullptr);
            }
            live = std::move(next);
            main = next_main;
        }
        for (std::size_t w = 0; w < live.size(); ++w) {
            std::size_t const place = place_of(ends.next, live[w]);
            if (main == w) ends.main = {Main::To::next, place};
        }
        return ends;
    }

    State after_rule(State const& state, Rule const& rule) const {
        State changed{after(state.marks, rule), state.rewritten};
        if (auto const* translation = std::get_if<Rewrite>(&rule.verdict)) rewrite(changed.rewritten, *translation, packet_);
        return changed;
    }

    void add_step(ChainId id, std::size_t index, State const& state, std::optional<bool> matched) const {
        Rule const& rule = ruleset_.chains[id].rules[index];
        std::string const what = matched == false ? "no match" : (matched ? "" : "may match: ") + to_text(rule.verdict, ruleset_);
        Rewritten const& rewritten = matched ? after_rule(state, rule).rewritten : state.rewritten;
        asked_.steps->push_back({id, index, what, rewritten, asked_.hook});
    }

    // Adds what a rule does to what its chain does. `next_main` is there where the main way comes to the rule.
    static void join(Ends const& rule, Ends& chain, std::vector<State>& next, std::optional<std::size_t>* next_main) {
        auto const leads_to = [&](Main::To to, std::size_t index) {
            return next_main != nullptr && rule.main.to == to && rule.main.index == index;
        };
        for (std::size_t i = 0; i < rule.ends.size(); ++i) {
            std::size_t const place = place_of(chain.ends, rule.ends[i]);
            if (leads_to(Main::To::end, i)) chain.main = {Main::To::end, place};
        }
        for (std::size_t i = 0; i < rule.caller.size(); ++i) {
            std::size_t const place = place_of(chain.next, rule.caller[i]);
            if (leads_to(Main::To::caller, i)) chain.main = {Main::To::next, place};
        }
        for (std::size_t i = 0; i < rule.next.size(); ++i) {
            std::size_t const place = place_of(next, rule.next[i]);
            if (leads_to(Main::To::next, i)) *next_main = place;
        }
    }

    Ends verdict(Rule const& rule, ChainId id, std::size_t index, State const& state) {
        Ends goes_on;
        goes_on.next = {state};
        if (auto const* jump = std::get_if<Jump>(&rule.verdict)) {
            if (jump->chain == no_chain) return goes_on;
            Ends ends = chain(jump->chain, state);
            if (jump->is_goto) {
                ends.caller = std::exchange(ends.next, {});
                if (ends.main.to == Main::To::next) ends.main.to = Main::To::caller;
            }
            return ends;
        }
        if (std::holds_alternative<Continue>(rule.verdict)) return goes_on;
        Ends ends;
        if (std::holds_alternative<Return>(rule.verdict)) {
            ends.caller = {state};
            ends.main.to = Main::To::caller;
            return ends;
        }
        Fate const fate = std::holds_alternative<Drop>(rule.verdict)     ? Fate::drop
                          : std::holds_alternative<Reject>(rule.verdict) ? Fate::reject
                                                                         : Fate::accept;
        ends.ends = {{{fate, id, index, state.rewritten, asked_.hook}, state}};
        ends.main.to = Main::To::end;
        return ends;
    }

    std::optional<bool> asks(Match const& match, State const& state) const {
        bool const way_out = asked_.way_out_unknown && (asks_about(match, Field::oif) || asks_about(match, Field::oif_group) ||
                                                        asks_about(match, Field::phys_oif));
        if (way_out) {
            auto const rest = asks_known(without_way_out(match), state);
            return rest == false ? rest : std::nullopt;
        }
        return asks_known(match, state);
    }

    std::optional<bool> asks_known(Match const& match, State const& state) const {
        Marks const& marks = state.marks;
        bool const untouched = !reads_marks(match) || (marks.mark.known && marks.mark.value == packet_[Field::mark] &&
                                                       marks.ct_mark.known && marks.ct_mark.value == packet_[Field::ct_mark]);
        auto const seen_state = state_seen(marks);
        bool const rewritten = state.rewritten.destination || state.rewritten.source;
        if (untouched && !rewritten && (!seen_state || !reads_state(match))) return matches(match, packet_, asked_.truth);
        Packet seen = as_rewritten(packet_, state.rewritten);
        if (seen_state) seen[Field::ct_state] = *seen_state;
        seen[Field::mark] = marks.mark.value;
        seen[Field::ct_mark] = marks.ct_mark.value;
        return matches(with_unknown(match, marks), seen, asked_.truth);
    }

    Asked const& asked_;
    Ruleset const& ruleset_;
    Packet const& packet_;
    std::map<std::pair<ChainId, State>, Ends> done_;
    std::vector<bool> open_;               // by chain: the packet is in it
    std::vector<std::optional<bool>> said_; // of a rule's match, by the states
    std::size_t depth_ = 0;
};

State state_of(Packet const& packet) { return {Marks::constant(packet[Field::mark], packet[Field::ct_mark])}; }

// Whether the packet came in by, or leaves by, one of the devices of a chain at ingress or egress.
bool is_at_device(Hook const& hook, Packet const& packet) {
    if (hook.point != HookPoint::ingress && hook.point != HookPoint::egress) return true;
    std::string const name = interface_name(packet[hook.point == HookPoint::ingress ? Field::iif : Field::oif]);
    return (',' + hook.device + ',').find(',' + name + ',') != std::string::npos;
}

// A nat chain is asked about the first packet of a connection, and once about each of its ends.
bool is_asked(Chain const& base, Packet const& packet, State const& state) {
    if (!is_at_device(*base.hook, packet)) return false;
    if (base.hook->type != ChainType::nat) return true;
    HookPoint const point = base.hook->point;
    bool const destination = point == HookPoint::prerouting || point == HookPoint::output;
    if (destination ? state.rewritten.destination : state.rewritten.source) return false;
    // By the loopback device it comes in for the second time.
    if (point == HookPoint::prerouting && interface_name(packet[Field::iif]) == "lo") return false;
    return state.marks.tracking != Marks::Tracking::given_up && packet[Field::ct_state] == ct_state::new_;
}

// In one base chain, the policy applied.
Ends walk_base(Asked const& asked, ChainId base, State const& state) {
    Chain const& chain = asked.ruleset.chains[base];
    if (!is_asked(chain, asked.packet, state)) {
        Ends past;
        past.ends = {{{Fate::accept, no_chain, std::nullopt, state.rewritten, asked.hook}, state}};
        past.main.to = Main::To::end;
        return past;
    }
    Ends ends = Walk(asked).chain(base, {entering(chain, state.marks), state.rewritten});
    Fate const fate = std::holds_alternative<Accept>(chain.policy) ? Fate::accept : Fate::drop;
    for (std::size_t i = 0; i < ends.next.size(); ++i) {
        State const& left = ends.next[i];
        std::size_t const place = place_of(ends.ends, {{fate, base, std::nullopt, left.rewritten, asked.hook}, left});
        if (ends.main.to == Main::To::next && ends.main.index == i) ends.main = {Main::To::end, place};
    }
    if (asked.steps != nullptr && !ends.next.empty())
        asked.steps->push_back({base, std::nullopt, std::string(to_string(fate)), ends.next.front().rewritten, asked.hook});
    return ends;
}

// How far the packet has come, by what unknown matches may say.
struct Front {
    std::vector<End> ends;
    std::size_t main = 0;
};

// Through one more base chain: what accepted so far gives way to what it says.
Front through(Asked const& asked, ChainId base, Front const& front) {
    Hook const& hook = *asked.ruleset.chains[base].hook;
    if (asked.packet.family() == Family::v4 ? !hook.v4 : !hook.v6) return front;
    Front next;
    std::vector<State> come;
    bool main_comes = false;
    for (std::size_t i = 0; i < front.ends.size(); ++i) {
        End const& end = front.ends[i];
        if (end.outcome.fate == Fate::accept) {
            place_of(come, end.state);
            main_comes = main_comes || i == front.main;
            continue;
        }
        std::size_t const place = place_of(next.ends, end);
        if (i == front.main) next.main = place;
    }
    for (State const& state : come) {
        Ends const one = walk_base(asked, base, state);
        for (std::size_t e = 0; e < one.ends.size(); ++e) {
            End end = one.ends[e];
            if (end.outcome.chain == no_chain) { // it said nothing: what accepted before still does
                auto const before = std::find_if(front.ends.begin(), front.ends.end(), [&](End const& b) {
                    return b.outcome.fate == Fate::accept && b.state == state;
                });
                end.outcome = before->outcome;
            }
            std::size_t const place = place_of(next.ends, end);
            if (main_comes && state == front.ends[front.main].state && e == one.main.index) next.main = place;
        }
    }
    return next;
}

// The outcomes without their marks, the main one first.
std::vector<Outcome> outcomes_of(std::vector<End> const& ends, std::size_t main) {
    std::vector<Outcome> outcomes{ends[main].outcome};
    for (End const& end : ends) {
        if (std::find(outcomes.begin(), outcomes.end(), end.outcome) == outcomes.end()) outcomes.push_back(end.outcome);
    }
    return outcomes;
}

Front at_start(Packet const& packet) {
    // No base chain: everything passes.
    return {{{{Fate::accept, no_chain, std::nullopt, {}, {}}, state_of(packet)}}, 0};
}

// A packet on its way from hook to hook.
class Journey {
  public:
    Journey(Asked asked, IsLocal const& is_local) : asked_(asked), is_local_(is_local) {}

    Front run() {
        Packet const& packet = asked_.packet;
        if (packet[Field::iif] == 0 && packet[Field::oif] != 0) return pass({HookPoint::output, HookPoint::postrouting, HookPoint::egress}, at_start(packet));
        Front const front = pass({HookPoint::ingress, HookPoint::prerouting}, at_start(packet));
        Front host, onward, all;
        for (std::size_t i = 0; i < front.ends.size(); ++i) {
            End const& end = front.ends[i];
            if (end.outcome.fate != Fate::accept) {
                add(all, end, i == front.main);
                continue;
            }
            auto const local = goes_to_host(end.state);
            if (local != true) add(onward, end, i == front.main);
            if (local != false) add(host, end, i == front.main);
        }
        // Where both are possible, the way through the box is the main one.
        bool const main_on = contains_main(onward, front);
        bool const main_in = !main_on && contains_main(host, front);
        if (!host.ends.empty()) merge(all, pass({HookPoint::input}, host), main_in);
        if (!onward.ends.empty()) {
            asked_.way_out_unknown = asked_.packet[Field::oif] == 0;
            merge(all, pass({HookPoint::forward, HookPoint::postrouting, HookPoint::egress}, onward), main_on);
        }
        return all;
    }

  private:
    static void add(Front& to, End const& end, bool main) {
        std::size_t const place = place_of(to.ends, end);
        if (main) to.main = place;
    }
    static bool contains_main(Front const& some, Front const& all) {
        auto const& main = all.ends[all.main];
        return std::any_of(some.ends.begin(), some.ends.end(),
                           [&](End const& e) { return e.outcome == main.outcome && e.state == main.state; });
    }
    static void merge(Front& into, Front const& from, bool main) {
        for (std::size_t i = 0; i < from.ends.size(); ++i) add(into, from.ends[i], main && i == from.main);
    }

    std::optional<bool> goes_to_host(State const& state) const {
        if (state.rewritten.to_host) return true;
        Packet const now = as_rewritten(asked_.packet, state.rewritten);
        if (is_local_)
            if (auto const known = is_local_(now)) return known;
        if (asked_.packet[Field::oif] != 0) return false;
        if (now.destination() == asked_.packet.destination()) return true;
        return std::nullopt;
    }

    Front pass(std::vector<HookPoint> const& points, Front front) {
        for (HookPoint const point : points) {
            asked_.hook = point;
            for (End& end : front.ends)
                if (end.outcome.fate == Fate::accept) end.outcome.hook = point;
            for (ChainId const base : chains_at(asked_.ruleset, point)) front = through(asked_, base, front);
        }
        return front;
    }

    Asked asked_;
    IsLocal const& is_local_;
};

} // namespace

std::string_view to_string(Fate fate) {
    constexpr std::array<std::string_view, 3> names{"accept", "drop", "reject"};
    return names[static_cast<std::size_t>(fate)];
}

bool Decision::certain() const {
    return std::all_of(outcomes.begin(), outcomes.end(), [&](Outcome const& o) { return o.fate == outcomes.front().fate; });
}

std::optional<bool> matches(Match const& match, Packet const& packet, Truth const& truth) {
    for (Term const& term : match.terms) {
        if (!holds(term.field, term.values, packet)) return false;
    }
    for (Alternatives const& relation : match.alternatives) {
        if (!holds(relation, packet)) return false;
    }
    bool unknown = false;
    for (Opaque const& opaque : match.opaque) {
        std::optional<bool> const said = truth ? truth(opaque) : std::nullopt;
        if (said && *said == opaque.negated) return false;
        unknown = unknown || !said;
    }
    return unknown ? std::nullopt : std::optional(true);
}

Packet as_rewritten(Packet packet, Rewritten const& rewritten) {
    auto const put = [&](Field field, std::optional<U128> const& value) {
        if (value) packet[field] = *value;
    };
    put(dst_field(packet.family()), rewritten.dst);
    put(src_field(packet.family()), rewritten.src);
    put(Field::dport, rewritten.dport);
    put(Field::sport, rewritten.sport);
    put(Field::dst_type, rewritten.dst_type);
    packet[Field::ct_status] |= rewritten.status;
    return packet;
}

Decision interpret(Ruleset const& ruleset, std::vector<ChainId> const& bases, Packet const& packet, Truth const& truth,
                   Detail detail) {
    Decision decision;
    Front front = at_start(packet);
    for (ChainId const base : bases) {
        Asked const asked{ruleset, packet, truth, detail == Detail::steps ? &decision.steps : nullptr, false,
                          ruleset.chains[base].hook->point};
        front = through(asked, base, front);
    }
    decision.outcomes = outcomes_of(front.ends, front.main);
    return decision;
}

Decision interpret(Ruleset const& ruleset, Path const& path, Packet const& packet, Truth const& truth, Detail detail) {
    Decision decision = interpret(ruleset, path.chains, packet, truth, detail);
    for (Outcome& outcome : decision.outcomes)
        if (path.kind == Path::Kind::through && outcome.rewritten.to_host) outcome.fate = Fate::drop;
    return decision;
}

Decision interpret(Ruleset const& ruleset, ChainId base, Packet const& packet, Truth const& truth, Detail detail) {
    return interpret(ruleset, std::vector{base}, packet, truth, detail);
}

Decision interpret_way(Ruleset const& ruleset, Packet const& packet, Truth const& truth, Detail detail,
                       IsLocal const& is_local) {
    Decision decision;
    Asked const asked{ruleset, packet, truth, detail == Detail::steps ? &decision.steps : nullptr};
    Front const front = Journey(asked, is_local).run();
    decision.outcomes = outcomes_of(front.ends, front.main);
    return decision;
}

} // namespace portcullis
