#include "lint/rule_text.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "lint/waiver_comment.hpp"
#include "portcullis/dialect/write.hpp"

namespace portcullis {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::vector<std::string> lines_of(std::string const& text) {
    std::vector<std::string> lines;
    for (std::size_t at = 0; at < text.size();) {
        std::size_t const end = std::min(text.find('\n', at), text.size());
        lines.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return lines;
}

// The chain alone, with the rule for its only one.
Ruleset alone(Ruleset const& ruleset, Chain const& chain, Rule const& rule) {
    Ruleset one;
    one.dialect = ruleset.dialect;
    one.governs_v4 = ruleset.governs_v4;
    one.governs_v6 = ruleset.governs_v6;
    Chain& copy = one.chains.emplace_back();
    copy.table = chain.table;
    copy.name = chain.name;
    copy.hook = chain.hook;
    copy.policy = is_cisco(ruleset.dialect) ? Verdict(Accept{}) : Verdict(Drop{}); // a list of IPv6 says its last denial
    copy.explicit_policy = chain.explicit_policy;
    copy.standard = chain.standard;
    copy.rules = {rule};
    return one;
}

Writing written(Ruleset const& one) {
    switch (one.dialect) {
    case Dialect::nftables: return write_nftables(one);
    case Dialect::iptables: return write_iptables(one, Family::v4);
    case Dialect::ip6tables: return write_iptables(one, Family::v6);
    default: return write_cisco(one, one.dialect);
    }
}

// An entry without the number and the list's name before it.
std::string entry_alone(std::string const& line) {
    std::size_t const verb = line.find("deny ");
    return verb == std::string::npos ? line : line.substr(verb);
}

std::uint32_t line_start(std::string_view text, std::uint32_t at) {
    std::size_t const before = at == 0 ? text.npos : text.rfind('\n', at - 1);
    return before == text.npos ? 0 : static_cast<std::uint32_t>(before + 1);
}

std::uint32_t line_end(std::string_view text, std::uint32_t at) {
    return static_cast<std::uint32_t>(std::min(text.find('\n', at), text.size()));
}

// The start of the line, or of the comments right above it, which stay with it: they may be waivers.
std::uint32_t start_with_comments(std::string_view text, std::uint32_t at) {
    std::uint32_t start = line_start(text, at);
    while (start > 0) {
        std::uint32_t const above = line_start(text, start - 1);
        std::size_t const first = text.find_first_not_of(" \t", above);
        if (text[first] != '#') break;
        start = above;
    }
    return start;
}

Edit at(SourceId source, std::uint32_t place, std::string text) { return {{source, place, place}, std::move(text)}; }

// ---- nft

std::optional<Edit> inserted_nft(Sources const& sources, Chain const& chain, std::size_t before, std::vector<std::string> const& lines) {
    bool const last = before >= chain.rules.size();
    if (!chain.rules.empty()) {
        Span const span = chain.rules[last ? chain.rules.size() - 1 : before].span;
        std::string_view const text = sources[span.source].text();
        std::uint32_t const start = line_start(text, span.begin);
        std::string const indent(text.substr(start, span.begin - start));
        if (!std::ranges::all_of(indent, is_blank)) return std::nullopt; // several statements on a line, or elements of a map
        std::string_view const rule = text.substr(span.begin, span.end - span.begin);
        for (std::string_view const command : {"add ", "insert ", "replace ", "create "})
            if (rule.starts_with(command)) return std::nullopt;
        std::string piece;
        std::uint32_t const end = line_end(text, span.end);
        if (last && text.substr(span.end, end - span.end).find('}') != text.npos) return std::nullopt;
        for (std::string const& line : lines) piece += last ? '\n' + indent + line : indent + line + '\n';
        return at(span.source, last ? end : start_with_comments(text, start), std::move(piece));
    }
    Span const span = chain.span;
    std::string_view const text = sources[span.source].text();
    std::size_t const brace = text.find('}', std::max(span.begin, chain.policy_span.end));
    if (brace == text.npos) return std::nullopt;
    auto const close = static_cast<std::uint32_t>(brace);
    std::uint32_t const start = line_start(text, close);
    std::string const indent(text.substr(start, close - start));
    if (!std::ranges::all_of(indent, is_blank)) return std::nullopt;
    std::string piece;
    for (std::string const& line : lines) piece += indent + '\t' + line + '\n';
    return at(span.source, start, std::move(piece));
}

// ---- iptables

std::optional<Edit> inserted_iptables(Sources const& sources, Chain const& chain, std::size_t before, std::vector<std::string> const& lines) {
    std::string piece;
    for (std::string const& line : lines) piece += line + '\n';
    bool const last = before >= chain.rules.size();
    Span const span = chain.rules.empty() ? chain.span : chain.rules[last ? chain.rules.size() - 1 : before].span;
    std::string_view const text = sources[span.source].text();
    if (!chain.rules.empty() && !last) return at(span.source, start_with_comments(text, span.begin), std::move(piece));
    if (!chain.rules.empty()) return at(span.source, std::min<std::uint32_t>(line_end(text, span.end) + 1, static_cast<std::uint32_t>(text.size())), std::move(piece));
    // Rules stand behind all declarations: before the end of the table.
    for (std::uint32_t place = line_start(text, span.begin); place < text.size(); place = line_end(text, place) + 1)
        if (text.substr(place).starts_with("COMMIT")) return at(span.source, place, std::move(piece));
    return std::nullopt;
}

// ---- Cisco

// The remarks that stand above an entry are about it.
std::uint32_t start_with_remarks(std::string_view text, std::uint32_t start) {
    while (start > 0) {
        std::uint32_t const above = line_start(text, start - 1);
        if (!is_remark(text.substr(above, start - 1 - above))) break;
        start = above;
    }
    return start;
}

// That a line begins with; 0 where it has none.
std::uint32_t number_at(std::string_view text, std::uint32_t start) {
    std::size_t const first = std::min(text.find_first_not_of(" \t", start), text.size());
    std::uint32_t number = 0;
    std::from_chars(text.data() + first, text.data() + text.size(), number);
    return number;
}

std::optional<Edit> inserted_cisco(Sources const& sources, Chain const& chain, std::size_t before, std::vector<std::string> const& lines) {
    if (before >= chain.rules.size()) return std::nullopt;
    Rule const& next = chain.rules[before];
    std::string_view const text = sources[next.span.source].text();
    std::uint32_t const start = line_start(text, next.span.begin);
    std::string_view const line = text.substr(start, line_end(text, start) - start);
    // What stands before "permit": "access-list 101 ", " 10 ", "access-list OUT extended ", "  sequence 20 ".
    std::size_t const verb = line.find("permit ");
    if (verb == line.npos) return std::nullopt;
    std::string head(line.substr(0, verb));
    if (head.find("dynamic ") != head.npos) return std::nullopt; // a list within a list
    std::uint32_t const beginning = start_with_remarks(text, start);
    std::uint32_t number = next.sequence, step = 1;
    if (number != 0) {
        // Remarks are numbered as entries are, or not at all.
        if (std::uint32_t const first = number_at(text, beginning); first != 0) number = std::min(number, first);
        std::uint32_t earlier = 0;
        for (std::size_t i = 0; i < before; ++i) earlier = std::max(earlier, chain.rules[i].sequence);
        for (std::uint32_t const taken : chain.remark_sequences)
            if (taken < number) earlier = std::max(earlier, taken);
        step = (number - earlier) / (static_cast<std::uint32_t>(lines.size()) + 1);
        if (earlier >= number || step == 0) return std::nullopt;
        number = earlier;
    }
    std::string piece;
    for (std::string const& entry : lines) {
        std::string own = head;
        if (number != 0 || next.sequence != 0) {
            number += step;
            std::string const digits = std::to_string(next.sequence);
            std::size_t const place = own.rfind(digits);
            if (place == own.npos) return std::nullopt;
            own.replace(place, digits.size(), std::to_string(number));
        }
        piece += own + entry_alone(entry) + '\n';
    }
    return at(next.span.source, beginning, std::move(piece));
}

// As a writer of the dialect has them.
std::optional<std::vector<std::string>> rule_lines(Ruleset const& ruleset, Chain const& chain, Rule const& rule) {
    Writing const writing = written(alone(ruleset, chain, rule));
    if (!writing.losses.empty()) return std::nullopt;
    std::vector<std::string> found;
    for (std::string const& line : lines_of(writing.text)) {
        if (ruleset.dialect == Dialect::nftables) {
            if (line.starts_with("\tset ") || line.starts_with("\tmap ")) return std::nullopt;
            if (line.starts_with("\t\t") && !line.starts_with("\t\ttype ")) found.push_back(line.substr(2));
        } else if (is_cisco(ruleset.dialect)) {
            if (line.starts_with("object")) return std::nullopt;
            if (line.find("deny ") != line.npos) found.push_back(line);
        } else {
            if (line.starts_with(':') && line.find(" - [") != line.npos && !line.starts_with(':' + chain.name + ' ')) return std::nullopt;
            if (line.starts_with("-A ")) found.push_back(line);
        }
    }
    if (found.empty()) return std::nullopt;
    return found;
}

} // namespace

std::string with_edits(std::string_view text, std::vector<Edit> edits) {
    std::ranges::stable_sort(edits, {}, [](Edit const& edit) { return edit.span.begin; });
    std::string result;
    std::size_t at = 0;
    for (Edit const& edit : edits) {
        std::size_t const begin = std::max<std::size_t>(at, edit.span.begin);
        result += text.substr(at, begin - at);
        result += edit.text;
        at = std::max<std::size_t>(at, edit.span.end);
    }
    return result += text.substr(at);
}

std::optional<Edit> inserted(Sources const& sources, Ruleset const& ruleset, Chain const& chain, std::size_t before,
                             std::vector<Rule> const& rules) {
    std::vector<std::string> lines;
    for (Rule const& rule : rules) {
        auto const own = rule_lines(ruleset, chain, rule);
        if (!own) return std::nullopt;
        lines.insert(lines.end(), own->begin(), own->end());
    }
    if (ruleset.dialect == Dialect::nftables) return inserted_nft(sources, chain, before, lines);
    if (is_cisco(ruleset.dialect)) return inserted_cisco(sources, chain, before, lines);
    return inserted_iptables(sources, chain, before, lines);
}

std::optional<Edit> with_policy_drop(Sources const& sources, Ruleset const& ruleset, Chain const& chain) {
    bool const nft = ruleset.dialect == Dialect::nftables;
    std::string_view const accept = nft ? "accept" : "ACCEPT", drop = nft ? "drop" : "DROP";
    Span const span = chain.policy_span;
    std::string_view const text = sources[span.source].text();
    if (chain.explicit_policy) {
        std::size_t const place = text.substr(span.begin, span.end - span.begin).find(accept);
        if (place == text.npos) return std::nullopt;
        auto const begin = static_cast<std::uint32_t>(span.begin + place);
        return Edit{{span.source, begin, begin + static_cast<std::uint32_t>(accept.size())}, std::string(drop)};
    }
    if (!nft) return std::nullopt;
    // Behind the statement that says the hook.
    std::size_t const hook = text.find("hook ", chain.span.begin);
    if (hook == text.npos) return std::nullopt;
    std::size_t const end = text.find_first_of(";\n}", hook);
    if (end == text.npos || text[end] == '}') return std::nullopt;
    bool const semicolon = text[end] == ';';
    return at(span.source, static_cast<std::uint32_t>(semicolon ? end + 1 : end), semicolon ? " policy drop;" : "; policy drop;");
}

} // namespace portcullis
