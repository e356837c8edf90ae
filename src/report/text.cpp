// Findings as a compiler shows errors: the lines of the source with the culprits underlined, then proof and help.
#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <map>

#include "portcullis/base/visible.hpp"
#include "portcullis/report/report.hpp"
#include "report/style.hpp"
#include "report/words.hpp"

namespace portcullis {

namespace {

constexpr std::size_t most_columns = 160; // longer lines are cut around what is underlined
constexpr std::size_t most_related = 3;

// One underlined stretch of a line.
struct Mark {
    std::uint32_t line;
    std::uint32_t begin; // offsets within the source
    std::uint32_t end;
    char sign;
    std::string label;
};

// Lists can be long; the whole is in the other formats.
std::string shortened_list(std::string const& text) {
    constexpr std::size_t most = 400;
    std::size_t const end = text.size() <= most ? std::string::npos : text.rfind(", ", most);
    return end == std::string::npos ? shortened(text, most) : text.substr(0, end) + ", ...";
}

class Snippet {
  public:
    Snippet(Source const& source, std::string& out, Paint const& paint) : source_(source), out_(out), paint_(paint) {}

    void add(Span span, char sign, std::string label) {
        std::uint32_t const first = source_.locate(span.begin).line;
        std::uint32_t const end = std::max(span.end, span.begin);
        // Of a span over several lines, the first is shown.
        auto const line_end = source_.line_start(first) + static_cast<std::uint32_t>(source_.line(first).size());
        marks_.push_back({first, span.begin, std::min(end, line_end), sign, std::move(label)});
    }

    // Returns the width of the line numbers, for what follows.
    std::size_t print() {
        std::stable_sort(marks_.begin(), marks_.end(), [](Mark const& a, Mark const& b) { return a.line < b.line; });
        gutter_ = fmt::format("{}", marks_.back().line).size() + 1;
        bar("");
        std::uint32_t previous = 0;
        for (Mark const& mark : marks_) {
            if (previous != 0 && mark.line > previous + 1) out_ += paint_.frame("...") + '\n';
            print(mark, mark.line != previous);
            previous = mark.line;
        }
        bar("");
        return gutter_;
    }

  private:
    void bar(std::string_view text) { fmt::format_to(std::back_inserter(out_), "{}{}{}\n", std::string(gutter_, ' '), paint_.frame(" |"), text); }

    void print(Mark const& mark, bool with_line) {
        std::string_view const line = source_.line(mark.line);
        std::uint32_t const start = source_.line_start(mark.line);
        std::size_t from = std::min<std::size_t>(mark.begin - start, line.size());
        std::size_t to = std::min<std::size_t>(std::max(mark.end, mark.begin) - start, line.size());
        std::string before = visible(line.substr(0, from));
        std::string marked = visible(line.substr(from, to - from));
        std::string after = visible(line.substr(to));
        cut(before, marked, after);
        if (with_line) {
            fmt::format_to(std::back_inserter(out_), "{}{}{}{}{}\n", paint_.frame(fmt::format("{:>{}}", mark.line, gutter_)),
                           paint_.frame(" | "), before, marked, after);
        }
        std::string const signs(std::max<std::size_t>(1, display_width(marked)), mark.sign);
        std::string const label = mark.label.empty() ? "" : ' ' + visible(mark.label);
        std::string_view const colour = mark.sign == '^' ? "1;31" : "34";
        bar(' ' + std::string(display_width(before), ' ') + paint_(colour, signs + label));
    }

    static void cut(std::string& before, std::string& marked, std::string& after) {
        // Only lines that are far too long: cut at code points, so at bytes that do not continue one.
        auto const boundary = [](std::string const& text, std::size_t at) {
            while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) ++at;
            return at;
        };
        if (before.size() + marked.size() + after.size() <= most_columns) return;
        std::size_t const margin = most_columns / 4;
        if (before.size() > margin) before = "..." + before.substr(boundary(before, before.size() - margin));
        if (marked.size() > most_columns / 2) marked = marked.substr(0, boundary(marked, most_columns / 2)) + "...";
        if (after.size() > margin) after = after.substr(0, boundary(after, margin)) + "...";
    }

    Source const& source_;
    std::string& out_;
    Paint const& paint_;
    std::vector<Mark> marks_;
    std::size_t gutter_ = 0;
};

void print(Diagnostic const& d, Sources const& sources, std::string& out, Paint const& paint) {
    Finding const& finding = d.finding;
    Source const& source = sources[finding.span.source];
    std::string const message = message_text(d);
    std::string const head = fmt::format("{}[{}] ", to_string(d.severity), d.rule->id);
    std::size_t const used = head.size() + display_width(message);
    std::size_t const gap = used + d.rule->slug.size() + 2 < 80 ? 80 - used - d.rule->slug.size() : 2;
    auto const to = std::back_inserter(out);
    fmt::format_to(to, "{}{}{}{}{}\n", paint.severity(d.severity, head), paint.strong(message), std::string(gap, ' '),
                   paint.frame(d.rule->slug), "");
    Location const at = source.locate(finding.span.begin);
    fmt::format_to(to, "  {} {}:{}:{}", paint.frame("-->"), visible(source.path()), at.line, at.column);
    if (!finding.where.empty()) fmt::format_to(to, "   {}", visible(finding.where));
    out += '\n';

    Snippet snippet(source, out, paint);
    snippet.add(finding.span, '^', "");
    std::size_t elsewhere = 0;
    std::size_t shown = 0;
    for (Related const& related : finding.related) {
        if (related.span.source != finding.span.source) ++elsewhere;
        else if (shown++ < most_related) snippet.add(related.span, '-', related.message);
    }
    std::size_t const gutter = snippet.print();
    auto const line = [&](std::string_view kind, std::string const& text) {
        fmt::format_to(to, "{} {} {}: {}\n", std::string(gutter, ' '), paint.frame("="), paint.strong(kind), visible(text));
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

std::string text_report(Report const& report, TextStyle style) {
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
            print(d, *file.sources, out, paint);
        }
    }
    if (style.quiet) return out;
    double const share = rules == 0 ? 1.0 : modelled / static_cast<double>(rules);
    // Rounded down: 100 % has to mean all.
    fmt::format_to(std::back_inserter(out), "found {} in {} ({}, {} % modelled)", problems == 0 ? "no problem" : plural(problems, "problem"),
                   plural(report.files.size(), "file"), plural(rules, "rule"), static_cast<int>(share * 100.0));
    if (hidden > 0) fmt::format_to(std::back_inserter(out), "; {} below {} not shown", hidden, to_string(report.shown));
    if (auto const suppressed = report.suppressed()) fmt::format_to(std::back_inserter(out), "; {} suppressed", suppressed);
    if (!report.complete()) out += "; the analysis is incomplete";
    out += '\n';
    for (FileResult const& file : report.files) {
        for (std::string const& bound : file.bounds)
            fmt::format_to(std::back_inserter(out), "{}: {}\n", visible(file.path), bound);
    }
    return out;
}

namespace {

// Services that the same rules open to the same sources are read together.
using Group = std::vector<Exposure const*>;

std::string list(std::vector<std::string> const& items, std::size_t most, std::string_view none) {
    if (items.empty()) return std::string(none);
    std::string text;
    for (std::size_t i = 0; i < items.size() && i < most; ++i) text += (i > 0 ? ", " : "") + items[i];
    if (items.size() > most) text += fmt::format(" and {} more", items.size() - most);
    return text;
}

std::string port_text(PortRange const& port) {
    return port.first == port.last ? fmt::format("{}/{}", value_text(Field::protocol, port.protocol), port.first)
                                   : fmt::format("{}/{}-{}", value_text(Field::protocol, port.protocol), port.first, port.last);
}

std::string_view path_text(Path::Kind kind) {
    switch (kind) {
    case Path::Kind::to_host: return "to this host";
    case Path::Kind::through: return "through this host";
    case Path::Kind::from_host: return "from this host";
    case Path::Kind::list: return "by access list";
    }
    return "";
}

std::string addresses(std::vector<std::string> const& ranges) {
    bool const all4 = std::find(ranges.begin(), ranges.end(), "0.0.0.0/0") != ranges.end();
    bool const all6 = std::find(ranges.begin(), ranges.end(), "::/0") != ranges.end();
    if (all4 && all6) return "any";
    return list(ranges, 4, "nothing");
}

// A service that untrusted sources reach is as bad as the catalogue says; -1 for one that may be published.
int risk_of(Exposure const& exposure, Catalogue const& catalogue) {
    auto const severity = catalogue.find(exposure.service)->severity_untrusted;
    return exposure.untrusted && severity ? static_cast<int>(*severity) : -1;
}

constexpr std::size_t most_rows = 12;  // a row for each service up to this many, then lists of names
constexpr std::size_t most_names = 48; // of one severity

void print_rows(Group& group, Catalogue const& catalogue, std::string& out, Paint const& paint) {
    std::stable_sort(group.begin(), group.end(), [&](Exposure const* a, Exposure const* b) {
        return risk_of(*a, catalogue) > risk_of(*b, catalogue);
    });
    for (Exposure const* exposure : group) {
        Service const& service = *catalogue.find(exposure->service);
        int const risk = risk_of(*exposure, catalogue);
        auto const severity = static_cast<Severity>(std::max(risk, 0));
        std::string row = fmt::format("{:<20} {:<14} {}", service.name, port_text(exposure->port),
                                      exposure->certainty == Certainty::possible ? "possible  " : "");
        if (exposure->translation) row += fmt::format("by port {}, which becomes {}  ", list(exposure->entry_ports, 3, ""), exposure->becomes);
        if (service.insecure && !service.replacement.empty()) row += "use " + first_paragraph(service.replacement);
        while (row.ends_with(' ')) row.pop_back();
        fmt::format_to(std::back_inserter(out), "      {} {}\n", paint.severity(severity, fmt::format("{:<8}", risk < 0 ? "" : to_string(severity))), visible(row));
    }
}

// Many services are read as lists of names, the worst first.
void print_names(Group const& group, Catalogue const& catalogue, std::string& out, Paint const& paint) {
    std::map<int, std::vector<std::string>, std::greater<>> by_risk;
    for (Exposure const* exposure : group) {
        auto& names = by_risk[risk_of(*exposure, catalogue)];
        if (names.empty() || names.back() != exposure->service) names.push_back(exposure->service);
    }
    for (auto const& [risk, names] : by_risk) {
        auto const severity = static_cast<Severity>(std::max(risk, 0));
        std::string const head = risk < 0 ? "other" : std::string(to_string(severity));
        out += "      " + paint.severity(severity, fmt::format("{:<8}", head)) + ' ';
        std::size_t column = 15;
        std::size_t const shown = names.size() > most_names ? most_names : names.size();
        for (std::size_t i = 0; i < shown; ++i) {
            std::string item = names[i] + (i + 1 < shown ? ", " : "");
            if (i + 1 == shown && shown < names.size()) item += fmt::format(" and {} more", names.size() - shown);
            if (column + item.size() > 100) {
                out += '\n' + std::string(15, ' ');
                column = 15;
            }
            out += item;
            column += item.size();
        }
        out += '\n';
    }
}

} // namespace

std::string text_audit(Report const& report, Catalogue const& catalogue, TextStyle style) {
    Paint const paint(style.color);
    std::string out;
    auto const to = std::back_inserter(out);
    for (FileResult const& file : report.files) {
        fmt::format_to(to, "{} ({}, {}, {} % modelled{})\n", paint.strong(visible(file.path)), file.dialect ? to_string(*file.dialect) : "unreadable",
                       plural(file.rules, "rule"), static_cast<int>(file.modelled * 100.0), file.complete ? "" : ", incomplete");
        using Names = std::vector<std::string>;
        std::map<std::tuple<int, std::string, std::vector<std::uint32_t>, Names, Names, bool, Names>, Group> groups;
        for (Exposure const& exposure : file.exposures) {
            std::vector<std::uint32_t> places;
            for (Span const& span : exposure.rules) places.push_back(span.begin);
            groups[{static_cast<int>(exposure.path_kind), exposure.path, places, exposure.sources, exposure.interfaces,
                    exposure.by_others, exposure.destinations}]
                .push_back(&exposure);
        }
        std::string heading;
        for (auto& [key, group] : groups) {
            Exposure const& first = *group.front();
            std::string const title = first.path_kind == Path::Kind::list ? "by access list " + visible(first.path)
                                                                          : std::string(path_text(first.path_kind));
            if (title != heading) fmt::format_to(to, "\n  {}\n", paint.strong(title));
            heading = title;
            for (std::size_t i = 0; i < first.rules.size() && i < most_related; ++i) {
                Source const& source = (*file.sources)[first.rules[i].source];
                std::string text(file.sources->text(first.rules[i]).substr(0, 100));
                text = text.substr(0, text.find('\n'));
                if (text.empty()) fmt::format_to(to, "    no chain filters this path\n");
                else {
                    std::string const other = source.path() == file.path ? "" : visible(source.path()) + ", ";
                    std::string const place = fmt::format("{}line {}:", other, source.locate(first.rules[i].begin).line);
                    fmt::format_to(to, "    {} {}\n", paint.frame(place), visible(text));
                }
            }
            if (first.rules.size() > most_related) fmt::format_to(to, "    and {} more rules\n", first.rules.size() - most_related);
            fmt::format_to(to, "      from {}{}{}\n", addresses(first.sources),
                           first.interfaces.empty() ? "" : (first.by_others ? " on all but " : " on ") + visible(list(first.interfaces, 4, "")),
                           first.untrusted ? "" : " (trusted only)");
            fmt::format_to(to, "      to   {}\n", addresses(first.destinations));
            if (group.size() > most_rows) print_names(group, catalogue, out, paint);
            else print_rows(group, catalogue, out, paint);
        }
        if (file.exposures.empty()) out += "\n  no service of the catalogue is reachable by new connections\n";
        out += '\n';
    }
    return out;
}

} // namespace portcullis
