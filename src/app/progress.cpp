#include "app/progress.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fmt/format.h>
#include <string>
#include <string_view>
#include <sys/ioctl.h>
#include <unistd.h>

#include "app/options.hpp"
#include "app/outputs.hpp"
#include "app/tell.hpp"

namespace portcullis::app {

namespace {

constexpr auto patience = std::chrono::seconds(1);
constexpr auto interval = std::chrono::milliseconds(100);

bool is_wanted(Options const& options) {
    char const* const term = std::getenv("TERM");
    char const* const ci = std::getenv("CI");
    bool const can_erase = term != nullptr && std::string_view(term) != "dumb";
    bool const is_terminal = ::isatty(STDERR_FILENO) == 1;
    // What is written line by line is how far it has come.
    bool const has_lines = std::ranges::any_of(options.outputs, [](Output const& output) { return is_written_in_lines(output.format) && output.path.empty(); });
    return is_terminal && can_erase && (ci == nullptr || *ci == '\0') && !options.quiet && !has_lines;
}

std::size_t columns() {
    winsize size{};
    return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

} // namespace

Progress::Progress(std::size_t total, Options const& options) : total_(total), wanted_(total > 0 && is_wanted(options)), next_(Clock::now() + patience) {}

Progress::~Progress() {
    if (shown_) tell("\r\033[K");
}

void Progress::step() {
    ++done_;
    if (!wanted_ || Clock::now() < next_) return;
    next_ = Clock::now() + interval;
    shown_ = true;
    std::string const count = fmt::format(" {} of {} files", done_, total_);
    std::size_t const room = columns();
    std::size_t const width = room > count.size() + 10 ? std::min<std::size_t>(40, room - count.size() - 3) : 0;
    std::size_t const filled = width * done_ / total_;
    std::string const bar = width == 0 ? "" : fmt::format("[{:<{}}]", std::string(filled, '#'), width);
    tell(fmt::format("\r{}{}\033[K", bar, count));
}

} // namespace portcullis::app
