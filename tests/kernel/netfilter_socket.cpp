#include "kernel/netfilter_socket.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <fmt/format.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <linux/netlink.h>
#include <stdexcept>
#include <sys/socket.h>
#include <sys/time.h>

namespace portcullis::kernel {

namespace {

constexpr std::uint32_t copied =
    128; // bytes of each packet: all headers of these tests, and those that an error quotes

std::uint32_t big_endian(std::span<std::uint8_t const> bytes) {
    std::uint32_t value = 0;
    for (std::uint8_t const byte : bytes) value = value << 8 | byte;
    return value;
}

template <class Value> void append(std::vector<std::uint8_t>& to, Value const& value) {
    to.resize(to.size() + sizeof value);
    std::memcpy(to.data() + to.size() - sizeof value, &value, sizeof value);
}

template <class Value> Value read_as(std::span<std::uint8_t const> bytes) {
    Value value{};
    std::memcpy(&value, bytes.data(), std::min(sizeof value, bytes.size()));
    return value;
}

template <class Value> std::vector<std::uint8_t> attribute(std::uint16_t type, Value const& value) {
    std::vector<std::uint8_t> bytes;
    append(bytes, nlattr{static_cast<std::uint16_t>(NLA_HDRLEN + sizeof value), type});
    append(bytes, value);
    bytes.resize(NLA_ALIGN(bytes.size()));
    return bytes;
}

// Calls use(type, content) for each part of a netlink message; messages and attributes both begin with their
// length.
template <class Header, class Use> void each_part(std::span<std::uint8_t const> bytes, Use use) {
    while (bytes.size() >= sizeof(Header)) {
        auto const header = read_as<Header>(bytes);
        std::size_t length = 0;
        if constexpr (std::is_same_v<Header, nlmsghdr>)
            length = header.nlmsg_len;
        else
            length = header.nla_len;
        if (length < sizeof(Header) || length > bytes.size())
            throw std::runtime_error("netlink: a malformed message");
        use(header, bytes.subspan(sizeof(Header), length - sizeof(Header)));
        bytes = bytes.subspan(std::min<std::size_t>(NLMSG_ALIGN(length), bytes.size()));
    }
}

struct Numbered {
    LogReport report;
    std::uint32_t number = 0;
};

Numbered read_report(std::span<std::uint8_t const> attributes) {
    Numbered out;
    each_part<nlattr>(attributes, [&](nlattr const& header, std::span<std::uint8_t const> value) {
        switch (header.nla_type & NLA_TYPE_MASK) {
        case NFULA_PACKET_HDR: {
            // The numbers of enum nf_inet_hooks.
            constexpr std::array hooks{HookPoint::prerouting, HookPoint::input, HookPoint::forward,
                                       HookPoint::output, HookPoint::postrouting};
            out.report.hook = hooks.at(read_as<nfulnl_msg_packet_hdr>(value).hook);
            break;
        }
        case NFULA_MARK: out.report.mark = big_endian(value); break;
        case NFULA_IFINDEX_INDEV: out.report.in = big_endian(value); break;
        case NFULA_IFINDEX_OUTDEV: out.report.out = big_endian(value); break;
        case NFULA_HWADDR:
            for (std::uint8_t const byte : read_as<nfulnl_msg_packet_hw>(value).hw_addr)
                out.report.source_mac = out.report.source_mac << 8 | byte;
            out.report.source_mac >>= 16; // six of its eight bytes
            break;
        case NFULA_SEQ: out.number = big_endian(value); break;
        case NFULA_PAYLOAD: out.report.packet = value; break;
        default: break;
        }
    });
    return out;
}

} // namespace

NetfilterSocket::NetfilterSocket()
    : socket_(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER)), buffer_(1 << 18) {
    sockaddr_nl address{};
    address.nl_family = AF_NETLINK;
    if (bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) fail("netlink");
    int const room = 1 << 24;
    if (setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) != 0)
        setsockopt(socket_.get(), SOL_SOCKET, SO_RCVBUF, &room, sizeof room); // what is allowed; a loss is noticed
    timeval const patience{20, 0};
    setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);

    auto const configure = [&](std::vector<std::uint8_t> const& what) {
        command(NFNL_SUBSYS_ULOG, NFULNL_MSG_CONFIG, log_group, what);
    };
    configure(attribute(NFULA_CFG_CMD, nfulnl_msg_config_cmd{NFULNL_CFG_CMD_BIND}));
    configure(attribute(NFULA_CFG_MODE, nfulnl_msg_config_mode{htonl(copied), NFULNL_COPY_PACKET, 0}));
    configure(attribute(NFULA_CFG_FLAGS, htons(NFULNL_CFG_F_SEQ)));
    configure(attribute(NFULA_CFG_NLBUFSIZ, htonl(1 << 16)));
    configure(attribute(NFULA_CFG_TIMEOUT, htonl(1))); // hundredths of a second until a part of a buffer is sent
}

void NetfilterSocket::forget_connections() {
    command(NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_DELETE, 0, {}); // without a tuple: all of them
}

void NetfilterSocket::command(unsigned subsystem, unsigned type, std::uint16_t resource, Bytes const& attributes) {
    Bytes message;
    auto const length = static_cast<std::uint32_t>(sizeof(nlmsghdr) + sizeof(nfgenmsg) + attributes.size());
    append(message,
           nlmsghdr{length, static_cast<std::uint16_t>(subsystem << 8 | type), NLM_F_REQUEST | NLM_F_ACK, 0, 0});
    append(message, nfgenmsg{AF_UNSPEC, NFNETLINK_V0, htons(resource)});
    message.insert(message.end(), attributes.begin(), attributes.end());
    if (send(socket_.get(), message.data(), message.size(), 0) < 0) fail("netlink");
    std::optional<int> answer;
    while (!answer) {
        ssize_t const got = recv(socket_.get(), buffer_.data(), buffer_.size(), 0);
        if (got < 0) fail("netlink");
        auto const datagram = std::span<std::uint8_t const>(buffer_).first(static_cast<std::size_t>(got));
        handle(datagram, [](LogReport const&) {}); // of what the last batch caused after its end
        each_part<nlmsghdr>(datagram, [&](nlmsghdr const& header, std::span<std::uint8_t const> content) {
            if (header.nlmsg_type == NLMSG_ERROR) answer = read_as<nlmsgerr>(content).error;
        });
    }
    errno = -*answer;
    if (*answer != 0) fail("netlink");
}

void NetfilterSocket::receive(bool wait, std::function<void(LogReport const&)> const& take) {
    for (int flags = wait ? 0 : MSG_DONTWAIT;; flags = MSG_DONTWAIT) {
        ssize_t const got = recv(socket_.get(), buffer_.data(), buffer_.size(), flags);
        if (got < 0 && flags == MSG_DONTWAIT && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
        if (got < 0) fail("no report from the kernel");
        handle(std::span(buffer_).first(static_cast<std::size_t>(got)), take);
    }
}

void NetfilterSocket::handle(std::span<std::uint8_t const> datagram,
                             std::function<void(LogReport const&)> const& take) {
    each_part<nlmsghdr>(datagram, [&](nlmsghdr const& header, std::span<std::uint8_t const> content) {
        if (header.nlmsg_type != (NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET)) return;
        Numbered const numbered = read_report(content.subspan(sizeof(nfgenmsg)));
        if (numbered.number != next_report_)
            throw std::runtime_error(fmt::format("report {} is lost; {} came", next_report_, numbered.number));
        ++next_report_;
        take(numbered.report);
    });
}

} // namespace portcullis::kernel
