#include <algorithm>
#include <fmt/format.h>

#include "portcullis/base/visible.hpp"
#include "portcullis/report/formats.hpp"
#include "report/region.hpp"
#include "report/words.hpp"

namespace portcullis {

namespace {

constexpr std::size_t most_of_level = 10;

enum Level : std::size_t { error, warning, notice };
constexpr std::array<std::string_view, 3> level_names{"error", "warning", "notice"};

Level level(Severity severity) { return severity >= Severity::high ? error : severity == Severity::medium ? warning : notice; }

// As the runner decodes it: in data "%" and the ends of lines, in properties ":" and "," too.
std::string escaped(std::string_view text, std::string_view special) {
    std::string result;
    for (char const c : text) {
        if (special.find(c) == std::string_view::npos) result += c;
        else result += fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    }
    return result;
}

std::string escaped_data(std::string_view text) { return escaped(text, "%\r\n"); }
std::string escaped_property(std::string_view text) { return escaped(text, "%\r\n:,"); }

std::string command(Report const& report, Shown const& shown) {
    Diagnostic const& d = *shown.diagnostic;
    TextRegion const region = region_of(shown.source(), d.finding.span, Columns::utf16);
    std::string place = fmt::format("file={},line={}", escaped_property(visible(report.repository.name_of(shown.source().path()))), region.start_line);
    // GitHub takes columns only within one line.
    if (region.end_line != region.start_line) place += fmt::format(",endLine={}", region.end_line);
    else if (region.end_column > region.start_column) place += fmt::format(",col={},endColumn={}", region.start_column, region.end_column);
    std::string message = message_text(d);
    if (d.finding.witness) message += "\nproof: " + visible(proof_text(*d.finding.witness));
    message += "\nhelp: " + help_text(*d.rule);
    return fmt::format("::{} {},title={}::{}\n", level_names[level(d.severity)], place,
                       escaped_property(fmt::format("{} {} ({})", d.rule->id, d.rule->slug, to_string(d.severity))), escaped_data(message));
}

std::string rest_text(std::array<std::size_t, 3> const& rest) {
    std::string text;
    for (Level const l : {error, warning, notice})
        if (rest[l] > 0) text += (text.empty() ? "" : ", ") + plural(rest[l], level_names[l]);
    return text;
}

} // namespace

std::string github_report(Report const& report) {
    std::vector<Shown> findings = shown_findings(report);
    std::ranges::stable_sort(findings, std::ranges::greater(), &Shown::severity);
    std::array<std::size_t, 3> counts{};
    for (Shown const& shown : findings) ++counts[level(shown.severity())];
    std::array<std::size_t, 3> room{most_of_level, most_of_level, most_of_level};
    // What there is no room for takes the place of one notice.
    if (std::ranges::any_of(counts, [](std::size_t count) { return count > most_of_level; })) --room[notice];
    std::array<std::size_t, 3> rest{};
    std::string out;
    for (Shown const& shown : findings) {
        Level const l = level(shown.severity());
        if (room[l] == 0) {
            ++rest[l];
            continue;
        }
        --room[l];
        out += command(report, shown);
    }
    if (auto const text = rest_text(rest); !text.empty())
        out += fmt::format("::notice title=portcullis::{}\n", escaped_data("and " + text + " more, which GitHub takes no annotations for; they are in the other reports"));
    return out;
}

} // namespace portcullis
