#include "portcullis/model/finding.hpp"

#include <algorithm>
#include <array>
#include <iterator>

namespace portcullis {

namespace {
constexpr std::array<std::string_view, 5> severity_names{"info", "low", "medium", "high", "critical"};
}

std::string_view to_string(Severity severity) { return severity_names[static_cast<std::size_t>(severity)]; }

std::optional<Severity> severity_by_name(std::string_view name) {
    auto const at = std::find(severity_names.begin(), severity_names.end(), name);
    if (at == severity_names.end()) return std::nullopt;
    return static_cast<Severity>(at - severity_names.begin());
}

bool is_unread(Finding const& finding) {
    constexpr std::array rules{"PC001", "PC002", "PC414", "PC430"};
    return std::find(rules.begin(), rules.end(), finding.rule) != rules.end();
}

Finding& Findings::add(std::string_view rule, Span span) {
    Finding& finding = all_.emplace_back();
    finding.rule = rule;
    finding.span = span;
    return finding;
}

void Findings::append(Findings other) {
    all_.insert(all_.end(), std::make_move_iterator(other.all_.begin()), std::make_move_iterator(other.all_.end()));
}

} // namespace portcullis
