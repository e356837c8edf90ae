// Text in Markdown that stays text.
#pragma once
#include <string>
#include <string_view>

namespace portcullis {

// Nothing in it is markup, HTML, a link, or a mention of somebody: characters that could be are written as numbers, and what
// GitHub and GitLab find in finished text (@user, #12, !12, ~label, https://…, www.…) is broken by a blank of no width.
std::string markdown_text(std::string_view text);

} // namespace portcullis
