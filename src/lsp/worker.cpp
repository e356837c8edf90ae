#include "lsp/worker.hpp"

#include <algorithm>

namespace portcullis::lsp {

Worker::Worker() : thread_([this] { run(); }) {}

Worker::~Worker() {
    {
        std::lock_guard const lock(mutex_);
        stopped_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

void Worker::add(std::string key, Task task, Clock::duration delay) {
    {
        std::lock_guard const lock(mutex_);
        std::erase_if(waiting_, [&](Waiting const& other) { return other.key == key; });
        waiting_.push_back({std::move(key), std::move(task), Clock::now() + delay});
    }
    changed_.notify_all();
}

bool Worker::drop(std::string const& key) {
    std::lock_guard const lock(mutex_);
    bool const dropped = std::erase_if(waiting_, [&](Waiting const& other) { return other.key == key; }) > 0;
    if (dropped) changed_.notify_all();
    return dropped;
}

std::size_t Worker::waiting() const {
    std::lock_guard const lock(mutex_);
    return waiting_.size();
}

void Worker::finish() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return waiting_.empty() && !working_; });
}

std::vector<Worker::Waiting>::iterator Worker::next() { return std::ranges::min_element(waiting_, {}, &Waiting::due); }

void Worker::run() {
    std::unique_lock lock(mutex_);
    while (true) {
        changed_.wait(lock, [this] { return stopped_ || !waiting_.empty(); });
        if (stopped_) return;
        auto const first = next();
        if (first->due > Clock::now()) {
            changed_.wait_until(lock, Clock::time_point(first->due)); // or until something is due before it
            continue;
        }
        Task const task = std::move(first->task);
        waiting_.erase(first);
        working_ = true;
        lock.unlock();
        task();
        lock.lock();
        working_ = false;
        changed_.notify_all();
    }
}

} // namespace portcullis::lsp
