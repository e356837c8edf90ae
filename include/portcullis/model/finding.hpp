// What is wrong, as data: the rule that says so, where, with which words, and the packet that proves it. How it looks
// is a reporter's business.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "portcullis/base/source.hpp"
#include "portcullis/model/packet.hpp"
#include "portcullis/model/ruleset.hpp"

namespace portcullis {

enum class Severity : std::uint8_t { info, low, medium, high, critical };
std::string_view to_string(Severity severity);
std::optional<Severity> severity_by_name(std::string_view name);

enum class Certainty : std::uint8_t { certain, possible };

struct Related {
    std::string message;
    Span span;
};

// A packet, where it was judged, and what became of it.
struct Witness {
    Packet packet;
    HookPoint hook = HookPoint::input;
    std::string verdict; // accept, drop or reject
    std::string chain{}; // the base chain that was asked, where not all of the hook were
    std::optional<Packet> became{}; // what address translation made of it on its way, where it did
};

// A piece of text that is replaced. An empty text takes the piece away, and its line where nothing else stands on it.
struct Edit {
    Span span;
    std::string text;
};

// What mends a finding. Safe: proved to leave the fate of every packet as it is.
struct Fix {
    std::vector<Edit> edits;
    bool safe = false;
};

struct Finding {
    std::string rule;  // its id: "PC101"
    Span span;
    std::map<std::string, std::string> args; // fills {name} in the rule's message
    std::optional<Severity> severity;        // none: the rule's own
    Certainty certainty = Certainty::certain;
    std::string where;   // "filter/INPUT/2": chain and the rule's number in it, from 1
    std::vector<Related> related;
    std::vector<std::string> notes; // lines of proof and explanation below the source
    std::optional<Witness> witness;
    std::string service; // the catalogue's name, where one is exposed
    std::optional<Fix> fix;

    Finding& arg(std::string name, std::string value) { args.insert_or_assign(std::move(name), std::move(value)); return *this; }
    Finding& relate(std::string message, Span at) { related.push_back({std::move(message), at}); return *this; }
    Finding& note(std::string text) { notes.push_back(std::move(text)); return *this; }
};

// Whether it says that a part of the text was not understood, which leaves the analysis incomplete.
bool is_unread(Finding const& finding);

class Findings {
  public:
    Finding& add(std::string_view rule, Span span);
    std::vector<Finding> const& all() const { return all_; }
    std::vector<Finding>& all() { return all_; }
    bool empty() const { return all_.empty(); }
    void append(Findings other);

  private:
    std::vector<Finding> all_;
};

// What a reader makes of a text. Reading never throws on bad input: errors are findings of PC001 and PC002.
struct Reading {
    Ruleset ruleset;
    Findings findings;
};

} // namespace portcullis
