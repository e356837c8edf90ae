#include "report/exposure_words.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <tuple>

#include "portcullis/base/visible.hpp"

namespace portcullis {

std::vector<ExposureGroup> exposure_groups(FileResult const& file) {
    using Names = std::vector<std::string>;
    std::map<std::tuple<int, std::string, std::vector<std::uint32_t>, Names, Names, bool, Names>, ExposureGroup> groups;
    for (Exposure const& exposure : file.exposures) {
        std::vector<std::uint32_t> places;
        for (Span const& span : exposure.rules) places.push_back(span.begin);
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

std::string list_text(std::vector<std::string> const& items, std::size_t most) {
    std::string text;
    for (std::size_t i = 0; i < items.size() && i < most; ++i) text += (i > 0 ? ", " : "") + items[i];
    if (items.size() > most) text += fmt::format(" and {} more", items.size() - most);
    return text;
}

std::string addresses_text(std::vector<std::string> const& ranges) {
    bool const all4 = std::find(ranges.begin(), ranges.end(), "0.0.0.0/0") != ranges.end();
    bool const all6 = std::find(ranges.begin(), ranges.end(), "::/0") != ranges.end();
    if (all4 && all6) return "any";
    return ranges.empty() ? "nothing" : list_text(ranges, 4);
}

std::string interfaces_text(Exposure const& exposure) {
    if (exposure.interfaces.empty()) return "";
    return (exposure.by_others ? " on all but " : " on ") + visible(list_text(exposure.interfaces, 4));
}

} // namespace portcullis
