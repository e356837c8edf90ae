#include "rule_lists.hpp"

#include <algorithm>
#include <array>
#include <random>
#include <span>

namespace portcullis::bench {

namespace {

struct Choice {
    unsigned weight;
    unsigned value;
};
using Choices = std::span<Choice const>;

enum PortClass : unsigned { any_port, high_ports, low_ports, port_range, one_port };

// What one flavour is made of: weights by value.
struct Profile {
    Choices lengths;   // of source and destination prefix, source * 100 + destination
    Choices protocols; // 0: any
    Choices source_ports;
    Choices destination_ports;
    unsigned skew;    // how unevenly addresses spread, in percent for the heavier half of each network
    unsigned permits; // in percent
};

constexpr std::array acl_lengths{Choice{18, 32},   Choice{10, 24},  Choice{14, 1632}, Choice{12, 2432},
                                 Choice{10, 3232}, Choice{8, 2424}, Choice{6, 2032},  Choice{6, 2828},
                                 Choice{5, 832},   Choice{5, 1624}, Choice{3, 2730},  Choice{2, 2400},
                                 Choice{1, 16}};
constexpr std::array acl_protocols{Choice{72, 6}, Choice{17, 17}, Choice{5, 1}, Choice{5, 0}, Choice{1, 50}};
constexpr std::array acl_source_ports{Choice{97, any_port}, Choice{2, high_ports}, Choice{1, one_port}};
constexpr std::array acl_ports{Choice{62, one_port}, Choice{18, any_port}, Choice{13, port_range},
                               Choice{6, high_ports}, Choice{1, low_ports}};

constexpr std::array firewall_lengths{Choice{22, 32},   Choice{14, 3200}, Choice{10, 24},  Choice{8, 2400},
                                      Choice{14, 3232}, Choice{8, 2432},  Choice{8, 3224}, Choice{6, 1632},
                                      Choice{4, 1616},  Choice{4, 800},   Choice{2, 0}};
constexpr std::array firewall_protocols{Choice{55, 6}, Choice{28, 17}, Choice{8, 0},
                                        Choice{6, 1},  Choice{2, 47},  Choice{1, 50}};
constexpr std::array firewall_source_ports{Choice{78, any_port}, Choice{10, one_port}, Choice{8, high_ports},
                                           Choice{4, port_range}};
constexpr std::array firewall_ports{Choice{55, one_port}, Choice{28, any_port}, Choice{9, port_range},
                                    Choice{8, high_ports}};

constexpr std::array chain_lengths{Choice{40, 3232}, Choice{14, 2432}, Choice{14, 3224},
                                   Choice{9, 2424},  Choice{7, 1632},  Choice{6, 3216},
                                   Choice{4, 3200},  Choice{4, 32},    Choice{2, 1616}};
constexpr std::array chain_protocols{Choice{50, 6}, Choice{30, 17}, Choice{14, 0}, Choice{6, 1}};
constexpr std::array chain_source_ports{Choice{80, any_port}, Choice{12, one_port}, Choice{8, high_ports}};
constexpr std::array chain_ports{Choice{52, one_port}, Choice{30, any_port}, Choice{10, port_range},
                                 Choice{8, high_ports}};

constexpr Profile acl{acl_lengths, acl_protocols, acl_source_ports, acl_ports, 78, 70};
constexpr Profile firewall{firewall_lengths, firewall_protocols, firewall_source_ports, firewall_ports, 84, 60};
constexpr Profile ip_chain{chain_lengths, chain_protocols, chain_source_ports, chain_ports, 72, 65};

constexpr std::array<unsigned, 24> services{80,  443, 22,   25,   53,   110,  143,  123,  161,  389,  445,  587,
                                            636, 993, 1433, 1521, 3306, 3389, 5060, 5432, 8080, 8443, 9100, 514};

class Generator {
  public:
    explicit Generator(std::uint64_t seed) : engine_(seed) {}

    Match realistic(Profile const& profile) {
        Match match;
        unsigned const lengths = pick(profile.lengths);
        prefix(match, Field::src4, lengths / 100, profile.skew);
        prefix(match, Field::dst4, lengths % 100, profile.skew);
        unsigned const protocol = pick(profile.protocols);
        if (protocol != 0) term(match, Field::protocol, ValueSet::single(protocol));
        if (protocol == 6 || protocol == 17) {
            ports(match, Field::sport, pick(profile.source_ports));
            ports(match, Field::dport, pick(profile.destination_ports));
        }
        return match;
    }

    Match hostile(Flavour flavour) {
        Match match;
        if (flavour == Flavour::wildcards) {
            for (Field const field : {Field::src4, Field::dst4}) {
                // A mask with four to twelve holes anywhere, as in "0.0.5.255" and worse.
                U128 mask = max_value(32);
                for (unsigned hole = 4 + below(9); hole-- > 0;) mask &= ~(U128{1} << below(24));
                term(match, field, ValueSet::masked(U128{below(1U << 24U)} & mask, mask));
            }
            return match;
        }
        for (Field const field : {Field::src4, Field::dst4, Field::sport, Field::dport}) {
            U128 const all = max_value(info(field).bits);
            bool const around = flavour == Flavour::overlapping; // the middle value is in all of them
            U128 const width = all / 100 * (10 + below(26));
            U128 const first = around ? all / 2 - width / 100 * below(100) : (all - width) / 10000 * below(10000);
            term(match, field, ValueSet::range(first, first + width));
        }
        return match;
    }

    unsigned below(std::uint64_t n) { return static_cast<unsigned>(engine_() % n); }

  private:
    unsigned pick(Choices choices) {
        unsigned total = 0;
        for (Choice const& one : choices) total += one.weight;
        unsigned at = below(total);
        for (Choice const& one : choices) {
            if (at < one.weight) return one.value;
            at -= one.weight;
        }
        return choices.back().value;
    }

    static void term(Match& match, Field field, ValueSet values) {
        match.terms.push_back({field, std::move(values), {}});
    }

    // Bit by bit into the heavier half or the lighter one; which half is the heavier is a matter of the network.
    void prefix(Match& match, Field field, unsigned length, unsigned skew) {
        if (length == 0) return;
        std::uint32_t value = 0;
        for (unsigned bit = 0; bit < length; ++bit) {
            std::uint64_t const network =
                (std::uint64_t{value} + 1) * 0x9E3779B97F4A7C15ULL + bit * 0xBF58476D1CE4E5B9ULL;
            bool const heavier = (network >> 33U & 1U) != 0;
            bool const one = below(100) < skew ? heavier : !heavier;
            value = value << 1U | (one ? 1U : 0U);
        }
        value = length == 32 ? value : value << (32 - length);
        term(match, field, ValueSet(IntervalSet::of(Prefix{{Family::v4, value}, length})));
    }

    void ports(Match& match, Field field, unsigned kind) {
        switch (kind) {
        case high_ports: term(match, field, ValueSet::range(1024, 65535)); break;
        case low_ports: term(match, field, ValueSet::range(0, 1023)); break;
        case port_range: {
            U128 const first = 1024 + below(40000);
            term(match, field, ValueSet::range(first, first + 1 + below(below(4) == 0 ? 5000 : 50)));
            break;
        }
        case one_port: {
            unsigned const often = below(100);
            term(match, field,
                 ValueSet::single(often < 75 ? services[below(1 + below(services.size()))] : 1024 + below(30000)));
            break;
        }
        default: break;
        }
    }

    std::mt19937_64 engine_;
};

// How much of the address space a match leaves, so that lists go from the special to the general as people write
// them.
double width(Match const& match) {
    double product = 1;
    for (Term const& one : match.terms) {
        if (one.field != Field::src4 && one.field != Field::dst4) continue;
        product *= (static_cast<double>(one.values.intervals.count())) / 4294967296.0;
    }
    return product;
}

constexpr std::array<std::pair<std::string_view, Flavour>, 6> names{{{"acl", Flavour::acl},
                                                                     {"fw", Flavour::firewall},
                                                                     {"ipc", Flavour::ip_chain},
                                                                     {"ranges", Flavour::ranges},
                                                                     {"wildcards", Flavour::wildcards},
                                                                     {"overlapping", Flavour::overlapping}}};

} // namespace

std::optional<Flavour> flavour_by_name(std::string_view name) {
    for (auto const& [known, flavour] : names) {
        if (known == name) return flavour;
    }
    return std::nullopt;
}

std::string_view to_string(Flavour flavour) { return names[static_cast<std::size_t>(flavour)].first; }

Ruleset rule_list(Flavour flavour, std::size_t count, std::uint64_t seed) {
    Generator generator(seed);
    Chain chain;
    chain.name = "LIST";
    chain.hook = Hook{};
    chain.hook->point = HookPoint::forward;
    chain.policy = Drop{};
    bool const hostile = flavour >= Flavour::ranges;
    Profile const& profile = flavour == Flavour::acl ? acl : flavour == Flavour::firewall ? firewall : ip_chain;
    struct Draft {
        double width;
        Match match;
    };
    std::vector<Draft> drafts;
    drafts.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        Match match = hostile ? generator.hostile(flavour) : generator.realistic(profile);
        double const key = hostile ? 0 : width(match);
        drafts.push_back({key, std::move(match)});
    }
    // From the special to the general, and then as years of changes leave a list: rules a little too early or too
    // late, and one in a thousand anywhere.
    std::stable_sort(drafts.begin(), drafts.end(),
                     [](Draft const& a, Draft const& b) { return a.width < b.width; });
    for (std::size_t i = 0; i < count / 20; ++i) {
        std::size_t const at = generator.below(count);
        std::swap(drafts[at], drafts[std::min(count - 1, at + generator.below(200))]);
    }
    for (std::size_t i = 0; i < count / 2000; ++i)
        std::swap(drafts[generator.below(count)], drafts[generator.below(count)]);
    chain.rules.reserve(count);
    for (Draft& draft : drafts) {
        Rule& rule = chain.rules.emplace_back();
        rule.match = std::move(draft.match);
        rule.verdict = generator.below(100) < profile.permits ? Verdict(Accept{}) : Verdict(Drop{});
        rule.origin = static_cast<std::uint32_t>(chain.rules.size() - 1);
    }
    Ruleset ruleset;
    ruleset.chains.push_back(std::move(chain));
    return ruleset;
}

} // namespace portcullis::bench
