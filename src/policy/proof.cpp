#include "portcullis/policy/proof.hpp"

#include <algorithm>

#include "policy/list_device.hpp"
#include "policy/renumber.hpp"

namespace portcullis {
namespace {

// What is accepted while all limits of a ruleset are kept, and while all are exceeded.
struct Limited {
    PacketSet kept, exceeded;
};

// Adds a gap where the packets that are `accepted` of those that are `asked` about are not the allowed ones, those that are
// `tolerated` aside, which may pass. Marks and matches that are not modelled being what they may be: what some of them let pass,
// and what all do. Packets with a rate are to pass while it is kept, and no longer.
void compare(Path way, PacketSet const& asked, PacketSet const& accepted, Limited const& limited, Allowed const& allowed,
             std::vector<Gap>& gaps, PacketSet const* tolerated = nullptr) {
    PacketSet const may = accepted.possibly();
    // The usual case, without all that follows on large sets: nothing unknown, no rates that have to be, and equal.
    if (may == accepted && allowed.without_limit == allowed.possibly && accepted == (allowed.possibly & asked)) return;
    PacketSet const must = may - (asked - accepted).possibly();
    // Packets with what makes them pass, or stops them.
    PacketSet beyond = ((may - allowed.possibly) & accepted) | (limited.exceeded - allowed.without_limit);
    PacketSet within = ((allowed.certainly - must) - accepted) | (allowed.possibly - limited.kept);
    beyond &= asked;
    within &= asked;
    if (tolerated != nullptr) beyond -= *tolerated;
    if (!beyond.empty() || !within.empty()) gaps.push_back({std::move(way), std::move(beyond), std::move(within)});
}

// Packets that come there: by interfaces that have names.
PacketSet packets_of(Space& space, Path const& path) {
    PacketSet packets = packets_at(space, path.hook);
    PacketSet const nowhere = space.of(Field::iif, ValueSet::single(0));
    if (path.kind != Path::Kind::from_host) packets -= nowhere;
    if (path.kind != Path::Kind::to_host) packets -= space.of(Field::oif, ValueSet::single(0));
    return packets;
}

PacketSet governed_by(Space& space, Ruleset const& ruleset) {
    PacketSet governed = space.all();
    if (!ruleset.governs_v4) governed -= space.of(Field::family, ValueSet::single(family_v4));
    if (!ruleset.governs_v6) governed -= space.of(Field::family, ValueSet::single(family_v6));
    return governed;
}

bool is_limit(Opaque const& opaque) { return opaque.rate || opaque.excess; }

bool has_limits(Ruleset const& ruleset) {
    return std::ranges::any_of(ruleset.chains, [](Chain const& chain) {
        return std::ranges::any_of(chain.rules, [](Rule const& rule) { return std::ranges::any_of(rule.match.opaque, is_limit); });
    });
}

// The ruleset while all of its limits are kept, or all are exceeded.
Ruleset with_limits(Ruleset ruleset, bool kept) {
    for (Chain& chain : ruleset.chains) {
        std::erase_if(chain.rules, [&](Rule const& rule) {
            return std::ranges::any_of(rule.match.opaque, [&](Opaque const& each) { return is_limit(each) && (each.rate == kept) == each.negated; });
        });
        for (Rule& rule : chain.rules) std::erase_if(rule.match.opaque, is_limit); // those that are left hold
    }
    return ruleset;
}

// With `numbers`, the ruleset is in these, and asked about packets by whatever interfaces: more than there are.
std::vector<Gap> hook_gaps(Space& space, Policy const& policy, Ruleset const& ruleset, Renumbering const* numbers = nullptr) {
    std::vector<Path> const paths = find_paths(ruleset);
    Meaning meaning(space, policy, numbers);
    PacketSet const question = governed_by(space, ruleset) & unmarked(space, ruleset);
    bool const is_limited = has_limits(ruleset) && std::ranges::any_of(policy.statements, [](Statement const& each) { return each.rate.has_value(); });
    std::optional<Ruleset> const kept = is_limited ? std::optional(with_limits(ruleset, true)) : std::nullopt;
    std::optional<Ruleset> const exceeded = is_limited ? std::optional(with_limits(ruleset, false)) : std::nullopt;
    std::vector<Gap> gaps;
    for (Path way : {Path{Path::Kind::to_host, "to-host", HookPoint::input, {}},
                     Path{Path::Kind::through, "through", HookPoint::forward, {}},
                     Path{Path::Kind::from_host, "from-host", HookPoint::output, {}}}) {
        auto const found = std::ranges::find(paths, way.kind, &Path::kind);
        if (found != paths.end()) way = *found;
        PacketSet asked = numbers != nullptr ? question : question & packets_of(space, way);
        if (way.kind == Path::Kind::to_host) asked -= meaning.published();
        auto const accepted_by = [&](Ruleset const& some) {
            PathReach reach(space, some, way, asked);
            return reach.accepted(Family::v4) | reach.accepted(Family::v6);
        };
        PacketSet const accepted = accepted_by(ruleset);
        Limited const limited{kept ? accepted_by(*kept) : accepted, exceeded ? accepted_by(*exceeded) : accepted};
        Allowed const allowed = meaning.allowed(way.kind);
        compare(std::move(way), asked, accepted, limited, allowed, gaps);
    }
    return gaps;
}

// Whether there are none, quickly: by classes of addresses and interfaces. False where that is not known.
bool is_equal(Policy const& policy, Ruleset const& ruleset) {
    Renumbering numbers;
    if (!policy.publications.empty() || !add_values(ruleset, numbers)) return false;
    add_values(policy, numbers);
    numbers.number();
    Space space;
    return hook_gaps(space, policy, renumbered(ruleset, numbers), &numbers).empty();
}

// The same for lists that ask nothing unknown, and a policy without rates: then there is one set on either side.
void compare_known(Path way, PacketSet const& asked, PacketSet const& accepted, PacketSet const& allowed, PacketSet const& tolerated,
                   std::vector<Gap>& gaps) {
    PacketSet const wanted = allowed & asked;
    if (accepted == wanted) return;
    PacketSet beyond = (accepted - wanted) - tolerated, within = wanted - accepted;
    if (!beyond.empty() || !within.empty()) gaps.push_back({std::move(way), std::move(beyond), std::move(within)});
}

bool asks_unknowns(Ruleset const& ruleset) {
    return std::ranges::any_of(ruleset.chains, [](Chain const& chain) {
        return std::ranges::any_of(chain.rules, [](Rule const& rule) {
            return !rule.match.opaque.empty() || asks_about(rule.match, Field::mark) || asks_about(rule.match, Field::ct_mark) ||
                   asks_about(rule.match, Field::ct_status);
        });
    });
}

// The lists of the interfaces of a device, and the ways through them.
class ListGaps {
  public:
    ListGaps(Space& space, Policy const& policy, Ruleset const& ruleset)
        : space_(space), policy_(without_optional_rates(policy)), ruleset_(without_reflexive_entries(ruleset)), meaning_(space, policy_),
          keeps_connections_(keeps_connections(ruleset.dialect)), question_(first_question()) {}

    std::vector<Gap> run() {
        std::vector<Lists> inbound, outbound;
        for (std::string const& interface : policy_.interfaces) {
            inbound.push_back(together(lists_at(ruleset_, interface, true)));
            outbound.push_back(together(lists_at(ruleset_, interface, false)));
            inbound.back().remembers = inbound.back().remembers || inspects(interface);
            outbound.back().remembers = outbound.back().remembers || inspects(interface);
        }
        Allowed const received = with_answers(meaning_.allowed(Path::Kind::to_host), Path::Kind::to_host);
        for (std::size_t in = 0; in < inbound.size(); ++in) compare_to_host(policy_.interfaces[in], inbound[in], received);
        PacketSet const asked = question_ & forwarded(space_, policy_.own);
        Allowed const opened = meaning_.allowed(Path::Kind::through), allowed = with_answers(opened, Path::Kind::through);
        PacketSet const later = keeps_connections_ ? space_.none() : meaning_.later_segments();
        PacketSet const tolerated = later | allowed.possibly;
        auto const remembers_some = [](Lists const& lists) { return lists.remembers; };
        bool const is_known = !asks_unknowns(ruleset_) && allowed.certainly == allowed.possibly &&
                              std::ranges::none_of(inbound, remembers_some) && std::ranges::none_of(outbound, remembers_some);
        for (std::size_t in = 0; in < inbound.size(); ++in) {
            PacketSet const by = asked & of_interface(Field::iif, policy_.interfaces[in]);
            for (std::size_t out = 0; out < outbound.size(); ++out) {
                Path path{Path::Kind::through, policy_.interfaces[in] + " -> " + policy_.interfaces[out], HookPoint::forward, inbound[in].chains};
                path.chains.insert(path.chains.end(), outbound[out].chains.begin(), outbound[out].chains.end());
                PacketSet const here = by & of_interface(Field::oif, policy_.interfaces[out]);
                bool const remembers = inbound[in].remembers || outbound[out].remembers;
                PacketSet const accepted = inbound[in].accepted & outbound[out].accepted & here;
                if (is_known)
                    compare_known(std::move(path), here, accepted, allowed.certainly, later, gaps_);
                else
                    compare(std::move(path), here, accepted, {accepted, accepted}, remembers ? opened : allowed, gaps_, remembers ? &tolerated : &later);
            }
        }
        add_sent();
        return std::move(gaps_);
    }

  private:
    struct Lists {
        std::vector<ChainId> chains;
        PacketSet accepted; // everything of a family that none of them is about
        bool remembers = false; // answers pass, whatever else the lists say
    };

    bool inspects(std::string const& interface) const {
        return std::ranges::any_of(ruleset_.interfaces, [&](Interface const& each) { return each.inspects && same_interface(each.name, interface); });
    }

    PacketSet single(Field field, U128 value) { return space_.of(field, ValueSet::single(value)); }
    PacketSet of_interface(Field field, std::string const& name) { return single(field, interface_value(name)); }
    // Lists know no state: to them every packet may be the first of a connection. Answers are told by what they look like.
    PacketSet first_question() {
        PacketSet question = governed_by(space_, ruleset_) & single(Field::ct_state, ct_state::new_);
        if (keeps_connections_) question &= single(Field::fragment, 0); // put together before lists see them
        return question;
    }
    Allowed with_answers(Allowed const& allowed, Path::Kind kind) {
        Allowed const answers = meaning_.answers(kind, keeps_connections_);
        return {allowed.certainly | answers.certainly, allowed.without_limit | answers.without_limit, allowed.possibly | answers.possibly};
    }

    // What rules accept that call nothing, from the last one up: the union of those with one verdict is made at once, while taking
    // each from what is left would touch all of that each time.
    PacketSet accepted_by(Chain const& chain) {
        PacketSet accepted = std::holds_alternative<Accept>(chain.policy) ? question_ : space_.none();
        std::vector<PacketSet> run;
        bool accepts = false;
        auto const end_run = [&] {
            PacketSet const matching = Meaning::any_of(space_, std::move(run)) & question_;
            accepted = accepts ? accepted | matching : accepted - matching;
            run.clear();
        };
        for (auto rule = chain.rules.rbegin(); rule != chain.rules.rend(); ++rule) {
            if (std::holds_alternative<Continue>(rule->verdict)) continue;
            if (bool const own = std::holds_alternative<Accept>(rule->verdict); own != accepts) {
                end_run();
                accepts = own;
            }
            run.push_back(space_.of(rule->match));
        }
        end_run();
        return accepted;
    }
    static bool is_flat(Chain const& chain) {
        return std::ranges::all_of(chain.rules, [](Rule const& rule) {
            return rule.effects.assignments.empty() && !std::holds_alternative<Jump>(rule.verdict) &&
                   !std::holds_alternative<Return>(rule.verdict) && !std::holds_alternative<Rewrite>(rule.verdict);
        });
    }
    PacketSet accepted_by(ChainId id, Family family) {
        Chain const& chain = ruleset_.chains[id];
        if (is_flat(chain)) return accepted_by(chain) & single(Field::family, family_value(family));
        Path const alone{Path::Kind::list, chain.name, HookPoint::list, {id}};
        return PathReach(space_, ruleset_, alone, question_).accepted(family);
    }

    Lists together(std::vector<ChainId> chains) {
        Lists lists{std::move(chains), space_.none()};
        PacketSet seen = space_.none();
        for (ChainId const id : lists.chains) {
            Chain const& chain = ruleset_.chains[id];
            lists.remembers = lists.remembers || std::ranges::any_of(chain.rules, is_reflexive);
            for (Family const family : {Family::v4, Family::v6}) {
                if (!chain.hook->sees(family)) continue;
                lists.accepted |= accepted_by(id, family);
                seen |= single(Field::family, family_value(family));
            }
        }
        lists.accepted |= question_ - seen;
        return lists;
    }

    void compare_to_host(std::string const& interface, Lists const& inbound, Allowed const& received) {
        Lists const own = keeps_connections_ ? together(lists_for_device(ruleset_, interface)) : inbound;
        PacketSet asked = question_ & of_interface(Field::iif, interface) & single(Field::oif, 0);
        asked -= forwarded_discovery(space_);
        if (!keeps_connections_) asked &= addresses_in(space_, false, device_destinations(policy_.own));
        PacketSet const accepted = (own.accepted | managed(interface)) & asked;
        compare({Path::Kind::to_host, interface + " -> the device", HookPoint::input, own.chains}, asked, accepted, {accepted, accepted}, received, gaps_);
    }

    PacketSet managed(std::string const& interface) {
        PacketSet packets = space_.none();
        for (ManagementPermit const& permit : management_permits(ruleset_, interface)) packets |= space_.of(permit.match);
        return packets;
    }

    // No list is asked about what the device sends itself, so that what statements deny of it is not stopped.
    void add_sent() {
        PacketSet denied = space_.none();
        for (Statement const& statement : policy_.statements)
            if (statement.deny && statement.from.self) denied |= meaning_.about(statement, Path::Kind::from_host);
        denied &= question_ & packets_at(space_, HookPoint::output);
        if (!denied.empty())
            gaps_.push_back({{Path::Kind::from_host, "from the device", HookPoint::output, {}}, denied, space_.none()});
    }

    Space& space_;
    Policy const policy_;
    Ruleset const ruleset_;
    Meaning meaning_;
    bool keeps_connections_;
    PacketSet question_;
    std::vector<Gap> gaps_;
};

// Asked in a space where both directions of many services take little room.
std::vector<Gap> list_gaps(Space& space, Policy const& policy, Ruleset const& ruleset) {
    if (space.order() == Space::Order::ends) return ListGaps(space, policy, ruleset).run();
    Space own(Space::Order::ends);
    std::vector<Gap> gaps;
    for (Gap& gap : ListGaps(own, policy, ruleset).run())
        gaps.push_back({std::move(gap.path), space.of(gap.beyond), space.of(gap.within)});
    return gaps;
}

} // namespace

std::vector<std::string> not_compared(Policy const& policy, Ruleset const& ruleset) {
    std::vector<std::string> sentences;
    if (!is_cisco(ruleset.dialect)) return sentences;
    for (Interface const& interface : ruleset.interfaces) {
        bool const asa = ruleset.dialect == Dialect::cisco_asa;
        std::string const& name = asa ? interface.zone : interface.name;
        bool const used = !interface.shutdown && !name.empty() && (asa || !interface.addresses.empty() || interface.has_dynamic_address);
        bool const known = std::ranges::any_of(policy.interfaces, [&](std::string const& each) { return same_interface(each, name); });
        if (used && !known) sentences.push_back("the policy has no interface '" + name + "': what comes in and goes out there is not compared");
    }
    return sentences;
}

std::optional<std::string> why_incomparable(Policy const& policy, Ruleset const& ruleset) {
    return is_cisco(ruleset.dialect) ? why_no_lists(policy, ruleset.dialect) : std::nullopt;
}

std::vector<Gap> find_gaps(Space& space, Policy const& policy, Ruleset const& ruleset) {
    if (is_cisco(ruleset.dialect)) return list_gaps(space, policy, ruleset);
    if (is_equal(policy, ruleset)) return {};
    return hook_gaps(space, policy, ruleset);
}

} // namespace portcullis
