#include "report/traffic_text.hpp"

#include <fmt/format.h>

#include "portcullis/base/visible.hpp"

namespace portcullis {

namespace {

bool is_v6(Cube const& cube) {
    IntervalSet const* const family = cube.values(Field::family);
    return family != nullptr && family->contains(family_v6);
}

std::string address_text(Cube const& cube, Field v4, Field v6) {
    Field const field = is_v6(cube) ? v6 : v4;
    IntervalSet const* const values = cube.values(field);
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

// The values, or those that are not among them: whichever is shorter to say.
std::string shorter_text(Field field, IntervalSet const& values) {
    constexpr std::size_t all = ~std::size_t{0}; // one that is cut is no shorter
    IntervalSet const others = IntervalSet(0, info(field).largest).minus(values);
    bool const is_shorter = values_text(field, others, all).size() + 4 < values_text(field, values, all).size();
    return is_shorter ? "not " + values_text(field, others) : values_text(field, values);
}

} // namespace

std::string traffic_text(Cube const& cube, std::vector<std::string> const& services) {
    IntervalSet const* const protocol = cube.values(Field::protocol);
    std::string text = protocol == nullptr ? (is_v6(cube) ? "IPv6" : "IPv4") : values_text(Field::protocol, *protocol);
    text += fmt::format(" from {} to {}", address_text(cube, Field::src4, Field::src6),
                        address_text(cube, Field::dst4, Field::dst6));
    bool const says_family = cube.values(Field::src4) != nullptr || cube.values(Field::dst4) != nullptr ||
                             cube.values(Field::src6) != nullptr || cube.values(Field::dst6) != nullptr;
    if (protocol != nullptr && !says_family) text += is_v6(cube) ? " (IPv6)" : " (IPv4)";
    if (IntervalSet const* const ports = cube.values(Field::dport)) {
        text += ", port " + values_text(Field::dport, *ports);
        if (!services.empty()) text += fmt::format(" ({})", fmt::join(services, ", "));
    }
    for (auto const& [field, values] : cube.fields) {
        if (!has_its_place(field)) text += fmt::format(", {} {}", info(field).name, shorter_text(field, values));
    }
    if (!cube.assumptions.empty()) text += ", if " + assumptions_text(cube.assumptions);
    return text;
}

std::string assumptions_text(std::vector<Assumption> const& assumptions) {
    std::string text;
    for (Assumption const& a : assumptions)
        text += fmt::format("{}'{}' {}", text.empty() ? "" : " and ", a.text, a.holds ? "holds" : "does not hold");
    return text;
}

std::string treatment_text(Treatment const& treatment, Sources const& sources) {
    if (!treatment.span)
        return fmt::format("{:<6}  {}", treatment.fate, treatment.reason.empty() ? "no chain looks at it" : treatment.reason);
    Source const& source = sources[treatment.span->source];
    return fmt::format("{:<6}  {}:{}  {}{}", treatment.fate, visible(source.path()), source.locate(treatment.span->begin).line,
                       treatment.is_policy ? "the policy" : visible(shortened(sources.text(*treatment.span), 160)),
                       treatment.reason.empty() ? "" : "  (" + treatment.reason + ')');
}

std::string proof_text(Proof const& proof, Sources const& sources, Paint const& paint, std::string_view indent) {
    std::string text = fmt::format("{}{}  {}\n", indent, paint.frame("packet:"), visible(to_text(proof.witness.packet)));
    if (auto const& now = proof.witness.became)
        text += fmt::format("{}{}  {}\n", indent, paint.frame("as:    "), visible(to_text(*now)));
    text += fmt::format("{}{}  {}\n", indent, paint.frame("so:    "), treatment_text(proof.treatment, sources));
    if (proof.certainty == Certainty::possible) {
        std::string const only = proof.assumptions.empty() ? "for packets with that mark or status"
                                                           : "if " + assumptions_text(proof.assumptions);
        text += fmt::format("{}{}  possible, only {}\n", indent, paint.frame("note:  "), visible(only));
    }
    return text;
}

} // namespace portcullis
