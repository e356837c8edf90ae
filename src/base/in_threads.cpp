#include "portcullis/base/in_threads.hpp"

#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace portcullis {

void in_threads(std::size_t count, std::function<void()> const& work) {
    std::mutex mutex;
    std::exception_ptr failure;
    auto const guarded = [&] {
        try {
            work();
        } catch (...) {
            std::lock_guard const lock(mutex);
            if (!failure) failure = std::current_exception();
        }
    };
    {
        std::vector<std::jthread> others;
        try {
            while (others.size() + 1 < count) others.emplace_back(guarded);
        } catch (std::system_error const&) { // those that are there do it
        }
        guarded();
    }
    if (failure) std::rethrow_exception(failure);
}

} // namespace portcullis
