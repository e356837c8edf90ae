#include "report/html/writer.hpp"

#include <algorithm>
#include <cassert>
#include <iterator>

#include "portcullis/base/visible.hpp"

namespace portcullis {

namespace {

template <std::size_t n> bool is_one_of(std::string_view tag, std::string_view const (&tags)[n]) {
    return std::find(std::begin(tags), std::end(tags), tag) != std::end(tags);
}

bool ends_itself(std::string_view tag) {
    static constexpr std::string_view tags[] = {"td", "th", "tr", "li", "dt", "dd", "option", "tbody", "meta", "input"};
    return is_one_of(tag, tags);
}

bool begins_line(std::string_view tag) {
    static constexpr std::string_view tags[] = {"meta", "title", "style", "script", "body", "header", "nav", "main", "section", "article", "div", "form", "table",
                                                "caption", "thead", "tbody", "tr", "ul", "ol", "li", "dl", "h1", "h2", "h3", "h4", "p", "pre", "svg", "footer"};
    return is_one_of(tag, tags);
}

bool needs_no_quotes(std::string_view value) {
    return std::ranges::all_of(value, [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' || c == '#' || c == '.';
    });
}

} // namespace

void Html::escape(std::string_view text) {
    for (char const c : visible(text)) {
        switch (c) {
        case '&': out_ += "&amp;"; break;
        case '<': out_ += "&lt;"; break;
        case '>': out_ += "&gt;"; break;
        case '"': out_ += "&quot;"; break;
        case '\'': out_ += "&#39;"; break;
        default: out_ += c;
        }
    }
}

void Html::start(std::string_view tag, Attributes attributes) {
    if (begins_line(tag)) out_ += '\n';
    out_.append(1, '<').append(tag);
    for (HtmlAttribute const& attribute : attributes) {
        out_.append(1, ' ').append(attribute.name);
        if (attribute.value.empty()) continue;
        bool const bare = needs_no_quotes(attribute.value);
        out_ += bare ? "=" : "=\"";
        escape(attribute.value);
        if (!bare) out_ += '"';
    }
    out_ += '>';
}

Html& Html::open(std::string_view tag, Attributes attributes) {
    start(tag, attributes);
    open_.push_back(tag);
    return *this;
}

Html& Html::close() {
    assert(!open_.empty());
    if (!ends_itself(open_.back())) out_.append("</").append(open_.back()).append(1, '>');
    open_.pop_back();
    return *this;
}

Html& Html::text(std::string_view text) {
    escape(text);
    return *this;
}

Html& Html::element(std::string_view tag, std::string_view text, Attributes attributes) {
    return open(tag, attributes).text(text).close();
}

Html& Html::line_break() {
    out_ += '\n';
    return *this;
}

Html& Html::own(std::string_view tag, std::string_view content) {
    open(tag);
    out_ += content;
    return close();
}

Html& Html::add(Html const& part) {
    assert(part.open_.empty());
    out_ += part.out_;
    return *this;
}

} // namespace portcullis
