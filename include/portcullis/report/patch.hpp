// The change of a text as a unified patch, as patch(1) and reviewers read it.
#pragma once
#include <string>
#include <string_view>

namespace portcullis {

// Three lines of context; empty where the texts are equal. Names are those of git: "a/PATH" and "b/PATH".
std::string unified_patch(std::string_view path, std::string_view before, std::string_view after);

} // namespace portcullis
