#include "app/places.hpp"

#include <algorithm>

namespace portcullis::app {

namespace fs = std::filesystem;

bool is_inside(fs::path const& path, fs::path const& root) {
    return std::mismatch(root.begin(), root.end(), path.begin(), path.end()).first == root.end();
}

} // namespace portcullis::app
