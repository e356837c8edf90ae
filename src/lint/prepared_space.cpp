#include "lint/prepared_space.hpp"

#include <fmt/format.h>
#include <string_view>

#include "lint/checks.hpp"
#include "portcullis/dialect/read.hpp"
#include "portcullis/engine/prepared.hpp"

namespace portcullis {

namespace {

// A file's sets may take this many nodes of 16 bytes, table and cache on top.
constexpr std::size_t node_limit = std::size_t{1} << 24U;

// One sample of each kind, with a bit of everything and nothing opaque: what all rules of lint ask about it is what is prepared. One
// of its chains is long (`sequential_limit` in engine/reach.cpp).
struct Sample {
    Dialect dialect;
    std::string_view begin;
    std::string_view line; // of which there are many, with numbers in place of {0}
    std::string_view end;
};

constexpr Sample samples[] = {
    {Dialect::iptables,
     R"(*filter
:INPUT DROP [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -m conntrack --ctstate INVALID -j DROP
-A INPUT -p tcp -m tcp --dport 80 -j ACCEPT
-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -s 10.0.0.0/8 -p tcp -m tcp --dport 443 -j ACCEPT
)",
     "-A INPUT -s 10.{0}.0.0/16 -p tcp -m tcp --dport 20{0} -j ACCEPT\n", "COMMIT\n"},
    {Dialect::nftables,
     R"(table inet filter {
	chain forward {
		type filter hook forward priority filter; policy drop;
		ct state established,related accept
		ip saddr 10.0.0.0/8 tcp dport 443 accept
	}
	chain input {
		type filter hook input priority filter; policy drop;
		iif "lo" accept
		ct state established,related accept
		ct state invalid drop
		tcp dport 80 accept
)",
     "\t\tip saddr 10.{0}.0.0/16 tcp dport 20{0} accept\n", "\t}\n}\n"},
    {Dialect::cisco_ios,
     R"(interface GigabitEthernet0/0
 ip access-group OUTSIDE in
ip access-list extended OUTSIDE
 permit tcp any any eq 80
 permit udp any any eq 53
)",
     " permit tcp 10.{0}.0.0 0.0.255.255 any eq 20{0}\n", " deny ip any any log\n"},
};

std::string text_of(Sample const& sample) {
    std::string text(sample.begin);
    for (int number = 0; number < 40; ++number) text += fmt::format(fmt::runtime(sample.line), number);
    return text.append(sample.end);
}

void lint_sample(Sample const& sample, std::shared_ptr<Space> const& space) {
    Sources sources;
    SourceId const source = sources.add("sample", text_of(sample));
    Reading const reading = read(sources, source, sample.dialect);
    LintOptions const options;
    Context ctx(reading.ruleset, sources, options, Asking::untrusted, space);
    Findings findings;
    for (NamedCheck const& named : checks()) {
        ctx.run(*find_rule(named.slug));
        named.check(ctx, findings);
    }
}

std::unique_ptr<Space const> prepare(Sample const& sample) {
    return prepared(node_limit, [&](Space& space) {
        lint_sample(sample, {std::shared_ptr<Space>(), &space}); // whose it stays
    });
}

} // namespace

std::shared_ptr<Space> prepared_space(Dialect dialect) {
    switch (dialect) {
    case Dialect::iptables:
    case Dialect::ip6tables:
    case Dialect::iptables_script: {
        static auto const space = prepare(samples[0]);
        return std::make_shared<Space>(*space);
    }
    case Dialect::nftables:
    case Dialect::nft_json: {
        static auto const space = prepare(samples[1]);
        return std::make_shared<Space>(*space);
    }
    default: {
        static auto const space = prepare(samples[2]);
        return std::make_shared<Space>(*space);
    }
    }
}

} // namespace portcullis
