#include "portcullis/lint/lint.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <map>
#include <tuple>

#include "lint/audit.hpp"
#include "lint/checks.hpp"
#include "lint/fingerprint.hpp"
#include "lint/suppression.hpp"
#include "portcullis/base/visible.hpp"
#include "portcullis/engine/budget.hpp"
#include "portcullis/lint/fix.hpp"

namespace portcullis {

namespace {

constexpr std::size_t longest_text = 300; // of what is told to be unmodelled; variables can make it endless

// The same text once, with its count, at its first place; statements that have no effect on matching, and opaque matches.
std::vector<Unmodelled> unmodelled_of(Ruleset const& ruleset) {
    std::map<std::string, Unmodelled> found;
    auto const add = [&](std::string const& whole, Span span, std::uint32_t count) {
        std::string const text = shortened(whole, longest_text);
        auto const [at, added] = found.try_emplace(text, Unmodelled{text, span, 0});
        at->second.count += count;
        if (span.begin < at->second.span.begin) at->second.span = span;
    };
    for (Unmodelled const& item : ruleset.unmodelled) add(item.text, item.span, item.count);
    for (Chain const& chain : ruleset.chains) {
        for (Rule const& rule : chain.rules) {
            for (Opaque const& opaque : rule.match.opaque) add(opaque.text, opaque.span, 1);
        }
    }
    std::vector<Unmodelled> all;
    for (auto& [text, item] : found) all.push_back(std::move(item));
    std::sort(all.begin(), all.end(), [](Unmodelled const& a, Unmodelled const& b) {
        return std::tuple(a.span.source, a.span.begin, a.text) < std::tuple(b.span.source, b.span.begin, b.text);
    });
    return all;
}

bool any_selects(std::vector<std::string> const& selectors, RuleInfo const& rule) {
    return std::any_of(selectors.begin(), selectors.end(), [&](std::string const& s) { return selects(s, rule); });
}

bool any_selects(std::vector<ConfigWord> const& selectors, RuleInfo const& rule) {
    return std::any_of(selectors.begin(), selectors.end(), [&](ConfigWord const& s) { return selects(s.text, rule); });
}

bool is_selected(LintOptions const& options, RuleInfo const& rule) {
    bool const wanted = !options.select.empty()          ? any_selects(options.select, rule)
                        : !options.config.select.empty() ? any_selects(options.config.select, rule)
                                                         : true;
    return wanted && !any_selects(options.ignore, rule) && !any_selects(options.config.ignore, rule);
}

// The most precise selector that names the rule decides: its id or slug before a prefix, and of equal ones the first.
class Level {
  public:
    explicit Level(RuleInfo const& rule) : rule_(rule) {}

    void consider(std::string const& selector, Severity severity) {
        if (!selects(selector, rule_)) return;
        std::size_t const precision = selector == rule_.slug ? rule_.id.size() : selector.size();
        if (precision <= precision_) return;
        severity_ = severity;
        precision_ = precision;
    }
    std::optional<Severity> severity() const { return precision_ == 0 ? std::nullopt : std::optional(severity_); }

  private:
    RuleInfo const& rule_;
    Severity severity_{};
    std::size_t precision_ = 0; // 0: none names it
};

// What the options say counts before [lint.levels], and what they say last before what they say first.
std::optional<Severity> wanted_level(LintOptions const& options, RuleInfo const& rule) {
    Level given(rule);
    for (auto level = options.levels.rbegin(); level != options.levels.rend(); ++level) given.consider(level->first, level->second);
    if (given.severity()) return given.severity();
    Level configured(rule);
    for (auto const& [selector, severity] : options.config.levels) configured.consider(selector.text, severity);
    return configured.severity();
}

// By its id or slug, not by a prefix.
bool is_named(LintOptions const& options, RuleInfo const& rule) {
    auto const names = [&](std::string_view selector) { return selector == rule.id || selector == rule.slug; };
    return std::any_of(options.select.begin(), options.select.end(), names) ||
           std::any_of(options.config.select.begin(), options.config.select.end(),
                       [&](ConfigWord const& selector) { return names(selector.text); });
}

std::string listed(std::vector<std::string> const& ids) {
    std::string text;
    for (std::string const& id : ids) text += (text.empty() ? "" : ", ") + id;
    return text;
}

// Returns what was not asked, as sentences.
std::vector<std::string> run_checks(Context& ctx, LintOptions const& options, Findings& out) {
    std::vector<std::string> skipped;
    std::vector<std::string> sampled;
    bool const large = is_large(ctx.ruleset());
    for (NamedCheck const& named : checks()) {
        RuleInfo const* rule = find_rule(named.slug);
        if (!is_selected(options, *rule)) continue;
        if (large && rule->on_large == OnLarge::skipped && !is_named(options, *rule)) {
            skipped.push_back(rule->id);
            continue;
        }
        if (large && rule->on_large == OnLarge::sampled) sampled.push_back(rule->id);
        check_deadline();
        ctx.run(*rule);
        named.check(ctx, out);
    }
    std::vector<std::string> bounds = ctx.bounds();
    for (auto* ids : {&skipped, &sampled}) std::sort(ids->begin(), ids->end());
    std::size_t const count = rule_count(ctx.ruleset());
    if (!sampled.empty())
        bounds.insert(bounds.begin(), fmt::format("asked about examples of packets only, of {} rules: {}", count, listed(sampled)));
    if (!skipped.empty())
        bounds.insert(bounds.begin(), fmt::format("not asked of {} rules, unless selected by id: {}", count, listed(skipped)));
    return bounds;
}

// What rules about both families find in the file, where another one has the rules of the other family.
Findings of_both_families(Ruleset const& own, Sources const& sources, SourceId source, LintOptions const& options) {
    // In the same order whichever of the two files is looked at.
    Ruleset const host = own.governs_v4 ? join(own, *options.partner) : join(*options.partner, own);
    Context ctx(host, sources, options, Asking::untrusted);
    Findings all;
    for (NamedCheck const& named : checks()) {
        RuleInfo const* rule = find_rule(named.slug);
        if (!rule->both_families || !is_selected(options, *rule)) continue;
        ctx.run(*rule);
        named.check(ctx, all);
    }
    std::erase_if(all.all(), [&](Finding const& finding) { return finding.span.source != source; });
    return all;
}

// Removals with all that goes with them; false where one is not possible. JSON has other texts around its rules.
bool complete(Fix& fix, Sources const& sources, Dialect dialect) {
    if (dialect == Dialect::nft_json) return false;
    for (Edit& edit : fix.edits) {
        if (!edit.text.empty()) continue;
        auto const span = removed_span(sources[edit.span.source], edit.span, dialect);
        if (!span) return false;
        edit.span = *span;
    }
    return true;
}

// Whether the ruleset was asked about the rule.
bool was_asked(LintOptions const& options, RuleInfo const& rule, bool large) {
    bool const skipped = large && rule.on_large == OnLarge::skipped && !is_named(options, rule);
    return is_selected(options, rule) && !skipped && (!rule.both_families || options.partner);
}

void add_diagnostics(FileResult& result, Sources const& sources, Findings findings, LintOptions const& options) {
    for (Finding& finding : findings.all()) {
        RuleInfo const* rule = find_rule(finding.rule);
        // What could not be read is always told: without it, silence would look like a clean bill.
        if (!is_selected(options, *rule) && !is_unread(finding)) continue;
        if (finding.fix && !complete(*finding.fix, sources, *result.dialect)) finding.fix.reset();
        Diagnostic diagnostic;
        diagnostic.rule = rule;
        diagnostic.severity = wanted_level(options, *rule).value_or(finding.severity.value_or(rule->severity));
        diagnostic.message = message_of(*rule, finding);
        diagnostic.finding = std::move(finding);
        result.findings.push_back(std::move(diagnostic));
    }
    auto const key = [](Diagnostic const& d) {
        return std::tuple(d.finding.span.source, d.finding.span.begin, d.rule->id, d.finding.span.end, d.message);
    };
    std::stable_sort(result.findings.begin(), result.findings.end(),
                     [&](Diagnostic const& a, Diagnostic const& b) { return key(a) < key(b); });
    // Rules that came from one rule of the text (a verdict map, an unknown target) may say the same thing twice.
    auto const last = std::unique(result.findings.begin(), result.findings.end(),
                                  [&](Diagnostic const& a, Diagnostic const& b) { return key(a) == key(b); });
    result.findings.erase(last, result.findings.end());
}

void finish(FileResult& result, Sources const& sources, SourceId source, Ruleset const& ruleset, Findings findings, LintOptions const& options) {
    result.errors = static_cast<std::size_t>(std::count_if(findings.all().begin(), findings.all().end(), is_unread));
    if (result.errors > 0) result.complete = false;
    add_diagnostics(result, sources, std::move(findings), options);
    if (options.suppress && result.dialect) {
        bool const large = is_large(ruleset);
        auto const asked = [&](RuleInfo const& rule) { return was_asked(options, rule, large); };
        add_diagnostics(result, sources, suppress(result, ruleset, sources, source, options, asked), options);
    }
    set_fingerprints(result.findings, sources, options.name.empty() ? result.path : options.name);
}

} // namespace

FileResult lint(std::shared_ptr<Sources const> sources, SourceId source, Dialect dialect, Reading reading,
                LintOptions const& options) {
    FileResult result;
    result.path = (*sources)[source].path();
    result.dialect = dialect;
    result.rules = rule_count(reading.ruleset);
    result.chains = reading.ruleset.chains.size();
    result.modelled = modelled_share(reading.ruleset);
    result.unmodelled = unmodelled_of(reading.ruleset);
    if (options.outline) result.outline = outline_of(reading.ruleset);
    Findings findings = std::move(reading.findings);
    auto const unfinished = [&](std::string const& why) {
        findings.add("PC002", {source, 0, 0}).arg("construct", "this ruleset").arg("why", "not analysed to the end: " + why);
    };
    // What one answer takes too much for, another may not.
    auto const within_budget = [&](auto const& work) {
        try {
            work();
        } catch (BudgetExceeded const& e) {
            unfinished(e.what());
        }
    };
    within_budget([&] {
        Context ctx(reading.ruleset, *sources, options, Asking::untrusted);
        result.bounds = run_checks(ctx, options, findings);
        if (!ctx.complete()) unfinished("whether every rule can be reached takes more steps than the limit");
        if (options.partner) findings.append(of_both_families(reading.ruleset, *sources, source, options));
    });
    within_budget([&] {
        if (!options.exposures) return;
        Context everyone(reading.ruleset, *sources, options, Asking::anybody);
        result.exposures = find_exposures(everyone, options.config);
    });
    for (ServiceWord const& service : options.matrices)
        within_budget([&] {
            auto matrices = service_matrices(reading.ruleset, service);
            std::move(matrices.begin(), matrices.end(), std::back_inserter(result.matrices));
        });
    // Some rules do without an answer that took too long.
    if (deadline_passed() && std::ranges::none_of(findings.all(), is_unread)) within_budget(check_deadline);
    finish(result, *sources, source, reading.ruleset, std::move(findings), options);
    result.sources = std::move(sources);
    return result;
}

std::optional<FileResult> lint_waives(LintOptions const& options, std::set<std::size_t> const& held, std::set<std::size_t> const& used) {
    auto sources = std::make_shared<Sources>();
    for (ConfigText const& file : options.config.files) sources->add(file.path, file.text);
    FileResult result;
    result.path = options.config.files.front().path;
    finish(result, *sources, 0, {}, about_waives(options, *sources, held, used), options);
    result.sources = std::move(sources);
    return result.findings.empty() ? std::nullopt : std::optional(std::move(result));
}

FileResult unreadable(std::shared_ptr<Sources const> sources, SourceId source, std::string const& why, std::string name) {
    FileResult result;
    result.path = (*sources)[source].path();
    Findings findings;
    findings.add("PC001", {source, 0, 0}).arg("error", why);
    LintOptions options;
    options.name = std::move(name);
    finish(result, *sources, source, {}, std::move(findings), options);
    result.sources = std::move(sources);
    return result;
}

} // namespace portcullis
