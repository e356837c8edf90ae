// What all pages have in common: the frame around them, and the small parts that they are made of.
#pragma once
#include <string>
#include <string_view>

#include "portcullis/model/finding.hpp"
#include "report/html/rule_rows.hpp"
#include "report/html/writer.hpp"

namespace portcullis {

// A whole document around what stands in its body.
std::string html_page(std::string_view title, Html const& body);

// A part of the page that scrolls by itself, also by the keys, with a name for those who do not see it.
class HtmlPane : public HtmlScope {
  public:
    HtmlPane(Html& html, std::string label)
        : HtmlScope(html, "div", {{"class", "pane"}, {"role", "region"}, {"tabindex", "0"}, {"aria-label", std::move(label)}}) {}
};

// The names of a table's columns.
void add_table_head(Html& html, std::initializer_list<std::string_view> names);
// A severity as a small label.
void add_severity(Html& html, Severity severity);
// A count with its name, as a figure at the head of a page.
void add_figure(Html& html, std::size_t count, std::string_view name, std::string_view kind, std::string_view link);
// Our own text: what stands between backquotes is code.
void add_prose(Html& html, std::string_view text);
// The same in paragraphs, which have empty lines between them.
void add_paragraphs(Html& html, std::string_view text);
// "line 12", which leads to the row of the rule there, if one is.
void add_line_link(Html& html, Sources const& sources, RuleRows const& rows, Span span, std::string_view own_path, std::string_view word = "line ");

} // namespace portcullis
