// Declarations that the model keeps by their text: counters, limits, helpers, flowtables, and sets whose content
// changes at run time.
#pragma once
#include <functional>
#include <string>
#include <string_view>

namespace portcullis::nft {

// What stands between the braces after a name, a statement each with ';' between, comments and elements left out:
// "type ipv4_addr; flags dynamic", those of sets in the order in which nft lists them, and
// dynamic where rules update it, as nft makes it when it loads it. Empty where no brace follows. `variable` gives the text of "$name".
std::string declared_body(std::string_view kind, std::string_view after_name, bool updated,
                          std::function<std::string(std::string_view)> const& variable);

} // namespace portcullis::nft
