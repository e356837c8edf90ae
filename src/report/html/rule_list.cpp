#include "report/html/rule_list.hpp"

#include <algorithm>
#include <array>
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

// A row of the list, or several that are told as one.
struct Shown {
    std::size_t first = 0;
    std::size_t count = 1;
};

class RuleList {
  public:
    RuleList(Html& html, FileResult const& file, RuleRows const& rows) : html_(html), file_(file), rows_(rows) {}

    // One part of the list for each run of rules of one chain.
    void write() {
        auto const& all = rows_.all();
        for (std::size_t first = 0; first < all.size();) {
            if (written_ >= most_rows) left_out_ = std::max(left_out_, all.size() - first);
            if (left_out_ > 0) break;
            std::size_t last = first;
            while (last < all.size() && same_part(all[first], all[last])) ++last;
            write_part(first, last);
            first = last;
        }
        if (left_out_ == 0) return;
        HtmlScope const row(html_, "tr");
        html_.element("td", fmt::format("and {} more, which are in the findings and in the other formats", plural(left_out_, "rule")), {{"colspan", "5"}});
    }

    std::array<std::size_t, 4> counts() const {
        std::array<std::size_t, 4> counts{};
        for (RuleRow const& row : rows_.all()) ++counts[static_cast<std::size_t>(row.mark)];
        return counts;
    }

  private:
    bool same_part(RuleRow const& a, RuleRow const& b) const {
        return a.rule->chain == b.rule->chain && a.rule->span.source == b.rule->span.source;
    }

    bool may_fold(std::size_t row) const {
        RuleRow const& r = rows_.all()[row];
        return r.mark == RowMark::live && !r.linked && r.rule->modelled;
    }

    std::vector<Shown> shown_of(std::size_t first, std::size_t last) {
        bool const folds = rows_.all().size() > most_rows;
        std::vector<Shown> shown;
        for (std::size_t i = first; i < last;) {
            std::size_t end = i;
            while (folds && end < last && may_fold(end)) ++end;
            std::size_t const count = end - i >= least_folded ? end - i : 1;
            if (written_ + shown.size() >= most_rows) {
                left_out_ = rows_.all().size() - i;
                break;
            }
            shown.push_back({i, count});
            i += count;
        }
        return shown;
    }

    void write_part(std::size_t first, std::size_t last) {
        std::vector<Shown> const shown = shown_of(first, last);
        written_ += shown.size();
        RuleRow const& head = rows_.all()[first];
        Source const& source = (*file_.sources)[head.rule->span.source];
        HtmlScope const body(html_, "tbody");
        html_.open("tr").open("th", {{"colspan", "5"}, {"scope", "rowgroup"}});
        html_.text(file_.outline.chains[head.rule->chain].title);
        if (source.path() != file_.path) html_.text(" ").element("small", source.path());
        html_.close().close();
        for (std::size_t i = 0; i < shown.size(); ++i) write_row(shown, i);
    }

    void write_row(std::vector<Shown> const& shown, std::size_t place) {
        Shown const& each = shown[place];
        RuleRow const& row = rows_.all()[each.first];
        OutlineRule const& rule = *row.rule;
        std::string kind = each.count > 1                                ? "fold"
                           : rule.fate == OutlineRule::Fate::accept ? "a"
                           : rule.fate == OutlineRule::Fate::drop   ? "d"
                                                                    : "o";
        if (row.mark == RowMark::dead) kind += " dead";
        else if (row.mark == RowMark::partly) kind += " partly";
        if (row.linked) html_.open("tr", {{"class", kind}, {"id", rows_.id(each.first)}});
        else html_.open("tr", {{"class", kind}});
        if (place == 0) {
            html_.open("td", {{"rowspan", std::to_string(shown.size())}});
            draw_arcs(html_, arcs(shown), shown.size());
            html_.close();
        }
        if (each.count > 1) {
            std::uint32_t const last = rows_.all()[each.first + each.count - 1].line;
            html_.element("td", std::to_string(row.line)).element("td", "");
            html_.element("td", fmt::format("{} live rules, up to line {}", each.count, last)).element("td", "live");
        } else {
            html_.element("td", std::to_string(row.line)).element("td", rule.verdict);
            std::string const text = one_line(file_.sources->text(rule.span));
            if (row.mark == RowMark::dead || row.mark == RowMark::inactive) html_.open("td").element("s", text).close();
            else html_.element("td", text);
            write_mark(row);
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
        if (!row.rule->modelled) html_.text(" · ").element("i", "not wholly modelled");
        html_.close();
    }

    // Within the part; what hides a rule from elsewhere is a link.
    std::vector<Arc> arcs(std::vector<Shown> const& shown) const {
        auto const place_of = [&](std::size_t row) {
            return std::ranges::lower_bound(shown, row, {}, [](Shown const& each) { return each.first + each.count - 1; });
        };
        std::vector<Arc> all;
        for (std::size_t i = 0; i < shown.size(); ++i) {
            if (shown[i].count > 1) continue;
            auto const& hides = rows_.all()[shown[i].first].hides;
            for (std::size_t j = 0; j < hides.size() && j < most_hides; ++j) {
                if (hides[j] < shown.front().first) continue;
                auto const at = place_of(hides[j]);
                if (at != shown.end()) all.emplace_back(static_cast<std::size_t>(at - shown.begin()), i);
            }
        }
        return all;
    }

    Html& html_;
    FileResult const& file_;
    RuleRows const& rows_;
    std::size_t written_ = 0;
    std::size_t left_out_ = 0;
};

} // namespace

void add_rule_list(Html& html, FileResult const& file, RuleRows const& rows, std::size_t number) {
    if (rows.all().empty()) return;
    std::string const id = fmt::format("f{}rules", number);
    HtmlScope const section(html, "section", {{"id", id}});
    html.element("h3", "Rules");
    RuleList list(html, file, rows);
    auto const counts = list.counts();
    std::string caption = fmt::format("{} in the order of the text: {} live", plural(rows.all().size(), "rule"), counts[0]);
    if (counts[1] > 0) caption += fmt::format(", {} partly shadowed", counts[1]);
    if (counts[2] > 0) caption += fmt::format(", {} dead", counts[2]);
    if (counts[3] > 0) caption += fmt::format(", {} switched off", counts[3]);
    if (counts[1] + counts[2] > 0) caption += ". Lines at the left lead from a rule to those that it leaves nothing or little.";
    for (std::string const& bound : file.bounds) html.element("p", bound, {{"class", "note"}});
    HtmlScope const pane(html, "div", {{"class", "pane"}, {"role", "region"}, {"tabindex", "0"}, {"aria-label", "Rules of " + file.path}});
    HtmlScope const table(html, "table", {{"class", "rules"}});
    html.element("caption", caption);
    html.open("thead").open("tr").element("th", "", {{"scope", "col"}, {"aria-label", "hidden by"}});
    for (char const* const name : {"line", "verdict", "rule", "state"}) html.element("th", name, {{"scope", "col"}});
    html.close().close();
    list.write();
}

} // namespace portcullis
