// Text in, Ruleset out: which dialect a text is in, and what it says in the intermediate form.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "portcullis/dialect/ipset.hpp"
#include "portcullis/model/finding.hpp"

namespace portcullis {

// What an `include` led to: the sources in order, or a sentence why not.
struct Included {
    std::vector<SourceId> sources;
    std::string error;
};

struct ReadOptions {
    // Finds the files of an include pattern, as written in `from`, and adds them to the sources. Where it is empty,
    // includes are errors.
    std::function<Included(std::string const& pattern, SourceId from)> include;
    // The text was made of nft's JSON, which tells neither the widths of open types nor that a map yields ranges.
    bool from_json = false;
    // The sets that rules of iptables name; null where nothing is known of any.
    std::shared_ptr<Ipsets const> ipsets;
};

// The dialect by content alone; nothing where the text is none of them.
std::optional<Dialect> detect_dialect(std::string_view text);

// Never throws on bad input: errors are findings (PC001 syntax-error, PC002 unsupported-construct, PC401 …), and what
// could be read is in the ruleset.
Reading read(Sources& sources, SourceId source, Dialect dialect, ReadOptions const& options = {});

} // namespace portcullis
