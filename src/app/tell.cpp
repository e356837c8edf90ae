#include "app/tell.hpp"

#include <atomic>
#include <cstdio>
#include <exception>

#include "portcullis/base/visible.hpp"

namespace portcullis::app {

namespace {

std::atomic<bool> something_was_lost = false;

} // namespace

void tell(std::string_view text) noexcept {
    bool const written = std::fwrite(text.data(), 1, text.size(), stderr) == text.size() && std::fflush(stderr) == 0;
    if (!written) something_was_lost = true;
}

void say(std::string_view sentence) noexcept {
    try {
        tell("portcullis: " + visible(sentence) + '\n');
    } catch (std::exception const&) { // no memory is left to escape it with
        something_was_lost = true;
    }
}

bool all_was_told() noexcept { return !something_was_lost; }

} // namespace portcullis::app
