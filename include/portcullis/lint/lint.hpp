// The main job: one file in, what is wrong with it out.
#pragma once
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "portcullis/catalogue/catalogue.hpp"
#include "portcullis/catalogue/config.hpp"
#include "portcullis/engine/path.hpp"
#include "portcullis/lint/outline.hpp"
#include "portcullis/lint/rule.hpp"
#include "portcullis/query/service_matrix.hpp"

namespace portcullis {

// Who says that a finding is known and accepted: it is told where that is asked for, and never counts.
struct Suppression {
    enum class Kind : std::uint8_t { comment, configuration, baseline };
    Kind kind{};
    std::string reason;
    std::optional<std::chrono::year_month_day> until{}; // the last day
    std::string owner{};
    std::string ticket{};
};
std::string_view to_string(Suppression::Kind kind);

// A finding as reports show it.
struct Diagnostic {
    Finding finding;
    RuleInfo const* rule = nullptr;
    Severity severity{};
    std::string message;
    std::string fingerprint; // the same while rule, file and the text of the culprits are, wherever they move; no two of a file are
    std::optional<Suppression> suppressed;
};

// A part of the network that connections come from: a zone of the configuration, "public addresses", "private addresses".
struct SourceZone {
    std::string name;
    bool trusted = false;
    friend bool operator==(SourceZone const&, SourceZone const&) = default;
};

// A service that new connections reach on one path, with one translation or none.
struct Exposure {
    std::string service;
    PortRange port; // its own, at which connections end
    std::vector<std::string> entry_ports;  // where a rule translates the destination: what they arrive at, "2323"
    std::string becomes;                   // … and where they go: "10.0.0.5:23"
    std::optional<Span> translation;       // … and that rule
    Path::Kind path_kind{};
    std::string path;
    std::vector<std::string> sources;      // prefixes and ranges, both families
    std::vector<std::string> destinations; // that they are sent to
    std::vector<std::string> interfaces;   // that it enters by; empty for any
    bool by_others = false;                // … or that it does not enter by: by any other
    bool exact = true;                     // each source comes by each of the interfaces; else that is too much to tell
    std::vector<SourceZone> zones;         // that the sources are in
    bool untrusted = false;                // some source is untrusted
    std::optional<Severity> risk;          // … and that is as bad as this; none where it may be published
    std::shared_ptr<Service const> about;  // what the catalogue of the file says of it
    Certainty certainty = Certainty::certain;
    Witness witness;
    std::vector<Span> rules;               // that let it pass: rules, or the policy of a chain
    std::vector<std::string> justifications; // what comments and remarks say of these rules, each once
};

struct FileResult {
    std::shared_ptr<Sources const> sources; // the file's own text and what it includes
    std::string path;
    std::optional<Dialect> dialect;
    std::size_t rules = 0;
    std::size_t chains = 0;
    double modelled = 1.0;
    std::vector<Unmodelled> unmodelled; // the same text once, with its count
    std::size_t errors = 0;             // syntax errors and constructs that could not be read
    std::vector<std::string> bounds;    // rules that were not asked of so large a ruleset, or not about all of it, as sentences
    bool complete = true;               // nothing of the analysis had to be left out
    std::vector<Diagnostic> findings;   // by place, then by rule
    std::set<std::size_t> waives;       // those of the configuration that are about the file, by their number
    std::set<std::size_t> used_waives;  // those that waived something in it
    std::vector<Exposure> exposures;    // only where asked for
    Outline outline;                    // only where asked for
    std::vector<ServiceMatrix> matrices;
};

struct LintOptions {
    Config config;
    std::string name; // of the file in fingerprints; empty for its path
    std::vector<std::string> select; // as in `selects`; empty for those of the configuration, or all
    std::vector<std::string> ignore; // likewise, on top of the configuration's
    std::vector<std::pair<std::string, Severity>> levels; // of rules, before those of the configuration
    bool exposures = false;
    bool outline = false;
    bool suppress = true; // waivers hold, and what is wrong with them is told
    unsigned threads = 1; // of one file; what is said of it is the same whatever it is
    std::vector<ServiceWord> matrices; // services of which to say who may reach them where
    // The day that dates in comments and schedules are compared with; none: nothing is said about dates.
    std::optional<std::chrono::year_month_day> today;
    // The rules of the other family of the same host. They are only looked at by rules about both; what those find
    // is told with the file that it stands in.
    std::optional<Ruleset> partner;
};

// What there is to say about the reading of `source`.
FileResult lint(std::shared_ptr<Sources const> sources, SourceId source, Dialect dialect, Reading reading,
                LintOptions const& options);

// What is wrong with the [[waive]] tables of a configuration, after all files of a run: a result for its own text. Nothing
// where nothing is wrong.
std::optional<FileResult> lint_waives(LintOptions const& options, std::set<std::size_t> const& held, std::set<std::size_t> const& used);

// Whether no waiver and no baseline may hide what the rule finds.
bool is_unignorable(RuleInfo const& rule, Config const& config);

// A file that could not be told to be any dialect, or not be read at all: one finding that says so.
FileResult unreadable(std::shared_ptr<Sources const> sources, SourceId source, std::string const& why, std::string name = {});

} // namespace portcullis
