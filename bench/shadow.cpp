// Which rules are dead, of whole lists: the index beside a plain walk with decision diagrams, one table.
// Usage: bench_shadow [-jN] [--diagrams MOST] [FLAVOUR[:COUNT] …]
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fmt/format.h>
#include <string>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "portcullis/engine/budget.hpp"
#include "portcullis/engine/shadow.hpp"
#include "rule_lists.hpp"

using namespace portcullis;

namespace {

// By the clock, and of the processor, which is what counts on a machine that others use too.
struct Time {
    double clock = 0;
    double processor = 0;
};
Time now() {
    timespec used{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return {std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(),
            static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9};
}
Time since(Time start) { return {now().clock - start.clock, now().processor - start.processor}; }

double peak_megabytes() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_maxrss) / 1024;
}

struct Counts {
    std::size_t alive = 0, dead = 0, unknown = 0;
};

Counts by_index(Ruleset const& ruleset, unsigned threads) {
    ShadowOptions options;
    options.threads = threads;
    Shadows const shadows(ruleset, options);
    Counts counts;
    for (std::uint32_t i = 0; i < ruleset.chains[0].rules.size(); ++i) {
        Life const life = shadows.life({0, i});
        (life == Life::alive ? counts.alive : life == Life::unknown ? counts.unknown : counts.dead) += 1;
    }
    return counts;
}

// The plain way: what no rule has matched yet, cut by each rule in turn.
Counts by_diagrams(Ruleset const& ruleset) {
    Space space;
    PacketSet unmatched = space.all();
    Counts counts;
    for (Rule const& rule : ruleset.chains[0].rules) {
        PacketSet const match = space.of(rule.match);
        ((match & unmatched).empty() ? counts.dead : counts.alive) += 1;
        unmatched -= match;
    }
    return counts;
}

// Each measurement in a process of its own, whose memory is nobody else's.
template <class Run> void in_process(Run const& run) {
    std::fflush(stdout);
    pid_t const child = fork();
    if (child == 0) {
        run();
        std::fflush(stdout);
        std::_Exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    if (status != 0) fmt::print("{:>10}\n", "failed");
}

void row(bench::Flavour flavour, std::size_t count, unsigned threads, bool diagrams) {
    in_process([&] {
        Ruleset const ruleset = bench::rule_list(flavour, count);
        double const before = peak_megabytes();
        Time const start = now();
        try {
            Counts const counts = diagrams ? by_diagrams(ruleset) : by_index(ruleset, threads);
            Time const took = since(start);
            fmt::print("{:<12} {:>9} {:<9} {:>9} {:>9} {:>9} {:>10.3f} {:>10.3f} {:>8.0f} {:>8.0f}\n",
                       bench::to_string(flavour), count, diagrams ? "diagrams" : "index", counts.alive, counts.dead,
                       counts.unknown, took.processor, took.clock, peak_megabytes() - before, peak_megabytes());
        } catch (BudgetExceeded const& e) {
            fmt::print("{:<12} {:>9} {:<9} {} after {:.1f} s\n", bench::to_string(flavour), count, "diagrams",
                       e.what(), since(start).processor);
        }
    });
}

} // namespace

int main(int argc, char** argv) {
    unsigned threads = 1;
    std::size_t most_diagrams = 10'000;
    std::vector<std::string> wanted;
    for (int i = 1; i < argc; ++i) {
        std::string const word = argv[i];
        if (word.starts_with("-j"))
            threads = static_cast<unsigned>(std::stoul(word.substr(2)));
        else if (word == "--diagrams" && i + 1 < argc)
            most_diagrams = std::stoul(argv[++i]);
        else
            wanted.push_back(word);
    }
    if (wanted.empty()) {
        for (char const* const flavour : {"acl", "fw", "ipc"}) {
            for (char const* const count : {"10000", "100000", "1000000"})
                wanted.push_back(fmt::format("{}:{}", flavour, count));
        }
        for (char const* const hostile : {"ranges:10000", "wildcards:2000", "overlapping:5000"})
            wanted.emplace_back(hostile);
    }
    fmt::print("{:<12} {:>9} {:<9} {:>9} {:>9} {:>9} {:>10} {:>10} {:>8} {:>8}\n", "list", "rules", "by", "alive",
               "dead", "unknown", "processor", "clock", "MB more", "MB");
    for (std::string const& word : wanted) {
        std::size_t const colon = word.find(':');
        auto const flavour = bench::flavour_by_name(word.substr(0, colon));
        if (!flavour) {
            fmt::print(stderr, "no such list: {}\n", word);
            return 2;
        }
        std::size_t const count = colon == std::string::npos ? 10'000 : std::stoul(word.substr(colon + 1));
        row(*flavour, count, threads, false);
        if (count <= most_diagrams) row(*flavour, count, 1, true);
    }
    return 0;
}
