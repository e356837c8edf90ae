// The text of one rule that may say what two say, in the words of the dialect. Whether it does, nobody has proved here.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "portcullis/model/ruleset.hpp"

namespace portcullis {

// Nothing where the texts differ in more than one value, or the dialect has no way to say both.
std::optional<std::string> merged_text(Dialect dialect, std::string_view one, std::string_view other);

} // namespace portcullis
