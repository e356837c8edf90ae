// The datatypes of nft: how the words of each are numbers, how wide they are, and which one each selector has. What
// nft's datatype.c, proto.c, exthdr.c, meta.c and ct.c say, as tables (`nft describe` prints them).
#pragma once
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "grammars/nftables/ast.hpp"
#include "portcullis/base/c_number.hpp"
#include "portcullis/base/interval_set.hpp"

namespace portcullis::nft {

namespace ast = nftables;

enum class Type : std::uint8_t {
    opaque, // of no known type: nothing is asked of its values
    number,
    bitmask,
    string,
    boolean,
    ipv4,
    ipv6,
    mac,
    protocol,
    port,
    icmp_type,
    icmp_code,
    icmpv6_type,
    icmpv6_code,
    icmpx_code,
    igmp_type,
    mh_type,
    dccp_type,
    tcp_flags,
    ct_state,
    ct_status,
    ct_direction,
    ct_event,
    ct_label,
    nfproto,
    ether_type,
    arp_operation,
    interface, // a name
    interface_index,
    interface_type,
    interface_group,
    packet_type,
    route_type,
    dscp,
    ecn,
    mark,
    user,
    group,
    realm,
    class_id,
    cgroup,
    time,
    hour,
    day,
    verdict
};

struct Datatype {
    Type type;
    std::string_view name; // in "type ipv4_addr"; empty: it cannot be declared
    std::string_view what; // "an IPv4 address", for messages
    unsigned bits;         // 0: as wide as its selector
    bool bitmask = false;
};
Datatype const& datatype(Type type);
Datatype const* datatype(std::string_view name); // null: there is none

// A value's type and width. Numbers of different width are one type, as in nft.
struct Typed {
    Type type = Type::opaque;
    unsigned bits = 0;
};
Typed selector_type(std::uint16_t selector);

// The words and signs of an expression that is kept as text: "fib", "saddr", ".", "iif", "oif".
std::vector<std::string_view> words_of(std::string_view text);
// The type of such an expression, or what is wrong with it.
struct ComputedType {
    Typed typed;
    std::string problem;
};
ComputedType computed_type(std::span<std::string_view const> words);
// Whether there is a TCP option of this name or number.
bool is_tcp_option(std::string_view name);

// The number of a word, as an interval where it is a pattern such as "eth*"; `protocol`: whose port names are
// meant, 0: any.
std::optional<Interval> parse_value(std::string_view text, Typed typed, U128 protocol = 0);
// The word for a number, where nft has one.
std::string word_of(Type type, U128 value);
// What is wrong with a value of the type; empty: nothing. Names that only the machine knows are right.
std::string value_problem(std::string_view text, Typed typed);
// "1d12h", in milliseconds. A number alone is in seconds.
std::optional<std::uint64_t> parse_duration(std::string_view text);

} // namespace portcullis::nft
