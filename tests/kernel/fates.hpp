// What the kernel does with packets, hook by hook. Chains of the laboratory's own stand before and behind all
// others at every hook and report what comes by over one NFLOG group, in order. A packet is accepted at a hook
// where it is seen behind it; once a later packet is seen, whatever was not seen behind its hook is known to have
// been stopped there. Nothing depends on time.
#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

#include "kernel/namespace.hpp"
#include "kernel/netfilter_socket.hpp"
#include "kernel/packet_bytes.hpp"
#include "portcullis/model/ruleset.hpp"

namespace portcullis::kernel {

// One probe at one hook that it came to.
struct Sighting {
    std::size_t probe = 0; // its place among those sent
    HookPoint hook{};
    Packet packet; // as the kernel had it on arrival at the hook, by its own words
    bool accepted = false;
    Packet left{}; // accepted: its addresses and ports as it left the hook
    bool answered = false; // not accepted, and an ICMP error or a TCP reset was sent for it
};

// With connection tracking, fragments are put together before any filter sees them; without, all packets are "new"
// here.
enum class Tracking : std::uint8_t { off, on };

// The bits of marks that the tested rulesets may use; the laboratory needs the others.
constexpr std::uint32_t usable_marks = 0xffff;
constexpr std::uint32_t usable_connection_marks = 0x7ff;

class Laboratory {
  public:
    // In the namespace of enter_namespace(), which has to have succeeded.
    Laboratory();

    // Replaces all rules by `nftables` and forgets all connections. What nft says where it refuses.
    std::string load(std::string const& nftables, Tracking tracking);

    // The same with the rules of a restore file, for the loader "legacy" or "nft", beside those of `nftables`; what a
    // loader says where it refuses.
    std::string load_iptables(std::string const& variant, Family family, std::string const& rules, Tracking tracking,
                              std::string const& nftables = {});

    // More rules of a restore file, beside those that are loaded.
    std::string add_iptables(std::string const& variant, Family family, std::string const& rules);

    // From now on there is a device of that name too.
    void have_interface(std::string const& name);

    // A probe with an input interface arrives on it; one without is sent from this host out of its output
    // interface, which may be "lo": it comes in again then.
    std::vector<Sighting> send(std::vector<Probe> const& probes);

  private:
    struct Batch;
    void inject(Probe const& probe, Tag tag) const;
    void discard_sent() const;
    void open_sockets(std::string const& name);

    struct Device {
        Wire wire;
        std::size_t number; // of its Ethernet address
    };
    struct Sockets { // bound to one device, or to lo
        Descriptor raw4, raw6;
    };
    std::map<std::string, Device> devices_;
    std::map<std::string, Sockets> sockets_;
    NetfilterSocket netfilter_;
    std::uint16_t batches_ = 0;
    std::set<std::string> programs_; // loaders of iptables-legacy whose tables have rules
    std::map<std::uint32_t, std::string> names_; // of interfaces, by index
};

} // namespace portcullis::kernel
