// A permit of single system ports (RFC 6335) on a transport that nothing listens on there, while a service of the
// catalogue does on the other; and ICMP of the other family, which loads everywhere and never matches.
#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "lint/context.hpp"

namespace portcullis {

namespace {

constexpr std::uint8_t tcp = static_cast<std::uint8_t>(Protocol::tcp);
constexpr std::uint8_t udp = static_cast<std::uint8_t>(Protocol::udp);

struct Misplaced {
    Service const* service = nullptr;
    std::uint16_t port = 0;
    std::uint8_t has = 0; // the transport that the rule names
    std::uint8_t needs = 0;
};

// What services have to say of ports, each looked up once.
class Transports {
  public:
    explicit Transports(Context const& ctx)
        : catalogue_(ctx.catalogue()), highest_(static_cast<U128>(ctx.rule().parameter("highest-port"))) {}

    std::optional<Misplaced> misplaced(Match const& match) {
        auto const protocols = named_values(match, Field::protocol);
        auto const ports = named_values(match, Field::dport);
        if (!protocols || !ports || protocols->count() != 1) return std::nullopt;
        U128 const named = protocols->intervals().front().first;
        if (named != tcp && named != udp) return std::nullopt;
        for (Interval const& interval : ports->intervals()) {
            if (interval.first > highest_) break;
            if (interval.first != interval.last || interval.first == 0) continue;
            auto const found = at(static_cast<std::uint8_t>(named), static_cast<std::uint16_t>(interval.first));
            if (found.service != nullptr) return found;
        }
        return std::nullopt;
    }

  private:
    // Without a service where the port is at home on this transport, or on neither.
    Misplaced at(std::uint8_t has, std::uint16_t port) {
        std::uint8_t const needs = has == tcp ? udp : tcp;
        auto const [known, is_new] = known_.try_emplace({has, port}, nullptr);
        if (is_new) {
            auto const there = catalogue_.at(needs, port);
            if (!there.empty() && catalogue_.at(has, port).empty()) known->second = there.front();
        }
        return {known->second, port, has, needs};
    }

    Catalogue const& catalogue_;
    U128 highest_;
    std::map<std::pair<std::uint8_t, std::uint16_t>, Service const*> known_; // by the transport that a rule names
};

// The families of which the chain sees packets, without those that the match rules out.
struct Families {
    bool v4 = false;
    bool v6 = false;
};

Families families(Context const& ctx, ChainId id) {
    Families seen;
    for (ChainId const base : ctx.bases(id)) {
        seen.v4 = seen.v4 || ctx.ruleset().chains[base].hook->v4;
        seen.v6 = seen.v6 || ctx.ruleset().chains[base].hook->v6;
    }
    return seen;
}

// The protocol that the other family has, or nothing.
std::optional<Protocol> foreign_icmp(Families const& seen, Match const& match) {
    auto const protocols = named_values(match, Field::protocol);
    if (!protocols || protocols->count() != 1) return std::nullopt;
    U128 const named = protocols->intervals().front().first;
    if (named == number(Protocol::icmp) && seen.v6 && !seen.v4) return Protocol::icmp;
    if (named == number(Protocol::icmpv6) && seen.v4 && !seen.v6) return Protocol::icmpv6;
    return std::nullopt;
}

} // namespace

void check_wrong_transport(Context const& ctx, Findings& out) {
    Transports transports(ctx);
    for (ChainId id = 0; id < ctx.ruleset().chains.size(); ++id) {
        Chain const& chain = ctx.ruleset().chains[id];
        if (chain.hook && !chain.filters) continue; // a list that selects other things than packets to pass
        Families const seen = families(ctx, id);
        for (std::size_t i = 0; i < chain.rules.size(); ++i) {
            Rule const& rule = chain.rules[i];
            if (auto const icmp = foreign_icmp(seen, rule.match)) {
                bool const v4 = *icmp == Protocol::icmp;
                add_finding(ctx, out, id, i)
                    .arg("what",
                         fmt::format("{} is no protocol of {}", v4 ? "icmp" : "icmpv6", v4 ? "IPv6" : "IPv4"))
                    .arg("instead", v4 ? "icmpv6" : "icmp");
            }
            if (!std::holds_alternative<Accept>(rule.verdict) || !is_plain(chain.rules, i)) continue;
            if (auto const found = transports.misplaced(rule.match)) {
                std::string const has = value_text(Field::protocol, found->has);
                std::string const needs = value_text(Field::protocol, found->needs);
                add_finding(ctx, out, id, i)
                    .arg("what", fmt::format("{} does not use {}/{}", found->service->name, has, found->port))
                    .arg("instead", fmt::format("{}/{}", needs, found->port));
            }
        }
    }
}

} // namespace portcullis
