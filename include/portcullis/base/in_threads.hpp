// Work that several threads do together.
#pragma once
#include <cstddef>
#include <functional>

namespace portcullis {

// Runs `work` in the calling thread and in up to `count` - 1 others at once, and returns when all have ended; it takes its share itself
// from what is left. Where the system has no more threads, fewer do it as well. The first exception is thrown on then.
void in_threads(std::size_t count, std::function<void()> const& work);

} // namespace portcullis
