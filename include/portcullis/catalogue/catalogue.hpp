// What is known about network services: where they listen, what they are for, how well they protect themselves, and
// what to use instead. The lint rules and the audit judge exposure by it; users extend it in their own TOML.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "portcullis/catalogue/config_error.hpp"
#include "portcullis/model/finding.hpp"

namespace portcullis {

// Ports of one protocol on which a service listens, and what it does there ("control", "queries"; may be empty).
struct PortRange {
    std::uint8_t protocol = 0; // IANA number
    std::uint16_t first = 0;
    std::uint16_t last = 0;
    std::string role;
    friend bool operator==(PortRange const&, PortRange const&) = default;
};

enum class Encryption : std::uint8_t {
    unstated, // a user's entry need not say
    none,     // cleartext always
    optional, // depends on the version or the configuration
    starttls, // begins in cleartext and may switch to TLS on the same port
    always,
};
std::string_view to_string(Encryption encryption);

struct Service {
    std::string name; // a slug: "telnet"
    std::string title;
    std::vector<std::string> aliases; // other names and spellings: IANA, nft, iptables, Cisco, products
    std::string variant_of;           // the service whose ports it shares: "ssh" for sftp; empty for most
    std::vector<PortRange> ports;
    std::string purpose;
    Encryption encryption = Encryption::unstated;
    std::string authentication; // in words
    std::string risk;           // a sentence or two
    // How bad it is that untrusted sources reach it: some of them, or all. None: it may be published.
    std::optional<Severity> severity_untrusted;
    std::optional<Severity> severity_any;
    std::string replacement; // what to use instead; empty where nothing better is needed
    bool insecure = false;   // cleartext or unauthenticated by design
    std::vector<std::string> references;

    // By its name or an alias, whatever the case.
    bool answers_to(std::string_view word) const;
    bool listens_on(std::uint8_t protocol, std::uint16_t port) const;
};

class Catalogue {
  public:
    Catalogue() : Catalogue(std::vector<Service>()) {}
    explicit Catalogue(std::vector<Service> services) : services_(std::make_shared<std::vector<Service> const>(std::move(services))) {}

    // That of rules/catalogue/*.toml.
    static Catalogue const& built_in();

    struct LoadResult;
    // This catalogue, extended by the tables "[NAME]" of a TOML text. Those with a known name override the fields
    // that they state; where they state ports, these replace the known ones. Entries with errors are left out.
    LoadResult extended(std::string_view toml, std::string_view path) const;

    std::vector<Service> const& services() const { return *services_; }
    // By name or alias, whatever the case; null where there is none.
    Service const* find(std::string_view name_or_alias) const;
    // All services at a port: those in their own right before variants of others, and narrow ranges before wide
    // ones.
    std::vector<Service const*> at(std::uint8_t protocol, std::uint16_t port) const;
    // All names and aliases, for a "did you mean".
    std::vector<std::string_view> names() const;

  private:
    std::shared_ptr<std::vector<Service> const> services_; // of all copies
};

struct Catalogue::LoadResult {
    Catalogue catalogue;
    std::vector<ConfigError> errors;
};

} // namespace portcullis
