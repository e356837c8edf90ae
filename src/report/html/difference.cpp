// The difference of two rulesets as a page: what passes now that did not, what does not any more, and who says so.
#include <algorithm>
#include <fmt/format.h>

#include "portcullis/base/visible.hpp"
#include "portcullis/report/html.hpp"
#include "report/html/page.hpp"
#include "report/traffic_text.hpp"
#include "report/words.hpp"

namespace portcullis {

namespace {

constexpr ChangeKind kinds[] = {ChangeKind::allowed, ChangeKind::denied, ChangeKind::translated};

std::string_view heading(ChangeKind kind, bool against_policy) {
    switch (kind) {
    case ChangeKind::allowed: return against_policy ? "Allowed beyond the policy" : "Newly allowed";
    case ChangeKind::denied: return against_policy ? "Blocked within the policy" : "Newly denied";
    case ChangeKind::translated: return "Translated differently";
    }
    return "";
}

std::string_view id_of(ChangeKind kind) {
    static constexpr std::string_view ids[] = {"allowed", "denied", "translated"};
    return ids[static_cast<std::size_t>(kind)];
}

std::size_t count_of(DifferenceReport const& report, ChangeKind kind) {
    std::size_t count = 0;
    for (Change const& change : report.changes)
        if (change.kind == kind) count += change.traffic.size();
    return count;
}

std::string as_sentence(std::string text) {
    if (text.front() >= 'a' && text.front() <= 'z') text.front() = static_cast<char>(text.front() - 'a' + 'A');
    return text + '.';
}

std::string verdict_of(DifferenceReport const& report) {
    if (!report.complete) return "The comparison is incomplete.";
    if (report.changes.empty()) return as_sentence(verdict_text(report));
    return "Each kind of traffic is shown with a packet of it that was decided in both, and the rules that decided.";
}

class DifferencePage {
  public:
    DifferencePage(DifferenceReport const& report, Sources const& sources) : report_(report), sources_(sources) {}

    void write() {
        head();
        HtmlScope const main(html_, "main");
        for (ChangeKind const kind : kinds)
            if (count_of(report_, kind) > 0) table_of(kind);
        list_of("Compared", report_.compared);
        list_of("Not compared", report_.not_compared);
        list_of("Notes", report_.notes);
    }

    std::string finish() { return html_page(fmt::format("portcullis: {} → {}", report_.before, report_.after), html_); }

  private:
    void head() {
        HtmlScope const header(html_, "header");
        html_.element("p", report_.against_policy ? "portcullis verify" : "portcullis diff", {{"class", "brand"}});
        html_.open("h1").text(report_.before + " → " + report_.after).close();
        html_.element("p", verdict_of(report_));
        HtmlScope const figures(html_, "ul", {{"class", "figures"}});
        for (ChangeKind const kind : kinds) {
            std::string const id(id_of(kind));
            std::string name(heading(kind, report_.against_policy));
            name.front() = static_cast<char>(name.front() - 'A' + 'a');
            add_figure(html_, count_of(report_, kind), name, id, '#' + id);
        }
    }

    void table_of(ChangeKind kind) {
        std::string const id(id_of(kind));
        HtmlScope const section(html_, "section", {{"id", id}, {"class", "change " + id}});
        html_.element("h2", heading(kind, report_.against_policy));
        HtmlPane const pane(html_, std::string(heading(kind, report_.against_policy)));
        HtmlScope const table(html_, "table", {{"class", "changes"}});
        html_.element("caption", plural(count_of(report_, kind), "kind") + " of traffic, by the way through the box or the access list");
        add_table_head(html_, {"traffic", "packet", report_.against_policy ? "the policy" : "before", report_.against_policy ? "what it does" : "after"});
        for (Change const& change : report_.changes)
            if (change.kind == kind) rows_of(change);
    }

    void rows_of(Change const& change) {
        HtmlScope const body(html_, "tbody");
        html_.open("tr").element("th", change.way, {{"scope", "rowgroup"}, {"colspan", "4"}}).close();
        for (ChangedTraffic const& traffic : change.traffic) {
            HtmlScope const row(html_, "tr");
            html_.open("td").element("b", traffic_text(traffic.cube, traffic.services)).close();
            html_.element("td", to_text(traffic.witness));
            cell(traffic.before);
            cell(traffic.after);
        }
        if (change.complete) return;
        HtmlScope const row(html_, "tr");
        html_.element("td", fmt::format("and more than these {}", change.traffic.size()), {{"colspan", "4"}});
    }

    void cell(Treatment const& treatment) {
        HtmlScope const cell(html_, "td");
        html_.element("b", treatment.fate, {{"class", treatment.fate == "accept" ? "accept" : "drop"}}).text(" ");
        if (!treatment.span) {
            html_.text(treatment.reason.empty() ? "no chain looks at it" : treatment.reason);
            return;
        }
        Source const& source = sources_[treatment.span->source];
        html_.element("small", fmt::format("{}:{}", source.path(), source.locate(treatment.span->begin).line)).text(" ");
        if (treatment.is_policy) html_.text("the policy");
        else html_.element("code", shortened(sources_.text(*treatment.span), 160));
        if (!treatment.reason.empty()) html_.text(" (" + treatment.reason + ")");
    }

    void list_of(std::string_view heading, std::vector<std::string> const& sentences) {
        if (sentences.empty()) return;
        HtmlScope const section(html_, "section");
        html_.element("h2", heading);
        HtmlScope const list(html_, "ul");
        for (std::string const& sentence : sentences) html_.element("li", sentence);
    }

    DifferenceReport const& report_;
    Sources const& sources_;
    Html html_;
};

} // namespace

std::string html_difference(DifferenceReport const& report, Sources const& sources) {
    DifferencePage page(report, sources);
    page.write();
    return page.finish();
}

} // namespace portcullis
