// What destination NAT does to filtering on the paths of a Linux host.
#pragma once
#include <string>

#include "lint/context.hpp"

namespace portcullis {

// "port 23 of 10.0.0.5"; either part may be unknown, and is empty then.
std::string place_text(std::string const& ports, std::string const& address);

// Rules that lead connections from untrusted sources to a service which should not be published; args {service}, {place},
// {published}.
void find_published(Context const& ctx, Findings& out);
// Rules that ask for a destination which all connections to it have lost before they are asked; args {mapped}, {real}.
void find_asked_too_late(Context const& ctx, Findings& out);

} // namespace portcullis
