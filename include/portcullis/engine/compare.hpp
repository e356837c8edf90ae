// What two rulesets do differently, by the packets: which are let through by one alone, way by way through the box.
// Rules that stand in both in the same order cannot make a difference; only packets that some other rule matches are
// looked at, so a small edit of a large list costs little.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "portcullis/engine/path.hpp"

namespace portcullis {

// What is compared where only new connections are, as a sentence.
constexpr std::string_view new_connections_alone = "new connections alone: the first packet of each, whole, of tcp a SYN";

struct CompareOptions {
    // Base chains or access lists, by name or title: these of the first ruleset are compared with those of the second,
    // each by itself. Where there is none, ways through the box are compared as wholes, and access lists by name.
    std::vector<std::pair<std::string, std::string>> names;
    bool new_connections = false; // only the first packets of connections are compared
    std::size_t node_limit = std::size_t{1} << 25U; // of the decision diagrams; more is BudgetExceeded
};

// One way through the box, or one access list, that is in either or both.
struct Difference {
    std::string name;            // "to-host", "EDGE", "EDGE -> EDGE-2"
    HookPoint hook{};
    std::optional<Path> before;  // none: no chain stands there, and everything passes
    std::optional<Path> after;
    PacketSet added;             // that pass with the second ruleset alone
    PacketSet removed;           // that pass with the first alone
    PacketSet retranslated;      // that get other addresses or ports

    bool empty() const { return added.empty() && removed.empty() && retranslated.empty(); }
};

// The families that both rulesets govern. Why another one is not compared, as sentences: `apart` where one of the two is written
// for the other family alone, as files of iptables and ip6tables are; else, or where they have none in common, `notes`.
struct CommonFamilies {
    std::vector<Family> families;
    std::vector<std::string> apart;
    std::vector<std::string> notes;
};
CommonFamilies common_families(Ruleset const& before, Ruleset const& after);

class Comparison {
  public:
    // The texts of both have different sources. Throws std::invalid_argument, a sentence, where a chain of
    // options.names does not exist; BudgetExceeded.
    Comparison(Ruleset const& before, Ruleset const& after, CompareOptions const& options = {});
    ~Comparison();

    Space& space();
    bool new_connections() const; // of the options
    // The ways that are treated differently; empty where the rulesets are proved equal.
    std::vector<Difference> const& differences() const;
    // What was not compared, and differences that are not of packets, as sentences.
    std::vector<std::string> const& notes() const;
    // What the answer is not about, since one of the rulesets speaks of one family by its dialect.
    std::vector<std::string> const& apart() const;
    // The rulesets, as far as the packets of the differences meet them; paths are of these. Spans lead to the texts.
    Ruleset const& before() const;
    Ruleset const& after() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace portcullis
