// audit as the document that an auditor asks for: PCI DSS 4.0, 1.2.5 and 1.2.6, for each file.
#include <algorithm>
#include <fmt/format.h>

#include "portcullis/base/visible.hpp"
#include "report/exposure_words.hpp"
#include "report/markdown_text.hpp"
#include "report/words.hpp"

namespace portcullis {

namespace {

constexpr std::size_t most_addresses = 12; // of a cell
constexpr std::size_t most_rows = 12;      // a row for each service up to this many that the same rules open; more share one
constexpr std::size_t most_rules = 12;

std::string cell(std::string_view text) { return markdown_text(visible(text)); }

std::string rules_cell(Exposure const& exposure, FileResult const& file) {
    std::vector<std::string> places;
    for (Span const& span : exposure.rules) {
        Source const& source = (*file.sources)[span.source];
        std::string const other = source.path() == file.path ? "" : source.path() + ", ";
        places.push_back(file.sources->text(span).empty() ? "no chain filters this path" : fmt::format("{}line {}", other, source.locate(span.begin).line));
    }
    return cell(list_text(places, most_rules));
}

std::string service_cell(Exposure const& exposure) {
    Service const& service = *exposure.about;
    return cell(service.title.empty() || service.title == service.name ? service.name : service.name + ": " + service.title);
}

// Those of a group by their service.
std::vector<ExposureGroup> by_service(ExposureGroup const& group) {
    std::vector<ExposureGroup> all;
    for (Exposure const* exposure : group) {
        if (all.empty() || all.back().front()->service != exposure->service) all.emplace_back();
        all.back().push_back(exposure);
    }
    return all;
}

std::string port_cell(Exposure const& exposure) {
    std::string text = port_text(exposure.port);
    if (exposure.translation) text += fmt::format(", by port {}, which becomes {}", list_text(exposure.entry_ports, 3), exposure.becomes);
    if (exposure.certainty == Certainty::possible) text += " (possible)";
    return cell(text);
}

std::string ports_cell(ExposureGroup const& group) {
    std::vector<std::string> all;
    for (Exposure const* exposure : group) all.push_back(port_cell(*exposure));
    return list_text(all, all.size(), "");
}

std::string justification_cell(Exposure const& exposure) {
    std::vector<std::string> all;
    for (std::string const& why : exposure.justifications) all.push_back(cell(why));
    return list_text(all, all.size(), "**no justification given**");
}

// The columns behind service and port.
std::string ends(Exposure const& exposure, FileResult const& file) {
    return fmt::format("{} | {}{} | {} | {} | {}", cell(path_text(exposure)), cell(addresses_text(exposure.sources, most_addresses)),
                       cell(interfaces_text(exposure, most_addresses)), cell(addresses_text(exposure.destinations, most_addresses)),
                       rules_cell(exposure, file), justification_cell(exposure));
}

std::string allowed(FileResult const& file) {
    std::string out = "### Services, protocols and ports allowed (PCI DSS 4.0, 1.2.5)\n\n";
    if (file.exposures.empty()) return out + "No service of the catalogue is reachable by new connections.\n";
    out += "| service | port | way | from | to | rules | business justification |\n| --- | --- | --- | --- | --- | --- | --- |\n";
    for (ExposureGroup const& group : exposure_groups(file)) {
        auto const services = by_service(group);
        if (services.size() <= most_rows) {
            for (ExposureGroup const& service : services)
                out += fmt::format("| {} | {} | {} |\n", service_cell(*service.front()), ports_cell(service), ends(*service.front(), file));
            continue;
        }
        std::vector<std::string> names;
        for (ExposureGroup const& service : services) names.push_back(cell(service.front()->service));
        out += fmt::format("| {} services: {} | {} | {} |\n", names.size(), fmt::join(names, ", "), ports_cell(group), ends(*group.front(), file));
    }
    return out;
}

std::string accepted_cell(Diagnostic const* finding) {
    if (finding == nullptr) return "no finding";
    std::string const text = fmt::format("{} {}", finding->rule->id, to_string(finding->severity));
    return finding->suppressed ? cell(text + ", accepted " + suppression_text(*finding->suppressed)) : cell(text) + ", **not accepted by anybody**";
}

std::string insecure(FileResult const& file) {
    std::string rows;
    for (ExposureGroup const& group : exposure_groups(file)) {
        for (ExposureGroup const& one : by_service(group)) {
            Exposure const& exposure = *one.front();
            Service const& service = *exposure.about;
            if (!service.insecure) continue;
            rows += fmt::format("| {} | {} | {}, {}{} | {} | {} | {} | {} |\n", service_cell(exposure), ports_cell(one), cell(path_text(exposure)),
                                cell(addresses_text(exposure.sources, most_addresses)), exposure.untrusted ? "" : " (trusted only)", rules_cell(exposure, file),
                                cell(first_paragraph(service.risk)), cell(first_paragraph(service.replacement)), accepted_cell(finding_about(exposure, file)));
        }
    }
    std::string const head = "\n### Insecure ones in use (PCI DSS 4.0, 1.2.6)\n\n";
    if (rows.empty()) return head + "None.\n";
    return head + "| service | port | way and sources | rules | risk | use instead | finding and waiver |\n| --- | --- | --- | --- | --- | --- | --- |\n" + rows;
}

// What the lists cannot know of.
std::string gaps(FileResult const& file) {
    std::string out;
    if (!file.complete) out += "- **The analysis is incomplete**: a part of the file was not read or not analysed to the end.\n";
    for (Unmodelled const& item : file.unmodelled) out += fmt::format("- not modelled ({}): {}\n", plural(item.count, "time"), cell(item.text));
    for (std::string const& bound : file.bounds) out += fmt::format("- {}\n", cell(bound));
    return out.empty() ? "" : "\n### What the lists rest on\n\n" + out;
}

} // namespace

std::string markdown_audit(Report const& report) {
    std::string out = "# Services that the firewall allows\n";
    for (FileResult const& file : report.files) {
        out += fmt::format("\n## {}\n\n{}, {}, {} % modelled.\n\n", cell(report.repository.name_of(file.path)), file.dialect ? to_string(*file.dialect) : "unreadable",
                           plural(file.rules, "rule"), static_cast<int>(file.modelled * 100.0));
        out += allowed(file) + insecure(file) + gaps(file);
    }
    return out + "\nNew connections are meant, to services of the catalogue; by `portcullis audit` " + cell(report.version) + ".\n";
}

} // namespace portcullis
