// The object groups that written lists name: made where a set of several addresses, ports or services would multiply
// lines, once for each content.
#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>

#include "dialect/cisco_write_demand.hpp"

namespace portcullis::cisco {

// An address and the bits of it that count, as lists and groups write it.
struct Block {
    Family family = Family::v4;
    U128 value = 0;
    U128 mask = 0;
};

// "eq 80", "range 1 5", "lt 1024": where one comparison says it. `largest` is the largest number of the field.
std::optional<std::string> comparison_text(IntervalSet const& values, U128 largest);
std::string comparison_text(Interval const& interval, U128 largest);
// "255.255.255.0"
std::string quad(U128 value);
// "tcp", "icmp", "89"; in a list of IPv6 alone (`ipv6`) some have other names.
std::string protocol_word(std::optional<U128> protocol, Dialect platform, bool ipv6);

struct GroupNames {
    std::vector<std::string> taken; // names that they must not have
    bool by_content = false;        // names that no group of other content gets, in whatever text
};

class Groups {
  public:
    // Groups of the ruleset keep their names.
    Groups(Ruleset const& ruleset, Dialect platform, GroupNames const& names);

    // The reference to a group, "object-group SERVERS". Names of new groups start with `list`. Nothing where the
    // platform has no such group, or a group cannot hold it.
    std::optional<std::string> addresses(std::string const& list, std::optional<ValueSet> const& v4,
                                         std::optional<ValueSet> const& v6);
    std::optional<std::string> ports(std::string const& list, U128 protocol, IntervalSet const& ports);
    std::optional<std::string> services(std::string const& list, std::vector<Carried> const& services);
    // "object FQDN", which stands for a domain.
    std::string domain(std::string const& name);
    // The reference to a group that is defined elsewhere.
    std::string reference(std::string_view kind, std::string_view name) const;

    // The definitions.
    std::string const& text() const { return text_; }

  private:
    std::string define(std::string const& head, std::string const& tail, std::string const& body, std::string const& list,
                       std::string const& wanted);
    std::optional<std::string> members(ValueSet const& set, Family family) const;
    std::string member(Block const& block) const;

    Dialect platform_;
    bool by_content_;
    std::map<std::string, std::string> known_;   // names that the ruleset has, by content
    std::map<std::string, std::string> defined_; // names, by what is defined
    std::set<std::string> taken_;
    std::map<std::string, std::size_t> counts_; // by list
    std::string text_;
};

} // namespace portcullis::cisco
