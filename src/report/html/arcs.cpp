#include "report/html/arcs.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>

namespace portcullis {

namespace {

constexpr std::size_t row_height = 24; // units, which are pixels where a rem is 16
constexpr std::size_t lane_width = 9;
constexpr std::size_t most_lanes = 7; // more share the outermost one
constexpr std::size_t right = lane_width * most_lanes + 8;

struct Bundle {
    std::size_t from = 0;
    std::vector<std::size_t> to;
    std::size_t lane = 0;
    std::size_t first() const { return std::min(from, to.front()); }
    std::size_t last() const { return std::max(from, to.back()); }
};

std::vector<Bundle> bundles_of(std::vector<Arc> arcs) {
    std::ranges::sort(arcs);
    arcs.erase(std::unique(arcs.begin(), arcs.end()), arcs.end());
    std::vector<Bundle> all;
    for (auto const& [from, to] : arcs) {
        if (all.empty() || all.back().from != from) all.push_back({from, {}});
        all.back().to.push_back(to);
    }
    return all;
}

// Short ones stand next to the list; each in the first lane that is free all along it.
void choose_lanes(std::vector<Bundle>& bundles) {
    std::ranges::stable_sort(bundles, {}, [](Bundle const& bundle) { return bundle.last() - bundle.first(); });
    std::vector<std::map<std::size_t, std::size_t>> taken(most_lanes); // of each lane: first to last row
    for (Bundle& bundle : bundles) {
        auto const is_free = [&](auto const& lane) {
            auto const next = lane.upper_bound(bundle.last());
            return next == lane.begin() || std::prev(next)->second < bundle.first();
        };
        auto const lane = std::ranges::find_if(taken, is_free);
        bundle.lane = lane == taken.end() ? most_lanes - 1 : static_cast<std::size_t>(lane - taken.begin());
        if (lane != taken.end()) lane->emplace(bundle.first(), bundle.last());
    }
}

std::size_t middle(std::size_t row) { return row * row_height + row_height / 2; }

std::string path_of(Bundle const& bundle) {
    std::size_t const x = right - 8 - bundle.lane * lane_width;
    std::size_t const curve = 6;
    std::string path;
    if (bundle.to.back() > bundle.from)
        path += fmt::format("M{} {}H{}q-{} 0-{} {}V{}", right, middle(bundle.from), x + curve, curve, curve, curve, middle(bundle.to.back()) - curve);
    if (bundle.to.front() < bundle.from) // a chain that a later line calls
        path += fmt::format("M{} {}H{}q-{} 0-{}-{}V{}", right, middle(bundle.from), x + curve, curve, curve, curve, middle(bundle.to.front()) + curve);
    for (std::size_t const to : bundle.to) {
        std::string_view const sign = to > bundle.from ? "" : "-";
        std::size_t const y = to > bundle.from ? middle(to) - curve : middle(to) + curve;
        path += fmt::format("M{} {}q0 {}{} {} {}{}H{}", x, y, sign, curve, curve, sign, curve, right);
    }
    return path;
}

} // namespace

void draw_arcs(Html& html, std::vector<Arc> arcs, std::size_t rows) {
    std::vector<Bundle> bundles = bundles_of(std::move(arcs));
    if (bundles.empty()) return;
    choose_lanes(bundles);
    std::size_t lanes = 0;
    for (Bundle const& bundle : bundles) lanes = std::max(lanes, bundle.lane + 1);
    std::size_t const left = (most_lanes - lanes) * lane_width;
    std::size_t const width = right - left + 2;
    HtmlScope const svg(html, "svg", {{"width", fmt::format("{}rem", static_cast<double>(width) / 16)},
                                      {"height", fmt::format("{}rem", static_cast<double>(rows) * 1.5)},
                                      {"viewBox", fmt::format("{} 0 {} {}", left, width, rows * row_height)},
                                      {"aria-hidden", "true"}});
    for (Bundle const& bundle : bundles) {
        HtmlScope const path(html, "path", {{"d", path_of(bundle)}});
    }
    for (Bundle const& bundle : bundles) {
        HtmlScope const dot(html, "circle", {{"cx", std::to_string(right)}, {"cy", std::to_string(middle(bundle.from))}, {"r", "2.5"}});
    }
}

} // namespace portcullis
