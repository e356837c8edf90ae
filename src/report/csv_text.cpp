#include "report/csv_text.hpp"

#include "portcullis/base/visible.hpp"

namespace portcullis {

namespace {

// Spreadsheets take a cell that begins so for a formula, its wide forms included; an apostrophe makes it text.
bool is_formula(std::string_view text) {
    constexpr std::string_view starts[] = {"=", "+", "-", "@", "\uFF1D", "\uFF0B", "\uFF0D", "\uFF20"};
    std::size_t const first = text.find_first_not_of(' ');
    if (first == std::string_view::npos) return false;
    for (std::string_view const start : starts)
        if (text.substr(first).starts_with(start)) return true;
    return false;
}

} // namespace

std::string csv_cell(std::string_view text) {
    std::string const shown = visible(text);
    std::string result = is_formula(shown) ? "\"'" : "\"";
    for (char const c : shown) {
        if (c == '"') result += '"';
        result += c;
    }
    return result + '"';
}

} // namespace portcullis
