// The sets that rules of iptables name, which are kept apart from the rules: the text of `ipset save`, or commands
// of ipset in a script, run to their end.
#pragma once
#include <array>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "portcullis/model/finding.hpp"

namespace portcullis {

// What one part of an entry is compared with.
enum class IpsetPart : std::uint8_t {
    ip,
    net,
    port,         // with its protocol
    tcp_udp_port, // of bitmap:port, which asks for either
    mac,
    mark,
    interface,
    set,
};

struct IpsetType {
    std::string_view name; // "hash:ip,port"
    std::vector<IpsetPart> parts;
    bool has_family = true;
};

// One entry, in the order of its type's parts. A part is a number: an address, protocol << 16 | port (or icmp's
// type << 8 | code), a MAC, a mark, or an interface name as in interface_value.
struct IpsetEntry {
    std::array<U128, 3> value{};
    std::array<std::uint8_t, 3> length{}; // of addresses: the prefix that is compared
    bool nomatch = false;                 // an exception
    bool prefix_of_name = false;          // a wildcard: interfaces whose names begin so
    bool bridge_port = false;             // physdev: the interface is a bridge's port
};

struct Ipset {
    std::string name;
    IpsetType const* type = nullptr;
    Family family = Family::v4;       // where the type has one
    Span span;                        // of the command that creates it
    std::vector<IpsetEntry> entries;  // each once
    std::vector<std::string> members; // of list:set, in order
    std::uint32_t mark_mask = ~std::uint32_t{0};
    bool expires = false; // entries go by themselves, and new ones come from elsewhere: timeout
    std::string unknown;  // why what is in it is not known here; empty where it is
};

// By name.
using Ipsets = std::map<std::string, Ipset, std::less<>>;

struct IpsetReading {
    Ipsets sets;
    Findings findings; // PC001, PC002, PC401
};

// Never throws on bad input: what could not be read is a finding at its place.
IpsetReading read_ipset(Sources const& sources, SourceId source);

// Commands of ipset one by one, as a shell script runs them.
class IpsetCommands {
  public:
    IpsetCommands();
    ~IpsetCommands();
    // The words of one command without the program's name; findings and sets stand at `span`.
    void run(std::vector<std::string> const& words, Span span);
    IpsetReading finish();

  private:
    friend IpsetReading read_ipset(Sources const& sources, SourceId source);
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace portcullis
