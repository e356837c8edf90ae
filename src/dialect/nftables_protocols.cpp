#include "dialect/nftables_protocols.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace portcullis::nft {
namespace {

using Family = ast::TableFamily;

enum class Layer : std::uint8_t { none, link, network, transport, any_transport, extension };

struct HeaderRow {
    std::string_view header;
    Layer layer;
    unsigned number = 0;           // of the transport protocol
    std::string_view network = {}; // in tables of all families, nft adds the test of it
};
constexpr HeaderRow headers[] = {
    {"ether", Layer::link},
    {"vlan", Layer::link},
    {"arp", Layer::network},
    {"ip", Layer::network},
    {"ip6", Layer::network},
    {"tcp", Layer::transport, 6},
    {"udp", Layer::transport, 17},
    {"udplite", Layer::transport, 136},
    {"sctp", Layer::transport, 132},
    {"dccp", Layer::transport, 33},
    {"esp", Layer::transport, 50},
    {"ah", Layer::transport, 51},
    {"comp", Layer::transport, 108},
    {"gre", Layer::transport, 47},
    {"icmp", Layer::transport, 1, "ip"},
    {"icmpv6", Layer::transport, 58, "ip6"},
    {"igmp", Layer::transport, 2, "ip"},
    {"th", Layer::any_transport},
    {"frag", Layer::extension},
    {"hbh", Layer::extension},
    {"dst", Layer::extension},
    {"mh", Layer::extension},
    {"srh", Layer::extension},
    {"exthdr", Layer::extension},
};

HeaderRow const* find(std::string_view header) {
    auto const row = std::find_if(std::begin(headers), std::end(headers),
                                  [&](HeaderRow const& each) { return each.header == header; });
    return row == std::end(headers) ? nullptr : row;
}

HeaderRow const* find_transport(U128 protocol) {
    auto const row = std::ranges::find_if(headers, [&](HeaderRow const& each) { return each.layer == Layer::transport && each.number == protocol; });
    return row == std::end(headers) ? nullptr : row;
}

std::string_view network_of_ether_type(U128 value) {
    if (value == 0x0800) return "ip";
    if (value == 0x86dd) return "ip6";
    if (value == 0x0806) return "arp";
    return {};
}

std::string conflict(std::string_view settled, std::string_view wanted) {
    return fmt::format("the rule asks for {} before: no packet of it has a header of {}", settled, wanted);
}

// The fields of ICMP messages that only some types have (nft's proto_icmp: "incompatible icmp match").
struct IcmpField {
    std::string_view header;
    std::string_view key;
    std::array<unsigned, 2> types;
};
constexpr IcmpField icmp_fields[] = {
    {"icmp", "id", {8, 0}},      {"icmp", "sequence", {8, 0}},        {"icmp", "mtu", {3, 3}},
    {"icmp", "gateway", {5, 5}}, {"icmpv6", "id", {128, 129}},        {"icmpv6", "sequence", {128, 129}},
    {"icmpv6", "mtu", {2, 2}},   {"icmpv6", "max-delay", {130, 130}}, {"icmpv6", "parameter-problem", {4, 4}},
};

} // namespace

Protocols::Protocols(ast::TableFamily family) : family_(family) {
    if (family == Family::ip) network_ = "ip";
    if (family == Family::ip6) network_ = "ip6";
    if (family == Family::arp) network_ = "arp";
}

std::string Protocols::use(std::string_view header, std::string_view key) {
    HeaderRow const* const row = find(header);
    bool const routing_header =
        header == "rt" && key != "classid" && key != "nexthop" && key != "mtu" && key != "ipsec";
    if (routing_header || (row != nullptr && row->layer == Layer::extension)) {
        if (!network_.empty() && network_ != "ip6") return conflict(network_, "ip6");
        network_ = "ip6";
        return {};
    }
    if (row == nullptr) return {};
    switch (row->layer) {
    case Layer::link: return use_link(header);
    case Layer::network: return use_network(header);
    case Layer::transport: {
        std::string problem = use_transport(header);
        if (!problem.empty()) return problem;
        if (network_.empty() && !row->network.empty()) network_ = row->network;
        return use_icmp(header, key);
    }
    case Layer::any_transport:
        return network_ == "arp" ? conflict(network_, "a transport protocol") : std::string{};
    default: return {};
    }
}

std::string Protocols::use_link(std::string_view header) {
    if (header != "vlan" || link_ == "vlan") return {};
    if (network_asked_) return conflict(network_, header);
    link_ = header;
    return {};
}

std::string Protocols::use_network(std::string_view header) {
    if (network_.empty() && header == "arp" && family_ == Family::inet)
        return "a table of family inet sees no arp packets";
    if (!network_.empty() && network_ != header) {
        bool const of_table = family_ == Family::ip || family_ == Family::ip6 || family_ == Family::arp;
        return of_table ? fmt::format("a table of family {} has no {} header", network_, header)
                        : conflict(network_, header);
    }
    if (network_.empty()) network_asked_ = true;
    network_ = header;
    return {};
}

std::string Protocols::use_transport(std::string_view header) {
    if (network_ == "arp") return conflict(network_, header);
    for (std::size_t i = 0; i < transport_count_; ++i)
        if (transport_[i] != header) return conflict(transport_[i], header);
    add_transport(header);
    return {};
}

void Protocols::add_transport(std::string_view header) {
    auto const end = transport_.begin() + static_cast<std::ptrdiff_t>(transport_count_);
    if (std::find(transport_.begin(), end, header) == end && transport_count_ < transport_.size())
        transport_[transport_count_++] = header;
}

std::string Protocols::use_icmp(std::string_view header, std::string_view key) {
    for (IcmpField const& field : icmp_fields) {
        if (field.header != header || field.key != key) continue;
        for (std::size_t i = 0; i < icmp_count_; ++i)
            if (icmp_types_[i] != field.types[0] && icmp_types_[i] != field.types[1])
                return fmt::format("{} of type {} has no {}", header, low64(icmp_types_[i]), key);
        if (icmp_count_ == 0) icmp_types_[icmp_count_++] = field.types[0];
    }
    return {};
}

void Protocols::establish(std::string_view header, std::string_view key, U128 value) {
    bool const frames = family_ == Family::bridge || family_ == Family::netdev;
    if ((header == "icmp" || header == "icmpv6") && key == "type") {
        if (icmp_count_ < icmp_types_.size()) icmp_types_[icmp_count_++] = value;
    } else if ((header == "meta" && key == "nfproto") || (header == "ct" && key == "l3proto")) {
        if (value == 2) network_ = "ip";
        if (value == 10) network_ = "ip6";
    } else if (key == "type" && (header == "ether" || header == "vlan")) {
        if (std::string_view const network = network_of_ether_type(value); !network.empty()) {
            network_ = network;
            network_asked_ = true;
        }
        if (value == 0x8100 || value == 0x88a8) link_ = "vlan";
    } else if (header == "meta" && key == "protocol" && frames) {
        if (std::string_view const network = network_of_ether_type(value); !network.empty()) network_ = network;
    } else if ((header == "ip" && key == "protocol") || (header == "ip6" && key == "nexthdr") ||
               (header == "meta" && key == "l4proto")) {
        if (HeaderRow const* const row = find_transport(value)) add_transport(row->header);
    }
}

bool is_transport(U128 protocol) { return find_transport(protocol) != nullptr; }

} // namespace portcullis::nft
