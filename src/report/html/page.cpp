#include "report/html/page.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "portcullis/base/embedded.hpp"
#include "portcullis/base/sha256.hpp"

namespace portcullis {

namespace {

std::string_view own_file(std::string_view path) {
    auto const files = embedded_files();
    return std::ranges::find(files, path, &EmbeddedFile::path)->text;
}

// RFC 4648, of bytes that are given in hexadecimal digits.
std::string base64_of(std::string_view digits) {
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    for (std::size_t at = 0; at < digits.size(); at += 6) { // three bytes
        std::string const part(digits.substr(at, 6));
        std::size_t const bytes = part.size() / 2;
        unsigned long const bits = std::stoul(part, nullptr, 16) << (8 * (3 - bytes));
        for (std::size_t i = 0; i < 4; ++i) text += i <= bytes ? alphabet[bits >> (18 - 6 * i) & 63U] : '=';
    }
    return text;
}

std::string source_of(std::string_view content) { return "'sha256-" + base64_of(sha256(content)) + "'"; }

} // namespace

std::string html_page(std::string_view title, Html const& body) {
    std::string_view const style = own_file("src/report/html/report.css");
    std::string_view const script = own_file("src/report/html/report.js");
    Html html;
    html.open("html", {{"lang", "en"}});
    html.open("meta", {{"charset", "utf-8"}}).close();
    html.open("meta", {{"http-equiv", "Content-Security-Policy"},
                       {"content", fmt::format("default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'",
                                               source_of(style), source_of(script))}})
        .close();
    html.open("meta", {{"name", "viewport"}, {"content", "width=device-width, initial-scale=1"}}).close();
    html.open("meta", {{"name", "color-scheme"}, {"content", "light dark"}}).close();
    html.element("title", title);
    html.own("style", style);
    html.open("body").add(body).own("script", script).close();
    html.close();
    return "<!DOCTYPE html>\n" + html.take() + '\n';
}

void add_table_head(Html& html, std::initializer_list<std::string_view> names) {
    HtmlScope const head(html, "thead");
    HtmlScope const row(html, "tr");
    for (std::string_view const name : names) html.element("th", name, {{"scope", "col"}});
}

void add_severity(Html& html, Severity severity) {
    std::string const name(to_string(severity));
    html.element("span", name, {{"class", "sev " + name}});
}

void add_figure(Html& html, std::size_t count, std::string_view name, std::string_view kind, std::string_view link) {
    HtmlScope const item(html, "li", {{"class", std::string(count == 0 ? "none" : kind)}});
    if (count > 0 && !link.empty()) html.open("a", {{"href", std::string(link)}});
    html.element("b", std::to_string(count)).text(" ").element("span", name);
    if (count > 0 && !link.empty()) html.close();
}

void add_prose(Html& html, std::string_view text) {
    for (bool code = false; !text.empty(); code = !code) {
        std::size_t const end = text.find('`');
        if (code) html.element("code", text.substr(0, end));
        else html.text(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
}

void add_paragraphs(Html& html, std::string_view text) {
    while (!text.empty()) {
        std::size_t const end = text.find("\n\n");
        std::string paragraph(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 2);
        std::ranges::replace(paragraph, '\n', ' ');
        while (paragraph.ends_with(' ')) paragraph.pop_back();
        if (paragraph.empty()) continue;
        HtmlScope const element(html, "p");
        add_prose(html, paragraph);
    }
}

void add_line_link(Html& html, Sources const& sources, RuleRows const& rows, Span span, std::string_view own_path, std::string_view word) {
    Source const& source = sources[span.source];
    std::string text = fmt::format("{}{}", word, source.locate(span.begin).line);
    if (source.path() != own_path) text = fmt::format("{}{}{}", source.path(), word.empty() ? ":" : ", ", text);
    if (auto const row = rows.at(span)) html.element("a", text, {{"href", '#' + rows.id(*row)}});
    else html.text(text);
}

} // namespace portcullis
