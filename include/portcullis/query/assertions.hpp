// What a firewall has to do, as a TOML file of assertions says it; and whether it does.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "portcullis/catalogue/config_error.hpp"
#include "portcullis/query/answer.hpp"

namespace portcullis {

struct Assertion {
    enum class Kind : std::uint8_t {
        must_pass,  // all packets of the phrases pass
        must_block, // none does
        allow_only, // of the packets of `of`, those of the phrases alone pass
        same_as,    // every packet is treated as in another file
    };
    std::string name; // unique in its file
    Kind kind{};
    std::vector<Question> phrases;
    Question of;       // everything, unless it is given
    std::string other; // a path, as it was written
    std::uint32_t line = 1;
};
std::string_view to_string(Assertion::Kind kind); // "must_pass"

struct Assertions {
    std::vector<std::string> files; // to look at where the command line names none; paths as they were written
    std::vector<Assertion> tests;
};

struct LoadedAssertions {
    Assertions assertions;
    std::vector<ConfigError> errors;
};
LoadedAssertions load_assertions(std::string_view text, std::string_view path, Config const& config);

// How an assertion fared with one ruleset.
struct TestResult {
    enum class Outcome : std::uint8_t { passed, failed, error } outcome = Outcome::passed;
    Assertion const* assertion = nullptr;
    std::string message;              // what is wrong, a sentence without its full stop; empty where it passed
    std::string phrase;               // that it is wrong for, where one is
    std::optional<Proof> proof;       // of a failure
    std::optional<Treatment> other;   // same_as: what becomes of the packet in the other file
    double seconds = 0;
};

// `other` is the ruleset of the file that a same_as names, its text among the same sources; else null.
TestResult run_test(Ruleset const& ruleset, Config const& config, Assertion const& assertion, Ruleset const* other);

// The rules that no packet of a question of the assertions comes to and matches, in the order of the text: what could be
// changed without an assertion's noticing. BudgetExceeded.
std::vector<Span> untouched_rules(Ruleset const& ruleset, Config const& config, std::vector<Assertion> const& tests);

} // namespace portcullis
