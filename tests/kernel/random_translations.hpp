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
// Both texts have all rules, or each rule is in one of them, for a machine that has both loaded; the chains of nft come
// after those of iptables then.
enum class Spread : std::uint8_t { alike, together };
RandomTranslations random_translations(std::uint32_t seed, std::size_t probes, Spread spread);

} // namespace portcullis::kernel
