// What stands on the device is known by its rules; what is to stand there is written, and read back, so that both are
// compared in the same form.
#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>
#include <span>
#include <tuple>

#include "dialect/cisco_read.hpp"
#include "dialect/cisco_update_plan.hpp"
#include "dialect/cisco_write_list.hpp"
#include "portcullis/dialect/update.hpp"

namespace portcullis {
namespace cisco {
namespace {

using ListKey = std::pair<bool, std::string>; // whether it is of IPv6 alone, and the name

ListKey key_of(Chain const& chain) { return {!chain.hook->v4, chain.name}; }

std::map<ListKey, Chain const*> lists_of(Ruleset const& ruleset) {
    std::map<ListKey, Chain const*> result;
    for (Chain const& chain : ruleset.chains)
        if (chain.hook && chain.hook->point == HookPoint::list && chain.hook->type == ChainType::filter &&
            (!chain.implicit || is_missing(chain)) && !is_vlan_map(chain))
            result.emplace(key_of(chain), &chain);
    return result;
}

bool lets_all_pass(Chain const& chain) { return chain.rules.empty() && std::holds_alternative<Accept>(chain.policy); }

Rule open_rule() {
    Rule rule;
    rule.verdict = Accept{};
    return rule;
}

// Numbers cannot be given to lists with such entries (IOS, "IP Access List Entry Sequence Numbering").
bool has_dynamic_entries(Chain const& chain) {
    return std::any_of(chain.rules.begin(), chain.rules.end(), [](Rule const& rule) {
        return std::any_of(rule.match.opaque.begin(), rule.match.opaque.end(),
                           [](Opaque const& one) { return one.text.starts_with("dynamic ") || one.text.starts_with("evaluate "); }) ||
               std::any_of(rule.effects.sets.begin(), rule.effects.sets.end(),
                           [](std::string const& set) { return set.starts_with("reflect "); });
    });
}

class Updater {
  public:
    Updater(Ruleset const& before, Ruleset const& after, Dialect platform, Rest rest)
        : before_(before), after_(after), platform_(platform), rest_(rest), old_lists_(lists_of(before)) {
        std::vector<std::string> taken; // groups of other content
        for (AddressGroup const& group : before.groups) {
            auto const same = std::find_if(after.groups.begin(), after.groups.end(), [&](AddressGroup const& other) { return other.name == group.name; });
            if (same == after.groups.end() || same->v4 != group.v4 || same->v6 != group.v6) taken.push_back(group.name);
        }
        written_ = write_lists(after, platform, {taken, true});
        Writing const text = write_cisco(after, platform);
        SourceId const id = sources_.add("commands", text.text);
        read_back_ = read_cisco(sources_, id, platform).ruleset;
        new_lists_ = lists_of(read_back_);
        for (auto const& [key, chain] : old_lists_) names_.insert(key.second);
        for (WrittenList const& list : written_.lists) names_.insert(list.name);
    }

    Writing run() {
        result_.losses = std::move(written_.losses);
        for (auto const& common : written_.common)
            if (!common.empty()) lose({}, "common lists", "interfaces that have two lists in a row are not updated");
        for (WrittenList const& list : written_.lists) update(list);
        std::string const bindings = bind();
        result_.text = groups_of(edits_) + edits_ + bindings + removals();
        return std::move(result_);
    }

  private:
    void lose(Span span, std::string what, std::string why) {
        result_.losses.add("PC002", span).arg("construct", std::move(what)).arg("why", std::move(why));
    }

    static ListKey key_of(WrittenList const& list) { return {!list.traits.v4, list.name}; }

    void update(WrittenList const& list) {
        ListKey const key = key_of(list);
        auto const old = old_lists_.find(key);
        Chain const* const now = old == old_lists_.end() ? nullptr : old->second;
        auto const wanted = new_lists_.find(key);
        names_now_[key] = list.name;
        if (!now) return create(list, list.name);
        std::vector<ListEntry> const lines = wanted == new_lists_.end() ? std::vector<ListEntry>{} : entries_of(*wanted->second);
        bool const known = wanted != new_lists_.end() && lines.size() == list.lines.size();
        if (known && same(entries_of(*now), lines, *now, *wanted->second)) return;
        if (known && keeps_place(*now, list) && edit(list, *now, *wanted->second, lines)) return;
        replace(list, *now);
    }

    // Whether every interface that has the list keeps it.
    bool keeps_place(Chain const& now, WrittenList const& list) const {
        auto const then = written_bindings(after_.chains[list.chain]);
        auto const before = written_bindings(now);
        return std::all_of(before.begin(), before.end(), [&](Binding const& binding) {
            return std::any_of(then.begin(), then.end(), [&](Binding const& other) {
                return other.interface == binding.interface && other.inbound == binding.inbound;
            });
        });
    }

    // --- In place

    bool edit(WrittenList const& list, Chain const& now, Chain const& then, std::vector<ListEntry> lines) {
        std::vector<ListEntry> old = entries_of(now);
        if (platform_ == Dialect::cisco_asa || has_dynamic_entries(now) || has_dynamic_entries(then)) return false;
        constexpr std::uint32_t behind = 1'000'000; // of the entry that says that an empty list lets all pass
        bool const opens = lets_all_pass(now);
        if (opens) old.push_back({{open_rule()}, behind});
        if (lets_all_pass(then)) lines.push_back({{open_rule()}, 0});
        PlanOptions options;
        options.taken = now.remark_sequences;
        options.may_resequence = !opens && now.remark_sequences.empty() && has_no_remarks(now) &&
                                 (platform_ == Dialect::cisco_nxos || (platform_ == Dialect::cisco_ios && now.hook->v4));
        for (Chain const* chain : {&now, &then})
            if (options.own.empty())
                std::copy_if(chain->rules.begin(), chain->rules.end(), std::back_inserter(options.own), [](Rule const& rule) { return rule.implicit; });
        auto const plan = plan_edits(old, lines, options);
        if (!plan) return false;
        std::string text;
        if (plan->resequence != 0)
            text += fmt::format(fmt::runtime(platform_ == Dialect::cisco_nxos ? "resequence ip access-list {0} {1} {1}\n"
                                                                              : "ip access-list resequence {0} {1} {1}\n"),
                                list.name, plan->resequence);
        text += list_header(list, list.name) + '\n';
        std::string const open = "permit " + protocol_word({}, platform_, list.traits.ipv6()) + " any any";
        if (opens) text += entry_command(list, list.name, {list.standard ? "permit any" : open, {}, 0, false}, behind) + '\n';
        bool const word = platform_ == Dialect::cisco_ios && list.traits.ipv6();
        for (Edit const& edit : plan->edits) {
            if (!edit.inserts)
                text += fmt::format(" no {}{}\n", word ? "sequence " : "", edit.sequence);
            else if (edit.line < list.lines.size())
                text += entry_command(list, list.name, list.lines[edit.line], edit.sequence) + '\n';
            else
                text += entry_command(list, list.name, {list.standard ? "permit any" : open, {}, 0, false}, edit.sequence) + '\n';
        }
        edits_ += text;
        return true;
    }

    static bool has_no_remarks(Chain const& chain) {
        return std::all_of(chain.rules.begin(), chain.rules.end(), [](Rule const& rule) { return rule.comment.empty(); });
    }

    // Whether there is nothing to do.
    static bool same(std::vector<ListEntry> const& old, std::vector<ListEntry> const& lines, Chain const& now, Chain const& then) {
        std::vector<ListEntry> numbered = old;
        for (std::size_t i = 0; i < numbered.size(); ++i) numbered[i].sequence = static_cast<std::uint32_t>(i + 1);
        auto const plan = plan_edits(numbered, lines, {});
        return plan && plan->edits.empty() && lets_all_pass(now) == lets_all_pass(then) && now.inactive.size() == then.inactive.size();
    }

    // --- Under another name

    void create(WrittenList const& list, std::string const& name) {
        if (std::string const header = list_header(list, name); !header.empty()) edits_ += header + '\n';
        for (ListLine const& line : list.lines) {
            for (std::string const& remark : line.remarks) edits_ += remark_command(list, name, remark, 0) + '\n';
            edits_ += entry_command(list, name, line, 0) + '\n';
        }
    }

    void replace(WrittenList const& list, Chain const& now) {
        std::string name;
        for (std::size_t i = 2; name.empty() || !names_.insert(name).second; ++i) name = fmt::format("{}-{}", list.name, i);
        create(list, name);
        names_now_[key_of(list)] = name;
        bool const bound = !places_of(now).empty() || !places_of(after_.chains[list.chain]).empty();
        if (other_use(now) != nullptr || !bound)
            lose(now.span, "access list " + list.name,
                 "it cannot be changed in place; '" + name + "' has to be named wherever it is used, and it to be removed then");
        else
            replaced_.insert(key_of(list));
    }

    // --- Interfaces

    // Where a list is applied. An ASA asks some about packets to itself.
    struct Place {
        std::string interface;
        bool inbound = true;
        bool ipv6 = false;
        bool device = false;
        friend auto operator<=>(Place const&, Place const&) = default;
    };

    std::vector<Place> places_of(Chain const& chain) const {
        std::vector<Place> places;
        for (Binding const& binding : written_bindings(chain)) places.push_back({binding.interface, binding.inbound, !chain.hook->v4, false});
        for (Use const& use : chain.uses)
            if (auto const interface = device_interface(use)) places.push_back({*interface, true, !chain.hook->v4, true});
        return places;
    }
    std::optional<std::string> device_interface(Use const& use) const {
        return platform_ == Dialect::cisco_asa ? interface_of_device_list(use) : std::nullopt;
    }
    Use const* other_use(Chain const& chain) const {
        auto const found = std::find_if(chain.uses.begin(), chain.uses.end(), [&](Use const& use) { return !device_interface(use); });
        return found == chain.uses.end() ? nullptr : &*found;
    }

    std::string bind() {
        std::map<Place, std::string> old;
        for (auto const& [key, chain] : old_lists_)
            for (Place const& place : places_of(*chain)) old[place] = key.second;
        std::map<Place, std::pair<std::string, WrittenList const*>> wanted;
        for (WrittenList const& list : written_.lists)
            for (Place const& place : places_of(after_.chains[list.chain])) {
                wanted[place] = {names_now_.at(key_of(list)), &list};
                wanted_places_.insert(place);
            }
        std::string text;
        auto const add = [&](Place const& place, std::string const& name, ListTraits const& traits, bool removes) {
            std::string line = place.device ? device_binding_command(name, place.interface)
                                            : binding_command(traits, name, {place.interface, place.inbound, {}});
            if (removes) line.insert(line.find_first_not_of(' '), "no ");
            if (platform_ != Dialect::cisco_asa) text += "interface " + place.interface + '\n';
            text += line + '\n';
        };
        for (auto const& [place, list] : wanted) {
            auto const now = old.find(place);
            if (now == old.end() || now->second != list.first) add(place, list.first, list.second->traits, false);
        }
        if (rest_ == Rest::stays) return text;
        for (auto const& [place, name] : old)
            if (!wanted.contains(place)) add(place, name, {platform_, !place.ipv6, place.ipv6}, true);
        return text;
    }

    // Whether nothing asks the list any more that did.
    bool is_led_away(Chain const& chain) const {
        auto const places = places_of(chain);
        return !places.empty() && std::all_of(places.begin(), places.end(), [&](Place const& place) { return wanted_places_.contains(place); });
    }

    std::string removals() {
        std::string text;
        for (auto const& [key, chain] : old_lists_) {
            if (chain->rules.empty() && chain->bindings.size() + chain->uses.size() > 0 && lets_all_pass(*chain)) continue; // it may not exist
            bool const gone = !names_now_.contains(key);
            if (!gone && !replaced_.contains(key)) continue;
            if (rest_ == Rest::stays && !is_led_away(*chain)) continue;
            if (Use const* const use = other_use(*chain)) {
                if (rest_ == Rest::goes) lose(chain->span, "access list " + key.second, "it is not wanted, but used by " + use->what);
                continue;
            }
            WrittenList list;
            list.traits = {platform_, !key.first, key.first};
            list.standard = chain->standard;
            text += platform_ == Dialect::cisco_asa ? "clear configure access-list " + key.second + '\n'
                                                    : "no " + list_header(list, key.second) + '\n';
        }
        return text;
    }

    // --- Groups

    // Of the definitions, those that the commands name and the device has not.
    std::string groups_of(std::string const& commands) const {
        std::string text;
        std::string_view rest = written_.groups;
        while (!rest.empty()) {
            std::size_t end = rest.find('\n');
            std::string_view const head = rest.substr(0, end);
            while (end + 1 < rest.size() && rest[end + 1] == ' ') end = rest.find('\n', end + 1);
            if (is_needed(head, commands)) text += rest.substr(0, end + 1);
            rest.remove_prefix(end + 1);
        }
        return text;
    }

    bool is_needed(std::string_view head, std::string const& commands) const {
        std::string name(head);
        for (std::string_view const tail : {" tcp", " udp"})
            if (name.starts_with("object-group service ") && name.ends_with(tail)) name.erase(name.size() - tail.size());
        name = name.substr(name.rfind(' ') + 1);
        bool const known = std::any_of(before_.groups.begin(), before_.groups.end(), [&](AddressGroup const& group) { return group.name == name; });
        std::size_t at = known ? commands.npos : commands.find(' ' + name);
        for (; at != commands.npos; at = commands.find(' ' + name, at + 1)) {
            char const after = commands[at + 1 + name.size()];
            if (after == ' ' || after == '\n') return true;
        }
        return false;
    }

    Ruleset const& before_;
    Ruleset const& after_;
    Dialect platform_;
    Rest rest_;
    std::map<ListKey, Chain const*> old_lists_;
    Sources sources_;
    WrittenLists written_;
    Ruleset read_back_;
    std::map<ListKey, Chain const*> new_lists_;
    std::set<std::string> names_;
    std::map<ListKey, std::string> names_now_; // what the wanted lists are called on the device
    std::set<ListKey> replaced_;
    std::set<Place> wanted_places_;
    std::string edits_;
    Writing result_;
};

} // namespace
} // namespace cisco

Writing write_update(Ruleset const& before, Ruleset const& after, Dialect platform, Rest rest) {
    return cisco::Updater(before, after, platform, rest).run();
}

} // namespace portcullis
