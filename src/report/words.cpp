#include "report/words.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "portcullis/base/date.hpp"
#include "portcullis/base/visible.hpp"

namespace portcullis {

bool is_shown(Report const& report, Diagnostic const& diagnostic, bool with_suppressed) {
    if (diagnostic.suppressed && !with_suppressed) return false;
    return diagnostic.severity >= report.shown || is_unread(diagnostic.finding);
}

std::vector<Shown> shown_findings(Report const& report, bool with_suppressed) {
    std::vector<Shown> all;
    for (FileResult const& file : report.files) {
        for (Diagnostic const& diagnostic : file.findings) {
            if (is_shown(report, diagnostic, with_suppressed)) all.push_back({&file, &diagnostic});
        }
    }
    return all;
}

std::string message_text(Diagnostic const& diagnostic) {
    return visible(diagnostic.message) + (diagnostic.finding.certainty == Certainty::possible ? " (possible)" : "");
}

std::string proof_text(Witness const& witness) {
    bool const accepted = witness.verdict == "accept";
    std::string const by = !witness.chain.empty()               ? "by " + witness.chain
                           : witness.hook == HookPoint::list    ? "by the access list"
                           : accepted ? fmt::format("by all chains of {}", to_string(witness.hook))
                                      : fmt::format("at {}", to_string(witness.hook));
    std::string_view const fate = accepted ? "accepted" : witness.verdict == "drop" ? "dropped" : "rejected";
    std::string text = fmt::format("{} is {} {}", to_text(witness.packet), fate, by);
    if (witness.became) text += fmt::format(", as {}", to_text(*witness.became));
    return text;
}

std::string suppression_text(Suppression const& suppression) {
    std::string text = suppression.kind == Suppression::Kind::comment         ? "by a comment"
                       : suppression.kind == Suppression::Kind::configuration ? "by the configuration"
                                                                              : "by the baseline";
    if (suppression.until) text += ", until " + to_string(*suppression.until);
    if (!suppression.owner.empty()) text += ", for " + suppression.owner;
    if (!suppression.ticket.empty()) text += ", " + suppression.ticket;
    if (!suppression.reason.empty()) text += ": " + suppression.reason;
    return text;
}

std::string shortened_list(std::string const& text) {
    constexpr std::size_t most = 400;
    std::size_t const end = text.size() <= most ? std::string::npos : text.rfind(", ", most);
    return end == std::string::npos ? shortened(text, most) : text.substr(0, end) + ", ...";
}

std::string first_paragraph(std::string const& text) {
    std::string line = text.substr(0, text.find("\n\n"));
    std::replace(line.begin(), line.end(), '\n', ' ');
    return line;
}

std::string help_text(RuleInfo const& rule) { return first_paragraph(rule.fix); }

std::string plural(std::size_t count, std::string_view noun) {
    return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

} // namespace portcullis
