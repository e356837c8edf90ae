// A line of a configuration as words between blanks, and comparisons of words in any case.
#pragma once
#include <algorithm>
#include <initializer_list>
#include <string_view>

namespace portcullis::cisco {

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_alphanumeric(char c) { return is_digit(c) || (lower(c) >= 'a' && lower(c) <= 'z'); }

inline bool is(std::string_view word, std::string_view lower_case) {
    return std::equal(word.begin(), word.end(), lower_case.begin(), lower_case.end(),
                      [](char a, char b) { return lower(a) == b; });
}
inline bool is_one_of(std::string_view word, std::initializer_list<std::string_view> lower_case) {
    return std::any_of(lower_case.begin(), lower_case.end(), [&](std::string_view one) { return is(word, one); });
}
inline bool ends_with(std::string_view word, std::string_view lower_case) {
    return word.size() >= lower_case.size() && is(word.substr(word.size() - lower_case.size()), lower_case);
}
inline bool is_number(std::string_view word) {
    return !word.empty() && std::all_of(word.begin(), word.end(), is_digit);
}

inline std::string_view trimmed(std::string_view text) {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

// The words of a line, one after the other; an empty one at the end.
struct Words {
    std::string_view rest; // starts at a word
    explicit Words(std::string_view line) : rest(trimmed(line)) {}
    std::string_view peek() const {
        auto const end = std::find_if(rest.begin(), rest.end(), is_blank);
        return rest.substr(0, static_cast<std::size_t>(end - rest.begin()));
    }
    std::string_view next() {
        auto const word = peek();
        rest.remove_prefix(word.size());
        while (!rest.empty() && is_blank(rest.front())) rest.remove_prefix(1);
        return word;
    }
    bool done() const { return rest.empty(); }
};

} // namespace portcullis::cisco
