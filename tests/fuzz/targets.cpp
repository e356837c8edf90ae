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

void check_reading(Sources const& sources, Reading const& reading) {
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

template <Dialect dialect> void run_reader(std::string_view text) {
    ReadText const read(text, dialect);
    check_reading(read.sources, read.reading);
}

void run_ipset(std::string_view text) {
    Sources sources;
    SourceId const source = sources.add("input", std::string(text));
    IpsetReading const reading = read_ipset(sources, source);
    for (Finding const& finding : reading.findings.all()) check_finding(sources, finding);
}

// What `portcullis lint` and `portcullis audit` do with a file.
template <bool audit> void run_command(std::string_view text) {
    auto const dialect = detect_dialect(text);
    if (!dialect) return;
    auto sources = std::make_shared<Sources>();
    SourceId const source = sources->add("input", std::string(text));
    Reading reading = read_with_includes(*sources, source, *dialect);
    LintOptions options;
    options.exposures = audit;
    options.outline = true;
    Report report{"", {lint(sources, source, *dialect, std::move(reading), options)}, Severity::info};
    for (Diagnostic const& d : report.files[0].findings) check_finding(*sources, d.finding);
    if (audit)
        text_audit(report, {});
    else
        text_report(report, {true, false});
    json_report(report, audit);
    for (ReportFormat const& format : report_formats()) format.write(report);
    html_report(report);
}

void check_errors(std::vector<ConfigError> const& errors, std::string_view text) {
    for (ConfigError const& error : errors) {
        require(!error.message.empty() && error.line >= 1 && error.column >= 1,
                "an error of configuration has a place");
        require(error.line <= text.size() + 1, "an error of configuration is in the text");
    }
}

void run_config(std::string_view text) {
    LoadedConfig const loaded = load_config(text, "portcullis.toml");
    check_errors(loaded.errors, text);
    for (Family const family : {Family::v4, Family::v6}) loaded.config.untrusted_sources(family);
    loaded.config.trusted_interfaces();
}

void run_catalogue(std::string_view text) {
    auto const loaded = Catalogue::built_in().extended(text, "services.toml");
    check_errors(loaded.errors, text);
    for (Service const& service : loaded.catalogue.services()) {
        require(loaded.catalogue.find(service.name) != nullptr, "every service is found by its name");
    }
}

void run_packet(std::string_view text) {
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

void run_question(std::string_view text) {
    static Config const config;
    ParsedQuestion const parsed = parse_question(text, config);
    require(parsed.question.has_value() == parsed.error.empty(), "there is a question or an error");
    require(parsed.error.size() < 1000, "an error is short, whatever the question is");
}

void run_assertions(std::string_view text) {
    static Config const config;
    LoadedAssertions const loaded = load_assertions(text, "assertions.toml", config);
    check_errors(loaded.errors, text);
    require(!loaded.errors.empty() || !loaded.assertions.tests.empty(), "there is a test or an error");
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
    {"iptables", run_reader<Dialect::iptables>, "fixtures/iptables", 500'000},
    {"ip6tables", run_reader<Dialect::ip6tables>, "fixtures/ip6tables", 500'000},
    {"nftables", run_reader<Dialect::nftables>, "fixtures/nftables", 500'000},
    {"nft-json", run_reader<Dialect::nft_json>, "fixtures/nft-json", 500'000},
    {"cisco-ios", run_reader<Dialect::cisco_ios>, "fixtures/cisco-ios", 500'000},
    {"cisco-asa", run_reader<Dialect::cisco_asa>, "fixtures/cisco-asa", 500'000},
    {"cisco-nxos", run_reader<Dialect::cisco_nxos>, "fixtures/cisco-nxos", 500'000},
    {"cisco-xr", run_reader<Dialect::cisco_xr>, "fixtures/cisco-xr", 500'000},
    {"iptables-script", run_reader<Dialect::iptables_script>, "fuzz/seeds/iptables-script", 100'000},
    {"ipset", run_ipset, "fuzz/seeds/ipset", 500'000},
    {"write-iptables", run_writer<Dialect::iptables>, "fixtures/iptables", 100'000},
    {"write-ip6tables", run_writer<Dialect::ip6tables>, "fixtures/ip6tables", 100'000},
    {"write-nftables", run_writer<Dialect::nftables>, "fixtures/nftables", 100'000},
    {"convert", run_convert, "fixtures", 5'000, true},
    {"format", run_format, "fixtures", 50'000, true},
    {"lint", run_command<false>, "fixtures", 20'000, true},
    {"audit", run_command<true>, "fixtures/nftables", 1'000, true},
    {"config", run_config, "fuzz/seeds/config", 100'000},
    {"catalogue", run_catalogue, "fuzz/seeds/catalogue", 100'000},
    {"packet", run_packet, "fuzz/seeds/packet", 500'000},
    {"packet-lines", run_packet_lines, "fuzz/seeds/packet-lines", 500'000},
    {"policy", run_policy, "fuzz/seeds/policy", 100'000},
    {"generate", run_generate, "fuzz/seeds/policy", 500},
    {"agreement", run_agreement, "fuzz/seeds/agreement", 5'000},
    {"question", run_question, "fuzz/seeds/question", 100'000},
    {"assertions", run_assertions, "fuzz/seeds/assertions", 100'000},
    {"lsp", run_lsp, "fuzz/seeds/lsp", 100'000},
};

} // namespace

std::span<Target const> targets() { return table; }

} // namespace portcullis::fuzz
