// What lists have to say for a policy, before it is known which list says it: a line for each pair of places and kind of
// traffic of each statement, and for the answers to it.
#pragma once
#include <set>
#include <tuple>

#include "policy/list_device.hpp"
#include "portcullis/model/finding.hpp"

namespace portcullis {

constexpr Family both_families[] = {Family::v4, Family::v6};

// Packets of a statement as a list may be asked about them: as it says them, or the answers to them.
struct PolicyLine {
    Place from;
    Place to;
    Traffic traffic;              // of a statement's own packets
    std::optional<AnswerShape> answer; // else: of these
    std::size_t statement = 0;
    std::set<std::size_t> ins;    // numbers of the interfaces that they come in by, with sources that are not forged there
    std::set<std::size_t> outs;   // … and leave by
};

struct PolicyLines {
    std::vector<PolicyLine> answers, denials, permits;
};

// Which lists say a denial.
struct Denial {
    bool inbound = false;
    bool outbound = false;
    bool fits_outbound = false; // it stops nothing else there; else it is for the sources of its interfaces alone
};

struct ListLines {
    PolicyLines through;
    PolicyLines to_device;
    std::vector<Denial> denials; // of `through`
};
// `proper`: the sources that each interface takes.
ListLines list_lines(Policy const& policy, Dialect platform, std::vector<Addresses> const& proper);

// What cannot be said, each once.
struct ListLosses {
    Findings findings;

    void add(Span span, std::string construct, std::string why);

  private:
    std::set<std::tuple<std::uint32_t, std::string, std::string>> told_;
};
// Of whatever interfaces: rates, translation, denials of what the device sends, answers that look like nothing.
void add_unspeakable(Policy const& policy, Dialect platform, ListLosses& losses);

// Whether some packets may be of both.
bool overlap(PolicyLine const& a, PolicyLine const& b);
Addresses intersected(Addresses const& a, Addresses const& b);

} // namespace portcullis
