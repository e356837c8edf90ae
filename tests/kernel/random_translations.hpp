// Random rulesets that translate: the same rules as text of nft and as files for iptables-restore, in several base chains
// at each hook, with marks, notrack and filters around the translations. And packets for them, each the first one of a
// connection of its own.
#pragma once
#include "kernel/fates.hpp"

namespace portcullis::kernel {

struct RandomTranslations {
    Family family{};
    std::string nft;
    std::string iptables;
    std::vector<Probe> probes;
};
RandomTranslations random_translations(std::uint32_t seed, std::size_t probes);

} // namespace portcullis::kernel
