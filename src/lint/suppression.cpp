#include "lint/suppression.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fnmatch.h>
#include <map>
#include <set>
#include <span>
#include <utility>

#include "lint/fingerprint.hpp"
#include "lint/waived_traffic.hpp"
#include "portcullis/base/date.hpp"
#include "portcullis/dialect/read.hpp"

namespace portcullis {

namespace {

using Date = std::chrono::year_month_day;

bool is_over(std::optional<Date> const& until, LintOptions const& options) { return until && options.today && *until < *options.today; }

bool selects_any(std::string_view selector, std::function<bool(RuleInfo const&)> const& is_it) {
    return std::ranges::any_of(rules(), [&](RuleInfo const& rule) { return selects(selector, rule) && is_it(rule); });
}

bool selects_only(std::string_view selector, std::function<bool(RuleInfo const&)> const& is_it) {
    return !selects_any(selector, [&](RuleInfo const& rule) { return !is_it(rule); });
}

void tell(Findings& out, std::string_view rule, Span at, std::string selector) { out.add(rule, at).arg("rule", std::move(selector)); }

// The waivers in the comments of one text.
class Comments {
  public:
    Comments(FileResult& result, LintOptions const& options, std::function<bool(RuleInfo const&)> const& asked, Findings& out)
        : result_(result), options_(options), asked_(asked), out_(out) {}

    void apply(Waiver const& waiver) {
        if (!waiver.error.empty()) {
            out_.add("PC013", waiver.span).arg("error", waiver.error);
            return;
        }
        if (is_over(waiver.until, options_)) {
            out_.add("PC011", waiver.span).arg("rules", names(waiver)).arg("until", to_string(*waiver.until));
            return;
        }
        if (waiver.reason.empty() && waiver.ticket.empty()) out_.add("PC012", waiver.span).arg("rules", names(waiver));
        for (Waiver::Selector const& selector : waiver.rules) apply(waiver, selector);
    }

  private:
    static std::string names(Waiver const& waiver) {
        std::string text;
        for (auto const& selector : waiver.rules) text += (text.empty() ? "" : ", ") + selector.text;
        return text;
    }

    // Those that begin where the waiver holds.
    std::span<Diagnostic> findings_at(Waiver const& waiver) {
        auto const from = [&](std::uint32_t offset) {
            auto const place = std::pair(waiver.span.source, offset);
            return std::ranges::lower_bound(result_.findings, place, {}, [](Diagnostic const& d) { return std::pair(d.finding.span.source, d.finding.span.begin); });
        };
        auto const begin = from(waiver.whole_file ? 0 : waiver.target.begin);
        auto const end = from(waiver.whole_file ? ~std::uint32_t{0} : waiver.target.end);
        return {begin, std::max(begin, end)};
    }

    // Findings by their rules; of those that are waived, the rule is left.
    using ByRule = std::map<RuleInfo const*, std::vector<Diagnostic*>>;

    // Many waivers may be about one place that has many findings.
    ByRule& by_rule(std::span<Diagnostic> findings) {
        auto const [known, is_new] = by_place_.try_emplace({findings.data(), findings.size()});
        if (is_new)
            for (Diagnostic& d : findings) known->second[d.rule].push_back(&d);
        return known->second;
    }

    void apply(Waiver const& waiver, Waiver::Selector const& selector) {
        bool used = false;
        bool refused = selects_only(selector.text, [&](RuleInfo const& rule) { return is_unignorable(rule, options_.config); });
        for (auto& [rule, open] : by_rule(findings_at(waiver))) {
            if (!selects(selector.text, *rule)) continue;
            if (is_unignorable(*rule, options_.config)) {
                refused = true;
                continue;
            }
            used = true;
            for (Diagnostic* const d : std::exchange(open, {}))
                if (!d->suppressed) d->suppressed = {Suppression::Kind::comment, waiver.reason, waiver.until, waiver.owner, waiver.ticket};
        }
        if (refused) tell(out_, "PC014", selector.span, selector.text);
        else if (!used && result_.complete && selects_only(selector.text, asked_)) tell(out_, "PC010", selector.span, selector.text);
    }

    FileResult& result_;
    LintOptions const& options_;
    std::function<bool(RuleInfo const&)> const& asked_;
    Findings& out_;
    std::map<std::pair<Diagnostic const*, std::size_t>, ByRule> by_place_;
};

// Without its rule, a comment would be about the next one: what edits a statement with a waiver is no fix.
void drop_fixes(FileResult& result, std::vector<Waiver> const& waivers) {
    std::map<std::uint32_t, std::uint32_t> targets; // ends by begins
    for (Waiver const& waiver : waivers)
        if (!waiver.whole_file) targets[waiver.target.begin] = waiver.target.end;
    auto const is_target = [&](Span span) {
        auto const behind = targets.upper_bound(span.end > span.begin ? span.end - 1 : span.begin);
        return behind != targets.begin() && std::prev(behind)->second > span.begin;
    };
    for (Diagnostic& d : result.findings) {
        if (!d.finding.fix) continue;
        auto const& edits = d.finding.fix->edits;
        if (std::ranges::any_of(edits, [&](Edit const& edit) { return edit.span.source == waivers.front().span.source && is_target(edit.span); })) d.finding.fix.reset();
    }
}

// The texts that the file is made of: where its rules and its findings are.
std::set<SourceId> texts_of(FileResult const& result, Ruleset const& ruleset, SourceId source) {
    std::set<SourceId> all{source};
    for (Chain const& chain : ruleset.chains)
        for (Rule const& rule : chain.rules) all.insert(rule.span.source);
    for (Diagnostic const& d : result.findings) all.insert(d.finding.span.source);
    return all;
}

bool matches_glob(std::string const& pattern, std::string const& text) { return pattern.empty() || ::fnmatch(pattern.c_str(), text.c_str(), 0) == 0; }

bool is_about(Waive const& waive, RuleInfo const& rule) { return waive.rule.text.empty() || selects(waive.rule.text, rule); }

bool holds(Waive const& waive, Diagnostic const& d, WaivedTraffic& traffic) {
    return is_about(waive, *d.rule) && matches_glob(waive.where, chain_of(d.finding.where)) &&
           (waive.service.empty() || waive.service == d.finding.service) &&
           (waive.traffic.text.empty() || traffic.covers(waive.traffic.text, d.finding));
}

// Whether all rules were asked that the waiver may be used for: of one that names traffic alone, those that find services.
bool all_asked(Waive const& waive, std::function<bool(RuleInfo const&)> const& asked) {
    return std::ranges::all_of(rules(), [&](RuleInfo const& rule) {
        bool const matters = waive.rule.text.empty() ? !rule.services.empty() : selects(waive.rule.text, rule);
        return !matters || asked(rule);
    });
}

void apply_configuration(FileResult& result, LintOptions const& options, std::function<bool(RuleInfo const&)> const& asked, WaivedTraffic& traffic) {
    std::string const& name = options.name.empty() ? result.path : options.name;
    for (std::size_t i = 0; i < options.config.waives.size(); ++i) {
        Waive const& waive = options.config.waives[i];
        std::string const base = name.substr(name.rfind('/') + 1);
        if (is_over(waive.until, options) || (!matches_glob(waive.file, name) && !matches_glob(waive.file, base))) continue;
        if (result.complete && all_asked(waive, asked)) result.waives.insert(i);
        for (Diagnostic& d : result.findings) {
            if (is_unignorable(*d.rule, options.config) || !holds(waive, d, traffic)) continue;
            result.used_waives.insert(i);
            if (!d.suppressed) d.suppressed = {Suppression::Kind::configuration, waive.reason, waive.until, waive.owner, waive.ticket};
        }
    }
}

// What names the waiver: its rule, else its traffic.
ConfigWord const& name_of(Waive const& waive) { return waive.rule.text.empty() ? waive.traffic : waive.rule; }

// The text of the name in the configuration, where findings about the waiver stand.
Span place_of(ConfigWord const& name, Sources const& sources) {
    Source const& source = sources[static_cast<SourceId>(name.file)];
    std::uint32_t const begin = source.line_start(name.line) + name.column - 1;
    auto const size = static_cast<std::uint32_t>(source.text().size());
    return {static_cast<SourceId>(name.file), std::min(begin, size), std::min(begin + static_cast<std::uint32_t>(name.text.size()) + 2, size)};
}

} // namespace

std::string_view to_string(Suppression::Kind kind) {
    constexpr std::string_view names[] = {"comment", "configuration", "baseline"};
    return names[static_cast<std::size_t>(kind)];
}

bool is_unignorable(RuleInfo const& rule, Config const& config) {
    return rule.unignorable || std::ranges::any_of(config.unignorable, [&](ConfigWord const& selector) { return selects(selector.text, rule); });
}

Findings suppress(FileResult& result, Ruleset const& ruleset, Sources const& sources, SourceId source, LintOptions const& options,
                  std::function<bool(RuleInfo const&)> const& asked) {
    Findings out;
    for (SourceId const text : texts_of(result, ruleset, source)) {
        Dialect const dialect = text == source ? *result.dialect : detect_dialect(sources[text].text()).value_or(*result.dialect);
        std::vector<Waiver> const waivers = waivers_in(sources, text, dialect, ruleset);
        if (waivers.empty()) continue;
        drop_fixes(result, waivers);
        Comments comments(result, options, asked, out);
        for (Waiver const& waiver : waivers) comments.apply(waiver);
    }
    WaivedTraffic traffic(ruleset, sources, options);
    apply_configuration(result, options, asked, traffic);
    return out;
}

Findings about_waives(LintOptions const& options, Sources const& sources, std::set<std::size_t> const& held, std::set<std::size_t> const& used) {
    Findings out;
    for (std::size_t i = 0; i < options.config.waives.size(); ++i) {
        Waive const& waive = options.config.waives[i];
        std::string const& name = name_of(waive).text;
        Span const at = place_of(name_of(waive), sources);
        auto const may_not_be_waived = [&](RuleInfo const& info) { return is_unignorable(info, options.config); };
        if (!waive.rule.text.empty() && selects_only(waive.rule.text, may_not_be_waived)) tell(out, "PC014", at, name);
        else if (is_over(waive.until, options)) out.add("PC011", at).arg("rules", name).arg("until", to_string(*waive.until));
        else if (held.contains(i) && !used.contains(i)) tell(out, "PC010", at, name);
        if (waive.reason.empty() && waive.ticket.empty()) out.add("PC012", at).arg("rules", name);
    }
    return out;
}

} // namespace portcullis
