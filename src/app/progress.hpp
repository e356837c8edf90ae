// How far long work has come, for a person who waits at a terminal.
#pragma once
#include <chrono>
#include <cstddef>

namespace portcullis::app {

struct Options;

// A line on standard error, where that is a terminal and standard output gets nothing meanwhile, once a second has passed. Never where CI
// is set, nor with -q. It is taken away at the end.
class Progress {
  public:
    Progress(std::size_t total, Options const& options);
    ~Progress();
    Progress(Progress const&) = delete;
    Progress& operator=(Progress const&) = delete;

    // One more is done.
    void step();

  private:
    using Clock = std::chrono::steady_clock;

    std::size_t total_;
    std::size_t done_ = 0;
    bool wanted_;
    bool shown_ = false;
    Clock::time_point next_; // when it is written again
};

} // namespace portcullis::app
