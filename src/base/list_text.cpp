#include "portcullis/base/list_text.hpp"

namespace portcullis {

std::string list_text(std::vector<std::string> const& items, std::size_t most, std::string_view none) {
    if (items.empty()) return std::string(none);
    std::string text;
    for (std::size_t i = 0; i < items.size() && i < most; ++i) text += (i > 0 ? ", " : "") + items[i];
    if (items.size() > most) text += " and " + std::to_string(items.size() - most) + " more";
    return text;
}

} // namespace portcullis
