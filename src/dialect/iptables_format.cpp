// A restore file line by line, as iptables-save lays it out: one blank between words, counters behind every policy.
// Words, their order and what is in quotes stay as they are, and so do comments; of several empty lines one stays.
#include <algorithm>
#include <fmt/format.h>
#include <stdexcept>
#include <utility>
#include <vector>

#include "grammars/iptables/parse.hpp"
#include "portcullis/dialect/format.hpp"

namespace portcullis {

namespace {

bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::string_view trimmed(std::string_view line) {
    while (!line.empty() && is_blank(line.front())) line.remove_prefix(1);
    while (!line.empty() && (is_blank(line.back()) || line.back() == '\r')) line.remove_suffix(1);
    return line;
}

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        std::size_t const end = std::min(text.find('\n'), text.size());
        lines.push_back(trimmed(text.substr(0, end)));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

// One blank where there were several, but for what is in quotes. A backslash guards a quote only within quotes.
std::string words_of(std::string_view line) {
    std::string text;
    bool quoted = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (line[i] == '"') quoted = !quoted;
        if (!quoted && is_blank(line[i])) {
            if (text.back() != ' ') text += ' '; // a line does not begin with one
            continue;
        }
        text += line[i];
        if (quoted && line[i] == '\\' && i + 1 < line.size()) text += line[++i];
    }
    return text;
}

std::string line_text(std::string_view line) {
    if (line.empty() || line.front() == '#') return std::string(line);
    std::string text = words_of(line);
    if (text.starts_with("* ")) text.erase(1, 1);
    // A policy alone: counters start from nought where they are not given.
    bool const chain = text.front() == ':';
    if (chain && text.find(' ') != std::string::npos && text.find('[') == std::string::npos) text += " [0:0]";
    return text;
}

std::string layout(std::string_view text) {
    std::string out;
    bool gap = false;
    for (std::string_view const line : lines_of(text)) {
        if (line.empty()) {
            gap = !out.empty();
            continue;
        }
        if (std::exchange(gap, false)) out += '\n';
        out += line_text(line) + '\n';
    }
    return out;
}

std::vector<std::string> comments_of(std::string_view text) {
    std::vector<std::string> comments;
    for (std::string_view const line : lines_of(text))
        if (line.starts_with('#')) comments.emplace_back(line);
    return comments;
}

std::string difference(Sources& sources, SourceId before, SourceId after, Dialect dialect) {
    if (layout(sources[after].text()) != sources[after].text()) return "the text again when it is formatted again";
    if (comments_of(sources[before].text()) != comments_of(sources[after].text())) return "its comments";
    Reading const old_reading = read(sources, before, dialect);
    Reading const new_reading = read(sources, after, dialect);
    bool const same = to_text(old_reading.ruleset) == to_text(new_reading.ruleset) &&
                      old_reading.findings.all().size() == new_reading.findings.all().size();
    return same ? "" : "what the ruleset does";
}

} // namespace

Formatted format_iptables(Sources& sources, SourceId source, Dialect dialect) {
    std::string_view const text = sources[source].text();
    Formatted result;
    for (SyntaxError const& error : iptables::parse(text, source).errors)
        result.errors.add("PC001", error.span).arg("error", to_string(error));
    if (!result.errors.empty()) return result;
    result.text = layout(text);
    if (result.text == text) return result;
    std::string const changed =
        difference(sources, source, sources.add(sources[source].path(), result.text), dialect);
    if (!changed.empty())
        throw std::logic_error(
            fmt::format("formatting {} would change {}; it is left as it is", sources[source].path(), changed));
    return result;
}

} // namespace portcullis
