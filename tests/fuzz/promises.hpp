// What targets have in common: promises that a fuzzer can catch the breach of, and the files that are targets.
#pragma once
#include <stdexcept>
#include <string>
#include <string_view>

#include "portcullis/dialect/read.hpp"

namespace portcullis::fuzz {

inline void require(bool holds, char const* promise) {
    if (!holds) throw std::logic_error(promise);
}

// A text and what a reader makes of it. Every file that it includes has one rule, and tries to include itself.
struct ReadText {
    explicit ReadText(std::string_view text, Dialect dialect);
    Sources sources;
    SourceId source = 0;
    Reading reading;
};
Reading read_with_includes(Sources& sources, SourceId source, Dialect dialect);

// Whether all of the text was read, so that nothing of it may be missing in what is made of it.
bool is_read_whole(Reading const& reading);

// Written by our writers, a ruleset reads back; where nothing was lost, to the same ruleset.
template <Dialect dialect> void run_writer(std::string_view text);
extern template void run_writer<Dialect::iptables>(std::string_view);
extern template void run_writer<Dialect::ip6tables>(std::string_view);
extern template void run_writer<Dialect::nftables>(std::string_view);
// Converted without a loss, it is proved equal.
void run_convert(std::string_view text);
// In its layout, a text is the same ruleset with the same comments, and stays as it is.
void run_format(std::string_view text);
// What a policy becomes on each target is proved to be what it says.
void run_policy(std::string_view text);
void run_generate(std::string_view text);
// The bytes are chance: they choose a ruleset and packets, about which the engine and the interpreter agree.
void run_agreement(std::string_view text);

} // namespace portcullis::fuzz
