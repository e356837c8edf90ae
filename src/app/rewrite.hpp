// Inputs that are changed in place: by lint --fix, fmt and harden --write.
#pragma once
#include <string_view>

#include "app/inputs.hpp"

namespace portcullis::app {

// A link is never written, wherever it leads: who names one is told so (UsageError), and one that was found in a directory is left
// alone.
bool is_link(InputFile const& file);
void refuse_link(InputFile const& file);

// Puts `after` in the place of `before`, whole or not at all; a byte order mark stays. Throws a sentence where somebody else has changed the file since it was
// read: their change would be lost, and what was proved was proved of another text.
void rewrite(InputFile const& file, std::string_view before, std::string_view after);

} // namespace portcullis::app
