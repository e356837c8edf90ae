// Findings as a compiler shows errors: the lines of the source with the culprits underlined, then proof and help.
#include <algorithm>
#include <fmt/format.h>
#include <iterator>

#include "portcullis/base/file_name.hpp"
#include "portcullis/base/visible.hpp"
#include "portcullis/report/report.hpp"
#include "report/layout.hpp"
#include "report/snippet.hpp"
#include "report/style.hpp"
#include "report/words.hpp"

namespace portcullis {

namespace {

constexpr std::size_t most_related = 3;

// "high[PC101] telnet (tcp/23) is open to anybody                telnet-exposed"
void print_head(Diagnostic const& d, std::string& out, Paint const& paint, TextStyle const& style) {
    constexpr std::size_t usual = 80; // where the slug ends, if there is room
    constexpr std::size_t hang = 4;
    std::string const head = fmt::format("{}[{}]", to_string(d.severity), d.rule->id);
    std::string const message = wrapped(message_text(d), style.width, head.size() + 1, hang);
    std::size_t const last = message.rfind('\n');
    std::size_t const used = last == std::string::npos ? head.size() + 1 + display_width(message) : display_width(message.substr(last + 1));
    std::string const& slug = d.rule->slug;
    std::string gap = "  ";
    std::size_t const aligned = style.width == 0 ? usual : std::min(usual, style.width);
    if (last == std::string::npos && used + gap.size() + slug.size() < aligned) gap.resize(aligned - used - slug.size(), ' ');
    else if (style.width != 0 && used + gap.size() + slug.size() > style.width) gap = '\n' + std::string(hang, ' ');
    std::string const page = style.pages.empty() ? "" : uri_of(style.pages + '/' + slug + ".md");
    fmt::format_to(std::back_inserter(out), "{} {}{}{}\n", paint.link(page, paint.severity(d.severity, head)), paint.strong(message), gap, paint.frame(slug));
}

void print(Diagnostic const& d, Sources const& sources, std::string& out, Paint const& paint, TextStyle const& style) {
    Finding const& finding = d.finding;
    Source const& source = sources[finding.span.source];
    print_head(d, out, paint, style);
    auto const to = std::back_inserter(out);
    Location const at = source.locate(finding.span.begin);
    std::string const place = fmt::format("{}:{}:{}", visible(source.path()), at.line, at.column);
    fmt::format_to(to, "  {} {}", paint.frame("-->"), place);
    if (!finding.where.empty()) {
        std::string const where = visible(finding.where);
        bool const fits = style.width == 0 || 6 + display_width(place) + 3 + display_width(where) <= style.width;
        fmt::format_to(to, "{}{}", fits ? "   " : "\n      ", where);
    }
    out += '\n';

    Snippet snippet(source, out, paint, style.width);
    snippet.add(finding.span, '^', "");
    std::size_t elsewhere = 0;
    std::size_t shown = 0;
    for (Related const& related : finding.related) {
        if (related.span.source != finding.span.source) ++elsewhere;
        else if (shown++ < most_related) snippet.add(related.span, '-', related.message);
    }
    std::size_t const gutter = snippet.print();
    auto const line = [&](std::string_view kind, std::string const& text) {
        std::size_t const column = gutter + 5 + kind.size();
        fmt::format_to(to, "{} {} {}: {}\n", std::string(gutter, ' '), paint.frame("="), paint.strong(kind),
                       wrapped(visible(text), style.width, column, column));
    };
    if (shown > most_related) line("note", fmt::format("and {} more", shown - most_related));
    for (Related const& related : finding.related) {
        if (elsewhere == 0 || related.span.source == finding.span.source) continue;
        Source const& other = sources[related.span.source];
        line("note", fmt::format("{}: {}:{}", related.message, other.path(), other.locate(related.span.begin).line));
    }
    if (finding.witness) line("proof", proof_text(*finding.witness));
    for (std::string const& note : finding.notes) line("note", shortened_list(note));
    if (d.suppressed) line("suppressed", suppression_text(*d.suppressed));
    line("help", help_text(*d.rule));
    out += '\n';
}

} // namespace

std::array<std::size_t, 5> Report::counts() const {
    std::array<std::size_t, 5> counts{};
    for (FileResult const& file : files) {
        for (Diagnostic const& d : file.findings)
            if (!d.suppressed) ++counts[static_cast<std::size_t>(d.severity)];
    }
    return counts;
}

std::size_t Report::suppressed() const {
    std::size_t count = 0;
    for (FileResult const& file : files)
        count += static_cast<std::size_t>(std::ranges::count_if(file.findings, [](Diagnostic const& d) { return d.suppressed.has_value(); }));
    return count;
}

bool Report::complete() const {
    return std::all_of(files.begin(), files.end(), [](FileResult const& file) { return file.complete; });
}

std::string text_report(Report const& report, TextStyle const& style) {
    Paint const paint(style.color);
    std::string out;
    std::size_t problems = 0;
    std::size_t hidden = 0;
    std::size_t rules = 0;
    double modelled = 0;
    for (FileResult const& file : report.files) {
        rules += file.rules;
        modelled += file.modelled * static_cast<double>(file.rules);
        for (Diagnostic const& d : file.findings) {
            if (d.suppressed && !report.show_suppressed) continue;
            if (d.severity < report.shown) {
                if (!d.suppressed) ++hidden;
                continue;
            }
            if (!d.suppressed) ++problems;
            print(d, *file.sources, out, paint, style);
        }
    }
    if (style.quiet) return out;
    double const share = rules == 0 ? 1.0 : modelled / static_cast<double>(rules);
    // Rounded down: 100 % has to mean all.
    std::string closing = fmt::format("found {} in {} ({}, {} % modelled)", problems == 0 ? "no problem" : plural(problems, "problem"),
                                      plural(report.files.size(), "file"), plural(rules, "rule"), static_cast<int>(share * 100.0));
    if (hidden > 0) closing += fmt::format("; {} below {} not shown", hidden, to_string(report.shown));
    if (auto const suppressed = report.suppressed()) closing += fmt::format("; {} suppressed", suppressed);
    if (!report.complete()) closing += "; the analysis is incomplete";
    out += wrapped(closing, style.width, 0, 2) + '\n';
    for (FileResult const& file : report.files) {
        for (std::string const& bound : file.bounds) out += wrapped(fmt::format("{}: {}", visible(file.path), bound), style.width, 0, 2) + '\n';
    }
    return out;
}

} // namespace portcullis
