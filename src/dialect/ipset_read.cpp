// A restore file is a program: its commands create sets, fill them, swap and destroy them. They are run here; what
// stands at the end is what the rules see. Refused is what ipset 7.17 refuses.
#include "portcullis/dialect/ipset.hpp"

#include <algorithm>
#include <set>
#include <unordered_set>

#include "dialect/ipset_entry.hpp"
#include "grammars/ipset/parse.hpp"

namespace portcullis {

namespace {

using namespace ipset;

// A file with more entries than this is not followed: nobody's is, and a range of addresses may stand for billions.
constexpr std::size_t most_entries = std::size_t{1} << 21U;
constexpr std::size_t longest_name = 31; // IPSET_MAXNAMELEN

// The same entry: an exception is not another one.
struct SameEntry {
    bool operator()(IpsetEntry const& a, IpsetEntry const& b) const {
        return a.value == b.value && a.length == b.length && a.bridge_port == b.bridge_port &&
               a.prefix_of_name == b.prefix_of_name;
    }
};
struct EntryHash {
    std::size_t operator()(IpsetEntry const& entry) const {
        std::uint64_t hash = 0;
        for (std::size_t i = 0; i < entry.value.size(); ++i) {
            for (std::uint64_t const part :
                 {low64(entry.value[i]), high64(entry.value[i]), std::uint64_t{entry.length[i]}}) {
                hash = (hash ^ part) * 0x9E3779B97F4A7C15ULL;
                hash ^= hash >> 32U;
            }
        }
        return static_cast<std::size_t>(hash);
    }
};
using Entries = std::unordered_set<IpsetEntry, EntryHash, SameEntry>;

struct SetState {
    Ipset set; // but for its entries
    Entries entries;
    std::size_t maxelem = 65536;
    std::uint8_t netmask = 32;
    Interval range{0, ~U128{0}};
    std::set<Key> extensions; // timeout, counters, comment, skbinfo
    bool forceadd = false;
    std::size_t references = 0; // lists that have it

    bool is_list() const { return set.type->parts.front() == IpsetPart::set; }
    bool is_bitmap() const { return set.type->name.starts_with("bitmap:"); }
    bool has(IpsetPart part) const { return std::ranges::find(set.type->parts, part) != set.type->parts.end(); }
};

struct OptionRule {
    Key key;
    bool (*fits)(SetState const&);
};
bool is_hash(SetState const& s) { return s.set.type->name.starts_with("hash:"); }
bool is_any(SetState const&) { return true; }
template <std::string_view const&... names> bool is_named(SetState const& s) {
    return ((s.set.type->name == names) || ...);
}
constexpr std::string_view hash_ip = "hash:ip", hash_ip_port = "hash:ip,port", hash_net_net = "hash:net,net",
                           bitmap_ip = "bitmap:ip";

// Which types have which options, ipset(8).
constexpr OptionRule create_options[] = {
    {Key::family, [](SetState const& s) { return is_hash(s) && s.set.type->name != "hash:mac"; }},
    {Key::hashsize, is_hash},
    {Key::maxelem, is_hash},
    {Key::bucketsize, is_hash},
    {Key::initval, is_hash},
    {Key::forceadd, is_hash},
    {Key::netmask, is_named<hash_ip, hash_ip_port, hash_net_net, bitmap_ip>},
    {Key::bitmask, is_named<hash_ip, hash_ip_port, hash_net_net>},
    {Key::markmask, [](SetState const& s) { return s.has(IpsetPart::mark); }},
    {Key::timeout, is_any},
    {Key::counters, is_any},
    {Key::comment, is_any},
    {Key::skbinfo, is_any},
    {Key::range, [](SetState const& s) { return s.is_bitmap(); }},
    {Key::from, [](SetState const& s) { return s.is_bitmap(); }},
    {Key::to, [](SetState const& s) { return s.is_bitmap(); }},
    {Key::network, [](SetState const& s) { return s.is_bitmap() && s.has(IpsetPart::ip); }},
    {Key::size, [](SetState const& s) { return s.is_list(); }},
    {Key::ignored, is_any},
    {Key::exist, is_any},
};
constexpr OptionRule entry_options[] = {
    {Key::timeout, is_any},
    {Key::comment, is_any},
    {Key::packets, is_any},
    {Key::bytes, is_any},
    {Key::skbmark, is_any},
    {Key::skbprio, is_any},
    {Key::skbqueue, is_any},
    {Key::nomatch, [](SetState const& s) { return s.has(IpsetPart::net); }},
    {Key::wildcard, [](SetState const& s) { return s.has(IpsetPart::interface); }},
    {Key::before, [](SetState const& s) { return s.is_list(); }},
    {Key::after, [](SetState const& s) { return s.is_list(); }},
    {Key::ignored, is_any},
    {Key::exist, is_any},
};

// What the set has to be created with for its entries to have the option.
constexpr std::pair<Key, Key> extension_of[] = {
    {Key::timeout, Key::timeout},  {Key::comment, Key::comment}, {Key::packets, Key::counters},
    {Key::bytes, Key::counters},   {Key::skbmark, Key::skbinfo}, {Key::skbprio, Key::skbinfo},
    {Key::skbqueue, Key::skbinfo},
};

struct Bound {
    Key key;
    std::uint64_t least;
    std::uint64_t most;
};
constexpr std::uint64_t most_32 = 0xffffffff;
constexpr Bound bounds[] = {
    {Key::hashsize, 0, most_32}, {Key::maxelem, 0, most_32},           {Key::bucketsize, 0, 255},
    {Key::initval, 0, most_32},  {Key::markmask, 1, most_32},          {Key::timeout, 0, 2147483},
    {Key::size, 0, most_32},     {Key::packets, 0, ~std::uint64_t{0}}, {Key::bytes, 0, ~std::uint64_t{0}},
    {Key::skbqueue, 0, 65535},
};

std::string quote(std::string_view text) { return '\'' + std::string(text) + '\''; }

// Sets that can take each other's place: the same parts, of the same family (ip_set_swap of ip_set_core.c).
bool same_features(IpsetType const& a, IpsetType const& b) {
    auto const features = [](IpsetType const& type) {
        std::vector<IpsetPart> parts = type.parts;
        bool nets = false;
        for (IpsetPart& part : parts) {
            nets = nets || part == IpsetPart::net;
            if (part == IpsetPart::net) part = IpsetPart::ip;
        }
        return std::pair(parts, nets);
    };
    return features(a) == features(b) && a.has_family == b.has_family;
}

} // namespace

struct IpsetCommands::Impl {
    std::map<std::string, SetState, std::less<>> sets;
    Findings findings;
    std::size_t entry_count = 0;
    bool too_many = false;

    // ---- the command that is run

    File const* file = nullptr;
    Command const* command = nullptr;
    std::optional<Span> at; // of a command of a script: all of its words stand here

    Span span(std::string_view piece) const { return at ? *at : file->span(piece); }
    Span span() const { return at ? *at : command->span; }

    void add_finding(std::string_view rule, Span place,
                     std::initializer_list<std::pair<char const*, std::string>> args) {
        if (findings.all().size() == error_limit)
            findings.add("PC001", place).arg("error", "too many errors; the rest is not shown");
        if (findings.all().size() > error_limit) return;
        Finding& finding = findings.add(rule, place);
        for (auto const& [name, value] : args) finding.arg(name, value);
    }
    void error(Span place, std::string text) { add_finding("PC001", place, {{"error", std::move(text)}}); }
    SetState* find(std::string_view name) {
        auto const found = sets.find(plain(name));
        if (found != sets.end()) return &found->second;
        add_finding("PC401", span(name), {{"kind", "set"}, {"name", plain(name)}});
        return nullptr;
    }

    bool has(Key key) const {
        return std::ranges::any_of(file->options_of(*command), [&](Option const& o) { return o.key == key; });
    }
    std::string value_of(Key key) const {
        for (Option const& option : file->options_of(*command))
            if (option.key == key) return plain(option.value);
        return {};
    }
    std::uint64_t number_of(Key key, std::uint64_t otherwise) const {
        return has(key) ? read_number(value_of(key)).value_or(otherwise) : otherwise;
    }

    void run(File const& parsed) {
        file = &parsed;
        for (SyntaxError const& e : parsed.errors) error(at ? *at : e.span, to_string(e));
        for (Command const& next : parsed.commands) {
            command = &next;
            run();
        }
    }

    void run() {
        switch (command->action) {
        case Action::create: return create();
        case Action::add: return change(&Impl::add_entries);
        case Action::del: return change(&Impl::delete_entries);
        case Action::destroy: return destroy();
        case Action::flush: return flush();
        case Action::rename: return rename();
        case Action::swap: return swap();
        case Action::test:
        case Action::query:
        case Action::commit:
        case Action::none: return;
        }
    }

    // ---- options

    bool check_options(SetState const& state, std::span<OptionRule const> allowed) {
        std::set<Key> seen;
        for (Option const& option : file->options_of(*command)) {
            auto const rule = std::ranges::find(allowed, option.key, &OptionRule::key);
            std::string const name = quote(option.name);
            if (rule == allowed.end() || !rule->fits(state)) {
                error(span(option.name), std::string(state.set.type->name) + " has no option " + name);
                return false;
            }
            bool const repeatable = option.key == Key::ignored || option.key == Key::exist;
            if (!seen.insert(option.key).second && !repeatable) {
                error(span(option.name), name + " is given twice");
                return false;
            }
            if (!check_value(option)) return false;
        }
        return true;
    }

    bool check_value(Option const& option) {
        auto const bound = std::ranges::find(bounds, option.key, &Bound::key);
        if (bound == std::end(bounds)) return true;
        auto const number = read_number(plain(option.value));
        if (number && *number >= bound->least && *number <= bound->most) return true;
        error(span(option.value), quote(option.name) + " is a number from " + std::to_string(bound->least) +
                                      " to " + std::to_string(bound->most) + ", not " + quote(plain(option.value)));
        return false;
    }

    // ---- sets

    void create() {
        std::string const name = plain(command->set);
        IpsetType const* const type = find_type(plain(command->argument));
        if (name.size() > longest_name)
            return error(span(command->set), "the name of a set has at most 31 characters");
        if (type == nullptr)
            return error(span(command->argument),
                         "unknown type of set " + quote(plain(command->argument)) + "; there are " + type_names());
        SetState state;
        state.set.name = name;
        state.set.type = type;
        state.set.span = span();
        if (!check_options(state, create_options) || !set_options(state)) return;
        auto const existing = sets.find(name);
        if (existing == sets.end()) {
            sets.emplace(name, std::move(state));
            return;
        }
        bool const same = existing->second.set.type == type && existing->second.set.family == state.set.family;
        if (!has(Key::exist) || !same) error(span(command->set), "the set " + quote(name) + " exists already");
    }

    bool set_options(SetState& state) {
        if (has(Key::family) && !set_family(state)) return false;
        unsigned const bits = address_bits(state.set.family);
        state.netmask = static_cast<std::uint8_t>(bits);
        state.maxelem = number_of(Key::maxelem, state.maxelem);
        state.set.mark_mask = static_cast<std::uint32_t>(number_of(Key::markmask, state.set.mark_mask));
        state.forceadd = has(Key::forceadd);
        state.set.expires = number_of(Key::timeout, 0) != 0;
        for (Key const key : {Key::timeout, Key::counters, Key::comment, Key::skbinfo})
            if (has(key)) state.extensions.insert(key);
        return set_netmask(state, bits) && (!state.is_bitmap() || set_range(state));
    }

    bool set_family(SetState& state) {
        for (Option const& option : file->options_of(*command)) {
            if (option.key != Key::family) continue;
            std::string const text = option.value.empty() ? std::string(option.name) : plain(option.value);
            bool const v6 = text == "inet6" || text == "ipv6" || text == "-6";
            if (!v6 && text != "inet" && text != "ipv4" && text != "-4") {
                error(span(option.value), "the family is inet or inet6, not " + quote(text));
                return false;
            }
            state.set.family = v6 ? Family::v6 : Family::v4;
        }
        return true;
    }

    bool set_netmask(SetState& state, unsigned bits) {
        if (has(Key::netmask) && has(Key::bitmask)) {
            error(span(), "'netmask' and 'bitmask' exclude each other");
            return false;
        }
        if (has(Key::netmask)) {
            auto const length = read_number(value_of(Key::netmask));
            if (!length || *length < 1 || *length > bits) {
                error(span(), "'netmask' is a length from 1 to " + std::to_string(bits) + ", not " +
                                  quote(value_of(Key::netmask)));
                return false;
            }
            state.netmask = static_cast<std::uint8_t>(*length);
        }
        if (has(Key::bitmask)) {
            auto const mask = parse_ip(value_of(Key::bitmask));
            if (!mask || mask->family != state.set.family || mask->value == 0) {
                error(span(), "'bitmask' is a mask other than zero, not " + quote(value_of(Key::bitmask)));
                return false;
            }
            auto const length = mask_length(mask->value, bits);
            if (length)
                state.netmask = static_cast<std::uint8_t>(*length);
            else
                state.set.unknown = "it compares addresses by a mask with holes";
        }
        // The kernel cuts addresses to the mask before it looks for their networks.
        if (state.has(IpsetPart::net) && (has(Key::netmask) || has(Key::bitmask)))
            state.set.unknown = "it compares networks by a mask";
        return true;
    }

    bool set_range(SetState& state) {
        std::string const text = has(Key::range)     ? value_of(Key::range)
                                 : has(Key::network) ? value_of(Key::network)
                                                     : value_of(Key::from) + '-' + value_of(Key::to);
        auto const range = read_range(text, *state.set.type);
        if (!range) {
            error(span(), std::string(state.set.type->name) + " needs a range, such as 'range " +
                              (state.has(IpsetPart::ip) ? "192.0.2.0/24'" : "0-1023'"));
            return false;
        }
        unsigned const host_bits = state.has(IpsetPart::ip) ? 32U - state.netmask : 0;
        if ((range->last >> host_bits) - (range->first >> host_bits) >= 65536) { // IPSET_BITMAP_MAX_RANGE
            error(span(), "the range is larger than 65536");
            return false;
        }
        state.range = *range;
        state.maxelem = 65536;
        return true;
    }

    void destroy() {
        if (command->set.empty()) {
            if (std::ranges::any_of(sets, [](auto const& s) { return s.second.references > 0; }))
                return error(span(), "a set that a list has cannot be destroyed");
            sets.clear();
            entry_count = 0;
            return;
        }
        if (has(Key::exist) && !sets.contains(plain(command->set))) return;
        SetState* const state = find(command->set);
        if (state == nullptr) return;
        if (state->references > 0)
            return error(span(command->set),
                         "the set " + quote(state->set.name) + " cannot be destroyed: a list has it");
        empty(*state);
        sets.erase(plain(command->set));
    }

    void empty(SetState& state) {
        for (std::string const& member : state.set.members) --sets.find(member)->second.references;
        state.set.members.clear();
        entry_count -= state.entries.size();
        state.entries.clear();
    }

    void flush() {
        if (!command->set.empty()) {
            if (SetState* const state = find(command->set)) empty(*state);
            return;
        }
        for (auto& [name, state] : sets) empty(state);
    }

    void rename() {
        SetState* const state = find(command->set);
        std::string const name = plain(command->argument);
        if (state == nullptr) return;
        if (state->references > 0)
            return error(span(command->set),
                         "the set " + quote(state->set.name) + " cannot be renamed: a list has it");
        if (name.size() > longest_name || sets.contains(name))
            return error(span(command->argument),
                         "a set cannot be called " + quote(name) +
                             (sets.contains(name) ? ": there is one of that name" : ": the name is too long"));
        auto node = sets.extract(plain(command->set));
        node.key() = name;
        node.mapped().set.name = name;
        sets.insert(std::move(node));
    }

    void swap() {
        SetState* const a = find(command->set);
        SetState* const b = find(command->argument);
        if (a == nullptr || b == nullptr) return;
        if (!same_features(*a->set.type, *b->set.type) || a->set.family != b->set.family)
            return error(span(), "sets of the types " + std::string(a->set.type->name) + " and " +
                                     std::string(b->set.type->name) + " cannot be swapped");
        // What is in them changes places; the names stay, with all that refers to them.
        std::swap(*a, *b);
        std::swap(a->set.name, b->set.name);
        std::swap(a->set.span, b->set.span);
        std::swap(a->references, b->references);
    }

    // ---- entries

    void change(void (Impl::*with)(SetState&)) {
        SetState* const state = find(command->set);
        if (state == nullptr || !check_options(*state, entry_options)) return;
        for (auto const& [option, extension] : extension_of) {
            if (has(option) && !state->extensions.contains(extension) && command->action == Action::add)
                return error(span(), quote(name_of(option)) + " needs a set that is created with " +
                                         quote(name_of(extension)));
        }
        if (value_of(Key::comment).size() > 255) return error(span(), "a comment has at most 255 characters");
        (this->*with)(*state);
    }

    // The entries that the command names; nothing where it is wrong, or where nobody knows.
    std::vector<IpsetEntry> entries(SetState& state) {
        EntryReading reading = read_entry(*command, {*state.set.type, state.set.family, state.netmask, state.range,
                                                     state.set.mark_mask, most_entries});
        if (reading.too_many) too_large(state);
        if (!reading.error.empty()) error(span(reading.culprit), std::move(reading.error));
        if (!reading.host.empty())
            state.set.unknown = "the addresses of " + quote(reading.host) + " are not known here";
        bool const exception = has(Key::nomatch);
        bool const prefix = has(Key::wildcard);
        for (IpsetEntry& entry : reading.entries) {
            entry.nomatch = exception;
            entry.prefix_of_name = entry.prefix_of_name || prefix;
        }
        return std::move(reading.entries);
    }

    void add_entries(SetState& state) {
        if (state.is_list()) return add_member(state);
        // The kernel learns the MAC address from the first packet.
        if (state.has(IpsetPart::mac) && command->parts == 1 && state.has(IpsetPart::ip)) state.set.expires = true;
        if (number_of(Key::timeout, 0) != 0) state.set.expires = true;
        bool const exist = has(Key::exist);
        for (IpsetEntry const& entry : entries(state)) {
            auto const [known, added] = state.entries.insert(entry);
            if (!added) {
                if (!exist)
                    return error(span(command->argument),
                                 "the entry is in the set " + quote(state.set.name) + " already");
                state.entries.erase(known);
                state.entries.insert(entry);
                continue;
            }
            if (state.entries.size() > state.maxelem) {
                state.entries.erase(entry);
                if (state.forceadd)
                    state.set.unknown = "'forceadd' throws out entries at random";
                else
                    error(span(command->argument), "the set " + quote(state.set.name) + " is full: 'maxelem' is " +
                                                       std::to_string(state.maxelem));
                return;
            }
            if (++entry_count > most_entries) return give_up(state);
        }
    }

    void too_large(SetState& state) {
        if (state.maxelem > most_entries) return give_up(state);
        error(span(command->argument), "the entry stands for more entries than the set can have");
    }

    // What does not fit is not known, and neither is what later commands make of it.
    void give_up(SetState& state) {
        state.set.unknown = "there are too many entries";
        if (!too_many)
            add_finding("PC002", span(),
                        {{"construct", "more than " + std::to_string(most_entries) + " entries of sets"},
                         {"why", "the rest is not read"}});
        too_many = true;
        entry_count -= state.entries.size();
        state.entries.clear();
    }

    void delete_entries(SetState& state) {
        if (state.is_list()) return delete_member(state);
        for (IpsetEntry const& entry : entries(state)) {
            if (state.entries.erase(entry) > 0) {
                --entry_count;
            } else if (!has(Key::exist)) {
                return error(span(command->argument), "the entry is not in the set " + quote(state.set.name));
            }
        }
    }

    // ---- lists

    void add_member(SetState& list) {
        SetState* const member = find(command->entry.front());
        if (member == nullptr) return;
        if (member->is_list()) return error(span(command->argument), "a list cannot have a list");
        std::vector<std::string>& members = list.set.members;
        std::string const& name = member->set.name;
        auto const known = std::ranges::find(members, name);
        if (known != members.end()) {
            if (!has(Key::exist))
                error(span(command->argument),
                      quote(name) + " is in the list " + quote(list.set.name) + " already");
            return;
        }
        auto place = members.end();
        for (Key const key : {Key::before, Key::after}) {
            if (!has(key)) continue;
            place = std::ranges::find(members, value_of(key));
            if (place == members.end())
                return error(span(), "the list " + quote(list.set.name) + " does not have " + quote(value_of(key)));
            if (key == Key::after) ++place;
        }
        if (number_of(Key::timeout, 0) != 0) list.set.expires = true;
        members.insert(place, name);
        ++member->references;
    }

    void delete_member(SetState& list) {
        SetState* const member = find(command->entry.front());
        if (member == nullptr) return;
        auto const known = std::ranges::find(list.set.members, member->set.name);
        if (known == list.set.members.end()) {
            if (!has(Key::exist))
                error(span(command->argument),
                      quote(member->set.name) + " is not in the list " + quote(list.set.name));
            return;
        }
        list.set.members.erase(known);
        --member->references;
    }

    IpsetReading finish() {
        IpsetReading reading;
        for (auto& [name, state] : sets) {
            Ipset& set = state.set;
            set.entries.assign(state.entries.begin(), state.entries.end());
            std::ranges::sort(set.entries, {}, [](IpsetEntry const& e) { return std::tuple(e.value, e.length); });
            reading.sets.emplace(name, std::move(set));
        }
        reading.findings = std::move(findings);
        return reading;
    }
};

IpsetCommands::IpsetCommands() : impl_(std::make_unique<Impl>()) {}
IpsetCommands::~IpsetCommands() = default;

void IpsetCommands::run(std::vector<std::string> const& words, Span span) {
    std::string line;
    for (std::string const& word : words) {
        line += line.empty() ? "" : " ";
        line += word.find_first_of(" \t\n") != std::string::npos ? '"' + word + '"' : word;
    }
    File const file = parse(line, span.source);
    impl_->at = span;
    impl_->run(file);
}

IpsetReading IpsetCommands::finish() { return impl_->finish(); }

IpsetReading read_ipset(Sources const& sources, SourceId source) {
    File const file = parse(sources[source].text(), source);
    IpsetCommands::Impl machine;
    machine.run(file);
    return machine.finish();
}

} // namespace portcullis
