// The catalogue in memory: a few hundred entries, so a plain search finds them fast enough; what many files ask is
// remembered.
#include "portcullis/catalogue/catalogue.hpp"

#include <algorithm>
#include <cassert>
#include <map>

#include "catalogue/service_toml.hpp"
#include "portcullis/base/ascii.hpp"
#include "portcullis/base/embedded.hpp"

namespace portcullis {
namespace {

bool same_word(std::string_view a, std::string_view b) {
    return std::ranges::equal(a, b, {}, ascii_lower, ascii_lower);
}

// How many ports the narrowest range has that holds this one.
unsigned width_at(Service const& service, std::uint8_t protocol, std::uint16_t port) {
    unsigned width = 65536;
    for (PortRange const& range : service.ports)
        if (range.protocol == protocol && range.first <= port && port <= range.last)
            width = std::min(width, unsigned{range.last} - range.first + 1U);
    return width;
}

Catalogue load_built_in() {
    std::vector<Service> services;
    std::vector<ConfigError> errors;
    for (EmbeddedFile const& file : embedded_files()) {
        if (!file.path.starts_with("rules/catalogue/")) continue;
        TomlReport report(file.path, errors);
        read_services(built_in_toml(file.path), "", services, report);
    }
    assert(errors.empty());
    return Catalogue(std::move(services));
}

} // namespace

std::string_view to_string(Encryption encryption) {
    constexpr std::string_view words[] = {"", "none", "optional", "starttls", "always"};
    return words[static_cast<std::size_t>(encryption)];
}

bool Service::answers_to(std::string_view word) const {
    return same_word(name, word) ||
           std::ranges::any_of(aliases, [&](std::string const& alias) { return same_word(alias, word); });
}

bool Service::listens_on(std::uint8_t protocol, std::uint16_t port) const {
    return std::ranges::any_of(ports, [&](PortRange const& range) {
        return range.protocol == protocol && range.first <= port && port <= range.last;
    });
}

Catalogue const& Catalogue::built_in() {
    static Catalogue const catalogue = load_built_in();
    return catalogue;
}

Catalogue::LoadResult Catalogue::extended(std::string_view toml, std::string_view path) const {
    TomlDocument document = parse_toml(toml, path);
    LoadResult result{{}, std::move(document.errors)};
    TomlReport report(path, result.errors);
    std::vector<Service> all = services();
    read_services(document.root, "", all, report);
    result.catalogue = Catalogue(std::move(all));
    return result;
}

namespace {

// What was asked of a catalogue; rules of lint ask the same of it for each file.
struct Asked {
    std::shared_ptr<std::vector<Service> const> of;
    std::map<std::string, Service const*, std::less<>> by_word;
    std::map<std::pair<std::uint8_t, std::uint16_t>, std::vector<Service const*>> by_port;
};

// That of the thread, of the catalogue that it asked last; not more than rules of lint have words and configurations ports.
Asked& asked(std::shared_ptr<std::vector<Service> const> const& of) {
    constexpr std::size_t most = 4096;
    thread_local Asked last;
    if (last.of != of || last.by_word.size() + last.by_port.size() > most) last = {of, {}, {}};
    return last;
}

} // namespace

Service const* Catalogue::find(std::string_view name_or_alias) const {
    auto& known = asked(services_).by_word;
    if (auto const at = known.find(name_or_alias); at != known.end()) return at->second;
    auto const found =
        std::ranges::find_if(services(), [&](Service const& service) { return service.answers_to(name_or_alias); });
    return known.emplace(name_or_alias, found == services().end() ? nullptr : &*found).first->second;
}

std::vector<Service const*> Catalogue::at(std::uint8_t protocol, std::uint16_t port) const {
    auto const [known, is_new] = asked(services_).by_port.try_emplace({protocol, port});
    std::vector<Service const*>& found = known->second;
    if (!is_new) return found;
    for (Service const& service : services())
        if (service.listens_on(protocol, port)) found.push_back(&service);
    std::ranges::stable_sort(found, {}, [&](Service const* service) {
        return std::pair(!service->variant_of.empty(), width_at(*service, protocol, port));
    });
    return found;
}

std::vector<std::string_view> Catalogue::names() const {
    std::vector<std::string_view> names;
    for (Service const& service : services()) {
        names.push_back(service.name);
        names.insert(names.end(), service.aliases.begin(), service.aliases.end());
    }
    return names;
}

} // namespace portcullis
