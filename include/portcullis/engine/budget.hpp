// The bounds of the engine. Beyond them a question has no answer, which is said; nothing hangs and nothing guesses.
#pragma once
#include <chrono>
#include <cstddef>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>

namespace portcullis {

struct BudgetExceeded : std::runtime_error {
    explicit BudgetExceeded(std::string const& what) : std::runtime_error(what) {}
};

// Until when the engine works out answers, in all threads of the process; what is asked later is BudgetExceeded. Without one there is
// no end. To be set before any question.
using Deadline = std::optional<std::chrono::steady_clock::time_point>;
void set_deadline(Deadline deadline);
Deadline deadline();
bool deadline_passed();
void check_deadline(); // throws BudgetExceeded where it has passed, and Stopped where a stop was requested

// Nobody waits for the answer any more. No budget that was exceeded: whoever can do without one answer goes on, this ends all.
struct Stopped : std::runtime_error {
    Stopped() : std::runtime_error("nobody waits for the answer any more") {}
};

// While it lives, what this thread works out ends with Stopped once a stop is requested; threads that it starts go on.
class StopWhen {
  public:
    explicit StopWhen(std::stop_token token);
    ~StopWhen();
    StopWhen(StopWhen const&) = delete;
    StopWhen& operator=(StopWhen const&) = delete;

  private:
    std::stop_token token_;
    std::stop_token const* outer_;
};
void check_stop(); // throws Stopped

// How deep chains may call each other. The kernel allows 16 levels in nftables; iptables files rarely pass 10.
constexpr std::size_t call_depth_limit = 256;

// Counts the levels of a recursion over calls while it lives.
class CallDepth {
  public:
    explicit CallDepth(std::size_t& depth) : depth_(depth) {
        if (++depth_ > call_depth_limit) {
            --depth_;
            throw BudgetExceeded("chains call each other more than " + std::to_string(call_depth_limit) + " levels deep");
        }
    }
    ~CallDepth() { --depth_; }
    CallDepth(CallDepth const&) = delete;
    CallDepth& operator=(CallDepth const&) = delete;

  private:
    std::size_t& depth_;
};

} // namespace portcullis
