#include "report/html/chain_graph.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <tuple>

#include "portcullis/base/visible.hpp"
#include "report/exposure_words.hpp"
#include "report/html/page.hpp"
#include "report/words.hpp"

namespace portcullis {

namespace {

constexpr std::size_t most_boxes = 60; // in the picture; the table has all
constexpr int box_width = 240;
constexpr int box_height = 44;
constexpr int row_step = box_height + 12;
constexpr int column_step = box_width + 72;

std::string hook_text(Hook const& hook) {
    if (hook.point == HookPoint::list) return "access list";
    static constexpr std::string_view types[] = {"filter", "nat", "route"};
    return fmt::format("{}, {} {}", to_string(hook.point), types[static_cast<std::size_t>(hook.type)], hook.priority);
}

std::string policy_text(OutlineChain const& chain) { return !chain.hook ? "" : chain.drops ? "drop" : "accept"; }

struct Box {
    std::string title;
    std::string below;
    std::string kind; // a class
    std::size_t column = 0;
    std::size_t row = 0;
};

struct Edge {
    std::size_t from = 0;
    std::size_t to = 0;
    bool is_goto = false;
};

// Base chains in the order of packets at the left, and what they lead to at the right of them; interfaces at the left of
// access lists.
class Graph {
  public:
    explicit Graph(Outline const& outline) : outline_(outline), box_of_(outline.chains.size(), none) {
        std::vector<std::size_t> level = base_chains();
        for (std::size_t const chain : level) add_base(chain);
        for (std::size_t column = first_column_ + 1; !level.empty(); ++column) level = add_callees(level, column);
        for (std::size_t const chain : placed_) add_edges(chain);
    }

    std::vector<Box> const& boxes() const { return boxes_; }
    bool has_all() const { return !is_full_; }

    void draw(Html& html) const {
        std::size_t columns = 0;
        std::size_t rows = 0;
        for (Box const& box : boxes_) {
            columns = std::max(columns, box.column + 1);
            rows = std::max(rows, box.row + 1);
        }
        int const width = static_cast<int>(columns) * column_step - (column_step - box_width) + 4;
        int const height = static_cast<int>(rows) * row_step - (row_step - box_height) + 4;
        HtmlScope const svg(html, "svg", {{"class", "graph"}, {"role", "img"}, {"aria-label", "Which chains lead to which; the table below says the same"},
                                          {"width", std::to_string(width)}, {"height", std::to_string(height)},
                                          {"viewBox", fmt::format("-2 -2 {} {}", width, height)}});
        for (Edge const& edge : edges_) draw(html, edge);
        for (Box const& box : boxes_) draw(html, box);
    }

  private:
    static constexpr std::size_t none = ~std::size_t{0};

    std::vector<std::size_t> base_chains() const {
        std::vector<std::size_t> base;
        for (std::size_t i = 0; i < outline_.chains.size(); ++i) {
            auto const& chain = outline_.chains[i];
            if (chain.hook && (chain.hook->point != HookPoint::list || !chain.interfaces.empty())) base.push_back(i);
        }
        std::ranges::stable_sort(base, {}, [&](std::size_t i) { return std::tuple(outline_.chains[i].hook->point, outline_.chains[i].hook->priority); });
        return base;
    }

    std::size_t add(Box box) {
        if (boxes_.size() >= most_boxes) {
            is_full_ = true;
            return none;
        }
        box.row = next_row_[box.column]++;
        boxes_.push_back(std::move(box));
        return boxes_.size() - 1;
    }

    void add_base(std::size_t chain) {
        OutlineChain const& c = outline_.chains[chain];
        bool const list = c.hook->point == HookPoint::list;
        if (list) first_column_ = 1;
        std::string below = list ? plural(c.rules, "rule") : fmt::format("{}, policy {}", hook_text(*c.hook), policy_text(c));
        box_of_[chain] = add({c.title, std::move(below), c.drops ? "base drops" : "base", list ? std::size_t{1} : 0});
        if (box_of_[chain] == none) return;
        placed_.push_back(chain);
        for (std::string const& name : c.interfaces) {
            auto const [at, is_new] = interfaces_.try_emplace(name, none);
            if (is_new) at->second = add({name, "interface", "interface", 0});
            if (at->second != none) edges_.push_back({at->second, box_of_[chain]});
        }
    }

    std::vector<std::size_t> add_callees(std::vector<std::size_t> const& level, std::size_t column) {
        std::vector<std::size_t> next;
        for (std::size_t const caller : level) {
            for (OutlineCall const& call : outline_.chains[caller].calls) {
                if (box_of_[call.chain] != none) continue;
                OutlineChain const& c = outline_.chains[call.chain];
                box_of_[call.chain] = add({c.title, plural(c.rules, "rule"), c.rules == 0 ? "empty" : "chain", column});
                if (box_of_[call.chain] == none) return {};
                placed_.push_back(call.chain);
                next.push_back(call.chain);
            }
        }
        return next;
    }

    void add_edges(std::size_t chain) {
        for (OutlineCall const& call : outline_.chains[chain].calls)
            if (box_of_[call.chain] != none) edges_.push_back({box_of_[chain], box_of_[call.chain], call.is_goto});
    }

    void draw(Html& html, Edge const& edge) const {
        Box const& from = boxes_[edge.from];
        Box const& to = boxes_[edge.to];
        int const y1 = static_cast<int>(from.row) * row_step + box_height / 2;
        int const y2 = static_cast<int>(to.row) * row_step + box_height / 2;
        int const x1 = static_cast<int>(from.column) * column_step + box_width;
        int const x2 = static_cast<int>(to.column) * column_step;
        // Back or down within a column the line goes around, at the right.
        bool const forward = x2 > x1;
        int const end = forward ? x2 : x2 + box_width;
        std::string d = fmt::format("M{} {}C{} {} {} {} {} {}", x1, y1, x1 + 36, y1, forward ? end - 36 : end + 36, y2, end, y2);
        html.open("path", {{"class", edge.is_goto ? "goto" : "jump"}, {"d", std::move(d)}}).close();
        html.open("circle", {{"cx", std::to_string(end)}, {"cy", std::to_string(y2)}, {"r", "3"}}).close();
    }

    void draw(Html& html, Box const& box) const {
        int const x = static_cast<int>(box.column) * column_step;
        int const y = static_cast<int>(box.row) * row_step;
        HtmlScope const group(html, "g", {{"class", box.kind}, {"transform", fmt::format("translate({} {})", x, y)}});
        html.open("rect", {{"width", std::to_string(box_width)}, {"height", std::to_string(box_height)}, {"rx", "5"}}).close();
        html.element("text", shortened(visible(box.title), 30), {{"class", "name"}, {"x", "10"}, {"y", "18"}});
        html.element("text", box.below, {{"x", "10"}, {"y", "35"}});
    }

    Outline const& outline_;
    std::vector<std::size_t> box_of_; // by chain
    std::vector<std::size_t> placed_; // chains that have a box
    std::map<std::string, std::size_t> interfaces_;
    std::map<std::size_t, std::size_t> next_row_; // by column
    std::vector<Box> boxes_;
    std::vector<Edge> edges_;
    std::size_t first_column_ = 0;
    bool is_full_ = false;
};

void add_table(Html& html, Outline const& outline, std::string const& path) {
    HtmlPane const pane(html, "Chains of " + path);
    HtmlScope const table(html, "table", {{"class", "chains"}});
    html.element("caption", fmt::format("{} in the order of the text", plural(outline.chains.size(), "chain")));
    add_table_head(html, {"chain", "stands at", "policy", "rules", "leads to"});
    HtmlScope const body(html, "tbody");
    for (OutlineChain const& chain : outline.chains) {
        HtmlScope const row(html, "tr");
        html.element("th", chain.title, {{"scope", "row"}});
        std::string const place = !chain.interfaces.empty() ? list_text(chain.interfaces, 8) : chain.hook ? hook_text(*chain.hook) : "";
        html.element("td", place).element("td", policy_text(chain)).element("td", std::to_string(chain.rules));
        std::vector<std::string> calls;
        for (OutlineCall const& call : chain.calls) calls.push_back((call.is_goto ? "goto " : "") + outline.chains[call.chain].title);
        html.element("td", list_text(calls, 12));
    }
}

} // namespace

void add_chain_graph(Html& html, FileResult const& file, std::size_t number) {
    if (file.outline.chains.empty()) return;
    HtmlScope const section(html, "section", {{"id", fmt::format("f{}chains", number)}});
    html.element("h3", "Chains");
    Graph const graph(file.outline);
    if (!graph.boxes().empty()) {
        HtmlScope const figure(html, "figure");
        {
            HtmlPane const pane(html, "Picture of the chains of " + file.path);
            graph.draw(html);
        }
        std::string caption = "Base chains stand at the left, in the order in which packets meet them; lines lead to the chains that they call";
        if (std::ranges::any_of(file.outline.chains, [](OutlineChain const& chain) { return !chain.interfaces.empty(); }))
            caption = "Interfaces stand at the left; lines lead to the access lists that they have";
        else if (std::ranges::any_of(file.outline.chains, [](OutlineChain const& chain) { return std::ranges::any_of(chain.calls, &OutlineCall::is_goto); }))
            caption += ", dashed ones by goto";
        html.element("figcaption", caption + (graph.has_all() ? "." : ". There are more chains than the picture holds; the table has all."));
    }
    add_table(html, file.outline, file.path);
}

} // namespace portcullis
