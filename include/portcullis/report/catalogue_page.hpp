// The catalogue as its readers see it: `portcullis catalogue [NAME|tcp/23]`.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "portcullis/catalogue/catalogue.hpp"

namespace portcullis {

enum class CataloguePageFormat : std::uint8_t { text, json, markdown };
std::optional<CataloguePageFormat> catalogue_page_format_by_name(std::string_view name);

struct CataloguePage {
    std::string text;  // ends with a newline
    std::string error; // instead: why there is no page, with a "did you mean"
};

// Without a query the table of all services; for a name or alias its page; for "tcp/23", "23/udp" or "23" the pages
// of all services there. `width` is that of the text form, in columns; the markdown and json forms are never
// wrapped.
CataloguePage catalogue_page(Catalogue const& catalogue, std::optional<std::string_view> query,
                             CataloguePageFormat format, std::size_t width = 80);

} // namespace portcullis
