#include "report/html/explanations.hpp"

#include <algorithm>

#include "report/html/page.hpp"

namespace portcullis {

namespace {

void add_lines(Html& html, std::string_view text) {
    HtmlScope const pre(html, "pre");
    for (bool first = true; !text.empty(); first = false) {
        std::size_t const end = text.find('\n');
        if (!first) html.line_break();
        html.text(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
}

Example const* example_for(RuleInfo const& rule, Report const& report) {
    auto const found = std::ranges::find_if(rule.examples, [&](Example const& example) {
        return std::ranges::any_of(report.files, [&](FileResult const& file) { return file.dialect == example.dialect; });
    });
    return found == rule.examples.end() ? nullptr : &*found;
}

void add_explanation(Html& html, RuleInfo const& rule, Example const* example) {
    HtmlScope const section(html, "section", {{"class", "page"}, {"id", rule.id}});
    html.open("h3").text(rule.id + " ").element("small", rule.slug).close();
    html.element("p", rule.summary + ".", {{"class", "summary"}});
    add_paragraphs(html, rule.why);
    html.element("h4", "What to do");
    add_paragraphs(html, rule.fix);
    if (example != nullptr) {
        html.element("h4", "Raises it, where marked with <--");
        add_lines(html, example->bad);
        html.element("h4", "Does not");
        add_lines(html, example->good);
    }
    if (rule.references.empty()) return;
    html.element("h4", "References");
    HtmlScope const list(html, "ul");
    for (std::string const& reference : rule.references) html.element("li", reference);
}

} // namespace

void add_explanations(Html& html, Report const& report, std::set<std::string> const& ids) {
    if (ids.empty()) return;
    HtmlScope const section(html, "section", {{"id", "rules"}, {"class", "pages"}});
    html.element("h2", "What the rules are about");
    for (std::string const& id : ids) {
        RuleInfo const& rule = *find_rule(id);
        add_explanation(html, rule, example_for(rule, report));
    }
}

} // namespace portcullis
