// The code of the rules, by slug; the table is made by CMake from the file names.
#pragma once
#include <span>
#include <string_view>

#include "lint/context.hpp"

namespace portcullis {

using Check = void (*)(Context const&, Findings&);
struct NamedCheck {
    std::string_view slug;
    Check check;
};
std::span<NamedCheck const> checks();

} // namespace portcullis
