#include "dialect/written_fields.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace portcullis {

namespace {

bool matters(Rule const& rule) {
    return !std::holds_alternative<Continue>(rule.verdict) || !rule.effects.assignments.empty() || rule.effects.notrack;
}

std::set<Field> asked_fields(Ruleset const& ruleset) {
    std::set<Field> asked;
    for (Chain const& chain : ruleset.chains) {
        for (Rule const& rule : chain.rules) {
            if (!matters(rule)) continue;
            for (Term const& term : rule.match.terms) asked.insert(term.field);
            for (Alternatives const& relation : rule.match.alternatives) asked.insert(relation.fields.begin(), relation.fields.end());
        }
    }
    return asked;
}

} // namespace

void report_written_fields(std::vector<WrittenField> const& written, Ruleset const& ruleset, Findings& findings) {
    if (written.empty()) return;
    std::set<Field> const asked = asked_fields(ruleset);
    for (WrittenField const& each : written) {
        if (each.field && !asked.contains(*each.field)) continue;
        std::string const what = each.field ? std::string(info(*each.field).name) : "what it writes";
        findings.add("PC002", each.span)
            .arg("construct", each.text)
            .arg("why", fmt::format("rules that ask for {} may see what is written here, and the analysis does not", what));
    }
}

} // namespace portcullis
