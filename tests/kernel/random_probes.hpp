// Packets for a ruleset: at the boundaries of its matches, beside them, and anywhere; answers to earlier packets
// too.
#pragma once
#include "kernel/random_ruleset.hpp"

namespace portcullis::kernel {

std::vector<Probe> random_probes(RandomRuleset const& ruleset, std::uint32_t seed, std::size_t count);

} // namespace portcullis::kernel
