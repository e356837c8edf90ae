// What passes on each way is the packets that the lists of both interfaces accept, or the hooks of a host; and both rulesets are
// asked about the same ways. Where one of them keeps no connections, its entries for answers let packets pass that begin none on
// the other one: of what such entries take, that is set aside whose mirror image the other one lets open a connection.
#include "portcullis/policy/devices.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <stdexcept>
#include <tuple>
#include <utility>

#include "policy/list_device.hpp"
#include "policy/policy_words.hpp"
#include "portcullis/base/did_you_mean.hpp"
#include "portcullis/base/list_text.hpp"
#include "portcullis/engine/connection.hpp"
#include "portcullis/engine/translation.hpp"

namespace portcullis {
namespace {

constexpr std::string_view head_of_own = "own addresses of the device: ";

constexpr std::size_t most_named = 8;

std::string addresses_text(Addresses const& addresses, std::size_t most) {
    std::string text;
    if (!addresses.v4.empty()) text = values_text(Field::src4, addresses.v4, most);
    if (!addresses.v6.empty()) text += (text.empty() ? "" : ", ") + values_text(Field::src6, addresses.v6, most);
    return text;
}

// ---- the mirror image of packets: what the other end sends back, as it opens a connection the other way

Field mirrored(Field field) {
    constexpr std::pair<Field, Field> ends[] = {{Field::src4, Field::dst4},           {Field::src6, Field::dst6},
                                                {Field::sport, Field::dport},         {Field::iif, Field::oif},
                                                {Field::iif_group, Field::oif_group}, {Field::phys_iif, Field::phys_oif},
                                                {Field::src_type, Field::dst_type}};
    for (auto const& [one, other] : ends) {
        if (field == one) return other;
        if (field == other) return one;
    }
    return field;
}

constexpr std::pair<std::uint8_t, std::uint8_t> message_replies[] = {{8, 0}, {13, 14}, {17, 18}, {128, 129}}; // RFC 792, 950, 4443

// The types of replies whose requests have one of the types.
ValueSet mirrored(Field field, ValueSet const& values) {
    if (field != Field::icmp_type) return values;
    std::vector<Interval> replies;
    for (auto const& [request, reply] : message_replies)
        if (values.contains(request)) replies.push_back({reply, reply});
    return IntervalSet::of(std::move(replies));
}

// The ruleset that decides of a packet as this one does of its mirror image. Translations are none: answers are told by what they are
// where rules see them.
Ruleset mirrored(Ruleset ruleset) {
    for (Chain& chain : ruleset.chains)
        for (Rule& rule : chain.rules) {
            if (std::holds_alternative<Rewrite>(rule.verdict)) rule.verdict = Accept{};
            for (Term& term : rule.match.terms) {
                term.values = mirrored(term.field, term.values);
                term.field = mirrored(term.field);
            }
            for (Alternatives& relation : rule.match.alternatives) {
                for (auto& row : relation.rows)
                    for (std::size_t i = 0; i < row.size(); ++i) row[i] = mirrored(relation.fields[i], row[i]);
                for (Field& field : relation.fields) field = mirrored(field);
            }
        }
    return ruleset;
}

// What the ruleset does with packets that come in and leave by these, and says no more about interfaces.
Ruleset for_interfaces(Ruleset ruleset, U128 iif, U128 oif) {
    auto const value_of = [&](Field field) { return field == Field::iif ? std::optional(iif) : field == Field::oif ? std::optional(oif) : std::nullopt; };
    // False where it holds for no such packet; what always holds is taken out.
    auto const narrow = [&](Match& match) {
        for (Term const& term : match.terms)
            if (auto const value = value_of(term.field); value && !term.values.contains(*value)) return false;
        std::erase_if(match.terms, [&](Term const& term) { return value_of(term.field).has_value(); });
        for (Alternatives& relation : match.alternatives)
            for (std::size_t i = relation.fields.size(); i-- > 0;) {
                auto const value = value_of(relation.fields[i]);
                if (!value) continue;
                std::erase_if(relation.rows, [&](auto const& row) { return !row[i].contains(*value); });
                for (auto& row : relation.rows) row.erase(row.begin() + static_cast<std::ptrdiff_t>(i));
                relation.fields.erase(relation.fields.begin() + static_cast<std::ptrdiff_t>(i));
            }
        auto const is_settled = [](Alternatives const& relation) { return relation.fields.empty() || relation.rows.empty(); };
        for (Alternatives const& relation : match.alternatives)
            if (is_settled(relation) && relation.rows.empty() != relation.negated) return false;
        std::erase_if(match.alternatives, is_settled);
        return true;
    };
    for (Chain& chain : ruleset.chains) std::erase_if(chain.rules, [&](Rule& rule) { return !narrow(rule.match); });
    return ruleset;
}

// What its permits let through, whatever is denied before them.
Ruleset permits_alone(Ruleset ruleset) {
    auto const permits = [&](ChainId base) {
        auto const called = call_order(ruleset, base).chains;
        return std::ranges::any_of(called, [&](ChainId id) {
            return std::ranges::any_of(ruleset.chains[id].rules, [](Rule const& rule) { return std::holds_alternative<Accept>(rule.verdict); });
        });
    };
    for (ChainId id = 0; id < ruleset.chains.size(); ++id)
        if (ruleset.chains[id].hook) ruleset.chains[id].policy = permits(id) ? Verdict(Drop{}) : Verdict(Accept{});
    for (Chain& chain : ruleset.chains)
        for (Rule& rule : chain.rules)
            if (std::holds_alternative<Drop>(rule.verdict) || std::holds_alternative<Reject>(rule.verdict)) rule.verdict = Continue{};
    return ruleset;
}

// ---- one of the two

class Side {
  public:
    Side(Space& space, Ruleset const& whole) : space_(space), ruleset(is_cisco(whole.dialect) ? with_device_lists(whole) : whole) {
        lists = is_cisco(ruleset.dialect);
        remembers = !lists || keeps_connections(ruleset.dialect);
        for (Path& path : find_ways(ruleset))
            if (path.kind != Path::Kind::list) hooks_.emplace(path.kind, std::move(path));
    }

    // The interfaces that its text names, in their order: those of a device that are used, or that rules of a host ask for.
    std::vector<std::string> interfaces() const {
        std::vector<std::string> names;
        auto const add = [&](std::string const& name) {
            auto const same = [&](std::string const& each) { return lists ? same_interface(each, name) : each == name; };
            if (!name.empty() && std::ranges::none_of(names, same)) names.push_back(name);
        };
        bool const by_zone = lists && remembers;
        for (Interface const& each : ruleset.interfaces) {
            bool const used = by_zone || !each.addresses.empty() || each.has_dynamic_address;
            if (used && !each.shutdown) add(by_zone ? each.zone : each.name);
        }
        for (Chain const& chain : ruleset.chains) {
            for (Binding const& binding : chain.bindings)
                if (!binding.by_global || binding.interface != "global") add(binding.interface);
            for (Use const& use : chain.uses)
                if (use.what.starts_with(of_device_)) add(use.what.substr(of_device_.size()));
        }
        if (lists) return names;
        for (Chain const& chain : ruleset.chains)
            for (Rule const& rule : chain.rules) {
                for (Term const& term : rule.match.terms)
                    if (is_asked(term.field)) add_names(term.values, add);
                for (Alternatives const& relation : rule.match.alternatives)
                    for (std::size_t i = 0; i < relation.fields.size(); ++i)
                        if (is_asked(relation.fields[i]))
                            for (auto const& row : relation.rows) add_names(row[i], add);
            }
        return names;
    }

    // From now on the interface has another name; false where there is none of this name.
    bool rename(std::string const& from, std::string const& to) {
        bool found = false;
        auto const change = [&](std::string& name) {
            if (!same_interface(name, from)) return;
            name = to;
            found = true;
        };
        bool const by_zone = remembers;
        for (Interface& each : ruleset.interfaces) change(by_zone ? each.zone : each.name);
        for (Management& each : ruleset.management) change(each.interface);
        for (Chain& chain : ruleset.chains) {
            for (Binding& binding : chain.bindings) change(binding.interface);
            for (Use& use : chain.uses) {
                if (!use.what.starts_with(of_device_)) continue;
                std::string name = use.what.substr(of_device_.size());
                change(name);
                use.what = std::string(of_device_) + name;
            }
        }
        return found;
    }

    // What decides on the way from the one interface to the other, or to the device where there is no other.
    std::optional<Path> path(std::string const& in, std::optional<std::string> const& out) const {
        Path::Kind const kind = out ? Path::Kind::through : Path::Kind::to_host;
        if (!lists) return hook(kind);
        Path path{kind, in, out ? HookPoint::forward : HookPoint::input, out ? lists_at(ruleset, in, true) : lists_for_device(ruleset, in)};
        if (out)
            for (ChainId const id : lists_at(ruleset, *out, false)) path.chains.push_back(id);
        if (path.chains.empty()) return std::nullopt;
        return path;
    }

    // What passes there of these packets, which are the same for all ways of one kind.
    PacketSet passing(std::optional<Path> const& path, PacketSet const& asked, Family family) {
        PacketSet of_family = asked & space_.of(Field::family, ValueSet::single(family_value(family)));
        if (!path) return of_family;
        auto const [at, added] = passing_.try_emplace({path->chains, path->kind, family}, space_.none());
        if (added) at->second = PathReach(space_, ruleset, *path, of_family).accepted(family);
        return at->second;
    }

    // The packets of these, on the ways of one kind, whose mirror images pass on some way back: answers may come by another interface
    // than what they answer has left by. What some permit names counts as passing, of lists at one of the interfaces: those that look
    // for answers do not know what else is denied.
    PacketSet answered(Path::Kind kind, std::vector<std::string> const& interfaces, PacketSet const& asked, Family family) {
        auto const [at, added] = answered_.try_emplace({kind, family}, space_.none());
        if (!added) return at->second;
        PacketSet const of_family = asked & space_.of(Field::family, ValueSet::single(family_value(family)));
        PacketSet& found = at->second;
        Ruleset const permits = permits_alone(ruleset);
        auto const add = [&](Ruleset const& by, Path const& back, U128 iif, U128 oif) {
            found |= PathReach(space_, mirrored(for_interfaces(by, iif, oif)), back, of_family - found).accepted(family);
        };
        auto const add_way = [&](std::optional<Path> const& back, U128 iif, U128 oif) {
            if (!back) {
                found |= of_family;
                return;
            }
            add(ruleset, *back, iif, oif);
            if (!lists) return add(permits, *back, iif, oif);
            for (ChainId const list : back->chains)
                if (ruleset.chains[list].hook->sees(family)) add(permits, {back->kind, back->name, back->hook, {list}}, iif, oif);
        };
        for (std::string const& out : interfaces) {
            if (kind == Path::Kind::to_host) add_way(hook(Path::Kind::from_host), 0, interface_value(out));
            else
                for (std::string const& in : interfaces) add_way(path(in, out), interface_value(in), interface_value(out));
        }
        return found;
    }

    // What its entries for answers let through in all lists of the path: by the port that it comes from, to whatever port clients
    // have, or as a reply of ICMP.
    PacketSet by_entries_for_answers(Path const& path, Family family) {
        PacketSet packets = space_.all();
        for (ChainId const list : path.chains) {
            if (!ruleset.chains[list].hook->sees(family)) continue;
            PacketSet taken = space_.none();
            for (ChainId const id : call_order(ruleset, list).chains)
                for (Rule const& rule : ruleset.chains[id].rules) {
                    bool const by_port = asks_about(rule.match, Field::sport) && takes_any_client(rule.match);
                    if (std::holds_alternative<Accept>(rule.verdict) && (by_port || asks_about(rule.match, Field::icmp_type)))
                        taken |= space_.of(rule.match);
                }
            packets &= taken;
        }
        return packets;
    }

    std::vector<std::string> bound_nowhere() const {
        std::vector<std::string> names;
        for (Chain const& chain : ruleset.chains)
            if (chain.hook && chain.hook->point == HookPoint::list && chain.bindings.empty() && chain.uses.empty() && !chain.implicit)
                names.push_back(chain.name);
        return names;
    }

  private:
    // An ASA's lines for its own services, before the lists that would decide else of what is for itself.
    static Ruleset with_device_lists(Ruleset const& whole) {
        Ruleset result = without_reflexive_entries(whole);
        for (Chain& chain : result.chains) {
            std::vector<Rule> permits;
            for (Use const& use : chain.uses) {
                if (!use.what.starts_with(of_device_)) continue;
                for (ManagementPermit& permit : management_permits(whole, std::string_view(use.what).substr(of_device_.size()))) {
                    permit.match.terms.push_back({Field::iif, ValueSet::single(interface_value(use.what.substr(of_device_.size()))), permit.span});
                    Rule& rule = permits.emplace_back();
                    rule.match = std::move(permit.match);
                    rule.verdict = Accept{};
                    rule.span = permit.span;
                    rule.implicit = true;
                }
            }
            chain.rules.insert(chain.rules.begin(), permits.begin(), permits.end());
        }
        return result;
    }

    std::optional<Path> hook(Path::Kind kind) const {
        auto const at = hooks_.find(kind);
        return at == hooks_.end() ? std::nullopt : std::optional(at->second);
    }

    // No port of a service is asked for.
    static bool takes_any_client(Match const& match) {
        auto const is_high = [](ValueSet const& ports) { return ports.is_all(16) || ports.hull(16).first >= 1024; };
        for (Term const& term : match.terms)
            if (term.field == Field::dport && !is_high(term.values)) return false;
        for (Alternatives const& relation : match.alternatives)
            for (std::size_t i = 0; i < relation.fields.size(); ++i)
                if (relation.fields[i] == Field::dport && !std::ranges::all_of(relation.rows, [&](auto const& row) { return is_high(row[i]); })) return false;
        return true;
    }

    static bool is_asked(Field field) { return field == Field::iif || field == Field::oif; }
    template <class Add> static void add_names(ValueSet const& values, Add const& add) {
        for (Interval const& interval : values.intervals.intervals())
            if (interval.first == interval.last && interval.first != 0 && interface_name(interval.first) != "lo") add(interface_name(interval.first));
    }

    static constexpr std::string_view of_device_ = "control-plane of ";
    Space& space_;

  public:
    Ruleset ruleset;
    bool lists = false;
    bool remembers = false; // connections

  private:
    std::map<Path::Kind, Path> hooks_;
    std::map<std::tuple<std::vector<ChainId>, Path::Kind, Family>, PacketSet> passing_;
    std::map<std::pair<Path::Kind, Family>, PacketSet> answered_;
};

// ---- both

class Devices {
  public:
    Devices(Ruleset const& before, Ruleset const& after, DeviceOptions const& options)
        : options_(options), space_(Space::Order::ends, options.node_limit), before_(space_, before), after_(space_, after),
          families_(common_families(before, after)) {}

    DeviceComparison run() {
        rename();
        find_own();
        find_interfaces();
        result_.space = std::make_unique<Space>(options_.node_limit);
        PacketSet const start = unmarked(space_, before_.ruleset) & unmarked(space_, after_.ruleset);
        PacketSet const to_device = start & new_to_device(), through = start & new_through();
        bool const tells_device = !asks_destination_ || !own_.empty();
        for (Group const& in : groups_) {
            if (tells_device) compare(in, nullptr, to_device);
            for (Group const& out : groups_) compare(in, &out, through);
        }
        say(tells_device);
        result_.before = std::move(before_.ruleset);
        result_.after = std::move(after_.ruleset);
        return std::move(result_);
    }

  private:
    // Interfaces that have the same lists in both.
    struct Group {
        std::vector<std::string> names;
        IntervalSet values;
    };

    void rename() {
        for (auto const& [old_name, new_name] : options_.interfaces) {
            Side& side = after_.lists ? after_ : before_; // rules of a host ask for names in many places
            std::string const& from = after_.lists ? new_name : old_name;
            if (side.rename(from, after_.lists ? old_name : new_name)) continue;
            auto const known = side.interfaces();
            throw std::invalid_argument(fmt::format("the {} file has no interface '{}'{}", after_.lists ? "second" : "first", from,
                                                    did_you_mean_text(from, {known.begin(), known.end()})));
        }
    }

    // A list of an interface that keeps no connections sees packets for the device too.
    void find_own() {
        asks_destination_ = (before_.lists && !before_.remembers) || (after_.lists && !after_.remembers);
        own_ = options_.own ? *options_.own : options_.own_before.united(options_.own_after);
        if (options_.own) return;
        auto const only = [&](Addresses const& some, Addresses const& others, std::string_view which) {
            Addresses const rest = some.minus(others);
            if (!rest.empty()) result_.notes.push_back(fmt::format("only the {} file has {} as the device's own", which, addresses_text(rest, most_named)));
        };
        if (options_.own_before.empty() || options_.own_after.empty()) return;
        only(options_.own_before, options_.own_after, "first");
        only(options_.own_after, options_.own_before, "second");
    }

    void find_interfaces() {
        bool const both_lists = before_.lists && after_.lists;
        auto const& [first, second] = before_.lists ? std::tie(before_, after_) : std::tie(after_, before_);
        std::vector<std::string> names = first.interfaces();
        for (std::string const& name : second.interfaces())
            if (std::ranges::none_of(names, [&](std::string const& each) { return both_lists ? same_interface(each, name) : each == name; }))
                names.push_back(name);
        std::map<std::vector<std::vector<ChainId>>, std::size_t> known;
        for (std::string const& name : names) {
            std::vector<std::vector<ChainId>> lists;
            for (Side const* side : {&before_, &after_})
                if (side->lists) {
                    lists.push_back(lists_at(side->ruleset, name, true));
                    lists.push_back(lists_at(side->ruleset, name, false));
                    lists.push_back(lists_for_device(side->ruleset, name));
                }
            auto const [at, added] = known.emplace(std::move(lists), groups_.size());
            if (added) groups_.emplace_back();
            Group& group = groups_[at->second];
            group.names.push_back(name);
            group.values = group.values.united(IntervalSet::single(interface_value(name)));
        }
        names_ = std::move(names);
    }

    PacketSet single(Field field, U128 value) { return space_.of(field, ValueSet::single(value)); }
    PacketSet first(HookPoint point) { return first_packets(space_, point) & single(Field::ct_state, ct_state::new_); }

    PacketSet new_to_device() {
        PacketSet packets = first(HookPoint::input) - forwarded_discovery(space_);
        return own_.empty() ? packets : packets & addresses_in(space_, false, device_destinations(own_));
    }
    PacketSet new_through() { return first(HookPoint::forward) & forwarded(space_, own_); }

    // Answers that pass there whatever its rules say, since it keeps the connection; as they look like. A SYN answers nothing.
    PacketSet kept(Side const& side) {
        if (!side.remembers) return space_.none();
        if (side.lists) return single(Field::protocol, number(Protocol::udp)); // ASA CLI guide, "Access Rules for Returning Traffic"
        PacketSet packets = space_.of(Field::protocol, port_protocols()) - single(Field::protocol, number(Protocol::tcp));
        for (auto const& [request, reply] : message_replies)
            packets |= single(Field::protocol, number(request == 128 ? Protocol::icmpv6 : Protocol::icmp)) & single(Field::icmp_type, reply);
        return packets;
    }

    // Of the packets that the rules of one side alone let pass: those that it has entries for, while they pass on the other as answers
    // to what that one lets open. Nothing decides what a device with lists opens itself.
    PacketSet answers(Side& own, std::optional<Path> const& path, Side& other, Path::Kind kind, PacketSet const& asked, Family family) {
        PacketSet const like = asked & (kept(other) - kept(own));
        if (like.empty() || !path) return space_.none();
        PacketSet const taken = like & own.by_entries_for_answers(*path, family);
        return kind == Path::Kind::to_host && other.lists ? taken : taken & other.answered(kind, names_, like, family);
    }

    void compare(Group const& in, Group const* out, PacketSet const& packets) {
        std::string const& from = in.names.front();
        std::optional<std::string> const to = out ? std::optional(out->names.front()) : std::nullopt;
        Path::Kind const kind = out ? Path::Kind::through : Path::Kind::to_host;
        PacketSet here = packets & space_.of(Field::iif, in.values);
        if (out) here &= space_.of(Field::oif, out->values);
        Difference difference{list_text(in.names, 3) + " -> " + (out ? list_text(out->names, 3) : "the device"),
                              out ? HookPoint::forward : HookPoint::input,
                              before_.path(from, to),
                              after_.path(from, to),
                              result_.space->none(),
                              result_.space->none(),
                              result_.space->none()};
        for (Family const family : families_.families) {
            PacketSet const was = before_.passing(difference.before, packets, family) & here, is = after_.passing(difference.after, packets, family) & here;
            if (was == is) continue;
            PacketSet added = is - was, removed = was - is;
            if (!added.empty()) added -= answers(after_, difference.after, before_, kind, packets, family);
            if (!removed.empty()) removed -= answers(before_, difference.before, after_, kind, packets, family);
            // The usual order of variables, for the usual witnesses.
            difference.added |= result_.space->of(added);
            difference.removed |= result_.space->of(removed);
        }
        if (!difference.empty()) result_.differences.push_back(std::move(difference));
    }

    // ---- in words

    void say(bool tells_device) {
        auto& is = result_.compared;
        auto& is_not = result_.not_compared;
        is.emplace_back(new_connections_alone);
        is.push_back(fmt::format("through the device, from each of the interfaces {} to each{}; one without a list, or that a file does not name, lets "
                                 "everything pass", list_text(names_, most_named), tells_device ? ", and from each to the device itself" : ""));
        if (!own_.empty()) is.push_back("the device itself has the addresses " + addresses_text(own_, most_named));
        if (!tells_device)
            result_.notes.push_back("packets to the device itself are not compared, and not told from those through it: nothing says which addresses it "
                                    "has (--own-address)");
        is_not.insert(is_not.end(), families_.apart.begin(), families_.apart.end());
        result_.notes.insert(result_.notes.end(), families_.notes.begin(), families_.notes.end());
        is_not.push_back("what the device sends itself: no access list is asked about it");
        if (!before_.lists || !after_.lists) is_not.push_back("other interfaces: the device with lists has those that its file names");
        is_not.push_back("what no router forwards: from 0.0.0.0, :: and fe80::/10, to 224.0.0.0/24, 255.255.255.255, fe80::/10 and ff02::/16 on the way "
                         "through; and neighbour discovery from elsewhere");
        say_answers(before_, after_, "first", "second");
        say_answers(after_, before_, "second", "first");
        for (Side const* side : {&before_, &after_}) {
            std::string const which = side == &before_ ? "first" : "second";
            if (translates(side->ruleset)) is_not.push_back("into what the " + which + " file translates packets: they are compared as they arrive");
            if (auto const lists = side->bound_nowhere(); !lists.empty())
                is_not.push_back(fmt::format("{} of the {} file, which no interface has: {}", lists.size() == 1 ? "an access list" : "access lists", which,
                                             list_text(lists, most_named)));
        }
    }

    void say_answers(Side const& own, Side const& other, std::string_view its, std::string_view others) {
        if ((kept(other) - kept(own)).empty()) return;
        result_.not_compared.push_back(
            fmt::format("what answers a connection that the {} file lets open: the {} one keeps no {}, and has entries for answers ({}replies of ICMP){}", others,
                        its, own.remembers ? "connections of ICMP" : "connections", own.remembers ? "" : "by the port that they come from, or ",
                        other.lists ? "; for the device itself, whatever these let through" : ""));
    }

    DeviceOptions const& options_;
    Space space_;
    Side before_, after_;
    CommonFamilies families_;
    Addresses own_;
    bool asks_destination_ = false; // a list tells by the destination whether packets are for the device
    std::vector<std::string> names_;
    std::vector<Group> groups_;
    DeviceComparison result_;
};

} // namespace

bool of_one_kind(Ruleset const& a, Ruleset const& b) {
    if (is_cisco(a.dialect) != is_cisco(b.dialect)) return false;
    return !is_cisco(a.dialect) || keeps_connections(a.dialect) == keeps_connections(b.dialect);
}

bool stands_in_the_way(Ruleset const& ruleset) {
    return !is_cisco(ruleset.dialect) || std::ranges::any_of(ruleset.chains, [](Chain const& chain) { return chain.hook && !chain.bindings.empty(); });
}

std::string own_addresses_line(Addresses const& own) {
    std::string const text = addresses_text(own, ~std::size_t{0});
    return text.empty() ? "" : std::string(head_of_own) + text;
}

Addresses own_addresses(Sources const& sources, SourceId source, Ruleset const& ruleset) {
    Addresses own;
    for (Interface const& interface : ruleset.interfaces)
        for (Prefix const& address : interface.addresses) {
            if (interface.shutdown) continue;
            (address.ip.family == Family::v4 ? own.v4 : own.v6) =
                own.of(address.ip.family).united(IntervalSet::single(address.ip.value));
        }
    // The head: lines of comments at the start.
    std::string_view text = sources[source].text();
    while (!text.empty() && (text.front() == '!' || text.front() == '#')) {
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        std::size_t const at = line.find(head_of_own);
        if (at > 2) continue; // behind the mark of a comment and a blank
        line.remove_prefix(at + head_of_own.size());
        while (!line.empty()) {
            std::size_t const end = std::min(line.find_first_of(", \r"), line.size());
            if (auto const some = address_word(line.substr(0, end))) own = own.united(*some);
            line.remove_prefix(std::min(line.size(), end + 1));
        }
    }
    return own;
}

DeviceComparison compare_devices(Ruleset const& before, Ruleset const& after, DeviceOptions const& options) {
    return Devices(before, after, options).run();
}

} // namespace portcullis
