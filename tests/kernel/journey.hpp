// What the kernel did with one probe on its whole way through the box, beside what portcullis says about it: where it ends,
// and with which addresses and ports.
#pragma once
#include "kernel/comparison.hpp"

namespace portcullis::kernel {

struct Journey {
    std::vector<Sighting> sightings; // hook by hook; none where the kernel discards it before any hook

    Sighting const* at(HookPoint hook) const;
    // At a hook where its way may end. Behind the others, routing may find no way on.
    bool ended() const;
};
// By the probes. What is sent to the host itself comes in again: that way is not told.
std::vector<Journey> journeys(std::vector<Sighting> const& sightings, std::size_t probes);

struct Told {
    std::size_t asked = 0, translated = 0, dropped = 0, delivered = 0, forwarded = 0;
    std::size_t possible = 0; // of those asked: what hung on a match that nobody knows the truth of
    Told& operator+=(Told const& other);
};

// What an answer may be: one fate, or any of those that unknown matches lead to.
enum class Certain : std::uint8_t { always, perhaps };

// Of the first packet of a connection, or one that belongs to none: nothing where both say the same, else the difference
// in words.
std::string compare(Ruleset const& ruleset, Journey const& journey, Told& told, Certain certain = Certain::always);

} // namespace portcullis::kernel
