#include "lsp/diagnostics.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "portcullis/base/visible.hpp"
#include "report/words.hpp"

namespace portcullis::lsp {

namespace {

// LSP 3.17, DiagnosticSeverity and DiagnosticTag.
enum : int { error = 1, warning = 2, information = 3, hint = 4 };
enum : int { unnecessary = 1, deprecated = 2 };

int severity_of(Severity severity) {
    return severity >= Severity::high     ? error
           : severity == Severity::medium ? warning
           : severity == Severity::low    ? information
                                          : hint;
}

// Editors fade text that is unnecessary, and strike out what is deprecated.
Json tags_of(Diagnostic const& diagnostic) {
    Json tags = Json::array();
    if (diagnostic.finding.certainty != Certainty::certain) return tags;
    switch (diagnostic.rule->tag) {
    case TextTag::unnecessary: tags.push_back(static_cast<int>(unnecessary)); break;
    case TextTag::deprecated: tags.push_back(static_cast<int>(deprecated)); break;
    case TextTag::none: break;
    }
    return tags;
}

std::string text_of(Diagnostic const& diagnostic) {
    std::string text = message_text(diagnostic);
    if (diagnostic.finding.witness) text += "\n" + visible(proof_text(*diagnostic.finding.witness));
    for (std::string const& note : diagnostic.finding.notes) text += "\n" + visible(note);
    return text;
}

} // namespace

Json diagnostic_json(Diagnostic const& diagnostic, Places& places, Client const& client) {
    std::string message = text_of(diagnostic);
    Json related = Json::array();
    for (Related const& other : diagnostic.finding.related) {
        if (client.related_information)
            related.push_back({{"location", places.location(other.span)}, {"message", visible(other.message)}});
        else
            message += fmt::format("\nline {}: {}", places.line(other.span), visible(other.message));
    }
    Json json{{"range", places.range(diagnostic.finding.span)},
              {"severity", severity_of(diagnostic.severity)},
              {"code", diagnostic.rule->id},
              {"source", "portcullis"},
              {"message", std::move(message)},
              {"data", {{"fingerprint", diagnostic.fingerprint}}}};
    if (!related.empty()) json["relatedInformation"] = std::move(related);
    if (Json tags = tags_of(diagnostic); client.diagnostic_tags && !tags.empty()) json["tags"] = std::move(tags);
    return json;
}

std::map<std::string, Json> diagnostics_by_uri(Snapshot const& snapshot, Client const& client) {
    std::vector<Diagnostic const*> told;
    FileResult const& result = snapshot.findings();
    for (Diagnostic const& diagnostic : result.findings)
        if (!diagnostic.suppressed) told.push_back(&diagnostic);
    std::size_t const left_out = told.size() - std::min(told.size(), most_diagnostics);
    if (left_out > 0) {
        std::ranges::stable_sort(told, std::ranges::greater{}, [](Diagnostic const* d) { return d->severity; });
        told.resize(most_diagnostics);
    }
    Places places(snapshot, client.encoding);
    std::map<std::string, Json> by_uri{{snapshot.document().uri, Json::array()}};
    for (Diagnostic const* diagnostic : told)
        by_uri.try_emplace(places.uri(diagnostic->finding.span.source), Json::array())
            .first->second.push_back(diagnostic_json(*diagnostic, places, client));
    auto const say = [&](std::string message) {
        by_uri[snapshot.document().uri].push_back({{"range", range_json(snapshot.lines(), 0, 0, client.encoding)},
                                                   {"severity", static_cast<int>(information)},
                                                   {"source", "portcullis"},
                                                   {"message", std::move(message)}});
    };
    for (std::string const& bound : result.bounds) say(visible(bound));
    if (left_out > 0) say(fmt::format("{} more findings are not shown here; `portcullis lint` tells all", left_out));
    return by_uri;
}

} // namespace portcullis::lsp
