// What the words of a line tell about it: whether it is an entry, a member, a command, and whether the name of an
// access list may stand in it.
#pragma once
#include <string_view>

#include "grammars/cisco/ast.hpp"
#include "grammars/cisco/words.hpp"

namespace portcullis::cisco {

// The line without "host(config)#" in front of it.
std::string_view without_prompt(std::string_view line);

// The first word of an entry. All but the last are nothing else anywhere.
bool starts_entry(Words words);

// What follows "no" to remove an entry by its number.
bool is_removal(Words words);

// Lines in the body of a list that say nothing about packets.
bool is_list_setting(std::string_view word);

// The first word of a line in the body of a group without indentation.
bool starts_member(std::string_view word);

// IOS tells what a numbered list is by its number.
AccessList::Kind kind_by_number(std::string_view name);

// "ip access-list logging …" and their like are commands, not lists.
bool is_list_command(std::string_view word);

// Words after which the name of an access list may stand: "distribute-list 10", "match address VPN", "vpn-filter
// value V".
bool announces_list(std::string_view word);

// Lists of other kinds with names of their own.
bool announces_other_list(std::string_view word);

// Commands that take an access list without saying so: "snmp-server community c ro 10", "debug ip packet 101".
bool may_name_lists(std::string_view first, std::string_view second);

// Of these, and of the rest of the lines with "access-class" and "access-group", the ones whose list says who may
// talk to a service of the box.
bool guards_management(std::string_view first, std::string_view second);

} // namespace portcullis::cisco
