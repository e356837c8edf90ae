// Access lists as lines, before they are laid out: for whole configurations and for updates of them.
#pragma once
#include <string>
#include <vector>

#include "dialect/cisco_write_entry.hpp"
#include "portcullis/model/finding.hpp"

namespace portcullis::cisco {

struct ListLine {
    std::string entry;                // "permit tcp any any eq 80"
    std::vector<std::string> remarks; // before it
    std::uint32_t sequence = 0;       // of the rule that it alone says; else 0
    bool inactive = false;
};

struct WrittenList {
    std::string name;
    ListTraits traits;
    bool standard = false;
    ChainId chain = no_chain; // what it says
    std::vector<ListLine> lines;
};

struct WrittenLists {
    std::vector<WrittenList> lists;
    std::vector<std::vector<ChainId>> common; // chains of IOS-XR that are several lists in a row, at their ids; else empty
    std::string groups;                       // their definitions
    Findings losses;
};

WrittenLists write_lists(Ruleset const& ruleset, Dialect platform, GroupNames const& names = {});

// A list that an interface has and nothing defines; it lets everything pass.
bool is_missing(Chain const& chain);
// Of a list that an ASA asks about packets to itself by an interface: the interface.
std::optional<std::string> interface_of_device_list(Use const& use);
// A map of a VLAN, which is no access list.
bool is_vlan_map(Chain const& chain);

// "ip access-list extended EDGE"; empty on an ASA, whose lines name the list.
std::string list_header(WrittenList const& list, std::string const& name);
// The command that enters the line, at a number or (0) at the end.
std::string entry_command(WrittenList const& list, std::string const& name, ListLine const& line, std::uint32_t sequence);
std::string remark_command(WrittenList const& list, std::string const& name, std::string const& remark, std::uint32_t sequence);
// Where lines apply the list: one line is for all interfaces that have none of their own.
std::vector<Binding> written_bindings(Chain const& chain);
// The line that applies the list to the interface, within its block except on an ASA.
std::string binding_command(ListTraits const& traits, std::string const& name, Binding const& binding);
// … and that by which an ASA asks it about packets to itself.
std::string device_binding_command(std::string const& name, std::string const& interface);

} // namespace portcullis::cisco
