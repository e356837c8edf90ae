// audit for people: which services are reachable, path by path and rule by rule.
#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <map>

#include "portcullis/base/visible.hpp"
#include "portcullis/report/report.hpp"
#include "report/exposure_words.hpp"
#include "report/layout.hpp"
#include "report/style.hpp"
#include "report/words.hpp"

namespace portcullis {

namespace {

constexpr std::size_t most_rows = 12;  // a row for each service up to this many, then lists of names
constexpr std::size_t most_names = 48; // of one severity

constexpr std::size_t most_rules = 3;
constexpr std::size_t most_items = 4;
constexpr std::size_t usual_width = 100; // of lists and of rules, where nothing says how wide the terminal is

class AuditText {
  public:
    explicit AuditText(TextStyle const& style) : style_(style), paint_(style.color) {}

    std::string operator()(Report const& report) {
        for (FileResult const& file : report.files) print(file);
        return std::move(out_);
    }

  private:
    std::size_t width() const { return style_.width == 0 ? usual_width : std::max<std::size_t>(style_.width, 40); }
    void line(std::string const& text, std::size_t hang) { out_ += wrapped(text, style_.width, 0, hang) + '\n'; }

    void print(FileResult const& file) {
        line(fmt::format("{} ({}, {}, {} % modelled{})", paint_.strong(visible(file.path)), file.dialect ? to_string(*file.dialect) : "unreadable",
                         plural(file.rules, "rule"), static_cast<int>(file.modelled * 100.0), file.complete ? "" : ", incomplete"), 2);
        std::string heading;
        for (ExposureGroup& group : exposure_groups(file)) {
            std::string const title = path_text(*group.front());
            if (title != heading) out_ += "\n  " + paint_.strong(title) + '\n';
            heading = title;
            print(group, file);
        }
        if (file.exposures.empty()) {
            out_ += '\n';
            line("  no service of the catalogue is reachable by new connections", 2);
        }
        out_ += '\n';
    }

    void print(ExposureGroup& group, FileResult const& file) {
        Exposure const& first = *group.front();
        for (std::size_t i = 0; i < first.rules.size() && i < most_rules; ++i) print_rule(first.rules[i], file);
        if (first.rules.size() > most_rules) out_ += fmt::format("    and {} more rules\n", first.rules.size() - most_rules);
        line(fmt::format("      from {}{}{}", addresses_text(first.sources, most_items), interfaces_text(first, most_items),
                         first.untrusted ? "" : " (trusted only)"), 11);
        line("      to   " + addresses_text(first.destinations, most_items), 11);
        if (group.size() > most_rows) print_names(group);
        else print_rows(group);
    }

    void print_rule(Span rule, FileResult const& file) {
        std::string_view const text = file.sources->text(rule);
        if (text.empty()) {
            out_ += "    no chain filters this path\n";
            return;
        }
        Source const& source = (*file.sources)[rule.source];
        std::string const other = source.path() == file.path ? "" : visible(source.path()) + ", ";
        std::string const place = fmt::format("{}line {}:", other, source.locate(rule.begin).line);
        std::size_t const used = std::min(5 + display_width(place), width() - 20);
        out_ += "    " + paint_.frame(place) + ' ' + fitted(visible(text.substr(0, text.find('\n'))), width() - used) + '\n';
    }

    int risk(Exposure const* exposure) const {
        return exposure->risk ? static_cast<int>(*exposure->risk) : -1;
    }

    void print_rows(ExposureGroup& group) {
        std::ranges::stable_sort(group, std::ranges::greater(), [&](Exposure const* exposure) { return risk(exposure); });
        for (Exposure const* exposure : group) {
            Service const& service = *exposure->about;
            auto const severity = exposure->risk;
            constexpr std::size_t column = 15;
            std::string row = fmt::format("{:<20} {:<14} ", service.name, port_text(exposure->port));
            std::size_t const hang = style_.width >= column + row.size() + 30 ? column + row.size() : column + 2;
            if (exposure->certainty == Certainty::possible) row += "possible  ";
            if (exposure->translation) row += fmt::format("by port {}, which becomes {}  ", list_text(exposure->entry_ports, 3), exposure->becomes);
            if (service.insecure && !service.replacement.empty()) row += "use " + first_paragraph(service.replacement);
            row.resize(row.find_last_not_of(' ') + 1);
            fmt::format_to(std::back_inserter(out_), "      {} {}\n",
                           paint_.severity(severity.value_or(Severity::info), fmt::format("{:<8}", severity ? to_string(*severity) : "")),
                           wrapped(visible(row), style_.width, column, hang));
        }
    }

    // Many services are read as lists of names, the worst first.
    void print_names(ExposureGroup const& group) {
        std::map<int, std::vector<std::string>, std::greater<>> by_risk;
        for (Exposure const* exposure : group) {
            auto& names = by_risk[risk(exposure)];
            if (names.empty() || names.back() != exposure->service) names.push_back(exposure->service);
        }
        for (auto const& [severity, names] : by_risk) {
            std::string_view const head = severity < 0 ? "other" : to_string(static_cast<Severity>(severity));
            out_ += "      " + paint_.severity(static_cast<Severity>(std::max(severity, 0)), fmt::format("{:<8}", head)) + ' ' +
                    wrapped(visible(list_text(names, most_names)), width(), 15, 15) + '\n';
        }
    }

    TextStyle const& style_;
    Paint paint_;
    std::string out_;
};

} // namespace

std::string text_audit(Report const& report, TextStyle const& style) { return AuditText(style)(report); }

} // namespace portcullis
