#include "dialect/nftables_declaration.hpp"

#include <algorithm>
#include <iterator>
#include <vector>

#include "dialect/nftables_expr.hpp"

namespace portcullis::nft {

namespace {

constexpr std::string_view word_characters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-/.\\";

// Walks over the text piece by piece: a quoted string, a variable, or one character; comments and line
// continuations are blanks.
class Scanner {
  public:
    explicit Scanner(std::string_view text) : text_(text) {}

    bool at_end() const { return at_ >= text_.size(); }

    std::string_view next() {
        char const c = text_[at_];
        if (c == '"') return take(std::min(text_.find('"', at_ + 1), text_.size() - 1) + 1);
        if (c == '$') return take(std::min(text_.find_first_not_of(word_characters, at_ + 1), text_.size()));
        if (c == '#') {
            at_ = std::min(text_.find('\n', at_), text_.size());
            return " ";
        }
        if (c == '\\' && at_ + 1 < text_.size() && text_[at_ + 1] == '\n') {
            at_ += 2;
            return " ";
        }
        return take(at_ + 1);
    }

  private:
    std::string_view take(std::size_t end) {
        std::string_view const piece = text_.substr(at_, end - at_);
        at_ = end;
        return piece;
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

bool is_blank(std::string_view piece) { return piece == " " || piece == "\t" || piece == "\r" || piece == "\n"; }

// Statements in the order in which nft lists them; others keep their place behind these.
std::size_t rank(std::string_view statement) {
    constexpr std::string_view order[] = {"type",        "typeof",     "size",   "flags",  "timeout",
                                          "gc-interval", "auto-merge", "policy", "comment"};
    std::string_view const word = statement.substr(0, statement.find(' '));
    return static_cast<std::size_t>(std::find(std::begin(order), std::end(order), word) - std::begin(order));
}

// What counters and quotas have counted so far is not what they are told to do: "packets 7 bytes 420", "used 2
// mbytes".
void drop_state(std::string& statement) {
    struct State {
        std::string_view word;
        int words;
    };
    for (auto const& [word, words] : {State{"packets", 4}, State{"used", 3}}) {
        std::size_t const at = statement.find(word);
        bool const stands_alone = at == 0 || (at != std::string::npos && statement[at - 1] == ' ');
        if (!stands_alone || statement.starts_with("comment") || statement.starts_with("rate")) continue;
        std::size_t end = at;
        for (int i = 0; i < words && end != std::string::npos; ++i)
            end = statement.find(' ', std::min(statement.find_first_not_of(' ', end), statement.size()));
        statement.erase(at, end == std::string::npos ? end : end + 1 - at);
    }
}

void make_dynamic(std::vector<std::string>& statements) {
    auto const flags = std::find_if(statements.begin(), statements.end(),
                                    [](std::string const& statement) { return statement.starts_with("flags "); });
    if (flags == statements.end())
        statements.emplace_back("flags dynamic");
    else if (flags->find("dynamic") == std::string::npos)
        flags->insert(6, "dynamic,");
}

} // namespace

std::string declared_body(std::string_view kind, std::string_view after_name, bool updated,
                          std::function<std::string(std::string_view)> const& variable) {
    std::size_t const brace = after_name.find_first_not_of(" \t\r\n\\");
    if (brace == std::string_view::npos || after_name[brace] != '{') return {};
    Scanner scanner(after_name.substr(brace + 1));
    std::vector<std::string> statements(1);
    std::size_t depth = 1;
    while (!scanner.at_end()) {
        std::string_view const piece = scanner.next();
        std::string& statement = statements.back();
        if (piece == "{") ++depth;
        if (piece == "}" && --depth == 0) break;
        if (depth == 1 && (piece == "\n" || piece == ";")) {
            statements.emplace_back();
        } else if (is_blank(piece)) {
            if (!statement.empty() && statement.back() != ' ') statement += ' ';
        } else {
            statement += piece.starts_with('$') ? variable(piece.substr(1)) : std::string(piece);
        }
    }
    if (updated) make_dynamic(statements);
    for (std::string& statement : statements) {
        drop_state(statement);
        while (statement.ends_with(' ')) statement.pop_back();
    }
    if (kind == "set" || kind == "map")
        std::stable_sort(statements.begin(), statements.end(),
                         [](std::string const& a, std::string const& b) { return rank(a) < rank(b); });
    std::string body;
    for (std::string const& statement : statements) {
        if (statement.empty() || statement.starts_with("elements")) continue;
        if (!body.empty()) body += "; ";
        body += statement;
    }
    return body;
}

} // namespace portcullis::nft
