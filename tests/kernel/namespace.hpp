// A network namespace of this test program's own, so that nothing of the machine's own network is touched: the
// program moves into it for the rest of its life, and the namespace ends with it. In it stand a few devices that
// the program holds the other ends of, and routes that lead to them.
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace portcullis::kernel {

// Why this machine cannot run these tests; nothing once the program is in its namespace.
std::optional<std::string> enter_namespace();

struct Ran {
    int code = 0; // as a shell has it: 127 where there is no such program
    std::string output;
};
// Runs a program within the namespace, with `input` as its standard input; its output is both of its streams.
Ran run(std::vector<std::string> const& command, std::string_view input = {});

// Owns a file descriptor.
class Descriptor {
  public:
    Descriptor() = default;
    explicit Descriptor(int fd) : fd_(fd) {}
    Descriptor(Descriptor&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
    Descriptor& operator=(Descriptor&& other) noexcept;
    ~Descriptor();
    int get() const { return fd_; }

  private:
    int fd_ = -1;
};

// The failure of a system call in words; all that goes wrong behind enter_namespace() is one.
[[noreturn]] void fail(std::string const& what);

// An Ethernet device whose cable this program holds: what it writes arrives on the device.
class Wire {
  public:
    explicit Wire(std::string_view name);
    void write(std::span<std::uint8_t const> frame) const;
    // Takes out what the kernel sent, so that its queue never fills.
    void discard() const;

  private:
    Descriptor tap_;
};

// The devices, in the order of their numbers; "eth1" and "eth10" so that "eth1*" means something.
constexpr std::array<std::string_view, 4> interfaces{"eth0", "eth1", "eth10", "wan0"};
// The Ethernet address of interfaces[number].
constexpr std::uint64_t ethernet_address(std::size_t number) { return 0x02'00'00'00'00'01 + number; }

// Devices up, forwarding on, all filters of the kernel's own off. 10.1/16, 10.3/16, 192.168.1/24, 2001:db8:1::/48
// and 2001:db8:3::/48 are the host itself; other destinations are reached through one interface or another,
// whatever the source; 2001:db8:a::/48 is unreachable.
std::vector<Wire> make_devices();
// One more device, up, whose Ethernet address is that of `number`. Nothing is routed to it yet but what a socket sends
// that is bound to it.
Wire make_device(std::string_view name, std::size_t number);

// Where packets to an address go: to a device, or to this host where it is "lo".
using Routes = std::map<std::string, std::string>;
// Takes away the routes of the last call, and makes these. Those of make_devices() stay, for all other addresses.
void set_routes(Routes const& routes);

} // namespace portcullis::kernel
