#include "lsp/code_actions.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "lint/waiver_comment.hpp"
#include "lsp/diagnostics.hpp"
#include "portcullis/lint/fix.hpp"

namespace portcullis::lsp {

namespace {

// Each action costs a reading and a proof; who selects a whole file wants source.fixAll.
constexpr std::size_t most_findings = 20;
// In larger rulesets, all is mended only where the editor asks for just that.
constexpr std::size_t large = 5000;

std::size_t unread_in(Findings const& findings) {
    return static_cast<std::size_t>(std::ranges::count_if(findings.all(), is_unread));
}

// A comment above a rule is kept with it, and says nothing about packets.
Ruleset without_comments(Ruleset ruleset) {
    for (Chain& chain : ruleset.chains)
        for (Rule& rule : chain.rules) rule.comment.clear();
    return ruleset;
}

class Actions {
  public:
    Actions(Snapshot const& snapshot, Json const& params, Client const& client)
        : snapshot_(snapshot), client_(client), places_(snapshot, client.encoding), only_(member(params, "context.only")),
          begin_(snapshot.lines().offset_of(position_in(member(params, "range.start")), client.encoding)),
          end_(snapshot.lines().offset_of(position_in(member(params, "range.end")), client.encoding)) {}

    Json all() {
        if (!client_.literal_actions || !snapshot_.is_readable()) return actions_;
        if (wants("quickfix")) {
            std::size_t count = 0;
            for (Diagnostic const& diagnostic : snapshot_.findings().findings)
                if (is_here(diagnostic) && ++count <= most_findings) add_for(diagnostic);
        }
        bool const small = rule_count(snapshot_.loaded().reading->ruleset) <= large;
        if (wants(fix_all_kind) && (small || only_.is_array())) add_fix_all();
        return actions_;
    }

  private:
    // The kinds that are asked for are prefixes of those of the actions.
    bool wants(std::string_view kind) const {
        if (!only_.is_array()) return true;
        return std::ranges::any_of(only_, [&](Json const& wanted) {
            if (!wanted.is_string()) return false;
            auto const& prefix = wanted.get_ref<std::string const&>();
            return kind == prefix || kind.starts_with(prefix + '.') || prefix.empty();
        });
    }
    bool is_here(Diagnostic const& diagnostic) const {
        Span const span = diagnostic.finding.span;
        return !diagnostic.suppressed && span.source == snapshot_.loaded().source && span.begin <= end_ && begin_ <= span.end;
    }

    void add_for(Diagnostic const& diagnostic) {
        LoadedText const text = snapshot_.load_again();
        if (!text.reading) return;
        if (auto const& fix = diagnostic.finding.fix; fix && fix->safe) {
            auto const mended = mended_by(text.sources, text.source, *text.dialect, text.read_options, *fix);
            bool const deletes = std::ranges::all_of(fix->edits, [](Edit const& edit) { return edit.text.empty(); });
            if (mended) {
                std::string title = fmt::format("{}: no packet is treated otherwise ({})", deletes ? "Delete it" : "Rewrite it",
                                                diagnostic.rule->slug);
                add(std::move(title), "quickfix", *mended, &diagnostic)["isPreferred"] = true;
            }
        }
        if (auto const waived = with_waiver(text, diagnostic))
            add(fmt::format("Accept {} here with a comment", diagnostic.rule->slug), "quickfix", *waived, &diagnostic);
    }

    // The text with a comment above the finding, where that is a waiver of it and nothing else.
    std::optional<std::string> with_waiver(LoadedText const& text, Diagnostic const& diagnostic) {
        Dialect const dialect = *text.dialect;
        if (dialect == Dialect::nft_json || is_unignorable(*diagnostic.rule, text.lint_options.config)) return std::nullopt;
        Lines const& lines = snapshot_.lines();
        std::uint32_t line = lines.position_of(diagnostic.finding.span.begin, client_.encoding).line;
        while (line > 0 && lines.line(line - 1).ends_with('\\')) --line; // the first line of a command
        std::string_view const below = lines.line(line);
        bool const crlf = lines.text().substr(lines.start_of(line) + below.size()).starts_with('\r');
        std::string const comment =
            fmt::format("{}{} portcullis: ignore[{}]{}", below.substr(0, std::min(below.find_first_not_of(" \t"), below.size())),
                        is_cisco(dialect) ? '!' : '#', diagnostic.rule->id, crlf ? "\r\n" : "\n");
        std::string changed(lines.text());
        changed.insert(lines.start_of(line), comment);
        SourceId const source = text.sources->add(snapshot_.document().path, changed);
        Reading const reading = read(*text.sources, source, dialect, text.read_options);
        auto const finding = static_cast<std::uint32_t>(diagnostic.finding.span.begin + comment.size());
        bool const waives =
            std::ranges::any_of(waivers_in(*text.sources, source, dialect, reading.ruleset), [&](Waiver const& waiver) {
                return waiver.error.empty() && waiver.span.begin >= lines.start_of(line) &&
                       waiver.span.end <= lines.start_of(line) + comment.size() && waiver.target.begin <= finding &&
                       finding < waiver.target.end;
            });
        bool const same = unread_in(reading.findings) == unread_in(text.reading->findings) &&
                          same_meaning(without_comments(reading.ruleset), without_comments(text.reading->ruleset));
        return waives && same ? std::optional(changed) : std::nullopt;
    }

    void add_fix_all() {
        bool const any = std::ranges::any_of(snapshot_.findings().findings, [](Diagnostic const& d) {
            return !d.suppressed && d.finding.fix && d.finding.fix->safe;
        });
        if (!any) return;
        LoadedText const text = snapshot_.load_again();
        if (!text.reading) return;
        Mended const mended = mend(text.sources, text.source, *text.dialect, text.read_options, text.lint_options);
        if (mended.fixes == 0) return;
        add(fmt::format("Mend all that changes no packet's fate ({})", mended.fixes), fix_all_kind, mended.text, nullptr);
    }

    Json& add(std::string title, std::string_view kind, std::string_view text, Diagnostic const* diagnostic) {
        Json action{{"title", std::move(title)}, {"kind", kind}};
        if (diagnostic != nullptr) action["diagnostics"] = Json::array({diagnostic_json(*diagnostic, places_, client_)});
        Json edits = text_edits(snapshot_.lines(), text, client_.encoding);
        Document const& document = snapshot_.document();
        if (client_.document_changes)
            action["edit"]["documentChanges"] = Json::array(
                {{{"textDocument", {{"uri", document.uri}, {"version", document.version}}}, {"edits", std::move(edits)}}});
        else
            action["edit"]["changes"][document.uri] = std::move(edits);
        actions_.push_back(std::move(action));
        return actions_.back();
    }

    Snapshot const& snapshot_;
    Client const& client_;
    Places places_;
    Json const& only_;
    std::size_t begin_;
    std::size_t end_;
    Json actions_ = Json::array();
};

} // namespace

Json code_actions(Snapshot const& snapshot, Json const& params, Client const& client) {
    return Actions(snapshot, params, client).all();
}

} // namespace portcullis::lsp
