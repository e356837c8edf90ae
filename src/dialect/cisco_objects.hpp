// What the words of Cisco's entries stand for: wildcards and netmasks, ASA names and objects, object groups with
// their groups inside, protocols, ports and messages.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "grammars/cisco/ast.hpp"
#include "portcullis/model/finding.hpp"

namespace portcullis::cisco {

// The addresses of each family; and those that only the device knows, in words that complete "source …".
struct Addresses {
    ValueSet v4;
    ValueSet v6;
    std::vector<std::string> opaque;
};

// A field and what it must be; a row is a conjunction of them, sorted by field.
struct Cell {
    Field field{};
    ValueSet values;
    friend bool operator==(Cell const&, Cell const&) = default;
};
using Row = std::vector<Cell>;

// A condition on the transport header that nothing defines: "destination port object-group WEB".
struct Unknown {
    std::string text;
    std::string_view place;
};

// Adds a condition to a row; to the one on the same field, where there is one.
void constrain(Row& row, Field field, ValueSet values);
ValueSet const* find(Row const& row, Field field);

class Objects {
  public:
    Objects(Config const& config, Dialect dialect, Findings& findings)
        : config_(config), dialect_(dialect), findings_(findings) {}

    // Definitions, in the order of the text. A group with members adds them to those it has.
    void define(Group const& group);
    void define(Alias const& alias) { aliases_.insert_or_assign(alias.name, alias.ip); }
    void define(Interface const& interface);
    void define(TimeRange const& range);

    // The rest answers nothing where it has added a finding instead.
    std::optional<Addresses> addresses(Address const& address, bool wildcards);
    // All ways for a packet to carry the service; a row of no cells is every packet. In an IPv6 list, "icmp" is
    // ICMPv6. What it takes from undefined objects goes into `unknown`.
    std::optional<std::vector<Row>> services(Service const& service, bool ipv6, std::vector<Unknown>& unknown);
    // "eq 3", "range 1 5" as numbers up to `most`; `named` knows the words.
    using Named = std::optional<U128> (*)(std::string_view word);
    std::optional<ValueSet> numbers(Comparison const& comparison, U128 most, Named named);

    bool is_name(std::string_view word) const { return aliases_.contains(word); } // an ASA's "name"
    bool holds(std::string_view name, bool is_object) { return find_group(name, is_object) != nullptr; }
    // Groups and objects that have no member (PC431), and those that nothing has asked for (PC404). `is_named` knows names
    // that stand in lines of which the meaning is not read.
    void report_groups(std::function<bool(std::string_view)> const& is_named);
    TimeRange const* time_range(std::string_view name) const;
    // What has been defined as addresses, and what of it has been asked for.
    std::vector<AddressGroup> address_groups();

    // Whether a group has ports, protocols or messages rather than addresses.
    bool holds_services(std::string_view group);

    // Once for each place, however often it is read.
    void error(std::string_view place, std::string text);
    // PC414: `what` ("ports") of a protocol that has none.
    void of_other_protocol(std::string_view place, std::string_view what);
    void undefined(std::string_view place, std::string_view kind, std::string_view name);
    void host_bits(std::string_view place, Prefix prefix);
    // PC408, where a netmask stands for a wildcard, or the reverse.
    bool is_swapped(Address const& address, Ip ip, U128 mask, bool wildcards);
    void unsupported(std::string_view place, std::string why);

  private:
    struct Definition {
        Group const* group = nullptr; // the first of the blocks
        std::vector<Group::Line const*> members;
        std::optional<Addresses> addresses; // once they have been asked for
        bool incomplete = false;            // some of the members are errors
        bool failed = false;                // its addresses cannot be told; asking again would take 2ⁿ steps
        bool used = false;
    };

    Definition* find_group(std::string_view name, bool is_object);
    Definition* use_group(std::string_view name, bool is_object);
    bool contains(GroupReference outer, GroupReference inner, std::string_view place);
    bool enter(Definition& definition);
    bool spend(std::size_t amount, std::string_view place);
    Finding* add(std::string_view rule, std::string_view place);

    std::optional<Addresses> members_of(Definition& definition);
    bool add_services(Definition& definition, bool ipv6, std::vector<Row>& out);
    std::optional<std::vector<Row>> protocols(std::string_view name, bool ipv6);
    std::optional<std::vector<Row>> with_ports(std::vector<Row> rows, Comparison const& ports, Field side,
                                               std::vector<Unknown>& unknown);
    bool add_group_ports(Definition& definition, Row const& row, Field side, std::vector<Row>& out);
    bool add_message(Row& row, std::vector<std::string_view> const& message);
    std::optional<ValueSet> ports(Comparison const& comparison, Row const& row);
    template <class Find, class What>
    std::optional<ValueSet> compare(Comparison const& comparison, U128 most, Find const& named, What const& what);

    Config const& config_;
    Dialect dialect_;
    Findings& findings_;
    std::map<std::string_view, Ip> aliases_;
    std::map<std::string_view, Ip> interfaces_;
    std::map<std::string_view, TimeRange const*> times_;
    std::map<std::pair<bool, std::string_view>, Definition> groups_; // by is_object and name
    std::set<std::pair<std::uint32_t, std::string_view>> reported_;
    std::size_t expanded_ = 0;
    std::size_t depth_ = 0;
};

std::optional<U128> decimal_number(std::string_view word);

// All addresses that agree with `ip` where `mask` has a one.
ValueSet addresses_under(U128 ip, U128 mask, Family family);

} // namespace portcullis::cisco
