// Chains of both rulesets are paired, and the rules of each pair that are not common to both mark the region where
// packets can fare differently. Rules that do not meet the region are left out; what remains is decided exactly.
#include "portcullis/engine/compare.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>

#include "engine/box.hpp"
#include "engine/common_rules.hpp"
#include "portcullis/engine/connection.hpp"

namespace portcullis {

namespace {

// Past so many rules that differ, the region is as good as everything.
constexpr std::size_t most_changed = 20'000;

bool decides_nothing(Rule const& rule) {
    return std::holds_alternative<Continue>(rule.verdict) && rule.effects.assignments.empty() && !rule.effects.notrack;
}

bool same_hook(Chain const& a, Chain const& b) {
    if (a.hook.has_value() != b.hook.has_value()) return false;
    if (!a.hook) return true;
    Hook const& x = *a.hook;
    Hook const& y = *b.hook;
    return x.point == y.point && x.type == y.type && x.priority == y.priority && x.v4 == y.v4 && x.v6 == y.v6 &&
           a.policy == b.policy;
}

using Names = std::vector<std::string>;

std::string joined(Names const& names) {
    std::string text;
    for (std::string const& name : names) text += (text.empty() ? "" : ", ") + name;
    return text;
}

// "in GigabitEthernet0/1"
Names bindings_of(Chain const& chain) {
    Names names;
    for (Binding const& binding : chain.bindings)
        names.push_back((binding.inbound ? "in " : "out ") + (binding.by_global ? "global" : binding.interface));
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    return names;
}

ChainId base_by_name(Ruleset const& ruleset, std::string const& name) {
    for (ChainId id = 0; id < ruleset.chains.size(); ++id) {
        Chain const& chain = ruleset.chains[id];
        if (chain.hook && (chain.name == name || chain.title() == name)) return id;
    }
    throw std::invalid_argument("there is no base chain or access list '" + name + "'");
}

Path alone(Ruleset const& ruleset, ChainId id) {
    Chain const& chain = ruleset.chains[id];
    return {Path::Kind::list, chain.title(), chain.hook->point, {id}};
}

// A way in both rulesets, or in one of them.
struct Way {
    std::string name;
    std::optional<Path> before;
    std::optional<Path> after;
};

// Which ways belong together.
class Pairing {
  public:
    Pairing(Ruleset const& before, Ruleset const& after, Names& notes)
        : before_(before), after_(after), notes_(notes) {}

    std::vector<Way> named(CompareOptions const& options) {
        for (auto const& [one, other] : options.names) {
            Path a = alone(before_, base_by_name(before_, one));
            Path b = alone(after_, base_by_name(after_, other));
            add(std::move(a), std::move(b));
        }
        return std::move(ways_);
    }

    std::vector<Way> all() {
        lists_before_.clear();
        for (Path& path : find_ways(before_)) sort(std::move(path), hooks_before_, lists_before_);
        for (Path& path : find_ways(after_)) sort(std::move(path), hooks_after_, lists_after_);
        pair(hooks_before_, hooks_after_, [](Path const& a, Path const& b) { return a.kind == b.kind; });
        pair(lists_before_, lists_after_, [](Path const& a, Path const& b) { return a.name == b.name; });
        pair(lists_before_, lists_after_, [this](Path const& a, Path const& b) {
            Names const bound = bindings_of(list_before(a));
            return !bound.empty() && bound == bindings_of(list_after(b));
        });
        if (lists_before_.size() == 1 && lists_after_.size() == 1)
            pair(lists_before_, lists_after_, [](Path const&, Path const&) { return true; });
        for (Path& path : hooks_before_) add(std::move(path), std::nullopt);
        for (Path& path : hooks_after_) add(std::nullopt, std::move(path));
        for (Path& path : lists_before_) only_in("first", std::move(path), true);
        for (Path& path : lists_after_) only_in("second", std::move(path), false);
        return std::move(ways_);
    }

  private:
    Chain const& list_before(Path const& path) const { return before_.chains[path.chains.front()]; }
    Chain const& list_after(Path const& path) const { return after_.chains[path.chains.front()]; }

    static void sort(Path path, std::vector<Path>& hooks, std::vector<Path>& lists) {
        (path.kind == Path::Kind::list ? lists : hooks).push_back(std::move(path));
    }

    template <class Together>
    void pair(std::vector<Path>& before, std::vector<Path>& after, Together const& together) {
        for (std::size_t i = 0; i < before.size();) {
            auto const other = std::find_if(after.begin(), after.end(),
                                            [&](Path const& path) { return together(before[i], path); });
            if (other == after.end()) {
                ++i;
                continue;
            }
            add(std::move(before[i]), std::move(*other));
            before.erase(before.begin() + static_cast<std::ptrdiff_t>(i));
            after.erase(other);
        }
    }

    void add(std::optional<Path> before, std::optional<Path> after) {
        std::string name = before ? before->name : after->name;
        if (before && after && before->name != after->name) name += " -> " + after->name;
        if (before && after && before->kind == Path::Kind::list) {
            Names const a = bindings_of(list_before(*before));
            Names const b = bindings_of(list_after(*after));
            if (a != b) {
                notes_.push_back("the access list " + name + " is applied elsewhere: " +
                                 (a.empty() ? "nowhere" : joined(a)) + " before, " + (b.empty() ? "nowhere" : joined(b)) +
                                 " after");
            }
        }
        ways_.push_back({std::move(name), std::move(before), std::move(after)});
    }

    void only_in(std::string const& which, Path path, bool is_before) {
        notes_.push_back("the access list " + path.name + " is only in the " + which + " ruleset");
        std::optional<Path> one = std::move(path);
        is_before ? add(std::move(one), std::nullopt) : add(std::nullopt, std::move(one));
    }

    Ruleset const& before_;
    Ruleset const& after_;
    Names& notes_;
    std::vector<Path> hooks_before_, hooks_after_, lists_before_, lists_after_;
    std::vector<Way> ways_;
};

bool is_of_one_family(Ruleset const& ruleset) { return ruleset.dialect == Dialect::iptables || ruleset.dialect == Dialect::ip6tables; }

} // namespace

CommonFamilies common_families(Ruleset const& before, Ruleset const& after) {
    CommonFamilies common;
    for (Family const family : {Family::v4, Family::v6})
        if (before.governs(family) && after.governs(family)) common.families.push_back(family);
    for (Family const family : {Family::v4, Family::v6}) {
        bool const a = before.governs(family);
        if (a == after.governs(family)) continue;
        std::string const name = family == Family::v4 ? "IPv4" : "IPv6";
        Ruleset const& silent = a ? after : before;
        if (is_of_one_family(silent) && !common.families.empty())
            common.apart.push_back(name + ": the " + (a ? "second" : "first") + " file is for " + std::string(to_string(silent.dialect)) +
                                   ", which does not speak of it");
        else
            common.notes.push_back(name + " is not compared: only the " + (a ? "first" : "second") + " ruleset governs it");
    }
    return common;
}

struct Comparison::Impl {
    Ruleset const& whole_before;
    Ruleset const& whole_after;
    Ruleset before; // the rules that packets of the region meet
    Ruleset after;
    Space space;
    std::vector<Way> ways;
    std::vector<Difference> differences;
    Names notes;
    CommonFamilies common;
    bool new_connections;

    // By chain of each ruleset: a number that paired chains share.
    std::vector<std::uint32_t> name_before, name_after;
    std::vector<std::pair<ChainId, ChainId>> pairs;
    std::vector<Box> region;
    std::vector<Match> changed;
    // By rule of the second ruleset: where its stateful matches stand in the first, of which they are the same variables.
    using Places = std::map<std::pair<ChainId, std::uint32_t>, std::vector<Span>>;
    Places shared;
    bool everything = false; // the region is not bounded
    bool marks = false;      // rules see what other rules make of marks, or of addresses

    Impl(Ruleset const& a, Ruleset const& b, CompareOptions const& options)
        : whole_before(a), whole_after(b), space(options.node_limit), new_connections(options.new_connections) {
        Pairing pairing(a, b, notes);
        ways = options.names.empty() ? pairing.all() : pairing.named(options);
        pair_chains();
        marks = marks_matter(a) || marks_matter(b);
        find_region();
        common = common_families(a, b);
        notes.insert(notes.end(), common.notes.begin(), common.notes.end());
        if (!everything && region.empty()) return;
        before = reduced(a, {});
        after = reduced(b, shared);
        compare();
    }

    // ---- which rules differ

    void pair_chains() {
        std::map<std::string, ChainId> by_title;
        std::map<ChainId, ChainId> paired; // from before to after
        for (Way const& way : ways) {
            if (!way.before || !way.after || way.before->chains.size() != way.after->chains.size()) {
                everything = true;
                // Where one has a chain more, those of one name still have their matches in common.
                if (way.before && way.after) pair_by_title(*way.before, *way.after, paired);
                continue;
            }
            for (std::size_t i = 0; i < way.before->chains.size(); ++i) {
                ChainId const one = way.before->chains[i];
                ChainId const other = way.after->chains[i];
                if (!same_hook(whole_before.chains[one], whole_after.chains[other])) everything = true;
                auto const [at, added] = paired.try_emplace(one, other);
                if (!added && at->second != other) everything = true;
            }
        }
        std::set<ChainId> taken;
        for (auto const& [one, other] : paired) taken.insert(other);
        for (ChainId id = 0; id < whole_after.chains.size(); ++id) {
            if (!whole_after.chains[id].hook && !taken.contains(id)) by_title.emplace(whole_after.chains[id].title(), id);
        }
        for (ChainId id = 0; id < whole_before.chains.size(); ++id) {
            if (whole_before.chains[id].hook) continue;
            if (auto const at = by_title.find(whole_before.chains[id].title()); at != by_title.end()) paired.emplace(id, at->second);
        }
        name_before.resize(whole_before.chains.size());
        name_after.resize(whole_after.chains.size());
        std::uint32_t next = 0;
        for (std::uint32_t& name : name_before) name = next++;
        for (std::uint32_t& name : name_after) name = next++;
        for (auto const& [one, other] : paired) {
            name_after[other] = name_before[one];
            pairs.emplace_back(one, other);
        }
    }

    void pair_by_title(Path const& before_path, Path const& after_path, std::map<ChainId, ChainId>& paired) const {
        for (ChainId const one : before_path.chains)
            for (ChainId const other : after_path.chains)
                if (whole_before.chains[one].title() == whole_after.chains[other].title()) paired.try_emplace(one, other);
    }

    void find_region() {
        std::map<std::string, std::vector<Span>> moved; // stateful matches of the first's own rules, by text
        auto const add_stateful = [&](Rule const& rule) {
            for (Opaque const& opaque : rule.match.opaque)
                if (opaque.stateful && (moved[opaque.text].empty() || moved[opaque.text].back() != opaque.span)) moved[opaque.text].push_back(opaque.span);
        };
        std::vector<std::pair<ChainId, std::uint32_t>> own_after;
        std::vector<bool> paired_before(whole_before.chains.size()), paired_after(whole_after.chains.size());
        for (auto const& [one, other] : pairs) {
            paired_before[one] = paired_after[other] = true;
            Chain const& a = whole_before.chains[one];
            Chain const& b = whole_after.chains[other];
            std::vector<bool> in_a(a.rules.size()), in_b(b.rules.size());
            for (auto const& [i, j] : common_rules(a.rules, name_before, b.rules, name_after)) {
                in_a[i] = in_b[j] = true;
                share_variables(a.rules[i], other, j);
            }
            for (std::size_t i = 0; i < a.rules.size(); ++i) {
                if (in_a[i]) continue;
                differs(a.rules[i]);
                add_stateful(a.rules[i]);
            }
            for (std::size_t j = 0; j < b.rules.size(); ++j) {
                if (in_b[j]) continue;
                differs(b.rules[j]);
                own_after.emplace_back(other, static_cast<std::uint32_t>(j));
            }
        }
        // Chains without a partner, whatever they are called.
        for (ChainId id = 0; id < whole_before.chains.size(); ++id)
            if (!paired_before[id])
                for (Rule const& rule : whole_before.chains[id].rules) add_stateful(rule);
        for (ChainId id = 0; id < whole_after.chains.size(); ++id)
            if (!paired_after[id])
                for (std::uint32_t j = 0; j < whole_after.chains[id].rules.size(); ++j) own_after.emplace_back(id, j);
        add_translated();
        // A rule that was edited, moved or put into another chain still has the limit that it had: the same text in the same order.
        // Rules that one of the text became share it.
        struct Used {
            std::size_t count = 0;
            Span last; // in the second ruleset
        };
        std::map<std::string, Used> used;
        for (auto const& place : own_after) {
            auto const& matches = whole_after.chains[place.first].rules[place.second].match.opaque;
            for (std::size_t i = 0; i < matches.size(); ++i) {
                auto const at = moved.find(matches[i].text);
                if (!matches[i].stateful || at == moved.end()) continue;
                Used& so_far = used[matches[i].text];
                if (so_far.count == 0 || so_far.last != matches[i].span) ++so_far.count;
                so_far.last = matches[i].span;
                if (so_far.count <= at->second.size()) place_of(place, i) = at->second[so_far.count - 1];
            }
        }
    }

    Span& place_of(std::pair<ChainId, std::uint32_t> const& rule, std::size_t match) {
        std::vector<Span>& spans = shared[rule];
        auto const& matches = whole_after.chains[rule.first].rules[rule.second].match.opaque;
        if (spans.empty())
            for (Opaque const& opaque : matches) spans.push_back(opaque.span);
        return spans[match];
    }

    void differs(Rule const& rule) {
        if (decides_nothing(rule)) return;
        if (changed.size() == most_changed) everything = true;
        if (everything) return;
        region.push_back(outline(rule.match));
        changed.push_back(marks ? without_marks(rule.match) : rule.match);
    }

    // Packets that are translated meet rules which they do not match as they arrive: whatever a rule translates to the
    // region belongs to it, and so does what a changed rule translates to.
    void add_translated() {
        auto const each_translation = [&](auto const& visit) {
            for (Ruleset const* ruleset : {&whole_before, &whole_after})
                for (Chain const& chain : ruleset->chains)
                    for (Rule const& rule : chain.rules)
                        if (auto const* rewrite = std::get_if<Rewrite>(&rule.verdict)) visit(rule, *rewrite);
        };
        auto const meets = [](BoxTree const& tree, std::size_t count, Box const& box) {
            return !box.empty && !tree.meeting(box, static_cast<std::uint32_t>(count)).empty();
        };
        BoxTree const of_changed{region};
        std::size_t const count = region.size();
        each_translation([&](Rule const& rule, Rewrite const& rewrite) {
            if (!everything && meets(of_changed, count, outline(target(rule.match, rewrite)))) differs(rule);
        });
        BoxTree const of_all{region};
        std::size_t const all = region.size();
        each_translation([&](Rule const& rule, Rewrite const& rewrite) {
            if (meets(of_all, all, outline(rule.match))) region.push_back(outline(target(rule.match, rewrite)));
        });
    }

    // What packets that match are once they are translated.
    Match target(Match match, Rewrite const& rewrite) const {
        bool const destination = is_destination(rewrite.kind);
        auto const is_rewritten = [&](Field field) {
            if (field == (destination ? Field::dport : Field::sport)) return rewrite.port.has_value();
            return field == Field::ct_status || field == Field::dst_type ||
                   (destination ? field == Field::dst4 || field == Field::dst6 : field == Field::src4 || field == Field::src6);
        };
        std::erase_if(match.terms, [&](Term const& term) { return is_rewritten(term.field); });
        std::erase_if(match.alternatives, [&](Alternatives const& relation) {
            return std::any_of(relation.fields.begin(), relation.fields.end(), is_rewritten);
        });
        auto const add = [&](Field field, Interval values) {
            match.terms.push_back({field, ValueSet::range(values.first, values.last), {}});
        };
        // Of which family a small number is an address, only the packet says.
        bool const v6 = rewrite.address && rewrite.address->last > max_value(32);
        bool const v4 = rewrite.address && !whole_before.governs_v6 && !whole_after.governs_v6;
        if (v6) add(destination ? Field::dst6 : Field::src6, *rewrite.address);
        if (v4) add(destination ? Field::dst4 : Field::src4, *rewrite.address);
        if (rewrite.port) add(destination ? Field::dport : Field::sport, *rewrite.port);
        return match;
    }

    // What a rule asks about marks, the status or the ends of a connection, and about a state that may be untracked, is not about the
    // packet as it arrives.
    static Match without_marks(Match match) {
        auto const about_marks = [](Field field) {
            return field == Field::mark || field == Field::ct_mark || field == Field::ct_state || field == Field::ct_status ||
                   field == Field::dst_type || is_of_tuple(field);
        };
        std::erase_if(match.terms, [&](Term const& term) { return about_marks(term.field); });
        std::erase_if(match.alternatives, [&](Alternatives const& relation) {
            return std::any_of(relation.fields.begin(), relation.fields.end(), about_marks);
        });
        return match;
    }

    // A stateful match is a variable of its own at each place; of a rule that stands in both it is the same one.
    void share_variables(Rule const& rule, ChainId chain, std::uint32_t place) {
        for (std::size_t i = 0; i < rule.match.opaque.size(); ++i)
            if (rule.match.opaque[i].stateful) place_of({chain, place}, i) = rule.match.opaque[i].span;
    }

    // The ruleset without the rules that no packet of the region meets. Rewrites stay: they tell which destinations NAT
    // leads to.
    Ruleset reduced(Ruleset const& ruleset, Places const& places) const {
        BoxTree const tree{region};
        auto const count = static_cast<std::uint32_t>(region.size());
        auto const is_met = [&](Rule const& rule) {
            if (everything || std::holds_alternative<Rewrite>(rule.verdict)) return true;
            Box const box = outline(rule.match);
            return !box.empty && !tree.meeting(box, count).empty();
        };
        Ruleset result;
        result.dialect = ruleset.dialect;
        result.governs_v4 = ruleset.governs_v4;
        result.governs_v6 = ruleset.governs_v6;
        result.has_interfaces = ruleset.has_interfaces;
        for (ChainId id = 0; id < ruleset.chains.size(); ++id) {
            Chain const& chain = ruleset.chains[id];
            result.chains.push_back({chain.table, chain.name, chain.hook, chain.policy, chain.explicit_policy, {}, chain.span,
                                     chain.policy_span, chain.bindings, chain.filters});
            std::vector<Rule>& rules = result.chains.back().rules;
            for (std::uint32_t i = 0; i < chain.rules.size(); ++i) {
                if (!is_met(chain.rules[i])) continue;
                rules.push_back(chain.rules[i]);
                auto const at = places.find({id, i});
                if (at == places.end()) continue;
                for (std::size_t m = 0; m < at->second.size(); ++m) rules.back().match.opaque[m].span = at->second[m];
            }
        }
        return result;
    }

    // ---- what they do

    PacketSet packets_of_region() {
        if (everything) return space.all();
        PacketSet all = space.none();
        for (Match const& match : changed) all |= space.of(match);
        return all;
    }

    void compare() {
        PacketSet const question = packets_of_region() & unmarked(space, whole_before) & unmarked(space, whole_after);
        for (Way const& way : ways) {
            HookPoint const hook = way.before ? way.before->hook : way.after->hook;
            PacketSet asked = question & packets_at(space, hook);
            if (new_connections) asked &= first_packets(space, hook) & space.of(Field::ct_state, ValueSet::single(ct_state::new_));
            Difference difference{way.name, hook, way.before, way.after, space.none(), space.none(), space.none()};
            for (Family const family : common.families) {
                Passing const old_passing = passing(before, way.before, asked, family);
                Passing const new_passing = passing(after, way.after, asked, family);
                difference.added |= new_passing.all - old_passing.all;
                difference.removed |= old_passing.all - new_passing.all;
                difference.retranslated |= retranslated(old_passing, new_passing);
            }
            if (!difference.empty()) differences.push_back(std::move(difference));
        }
    }

    // The packets that pass, and by what they have become then.
    struct Passing {
        PacketSet all;
        std::map<std::pair<Translated, Translated>, PacketSet> translated{};
    };

    Passing passing(Ruleset const& ruleset, std::optional<Path> const& path, PacketSet const& asked, Family family) {
        if (!path) return {asked & space.of(Field::family, ValueSet::single(family_value(family)))};
        PathReach reach(space, ruleset, *path, asked);
        if (!translates(ruleset)) return {reach.accepted(family)};
        Passing result{space.none()};
        for (World const& world : reach.accepted_worlds(family)) {
            result.all |= world.packets;
            if (!world.marks.destination.done && !world.marks.source.done) continue;
            auto key = std::pair(world.marks.destination, world.marks.source);
            key.first.rule = key.second.rule = {};
            auto const [at, added] = result.translated.try_emplace(std::move(key), world.packets);
            if (!added) at->second |= world.packets;
        }
        return result;
    }

    // Of those that pass both: what only one translates, or to something else.
    PacketSet retranslated(Passing const& a, Passing const& b) {
        PacketSet found = space.none();
        auto const without = [&](Passing const& some, Passing const& others) {
            for (auto const& [key, packets] : some.translated) {
                auto const at = others.translated.find(key);
                PacketSet const both = packets & others.all;
                found |= at == others.translated.end() ? both : both - at->second;
            }
        };
        without(a, b);
        without(b, a);
        return found;
    }
};

Comparison::Comparison(Ruleset const& before, Ruleset const& after, CompareOptions const& options)
    : impl_(std::make_unique<Impl>(before, after, options)) {}
Comparison::~Comparison() = default;

Space& Comparison::space() { return impl_->space; }
bool Comparison::new_connections() const { return impl_->new_connections; }
std::vector<Difference> const& Comparison::differences() const { return impl_->differences; }
std::vector<std::string> const& Comparison::notes() const { return impl_->notes; }
std::vector<std::string> const& Comparison::apart() const { return impl_->common.apart; }
Ruleset const& Comparison::before() const { return impl_->before; }
Ruleset const& Comparison::after() const { return impl_->after; }

} // namespace portcullis
