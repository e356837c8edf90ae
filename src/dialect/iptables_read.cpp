// A restore file is a program: its commands build tables of chains of rules, and COMMIT makes a table the live one.
#include "dialect/iptables_read.hpp"

#include <algorithm>

#include "dialect/iptables_tables.hpp"
#include "grammars/iptables/parse.hpp"

namespace portcullis {
namespace iptables {

namespace {

// What `iptables -S` prints has no table's name. Without -t it is filter; chains that only nat has tell nat.
std::string bare_table(File const& file) {
    bool nat = false;
    for (Statement const& statement : file.statements) {
        auto const* command = std::get_if<Command>(&statement);
        if (command == nullptr) continue;
        std::string const chain = command->chain.plain();
        if (chain == "INPUT" || chain == "FORWARD") return "filter";
        nat = nat || chain == "PREROUTING" || chain == "POSTROUTING";
    }
    return nat ? "nat" : "filter";
}

} // namespace

void Restore::run(CommandText const& text) {
    File const& file = *text.file;
    tables_.select_none();
    for (SyntaxError const& e : file.errors) error(text, e.span, to_string(e), e.of_other_protocol ? "PC414" : "PC001");
    bare_ = std::ranges::none_of(file.statements,
                                 [](Statement const& s) { return std::holds_alternative<TableStart>(s); });
    if (bare_ && !file.statements.empty()) tables_.start(bare_table(file));
    for (Statement const& statement : file.statements) {
        std::visit([&](auto const& s) { run(s, text); }, statement);
    }
    // Without it iptables-restore leaves the table as it was.
    if (tables_.selected() && !bare_) {
        auto const end = static_cast<std::uint32_t>(file.text.size());
        error(text, {file.source, end, end}, "expected COMMIT, found end of file");
    }
    tables_.select_none();
}

void Restore::error(CommandText const& text, Span span, std::string why, char const* rule) {
    report(findings_, rule, text.to_source(span), {{"error", std::move(why)}});
}

void Restore::run(TableStart const& start, CommandText const& text) {
    if (tables_.selected()) error(text, start.span, "expected COMMIT before the next table");
    std::string name = start.name.plain();
    if (!is_table(name)) error(text, text.file->span(start.name.raw), "unknown table '" + name + '\'');
    if (no_flush_)
        tables_.select(name);
    else
        tables_.start(std::move(name));
}

void Restore::run(Commit const& commit, CommandText const& text) {
    if (!tables_.selected() || bare_) error(text, commit.span, "COMMIT without a table");
    if (!bare_) tables_.select_none();
}

bool Restore::outside(CommandText const& text, Span span) {
    if (tables_.selected()) return false;
    error(text, span, "expected a table such as *filter before this line");
    return true;
}

void Restore::run(ChainDeclaration const& declaration, CommandText const& text) {
    if (outside(text, declaration.span)) return;
    tables_.declare(declaration.name.plain(), text.to_source(declaration.span), declaration.policy.plain(),
                    text.to_source(text.file->span(declaration.policy.raw)));
}

void Restore::run(Command const& command, CommandText const& text) {
    if (!outside(text, command.span)) tables_.run(command, text);
}

std::vector<Span> state_matches(File const& file) {
    std::vector<Span> spans;
    for (Loaded const& loaded : file.loaded)
        if (loaded.extension != nullptr && loaded.extension->name == "state") spans.push_back(loaded.span);
    return spans;
}

Finding& report_state_matches(std::vector<Span> const& spans, Findings& findings) {
    std::size_t const others = spans.size() - 1;
    return findings.add("PC504", spans.front())
        .arg("where", others == 0   ? "here"
                      : others == 1 ? "here and in another rule"
                                    : "here and in " + std::to_string(others) + " more rules");
}

} // namespace iptables

namespace {

// Where a listing of `iptables -L` begins, whatever stands before it: "Chain INPUT (policy ACCEPT 12 packets, 960
// bytes)".
std::optional<std::size_t> find_listing(std::string_view text) {
    for (std::size_t at = 0; at < text.size();) {
        std::string_view const line = text.substr(at, text.find('\n', at) - at);
        bool const header = line.starts_with("Chain ") &&
                            (line.find(" (policy ") != line.npos || line.find(" references)") != line.npos);
        if (header) return at;
        at += line.size() + 1;
    }
    return std::nullopt;
}

// "-m state --state" as "-m conntrack --ctstate"; nothing where it is spelt in some other way.
std::optional<Edit> renamed(iptables::File const& file, Span span, std::string_view word, std::string_view by) {
    std::string_view const text = file.text.substr(span.begin, span.end - span.begin);
    std::size_t const at = text.find(word);
    if (at == std::string_view::npos) return std::nullopt;
    auto const begin = static_cast<std::uint32_t>(span.begin + at);
    return Edit{{span.source, begin, begin + static_cast<std::uint32_t>(word.size())}, std::string(by)};
}

// The finding, with the new words for all of them.
void advise_conntrack(iptables::File const& file, Findings& findings) {
    std::vector<Span> const spans = iptables::state_matches(file);
    if (spans.empty()) return;
    Fix fix{{}, true};
    auto const edit = [&](std::optional<Edit> one) {
        if (one) fix.edits.push_back(std::move(*one));
        else fix.safe = false;
    };
    for (Span const& span : spans) edit(renamed(file, span, "state", "conntrack"));
    for (iptables::Option const& option : file.options)
        if (option.info->name == "state") edit(renamed(file, option.span, "--state", "--ctstate"));
    Finding& finding = iptables::report_state_matches(spans, findings);
    if (!fix.edits.empty()) finding.fix = std::move(fix);
}

} // namespace

Reading read_iptables(Sources const& sources, SourceId source, Dialect dialect, ReadOptions const& options) {
    using namespace iptables;
    Family const family = dialect == Dialect::ip6tables ? Family::v6 : Family::v4;
    Reading reading;
    reading.ruleset.dialect = dialect;
    reading.ruleset.governs_v4 = family == Family::v4;
    reading.ruleset.governs_v6 = family == Family::v6;
    std::string_view const text_of_file = sources[source].text();
    if (auto const listing = find_listing(text_of_file)) {
        auto const begin = static_cast<std::uint32_t>(*listing);
        report(reading.findings, "PC001", {source, begin, begin + 5},
               {{"error", "this is a listing of iptables -L, which leaves out too much: use iptables-save"}});
        return reading;
    }
    File const file = parse(text_of_file, source);
    Tables tables(family, Tables::Mode::file, reading.findings);
    SetUse sets = use_of_sets(file, options.ipsets.get());
    tables.know(sets);
    CommandText const text{&file};
    Restore(tables, reading.findings).run(text);
    tables.lower(reading.ruleset.chains, reading.findings);
    settle_netmaps(reading.ruleset, reading.findings);
    report_unused_sets(sets, family, reading.findings);
    report_written_fields(reading.ruleset, reading.findings);
    reading.ruleset.groups = address_groups(sets, family);
    advise_conntrack(file, reading.findings);
    return reading;
}

} // namespace portcullis
