#include "report/html/rule_list.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "portcullis/base/visible.hpp"
#include "report/html/arcs.hpp"
#include "report/html/page.hpp"
#include "report/words.hpp"

namespace portcullis {

namespace {

constexpr std::size_t most_rows = 5000; // of a list; beyond that, rows that nothing is said of are folded
constexpr std::size_t most_text = 200;  // bytes of a rule
constexpr std::size_t most_hides = 3;   // rules that are named beside one that they hide
constexpr std::size_t least_folded = 3;

// A rule over several lines as one.
std::string one_line(std::string_view text) {
    std::string line;
    for (char const c : text.substr(0, 2 * most_text)) {
        bool const blank = c == ' ' || c == '\n' || c == '\r' || c == '\t';
        if (!blank) line += c;
        else if (!line.empty() && line.back() != ' ') line += ' ';
    }
    return shortened(visible(line), most_text);
}

// The text of a rule; where its span is only a part of that, the lines around it.
std::string text_of(OutlineRule const& rule, Sources const& sources) {
    Source const& source = sources[rule.span.source];
    Span span = rule.span;
    if (rule.is_part) {
        std::uint32_t const last = source.locate(span.end).line;
        span.begin = source.line_start(source.locate(span.begin).line);
        span.end = source.line_start(last) + static_cast<std::uint32_t>(source.line(last).size());
    }
    return one_line(sources.text(span));
}

// A row of the list: a rule, several that are told as one, or the name of the chain of those below it.
struct ListRow {
    std::size_t first = 0; // of the rules
    std::size_t count = 1; // 0 for a name
};

class RuleList {
  public:
    RuleList(Html& html, FileResult const& file, RuleRows const& rows) : html_(html), file_(file), rows_(rows) { choose(); }

    void write() {
        HtmlScope const body(html_, "tbody");
        for (ListRow const& each : shown_) {
            if (each.count == 0) write_name(each);
            else write_row(each);
        }
        if (left_out_ == 0) return;
        HtmlScope const row(html_, "tr");
        html_.element("td", fmt::format("and {} more, which are in the findings and in the other formats", plural(left_out_, "rule")), {{"colspan", "5"}});
    }

  private:
    bool is_new_part(std::size_t row) const {
        if (row == 0) return true;
        OutlineRule const& before = *rows_.all()[row - 1].rule;
        OutlineRule const& rule = *rows_.all()[row].rule;
        return rule.chain != before.chain || rule.span.source != before.span.source;
    }

    bool may_fold(std::size_t row) const {
        RuleRow const& r = rows_.all()[row];
        return r.mark == RowMark::live && !r.linked && r.rule->modelled;
    }

    void choose() {
        std::size_t const all = rows_.all().size();
        for (std::size_t i = 0; i < all;) {
            if (shown_.size() >= 2 * most_rows) {
                left_out_ = all - i;
                break;
            }
            if (is_new_part(i)) shown_.push_back({i, 0});
            std::size_t end = i;
            while (all > most_rows && end < all && may_fold(end) && (end == i || !is_new_part(end))) ++end;
            std::size_t const count = end - i >= least_folded ? end - i : 1;
            shown_.push_back({i, count});
            i += count;
        }
    }

    // The first cell of the list has the picture for all of it.
    void write_arcs() {
        if (has_arcs_) return;
        has_arcs_ = true;
        html_.open("td", {{"rowspan", std::to_string(shown_.size())}});
        draw_arcs(html_, arcs(), shown_.size());
        html_.close();
    }

    void write_name(ListRow const& each) {
        OutlineRule const& rule = *rows_.all()[each.first].rule;
        Source const& source = (*file_.sources)[rule.span.source];
        HtmlScope const row(html_, "tr");
        write_arcs();
        HtmlScope const name(html_, "th", {{"colspan", "4"}, {"scope", "rowgroup"}});
        html_.text(file_.outline.chains[rule.chain].title);
        if (source.path() != file_.path) html_.text(" ").element("small", source.path());
    }

    void write_row(ListRow const& each) {
        RuleRow const& row = rows_.all()[each.first];
        OutlineRule const& rule = *row.rule;
        std::string kind = each.count > 1                           ? "fold"
                           : rule.fate == OutlineRule::Fate::accept ? "a"
                           : rule.fate == OutlineRule::Fate::drop   ? "d"
                                                                    : "o";
        if (row.mark == RowMark::dead) kind += " dead";
        else if (row.mark == RowMark::partly) kind += " partly";
        if (row.linked) html_.open("tr", {{"class", kind}, {"id", rows_.id(each.first)}});
        else html_.open("tr", {{"class", kind}});
        if (each.count > 1) {
            std::uint32_t const last = rows_.all()[each.first + each.count - 1].line;
            html_.element("td", std::to_string(row.line)).element("td", "live").element("td", "");
            html_.element("td", fmt::format("{} live rules, up to line {}", each.count, last));
        } else {
            html_.element("td", std::to_string(row.line));
            write_mark(row);
            html_.element("td", rule.verdict);
            std::string const text = text_of(rule, *file_.sources);
            if (row.mark == RowMark::dead || row.mark == RowMark::inactive) html_.open("td").element("s", text).close();
            else html_.element("td", text);
        }
        html_.close();
    }

    void write_mark(RuleRow const& row) {
        static constexpr std::string_view words[] = {"live", "partly shadowed", "dead", "switched off"};
        html_.open("td").text(words[static_cast<std::size_t>(row.mark)]);
        for (std::size_t i = 0; i < row.hides.size() && i < most_hides; ++i) {
            html_.text(i == 0 ? " by " : ", ");
            html_.element("a", std::to_string(rows_.all()[row.hides[i]].line), {{"href", '#' + rows_.id(row.hides[i])}});
        }
        if (row.hides.size() > most_hides) html_.text(fmt::format(" and {} more", row.hides.size() - most_hides));
        if (!row.rule->modelled) html_.text(", not all modelled");
        html_.close();
    }

    std::vector<Arc> arcs() const {
        auto const place_of = [&](std::size_t row) {
            return std::ranges::upper_bound(shown_, row, {}, [](ListRow const& each) { return each.first + each.count; });
        };
        std::vector<Arc> all;
        for (std::size_t i = 0; i < shown_.size(); ++i) {
            if (shown_[i].count != 1) continue;
            auto const& hides = rows_.all()[shown_[i].first].hides;
            for (std::size_t j = 0; j < hides.size() && j < most_hides; ++j) {
                auto const at = place_of(hides[j]);
                if (at != shown_.end()) all.emplace_back(static_cast<std::size_t>(at - shown_.begin()), i);
            }
        }
        return all;
    }

    Html& html_;
    FileResult const& file_;
    RuleRows const& rows_;
    std::vector<ListRow> shown_;
    std::size_t left_out_ = 0;
    bool has_arcs_ = false;
};

// "12 rules in the order of the text: 10 live, 2 dead"; what is not live leads to the first of its kind.
void add_caption(Html& html, RuleRows const& rows) {
    static constexpr std::string_view words[] = {"live", "partly shadowed", "dead", "switched off"};
    HtmlScope const caption(html, "caption");
    html.text(plural(rows.all().size(), "rule") + " in the order of the text: ");
    bool hidden = false;
    for (RowMark const mark : {RowMark::live, RowMark::partly, RowMark::dead, RowMark::inactive}) {
        auto const count = std::ranges::count(rows.all(), mark, &RuleRow::mark);
        if (mark != RowMark::live && count == 0) continue;
        std::string const text = fmt::format("{} {}", count, words[static_cast<std::size_t>(mark)]);
        if (mark != RowMark::live) html.text(", ");
        auto const first = std::ranges::find_if(rows.all(), [&](RuleRow const& row) { return row.mark == mark && row.linked; });
        if (mark == RowMark::live || first == rows.all().end()) html.text(text);
        else html.element("a", text, {{"href", '#' + rows.id(static_cast<std::size_t>(first - rows.all().begin()))}});
        hidden = hidden || (mark == RowMark::partly || mark == RowMark::dead);
    }
    if (hidden) html.text(". Lines at the left lead from a rule to those that it leaves little or nothing.");
}

} // namespace

void add_rule_list(Html& html, FileResult const& file, RuleRows const& rows, std::size_t number) {
    if (rows.all().empty()) return;
    std::string const id = fmt::format("f{}rules", number);
    HtmlScope const section(html, "section", {{"id", id}});
    html.element("h3", "Rules");
    for (std::string const& bound : file.bounds) html.element("p", bound, {{"class", "note"}});
    HtmlPane const pane(html, "Rules of " + file.path);
    HtmlScope const table(html, "table", {{"class", "rules"}});
    add_caption(html, rows);
    html.open("thead").open("tr").element("th", "", {{"scope", "col"}, {"aria-label", "hidden by"}});
    for (char const* const name : {"line", "state", "verdict", "rule"}) html.element("th", name, {{"scope", "col"}});
    html.close().close();
    RuleList(html, file, rows).write();
}

} // namespace portcullis
