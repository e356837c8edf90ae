// What files are called by programs that know them from elsewhere than the working directory: by their place in the
// repository, or by a URI. Names alone are worked on; no file is looked at.
#pragma once
#include <string>
#include <string_view>

namespace portcullis {

struct Repository {
    std::string root{};      // an absolute path; empty: names stay as they are
    std::string directory{}; // an absolute path, which relative names start from
    // "sub/fw.rules", wherever in the repository the program was started; an absolute path for a file outside of it.
    std::string name_of(std::string const& path) const;
};

// RFC 3986: a relative reference for a relative name, "file:///…" for an absolute one. Bytes that are not unreserved
// are percent-encoded.
std::string uri_of(std::string_view name);

} // namespace portcullis
