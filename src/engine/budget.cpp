#include "portcullis/engine/budget.hpp"

#include <utility>

namespace portcullis {

namespace {

Deadline& the_deadline() {
    static Deadline deadline;
    return deadline;
}

thread_local std::stop_token const* stop = nullptr;

} // namespace

void set_deadline(Deadline deadline) { the_deadline() = deadline; }

Deadline deadline() { return the_deadline(); }

bool deadline_passed() {
    Deadline const& deadline = the_deadline();
    return deadline && std::chrono::steady_clock::now() >= *deadline;
}

void check_deadline() {
    check_stop();
    if (deadline_passed()) throw BudgetExceeded("the time that it may take is over");
}

StopWhen::StopWhen(std::stop_token token) : token_(std::move(token)), outer_(std::exchange(stop, &token_)) {}
StopWhen::~StopWhen() { stop = outer_; }

void check_stop() {
    if (stop != nullptr && stop->stop_requested()) throw Stopped();
}

} // namespace portcullis
