// What static translations of a Cisco do to connections that come in, and which lists these meet: before the
// translation (IOS, and ASA before 8.3) or after it. Nothing is found in dialects that have hooks.
#pragma once
#include "lint/context.hpp"

namespace portcullis {

// Translations that lead connections from untrusted sources to a service which should not be published, and that the
// lists on their way let through; args {service}, {place}, {published}. What counts is the port behind the
// translation. Translations of whole hosts name no service; what the lists let through to these is what the rules about
// exposure say.
void find_static_publications(Context const& ctx, Findings& out);

// Entries of an ASA's inbound lists for packets all of which are translated before, and none of which is what others
// are translated to; args {mapped}, {real}.
void find_entries_before_translation(Context const& ctx, Findings& out);

} // namespace portcullis
