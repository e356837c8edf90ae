// Fixes are applied to the text as it was written, so layout and comments stay. What comes out is not trusted: it is read
// and compared with what went in.
#include "portcullis/lint/fix.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <stdexcept>

#include "portcullis/engine/budget.hpp"
#include "lint/rule_text.hpp"
#include "portcullis/engine/compare.hpp"

namespace portcullis {

namespace {

// One fix can make room for another; this many times in a row is far beyond what occurs.
constexpr int most_rounds = 20;

constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::size_t errors_in(Findings const& findings) {
    return static_cast<std::size_t>(std::count_if(findings.all().begin(), findings.all().end(), is_unread));
}

using Fixes = std::vector<Fix const*>;

// Safe fixes of this text alone, by place; of two that overlap, the first.
Fixes applicable(FileResult const& result, SourceId source) {
    Fixes fixes;
    for (Diagnostic const& d : result.findings) {
        if (d.suppressed) continue;
        if (!d.finding.fix || !d.finding.fix->safe || d.finding.fix->edits.empty()) continue;
        auto const& edits = d.finding.fix->edits;
        bool const here = std::all_of(edits.begin(), edits.end(), [&](Edit const& e) { return e.span.source == source; });
        if (here) fixes.push_back(&*d.finding.fix);
    }
    std::vector<Span> taken;
    std::erase_if(fixes, [&](Fix const* fix) {
        bool const overlaps = std::any_of(fix->edits.begin(), fix->edits.end(), [&](Edit const& edit) {
            return std::any_of(taken.begin(), taken.end(), [&](Span const& other) {
                return edit.span.begin < other.end && other.begin < edit.span.end;
            });
        });
        if (!overlaps)
            for (Edit const& edit : fix->edits) taken.push_back(edit.span);
        return overlaps;
    });
    return fixes;
}

std::string applied(std::string_view text, Fixes const& fixes) {
    std::vector<Edit> edits;
    for (Fix const* fix : fixes) edits.insert(edits.end(), fix->edits.begin(), fix->edits.end());
    return with_edits(text, std::move(edits));
}

class Mender {
  public:
    Mender(std::shared_ptr<Sources> const& sources, SourceId source, Dialect dialect, ReadOptions const& read_options,
           LintOptions const& options)
        : sources_(sources), source_(source), dialect_(dialect), read_options_(read_options), options_(options) {}

    Mended run() {
        Reading const original = read(*sources_, source_, dialect_, read_options_);
        Mended mended{std::string((*sources_)[source_].text()), 0};
        if (errors_in(original.findings) > 0) return mended;
        SourceId at = source_;
        for (int round = 0; round < most_rounds; ++round) {
            FileResult const result = lint(sources_, at, dialect_, read(*sources_, at, dialect_, read_options_), options_);
            Fixes fixes = applicable(result, at);
            if (!result.complete || fixes.empty()) break;
            std::optional<SourceId> next = proved(original.ruleset, at, fixes);
            if (!next) {
                fixes = provable(original.ruleset, at, fixes);
                next = proved(original.ruleset, at, fixes);
            }
            at = *next;
            mended.fixes += fixes.size();
        }
        mended.text = (*sources_)[at].text();
        return mended;
    }

    std::optional<std::string> run_one(Fix const& fix) {
        Reading const original = read(*sources_, source_, dialect_, read_options_);
        if (errors_in(original.findings) > 0) return std::nullopt;
        std::optional<SourceId> const mended = proved(original.ruleset, source_, {&fix});
        return mended ? std::optional<std::string>((*sources_)[*mended].text()) : std::nullopt;
    }

  private:
    // The mended text as a source, where it is proved to do what the original does.
    std::optional<SourceId> proved(Ruleset const& original, SourceId at, Fixes const& fixes) {
        SourceId const candidate = sources_->add((*sources_)[source_].path(), applied((*sources_)[at].text(), fixes));
        Reading const reading = read(*sources_, candidate, dialect_, read_options_);
        if (errors_in(reading.findings) > 0) return std::nullopt;
        Comparison const comparison(original, reading.ruleset);
        bool const equal = comparison.differences().empty() && comparison.notes().empty();
        return equal ? std::optional(candidate) : std::nullopt;
    }

    // Fixes that are safe each by itself need not be so together: one after the other, those that leave all as it is.
    Fixes provable(Ruleset const& original, SourceId at, Fixes const& fixes) {
        Fixes kept;
        for (Fix const* fix : fixes) {
            kept.push_back(fix);
            if (proved(original, at, kept)) continue;
            kept.pop_back();
            if (!proved(original, at, {fix})) {
                Location const place = (*sources_)[at].locate(fix->edits.front().span.begin);
                throw std::logic_error(fmt::format("a fix at line {} is not safe; nothing was changed", place.line));
            }
        }
        return kept;
    }

    std::shared_ptr<Sources> const& sources_;
    SourceId source_;
    Dialect dialect_;
    ReadOptions const& read_options_;
    LintOptions const& options_;
};

} // namespace

namespace {

// From the start of the first line to the end of the last one.
Span whole_lines(std::string_view text, Span span) {
    std::size_t const before = span.begin == 0 ? std::string_view::npos : text.rfind('\n', span.begin - 1);
    std::size_t const after = text.find('\n', span.end);
    return {span.source, before == std::string_view::npos ? 0 : static_cast<std::uint32_t>(before + 1),
            static_cast<std::uint32_t>(after == std::string_view::npos ? text.size() : after + 1)};
}

std::optional<Span> nft_statement(std::string_view text, Span span) {
    std::size_t begin = span.begin;
    std::size_t end = span.end;
    while (begin > 0 && is_blank(text[begin - 1])) --begin;
    while (end < text.size() && is_blank(text[end])) ++end;
    bool const begins = begin == 0 || std::string_view("\n;{").find(text[begin - 1]) != std::string_view::npos;
    bool const ends = end == text.size() || std::string_view("\r\n;}#").find(text[end]) != std::string_view::npos;
    if (!begins || !ends) return std::nullopt;
    if (end < text.size() && text[end] == ';') { // the separator goes with it
        ++end;
        while (end < text.size() && is_blank(text[end])) ++end;
    }
    bool const from_start = begin == 0 || text[begin - 1] == '\n';
    bool const to_end = end == text.size() || text[end] == '\n' || text[end] == '\r';
    if (from_start && to_end) return whole_lines(text, span);
    if (from_start) begin = span.begin; // the indentation stays for what follows
    else if (!to_end && begin < span.begin) ++begin; // one blank stays between the neighbours
    return Span{span.source, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
}

} // namespace

std::optional<Span> removed_span(Source const& source, Span span, Dialect dialect) {
    return dialect == Dialect::nftables ? nft_statement(source.text(), span) : whole_lines(source.text(), span);
}

Mended mend(std::shared_ptr<Sources> const& sources, SourceId source, Dialect dialect, ReadOptions const& read_options,
            LintOptions const& options) {
    return Mender(sources, source, dialect, read_options, options).run();
}

std::optional<std::string> mended_by(std::shared_ptr<Sources> const& sources, SourceId source, Dialect dialect,
                                     ReadOptions const& read_options, Fix const& fix) {
    return Mender(sources, source, dialect, read_options, {}).run_one(fix);
}

} // namespace portcullis
