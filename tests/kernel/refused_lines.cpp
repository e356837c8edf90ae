// What the programs that load rules do not take of the project's own files, and why. The test fails where a line that is not
// here is refused, and where one that is here is not.
#include "kernel/loaded_files.hpp"

namespace portcullis::kernel {

std::vector<Refused> const& refused() {
    constexpr std::string_view every_alone = "tests/fixtures/nftables/every-statement/input.nft, each rule alone";
    constexpr std::string_view at_input = "the kernel takes it at other hooks alone than input, where these rules stand";
    constexpr std::string_view broken = "broken on purpose";
    constexpr std::string_view no_name = "a name that nobody resolves here", no_set = "a set that nobody has made";
    constexpr std::string_view nft_broken = "tests/fixtures/nftables/broken/input.nft";
    constexpr std::string_view every = "tests/fixtures/nftables/every-statement/input.nft";
    constexpr std::string_view hooks = "tests/fixtures/nftables/hooks-and-priorities/input.nft";
    constexpr std::string_view nft_loose = "tests/fixtures/nftables/loose-ends/input.nft";
    constexpr std::string_view v4_broken = "tests/fixtures/iptables/broken/input.rules";
    constexpr std::string_view v6_broken = "tests/fixtures/ip6tables/broken/input.rules";
    constexpr std::string_view exotic = "tests/fixtures/iptables/exotic-matches/input.rules";
    constexpr std::string_view by_hand = "tests/fixtures/iptables/hand-written/input.rules";
    constexpr std::string_view known_sets = "tests/fixtures/iptables/known-sets/input.rules";
    constexpr std::string_view v4_loose = "tests/fixtures/iptables/loose-ends/input.rules";
    static std::vector<Refused> const all{
        {nft_broken, {}, "", "broken on purpose: its last brace is missing"},
        {every, {}, "tcp option mptcp kind 1 accept", "nft 1.0.6 has no kind of an option that it knows"},
        {every, {}, "synproxy name \"sy\"",
         "between two ends of this host it answers itself without end", Refused::By::laboratory},
        {every_alone, {}, "tcp option maxseg size set rt mtu", at_input},
        {every_alone, {}, "rt mtu 5 accept", at_input},
        {every_alone, {}, "ipsec out spnum 1 spi 5 accept", at_input},
        {hooks, {}, "tcp dport 8080 redirect to :80", "redirect behind routing, which PC406 tells"},
        {nft_loose, {}, "ip saddr mirror.example.org tcp dport 873 accept", no_name, Refused::By::resolver},
        {v4_broken, {}, "", "broken on purpose: it has no COMMIT"},
        {v6_broken, {}, "-A INPUT -s 192.0.2.0/24 -j ACCEPT", broken},
        {v6_broken, {}, "-A INPUT -s 2001:db8::/129 -j ACCEPT", broken},
        {v6_broken, {}, "-A INPUT -f -j DROP", broken},
        {v6_broken, {}, "-A INPUT -p ipv6-icmp -m icmp6 --icmpv6-type nonsense -j ACCEPT", broken},
        {v6_broken, {}, "-A INPUT -j lost", broken},
        {v4_loose, {}, "-A REFUSED --dport 113 -j REJECT", "a port without a protocol"},
        {by_hand, Loader::iptables_nft, "-R SERVICES 1 -p tcp --syn --dport 8080 -j ACCEPT",
         "behind a -D in the same chain, iptables-nft-restore 1.8.9 crashes on it"},
        {exotic, {}, "-A INPUT -m set --match-set blocked src -j DROP", no_set},
        {exotic, {}, "-A FORWARD -m geoip ! --source-country XX -j DROP", "an extension that is not part of Linux"},
        {known_sets, {}, "-A INPUT -p tcp -m tcp --dport 3389 -m set --match-set missing src -j ACCEPT", no_set},
        {v4_loose, {}, "-A INPUT -s monitoring.example.net -p tcp --dport 5666 -j ACCEPT", no_name, Refused::By::resolver},
    };
    return all;
}

} // namespace portcullis::kernel
