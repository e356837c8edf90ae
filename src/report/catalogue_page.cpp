// Three forms of the same pages: text for the terminal, Markdown for documents, JSON for programs.
#include "portcullis/report/catalogue_page.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <iterator>

#include "portcullis/base/did_you_mean.hpp"
#include "portcullis/base/visible.hpp"
#include "portcullis/catalogue/names.hpp"
#include "report/json_text.hpp"
#include "report/markdown_text.hpp"

namespace portcullis {
namespace {

using Services = std::vector<Service const*>;

// What a query asks for: a port, of one protocol or of all.
struct PortQuery {
    std::optional<std::uint8_t> protocol;
    std::uint16_t port = 0;
};

std::optional<std::uint16_t> parse_port(std::string_view digits) {
    std::uint16_t port = 0;
    auto const [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    return port;
}

// "tcp/23", "23/tcp" or "23"
std::optional<PortQuery> parse_port_query(std::string_view query) {
    auto const slash = query.find('/');
    if (slash == std::string_view::npos) {
        auto const port = parse_port(query);
        return port ? std::optional(PortQuery{std::nullopt, *port}) : std::nullopt;
    }
    auto protocol = query.substr(0, slash);
    auto digits = query.substr(slash + 1);
    if (parse_port(protocol)) std::swap(protocol, digits);
    auto const number = protocol_number(protocol, Vocabulary::linux_names);
    auto const port = parse_port(digits);
    return number && port ? std::optional(PortQuery{number, *port}) : std::nullopt;
}

std::string range_text(PortRange const& range) {
    return range.first == range.last ? fmt::format("{}", range.first)
                                     : fmt::format("{}-{}", range.first, range.last);
}

std::string port_text(PortRange const& range) { return protocol_name(range.protocol) + "/" + range_text(range); }

std::string severity_text(std::optional<Severity> severity) {
    return severity ? std::string(to_string(*severity)) : "none";
}

using Words = std::vector<std::string>;

// Where a line may end: between words.
Words words_of(std::string_view text) {
    Words words;
    while (!text.empty()) {
        auto const word = text.substr(0, text.find(' '));
        text.remove_prefix(std::min(text.size(), word.size() + 1));
        words.emplace_back(word);
    }
    return words;
}

// … or between the items of a list.
Words items_of(std::vector<std::string> items) {
    for (std::size_t i = 0; i + 1 < items.size(); ++i) items[i] += ',';
    return items;
}

std::string joined(Words const& words) { return fmt::format("{}", fmt::join(words, " ")); }

// "tcp/21, 990, udp/69": the ports of one protocol together, which is named once.
Words ports_summary(Service const& service) {
    std::vector<std::pair<std::uint8_t, Words>> groups;
    for (PortRange const& range : service.ports) {
        auto const group = std::ranges::find(groups, range.protocol, [](auto const& each) { return each.first; });
        if (group == groups.end())
            groups.push_back({range.protocol, {port_text(range)}});
        else
            group->second.push_back(range_text(range));
    }
    Words ports;
    for (auto& [protocol, own] : groups) ports.insert(ports.end(), own.begin(), own.end());
    return items_of(std::move(ports));
}

// What the four words of `encryption` mean.
std::string encryption_text(Encryption encryption) {
    switch (encryption) {
    case Encryption::unstated: return "not stated";
    case Encryption::none: return "none";
    case Encryption::optional: return "optional: depends on version and settings";
    case Encryption::starttls: return "STARTTLS: begins in cleartext and may switch to TLS";
    case Encryption::always: return "always";
    }
    return {};
}

// "high from untrusted sources, critical from anywhere"
std::string exposure_text(Service const& service) {
    if (!service.severity_any && !service.severity_untrusted) return "fine to publish";
    if (service.severity_any == service.severity_untrusted)
        return severity_text(service.severity_any) + " when untrusted sources reach it";
    return fmt::format("{} when some untrusted sources reach it, {} when all do",
                       service.severity_untrusted ? severity_text(service.severity_untrusted) : "no finding",
                       service.severity_any ? severity_text(service.severity_any) : "no finding");
}

struct Line {
    std::string_view label;
    Words words;
};

// The facts of one service, in the order in which a reader asks for them. Empty ones are left out.
std::vector<Line> facts(Service const& service) {
    std::vector<Line> lines = {
        {"Purpose", words_of(service.purpose)},
        {"Encryption", words_of(encryption_text(service.encryption))},
        {"Authentication", words_of(service.authentication)},
        {"Risk", words_of(service.risk)},
        {"Exposure", words_of(exposure_text(service))},
        {"Use instead", words_of(service.replacement)},
        {"Also known as", items_of(service.aliases)},
        {"Variant of", words_of(service.variant_of)},
        {"References", items_of(service.references)},
    };
    std::erase_if(lines, [](Line const& line) { return line.words.empty(); });
    return lines;
}

// The words in lines of at most `width` columns, each but the first after `indent` blanks; a longer word has a line
// of its own.
std::string wrapped(Words const& words, std::size_t indent, std::size_t width) {
    std::string result;
    std::size_t column = indent;
    for (std::string const& word : words) {
        if (column > indent && column + 1 + display_width(word) > width) {
            result += "\n" + std::string(indent, ' ');
            column = indent;
        } else if (column > indent) {
            result += ' ';
            ++column;
        }
        result += word;
        column += display_width(word);
    }
    return result;
}

std::string padded(std::string_view text, std::size_t width) {
    std::string result(text);
    return result.append(width - std::min(width, display_width(text)), ' ');
}

// Text

constexpr std::size_t label_width = 16;

std::string text_page(Service const& service, std::size_t width) {
    std::string page = service.name == service.title ? service.name : service.name + ": " + service.title;
    if (service.insecure) page += " (insecure by design)";
    page += "\n\n";
    std::string_view label = "Ports";
    for (PortRange const& range : service.ports) {
        page += "  " + padded(label, label_width) +
                (range.role.empty() ? port_text(range) : padded(port_text(range), 18) + " " + range.role) + "\n";
        label = "";
    }
    for (Line const& line : facts(service))
        page += "  " + padded(line.label, label_width) + wrapped(line.words, label_width + 2, width) + "\n";
    return page;
}

// One line a service: what it is, where, and how bad; on a wide terminal also its title.
std::string text_table(Services const& services, std::size_t width) {
    constexpr std::size_t wide = 110, encryption_width = 12, severity_width = 10;
    std::size_t name_width = 0, title_width = 0;
    for (Service const* service : services) {
        name_width = std::max(name_width, display_width(service->name) + 2);
        if (width >= wide) title_width = std::max(title_width, display_width(service->title) + 2);
    }
    std::size_t const ports_at = name_width + title_width + encryption_width + severity_width;
    auto const row = [&](std::string_view name, std::string_view title, std::string_view encryption,
                         std::string_view severity, Words const& ports) {
        return padded(name, name_width) + (title_width > 0 ? padded(title, title_width) : "") +
               padded(encryption, encryption_width) + padded(severity, severity_width) +
               wrapped(ports, ports_at, width) + "\n";
    };
    std::string table = row("service", "title", "encryption", "exposed", {"ports"});
    for (Service const* service : services)
        table += row(service->name, service->title, to_string(service->encryption),
                     severity_text(service->severity_any), ports_summary(*service));
    std::string const legend =
        fmt::format("{} services. \"exposed\" is the severity when every source can reach it; none: fine to "
                    "publish. \"portcullis "
                    "catalogue NAME\" and \"portcullis catalogue tcp/23\" tell all about one.",
                    services.size());
    return table + "\n" + wrapped(words_of(legend), 0, width) + "\n";
}

std::string text_form(Services const& services, bool all, std::size_t width) {
    if (all) return text_table(services, width);
    std::string page;
    if (services.size() > 1) {
        Words names;
        for (Service const* service : services) names.push_back(service->name);
        page = fmt::format("{} services: ", services.size()) + joined(items_of(std::move(names))) + "\n";
    }
    for (Service const* service : services) page += (page.empty() ? "" : "\n") + text_page(*service, width);
    return page;
}

// Markdown

std::string markdown_page(Service const& service) {
    std::string page = fmt::format("## {}: {}\n\n", service.name, markdown_text(service.title));
    if (service.insecure) page += "**Insecure by design.**\n\n";
    page += "| Port | Role |\n|---|---|\n";
    for (PortRange const& range : service.ports)
        page += fmt::format("| {} | {} |\n", port_text(range), markdown_text(range.role));
    page += "\n";
    for (Line const& line : facts(service))
        page += fmt::format("- **{}:** {}\n", line.label, markdown_text(joined(line.words)));
    return page;
}

std::string markdown_form(Services const& services, bool all) {
    std::string page;
    if (all) {
        page = "| Service | Title | Ports | Encryption | Severity when exposed | Use instead "
               "|\n|---|---|---|---|---|---|\n";
        for (Service const* service : services)
            page += fmt::format("| {} | {} | {} | {} | {} | {} |\n", service->name, markdown_text(service->title),
                                joined(ports_summary(*service)), to_string(service->encryption),
                                severity_text(service->severity_any), markdown_text(service->replacement));
    } else {
        for (Service const* service : services) page += (page.empty() ? "" : "\n") + markdown_page(*service);
    }
    return page;
}

// JSON

Json json_of(Service const& service) {
    auto ports = Json::array();
    for (PortRange const& range : service.ports)
        ports.push_back({{"protocol", protocol_name(range.protocol)},
                         {"first", range.first},
                         {"last", range.last},
                         {"role", range.role}});
    // What is not stated is null.
    auto const word = [](std::string_view text) {
        return text.empty() ? Json(nullptr) : Json(text);
    };
    auto const severity = [&](std::optional<Severity> level) { return word(level ? to_string(*level) : ""); };
    return {{"name", service.name},
            {"title", service.title},
            {"aliases", service.aliases},
            {"variant_of", word(service.variant_of)},
            {"ports", std::move(ports)},
            {"purpose", service.purpose},
            {"encryption", word(to_string(service.encryption))},
            {"authentication", service.authentication},
            {"risk", service.risk},
            {"severity",
             {{"untrusted", severity(service.severity_untrusted)}, {"any", severity(service.severity_any)}}},
            {"replacement", service.replacement},
            {"insecure", service.insecure},
            {"references", service.references}};
}

std::string json_form(Services const& services) {
    auto list = Json::array();
    for (Service const* service : services) list.push_back(json_of(*service));
    Json const document = {{"schema_version", "1.0"}, {"services", std::move(list)}};
    return json_text(document) + "\n";
}

// The services that a port query means, without repetition.
Services at_port(Catalogue const& catalogue, PortQuery const& query) {
    if (query.protocol) return catalogue.at(*query.protocol, query.port);
    Services found;
    for (auto const protocol : {Protocol::tcp, Protocol::udp, Protocol::sctp})
        for (Service const* service : catalogue.at(static_cast<std::uint8_t>(protocol), query.port))
            if (std::ranges::find(found, service) == found.end()) found.push_back(service);
    return found;
}

Services sorted_by_name(Catalogue const& catalogue) {
    Services services;
    for (Service const& service : catalogue.services()) services.push_back(&service);
    std::ranges::sort(services, {}, [](Service const* service) { return std::string_view(service->name); });
    return services;
}

std::string render(Services const& services, bool all, CataloguePageFormat format, std::size_t width) {
    switch (format) {
    case CataloguePageFormat::text: return text_form(services, all, width);
    case CataloguePageFormat::json: return json_form(services);
    case CataloguePageFormat::markdown: return markdown_form(services, all);
    }
    return {};
}

} // namespace

std::optional<CataloguePageFormat> catalogue_page_format_by_name(std::string_view name) {
    if (name == "text") return CataloguePageFormat::text;
    if (name == "json") return CataloguePageFormat::json;
    if (name == "markdown") return CataloguePageFormat::markdown;
    return std::nullopt;
}

CataloguePage catalogue_page(Catalogue const& catalogue, std::optional<std::string_view> query,
                             CataloguePageFormat format, std::size_t width) {
    if (!query) return {render(sorted_by_name(catalogue), true, format, width), {}};
    if (auto const port = parse_port_query(*query)) {
        Services const services = at_port(catalogue, *port);
        if (services.empty()) return {{}, "no service of the catalogue is at " + std::string(*query)};
        return {render(services, false, format, width), {}};
    }
    if (Service const* service = catalogue.find(*query)) return {render({service}, false, format, width), {}};
    std::string const meant = did_you_mean_text(*query, catalogue.names());
    return {{},
            "no service is called '" + std::string(*query) + "'" +
                (meant.empty() ? "; \"portcullis catalogue\" lists all" : meant)};
}

} // namespace portcullis
