#include "kernel/random_probes.hpp"

#include <algorithm>
#include <functional>

#include "kernel/random.hpp"

namespace portcullis::kernel {

namespace {

class Probes {
  public:
    Probes(RandomRuleset const& ruleset, std::uint32_t seed) : ruleset_(ruleset), random_(seed) {}

    std::vector<Probe> run(std::size_t count) {
        std::vector<Probe> all;
        while (all.size() < count) {
            // The answer to an earlier packet makes a connection established.
            bool const reply = !all.empty() && random_.chance(20);
            all.push_back(reply ? answer_to(random_.of(all)) : fresh());
        }
        return all;
    }

  private:
    // At a boundary of the ruleset, beside it, or anything.
    U128 value(Field field, std::function<U128()> const& any) {
        auto const known = ruleset_.boundaries.find(field);
        if (known == ruleset_.boundaries.end() || random_.chance(25)) return any();
        U128 const boundary = random_.of(known->second);
        U128 const moved = random_.chance(60) ? boundary : random_.chance(50) ? boundary + 1 : boundary - 1;
        return moved & max_value(info(field).bits);
    }
    U128 number(Field field, U128 low, U128 high) {
        return std::clamp(value(field, [&] { return random_.within({low, high}); }), low, high);
    }

    // A value of no interest where no rule asks about it.
    U128 if_asked(Field field) {
        return ruleset_.boundaries.contains(field) ? value(field, [] { return U128{0}; }) : U128{0};
    }

    U128 protocol(bool is_v4) {
        for (auto const& [field, protocol] :
             {std::pair{Field::esp_spi, Protocol::esp}, {Field::ah_spi, Protocol::ah}})
            if (ruleset_.boundaries.contains(field) && random_.chance(15)) return portcullis::number(protocol);
        std::uint32_t const dice = random_.below(100);
        if (dice < 45) return tcp;
        if (dice < 70) return udp;
        if (dice < 85) return is_v4 ? icmp : icmpv6;
        constexpr unsigned others[] = {icmp, icmpv6, 33, 132, 136, 47, 50, 253};
        return random_.of(others);
    }

    void addresses(Packet& packet) {
        Family const family = packet.family();
        auto const any = [&] { return random_address(random_, family); };
        packet[src_field(family)] = value(src_field(family), any);
        packet[dst_field(family)] = value(dst_field(family), any);
    }

    Probe fresh() {
        Probe probe;
        Packet& packet = probe.packet;
        bool const v4 = ruleset_.family ? *ruleset_.family == Family::v4 : random_.chance(60);
        packet[Field::family] = v4 ? family_v4 : family_v6;
        addresses(packet);
        bool const is_v4 = packet.family() == Family::v4;
        packet[Field::protocol] = protocol(is_v4);
        packet[Field::sport] = number(Field::sport, 1, 65535);
        packet[Field::dport] = number(Field::dport, 1, 65535);
        packet[Field::icmp_type] = number(Field::icmp_type, 0, 255);
        packet[Field::icmp_code] = number(Field::icmp_code, 0, 255);
        packet[Field::tcp_flags] = flags();
        packet[Field::dscp] = number(Field::dscp, 0, 63);
        packet[Field::ecn] = if_asked(Field::ecn);
        packet[Field::esp_spi] = if_asked(Field::esp_spi);
        packet[Field::ah_spi] = if_asked(Field::ah_spi);
        packet[Field::ttl] = number(Field::ttl, 2, 255);
        packet[Field::length] = number(Field::length, 20, 400);
        if (is_v4 && ruleset_.tracking == Tracking::off && !ruleset_.misreads_fragments && random_.chance(20))
            packet[Field::fragment] = 1;
        probe.options_header = !is_v4 && ruleset_.options_headers && random_.chance(15);
        way(packet);
        return probe;
    }

    U128 flags() {
        if (random_.chance(40)) return tcp_flag::syn;
        return value(Field::tcp_flags, [&] { return U128{random_.below(256)}; });
    }

    // In by one interface, or from the host out by one.
    void way(Packet& packet) {
        bool const arrives = random_.chance(72);
        packet[Field::iif] = arrives ? interface_value(random_.of(interfaces)) : 0;
        packet[Field::oif] = arrives ? 0 : interface_value(random_.of(interfaces));
        packet[Field::src_mac] = 0x02'00'00'00'aa'00 + random_.below(17);
        packet[Field::packet_type] = arrives && random_.chance(10) ? 1 + random_.below(2) : 0;
    }

    Probe answer_to(Probe probe) {
        Packet& packet = probe.packet;
        std::swap(packet[src_field(packet.family())], packet[dst_field(packet.family())]);
        std::swap(packet[Field::sport], packet[Field::dport]);
        if (packet[Field::tcp_flags] == tcp_flag::syn) packet[Field::tcp_flags] |= tcp_flag::ack;
        constexpr U128 echo4 = 8, echo6 = 128, reply6 = 129;
        if (packet[Field::protocol] == icmp && packet[Field::icmp_type] == echo4) packet[Field::icmp_type] = 0;
        if (packet[Field::protocol] == icmpv6 && packet[Field::icmp_type] == echo6)
            packet[Field::icmp_type] = reply6;
        way(packet);
        return probe;
    }

    RandomRuleset const& ruleset_;
    Random random_;
};

} // namespace

std::vector<Probe> random_probes(RandomRuleset const& ruleset, std::uint32_t seed, std::size_t count) {
    return Probes(ruleset, seed).run(count);
}

} // namespace portcullis::kernel
