// Spaces that others begin with a copy of.
#pragma once
#include <functional>
#include <memory>

namespace portcullis {

class Space;

// A space in which the sets are made that `work` makes in it, also those that it lets go, and it is known what they are combined
// to; what was only needed on the way is left out. `work` holds on to none of them.
std::unique_ptr<Space> prepared(std::size_t node_limit, std::function<void(Space&)> const& work);

} // namespace portcullis
