#include "report/html/findings.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>
#include <tuple>

#include "portcullis/base/visible.hpp"
#include "report/html/page.hpp"
#include "report/marked_line.hpp"
#include "report/words.hpp"

namespace portcullis {

namespace {

constexpr std::size_t most_related = 3; // with their lines
constexpr std::size_t most_notes = 6;

struct Marked {
    MarkedLine line;
    std::string label;
    bool is_culprit = false;
};

// The lines of the source, in the order of the text.
void add_snippet(Html& html, Finding const& finding, Sources const& sources) {
    Source const& source = sources[finding.span.source];
    std::vector<Marked> marks{{marked_line(source, finding.span), "", true}};
    for (Related const& related : finding.related) {
        if (marks.size() > most_related) break;
        if (related.span.source == finding.span.source) marks.push_back({marked_line(source, related.span), related.message});
    }
    std::ranges::stable_sort(marks, {}, [](Marked const& mark) { return mark.line.number; });
    std::size_t const width = std::to_string(marks.back().line.number).size();
    HtmlScope const pre(html, "pre");
    for (std::size_t i = 0; i < marks.size(); ++i) {
        MarkedLine const& line = marks[i].line;
        if (i > 0) html.line_break();
        if (i > 0 && line.number > marks[i - 1].line.number + 1) html.element("i", std::string(width, ' ') + " …").line_break();
        html.element("i", fmt::format("{:>{}} ", line.number, width)).text(line.before);
        html.element(marks[i].is_culprit ? "mark" : "u", line.marked).text(line.after);
        if (!marks[i].label.empty()) html.text("  ").element("em", "← " + marks[i].label);
    }
}

void add_note(Html& html, std::string_view kind, std::string_view text) {
    HtmlScope const note(html, "p");
    html.element("b", kind).text(" ").text(text);
}

void add_finding_note(Html& html, std::string_view text) {
    constexpr std::string_view proof = "proof: ";
    if (text.starts_with(proof)) add_note(html, "proof", text.substr(proof.size()));
    else add_note(html, "note", text);
}

void add_related(Html& html, Finding const& finding, FileResult const& file, RuleRows const& rows) {
    std::size_t told = 0;
    for (Related const& related : finding.related) {
        bool const elsewhere = related.span.source != finding.span.source;
        if (!elsewhere && told++ < most_related) continue;
        if (!elsewhere) {
            add_note(html, "note", fmt::format("and {} more such lines", finding.related.size() - most_related));
            return;
        }
        HtmlScope const note(html, "p");
        html.element("b", "note").text(" " + related.message + ": ");
        add_line_link(html, *file.sources, rows, related.span, file.path);
    }
}

using Group = std::vector<Diagnostic const*>; // of one rule with one severity

class FindingList {
  public:
    FindingList(FileResult const& file, RuleRows const& rows) : file_(file), rows_(rows) {}

    // As many of the group as there is room for in full, and the others by what they say.
    void write(Html& html, Group const& group, std::size_t& room) const {
        HtmlScope const list(html, "ol");
        std::size_t at = 0;
        for (; at < group.size() && room > 0; ++at) {
            Html const item = whole(*group[at]);
            bool const fits = item.size() <= room + brief_size;
            room = fits ? room - std::min(room, item.size() - std::min(item.size(), brief_size)) : 0;
            if (!fits) break;
            html.add(item);
        }
        std::map<std::pair<std::string, bool>, Group> alike;
        for (; at < group.size(); ++at) alike[{group[at]->message, group[at]->suppressed.has_value()}].push_back(group[at]);
        for (auto const& [message, some] : alike) html.add(brief(some));
    }

    static constexpr std::size_t brief_size = 36; // bytes of a finding among others that say the same

  private:
    // A finding in full.
    Html whole(Diagnostic const& d) const {
        Finding const& finding = d.finding;
        Html html;
        {
            HtmlScope const item(html, "li", {{"class", d.suppressed ? "f off" : "f"}});
            html.open("p");
            add_line_link(html, *file_.sources, rows_, finding.span, file_.path);
            if (!finding.where.empty()) html.text(" ").element("code", finding.where);
            html.text(" ").element("span", message_text(d)).close();
            add_snippet(html, finding, *file_.sources);
            if (finding.witness) add_note(html, "proof", proof_text(*finding.witness));
            for (std::size_t i = 0; i < finding.notes.size() && i < most_notes; ++i) add_finding_note(html, shortened_list(finding.notes[i]));
            if (finding.notes.size() > most_notes) add_note(html, "note", fmt::format("and {} more such notes", finding.notes.size() - most_notes));
            add_related(html, finding, file_, rows_);
            if (d.suppressed) add_note(html, "suppressed", suppression_text(*d.suppressed));
        }
        return html;
    }

    // Findings that say the same about several lines.
    Html brief(Group const& alike) const {
        Html html;
        {
            Diagnostic const& first = *alike.front();
            std::string const count = std::to_string(alike.size());
            HtmlScope const item(html, "li", {{"class", first.suppressed ? "f off" : "f"}, {"data-n", count}});
            html.open("p").text(shortened(message_text(first), 240));
            if (first.suppressed) html.text(" ").element("b", "suppressed");
            html.text(": ");
            for (Diagnostic const* d : alike) {
                if (d != alike.front()) html.text(", ");
                add_line_link(html, *file_.sources, rows_, d->finding.span, file_.path);
            }
            html.close();
        }
        return html;
    }

    FileResult const& file_;
    RuleRows const& rows_;
};

// The worst rules first.
std::vector<Group> groups_of(FileResult const& file, Severity shown) {
    std::map<std::tuple<int, std::string>, Group> groups;
    for (Diagnostic const& d : file.findings)
        if (d.severity >= shown || is_unread(d.finding)) groups[{-static_cast<int>(d.severity), d.rule->id}].push_back(&d);
    std::vector<Group> all;
    for (auto& [key, group] : groups) all.push_back(std::move(group));
    return all;
}

// What all findings take where each is told briefly.
std::size_t size_in_brief(std::vector<Group> const& groups) {
    constexpr std::size_t head = 500; // of a group
    std::size_t size = 0;
    for (Group const& group : groups) {
        std::set<std::string_view> messages;
        size += head + group.size() * FindingList::brief_size;
        for (Diagnostic const* d : group)
            if (messages.insert(d->message).second) size += d->message.size() + FindingList::brief_size;
    }
    return size;
}

} // namespace

void add_findings(Html& html, Report const& report, std::size_t number, RuleRows const& rows, std::size_t size, std::set<std::string>& raised) {
    FileResult const& file = report.files[number];
    std::vector<Group> const groups = groups_of(file, report.shown);
    std::size_t const in_brief = size_in_brief(groups);
    std::size_t room = size - std::min(size, in_brief);
    FindingList const list(file, rows);
    for (Group const& group : groups) {
        RuleInfo const& rule = *group.front()->rule;
        std::string const severity(to_string(group.front()->severity));
        raised.insert(rule.id);
        HtmlScope const section(html, "section", {{"class", "g"}, {"data-r", rule.id}, {"data-s", severity}, {"data-f", std::to_string(number)}});
        html.open(report.files.size() > 1 ? "h4" : "h3");
        add_severity(html, group.front()->severity);
        html.text(" " + rule.summary + " ").open("a", {{"href", '#' + rule.id}}).text(rule.id + " " + rule.slug).close();
        html.text(" ").element("small", plural(group.size(), "finding")).close();
        html.open("p").element("b", "help").text(" ");
        add_prose(html, help_text(rule));
        html.close();
        list.write(html, group, room);
    }
    if (groups.empty()) html.element("p", "No finding.");
}

} // namespace portcullis
