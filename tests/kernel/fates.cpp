#include "kernel/fates.hpp"

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdexcept>
#include <sys/socket.h>
#include <utility>

namespace portcullis::kernel {

namespace {

// A report carries what the kernel knows about a packet beyond its bytes in the upper half of the mark, which is
// taken off again before the next chain.
struct Code {
    unsigned shift;
    unsigned bits;
};
constexpr Code place{30, 2}, state{27, 3}, direction{26, 1}, packet_type{24, 2}, source_type{20, 4},
    destination_type{16, 4};
enum Place : std::uint32_t { connection = 0, before = 1, tracked = 2, behind = 3 };
// A second report at the same place says what does not fit into the first one.
constexpr Code status{16, 3}, connection_mark{19, 11};
static_assert((1U << connection_mark.bits) > usable_connection_marks);

std::uint32_t get(Code code, std::uint32_t mark) { return mark >> code.shift & ((1U << code.bits) - 1); }

// "if the packet is so, its code is this"; what is not listed has code 0.
struct Question {
    std::string_view match;
    Code code;
    std::uint32_t value;
};
constexpr Question link_questions[] = {
    {"meta pkttype broadcast", packet_type, 1},
    {"meta pkttype multicast", packet_type, 2},
    {"meta pkttype other", packet_type, 3},
    {"fib saddr type unicast", source_type, 1},
    {"fib saddr type local", source_type, 2},
    {"fib saddr type broadcast", source_type, 3},
    {"fib saddr type anycast", source_type, 4},
    {"fib saddr type multicast", source_type, 5},
    {"fib saddr type blackhole", source_type, 6},
    {"fib saddr type unreachable", source_type, 7},
    {"fib saddr type prohibit", source_type, 8},
    {"fib daddr type unicast", destination_type, 1},
    {"fib daddr type local", destination_type, 2},
    {"fib daddr type broadcast", destination_type, 3},
    {"fib daddr type anycast", destination_type, 4},
    {"fib daddr type multicast", destination_type, 5},
    {"fib daddr type blackhole", destination_type, 6},
    {"fib daddr type unreachable", destination_type, 7},
    {"fib daddr type prohibit", destination_type, 8},
};
constexpr Question tracking_questions[] = {
    {"ct state established", state, 1}, {"ct state related", state, 2},       {"ct state invalid", state, 3},
    {"ct state untracked", state, 4},   {"ct direction reply", direction, 1},
};

// What the connection's mark and status are, as a second report.
std::string connection_report() {
    std::string text;
    auto const set = [&](std::string_view match, unsigned bit) {
        text += fmt::format("{} meta mark set meta mark | {:#x}\n", match, 1U << bit);
    };
    set("ct status seen-reply", status.shift);
    set("ct status assured", status.shift + 1);
    set("ct status confirmed", status.shift + 2);
    for (unsigned bit = 0; bit < connection_mark.bits; ++bit)
        set(fmt::format("ct mark & {0:#x} == {0:#x}", 1U << bit), connection_mark.shift + bit);
    return text + fmt::format("log group {}\nmeta mark set meta mark & {:#x}\n", log_group, usable_marks);
}

std::string report_chain(std::string_view hook, std::string_view name, int priority, Place where,
                         Tracking tracking) {
    std::string text = fmt::format("chain {}_{} {{ type filter hook {} priority {}\n", hook, name, hook, priority);
    auto const set = [&](Code code, std::uint32_t value) {
        text += fmt::format(" meta mark set meta mark | {:#x}\n", value << code.shift);
    };
    set(place, where);
    auto const ask = [&](std::span<Question const> questions) {
        for (Question const& question : questions) {
            text += question.match;
            set(question.code, question.value);
        }
    };
    if (where != behind) ask(link_questions);
    if (where != behind && tracking == Tracking::on) ask(tracking_questions);
    text += fmt::format("log group {}\nmeta mark set meta mark & {:#x}\n", log_group, usable_marks);
    if (where != behind && tracking == Tracking::on) text += connection_report();
    return text + "}\n";
}

std::string report_table(Tracking tracking) {
    constexpr int first = -2'000'000'000, last = 2'000'000'000;
    constexpr int behind_tracking = -199; // NF_IP_PRI_CONNTRACK is -200
    std::string text = "table inet laboratory {\n";
    for (std::string_view const hook : {"prerouting", "input", "forward", "output", "postrouting"}) {
        bool const tracks = hook == "prerouting" || hook == "output";
        text += report_chain(hook, "before", first, before, tracking);
        if (tracks && tracking == Tracking::on)
            text += report_chain(hook, "tracked", behind_tracking, tracked, tracking);
        text += report_chain(hook, "behind", last, behind, tracking);
    }
    return text + "}\n";
}

Descriptor raw_socket(int family, std::string_view interface) {
    Descriptor raw(socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_RAW));
    int const on = 1;
    auto const length = static_cast<socklen_t>(interface.size());
    bool good = setsockopt(raw.get(), SOL_SOCKET, SO_BINDTODEVICE, interface.data(), length) == 0;
    if (family == AF_INET6) good = good && setsockopt(raw.get(), IPPROTO_IPV6, IPV6_HDRINCL, &on, sizeof on) == 0;
    if (!good) fail("a raw socket");
    return raw;
}

void put_address(U128 value, std::span<std::uint8_t> bytes) {
    for (std::size_t i = bytes.size(); i-- > 0; value >>= 8) bytes[i] = static_cast<std::uint8_t>(value);
}

// Whether the socket takes it is no matter: a packet that the output hook stops is an error here.
void send_raw(int socket, Packet const& packet, Bytes const& bytes) {
    sockaddr_in v4{};
    sockaddr_in6 v6{};
    v4.sin_family = AF_INET;
    v6.sin6_family = AF_INET6;
    put_address(packet[Field::dst4], {reinterpret_cast<std::uint8_t*>(&v4.sin_addr), 4});
    put_address(packet[Field::dst6], {v6.sin6_addr.s6_addr, 16});
    bool const is_v4 = packet.family() == Family::v4;
    auto const* const to = is_v4 ? reinterpret_cast<sockaddr const*>(&v4) : reinterpret_cast<sockaddr const*>(&v6);
    sendto(socket, bytes.data(), bytes.size(), 0, to, is_v4 ? sizeof v4 : sizeof v6);
}

// The Ethernet destination, by which the receiver knows whether a frame is for it.
std::uint64_t frame_destination(Packet const& packet, std::size_t number) {
    switch (static_cast<unsigned>(packet[Field::packet_type])) {
    case 1: return 0xff'ff'ff'ff'ff'ff;
    case 2: return 0x01'00'5e'00'00'01;
    default: return ethernet_address(number);
    }
}

// `number`: of the device that it arrives on.
Bytes frame(Packet const& packet, Bytes const& content, std::size_t number) {
    Bytes bytes;
    auto const put = [&](U128 value, unsigned width) {
        for (unsigned i = width; i-- > 0;) bytes.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
    };
    put(frame_destination(packet, number), 6);
    put(packet[Field::src_mac], 6);
    put(packet.family() == Family::v4 ? 0x0800 : 0x86dd, 2);
    bytes.insert(bytes.end(), content.begin(), content.end());
    return bytes;
}

// For iptables-legacy, whose tables no nft flushes: without rules, they accept everything.
constexpr std::string_view nothing = R"(*raw
:PREROUTING ACCEPT
:OUTPUT ACCEPT
COMMIT
*mangle
:PREROUTING ACCEPT
:INPUT ACCEPT
:FORWARD ACCEPT
:OUTPUT ACCEPT
:POSTROUTING ACCEPT
COMMIT
*nat
:PREROUTING ACCEPT
:INPUT ACCEPT
:OUTPUT ACCEPT
:POSTROUTING ACCEPT
COMMIT
*filter
:INPUT ACCEPT
:FORWARD ACCEPT
:OUTPUT ACCEPT
COMMIT
*security
:INPUT ACCEPT
:FORWARD ACCEPT
:OUTPUT ACCEPT
COMMIT
)";

constexpr Tag sentinel_tag = 0xffff;

// `batch`: the number of the one that it ends. Of the one before, some reports may still come.
Probe sentinel(std::uint16_t batch) {
    Packet packet;
    packet[Field::sport] = batch;
    packet[Field::src4] = 0xc6336401; // 198.51.100.1
    packet[Field::dst4] = 0xc6336402;
    packet[Field::protocol] = number(Protocol::udp);
    packet[Field::ttl] = 64;
    packet[Field::iif] = interface_value(interfaces[0]);
    packet[Field::src_mac] = 0x02'00'00'00'ff'ff;
    return {packet};
}

bool same_flow(Packet const& a, Packet const& b) {
    return a.family() == b.family() && a.source() == b.source() && a.destination() == b.destination() &&
           a[Field::protocol] == b[Field::protocol] && a[Field::sport] == b[Field::sport];
}

// What translation leaves as it is. Answers of the kernel differ in it from the packets that have their tag by chance.
bool same_content(Packet const& a, Packet const& b) {
    constexpr std::array kept{Field::family, Field::protocol, Field::length, Field::icmp_type, Field::icmp_code, Field::tcp_flags};
    return std::ranges::all_of(kept, [&](Field field) { return a[field] == b[field]; });
}

// The packet as it was sent, or with one of its ends translated.
bool may_be(Packet const& seen, Packet const& sent) {
    return same_content(seen, sent) && (seen.source() == sent.source() || seen.destination() == sent.destination());
}

// A TCP reset that answers `packet`.
bool is_reset_of(Packet const& answer, Packet const& packet) {
    return answer[Field::protocol] == number(Protocol::tcp) && (answer[Field::tcp_flags] & tcp_flag::rst) != 0 &&
           answer.source() == packet.destination() && answer.destination() == packet.source() &&
           answer[Field::sport] == packet[Field::dport] && answer[Field::dport] == packet[Field::sport];
}

bool is_error(Packet const& packet) {
    constexpr U128 unreachable4 = 3, unreachable6 = 1;
    return (packet[Field::protocol] == number(Protocol::icmp) && packet[Field::icmp_type] == unreachable4) ||
           (packet[Field::protocol] == number(Protocol::icmpv6) && packet[Field::icmp_type] == unreachable6);
}

} // namespace

// What the reports say about the probes that are under way.
struct Laboratory::Batch {
    std::vector<Packet> sent; // as they are read from the wire
    Packet ending;            // the sentinel
    std::map<std::uint32_t, std::string> const& names;
    std::vector<Sighting> sightings{};
    std::map<std::pair<std::size_t, HookPoint>, std::size_t> known{}; // the sightings by probe and hook
    std::set<std::pair<Tag, HookPoint>> answers{}; // of the kernel that are within a hook
    bool over = false;

    void take(LogReport const& report) {
        auto const decoded = from_wire(report.packet);
        if (!decoded || over) return;
        over = decoded->tag == sentinel_tag && same_flow(decoded->packet, ending);
        auto const where = get(place, report.mark);
        if (is_answer(report, *decoded, where)) return;
        auto const probe = where == behind ? probe_leaving(*decoded, report.hook) : probe_of(*decoded);
        if (!probe) return;
        auto const [at, is_new] = known.try_emplace({*probe, report.hook}, sightings.size());
        if (is_new != (where == before)) throw std::runtime_error("two packets are alike, or one came twice");
        if (is_new) sightings.push_back({*probe, report.hook, as_seen(report, *decoded)});
        Packet& packet = sightings[at->second].packet;
        if (where == connection) {
            constexpr unsigned seen_reply_bit = 1; // the next ones are those of assured and confirmed
            packet[Field::ct_status] = U128{get(status, report.mark)} << seen_reply_bit;
            packet[Field::ct_mark] = get(connection_mark, report.mark);
        } else if (where == behind) {
            sightings[at->second].accepted = true;
            sightings[at->second].left = decoded->packet;
        } else {
            packet[Field::ct_state] = get(state, report.mark);
            packet[Field::ct_direction] = get(direction, report.mark);
        }
    }

  private:
    // Packets of the kernel's own may have the tag of any probe.
    bool is_answer(LogReport const& report, Decoded const& decoded, std::uint32_t where) {
        std::pair const here{decoded.tag, report.hook};
        if (where == before) {
            answers.erase(here); // of one that was stopped
            if (!answers_last(report, decoded)) return false;
            answers.insert(here);
            if (report.hook == HookPoint::output) sightings.back().answered = true;
            return true;
        }
        return where == behind ? answers.erase(here) != 0 : answers.contains(here);
    }

    // The probe that these bytes are.
    std::optional<std::size_t> probe_of(Decoded const& decoded) const {
        std::size_t const number = std::size_t{decoded.tag} - 1;
        if (number >= sent.size() || !may_be(decoded.packet, sent[number])) return std::nullopt;
        return number;
    }

    // Both of its ends may have been translated since it came to the hook.
    std::optional<std::size_t> probe_leaving(Decoded const& decoded, HookPoint hook) const {
        if (auto const same = probe_of(decoded)) return same;
        std::size_t const number = std::size_t{decoded.tag} - 1;
        bool const is_here = number < sent.size() && known.contains({number, hook});
        return is_here && same_content(decoded.packet, sent[number]) ? std::optional(number) : std::nullopt;
    }

    Packet as_seen(LogReport const& report, Decoded const& decoded) const {
        Packet packet = decoded.packet;
        auto const name = [&](std::uint32_t index) {
            return index == 0 ? U128{0} : interface_value(names.at(index));
        };
        packet[Field::iif] = name(report.in);
        packet[Field::oif] = name(report.out);
        packet[Field::src_mac] = report.source_mac;
        packet[Field::mark] = report.mark & usable_marks;
        // What does not come in is of this program's own sockets, which are root's.
        packet[Field::skuid] = packet[Field::skgid] = report.in == 0 ? 0 : no_socket;
        packet[Field::packet_type] = get(packet_type, report.mark);
        packet[Field::src_type] = get(source_type, report.mark);
        packet[Field::dst_type] = get(destination_type, report.mark);
        return packet;
    }

    // An answer leaves while the packet that it answers is still within its hook: what was seen last.
    bool answers_last(LogReport const& report, Decoded const& answer) const {
        if (sightings.empty() || sightings.back().accepted) return false;
        Sighting const& last = sightings.back();
        if (!is_error(answer.packet) || answer.payload > report.packet.size())
            return is_reset_of(answer.packet, last.packet) && !probe_of(answer); // probes may be resets too
        auto const quoted = from_wire(report.packet.subspan(answer.payload));
        return quoted && probe_of(*quoted) == last.probe;
    }
};

Laboratory::Laboratory() {
    std::vector<Wire> wires = make_devices();
    for (std::size_t i = 0; i < interfaces.size(); ++i) {
        std::string const name(interfaces[i]);
        devices_.emplace(name, Device{std::move(wires[i]), i});
        open_sockets(name);
    }
    open_sockets("lo");
    // On one processor, the kernel handles each packet wholly before this program goes on.
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(static_cast<std::size_t>(sched_getcpu()), &one);
    if (sched_setaffinity(0, sizeof one, &one) != 0) fail("sched_setaffinity");
}

void Laboratory::have_interface(std::string const& name) {
    if (sockets_.contains(name)) return;
    std::size_t const number = devices_.size();
    devices_.emplace(name, Device{make_device(name, number), number});
    open_sockets(name);
}

void Laboratory::open_sockets(std::string const& name) {
    names_[if_nametoindex(name.c_str())] = name;
    sockets_.emplace(name, Sockets{raw_socket(AF_INET, name), raw_socket(AF_INET6, name)});
}

std::string Laboratory::load(std::string const& nftables, Tracking tracking) {
    for (auto const& program : std::exchange(programs_, {})) run({program}, nothing);
    // In this order on these lines, the numbers of lines in what nft says are those of the text.
    Ran const ran = run({"nft", "-f", "-"}, "flush ruleset; " + nftables + '\n' + report_table(tracking));
    netfilter_.forget_connections();
    return ran.code == 0 ? "" : ran.output;
}

std::string Laboratory::load_iptables(std::string const& variant, Family family, std::string const& rules,
                                      Tracking tracking, std::string const& nftables) {
    std::string const refused = load(nftables, tracking);
    return refused.empty() ? add_iptables(variant, family, rules) : refused;
}

std::string Laboratory::add_iptables(std::string const& variant, Family family, std::string const& rules) {
    std::string const program = (family == Family::v4 ? "iptables-" : "ip6tables-") + variant + "-restore";
    if (variant == "legacy") programs_.insert(program);
    Ran const ran = run({program}, rules);
    return ran.code == 0 ? "" : fmt::format("{} ends with {}: {}", program, ran.code, ran.output);
}

std::vector<Sighting> Laboratory::send(std::vector<Probe> const& probes) {
    if (probes.size() >= sentinel_tag) throw std::runtime_error("more probes than tags");
    Probe const last = sentinel(++batches_);
    Batch batch{{}, last.packet, names_};
    for (Probe const& probe : probes) batch.sent.push_back(from_wire(to_wire(probe, 0)).value().packet);
    auto const take = [&](LogReport const& report) { batch.take(report); };
    for (std::size_t i = 0; i < probes.size(); ++i) {
        inject(probes[i], static_cast<Tag>(i + 1));
        netfilter_.receive(false, take);
        if (i % 64 == 0) discard_sent();
    }
    inject(last, sentinel_tag);
    while (!batch.over) netfilter_.receive(true, take);
    discard_sent();
    return std::move(batch.sightings);
}

void Laboratory::inject(Probe const& probe, Tag tag) const {
    Packet const& packet = probe.packet;
    Bytes const bytes = to_wire(probe, tag);
    auto const named = [](auto const& all, U128 interface) -> auto const& {
        auto const at = all.find(interface_name(interface));
        if (at == all.end()) throw std::runtime_error("a probe needs an interface of the laboratory");
        return at->second;
    };
    if (packet[Field::iif] != 0) {
        Device const& device = named(devices_, packet[Field::iif]);
        device.wire.write(frame(packet, bytes, device.number));
    } else {
        Sockets const& sockets = named(sockets_, packet[Field::oif]);
        send_raw((packet.family() == Family::v4 ? sockets.raw4 : sockets.raw6).get(), packet, bytes);
    }
}

void Laboratory::discard_sent() const {
    for (auto const& [name, device] : devices_) device.wire.discard();
}

} // namespace portcullis::kernel
