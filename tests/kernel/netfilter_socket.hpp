// The netlink socket to netfilter: what rules with "log group" report, without loss and in order (nfnetlink_log),
// and the table of connections (ctnetlink).
#pragma once
#include <functional>

#include "kernel/namespace.hpp"
#include "portcullis/model/ruleset.hpp"

namespace portcullis::kernel {

constexpr std::uint16_t log_group = 1;

struct LogReport {
    HookPoint hook{};
    std::uint32_t mark = 0;
    std::uint32_t in = 0; // indices of interfaces; 0 for none
    std::uint32_t out = 0;
    std::uint64_t source_mac = 0;
    std::span<std::uint8_t const> packet; // its beginning
};

class NetfilterSocket {
  public:
    NetfilterSocket();
    void forget_connections();
    // Hands over the reports that are there; waits for the first one where asked to.
    void receive(bool wait, std::function<void(LogReport const&)> const& take);

  private:
    using Bytes = std::vector<std::uint8_t>;
    void command(unsigned subsystem, unsigned type, std::uint16_t resource, Bytes const& attributes);
    void handle(std::span<std::uint8_t const> datagram, std::function<void(LogReport const&)> const& take);

    Descriptor socket_;
    Bytes buffer_;
    std::uint32_t next_report_ = 0;
};

} // namespace portcullis::kernel
