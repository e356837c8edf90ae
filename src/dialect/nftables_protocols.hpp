// Which headers a rule has established so far, layer by layer, as nft's proto_ctx: a selector of another header of
// a settled layer can match no packet, and nft refuses it.
#pragma once
#include <array>
#include <string>
#include <string_view>

#include "dialect/nftables_types.hpp"

namespace portcullis::nft {

class Protocols {
  public:
    explicit Protocols(ast::TableFamily family);

    // A selector of `header` reads the packet. What is wrong with that, or nothing; the header is established.
    std::string use(std::string_view header, std::string_view key);
    // "selector == value": the packet has the header that the number names.
    void establish(std::string_view header, std::string_view key, U128 value);

    std::string_view network() const { return network_; } // "ip", "ip6", "arp", or empty
    bool has_transport() const { return transport_count_ > 0; }
    bool only_transport(std::string_view header) const { return transport_count_ == 1 && transport_[0] == header; }

  private:
    std::string use_link(std::string_view header);
    std::string use_network(std::string_view header);
    std::string use_transport(std::string_view header);
    std::string use_icmp(std::string_view header, std::string_view key);
    void add_transport(std::string_view header);

    ast::TableFamily family_;
    std::string_view link_;
    std::string_view network_;
    bool network_asked_ = false;                   // … by the rule, not only by the family of the table
    std::array<std::string_view, 16> transport_{}; // "meta l4proto { tcp, udp }" establishes several
    std::size_t transport_count_ = 0;
    std::array<U128, 16> icmp_types_{}; // those that "icmp type" named
    std::size_t icmp_count_ = 0;
};

// Whether nft has a header for the protocol: a rule that asks for it may go on with ports of connections.
bool is_transport(U128 protocol);

} // namespace portcullis::nft
