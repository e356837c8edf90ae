// The SHA-256 digest of a text (FIPS 180-4), as sha256sum prints it.
#pragma once
#include <string>
#include <string_view>

namespace portcullis {

std::string sha256(std::string_view text);

} // namespace portcullis
