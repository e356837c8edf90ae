// Finds our lines in a configuration and what they belong to. The first word of a line says which kind it is;
// bodies of lists, groups and interfaces are known by their words where the indentation is lost. A line of no
// interest costs a look at its words, which may name an access list.
#include "grammars/cisco/parse.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <span>
#include <utility>

#include "grammars/cisco/device.hpp"
#include "grammars/cisco/grammar.hpp"
#include "grammars/cisco/line_kind.hpp"
#include "grammars/cisco/words.hpp"

namespace portcullis::cisco {
namespace {

// --- The driver ---

class Driver {
  public:
    Driver(std::string_view text, SourceId source, Platform platform) : platform_(platform) {
        config_.text = text;
        config_.source = source;
    }
    Config run() &&;

  private:
    // What the following lines may belong to.
    enum class Block : std::uint8_t { none, list, group, interface, terminal, time, vlan_map, foreign };
    // A line: whole, and its words from the first on that is not "no".
    struct Command {
        std::string_view text;
        Words words;
        bool negated = false;
        bool indented = false;
    };
    using Reader = bool (Driver::*)(Command const&);
    struct Head {
        std::string_view word;
        Reader read; // false where the line is none of ours after all
    };
    static std::span<Head const> heads();

    void read_line(std::string_view line);
    bool read_by_head(Command const& command);
    bool read_in_block(Command const& command);

    bool read_access_list(Command const& command);
    bool read_ip(Command const& command);
    bool read_resequence(Command const& command);
    bool read_resequence(Command const& command, Words words, bool ipv6);
    bool read_list_header(Command const& command, Words words, AccessList::Kind kind);
    bool read_shown_header(Command const& command);
    bool read_group(Command const& command);
    bool read_interface(Command const& command);
    bool read_nameif(Command const& command);
    bool read_named_address(Words words);
    bool read_terminal(Command const& command);
    bool read_time_range(Command const& command);
    bool read_translation(Command const& command);
    bool read_service(Command const& command);
    bool read_same_security(Command const& command);
    bool add_translation(Command const& command, std::optional<Translation> translation);
    bool read_binding(Command const& command, Words words, bool ipv6);
    bool read_access_group(Command const& command);
    bool read_alias(Command const& command);
    bool read_clear(Command const& command);
    bool read_foreign(Command const& command);
    bool read_banner(Command const& command);
    bool read_section(Command const& command);
    bool read_vlan(Command const& command);
    bool read_vlan_map(Command const& command, Words words);
    bool read_vlan_filter(Command const& command, Words words);

    void read_entry(Command const& command, std::string_view rest, AccessList& list,
                    std::optional<std::uint32_t> line);
    void read_member(Command const& command);
    AccessList& list_of(AccessList::Kind kind, std::string_view name, Command const& command);
    void remove_list(AccessList::Kind kind, std::string_view name, Command const& command);
    void open(Block block);
    void collect_mentions(Command const& command);
    template <class Node> Node& opened() { return std::get<Node>(config_.statements[body_of_]); }
    template <class Node> void open_new(Block block, Node node) {
        config_.statements.emplace_back(std::move(node));
        open(block);
    }
    void fail(SyntaxError error);
    void fail_at(std::string_view place, std::vector<std::string> expected);

    Platform platform_;
    Config config_;
    std::size_t next_ = 0; // the start of the next line
    Block block_ = Block::none;
    std::size_t body_of_ = 0;              // the statement that an open list or group is
    std::optional<bool> body_is_indented_; // of the block, once its first line is seen
    std::string_view section_;             // the line that the following ones may belong to
};

std::span<Driver::Head const> Driver::heads() {
    static constexpr std::array<Head, 35> table{{
        {"access-group", &Driver::read_access_group},
        {"access-list", &Driver::read_access_list},
        {"arp", &Driver::read_foreign},
        {"banner", &Driver::read_banner},
        {"class-map", &Driver::read_section},
        {"clear", &Driver::read_clear},
        {"control-plane", &Driver::read_section},
        {"end", &Driver::read_section},
        {"ethernet-services", &Driver::read_foreign},
        {"extended", &Driver::read_shown_header},
        {"feature", &Driver::read_service},
        {"http", &Driver::read_service},
        {"interface", &Driver::read_interface},
        {"ip", &Driver::read_ip},
        {"ipv4", &Driver::read_ip},
        {"ipv6", &Driver::read_ip},
        {"line", &Driver::read_terminal},
        {"mac", &Driver::read_foreign},
        {"name", &Driver::read_alias},
        {"nameif", &Driver::read_nameif},
        {"nat", &Driver::read_translation},
        {"object", &Driver::read_group},
        {"object-group", &Driver::read_group},
        {"policy-map", &Driver::read_section},
        {"resequence", &Driver::read_resequence},
        {"route-map", &Driver::read_section},
        {"router", &Driver::read_section},
        {"same-security-traffic", &Driver::read_same_security},
        {"snmp-server", &Driver::read_service},
        {"ssh", &Driver::read_service},
        {"standard", &Driver::read_shown_header},
        {"static", &Driver::read_translation},
        {"telnet", &Driver::read_service},
        {"time-range", &Driver::read_time_range},
        {"vlan", &Driver::read_vlan},
    }};
    return table;
}

Config Driver::run() && {
    std::string_view const text = config_.text;
    if (text.size() > size_limit) {
        fail({{config_.source, 0, 0}, {}, {}, "the file is larger than 1 GiB"});
        return std::move(config_);
    }
    while (next_ < text.size()) {
        std::size_t const begin = next_;
        std::size_t const end = std::min(text.find('\n', begin), text.size());
        next_ = end + 1;
        auto line = text.substr(begin, end - begin);
        if (line.ends_with('\r')) line.remove_suffix(1);
        read_line(line);
    }
    return std::move(config_);
}

void Driver::read_line(std::string_view line) {
    bool const indented = !line.empty() && is_blank(line.front());
    auto const text = without_prompt(trimmed(line));
    if (text.empty() || text.front() == '!' || text.front() == ';') return;
    if (!body_is_indented_) body_is_indented_ = indented;
    bool const in_section = block_ == Block::interface || block_ == Block::terminal || block_ == Block::time ||
                            block_ == Block::vlan_map;
    if (in_section && !indented && *body_is_indented_) open(Block::none);

    Command command{text, Words(text), false, indented};
    if (is(command.words.peek(), "no")) {
        command.words.next();
        command.negated = true;
    }
    bool const ours = read_by_head(command) || read_in_block(command);
    if (ours || command.negated) return;
    config_.others.push_back(command.text);
    collect_mentions(command);
}

bool Driver::read_by_head(Command const& command) {
    auto const word = command.words.peek();
    std::array<char, 24> buffer{};
    if (word.size() > buffer.size()) return false;
    std::transform(word.begin(), word.end(), buffer.begin(), lower);
    std::string_view const key(buffer.data(), word.size());
    auto const table = heads();
    auto const found = std::lower_bound(table.begin(), table.end(), key,
                                        [](Head const& a, std::string_view b) { return a.word < b; });
    return found != table.end() && found->word == key && (this->*found->read)(command);
}

// A line that only its surroundings explain.
bool Driver::read_in_block(Command const& command) {
    auto const first = command.words.peek();
    bool const entry = starts_entry(command.words) || (command.negated && is_removal(command.words));
    switch (block_) {
    case Block::list:
        if (entry)
            read_entry(command, command.words.rest, std::get<AccessList>(config_.statements[body_of_]), {});
        else if (command.indented && !is_list_setting(first))
            fail_at(first, {"permit", "deny", "remark"});
        else if (!command.indented && !is_list_setting(first))
            return open(Block::none), false;
        return true;
    case Block::group:
        if (is(first, "nat")) return read_translation(command);
        if (is_one_of(first, {"description", "exit", "end"})) return true;
        if (!command.indented && !starts_member(first)) return open(Block::none), false;
        read_member(command);
        return true;
    case Block::foreign:
        if (command.indented || starts_entry(command.words)) return true;
        open(Block::none);
        return false;
    case Block::interface:
        if (read_interface_line(command.words, command.negated, platform_, opened<Interface>())) return true;
        break;
    case Block::terminal:
        if (!read_terminal_line(command.words, command.negated, opened<Terminal>())) break;
        return false; // the list is a mention as well
    case Block::time:
        if (read_time_line(command.words, command.negated, opened<TimeRange>())) return true;
        break;
    case Block::vlan_map:
        if (read_vlan_map_line(command.words, command.negated, opened<VlanMapEntry>())) return true;
        break;
    case Block::none: break;
    }
    if (is(first, "description")) return true; // free text names nothing
    if (!is_one_of(first, {"permit", "deny"})) return false;
    fail({config_.span_of(command.text), {}, {}, "an entry that belongs to no access list"});
    return true;
}

void Driver::open(Block block) {
    block_ = block;
    body_of_ = config_.statements.size() - 1;
    body_is_indented_.reset();
}

void Driver::fail(SyntaxError error) {
    if (config_.errors.size() >= error_limit) return;
    if (config_.errors.size() + 1 == error_limit) error.message = "too many errors; this is the last one shown";
    config_.errors.push_back(std::move(error));
}

void Driver::fail_at(std::string_view place, std::vector<std::string> expected) {
    fail(make_syntax_error(config_.text, config_.span_of(place).begin, config_.source, std::move(expected)));
}

// --- Access lists ---

AccessList& Driver::list_of(AccessList::Kind kind, std::string_view name, Command const& command) {
    auto* last = config_.statements.empty() ? nullptr : std::get_if<AccessList>(&config_.statements.back());
    if (last && !last->negated && last->kind == kind && last->name == name) return *last;
    AccessList list;
    list.kind = kind;
    list.name = name;
    list.text = command.text;
    return std::get<AccessList>(config_.statements.emplace_back(std::move(list)));
}

void Driver::remove_list(AccessList::Kind kind, std::string_view name, Command const& command) {
    AccessList list;
    list.kind = kind;
    list.negated = true;
    list.name = name;
    list.text = command.text;
    config_.statements.emplace_back(std::move(list));
}

void Driver::read_entry(Command const& command, std::string_view rest, AccessList& list,
                        std::optional<std::uint32_t> line) {
    if (list.kind == AccessList::Kind::foreign) return;
    Entry entry;
    Words words(rest);
    auto first = words.next();
    if (is(first, "sequence")) first = words.next();
    if (command.negated && is_number(first) && words.done()) {
        std::uint32_t number = 0;
        std::from_chars(first.data(), first.data() + first.size(), number);
        entry.sequence = number;
    } else {
        EntryForm const form = list.kind == AccessList::Kind::standard ? EntryForm::standard
                               : platform_ == Platform::xr             ? EntryForm::brief
                                                                       : EntryForm::extended;
        Line const whole{config_.text, config_.source, rest};
        if (auto error = parse_entry(whole, form, entry)) {
            list.incomplete = true;
            // The device refuses the entry; what is wrong with it is the list that it stands in.
            EntryForm const other = form == EntryForm::standard ? EntryForm::extended : EntryForm::standard;
            Entry misfit;
            if (platform_ == Platform::ios && list.kind != AccessList::Kind::ipv6 && !parse_entry(whole, other, misfit))
                return list.misfits.push_back(command.text);
            return fail(std::move(*error));
        }
    }
    if (line) entry.sequence = line;
    entry.negated = command.negated;
    entry.body = std::exchange(entry.text, command.text);
    list.entries.push_back(std::move(entry));
}

// access-list NAME ["line" N] ["extended" | "standard" | …] entry
bool Driver::read_access_list(Command const& command) {
    Words words = command.words;
    words.next();
    auto const name = words.next();
    if (name.empty()) return fail_at(words.rest, {"access list"}), true;
    // Of show access-list on an ASA: "access-list OUT; 5 elements", and the expanded entries below each entry.
    if (name.ends_with(';') || (is(name, "cached") && is(words.peek(), "acl"))) return true;
    bool const numbered_line = is(words.peek(), "line");
    if (platform_ == Platform::asa && command.indented && numbered_line) return true;
    open(Block::none);

    auto kind = platform_ == Platform::asa ? AccessList::Kind::extended : kind_by_number(name);
    if (command.negated && (words.done() || (platform_ != Platform::asa && is_number(name)))) {
        remove_list(kind, name, command); // IOS removes the whole numbered list, whatever entry follows
        return true;
    }
    std::optional<std::uint32_t> line;
    if (numbered_line) {
        words.next();
        auto const word = words.next();
        std::uint32_t value = 0;
        if (std::from_chars(word.data(), word.data() + word.size(), value).ptr != word.data() + word.size() ||
            word.empty())
            return fail_at(word, {"line number"}), true;
        line = value;
    }
    auto const type = words.peek();
    if (is(type, "extended"))
        kind = AccessList::Kind::extended;
    else if (is(type, "standard"))
        kind = AccessList::Kind::standard;
    else if (is_one_of(type, {"ethertype", "webtype", "advanced"}))
        kind = AccessList::Kind::foreign;
    else if (!starts_entry(words) && !is_number(name) && !numbered_line)
        return true; // "access-list compiled"
    if (is_one_of(type, {"extended", "standard"})) words.next();
    read_entry(command, words.rest, list_of(kind, name, command), line);
    return true;
}

// ("ip" | "ipv4" | "ipv6") ("access-list" | "access-group" | …)
bool Driver::read_ip(Command const& command) {
    Words words = command.words;
    bool const ipv6 = is(words.next(), "ipv6");
    auto const what = words.next();
    auto const kind = ipv6 ? AccessList::Kind::ipv6 : AccessList::Kind::extended;
    if (is(what, "access-list")) return read_list_header(command, words, kind);
    if (is(what, "access") && is(words.peek(), "list"))
        return words.next(), read_list_header(command, words, kind); // shown
    if (is(what, "port")) words.next();
    if (is(what, "access-group") || is(what, "traffic-filter") || is(what, "port"))
        return read_binding(command, words, ipv6);
    if (is(what, "address") && block_ != Block::interface) return read_named_address(words);
    if (is(what, "http")) return read_service(command);
    if (is(what, "nat")) return add_translation(command, read_ios_nat(words)), false;
    if (announces_other_list(what)) return open(Block::foreign), true;
    return false;
}

// ["extended" | "standard"] NAME [entry]
bool Driver::read_list_header(Command const& command, Words words, AccessList::Kind kind) {
    auto word = words.next();
    if (is(word, "resequence") && !words.done())
        return read_resequence(command, words, kind == AccessList::Kind::ipv6);
    if (is_list_command(word)) return true;
    if (is(word, "role-based")) kind = AccessList::Kind::foreign;
    if (is(word, "standard")) kind = AccessList::Kind::standard;
    bool const typed = is_one_of(word, {"extended", "standard", "role-based"});
    if (typed) word = words.next();
    if (word.empty()) return fail_at(words.rest, {"access list"}), true;
    open(Block::none);
    if (command.negated && words.done()) return remove_list(kind, word, command), true;
    AccessList& list = list_of(kind, word, command);
    bool const numbered = typed && platform_ == Platform::ios && kind != AccessList::Kind::foreign && is_number(word);
    if (numbered && kind_by_number(word) != kind) list.misfits.push_back(word);
    if (words.done())
        open(Block::list);
    else if (is(words.peek(), "line") || starts_entry(words))
        read_entry(command, words.rest, list, {});
    else if (words.peek().front() != '(')
        fail_at(words.peek(), {"end of line"});
    return true;
}

// NAME [START [STEP]]
bool Driver::read_resequence(Command const& command, Words words, bool ipv6) {
    Resequence order{ipv6, words.next(), 10, 10, command.text};
    for (std::uint32_t* number : {&order.start, &order.step}) {
        auto const word = words.next();
        if (word.empty()) break;
        auto const [end, error] = std::from_chars(word.data(), word.data() + word.size(), *number);
        if (error != std::errc{} || end != word.data() + word.size()) return fail_at(word, {"number"}), true;
    }
    config_.statements.emplace_back(order);
    return true;
}

// "resequence ip access-list NAME …" (NX-OS), "resequence access-list ipv4 NAME …" (IOS-XR)
bool Driver::read_resequence(Command const& command) {
    Words words = command.words;
    words.next();
    bool ipv6 = false;
    while (is_one_of(words.peek(), {"ip", "ipv4", "ipv6", "access-list"})) ipv6 = is(words.next(), "ipv6") || ipv6;
    return !words.done() && read_resequence(command, words, ipv6);
}

// "Extended IP access list 101": the output of show access-lists.
bool Driver::read_shown_header(Command const& command) {
    Words words = command.words;
    auto const kind = is(words.next(), "standard") ? AccessList::Kind::standard : AccessList::Kind::extended;
    for (std::string_view const expected : {"ip", "access", "list"})
        if (!is(words.next(), expected)) return false;
    auto const name = words.next();
    if (name.empty()) return false;
    list_of(kind, name, command);
    open(Block::list);
    return true;
}

bool Driver::read_clear(Command const& command) {
    Words words = command.words;
    words.next();
    if (is_one_of(words.peek(), {"configure", "config"})) words.next();
    if (!is(words.next(), "access-list") || is(words.peek(), "counters")) return false;
    open(Block::none);
    remove_list(AccessList::Kind::extended, words.peek(), command);
    return true;
}

// Lists of frames: they have entries like ours, which say nothing about packets.
bool Driver::read_foreign(Command const& command) {
    Words words = command.words;
    words.next();
    if (!is(words.next(), "access-list")) return false;
    open(Block::foreign);
    if (command.negated) return true;
    AccessList list;
    list.kind = AccessList::Kind::foreign;
    list.text = command.text;
    config_.statements.emplace_back(std::move(list));
    return true;
}

// --- Groups, interfaces, bindings ---

bool Driver::read_group(Command const& command) {
    Words words = command.words;
    bool const is_object = is(words.next(), "object");
    auto const kind = words.peek();
    if (is_object && !is_one_of(kind, {"network", "service"})) return false;
    if (is_one_of(kind, {"user", "security", "network-service", "v4-fqdn"})) return open(Block::foreign), true;
    if (!is_one_of(kind, {"network", "service", "protocol", "icmp-type", "port", "ip", "ipv6"})) return false;
    open(Block::none);
    Group group;
    if (auto error = parse_group_header({config_.text, config_.source, words.rest}, group))
        return fail(std::move(*error)), true;
    group.is_object = is_object;
    group.negated = command.negated;
    group.text = command.text;
    config_.statements.emplace_back(std::move(group));
    if (!command.negated) open(Block::group);
    return true;
}

void Driver::read_member(Command const& command) {
    auto& group = std::get<Group>(config_.statements[body_of_]);
    Line const line{config_.text, config_.source, command.words.rest};
    Group::Line member;
    bool const addresses = is_one_of(group.kind, {"network", "address"});
    auto error = addresses ? parse_address_member(line, member) : parse_service_member(line, member);
    if (error) {
        group.incomplete = true;
        return fail(std::move(*error));
    }
    member.negated = command.negated;
    group.members.push_back(std::move(member));
}

bool Driver::read_interface(Command const& command) {
    Words words = command.words;
    words.next();
    auto const name = words.next();
    if (name.empty() || command.negated) return false;
    config_.has_interfaces = true;
    // "GigabitEthernet 0/1" is one name, "Serial0/0 point-to-point" is not.
    auto const second = words.peek();
    bool const split = !second.empty() && is_digit(second.front());
    Interface interface;
    if (is(name, "range")) // "range Gi0/1 - 4" stands for several, which are known by these words
        interface.name = words.rest;
    else
        interface.name = {name.data(), split ? static_cast<std::size_t>(second.end() - name.data()) : name.size()};
    interface.text = command.text;
    open_new(Block::interface, interface);
    return true;
}

// "nameif outside" of an interface, or PIX's "nameif ethernet0 outside security0".
bool Driver::read_nameif(Command const& command) {
    Words words = command.words;
    words.next();
    if (block_ == Block::interface) {
        opened<Interface>().nameif = command.negated ? std::string_view{} : words.next();
        return true;
    }
    Interface interface;
    interface.name = words.next();
    interface.nameif = words.next();
    interface.text = command.text;
    constexpr std::string_view keyword = "security";
    auto const level = words.next();
    unsigned value = 0;
    if (level.size() > keyword.size() && is(level.substr(0, keyword.size()), keyword) &&
        std::from_chars(level.data() + keyword.size(), level.data() + level.size(), value).ec == std::errc{})
        interface.security_level = value;
    config_.statements.emplace_back(interface);
    return true;
}

// PIX's "ip address outside 192.0.2.1 255.255.255.0".
bool Driver::read_named_address(Words words) {
    auto const name = words.next();
    auto const address = platform_ == Platform::asa ? cisco::read_interface_address(words) : std::nullopt;
    if (!address) return true;
    for (Statement& statement : config_.statements) {
        auto* const interface = std::get_if<Interface>(&statement);
        if (interface && interface->nameif == name) interface->addresses = {*address};
    }
    return true;
}

bool Driver::read_terminal(Command const& command) {
    if (command.indented) return false;
    Words words = command.words;
    words.next();
    Terminal terminal;
    terminal.remote = is_one_of(words.peek(), {"vty", "default", "template"}) || words.rest.find("vty") != std::string_view::npos;
    terminal.text = command.text;
    if (!command.negated)
        open_new(Block::terminal, terminal);
    else
        open(Block::none);
    return true;
}

bool Driver::read_time_range(Command const& command) {
    Words words = command.words;
    words.next();
    TimeRange range;
    range.negated = command.negated;
    range.name = words.next();
    range.text = command.text;
    if (range.name.empty() || command.indented) return false; // of an entry that is broken into lines, or of a policy
    open_new(command.negated ? Block::none : Block::time, range);
    return true;
}

bool Driver::read_same_security(Command const& command) {
    Words words = command.words;
    words.next();
    if (is(words.next(), "permit") && is(words.peek(), "inter-interface"))
        config_.permits_same_security = !command.negated;
    return true;
}

// The management service of a line; the lists that it names are mentions as well.
bool Driver::read_service(Command const& command) {
    if (auto line = read_management(command.words, platform_)) {
        line->negated = command.negated;
        line->text = command.text;
        if (!command.indented) open(Block::none);
        config_.statements.emplace_back(std::move(*line));
    }
    return false;
}

bool Driver::add_translation(Command const& command, std::optional<Translation> translation) {
    if (!translation) return false;
    translation->negated = command.negated;
    translation->text = command.text;
    config_.statements.emplace_back(*translation);
    return true;
}

// An ASA's "nat (inside,outside) …", at the top or within an object, whose address is then the real one; and "static"
// of releases before 8.3.
bool Driver::read_translation(Command const& command) {
    if (platform_ != Platform::asa) return false;
    Words words = command.words;
    bool const is_nat = is(words.next(), "nat");
    // Within an object "nat" is its own; after a group with its body it is the start of something else.
    bool const of_object = block_ == Block::group && opened<Group>().is_object && is_nat && command.indented;
    auto translation = is_nat ? read_asa_nat(words, of_object) : read_asa_static(words);
    if (translation && of_object) {
        translation->real.kind = Address::Kind::object;
        translation->real.name = translation->real.text = opened<Group>().name;
    }
    if (!of_object) open(Block::none);
    return add_translation(command, translation);
}

// An access group within an interface.
bool Driver::read_binding(Command const& command, Words words, bool ipv6) {
    if (block_ != Block::interface) return false;
    AccessGroup group;
    if (auto error = parse_access_group({config_.text, config_.source, words.rest}, group))
        return fail(std::move(*error)), true;
    group.negated = command.negated;
    group.ipv6 = ipv6;
    if (is(Words(command.text.substr(command.text.find_first_of(" \t"))).peek(), "port")) group.qualifier = "port";
    group.interface = opened<Interface>().name;
    group.text = command.text;
    config_.statements.emplace_back(std::move(group));
    return true;
}

// An ASA's "access-group OUT in interface outside"; elsewhere the first word of other commands.
bool Driver::read_access_group(Command const& command) {
    if (platform_ != Platform::asa) return false;
    open(Block::none);
    config_.has_interfaces = true;
    Words words = command.words;
    words.next();
    AccessGroup group;
    if (auto error = parse_access_group({config_.text, config_.source, words.rest}, group))
        return fail(std::move(*error)), true;
    if (group.interface.empty())
        return fail_at(config_.text.substr(config_.span_of(command.text).end, 0), {"interface"}), true;
    group.negated = command.negated;
    group.text = command.text;
    config_.statements.emplace_back(std::move(group));
    return true;
}

bool Driver::read_alias(Command const& command) {
    Words words = command.words;
    words.next();
    auto const ip = parse_ip(words.next());
    auto const name = words.next();
    if (!ip || name.empty()) return false; // a VLAN's name
    if (!command.negated) config_.statements.emplace_back(Alias{*ip, name});
    return true;
}

// --- Everything else ---

// IOS's banners end at the character that they start with, many lines below; it may be written as "^C".
bool Driver::read_banner(Command const& command) {
    open(Block::none);
    Words words = command.words;
    words.next();
    words.next();
    if (platform_ == Platform::asa || words.done() || command.negated) return true;
    auto const delimiter = words.rest.substr(0, words.rest.front() == '^' ? 2 : 1);
    if (words.rest.find(delimiter, delimiter.size()) != std::string_view::npos) return true;
    constexpr std::size_t longest = 32768; // a missing end must not swallow the file
    auto const ahead = config_.text.substr(std::min(next_, config_.text.size()), longest);
    if (auto const end = ahead.find(delimiter); end != std::string_view::npos)
        next_ = std::min(config_.text.find('\n', next_ + end), config_.text.size() - 1) + 1;
    return true;
}

// The start of another section ends ours, also where there is no indentation.
bool Driver::read_section(Command const& command) {
    if (!command.indented) open(Block::none);
    return false;
}

// "vlan access-map …", "vlan filter …", or a VLAN itself.
bool Driver::read_vlan(Command const& command) {
    Words words = command.words;
    words.next();
    auto const what = words.next();
    if (platform_ == Platform::asa || words.done()) return read_section(command);
    if (is(what, "access-map")) return read_vlan_map(command, words);
    if (is(what, "filter")) return read_vlan_filter(command, words);
    return read_section(command);
}

// NAME [NUMBER]
bool Driver::read_vlan_map(Command const& command, Words words) {
    VlanMapEntry entry;
    entry.negated = command.negated;
    entry.name = words.next();
    entry.text = command.text;
    if (auto const word = words.next(); !word.empty()) {
        std::uint32_t number = 0;
        auto const [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
        if (error != std::errc{} || end != word.data() + word.size()) return fail_at(word, {"number"}), true;
        entry.sequence = number;
    }
    open_new(command.negated ? Block::none : Block::vlan_map, std::move(entry));
    return true;
}

// NAME "vlan-list" VLANS; a removal may leave out the VLANs.
bool Driver::read_vlan_filter(Command const& command, Words words) {
    open(Block::none);
    VlanFilter filter{command.negated, words.next(), {}, command.text};
    if (!command.negated || !words.done()) {
        if (!is(words.next(), "vlan-list")) return fail_at(words.rest, {"vlan-list"}), true;
        auto vlans = read_vlans(words.rest);
        if (!vlans) return fail_at(words.rest, {"VLANs from 1 to 4094"}), true;
        filter.vlans = std::move(*vlans);
    }
    config_.statements.emplace_back(std::move(filter));
    return true;
}

void Driver::collect_mentions(Command const& command) {
    Words words = command.words;
    auto const first = words.peek();
    auto const second = Words(words.rest.substr(first.size())).peek();
    bool const management = block_ == Block::terminal || guards_management(first, second);
    auto const line = block_ == Block::terminal ? opened<Terminal>().text : command.text;
    bool active = may_name_lists(first, second);
    while (!words.done()) {
        auto const word = words.next();
        if (announces_other_list(word))
            active = false;
        else if (active)
            config_.mentions.push_back({word, line, management}); // even "MGMT-ACL", which would announce one itself
        else
            active = announces_list(word);
    }
}

} // namespace

Config parse(std::string_view text, SourceId source, Platform platform) {
    return Driver(text, source, platform).run();
}

} // namespace portcullis::cisco
