// The text becomes a tree of blocks, statements and lists in braces, made of tokens and comments alone, and is
// written anew from that. Where a line of the source ends decides nothing, except that a comment behind a statement
// stays there and that an empty line stays one; so formatting twice is formatting once.
#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <stdexcept>
#include <utility>

#include "grammars/nftables/lexer.hpp"
#include "grammars/nftables/parse.hpp"
#include "portcullis/dialect/format.hpp"

namespace portcullis {

namespace {

using nftables::Token;
using nftables::TokenKind;

constexpr std::size_t line_limit = 100;
constexpr std::size_t tab_width = 8;

std::size_t width(std::string_view line) {
    auto const tabs = static_cast<std::size_t>(std::count(line.begin(), line.end(), '\t'));
    return line.size() - tabs + tabs * tab_width;
}

std::string_view without_trailing_blanks(std::string_view text) {
    return text.substr(0, text.find_last_not_of(" \t\r") + 1);
}

// ---- words and comments of the text, in one row

struct Lexeme {
    TokenKind kind = TokenKind::end;
    bool comment = false;
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    std::string_view text; // a string with its quotes, a comment without blanks at its end
};

std::vector<Lexeme> lexemes(std::string_view text) {
    nftables::Tokens const tokens = nftables::lex(text, 0);
    std::vector<Lexeme> all;
    all.reserve(tokens.tokens.size() + tokens.comments.size());
    auto comment = tokens.comments.begin();
    for (Token const& token : tokens.tokens) {
        for (; comment != tokens.comments.end() && comment->begin < token.offset; ++comment) {
            std::string_view const words = text.substr(comment->begin, comment->end - comment->begin);
            all.push_back({TokenKind::end, true, comment->begin, comment->end, without_trailing_blanks(words)});
        }
        std::uint32_t const quote = token.kind == TokenKind::string ? 1 : 0;
        std::uint32_t const begin = token.offset - quote;
        std::uint32_t const end = token.end() + quote;
        all.push_back({token.kind, false, begin, end, text.substr(begin, end - begin)});
    }
    for (; comment != tokens.comments.end(); ++comment) {
        std::string_view const words = text.substr(comment->begin, comment->end - comment->begin);
        all.insert(all.end() - 1,
                   {TokenKind::end, true, comment->begin, comment->end, without_trailing_blanks(words)});
    }
    return all;
}

bool is_separator(Lexeme const& lexeme) {
    return !lexeme.comment && (lexeme.kind == TokenKind::newline || lexeme.kind == TokenKind::semicolon);
}

// ---- the tree

struct List;
struct Body;

// A part of a statement: a word or sign, a list in braces, or a block.
struct Part {
    Lexeme lexeme;          // of the open brace for the others
    std::vector<List> list; // one or none
    std::vector<Body> body; // one or none
};

struct Line { // a comment of its own
    std::string_view comment;
    bool blank_before = false;
};

struct Element {
    std::vector<Line> before; // comments on lines of their own
    std::vector<Part> parts;
    std::vector<std::string_view> behind; // comments behind it
    bool blank_before = false;
};

struct List {
    std::vector<std::string_view> head; // comments behind the open brace
    std::vector<Element> elements;
    std::vector<Line> tail; // comments before the close brace

    bool has_comments() const;
};

bool any_comments(std::vector<Part> const& parts) {
    return std::any_of(parts.begin(), parts.end(), [](Part const& part) {
        return std::any_of(part.list.begin(), part.list.end(),
                           [](List const& list) { return list.has_comments(); });
    });
}

bool List::has_comments() const {
    return !head.empty() || !tail.empty() ||
           std::any_of(elements.begin(), elements.end(), [](Element const& element) {
               return !element.before.empty() || !element.behind.empty() || any_comments(element.parts);
           });
}

enum class Place : std::uint8_t { top, table, chain, set, object };

struct Statement {
    std::vector<Part> parts;                // none: a comment of its own
    std::vector<std::string_view> comments; // behind it, or it
    bool blank_before = false;
    bool is_block = false; // of a table, and all but "jump { … }"
    std::string_view word(std::size_t i) const {
        return i < parts.size() ? parts[i].lexeme.text : std::string_view();
    }
};

struct Body {
    Place place = Place::top;
    std::vector<std::string_view> head; // comments behind the open brace
    std::vector<Statement> statements;
};

constexpr std::pair<std::string_view, Place> block_kinds[] = {
    {"table", Place::table},   {"chain", Place::chain},      {"set", Place::set},
    {"map", Place::set},       {"counter", Place::object},   {"quota", Place::object},
    {"limit", Place::object},  {"synproxy", Place::object},  {"secmark", Place::object},
    {"tunnel", Place::object}, {"flowtable", Place::object}, {"ct", Place::object},
};

// What the block is that an open brace begins after these words, if it is one. Elsewhere it is a list.
std::optional<Place> block_after(Statement const& head, Place place) {
    std::string_view const last = head.parts.empty() ? std::string_view() : head.parts.back().lexeme.text;
    if (place == Place::chain) return last == "jump" || last == "goto" ? std::optional(Place::chain) : std::nullopt;
    bool const is_value = std::any_of(head.parts.begin(), head.parts.end(), [](Part const& part) {
        return part.lexeme.kind == TokenKind::equals || part.lexeme.kind == TokenKind::open_brace;
    });
    if (is_value || (place != Place::top && place != Place::table)) return std::nullopt;
    bool const verb = head.word(0) == "add" || head.word(0) == "create";
    std::string_view const kind = head.word(verb ? 1 : 0);
    for (auto const& [name, inside] : block_kinds)
        if (name == kind) return inside;
    if (last == "jump" || last == "goto") return Place::chain; // "add rule … jump { … }"
    return std::nullopt;
}

class TreeReader {
  public:
    explicit TreeReader(std::string_view text) : text_(text), lexemes_(lexemes(text)) {}

    Body read() {
        Body body;
        read_body(body);
        return body;
    }

  private:
    Lexeme const& now() const { return lexemes_[at_]; }
    bool ends() const { return !now().comment && now().kind == TokenKind::end; }
    bool closes() const { return !now().comment && now().kind == TokenKind::close_brace; }

    // How many lines end between what was read last and what comes now.
    auto line_ends() const {
        std::string_view const between = text_.substr(read_to_, now().begin - read_to_);
        return std::count(between.begin(), between.end(), '\n');
    }
    Lexeme const& take() {
        read_to_ = now().end;
        return lexemes_[at_++];
    }

    void read_body(Body& body) {
        for (; !ends() && !closes();) {
            if (is_separator(now())) {
                ++at_;
                continue;
            }
            bool const blank = line_ends() > 1;
            if (now().comment) {
                bool const behind = line_ends() == 0 && read_to_ > 0;
                std::string_view const comment = take().text;
                if (behind && body.statements.empty())
                    body.head.push_back(comment);
                else if (behind)
                    body.statements.back().comments.push_back(comment);
                else
                    body.statements.push_back({{}, {comment}, blank});
                continue;
            }
            Statement statement;
            statement.blank_before = blank;
            read_statement(statement, body.place);
            body.statements.push_back(std::move(statement));
        }
    }

    void read_statement(Statement& statement, Place place) {
        while (!ends() && !closes() && !is_separator(now()) && !now().comment) {
            Part part{take(), {}, {}};
            if (part.lexeme.kind == TokenKind::open_brace) {
                if (auto const inside = block_after(statement, place)) {
                    statement.is_block = place != Place::chain;
                    part.body.emplace_back().place = *inside;
                    read_body(part.body.front());
                } else {
                    read_list(part.list.emplace_back());
                }
                if (closes()) take();
            }
            statement.parts.push_back(std::move(part));
        }
    }

    void read_list(List& list) {
        std::vector<Line> before;
        bool blank = false;
        bool inside = false; // an element has begun
        for (; !ends() && !closes();) {
            if (is_separator(now())) {
                ++at_;
                continue;
            }
            if (now().comment) {
                bool const alone = line_ends() > 0;
                bool const empty_line = line_ends() > 1;
                std::string_view const comment = take().text;
                if (alone)
                    before.push_back({comment, empty_line});
                else if (list.elements.empty())
                    list.head.push_back(comment);
                else
                    list.elements.back().behind.push_back(comment);
                continue;
            }
            if (now().kind == TokenKind::comma) {
                inside = false;
                take();
                continue;
            }
            if (!inside) {
                blank = line_ends() > 1;
                list.elements.push_back({std::exchange(before, {}), {}, {}, blank});
                inside = true;
            }
            Part part{take(), {}, {}};
            if (part.lexeme.kind == TokenKind::open_brace) {
                read_list(part.list.emplace_back());
                if (closes()) take();
            }
            list.elements.back().parts.push_back(std::move(part));
            // "@th,0,16" is one word, whose commas separate nothing.
            if (raw_payload(list.elements.back().parts))
                for (int i = 0; i < 4 && !ends(); ++i) list.elements.back().parts.push_back({take(), {}, {}});
        }
        list.tail = std::move(before);
    }

    // After '@' and a base, a comma and a number follow.
    bool raw_payload(std::vector<Part> const& parts) const {
        return parts.size() > 1 && parts[parts.size() - 2].lexeme.kind == TokenKind::at &&
               at_ + 3 < lexemes_.size() && now().kind == TokenKind::comma &&
               lexemes_[at_ + 1].kind == TokenKind::number && lexemes_[at_ + 2].kind == TokenKind::comma;
    }

    std::string_view text_;
    std::vector<Lexeme> lexemes_;
    std::size_t at_ = 0;
    std::size_t read_to_ = 0;
};

// ---- blanks between words

bool starts_with_digit(Lexeme const& lexeme) {
    return !lexeme.text.empty() && lexeme.text.front() >= '0' && lexeme.text.front() <= '9';
}

bool is_unit_of_time(std::string_view word) {
    constexpr std::string_view units[] = {"second", "minute", "hour", "day", "week"};
    return std::find(std::begin(units), std::end(units), word) != std::end(units);
}

// "192.0.2.0/24" and "10/second", whose slash is tight; that of "syn / syn,ack" is not.
bool is_tight_slash(Lexeme const& left, Lexeme const& right) {
    bool const address = left.text.find_first_of(".:") != std::string_view::npos;
    return (address && right.kind == TokenKind::number) || is_unit_of_time(right.text);
}

// Whether a blank stands before a part. `paired` is where ':' is between a key and its value. Signs that are tight
// in some places and not in others keep what they have: the lexer takes "a-b" for one name, and "1:2" for one word.
bool blank_before(std::vector<Part> const& parts, std::size_t i, bool paired) {
    using enum TokenKind;
    if (i == 0) return false;
    Lexeme const& left = parts[i - 1].lexeme;
    Lexeme const& right = parts[i].lexeme;
    TokenKind const sign = right.kind == slash || right.kind == dash ? right.kind : left.kind;
    bool const as_written = left.end != right.begin;
    switch (right.kind) {
    case comma:
    case close_paren:
    case close_bracket: return false;
    case colon: return paired || as_written;
    case plus:
    case open_bracket: return as_written;
    default: break;
    }
    switch (sign) {
    case at:
    case dollar:
    case open_paren:
    case open_bracket:
    case comma: return false; // outside of lists: "established,related"
    case colon: return paired || as_written;
    case plus: return as_written;
    case slash:
    case dash: {
        std::size_t const at_sign = right.kind == sign ? i : i - 1;
        if (at_sign == 0 || at_sign + 1 == parts.size()) return as_written;
        Lexeme const& first = parts[at_sign - 1].lexeme;
        Lexeme const& second = parts[at_sign + 1].lexeme;
        bool const tight =
            sign == slash ? is_tight_slash(first, second) : starts_with_digit(first) && starts_with_digit(second);
        return !tight && as_written;
    }
    default: return true;
    }
}

// ---- writing

class TreeWriter {
  public:
    std::string write(Body const& body) {
        comments_behind(body.head);
        statements(body, 0);
        return std::move(out_);
    }

  private:
    static std::string tabs(std::size_t indent) { return std::string(indent, '\t'); }

    void comments_behind(std::vector<std::string_view> const& comments) {
        for (std::string_view const comment : comments) {
            if (!out_.empty() && out_.back() == '\n') out_.pop_back();
            if (!out_.empty() && out_.back() != '\n') out_ += ' ';
            out_ += fmt::format("{}\n", comment);
        }
    }

    void statements(Body const& body, std::size_t indent) {
        auto const& all = body.statements;
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (i > 0 && (all[i].blank_before || parted(all, i))) out_ += '\n';
            out_ += tabs(indent);
            if (all[i].parts.empty()) {
                out_ += fmt::format("{}\n", all[i].comments.front());
                continue;
            }
            statement(all[i], body.place, indent);
            // "type filter hook input priority filter; policy drop;" is one line.
            bool const hook = ends_with_semicolon(all[i], body.place);
            if (hook) out_ += ';';
            if (hook && i + 1 < all.size() && all[i].word(0) == "type" && all[i].comments.empty() &&
                all[i + 1].word(0) == "policy") {
                out_ += ' ';
                statement(all[++i], body.place, indent);
                out_ += ';';
            }
            out_ += '\n';
            comments_behind(all[i].comments);
        }
    }

    static bool ends_with_semicolon(Statement const& statement, Place place) {
        return place == Place::chain && (statement.word(0) == "type" || statement.word(0) == "policy");
    }

    // A block stands between empty lines, with the comments right above it.
    static bool parted(std::vector<Statement> const& all, std::size_t i) {
        if (all[i - 1].is_block) return true;
        if (all[i - 1].parts.empty()) return false;
        while (i < all.size() && all[i].parts.empty()) {
            ++i;
            if (i < all.size() && all[i].blank_before) return false;
        }
        return i < all.size() && all[i].is_block;
    }

    void statement(Statement const& statement, Place place, std::size_t indent) {
        bool const typed = place == Place::set && (statement.word(0) == "type" || statement.word(0) == "typeof");
        auto const& parts = statement.parts;
        List const* broken = nullptr;
        bool const has_body =
            std::any_of(parts.begin(), parts.end(), [](Part const& part) { return !part.body.empty(); });
        if (!has_body && indent * tab_width + width(written(parts, typed, 0, nullptr)) > line_limit)
            for (Part const& part : parts)
                for (List const& list : part.list)
                    if (list.elements.size() > 1 &&
                        (broken == nullptr || list.elements.size() > broken->elements.size()))
                        broken = &list;
        out_ += written(parts, typed, indent, broken);
    }

    // The parts with one blank between, where there is one. Blocks, lists with comments, and `broken`, take lines
    // of their own.
    std::string written(std::vector<Part> const& parts, bool paired, std::size_t indent, List const* broken) {
        std::string text;
        for (std::size_t i = 0; i < parts.size(); ++i) {
            Part const& part = parts[i];
            if (blank_before(parts, i, paired)) text += ' ';
            text += part.lexeme.text;
            for (Body const& body : part.body) {
                TreeWriter inner;
                inner.out_ = "{\n";
                inner.comments_behind(body.head);
                inner.statements(body, indent + 1);
                text += std::string_view(inner.out_).substr(1);
                text += tabs(indent) + '}';
            }
            for (List const& list : part.list) {
                if (&list == broken || list.has_comments())
                    text += in_lines(list, indent);
                else
                    text += flat_list(list);
            }
        }
        return text;
    }

    // " a, b }"
    std::string flat_list(List const& list) {
        std::string text;
        for (Element const& element : list.elements) {
            text += text.empty() ? " " : ", ";
            text += written(element.parts, true, 0, nullptr);
        }
        return text + " }";
    }

    // As many elements a line as fit.
    std::string in_lines(List const& list, std::size_t indent) {
        std::string text;
        for (std::string_view const comment : list.head)
            text += fmt::format("{}{}", text.empty() ? " " : "\n" + tabs(indent + 1), comment);
        std::string line;
        auto const flush = [&] {
            if (!line.empty()) text += '\n' + tabs(indent + 1) + std::exchange(line, {});
        };
        auto const own_lines = [&](std::vector<Line> const& comments) {
            for (Line const& comment : comments) {
                flush();
                if (comment.blank_before && !text.empty()) text += '\n';
                text += fmt::format("\n{}{}", tabs(indent + 1), comment.comment);
            }
        };
        for (Element const& element : list.elements) {
            own_lines(element.before);
            if (element.blank_before && &element != &list.elements.front()) {
                flush();
                text += '\n';
            }
            std::string words = written(element.parts, true, indent + 1, nullptr);
            if (&element != &list.elements.back()) words += ',';
            bool const fits = (indent + 1) * tab_width + width(line) + 1 + width(words) <= line_limit;
            if (!line.empty() && !fits) flush();
            line += (line.empty() ? "" : " ") + words;
            for (std::string_view const comment : element.behind) {
                line += (line.empty() ? "" : " ") + std::string(comment);
                flush();
            }
            if (words.find('\n') != std::string::npos) flush();
        }
        flush();
        own_lines(list.tail);
        return text + '\n' + tabs(indent) + '}';
    }

    std::string out_;
};

// The grammar did not look into named objects: what is in them may be no words, or braces too deep or too few.
std::optional<SyntaxError> error_in_objects(std::string_view text, SourceId source) {
    constexpr std::size_t nesting_limit = 64;
    std::vector<Lexeme> open;
    for (Lexeme const& lexeme : lexemes(text)) {
        if (lexeme.kind == TokenKind::bad)
            return SyntaxError{{source, lexeme.begin, lexeme.end}, {}, {}, "no word or sign of nft"};
        if (lexeme.kind == TokenKind::open_brace) open.push_back(lexeme);
        if (lexeme.kind == TokenKind::close_brace && !open.empty()) open.pop_back();
        if (open.size() > nesting_limit)
            return SyntaxError{{source, lexeme.begin, lexeme.end}, {}, {}, "braces are nested more than 64 deep"};
    }
    if (open.empty()) return std::nullopt;
    return SyntaxError{{source, open.back().begin, open.back().end}, {}, {}, "'{' without its '}'"};
}

std::string layout(std::string_view text) { return TreeWriter().write(TreeReader(text).read()); }

// ---- the check

// Words and comments, without what the layout may change: separators, and the comma after a last element.
std::pair<std::vector<std::string_view>, std::vector<std::string_view>> words_and_comments(std::string_view text) {
    std::pair<std::vector<std::string_view>, std::vector<std::string_view>> result;
    auto& [words, comments] = result;
    for (Lexeme const& lexeme : lexemes(text)) {
        if (lexeme.comment) {
            comments.push_back(lexeme.text);
            continue;
        }
        if (is_separator(lexeme)) continue;
        bool const closes = lexeme.kind == TokenKind::close_brace;
        if (closes && !words.empty() && words.back() == ",") words.pop_back();
        words.push_back(lexeme.text);
    }
    return result;
}

// Opaque matches and effects are told in the words of the text, blanks and all; those are the layout's to change.
std::string without_blanks(std::string text) {
    std::erase(text, ' ');
    return text;
}

std::string difference(Sources& sources, SourceId before, SourceId after, ReadOptions const& options) {
    std::string_view const old_text = sources[before].text();
    std::string_view const new_text = sources[after].text();
    auto const [old_words, old_comments] = words_and_comments(old_text);
    auto const [new_words, new_comments] = words_and_comments(new_text);
    if (old_words != new_words) return "its words";
    if (old_comments != new_comments) return "its comments";
    if (layout(new_text) != new_text) return "the text again when it is formatted again";
    Reading const old_reading = read(sources, before, Dialect::nftables, options);
    Reading const new_reading = read(sources, after, Dialect::nftables, options);
    // What nft refuses does nothing, and its declarations are kept by texts that nobody can read.
    auto const is_refused = [](Reading const& reading) {
        return std::ranges::any_of(reading.findings.all(), [](Finding const& finding) { return finding.rule == "PC001"; });
    };
    if (is_refused(old_reading)) return is_refused(new_reading) ? "" : "what the ruleset does";
    bool const same =
        without_blanks(to_text(old_reading.ruleset)) == without_blanks(to_text(new_reading.ruleset)) &&
        old_reading.findings.all().size() == new_reading.findings.all().size();
    return same ? "" : "what the ruleset does";
}

} // namespace

Formatted format_nftables(Sources& sources, SourceId source, ReadOptions const& options) {
    std::string_view const text = sources[source].text();
    if (!text.empty() && text.back() != '\n') { // which nft wants after a comment, and the layout has
        SourceId const whole = sources.add(sources[source].path(), std::string(text) + '\n');
        return format_nftables(sources, whole, options);
    }
    Formatted result;
    for (SyntaxError const& error : nftables::parse(text, source).errors)
        result.errors.add("PC001", error.span).arg("error", to_string(error));
    if (auto const error = error_in_objects(text, source); error && result.errors.empty())
        result.errors.add("PC001", error->span).arg("error", to_string(*error));
    if (!result.errors.empty()) return result;
    result.text = layout(text);
    if (result.text == text) return result;
    std::string const changed =
        difference(sources, source, sources.add(sources[source].path(), result.text), options);
    if (!changed.empty())
        throw std::logic_error(
            fmt::format("formatting {} would change {}; it is left as it is", sources[source].path(), changed));
    return result;
}

} // namespace portcullis
