#include "lint/waiver_comment.hpp"

#include <algorithm>
#include <tuple>

#include "lint/waiver_words.hpp"

namespace portcullis {

namespace {

constexpr std::string_view mark = "portcullis:";
constexpr std::string_view blanks = " \t\r";

bool is_blank(std::string_view text) { return text.find_first_not_of(blanks) == std::string_view::npos; }

std::string_view trimmed(std::string_view text) {
    std::size_t const begin = text.find_first_not_of(blanks);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

// Where the text of a remark begins: "10 remark …", "access-list 101 remark …", "access-list A line 3 remark …".
std::size_t remark_text(std::string_view line) {
    constexpr int most_words = 5;
    std::size_t at = 0;
    for (int i = 0; i < most_words; ++i) {
        at = line.find_first_not_of(blanks, at);
        if (at == std::string_view::npos) return at;
        std::size_t const end = std::min(line.find_first_of(blanks, at), line.size());
        if (line.substr(at, end - at) == "remark") return end;
        at = end;
    }
    return std::string_view::npos;
}

bool is_comment_line(std::string_view line, Dialect dialect) {
    std::string_view const text = trimmed(line);
    if (text.empty()) return true;
    return is_cisco(dialect) ? text.front() == '!' || is_remark(line) : text.front() == '#';
}

enum class Stand { nowhere, above, beside, inside }; // the statement that it is about

// A comment around a mark: where the mark stands in it, and where it ends.
struct Comment {
    Stand stand = Stand::nowhere;
    std::size_t begin = 0;
    std::size_t end = 0;
};

// Follows strings and comments within a line of a dialect of Linux, so that a mark is known for what it stands in. JSON is
// one line, whatever its layout.
class Walk {
  public:
    Walk(std::string_view text, Dialect dialect) : text_(text), dialect_(dialect) {}

    Comment comment_at(std::size_t mark_at) {
        if (dialect_ != Dialect::nft_json) start_line(mark_at);
        while (at_ < mark_at) step();
        if (state_ == State::comment) return {is_blank(text_.substr(line_, begin_ - 1 - line_)) ? Stand::above : Stand::beside, begin_, line_end_};
        std::size_t const begin = state_ == State::string ? begin_ : mark_at;
        if (!is_comment_option(begin)) return {};
        // Without quotes it is one word.
        std::size_t const end = state_ == State::string ? string_end(mark_at) : std::min(text_.find_first_of(" \t\r\n", mark_at), text_.size());
        return {Stand::inside, begin, end};
    }

    // The line of the last mark.
    std::pair<std::size_t, std::size_t> line() const { return {line_, line_end_}; }

  private:
    enum class State { plain, string, comment };

    // Goes to the line of the offset, unless it is there already.
    void start_line(std::size_t offset) {
        if (offset < line_end_) return;
        std::size_t const before = text_.substr(line_end_, offset - line_end_).rfind('\n');
        line_ = at_ = before == std::string_view::npos ? line_end_ : line_end_ + before + 1;
        line_end_ = std::min(text_.find('\n', offset), text_.size());
        state_ = State::plain;
    }

    bool escapes() const { return dialect_ != Dialect::nftables; }
    bool is_quote(char c) const { return c == '"' || (c == '\'' && dialect_ == Dialect::iptables_script); }

    bool begins_comment() const {
        if (text_[at_] != '#' || dialect_ == Dialect::nft_json) return false;
        if (dialect_ == Dialect::nftables) return true;
        std::string_view const before = text_.substr(line_, at_ - line_);
        return is_blank(before) || (dialect_ == Dialect::iptables_script && blanks.find(before.back()) != std::string_view::npos);
    }

    void step() {
        char const c = text_[at_];
        if (state_ == State::string && c == '\\' && escapes()) ++at_;
        else if (state_ == State::string && c == quote_) state_ = State::plain;
        else if (state_ == State::plain && begins_comment()) enter(State::comment);
        else if (state_ == State::plain && is_quote(c)) enter(State::string);
        ++at_;
    }

    void enter(State state) {
        state_ = state;
        quote_ = text_[at_];
        begin_ = at_ + 1;
    }

    std::size_t string_end(std::size_t at) const {
        for (; at < text_.size() && text_[at] != quote_ && text_[at] != '\n'; ++at)
            if (text_[at] == '\\' && escapes()) ++at;
        return std::min(at, text_.size());
    }

    // Whether the text before is what gives a rule its comment: --comment "…, comment "…, "comment": "…
    bool is_comment_option(std::size_t begin) const {
        constexpr std::size_t most = 40;
        std::string_view before = text_.substr(0, begin);
        before.remove_prefix(before.size() - std::min(before.size(), most));
        if (state_ == State::string) before.remove_suffix(1);
        before = before.substr(0, before.find_last_not_of(" \t\n\r") + 1);
        if (dialect_ != Dialect::nft_json) return before.ends_with(dialect_ == Dialect::nftables ? "comment" : "--comment");
        if (!before.ends_with(':')) return false;
        before.remove_suffix(1);
        return before.substr(0, before.find_last_not_of(" \t\n\r") + 1).ends_with("\"comment\"");
    }

    std::string_view text_;
    Dialect dialect_;
    std::size_t line_ = 0;
    std::size_t line_end_ = 0;
    std::size_t at_ = 0;
    State state_ = State::plain;
    char quote_ = '"';
    std::size_t begin_ = 0; // of the text of the string or comment
};

Comment cisco_comment(std::string_view text, std::size_t mark_at) {
    std::size_t const before = mark_at == 0 ? std::string_view::npos : text.rfind('\n', mark_at - 1);
    std::size_t const line = before == std::string_view::npos ? 0 : before + 1;
    std::size_t const end = std::min(text.find('\n', mark_at), text.size());
    std::size_t const first = text.find_first_not_of(blanks, line);
    if (text[first] == '!') return {Stand::above, first + 1, end};
    std::size_t const remark = remark_text(text.substr(line, mark_at - line));
    return remark == std::string_view::npos ? Comment{} : Comment{Stand::above, line + remark, end};
}

// The places of rules, to find those that a waiver touches.
class RuleSpans {
  public:
    RuleSpans(Ruleset const& ruleset, SourceId source) {
        for (Chain const& chain : ruleset.chains)
            for (Rule const& rule : chain.rules)
                if (rule.span.source == source && rule.span.begin < rule.span.end) spans_.push_back(rule.span);
        std::ranges::sort(spans_, {}, [](Span span) { return std::tuple(span.begin, span.end); });
    }
    // The span, and the rules that it is a part of or has parts of. Rules stand beside one another.
    Span widened(Span span) const {
        Span wide = span;
        auto at = std::ranges::lower_bound(spans_, span.end, {}, &Span::begin);
        while (at != spans_.begin() && std::prev(at)->end > span.begin) {
            --at;
            wide.begin = std::min(wide.begin, at->begin);
            wide.end = std::max(wide.end, at->end);
        }
        return wide;
    }

  private:
    std::vector<Span> spans_;
};

class Finder {
  public:
    Finder(Sources const& sources, SourceId source, Dialect dialect, Ruleset const& ruleset)
        : text_(sources[source].text()), source_(source), dialect_(dialect), ruleset_(ruleset), walk_(text_, dialect) {}

    std::vector<Waiver> find() {
        std::vector<Waiver> all;
        for (std::size_t at = text_.find(mark); at != std::string_view::npos; at = text_.find(mark, at)) {
            Comment const comment = is_cisco(dialect_) ? cisco_comment(text_, at) : walk_.comment_at(at);
            std::size_t const begin = at + mark.size();
            at = begin;
            // Where it is all of the comment, it is no prose.
            bool const alone = comment.stand != Stand::nowhere && is_blank(text_.substr(comment.begin, begin - mark.size() - comment.begin));
            if (comment.stand == Stand::nowhere && is_cisco(dialect_)) at = std::min(text_.find('\n', at), text_.size()); // nor is the rest of the line
            if (comment.stand == Stand::nowhere || (!alone && !begins_waiver(text_.substr(begin, comment.end - begin)))) continue;
            Waiver waiver = read_waiver(text_, source_, begin, comment.end);
            waiver.target = target(comment.stand, begin, comment.end);
            all.push_back(std::move(waiver));
            at = std::max(begin, comment.end);
        }
        return all;
    }

  private:
    Span span(std::size_t begin, std::size_t end) const { return {source_, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)}; }

    Span widened(Span span) {
        if (!rules_) rules_.emplace(ruleset_, source_);
        return rules_->widened(span);
    }

    Span target(Stand stand, std::size_t begin, std::size_t end) {
        if (stand == Stand::above) return next_statement(end);
        if (stand == Stand::inside) {
            // In nft and its JSON there may be others on the line.
            Span const rule = widened(span(begin - 1, begin)); // where the mark ends
            bool const is_rule = rule.end - rule.begin > 1 && dialect_ == Dialect::nftables;
            if (is_rule || dialect_ == Dialect::nft_json) return rule;
        }
        auto const [first, last] = walk_.line();
        return widened(span(first, last));
    }

    // The next line that is no comment, with those that continue it. Comments that stand together share it.
    Span next_statement(std::size_t from) {
        if (from <= next_.begin && from >= next_from_) return next_;
        next_from_ = from;
        std::size_t begin = std::min(from + 1, text_.size());
        std::size_t end = begin;
        for (; begin < text_.size(); begin = end + 1) {
            end = std::min(text_.find('\n', begin), text_.size());
            if (!is_comment_line(text_.substr(begin, end - begin), dialect_)) break;
        }
        while (end < text_.size() && !is_cisco(dialect_) && text_[text_.find_last_not_of(blanks, end - 1)] == '\\')
            end = std::min(text_.find('\n', end + 1), text_.size());
        begin = std::min(begin, text_.size());
        next_ = begin < end ? widened(span(begin, end)) : span(text_.size(), text_.size());
        return next_;
    }

    std::string_view text_;
    SourceId source_;
    Dialect dialect_;
    Ruleset const& ruleset_;
    Walk walk_;
    std::optional<RuleSpans> rules_;
    Span next_;
    std::size_t next_from_ = 1; // behind where `next_` begins: nothing is known yet
};

} // namespace

std::vector<Waiver> waivers_in(Sources const& sources, SourceId source, Dialect dialect, Ruleset const& ruleset) {
    return Finder(sources, source, dialect, ruleset).find();
}

bool is_remark(std::string_view line) { return remark_text(line) != std::string_view::npos; }

bool has_waiver(std::string_view comment) {
    for (std::size_t at = comment.find(mark); at != std::string_view::npos; at = comment.find(mark, at + 1))
        if (begins_waiver(comment.substr(at + mark.size()))) return true;
    return false;
}

} // namespace portcullis
