#include "portcullis/report/tally.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <vector>

namespace portcullis {

void Tally::add(FileResult const& file) {
    ++files;
    rules += file.rules;
    complete = complete && file.complete;
    for (Diagnostic const& d : file.findings) {
        OfRule& of_rule = by_rule[d.rule->id];
        of_rule.rule = d.rule;
        ++(d.suppressed ? of_rule.suppressed : of_rule.found);
        if (d.suppressed) {
            ++suppressed;
            continue;
        }
        ++severities[static_cast<std::size_t>(d.severity)];
        if (d.finding.fix && d.finding.fix->safe) ++of_rule.fixable;
    }
}

Tally tally_of(Report const& report) {
    Tally tally;
    for (FileResult const& file : report.files) tally.add(file);
    return tally;
}

std::string statistics_text(Tally const& tally) {
    std::vector<Tally::OfRule> rows;
    for (auto const& [id, of_rule] : tally.by_rule) rows.push_back(of_rule);
    std::ranges::stable_sort(rows, std::ranges::greater(), &Tally::OfRule::found);
    std::string out;
    if (!rows.empty()) out = "\n found  fixable  suppressed  rule\n";
    for (Tally::OfRule const& row : rows) out += fmt::format("{:6}  {:7}  {:10}  {} {}\n", row.found, row.fixable, row.suppressed, row.rule->id, row.rule->slug);
    return out;
}

} // namespace portcullis
