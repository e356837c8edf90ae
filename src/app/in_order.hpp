// Works on many things side by side, and hands each over in order as soon as it and all before it are done. How far work runs ahead of
// what was handed over is bounded, and with it what is held in memory, however many there are.
#pragma once
#include <algorithm>
#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "portcullis/base/in_threads.hpp"

namespace portcullis::app {

template <class Item> class InOrder {
  public:
    struct Steps {
        std::function<Item(std::size_t)> work; // in any thread; what it throws ends all
        std::function<void(Item&)> take;       // in order, by one thread at a time
        // What has to be done before an item can be handed over: all up to this index. Mostly the one behind it.
        std::function<std::size_t(std::size_t, Item const&)> needs;
        // Called once for the items that were waited for together, before the first of them is handed over.
        std::function<void(std::vector<Item*> const&)> together;
    };

    InOrder(std::size_t count, unsigned threads, Steps steps) : count_(count), threads_(threads), steps_(std::move(steps)) {}

    // Throws what the first step that threw has thrown.
    void run() {
        in_threads(std::min<std::size_t>(threads_, count_), [this] { worker(); });
        if (failure_) std::rethrow_exception(failure_);
    }

  private:
    static constexpr std::size_t ahead = 64; // items for each thread

    void worker() {
        try {
            while (auto const index = next()) {
                Item item = steps_.work(*index);
                std::lock_guard const lock(mutex_);
                slots_[*index - head_] = std::move(item);
                hand_over();
            }
        } catch (...) {
            std::lock_guard const lock(mutex_);
            if (!failure_) failure_ = std::current_exception();
            room_.notify_all();
        }
    }

    std::optional<std::size_t> next() {
        std::unique_lock lock(mutex_);
        room_.wait(lock, [this] { return failure_ || next_ >= count_ || next_ < std::max(head_ + ahead * threads_, needed_); });
        if (failure_ || next_ >= count_) return std::nullopt;
        slots_.emplace_back();
        return next_++;
    }

    void hand_over() {
        while (!failure_ && !slots_.empty() && slots_.front()) {
            if (head_ >= together_) {
                needed_ = std::min(count_, steps_.needs(head_, *slots_.front()));
                if (!are_done()) break;
                if (needed_ > head_ + 1) settle();
            }
            steps_.take(*slots_.front());
            slots_.pop_front();
            ++head_;
        }
        room_.notify_all();
    }

    bool are_done() const {
        std::size_t const wanted = needed_ - head_;
        return slots_.size() >= wanted && std::all_of(slots_.begin(), slots_.begin() + static_cast<std::ptrdiff_t>(wanted), [](auto const& slot) { return slot.has_value(); });
    }

    void settle() {
        together_ = needed_;
        std::vector<Item*> items;
        for (std::size_t i = head_; i < needed_; ++i) items.push_back(&*slots_[i - head_]);
        steps_.together(items);
    }

    std::size_t count_;
    unsigned threads_;
    Steps steps_;
    std::mutex mutex_;
    std::condition_variable room_;
    std::deque<std::optional<Item>> slots_; // from head_ to next_
    std::size_t head_ = 0;     // the next that is handed over
    std::size_t next_ = 0;     // … and that is worked on
    std::size_t needed_ = 0;   // what the head waits for
    std::size_t together_ = 0; // up to here, items were settled
    std::exception_ptr failure_;
};

} // namespace portcullis::app
