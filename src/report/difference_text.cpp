// The difference of two rulesets for people: what passes now that did not, what does not any more, and who says so.
#include <algorithm>
#include <fmt/format.h>

#include "portcullis/base/visible.hpp"
#include "portcullis/report/difference.hpp"
#include "report/style.hpp"

namespace portcullis {

namespace {

IntervalSet const* values_of(Cube const& cube, Field field) {
    auto const at = std::find_if(cube.fields.begin(), cube.fields.end(),
                                 [field](auto const& named) { return named.first == field; });
    return at == cube.fields.end() ? nullptr : &at->second;
}

bool is_v6(Cube const& cube) {
    IntervalSet const* const family = values_of(cube, Field::family);
    return family != nullptr && family->contains(family_v6);
}

std::string address_text(Cube const& cube, Field v4, Field v6) {
    Field const field = is_v6(cube) ? v6 : v4;
    IntervalSet const* const values = values_of(cube, field);
    return values == nullptr ? "any" : values_text(field, *values);
}

// Said at their own places, not in the list at the end.
bool has_its_place(Field field) {
    switch (field) {
    case Field::family:
    case Field::src4:
    case Field::src6:
    case Field::dst4:
    case Field::dst6:
    case Field::protocol:
    case Field::dport: return true;
    default: return false;
    }
}

std::string_view heading(ChangeKind kind, bool against_policy) {
    switch (kind) {
    case ChangeKind::allowed: return against_policy ? "allowed beyond the policy" : "newly allowed";
    case ChangeKind::denied: return against_policy ? "blocked within the policy" : "newly denied";
    default: return "translated differently";
    }
}

std::string treatment_text(Treatment const& treatment, Sources const& sources) {
    if (!treatment.span)
        return fmt::format("{:<6}  {}", treatment.fate, treatment.reason.empty() ? "no chain looks at it" : treatment.reason);
    Source const& source = sources[treatment.span->source];
    return fmt::format("{:<6}  {}:{}  {}", treatment.fate, visible(source.path()),
                       source.locate(treatment.span->begin).line,
                       treatment.is_policy ? "the policy" : visible(shortened(sources.text(*treatment.span), 160)));
}

// The values, or those that are not among them: whichever is shorter to say.
std::string shorter_text(Field field, IntervalSet const& values) {
    std::string text = values_text(field, values);
    std::string others = "not " + values_text(field, IntervalSet(0, info(field).largest).minus(values));
    return others.size() < text.size() ? others : text;
}

} // namespace

std::string traffic_text(Cube const& cube, std::vector<std::string> const& services) {
    IntervalSet const* const protocol = values_of(cube, Field::protocol);
    std::string text = protocol == nullptr ? (is_v6(cube) ? "IPv6" : "IPv4") : values_text(Field::protocol, *protocol);
    text += fmt::format(" from {} to {}", address_text(cube, Field::src4, Field::src6),
                        address_text(cube, Field::dst4, Field::dst6));
    bool const says_family = values_of(cube, Field::src4) != nullptr || values_of(cube, Field::dst4) != nullptr ||
                             values_of(cube, Field::src6) != nullptr || values_of(cube, Field::dst6) != nullptr;
    if (protocol != nullptr && !says_family) text += is_v6(cube) ? " (IPv6)" : " (IPv4)";
    if (IntervalSet const* const ports = values_of(cube, Field::dport)) {
        text += ", port " + values_text(Field::dport, *ports);
        if (!services.empty()) text += fmt::format(" ({})", fmt::join(services, ", "));
    }
    for (auto const& [field, values] : cube.fields) {
        if (!has_its_place(field)) text += fmt::format(", {} {}", info(field).name, shorter_text(field, values));
    }
    for (Assumption const& a : cube.assumptions)
        text += fmt::format(", if '{}' {}", a.text, a.holds ? "holds" : "does not hold");
    return text;
}

std::string text_difference(DifferenceReport const& report, Sources const& sources, TextStyle style) {
    Paint const paint(style.color);
    std::string out = fmt::format("{} -> {}\n", visible(report.before), visible(report.after));
    std::string_view const before = report.against_policy ? "policy:" : "before:";
    std::string_view const after = report.against_policy ? "does:  " : "after: ";
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
    else if (report.equal())
        out += report.against_policy ? "equal: exactly what the policy allows passes\n" : "equal: every packet is treated alike\n";
    else if (report.changes.empty())
        out += "every packet that was compared is treated alike\n";
    else
        out += fmt::format("\n{} {} of traffic {} treated differently\n", parts, parts == 1 ? "kind" : "kinds",
                           parts == 1 ? "is" : "are");
    return out;
}

} // namespace portcullis
