// A thread that works on tasks one after the other, so that whoever hands them over need not wait.
#pragma once
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace portcullis::lsp {

class Worker {
  public:
    using Clock = std::chrono::steady_clock;
    using Task = std::function<void()>; // throws nothing

    Worker();
    // Waits for the task that is worked on; those that wait are dropped.
    ~Worker();
    Worker(Worker const&) = delete;
    Worker& operator=(Worker const&) = delete;

    // In the order in which they become due. A task takes the place of one of its key that still waits.
    void add(std::string key, Task task, Clock::duration delay = {});
    // Whether a task of this key waited; it is dropped.
    bool drop(std::string const& key);
    std::size_t waiting() const;
    // Returns when nothing waits and nothing is worked on.
    void finish();

  private:
    struct Waiting {
        std::string key;
        Task task;
        Clock::time_point due;
    };
    void run();
    std::vector<Waiting>::iterator next();

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::vector<Waiting> waiting_;
    bool working_ = false;
    bool stopped_ = false;
    std::thread thread_; // the last member: it uses the others
};

} // namespace portcullis::lsp
