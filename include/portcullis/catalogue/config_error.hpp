// What is wrong in a TOML file of the user's (portcullis.toml, a catalogue of services), and where. Such an error
// ends the run with exit code 2; it is not a finding about a firewall.
#pragma once
#include <cstdint>
#include <string>

namespace portcullis {

struct ConfigError {
    std::string message; // a sentence without its full stop: what was found, and what would be right
    std::string path;
    std::uint32_t line = 1;
    std::uint32_t column = 1;
    friend bool operator==(ConfigError const&, ConfigError const&) = default;
};

// "portcullis.toml:3:1: unknown key 'slect'; did you mean 'select'?"
std::string to_string(ConfigError const& error);

} // namespace portcullis
