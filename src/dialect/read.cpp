// Which reader reads which dialect.
#include "portcullis/dialect/read.hpp"

#include <map>

#include "dialect/cisco_read.hpp"
#include "dialect/iptables_read.hpp"
#include "dialect/iptables_script.hpp"
#include "dialect/nft_json_read.hpp"
#include "dialect/nftables_read.hpp"

namespace portcullis {
namespace {

// A text that is wrong in every line is told a thousand times, not a million, and told that it is.
Findings bounded(Findings findings) {
    constexpr std::size_t most = 1000;
    std::map<std::string, std::size_t> counts;
    Findings kept;
    for (Finding& finding : findings.all()) {
        std::size_t const count = ++counts[finding.rule];
        if (count <= most) kept.all().push_back(std::move(finding));
        else if (count == most + 1) {
            kept.add("PC001", finding.span).arg("error", "more than 1000 findings of " + finding.rule + "; the rest is not listed");
        }
    }
    return kept;
}

Reading read_dialect(Sources& sources, SourceId source, Dialect dialect, ReadOptions const& options) {
    switch (dialect) {
    case Dialect::iptables:
    case Dialect::ip6tables: return read_iptables(sources, source, dialect, options);
    case Dialect::nftables: return read_nftables(sources, source, options);
    case Dialect::cisco_ios:
    case Dialect::cisco_asa:
    case Dialect::cisco_nxos:
    case Dialect::cisco_xr: return read_cisco(sources, source, dialect);
    case Dialect::nft_json: return read_nft_json(sources, source);
    case Dialect::iptables_script: return read_iptables_script(sources, source, options);
    }
    return {};
}

} // namespace

Reading read(Sources& sources, SourceId source, Dialect dialect, ReadOptions const& options) {
    Reading reading = read_dialect(sources, source, dialect, options);
    reading.findings = bounded(std::move(reading.findings));
    return reading;
}

} // namespace portcullis
