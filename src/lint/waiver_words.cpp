#include "lint/waiver_words.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "portcullis/base/ascii.hpp"
#include "portcullis/base/date.hpp"
#include "portcullis/base/did_you_mean.hpp"
#include "portcullis/lint/rule.hpp"

namespace portcullis {

namespace {

constexpr std::string_view blanks = " \t\r";
constexpr std::string_view verbs[] = {"ignore", "ignore-file", "allow"};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_name(char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '-'; }

class Reader {
  public:
    Reader(std::string_view text, SourceId source, std::size_t begin, std::size_t end) : text_(text.substr(0, end)), source_(source), at_(begin) {}

    Waiver read() {
        skip_blanks();
        std::size_t const begin = at_;
        std::string_view const verb = name();
        if (std::ranges::find(verbs, verb) == std::end(verbs))
            fail(fmt::format("found '{}', expected ignore, ignore-file or allow{}", verb, did_you_mean_text(verb, {std::begin(verbs), std::end(verbs)})));
        waiver_.whole_file = verb == "ignore-file";
        if (waiver_.error.empty()) selectors();
        while (waiver_.error.empty() && skip_blanks()) word();
        std::size_t const last = text_.find_last_not_of(blanks);
        waiver_.span = span(begin, std::max(begin, last == std::string_view::npos ? begin : last + 1));
        return std::move(waiver_);
    }

  private:
    Span span(std::size_t begin, std::size_t end) const { return {source_, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)}; }
    void fail(std::string why) { waiver_.error = std::move(why); }
    bool is_at(char c) const { return at_ < text_.size() && text_[at_] == c; }
    bool skip_blanks() {
        at_ = std::min(text_.find_first_not_of(blanks, at_), text_.size());
        return at_ < text_.size();
    }
    std::string_view name() {
        std::size_t const begin = at_;
        while (at_ < text_.size() && is_name(text_[at_])) ++at_;
        return text_.substr(begin, at_ - begin);
    }

    // "[PC101, telnet-exposed]", or "PC101,telnet-exposed"
    void selectors() {
        skip_blanks();
        bool const bracket = is_at('[');
        if (bracket) ++at_;
        do {
            if (bracket) skip_blanks();
            std::size_t const begin = at_;
            std::string const rule(name());
            if (rule.empty()) return fail("it names no rule; write ignore[PC101]");
            waiver_.rules.push_back({rule, span(begin, at_)});
            if (auto unknown = unknown_rule(rule)) return fail(std::move(*unknown));
            if (bracket) skip_blanks();
        } while (is_at(',') && ++at_ < text_.size());
        if (bracket && !is_at(']')) return fail("its list of rules has no ']'");
        if (bracket) ++at_;
    }

    // A backslash before a quote belongs to the string that the comment is.
    bool is_quote() const {
        std::size_t const at = at_ + (is_at('\\') ? 1 : 0);
        return at < text_.size() && (text_[at] == '"' || text_[at] == '\'');
    }

    std::string value() {
        if (!is_quote()) {
            std::size_t const begin = at_;
            at_ = std::min(text_.find_first_of(blanks, at_), text_.size());
            return std::string(text_.substr(begin, at_ - begin));
        }
        if (is_at('\\')) ++at_;
        char const quote = text_[at_++];
        std::string result;
        while (at_ < text_.size() && !is_at(quote)) {
            if (!is_at('\\') || at_ + 1 == text_.size()) result += text_[at_];
            else if (text_[at_ + 1] != quote) result += text_[++at_];
            ++at_;
        }
        if (at_ == text_.size()) fail("its quotes are not closed");
        else ++at_;
        return result;
    }

    // "until=2026-12-31", or a word of the reason
    void word() {
        std::size_t key_end = at_;
        while (key_end < text_.size() && is_letter(text_[key_end])) ++key_end;
        if (key_end == at_ || key_end == text_.size() || text_[key_end] != '=') return reason(value());
        std::string_view const key = text_.substr(at_, key_end - at_);
        at_ = key_end + 1;
        std::string const text = value();
        if (key == "until") {
            waiver_.until = parse_date(text);
            if (!waiver_.until) fail(fmt::format("until: '{}' is no day; write it as 2026-12-31", text));
        } else if (key == "reason") {
            waiver_.reason = text;
        } else if (key == "owner" || key == "by") {
            waiver_.owner = text;
        } else if (key == "ticket") {
            waiver_.ticket = text;
        } else {
            fail(fmt::format("unknown key '{}'{}; known are until, reason, owner and ticket", key,
                             did_you_mean_text(key, {"until", "reason", "owner", "ticket"})));
        }
    }

    void reason(std::string const& text) {
        if (!waiver_.reason.empty()) waiver_.reason += ' ';
        waiver_.reason += text;
    }

    std::string_view text_;
    SourceId source_;
    std::size_t at_;
    Waiver waiver_;
};

} // namespace

Waiver read_waiver(std::string_view text, SourceId source, std::size_t begin, std::size_t end) { return Reader(text, source, begin, end).read(); }

bool begins_waiver(std::string_view text) {
    text.remove_prefix(std::min(text.find_first_not_of(blanks), text.size()));
    return std::ranges::any_of(verbs, [&](std::string_view verb) {
        return text.starts_with(verb) && text.size() > verb.size() && (text[verb.size()] == '[' || blanks.find(text[verb.size()]) != std::string_view::npos);
    });
}

} // namespace portcullis
