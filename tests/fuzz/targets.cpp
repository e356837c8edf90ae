#include "fuzz/targets.hpp"

#include <algorithm>
#include <atomic>
#include <stdexcept>

#include "app/packet_line.hpp"
#include "fuzz/promises.hpp"
#include "lsp/framer.hpp"
#include "lsp/server.hpp"
#include "portcullis/query/assertions.hpp"
#include "portcullis/report/formats.hpp"
#include "portcullis/report/html.hpp"

namespace portcullis::fuzz {

Reading read_with_includes(Sources& sources, SourceId source, Dialect dialect) {
    ReadOptions options;
    options.include = [&sources](std::string const& pattern, SourceId) {
        return Included{{sources.add(pattern, "accept\ninclude \"" + pattern + "\"\n")}, {}};
    };
    return read(sources, source, dialect, options);
}

ReadText::ReadText(std::string_view text, Dialect dialect)
    : source(sources.add("input", std::string(text))), reading(read_with_includes(sources, source, dialect)) {}

bool is_read_whole(Reading const& reading) {
    for (Finding const& finding : reading.findings.all())
        if (is_unread(finding)) return false;
    return true;
}

namespace {

void check_span(Sources const& sources, Span span) {
    require(span.source < sources.size(), "a span is in one of the sources");
    require(span.begin <= span.end && span.end <= sources[span.source].text().size(),
            "a span is within its source");
}

void check_finding(Sources const& sources, Finding const& finding) {
    check_span(sources, finding.span);
    for (Related const& related : finding.related) check_span(sources, related.span);
}

} // namespace

void check_reading(ReadText const& read) {
    auto const& [sources, source, reading] = read;
    for (Chain const& chain : reading.ruleset.chains) {
        check_span(sources, chain.span);
        check_span(sources, chain.policy_span);
        for (Rule const& rule : chain.rules) {
            check_span(sources, rule.span);
            if (auto const* jump = std::get_if<Jump>(&rule.verdict)) {
                require(jump->chain == no_chain || jump->chain < reading.ruleset.chains.size(),
                        "a jump leads to a chain");
            }
        }
    }
    for (Unmodelled const& text : reading.ruleset.unmodelled) check_span(sources, text.span);
    for (Finding const& finding : reading.findings.all()) check_finding(sources, finding);
    to_text(reading.ruleset);
}

namespace {

// Firewalls that hosts load: read, written again, laid out.
template <Dialect dialect> void run_loaded(std::string_view text) {
    ReadText const read(text, dialect);
    check_reading(read);
    check_writing(read, dialect);
    check_format(text, dialect);
}

void run_iptables(std::string_view text) {
    run_loaded<Dialect::iptables>(text);
    run_loaded<Dialect::ip6tables>(text);
}

template <Dialect dialect> void run_reader(std::string_view text) { check_reading(ReadText(text, dialect)); }

// As the platform that it looks like; what looks like none, as each of them.
void run_cisco(std::string_view text) {
    constexpr std::array platforms{Dialect::cisco_ios, Dialect::cisco_asa, Dialect::cisco_nxos, Dialect::cisco_xr};
    auto const detected = detect_dialect(text);
    bool const known = detected && std::find(platforms.begin(), platforms.end(), *detected) != platforms.end();
    for (Dialect const platform : platforms)
        if (!known || platform == *detected) check_reading(ReadText(text, platform));
}

void run_ipset(std::string_view text) {
    Sources sources;
    SourceId const source = sources.add("input", std::string(text));
    IpsetReading const reading = read_ipset(sources, source);
    for (Finding const& finding : reading.findings.all()) check_finding(sources, finding);
}

// What `portcullis lint`, `audit` and `convert` do with a file.
void run_analysis(std::string_view text) {
    auto const dialect = detect_dialect(text);
    if (!dialect) return;
    auto sources = std::make_shared<Sources>();
    SourceId const source = sources->add("input", std::string(text));
    Reading reading = read_with_includes(*sources, source, *dialect);
    LintOptions options;
    options.exposures = true;
    options.outline = true;
    Report report{"", {lint(sources, source, *dialect, std::move(reading), options)}, Severity::info};
    for (Diagnostic const& d : report.files[0].findings) check_finding(*sources, d.finding);
    text_audit(report, {});
    text_report(report, {true, false});
    json_report(report, true);
    for (ReportFormat const& format : report_formats()) format.write(report);
    html_report(report);
    check_conversion(text, *dialect);
}

void check_errors(std::vector<ConfigError> const& errors, std::string_view text) {
    for (ConfigError const& error : errors) {
        require(!error.message.empty() && error.line >= 1 && error.column >= 1,
                "an error of configuration has a place");
        require(error.line <= text.size() + 1, "an error of configuration is in the text");
    }
}

void load_config_text(std::string_view text) {
    LoadedConfig const loaded = load_config(text, "portcullis.toml");
    check_errors(loaded.errors, text);
    for (Family const family : {Family::v4, Family::v6}) loaded.config.untrusted_sources(family);
    loaded.config.trusted_interfaces();
}

void load_catalogue_text(std::string_view text) {
    auto const loaded = Catalogue::built_in().extended(text, "services.toml");
    check_errors(loaded.errors, text);
    for (Service const& service : loaded.catalogue.services()) {
        require(loaded.catalogue.find(service.name) != nullptr, "every service is found by its name");
    }
}

void run_one_packet(std::string_view text) {
    ParsedPacket const parsed = parse_packet(text);
    require(parsed.packet.has_value() == parsed.error.empty(), "there is a packet or an error");
    if (!parsed.packet) return;
    std::string const written = to_text(*parsed.packet);
    ParsedPacket const again = parse_packet(written);
    require(!again.packet || to_text(*again.packet) == written, "a packet is read as it is written");
}

// Packets a line, as `trace --packets` reads them.
void run_packet_lines(std::string_view text) {
    app::PacketLineReader reader;
    while (!text.empty()) {
        std::string_view const line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
        try {
            app::PacketLine const read = reader.read(line);
            require(read.packet.family() == Family::v4 || read.packet.family() == Family::v6, "a packet has a family");
        } catch (std::runtime_error const& why) {
            require(*why.what() != 0, "an error of a packet is a sentence");
        }
    }
}

void run_packet(std::string_view text) {
    run_one_packet(text);
    run_packet_lines(text);
}

void run_question(std::string_view text) {
    static Config const config;
    ParsedQuestion const parsed = parse_question(text, config);
    require(parsed.question.has_value() == parsed.error.empty(), "there is a question or an error");
    require(parsed.error.size() < 1000, "an error is short, whatever the question is");
}

void load_assertions_text(std::string_view text) {
    static Config const config;
    LoadedAssertions const loaded = load_assertions(text, "assertions.toml", config);
    check_errors(loaded.errors, text);
    require(!loaded.errors.empty() || !loaded.assertions.tests.empty(), "there is a test or an error");
}

// Every kind of TOML that users write.
void run_configuration(std::string_view text) {
    load_config_text(text);
    load_catalogue_text(text);
    load_assertions_text(text);
    load_policy_text(text);
}

// What `portcullis lsp` does with its input: however it is cut it is the same messages, and every answer is JSON. Texts are
// looked at by the reader of iptables alone.
void run_lsp(std::string_view text) {
    lsp::Framer::Limits const limits{512, 1 << 16};
    lsp::Framer whole(limits);
    lsp::Framer piecewise(limits);
    whole.feed(text);
    lsp::Surroundings around;
    around.load = [](std::string const& path, std::string const&, lsp::OpenTexts const& open) {
        lsp::LoadedText loaded;
        loaded.sources = std::make_shared<Sources>();
        loaded.source = loaded.sources->add(path, *open.at(path).text);
        loaded.dialect = Dialect::iptables;
        loaded.reading = read(*loaded.sources, loaded.source, *loaded.dialect);
        return loaded;
    };
    around.accept_known = [](std::string const&, LintOptions const&, FileResult&) {};
    std::atomic<bool> valid = true;
    lsp::Server server(std::move(around), "", [&](std::string const& body) { valid = valid && lsp::Json::accept(body); }, std::chrono::milliseconds(0));
    std::size_t fed = 0;
    while (auto const frame = whole.next()) {
        auto other = piecewise.next();
        for (; !other && fed < text.size(); other = piecewise.next()) piecewise.feed(text.substr(fed++, 1));
        require(other && other->body == frame->body && other->error == frame->error && other->fatal == frame->fatal,
                "a stream is the same messages however it is cut");
        require(frame->error.empty() || frame->body.empty(), "there is a message or an error");
        if (frame->error.empty()) server.handle(frame->body);
    }
    server.finish();
    require(valid, "what the server says is JSON");
}

// Sets of packets cost more than syntax.
constexpr Target table[] = {
    {"iptables", run_iptables, {"fixtures/iptables", "fixtures/ip6tables"}, 60'000},
    {"nftables", run_loaded<Dialect::nftables>, {"fixtures/nftables"}, 100'000},
    {"nft-json", run_reader<Dialect::nft_json>, {"fixtures/nft-json", "fuzz/seeds/nft-json"}, 500'000},
    {"cisco", run_cisco, {"fixtures/cisco-ios", "fixtures/cisco-asa", "fixtures/cisco-nxos", "fixtures/cisco-xr"}, 500'000},
    {"iptables-script", run_reader<Dialect::iptables_script>, {"fuzz/seeds/iptables-script"}, 100'000},
    {"ipset", run_ipset, {"fuzz/seeds/ipset"}, 500'000},
    {"analysis", run_analysis, {"fixtures"}, 5'000, true},
    {"configuration", run_configuration, {"fuzz/seeds/config", "fuzz/seeds/catalogue", "fuzz/seeds/assertions", "fuzz/seeds/policy"}, 100'000},
    {"packet", run_packet, {"fuzz/seeds/packet", "fuzz/seeds/packet-lines"}, 500'000},
    {"generate", run_generate, {"fuzz/seeds/policy"}, 500},
    {"agreement", run_agreement, {"fuzz/seeds/agreement"}, 5'000},
    {"question", run_question, {"fuzz/seeds/question"}, 100'000},
    {"lsp", run_lsp, {"fuzz/seeds/lsp"}, 100'000},
};

} // namespace

std::span<Target const> targets() { return table; }

} // namespace portcullis::fuzz
