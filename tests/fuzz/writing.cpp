#include <algorithm>

#include "fuzz/promises.hpp"
#include "portcullis/dialect/convert.hpp"
#include "portcullis/dialect/format.hpp"
#include "portcullis/dialect/write.hpp"
#include "portcullis/engine/budget.hpp"

namespace portcullis::fuzz {
namespace {

bool has_syntax_error(Reading const& reading) {
    auto const all = reading.findings.all();
    return std::any_of(all.begin(), all.end(), [](Finding const& finding) { return finding.rule == "PC001"; });
}

Writing write_in(Dialect dialect, Ruleset const& ruleset) {
    if (dialect == Dialect::nftables) return write_nftables(ruleset);
    return write_iptables(ruleset, dialect == Dialect::iptables ? Family::v4 : Family::v6);
}

// A rule may have no line of its own ("not this TOS" is a chain that returns first) or say less ("any SPI"): then the proof that
// `convert` gives its user holds.
bool is_proved(ReadText const& before, Dialect dialect) {
    try {
        Sources sources = before.sources;
        Conversion const made = convert(sources, before.reading.ruleset, dialect);
        return made.losses.empty() && made.equal();
    } catch (NotConvertible const&) { // of the other family alone
        return true;
    } catch (BudgetExceeded const&) {
        return true;
    }
}

Dialect other_than(Dialect dialect) {
    switch (dialect) {
    case Dialect::nftables: return Dialect::iptables;
    case Dialect::cisco_ios: return Dialect::cisco_asa;
    case Dialect::cisco_asa: return Dialect::cisco_xr;
    case Dialect::cisco_nxos: return Dialect::cisco_ios;
    case Dialect::cisco_xr: return Dialect::cisco_nxos;
    default: return Dialect::nftables;
    }
}

} // namespace

void check_writing(ReadText const& before, Dialect dialect) {
    if (!is_read_whole(before.reading)) return;
    Writing const written = write_in(dialect, before.reading.ruleset);
    ReadText const after(written.text, dialect);
    require(!has_syntax_error(after.reading), "what is written can be read");
    if (!written.losses.empty()) return;
    require(same_meaning(before.reading.ruleset, after.reading.ruleset) || is_proved(before, dialect), "what is written reads back to the same ruleset, or to one that is proved equal");
    require(write_in(dialect, after.reading.ruleset).text == written.text, "what is written stays as it is");
}

void check_conversion(std::string_view text, Dialect dialect) {
    ReadText before(text, dialect);
    if (!is_read_whole(before.reading)) return;
    try {
        Conversion const made = convert(before.sources, before.reading.ruleset, other_than(dialect));
        require(!has_syntax_error(made.reading), "what is converted can be read");
        require(!made.losses.empty() || made.equal(), "what is converted without a loss is equal");
    } catch (NotConvertible const&) { // is said to the user
    } catch (BudgetExceeded const&) {
    }
}

void check_format(std::string_view text, Dialect dialect) {
    Sources sources;
    SourceId const source = sources.add("input", std::string(text));
    // They throw where a promise is broken.
    if (dialect == Dialect::nftables)
        format_nftables(sources, source);
    else
        format_iptables(sources, source, dialect);
}

} // namespace portcullis::fuzz
