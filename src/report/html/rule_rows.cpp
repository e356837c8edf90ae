#include "report/html/rule_rows.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <tuple>

namespace portcullis {

namespace {

// Findings of rules that no packet gets to, or that have nothing left to decide.
bool says_dead(std::string const& id) {
    static constexpr std::string_view ids[] = {"PC201", "PC202", "PC203", "PC208", "PC209"};
    return std::ranges::find(ids, id) != std::end(ids);
}

} // namespace

RuleRows::RuleRows(FileResult const& file, std::size_t number) : number_(number) {
    add_rows(file);
    std::vector<std::size_t> dead(rows_.size()); // how many rules of each
    for (Diagnostic const& diagnostic : file.findings) {
        mark(diagnostic.finding, dead);
        for (Related const& related : diagnostic.finding.related)
            if (auto const row = at(related.span)) rows_[*row].linked = true;
        if (auto const row = at(diagnostic.finding.span)) rows_[*row].linked = true;
    }
    // Of several rules that one text makes, some may live.
    for (std::size_t i = 0; i < rows_.size(); ++i)
        if (dead[i] > 0) rows_[i].mark = dead[i] >= rows_[i].times ? RowMark::dead : RowMark::partly;
    for (Diagnostic const& diagnostic : file.findings) {
        if (diagnostic.finding.rule != "PC213") continue;
        if (auto const row = at(diagnostic.finding.span)) mark_end_of_chain(*row);
    }
    for (Exposure const& exposure : file.exposures)
        for (Span const& span : exposure.rules)
            if (auto const row = at(span)) rows_[*row].linked = true;
}

void RuleRows::add_rows(FileResult const& file) {
    for (OutlineRule const& rule : file.outline.rules) {
        if (!rows_.empty() && rows_.back().rule->span == rule.span) {
            ++rows_.back().times;
            continue;
        }
        RuleRow& row = rows_.emplace_back();
        row.rule = &rule;
        row.line = (*file.sources)[rule.span.source].locate(rule.span.begin).line;
        if (!rule.active) row.mark = RowMark::inactive;
    }
}

std::string RuleRows::id(std::size_t row) const { return fmt::format("f{}r{}", number_, row); }

std::optional<std::size_t> RuleRows::at(Span span) const {
    auto const place = [](RuleRow const& row) { return std::tuple(row.rule->span.source, row.rule->span.begin); };
    auto const next = std::ranges::upper_bound(rows_, std::tuple(span.source, span.begin), {}, place);
    if (next == rows_.begin()) return std::nullopt;
    Span const& found = std::prev(next)->rule->span;
    if (found.source != span.source || span.begin >= found.end) return std::nullopt;
    return static_cast<std::size_t>(next - rows_.begin()) - 1;
}

void RuleRows::mark(Finding const& finding, std::vector<std::size_t>& dead) {
    bool const dies = says_dead(finding.rule);
    if (!dies && finding.rule != "PC204" && finding.rule != "PC213") return;
    auto const row = at(finding.span);
    if (!row) return;
    if (dies) ++dead[*row];
    else if (finding.rule == "PC204" && rows_[*row].mark == RowMark::live) rows_[*row].mark = RowMark::partly;
    auto& hides = rows_[*row].hides;
    for (Related const& related : finding.related) {
        auto const other = at(related.span);
        if (other && *other != *row && std::ranges::find(hides, *other) == hides.end()) hides.push_back(*other);
    }
}

// PC213 is told once, at the first of the rules behind one that ends every packet.
void RuleRows::mark_end_of_chain(std::size_t first) {
    OutlineRule const& from = *rows_[first].rule;
    std::vector<std::size_t> const hides = rows_[first].hides;
    for (RuleRow& row : rows_) {
        if (row.rule->chain != from.chain || row.rule->number < from.number) continue;
        row.mark = RowMark::dead;
        if (row.hides.empty()) row.hides = hides;
    }
    for (std::size_t const row : hides) rows_[row].linked = true;
}

} // namespace portcullis
