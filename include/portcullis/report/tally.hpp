// What is counted of a run, a file at a time: what of it can be said without keeping the results.
#pragma once
#include <array>
#include <map>
#include <string>

#include "portcullis/report/report.hpp"

namespace portcullis {

struct Tally {
    struct OfRule {
        RuleInfo const* rule = nullptr;
        std::size_t found = 0;      // without those that are suppressed
        std::size_t fixable = 0;    // of them, those that --fix mends
        std::size_t suppressed = 0;
    };

    std::size_t files = 0;
    std::size_t rules = 0;                 // of firewalls
    std::array<std::size_t, 5> severities{}; // info first, without what is suppressed
    std::size_t suppressed = 0;
    bool complete = true;
    std::map<std::string, OfRule> by_rule; // by id

    void add(FileResult const& file);
};

Tally tally_of(Report const& report);

// A table of the rules that found something, the most frequent first.
std::string statistics_text(Tally const& tally);

} // namespace portcullis
