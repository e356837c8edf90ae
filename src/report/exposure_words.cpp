#include "report/exposure_words.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "portcullis/base/visible.hpp"

namespace portcullis {

std::vector<ExposureGroup> exposure_groups(FileResult const& file) {
    using Names = std::vector<std::string>;
    std::map<std::tuple<int, std::string, std::vector<std::pair<SourceId, std::uint32_t>>, Names, Names, bool, Names>, ExposureGroup> groups;
    for (Exposure const& exposure : file.exposures) {
        std::vector<std::pair<SourceId, std::uint32_t>> places;
        for (Span const& span : exposure.rules) places.emplace_back(span.source, span.begin);
        groups[{static_cast<int>(exposure.path_kind), exposure.path, places, exposure.sources, exposure.interfaces, exposure.by_others,
                exposure.destinations}]
            .push_back(&exposure);
    }
    std::vector<ExposureGroup> all;
    for (auto& [key, group] : groups) all.push_back(std::move(group));
    return all;
}

std::string port_text(PortRange const& port) {
    return port.first == port.last ? fmt::format("{}/{}", value_text(Field::protocol, port.protocol), port.first)
                                   : fmt::format("{}/{}-{}", value_text(Field::protocol, port.protocol), port.first, port.last);
}

std::string path_text(Exposure const& exposure) {
    switch (exposure.path_kind) {
    case Path::Kind::to_host: return "to this host";
    case Path::Kind::through: return "through this host";
    case Path::Kind::from_host: return "from this host";
    case Path::Kind::list: return "by access list " + visible(exposure.path);
    }
    return "";
}

std::string addresses_text(std::vector<std::string> const& ranges, std::size_t most) {
    bool const all4 = std::ranges::find(ranges, "0.0.0.0/0") != ranges.end();
    bool const all6 = std::ranges::find(ranges, "::/0") != ranges.end();
    return all4 && all6 ? "any" : list_text(ranges, most, "nothing");
}

std::string interfaces_text(Exposure const& exposure, std::size_t most) {
    std::string const which = exposure.interfaces.empty() ? "" : (exposure.by_others ? " on all but " : " on ") + list_text(exposure.interfaces, most);
    return visible(which) + (exposure.exact ? "" : " (not each source by each interface)");
}

Diagnostic const* finding_about(Exposure const& exposure, FileResult const& file) {
    auto const stands_on_it = [&](Diagnostic const& d) {
        return std::ranges::any_of(exposure.rules, [&](Span span) { return span.source == d.finding.span.source && span.begin == d.finding.span.begin; });
    };
    auto const names_it = [&](Diagnostic const& d) {
        return d.finding.service == exposure.service || std::ranges::find(d.rule->services, exposure.service) != d.rule->services.end();
    };
    // What is told of a rule's breadth is about all that it opens.
    auto const is_broad = [](Diagnostic const& d) { return selects("pci-dss:1.2.5", *d.rule) || selects("pci-dss:1.3.1", *d.rule); };
    auto const find = [&](auto const& is_about) {
        auto const found = std::ranges::find_if(file.findings, [&](Diagnostic const& d) { return is_about(d) && stands_on_it(d); });
        return found == file.findings.end() ? nullptr : &*found;
    };
    Diagnostic const* const named = find([&](Diagnostic const& d) { return selects("pci-dss:1.2.6", *d.rule) && names_it(d); });
    return named != nullptr ? named : find(is_broad);
}

} // namespace portcullis
