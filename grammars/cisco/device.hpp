// What a configuration says of the device around its access lists: interfaces, terminals, management services,
// times, translations. These lines have few words in a fixed order, and are read by hand; a line that is none of
// them is left to others.
#pragma once
#include <optional>
#include <string_view>

#include "grammars/cisco/ast.hpp"
#include "grammars/cisco/words.hpp"

namespace portcullis::cisco {

// Lines within an interface, a terminal, a time range or an entry of a VLAN map: false where they say nothing of interest.
bool read_interface_line(Words words, bool negated, Platform platform, Interface& out);
bool read_terminal_line(Words words, bool negated, Terminal& out);
bool read_time_line(Words words, bool negated, TimeRange& out);
bool read_vlan_map_line(Words words, bool negated, VlanMapEntry& out);

// An address and its mask or length: "192.0.2.1 255.255.255.0", "192.0.2.1/24".
std::optional<Prefix> read_interface_address(Words& words);

// "10,20-29" with or without blanks, "all"; nothing where it is no list of VLANs.
std::optional<IntervalSet> read_vlans(std::string_view text);

std::optional<ManagementLine> read_management(Words words, Platform platform);

// "(inside,outside) source static …" after an ASA's "nat", at the top or (of_object) in the object's body;
// "(inside,outside) …" after its former "static"; "inside source static …" after "ip nat" of IOS. Nothing where the
// line is no translation or is not understood.
std::optional<Translation> read_asa_nat(Words words, bool of_object);
std::optional<Translation> read_asa_static(Words words);
std::optional<Translation> read_ios_nat(Words words);

} // namespace portcullis::cisco
