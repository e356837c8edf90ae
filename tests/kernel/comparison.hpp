// A ruleset as portcullis reads it beside what the kernel did: what both say about one packet at one hook, and the
// difference in words where they differ.
#pragma once
#include <memory>

#include "kernel/fates.hpp"
#include "portcullis/dialect/read.hpp"
#include "portcullis/engine/interpret.hpp"

namespace portcullis::kernel {

// The one laboratory of this program; none, with the reason told, where the machine does not allow it.
Laboratory* laboratory();

// What an opaque match says about a packet, where the laboratory knows.
using Knowledge = std::optional<bool> (*)(Opaque const&, Sighting const&);

class Ours {
  public:
    Ours(std::string name, std::string const& text, Dialect dialect, Knowledge knows = nullptr);
    // Of several files, joined by whoever has read them.
    Ours(std::shared_ptr<Sources> sources, Reading reading, Knowledge knows = nullptr);

    // What it could not read or does not model: such a ruleset says nothing about the kernel.
    std::string complaint() const;
    Decision decide(Sighting const& sighting, Detail detail = Detail::outcomes) const;
    Ruleset const& ruleset() const { return reading_.ruleset; }
    // What `portcullis trace` shows.
    std::string trace(Sighting const& sighting) const;

  private:
    std::shared_ptr<Sources> sources_ = std::make_shared<Sources>();
    Reading reading_;
    Knowledge knows_;
};

std::string_view kernel_says(Sighting const& sighting);
bool agree(Decision const& ours, Sighting const& kernel);
// … where matches that nobody knows the truth of may lead to several fates, and each is right.
bool may_agree(Decision const& ours, Sighting const& kernel);
std::string difference(Ours const& ours, Sighting const& sighting);

// A probe in the words of `portcullis trace`.
Probe probe_of(std::string_view text);

// What is claimed of a packet: its fate at a hook. The packets before it make its connection what it is.
struct Claim {
    std::string_view says;
    std::string_view rules;
    std::vector<std::string_view> packets; // the last one is judged
    HookPoint hook;
    Fate fate;
};
// Whether it holds in portcullis, and in the kernel that has loaded the rules.
void check(Claim const& claim, Ours const& ours, Laboratory& laboratory);

// Counts what was compared, so that no agreement is for want of packets at some hook, or of some fate.
struct Tally {
    std::map<HookPoint, std::size_t> seen{};
    std::map<std::string_view, std::size_t> fates{};
    void count(Sighting const& sighting);
    // Each hook has seen a twentieth of the packets, and each fate was that of a fiftieth.
    void check(std::size_t packets) const;
};

} // namespace portcullis::kernel
