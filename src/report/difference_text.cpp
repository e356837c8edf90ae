// The difference of two rulesets for people: what passes now that did not, what does not any more, and who says so.
#include <fmt/format.h>

#include "portcullis/base/visible.hpp"
#include "portcullis/report/difference.hpp"
#include "report/layout.hpp"
#include "report/style.hpp"
#include "report/traffic_text.hpp"

namespace portcullis {

namespace {

std::string_view heading(ChangeKind kind, bool against_policy) {
    switch (kind) {
    case ChangeKind::allowed: return against_policy ? "allowed beyond the policy" : "newly allowed";
    case ChangeKind::denied: return against_policy ? "blocked within the policy" : "newly denied";
    default: return "translated differently";
    }
}

} // namespace

std::string verdict_text(DifferenceReport const& report) {
    if (report.against_policy && report.equal()) return "equal: exactly what the policy allows passes";
    std::string_view const what = report.new_connections ? "new connection" : "packet";
    bool const whole = report.notes.empty() && report.not_compared.empty();
    return fmt::format("{}every {} {}is treated alike", report.equal() ? "equal: " : "", what, whole ? "" : "that was compared ");
}

std::string text_difference(DifferenceReport const& report, Sources const& sources, TextStyle const& style) {
    Paint const paint(style.color);
    std::string out = fmt::format("{} -> {}\n", visible(report.before), visible(report.after));
    std::string_view const before = report.against_policy ? "policy:" : "before:";
    std::string_view const after = report.against_policy ? "does:  " : "after: ";
    for (std::string const& sentence : report.compared) out += fmt::format("{} {}\n", paint.frame("compared:"), visible(sentence));
    for (std::string const& sentence : report.not_compared) out += fmt::format("{} {}\n", paint.frame("not compared:"), visible(sentence));
    std::size_t parts = 0;
    for (Change const& change : report.changes) {
        bool const widens = change.kind == ChangeKind::allowed;
        out += fmt::format("\n{}: {}\n", paint.strong(visible(change.way)),
                           paint(widens ? "1;31" : "1;33", heading(change.kind, report.against_policy)));
        for (ChangedTraffic const& traffic : change.traffic) {
            out += fmt::format("  {}\n", paint.strong(visible(traffic_text(traffic.cube, traffic.services))));
            out += fmt::format("    {}  {}\n", paint.frame("packet:"), visible(to_text(traffic.witness)));
            out += fmt::format("    {}  {}\n", paint.frame(before), treatment_text(traffic.before, sources));
            out += fmt::format("    {}  {}\n", paint.frame(after), treatment_text(traffic.after, sources));
        }
        if (!change.complete) out += fmt::format("  and more than these {}\n", change.traffic.size());
        parts += change.traffic.size();
    }
    if (!report.notes.empty()) out += '\n';
    for (std::string const& note : report.notes) out += fmt::format("{} {}\n", paint.frame("note:"), visible(note));
    if (!report.complete)
        out += "\nthe comparison is incomplete\n";
    else if (report.changes.empty())
        out += verdict_text(report) + '\n';
    else
        out += fmt::format("\n{} {} of traffic {} treated differently\n", parts, parts == 1 ? "kind" : "kinds",
                           parts == 1 ? "is" : "are");
    return within(out, style.width);
}

} // namespace portcullis
