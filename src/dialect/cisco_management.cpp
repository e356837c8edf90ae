// Lines about one service stand apart from each other, and which of them counts differs from system to system: here
// they become one record a service.
#include <algorithm>
#include <array>
#include <map>

#include "dialect/cisco_device.hpp"
#include "dialect/cisco_entry.hpp"
#include "grammars/cisco/words.hpp"

namespace portcullis::cisco {
namespace {

using Kind = ManagementLine::Kind;

struct Offer {
    Kind kind;
    std::string_view what;
    std::string_view what_on_asa;
    Management::Kind service;
    std::string_view transport;
};
constexpr std::array<Offer, 5> offers{{
    {Kind::snmp, "snmp-server community", "", Management::Kind::snmp, "snmp"},
    {Kind::http, "ip http server", "", Management::Kind::web, "http"},
    {Kind::https, "ip http secure-server", "http", Management::Kind::web, "https"},
    {Kind::ssh, "ssh server", "ssh", Management::Kind::terminal, "ssh"},
    {Kind::telnet, "telnet server", "telnet", Management::Kind::terminal, "telnet"},
}};

// Strings that scanners try first: usual examples, and ones that Cisco's own software has come with.
bool is_well_known(std::string_view community) {
    return is_one_of(community, {"public", "private", "cisco", "ilmi", "cable-docsis"});
}

class Services {
  public:
    Services(Config const& config, Dialect dialect) : config_(config), dialect_(dialect) {}
    std::vector<Management> run() &&;

  private:
    struct Record {
        Management service;
        std::string_view community; // empty for other services
    };

    void take(Terminal const& terminal);
    void take(ManagementLine const& line);
    void take(Alias const& alias) { aliases_.insert_or_assign(alias.name, alias.ip); }
    template <class Other> void take(Other const&) {}
    void take_community(ManagementLine const& line, Management now);
    Management record_of(ManagementLine const& line) const;
    Management record_of(Terminal const& terminal) const;
    template <class Condition> bool any(Condition const& condition) const;
    void share_web_lists();
    void share_terminal_lists();
    bool is_off(Management const& one) const;

    Config const& config_;
    Dialect dialect_;
    std::vector<Record> all_;
    std::vector<std::string> web_lists_;
    std::map<std::string_view, Ip> aliases_;
    std::optional<bool> web_is_on_; // ASA: what the text says of it
};

void append(std::vector<std::string>& lists, std::vector<std::string> const& more) {
    for (std::string const& list : more)
        if (std::find(lists.begin(), lists.end(), list) == lists.end()) lists.push_back(list);
}

Management Services::record_of(ManagementLine const& line) const {
    auto const& offer =
        *std::find_if(offers.begin(), offers.end(), [&](Offer const& one) { return one.kind == line.kind; });
    Management result;
    result.kind = offer.service;
    result.what = dialect_ == Dialect::cisco_asa ? offer.what_on_asa : offer.what;
    if (dialect_ == Dialect::cisco_nxos && line.kind != Kind::snmp)
        result.what = line.kind == Kind::telnet ? "feature telnet" : "feature http-server";
    result.transports = {std::string(offer.transport)};
    result.interface = line.interface;
    result.lists.assign(line.lists.begin(), line.lists.end());
    result.writes = line.writes;
    if (line.kind == Kind::snmp && is_well_known(line.community)) result.what += ' ' + std::string(line.community);
    result.span = config_.span_of(line.text);
    std::optional<Family> const only = line.from ? std::optional(line.from->ip.family) : line.family;
    if (only) (*only == Family::v4 ? result.sources6 : result.sources4) = IntervalSet();
    if (line.from) {
        Prefix from = *line.from;
        if (auto const named = aliases_.find(line.from_name); named != aliases_.end()) from.ip = named->second;
        (*only == Family::v4 ? result.sources4 : result.sources6) = IntervalSet::of(from);
    }
    return result;
}

// NX-OS has no "transport input": SSH is on unless it is switched off, and telnet is a feature.
Management Services::record_of(Terminal const& terminal) const {
    Management result;
    result.what = single_blanks(terminal.text);
    result.transports.assign(terminal.transports.begin(), terminal.transports.end());
    if (result.transports.empty() && dialect_ == Dialect::cisco_nxos) result.transports = {"ssh"};
    for (Terminal::Guard const& guard : terminal.guards)
        if (guard.inbound) result.lists.emplace_back(guard.list);
    result.span = config_.span_of(terminal.text);
    return result;
}

// The console and the auxiliary port take nothing from the network unless they are told to.
void Services::take(Terminal const& terminal) {
    if (!terminal.remote && terminal.transports.empty()) return;
    Management now = record_of(terminal);
    auto const before =
        std::find_if(all_.begin(), all_.end(), [&](Record const& record) { return record.service.what == now.what; });
    if (before == all_.end()) {
        all_.push_back({std::move(now), {}});
        return;
    }
    if (!terminal.transports.empty()) before->service.transports = std::move(now.transports);
    append(before->service.lists, now.lists);
}

// A second line about a community replaces the first; on NX-OS, where group and list have lines of their own, it adds
// to it.
void Services::take_community(ManagementLine const& line, Management now) {
    auto const before = std::find_if(all_.begin(), all_.end(), [&](Record const& record) {
        return record.service.kind == Management::Kind::snmp && record.community == line.community;
    });
    if (before == all_.end()) {
        if (!line.negated) all_.push_back({std::move(now), line.community});
    } else if (line.negated) {
        all_.erase(before);
    } else if (dialect_ == Dialect::cisco_nxos) {
        append(before->service.lists, now.lists);
        before->service.writes = before->service.writes || now.writes;
    } else {
        before->service = std::move(now);
    }
}

void Services::take(ManagementLine const& line) {
    if (line.kind == Kind::http_list) {
        web_lists_.assign(line.lists.begin(), line.lists.end());
        if (line.negated) web_lists_.clear();
        return;
    }
    if (line.kind == Kind::http_enable) {
        web_is_on_ = !line.negated;
        return;
    }
    Management now = record_of(line);
    if (line.kind == Kind::snmp) return take_community(line, std::move(now));
    if (!line.from_name.empty() && !aliases_.contains(line.from_name)) return; // nobody knows from where
    auto const before = std::find_if(all_.begin(), all_.end(), [&](Record const& record) {
        Management const& other = record.service;
        return other.what == now.what && other.interface == now.interface && other.sources4 == now.sources4 &&
               other.sources6 == now.sources6;
    });
    if (before == all_.end()) {
        if (!line.negated) all_.push_back({std::move(now), {}});
    } else if (line.negated) {
        all_.erase(before);
    } else {
        append(before->service.lists, now.lists);
    }
}

void Services::share_web_lists() {
    for (auto& [one, community] : all_)
        if (one.kind == Management::Kind::web && one.interface.empty()) one.lists = web_lists_;
}

// The list of the line stands before what telnet and SSH servers take too: on NX-OS there is one kind of line, on IOS-XR
// it is the template that "vty-pool default 0 4 line-template NAME" says.
void Services::share_terminal_lists() {
    if (dialect_ != Dialect::cisco_nxos && dialect_ != Dialect::cisco_xr) return;
    std::string line = dialect_ == Dialect::cisco_nxos ? "line vty" : "line default";
    for (std::string_view const text : config_.others) {
        Words words(text);
        if (!is(words.next(), "vty-pool") || !is(words.next(), "default")) continue;
        while (!words.done())
            if (is(words.next(), "line-template") && !is(words.peek(), "default")) line = "line template " + std::string(words.peek());
    }
    std::vector<std::string> lists;
    for (auto const& [one, community] : all_)
        if (one.what == line) lists = one.lists;
    for (auto& [one, community] : all_)
        if (one.kind == Management::Kind::terminal && !one.what.starts_with("line ")) append(one.lists, lists);
}

template <class Condition> bool Services::any(Condition const& condition) const {
    return std::any_of(all_.begin(), all_.end(), [&](Record const& record) { return condition(record.service); });
}

// On IOS-XR it is the server that takes connections, and a line says what they may do then; "ssh server v2" is about
// the version where another line has the server.
bool Services::is_off(Management const& one) const {
    if (dialect_ == Dialect::cisco_asa && one.kind == Management::Kind::web) return web_is_on_ == false;
    if (dialect_ != Dialect::cisco_xr) return false;
    if (one.what == "ssh server" && one.interface.empty())
        return any([&](Management const& other) { return other.what == one.what && !other.interface.empty(); });
    auto const is_server = [](Management const& other) { return other.what.ends_with(" server"); };
    return one.what.starts_with("line ") && (one.transports.empty() || any(is_server));
}

std::vector<Management> Services::run() && {
    for (Statement const& statement : config_.statements)
        std::visit([&](auto const& one) { take(one); }, statement);
    share_web_lists();
    share_terminal_lists();
    std::vector<Management> on;
    for (auto const& [one, community] : all_) {
        if (is_off(one)) continue;
        on.push_back(one);
        // That an ASA serves web pages to somebody does not switch the server on.
        if (dialect_ == Dialect::cisco_asa && one.kind == Management::Kind::web && !web_is_on_) on.back().transports.clear();
    }
    return on;
}

} // namespace

void add_management(Config const& config, Ruleset& ruleset) {
    ruleset.management = Services(config, ruleset.dialect).run();
}

} // namespace portcullis::cisco
