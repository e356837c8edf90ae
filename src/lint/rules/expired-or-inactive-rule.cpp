// Rules that were to be gone by a day, that hold until a day, or that are written but switched off. The day that
// they are compared with is given to lint; a comment says the day with a word before it: "expires=2026-12-31".
#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "lint/context.hpp"
#include "lint/waiver_comment.hpp"
#include "portcullis/base/ascii.hpp"
#include "portcullis/base/date.hpp"

namespace portcullis {

namespace {

using Date = std::chrono::year_month_day;

constexpr std::array<std::string_view, 5> words{"expires", "expire", "expiry", "expiration", "until"};

bool is_letter(char c) { return ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z'; }

// The date that stands behind a word, with blanks, ':' or '=' between.
std::optional<Date> date_behind(std::string_view text) {
    constexpr std::size_t length = 10;
    auto const begin = text.find_first_not_of(" \t:=");
    if (begin == 0 || begin == std::string_view::npos) return std::nullopt;
    std::string_view const date = text.substr(begin, length);
    bool const longer = text.size() > begin + length && text[begin + length] >= '0' && text[begin + length] <= '9';
    return longer ? std::nullopt : parse_date(date);
}

// The last day that the comment names: an extension is usually written behind what it extends. The day of a waiver is not
// that of the rule.
std::optional<Date> end_in_comment(std::string const& comment) {
    if (comment.find('-') == std::string::npos || has_waiver(comment)) return std::nullopt;
    std::string lower;
    std::transform(comment.begin(), comment.end(), std::back_inserter(lower), ascii_lower);
    std::optional<Date> last;
    for (std::string_view const word : words) {
        for (auto at = lower.find(word); at != std::string::npos; at = lower.find(word, at + 1)) {
            if (at > 0 && is_letter(lower[at - 1])) continue;
            auto const date = date_behind(std::string_view(lower).substr(at + word.size()));
            if (date && (!last || *last < *date)) last = date;
        }
    }
    return last;
}

std::optional<Date> end_of_schedule(Match const& match) {
    std::optional<Date> first;
    for (Opaque const& opaque : match.opaque)
        if (opaque.until && !opaque.negated && (!first || *opaque.until < *first)) first = opaque.until;
    return first;
}

class Judge {
  public:
    Judge(Context const& ctx, Findings& out)
        : ctx_(ctx), out_(out), today_(*ctx.today()), days_(ctx.rule().parameter("days")) {}

    void rule(ChainId chain, std::size_t index) {
        Rule const& rule = ctx_.ruleset().chains[chain].rules[index];
        if (auto const end = end_of_schedule(rule.match))
            report(chain, index, *end, "the schedule of this rule", "ended", "ends");
        else if (auto const date = end_in_comment(rule.comment))
            report(chain, index, *date, "this rule, by its comment,", "expired", "expires");
    }

  private:
    void report(ChainId chain, std::size_t rule, Date end, std::string_view what, std::string_view past,
                std::string_view future) {
        auto const left = (std::chrono::sys_days(end) - std::chrono::sys_days(today_)).count();
        if (left > days_) return;
        std::string text = fmt::format("{} {} on {}", what, left < 0 ? past : future, to_string(end));
        if (left >= 0)
            text += left == 0 ? ", which is today" : left == 1 ? ", tomorrow" : fmt::format(", in {} days", left);
        Finding& finding = add_finding(ctx_, out_, chain, rule).arg("what", std::move(text));
        if (left >= 0) finding.severity = Severity::low;
    }

    Context const& ctx_;
    Findings& out_;
    Date today_;
    std::int64_t days_;
};

// Rules that were one rule of the text stand side by side, and are told once.
bool continues(std::vector<Rule> const& rules, std::size_t index) {
    return index > 0 && rules[index - 1].origin == rules[index].origin;
}

void report_inactive(Context const& ctx, Chain const& chain, Findings& out) {
    for (std::size_t i = 0; i < chain.inactive.size(); ++i) {
        if (continues(chain.inactive, i)) continue;
        Finding& finding = out.add(ctx.rule().id, chain.inactive[i].span);
        finding.arg("what", "this rule is switched off by 'inactive'");
        finding.where = fmt::format("{}/{}", chain.title(), chain.inactive[i].origin + 1);
        finding.severity = Severity::low;
    }
}

} // namespace

void check_expired_or_inactive_rule(Context const& ctx, Findings& out) {
    for (ChainId id = 0; id < ctx.ruleset().chains.size(); ++id) {
        Chain const& chain = ctx.ruleset().chains[id];
        report_inactive(ctx, chain, out);
        if (!ctx.today()) continue;
        Judge judge(ctx, out);
        for (std::size_t i = 0; i < chain.rules.size(); ++i)
            if (!continues(chain.rules, i)) judge.rule(id, i);
    }
}

} // namespace portcullis
