#include "portcullis/engine/budget.hpp"

namespace portcullis {

namespace {

Deadline& the_deadline() {
    static Deadline deadline;
    return deadline;
}

} // namespace

void set_deadline(Deadline deadline) { the_deadline() = deadline; }

Deadline deadline() { return the_deadline(); }

bool deadline_passed() {
    Deadline const& deadline = the_deadline();
    return deadline && std::chrono::steady_clock::now() >= *deadline;
}

void check_deadline() {
    if (deadline_passed()) throw BudgetExceeded("the time that it may take is over");
}

} // namespace portcullis
