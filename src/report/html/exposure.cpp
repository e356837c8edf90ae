#include "report/html/exposure.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <tuple>

#include "report/exposure_words.hpp"
#include "report/html/page.hpp"
#include "report/words.hpp"

namespace portcullis {

namespace {

constexpr std::size_t most_services = 30; // with a row each; more share rows where they are alike
constexpr std::size_t most_rules = 4;     // that are named beside an exposure
constexpr std::size_t most_named = 60;    // services of one exposure that are as bad
constexpr std::size_t most_ports = 12;    // services of one exposure whose ports are told
constexpr std::size_t most_groups = 400;  // rows of the list

// How a service fares from one zone; ordered by how bad it is.
struct Heat {
    bool reachable = false;
    int risk = -1; // a severity; -1 for none
    bool certain = false;
    friend auto operator<=>(Heat const&, Heat const&) = default;
};

struct HeatMap {
    std::vector<SourceZone> zones;
    std::map<std::string, std::vector<Heat>> services; // a cell for each zone
};

HeatMap heat_map_of(FileResult const& file) {
    HeatMap map;
    auto const reached = [](Exposure const& e) { return e.path_kind != Path::Kind::from_host; };
    for (Exposure const& e : file.exposures)
        for (SourceZone const& zone : e.zones)
            if (reached(e) && std::ranges::find(map.zones, zone) == map.zones.end()) map.zones.push_back(zone);
    std::ranges::sort(map.zones, {}, [](SourceZone const& zone) { return std::tuple(zone.trusted, zone.name); });
    for (Exposure const& e : file.exposures) {
        if (!reached(e)) continue;
        auto& cells = map.services[e.service];
        cells.resize(map.zones.size());
        for (std::size_t i = 0; i < map.zones.size(); ++i) {
            if (std::ranges::find(e.zones, map.zones[i]) == e.zones.end()) continue;
            int const risk = e.risk && !map.zones[i].trusted ? static_cast<int>(*e.risk) : -1;
            cells[i] = std::max(cells[i], Heat{true, risk, e.certainty == Certainty::certain});
        }
    }
    return map;
}

// Services with the same cells stand in one row where there are many; the worst rows first.
using HeatRow = std::pair<std::vector<std::string>, std::vector<Heat>>;
std::vector<HeatRow> rows_of(HeatMap const& map) {
    std::vector<HeatRow> rows;
    bool const together = map.services.size() > most_services;
    for (auto const& [service, cells] : map.services) {
        auto const alike = std::ranges::find(rows, cells, &HeatRow::second);
        if (together && alike != rows.end()) alike->first.push_back(service);
        else rows.push_back({{service}, cells});
    }
    std::ranges::stable_sort(rows, std::ranges::greater(), [](HeatRow const& row) { return *std::ranges::max_element(row.second); });
    return rows;
}

void add_cell(Html& html, Heat const& heat) {
    if (!heat.reachable) {
        html.element("td", "–", {{"class", "closed"}});
        return;
    }
    std::string const name(heat.risk < 0 ? "open" : to_string(static_cast<Severity>(heat.risk)));
    html.element("td", name + (heat.certain ? "" : ", possibly"), {{"class", "heat " + name}});
}

// The services of a group by how bad they are; the ports of many would hide their names.
void add_services(Html& html, ExposureGroup const& group) {
    std::map<std::pair<int, bool>, std::vector<std::string>, std::greater<>> by_risk;
    for (Exposure const* e : group) {
        auto& names = by_risk[{e->risk ? static_cast<int>(*e->risk) : -1, e->certainty == Certainty::certain}];
        std::string name = group.size() > most_ports ? e->service : e->service + ' ' + port_text(e->port);
        if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
    }
    for (auto const& [key, names] : by_risk) {
        HtmlScope const part(html, "div");
        if (key.first >= 0) add_severity(html, static_cast<Severity>(key.first));
        if (!key.second) html.text(" possibly");
        html.text(" " + list_text(names, most_named));
    }
}

// The translation of a group, which its members share where there is one.
void add_ports(Html& html, ExposureGroup const& group) {
    Exposure const& first = *group.front();
    if (!first.translation) html.text("as they are");
    else html.text(fmt::format("{} → {}", list_text(first.entry_ports, 4), first.becomes));
}

void add_row(Html& html, FileResult const& file, RuleRows const& rows, ExposureGroup const& group) {
    Exposure const& first = *group.front();
    HtmlScope const row(html, "tr");
    html.open("td");
    add_services(html, group);
    html.close().open("td").text(addresses_text(first.sources) + interfaces_text(first));
    std::vector<std::string> zones;
    for (SourceZone const& zone : first.zones) zones.push_back(zone.name);
    if (!zones.empty()) html.text(" ").element("small", list_text(zones, 6));
    html.close().element("td", addresses_text(first.destinations)).element("td", path_text(first)).open("td");
    add_ports(html, group);
    html.close().open("td");
    for (std::size_t i = 0; i < first.rules.size() && i < most_rules; ++i) {
        if (i > 0) html.text(", ");
        if (file.sources->text(first.rules[i]).empty()) html.text("no chain filters this path");
        else add_line_link(html, *file.sources, rows, first.rules[i], file.path, "");
    }
    if (first.rules.size() > most_rules) html.text(fmt::format(" and {} more", first.rules.size() - most_rules));
    html.close().element("td", proof_text(first.witness));
}

} // namespace

void add_heat_map(Html& html, FileResult const& file, std::size_t number) {
    HeatMap const map = heat_map_of(file);
    if (map.services.empty()) return;
    HtmlScope const section(html, "section", {{"id", fmt::format("f{}reach", number)}});
    html.element("h3", "What is reachable from where");
    HtmlPane const pane(html, "Services and zones of " + file.path);
    HtmlScope const table(html, "table", {{"class", "map"}});
    html.element("caption", "Services that new connections reach, by where these come from. A cell says how bad that is; “open” means that "
                            "nothing is wrong with it by itself.");
    html.open("thead").open("tr").element("th", "service", {{"scope", "col"}});
    for (SourceZone const& zone : map.zones) {
        html.open("th", {{"scope", "col"}}).text(zone.name + " ").element("small", zone.trusted ? "trusted" : "untrusted").close();
    }
    html.close().close();
    HtmlScope const body(html, "tbody");
    for (auto const& [services, cells] : rows_of(map)) {
        HtmlScope const row(html, "tr");
        html.element("th", list_text(services, services.size()), {{"scope", "row"}});
        for (Heat const& heat : cells) add_cell(html, heat);
    }
}

void add_exposures(Html& html, FileResult const& file, RuleRows const& rows, std::size_t number) {
    std::vector<ExposureGroup> groups = exposure_groups(file);
    if (groups.empty()) return;
    auto const risk = [](Exposure const* e) { return e->risk ? static_cast<int>(*e->risk) : -1; };
    for (ExposureGroup& group : groups) std::ranges::stable_sort(group, std::ranges::greater(), risk);
    std::ranges::stable_sort(groups, std::ranges::greater(), [&](ExposureGroup const& group) { return risk(group.front()); });
    HtmlScope const section(html, "section", {{"id", fmt::format("f{}exposures", number)}});
    html.element("h3", "Exposures");
    HtmlPane const pane(html, "Exposures of " + file.path);
    HtmlScope const table(html, "table", {{"class", "exposures"}});
    html.element("caption", "Services that the same rules open to the same sources, the worst first. The packet is one that gets through, to the first of them.");
    add_table_head(html, {"services", "from", "to", "path", "ports on the way", "by line", "packet"});
    HtmlScope const body(html, "tbody");
    for (std::size_t i = 0; i < groups.size() && i < most_groups; ++i) add_row(html, file, rows, groups[i]);
    if (groups.size() <= most_groups) return;
    HtmlScope const row(html, "tr");
    html.element("td", fmt::format("and {} more, which audit -o json has", groups.size() - most_groups), {{"colspan", "7"}});
}

} // namespace portcullis
