// Chance with a seed, and the addresses that rules and packets both draw from, so that they meet.
#pragma once
#include <random>
#include <vector>

#include "portcullis/base/interval_set.hpp"

namespace portcullis::kernel {

constexpr unsigned tcp = 6, udp = 17, icmp = 1, icmpv6 = 58; // IANA protocol numbers

class Random {
  public:
    explicit Random(std::uint32_t seed) : engine_(seed) {}
    std::uint32_t below(std::size_t n) { return static_cast<std::uint32_t>(engine_() % n); }
    bool chance(std::uint32_t percent) { return below(100) < percent; }
    U128 within(Interval interval) {
        U128 any = 0;
        for (int word = 0; word < 4; ++word) any = any << 32 | engine_();
        U128 const size = interval.last - interval.first + 1;
        return interval.first + (size == 0 ? any : any % size);
    }
    template <class Choices> auto const& of(Choices const& choices) {
        return std::data(choices)[below(std::size(choices))];
    }

  private:
    std::mt19937 engine_;
};

// Where addresses in rules and packets come from; make_devices() says where each block leads to.
inline std::vector<Prefix> const& blocks(Family family) {
    auto const parse = [](std::initializer_list<std::string_view> texts) {
        std::vector<Prefix> all;
        for (std::string_view const text : texts) all.push_back(*parse_prefix(text));
        return all;
    };
    static auto const v4 =
        parse({"10.1.0.0/16", "10.2.0.0/15", "10.4.0.0/16", "10.5.0.0/24", "10.6.0.0/15", "10.8.0.0/16",
               "192.168.0.0/22", "172.16.0.0/12", "192.0.2.0/24", "203.0.113.0/24"});
    static auto const v6 = parse({"2001:db8:1::/48", "2001:db8:2::/47", "2001:db8:4::/47", "2001:db8:9::/48",
                                  "2001:db8:a::/48", "fd00::/16"});
    return family == Family::v4 ? v4 : v6;
}

inline U128 random_address(Random& random, Family family) {
    Prefix const block = random.of(blocks(family));
    return random.within({block.first(), block.last()});
}

} // namespace portcullis::kernel
