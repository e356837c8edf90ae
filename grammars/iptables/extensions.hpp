// The options that iptables understands, as one table: which extension has them, what their values look like, and
// what about them the loader checks. As in iptables 1.8.9, iptables-extensions(8).
#pragma once
#include <cstdint>
#include <span>
#include <string_view>

namespace portcullis::iptables {

// How the value of an option is written.
enum class Shape : std::uint8_t {
    none,
    action,        // CHAIN and what else the command takes
    word,          // one argument, kept as text
    choice,        // one of the option's words
    choices,       // some of them, with commas between
    optional_word, // one argument, or none where an option follows
    two_words,     // two arguments, kept as text
    rest,          // of an unknown option: everything up to the next option
    protocol,      // a name or number
    extension,     // the name of a match
    target,        // the name of a chain or target
    networks,      // 192.0.2.0/24,198.51.100.1,host.example
    port_range,    // 22, ssh, 1024:65535, :1023, 1024:
    port_list,     // 22,80,8000:8010
    tcp_flags,     // FIN,SYN,RST,ACK SYN
    icmp_type,     // 8, 3/1, echo-request, any
    states,        // NEW,ESTABLISHED
    statuses,      // ASSURED,CONFIRMED
    direction,     // ORIGINAL, REPLY
    address_types, // LOCAL,UNICAST
    packet_type,   // unicast, broadcast, multicast
    address_range, // 192.0.2.1-192.0.2.9
    number,        // within the option's limits, in any base of C
    number_range,  // 40:1500, :1500, 40:
    masked_number, // 0x1/0xff
    mac,           // 00:00:5e:00:53:01
    nat,           // 192.0.2.1-192.0.2.9:80-90
    nat_ports,     // 8000-8010
};

// What the reader does with an option, in the order in which it takes those of one match.
enum class Key : std::uint8_t {
    append,
    insert,
    remove,
    replace,
    flush,
    zero,
    new_chain,
    delete_chain,
    rename_chain,
    set_policy,
    foreign_command,
    source,
    destination,
    protocol,
    in_interface,
    out_interface,
    fragment,
    match,
    jump,
    go_to,
    counters,
    ipv4,
    ipv6,
    verbose,
    not_in_restore,
    sport,
    dport,
    tcp_flags,
    syn,
    sports,
    dports,
    ports,
    icmp_type,
    ct_state,
    ct_status,
    ct_direction,
    ct_protocol,
    orig_src,
    orig_dst,
    orig_sport,
    orig_dport,
    reply_src,
    reply_dst,
    reply_sport,
    reply_dport,
    src_range,
    dst_range,
    src_type,
    dst_type,
    limit_interface,
    comment,
    mark,
    ct_mark,
    tcp_option,
    user,
    group,
    socket_exists,
    phys_in,
    phys_out,
    is_phys_in,
    is_phys_out,
    is_bridged,
    src_group,
    dst_group,
    ecn_bits,
    ecn_cwr,
    ecn_ece,
    header_spi,
    extension_headers,
    frag_id,
    frag_first,
    frag_more,
    rt_type,
    rt_segments,
    of_another, // says something about another option of its match
    mac_source,
    packet_type,
    ttl_eq,
    ttl_lt,
    ttl_gt,
    length,
    dscp,
    dscp_class,
    tos,
    to_destination,
    to_source,
    to_ports,
    netmap_to,
    reject_with,
    notrack,
    other, // is kept as text
    unknown,
};

struct OptionInfo {
    std::string_view name;
    Key key = Key::other;
    Shape shape = Shape::none;
    std::uint8_t flags = 0;
    std::uint64_t least = 0; // of a number
    std::uint64_t most = 0xffffffff;
    std::string_view words{}; // that a choice is made of, with blanks between

    static constexpr std::uint8_t negatable = 1, required = 2, repeatable = 4;
    // A `!` before it negates all that its match says.
    static constexpr std::uint8_t negates_match = 32;
    // Of the options of one group a rule has at most one.
    static constexpr std::uint8_t group_a = 8, group_b = 16, groups = group_a | group_b;
    constexpr bool has(std::uint8_t flag) const { return (flags & flag) != 0; }
};

enum class Role : std::uint8_t { match, target };

// How a match that the intermediate form has no field for behaves, and what a `!` in it negates.
enum class Nature : std::uint8_t {
    modelled,   // every option has its own key
    conditions, // each option is a condition of its own on the packet
    pure,       // all options together are one condition on the packet
    stateful,   // likewise, but the answer changes with time and traffic
};

enum class Programs : std::uint8_t { both, iptables, ip6tables };

struct Extension {
    std::string_view name;
    Role role = Role::match;
    Nature nature = Nature::modelled;
    std::span<OptionInfo const> options;
    std::uint8_t protocol = 0; // which -p it demands; 0: none
    bool needs_option = false; // without any option it is an error
    Programs programs = Programs::both; // that have it
};

// Nothing where iptables has no such extension, or we do not know it.
Extension const* find_extension(std::string_view name, Role role);
std::span<Extension const> all_extensions();
// What `-p NAME` makes available without -m; nothing for most protocols. Takes names and numbers.
Extension const* protocol_extension(std::string_view protocol);
// -A, -s, -j and the like, by their long names.
std::span<OptionInfo const> generic_options();
// By its letter: "-s".
OptionInfo const* short_option(char letter);
// Stands for any option of an extension that is not known.
OptionInfo const& unknown_option();

} // namespace portcullis::iptables
