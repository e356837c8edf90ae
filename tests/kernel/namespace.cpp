#include "kernel/namespace.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <fstream>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <stdexcept>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

namespace portcullis::kernel {

namespace {

bool write_file(std::string const& path, std::string_view text) {
    std::ofstream file(path);
    file << text;
    file.flush();
    return file.good();
}

// Root may have a network namespace as it is; others first need a user namespace, in which they are root.
bool leave_network() {
    if (unshare(CLONE_NEWNET) == 0) return true;
    auto const user = getuid();
    auto const group = getgid();
    return unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0 && write_file("/proc/self/setgroups", "deny") &&
           write_file("/proc/self/uid_map", fmt::format("0 {} 1", user)) &&
           write_file("/proc/self/gid_map", fmt::format("0 {} 1", group));
}

std::optional<std::string> enter() {
    for (char const* const program : {"nft", "ip"}) {
        if (run({program, "-V"}).code != 0) return fmt::format("there is no {} on this machine", program);
    }
    if (Descriptor const tun(open("/dev/net/tun", O_RDWR | O_CLOEXEC)); tun.get() < 0)
        return "/dev/net/tun cannot be opened";
    if (!leave_network()) return "network namespaces are not allowed";
    return std::nullopt;
}

std::string read_all(int fd) {
    std::string text;
    std::array<char, 4096> buffer{};
    lseek(fd, 0, SEEK_SET);
    for (ssize_t got = 0; (got = read(fd, buffer.data(), buffer.size())) > 0;)
        text.append(buffer.data(), static_cast<std::size_t>(got));
    return text;
}

Descriptor memory_file(std::string_view text) {
    Descriptor file(memfd_create("text", MFD_CLOEXEC));
    if (write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) fail("memfd");
    lseek(file.get(), 0, SEEK_SET);
    return file;
}

} // namespace

void fail(std::string const& what) { throw std::runtime_error(what + ": " + std::strerror(errno)); }

std::optional<std::string> enter_namespace() {
    static std::optional<std::string> const why_not = enter();
    return why_not;
}

Ran run(std::vector<std::string> const& command, std::string_view input) {
    Descriptor const in = memory_file(input);
    Descriptor const out = memory_file({});
    std::vector<char*> arguments;
    for (std::string const& word : command)
        arguments.push_back(const_cast<char*>(word.c_str())); // execvp's signature
    arguments.push_back(nullptr);
    pid_t const child = fork();
    if (child < 0) fail("fork");
    if (child == 0) {
        dup2(in.get(), STDIN_FILENO);
        dup2(out.get(), STDOUT_FILENO);
        dup2(out.get(), STDERR_FILENO);
        execvp(arguments.front(), arguments.data());
        _exit(127);
    }
    int status = 0;
    if (waitpid(child, &status, 0) != child) fail("waitpid");
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), read_all(out.get())};
}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
}

Descriptor::~Descriptor() {
    if (fd_ >= 0) close(fd_);
}

Wire::Wire(std::string_view name) : tap_(open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK)) {
    ifreq request{};
    request.ifr_flags = IFF_TAP | IFF_NO_PI;
    name.copy(request.ifr_name, IFNAMSIZ - 1);
    if (ioctl(tap_.get(), TUNSETIFF, &request) != 0) fail("TUNSETIFF");
}

void Wire::write(std::span<std::uint8_t const> frame) const {
    if (::write(tap_.get(), frame.data(), frame.size()) != static_cast<ssize_t>(frame.size())) fail("tap");
}

void Wire::discard() const {
    std::array<std::uint8_t, 2048> buffer{};
    while (read(tap_.get(), buffer.data(), buffer.size()) > 0) {
    }
}

namespace {

struct Setting {
    std::string_view name;
    std::string_view value;
};
// Every packet reaches the hooks, every reject is answered, and the kernel says nothing of its own accord. Those of
// conf/default are for the devices that follow.
constexpr Setting settings[] = {
    {"ipv4/conf/all/forwarding", "1"},
    {"ipv4/conf/all/rp_filter", "0"},
    {"ipv4/conf/default/rp_filter", "0"},
    {"ipv4/conf/all/accept_local", "1"},
    {"ipv4/conf/all/send_redirects", "0"},
    {"ipv4/conf/default/send_redirects", "0"},
    {"ipv4/icmp_ratemask", "0"},
    {"ipv6/conf/all/forwarding", "1"},
    {"ipv6/conf/default/accept_dad", "0"},
    {"ipv6/conf/default/accept_ra", "0"},
    {"ipv6/conf/default/addr_gen_mode", "1"},
    {"ipv6/conf/default/router_solicitations", "0"},
    {"ipv6/icmp/ratemask", "255"},
    {"ipv6/auto_flowlabels", "0"}, // which hold the tags of probes
};

// Through a gateway, so that one neighbour serves all destinations; and a default route for every device, because a
// packet sent from a socket that is bound to a device needs one.
std::string of_device(std::string_view name, std::size_t i) {
    std::uint64_t const mac = ethernet_address(i);
    std::string batch = fmt::format("link set dev {} address 02:00:00:00:00:{:02x} arp off up\n", name, mac & 0xff);
    batch += fmt::format("addr add 10.255.{}.1/32 dev {}\naddr add 2001:db8:ff:{:x}::1/128 dev {} nodad\n", i, name, i, name);
    batch += fmt::format("route add default via 10.255.{}.254 dev {} onlink metric {}\n", i, name, 100 + i);
    batch += fmt::format("route add ::/0 via fe80::1 dev {} onlink metric {}\n", name, 100 + i);
    return batch;
}

std::string routes() {
    std::string batch = "link set lo up\n";
    for (std::size_t i = 0; i < interfaces.size(); ++i) batch += of_device(interfaces[i], i);
    auto const through = [&](std::string_view prefix, std::size_t i) {
        bool const v6 = prefix.find(':') != std::string_view::npos;
        batch += v6 ? fmt::format("route add {} via fe80::1 dev {} onlink\n", prefix, interfaces[i])
                    : fmt::format("route add {} via 10.255.{}.254 dev {} onlink\n", prefix, i, interfaces[i]);
    };
    for (auto const prefix : {"10.2.0.0/16", "192.168.2.0/24", "2001:db8:2::/48"}) through(prefix, 1);
    for (auto const prefix : {"10.4.0.0/16", "172.16.0.0/12", "2001:db8:4::/48"}) through(prefix, 2);
    for (auto const prefix : {"10.5.0.0/16", "192.0.2.0/24", "2001:db8:5::/48"}) through(prefix, 3);
    for (auto const prefix : {"10.1.0.0/16", "10.3.0.0/16", "192.168.1.0/24"})
        batch += fmt::format("route add local {} dev lo\n", prefix);
    for (auto const prefix : {"2001:db8:1::/48", "2001:db8:3::/48"})
        batch += fmt::format("route add local {} dev lo\n", prefix);
    return batch + "route add unreachable 2001:db8:a::/48 dev lo\n";
}

void ip_commands(std::string const& batch) {
    Ran const ran = run({"ip", "-batch", "-"}, batch);
    if (ran.code != 0) throw std::runtime_error("ip: " + ran.output + batch);
}

} // namespace

std::vector<Wire> make_devices() {
    for (Setting const& setting : settings) {
        if (!write_file(fmt::format("/proc/sys/net/{}", setting.name), setting.value))
            fail(std::string(setting.name));
    }
    std::vector<Wire> wires;
    for (std::string_view const name : interfaces) wires.emplace_back(name);
    ip_commands(routes());
    return wires;
}

Wire make_device(std::string_view name, std::size_t number) {
    Wire wire(name);
    ip_commands(of_device(name, number));
    return wire;
}

void set_routes(Routes const& routes) {
    static Routes standing;
    std::string batch;
    auto const say = [&](char const* verb, std::string const& address, std::string const& device) {
        bool const v6 = address.find(':') != std::string::npos;
        std::string const to = address + (v6 ? "/128" : "/32");
        if (device == "lo")
            batch += fmt::format("route {} local {} dev lo table local\n", verb, to);
        else
            batch += fmt::format("route {} {} via {} dev {} onlink\n", verb, to, v6 ? "fe80::1" : "10.255.255.254", device);
    };
    for (auto const& [address, device] : standing) say("del", address, device);
    for (auto const& [address, device] : routes) say("add", address, device);
    if (!batch.empty()) ip_commands(batch);
    standing = routes;
}

} // namespace portcullis::kernel
