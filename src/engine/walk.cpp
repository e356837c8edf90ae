#include "engine/walk.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "engine/source_port.hpp"
#include "portcullis/engine/budget.hpp"
#include "portcullis/engine/devices.hpp"
#include "portcullis/engine/path.hpp"

namespace portcullis::walk {

std::size_t place_of(std::vector<End>& all, End const& end) {
    auto const at = std::find_if(all.begin(), all.end(),
                                 [&](End const& e) { return e.outcome == end.outcome && e.state == end.state; });
    if (at != all.end()) return static_cast<std::size_t>(at - all.begin());
    all.push_back(end);
    return all.size() - 1;
}

Index::Index(Ruleset const& ruleset) {
    constexpr std::size_t short_chain = 16;
    for (Chain const& chain : ruleset.chains) {
        trees.emplace_back();
        if (chain.rules.size() <= short_chain) continue;
        std::vector<Box> boxes;
        for (Rule const& rule : chain.rules) boxes.push_back(outline(rule.match));
        trees.back().emplace(std::move(boxes));
    }
    for (std::size_t point = 0; point < at.size(); ++point) at[point] = chains_at(ruleset, static_cast<HookPoint>(point));
}

namespace {

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
    if (picks_source_port(rule) && port_protocols().contains(original[Field::protocol])) ports = Interval{1, 65535};
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
    constexpr U128 snat = 1U << 4U, dnat = 1U << 5U;
    if (destination && to) state.dst_type = state.to_host ? U128{route_type::local} : original[Field::nat_dst_type];
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

// The outline of one packet; an outgoing interface that is not known may be any.
Box outline_of(Packet const& packet, bool way_out_unknown) {
    Match match;
    Family const family = packet.family();
    for (Field const field : {dst_field(family), src_field(family), Field::dport, Field::sport, Field::protocol, Field::iif, Field::oif}) {
        if (field != Field::oif || !way_out_unknown) match.terms.push_back({field, ValueSet::single(packet[field]), {}});
    }
    return outline(match);
}

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
        // Nothing is rewritten before the packet leaves the chain, so that what it can match stays the same.
        auto const candidates = candidates_of(id, start);
        std::size_t const count = candidates ? candidates->size() : all.size();
        for (std::size_t c = 0; c < count && !live.empty(); ++c) {
            std::size_t const i = candidates ? (*candidates)[c] : c;
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

    std::optional<std::vector<std::uint32_t>> candidates_of(ChainId id, State const& state) const {
        if (asked_.index == nullptr || !asked_.index->trees[id]) return std::nullopt;
        Packet const seen = now(state);
        auto const count = static_cast<std::uint32_t>(ruleset_.chains[id].rules.size());
        return asked_.index->trees[id]->meeting(outline_of(seen, asked_.way_out_unknown), count);
    }

    State after_rule(State const& state, Rule const& rule) const {
        State changed{after(state.marks, rule), state.rewritten};
        if (auto const* translation = std::get_if<Rewrite>(&rule.verdict)) rewrite(changed.rewritten, *translation, packet_);
        return changed;
    }

    void add_step(ChainId id, std::size_t index, State const& state, std::optional<bool> matched) const {
        Rule const& rule = ruleset_.chains[id].rules[index];
        std::string const what = matched == false ? "no match" : (matched ? "" : "may match: ") + to_text(rule.verdict, ruleset_);
        Rewritten const rewritten = matched == true ? after_rule(state, rule).rewritten : state.rewritten;
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

    Packet now(State const& state) const {
        Packet packet = as_rewritten(packet_, state.rewritten);
        if (asked_.whole_way && begins_connection(packet_)) put_reply(packet);
        return packet;
    }

    std::optional<bool> asks_known(Match const& match, State const& state) const {
        Marks const& marks = state.marks;
        bool const untouched = (marks.mark.known && marks.mark.value == packet_[Field::mark] && marks.ct_mark.known &&
                                marks.ct_mark.value == packet_[Field::ct_mark]) || !reads_marks(match);
        auto const seen_state = state_seen(marks);
        bool const rewritten = state.rewritten.destination || state.rewritten.source;
        if (untouched && !rewritten && (!seen_state || !reads_state(match))) return matches(match, packet_, asked_.truth);
        Packet seen = now(state);
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
    auto const own = at_devices(hook);
    return !own || own->values.contains(packet[own->field]);
}

// A nat chain is asked about the first packet of a connection, and once about each of its ends.
// One without a hook may be asked about alone.
bool is_asked(Chain const& base, Packet const& packet, State const& state) {
    if (!base.hook) return true;
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

} // namespace

Front through(Asked const& asked, ChainId base, Front const& come_so_far) {
    std::optional<Hook> const& hook = asked.ruleset.chains[base].hook;
    Front front = come_so_far;
    // What a redirect has led to the host is not here.
    for (End& end : front.ends)
        if (hook && hook->point == HookPoint::forward && end.state.rewritten.to_host) end.outcome.fate = Fate::drop;
    if (hook && !hook->sees(asked.packet.family())) return front;
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

std::vector<Outcome> outcomes_of(Front const& front) {
    std::vector<Outcome> outcomes{front.ends[front.main].outcome};
    for (End const& end : front.ends) {
        if (std::find(outcomes.begin(), outcomes.end(), end.outcome) == outcomes.end()) outcomes.push_back(end.outcome);
    }
    return outcomes;
}

Packet arriving(Packet packet) {
    if (!begins_connection(packet)) return packet;
    put_original(packet);
    put_reply(packet);
    return packet;
}

Front at_start(Packet const& packet) {
    // No base chain: everything passes.
    return {{{{Fate::accept, no_chain, std::nullopt, {}, {}}, state_of(packet)}}, 0};
}

} // namespace portcullis::walk
