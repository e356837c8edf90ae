// Rulesets out of a few lines, for tests of questions.
#pragma once
#include <memory>
#include <string>

#include "portcullis/catalogue/config.hpp"
#include "portcullis/dialect/read.hpp"
#include "portcullis/query/question.hpp"

namespace portcullis {

struct Firewall {
    Sources sources;
    Ruleset ruleset;

    Firewall(std::string text, Dialect dialect) {
        SourceId const source = sources.add("fw", std::move(text));
        Reading reading = read(sources, source, dialect);
        REQUIRE(reading.findings.empty());
        ruleset = std::move(reading.ruleset);
    }
    // The filter table of iptables with policies of DROP.
    explicit Firewall(std::string const& rules)
        : Firewall("*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT DROP [0:0]\n" + rules + "COMMIT\n", Dialect::iptables) {}

    std::uint32_t line(Span span) const { return sources[span.source].locate(span.begin).line; }
};

inline Config with_zones() {
    LoadedConfig loaded = load_config("[zones]\n"
                                      "lan = { networks = [\"10.0.0.0/8\"], interfaces = [\"eth1\"], trust = \"trusted\" }\n"
                                      "office = { networks = [\"192.168.0.0/16\"], trust = \"trusted\" }\n"
                                      "outside = { interfaces = [\"eth0\"], trust = \"untrusted\" }\n",
                                      "portcullis.toml");
    REQUIRE(loaded.errors.empty());
    return std::move(loaded.config);
}

inline Question question(std::string_view text, Config const& config) {
    ParsedQuestion parsed = parse_question(text, config);
    INFO(text << ": " << parsed.error);
    REQUIRE(parsed.question);
    return std::move(*parsed.question);
}

} // namespace portcullis
